"""The rule book, built once and written as pages, as HTML and as PDF: nothing that one needs is left out."""

import io
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from pypdf import PdfReader

from evenkeel.clinical.case_tables import CaseTable, shipped_tables
from evenkeel.clinical.disagreements import shipped_disagreements
from evenkeel.clinical.hazards import shipped_hazards
from evenkeel.clinical.rulebook import Rule, Rulebook
from evenkeel.clinical.rulebook_model import STAGES, Book, make_book
from evenkeel.clinical.rulebook_page import render
from evenkeel.config.rulebook_command import write_book
from evenkeel.record.verdict import Answer
from evenkeel.web.printing import STANDARDS
from evenkeel.web.rulebook_print import Cover, book_html, book_pdf

TODAY: Final = date(2026, 11, 22)
RULES: Final = Rulebook.shipped()
COVER: Final = Cover(
    clinic="Made-up Clinic <& Sons>", version="9.9.9", made="22 Nov 2026", cases_run="run in this test"
)
VOID: Final = frozenset({"meta", "br"})


def book_of(tables: dict[str, CaseTable] | None = None) -> Book:
    """The book of the shipped rules."""
    return make_book(RULES, tables or shipped_tables(), shipped_hazards(), shipped_disagreements(), on=TODAY)


BOOK: Final = book_of()
PAGES: Final = render(BOOK)
HTML: Final = book_html(BOOK, COVER)


