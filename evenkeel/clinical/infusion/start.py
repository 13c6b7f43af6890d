"""The last gate before drug runs: a valid order, two people, a time-out and fresh baseline signs."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from evenkeel.clinical.infusion.events import EventFacts, event_finding
from evenkeel.clinical.infusion.facts import InfusionFacts, latest_pressure, latest_sign
from evenkeel.clinical.infusion.signs import SIGN_WORDS, too_old
from evenkeel.clinical.pressure import above_either, at_or_above_either
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.infusion import EventRecorded
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState

_RULES: Final = (
    "INF-STA-006",
    "INF-STA-001",
    "INF-STA-002",
    "INF-STA-003",
    "INF-STA-004",
    "INF-STA-005",
    "INF-STA-008",
    "INF-STA-007",
    "INF-BP-001",
    "INF-BP-004",
    "INF-BP-005",
    "INF-HR-002",
    "INF-RR-002",
    "INF-SED-003",
    "INF-EVT-002",
    "INF-RATE-003",
    "INF-RATE-002",
    "INF-RATE-004",
)


# What is read aloud at the time-out, in words short enough for a list of what was left out.
_READ_ALOUD: Final = {
    "patient": "the patient",
    "dose": "the milligrams",
    "volume": "the milliliters",
    "rate": "the mL/h",
    "end": "the expected end",
    "rescue": "airway equipment and rescue drugs within reach",
    "staff": "who is trained in advanced cardiac life support",
}


def assess_start(book: Rulebook, visit: VisitState, at: datetime) -> tuple[Verdict, ...]:
    """Whether the pump may be started now, at the rate that was drawn up and checked."""
    rate = visit.draw.payload.rate if visit.draw else None
    return book.consult_all(_RULES, InfusionFacts(visit=visit, at=at, rate=rate), on=at.date())


@rule("INF-STA-001")
def order_missing_or_expired(facts: InfusionFacts, limits: Limits) -> Finding:
    """The order says until when it stands."""
    order = facts.visit.order
    if order is None:
        return Unknown(missing=("a signed order",))
    if facts.at >= order.payload.expires_at:
        return Fires(evidence=(f"the order stood until {order.payload.expires_at:%Y-%m-%d %H:%M} UTC",))
    return Clear()


@rule("INF-STA-002")
def second_check_disagrees(facts: InfusionFacts, limits: Limits) -> Finding:
    """Only the check of the draw that stands now counts."""
    check = facts.visit.double_check
    if check is None:
        return Unknown(missing=("the second person's check",))
    return Clear() if check.payload.agrees else Fires(evidence=check.payload.disagreements)


@rule("INF-STA-003")
def one_person_drew_and_checked(facts: InfusionFacts, limits: Limits) -> Finding:
    """Nobody sees their own slip."""
    draw, check = facts.visit.draw, facts.visit.double_check
    if draw is None or check is None:
        return Unknown(missing=("who drew", "who checked") if draw is None else ("who checked",))
    if draw.by.id == check.by.id:
        return Fires(evidence=(f"{check.by.printed_name} drew and checked",))
    return Clear()


@rule("INF-STA-004")
def time_out_incomplete(facts: InfusionFacts, limits: Limits) -> Finding:
    """Two people, and everything read aloud."""
    held = facts.visit.time_out
    if held is None:
        return Unknown(missing=("the time-out",))
    unread = _left_out(limits.read, held.payload.confirmed, "not read aloud")
    alone = ("held by one person",) if held.by.id == held.payload.second_person else ()
    return Fires(evidence=(*alone, *unread)) if alone or unread else Clear()


@rule("INF-STA-005")
def baseline_not_fresh(facts: InfusionFacts, limits: Limits) -> Finding:
    """Without a baseline nobody can say what the drug did."""
    seen = {name: latest_sign(facts.visit, name, facts.at) for name in limits.needs}
    missing = tuple(SIGN_WORDS[name] for name, found in seen.items() if found is None)
    if missing:
        return Unknown(missing=missing)
    charted_at = {name: found[0] for name, found in seen.items() if found is not None}
    old = too_old(charted_at, limits.age, facts.at)
    return Fires(evidence=old) if old else Clear()


@rule("INF-STA-006")
def gate_not_open(facts: InfusionFacts, limits: Limits) -> Finding:
    """By its own rules or by a prescriber's reasoned decision."""
    if facts.visit.check_in is None:
        return Unknown(missing=("the check-in",))
    return Clear() if facts.visit.is_gate_open else Fires(evidence=("the check-in gate is not open",))


