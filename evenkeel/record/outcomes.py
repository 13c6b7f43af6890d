"""Completed scales with their scores, and the verdict over the course."""

from decimal import Decimal
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import EntryId

AssessmentPoint = Literal["baseline", "before_infusion", "after_series", "maintenance", "other"]


@payload("assessment.recorded")
class AssessmentRecorded:
    """A completed scale. An item without an answer leaves `total` None: half a scale has no score.

    `answers` are in item order; `scale_version` names the scoring that was used; `risk_items` lists the item
    numbers that alert whatever the total.
    """

    scale: str
    scale_version: str
    answers: tuple[int | None, ...]
    total: Decimal | None
    band: str | None
    risk_items: tuple[int, ...]
    point: AssessmentPoint
    infusion_number: int | None
    entered_for: Literal["patient_interview", "paper_form"]


@payload("risk.answered")
class RiskAnswered:
    """What a named person did about an answer that alerts, such as thoughts of self-harm."""

    assessment: EntryId
    action: str


@payload("response.judged")
class ResponseJudged:
    """Response and remission on one scale, with the two scores that say so."""

    scale: str
    baseline: Decimal | None
    latest: Decimal | None
    fall_percent: Decimal | None
    response: Literal["response", "partial", "none", "worse", "unknown"]
    remission: Literal["yes", "no", "unknown"]
    verdicts: tuple[Verdict, ...]
    note: str
