"""Units that people write where another one is asked for, and what to tell them.

A weight in pounds or a dose in micrograms is never converted behind somebody's back: the sentence names what
it would be in the unit that is asked for, and a person writes that (safety.md, "Dose errors to catch").
"""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

# How each unit is written, beside its own name. Compared without case, spaces and points, with "u" for micro.
_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "kg": ("kgs", "kilo", "kilos", "kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "lb": ("lbs", "pound", "pounds", "#"),
    "st": ("stone", "stones"),
    "mg": ("mgs", "milligram", "milligrams"),
    "mcg": ("ug", "microgram", "micrograms"),
    "mg/kg": (),
    "mcg/kg": ("ug/kg",),
    "mg/kg/h": ("mg/kg/hr", "mg/kg/hour"),
    "mg/kg/min": (),
    "mcg/kg/min": ("ug/kg/min",),
    "mcg/kg/h": ("ug/kg/h", "mcg/kg/hr", "ug/kg/hr"),
    "mg/h": ("mg/hr", "mg/hour"),
    "mg/mL": (),
    "mL": ("mls", "cc", "milliliter", "milliliters"),
    "L": ("liter", "liters"),
    "mL/h": ("ml/hr", "ml/hour", "cc/h", "cc/hr"),
    "mL/min": (),
    "min": ("mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "days": ("d", "day"),
    "years": ("y", "yr", "yrs", "year"),
    "s": ("sec", "secs", "second", "seconds"),
    "cm": (),
    "m": (),
    "in": ("inch", "inches", '"'),
    "ft": ("foot", "feet"),
}
# What one of the first unit is in the second. The pound and the inch are exact by definition (NIST Special
# Publication 811, appendix B.8); a stone is 14 pounds and a foot 12 inches.
_FACTORS: Final[dict[tuple[str, str], Fraction]] = {
    ("lb", "kg"): Fraction("0.45359237"),
    ("st", "kg"): 14 * Fraction("0.45359237"),
    ("g", "kg"): Fraction(1, 1000),
    ("mcg", "mg"): Fraction(1, 1000),
    ("g", "mg"): Fraction(1000),
    ("mcg/kg", "mg/kg"): Fraction(1, 1000),
    ("L", "mL"): Fraction(1000),
    ("mL/min", "mL/h"): Fraction(60),
    ("h", "min"): Fraction(60),
    ("s", "min"): Fraction(1, 60),
    ("min", "h"): Fraction(1, 60),
    ("in", "cm"): Fraction("2.54"),
    ("ft", "cm"): 12 * Fraction("2.54"),
    ("m", "cm"): Fraction(100),
}
# As finely as a scale or a tape is read; all else to six places.
_PLACES: Final = {"kg": 1, "cm": 1}
_PLACES_OTHERWISE: Final = 6


def _folded(written: str) -> str:
    return re.sub(r"[\s.]", "", written).replace("µ", "u").replace("μ", "u").casefold()


_NAMES: Final = {
    _folded(spelling): name for name, others in _SPELLINGS.items() for spelling in (name, *others)
}


def unit_named(written: str) -> str | None:
    """The unit that somebody wrote, by its own name; None when it is none that is known here."""
    return _NAMES.get(_folded(written))


def same_unit(written: str, asked: str) -> bool:
    """Whether somebody wrote the unit that is asked for, by its name or in another spelling of it."""
    return unit_named(written) == asked or _folded(written) == _folded(asked)


def about_unit(number: Decimal, written: str, asked: str) -> tuple[str, str]:
    """A code and a sentence for a number that was written with a unit where the number alone is asked for."""
    found = unit_named(written)
    if same_unit(written, asked):
        return "number-with-unit", "Write the number alone; the unit stands beside the field."
    if found is None:
        return "number-unknown-unit", f"Write the number alone, in {asked}."
    if (factor := _FACTORS.get((found, asked))) is not None:
        value = _shown(Fraction(number) * factor, _PLACES.get(asked, _PLACES_OTHERWISE))
        return "number-other-unit", f"Write {asked}: {_shown(Fraction(number))} {found} is {value} {asked}."
    if found in (f"{asked}/h", f"{asked}/min"):
        return (
            "number-per-time",
            f"Write {asked} for the whole run; {found} is a rate, and the time stands in a field of its own.",
        )
    return "number-wrong-unit", f"Write {asked}; {found} measures something else."


def _shown(exact: Fraction, places: int = _PLACES_OTHERWISE) -> str:
    """Digits with a point and no zeros at the end."""
    scaled = round(exact * 10**places)
    whole, part = divmod(scaled, 10**places)
    return f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".")
