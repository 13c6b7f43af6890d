"""The second person: who may be it, that they are who they say, and what a wrong credential costs."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import infusion
from evenkeel.journey import people as people_acts
from evenkeel.journey.acting import Act, KeyReused
from evenkeel.journey.second_person import PASSKEY_LASTS, Proof, prove_second
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import passkeys
from evenkeel.store.queries import people as queries
from evenkeel.store.queries.passkeys import PasskeyAnswer
from evenkeel.values.ids import ClinicianId, StreamId, reference_of
from evenkeel.values.issues import UnableTo
from evenkeel.web.second_person import SecondPersonFields
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, key, people, user_of
from tests.soft_passkey import HOST, SoftPasskey

pytestmark = pytest.mark.django_db

RIGHT: Final = Proof(password=PASSWORD)
WRONG: Final = Proof(password="not it")
ASK: Final = "/second-person/passkey/"


class UnableToWitness(UnableTo):
    """Stands for a use case's own refusal."""


def prove(second: ClinicianId | None, proof: Proof, by: Act | None = None) -> queries.Person:
    """Ask for a second person as a use case does; the nurse acts unless told."""
    return prove_second(
        by or act(people().nurse),
        second=second,
        proof=proof,
        action="infusion.run",
        unable=UnableToWitness,
        who_may="a nurse or prescriber of this clinic",
    )


def refusal_of(
    second: ClinicianId | None, proof: Proof, by: Act | None = None
) -> tuple[str, str | None, str]:
    """Code, field and sentence of the one thing that is wrong."""
    with pytest.raises(UnableToWitness) as refused:
        prove(second, proof, by)
    [issue] = refused.value.issues
    return issue.code, issue.field, issue.sentence


def wrong_tries(username: str) -> int:
    """How many wrong credentials count toward this person's lockout."""
    return sum(attempt.failures_since_start for attempt in AccessAttempt.objects.filter(username=username))


def asked(owner: Author, by: Act) -> passkeys.Challenge:
    """A challenge for the owner's passkey, as that request's page would have asked for it."""
    return passkeys.ask(owner.id, for_key=by.key, host=HOST, at=by.recorded_at)[1]


# --- who ----------------------------------------------------------------------------------------------------


def test_another_permitted_person_with_their_own_password_is_the_second() -> None:
    second = prove(people().prescriber.id, RIGHT)
    assert (second.printed_name, RIGHT.method) == ("Dr. Priya Raman", "password")


@pytest.mark.parametrize("nobody", [None, ClinicianId(""), ClinicianId("somebody")])
def test_somebody_must_be_chosen(nobody: ClinicianId | None) -> None:
    code, field, sentence = refusal_of(nobody, RIGHT)
    assert (code, field) == ("second-person", "second_person")
    assert sentence == "Second person: choose a nurse or prescriber of this clinic."


@pytest.mark.parametrize("role", ["front_desk", "registrant", "lead", "administrator"])
def test_the_second_must_be_permitted_to_do_it_themselves(role: str) -> None:
    assert refusal_of(getattr(people(), role).id, RIGHT)[:2] == ("second-person", "second_person")


def test_nobody_is_their_own_second_person_and_it_costs_them_nothing() -> None:
    assert refusal_of(people().nurse.id, WRONG)[:2] == ("same-person", "second_person")
    assert wrong_tries("nurse") == 0


def test_who_may_no_longer_sign_in_is_no_second_person() -> None:
    gone = people().nurse2.id
    people_acts.deactivate(act(people().administrator), clinician=gone, reason="left the clinic")
    assert refusal_of(gone, RIGHT)[:2] == ("second-person", "second_person")


# --- password -----------------------------------------------------------------------------------------------


def test_a_wrong_password_is_refused_and_counts() -> None:
    code, field, sentence = refusal_of(people().nurse2.id, WRONG)
    assert (code, field) == ("signature-refused", "password_of_second")
    assert "it is not right" in sentence
    assert wrong_tries("nurse2") == 1


def test_the_password_of_the_one_who_acts_does_not_do() -> None:
    other = "another password of tests only"
    user = user_of(people().nurse)
    user.set_password(other)
    user.save()
    assert refusal_of(people().nurse2.id, Proof(password=other))[0] == "signature-refused"


