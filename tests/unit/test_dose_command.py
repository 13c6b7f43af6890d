"""`evenkeel dose` in a terminal: every number with its unit, and an end that says how it went."""

import json

import pytest
from typer.testing import CliRunner, Result

from evenkeel.config.cli import app

# The worked example of screens.md.
TYPED = {
    "--dose": "0.5 mg/kg",
    "--over": "40 min",
    "--weight": "70.2 kg",
    "--vial": "ketamine_50_10",
    "--bag": "100 mL",
    "--for": "mood",
    "--first": "yes",
}


def run(*more: str, **changes: str) -> Result:
    """The example, with what a test changes: `weight="154 lb"`."""
    typed = TYPED | {f"--{name}": value for name, value in changes.items()}
    return CliRunner().invoke(app, ["dose", *(word for pair in typed.items() for word in pair), *more])


def test_the_worked_example() -> None:
    done = run()
    assert done.exit_code == 0
    assert (
        "ketamine 0.5 mg/kg × 70.2 kg = 35.1 mg; draw 0.7 mL of 50 mg/mL (35 mg); "
        "to 100 mL total, over 40 min = 150 mL/h"
    ) in done.stdout
    assert "none speaks against it" in done.stdout


def test_as_data_the_units_stand_in_the_keys_and_the_numbers_are_text() -> None:
    found = json.loads(run("--dose", "0.25 mg/kg", "--over", "20 min", "--json").stdout)
    # 0.75 mg/kg x 70.2 kg = 52.65 mg, in 1.05 mL of 50 mg/mL (52.5 mg); 100 mL in an hour, two thirds first.
    assert found["dose_mg_per_kg"] == "0.75"
    assert found["weight_kg"] == "70.2"
    assert found["ordered_mg"] == "52.65"
    assert found["draw_ml"] == "1.05"
    assert found["drawn_mg"] == "52.5"
    assert found["duration_min"] == "60"
    assert found["steps"] == [
        {"kind": "infusion", "rate_ml_per_h": "100", "duration_min": "40", "dose_mg_per_kg": "0.5"},
        {"kind": "infusion", "rate_ml_per_h": "100", "duration_min": "20", "dose_mg_per_kg": "0.25"},
    ]
    assert [each["rule"] for each in found["rules"]] == ["ORD-DOS-001"]
    assert found["rules"][0]["may_be_overridden"] is True


def test_a_blocked_dose_is_shown_and_ends_with_1() -> None:
    done = run(dose="1.01 mg/kg")
    assert done.exit_code == 1
    assert "ORD-DOS-003, never: 1.01 mg/kg." in done.stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weight": "154 lb"}, "--weight: Write kg: 154 lb is 69.9 kg."),
        ({"weight": "70.2"}, '--weight: Write the unit too: "70.2 kg".'),
        ({"weight": "70,2 kg"}, "--weight: Write a decimal point, not a comma."),
        ({"dose": ".5 mg/kg"}, '--dose: Write a zero before the point: "0.5".'),
        ({"dose": "0.5 mg/kg/h"}, "--dose: Write mg/kg for the whole run"),
        ({"over": "40"}, '--over: Write the unit too: "40 min".'),
        ({"bag": "0 mL"}, "--bag: The bag must be more than zero."),
        ({"vial": "midazolam_1_2"}, "--vial: An order names a ketamine vial; this is midazolam"),
        ({"vial": "ketamin"}, "--vial: Choose a vial from the clinic's list."),
    ],
)
def test_what_cannot_be_read_or_made_ends_with_2_and_names_the_option(
    changes: dict[str, str], sentence: str
) -> None:
    done = run(**changes)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""


def test_each_dose_has_its_time() -> None:
    done = run("--dose", "0.1 mg/kg")
    assert done.exit_code == 2
    assert "--over: Write one for each --dose." in done.stderr
