"""Everything that asks for somebody at a visit now: signs, events, late checks, a silent monitor.

Only what fires is here. What was not measured is told as not known, and never as a sign that is out of range.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from evenkeel.clinical.infusion.events import assess_event
from evenkeel.clinical.infusion.facts import latest_sign
from evenkeel.clinical.infusion.pump import PumpSaid, assess_hearing, assess_pump, compared, listened
from evenkeel.clinical.infusion.schedule import check_schedule
from evenkeel.clinical.infusion.signs import POSSIBLE, assess_signs
from evenkeel.clinical.infusion.steps import assess_step
from evenkeel.clinical.infusion.watch import Watch, assess_watch
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.alerts import AlertPriority, AlertSource
from evenkeel.record.infusion import EventRecorded, RescueGiven
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Severity, Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Quantity, Saturation
from evenkeel.values.shape import frozen

# A value of a monitor, an event or a rescue drug older than this says nothing about now. Proposal.
OLD_AFTER: Final = timedelta(minutes=15)

PRIORITY_OF: Final[dict[Severity, AlertPriority]] = {
    "block": "high",
    "pause": "high",
    "confirm": "medium",
    "advise": "low",
}

# Signs that one rule looks at together; each group is judged on its newest reading alone.
TOGETHER: Final = (
    ("systolic", "diastolic"),
    ("pulse",),
    ("spo2",),
    ("breaths",),
    ("sedation",),
    ("dissociation",),
)
_MEASURED: Final[dict[str, type[Quantity]]] = {
    "systolic": Pressure,
    "diastolic": Pressure,
    "pulse": Pulse,
    "spo2": Saturation,
    "breaths": Breaths,
}

# What is answered with the graver alert of the same thing: one look at the patient answers both.
LESSER_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "INF-BP-002": ("INF-BP-003",),
    "INF-OX-002": ("INF-OX-001",),
    "INF-SED-002": ("INF-SED-001",),
    "INF-CHK-003": ("INF-CHK-001",),
    "INF-CHK-004": ("INF-CHK-002",),
}


class SampledSign(Protocol):
    """One value as a monitor sent it; `value` is None where it had nothing to say."""

    @property
    def value(self) -> Decimal | None:
        """The number in the sign's own unit."""

    @property
    def observed_at(self) -> datetime:
        """When it was measured."""


class MonitorHeard(Protocol):
    """What is known of the monitor at a visit."""

    @property
    def measured(self) -> Mapping[str, SampledSign]:
        """The last value of each sign by its name; "no signal" is none, and takes no value's place."""

    @property
    def heard_at(self) -> datetime | None:
        """When it last sent anything; None when it never did."""

    @property
    def pump(self) -> PumpSaid | None:
        """What a pump at the visit said last; None when none did."""

    @property
    def saturation_at(self) -> datetime | None:
        """When it last sent a saturation that was one."""


@frozen
class Condition:
    """One rule that fires. `key` is the rule, and what it is about where it may fire for several things."""

    key: str
    verdict: Verdict
    observed_at: datetime
    source: AlertSource

    @property
    def priority(self) -> AlertPriority:
        """How much it presses."""
        assert self.verdict.severity is not None, "only what fires is a condition"
        return PRIORITY_OF[self.verdict.severity]

    @property
    def short(self) -> str:
        """What was seen, in a few words."""
        seen = "; ".join(self.verdict.evidence)
        return f"{seen[:1].upper()}{seen[1:]}" if seen else self.verdict.sentence

    @property
    def cause(self) -> str:
        """What was seen, and what the rule asks for."""
        return f"{self.short}. {self.verdict.sentence}" if self.verdict.evidence else self.verdict.sentence


def conditions(
    book: Rulebook, visit: VisitState, monitor: MonitorHeard, at: datetime, *, has_monitor: bool
) -> tuple[Condition, ...]:
    """What fires at a moment, from the start until the patient leaves; each key once.

    Each sign is judged on its newest reading, charted or from the monitor, so that a pressure that has come
    down no longer shouts. `has_monitor`: one stands at the chair.
    """
    if visit.started is None or visit.discharge is not None or visit.cancelled is not None:
        return ()
    found: list[Condition] = []
    for names in TOGETHER:
        newest = newest_reading(visit, monitor, names, at)
        if newest is not None:
            measured_at, signs, source = newest
            found.extend(sign_conditions(book, visit, signs, measured_at, source))
    watch = watch_of(visit, monitor, at, has_monitor=has_monitor)
    if watch is not None:
        found.extend(_firing(assess_watch(book, watch), at, "watching"))
    found.extend(_firing(assess_step(book, visit, at), at, "pump"))
    pump = compared(visit, monitor.pump, at)
    if pump is not None:
        found.extend(_firing(assess_pump(book, pump), pump.said.at, "pump"))
    heard = listened(visit, monitor.pump, at)
    if heard is not None:
        found.extend(_firing(assess_hearing(book, heard), at, "watching"))
    found.extend(_happened(book, visit, at))
    schedule = check_schedule(book, visit, at)
    if schedule.next_due_at is not None:
        found.extend(_firing(schedule.verdicts, schedule.next_due_at, "schedule"))
    return tuple({condition.key: condition for condition in reversed(found)}.values())[::-1]


