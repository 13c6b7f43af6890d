"""The constants of the effects, read strictly from effects.toml: each with its unit, mark and source."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from evenkeel.pharmacology.errors import EffectError, ParameterSetError
from evenkeel.pharmacology.shipped import shipped_text
from evenkeel.pharmacology.toml_table import Table


class EvidenceMark(StrEnum):
    """How well a constant is founded, the best first."""

    EVIDENCE = "evidence"
    DERIVED = "derived"
    BORROWED = "borrowed"
    ASSUMPTION = "assumption"


_RANK: Final = {mark: rank for rank, mark in enumerate(EvidenceMark)}


def weakest(marks: Iterable[EvidenceMark]) -> EvidenceMark:
    """The mark that a result deserves: that of the worst founded constant in it."""
    return max(marks, key=_RANK.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One number of a link. `low` and `high` are the interval that its source gives, or None."""

    name: str
    value: float
    unit: str
    mark: EvidenceMark
    source: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link, as effects.toml gives it. `parameter_set` is the key of the only set that may drive it."""

    key: str
    name: str
    quantity: str
    unit: str
    parameter_set: str
    statement: str
    constants: Mapping[str, Constant]

    def value(self, constant: str) -> float:
        return self.constants[constant].value

    @property
    def site_half_life_min(self) -> float | None:
        """Half-life of the effect site, or None when the level itself drives the effect."""
        site = self.constants.get("effect_site_half_life")
        return None if site is None else site.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Routes, doses of a visit and typical levels (total ketamine) for which the effects are offered."""

    routes: tuple[str, ...]
    dose_low: Constant
    dose_high: Constant
    level_high: Constant


# What each link must hold, in which unit.
_UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "dissociation": {
        "s_share": "fraction",
        "effect_site_half_life": "min",
        "half_effect_level": "ng/mL",
        "steepness": "exponent",
        "maximum": "points",
        "tolerance_floor": "fraction",
        "tolerance_infusions": "infusions",
        "log_half_effect_level_sd": "log SD",
        "log_maximum_sd": "log SD",
    },
    "blood_pressure": {
        "s_share": "fraction",
        "effect_site_half_life": "min",
        "maximum": "mmHg",
        "half_effect_level": "ng/mL",
        "systolic_ratio": "ratio",
        "diastolic_ratio": "ratio",
        "patient_cv": "ratio",
        "reading_sd": "mmHg",
    },
    "heart_rate": {"s_share": "fraction", "slope": "beats/min per ng/mL"},
    "unresponsiveness": {"median_level": "ng/mL", "log_sd": "log SD"},
    "analgesia": {
        "s_share": "fraction",
        "effect_site_half_life": "min",
        "ketamine_slope": "cm per ng/mL",
        "norketamine_slope": "cm per ng/mL",
    },
    "nausea": {"probability": "probability"},
}


@lru_cache
def load_link(key: str) -> Link:
    """One link of effects.toml. Raises EffectError for a key that is not there."""
    links = _load()[1]
    if key not in links:
        raise EffectError(f"There is no effect {key!r}; there is {', '.join(links)}.")
    return links[key]


def link_keys() -> tuple[str, ...]:
    return tuple(_UNITS)


def load_offered() -> Offered:
    """The routes and doses for which all effects are offered."""
    return _load()[0]


@lru_cache
def _load() -> tuple[Offered, Mapping[str, Link]]:
    return read_links(shipped_text("effects.toml"), origin="effects.toml")


def read_links(text: str, *, origin: str) -> tuple[Offered, Mapping[str, Link]]:
    """Read the TOML text of the effects; `origin` names it in errors.

    Raises ParameterSetError when a field, unit, mark or source is missing or not the accepted one, or a field
    is not known.
    """
    try:
        top = Table(origin, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as cause:
        raise ParameterSetError(f"{origin} is not valid TOML: {cause}.") from cause
    offered = _offered(top.table("offered"))
    links = {key: _link(key, top.table(key)) for key in _UNITS}
    top.refuse_leftovers()
    return offered, MappingProxyType(links)


def _offered(table: Table) -> Offered:
    routes = table.texts("routes")
    if not routes:
        raise table.fail("routes", "must be a list of at least one route")
    offered = Offered(
        routes=routes,
        dose_low=_constant(table, "dose_low", "mg/kg"),
        dose_high=_constant(table, "dose_high", "mg/kg"),
        level_high=_constant(table, "level_high", "ng/mL"),
    )
    table.refuse_leftovers()
    return offered


def _link(key: str, table: Table) -> Link:
    given = table.table("constants")
    constants = {name: _constant(given, name, unit) for name, unit in _UNITS[key].items()}
    given.refuse_leftovers()
    link = Link(
        key=key,
        name=table.text("name"),
        quantity=table.text("quantity"),
        unit=table.text("unit"),
        parameter_set=table.text("parameter_set"),
        statement=table.text("statement"),
        constants=MappingProxyType(constants),
    )
    table.refuse_leftovers()
    return link


def _constant(within: Table, name: str, unit: str) -> Constant:
    table = within.table(name)
    value = table.number("value")
    low, high = (table.number("low"), table.number("high")) if table.has("low") else (None, None)
    if low is not None and high is not None and not low <= value <= high:
        raise table.fail("value", "must lie between low and high")
    found_unit = table.text("unit")
    if found_unit != unit:
        raise table.fail("unit", f"must be {unit!r}, not {found_unit!r}; no unit is converted")
    found = Constant(
        name=name,
        value=value,
        unit=unit,
        mark=table.word("mark", EvidenceMark),
        source=table.text("source"),
        low=low,
        high=high,
    )
    table.refuse_leftovers()
    return found
