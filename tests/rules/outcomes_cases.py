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
from tests.rules.case import Case
from tests.rules.records import COURSE, NOON, VISIT, course

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
        course=state, scale=scale("phq9"), baseline=baseline, latest=latest_of(state, "phq9", baseline)
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
    Case("OUT-RSK-001", "yes", outcome(ALERTS), "fires"),
    Case(
        "OUT-RSK-001", "other", outcome(ALERTS, (NOON, form(12))), "fires", "a later form does not answer it"
    ),
    Case("OUT-RSK-001", "other", outcome(ALERTS, (NOON, ANSWERED)), "clear", "answered"),
    Case("OUT-RSK-001", "missing", outcome(), "unknown"),
    Case("OUT-CMP-001", "no", outcome((NOON, form(12))), "clear"),
    Case("OUT-CMP-001", "yes", outcome((NOON, form(None))), "fires"),
    Case("OUT-CMP-001", "other", outcome((NOON - DAY, form(None)), (NOON, form(12))), "clear", "asked again"),
    Case("OUT-CMP-001", "missing", outcome((NOON, form(4, scale_id="nrs11"))), "unknown"),
    Case("OUT-BAS-001", "below", baseline_before(7 * DAY - SECOND), "clear"),
    Case("OUT-BAS-001", "at", baseline_before(7 * DAY), "clear"),
    Case("OUT-BAS-001", "above", baseline_before(7 * DAY + SECOND), "fires"),
    Case("OUT-BAS-001", "other", baseline_before(-DAY), "fires", "after the first infusion"),
    Case("OUT-BAS-001", "other", outcome((NOON, form(20, "baseline"))), "clear", "nothing given yet"),
    Case("OUT-BAS-001", "missing", outcome((FIRST_AT, infusion())), "unknown"),
    Case("OUT-BAS-001", "missing", outcome((NOON, form(None, "baseline"))), "unknown", "half a form"),
    # PMID 33261932: 6 points matter.
    Case("OUT-WRS-001", "below", risen_to(15), "clear"),
    Case("OUT-WRS-001", "at", risen_to(16), "fires"),
    Case("OUT-WRS-001", "above", risen_to(17), "fires"),
    Case("OUT-WRS-001", "missing", outcome((NOON, form(16, "baseline"))), "unknown", "nothing later"),
    Case("OUT-WRS-001", "missing", outcome(), "unknown"),
]
