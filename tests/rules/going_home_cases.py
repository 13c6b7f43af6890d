"""Going home: with whom, told what, and against advice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinical.discharge import DischargeFacts, Release
from evenkeel.record.visits import VisitState
from tests.rules.case import Case
from tests.rules.discharge_cases import ENDED_AT, FACTS, MINUTE, SECOND, STARTED, STOPPED, leaving, stay
from tests.rules.records import CHECK_IN, ESCORT, NOON, changed, visit

ALWAYS_KNOWN = {
    "DIS-ESC-001": "a name is written or it is not",
    "DIS-INS-001": "the page says given or not given",
    "DIS-AMA-001": "the page says whether the patient leaves against advice",
    "DIS-AMA-002": "a prescriber is named or not",
    "DIS-AMA-003": "a time is written or not",
}

NEW_YORK = ZoneInfo("America/New_York")
EARLY_ENDED_AT = NOON - 7 * 60 * MINUTE


def told(driving: timedelta, alcohol: timedelta = timedelta(0)) -> DischargeFacts:
    """The patient is told times that are so much later than the rule's."""
    day = 24 * 60 * MINUTE
    return leaving(told=Release(driving_at=ENDED_AT + day + driving, alcohol_at=ENDED_AT + day + alcohol))


def told_after_a_night(driving_at: datetime, *, in_new_york: bool = False) -> DischargeFacts:
    """The drug stopped at 05:00 UTC, so that the clinic's next morning is the later of both."""
    state = visit((EARLY_ENDED_AT - 40 * MINUTE, STARTED), (EARLY_ENDED_AT, STOPPED))
    zone = NEW_YORK if in_new_york else UTC
    times = Release(driving_at=driving_at.astimezone(zone), alcohol_at=EARLY_ENDED_AT + 24 * 60 * MINUTE)
    return leaving(visit=state, told=times, at=FACTS.at.astimezone(zone))


def check_in_named(name: str) -> VisitState:
    """A visit whose check-in named this escort."""
    return visit((NOON - 40 * MINUTE, changed(CHECK_IN, escort=changed(ESCORT, name=name))))


def against(**changes: Any) -> DischargeFacts:
    """Leaving against advice, with a prescriber who knows and a call after three hours."""
    seen_to: dict[str, Any] = {
        "against_advice": True,
        "prescriber_told": "Made-up Prescriber",
        "call_at": FACTS.at + 180 * MINUTE,
    }
    return leaving(**{**seen_to, **changes})


