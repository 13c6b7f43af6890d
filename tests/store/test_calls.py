"""Whoever left against advice is on somebody's list until they were reached."""

from datetime import timedelta

import pytest

from evenkeel.journey import discharge
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, key, people
from tests.store.test_chairside_pages import Clock, as_, clock, page_of, text_of

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

LEFT_AT = chairside.STOPPED_AT + timedelta(minutes=10)
CALL_AT = LEFT_AT + timedelta(hours=3)


def left_against_advice() -> StreamId:
    """A patient who went home early; a call is agreed for three hours later."""
    visit = chairside.recovering_visit()
    discharge.discharge(
        act(people().nurse, LEFT_AT),
        visit=visit,
        criteria={},
        received_by="Jon Testwell",
        received_by_phone="555-0101",
        instructions_given=True,
        against_advice=True,
        note="",
        overrides=(Override(rule="DIS-AMA-001", reason="wants to go home, told about the risks"),),
        password=PASSWORD,
        prescriber_told=people().prescriber.id,
        call_at=CALL_AT,
    )
    return visit


def test_the_call_waits_for_nurse_and_prescriber_until_the_patient_is_reached(clock: Clock) -> None:
    visit = left_against_advice()
    assert reading.visit(visit).call_due_at == CALL_AT
    clock(CALL_AT + timedelta(minutes=5))
    for person in (people().nurse, people().prescriber):
        assert "Left against advice; to be called at 14:20, 1 Jun 2026" in text_of(as_(person).get("/"))
    client = as_(people().nurse)
    assert "Left with Jon Testwell, 555-0101" in text_of(client.get(page_of(visit, "call")))
    tried = {"reached": "no", "note": "No answer, twice.", "idempotency_key": key()}
    assert client.post(page_of(visit, "call"), tried).status_code == 302
    assert reading.visit(visit).call_due_at == CALL_AT
    found = {"reached": "yes", "note": "Slept, feels well; her brother is there.", "idempotency_key": key()}
    assert client.post(page_of(visit, "call"), found).status_code == 302
    assert reading.visit(visit).call_due_at is None
    assert "Left against advice" not in text_of(client.get("/"))


def test_a_call_without_words_or_before_leaving_is_refused(clock: Clock) -> None:
    visit = left_against_advice()
    with pytest.raises(discharge.UnableToRecordCall) as refusal:
        discharge.record_call(act(people().nurse, CALL_AT), visit=visit, reached=True, note=" ")
    assert [issue.code for issue in refusal.value.issues] == ["note-missing"]
    with pytest.raises(discharge.UnableToRecordCall) as early:
        discharge.record_call(
            act(people().nurse, LEFT_AT - timedelta(minutes=1)), visit=visit, reached=True, note="Well."
        )
    assert [issue.code for issue in early.value.issues] == ["before-leaving"]


def test_nobody_else_is_called() -> None:
    visit = chairside.discharged_visit()
    assert reading.visit(visit).call_due_at is None
    with pytest.raises(discharge.UnableToRecordCall) as refusal:
        discharge.record_call(
            act(people().nurse, chairside.LEFT_AT + timedelta(hours=1)),
            visit=visit,
            reached=True,
            note="Well.",
        )
    assert [issue.code for issue in refusal.value.issues] == ["wrong-phase"]
