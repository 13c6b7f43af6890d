"""Whether somebody looks: checks that are late or missed, a silent monitor, saturation that is not seen."""

from datetime import datetime, timedelta

from evenkeel.clinical.infusion.schedule import Overdue
from evenkeel.clinical.infusion.watch import Watch
from tests.rules.case import Case
from tests.rules.infusion_cases import MINUTE, SECOND
from tests.rules.records import NOON

ALWAYS_KNOWN: dict[str, str] = {}


def watched(**since: timedelta | None) -> Watch:
    """A monitor at the chair, half an hour after the start, and how long ago each thing was last seen."""
    at = NOON + 30 * MINUTE
    seen = {f"{name}_at": None if ago is None else at - ago for name, ago in since.items()}
    found: dict[str, datetime | None] = {"heard_at": at, "sampled_at": at, "charted_at": None, **seen}
    return Watch(at=at, since=NOON, has_monitor=True, **found)


UNWATCHED = Watch(at=NOON, since=NOON, has_monitor=False, heard_at=None, sampled_at=None, charted_at=None)
JUST_STARTED = Watch(
    at=NOON + MINUTE, since=NOON, has_monitor=True, heard_at=None, sampled_at=None, charted_at=None
)


CASES = [
    Case("INF-CHK-001", "below", Overdue(since=2 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-001", "at", Overdue(since=2 * MINUTE), "clear"),
    Case("INF-CHK-001", "above", Overdue(since=2 * MINUTE + SECOND), "fires", says=("due 2 min ago",)),
    Case("INF-CHK-001", "missing", Overdue(since=None), "unknown", says=("start of the infusion",)),
    Case("INF-CHK-002", "below", Overdue(since=5 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-002", "at", Overdue(since=5 * MINUTE), "clear"),
    Case("INF-CHK-002", "above", Overdue(since=5 * MINUTE + SECOND), "fires", says=("due 5 min ago",)),
    Case("INF-CHK-002", "missing", Overdue(since=None), "unknown", says=("start of the infusion",)),
    Case("INF-CHK-003", "below", Overdue(since=10 * MINUTE - SECOND), "clear", "late, and not missed"),
    Case("INF-CHK-003", "at", Overdue(since=10 * MINUTE), "clear", "the next one is due now"),
    Case(
        "INF-CHK-003",
        "above",
        Overdue(since=10 * MINUTE + SECOND),
        "fires",
        "missed",
        says=("due 10 min ago",),
    ),
    Case(
        "INF-CHK-003",
        "missing",
        Overdue(since=None),
        "unknown",
        "nothing was started",
        says=("start of the infusion",),
    ),
    Case("INF-CHK-004", "below", Overdue(since=15 * MINUTE - SECOND), "clear", "late, and not missed"),
    Case("INF-CHK-004", "at", Overdue(since=15 * MINUTE), "clear", "the next one is due now"),
    Case(
        "INF-CHK-004",
        "above",
        Overdue(since=15 * MINUTE + SECOND),
        "fires",
        "missed",
        says=("due 15 min ago",),
    ),
    Case(
        "INF-CHK-004",
        "missing",
        Overdue(since=None),
        "unknown",
        "nothing was started",
        says=("start of the infusion",),
    ),
    Case("INF-MON-001", "below", watched(heard=59 * SECOND), "clear", "heard a moment ago"),
    Case("INF-MON-001", "at", watched(heard=MINUTE), "clear", "at the limit"),
    Case(
        "INF-MON-001",
        "above",
        watched(heard=MINUTE + SECOND),
        "fires",
        "fell silent",
        says=("nothing heard from the monitor for 1 min",),
    ),
    Case(
        "INF-MON-001",
        "other",
        watched(heard=None),
        "fires",
        "never heard since the start",
        says=("nothing heard from the monitor for 30 min",),
    ),
    Case(
        "INF-MON-001",
        "other",
        watched(heard=45 * MINUTE),
        "fires",
        "last heard before the start",
        says=("nothing heard from the monitor for 30 min",),
    ),
    Case("INF-MON-001", "other", JUST_STARTED, "clear", "the drug began a minute ago"),
    Case(
        "INF-MON-001",
        "missing",
        UNWATCHED,
        "unknown",
        "no monitor at the chair",
        says=("a monitor at this chair",),
    ),
    Case("INF-OX-003", "below", watched(sampled=2 * MINUTE - SECOND), "clear", "measured a moment ago"),
    Case("INF-OX-003", "at", watched(sampled=2 * MINUTE), "clear", "at the limit"),
    Case(
        "INF-OX-003",
        "above",
        watched(sampled=2 * MINUTE + SECOND),
        "fires",
        "the probe is off",
        says=("no oxygen saturation for 2 min",),
    ),
    Case("INF-OX-003", "below", watched(sampled=None, charted=5 * MINUTE - SECOND), "clear", "by hand"),
    Case("INF-OX-003", "at", watched(sampled=None, charted=5 * MINUTE), "clear", "by hand"),
    Case(
        "INF-OX-003",
        "above",
        watched(sampled=None, charted=5 * MINUTE + SECOND),
        "fires",
        "by hand",
        says=("no oxygen saturation for 5 min",),
    ),
    Case(
        "INF-OX-003",
        "other",
        watched(sampled=None),
        "fires",
        "never since the start",
        says=("no oxygen saturation for 30 min",),
    ),
    Case(
        "INF-OX-003",
        "other",
        watched(sampled=45 * MINUTE),
        "fires",
        "last measured before the start",
        says=("no oxygen saturation for 30 min",),
    ),
    Case(
        "INF-OX-003",
        "other",
        watched(sampled=3 * MINUTE, charted=10 * MINUTE),
        "fires",
        "charted by hand before the probe came off",
        says=("no oxygen saturation for 3 min",),
    ),
    Case("INF-OX-003", "other", JUST_STARTED, "clear", "the drug began a minute ago"),
    Case(
        "INF-OX-003",
        "missing",
        UNWATCHED,
        "unknown",
        "no monitor at the chair",
        says=("whether saturation is measured all the time",),
    ),
]
