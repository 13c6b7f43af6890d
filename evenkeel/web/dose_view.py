"""A dose that is nobody's as plain values: sentence, roundings, the second way and what rules say."""

from datetime import datetime
from typing import Any

from evenkeel.clinical.ordering import Family, assess_dose, make_plan
from evenkeel.clinical.stock import ORDERABLE
from evenkeel.journey.rules import book
from evenkeel.record.screening import Tri
from evenkeel.values.dose_plan import Stage
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
        "dose": plan.dose,
        "steps": [step.sentence for step in plan.steps],
        "product": ORDERABLE[product].label,
        "roundings": [rounding.sentence for rounding in plan.roundings],
        "second_way": plan.second_way,
        "findings": findings(book(), verdicts),
        "speaking": sum(verdict.answer != "clear" for verdict in verdicts),
        "is_blocked": any(verdict.hard for verdict in verdicts),
    }
