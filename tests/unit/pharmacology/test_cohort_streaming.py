"""Summaries that grow: exact, and the same whatever the chunks and their order."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.streaming import (
    BLOCK_BODIES,
    QUANTILE_ERROR_RATIO,
    Counts,
    ExactSum,
    Moments,
)


@pytest.fixture(params=["numpy", "fast"], autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything holds for NumPy, and for the compiled fast path where there is one."""
    if request.param == "fast" and not fast.status().loaded:
        pytest.skip(fast.status().reason)
    monkeypatch.setenv(fast.ENGINE_VARIABLE, request.param)
    return str(request.param)


CHUNKS = (BLOCK_BODIES, 3 * BLOCK_BODIES, 40 * BLOCK_BODIES)


def levels(bodies: int = 5000, columns: int = 70) -> FloatArray:
    """Made-up levels over ten powers of ten, with a column of zeros and a very even one."""
    chance = np.random.default_rng(7)
    found: FloatArray = np.exp(chance.normal(2, 4, size=(bodies, columns)))
    found[:, 0] = 0.0
    found[:, 1] = 1000 + 1e-3 * chance.normal(size=bodies)
    return np.minimum(found, 60_000.0)


def summarize(values: FloatArray, chunk: int, *, backwards: bool = False) -> tuple[Moments, Counts]:
    """Each chunk on its own, then merged, from the front or from the back."""
    moments, counts = Moments(values.shape[1]), Counts(values.shape[1])
    starts = list(range(0, len(values), chunk))
    for first in reversed(starts) if backwards else starts:
        part, tally = Moments(values.shape[1]), Counts(values.shape[1])
        part.add(values[first : first + chunk])
        tally.add(values[first : first + chunk])
        moments.merge(part)
        counts.merge(tally)
    return moments, counts


def test_moments_are_those_of_the_values() -> None:
    values = levels()
    moments, _ = summarize(values, CHUNKS[1])
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(values.mean(axis=0), rel=1e-13)
    assert np.array_equal(moments.low, values.min(axis=0))
    assert np.array_equal(moments.high, values.max(axis=0))
    # What squares lose to the mean: 1e-16 times (mean / SD) squared, which is 1e12 in the even column.
    even = 1
    rest = np.arange(values.shape[1]) != even
    assert moments.variance[rest] == pytest.approx(values.var(axis=0, ddof=1)[rest], rel=1e-11)
    assert moments.sd[even] == pytest.approx(values[:, even].std(ddof=1), rel=1e-2)


def test_the_summary_is_the_same_bits_for_any_chunks_in_any_order() -> None:
    values = levels()
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    first, *others = [
        summarize(values, chunk, backwards=backwards) for chunk in CHUNKS for backwards in (False, True)
    ]
    for moments, counts in others:
        for name in ("mean", "variance", "low", "high"):
            assert np.array_equal(getattr(moments, name), getattr(first[0], name)), name
        assert np.array_equal(counts.quantiles(shares, moments), first[1].quantiles(shares, first[0]))


def test_quantiles_are_within_their_stated_error() -> None:
    values = levels()
    moments, counts = summarize(values, CHUNKS[0])
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    exact = np.quantile(values, shares, axis=0, method="lower")
    found = counts.quantiles(shares, moments)
    # Below 2**-14 a value counts as 0; that is the other allowed difference.
    assert np.all(np.abs(found - exact) <= np.maximum(QUANTILE_ERROR_RATIO * exact, 2.0**-14))
    assert np.array_equal(found[:, 0], np.zeros(len(shares)))


def test_values_below_zero_and_beyond_the_scale_keep_their_ends() -> None:
    values = np.array([[-3.0, 1e5], [5.0, 2e5], [7.0, 3e5]])
    moments, counts = summarize(values, BLOCK_BODIES)
    found = counts.quantiles((0.0, 0.5, 1.0), moments)
    assert found[0, 0] == 0
    assert found[1:, 0] == pytest.approx([5.0, 7.0], rel=QUANTILE_ERROR_RATIO)
    assert np.all(found[:, 1] == 3e5)


