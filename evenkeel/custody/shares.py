"""Dividing what left a bag among the lots that were mixed in it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

K = TypeVar("K")


def shares(mcg: int, parts: Mapping[K, int]) -> dict[K, int]:
    """Divide whole micrograms in proportion to the parts, without losing or making any.

    What a floor leaves over goes to the largest remainders, the first part first where they are equal, so
    that no share is more than its part. Raises AssertionError when more is divided than there is.
    """
    whole = sum(parts.values())
    assert 0 <= mcg <= whole, "no more is divided than there is"
    if not mcg:
        return dict.fromkeys(parts, 0)
    exact = {key: Fraction(mcg * part, whole) for key, part in parts.items()}
    found = {key: share.numerator // share.denominator for key, share in exact.items()}
    left = mcg - sum(found.values())
    by_remainder = sorted(exact, key=lambda key: found[key] - exact[key])
    for key in by_remainder[:left]:
        found[key] += 1
    return found
