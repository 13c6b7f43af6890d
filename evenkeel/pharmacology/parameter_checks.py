"""The check values of a parameter file: what the model must give, recomputed whenever the file is read."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import ParameterSetError
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak
from evenkeel.pharmacology.modes import solve_modes
from evenkeel.pharmacology.profile import INTRAVENOUS, MINUTES_PER_HOUR, Dose, InfusionProfile
from evenkeel.pharmacology.simulate import simulate
from evenkeel.pharmacology.sources import Mark
from evenkeel.pharmacology.system import NG_PER_ML_IN_MG_PER_L, System

Kind = Literal["level", "area", "peak", "peak time", "half-life", "clearance", "bioavailability"]

# The project's acceptance: 1 %, or one unit of the last digit of what is printed as a whole number.
TOLERANCE_RATIO: Final = 0.01
TOLERANCE: Final[Mapping[Kind, tuple[float, str]]] = {
    "level": (1.0, "ng/mL"),
    "area": (1.0, "ng h/mL"),
    "peak": (1.0, "ng/mL"),
    "peak time": (1.0, "min"),
    "half-life": (0.05, "min"),
    "clearance": (0.5, "L/h"),
    "bioavailability": (0.0005, "of the dose"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one dose in one body must give. `at_min` (times of levels) has one value for each of `expected`.

    `kind` names the unit of `expected` through TOLERANCE. An intravenous dose runs over `duration_min` (0: a
    bolus); any other is taken at once. `until_h` ends an area, None is for ever. `tolerance_ratio` widens the
    tolerance where the expected value was published and not computed from these parameters. `misses` says
    in a sentence that and why the model does not reproduce the value: then it must not.
    """

    kind: Kind
    output: str
    expected: tuple[float, ...]
    source: str
    mark: Mark
    weight_kg: float
    dose_mg: float
    route: str
    duration_min: float
    at_min: tuple[float, ...]
    until_h: float | None
    tolerance_ratio: float
    misses: str | None

    @property
    def words(self) -> str:
        """What is checked, in words, without the value."""
        if self.kind in ("half-life", "clearance"):
            return f"{self.output} {self.kind}"
        if self.kind == "bioavailability":
            return f"{self.output} {self.kind} ({self.route})"
        return f"{self.output} {self.kind} after {self.dose_mg:g} mg {self.route}"

    @property
    def profile(self) -> InfusionProfile:
        """The dose of the check, starting at 0 min."""
        if self.route != INTRAVENOUS:
            return InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=self.dose_mg, route=self.route),))
        if self.duration_min == 0:
            return InfusionProfile(bolus_at_min=np.zeros(1), bolus_mg=np.array([self.dose_mg]))
        return InfusionProfile.constant(dose_mg=self.dose_mg, duration_min=self.duration_min)

    @property
    def body(self) -> Bodies:
        return Bodies.typical(self.weight_kg)

    def holds(self, expected: float, got: float) -> bool:
        absolute, _ = TOLERANCE[self.kind]
        return abs(got - expected) <= max(self.tolerance_ratio * abs(expected), absolute)


def refuse_missed_checks(system_of: Callable[[Bodies], System], checks: Sequence[Check], origin: str) -> None:
    """Recompute every check value. Raises ParameterSetError for one that the model misses, or should miss."""
    for number, check in enumerate(checks):
        where = f"{origin}: check {number}"
        got = recomputed(system_of(check.body), check)
        held = [check.holds(wanted, value) for wanted, value in zip(check.expected, got, strict=True)]
        if check.misses is not None:
            if all(held):
                raise ParameterSetError(f"{where}: the model should miss this value, but it gives it.")
            continue
        if not all(held):
            i = held.index(False)
            at = f" at {check.at_min[i]:g} min" if check.at_min else ""
            unit = TOLERANCE[check.kind][1]
            raise ParameterSetError(
                f"{where}: the parameters give {got[i]:.4g} {unit}{at} for the {check.words}, but the check "
                f"value is {check.expected[i]:g} {unit}."
            )


def recomputed(system: System, check: Check) -> tuple[float, ...]:
    """What a system of one body gives, in the unit of the check, by the engine."""
    match check.kind:
        case "level":
            found = simulate(system, check.profile, check.at_min, outputs=(check.output,), engine="numpy")
            return tuple(float(level) for level in found.values[0, 0])
        case "half-life":
            decay = solve_modes(system, "iv", (check.output,))[0].main.decay_per_min[0]
            return tuple(float(half_life) for half_life in np.sort(math.log(2.0) / decay))
        case "area":
            until_min = math.inf if check.until_h is None else check.until_h * MINUTES_PER_HOUR
            return (_area(system, check.profile, check.output, until_min),)
        case "peak" | "peak time":
            level, at_min = peak(system, check.profile, check.output)
            return (float(level[0] if check.kind == "peak" else at_min[0]),)
        case "clearance":
            # A dose of 1 mg leaves 1000 ng/mL per mg/L divided by the clearance behind.
            return (NG_PER_ML_IN_MG_PER_L / _area(system, _one_mg("iv"), check.output),)
        case "bioavailability":
            by_route = _area(system, _one_mg(check.route), check.output)
            return (by_route / _area(system, _one_mg("iv"), check.output),)


def _area(system: System, profile: InfusionProfile, output: str, until_min: float = math.inf) -> float:
    return float(area_ng_h_per_ml(system, profile, output, until_min=until_min)[0])


def _one_mg(route: str) -> InfusionProfile:
    if route == INTRAVENOUS:
        return InfusionProfile(bolus_at_min=np.zeros(1), bolus_mg=np.ones(1))
    return InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=1.0, route=route),))
