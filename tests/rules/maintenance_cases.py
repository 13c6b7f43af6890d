"""Maintenance: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.maintenance import LongTermPlan, PlanFacts
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.outcomes import ResponseJudged
from evenkeel.values.quantities import Days
from tests.rules.case import DAY as TODAY
from tests.rules.case import Case
from tests.rules.outcomes_cases import DAY, form, infusion
from tests.rules.records import CONSENT, NOON, course

ALWAYS_KNOWN = {
    "MNT-INT-001": "a plan has an interval",
    "MNT-INT-002": "a plan has an interval",
    "MNT-LEN-001": "the course knows its plans and its infusions",
    "MNT-TPR-001": "a plan has an interval and a date, and one without an end says so",
    "MNT-GOL-001": "what is not written down is what the rule looks for",
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
    made = LongTermPlan(
        interval=Days.of(interval),
        next_due_date=TODAY + due,
        goals="Made-up goal",
        return_signs="",
        psychotherapy="Made-up therapy",
        prescriber_contact="Made-up Prescriber",
        support_contact="Made-up friend",
        talk_after=Days.of(1),
        craving="no",
    )
    return PlanFacts(
        course=course((NOON - 80 * DAY, CONSENT), *facts), plan=replace(made, **changes), on=TODAY
    )


def standing(
    interval: str, due: timedelta = 7 * DAY, age: int = 50, **changes: Any
) -> tuple[datetime, MaintenancePlanned]:
    """The plan that stands, made so many days ago, and the date that it gave, counted from today."""
    made = MaintenancePlanned(
        interval=Days.of(interval),
        next_due_date=TODAY + due,
        goals="",
        return_signs="",
        psychotherapy="",
        support_contact="",
        craving="no",
    )
    return NOON - age * DAY, replace(made, **changes)


def scores(*totals: int) -> list[tuple[datetime, Any]]:
    """PHQ-9 scores, the first as baseline, the last of today."""
    ages = range(len(totals) - 1, -1, -1)
    points: list[Any] = ["baseline", *["other"] * (len(totals) - 1)]
    return [
        (NOON - 2 * age * DAY, form(total, point))
        for age, total, point in zip(ages, totals, points, strict=True)
    ]


CASES = [
    Case("MNT-RSP-001", "yes", plan(response("response")), "clear"),
    Case("MNT-RSP-001", "no", plan(response("partial")), "fires", "partial", says=("response: partial",)),
    Case("MNT-RSP-001", "no", plan(response("none")), "fires", "none", says=("response: none",)),
    Case("MNT-RSP-001", "missing", plan(), "unknown", "not judged", says=("response",)),
    Case(
        "MNT-RSP-001", "missing", plan(response("unknown")), "unknown", "judged unknown", says=("response",)
    ),
    # Phillips 2019: weekly.
    Case("MNT-INT-001", "below", plan(interval="6"), "fires", says=("6 days",)),
    Case("MNT-INT-001", "at", plan(interval="7"), "clear"),
    Case("MNT-INT-001", "above", plan(interval="8"), "clear"),
    # Twelve weeks are 84 days.
    Case("MNT-INT-002", "below", plan(interval="83"), "clear"),
    Case("MNT-INT-002", "at", plan(interval="84"), "clear"),
    Case("MNT-INT-002", "above", plan(interval="85"), "fires", says=("85 days",)),
    # Every 3.5 days is twice in seven; the rule begins 60 days after the first infusion.
    Case("MNT-STP-001", "below", plan(*given(60, 7), interval="4"), "clear", "less than twice a week"),
    Case("MNT-STP-001", "at", plan(*given(60, 7), interval="3.5"), "clear", "twice a week"),
    Case(
        "MNT-STP-001",
        "above",
        plan(*given(60, 7), interval="3"),
        "fires",
        "more than twice a week",
        says=("infusions in the last 7 days: 0; planned every 3 days",),
    ),
    Case("MNT-STP-001", "at", plan(*given(60, 6, 3), interval="7"), "clear", "two in the last week"),
    Case(
        "MNT-STP-001",
        "above",
        plan(*given(60, 6, 3, 1), interval="7"),
        "fires",
        "three in the last week",
        says=("infusions in the last 7 days: 3; planned every 7 days",),
    ),
    Case("MNT-STP-001", "below", plan(*given(59, 6, 3, 1), interval="3"), "clear", "59 days after the first"),
    Case("MNT-STP-001", "missing", plan(), "unknown", says=("an infusion",)),
    # The last infusion was today, the interval is a week.
    Case("MNT-DUE-001", "below", plan(*given(0), due=9 * DAY), "clear"),
    Case("MNT-DUE-001", "at", plan(*given(0), due=10 * DAY), "clear", "later"),
    Case("MNT-DUE-001", "at", plan(*given(0), due=4 * DAY), "clear", "earlier"),
    Case(
        "MNT-DUE-001",
        "above",
        plan(*given(0), due=11 * DAY),
        "fires",
        "later",
        says=("next 2026-06-12, by the interval 2026-06-08",),
    ),
    Case(
        "MNT-DUE-001",
        "above",
        plan(*given(0), due=3 * DAY),
        "fires",
        "earlier",
        says=("next 2026-06-04, by the interval 2026-06-08",),
    ),
    Case("MNT-DUE-001", "missing", plan(), "unknown", says=("an infusion",)),
    Case("MNT-CRV-001", "no", plan(), "clear"),
    Case("MNT-CRV-001", "yes", plan(craving="yes"), "fires", says=("craving",)),
    Case("MNT-CRV-001", "missing", plan(craving="unknown"), "unknown", says=("craving",)),
    # Half of 20 is 10; 6 points matter for getting worse (PMID 33261932).
    Case("MNT-REL-001", "no", plan(*scores(20, 8, 10)), "clear", "still half the baseline"),
    Case(
        "MNT-REL-001",
        "yes",
        plan(*scores(20, 8, 11)),
        "fires",
        "the response is lost",
        says=("PHQ-9: 20 at baseline, 8 at best, now 11",),
    ),
    Case("MNT-REL-001", "no", plan(*scores(27, 4, 9)), "clear", "risen by 5 points"),
    Case(
        "MNT-REL-001",
        "yes",
        plan(*scores(27, 4, 10)),
        "fires",
        "risen by 6 points",
        says=("PHQ-9: 27 at baseline, 4 at best, now 10",),
    ),
    Case("MNT-REL-001", "other", plan(*scores(20, 14, 15)), "clear", "there was no response to lose"),
    Case(
        "MNT-REL-001",
        "missing",
        plan(*scores(20)),
        "unknown",
        "only a baseline",
        says=("a baseline and a later PHQ-9",),
    ),
    Case("MNT-REL-001", "missing", plan(), "unknown", "no scores", says=("a baseline and a later PHQ-9",)),
    # The plan that stands has the next infusion in twelve days.
    Case("MNT-FWD-001", "below", plan(standing("14", 12 * DAY), *scores(20, 8, 8), due=10 * DAY), "clear"),
    Case("MNT-FWD-001", "at", plan(standing("14", 12 * DAY), *scores(20, 8, 8), due=9 * DAY), "clear"),
    Case(
        "MNT-FWD-001",
        "above",
        plan(standing("14", 12 * DAY), *scores(20, 8, 8), due=8 * DAY),
        "fires",
        "4 days earlier, and the scores hold",
        says=("planned for 2026-06-13, now 2026-06-09, and the scores hold",),
    ),
    Case(
        "MNT-FWD-001",
        "above",
        plan(standing("14", 12 * DAY), *scores(20, 8, 11), due=8 * DAY),
        "clear",
        "4 days earlier, and the response is lost",
    ),
    Case(
        "MNT-FWD-001",
        "missing",
        plan(standing("14", 12 * DAY), due=8 * DAY),
        "unknown",
        "4 days earlier, without scores",
        says=("a baseline and a later PHQ-9",),
    ),
    Case("MNT-FWD-001", "other", plan(), "clear", "the first plan"),
    Case(
        "MNT-FWD-001",
        "above",
        plan(standing("14", 12 * DAY), *given(2), *scores(20, 8, 8), due=8 * DAY),
        "fires",
        "counted from the infusion given since: due in 12 days",
        says=("planned for 2026-06-13, now 2026-06-09, and the scores hold",),
    ),
    # Phillips 2019 gave four.
    Case("MNT-LEN-001", "below", plan(standing("7"), *given(21, 14, 7)), "clear", "three given weekly"),
    Case(
        "MNT-LEN-001",
        "at",
        plan(standing("7"), *given(28, 21, 14, 7)),
        "fires",
        "four given, weekly again",
        says=("interval: 7 days before, 7 days now",),
    ),
    Case(
        "MNT-LEN-001",
        "above",
        plan(standing("7"), *given(35, 28, 21, 14, 7)),
        "fires",
        "five given",
        says=("interval: 7 days before, 7 days now",),
    ),
    Case(
        "MNT-LEN-001",
        "at",
        plan(standing("7"), *given(28, 21, 14, 7), interval="14"),
        "clear",
        "four given, now longer",
    ),
    Case(
        "MNT-LEN-001",
        "above",
        plan(standing("7"), *given(28, 21, 14, 7), *scores(20, 8, 11)),
        "clear",
        "four given, and the response is lost",
    ),
    Case("MNT-LEN-001", "other", plan(*given(28, 21, 14, 7)), "clear", "the first plan"),
    Case("MNT-TPR-001", "no", plan(), "clear", "no end is planned"),
    Case("MNT-TPR-001", "no", plan(ends_date=TODAY + 7 * DAY), "clear", "ends with the next infusion"),
    Case(
        "MNT-TPR-001",
        "yes",
        plan(ends_date=TODAY + 6 * DAY),
        "fires",
        "ends before the next infusion",
        says=("ends 2026-06-07, next infusion 2026-06-08",),
    ),
    Case(
        "MNT-TPR-001",
        "yes",
        plan(standing("14"), ends_date=TODAY + 60 * DAY),
        "fires",
        "shorter than the interval before",
        says=("interval: 14 days before, 7 days now",),
    ),
    Case(
        "MNT-TPR-001",
        "no",
        plan(standing("7"), ends_date=TODAY + 60 * DAY),
        "clear",
        "as long as the interval before",
    ),
    Case("MNT-GOL-001", "no", plan(), "clear", "everything is written down"),
    Case("MNT-GOL-001", "yes", plan(goals=" "), "fires", "without goals", says=("not written down: goals",)),
    Case(
        "MNT-GOL-001",
        "yes",
        plan(psychotherapy=" "),
        "fires",
        "without psychotherapy",
        says=("not written down: psychotherapy",),
    ),
    Case(
        "MNT-GOL-001",
        "yes",
        plan(prescriber_contact=" "),
        "fires",
        "without a prescriber to call",
        says=("not written down: the prescriber to call",),
    ),
    Case(
        "MNT-GOL-001",
        "yes",
        plan(support_contact=" "),
        "fires",
        "without somebody who stands by",
        says=("not written down: who stands by",),
    ),
    Case(
        "MNT-PSY-001",
        "below",
        plan(talk_after=Days.of(0)),
        "fires",
        "on the day itself",
        says=("talked through on the day of each infusion",),
    ),
    Case("MNT-PSY-001", "at", plan(talk_after=Days.of(1)), "clear", "a day later"),
    Case("MNT-PSY-001", "at", plan(talk_after=Days.of(2)), "clear", "two days later"),
    Case(
        "MNT-PSY-001",
        "above",
        plan(talk_after=Days.of(3)),
        "fires",
        "three days later",
        says=("talked through 3 days after each infusion",),
    ),
    Case(
        "MNT-PSY-001",
        "missing",
        plan(talk_after=None),
        "unknown",
        "not said",
        says=("when each infusion is talked through",),
    ),
    Case(
        "MNT-STP-001",
        "other",
        plan(*given(60, 2, 1, 0)),
        "fires",
        "one of three was given today",
        says=("infusions in the last 7 days: 3; planned every 7 days",),
    ),
    Case("MNT-STP-001", "other", plan(*given(60, 6, 3, -1)), "clear", "one of three was given later"),
    Case(
        "MNT-STP-001",
        "other",
        plan(*given(60), interval="0"),
        "fires",
        "an interval of nothing",
        says=("infusions in the last 7 days: 0; planned every 0 days",),
    ),
    Case("MNT-DUE-001", "other", plan(*given(30, 0)), "clear", "counted from the last infusion"),
    Case("MNT-REL-001", "other", plan(*scores(20, 8, 14, 9)), "clear", "risen and fallen again"),
    Case(
        "MNT-REL-001",
        "other",
        plan(*scores(20, 12, 6, 8, 11)),
        "fires",
        "the best score is neither the first nor the last",
        says=("PHQ-9: 20 at baseline, 6 at best, now 11",),
    ),
    Case(
        "MNT-REL-001",
        "other",
        plan(*scores(20, 10, 11)),
        "fires",
        "the response was just reached, and is lost",
        says=("PHQ-9: 20 at baseline, 10 at best, now 11",),
    ),
    Case(
        "MNT-REL-001",
        "other",
        plan((NOON, form(20, "baseline")), (NOON, form(8))),
        "clear",
        "answered at the moment of the baseline",
    ),
    Case(
        "MNT-REL-001",
        "other",
        plan(*scores(0, 1, 7)),
        "fires",
        "a baseline of 0, and risen by 6 points",
        says=("PHQ-9: 0 at baseline, 1 at best, now 7",),
    ),
    Case(
        "MNT-REL-001",
        "missing",
        plan(*scores(0, 1, 2)),
        "unknown",
        "a baseline of 0 cannot fall",
        says=("whether PHQ-9 shows a response",),
    ),
    Case(
        "MNT-TPR-001",
        "no",
        plan(standing("14"), interval="21", ends_date=TODAY + 60 * DAY),
        "clear",
        "longer than the interval before",
    ),
    Case(
        "MNT-GOL-001",
        "yes",
        plan(goals="", support_contact=""),
        "fires",
        "two gaps",
        says=("not written down: goals, who stands by",),
    ),
]
