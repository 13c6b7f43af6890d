"""Ordering, drawing up and the second check: a dose is refused with the rule's name, and never clamped."""

from evenkeel.clinical.ordering.dose_limits import DoseFacts, Family, assess_dose
from evenkeel.clinical.ordering.dosing_weight import UnableToWeigh, dosing_weight, weight_on
from evenkeel.clinical.ordering.drawing import (
    DrawFacts,
    FromVial,
    NewBag,
    OrderAndDraw,
    RestOfDose,
    assess_draw,
    assess_new_bag,
    compare_check,
    compare_new_bag,
    rest_of_dose,
)
from evenkeel.clinical.ordering.injections import assess_injection, make_injection
from evenkeel.clinical.ordering.making import UnableToMakeDose, make_dose, make_plan, refuse_disagreement
from evenkeel.clinical.ordering.order import OrderAge, OrderFacts, assess_order, expiry, order_expired
from evenkeel.clinical.ordering.protocols import Days, days_to_come, last_started
from evenkeel.clinical.stock import ORDERABLE, PRODUCTS, PROTOCOLS

__all__ = [
    "ORDERABLE",
    "PRODUCTS",
    "PROTOCOLS",
    "Days",
    "DoseFacts",
    "DrawFacts",
    "Family",
    "FromVial",
    "NewBag",
    "OrderAge",
    "OrderAndDraw",
    "OrderFacts",
    "RestOfDose",
    "UnableToMakeDose",
    "UnableToWeigh",
    "assess_dose",
    "assess_draw",
    "assess_injection",
    "assess_new_bag",
    "assess_order",
    "compare_check",
    "compare_new_bag",
    "days_to_come",
    "dosing_weight",
    "expiry",
    "last_started",
    "make_dose",
    "make_injection",
    "make_plan",
    "order_expired",
    "refuse_disagreement",
    "rest_of_dose",
    "weight_on",
]
