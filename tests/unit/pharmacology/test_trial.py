"""Virtual trials and the visual predictive check."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import cohort as cohort_module
from evenkeel.pharmacology.cohort import Cohort, Summary, simulate_cohort
from evenkeel.pharmacology.covariates import CovariateModel, load_covariate_model
from evenkeel.pharmacology.errors import CohortError, OutputTimeError
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.reading import load_parameter_set
from evenkeel.pharmacology.regimen import Given, Regimen
from evenkeel.pharmacology.trial import Arm, DropOut, Table, Trial, sample_times, simulate_trial
from evenkeel.pharmacology.vpc import CheckedModel, check_predictions, compare_percentiles

SEED = 20261122
OTTO = load_parameter_set("otto_2021")
CLINIC = load_covariate_model("adults_perez_ruixo_2021")
HALF = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),), on_days=(0.0, 2.0, 4.0))
DOUBLE = replace(HALF, given=(Given(at_min=0, amount=1.0, unit="mg/kg", over_min=40),))
ABOUT = CheckedModel(
    model_name="Made up", citation="", output="ketamine", status=PredictionStatus.OK, reasons=()
)
TIMES = sample_times(HALF, [20.0, 40.0, 120.0])


def arms(bodies: int = 300) -> list[Arm]:
    return [
        Arm(name="half", bodies=bodies, regimen=HALF, at_min=TIMES),
        Arm(name="double", bodies=bodies, regimen=DOUBLE, at_min=TIMES),
    ]


def leaving(hazard_per_day: float, shape: float = 1.0) -> DropOut:
    return DropOut(hazard_per_day=hazard_per_day, shape=shape, basis="assumption", source="For this test.")


def test_sampling_times_follow_each_visit() -> None:
    # Days 0, 2 and 4; a day has 1,440 minutes.
    assert list(TIMES) == [20, 40, 120, 2900, 2920, 3000, 5780, 5800, 5880]
    with pytest.raises(OutputTimeError, match="strictly increasing"):
        sample_times(HALF, [20.0, 3000.0])


def test_a_trial_is_a_long_table_with_units() -> None:
    trial = simulate_trial(OTTO, arms(), SEED, covariates=CLINIC)
    people, samples = trial.people, trial.samples
    assert len(people) == 600
    assert len(samples) == 600 * 9 * 2
    assert tuple(samples.columns) == (
        "arm",
        "body",
        "weight_kg",
        "age_years",
        "visit",
        "time_min",
        "since_visit_min",
        "output",
        "level_ng_per_ml",
        "observed_ng_per_ml",
    )
    assert np.array_equal(people.column("body"), np.arange(600))
    assert set(people.where(arm="double").column("body")) == set(range(300, 600))
    assert np.all(people.column("visits") == 3)
    second = samples.where(body=7, output="norketamine", visit=2)
    assert np.array_equal(second.column("time_min"), [2900, 2920, 3000])
    assert np.array_equal(second.column("since_visit_min"), [20, 40, 120])
    weights = people.column("weight_kg")
    assert np.all(samples.where(body=7).column("weight_kg") == weights[7])
    assert (trial.status, trial.reasons) == (PredictionStatus.OK, ())
    assert trial.caveats[0] == "Nobody leaves."
    with pytest.raises(CohortError, match="no column 'level'; there is arm, body, weight_kg"):
        samples.column("level")


def test_levels_of_a_trial_are_those_of_the_cohort() -> None:
    trial = simulate_trial(OTTO, arms(50), SEED, covariates=CLINIC, outputs=["ketamine"])
    plan = Cohort(
        parameter_set=OTTO,
        regimen=DOUBLE,
        at_min=np.array(TIMES),
        seed=SEED,
        covariates=CLINIC,
        outputs=("ketamine",),
        with_occasions=True,
    )
    double = trial.samples.where(arm="double")
    assert np.array_equal(double.column("level_ng_per_ml"), plan.levels(50, first=50).ravel())
    read = replace(plan, with_residual=True).levels(50, first=50).ravel()
    assert np.array_equal(double.column("observed_ng_per_ml"), read)


def test_paired_arms_have_the_same_people() -> None:
    trial = simulate_trial(OTTO, arms(50), SEED, covariates=CLINIC, paired=True, drop_out=leaving(0.1))
    half, double = (trial.samples.where(arm=name) for name in ("half", "double"))
    assert np.array_equal(half.column("body"), double.column("body"))
    assert np.array_equal(half.column("weight_kg"), double.column("weight_kg"))
    # Twice the dose in the same body at the same visit is twice the level: the model is linear.
    levels = half.column("level_ng_per_ml")
    assert double.column("level_ng_per_ml") == pytest.approx(2 * levels, rel=1e-12)


def test_people_leave_at_the_hazard_that_is_asked() -> None:
    n = 20_000
    regimen = replace(HALF, on_days=(0.0, 10.0, 20.0))
    arm = Arm(name="only", bodies=n, regimen=regimen, at_min=(60.0, 14_460.0, 28_860.0))
    for shape in (1.0, 1.19):
        trial = simulate_trial(OTTO, [arm], SEED, outputs=["ketamine"], drop_out=leaving(0.05, shape))
        left = trial.people.column("left_min")
        for place, at_min in enumerate(arm.at_min):
            # S(t) = exp(-(hazard t)^shape); four standard errors of a share.
            expected = math.exp(-((0.05 * at_min / 1440) ** shape))
            kept = trial.samples.where(visit=place + 1)
            error = 4 * math.sqrt(expected * (1 - expected) / n)
            assert len(kept) / n == pytest.approx(expected, abs=error)
            assert len(kept) == np.count_nonzero(left > at_min)
        assert np.mean(trial.people.column("visits")) == pytest.approx(
            sum(math.exp(-((0.05 * day) ** shape)) for day in regimen.on_days), abs=4 / math.sqrt(n)
        )


def test_a_share_that_leaves_is_a_constant_hazard() -> None:
    # 20 % gone by day 28.
    drop_out = DropOut.of_share(0.2, 28, basis="assumption", source="For this test.")
    left = drop_out.leaving_min(SEED, first=0, bodies=50_000) / 1440
    assert np.mean(left < 28) == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 50_000))
    assert np.mean(left < 14) == pytest.approx(1 - math.sqrt(0.8), abs=4 * math.sqrt(0.1 / 50_000))
    assert np.all(np.isinf(leaving(0).leaving_min(SEED, first=0, bodies=10)))


def tables(trial: Trial) -> list[Table]:
    return [trial.people, trial.samples]


def test_a_trial_is_the_same_in_any_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> Trial:
        return simulate_trial(OTTO, arms(1000), SEED, covariates=CLINIC, drop_out=leaving(0.1))

    whole = run()
    monkeypatch.setattr(cohort_module, "_CHUNK_BODIES", 256)
    monkeypatch.setattr(cohort_module, "_PIECE_CHUNKS", 1)
    for one, other in zip(tables(run()), tables(whole), strict=True):
        assert list(one.columns) == list(other.columns)
        for name, column in one.columns.items():
            assert np.array_equal(column, other.columns[name], equal_nan=column.dtype.kind == "f"), name


def test_people_out_of_range_are_counted() -> None:
    trial = simulate_trial(OTTO, arms(10), SEED, covariates=CovariateModel.fixed(weight_kg=150))
    assert trial.status is PredictionStatus.OUTSIDE_POPULATION
    assert trial.reasons[0] == "20 of 20 bodies weigh less than 45 or more than 120 kg."


def test_trials_that_cannot_be_are_refused() -> None:
    with pytest.raises(CohortError, match="bodies of arm 'half' must be a whole number of 1 or more, not -5"):
        arms(-5)
    with pytest.raises(OutputTimeError, match="at_min must be in order of time"):
        Arm(name="x", bodies=1, regimen=HALF, at_min=(5.0, 1.0))
    with pytest.raises(CohortError, match="name of an arm"):
        Arm(name=" ", bodies=1, regimen=HALF, at_min=(5.0,))
    with pytest.raises(CohortError, match="arms must have at least one"):
        simulate_trial(OTTO, [], SEED)
    with pytest.raises(CohortError, match="name of its own, not half, half"):
        simulate_trial(OTTO, [arms()[0], arms()[0]], SEED)
    with pytest.raises(CohortError, match="paired must have the same number"):
        simulate_trial(OTTO, [arms(3)[0], arms(4)[1]], SEED, paired=True)
    for change, words in (
        ({"hazard_per_day": -0.1}, "hazard_per_day must be"),
        ({"hazard_per_day": math.nan}, "hazard_per_day must be"),
        ({"shape": 0.0}, "shape must be"),
        ({"basis": "hearsay"}, "basis must be one of"),
        ({"source": ""}, "source must say"),
    ):
        with pytest.raises(CohortError, match=words):
            replace(leaving(0.1), **change)
    with pytest.raises(CohortError, match="share must be from 0 up to 1"):
        DropOut.of_share(1.0, 28, basis="assumption", source="x")


def test_percentiles_of_bins_are_those_of_their_values() -> None:
    times = np.array([10.0, 12.0, 30.0, 31.0, 29.0])
    observed = np.array([4.0, 8.0, 1.0, 3.0, 2.0])
    simulated = np.array([[1.0, 3.0, 1.0, 2.0, 3.0], [2.0, 4.0, 4.0, 5.0, 6.0], [3.0, 5.0, 7.0, 8.0, 9.0]])
    found = compare_percentiles(
        times, observed, simulated, about=ABOUT, edges_min=[0, 20, 25, 40], shares=(0.5,), coverage=0.5
    )
    # By hand: medians of the data sets are 2, 3, 4 and 2, 5, 8; their middle halves 2.5-3.5 and 3.5-6.5.
    assert np.array_equal(found.observed.values, [[6.0, 2.0]])
    assert np.array_equal(found.middle.values, [[3.0, 5.0]])
    assert np.array_equal(found.low.values, [[2.5, 3.5]])
    assert np.array_equal(found.high.values, [[3.5, 6.5]])
    assert np.array_equal(found.outside, [[True, True]])
    assert np.array_equal(found.count, [2, 3])
    assert np.array_equal(found.observed.axis("time").labels, [11.0, 30.0])
    assert np.array_equal(found.start_min, [10.0, 29.0])
    assert np.array_equal(found.end_min, [12.0, 31.0])
    # Divided by 1, 2 and multiplied by the median 1.5: observed 6 and 6.
    corrected = compare_percentiles(
        times[:2],
        observed[:2],
        simulated[:, :2],
        about=ABOUT,
        edges_min=[0, 20],
        typical=np.array([1.0, 2.0]),
    )
    assert np.array_equal(corrected.observed.values[1], [6.0])
    assert corrected.is_corrected


def test_the_check_covers_its_own_data_at_the_nominal_rate() -> None:
    # The observed percentile is one more draw of what the band holds 90 % of. 150 trials x 6 times x 3
    # percentiles; values of one trial hang together, so an effective 600 is taken for the 4-SE tolerance.
    sizes: dict[str, Any] = {"data_sets": 199, "shares": (0.1, 0.5, 0.9)}
    regimen = replace(HALF, on_days=(0.0,))
    arm = Arm(name="only", bodies=20, regimen=regimen, at_min=(10.0, 30.0, 40.0, 60.0, 120.0, 240.0))
    outside = []
    for number in range(150):
        trial = simulate_trial(
            OTTO, [arm], SEED + number, covariates=CLINIC, outputs=["ketamine"], with_occasions=False
        )
        check = check_predictions(OTTO, trial.samples.columns, regimen, 7_000_000 + number, **sizes)
        outside.append(check.outside)
    assert 1 - np.mean(outside) == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 600))


def test_a_check_with_the_seed_of_its_trial_draws_other_people() -> None:
    # Without residual error a data set of the trial's own people would have exactly its percentiles.
    sure = replace(OTTO, residual={"ketamine": replace(OTTO.residual["ketamine"], proportional_sd=1e-15)})
    regimen = replace(HALF, on_days=(0.0,))
    arm = Arm(name="only", bodies=50, regimen=regimen, at_min=(40.0, 240.0))
    trial = simulate_trial(sure, [arm], SEED, outputs=["ketamine"], with_occasions=False)
    check = check_predictions(sure, trial.samples.columns, regimen, SEED, data_sets=1)
    assert np.all(np.abs(check.middle.values / check.observed.values - 1) > 1e-6)


def test_the_check_finds_a_model_that_is_wrong() -> None:
    # Data from a body that clears half as fast: median levels late on lie far above the band.
    slow = dict(OTTO.parameters)
    slow["CL"] = replace(slow["CL"], value=slow["CL"].value / 2)
    regimen = replace(HALF, on_days=(0.0,))
    arm = Arm(name="only", bodies=40, regimen=regimen, at_min=(40.0, 240.0, 480.0))
    trial = simulate_trial(replace(OTTO, parameters=slow), [arm], SEED, outputs=["ketamine"])
    check = check_predictions(OTTO, trial.samples.columns, regimen, 1, data_sets=200)
    assert np.all(check.observed.values[1, 1:] > check.high.values[1, 1:])
    assert (check.about.model_name, check.about.status) == ("Otto 2021", PredictionStatus.OK)


def test_the_check_takes_arms_outputs_leaving_and_correction() -> None:
    trial = simulate_trial(OTTO, arms(40), SEED, covariates=CLINIC, drop_out=leaving(0.2))
    regimens = {"half": HALF, "double": DOUBLE}
    asked: dict[str, Any] = {"output": "norketamine", "data_sets": 100, "with_occasions": True}
    plain, corrected = (
        check_predictions(
            OTTO,
            trial.samples.columns,
            regimens,
            3,
            is_corrected=is_corrected,
            **asked,
        )
        for is_corrected in (False, True)
    )
    assert plain.count.sum() == len(trial.samples.where(output="norketamine"))
    assert np.array_equal(plain.count, corrected.count)
    # Two arms of 0.5 and 1 mg/kg in one bin: the correction takes the arms' difference out of the spread.
    spread = [check.high.values[2] / check.low.values[0] for check in (plain, corrected)]
    assert np.all(spread[1] < spread[0])


def test_simulated_data_sets_are_the_cohort_at_the_observed_times() -> None:
    # 4,000 bodies of 70 kg in one data set: its percentiles are those of a cohort, within Monte-Carlo error
    # (1.5 % is four standard errors of a 5 % quantile at a CV of 30 %).
    n = 4000
    regimen = replace(HALF, on_days=(0.0,))
    observed = {
        "body": np.arange(n),
        "weight_kg": np.full(n, 70.0),
        "time_min": np.full(n, 40.0),
        "observed_ng_per_ml": np.full(n, 150.0),
    }
    check = check_predictions(OTTO, observed, regimen, SEED, data_sets=4)
    cohort = simulate_cohort(
        OTTO,
        20_000,
        regimen,
        [40.0],
        SEED,
        outputs=["ketamine"],
        with_residual=True,
        shares=(0.05, 0.5, 0.95),
        summary=Summary.LEVELS,
    )
    assert check.about.reasons == ()
    assert check.middle.values[:, 0] == pytest.approx(cohort.quantiles.values[:, 0, 0], rel=0.015)


def test_a_check_says_who_of_the_observed_is_out_of_range() -> None:
    observed: dict[str, Any] = {
        "body": [1, 2],
        "weight_kg": [70.0, 140.0],
        "time_min": [40.0, 40.0],
        "observed_ng_per_ml": [150.0, 150.0],
    }
    about = check_predictions(OTTO, observed, HALF, SEED, data_sets=2).about
    assert about.status is PredictionStatus.OUTSIDE_POPULATION
    assert about.reasons == (
        "1 of 2 bodies weigh less than 45 or more than 120 kg.",
        OTTO.range.statement,
    )


def test_checks_that_cannot_be_are_refused() -> None:
    good: dict[str, Any] = {
        "body": [1, 1, 2],
        "weight_kg": [70.0, 70.0, 80.0],
        "time_min": [10.0, 40.0, 40.0],
        "observed_ng_per_ml": [50.0, 160.0, 140.0],
    }

    def refuse(
        words: str, *, drop: str = "", asked: dict[str, object] | None = None, **change: object
    ) -> None:
        table = {name: values for name, values in {**good, **change}.items() if name != drop}
        wanted: dict[str, Any] = {"data_sets": 5, **(asked or {})}
        with pytest.raises(CohortError, match=words):
            check_predictions(OTTO, table, HALF, SEED, **wanted)

    refuse("no column 'weight_kg'; it has body, time_min", drop="weight_kg")
    refuse("observed_ng_per_ml must be a list of finite numbers", observed_ng_per_ml=[1.0, math.nan, 2.0])
    refuse("time_min must be a list of numbers", time_min=["a", "b", "c"])
    refuse("columns of one length", weight_kg=[70.0])
    refuse(
        "weight_kg must be the same in all rows of a body, but body 1 has two", weight_kg=[70.0, 75.0, 80.0]
    )
    refuse("no row of output 'ketamine'", output=["norketamine"] * 3)
    refuse("edges_min must hold all observed times, from 10 to 40", asked={"edges_min": [0, 30]})
    refuse("edges_min must be at least two times, strictly", asked={"edges_min": [30, 0]})
    refuse("coverage must be between 0 and 1", asked={"coverage": 90})
    refuse("shares must be between 0 and 1", asked={"shares": (5, 95)})
    refuse("data_sets must be a whole number of 1 or more", asked={"data_sets": 0})
    refuse("gives no residual error for 'hydroxy", asked={"output": "hydroxynorketamine"})
    with pytest.raises(CohortError, match="regimen has none for arm 'b'; it has a"):
        check_predictions(OTTO, {**good, "arm": ["a", "a", "b"]}, {"a": HALF}, SEED, data_sets=2)
    with pytest.raises(CohortError, match="typical must be greater than 0"):
        check_predictions(
            OTTO, {**good, "time_min": [-1.0, 40.0, 40.0]}, HALF, SEED, data_sets=2, is_corrected=True
        )
    many = np.arange(41.0)
    with pytest.raises(CohortError, match="41 observed times: give edges_min"):
        compare_percentiles(many, many, many[np.newaxis], about=ABOUT)
