"""Ideal and adjusted weight by hand, and the sentence, label and data that name both weights."""

from datetime import date
from fractions import Fraction

import pytest

from evenkeel.clinical.ordering import UnableToWeigh, dosing_weight, make_plan, weight_on
from evenkeel.clinical.ordering.dosing_weight import body_mass_index, ideal_weight
from evenkeel.record.referral import Sex
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.dosing_weight import DosingWeight, WeightBasis
from evenkeel.values.issues import Issue
from evenkeel.values.quantities import DosePerWeight, Height, Minutes, Volume, Weight

DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("basis", "sex", "height", "weight"),
    [
        # The reference's own point; then each formula at whole inches: 50 or 45.5 kg, and 2.3 for every inch
        # over 60.
        ("ideal", "male", "175", "70.5"),
        ("ideal", "male", "152.4", "50"),
        ("ideal", "female", "152.4", "45.5"),
        ("ideal", "male", "177.8", "73"),
        ("ideal", "female", "165.1", "57"),
        # 57 and two fifths of the 53 above it.
        ("adjusted", "female", "165.1", "78.2"),
        ("actual", "female", "165.1", "110"),
        ("actual", "unknown", None, "110"),
    ],
)
def test_the_weight_of_a_dose_is_that_worked_out_by_hand(
    basis: WeightBasis, sex: Sex, height: str | None, weight: str
) -> None:
    found = weight_on(basis, Weight.of(110), Height.of(height) if height else None, sex)
    assert found == Weight.of(weight)


@pytest.mark.parametrize(
    ("height", "sex", "code", "sentence"),
    [
        (
            None,
            "male",
            "height-missing",
            "Height: ideal and adjusted weight follow from it. Measure it.",
        ),
        (
            "152.3",
            "male",
            "height-short",
            "Height: the formula begins at 152.4 cm. Dose on actual weight.",
        ),
        ("175", "other", "sex-unknown", "The formula knows women and men alone. Dose on actual weight."),
        ("175", "unknown", "sex-unknown", "The formula knows women and men alone. Dose on actual weight."),
    ],
)
@pytest.mark.parametrize("basis", ["ideal", "adjusted"])
def test_what_does_not_follow_is_refused_at_the_height(
    basis: WeightBasis, height: str | None, sex: Sex, code: str, sentence: str
) -> None:
    with pytest.raises(UnableToWeigh) as refusal:
        dosing_weight(
            basis,
            weighed=Weight.of(110),
            weighed_date=DAY,
            height=Height.of(height) if height else None,
            height_date=DAY,
            sex=sex,
        )
    assert refusal.value.issues == (Issue(sentence=sentence, code=code, field="height"),)


def test_the_index_is_exact() -> None:
    assert body_mass_index(Weight.of(120), Height.of(200)) == 30
    assert ideal_weight(Height.of("165.1"), "female") == Fraction(57)


def planned(basis: WeightBasis) -> DosePlan:
    """0.5 mg/kg for a man of 175 cm who weighs 110 kg."""
    on = dosing_weight(
        basis,
        weighed=Weight.of(110),
        weighed_date=DAY,
        height=Height.of(175),
        height_date=DAY,
        sex="male",
    )
    return make_plan(
        stages=(Stage(per_weight=DosePerWeight.of("0.5"), duration=Minutes.of(40)),),
        weight=on.weight,
        weighed_date=DAY,
        product="ketamine_50_10",
        bag=Volume.of(100),
        on=on,
    )


def test_sentence_label_and_data_name_the_basis_and_both_weights() -> None:
    plan = planned("ideal")
    # 35.25 mg, shown as 35.2 mg, are 0.705 mL: half way between two marks, which goes to the even one.
    assert plan.sentence == (
        "ketamine 0.5 mg/kg × 70.5 kg (ideal weight; weighed 110 kg, height 175 cm) = 35.2 mg; "
        "draw 0.7 mL of 50 mg/mL (35 mg); to 100 mL total, over 40 min = 150 mL/h"
    )
    assert dict(plan.label)["Ordered"] == (
        "0.5 mg/kg × 70.5 kg (ideal weight; weighed 110 kg, height 175 cm) on 1 Jun 2026"
    )
    assert (plan.as_data["weight_basis"], plan.as_data["weight_kg"], plan.as_data["weighed_kg"]) == (
        "ideal",
        "70.5",
        "110",
    )
    assert plan.disagreements == ()


def test_on_actual_weight_nothing_is_added() -> None:
    plan = planned("actual")
    assert plan.sentence == plan.dose.sentence
    assert dict(plan.label)["Ordered"] == "0.5 mg/kg × 110 kg, weighed 1 Jun 2026"
    assert plan.on is not None
    assert plan.on.height is None


def test_infusions_are_compared_by_what_the_scale_read() -> None:
    # 35.25 mg for 110 kg.
    assert planned("ideal").per_actual_weight == DosePerWeight.of("0.32")
    assert planned("actual").per_actual_weight == DosePerWeight.of("0.5")


@pytest.mark.parametrize(("basis", "weight"), [("ideal", "70.5"), ("actual", "110")])
def test_a_weight_says_when_it_and_the_height_were_measured(basis: WeightBasis, weight: str) -> None:
    is_actual = basis == "actual"
    weighed_date, height_date = date(2026, 5, 30), date(2026, 3, 1)
    assert dosing_weight(
        basis,
        weighed=Weight.of(110),
        weighed_date=weighed_date,
        height=Height.of(175),
        height_date=height_date,
        sex="male",
    ) == DosingWeight(
        basis=basis,
        weight=Weight.of(weight),
        weighed=Weight.of(110),
        weighed_date=weighed_date,
        height=None if is_actual else Height.of(175),
        height_date=None if is_actual else height_date,
    )
