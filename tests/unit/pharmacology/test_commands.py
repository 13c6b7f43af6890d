"""The `evenkeel pk` commands: they write what the library computes, and tell bad input in a sentence."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from evenkeel.config.cli import app as evenkeel
from evenkeel.pharmacology import (
    InfusionProfile,
    load_parameter_set,
    parameter_set_keys,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import simulate_cohort
from evenkeel.pharmacology.commands import app
from evenkeel.pharmacology.covariates import load_covariate_model
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.individual import LevelSample, fit_individual
from evenkeel.pharmacology.regimen import Given, Regimen

STANDARD = ["--dose-mg-per-kg", "0.5", "--over-min", "40"]
INFUSION = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),))


def run(*arguments: object, code: int = 0) -> str:
    """Run one command; what it printed, on both outputs."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == code, done.output
    return done.output


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(rows: list[dict[str, str]], column: str, **where: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    chosen = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return np.array([float(row[column]) for row in chosen])


def test_simulate_writes_what_the_library_computes(tmp_path: Path) -> None:
    out = tmp_path / "level.csv"
    printed = run(
        "simulate", *STANDARD, "--weight-kg", 82, "--age-years", 40, "--effect", "dissociation", "--out", out
    )
    kamp, profile = load_parameter_set("kamp_2020"), InfusionProfile.constant(41.0, 40.0)
    at_min = np.arange(281.0)
    level = predict_level(kamp, 82.0, profile, at_min, age_years=40.0)
    rows = written(out)
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["sampling_site"] for row in rows} == {"arterial-equivalent"}
    ketamine = {"quantity": "ketamine", "unit": "ng/mL"}
    assert np.array_equal(numbers(rows, "time_min", **ketamine), at_min)
    assert level.level_ng_per_ml is not None
    assert level.band_high_ng_per_ml is not None
    assert np.array_equal(numbers(rows, "value", **ketamine), level.level_ng_per_ml)
    assert np.array_equal(numbers(rows, "band_high", **ketamine), level.band_high_ng_per_ml)
    body = kamp.system(Bodies.typical(82.0))
    expected = simulate(body, profile, at_min).select(output="norketamine").values[0]
    assert np.array_equal(numbers(rows, "value", quantity="norketamine"), expected)
    effect = predict_effect(Effect.DISSOCIATION, kamp, 82.0, profile, at_min, age_years=40.0)
    assert effect.value is not None
    assert np.array_equal(numbers(rows, "value", quantity="dissociation", unit="points"), effect.value)
    assert level.words in printed
    assert effect.words in printed


