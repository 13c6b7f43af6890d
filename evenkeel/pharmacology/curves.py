"""The level of each body at moments of its own: what peaks and crossings are looked for on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray, IntArray
from evenkeel.pharmacology.modes import Modes, cluster_end
from evenkeel.pharmacology.plan import InputPlan
from evenkeel.pharmacology.simulate import mode_states

# Places looked at between two changes of the input, as shares of the time between them: dense just after a
# change, where fast modes move, and no further than a factor 1.25 apart.
_SHARES = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 44)])
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """One entry's modes for some bodies, (modes, bodies), and what they hold after each change of input."""

    bodies: slice | IntArray
    order: tuple[int, ...]
    decay: FloatArray
    residue: FloatArray
    state: FloatArray
    change_at_min: FloatArray
    rate_mg_per_min: FloatArray

    def at(self, interval_start_min: float, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Level and its slope at `offset` (bodies,) after the start of an interval without changes."""
        level, slope = np.zeros(offset.size), np.zeros(offset.size)
        step = int(np.searchsorted(self.change_at_min, interval_start_min, side="right")) - 1
        if step < 0:
            return level, slope
        since = offset + (interval_start_min - self.change_at_min[step])
        rate = self.rate_mg_per_min[step]
        course: FloatArray = np.empty(0)
        risen: FloatArray = np.empty(0)
        for m, power in enumerate(self.order):
            decay = self.decay[m]
            if power:
                lower, course = course, course * (since / power)
                risen = (risen - course) / decay
                falling = lower - decay * course
            else:
                course = np.exp(-decay * since)
                risen = -np.expm1(-decay * since) / decay
                falling = -decay * course
            amount = self.residue[m] * self.state[step, m - power]
            for higher in range(m + 1, cluster_end(self.order, m)):
                amount = amount + self.residue[higher] * self.state[step, higher - power]
            level += amount * course + self.residue[m] * rate * risen
            slope += amount * falling + self.residue[m] * rate * course
        return level, slope


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """The level of some bodies, smooth in each interval that begins at one of `start_min` (intervals,)."""

    start_min: FloatArray
    parts: tuple[_Part, ...]
    bodies: int

    @classmethod
    def of(cls, pieces: list[tuple[slice | IntArray, Modes, InputPlan]], bodies: int) -> "Curve | None":
        """The sum of the pieces, which each hold one output; None when no drug is given."""
        if not pieces:
            return None
        parts = tuple(
            _Part(
                bodies=some,
                order=modes.order,
                decay=np.ascontiguousarray(modes.decay_per_min.T),
                residue=np.ascontiguousarray(modes.residue[:, 0].T),
                state=mode_states(modes, plan),
                change_at_min=plan.change_at_min,
                rate_mg_per_min=plan.rate_mg_per_min,
            )
            for some, modes, plan in pieces
        )
        start = np.unique(np.concatenate([part.change_at_min for part in parts]))
        return cls(start_min=start, parts=parts, bodies=bodies)

    def at(self, interval: int, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Level in ng/mL and its slope per minute, `offset` (bodies,) minutes into an interval."""
        level, slope = np.zeros(self.bodies), np.zeros(self.bodies)
        for part in self.parts:
            one, its_slope = part.at(float(self.start_min[interval]), offset[part.bodies])
            level[part.bodies] += one
            slope[part.bodies] += its_slope
        return level, slope

    def level(self, interval: int, offset: FloatArray) -> FloatArray:
        return self.at(interval, offset)[0]

    def tail_min(self) -> FloatArray:
        """How long after the last change a level may still rise, (bodies,).

        Drug that passes first-order steps one after another arrives most densely before its mean time of
        passage, the sum of their mean times; twice that is looked at.
        """
        tail = np.zeros(self.bodies)
        for part in self.parts:
            tail[part.bodies] = np.maximum(tail[part.bodies], 2.0 * np.sum(1.0 / part.decay, axis=0))
        return tail

    def tops(self, tail_min: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The highest level in each interval and its offset, two arrays (bodies, intervals)."""
        found = [self._top(i, self._length(i, tail_min)) for i in range(self.start_min.size)]
        return np.stack([level for level, _ in found], axis=1), np.stack([at for _, at in found], axis=1)

    def time_above_min(self, limit: FloatArray) -> FloatArray:
        """For how long the level is above `limit` (bodies,), over all time, in minutes (bodies,)."""
        tail = self.tail_min()
        last = self.start_min.size - 1
        for _ in range(_HALVINGS):
            still = self.level(last, tail) > limit
            if not still.any():
                break
            tail = np.where(still, 2.0 * tail, tail)
        total = np.zeros(self.bodies)
        for i in range(self.start_min.size):
            length = self._length(i, tail)
            _, top_at = self._top(i, length)
            # The highest point joins the grid, so that no excursion above the limit falls between places.
            places = np.sort(np.column_stack([length[:, np.newaxis] * _SHARES, top_at]), axis=1)
            total += self._above_within(i, places, limit)
        return total

    def _length(self, interval: int, tail_min: FloatArray) -> FloatArray:
        if interval == self.start_min.size - 1:
            return tail_min
        return np.full(self.bodies, self.start_min[interval + 1] - self.start_min[interval])

    def _top(self, interval: int, length: FloatArray) -> tuple[FloatArray, FloatArray]:
        offsets = length[:, np.newaxis] * _SHARES
        levels = np.stack([self.level(interval, column) for column in offsets.T], axis=1)
        row = np.arange(self.bodies)
        best = np.argmax(levels, axis=1)
        at, height = offsets[row, best], levels[row, best]
        low = offsets[row, np.maximum(best - 1, 0)]
        high = offsets[row, np.minimum(best + 1, _SHARES.size - 1)]
        peaked = (self.at(interval, low)[1] > 0) & (self.at(interval, high)[1] < 0)
        turn = _bisect(low, high, lambda offset: self.at(interval, offset)[1] > 0)
        level = self.level(interval, turn)
        better = peaked & (level > height)
        return np.where(better, level, height), np.where(better, turn, at)

    def _above_within(self, interval: int, places: FloatArray, limit: FloatArray) -> FloatArray:
        above = np.stack([self.level(interval, column) > limit for column in places.T], axis=1)
        gaps = np.diff(places, axis=1)
        total: FloatArray = np.sum(np.where(above[:, :-1] & above[:, 1:], gaps, 0.0), axis=1)
        crossed = above[:, :-1] != above[:, 1:]
        number = np.cumsum(crossed, axis=1)
        row = np.arange(self.bodies)
        for crossing in range(1, int(number.max(initial=0)) + 1):
            here = crossed & (number == crossing)
            some = here.any(axis=1)
            gap = np.argmax(here, axis=1)
            low, high = places[row, gap], places[row, gap + 1]
            begins_above = above[row, gap]

            def still(offset: FloatArray, first: NDArray[np.bool_] = begins_above) -> NDArray[np.bool_]:
                same: NDArray[np.bool_] = (self.level(interval, offset) > limit) == first
                return same

            at = _bisect(low, high, still)
            total += np.where(some, np.where(begins_above, at - low, high - at), 0.0)
        return total


def _bisect(
    low: FloatArray, high: FloatArray, holds: Callable[[FloatArray], NDArray[np.bool_]]
) -> FloatArray:
    """Where `holds` stops holding, between `low`, where it does, and `high`, where it does not."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        still = holds(middle)
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return 0.5 * (low + high)
