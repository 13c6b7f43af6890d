"""One person from measured levels: the minimum, the doubt, the words, and what is refused."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import (
    BodyError,
    InfusionProfile,
    ParameterSet,
    ParameterSetError,
    PredictionStatus,
    fast,
    load_parameter_set,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import FitError, ObservationError
from evenkeel.pharmacology.individual import (
    IndividualEstimate,
    LevelSample,
    expect_posterior,
    fit_individual,
    level_model,
)
from evenkeel.pharmacology.narrowing import PlannedSample, counted, narrowing_words
from evenkeel.pharmacology.posterior import find_posterior

# 0.5 mg/kg over 40 min at 70 kg.
PROFILE = InfusionProfile.constant(35.0, 40.0)
ENGINES: list[fast.Engine] = ["numpy", "fast"] if fast.status().loaded else ["numpy"]


def otto() -> ParameterSet:
    return load_parameter_set("otto_2021")


def planned(ketamine_min: Sequence[float], norketamine_min: Sequence[float] = ()) -> list[PlannedSample]:
    return [
        *(PlannedSample(at_min=at) for at in ketamine_min),
        *(PlannedSample(at_min=at, output="norketamine") for at in norketamine_min),
    ]


def measured(ketamine: dict[float, float], norketamine: dict[float, float]) -> list[LevelSample]:
    return [
        *(LevelSample(at_min=at, level_ng_per_ml=level) for at, level in ketamine.items()),
        *(
            LevelSample(at_min=at, level_ng_per_ml=level, output="norketamine")
            for at, level in norketamine.items()
        ),
    ]


FOUR = measured({40.0: 210.0, 120.0: 60.0}, {40.0: 35.0, 120.0: 90.0})


def objective(samples: Sequence[LevelSample], deviation: FloatArray, weight_kg: float) -> float:
    """As the reference says: squared log residuals over variance plus eta' Omega^-1 eta, for Otto."""
    names = ("V1", "CL", "V_nk", "CL_nk")
    omega = np.zeros((4, 4))
    omega[:2, :2] = [[0.084177, 0.02261], [0.02261, 0.026048]]
    omega[2:, 2:] = [[0.040426, 0.04456], [0.04456, 0.10319]]
    sd = {"ketamine": 0.23609, "norketamine": 0.14261}
    body = Bodies(
        weight_kg=np.array([weight_kg]),
        log_deviation={name: deviation[i : i + 1] for i, name in enumerate(names)},
    )
    at_min = sorted({sample.at_min for sample in samples})
    level = simulate(otto().system(body), PROFILE, at_min, engine="numpy")
    total = float(deviation @ np.linalg.solve(omega, deviation))
    for sample in samples:
        predicted = float(level.select(body=0, output=sample.output).values[at_min.index(sample.at_min)])
        total += (math.log(sample.level_ng_per_ml / predicted) / sd[sample.output]) ** 2
    return total


# Reference, section 4: expected reduction of the posterior SD of V1, CL and norketamine CL in percent.
EXPECTED = [
    (planned([40]), (20, 7, 0)),
    (planned([120]), (1, 10, 0)),
    (planned([40, 120]), (20, 16, 0)),
    (planned([40, 120], [40, 120]), (28, 19, 34)),
    (planned([40, 120, 240], [40, 120, 240]), (30, 30, 56)),
]


@pytest.mark.parametrize(("samples", "percent"), EXPECTED)
def test_expected_narrowing_is_that_of_the_reference(
    samples: list[PlannedSample], percent: tuple[int, int, int]
) -> None:
    """Within 3 percentage points."""
    found = expect_posterior(otto(), PROFILE, samples, weight_kg=70.0)
    places = [found.place(name) for name in ("V1", "CL", "CL_nk")]
    np.testing.assert_allclose(100 * found.narrowing[places], percent, atol=3.0)


def test_the_words_say_how_little_one_level_teaches() -> None:
    samples = planned([40])
    found = expect_posterior(otto(), PROFILE, samples, weight_kg=70.0)
    assert narrowing_words(found, counted(samples), 1) == (
        "One ketamine level at 40 min narrows central volume by 20 % and clearance by 7 %, and says nothing "
        "about norketamine volume or norketamine clearance."
    )


