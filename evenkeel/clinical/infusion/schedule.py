"""When the next check is due, and every check that came late or has not come: a gap is never filled in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.infusion import CheckDeferred
from evenkeel.record.signs import SIGN_NAMES
from evenkeel.record.state import Written
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import Minutes
from evenkeel.values.shape import frozen

Due = Literal["not_yet", "due", "late", "missed"]

DURING: Final = "INF-CHK-001"
RECOVERY: Final = "INF-CHK-002"
# Of each phase, the rule that says from when on a late check counts as missed.
MISSED: Final = {DURING: "INF-CHK-003", RECOVERY: "INF-CHK-004"}

# A visit that somebody forgot to end is not laid out for weeks: what was missed is listed for a day after the
# last check and no further. That is longer than any visit may be booked. Proposal.
LAID_OUT_MAX: Final = timedelta(hours=24)


@frozen
class MissedCheck:
    """A check that was due and came late, or has not come. `late` is None while it is still open.

    `is_missed` says that it came, or has not come, so long after it was due that it counts as not done.
    """

    due_at: datetime
    answered_at: datetime | None
    late: timedelta | None
    is_missed: bool


@frozen
class Schedule:
    """How often signs are due now, when next, how that stands, and what was missed so far.

    `deferred` holds what put the next check off, first to last; `next_due_at` is the time that came of it.
    """

    interval: Minutes
    next_due_at: datetime | None
    due: Due
    missed: tuple[MissedCheck, ...]
    verdicts: tuple[Verdict, ...] = ()
    deferred: tuple[Written[CheckDeferred], ...] = ()


@frozen
class Overdue:
    """How long a check has been due; None while none can be, because nothing was started."""

    since: timedelta | None


@frozen
class _Phase:
    """A stretch of time with one interval. Checks after `since` count; none is due from `until` on.

    What was put off before `from_at` concerns the stretch before.
    """

    from_at: datetime
    since: datetime
    first_due_at: datetime
    until: datetime | None
    interval: timedelta
    grace: timedelta
    missed_after: timedelta


@frozen
class _Slot:
    due_at: datetime
    answered_at: datetime | None
    phase: _Phase
    deferred: tuple[Written[CheckDeferred], ...] = ()


def check_schedule(book: Rulebook, visit: VisitState, at: datetime) -> Schedule:
    """Lay the checks that were due beside the checks that were made.

    A check counts when every sign that the rule needs was charted within a few minutes of each other; the
    next one is due an interval after it. A check made late moves the next one, and stays visibly late. One
    that was put off is due when it was put off to, and is neither late nor missed before. The limits are
    those of the day of the start, so that the same visit reads the same on any later day.
    """
    on = (visit.started.at.astimezone(at.tzinfo) if visit.started else at).date()
    during = book.limits(DURING, on)
    if visit.started is None or at < visit.started.at:
        return Schedule(interval=during.interval, next_due_at=None, due="not_yet", missed=())
    recovery = book.limits(RECOVERY, on)
    over = {phase: book.limits(rule_id, on).over.span for phase, rule_id in MISSED.items()}
    stopped_at = _if_past(visit.stopped, at)
    left_at = _if_past(visit.discharge, at)
    is_recovering = stopped_at is not None
    interval = recovery.interval if is_recovering else during.interval
    done = [when for when in _complete_checks(visit, during) if when <= at]
    phases = [_running(visit.started.at, stopped_at, during, over[DURING])]
    if stopped_at is not None:
        phases.append(_recovering(stopped_at, left_at, recovery, done, over[RECOVERY]))
    deferred = tuple(fact for fact in visit.every(CheckDeferred) if fact.at <= at)
    slots = [slot for phase in phases for slot in _slots(phase, done, deferred, at)]
    missed = tuple(one for slot in slots if (one := _missed(slot, at)) is not None)
    if left_at is not None:
        return Schedule(interval=interval, next_due_at=None, due="not_yet", missed=missed)
    # The slots of a running stretch end with the one that is open, so there is always a last one.
    open_slot = next(slot for slot in slots if slot.answered_at is None)
    next_due_at = open_slot.due_at
    phase = RECOVERY if is_recovering else DURING
    overdue = Overdue(since=max(at - next_due_at, timedelta(0)))
    verdicts = book.consult_all((phase, MISSED[phase]), overdue, on=on)
    return Schedule(
        interval=interval,
        next_due_at=next_due_at,
        due=_due(at, next_due_at, verdicts),
        missed=missed,
        verdicts=verdicts,
        deferred=open_slot.deferred,
    )


def _due(at: datetime, next_due_at: datetime, verdicts: tuple[Verdict, ...]) -> Due:
    """Exactly one of the four: a missed check is not told as a late one."""
    late, missed = (verdict.answer == "fires" for verdict in verdicts)
    if missed:
        return "missed"
    if late:
        return "late"
    return "not_yet" if at < next_due_at else "due"


def _complete_checks(visit: VisitState, limits: Limits) -> list[datetime]:
    """When each full check was made: all that is needed, charted at once or within the time to gather it."""
    gather = limits.gather.span
    assert set(limits.needs) <= set(SIGN_NAMES), "a check needs signs that can be charted"
    seen: dict[str, datetime] = {}
    complete = []
    for fact in visit.checks:
        fresh = {name for name in limits.needs if getattr(fact.payload.signs, name) is not None}
        seen.update(dict.fromkeys(fresh, fact.at))
        if all(name in seen and fact.at - seen[name] <= gather for name in limits.needs):
            complete.append(fact.at)
            seen = {}
    return complete


def _if_past(fact: Written[Any] | None, at: datetime) -> datetime | None:
    return fact.at if fact is not None and fact.at <= at else None


def _running(
    started_at: datetime, stopped_at: datetime | None, during: Limits, missed_after: timedelta
) -> _Phase:
    return _Phase(
        from_at=started_at,
        since=started_at,
        first_due_at=started_at + during.interval.span,
        until=stopped_at,
        interval=during.interval.span,
        grace=during.grace.span,
        missed_after=missed_after,
    )


def _recovering(
    stopped_at: datetime,
    left_at: datetime | None,
    recovery: Limits,
    done: list[datetime],
    missed_after: timedelta,
) -> _Phase:
    """The check at the end is due when the drug stops; one made just before it is that check."""
    grace, interval = recovery.grace.span, recovery.interval.span
    just_before = [when for when in done if stopped_at - grace <= when <= stopped_at]
    return _Phase(
        from_at=stopped_at,
        since=just_before[-1] if just_before else stopped_at - grace,
        first_due_at=just_before[-1] + interval if just_before else stopped_at,
        until=left_at,
        interval=interval,
        grace=grace,
        missed_after=missed_after,
    )


def _slots(
    phase: _Phase, done: list[datetime], deferred: tuple[Written[CheckDeferred], ...], at: datetime
) -> Iterator[_Slot]:
    """Every time in a phase at which a check was due, and the first one to come that nothing answers."""
    since, due_at = phase.since, phase.first_due_at
    # The first check after each one that was made is the one that can be put off.
    is_first = True
    while phase.until is None or due_at < phase.until:
        answer = next((when for when in done if when > since), None)
        put_off = tuple(
            fact
            for fact in deferred
            if is_first and since < fact.at >= phase.from_at and (answer is None or fact.at < answer)
        )
        due_at = max([due_at, *(fact.payload.until_at for fact in put_off)])
        if phase.until is not None and due_at >= phase.until:
            return
        if answer is not None and answer < due_at:
            since, due_at, is_first = answer, answer + phase.interval, True
            continue
        yield _Slot(due_at=due_at, answered_at=answer, phase=phase, deferred=put_off)
        is_first = False
        is_laid_out = due_at - since > LAID_OUT_MAX
        if answer is None and (due_at > at or is_laid_out):
            return
        due_at += phase.interval
        if answer is not None and is_laid_out:
            since, due_at, is_first = answer, answer + phase.interval, True


def _missed(slot: _Slot, at: datetime) -> MissedCheck | None:
    late = (slot.answered_at or at) - slot.due_at
    if late <= slot.phase.grace:
        return None
    return MissedCheck(
        due_at=slot.due_at,
        answered_at=slot.answered_at,
        late=late if slot.answered_at is not None else None,
        is_missed=late > slot.phase.missed_after,
    )


@rule(DURING)
def check_late_during(overdue: Overdue, limits: Limits) -> Finding:
    """A few minutes to take and type the signs are not lateness."""
    return _late(overdue, limits)


@rule(RECOVERY)
def check_late_in_recovery(overdue: Overdue, limits: Limits) -> Finding:
    """A few minutes to take and type the signs are not lateness."""
    return _late(overdue, limits)


@rule("INF-CHK-003")
def check_missed_during(overdue: Overdue, limits: Limits) -> Finding:
    """By now the next check is due as well, and nobody has looked for twice the interval."""
    return _longer_than(limits.over, overdue)


@rule("INF-CHK-004")
def check_missed_in_recovery(overdue: Overdue, limits: Limits) -> Finding:
    """By now the next check is due as well."""
    return _longer_than(limits.over, overdue)


def _late(overdue: Overdue, limits: Limits) -> Finding:
    return _longer_than(limits.grace, overdue)


def _longer_than(limit: Minutes, overdue: Overdue) -> Finding:
    if overdue.since is None:
        return Unknown(missing=("start of the infusion",))
    if overdue.since <= limit.span:
        return Clear()
    return Fires(evidence=(f"due {overdue.since // timedelta(minutes=1)} min ago",))
