"""A visit whose bag was changed: which bag hangs when, and what each one gave."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from evenkeel.clinical.ordering import RestOfDose, rest_of_dose
from evenkeel.record.infusion import (
    BagReplaced,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
)
from evenkeel.record.ordering import OrderCancelled
from evenkeel.record.visits import Bag, VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import FlowRate, Volume
from tests.rules.records import DOSE, DRAWN, FROM_VIAL, NOON, ORDER, changed, visit

MINUTE = timedelta(minutes=1)
ORDERED = (NOON - 30 * MINUTE, ORDER)
MADE_UP = (NOON - 20 * MINUTE, DRAWN)
STARTED = (NOON, InfusionStarted(rate=DOSE.rate, pump="1", cannula_site="left hand", verdicts=()))
PAUSED = (NOON + 10 * MINUTE, InfusionPaused(reason="the bag leaks"))
RESUMED = (NOON + 20 * MINUTE, InfusionResumed(rate=DOSE.rate))
STOPPED = (NOON + 60 * MINUTE, InfusionStopped(reason="completed", note="", pump_volume=None))


def replaced(minutes: int = 15, drawn_mg: str = "30", bag_ml: str = "75", **changes: Any) -> Any:
    """Another bag, by default with the 30 mg that were not given yet, in 75 mL."""
    made = BagReplaced(
        cause="spilled",
        explanation="",
        given=DrugMass.mg(10),
        expected=DrugMass.mg(30),
        measured=Volume.of(75),
        wasted=DrugMass.mg(30),
        missing=DrugMass.mg(0),
        vials=(FROM_VIAL,),
        volume=Volume.of("0.6"),
        drawn=DrugMass.mg(drawn_mg),
        bag=Volume.of(bag_ml),
        second_person=ClinicianId("2"),
        second_person_name="Made-up Second",
        verdicts=(),
    )
    return NOON + minutes * MINUTE, changed(made, **changes)


def after(minutes: float) -> datetime:
    """So many minutes after the start."""
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def two_bags() -> VisitState:
    """40 mg in 100 mL at 150 mL/h: a quarter of it ran for 10 minutes, then 30 mg in 75 mL from 12:20 on."""
    return visit(ORDERED, MADE_UP, STARTED, PAUSED, replaced(), RESUMED)


def test_each_bag_hangs_until_the_next_one(two_bags: VisitState) -> None:
    first = Bag(from_at=None, to_at=after(15), drawn=DrugMass.mg(40), volume=Volume.of(100))
    second = Bag(from_at=after(15), to_at=None, drawn=DrugMass.mg(30), volume=Volume.of(75))
    assert two_bags.bags == (first, second)
    assert two_bags.bag(after(14.9)) == first
    assert two_bags.bag(after(15)) == second
    assert two_bags.bag_in_hand == second


# By hand: 150 mL/h are 2.5 mL a minute, and 2.5 mL of 0.4 mg/mL are 1 mg.
@pytest.mark.parametrize(
    ("minutes", "run_ml", "given_mg", "left_ml"),
    [
        (5, "12.5", "5", "87.5"),
        (14, "25", "10", "75"),
        (15, "25", "10", "75"),
        (19, "25", "10", "75"),
        (21, "27.5", "11", "72.5"),
        (50, "100", "40", "0"),
        (90, "100", "40", "0"),
    ],
)
def test_what_ran_and_was_given_follows_the_bag_that_hangs(
    two_bags: VisitState, minutes: int, run_ml: str, given_mg: str, left_ml: str
) -> None:
    at = after(minutes)
    assert two_bags.volume_run(at) == Fraction(run_ml)
    assert two_bags.given(at) == DrugMass.mg(given_mg)
    assert two_bags.volume_left(at) == Volume.of(left_ml)


def test_a_bag_that_holds_less_in_each_ml_gives_less() -> None:
    # 15 mg in 75 mL is 0.2 mg/mL: after 2 more minutes 5 mL ran, with 1 mg in them.
    state = visit(ORDERED, MADE_UP, STARTED, PAUSED, replaced(drawn_mg="15"), RESUMED)
    assert state.given(after(22)) == DrugMass.mg(11)
    assert state.given(after(90)) == DrugMass.mg(25)


def test_an_empty_bag_gives_nothing_more_before_the_next_hangs() -> None:
    # The first bag is empty after 40 minutes and the pump runs on for 10.
    paused = (after(50), InfusionPaused(reason="empty"))
    change = replaced(55, drawn_mg="4", bag_ml="10", given=DrugMass.mg(40))
    resumed = (after(60), InfusionResumed(rate=DOSE.rate))
    state = visit(ORDERED, MADE_UP, STARTED, paused, change, resumed)
    assert state.volume_run(after(58)) == 100
    assert state.given(after(62)) == DrugMass.mg(42)
    assert state.given(after(120)) == DrugMass.mg(44)


def test_each_bag_is_rounded_for_itself() -> None:
    # One microgram in each of two bags of 2 mL, of which 1 mL runs each: half a microgram rounds to even, 0.
    tiny = changed(DRAWN, drawn=DrugMass(mcg=1), bag=Volume.of(2))
    slow = FlowRate.of(6)
    state = visit(
        ORDERED,
        (NOON - 20 * MINUTE, tiny),
        (NOON, changed(STARTED[1], rate=slow)),
        PAUSED,
        replaced(drawn_mg="0.001", bag_ml="2"),
        (RESUMED[0], InfusionResumed(rate=slow)),
        (after(30), InfusionPaused(reason="")),
    )
    assert state.volume_run(after(40)) == 2
    assert state.given(after(40)) == DrugMass(mcg=0)


def test_the_pump_changed_last_when_the_bag_did(two_bags: VisitState) -> None:
    paused = visit(ORDERED, MADE_UP, STARTED, PAUSED, replaced())
    assert paused.pump_changed_at == after(15)
    assert paused.phase == "paused"
    assert two_bags.pump_changed_at == after(20)
    assert visit(ORDERED, MADE_UP).pump_changed_at is None


def test_the_pump_stands_still_from_pause_to_resume(two_bags: VisitState) -> None:
    still = [minutes for minutes in (-1, 5, 10, 15, 20, 21) if two_bags.stands_still(after(minutes))]
    assert still == [10, 15, 20]


def test_a_bag_is_in_hand_though_its_order_was_cancelled() -> None:
    state = visit(ORDERED, MADE_UP, (NOON - 10 * MINUTE, OrderCancelled(reason="went home")))
    assert state.bags == ()
    assert state.bag_in_hand == Bag(from_at=None, to_at=None, drawn=DrugMass.mg(40), volume=Volume.of(100))
    assert visit(ORDERED).bag_in_hand is None
    assert visit(ORDERED).volume_left(NOON) is None
    assert visit(ORDERED).given(NOON) == DrugMass(mcg=0)


# The order: 40 mg of 50 mg/mL in 100 mL, 0.4 mg/mL.
@pytest.mark.parametrize(
    ("given_mg", "left_mg", "draw_ml", "drawn_mg", "bag_ml"),
    [
        ("0", "40", "0.8", "40", "100"),
        ("10", "30", "0.6", "30", "75"),
        # 29.7 mg are 0.594 mL, which no syringe shows: 0.59 mL are 29.5 mg, for 73.75 mL.
        ("10.3", "29.7", "0.59", "29.5", "73.8"),
        ("39", "1", "0.02", "1", "2.5"),
        ("39.5", "0.5", "0.01", "0.5", "1.25"),
    ],
)
def test_another_bag_holds_what_is_left_of_the_dose(
    given_mg: str, left_mg: str, draw_ml: str, drawn_mg: str, bag_ml: str
) -> None:
    assert rest_of_dose(DOSE, DrugMass.mg(given_mg)) == RestOfDose(
        mass=DrugMass.mg(left_mg),
        draw=Volume.of(draw_ml),
        drawn=DrugMass.mg(drawn_mg),
        bag=Volume.of(bag_ml),
    )


@pytest.mark.parametrize("given_mg", ["39.501", "40", "41"])
def test_what_no_syringe_draws_is_no_bag(given_mg: str) -> None:
    assert rest_of_dose(DOSE, DrugMass.mg(given_mg)) is None
