"""What the pump may be set to, by the order, the bag and the clinic's ceiling; and going on after a pause."""

from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Final

from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.clinical.infusion.signs import SIGN_WORDS
from evenkeel.clinical.infusion.steps import most_now
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.infusion import InfusionPaused
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.quantities import DosePerWeight, FlowRate

MCG_PER_MG: Final = 1000

_RULES: Final = ("INF-RATE-001", "INF-RATE-002", "INF-RATE-004")


def assess_rate(book: Rulebook, visit: VisitState, rate: FlowRate, at: datetime) -> tuple[Verdict, ...]:
    """Whether the pump may be set to a rate now; asked at every change and when going on."""
    return book.consult_all(_RULES, InfusionFacts(visit=visit, at=at, rate=rate), on=at.date())


def assess_resume(book: Rulebook, visit: VisitState, rate: FlowRate, at: datetime) -> tuple[Verdict, ...]:
    """Whether the drug may run again after a pause: the rate, the order, and the signs since the pause."""
    facts = InfusionFacts(visit=visit, at=at, signs=_signs_since_pause(visit, at))
    return (
        *book.consult_all(("INF-STA-001", "INF-RES-001"), facts, on=at.date()),
        *assess_rate(book, visit, rate, at),
    )


def _signs_since_pause(visit: VisitState, at: datetime) -> Signs:
    """The last of each sign charted between the pause and this moment."""
    paused = visit.latest(InfusionPaused)
    if paused is None:
        return Signs()
    sets = [fact.payload.signs for fact in visit.checks if paused.at <= fact.at <= at]

    def last(name: str) -> object:
        return next((value for one in reversed(sets) if (value := getattr(one, name)) is not None), None)

    return Signs(**{name: last(name) for name in Signs.__dataclass_fields__})  # type: ignore[arg-type]


@rule("INF-RATE-001")
def rate_over_order(facts: InfusionFacts, limits: Limits) -> Finding:
    """Slower is the nurse's to decide, faster the prescriber's; in steps, the one that is due counts."""
    step = most_now(facts.visit, facts.at)
    if step is None:
        return Unknown(missing=("the ordered rate",))
    if facts.rate is None:
        return Unknown(missing=("the rate of the pump",))
    ordered = step.rate
    return Fires(evidence=(f"{facts.rate}, ordered {ordered}",)) if facts.rate > ordered else Clear()


@rule("INF-RATE-002")
def bag_over_order(facts: InfusionFacts, limits: Limits) -> Finding:
    """Whatever rate is set, the bag ends up in the patient, so what it holds is what counts."""
    order, bags = facts.visit.order, facts.visit.bags
    if order is None or not bags:
        return Unknown(
            missing=("the ordered dose", "what the bag holds") if order is None else ("what the bag holds",)
        )
    ordered, drawn = order.payload.dose.ordered, bags[-1].drawn
    earlier = sum((facts.visit.given_from(bag, facts.at) for bag in bags[:-1]), DrugMass(mcg=0))
    most = Fraction(ordered.mcg) * (100 + Fraction(limits.tolerance.value)) / 100
    if Fraction((earlier + drawn).mcg) > most:
        before = f", {earlier} given before it" if earlier.mcg else ""
        return Fires(evidence=(f"the bag holds {drawn}{before}, ordered {ordered}",))
    return Clear()


@rule("INF-RATE-003")
def pump_not_as_ordered(facts: InfusionFacts, limits: Limits) -> Finding:
    """Asked of the first setting only; later changes have reasons of their own."""
    order = facts.visit.order
    if order is None:
        return Unknown(missing=("the ordered rate",))
    if facts.rate is None:
        return Unknown(missing=("the rate of the pump",))
    ordered = order.payload.first_step.rate
    return Clear() if facts.rate == ordered else Fires(evidence=(f"{facts.rate}, ordered {ordered}",))


@rule("INF-RATE-004")
def rate_over_ceiling(facts: InfusionFacts, limits: Limits) -> Finding:
    """Worked from what is really in the bag, so that a tenfold slip in either shows.

    A bolus that was ordered is fast and short; how much it may give at most was asked when it was ordered.
    """
    order, bag = facts.visit.order, facts.visit.bag(facts.at)
    if order is None or bag is None or facts.rate is None:
        return Unknown(missing=("what the bag holds",))
    step = most_now(facts.visit, facts.at)
    if step is not None and step.kind == "bolus" and facts.rate <= step.rate:
        return Clear()
    hours = Fraction(limits.span.value)
    mg = Fraction(facts.rate.value) * hours * bag.mcg_per_ml / MCG_PER_MG
    per_weight = mg / Fraction(order.payload.dose.weight.value)
    if per_weight > Fraction(limits.dose.value):
        # Rounded up, so that what is just over the ceiling never reads as the ceiling.
        shown = DosePerWeight(value=to_decimal(Fraction(ceil(per_weight * 100), 100), 2))
        return Fires(evidence=(f"{facts.rate} gives {shown} in {limits.span}",))
    return Clear()


@rule("INF-RES-001")
def not_ready_to_go_on(facts: InfusionFacts, limits: Limits) -> Finding:
    """What led to the pause must be seen to be over; signs from before the pause say nothing about it."""
    signs = facts.signs
    crossed = {
        "systolic": signs.systolic is not None and signs.systolic >= limits.systolic,
        "diastolic": signs.diastolic is not None and signs.diastolic >= limits.diastolic,
        "spo2": signs.spo2 is not None and signs.spo2 < limits.spo2,
        "sedation": signs.sedation is not None and signs.sedation < limits.moaas,
    }
    seen = tuple(f"{SIGN_WORDS[name]} {getattr(signs, name)}" for name, is_over in crossed.items() if is_over)
    if seen:
        return Fires(evidence=seen)
    missing = tuple(f"{SIGN_WORDS[name]} since the pause" for name in crossed if getattr(signs, name) is None)
    return Unknown(missing=missing) if missing else Clear()