def test_parquet_holds_the_same_table_with_its_words(tmp_path: Path) -> None:
    run("simulate", *STANDARD, "--out", tmp_path / "level.csv")
    run("simulate", *STANDARD, "--out", tmp_path / "level.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "level.parquet")
    rows = written(tmp_path / "level.csv")
    assert table.column_names == list(rows[0])
    for name in ("time_min", "value", "band_low"):
        assert np.array_equal(table[name].to_numpy(), numbers(rows, name))
    about = table.schema.metadata
    assert about[b"evenkeel.kind"] == b"estimates, not measurements"
    assert b"Kamp J" in about[b"evenkeel.Kamp 2020"]


def test_a_course_a_pause_steps_and_other_routes_reach_the_model(tmp_path: Path) -> None:
    out, at_min = tmp_path / "level.csv", np.array([0.0, 60.0, 120.0, 180.0])
    body = load_parameter_set("kamp_2020").system(Bodies.typical(70.0))

    def level(*options: str) -> Any:
        run("simulate", *options, "--until-h", 3, "--every-min", 60, "--out", out)
        return numbers(written(out), "value", quantity="ketamine")

    def expected(profile: InfusionProfile) -> Any:
        return simulate(body, profile, at_min, outputs=("ketamine",)).values[0, 0]

    one = InfusionProfile.constant(35.0, 40.0)
    course = level(*STANDARD, "--on-days", "0,0.0625")
    assert np.allclose(course, expected(InfusionProfile.repeated(one, at_min=[0.0, 90.0])), rtol=1e-12)
    paused = InfusionProfile.from_rate_changes(at_min=[0, 15, 20, 45], rate_mg_per_h=[52.5, 0, 52.5, 0])
    assert np.allclose(level(*STANDARD, "--pause", "15:5"), expected(paused), rtol=1e-12)
    stepped = InfusionProfile.from_rate_changes(
        at_min=[0, 60, 120], rate_mg_per_h=[12, 14, 0], boluses=[(0.0, 10.5)]
    )
    steps = level("--bolus", "0:0.15mg/kg", "--step", "0-60:12mg/h", "--step", "60-120:0.2mg/kg/h")
    assert np.allclose(steps, expected(stepped), rtol=1e-12)
    im = level("--dose-mg", "50", "--route", "im")
    assert im[0] == pytest.approx(0.0, abs=1e-9)
    assert im[1] > 100.0
    assert np.allclose(2 * im, level("--dose-mg", "100", "--route", "im"), rtol=1e-12, atol=1e-9)


CSV = "at_min,amount,unit,over_min,route\n0,0.15,mg/kg,,\n0,12,mg/h,60,\n\n90,25,mg,,im\n"
TOML = """
[[dose]]
at_min = 0
amount = 0.15
unit = "mg/kg"
[[dose]]
at_min = 0
amount = 12
unit = "mg/h"
over_min = 60
[[dose]]
at_min = 90
amount = 25.0
unit = "mg"
route = "im"
"""


@pytest.mark.parametrize(("name", "text"), [("r.csv", CSV), ("r.toml", TOML)])
def test_a_file_is_read_like_the_options(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    printed = run("simulate", "--profile", tmp_path / name)
    assert "Dose in all: 47.5 mg of ketamine base." in printed


def test_compare_shows_every_model_that_is_offered_and_the_spread(tmp_path: Path) -> None:
    out = tmp_path / "models.parquet"
    printed = run("compare", *STANDARD, "--out", out)
    offered = [one for one in map(load_parameter_set, parameter_set_keys()) if one.offered]
    table = pyarrow.parquet.read_table(out).to_pydict()
    assert set(table["model"]) == {one.name for one in offered}
    # Computed before this code, by matrix exponential: pk_models.yaml, 40 min, ng/mL.
    at_the_end = {"Kamp 2020": 253, "Otto 2021": 158, "Simons 2022": 289, "Perez-Ruixo 2021": 125}
    for model, expected in at_the_end.items():
        (row,) = [
            i
            for i, (name, at, quantity) in enumerate(
                zip(table["model"], table["time_min"], table["quantity"], strict=True)
            )
            if name == model and at == 40.0 and quantity == "ketamine"
        ]
        assert table["value"][row] == pytest.approx(expected, abs=1.0)
    assert "125 to 289" in printed
    assert "Estimates of total ketamine" in printed


def test_compare_leaves_out_models_without_the_route() -> None:
    printed = run("compare", "--dose-mg", 28, "--route", "nasal")
    assert "Perez-Ruixo 2021" in printed
    assert "Otto 2021" not in printed
    assert "offered has the route swallowed" in run(
        "compare", "--dose-mg", 28, "--route", "swallowed", code=2
    )


def test_cohort_writes_the_summary_and_every_level(tmp_path: Path) -> None:
    out, levels = tmp_path / "summary.csv", tmp_path / "levels.parquet"
    options = ["--bodies", 50, "--seed", 3, "--until-h", 2, "--every-min", 20, "--residual"]
    who = ["--covariates", "adults_perez_ruixo_2021"]
    printed = run("cohort", *STANDARD, *options, *who, "--out", out, "--levels", levels)
    expected = simulate_cohort(
        load_parameter_set("otto_2021"),
        50,
        INFUSION,
        np.arange(7) * 20.0,
        3,
        covariates=load_covariate_model("adults_perez_ruixo_2021"),
        with_residual=True,
    )
    rows = written(out)
    for name, values in (("mean", expected.mean), ("sd", expected.sd)):
        assert np.array_equal(numbers(rows, f"{name}_ng_per_ml"), values.values.ravel())
    shares = expected.quantiles.select(share=0.95, output="ketamine")
    assert np.array_equal(numbers(rows, "percentile_95_ng_per_ml", output="ketamine"), shares.values)
    every = pyarrow.parquet.read_table(levels).to_pydict()
    assert sorted(set(every["body"])) == list(range(50))
    found = np.array(every["level_ng_per_ml"]).reshape(50, 2, 7)
    assert np.allclose(found.mean(axis=0), expected.mean.values, rtol=1e-12)
    assert "50 virtual patients" in printed


def test_the_same_seed_gives_the_same_cohort_for_one_worker_or_two(tmp_path: Path) -> None:
    options = [*STANDARD, "--bodies", 3000, "--until-h", 1, "--every-min", 30]
    for workers in (1, 2):
        run("cohort", *options, "--workers", workers, "--out", tmp_path / f"{workers}.csv")
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_fit_prints_how_little_was_learnt_and_writes_the_parameters(tmp_path: Path) -> None:
    samples, out = tmp_path / "levels.csv", tmp_path / "fit.csv"
    samples.write_text("at_min, level_ng_per_ml, output\n40,210,\n120,80,norketamine\n", encoding="utf-8")
    printed = run("fit", samples, *STANDARD, "--weight-kg", 70, "--out", out)
    estimate = fit_individual(
        load_parameter_set("otto_2021"),
        INFUSION.for_weight(70.0),
        [
            LevelSample(at_min=40, level_ng_per_ml=210),
            LevelSample(at_min=120, level_ng_per_ml=80, output="norketamine"),
        ],
        weight_kg=70.0,
    )
    for sentence in estimate.words:
        assert sentence in printed
    rows = written(out)
    assert [row["parameter"] for row in rows] == list(estimate.posterior.names)
    ratios = numbers(rows, "ratio_to_typical")
    assert ratios == pytest.approx([estimate.ratio(name) for name in estimate.posterior.names])
    assert np.all(numbers(rows, "ratio_low") < ratios)


def test_check_recomputes_every_value_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "checks.csv"
    printed = run("check", "--model", "kamp_2020", "--model", "otto_2021", "--out", out)
    rows = written(out)
    assert {row["model"] for row in rows} == {"kamp_2020", "otto_2021"}
    assert {row["verdict"] for row in rows} == {"ok"}
    assert f"All {len(rows)} check values are as documented." in printed


def test_check_ends_with_1_when_a_value_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "evenkeel.pharmacology.command_rows.recomputed",
        lambda _, check: tuple(2 * value for value in check.expected),
    )
    printed = run("check", "--model", "domino", code=1)
    assert "MISSED" in printed
    assert "check values are missed that should be met." in printed


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["simulate", "--over-min", "40"], "over-min needs a dose: give dose-mg-per-kg or dose-mg."),
        (["simulate"], "The regimen is empty: give a dose."),
        (["simulate", "--dose-mg", "-5", "--over-min", "40"], "amount must be a finite number of 0 or more"),
        (["simulate", "--dose-mg", "5", *STANDARD], "dose-mg-per-kg and dose-mg exclude each other"),
        (["simulate", "--dose-mg", "35"], "over-min is missing"),
        (["simulate", *STANDARD, "--weight-kg", "nan"], "weight_kg must be a finite number"),
        (["simulate", *STANDARD, "--every-min", "0"], "every-min must be a finite number greater than 0"),
        (["simulate", *STANDARD, "--until-h", "-1"], "until-h must be a finite number greater than 0"),
        (["simulate", *STANDARD, "--every-min", "1e-9"], "every-min is too small"),
        (["simulate", *STANDARD, "--model", "kmap"], "There is no parameter set 'kmap'; there is"),
        (["simulate", *STANDARD, "--effect", "joy"], "effect must be one of dissociation"),
        (["simulate", *STANDARD, "--out", "level.xlsx"], "level.xlsx must end in .csv or .parquet."),
        (["simulate", *STANDARD, "--plot", "level.gif"], "level.gif must end in .svg, .png or .pdf."),
        (["simulate", *STANDARD, "--out", "nowhere/level.csv"], "there is no folder nowhere"),
        (["simulate", *STANDARD, "--profile", "x.toml"], "profile stands alone"),
        (["simulate", "--profile", "absent.csv"], "absent.csv cannot be read"),
        (["simulate", "--bolus", "20mg"], "bolus must read like 0:20mg or 15:0.1mg/kg, not '20mg'."),
        (["simulate", "--step", "0-20:60ml/h"], "step must read like 0-20:60mg/h"),
        (["simulate", "--step", "20-10:60mg/h"], "step must end after it starts"),
        (["simulate", *STANDARD, "--pause", "15"], "pause must read like 15:5"),
        (["simulate", *STANDARD, "--on-days", "0,two"], "on_days must be days with commas between"),
        (["simulate", *STANDARD, "--on-days", "2,0"], "each later than the one before"),
        (["simulate", "--step", "0-60:12mg/h", "--step", "30-90:20mg/h"], "overlap"),
        (["simulate", "--dose-mg", "50", "--route", "inhaled"], "inhaled"),
        (["simulate", "--dose-mg", "50", "--over-min", "5", "--route", "im"], "only iv runs over time"),
        (["compare", *STANDARD, "--show-min", "20,x"], "show-min must be minutes with commas between"),
        (["cohort", *STANDARD, "--bodies", "0"], "n must be a whole number of 1 or more"),
        (["cohort", *STANDARD, "--workers", "0"], "workers must be a whole number of 1 or more"),
        (["cohort", *STANDARD, "--bolus", "0:5mg"], "all per kg or none of them"),
        (["cohort", *STANDARD, "--covariates", "nobody"], "There is no covariate model 'nobody'"),
        (["check", "--model", "kmap"], "There is no parameter set 'kmap'"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("at_min,level_ng_per_ml\n40,high\n", "level_ng_per_ml of row 1 must be a number, not 'high'."),
        ("at_min,level_ng_per_ml\n40,0\n", "row 1: level_ng_per_ml must be a finite number greater than 0"),
        ("at_min,level_ng_per_ml,unit\n40,2,mg/L\n", "row 1: unit must be 'ng/mL', not 'mg/L'"),
        ("at_min,level\n40,2\n", "level is not a column of levels"),
        ("at_min\n40\n", "the column level_ng_per_ml is missing."),
        ("at_min,level_ng_per_ml\n40\n", "row 1 has 1 cells, but there are 2 columns."),
        ("", "is empty; its first line must name the columns."),
        ("at_min,level_ng_per_ml\n", "samples must hold at least one level."),
    ],
)
def test_levels_that_cannot_be_fitted_are_refused_by_row(tmp_path: Path, text: str, sentence: str) -> None:
    samples = tmp_path / "levels.csv"
    samples.write_text(text, encoding="utf-8")
    printed = run("fit", samples, *STANDARD, "--out", tmp_path / "fit.csv", code=2)
    assert sentence in printed
    assert not (tmp_path / "fit.csv").exists()


