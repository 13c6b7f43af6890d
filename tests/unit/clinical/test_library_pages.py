"""The evidence library as Markdown: every word of a small one stands where it belongs."""

from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from evenkeel.clinical.library.docs_pages import render_all
from evenkeel.clinical.library.shape import Claim, Figure, Group, Library, Mark, Page, Section
from evenkeel.clinical.library.uses import Use, uses
from evenkeel.clinical.screening import GRADES, INDICATIONS

PAGE: Final = Page(
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
        Section(heading="A part", text=("Some words.", "More words."), points=("A point.", "Another.")),
        Section(heading="Words alone", text=("Last words.",), points=()),
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
    ),
    see=(),
    rules=("TOY-ONE-001", "TOY-TWO-001"),
    with_uses=False,
)
BARE: Final = replace(
    PAGE,
    slug="other",
    title="Another topic",
    order=1,
    grade="none",
    grade_why="No study was found.",
    sections=(Section(heading="Points alone", text=(), points=("A point.",)),),
    figures=(Figure(what="Days", value="18", who="", source="one-2020", mark="read", note=""),),
    rules=(),
)
FIRST: Final = Claim(
    key="one",
    says="It has no risk.",
    verdict="false",
    answer="It has.",
    right="27 % had.",
    sources=("two-2021", "one-2020"),
    mark="read",
    page="topic",
)
SECOND: Final = replace(
    FIRST, key="two", says="It lasts.", verdict="overstated", answer="It fades.", sources=("one-2020",)
)


def library_of(*pages: Page, claims: tuple[Claim, ...] = ()) -> Library:
    return Library(
        pages={page.slug: page for page in pages},
        claims=claims,
        claims_read_date=date(2026, 3, 1),
        claims_review_due=date(2026, 9, 1),
        sources={"one-2020": "One 2020, A Journal", "two-2021": "Two 2021, B Journal"},
    )


SECOND_HAND: Final = "Second-hand: read in somebody else's account of it."
MADE: Final = "This page is made from the code by `evenkeel pages`. Do not edit it.\n"
SAID: Final = """\
### “It has no risk.”

**Not true.** It has.

For staff: 27 % had. Source: Two 2021, B Journal; One 2020, A Journal (read in the source).

### “It lasts.”

**Says too much.** It fades.

For staff: 27 % had. Source: One 2020, A Journal (read in the source).
"""


def test_a_page_with_everything() -> None:
    made = render_all(library_of(PAGE, BARE, claims=(FIRST, replace(SECOND, page="other"))))
    said = SAID.partition("\n### “It lasts.”")[0]
    assert (
        made["library/topic.md"]
        == f"""\
# A topic

It is short.

**How sure is this? Weak.** One small study.

## A part

Some words.

More words.

- A point.
- Another.

## Words alone

Last words.

## What web pages say

{said}
## Figures and their sources, for staff

- **Share:** 27 % (30 adults). After a day. Two 2021, B Journal. *{SECOND_HAND}*
- **Hours:** 2 h. *Our proposal, for the medical director to confirm.*

Rules of the rulebook on this: `TOY-ONE-001`, `TOY-TWO-001`.

Sources read on 2026-01-01. To be checked again by 2026-07-01.

{MADE}"""
    )


def test_a_page_with_the_least() -> None:
    assert (
        render_all(library_of(PAGE, BARE, claims=(FIRST,)))["library/other.md"]
        == f"""\
# Another topic

It is short.

**How sure is this? No good study.** No study was found.

## Points alone

- A point.

## Figures and their sources, for staff

- **Days:** 18. One 2020, A Journal. *Read in the source.*

Sources read on 2026-01-01. To be checked again by 2026-07-01.

{MADE}"""
    )


def test_claims_stand_under_their_pages() -> None:
    # The page without a claim is left out; the order is that of the pages.
    third = replace(FIRST, key="three", says="It is new.", verdict="true", answer="It is.", page="safe")
    safe = replace(PAGE, slug="safe", title="A safe topic", group="safety")
    made = render_all(library_of(safe, PAGE, BARE, claims=(third, FIRST, SECOND)))
    assert (
        made["library/claims.md"]
        == f"""\
# What clinics' web pages say, checked

3 claims of five public web pages, which are not named.

## A topic

{SAID}
## A safe topic

### “It is new.”

**True.** It is.

For staff: 27 % had. Source: Two 2021, B Journal; One 2020, A Journal (read in the source).

Sources read on 2026-03-01. To be checked again by 2026-09-01.

{MADE}"""
    )


