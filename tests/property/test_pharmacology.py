"""Physics as tests: what must hold for every infusion, every route and every body, whatever the shape."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm

from evenkeel.pharmacology import (
    Dose,
    InfusionProfile,
    System,
    load_parameter_set,
    parameter_set_keys,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak, time_above_min
from evenkeel.pharmacology.modes import solve_spectrum
from evenkeel.pharmacology.ode import simulate_ode

KAMP = load_parameter_set("kamp_2020")
# The time since a change is rounded to 1e-10 min, which moves a level by less than 1e-9 of itself.
ROUNDED_OFFSETS = 1e-9
GRID_MIN = np.linspace(-10.0, 600.0, 123)
FloatArray = NDArray[np.float64]

MODELS = parameter_set_keys()

moments = st.floats(0, 240)
lengths = st.floats(0, 120)
rates = st.floats(0, 300)
amounts = st.floats(0, 100)
weights = st.floats(30, 200)


@st.composite
def profiles(draw: st.DrawFn, routes: tuple[str, ...] = ()) -> InfusionProfile:
    """Segments one after the other, with pauses, in any order of listing; boluses and doses at any time."""
    segments = draw(st.lists(st.tuples(lengths, lengths, rates), max_size=6))
    pause = np.array([gap for gap, _, _ in segments], dtype=np.float64)
    length = np.array([lasting for _, lasting, _ in segments], dtype=np.float64)
    end = np.cumsum(pause + length)
    start = np.maximum(end - length, np.concatenate([[0.0], end[:-1]]) if len(segments) else end)
    order = np.array(draw(st.permutations(range(len(segments)))), dtype=np.intp)
    boluses = draw(st.lists(st.tuples(moments, amounts), max_size=3))
    doses = draw(st.lists(st.tuples(moments, amounts, st.sampled_from(routes)), max_size=3)) if routes else []
    return InfusionProfile(
        start_min=start[order],
        end_min=end[order],
        rate_mg_per_h=np.array([rate for _, _, rate in segments], dtype=np.float64)[order],
        bolus_at_min=np.array([at for at, _ in boluses], dtype=np.float64),
        bolus_mg=np.array([amount for _, amount in boluses], dtype=np.float64),
        doses=tuple(Dose(at_min=at, amount_mg=amount, route=route) for at, amount, route in doses),
    )


def level(profile: InfusionProfile, at_min: FloatArray = GRID_MIN, weight_kg: float = 70.0) -> FloatArray:
    found = predict_level(KAMP, weight_kg, profile, at_min).level_ng_per_ml
    assert found is not None
    return found


def kamp(weight_kg: float) -> System:
    return KAMP.system(Bodies.typical(weight_kg))


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


@settings(max_examples=25)
@given(profiles(), weights)
def test_agrees_with_the_matrix_exponential(profile: InfusionProfile, weight_kg: float) -> None:
    at_min = np.linspace(0.0, 400.0, 9)
    expected = by_matrix_exponential(profile, at_min, weight_kg)
    np.testing.assert_allclose(level(profile, at_min, weight_kg), expected, rtol=1e-9, atol=1e-9)


@given(profiles(), st.floats(0.01, 100))
def test_linear_in_dose(profile: InfusionProfile, factor: float) -> None:
    scaled = replace(
        profile, rate_mg_per_h=profile.rate_mg_per_h * factor, bolus_mg=profile.bolus_mg * factor
    )
    np.testing.assert_allclose(level(scaled), factor * level(profile), rtol=1e-11, atol=1e-9)


@given(profiles())
def test_every_part_of_a_profile_adds_its_own_level(profile: InfusionProfile) -> None:
    parts = [
        one_segment(start, end, rate)
        for start, end, rate in zip(profile.start_min, profile.end_min, profile.rate_mg_per_h, strict=True)
    ]
    parts += [
        InfusionProfile(bolus_at_min=np.array([at]), bolus_mg=np.array([amount]))
        for at, amount in zip(profile.bolus_at_min, profile.bolus_mg, strict=True)
    ]
    total = sum((level(part) for part in parts), np.zeros(GRID_MIN.size))
    np.testing.assert_allclose(level(profile), total, rtol=ROUNDED_OFFSETS, atol=1e-9)


@given(moments, st.floats(1, 120), rates, st.floats(0, 1))
def test_two_consecutive_infusions_are_one_long_one(
    start: float, length: float, rate: float, share: float
) -> None:
    end, cut = start + length, start + share * length
    split = InfusionProfile(
        start_min=np.array([start, cut]), end_min=np.array([cut, end]), rate_mg_per_h=np.array([rate, rate])
    )
    whole = level(one_segment(start, end, rate))
    np.testing.assert_allclose(level(split), whole, rtol=ROUNDED_OFFSETS, atol=1e-9)


@given(moments, st.floats(1, 60), st.floats(1, 60), rates)
def test_a_pause_is_a_rate_of_zero(start: float, before: float, pause: float, rate: float) -> None:
    paused, resumed = start + before, start + before + pause
    gap = InfusionProfile(
        start_min=np.array([start, resumed]),
        end_min=np.array([paused, resumed + 20]),
        rate_mg_per_h=np.array([rate, rate]),
    )
    spelled_out = InfusionProfile.from_rate_changes(
        at_min=[start, paused, resumed, resumed + 20], rate_mg_per_h=[rate, 0.0, rate, 0.0]
    )
    np.testing.assert_allclose(level(spelled_out), level(gap), rtol=1e-12, atol=1e-12)


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


@given(profiles(), weights)
def test_mass_balance(profile: InfusionProfile, weight_kg: float) -> None:
    # What the clearance removes over all time is what was given: CL * AUC = dose.
    system = kamp(weight_kg)
    clearance_l_per_h = KAMP.parameters["CL"].value * (weight_kg / 70) ** 0.75
    area_mg_h_per_l = area_ng_h_per_ml(system, profile, "ketamine")[0] / 1000
    np.testing.assert_allclose(clearance_l_per_h * area_mg_h_per_l, profile.dose_mg, rtol=1e-10, atol=1e-12)


@given(weights)
def test_decay_rates_obey_vieta(weight_kg: float) -> None:
    # The sum of the rates is the trace of the system, and their product is k10 * k21 * k31.
    size, typical = weight_kg / 70.0, {name: found.value for name, found in KAMP.parameters.items()}
    v1, v2, v3 = (typical[name] * size for name in ("V1", "V2", "V3"))
    clearance, q2, q3 = (typical[name] * size**0.75 / 60 for name in ("CL", "Q2", "Q3"))
    decay = solve_spectrum(kamp(weight_kg).networks[0]).rate[:, 0]
    np.testing.assert_allclose(decay.sum(), (clearance + q2 + q3) / v1 + q2 / v2 + q3 / v3, rtol=1e-12)
    np.testing.assert_allclose(decay.prod(), clearance / v1 * q2 / v2 * q3 / v3, rtol=1e-11)
    pairs = decay[0] * decay[1] + decay[0] * decay[2] + decay[1] * decay[2]
    k10, k12, k13, k21, k31 = clearance / v1, q2 / v1, q3 / v1, q2 / v2, q3 / v3
    np.testing.assert_allclose(pairs, k10 * k21 + k10 * k31 + k12 * k31 + k13 * k21 + k21 * k31, rtol=1e-12)


@settings(max_examples=20)
@given(st.sampled_from(MODELS), st.data())
def test_every_model_obeys_the_physics(key: str, data: st.DataObject) -> None:
    model = load_parameter_set(key)
    system = model.system(Bodies.typical(data.draw(weights)))
    profile = data.draw(profiles(tuple(route for route in system.routes if route != "iv")))
    at_min = np.unique(np.append(np.linspace(0.5, 1200.0, 40), profile.bolus_at_min))
    levels = simulate(system, profile, at_min, engine="numpy").values
    highest = levels.max(initial=1e-9)
    assert np.all(levels >= -1e-12 * highest)
    doubled = simulate(system, profile, at_min, dose_scale=2.0, engine="numpy").values
    np.testing.assert_allclose(doubled, 2 * levels, rtol=1e-12, atol=1e-12 * highest)
    for output, name in enumerate(system.outputs):
        top, at = peak(system, profile, name)
        assert top[0] >= levels[0, output].max(initial=0.0) * (1 - 1e-12)
        # The time above a level cannot be longer than the area under the curve allows.
        if top[0] > 1e-6:
            above = time_above_min(system, profile, name, float(top[0]) / 2)
            area = area_ng_h_per_ml(system, profile, name) * 60
            assert 0 < above[0] <= area[0] / (top[0] / 2) * (1 + 1e-12)
            assert at[0] >= 0


@settings(max_examples=10)
@given(st.sampled_from(MODELS), st.data())
def test_closed_form_agrees_with_stepping(key: str, data: st.DataObject) -> None:
    system = load_parameter_set(key).system(Bodies.typical(data.draw(weights)))
    profile = data.draw(profiles(tuple(route for route in system.routes if route != "iv")))
    at_min = np.array([10.0, 47.0, 200.0, 777.0])
    closed = simulate(system, profile, at_min, engine="numpy").values
    stepped = simulate_ode(system, profile, at_min).values
    np.testing.assert_allclose(closed, stepped, rtol=1e-8, atol=1e-6)


@given(weights, st.floats(10, 90))
def test_band_holds_the_typical_body_through_one_infusion(weight_kg: float, length: float) -> None:
    prediction = predict_level(KAMP, weight_kg, one_segment(0.0, length, 50.0), np.linspace(1, 240, 60))
    assert prediction.level_ng_per_ml is not None
    assert prediction.band_low_ng_per_ml is not None
    assert prediction.band_high_ng_per_ml is not None
    assert np.all(prediction.band_low_ng_per_ml < prediction.level_ng_per_ml)
    assert np.all(prediction.level_ng_per_ml < prediction.band_high_ng_per_ml)