def test_no_credential_at_all_is_asked_for_and_counts_for_nothing() -> None:
    code, field, sentence = refusal_of(people().nurse2.id, Proof())
    assert (code, field) == ("signature-refused", "password_of_second")
    assert sentence == "Their password: Samuel Abebe RN types it, or uses their passkey."
    assert wrong_tries("nurse2") == 0


def test_after_five_wrong_ones_the_right_one_is_refused_too() -> None:
    second = people().nurse2.id
    for _ in range(5):
        refusal_of(second, WRONG)
    code, field, sentence = refusal_of(second, RIGHT)
    assert (code, field) == ("signature-refused", "password_of_second")
    assert re.search(r"It is locked until \d\d:\d\d:\d\d\.", sentence)


def time_out(by: Act, visit: StreamId, proof: Proof, second: ClinicianId | None = None) -> StreamId:
    """Hold the time-out with the second nurse."""
    return infusion.hold_time_out(
        by,
        visit=visit,
        second=second or people().nurse2.id,
        proof_of_second=proof,
        confirmed=tuple(infusion.TIME_OUT),
    )


def test_a_refused_use_case_counts_the_wrong_password_once() -> None:
    visit = chairside.double_checked_visit()
    with pytest.raises(infusion.UnableToHoldTimeOut):
        time_out(act(people().nurse, chairside.TIME_OUT_AT), visit, WRONG)
    assert wrong_tries("nurse2") == 1


def test_choosing_oneself_costs_nothing_in_a_use_case_either() -> None:
    visit = chairside.double_checked_visit()
    with pytest.raises(infusion.UnableToHoldTimeOut):
        time_out(act(people().nurse, chairside.TIME_OUT_AT), visit, WRONG, second=people().nurse.id)
    assert wrong_tries("nurse") == 0


def test_everything_that_is_wrong_is_told_at_once() -> None:
    visit = chairside.double_checked_visit()
    with pytest.raises(infusion.UnableToHoldTimeOut) as refused:
        infusion.hold_time_out(
            act(people().nurse, chairside.TIME_OUT_AT),
            visit=visit,
            second=people().nurse2.id,
            proof_of_second=WRONG,
            confirmed=(),
        )
    assert [issue.code for issue in refused.value.issues] == ["signature-refused", "not-confirmed"]


@pytest.mark.django_db(transaction=True)
def test_the_password_is_hashed_once_and_before_the_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = chairside.double_checked_visit()
    in_transaction: list[bool] = []

    def watched(*args: Any) -> bool:
        in_transaction.append(transaction.get_connection().in_atomic_block)
        return check_password(*args)

    monkeypatch.setattr(queries, "check_password", watched)
    time_out(act(people().nurse, chairside.TIME_OUT_AT), visit, RIGHT)
    assert in_transaction == [False]
    assert reading.visit(visit).phase == "ready"


def test_the_same_request_again_lands_once_whatever_proves_it_then() -> None:
    visit = chairside.double_checked_visit()
    first = act(people().nurse, chairside.TIME_OUT_AT)
    assert time_out(first, visit, RIGHT) == visit
    entries = reading.visit(visit).seq
    assert time_out(first, visit, Proof()) == visit
    assert reading.visit(visit).seq == entries
    with pytest.raises(KeyReused):
        time_out(first, visit, RIGHT, second=people().prescriber.id)


def test_a_proof_does_not_show_what_is_in_it() -> None:
    assert PASSWORD not in repr(RIGHT)


# --- passkey ------------------------------------------------------------------------------------------------


def test_the_second_proves_with_a_passkey() -> None:
    visit = chairside.double_checked_visit()
    second, by = people().nurse2, act(people().nurse, chairside.TIME_OUT_AT)
    passkey = SoftPasskey(second)
    challenge = asked(second, by)
    proof = Proof(passkey=PasskeyAnswer(challenge=challenge, response=passkey.sign(challenge.nonce)))
    assert proof.method == "passkey"
    time_out(by, visit, proof)
    held = reading.visit(visit).time_out
    assert held is not None
    assert held.payload.second_person == second.id
    assert wrong_tries("nurse2") == 0


