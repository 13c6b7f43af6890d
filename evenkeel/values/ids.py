"""Names of things, kept apart by type so that a patient is never passed where a visit is meant."""

import uuid
from typing import Literal, NewType, get_args

EntryId = NewType("EntryId", str)
StreamId = NewType("StreamId", str)
ClinicianId = NewType("ClinicianId", str)
ChairId = NewType("ChairId", str)
IdempotencyKey = NewType("IdempotencyKey", str)

StreamKind = Literal["patient", "course", "visit", "custody", "stockroom", "case", "alerts"]

# Every stream id is derived in this namespace, so that a retried request names the same stream.
STREAMS = uuid.UUID("6b0f3a0e-8a44-5d4b-9a55-2f5f0c2f7c11")


def stream_for(kind: StreamKind, key: IdempotencyKey) -> StreamId:
    """Name a new stream after the request that opens it, so that a request sent twice opens one stream."""
    return StreamId(f"{kind}:{uuid.uuid5(STREAMS, f'{kind}/{key}')}")


def kind_of(stream: StreamId) -> StreamKind:
    """Read the kind from a stream id; an id of no known kind is a broken invariant."""
    kind = stream.partition(":")[0]
    for known in get_args(StreamKind):
        if kind == known:
            return known  # type: ignore[no-any-return]
    raise AssertionError("a stream id has an unknown kind")


def reference_of(stream: StreamId) -> str:
    """Return the part of a stream id that stands in an address: an opaque reference, no patient data."""
    return stream.partition(":")[2]


def stream_of(kind: StreamKind, reference: str) -> StreamId:
    """Build a stream id back from the reference in an address."""
    return StreamId(f"{kind}:{reference}")


def entry_id(stream: StreamId, seq: int) -> EntryId:
    """Name an entry by its place: the stream and its gap-free number."""
    return EntryId(f"{stream}/{seq}")
