"""Going up with the dose: one step at a time, and only after the last infusion was tolerated."""

from typing import Final, Protocol

from evenkeel.clinical.ordering.dose_limits import Family
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Unknown, rule
from evenkeel.record.infusion import EventKind, EventRecorded
from evenkeel.record.series import InfusionCounted
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import DosePlan

TITRATION_RULES: Final = ("ORD-DOS-005", "ORD-TIT-001", "ORD-TIT-002")

# Signs of harm however they were graded, as rule INF-EVT-001 has them.
_WARNING: Final[frozenset[EventKind]] = frozenset({"chest_pain", "neurological_sign"})


class AfterAnother(Protocol):
    """What these rules look at: an order beside what was given last time."""

    @property
    def plan(self) -> DosePlan:
        """The dose that is ordered."""
        ...

    @property
    def family(self) -> Family:
        """What it is given for."""
        ...

    @property
    def previous(self) -> InfusionCounted | None:
        """What the course counted last; None before the first infusion, or where it is not known."""
        ...

    @property
    def before(self) -> VisitState | None:
        """The visit of that infusion, as the record reads; None where there is none to read."""
        ...

    @property
    def is_followed(self) -> bool:
        """Whether the course has counted an infusion."""
        ...


def _is_raised(order: AfterAnother) -> bool:
    previous = order.previous
    return previous is not None and order.plan.per_actual_weight > previous.per_weight


@rule("ORD-DOS-005")
def dose_far_from_last(order: AfterAnother, limits: Limits) -> Finding:
    """Compared with what was ordered then, so a step up after a broken-off infusion also asks."""
    if order.previous is None:
        return Unknown(missing=("the last dose",)) if order.is_followed else Clear()
    now, then = order.plan.per_actual_weight, order.previous.per_weight
    apart = abs(now.value - then.value)
    return Fires(evidence=(f"{now} now, {then} last time",)) if apart > limits.step.value else Clear()


@rule("ORD-TIT-001")
def raised_without_tolerance(order: AfterAnother, limits: Limits) -> Finding:
    """A dose that stays or goes down asks nothing here."""
    if order.previous is None:
        return Unknown(missing=("the last dose",)) if order.is_followed else Clear()
    if not _is_raised(order):
        return Clear()
    if order.before is None or order.before.stopped is None:
        return Unknown(missing=("how the last infusion was tolerated",))
    against, missing = _against(order.before, limits)
    if against:
        return Fires(evidence=against)
    return Unknown(missing=missing) if missing else Clear()


def _against(visit: VisitState, limits: Limits) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What in the record of a visit speaks against a higher dose, and what it does not say."""
    assert visit.stopped is not None, "only an infusion that ended can be judged"
    against, missing = [], []
    if visit.stopped.payload.reason != "completed":
        against.append("the last infusion was stopped early")
    for fact in visit.every(EventRecorded):
        event, grade = fact.payload.event, fact.payload.grade
        words = event.replace("_", " ")
        if event in _WARNING or (grade is not None and grade >= limits.severe):
            against.append(f"{words} in the last infusion")
        elif grade is None:
            missing.append(f"how severe was: {words}")
    scores = [fact.payload.signs.sedation for fact in visit.checks if fact.payload.signs.sedation is not None]
    if not scores:
        missing.append("the sedation in the last infusion")
    elif min(scores) <= limits.moaas:
        against.append(f"MOAA/S {min(scores)} in the last infusion")
    asked = {
        verdict.rule.rule
        for fact in visit.checks
        for verdict in fact.payload.verdicts
        if verdict.answer == "fires" and verdict.severity in ("pause", "block")
    }
    against.extend(f"a sign asked to hold the last infusion ({each})" for each in sorted(asked))
    return tuple(against), tuple(missing)


@rule("ORD-TIT-002")
def raised_too_far(order: AfterAnother, limits: Limits) -> Finding:
    """Two steps in one are two steps of which nobody saw the first. For pain the rate is what is capped."""
    if order.previous is None:
        return Unknown(missing=("the last dose",)) if order.is_followed else Clear()
    if order.family != "mood":
        return Clear()
    now, then = order.plan.per_actual_weight, order.previous.per_weight
    is_far = now.value - then.value > limits.step.value
    return Fires(evidence=(f"{now} now, {then} last time",)) if is_far else Clear()
