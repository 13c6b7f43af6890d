"""Physics as tests: what must hold for every infusion, whatever its shape."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.mammillary import central_level_mg_per_l

KAMP = load_parameter_set("kamp_2020")
GRID_MIN = np.linspace(-10.0, 600.0, 123)
FloatArray = NDArray[np.float64]

# How long one example takes says nothing about the physics.
untimed = settings(deadline=None)

moments = st.floats(0, 240)
lengths = st.floats(0, 120)
rates = st.floats(0, 300)
amounts = st.floats(0, 100)
weights = st.floats(30, 200)


@st.composite
def profiles(draw: st.DrawFn) -> InfusionProfile:
    segments = draw(st.lists(st.tuples(moments, lengths, rates), max_size=6))
    boluses = draw(st.lists(st.tuples(moments, amounts), max_size=3))
    start = np.array([at for at, _, _ in segments], dtype=np.float64)
    return InfusionProfile(
        start_min=start,
        end_min=start + np.array([length for _, length, _ in segments]),
        rate_mg_per_h=np.array([rate for _, _, rate in segments], dtype=np.float64),
        bolus_at_min=np.array([at for at, _ in boluses], dtype=np.float64),
        bolus_mg=np.array([amount for _, amount in boluses], dtype=np.float64),
    )


def level(profile: InfusionProfile, at_min: FloatArray = GRID_MIN, weight_kg: float = 70.0) -> FloatArray:
    found = predict_level(KAMP, weight_kg, profile, at_min).level_ng_per_ml
    assert found is not None
    return found


def dose_mg(profile: InfusionProfile) -> float:
    infused = np.sum(profile.rate_mg_per_h * (profile.end_min - profile.start_min)) / 60
    return float(infused + profile.bolus_mg.sum())


def joined(*parts: InfusionProfile) -> InfusionProfile:
    return InfusionProfile(
        start_min=np.concatenate([part.start_min for part in parts]),
        end_min=np.concatenate([part.end_min for part in parts]),
        rate_mg_per_h=np.concatenate([part.rate_mg_per_h for part in parts]),
        bolus_at_min=np.concatenate([part.bolus_at_min for part in parts]),
        bolus_mg=np.concatenate([part.bolus_mg for part in parts]),
    )


def one_segment(start_min: float, end_min: float, rate_mg_per_h: float) -> InfusionProfile:
    return InfusionProfile(
        start_min=np.array([start_min]), end_min=np.array([end_min]), rate_mg_per_h=np.array([rate_mg_per_h])
    )


def by_matrix_exponential(profile: InfusionProfile, at_min: FloatArray, weight_kg: float) -> FloatArray:
    """The textbook way, in amounts and rate constants: one dense exponential per segment and time."""
    size, typical = weight_kg / 70.0, {name: found.value for name, found in KAMP.parameters.items()}
    v1, v2, v3 = (typical[name] * size for name in ("V1", "V2", "V3"))
    clearance, q2, q3 = (typical[name] * size**0.75 / 60 for name in ("CL", "Q2", "Q3"))
    constants = np.zeros((4, 4))
    constants[0, :3] = -(clearance + q2 + q3) / v1, q2 / v2, q3 / v3
    constants[1, :2] = q2 / v1, -q2 / v2
    constants[2, [0, 2]] = q3 / v1, -q3 / v3

    def after(drug: FloatArray, minutes: float, rate_mg_per_h: float) -> FloatArray:
        system = constants.copy()
        system[0, 3] = rate_mg_per_h / 60
        result: FloatArray = expm(system * minutes) @ np.append(drug, 1.0)
        return result[:3]

    found = np.zeros(at_min.size)
    for i, at in enumerate(at_min):
        total = np.zeros(3)
        for start, end, rate in zip(profile.start_min, profile.end_min, profile.rate_mg_per_h, strict=True):
            if at > start:
                during = after(np.zeros(3), min(at, end) - start, rate)
                total += after(during, max(at - end, 0.0), 0.0)
        for bolus_at, amount in zip(profile.bolus_at_min, profile.bolus_mg, strict=True):
            if at >= bolus_at:
                total += after(np.array([amount, 0.0, 0.0]), at - bolus_at, 0.0)
        found[i] = total[0] / v1 * 1000
    return found


@settings(max_examples=25, deadline=None)
@given(profiles(), weights)
def test_agrees_with_the_matrix_exponential(profile: InfusionProfile, weight_kg: float) -> None:
    at_min = np.linspace(0.0, 400.0, 9)
    expected = by_matrix_exponential(profile, at_min, weight_kg)
    np.testing.assert_allclose(level(profile, at_min, weight_kg), expected, rtol=1e-9, atol=1e-9)


@untimed
@given(profiles(), st.floats(0.01, 100))
def test_linear_in_dose(profile: InfusionProfile, factor: float) -> None:
    scaled = replace(
        profile, rate_mg_per_h=profile.rate_mg_per_h * factor, bolus_mg=profile.bolus_mg * factor
    )
    np.testing.assert_allclose(level(scaled), factor * level(profile), rtol=1e-11, atol=1e-9)


@untimed
@given(profiles(), profiles())
def test_doses_superpose(first: InfusionProfile, second: InfusionProfile) -> None:
    np.testing.assert_allclose(
        level(joined(first, second)), level(first) + level(second), rtol=1e-11, atol=1e-9
    )


@untimed
@given(moments, st.floats(1, 120), rates, st.floats(0, 1))
def test_two_consecutive_infusions_are_one_long_one(
    start: float, length: float, rate: float, share: float
) -> None:
    end, cut = start + length, start + share * length
    split = joined(one_segment(start, cut, rate), one_segment(cut, end, rate))
    np.testing.assert_allclose(level(split), level(one_segment(start, end, rate)), rtol=1e-11, atol=1e-9)


@untimed
@given(moments, st.floats(1, 60), st.floats(1, 60), rates)
def test_a_pause_is_a_rate_of_zero(start: float, before: float, pause: float, rate: float) -> None:
    paused, resumed = start + before, start + before + pause
    gap = joined(one_segment(start, paused, rate), one_segment(resumed, resumed + 20, rate))
    spelled_out = InfusionProfile.from_rate_changes(
        at_min=[start, paused, resumed, resumed + 20], rate_mg_per_h=[rate, 0.0, rate, 0.0]
    )
    np.testing.assert_allclose(level(spelled_out), level(gap), rtol=1e-12, atol=1e-12)


@untimed
@given(profiles(), weights)
def test_never_negative_and_zero_before_the_first_drug(profile: InfusionProfile, weight_kg: float) -> None:
    prediction = predict_level(KAMP, weight_kg, profile, GRID_MIN)
    found, low, high = (
        prediction.level_ng_per_ml,
        prediction.band_low_ng_per_ml,
        prediction.band_high_ng_per_ml,
    )
    assert found is not None
    assert low is not None
    assert high is not None
    assert np.all(np.isfinite(found))
    assert np.all(found >= 0)
    assert np.all(low >= 0)
    assert np.all(high >= low)
    assert np.all(found[GRID_MIN < 0] == 0)
    assert np.all(high[GRID_MIN < 0] == 0)


@untimed
@given(profiles(), st.lists(st.floats(-10, 600), min_size=1, max_size=30))
def test_does_not_depend_on_the_times_asked_for(profile: InfusionProfile, asked: list[float]) -> None:
    few = np.sort(np.array(asked))
    many = np.sort(np.concatenate([few, few, GRID_MIN]))
    at = np.searchsorted(many, few)
    sparse, dense = (
        predict_level(KAMP, 70.0, profile, few),
        predict_level(KAMP, 70.0, profile, many),
    )
    for one, other in (
        (sparse.level_ng_per_ml, dense.level_ng_per_ml),
        (sparse.band_high_ng_per_ml, dense.band_high_ng_per_ml),
    ):
        assert one is not None
        assert other is not None
        np.testing.assert_allclose(one, other[at], rtol=1e-12, atol=0)


@untimed
@given(profiles(), st.floats(-1000, 1000))
def test_does_not_depend_on_where_the_clock_starts(profile: InfusionProfile, shift_min: float) -> None:
    shifted = replace(
        profile,
        start_min=profile.start_min + shift_min,
        end_min=profile.end_min + shift_min,
        bolus_at_min=profile.bolus_at_min + shift_min,
    )
    # Read off the moments of change, where a bolus that moves by a rounding error changes sides.
    at_min = np.linspace(400.0, 600.0, 21)
    # A segment of 1e-240 minutes vanishes when a minute is added to both its ends, and its level too: what no
    # assay could ever see is not compared.
    np.testing.assert_allclose(
        level(shifted, at_min + shift_min), level(profile, at_min), rtol=1e-9, atol=1e-9
    )


@untimed
@given(profiles(), weights)
def test_mass_balance(profile: InfusionProfile, weight_kg: float) -> None:
    # What the clearance removes over all time is what was given: CL * AUC = dose, within 1e-6.
    changes = np.concatenate([profile.start_min, profile.end_min, profile.bolus_at_min, [0.0]])
    edges = np.unique(np.concatenate([changes + step for step in (0.0, *2.0 ** np.arange(0, 15))]))
    nodes, node_weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, np.newaxis] / 2
    at_min = (edges[:-1, np.newaxis] + half + half * nodes).ravel()
    area_weights = (half * node_weights).ravel()
    level_mg_per_l = central_level_mg_per_l(KAMP.modes(weight_kg), profile, at_min)[0]
    clearance_l_per_min = KAMP.parameters["CL"].value * (weight_kg / 70) ** 0.75 / 60
    removed_mg = clearance_l_per_min * float(level_mg_per_l @ area_weights)
    np.testing.assert_allclose(removed_mg, dose_mg(profile), rtol=1e-6, atol=1e-9)


@untimed
@given(weights)
def test_decay_rates_obey_vieta(weight_kg: float) -> None:
    # The sum of the rates is the trace of the system, and their product is k10 * k21 * k31.
    size, typical = weight_kg / 70.0, {name: found.value for name, found in KAMP.parameters.items()}
    v1, v2, v3 = (typical[name] * size for name in ("V1", "V2", "V3"))
    clearance, q2, q3 = (typical[name] * size**0.75 / 60 for name in ("CL", "Q2", "Q3"))
    decay = KAMP.modes(weight_kg).decay_per_min[0]
    np.testing.assert_allclose(decay.sum(), (clearance + q2 + q3) / v1 + q2 / v2 + q3 / v3, rtol=1e-12)
    np.testing.assert_allclose(decay.prod(), clearance / v1 * q2 / v2 * q3 / v3, rtol=1e-11)


@untimed
@given(weights, st.floats(10, 90))
def test_band_holds_the_typical_body_through_one_infusion(weight_kg: float, length: float) -> None:
    prediction = predict_level(KAMP, weight_kg, one_segment(0.0, length, 50.0), np.linspace(1, 240, 60))
    assert prediction.level_ng_per_ml is not None
    assert prediction.band_low_ng_per_ml is not None
    assert prediction.band_high_ng_per_ml is not None
    assert np.all(prediction.band_low_ng_per_ml < prediction.level_ng_per_ml)
    assert np.all(prediction.level_ng_per_ml < prediction.band_high_ng_per_ml)
