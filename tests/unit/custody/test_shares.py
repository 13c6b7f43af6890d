"""Whole micrograms divided in proportion: the sum is kept, and no share is more than its part."""

import pytest

from evenkeel.custody.shares import shares


@pytest.mark.parametrize(
    ("mcg", "parts", "found"),
    [
        # All of it, or none of it, needs no rounding.
        (10, {"a": 4, "b": 6}, {"a": 4, "b": 6}),
        (0, {"a": 4, "b": 6}, {"a": 0, "b": 0}),
        (0, {"a": 0, "b": 0}, {"a": 0, "b": 0}),
        (5, {"a": 4, "b": 6}, {"a": 2, "b": 3}),
        # 0.75 and 2.25: the larger remainder gets what is left, wherever it stands.
        (3, {"a": 1, "b": 3}, {"a": 1, "b": 2}),
        (3, {"b": 3, "a": 1}, {"b": 2, "a": 1}),
        (3, {"a": 3, "b": 1}, {"a": 2, "b": 1}),
        (1, {"a": 1, "b": 3}, {"a": 0, "b": 1}),
        # 1.67 and 0.33: what is left comes on top of the floor.
        (2, {"a": 5, "b": 1}, {"a": 2, "b": 0}),
        # Two thirds each of two: the first two get one each.
        (2, {"a": 3, "b": 3, "c": 3}, {"a": 1, "b": 1, "c": 0}),
        # Equal remainders of one half: the first part gets it.
        (5, {"a": 1, "b": 9}, {"a": 1, "b": 4}),
        (1, {"a": 1, "b": 0}, {"a": 1, "b": 0}),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(
    mcg: int, parts: dict[str, int], found: dict[str, int]
) -> None:
    assert shares(mcg, parts) == found


@pytest.mark.parametrize("mcg", [-1, 11])
def test_no_more_and_no_less_than_nothing_is_divided(mcg: int) -> None:
    with pytest.raises(AssertionError, match=r"^no more is divided than there is$"):
        shares(mcg, {"a": 4, "b": 6})
