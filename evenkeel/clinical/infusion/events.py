"""What happens to a patient on the way: words for events and grades, and which of them hold the drug."""

from datetime import datetime
from typing import Final

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
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
class EventFacts:
    """One event and how bad it is, None while nobody has graded it."""

    event: EventKind
    grade: int | None


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
