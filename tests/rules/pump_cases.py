"""What the pump says, beside what is charted."""

from datetime import timedelta
from fractions import Fraction

from evenkeel.clinical.infusion.pump import PumpCompared, PumpHeard, PumpSaid
from evenkeel.values.quantities import FlowRate, Volume
from tests.rules.case import Case
from tests.rules.infusion_cases import MINUTE, SECOND
from tests.rules.records import NOON

ALWAYS_KNOWN: dict[str, str] = {
    "INF-PMP-005": "it is asked only where a pump was heard, and when that was is known",
}


def pump(
    rate: str | None = "150",
    *,
    volume: str | None = "75",
    running: bool | None = True,
    charted: str = "150",
    since: timedelta = 30 * MINUTE,
) -> PumpCompared:
    """Half an hour at 150 mL/h is 75 mL; the pump and the record say so, but for what is named."""
    said = PumpSaid(
        at=NOON,
        heard_at=NOON,
        rate=None if rate is None else FlowRate.of(rate),
        volume=None if volume is None else Volume.of(volume),
        is_running=running,
    )
    return PumpCompared(
        said=said, charted=FlowRate.of(charted), charted_since=NOON - since, run_ml=Fraction(75)
    )


def heard(before: timedelta) -> PumpHeard:
    """A pump that was last heard so long ago."""
    return PumpHeard(at=NOON, heard_at=NOON - before)


CASES = [
    Case("INF-PMP-001", "below", pump("150.9"), "clear"),
    Case("INF-PMP-001", "at", pump("151"), "clear"),
    Case(
        "INF-PMP-001",
        "above",
        pump("151.1"),
        "fires",
        says=("pump says 151.1 mL/h, charted are 150 mL/h",),
    ),
    Case("INF-PMP-001", "below", pump("149"), "clear", "slower, by as much as may be"),
    Case("INF-PMP-001", "above", pump("148.9"), "fires", "slower"),
    Case("INF-PMP-001", "above", pump("15"), "fires", "a tenth of it: a moved decimal point"),
    Case("INF-PMP-001", "at", pump("200", since=MINUTE), "clear", "the chart follows within a minute"),
    Case("INF-PMP-001", "above", pump("200", since=MINUTE + SECOND), "fires", "the chart did not follow"),
    Case("INF-PMP-001", "other", pump("150", charted="0"), "clear", "asked by INF-PMP-003"),
    Case("INF-PMP-001", "other", pump("0", running=False), "clear", "asked by INF-PMP-004"),
    Case("INF-PMP-001", "missing", pump(None), "unknown", says=("the pump's rate",)),
    Case("INF-PMP-002", "below", pump(volume="79.9"), "clear"),
    Case("INF-PMP-002", "at", pump(volume="80"), "clear"),
    Case(
        "INF-PMP-002",
        "above",
        pump(volume="80.1"),
        "fires",
        says=("pump says 80.1 mL delivered, by the rates on record 75 mL",),
    ),
    Case("INF-PMP-002", "at", pump(volume="70"), "clear", "less, by as much as may be"),
    Case("INF-PMP-002", "above", pump(volume="69.9"), "fires", "less"),
    Case("INF-PMP-002", "above", pump(volume="0"), "fires", "nothing was delivered"),
    Case(
        "INF-PMP-002",
        "missing",
        pump(volume=None),
        "unknown",
        says=("the volume that the pump delivered",),
    ),
    Case("INF-PMP-003", "below", pump(charted="0", since=MINUTE - SECOND), "clear", "just paused"),
    Case("INF-PMP-003", "at", pump(charted="0", since=MINUTE), "clear", "just paused"),
    Case(
        "INF-PMP-003",
        "above",
        pump(charted="0", since=MINUTE + SECOND),
        "fires",
        says=("pump runs at 150 mL/h, charted is that it stands still",),
    ),
    Case("INF-PMP-003", "above", pump(charted="0", running=None), "fires", "by its rate alone"),
    Case("INF-PMP-003", "other", pump("0", charted="0", running=None), "clear", "a rate of 0 is no run"),
    Case("INF-PMP-003", "other", pump("150", charted="0", running=False), "clear", "set, and not running"),
    Case("INF-PMP-003", "other", pump(), "clear", "it runs as charted"),
    Case("INF-PMP-003", "missing", pump(None, running=None), "unknown", says=("whether the pump runs",)),
    Case("INF-PMP-004", "below", pump(running=False, since=MINUTE - SECOND), "clear", "just charted"),
    Case("INF-PMP-004", "at", pump(running=False, since=MINUTE), "clear", "just charted"),
    Case(
        "INF-PMP-004",
        "above",
        pump(running=False, since=MINUTE + SECOND),
        "fires",
        says=("pump stands still, charted are 150 mL/h",),
    ),
    Case("INF-PMP-004", "above", pump("0", running=None), "fires", "by its rate alone"),
    Case("INF-PMP-004", "other", pump(running=False, charted="0"), "clear", "paused as charted"),
    Case("INF-PMP-004", "missing", pump(None, running=None), "unknown", says=("whether the pump runs",)),
    Case("INF-PMP-005", "below", heard(2 * MINUTE - SECOND), "clear"),
    Case("INF-PMP-005", "at", heard(2 * MINUTE), "clear"),
    Case(
        "INF-PMP-005",
        "above",
        heard(2 * MINUTE + SECOND),
        "fires",
        says=("nothing heard from the pump for 2 min",),
    ),
]
