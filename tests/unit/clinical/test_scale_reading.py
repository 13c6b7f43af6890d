"""From the file of a scale to the scale: every key arrives, and every slip is named by its line."""

from decimal import Decimal
from pathlib import Path

import pytest

from evenkeel.clinical.scales.shape import (
    Band,
    Change,
    Component,
    Condition,
    Cut,
    Ground,
    Item,
    Level,
    License,
    Need,
    Option,
    Part,
    Pattern,
    Scale,
    Scoring,
    Span,
    Step,
)
from evenkeel.values.quantities import Percent, Score
from tests.unit.clinical.scale_toys import (
    BASES,
    COMPONENTS,
    GROUPS,
    LEVELS,
    SUM,
    UNUSABLE,
    WHOLE,
    changed,
    read,
)

OURS = Ground(basis="proposal", sources=(), note="")
GRADE = (
    Option(value=0, points=0, text="Never", code="LA6568-5"),
    Option(value=1, points=1, text="Once", code=None),
    Option(value=2, points=5, text="Often", code=None),
)


def ranged(low: int, high: int) -> tuple[Option, ...]:
    """Answers that are given as a range: each counts itself and has no words."""
    return tuple(Option(value=value, points=value, text="", code=None) for value in range(low, high + 1))


def plain_item(number: int, low: int, high: int) -> Item:
    return Item(
        number=number,
        key=str(number),
        name="",
        text="",
        options=ranged(low, high),
        span=None,
        loinc=None,
        scored=True,
        risk_from=None,
        condition=None,
    )


# --- what a file says arrives -------------------------------------------------------------------------------


def test_the_head_of_a_file_arrives(tmp_path: Path) -> None:
    whole = read(tmp_path, WHOLE)
    assert (whole.id, whole.version, whole.title, whole.short) == (
        "toy",
        "3",
        "Toy scale of five questions",
        "Toy",
    )
    assert (whole.kind, whole.family, whole.rater, whole.direction) == ("pain", "pain", "clinician", "better")
    assert (whole.recall, whole.stem) == ("the last week", "How often, in the last week:")
    assert whole.notes == ("First note.", "Second note.")
    assert whole.license == License(
        status="free",
        owner="Nobody's University",
        note="Ask first.",
        credit="Nobody N (2026)",
        wording="ships",
    )
    assert whole.sources == {"nobody": "Nobody 2026", "someone": "Someone 2025"}
    assert (whole.loinc_panel, whole.loinc_total) == ("44249-1", "44261-6")
    assert (whole.permission, whole.unusable) == ("", "")


def test_the_questions_of_a_file_arrive(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE).items == (
        Item(
            number=1,
            key="1",
            name="",
            text="First?",
            options=GRADE,
            span=None,
            loinc=None,
            scored=True,
            risk_from=None,
            condition=None,
        ),
        Item(
            number=2,
            key="2",
            name="",
            text="Second?",
            options=GRADE,
            span=None,
            loinc="8480-6",
            scored=True,
            risk_from=2,
            condition=None,
        ),
        Item(
            number=3,
            key="3",
            name="How long",
            text="Third?",
            options=(),
            span=Span(low=0, high=10, unit="min"),
            loinc=None,
            scored=True,
            risk_from=None,
            condition=Condition(items=(1, 2), value_from=1, is_unless=False, otherwise="zero"),
        ),
        Item(
            number=4,
            key="3b",
            name="",
            text="Fourth?",
            options=GRADE,
            span=None,
            loinc=None,
            scored=True,
            risk_from=None,
            condition=Condition(items=(3,), value_from=10, is_unless=True, otherwise="leave_out"),
        ),
        Item(
            number=5,
            key="5",
            name="",
            text="Fifth?",
            options=GRADE,
            span=None,
            loinc=None,
            scored=False,
            risk_from=None,
            condition=None,
        ),
    )


def test_the_scoring_of_a_file_arrives(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE).scoring == Scoring(
        method="sum",
        low=Decimal(0),
        high=Decimal(25),
        ground=Ground(basis="source", sources=("nobody", "someone"), note="Added."),
        groups=(),
        part=None,
        parts=(
            Part(name="first", items=(1, 2), method="percent", at_least=None, high=10),
            Part(name="second", items=(1, 2, 4), method="mean", at_least=2, high=None),
        ),
        components=(),
        levels=(),
        profile=(1, 3, 4),
        table={},
    )


