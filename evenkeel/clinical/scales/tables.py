"""Reading a TOML table strictly: what is missing, unknown or of another type is refused by file and line."""

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Self

from evenkeel.clinical.scales.places import Places

Key = str | int
_WORDS: Final[dict[type, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date, such as 2027-06-30",
}


class ScaleError(Exception):
    """A file of a scale cannot be used as it stands; the sentence begins with its name and the line."""


class Table:
    """One table of a file. Keys are asked for one by one; `done` refuses what nobody asked for."""

    def __init__(self, file: str, places: Places, raw: dict[str, Any], path: tuple[Key, ...] = ()) -> None:
        self.file, self.path = file, path
        self._places, self._raw = places, raw
        self._asked: set[str] = set()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a whole file; an error of TOML's own names the file and keeps the line that tomllib tells."""
        text = path.read_text("utf-8")
        try:
            raw = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as broken:
            raise ScaleError(f"{path.name}: {broken}") from None
        return cls(path.name, Places(text), raw)

    def error(self, sentence: str, *key: Key) -> ScaleError:
        """An error at the line of a key of this table, or of the table itself."""
        return ScaleError(f"{self.file}:{self._places.line(*self.path, *key)}: {sentence}")

    def demand(self, holds: bool, sentence: str, *key: Key) -> None:
        """Refuse the file unless something holds."""
        if not holds:
            raise self.error(sentence, *key)

    def has(self, key: str) -> bool:
        """Whether a key stands in the table."""
        return key in self._raw

    def text(self, key: str, default: str | None = None) -> str:
        """A text; it may be left out only where there is a default."""
        if default is not None and key not in self._raw:
            return default
        found: str = self._take(key, str)
        self.demand(bool(found.strip()), f"{key} is empty", key)
        return found

    def whole(self, key: str) -> int:
        """A whole number."""
        found: int = self._take(key, int)
        return found

    def whole_or_none(self, key: str) -> int | None:
        """A whole number, or None where the key is left out."""
        return self.whole(key) if self.has(key) else None

    def number(self, key: str) -> Decimal:
        """A number, exactly as it is written."""
        self._asked.add(key)
        self.demand(self.has(key), f"{key} is missing")
        found = self._raw[key]
        self.demand(_is_number(found), f"{key} is no number", key)
        return Decimal(found)

    def number_or_none(self, key: str) -> Decimal | None:
        """A number, or None where the key is left out."""
        return self.number(key) if self.has(key) else None

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        if key not in self._raw:
            return default
        found: bool = self._take(key, bool)
        return found

    def day(self, key: str) -> date | None:
        """A date, or None where the key is left out."""
        return self._take(key, date) if self.has(key) else None

    def choice(self, key: str, among: tuple[str, ...]) -> Any:
        """One of a few words."""
        found = self.text(key)
        self.demand(found in among, f'{key} "{found}" is none of {", ".join(among)}', key)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where the key is left out."""
        found = self._take(key, list) if self.has(key) else []
        self.demand(all(isinstance(each, str) and each for each in found), f"{key} is a list of texts", key)
        return tuple(found)

    def wholes(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        found = self._take(key, list)
        self.demand(all(type(each) is int for each in found), f"{key} is a list of whole numbers", key)
        return tuple(found)

    def pairs(self, key: str) -> tuple[tuple[Decimal, Decimal], ...]:
        """A list of pairs of numbers."""
        found = self._take(key, list)
        for each in found:
            good = isinstance(each, list) and len(each) == 2 and all(_is_number(part) for part in each)
            self.demand(good, f"{key} is a list of pairs of numbers", key)
        return tuple((Decimal(low), Decimal(high)) for low, high in found)

    def numbers_of(self, key: str, count: int) -> tuple[int, ...]:
        """Places of questions, written as "1-4, 8"; empty where the key is left out."""
        return self._numbers(self.text(key), key, count) if self.has(key) else ()

    def groups_of(self, key: str, count: int) -> tuple[tuple[int, ...], ...]:
        """Several lists of places of questions."""
        return tuple(self._numbers(each, key, count) for each in self.texts(key))

    def table(self, key: str) -> "Table":
        """A table that has to be there."""
        return Table(self.file, self._places, self._take(key, dict), (*self.path, key))

    def table_or_none(self, key: str) -> "Table | None":
        """A table, or None where the key is left out."""
        return self.table(key) if self.has(key) else None

    def tables(self, key: str) -> tuple["Table", ...]:
        """A list of tables, empty where the key is left out."""
        found = self._take(key, list) if self.has(key) else []
        self.demand(all(isinstance(each, dict) for each in found), f"{key} is a list of tables", key)
        return tuple(
            Table(self.file, self._places, each, (*self.path, key, place)) for place, each in enumerate(found)
        )

    def named(self) -> Iterator[tuple[str, "Table"]]:
        """Every table in this one, by its name."""
        for key in self._raw:
            yield key, self.table(key)

    def __iter__(self) -> Iterator[str]:
        """Every key of the table."""
        return iter(self._raw)

    def done(self) -> None:
        """Refuse what nobody asked for."""
        for key in self._raw:
            self.demand(key in self._asked, f"{key} is not a key that is known here", key)

    def _take(self, key: str, kind: type) -> Any:
        self._asked.add(key)
        self.demand(key in self._raw, f"{key} is missing")
        found = self._raw[key]
        # The type itself: true is an int to Python, and a time on a day is a date.
        self.demand(type(found) is kind, f"{key} is not {_WORDS[kind]}", key)
        return found

    def _numbers(self, text: str, key: str, count: int) -> tuple[int, ...]:
        found: list[int] = []
        for part in text.split(","):
            first, dash, last = part.strip().partition("-")
            last = last if dash else first
            good = first.isdecimal() and last.isdecimal() and int(first) <= int(last)
            self.demand(good, f'{key} "{text}" is unreadable', key)
            found.extend(range(int(first), int(last) + 1))
        self.demand(len(set(found)) == len(found), f'{key} "{text}" names one twice', key)
        good = all(1 <= number <= count for number in found)
        self.demand(good, f'{key} "{text}" names a question that there is not', key)
        return tuple(found)


def _is_number(found: object) -> bool:
    """A number that can be counted with: TOML knows inf and nan too, and true is an int to Python."""
    return type(found) is int or (isinstance(found, Decimal) and found.is_finite())
