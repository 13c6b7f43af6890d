"""Exact solution of a linear mammillary model: a center that exchanges with any number of side compartments.

With amounts scaled by the root of each volume the system matrix becomes symmetric, so one symmetric
eigenproblem per body gives decay rates and positive weights. Between two changes of input every mode is
then one exponential: no step size, and no subtraction that could make a level negative.
"""

import math
from dataclasses import dataclass

import numpy as np

from evenkeel.pharmacology.profile import FloatArray, InfusionProfile

MINUTES_PER_HOUR = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modes:
    """The central level after a unit bolus is the sum over modes of weight_per_l * exp(-decay_per_min * t).

    Both arrays have the shape (bodies, compartments); decay rates are positive, in order of size.
    """

    decay_per_min: FloatArray
    weight_per_l: FloatArray

    @property
    def half_life_min(self) -> FloatArray:
        """Half-life of each mode, shape (bodies, compartments), longest first."""
        return math.log(2.0) / self.decay_per_min


def solve_modes(
    *, volume_l: FloatArray, clearance_l_per_min: FloatArray, exchange_l_per_min: FloatArray
) -> Modes:
    """Modes of a mammillary model with elimination from the center.

    Shapes: `volume_l` (bodies, n) with the center first, `clearance_l_per_min` (bodies,),
    `exchange_l_per_min` (bodies, n - 1), the flow between the center and each side compartment.
    All values must be positive. Source: linear compartment theory; the scaling is the usual one that
    makes a reversible system symmetric.
    """
    bodies, compartments = volume_l.shape
    assert clearance_l_per_min.shape == (bodies,)
    assert exchange_l_per_min.shape == (bodies, compartments - 1)
    assert np.all(volume_l > 0)
    assert np.all(clearance_l_per_min > 0)
    assert np.all(exchange_l_per_min > 0)
    center, side = volume_l[:, 0], volume_l[:, 1:]
    matrix = np.zeros((bodies, compartments, compartments))
    matrix[:, 0, 0] = (clearance_l_per_min + exchange_l_per_min.sum(axis=1)) / center
    across = -exchange_l_per_min / np.sqrt(center[:, np.newaxis] * side)
    matrix[:, 0, 1:] = across
    matrix[:, 1:, 0] = across
    i = np.arange(1, compartments)
    matrix[:, i, i] = exchange_l_per_min / side
    decay, vectors = np.linalg.eigh(matrix)
    assert np.all(decay > 0), "a body with positive volumes and flows must lose drug in every mode"
    return Modes(decay_per_min=decay, weight_per_l=vectors[:, 0, :] ** 2 / center[:, np.newaxis])


def central_level_mg_per_l(modes: Modes, profile: InfusionProfile, at_min: FloatArray) -> FloatArray:
    """Central level at each time, shape (bodies, times), in mg/L, starting from an empty body.

    `at_min` (times,) may hold duplicates. At the moment of a bolus the level is the one just after it.
    """
    change_at, rate_mg_per_min = _input_steps(profile)
    if change_at.size == 0:
        return np.zeros((modes.decay_per_min.shape[0], at_min.size))
    state = _states_at_changes(modes, profile, change_at, rate_mg_per_min)
    step = np.searchsorted(change_at, at_min, side="right") - 1
    before_any_drug = step < 0
    step[before_any_drug] = 0
    since = at_min - change_at[step]
    level = np.zeros((modes.decay_per_min.shape[0], at_min.size))
    for mode in range(modes.decay_per_min.shape[1]):
        decay = modes.decay_per_min[:, mode, np.newaxis]
        exponent = -decay * since
        held = state[step, :, mode].T * np.exp(exponent)
        added = rate_mg_per_min[step] * -np.expm1(exponent) / decay
        level += modes.weight_per_l[:, mode, np.newaxis] * (held + added)
    level[:, before_any_drug] = 0.0
    return level


def _input_steps(profile: InfusionProfile) -> tuple[FloatArray, FloatArray]:
    """Moments when the input changes, and the total rate (mg/min) that holds from each to the next.

    The total is summed afresh for each step rather than carried along, so that after the last segment
    it is exactly 0 and not what rounding leaves.
    """
    start, end = profile.start_min, profile.end_min
    change_at = np.unique(np.concatenate([start, end, profile.bolus_at_min]))
    running = (start <= change_at[:, np.newaxis]) & (end > change_at[:, np.newaxis])
    return change_at, running @ profile.rate_mg_per_h / MINUTES_PER_HOUR


def _states_at_changes(
    modes: Modes, profile: InfusionProfile, change_at: FloatArray, rate_mg_per_min: FloatArray
) -> FloatArray:
    """Drug held in each mode just after each change, shape (changes, bodies, compartments), in mg."""
    bolus = np.zeros(change_at.size)
    np.add.at(bolus, np.searchsorted(change_at, profile.bolus_at_min), profile.bolus_mg)
    decay = modes.decay_per_min
    state = np.empty((change_at.size, *decay.shape))
    state[0] = bolus[0]
    for i, length in enumerate(np.diff(change_at)):
        exponent = -decay * length
        state[i + 1] = state[i] * np.exp(exponent) + rate_mg_per_min[i] * -np.expm1(exponent) / decay
        state[i + 1] += bolus[i + 1]
    return state
