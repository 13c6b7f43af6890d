"""What the rules say of a dose in itself, whoever it is for: the caps, the time, the bag and the two ways."""

from datetime import date
from fractions import Fraction
from typing import Final, Literal, Protocol

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import MINUTES_PER_HOUR, DosePlan
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.shape import frozen

Family = Literal["mood", "pain"]

DOSE_RULES: Final = (
    "ORD-WGT-003",
    "ORD-DOS-001",
    "ORD-DOS-002",
    "ORD-DOS-003",
    "ORD-DOS-004",
    "ORD-DOS-006",
    "ORD-DOS-007",
    "ORD-CAP-001",
    "ORD-CAP-002",
    "ORD-DUR-001",
    "ORD-DUR-002",
    "ORD-STP-001",
    "ORD-BAG-001",
    "ORD-DIL-001",
    "ORD-TWO-001",
)


class AboutDose(Protocol):
    """What these rules look at; an order has it, and so has a dose that is nobody's."""

    @property
    def dose(self) -> Dose:
        """The dose as it is worked out."""
        ...

    @property
    def plan(self) -> DosePlan:
        """The dose with the steps in which it runs."""
        ...

    @property
    def family(self) -> Family:
        """What it is given for."""
        ...

    @property
    def is_first(self) -> Tri:
        """Whether it is the first infusion of a course."""
        ...


@frozen
class DoseFacts:
    """A dose that is worked out for nobody in particular."""

    plan: DosePlan
    family: Family
    is_first: Tri

    @property
    def dose(self) -> Dose:
        """The dose of the plan."""
        return self.plan.dose


def assess_dose(
    book: Rulebook, plan: DosePlan, *, family: Family, is_first: Tri, on: date
) -> tuple[Verdict, ...]:
    """Ask every rule that needs no patient to answer, with the limits in force on a day."""
    return book.consult_all(DOSE_RULES, DoseFacts(plan=plan, family=family, is_first=is_first), on=on)


@rule("ORD-WGT-003")
def weight_no_adult_has(order: AboutDose, limits: Limits) -> Finding:
    """Asked again here, because a dose may be worked out on a weight that no check-in saw."""
    weight = order.dose.weight
    outside = weight < limits.least or weight > limits.most
    return Fires(evidence=(f"weight {weight}",)) if outside else Clear()


def _is_mood(order: AboutDose) -> bool:
    return order.family == "mood"


def _more_than(order: AboutDose, limits: Limits) -> Finding:
    over = _is_mood(order) and order.dose.per_weight > limits.dose
    return Fires(evidence=(str(order.dose.per_weight),)) if over else Clear()


@rule("ORD-DOS-001")
def first_dose_high(order: AboutDose, limits: Limits) -> Finding:
    """Nobody knows yet how this patient takes it."""
    found = Clear() if order.is_first == "no" else _more_than(order, limits)
    if order.is_first == "unknown" and isinstance(found, Fires):
        return Unknown(missing=("whether this is the first infusion",))
    return found


@rule("ORD-DOS-002")
def dose_above_range(order: AboutDose, limits: Limits) -> Finding:
    """Possible, and a prescriber says why."""
    return _more_than(order, limits)


@rule("ORD-DOS-003")
def dose_over_ceiling(order: AboutDose, limits: Limits) -> Finding:
    """The hard ceiling; no reason opens it."""
    return _more_than(order, limits)


@rule("ORD-DOS-004")
def dose_below_range(order: AboutDose, limits: Limits) -> Finding:
    """Holds for every protocol, because the slip it catches does."""
    below = order.dose.per_weight < limits.dose
    return Fires(evidence=(str(order.dose.per_weight),)) if below else Clear()


@rule("ORD-DOS-006")
def pain_dose_in_an_hour(order: AboutDose, limits: Limits) -> Finding:
    """Worked out per hour, because pain protocols state a rate and run for hours."""
    if _is_mood(order):
        return Clear()
    in_an_hour = max(step.mg_per_kg_in_an_hour for step in order.plan.steps)
    if in_an_hour > Fraction(limits.dose.value):
        return Fires(evidence=(_in_an_hour(in_an_hour),))
    return Clear()


