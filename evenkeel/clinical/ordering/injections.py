"""A dose into a muscle, for nobody in particular: its own limits, and none of those of a vein.

Evenkeel orders infusions alone. An order by this route is refused by its name (ORD-RTE-001).
"""

from datetime import date
from fractions import Fraction
from typing import Final, Protocol

from evenkeel.clinical.ordering.making import UnableToMakeDose
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, rule
from evenkeel.clinical.stock import ORDERABLE
from evenkeel.record.ordering import Route
from evenkeel.record.verdict import Verdict
from evenkeel.values.drug import to_decimal
from evenkeel.values.injection import Injection
from evenkeel.values.issues import Issue
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import DosePerWeight, Weight
from evenkeel.values.shape import frozen

_RULES: Final = ("ORD-IMU-001", "ORD-IMU-002", "ORD-CAP-001", "ORD-CAP-002")


@frozen
class InjectionFacts:
    """An injection that is worked out for nobody in particular."""

    dose: Injection


class ByRoute(Protocol):
    """Whatever is ordered by some route."""

    @property
    def route(self) -> Route:
        """How it is to be given."""
        ...


def make_injection(*, per_weight: DosePerWeight, weight: Weight, product: str) -> Injection:
    """Work out an injection from one listed ketamine vial, or raise UnableToMakeDose with the fields."""
    issues = [
        Issue(sentence=f"{words} must be more than zero.", code="zero", field=field)
        for field, words, value in (
            ("per_weight", "The dose in mg/kg", per_weight.value),
            ("weight", "The weight", weight.value),
        )
        if value == 0
    ]
    if product not in ORDERABLE:
        sentence = "Choose a ketamine vial from the clinic's list."
        issues.append(Issue(sentence=sentence, code="not-orderable", field="product"))
    if issues:
        raise UnableToMakeDose(issues)
    vial = ORDERABLE[product]
    made = Injection.of(per_weight=per_weight, weight=weight, strength=vial.strength)
    if made.draw.value == 0:
        sentence = "The dose is too small for a syringe. Check mg/kg."
        raise UnableToMakeDose([Issue(sentence=sentence, code="too-small", field="per_weight")])
    if made.draw > vial.vial:
        sentence = f"{made.draw} is more than a vial holds. Check mg/kg and weight."
        raise UnableToMakeDose([Issue(sentence=sentence, code="over-vial", field="product")])
    return made


def assess_injection(book: Rulebook, made: Injection, *, on: date) -> tuple[Verdict, ...]:
    """Ask the rules of this route, with the limits in force on a day, and the caps in mg of any route."""
    return book.consult_all(_RULES, InjectionFacts(dose=made), on=on)


@rule("ORD-RTE-001")
def route_not_offered(order: ByRoute, _: Limits) -> Finding:
    """An order has a bag and a pump, and neither belongs to a muscle."""
    return Clear() if order.route == "iv" else Fires(evidence=("ordered into a muscle",))


@rule("ORD-IMU-001")
def absorbed_over_ceiling(facts: InjectionFacts, limits: Limits) -> Finding:
    """Compared by what reaches the blood, since the trials' ceiling is of a vein."""
    absorbed = facts.dose.absorbed_per_weight
    if absorbed > Fraction(limits.dose.value):
        return Fires(evidence=(f"{plain(to_decimal(absorbed, 3))} mg/kg reach the blood",))
    return Clear()


@rule("ORD-IMU-002")
def much_in_one_place(facts: InjectionFacts, limits: Limits) -> Finding:
    """A large volume in one muscle hurts and is taken up unevenly; a stronger vial is better."""
    return Fires(evidence=(str(facts.dose.draw),)) if facts.dose.draw > limits.volume else Clear()
