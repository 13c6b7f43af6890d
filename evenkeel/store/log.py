"""The append-only log. Only the journey writes, and this module is all it writes through."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction

from evenkeel.record.chain import seal
from evenkeel.record.codec import encode
from evenkeel.record.entry import Author, Draft, Entry
from evenkeel.record.state import State
from evenkeel.store import models, projections, reading
from evenkeel.values.ids import ClinicianId, IdempotencyKey, StreamId, kind_of
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc

S = TypeVar("S", bound=State)


_appended: ContextVar[dict[StreamId, int] | None] = ContextVar("appended", default=None)


class StreamExists(Exception):
    """A stream of that id was opened before."""


class LostRace(Exception):
    """Somebody else appended between reading and writing; nothing of this write is kept."""


def fold_for_update(cls: type[S], stream: StreamId) -> S:
    """Fold a stream and hold it, so that nobody else appends until this transaction ends."""
    assert transaction.get_connection().in_atomic_block, "a stream is held inside a transaction"
    return reading.fold(cls, stream, locked=True)


def open_stream(cls: type[S], stream: StreamId) -> S:
    """Open a stream for its first entry; raises StreamExists when the id is taken."""
    first = reading.fresh_head(stream)
    try:
        with transaction.atomic():
            models.Stream.objects.create(pk=stream, kind=kind_of(stream), seq=0, head_hash=first.hash)
    except IntegrityError as taken:
        raise StreamExists from taken
    return cls.empty(stream)


@contextmanager
def gathering() -> Iterator[dict[StreamId, int]]:
    """Gather the streams that are appended to inside the block, each with how far it went before."""
    streams: dict[StreamId, int] = {}
    token = _appended.set(streams)
    try:
        yield streams
    finally:
        _appended.reset(token)


def append(state: S, drafts: Sequence[Draft], *, by: Author, key: IdempotencyKey, recorded_at: datetime) -> S:
    """Append drafts after the state that they were decided on, and write the projection with them.

    Returns the new state. Raises LostRace, keeping nothing, when the stream has moved since `state`.
    """
    assert drafts, "appending nothing is a broken use case"
    written: list[Entry] = []
    seq, previous = state.seq, state.head_hash
    for draft in drafts:
        seq += 1
        entry = seal(
            draft,
            stream=state.stream,
            seq=seq,
            previous_hash=previous,
            by=by,
            key=key,
            recorded_at=recorded_at,
        )
        written.append(entry)
        previous = entry.hash
    try:
        with transaction.atomic():
            models.Entry.objects.bulk_create(_row(entry) for entry in written)
            moved = models.Stream.objects.filter(pk=state.stream, seq=state.seq, head_hash=state.head_hash)
            if moved.update(seq=seq, head_hash=previous) != 1:
                raise LostRace
    except IntegrityError as taken:
        raise LostRace from taken
    after = state.then(written)
    projections.write(after)
    gathered = _appended.get()
    if gathered is not None:
        gathered.setdefault(state.stream, state.seq)
    return after


def _row(entry: Entry) -> models.Entry:
    return models.Entry(
        stream_id=entry.stream,
        seq=entry.seq,
        kind=entry.kind,
        version=entry.version,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        by_id=entry.by.id,
        by_role=entry.by.role,
        by_name=entry.by.printed_name,
        key=entry.key,
        amends=entry.amends,
        amend_reason=entry.amend_reason,
        payload=encode(entry.payload),
        rules=json.dumps([ref.written for ref in entry.rules]),
        previous_hash=entry.previous_hash,
        hash=entry.hash,
    )


@frozen
class Sent:
    """A request that was carried out: what was asked, by whom, a digest of its values, what came of it."""

    action: str
    by: ClinicianId
    digest: str
    result: str


def earlier(key: IdempotencyKey) -> Sent | None:
    """Return the request that was carried out under this key, or None."""
    row = models.Submission.objects.filter(pk=key).first()
    if row is None:
        return None
    return Sent(action=row.action, by=ClinicianId(row.by_id), digest=row.digest, result=row.result)


def remember(key: IdempotencyKey, sent: Sent, *, recorded_at: datetime) -> None:
    """Remember that the request was carried out; raises IntegrityError when a twin was faster."""
    models.Submission.objects.create(
        pk=key,
        action=sent.action,
        by_id=sent.by,
        digest=sent.digest,
        result=sent.result,
        recorded_at=utc(recorded_at),
    )
