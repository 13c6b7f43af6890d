"""The series: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.outcomes import Judgement, Response
from evenkeel.clinical.series import BookingFacts, ReviewFacts
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.series import ReviewRecorded, SeriesPlanned
from tests.rules.case import Case
from tests.rules.outcomes_cases import DAY, SECOND, infusion
from tests.rules.records import CONSENT, NOON, SCREENING, changed, course

ALWAYS_KNOWN = {
    "SER-GAP-001": "the course knows every infusion it counts",
    "SER-FRQ-001": "the course knows every infusion it counts",
    "SER-DUE-001": "the course knows its infusions and its reviews",
    "SER-STP-001": "the course knows its reviews",
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

CASES = [
    Case("SER-CON-001", "yes", booking(CONSENTED), "clear"),
    Case("SER-CON-001", "no", booking(CONSENTED, WITHDRAWN), "fires", "withdrawn"),
    Case("SER-CON-001", "missing", booking(), "unknown", "never asked"),
    Case("SER-SCR-001", "yes", booking(SCREENED), "clear"),
    Case("SER-SCR-001", "no", booking((NOON, changed(SCREENING, outcome="not_today"))), "fires"),
    Case("SER-SCR-001", "missing", booking(), "unknown"),
    Case("SER-WRK-001", "no", booking(SCREENED, planned(20, 3)), "clear", "the first series"),
    Case("SER-WRK-001", "yes", booking(SCREENED, planned(20, 3), *THREE, planned(1, 4)), "fires"),
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
    Case("SER-WRK-001", "missing", booking(), "unknown"),
    Case("SER-GAP-001", "below", infusions_at(36 * HOUR - SECOND), "fires"),
    Case("SER-GAP-001", "at", infusions_at(36 * HOUR), "clear"),
    Case("SER-GAP-001", "above", infusions_at(37 * HOUR), "clear"),
    Case("SER-GAP-001", "other", booking(), "clear", "the first infusion"),
    # With this visit: two, three and four in less than seven days.
    Case("SER-FRQ-001", "below", infusions_at(3 * DAY), "clear"),
    Case("SER-FRQ-001", "at", infusions_at(5 * DAY, 3 * DAY), "clear"),
    Case("SER-FRQ-001", "above", infusions_at(6 * DAY, 4 * DAY, 2 * DAY), "fires"),
    Case("SER-FRQ-001", "other", infusions_at(7 * DAY, 4 * DAY, 2 * DAY), "clear", "the first is a week ago"),
    Case("SER-DUE-001", "no", booking(*THREE[:2]), "clear", "two given"),
    Case("SER-DUE-001", "yes", booking(*THREE), "fires", "three given"),
    Case("SER-DUE-001", "other", booking(*THREE, review(3, "continue")), "clear", "held"),
    Case("SER-STP-001", "no", booking(*THREE, review(3, "continue")), "clear"),
    Case("SER-STP-001", "yes", booking(*THREE, review(3, "stop")), "fires"),
    # A quarter of 20 is 5.
    Case("SER-REV-001", "below", judged(3, 20, 16), "fires"),
    Case("SER-REV-001", "at", judged(3, 20, 15), "clear"),
    Case("SER-REV-001", "above", judged(3, 20, 14), "clear"),
    Case("SER-REV-001", "other", judged(3, 20, 24), "fires", "risen"),
    Case("SER-REV-001", "other", judged(2, 20, 20), "clear", "before the third"),
    Case("SER-REV-001", "missing", judged(3, None, 15), "unknown", "no baseline"),
    Case("SER-REV-001", "missing", judged(3, 20, None), "unknown", "nothing later"),
    Case("SER-REV-001", "missing", judged(3, 0, 0), "unknown", "nothing that could fall"),
    Case("SER-REV-002", "below", judged(5, 20, 18, "none"), "clear", "before the sixth"),
    Case("SER-REV-002", "at", judged(6, 20, 11, "partial"), "fires"),
    Case("SER-REV-002", "at", judged(6, 20, 10, "response"), "clear"),
    Case("SER-REV-002", "above", judged(7, 20, 20, "none"), "fires"),
    Case("SER-REV-002", "missing", judged(6, None, None), "unknown"),
]