def test_the_index_lists_pages_by_group_and_explains_the_words() -> None:
    groups: tuple[Group, ...] = ("staff", "choosing", "uses", "safety", "before")
    others = [replace(BARE, slug=f"{each}-page", title=f"Page of {each}", group=each) for each in groups]
    text = render_all(library_of(*others, PAGE, BARE, claims=(FIRST, SECOND)))["library/index.md"]
    assert text.startswith("# Evidence library\n\nShort pages about ketamine treatment: what is known, ")
    _, _, rest = text.partition("## Before you decide\n\n")
    assert (
        rest
        == f"""\
- [Page of before](before-page.md)

## The treatment

- [Another topic](other.md)
- [A topic](topic.md)

## Staying safe

- [Page of safety](safety-page.md)

## What it is used for

- [Page of uses](uses-page.md)

## Choosing where to go

- [Page of choosing](choosing-page.md)

## For staff

- [Page of staff](staff-page.md)

## What clinics' web pages say, checked

[2 claims, each with its verdict](claims.md)

## How sure is it?

| Word | Meaning |
|---|---|
| Strong | Good studies agree, or the harm is well known. |
| Moderate | Good studies exist. But they are few or short, or they do not all agree. |
| Weak | The studies are small or early, or had no group to compare with. |
| Mixed | Some studies found a benefit and others found none. |
| No good study | We looked, and found no good study. |
| An idea | There are reasons to think so. It is not proved. |
| A rule of care | A drug label, a law or a group of experts says so. It keeps people safe. |

The words are a proposal, for the medical director to confirm.

```{{toctree}}
:hidden:
:maxdepth: 1

before-page
other
topic
safety-page
uses-page
choosing-page
staff-page
claims
```

{MADE}"""
    )


def test_each_page_has_its_place() -> None:
    assert list(render_all(library_of(PAGE, BARE))) == [
        "library/index.md",
        "library/claims.md",
        "library/topic.md",
        "library/other.md",
    ]


STAFFS: Final = replace(PAGE, audience="staff", with_uses=True)


def test_patients_read_how_sure_each_use_is_and_staff_also_why() -> None:
    cite = {key: f"Reference of {key}" for use in uses() for key in use.cite}
    of = library_of(replace(BARE, with_uses=True), STAFFS)
    made = render_all(replace(of, sources={**of.sources, **cite}))
    first, second = uses()[:2]
    assert (first.label, first.mark) == (INDICATIONS["depression"].label, "read")
    for_patients = (
        f"### {first.label}\n\n- How sure: {first.grade}\n- Approved? {first.status} ({first.status_date})\n"
    )
    for_staff = (
        f"- Best evidence: {first.evidence}\n- Guidelines: {first.guideline}\n"
        f"- How read: read in the source\n- Sources: {'; '.join(cite[key] for key in first.cite)}\n"
    )
    begin, end = "- A point.\n\n## Each use, and how sure\n\n", f"\n### {second.label}\n"
    assert f"{begin}{for_patients}{end}" in made["library/other.md"]
    begin = "Last words.\n\n## Each use, and how sure\n\n"
    assert f"{begin}{for_patients}{for_staff}{end}" in made["library/topic.md"]
    for use in uses():
        assert f"\n### {use.label}\n\n- How sure: {use.grade}\n" in made["library/other.md"]


@pytest.mark.parametrize(
    ("key", "mark"), [("depression", "read"), ("bipolar_depression", "second-hand"), ("ocd", "proposal")]
)
def test_a_use_says_what_its_indication_says(key: str, mark: Mark) -> None:
    indication = INDICATIONS[key]
    assert uses()[list(INDICATIONS).index(key)] == Use(
        label=indication.label,
        grade=GRADES[indication.grade],
        evidence=indication.evidence,
        guideline=indication.guideline,
        status=indication.status,
        status_date=indication.status_date,
        mark=mark,
        cite=indication.cite,
    )


def test_a_use_without_a_source_says_so() -> None:
    # Nothing was read on obsessive-compulsive disorder; its entry is a proposal.
    one = next(use for use in uses() if not use.cite)
    cite = {key: f"Reference of {key}" for use in uses() for key in use.cite}
    made = render_all(replace(library_of(replace(STAFFS, figures=())), sources=cite))["library/topic.md"]
    _, _, own = made.partition(f"### {one.label}\n")
    assert own.partition("###")[0].endswith(
        "- How read: our proposal, for the medical director to confirm\n- Sources: none\n\n"
    )
