"""What the chart says of a run in steps: when it ends, which rate comes next, how the steps are marked."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.infusion import InfusionStopped
from evenkeel.values.dose_plan import Stage
from evenkeel.web.infusion_data import empty_at
from evenkeel.web.infusion_steps import ordered_words, run_in_steps
from tests.rules.records import NOON
from tests.rules.steps_cases import AFTER_BOLUS, PAUSED, RISING, STARTED, in_steps, set_to, stage

BOOK = Rulebook.shipped()
MINUTE = timedelta(minutes=1)


def after(minutes: int) -> datetime:
    """So many minutes after the start."""
    return NOON + minutes * MINUTE


@pytest.mark.parametrize(
    ("stages", "facts", "at", "end"),
    [
        # 10 mL at 120 mL/h and 80 mL at 160 mL/h are to come.
        (RISING, (), 5, 40),
        # Nobody set the second step: 74 mL go on at 120 mL/h, which takes 37 min.
        (RISING, (), 13, 50),
        (RISING, (set_to(160, 10),), 20, 40),
        # 10 mL of the bolus, then 80 mL at 40 mL/h.
        (AFTER_BOLUS, (), 5, 130),
        # At 60 mL/h the other 10 mL of the bolus take 10 min more, and then the infusion its two hours.
        (AFTER_BOLUS, (set_to(60, 5),), 5, 135),
        ((stage("0.5", "40"),), (), 10, 50),
    ],
)
def test_the_end_is_told_by_the_steps_to_come(
    stages: tuple[Stage, ...], facts: tuple[Any, ...], at: int, end: int
) -> None:
    found = empty_at(in_steps(stages, STARTED, *facts), after(at))
    assert found is not None
    # What is left is told to a tenth of a milliliter, which 120 mL/h run in three seconds.
    assert abs(found - after(end)) <= timedelta(seconds=3)


def test_nothing_ends_while_the_pump_stands_still() -> None:
    assert empty_at(in_steps(RISING, STARTED, PAUSED), after(20)) is None


def shown(minutes: int, *facts: Any) -> dict[str, Any]:
    """The rising run as the chart shows it."""
    found = run_in_steps(BOOK, in_steps(RISING, STARTED, *facts), after(minutes))
    assert found is not None
    return found


def test_before_it_is_due_the_next_step_is_announced() -> None:
    found = shown(5)
    assert [each["state"] for each in found["steps"]] == ["now", "waiting"]
    assert found["steps"][1]["label"] == "Step 2: 160 mL/h for 30 min (80 mL)"
    assert (found["to_set"]["rate"], found["to_set"]["due_at"], found["to_set"]["is_due"]) == (
        "160 mL/h",
        after(10),
        False,
    )
    assert not found["is_late"]


def test_due_and_then_late_it_asks_until_it_is_set() -> None:
    due, late, done = shown(11), shown(13), shown(14, set_to(160, 14))
    assert (due["to_set"]["is_due"], due["is_late"]) == (True, False)
    assert (late["to_set"]["is_due"], late["is_late"]) == (True, True)
    assert late["to_set"]["due_at"] == after(10)
    assert done["to_set"] is None
    assert not done["is_late"]
    assert [each["state"] for each in done["steps"]] == ["done", "now"]


def test_a_paused_run_says_what_follows_and_no_time() -> None:
    found = shown(20, PAUSED)
    assert found["is_paused"]
    assert found["to_set"]["due_at"] is None
    assert [each["state"] for each in found["steps"]] == ["now", "waiting"]


def test_a_run_that_was_stopped_says_where() -> None:
    stopped = (after(5), InfusionStopped(reason="patient_wish", note="", pump_volume=None))
    found = shown(60, stopped)
    assert found["to_set"] is None
    assert [each["note"] for each in found["steps"]] == ["broken off", "not run"]


def test_a_run_at_one_rate_shows_no_steps() -> None:
    state = in_steps((stage("0.5", "40"),), STARTED)
    assert run_in_steps(BOOK, state, after(5)) is None
    # 100 mL in 40 min.
    assert ordered_words(state, after(5)) == "Ordered: 150 mL/h."


def test_the_ordered_rate_is_that_of_the_step_that_is_due() -> None:
    state = in_steps(RISING, STARTED)
    assert ordered_words(state, after(5)) == "Ordered now, step 1 of 2: 120 mL/h."
    assert ordered_words(state, after(12)) == "Ordered now, step 2 of 2: 160 mL/h."
