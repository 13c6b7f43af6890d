"""Files of the evidence library: what they hold is kept as written, and each fault is named in a sentence."""

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from evenkeel.clinical.library.reading import LibraryError, read_library
from evenkeel.clinical.library.shape import Claim, Figure, Library, Page, Section

SOURCES: Final = {"one-2020": "One 2020, A Journal", "two-2021": "Two 2021, B Journal"}
TOPIC: Final = """
title = "A topic"
summary = "It is short."
group = "treatment"
order = 2
audience = "both"
grade = "weak"
grade_why = "One small study."
read_date = 2026-01-01
review_due = 2026-07-01
rules = ["TOY-ONE-001", "TOY-TWO-001"]
see = ["other"]
with_uses = true

[[section]]
heading = "A part"
text = ["Größere Worte.", "More words."]
points = ["A point.", "A second point."]

[[section]]
heading = "Points alone"
points = ["A third point."]

[[figure]]
what = "Share"
value = "27 %"
who = "30 adults"
note = "After a day."
source = "two-2021"
mark = "second-hand"

[[figure]]
what = "Hours"
value = "2 h"
mark = "proposal"

[[figure]]
what = "Days"
value = "18"
source = "one-2020"
mark = "read"

[[figure]]
what = "Weeks"
value = "3"
source = "two-2021"
mark = "read"
"""
OTHER: Final = """
title = "Another topic"
summary = "It is for staff."
group = "treatment"
order = 1
audience = "staff"
grade = "none"
grade_why = "No study was found."
read_date = 2026-02-01
review_due = 2026-08-01

[[section]]
heading = "Words alone"
text = ["Some words."]

[[figure]]
what = "Minutes"
value = "40"
source = "one-2020"
mark = "read"
"""
CLAIMS: Final = """
read_date = 2026-03-01
review_due = 2026-09-01

[[claim]]
key = "one"
says = "It has no risk."
verdict = "false"
answer = "It has."
right = "27 % had"
sources = ["two-2021", "one-2020"]
mark = "read"
page = "topic"

[[claim]]
key = "two"
says = "It lasts."
verdict = "overstated"
answer = "It fades."
right = "18 days"
sources = ["one-2020"]
mark = "second-hand"
page = "other"
"""


def read(folder: Path, topic: str = TOPIC, claims: str = CLAIMS) -> Library:
    """Read a library of two pages and two claims."""
    (folder / "pages").mkdir()
    (folder / "pages" / "topic.toml").write_text(topic, "utf-8")
    (folder / "pages" / "other.toml").write_text(OTHER, "utf-8")
    (folder / "claims.toml").write_text(claims, "utf-8")
    return read_library(folder, SOURCES)


def test_a_page_is_kept_as_it_is_written(tmp_path: Path) -> None:
    of = read(tmp_path)
    assert of.pages["topic"] == Page(
        slug="topic",
        title="A topic",
        summary="It is short.",
        group="treatment",
        order=2,
        audience="both",
        grade="weak",
        grade_why="One small study.",
        read_date=date(2026, 1, 1),
        review_due=date(2026, 7, 1),
        sections=(
            Section(
                heading="A part",
                text=("Größere Worte.", "More words."),
                points=("A point.", "A second point."),
            ),
            Section(heading="Points alone", text=(), points=("A third point.",)),
        ),
        figures=(
            Figure(
                what="Share",
                value="27 %",
                who="30 adults",
                source="two-2021",
                mark="second-hand",
                note="After a day.",
            ),
            Figure(what="Hours", value="2 h", who="", source="", mark="proposal", note=""),
            Figure(what="Days", value="18", who="", source="one-2020", mark="read", note=""),
            Figure(what="Weeks", value="3", who="", source="two-2021", mark="read", note=""),
        ),
        see=("other",),
        rules=("TOY-ONE-001", "TOY-TWO-001"),
        with_uses=True,
    )
    other = of.pages["other"]
    assert (other.see, other.rules, other.with_uses) == ((), (), False)


def test_claims_are_kept_as_they_are_written(tmp_path: Path) -> None:
    of = read(tmp_path)
    first = Claim(
        key="one",
        says="It has no risk.",
        verdict="false",
        answer="It has.",
        right="27 % had",
        sources=("two-2021", "one-2020"),
        mark="read",
        page="topic",
    )
    second = Claim(
        key="two",
        says="It lasts.",
        verdict="overstated",
        answer="It fades.",
        right="18 days",
        sources=("one-2020",),
        mark="second-hand",
        page="other",
    )
    assert of.claims == (first, second)
    assert (of.claims_of("topic"), of.claims_of("other")) == ((first,), (second,))
    assert (of.claims_read_date, of.claims_review_due) == (date(2026, 3, 1), date(2026, 9, 1))
    assert of.sources == SOURCES


