"""One published model: its numbers with their sources, what they stand on, and the system they make."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import BodyError
from evenkeel.pharmacology.formulas import UNITS, WEIGHT
from evenkeel.pharmacology.layout import Layout
from evenkeel.pharmacology.parameter_checks import Check
from evenkeel.pharmacology.sources import Citation, Quantity, ReadStatus, Recorded
from evenkeel.pharmacology.system import System


class Role(StrEnum):
    """What a model is for. A reference is there to compare with and is never offered in a clinic."""

    DEFAULT = "default"
    SAMPLES = "samples"  # the default wherever a level is compared with a blood sample
    ALTERNATIVE = "alternative"
    LEGACY = "legacy"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeCovariate:
    """Above an age, a parameter changes by so much (in its own unit) with each year."""

    parameter: str
    above_years: float
    slope: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCovariate:
    """In the members of a group a parameter is multiplied by a factor."""

    parameter: str
    group: str
    factor: Quantity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Covariance:
    """Covariance of the log deviations of some parameters, shape (p, p), in the order of `names`.

    Parameters in `on_logit_scale` deviate on the logit scale. `occasion` is the covariance of one body from
    one occasion to the next, None where there is none; it has no occasion of its own.
    """

    names: tuple[str, ...]
    matrix: FloatArray
    on_logit_scale: frozenset[str]
    basis: str
    statement: str
    occasion: "Covariance | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Difference between a measured level and the body's own curve, as standard deviations.

    `proportional_sd` has no unit. With `on_log_scale` it is that of the logs, and nothing is added.
    """

    proportional_sd: float
    additive_sd_ng_per_ml: float
    on_log_scale: bool
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRange:
    """Doses of one visit, by one route, for which the estimate is offered; `unit` is mg or mg/kg."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedRange:
    """Weights, ages and doses for which the estimate is offered, and how well the limits are founded."""

    weight_low_kg: float
    weight_high_kg: float
    age_low_years: float
    age_high_years: float
    doses: Mapping[str, DoseRange]
    basis: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParameterSet:
    """One published model, read from its file.

    `parameters` are the typical values as the file gives them, at the reference weight. `reading` says in a
    sentence how they were read, `warning` what speaks against the model, `recorded` holds numbers of the
    source that the engine does not use, each with the reason. `borrowed_routes` are those that other sources
    lend to the model. `checks` were recomputed when the file was read.
    """

    key: str
    name: str
    role: Role
    status: ReadStatus
    reading: str
    analyte: str
    sampling_site: str
    structure: str
    population: str
    assumptions: tuple[str, ...]
    warning: str | None
    citation: Citation
    further_citations: tuple[Citation, ...]
    parameters: Mapping[str, Quantity]
    reference_weight: Quantity
    weight_exponents: Mapping[str, Quantity]
    age_covariates: tuple[AgeCovariate, ...]
    group_covariates: tuple[GroupCovariate, ...]
    omega: Covariance | None
    residual: Mapping[str, Residual]
    range: OfferedRange
    layout: Layout
    borrowed_routes: tuple[str, ...]
    recorded: Mapping[str, Recorded]
    checks: tuple[Check, ...]

    @property
    def routes(self) -> tuple[str, ...]:
        """Routes by which a dose can be given, "iv" among them."""
        return self.layout.routes

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the model predicts: "ketamine", "norketamine", "hydroxynorketamine"."""
        return self.layout.outputs

    @property
    def offered(self) -> bool:
        """Whether a clinic may be shown this model. A reference model is for comparing alone."""
        return self.role is not Role.REFERENCE

    def system(self, bodies: Bodies) -> System:
        """The system of these bodies. Raises BodyError for a body that the model cannot hold."""
        return self.layout.build(self.values(bodies), len(bodies))

    def values(self, bodies: Bodies) -> Mapping[str, FloatArray]:
        """Every parameter of every body, in L, min and kg, shape (N,), and the weight beside them."""
        for name in bodies.log_deviation:
            if name not in self.parameters:
                raise BodyError(
                    f"log_deviation names {name!r}, but {self.name} has {', '.join(self.parameters)}."
                )
        values = {name: self._value(name, bodies) for name in self.parameters}
        return {**values, WEIGHT: bodies.weight_kg}

    def _value(self, name: str, bodies: Bodies) -> FloatArray:
        given = self.parameters[name]
        value = np.full(len(bodies), given.value)
        exponent = self.weight_exponents.get(name)
        if exponent is not None and exponent.value != 0.0:
            value *= (bodies.weight_kg / self.reference_weight.value) ** exponent.value
        for age in self.age_covariates:
            if age.parameter == name and bodies.age_years is not None:
                value += age.slope.value * np.maximum(bodies.age_years - age.above_years, 0.0)
        for member in self.group_covariates:
            if member.parameter == name and member.group in bodies.groups:
                value *= np.where(bodies.groups[member.group], member.factor.value, 1.0)
        if np.any(value <= 0):
            i = int(np.flatnonzero(value <= 0)[0])
            raise BodyError(f"{self.name} cannot hold body {i}: at this age {name} would be {value[i]:g}.")
        deviation = bodies.log_deviation.get(name)
        if deviation is not None:
            if self.omega is not None and name in self.omega.on_logit_scale:
                odds = value / (1.0 - value) * np.exp(deviation)
                value = odds / (1.0 + odds)
            else:
                value *= np.exp(deviation)
        result: FloatArray = value * UNITS[given.unit][1]
        return result
