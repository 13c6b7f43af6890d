"""One frozen class per dimension, exact inside, with its unit in the class.

Nothing converts by itself: a weight is never a volume, and a rate per hour is never a rate per minute.
"""

from datetime import timedelta
from decimal import Decimal
from functools import total_ordering
from typing import ClassVar, Self

from evenkeel.values.numbers import number_of, parse_decimal, plain
from evenkeel.values.shape import frozen


@total_ordering
@frozen
class Quantity:
    """An exact, non-negative number of one unit. Subclasses name the unit as UCUM and as it is shown."""

    value: Decimal

    ucum: ClassVar[str] = ""
    shown_unit: ClassVar[str] = ""

    def __post_init__(self) -> None:
        assert isinstance(self.value, Decimal), "a quantity is an exact decimal, never a float"
        assert self.value.is_finite(), "a quantity is finite"
        assert self.value >= 0, "a quantity is not negative"

    @classmethod
    def of(cls, raw: str | int | Decimal) -> Self:
        """Read a plain decimal number in this unit; raises BadNumber with a sentence for the person."""
        return cls(value=parse_decimal(raw, cls.shown_unit))

    @classmethod
    def with_unit(cls, text: str) -> Self:
        """Read a number with its unit, as in "70.5 kg"; without one, or with another, it raises BadNumber."""
        return cls.of(number_of(text, cls.shown_unit))

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.value < other.value

    def __str__(self) -> str:
        return f"{plain(self.value)} {self.shown_unit}"

    @property
    def number(self) -> str:
        """The number alone, as it is shown."""
        return plain(self.value)


@frozen
class Weight(Quantity):
    """Body weight."""

    ucum: ClassVar[str] = "kg"
    shown_unit: ClassVar[str] = "kg"


@frozen
class Height(Quantity):
    """Body height."""

    ucum: ClassVar[str] = "cm"
    shown_unit: ClassVar[str] = "cm"


@frozen
class BodyMassIndex(Quantity):
    """Weight by the square of the height."""

    ucum: ClassVar[str] = "kg/m2"
    shown_unit: ClassVar[str] = "kg/m²"


@frozen
class Volume(Quantity):
    """A volume of fluid."""

    ucum: ClassVar[str] = "mL"
    shown_unit: ClassVar[str] = "mL"


@frozen
class FlowRate(Quantity):
    """What the pump is set to: volume per hour."""

    ucum: ClassVar[str] = "mL/h"
    shown_unit: ClassVar[str] = "mL/h"


@frozen
class Minutes(Quantity):
    """A span of time that a protocol states in minutes."""

    ucum: ClassVar[str] = "min"
    shown_unit: ClassVar[str] = "min"

    @property
    def span(self) -> timedelta:
        """The same as a length of time, without what is shorter than a microsecond."""
        return timedelta(microseconds=int(self.value * 60_000_000))


@frozen
class Hours(Quantity):
    """A span of time that a person states in hours, as for fasting."""

    ucum: ClassVar[str] = "h"
    shown_unit: ClassVar[str] = "h"


@frozen
class Days(Quantity):
    """A span of time that a protocol states in days."""

    ucum: ClassVar[str] = "d"
    shown_unit: ClassVar[str] = "days"

    def __str__(self) -> str:
        return "1 day" if self.value == 1 else f"{self.number} {self.shown_unit}"


@frozen
class Pressure(Quantity):
    """Blood pressure."""

    ucum: ClassVar[str] = "mm[Hg]"
    shown_unit: ClassVar[str] = "mmHg"


@frozen
class Pulse(Quantity):
    """Heart beats per minute."""

    ucum: ClassVar[str] = "/min"
    shown_unit: ClassVar[str] = "/min"


@frozen
class Breaths(Quantity):
    """Breaths per minute."""

    ucum: ClassVar[str] = "/min"
    shown_unit: ClassVar[str] = "/min"


@frozen
class Saturation(Quantity):
    """Oxygen saturation by pulse oximeter."""

    ucum: ClassVar[str] = "%"
    shown_unit: ClassVar[str] = "%"


@frozen
class Percent(Quantity):
    """A share of a hundred, as in response and tolerance limits."""

    ucum: ClassVar[str] = "%"
    shown_unit: ClassVar[str] = "%"


@frozen
class DosePerWeight(Quantity):
    """Drug per body weight."""

    ucum: ClassVar[str] = "mg/kg"
    shown_unit: ClassVar[str] = "mg/kg"


@frozen
class Years(Quantity):
    """Age in completed years."""

    ucum: ClassVar[str] = "a"
    shown_unit: ClassVar[str] = "years"


@frozen
class Score(Quantity):
    """Points of a scale; it has no dimension, but it is not a bare number."""

    ucum: ClassVar[str] = "{score}"
    shown_unit: ClassVar[str] = "points"

    def __str__(self) -> str:
        return self.number
