"""The rule book to be printed and signed: one HTML file that needs nothing else, and a PDF."""

from dataclasses import asdict
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from evenkeel.clinical.rulebook_model import BASIS_NAMES, BASIS_WORDS, Book
from evenkeel.values.shape import frozen
from evenkeel.web.printing import make_long_pdf

# Not among the pages, since a file that stands alone carries its own style, which pages may not.
FOLDER: Final = "printed"
TEMPLATE: Final = "rulebook.html.jinja"
SHEET: Final = "rulebook"


@frozen
class Cover:
    """What stands on the first page: for whom, of which Evenkeel, made when, and when the cases were run."""

    clinic: str
    version: str
    made: str
    cases_run: str


def book_html(book: Book, cover: Cover) -> str:
    """Write the book as one HTML file, readable without its style and good to print."""
    pages = Environment(
        loader=PackageLoader("evenkeel.web", FOLDER),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(TEMPLATE).render(
        book=book, cover=cover, basis_words=BASIS_WORDS, basis_names=BASIS_NAMES
    )


def book_pdf(book: Book, cover: Cover) -> bytes:
    """Write the book as a PDF, or raise UnableToPrint."""
    return make_long_pdf(SHEET, _data(book, cover))


def _data(book: Book, cover: Cover) -> dict[str, Any]:
    held, of = book.held
    return {
        **asdict(cover),
        **asdict(book),
        "held": held,
        "of": of,
        "rule_count": len(book.rules),
        "proposal_count": len(book.proposals),
        "founded": [[BASIS_WORDS[basis], str(count)] for basis, count in book.founded.items()],
        "basis_names": dict(BASIS_NAMES),
        "basis_words": dict(BASIS_WORDS),
    }
