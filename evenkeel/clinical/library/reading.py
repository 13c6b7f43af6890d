"""Reads the library's files and refuses whatever is not whole: a figure without a source ends the program."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, get_args

from evenkeel.clinical.library.shape import (
    Audience,
    Claim,
    Figure,
    Grade,
    Group,
    Library,
    Mark,
    Page,
    Section,
    Verdict,
)

CLAIMS_FILE: Final = "claims.toml"
# A page stands for this long at most before somebody reads its sources again. Proposal.
REVIEW_DAYS_MAX: Final = 366

_PAGE_KEYS: Final = frozenset(
    {"title", "summary", "group", "order", "audience", "grade", "grade_why", "read_date", "review_due"}
    | {"section", "figure"}
)
_PAGE_EXTRA: Final = frozenset({"rules", "see", "with_uses"})
_FIGURE_KEYS: Final = frozenset({"what", "value", "mark"})
_FIGURE_EXTRA: Final = frozenset({"who", "note", "source"})
_CLAIM_KEYS: Final = frozenset({"key", "says", "verdict", "answer", "right", "sources", "mark", "page"})
_CLAIMS_KEYS: Final = frozenset({"read_date", "review_due", "claim"})


class LibraryError(Exception):
    """A file of the library cannot be used as it stands; the sentence names it."""


def read_library(folder: Path, sources: Mapping[str, str]) -> Library:
    """Read `claims.toml` and every page in `pages/`, or raise LibraryError naming the file and the fault."""
    pages = {path.stem: _page(path, sources) for path in sorted((folder / "pages").glob("*.toml"))}
    for page in pages.values():
        lost = [slug for slug in page.see if slug not in pages]
        _demand(not lost, f"{page.slug}.toml", f"see names no page: {', '.join(lost)}")
    table = _table(folder / CLAIMS_FILE)
    _keys(CLAIMS_FILE, "the file", table, _CLAIMS_KEYS)
    read_date, review_due = _dates(CLAIMS_FILE, table)
    claims = tuple(_claim(raw, sources, pages) for raw in table["claim"])
    keys = [claim.key for claim in claims]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    _demand(not twice, CLAIMS_FILE, f"two claims are called {', '.join(twice)}")
    return Library(
        pages=pages,
        claims=claims,
        claims_read_date=read_date,
        claims_review_due=review_due,
        sources=sources,
    )


def _demand(holds: bool, file: str, sentence: str) -> None:
    if not holds:
        raise LibraryError(f"{file}: {sentence}")


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as broken:
        raise LibraryError(f"{path.name}: {broken}") from None


def _keys(
    file: str,
    what: str,
    table: Mapping[str, Any],
    needed: frozenset[str],
    extra: frozenset[str] = frozenset(),
) -> None:
    odd, lost = set(table) - needed - extra, needed - set(table)
    _demand(not lost, file, f"{what} lacks {', '.join(sorted(lost))}")
    _demand(not odd, file, f"{what} has unknown keys {', '.join(sorted(odd))}")


def _words(file: str, what: str, raw: object) -> str:
    good = isinstance(raw, str) and raw.strip() == raw and raw != ""
    _demand(good, file, f"{what} is no text, or empty, or has a space at an end")
    return str(raw)


def _words_or_none(file: str, what: str, raw: Mapping[str, Any], key: str) -> str:
    """Words that may be left out; empty then."""
    return _words(file, f"{what}: {key}", raw[key]) if key in raw else ""


def _one_of(file: str, what: str, raw: object, among: Any) -> Any:
    words = get_args(among)
    _demand(raw in words, file, f"{what} {raw!r} is none of {', '.join(words)}")
    return raw


def _dates(file: str, table: Mapping[str, Any]) -> tuple[date, date]:
    read_date, review_due = table["read_date"], table["review_due"]
    _demand(type(read_date) is date and type(review_due) is date, file, "a date is written as 2026-11-22")
    days = (review_due - read_date).days
    _demand(days > 0, file, "the review is due before the sources were read")
    _demand(
        days <= REVIEW_DAYS_MAX, file, f"the review is due more than {REVIEW_DAYS_MAX} days after reading"
    )
    return read_date, review_due


def _page(path: Path, sources: Mapping[str, str]) -> Page:
    file, table = path.name, _table(path)
    _keys(file, "the page", table, _PAGE_KEYS, _PAGE_EXTRA)
    read_date, review_due = _dates(file, table)
    _demand(type(table["order"]) is int, file, "order is not a whole number")
    with_uses = table.get("with_uses", False)
    _demand(type(with_uses) is bool, file, "with_uses is not true or false")
    _demand(bool(table["section"]), file, "a page has at least one section")
    _demand(bool(table["figure"]), file, "a page has at least one figure with its source")
    return Page(
        slug=path.stem,
        title=_words(file, "title", table["title"]),
        summary=_words(file, "summary", table["summary"]),
        group=_one_of(file, "group", table["group"], Group),
        order=table["order"],
        audience=_one_of(file, "audience", table["audience"], Audience),
        grade=_one_of(file, "grade", table["grade"], Grade),
        grade_why=_words(file, "grade_why", table["grade_why"]),
        read_date=read_date,
        review_due=review_due,
        sections=tuple(_section(file, raw) for raw in table["section"]),
        figures=tuple(_figure(file, raw, sources) for raw in table["figure"]),
        see=tuple(table.get("see", [])),
        rules=tuple(table.get("rules", [])),
        with_uses=with_uses,
    )


def _section(file: str, raw: Mapping[str, Any]) -> Section:
    _keys(file, "a section", raw, frozenset({"heading"}), frozenset({"text", "points"}))
    heading = _words(file, "a heading", raw["heading"])
    text = tuple(_words(file, f'the text under "{heading}"', each) for each in raw.get("text", []))
    points = tuple(_words(file, f'a point under "{heading}"', each) for each in raw.get("points", []))
    _demand(bool(text or points), file, f'nothing stands under "{heading}"')
    return Section(heading=heading, text=text, points=points)


def _source(file: str, what: str, key: object, sources: Mapping[str, str]) -> str:
    _demand(key in sources, file, f'{what}: the source "{key}" is not in sources.toml')
    return str(key)


def _figure(file: str, raw: Mapping[str, Any], sources: Mapping[str, str]) -> Figure:
    what = f'the figure "{raw.get("what", "?")}"'
    _keys(file, what, raw, _FIGURE_KEYS, _FIGURE_EXTRA)
    mark: Mark = _one_of(file, f"{what}: mark", raw["mark"], Mark)
    _demand(
        "source" in raw or mark == "proposal", file, f"{what}: only a proposal may stand without a source"
    )
    return Figure(
        what=_words(file, f"{what}: what", raw["what"]),
        value=_words(file, f"{what}: value", raw["value"]),
        who=_words_or_none(file, what, raw, "who"),
        source=_source(file, what, raw["source"], sources) if "source" in raw else "",
        mark=mark,
        note=_words_or_none(file, what, raw, "note"),
    )


def _claim(raw: Mapping[str, Any], sources: Mapping[str, str], pages: Mapping[str, Page]) -> Claim:
    what = f'the claim "{raw.get("key", "?")}"'
    _keys(CLAIMS_FILE, what, raw, _CLAIM_KEYS)
    _demand(bool(raw["sources"]), CLAIMS_FILE, f"{what} names no source")
    _demand(raw["page"] in pages, CLAIMS_FILE, f'{what}: there is no page "{raw["page"]}"')
    return Claim(
        key=_words(CLAIMS_FILE, f"{what}: key", raw["key"]),
        says=_words(CLAIMS_FILE, f"{what}: says", raw["says"]),
        verdict=_one_of(CLAIMS_FILE, f"{what}: verdict", raw["verdict"], Verdict),
        answer=_words(CLAIMS_FILE, f"{what}: answer", raw["answer"]),
        right=_words(CLAIMS_FILE, f"{what}: right", raw["right"]),
        sources=tuple(_source(CLAIMS_FILE, what, key, sources) for key in raw["sources"]),
        mark=_one_of(CLAIMS_FILE, f"{what}: mark", raw["mark"], Mark),
        page=raw["page"],
    )
