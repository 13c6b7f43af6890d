"""Putting a check off: the proposals of INF-CHK-005 to 007, below, at and above how long and how often."""

from datetime import timedelta

from evenkeel.clinical.infusion.deferral import DeferralFacts
from tests.rules.case import Case
from tests.rules.infusion_cases import MINUTE, SECOND

ALWAYS_KNOWN: dict[str, str] = {}


def asked(by: timedelta | None, in_a_row: int = 1, held_by: tuple[str, ...] | None = ()) -> DeferralFacts:
    """A check put off by so long, as the so many-th in a row; nothing holds the drug unless it is named."""
    return DeferralFacts(by=by, in_a_row=in_a_row, held_by=held_by)


CASES = [
    Case("INF-CHK-005", "below", asked(5 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-005", "at", asked(5 * MINUTE), "clear", "once, as long as may be"),
    Case("INF-CHK-005", "above", asked(5 * MINUTE + SECOND), "fires", "long", says=("put off by 6 min",)),
    Case("INF-CHK-005", "above", asked(MINUTE, 2), "fires", "again", says=("2 in a row",)),
    Case(
        "INF-CHK-005",
        "above",
        asked(7 * MINUTE, 3),
        "fires",
        "long and again",
        says=("put off by 7 min", "3 in a row"),
    ),
    Case("INF-CHK-005", "missing", asked(None), "unknown", says=("when the check is due",)),
    Case("INF-CHK-006", "below", asked(10 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-006", "at", asked(10 * MINUTE, 2), "clear", "twice, as long as may be"),
    Case("INF-CHK-006", "above", asked(10 * MINUTE + SECOND), "fires", "long", says=("put off by 11 min",)),
    Case("INF-CHK-006", "above", asked(MINUTE, 3), "fires", "again", says=("3 in a row",)),
    Case("INF-CHK-006", "missing", asked(None), "unknown", says=("when the check is due",)),
    Case("INF-CHK-007", "other", asked(MINUTE), "clear", "nothing in the newest signs holds the drug"),
    Case(
        "INF-CHK-007",
        "other",
        asked(MINUTE, held_by=("systolic pressure 182 mmHg",)),
        "fires",
        "a pressure holds the drug",
        says=("systolic pressure 182 mmHg",),
    ),
    Case(
        "INF-CHK-007",
        "missing",
        asked(MINUTE, held_by=None),
        "unknown",
        "nothing was charted since the start",
        says=("signs since the start",),
    ),
]
