"""Weight, age and sex of virtual patients: published centers and marked assumptions, drawn by address."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

import numpy as np

from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.chance import FloatArray, Purpose, correlate, lower_root, standard_normals
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.shipped import shipped_text

BASES: Final = ("source", "second-hand", "assumption")
KINDS: Final = ("truncated lognormal", "truncated normal", "fixed")
VARIABLES: Final = ("weight", "age", "sex")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How one covariate is distributed between `low` and `high`, all in `unit`.

    `kind`: "truncated lognormal" (`spread` is the SD of the logarithm), "truncated normal" (`spread` in
    `unit`) or "fixed" (everybody has the median). Median and spread are those before the ends are cut off.
    `basis` and `source` say for each of median, spread, low and high how well it is founded.
    Raises CohortError for values that cannot be, naming the field.
    """

    kind: str
    median: float
    unit: str
    spread: float = 0.0
    low: float = 0.0
    high: float = math.inf
    basis: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CohortError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}.")
        if not (math.isfinite(self.median) and self.median > 0):
            raise CohortError(f"median must be a finite number greater than 0, not {self.median:g}.")
        if not 0 <= self.low < self.high:
            raise CohortError(
                f"low must be 0 or more and less than high, not {self.low:g} and {self.high:g}."
            )
        if not self.low <= self.median <= self.high:
            raise CohortError(f"median must be between low and high, not {self.median:g}.")
        if self.kind != "fixed" and not (math.isfinite(self.spread) and self.spread > 0):
            raise CohortError(f"spread must be a finite number greater than 0, not {self.spread:g}.")

    def at(self, score: FloatArray) -> FloatArray:
        """The values that belong to standard-normal scores, same shape, in `unit`.

        A score's place among all scores becomes the value's place between `low` and `high`, so that every
        value takes one score and none is thrown away.
        """
        if self.kind == "fixed":
            return np.full_like(score, self.median)
        from scipy.special import ndtr, ndtri

        is_log = self.kind == "truncated lognormal"
        center = math.log(self.median) if is_log else self.median
        low, high = self.low, self.high
        if is_log:
            low = math.log(low) if low > 0 else -math.inf
            high = math.log(high)
        below, above = ndtr((low - center) / self.spread), ndtr((high - center) / self.spread)
        value = center + self.spread * ndtri(below + ndtr(score) * (above - below))
        # Rounding alone can step over an end.
        found: FloatArray = np.clip(np.exp(value) if is_log else value, self.low, self.high)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateModel:
    """Who is in a cohort. `correlation` names pairs of weight, age and sex (a higher score of sex: female).

    Correlations are those of the normal scores behind the distributions; a pair not named is independent.
    Raises CohortError for a share outside 0 to 1, a pair that is not one, or correlations that contradict.
    """

    name: str
    statement: str
    weight: Spread
    age: Spread | None = None
    female_share: float | None = None
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)
    correlation_basis: str = "assumption"
    correlation_source: str = "drawn independently"

    def __post_init__(self) -> None:
        if self.weight.unit != "kg":
            raise CohortError(f"weight must be in kg, not {self.weight.unit!r}; no unit is converted.")
        if self.age is not None and self.age.unit != "year":
            raise CohortError(f"age must be in year, not {self.age.unit!r}; no unit is converted.")
        if self.female_share is not None and not 0 <= self.female_share <= 1:
            raise CohortError(f"female_share must be from 0 to 1, not {self.female_share:g}.")
        self._root()

    @classmethod
    def fixed(cls, *, weight_kg: float = 70.0, age_years: float | None = None) -> Self:
        """Everybody has this weight and this age, so that bodies differ in their kinetics alone."""
        return cls(
            name=f"Everybody {weight_kg:g} kg",
            statement="Weight and age are the same for all.",
            weight=Spread(kind="fixed", median=weight_kg, unit="kg"),
            age=None if age_years is None else Spread(kind="fixed", median=age_years, unit="year"),
        )

    def draw(self, n: int, seed: int, *, first: int = 0) -> Bodies:
        """Typical bodies first to first + n - 1 with their covariates; body i is the same in every call."""
        score = standard_normals(seed, Purpose.COVARIATES, first=first, bodies=n, columns=len(VARIABLES))
        score = correlate(self._root(), score)
        sex = None
        if self.female_share is not None:
            from scipy.special import ndtri

            female = score[:, 2] > -ndtri(self.female_share)
            sex = np.where(female, "female", "male")
        return Bodies(
            weight_kg=self.weight.at(score[:, 0]),
            age_years=None if self.age is None else self.age.at(score[:, 1]),
            sex=sex,
        )

    def _root(self) -> FloatArray:
        matrix = np.eye(len(VARIABLES))
        for pair, value in self.correlation.items():
            if len(set(pair)) != 2 or not set(pair) <= set(VARIABLES):
                raise CohortError(f"correlation must name two of {', '.join(VARIABLES)}, not {pair!r}.")
            i, j = (VARIABLES.index(name) for name in pair)
            matrix[i, j] = matrix[j, i] = value
        return lower_root(matrix, VARIABLES, f"The correlation of covariates of {self.name!r}")


