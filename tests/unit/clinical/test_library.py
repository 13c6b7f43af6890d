"""The evidence library: whole files, every claim answered, plain words, and no dose for a patient to take."""

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from evenkeel.clinical.library import LIBRARY, library
from evenkeel.clinical.library.docs_pages import render_all
from evenkeel.clinical.library.reading import LibraryError, read_library
from evenkeel.clinical.library.shape import GRADE_MEANS, GRADE_WORDS, Page, Verdict
from evenkeel.clinical.library.uses import uses
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import INDICATIONS
from tests.reading_grade import grade, of_counts, syllables_of, words_of

# An eleven-year-old reads at the sixth grade of a US school.
GRADE_LIMIT: Final = 6.0
SENTENCE_WORDS_MAX: Final = 25

DOCS: Final = Path(__file__).resolve().parents[3] / "docs"
SOURCES: Final = {"somebody-2020": "Somebody 2020, A Journal"}
PAGE: Final = """
title = "A topic"
summary = "It is short."
group = "before"
order = 1
audience = "both"
grade = "weak"
grade_why = "One small study."
read_date = 2026-01-01
review_due = 2026-07-01

[[section]]
heading = "A part"
text = ["Some words."]

[[figure]]
what = "Share"
value = "27 %"
source = "somebody-2020"
mark = "read"
"""
CLAIMS: Final = """
read_date = 2026-01-01
review_due = 2026-07-01

[[claim]]
key = "one"
says = "It has no risk."
verdict = "false"
answer = "It has."
right = "27 %"
sources = ["somebody-2020"]
mark = "read"
page = "topic"
"""

# What was read on five clinics' public pages, with the verdict that the sources give.
VERDICTS: Final[dict[str, Verdict]] = {
    "fda-approved-for-depression": "false",
    "iv-shot-and-tablets-approved": "false",
    "risk-free": "false",
    "craving-means-come-again": "unsafe",
    "headache-from-low-pressure": "false",
    "two-thirds-well-in-a-week": "no_source",
    "most-better-in-a-day": "overstated",
    "lasting-relief": "false",
    "cost-effective": "unsupported",
    "back-chemotherapy-diabetic-pain": "qualify",
    "forget-trauma": "false",
    "route-does-not-matter": "false",
    "home-tablets": "qualify",
    "six-in-three-weeks": "true",
    "three-to-judge": "true",
    "adults-after-failed-treatment": "true",
    "eat-or-not": "conflict",
    "leave-out-medicines": "unsafe",
    "session-45-to-60-minutes": "qualify",
    "one-hour-of-watching": "qualify",
    "companion-and-a-day-of-rest": "true",
    "six-weeks-without-suicidal-thoughts": "qualify",
    "fast-on-suicidal-thoughts": "true",
    "misuse-unlikely": "unproven",
    "only-mild-effects": "incomplete",
    "blurred-vision-for-hours": "qualify",
    "met-gene": "qualify",
    "mechanism-certain": "hypothesis",
    "therapy-prolongs": "preliminary",
    "not-a-quick-fix": "true",
}
# The figure that the reference gives for a claim must be on the side that staff read.
RIGHT: Final = {
    "risk-free": ("56.4 %", "45.2 %", "35.6 %", "13.3 %"),
    "two-thirds-well-in-a-week": ("55.4 %", "46 %", "27 %"),
    "lasting-relief": ("18 days", "70 %"),
    "back-chemotherapy-diabetic-pain": ("Grade D", "grade B"),
    "route-does-not-matter": ("100 %", "20 to 25 %", "11 to 19 %"),
    "three-to-judge": ("Median 3", "59 %"),
    "eat-or-not": ("2 hours", "6 for", "8 for"),
    "fast-on-suicidal-thoughts": (
        "55 % against 30 %",
        "63.0 % against 31.6 %",
        "Not shown to prevent suicide",
    ),
    "met-gene": ("19.5 %", "46.3 %"),
}
# Published figures that a page must give, with the source they come from.
FIGURES: Final = (
    ("how-well-it-works", "mcintyre-2020", "27 % and 13 %"),
    ("how-well-it-works", "jelovac-2025", "-3.16 points (95 % interval -8.54 to 2.22)"),
    ("how-well-it-works", "anand-2023", "55.4 % against 41.2 %"),
    ("how-well-it-works", "pmc9154276", "46 % against 63 %"),
    ("how-long-it-lasts", "murrough-2013", "median 18 days"),
    ("side-effects", "rodrigues-2020", "56.4 %, 45.2 %, 35.6 %, 13.3 %"),
    ("side-effects", "abuse-survey-2020", "0.7 %: distress 33, nausea 6, bladder 3, mania 2, psychosis 1"),
    ("blood-pressure", "rodrigues-2020", "44.3 %; 12 % of those"),
    ("blood-pressure", "riva-posse-2018", "3.3 and 3.2 mmHg"),
    ("bladder-and-liver", "noppers-2011", "3 of 6"),
    ("suicidal-thoughts", "grunebaum-2018", "55 % against 30 %"),
    ("suicidal-thoughts", "abbar-2022", "bipolar 14.1; depressive 1.3"),
    ("ways-of-taking-it", "rolan-2013", "29 %"),
    ("ptsd-and-anxiety", "taylor-2018", "33 % against 0 %"),
)
# A dose to take, or encouragement to get more. Strengths and weights have no place in what patients read.
AMOUNT: Final = re.compile(r"\b\d[\d.,]*\s*(?:mg|mcg|g|mL|milligrams?)\b|mg/kg|per kilo", re.IGNORECASE)
DOSE_ADVICE: Final = re.compile(
    rf"{AMOUNT.pattern}|"
    r"\b(?:ask|push|beg)\b[^.]*\b(?:for more|higher|bigger|stronger)\b|"
    r"\b(?:higher|bigger|stronger|double|extra) (?:dose|amount)|\btake more\b",
    re.IGNORECASE,
)
FOR_PATIENTS: Final = [page for page in library().pages.values() if page.is_for_patients]


