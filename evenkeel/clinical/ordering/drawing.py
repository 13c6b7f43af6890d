"""Drawing up and the second check: what was drawn, beside the order that it was drawn on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from evenkeel.clinical.ordering.order import order_expired
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.stock import ORDERABLE, PRODUCTS
from evenkeel.record.ordering import AnyOrder, DoseDrawn, DoseDrawnFromOne, Vial
from evenkeel.record.verdict import Verdict
from evenkeel.values.dose import DRAW_PLACES, RATE_PLACES, Dose
from evenkeel.values.drug import MICROGRAMS_PER_MG, DrugMass, Strength, to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import FlowRate, Volume, Weight
from evenkeel.values.shape import frozen


@frozen
class FromVial:
    """So much from one vial, as its label reads."""

    label: Vial
    volume: Volume

    @property
    def drawn(self) -> DrugMass:
        """The ketamine in it, from the label's strength and the volume."""
        return DrugMass.nearest(self.label.strength.mass_in(self.volume))


@frozen
class DrawFacts:
    """What a nurse says was drawn and made up: the payload without what the rules say about it."""

    vials: tuple[FromVial, ...]
    bag: Volume
    rate: FlowRate

    def __post_init__(self) -> None:
        assert self.vials, "a dose is drawn from some vial"

    @property
    def volume(self) -> Volume:
        """All that is in the syringe."""
        return Volume(value=sum((vial.volume.value for vial in self.vials), Decimal(0)))

    @property
    def drawn(self) -> DrugMass:
        """The ketamine in the syringe."""
        return sum((vial.drawn for vial in self.vials), DrugMass(mcg=0))


@frozen
class OrderAndDraw:
    """A draw beside the order that it was drawn on."""

    order: AnyOrder
    draw: DrawFacts
    at: datetime


@frozen
class NewBag:
    """A bag to take the place of another in mid-infusion; `given` is what the patient may have had."""

    order: AnyOrder
    draw: DrawFacts
    given: DrugMass


# What any vial must be, whenever it is drawn from.
_VIAL_RULES: Final = ("DRW-PRD-001", "DRW-STR-001", "DRW-EXP-001", "DRW-LOT-001", "DRW-VOL-002")
_DRAW_RULES: Final = (
    "DRW-PRD-001",
    "DRW-STR-001",
    "DRW-EXP-001",
    "DRW-LOT-001",
    "DRW-VOL-001",
    "DRW-VOL-002",
    "DRW-BAG-001",
    "DRW-RTE-001",
)
_NEW_BAG_RULES: Final = ("DRW-NEW-001", "DRW-NEW-002")


def assess_draw(book: Rulebook, order: AnyOrder, draw: DrawFacts, at: datetime) -> tuple[Verdict, ...]:
    """Ask every rule that bears on a draw: it must be what was ordered, from a vial that may be used.

    As in `assess_order`, give `at` in the clinic's zone: a vial's last day of use is a day of the clinic.
    """
    both = OrderAndDraw(order=order, draw=draw, at=at)
    return (*book.consult_all(_DRAW_RULES, both, on=at.date()), order_expired(book, order, at))


def assess_new_bag(
    book: Rulebook, order: AnyOrder, draw: DrawFacts, *, given: DrugMass, at: datetime
) -> tuple[Verdict, ...]:
    """Ask every rule that bears on a bag in mid-infusion: the vials', and what it adds to the patient.

    `given` is what the patient has by the rates run, with whatever nobody can say they did not get. Give
    `at` in the clinic's zone, as in `assess_draw`.
    """
    both = OrderAndDraw(order=order, draw=draw, at=at)
    new = NewBag(order=order, draw=draw, given=given)
    return (
        *book.consult_all(_VIAL_RULES, both, on=at.date()),
        *book.consult_all(_NEW_BAG_RULES, new, on=at.date()),
        order_expired(book, order, at),
    )


@frozen
class RestOfDose:
    """What the ordered dose leaves to be given from another bag, and how that bag is made up."""

    mass: DrugMass
    draw: Volume
    drawn: DrugMass
    bag: Volume


