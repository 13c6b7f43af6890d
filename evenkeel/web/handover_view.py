"""Who is responsible for a patient under the drug, and what whoever accepts has to know, as plain values."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical import infusion as rules
from evenkeel.record.entry import Author
from evenkeel.record.handover import (
    Answered,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverTakenOver,
    HandoverWithdrawn,
)
from evenkeel.record.infusion import CheckDeferred, EventRecorded, NoteWritten, PressureDecided
from evenkeel.record.signs import SIGN_NAMES
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import reference_of
from evenkeel.values.quantities import Quantity
from evenkeel.web.handover_words import offered_words
from evenkeel.web.infusion_view import LABELS, UNITS
from evenkeel.web.jinja import clinic_time, duration
from evenkeel.web.sentences import handover_parts, sentence_of
from evenkeel.web.upkeep_view import Call

_TOLD: Final = (CheckDeferred, EventRecorded, PressureDecided, NoteWritten)
_GRAVE: Final = (HandoverDeclined, HandoverTakenOver)


def standing(state: VisitState, me: Author) -> dict[str, Any] | None:
    """Who is responsible and since when, the open offer, and what became of the last one.

    None before the start and after the patient has left.
    """
    responsible, offer, answer = state.responsible, state.offer, state.handover_answer
    if responsible is None:
        return None
    news = answer_words(answer) if answer is not None and offer is None else None
    return {
        "name": responsible.who.printed_name,
        "since": responsible.since,
        "is_me": responsible.who.id == me.id,
        "offer": _offer(offer, me) if offer is not None else None,
        "news": news,
        "news_tone": "medium" if answer is not None and isinstance(answer.payload, _GRAVE) else "info",
    }


def _offer(offer: Written[HandoverOffered], me: Author) -> dict[str, Any]:
    return {
        "to": offer.payload.to,
        "to_name": offer.payload.to_name,
        "by_name": offer.by.printed_name,
        "at": offer.at,
        "is_to_me": offer.payload.to == me.id,
        "is_mine": offer.by.id == me.id,
        "parts": [{"heading": name, "text": text} for name, text in handover_parts(offer.payload) if text],
    }


def answer_words(answer: Written[Answered]) -> str:
    """What became of a handover, in one sentence that names both."""
    at, who, said = clinic_time(answer.at), answer.by.printed_name, answer.payload
    if isinstance(said, HandoverAccepted):
        return f"{who} accepted the handover from {said.before_name} at {at}."
    if isinstance(said, HandoverDeclined):
        return f"{who} declined the handover from {said.offered_by_name} at {at}: {said.reason}"
    if isinstance(said, HandoverWithdrawn):
        return f"{who} withdrew the offer to {said.to_name} at {at}: {said.reason}"
    return f"{who} took over from {said.before_name} at {at}, without an offer: {said.reason}"


def responsible_words(state: VisitState) -> str | None:
    """Who is responsible, and to whom it is offered: for a table; None where nobody is."""
    if state.responsible is None:
        return None
    return "; ".join(filter(None, (state.responsible.who.printed_name, offered_words(state))))


def calls(by: Author, state: VisitState, chair: str) -> Iterator[Call]:
    """What a handover asks of this person, as rows of Today: at most one for a visit."""
    chart = reverse("chart", args=[reference_of(state.stream)])
    responsible, offer, answer = state.responsible, state.offer, state.handover_answer
    if responsible is None:
        return
    if offer is not None:
        if offer.payload.to == by.id:
            accept = reverse("accept_handover", args=[reference_of(state.stream)])
            why = f"{chair}: {offer.by.printed_name} offers you the handover and stays responsible until then"
            yield why, "now", "Handover", offer.at, "Read and accept", accept
        elif offer.by.id == by.id:
            why = f"{chair}: {offered_words(state)}; you stay responsible until then"
            yield why, "due", "Offered", offer.at, "Open the chart", chart
        return
    if answer is None:
        return
    said = answer.payload
    if isinstance(said, HandoverTakenOver) and said.before == by.id:
        yield f"{chair}: {answer_words(answer)}", "now", "Taken over", answer.at, "Open the chart", chart
    elif isinstance(said, HandoverDeclined) and responsible.who.id == by.id:
        yield f"{chair}: {answer_words(answer)}", "now", "Declined", answer.at, "Open the chart", chart


def picture(state: VisitState, at: datetime) -> dict[str, Any]:
    """What counts for whoever accepts, beside what the chart shows of now."""
    told = sorted((fact for cls in _TOLD for fact in state.every(cls)), key=lambda fact: (fact.at, fact.seq))
    return {
        "signs": _signs(state, at),
        "rescues": [_line(fact) for fact in state.rescues],
        "told": [_line(fact) for fact in told],
    }


def _line(fact: Written[Any]) -> str:
    return f"{clinic_time(fact.at)}: {sentence_of(fact.payload)} ({fact.by.printed_name})"


def _signs(state: VisitState, at: datetime) -> list[list[str]]:
    """Each sign: before the start, and last, with its age. What was not measured is said."""
    assert state.started is not None, "somebody is responsible from the start on"
    found = []
    for name in SIGN_NAMES:
        before = rules.latest_sign(state, name, state.started.at)
        last = rules.latest_sign(state, name, at)
        if before is None and last is None:
            continue
        since = f", {duration(at - last[0])} ago" if last else ""
        found.append([f"{LABELS[name]}, {UNITS[name]}", _value(before), f"{_value(last)}{since}"])
    return found


def _value(found: tuple[datetime, Any] | None) -> str:
    if found is None:
        return "not charted"
    when, value = found
    return f"{value.number if isinstance(value, Quantity) else value} at {clinic_time(when)}"