def patient_words(page: Page) -> list[str]:
    """Everything a patient reads on a page, claims and uses included."""
    said = [f"{claim.says} {claim.answer}" for claim in library().claims_of(page.slug)]
    shown = [f"{use.label}. {use.grade}. {use.status}" for use in uses()] if page.with_uses else []
    headings = [section.heading for section in page.sections]
    return [page.title, *headings, *page.plain_text(), *said, *shown]


def write(folder: Path, page: str = PAGE, claims: str = CLAIMS) -> Path:
    """A library of one page."""
    (folder / "pages").mkdir()
    (folder / "pages" / "topic.toml").write_text(page, "utf-8")
    (folder / "claims.toml").write_text(claims, "utf-8")
    return folder


def test_a_whole_library_is_read(tmp_path: Path) -> None:
    of = read_library(write(tmp_path), SOURCES)
    page = of.pages["topic"]
    assert (page.title, page.grade, page.cite) == ("A topic", "weak", ("somebody-2020",))
    assert page.figures[0].value == "27 %"
    assert of.claims_of("topic")[0].verdict == "false"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "A topic"\n', "", "topic.toml: the page lacks title"),
        ('title = "A topic"', 'titel = "A topic"', "titel|title"),
        (
            'title = "A topic"',
            'title = " "',
            "topic.toml: title is no text, or empty, or has a space at an end$",
        ),
        ('source = "somebody-2020"\n', "", 'topic.toml: the figure "Share": only a proposal'),
        ("somebody-2020", "nobody-2020", '"nobody-2020" is not in sources.toml'),
        ('mark = "read"', 'mark = "heard"', "heard"),
        ('grade = "weak"', 'grade = "great"', "great"),
        ('audience = "both"', 'audience = "all"', "all"),
        ("review_due = 2026-07-01", "review_due = 2026-01-01", "review is due before"),
        ("review_due = 2026-07-01", "review_due = 2028-01-01", "more than 366 days"),
        ("review_due = 2026-07-01", 'review_due = "soon"', "a date is written as"),
        ('text = ["Some words."]\n', "", 'nothing stands under "A part"'),
        ("order = 1", 'order = "1"', "whole number"),
        ('grade_why = "One small study."', 'see = ["nowhere"]\ngrade_why = "One."', "no page: nowhere"),
        ('title = "A topic"', "title = A topic", "topic.toml"),
        ("order = 1", 'order = 1\ncolor = "red"', "topic.toml: the page has unknown keys color"),
        ('heading = "A part"', 'heading = "A part"\nnote = "x"', "a section has unknown keys note"),
        ('heading = "A part"\n', "", "a section lacks heading"),
        ('what = "Share"', 'what = "Share"\nunit = "%"', 'the figure "Share" has unknown keys unit'),
        ('value = "27 %"\n', "", 'the figure "Share" lacks value'),
        ('group = "before"', 'group = "after"', "after"),
        ("read_date = 2026-01-01", "read_date = 2025-06-29", "more than 366 days"),
    ],
)
def test_a_page_that_is_not_whole_stops_the_program(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in PAGE
    with pytest.raises(LibraryError, match=says):
        read_library(write(tmp_path, page=PAGE.replace(old, new)), SOURCES)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('sources = ["somebody-2020"]', "sources = []", "names no source"),
        ("somebody-2020", "nobody-2020", "nobody-2020"),
        ('page = "topic"', 'page = "other"', 'no page "other"'),
        ('verdict = "false"', 'verdict = "lie"', "lie"),
        ('answer = "It has."\n', "", "lacks answer"),
        ("review_due = 2026-07-01", "review_due = 2025-07-01", "review is due before"),
    ],
)
def test_a_claim_that_is_not_whole_stops_the_program(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in CLAIMS
    with pytest.raises(LibraryError, match=f"claims.toml.*{says}"):
        read_library(write(tmp_path, claims=CLAIMS.replace(old, new)), SOURCES)


def test_a_page_without_sections_or_figures_stops_the_program(tmp_path: Path) -> None:
    head = PAGE.split("[[section]]")[0]
    figure = PAGE[PAGE.index("[[figure]]") :]
    section = PAGE[PAGE.index("[[section]]") : PAGE.index("[[figure]]")]
    for number, (page, says) in enumerate(
        (
            (f"section = []\n{head}\n{figure}", "one section"),
            (f"figure = []\n{head}\n{section}", "one figure"),
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(LibraryError, match=f"topic.toml.*at least {says}"):
            read_library(write(folder, page=page), SOURCES)


@pytest.mark.parametrize("read_date", ["2026-06-30", "2025-06-30"])
def test_a_review_is_due_from_a_day_to_a_year_after_reading(tmp_path: Path, read_date: str) -> None:
    page = PAGE.replace("read_date = 2026-01-01", f"read_date = {read_date}")
    assert read_library(write(tmp_path, page=page), SOURCES).pages["topic"].read_date.isoformat() == read_date


def test_pages_stand_in_the_order_of_the_index() -> None:
    ordered = [(group, [page.order for page in pages]) for group, pages in library().grouped()]
    assert [group for group, _ in ordered] == ["before", "treatment", "safety", "uses", "choosing", "staff"]
    for _, places in ordered:
        assert places == list(range(1, len(places) + 1))


def test_a_claim_stands_once(tmp_path: Path) -> None:
    twice = CLAIMS + CLAIMS[CLAIMS.index("[[claim]]") :]
    with pytest.raises(LibraryError, match="two claims are called one"):
        read_library(write(tmp_path, claims=twice), SOURCES)


def test_a_proposal_may_stand_without_a_source(tmp_path: Path) -> None:
    page = PAGE.replace('source = "somebody-2020"\n', "").replace('mark = "read"', 'mark = "proposal"')
    assert read_library(write(tmp_path, page=page), SOURCES).pages["topic"].figures[0].source == ""


def test_what_is_shipped_can_be_read_from_anywhere(tmp_path: Path) -> None:
    shutil.copytree(LIBRARY, tmp_path / "copy")
    assert read_library(tmp_path / "copy", library().sources) == library()


def test_the_example_in_the_documentation_is_a_whole_page(tmp_path: Path) -> None:
    example = (DOCS / "adding-a-library-page.md").read_text("utf-8").split("```toml\n")[1].split("```")[0]
    shutil.copytree(LIBRARY, tmp_path / "copy")
    (tmp_path / "copy" / "pages" / "bladder.toml").write_text(example, "utf-8")
    page = read_library(tmp_path / "copy", library().sources).pages["bladder"]
    assert page.rules == ("CHK-BLD-001",)


def test_every_claim_is_answered_with_the_verdict_of_the_reference() -> None:
    assert {claim.key: claim.verdict for claim in library().claims} == VERDICTS
    by_key = {claim.key: claim for claim in library().claims}
    for key, figures in RIGHT.items():
        for figure in figures:
            assert figure in by_key[key].right, f"{key} lacks {figure}"


def test_no_clinic_is_named() -> None:
    for claim in library().claims:
        assert not re.search(r"https?:|www\.|\.com\b|\.org\b", f"{claim.says} {claim.answer} {claim.right}")


@pytest.mark.parametrize(("slug", "source", "value"), FIGURES)
def test_published_figures_stand_on_their_page(slug: str, source: str, value: str) -> None:
    found = [figure.value for figure in library().pages[slug].figures if figure.source == source]
    assert any(value in each for each in found), found


def test_every_topic_of_the_plan_has_a_page_for_patients() -> None:
    assert {page.slug for page in FOR_PATIENTS} == {
        "what-it-is",
        "how-it-may-work",
        "day-of-treatment",
        "how-well-it-works",
        "how-long-it-lasts",
        "side-effects",
        "blood-pressure",
        "bladder-and-liver",
        "craving-and-misuse",
        "suicidal-thoughts",
        "going-home",
        "eating-and-drinking",
        "medicines",
        "ways-of-taking-it",
        "pain",
        "ptsd-and-anxiety",
        "therapy-beside-it",
        "what-is-not-known",
        "what-it-costs",
        "choosing-a-clinic",
        "who-should-wait",
    }


def test_mechanisms_are_marked_as_hypotheses() -> None:
    page = library().pages["how-it-may-work"]
    assert page.grade == "hypothesis"
    said = {figure.what: figure.value for figure in page.figures}
    for word in ("NMDA", "AMPA", "BDNF", "Inflammation", "Opioid"):
        values = [value for what, value in said.items() if word in what and "allele" not in what]
        assert values, word
        assert all("hypothesis" in value for value in values), word


def test_uses_are_the_clinics_own_indications() -> None:
    assert [use.label for use in uses()] == [each.label for each in INDICATIONS.values()]
    assert [use.status_date for use in uses()] == [each.status_date for each in INDICATIONS.values()]
    assert [use.evidence for use in uses()] == [each.evidence for each in INDICATIONS.values()]


def test_the_rules_that_pages_name_exist() -> None:
    named = {id_ for page in library().pages.values() for id_ in page.rules}
    assert named
    assert named <= Rulebook.shipped().by_id.keys()


def test_every_grade_is_explained() -> None:
    assert GRADE_WORDS.keys() == GRADE_MEANS.keys()


def test_reviews_are_due_within_a_year() -> None:
    for page in library().pages.values():
        assert timedelta() < page.review_due - page.read_date <= timedelta(days=366)


@pytest.mark.parametrize("page", FOR_PATIENTS, ids=lambda page: page.slug)
def test_patients_read_plain_words(page: Page) -> None:
    said = [claim.answer for claim in library().claims_of(page.slug)]
    assert grade([*page.plain_text(), *said]) <= GRADE_LIMIT
    for text in (*page.plain_text(), *said):
        for sentence in re.split(r"[.!?:](?:\s|$)", text):
            assert len(words_of(sentence)) <= SENTENCE_WORDS_MAX, sentence


def test_the_reading_grade_is_the_published_formula() -> None:
    # The worked example of encyclopedias, "The Australian platypus is seemingly a hybrid of a mammal and
    # reptilian creature": 13 words, 24 syllables, grade 11.3.
    assert of_counts(sentences=1, words=13, syllables=24) == pytest.approx(11.3, abs=0.05)
    # Counted by hand: 6 words of one syllable each.
    assert grade(["The cat sat on the mat."]) == pytest.approx(0.39 * 6 + 11.8 - 15.59)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        *(
            ("drug", 1),
            ("moved", 1),
            ("treated", 2),
            ("takes", 1),
            ("boxes", 2),
            ("little", 2),
            ("medicine", 3),
        ),
        *(("ketamine", 3), ("depression", 3), ("period", 3), ("being", 2), ("can't", 1), ("somebody's", 3)),
    ],
)
def test_syllables_are_counted_as_they_are_spoken(word: str, syllables: int) -> None:
    assert syllables_of(word) == syllables


def test_numbers_are_read_aloud() -> None:
    assert words_of("27 in 6,630") == ["twenty", "seven", "in", "six", "thousand", "six", "hundred", "thirty"]


def test_a_hard_text_fails() -> None:
    hard = library().pages["evidence-by-use"]
    assert not hard.is_for_patients
    assert grade(hard.plain_text()) > GRADE_LIMIT
    label = (
        "Concomitant administration of benzodiazepines may potentiate respiratory depression; continuous "
        "monitoring of oxygenation and hemodynamic parameters is recommended throughout the procedure."
    )
    assert grade([label]) > 2 * GRADE_LIMIT


@pytest.mark.parametrize("page", FOR_PATIENTS, ids=lambda page: page.slug)
def test_patients_get_no_dose_and_no_word_to_ask_for_more(page: Page) -> None:
    for text in patient_words(page):
        assert not DOSE_ADVICE.search(text), text


@pytest.mark.parametrize("page", FOR_PATIENTS, ids=lambda page: page.slug)
def test_no_strength_or_amount_stands_in_the_figures_of_their_pages_either(page: Page) -> None:
    claims = [claim.right for claim in library().claims_of(page.slug)]
    for text in (*(f"{each.what} {each.value} {each.who} {each.note}" for each in page.figures), *claims):
        assert not AMOUNT.search(text), text


@pytest.mark.parametrize(
    "bad",
    [
        "Take 35 mg.",
        "The dose is 0.5 mg/kg.",
        "Ask your nurse for more.",
        "Ask for a higher amount.",
        "Take more.",
    ],
)
def test_advice_on_doses_would_be_found(bad: str) -> None:
    assert DOSE_ADVICE.search(bad)


def test_craving_is_never_a_reason_to_come_sooner() -> None:
    page = library().pages["craving-and-misuse"]
    assert "never a reason to come back sooner" in page.summary
    by_key = {claim.key: claim for claim in library().claims}
    assert "a reason to wait" in by_key["craving-means-come-again"].answer


def test_no_medicine_is_stopped_on_ones_own() -> None:
    page = library().pages["medicines"]
    assert page.summary.startswith("Never stop a medicine on your own.")
    by_key = {claim.key: claim for claim in library().claims}
    assert "Never stop a medicine on your own" in by_key["leave-out-medicines"].answer


def test_whom_to_call_stands_on_the_page_about_suicide() -> None:
    page = library().pages["suicidal-thoughts"]
    first = page.sections[0]
    assert "988" in first.points[0]
    assert "911" in first.points[1]
    assert "not been shown to prevent suicide" in page.summary


def test_the_documentation_has_every_page_and_every_claim() -> None:
    made = render_all(library())
    for page in library().pages.values():
        text = made[f"library/{page.slug}.md"]
        assert page.summary in text
        for figure in page.figures:
            assert figure.value in text
            assert not figure.source or library().sources[figure.source] in text
        assert f"{page.slug}.md" in made["library/index.md"]
    for claim in library().claims:
        assert claim.says in made["library/claims.md"]
