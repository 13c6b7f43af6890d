"""The series: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.outcomes import Judgement, Response
from evenkeel.clinical.repeated_checks import CheckFacts
from evenkeel.clinical.series import BookingFacts, ReviewFacts, SeriesPlanFacts
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.screening import WorkupLine
from evenkeel.record.series import CheckRecorded, ReviewRecorded, SeriesPlanned
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
    "SER-BLD-001": "without a check the days count from the first infusion, which the course knows",
    "SER-COG-001": "without a check the days count from the first infusion, which the course knows",
    "SER-PDM-001": "without a check the days count from the first infusion, which the course knows",
    "SER-ABN-001": "the course knows its checks",
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


def checks(*facts: tuple[datetime, Any], first_age: int | None = None) -> CheckFacts:
    """A course with checks, whose first infusion was so many days ago."""
    given = [(NOON - first_age * DAY, infusion(1, NOON - first_age * DAY))] if first_age is not None else []
    return CheckFacts(course=course(*given, *facts), on=TODAY)


def check(what: Any, age: int, finding: Any = "normal") -> tuple[datetime, CheckRecorded]:
    """A check that was done so many days ago, and written down today."""
    done = CheckRecorded(what=what, done_date=TODAY - age * DAY, finding=finding, note="Made-up")
    return NOON, done


def read_at_screening(age: int, result: Any = "normal") -> tuple[datetime, Any]:
    """A screening on which liver tests of so many days ago show this."""
    liver = WorkupLine(result=result, done_date=TODAY - age * DAY)
    return NOON, changed(SCREENING, checklist=changed(SCREENING.checklist, workup={"liver": liver}))


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
    # Singh 2016: two a week did as well as three.
    Case("SER-RHY-001", "below", year_plan(6, per_week=1), "clear", "once a week"),
    Case("SER-RHY-001", "at", year_plan(6, per_week=2), "clear", "twice a week"),
    Case("SER-RHY-001", "above", year_plan(6, per_week=3), "fires", "three times a week"),
    Case("SER-CUM-001", "below", year_plan(5), "clear", "five in the year"),
    Case("SER-CUM-001", "at", year_plan(6), "clear", "six in the year"),
    Case("SER-CUM-001", "above", year_plan(1, given=6), "fires", "seven in the year"),
    Case("SER-CUM-001", "at", year_plan(6, given=6, last_age=365), "clear", "the others a year ago"),
    Case("SER-CUM-001", "above", year_plan(6, given=1, last_age=364), "fires", "one 364 days ago"),
    Case("SER-CUM-002", "below", year_plan(5, given=6), "clear", "eleven in the year"),
    Case("SER-CUM-002", "at", year_plan(6, given=6), "clear", "twelve in the year"),
    Case("SER-CUM-002", "above", year_plan(6, given=7), "fires", "thirteen in the year"),
    Case("SER-MIS-001", "below", gap(6), "clear", "six days since the last"),
    Case("SER-MIS-001", "at", gap(7), "clear", "seven days since the last"),
    Case("SER-MIS-001", "above", gap(8), "fires", "eight days since the last"),
    Case("SER-MIS-001", "other", gap(30, "maintenance"), "clear", "maintenance has its own intervals"),
    Case("SER-MIS-001", "other", booking(planned(30, 6)), "clear", "nothing given yet"),
    Case("SER-MIS-001", "other", gap(30, infusions=1), "clear", "the first series is given in full"),
    Case("SER-MIS-001", "other", gap(30, infusions=2), "fires", "one of two is given"),
    Case("SER-MIS-002", "below", gap(13), "clear", "13 days since the last"),
    Case("SER-MIS-002", "at", gap(14), "clear", "14 days since the last"),
    Case("SER-MIS-002", "above", gap(15), "fires", "15 days since the last"),
    Case("SER-LFT-001", "below", checks(check("liver", 89)), "clear", "89 days old"),
    Case("SER-LFT-001", "at", checks(check("liver", 90)), "clear", "90 days old"),
    Case("SER-LFT-001", "above", checks(check("liver", 91)), "fires", "91 days old"),
    Case("SER-LFT-001", "at", checks(read_at_screening(90)), "clear", "read at the screening 90 days ago"),
    Case("SER-LFT-001", "above", checks(read_at_screening(91)), "fires", "read at the screening 91 days ago"),
    Case("SER-LFT-001", "missing", checks(read_at_screening(5, "unknown")), "unknown", "not read"),
    Case("SER-LFT-001", "missing", checks(first_age=5), "unknown", "never asked"),
    *(
        case
        for rule, what, age in (
            ("SER-BLD-001", "bladder", 90),
            ("SER-COG-001", "cognition", 183),
            ("SER-PDM-001", "prescription_monitoring", 90),
        )
        for case in (
            Case(rule, "below", checks(first_age=age - 1), "clear", "under treatment a day less"),
            Case(rule, "at", checks(first_age=age), "clear", "under treatment for just as long"),
            Case(
                rule, "above", checks(first_age=age + 1), "fires", "under treatment a day longer, never done"
            ),
            Case(rule, "at", checks(check(what, age), first_age=400), "clear", "done just so long ago"),
            Case(rule, "above", checks(check(what, age + 1), first_age=400), "fires", "done a day earlier"),
            Case(rule, "other", checks(check("liver", 1), first_age=400), "fires", "another check was done"),
            Case(rule, "other", checks(), "clear", "no infusion yet"),
        )
    ),
    Case("SER-ABN-001", "no", checks(check("liver", 5)), "clear", "the last one was normal"),
    Case("SER-ABN-001", "yes", checks(check("bladder", 5, "abnormal")), "fires", "the last one was not"),
    Case(
        "SER-ABN-001",
        "other",
        checks(check("liver", 5, "abnormal"), check("liver", 1)),
        "clear",
        "a normal one since",
    ),
    Case(
        "SER-ABN-001",
        "other",
        checks(check("liver", 5, "abnormal"), check("bladder", 1)),
        "fires",
        "another one settles nothing",
    ),
]
