"""Signs: what can be a measurement at all, what is asked about again, and what the rules ask for."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Final

from evenkeel.clinical.infusion.facts import InfusionFacts, minutes_between
from evenkeel.clinical.pressure import at_or_above_either
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.issues import Issue
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Minutes, Quantity
from evenkeel.values.shape import frozen

SIGN_WORDS: Final[dict[str, str]] = {
    "systolic": "systolic pressure",
    "diastolic": "diastolic pressure",
    "pulse": "pulse",
    "spo2": "oxygen saturation",
    "breaths": "breathing rate",
    "sedation": "sedation (MOAA/S)",
    "dissociation": "dissociation",
    "nausea": "nausea",
    "pain": "pain",
}


@frozen
class Span:
    """Both ends belong to it."""

    low: int
    high: int

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies within."""
        return self.low <= value <= self.high


# What can be a measurement. The scales end where they end (MOAA/S 0-5; ratings 0-10) and saturation at 100 %.
# The other bounds are proposals: wide enough for anything a living adult can have, so that what lies outside
# is a slip of the keyboard, and 0 (which monitors send for "no signal") is never a measurement.
POSSIBLE: Final[dict[str, Span]] = {
    "systolic": Span(low=30, high=320),
    "diastolic": Span(low=10, high=250),
    "pulse": Span(low=10, high=300),
    "spo2": Span(low=20, high=100),
    "breaths": Span(low=1, high=90),
    "sedation": Span(low=0, high=5),
    "dissociation": Span(low=0, high=10),
    "nausea": Span(low=0, high=10),
    "pain": Span(low=0, high=10),
}

# What is usual enough not to be asked about again. Proposals: outside lie both emergencies and slips, and
# asking once tells them apart. A rating within its scale is never strange.
USUAL: Final[dict[str, Span]] = {
    "systolic": Span(low=70, high=220),
    "diastolic": Span(low=35, high=130),
    "pulse": Span(low=40, high=160),
    "spo2": Span(low=80, high=100),
    "breaths": Span(low=6, high=40),
}

# A cuff on a moved arm reads a narrow or an impossible pair of numbers. Proposal.
PULSE_PRESSURE_MIN: Final = 15


def too_old(charted_at: Mapping[str, datetime], age: Minutes, at: datetime) -> tuple[str, ...]:
    """Which signs are older than they may be, in words.

    Their age is told in whole minutes, rounded up: what is a second too old never reads as young enough.
    """
    ages = {name: minutes_between(charted, at) for name, charted in charted_at.items()}
    return tuple(
        f"{SIGN_WORDS[name]} is {Minutes.of(ceil(old))} old" for name, old in ages.items() if old > age.value
    )


def values_of(signs: Signs) -> dict[str, Decimal]:
    """Every sign that was measured, as a bare number by its name."""
    found = {name: getattr(signs, name) for name in SIGN_NAMES}
    return {
        name: value.value if isinstance(value, Quantity) else Decimal(value)
        for name, value in found.items()
        if value is not None
    }


def refuse_impossible(signs: Signs) -> tuple[Issue, ...]:
    """Every number that cannot be a measurement, each with the field it stands in. Empty when all can be."""
    issues = []
    for name, value in values_of(signs).items():
        span = POSSIBLE[name]
        if not span.holds(value):
            words = SIGN_WORDS[name]
            sentence = (
                f"{words[0].upper()}{words[1:]} cannot be {plain(value)}: write a number from "
                f"{span.low} to {span.high}, "
                "or leave it empty when it was not measured."
            )
            issues.append(Issue(sentence=sentence, code="impossible", field=name))
    if _is_upside_down(signs):
        sentence = (
            f"Diastolic pressure {signs.diastolic} is not below systolic pressure {signs.systolic}; "
            "the two may be swapped."
        )
        issues.append(Issue(sentence=sentence, code="impossible", field="diastolic"))
    return tuple(issues)


def implausible(signs: Signs) -> dict[str, str]:
    """Signs that could be, but are strange enough to be asked again: a question by the sign's name."""
    again = "Measure again, or confirm that it is meant."
    strange = {
        name: f"Really {getattr(signs, name)} for {SIGN_WORDS[name]}? {again}"
        for name, value in values_of(signs).items()
        if name in USUAL and not USUAL[name].holds(value)
    }
    if "diastolic" not in strange and _is_narrow(signs):
        strange["diastolic"] = (
            f"Really {signs.diastolic} below {signs.systolic}? The two lie close together. {again}"
        )
    return strange


