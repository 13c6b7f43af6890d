"""What every use case shares: who acts and when, one transaction, and a request that lands once."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, runtime_checkable

from django.db import IntegrityError, transaction

from evenkeel.journey import alerting, policy
from evenkeel.journey.rules import clinic_day, clinic_time
from evenkeel.record.codec import plainly
from evenkeel.record.entry import Author
from evenkeel.record.state import State
from evenkeel.record.visits import VisitState
from evenkeel.store import access, log, reading
from evenkeel.store.queries import people
from evenkeel.values.ids import ClinicianId, IdempotencyKey, StreamId, kind_of
from evenkeel.values.issues import Issue, UnableTo, refuse
from evenkeel.values.shape import frozen

P = ParamSpec("P")

# How often a use case that lost a race for a stream reads again and decides again before it gives up.
TRIES_MAX = 5
# Two machines' clocks may differ by this much before a time counts as in the future. Proposal.
CLOCK_SLACK: Final = timedelta(minutes=2)


@frozen
class Act:
    """Who does it, when it happened by their account, when it reached us, and the request's key.

    `seen` is how far the stream went on the page that the person acted from, or None when it does not matter.
    `entered_at` is when it was typed on a tablet that could not send it then, or None when it came at once.
    """

    by: Author
    happened_at: datetime
    recorded_at: datetime
    key: IdempotencyKey
    seen: int | None = None
    entered_at: datetime | None = None


@runtime_checkable
class Credential(Protocol):
    """What a second person proves with that they are who they say: `second_person.Proof`."""

    def is_right(self, act: Act, of: ClinicianId) -> bool:
        """Whether it is theirs; asked again for the same act, the answer is the same and costs nothing."""


class ImplausibleTime(UnableTo):
    """The time that the person gave cannot be when it happened."""


class RecordMoved(UnableTo):
    """The record went on since the person's page was made."""


class KeyReused(UnableTo):
    """A request's key came again with other values, or for another request."""


def use_case(
    action: policy.Action,
) -> Callable[
    [Callable[Concatenate[Act, P], StreamId]],
    Callable[Concatenate[Act, P], StreamId],
]:
    """Make a function a use case: permitted, one transaction, once per key, decided again after a lost race.

    The function takes the act first and returns the stream it wrote to. A request sent again returns what the
    first one returned and writes nothing. Credentials are asked for before the transaction when the function
    takes them as `password` (of who acts) or as `second` and `proof_of_second` (of somebody with them).
    """

    def decorate(
        function: Callable[Concatenate[Act, P], StreamId],
    ) -> Callable[Concatenate[Act, P], StreamId]:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

        def once(act: Act, *args: P.args, **kwargs: P.kwargs) -> StreamId:
            with transaction.atomic():
                digest = _digest(act, kwargs)
                earlier = log.earlier(act.key)
                if earlier is not None:
                    return _same_request(earlier, name, act, digest)
                result = _with_its_alerts(act, lambda: function(act, *args, **kwargs))
                sent = log.Sent(action=name, by=act.by.id, digest=digest, result=result)
                log.remember(act.key, sent, recorded_at=act.recorded_at)
                return result

        @wraps(function)
        def run(act: Act, /, *args: P.args, **kwargs: P.kwargs) -> StreamId:
            policy.require(act.by, action)
            # Rules take the day from the moment they are given, and it must be the clinic's day.
            act = replace(act, happened_at=clinic_time(act.happened_at))
            with people.asking_once():
                _ask_first(act, kwargs)
                for _ in range(TRIES_MAX):
                    try:
                        return once(act, *args, **kwargs)
                    except (log.LostRace, IntegrityError):
                        continue
            raise refuse(
                "Others are writing to this record at this moment. Nothing was saved; try again.", code="busy"
            )

        return run

    return decorate


def _with_its_alerts(act: Act, function: Callable[[], StreamId]) -> StreamId:
    """Carry a use case out, and judge every visit that it wrote to: what it asks for is kept with it."""
    with log.gathering() as appended:
        result = function()
    for stream, seq in appended.items():
        if kind_of(stream) == "visit":
            alerting.reconcile(reading.fold(VisitState, stream), act.recorded_at, since=seq)
    return result


def _ask_first(act: Act, values: Mapping[str, object]) -> None:
    """Ask for the credentials that a use case was given: a hash takes long, and SQLite knows one writer."""
    password = values.get("password")
    if isinstance(password, str) and password:
        people.password_is_right(act.by.id, password, at=act.recorded_at)
    second, proof = values.get("second"), values.get("proof_of_second")
    if isinstance(second, str) and isinstance(proof, Credential):
        proof.is_right(act, ClinicianId(second))


def _digest(act: Act, values: Mapping[str, object]) -> str:
    """What was asked, without what proves who asked; two forms with the same values have the same digest."""
    kept = {name: value for name, value in values.items() if "password" not in name and "proof" not in name}
    # A time that nobody gave is that of sending, which differs each time the same form is sent; or that of
    # entering, once a form whose first answer was lost is sent again from a tablet's queue.
    given_at = None if act.happened_at in (act.recorded_at, act.entered_at) else act.happened_at
    return hashlib.sha256(plainly([given_at, kept]).encode()).hexdigest()


def _same_request(earlier: log.Sent, name: str, act: Act, digest: str) -> StreamId:
    """The first answer, when it is the same request; a form gone back to and changed is another one."""
    if (earlier.action, earlier.by, earlier.digest) != (name, act.by.id, digest):
        sentence = (
            "This form was already sent, with other values. Nothing was saved this time. "
            "Open the page again to make a new entry, or amend the one that was made."
        )
        raise KeyReused([Issue(sentence=sentence, code="key-reused")])
    return StreamId(earlier.result)


def require_seen(state: State, act: Act) -> None:
    """Raise RecordMoved, naming what was written since, unless the person acted on the present state."""
    if act.seen is None or act.seen >= state.seq:
        return
    newer = [entry for fact in state.facts for entry in fact.history if entry.seq > act.seen]
    if act.entered_at is not None:
        # What waited on a tablet comes in one after another; nobody needs to be told of their own entries.
        newer = [entry for entry in newer if entry.by.id != act.by.id]
        if not newer:
            return
    newer.sort(key=lambda entry: entry.seq)
    last = newer[-1]
    sentence = (
        f"{last.by.printed_name} wrote to this record after your page was opened "
        f"({len(newer)} new {'entry' if len(newer) == 1 else 'entries'}). "
        "Nothing of yours was saved; look at what is new, then send again."
    )
    raise RecordMoved([Issue(sentence=sentence, code="record-moved")])


def require_plausible_time(act: Act, state: State) -> None:
    """Raise ImplausibleTime for a time in the future, or before the day that the visit is booked for."""
    if act.happened_at > act.recorded_at + CLOCK_SLACK:
        sentence = "Time: it lies in the future. Write when it happened, or leave it empty for now."
        raise ImplausibleTime([Issue(sentence=sentence, code="time-in-future", field="happened_at")])
    if isinstance(state, VisitState) and state.facts:
        day = clinic_day(state.place.starts_at)
        if clinic_day(act.happened_at) < day:
            sentence = f"Time: it lies before {day:%d %b %Y}, the day that this visit is booked for."
            raise ImplausibleTime([Issue(sentence=sentence, code="time-before-visit", field="happened_at")])


def touch(patient: StreamId) -> None:
    """Note in the access log that a use case wrote to this patient's data."""
    access.note(patient)
