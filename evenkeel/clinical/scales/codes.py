"""Check digits of LOINC codes. They catch what was invented or mistyped, not a good code in a wrong place."""

import re
from typing import Final

# LOINC's own codes end in the mod-10 digit. Answer codes (LA) and answer lists (LL) end in that digit moved
# on by a fixed number, for LA one that depends on the count of digits: inferred from 41 published codes.
_CODE: Final = re.compile(r"(LA|LL|)([0-9]{1,7})-([0-9])", re.ASCII)


def is_well_formed(code: str) -> bool:
    """Whether a LOINC term, answer or list code ends in its check digit."""
    found = _CODE.fullmatch(code)
    if found is None:
        return False
    kind, body, digit = found.groups()
    return (check_digit(body) + _offset(kind, body)) % 10 == int(digit)


def check_digit(body: str) -> int:
    """The mod-10 digit of a row of digits."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return -total % 10


def _offset(kind: str, body: str) -> int:
    if kind == "LA":
        return 5 if len(body) % 2 == 0 else 2
    return 1 if kind == "LL" else 0
