"""A dose that is nobody's as plain values: sentence, roundings, the second way and what rules say."""

from datetime import date, datetime
from typing import Any

from evenkeel.clinical.ordering import (
    Family,
    UnableToMakeDose,
    assess_dose,
    assess_injection,
    make_injection,
    make_plan,
)
from evenkeel.clinical.stock import ORDERABLE
from evenkeel.journey.rules import book
from evenkeel.record.screening import Tri
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.quantities import Volume, Weight
from evenkeel.web.verdicts import findings


def worked_out(
    stages: tuple[Stage, ...],
    *,
    weight: Weight,
    product: str,
    bag: Volume,
    family: Family,
    is_first: Tri,
    at: datetime,
) -> dict[str, Any]:
    """Work a dose out and ask the rules of the day of `at`; raises UnableToMakeDose with the fields."""
    plan = make_plan(stages=stages, weight=weight, weighed_date=None, product=product, bag=bag)
    verdicts = assess_dose(book(), plan, family=family, is_first=is_first, on=at.date())
    return {
        "muscle": _into_a_muscle(plan, product, on=at.date()) if family == "mood" else None,
        "dose": plan.dose,
        "steps": [step.sentence for step in plan.steps],
        "product": ORDERABLE[product].label,
        "roundings": [rounding.sentence for rounding in plan.roundings],
        "second_way": plan.second_way,
        "findings": findings(book(), verdicts),
        "speaking": sum(verdict.answer != "clear" for verdict in verdicts),
        "is_blocked": any(verdict.hard for verdict in verdicts),
    }


def _into_a_muscle(plan: DosePlan, product: str, *, on: date) -> dict[str, Any] | None:
    """The same dose per weight into a muscle; None for a run in steps, or for too much for a vial."""
    if len(plan.steps) > 1:
        return None
    try:
        made = make_injection(per_weight=plan.dose.per_weight, weight=plan.dose.weight, product=product)
    except UnableToMakeDose:
        return None
    verdicts = assess_injection(book(), made, on=on)
    return {"sentence": made.sentence, "findings": findings(book(), verdicts)}
