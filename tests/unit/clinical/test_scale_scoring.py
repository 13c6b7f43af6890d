"""Scoring in the branches that few shipped scales take, on small scales whose sums are done by hand."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from evenkeel.clinical.scales import scale
from evenkeel.clinical.scales.scoring import PartScore, UnableToScore, component_points, is_asked, score
from evenkeel.clinical.scales.shape import (
    Band,
    Component,
    Condition,
    Cut,
    Ground,
    Item,
    Level,
    Need,
    Option,
    Otherwise,
    Part,
    Pattern,
    Scale,
    Scoring,
    Step,
)

GROUND = Ground(basis="proposal", sources=(), note="")
SCORING = Scoring(
    method="sum",
    low=Decimal(0),
    high=Decimal(12),
    ground=GROUND,
    groups=(),
    part=None,
    parts=(),
    components=(),
    levels=(),
    profile=(),
    table={},
)


def question(number: int, *, scored: bool = True, condition: Condition | None = None) -> Item:
    """A question with answers 0 to 3, worth as much."""
    return Item(
        number=number,
        key=f"{number}a",
        name="",
        text=f"Question {number}?",
        options=tuple(
            Option(value=value, points=value, text=f"grade {value}", code=None) for value in range(4)
        ),
        span=None,
        loinc=None,
        scored=scored,
        risk_from=None,
        condition=condition,
    )


TOY = replace(
    scale("phq9"),
    id="toy",
    short="Toy",
    version="1",
    items=tuple(question(number) for number in range(1, 5)),
    scoring=SCORING,
    bands=(Band(low=0, high=5, label="low"), Band(low=6, high=12, label="high")),
    cuts=(),
    patterns=(),
)


def toy(**changed: object) -> Scale:
    """The small scale with something of its scoring changed."""
    return replace(TOY, scoring=replace(SCORING, **changed))  # type: ignore[arg-type]


def part(
    name: str,
    items: tuple[int, ...],
    method: str = "sum",
    at_least: int | None = None,
    high: int | None = None,
) -> Part:
    return Part(name=name, items=items, method=method, at_least=at_least, high=high)  # type: ignore[arg-type]


def cut(label: str, of_part: str | None, low: str | None, high: str | None) -> Cut:
    return Cut(
        label=label,
        part=of_part,
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        ground=GROUND,
    )


def need(items: tuple[int, ...], **changed: object) -> Need:
    made = Need(items=items, at_least=1, at_most=None, value_from=1, value_from_of={})
    return replace(made, **changed)  # type: ignore[arg-type]


def pattern(label: str, *needs: Need, band: str | None = None) -> Pattern:
    return Pattern(label=label, needs=needs, band=band, ground=GROUND)


# --- what is refused ----------------------------------------------------------------------------------------


def test_an_answer_that_is_not_offered_is_named_in_a_sentence() -> None:
    with pytest.raises(UnableToScore) as refusal:
        score(TOY, (4, 0, None, -1))
    assert [(issue.sentence, issue.code, issue.field) for issue in refusal.value.issues] == [
        ("Question 1a of Toy does not offer 4; choose an answer.", "answer-not-offered", "answer_1"),
        ("Question 4a of Toy does not offer -1; choose an answer.", "answer-not-offered", "answer_4"),
    ]


@pytest.mark.parametrize("count", [0, 2, 5])
def test_too_few_or_too_many_answers_are_refused_in_a_sentence(count: int) -> None:
    of = replace(TOY, items=(*TOY.items[:3], question(4, scored=False)))
    with pytest.raises(UnableToScore) as refusal:
        score(of, (0,) * count)
    assert [(issue.sentence, issue.code, issue.field) for issue in refusal.value.issues] == [
        (f"Toy has 4 questions, and {count} answers came.", "wrong-number-of-answers", "answers")
    ]


@pytest.mark.parametrize("count", [3, 4])
def test_unscored_questions_at_the_end_may_be_left_off(count: int) -> None:
    of = replace(TOY, items=(*TOY.items[:3], question(4, scored=False)))
    assert score(of, (1,) * count).total == 3


def test_a_scale_without_its_table_is_never_scored() -> None:
    with pytest.raises(
        AssertionError, match=r"^a scale is scored only where all that its scoring needs is here$"
    ):
        score(scale("promis_depression"), (1,) * 8)


# --- parts --------------------------------------------------------------------------------------------------


def test_parts_are_sums_means_and_shares() -> None:
    of = toy(
        parts=(
            part("first", (1, 2)),
            part("mean", (2, 3, 4), "mean"),
            part("share", (1, 4), "percent", high=6),
        )
    )
    assert score(of, (1, 2, 3, 3)).parts == (
        PartScore(name="first", score=Decimal(3), percent=False, prorated=False),
        # 8 / 3 and 4 / 6, to two places.
        PartScore(name="mean", score=Decimal("2.67"), percent=False, prorated=False),
        PartScore(name="share", score=Decimal("66.67"), percent=True, prorated=False),
    )


def test_a_score_is_kept_without_zeros_at_its_end() -> None:
    of = toy(method="mean")
    # 6 / 4, 1 / 4 and 8 / 4.
    assert str(score(of, (1, 2, 3, 0)).total) == "1.5"
    assert str(score(of, (1, 0, 0, 0)).total) == "0.25"
    assert str(score(of, (2, 2, 2, 2)).total) == "2"


def test_a_part_that_may_be_prorated_needs_so_many_answers() -> None:
    of = toy(
        method="part", part="lead", parts=(part("lead", (1,)), part("rest", (2, 3, 4), "mean", at_least=2))
    )
    found = score(of, (3, 1, 2, None))
    assert (found.total, found.missing) == (Decimal(3), (4,))
    assert found.parts[1] == PartScore(name="rest", score=Decimal("1.5"), percent=False, prorated=True)
    found = score(of, (3, 1, None, None))
    assert (found.total, found.missing) == (None, (3, 4))
    assert found.parts[1] == PartScore(name="rest", score=None, percent=False, prorated=False)
    whole = score(of, (3, 1, 2, 3)).parts[1]
    assert (whole.score, whole.prorated) == (Decimal(2), False)


def test_a_part_of_no_answer_at_all_has_no_score() -> None:
    of = toy(parts=(part("mean", (3, 4), "mean"),))
    assert score(of, (1, 1, None, None)).parts[0].score is None


def test_the_part_that_is_kept_is_never_prorated() -> None:
    of = toy(method="part", part="lead", parts=(part("lead", (1, 2), at_least=1), part("rest", (3, 4))))
    found = score(of, (3, None, 1, 1))
    assert found.parts[0].prorated
    assert (found.total, found.missing) == (None, (2,))


def test_a_kept_part_over_a_question_that_is_not_scored_is_a_fault_of_the_file() -> None:
    of = toy(method="part", part="lead", parts=(part("lead", (1, 4)),))
    of = replace(of, items=(*TOY.items[:3], question(4, scored=False)))
    with pytest.raises(AssertionError, match=r"^a total is asked for only when its part is whole$"):
        score(of, (1, 1, 1, 1))


def test_an_open_question_of_another_part_is_not_forgiven() -> None:
    of = toy(method="part", part="lead", parts=(part("lead", (1,)), part("rest", (2, 3), at_least=1)))
    # The fourth belongs to no part; the second is prorated.
    assert score(of, (3, None, 1, None)).total is None
    assert score(of, (3, None, 1, 0)).total == 3


# --- ranges, cuts and patterns ------------------------------------------------------------------------------


@pytest.mark.parametrize(("answers", "band"), [((3, 2, 0, 0), "low"), ((3, 3, 0, 0), "high")])
def test_a_total_lies_in_its_range(answers: tuple[int, ...], band: str) -> None:
    assert score(TOY, answers).band == band


def test_the_first_pattern_that_holds_gives_the_range() -> None:
    of = replace(
        TOY,
        patterns=(
            pattern("plain", need((1,))),
            pattern("one", need((2,)), band="high"),
            pattern("two", need((3,)), band="low"),
        ),
    )
    assert (score(of, (1, 1, 1, 0)).band, score(of, (1, 1, 1, 0)).marks) == ("high", ("plain", "one", "two"))
    assert (score(of, (0, 0, 3, 3)).band, score(of, (0, 0, 3, 3)).marks) == ("low", ("two",))
    assert (score(of, (1, 0, 0, 0)).band, score(of, (1, 0, 0, 0)).marks) == ("low", ("plain",))
    assert score(of, (1, 1, 1, None)).marks == ()


def test_a_question_that_is_left_out_leaves_no_range() -> None:
    unless = Condition(items=(1,), value_from=1, is_unless=True, otherwise="leave_out")
    of = replace(TOY, items=(*TOY.items[:3], question(4, condition=unless)))
    assert (score(of, (0, 2, 2, 3)).total, score(of, (0, 2, 2, 3)).band) == (Decimal(7), "high")
    assert (score(of, (1, 2, 2, 3)).total, score(of, (1, 2, 2, 3)).band) == (Decimal(5), None)
    # Nor does it count for a pattern.
    of = replace(of, patterns=(pattern("found", need((4,))),))
    assert (score(of, (0, 2, 2, 3)).marks, score(of, (1, 2, 2, 3)).marks) == (("found",), ())


@pytest.mark.parametrize(
    ("answers", "marks"),
    [
        ((0, 1, 1, 1), ("part to 1",)),
        ((1, 1, 1, 1), ("total from 4", "part to 1")),
        ((2, 0, 0, 2), ("total from 4", "part from 2 to 3")),
        ((3, 0, 0, 0), ("part from 2 to 3",)),
        ((None, 3, 3, 3), ()),
        ((2, 3, 3, None), ("part from 2 to 3",)),
    ],
)
def test_cuts_are_made_on_the_total_or_on_a_part(
    answers: tuple[int | None, ...], marks: tuple[str, ...]
) -> None:
    of = replace(
        toy(parts=(part("first", (1,)),)),
        cuts=(
            cut("total from 4", None, "4", None),
            cut("part from 2 to 3", "first", "2", "3"),
            cut("part to 1", "first", None, "1"),
        ),
    )
    assert score(of, answers).marks == marks


@pytest.mark.parametrize(
    ("asked", "answers", "holds"),
    [
        (need((1, 2, 3), at_least=2), (1, 0, 0, 3), False),
        (need((1, 2, 3), at_least=2), (1, 0, 1, 0), True),
        (need((1, 2, 3), at_most=2), (1, 1, 0, 3), True),
        (need((1, 2, 3), at_most=2), (1, 1, 1, 0), False),
        (need((1, 2, 3), at_least=2, at_most=2), (1, 0, 0, 0), False),
        (need((1, 2), value_from=2), (1, 1, 3, 3), False),
        (need((1, 2), value_from=2), (1, 2, 0, 0), True),
        # The second question counts from 1 on already, the first from 3 on only.
        (need((1, 2), value_from=3, value_from_of={2: 1}), (2, 0, 3, 3), False),
        (need((1, 2), value_from=3, value_from_of={2: 1}), (0, 1, 0, 0), True),
        (need((1, 2), value_from=3, value_from_of={2: 1}), (3, 0, 0, 0), True),
    ],
)
def test_a_need_counts_the_answers_that_are_high_enough(
    asked: Need, answers: tuple[int, ...], holds: bool
) -> None:
    of = replace(TOY, patterns=(pattern("found", asked),))
    assert score(of, answers).marks == (("found",) if holds else ())


def test_all_needs_of_a_pattern_are_met() -> None:
    of = replace(TOY, patterns=(pattern("found", need((1,)), need((2,))),))
    assert score(of, (1, 1, 0, 0)).marks == ("found",)
    assert score(of, (1, 0, 3, 3)).marks == ()


def test_an_answer_alerts_from_its_threshold_on() -> None:
    of = replace(
        TOY, items=(replace(question(1), risk_from=2), replace(question(2), risk_from=1), *TOY.items[2:])
    )
    assert score(of, (2, 1, 3, 3)).risk_items == (1, 2)
    assert score(of, (1, 0, 3, 3)).risk_items == ()
    assert score(of, (None, 3, None, None)).risk_items == (2,)


# --- questions that are asked only after others -------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_unless", "given", "expected"),
    [
        (False, {1: 2}, True),
        (False, {1: 1, 2: 3}, True),
        (False, {1: 1, 2: 1}, False),
        (False, {3: 3}, False),
        (False, {}, False),
        (True, {1: 2}, False),
        (True, {1: 1}, True),
        (True, {}, True),
    ],
)
def test_a_condition_looks_at_the_answers_that_are_there(
    is_unless: bool, given: Mapping[int, int], expected: bool
) -> None:
    condition = Condition(items=(1, 2), value_from=2, is_unless=is_unless, otherwise="zero")
    assert is_asked(condition, given) is expected


def test_a_question_without_a_condition_is_always_asked() -> None:
    assert is_asked(None, {})


@pytest.mark.parametrize(
    ("otherwise", "third", "total"),
    [
        # The means of 0, 2 and 2 with the third, which is not asked after a 0: it counts as 0, it counts what
        # was answered, or there are only three.
        ("zero", 3, "1"),
        ("zero", None, "1"),
        ("count", 3, "1.75"),
        ("count", None, "1"),
        ("leave_out", 3, "1.33"),
        ("leave_out", None, "1.33"),
    ],
)
def test_what_was_not_to_be_asked_counts_by_its_own_rule(
    otherwise: Otherwise, third: int | None, total: str
) -> None:
    condition = Condition(items=(1,), value_from=1, is_unless=False, otherwise=otherwise)
    items = (question(1), question(2), question(3, condition=condition), question(4))
    found = score(replace(toy(method="mean"), items=items), (0, 2, third, 2))
    assert (str(found.total), found.missing) == (total, ())


@pytest.mark.parametrize("otherwise", ["zero", "count", "leave_out"])
def test_what_is_asked_counts_as_it_was_answered(otherwise: Otherwise) -> None:
    condition = Condition(items=(1,), value_from=1, is_unless=False, otherwise=otherwise)
    of = replace(TOY, items=(question(1), question(2, condition=condition), *TOY.items[2:]))
    assert score(of, (1, 3, 0, 0)).total == 4
    assert score(of, (1, None, 0, 0)).missing == (2,)


# --- groups, levels, components and tables ------------------------------------------------------------------


def test_the_highest_of_each_group_is_added() -> None:
    assert score(toy(method="group_max", groups=((1, 3), (2,), (4,))), (3, 1, 2, 2)).total == 6


def test_the_highest_level_that_a_form_reaches_is_kept() -> None:
    levels = (
        Level(label="none", any_of=()),
        Level(label="some", any_of=(need((1,)), need((2,), value_from=2))),
        Level(label="more", any_of=(need((3,)),)),
    )
    bands = tuple(Band(low=place, high=place, label=each.label) for place, each in enumerate(levels))
    of = replace(toy(method="levels", levels=levels), bands=bands)
    for answers, total, band in (
        ((0, 1, 0, 3), 0, "none"),
        ((1, 0, 0, 0), 1, "some"),
        ((0, 2, 0, 0), 1, "some"),
        ((1, 2, 1, 0), 2, "more"),
        ((0, 0, 1, 0), 2, "more"),
    ):
        found = score(of, answers)
        assert (found.total, found.band) == (Decimal(total), band)


def test_a_profile_is_the_row_of_the_answers() -> None:
    assert score(toy(profile=(3, 1, 2)), (1, 2, 3, 0)).band == "profile 312"


def component(**changed: object) -> Component:
    made = Component(name="toy", items=(1, 2), steps=(), steps_of={}, share=False)
    return replace(made, **changed)  # type: ignore[arg-type]


STEPS = (Step(low=Decimal(0), points=0), Step(low=Decimal("1.5"), points=1), Step(low=Decimal(4), points=3))


@pytest.mark.parametrize(
    ("made", "points", "expected"),
    [
        # Without steps the answers are added; with steps, their sum or the answer goes through them first.
        (component(), {1: 2, 2: 3}, 5),
        (component(steps=STEPS), {1: 1, 2: 0}, 0),
        (component(steps=STEPS), {1: 1, 2: 1}, 1),
        (component(steps=STEPS), {1: 1, 2: 2}, 1),
        (component(steps=STEPS), {1: 2, 2: 2}, 3),
        (component(steps_of={1: STEPS}), {1: 4, 2: 2}, 5),
        (component(steps_of={1: STEPS}, steps=STEPS), {1: 4, 2: 1}, 3),
        (component(steps_of={1: STEPS}, steps=STEPS), {1: 3, 2: 0}, 0),
    ],
)
def test_a_component_goes_through_its_steps(made: Component, points: dict[int, int], expected: int) -> None:
    assert component_points(made, points) == expected


@pytest.mark.parametrize(
    ("asleep", "to_bed", "up", "expected"),
    [
        # Minutes slept, and the times of going to bed and of getting up in minutes of the day.
        (405, 23 * 60, 7 * 60, 1),  # 84.4 % of 8 hours
        (408, 23 * 60, 7 * 60, 0),  # 85 % exactly
        (51, 60, 120, 0),  # 85 % of an hour
        (0, 60, 120, 3),
    ],
)
def test_the_share_of_time_in_bed_that_was_slept(asleep: int, to_bed: int, up: int, expected: int) -> None:
    # The shares of the PSQI: from 85 % on 0, from 75 % on 1, from 65 % on 2, below 3.
    steps = tuple(
        Step(low=Decimal(low), points=points) for low, points in ((0, 3), (65, 2), (75, 1), (85, 0))
    )
    made = component(items=(3, 1, 2), steps=steps, share=True)
    assert component_points(made, {3: asleep, 1: to_bed, 2: up}) == expected


def test_without_any_time_in_bed_nothing_was_slept() -> None:
    steps = (Step(low=Decimal(0), points=3), Step(low=Decimal(1), points=0))
    made = component(items=(3, 1, 2), steps=steps, share=True)
    assert component_points(made, {3: 480, 1: 60, 2: 60}) == 3


def test_a_number_below_the_first_step_is_a_fault_of_the_file() -> None:
    with pytest.raises(AssertionError, match=r"^the first step takes every number that can come$"):
        component_points(component(steps=STEPS[1:]), {1: 0, 2: 0})


def test_components_are_added() -> None:
    of = toy(method="components", components=(component(), component(items=(3, 4), steps=STEPS)))
    assert score(of, (1, 2, 2, 2)).total == 6


def test_a_sum_is_looked_up_in_the_table() -> None:
    table = {raw: Decimal(raw) + Decimal("30.25") for raw in range(13)}
    assert score(toy(method="lookup", table=table), (1, 2, 3, 0)).total == Decimal("36.25")
