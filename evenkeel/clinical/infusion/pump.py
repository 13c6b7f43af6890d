"""Whether the pump does what is on record. Its words change nothing: on record is what people charted."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from evenkeel.clinical.infusion.facts import minutes_between, whole_minutes
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import STANDING_STILL, VisitState
from evenkeel.values.drug import to_decimal
from evenkeel.values.quantities import FlowRate, Volume
from evenkeel.values.shape import frozen

_RULES: Final = ("INF-PMP-001", "INF-PMP-002", "INF-PMP-003", "INF-PMP-004")
# What a pump said longer ago says nothing about what was charted since. Proposal, as for a silent monitor.
OLD_AFTER_MINUTES: Final = 1
# And nothing about now. Proposal, as for a monitor's values.
SAYS_NOTHING_AFTER_MINUTES: Final = 15
# What it said within so long before its last word belongs together. Proposal.
SAID_TOGETHER: Final = timedelta(seconds=30)


@frozen
class PumpSaid:
    """What a pump said at a moment, by its own clock; each is None where it did not say.

    `heard_at` is when that came, by the clinic's clock. `volume` is what it delivered in all since it was
    last set to nothing.
    """

    at: datetime
    heard_at: datetime
    rate: FlowRate | None
    volume: Volume | None
    is_running: bool | None

    @property
    def runs(self) -> bool | None:
        """Whether it delivers: by its own word, else by its rate; None when neither is known."""
        if self.is_running is not None:
            return self.is_running
        return None if self.rate is None else self.rate != STANDING_STILL


@frozen
class PumpCompared:
    """What the pump said, beside what is on record for that moment.

    `charted` is zero while paused and after the stop. `charted_since` is when the record last changed what
    the pump should do; people set the pump first and chart it then. `run_ml` is the volume by the rates on
    record.
    """

    said: PumpSaid
    charted: FlowRate
    charted_since: datetime
    run_ml: Fraction


@frozen
class PumpHeard:
    """When a pump was last heard while its patient's infusion runs or is paused."""

    at: datetime
    heard_at: datetime


def compared(visit: VisitState, said: PumpSaid | None, at: datetime) -> PumpCompared | None:
    """Put the pump's last word beside the record; None before the start, and when it said nothing lately.

    A pump that falls silent takes nothing back: its last word stands beside the record of its time until
    something else is charted, or it is old.
    """
    if visit.started is None or said is None or said.at < visit.started.at or said.at > at:
        return None
    stopped = visit.stopped
    changed = (visit.pump_changed_at, None if stopped is None else stopped.at)
    is_overtaken = any(each is not None and each > said.at for each in changed)
    if minutes_between(said.at, at) > (OLD_AFTER_MINUTES if is_overtaken else SAYS_NOTHING_AFTER_MINUTES):
        return None
    if stopped is not None and stopped.at <= said.at:
        charted, since = STANDING_STILL, stopped.at
    else:
        spans = [span for span in visit.segments if span.from_at <= said.at]
        charted, since = spans[-1].rate, spans[-1].from_at
    bag = visit.bag(said.at)
    if bag is not None and bag.from_at is not None:
        since = max(since, bag.from_at)
    return PumpCompared(said=said, charted=charted, charted_since=since, run_ml=visit.volume_run(said.at))


def listened(visit: VisitState, said: PumpSaid | None, at: datetime) -> PumpHeard | None:
    """When the patient's pump was last heard, from the start to the stop; None where none is to be heard.

    None as well when somebody said since then which pump is on this patient: what is heard no more was taken
    away, and many pumps are never heard.
    """
    if visit.started is None or visit.stopped is not None or said is None or at < visit.started.at:
        return None
    if any(each.instrument == "pump" and each.from_at > said.heard_at for each in visit.device_spans):
        return None
    return PumpHeard(at=at, heard_at=max(said.heard_at, visit.started.at))


def assess_hearing(book: Rulebook, subject: PumpHeard) -> tuple[Verdict, ...]:
    """What a pump that fell silent asks for."""
    return book.consult_all(("INF-PMP-005",), subject, on=subject.at.date())


def assess_pump(book: Rulebook, subject: PumpCompared) -> tuple[Verdict, ...]:
    """What the pump's word asks for."""
    return book.consult_all(_RULES, subject, on=subject.said.at.date())


@rule("INF-PMP-001")
def another_rate(subject: PumpCompared, limits: Limits) -> Finding:
    """A pump that runs at another rate than is charted; whether it should run at all is asked apart."""
    said, charted = subject.said, subject.charted
    if said.rate is None:
        return Unknown(missing=("the pump's rate",))
    stands_still = said.runs is False or charted == STANDING_STILL
    if stands_still or not _stood(subject, limits):
        return Clear()
    if abs(said.rate.value - charted.value) <= limits.difference.value:
        return Clear()
    return Fires(evidence=(f"pump says {said.rate}, charted are {charted}",))


@rule("INF-PMP-002")
def another_volume(subject: PumpCompared, limits: Limits) -> Finding:
    """A pump that delivered more, or less, than the rates on record come to."""
    volume = subject.said.volume
    if volume is None:
        return Unknown(missing=("the volume that the pump delivered",))
    if abs(Fraction(volume.value) - subject.run_ml) <= Fraction(limits.difference.value):
        return Clear()
    run = Volume(value=to_decimal(subject.run_ml, 1))
    return Fires(evidence=(f"pump says {volume} delivered, by the rates on record {run}",))


@rule("INF-PMP-003")
def runs_though_it_should_not(subject: PumpCompared, limits: Limits) -> Finding:
    """A pump that delivers though a pause or the stop is charted."""
    runs = subject.said.runs
    if runs is None:
        return Unknown(missing=("whether the pump runs",))
    if not runs or subject.charted != STANDING_STILL or not _stood(subject, limits):
        return Clear()
    return Fires(evidence=(f"pump runs{_at(subject.said)}, charted is that it stands still",))


@rule("INF-PMP-004")
def stands_though_it_should_run(subject: PumpCompared, limits: Limits) -> Finding:
    """A pump that stands still though a rate is charted."""
    runs = subject.said.runs
    if runs is None:
        return Unknown(missing=("whether the pump runs",))
    if runs or subject.charted == STANDING_STILL or not _stood(subject, limits):
        return Clear()
    return Fires(evidence=(f"pump stands still, charted are {subject.charted}",))


@rule("INF-PMP-005")
def fell_silent(subject: PumpHeard, limits: Limits) -> Finding:
    """A pump that was heard and is not heard any more."""
    if minutes_between(subject.heard_at, subject.at) <= limits.silence.value:
        return Clear()
    return Fires(evidence=(f"nothing heard from the pump for {whole_minutes(subject.heard_at, subject.at)}",))


def _stood(subject: PumpCompared, limits: Limits) -> bool:
    """Whether what is charted stood for so long that the pump should agree."""
    stood: bool = minutes_between(subject.charted_since, subject.said.at) > limits.wait.value
    return stood


def _at(said: PumpSaid) -> str:
    return f" at {said.rate}" if said.rate is not None and said.rate != STANDING_STILL else ""
