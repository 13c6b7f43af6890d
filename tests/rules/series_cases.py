"""The series: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.outcomes import Judgement, Response
from evenkeel.clinical.series import BookingFacts, ReviewFacts, SeriesPlanFacts
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.series import ReviewRecorded, SeriesPlanned
from tests.rules.case import DAY as TODAY
from tests.rules.case import Case
from tests.rules.outcomes_cases import DAY, SECOND, infusion
from tests.rules.records import CONSENT, NOON, SCREENING, changed, course

ALWAYS_KNOWN = {
    "SER-GAP-001": "the course knows every infusion it counts",
    "SER-FRQ-001": "the course knows every infusion it counts",
    "SER-DUE-001": "the course knows its infusions and its reviews",
    "SER-STP-001": "the course knows its reviews",
    "SER-RHY-001": "a plan has a rhythm",
    "SER-CUM-001": "the courses know every infusion they count, and a plan its number",
    "SER-CUM-002": "the courses know every infusion they count, and a plan its number",
    "SER-MIS-001": "the course knows its plan and every infusion it counts",
    "SER-MIS-002": "the course knows its plan and every infusion it counts",
}

HOUR = timedelta(hours=1)
SCREENED = (NOON - 30 * DAY, SCREENING)
CONSENTED = (NOON - 29 * DAY, CONSENT)
WITHDRAWN = (NOON - DAY, ConsentWithdrawn(said_to="Made-up Nurse", reason=""))


def booking(*facts: tuple[datetime, Any]) -> BookingFacts:
    """A visit that would begin at noon."""
    return BookingFacts(course=course(*facts), starts_at=NOON)


def infusions_at(*ages: timedelta) -> BookingFacts:
    """Infusions that began so long before noon, oldest first."""
    return booking(*((NOON - age, infusion(number, NOON - age)) for number, age in enumerate(ages, start=1)))


def review(after: int, decision: Any) -> tuple[datetime, ReviewRecorded]:
    """A review that was held."""
    return NOON - HOUR, ReviewRecorded(
        after_infusion=after, verdicts=(), decision=decision, reason="Made-up", overrides=()
    )


def judged(
    after: int, baseline: int | None, latest: int | None, response: Response = "unknown"
) -> ReviewFacts:
    """A review with these two scores."""
    judgement = Judgement(
        scale="phq9",
        baseline=None if baseline is None else Decimal(baseline),
        latest=None if latest is None else Decimal(latest),
        fall_percent=None,
        response=response,
        remission="unknown",
        verdicts=(),
    )
    return ReviewFacts(after=after, judgement=judgement)


def planned(age: int, infusions: int) -> tuple[datetime, SeriesPlanned]:
    """A series that was planned so many days ago."""
    at = NOON - age * DAY
    return at, SeriesPlanned(purpose="induction", infusions=infusions, per_week=2, first_date=at.date())


THREE = [(NOON - age * DAY, infusion(number, NOON - age * DAY)) for number, age in ((1, 9), (2, 6), (3, 3))]


def year_plan(infusions: int, per_week: int = 2, given: int = 0, last_age: int = 30) -> SeriesPlanFacts:
    """A plan after so many infusions, all given so many days ago."""
    at = NOON - last_age * DAY
    counted = tuple(infusion(number, at) for number in range(1, given + 1))
    return SeriesPlanFacts(infusions=infusions, per_week=per_week, given=counted, on=TODAY)


def gap(days: int, purpose: Any = "induction", infusions: int = 6) -> BookingFacts:
    """A series under way whose last infusion was so many days before noon."""
    at = NOON - days * DAY
    plan = SeriesPlanned(purpose=purpose, infusions=infusions, per_week=2, first_date=at.date())
    return booking((at - DAY, plan), (at, infusion(1, at)))


CASES = [
    Case("SER-CON-001", "yes", booking(CONSENTED), "clear"),
    Case(
        "SER-CON-001",
        "no",
        booking(CONSENTED, WITHDRAWN),
        "fires",
        "withdrawn",
        says=("consent was withdrawn",),
    ),
    Case("SER-CON-001", "missing", booking(), "unknown", "never asked", says=("consent",)),
    Case("SER-SCR-001", "yes", booking(SCREENED), "clear"),
    Case(
        "SER-SCR-001",
        "no",
        booking((NOON, changed(SCREENING, outcome="not_today"))),
        "fires",
        says=("the screening did not come out fit",),
    ),
    Case("SER-SCR-001", "missing", booking(), "unknown", says=("a screening",)),
    Case("SER-WRK-001", "no", booking(SCREENED, planned(20, 3)), "clear", "the first series"),
    Case(
        "SER-WRK-001",
        "yes",
        booking(SCREENED, planned(20, 3), *THREE, planned(1, 4)),
        "fires",
        says=("screened 2026-05-02, last infusion 2026-05-29",),
    ),
    Case(
        "SER-WRK-001",
        "other",
        booking(SCREENED, planned(20, 6), *THREE, planned(1, 4)),
        "clear",
        "a changed plan",
    ),
    Case(
        "SER-WRK-001",
        "no",
        booking(planned(20, 3), *THREE, (NOON - 2 * DAY, SCREENING), planned(1, 4)),
        "clear",
        "screened again",
    ),
    Case("SER-WRK-001", "missing", booking(), "unknown", says=("a screening",)),
    Case(
        "SER-GAP-001",
        "below",
        infusions_at(36 * HOUR - SECOND),
        "fires",
        says=("last infusion 2026-05-31 00:00 UTC",),
    ),
    Case("SER-GAP-001", "at", infusions_at(36 * HOUR), "clear"),
    Case("SER-GAP-001", "above", infusions_at(37 * HOUR), "clear"),
    Case("SER-GAP-001", "other", booking(), "clear", "the first infusion"),
    # With this visit: two, three and four in less than seven days.
    Case("SER-FRQ-001", "below", infusions_at(3 * DAY), "clear"),
    Case("SER-FRQ-001", "at", infusions_at(5 * DAY, 3 * DAY), "clear"),
    Case(
        "SER-FRQ-001",
        "above",
        infusions_at(6 * DAY, 4 * DAY, 2 * DAY),
        "fires",
        says=("4 infusions in 7 days",),
    ),
    Case("SER-FRQ-001", "other", infusions_at(7 * DAY, 4 * DAY, 2 * DAY), "clear", "the first is a week ago"),
    Case("SER-DUE-001", "no", booking(*THREE[:2]), "clear", "two given"),
    Case("SER-DUE-001", "yes", booking(*THREE), "fires", "three given", says=("review after infusion 3",)),
    Case("SER-DUE-001", "other", booking(*THREE, review(3, "continue")), "clear", "held"),
    Case("SER-STP-001", "no", booking(*THREE, review(3, "continue")), "clear"),
    Case(
        "SER-STP-001",
        "yes",
        booking(*THREE, review(3, "stop")),
        "fires",
        says=("review after infusion 3: stop",),
    ),
    # A quarter of 20 is 5.
    Case("SER-REV-001", "below", judged(3, 20, 16), "fires", says=("fallen by 20 %",)),
    Case("SER-REV-001", "at", judged(3, 20, 15), "clear"),
    Case("SER-REV-001", "above", judged(3, 20, 14), "clear"),
    Case("SER-REV-001", "other", judged(3, 20, 24), "fires", "risen", says=("risen by 20 %",)),
    Case("SER-REV-001", "other", judged(2, 20, 20), "clear", "before the third"),
    Case(
        "SER-REV-001",
        "missing",
        judged(3, None, 15),
        "unknown",
        "no baseline",
        says=("a baseline above zero and a later score",),
    ),
    Case(
        "SER-REV-001",
        "missing",
        judged(3, 20, None),
        "unknown",
        "nothing later",
        says=("a baseline above zero and a later score",),
    ),
    Case(
        "SER-REV-001",
        "missing",
        judged(3, 0, 0),
        "unknown",
        "nothing that could fall",
        says=("a baseline above zero and a later score",),
    ),
    Case("SER-REV-002", "below", judged(5, 20, 18, "none"), "clear", "before the sixth"),
    Case("SER-REV-002", "at", judged(6, 20, 11, "partial"), "fires", says=("response: partial",)),
    Case("SER-REV-002", "at", judged(6, 20, 10, "response"), "clear"),
    Case("SER-REV-002", "above", judged(7, 20, 20, "none"), "fires", says=("response: none",)),
    Case("SER-REV-002", "missing", judged(6, None, None), "unknown", says=("response",)),
    # Singh 2016: two a week did as well as three.
    Case("SER-RHY-001", "below", year_plan(6, per_week=1), "clear", "once a week"),
    Case("SER-RHY-001", "at", year_plan(6, per_week=2), "clear", "twice a week"),
    Case("SER-RHY-001", "above", year_plan(6, per_week=3), "fires", "three times a week", says=("3 a week",)),
    Case("SER-CUM-001", "below", year_plan(5), "clear", "five in the year"),
    Case("SER-CUM-001", "at", year_plan(6), "clear", "six in the year"),
    Case(
        "SER-CUM-001",
        "above",
        year_plan(1, given=6),
        "fires",
        "seven in the year",
        says=("6 given (240 mg) in 365 days, 1 planned",),
    ),
    Case("SER-CUM-001", "at", year_plan(6, given=6, last_age=365), "clear", "the others a year ago"),
    Case(
        "SER-CUM-001",
        "above",
        year_plan(6, given=1, last_age=364),
        "fires",
        "one 364 days ago",
        says=("1 given (40 mg) in 365 days, 6 planned",),
    ),
    Case("SER-CUM-002", "below", year_plan(5, given=6), "clear", "eleven in the year"),
    Case("SER-CUM-002", "at", year_plan(6, given=6), "clear", "twelve in the year"),
    Case(
        "SER-CUM-002",
        "above",
        year_plan(6, given=7),
        "fires",
        "thirteen in the year",
        says=("7 given (280 mg) in 365 days, 6 planned",),
    ),
    Case("SER-MIS-001", "below", gap(6), "clear", "six days since the last"),
    Case("SER-MIS-001", "at", gap(7), "clear", "seven days since the last"),
    Case(
        "SER-MIS-001",
        "above",
        gap(8),
        "fires",
        "eight days since the last",
        says=("last infusion 2026-05-24",),
    ),
    Case("SER-MIS-001", "other", gap(30, "maintenance"), "clear", "maintenance has its own intervals"),
    Case("SER-MIS-001", "other", booking(planned(30, 6)), "clear", "nothing given yet"),
    Case("SER-MIS-001", "other", gap(30, infusions=1), "clear", "the first series is given in full"),
    Case(
        "SER-MIS-001",
        "other",
        gap(30, infusions=2),
        "fires",
        "one of two is given",
        says=("last infusion 2026-05-02",),
    ),
    Case("SER-MIS-002", "below", gap(13), "clear", "13 days since the last"),
    Case("SER-MIS-002", "at", gap(14), "clear", "14 days since the last"),
    Case(
        "SER-MIS-002", "above", gap(15), "fires", "15 days since the last", says=("last infusion 2026-05-17",)
    ),
    Case(
        "SER-WRK-001",
        "at",
        booking((NOON - 3 * DAY, SCREENING), planned(20, 3), *THREE, planned(1, 4)),
        "fires",
        "screened at the moment of the last infusion",
        says=("screened 2026-05-29, last infusion 2026-05-29",),
    ),
    Case(
        "SER-WRK-001",
        "other",
        booking(SCREENED, planned(40, 1), planned(20, 3), *THREE, planned(1, 4)),
        "fires",
        "the third plan, after a series given in full",
        says=("screened 2026-05-02, last infusion 2026-05-29",),
    ),
    Case(
        "SER-WRK-001",
        "other",
        booking(SCREENED, planned(9, 3), *THREE, planned(1, 4)),
        "fires",
        "the series was planned at its first infusion",
        says=("screened 2026-05-02, last infusion 2026-05-29",),
    ),
    Case(
        "SER-WRK-001",
        "other",
        booking(SCREENED, planned(20, 3), *THREE, planned(3, 4)),
        "clear",
        "two of three were given before the new plan",
    ),
    Case(
        "SER-WRK-001",
        "other",
        booking(SCREENED, planned(8, 3), *THREE, planned(1, 4)),
        "clear",
        "two of three were given since the plan",
    ),
    Case("SER-GAP-001", "other", infusions_at(0 * DAY), "clear", "the infusion of this very visit"),
    Case("SER-GAP-001", "other", infusions_at(3 * DAY, -DAY), "clear", "one that was given later"),
    Case(
        "SER-GAP-001",
        "other",
        infusions_at(9 * DAY, 35 * HOUR),
        "fires",
        "the last one counts",
        says=("last infusion 2026-05-31 01:00 UTC",),
    ),
    Case(
        "SER-DUE-001",
        "other",
        booking(*THREE, *THREE),
        "fires",
        "six given, no review held",
        says=("review after infusion 3", "review after infusion 6"),
    ),
    Case("SER-STP-001", "other", booking(*THREE), "clear", "no review was held"),
    Case(
        "SER-STP-001",
        "other",
        booking(*THREE, review(3, "stop"), review(6, "continue")),
        "clear",
        "a later review went on",
    ),
    Case(
        "SER-REV-001",
        "other",
        judged(3, 15, 13),
        "fires",
        "a fall that is no whole number",
        says=("fallen by 13.3 %",),
    ),
    Case("SER-REV-001", "other", judged(3, 20, 20), "fires", "no change", says=("fallen by 0 %",)),
    Case("SER-REV-001", "above", judged(4, 20, 20), "fires", "after the fourth", says=("fallen by 0 %",)),
    Case(
        "SER-MIS-001",
        "other",
        booking((NOON - 31 * DAY, infusion(1, NOON - 31 * DAY)), planned(30, 6)),
        "clear",
        "an infusion before the plan is not of the series",
    ),
    Case(
        "SER-MIS-001",
        "other",
        booking(planned(9, 6), *THREE[:1]),
        "fires",
        "the series was planned at its first infusion",
        says=("last infusion 2026-05-23",),
    ),
]
