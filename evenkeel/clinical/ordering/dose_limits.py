"""What the rules say of a dose in itself, whoever it is for: the caps, the time, the bag and the two ways."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, Protocol

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.ordering import Route
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import MINUTES_PER_HOUR, DosePlan, Step
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import DosePerWeight
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
    "ORD-BOL-001",
    "ORD-BOL-002",
    "ORD-BOL-003",
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

    @property
    def route(self) -> Route:
        """How it is to be given."""
        ...


@frozen
class DoseFacts:
    """A dose that is worked out for nobody in particular."""

    plan: DosePlan
    family: Family
    is_first: Tri
    route: Route = "iv"

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
    on = order.plan.on
    weights = [order.dose.weight, *([on.weighed] if on is not None else [])]
    outside = [weight for weight in weights if weight < limits.least or weight > limits.most]
    return Fires(evidence=(f"weight {outside[0]}",)) if outside else Clear()


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
    infused = [step.mg_per_kg_in_an_hour for step in order.plan.steps if step.kind == "infusion"]
    over = [each for each in infused if each > Fraction(limits.dose.value)]
    return Fires(evidence=(_in_an_hour(max(over)),)) if over else Clear()


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
    return f"{plain(to_decimal(exact, 3))} mg/kg in an hour"


def _amount_over(order: AboutDose, limits: Limits) -> Finding:
    most = max(order.dose.ordered, order.dose.drawn)
    # In full: rounded, an amount just over the limit would read like the limit itself.
    return Fires(evidence=(str(most),)) if limits.amount < most else Clear()


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


def _boluses(order: AboutDose) -> tuple[Step, ...]:
    return tuple(step for step in order.plan.steps if step.kind == "bolus")


@rule("ORD-BOL-001")
def bolus_over_the_most(order: AboutDose, limits: Limits) -> Finding:
    """Holds for whatever is called a bolus, alone or with others: all of it is given fast."""
    boluses = _boluses(order)
    given = sum((step.per_weight.value for step in boluses), Decimal(0))
    if given > limits.dose.value:
        return Fires(evidence=(f"bolus of {DosePerWeight(value=given)}",))
    return Clear()


@rule("ORD-BOL-002")
def bolus_out_of_place(order: AboutDose, _: Limits) -> Finding:
    """A bolus fills up before a pain infusion; anywhere else it is a slip of the form."""
    places = [number for number, step in enumerate(order.plan.steps, start=1) if step.kind == "bolus"]
    if not places:
        return Clear()
    if _is_mood(order):
        return Fires(evidence=("a bolus in a dose for mood",))
    if places != [1]:
        return Fires(evidence=(f"a bolus as step {places[-1]}",))
    return Clear() if len(order.plan.steps) > 1 else Fires(evidence=("a bolus with no infusion after it",))


@rule("ORD-BOL-003")
def bolus_fast(order: AboutDose, limits: Limits) -> Finding:
    """The faster it is in, the higher it peaks."""
    fast = [step for step in _boluses(order) if step.duration < limits.duration]
    return Fires(evidence=(f"bolus over {fast[0].duration}",)) if fast else Clear()


@rule("ORD-BAG-001")
def bag_unusual(order: AboutDose, limits: Limits) -> Finding:
    """The bag decides how much drug a slip of the pump gives."""
    outside = order.dose.bag < limits.least or order.dose.bag > limits.most
    return Fires(evidence=(str(order.dose.bag),)) if outside else Clear()


@rule("ORD-DIL-001")
def undiluted(order: AboutDose, limits: Limits) -> Finding:
    """The label asks for at least an equal volume of diluent in a vein; a muscle takes it undiluted."""
    dose = order.dose
    if order.route != "iv":
        return Clear()
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
