"""Sensitivity to an effect: its minimum, how little scores teach, and that it is never taken for kinetics."""

import math
from typing import cast

import numpy as np
import pytest

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, simulate
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effect_links import Pressure
from evenkeel.pharmacology.effect_sensitivity import (
    SCORE_SD_POINTS,
    DissociationSession,
    EffectSensitivityEstimate,
    PressureSession,
    estimate_dissociation_sensitivity,
    estimate_pressure_gain,
)
from evenkeel.pharmacology.errors import BodyError, EffectError, FitError, ObservationError
from evenkeel.pharmacology.individual import IndividualEstimate, LevelSample, fit_individual
from evenkeel.pharmacology.posterior import Posterior

# 0.5 mg/kg over 40 min at 70 kg.
PROFILE = InfusionProfile.constant(35.0, 40.0)
KAMP = load_parameter_set("kamp_2020")
AT_MIN = (20.0, 40.0, 80.0)
SCORES = (15.0, 28.0, 9.0)


def s_ketamine(at_min: tuple[float, ...], half_life_min: float) -> FloatArray:
    """Half of the racemate at the effect site, by the simulation."""
    system = KAMP.system(Bodies.typical(70.0)).with_effect_site("site", half_life_min=half_life_min)
    level: FloatArray = simulate(system, PROFILE, at_min, outputs=("site",)).values[0, 0]
    return 0.5 * level


def dissociation_objective(deviation: FloatArray) -> float:
    """pk_models.yaml: CADSS = 36 Ce^1.5 / (121^1.5 + Ce^1.5), log SD 0.5 of C50 and 0.4 of Emax."""
    ce = s_ketamine(AT_MIN, 8.3)
    half = 121.0 * math.exp(deviation[0])
    score = 36.0 * math.exp(deviation[1]) * ce**1.5 / (half**1.5 + ce**1.5)
    misfit = (score - np.array(SCORES)) / SCORE_SD_POINTS
    return float(misfit @ misfit + (deviation[0] / 0.5) ** 2 + (deviation[1] / 0.4) ** 2)


def estimate_dissociation() -> EffectSensitivityEstimate:
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    return estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0)


def test_the_dissociation_estimate_is_the_minimum_of_the_objective() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    wanted = optimize.minimize(dissociation_objective, np.zeros(2), options={"gtol": 1e-8})
    found = estimate_dissociation()
    np.testing.assert_allclose(found.posterior.deviation, wanted.x, atol=1e-4)
    assert found.posterior.objective == pytest.approx(wanted.fun, rel=1e-6)
    assert found.value("half_effect_level") == pytest.approx(121.0 * math.exp(wanted.x[0]), rel=1e-4)
    assert found.value("maximum_dissociation") == pytest.approx(36.0 * math.exp(wanted.x[1]), rel=1e-4)


def test_the_order_of_scores_does_not_matter() -> None:
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN[::-1], score_points=SCORES[::-1])
    found = estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0)
    np.testing.assert_allclose(
        found.posterior.deviation, estimate_dissociation().posterior.deviation, atol=1e-9
    )
    np.testing.assert_allclose(found.predicted[::-1], estimate_dissociation().predicted, rtol=1e-9)


def test_a_later_infusion_is_read_with_its_tolerance() -> None:
    """Scores that are lower by 0.4 + 0.6 exp(-3/4) in the fourth infusion say the same of the person."""
    left = 0.4 + 0.6 * math.exp(-3.0 / 4.0)
    ce = s_ketamine(AT_MIN, 8.3)
    typical = 36.0 * ce**1.5 / (121.0**1.5 + ce**1.5)
    session = DissociationSession(
        profile=PROFILE, at_min=AT_MIN, score_points=tuple(left * typical), infusion_number=4
    )
    found = estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0)
    np.testing.assert_allclose(found.posterior.deviation, 0.0, atol=1e-6)


