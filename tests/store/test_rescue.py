"""Rescue drugs: on an order only, asked of the rules before, and always written down after."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import rescue
from evenkeel.journey.infusion import UnableToChart
from evenkeel.record.infusion import RescueGiven
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import act, key, people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

NOTHING_AGAINST: dict[str, Tri] = {
    "asthma": "no",
    "heart_block": "no",
    "heart_failure": "no",
    "lying_down": "yes",
}


def give(visit: StreamId, minutes: int, mg: str, **changes: Any) -> StreamId:
    """Labetalol on the prescriber's order, read back, but for what is named."""
    values: dict[str, Any] = {
        "drug": "labetalol",
        "dose": DrugMass.mg(mg),
        "route": "IV",
        "ordered_by": people().prescriber.id,
        "read_back": True,
        "reason": "178/104 for ten minutes",
        "conditions": NOTHING_AGAINST,
        **changes,
    }
    return rescue.give_rescue(act(people().nurse, START + timedelta(minutes=minutes)), visit=visit, **values)


def charted_visit() -> StreamId:
    """A running infusion with a check in its twentieth minute."""
    visit = chairside.running_visit()
    chairside.chart(visit, START + timedelta(minutes=20), chairside.signs(178, 98))
    return visit


def refused(
    visit: StreamId, minutes: int, mg: str, **changes: Any
) -> set[tuple[str, str | None, str | None]]:
    """What the use case says: code, field and rule of each issue."""
    with pytest.raises(UnableToChart) as refusal:
        give(visit, minutes, mg, **changes)
    return {(issue.code, issue.field, issue.rule) for issue in refusal.value.issues}


def doses(visit: StreamId) -> list[str]:
    """Every dose on record."""
    return [str(fact.payload.dose) for fact in reading.visit(visit).rescues]


def test_without_a_prescriber_or_a_read_back_nothing_is_taken_not_even_what_was_given() -> None:
    visit = charted_visit()
    for already in (False, True):
        assert refused(visit, 21, "20", ordered_by=people().nurse2.id, was_given_already=already) == {
            ("needs-prescriber", "ordered_by", "RSC-ORD-001")
        }
        assert refused(visit, 21, "20", read_back=False, was_given_already=already) == {
            ("not-read-back", "read_back", "RSC-ORD-001")
        }
    assert doses(visit) == []


def test_the_doses_of_a_visit_are_added_up_to_the_label_and_not_beyond() -> None:
    visit = charted_visit()
    for minutes, mg in ((21, "20"), (31, "80"), (41, "80"), (51, "80")):
        chairside.chart(visit, START + timedelta(minutes=minutes), chairside.signs(178, 98))
        give(visit, minutes, mg)
    chairside.chart(visit, START + timedelta(minutes=61), chairside.signs(178, 98))
    # 260 mg were given; 40 mg more are the 300 mg of the label.
    assert refused(visit, 61, "40.001") == {("blocked", None, "RSC-LAB-001")}
    give(visit, 61, "40")
    assert refused(visit, 71, "0.001") == {("blocked", None, "RSC-LAB-001")}
    assert doses(visit) == ["20 mg", "80 mg", "80 mg", "80 mg", "40 mg"]


def test_a_dose_too_soon_asks_for_a_reason() -> None:
    visit = charted_visit()
    give(visit, 21, "20")
    assert refused(visit, 28, "40") == {("needs-reason", "override_RSC-LAB-003", "RSC-LAB-003")}
    reason = Override(rule="RSC-LAB-003", reason="Dr. Raman at the chair, 190/115")
    give(visit, 28, "40", overrides=(reason,))
    (_, second) = reading.visit(visit).every(RescueGiven)
    assert second.payload.overrides == (reason,)


def test_what_speaks_against_it_is_asked_and_asthma_forbids_it() -> None:
    visit = charted_visit()
    assert refused(visit, 21, "20", conditions={**NOTHING_AGAINST, "asthma": "yes"}) == {
        ("blocked", None, "RSC-LAB-004")
    }
    assert refused(visit, 21, "20", conditions={"lying_down": "yes"}) == {
        ("needs-reason", f"override_{rule}", rule) for rule in ("RSC-LAB-004", "RSC-LAB-005", "RSC-LAB-006")
    }


def test_what_was_given_is_written_down_with_what_the_rules_say_and_shown_as_an_alert(clock: Clock) -> None:
    visit = charted_visit()
    give(visit, 21, "20", conditions={**NOTHING_AGAINST, "asthma": "yes"}, was_given_already=True)
    (fact,) = reading.visit(visit).every(RescueGiven)
    assert [v.rule.rule for v in fact.payload.verdicts if v.answer == "fires"] == ["RSC-LAB-004"]
    clock(START + timedelta(minutes=22))
    assert "RSC-LAB-004" in text_of(as_(people().nurse).get(f"{page_of(visit, 'chart')}now/"))


def test_a_dose_in_the_record_can_be_put_right_and_is_added_up_as_it_now_reads(clock: Clock) -> None:
    visit = charted_visit()
    give(visit, 21, "20")
    clock(START + timedelta(minutes=23))
    seq = reading.visit(visit).rescues[0].seq
    address = f"/streams/visit/{reference_of(visit)}/entries/{seq}/amend/"
    client = as_(people().nurse)
    form = {"drug": "labetalol", "dose": "10", "route": "IV", "given_for": "178/104", "reason": "Half of it."}
    answer = client.post(address, {**form, "happened_at": "", "idempotency_key": key()})
    assert answer.status_code == 302, answer.content.decode()
    assert doses(visit) == ["10 mg"]


def form_of(client: Client, visit: StreamId, **changes: str) -> Any:
    """The page, sent with the label's first dose but for what is named."""
    form = {
        "drug": "labetalol",
        "dose": "20",
        "route": "IV",
        "ordered_by": people().prescriber.id,
        "read_back": "on",
        "reason": "178/104 for ten minutes",
        **{f"condition_{name}": answer for name, answer in NOTHING_AGAINST.items()},
        "idempotency_key": key(),
        **changes,
    }
    return client.post(page_of(visit, "rescue"), form)


def test_the_page_says_what_was_given_and_asks_for_each_reason(clock: Clock, settings: Settings) -> None:
    visit = charted_visit()
    clock(START + timedelta(minutes=21))
    client = as_(people().nurse)
    said = text_of(client.get(page_of(visit, "rescue")))
    assert "at most 300 mg" in said
    assert "Before labetalol" in said
    too_much = form_of(client, visit, dose="40")
    assert too_much.status_code == 422
    assert 'name="override_RSC-LAB-002"' in too_much.content.decode()
    assert form_of(client, visit).status_code == 302
    clock(START + timedelta(minutes=32))
    assert "10:51: labetalol 20 mg IV" in text_of(client.get(page_of(visit, "rescue")))


@pytest.mark.parametrize("typed", [".5", "20 mg", "1e1", "-20", "2O"])
def test_a_dose_that_could_be_misread_is_refused_beside_its_box(clock: Clock, typed: str) -> None:
    visit = charted_visit()
    clock(START + timedelta(minutes=21))
    answer = form_of(as_(people().nurse), visit, dose=typed)
    assert answer.status_code == 422
    assert 'id="id_dose-error"' in answer.content.decode()