Sign = Callable[[SoftPasskey, SoftPasskey, str], dict[str, Any]]
# What is wrong with an answer; each gets the second's passkey, another person's, and the challenge's nonce.
FORGED: Final[dict[str, Sign]] = {
    "somebody else's passkey": lambda _, other, nonce: other.sign(nonce),
    "an earlier challenge": lambda own, *_: own.sign("A" * 43),
    "nobody showed that they hold it": lambda own, _, nonce: own.sign(nonce, shows_it_is_held=False),
    "another clinic's page": lambda own, _, nonce: own.sign(nonce, host="clinic.example"),
    "a page that looks like ours": lambda own, _, nonce: own.sign(nonce, origin="https://testserver.example"),
    "an open connection": lambda own, _, nonce: own.sign(nonce, origin=f"http://{HOST}"),
    "another name on the signature": lambda own, other, nonce: {
        **other.sign(nonce),
        "id": own.name,
        "rawId": own.name,
    },
    "nothing in it": lambda *_: {},
    "no assertion": lambda own, *_: {"id": own.name, "rawId": own.name, "response": {"signature": 3}},
    "text instead": lambda own, *_: {"id": own.name, "rawId": own.name, "response": "yes"},
}


@pytest.mark.parametrize("sign", FORGED.values(), ids=FORGED.keys())
def test_a_passkey_that_is_not_theirs_is_refused_and_counts(sign: Sign) -> None:
    second, by = people().nurse2, act(people().nurse)
    own, other = SoftPasskey(second), SoftPasskey(people().nurse)
    challenge = asked(second, by)
    response = sign(own, other, challenge.nonce)
    proof = Proof(passkey=PasskeyAnswer(challenge=challenge, response=response))
    code, field, sentence = refusal_of(second.id, proof, by)
    assert (code, field) == ("signature-refused", "password_of_second")
    assert sentence.startswith("Their passkey: it is not one of Samuel Abebe RN")
    assert wrong_tries("nurse2") == 1


@pytest.mark.parametrize("why", ["never asked", "another request", "another person", "too late"])
def test_an_answer_to_something_else_is_no_answer_and_counts_for_nothing(why: str) -> None:
    second, by = people().nurse2, act(people().nurse)
    passkey = SoftPasskey(second)
    challenge: passkeys.Challenge | None = asked(second, by)
    assert challenge is not None
    response = passkey.sign(challenge.nonce)
    if why == "never asked":
        challenge = None
    elif why == "another request":
        by = replace(by, key=key())
    elif why == "another person":
        challenge = replace(challenge, of=people().prescriber.id)
    else:
        by = replace(by, recorded_at=by.recorded_at + PASSKEY_LASTS + timedelta(seconds=1))
    proof = Proof(passkey=PasskeyAnswer(challenge=challenge, response=response))
    code, field, sentence = refusal_of(second.id, proof, by)
    assert (code, field) == ("signature-refused", "password_of_second")
    assert sentence.startswith("Their passkey: it was asked for too long ago")
    assert wrong_tries("nurse2") == wrong_tries("prescriber") == 0


def test_wrong_passkeys_lock_the_password_as_well() -> None:
    second, by = people().nurse2, act(people().nurse)
    SoftPasskey(second)
    other = SoftPasskey(people().nurse)
    for _ in range(5):
        challenge = asked(second, by)
        answer = PasskeyAnswer(challenge=challenge, response=other.sign(challenge.nonce))
        refusal_of(second.id, Proof(passkey=answer), by)
    assert "It is locked until" in refusal_of(second.id, RIGHT)[2]


def test_a_passkey_that_was_taken_off_no_longer_proves_anything() -> None:
    second, by = people().nurse2, act(people().nurse)
    passkey = SoftPasskey(second)
    challenge = asked(second, by)
    people_acts.reset_second_factor(act(people().administrator), clinician=second.id, reason="key lost")
    answer = PasskeyAnswer(challenge=challenge, response=passkey.sign(challenge.nonce))
    assert refusal_of(second.id, Proof(passkey=answer), by)[0] == "signature-refused"


# --- the page -----------------------------------------------------------------------------------------------


