"""A visit, as the record now reads: from booking, through the infusion, to departure."""

from datetime import datetime
from fractions import Fraction
from typing import Literal

from evenkeel.record.checkin import CheckInDecided, CheckInRecorded
from evenkeel.record.custody import DrugReconciled
from evenkeel.record.discharge import DischargeSigned
from evenkeel.record.infusion import (
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    RateChanged,
    SignsCharted,
    TimeOutHeld,
)
from evenkeel.record.ordering import DoseChecked, DoseDrawn, DoseDrawnFromOne, OrderCancelled, OrderSigned
from evenkeel.record.series import VisitBooked, VisitCancelled, VisitRebooked
from evenkeel.record.state import State, Written
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.ids import ChairId
from evenkeel.values.quantities import FlowRate, Volume, Weight
from evenkeel.values.shape import frozen

VisitPhase = Literal[
    "booked",
    "awaiting_prescriber",
    "not_today",
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
    "running",
    "paused",
    "recovery",
    "discharged",
    "cancelled",
]

STANDING_STILL = FlowRate.of(0)
SECONDS_PER_HOUR = 3600


@frozen
class RateSegment:
    """The pump ran at one rate over a half-open span; `to_at` is None while it still runs."""

    from_at: datetime
    to_at: datetime | None
    rate: FlowRate

    def volume_ml(self, at: datetime) -> Fraction:
        """Exact milliliters run in this segment up to a moment."""
        end = min(at, self.to_at) if self.to_at else at
        seconds = max(0, (end - self.from_at) // _MICROSECOND)
        return Fraction(self.rate.value) * seconds / (SECONDS_PER_HOUR * 1_000_000)


_MICROSECOND = datetime.resolution


@frozen
class VisitState(State):
    """Where a visit stands, what was ordered, drawn and run, and every sign charted."""

    @property
    def booking(self) -> Written[VisitBooked]:
        """The booking; a visit stream always begins with it."""
        fact = self.latest(VisitBooked)
        assert fact is not None, "a visit stream begins with a booking"
        return fact

    @property
    def place(self) -> VisitBooked | VisitRebooked:
        """Chair and time as they now stand."""
        moved = self.every(VisitRebooked)
        return max(moved, key=lambda fact: fact.seq).payload if moved else self.booking.payload

    @property
    def chair(self) -> ChairId:
        """The chair the visit takes place in."""
        return self.place.chair

    @property
    def check_in(self) -> Written[CheckInRecorded] | None:
        """The last check-in."""
        return self.latest(CheckInRecorded)

    @property
    def check_in_decision(self) -> Written[CheckInDecided] | None:
        """The prescriber's decision on the last check-in."""
        decided, recorded = self.latest(CheckInDecided), self.check_in
        return decided if decided and recorded and decided.seq > recorded.history[-1].seq else None

    @property
    def is_gate_open(self) -> bool:
        """Whether the check-in gate is open, by its rules or by a prescriber's reasoned decision."""
        if self.check_in is None:
            return False
        if self.check_in_decision is not None:
            return self.check_in_decision.payload.decision == "go_on"
        return self.check_in.payload.outcome == "open"

    @property
    def weight(self) -> Weight | None:
        """The weight measured at check-in."""
        return self.check_in.payload.weight if self.check_in else None

    @property
    def order(self) -> Written[OrderSigned] | None:
        """The order that stands now."""
        signed, cancelled = self.latest(OrderSigned), self.latest(OrderCancelled)
        if signed is None or (cancelled is not None and cancelled.seq > signed.seq):
            return None
        return signed

    @property
    def draw(self) -> Written[DoseDrawn] | Written[DoseDrawnFromOne] | None:
        """What was drawn on the order that stands now."""
        drawn: Written[DoseDrawn] | Written[DoseDrawnFromOne] | None = self.latest(DoseDrawn)
        drawn = drawn or self.latest(DoseDrawnFromOne)
        return drawn if drawn and self.order and drawn.seq > self.order.seq else None

    @property
    def double_check(self) -> Written[DoseChecked] | None:
        """The last second check of the draw that stands now, whether it agreed or not."""
        checked = self.latest(DoseChecked)
        return checked if checked and self.draw and checked.seq > self.draw.history[-1].seq else None

    @property
    def time_out(self) -> Written[TimeOutHeld] | None:
        """The time-out held on the check that stands now."""
        held = self.latest(TimeOutHeld)
        return held if held and self.double_check and held.seq > self.double_check.seq else None

    @property
    def started(self) -> Written[InfusionStarted] | None:
        """The start of the infusion."""
        return self.latest(InfusionStarted)

    @property
    def stopped(self) -> Written[InfusionStopped] | None:
        """The end of the infusion."""
        return self.latest(InfusionStopped)

    @property
    def reconciled(self) -> Written[DrugReconciled] | None:
        """The last account of this visit's drug that was given after the pump last changed."""
        found = self.latest(DrugReconciled)
        if found is None or self.stopped is None:
            return found
        return found if found.seq > self.stopped.history[-1].seq else None

    @property
    def discharge(self) -> Written[DischargeSigned] | None:
        """The discharge."""
        return self.latest(DischargeSigned)

    @property
    def cancelled(self) -> Written[VisitCancelled] | None:
        """The cancellation."""
        return self.latest(VisitCancelled)

    @property
    def checks(self) -> tuple[Written[SignsCharted], ...]:
        """Every charted set of signs, by clinical time."""
        return self.every(SignsCharted)

    @property
    def segments(self) -> tuple[RateSegment, ...]:
        """The rates really run, from start to stop, as half-open spans in clinical time.

        Pauses are rate 0.
        """
        changes = sorted(
            (
                *((fact.at, fact.seq, fact.payload.rate) for fact in self.every(InfusionStarted)),
                *((fact.at, fact.seq, fact.payload.rate) for fact in self.every(RateChanged)),
                *((fact.at, fact.seq, fact.payload.rate) for fact in self.every(InfusionResumed)),
                *((fact.at, fact.seq, STANDING_STILL) for fact in self.every(InfusionPaused)),
                *((fact.at, fact.seq, None) for fact in self.every(InfusionStopped)),
            ),
            key=lambda change: change[:2],
        )
        spans = []
        for place, (at, _, rate) in enumerate(changes):
            if rate is None:
                break
            to_at = changes[place + 1][0] if place + 1 < len(changes) else None
            spans.append(RateSegment(from_at=at, to_at=to_at, rate=rate))
        return tuple(spans)

    @property
    def rate(self) -> FlowRate | None:
        """What the pump is set to now; zero while paused, None before the start and after the stop."""
        segments = self.segments
        return segments[-1].rate if segments and segments[-1].to_at is None else None

    def volume_run(self, at: datetime) -> Fraction:
        """Exact milliliters delivered up to a moment, never more than the bag holds."""
        run = sum((segment.volume_ml(at) for segment in self.segments), Fraction(0))
        return min(run, Fraction(self.draw.payload.bag.value)) if self.draw else run

    def given(self, at: datetime) -> DrugMass:
        """Ketamine given up to a moment, replayed from the rates really run and the bag really made up."""
        if self.draw is None:
            return DrugMass(mcg=0)
        per_ml = Fraction(self.draw.payload.drawn.mcg) / Fraction(self.draw.payload.bag.value)
        return DrugMass.nearest(self.volume_run(at) * per_ml)

    def volume_left(self, at: datetime) -> Volume | None:
        """Milliliters still in the bag at a moment, to a tenth; None before anything is drawn."""
        if self.draw is None:
            return None
        return Volume(value=to_decimal(Fraction(self.draw.payload.bag.value) - self.volume_run(at), 1))

    @property
    def phase(self) -> VisitPhase:
        """Where the visit stands, worked out from the facts and never stored."""
        if self.cancelled:
            return "cancelled"
        if self.discharge:
            return "discharged"
        if self.stopped:
            return "recovery"
        if self.started:
            return "paused" if self.rate == STANDING_STILL else "running"
        return self._phase_before_start()

    def _phase_before_start(self) -> VisitPhase:
        if self.check_in is None:
            return "booked"
        if not self.is_gate_open:
            refused = self.check_in_decision or self.check_in.payload.outcome == "not_today"
            return "not_today" if refused else "awaiting_prescriber"
        if self.order is None:
            return "checked_in"
        if self.draw is None:
            return "ordered"
        if self.double_check is None or not self.double_check.payload.agrees:
            return "drawn"
        return "ready" if self.time_out else "double_checked"
