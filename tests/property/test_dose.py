"""Doses against arithmetic that was written for this test alone: whole numbers, with the rounding by hand."""

import random
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import pytest

from evenkeel.values.dose_plan import DosePlan, Stage, Step
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight

# A hundred thousand in all, in parts that may run beside each other.
PARTS, DOSES_IN_A_PART = 4, 25_000
# Those of the vials that labels describe, and one that is not round (clinical-protocol.md, section 3).
STRENGTHS_MCG_PER_ML = (10_000, 50_000, 100_000, 11_530)


def half_even(number: int, by: int) -> int:
    """A quotient of whole numbers, rounded to a whole number; exactly between two it goes to the even one."""
    whole, rest = divmod(number, by)
    return whole + 1 if 2 * rest > by or (2 * rest == by and whole % 2) else whole


@dataclass(frozen=True)
class Asked:
    """What a dose is worked out from, in small units; stages are (mcg/kg, tenths of a minute)."""

    stages: tuple[tuple[int, int], ...]
    weight_hg: int
    mcg_per_ml: int
    bag_tenths: int

    @classmethod
    def drawn_from(cls, chance: random.Random) -> "Asked":
        """Sensible, odd and absurd ones; round ones often, since ties come from them."""
        count = chance.choice((1, 1, 1, 2, 3))
        stages = tuple(
            (
                chance.choice((500, 750, 250, chance.randint(1, 5000))),
                chance.choice((400, 300, 600, chance.randint(1, 6000))),
            )
            for _ in range(count)
        )
        return cls(
            stages=stages,
            weight_hg=chance.choice((700, 702, 800, chance.randint(250, 3500))),
            mcg_per_ml=chance.choice(STRENGTHS_MCG_PER_ML),
            bag_tenths=chance.choice((1000, 500, 2500, chance.randint(1, 10_000))),
        )

    @cached_property
    def plan(self) -> DosePlan:
        """The dose as Evenkeel works it out."""
        return DosePlan.of(
            stages=tuple(
                Stage(
                    per_weight=DosePerWeight(value=Decimal(mcg_per_kg) / 1000),
                    duration=Minutes(value=Decimal(tenths) / 10),
                )
                for mcg_per_kg, tenths in self.stages
            ),
            weight=Weight(value=Decimal(self.weight_hg) / 10),
            weighed_date=None,
            strength=Strength(mcg_per_ml=self.mcg_per_ml),
            bag=Volume(value=Decimal(self.bag_tenths) / 10),
        )

    @property
    def mcg_per_kg(self) -> int:
        """All stages together."""
        return sum(mcg_per_kg for mcg_per_kg, _ in self.stages)

    def oracle(self) -> dict[str, object]:
        """The same by hand: mcg/kg times tenths of a kg is tenths of a mcg; mL/h is mL * 60 / minutes."""
        tenths_of_mcg = self.mcg_per_kg * self.weight_hg
        hundredths_drawn = half_even(tenths_of_mcg * 100, 10 * self.mcg_per_ml)
        minutes_tenths = sum(tenths for _, tenths in self.stages)
        return {
            "ordered_mcg": half_even(tenths_of_mcg, 10),
            "draw_hundredths": hundredths_drawn,
            "drawn_mcg": half_even(hundredths_drawn * self.mcg_per_ml, 100),
            "minutes_tenths": minutes_tenths,
            "mean_rate_tenths": half_even(self.bag_tenths * 600, minutes_tenths),
            "rates_tenths": [
                half_even(self.bag_tenths * 600 * mcg_per_kg, tenths * self.mcg_per_kg)
                for mcg_per_kg, tenths in self.stages
            ],
        }


