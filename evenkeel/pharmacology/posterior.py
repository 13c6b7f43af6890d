"""What observations teach about one person: the most probable deviations and how much doubt is left.

The objective is the sum of squared misfits, each over its SD, plus what the deviations cost under the prior:
eta' Omega^-1 eta. It is lowered by Gauss-Newton steps, held back after a step that did not lower it
(Levenberg and Marquardt). The doubt is Laplace's: the normal distribution with the curvature of the objective
at its minimum, in Gauss and Newton's form, which leaves out how the model bends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import ArgumentError, FitError

# Done with a step that is shorter than this, squared, in standard deviations of the posterior. It is taken,
# and misfits and objective follow it on a straight line, which is off by the square of the step.
_STEP_SQUARED: Final = 1e-8
_MOST_STEPS: Final = 100
# Two objectives that differ by less than this, relative, are equal: the rest is rounding.
_ROUNDING: Final = 1e-12

# Deviations (parameters,) in; misfits (n,) and their derivatives (n, parameters) out, both over the SD.
Misfit = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """Deviations from the typical person on the log scale, with what was known before and what is known now.

    Shapes: `deviation` (parameters,), `covariance` and `prior_covariance` (parameters, parameters).
    """

    names: tuple[str, ...]
    deviation: FloatArray
    covariance: FloatArray
    prior_covariance: FloatArray
    objective: float
    steps: int

    @property
    def sd(self) -> FloatArray:
        """SD of each deviation that is left, shape (parameters,)."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def shrinkage(self) -> FloatArray:
        """Share of the prior variance that is left: 1 for a parameter of which nothing was learnt."""
        return np.diagonal(self.covariance) / np.diagonal(self.prior_covariance)

    @property
    def narrowing(self) -> FloatArray:
        """By what share the SD fell, shape (parameters,): 0 for a parameter of which nothing was learnt."""
        return 1.0 - np.sqrt(self.shrinkage)

    def place(self, name: str) -> int:
        if name not in self.names:
            raise ArgumentError(f"parameter must be one of {', '.join(self.names)}, not {name!r}.")
        return self.names.index(name)

    def interval(self, name: str, coverage_percent: float = 90.0) -> tuple[float, float]:
        """The middle of the doubt about one deviation."""
        i = self.place(name)
        half = normal_half_width(coverage_percent) * float(self.sd[i])
        return float(self.deviation[i]) - half, float(self.deviation[i]) + half


def normal_half_width(coverage_percent: float) -> float:
    """Half the width of the middle of a normal distribution, in SD."""
    if not 0 < coverage_percent < 100:
        raise ArgumentError(f"coverage_percent must be between 0 and 100, not {coverage_percent:g}.")
    return NormalDist().inv_cdf(0.5 + coverage_percent / 200)


def find_posterior(
    names: tuple[str, ...], prior_covariance: FloatArray, misfit: Misfit
) -> tuple[Posterior, FloatArray]:
    """The minimum of the objective with the doubt around it, and the misfits there; starts at 0.

    Raises FitError when the steps do not come to rest.
    """
    precision = np.linalg.inv(prior_covariance)
    deviation = np.zeros(len(names))
    off, slope = misfit(deviation)
    objective = float(off @ off)
    held_back = 0.0
    for steps in range(_MOST_STEPS):
        downhill = slope.T @ off + precision @ deviation
        curvature = slope.T @ slope + precision
        move = -np.linalg.solve(curvature + held_back * precision, downhill)
        expected_fall = float(-(downhill @ move))
        if expected_fall < _STEP_SQUARED:
            found = Posterior(
                names=names,
                deviation=deviation + move,
                covariance=np.linalg.inv(curvature),
                prior_covariance=prior_covariance,
                objective=objective - expected_fall,
                steps=steps,
            )
            return found, off + slope @ move
        there = deviation + move
        off_there, slope_there = misfit(there)
        objective_there = float(off_there @ off_there + there @ precision @ there)
        if objective_there <= objective * (1 + _ROUNDING):
            deviation, off, slope, objective = there, off_there, slope_there, objective_there
            held_back = held_back / 10 if held_back > 1e-3 else 0.0
        else:
            held_back = max(10 * held_back, 1.0)
    raise not_at_rest()


def not_at_rest() -> FitError:
    return FitError(f"The fit did not come to rest in {_MOST_STEPS} steps.")
