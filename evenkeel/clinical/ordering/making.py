"""Making a dose: the chain from mg/kg to mL/h, refused where no syringe, bag or pump could follow it."""

from datetime import date
from typing import Final

from evenkeel.clinical.stock import ORDERABLE, PRODUCTS, Product
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import DosePerWeight, Minutes, Quantity, Volume, Weight


class UnableToMakeDose(UnableTo):
    """The numbers of an order do not make a dose that could be drawn and run."""


_FIELD_WORDS: Final = {
    "per_weight": "The dose in mg/kg",
    "weight": "The weight",
    "bag": "The bag",
    "duration": "The duration",
}


def make_dose(
    *, per_weight: DosePerWeight, weight: Weight, product: str, bag: Volume, duration: Minutes
) -> Dose:
    """Work out a dose for a listed ketamine vial, or raise UnableToMakeDose with an issue per field.

    Only what no syringe or pump could do is refused here; whether the dose is wise is for `assess_order`.
    """
    stage = Stage(per_weight=per_weight, duration=duration)
    return make_plan(stages=(stage,), weight=weight, weighed_date=None, product=product, bag=bag).dose


def make_plan(
    *,
    stages: tuple[Stage, ...],
    weight: Weight,
    weighed_date: date | None,
    product: str,
    bag: Volume,
    on: DosingWeight | None = None,
) -> DosePlan:
    """Work out a dose that runs in one or more stages, or raise UnableToMakeDose with an issue per field.

    The fields of stages after the first are called `per_weight_2`, `duration_2` and so on. `on` says what the
    weight is where it may be another than the scale's.
    """
    typed: dict[str, Quantity] = {"weight": weight, "bag": bag}
    for number, stage in enumerate(stages, start=1):
        end = "" if number == 1 else f"_{number}"
        typed |= {f"per_weight{end}": stage.per_weight, f"duration{end}": stage.duration}
    issues = [
        Issue(sentence=f"{_words_of(field)} must be more than zero.", code="zero", field=field)
        for field, quantity in typed.items()
        if quantity.value == 0
    ]
    issues += _not_orderable(product)
    if issues:
        raise UnableToMakeDose(issues)
    vial = ORDERABLE[product]
    plan = DosePlan.of(
        stages=stages, weight=weight, weighed_date=weighed_date, strength=vial.strength, bag=bag, on=on
    )
    if issues := [*_cannot_be_drawn(plan, vial), *refuse_disagreement(plan)]:
        raise UnableToMakeDose(issues)
    return plan


def refuse_disagreement(plan: DosePlan) -> list[Issue]:
    """An issue for each number that does not follow from the others; such a dose is given to nobody."""
    return [
        Issue(sentence=f"The dose does not agree with itself: {words}.", code="ways-disagree")
        for words in plan.disagreements
    ]


def _words_of(field: str) -> str:
    name, _, number = field.rpartition("_")
    return f"{_FIELD_WORDS[name]} of step {number}" if number.isdigit() else _FIELD_WORDS[field]


def _not_orderable(product: str) -> list[Issue]:
    if product in ORDERABLE:
        return []
    known = PRODUCTS.get(product)
    if known is None:
        sentence, code = "Choose a vial from the clinic's list.", "not-in-stock"
    else:
        sentence, code = f"An order names a ketamine vial; this is {known.label}.", "not-orderable"
    return [Issue(sentence=sentence, code=code, field="product")]


def _cannot_be_drawn(plan: DosePlan, product: Product) -> list[Issue]:
    dose = plan.dose
    if dose.draw.value == 0 or any(step.rate.value == 0 for step in plan.steps):
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