def sign_conditions(
    book: Rulebook, visit: VisitState, signs: Signs, measured_at: datetime, source: AlertSource
) -> tuple[Condition, ...]:
    """What one set of signs asks for, whether it is the newest or not."""
    return tuple(_firing(assess_signs(book, visit, signs, measured_at), measured_at, source))


def signs_of(values: Mapping[str, Decimal]) -> Signs:
    """Signs from a monitor's numbers; what nobody living can have is left out, whatever door it came by."""
    known: dict[str, Any] = {
        name: _MEASURED[name].of(plain(value))
        for name, value in values.items()
        if name in _MEASURED and POSSIBLE[name].holds(value)
    }
    return Signs(**known)


def watch_of(visit: VisitState, monitor: MonitorHeard, at: datetime, *, has_monitor: bool) -> Watch | None:
    """What is known of the watching, from the start until the patient leaves; None outside that."""
    if visit.started is None or visit.discharge is not None or at < visit.started.at:
        return None
    charted = latest_sign(visit, "spo2", at)
    told, since = visit.device_on("monitor", at), visit.started.at
    is_known = has_monitor or monitor.heard_at is not None
    if told is not None and not is_known:
        # Nothing could be heard before somebody put it on the patient.
        since = max(since, told.from_at)
    return Watch(
        at=at,
        since=since,
        has_monitor=is_known or told is not None,
        heard_at=monitor.heard_at,
        sampled_at=monitor.saturation_at,
        charted_at=charted[0] if charted else None,
    )


def newest_reading(
    visit: VisitState, monitor: MonitorHeard, names: tuple[str, ...], at: datetime
) -> tuple[datetime, Signs, AlertSource] | None:
    """The newest reading of signs that belong together: when, what, and where it is from.

    A probe that comes off says nothing: what was measured before stands until something else is, or is old.
    """
    sent = {name: monitor.measured[name] for name in names if name in monitor.measured}
    sent_at = max((sampled.observed_at for sampled in sent.values()), default=None)
    readings: list[tuple[datetime, Signs, AlertSource]] = []
    charted = _last_charted(visit, names, at)
    # What the monitor measured since takes its place, even when that is old by now.
    if charted is not None and (sent_at is None or charted[0] >= sent_at):
        readings.append((*charted, "charted"))
    fresh = {name: sampled for name, sampled in sent.items() if at - sampled.observed_at <= OLD_AFTER}
    if fresh:
        values = {name: sampled.value for name, sampled in fresh.items() if sampled.value is not None}
        oldest_at = min(sampled.observed_at for sampled in fresh.values())
        readings.append((oldest_at, signs_of(values), "monitor"))
    return max(readings, key=lambda reading: reading[0], default=None)


def _last_charted(visit: VisitState, names: tuple[str, ...], at: datetime) -> tuple[datetime, Signs] | None:
    """The last check that holds any of these signs, and those signs of it."""
    for fact in reversed(visit.checks):
        signs = fact.payload.signs
        if fact.at <= at and any(getattr(signs, name) is not None for name in names):
            kept: dict[str, Any] = {name: getattr(signs, name) for name in names}
            return fact.at, Signs(**kept)
    return None


def _happened(book: Rulebook, visit: VisitState, at: datetime) -> Iterable[Condition]:
    """What lately happened to the patient or was given; each is a thing of its own, and so is its alert."""
    for event in visit.every(EventRecorded):
        if timedelta(0) <= at - event.at <= OLD_AFTER:
            asked = assess_event(book, event.payload.event, event.payload.grade, event.at)
            yield from _firing(asked, event.at, "charted", about=event.seq)
    for given in visit.every(RescueGiven):
        if timedelta(0) <= at - given.at <= OLD_AFTER:
            yield from _firing(given.payload.verdicts, given.at, "rescue", about=given.seq)


def _firing(
    verdicts: Iterable[Verdict], observed_at: datetime, source: AlertSource, *, about: int | None = None
) -> Iterable[Condition]:
    for verdict in verdicts:
        if verdict.answer == "fires":
            key = verdict.rule.rule if about is None else f"{verdict.rule.rule}/{about}"
            yield Condition(key=key, verdict=verdict, observed_at=observed_at, source=source)
