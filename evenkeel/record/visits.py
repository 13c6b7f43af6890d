"""A visit, as the record now reads: from booking, through the infusion, to departure."""

from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from evenkeel.record.checkin import CheckInDecided, CheckInRecorded
from evenkeel.record.custody import DrugReconciled
from evenkeel.record.devices import (
    DeviceAssociated,
    DeviceReleased,
    DeviceSpan,
    Instrument,
    device_spans,
)
from evenkeel.record.discharge import CallMade, DischargeSigned, DischargeSignedWithoutTimes
from evenkeel.record.handover import (
    Answered,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverTakenOver,
    HandoverWithdrawn,
    Responsible,
)
from evenkeel.record.infusion import (
    BagReplaced,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
    SignsCharted,
    TimeOutHeld,
)
from evenkeel.record.ordering import (
    DoseChecked,
    DoseCheckedAtOneRate,
    DoseDrawn,
    DoseDrawnFromOne,
    OrderCancelled,
    OrderSigned,
    OrderSignedAtOneRate,
)
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

# From the start of the drug until the patient leaves, somebody is responsible for them.
UNDER_THE_DRUG: tuple[VisitPhase, ...] = ("running", "paused", "recovery")

_ANSWERED: tuple[type[Answered], ...] = (
    HandoverAccepted,
    HandoverDeclined,
    HandoverWithdrawn,
    HandoverTakenOver,
)

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
class Bag:
    """One bag of a visit: what was drawn into it, made up to which volume, and from when to when it hung.

    `from_at` is None for the first one, which everything ran from before another took its place; `to_at` is
    None for the last one.
    """

    from_at: datetime | None
    to_at: datetime | None
    drawn: DrugMass
    volume: Volume

    @property
    def mcg_per_ml(self) -> Fraction:
        """What one milliliter of it holds, exactly."""
        return Fraction(self.drawn.mcg) / Fraction(self.volume.value)


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
    def device_spans(self) -> tuple[DeviceSpan, ...]:
        """What people said of monitors and pumps: which was on this patient when, and which was not."""
        return device_spans(self.every(DeviceAssociated), self.every(DeviceReleased))

    def device_on(self, instrument: Instrument, at: datetime) -> DeviceSpan | None:
        """The monitor, or pump, that a person said is on this patient at a moment; None when nobody did."""
        on = [
            each
            for each in self.device_spans
            if each.instrument == instrument and each.is_on and each.holds(at)
        ]
        return max(on, key=lambda each: each.from_at, default=None)

    def device_span(self, device: str, at: datetime) -> DeviceSpan | None:
        """What was said of one device for a moment; None when nothing was."""
        return next((each for each in self.device_spans if each.device == device and each.holds(at)), None)

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
    def order(self) -> Written[OrderSigned] | Written[OrderSignedAtOneRate] | None:
        """The order that stands now."""
        signed: Written[OrderSigned] | Written[OrderSignedAtOneRate] | None = self.latest(OrderSigned)
        signed, cancelled = signed or self.latest(OrderSignedAtOneRate), self.latest(OrderCancelled)
        if signed is None or (cancelled is not None and cancelled.seq > signed.seq):
            return None
        return signed

    @property
    def last_draw(self) -> Written[DoseDrawn] | Written[DoseDrawnFromOne] | None:
        """What was drawn last, also on an order that no longer stands."""
        drawn: Written[DoseDrawn] | Written[DoseDrawnFromOne] | None = self.latest(DoseDrawn)
        return drawn or self.latest(DoseDrawnFromOne)

    @property
    def draw(self) -> Written[DoseDrawn] | Written[DoseDrawnFromOne] | None:
        """What was drawn on the order that stands now."""
        drawn = self.last_draw
        return drawn if drawn and self.order and drawn.seq > self.order.seq else None

    @property
    def double_check(self) -> Written[DoseChecked] | Written[DoseCheckedAtOneRate] | None:
        """The last second check of the draw that stands now, whether it agreed or not."""
        checked: Written[DoseChecked] | Written[DoseCheckedAtOneRate] | None = self.latest(DoseChecked)
        checked = checked or self.latest(DoseCheckedAtOneRate)
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
    def discharge(self) -> Written[DischargeSigned] | Written[DischargeSignedWithoutTimes] | None:
        """The discharge."""
        signed: Written[DischargeSigned] | Written[DischargeSignedWithoutTimes] | None
        signed = self.latest(DischargeSigned)
        return signed or self.latest(DischargeSignedWithoutTimes)

    @property
    def call_due_at(self) -> datetime | None:
        """When the patient, who left against advice, is to be called; None once they were reached."""
        seen_to = self.discharge.payload.seen_to if self.discharge else None
        if seen_to is None or any(fact.payload.reached for fact in self.every(CallMade)):
            return None
        return seen_to.call_at

    @property
    def cancelled(self) -> Written[VisitCancelled] | None:
        """The cancellation."""
        return self.latest(VisitCancelled)

    @property
    def checks(self) -> tuple[Written[SignsCharted], ...]:
        """Every charted set of signs, by clinical time."""
        return self.every(SignsCharted)

    @property
    def rescues(self) -> tuple[Written[RescueGiven] | Written[RescueGivenInWords], ...]:
        """Every rescue drug given, by clinical time."""
        found: list[Written[RescueGiven] | Written[RescueGivenInWords]]
        found = [*self.every(RescueGiven), *self.every(RescueGivenInWords)]
        return tuple(sorted(found, key=lambda fact: (fact.at, fact.seq)))

    @property
    def responsible(self) -> Responsible | None:
        """Who is responsible for the patient: who started, until somebody accepted or took over.

        None before the start and after the patient has left.
        """
        if self.phase not in UNDER_THE_DRUG:
            return None
        kinds: tuple[type[Any], ...] = (InfusionStarted, HandoverAccepted, HandoverTakenOver)
        last = max((fact for cls in kinds for fact in self.every(cls)), key=lambda fact: fact.seq)
        return Responsible(who=last.by, since=last.at)

    @property
    def handover_answer(self) -> Written[Answered] | None:
        """The last thing that became of a handover: accepted, declined, withdrawn or taken over."""
        found: list[Written[Answered]] = [fact for cls in _ANSWERED for fact in self.every(cls)]
        return max(found, key=lambda fact: fact.seq) if found else None

    @property
    def offer(self) -> Written[HandoverOffered] | None:
        """The handover that waits to be accepted."""
        offers = self.every(HandoverOffered)
        last = max(offers, key=lambda fact: fact.seq) if offers else None
        if last is None or self.phase not in UNDER_THE_DRUG:
            return None
        answer = self.handover_answer
        return None if answer is not None and answer.seq > last.seq else last

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

    def stands_still(self, at: datetime) -> bool:
        """Whether a pause takes in a moment, its first and its last among them."""
        return any(
            each.rate == STANDING_STILL and each.from_at <= at and (each.to_at is None or at <= each.to_at)
            for each in self.segments
        )

    @property
    def bag_changes(self) -> tuple[Written[BagReplaced], ...]:
        """Each bag that took the place of the one before it, in the order in which they hung."""
        draw = self.draw
        return tuple(fact for fact in self.every(BagReplaced) if draw and fact.seq > draw.seq)

    @property
    def pump_changed_at(self) -> datetime | None:
        """When the pump was last set, stood still, or got another bag; None before the start."""
        segments, changes = self.segments, self.bag_changes
        times = [*(each.from_at for each in segments[-1:]), *(each.at for each in changes[-1:])]
        return max(times, default=None)

    @property
    def bags(self) -> tuple[Bag, ...]:
        """The bags of the draw that stands, in the order in which they hung; none before a draw."""
        if self.draw is None:
            return ()
        changes = self.bag_changes
        made_up = (self.draw.payload, *(fact.payload for fact in changes))
        times = (None, *(fact.at for fact in changes), None)
        return tuple(
            Bag(from_at=times[place], to_at=times[place + 1], drawn=made.drawn, volume=made.bag)
            for place, made in enumerate(made_up)
        )

    @property
    def bag_in_hand(self) -> Bag | None:
        """The bag that was made up last, also on an order that was cancelled since."""
        if self.bags:
            return self.bags[-1]
        found = self.last_draw
        if found is None:
            return None
        return Bag(from_at=None, to_at=None, drawn=found.payload.drawn, volume=found.payload.bag)

    def bag(self, at: datetime) -> Bag | None:
        """The bag that hangs at a moment; None before anything is drawn."""
        hung = [each for each in self.bags if each.from_at is None or each.from_at <= at]
        return hung[-1] if hung else None

    def volume_from(self, bag: Bag, at: datetime) -> Fraction:
        """Exact milliliters that one bag delivered up to a moment, never more than it holds."""
        end = min(at, bag.to_at) if bag.to_at else at
        if bag.from_at is not None and end <= bag.from_at:
            return Fraction(0)
        segments = self.segments
        run = sum((segment.volume_ml(end) for segment in segments), Fraction(0))
        if bag.from_at is not None:
            run -= sum((segment.volume_ml(bag.from_at) for segment in segments), Fraction(0))
        return min(run, Fraction(bag.volume.value))

    def given_from(self, bag: Bag, at: datetime) -> DrugMass:
        """Ketamine that one bag gave up to a moment, in whole micrograms, never more than it held."""
        return DrugMass.nearest(self.volume_from(bag, at) * bag.mcg_per_ml)

    def volume_run(self, at: datetime) -> Fraction:
        """Exact milliliters delivered up to a moment, of each bag never more than it holds."""
        return sum((self.volume_from(bag, at) for bag in self.bags), Fraction(0))

    def given(self, at: datetime) -> DrugMass:
        """Ketamine given up to a moment, replayed from the rates really run and the bags really made up.

        Each bag is rounded for itself, since the ledger takes each one's drug in whole micrograms.
        """
        return sum((self.given_from(bag, at) for bag in self.bags), DrugMass(mcg=0))

    def volume_left(self, at: datetime) -> Volume | None:
        """Milliliters in the bag that hangs at a moment, to a tenth; None before anything is drawn."""
        bag = self.bag(at)
        if bag is None:
            return None
        return Volume(value=to_decimal(Fraction(bag.volume.value) - self.volume_from(bag, at), 1))

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
