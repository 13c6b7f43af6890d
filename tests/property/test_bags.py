"""What holds of a visit's bags however often, and whenever, they are changed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.record.entry import Entry
from evenkeel.record.infusion import (
    BagReplaced,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    RateChanged,
)
from evenkeel.record.series import VisitBooked
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ChairId, ClinicianId
from evenkeel.values.quantities import FlowRate, Volume
from tests.rules.records import COURSE, DRAWN, FROM_VIAL, NOON, ORDER, PATIENT, VISIT, changed, entries_of

# Up to six hours, to the second.
LONG_SECONDS = 6 * 3600

rates = st.integers(1, 9_999).map(lambda tenths: FlowRate(value=Decimal(tenths) / 10))
volumes = st.integers(1, 2_500).map(lambda tenths: Volume(value=Decimal(tenths) / 10))
masses = st.integers(0, 100_000).map(lambda mcg: DrugMass(mcg=mcg))
gaps = st.integers(0, 3_600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def _replaced(draw: st.DrawFn) -> BagReplaced:
    nothing = DrugMass(mcg=0)
    return BagReplaced(
        cause="left_over",
        explanation="",
        given=nothing,
        expected=nothing,
        measured=Volume.of(0),
        wasted=nothing,
        missing=nothing,
        vials=(FROM_VIAL,),
        volume=Volume.of(1),
        drawn=draw(masses),
        bag=draw(volumes),
        second_person=ClinicianId("2"),
        second_person_name="Made-up Second",
        verdicts=(),
    )


@st.composite
def infusions(draw: st.DrawFn) -> tuple[Entry, ...]:
    """A visit as the use cases let it be written: bags are changed in pauses, all in order of time."""
    made_up = changed(DRAWN, drawn=draw(masses), bag=draw(volumes))
    facts: list[tuple[datetime, Any]] = [
        (NOON, _booking()),
        (NOON, ORDER),
        (NOON, made_up),
        (NOON, InfusionStarted(rate=draw(rates), pump="1", cannula_site="left hand", verdicts=())),
    ]
    at, is_running = NOON, True
    for _ in range(draw(st.integers(0, 10))):
        at += draw(gaps)
        if is_running:
            facts.append((at, draw(st.just(InfusionPaused(reason="")) | st.builds(_other_rate, rates))))
        else:
            facts.append((at, draw(_replaced() | st.builds(_resumed, rates))))
        is_running = not isinstance(facts[-1][1], InfusionPaused | BagReplaced)
    if draw(st.booleans()):
        facts.append((at + draw(gaps), InfusionStopped(reason="completed", note="", pump_volume=None)))
    return entries_of(VISIT, facts)


def _booking() -> VisitBooked:
    return VisitBooked(
        patient=PATIENT,
        course=COURSE,
        chair=ChairId("1"),
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=3),
        number=1,
        purpose="induction",
    )


def _other_rate(rate: FlowRate) -> RateChanged:
    return RateChanged(rate=rate, reason="")


def _resumed(rate: FlowRate) -> InfusionResumed:
    return InfusionResumed(rate=rate)


moments = st.integers(0, LONG_SECONDS).map(lambda seconds: NOON + timedelta(seconds=seconds))


@settings(max_examples=50)
@given(entries=infusions(), data=st.data())
def test_replay_from_any_prefix_agrees(entries: tuple[Entry, ...], data: st.DataObject) -> None:
    split = data.draw(st.integers(0, len(entries)))
    whole = VisitState.fold(VISIT, entries)
    assert VisitState.fold(VISIT, entries[:split]).then(entries[split:]) == whole


@settings(max_examples=50)
@given(entries=infusions(), at=moments)
def test_what_comes_later_never_changes_what_was_given_before(
    entries: tuple[Entry, ...], at: datetime
) -> None:
    so_far = VisitState.fold(VISIT, [entry for entry in entries if entry.happened_at <= at])
    whole = VisitState.fold(VISIT, entries)
    assert so_far.given(at) == whole.given(at)
    assert so_far.volume_run(at) == whole.volume_run(at)
    assert so_far.volume_left(at) == whole.volume_left(at)


@settings(max_examples=50)
@given(entries=infusions(), at=moments)
def test_no_bag_gives_more_than_was_drawn_into_it(entries: tuple[Entry, ...], at: datetime) -> None:
    state = VisitState.fold(VISIT, entries)
    for bag in state.bags:
        assert 0 <= state.volume_from(bag, at) <= bag.volume.value
        assert state.given_from(bag, at) <= bag.drawn
    drawn = sum((bag.drawn for bag in state.bags), DrugMass(mcg=0))
    assert state.given(at) <= drawn


@settings(max_examples=50)
@given(entries=infusions(), first=moments, second=moments)
def test_what_was_given_is_never_less_later(
    entries: tuple[Entry, ...], first: datetime, second: datetime
) -> None:
    state = VisitState.fold(VISIT, entries)
    earlier, later = sorted((first, second))
    assert state.given(earlier) <= state.given(later)
    assert state.volume_run(earlier) <= state.volume_run(later)


@settings(max_examples=50)
@given(entries=infusions(), at=moments)
def test_the_last_bag_to_hang_is_the_one_that_is_left_over(entries: tuple[Entry, ...], at: datetime) -> None:
    state = VisitState.fold(VISIT, entries)
    hung = [entry for entry in entries if entry.kind == "bag.replaced" and entry.happened_at <= at]
    made_up = hung[-1].payload if hung else DRAWN
    bag = state.bag(at)
    assert bag is not None
    if isinstance(made_up, BagReplaced):
        assert (bag.drawn, bag.volume) == (made_up.drawn, made_up.bag)
    else:
        assert bag == state.bags[0]