def covariate_model_keys() -> tuple[str, ...]:
    """Keys of the covariate models that the package ships."""
    return tuple(sorted(_shipped()))


def load_covariate_model(key: str) -> CovariateModel:
    """A shipped covariate model. Raises CohortError naming the choices when there is none of this key."""
    shipped = _shipped()
    if key not in shipped:
        raise CohortError(f"There is no covariate model {key!r}; there is {', '.join(sorted(shipped))}.")
    return shipped[key]


@lru_cache
def _shipped() -> Mapping[str, CovariateModel]:
    return read_covariate_models(shipped_text("covariates.toml"), origin="covariates.toml")


def read_covariate_models(text: str, *, origin: str) -> Mapping[str, CovariateModel]:
    """Read covariate models from TOML in the form of the shipped file; `origin` names it in errors.

    Raises CohortError when a field, unit, basis or source is missing or not an accepted one.
    """
    try:
        tables = tomllib.loads(text)
        return MappingProxyType({key: _read_model(f"{origin}: {key}", t) for key, t in tables.items()})
    except tomllib.TOMLDecodeError as cause:
        raise CohortError(f"{origin} is not valid TOML: {cause}.") from cause


def _read_model(where: str, table: Mapping[str, object]) -> CovariateModel:
    known = {"name", "statement", "weight", "age", "female_share", "correlation"}
    _refuse_unknown(where, table, known)
    correlation = dict(_table(where, table, "correlation"))
    basis, source = (_text(f"{where}.correlation", correlation.pop(name, None), name) for name in _WHY)
    pairs: dict[tuple[str, str], float] = {}
    for name, value in correlation.items():
        one, _, other = name.partition("_")
        pairs[one, other] = _number(f"{where}.correlation.{name}", value)
    share = _quantity(f"{where}.female_share", _table(where, table, "female_share"), "1")[0]
    return CovariateModel(
        name=_text(where, table.get("name"), "name"),
        statement=_text(where, table.get("statement"), "statement"),
        weight=_read_spread(f"{where}.weight", _table(where, table, "weight"), "kg"),
        age=_read_spread(f"{where}.age", _table(where, table, "age"), "year"),
        female_share=share,
        correlation=pairs,
        correlation_basis=basis,
        correlation_source=source,
    )


_WHY: Final = ("basis", "source")


def _read_spread(where: str, table: Mapping[str, object], unit: str) -> Spread:
    kind = _text(where, table.get("kind"), "kind")
    spread = {"truncated lognormal": "log_sd", "truncated normal": "sd"}.get(kind)
    if spread is None:
        raise CohortError(f"{where}.kind must be truncated lognormal or truncated normal, not {kind!r}.")
    _refuse_unknown(where, table, {"kind", "median", spread, "low", "high"})
    units = {"median": unit, spread: "1" if spread == "log_sd" else unit, "low": unit, "high": unit}
    read = {name: _quantity(f"{where}.{name}", _table(where, table, name), u) for name, u in units.items()}
    return Spread(
        kind=kind,
        unit=unit,
        median=read["median"][0],
        spread=read[spread][0],
        low=read["low"][0],
        high=read["high"][0],
        basis={name: basis for name, (_, basis, _) in read.items()},
        source={name: source for name, (_, _, source) in read.items()},
    )


def _quantity(where: str, table: Mapping[str, object], unit: str) -> tuple[float, str, str]:
    _refuse_unknown(where, table, {"value", "unit", *_WHY})
    if table.get("unit") != unit:
        raise CohortError(f"{where}.unit must be {unit!r}, not {table.get('unit')!r}; no unit is converted.")
    basis = _text(where, table.get("basis"), "basis")
    if basis not in BASES:
        raise CohortError(f"{where}.basis must be one of {', '.join(BASES)}, not {basis!r}.")
    return _number(f"{where}.value", table.get("value")), basis, _text(where, table.get("source"), "source")


def _table(where: str, table: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = table.get(name)
    if not isinstance(value, dict):
        raise CohortError(f"{where}.{name} is missing, or is not a table.")
    return value


def _text(where: str, value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise CohortError(f"{where}.{name} must be a text that is not empty.")
    return value


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CohortError(f"{where} must be a finite number.")
    return float(value)


def _refuse_unknown(where: str, table: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise CohortError(f"{where}.{unknown[0]} is not a field here; there is {', '.join(sorted(known))}.")
