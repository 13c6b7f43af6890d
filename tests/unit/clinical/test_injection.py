"""A dose into a muscle by hand, its sentence, and what makes none."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, make_injection
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.injection import Injection
from evenkeel.values.quantities import DosePerWeight, Volume, Weight


def made(per_weight: str = "0.5", weight: str = "70", product: str = "ketamine_50_10") -> Injection:
    """An injection from typed numbers."""
    return make_injection(per_weight=DosePerWeight.of(per_weight), weight=Weight.of(weight), product=product)


def test_amount_volume_and_what_reaches_the_blood() -> None:
    # 0.5 x 70 = 35 mg, 0.7 mL of 50 mg/mL; 93 % of 35 mg are 32.55 mg, shown to the even tenth.
    assert made().sentence == (
        "ketamine 0.5 mg/kg × 70 kg = 35 mg into a muscle; draw 0.7 mL of 50 mg/mL (35 mg), undiluted; "
        "about 32.6 mg reach the blood"
    )
    assert made(product="ketamine_100_5").draw == Volume.of("0.35")
    assert made().absorbed_per_weight == Fraction("0.465")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"per_weight": "0"}, "zero", "per_weight"),
        ({"weight": "0"}, "zero", "weight"),
        ({"product": "esketamine_spray_28"}, "not-orderable", "product"),
        ({"per_weight": "0.001", "product": "ketamine_100_5"}, "too-small", "per_weight"),
        ({"per_weight": "40"}, "over-vial", "product"),
    ],
)
def test_what_no_syringe_could_give_is_refused(changes: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(UnableToMakeDose) as refusal:
        made(**changes)
    assert [(issue.code, issue.field) for issue in refusal.value.issues] == [(code, field)]


def test_random_injections_are_exact_but_for_one_rounding() -> None:
    chance = random.Random(3)
    for _ in range(2000):
        mcg_per_kg, weight_hg, mcg_per_ml = chance.randint(1, 3000), chance.randint(250, 3500), 50_000
        found = Injection.of(
            per_weight=DosePerWeight(value=Decimal(mcg_per_kg) / 1000),
            weight=Weight(value=Decimal(weight_hg) / 10),
            strength=Strength(mcg_per_ml=mcg_per_ml),
        )
        exact_mcg = Fraction(mcg_per_kg * weight_hg, 10)
        assert abs(found.ordered.mcg - exact_mcg) <= Fraction(1, 2)
        assert abs(Fraction(found.draw.value) - exact_mcg / mcg_per_ml) <= Fraction(1, 200)
        assert found.drawn == DrugMass(mcg=int(found.draw.value * mcg_per_ml))
