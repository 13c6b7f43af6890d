"""The closed form against the matrix exponential, and the promise of identical bits."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import InfusionProfile, Outlet, System, simulate
from evenkeel.pharmacology.modes import solve_modes, solve_spectrum
from tests.unit.pharmacology.engine_systems import (
    COURSE,
    COURSE_MIN,
    FloatArray,
    by_matrix_exponential,
    dosed,
    meeting,
    standard,
    with_delays,
    with_liver,
    worst_error,
)

# Issue 6: error at most 1e-9 against a matrix-exponential reference, also where two rates nearly coincide.
ALLOWED = 1e-9
NEAR_MIN = COURSE_MIN[[1, 3, 5, 8, 11]]
GAPS = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 0.0]


def levels(system: System, profile: InfusionProfile, at_min: FloatArray = COURSE_MIN) -> FloatArray:
    return simulate(system, profile, at_min, engine="numpy").values


@pytest.mark.parametrize(
    ("system", "profile"),
    [
        (standard(5), COURSE),
        (meeting(4), COURSE),
        (with_liver(6), COURSE),
        (with_liver(6), dosed("nasal")),
        (with_delays(4), COURSE),
        (with_delays(4), dosed("sublingual")),
    ],
    ids=["standard", "meeting", "liver", "nasal", "delays", "film"],
)
def test_agrees_with_the_matrix_exponential(system: System, profile: InfusionProfile) -> None:
    expected = by_matrix_exponential(system, profile, COURSE_MIN)
    assert worst_error(levels(system, profile), expected) <= ALLOWED


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_effect_site_that_nearly_keeps_pace_with_the_drug(mode: int, gap: float) -> None:
    rate = solve_spectrum(standard().networks[0]).rate[mode]
    for side in (1.0 + gap, 1.0 - gap):
        system = standard(effect_site_per_min=rate * side)
        expected = by_matrix_exponential(system, COURSE, NEAR_MIN)
        assert worst_error(levels(system, COURSE, NEAR_MIN), expected) <= ALLOWED


@pytest.mark.parametrize("gap", GAPS)
def test_three_rates_that_nearly_coincide(gap: float) -> None:
    # A metabolite whose slower mode and whose own delayed reading both lie beside a mode of the parent.
    system = standard()
    wanted = solve_spectrum(system.networks[0]).rate[1, 0]
    metabolite = system.networks[1]
    present = solve_spectrum(metabolite).rate[:, 0]
    factor = wanted * (1 + gap) / present[np.argmin(np.abs(present - wanted))]
    faster = replace(
        metabolite,
        exchange_l_per_min=metabolite.exchange_l_per_min * factor,
        loss_l_per_min=metabolite.loss_l_per_min * factor,
    )
    delayed = Outlet(
        name="delayed",
        network="norketamine",
        compartment="central",
        delay_per_min=np.array([wanted * (1 - 2 * gap)]),
    )
    near = replace(system, networks=(system.networks[0], faster), outlets=(*system.outlets, delayed))
    expected = by_matrix_exponential(near, COURSE, NEAR_MIN)
    assert worst_error(levels(near, COURSE, NEAR_MIN), expected) <= ALLOWED


@pytest.mark.parametrize("gap", [0.3, 0.1, 0.05, 0.02, 0.01, *GAPS])
def test_depot_and_steps_beside_each_other(gap: float) -> None:
    # Three equal steps, then a depot and an effect site beside them: five rates in one place.
    system = with_delays()
    entry = system.entries["sublingual"][1]
    assert entry.delay_per_min is not None
    step = entry.delay_per_min
    outlet = Outlet(
        name="delayed", network="norketamine", compartment="central", delay_per_min=step * (1 - gap)
    )
    near = replace(
        system,
        entries={**system.entries, "oral": (replace(entry, absorption_per_min=step * (1 + gap)),)},
        outlets=(*system.outlets, outlet),
    )
    profile = dosed("oral")
    expected = by_matrix_exponential(near, profile, NEAR_MIN)
    assert worst_error(levels(near, profile, NEAR_MIN), expected) <= ALLOWED


@pytest.mark.filterwarnings("error")
def test_bodies_whose_rates_meet_stand_beside_others_without_a_warning() -> None:
    (entry,) = solve_modes(meeting(4))
    assert sorted(int(body) for bodies, _ in entry.apart for body in bodies) == [1, 2]
    assert np.all(np.isfinite(entry.main.residue))


def test_rates_of_a_large_cohort_meet_by_chance_and_all_are_exact() -> None:
    # Among many bodies some pair of rates is always close; those bodies are the ones compared here.
    system = standard(20_000)
    (entry,) = solve_modes(system)
    apart = np.concatenate([bodies for bodies, _ in entry.apart])
    assert 0 < apart.size < 200
    few = system.take(apart[:12].tolist())
    assert worst_error(levels(few, COURSE), by_matrix_exponential(few, COURSE, COURSE_MIN)) <= ALLOWED


@pytest.mark.parametrize("build", [standard, with_delays, with_liver])
def test_bits_do_not_depend_on_chunks_grid_outputs_or_threads(build: Callable[[int], System]) -> None:
    bodies = 2048 + 37
    system = build(bodies)
    at_min = np.sort(np.concatenate([COURSE_MIN, np.linspace(-10.0, 6500.0, 61)]))
    at_min = np.unique(at_min)
    route = next(route for route in system.routes if route != "iv") if len(system.routes) > 1 else None
    profile = COURSE if route is None else dosed(route)
    whole = levels(system, profile, at_min)
    edges = [0, 1, 3, 10, 267, 2000, bodies]
    parts = [levels(system.part(a, b), profile, at_min) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(whole, simulate(system, profile, at_min, engine="numpy", threads=2).values)
    for some in (slice(0, 1), slice(5, 7), slice(0, None, 3), slice(40, 41)):
        assert np.array_equal(whole[:100, :, some], levels(system.part(0, 100), profile, at_min[some]))
    last = system.outputs[-1]
    alone = simulate(system.part(0, 64), profile, at_min, outputs=[last], engine="numpy").values
    assert np.array_equal(whole[:64, -1:], alone)


def test_bits_do_not_depend_on_how_many_times_are_asked_for() -> None:
    # More times than are computed at once.
    system = standard(3)
    at_min = np.linspace(0.0, 7000.0, 5001)
    whole = levels(system, COURSE, at_min)
    assert np.array_equal(whole[:, :, ::1000], levels(system, COURSE, at_min[::1000]))


def test_room_given_is_filled_and_used() -> None:
    system = standard(5)
    room = np.full((5, 3, COURSE_MIN.size), np.nan)
    found = simulate(system, COURSE, COURSE_MIN, out=room, engine="numpy")
    assert found.values is room
    assert np.array_equal(room, levels(system, COURSE))


def test_dose_scale_multiplies_the_profile_of_each_body() -> None:
    system = standard(3)
    scale = np.array([0.5, 1.0, 2.0])
    found = simulate(system, COURSE, COURSE_MIN, dose_scale=scale, engine="numpy").values
    np.testing.assert_allclose(found, scale[:, np.newaxis, np.newaxis] * levels(system, COURSE), rtol=1e-13)


def test_axes_carry_names_labels_and_units() -> None:
    found = simulate(standard(2), COURSE, [10.0, 20.0])
    assert [axis.name for axis in found.axes] == ["body", "output", "time"]
    assert found.axis("output").labels == ("ketamine", "norketamine", "effect")
    assert found.axis("time").column == "time_min"
    assert found.unit == "ng/mL"
    chosen = found.select(output="norketamine", time=20.0)
    assert chosen.values.tolist() == found.values[:, 1, 1].tolist()
    columns = found.columns()
    assert list(columns) == ["body", "output", "time_min", "value_ng_per_ml"]
    assert {len(column) for column in columns.values()} == {12}


def test_no_drug_is_a_level_of_nothing() -> None:
    assert np.all(levels(standard(2), InfusionProfile()) == 0)
    assert np.all(levels(with_liver(2), InfusionProfile()) == 0)