def _is_upside_down(signs: Signs) -> bool:
    pair = (signs.systolic, signs.diastolic)
    return pair[0] is not None and pair[1] is not None and pair[1] >= pair[0]


def _is_narrow(signs: Signs) -> bool:
    if signs.systolic is None or signs.diastolic is None:
        return False
    return signs.systolic.value - signs.diastolic.value < PULSE_PRESSURE_MIN


_RULES: Final = (
    "INF-BP-003",
    "INF-BP-002",
    "INF-OX-001",
    "INF-OX-002",
    "INF-HR-001",
    "INF-RR-001",
    "INF-SED-001",
    "INF-SED-002",
    "INF-DIS-001",
)


def assess_signs(book: Rulebook, visit: VisitState, signs: Signs, at: datetime) -> tuple[Verdict, ...]:
    """What one set of signs asks for. A sign that was not measured is unknown, never fine."""
    facts = InfusionFacts(visit=visit, at=at, signs=signs)
    return book.consult_all(_RULES, facts, on=at.date())


@rule("INF-BP-003")
def pressure_high(facts: InfusionFacts, limits: Limits) -> Finding:
    """Nearly half of patients reach this at some time, so it calls for a look and not for a stop."""
    return at_or_above_either(facts.signs.systolic, facts.signs.diastolic, limits)


@rule("INF-BP-002")
def pressure_very_high(facts: InfusionFacts, limits: Limits) -> Finding:
    """A moved arm is asked about before it is charted, so one charted reading is enough."""
    return at_or_above_either(facts.signs.systolic, facts.signs.diastolic, limits)


@rule("INF-OX-001")
def saturation_low(facts: InfusionFacts, limits: Limits) -> Finding:
    """Any value under the limit, however long."""
    return _below(facts.signs.spo2, limits.spo2, "spo2")


@rule("INF-OX-002")
def saturation_very_low(facts: InfusionFacts, limits: Limits) -> Finding:
    """Any value under the limit, however long."""
    return _below(facts.signs.spo2, limits.spo2, "spo2")


@rule("INF-HR-001")
def pulse_out_of_range(facts: InfusionFacts, limits: Limits) -> Finding:
    """The limits themselves are still within."""
    pulse = facts.signs.pulse
    if pulse is None:
        return Unknown(missing=(SIGN_WORDS["pulse"],))
    if pulse < limits.slow or pulse > limits.fast:
        return Fires(evidence=(f"pulse {pulse}",))
    return Clear()


@rule("INF-RR-001")
def breathing_slow(facts: InfusionFacts, limits: Limits) -> Finding:
    """Slow breathing comes before low saturation."""
    return _below(facts.signs.breaths, limits.slow, "breaths")


@rule("INF-SED-001")
def sedation_deep(facts: InfusionFacts, limits: Limits) -> Finding:
    """Lower numbers are deeper on this scale."""
    return _at_most(facts.signs.sedation, limits.moaas)


@rule("INF-SED-002")
def sedation_very_deep(facts: InfusionFacts, limits: Limits) -> Finding:
    """Lower numbers are deeper on this scale."""
    return _at_most(facts.signs.sedation, limits.moaas)


@rule("INF-DIS-001")
def dissociation_very_strong(facts: InfusionFacts, limits: Limits) -> Finding:
    """The patient's own rating; that it is felt at all is what the drug does and asks for nothing."""
    rating = facts.signs.dissociation
    if rating is None:
        return Unknown(missing=(SIGN_WORDS["dissociation"],))
    return Fires(evidence=(f"dissociation {rating} of 10",)) if rating >= limits.rating else Clear()


def _below(value: Quantity | None, limit: Quantity, name: str) -> Finding:
    if value is None:
        return Unknown(missing=(SIGN_WORDS[name],))
    return Fires(evidence=(f"{SIGN_WORDS[name]} {value}",)) if value < limit else Clear()


def _at_most(sedation: int | None, limit: int) -> Finding:
    if sedation is None:
        return Unknown(missing=(SIGN_WORDS["sedation"],))
    return Fires(evidence=(f"MOAA/S {sedation}",)) if sedation <= limit else Clear()
