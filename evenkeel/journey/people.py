"""People: who may sign in and as what, and asking for their credential again before they sign."""

import re
import uuid
from datetime import datetime
from typing import Final

from django.utils import timezone

from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.policy import ROLES
from evenkeel.record.entry import ROLE_WORDS, Author, Role
from evenkeel.record.verdict import Signature
from evenkeel.store import clinicians
from evenkeel.store.queries import people
from evenkeel.store.queries.people import Person
from evenkeel.values.ids import STREAMS, ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo, refuse

# Letters without accents, digits and what stands between them: a name that is typed alike on every keyboard.
USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,28}[a-z0-9])?")

# Who adds the first person, before there is anybody who could.
COMMAND_LINE: Final = Author(
    id=ClinicianId("command-line"), role="administrator", printed_name="Command line of the server"
)


class SignatureRefused(UnableTo):
    """The credential given for a signature is not the person's."""


class UnableToManagePeople(UnableTo):
    """The person cannot be added or changed like this."""


def sign(act: Act, *, password: str, meaning: str) -> Signature:
    """Ask for the credential again and return the signature.

    Raises SignatureRefused when it is not theirs.
    """
    if not people.password_is_right(act.by.id, password, at=act.recorded_at):
        sentence = why_refused(act.by.id, at=act.recorded_at)
        raise SignatureRefused([Issue(sentence=sentence, code="signature-refused", field="password")])
    return Signature(
        printed_name=act.by.printed_name, signed_at=act.recorded_at, meaning=meaning, method="password"
    )


def why_refused(clinician: ClinicianId, *, at: datetime) -> str:
    """Say why a credential was not taken: it is wrong, or there were too many wrong ones."""
    person = people.by_id(clinician)
    until = people.locked_until(person.username, at=at) if person else None
    if until is None:
        return "Password: it is not right, so nothing was signed. Type it again."
    return f"Password: {locked_sentence(until)} Nothing was signed."


def locked_sentence(until: datetime) -> str:
    """Say until when an account is locked, in the clinic's time."""
    shown = until.astimezone(timezone.get_default_timezone())
    return f"There were too many wrong passwords for this user name. It is locked until {shown:%H:%M:%S}."


def _row(clinician: ClinicianId) -> StreamId:
    """Name the row that was written the way a use case names what it wrote to."""
    return StreamId(f"clinician:{clinician}")


@use_case("people.manage")
def add_person(
    act: Act, *, username: str, printed_name: str, role: str, new_password: str, reason: str
) -> StreamId:
    """Add a person who may sign in."""
    username, printed_name = username.strip().lower(), " ".join(printed_name.split())
    issues = [*_role_issues(role), *_reason_issues(reason)]
    if not USERNAME.fullmatch(username):
        sentence = "User name: use 1 to 30 letters a to z, digits, and . _ - between them."
        issues.append(Issue(sentence=sentence, code="username", field="username"))
    if not printed_name:
        sentence = "Printed name: write the name as it stands under a signature."
        issues.append(Issue(sentence=sentence, code="required", field="printed_name"))
    issues += _password_issues(new_password, username, printed_name)
    if issues:
        raise UnableToManagePeople(issues)
    clinician = ClinicianId(str(uuid.uuid5(STREAMS, f"clinician/{act.key}")))
    try:
        clinicians.add(
            clinician,
            username=username,
            printed_name=printed_name,
            role=_as_role(role),
            password=new_password,
            by=act.by,
            at=act.recorded_at,
            reason=reason,
        )
    except clinicians.NameTaken as taken:
        sentence = f"User name: somebody already signs in as {username}."
        issue = Issue(sentence=sentence, code="username-taken", field="username")
        raise UnableToManagePeople([issue]) from taken
    return _row(clinician)


@use_case("people.manage")
def change_role(act: Act, *, clinician: ClinicianId, role: str, reason: str) -> StreamId:
    """Change what a person may do from now on."""
    person = _person(clinician)
    issues = [*_role_issues(role), *_reason_issues(reason)]
    if not issues and role == person.role:
        sentence = f"Role: {person.printed_name} already is {ROLE_WORDS[person.role]}."
        issues.append(Issue(sentence=sentence, code="unchanged", field="role"))
    if role != "administrator":
        issues += _last_administrator_issues(person)
    if issues:
        raise UnableToManagePeople(issues)
    clinicians.change(clinician, {"role": role}, by=act.by, at=act.recorded_at, reason=reason)
    return _row(clinician)


