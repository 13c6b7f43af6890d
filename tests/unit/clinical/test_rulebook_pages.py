"""The rule book as Markdown, from a book of two rules that is made up for this test."""

from dataclasses import replace

from evenkeel.clinical.rulebook_model import (
    Book,
    BookAnswer,
    BookBounds,
    BookCarrier,
    BookCase,
    BookCitation,
    BookLimit,
    BookMention,
    BookPoint,
    BookPosition,
    BookRule,
    BookSource,
    BookStage,
    BookVersion,
)
from evenkeel.clinical.rulebook_page import render

NOW = BookVersion(
    number=2,
    from_date="1 Jan 2026",
    sentence="Pause from 170 mmHg on 2 readings.",
    limits=(BookLimit(name="systolic limit", value="170 mmHg"), BookLimit(name="readings", value="2")),
    basis="source",
    cited=(
        BookCitation(key="somebody-2020", reference="Somebody 2020, A Journal", locator="table 2"),
        BookCitation(key="another-2021", reference="Another 2021, A Book", locator="page 7"),
    ),
    authored_by="Bea",
    checked_by="Lea Lindqvist MD",
    review_due="31 Dec 2027",
)
FIRST = BookVersion(
    number=1,
    from_date="1 Jan 2025",
    sentence="Pause.",
    limits=(),
    basis="proposal",
    cited=(),
    authored_by="Ada",
    checked_by="awaiting medical director",
    review_due="3 Feb 2026",
)
PRESSURE = BookRule(
    id="TST-BP-001",
    title="Pressure too high",
    stage="checkin",
    stage_words="Check-in",
    fires=BookAnswer(asks="Pauses", who="nobody"),
    unknown=BookAnswer(asks="Advises", who=None),
    now=NOW,
    limits=(
        BookLimit(
            name="systolic limit",
            value="165 mmHg",
            bounds=BookBounds(
                stricter="lower is stricter", recommended="150 to 170 mmHg", absolute="120 to 180 mmHg"
            ),
        ),
        BookLimit(name="readings", value="2"),
    ),
    sentence="Pause from 165 mmHg on 2 readings.",
    hazard="HAZ-001",
    harm="A stroke",
    cause="Nobody measured",
    versions=(NOW, FIRST),
    cases=(
        BookCase(
            what="at the limit: 170 | 100 mmHg",
            expected="Fires",
            given="Fires",
            seen="170 mmHg",
            version=2,
            holds=True,
        ),
        BookCase(what="no", expected="Clear", given="Fires", seen="", version=1, holds=False),
    ),
    always_known="the pressure is what is asked about",
    held=1,
)
NOTE = replace(
    PRESSURE,
    id="TST-002",
    title="Something to note",
    stage="outcomes",
    stage_words="Outcomes",
    now=FIRST,
    limits=(),
    sentence="It is noted.",
    versions=(FIRST,),
    cases=(),
    always_known=None,
    held=0,
)
BOOK = Book(
    on="1 Jun 2026",
    stages=(
        BookStage(id="checkin", words="Check-in", rules=(PRESSURE,)),
        BookStage(id="outcomes", words="Outcomes", rules=(NOTE, replace(NOTE, id="TST-003"))),
    ),
    sources=(
        BookSource(
            key="another-2021",
            reference="Another 2021, A Book",
            rules=(
                BookMention(rule="TST-BP-001", title="Pressure too high", stage="checkin", locator="page 7"),
            ),
            points=("Where to pause",),
        ),
        BookSource(key="nobody-2022", reference="Nobody 2022", rules=(), points=()),
    ),
    points=(
        BookPoint(
            point="Where to pause",
            default="From 170 mmHg.",
            positions=(
                BookPosition(holds="At 170 mmHg.", held_by="Somebody 2020, A Journal"),
                BookPosition(holds="At 180 mmHg.", held_by="not found in anything read"),
            ),
            rules=(
                BookCarrier(rule="TST-BP-001", title="Pressure too high", stage="checkin", basis="source"),
                BookCarrier(rule="TST-002", title="Something to note", stage="outcomes", basis="second-hand"),
            ),
            carried_by=None,
        ),
        BookPoint(
            point="What to note",
            default="All of it.",
            positions=(BookPosition(holds="All of it.", held_by="nobody"),),
            rules=(),
            carried_by="The page asks.",
        ),
    ),
)

# Every page says so at its head.
MADE = "This page is made from the rule files by `evenkeel pages`. Do not edit it.\n"


def page(name: str) -> str:
    """One page of the book."""
    return render(BOOK)[name]


def after_the_head(name: str) -> str:
    """What stands on a page after the words that every such page begins with."""
    head, made, rest = page(name).partition(MADE)
    assert head.startswith("# ")
    assert made
    return rest


def test_there_is_a_page_for_each_stage_and_each_index() -> None:
    assert list(render(BOOK)) == [
        "index.md",
        "checkin.md",
        "outcomes.md",
        "sources.md",
        "proposals.md",
        "disagreements.md",
    ]


