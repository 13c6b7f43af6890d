"""State by folding: the entries of a stream, read in order, with amendments in the place of what they amend.

A state is never stored as truth. Folding a whole stream and folding on from any prefix give the same state.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, Self, TypeVar, cast

from evenkeel.record.chain import first_hash
from evenkeel.record.entry import Author, Entry
from evenkeel.record.infusion import MarkedInError
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.shape import frozen

P = TypeVar("P")


@frozen
class Written(Generic[P]):
    """One fact as it now reads, with every version of it: `history[0]` is the original, never lost."""

    id: EntryId
    seq: int
    kind: str
    at: datetime
    by: Author
    payload: P
    history: tuple[Entry, ...]
    in_error: bool = False

    @property
    def is_amended(self) -> bool:
        """Whether this fact was corrected or taken back after it was first written."""
        return len(self.history) > 1


def _as_first_written(entry: Entry) -> Written[Any]:
    return Written(
        id=entry.id,
        seq=entry.seq,
        kind=entry.kind,
        at=entry.happened_at,
        by=entry.by,
        payload=entry.payload,
        history=(entry,),
    )


def _as_amended(fact: Written[Any], entry: Entry) -> Written[Any]:
    history = (*fact.history, entry)
    if isinstance(entry.payload, MarkedInError):
        return replace(fact, history=history, in_error=True)
    return replace(fact, payload=entry.payload, at=entry.happened_at, history=history, in_error=False)


@frozen
class State:
    """The facts of one stream in the order they were first written.

    Subclasses read them in the clinic's words.
    """

    stream: StreamId
    seq: int
    head_hash: str
    facts: tuple[Written[Any], ...]

    @classmethod
    def empty(cls, stream: StreamId) -> Self:
        """The state before the first entry."""
        return cls(stream=stream, seq=0, head_hash=first_hash(stream), facts=())

    @classmethod
    def fold(cls, stream: StreamId, entries: Iterable[Entry]) -> Self:
        """Read a stream from its first entry."""
        return cls.empty(stream).then(entries)

    def then(self, entries: Iterable[Entry]) -> Self:
        """Read on from here: `fold(a + b) == fold(a).then(b)`."""
        facts = list(self.facts)
        places = {fact.id: place for place, fact in enumerate(facts)}
        seq, head_hash = self.seq, self.head_hash
        for entry in entries:
            assert entry.seq == seq + 1, "entries are folded in order, without gaps"
            seq, head_hash = entry.seq, entry.hash
            if entry.amends is None:
                places[entry.id] = len(facts)
                facts.append(_as_first_written(entry))
            else:
                place = places[entry.amends]
                facts[place] = _as_amended(facts[place], entry)
        return replace(self, seq=seq, head_hash=head_hash, facts=tuple(facts))

    def every(self, cls: type[P]) -> tuple[Written[P], ...]:
        """All standing facts of one payload class by clinical time.

        What was marked in error does not count.
        """
        found = [fact for fact in self.facts if isinstance(fact.payload, cls) and not fact.in_error]
        return tuple(cast(list[Written[P]], sorted(found, key=lambda fact: (fact.at, fact.seq))))

    def latest(self, cls: type[P]) -> Written[P] | None:
        """The standing fact of one class that is last in clinical time, or None."""
        found = self.every(cls)
        return found[-1] if found else None

    def fact(self, entry: EntryId) -> Written[Any] | None:
        """The fact that an entry id first wrote, or None."""
        return next((fact for fact in self.facts if fact.id == entry), None)
