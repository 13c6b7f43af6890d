"""A TOML table that is read field by field, so that whatever was not read can be refused at the end."""

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from evenkeel.pharmacology.errors import ParameterSetError
from evenkeel.pharmacology.formulas import Dimension, Formula, FormulaError, read_formula
from evenkeel.pharmacology.sources import Mark, Quantity

Word = TypeVar("Word", bound=str)
Sign = Literal["any", "positive", "0 or more"]


class Table:
    """One table of the file `origin`; every refusal names the file and the field."""

    def __init__(self, origin: str, path: str, content: Mapping[str, object]) -> None:
        self._origin = origin
        self._path = path
        self._unread = dict(content)

    def fail(self, name: str, rule: str) -> ParameterSetError:
        """An error that names the file and a field of this table."""
        return ParameterSetError(f"{self._origin}: {self._path}{name} {rule}.")

    def has(self, name: str) -> bool:
        return name in self._unread

    def names(self) -> tuple[str, ...]:
        return tuple(self._unread)

    def text(self, name: str) -> str:
        value = self._take(name)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(name, "must be a text that is not empty")
        return value

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(name, "must be a list of texts")
        return tuple(cast("list[str]", value))

    def word(self, name: str, words: type[Word]) -> Word:
        given = self.text(name)
        accepted = [str(word) for word in cast("Any", words)]
        if given not in accepted:
            raise self.fail(name, f"must be one of {', '.join(accepted)}, not {given!r}")
        return words(given)

    def whole(self, name: str) -> int:
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(name, "must be a whole number")
        return value

    def number(self, name: str, sign: Sign = "any") -> float:
        return self._number(name, self._take(name), sign)

    def numbers(self, name: str, sign: Sign = "any") -> tuple[float, ...]:
        values = self._take(name)
        if not isinstance(values, list) or not values:
            raise self.fail(name, "must be a list of numbers that is not empty")
        return tuple(self._number(name, value, sign) for value in values)

    def table(self, name: str) -> "Table":
        value = self._take(name)
        if not isinstance(value, dict):
            raise self.fail(name, "must be a table")
        return Table(self._origin, f"{self._path}{name}.", value)

    def tables(self, name: str) -> tuple["Table", ...]:
        """The tables of a list; none where the field is not there."""
        if not self.has(name):
            return ()
        value = self._take(name)
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise self.fail(name, "must be a list of at least one table")
        return tuple(Table(self._origin, f"{self._path}{name}[{i}].", item) for i, item in enumerate(value))

    def quantity(self, name: str, *units: str, sign: Sign = "any") -> Quantity:
        """A number with unit, source and mark, in one of `units` if there are any; none is converted."""
        table = self.table(name)
        value = table.number("value")
        # The number is refused by its own name: "V1 must be greater than 0".
        self._number(name, value, sign)
        unit = table.text("unit")
        if units and unit not in units:
            accepted = " or ".join(repr(accepted) for accepted in units)
            raise table.fail("unit", f"must be {accepted}, not {unit!r}; no unit is converted")
        found = Quantity(value=value, unit=unit, source=table.text("source"), mark=table.word("mark", Mark))
        table.refuse_leftovers()
        return found

    def formula(self, name: str, dimensions: Mapping[str, Dimension], wanted: Dimension) -> Formula:
        try:
            return read_formula(self.text(name), dimensions, wanted)
        except FormulaError as cause:
            raise self.fail(name, f"is no sound formula: {cause}") from cause

    def refuse_leftovers(self) -> None:
        if self._unread:
            raise self.fail(next(iter(self._unread)), "is not a field of a parameter set")

    def _take(self, name: str) -> object:
        if name not in self._unread:
            raise self.fail(name, "is missing")
        return self._unread.pop(name)

    def _number(self, name: str, value: object, sign: Sign) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.fail(name, "must be a finite number")
        if sign == "positive" and value <= 0:
            raise self.fail(name, f"must be greater than 0, not {value:g}")
        if sign == "0 or more" and value < 0:
            raise self.fail(name, f"must be 0 or more, not {value:g}")
        return float(value)