def test_what_is_said_of_a_score_arrives(tmp_path: Path) -> None:
    whole = read(tmp_path, WHOLE)
    assert whole.bands == (Band(low=0, high=9, label="little"), Band(low=10, high=25, label="much"))
    assert whole.bands_ground == Ground(basis="source", sources=("nobody",), note="Of Nobody.")
    assert whole.cuts == (
        Cut(
            label="at most nothing",
            part=None,
            low=Decimal(0),
            high=Decimal("0.5"),
            ground=Ground(basis="source", sources=("someone",), note="Of the whole."),
        ),
        Cut(label="first part high", part="first", low=Decimal(60), high=None, ground=OURS),
    )
    assert whole.patterns == (
        Pattern(
            label="both often",
            needs=(
                Need(items=(1, 2), at_least=2, at_most=2, value_from=2, value_from_of={2: 1}),
                Need(items=(4,), at_least=1, at_most=None, value_from=1, value_from_of={}),
            ),
            band="much",
            ground=Ground(basis="second-hand", sources=("nobody",), note="Of two."),
        ),
    )


def test_the_thresholds_of_a_file_arrive_each_with_what_it_stands_on(tmp_path: Path) -> None:
    whole = read(tmp_path, WHOLE)
    assert whole.risk_ground == Ground(basis="second-hand", sources=("someone",), note="Alerts.")
    assert whole.response_fall == Percent.of(50)
    assert whole.response_ground == Ground(basis="source", sources=("nobody",), note="Half.")
    assert whole.remission_below == Score.of(5)
    assert whole.remission_ground == Ground(basis="second-hand", sources=("someone",), note="Under five.")
    assert whole.worse_from == Score.of("0.5")
    assert whole.worse_ground == Ground(basis="proposal", sources=("nobody",), note="Ours.")
    assert whole.changes == (
        Change(
            points=Decimal("-2.5"),
            label="found to matter",
            ground=Ground(basis="source", sources=("someone",), note="By anchors."),
        ),
    )


