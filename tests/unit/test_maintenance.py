"""Options for the maintenance interval: weekly for four, then a week longer each time, to twelve weeks."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinical.decision import objections
from evenkeel.clinical.maintenance import assess_plan, suggest_interval
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.verdict import Override
from evenkeel.values.quantities import Days
from tests.rules.case import DAY as TODAY
from tests.rules.maintenance_cases import given, response
from tests.rules.outcomes_cases import DAY, infusion
from tests.rules.records import CONSENT, NOON, course
from tests.rules.series_cases import WITHDRAWN

BOOK = Rulebook.shipped()


def plan(interval: str, at: datetime = NOON - 50 * DAY) -> tuple[datetime, MaintenancePlanned]:
    made = MaintenancePlanned(
        interval=Days.of(interval),
        next_due_date=date(2026, 6, 8),
        goals="",
        return_signs="",
        psychotherapy="",
        support_contact="",
        craving="no",
        verdicts=(),
        overrides=(),
    )
    return at, made


def options(*facts: Any) -> list[tuple[str, bool]]:
    found = suggest_interval(BOOK, course(*facts))
    assert sum(option.is_next_step for option in found) == 1
    return [(option.interval.number, option.is_next_step) for option in found]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), [("7", True), ("14", False)]),
        ((plan("7"), *given(21, 14, 7)), [("7", True), ("14", False)]),
        # Phillips 2019 gave four.
        ((plan("7"), *given(28, 21, 14, 7)), [("7", False), ("14", True)]),
        ((plan("21"), *given(40, 30, 20, 10)), [("7", False), ("21", False), ("28", True)]),
        ((plan("84"), *given(40, 30, 20, 10)), [("7", False), ("84", True)]),
    ],
)
def test_the_next_step_follows_the_infusions_given(facts: tuple[Any, ...], expected: list[Any]) -> None:
    assert options(*facts) == expected


def test_infusions_before_the_plan_do_not_count_as_maintenance() -> None:
    assert options(*given(60, 58, 56, 54, 52, 51), plan("7")) == [("7", True), ("14", False)]


def test_only_the_weekly_option_has_a_source() -> None:
    found = suggest_interval(BOOK, course(plan("21")))
    assert [(option.interval.number, option.basis) for option in found if option.cite] == [("7", "source")]
    assert {option.basis for option in found if not option.cite} == {"proposal"}


def asked(*facts: Any, interval: str = "7", overrides: tuple[Override, ...] = (), **changes: Any) -> Any:
    state = course((NOON - 50 * DAY, CONSENT), (NOON, infusion(6, NOON)), *facts)
    verdicts = assess_plan(BOOK, state, Days.of(interval), TODAY + timedelta(days=7), **changes)
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, overrides, "prescriber")]


def test_a_weekly_plan_after_a_response_needs_no_reason() -> None:
    assert asked(response("response")) == []


def test_nobody_plans_after_consent_was_withdrawn() -> None:
    assert asked(response("response"), WITHDRAWN) == [("SER-CON-001", "blocked")]


def test_craving_holds_unless_a_prescriber_says_why() -> None:
    assert asked(response("response"), craving="yes") == [("MNT-CRV-001", "needs-reason")]
    reason = Override(rule="MNT-CRV-001", reason="Made-up reason that is long enough")
    assert asked(response("response"), craving="yes", overrides=(reason,)) == []
