"""The files that rules are read from, with the line that each thing stands on.

Whoever writes rules is told the file and the line of what is wrong. The reader of TOML gives no lines, so the
text is looked over once more for its tables and keys.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from evenkeel.clinical.limits import RulebookError
from evenkeel.values.shape import frozen

RULES: Final = Path(__file__).parent / "rules"

# Where something stands among nested tables: ("ORD-DOS-003", "version", 0, "limits").
Key = tuple[str | int, ...]

_RULE_ID = re.compile(r"[A-Z]{3}(-[A-Z0-9]{2,4})?-[0-9]{3}", re.ASCII)
_TABLE = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?")
_ENTRY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_AT_LINE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)


@frozen
class Spot:
    """A place in a rule file."""

    file: str
    lines: Mapping[Key, int]
    key: Key = ()

    def at(self, *key: str | int) -> "Spot":
        """A place within this one."""
        return Spot(file=self.file, lines=self.lines, key=(*self.key, *key))

    def __str__(self) -> str:
        """Say file and line; what has no line of its own stands on that of the table around it."""
        around = (self.key[:length] for length in range(len(self.key), 0, -1))
        line = next((self.lines[key] for key in around if key in self.lines), 1)
        return f"{self.file}, line {line}"

    def demand(self, holds: bool, sentence: str) -> None:
        """Raise RulebookError with file and line, the rule's id where there is one, and the sentence."""
        if not holds:
            about = f"{self.key[0]}: " if self.key else ""
            raise RulebookError(f"{self}: {about}{sentence}")


@frozen
class RuleTable:
    """One rule as its file has it, before anything of it is believed."""

    id: str
    stage: str
    table: dict[str, Any]
    spot: Spot


def rule_tables(folder: Path) -> Iterator[RuleTable]:
    """Find the rules among the files: a rule's key is in capitals, a stage's other data in small letters."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        tables, spot = _read(path)
        for key, table in tables.items():
            if key == key.lower():
                continue
            here = spot.at(key)
            here.demand(_RULE_ID.fullmatch(key) is not None, "this is not a rule id")
            here.demand(key not in seen, "the rule stands in two files")
            here.demand(isinstance(table, dict), "a rule is a table")
            seen.add(key)
            yield RuleTable(id=key, stage=path.stem, table=table, spot=here)


def read_sources(folder: Path = RULES) -> dict[str, str]:
    """Every source that a rule may cite: its key and its full reference."""
    sources, spot = _read(folder / "sources.toml")
    for key, text in sources.items():
        spot.at(key).demand(isinstance(text, str) and bool(text), "a source is a key and a full reference")
    return sources


@cache
def shipped_sources() -> Mapping[str, str]:
    """The sources that come with Evenkeel, read once."""
    return read_sources()


def require_listed(what: str, keys: Iterable[str]) -> None:
    """Assert that everything that is cited has its full reference; `what` says in words what cites it."""
    lost = sorted(set(keys) - shipped_sources().keys())
    assert not lost, f"{what} cites what sources.toml lacks: {', '.join(lost)}"


def _read(path: Path) -> tuple[dict[str, Any], Spot]:
    text = path.read_text("utf-8")
    try:
        return tomllib.loads(text), Spot(file=path.name, lines=lines_of(text))
    except tomllib.TOMLDecodeError as broken:
        found = _AT_LINE.fullmatch(str(broken))
        where = f"line {found[2]}: {found[1]}" if found else f"line {text.count(chr(10)) + 1}: {broken}"
        raise RulebookError(f"{path.name}, {where}") from None


def lines_of(text: str) -> dict[Key, int]:
    """The line of every table and every key that begins a line; of a list of tables each by its number."""
    found: dict[Key, int] = {}
    counted: Counter[Key] = Counter()
    table: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.fullmatch(line):
            brackets, name = header.groups()
            table = _table_key(name, counted, is_listed=brackets == "[[")
            found.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            found.setdefault((*table, entry[1]), number)
    return found


def _table_key(name: str, counted: Counter[Key], *, is_listed: bool) -> Key:
    """The key that a header names; a table under a list of tables belongs to the last one of the list."""
    key: Key = ()
    parts = [part.strip() for part in name.split(".")]
    for place, part in enumerate(parts, start=1):
        key = (*key, part)
        if is_listed and place == len(parts):
            counted[key] += 1
        if counted[key]:
            key = (*key, counted[key] - 1)
    return key
