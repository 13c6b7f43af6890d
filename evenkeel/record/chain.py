"""The hash chain of a stream: every entry carries the hash of the one before it."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from evenkeel.record.codec import canonical, encode, kind_of_payload
from evenkeel.record.entry import Author, Draft, Entry
from evenkeel.values.ids import IdempotencyKey, StreamId, entry_id
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc, written


def first_hash(stream: StreamId) -> str:
    """What stands before the first entry of a stream: the stream's own name, so chains cannot be swapped."""
    return hashlib.sha256(stream.encode()).hexdigest()


def hash_of(entry: Entry) -> str:
    """SHA-256 over everything in the entry except the hash itself."""
    body = {
        "id": entry.id,
        "stream": entry.stream,
        "seq": entry.seq,
        "kind": entry.kind,
        "version": entry.version,
        "happened_at": written(entry.happened_at),
        "recorded_at": written(entry.recorded_at),
        "by": [entry.by.id, entry.by.role, entry.by.printed_name],
        "key": entry.key,
        "amends": entry.amends,
        "amend_reason": entry.amend_reason,
        "payload": encode(entry.payload),
        "rules": [ref.written for ref in entry.rules],
        "previous_hash": entry.previous_hash,
    }
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def seal(
    draft: Draft,
    *,
    stream: StreamId,
    seq: int,
    previous_hash: str,
    by: Author,
    key: IdempotencyKey,
    recorded_at: datetime,
) -> Entry:
    """Make the entry that a draft becomes at its place in a stream, with its hash."""
    kind, version = kind_of_payload(draft.payload)
    unsealed = Entry(
        id=entry_id(stream, seq),
        stream=stream,
        seq=seq,
        kind=kind,
        version=version,
        happened_at=utc(draft.happened_at),
        recorded_at=utc(recorded_at),
        by=by,
        key=key,
        amends=draft.amends,
        amend_reason=draft.amend_reason,
        payload=draft.payload,
        rules=draft.rules,
        previous_hash=previous_hash,
        hash="",
    )
    return replace(unsealed, hash=hash_of(unsealed))


@frozen
class Tampering:
    """Where a chain stops being what was written, in words."""

    stream: StreamId
    seq: int
    sentence: str


def check_chain(
    stream: StreamId, entries: Iterable[Entry], head_seq: int, head_hash: str
) -> Tampering | None:
    """Walk a stream and name the first entry that is not what was written; None when the chain holds."""
    previous = first_hash(stream)
    seq = 0
    for entry in entries:
        seq += 1
        if entry.seq != seq or entry.id != entry_id(stream, seq):
            return Tampering(stream=stream, seq=seq, sentence=f"entry {seq} is missing or out of place")
        if entry.previous_hash != previous:
            return Tampering(
                stream=stream, seq=seq, sentence=f"entry {seq} does not follow the one before it"
            )
        if hash_of(entry) != entry.hash:
            return Tampering(stream=stream, seq=seq, sentence=f"entry {seq} is not what was written")
        previous = entry.hash
    if (seq, previous) != (head_seq, head_hash):
        return Tampering(
            stream=stream, seq=seq + 1, sentence=f"the stream ends at entry {seq}, its head says {head_seq}"
        )
    return None
