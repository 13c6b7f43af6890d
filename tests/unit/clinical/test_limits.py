"""Limits as typed values: what a rule file may write, what is refused, and how each is shown and compared."""

from decimal import Decimal

import pytest

from evenkeel.clinical.limits import (
    UNITS,
    Limit,
    Limits,
    RulebookError,
    limit_number,
    limit_shown,
    limit_unit,
    limit_unit_shown,
    limit_written,
    measure,
    parse_limit,
    typed_limit,
)
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import (
    BodyMassIndex,
    Breaths,
    Days,
    DosePerWeight,
    FlowRate,
    Height,
    Hours,
    Minutes,
    Percent,
    Pressure,
    Pulse,
    Saturation,
    Score,
    Volume,
    Weight,
    Years,
)

KNOWN = (
    "mmHg, beats/min, breaths/min, % SpO2, %, kg, kg/m2, cm, mg, mg/kg, mg/mL, mL, mL/h, min, h, d, years, "
    "points"
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("180 mmHg", Pressure.of(180)),
        ("50 beats/min", Pulse.of(50)),
        ("10 breaths/min", Breaths.of(10)),
        ("94 % SpO2", Saturation.of(94)),
        ("10 %", Percent.of(10)),
        ("70.2 kg", Weight.of("70.2")),
        ("30 kg/m2", BodyMassIndex.of(30)),
        ("175 cm", Height.of(175)),
        ("35.1 mg", DrugMass(mcg=35100)),
        ("0.75 mg/kg", DosePerWeight.of("0.75")),
        ("50 mg/mL", Strength(mcg_per_ml=50000)),
        ("100 mL", Volume.of(100)),
        ("150 mL/h", FlowRate.of(150)),
        ("40 min", Minutes.of(40)),
        ("2 h", Hours.of(2)),
        ("90 d", Days.of(90)),
        ("18 years", Years.of(18)),
        ("9 points", Score.of(9)),
        (3, 3),
        (0, 0),
        (["crps", "depression"], ("crps", "depression")),
    ],
)
def test_a_limit_becomes_a_typed_value(raw: object, value: object) -> None:
    parsed = parse_limit(raw)
    assert parsed == value
    assert type(parsed) is type(value)


def unusable(shown: str) -> str:
    """What is said of a value of a kind that no limit has."""
    return f"the limit {shown} is not a whole number, a quantity or a list of words"


def unreadable(raw: str) -> str:
    """What is said of a text that is no number with a unit."""
    return f'the limit "{raw}" is not a number, a space and a unit'


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("180", unreadable("180")),
        ("180mmHg", unreadable("180mmHg")),
        ("mmHg 180", unreadable("mmHg 180")),
        (".5 mg/kg", unreadable(".5 mg/kg")),
        ("-1 mmHg", unreadable("-1 mmHg")),
        ("1e3 mg", unreadable("1e3 mg")),
        ("", unreadable("")),
        ("180 mmhg", f'the limit "180 mmhg" has an unknown unit; known are {KNOWN}'),
        ("50 /min", f'the limit "50 /min" has an unknown unit; known are {KNOWN}'),
        ("0.0001 mg", 'the limit "0.0001 mg": Write milligrams with at most three decimals.'),
        ("1234567890123 kg", 'the limit "1234567890123 kg": Write at most 12 digits.'),
        (0.5, unusable("0.5")),
        (True, unusable("True")),
        (-1, unusable("-1")),
        ([], unusable("[]")),
        ([1], unusable("[1]")),
        (["crps", ""], unusable("['crps', '']")),
    ],
)
def test_what_is_no_limit_is_refused_in_a_sentence(raw: object, sentence: str) -> None:
    with pytest.raises(RulebookError) as refused:
        parse_limit(raw)
    assert str(refused.value) == sentence


LIMITS = Limits(by_name={"systolic": Pressure.of(180), "offered": ("depression", "crps"), "readings": 2})


def test_limits_are_had_by_name_in_the_order_of_the_file() -> None:
    assert LIMITS.systolic == Pressure.of(180)
    assert list(LIMITS) == [
        ("systolic", Pressure.of(180)),
        ("offered", ("depression", "crps")),
        ("readings", 2),
    ]
    assert LIMITS.shown() == {"systolic": "180 mmHg", "offered": "depression or crps", "readings": "2"}


def test_a_limit_that_the_rule_does_not_have_is_an_error_that_names_it() -> None:
    with pytest.raises(AttributeError) as refused:
        _ = LIMITS.diastolic
    assert str(refused.value) == "the rule has no limit called diastolic"


@pytest.mark.parametrize(
    ("limit", "shown", "number", "unit", "unit_shown", "value"),
    [
        ("180 mmHg", "180 mmHg", "180", "mmHg", "mmHg", "180"),
        ("94 % SpO2", "94 %", "94", "% SpO2", "%", "94"),
        ("90 d", "90 days", "90", "d", "days", "90"),
        ("50 beats/min", "50 /min", "50", "beats/min", "/min", "50"),
        ("9 points", "9", "9", "points", "points", "9"),
        ("35.1 mg", "35.1 mg", "35.1", "mg", "mg", "35100"),
        ("50 mg/mL", "50 mg/mL", "50", "mg/mL", "mg/mL", "50000"),
        (3, "3", "3", "", "", "3"),
    ],
)
def test_how_a_number_is_shown_typed_and_compared(
    limit: str | int, shown: str, number: str, unit: str, unit_shown: str, value: str
) -> None:
    parsed = parse_limit(limit)
    assert limit_shown(parsed) == shown
    assert limit_number(parsed) == number
    assert limit_unit(parsed) == unit
    assert limit_unit_shown(parsed) == unit_shown
    assert measure(parsed) == Decimal(value)
    assert isinstance(measure(parsed), Decimal)
    assert limit_written(parsed) == limit


def test_a_list_of_words_has_no_unit_and_no_number() -> None:
    words = ("depression", "crps")
    assert limit_shown(words) == "depression or crps"
    assert limit_unit(words) == limit_unit_shown(words) == ""
    assert limit_written(words) == ["depression", "crps"]
    with pytest.raises(AssertionError, match=r"^a list of words has no number$"):
        limit_number(words)
    with pytest.raises(AssertionError, match=r"^a list of words is no number$"):
        measure(words)
    with pytest.raises(AssertionError, match=r"^words are chosen, not typed$"):
        typed_limit("crps", words)


def test_every_unit_is_written_back_as_it_was_read() -> None:
    for unit in UNITS:
        assert limit_written(parse_limit(f"7 {unit}")) == f"7 {unit}"


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("0", 0), (" 12 ", 12), ("2.0", 2)])
def test_a_whole_number_is_typed(text: str, number: int) -> None:
    typed = typed_limit(text, 2)
    assert (typed, type(typed)) == (number, int)


@pytest.mark.parametrize(
    ("text", "like", "code", "sentence"),
    [
        ("2.5", 2, "number-not-whole", "Write a whole number."),
        ("", 2, "number-missing", "Write a number."),
        ("3 mg", 2, "number-with-unit", "Write the number alone; the unit stands beside the field."),
        ("20 kPa", Pressure.of(160), "number-unknown-unit", 'Write the unit as "mmHg".'),
        ("1.0001", DrugMass(mcg=100000), "mass-too-fine", "Write milligrams with at most three decimals."),
    ],
)
def test_what_is_typed_wrong_is_refused_with_what_to_write(
    text: str, like: Limit, code: str, sentence: str
) -> None:
    with pytest.raises(BadNumber) as refused:
        typed_limit(text, like)
    assert (refused.value.code, refused.value.sentence) == (code, sentence)