@use_case("people.manage")
def deactivate(act: Act, *, clinician: ClinicianId, reason: str) -> StreamId:
    """End a person's right to sign in; what they wrote stays theirs."""
    person = _person(clinician)
    issues = [*_reason_issues(reason), *_last_administrator_issues(person)]
    if clinician == act.by.id:
        issues.append(
            Issue(sentence="You cannot end your own access. Ask another administrator.", code="self")
        )
    if not person.is_active:
        issues.append(
            Issue(sentence=f"{person.printed_name} can no longer sign in as it is.", code="unchanged")
        )
    if issues:
        raise UnableToManagePeople(issues)
    clinicians.change(clinician, {"is_active": False}, by=act.by, at=act.recorded_at, reason=reason)
    return _row(clinician)


@use_case("people.manage")
def reactivate(act: Act, *, clinician: ClinicianId, reason: str) -> StreamId:
    """Let a person who was deactivated sign in again."""
    person = _person(clinician)
    issues = [*_reason_issues(reason)]
    if person.is_active:
        issues.append(Issue(sentence=f"{person.printed_name} can sign in already.", code="unchanged"))
    if issues:
        raise UnableToManagePeople(issues)
    clinicians.change(clinician, {"is_active": True}, by=act.by, at=act.recorded_at, reason=reason)
    return _row(clinician)


@use_case("people.manage")
def reset_password(act: Act, *, clinician: ClinicianId, new_password: str, reason: str) -> StreamId:
    """Give a person a new password, which ends their sessions everywhere."""
    person = _person(clinician)
    issues = [
        *_reason_issues(reason),
        *_password_issues(new_password, person.username, person.printed_name),
    ]
    if issues:
        raise UnableToManagePeople(issues)
    clinicians.set_password(clinician, new_password, by=act.by, at=act.recorded_at, reason=reason)
    return _row(clinician)


@use_case("people.manage")
def reset_second_factor(act: Act, *, clinician: ClinicianId, reason: str) -> StreamId:
    """Remove a person's authenticator app and passkeys, for when the telephone or key is lost."""
    person = _person(clinician)
    issues = [*_reason_issues(reason)]
    if issues:
        raise UnableToManagePeople(issues)
    removed = clinicians.remove_second_factors(clinician, by=act.by, at=act.recorded_at, reason=reason)
    if not removed:
        sentence = f"{person.printed_name} has no authenticator app and no passkey."
        raise UnableToManagePeople([Issue(sentence=sentence, code="unchanged")])
    return _row(clinician)


def _person(clinician: ClinicianId) -> Person:
    person = people.by_id(clinician)
    if person is None:
        raise refuse("There is no such person.", code="no-such-person")
    return person


def _as_role(role: str) -> Role:
    return next(known for known in ROLES if known == role)


def _role_issues(role: str) -> list[Issue]:
    if role in ROLES:
        return []
    sentence = f"Role: choose one of {', '.join(ROLES)}."
    return [Issue(sentence=sentence, code="role", field="role")]


def _reason_issues(reason: str) -> list[Issue]:
    if reason.strip():
        return []
    return [Issue(sentence="Reason: write why this is changed.", code="required", field="reason")]


def _password_issues(password: str, username: str, printed_name: str) -> list[Issue]:
    faults = clinicians.faults_of_password(password, username=username, printed_name=printed_name)
    return [
        Issue(sentence=f"New password: {fault}", code="weak-password", field="new_password")
        for fault in faults
    ]


def _last_administrator_issues(person: Person) -> list[Issue]:
    is_last = person.role == "administrator" and person.is_active
    if not is_last or clinicians.other_administrators(person.id):
        return []
    sentence = f"{person.printed_name} is the last administrator. Make somebody else one first."
    return [Issue(sentence=sentence, code="last-administrator")]
