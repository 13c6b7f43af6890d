"""Options for the maintenance interval: weekly for four, then a week longer each time, to twelve weeks."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from evenkeel.clinical.decision import objections
from evenkeel.clinical.maintenance import (
    IntervalOption,
    LongTermPlan,
    assess_plan,
    assess_relapse,
    days_later,
    planned_dates,
    planned_due_date,
    suggest_interval,
    taper_dates,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.codec import decode, encode
from evenkeel.record.maintenance import MaintenancePlanned, MaintenancePlannedOpenEnded
from evenkeel.record.verdict import Override
from evenkeel.values.quantities import Days
from tests.rules.case import DAY as TODAY
from tests.rules.maintenance_cases import given, response, scores, standing
from tests.rules.outcomes_cases import DAY, infusion
from tests.rules.records import CONSENT, NOON, course
from tests.rules.series_cases import WITHDRAWN

BOOK = Rulebook.shipped()


def plan(interval: str, at: datetime = NOON - 50 * DAY) -> tuple[datetime, MaintenancePlanned]:
    made = MaintenancePlanned(
        interval=Days.of(interval),
        next_due_date=date(2026, 6, 8),
        goals="",
        return_signs="",
        psychotherapy="",
        support_contact="",
        craving="no",
        verdicts=(),
        overrides=(),
    )
    return at, made


def options(*facts: Any) -> list[tuple[str, bool]]:
    found = suggest_interval(BOOK, course(*facts))
    assert sum(option.is_next_step for option in found) == 1
    return [(option.interval.number, option.is_next_step) for option in found]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), [("7", True), ("14", False)]),
        ((plan("7"), *given(21, 14, 7)), [("7", True), ("14", False)]),
        # Phillips 2019 gave four.
        ((plan("7"), *given(28, 21, 14, 7)), [("7", False), ("14", True)]),
        ((plan("21"), *given(40, 30, 20, 10)), [("7", False), ("21", False), ("28", True)]),
        ((plan("84"), *given(40, 30, 20, 10)), [("7", False), ("84", True)]),
    ],
)
def test_the_next_step_follows_the_infusions_given(facts: tuple[Any, ...], expected: list[Any]) -> None:
    assert options(*facts) == expected


def test_infusions_before_the_plan_do_not_count_as_maintenance() -> None:
    assert options(*given(60, 58, 56, 54, 52, 51), plan("7")) == [("7", True), ("14", False)]


def test_only_the_weekly_option_has_a_source() -> None:
    found = suggest_interval(BOOK, course(plan("21")))
    assert [(option.interval.number, option.basis) for option in found if option.cite] == [("7", "source")]
    assert {option.basis for option in found if not option.cite} == {"proposal"}


def asked(*facts: Any, overrides: tuple[Override, ...] = (), **changes: Any) -> Any:
    state = course((NOON - 50 * DAY, CONSENT), (NOON, infusion(6, NOON)), *facts)
    made = LongTermPlan(
        interval=Days.of(7),
        next_due_date=TODAY + timedelta(days=7),
        goals="",
        return_signs="",
        psychotherapy="",
        support_contact="",
    )
    verdicts = assess_plan(BOOK, state, replace(made, **changes))
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, overrides, "prescriber")]


def test_a_weekly_plan_after_a_response_needs_no_reason() -> None:
    assert asked(response("response")) == []


def test_nobody_plans_after_consent_was_withdrawn() -> None:
    assert asked(response("response"), WITHDRAWN) == [("SER-CON-001", "blocked")]


def test_craving_holds_unless_a_prescriber_says_why() -> None:
    assert asked(response("response"), craving="yes") == [("MNT-CRV-001", "needs-reason")]
    reason = Override(rule="MNT-CRV-001", reason="Made-up reason that is long enough")
    assert asked(response("response"), craving="yes", overrides=(reason,)) == []


def test_a_relapse_does_not_open_what_craving_holds() -> None:
    # The response of 20 at baseline is lost, and the infusion is brought forward by four days.
    facts = (response("response"), standing("14", 11 * DAY), *scores(20, 8, 11))
    assert asked(*facts) == []
    assert asked(*facts, craving="yes") == [("MNT-CRV-001", "needs-reason")]


def test_brought_forward_while_the_scores_hold_asks_for_a_reason() -> None:
    facts = (response("response"), standing("14", 11 * DAY), *scores(20, 8, 8))
    assert asked(*facts) == [("MNT-FWD-001", "needs-reason")]


def test_the_planned_date_follows_the_last_infusion() -> None:
    assert planned_due_date(course()) is None
    assert planned_due_date(course(*given(60), standing("14", 3 * DAY))) == TODAY + 3 * DAY
    assert planned_due_date(course(standing("14", 3 * DAY), *given(4))) == TODAY + 10 * DAY


def test_a_plan_towards_an_end_grows_by_a_week_each_time() -> None:
    # Two weeks, three, four: 1 June, 15 June, 6 July, 3 August; the next would be 7 September.
    found = taper_dates(date(2026, 6, 1), Days.of(14), Days.of(7), date(2026, 9, 6))
    assert [f"{day:%d %b}" for day in found] == ["01 Jun", "15 Jun", "06 Jul", "03 Aug"]
    ends = standing("14", 0 * DAY, ends_date=date(2026, 7, 6))
    assert planned_dates(BOOK, course(ends)) == (date(2026, 6, 1), date(2026, 6, 15), date(2026, 7, 6))
    assert planned_dates(BOOK, course(standing("14"))) == ()
    assert planned_dates(BOOK, course()) == ()


@for_all(interval=st.integers(1, 84), step=st.integers(1, 28), span=st.integers(0, 700))
def test_a_plan_towards_an_end_never_comes_closer_and_never_passes_it(
    interval: int, step: int, span: int
) -> None:
    ends = TODAY + timedelta(days=span)
    found = taper_dates(TODAY, Days.of(interval), Days.of(step), ends)
    assert found[0] == TODAY
    assert found[-1] <= ends
    gaps = [(later - earlier).days for earlier, later in pairwise(found)]
    assert gaps[:1] in ([], [interval])
    assert all(later - earlier == step for earlier, later in pairwise(gaps))
    assert found[-1] + timedelta(days=interval + step * len(gaps)) > ends


def test_scores_that_slip_are_said_of_a_course() -> None:
    assert assess_relapse(BOOK, course(*scores(20, 8, 11)), on=TODAY).answer == "fires"
    assert assess_relapse(BOOK, course(*scores(20, 8, 10)), on=TODAY).answer == "clear"


def test_a_plan_from_before_it_could_end_is_read_on() -> None:
    text = (
        '{"craving":"no","goals":"Work","interval":"14","next_due_date":"2026-06-20","overrides":[],'
        '"psychotherapy":"","return_signs":"","support_contact":"","verdicts":[]}'
    )
    before = decode("maintenance.planned", 1, text)
    assert encode(before) == text
    assert isinstance(before, MaintenancePlannedOpenEnded)
    assert (before.ends_date, before.talk_after, before.prescriber_contact) == (None, None, "")
    state = course(*given(60), (NOON - 50 * DAY, before), standing("21", 9 * DAY, age=40))
    assert state.maintenance is not None
    assert state.maintenance.payload.interval == Days.of(21)
    assert len(state.maintenance_plans) == 2
    assert suggest_interval(BOOK, course((NOON - DAY, before)))[1].interval == Days.of(14)


def test_every_option_says_why_and_how_well_that_is_founded() -> None:
    weekly = IntervalOption(
        interval=Days.of(7),
        why="Weekly for four infusions held the gain in the one study of it (Phillips 2019).",
        basis="source",
        cite=("phillips-2019",),
        is_next_step=False,
    )
    present = IntervalOption(
        interval=Days.of(21),
        why="The interval as it is planned now.",
        basis="proposal",
        cite=(),
        is_next_step=False,
    )
    longer = IntervalOption(
        interval=Days.of(28),
        why="7 days longer, while the scores hold.",
        basis="proposal",
        cite=(),
        is_next_step=True,
    )
    state = course(plan("21"), *given(40, 30, 20, 10))
    assert suggest_interval(BOOK, state) == (weekly, present, longer)
    assert suggest_interval(BOOK, state, on=TODAY) == (weekly, present, longer)


def test_the_step_keeps_to_the_present_interval_while_the_weekly_ones_are_given() -> None:
    assert options(plan("14"), *given(40, 30, 20)) == [("7", False), ("14", True), ("21", False)]
    # Eighty days and a week are more than the twelve weeks of practice.
    assert options(plan("80"), *given(40, 30, 20, 10)) == [("7", False), ("80", False), ("84", True)]


def test_maintenance_is_counted_from_its_first_plan() -> None:
    facts = (plan("7"), *given(40, 30), plan("14", NOON - 25 * DAY), *given(20, 10))
    assert options(*facts) == [("7", False), ("14", False), ("21", True)]
    # The infusion at the moment of the plan is not one of maintenance.
    assert options(plan("7"), *given(50, 30, 20, 10)) == [("7", True), ("14", False)]


def test_an_infusion_at_the_moment_of_the_plan_leaves_its_date() -> None:
    assert planned_due_date(course(standing("14", 3 * DAY), *given(50))) == TODAY + 3 * DAY
    assert planned_due_date(course(standing("14", 3 * DAY))) == TODAY + 3 * DAY
    assert planned_due_date(course(standing("14", 3 * DAY), *given(49, 9))) == TODAY + 5 * DAY


def test_a_plan_is_asked_about_consent_first_and_about_talking_last() -> None:
    state = course((NOON - 50 * DAY, CONSENT), *given(0), response("response"))
    made = LongTermPlan(
        interval=Days.of(6),
        next_due_date=TODAY + 6 * DAY,
        goals="Made-up",
        return_signs="",
        psychotherapy="Made-up",
        support_contact="Made-up",
        prescriber_contact="Made-up",
    )
    found = assess_plan(BOOK, state, made)
    assert [(verdict.rule.rule, verdict.answer) for verdict in found] == [
        ("SER-CON-001", "clear"),
        ("MNT-RSP-001", "clear"),
        ("MNT-INT-001", "fires"),
        ("MNT-INT-002", "clear"),
        ("MNT-STP-001", "clear"),
        ("MNT-DUE-001", "clear"),
        ("MNT-CRV-001", "unknown"),
        ("MNT-FWD-001", "clear"),
        ("MNT-REL-001", "unknown"),
        ("MNT-LEN-001", "clear"),
        ("MNT-TPR-001", "clear"),
        ("MNT-GOL-001", "clear"),
        ("MNT-PSY-001", "unknown"),
    ]
    # Sixty days after the first infusion, with none since, the rule on infusions that never end holds.
    often = replace(made, interval=Days.of(3))
    late = {
        verdict.rule.rule: verdict.answer for verdict in assess_plan(BOOK, state, often, on=TODAY + 60 * DAY)
    }
    assert late["MNT-STP-001"] == "fires"


def test_relapse_is_asked_of_a_day() -> None:
    found = assess_relapse(BOOK, course(*scores(20, 8, 11)), on=TODAY)
    assert (found.rule.rule, found.evidence) == ("MNT-REL-001", ("PHQ-9: 20 at baseline, 8 at best, now 11",))


def test_a_plan_towards_an_end_can_be_one_infusion_or_none() -> None:
    first = date(2026, 6, 1)
    assert taper_dates(first, Days.of(7), Days.of(7), first) == (first,)
    assert taper_dates(first, Days.of(7), Days.of(7), first - DAY) == ()
    assert taper_dates(first, Days.of(1), Days.of(0), first + DAY) == (first, first + DAY)
    with pytest.raises(AssertionError, match=r"^infusions lie days apart"):
        taper_dates(first, Days.of(0), Days.of(7), first)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (0, "on the day of each infusion"),
        (1, "the day after each infusion"),
        (2, "2 days after each infusion"),
    ],
)
def test_how_long_after_is_said_in_words(after: int, words: str) -> None:
    assert days_later(Days.of(after)) == words