def rest_of_dose(dose: Dose, given: DrugMass) -> RestOfDose | None:
    """The bag that holds what is left of a dose at its own concentration; None when no syringe could draw it.

    The draw is rounded down to what a syringe shows, so that the dose is never passed.
    """
    left = DrugMass(mcg=max(0, dose.ordered.mcg - given.mcg))
    steps = left.mcg * 10**DRAW_PLACES // dose.strength.mcg_per_ml
    if not steps:
        return None
    draw = Volume(value=Decimal(steps) / 10**DRAW_PLACES)
    drawn = DrugMass.nearest(dose.strength.mass_in(draw))
    exact_ml = Fraction(drawn.mcg) / dose.mcg_per_ml_in_bag
    # A small bag is read more finely, or its concentration would no longer be the order's.
    bag = Volume(value=to_decimal(exact_ml, 1 if exact_ml >= 10 else 2))
    return RestOfDose(mass=left, draw=draw, drawn=drawn, bag=bag)


def compare_new_bag(draw: DrawFacts, *, strength: Strength, volume: Volume, bag: Volume) -> Mapping[str, str]:
    """What a second person's readings of a new bag disagree with, by reading; it gives away no numbers."""
    readings = {
        "strength": (
            all(vial.label.strength == strength for vial in draw.vials),
            "The strength on the vial differs from what was recorded.",
        ),
        "volume": (volume == draw.volume, "The volume in the syringe differs from what was recorded."),
        "bag": (bag == draw.bag, "The volume of the bag differs from what was recorded."),
    }
    return {name: sentence for name, (agrees, sentence) in readings.items() if not agrees}


def compare_check(
    order: AnyOrder,
    draw: DoseDrawn | DoseDrawnFromOne,
    *,
    record_number_on_file: str,
    record_number: str,
    strength: Strength,
    volume: Volume,
    bag: Volume,
    rates: tuple[FlowRate, ...],
    weight: Weight,
    dosing_weight: Weight | None,
) -> tuple[str, ...]:
    """What a second person's own readings disagree with, in sentences that give away nobody's numbers.

    The volume is also worked out anew from the second person's weight and strength, and every rate from their
    bag, so that a slip that both people copied still shows. `dosing_weight` is None where the dose is on the
    scale's weight.
    """
    on_weight = weight if dosing_weight is None else dosing_weight
    exact_mcg = Fraction(order.dose.per_weight.value) * Fraction(on_weight.value) * MICROGRAMS_PER_MG
    reckoned = Volume(value=to_decimal(exact_mcg / strength.mcg_per_ml, DRAW_PLACES))
    is_on_scale = order.on.basis == "actual"
    readings = (
        (record_number.strip() == record_number_on_file, "The record number is not this patient's."),
        (strength == draw.strength, "The strength on the vial differs from what was recorded."),
        (volume == draw.volume, "The volume in the syringe differs from what was recorded."),
        (bag == draw.bag, "The volume of the bag differs from what was recorded."),
        (rates[:1] == (draw.rate,), "The rate differs from what was recorded."),
        (weight == order.on.weighed, "The weight differs from the one that the order was worked out for."),
        (
            (dosing_weight is None) if is_on_scale else dosing_weight == order.dose.weight,
            "The weight that the dose is on differs from the order's.",
        ),
        (volume == reckoned, "The volume does not follow from this weight, this strength and the order."),
        *_rates_follow(order, bag, rates),
    )
    return tuple(sentence for agrees, sentence in readings if not agrees)


def _rates_follow(order: AnyOrder, bag: Volume, rates: tuple[FlowRate, ...]) -> Iterable[tuple[bool, str]]:
    """Whether each rate runs its step's share of the bag that the second person read in the step's time."""
    stages = order.stages
    if len(rates) != len(stages):
        return ((False, "The rates are not as many as the steps of the order."),)
    whole = sum((Fraction(stage.per_weight.value) for stage in stages), Fraction(0))
    found = []
    for number, (stage, rate) in enumerate(zip(stages, rates, strict=True), start=1):
        share = Fraction(stage.per_weight.value) / whole
        exact = Fraction(bag.value) * share * 60 / Fraction(stage.duration.value)
        words = (
            "The rate does not empty the bag in the time ordered."
            if len(stages) == 1
            else f"The rate of step {number} does not run its share of the bag in the time ordered."
        )
        found.append((rate.value == to_decimal(exact, RATE_PLACES), words))
    return found


@rule("DRW-PRD-001")
def right_product(both: OrderAndDraw, _: Limits) -> Finding:
    """The clinic's list holds other drugs too; a vial of those is refused by its name."""
    wrong = tuple(filter(None, (_not_the_product(vial.label) for vial in both.draw.vials)))
    return Fires(evidence=wrong) if wrong else Clear()


