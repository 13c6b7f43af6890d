"""The discharge page: what holds the patient, when to drive again, and leaving against advice."""

from datetime import timedelta

import pytest

from evenkeel.clinical import discharge as discharge_rules
from evenkeel.store import reading
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, key, people
from tests.store.test_chairside_pages import Clock, as_, clock, page_of, text_of

__all__ = ["clock"]

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def test_the_patient_is_discharged_when_everything_is_there(clock: Clock) -> None:
    visit = chairside.recovering_visit()
    chairside.waste(visit)
    clock(chairside.STOPPED_AT + timedelta(minutes=30))
    client = as_(people().nurse)
    address = page_of(visit, "discharge")
    assert "Locked" in text_of(client.get(address))
    form = {
        **{f"criterion_{question.key}": question.safe for question in discharge_rules.CRITERIA},
        "received_by": "Jon Testwell",
        "received_by_phone": "555-0101",
        "instructions_given": "on",
        "password": PASSWORD,
        "idempotency_key": key(),
    }
    early = client.post(address, form)
    assert early.status_code == 422
    assert 'value="Jon Testwell"' in early.content.decode()
    chairside.chart(visit, chairside.STOPPED_AT + timedelta(minutes=120))
    clock(chairside.LEFT_AT)
    assert client.post(address, form).status_code == 302
    assert reading.visit(visit).phase == "discharged"


def test_an_unanswered_criterion_is_unknown_and_holds(clock: Clock) -> None:
    visit = chairside.recovering_visit()
    chairside.chart(visit, chairside.STOPPED_AT + timedelta(minutes=120))
    clock(chairside.LEFT_AT)
    form = {"received_by": "Jon Testwell", "instructions_given": "on", "password": PASSWORD}
    answer = as_(people().nurse).post(page_of(visit, "discharge"), {**form, "idempotency_key": key()})
    assert answer.status_code == 422
    assert "Not known" in text_of(answer)


def test_the_discharge_page_says_when_to_drive_again_and_refuses_an_earlier_time(clock: Clock) -> None:
    visit = chairside.recovering_visit()
    chairside.chart(visit, chairside.STOPPED_AT + timedelta(minutes=120))
    chairside.waste(visit, chairside.STOPPED_AT + timedelta(minutes=121))
    clock(chairside.LEFT_AT)
    client = as_(people().nurse)
    address = page_of(visit, "discharge")
    # Stopped at 11:10 in New York on 1 June.
    assert "before 2 Jun 2026, 11:10, and not before a night" in text_of(client.get(address))
    form = {
        **{f"criterion_{question.key}": question.safe for question in discharge_rules.CRITERIA},
        "received_by": "Another Adult",
        "received_by_phone": "555-0102",
        "instructions_given": "on",
        "password": PASSWORD,
        "no_driving_before": "2026-06-02T11:09",
        "idempotency_key": key(),
    }
    early = client.post(address, form)
    assert early.status_code == 422
    assert "DIS-ESC-004" in text_of(early)
    assert 'id="id_no_driving_before-error"' in early.content.decode()
    later = {**form, "no_driving_before": "2026-06-02T18:00", "idempotency_key": key()}
    assert client.post(address, later).status_code == 302
    assert "before 2 Jun 2026, 18:00, and not before a night" in text_of(client.get(address))


def test_who_leaves_against_advice_is_called_and_a_prescriber_knows(clock: Clock) -> None:
    visit = chairside.recovering_visit()
    clock(chairside.STOPPED_AT + timedelta(minutes=10))
    client = as_(people().nurse)
    form = {"against_advice": "on", "password": PASSWORD, "idempotency_key": key()}
    refused = client.post(page_of(visit, "discharge"), form)
    assert refused.status_code == 422
    for rule in ("DIS-AMA-001", "DIS-AMA-002", "DIS-AMA-003"):
        assert f'name="override_{rule}"' in refused.content.decode()
    form |= {
        "override_DIS-AMA-001": "wants to go home, told about the risks with her brother there",
        "prescriber_told": people().prescriber.id,
        "call_at": "2026-06-01T18:00",
        "idempotency_key": key(),
    }
    assert client.post(page_of(visit, "discharge"), form).status_code == 302
    said = text_of(client.get(page_of(visit, "discharge")))
    assert "Told: Dr. Priya Raman. Call agreed for 1 Jun 2026, 18:00." in said
