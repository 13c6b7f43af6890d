"""Cells of a ledger report: how one value reads on screen and paper, and how it is written for a machine."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone

from evenkeel.values.drug import MICROGRAMS_PER_MG
from evenkeel.values.numbers import plain
from evenkeel.values.shape import frozen
from evenkeel.web.jinja import clinic_date, clinic_datetime

NOTHING: Final = "–"
MINUS: Final = "−"
# A spreadsheet takes a cell that begins so for a formula and runs it (OWASP, CSV injection).
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Without it spreadsheet programs misread every letter that is not English.
BYTE_ORDER_MARK: Final = "\ufeff"


@frozen
class Mass:
    """So many micrograms, which may be below zero; `vial_mcg` where they are whole vials."""

    mcg: int
    vial_mcg: int | None = None


Cell = str | int | float | Mass | datetime | date | None
Row = tuple[Cell, ...]


@frozen
class Column:
    """One column: its name for machines, its heading, and where it is shown.

    `width` is its share of a printed page; 0 leaves it out there. `is_short` keeps its words in one line on
    screen, where a wide table can be moved sideways.
    """

    name: str
    heading: str
    width: int = 0
    is_numeric: bool = False
    is_short: bool = False
    on_screen: bool = True
    in_file: bool = True


@frozen
class Sheet:
    """One report, ready to be read.

    `rows(first, count)` reads them from the `first` one on, `count` of them or, with None, all.
    """

    key: str
    title: str
    lead: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: Callable[[int, int | None], Iterator[Row]]
    total: int
    empty: str


def mg_of(mcg: int) -> str:
    """Micrograms as exact milligrams, for a machine: "-35.5"."""
    return plain(Decimal(mcg) / MICROGRAMS_PER_MG)


def shown(cell: Cell) -> str:
    """A cell for a person: "4 vials, 2,000 mg", "3 Feb 2026, 14:05"; a dash where there is nothing to say."""
    if cell is None or cell == "":
        return NOTHING
    if isinstance(cell, Mass):
        return _mass(cell)
    if isinstance(cell, datetime):
        return clinic_datetime(cell)
    if isinstance(cell, date):
        return clinic_date(cell)
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return str(cell)


def _mass(mass: Mass) -> str:
    sign = MINUS if mass.mcg < 0 else ""
    whole, _, rest = mg_of(abs(mass.mcg)).partition(".")
    amount = f"{sign}{int(whole):,}{'.' + rest if rest else ''} mg"
    if mass.vial_mcg is None or mass.mcg % mass.vial_mcg or mass.mcg <= 0:
        return amount
    vials = mass.mcg // mass.vial_mcg
    return f"{vials} vial, {amount}" if vials == 1 else f"{vials} vials, {amount}"


def written(cell: Cell) -> str:
    """A cell for a machine: ISO times with their zone, milligrams as numbers, no text that is a formula."""
    if cell is None:
        return ""
    if isinstance(cell, Mass):
        return mg_of(cell.mcg)
    if isinstance(cell, datetime):
        return timezone.localtime(cell).isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:.6f}"
    # Numbers are ours and may be negative; only what somebody typed can be a formula.
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA_SIGNS):
        return f"'{cell}"
    return str(cell)


def csv_parts(sheet: Sheet, lines_a_part: int) -> Iterator[bytes]:
    """The report as RFC 4180 asks, in UTF-8, some lines at a time: a header, then every row."""
    columns = [place for place, column in enumerate(sheet.columns) if column.in_file]
    yield (BYTE_ORDER_MARK + _lines([[sheet.columns[place].name for place in columns]])).encode()
    waiting: list[list[str]] = []
    for row in sheet.rows(0, None):
        waiting.append([written(row[place]) for place in columns])
        if len(waiting) == lines_a_part:
            yield _lines(waiting).encode()
            waiting = []
    if waiting:
        yield _lines(waiting).encode()


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
