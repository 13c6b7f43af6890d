"""The screening checklist and what a prescriber decided on it."""

from datetime import date
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.quantities import Height, Hours, Pressure, Weight
from evenkeel.values.shape import frozen

Tri = Literal["yes", "no", "unknown"]
ScreeningOutcome = Literal["fit", "needs_prescriber", "not_today"]
TrialResult = Literal["no_effect", "too_little", "not_tolerated", "helped", "unknown"]
WorkupResult = Literal["normal", "abnormal", "not_done", "does_not_apply", "unknown"]


@frozen
class Trial:
    """One course of treatment in this episode. An empty `dose` and `weeks` of None were not written down."""

    drug: str
    dose: str
    weeks: int | None
    result: TrialResult


@frozen
class WorkupLine:
    """What a test showed to whoever read it, and the day on which it was done."""

    result: WorkupResult
    done_date: date | None = None


@frozen
class Checklist:
    """Everything that a screening asks about. What nobody answered is "unknown" or None, never "no".

    `answers` maps question keys of `clinical.screening` to yes/no/unknown, `workup` test keys to what they
    showed. `no_trials` says that somebody asked and nothing was tried. `stop_bang` is the number of points;
    `since_substances` the time since alcohol, or drugs that nobody prescribed, were last taken.
    """

    answers: dict[str, Tri]
    trials: tuple[Trial, ...] = ()
    no_trials: bool = False
    workup: dict[str, WorkupLine]
    weight: Weight | None
    height: Height | None
    stop_bang: int | None
    since_substances: Hours | None
    systolic: Pressure | None
    diastolic: Pressure | None


@payload("screening.recorded", 2)
class ScreeningRecorded:
    """The checklist as it was answered, and what the rules made of it."""

    checklist: Checklist
    note: str
    outcome: ScreeningOutcome
    verdicts: tuple[Verdict, ...]

    @property
    def answers(self) -> dict[str, Tri]:
        """The answers by question."""
        return self.checklist.answers

    @property
    def systolic(self) -> Pressure | None:
        """The systolic pressure at rest."""
        return self.checklist.systolic

    @property
    def diastolic(self) -> Pressure | None:
        """The diastolic pressure at rest."""
        return self.checklist.diastolic


@payload("screening.recorded")
class ScreeningWithTrialsCounted:
    """A checklist of the first kind: failed trials were counted, and the work-up was one question.

    It is still read, and no longer written.
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
