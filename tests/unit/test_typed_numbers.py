"""Numbers as people type them: read exactly, or refused with the form that is accepted."""

from decimal import Decimal
from fractions import Fraction

import pytest

from evenkeel.values.drug import DrugMass, Strength, to_decimal
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import (
    DosePerWeight,
    FlowRate,
    Height,
    Minutes,
    Pressure,
    Quantity,
    Volume,
    Weight,
)

# What is typed into a box of this unit, and the code and the words of the answer. The pound is 0.45359237 kg
# by definition, so 154 lb is 69.85 kg; a stone is 14 lb, so 11 st is 69.85 kg as well; an inch is 2.54 cm.
REFUSED: list[tuple[type[Quantity], str, str, str]] = [
    (Weight, "", "number-missing", "Write a number."),
    (Weight, "   ", "number-missing", "Write a number."),
    (Weight, "70,5", "number-comma", "Write a decimal point, not a comma."),
    (Weight, "70,5 kg", "number-comma", "Write a decimal point, not a comma."),
    (Weight, "1,000", "number-comma", "Write a decimal point, not a comma."),
    (Weight, "1.000,5", "number-separators", "nothing between thousands"),
    (Weight, "1,000.5", "number-separators", "nothing between thousands"),
    (Weight, "1.000.5", "number-separators", "nothing between thousands"),
    (Weight, "1 000", "number-space", "without a space"),
    (Weight, "1\u00a0000", "number-space", "without a space"),
    (Weight, "7 0.5 kg", "number-space", "without a space"),
    (Weight, ".5", "number-leading-point", '"0.5"'),
    (Weight, "5.", "number-trailing-point", "without a point at its end"),
    (Weight, "-70", "number-negative", "not negative"),
    (Weight, "\u221270", "number-negative", "not negative"),
    (Weight, "+70", "number-plus", "without a plus sign"),
    (Weight, "1e3", "number-exponent", '"1000"'),
    (Weight, "7E-1", "number-exponent", '"0.7"'),
    (Weight, "1e3 kg", "number-exponent", '"1000"'),
    (Weight, "1e999999999", "number-unknown-unit", "Write the number alone, in kg."),
    (Weight, "NaN", "number-not-finite", "in digits"),
    (Weight, "-inf", "number-not-finite", "in digits"),
    (Weight, "Infinity", "number-not-finite", "in digits"),
    (Weight, "\u0667\u0660\u066b\u0665", "number-other-digits", '"70.5"'),
    (Weight, "\uff17\uff10\uff0e\uff15", "number-other-digits", '"70.5"'),
    (Weight, "\u0667\u0660 kg", "number-other-digits", '"70.2"'),
    (Weight, "70\u00b2", "number-unreadable", '"70.2"'),
    (Weight, "\u00bd", "number-unreadable", '"70.2"'),
    (Weight, "1_000", "number-unreadable", '"70.2"'),
    (Weight, "0x46", "number-unknown-unit", "in kg"),
    (Weight, "about 70", "number-unreadable", '"70.2"'),
    (Weight, "1234567890123", "number-too-long", "12 digits"),
    (Weight, "70.5 kg", "number-with-unit", "Write the number alone"),
    (Weight, "70.5KG", "number-with-unit", "Write the number alone"),
    (Weight, "154 lb", "number-other-unit", "Write kg: 154 lb is 69.9 kg."),
    (Weight, "154 lbs.", "number-other-unit", "Write kg: 154 lb is 69.9 kg."),
    (Weight, "154#", "number-other-unit", "Write kg: 154 lb is 69.9 kg."),
    (Weight, "11 st", "number-other-unit", "Write kg: 11 st is 69.9 kg."),
    (Weight, "70500 g", "number-other-unit", "Write kg: 70500 g is 70.5 kg."),
    (Weight, "175 cm", "number-wrong-unit", "Write kg; cm measures something else."),
    (Height, "69 in", "number-other-unit", "Write cm: 69 in is 175.3 cm."),
    (DosePerWeight, "0.5 mg/kg", "number-with-unit", "Write the number alone"),
    (DosePerWeight, "0.5mg/kg/h", "number-per-time", "mg/kg/h is a rate"),
    (DosePerWeight, "0.5 mg/kg/hr", "number-per-time", "mg/kg/h is a rate"),
    (DosePerWeight, "500 mcg/kg", "number-other-unit", "Write mg/kg: 500 mcg/kg is 0.5 mg/kg."),
    (DosePerWeight, "500 \u00b5g/kg", "number-other-unit", "Write mg/kg: 500 mcg/kg is 0.5 mg/kg."),
    (DosePerWeight, "35 mg", "number-wrong-unit", "mg measures something else"),
    (Volume, "0.7 mg", "number-wrong-unit", "Write mL; mg measures something else."),
    (Volume, "0.1 L", "number-other-unit", "Write mL: 0.1 L is 100 mL."),
    (FlowRate, "2.5 mL/min", "number-other-unit", "Write mL/h: 2.5 mL/min is 150 mL/h."),
    (FlowRate, "150 mL", "number-wrong-unit", "Write mL/h; mL measures something else."),
    (Minutes, "1.5 h", "number-other-unit", "Write min: 1.5 h is 90 min."),
    (Pressure, "120 mmHg", "number-with-unit", "Write the number alone"),
]


