"""The order: working the dose out, and what the rules say of it before it is signed."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.screening import assess_age_of_screening
from evenkeel.clinical.stock import ORDERABLE, PRODUCTS, PROTOCOLS, Product, Protocol
from evenkeel.record.courses import CourseState
from evenkeel.record.ordering import OrderSigned
from evenkeel.record.series import InfusionCounted
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.dose import Dose
from evenkeel.values.drug import to_decimal
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume, Weight
from evenkeel.values.shape import frozen


class UnableToMakeDose(UnableTo):
    """The numbers of an order do not make a dose that could be drawn and run."""


@frozen
class OrderFacts:
    """An order that is about to be signed, beside what the record holds.

    `elsewhere_at` is when infusions of other visits of this patient began, whatever the course.
    """

    dose: Dose
    protocol: Protocol
    visit: VisitState
    course: CourseState
    age: int | None
    at: datetime
    previous: InfusionCounted | None
    elsewhere_at: tuple[datetime, ...]


@frozen
class OrderAge:
    """Until when an order stands, and the moment it is looked at."""

    expires_at: datetime
    at: datetime


_ORDER_RULES: Final = (
    "ORD-CON-001",
    "ORD-SCR-001",
    "ORD-GAT-001",
    "ORD-GAT-002",
    "ORD-VIS-001",
    "ORD-DUP-001",
    "ORD-DUP-002",
    "ORD-WGT-001",
    "ORD-WGT-002",
    "ORD-DOS-001",
    "ORD-DOS-002",
    "ORD-DOS-003",
    "ORD-DOS-004",
    "ORD-DOS-005",
    "ORD-DOS-006",
    "ORD-CAP-001",
    "ORD-CAP-002",
    "ORD-DUR-001",
    "ORD-DUR-002",
    "ORD-BAG-001",
    "ORD-DIL-001",
    "ORD-TWO-001",
)


def make_dose(
    *, per_weight: DosePerWeight, weight: Weight, product: str, bag: Volume, duration: Minutes
) -> Dose:
    """Work out a dose for a listed ketamine vial, or raise UnableToMakeDose with an issue per field.

    Only what no syringe or pump could do is refused here; whether the dose is wise is for `assess_order`.
    """
    typed = {"per_weight": per_weight, "weight": weight, "bag": bag, "duration": duration}
    issues = [
        Issue(sentence=f"{_FIELD_WORDS[field]} must be more than zero.", code="zero", field=field)
        for field, quantity in typed.items()
        if quantity.value == 0
    ]
    issues += _not_orderable(product)
    if issues:
        raise UnableToMakeDose(issues)
    vial = ORDERABLE[product]
    dose = Dose.of(per_weight=per_weight, weight=weight, strength=vial.strength, bag=bag, duration=duration)
    issues = _cannot_be_drawn(dose, vial)
    if issues:
        raise UnableToMakeDose(issues)
    return dose


_FIELD_WORDS: Final = {
    "per_weight": "The dose in mg/kg",
    "weight": "The weight",
    "bag": "The bag",
    "duration": "The duration",
}


def _not_orderable(product: str) -> list[Issue]:
    if product in ORDERABLE:
        return []
    known = PRODUCTS.get(product)
    if known is None:
        sentence, code = "Choose a vial from the clinic's list.", "not-in-stock"
    else:
        sentence, code = f"An order names a ketamine vial; this is {known.label}.", "not-orderable"
    return [Issue(sentence=sentence, code=code, field="product")]


def _cannot_be_drawn(dose: Dose, product: Product) -> list[Issue]:
    if dose.draw.value == 0 or dose.rate.value == 0:
        return [
            Issue(
                sentence="The dose is too small for a syringe or a pump. Check mg/kg and duration.",
                code="too-small",
                field="per_weight",
            )
        ]
    issues = []
    if dose.draw >= dose.bag:
        issues.append(
            Issue(
                sentence=f"{dose.draw} of drug do not go into {dose.bag}: ketamine is given diluted.",
                code="over-bag",
                field="bag",
            )
        )
    if dose.draw > product.vial:
        issues.append(
            Issue(
                sentence=f"{dose.draw} is more than a vial holds. Check mg/kg and weight.",
                code="over-vial",
                field="product",
            )
        )
    return issues


def assess_order(
    book: Rulebook,
    *,
    dose: Dose,
    protocol: str,
    visit: VisitState,
    course: CourseState,
    patient_age: int | None,
    at: datetime,
    previous: InfusionCounted | None,
    elsewhere_at: tuple[datetime, ...],
) -> tuple[Verdict, ...]:
    """Ask every rule that bears on signing this order at this moment. `protocol` is a key of PROTOCOLS.

    The calendar day that counts is that of `at` in the zone it bears, so give it in the clinic's zone.
    """
    facts = OrderFacts(
        dose=dose,
        protocol=PROTOCOLS[protocol],
        visit=visit,
        course=course,
        age=patient_age,
        at=at,
        previous=previous,
        elsewhere_at=elsewhere_at,
    )
    on = at.date()
    screened_date = course.screening.at.astimezone(at.tzinfo).date() if course.screening else None
    return (
        *book.consult_all(_ORDER_RULES, facts, on=on),
        book.consult("SCR-AGE-001", facts, on=on),
        assess_age_of_screening(book, screened_date, on=on),
    )


def expiry(book: Rulebook, signed_at: datetime) -> datetime:
    """Until when an order that is signed at a moment stands."""
    return signed_at + timedelta(hours=int(book.limits("ORD-EXP-001", signed_at.date()).valid.value))


def order_expired(book: Rulebook, order: OrderSigned, at: datetime) -> Verdict:
    """Whether a signed order still stands at a moment."""
    return book.consult("ORD-EXP-001", OrderAge(expires_at=order.expires_at, at=at), on=at.date())


@rule("ORD-CON-001")
def consent(order: OrderFacts, _: Limits) -> Finding:
    """A withdrawal counts from the moment it is written."""
    return Clear() if order.course.consent else Fires()


@rule("ORD-SCR-001")
def screened(order: OrderFacts, _: Limits) -> Finding:
    """A course without a screening is not fit."""
    return Clear() if order.course.is_screened_fit else Fires()


@rule("ORD-GAT-001")
def gate_open(order: OrderFacts, _: Limits) -> Finding:
    """The gate answers for identity, escort, fasting and today's signs."""
    return Clear() if order.visit.is_gate_open else Fires()


