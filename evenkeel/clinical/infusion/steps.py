"""Where a run in steps stands: which step should run now, when the next is due, and whether it is late.

A step is over when what was ordered up to its end has run, and not when its minutes are over: a pause or a
slower rate leaves its share to be given. A pump that is told the step's volume stops at the same moment.
"""

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Final

from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.values.dose_plan import Step
from evenkeel.values.quantities import FlowRate, Minutes
from evenkeel.values.shape import frozen

# Whoever stands at the pump may set the next step when the old one is this near its end. Proposal.
EARLY_MAX: Final = timedelta(minutes=1)
_MICROSECONDS_PER_HOUR: Final = 3_600_000_000
_RULES: Final = ("INF-STP-001", "INF-STP-002")


@frozen
class StepNow:
    """The step that should run at a moment, of how many, and the one after it.

    `since` is when it became due; None before the start. `next_due_at` is when the next one becomes due at
    the present rate; None for the last step, before the start and while the pump stands still. `left` is what
    the step still has to run, in mL. `is_set` says whether the pump was set since, or has this step's rate.
    """

    number: int
    count: int
    step: Step
    next_step: Step | None
    since: datetime | None
    next_due_at: datetime | None
    left: Fraction
    is_set: bool


def step_now(visit: VisitState, at: datetime) -> StepNow | None:
    """Where the run stands at a moment; None without an order."""
    if visit.order is None:
        return None
    steps = visit.order.payload.plan.steps
    ends, run = _ends(steps), visit.volume_run(at)
    place = next((place for place, end in enumerate(ends) if run < end), len(steps) - 1)
    following = steps[place + 1] if place + 1 < len(steps) else None
    left = ends[place] - run
    since = None
    if visit.started is not None:
        since = _reached_at(visit, ends[place - 1], at) if place else visit.started.at
    rate, next_due_at = visit.rate, None
    if following is not None and rate is not None and rate != STANDING_STILL:
        next_due_at = at + _span(left / Fraction(rate.value))
    return StepNow(
        number=place + 1,
        count=len(steps),
        step=steps[place],
        next_step=following,
        since=since,
        next_due_at=next_due_at,
        left=left,
        is_set=_is_set(visit, steps[place].rate, since, at),
    )


def _ends(steps: tuple[Step, ...]) -> list[Fraction]:
    """What has run in all, in mL, when each step is over."""
    ends, run = [], Fraction(0)
    for step in steps:
        run += step.volume
        ends.append(run)
    return ends


def _reached_at(visit: VisitState, volume_ml: Fraction, at: datetime) -> datetime:
    """When so much had run. Within a stretch of one rate it runs evenly: a bag is changed between two."""
    for segment in visit.segments:
        end = min(segment.to_at or at, at)
        before, after = visit.volume_run(segment.from_at), visit.volume_run(end)
        if before < volume_ml <= after:
            return segment.from_at + _span((volume_ml - before) / Fraction(segment.rate.value))
    return at


def _is_set(visit: VisitState, rate: FlowRate, since: datetime | None, at: datetime) -> bool:
    """Whether somebody has been at the pump since the step became due, or just before, to set it."""
    now = [segment for segment in visit.segments if segment.from_at <= at]
    if since is None or not now or now[-1].rate in (rate, STANDING_STILL):
        return True
    return now[-1].from_at >= since


def most_now(visit: VisitState, at: datetime) -> Step | None:
    """The step with the highest rate that the pump may be set to now; None without an order.

    The step that should run, or the next one when the old one is nearly over.
    """
    now = step_now(visit, at)
    if now is None:
        return None
    if now.next_step is None or now.next_step.rate <= now.step.rate:
        return now.step
    nearly_over = now.left <= Fraction(now.step.rate.value) * _hours(EARLY_MAX)
    return now.next_step if nearly_over and visit.started is not None else now.step


def assess_step(book: Rulebook, visit: VisitState, at: datetime) -> tuple[Verdict, ...]:
    """Whether a step that is due was not set yet; nothing is asked of one rate, or of a pump that stands."""
    now = step_now(visit, at)
    if now is None or now.count == 1 or visit.phase != "running":
        return ()
    return book.consult_all(_RULES, InfusionFacts(visit=visit, at=at), on=at.date())


@rule("INF-STP-001")
def next_step_late_and_too_fast(facts: InfusionFacts, limits: Limits) -> Finding:
    """The bolus that nobody ends."""
    return _late(facts, limits.late, is_too_fast=True)


@rule("INF-STP-002")
def next_step_late(facts: InfusionFacts, limits: Limits) -> Finding:
    """The patient has less than was ordered, and the run lasts longer."""
    return _late(facts, limits.late, is_too_fast=False)


def _late(facts: InfusionFacts, allowed: Minutes, *, is_too_fast: bool) -> Finding:
    now, rate = step_now(facts.visit, facts.at), facts.visit.rate
    if now is None or now.since is None or rate is None:
        return Unknown(missing=("the ordered steps", "the rate of the pump"))
    if now.is_set or (rate > now.step.rate) != is_too_fast:
        return Clear()
    late = facts.at - now.since
    if late <= timedelta(microseconds=int(allowed.value * 60_000_000)):
        return Clear()
    minutes = late // timedelta(minutes=1)
    due = f"step {now.number} of {now.count}, {now.step.rate}, was due {minutes} min ago"
    return Fires(evidence=(due, f"the pump runs at {rate}"))


def _span(hours: Fraction) -> timedelta:
    """Rounded up, so that what was asked for has run when it is over."""
    return timedelta(microseconds=ceil(hours * _MICROSECONDS_PER_HOUR))


def _hours(span: timedelta) -> Fraction:
    return Fraction(span // datetime.resolution, _MICROSECONDS_PER_HOUR)
