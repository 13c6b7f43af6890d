"""Where a visit stands, in words, and refusing what does not fit there."""

from typing import Final

from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.values.issues import Issue, UnableTo

PHASE_WORDS: Final[dict[VisitPhase, str]] = {
    "booked": "booked, and the patient is not checked in",
    "awaiting_prescriber": "waiting for a prescriber's decision on the check-in",
    "not_today": "not going on today",
    "checked_in": "checked in, without an order",
    "ordered": "ordered, and nothing is drawn up",
    "drawn": "drawn up, and not double-checked",
    "double_checked": "double-checked, and the time-out is not held",
    "ready": "ready to start",
    "running": "running",
    "paused": "paused",
    "recovery": "in recovery, the infusion being over",
    "discharged": "over, the patient being discharged",
    "cancelled": "cancelled",
}

# From check-in to departure the patient sits in the chair, and the monitor beside it is theirs.
IN_THE_CHAIR: Final[tuple[VisitPhase, ...]] = (
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
    "running",
    "paused",
    "recovery",
)
# The pump holds this visit's bag.
ON_THE_PUMP: Final[tuple[VisitPhase, ...]] = ("running", "paused")


def require_phase(
    state: VisitState, allowed: tuple[VisitPhase, ...], unable: type[UnableTo], what: str
) -> None:
    """Raise `unable` with a sentence that begins with `what` unless the visit stands where it must."""
    if state.phase not in allowed:
        sentence = f"{what}: the visit is {PHASE_WORDS[state.phase]}."
        raise unable([Issue(sentence=sentence, code="wrong-phase")])
