"""Limits of several rules that stand in an order, such as that of an alert below that of a pause."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from evenkeel.clinical.limits import Limit, RulebookError, measure
from evenkeel.clinical.rulebook import RULES, Rule, Rulebook
from evenkeel.values.shape import frozen

LADDERS_FILE: Final = RULES / "ladders.toml"
_KEYS: Final = {"rungs", "otherwise"}


@frozen
class Rung:
    """One limit of one rule."""

    rule: str
    limit: str

    def of(self, rules: Mapping[str, Rule], on: date) -> Limit:
        """What it stands at on a day."""
        limit: Limit = rules[self.rule].version_on(on).limits.by_name[self.limit]
        return limit


@frozen
class Ladder:
    """Limits of one unit, the lowest first; two may be equal. `otherwise` says what is wrong out of order."""

    rungs: tuple[Rung, ...]
    otherwise: str


@frozen
class Crossing:
    """On a day a limit stands above one that it should stand below."""

    lower: Rung
    upper: Rung
    on: date
    otherwise: str


def read_ladders(path: Path, book: Rulebook) -> tuple[Ladder, ...]:
    """Read every ladder, or raise RulebookError naming the file and the ladder that is wrong."""
    raw = tomllib.loads(path.read_text("utf-8"))["ladder"]
    return tuple(_read(f"{path.name}, ladder {number}", one, book) for number, one in enumerate(raw, start=1))


@cache
def shipped_ladders() -> tuple[Ladder, ...]:
    """The ladders that come with Evenkeel, read once."""
    return read_ladders(LADDERS_FILE, Rulebook.shipped())


def crossings(
    ladders: Iterable[Ladder], rules: Mapping[str, Rule], moved: Rung, from_date: date
) -> Iterator[Crossing]:
    """Where one limit stands on the wrong side of another, on a day or on a later one that changes either."""
    for ladder in ladders:
        if moved not in ladder.rungs:
            continue
        place = ladder.rungs.index(moved)
        for at, other in enumerate(ladder.rungs):
            lower, upper = (other, moved) if at < place else (moved, other)
            day = next(
                (day for day in _days(rules, lower, upper, from_date) if _crosses(rules, lower, upper, day)),
                None,
            )
            if day is not None:
                yield Crossing(lower=lower, upper=upper, on=day, otherwise=ladder.otherwise)


def _days(rules: Mapping[str, Rule], lower: Rung, upper: Rung, from_date: date) -> list[date]:
    """The day itself, and each later one from which a clinic set something of either rule."""
    changed = {setting.from_date for rung in (lower, upper) for setting in rules[rung.rule].settings}
    return sorted({from_date, *(day for day in changed if day > from_date)})


def _crosses(rules: Mapping[str, Rule], lower: Rung, upper: Rung, on: date) -> bool:
    return measure(lower.of(rules, on)) > measure(upper.of(rules, on))


def _read(where: str, raw: Mapping[str, Any], book: Rulebook) -> Ladder:
    _demand(raw.keys() == _KEYS, f"{where}: it has the keys rungs and otherwise")
    rungs = tuple(_rung(where, word, book) for word in raw["rungs"])
    _demand(len(rungs) > 1, f"{where}: a ladder has two rungs at least")
    ladder = Ladder(rungs=rungs, otherwise=raw["otherwise"])
    for version in (version for rung in rungs for version in book.rule(rung.rule).versions):
        on = version.from_date
        kinds = {type(rung.of(book.by_id, on)) for rung in rungs}
        _demand(len(kinds) == 1, f"{where}: its limits are of several kinds")
        for lower, upper in pairwise(rungs):
            _demand(
                not _crosses(book.by_id, lower, upper, on),
                f"{where}: on {on} {lower.rule}.{lower.limit} stands above {upper.rule}.{upper.limit}",
            )
    return ladder


def _rung(where: str, word: str, book: Rulebook) -> Rung:
    id_, _, name = word.partition(".")
    _demand(id_ in book.by_id, f"{where}: there is no rule {id_}")
    for version in book.rule(id_).versions:
        limit = version.limits.by_name.get(name)
        is_number = limit is not None and not isinstance(limit, tuple)
        _demand(is_number, f"{where}: {id_} has no number called {name}")
    return Rung(rule=id_, limit=name)


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise RulebookError(sentence)
