"""What people do about an alert: they have seen it, they answer it, they make its sound quiet for a while."""

from evenkeel.clinical.infusion import episodes
from evenkeel.clinical.infusion.alerting import LESSER_OF
from evenkeel.journey.acting import Act, require_plausible_time, use_case
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.alerts import (
    CHOICES,
    Alert,
    AlertAcknowledged,
    AlertAnswered,
    AlertChoice,
    AlertsState,
    SoundPaused,
    alerts_of,
)
from evenkeel.record.entry import Draft, Payload
from evenkeel.store import log, reading
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.issues import Issue, UnableTo


class UnableToAnswer(UnableTo):
    """The alert cannot be acknowledged, answered or made quiet."""


@use_case("alert.answer")
def acknowledge(act: Act, *, visit: StreamId, alert: EntryId) -> StreamId:
    """Say that somebody has seen it; its sound is quiet for the time of rule INF-ALM-002. It still waits."""
    state = _held(act, visit)
    _waiting(state, alert)
    quiet_until = act.recorded_at + episodes.quiet_for(book(), clinic_day(act.recorded_at))
    return _write(state, act, AlertAcknowledged(alert=alert, quiet_until=quiet_until))


@use_case("alert.answer")
def answer(act: Act, *, visit: StreamId, alert: EntryId, choice: AlertChoice, note: str) -> StreamId:
    """Say what was done about it, or why nothing was; a lesser alert of the same sign is answered with it."""
    assert choice in CHOICES, "a page offers only known answers"
    state = _held(act, visit)
    found = _waiting(state, alert)
    note = note.strip()
    if choice == "other" and not note:
        sentence = "Note: say in words what the answer is."
        raise UnableToAnswer([Issue(sentence=sentence, code="note-missing", field="note")])
    lesser = [
        each.id
        for each in state.unanswered
        if each.rule.rule in LESSER_OF.get(found.rule.rule, ()) and each.raised_at <= act.recorded_at
    ]
    return _write(
        state, act, *(AlertAnswered(alert=each, choice=choice, note=note) for each in (alert, *lesser))
    )


@use_case("alert.answer")
def pause_sound(act: Act, *, visit: StreamId) -> StreamId:
    """Make the sound of every alert of the visit quiet for the time of rule INF-ALM-002."""
    state = _held(act, visit)
    until = act.recorded_at + episodes.quiet_for(book(), clinic_day(act.recorded_at))
    return _write(state, act, SoundPaused(until=until))


def _held(act: Act, visit: StreamId) -> AlertsState:
    """Hold the alerts of a visit, and note the access to its patient."""
    reading.visit(visit)
    try:
        state = log.fold_for_update(AlertsState, alerts_of(visit))
    except reading.NoSuchStream:
        sentence = "No alert was raised at this visit, so there is none to answer."
        raise UnableToAnswer([Issue(sentence=sentence, code="no-alert")]) from None
    require_plausible_time(act, state)
    return state


def _waiting(state: AlertsState, entry: EntryId) -> Alert:
    """The alert, when it can still be answered."""
    alert = state.alert(entry)
    if alert is None:
        sentence = "This alert is not one of this visit. Open the page again."
        raise UnableToAnswer([Issue(sentence=sentence, code="no-alert")])
    if alert.answered is not None:
        sentence = f"{alert.answered.by.printed_name} has answered this alert already."
        raise UnableToAnswer([Issue(sentence=sentence, code="answered")])
    return alert


def _write(state: AlertsState, act: Act, *payloads: Payload) -> StreamId:
    drafts = [Draft(payload=payload, happened_at=act.happened_at) for payload in payloads]
    return log.append(state, drafts, by=act.by, key=act.key, recorded_at=act.recorded_at).stream
