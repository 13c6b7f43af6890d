"""The library as Markdown for the documentation: the same pages, made from the same files."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from evenkeel.clinical.library.shape import (
    GRADE_MEANS,
    GRADE_WORDS,
    GROUP_WORDS,
    MARK_WORDS,
    VERDICT_WORDS,
    Claim,
    Figure,
    Library,
    Page,
)
from evenkeel.clinical.library.uses import Use, uses

_INTRODUCTION: Final = """Short pages about ketamine treatment: what is known, how sure it is, and where it
comes from. In the clinic's pages they stand at `/library/`, open to anybody. Patients read the plain text;
the figures and their sources are for staff."""
_MADE: Final = "This page is made from the code by `evenkeel pages`. Do not edit it."


def render_all(of: Library) -> dict[str, str]:
    """Every page by its place in the documentation."""
    return {
        "library/index.md": _index(of),
        "library/claims.md": _claims(of),
        **{f"library/{page.slug}.md": _page(of, page) for page in of.pages.values()},
    }


def _index(of: Library) -> str:
    ordered = [page for _, pages in of.grouped() for page in pages]
    return _joined(
        [
            "# Evidence library",
            _INTRODUCTION,
            *(
                f"## {GROUP_WORDS[group]}\n\n"
                + "\n".join(f"- [{page.title}]({page.slug}.md)" for page in pages)
                for group, pages in of.grouped()
            ),
            "## What clinics' web pages say, checked",
            f"[{len(of.claims)} claims, each with its verdict](claims.md)",
            "## How sure is it?",
            "| Word | Meaning |\n|---|---|\n"
            + "\n".join(f"| {GRADE_WORDS[grade]} | {means} |" for grade, means in GRADE_MEANS.items()),
            "The words are a proposal, for the medical director to confirm.",
            "```{toctree}\n:hidden:\n:maxdepth: 1\n\n"
            + "\n".join([*(page.slug for page in ordered), "claims"])
            + "\n```",
            _MADE,
        ]
    )


def _page(of: Library, page: Page) -> str:
    said = of.claims_of(page.slug)
    return _joined(
        [
            f"# {page.title}",
            page.summary,
            f"**How sure is this? {GRADE_WORDS[page.grade]}.** {page.grade_why}",
            *(
                part
                for section in page.sections
                for part in _section(section.heading, section.text, section.points)
            ),
            *(_uses(of, page) if page.with_uses else ()),
            *(
                ("## What web pages say", *(part for claim in said for part in _claim(of, claim, 3)))
                if said
                else ()
            ),
            "## Figures and their sources, for staff",
            "\n".join(_figure(of, figure) for figure in page.figures),
            *(
                (f"Rules of the rulebook on this: {', '.join(f'`{id_}`' for id_ in page.rules)}.",)
                if page.rules
                else ()
            ),
            _dates(page.read_date, page.review_due),
            _MADE,
        ]
    )


def _claims(of: Library) -> str:
    return _joined(
        [
            "# What clinics' web pages say, checked",
            f"{len(of.claims)} claims of five public web pages, which are not named.",
            *(
                part
                for _, pages in of.grouped()
                for page in pages
                if (said := of.claims_of(page.slug))
                for part in (f"## {page.title}", *(each for claim in said for each in _claim(of, claim, 3)))
            ),
            _dates(of.claims_read_date, of.claims_review_due),
            _MADE,
        ]
    )


def _section(heading: str, text: Iterable[str], points: Iterable[str]) -> Iterator[str]:
    yield f"## {heading}"
    yield from text
    if listed := "\n".join(f"- {point}" for point in points):
        yield listed


def _uses(of: Library, page: Page) -> Iterator[str]:
    yield "## Each use, and how sure"
    for use in uses():
        yield f"### {use.label}"
        yield "\n".join(_use_lines(of, use, for_staff=not page.is_for_patients))


def _use_lines(of: Library, use: Use, *, for_staff: bool) -> Iterator[str]:
    yield f"- How sure: {use.grade}"
    yield f"- Approved? {use.status} ({use.status_date})"
    if for_staff:
        yield f"- Best evidence: {use.evidence}"
        yield f"- Guidelines: {use.guideline}"
        yield f"- How read: {MARK_WORDS[use.mark]}"
        yield f"- Sources: {'; '.join(of.sources[key] for key in use.cite) or 'none'}"


def _claim(of: Library, claim: Claim, level: int) -> Iterator[str]:
    yield f"{'#' * level} “{claim.says}”"
    yield f"**{VERDICT_WORDS[claim.verdict]}.** {claim.answer}"
    cited = "; ".join(of.sources[key] for key in claim.sources)
    yield f"For staff: {claim.right} Source: {cited} ({MARK_WORDS[claim.mark]})."


def _figure(of: Library, figure: Figure) -> str:
    who = f" ({figure.who})" if figure.who else ""
    source = f" {of.sources[figure.source]}." if figure.source else ""
    note = f" {figure.note}" if figure.note else ""
    return (
        f"- **{figure.what}:** {figure.value}{who}.{note}{source} *{MARK_WORDS[figure.mark].capitalize()}.*"
    )


def _dates(read_date: date, review_due: date) -> str:
    return f"Sources read on {read_date}. To be checked again by {review_due}."


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"
