"""What folding and the hash chain promise, whatever was written."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.record import (  # noqa: F401  # importing declares every payload kind
    checkin,
    counting,
    custody,
    discharge,
    infusion,
    maintenance,
    ordering,
    outcomes,
    preparation,
    referral,
    screening,
    series,
)
from evenkeel.record.chain import check_chain
from evenkeel.record.codec import decode, encode, known_kinds, plainly
from evenkeel.record.entry import Entry, RuleRef
from evenkeel.record.infusion import MarkedInError, NoteWritten
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values import quantities
from evenkeel.values.dose import Dose
from evenkeel.values.drug import DrugMass, Strength
from tests.property.streams import STREAM, streams

plain_decimals = st.integers(0, 10**6).map(lambda scaled: Decimal(scaled) / 100)
st.register_type_strategy(Decimal, plain_decimals)
st.register_type_strategy(
    datetime,
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
st.register_type_strategy(date, st.dates())
st.register_type_strategy(DrugMass, st.builds(DrugMass, mcg=st.integers(0, 10**9)))
st.register_type_strategy(Strength, st.builds(Strength, mcg_per_ml=st.integers(1, 10**6)))
st.register_type_strategy(
    Verdict,
    st.builds(
        Verdict,
        rule=st.builds(RuleRef, setting=st.integers(0, 3)),
        answer=st.sampled_from(["fires", "unknown"]),
        severity=st.sampled_from(["advise", "block"]),
        sentence=st.text(max_size=10),
        evidence=st.just(("a",)),
    ),
)
_words = st.text(min_size=1, max_size=10).map(lambda text: text + "x")
st.register_type_strategy(
    custody.Account,
    st.builds(custody.Account, site=_words, place=st.sampled_from(get_args(custody.Place)), ref=_words),
)
st.register_type_strategy(
    custody.Item,
    st.builds(custody.Item, vial=st.builds(DrugMass, mcg=st.integers(1, 10**9)), lot=_words),
)
for _cls in vars(quantities).values():
    if isinstance(_cls, type) and issubclass(_cls, quantities.Quantity):
        st.register_type_strategy(_cls, st.builds(_cls, value=plain_decimals))
st.register_type_strategy(
    Dose,
    st.builds(
        Dose.of,
        per_weight=st.just(quantities.DosePerWeight.of("0.5")),
        weight=st.integers(30, 250).map(lambda kg: quantities.Weight(value=Decimal(kg))),
        strength=st.just(Strength.mg_per_ml(50)),
        bag=st.just(quantities.Volume.of(100)),
        duration=st.just(quantities.Minutes.of(40)),
    ),
)


def head_of(entries: tuple[Entry, ...]) -> tuple[int, str]:
    """Where the stream ends, as the store keeps it."""
    return entries[-1].seq, entries[-1].hash


@pytest.mark.parametrize(("kind", "version"), sorted(known_kinds()))
@settings(max_examples=25)
@given(data=st.data())
def test_every_payload_reads_back_as_it_was_written(kind: str, version: int, data: st.DataObject) -> None:
    payload = data.draw(st.from_type(known_kinds()[kind, version]))
    assert decode(kind, version, encode(payload)) == payload


@given(entries=streams(), data=st.data())
def test_folding_on_from_any_prefix_agrees_with_folding_the_whole(
    entries: tuple[Entry, ...], data: st.DataObject
) -> None:
    split = data.draw(st.integers(0, len(entries)))
    assert VisitState.fold(STREAM, entries[:split]).then(entries[split:]) == VisitState.fold(STREAM, entries)


@given(entries=streams())
def test_an_amendment_never_loses_the_original(entries: tuple[Entry, ...]) -> None:
    state = VisitState.fold(STREAM, entries)
    kept = [entry for fact in state.facts for entry in fact.history]
    assert sorted(entry.seq for entry in kept) == [entry.seq for entry in entries]
    for fact in state.facts:
        assert fact.history[0].amends is None
        assert fact.history[0].id == fact.id
        last = fact.history[-1]
        assert fact.in_error == isinstance(last.payload, MarkedInError)
        if not fact.in_error:
            assert (fact.payload, fact.at) == (last.payload, last.happened_at)


@given(entries=streams())
def test_what_was_marked_in_error_does_not_count_and_stays_readable(entries: tuple[Entry, ...]) -> None:
    state = VisitState.fold(STREAM, entries)
    standing = state.every(NoteWritten)
    assert not any(fact.in_error for fact in standing)
    written = {entry.id for entry in entries if entry.amends is None and entry.kind == "note.written"}
    assert {fact.id for fact in state.facts if fact.kind == "note.written"} == written


@given(entries=streams())
def test_an_untouched_chain_holds(entries: tuple[Entry, ...]) -> None:
    assert check_chain(STREAM, entries, *head_of(entries)) is None


def _changed(value: Any) -> Any:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return (*value, RuleRef(rule="XXX-000", version=1))
    if value is None:
        return "something"
    if isinstance(value, str):
        return value + "x"
    return NoteWritten(text="forged") if value != NoteWritten(text="forged") else NoteWritten(text="again")


@given(entries=streams(), data=st.data())
def test_the_chain_shows_any_change_of_any_field_of_any_entry(
    entries: tuple[Entry, ...], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(Entry) if field.name != "by"]))
    forged = replace(entries[place], **{name: _changed(getattr(entries[place], name))})
    found = check_chain(STREAM, [*entries[:place], forged, *entries[place + 1 :]], *head_of(entries))
    assert found is not None
    assert found.seq == place + 1


@given(entries=streams(), data=st.data())
def test_the_chain_shows_another_author(entries: tuple[Entry, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    by = replace(entries[place].by, printed_name=entries[place].by.printed_name + "x")
    forged = replace(entries[place], by=by)
    found = check_chain(STREAM, [*entries[:place], forged, *entries[place + 1 :]], *head_of(entries))
    assert found is not None
    assert found.seq == place + 1


@given(entries=streams(min_size=2), data=st.data())
def test_the_chain_shows_a_missing_entry_even_the_last(
    entries: tuple[Entry, ...], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    assert check_chain(STREAM, [*entries[:place], *entries[place + 1 :]], *head_of(entries)) is not None


@given(entries=streams(min_size=2), data=st.data())
def test_the_chain_shows_two_entries_that_changed_places(
    entries: tuple[Entry, ...], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(entries) - 2))
    swapped = list(entries)
    swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
    assert check_chain(STREAM, swapped, *head_of(entries)) is not None


@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_moment_is_written_alike_in_every_zone(moment: datetime) -> None:
    assert plainly([moment]) == plainly([moment.astimezone(UTC)])
