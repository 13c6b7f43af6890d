"""`evenkeel rulebook`: the rule book of this clinic as files to read, to print and to sign."""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from evenkeel.clinical.case_tables import Tables
from evenkeel.clinical.disagreements import shipped_disagreements
from evenkeel.clinical.hazards import shipped_hazards
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.rulebook_model import Book, day_words, make_book
from evenkeel.web.rulebook_print import Cover, book_html, book_pdf

NAMES: Final = ("rulebook.html", "rulebook.pdf")


def write_book(folder: Path, rules: Rulebook, tables: Tables, *, clinic: str, cases_run: str) -> Book:
    """Write the book as HTML and as PDF into a folder, or raise UnableToPrint; returns what was written."""
    today = datetime.now(UTC).astimezone().date()
    book = make_book(rules, tables, shipped_hazards(), shipped_disagreements(), on=today)
    cover = Cover(clinic=clinic, version=version("evenkeel"), made=day_words(today), cases_run=cases_run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAMES[0]).write_text(book_html(book, cover), encoding="utf-8")
    (folder / NAMES[1]).write_bytes(book_pdf(book, cover))
    return book