def _not_the_product(label: Vial) -> str | None:
    product = PRODUCTS.get(label.product)
    if product is None:
        return "the product is not on the list"
    if product.key not in ORDERABLE:
        return f"the product is {product.label}"
    if product.strength != label.strength:
        return f"the list says {product.strength}, the label {label.strength}"
    return None


@rule("DRW-STR-001")
def ordered_strength(both: OrderAndDraw, _: Limits) -> Finding:
    """Vials of 10, 50 and 100 mg/mL look alike; another strength needs another order."""
    ordered = both.order.dose.strength
    others = [vial.label.strength for vial in both.draw.vials if vial.label.strength != ordered]
    return Fires(evidence=(f"ordered {ordered}, vial {others[0]}",)) if others else Clear()


@rule("DRW-EXP-001")
def vial_in_date(both: OrderAndDraw, _: Limits) -> Finding:
    """A label's date is the last day of use."""
    first = min(vial.label.expiry_date for vial in both.draw.vials)
    return Fires(evidence=(f"expired {first}",)) if first < both.at.date() else Clear()


@rule("DRW-LOT-001")
def lot_known(both: OrderAndDraw, _: Limits) -> Finding:
    """A blank is not a lot."""
    known = all(vial.label.lot.strip() for vial in both.draw.vials)
    return Clear() if known else Fires(evidence=("no lot",))


@rule("DRW-VOL-001")
def ordered_volume(both: OrderAndDraw, _: Limits) -> Finding:
    """The order already rounds to what a syringe can show, so there is nothing to round again."""
    seen, ordered = both.draw.volume, both.order.dose.draw
    return Clear() if seen == ordered else Fires(evidence=(f"ordered {ordered}, drawn {seen}",))


@rule("DRW-VOL-002")
def within_the_vial(both: OrderAndDraw, _: Limits) -> Finding:
    """A volume that one vial cannot hold was read or typed wrongly."""
    for vial in both.draw.vials:
        product = PRODUCTS.get(vial.label.product)
        if product is None:
            return Unknown(missing=("what the vial holds",))
        if vial.volume > product.vial:
            return Fires(evidence=(f"drawn {vial.volume}, vial {product.vial}",))
    return Clear()


@rule("DRW-BAG-001")
def ordered_bag(both: OrderAndDraw, _: Limits) -> Finding:
    """Total volume, drug included: 100 mL, not 100 mL and a little."""
    seen, ordered = both.draw.bag, both.order.dose.bag
    return Clear() if seen == ordered else Fires(evidence=(f"ordered {ordered}, made up {seen}",))


@rule("DRW-RTE-001")
def ordered_rate(both: OrderAndDraw, _: Limits) -> Finding:
    """41.7 for 4.17 is a documented pump error."""
    seen, ordered = both.draw.rate, both.order.first_step.rate
    return Clear() if seen == ordered else Fires(evidence=(f"ordered {ordered}, set {seen}",))


@rule("DRW-NEW-001")
def ordered_concentration(new: NewBag, limits: Limits) -> Finding:
    """The pump knows mL/h alone, so what stands in each mL must stay what the order was worked out for."""
    ordered = new.order.dose.mcg_per_ml_in_bag
    if new.draw.bag.value == 0:
        return Fires(evidence=("a bag of 0 mL",))
    found = Fraction(new.draw.drawn.mcg) / Fraction(new.draw.bag.value)
    if abs(found - ordered) > ordered * Fraction(limits.tolerance.value) / 100:
        return Fires(evidence=(f"ordered {_mg_per_ml(ordered)}, new bag {_mg_per_ml(found)}",))
    return Clear()


def _mg_per_ml(mcg_per_ml: Fraction) -> str:
    return f"{plain(to_decimal(mcg_per_ml / MICROGRAMS_PER_MG, 3))} mg/mL"


@rule("DRW-NEW-002")
def no_more_in_all(new: NewBag, _: Limits) -> Finding:
    """The whole bag may run in, so what it holds counts as given."""
    ordered, in_all = new.order.dose.ordered, new.given + new.draw.drawn
    if in_all > ordered:
        return Fires(evidence=(f"given {new.given}, new bag {new.draw.drawn}, ordered {ordered}",))
    return Clear()
