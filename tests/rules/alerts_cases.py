"""The life of an alert: how long it waits, how long it is quiet, and when it is raised again."""

from datetime import timedelta

from evenkeel.clinical.infusion.episodes import Lasting, Quiet, Settled, Waiting
from tests.rules.case import Case
from tests.rules.infusion_cases import MINUTE, SECOND

_CLOCK = "a span between two times on record is always known"
ALWAYS_KNOWN = {
    "INF-ALM-001": _CLOCK,
    "INF-ALM-002": _CLOCK,
    "INF-ALM-003": _CLOCK,
    "INF-ALM-004": _CLOCK,
}


def high(waited: timedelta) -> Waiting:
    """An alert of high priority that nobody has answered."""
    return Waiting(priority="high", waited=waited)


def medium(waited: timedelta) -> Waiting:
    """An alert of medium priority that nobody has answered."""
    return Waiting(priority="medium", waited=waited)


CASES = [
    Case("INF-ALM-001", "below", high(MINUTE - SECOND), "clear", "high"),
    Case("INF-ALM-001", "at", high(MINUTE), "clear", "high"),
    Case(
        "INF-ALM-001",
        "above",
        high(MINUTE + SECOND),
        "fires",
        "high",
        says=("nobody has answered for 61 s",),
    ),
    Case("INF-ALM-001", "below", medium(5 * MINUTE - SECOND), "clear", "medium"),
    Case("INF-ALM-001", "at", medium(5 * MINUTE), "clear", "medium"),
    Case(
        "INF-ALM-001",
        "above",
        medium(5 * MINUTE + SECOND),
        "fires",
        "medium",
        says=("nobody has answered for 301 s",),
    ),
    Case(
        "INF-ALM-001", "other", Waiting(priority="low", waited=60 * MINUTE), "clear", "low waits for nobody"
    ),
    Case("INF-ALM-002", "below", Quiet(lasted=2 * MINUTE - SECOND), "clear"),
    Case("INF-ALM-002", "at", Quiet(lasted=2 * MINUTE), "clear"),
    Case(
        "INF-ALM-002",
        "above",
        Quiet(lasted=2 * MINUTE + SECOND),
        "fires",
        "heard again",
        says=("the sound was quiet for 121 s",),
    ),
    Case("INF-ALM-003", "below", Settled(over_for=MINUTE - SECOND), "clear", "it has gone on"),
    Case("INF-ALM-003", "at", Settled(over_for=MINUTE), "clear", "it has gone on"),
    Case(
        "INF-ALM-003",
        "above",
        Settled(over_for=MINUTE + SECOND),
        "fires",
        "a new one",
        says=("it was over for 61 s",),
    ),
    Case("INF-ALM-004", "below", Lasting(answered_for=10 * MINUTE - SECOND), "clear", "the answer holds"),
    Case("INF-ALM-004", "at", Lasting(answered_for=10 * MINUTE), "clear", "the answer holds"),
    Case(
        "INF-ALM-004",
        "above",
        Lasting(answered_for=10 * MINUTE + SECOND),
        "fires",
        "asked again",
        says=("the answer is 601 s old",),
    ),
]
