"""What somebody saved a moment ago at the chair, with the way to take it back or to say more."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from evenkeel.journey.amendments import may_amend, may_withdraw
from evenkeel.record.entry import Author
from evenkeel.record.infusion import (
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStopped,
    RateChanged,
)
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import kind_of, reference_of
from evenkeel.web.sentences import sentence_of

# A slip is noticed at once; what is older is put right with a reason of its own. Proposal.
OFFERED_FOR: Final = timedelta(minutes=10)
# The reason that stands beside what was taken back with one tap.
UNDONE: Final = "Undone at once by who saved it"

_AT_THE_PUMP: Final = (InfusionPaused, InfusionResumed, InfusionStopped, RateChanged)


def last_saved(state: VisitState, me: Author, at: datetime, back: str) -> dict[str, Any] | None:
    """The newest entry of the visit when this person wrote it just now and it still counts; None otherwise.

    `back` is the page to which taking back and amending return.
    """
    if not state.facts:
        return None
    last = max(state.facts, key=lambda fact: fact.history[-1].seq)
    saved_at = last.history[-1].recorded_at
    if last.by.id != me.id or last.is_amended or not may_amend(last) or at - saved_at > OFFERED_FOR:
        return None
    place = {"kind": kind_of(state.stream), "reference": reference_of(state.stream), "seq": last.seq}
    return {
        "at": saved_at,
        "words": sentence_of(last.payload),
        "undo_url": reverse("in_error", kwargs=place) if may_withdraw(last) else None,
        "undo_values": {"reason": UNDONE, "next": back},
        "amend_url": f"{reverse('amend', kwargs=place)}?next={back}",
        "amend_words": _amend_words(last),
        "is_at_the_pump": isinstance(last.payload, _AT_THE_PUMP),
    }


def _amend_words(fact: Written[Any]) -> str:
    if isinstance(fact.payload, EventRecorded):
        return "Add a grade or words"
    return "Put it right"