def test_what_may_be_left_out_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, SUM) == Scale(
        id="toy",
        version="1",
        title="Toy scale",
        short="Toy",
        kind="mood",
        family=None,
        rater="self",
        recall="",
        stem="",
        direction="worse",
        license=License(status="unclear", owner="", note="", credit="", wording="clinic_loads"),
        permission="",
        unusable="",
        notes=(),
        sources={},
        items=(plain_item(1, 1, 4), plain_item(2, 0, 6)),
        scoring=Scoring(
            method="sum",
            low=Decimal(1),
            high=Decimal(10),
            ground=OURS,
            groups=(),
            part=None,
            parts=(),
            components=(),
            levels=(),
            profile=(),
            table={},
        ),
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


def test_a_scale_that_cannot_be_used_says_why_and_asks_nothing(tmp_path: Path) -> None:
    unusable = read(tmp_path, UNUSABLE)
    assert (unusable.unusable, unusable.items) == ("Nobody could read it.", ())


def test_one_code_alone_may_stand_there(tmp_path: Path) -> None:
    panel = read(tmp_path, changed(WHOLE, 'total = "44261-6"\n', ""))
    assert (panel.loinc_panel, panel.loinc_total) == ("44249-1", None)
    total = read(tmp_path, changed(WHOLE, 'panel = "44249-1"\n', ""))
    assert (total.loinc_panel, total.loinc_total) == (None, "44261-6")


def test_the_groups_of_a_file_arrive(tmp_path: Path) -> None:
    scoring = read(tmp_path, GROUPS).scoring
    assert (scoring.method, scoring.groups) == ("group_max", ((3,), (1, 2)))


def test_each_level_is_a_band_and_stands_on_what_the_scoring_stands_on(tmp_path: Path) -> None:
    levels = read(tmp_path, changed(LEVELS, 'basis = "proposal"', 'basis = "proposal"\nnote = "Sorted."'))
    assert levels.scoring.levels == (
        Level(label="none", any_of=()),
        Level(
            label="some",
            any_of=(Need(items=(1,), at_least=1, at_most=None, value_from=1, value_from_of={}),),
        ),
        Level(
            label="most",
            any_of=(
                Need(items=(1,), at_least=1, at_most=None, value_from=2, value_from_of={}),
                # 0 is said here, and is not the same as nothing said.
                Need(items=(1, 2), at_least=0, at_most=1, value_from=0, value_from_of={2: 6}),
            ),
        ),
    )
    assert levels.bands == (
        Band(low=0, high=0, label="none"),
        Band(low=1, high=1, label="some"),
        Band(low=2, high=2, label="most"),
    )
    assert levels.bands_ground == Ground(basis="proposal", sources=(), note="Sorted.")


def step(low: str, points: int) -> Step:
    return Step(low=Decimal(low), points=points)


def test_the_components_of_a_file_arrive(tmp_path: Path) -> None:
    assert read(tmp_path, COMPONENTS).scoring.components == (
        Component(
            name="asleep",
            items=(1, 2, 3),
            steps=(step("0", 3), step("50.5", 1), step("85", 0)),
            steps_of={},
            share=True,
        ),
        Component(name="grade", items=(4,), steps=(), steps_of={}, share=False),
        Component(
            name="grade and more",
            items=(4, 5),
            steps=(),
            steps_of={5: (step("0", 1), step("2", 2))},
            share=False,
        ),
        Component(
            name="both",
            items=(2, 4),
            steps=(step("0", 0), step("3", 2)),
            steps_of={2: (step("0", 0), step("30", 1))},
            share=False,
        ),
    )


def test_alike_questions_are_counted_through(tmp_path: Path) -> None:
    found = read(tmp_path, COMPONENTS).items
    assert [(item.number, item.key) for item in found] == [(n, str(n)) for n in range(1, 6)]
    assert [item.span for item in found] == [Span(low=0, high=1439, unit="")] * 3 + [None] * 2
    assert [item.options for item in found] == [()] * 3 + [ranged(1, 4)] * 2


# --- ends that still belong ---------------------------------------------------------------------------------

# What is put in the place of what in which file, and what has to change with it for the file to add up.
FITTING: dict[str, tuple[str, *tuple[tuple[str, str], ...]]] = {
    "alert at the lowest number of a span": ("whole", ('name = "How long"', "risk_from = 0")),
    "alert at the highest number of a span": ("whole", ('name = "How long"', "risk_from = 10")),
    "two alike questions": (
        "components",
        ("repeat = 3\n", 'repeat = 2\n\n[[item]]\nanswers = "minutes"\n'),
    ),
    "two answers": ("whole", ('  { value = 1, text = "Once" },\n', "")),
    "range of two": (
        "sum",
        ("range = [1, 4]", "range = [4, 5]"),
        ("low = 1\nhigh = 10", "low = 4\nhigh = 11"),
    ),
    "part for which one answer suffices": ("whole", ("at_least = 2\n\n", "at_least = 1\n\n")),
    "part of at most one point": (
        "parts",
        ("high = 6\n", "high = 1\n"),
        ("range = [0, 6]", "range = [0, 1]"),
        ("low = 0.5\nhigh = 5", "low = 0.5\nhigh = 2.5"),
    ),
    "steps of the first question": ("components", ("{ 5 = ", "{ 1 = [[0, 0]], 5 = ")),
    "cut that only ends": ("whole", ("from = 0\n", "")),
}


@pytest.mark.parametrize("name", FITTING)
def test_what_just_fits_is_read(name: str, tmp_path: Path) -> None:
    base, *changes = FITTING[name]
    text = BASES[base]
    for old, new in changes:
        text = changed(text, old, new)
    assert len(read(tmp_path, text).items) == len(read(tmp_path, BASES[base]).items)


def test_a_hundred_questions_may_be_alike(tmp_path: Path) -> None:
    text = changed(
        changed(SUM, "low = 1\nhigh = 10", "low = 100\nhigh = 406"),
        '"grade"\n\n',
        '"grade"\nrepeat = 100\n\n',
    )
    found = read(tmp_path, text).items
    assert (len(found), found[99].options, found[100].options) == (101, ranged(1, 4), ranged(0, 6))
    assert [item.number for item in found] == list(range(1, 102))
