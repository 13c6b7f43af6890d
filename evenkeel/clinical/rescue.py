"""Rescue drugs: what a clinic keeps, and how much of each, how often and for whom not. Always on an order."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evenkeel.clinical.infusion.facts import latest_sign, minutes_between, whole_minutes
from evenkeel.clinical.infusion.signs import SIGN_WORDS
from evenkeel.clinical.questions import check_of, read_questions
from evenkeel.clinical.rulebook import (
    RULES,
    Basis,
    Clear,
    Finding,
    Fires,
    Limits,
    Rulebook,
    Unknown,
    require_listed,
    rule,
)
from evenkeel.record.infusion import RescueGiven
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.shape import frozen

# Asked of every rescue drug: the order and the route.
_ALWAYS: Final = ("RSC-ORD-001", "RSC-ROU-001")


@frozen
class RescueDrug:
    """One drug that may be given on a prescriber's order: what is usual, its routes and its rules."""

    key: str
    used_for: str
    usual: str
    routes: tuple[str, ...]
    rules: tuple[str, ...]
    basis: Basis
    cite: tuple[str, ...]


@frozen
class RescueFacts:
    """One dose that is to be given, beside the visit it is given in.

    `answers` are those to the questions of `rules/rescue.toml`; `ordered` says that a prescriber is named and
    `read_back` that a spoken order was read back or that the prescriber writes it themselves.
    """

    visit: VisitState
    at: datetime
    drug: str
    dose: DrugMass
    route: str
    answers: dict[str, Tri]
    ordered: bool = True
    read_back: bool = True


def read_drugs(path: Path) -> tuple[RescueDrug, ...]:
    """Read the `[[rescue]]` tables of a file, in its order; what is no proposal must cite a source."""
    tables = tomllib.loads(path.read_text("utf-8"))["rescue"]
    found = tuple(
        RescueDrug(
            key=table["key"],
            used_for=table["used_for"],
            usual=table["usual"],
            routes=tuple(table["routes"]),
            rules=tuple(table["rules"]),
            basis=table["basis"],
            cite=tuple(table["cite"]),
        )
        for table in tables
    )
    require_listed("a rescue drug", (key for drug in found for key in drug.cite))
    assert all(drug.cite or drug.basis == "proposal" for drug in found), (
        "only a proposal stands without source"
    )
    return found


RESCUE_DRUGS: Final = {drug.key: drug for drug in read_drugs(RULES / "rescue.toml")}
ROUTES: Final = tuple(dict.fromkeys(route for drug in RESCUE_DRUGS.values() for route in drug.routes))
QUESTIONS: Final = read_questions("rescue")

for _question in QUESTIONS:
    rule(_question.rule)(check_of(_question))


def assess_rescue(book: Rulebook, facts: RescueFacts) -> tuple[Verdict, ...]:
    """Whether a dose may be given: the order, the route, and the drug's own rules."""
    ids = (*_ALWAYS, *RESCUE_DRUGS[facts.drug].rules)
    return book.consult_all(ids, facts, on=facts.at.date())


def given_before(facts: RescueFacts) -> DrugMass | None:
    """All that was given of the drug in this visit so far, exactly; None when a dose stands in words only."""
    total = DrugMass(mcg=0)
    for fact in facts.visit.rescues:
        if fact.payload.drug == facts.drug and fact.at <= facts.at:
            if not isinstance(fact.payload, RescueGiven):
                return None
            total += fact.payload.dose
    return total


def _last_at(facts: RescueFacts) -> datetime | None:
    times = [fact.at for fact in facts.visit.rescues if fact.payload.drug == facts.drug]
    return max((at for at in times if at <= facts.at), default=None)


@rule("RSC-ORD-001")
def not_ordered(facts: RescueFacts, limits: Limits) -> Finding:
    """No rule, and nobody but a prescriber, gives drug."""
    unmet = {"no prescriber is named": not facts.ordered, "the order was not read back": not facts.read_back}
    seen = tuple(words for words, holds in unmet.items() if holds)
    return Fires(evidence=seen) if seen else Clear()


@rule("RSC-ROU-001")
def other_route(facts: RescueFacts, limits: Limits) -> Finding:
    """The routes stand with the drug."""
    usual = RESCUE_DRUGS[facts.drug].routes
    return Clear() if facts.route in usual else Fires(evidence=(f"{facts.drug} {facts.route}",))


def _total_too_high(facts: RescueFacts, limits: Limits) -> Finding:
    """Added up in whole micrograms; a dose that stands in words only cannot be added up."""
    before = given_before(facts)
    if before is None:
        return Unknown(missing=(f"how much {facts.drug} was given before",))
    total = before + facts.dose
    return Clear() if total <= limits.total else Fires(evidence=(f"{total} {facts.drug} in all",))


for _id in ("RSC-LAB-001", "RSC-CLO-001", "RSC-OND-001", "RSC-MDZ-001"):
    rule(_id)(_total_too_high)


@rule("RSC-LAB-002")
def dose_too_large(facts: RescueFacts, limits: Limits) -> Finding:
    """How much one patient needs shows after the first dose."""
    before = given_before(facts)
    if before is None:
        return Unknown(missing=(f"whether {facts.drug} was given before, and how much",))
    most = limits.later if before.mcg else limits.first
    return Clear() if facts.dose <= most else Fires(evidence=(f"{facts.dose} at once",))


@rule("RSC-LAB-003")
def too_soon(facts: RescueFacts, limits: Limits) -> Finding:
    """Its effect takes minutes to show, so a dose that comes too soon is given on top of one unseen."""
    last_at = _last_at(facts)
    if last_at is None:
        return Clear()
    if minutes_between(last_at, facts.at) >= limits.apart.value:
        return Clear()
    return Fires(evidence=(f"{whole_minutes(last_at, facts.at)} since the last dose",))


@rule("RSC-LAB-007")
def pulse_too_slow(facts: RescueFacts, limits: Limits) -> Finding:
    """The drug slows the heart further. An old pulse says nothing."""
    pulse = _fresh(facts, "pulse", limits)
    if pulse is None:
        return Unknown(missing=("a fresh pulse",))
    return Fires(evidence=(f"pulse {pulse}",)) if pulse < limits.slow else Clear()


@rule("RSC-MDZ-002")
def sedated_already(facts: RescueFacts, limits: Limits) -> Finding:
    """Two sedating drugs add up. One sign that is too low is enough; all three must be known to go on."""
    seen = {name: _fresh(facts, name, limits) for name in ("sedation", "spo2", "breaths")}
    sedation, spo2, breaths = seen.values()
    crossed = {
        "sedation": sedation is not None and sedation <= limits.moaas,
        "spo2": spo2 is not None and spo2 < limits.spo2,
        "breaths": breaths is not None and breaths < limits.slow,
    }
    evidence = tuple(f"{SIGN_WORDS[name]} {seen[name]}" for name, is_low in crossed.items() if is_low)
    if evidence:
        return Fires(evidence=evidence)
    missing = tuple(f"a fresh {SIGN_WORDS[name]}" for name, value in seen.items() if value is None)
    return Unknown(missing=missing) if missing else Clear()


def _fresh(facts: RescueFacts, name: str, limits: Limits) -> Any:
    """The last value of a sign that is not older than `limits.age`; None without one."""
    last = latest_sign(facts.visit, name, facts.at)
    if last is None or minutes_between(last[0], facts.at) > limits.age.value:
        return None
    return last[1]