def found(plan: DosePlan) -> dict[str, object]:
    """The dose in the small units of the oracle."""
    dose = plan.dose
    return {
        "ordered_mcg": dose.ordered.mcg,
        "draw_hundredths": dose.draw.value * 100,
        "drawn_mcg": dose.drawn.mcg,
        "minutes_tenths": dose.duration.value * 10,
        "mean_rate_tenths": dose.rate.value * 10,
        "rates_tenths": [step.rate.value * 10 for step in plan.steps],
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_doses_are_those_worked_out_by_hand(part: int) -> None:
    chance = random.Random(part)
    ties = 0
    for number in range(DOSES_IN_A_PART):
        asked = Asked.drawn_from(chance)
        assert found(asked.plan) == asked.oracle(), asked
        # The second way takes longer than all the rest; every tenth dose is also asked whether it agrees.
        assert number % 10 or asked.plan.disagreements == (), asked
        ties += (
            2 * (asked.mcg_per_kg * asked.weight_hg * 100 % (10 * asked.mcg_per_ml)) == 10 * asked.mcg_per_ml
        )
    assert ties > 100, "draws that lie exactly between two marks of the syringe are among them"


def slips(plan: DosePlan) -> dict[str, DosePlan]:
    """The same dose with one number wrong, as fingers and eyes make them wrong."""
    dose, first, rest = plan.dose, plan.steps[0], plan.steps[1:]

    def step(**changes: object) -> DosePlan:
        return replace(plan, steps=(replace(first, **changes), *rest))  # type: ignore[arg-type]

    def other(**changes: object) -> DosePlan:
        return replace(plan, dose=replace(dose, **changes))  # type: ignore[arg-type]

    return {
        "rate times ten": step(rate=FlowRate(value=first.rate.value * 10)),
        "draw times ten": other(draw=Volume(value=dose.draw.value * 10)),
        "twice the draw and the amount drawn": other(
            draw=Volume(value=dose.draw.value * 2), drawn=DrugMass(mcg=dose.drawn.mcg * 2)
        ),
        "twice the weight": other(weight=Weight(value=dose.weight.value * 2)),
        "mg/kg times ten": other(per_weight=DosePerWeight(value=dose.per_weight.value * 10)),
        "half the bag": other(bag=Volume(value=dose.bag.value / 2)),
        "another strength": other(strength=Strength(mcg_per_ml=dose.strength.mcg_per_ml * 5)),
        "one mcg more ordered": other(ordered=DrugMass(mcg=dose.ordered.mcg + 2)),
        "one mcg more drawn": other(drawn=DrugMass(mcg=dose.drawn.mcg + 2)),
        "another duration": other(duration=Minutes(value=dose.duration.value + 1)),
        "a step of another length": step(duration=Minutes(value=first.duration.value * 2)),
        "a step of another amount": step(per_weight=DosePerWeight(value=first.per_weight.value * 2)),
        "one step twice": replace(plan, steps=(first, *plan.steps)),
    }


def test_one_wrong_number_never_agrees_with_the_others() -> None:
    chance = random.Random(7)
    looked_at = 0
    while looked_at < 500:
        plan = Asked.drawn_from(chance).plan
        # Where a dose is hardly more than the rounding, nothing could tell a slip from it.
        if plan.rounding_mcg * 20 > plan.exact_mcg:
            continue
        looked_at += 1
        for name, wrong in slips(plan).items():
            assert wrong.disagreements, (name, plan)


@pytest.mark.parametrize(
    ("per_weight", "weight"), [("0.333333333333", "99.999999999"), ("0.000000001", "350"), ("5", "0.0000001")]
)
def test_numbers_with_many_digits_are_worked_out_exactly(per_weight: str, weight: str) -> None:
    plan = DosePlan.of(
        stages=(Stage(per_weight=DosePerWeight.of(per_weight[:12]), duration=Minutes.of("40")),),
        weight=Weight.of(weight[:12]),
        weighed_date=None,
        strength=Strength.mg_per_ml("50"),
        bag=Volume.of("100"),
    )
    exact = Fraction(per_weight[:12]) * Fraction(weight[:12]) * 1000
    assert plan.exact_mcg == exact
    assert plan.dose.ordered.mcg == half_even(exact.numerator, exact.denominator)
    assert plan.disagreements == ()


def test_a_step_is_what_the_pump_is_set_to() -> None:
    # 0.1 of 0.5 mg/kg is a fifth: 20 mL in 10 min is 120 mL/h; 80 mL in 30 min is 160 mL/h.
    plan = Asked(stages=((100, 100), (400, 300)), weight_hg=700, mcg_per_ml=50_000, bag_tenths=1000).plan
    assert plan.steps == (
        Step(rate=FlowRate.of(120), duration=Minutes.of(10), per_weight=DosePerWeight.of("0.1")),
        Step(rate=FlowRate.of(160), duration=Minutes.of(30), per_weight=DosePerWeight.of("0.4")),
    )
