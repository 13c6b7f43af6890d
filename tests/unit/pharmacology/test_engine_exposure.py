"""Areas, peaks, time above a level and steady states against algebra and textbook formulas."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import (
    ArgumentError,
    Dose,
    Entry,
    InfusionProfile,
    Network,
    Outlet,
    OutputTimeError,
    ProfileError,
    System,
    simulate,
)
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak, steady_state, time_above_min
from tests.unit.pharmacology.engine_systems import COURSE, dosed, meeting, standard, with_delays, with_liver

ONE_BOLUS = InfusionProfile(bolus_at_min=np.array([0.0]), bolus_mg=np.array([20.0]))
# One compartment of 50 L that is cleared at 1 L/min, with a depot for an oral dose.
DECAY_PER_MIN = 0.02
ABSORPTION_PER_MIN = 0.09


def one_compartment() -> System:
    return System(
        networks=(
            Network(
                name="ketamine",
                compartments=("central",),
                volume_l=np.array([[50.0]]),
                loss_l_per_min=np.array([[1.0]]),
            ),
        ),
        entries={
            "iv": (Entry(into="ketamine", compartment="central", fraction=np.ones(1)),),
            "oral": (
                Entry(
                    into="ketamine",
                    compartment="central",
                    fraction=np.ones(1),
                    absorption_per_min=np.array([ABSORPTION_PER_MIN]),
                ),
            ),
        },
        outlets=(Outlet(name="ketamine", network="ketamine", compartment="central"),),
    )


@pytest.mark.parametrize(
    ("system", "profile"),
    [
        (standard(4), COURSE),
        (meeting(4), COURSE),
        (with_liver(4), dosed("nasal")),
        (with_delays(4), dosed("sublingual")),
    ],
    ids=["standard", "meeting", "liver", "delays"],
)
def test_area_to_infinity_is_that_of_linear_algebra(system: System, profile: InfusionProfile) -> None:
    # For dx/dt = A x + b the area under x is -A^-1 b, whatever the time course of the input.
    space = system.matrix()
    given = [("iv", profile.dose_mg - sum(dose.amount_mg for dose in profile.doses))]
    given += [(dose.route, dose.amount_mg) for dose in profile.doses]
    for output, name in enumerate(system.outputs):
        expected = np.zeros(system.bodies)
        for body in range(system.bodies):
            for route, amount in given:
                for column, _ in space.inputs[route]:
                    area = np.linalg.solve(-space.matrix[body], column[body] * amount)
                    expected[body] += space.rows[body, output] @ area / 60
        np.testing.assert_allclose(area_ng_h_per_ml(system, profile, name), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("system", "profile"),
    [
        (standard(3), COURSE),
        (meeting(3), COURSE),
        (with_liver(3), dosed("nasal")),
        (with_delays(3), dosed("sublingual")),
    ],
    ids=["standard", "meeting", "liver", "delays"],
)
def test_area_until_a_moment_is_the_integral_of_the_levels(system: System, profile: InfusionProfile) -> None:
    until = 3100.0
    releases = [entry.duration_min for entries in system.entries.values() for entry in entries]
    changes = np.concatenate([profile.start_min, profile.end_min, profile.bolus_at_min])
    changes = np.concatenate(
        [changes, *([dose.at_min, *(dose.at_min + some for some in releases)] for dose in profile.doses)]
    )
    steps = np.concatenate([[0.0], 2.0 ** np.arange(-3.0, 12.0)])
    edges = np.unique(np.clip(np.add.outer(changes, steps).ravel(), 0.0, until))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, np.newaxis] / 2
    at_min = (edges[:-1, np.newaxis] + half + half * nodes).ravel()
    at_min, kept = np.unique(at_min, return_index=True)
    levels = simulate(system, profile, at_min, engine="numpy").values
    expected = levels @ (half * weights).ravel()[kept] / 60
    for output, name in enumerate(system.outputs):
        found = area_ng_h_per_ml(system, profile, name, until_min=until)
        np.testing.assert_allclose(found, expected[:, output], rtol=1e-9)


def test_area_before_any_drug_is_nothing_and_long_after_all_is_all() -> None:
    system = standard(2)
    assert np.all(area_ng_h_per_ml(system, COURSE, "ketamine", until_min=-5.0) == 0)
    everything = area_ng_h_per_ml(system, COURSE, "ketamine")
    np.testing.assert_allclose(
        area_ng_h_per_ml(system, COURSE, "ketamine", until_min=1e6), everything, rtol=1e-12
    )
    doubled = area_ng_h_per_ml(system, COURSE, "ketamine", dose_scale=[2.0, 0.0])
    np.testing.assert_allclose(doubled, everything * [2.0, 0.0], rtol=1e-15)


def test_peak_of_an_oral_dose_is_where_the_textbook_says() -> None:
    # tmax = ln(ka / k) / (ka - k) for one compartment with first-order absorption (Gibaldi and Perrier).
    profile = InfusionProfile(doses=(Dose(at_min=10.0, amount_mg=20.0, route="oral"),))
    level, at = peak(one_compartment(), profile, "ketamine")
    after = math.log(ABSORPTION_PER_MIN / DECAY_PER_MIN) / (ABSORPTION_PER_MIN - DECAY_PER_MIN)
    assert at[0] == pytest.approx(10.0 + after, rel=1e-7)
    highest = 20.0 / 50.0 * 1000 * math.exp(-DECAY_PER_MIN * after)
    assert level[0] == pytest.approx(highest, rel=1e-12)


def test_peak_of_an_infusion_is_at_its_end_and_of_the_parent_alone() -> None:
    system = standard(6)
    level, at = peak(system, InfusionProfile.constant(35.0, 40.0), "ketamine")
    assert at.tolist() == [40.0] * 6
    at_end = simulate(system, InfusionProfile.constant(35.0, 40.0), [40.0], engine="numpy").values[:, 0, 0]
    np.testing.assert_allclose(level, at_end, rtol=1e-12)


@pytest.mark.parametrize(
    ("system", "profile"),
    [
        (standard(6), COURSE),
        (meeting(6), COURSE),
        (with_liver(6), dosed("nasal")),
        (with_delays(6), dosed("sublingual")),
    ],
    ids=["standard", "meeting", "liver", "delays"],
)
def test_nothing_is_higher_than_the_peak(system: System, profile: InfusionProfile) -> None:
    at_min = np.linspace(0.0, 7200.0, 7201)
    levels = simulate(system, profile, at_min, engine="numpy").values
    for output, name in enumerate(system.outputs):
        level, at = peak(system, profile, name)
        seen = levels[:, output].max(axis=1)
        assert np.all(level >= seen * (1 - 1e-12))
        np.testing.assert_allclose(level, seen, rtol=5e-3)
        for body in range(3):
            now = simulate(system.part(body, body + 1), profile, [at[body]], engine="numpy").values
            np.testing.assert_allclose(now[0, output, 0], level[body], rtol=1e-9)


def test_time_above_a_level_after_a_bolus_is_a_logarithm() -> None:
    # 20 mg in 50 L start at 400 ng/mL and fall by 2 % a minute: above 100 ng/mL for ln(4) / 0.02 min.
    found = time_above_min(one_compartment(), ONE_BOLUS, "ketamine", 100.0)
    assert found[0] == pytest.approx(math.log(4.0) / DECAY_PER_MIN, rel=1e-12)
    assert time_above_min(one_compartment(), ONE_BOLUS, "ketamine", 400.1)[0] == 0
    assert time_above_min(one_compartment(), ONE_BOLUS, "ketamine", 100.0, dose_scale=0.0)[0] == 0
    tiny = time_above_min(one_compartment(), ONE_BOLUS, "ketamine", 400e-9)
    assert tiny[0] == pytest.approx(math.log(1e9) / DECAY_PER_MIN, rel=1e-12)


def test_time_above_a_level_counts_every_excursion() -> None:
    system = standard(3)
    at_min = np.linspace(0.0, 9000.0, 90_001)
    for name, limit in (("ketamine", 80.0), ("norketamine", 60.0), ("effect", 100.0)):
        levels = simulate(system, COURSE, at_min, outputs=[name], engine="numpy").values[:, 0]
        seen = (levels > limit).sum(axis=1) * 0.1
        np.testing.assert_allclose(time_above_min(system, COURSE, name, limit), seen, atol=0.8)
    for name in system.outputs:
        just_below = peak(system, COURSE, name)[0][0] * (1 - 1e-9)
        assert 0 < time_above_min(system.part(0, 1), COURSE, name, float(just_below))[0] < 1


def test_steady_state_of_a_bolus_is_the_textbook_series() -> None:
    # C0 / (1 - exp(-k tau)) just after each dose.
    found = steady_state(one_compartment(), ONE_BOLUS, 60.0, [0.0, 30.0]).values[0, 0]
    first = 400.0 / (1 - math.exp(-DECAY_PER_MIN * 60))
    np.testing.assert_allclose(found, [first, first * math.exp(-DECAY_PER_MIN * 30)], rtol=1e-13)


@pytest.mark.parametrize(
    ("system", "route", "every_min"),
    [
        (standard(3), None, 480.0),
        (standard(3), None, 30.0),
        (meeting(3), None, 480.0),
        (with_liver(3), "nasal", 720.0),
        (with_delays(3), "sublingual", 720.0),
        (with_delays(3), "sublingual", 20.0),
    ],
)
def test_steady_state_is_where_cycling_ends(system: System, route: str | None, every_min: float) -> None:
    once = InfusionProfile.constant(5.0, min(40.0, every_min))
    if route is not None:
        once = replace(once, doses=(Dose(at_min=7.0, amount_mg=30.0, route=route),))
    cycles = int(60_000 / every_min)
    repeated = InfusionProfile.repeated(once, at_min=np.arange(cycles) * every_min)
    at_min = np.array([0.0, 1.0, 8.0, 19.0])
    expected = simulate(system, repeated, at_min + (cycles - 1) * every_min, engine="numpy").values
    found = steady_state(system, once, every_min, at_min).values
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_steady_state_mean_level_is_dose_over_clearance() -> None:
    # Over one interval the area at steady state is the area to infinity of one dose.
    system = standard(1)
    once = InfusionProfile.constant(35.0, 40.0)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    total = 0.0
    for start, end in ((0.0, 40.0), (40.0, 200.0), (200.0, 1440.0)):
        half = (end - start) / 2
        levels = steady_state(system, once, 1440.0, start + half + half * nodes, outputs=["ketamine"]).values
        total += float(levels[0, 0] @ weights) * half / 60
    assert total == pytest.approx(area_ng_h_per_ml(system, once, "ketamine")[0], rel=1e-9)


def test_no_drug_has_no_peak_area_or_time_above() -> None:
    system, nothing = standard(2), InfusionProfile()
    assert peak(system, nothing, "ketamine")[0].tolist() == [0.0, 0.0]
    assert area_ng_h_per_ml(system, nothing, "ketamine").tolist() == [0.0, 0.0]
    assert time_above_min(system, nothing, "ketamine", 1.0).tolist() == [0.0, 0.0]
    assert np.all(steady_state(system, nothing, 60.0, [0.0]).values == 0)


def test_what_cannot_be_is_refused_by_name() -> None:
    system = standard(1)
    with pytest.raises(ArgumentError, match=re.escape("output must be among ketamine, norketamine, effect")):
        peak(system, COURSE, "esketamine")
    with pytest.raises(ArgumentError, match="level_ng_per_ml must be a finite number greater than 0"):
        time_above_min(system, COURSE, "ketamine", 0.0)
    with pytest.raises(OutputTimeError, match="until_min must be a number of minutes"):
        area_ng_h_per_ml(system, COURSE, "ketamine", until_min=float("nan"))
    with pytest.raises(ArgumentError, match="every_min must be a finite number greater than 0"):
        steady_state(system, ONE_BOLUS, 0.0, [0.0])
    with pytest.raises(OutputTimeError, match="at_min must lie from 0 to every_min"):
        steady_state(system, ONE_BOLUS, 60.0, [0.0, 61.0])
    with pytest.raises(ProfileError, match="must begin from 0 to before every_min"):
        steady_state(system, COURSE, 60.0, [0.0])