@rule("INF-STA-007")
def saturation_low_at_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """Judged on the last value, whoever took it."""
    found = latest_sign(facts.visit, "spo2", facts.at)
    if found is None:
        return Unknown(missing=(SIGN_WORDS["spo2"],))
    return Fires(evidence=(f"oxygen saturation {found[1]}",)) if found[1] < limits.spo2 else Clear()


@rule("INF-STA-008")
def staff_or_kit_not_named(facts: InfusionFacts, limits: Limits) -> Finding:
    """What is wanted in the worst minute is looked for before it."""
    held = facts.visit.time_out
    if held is None:
        return Unknown(missing=("the time-out",))
    unsaid = _left_out(limits.read, held.payload.confirmed, "not said")
    return Fires(evidence=unsaid) if unsaid else Clear()


def _left_out(wanted: Iterable[str], confirmed: tuple[str, ...], why: str) -> tuple[str, ...]:
    return tuple(f"{why}: {_READ_ALOUD[key]}" for key in wanted if key not in confirmed)


@rule("INF-HR-002")
def pulse_out_of_range_at_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """Judged on the last value, whoever took it; the limits themselves are still within."""
    found = latest_sign(facts.visit, "pulse", facts.at)
    if found is None:
        return Unknown(missing=(SIGN_WORDS["pulse"],))
    is_out = found[1] < limits.slow or found[1] > limits.fast
    return Fires(evidence=(f"pulse {found[1]}",)) if is_out else Clear()


@rule("INF-RR-002")
def breathing_slow_at_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """Breathing is not among the signs that a baseline must have, so it is said when it is missing."""
    found = latest_sign(facts.visit, "breaths", facts.at)
    if found is None:
        return Unknown(missing=(SIGN_WORDS["breaths"],))
    return Fires(evidence=(f"{SIGN_WORDS['breaths']} {found[1]}",)) if found[1] < limits.slow else Clear()


@rule("INF-SED-003")
def not_awake_at_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """Whoever is drowsy before the drug has something else in them."""
    found = latest_sign(facts.visit, "sedation", facts.at)
    if found is None:
        return Unknown(missing=(SIGN_WORDS["sedation"],))
    return Fires(evidence=(f"MOAA/S {found[1]}",)) if found[1] < limits.moaas else Clear()


@rule("INF-EVT-002")
def warning_sign_before_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """Every event since the check-in counts as it would during the infusion."""
    check_in = facts.visit.check_in
    if check_in is None:
        return Unknown(missing=("the check-in",))
    found = [
        event_finding(EventFacts(event=fact.payload.event, grade=fact.payload.grade), limits)
        for fact in facts.visit.every(EventRecorded)
        if check_in.at <= fact.at <= facts.at
    ]
    seen = tuple(words for finding in found if isinstance(finding, Fires) for words in finding.evidence)
    if seen:
        return Fires(evidence=seen)
    missing = tuple(words for finding in found if isinstance(finding, Unknown) for words in finding.missing)
    return Unknown(missing=missing) if missing else Clear()


@rule("INF-BP-005")
def pressure_raised_at_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """A note for whoever starts: the drug will raise it further."""
    last = latest_pressure(facts.visit, facts.at)
    if last is None:
        return Unknown(missing=("blood pressure",))
    return above_either(last.systolic, last.diastolic, limits)


@rule("INF-BP-001")
def pressure_never_start(facts: InfusionFacts, limits: Limits) -> Finding:
    """The last reading before the start, whoever took it."""
    last = latest_pressure(facts.visit, facts.at)
    if last is None:
        return Unknown(missing=("blood pressure",))
    return above_either(last.systolic, last.diastolic, limits)


@rule("INF-BP-004")
def pressure_for_a_prescriber(facts: InfusionFacts, limits: Limits) -> Finding:
    """A prescriber who let the patient through the gate decided on that pressure, not on a higher one."""
    last = latest_pressure(facts.visit, facts.at)
    if last is None:
        return Unknown(missing=("blood pressure",))
    finding = at_or_above_either(last.systolic, last.diastolic, limits)
    decision, check_in = facts.visit.check_in_decision, facts.visit.check_in
    if not isinstance(finding, Fires) or decision is None or check_in is None:
        return finding
    seen = check_in.payload.signs
    is_covered = decision.payload.decision == "go_on" and all(
        now is None or (then is not None and now <= then)
        for now, then in ((last.systolic, seen.systolic), (last.diastolic, seen.diastolic))
    )
    return Clear() if is_covered else finding
