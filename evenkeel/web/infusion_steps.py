"""A run in steps on the pages of the pump: which step runs, when the next is due, and at what rate."""

from datetime import datetime
from typing import Any

from evenkeel.clinical.infusion import StepNow, assess_step, step_now
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import Step
from evenkeel.values.drug import to_decimal
from evenkeel.values.numbers import plain


def volume_words(step: Step) -> str:
    """What the step runs in all, as a pump is told it."""
    return f"{plain(to_decimal(step.volume, 1))} mL"


def step_words(step: Step) -> str:
    """A setting of the pump with the volume after which it is over."""
    return f"{step.sentence} ({volume_words(step)})"


def ordered_words(state: VisitState, at: datetime) -> str:
    """What the pump should run at now, in words; of a run in steps, which step that is."""
    now = step_now(state, at)
    if now is None:
        return ""
    if now.count == 1:
        return f"Ordered: {now.step.rate}."
    return f"Ordered now, step {now.number} of {now.count}: {now.step.rate}."


def run_in_steps(rulebook: Rulebook, state: VisitState, at: datetime) -> dict[str, Any] | None:
    """Every step with its mark, and what is to be set next; None for one rate or before the start."""
    now = step_now(state, at)
    if now is None or now.count == 1 or state.started is None or state.order is None:
        return None
    is_over = state.stopped is not None
    steps = state.order.payload.plan.steps
    return {
        "steps": [
            {
                "label": f"Step {number}: {step_words(step)}",
                "state": _mark(now, number, is_over=is_over),
                "note": _note(now, number, is_over=is_over),
            }
            for number, step in enumerate(steps, start=1)
        ],
        "to_set": None if is_over else _to_set(now),
        "is_late": any(verdict.answer == "fires" for verdict in assess_step(rulebook, state, at)),
        "is_paused": state.phase == "paused",
    }


def _mark(now: StepNow, number: int, *, is_over: bool) -> str:
    if number < now.number:
        return "done"
    if number == now.number:
        return "skipped" if is_over and now.left > 0 else "done" if is_over else "now"
    return "skipped" if is_over else "waiting"


def _note(now: StepNow, number: int, *, is_over: bool) -> str | None:
    """What the mark's own word would say wrongly of a run that was stopped within a step."""
    if not is_over or number < now.number:
        return None
    if number > now.number:
        return "not run"
    return "broken off" if now.left > 0 else None


def _to_set(now: StepNow) -> dict[str, Any] | None:
    """The setting that comes next and when: the step that is due and not set, or else the one after it."""
    if not now.is_set:
        step, number, due_at = now.step, now.number, now.since
    elif now.next_step is not None:
        step, number, due_at = now.next_step, now.number + 1, now.next_due_at
    else:
        return None
    return {
        "rate": str(step.rate),
        "rate_number": step.rate.number,
        "volume": volume_words(step),
        "number": number,
        "due_at": due_at,
        "reason": f"Step {number} of {now.count}, as ordered",
        "is_due": not now.is_set,
    }
