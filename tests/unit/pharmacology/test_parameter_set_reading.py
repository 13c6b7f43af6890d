"""A parameter file is read strictly: every refusal names the file, the field and the rule."""

import re
import tomllib
from importlib.resources import files

import numpy as np
import pytest

from evenkeel.pharmacology import (
    BodyError,
    ParameterSetError,
    load_parameter_set,
    parameter_set_keys,
    read_parameter_set,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.formulas import FLOW, RATE, UNITS, VOLUME, FormulaError, read_formula

FOLDER = files("evenkeel.pharmacology") / "parameter_sets"
TEXTS = {key: (FOLDER / f"{key}.toml").read_text(encoding="utf-8") for key in parameter_set_keys()}
KAMP = TEXTS["kamp_2020"]
QUANTITY_LINES = [i for i, line in enumerate(KAMP.splitlines()) if "unit = " in line]


@pytest.mark.parametrize("key", parameter_set_keys())
def test_every_shipped_parameter_set_loads(key: str) -> None:
    assert load_parameter_set(key).key == key


def test_unknown_parameter_set_is_refused() -> None:
    with pytest.raises(ParameterSetError, match=r"no parameter set 'kampf'; there is .*kamp_2020"):
        load_parameter_set("kampf")


@pytest.mark.parametrize("part", ["unit", "source", "mark"])
@pytest.mark.parametrize("number", QUANTITY_LINES)
def test_every_number_needs_its_unit_its_source_and_its_mark(number: int, part: str) -> None:
    lines = KAMP.splitlines()
    name = lines[number].split("=")[0].strip()
    lines[number] = re.sub(rf', {part} = "[^"]*"', "", lines[number])
    with pytest.raises(ParameterSetError, match=rf"kamp\.toml: .*{re.escape(name)}\.{part} is missing\."):
        read_parameter_set("\n".join(lines), origin="kamp.toml")


@pytest.mark.parametrize("key", parameter_set_keys())
def test_no_number_of_a_model_stands_without_source_and_mark(key: str) -> None:
    # Numbers are quantities, delay steps, or the conditions and results of a check, which has one source.
    def walk(path: str, value: object) -> None:
        if isinstance(value, dict):
            if "value" in value:
                assert set(value) == {"value", "unit", "source", "mark"}, path
                return
            for name, inner in value.items():
                walk(f"{path}.{name}", inner)
        elif isinstance(value, list):
            for inner in value:
                walk(path, inner)
        else:
            allowed = path.endswith(("delay_steps", "citation.year"))
            assert isinstance(value, str) or allowed, path

    content = tomllib.loads(TEXTS[key])
    for check in content.pop("check"):
        assert check["source"]
        assert check["mark"]
    walk(key, content)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        # Numbers, units, fields.
        ('84.0, unit = "L/h"', '84.0, unit = "mL/min"', "parameters.CL.unit must be 'L' or"),
        ("V1 = { value = 25.0", "V1 = { value = -25.0", "parameters.V1 must be greater than 0, not -25."),
        ("V1 = { value = 25.0", "V1 = { value = nan", "parameters.V1.value must be a finite number."),
        ("V1 = { value = 25.0", "V1 = { value = true", "parameters.V1.value must be a finite number."),
        ('mark = "code" }\nV2 =', 'mark = "rumor" }\nV2 =', "parameters.V1.mark must be one of paper,"),
        ('role          = "default"', 'role = "best"', "role must be one of default, samples,"),
        ('key           = "kamp_2020"', 'key = "kamp_2020"\ncolor = "red"', "color is not a field"),
        ('key           = "kamp_2020"', 'key = ""', "key must be a text that is not empty."),
        ('authors = "Kamp', 'writers = "Kamp', "citation.authors is missing."),
        ("[citation]", "[citation", "is not valid TOML"),
        (
            'weight_low  = { value = 45.0, unit = "kg"',
            'weight_low = { value = 45.0, unit = "lb"',
            "'kg', not 'lb'",
        ),
        # Formulas.
        ('losses  = { central = "CL" }', 'losses = { central = "V1" }', "'V1' is not a flow by its units"),
        ('losses  = { central = "CL" }', 'losses = { central = "CLX" }', "'CLX' is not a parameter"),
        (
            'losses  = { central = "CL" }',
            'losses = { center = "CL" }',
            "losses.center must be one of central",
        ),
        ('central = "V1", shallow', 'central = "V1 * 0.5", shallow', "whole numbers, + - * / and brackets"),
        ('flow = "Q3"', 'flow = "Q2"', "parameters.Q3 is in no formula."),
        (
            'between = ["central", "deep"]',
            'between = ["central", "sea"]',
            "between must name two of central,",
        ),
        # Where things go.
        (
            'into      = "norketamine.central"',
            'into = "norketamine.sea"',
            "into must be one of ketamine.central,",
        ),
        ('route    = "iv"', 'route = "vein"', "entry must have one for the route 'iv'"),
        (
            'im         = "ketamine.central"',
            'ear = "ketamine.central"',
            "borrowed_routes.ear must be one of im,",
        ),
        (
            'name = "ketamine"\nfrom',
            'name = "kétamine"\nfrom',
            "outlet must have one that is named 'ketamine'",
        ),
        # Variability.
        ("V1 = { value = 0.15", "V9 = { value = 0.15", "between_bodies.variance.V9 belongs to no parameter."),
        (
            'value = 0.04456, unit = "log covariance"',
            'value = 0.9, unit = "log covariance"',
            "not positive definite",
        ),
        ('of         = ["V_nk", "CL_nk"]', 'of = ["V_nk", "Q_nk"]', "of must name two of CL, V1, Q3,"),
        ("ketamine.proportional_sd    =", "ketanine.proportional_sd =", "residual.ketanine must be one of"),
        # Allometry, range, checks.
        (
            'of       = ["V_nk"]',
            'of = ["V1"]',
            "names 'V1', which is no parameter or has an exponent already",
        ),
        ('route = "iv"\nlow', 'route = "ear"\nlow', "range.dose[0].route names 'ear'"),
        (
            "age_high    = { value = 75.0",
            "age_high = { value = 15.0",
            "age_high must be greater than age_low",
        ),
        ("high  = { value = 2.0", "high = { value = 0.02", "high must be greater than low, 0.05 mg/kg"),
        ("V1 = { value = 25.0", "V1 = { value = 20.0", "check 0: the parameters give"),
        ("value = 57.72", "value = 67.72", "norketamine level after 35 mg iv, but the check value is"),
        (
            "half_life_min = [2.8",
            "half_life_min = [2.7",
            "ketamine half-life, but the check value is 2.7 min",
        ),
    ],
)
def test_unsound_parameter_set_is_refused(old: str, new: str, sentence: str) -> None:
    assert KAMP.count(old) == 1
    with pytest.raises(ParameterSetError, match=re.escape(sentence)) as refusal:
        read_parameter_set(KAMP.replace(old, new), origin="kamp.toml")
    assert str(refusal.value).startswith("kamp.toml")