def test_the_pressure_gain_is_the_most_probable_one() -> None:
    """On a grid, by the numbers of pk_models.yaml: rises share the error of the reading before them."""
    at_min, seen, before = (10.0, 20.0, 30.0, 40.0, 60.0), (128.0, 136.0, 139.0, 141.0, 133.0), 121.0
    session = PressureSession(profile=PROFILE, at_min=at_min, pressure_mmhg=seen, before_mmhg=before)
    found = estimate_pressure_gain(KAMP, [session], weight_kg=70.0)
    ce = s_ketamine(at_min, 2.28)
    mean_rise = 1.14 * 30.5 * ce / (428.0 + ce)
    covariance = 49.0 * (np.eye(5) + np.ones((5, 5)))
    log_gain = np.linspace(-3.0, 3.0, 60_001)
    off = np.exp(log_gain)[:, np.newaxis] * mean_rise - (np.array(seen) - before)
    variance = math.log(1.0 + 0.7**2)
    cost = (off @ np.linalg.inv(covariance) * off).sum(axis=1) + (log_gain + variance / 2) ** 2 / variance
    assert math.log(found.value("pressure_gain")) == pytest.approx(log_gain[np.argmin(cost)], abs=2e-4)
    np.testing.assert_allclose(found.predicted, found.value("pressure_gain") * mean_rise, rtol=1e-6)


def test_without_noise_many_sessions_recover_the_gain() -> None:
    """A person with 1.8 times the mean rise, in 400 infusions, of which the prior can take little back."""
    at_min = (20.0, 30.0, 40.0)
    ce = s_ketamine(at_min, 2.28)
    rise = 1.8 * 0.92 * 30.5 * ce / (428.0 + ce)
    session = PressureSession(
        profile=PROFILE,
        at_min=at_min,
        pressure_mmhg=tuple(75.0 + rise),
        before_mmhg=75.0,
        pressure=Pressure.DIASTOLIC,
    )
    found = estimate_pressure_gain(KAMP, [session] * 400, weight_kg=70.0)
    assert found.value("pressure_gain") == pytest.approx(1.8, rel=0.02)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """300 simulated people, 3 scores each. Allowed: 3.3 SD of a binomial, missed by 1 right run in 1,000."""
    people, percent = 300, 90.0
    chance = np.random.Generator(np.random.Philox(1977))
    ce = s_ketamine(AT_MIN, 8.3)
    inside = np.zeros(2)
    for _ in range(people):
        true = chance.standard_normal(2) * [0.5, 0.4]
        half = 121.0 * math.exp(true[0])
        score = 36.0 * math.exp(true[1]) * ce**1.5 / (half**1.5 + ce**1.5)
        seen = np.maximum(score + SCORE_SD_POINTS * chance.standard_normal(3), 0.0)
        session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=tuple(seen))
        posterior = estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0).posterior
        for i, name in enumerate(posterior.names):
            low, high = posterior.interval(name, percent)
            inside[i] += low <= true[i] <= high
    allowed = 3.3 * math.sqrt(percent * (100 - percent) / people)
    np.testing.assert_allclose(100 * inside / people, percent, atol=allowed)


def test_the_words_say_that_it_is_no_kinetics_and_how_little_was_learnt() -> None:
    words = estimate_dissociation().words
    assert words[0].startswith("Sensitivity to an effect, not kinetics")
    assert "typical person of this weight with Kamp 2020" in words[0]
    assert words[1].startswith("Three dissociation scores narrow half-effect level by ")
    one = PressureSession(profile=PROFILE, at_min=(40.0,), pressure_mmhg=(131.0,), before_mmhg=121.0)
    said = estimate_pressure_gain(KAMP, [one], weight_kg=70.0).words[1]
    assert said.startswith("One pressure reading narrows pressure gain by ")


def test_it_refuses_to_be_kinetics() -> None:
    found = estimate_dissociation()
    with pytest.raises(FitError, match="says nothing about kinetics"):
        found.body()
    with pytest.raises(FitError, match="says nothing about kinetics"):
        found.curve()
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    with pytest.raises(FitError, match="says nothing about kinetics"):
        estimate_dissociation_sensitivity(
            KAMP, [session], weight_kg=70.0, kinetics=cast("IndividualEstimate", found)
        )


