"""What of an input and a time grid is the same for every body: when it changes, and where each time falls."""

from dataclasses import dataclass

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray, IntArray
from evenkeel.pharmacology.errors import RouteError
from evenkeel.pharmacology.profile import INTRAVENOUS, MINUTES_PER_HOUR, InfusionProfile

# Offsets are rounded to 1e-10 min, 6 ns, so that times which lie equally long after their changes share one
# offset although the subtractions were rounded. Decimal minutes and whole seconds keep their value; any other
# level moves by less than 1e-10 of itself.
_GRAINS_PER_MIN = 1e10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputPlan:
    """One input into all bodies: a rate that is constant between changes, boluses at changes.

    `change_at_min`, `rate_mg_per_min` (which holds until the next change) and `bolus_mg` have the shape
    (changes,). For each output time `step_of_time` (times,) is the change it follows, -1 before any drug, and
    `offset_of_time` (times,) is the place in `unique_offset_min` of the time since that change. Times that
    lie equally long after their changes share one offset, and so one exponential per mode.
    """

    change_at_min: FloatArray
    rate_mg_per_min: FloatArray
    bolus_mg: FloatArray
    step_of_time: IntArray
    offset_of_time: IntArray
    unique_offset_min: FloatArray

    @property
    def gives_drug(self) -> bool:
        return self.change_at_min.size > 0


def make_plan(
    profile: InfusionProfile, at_min: FloatArray, *, route: str = INTRAVENOUS, release_min: float = 0.0
) -> InputPlan:
    """The plan of what the profile gives by one route, for output times in order, shape (times,).

    Doses of a route other than "iv" are released at a constant rate over `release_min`, or all at once for 0.
    """
    start, end, rate, bolus_at, bolus = _inputs(profile, route, release_min)
    change_at = np.unique(np.concatenate([start, end, bolus_at]))
    # Each step's total is summed afresh rather than carried along, so that after the last segment it is
    # exactly 0 and not what rounding leaves.
    running = (start <= change_at[:, np.newaxis]) & (end > change_at[:, np.newaxis])
    total = np.zeros(change_at.size)
    for segment in range(start.size):
        total += np.where(running[:, segment], rate[segment], 0.0)
    boluses = np.zeros(change_at.size)
    np.add.at(boluses, np.searchsorted(change_at, bolus_at), bolus)
    step = np.searchsorted(change_at, at_min, side="right").astype(np.int64) - 1
    offset = np.zeros(at_min.size)
    drugged = step >= 0
    offset[drugged] = at_min[drugged] - change_at[step[drugged]]
    offset = np.round(offset * _GRAINS_PER_MIN) / _GRAINS_PER_MIN
    unique, place = np.unique(offset, return_inverse=True)
    return InputPlan(
        change_at_min=change_at,
        rate_mg_per_min=total,
        bolus_mg=boluses,
        step_of_time=step,
        offset_of_time=place.astype(np.int64),
        unique_offset_min=unique,
    )


def routes_used(profile: InfusionProfile, routes: tuple[str, ...]) -> tuple[str, ...]:
    """The routes by which the profile gives drug. Raises RouteError for one that the model does not have."""
    used = {dose.route for dose in profile.doses}
    unknown = sorted(used - set(routes))
    if unknown:
        raise RouteError(
            f"doses must be by a route of the model, {', '.join(routes)}, not {', '.join(unknown)}."
        )
    return tuple(route for route in routes if route == INTRAVENOUS or route in used)


def _inputs(
    profile: InfusionProfile, route: str, release_min: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Start, end and rate (mg/min) of segments; moment and amount (mg) of boluses."""
    if route == INTRAVENOUS:
        rate = profile.rate_mg_per_h / MINUTES_PER_HOUR
        return profile.start_min, profile.end_min, rate, profile.bolus_at_min, profile.bolus_mg
    doses = [dose for dose in profile.doses if dose.route == route]
    at = np.array([dose.at_min for dose in doses], dtype=np.float64)
    amount = np.array([dose.amount_mg for dose in doses], dtype=np.float64)
    none = np.empty(0)
    if release_min > 0:
        return at, at + release_min, amount / release_min, none, none
    return none, none, none, at, amount
