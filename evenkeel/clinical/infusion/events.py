"""What happens to a patient on the way: words for events and grades, and the rescue drugs a clinic keeps."""

import tomllib
from datetime import datetime
from typing import Final

from evenkeel.clinical.rulebook import (
    RULES,
    Basis,
    Clear,
    Finding,
    Fires,
    Limits,
    Rulebook,
    Unknown,
    read_sources,
    rule,
)
from evenkeel.record.infusion import EventKind
from evenkeel.record.verdict import Verdict
from evenkeel.values.shape import frozen

EVENTS: Final[dict[EventKind, str]] = {
    "nausea": "Nausea",
    "vomiting": "Vomiting",
    "headache": "Headache",
    "anxiety": "Anxiety or distress",
    "dissociation": "Strong dissociation",
    "dizziness": "Dizziness",
    "hypertension": "High blood pressure",
    "desaturation": "Low oxygen saturation",
    "chest_pain": "Chest pain",
    "neurological_sign": "New weakness, speech or vision trouble",
    "site_problem": "Trouble at the cannula",
    "other": "Something else",
}

# CTCAE version 5: the grade says how bad it was, and decides nothing about the infusion by itself.
GRADES: Final[dict[int, str]] = {1: "mild", 2: "moderate", 3: "severe", 4: "life-threatening", 5: "death"}


@frozen
class RescueDrug:
    """One drug that may be given on a prescriber's order: what is usual, and for whom it is not."""

    key: str
    name: str
    used_for: str
    dose: str
    route: str
    limit: str
    not_in: tuple[str, ...]
    basis: Basis
    cite: tuple[str, ...]


@frozen
class EventFacts:
    """One event and how bad it is, None while nobody has graded it."""

    event: EventKind
    grade: int | None


def _read_rescue_drugs() -> tuple[RescueDrug, ...]:
    tables = tomllib.loads((RULES / "rescue.toml").read_text("utf-8"))["rescue"]
    found = tuple(
        RescueDrug(**{**table, "not_in": tuple(table["not_in"]), "cite": tuple(table["cite"])})
        for table in tables
    )
    cited = {key for drug in found for key in drug.cite}
    assert cited <= read_sources().keys(), "a rescue drug cites a source that sources.toml lacks"
    assert all(drug.cite or drug.basis == "proposal" for drug in found), (
        "only a proposal stands without source"
    )
    return found


RESCUE_DRUGS: Final = _read_rescue_drugs()


def assess_event(book: Rulebook, event: EventKind, grade: int | None, at: datetime) -> tuple[Verdict, ...]:
    """Whether an event asks for the infusion to be held."""
    return (book.consult("INF-EVT-001", EventFacts(event=event, grade=grade), on=at.date()),)


@rule("INF-EVT-001")
def event_holds_the_drug(facts: EventFacts, limits: Limits) -> Finding:
    """Some events count whatever their grade; the others count when severe."""
    return event_finding(facts, limits)


def event_finding(facts: EventFacts, limits: Limits) -> Finding:
    """What one event is by `limits.any_grade` and `limits.severe`."""
    if facts.event in limits.any_grade:
        return Fires(evidence=(EVENTS[facts.event],))
    if facts.grade is None:
        return Unknown(missing=(f"grade of {EVENTS[facts.event].lower()}",))
    if facts.grade >= limits.severe:
        return Fires(evidence=(f"{EVENTS[facts.event]}, {GRADES[facts.grade]}",))
    return Clear()
