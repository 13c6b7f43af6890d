"""What is left of a dose, measured, beside what the ledger expects."""

from fractions import Fraction

import pytest

from evenkeel.custody.remainders import Remainder, remainder, slack_of_bag
from evenkeel.values.drug import DrugMass
from evenkeel.values.quantities import Volume

# 35 mg in 100 mL, so 350 mcg in each; 5 mL of slack are 5 % of the bag.
EXPECTED = DrugMass(mcg=35_000)


@pytest.mark.parametrize(
    ("measured_ml", "wasted", "missing", "surplus"),
    [
        ("100", 35_000, 0, 0),
        ("95", 35_000, 0, 0),
        ("105", 35_000, 0, 0),
        # 94.9 mL hold 33,215 mcg, 105.1 mL hold 36,785.
        ("94.9", 33_215, 1_785, 0),
        ("105.1", 36_785, 0, 1_785),
        ("0", 0, 35_000, 0),
    ],
)
def test_within_the_slack_the_ledgers_amount_stands(
    measured_ml: str, wasted: int, missing: int, surplus: int
) -> None:
    measured = Volume.of(measured_ml)
    found = remainder(EXPECTED, measured, mcg_per_ml=Fraction(350), slack_ml=Fraction(5))
    assert found == Remainder(
        expected=EXPECTED,
        measured=measured,
        wasted=DrugMass(mcg=wasted),
        missing=DrugMass(mcg=missing),
        surplus=DrugMass(mcg=surplus),
    )
    assert found.is_variance is bool(missing or surplus)


def test_a_single_microgram_that_differs_is_a_variance() -> None:
    """1 mL of 1 mcg/mL beside nothing and beside 2 mcg, with no slack."""
    for expected, missing, surplus in ((0, 0, 1), (2, 1, 0)):
        found = remainder(DrugMass(mcg=expected), Volume.of(1), mcg_per_ml=Fraction(1), slack_ml=Fraction(0))
        assert (found.missing.mcg, found.surplus.mcg, found.is_variance) == (missing, surplus, True)


def test_a_bag_and_a_pump_are_no_better_than_five_percent() -> None:
    assert slack_of_bag(Volume.of(100)) == 5
    assert slack_of_bag(Volume.of("62.5")) == Fraction(25, 8)