def test_the_index_counts_and_leads_on() -> None:
    text = page("index.md")
    assert text.startswith("# Rule book\n\nEvery rule that Evenkeel decides by")
    assert text.endswith(
        """in a clinic, with the clinic's own limits.

1 of 2 cases answered as they must when the tables were last run.

| What the rule is founded on | Rules |
|---|---|
| read in the source itself, at least its abstract, label or page | 1 |
| read in somebody else's account of the source | 0 |
| a proposal for the clinic's medical director; what is cited only bears on it | 2 |
| all | 3 |

| Stage | Rules | Of them proposals |
|---|---|---|
| [Check-in](checkin.md) | 1 | 0 |
| [Outcomes](outcomes.md) | 2 | 2 |

```{toctree}
:maxdepth: 1

checkin
outcomes
sources
proposals
disagreements
```
"""
    )


def test_a_rule_says_all_that_it_rests_on() -> None:
    assert page("checkin.md") == (
        "# Check-in\n\n" + MADE + "\n(tst-bp-001)=\n"
        "## TST-BP-001: Pressure too high\n\n"
        "Pause from 165 mmHg on 2 readings.\n\n"
        "- When it fires: **pauses**; who may go on: nobody\n"
        "- When not known: **advises**\n"
        "- Limit `systolic limit`: 165 mmHg; a clinic may set 120 to 180 mmHg, and with confirmation only "
        "outside 150 to 170 mmHg (lower is stricter)\n"
        "- Limit `readings`: 2\n"
        "- Guards against HAZ-001: A stroke\n"
        "- Version 2, from 1 Jan 2026: limits: systolic limit 170 mmHg; readings 2. "
        "Basis: read in the source itself, at least its abstract, label or page. "
        "Cites: `somebody-2020`, table 2; `another-2021`, page 7. "
        "Written by: Bea; checked by: Lea Lindqvist MD; to be reviewed by 31 Dec 2027.\n"
        "- Version 1, from 1 Jan 2025: limits: none. "
        "Basis: a proposal for the clinic's medical director; what is cited only bears on it. "
        "Cites: no source. "
        "Written by: Ada; checked by: awaiting medical director; to be reviewed by 3 Feb 2026.\n"
        "\n"
        "| Case | Must answer | What it saw or missed | Holds |\n"
        "|---|---|---|---|\n"
        "| at the limit: 170 \\| 100 mmHg | Fires | 170 mmHg | yes |\n"
        "| no | Clear | – | **no** |\n"
        "\n"
        "Nothing can be missing: the pressure is what is asked about.\n"
    )


def test_the_rules_of_a_stage_stand_one_below_the_other() -> None:
    text = page("outcomes.md")
    assert text.startswith("# Outcomes\n\n" + MADE + "\n(tst-002)=\n## TST-002: Something to note\n\n")
    table = "\n| Case | Must answer | What it saw or missed | Holds |\n|---|---|---|---|\n"
    assert table + "\n(tst-003)=\n" in text
    assert text.endswith(table)
    assert "Nothing can be missing" not in text


def test_each_source_leads_to_what_cites_it() -> None:
    assert page("sources.md").startswith("# Rules by source\n")
    assert after_the_head("sources.md") == (
        "\n## another-2021\n\n"
        "Another 2021, A Book\n\n"
        "- [TST-BP-001](checkin.md#tst-bp-001), Pressure too high: page 7\n"
        "- [Where sources disagree](disagreements.md): Where to pause\n"
        "\n"
        "## nobody-2022\n\n"
        "Nobody 2022\n\n"
    )


def test_proposals_stand_by_stage_and_nothing_else_among_them() -> None:
    assert page("proposals.md").startswith("# Proposals\n")
    assert after_the_head("proposals.md") == (
        "\n2 of 3 rules.\n\n"
        "## Outcomes\n\n"
        "| Rule | Says | Checked by |\n"
        "|---|---|---|\n"
        "| [TST-002](outcomes.md#tst-002) | It is noted. | awaiting medical director |\n"
        "| [TST-003](outcomes.md#tst-003) | It is noted. | awaiting medical director |\n"
    )


def test_each_point_says_who_holds_what_and_what_carries_the_default() -> None:
    assert page("disagreements.md").startswith("# Where sources disagree\n")
    assert after_the_head("disagreements.md") == (
        "\n## Where to pause\n\n"
        "- At 170 mmHg. (Somebody 2020, A Journal)\n"
        "- At 180 mmHg. (not found in anything read)\n"
        "\n"
        "**Default:** From 170 mmHg.\n"
        "**Carried by:** [TST-BP-001](checkin.md#tst-bp-001) (source), "
        "[TST-002](outcomes.md#tst-002) (second-hand)\n"
        "\n"
        "## What to note\n\n"
        "- All of it. (nobody)\n"
        "\n"
        "**Default:** All of it.\n"
        "**Carried by:** The page asks. A proposal.\n"
    )
