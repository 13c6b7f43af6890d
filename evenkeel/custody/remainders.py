"""What is left of a dose, measured, beside what the ledger expects to be left."""

from fractions import Fraction
from typing import Final

from evenkeel.values.drug import DrugMass
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

# A pump is no more exact than this share of what it was given to deliver, and a bag is read no better: a
# difference up to it is no variance. Proposal.
BAG_SLACK_SHARE: Final = Fraction(5, 100)
# What stays in the needle and the neck of a vial. Proposal.
VIAL_SLACK_ML: Final = Fraction(1, 10)


@frozen
class Remainder:
    """What was measured of a bag or vial. `missing` or `surplus` is what nobody knows of, else both are 0.

    `wasted` is what is there to be wasted: all that was expected, unless the difference is beyond the slack.
    """

    expected: DrugMass
    measured: Volume
    wasted: DrugMass
    missing: DrugMass
    surplus: DrugMass

    @property
    def is_variance(self) -> bool:
        """Whether somebody has to explain it."""
        return bool(self.missing.mcg or self.surplus.mcg)


def remainder(expected: DrugMass, measured: Volume, *, mcg_per_ml: Fraction, slack_ml: Fraction) -> Remainder:
    """Compare a measured volume with what should be there; within the slack the ledger's amount stands."""
    nothing = DrugMass(mcg=0)
    expected_ml = Fraction(expected.mcg) / mcg_per_ml
    difference_ml = Fraction(measured.value) - expected_ml
    if abs(difference_ml) <= slack_ml:
        return Remainder(
            expected=expected, measured=measured, wasted=expected, missing=nothing, surplus=nothing
        )
    found = DrugMass.nearest(Fraction(measured.value) * mcg_per_ml)
    short = max(expected.mcg - found.mcg, 0)
    over = max(found.mcg - expected.mcg, 0)
    return Remainder(
        expected=expected,
        measured=measured,
        wasted=found,
        missing=DrugMass(mcg=short),
        surplus=DrugMass(mcg=over),
    )


def slack_of_bag(bag: Volume) -> Fraction:
    """Milliliters by which a bag, or a pump's own count, may differ."""
    return Fraction(bag.value) * BAG_SLACK_SHARE
