"""Summaries that grow body by body, so that a million patients need not fit in memory.

Bodies are summed in floating point in fixed blocks, and what the blocks gave is added in whole numbers, which
is exact. So a summary is the same to the last bit whatever the chunks, their order or the number of workers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.fast import choose_engine, summary

# Bodies that are summed in floating point at one go. Every chunk but the last is whole blocks.
BLOCK_BODIES: Final = 256

# A sum is kept in two whole numbers: units of 1, and units of 2**-61 below them.
_PART_BITS: Final = 61
_PART_MASK: Final = np.int64(2**_PART_BITS - 1)
_LARGEST: Final = 2.0**52

# A counted value has a place in one of 2**8 equal steps between powers of two. A step is at most
# 1/256 of its value, so its middle is off by at most 1/512.
_STEP_BITS: Final = 8
_LOWEST_POWER: Final = -14  # below 0.00006 (ng/mL) counts as 0
_HIGHEST_POWER: Final = 16  # from 65,536 (ng/mL) on counts as the largest value seen
QUANTILE_ERROR_RATIO: Final = 2.0 ** -(_STEP_BITS + 1)
_PLACES: Final = (_HIGHEST_POWER - _LOWEST_POWER) << _STEP_BITS
# A float64 has its exponent, biased by 1023, above 52 bits of fraction.
_DROPPED_BITS: Final = np.int64(52 - _STEP_BITS)
_FIRST_PLACE: Final = np.int64((1023 + _LOWEST_POWER) << _STEP_BITS)
# Columns counted at a time, so that they stay in the cache.
_TILE_COLUMNS: Final = 64


class ExactSum:
    """Sums of floats at each of `columns` places, in fixed point: adding is exact, so order does not matter.

    What is finer than 2**-61 in an addend is left out.
    """

    def __init__(self, columns: int) -> None:
        self._whole: NDArray[np.int64] = np.zeros(columns, dtype=np.int64)
        self._part: NDArray[np.int64] = np.zeros(columns, dtype=np.int64)

    def add(self, values: FloatArray) -> None:
        """Add one value at each place, shape (columns,), each less than 2**52 in size."""
        whole = np.floor(values)
        self._whole += whole.astype(np.int64)
        self._part += np.ldexp(values - whole, _PART_BITS).astype(np.int64)
        self._carry()

    def merge(self, other: Self) -> None:
        self._whole += other._whole
        self._part += other._part
        self._carry()

    def value(self) -> FloatArray:
        """The sums rounded to float64, shape (columns,)."""
        found: FloatArray = self._whole.astype(np.float64) + np.ldexp(
            self._part.astype(np.float64), -_PART_BITS
        )
        return found

    def _carry(self) -> None:
        self._whole += self._part >> _PART_BITS
        self._part &= _PART_MASK


class Moments:
    """Count, mean, variance, smallest and largest of the values in each of `columns` columns."""

    def __init__(self, columns: int) -> None:
        self.count = 0
        self.low: FloatArray = np.full(columns, np.inf)
        self.high: FloatArray = np.full(columns, -np.inf)
        self._sum = ExactSum(columns)
        self._squares = ExactSum(columns)
        self._ends_a_block = True

    def add(self, values: FloatArray) -> None:
        """Add rows, shape (bodies, columns). Only the last chunk may have part of a block of 256 bodies.

        Raises CohortError for values that are not finite or too large, and for a chunk after a part block.
        """
        if not self._ends_a_block:
            raise CohortError(f"Every chunk but the last must be whole blocks of {BLOCK_BODIES} bodies.")
        is_fast = choose_engine() == "fast"
        for first in range(0, len(values), BLOCK_BODIES):
            block = np.ascontiguousarray(values[first : first + BLOCK_BODIES])
            total, squares = np.zeros_like(self.low), np.zeros_like(self.low)
            if is_fast:
                summary.add_moments(block, total, squares, self.low, self.high)
            else:
                total, squares = block.sum(axis=0), np.square(block).sum(axis=0)
                np.minimum(self.low, block.min(axis=0), out=self.low)
                np.maximum(self.high, block.max(axis=0), out=self.high)
            if not np.all(squares < _LARGEST):
                raise CohortError("Values to summarize must be finite numbers below a million.")
            self._sum.add(total)
            self._squares.add(squares)
        self.count += len(values)
        self._ends_a_block = len(values) % BLOCK_BODIES == 0

    def merge(self, other: Self) -> None:
        """Take over the rows of another summary; which of two is merged into which makes no difference."""
        if not (self._ends_a_block or other._ends_a_block):
            raise CohortError(f"Every chunk but the last must be whole blocks of {BLOCK_BODIES} bodies.")
        self._sum.merge(other._sum)
        self._squares.merge(other._squares)
        np.minimum(self.low, other.low, out=self.low)
        np.maximum(self.high, other.high, out=self.high)
        self.count += other.count
        self._ends_a_block &= other._ends_a_block

    @property
    def mean(self) -> FloatArray:
        """Mean of each column; not a number when nothing was added."""
        return self._sum.value() / (self.count or np.nan)

    @property
    def variance(self) -> FloatArray:
        """Variance of each column, with n - 1 below; not a number for fewer than two rows."""
        if self.count < 2:
            return np.full_like(self.low, np.nan)
        spread = self._squares.value() - self._sum.value() * self.mean
        found: FloatArray = np.maximum(spread, 0.0) / (self.count - 1)
        return found

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of each column."""
        found: FloatArray = np.sqrt(self.variance)
        return found