def test_file_without_check_values_is_refused() -> None:
    bare = KAMP[: KAMP.index("\n[[check]]")]
    with pytest.raises(ParameterSetError, match="check is missing: a model without a check value"):
        read_parameter_set(bare, origin="bare.toml")


def test_duration_of_a_release_cannot_vary_between_bodies() -> None:
    text = TEXTS["simons_2022"].replace("KA1 = { value = 0.062", "D1 = { value = 0.154")
    with pytest.raises(ParameterSetError, match=r"variance\.D1 is the duration of a release"):
        read_parameter_set(text, origin="simons.toml")


def test_a_value_that_should_be_missed_and_is_not_is_refused() -> None:
    text = TEXTS["domino"]
    assert "clearance_l_per_h = 79.0" in text
    with pytest.raises(ParameterSetError, match="should miss this value, but it gives it"):
        read_parameter_set(
            text.replace("clearance_l_per_h = 79.0", "clearance_l_per_h = 115.9"), origin="d.toml"
        )


def test_model_that_cannot_be_built_is_refused_by_the_name_of_its_file() -> None:
    # A loss of nothing anywhere keeps drug for ever; the engine refuses it, the file is named.
    text = TEXTS["herd_2007_children"].replace(
        'losses  = { central = "CL" }', 'losses = { central = "CL - CL" }'
    )
    with pytest.raises(ParameterSetError, match=r"herd\.toml: the model cannot be built\."):
        read_parameter_set(text, origin="herd.toml")


