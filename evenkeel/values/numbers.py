"""Reading a number that a person typed, without guessing.

Tenfold and unit errors start at the keyboard, so ".5", "5.", a decimal comma, an exponent, a sign, other
digits or another unit are refused with a sentence each instead of being understood (ISMP error-prone
abbreviations; safety.md). The sentence names the accepted form wherever only one can be meant.
"""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from evenkeel.values.other_units import about_unit, same_unit, unit_named

DIGITS_MAX: Final = 12

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_EXPONENT = re.compile(r"([0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2})(?![0-9]).*", re.ASCII)
_WITH_UNIT = re.compile(r"([0-9.,+−–-]*[0-9.,])\s*([A-Za-zµμ%#\"/].*)")
_NO_NUMBERS = frozenset({"nan", "inf", "infinity", "∞"})
_MINUS_SIGNS: Final = ("-", "−", "–")
# Points of other scripts that stand where "." stands.
_POINTS: Final = {"．": ".", "٫": "."}


class BadNumber(ValueError):
    """A text that is not a plain decimal number; `sentence` tells the person what to write instead."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(code)


def parse_decimal(raw: str | int | Decimal, unit: str | None = None) -> Decimal:
    """Read a plain, non-negative decimal number, or raise BadNumber.

    `unit` is the one that is asked for; a number that was written in another is told what it would be in it.
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
    raise _what_is_wrong(text, unit)


def number_of(text: str, unit: str) -> str:
    """The number of a text such as "70.5 kg"; a unit must be written, and it must be the one asked for."""
    text = text.strip()
    found = _WITH_UNIT.fullmatch(text)
    if found is None or _EXPONENT.fullmatch(text):
        number = parse_decimal(text, unit)
        raise BadNumber("number-no-unit", f'Write the unit too: "{plain(number)} {unit}".')
    digits, written = found.groups()
    if same_unit(written, unit):
        return str(digits)
    named = unit_named(written)
    if named is None:
        raise BadNumber("number-unknown-unit", f'Write the unit as "{unit}".')
    raise BadNumber(*about_unit(parse_decimal(digits), written, unit))


def _what_is_wrong(text: str, unit: str | None) -> BadNumber:
    if not text:
        return BadNumber("number-missing", "Write a number.")
    if (folded := _folded(text)) != text:
        like = folded if _PLAIN.fullmatch(folded) else "70.2"
        return BadNumber("number-other-digits", f'Write the digits 0 to 9, with a point: "{like}".')
    if text.casefold().lstrip("+-") in _NO_NUMBERS:
        return BadNumber("number-not-finite", 'Write a number in digits, such as "70.2".')
    if found := _EXPONENT.fullmatch(text):
        full = plain(Decimal(found[1]))
        return BadNumber("number-exponent", f'Write the number in full, without "e": "{full}".')
    if found := _WITH_UNIT.fullmatch(text):
        return _what_is_wrong_with_unit(found[1], found[2], unit)
    return _what_is_wrong_with_digits(text)


def _what_is_wrong_with_unit(number: str, written: str, asked: str | None) -> BadNumber:
    if not _PLAIN.fullmatch(number):
        return _what_is_wrong_with_digits(number)
    if asked is None or len(number) > DIGITS_MAX:
        return BadNumber("number-with-unit", "Write the number alone; the unit stands beside the field.")
    return BadNumber(*about_unit(Decimal(number), written, asked))


def _what_is_wrong_with_digits(text: str) -> BadNumber:
    if ("," in text and (text.count(",") > 1 or "." in text)) or text.count(".") > 1:
        return BadNumber(
            "number-separators", 'Write one decimal point, and nothing between thousands, as in "1000.5".'
        )
    if "," in text:
        return BadNumber("number-comma", "Write a decimal point, not a comma.")
    if text.startswith("."):
        return BadNumber("number-leading-point", f'Write a zero before the point: "0{text}".')
    if text.endswith("."):
        return BadNumber("number-trailing-point", "Write the number without a point at its end.")
    if text.startswith(_MINUS_SIGNS):
        return BadNumber("number-negative", "Write a number that is not negative.")
    if text.startswith("+"):
        return BadNumber("number-plus", "Write the number without a plus sign.")
    if re.search(r"[0-9]\s+[0-9]", text):
        return BadNumber("number-space", "Write the number without a space in it.")
    return BadNumber("number-unreadable", 'Write digits with at most one point, such as "70.2".')


def _folded(text: str) -> str:
    """The text with digits and points of other scripts as those of ours; nothing else is touched."""
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else _POINTS.get(letter, letter)
        for letter in text
    )


def plain(value: Decimal) -> str:
    """Write a number as ISMP asks: a zero before the point, no zeros at the end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
