"""A second person's readings, and a bag in mid-infusion: each difference has its sentence, and no numbers."""

from datetime import date, timedelta
from typing import Any

import pytest

from evenkeel.clinical.ordering import (
    DrawFacts,
    FromVial,
    assess_draw,
    assess_new_bag,
    compare_check,
    compare_new_bag,
    rest_of_dose,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.verdict import Verdict
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import FlowRate, Height, Volume, Weight
from tests.rules.case import DAY
from tests.rules.records import DOSE, DRAWN, NOON, ORDER, VIAL, changed
from tests.rules.steps_cases import RISING, plan_of

BOOK = Rulebook.shipped()
FROM = FromVial(label=VIAL, volume=DOSE.draw)
DRAW = DrawFacts(vials=(FROM,), bag=DOSE.bag, rate=DOSE.rate)
# The first seconds of 2 June, where the order of 1 June still stands until midnight.
NEXT_DAY = NOON + timedelta(hours=12)


def read(order: Any = ORDER, draw: Any = DRAWN, **changes: Any) -> tuple[str, ...]:
    """What a second person's readings disagree with; a plain call agrees."""
    plain: dict[str, Any] = {
        "record_number_on_file": "MRN-0042",
        "record_number": " MRN-0042 ",
        "strength": Strength.mg_per_ml("50"),
        "volume": Volume.of("0.8"),
        "bag": Volume.of("100"),
        "rates": (FlowRate.of("150"),),
        "weight": Weight.of("80"),
        "dosing_weight": None,
    }
    return compare_check(order, draw, **{**plain, **changes})


NUMBER = "The record number is not this patient's."
STRENGTH = "The strength on the vial differs from what was recorded."
VOLUME = "The volume in the syringe differs from what was recorded."
BAG = "The volume of the bag differs from what was recorded."
RATE = "The rate differs from what was recorded."
WEIGHT = "The weight differs from the one that the order was worked out for."
BASIS = "The weight that the dose is on differs from the order's."
RECKONED = "The volume does not follow from this weight, this strength and the order."
RUNS = "The rate does not empty the bag in the time ordered."
COUNT = "The rates are not as many as the steps of the order."


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, ()),
        ({"record_number": "MRN-0024"}, (NUMBER,)),
        ({"strength": Strength.mg_per_ml("10")}, (STRENGTH, RECKONED)),
        ({"volume": Volume.of("8")}, (VOLUME, RECKONED)),
        ({"bag": Volume.of("50")}, (BAG, RUNS)),
        ({"rates": (FlowRate.of("15"),)}, (RATE, RUNS)),
        ({"rates": ()}, (RATE, COUNT)),
        ({"rates": (FlowRate.of("150"), FlowRate.of("150"))}, (COUNT,)),
        ({"weight": Weight.of("88")}, (WEIGHT, RECKONED)),
        # The dose is on the scale's weight, and so there is no other weight to read.
        ({"dosing_weight": Weight.of("80")}, (BASIS,)),
    ],
)
def test_each_difference_has_its_sentence(changes: dict[str, Any], sentences: tuple[str, ...]) -> None:
    assert read(**changes) == sentences


# Of 80 kg 70 are counted: 0.5 mg/kg are 35 mg, 0.7 mL of 50 mg/mL.
IDEAL = DosingWeight(
    basis="ideal",
    weight=Weight.of("70"),
    weighed=Weight.of("80"),
    weighed_date=DAY,
    height=Height.of("175"),
    height_date=DAY,
)
ON_IDEAL = changed(ORDER, on=IDEAL, dose=changed(DOSE, weight=Weight.of("70")))
LESS_DRAWN = changed(DRAWN, volume=Volume.of("0.7"))


@pytest.mark.parametrize(
    ("dosing_weight", "sentences"),
    [("70", ()), ("71", (BASIS, RECKONED)), (None, (BASIS, RECKONED))],
)
def test_a_dose_on_another_weight_is_worked_out_on_that(
    dosing_weight: str | None, sentences: tuple[str, ...]
) -> None:
    weight = None if dosing_weight is None else Weight.of(dosing_weight)
    assert read(ON_IDEAL, LESS_DRAWN, volume=Volume.of("0.7"), dosing_weight=weight) == sentences


# 20 mL in 10 min are 120 mL/h, and 80 mL in 30 min are 160 mL/h.
IN_STEPS = changed(ORDER, dose=plan_of(*RISING).dose, stages=RISING)
DRAWN_FOR_STEPS = changed(DRAWN, rate=FlowRate.of("120"))


