"""A dose into a muscle: one syringe, undiluted, given at one moment. It has no bag, no rate and no steps."""

from fractions import Fraction
from typing import Final, Self

from evenkeel.values.dose import DRAW_PLACES
from evenkeel.values.drug import MICROGRAMS_PER_MG, DrugMass, Strength, to_decimal
from evenkeel.values.quantities import DosePerWeight, Percent, Volume, Weight
from evenkeel.values.shape import frozen

# Of what is given into a muscle so much reaches the blood; into a vein all of it does. Read second-hand, with
# no source named (clinical-protocol.md, section 3), and so a proposal.
MUSCLE_SHARE: Final = Percent.of(93)


@frozen
class Injection:
    """What is drawn into one syringe and given into a muscle. Build it with `of`."""

    per_weight: DosePerWeight
    weight: Weight
    ordered: DrugMass
    strength: Strength
    draw: Volume
    drawn: DrugMass

    @classmethod
    def of(cls, *, per_weight: DosePerWeight, weight: Weight, strength: Strength) -> Self:
        """Work it out in exact fractions; only the draw is rounded, to what a syringe shows."""
        exact_mcg = Fraction(per_weight.value) * Fraction(weight.value) * MICROGRAMS_PER_MG
        draw = Volume(value=to_decimal(exact_mcg / strength.mcg_per_ml, DRAW_PLACES))
        return cls(
            per_weight=per_weight,
            weight=weight,
            ordered=DrugMass.nearest(exact_mcg),
            strength=strength,
            draw=draw,
            drawn=DrugMass.nearest(strength.mass_in(draw)),
        )

    @property
    def absorbed_per_weight(self) -> Fraction:
        """What reaches the blood, in mg/kg, to compare it with a dose into a vein."""
        return Fraction(self.per_weight.value) * Fraction(MUSCLE_SHARE.value) / 100

    @property
    def sentence(self) -> str:
        """The injection as one sentence, mg before mL."""
        absorbed = DrugMass.nearest(Fraction(self.ordered.mcg) * Fraction(MUSCLE_SHARE.value) / 100)
        return (
            f"ketamine {self.per_weight} × {self.weight} = {self.ordered.shown()} into a muscle; "
            f"draw {self.draw} of {self.strength} ({self.drawn.shown()}), undiluted; "
            f"about {absorbed.shown()} reach the blood"
        )
