"""Putting entries right: both versions stay readable, and what follows from them is worked out again."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import infusion, rescue
from evenkeel.journey.amendments import UnableToAmend, amend_entry
from evenkeel.record.state import Written
from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import FlowRate
from tests import factories_chairside as chairside
from tests import factories_course as courses
from tests.factories import NOW, act, patient_and_course, people
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

CHARTED_AT = chairside.STARTED_AT + timedelta(minutes=10)
LATER = chairside.STARTED_AT + timedelta(minutes=20)


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody in with their password, twenty minutes into the infusion."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, LATER)


def charted() -> tuple[StreamId, Written[object]]:
    """A running visit, and the check that was charted at 10 min: 128/80 mmHg."""
    visit = chairside.running_visit()
    chairside.chart(visit, CHARTED_AT)
    return visit, reading.visit(visit).facts[-1]


def address(visit: StreamId, seq: int, tail: str = "amend") -> str:
    return f"/streams/{visit.partition(':')[0]}/{reference_of(visit)}/entries/{seq}/{tail}/"


SIGNS = {
    "systolic": "182",
    "diastolic": "80",
    "pulse": "76",
    "spo2": "98",
    "breaths": "14",
    "sedation": "5",
    "dissociation": "3",
    "nausea": "",
    "pain": "",
    # 10:40 in the clinic, as the page showed it.
    "happened_at": "2026-06-01T10:40",
}
REASON = "The cuff read 182, not 128."


def now_reads(visit: StreamId, seq: int) -> Written[object]:
    return next(fact for fact in reading.visit(visit).facts if fact.seq == seq)


def test_the_form_holds_what_stands(client: Client) -> None:
    visit, fact = charted()
    words = look(client, people().nurse, address(visit, fact.seq))
    assert 'value="128"' in words
    assert 'value="2026-06-01T10:40"' in words
    assert "128/80 mmHg" in words


def test_both_versions_stay_and_rules_are_asked_again(client: Client) -> None:
    visit, fact = charted()
    before = f"/patients/{reference_of(reading.visit(visit).booking.payload.patient)}/record/?kind=signs"
    typed = {**SIGNS, "reason": REASON, "next": before, "idempotency_key": "once"}
    for _ in range(2):
        answer = send(client, people().nurse, address(visit, fact.seq), **typed)
        assert (answer.status_code, answer["Location"]) == (302, before)
    amended = now_reads(visit, fact.seq)
    assert len(amended.history) == 2
    assert amended.at == fact.at
    assert amended.payload.signs.systolic.number == "182"  # type: ignore[attr-defined]
    # 180/110 pauses (clinical-protocol.md, section 6).
    assert "pause" in {verdict.severity for verdict in amended.payload.verdicts}  # type: ignore[attr-defined]
    words = client.get(before).content.decode()
    assert "<s>128/80 mmHg" in words
    assert "182/80 mmHg" in words
    assert REASON in words


def test_a_refused_amendment_keeps_what_was_typed(client: Client) -> None:
    visit, fact = charted()
    short = send(client, people().nurse, address(visit, fact.seq), **SIGNS, reason="no")
    words = short.content.decode()
    assert short.status_code == 422
    assert "Reason: write why" in words
    assert 'value="182"' in words
    upside_down = {**SIGNS, "diastolic": "190", "reason": REASON}
    assert send(client, people().nurse, address(visit, fact.seq), **upside_down).status_code == 422
    comma = send(client, people().nurse, address(visit, fact.seq), **{**SIGNS, "pulse": "7,6"}, reason=REASON)
    assert "Write a decimal point, not a comma." in comma.content.decode()
    assert len(now_reads(visit, fact.seq).history) == 1


def test_saving_what_stands_is_refused(client: Client) -> None:
    visit, fact = charted()
    same = {**SIGNS, "systolic": "128", "reason": "Only looking."}
    answer = send(client, people().nurse, address(visit, fact.seq), **same)
    assert answer.status_code == 422
    assert "Nothing is different from what stands." in answer.content.decode()


def test_the_time_alone_can_be_put_right(client: Client) -> None:
    visit, fact = charted()
    typed = {**SIGNS, "systolic": "128", "happened_at": "2026-06-01T10:35", "reason": "Five minutes earlier."}
    assert send(client, people().nurse, address(visit, fact.seq), **typed).status_code == 302
    assert now_reads(visit, fact.seq).at == CHARTED_AT - timedelta(minutes=5)


def test_in_error_is_said_once_and_stays_readable(client: Client) -> None:
    visit, fact = charted()
    page = address(visit, fact.seq, "in-error")
    assert "128/80 mmHg" in look(client, people().nurse, page)
    for _ in range(2):
        answer = send(client, people().nurse, page, reason="Wrong chair.", idempotency_key="once")
        assert answer.status_code == 302
    gone = now_reads(visit, fact.seq)
    assert gone.in_error
    assert len(gone.history) == 2
    assert "already marked as made in error" in look(client, people().nurse, page)
    again = send(client, people().nurse, page, reason="Wrong chair.")
    assert again.status_code == 422


def test_where_to_go_back_is_never_another_site(client: Client) -> None:
    visit, fact = charted()
    patient = reference_of(reading.visit(visit).booking.payload.patient)
    for elsewhere in ("https://example.org/", "//example.org", "javascript:alert(1)"):
        page = f"{address(visit, fact.seq)}?next={elsewhere}"
        assert f'href="/patients/{patient}/record/"' in look(client, people().nurse, page)
    typed = {**SIGNS, "reason": REASON, "next": "https://example.org/"}
    answer = send(client, people().nurse, address(visit, fact.seq), **typed)
    assert answer["Location"] == f"/patients/{patient}/record/"


def test_signed_entries_are_not_amended(client: Client) -> None:
    visit, _ = charted()
    order = reading.visit(visit).order
    assert order is not None
    assert "not amended in place" in look(client, people().prescriber, address(visit, order.seq))
    answer = send(client, people().prescriber, address(visit, order.seq), reason="Another dose was meant.")
    assert answer.status_code == 422
    assert len(now_reads(visit, order.seq).history) == 1


def test_the_start_is_amended_but_not_taken_back(client: Client) -> None:
    visit, _ = charted()
    started = reading.visit(visit).started
    assert started is not None
    page = address(visit, started.seq, "in-error")
    assert "not taken back" in look(client, people().nurse, page)
    assert send(client, people().nurse, page, reason="Never started.").status_code == 422
    typed = {
        "rate": "150",
        "pump": "Pump 9",
        "cannula_site": "right forearm, 22 G",
        "happened_at": "",
        "reason": "Read the wrong label.",
    }
    assert send(client, people().nurse, address(visit, started.seq), **typed).status_code == 302
    kept = reading.visit(visit).started
    assert kept is not None
    assert (kept.payload.pump, kept.at) == ("Pump 9", started.at)


def test_what_was_given_follows_the_amended_rate(client: Client) -> None:
    visit, _ = charted()
    infusion.change_rate(act(people().nurse, CHARTED_AT), visit=visit, rate=FlowRate.of(120), reason="Dizzy.")
    fact = reading.visit(visit).facts[-1]
    typed = {"rate": "90", "changed_because": "Dizzy.", "happened_at": "", "reason": "It was set to 90."}
    assert send(client, people().nurse, address(visit, fact.seq), **typed).status_code == 302
    # 10 min at 150 mL/h and 10 min at 90 mL/h are 40 mL of 100 mL in which 35 mg stand: 14 mg.
    assert reading.visit(visit).given(LATER).mcg == 14_000


@pytest.mark.parametrize(
    ("write", "typed", "said"),
    [
        (
            lambda who, visit: infusion.record_event(who, visit=visit, event="nausea", grade=1, note=""),
            {"event": "vomiting", "grade": "2", "note": "Twice."},
            "Vomiting, grade 2: Twice.",
        ),
        (
            lambda who, visit: infusion.write_note(who, visit=visit, text="Calm."),
            {"text": "Calm, with music."},
            "Calm, with music.",
        ),
        (
            lambda who, visit: infusion.pause(who, visit=visit, reason="Nausea."),
            {"paused_because": "Nausea, and she asked for it."},
            "Paused: Nausea, and she asked for it.",
        ),
        (
            lambda who, visit: infusion.stop(who, visit=visit, reason="completed", note="", pump_volume=None),
            {"stopped_because": "patient_wish", "note": "Enough.", "pump_volume": "25"},
            "Stopped, patient wish: Enough.; pump says 25 mL",
        ),
    ],
)
def test_every_kind_has_its_own_fields(
    client: Client, write: object, typed: dict[str, str], said: str
) -> None:
    visit, _ = charted()
    write(act(people().nurse, CHARTED_AT), visit)  # type: ignore[operator]
    fact = reading.visit(visit).facts[-1]
    look(client, people().nurse, address(visit, fact.seq))
    answer = send(
        client, people().nurse, address(visit, fact.seq), **typed, happened_at="", reason="Written too fast."
    )
    assert answer.status_code == 302, answer.content.decode()
    patient = reference_of(reading.visit(visit).booking.payload.patient)
    assert said in look(client, people().nurse, f"/patients/{patient}/record/")


def test_a_rescue_drug_keeps_who_ordered_it(client: Client) -> None:
    visit, _ = charted()
    rescue.give_rescue(
        act(people().nurse, CHARTED_AT),
        visit=visit,
        drug="ondansetron",
        dose=DrugMass.mg(4),
        route="IV",
        conditions={},
        ordered_by=people().prescriber.id,
        read_back=True,
        reason="Nausea.",
    )
    fact = reading.visit(visit).facts[-1]
    typed = {"drug": "ondansetron", "dose": "8", "route": "IV", "given_for": "Nausea."}
    answer = send(
        client, people().nurse, address(visit, fact.seq), **typed, happened_at="", reason="It was 8 mg."
    )
    assert answer.status_code == 302
    payload = now_reads(visit, fact.seq).payload
    assert (payload.dose, payload.ordered_by_name) == (DrugMass.mg(8), "Dr. Priya Raman")  # type: ignore[attr-defined]


def test_an_amended_scale_is_scored_again(client: Client) -> None:
    _, course = patient_and_course()
    fact = courses.assess(course, NOW, courses.ALERTING)
    typed = {f"answer_{n}": str(each) for n, each in enumerate(courses.SEVERE, start=1)}
    typed |= {"point": "baseline", "happened_at": "", "reason": "Line 9 was ticked by mistake."}
    assert send(client, people().nurse, address(course, fact.seq), **typed).status_code == 302
    (now,) = reading.course(course).assessments
    # 21 with the point of question 9, 20 without.
    assert [fact.payload.total, now.payload.total] == [21, 20]  # type: ignore[attr-defined]
    assert not reading.course(course).open_risks


def test_others_may_not(client: Client) -> None:
    visit, fact = charted()
    for person in (people().front_desk, people().lead, people().administrator):
        for tail in ("amend", "in-error"):
            look(client, person, address(visit, fact.seq, tail), status=403)
            answer = send(client, person, address(visit, fact.seq, tail), **SIGNS, reason=REASON)
            assert answer.status_code == 403
    assert len(now_reads(visit, fact.seq).history) == 1


def test_what_does_not_exist_is_not_found(client: Client) -> None:
    visit, fact = charted()
    reference = reference_of(visit)
    for missing in (
        address(visit, 999),
        f"/streams/custody/{reference}/entries/1/amend/",
        f"/streams/nothing/{reference}/entries/1/amend/",
        f"/streams/course/{reference}/entries/{fact.seq}/amend/",
    ):
        look(client, people().nurse, missing, status=404)


def test_the_use_case_refuses_an_amendment_that_changes_nothing() -> None:
    visit, fact = charted()
    with pytest.raises(UnableToAmend, match="nothing-changed"):
        amend_entry(
            act(people().nurse, LATER),
            stream=visit,
            entry=fact.id,
            payload=fact.payload,
            reason="Only looking.",
        )
