"""Judging response and remission over a course: the thresholds are the scales' own."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.outcomes import (
    Judgement,
    baseline_of,
    exact_fall,
    judge_response,
    last_day_of,
    later_forms,
    latest_of,
    scale_of,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.courses import CourseState
from evenkeel.record.outcomes import AssessmentPoint
from tests.rules.outcomes_cases import BEFORE_FIRST, DAY, FIRST_AT, form, infusion
from tests.rules.records import NOON, changed, course

BOOK = Rulebook.shipped()


def judged(before: int | None, after: int | None, scale_id: str = "phq9") -> Judgement:
    scores: tuple[tuple[datetime, int | None, AssessmentPoint], ...] = (
        (BEFORE_FIRST, before, "baseline"),
        (NOON, after, "before_infusion"),
    )
    facts: list[tuple[datetime, Any]] = [
        (when, form(total, point, scale_id=scale_id)) for when, total, point in scores if total is not None
    ]
    return judge_response(BOOK, course(*facts, (FIRST_AT, infusion())), scale_id)


@pytest.mark.parametrize(
    ("before", "after", "fall", "response", "remission"),
    [
        # PHQ-9: response from half on, partial from a quarter on, worse from 6 points on, remission below 5.
        (20, 10, "50.0", "response", "no"),
        (20, 11, "45.0", "partial", "no"),
        (20, 15, "25.0", "partial", "no"),
        (20, 16, "20.0", "none", "no"),
        (10, 5, "50.0", "response", "no"),
        (10, 4, "60.0", "response", "yes"),
        (10, 15, "-50.0", "none", "no"),
        (10, 16, "-60.0", "worse", "no"),
        # 7 of 15 is 46.67 %, so a rounded number must not decide.
        (15, 8, "46.7", "partial", "no"),
        (0, 0, None, "unknown", "yes"),
    ],
)
def test_the_phq9_is_judged_by_its_thresholds(
    before: int, after: int, fall: str | None, response: str, remission: str
) -> None:
    found = judged(before, after)
    assert (found.response, found.remission) == (response, remission)
    assert found.fall_percent == (None if fall is None else Decimal(fall))


@pytest.mark.parametrize(
    ("before", "after", "response"),
    [(10, 7, "response"), (10, 8, "none"), (8, 6, "partial"), (5, 7, "worse"), (5, 6, "none")],
)
def test_pain_is_judged_by_thirty_percent_and_has_no_remission(
    before: int, after: int, response: str
) -> None:
    found = judged(before, after, "nrs11")
    assert (found.response, found.remission) == (response, "unknown")


@pytest.mark.parametrize(("before", "after"), [(None, 8), (20, None), (None, None)])
def test_without_both_scores_nothing_is_judged(before: int | None, after: int | None) -> None:
    found = judged(before, after)
    assert (found.response, found.fall_percent) == ("unknown", None)


def test_an_unmarked_form_before_the_first_infusion_is_the_baseline() -> None:
    state = course((BEFORE_FIRST, form(20)), (FIRST_AT, infusion()), (NOON, form(8)))
    found = judge_response(BOOK, state, "phq9")
    assert (found.baseline, found.latest, found.response) == (Decimal(20), Decimal(8), "response")


def test_half_a_form_is_neither_baseline_nor_latest() -> None:
    state = course(
        (BEFORE_FIRST, form(20, "baseline")),
        (FIRST_AT, infusion()),
        (NOON - DAY, form(8)),
        (NOON, form(None)),
    )
    found = judge_response(BOOK, state, "phq9")
    assert (found.latest, found.response) == (Decimal(8), "response")
    assert "OUT-CMP-001" in {verdict.rule.rule for verdict in found.verdicts if verdict.answer == "fires"}


def test_scales_are_never_mixed() -> None:
    state = course(
        (BEFORE_FIRST, form(20, "baseline")), (FIRST_AT, infusion()), (NOON, form(1, scale_id="nrs11"))
    )
    assert judge_response(BOOK, state, "phq9").response == "unknown"


@pytest.mark.parametrize(
    ("indication", "scale_id"), [("depression", "phq9"), ("crps", "nrs11"), ("not listed", "phq9")]
)
def test_the_scale_follows_the_indication(indication: str, scale_id: str) -> None:
    state = course()
    referral = state.facts[0]
    other = changed(referral, payload=changed(state.referral, indication=indication))
    assert scale_of(CourseState(stream=state.stream, seq=1, head_hash="", facts=(other,))).id == scale_id


def test_an_old_answer_is_not_judged_by_and_worse_stays_worse() -> None:
    def on(total: int, days: int) -> tuple[str, str]:
        state = course((BEFORE_FIRST, form(20, "baseline")), (FIRST_AT, infusion()), (NOON, form(total)))
        found = judge_response(BOOK, state, "phq9", on=NOON.date() + days * DAY)
        return found.response, found.remission

    # The PHQ-9 asks about two weeks.
    assert on(4, 14) == ("response", "yes")
    assert on(4, 15) == ("unknown", "unknown")
    assert on(26, 15) == ("worse", "unknown")


@given(before=st.integers(1, 27), totals=st.lists(st.integers(0, 27), min_size=2, max_size=2))
def test_a_lower_score_is_never_judged_worse(before: int, totals: list[int]) -> None:
    ranks = ["worse", "none", "partial", "response"]
    better, worse = (judged(before, total) for total in sorted(totals))
    assert ranks.index(better.response) >= ranks.index(worse.response)
    assert (better.remission, worse.remission) != ("no", "yes")


def total_of(fact: Any) -> Decimal | None:
    return None if fact is None else fact.payload.total


def test_the_last_complete_form_that_is_marked_is_the_baseline() -> None:
    marked = [(BEFORE_FIRST - 3 * DAY, form(18, "baseline")), (BEFORE_FIRST - 2 * DAY, form(20, "baseline"))]
    others = [(BEFORE_FIRST - DAY, form(None, "baseline")), (BEFORE_FIRST, form(15))]
    state = course(*marked, *others, (FIRST_AT, infusion()))
    assert total_of(baseline_of(state, "phq9")) == 20
    assert baseline_of(state, "nrs11") is None


def test_without_a_mark_the_last_form_up_to_the_first_infusion_is_the_baseline() -> None:
    forms = [(BEFORE_FIRST, form(18)), (FIRST_AT, form(17)), (FIRST_AT + DAY, form(16))]
    given_at = [FIRST_AT, FIRST_AT + 3 * DAY]
    infusions = [(at, infusion(number, at)) for number, at in enumerate(given_at, start=1)]
    assert total_of(baseline_of(course(*forms, *infusions), "phq9")) == 17
    assert baseline_of(course(*forms[2:], *infusions), "phq9") is None
    assert baseline_of(course(*forms), "phq9") is None


def test_later_forms_are_the_complete_ones_after_the_baseline() -> None:
    state = course(
        (BEFORE_FIRST - DAY, form(24)),
        (BEFORE_FIRST, form(20, "baseline")),
        # At the same moment, and written down after it.
        (BEFORE_FIRST, form(19)),
        (NOON - 2 * DAY, form(12)),
        (NOON - DAY, form(None)),
        (NOON, form(3, scale_id="nrs11")),
    )
    baseline = baseline_of(state, "phq9")
    assert [total_of(fact) for fact in later_forms(state, "phq9", baseline)] == [19, 12]
    assert total_of(latest_of(state, "phq9", baseline)) == 12
    assert later_forms(state, "phq9", None) == ()
    assert latest_of(state, "phq9", None) is None
    assert latest_of(state, "nrs11", baseline) is not None
    assert latest_of(state, "gad7", baseline) is None


def test_a_judgement_says_on_what_it_stands() -> None:
    found = judged(20, 10)
    assert found == changed(
        Judgement(
            scale="phq9",
            baseline=Decimal(20),
            latest=Decimal(10),
            fall_percent=Decimal("50.0"),
            response="response",
            remission="no",
            verdicts=(),
        ),
        verdicts=found.verdicts,
    )
    assert [(verdict.rule.rule, verdict.answer) for verdict in found.verdicts] == [
        ("OUT-RSK-001", "clear"),
        ("OUT-CMP-001", "clear"),
        ("OUT-BAS-001", "clear"),
        ("OUT-AGE-001", "clear"),
        ("OUT-WRS-001", "clear"),
        ("OUT-RSP-001", "clear"),
        ("OUT-PRT-001", "clear"),
        ("OUT-REM-001", "fires"),
        ("OUT-MIC-001", "clear"),
    ]


def test_a_scale_without_published_marks_says_how_far_it_fell_and_no_more() -> None:
    # The WSAS has no published response, remission or change that matters; 6 of 8 is a quarter less.
    found = judged(8, 6, "wsas")
    assert (found.fall_percent, found.response, found.remission) == (Decimal("25.0"), "unknown", "unknown")
    assert judged(8, 40, "wsas").response == "unknown"


def test_an_old_score_stays_unknown_although_its_fall_is_said() -> None:
    state = course((BEFORE_FIRST, form(20, "baseline")), (FIRST_AT, infusion()), (NOON, form(18)))
    found = judge_response(BOOK, state, "phq9", on=NOON.date() + 15 * DAY)
    assert (found.response, found.fall_percent) == ("unknown", Decimal("10.0"))


def test_the_last_day_is_that_of_the_latest_entry_by_the_clock() -> None:
    assert last_day_of(course((NOON, form(20)), (NOON - 3 * DAY, form(18)))) == NOON.date()


@pytest.mark.parametrize(
    ("before", "after", "fall"),
    [
        (15, 8, Fraction(140, 3)),
        (20, 20, Fraction(0)),
        (10, 15, Fraction(-50)),
        (1, 0, Fraction(100)),
        (0, 0, None),
        (None, 8, None),
        (20, None, None),
    ],
)
def test_a_fall_is_exact(before: int | None, after: int | None, fall: Fraction | None) -> None:
    first, last = (None if total is None else Decimal(total) for total in (before, after))
    assert exact_fall(first, last) == fall