class Counts:
    """How many values of each column fall on each of 7,680 steps, each at most 1/256 of its value wide.

    Quantiles read from them are within 1/512 of the exact ones (of the value at that rank). Values below
    2**-14, and below 0, count as 0.
    """

    def __init__(self, columns: int) -> None:
        self._table: NDArray[np.uint32] = _empty_table(columns)
        # What travelled here stays as it came until something is added to it: most of it is read once.
        self._packed: NDArray[np.unsignedinteger[Any]] | None = None
        # The first and last place in use in each column: the rest need not be touched again.
        self._low: NDArray[np.int64] = np.full(columns, _PLACES, dtype=np.int64)
        self._high: NDArray[np.int64] = np.full(columns, -1, dtype=np.int64)

    def add(self, values: FloatArray) -> None:
        """Add finite rows, shape (bodies, columns)."""
        if choose_engine() == "fast":
            summary.add_tally(
                np.ascontiguousarray(values),
                *(self._counts, self._low, self._high),
                dropped_bits=int(_DROPPED_BITS),
                first_place=int(_FIRST_PLACE),
            )
            return
        tile = np.empty((_TILE_COLUMNS, len(values)))
        for first in range(0, values.shape[1], _TILE_COLUMNS):
            part = values[:, first : first + _TILE_COLUMNS].T
            turned = tile[: len(part)]
            np.copyto(turned, part)
            # The upper bits of a float64 are its place on a scale of steps; no logarithm is needed.
            place = turned.view(np.int64)
            place >>= _DROPPED_BITS
            place -= _FIRST_PLACE
            np.clip(place, 0, _PLACES - 1, out=place)
            for column, (places, low) in enumerate(zip(place, place.min(axis=1), strict=True), start=first):
                self._add_counts(column, int(low), np.bincount(places - low).astype(np.uint32))

    def merge(self, other: Self) -> None:
        """Take over the rows of another summary."""
        low, high, packed = other.__getstate__()
        table = self._counts
        # The ends first: what is outside of them is taken to be zero, also where a sum is broken off.
        np.minimum(self._low, low, out=self._low)
        np.maximum(self._high, high, out=self._high)
        _add_packed(table, low, high, packed)

    def quantiles(self, shares: Sequence[float], moments: Moments) -> FloatArray:
        """The middle of the step that holds the value of each rank, shape (shares, columns).

        `moments` of the same rows gives the ends: no quantile lies beyond the smallest or largest value.
        The rank of a share s among n values in order is s (n - 1), rounded down.
        """
        ranks = np.array([int(share * (moments.count - 1)) for share in shares], dtype=np.int64)
        place = np.zeros((len(ranks), len(self._low)), dtype=np.int64)
        if choose_engine() == "fast":
            order = np.argsort(ranks, kind="stable")
            place[order] = summary.find_ranks(self._counts, self._low, self._high, ranks[order]).T
        else:
            for column, low, counts in self._windows():
                place[:, column] = low + counts.cumsum(dtype=np.int64).searchsorted(ranks, side="right")
        return np.clip(_middle(place), moments.low, moments.high)

    def _add_counts(self, column: int, low: int, counts: NDArray[np.unsignedinteger[Any]]) -> None:
        end = low + len(counts)
        table = self._counts
        # The ends first, as in `merge`.
        self._low[column] = min(self._low[column], low)
        self._high[column] = max(self._high[column], end - 1)
        table[column, low:end] += counts

    @property
    def _counts(self) -> NDArray[np.uint32]:
        """Columns by places, to be added to."""
        if self._packed is not None:
            table = _empty_table(len(self._low))
            _add_packed(table, self._low, self._high, self._packed)
            self._table, self._packed = table, None
        return self._table

    def _windows(self) -> Iterator[tuple[int, int, NDArray[np.uint32]]]:
        """For each column with values: its number, its first place in use, and the counts from there on."""
        table = self._counts
        for column, (low, high) in enumerate(zip(self._low.tolist(), self._high.tolist(), strict=True)):
            if low <= high:
                yield column, low, table[column, low : high + 1]

    def __del__(self) -> None:
        # To touch the memory of a fresh table takes longer than to empty the part that was used.
        table = getattr(self, "_table", None)
        if table is None or _spare_tables:
            return
        for column, (low, high) in enumerate(zip(self._low.tolist(), self._high.tolist(), strict=True)):
            table[column, low : high + 1] = 0
        _spare_tables.append(table)

    def __getstate__(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
        # One array for all columns, of numbers as small as they fit: a thousand small arrays travel slowly.
        if self._packed is not None:
            return self._low, self._high, self._packed
        if choose_engine() == "fast":
            small = summary.pack(self._table, self._low, self._high)
            if small is not None:
                return self._low, self._high, small
        parts = [counts for _, _, counts in self._windows()]
        packed = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint32)
        return self._low, self._high, packed.astype(np.min_scalar_type(packed.max(initial=0)))

    def __setstate__(self, state: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]) -> None:
        # What travelled may be read only.
        self._low, self._high = state[0].copy(), state[1].copy()
        self._packed = state[2]


