"""Outcomes: the limits as the scales and the proposals state them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.clinical.outcomes import OutcomeFacts, baseline_of, latest_of
from evenkeel.clinical.scales import scale
from evenkeel.record.courses import CourseState
from evenkeel.record.outcomes import AssessmentPoint, AssessmentRecorded, RiskAnswered
from evenkeel.record.series import InfusionCounted
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId
from evenkeel.values.quantities import DosePerWeight
from tests.rules.case import DAY as TODAY
from tests.rules.case import Case
from tests.rules.records import COURSE, NOON, VISIT, changed, course

ALWAYS_KNOWN: dict[str, str] = {}

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FIRST_AT = NOON - 20 * DAY
BEFORE_FIRST = FIRST_AT - timedelta(hours=1)


def form(
    total: int | None,
    point: AssessmentPoint = "before_infusion",
    *,
    scale_id: str = "phq9",
    risk: bool = False,
) -> AssessmentRecorded:
    """A completed scale with a total, None for one with an unanswered question; the answers are left out."""
    return AssessmentRecorded(
        scale=scale_id,
        scale_version="1",
        answers=(),
        total=None if total is None else Decimal(total),
        band=None,
        risk_items=(9,) if risk else (),
        point=point,
        infusion_number=None,
        entered_for="paper_form",
    )


def infusion(number: int = 1, at: datetime = FIRST_AT) -> InfusionCounted:
    """An infusion in which drug was given."""
    return InfusionCounted(
        visit=VISIT,
        number=number,
        started_at=at,
        given=DrugMass.mg(40),
        per_weight=DosePerWeight.of("0.5"),
        stopped_early=False,
    )


def outcome(*facts: tuple[datetime, Any]) -> OutcomeFacts:
    """A course, looked at on the PHQ-9."""
    return outcome_of(course(*facts))


def outcome_of(state: CourseState) -> OutcomeFacts:
    """The forms that the PHQ-9 of a course is judged by."""
    baseline = baseline_of(state, "phq9")
    return OutcomeFacts(
        course=state,
        scale=scale("phq9"),
        baseline=baseline,
        latest=latest_of(state, "phq9", baseline),
        on=TODAY,
    )


def fallen_to(total: int, *, scale_id: str = "phq9") -> OutcomeFacts:
    """A baseline of 20 and a later score; for another scale its own baseline of 8."""
    before = 20 if scale_id == "phq9" else 8
    state = course(
        (FIRST_AT - DAY, form(before, "baseline", scale_id=scale_id)),
        (FIRST_AT, infusion()),
        (NOON, form(total, scale_id=scale_id)),
    )
    if scale_id == "phq9":
        return outcome_of(state)
    baseline = baseline_of(state, scale_id)
    latest = latest_of(state, scale_id, baseline)
    return OutcomeFacts(course=state, scale=scale(scale_id), baseline=baseline, latest=latest, on=TODAY)


def answered(age: timedelta) -> OutcomeFacts:
    """A later answer so many days before today."""
    return outcome(
        (NOON - 40 * DAY, form(20, "baseline")), (NOON - 39 * DAY, infusion()), (NOON - age, form(10))
    )


def baseline_before(age: timedelta) -> OutcomeFacts:
    """A baseline so long before the first infusion."""
    return outcome((FIRST_AT - age, form(20, "baseline")), (FIRST_AT, infusion()))


def risen_to(total: int) -> OutcomeFacts:
    """A baseline of 10 and a later score."""
    return outcome((FIRST_AT - DAY, form(10, "baseline")), (FIRST_AT, infusion()), (NOON, form(total)))


# The referral is entry 1, so the form with the answer that alerts is entry 2.
ALERTS = (NOON - DAY, form(20, "baseline", risk=True))
ANSWERED = RiskAnswered(assessment=EntryId(f"{COURSE}/2"), action="Made-up action")

CASES = [
    Case("OUT-RSK-001", "no", outcome((NOON - DAY, form(20, "baseline"))), "clear"),
    Case("OUT-RSK-001", "yes", outcome(ALERTS), "fires", says=("PHQ-9 of 2026-05-31, question 9",)),
    Case(
        "OUT-RSK-001",
        "other",
        outcome(ALERTS, (NOON, form(12))),
        "fires",
        "a later form does not answer it",
        says=("PHQ-9 of 2026-05-31, question 9",),
    ),
    Case("OUT-RSK-001", "other", outcome(ALERTS, (NOON, ANSWERED)), "clear", "answered"),
    Case("OUT-RSK-001", "missing", outcome(), "unknown", says=("a completed scale",)),
    Case("OUT-CMP-001", "no", outcome((NOON, form(12))), "clear"),
    Case(
        "OUT-CMP-001",
        "yes",
        outcome((NOON, form(None))),
        "fires",
        says=("PHQ-9 of 2026-06-01 has an unanswered question",),
    ),
    Case("OUT-CMP-001", "other", outcome((NOON - DAY, form(None)), (NOON, form(12))), "clear", "asked again"),
    Case(
        "OUT-CMP-001",
        "missing",
        outcome((NOON, form(4, scale_id="nrs11"))),
        "unknown",
        says=("a completed PHQ-9",),
    ),
    Case("OUT-BAS-001", "below", baseline_before(7 * DAY - SECOND), "clear"),
    Case("OUT-BAS-001", "at", baseline_before(7 * DAY), "clear"),
    Case(
        "OUT-BAS-001",
        "above",
        baseline_before(7 * DAY + SECOND),
        "fires",
        says=("baseline of 2026-05-05, first infusion 2026-05-12",),
    ),
    Case(
        "OUT-BAS-001",
        "other",
        baseline_before(-DAY),
        "fires",
        "after the first infusion",
        says=("baseline of 2026-05-13, first infusion 2026-05-12",),
    ),
    Case("OUT-BAS-001", "other", outcome((NOON, form(20, "baseline"))), "clear", "nothing given yet"),
    Case(
        "OUT-BAS-001",
        "missing",
        outcome((FIRST_AT, infusion())),
        "unknown",
        says=("a complete baseline PHQ-9",),
    ),
    Case(
        "OUT-BAS-001",
        "missing",
        outcome((NOON, form(None, "baseline"))),
        "unknown",
        "half a form",
        says=("a complete baseline PHQ-9",),
    ),
    # PMID 33261932: 6 points matter.
    Case("OUT-WRS-001", "below", risen_to(15), "clear"),
    Case("OUT-WRS-001", "at", risen_to(16), "fires", says=("PHQ-9: 10, now 16",)),
    Case("OUT-WRS-001", "above", risen_to(17), "fires"),
    Case(
        "OUT-WRS-001",
        "missing",
        outcome((NOON, form(16, "baseline"))),
        "unknown",
        "nothing later",
        says=("a baseline and a later PHQ-9",),
    ),
    Case("OUT-WRS-001", "missing", outcome(), "unknown", says=("a baseline and a later PHQ-9",)),
    # The PHQ-9 asks about two weeks.
    Case("OUT-AGE-001", "below", answered(13 * DAY), "clear", "13 days old"),
    Case("OUT-AGE-001", "at", answered(14 * DAY), "clear", "14 days old"),
    Case(
        "OUT-AGE-001", "above", answered(15 * DAY), "fires", "15 days old", says=("last PHQ-9 of 2026-05-17",)
    ),
    Case(
        "OUT-AGE-001",
        "missing",
        outcome((NOON, form(20, "baseline"))),
        "unknown",
        "only a baseline",
        says=("a later PHQ-9",),
    ),
    # Half of 20 is 10 (the PHQ-9), 30 % of 8 is 2.4 (the pain rating).
    Case(
        "OUT-RSP-001",
        "below",
        fallen_to(11),
        "fires",
        "45 % lower on the PHQ-9",
        says=("PHQ-9: 20, now 11; asked for: 50 % lower",),
    ),
    Case("OUT-RSP-001", "at", fallen_to(10), "clear", "half the baseline on the PHQ-9"),
    Case("OUT-RSP-001", "above", fallen_to(9), "clear", "more than half lower on the PHQ-9"),
    Case(
        "OUT-RSP-001",
        "below",
        fallen_to(6, scale_id="nrs11"),
        "fires",
        "pain a quarter lower",
        says=("Pain 0-10: 8, now 6; asked for: 30 % lower",),
    ),
    Case("OUT-RSP-001", "above", fallen_to(5, scale_id="nrs11"), "clear", "pain more than 30 % lower"),
    Case(
        "OUT-RSP-001",
        "missing",
        outcome((NOON, form(20, "baseline"))),
        "unknown",
        "nothing later",
        says=("a baseline and a later PHQ-9",),
    ),
    Case(
        "OUT-RSP-001",
        "missing",
        fallen_to(2, scale_id="wsas"),
        "unknown",
        "no published response",
        says=("a published response of WSAS",),
    ),
    Case(
        "OUT-RSP-001",
        "missing",
        outcome((FIRST_AT - DAY, form(0, "baseline")), (FIRST_AT, infusion()), (NOON, form(0))),
        "unknown",
        "nothing that could fall",
        says=("a baseline PHQ-9 above zero",),
    ),
    # A quarter of 20 is 5.
    Case(
        "OUT-PRT-001",
        "below",
        fallen_to(16),
        "fires",
        "20 % lower",
        says=("PHQ-9: 20, now 16; asked for: 25 % lower",),
    ),
    Case("OUT-PRT-001", "at", fallen_to(15), "clear", "25 % lower"),
    Case("OUT-PRT-001", "above", fallen_to(14), "clear", "30 % lower"),
    Case(
        "OUT-PRT-001",
        "missing",
        outcome((NOON, form(20, "baseline"))),
        "unknown",
        "nothing later",
        says=("a baseline and a later PHQ-9",),
    ),
    # CMS159: below 5.
    Case("OUT-REM-001", "below", fallen_to(4), "clear", "PHQ-9 of 4"),
    Case("OUT-REM-001", "at", fallen_to(5), "fires", "PHQ-9 of 5", says=("PHQ-9: 5, not below 5",)),
    Case("OUT-REM-001", "above", fallen_to(6), "fires", "PHQ-9 of 6"),
    Case(
        "OUT-REM-001",
        "missing",
        outcome((NOON, form(20, "baseline"))),
        "unknown",
        "nothing later",
        says=("a later PHQ-9",),
    ),
    Case(
        "OUT-REM-001",
        "missing",
        fallen_to(0, scale_id="nrs11"),
        "unknown",
        "no published remission",
        says=("a published remission of Pain 0-10",),
    ),
    # Turkoz 2021: 3 points on the PHQ-9; Farrar 2001: 2 points of pain.
    Case(
        "OUT-MIC-001",
        "below",
        fallen_to(18),
        "fires",
        "2 points lower on the PHQ-9",
        says=("PHQ-9: 20, now 18; 3 points matter",),
    ),
    Case("OUT-MIC-001", "at", fallen_to(17), "clear", "3 points lower on the PHQ-9"),
    Case("OUT-MIC-001", "above", fallen_to(16), "clear", "4 points lower on the PHQ-9"),
    Case(
        "OUT-MIC-001",
        "other",
        fallen_to(22),
        "fires",
        "2 points higher on the PHQ-9",
        says=("PHQ-9: 20, now 22; 3 points matter",),
    ),
    Case(
        "OUT-MIC-001",
        "below",
        fallen_to(7, scale_id="nrs11"),
        "fires",
        "1 point less pain",
        says=("Pain 0-10: 8, now 7; 2 points matter",),
    ),
    Case("OUT-MIC-001", "at", fallen_to(6, scale_id="nrs11"), "clear", "2 points less pain"),
    Case(
        "OUT-MIC-001",
        "missing",
        outcome((NOON, form(20, "baseline"))),
        "unknown",
        "nothing later",
        says=("a baseline and a later PHQ-9",),
    ),
    Case(
        "OUT-MIC-001",
        "missing",
        fallen_to(2, scale_id="wsas"),
        "unknown",
        "no published change",
        says=("a published change that matters on WSAS",),
    ),
    Case(
        "OUT-RSK-001",
        "other",
        outcome((NOON - 2 * DAY, changed(form(3, scale_id="cssrs_screener"), risk_items=(2, 3))), ALERTS),
        "fires",
        "two forms, one with two answers that alert",
        says=("C-SSRS screener of 2026-05-30, question 2, 3", "PHQ-9 of 2026-05-31, question 9"),
    ),
    Case("OUT-BAS-001", "other", baseline_before(0 * DAY), "clear", "at the moment of the first infusion"),
    Case(
        "OUT-WRS-001",
        "missing",
        fallen_to(9, scale_id="wsas"),
        "unknown",
        "nobody published how many points matter",
        says=("how many points on WSAS matter",),
    ),
    Case(
        "OUT-PRT-001",
        "other",
        fallen_to(26),
        "fires",
        "risen",
        says=("PHQ-9: 20, now 26; asked for: 25 % lower",),
    ),
]
