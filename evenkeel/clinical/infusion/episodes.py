"""From what fires to what is written: when an alert is raised, when it is over, and when one becomes two.

How long it may wait for an answer, how long its sound is quiet and what belongs to one episode are rules.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from evenkeel.clinical.infusion.alerting import Condition
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, rule
from evenkeel.record.alerts import (
    PRIORITIES,
    Alert,
    AlertEnded,
    AlertPriority,
    AlertRaised,
    AlertReturned,
    AlertsState,
    EndCause,
)
from evenkeel.record.entry import Payload
from evenkeel.values.ids import EntryId, entry_id
from evenkeel.values.quantities import Minutes
from evenkeel.values.shape import frozen


@frozen
class Waiting:
    """An alert that nobody has answered, and for how long."""

    priority: AlertPriority
    waited: timedelta


@frozen
class Quiet:
    """For how long the sound has been quiet since somebody asked for it."""

    lasted: timedelta


@frozen
class Settled:
    """For how long an alert has been over, when what raised it fires again."""

    over_for: timedelta


@frozen
class Lasting:
    """How old the answer to an alert is that still goes on."""

    answered_for: timedelta


def changes(
    book: Rulebook,
    state: AlertsState,
    firing: Iterable[Condition],
    passed: Iterable[Condition],
    at: datetime,
    *,
    end: EndCause = "over",
    lately: Collection[str] = (),
) -> tuple[Payload, ...]:
    """What has to be written so that the alerts agree with what fires; empty when they do.

    `firing` fires now. `passed` fired on signs that arrived only now and are no longer the newest: an alert
    that came and went in between is raised, and over at once. `end` says why what no longer fires is over.
    What is `swinging` goes on while its key is among those that fired `lately`.
    """
    last = {alert.key: alert for alert in state.alerts}
    now = {condition.key: condition for condition in firing}
    written: list[Payload] = []
    for key, alert in last.items():
        if alert.goes_on and key not in now and key not in lately:
            written.append(AlertEnded(alert=alert.id, because=end))
    for condition in now.values():
        written.extend(_of_one(book, last.get(condition.key), condition, at))
    came_and_went = {
        condition.key: condition
        for condition in passed
        if condition.key not in now and _is_new(book, last.get(condition.key), at)
    }
    for condition in came_and_went.values():
        written.append(_raised(condition))
        written.append(AlertEnded(alert=_written_as(state, len(written)), because="over"))
    return tuple(written)


def swinging(state: AlertsState, firing: Iterable[Condition]) -> frozenset[str]:
    """The keys of what fires no more and came back before: it is over once it has settled."""
    now = {condition.key for condition in firing}
    return frozenset(
        alert.key for alert in state.alerts if alert.goes_on and alert.has_returned and alert.key not in now
    )


def _of_one(book: Rulebook, alert: Alert | None, condition: Condition, at: datetime) -> tuple[Payload, ...]:
    """What one thing that fires makes of the last alert of its key."""
    if alert is None or (not alert.goes_on and _is_new(book, alert, at)):
        return (_raised(condition),)
    is_worse = PRIORITIES.index(condition.priority) < alert.rank
    if is_worse or _is_due_again(book, alert, at):
        ended = (AlertEnded(alert=alert.id, because="raised_again"),) if alert.goes_on else ()
        return (*ended, _raised(condition))
    if not alert.goes_on:
        return (AlertReturned(alert=alert.id, observed_at=condition.observed_at),)
    return ()


def _is_new(book: Rulebook, alert: Alert | None, at: datetime) -> bool:
    """Whether what fires is no part of the last alert of its key."""
    if alert is None:
        return True
    if alert.ended_at is None:
        return False
    return is_new_episode(book, Settled(over_for=at - alert.ended_at), at.date())


def _is_due_again(book: Rulebook, alert: Alert, at: datetime) -> bool:
    if alert.answered is None or alert.priority == "low":
        return False
    return is_asked_again(book, Lasting(answered_for=at - alert.answered.at), at.date())


def _raised(condition: Condition) -> AlertRaised:
    return AlertRaised(
        key=condition.key,
        priority=condition.priority,
        cause=condition.cause,
        short=condition.short,
        source=condition.source,
        observed_at=condition.observed_at,
        rule=condition.verdict.rule,
    )


def _written_as(state: AlertsState, place: int) -> EntryId:
    """The id that the entry at a place, counted from 1, of what is to be written will have."""
    return entry_id(state.stream, state.seq + place)


def overdue(book: Rulebook, state: AlertsState, at: datetime) -> tuple[Alert, ...]:
    """The alerts that nobody has answered in time and no prescriber was told of, the worst first."""
    return tuple(
        alert
        for alert in state.unanswered
        if alert.escalated is None
        and waits_too_long(book, Waiting(priority=alert.priority, waited=at - alert.raised_at), at.date())
    )


def waits_too_long(book: Rulebook, waiting: Waiting, on: date) -> bool:
    """Whether the prescribers on duty are told that nobody has answered."""
    return book.consult("INF-ALM-001", waiting, on=on).answer == "fires"


def quiet_for(book: Rulebook, on: date) -> timedelta:
    """For how long the sound is quiet once somebody asks for it."""
    limit: Minutes = book.limits("INF-ALM-002", on).quiet
    return limit.span


def settles_in(book: Rulebook, on: date) -> timedelta:
    """For how long nothing fires before what swung about its limit is over."""
    limit: Minutes = book.limits("INF-ALM-003", on).settle
    return limit.span


def is_new_episode(book: Rulebook, settled: Settled, on: date) -> bool:
    """Whether what fires again after its end is another alert."""
    return book.consult("INF-ALM-003", settled, on=on).answer == "fires"


def is_asked_again(book: Rulebook, lasting: Lasting, on: date) -> bool:
    """Whether what was answered has gone on for so long that it is raised once more."""
    return book.consult("INF-ALM-004", lasting, on=on).answer == "fires"


@rule("INF-ALM-001")
def nobody_answered(waiting: Waiting, limits: Limits) -> Finding:
    """What is of low priority waits for nobody."""
    if waiting.priority == "low":
        return Clear()
    limit = limits.high if waiting.priority == "high" else limits.medium
    return _longer(waiting.waited, limit, "nobody has answered for {}")


@rule("INF-ALM-002")
def heard_again(quiet: Quiet, limits: Limits) -> Finding:
    """Nobody makes a sound quiet for good."""
    return _longer(quiet.lasted, limits.quiet, "the sound was quiet for {}")


@rule("INF-ALM-003")
def fires_anew(settled: Settled, limits: Limits) -> Finding:
    """A value that swings about its limit is one alert and not one for each swing."""
    return _longer(settled.over_for, limits.settle, "it was over for {}")


@rule("INF-ALM-004")
def goes_on_after_its_answer(lasting: Lasting, limits: Limits) -> Finding:
    """An answer is for now, and not for the rest of the hour."""
    return _longer(lasting.answered_for, limits.again, "the answer is {} old")


def _longer(lasted: timedelta, limit: Minutes, words: str) -> Finding:
    if lasted <= limit.span:
        return Clear()
    return Fires(evidence=(words.format(f"{int(lasted.total_seconds())} s"),))
