"""Maintenance: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.maintenance import PlanFacts
from evenkeel.record.outcomes import ResponseJudged
from evenkeel.values.quantities import Days
from tests.rules.case import DAY as TODAY
from tests.rules.case import Case
from tests.rules.outcomes_cases import DAY, infusion
from tests.rules.records import CONSENT, NOON, course

ALWAYS_KNOWN = {
    "MNT-INT-001": "a plan has an interval",
    "MNT-INT-002": "a plan has an interval",
}


def response(word: Any) -> tuple[datetime, ResponseJudged]:
    """What was judged."""
    judged = ResponseJudged(
        scale="phq9",
        baseline=Decimal(20),
        latest=Decimal(8),
        fall_percent=Decimal(60),
        response=word,
        remission="no",
        verdicts=(),
        note="",
    )
    return NOON - DAY, judged


def given(*ages: int) -> list[tuple[datetime, Any]]:
    """Infusions so many days ago, oldest first."""
    return [
        (NOON - age * DAY, infusion(number, NOON - age * DAY)) for number, age in enumerate(ages, start=1)
    ]


def plan(
    *facts: tuple[datetime, Any], interval: str = "7", due: timedelta = 7 * DAY, **changes: Any
) -> PlanFacts:
    """A plan made today; the next infusion is due so long from today."""
    made = PlanFacts(
        course=course((NOON - 50 * DAY, CONSENT), *facts),
        interval=Days.of(interval),
        next_due=TODAY + due,
        craving="no",
        on=TODAY,
    )
    return replace(made, **changes)


CASES = [
    Case("MNT-RSP-001", "yes", plan(response("response")), "clear"),
    Case("MNT-RSP-001", "no", plan(response("partial")), "fires", "partial"),
    Case("MNT-RSP-001", "no", plan(response("none")), "fires", "none"),
    Case("MNT-RSP-001", "missing", plan(), "unknown", "not judged"),
    Case("MNT-RSP-001", "missing", plan(response("unknown")), "unknown", "judged unknown"),
    # Phillips 2019: weekly.
    Case("MNT-INT-001", "below", plan(interval="6"), "fires"),
    Case("MNT-INT-001", "at", plan(interval="7"), "clear"),
    Case("MNT-INT-001", "above", plan(interval="8"), "clear"),
    # Twelve weeks are 84 days.
    Case("MNT-INT-002", "below", plan(interval="83"), "clear"),
    Case("MNT-INT-002", "at", plan(interval="84"), "clear"),
    Case("MNT-INT-002", "above", plan(interval="85"), "fires"),
    # Every 3.5 days is twice in seven; the rule begins 60 days after the first infusion.
    Case("MNT-STP-001", "below", plan(*given(60, 7), interval="4"), "clear", "less than twice a week"),
    Case("MNT-STP-001", "at", plan(*given(60, 7), interval="3.5"), "clear", "twice a week"),
    Case("MNT-STP-001", "above", plan(*given(60, 7), interval="3"), "fires", "more than twice a week"),
    Case("MNT-STP-001", "at", plan(*given(60, 6, 3), interval="7"), "clear", "two in the last week"),
    Case("MNT-STP-001", "above", plan(*given(60, 6, 3, 1), interval="7"), "fires", "three in the last week"),
    Case("MNT-STP-001", "below", plan(*given(59, 6, 3, 1), interval="3"), "clear", "59 days after the first"),
    Case("MNT-STP-001", "missing", plan(), "unknown"),
    # The last infusion was today, the interval is a week.
    Case("MNT-DUE-001", "below", plan(*given(0), due=9 * DAY), "clear"),
    Case("MNT-DUE-001", "at", plan(*given(0), due=10 * DAY), "clear", "later"),
    Case("MNT-DUE-001", "at", plan(*given(0), due=4 * DAY), "clear", "earlier"),
    Case("MNT-DUE-001", "above", plan(*given(0), due=11 * DAY), "fires", "later"),
    Case("MNT-DUE-001", "above", plan(*given(0), due=3 * DAY), "fires", "earlier"),
    Case("MNT-DUE-001", "missing", plan(), "unknown"),
    Case("MNT-CRV-001", "no", plan(), "clear"),
    Case("MNT-CRV-001", "yes", plan(craving="yes"), "fires"),
    Case("MNT-CRV-001", "missing", plan(craving="unknown"), "unknown"),
]
