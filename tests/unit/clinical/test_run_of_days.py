"""Which day of a run of days an order would be for, and when the patient's last infusion began."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from evenkeel.clinical.ordering import PROTOCOLS, Days, days_to_come, last_started
from evenkeel.record.visits import VisitState
from tests.rules.case import DAY
from tests.rules.records import NOON, ORDER, changed, course, infusion_counted, visit

DAY_OF = timedelta(days=1)
CRPS = PROTOCOLS["crps_outpatient"]


def ran(day: int | None, of_days: int | None, protocol: str = "crps_outpatient") -> VisitState:
    """Yesterday's visit, with its order."""
    return visit((NOON - DAY_OF, changed(ORDER, protocol=protocol, day=day, of_days=of_days)))


def test_a_protocol_of_single_infusions_has_no_days() -> None:
    assert days_to_come(PROTOCOLS["mood_standard"], ran(1, 10), NOON - DAY_OF, DAY) is None


@pytest.mark.parametrize(
    ("before", "last_at", "day", "of_days"),
    [
        pytest.param(ran(1, 10), NOON - DAY_OF, 2, 10, id="the day after the first"),
        pytest.param(ran(2, 4), NOON - DAY_OF, 3, 4, id="of a shorter run"),
        pytest.param(ran(9, 10), NOON - DAY_OF, 10, 10, id="the last"),
        pytest.param(ran(10, 10), NOON - DAY_OF, 1, 10, id="the run is over"),
        pytest.param(ran(4, 4), NOON - DAY_OF, 1, 10, id="the shorter run is over"),
        pytest.param(ran(1, 10), NOON - 2 * DAY_OF, 1, 10, id="a day was left out"),
        pytest.param(ran(1, 10), NOON - timedelta(hours=1), 1, 10, id="it was today"),
        pytest.param(ran(1, 10), NOON - timedelta(hours=13), 2, 10, id="yesterday evening"),
        pytest.param(ran(1, 10), None, 1, 10, id="it never began"),
        pytest.param(ran(1, 10, "pain_bolus"), NOON - DAY_OF, 1, 10, id="of another protocol"),
        pytest.param(ran(None, None), NOON - DAY_OF, 1, 10, id="a single infusion"),
        pytest.param(visit(), NOON - DAY_OF, 1, 10, id="nothing was ordered"),
        pytest.param(None, NOON - DAY_OF, 1, 10, id="the visit is not to be read"),
    ],
)
def test_the_day_follows_from_yesterday(
    before: VisitState | None, last_at: datetime | None, day: int, of_days: int
) -> None:
    assert days_to_come(CRPS, before, last_at, DAY) == Days(day=day, of_days=of_days)


def test_a_day_of_no_run_is_a_broken_record() -> None:
    with pytest.raises(AssertionError, match=r"^a day of a run is one of several$"):
        days_to_come(CRPS, ran(1, None), NOON - DAY_OF, DAY)


def began(*days_ago: int) -> Any:
    """A course with infusions that began so many days before noon."""
    facts = [infusion_counted(NOON - days * DAY_OF) for days in days_ago]
    return course(*((fact.started_at, fact) for fact in facts))


def test_the_last_infusion_is_that_of_any_course() -> None:
    week, fortnight = NOON - 7 * DAY_OF, NOON - 14 * DAY_OF
    assert last_started(course(), ()) is None
    assert last_started(began(14, 7), ()) == week
    assert last_started(began(14), (week,)) == week
    assert last_started(began(7), (fortnight,)) == week
    elsewhere_at = (week.astimezone(timezone(timedelta(hours=-6))), fortnight)
    assert last_started(course(), elsewhere_at) == week
