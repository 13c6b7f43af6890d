"""Levels from time to time: those of the closed form, whatever runs, however finely, by either engine."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology import InfusionProfile, System, fast, simulate
from evenkeel.pharmacology.ahead import LEAP_TIMES, AheadPlan, fill_ahead
from evenkeel.pharmacology.bands import Ranks
from evenkeel.pharmacology.live import LiveModel, chair_bands
from evenkeel.pharmacology.modes import solve_modes
from tests.unit.pharmacology.engine_systems import meeting, standard, with_liver

needs_library = pytest.mark.skipif(not fast.status().loaded, reason=fast.status().reason)
BODIES = 37


@pytest.fixture(params=["numpy", pytest.param("fast", marks=needs_library)])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(fast.ENGINE_VARIABLE, request.param)
    return str(request.param)


def infused(lengths: list[float], rates: list[float], boluses: list[float]) -> InfusionProfile:
    """Rates one after the other from minute 10 on, and a bolus at each change."""
    edges = 10.0 + np.cumsum([0.0, *lengths])
    return InfusionProfile(
        start_min=edges[:-1],
        end_min=edges[1:],
        rate_mg_per_h=np.array(rates[: len(lengths)]),
        bolus_at_min=edges[: len(boluses)],
        bolus_mg=np.array(boluses[: edges.size]),
    )


PROFILES = st.integers(1, 5).flatmap(
    lambda count: st.builds(
        infused,
        st.lists(st.floats(0.05, 90.0), min_size=count, max_size=count),
        st.lists(st.sampled_from([0.0, 1.0, 52.5, 200.0]), min_size=count, max_size=count),
        st.lists(st.sampled_from([0.0, 0.1, 40.0]), max_size=count),
    )
)


def furthest(found: np.ndarray, wanted: np.ndarray) -> float:
    """Of the level, or of 1 ng/mL where there is less: early levels are what is left of large terms."""
    return float(np.max(np.abs(found - wanted) / np.maximum(wanted, 1.0)))


@pytest.mark.parametrize("build", [standard, with_liver], ids=["standard", "liver"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profile=PROFILES, begin=st.floats(0.0, 100.0), every=st.sampled_from([0.25, 1.0, 7.0]))
def test_it_is_the_closed_form(
    build: Callable[[int], System], engine: str, profile: InfusionProfile, begin: float, every: float
) -> None:
    system = build(BODIES)
    ahead = AheadPlan.of(profile, begin, every, 300)
    found = LiveModel.of(system).levels_ahead(ahead)
    wanted = simulate(system, profile, ahead.at_min, engine="numpy").values.transpose(1, 2, 0)
    assert furthest(found, wanted) <= 1e-9


def test_very_many_small_steps_add_up_no_rounding(engine: str) -> None:
    """Forty leaps of a second each: exponentials begin every one of them."""
    times = 40 * LEAP_TIMES
    ahead = AheadPlan.of(InfusionProfile.constant(35.0, 40.0), 39.0, 1 / 60, times)
    assert ahead.count.max() == LEAP_TIMES
    assert ahead.count.sum() == times
    system = standard(3)
    found = LiveModel.of(system).levels_ahead(ahead)
    wanted = simulate(system, InfusionProfile.constant(35.0, 40.0), ahead.at_min).values.transpose(1, 2, 0)
    assert furthest(found, wanted) <= 1e-11


def test_before_any_drug_and_without_any_there_is_none(engine: str) -> None:
    model = LiveModel.of(standard(3))
    before = AheadPlan.of(InfusionProfile.constant(35.0, 40.0, start_min=30.0), 0.0, 1.0, 60)
    found = model.levels_ahead(before)
    assert not found[:, :31].any()
    assert np.all(found[:, 31:] > 0)
    none = AheadPlan.of(InfusionProfile(), 0.0, 1.0, 5)
    assert not model.levels_ahead(none).any()
    assert not model.quantiles_ahead(none, Ranks.of([0.5])).any()


def test_bodies_whose_rates_coincide_are_among_the_others(engine: str) -> None:
    profile = InfusionProfile.constant(35.0, 40.0)
    ahead = AheadPlan.of(profile, 5.0, 1.0, 120)
    found = LiveModel.of(meeting()).levels_ahead(ahead)
    wanted = simulate(meeting(), profile, ahead.at_min, engine="numpy").values.transpose(1, 2, 0)
    assert furthest(found, wanted) <= 1e-9


@needs_library
@pytest.mark.parametrize("instructions", range(len(fast.status().instructions)))
@pytest.mark.parametrize("bodies", [1, 5, 64, 301])
def test_every_instruction_set_and_any_neighbors_give_the_same(bodies: int, instructions: int) -> None:
    profile = infused([20.0, 15.0, 30.0], [52.5, 0.0, 40.0], [5.0])
    modes = solve_modes(standard(bodies))[0].main
    ahead = AheadPlan.of(profile, 15.0, 1.0, 100)
    found = np.empty((3, 100, bodies))
    fast.ahead(
        modes.decay_per_min, modes.residue, ahead.plan, ahead.leaps, 1.0, found, instructions=instructions
    )
    wanted = simulate(standard(bodies), profile, ahead.at_min, engine="numpy").values.transpose(1, 2, 0)
    assert furthest(found, wanted) <= 1e-11
    alone = np.empty((3, 100, 1))
    last = slice(bodies - 1, bodies)
    fast.ahead(
        modes.decay_per_min[last],
        modes.residue[last],
        ahead.plan,
        ahead.leaps,
        1.0,
        alone,
        instructions=instructions,
    )
    assert np.array_equal(alone, found[:, :, last])
    ranks = np.unique(np.array([0, bodies // 20, bodies // 2, bodies - 1]))
    members = np.empty((3, 100, ranks.size))
    fast.ahead(
        modes.decay_per_min,
        modes.residue,
        ahead.plan,
        ahead.leaps,
        1.0,
        members,
        ranks=ranks,
        instructions=instructions,
    )
    assert np.array_equal(members, np.sort(found, axis=2)[:, :, ranks])


@needs_library
@pytest.mark.parametrize("instructions", range(len(fast.status().instructions)))
def test_ranks_are_found_where_rows_resemble_each_other_and_where_they_suddenly_do_not(
    instructions: int,
) -> None:
    """Where a row's ranks stood tells where to look in the next: exact after right guesses and wrong ones."""
    chance = np.random.default_rng(4)
    base = chance.lognormal(4.0, 0.5, 1003)
    drift = np.exp(0.01 * np.arange(60)[:, np.newaxis] * chance.normal(1.0, 0.1, base.size))
    rows = base * drift
    rows[20:] *= 100.0  # a jump
    rows[30] = 7.0  # all equal
    rows[35:40] = np.round(rows[35:40] / 500.0) * 500.0  # many ties
    rows[45] = rows[45, ::-1]
    rows[50] *= -1.0
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    for ranks in (Ranks.of(shares).places(1003), np.array([0, 400, 1002])):
        found = fast.select(rows, ranks, instructions=instructions)
        assert np.array_equal(found, np.sort(rows, axis=1)[:, ranks])


def test_chairs_share_threads_without_a_difference(engine: str) -> None:
    model = LiveModel.of(standard(300))
    profile = InfusionProfile.constant(35.0, 40.0)
    chairs = [(model, replace(profile, present_min=float(at))) for at in (0, 10, 39, 40, 50)]
    one = chair_bands(chairs, ahead_min=60.0)
    assert np.array_equal(one.values, chair_bands(chairs, ahead_min=60.0, threads=3).values)


def test_fill_ahead_is_for_plain_exponentials_alone() -> None:
    apart = solve_modes(meeting())[0].apart
    assert apart, "rates that coincide need powers of time"
    ahead = AheadPlan.of(InfusionProfile.constant(35.0, 40.0), 0.0, 1.0, 3)
    bodies, modes = apart[0]
    with pytest.raises(AssertionError, match="a power of time"):
        fill_ahead(modes, ahead, np.empty((3, 3, bodies.size)))
