"""Limits of rules as typed values: a number with its unit, a whole number or a list of words."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.numbers import BadNumber, number_of, parse_decimal
from evenkeel.values.quantities import (
    BodyMassIndex,
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
    "kg/m2": BodyMassIndex.of,
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

_UNIT_OF: Final = {type(read("1")): unit for unit, read in UNITS.items()}

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


def limit_written(limit: Limit) -> str | int | list[str]:
    """A limit as a rule file writes it; `parse_limit` reads it back."""
    if isinstance(limit, tuple):
        return list(limit)
    if isinstance(limit, int):
        return limit
    return f"{limit_number(limit)} {limit_unit(limit)}"


def limit_number(limit: Limit) -> str:
    """The number of a limit alone, as a person types it."""
    assert not isinstance(limit, tuple), "a list of words has no number"
    return str(limit).partition(" ")[0]


def limit_unit_shown(limit: Limit) -> str:
    """The unit of a limit as it stands beside its number on a screen; empty where it has none."""
    return limit.shown_unit if isinstance(limit, Quantity) else limit_unit(limit)


def limit_unit(limit: Limit) -> str:
    """The unit of a limit as rule files write it; empty for a whole number and for a list of words."""
    return _UNIT_OF.get(type(limit), "")


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


def typed_limit(text: str, like: Limit) -> Limit:
    """Read what a person typed for a limit of this kind, with its unit or without; raises BadNumber.

    Another unit, and whatever could be read in two ways, is refused with a sentence that names what to write.
    """
    if isinstance(like, int):
        number = parse_decimal(text)
        if number != number.to_integral_value():
            raise BadNumber("number-not-whole", "Write a whole number.")
        return int(number)
    assert isinstance(like, Quantity | DrugMass | Strength), "words are chosen, not typed"
    try:
        digits = number_of(text, limit_unit_shown(like))
    except BadNumber as bad:
        if bad.code != "number-no-unit":
            raise
        digits = text
    return UNITS[limit_unit(like)](digits)


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
