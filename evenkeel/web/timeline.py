"""A stream's entries as lines of a timeline, each correction beside what it corrects."""

from typing import Any, Final

from django.urls import NoReverseMatch, reverse

from evenkeel.journey.amendments import may_amend
from evenkeel.record.entry import ROLE_WORDS, Entry
from evenkeel.record.handover import HandoverAccepted, HandoverOffered, HandoverTakenOver
from evenkeel.record.infusion import (
    BagReplaced,
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    MarkedInError,
    PressureDecided,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
    SignsCharted,
)
from evenkeel.record.state import State, Written
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import kind_of, reference_of
from evenkeel.web.sentences import sentence_of

_TONES: Final[dict[type, str]] = {
    InfusionStarted: "ok",
    InfusionResumed: "ok",
    RateChanged: "info",
    InfusionPaused: "medium",
    BagReplaced: "medium",
    InfusionStopped: "medium",
    CheckDeferred: "low",
    EventRecorded: "medium",
    PressureDecided: "medium",
    RescueGiven: "medium",
    RescueGivenInWords: "medium",
    HandoverOffered: "info",
    HandoverAccepted: "info",
    HandoverTakenOver: "medium",
}


def lines(state: State, *, can_amend: bool) -> list[dict[str, Any]]:
    """Every fact of a stream for `record.timeline`, newest first by clinical time."""
    facts = sorted(state.facts, key=lambda fact: (fact.at, fact.seq), reverse=True)
    return [_line(state, fact, can_amend) for fact in facts]


def _line(state: State, fact: Written[Any], can_amend: bool) -> dict[str, Any]:
    first, last = fact.history[0], fact.history[-1]
    return {
        "at": fact.at,
        "recorded_at": first.recorded_at,
        "who": first.by.printed_name,
        "role": ROLE_WORDS[first.by.role],
        "sentence": sentence_of(first.payload),
        "tone": _tone(fact),
        "url": _amend_address(state, fact) if can_amend and may_amend(fact) else None,
        "amended": _amended(fact, last) if fact.is_amended else None,
    }


def _amended(fact: Written[Any], last: Entry) -> dict[str, Any]:
    said = "Marked as made in error; it no longer counts" if fact.in_error else sentence_of(fact.payload)
    return {
        "sentence": said,
        "reason": last.amend_reason,
        "who": last.by.printed_name,
        "at": last.recorded_at,
    }


def _tone(fact: Written[Any]) -> str:
    if fact.in_error or isinstance(fact.payload, MarkedInError):
        return "plain"
    if isinstance(fact.payload, SignsCharted) and any(is_grave(each) for each in fact.payload.verdicts):
        return "high"
    return _TONES.get(type(fact.payload), "plain")


def is_grave(verdict: Verdict) -> bool:
    """Whether a rule fired that asks for more than to be read."""
    return verdict.answer == "fires" and verdict.severity in ("confirm", "pause", "block")


def _amend_address(state: State, fact: Written[Any]) -> str | None:
    place = {"kind": kind_of(state.stream), "reference": reference_of(state.stream), "seq": fact.seq}
    try:
        return reverse("amend", kwargs=place)
    except NoReverseMatch:
        return None
