"""The page of all scales: each number of a small scale stands there with what it is founded on."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.clinical.scales import scale, scales
from evenkeel.clinical.scales.page import render
from evenkeel.clinical.scales.shape import (
    Band,
    Change,
    Component,
    Cut,
    Ground,
    License,
    Need,
    Part,
    Pattern,
    Scale,
)
from evenkeel.values.quantities import Percent, Score

READ = Ground(basis="source", sources=("nobody",), note="")
HEARD = Ground(basis="second-hand", sources=("nobody", "somebody"), note="In one study.")
OURS = Ground(basis="proposal", sources=(), note="")

BARE = replace(
    scale("peg"),
    id="a_toy",
    version="2",
    title="A toy scale",
    short="Toy",
    kind="pain",
    rater="self",
    recall="",
    direction="worse",
    license=License(status="free", owner="", note="", credit="", wording="ships"),
    notes=(),
    sources={"nobody": "Nobody 2026", "somebody": "Somebody 2025"},
    scoring=replace(scale("peg").scoring, method="sum", low=Decimal(0), high=Decimal("7.50"), ground=READ),
    bands=(),
    bands_ground=None,
    cuts=(),
    patterns=(),
    risk_ground=None,
    response_fall=None,
    response_ground=None,
    remission_below=None,
    remission_ground=None,
    worse_from=None,
    worse_ground=None,
    changes=(),
    loinc_panel=None,
    loinc_total=None,
)
NEED = Need(items=(1,), at_least=1, at_most=None, value_from=1, value_from_of={})


def section(of: Scale) -> list[str]:
    """The lines about one scale, empty ones left out."""
    _, _, text = render({of.id: of}).partition("(scale-")
    return [line for line in f"(scale-{text}".splitlines() if line]


def numbers(**changed: Any) -> list[str]:
    """The rows of the table of a scale with something added, without the first, which is its score."""
    rows = [line for line in section(replace(BARE, **changed)) if line.startswith("| ")]
    assert rows[:2] == ["| What | Number | Founded on |", "| Score | sum, 0 to 7.5 | source: `nobody` |"]
    return rows[2:]


def test_a_bare_scale_has_its_score_license_and_sources() -> None:
    text = render({"a_toy": BARE})
    assert text.endswith(
        """\
## All of them

