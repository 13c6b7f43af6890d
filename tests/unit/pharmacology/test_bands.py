"""Exact quantiles of levels: the same numbers from both engines, and from NumPy's own quantiles."""

from collections.abc import Callable

import numpy as np
import pytest

from evenkeel.pharmacology import InfusionProfile, System, bands, fast, simulate
from evenkeel.pharmacology.errors import ArgumentError
from tests.unit.pharmacology.engine_systems import (
    COURSE,
    COURSE_MIN,
    dosed,
    standard,
    with_delays,
    with_liver,
)

ENGINES = [
    "numpy",
    pytest.param("fast", marks=pytest.mark.skipif(not fast.status().loaded, reason=fast.status().reason)),
]
every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
@pytest.mark.parametrize("count", [1, 2, 3, 1000, 5001])
def test_quantiles_are_those_of_numpy(count: int, engine: fast.Engine) -> None:
    rows = np.random.default_rng(count).lognormal(4, 1, (7, count))
    kept = rows.copy()
    shares = (0.0, 0.05, 0.31, 0.5, 0.95, 1.0)
    got = bands.exact_quantiles(rows, shares, engine=engine)
    np.testing.assert_allclose(got, np.quantile(rows, shares, axis=1).T, rtol=1e-15)
    assert np.array_equal(rows, kept), "the rows given are not changed"


@every_engine
@pytest.mark.parametrize(
    ("build", "profile"),
    [(standard, COURSE), (with_liver, dosed("nasal")), (with_delays, COURSE)],
    ids=["standard", "nasal", "delays"],
)
def test_bands_are_the_quantiles_of_all_levels(
    build: Callable[[int], System],
    profile: InfusionProfile,
    engine: fast.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In many blocks of times, for a stream of two systems, each body with its own dose."""
    monkeypatch.setattr(bands, "_TIMES_AT_ONCE", 5)
    system = build(60)
    scale = np.linspace(0.5, 2.0, 60)
    told: list[tuple[int, int]] = []
    found = bands.level_bands(
        iter((system.part(0, 25), system.part(25, 60))),
        profile,
        COURSE_MIN,
        dose_scale=scale,
        engine=engine,
        progress=lambda done, of: told.append((done, of)),
    )
    levels = simulate(system, profile, COURSE_MIN, dose_scale=scale, engine=engine).values
    wanted = np.quantile(levels, bands.DEFAULT_SHARES, axis=0).transpose(1, 0, 2)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-14, atol=1e-300)
    assert [axis.name for axis in found.axes] == ["output", "share", "time"]
    assert found.unit == "ng/mL"
    assert told[-1] == (COURSE_MIN.size, COURSE_MIN.size)
    assert len(told) == -(-COURSE_MIN.size // 5)


@pytest.mark.skipif(not fast.status().loaded, reason=fast.status().reason)
def test_the_bits_do_not_hang_on_threads_or_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    system = standard(501)
    whole = bands.level_bands(system, COURSE, COURSE_MIN, engine="fast", threads=1).values
    monkeypatch.setattr(bands, "_TIMES_AT_ONCE", 3)
    assert np.array_equal(
        whole, bands.level_bands(system, COURSE, COURSE_MIN, engine="fast", threads=3).values
    )


@pytest.mark.parametrize("shares", [(), (0.5, 0.5), (0.9, 0.1), (-0.1,), (1.5,), (float("nan"),)])
def test_shares_that_cannot_be_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ArgumentError, match="shares must be numbers from 0 to 1 that ascend"):
        bands.level_bands(standard(2), COURSE, COURSE_MIN, shares=shares)


def test_rows_without_members_or_with_a_nan_are_refused() -> None:
    with pytest.raises(ArgumentError, match="rows must have the shape"):
        bands.exact_quantiles(np.empty((2, 0)), (0.5,))
    with pytest.raises(ArgumentError, match="without a NaN"):
        bands.exact_quantiles(np.array([[1.0, np.nan]]), (0.5,))


def test_a_stream_without_bodies_and_a_stream_of_strangers_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at least one body"):
        bands.level_bands(iter(()), COURSE, COURSE_MIN)
    with pytest.raises(ArgumentError, match="same outputs"):
        bands.level_bands((standard(1), with_liver(1)), COURSE, COURSE_MIN)
