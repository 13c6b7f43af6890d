"""Where a run in steps stands: which step runs, since when, what is left of it and when the next is due."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from evenkeel.clinical.infusion import StepNow, assess_step, step_now
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import Stage
from tests.rules.records import CHECK_IN, NOON, visit
from tests.rules.steps_cases import (
    AFTER_BOLUS,
    PAUSED,
    RISING,
    STARTED,
    STOPPED,
    in_steps,
    plan_of,
    set_to,
    stage,
)

BOOK = Rulebook.shipped()
# By hand, of 100 mL: 20 mL in 10 min is 120 mL/h, 40 mL in 10 min 240 mL/h, 40 mL in 20 min 120 mL/h.
UP_AND_DOWN = (stage("0.1", "10"), stage("0.2", "10"), stage("0.2", "20"))
ONE_RATE = (stage("0.5", "40"),)


def after(minutes: float, seconds: float = 0) -> datetime:
    """So long after the start."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def run(stages: tuple[Stage, ...], *facts: tuple[datetime, Any]) -> VisitState:
    """A run that was started at noon, and what was done at the pump since."""
    return in_steps(stages, STARTED, *facts)


def now(state: VisitState, at: datetime) -> StepNow:
    """Where a run with an order stands."""
    found = step_now(state, at)
    assert found is not None
    return found


def test_without_an_order_there_is_no_step() -> None:
    assert step_now(visit((NOON, CHECK_IN)), NOON) is None


def test_before_the_start_the_first_step_is_to_come_whole() -> None:
    first, second = plan_of(*RISING).steps
    assert step_now(in_steps(RISING), NOON) == StepNow(
        number=1,
        count=2,
        step=first,
        next_step=second,
        since=None,
        next_due_at=None,
        left=Fraction(20),
        is_set=True,
    )


def test_the_first_step_runs_since_the_start_until_its_volume_has_run() -> None:
    first, second = plan_of(*RISING).steps
    # 120 mL/h are 2 mL a minute.
    assert step_now(run(RISING), after(4)) == StepNow(
        number=1,
        count=2,
        step=first,
        next_step=second,
        since=NOON,
        next_due_at=after(10),
        left=Fraction(12),
        is_set=True,
    )


def test_a_step_is_due_the_moment_the_one_before_has_run() -> None:
    assert now(run(RISING), after(9, 59)).number == 1
    assert step_now(run(RISING), after(10)) == StepNow(
        number=2,
        count=2,
        step=plan_of(*RISING).steps[1],
        next_step=None,
        since=after(10),
        next_due_at=None,
        left=Fraction(80),
        is_set=False,
    )


def test_a_step_that_nobody_set_stays_due_since_it_became_due() -> None:
    found = now(run(RISING), after(13))
    # 3 minutes more at 120 mL/h are 6 mL.
    assert (found.number, found.since, found.left, found.is_set) == (2, after(10), Fraction(74), False)


def test_a_run_that_is_over_stays_in_its_last_step() -> None:
    found = now(run(RISING), after(60))
    assert (found.number, found.left, found.next_step) == (2, Fraction(0), None)


def test_the_step_in_the_middle_has_both_its_ends() -> None:
    steps = plan_of(*UP_AND_DOWN).steps
    # 2 minutes at 240 mL/h are 8 of its 40 mL; the other 32 mL run in 8 minutes.
    assert step_now(run(UP_AND_DOWN, set_to(240, 10)), after(12)) == StepNow(
        number=2,
        count=3,
        step=steps[1],
        next_step=steps[2],
        since=after(10),
        next_due_at=after(20),
        left=Fraction(32),
        is_set=True,
    )


def test_a_step_becomes_due_in_the_stretch_in_which_the_volume_was_reached() -> None:
    found = now(run(UP_AND_DOWN, set_to(240, 10)), after(22))
    assert (found.number, found.since, found.is_set) == (3, after(20), False)
    # Set after 8 minutes: 16 mL have run, and the other 4 mL take one minute at 240 mL/h.
    early = now(run(UP_AND_DOWN, set_to(240, 8)), after(15))
    assert (early.number, early.since, early.is_set) == (2, after(9), True)


def test_a_slower_rate_puts_the_next_step_off() -> None:
    # 10 mL in 5 minutes, and the other 10 mL at 60 mL/h take 10 minutes.
    found = now(run(RISING, set_to(60, 5)), after(6))
    assert (found.next_due_at, found.left, found.is_set) == (after(15), Fraction(9), True)


def test_the_next_step_is_due_when_all_has_run_and_not_a_moment_before() -> None:
    # 10 mL at 170 mL/h take 211.764705882... s, rounded up to the microsecond.
    assert now(run(RISING, set_to(170, 5)), after(5)).next_due_at == after(5) + timedelta(
        microseconds=211_764_706
    )


def test_nothing_becomes_due_while_the_pump_stands_still() -> None:
    found = now(run(RISING, PAUSED), after(30))
    assert (found.number, found.left, found.next_due_at, found.is_set) == (1, Fraction(10), None, True)


def test_a_pause_after_a_step_is_due_counts_as_somebody_at_the_pump() -> None:
    paused = (after(12), PAUSED[1])
    assert now(run(RISING, paused), after(13)).is_set


def test_after_the_stop_nothing_becomes_due() -> None:
    found = now(run(RISING, (after(5), STOPPED)), after(30))
    assert (found.number, found.next_due_at) == (1, None)


@pytest.mark.parametrize(("set_at", "is_set"), [(9, False), (10, True), (12, True)])
def test_whoever_sets_another_rate_than_the_steps_has_seen_to_it_from_when_it_was_due(
    set_at: int, is_set: bool
) -> None:
    # Set to 110 mL/h after 9 minutes, the step is due after 10 min 5 s, since 2 mL were still to run.
    assert now(run(AFTER_BOLUS, set_to(110, set_at)), after(13)).is_set is is_set


def test_what_is_set_later_does_not_count_for_a_moment_before() -> None:
    assert not now(run(RISING, set_to(150, 12)), after(11)).is_set
    assert now(run(RISING, set_to(150, 12)), after(12)).is_set


def test_only_a_running_pump_in_steps_is_asked_about() -> None:
    assert [verdict.rule.rule for verdict in assess_step(BOOK, run(RISING), after(5))] == [
        "INF-STP-001",
        "INF-STP-002",
    ]
    assert assess_step(BOOK, run(ONE_RATE), after(5)) == ()
    assert assess_step(BOOK, run(RISING, PAUSED), after(20)) == ()
    assert assess_step(BOOK, in_steps(RISING), NOON) == ()
    assert assess_step(BOOK, visit((NOON, CHECK_IN)), NOON) == ()


def test_a_bolus_that_nobody_ended_pauses_and_a_faster_step_only_advises() -> None:
    def asked(stages: tuple[Stage, ...]) -> list[str | None]:
        return [verdict.severity for verdict in assess_step(BOOK, run(stages), after(15))]

    assert asked(AFTER_BOLUS) == ["pause", None]
    assert asked(RISING) == [None, "advise"]
