"""Random runs in steps, set whenever a step is due: each gives its share, and all of them the dose."""

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from evenkeel.clinical.infusion import step_now
from evenkeel.record.infusion import InfusionPaused, InfusionResumed, InfusionStarted, RateChanged
from evenkeel.values.dose_plan import Stage
from evenkeel.values.quantities import DosePerWeight, Minutes
from tests.rules.records import NOON
from tests.rules.steps_cases import in_steps, plan_of

RUNS = 60
# What a pump of this class runs in a few microseconds at its fastest, in mL.
A_MICROSECOND = Fraction(1, 100_000)


def drawn(chance: random.Random) -> tuple[Stage, ...]:
    """One to three stages that a pump can be set to."""
    return tuple(
        Stage(
            per_weight=DosePerWeight(value=Decimal(chance.randint(50, 600)) / 1000),
            duration=Minutes.of(chance.randint(4, 90)),
        )
        for _ in range(chance.randint(1, 3))
    )


def share_ml(stages: tuple[Stage, ...], place: int) -> Fraction:
    """What a stage runs of the bag of 100 mL, exactly."""
    whole = sum((Fraction(stage.per_weight.value) for stage in stages), Fraction(0))
    return 100 * Fraction(stages[place].per_weight.value) / whole


@pytest.mark.parametrize("seed", range(4))
def test_each_step_runs_its_share_whatever_is_paused_on_the_way(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(RUNS):
        stages = drawn(chance)
        steps = plan_of(*stages).steps
        facts: list[Any] = [
            (NOON, InfusionStarted(rate=steps[0].rate, pump="1", cannula_site="hand", verdicts=()))
        ]
        state, at, off, done = in_steps(stages, *facts), NOON, Fraction(0), Fraction(0)
        for place, stage in enumerate(stages):
            if chance.random() < 0.3:
                held_at = at + timedelta(seconds=chance.randint(1, 120))
                on_at = held_at + timedelta(minutes=chance.randint(1, 30))
                facts += [
                    (held_at, InfusionPaused(reason="made up")),
                    (on_at, InfusionResumed(rate=steps[place].rate)),
                ]
                state, at = in_steps(stages, *facts), on_at
            now = step_now(state, at)
            assert now is not None
            assert (now.number, now.count, now.step) == (place + 1, len(stages), steps[place])
            if place + 1 == len(stages):
                assert now.next_due_at is None
                break
            assert now.next_due_at is not None
            at = now.next_due_at
            # By the rate that a pump takes, half a tenth of a mL/h off at most, over the minutes of the step.
            off += Fraction(1, 20) * Fraction(stage.duration.value) / 60
            done += share_ml(stages, place)
            assert abs(state.volume_run(at) - done) <= off + A_MICROSECOND
            facts.append((at, RateChanged(rate=steps[place + 1].rate, reason="as ordered")))
            state = in_steps(stages, *facts)
            settled = step_now(state, at)
            assert settled is not None
            assert (settled.number, settled.is_set, settled.since) == (place + 2, True, at)
        end = state.segments[-1].from_at + timedelta(minutes=float(stages[-1].duration.value) + 60)
        assert state.volume_run(end) == 100
        assert state.given(end) == plan_of(*stages).dose.drawn
