"""Referring a patient: who they are, what they take and react to, and the course that this opens."""

from datetime import date
from typing import Final

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.rules import clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.patients import PatientState, age_on
from evenkeel.record.referral import (
    AllergiesRecorded,
    CourseEnded,
    CourseReferred,
    Demographics,
    MedicinesRecorded,
    PatientDetailsChanged,
    PatientRegistered,
    Referrer,
)
from evenkeel.record.visits import VisitPhase
from evenkeel.store import log
from evenkeel.store.queries import courses, patients, visits
from evenkeel.values.ids import StreamId, stream_for
from evenkeel.values.issues import Issue, UnableTo

# Nobody on record has lived longer than 122 years; a birth date further back is a slip of the keyboard.
AGE_MAX_YEARS: Final = 122
# A visit in one of these phases is over, or never began.
VISIT_IS_OVER: Final[frozenset[VisitPhase]] = frozenset({"discharged", "cancelled", "not_today"})


class UnableToRefer(UnableTo):
    """The referral cannot be taken as it stands."""


class UnableToChangeDetails(UnableTo):
    """The details, medicines or allergies cannot be saved as they stand."""


class UnableToEndCourse(UnableTo):
    """The course cannot end now."""


class CourseIsOver(UnableTo):
    """The course has ended, so nothing is added to it."""


def require_open(course: CourseState) -> None:
    """Raise CourseIsOver for a course that has ended."""
    ended = course.latest(CourseEnded)
    if ended is not None:
        sentence = f"This course ended on {clinic_day(ended.at):%d %b %Y}, so nothing is added to it."
        raise CourseIsOver([Issue(sentence=sentence, code="course-ended")])


@use_case("patient.refer")
def refer(
    act: Act,
    *,
    demographics: Demographics,
    indication: str,
    referrer: Referrer,
    reason: str,
    received_date: date,
    medicines: MedicinesRecorded | None,
    allergies: AllergiesRecorded | None,
    known_duplicate_confirmed: bool = False,
) -> StreamId:
    """Register a patient and open a course for them; returns the course.

    Raises UnableToRefer for a record number in use, or a patient of the same name and birth date who is not
    confirmed to be somebody else. A list of None was not asked for yet.
    """
    patient, course = stream_for("patient", act.key), stream_for("course", act.key)
    require_plausible_time(act, PatientState.empty(patient))
    issues = [
        *_details_issues(demographics, clinic_day(act.recorded_at)),
        *_duplicate_issues(demographics, known_duplicate_confirmed),
        *_referral_issues(indication, referrer, reason, received_date, act),
        *(_medicine_issues(medicines) if medicines else ()),
        *(_allergy_issues(allergies) if allergies else ()),
    ]
    if issues:
        raise UnableToRefer(issues)
    payloads = (PatientRegistered(demographics=demographics), medicines, allergies)
    drafts = [Draft(payload=fact, happened_at=act.happened_at) for fact in payloads if fact is not None]
    opened = log.open_stream(PatientState, patient)
    log.append(opened, drafts, by=act.by, key=act.key, recorded_at=act.recorded_at)
    touch(patient)
    return _open_course(act, patient, course, indication, referrer, reason, received_date)


@use_case("patient.refer")
def refer_again(
    act: Act,
    *,
    patient: StreamId,
    indication: str,
    referrer: Referrer,
    reason: str,
    received_date: date,
) -> StreamId:
    """Open another course for a known patient; returns the course.

    Raises UnableToRefer while a course for the same indication is open.
    """
    state = log.fold_for_update(PatientState, patient)
    touch(patient)
    require_plausible_time(act, state)
    issues = [*_referral_issues(indication, referrer, reason, received_date, act)]
    same = [line for line in courses.lines(patients=[patient]) if line.indication == indication]
    if any(line.stage != "ended" for line in same):
        sentence = "Indication: a course for this indication is open. End it first, or go on with it."
        issues.append(Issue(sentence=sentence, code="course-open", field="indication"))
    if issues:
        raise UnableToRefer(issues)
    course = stream_for("course", act.key)
    return _open_course(act, patient, course, indication, referrer, reason, received_date)


