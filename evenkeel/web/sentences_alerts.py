"""What entries about alerts say, as one sentence each, and the words for how they are answered."""

from collections.abc import Callable
from typing import Any, Final

from evenkeel.record.alerts import (
    AlertAcknowledged,
    AlertAnswered,
    AlertChoice,
    AlertEnded,
    AlertEscalated,
    AlertRaised,
    AlertReturned,
    EndCause,
    SoundPaused,
)
from evenkeel.web.jinja import clinic_time

CHOICE_WORDS: Final[dict[AlertChoice, str]] = {
    "action_taken": "Action taken",
    "false_reading": "False reading",
    "expected": "Expected, and watched",
    "other": "Other",
}
_END_WORDS: Final[dict[EndCause, str]] = {
    "over": "Alert over",
    "raised_again": "Alert raised again, since it goes on",
    "left": "Alert over, the patient being no longer under the drug",
}


def _raised(said: AlertRaised) -> str:
    return f"Alert, {said.priority} priority: {said.cause}"


def _ended(said: AlertEnded) -> str:
    return _END_WORDS[said.because]


def _returned(said: AlertReturned) -> str:
    return "Alert back, so soon that it counts as the same one"


def _acknowledged(said: AlertAcknowledged) -> str:
    return f"Alert seen, its sound quiet until {clinic_time(said.quiet_until)}"


def _answered(said: AlertAnswered) -> str:
    note = f": {said.note}" if said.note else ""
    return f"Alert answered, {CHOICE_WORDS[said.choice].lower()}{note}"


def _escalated(said: AlertEscalated) -> str:
    to = ", ".join(said.to_names) or "no prescriber, since none is on duty"
    return f"Alert not answered in time, told to {to}"


def _sound_paused(said: SoundPaused) -> str:
    return f"Sound of alerts quiet until {clinic_time(said.until)}"


SENTENCES: Final[tuple[Callable[[Any], str], ...]] = (
    _raised,
    _ended,
    _returned,
    _acknowledged,
    _answered,
    _escalated,
    _sound_paused,
)