def test_it_cannot_hold_a_parameter_of_kinetics() -> None:
    posterior = Posterior(
        names=("CL",),
        deviation=np.zeros(1),
        covariance=np.eye(1),
        prior_covariance=np.eye(1),
        objective=0.0,
        steps=0,
    )
    with pytest.raises(FitError, match="cannot hold CL"):
        EffectSensitivityEstimate(
            effect="dissociation",
            unit="points",
            posterior=posterior,
            levels_of="",
            reasons=(),
            predicted=np.zeros(1),
        )


def test_kinetics_from_levels_may_be_used_and_only_of_the_same_model() -> None:
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    level = LevelSample(at_min=40.0, level_ng_per_ml=330.0)
    own = fit_individual(KAMP, PROFILE, [level], weight_kg=70.0)
    found = estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0, kinetics=own)
    # With higher levels behind the same scores the person is less sensitive.
    assert found.value("half_effect_level") > estimate_dissociation().value("half_effect_level")
    assert "estimated from measured levels" in found.words[0]
    other = fit_individual(load_parameter_set("otto_2021"), PROFILE, [level], weight_kg=70.0)
    with pytest.raises(FitError, match="kinetics must be estimated with 'kamp_2020'"):
        estimate_dissociation_sensitivity(KAMP, [session], weight_kg=70.0, kinetics=other)
    with pytest.raises(FitError, match="weight_kg"):
        estimate_dissociation_sensitivity(KAMP, [session], weight_kg=90.0, kinetics=own)


def test_another_parameter_set_is_refused() -> None:
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    with pytest.raises(EffectError, match="'otto_2021'"):
        estimate_dissociation_sensitivity(load_parameter_set("otto_2021"), [session], weight_kg=70.0)


def test_outside_the_range_it_is_computed_and_said() -> None:
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    found = estimate_dissociation_sensitivity(KAMP, [session], weight_kg=140.0)
    assert any("Weight 140 kg is outside" in sentence for sentence in found.words)


@pytest.mark.parametrize(
    ("at_min", "scores", "said"),
    [
        ((), (), "at least one"),
        ((20.0, 40.0), (5.0,), "score_points must have one value for each observation"),
        ((20.0, 20.0), (5.0, 6.0), "at_min must hold each time once"),
        ((math.nan,), (5.0,), "at_min must be finite"),
        ((20.0,), (-1.0,), "score_points must be finite numbers of 0 or more"),
        ((20.0,), (math.inf,), "score_points must be finite"),
    ],
)
def test_scores_that_cannot_be_are_refused(
    at_min: tuple[float, ...], scores: tuple[float, ...], said: str
) -> None:
    with pytest.raises(ObservationError, match=said):
        DissociationSession(profile=PROFILE, at_min=at_min, score_points=scores)


def test_pressures_infusions_and_bodies_that_cannot_be_are_refused() -> None:
    with pytest.raises(ObservationError, match="pressure_mmhg must be finite numbers greater than 0"):
        PressureSession(profile=PROFILE, at_min=(40.0,), pressure_mmhg=(0.0,), before_mmhg=120.0)
    with pytest.raises(ObservationError, match="before_mmhg"):
        PressureSession(profile=PROFILE, at_min=(40.0,), pressure_mmhg=(130.0,), before_mmhg=math.nan)
    with pytest.raises(EffectError, match="infusion_number"):
        DissociationSession(profile=PROFILE, at_min=(40.0,), score_points=(9.0,), infusion_number=0)
    with pytest.raises(ObservationError, match="sessions must hold at least one"):
        estimate_dissociation_sensitivity(KAMP, [], weight_kg=70.0)
    session = DissociationSession(profile=PROFILE, at_min=AT_MIN, score_points=SCORES)
    with pytest.raises(BodyError, match="weight_kg"):
        estimate_dissociation_sensitivity(KAMP, [session], weight_kg=0.0)
