"""Rating scales: one file per scale, read and checked once. A file that does not add up stops the program."""

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from evenkeel.values.quantities import Percent, Score
from evenkeel.values.shape import frozen

SCALES: Final = Path(__file__).parent

# What a course is for, in two words; the scale that a course is judged by is the one of its family.
Family = Literal["mood", "pain"]


@frozen
class Option:
    """One answer that can be chosen: its points, its words and its LOINC answer code."""

    value: int
    text: str
    code: str


@frozen
class Item:
    """One question. From the answer `risk_from` on it alerts, whatever the total; None when it never does."""

    number: int
    text: str
    options: tuple[Option, ...]
    loinc: str
    scored: bool
    risk_from: int | None


@frozen
class Band:
    """A range of totals with a name; both ends belong to it."""

    low: int
    high: int
    label: str


@frozen
class Scale:
    """One instrument in one version: what is asked, how it is scored and what a change means.

    `remission_below` and `worse_from` are points; a scale without a published remission has None.
    """

    id: str
    version: str
    title: str
    short: str
    rater: str
    recall: str
    stem: str
    credit: str
    sources: tuple[str, ...]
    items: tuple[Item, ...]
    low: int
    high: int
    bands: tuple[Band, ...]
    response_fall: Percent
    remission_below: Score | None
    worse_from: Score
    loinc_panel: str | None
    loinc_total: str
    family: Family

    @property
    def scored_items(self) -> tuple[Item, ...]:
        """The questions that count into the total."""
        return tuple(item for item in self.items if item.scored)

    def band_of(self, total: Decimal) -> str | None:
        """The name of the range that a total lies in, where the scale has ranges."""
        return next((band.label for band in self.bands if band.low <= total <= band.high), None)


def scale(scale_id: str) -> Scale:
    """One scale by its id; an id of no scale is a broken invariant."""
    known = scales()
    assert scale_id in known, "there is no scale of that id"
    return known[scale_id]


@cache
def scales() -> dict[str, Scale]:
    """Every shipped scale by its id."""
    found = [_read(tomllib.loads(path.read_text("utf-8"))) for path in sorted(SCALES.glob("*.toml"))]
    assert sorted(one.family for one in found) == sorted(get_args(Family)), "each family has one scale"
    return {one.id: one for one in found}


def scale_for(family: Family) -> Scale:
    """The scale by which a course of this family is judged."""
    return next(one for one in scales().values() if one.family == family)


def _read(raw: dict[str, Any]) -> Scale:
    options = {
        name: tuple(Option(**row) for row in table["options"]) for name, table in raw["answers"].items()
    }
    remission = raw.get("remission")
    made = Scale(
        id=raw["id"],
        version=raw["version"],
        title=raw["title"],
        short=raw["short"],
        rater=raw["rater"],
        recall=raw["recall"],
        stem=raw["stem"],
        credit=raw["credit"],
        sources=tuple(raw["sources"]),
        items=tuple(
            Item(
                number=number,
                text=row["text"],
                options=options[row["answers"]],
                loinc=row["loinc"],
                scored=row.get("scored", True),
                risk_from=row.get("risk_from"),
            )
            for number, row in enumerate(raw["item"], start=1)
        ),
        low=raw["total"]["low"],
        high=raw["total"]["high"],
        bands=tuple(Band(**row) for row in raw.get("band", ())),
        response_fall=Percent.of(raw["response"]["fall_percent"]),
        remission_below=Score.of(remission["below"]) if remission else None,
        worse_from=Score.of(raw["worse"]["rise_points"]),
        loinc_panel=raw["loinc"].get("panel"),
        loinc_total=raw["loinc"]["total"],
        family=raw["family"],
    )
    _check(made)
    return made


def _check(made: Scale) -> None:
    """The answers must span exactly the totals, and the bands must cover each total once."""
    lowest = sum(min(option.value for option in item.options) for item in made.scored_items)
    highest = sum(max(option.value for option in item.options) for item in made.scored_items)
    assert (lowest, highest) == (made.low, made.high), f"{made.id}: the answers do not span the totals"
    if made.bands:
        covered = [total for band in made.bands for total in range(band.low, band.high + 1)]
        assert covered == list(range(made.low, made.high + 1)), f"{made.id}: the bands leave a gap or overlap"
