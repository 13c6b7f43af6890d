"""Summaries of cohorts in C: what `streaming` computes, several times as fast."""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import FloatArray


def add_moments(
    values: FloatArray, total: FloatArray, squares: FloatArray, low: FloatArray, high: FloatArray
) -> None:
    """Add rows (bodies, columns) to sums and sums of squares, and widen the ends, each (columns,)."""
    bodies, columns = values.shape
    for array in (values, total, squares, low, high):
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        assert array.shape[-1] == columns
    arrays = (array.ctypes.data for array in (values, total, squares, low, high))
    _function("ek_moments", 2, 5)(bodies, columns, *arrays)


def add_tally(
    values: FloatArray,
    counts: NDArray[np.uint32],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    *,
    dropped_bits: int,
    first_place: int,
) -> None:
    """Count rows (bodies, columns) in `counts` (columns, places), by the upper bits of each number.

    `low` and `high` (columns,) are the first and last places in use, and are widened.
    """
    bodies, columns = values.shape
    assert values.dtype == np.float64
    assert counts.dtype == np.uint32
    assert len(counts) == len(low) == len(high) == columns
    for array in (values, counts, low, high):
        assert array.flags.c_contiguous
    _function("ek_tally", 2, 1, 3, 3)(
        *(bodies, columns, values.ctypes.data),
        *(dropped_bits, first_place, counts.shape[1]),
        *(counts.ctypes.data, low.ctypes.data, high.ctypes.data),
    )


def find_ranks(
    counts: NDArray[np.uint32], low: NDArray[np.int64], high: NDArray[np.int64], ranks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The place that holds the number of each rank (ranks,), ascending from 0, in each column of `counts`.

    Shapes as in `add_tally`; the answer is (columns, ranks). Every rank must be less than the column's total.
    """
    columns, places = counts.shape
    place = np.zeros((columns, ranks.size), dtype=np.int64)
    for array in (counts, low, high, ranks):
        assert array.flags.c_contiguous
    _function("ek_ranks", 2, 3, 1, 2)(
        *(columns, places, counts.ctypes.data, low.ctypes.data, high.ctypes.data),
        *(ranks.size, ranks.ctypes.data, place.ctypes.data),
    )
    return place


def pack(
    counts: NDArray[np.uint32], low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.uint16] | None:
    """The counts in use side by side, shapes as in `add_tally`; None where one of them is over 65,535."""
    columns, places = counts.shape
    packed = np.empty(int(np.maximum(high - low + 1, 0).sum()), dtype=np.uint16)
    for array in (counts, low, high):
        assert array.flags.c_contiguous
    most = _function("ek_pack", 2, 4, answers=True)(
        *(columns, places, counts.ctypes.data, low.ctypes.data, high.ctypes.data, packed.ctypes.data)
    )
    return packed if most <= np.iinfo(np.uint16).max else None


def unpack(
    counts: NDArray[np.uint32],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    packed: NDArray[np.uint16],
) -> None:
    """Add to `counts` (columns, places) what `pack` gave, with its first and last places in use."""
    columns, places = counts.shape
    assert packed.dtype == np.uint16
    assert packed.size == np.maximum(high - low + 1, 0).sum()
    for array in (counts, low, high, packed):
        assert array.flags.c_contiguous
    _function("ek_unpack", 2, 4)(
        *(columns, places, counts.ctypes.data, low.ctypes.data, high.ctypes.data, packed.ctypes.data)
    )


@lru_cache(maxsize=8)
def _function(name: str, *kinds: int, answers: bool = False) -> Callable[..., int]:
    """A function of the library; `kinds` is how many whole numbers it takes, then arrays, and
    so on. With `answers` it returns a whole number."""
    function = getattr(fast.library(), name)
    function.restype = ctypes.c_int64 if answers else None
    function.argtypes = [
        (ctypes.c_int64, ctypes.c_void_p)[i % 2] for i, count in enumerate(kinds) for _ in range(count)
    ]
    return cast("Callable[..., int]", function)
