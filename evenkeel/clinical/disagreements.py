"""Points on which sources disagree: what each side holds, what Evenkeel does, and the rules that do it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from evenkeel.clinical.rulebook import RULES, Rulebook, RulebookError
from evenkeel.values.shape import frozen

DISAGREEMENTS_FILE: Final = RULES / "disagreements.toml"
_KEYS: Final = {"point", "default", "rules", "positions"}
_KEYS_OF_A_POSITION: Final = {"holds", "cite"}


@frozen
class Position:
    """What one side holds, and the keys of the sources that hold it; without any, nothing read says so."""

    holds: str
    cite: tuple[str, ...]
    is_second_hand: bool


@frozen
class Disagreement:
    """One point with its positions and Evenkeel's default.

    `rules` carry the default; `carried_by` says what else does, where no rule does.
    """

    point: str
    default: str
    positions: tuple[Position, ...]
    rules: tuple[str, ...]
    carried_by: str | None


def read_disagreements(path: Path, book: Rulebook) -> tuple[Disagreement, ...]:
    """Read every point, or raise RulebookError naming the point that names no rule or source of the book."""
    raw = tomllib.loads(path.read_text("utf-8"))
    return tuple(_read(path.name, one, book) for one in raw["disagreement"])


@cache
def shipped_disagreements() -> tuple[Disagreement, ...]:
    """The points that come with Evenkeel, read once."""
    return read_disagreements(DISAGREEMENTS_FILE, Rulebook.shipped())


def _read(file: str, raw: dict[str, Any], book: Rulebook) -> Disagreement:
    where = f"{file}: {raw.get('point', 'a point without a name')}"
    keys = set(raw) - {"carried_by"}
    _demand(keys == _KEYS, f"{where}: missing or unknown keys {', '.join(sorted(keys ^ _KEYS))}")
    _demand(
        bool(raw["rules"]) != ("carried_by" in raw),
        f"{where}: name the rules that carry the default, or in carried_by what else does",
    )
    for id_ in raw["rules"]:
        _demand(id_ in book.by_id, f"{where}: there is no rule {id_}")
    for one in raw["positions"]:
        odd = ", ".join(sorted((set(one) - {"second_hand"}) ^ _KEYS_OF_A_POSITION))
        _demand(not odd, f"{where}: missing or unknown keys of a position {odd}")
    positions = tuple(
        Position(holds=one["holds"], cite=tuple(one["cite"]), is_second_hand=one.get("second_hand") is True)
        for one in raw["positions"]
    )
    _demand(len(positions) > 1, f"{where}: a disagreement has two sides at least")
    for position in positions:
        for key in position.cite:
            _demand(key in book.sources, f"{where}: {key} is not in sources.toml")
    return Disagreement(
        point=raw["point"],
        default=raw["default"],
        positions=positions,
        rules=tuple(raw["rules"]),
        carried_by=raw.get("carried_by"),
    )


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise RulebookError(sentence)