| Scale | For | Questions | Score | Wording | License |
|---|---|---|---|---|---|
| [Toy](#scale-a-toy) | Pain | 3 | 0 to 7.5 | stands in Evenkeel | free |

(scale-a-toy)=
## A toy scale

`a_toy`, version 2. Self, higher is worse.

| What | Number | Founded on |
|---|---|---|
| Score | sum, 0 to 7.5 | source: `nobody` |


License: free; the wording stands in Evenkeel.

Sources: Nobody 2026 (`nobody`); Somebody 2025 (`somebody`).
"""
    )


@pytest.mark.parametrize(
    ("changed", "head"),
    [
        ({"recall": "today"}, "`a_toy`, version 2. Self, about today, higher is worse."),
        ({"direction": "better"}, "`a_toy`, version 2. Self, higher is better."),
        (
            {"direction": "neither", "recall": "today"},
            "`a_toy`, version 2. Self, about today, neither end is better.",
        ),
        ({"rater": "self and measured"}, "`a_toy`, version 2. Self and measured, higher is worse."),
    ],
)
def test_who_answers_about_what_time_and_which_way_is_worse(changed: dict[str, Any], head: str) -> None:
    assert section(replace(BARE, **changed))[2] == head


def test_what_cannot_be_used_says_why_and_has_no_numbers() -> None:
    of = replace(BARE, unusable="Nobody could read it.", items=(), notes=("Once more.", "And again."))
    assert section(of) == [
        "(scale-a-toy)=",
        "## A toy scale",
        "**Cannot be used.** Nobody could read it.",
        "`a_toy`, version 2. Self, higher is worse.",
        "- Once more.",
        "- And again.",
        "License: free.",
        "Sources: Nobody 2026 (`nobody`); Somebody 2025 (`somebody`).",
    ]
    assert (
        "| [Toy](#scale-a-toy) | Pain | – | – | cannot be used | free |" in render({"a_toy": of}).splitlines()
    )


def test_the_methods_parts_are_written_out() -> None:
    scoring = replace(
        BARE.scoring,
        method="group_max",
        groups=((1, 2), (3,)),
        ground=OURS,
        parts=(
            Part(name="first", items=(1, 2, 3, 5), method="sum", at_least=None, high=None),
            Part(name="second", items=(1, 2, 3), method="mean", at_least=2, high=None),
        ),
        components=(
            Component(name="sleep", items=(1, 3), steps=(), steps_of={}, share=False),
            Component(name="waking", items=(2,), steps=(), steps_of={}, share=False),
        ),
    )
    assert [line for line in section(replace(BARE, scoring=scoring)) if line.startswith("| ")] == [
        "| What | Number | Founded on |",
        "| Score | sum of the highest of each group, 0 to 7.5; groups 1–2, 3 | proposal |",
        "| Part: first | sum of 1–3, 5 | – |",
        "| Part: second | mean of 1–3, 2 answers suffice, marked as prorated | – |",
        "| Component: sleep | 0 to 3, of 1, 3 | – |",
        "| Component: waking | 0 to 3, of 2 | – |",
    ]


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        (
            {
                "bands": (Band(low=0, high=0, label="none"), Band(low=1, high=7, label="some")),
                "bands_ground": HEARD,
            },
            "| Ranges | 0 none, 1–7 some | second-hand: `nobody`, `somebody`. In one study. |",
        ),
        (
            {"response_fall": Percent.of(50), "response_ground": OURS},
            "| Response | a fall by 50 % | proposal |",
        ),
        (
            {"remission_below": Score.of(5), "remission_ground": READ},
            "| Remission | below 5 | source: `nobody` |",
        ),
        ({"worse_from": Score.of(6), "worse_ground": READ}, "| Worse | a rise by 6 | source: `nobody` |"),
        (
            {"changes": (Change(points=Decimal("-8.40"), label="matters", ground=READ),)},
            "| A change that matters | -8.4: matters | source: `nobody` |",
        ),
        (
            {"patterns": (Pattern(label="a syndrome", needs=(NEED,), band=None, ground=HEARD),)},
            "| Says “a syndrome” | by the answers | second-hand: `nobody`, `somebody`. In one study. |",
        ),
        ({"loinc_panel": "44249-1"}, "| LOINC | panel 44249-1 | – |"),
        ({"loinc_total": "44261-6"}, "| LOINC | score 44261-6 | – |"),
        (
            {"loinc_panel": "44249-1", "loinc_total": "44261-6"},
            "| LOINC | panel 44249-1, score 44261-6 | – |",
        ),
    ],
)
def test_each_number_stands_with_its_ground(changed: dict[str, Any], row: str) -> None:
    assert numbers(**changed) == [row]


def test_a_bare_scale_has_no_other_number() -> None:
    assert numbers() == []


@pytest.mark.parametrize(
    ("low", "high", "part", "words"),
    [
        ("3.50", None, None, "from 3.5"),
        (None, "2", None, "to 2"),
        ("1", "2", None, "from 1 to 2"),
        ("0", None, "first", "from 0 in first"),
    ],
)
def test_a_cut_says_from_where_to_where(
    low: str | None, high: str | None, part: str | None, words: str
) -> None:
    cut = Cut(
        label="a finding",
        part=part,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        ground=READ,
    )
    assert numbers(cuts=(cut,)) == [f"| Says “a finding” | {words} | source: `nobody` |"]


def test_answers_that_alert_are_named_by_the_forms_own_numbers() -> None:
    first, second, third = BARE.items
    items = (replace(first, key="1a", risk_from=1), second, replace(third, key="3", risk_from=0))
    assert numbers(items=items, risk_ground=OURS) == [
        "| Alerts | question 1a from 1 on, 3 from 0 on | proposal |"
    ]


def test_a_line_of_a_table_stays_one() -> None:
    of = replace(
        BARE,
        license=replace(BARE.license, status="free | for all", owner="A | B"),
        patterns=(
            Pattern(label="this | that", needs=(NEED,), band=None, ground=replace(OURS, note="a | b")),
        ),
    )
    lines = render({"a_toy": of}).splitlines()
    assert (
        r"| [Toy](#scale-a-toy) | Pain | 3 | 0 to 7.5 | stands in Evenkeel | free \| for all, A \| B |"
        in lines
    )
    assert r"| Says “this \| that” | by the answers | proposal. a \| b |" in lines


@pytest.mark.parametrize(
    ("changed", "wording", "lines"),
    [
        (
            {"owner": "Somebody"},
            "stands in Evenkeel",
            ["License: free (Somebody); the wording stands in Evenkeel."],
        ),
        (
            {"wording": "clinic_loads", "note": "Fees apply."},
            "is loaded by the clinic",
            ["License: free; the wording is loaded by the clinic. Fees apply."],
        ),
        (
            {"wording": "clinic_permits", "credit": "Somebody (2026)"},
            "stands in Evenkeel, shown once the clinic names its permission",
            [
                "License: free; the wording stands in Evenkeel, shown once the clinic names its permission.",
                "> Somebody (2026)",
            ],
        ),
    ],
)
def test_whose_the_words_are(changed: dict[str, Any], wording: str, lines: list[str]) -> None:
    of = replace(BARE, license=replace(BARE.license, **changed))
    assert section(of)[6:-1] == lines
    owner = f", {of.license.owner}" if of.license.owner else ""
    row = f"| [Toy](#scale-a-toy) | Pain | 3 | 0 to 7.5 | {wording} | free{owner} |"
    assert row in render({"a_toy": of}).splitlines()


def test_scales_stand_in_the_order_of_choosing_and_then_by_name() -> None:
    mood = replace(BARE, id="z_mood", short="Z", title="Zz", kind="mood")
    sleep = replace(BARE, id="sleep", short="S", title="Ss", kind="sleep")
    other = replace(BARE, id="b_toy", short="B", title="Bb")
    text = render({of.id: of for of in (sleep, other, BARE, mood)})
    assert [line for line in text.splitlines() if line.startswith("| [")] == [
        "| [Z](#scale-z-mood) | Depression | 3 | 0 to 7.5 | stands in Evenkeel | free |",
        "| [Toy](#scale-a-toy) | Pain | 3 | 0 to 7.5 | stands in Evenkeel | free |",
        "| [B](#scale-b-toy) | Pain | 3 | 0 to 7.5 | stands in Evenkeel | free |",
        "| [S](#scale-sleep) | Sleep | 3 | 0 to 7.5 | stands in Evenkeel | free |",
    ]
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    assert titles == ["## All of them", "## Zz", "## A toy scale", "## Bb", "## Ss"]


def test_the_page_begins_with_its_title_and_names_every_shipped_scale() -> None:
    text = render(scales())
    assert text.startswith("# Rating scales\n\nEvery scale that Evenkeel scores")
    for of in scales().values():
        assert f"\n## {of.title}\n" in text