class Reader(HTMLParser):
    """Collects ids, links within the file, and whatever is opened and not closed in turn."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.headings: list[int] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that begins."""
        said = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if tag == "a":
            self.links.append(str(said["href"]).removeprefix("#"))
        self.outside += [str(said[name]) for name in ("src", "srcset") if name in said]
        if tag == "link":
            self.outside.append(str(said.get("href")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        """Demand that what ends is what began last."""
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.text += data


@pytest.fixture(scope="module")
def html() -> Reader:
    """The HTML book, read."""
    reader = Reader()
    reader.feed(HTML)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def printed() -> str:
    """Every word of the PDF, white space out of the way, since a line may end anywhere."""
    pdf = PdfReader(io.BytesIO(book_pdf(BOOK, COVER)))
    return squeezed("".join(page.extract_text() for page in pdf.pages))


def squeezed(words: str) -> str:
    """The words without white space and without the hyphens that the end of a line brings."""
    return re.sub(r"[\s\u00ad\u2010-]", "", words)


def section(rule: Rule) -> str:
    """What the page of a stage says about one rule."""
    page = PAGES[f"{rule.stage}.md"]
    found = re.search(rf"^## {rule.id}: .*?(?=^\([a-z]|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_rule_says_all_that_it_rests_on(rule: Rule) -> None:
    text = section(rule)
    now = rule.version_on(TODAY)
    hazard = shipped_hazards()[rule.hazard]
    assert rule.title in text
    assert rule.sentence(now) in text
    assert f"Guards against {rule.hazard}: {hazard.harm}" in text
    assert f"checked by: {now.checked_by}" in text
    for version in rule.versions:
        assert f"- Version {version.number}, from " in text
    for limit in now.limits.by_name.values():
        shown = ", ".join(limit).replace("_", " ") if isinstance(limit, tuple) else str(limit)
        assert f": {shown}" in text
    for cited in now.cite:
        assert f"`{cited.key}`, {cited.locator}" in text
        assert f"## {cited.key}\n\n{RULES.sources[cited.key]}\n" in PAGES["sources.md"]
    table = shipped_tables()[rule.id]
    assert text.count("| yes |\n") + text.count("| yes |") >= len(table.cases)
    for case in table.cases:
        assert case.note in text


def test_answers_say_what_they_ask_for_and_who_may_go_on() -> None:
    text = section(RULES.rule("INF-STA-007"))
    assert (
        "- When it fires: **asks for a confirmation**; who may go on: a prescriber, with a written reason"
        in text
    )
    assert "- When not known: **stops**; who may go on: nobody" in text
    # What only advises asks nobody.
    assert "- When it fires: **advises**\n" in section(RULES.rule("CHK-BP-003"))


def test_a_number_that_nobody_published_is_called_a_proposal() -> None:
    assert "a proposal for the clinic's medical director" in section(RULES.rule("SCR-EXP-001"))
    assert "no source" in section(RULES.rule("SCR-EXP-001"))
    assert "somebody else's account" in section(RULES.rule("CHK-FST-001"))


def test_every_proposal_waits_for_a_signature_and_nothing_else_does() -> None:
    listed = re.findall(r"^\| \[([A-Z0-9-]+)\]", PAGES["proposals.md"], re.MULTILINE)
    expected = [rule.id for rule in RULES.rules if rule.version_on(TODAY).basis == "proposal"]
    assert sorted(listed) == sorted(expected)


def test_stages_stand_in_the_order_of_the_journey() -> None:
    order = re.findall(r"^([a-z]+)$", PAGES["index.md"], re.MULTILINE)
    assert order == [*STAGES, "sources", "proposals", "disagreements"]


def test_every_link_of_the_pages_leads_to_a_rule_of_that_stage() -> None:
    links = [
        link
        for name in ("sources.md", "proposals.md", "disagreements.md")
        for link in re.findall(r"\]\(([a-z]+)\.md#([a-z0-9-]+)\)", PAGES[name])
    ]
    assert links
    for stage, rule in links:
        assert f"({rule})=\n" in PAGES[f"{stage}.md"]


def test_every_rule_stands_once_in_the_html_with_valid_nesting(html: Reader) -> None:
    assert html.open == []
    assert len(html.ids) == len(set(html.ids))
    assert {rule.id for rule in RULES.rules} <= set(html.ids)
    assert set(html.links) <= set(html.ids)
    assert html.headings[0] == 1
    steps = zip(html.headings, html.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps), "a heading skips a level"


def test_the_html_needs_no_other_file(html: Reader) -> None:
    assert html.outside == []
    assert "url(" not in HTML
    assert "@import" not in HTML


def test_text_is_never_taken_for_markup(html: Reader) -> None:
    assert "Made-up Clinic <& Sons>" in html.text
    assert "<& Sons>" not in HTML


def test_the_pdf_has_every_rule_with_its_statement_and_cases(printed: str) -> None:
    for rule in BOOK.rules:
        assert squeezed(rule.id + rule.title) in printed, rule.id
        assert squeezed(rule.sentence) in printed, rule.id
    for point in BOOK.points:
        assert squeezed(point.point) in printed
    for source in BOOK.sources:
        assert squeezed(source.reference) in printed, source.key
    assert squeezed("Name Signature Date") in printed
    assert squeezed("Made-up Clinic <& Sons>") in printed
    assert squeezed("9.9.9") in printed


def test_the_pdf_is_one_that_a_screen_reader_can_read_out() -> None:
    assert STANDARDS[0] == "ua-1"
    pdf = PdfReader(io.BytesIO(book_pdf(BOOK, COVER)))
    xmp = pdf.xmp_metadata
    assert xmp is not None
    assert "pdfuaid" in xmp.stream.get_data().decode()


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "book"
    book = write_book(folder, RULES, shipped_tables(), clinic="Made-up Clinic", cases_run="run today")
    assert sorted(path.name for path in folder.iterdir()) == ["rulebook.html", "rulebook.pdf"]
    assert (folder / "rulebook.pdf").read_bytes().startswith(b"%PDF-")
    words = (folder / "rulebook.html").read_text("utf-8")
    assert "Made-up Clinic" in words
    assert f"{book.held[0]} of {book.held[1]} cases answered as they must, run today." in words


def test_a_case_that_does_not_hold_is_said_loudly() -> None:
    rule = "CHK-BP-001"
    tables = dict(shipped_tables())
    first, *others = tables[rule].cases
    given: Answer = "clear" if first.expected == "fires" else "fires"
    tables[rule] = replace(tables[rule], cases=(replace(first, given=given), *others))
    book = book_of(tables)
    held, of = BOOK.held
    assert book.held == (held - 1, of)
    assert "| **no** |" in render(book)["checkin.md"]
    assert "<strong>NO: " in book_html(book, COVER)
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(book_pdf(book, COVER))).pages)
    assert "NO: " in printed
    assert "NO: " not in HTML
