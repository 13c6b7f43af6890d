"""Intervals against published ones, and what must hold of any."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.custody.intervals import Interval, poisson, wilson


@pytest.mark.reference
@pytest.mark.parametrize(
    ("seen", "of", "low", "high"),
    # Newcombe, Stat Med 1998, 17:857-872, table I, method 3 (score, without continuity correction).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares_have_the_limits_of_newcombes_table(seen: int, of: int, low: float, high: float) -> None:
    found = wilson(seen / of, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.reference
@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood, Biometrika 1936, 28:437-442, as tabulated since: 3.689 for none (epitools, pois.exact), 16.18
    # to 36.90 for 25 (GraphPad QuickCalcs), the rest Pearson and Hartley, Biometrika Tables, table 40.
    [
        (0, 0.0, 3.69),
        (1, 0.0253, 5.57),
        (5, 1.62, 11.67),
        (10, 4.80, 18.39),
        (25, 16.18, 36.90),
    ],
)
def test_counts_have_garwoods_limits(count: int, low: float, high: float) -> None:
    found = poisson(count, 1)
    assert found.low == pytest.approx(low, abs=0.005)
    assert found.high == pytest.approx(high, abs=0.005)


def test_a_rate_is_its_count_over_its_chances() -> None:
    found = poisson(10, 40)
    assert found.estimate == 0.25
    assert found.low == pytest.approx(4.80 / 40, abs=0.001)
    assert found.high == pytest.approx(18.39 / 40, abs=0.001)


def test_a_large_count_is_near_its_normal_limits() -> None:
    # For a large count the exact limits come near to count ± 1.96 · sqrt(count): 2000 ± 87.7.
    found = poisson(2000, 1)
    assert found.low == pytest.approx(2000 - 87.7, rel=0.002)
    assert found.high == pytest.approx(2000 + 87.7, rel=0.002)


@pytest.mark.parametrize(
    ("confidence", "low", "high"),
    # For none, the limit is where exp(-mean) is half of the probability that is left: -ln(0.05), -ln(0.005).
    [(0.9, 0.0, 2.9957), (0.99, 0.0, 5.2983)],
)
def test_a_surer_limit_of_none_lies_farther_off(confidence: float, low: float, high: float) -> None:
    found = poisson(0, 1, confidence)
    assert (found.low, round(found.high, 4)) == (low, high)


def test_a_share_may_be_looked_at_with_less_confidence() -> None:
    # Wilson's limits for 1/2 out of 1 with z = 1.6449: 1/2 ± (z / 2) · sqrt(1 + z²) / (1 + z²).
    found = wilson(0.5, 1, 0.9)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0728, 0.9272)


@pytest.mark.parametrize("of", range(1, 60))
def test_all_of_them_and_none_of_them_stay_shares(of: int) -> None:
    assert wilson(1, of).high == 1
    assert wilson(0, of).low == 0


def test_what_has_no_interval_is_refused() -> None:
    for share in (-0.01, 1.01):
        with pytest.raises(AssertionError, match=r"^a share lies between 0 and 1$"):
            wilson(share, 10)
    for trials in (0, -1):
        with pytest.raises(AssertionError, match=r"^a share is of something$"):
            wilson(0.5, trials)
    assert wilson(0.5, 0.5).estimate == 0.5, "an effective number of trials may be below one"
    with pytest.raises(AssertionError, match=r"^a count is not negative$"):
        poisson(-1, 1)
    for exposure in (0, -1):
        with pytest.raises(AssertionError, match=r"^a rate is per something$"):
            poisson(1, exposure)
    assert poisson(1, 0.5).estimate == 2
    for low, estimate, high in ((-1, 0, 1), (1, 0, 2), (0, 2, 1)):
        with pytest.raises(AssertionError, match=r"^an estimate lies within its limits$"):
            Interval(low=low, estimate=estimate, high=high)


@given(of=st.integers(1, 5000), data=st.data())
def test_the_limits_of_a_share_mirror_those_of_its_rest(of: int, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, of))
    one, rest = wilson(seen / of, of), wilson((of - seen) / of, of)
    assert 0 <= one.low <= one.estimate <= one.high <= 1
    assert isclose(one.low, 1 - rest.high, abs_tol=1e-9)
    assert isclose(one.high, 1 - rest.low, abs_tol=1e-9)


# Thousands of terms for each mean that is tried take a busy machine longer than one example is allowed.
@given(count=st.integers(0, 300), more=st.integers(2, 50))
def test_more_chances_make_a_rate_surer(count: int, more: int) -> None:
    few, many = poisson(count, 10), poisson(count * more, 10 * more)
    assert isclose(few.estimate, many.estimate)
    assert many.high - many.low < few.high - few.low
