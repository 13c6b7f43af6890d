"""Exact derivatives of levels with respect to the logarithms of the parameters: no step to choose.

Every rate of a model is a constant times powers of its parameters, so the derivative of the system matrix is
exact. From there two ways lead to the levels. Through the modes: in the eigenvectors of the matrix the
derivative of a function of it is the direction times divided differences (Daletskii and Krein; Najfeld and
Havel 1995, Adv. Appl. Math. 16:321). By doubling: the exponential of a short time and its derivative give
those of twice the time (Al-Mohy and Higham 2009, SIAM J. Matrix Anal. Appl. 30:1639); slower, and right also
where rates coincide, as in a chain of equal delays.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.log_linear import DrugInput, LogLinearSystem

# Decay rates this close, as a share of the fastest, lose digits in the difference of two responses; doubling
# takes over.
_COINCIDENT: Final = 1e-6
# So do eigenvectors that depend on one another more than this.
_CONDITION_LIMIT: Final = 1e5
# A part is short where the sum of the columns is at most this; the series then ends below 1e-17.
_SHORT: Final = 0.5
_TAYLOR_ORDER: Final = 13
# Below this exponent a series replaces a difference that would lose digits.
_SMALL_EXPONENT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivities:
    """Levels of one body and how they follow its parameters. `level_ng_per_ml` has the shape (readings,).

    `per_log_parameter`, shape (readings, parameters), is in ng/mL per unit of the logarithm of a parameter.
    """

    level_ng_per_ml: FloatArray
    per_log_parameter: FloatArray


def sensitivities(
    system: LogLinearSystem, log_deviation: FloatArray, given: tuple[DrugInput, ...]
) -> Sensitivities:
    """Levels and their derivatives for one body; `log_deviation` (parameters,) from the body of the system.

    `given` has one entry for each inlet of the system, and all of them the same readings. Both ways are exact
    to about 1e-10 relative; the one through the modes is taken where the eigenvectors allow it.
    """
    found = by_modes(system, log_deviation, given)
    return by_doubling(system, log_deviation, given) if found is None else found


def by_modes(
    system: LogLinearSystem, log_deviation: FloatArray, given: tuple[DrugInput, ...]
) -> Sensitivities | None:
    """Through the modes, or None where the modes of the matrix are too alike to be told apart."""
    rate = system.rates(log_deviation)
    decay, vectors = np.linalg.eig(system.matrix(rate))
    size = len(decay)
    if decay.dtype != np.float64:
        return None
    gap = decay[:, np.newaxis] - decay
    gap.ravel()[:: size + 1] = np.inf
    if float(np.abs(gap).min()) <= _COINCIDENT * float(decay.max()):
        return None
    inverse = np.linalg.inv(vectors)
    # The columns of the vectors have the length 1, so that the inverse alone tells how they depend.
    if not float(np.vdot(inverse, inverse)) < _CONDITION_LIMIT**2:
        return None
    row = vectors[system.reading_state] * system.scales(log_deviation)[:, np.newaxis]
    turned: FloatArray | float = 0.0
    level, own = np.zeros(len(row)), np.zeros((len(row), len(log_deviation)))
    for inlet, drug in zip(system.inlets, given, strict=True):
        held = inverse[:, inlet.state] * inlet.fraction(log_deviation)
        response, slope = _mode_response(decay, drug)
        divided = (response[:, :, np.newaxis] - response[:, np.newaxis, :]) / gap
        divided.reshape(len(row), -1)[:, :: size + 1] = slope
        turned = turned + divided * (row[:, :, np.newaxis] * held)
        share = (row * response) @ held
        level += share
        own += share[:, np.newaxis] * inlet.power
    # From the modes back to the states, then along each rate.
    per_log_rate = (inverse.T @ turned @ vectors.T).reshape(len(row), -1) @ system.pattern * rate
    per_log_parameter = per_log_rate @ system.rate_power + level[:, np.newaxis] * system.reading_power + own
    return Sensitivities(level_ng_per_ml=level, per_log_parameter=per_log_parameter)


def _mode_response(decay: FloatArray, drug: DrugInput) -> tuple[FloatArray, FloatArray]:
    """What one mode holds at each reading of a unit that enters it, and the derivative by its decay rate.

    Both have the shape (readings, modes).
    """
    response = np.zeros((len(drug.lasting_min), len(decay)))
    slope = np.zeros_like(response)
    if drug.rate_mg_per_min.size:
        lasting = drug.lasting_min[:, :, np.newaxis]
        after = drug.after_min[:, :, np.newaxis]
        entered, mean_age = _entered(decay, lasting)
        left = drug.rate_mg_per_min[:, np.newaxis] * np.exp(-decay * after)
        response += (left * entered).sum(axis=1)
        slope -= (left * (after * entered + mean_age)).sum(axis=1)
    if drug.bolus_mg.size:
        since = drug.since_bolus_min[:, :, np.newaxis]
        left = np.where(
            since < 0, 0.0, drug.bolus_mg[:, np.newaxis] * np.exp(-decay * np.maximum(since, 0.0))
        )
        response += left.sum(axis=1)
        slope -= (left * since).sum(axis=1)
    return response, slope


def _entered(decay: FloatArray, lasting: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Integrals over u from 0 to `lasting` of exp(-decay u) and of u exp(-decay u)."""
    x = decay * lasting
    fallen = -np.expm1(-x)
    entered = fallen / decay
    moment = (fallen - x * (1.0 - fallen)) / decay**2
    small = x < _SMALL_EXPONENT
    if small.any():
        # The sum over k of (-x)^k / (k! (k + 2)), by Horner's rule.
        series = np.zeros_like(x)
        for coefficient in _MOMENT_SERIES:
            series = series * -x + coefficient
        moment = np.where(small, lasting**2 * series, moment)
    return entered, moment