def test_formula_is_checked_by_its_units() -> None:
    dimensions = {"k": RATE, "V": VOLUME, "Q": FLOW}
    formula = read_formula("(k + k) * V - Q", dimensions, FLOW)
    values = {"k": np.array([0.5]), "V": np.array([10.0]), "Q": np.array([3.0])}
    assert formula(values) == pytest.approx([7.0])
    assert formula.names == {"k", "V", "Q"}
    for wrong in ("k + V", "k * V * V", "Q / k / V", "V"):
        with pytest.raises(FormulaError):
            read_formula(wrong, dimensions, FLOW)
    for wrong in ("__import__('os')", "V ** 2", "Q if k else Q", "Q; Q", "Q * 1.5", "True * Q"):
        with pytest.raises(FormulaError):
            read_formula(wrong, dimensions, FLOW)


def test_units_come_out_in_litres_minutes_and_kilograms() -> None:
    # 60 L/h is 1 L/min, 60 per hour is 1 per minute, 1 h is 60 min.
    assert 60 * UNITS["L/h"][1] == pytest.approx(1.0)
    assert 60 * UNITS["1/h"][1] == pytest.approx(1.0)
    assert UNITS["h"][1] == 60.0


def test_a_name_that_the_model_does_not_have_cannot_deviate() -> None:
    bodies = Bodies(weight_kg=np.array([70.0]), log_deviation={"Q7": np.zeros(1)})
    with pytest.raises(BodyError, match=r"log_deviation names 'Q7', but Kamp 2020 has V1,"):
        load_parameter_set("kamp_2020").system(bodies)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"weight_kg": [70.0, -1.0]}, "weight_kg must be a finite number greater than 0, not -1 (body 1)."),
        ({"weight_kg": [70.0], "age_years": [float("nan")]}, "age_years must be a finite number, not nan"),
        ({"weight_kg": 70.0}, "weight_kg must be a list of numbers, one for each body."),
        ({"weight_kg": ["x"]}, "weight_kg must be a list of numbers, one for each body."),
        ({"weight_kg": [70.0], "age_years": [1.0, 2.0]}, "age_years must have one value for each of the 1"),
        (
            {"weight_kg": [70.0], "log_deviation": {"CL": [0.0, 0.0]}},
            "log_deviation['CL'] must have one value",
        ),
        ({"weight_kg": [70.0], "groups": {"Asian": [True, False]}}, "groups['Asian'] must have one value"),
    ],
)
def test_bodies_that_cannot_be_are_refused(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(BodyError, match=re.escape(sentence)):
        Bodies(**fields)  # type: ignore[arg-type]


def test_typical_bodies_that_cannot_be_are_refused() -> None:
    with pytest.raises(BodyError, match="weight_kg must be a list of numbers, one for each body"):
        Bodies.typical("heavy")
    with pytest.raises(BodyError, match="age_years must be a finite number greater than 0, not -3"):
        Bodies.typical([60.0, 70.0], age_years=-3.0)


def test_part_of_the_bodies_keeps_what_is_known_of_them() -> None:
    bodies = Bodies(
        weight_kg=np.array([50.0, 60.0, 70.0]),
        age_years=np.array([20.0, 30.0, 40.0]),
        sex=np.array(["female", "male", "female"]),
        groups={"Asian": np.array([True, False, True])},
        log_deviation={"CL": np.array([0.1, 0.2, 0.3])},
    )
    part = bodies.part(slice(1, 3))
    assert len(part) == 2
    assert part.age_years is not None
    assert part.sex is not None
    assert part.age_years.tolist() == [30.0, 40.0]
    assert part.sex.tolist() == ["male", "female"]
    assert part.groups["Asian"].tolist() == [False, True]
    assert part.log_deviation["CL"].tolist() == [0.2, 0.3]


def test_routes_that_are_lent_are_in_a_file_of_their_own_and_no_model() -> None:
    assert "routes" not in parameter_set_keys()
    lent = tomllib.loads((FOLDER / "routes.toml").read_text(encoding="utf-8"))
    assert set(lent["route"]) == {"im", "nasal", "oral", "sublingual"}
    for other in lent["other"].values():
        assert set(other) == {"fraction", "reason"}
        assert set(other["fraction"]) == {"value", "unit", "source", "mark"}