@pytest.mark.parametrize(("cls", "typed", "code", "words"), REFUSED)
def test_what_must_be_guessed_is_refused_with_the_accepted_form(
    cls: type[Quantity], typed: str, code: str, words: str
) -> None:
    with pytest.raises(BadNumber) as refused:
        cls.of(typed)
    assert refused.value.code == code
    assert words in refused.value.sentence


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("70.5", "70.5"),
        (" 70.5 ", "70.5"),
        ("070", "70"),
        ("0.50", "0.5"),
        ("0", "0"),
        ("123456789012", "123456789012"),
    ],
)
def test_a_plain_number_is_read_exactly(typed: str, number: str) -> None:
    assert Weight.of(typed).value == Decimal(number)


@pytest.mark.parametrize("typed", ["500 mcg", "0.5 g", "35 mL", "35,1"])
def test_an_amount_in_mg_is_read_with_the_same_care(typed: str) -> None:
    with pytest.raises(BadNumber):
        DrugMass.mg(typed)
    with pytest.raises(BadNumber):
        Strength.mg_per_ml(typed)


@pytest.mark.parametrize("typed", ["70.5 kg", "70.5kg", "70.5 kilograms", " 70.5 KG "])
def test_where_the_unit_is_asked_for_it_is_read_with_the_number(typed: str) -> None:
    assert Weight.with_unit(typed) == Weight.of("70.5")


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("70.5", "number-no-unit", '"70.5 kg"'),
        (".5", "number-leading-point", '"0.5"'),
        (".5 kg", "number-leading-point", '"0.5"'),
        ("70,5 kg", "number-comma", "decimal point"),
        ("1e3 kg", "number-exponent", '"1000"'),
        ("154 lb", "number-other-unit", "154 lb is 69.9 kg"),
        ("70.5 bananas", "number-unknown-unit", '"kg"'),
        ("kg", "number-unreadable", "digits"),
        ("", "number-missing", "number"),
    ],
)
def test_where_the_unit_is_asked_for_it_is_never_guessed(typed: str, code: str, words: str) -> None:
    with pytest.raises(BadNumber) as refused:
        Weight.with_unit(typed)
    assert refused.value.code == code
    assert words in refused.value.sentence


@pytest.mark.parametrize(
    ("exact", "places", "rounded"),
    [
        (Fraction(1, 2), 0, "0"),
        (Fraction(3, 2), 0, "2"),
        (Fraction(5, 1000), 2, "0.00"),
        (Fraction(15, 1000), 2, "0.02"),
        # A hair over the half: beyond the 28 digits of decimal arithmetic, and still not a tie.
        (Fraction(1, 2) + Fraction(1, 10**40), 0, "1"),
        (Fraction(3, 2) - Fraction(1, 10**40), 0, "1"),
    ],
)
def test_rounding_is_half_to_even_on_the_exact_number(exact: Fraction, places: int, rounded: str) -> None:
    found = to_decimal(exact, places)
    assert found == Decimal(rounded)
    assert found.as_tuple().exponent == -places
