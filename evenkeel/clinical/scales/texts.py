"""The wording that a clinic loads under its own license: one file for each scale, of the same shape as ours.

Words never change a score: a file that brings other answers, or fewer questions, is refused.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from evenkeel.clinical.scales.checks import ends_of
from evenkeel.clinical.scales.shape import Item, Option, Scale
from evenkeel.clinical.scales.tables import ScaleError, Table
from evenkeel.values.shape import frozen

# So many digits of the hash tell one wording from another in a result's version.
_FINGERPRINT_DIGITS = 8


@frozen
class Text:
    """What a clinic may show of one scale, by which permission, and until which day; None has no end."""

    scale: Scale
    until_date: date | None

    def holds_on(self, day: date) -> bool:
        """Whether the permission has not run out."""
        return self.until_date is None or day <= self.until_date


def read_texts(folder: Path, known: Mapping[str, Scale]) -> dict[str, Text]:
    """Every text in a folder by its scale, or ScaleError with file, line and what is wrong there."""
    if not folder.is_dir():
        raise ScaleError(f"{folder}: there is no such folder of scale texts")
    return {path.stem: _read_text(path, known) for path in sorted(folder.glob("*.toml"))}


def _read_text(path: Path, known: Mapping[str, Scale]) -> Text:
    top = Table.read(path)
    id_ = top.text("id")
    top.demand(id_ in known, f'there is no scale "{id_}"', "id")
    top.demand(id_ == path.stem, f'the id "{id_}" is not the name of the file', "id")
    of = known[id_]
    top.demand(not of.unusable, f"{of.short} cannot be used here: {of.unusable}", "id")
    top.demand(of.license.wording != "ships", f"the wording of {of.short} stands in Evenkeel already", "id")
    until = top.day("until_date")
    permission = top.text("permission")
    worded = of
    if of.license.wording == "clinic_loads":
        worded = _worded(of, top)
    top.done()
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:_FINGERPRINT_DIGITS]
    version = f"{of.version}+{mark}"
    return Text(scale=replace(worded, permission=permission, version=version), until_date=until)


def _worded(of: Scale, top: Table) -> Scale:
    words = (
        {name: _words(table) for name, table in top.table("answers").named()} if top.has("answers") else {}
    )
    rows = top.tables("item")
    count = len(of.items)
    top.demand(len(rows) == count, f"{of.short} has {count} questions, and {len(rows)} stand here", "item")
    items = tuple(_item(item, row, words) for item, row in zip(of.items, rows, strict=True))
    made = replace(of, items=items, stem=top.text("stem", of.stem), recall=top.text("recall", of.recall))
    if of.scoring.method == "lookup":
        made = replace(made, scoring=replace(of.scoring, table=_table(of, top)))
    return made


def _item(item: Item, row: Table, words: Mapping[str, Mapping[int, str]]) -> Item:
    options = item.options
    if item.span is None:
        name = row.text("answers")
        row.demand(name in words, f'there are no answers called "{name}"', "answers")
        options = _options(item, row, words[name])
    made = replace(item, text=row.text("text"), options=options)
    row.done()
    return made


def _options(item: Item, row: Table, words: Mapping[int, str]) -> tuple[Option, ...]:
    for value in item.values:
        row.demand(value in words, f"question {item.key} has no words for the answer {value}", "answers")
    for value in sorted(words):
        row.demand(value in item.values, f"question {item.key} does not offer the answer {value}", "answers")
    return tuple(replace(option, text=words[option.value]) for option in item.options)


def _words(table: Table) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for row in table.tables("options"):
        value = row.whole("value")
        row.demand(value not in found, f"the answer {value} stands there twice", "value")
        found[value] = row.text("text")
        row.done()
    table.done()
    return found


def _table(of: Scale, top: Table) -> Mapping[int, Decimal]:
    """The published table from a plain sum to a score; it names every sum that can come."""
    pairs = top.pairs("table")
    low, high = ends_of(replace(of, scoring=replace(of.scoring, method="sum")))
    expected = list(range(int(low), int(high) + 1))
    top.demand(
        [raw for raw, _ in pairs] == expected,
        f"table names every sum from {low} to {high} once, in order",
        "table",
    )
    inside = all(of.low <= score <= of.high for _, score in pairs)
    top.demand(inside, f"table has a score outside {of.low} to {of.high}", "table")
    return {int(raw): score for raw, score in pairs}
