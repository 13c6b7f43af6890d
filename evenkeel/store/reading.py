"""Reading streams: rows to entries, entries to states."""

import json
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Final, TypeVar

from evenkeel.record.alerts import AlertsState
from evenkeel.record.chain import first_hash
from evenkeel.record.codec import decode
from evenkeel.record.counting import CaseState, StockroomState
from evenkeel.record.courses import CourseState
from evenkeel.record.custody import LotState
from evenkeel.record.entry import Author, Entry, Role, RuleRef
from evenkeel.record.patients import PatientState
from evenkeel.record.state import State
from evenkeel.record.visits import VisitState
from evenkeel.store import access, models
from evenkeel.values.ids import ClinicianId, EntryId, IdempotencyKey, StreamId, StreamKind, entry_id, kind_of
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc

S = TypeVar("S", bound=State)

STATE_OF: Final[dict[StreamKind, type[State]]] = {
    "patient": PatientState,
    "course": CourseState,
    "visit": VisitState,
    "custody": LotState,
    "stockroom": StockroomState,
    "case": CaseState,
    "alerts": AlertsState,
}

# States are immutable and checked against the stream's head; keeping some saves reading whole streams again.
KEPT_STATES_MAX = 400
_kept: OrderedDict[StreamId, State] = OrderedDict()
_kept_lock = Lock()


class NoSuchStream(LookupError):
    """No stream of that id: an address was mistyped or belongs to another clinic."""


@frozen
class Head:
    """How far a stream goes and the hash it ends with."""

    seq: int
    hash: str


def _entry(row: models.Entry) -> Entry:
    stream = StreamId(row.stream_id)
    role: Role = row.by_role  # type: ignore[assignment]  # written from a Role
    return Entry(
        id=entry_id(stream, row.seq),
        stream=stream,
        seq=row.seq,
        kind=row.kind,
        version=row.version,
        happened_at=utc(row.happened_at),
        recorded_at=utc(row.recorded_at),
        by=Author(id=ClinicianId(row.by_id), role=role, printed_name=row.by_name),
        key=IdempotencyKey(row.key),
        amends=EntryId(row.amends) if row.amends else None,
        amend_reason=row.amend_reason,
        payload=decode(row.kind, row.version, row.payload),
        rules=tuple(RuleRef.read(written) for written in json.loads(row.rules)),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )


def head(stream: StreamId, *, locked: bool = False) -> Head | None:
    """Return the head of a stream, or None; `locked` holds it until the transaction ends."""
    rows = models.Stream.objects.select_for_update() if locked else models.Stream.objects
    row = rows.filter(pk=stream).values_list("seq", "head_hash").first()
    return Head(seq=row[0], hash=row[1]) if row else None


def entries(stream: StreamId, *, after: int = 0) -> tuple[Entry, ...]:
    """Return the entries of a stream in order, from the one after `after`."""
    rows = models.Entry.objects.filter(stream_id=stream, seq__gt=after).order_by("seq")
    return tuple(_entry(row) for row in rows)


def streams(kind: str | None = None) -> list[StreamId]:
    """Return every stream id, of one kind or of all."""
    rows = models.Stream.objects.filter(kind=kind) if kind else models.Stream.objects
    return [StreamId(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)]


def streams_without_head() -> list[StreamId]:
    """Return streams that have entries but no head row: somebody took the head away."""
    heads = models.Stream.objects.values_list("pk", flat=True)
    rows = models.Entry.objects.exclude(stream_id__in=heads).values_list("stream_id", flat=True).distinct()
    return [StreamId(pk) for pk in rows]


def first_unreadable(stream: StreamId) -> int | None:
    """Return the number of the first entry that cannot be read back, or None when all can."""
    for row in models.Entry.objects.filter(stream_id=stream).order_by("seq"):
        try:
            _entry(row)
        except Exception:  # a tampered text may break the reading in any way
            return row.seq
    return None


def fold(cls: type[S], stream: StreamId, *, locked: bool = False) -> S:
    """Fold a stream to its present state; raises NoSuchStream when there is none of that id."""
    assert STATE_OF[kind_of(stream)] is cls, "a stream is folded as what it is"
    found = head(stream, locked=locked)
    if found is None:
        raise NoSuchStream
    return _folded_to(cls, stream, found)


def folds(cls: type[S], streams: Iterable[StreamId]) -> dict[StreamId, S]:
    """Fold many streams to their present states, in the order given; those that are not there are left out.

    It asks once how far all of them have gone, and then only for what is new in one.
    """
    asked = list(streams)
    rows = models.Stream.objects.filter(pk__in=asked).values_list("pk", "seq", "head_hash")
    heads = {pk: Head(seq=seq, hash=head_hash) for pk, seq, head_hash in rows}
    return {stream: _folded_to(cls, stream, heads[stream]) for stream in asked if stream in heads}


def _folded_to(cls: type[S], stream: StreamId, found: Head) -> S:
    with _kept_lock:
        kept = _kept.get(stream)
    state = kept if isinstance(kept, cls) and kept.seq <= found.seq else cls.empty(stream)
    if (state.seq, state.head_hash) != (found.seq, found.hash):
        newer = entries(stream, after=state.seq)
        if newer and newer[0].previous_hash != state.head_hash:
            state, newer = cls.empty(stream), entries(stream)
        state = state.then(newer) if newer else cls.fold(stream, entries(stream))
        _keep(state)
    return state


def _keep(state: State) -> None:
    with _kept_lock:
        _kept[state.stream] = state
        _kept.move_to_end(state.stream)
        while len(_kept) > KEPT_STATES_MAX:
            _kept.popitem(last=False)


def patient(stream: StreamId) -> PatientState:
    """Return a patient as the record now reads, and note the access."""
    access.note(stream)
    return fold(PatientState, stream)


def course(stream: StreamId) -> CourseState:
    """Return a course as the record now reads, and note the access to its patient."""
    state = fold(CourseState, stream)
    access.note(state.referral.patient)
    return state


def visit(stream: StreamId) -> VisitState:
    """Return a visit as the record now reads, and note the access to its patient."""
    state = fold(VisitState, stream)
    access.note(state.booking.payload.patient)
    return state


def lot(stream: StreamId) -> LotState:
    """Return a lot of the ledger as the record now reads."""
    return fold(LotState, stream)


def case(stream: StreamId) -> CaseState:
    """Return a case of missing or surplus drug as the record now reads."""
    return fold(CaseState, stream)


def fresh_head(stream: StreamId) -> Head:
    """The head of a stream that has no entry yet."""
    return Head(seq=0, hash=first_hash(stream))
