"""One infusion's dose as one object: mg/kg, mg, mL to draw, mL in the bag, mL/h, each worked from the last.

These fields are what an order keeps. How the same amount is worked out a second way, what was rounded and how
a dose is written down elsewhere stands in `DosePlan`.
"""

from fractions import Fraction

from evenkeel.values.drug import DrugMass, Strength, to_decimal
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from evenkeel.values.shape import frozen

# A 1 mL syringe is read to 0.01 mL, so that is as finely as a draw can be asked for. Proposal.
DRAW_PLACES = 2
# Infusion pumps of this class are set to 0.1 mL/h. Proposal.
RATE_PLACES = 1


@frozen
class Dose:
    """What is to be given, and how it is to be made and run. Build it with `Dose.of`."""

    per_weight: DosePerWeight
    weight: Weight
    ordered: DrugMass
    strength: Strength
    draw: Volume
    drawn: DrugMass
    bag: Volume
    duration: Minutes
    rate: FlowRate

    @classmethod
    def of(
        cls, *, per_weight: DosePerWeight, weight: Weight, strength: Strength, bag: Volume, duration: Minutes
    ) -> "Dose":
        """Work the chain out in exact fractions, rounding only the draw (0.01 mL) and the rate (0.1 mL/h)."""
        exact_mcg = Fraction(per_weight.value) * Fraction(weight.value) * 1000
        draw = Volume(value=to_decimal(exact_mcg / strength.mcg_per_ml, DRAW_PLACES))
        return cls(
            per_weight=per_weight,
            weight=weight,
            ordered=DrugMass.nearest(exact_mcg),
            strength=strength,
            draw=draw,
            drawn=DrugMass.nearest(strength.mass_in(draw)),
            bag=bag,
            duration=duration,
            rate=FlowRate(value=to_decimal(Fraction(bag.value) * 60 / Fraction(duration.value), RATE_PLACES)),
        )

    @property
    def mcg_per_ml_in_bag(self) -> Fraction:
        """What one milliliter of the made-up bag holds, exactly."""
        return Fraction(self.drawn.mcg) / Fraction(self.bag.value)

    @property
    def sentence(self) -> str:
        """The order as one sentence, mg before mL, each step visible, no trailing zeros (ISMP)."""
        return (
            f"ketamine {self.per_weight} × {self.weight} = {self.ordered.shown()}; "
            f"draw {self.draw} of {self.strength} ({self.drawn.shown()}); "
            f"to {self.bag} total, over {self.duration} = {self.rate}"
        )