def test_exact_sums_are_exact() -> None:
    chance = np.random.default_rng(3)
    # Multiples of 2**-50 below 2**40 in size, of both signs: nothing finer than the sum keeps.
    rows = np.ldexp(chance.integers(-(2**52), 2**52, size=(2000, 3)).astype(np.float64), -50)
    rows *= np.ldexp(1.0, chance.integers(0, 38, size=rows.shape))
    total, other = ExactSum(3), ExactSum(3)
    for i, row in enumerate(rows):
        (total if i % 3 else other).add(row)
    total.merge(other)
    expected = [float(sum(Fraction(x) for x in column)) for column in rows.T.tolist()]
    # The one rounding at the end adds two parts, each rounded: half a unit in the last place of either.
    assert total.value() == pytest.approx(expected, rel=2.3e-16)


def test_a_summary_survives_the_way_from_a_worker() -> None:
    values = levels(bodies=600)
    moments, counts = summarize(values, BLOCK_BODIES)
    again, tally = pickle.loads(pickle.dumps((moments, counts)))
    assert np.array_equal(again.variance, moments.variance)
    assert np.array_equal(tally.quantiles((0.5,), again), counts.quantiles((0.5,), moments))
    # Only the part of the scale that is in use travels.
    assert len(pickle.dumps(counts)) < 70 * 7680 * 4


def test_a_place_may_hold_more_than_two_bytes_count() -> None:
    """65,535 travel as they are, one more in another form; neither is lost on the way or in a sum."""
    for bodies in (65_535, 65_536, 70_000):
        values = np.stack([np.zeros(bodies), np.arange(bodies, dtype=np.float64) + 1.0], axis=1)
        moments, counts = Moments(2), Counts(2)
        moments.add(values)
        counts.add(values)
        total, both = Counts(2), Counts(2)
        total.merge(pickle.loads(pickle.dumps(counts)))
        both.merge(total)
        both.merge(pickle.loads(pickle.dumps(counts)))
        shares = (0.0, 0.5, 0.999, 1.0)
        for tally in (total, both, pickle.loads(pickle.dumps(both))):
            assert np.all(tally.quantiles(shares, moments)[:, 0] == 0.0)
        wanted = counts.quantiles(shares, moments)[:, 1]
        assert np.array_equal(total.quantiles(shares, moments)[:, 1], wanted)
        assert wanted == pytest.approx(np.quantile(values[:, 1], shares, method="lower"), rel=2.0**-9)


def test_a_table_that_is_used_again_holds_nothing_of_before() -> None:
    values = levels(bodies=600)
    shares = (0.0, 0.25, 0.5, 1.0)
    wanted = None
    for _ in range(3):
        moments, counts = summarize(values, BLOCK_BODIES)
        found = counts.quantiles(shares, moments)
        assert wanted is None or np.array_equal(found, wanted)
        wanted = found
        del counts
        other = Counts(values.shape[1])
        other.add(1e4 * np.ones((3, values.shape[1])))
        del other


def test_both_engines_summarize_alike(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine == "numpy":
        pytest.skip("The fast path is compared with NumPy, once.")
    values = levels()
    shares = np.linspace(0, 1, 101).tolist()
    moments, counts = summarize(values, CHUNKS[1])
    monkeypatch.setenv(fast.ENGINE_VARIABLE, "numpy")
    others, tally = summarize(values, CHUNKS[1])
    assert np.array_equal(counts.quantiles(shares, moments), tally.quantiles(shares, others))
    assert np.array_equal(moments.low, others.low)
    assert np.array_equal(moments.high, others.high)
    # A processor that fuses x * x + s rounds once less in each of 256 sums.
    assert moments.mean == pytest.approx(others.mean, rel=1e-13)
    assert moments.variance[2:] == pytest.approx(others.variance[2:], rel=1e-10)


def test_few_values_have_no_variance() -> None:
    moments = Moments(2)
    assert np.all(np.isnan(moments.mean))
    moments.add(np.ones((1, 2)))
    assert np.array_equal(moments.mean, [1.0, 1.0])
    assert np.all(np.isnan(moments.variance))


def test_what_cannot_be_summarized_is_refused() -> None:
    moments = Moments(1)
    for wrong in (np.nan, np.inf, 1e9):
        with pytest.raises(CohortError, match="finite numbers below a million"):
            moments.add(np.array([[wrong]]))
    moments.add(np.ones((10, 1)))
    with pytest.raises(CohortError, match="whole blocks of 256 bodies"):
        moments.add(np.ones((10, 1)))
    other = Moments(1)
    other.add(np.ones((10, 1)))
    with pytest.raises(CohortError, match="whole blocks of 256 bodies"):
        moments.merge(other)
