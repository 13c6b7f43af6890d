"""A patient's whole record as one timeline: what every entry says, how it was put right, and its hash."""

from typing import Any, Final

from django.urls import reverse
from django.utils.http import urlencode

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey.amendments import may_amend, may_withdraw
from evenkeel.journey.policy import may
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import ROLE_WORDS, Entry, Role
from evenkeel.record.infusion import MarkedInError
from evenkeel.record.state import State, Written
from evenkeel.record.visits import VisitState
from evenkeel.store.queries.history import PatientRecord
from evenkeel.values.ids import kind_of as stream_kind
from evenkeel.values.ids import reference_of
from evenkeel.values.shape import frozen
from evenkeel.web.jinja import clinic_date
from evenkeel.web.sentences import sentence_of
from evenkeel.web.verdicts import rule_link

# The beginning of an entry's kind, in words; the order is that of the filter.
KIND_WORDS: Final[dict[str, str]] = {
    "patient": "Patient",
    "course": "Referral",
    "screening": "Screening",
    "consent": "Consent",
    "series": "Series",
    "visit": "Booking",
    "checkin": "Check-in",
    "order": "Order",
    "dose": "Dose",
    "timeout": "Time-out",
    "infusion": "Pump",
    "drug": "Drug",
    "signs": "Signs",
    "event": "Events",
    "note": "Notes",
    "rescue": "Rescue drugs",
    "discharge": "Discharge",
    "assessment": "Scales",
    "risk": "Answers that alert",
    "review": "Reviews",
    "response": "Response",
    "maintenance": "Maintenance",
}


@frozen
class Fact:
    """One fact and the stream that it stands in."""

    state: State
    written: Written[Any]


def facts(record: PatientRecord) -> list[Fact]:
    """Every fact of every stream, by clinical time, the newest first; what was marked in error too."""
    found = [Fact(state=state, written=written) for state in record.states for written in state.facts]
    return sorted(
        found, key=lambda fact: (fact.written.at, fact.state.stream, fact.written.seq), reverse=True
    )


def kind_of(fact: Fact) -> str:
    """The first part of the entry's kind, by which the timeline is filtered."""
    return fact.written.kind.partition(".")[0]


def kinds(everything: list[Fact]) -> list[dict[str, Any]]:
    """The kinds that occur, with how many entries there are of each."""
    counts: dict[str, int] = {}
    for fact in everything:
        counts[kind_of(fact)] = counts.get(kind_of(fact), 0) + 1
    return [
        {"key": key, "label": words, "count": counts[key]}
        for key, words in KIND_WORDS.items()
        if key in counts
    ]


def line(fact: Fact, record: PatientRecord, role: Role, here: str) -> dict[str, Any]:
    """One entry of the timeline. `here` is where to come back to after putting it right."""
    written = fact.written
    first, *later = written.history
    return {
        "at": written.at,
        "who": first.by.printed_name,
        "role": ROLE_WORDS[first.by.role],
        "recorded_at": first.recorded_at,
        "about": _about(fact.state, record),
        "sentence": sentence_of(first.payload),
        "versions": [_version(entry, place == len(later) - 1) for place, entry in enumerate(later)],
        "first_at": first.happened_at,
        "in_error": written.in_error,
        "hashes": [_hash(entry) for entry in written.history],
        **links(fact.state, written, role, here),
    }


def links(state: State, written: Written[Any], role: Role, here: str) -> dict[str, str | None]:
    """Where this person may put the entry right or take it back; None where they may not."""
    allowed = may(role, "entry.amend")
    arguments = [stream_kind(state.stream), reference_of(state.stream), written.seq]
    query = urlencode({"next": here})
    return {
        "amend_url": f"{reverse('amend', args=arguments)}?{query}"
        if allowed and may_amend(written)
        else None,
        "in_error_url": f"{reverse('in_error', args=arguments)}?{query}"
        if allowed and may_withdraw(written)
        else None,
    }


def _version(entry: Entry, is_last: bool) -> dict[str, Any]:
    return {
        "sentence": sentence_of(entry.payload),
        "at": entry.happened_at,
        "reason": entry.amend_reason,
        "who": entry.by.printed_name,
        "recorded_at": entry.recorded_at,
        "stands": is_last,
        "in_error": isinstance(entry.payload, MarkedInError),
    }


def _about(state: State, record: PatientRecord) -> str:
    """Which stream an entry stands in, where one patient can have several."""
    if isinstance(state, VisitState):
        return f"Visit for infusion {state.booking.payload.number}, {clinic_date(state.place.starts_at)}"
    if isinstance(state, CourseState) and len(record.courses) > 1:
        indication = INDICATIONS[state.referral.indication].label
        return f"Course of {clinic_date(state.referral.received_date)}, {indication}"
    return ""


def _hash(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": f"{entry.kind}, version {entry.version}",
        "recorded_at": entry.recorded_at,
        "hash": entry.hash,
        "previous": entry.previous_hash,
        "rules": [rule_link(ref) for ref in entry.rules],
    }
