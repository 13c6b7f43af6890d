"""Drug amounts: integer micrograms of ketamine base, and strengths as micrograms per milliliter.

Vial labels state base (10, 50 and 100 mg/mL; clinical-protocol.md section 3), so base is what is counted.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Self

from evenkeel.values.numbers import BadNumber, parse_decimal, plain
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen

MICROGRAMS_PER_MG = 1000


def to_decimal(exact: Fraction, places: int) -> Decimal:
    """Round an exact fraction to so many decimal places, half to even.

    The only rounding of doses there is.
    """
    # A fraction rounds itself exactly, half to even; a quotient of decimals would be rounded twice.
    return Decimal(f"{round(exact * 10**places)}E-{places}")


@frozen
class DrugMass:
    """An amount of ketamine base in whole micrograms."""

    mcg: int

    def __post_init__(self) -> None:
        assert type(self.mcg) is int, "a drug mass is a whole number of mcg"
        assert self.mcg >= 0, "a drug mass is not negative"

    @classmethod
    def mg(cls, raw: str | int | Decimal) -> Self:
        """Read milligrams exactly; more than three decimals would lose micrograms and raises BadNumber."""
        scaled = parse_decimal(raw, "mg") * MICROGRAMS_PER_MG
        if scaled != scaled.to_integral_value():
            raise BadNumber("mass-too-fine", "Write milligrams with at most three decimals.")
        return cls(mcg=int(scaled))

    @classmethod
    def nearest(cls, exact_mcg: Fraction) -> Self:
        """Round an exact number of micrograms to a whole one, half to even."""
        return cls(mcg=int(to_decimal(exact_mcg, 0)))

    def __add__(self, other: Self) -> Self:
        return type(self)(mcg=self.mcg + other.mcg)

    def __sub__(self, other: Self) -> Self:
        return type(self)(mcg=self.mcg - other.mcg)

    def __lt__(self, other: Self) -> bool:
        return self.mcg < other.mcg

    def __le__(self, other: Self) -> bool:
        return self.mcg <= other.mcg

    @property
    def in_mg(self) -> Decimal:
        """The amount in milligrams, exact."""
        return Decimal(self.mcg) / MICROGRAMS_PER_MG

    def shown(self, places: int = 1) -> str:
        """Write the amount in mg for a screen, rounded half to even to so many places."""
        return f"{plain(to_decimal(Fraction(self.mcg, MICROGRAMS_PER_MG), places))} mg"

    def __str__(self) -> str:
        return f"{plain(self.in_mg)} mg"


@frozen
class Strength:
    """How much ketamine base stands in each milliliter of a vial or bag."""

    mcg_per_ml: int

    def __post_init__(self) -> None:
        assert type(self.mcg_per_ml) is int, "a strength is a whole number of mcg/mL"
        assert self.mcg_per_ml > 0, "a strength is positive"

    @classmethod
    def mg_per_ml(cls, raw: str | int | Decimal) -> Self:
        """Read milligrams per milliliter; raises BadNumber when it is not a plain positive number."""
        scaled = parse_decimal(raw, "mg/mL") * MICROGRAMS_PER_MG
        if scaled != scaled.to_integral_value() or scaled <= 0:
            raise BadNumber("strength-unreadable", "Choose a strength from stock.")
        return cls(mcg_per_ml=int(scaled))

    def mass_in(self, volume: Volume) -> Fraction:
        """Exact micrograms in a volume of this strength."""
        return Fraction(volume.value) * self.mcg_per_ml

    def __str__(self) -> str:
        return f"{plain(Decimal(self.mcg_per_ml) / MICROGRAMS_PER_MG)} mg/mL"