@rule("ORD-DOS-007")
def pain_dose_below_what_is_given_in_an_hour(order: AboutDose, limits: Limits) -> Finding:
    """Pain protocols state mg/kg/h and an order states mg/kg; the one written for the other lands here."""
    if _is_mood(order):
        return Clear()
    dose = order.dose
    in_an_hour = Fraction(dose.per_weight.value) * MINUTES_PER_HOUR / Fraction(dose.duration.value)
    if in_an_hour < Fraction(limits.dose.value):
        return Fires(evidence=(_in_an_hour(in_an_hour),))
    return Clear()


def _in_an_hour(exact: Fraction) -> str:
    return f"{plain(to_decimal(exact, 2))} mg/kg in an hour"


def _amount_over(order: AboutDose, limits: Limits) -> Finding:
    over = limits.amount < order.dose.ordered or limits.amount < order.dose.drawn
    return Fires(evidence=(order.dose.ordered.shown(),)) if over else Clear()


@rule("ORD-CAP-001")
def amount_large(order: AboutDose, limits: Limits) -> Finding:
    """A wrong weight makes a large amount look right per kilogram."""
    return _amount_over(order, limits)


@rule("ORD-CAP-002")
def amount_over_the_most(order: AboutDose, limits: Limits) -> Finding:
    """The hard cap in mg, for whatever the other rules did not foresee."""
    return _amount_over(order, limits)


@rule("ORD-DUR-001")
def too_short(order: AboutDose, limits: Limits) -> Finding:
    """The same amount in less time reaches a higher level."""
    short = _is_mood(order) and order.dose.duration < limits.duration
    return Fires(evidence=(str(order.dose.duration),)) if short else Clear()


@rule("ORD-DUR-002")
def too_long(order: AboutDose, limits: Limits) -> Finding:
    """A moved decimal point in the duration lands here."""
    long = _is_mood(order) and order.dose.duration > limits.duration
    return Fires(evidence=(str(order.dose.duration),)) if long else Clear()


@rule("ORD-STP-001")
def step_fast(order: AboutDose, limits: Limits) -> Finding:
    """A run that lasts long enough as a whole may still give most of it in its first minutes."""
    if not _is_mood(order) or len(order.plan.steps) == 1:
        return Clear()
    fastest = max(step.mg_per_kg_in_an_hour for step in order.plan.steps)
    if fastest > Fraction(limits.dose.value):
        return Fires(evidence=(f"one step gives {_in_an_hour(fastest)}",))
    return Clear()


@rule("ORD-BAG-001")
def bag_unusual(order: AboutDose, limits: Limits) -> Finding:
    """The bag decides how much drug a slip of the pump gives."""
    outside = order.dose.bag < limits.least or order.dose.bag > limits.most
    return Fires(evidence=(str(order.dose.bag),)) if outside else Clear()


@rule("ORD-DIL-001")
def undiluted(order: AboutDose, limits: Limits) -> Finding:
    """The label asks for at least an equal volume of diluent."""
    dose = order.dose
    if dose.strength.mcg_per_ml < limits.strength.mcg_per_ml:
        return Clear()
    share = Fraction(dose.draw.value) * 100 / Fraction(dose.bag.value)
    if share > Fraction(limits.share.value):
        return Fires(evidence=(f"{dose.draw} of {dose.strength} in {dose.bag}",))
    return Clear()


@rule("ORD-TWO-001")
def both_ways_agree(order: AboutDose, limits: Limits) -> Finding:
    """Rounding of draw and rate explains a little; anything more is a slip in one of the two chains."""
    ordered = Fraction(order.dose.ordered.mcg)
    if ordered == 0:
        return Unknown(missing=("an amount to compare with",))
    again = order.plan.pump_side_mcg
    if abs(again - ordered) * 100 / ordered > Fraction(limits.tolerance.value):
        pump = DrugMass.nearest(again).shown()
        return Fires(evidence=(f"ordered {order.dose.ordered.shown()}, pump {pump}",))
    return Clear()