# One table of zeros that is not in use, if any.
_spare_tables: Final[list[NDArray[np.uint32]]] = []


def _empty_table(columns: int) -> NDArray[np.uint32]:
    """Zeros (columns, places)."""
    try:
        table = _spare_tables.pop()
    except IndexError:
        table = np.zeros((0, _PLACES), dtype=np.uint32)
    return table if len(table) == columns else np.zeros((columns, _PLACES), dtype=np.uint32)


def _add_packed(
    table: NDArray[np.uint32], low: NDArray[np.int64], high: NDArray[np.int64], packed: NDArray[Any]
) -> None:
    """Add what `Counts.__getstate__` gave to a table."""
    if choose_engine() == "fast" and packed.dtype == np.uint16:
        summary.unpack(table, low, high, packed)
        return
    begin = 0
    for row, first, last in zip(table, low.tolist(), high.tolist(), strict=True):
        count = max(last + 1 - first, 0)
        row[first : first + count] += packed[begin : begin + count]
        begin += count


def _middle(place: NDArray[np.int64]) -> FloatArray:
    ends = [(place + step + _FIRST_PLACE).astype(np.int64) << _DROPPED_BITS for step in (0, 1)]
    middle: FloatArray = (ends[0].view(np.float64) + ends[1].view(np.float64)) / 2
    middle = np.where(place == 0, 0.0, middle)
    return np.where(place == _PLACES - 1, np.inf, middle)
