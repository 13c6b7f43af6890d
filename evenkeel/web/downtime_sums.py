"""What a downtime pack works out ahead: what will have been given by when, and which checks are due.

Everything here is arithmetic on rates, volumes and intervals, and holds as long as nothing changes. No
pharmacology: what cannot be checked with a pencil has no place on the paper.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from evenkeel.clinical.infusion import check_schedule
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import FlowRate, Minutes
from evenkeel.values.shape import frozen
from evenkeel.web.infusion_data import empty_at, hours_of, spans_to_come

# How often the paper says what will have been given, on the clock's own tens. Proposal.
STEP: Final = timedelta(minutes=10)
# For how long a pack is of use, and so how far anything in it reaches: one shift. Proposal.
REACH: Final = timedelta(hours=8)
# How long a standing pump's checks are laid out, since nobody knows when it goes on. Proposal.
PAUSE_LAID_OUT: Final = timedelta(hours=1)


@frozen
class Coming:
    """What will have run and been given in all at a moment, and what the pump is set to from then on."""

    at: datetime
    ml_per_h: Fraction
    volume_ml: Fraction
    given: DrugMass


@frozen
class CheckToCome:
    """A check that is due: at a moment, or `after_stop` so long after an end that is not known yet."""

    due_at: datetime | None
    is_recovery: bool
    after_stop: timedelta | None = None


@frozen
class Pace:
    """What a rate gives in a minute and in ten, and how long what is left lasts at it."""

    rate: FlowRate
    in_one: tuple[Fraction, DrugMass]
    in_ten: tuple[Fraction, DrugMass]
    lasts: timedelta


def amounts_to_come(state: VisitState, at: datetime) -> tuple[Coming, ...]:
    """What will have been given at each ten minutes of the clock, at each change of rate and at the end.

    Empty while nothing runs. `at` is in the clinic's zone, whose clock hangs on the wall.
    """
    spans, bag = spans_to_come(state, at), state.bag(at)
    if not spans or bag is None:
        return ()
    last_at = min(spans[-1][1], at + REACH)
    moments = {moment for moment in _tens(at) if moment < last_at} if last_at > at else set()
    moments |= {from_at for from_at, _, _ in spans[1:] if from_at < last_at} | {last_at}
    run_ml, given = state.volume_run(at), state.given(at)
    found = []
    for moment in sorted(moments):
        more_ml = sum((_run(span, moment) for span in spans), Fraction(0))
        rate = next((span[2] for span in spans if span[0] <= moment < span[1]), Fraction(0))
        more = DrugMass.nearest(more_ml * bag.mcg_per_ml)
        found.append(
            Coming(
                at=moment.astimezone(at.tzinfo),
                ml_per_h=rate,
                volume_ml=run_ml + more_ml,
                given=given + more,
            )
        )
    return tuple(found)


def _run(span: tuple[datetime, datetime, Fraction], moment: datetime) -> Fraction:
    from_at, to_at, ml_per_h = span
    return ml_per_h * hours_of(max(min(moment, to_at) - from_at, timedelta(0)))


def _tens(at: datetime) -> Iterator[datetime]:
    """The clock's tens of minutes after a moment, as far as a pack reaches, counted as time passes."""
    start = at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0).astimezone(UTC)
    for place in range(1, REACH // STEP + 1):
        yield start + place * STEP


def pace(state: VisitState, at: datetime) -> Pace | None:
    """What the present rate gives, or of a pump that stands still the last one; None after the end."""
    bag, left = state.bag(at), state.volume_left(at)
    rates = [segment.rate for segment in state.segments if segment.rate != STANDING_STILL]
    if state.stopped is not None or bag is None or left is None or not rates:
        return None
    ml_per_minute = Fraction(rates[-1].value) / 60
    one, ten = ((minutes * ml_per_minute) for minutes in (1, 10))
    return Pace(
        rate=rates[-1],
        in_one=(one, DrugMass.nearest(one * bag.mcg_per_ml)),
        in_ten=(ten, DrugMass.nearest(ten * bag.mcg_per_ml)),
        lasts=timedelta(minutes=float(Fraction(left.value) / ml_per_minute)),
    )


def checks_to_come(
    book: Rulebook, state: VisitState, at: datetime, *, stay: Minutes, may_leave_at: datetime | None
) -> tuple[CheckToCome, ...]:
    """Every check for the rest of the visit, if nothing changes, by the intervals of the rules in force.

    While the drug runs or is paused: to the end that is worked out, then from the stop on over the shortest
    `stay`. After the stop: until `may_leave_at`. A check that is overdue stands first and is due now.
    """
    if state.started is None:
        return ()
    on = state.started.at.astimezone(at.tzinfo).date()
    during = book.limits("INF-CHK-001", on).interval.span
    recovery = book.limits("INF-CHK-002", on).interval.span
    next_due_at = check_schedule(book, state, at).next_due_at or at
    if state.stopped is not None:
        until = max(may_leave_at or at, at)
        return tuple(
            CheckToCome(due_at=due, is_recovery=True) for due in _every(next_due_at, recovery, at, until)
        )
    ends_at = empty_at(state, at)
    until = ends_at if ends_at is not None else at + PAUSE_LAID_OUT
    found = [
        CheckToCome(due_at=due, is_recovery=False)
        for due in _every(next_due_at, during, at, until)
        if ends_at is None or due < ends_at
    ]
    for place in range(int(stay.span / recovery) + 1):
        after = place * recovery
        due_at = ends_at + after if ends_at is not None else None
        found.append(CheckToCome(due_at=due_at, is_recovery=True, after_stop=after))
    return tuple(found)


def _every(first_at: datetime, interval: timedelta, at: datetime, until: datetime) -> Iterator[datetime]:
    """The first due time as it is, also when it is past; the ones after it an interval after being done."""
    yield first_at
    due = max(first_at, at) + interval
    while due <= min(until, at + REACH):
        yield due
        due += interval


def in_ml(volume: Fraction) -> str:
    """A volume to a tenth of a milliliter, as it stands on paper."""
    return f"{plain(to_decimal(volume, 1))} mL"
