"""Order, draw, second check: what is ordered is what is drawn, and two people find the same."""

from datetime import date, timedelta
from typing import Any, Literal

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose
from evenkeel.journey import checkin, ordering, referral, series
from evenkeel.journey.acting import RecordMoved
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import FlowRate, Volume, Weight
from tests import factories_chairside as chairside
from tests.factories import (
    PASSWORD,
    REFERRER,
    TODAY,
    act,
    book,
    booked_visit,
    check_in_facts,
    checked_in_visit,
    consent,
    key,
    people,
    screen,
)
from tests.factories_chairside import VOLUME
from tests.factories_custody import receive

pytestmark = pytest.mark.django_db


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Every issue as (code, rule or field)."""
    return {(issue.code, issue.rule or issue.field) for issue in refusal.value.issues}


def test_the_order_is_the_dose_sentence_of_the_worked_example() -> None:
    visit = chairside.ordered_visit()
    signed = reading.visit(visit).order
    assert signed is not None
    # screens.md, "Order + calculator".
    assert signed.payload.dose.sentence == (
        "ketamine 0.5 mg/kg × 70.2 kg = 35.1 mg; draw 0.7 mL of 50 mg/mL (35 mg); "
        "to 100 mL total, over 40 min = 150 mL/h"
    )
    assert signed.payload.signature.printed_name == "Dr. Priya Raman"
    assert signed.payload.signature.meaning == ordering.SIGNING_MEANS
    assert signed.payload.signature.signed_at == chairside.ORDERED_AT
    assert {ref.rule for ref in signed.history[0].rules} >= {"ORD-DOS-003", "ORD-CON-001"}
    assert reading.visit(visit).phase == "ordered"


def test_a_wrong_password_signs_nothing() -> None:
    visit = checked_in_visit()
    with pytest.raises(UnableTo) as refusal:
        chairside.order(visit, password="not it")
    assert [issue.field for issue in refusal.value.issues] == ["password"]
    assert reading.visit(visit).order is None


def test_more_than_the_ceiling_is_refused_whatever_the_reason() -> None:
    visit = checked_in_visit()
    reason = Override(rule="ORD-DOS-003", reason="the patient is used to much more")
    with pytest.raises(ordering.UnableToOrder) as refusal:
        # clinical-protocol.md, section 3: hard above 1.0 mg/kg.
        chairside.order(visit, stages=chairside.in_stages(("1.01", "40")), overrides=(reason,))
    assert ("blocked", "ORD-DOS-003") in codes(refusal)


def test_a_first_dose_above_the_standard_needs_a_reason_and_keeps_it() -> None:
    visit = checked_in_visit()
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit, stages=chairside.in_stages(("0.6", "40")))
    assert codes(refusal) == {("needs-reason", "ORD-DOS-001")}
    reason = Override(rule="ORD-DOS-001", reason="responded to 0.6 mg/kg elsewhere")
    chairside.order(visit, stages=chairside.in_stages(("0.6", "40")), overrides=(reason,))
    signed = reading.visit(visit).order
    assert signed is not None
    assert signed.payload.overrides == (reason,)


def test_nothing_is_ordered_before_the_gate_is_open() -> None:
    visit = booked_visit()
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit)
    assert ("weight-missing", None) in codes(refusal)


def test_two_courses_of_one_patient_share_one_body() -> None:
    first = reading.visit(chairside.discharged_visit()).booking.payload
    # The next morning, less than a day after the first infusion began.
    later = chairside.STARTED_AT + timedelta(hours=22)
    second = referral.refer_again(
        act(people().front_desk, later),
        patient=first.patient,
        indication="bipolar_depression",
        referrer=REFERRER,
        reason="Another complaint.",
        received_date=later.date(),
    )
    screen(second, later)
    consent(second, later)
    act_later = act(people().front_desk, later)
    plan = {"purpose": "induction", "infusions": 6, "per_week": 2, "first_date": later.date()}
    series.plan_series(act_later, course=second, **plan)  # type: ignore[arg-type]
    visit = book(second, later + timedelta(hours=1), at=later)
    checkin.check_in(act(people().nurse, later + timedelta(hours=1)), visit=visit, facts=check_in_facts())
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit, later + timedelta(hours=1, minutes=59))
    # clinical-protocol.md, section 3: 24 h at least, whatever the infusion before was given for.
    assert ("needs-reason", "ORD-DUP-002") in codes(refusal)


def test_only_a_prescriber_orders() -> None:
    visit = checked_in_visit()
    with pytest.raises(NotPermitted):
        ordering.sign_order(
            act(people().nurse, chairside.ORDERED_AT),
            visit=visit,
            note="",
            overrides=(),
            password=PASSWORD,
            **chairside.STANDARD,  # type: ignore[arg-type]
        )


def test_a_dose_that_no_bag_holds_names_its_field() -> None:
    visit = checked_in_visit()
    with pytest.raises(UnableToMakeDose) as refusal:
        chairside.order(visit, bag=Volume.of("0.5"))
    assert ("over-bag", "bag") in codes(refusal)


def test_the_same_request_signs_once_and_a_second_one_is_refused() -> None:
    visit = checked_in_visit()
    chairside.stock_up()
    values: dict[str, Any] = {**chairside.STANDARD, "note": "", "overrides": (), "password": PASSWORD}
    request = act(people().prescriber, chairside.ORDERED_AT, key())
    ordering.sign_order(request, visit=visit, **values)
    seq = reading.visit(visit).seq
    assert ordering.sign_order(request, visit=visit, **values) == visit
    assert reading.visit(visit).seq == seq
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit)
    assert ("blocked", "ORD-DUP-001") in codes(refusal)


def test_an_order_from_a_stale_page_is_refused() -> None:
    visit = checked_in_visit()
    seen = reading.visit(visit).seq
    chairside.chart(visit, chairside.ORDERED_AT)
    stale = act(people().prescriber, chairside.ORDERED_AT, seen=seen)
    values: dict[str, Any] = {**chairside.STANDARD, "note": "", "overrides": (), "password": PASSWORD}
    with pytest.raises(RecordMoved):
        ordering.sign_order(stale, visit=visit, **values)


def test_a_cancelled_order_leaves_nothing_to_draw() -> None:
    visit = chairside.drawn_visit()
    at = chairside.DRAWN_AT + timedelta(minutes=1)
    ordering.cancel_order(act(people().prescriber, at), visit=visit, reason="the patient feels unwell")
    state = reading.visit(visit)
    assert (state.phase, state.order, state.draw) == ("checked_in", None, None)
    with pytest.raises(ordering.UnableToDraw):
        chairside.draw(visit, at, takes=(VialTake(lot=chairside.stock_up(), number="", volume=VOLUME),))
    chairside.order(visit, at)
    assert reading.visit(visit).draw is None


def test_what_was_drawn_is_counted_in_micrograms() -> None:
    state = reading.visit(chairside.drawn_visit())
    assert state.draw is not None
    # 0.70 mL of 50 mg/mL.
    assert state.draw.payload.drawn == DrugMass(mcg=35_000)
    assert state.phase == "drawn"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"rate": FlowRate.of("15.0")}, "DRW-RTE-001"),
        ({"bag": Volume.of(50)}, "DRW-BAG-001"),
    ],
)
def test_a_draw_that_is_not_the_order_is_refused(changes: dict[str, object], rule: str) -> None:
    refused(chairside.ordered_visit(), rule, **changes)


@pytest.mark.parametrize(
    ("product", "lot", "expiry", "rule"),
    [
        ("ketamine_10_20", "K-TEN", date(2027, 1, 1), "DRW-STR-001"),
        ("ketamine_50_10", "K-OLD", date(2026, 5, 31), "DRW-EXP-001"),
        ("midazolam_1_2", "M-1", date(2027, 1, 1), "DRW-PRD-001"),
    ],
)
def test_a_vial_that_was_not_ordered_is_refused(product: str, lot: str, expiry: date, rule: str) -> None:
    visit = chairside.ordered_visit()
    into: Literal["safe", "cabinet"] = "safe" if expiry < TODAY else "cabinet"
    other = receive(product, lot, expiry=expiry, into=into, at=chairside.ORDERED_AT)
    refused(visit, rule, takes=(chairside.take(visit, lot=other),))


def test_another_volume_than_ordered_is_refused() -> None:
    visit = chairside.ordered_visit()
    refused(visit, "DRW-VOL-001", takes=(chairside.take(visit, Volume.of("7.0")),))


def refused(visit: StreamId, rule: str, **changes: object) -> None:
    """The draw is refused by the rule, and neither the visit nor the ledger knows of it."""
    before = custody.movements()
    with pytest.raises(ordering.UnableToDraw) as refusal:
        chairside.draw(visit, chairside.DRAWN_AT, **changes)
    assert rule in {issue.rule for issue in refusal.value.issues}
    assert reading.visit(visit).draw is None
    assert custody.movements() == before


def test_nothing_is_drawn_on_an_order_that_has_run_out() -> None:
    visit = chairside.ordered_visit()
    signed = reading.visit(visit).order
    assert signed is not None
    with pytest.raises(ordering.UnableToDraw) as refusal:
        chairside.draw(visit, signed.payload.expires_at)
    assert "ORD-EXP-001" in {issue.rule for issue in refusal.value.issues}


def test_whoever_drew_does_not_check() -> None:
    visit = chairside.drawn_visit()
    with pytest.raises(ordering.UnableToCheck) as refusal:
        ordering.double_check(
            act(people().nurse, chairside.CHECKED_AT),
            visit=visit,
            **chairside.second_reading(visit),  # type: ignore[arg-type]
        )
    assert codes(refusal) == {("same-person", None)}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"volume": Volume.of("0.75")}, "syringe"),
        ({"rates": (FlowRate.of(15),)}, "rate"),
        ({"weight": Weight.of("72.0")}, "weight"),
        ({"record_number": "EK-9999"}, "record number"),
        ({"strength": Strength.mg_per_ml(10)}, "strength"),
        ({"bag": Volume.of(50)}, "bag"),
    ],
)
def test_a_disagreement_is_recorded_opens_nothing_and_gives_no_number_away(
    changes: dict[str, object], word: str
) -> None:
    visit = chairside.drawn_visit()
    chairside.double_check(visit, chairside.CHECKED_AT, **changes)
    state = reading.visit(visit)
    assert state.double_check is not None
    assert not state.double_check.payload.agrees
    said = " ".join(state.double_check.payload.disagreements)
    assert word in said
    assert not any(character.isdigit() for character in said)
    assert state.phase == "drawn"


def test_after_a_disagreement_the_check_is_made_again() -> None:
    visit = chairside.drawn_visit()
    chairside.double_check(visit, volume=Volume.of("0.75"))
    chairside.double_check(visit, chairside.CHECKED_AT + timedelta(minutes=2))
    state = reading.visit(visit)
    assert state.phase == "double_checked"
    assert state.double_check is not None
    assert state.double_check.by == people().nurse2


def test_a_new_draw_takes_the_check_away() -> None:
    visit = chairside.ordered_visit()
    again = chairside.take(visit)
    chairside.draw(visit)
    chairside.double_check(visit, volume=Volume.of("0.75"))
    at = chairside.CHECKED_AT + timedelta(minutes=1)
    with pytest.raises(UnableTo) as refusal:
        chairside.draw(visit, at, takes=(again,))
    assert ("drawn-already", "entry_was_wrong") in codes(refusal)
    chairside.draw(visit, at, takes=(again,), entry_was_wrong=True)
    assert reading.visit(visit).double_check is None
