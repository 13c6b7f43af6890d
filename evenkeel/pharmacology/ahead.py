"""Levels at equal distances of time, each from the one before: what many drawn bodies hold in the next hours.

While a rate holds, what a mode holds goes from one time to the next by one product and one sum:
x(t + d) = x(t) exp(-k d) + rate (1 - exp(-k d)) / k, which is exact. `simulate` takes an exponential for each
time instead, so that no level depends on the other times; here it does, by rounding alone. A leap is at most
`LEAP_TIMES` long and begins with exponentials, which bounds what rounding adds up to 256 * 2**-53, 3e-14 of
what a mode holds, however far ahead.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import FloatArray, IntArray
from evenkeel.pharmacology.modes import Modes
from evenkeel.pharmacology.plan import InputPlan, make_plan
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.simulate import mode_states

LEAP_TIMES: Final = 256
# As MOST_STATES in kernels.c.
_MOST_FAST: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AheadPlan:
    """Output times from `begin_min` on, each `every_min` after the one before, and the rate in between.

    Leaps, (leaps,) each, follow one another: the place of the first time, the number of times, the step of
    `plan` in which they all lie (-1 before any drug), and how long after its change the first of them is.
    """

    plan: InputPlan
    at_min: FloatArray
    every_min: float
    begin: IntArray
    count: IntArray
    step: IntArray
    offset_min: FloatArray

    @classmethod
    def of(cls, profile: InfusionProfile, begin_min: float, every_min: float, times: int) -> "AheadPlan":
        """For what the vein gets; `times` is at least 1."""
        at_min = begin_min + every_min * np.arange(times, dtype=np.float64)
        plan = make_plan(profile, at_min)
        place = np.arange(times)
        changes = np.append(0, np.flatnonzero(np.diff(plan.step_of_time)) + 1)
        since = place - changes[np.searchsorted(changes, place, side="right") - 1]
        begin = np.flatnonzero(since % LEAP_TIMES == 0)
        return cls(
            plan=plan,
            at_min=at_min,
            every_min=every_min,
            begin=begin.astype(np.int64),
            count=np.diff(np.append(begin, times)).astype(np.int64),
            step=plan.step_of_time[begin],
            offset_min=plan.unique_offset_min[plan.offset_of_time[begin]],
        )

    @property
    def leaps(self) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
        """As `fast.ahead` takes them."""
        return self.begin, self.count, self.step, self.offset_min


def flies(modes: Modes, ahead: AheadPlan) -> bool:
    """Whether the fast path takes these modes from time to time."""
    count = max(modes.residue.shape[1:])
    return fast.choose_engine() == "fast" and modes.simple and count <= _MOST_FAST and ahead.plan.gives_drug


def fill_ahead(modes: Modes, ahead: AheadPlan, out: FloatArray) -> None:
    """Levels in ng/mL into `out` (outputs, times, bodies), C-contiguous; within 1e-9 of those of `simulate`.

    `modes` must be plain exponentials (`modes.simple`).
    """
    assert modes.simple, "a power of time needs more than one product"
    if flies(modes, ahead):
        fast.ahead(modes.decay_per_min, modes.residue, ahead.plan, ahead.leaps, ahead.every_min, out)
    elif ahead.plan.gives_drug:
        _fill_by_numpy(modes, ahead, out)
    else:
        out[...] = 0.0


def members_ahead(modes: Modes, ahead: AheadPlan, ranks: IntArray) -> FloatArray:
    """The members of these ranks (ascending, from 0) among bodies that fly, (outputs, times, ranks).

    The levels are those of `fill_ahead`; a few rows of them at a time are made and ordered.
    """
    found = np.empty((modes.residue.shape[1], ahead.at_min.size, ranks.size))
    fast.ahead(
        modes.decay_per_min, modes.residue, ahead.plan, ahead.leaps, ahead.every_min, found, ranks=ranks
    )
    return found


def _fill_by_numpy(modes: Modes, ahead: AheadPlan, out: FloatArray) -> None:
    plan = ahead.plan
    decay = np.ascontiguousarray(modes.decay_per_min.T)
    residue = np.ascontiguousarray(modes.residue.transpose(1, 2, 0))
    states = mode_states(modes, plan)
    kept, gained = _course(decay, ahead.every_min)
    for begin, count, step, offset_min in zip(
        ahead.begin, ahead.count, ahead.step, ahead.offset_min, strict=True
    ):
        if step < 0:
            out[:, begin : begin + count] = 0.0
            continue
        rate = plan.rate_mg_per_min[step]
        left, risen = _course(decay, offset_min)
        amount = states[step] * left + rate * risen
        added = rate * gained
        for time in range(begin, begin + count):
            np.einsum("omn,mn->on", residue, amount, out=out[:, time])
            amount *= kept
            if rate:
                amount += added


def _course(decay: FloatArray, length_min: float) -> tuple[FloatArray, FloatArray]:
    """What is left of a unit after a time, and of a unit a minute: each (modes, bodies)."""
    exponent = decay * -length_min
    return np.exp(exponent), np.expm1(exponent) / -decay