def test_pages_stand_in_their_group_by_their_order(tmp_path: Path) -> None:
    grouped = [(group, [page.slug for page in pages]) for group, pages in read(tmp_path).grouped()]
    assert grouped == [
        ("before", []),
        ("treatment", ["other", "topic"]),
        ("safety", []),
        ("uses", []),
        ("choosing", []),
        ("staff", []),
    ]


def test_a_page_says_whom_it_is_for_what_it_cites_and_what_is_read_in_sentences(tmp_path: Path) -> None:
    of = read(tmp_path)
    topic = of.pages["topic"]
    assert (topic.is_for_patients, of.pages["other"].is_for_patients) == (True, False)
    # Each source once, in the order of the figures.
    assert topic.cite == ("two-2021", "one-2020")
    assert list(topic.plain_text()) == [
        "It is short.",
        "One small study.",
        "Größere Worte.",
        "More words.",
        "A point.",
        "A second point.",
        "A third point.",
    ]


BROKEN: Final = "\nfirst = 1\nsecond = words\n"
NO_WORDS: Final = "is no text, or empty, or has a space at an end"
MARKS: Final = "read, second-hand, proposal"
VERDICTS: Final = (
    "false, unsafe, no_source, unsupported, overstated, unproven, hypothesis, preliminary, incomplete, "
    "conflict, qualify, true"
)
# What is put in the place of what, and the sentence that says what is wrong.
PAGE_FAULTS: Final = (
    ('title = "A topic"\nsummary = "It is short."\n', "", "the page lacks summary, title"),
    ("order = 2", 'order = 2\nhue = "red"\ncolor = 1', "the page has unknown keys color, hue"),
    ('title = "A topic"', 'titel = "A topic"', "the page lacks title"),
    ('title = "A topic"', "title = 7", f"title {NO_WORDS}"),
    ('title = "A topic"', 'title = ""', f"title {NO_WORDS}"),
    ('title = "A topic"', 'title = " A topic"', f"title {NO_WORDS}"),
    ('"It is short."', '"It is short. "', f"summary {NO_WORDS}"),
    ('"One small study."', '""', f"grade_why {NO_WORDS}"),
    (
        'group = "treatment"',
        'group = "after"',
        "group 'after' is none of before, treatment, safety, uses, choosing, staff",
    ),
    ('audience = "both"', 'audience = "all"', "audience 'all' is none of patient, staff, both"),
    (
        'grade = "weak"',
        "grade = 3",
        "grade 3 is none of strong, moderate, weak, mixed, none, hypothesis, rule",
    ),
    ("order = 2", "order = true", "order is not a whole number"),
    ("with_uses = true", 'with_uses = "no"', "with_uses is not true or false"),
    ("read_date = 2026-01-01", 'read_date = "2026-01-01"', "a date is written as 2026-11-22"),
    ("review_due = 2026-07-01", "review_due = 2026-07-01T00:00:00", "a date is written as 2026-11-22"),
    ("read_date = 2026-01-01", "read_date = 2026-07-01", "the review is due before the sources were read"),
    (
        "read_date = 2026-01-01",
        "read_date = 2025-06-29",
        "the review is due more than 366 days after reading",
    ),
    ('see = ["other"]', 'see = ["other", "here", "there"]', "see names no page: here, there"),
    ('heading = "A part"\n', "", "a section lacks heading"),
    ('heading = "A part"', 'heading = "A part"\nnote = "x"', "a section has unknown keys note"),
    ('heading = "A part"', 'heading = ""', f"a heading {NO_WORDS}"),
    ('"More words."', '" "', f'the text under "A part" {NO_WORDS}'),
    ('"A second point."', "2", f'a point under "A part" {NO_WORDS}'),
    ('points = ["A third point."]', "", 'nothing stands under "Points alone"'),
    ('what = "Share"\n', "", 'the figure "?" lacks what'),
    ('value = "27 %"\n', "", 'the figure "Share" lacks value'),
    ('what = "Share"', 'what = "Share"\nunit = "%"', 'the figure "Share" has unknown keys unit'),
    ('what = "Share"', 'what = "Share "', f'the figure "Share ": what {NO_WORDS}'),
    ('who = "30 adults"', "who = 30", f'the figure "Share": who {NO_WORDS}'),
    ('note = "After a day."', 'note = ""', f'the figure "Share": note {NO_WORDS}'),
    ('value = "27 %"', "value = 27", f'the figure "Share": value {NO_WORDS}'),
    (
        'mark = "second-hand"',
        'mark = "heard"',
        f"the figure \"Share\": mark 'heard' is none of {MARKS}",
    ),
    ('mark = "proposal"', 'mark = "read"', 'the figure "Hours": only a proposal may stand without a source'),
    (
        'source = "one-2020"',
        'source = "three-2022"',
        'the figure "Days": the source "three-2022" is not in sources.toml',
    ),
)


