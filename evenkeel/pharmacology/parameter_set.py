"""Published models as data: one TOML file each, read strictly, and checked against its own check values."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import cast

import numpy as np

from evenkeel.pharmacology.errors import BodyError, ParameterSetError
from evenkeel.pharmacology.mammillary import MINUTES_PER_HOUR, Modes, central_level_mg_per_l, solve_modes
from evenkeel.pharmacology.profile import FloatArray, InfusionProfile

NG_PER_ML_IN_MG_PER_L = 1000.0

# The project's acceptance of a check value that is printed as a whole number of ng/mL.
CHECK_TOLERANCE_RATIO = 0.01
CHECK_TOLERANCE_NG_PER_ML = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    authors: str
    title: str
    year: int
    journal: str
    doi: str

    def __str__(self) -> str:
        return f"{self.authors}. {self.title}. {self.journal} ({self.year}). doi:{self.doi}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with the unit and the source that the file gives for it."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variability:
    """Variance between bodies on the log scale, by parameter name, and how well it is founded."""

    log_variance: Mapping[str, Quantity]
    basis: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedRange:
    """Weights and ages for which the estimate is offered, and how well the limits are founded."""

    weight_low_kg: float
    weight_high_kg: float
    age_low_years: float
    age_high_years: float
    basis: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCheck:
    """One constant-rate infusion and the level it should give at some times."""

    weight_kg: float
    dose_mg_per_kg: float
    duration_min: float
    at_min: tuple[float, ...]
    level_ng_per_ml: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """One published model. `parameters` holds V1..Vn (L), CL and Q2..Qn (L/h) at the reference weight."""

    key: str
    name: str
    analyte: str
    sampling_site: str
    structure: str
    status: str
    population: str
    assumptions: tuple[str, ...]
    citation: Citation
    parameters: Mapping[str, Quantity]
    reference_weight: Quantity
    volumes_exponent: Quantity
    clearances_exponent: Quantity
    variability: Variability | None
    range: OfferedRange
    checks: tuple[LevelCheck, ...]

    @property
    def compartments(self) -> int:
        return sum(name.startswith("V") for name in self.parameters)

    def modes(self, weight_kg: float, log_deviation: Mapping[str, FloatArray] | None = None) -> Modes:
        """Decay rates and weights for bodies of one weight, shape (bodies, compartments).

        `log_deviation` maps a parameter name to the logs of its ratios to the typical value, shape (bodies,).
        Without it there is one body, the typical one. Raises BodyError for a weight that cannot be.
        """
        if not (math.isfinite(weight_kg) and weight_kg > 0):
            raise BodyError(f"weight_kg must be a finite number greater than 0, not {weight_kg:g}.")
        deviation = log_deviation or {}
        bodies = max((len(values) for values in deviation.values()), default=1)
        size = weight_kg / self.reference_weight.value

        def scaled(name: str) -> FloatArray:
            is_volume = name.startswith("V")
            exponent = self.volumes_exponent if is_volume else self.clearances_exponent
            typical = self.parameters[name].value * size**exponent.value
            per_body: FloatArray = typical * np.exp(deviation.get(name, np.zeros(bodies)))
            return per_body if is_volume else per_body / MINUTES_PER_HOUR

        number = range(1, self.compartments + 1)
        return solve_modes(
            volume_l=np.stack([scaled(f"V{i}") for i in number], axis=1),
            clearance_l_per_min=scaled("CL"),
            exchange_l_per_min=np.stack([scaled(f"Q{i}") for i in number[1:]], axis=1),
        )


def parameter_set_keys() -> tuple[str, ...]:
    """Keys of the parameter sets that the package ships."""
    folder = resources.files("evenkeel.pharmacology") / "parameter_sets"
    return tuple(sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".toml")))


@lru_cache
def load_parameter_set(key: str) -> ParameterSet:
    """Read a shipped parameter set. Raises ParameterSetError if the file is unknown or not sound."""
    if key not in parameter_set_keys():
        raise ParameterSetError(
            f"There is no parameter set {key!r}; there is {', '.join(parameter_set_keys())}."
        )
    file = resources.files("evenkeel.pharmacology") / "parameter_sets" / f"{key}.toml"
    return read_parameter_set(file.read_text(encoding="utf-8"), origin=file.name)


def read_parameter_set(text: str, *, origin: str) -> ParameterSet:
    """Read the TOML text of a parameter set; `origin` names it in errors.

    Raises ParameterSetError when a field, unit or source is missing, a unit is not the accepted one (none is
    converted), a field is not known, or a check value is not reproduced.
    """
    try:
        top = _Table(origin, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as cause:
        raise ParameterSetError(f"{origin} is not valid TOML: {cause}.") from cause
    allometry = top.table("allometry")
    found = ParameterSet(
        key=top.text("key"),
        name=top.text("name"),
        analyte=top.text("analyte"),
        sampling_site=top.text("sampling_site"),
        structure=top.text("structure"),
        status=top.text("status"),
        population=top.text("population"),
        assumptions=top.texts("assumptions"),
        citation=_read_citation(top.table("citation")),
        parameters=_read_parameters(top.table("parameters")),
        reference_weight=allometry.positive("reference_weight", "kg"),
        volumes_exponent=allometry.quantity("volumes_exponent", "exponent of weight"),
        clearances_exponent=allometry.quantity("clearances_exponent", "exponent of weight"),
        variability=_read_variability(top.table("variability")) if top.has("variability") else None,
        range=_read_range(top.table("range")),
        checks=tuple(_read_check(check) for check in top.tables("check")),
    )
    allometry.refuse_leftovers()
    top.refuse_leftovers()
    if found.variability is not None:
        for name in found.variability.log_variance:
            if name not in found.parameters:
                raise ParameterSetError(f"{origin}: variability.{name} belongs to no parameter.")
    for number, check in enumerate(found.checks):
        _refuse_missed_check(found, check, f"{origin}: check {number}")
    return found


class _Table:
    """A TOML table that is read field by field, so that whatever was not read can be refused at the end."""

    def __init__(self, origin: str, path: str, content: Mapping[str, object]) -> None:
        self._origin = origin
        self._path = path
        self._unread = dict(content)

    def fail(self, name: str, rule: str) -> ParameterSetError:
        return ParameterSetError(f"{self._origin}: {self._path}{name} {rule}.")

    def has(self, name: str) -> bool:
        return name in self._unread

    def names(self) -> tuple[str, ...]:
        return tuple(self._unread)

    def text(self, name: str) -> str:
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(name, "must be a text that is not empty")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(name, "must be a list of texts")
        return tuple(cast("list[str]", value))

    def year(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int):
            raise self.fail(name, "must be a year")
        return value

    def table(self, name: str) -> "_Table":
        value = self._take(name)
        if not isinstance(value, dict):
            raise self.fail(name, "must be a table")
        return _Table(self._origin, f"{self._path}{name}.", value)

    def tables(self, name: str) -> tuple["_Table", ...]:
        value = self._take(name)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.fail(name, "must be a list of at least one table")
        return tuple(_Table(self._origin, f"{self._path}{name}[{i}].", item) for i, item in enumerate(value))

    def quantity(self, name: str, unit: str) -> Quantity:
        table = self.table(name)
        value = table._take("value")
        source = table._unit_and_source(unit)
        return Quantity(value=table._number("value", value), unit=unit, source=source)

    def positive(self, name: str, unit: str) -> Quantity:
        quantity = self.quantity(name, unit)
        if quantity.value <= 0:
            raise self.fail(name, f"must be greater than 0, not {quantity.value:g}")
        return quantity

    def series(self, name: str, unit: str) -> tuple[float, ...]:
        table = self.table(name)
        values = table._take("values")
        table._unit_and_source(unit)
        if not isinstance(values, list) or not values:
            raise table.fail("values", "must be a list of numbers that is not empty")
        return tuple(table._number("values", value) for value in values)

    def refuse_leftovers(self) -> None:
        if self._unread:
            raise self.fail(next(iter(self._unread)), "is not a field of a parameter set")

    def _take(self, name: str) -> object:
        if name not in self._unread:
            raise self.fail(name, "is missing")
        return self._unread.pop(name)

    def _unit_and_source(self, unit: str) -> str:
        given = self.text("unit")
        if given != unit:
            raise self.fail("unit", f"must be {unit!r}, not {given!r}; no unit is converted")
        source = self.text("source")
        self.refuse_leftovers()
        return source

    def _number(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(name, "must be a finite number")
        return float(value)


def _read_citation(table: _Table) -> Citation:
    citation = Citation(
        authors=table.text("authors"),
        title=table.text("title"),
        year=table.year("year"),
        journal=table.text("journal"),
        doi=table.text("doi"),
    )
    table.refuse_leftovers()
    return citation


def _read_parameters(table: _Table) -> Mapping[str, Quantity]:
    compartments = sum(name.startswith("V") for name in table.names())
    if compartments < 2:
        raise table.fail("V2", "is missing: a mammillary model has at least two volumes")
    parameters = {f"V{i}": table.positive(f"V{i}", "L") for i in range(1, compartments + 1)}
    parameters["CL"] = table.positive("CL", "L/h")
    parameters |= {f"Q{i}": table.positive(f"Q{i}", "L/h") for i in range(2, compartments + 1)}
    table.refuse_leftovers()
    return MappingProxyType(parameters)


def _read_variability(table: _Table) -> Variability:
    basis, statement = table.text("basis"), table.text("statement")
    variance = {name: table.positive(name, "log variance") for name in table.names()}
    return Variability(log_variance=MappingProxyType(variance), basis=basis, statement=statement)


def _read_range(table: _Table) -> OfferedRange:
    offered = OfferedRange(
        weight_low_kg=table.positive("weight_low", "kg").value,
        weight_high_kg=table.positive("weight_high", "kg").value,
        age_low_years=table.positive("age_low", "year").value,
        age_high_years=table.positive("age_high", "year").value,
        basis=table.text("basis"),
        statement=table.text("statement"),
    )
    table.refuse_leftovers()
    return offered


def _read_check(table: _Table) -> LevelCheck:
    check = LevelCheck(
        weight_kg=table.positive("weight", "kg").value,
        dose_mg_per_kg=table.positive("dose", "mg/kg").value,
        duration_min=table.positive("duration", "min").value,
        at_min=table.series("at", "min"),
        level_ng_per_ml=table.series("level", "ng/mL"),
    )
    table.refuse_leftovers()
    if len(check.at_min) != len(check.level_ng_per_ml):
        raise table.fail("level", "must have one value for each time in at")
    return check


def _refuse_missed_check(found: ParameterSet, check: LevelCheck, where: str) -> None:
    profile = InfusionProfile(
        start_min=np.array([0.0]),
        end_min=np.array([check.duration_min]),
        rate_mg_per_h=np.array(
            [check.dose_mg_per_kg * check.weight_kg / check.duration_min * MINUTES_PER_HOUR]
        ),
    )
    modes = found.modes(check.weight_kg)
    level = central_level_mg_per_l(modes, profile, np.array(check.at_min))[0] * NG_PER_ML_IN_MG_PER_L
    for at, wanted, got in zip(check.at_min, check.level_ng_per_ml, level, strict=True):
        if abs(got - wanted) > max(CHECK_TOLERANCE_RATIO * wanted, CHECK_TOLERANCE_NG_PER_ML):
            raise ParameterSetError(
                f"{where}: the parameters give {got:.1f} ng/mL at {at:g} min, but the check value is "
                f"{wanted:g} ng/mL."
            )
