"""Reading a number that a person typed, without guessing.

Tenfold and unit errors start at the keyboard, so ".5", "5.", a decimal comma, an exponent or a sign are
refused with a sentence each instead of being understood (ISMP error-prone abbreviations; safety.md).
"""

import re
from decimal import Decimal
from typing import Final

DIGITS_MAX: Final = 12

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


class BadNumber(ValueError):
    """A text that is not a plain decimal number; `sentence` tells the person what to write instead."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(code)


def parse_decimal(raw: str | int | Decimal) -> Decimal:
    """Read a plain, non-negative decimal number, or raise BadNumber.

    Floats are refused as a broken invariant.
    """
    assert not isinstance(raw, float | bool), "a float or a truth value is not an exact number"
    if isinstance(raw, int):
        raw = str(raw)
    if isinstance(raw, Decimal):
        raw = format(raw, "f") if raw.is_finite() else str(raw)
    text = raw.strip()
    if _PLAIN.fullmatch(text):
        if len(text) > DIGITS_MAX:
            raise BadNumber("number-too-long", f"Write at most {DIGITS_MAX} digits.")
        return Decimal(text)
    raise _what_is_wrong(text)


def _what_is_wrong(text: str) -> BadNumber:
    if not text:
        return BadNumber("number-missing", "Write a number.")
    if "," in text:
        return BadNumber("number-comma", "Write a decimal point, not a comma.")
    if text.startswith("."):
        return BadNumber("number-leading-point", f'Write a zero before the point: "0{text}".')
    if text.endswith("."):
        return BadNumber("number-trailing-point", "Write the number without a point at its end.")
    if text.startswith("-"):
        return BadNumber("number-negative", "Write a number that is not negative.")
    if re.search(r"[0-9]\s*[A-Za-z%µ]", text) and not re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", text):
        return BadNumber("number-with-unit", "Write the number alone; the unit stands beside the field.")
    return BadNumber("number-unreadable", 'Write digits with at most one point, such as "70.2".')


def plain(value: Decimal) -> str:
    """Write a number as ISMP asks: a zero before the point, no zeros at the end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