# Highest power first, enough for 1e-15 below the small exponent: 1 / (k! (k + 2)).
_MOMENT_SERIES: Final = (1 / 45360, 1 / 5760, 1 / 840, 1 / 144, 1 / 30, 1 / 8, 1 / 3, 1 / 2)


def by_doubling(
    system: LogLinearSystem, log_deviation: FloatArray, given: tuple[DrugInput, ...]
) -> Sensitivities:
    """From one change of input or reading to the next by matrix exponentials. Right for any rates.

    The rate through each inlet is a state too, which stays as it is set.
    """
    rate = system.rates(log_deviation)
    states, parameters = len(system.states), len(log_deviation)
    size = states + len(given)
    fraction = np.array([inlet.fraction(log_deviation) for inlet in system.inlets])
    door = np.array([inlet.state for inlet in system.inlets])
    power = np.array([inlet.power for inlet in system.inlets])
    turns = (system.pattern @ (rate[:, np.newaxis] * system.rate_power)).T.reshape(-1, states, states)
    matrix, directions = np.zeros((size, size)), np.zeros((parameters, size, size))
    matrix[:states, :states] = -system.matrix(rate)
    directions[:, :states, :states] = -turns
    through = np.arange(len(given))
    matrix[door, states + through] = fraction
    directions[:, door, states + through] = (fraction[:, np.newaxis] * power).T
    times = np.unique(
        np.concatenate(
            [given[0].reading_min, *(part for drug in given for part in (drug.start_min, drug.end_min))]
            + [drug.bolus_at_min for drug in given]
        )
    )
    lengths, which = np.unique(np.diff(times), return_inverse=True)
    forth, along = _exponentials(matrix, directions, lengths)
    state, slope = np.zeros(size), np.zeros((parameters, size))
    reading = np.searchsorted(times, given[0].reading_min)
    scale = system.scales(log_deviation)
    level, slopes = np.zeros(len(scale)), np.zeros((len(scale), parameters))
    for i, now in enumerate(times):
        if i:
            slope = slope @ forth[which[i - 1]].T + along[which[i - 1]] @ state
            state = forth[which[i - 1]] @ state
        for u, drug in enumerate(given):
            bolus = fraction[u] * drug.bolus_mg[drug.bolus_at_min == now].sum()
            state[door[u]] += bolus
            slope[:, door[u]] += power[u] * bolus
            running = (drug.start_min <= now) & (now < drug.end_min)
            state[states + u] = drug.rate_mg_per_min[running].sum()
        for r in np.flatnonzero(reading == i):
            level[r] = state[system.reading_state[r]] * scale[r]
            slopes[r] = slope[:, system.reading_state[r]] * scale[r]
    slopes += level[:, np.newaxis] * system.reading_power
    return Sensitivities(level_ng_per_ml=level, per_log_parameter=slopes)


def _exponentials(
    matrix: FloatArray, directions: FloatArray, lengths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """exp(matrix * length), shape (lengths, n, n), and its derivatives, shape (lengths, parameters, n, n).

    By Taylor series of a short part, doubled until it is whole. Shifted so that no entry is negative and the
    series loses no digits.
    """
    shift = float(-matrix.diagonal().min())
    shifted = matrix + shift * np.eye(len(matrix))
    longest = float(lengths.max(initial=0.0)) * float(np.abs(shifted).sum(axis=0).max())
    doublings = max(0, math.ceil(math.log2(longest / _SHORT))) if longest > _SHORT else 0
    short = lengths[:, np.newaxis, np.newaxis] / 2**doublings
    step, turn = shifted * short, directions * short[:, np.newaxis]
    term = np.broadcast_to(np.eye(len(matrix)), step.shape)
    total, slope_term, slope = term.copy(), np.zeros(turn.shape), np.zeros(turn.shape)
    for order in range(1, _TAYLOR_ORDER + 1):
        slope_term = (turn @ term[:, np.newaxis] + step[:, np.newaxis] @ slope_term) / order
        term = step @ term / order
        total += term
        slope += slope_term
    fallen = np.exp(-shift * short)
    total, slope = total * fallen, slope * fallen[:, np.newaxis]
    for _ in range(doublings):
        slope = total[:, np.newaxis] @ slope + slope @ total[:, np.newaxis]
        total = total @ total
    return total, slope
