"""The alerts of a visit: raised and ended by the software, seen and answered by people, told to a prescriber.

Their stream is beside the visit's own, so that how far the visit goes does not move when an alert is raised.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from evenkeel.record.codec import payload
from evenkeel.record.entry import SOFTWARE, Author, RuleRef
from evenkeel.record.state import State, Written
from evenkeel.values.ids import ClinicianId, EntryId, StreamId, reference_of, stream_of
from evenkeel.values.shape import frozen

AlertPriority = Literal["high", "medium", "low"]
PRIORITIES: Final[tuple[AlertPriority, ...]] = get_args(AlertPriority)

# Where what raised an alert was seen: charted by a person, sent by the bedside monitor, missing from what a
# monitor should send, due by the clock, worked out from the pump's rates, or given as a rescue drug.
AlertSource = Literal["charted", "monitor", "watching", "schedule", "pump", "rescue"]

AlertChoice = Literal["action_taken", "false_reading", "expected", "other"]
CHOICES: Final[tuple[AlertChoice, ...]] = get_args(AlertChoice)

# Over: nothing fires any more. Raised again: another alert of the same key took its place. Left: the visit is
# no longer under the drug.
EndCause = Literal["over", "raised_again", "left"]

# Who stands as the author of what the software wrote by itself; no policy permits it anything.
EVENKEEL: Final = Author(id=ClinicianId("evenkeel"), role=SOFTWARE, printed_name="Evenkeel")


@payload("alert.raised")
class AlertRaised:
    """A rule fires. `key` stays the same while what fires goes on, whatever the value becomes.

    `cause` says what was seen and what the rule asks for, `short` what was seen alone. `observed_at` is when
    it was measured or happened, by the device's or the person's account.
    """

    key: str
    priority: AlertPriority
    cause: str
    short: str
    source: AlertSource
    observed_at: datetime
    rule: RuleRef


@payload("alert.ended")
class AlertEnded:
    """What raised the alert is over. Whether anybody answered is another matter."""

    alert: EntryId
    because: EndCause


@payload("alert.returned")
class AlertReturned:
    """What raised the alert is back so soon after its end that it counts as having gone on."""

    alert: EntryId
    observed_at: datetime


@payload("alert.acknowledged")
class AlertAcknowledged:
    """A person has seen it, and its sound is quiet until then."""

    alert: EntryId
    quiet_until: datetime


@payload("alert.answered")
class AlertAnswered:
    """A person says what was done about it, or why nothing was."""

    alert: EntryId
    choice: AlertChoice
    note: str


@payload("alert.escalated")
class AlertEscalated:
    """Nobody answered in time, and the prescribers on duty are told; nobody may be on duty."""

    alert: EntryId
    to: tuple[ClinicianId, ...]
    to_names: tuple[str, ...]


@payload("alert.sound_paused")
class SoundPaused:
    """A person made the sound of all alerts of this visit quiet until then."""

    until: datetime


def alerts_of(visit: StreamId) -> StreamId:
    """The stream of a visit's alerts."""
    return stream_of("alerts", reference_of(visit))


def visit_of(alerts: StreamId) -> StreamId:
    """The visit that a stream of alerts belongs to."""
    return stream_of("visit", reference_of(alerts))


@frozen
class Alert:
    """One alert as it now stands. `id` is the entry that raised it; `ended_at` is None while it goes on.

    `has_returned`: it was over once, and what raised it came back.
    """

    id: EntryId
    key: str
    priority: AlertPriority
    cause: str
    short: str
    rule: RuleRef
    source: AlertSource
    observed_at: datetime
    raised_at: datetime
    ended_at: datetime | None = None
    has_returned: bool = False
    acknowledged: Written[AlertAcknowledged] | None = None
    quiet_until: datetime | None = None
    answered: Written[AlertAnswered] | None = None
    escalated: Written[AlertEscalated] | None = None

    @property
    def escalated_at(self) -> datetime | None:
        """When the prescribers on duty were told, or None."""
        return self.escalated.at if self.escalated else None

    @property
    def rank(self) -> int:
        """0 for the gravest priority, and more for lesser ones."""
        return PRIORITIES.index(self.priority)

    @property
    def goes_on(self) -> bool:
        """Whether what raised it still fires."""
        return self.ended_at is None

    @property
    def waits(self) -> bool:
        """Whether somebody still has to answer it: high and medium ones do, even after their end."""
        return self.answered is None and (self.goes_on or self.priority != "low")


@frozen
class AlertsState(State):
    """Every alert of one visit, as the record now reads."""

    @property
    def visit(self) -> StreamId:
        """The visit whose alerts these are."""
        return visit_of(self.stream)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Every alert in the order in which they were raised."""
        found: dict[EntryId, Alert] = {}
        for fact in self.facts:
            if isinstance(fact.payload, AlertRaised):
                found[fact.id] = _raised(fact)
            elif not isinstance(fact.payload, SoundPaused):
                alert = fact.payload.alert
                found[alert] = _THEN[type(fact.payload)](found[alert], fact)
        return tuple(found.values())

    @property
    def open(self) -> tuple[Alert, ...]:
        """What goes on or waits for an answer: the worst first, and of those the newest."""
        return _worst_first(alert for alert in self.alerts if alert.goes_on or alert.waits)

    @property
    def unanswered(self) -> tuple[Alert, ...]:
        """What waits for an answer: the worst first, and of those the newest."""
        return _worst_first(alert for alert in self.alerts if alert.waits)

    @property
    def sound_paused_until(self) -> datetime | None:
        """Until when somebody last made the sound quiet; it may be past. None when nobody did."""
        paused = [fact for fact in self.facts if isinstance(fact.payload, SoundPaused)]
        return paused[-1].payload.until if paused else None

    def alert(self, entry: EntryId) -> Alert | None:
        """The alert that an entry raised, or None."""
        return next((alert for alert in self.alerts if alert.id == entry), None)


def _worst_first(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    newest_first = sorted(alerts, key=lambda alert: alert.raised_at, reverse=True)
    return tuple(sorted(newest_first, key=lambda alert: alert.rank))


def _raised(fact: Written[AlertRaised]) -> Alert:
    said = fact.payload
    return Alert(
        id=fact.id,
        key=said.key,
        priority=said.priority,
        cause=said.cause,
        short=said.short,
        rule=said.rule,
        source=said.source,
        observed_at=said.observed_at,
        raised_at=fact.at,
    )


def _ended(alert: Alert, fact: Written[AlertEnded]) -> Alert:
    return replace(alert, ended_at=fact.at)


def _returned(alert: Alert, fact: Written[AlertReturned]) -> Alert:
    return replace(alert, ended_at=None, has_returned=True)


def _acknowledged(alert: Alert, fact: Written[AlertAcknowledged]) -> Alert:
    return replace(alert, acknowledged=fact, quiet_until=fact.payload.quiet_until)


def _answered(alert: Alert, fact: Written[AlertAnswered]) -> Alert:
    return replace(alert, answered=fact)


def _escalated(alert: Alert, fact: Written[AlertEscalated]) -> Alert:
    return replace(alert, escalated=fact)


# What each later entry makes of the alert that it names.
_THEN: Final[dict[type[Any], Callable[[Alert, Written[Any]], Alert]]] = {
    AlertEnded: _ended,
    AlertReturned: _returned,
    AlertAcknowledged: _acknowledged,
    AlertAnswered: _answered,
    AlertEscalated: _escalated,
}
