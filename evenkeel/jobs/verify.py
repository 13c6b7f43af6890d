"""Walk every hash chain again, that of the limits too, and compare every projection with a fresh fold."""

from collections.abc import Callable

from evenkeel.record.chain import Tampering, check_chain
from evenkeel.store import limit_settings, projections, reading
from evenkeel.values.ids import StreamId, kind_of
from evenkeel.values.shape import frozen


@frozen
class Verification:
    """What a walk over the whole record found."""

    streams: int
    entries: int
    tamperings: tuple[Tampering, ...]
    stale_rows: tuple[StreamId, ...]

    @property
    def holds(self) -> bool:
        """Whether the record is what was written."""
        return not self.tamperings and not self.stale_rows


def verify(progress: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Walk every stream; `progress` is told (streams done, streams in all)."""
    tamperings: list[Tampering] = []
    stale: list[StreamId] = []
    entries = 0
    streams = reading.streams()
    for done, stream in enumerate(streams, start=1):
        found = _walk(stream)
        if isinstance(found, Tampering):
            tamperings.append(found)
        else:
            entries += found
            if found and _is_stale(stream):
                stale.append(stream)
        progress(done, len(streams))
    orphans = reading.streams_without_head()
    tamperings += [
        Tampering(stream=stream, seq=1, sentence="the stream has entries but no head") for stream in orphans
    ]
    stale += projections.rows_without_stream()
    broken = limit_settings.first_broken()
    if broken is not None:
        said = f"row {broken} of the clinic's own limits is not what was written"
        tamperings.append(Tampering(stream=StreamId("setting:limits"), seq=broken, sentence=said))
    return Verification(
        streams=len(streams), entries=entries, tamperings=tuple(tamperings), stale_rows=tuple(stale)
    )


def _walk(stream: StreamId) -> int | Tampering:
    head = reading.head(stream)
    assert head is not None, "the stream was listed a moment ago"
    try:
        entries = reading.entries(stream)
    except Exception as broken:  # whatever a tampered text breaks, the walk goes on and says so
        seq = reading.first_unreadable(stream) or 1
        return Tampering(
            stream=stream, seq=seq, sentence=f"entry {seq} cannot be read ({type(broken).__name__})"
        )
    return check_chain(stream, entries, head.seq, head.hash) or len(entries)


def _is_stale(stream: StreamId) -> bool:
    state = reading.STATE_OF[kind_of(stream)].fold(stream, reading.entries(stream))
    return projections.written(state) != projections.rows_of(state)