def test_the_gradient_is_that_of_differences() -> None:
    """Far from the minimum, by central differences of the 4th order on the objective written out above."""
    model = level_model(otto(), PROFILE, FOUR, weight_kg=82.0)
    measured_levels = np.array([sample.level_ng_per_ml for sample in FOUR])
    at = np.array([0.3, -0.25, 0.2, 0.4])
    off, slope = model.misfit(at, np.log(measured_levels), model.proportional_sd)
    gradient = 2.0 * (slope.T @ off + np.linalg.solve(model.prior_covariance, at))
    step = 2e-3 * np.eye(4)
    wanted = [
        (
            8.0 * (objective(FOUR, at + one, 82.0) - objective(FOUR, at - one, 82.0))
            - (objective(FOUR, at + 2 * one, 82.0) - objective(FOUR, at - 2 * one, 82.0))
        )
        / (12 * 2e-3)
        for one in step
    ]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-7)


@pytest.mark.parametrize("key", ["otto_2021", "kamp_2020", "simons_2022"])
@pytest.mark.parametrize(("weight_kg", "age_years"), [(48.0, None), (113.0, 71.0)])
def test_the_model_of_a_body_gives_the_levels_of_the_simulation(
    key: str, weight_kg: float, age_years: float | None
) -> None:
    parameter_set = load_parameter_set(key)
    at_min = [15.0, 40.0, 90.0]
    model = level_model(parameter_set, PROFILE, planned(at_min), weight_kg=weight_kg, age_years=age_years)
    body = Bodies.typical(weight_kg, age_years)
    wanted = simulate(parameter_set.system(body), PROFILE, at_min, outputs=("ketamine",)).values[0, 0]
    np.testing.assert_allclose(model.predict(np.zeros(len(model.system.parameters))), wanted, rtol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_estimate_is_the_minimum_of_the_objective(engine: fast.Engine) -> None:
    estimate = fit_individual(otto(), PROFILE, FOUR, weight_kg=82.0, engine=engine)
    at = estimate.posterior.deviation
    lowest = objective(FOUR, at, 82.0)
    assert estimate.posterior.objective == pytest.approx(lowest, rel=1e-9)
    step = 1e-3
    for i in range(4):
        up, down = (objective(FOUR, at + sign * step * np.eye(4)[i], 82.0) for sign in (1, -1))
        assert up > lowest
        assert down > lowest
        # The slope by differences, in units of the prior: nothing is left to go down.
        assert (up - down) / (2 * step) == pytest.approx(0.0, abs=1e-3)
    optimize = pytest.importorskip("scipy.optimize")
    other = optimize.minimize(lambda eta: objective(FOUR, eta, 82.0), np.zeros(4), options={"gtol": 1e-9})
    np.testing.assert_allclose(at, other.x, atol=1e-4)


@pytest.mark.skipif(not fast.status().loaded, reason="no fast path was built")
@pytest.mark.parametrize("key", ["otto_2021", "kamp_2020", "simons_2022"])
def test_the_fast_path_gives_the_same(key: str) -> None:
    parameter_set = load_parameter_set(key)
    pump = InfusionProfile.from_rate_changes(
        at_min=[0.0, 10.0, 14.0, 50.0], rate_mg_per_h=[40.0, 0.0, 55.0, 0.0], boluses=[(2.0, 3.0)]
    )
    samples = measured({30.0: 150.0, 45.0: 230.0, 90.0: 50.0}, {})
    one = fit_individual(parameter_set, pump, samples, weight_kg=64.0, engine="numpy")
    other = fit_individual(parameter_set, pump, samples, weight_kg=64.0, engine="fast")
    np.testing.assert_allclose(other.posterior.deviation, one.posterior.deviation, atol=1e-8)
    np.testing.assert_allclose(other.posterior.covariance, one.posterior.covariance, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(other.predicted_ng_per_ml, one.predicted_ng_per_ml, rtol=1e-8)


def test_a_chain_of_equal_delays_is_fitted_too() -> None:
    """Its rates coincide, so that the fast path and the modes hand over."""
    parameter_set = load_parameter_set("simons_2022")
    samples = measured({40.0: 250.0}, {60.0: 70.0})
    for engine in ENGINES:
        estimate = fit_individual(parameter_set, PROFILE, samples, weight_kg=70.0, engine=engine)
        again = level_model(parameter_set, PROFILE, samples, weight_kg=70.0).predict(
            estimate.posterior.deviation
        )
        np.testing.assert_allclose(estimate.predicted_ng_per_ml, again, rtol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_without_noise_the_person_is_recovered(engine: fast.Engine) -> None:
    exact = {output: replace(error, proportional_sd=1e-4) for output, error in otto().residual.items()}
    parameter_set = replace(otto(), residual=exact)
    true = {"V1": 0.4, "CL": -0.25, "V_nk": 0.15, "CL_nk": 0.5}
    body = Bodies(
        weight_kg=np.array([70.0]), log_deviation={name: np.array([eta]) for name, eta in true.items()}
    )
    at_min = [20.0, 40.0, 80.0, 160.0, 320.0]
    level = simulate(parameter_set.system(body), PROFILE, at_min)
    samples = [
        LevelSample(at_min=at, level_ng_per_ml=float(value), output=output)
        for output in ("ketamine", "norketamine")
        for at, value in zip(at_min, level.select(body=0, output=output).values, strict=True)
    ]
    estimate = fit_individual(parameter_set, PROFILE, samples, weight_kg=70.0, engine=engine)
    for name, eta in true.items():
        # The prior still pulls a little: by about (1e-4 / 0.16)^2 of the deviation.
        assert math.log(estimate.ratio(name)) == pytest.approx(eta, abs=1e-4)
    assert estimate.body().log_deviation["CL"][0] == pytest.approx(-0.25, abs=1e-4)


def test_posterior_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """300 simulated people. Allowed: 3.3 SD of a binomial, 5.7 points, missed by 1 right run in 1,000."""
    people, percent = 300, 90.0
    chance = np.random.Generator(np.random.Philox(20261122))
    samples = planned([40.0, 120.0], [80.0, 240.0])
    model = level_model(otto(), PROFILE, samples, weight_kg=70.0)
    names, omega = model.system.parameters, model.prior_covariance
    inside = np.zeros(len(names))
    for _ in range(people):
        true = chance.multivariate_normal(np.zeros(len(names)), omega)
        error = model.proportional_sd * chance.standard_normal(len(samples))
        found, _ = model.find(model.predict(true) * np.exp(error))
        for i, name in enumerate(names):
            low, high = found.interval(name, percent)
            inside[i] += low <= true[i] <= high
    allowed = 3.3 * math.sqrt(percent * (100 - percent) / people)
    np.testing.assert_allclose(100 * inside / people, percent, atol=allowed)


def test_the_posterior_is_never_wider_than_the_prior_and_shrinkage_says_by_how_much() -> None:
    posterior = fit_individual(otto(), PROFILE, FOUR, weight_kg=70.0).posterior
    prior = np.array([0.084177, 0.026048, 0.040426, 0.10319])
    np.testing.assert_allclose(posterior.shrinkage, posterior.sd**2 / prior, rtol=1e-12)
    assert np.all(posterior.shrinkage < 1.0)
    np.testing.assert_allclose(posterior.narrowing, 1.0 - posterior.sd / np.sqrt(prior), rtol=1e-12)


def estimate_of_four(weight_kg: float = 70.0, age_years: float | None = None) -> IndividualEstimate:
    return fit_individual(otto(), PROFILE, FOUR, weight_kg=weight_kg, age_years=age_years)


def test_the_curve_is_the_persons_own_and_narrower_than_that_of_any_body() -> None:
    estimate = estimate_of_four(age_years=40.0)
    times = [0.0, 20.0, 40.0, 80.0, 120.0]
    curve = estimate.curve(PROFILE, times)
    assert curve.status is PredictionStatus.OK
    assert curve.level_ng_per_ml is not None
    assert curve.band_low_ng_per_ml is not None
    assert curve.band_high_ng_per_ml is not None
    assert curve.level_ng_per_ml[0] == 0.0
    np.testing.assert_allclose(curve.level_ng_per_ml[[2, 4]], estimate.predicted_ng_per_ml[:2], rtol=1e-9)
    anyone = predict_level(otto(), 70.0, PROFILE, times, age_years=40.0)
    assert anyone.band_low_ng_per_ml is not None
    assert anyone.band_high_ng_per_ml is not None
    own = np.log(curve.band_high_ng_per_ml[1:] / curve.band_low_ng_per_ml[1:])
    others = np.log(anyone.band_high_ng_per_ml[1:] / anyone.band_low_ng_per_ml[1:])
    assert np.all(own < others)
    assert "fitted to four levels" in curve.words
    assert "not fitted" not in curve.words


def test_the_band_of_the_curve_holds_what_the_posterior_holds() -> None:
    """Against the 5th and 95th percentile of the levels of bodies drawn from the posterior, within 4 %."""
    estimate = estimate_of_four()
    curve = estimate.curve(PROFILE, [40.0, 240.0])
    chance = np.random.Generator(np.random.Philox(7))
    posterior = estimate.posterior
    drawn = chance.multivariate_normal(posterior.deviation, posterior.covariance, 4000)
    bodies = Bodies(
        weight_kg=np.full(4000, 70.0), log_deviation=dict(zip(posterior.names, drawn.T, strict=True))
    )
    level = simulate(otto().system(bodies), PROFILE, [40.0, 240.0], outputs=("ketamine",)).values[:, 0]
    assert curve.band_low_ng_per_ml is not None
    np.testing.assert_allclose(curve.band_low_ng_per_ml, np.percentile(level, 5, axis=0), rtol=0.04)
    assert curve.band_high_ng_per_ml is not None
    np.testing.assert_allclose(curve.band_high_ng_per_ml, np.percentile(level, 95, axis=0), rtol=0.04)


def test_a_curve_outside_the_range_is_marked_and_below_its_ages_not_drawn() -> None:
    heavy = estimate_of_four(weight_kg=140.0).curve(PROFILE, [40.0])
    assert heavy.status is PredictionStatus.OUTSIDE_POPULATION
    assert heavy.drawable
    young = estimate_of_four(age_years=12.0).curve(PROFILE, [40.0])
    assert not young.drawable


def test_an_estimate_outside_the_range_is_computed_and_marked() -> None:
    estimate = estimate_of_four(weight_kg=140.0)
    assert any("Weight 140 kg is outside" in sentence for sentence in estimate.reasons)
    assert set(estimate.reasons) <= set(estimate.words)
    assert not estimate_of_four(age_years=40.0).reasons


def test_the_words_name_site_model_and_interval() -> None:
    words = estimate_of_four().words
    assert words[0].startswith(
        "Estimated from four levels (ketamine at 40 and 120 min; norketamine at 40 and 120 min)"
    )
    assert "venous" in words[0]
    assert "Otto 2021" in words[0]
    assert any(sentence.startswith("Clearance: ") and "90 % interval" in sentence for sentence in words)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"level_ng_per_ml": 0.0}, "level_ng_per_ml must be a finite number greater than 0"),
        ({"level_ng_per_ml": -3.0}, "level_ng_per_ml"),
        ({"level_ng_per_ml": math.nan}, "level_ng_per_ml"),
        ({"at_min": math.inf}, "at_min must be a finite number"),
        ({"unit": "umol/L"}, "unit must be 'ng/mL', not 'umol/L'"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(changed: dict[str, float | str], said: str) -> None:
    with pytest.raises(ObservationError, match=said):
        LevelSample(**{"at_min": 40.0, "level_ng_per_ml": 150.0, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([], "samples must hold at least one level"),
        (measured({40.0: 150.0}, {}) * 2, "one level of ketamine at a time, not two at 40 min"),
        (
            [LevelSample(at_min=40.0, level_ng_per_ml=9.0, output="dehydronorketamine")],
            "output of sample 0 must be one of ketamine, norketamine",
        ),
        (measured({40.0: 150.0, 0.0: 5.0}, {}), "at_min of sample 1 is 0 min, before any drug"),
        (measured({-5.0: 150.0}, {}), "at_min of sample 0 is -5 min, before any drug"),
        (measured({40.0: 3.0}, {}), "level_ng_per_ml of sample 0 is 3, below the quantification limit of 5"),
    ],
)
def test_samples_that_cannot_be_fitted_are_refused(
    samples: list[LevelSample], said: str, engine: fast.Engine
) -> None:
    with pytest.raises(ObservationError, match=said):
        fit_individual(
            otto(), PROFILE, samples, weight_kg=70.0, quantification_limit_ng_per_ml=5.0, engine=engine
        )


def test_a_body_that_cannot_be_is_refused() -> None:
    with pytest.raises(BodyError, match="weight_kg"):
        estimate_of_four(weight_kg=-1.0)
    with pytest.raises(BodyError, match="age_years"):
        estimate_of_four(age_years=math.nan)


def test_a_model_without_variability_or_error_is_refused() -> None:
    with pytest.raises(ParameterSetError, match="no variability between bodies"):
        fit_individual(load_parameter_set("clements_250"), PROFILE, FOUR[:1], weight_kg=70.0)
    with pytest.raises(ParameterSetError, match="logit scale"):
        fit_individual(load_parameter_set("perez_ruixo_2021"), PROFILE, FOUR[:1], weight_kg=70.0)
    with pytest.raises(ParameterSetError, match="no residual error"):
        fit_individual(load_parameter_set("herd_2007_children"), PROFILE, FOUR[:1], weight_kg=70.0)


def test_a_search_without_rest_says_so() -> None:
    def restless(deviation: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.array([1e6]) + deviation, np.array([[-1.0]])  # the slope has the wrong sign

    with pytest.raises(FitError, match="did not come to rest"):
        find_posterior(("CL",), np.eye(1), restless)
