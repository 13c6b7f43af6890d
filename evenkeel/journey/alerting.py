"""Keeping the alerts in agreement with what fires: after every sign from any door, and as time passes.

The stream of a visit's alerts is held before anything is looked at that decides, so that two doors, or two
processes, never raise one episode twice. Where a visit is held as well, it is held first.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import product

from django.db import transaction

from evenkeel.clinical.infusion import alerting, episodes
from evenkeel.clinical.infusion.alerting import Condition
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.rules import book, clinic_time
from evenkeel.record.alerts import EVENKEEL, AlertEscalated, AlertsState, alerts_of
from evenkeel.record.entry import Draft, Payload
from evenkeel.record.infusion import SignsCharted
from evenkeel.record.visits import UNDER_THE_DRUG, VisitState
from evenkeel.store import log, reading, rows
from evenkeel.store.intake import Sample
from evenkeel.store.queries import alerts, monitors, people
from evenkeel.store.queries.monitors import Sampled
from evenkeel.values.ids import IdempotencyKey, StreamId


def reconcile(
    state: VisitState, at: datetime, *, since: int | None = None, samples: Iterable[Sample] = ()
) -> None:
    """Raise what fires and has no alert, and end what fires no more, in the transaction that is under way.

    `state` is the visit as it was read in this transaction. Signs that arrived only now are judged each,
    though a newer one is known: `since` is how far the visit went before they were charted, and `samples` are
    what a monitor has just sent.
    """
    assert transaction.get_connection().in_atomic_block, "an alert is kept with the sign that raised it"
    at = clinic_time(at)
    kept = alerts.for_visit(state.stream)
    if state.phase not in UNDER_THE_DRUG and not kept.facts:
        return
    rulebook = book()
    passed = (*_charted(rulebook, state, since, at), *_sampled(rulebook, state, samples, at))
    if _changes(rulebook, kept, state, passed, at):
        held = _held(state.stream)
        # Another door may have written between the first look and the hold.
        state = reading.fold(VisitState, state.stream)
        _append(held, _changes(rulebook, held, state, passed, at), at)


class NotWatched(Exception):
    """Some visits could not be looked at; `kinds` names the trouble, without anything of a patient."""

    def __init__(self, troubles: list[Exception]) -> None:
        self.visits = len(troubles)
        self.kinds = sorted({type(trouble).__name__ for trouble in troubles})
        super().__init__("not-watched")


def watch(at: datetime, *, turn: int = 0, turns: int = 1) -> None:
    """Look at every visit under the drug as time passes: late checks, silence, alerts that nobody answers.

    With `turns`, at one part of them, the one of this turn: the work for many chairs is spread over time.
    Raises NotWatched when some could not be looked at, after all the others were.
    """
    at = clinic_time(at)
    rulebook = book()
    troubles: list[Exception] = []
    for visit in alerts.watched()[turn::turns]:
        try:
            _look_at(rulebook, visit, at)
        except Exception as trouble:  # whatever is wrong at one chair, the others are looked at
            troubles.append(trouble)
    if troubles:
        raise NotWatched(troubles) from troubles[0]


def _look_at(rulebook: Rulebook, visit: StreamId, at: datetime) -> None:
    state, kept = reading.fold(VisitState, visit), alerts.for_visit(visit)
    if _changes(rulebook, kept, state, (), at) or _is_overdue(rulebook, state, kept, at):
        _bring_up_to_date(rulebook, visit, at)


def _bring_up_to_date(rulebook: Rulebook, visit: StreamId, at: datetime) -> None:
    with transaction.atomic():
        held = _held(visit)
        state = reading.fold(VisitState, visit)
        held = _append(held, _changes(rulebook, held, state, (), at), at)
        if _is_overdue(rulebook, state, held, at):
            told = [person for person in people.on_duty(at=at) if person.role == "prescriber"]
            payloads = [
                AlertEscalated(
                    alert=alert.id,
                    to=tuple(person.id for person in told),
                    to_names=tuple(person.printed_name for person in told),
                )
                for alert in episodes.overdue(rulebook, held, at)
            ]
            _append(held, payloads, at)


def _is_overdue(rulebook: Rulebook, state: VisitState, kept: AlertsState, at: datetime) -> bool:
    return state.phase in UNDER_THE_DRUG and bool(episodes.overdue(rulebook, kept, at))


def _changes(
    rulebook: Rulebook, kept: AlertsState, state: VisitState, passed: tuple[Condition, ...], at: datetime
) -> tuple[Payload, ...]:
    monitor = monitors.monitor_now(state.stream)
    # Who hears a monitor need not ask whether one stands there.
    chair = rows.chair(state.chair) if monitor.heard_at is None else None
    has_monitor = chair is not None and chair.monitor is not None
    firing = alerting.conditions(rulebook, state, monitor, at, has_monitor=has_monitor)
    if state.phase not in UNDER_THE_DRUG:
        return episodes.changes(rulebook, kept, firing, passed, at, end="left")
    lately = _lately(rulebook, state, episodes.swinging(kept, firing), at)
    return episodes.changes(rulebook, kept, firing, passed, at, lately=lately)


def _charted(rulebook: Rulebook, state: VisitState, since: int | None, at: datetime) -> Iterable[Condition]:
    """What the checks asked for that were charted or amended just now, if they are of lately."""
    if since is None or state.started is None:
        return
    for fact in state.every(SignsCharted):
        is_fresh = fact.history[-1].seq > since and fact.at <= at
        if is_fresh and fact.at >= max(state.started.at, at - alerting.OLD_AFTER):
            yield from alerting.sign_conditions(rulebook, state, fact.payload.signs, fact.at, "charted")


def _sampled(
    rulebook: Rulebook, state: VisitState, samples: Iterable[Sample], at: datetime
) -> Iterable[Condition]:
    """What each set of values asks for that was measured at one moment, and is not told a second time."""
    for observed_at, values in _sets(state, samples, at - alerting.OLD_AFTER):
        found = _asked(rulebook, state, observed_at, values)
        if found and not monitors.is_heard_before(state.stream, observed_at, values):
            yield from found


def _lately(rulebook: Rulebook, state: VisitState, keys: frozenset[str], at: datetime) -> set[str]:
    """Those of the keys that values of the monitor fired a short while ago, newest first."""
    found: set[str] = set()
    if not keys:
        return found
    since = at - episodes.settles_in(rulebook, at.date())
    sets = list(_sets(state, monitors.samples(state.stream, since), since))
    for observed_at, values in reversed(sets):
        found |= keys & {each.key for each in _asked(rulebook, state, observed_at, values)}
        if found == keys:
            break
    return found


def _sets(
    state: VisitState, samples: Iterable[Sample | Sampled], since: datetime
) -> Iterable[tuple[datetime, dict[str, Decimal]]]:
    """The values of signs that belong together and were measured at one moment, the oldest first."""
    if state.started is None:
        return
    sets: dict[datetime, dict[str, Decimal]] = {}
    for sample in samples:
        if sample.value is not None and sample.observed_at >= max(state.started.at, since):
            sets.setdefault(sample.observed_at, {}).setdefault(sample.sign, sample.value)
    for observed_at, names in product(sorted(sets), alerting.TOGETHER):
        at_once = sets[observed_at]
        yield observed_at, {name: at_once[name] for name in names if name in at_once}


def _asked(
    rulebook: Rulebook, state: VisitState, observed_at: datetime, values: Mapping[str, Decimal]
) -> tuple[Condition, ...]:
    """What values of one moment ask for."""
    signs = alerting.signs_of(values)
    if signs.is_empty:
        return ()
    return alerting.sign_conditions(rulebook, state, signs, observed_at, "monitor")


def _held(visit: StreamId) -> AlertsState:
    """The alerts of a visit, held; their stream is opened when there is none yet."""
    stream = alerts_of(visit)
    try:
        return log.fold_for_update(AlertsState, stream)
    except reading.NoSuchStream:
        pass
    try:
        return log.open_stream(AlertsState, stream)
    except log.StreamExists:
        return log.fold_for_update(AlertsState, stream)


def _append(state: AlertsState, payloads: Iterable[Payload], at: datetime) -> AlertsState:
    drafts = [Draft(payload=payload, happened_at=at) for payload in payloads]
    if not drafts:
        return state
    key = IdempotencyKey(f"{state.stream}/{state.seq}")
    return log.append(state, drafts, by=EVENKEEL, key=key, recorded_at=at)
