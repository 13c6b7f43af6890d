"""The level of each body at moments of its own: what peaks and crossings are looked for on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

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

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """One entry's modes for some bodies, in every interval.

    `decay` (modes, bodies); `amount` and `inflow` (modes, intervals, bodies) multiply each mode's time course
    and its integral; `since_min` (intervals,) is how long before the interval the input last changed.
    """

    bodies: slice | IntArray
    order: tuple[int, ...]
    decay: FloatArray
    amount: FloatArray
    inflow: FloatArray
    since_min: FloatArray

    @classmethod
    def of(cls, bodies: slice | IntArray, modes: Modes, plan: InputPlan, start_min: FloatArray) -> "_Part":
        step = np.searchsorted(plan.change_at_min, start_min, side="right") - 1
        begun = step >= 0
        step = np.maximum(step, 0)
        residue = modes.residue[:, 0].T
        state = np.where(begun[:, np.newaxis, np.newaxis], mode_states(modes, plan)[step], 0.0)
        rate = np.where(begun, plan.rate_mg_per_min[step], 0.0)
        amount = np.empty((len(modes.order), *state[:, 0].shape))
        for m, power in enumerate(modes.order):
            amount[m] = residue[m] * state[:, m - power]
            for higher in range(m + 1, cluster_end(modes.order, m)):
                amount[m] += residue[higher] * state[:, higher - power]
        return cls(
            bodies=bodies,
            order=modes.order,
            decay=np.ascontiguousarray(modes.decay_per_min.T),
            amount=amount,
            inflow=rate[:, np.newaxis] * residue[:, np.newaxis],
            since_min=np.where(begun, start_min - plan.change_at_min[step], 0.0),
        )

    def at(self, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Level and its slope at `offset` (..., intervals, bodies) after the start of each interval."""
        level, slope = np.zeros(offset.shape), np.zeros(offset.shape)
        since = offset + self.since_min[:, np.newaxis]
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
            level += self.amount[m] * course + self.inflow[m] * risen
            slope += self.amount[m] * falling + self.inflow[m] * course
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
        start = np.unique(np.concatenate([plan.change_at_min for _, _, plan in pieces]))
        parts = tuple(_Part.of(some, modes, plan, start) for some, modes, plan in pieces)
        return cls(start_min=start, parts=parts, bodies=bodies)

    def at(self, offset: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Level in ng/mL and its slope per minute, `offset` (..., intervals, bodies) minutes into each."""
        level, slope = np.zeros(offset.shape), np.zeros(offset.shape)
        for part in self.parts:
            one, its_slope = part.at(offset[..., part.bodies])
            level[..., part.bodies] += one
            slope[..., part.bodies] += its_slope
        return level, slope

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
        """The highest level in each interval and its offset, two arrays (intervals, bodies)."""
        places = self._places(tail_min)
        levels = self.at(places)[0]
        best = np.argmax(levels, axis=0)
        at, height = _pick(places, best), _pick(levels, best)
        low = _pick(places, np.maximum(best - 1, 0))
        high = _pick(places, np.minimum(best + 1, _SHARES.size - 1))
        peaked = (self.at(low)[1] > 0) & (self.at(high)[1] < 0)
        turn = _bisect(low, high, lambda offset: self.at(offset)[1] > 0)
        level = self.at(turn)[0]
        better = peaked & (level > height)
        return np.where(better, level, height), np.where(better, turn, at)

    def time_above_min(self, limit: FloatArray) -> FloatArray:
        """For how long the level is above `limit` (bodies,), over all time, in minutes (bodies,)."""
        tail = self.tail_min()
        for _ in range(_HALVINGS):
            still = self.at(np.broadcast_to(tail, (self.start_min.size, self.bodies)))[0][-1] > limit
            if not still.any():
                break
            tail = np.where(still, 2.0 * tail, tail)
        # The highest point joins the grid, so that no excursion above the limit falls between places.
        places = np.sort(np.concatenate([self._places(tail), self.tops(tail)[1][np.newaxis]]), axis=0)
        above = self.at(places)[0] > limit
        total = np.sum(np.where(above[:-1] & above[1:], np.diff(places, axis=0), 0.0), axis=0)
        crossed = above[:-1] != above[1:]
        number = np.cumsum(crossed, axis=0)
        for crossing in range(1, int(number.max(initial=0)) + 1):
            here = crossed & (number == crossing)
            gap = np.argmax(here, axis=0)
            low, high, begins_above = _pick(places, gap), _pick(places, gap + 1), _pick(above, gap)

            def still_so(offset: FloatArray, first: NDArray[np.bool_] = begins_above) -> NDArray[np.bool_]:
                same: NDArray[np.bool_] = (self.at(offset)[0] > limit) == first
                return same

            at = _bisect(low, high, still_so)
            total += np.where(here.any(axis=0), np.where(begins_above, at - low, high - at), 0.0)
        time_above: FloatArray = total.sum(axis=0)
        return time_above

    def _places(self, tail_min: FloatArray) -> FloatArray:
        """Offsets to look at, (places, intervals, bodies); the last interval is as long as the tail."""
        length = np.empty((self.start_min.size, self.bodies))
        length[:-1] = np.diff(self.start_min)[:, np.newaxis]
        length[-1] = tail_min
        return _SHARES[:, np.newaxis, np.newaxis] * length


def _pick(values: NDArray[Scalar], place: NDArray[np.intp]) -> NDArray[Scalar]:
    """Along the first axis, one value for each interval and body."""
    picked: NDArray[Scalar] = np.take_along_axis(values, place[np.newaxis], axis=0)[0]
    return picked


def _bisect(
    low: FloatArray, high: FloatArray, holds: Callable[[FloatArray], NDArray[np.bool_]]
) -> FloatArray:
    """Where `holds` stops holding, between `low`, where it does, and `high`, where it does not."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        still = holds(middle)
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return 0.5 * (low + high)
