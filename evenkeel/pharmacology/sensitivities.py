"""Exact derivatives of levels with respect to the logarithms of the parameters: no step to choose.

Every rate of a model is a constant times powers of its parameters, so the derivative of the system matrix is
exact. From there two ways lead to the levels. Through the modes: in the eigenvectors of the matrix the
derivative of a function of it is the direction times divided differences (Daletskii and Krein; Najfeld and
Havel 1995, Adv. Appl. Math. 16:321). Through an augmented linear system, in which the derivatives are states
of their own (Van Loan 1978, IEEE Trans. Autom. Control 23:395): slower, and right also where rates coincide,
as in a chain of equal delays.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from evenkeel.pharmacology.log_linear import DrugInput, LogLinearSystem
from evenkeel.pharmacology.profile import FloatArray

# Two decay rates this close count as one: the mean of the two slopes is then closer (about 1e-12) than their
# difference (about 1e-10).
_COINCIDENT: Final = 1e-6
# Eigenvectors that depend on one another more than this lose digits; the augmented system takes over.
_CONDITION_LIMIT: Final = 1e5
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
    return by_augmented_system(system, log_deviation, given) if found is None else found


def by_modes(
    system: LogLinearSystem, log_deviation: FloatArray, given: tuple[DrugInput, ...]
) -> Sensitivities | None:
    """Through the modes, or None where the modes of the matrix are too alike to be told apart."""
    rate = system.rates(log_deviation)
    matrix = system.matrix(rate)
    decay, vectors = np.linalg.eig(matrix)
    if decay.dtype != np.float64:
        return None
    try:
        inverse = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:
        return None
    if not float((vectors**2).sum()) * float((inverse**2).sum()) < _CONDITION_LIMIT**2:
        return None
    scale = system.scales(log_deviation)
    row = vectors[system.reading_state] * scale[:, np.newaxis]
    gap = decay[:, np.newaxis] - decay
    coincident = np.abs(gap) <= _COINCIDENT * np.abs(decay)
    gap[coincident] = 1.0
    level = np.zeros(len(scale))
    per_log_rate = np.zeros((len(scale), len(rate)))
    per_log_parameter = np.zeros((len(scale), len(log_deviation)))
    for inlet, drug in zip(system.inlets, given, strict=True):
        fraction = inlet.fraction(log_deviation)
        held = inverse[:, inlet.state] * fraction
        response, slope = _mode_response(decay, drug)
        divided = (response[:, :, np.newaxis] - response[:, np.newaxis, :]) / gap
        mean_slope = (slope[:, :, np.newaxis] + slope[:, np.newaxis, :]) / 2
        divided = np.where(coincident, mean_slope, divided)
        turned = inverse.T @ (row[:, :, np.newaxis] * divided * held) @ vectors.T
        per_log_rate += turned.reshape(len(scale), -1) @ system.pattern
        share = (row * response) @ held
        level += share
        per_log_parameter += np.multiply.outer(share, inlet.power)
    per_log_parameter += (per_log_rate * rate) @ system.rate_power
    per_log_parameter += level[:, np.newaxis] * system.reading_power
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


def by_augmented_system(
    system: LogLinearSystem, log_deviation: FloatArray, given: tuple[DrugInput, ...]
) -> Sensitivities:
    """Through a linear system whose states are the amounts and their derivatives. Right for any rates."""
    rate = system.rates(log_deviation)
    states, parameters = len(system.states), len(log_deviation)
    turns = system.pattern @ (rate[:, np.newaxis] * system.rate_power)
    matrix = -system.matrix(rate)
    size = states * (1 + parameters)
    augmented = np.zeros((size, size))
    for i in range(parameters + 1):
        own = slice(i * states, (i + 1) * states)
        augmented[own, own] = matrix
        if i:
            augmented[own, :states] = -turns[:, i - 1].reshape(states, states)
    scale = system.scales(log_deviation)
    state = np.zeros((len(scale), size))
    for inlet, drug in zip(system.inlets, given, strict=True):
        entry = np.zeros((1 + parameters, states))
        entry[:, inlet.state] = inlet.fraction(log_deviation) * np.concatenate(([1.0], inlet.power))
        state += _augmented_states(augmented, entry.ravel(), drug)
    which = np.arange(len(scale))
    level = state[which, system.reading_state] * scale
    blocks = state.reshape(len(scale), parameters + 1, states)
    slopes = blocks[which, 1:, system.reading_state] * scale[:, np.newaxis]
    slopes += level[:, np.newaxis] * system.reading_power
    return Sensitivities(level_ng_per_ml=level, per_log_parameter=slopes)


def _augmented_states(augmented: FloatArray, entry: FloatArray, drug: DrugInput) -> FloatArray:
    """The augmented state at each reading, shape (readings, size), for one inlet."""
    from scipy.linalg import expm

    size = len(entry)
    with_input = np.zeros((size + 1, size + 1))
    with_input[:size, :size] = augmented
    with_input[:size, size] = entry
    state = np.zeros((len(drug.lasting_min), size))
    for i in range(len(drug.lasting_min)):
        for j, rate in enumerate(drug.rate_mg_per_min):
            if drug.lasting_min[i, j] > 0:
                entered = expm(with_input * drug.lasting_min[i, j])[:size, size]
                state[i] += rate * (expm(augmented * drug.after_min[i, j]) @ entered)
        for j, amount in enumerate(drug.bolus_mg):
            if drug.since_bolus_min[i, j] >= 0:
                state[i] += amount * (expm(augmented * drug.since_bolus_min[i, j]) @ entry)
    return state
