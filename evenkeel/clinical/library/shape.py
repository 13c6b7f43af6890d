"""What a page of the evidence library holds: plain text for patients, sourced figures for staff."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, Literal

from evenkeel.values.shape import frozen

Audience = Literal["patient", "staff", "both"]
Group = Literal["before", "treatment", "safety", "uses", "choosing", "staff"]
# How well a page's main statement is founded.
Grade = Literal["strong", "moderate", "weak", "mixed", "none", "hypothesis", "rule"]
# How a figure was read; the same three as the basis of a rule.
Mark = Literal["read", "second-hand", "proposal"]
Verdict = Literal[
    "false",
    "unsafe",
    "no_source",
    "unsupported",
    "overstated",
    "unproven",
    "hypothesis",
    "preliminary",
    "incomplete",
    "conflict",
    "qualify",
    "true",
]

GROUP_WORDS: Final[Mapping[Group, str]] = {
    "before": "Before you decide",
    "treatment": "The treatment",
    "safety": "Staying safe",
    "uses": "What it is used for",
    "choosing": "Choosing where to go",
    "staff": "For staff",
}
GRADE_WORDS: Final[Mapping[Grade, str]] = {
    "strong": "Strong",
    "moderate": "Moderate",
    "weak": "Weak",
    "mixed": "Mixed",
    "none": "No good study",
    "hypothesis": "An idea",
    "rule": "A rule of care",
}
GRADE_MEANS: Final[Mapping[Grade, str]] = {
    "strong": "Good studies agree, or the harm is well known.",
    "moderate": "Good studies exist. But they are few or short, or they do not all agree.",
    "weak": "The studies are small or early, or had no group to compare with.",
    "mixed": "Some studies found a benefit and others found none.",
    "none": "We looked, and found no good study.",
    "hypothesis": "There are reasons to think so. It is not proved.",
    "rule": "A drug label, a law or a group of experts says so. It keeps people safe.",
}
MARK_WORDS: Final[Mapping[Mark, str]] = {
    "read": "read in the source",
    "second-hand": "second-hand: read in somebody else's account of it",
    "proposal": "our proposal, for the medical director to confirm",
}
VERDICT_WORDS: Final[Mapping[Verdict, str]] = {
    "false": "Not true",
    "unsafe": "Not true and not safe",
    "no_source": "No source found",
    "unsupported": "Nothing to back it",
    "overstated": "Says too much",
    "unproven": "Not proved",
    "hypothesis": "An idea, not a fact",
    "preliminary": "Early signs only",
    "incomplete": "Leaves things out",
    "conflict": "Web pages disagree",
    "qualify": "True in part",
    "true": "True",
}


@frozen
class Section:
    """A heading with paragraphs and, after them, points of a list."""

    heading: str
    text: tuple[str, ...]
    points: tuple[str, ...]


@frozen
class Figure:
    """One figure for staff: what was measured, what came out, in whom, by which source (a proposal: none)."""

    what: str
    value: str
    who: str
    source: str
    mark: Mark
    note: str


@frozen
class Page:
    """One topic.

    `see` are pages to read on, and `rules` the ids of the rules by which the clinic acts on it. `cite` are
    the keys of every source that its figures name, in the order of the figures.
    """

    slug: str
    title: str
    summary: str
    group: Group
    order: int
    audience: Audience
    grade: Grade
    grade_why: str
    read_date: date
    review_due: date
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
    see: tuple[str, ...]
    rules: tuple[str, ...]
    with_uses: bool

    @property
    def cite(self) -> tuple[str, ...]:
        """The keys of the sources, each once."""
        return tuple(dict.fromkeys(figure.source for figure in self.figures if figure.source))

    @property
    def is_for_patients(self) -> bool:
        """Whether patients are among those it is written for."""
        return self.audience != "staff"

    def plain_text(self) -> Iterator[str]:
        """Everything that a patient reads in sentences: all but headings and the figures for staff."""
        yield self.summary
        yield self.grade_why
        for section in self.sections:
            yield from section.text
            yield from section.points


@frozen
class Claim:
    """Something that clinics' web pages say, and what is right."""

    key: str
    says: str
    verdict: Verdict
    answer: str
    right: str
    sources: tuple[str, ...]
    mark: Mark
    page: str


@frozen
class Library:
    """Every page and every claim. `sources` are the full references by the keys that figures name."""

    pages: Mapping[str, Page]
    claims: tuple[Claim, ...]
    claims_read_date: date
    claims_review_due: date
    sources: Mapping[str, str]

    def grouped(self) -> Iterator[tuple[Group, tuple[Page, ...]]]:
        """Pages by group, in the order of the index."""
        for group in GROUP_WORDS:
            found = [page for page in self.pages.values() if page.group == group]
            yield group, tuple(sorted(found, key=lambda page: page.order))

    def claims_of(self, slug: str) -> tuple[Claim, ...]:
        """The claims that a page answers at length."""
        return tuple(claim for claim in self.claims if claim.page == slug)