CASES = [
    Case("DIS-ESC-001", "yes", leaving(), "clear"),
    Case("DIS-ESC-001", "no", leaving(received_by=" "), "fires", says=("no adult is named",)),
    Case("DIS-INS-001", "yes", leaving(), "clear"),
    Case(
        "DIS-INS-001",
        "no",
        leaving(instructions_given=False),
        "fires",
        says=("no written instructions given",),
    ),
    Case("DIS-AMA-001", "no", leaving(), "clear"),
    Case("DIS-AMA-001", "yes", leaving(against_advice=True), "fires", says=("leaving against advice",)),
    Case("DIS-ESC-004", "yes", leaving(received_by=" made-up  escort"), "clear", "written otherwise"),
    Case("DIS-ESC-004", "yes", leaving(received_by="Made-upEscort"), "clear", "written as one word"),
    Case(
        "DIS-ESC-004",
        "no",
        leaving(received_by="Another Made-up Adult"),
        "fires",
        "another adult came",
        says=("Made-up Escort was named at check-in",),
    ),
    Case(
        "DIS-ESC-004",
        "no",
        leaving(visit=check_in_named("  Made-up   Neighbor "), received_by="Made-up Escort"),
        "fires",
        "another adult came",
        says=("Made-up   Neighbor was named at check-in",),
    ),
    Case(
        "DIS-ESC-004",
        "missing",
        leaving(visit=visit()),
        "unknown",
        "no check-in",
        says=("who was named at check-in",),
    ),
    Case(
        "DIS-ESC-004",
        "missing",
        leaving(visit=visit(), received_by=" "),
        "unknown",
        "nobody is named at either",
        says=("who was named at check-in", "who receives the patient"),
    ),
    Case(
        "DIS-ESC-004",
        "missing",
        leaving(visit=check_in_named(" ")),
        "unknown",
        "nobody was named at check-in",
        says=("who was named at check-in",),
    ),
    Case(
        "DIS-ESC-004",
        "missing",
        leaving(received_by=""),
        "unknown",
        "nobody is named",
        says=("who receives the patient",),
    ),
    Case(
        "DIS-DRV-001",
        "below",
        told(-SECOND),
        "fires",
        "driving a second too early",
        says=("driving from 2026-06-02 12:39",),
    ),
    Case("DIS-DRV-001", "at", told(timedelta(0)), "clear", "the earliest times"),
    Case("DIS-DRV-001", "above", told(12 * 60 * MINUTE), "clear", "driving later still"),
    Case(
        "DIS-DRV-001",
        "below",
        told(timedelta(0), -SECOND),
        "fires",
        "alcohol a second too early",
        says=("alcohol from 2026-06-02 12:39",),
    ),
    Case(
        "DIS-DRV-001",
        "below",
        told_after_a_night(EARLY_ENDED_AT + 24 * 60 * MINUTE),
        "fires",
        "24 hours, and the night is not over",
        says=("driving from 2026-06-02 05:00",),
    ),
    Case(
        "DIS-DRV-001",
        "at",
        told_after_a_night(NOON - 240 * MINUTE + 24 * 60 * MINUTE),
        "clear",
        "08:00 after the night",
    ),
    Case(
        "DIS-DRV-001",
        "below",
        told(-MINUTE, -2 * MINUTE),
        "fires",
        "both too early",
        says=("driving from 2026-06-02 12:39", "alcohol from 2026-06-02 12:38"),
    ),
    # Stopped at 05:00 UTC, which is 01:00 in New York; 08:00 there on the next day is 12:00 UTC.
    Case(
        "DIS-DRV-001",
        "at",
        told_after_a_night(NOON + 24 * 60 * MINUTE, in_new_york=True),
        "clear",
        "08:00 after the night, by the clinic's clock",
    ),
    Case(
        "DIS-DRV-001",
        "below",
        told_after_a_night(NOON + 24 * 60 * MINUTE - MINUTE, in_new_york=True),
        "fires",
        "07:59 after the night, by the clinic's clock",
        says=("driving from 2026-06-02 07:59",),
    ),
    Case(
        "DIS-DRV-001",
        "missing",
        leaving(told=None),
        "unknown",
        "nothing was told",
        says=("what the patient was told",),
    ),
    Case(
        "DIS-DRV-001",
        "missing",
        leaving(visit=stay(stopped=False)),
        "unknown",
        "the drug did not stop",
        says=("end of the infusion",),
    ),
    Case("DIS-AMA-002", "yes", against(), "clear", "a prescriber knows"),
    Case(
        "DIS-AMA-002",
        "no",
        against(prescriber_told=" "),
        "fires",
        "only a space is written",
        says=("no prescriber is named",),
    ),
    Case("DIS-AMA-002", "other", leaving(), "clear", "not against advice"),
    Case(
        "DIS-AMA-002",
        "no",
        against(prescriber_told=""),
        "fires",
        "no prescriber knows",
        says=("no prescriber is named",),
    ),
    Case("DIS-AMA-003", "below", against(call_at=FACTS.at + 23 * 60 * MINUTE), "clear", "within a day"),
    Case("DIS-AMA-003", "at", against(call_at=FACTS.at + 24 * 60 * MINUTE), "clear", "a day later"),
    Case(
        "DIS-AMA-003",
        "above",
        against(call_at=FACTS.at + 24 * 60 * MINUTE + SECOND),
        "fires",
        "too late",
        says=("the call is more than 24 h away",),
    ),
    Case(
        "DIS-AMA-003",
        "other",
        against(call_at=FACTS.at - MINUTE),
        "fires",
        "a call before leaving",
        says=("the call lies before the patient leaves",),
    ),
    Case("DIS-AMA-003", "other", against(call_at=FACTS.at + SECOND), "clear", "a call at once"),
    Case(
        "DIS-AMA-003",
        "other",
        against(call_at=FACTS.at),
        "fires",
        "a call that is already over",
        says=("the call lies before the patient leaves",),
    ),
    Case(
        "DIS-AMA-003",
        "other",
        against(call_at=None),
        "fires",
        "no call is agreed",
        says=("no call is agreed",),
    ),
    Case("DIS-AMA-003", "other", leaving(), "clear", "not against advice"),
]
