"""The hazards that rules guard against, in the words of `docs/hazards`, kept where the program can show them.

`tools/write_cases.py` reads the tables of the documentation and writes `rules/hazards.json`.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from evenkeel.clinical.rulebook import RULES
from evenkeel.values.shape import frozen

HAZARDS_FILE: Final = RULES / "hazards.json"
_ROW: Final = re.compile(r"^\| *(HAZ-[0-9]{3}) *\|([^|]*)\|([^|]*)\|", re.MULTILINE)


@frozen
class Hazard:
    """What can go wrong, what would cause it, and the page of `docs/hazards` that it stands on."""

    id: str
    harm: str
    cause: str
    page: str


def hazards_of(folder: Path) -> dict[str, Hazard]:
    """Read every row of the hazard tables in a folder of the documentation."""
    found: dict[str, Hazard] = {}
    for path in sorted(folder.glob("*.md")):
        for id_, harm, cause in _ROW.findall(path.read_text("utf-8")):
            assert id_ not in found, f"{id_} stands twice"
            found[id_] = Hazard(id=id_, harm=harm.strip(), cause=cause.strip(), page=path.stem)
    return found


def as_text(hazards: Mapping[str, Hazard]) -> str:
    """Write hazards as they stand in the file, sorted by id."""
    raw = {
        id_: {"harm": hazards[id_].harm, "cause": hazards[id_].cause, "page": hazards[id_].page}
        for id_ in sorted(hazards)
    }
    return json.dumps(raw, ensure_ascii=False, indent=2) + "\n"


@cache
def shipped_hazards() -> Mapping[str, Hazard]:
    """The hazards that come with Evenkeel, read once."""
    raw = json.loads(HAZARDS_FILE.read_text("utf-8"))
    return {id_: Hazard(id=id_, **row) for id_, row in raw.items()}
