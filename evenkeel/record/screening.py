"""The screening checklist and what a prescriber decided on it."""

from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.quantities import Pressure

Tri = Literal["yes", "no", "unknown"]
ScreeningOutcome = Literal["fit", "needs_prescriber", "not_today"]


@payload("screening.recorded")
class ScreeningRecorded:
    """Every answer of the checklist as given; an unanswered question is "unknown", never "no".

    `answers` maps question keys of `clinical.screening` to yes/no/unknown.
    """

    answers: dict[str, Tri]
    failed_trials: int | None
    systolic: Pressure | None
    diastolic: Pressure | None
    note: str
    outcome: ScreeningOutcome
    verdicts: tuple[Verdict, ...]


@payload("screening.decided")
class ScreeningDecided:
    """A prescriber's decision where the checklist asked for one."""

    decision: Literal["accept", "postpone", "decline"]
    reason: str
    overrides: tuple[Override, ...]
    signature: Signature