@pytest.mark.parametrize(("old", "new", "sentence"), PAGE_FAULTS)
def test_a_fault_of_a_page_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    assert old in TOPIC
    with pytest.raises(LibraryError) as refusal:
        read(tmp_path, topic=TOPIC.replace(old, new, 1))
    assert str(refusal.value) == f"topic.toml: {sentence}"


CLAIM_FAULTS: Final = (
    ("read_date = 2026-03-01\n", "", "the file lacks read_date"),
    ("read_date = 2026-03-01", 'read_date = 2026-03-01\nby = "us"', "the file has unknown keys by"),
    ("read_date = 2026-03-01", "read_date = 2026-10-01", "the review is due before the sources were read"),
    ('key = "one"\n', "", 'the claim "?" lacks key'),
    ('answer = "It has."\n', "", 'the claim "one" lacks answer'),
    ('key = "one"', 'key = "one"\nnote = "x"', 'the claim "one" has unknown keys note'),
    ('sources = ["two-2021", "one-2020"]', "sources = []", 'the claim "one" names no source'),
    ('"two-2021", ', '"three-2022", ', 'the claim "one": the source "three-2022" is not in sources.toml'),
    ('page = "topic"', 'page = "nowhere"', 'the claim "one": there is no page "nowhere"'),
    ('key = "one"', 'key = ""', f'the claim "": key {NO_WORDS}'),
    ('says = "It has no risk."', 'says = ""', f'the claim "one": says {NO_WORDS}'),
    ('answer = "It has."', 'answer = ""', f'the claim "one": answer {NO_WORDS}'),
    ('right = "27 % had"', "right = 27", f'the claim "one": right {NO_WORDS}'),
    (
        'verdict = "false"',
        'verdict = "lie"',
        f"the claim \"one\": verdict 'lie' is none of {VERDICTS}",
    ),
    ('mark = "read"', 'mark = "heard"', f"the claim \"one\": mark 'heard' is none of {MARKS}"),
    ('key = "two"', 'key = "one"', "two claims are called one"),
)


@pytest.mark.parametrize(("old", "new", "sentence"), CLAIM_FAULTS)
def test_a_fault_of_the_claims_is_named(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    assert old in CLAIMS
    with pytest.raises(LibraryError) as refusal:
        read(tmp_path, claims=CLAIMS.replace(old, new, 1))
    assert str(refusal.value) == f"claims.toml: {sentence}"


def test_claims_that_stand_there_twice_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError) as refusal:
        read(tmp_path, claims=CLAIMS + CLAIMS[CLAIMS.index("[[claim]]") :])
    assert str(refusal.value) == "claims.toml: two claims are called one, two"


@pytest.mark.parametrize(
    ("file", "topic", "claims"), [("topic.toml", BROKEN, CLAIMS), ("claims.toml", TOPIC, BROKEN)]
)
def test_what_is_no_toml_keeps_the_line(file: str, topic: str, claims: str, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=rf"^{file}: .*line 3"):
        read(tmp_path, topic=topic, claims=claims)


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ("figure", "a page has at least one section"),
        ("section", "a page has at least one figure with its source"),
    ],
)
def test_a_page_holds_a_section_and_a_figure(kept: str, sentence: str, tmp_path: Path) -> None:
    head, section_, figure = TOPIC[: TOPIC.index("[[")], TOPIC.index("[[section"), TOPIC.index("[[figure")
    rest = TOPIC[section_:figure] if kept == "section" else TOPIC[figure:]
    lost = "figure" if kept == "section" else "section"
    with pytest.raises(LibraryError) as refusal:
        read(tmp_path, topic=f"{lost} = []\n{head}{rest}")
    assert str(refusal.value) == f"topic.toml: {sentence}"