@pytest.fixture
def nora(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Client:
    """The nurse, signed in at the time of the time-out."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, chairside.TIME_OUT_AT)
    client = Client()
    client.force_login(user_of(people().nurse))
    return client


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Say what time it is for pages."""
    monkeypatch.setattr("evenkeel.web.pages.now", lambda: at)
    monkeypatch.setattr("evenkeel.web.middleware.now", lambda: at)


def form_of(visit: StreamId, **typed: Any) -> tuple[str, dict[str, Any]]:
    """Address and fields of a time-out that lacks nothing but the proof."""
    address = f"/visits/{reference_of(visit)}/time-out/"
    form = {
        "idempotency_key": key(),
        "confirmed": list(infusion.TIME_OUT),
        "second_person": people().nurse2.id,
    }
    return address, {**form, **typed}


def test_the_page_offers_everybody_who_may_but_who_is_signed_in(nora: Client) -> None:
    visit = chairside.double_checked_visit()
    page = nora.get(form_of(visit)[0]).content.decode()
    select = page[page.index("<select") : page.index("</select>")]
    assert re.findall(r">\s*([^<]*?)\s*</option>", select) == ["Choose", "Dr. Priya Raman", "Samuel Abebe RN"]


def test_a_passkey_is_asked_for_and_its_answer_is_good_once(nora: Client) -> None:
    visit = chairside.double_checked_visit()
    passkey = SoftPasskey(people().nurse2)
    address, form = form_of(visit)
    options = nora.post(ASK, form).json()["publicKey"]
    assert [each["id"] for each in options["allowCredentials"]] == [passkey.name]
    assert (options["rpId"], options["userVerification"]) == (HOST, "required")
    form["passkey_of_second"] = json.dumps(passkey.sign(options["challenge"]))
    refused = nora.post(address, {**form, "confirmed": []})
    assert refused.status_code == 422
    assert passkey.name not in refused.content.decode()
    again = nora.post(address, form)
    assert again.status_code == 422
    assert "it was asked for too long ago" in again.content.decode()
    assert reading.visit(visit).phase == "double_checked"
    options = nora.post(ASK, form).json()["publicKey"]
    form["passkey_of_second"] = json.dumps(passkey.sign(options["challenge"]))
    assert nora.post(address, form).status_code == 302
    assert reading.visit(visit).phase == "ready"


def test_an_answer_is_good_for_a_few_minutes_only(nora: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = chairside.double_checked_visit()
    passkey = SoftPasskey(people().nurse2)
    address, form = form_of(visit)
    options = nora.post(ASK, form).json()["publicKey"]
    form["passkey_of_second"] = json.dumps(passkey.sign(options["challenge"]))
    set_clock(monkeypatch, chairside.TIME_OUT_AT + timedelta(minutes=6))
    assert "Use it again, or type their password." in nora.post(address, form).content.decode()


@pytest.mark.parametrize("sent", ["[]", "null", "[1]", '"yes"', "{not json", "7"])
def test_whatever_is_sent_for_a_passkey_is_refused_in_place(nora: Client, sent: str) -> None:
    visit = chairside.double_checked_visit()
    address, form = form_of(visit, passkey_of_second=sent)
    assert nora.post(address, form).status_code == 422


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("nurse2", "Samuel Abebe RN has no passkey here. They type their password."),
        ("nurse", "Second person: choose somebody else than yourself."),
        (None, "Second person: choose who is with you, then use their passkey."),
    ],
)
def test_why_a_passkey_cannot_be_asked_for_is_said(nora: Client, second: str | None, said: str) -> None:
    person = getattr(people(), second).id if second else "nobody"
    answer = nora.post(ASK, {"second_person": person, "idempotency_key": key()})
    assert (answer.status_code, answer.json()) == (422, {"sentence": said})


class WitnessForm(SecondPersonFields):
    """Any form on which the second may say no."""


def test_a_witness_is_anybody_who_may_witness_and_may_say_no() -> None:
    typed = {"second_person": people().registrant.id, "witness_refuses": "yes"}
    form = WitnessForm(typed, me=people().nurse.id)
    assert form.is_valid()
    assert (form.second, form.is_refused) == (people().registrant.id, True)
    names = [words for _, words in form.fields["second_person"].choices]  # type: ignore[attr-defined]
    # Nurse, prescriber, registrant and lead witness; the front desk and the administrator do not.
    assert names == [
        "Choose",
        "Dr. Lee Hartmann",
        "Dr. Priya Raman",
        "Rosa Delgado PharmD",
        "Samuel Abebe RN",
    ]
    assert not WitnessForm({}, me=people().nurse.id).is_refused
