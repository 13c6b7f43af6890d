"""Limits of rules as typed values: a number with its unit, a whole number or a list of words."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.numbers import BadNumber
from evenkeel.values.quantities import (
    Breaths,
    Days,
    DosePerWeight,
    FlowRate,
    Height,
    Hours,
    Minutes,
    Percent,
    Pressure,
    Pulse,
    Quantity,
    Saturation,
    Score,
    Volume,
    Weight,
    Years,
)
from evenkeel.values.shape import frozen

Limit = Quantity | DrugMass | Strength | int | tuple[str, ...]

# Two dimensions share "/min" and two share "%", so in a rule file each is written out.
UNITS: Final[Mapping[str, Callable[[str], Limit]]] = {
    "mmHg": Pressure.of,
    "beats/min": Pulse.of,
    "breaths/min": Breaths.of,
    "% SpO2": Saturation.of,
    "%": Percent.of,
    "kg": Weight.of,
    "cm": Height.of,
    "mg": DrugMass.mg,
    "mg/kg": DosePerWeight.of,
    "mg/mL": Strength.mg_per_ml,
    "mL": Volume.of,
    "mL/h": FlowRate.of,
    "min": Minutes.of,
    "h": Hours.of,
    "d": Days.of,
    "years": Years.of,
    "points": Score.of,
}

_NUMBER_AND_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?) (.+)", re.ASCII)


class RulebookError(Exception):
    """A rule file cannot be used as it stands; the program does not start with it."""


@frozen
class Limits:
    """The numbers of one version of one rule, by name: `limits.systolic` is a `Pressure`."""

    by_name: Mapping[str, Limit]

    def __getattr__(self, name: str) -> Any:
        """Return a limit by its name in the file."""
        try:
            return self.by_name[name]
        except KeyError:
            raise AttributeError(f"the rule has no limit called {name}") from None

    def __iter__(self) -> Iterator[tuple[str, Limit]]:
        """Every limit with its name, in the order of the file."""
        return iter(self.by_name.items())

    def shown(self) -> dict[str, str]:
        """Every limit as it reads in a sentence."""
        return {name: limit_shown(limit) for name, limit in self}


def limit_shown(limit: Limit) -> str:
    """A limit as it reads in a sentence."""
    return " or ".join(limit) if isinstance(limit, tuple) else str(limit)


def measure(limit: Limit) -> Decimal:
    """The number of a limit in its own unit, to compare limits of one kind; a list of words has none."""
    match limit:
        case Quantity():
            return limit.value
        case DrugMass():
            return Decimal(limit.mcg)
        case Strength():
            return Decimal(limit.mcg_per_ml)
    assert isinstance(limit, int), "a list of words is no number"
    return Decimal(limit)


def parse_limit(raw: object) -> Limit:
    """Read "180 mmHg", a whole number or a list of words as a typed value, or raise RulebookError."""
    if type(raw) is int and raw >= 0:
        return raw
    if isinstance(raw, list) and raw and all(isinstance(word, str) and word for word in raw):
        return tuple(raw)
    if not isinstance(raw, str):
        raise RulebookError(f"the limit {raw!r} is not a whole number, a quantity or a list of words")
    found = _NUMBER_AND_UNIT.fullmatch(raw)
    if found is None:
        raise RulebookError(f'the limit "{raw}" is not a number, a space and a unit')
    number, unit = found.groups()
    if unit not in UNITS:
        raise RulebookError(f'the limit "{raw}" has an unknown unit; known are {", ".join(UNITS)}')
    try:
        return UNITS[unit](number)
    except BadNumber as bad:
        raise RulebookError(f'the limit "{raw}": {bad.sentence}') from None
