"""The ways on that a chart draws beside its prediction, held against each other."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.web.infusion_data import chart_data
from tests.rules.records import NOON
from tests.rules.steps_cases import PAUSED, RISING, STARTED, in_steps

BOOK = Rulebook.shipped()
AT_MIN, PAUSE_MIN = 5, 10


def predicted(*facts: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=AT_MIN)
    state = in_steps(RISING, STARTED, *facts)
    found = chart_data(state, (), BOOK, zone="UTC", at=at, age_years=40.0, is_level_shown=True)["predicted"]
    assert isinstance(found, dict)
    return found


def curve(line: dict[str, Any]) -> dict[int, float]:
    """Level by whole minutes since the start."""
    start = NOON.timestamp()
    minutes = {(at - start) / 60: level for at, level in zip(line["time"], line["level"], strict=True)}
    return {int(minute): level for minute, level in minutes.items() if minute == int(minute)}


def test_a_pause_is_a_stop_until_it_ends_and_then_the_plan_comes_later() -> None:
    found = predicted()
    stopped, paused = found["ways_on"]
    assert [stopped["words"], paused["words"]] == ["if stopped now", "if paused 10 min"]
    ordered, without, later = curve(found), curve(stopped), curve(paused)
    assert min(without) == AT_MIN
    assert without[AT_MIN] == later[AT_MIN] == pytest.approx(ordered[AT_MIN], abs=0.051)
    for minute in range(AT_MIN, AT_MIN + PAUSE_MIN + 1):
        assert later[minute] == without[minute]
    # Superposition: the rest of the plan adds after the pause what it adds without one, so much later.
    rest = np.array([ordered[m] - without[m] for m in range(AT_MIN, 45)])
    moved = np.array([later[m + PAUSE_MIN] - without[m + PAUSE_MIN] for m in range(AT_MIN, 45)])
    # Each of the four levels is told to 0.1 ng/mL.
    np.testing.assert_allclose(moved, rest, atol=0.21)
    assert rest.max() > 100


def test_nothing_else_may_follow_while_the_pump_stands_still() -> None:
    assert predicted(PAUSED)["ways_on"] == []
