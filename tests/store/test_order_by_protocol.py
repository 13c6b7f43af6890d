"""Orders as the record lets them begin: from the plan, on a day of several, after a tolerated dose."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinical.ordering import Days
from evenkeel.journey import checkin, infusion, ordering, series
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import DosePerWeight, Volume
from tests import factories_chairside as chairside
from tests.factories import NOW, act, book, check_in_facts, checked_in_visit, people
from tests.factories_chairside import in_stages
from tests.pages import look, page_of

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
WELL = Override(rule="ORD-TIT-001", reason="seen and asked by me today")


def refused(visit: StreamId, **changes: Any) -> set[str | None]:
    """The rules by which an order is refused."""
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit, **changes)
    return {issue.rule for issue in refusal.value.issues}


FOUR_HOURS: dict[str, Any] = {
    "protocol": "crps_outpatient",
    "stages": in_stages(("1.4", "240")),
    "bag": Volume.of(250),
}


def test_a_day_of_several_is_kept_and_said() -> None:
    visit = checked_in_visit(indication="crps")
    chairside.order(visit, **FOUR_HOURS)
    order = reading.visit(visit).order
    assert order is not None
    assert (order.payload.day, order.payload.of_days) == (1, 10), "the first day by the record"


@pytest.mark.parametrize(
    ("days", "rule"),
    [(Days(day=11, of_days=11), "ORD-DAY-001"), (Days(day=2, of_days=10), "ORD-DAY-003")],
)
def test_a_day_beyond_the_protocol_or_out_of_turn_is_refused(days: Days, rule: str) -> None:
    visit = checked_in_visit(indication="crps")
    assert rule in refused(visit, **FOUR_HOURS, days=days)


def test_the_page_starts_from_the_day_by_the_record(client: Client, at: Callable[[datetime], None]) -> None:
    at(chairside.ORDERED_AT)
    visit = checked_in_visit(indication="crps")
    shown = look(client, people().prescriber, page_of(visit, "order"))
    assert "CRPS, four hours" in shown
    assert 'name="of_days" value="10"' in " ".join(shown.split()) or 'value="10"' in shown
    assert "At most 10, one infusion a day." in shown


def test_pain_in_a_course_for_depression_is_a_prescribers_decision() -> None:
    assert "ORD-PRT-001" in refused(checked_in_visit(), **FOUR_HOURS, days=Days(day=1, of_days=10))


def test_bipolar_depression_needs_to_know_of_a_mood_stabilizer() -> None:
    visit = checked_in_visit()
    assert refused(visit, protocol="bipolar_standard") == {"ORD-BIP-001"}


def test_a_dose_into_a_muscle_is_refused_by_its_name() -> None:
    assert refused(checked_in_visit(), route="im") == {"ORD-RTE-001"}


def second_visit(*, tolerated: bool) -> StreamId:
    """A visit a week after one of 0.5 mg/kg that went well, or not."""
    first = chairside.running_visit()
    for minutes in (10, 20, 30, 40):
        chairside.chart(first, chairside.STARTED_AT + timedelta(minutes=minutes))
    if not tolerated:
        infusion.record_event(
            act(people().nurse, chairside.STARTED_AT + timedelta(minutes=30)),
            visit=first,
            event="vomiting",
            grade=3,
            note="",
        )
    chairside.stop(first)
    for minutes in range(15, 121, 15):
        chairside.chart(first, chairside.STOPPED_AT + timedelta(minutes=minutes))
    chairside.leave(first)
    course = reading.visit(first).booking.payload.course
    visit = book(course, NOW + WEEK + timedelta(hours=1), None, NOW + WEEK)
    checkin.check_in(
        act(people().nurse, NOW + WEEK + timedelta(hours=1)), visit=visit, facts=check_in_facts()
    )
    return visit


HIGHER = {"protocol": "mood_step", "stages": in_stages(("0.75", "40"))}


def test_after_a_tolerated_infusion_one_step_up_asks_nothing() -> None:
    visit = second_visit(tolerated=True)
    chairside.order(visit, chairside.ORDERED_AT + WEEK, **HIGHER)
    assert reading.visit(visit).phase == "ordered"


def test_after_a_severe_event_the_step_up_is_a_prescribers_decision() -> None:
    visit = second_visit(tolerated=False)
    with pytest.raises(ordering.UnableToOrder) as refusal:
        chairside.order(visit, chairside.ORDERED_AT + WEEK, **HIGHER)
    assert {issue.rule for issue in refusal.value.issues} == {"ORD-TIT-001"}
    chairside.order(visit, chairside.ORDERED_AT + WEEK, **HIGHER, overrides=(WELL,))
    assert reading.visit(visit).phase == "ordered"


def planned_visit() -> StreamId:
    """A visit whose series plans 0.4 mg/kg."""
    visit = checked_in_visit()
    state = reading.visit(visit)
    series.plan_series(
        act(people().prescriber, chairside.ORDERED_AT - timedelta(minutes=5)),
        course=state.booking.payload.course,
        purpose="induction",
        infusions=6,
        per_week=2,
        first_date=NOW.date(),
        protocol="mood_standard",
        per_weight=(DosePerWeight.of("0.4"),),
    )
    return visit


def test_the_page_starts_from_the_series_plan_and_says_it(
    client: Client, at: Callable[[datetime], None]
) -> None:
    visit = planned_visit()
    at(chairside.ORDERED_AT)
    shown = look(client, people().prescriber, page_of(visit, "order"))
    assert "Planned:" in shown
    assert "Mood, standard, 0.4 mg/kg" in shown
    assert 'value="0.4"' in shown


def test_an_order_that_leaves_the_plan_needs_a_reason() -> None:
    visit = planned_visit()
    assert refused(visit) == {"ORD-PLN-001"}
    chairside.order(
        visit,
        chairside.ORDERED_AT + timedelta(minutes=1),
        overrides=(Override(rule="ORD-PLN-001", reason="felt too little, wants the usual"),),
    )
    assert reading.visit(visit).phase == "ordered"
