"""JSON from outside, read so that it means one thing: no key twice, no number rounded, no endless nesting."""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

DEPTH_MAX: Final = 32
DIGITS_MAX: Final = 9


class NotJson(ValueError):
    """The bytes are no JSON text that means one thing. The message quotes nothing of them."""


def read_json(raw: bytes) -> Any:
    """Read JSON in UTF-8; numbers become Decimal. Raises NotJson, and nothing else, whatever the bytes."""
    try:
        read = json.loads(
            raw.decode("utf-8"),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_no_key_twice,
        )
    except UnicodeDecodeError as error:
        raise NotJson("The text is not UTF-8.") from error
    except NotJson:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotJson("The text is not JSON.") from error
    if _is_deeper(read, DEPTH_MAX):
        raise NotJson(f"The text is nested deeper than {DEPTH_MAX} levels.")
    return read


def canonical(read: Any) -> bytes:
    """Write what was read as JSON with its keys in order: equal for texts that mean the same."""
    return _written(read).encode()


def _written(read: Any) -> str:
    if isinstance(read, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_written(read[key])}" for key in sorted(read)) + "}"
    if isinstance(read, list):
        return "[" + ",".join(map(_written, read)) + "]"
    # A Decimal is written in JSON's own words, which the package for JSON cannot.
    return str(read) if isinstance(read, Decimal) else json.dumps(read)


def plain(number: Decimal) -> str:
    """Write a number out without an exponent, unless nothing measured could be so large or so fine."""
    exponent = number.as_tuple().exponent
    is_sane = (
        isinstance(exponent, int) and -DIGITS_MAX <= exponent <= DIGITS_MAX and number.adjusted() < DIGITS_MAX
    )
    return format(number, "f") if is_sane else str(number)


def _no_constant(text: str) -> NoReturn:
    raise NotJson("NaN and Infinity are not numbers of JSON.")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("An object names one key twice.")
    return found


def _is_deeper(read: Any, depth: int) -> bool:
    children = read.values() if isinstance(read, dict) else read if isinstance(read, list) else ()
    return depth == 0 or any(_is_deeper(child, depth - 1) for child in children)