@rule("ORD-GAT-002")
def check_in_recent(order: OrderFacts, limits: Limits) -> Finding:
    """Weight, fasting and mood of another day say nothing about now, even if the gate stood open then."""
    check_in = order.visit.check_in
    if check_in is None:
        return Unknown(missing=("a check-in",))
    if order.at - check_in.at > timedelta(hours=int(limits.age.value)):
        return Fires(evidence=("the check-in is older than this",))
    return Clear()


@rule("ORD-VIS-001")
def not_started(order: OrderFacts, _: Limits) -> Finding:
    """A second order into a running infusion is how a dose is given twice."""
    visit = order.visit
    over = visit.started or visit.discharge or visit.cancelled
    return Fires(evidence=(f"the visit is in phase {visit.phase}",)) if over else Clear()


@rule("ORD-DUP-001")
def no_other_order(order: OrderFacts, _: Limits) -> Finding:
    """Two orders that both stand leave open which is meant."""
    return Fires(evidence=("an order stands",)) if order.visit.order else Clear()


@rule("ORD-DUP-002")
def time_since_last(order: OrderFacts, limits: Limits) -> Finding:
    """Counted from the start of the patient's last infusion: two courses share one body."""
    started = [*order.elsewhere_at, *(fact.payload.started_at for fact in order.course.infusions)]
    if not started:
        return Clear()
    if order.at - max(started) < timedelta(hours=int(limits.apart.value)):
        return Fires(evidence=("the last infusion started less than this ago",))
    return Clear()


@rule("ORD-WGT-001")
def weight_of_this_visit(order: OrderFacts, _: Limits) -> Finding:
    """A dose on another visit's weight, or another patient's, does not agree with the scale."""
    weight = order.visit.weight
    if weight is None:
        return Unknown(missing=("this visit's weight",))
    if order.dose.weight != weight:
        return Fires(evidence=(f"dose on {order.dose.weight}, weighed {weight}",))
    return Clear()


@rule("ORD-WGT-002")
def weight_of_today(order: OrderFacts, _: Limits) -> Finding:
    """The check-in may have passed with a told weight, by a prescriber's decision; the dose asks again."""
    check_in = order.visit.check_in
    if check_in is None or check_in.payload.weight_measured_today == "unknown":
        return Unknown(missing=("whether the weight was measured today",))
    return Clear() if check_in.payload.weight_measured_today == "yes" else Fires()


def _is_mood(order: OrderFacts) -> bool:
    return order.protocol.family == "mood"


def _more_than(order: OrderFacts, limits: Limits) -> Finding:
    over = _is_mood(order) and order.dose.per_weight > limits.dose
    return Fires(evidence=(str(order.dose.per_weight),)) if over else Clear()


@rule("ORD-DOS-001")
def first_dose_high(order: OrderFacts, limits: Limits) -> Finding:
    """Nobody knows yet how this patient takes it."""
    return Clear() if order.course.infusions else _more_than(order, limits)


