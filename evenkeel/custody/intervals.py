"""How sure a rate is: intervals for shares and for counts, in closed form or by halving, without a library.

Small numbers are the rule in one clinic, so both kinds keep their coverage where few things were seen.
"""

from collections.abc import Callable, Iterator
from math import exp, fsum, lgamma, log, sqrt
from statistics import NormalDist
from typing import Final

from evenkeel.values.shape import frozen

CONFIDENCE: Final = 0.95
# Halving this often leaves less than a double can tell apart.
_HALVINGS: Final = 200
# A term this much smaller than the first is lost in a double's rounding.
_NEGLIGIBLE: Final = 1e-20


@frozen
class Interval:
    """An estimate with the limits between which the true value is likely to lie."""

    estimate: float
    low: float
    high: float

    def __post_init__(self) -> None:
        assert 0 <= self.low <= self.estimate <= self.high, "an estimate lies within its limits"


def wilson(share: float, trials: float, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share that was seen in so many trials.

    `trials` need not be whole: a weighted share has an effective number of them. Source: Wilson, JASA 1927,
    22:209-212; recommended for small samples by Newcombe, Stat Med 1998, 17:857-872 (method 3).
    """
    assert 0 <= share <= 1, "a share lies between 0 and 1"
    assert trials > 0, "a share is of something"
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = share + z * z / (2 * trials)
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    whole = 1 + z * z / trials
    low, high = (middle - half) / whole, (middle + half) / whole
    # At both ends rounding would leave the limit a hair beside the estimate.
    return Interval(estimate=share, low=min(max(low, 0.0), share), high=max(min(high, 1.0), share))


def poisson(count: int, exposure: float, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a rate: `count` things in `exposure` chances.

    Source: Garwood, Biometrika 1936, 28:437-442. The limits are the means under which so few, or so many,
    would be seen with half of the probability that is left.
    """
    assert count >= 0, "a count is not negative"
    assert exposure > 0, "a rate is per something"
    tail = (1 - confidence) / 2
    high = _mean_where(lambda mean: _at_most(count, mean), tail, above=float(count))
    low = 0.0
    if count:
        low = _mean_where(lambda mean: _at_most(count - 1, mean), 1 - tail, above=0.0)
    return Interval(estimate=count / exposure, low=low / exposure, high=high / exposure)


def _at_most(count: int, mean: float) -> float:
    """The probability that a Poisson variable of this mean, which is above 0, is at most `count`."""
    # Only the tail on the far side of the mean is added up: its terms fall from the first one on.
    if mean <= count:
        return 1.0 - fsum(_falling(count + 1, mean, lambda k: mean / (k + 1), step=1))
    return fsum(_falling(count, mean, lambda k: k / mean, step=-1))


def _falling(first: int, mean: float, ratio: Callable[[int], float], *, step: int) -> Iterator[float]:
    """The probabilities of `first` and of the counts beyond it, until they add nothing any more."""
    term, k = exp(first * log(mean) - mean - lgamma(first + 1)), first
    least = term * _NEGLIGIBLE
    while term > least:
        yield term
        term *= ratio(k)
        k += step


def _mean_where(falling: Callable[[float], float], target: float, *, above: float) -> float:
    """The mean at which a falling probability is the target."""
    low, high = above, above + 1.0
    while falling(high) > target:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if falling(middle) > target else (low, middle)
    return (low + high) / 2
