"""Made-up streams for properties: any mix of facts, amendments and entries marked in error."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from evenkeel.record.chain import first_hash, seal
from evenkeel.record.entry import Author, Draft, Entry
from evenkeel.record.infusion import EventRecorded, MarkedInError, NoteWritten, SignsCharted
from evenkeel.record.signs import Signs
from evenkeel.values.ids import ClinicianId, EntryId, IdempotencyKey, StreamId
from evenkeel.values.quantities import Pressure, Pulse, Saturation

STREAM = StreamId("visit:00000000-0000-0000-0000-000000000001")
START = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)

authors = st.builds(
    Author,
    id=st.sampled_from([ClinicianId("1"), ClinicianId("2")]),
    role=st.sampled_from(["nurse", "prescriber"]),
    printed_name=st.text(min_size=1, max_size=12),
)
moments = st.integers(0, 7200).map(lambda seconds: START + timedelta(seconds=seconds))
notes = st.builds(NoteWritten, text=st.text(max_size=20))
events = st.builds(
    EventRecorded,
    event=st.sampled_from(["nausea", "headache"]),
    grade=st.none() | st.integers(1, 5),
    note=st.text(max_size=10),
)
signs = st.builds(
    SignsCharted,
    signs=st.builds(
        Signs,
        systolic=st.none() | st.integers(60, 220).map(lambda value: Pressure(value=Decimal(value))),
        pulse=st.none() | st.integers(30, 180).map(lambda value: Pulse(value=Decimal(value))),
        spo2=st.none() | st.integers(70, 100).map(lambda value: Saturation(value=Decimal(value))),
    ),
    source=st.sampled_from(["manual", "monitor"]),
    confirmed=st.just(()),
    verdicts=st.just(()),
)
payloads = notes | events | signs


@st.composite
def streams(draw: st.DrawFn, min_size: int = 1) -> tuple[Entry, ...]:
    """A stream of up to twelve entries as the store would have written it."""
    entries: list[Entry] = []
    previous = first_hash(STREAM)
    for seq in range(1, draw(st.integers(min_size, 12)) + 1):
        draft = draw(_drafts(entries))
        entry = seal(
            draft,
            stream=STREAM,
            seq=seq,
            previous_hash=previous,
            by=draw(authors),
            key=IdempotencyKey(f"key-{seq}"),
            recorded_at=START + timedelta(hours=3, seconds=seq),
        )
        entries.append(entry)
        previous = entry.hash
    return tuple(entries)


@st.composite
def _drafts(draw: st.DrawFn, before: Sequence[Entry]) -> Draft:
    originals = [entry for entry in before if entry.amends is None]
    how = draw(st.sampled_from(["write", "write", "amend", "error"])) if originals else "write"
    if how == "write":
        return Draft(payload=draw(payloads), happened_at=draw(moments))
    target = draw(st.sampled_from(originals))
    payload = MarkedInError(entry=target.id) if how == "error" else draw(_same_kind(target))
    reason = draw(st.text(min_size=1, max_size=10))
    return Draft(payload=payload, happened_at=draw(moments), amends=EntryId(target.id), amend_reason=reason)


def _same_kind(entry: Entry) -> st.SearchStrategy[object]:
    return {"note.written": notes, "event.recorded": events, "signs.charted": signs}[entry.kind]