@rule("ORD-DOS-002")
def dose_above_range(order: OrderFacts, limits: Limits) -> Finding:
    """Possible, and a prescriber says why."""
    return _more_than(order, limits)


@rule("ORD-DOS-003")
def dose_over_ceiling(order: OrderFacts, limits: Limits) -> Finding:
    """The hard ceiling; no reason opens it."""
    return _more_than(order, limits)


@rule("ORD-DOS-004")
def dose_below_range(order: OrderFacts, limits: Limits) -> Finding:
    """Holds for every protocol, because the slip it catches does."""
    below = order.dose.per_weight < limits.dose
    return Fires(evidence=(str(order.dose.per_weight),)) if below else Clear()


@rule("ORD-DOS-005")
def dose_far_from_last(order: OrderFacts, limits: Limits) -> Finding:
    """Compared with what was really given, so a step up after a broken-off infusion also asks."""
    if order.previous is None:
        return Unknown(missing=("the last dose",)) if order.course.infusions else Clear()
    apart = abs(order.dose.per_weight.value - order.previous.per_weight.value)
    if apart > limits.step.value:
        return Fires(evidence=(f"{order.dose.per_weight} now, {order.previous.per_weight} last time",))
    return Clear()


@rule("ORD-DOS-006")
def pain_dose_in_an_hour(order: OrderFacts, limits: Limits) -> Finding:
    """Worked out per hour, because pain protocols state a rate and run for hours."""
    if _is_mood(order):
        return Clear()
    in_an_hour = Fraction(order.dose.per_weight.value) * 60 / Fraction(order.dose.duration.value)
    if in_an_hour > Fraction(limits.dose.value):
        return Fires(evidence=(f"{plain(to_decimal(in_an_hour, 2))} mg/kg in an hour",))
    return Clear()


def _amount_over(order: OrderFacts, limits: Limits) -> Finding:
    over = limits.amount < order.dose.ordered or limits.amount < order.dose.drawn
    return Fires(evidence=(order.dose.ordered.shown(),)) if over else Clear()


@rule("ORD-CAP-001")
def amount_large(order: OrderFacts, limits: Limits) -> Finding:
    """A wrong weight makes a large amount look right per kilogram."""
    return _amount_over(order, limits)


@rule("ORD-CAP-002")
def amount_over_the_most(order: OrderFacts, limits: Limits) -> Finding:
    """The hard cap in mg, for whatever the other rules did not foresee."""
    return _amount_over(order, limits)


@rule("ORD-DUR-001")
def too_short(order: OrderFacts, limits: Limits) -> Finding:
    """The same amount in less time reaches a higher level."""
    short = _is_mood(order) and order.dose.duration < limits.duration
    return Fires(evidence=(str(order.dose.duration),)) if short else Clear()


@rule("ORD-DUR-002")
def too_long(order: OrderFacts, limits: Limits) -> Finding:
    """A moved decimal point in the duration lands here."""
    long = _is_mood(order) and order.dose.duration > limits.duration
    return Fires(evidence=(str(order.dose.duration),)) if long else Clear()


@rule("ORD-BAG-001")
def bag_unusual(order: OrderFacts, limits: Limits) -> Finding:
    """The bag decides how much drug a slip of the pump gives."""
    outside = order.dose.bag < limits.least or order.dose.bag > limits.most
    return Fires(evidence=(str(order.dose.bag),)) if outside else Clear()


@rule("ORD-DIL-001")
def undiluted(order: OrderFacts, limits: Limits) -> Finding:
    """The label asks for at least an equal volume of diluent."""
    dose = order.dose
    if dose.strength.mcg_per_ml < limits.strength.mcg_per_ml:
        return Clear()
    share = Fraction(dose.draw.value) * 100 / Fraction(dose.bag.value)
    if share > Fraction(limits.share.value):
        return Fires(evidence=(f"{dose.draw} of {dose.strength} in {dose.bag}",))
    return Clear()


@rule("ORD-TWO-001")
def both_ways_agree(order: OrderFacts, limits: Limits) -> Finding:
    """Rounding of draw and rate explains a little; anything more is a slip in one of the two chains."""
    ordered = Fraction(order.dose.ordered.mcg)
    if ordered == 0:
        return Unknown(missing=("an amount to compare with",))
    apart = abs(Fraction(order.dose.from_pump_side.mcg) - ordered) * 100 / ordered
    if apart > Fraction(limits.tolerance.value):
        return Fires(
            evidence=(f"ordered {order.dose.ordered.shown()}, pump {order.dose.from_pump_side.shown()}",)
        )
    return Clear()


@rule("ORD-EXP-001")
def order_out_of_date(order: OrderAge, _: Limits) -> Finding:
    """The end that was signed counts, whatever the limit is today; at that moment the order has ended."""
    return Fires() if order.at >= order.expires_at else Clear()
