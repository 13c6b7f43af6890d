"""A dose into a muscle by hand, its sentence, and what makes none."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from evenkeel.clinical.ordering import UnableToMakeDose, assess_injection, make_injection
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.injection import Injection
from evenkeel.values.issues import Issue
from evenkeel.values.quantities import DosePerWeight, Volume, Weight
from tests.rules.case import DAY


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
    ("changes", "code", "field", "sentence"),
    [
        ({"per_weight": "0"}, "zero", "per_weight", "The dose in mg/kg must be more than zero."),
        ({"weight": "0"}, "zero", "weight", "The weight must be more than zero."),
        (
            {"product": "esketamine_spray_28"},
            "not-orderable",
            "product",
            "Choose a ketamine vial from the clinic's list.",
        ),
        (
            {"per_weight": "0.001", "product": "ketamine_100_5"},
            "too-small",
            "per_weight",
            "The dose is too small for a syringe. Check mg/kg.",
        ),
        # 40 mg/kg for 70 kg are 2,800 mg, 56 mL.
        (
            {"per_weight": "40"},
            "over-vial",
            "product",
            "56 mL is more than a vial holds. Check mg/kg and weight.",
        ),
    ],
)
def test_what_no_syringe_could_give_is_refused(
    changes: dict[str, str], code: str, field: str, sentence: str
) -> None:
    with pytest.raises(UnableToMakeDose) as refusal:
        made(**changes)
    assert refusal.value.issues == (Issue(sentence=sentence, code=code, field=field),)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(UnableToMakeDose) as refusal:
        made("0", "0", "something else")
    assert [issue.field for issue in refusal.value.issues] == ["per_weight", "weight", "product"]


def test_all_of_a_vial_may_be_drawn() -> None:
    # 5 mg/kg x 100 kg = 500 mg, all of a vial of 10 mL with 50 mg/mL; whether it is wise is for the rules.
    assert made("5", "100").draw == Volume.of("10")


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, {}),
        # 2 mg/kg x 70 kg = 140 mg, 2.8 mL of 50 mg/mL; 1.86 mg/kg reach the blood.
        ({"per_weight": "2"}, {"ORD-IMU-001": "fires", "ORD-CAP-001": "fires"}),
        # 0.8 mg/kg x 70 kg = 56 mg, 5.6 mL of 10 mg/mL.
        ({"per_weight": "0.8", "product": "ketamine_10_20"}, {"ORD-IMU-002": "fires"}),
        # 1 mg/kg x 201 kg = 201 mg, 2.01 mL of 100 mg/mL.
        (
            {"per_weight": "1", "weight": "201", "product": "ketamine_100_5"},
            {"ORD-CAP-001": "fires", "ORD-CAP-002": "fires"},
        ),
    ],
)
def test_an_injection_is_asked_about_by_its_own_rules(
    changes: dict[str, str], standing: dict[str, str]
) -> None:
    asked = {"ORD-IMU-001": "clear", "ORD-IMU-002": "clear", "ORD-CAP-001": "clear", "ORD-CAP-002": "clear"}
    verdicts = assess_injection(Rulebook.shipped(), made(**changes), on=DAY)
    assert {each.rule.rule: each.answer for each in verdicts} == {**asked, **standing}


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