def test_nothing_half_written_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "level.csv"
    out.write_text("what was there", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evenkeel.pharmacology.tables._CsvFile.add", fail)
    assert "No space left on device" in run("simulate", *STANDARD, "--out", out, code=2)
    assert out.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [out]


def test_out_of_range_is_computed_marked_and_told(tmp_path: Path) -> None:
    out = tmp_path / "level.csv"
    printed = run("simulate", *STANDARD, "--weight-kg", 140, "--out", out)
    assert "outside studied population: Weight 140 kg is outside 45 to 120 kg." in printed
    assert {row["status"] for row in written(out)} == {"outside studied population"}


@pytest.mark.parametrize("command", [("simulate",), ("compare", "--model", "kamp_2020"), ("cohort",)])
def test_what_speaks_against_a_model_is_told(command: tuple[str, ...]) -> None:
    printed = run(*command, "--model", "domino", *STANDARD)
    assert "Domino 1984: For comparison with old target-controlled infusions only." in printed
    assert "69 to 90 L/h" in printed


def test_the_size_of_an_effect_is_told() -> None:
    # Derived in the reference: a score of 16 at the end of the infusion, rises of 7.7 mmHg (mean of patients)
    # and 15 mmHg (mean of maxima).
    asked = [word for effect in ("dissociation", "systolic pressure") for word in ("--effect", effect)]
    printed = run("simulate", *STANDARD, *asked)
    score, rise = re.findall(r"Largest: ([\d.]+) (?:points|mmHg) at \d+ min", printed)
    assert float(score) == pytest.approx(16, abs=1)
    assert float(rise) == pytest.approx(7.7, abs=0.1)
    assert "Highest reading of each patient: mean rise 15" in printed


def test_a_child_gets_no_level_and_no_file(tmp_path: Path) -> None:
    out = tmp_path / "level.csv"
    printed = run("simulate", *STANDARD, "--age-years", 12, "--out", out, code=2)
    assert "No level is estimated below this range." in printed
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    printed = run("simulate", *STANDARD, "--out", tmp_path / "level.parquet", code=2)
    assert 'pip install "evenkeel[science]"' in printed
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    printed = run("simulate", *STANDARD, "--plot", tmp_path / "level.png", code=2)
    assert 'pip install "evenkeel[science]"' in printed


def test_the_commands_are_part_of_evenkeel() -> None:
    done = CliRunner().invoke(evenkeel, ["pk", "--help"])
    assert done.exit_code == 0
    for command in ("simulate", "compare", "cohort", "fit", "check"):
        assert command in done.output
