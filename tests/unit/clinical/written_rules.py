"""Rule files written for tests: one rule with two limits, one with a list of words, and their parts."""

from collections.abc import Mapping
from pathlib import Path

from evenkeel.clinical.rulebook import Check, Clear, Finding, Fires, Limits, Rulebook, Unknown
from evenkeel.values.quantities import Pressure

RULE = """
[TST-BP-001]
title = "A rule of this test"
statement = "Pause from {systolic} on {readings} readings."
severity = "pause"
unknown = "confirm"
override = "none"
override_unknown = "prescriber"
hazard = "HAZ-001"
[[TST-BP-001.version]]
number = 1
from = 2025-01-01
limits = { systolic = "180 mmHg", readings = 2 }
cite = [{ key = "somebody-2020", locator = "table 2" }]
basis = "source"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""
SECOND_VERSION = """
[[TST-BP-001.version]]
number = 2
from = 2026-01-01
limits = { systolic = "170 mmHg", readings = 2 }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""
BOUNDS = """
[TST-BP-001.bounds.systolic]
stricter = "lower"
recommended = ["150 mmHg", "180 mmHg"]
absolute = ["120 mmHg", "180 mmHg"]
"""
WORDS = """
[TST-BP-002]
title = "A list of this test"
statement = "It is given for {offered}."
severity = "confirm"
unknown = "confirm"
override = "reason"
hazard = "HAZ-001"
[TST-BP-002.bounds.offered]
stricter = "fewer"
recommended = ["depression", "crps"]
among = ["depression", "crps", "anxiety"]
[[TST-BP-002.version]]
number = 1
from = 2025-01-01
limits = { offered = ["depression", "crps"] }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""
# The same list in a rule that nobody may override.
HARD_WORDS = WORDS.replace('override = "reason"', 'override = "none"').replace(
    'severity = "confirm"\nunknown = "confirm"', 'severity = "block"\nunknown = "block"'
)


def high(pressure: Pressure | None, limits: Limits) -> Finding:
    """Compare one pressure with the limit."""
    if pressure is None:
        return Unknown(missing=("systolic pressure", "the arm"))
    return Fires(evidence=(str(pressure),)) if pressure >= limits.systolic else Clear()


def read(folder: Path, rules: str, checks: Mapping[str, Check] | None = None) -> Rulebook:
    """Read a rulebook of this one file."""
    (folder / "sources.toml").write_text('somebody-2020 = "Somebody 2020, A Journal"\n', "utf-8")
    (folder / "testing.toml").write_text(rules, "utf-8")
    return Rulebook.read(folder, {"TST-BP-001": high} if checks is None else checks)


def changed(old: str, new: str, text: str = RULE) -> str:
    """A rule with one thing changed."""
    assert old in text
    return text.replace(old, new)


def line_of(text: str, start: str, count: int = 1) -> int:
    """The line of a rule file on which something begins, the first or a later time."""
    places = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start)]
    return places[count - 1]
