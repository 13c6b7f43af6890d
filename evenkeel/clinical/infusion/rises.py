"""A high pressure in the infusion: what rise is usual, and what may be decided on one."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Final

from evenkeel.clinical.pressure import at_or_above_either
from evenkeel.clinical.rulebook import (
    RULES,
    Basis,
    Citation,
    Clear,
    Finding,
    Fires,
    Limits,
    Rulebook,
    Unknown,
    require_listed,
    rule,
)
from evenkeel.record.infusion import PressureChoice
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.quantities import Pressure
from evenkeel.values.shape import frozen

CHOICES: Final[dict[PressureChoice, str]] = {
    "watch": "Watch, and measure again",
    "hold": "Slow, hold or stop the drug",
    "treat": "Treat: a rescue drug is ordered",
}


@frozen
class ExpectedRise:
    """One fact about what pressure does under the drug, and where it was read."""

    text: str
    cite: Citation
    basis: Basis


@frozen
class PressureFacts:
    """A reading, what was decided on it, and by whom."""

    systolic: Pressure | None
    diastolic: Pressure | None
    choice: PressureChoice
    symptoms: Tri
    by_prescriber: bool


def read_rises(path: Path) -> tuple[ExpectedRise, ...]:
    """Read the `[[rise]]` tables of a file, in its order; each must cite a source that is listed."""
    tables = tomllib.loads(path.read_text("utf-8"))["rise"]
    found = tuple(
        ExpectedRise(text=table["text"], cite=Citation(**table["cite"]), basis=table["basis"])
        for table in tables
    )
    require_listed("a rise", (rise.cite.key for rise in found))
    return found


EXPECTED_RISES: Final = read_rises(RULES / "expected.toml")


def assess_pressure_choice(book: Rulebook, facts: PressureFacts, at: datetime) -> tuple[Verdict, ...]:
    """Whether a decision on a high pressure may stand."""
    return (book.consult("INF-BP-006", facts, on=at.date()),)


@rule("INF-BP-006")
def watched_in_spite_of(facts: PressureFacts, limits: Limits) -> Finding:
    """To slow, hold or treat is always open; to watch asks for a look at the patient first."""
    if facts.choice != "watch":
        return Clear()
    if facts.symptoms == "yes":
        return Fires(evidence=("the patient has symptoms",))
    height = at_or_above_either(facts.systolic, facts.diastolic, limits)
    if isinstance(height, Fires) and not facts.by_prescriber:
        return Fires(evidence=(*height.evidence, "no prescriber decided"))
    if facts.symptoms == "unknown":
        return Unknown(missing=("whether the patient has symptoms",))
    return height if isinstance(height, Unknown) and not facts.by_prescriber else Clear()