def _open_course(
    act: Act,
    patient: StreamId,
    course: StreamId,
    indication: str,
    referrer: Referrer,
    reason: str,
    received_date: date,
) -> StreamId:
    referral = CourseReferred(
        patient=patient,
        indication=indication,
        referrer=referrer,
        reason=reason,
        received_date=received_date,
    )
    opened = log.open_stream(CourseState, course)
    draft = Draft(payload=referral, happened_at=act.happened_at)
    log.append(opened, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("patient.change_details")
def change_details(act: Act, *, patient: StreamId, demographics: Demographics) -> StreamId:
    """Write down that the patient's details have changed; a wrong entry is amended instead."""
    state = log.fold_for_update(PatientState, patient)
    touch(patient)
    require_seen(state, act)
    require_plausible_time(act, state)
    issues = [*_details_issues(demographics, clinic_day(act.recorded_at))]
    taken = patients.by_record_number(demographics.record_number)
    if taken is not None and taken.patient != patient:
        issues.append(_record_number_taken(taken.full_name))
    if demographics == state.demographics:
        issues.append(Issue(sentence="Nothing was changed, so nothing was saved.", code="no-change"))
    if issues:
        raise UnableToChangeDetails(issues)
    draft = Draft(payload=PatientDetailsChanged(demographics=demographics), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return patient


@use_case("patient.record_medicines")
def record_medicines(act: Act, *, patient: StreamId, medicines: MedicinesRecorded) -> StreamId:
    """Write down the whole medicine list as it stands now."""
    return _record_list(act, patient, medicines, _medicine_issues(medicines))


@use_case("patient.record_medicines")
def record_allergies(act: Act, *, patient: StreamId, allergies: AllergiesRecorded) -> StreamId:
    """Write down the whole allergy list as it stands now."""
    return _record_list(act, patient, allergies, _allergy_issues(allergies))


def _record_list(
    act: Act, patient: StreamId, payload: MedicinesRecorded | AllergiesRecorded, issues: tuple[Issue, ...]
) -> StreamId:
    state = log.fold_for_update(PatientState, patient)
    touch(patient)
    # The list replaces the one before it, so whoever writes must have seen the last one.
    require_seen(state, act)
    require_plausible_time(act, state)
    if issues:
        raise UnableToChangeDetails(issues)
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return patient


@use_case("course.end")
def end_course(act: Act, *, course: StreamId, reason: str) -> StreamId:
    """End a course; raises UnableToEndCourse while a visit of it is still ahead or under way."""
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_seen(state, act)
    require_plausible_time(act, state)
    issues = []
    if not reason.strip():
        sentence = "Reason: write why the course ends."
        issues.append(Issue(sentence=sentence, code="reason-missing", field="reason"))
    ahead = [line for line in visits.of_course(course) if line.phase not in VISIT_IS_OVER]
    if ahead:
        day = clinic_day(ahead[0].starts_at)
        sentence = f"The visit on {day:%d %b %Y} is not over. Finish or cancel it before the course ends."
        issues.append(Issue(sentence=sentence, code="visit-open"))
    if issues:
        raise UnableToEndCourse(issues)
    draft = Draft(payload=CourseEnded(reason=reason.strip()), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


def _missing(value: str, field: str, sentence: str) -> tuple[Issue, ...]:
    return () if value.strip() else (Issue(sentence=sentence, code=f"{field}-missing", field=field),)


def _details_issues(details: Demographics, today: date) -> tuple[Issue, ...]:
    issues = [
        *_missing(details.given_name, "given_name", "Given name: write the patient's given name."),
        *_missing(details.family_name, "family_name", "Family name: write the patient's family name."),
        *_missing(details.record_number, "record_number", "Record number: give the patient a number."),
        *_missing(details.phone, "phone", "Telephone: write a number at which the patient is reached."),
    ]
    if details.birth_date > today:
        sentence = "Birth date: it lies in the future."
        issues.append(Issue(sentence=sentence, code="birth-date-in-future", field="birth_date"))
    elif age_on(details.birth_date, today) > AGE_MAX_YEARS:
        sentence = f"Birth date: it would make the patient more than {AGE_MAX_YEARS} years old."
        issues.append(Issue(sentence=sentence, code="birth-date-too-early", field="birth_date"))
    return tuple(issues)


def _duplicate_issues(details: Demographics, confirmed: bool) -> tuple[Issue, ...]:
    taken = patients.by_record_number(details.record_number)
    if taken is not None:
        return (_record_number_taken(taken.full_name),)
    same = patients.by_name_and_birth_date(details.given_name, details.family_name, details.birth_date)
    if not same or confirmed:
        return ()
    numbers = ", ".join(line.record_number for line in same)
    sentence = (
        f"{details.full_name}, born {details.birth_date:%d %b %Y}, is known already as {numbers}. "
        "Refer that patient again, or confirm below that this is another person."
    )
    return (Issue(sentence=sentence, code="possible-duplicate", field="known_duplicate_confirmed"),)


def _record_number_taken(name: str) -> Issue:
    sentence = f"Record number: it belongs to {name}. Every patient has a number of their own."
    return Issue(sentence=sentence, code="record-number-taken", field="record_number")


def _referral_issues(
    indication: str, referrer: Referrer, reason: str, received_date: date, act: Act
) -> tuple[Issue, ...]:
    issues = [
        *_missing(referrer.name, "referrer_name", "Referrer: write who asks for the course."),
        *_missing(reason, "reason", "Reason: write what the referrer asks for and why."),
    ]
    if indication not in INDICATIONS:
        sentence = "Indication: choose one from the list."
        issues.append(Issue(sentence=sentence, code="indication-unknown", field="indication"))
    if received_date > clinic_day(act.recorded_at):
        sentence = "Referral received: the date lies in the future."
        issues.append(Issue(sentence=sentence, code="received-in-future", field="received_date"))
    return tuple(issues)


def _medicine_issues(recorded: MedicinesRecorded) -> tuple[Issue, ...]:
    issues = _list_issues(bool(recorded.medicines), recorded.none_taken, "Medicines", "medicines_none")
    if any(not medicine.name.strip() for medicine in recorded.medicines):
        sentence = "Medicines: write the name of every medicine in the list."
        return (*issues, Issue(sentence=sentence, code="medicine-unnamed", field="medicines_none"))
    return issues


def _allergy_issues(recorded: AllergiesRecorded) -> tuple[Issue, ...]:
    issues = _list_issues(bool(recorded.allergies), recorded.none_known, "Allergies", "allergies_none")
    if any(not allergy.substance.strip() for allergy in recorded.allergies):
        sentence = "Allergies: write the substance of every allergy in the list."
        return (*issues, Issue(sentence=sentence, code="allergy-unnamed", field="allergies_none"))
    return issues


def _list_issues(has_lines: bool, said_none: bool, what: str, field: str) -> tuple[Issue, ...]:
    if has_lines and said_none:
        sentence = f"{what}: there are lines in the list, and the box for none is ticked. Keep one of them."
        return (Issue(sentence=sentence, code="none-and-some", field=field),)
    if not has_lines and not said_none:
        sentence = f"{what}: write the list, or tick the box for none. An empty list says neither."
        return (Issue(sentence=sentence, code="list-empty", field=field),)
    return ()