@pytest.mark.parametrize(
    ("rates", "sentences"),
    [
        (("120", "160"), ()),
        (("120", "150"), ("The rate of step 2 does not run its share of the bag in the time ordered.",)),
        (
            ("160", "120"),
            (
                RATE,
                "The rate of step 1 does not run its share of the bag in the time ordered.",
                "The rate of step 2 does not run its share of the bag in the time ordered.",
            ),
        ),
        (("120",), (COUNT,)),
    ],
)
def test_the_rate_of_every_step_is_worked_out(rates: tuple[str, ...], sentences: tuple[str, ...]) -> None:
    typed = tuple(FlowRate.of(rate) for rate in rates)
    assert read(IN_STEPS, DRAWN_FOR_STEPS, rates=typed) == sentences


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"strength": Strength.mg_per_ml("10")}, {"strength": STRENGTH}),
        ({"volume": Volume.of("0.5")}, {"volume": VOLUME}),
        ({"bag": Volume.of("101")}, {"bag": BAG}),
        (
            {"strength": Strength.mg_per_ml("100"), "volume": Volume.of("0.4"), "bag": Volume.of("50")},
            {"strength": STRENGTH, "volume": VOLUME, "bag": BAG},
        ),
    ],
)
def test_a_new_bag_is_read_by_a_second_person_too(changes: dict[str, Any], expected: dict[str, str]) -> None:
    plain: dict[str, Any] = {
        "strength": Strength.mg_per_ml("50"),
        "volume": Volume.of("0.8"),
        "bag": Volume.of("100"),
    }
    assert compare_new_bag(DRAW, **{**plain, **changes}) == expected


def test_one_vial_of_another_strength_is_not_the_strength_that_was_read() -> None:
    other = changed(FROM, label=changed(VIAL, strength=Strength.mg_per_ml("100")))
    found = compare_new_bag(
        changed(DRAW, vials=(FROM, other)),
        strength=Strength.mg_per_ml("50"),
        volume=Volume.of("1.6"),
        bag=Volume.of("100"),
    )
    assert found == {"strength": STRENGTH}


@pytest.mark.parametrize(
    ("given_mg", "bag_ml"),
    [
        # 40 mg in 100.4 mL: 4 mg are in 10.04 mL, and a bag of 10 mL and more is read to 0.1 mL.
        ("36", "10"),
        # 0.5 mg are in 1.255 mL, which a smaller bag shows to 0.01 mL.
        ("39.5", "1.26"),
    ],
)
def test_a_small_bag_is_read_more_finely(given_mg: str, bag_ml: str) -> None:
    rest = rest_of_dose(changed(DOSE, bag=Volume.of("100.4")), DrugMass.mg(given_mg))
    assert rest is not None
    assert rest.bag == Volume.of(bag_ml)


def test_a_draw_comes_from_some_vial() -> None:
    with pytest.raises(AssertionError, match=r"^a dose is drawn from some vial$"):
        DrawFacts(vials=(), bag=DOSE.bag, rate=DOSE.rate)


def answers(verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    """What each rule answered, in the order in which they were asked."""
    return {verdict.rule.rule: verdict.answer for verdict in verdicts}


ASKED = {
    "DRW-PRD-001": "clear",
    "DRW-STR-001": "clear",
    "DRW-EXP-001": "clear",
    "DRW-LOT-001": "clear",
    "DRW-VOL-001": "clear",
    "DRW-VOL-002": "clear",
    "DRW-BAG-001": "clear",
    "DRW-RTE-001": "clear",
    "ORD-EXP-001": "clear",
}


def test_a_draw_is_asked_about_by_every_rule_of_drawing_up() -> None:
    assert answers(assess_draw(BOOK, ORDER, DRAW, NOON)) == ASKED
    found = answers(assess_draw(BOOK, ORDER, changed(DRAW, bag=Volume.of("50")), NEXT_DAY))
    assert found == {**ASKED, "DRW-BAG-001": "fires", "ORD-EXP-001": "fires"}


def test_a_vial_may_be_drawn_from_on_its_last_day() -> None:
    last = changed(DRAW, vials=(changed(FROM, label=changed(VIAL, expiry_date=DAY)),))
    assert answers(assess_draw(BOOK, ORDER, last, NOON))["DRW-EXP-001"] == "clear"
    assert answers(assess_draw(BOOK, ORDER, last, NEXT_DAY))["DRW-EXP-001"] == "fires"


ASKED_OF_A_NEW_BAG = {
    "DRW-PRD-001": "clear",
    "DRW-STR-001": "clear",
    "DRW-EXP-001": "clear",
    "DRW-LOT-001": "clear",
    "DRW-VOL-002": "clear",
    "DRW-NEW-001": "clear",
    "DRW-NEW-002": "clear",
    "ORD-EXP-001": "clear",
}


def new_bag(given_mg: str = "20", **changes: Any) -> dict[str, str]:
    """What is answered to the second half of the dose in a bag of 50 mL, but for what a test changes."""
    half = changed(DRAW, vials=(changed(FROM, volume=Volume.of("0.4")),), bag=Volume.of("50"))
    at = changes.pop("at", NOON)
    return answers(assess_new_bag(BOOK, ORDER, changed(half, **changes), given=DrugMass.mg(given_mg), at=at))


def test_a_new_bag_is_asked_about_by_the_rules_of_vials_and_by_its_own() -> None:
    assert new_bag() == ASKED_OF_A_NEW_BAG
    assert new_bag("21") == {**ASKED_OF_A_NEW_BAG, "DRW-NEW-002": "fires"}
    assert new_bag(bag=Volume.of("100")) == {**ASKED_OF_A_NEW_BAG, "DRW-NEW-001": "fires"}
    assert new_bag(at=NEXT_DAY) == {**ASKED_OF_A_NEW_BAG, "ORD-EXP-001": "fires"}
    old = changed(FROM, label=changed(VIAL, expiry_date=date(2026, 5, 31)), volume=Volume.of("0.4"))
    assert new_bag(vials=(old,)) == {**ASKED_OF_A_NEW_BAG, "DRW-EXP-001": "fires"}
