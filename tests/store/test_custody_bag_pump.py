"""The pump's record around a bag change: what can still be put right, and what chart and rules follow."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from evenkeel.journey import amendments, infusion
from evenkeel.journey.custody.weld import UnableToSettle, VialTake
from evenkeel.journey.rules import book
from evenkeel.record.infusion import InfusionPaused, InfusionStopped, RateChanged
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.quantities import FlowRate, Volume
from evenkeel.web.infusion_data import chart_data, empty_at, runs
from tests import factories_chairside as chairside
from tests.factories import act, people
from tests.store.test_custody_bag import (
    CHANGED_AT,
    PAUSED_AT,
    RESUMED_AT,
    START,
    by_place,
    change,
    codes,
    lot_of,
    paused_visit,
    reads,
    resume,
)

pytestmark = pytest.mark.django_db


def entry_of(visit: StreamId, cls: type) -> EntryId:
    """The last entry of a kind."""
    fact: Written[object] | None = reading.visit(visit).latest(cls)
    assert fact is not None
    return EntryId(fact.id)


def test_nothing_of_the_pump_comes_before_the_change() -> None:
    visit = paused_visit()
    change(visit)
    with pytest.raises(infusion.UnableToStop) as stopped:
        chairside.stop(visit, CHANGED_AT - timedelta(minutes=1))
    assert codes(stopped) == {("before-last-change", "happened_at")}
    with pytest.raises(infusion.UnableToResume) as resumed:
        resume(visit, CHANGED_AT - timedelta(minutes=1))
    assert codes(resumed) == {("before-last-change", "happened_at")}


def test_stopping_at_the_moment_of_the_change_is_never_held_up() -> None:
    visit = paused_visit()
    change(visit)
    chairside.stop(visit, CHANGED_AT)
    assert by_place(lot_of(visit))["patient"] == 17_500
    assert reading.visit(visit).given(CHANGED_AT) == DrugMass.mg("17.5")


def amend(visit: StreamId, cls: type, payload: Any, *, at: datetime | None = None) -> None:
    """The nurse puts an entry right, two hours later."""
    amendments.amend_entry(
        act(people().nurse, RESUMED_AT + timedelta(hours=2)),
        stream=visit,
        entry=entry_of(visit, cls),
        payload=payload,
        reason="read wrongly",
        happened_at=at,
    )


def test_the_pump_before_the_change_can_no_longer_be_put_right() -> None:
    visit = chairside.running_visit()
    infusion.change_rate(
        act(people().nurse, START + timedelta(minutes=5)), visit=visit, rate=FlowRate.of(120), reason=""
    )
    # 12.5 mL and 15 minutes at 2 mL a minute are 42.5 mL, of which 57.5 mL are left.
    infusion.pause(act(people().nurse, PAUSED_AT), visit=visit, reason="the bag leaks")
    change(visit, rest="57.5")
    before, held = reading.visit(visit), custody.balances(None)
    with pytest.raises(UnableToSettle) as refusal:
        amend(visit, RateChanged, RateChanged(rate=FlowRate.of(60), reason=""))
    assert codes(refusal) == {("bag-changed-since", "happened_at")}
    assert "14.875 mg" in refusal.value.issues[0].sentence
    pause = before.latest(InfusionPaused)
    assert pause is not None
    with pytest.raises(UnableToSettle):
        amend(visit, InfusionPaused, pause.payload, at=PAUSED_AT - timedelta(minutes=1))
    with pytest.raises(UnableToSettle):
        amendments.mark_in_error(
            act(people().nurse, RESUMED_AT + timedelta(hours=2)),
            stream=visit,
            entry=entry_of(visit, InfusionPaused),
            reason="never paused",
        )
    assert reading.visit(visit) == before
    assert custody.balances(None) == held


def test_the_pause_is_not_moved_behind_the_change() -> None:
    visit = paused_visit()
    change(visit)
    pause = reading.visit(visit).latest(InfusionPaused)
    assert pause is not None
    with pytest.raises(amendments.UnableToAmend) as refusal:
        amend(visit, InfusionPaused, pause.payload, at=CHANGED_AT + timedelta(minutes=1))
    assert codes(refusal) == {("before-other-change", "happened_at")}


def stopped_after_change() -> tuple[StreamId, InfusionStopped, datetime]:
    """A visit whose second bag ran for 10 of its 20 minutes, the stop, and when it was."""
    visit = paused_visit()
    change(visit)
    resume(visit)
    at = RESUMED_AT + timedelta(minutes=10)
    infusion.stop(act(people().nurse, at), visit=visit, reason="patient_wish", note="", pump_volume=None)
    stop = reading.visit(visit).latest(InfusionStopped)
    assert stop is not None
    return visit, stop.payload, at


@pytest.mark.parametrize(("minutes", "given_mcg"), [(-6, 20_125 + 875), (4, 29_750), (30, 35_000)])
def test_the_pump_after_the_change_is_put_right_and_the_ledger_follows(minutes: int, given_mcg: int) -> None:
    # 0.875 mg a minute: 4, 14 and all of 20 minutes of the second bag.
    visit, stop, at = stopped_after_change()
    amend(visit, InfusionStopped, stop, at=at + timedelta(minutes=minutes))
    state: VisitState = reading.visit(visit)
    assert state.stopped is not None
    assert state.given(state.stopped.at).mcg == given_mcg
    assert by_place(lot_of(visit))["patient"] == given_mcg


def test_a_stop_that_never_was_gives_the_new_bag_back_and_not_the_old() -> None:
    visit, _, at = stopped_after_change()
    amendments.mark_in_error(
        act(people().nurse, at + timedelta(minutes=1)),
        stream=visit,
        entry=entry_of(visit, InfusionStopped),
        reason="the wrong patient's page",
    )
    lot = lot_of(visit)
    assert (by_place(lot)["patient"], by_place(lot)["bag"]) == (17_500, 17_500)
    chairside.stop(visit, RESUMED_AT + timedelta(minutes=20))
    assert by_place(lot)["patient"] == 35_000


def test_going_on_asks_the_rules_of_the_bag_that_hangs() -> None:
    visit = paused_visit()
    change(visit)
    resume(visit)
    state = reading.visit(visit)
    assert state.phase == "running"
    assert state.bag(RESUMED_AT) == state.bags[1]
    assert state.bags[1].mcg_per_ml == Decimal(350)


def test_the_chart_follows_the_bag_that_hangs() -> None:
    visit = paused_visit()
    small = VialTake(lot=lot_of(visit), number="", volume=Volume.of("0.20"))
    # 10 mg in 29 mL are 0.345 mg/mL, less than 2 % from the order's 0.35.
    bag = Volume.of(29)
    change(visit, takes=(small,), bag=bag, read=reads(volume=small.volume, bag=bag))
    resume(visit)
    state, at = reading.visit(visit), RESUMED_AT + timedelta(minutes=7)
    first, second = runs(state, at)
    assert (first.from_at, first.to_at, first.mg_since_start) == (START, PAUSED_AT, Fraction("17.5"))
    # 7 minutes at 2.5 mL a minute are 17.5 of the 29 mL, with as large a part of the 10 mg.
    assert (second.from_at, second.to_at) == (RESUMED_AT, at)
    assert second.mg_since_start == Fraction("17.5") + Fraction(175, 29)
    # The other 11.5 mL last 4.6 minutes.
    assert empty_at(state, at) == at + timedelta(minutes=4, seconds=36)
    (_, emptied) = runs(state, at + timedelta(hours=1))
    assert emptied.to_at == RESUMED_AT + timedelta(minutes=11, seconds=36)
    assert emptied.mg_since_start == Fraction("27.5")
    data = chart_data(state, (), book(), zone="America/New_York", at=at, age_years=44.0, is_level_shown=True)
    assert [part["given_mg"] for part in data["drug"]] == [17.5, 23.5]
    # 150 mL/h of 0.35 mg/mL are 0.875 mg a minute; of 10 mg in 29 mL they are 0.862.
    assert [part["rate_mg_per_min"] for part in data["drug"]] == [0.875, 0.862]
    assert [event["label"] for event in data["events"] if event["kind"] == "bag"] == [
        "New bag 10 mg in 29 mL"
    ]
    assert data["predicted"] is not None
