"""Ordering, drawing up and the second check: a dose is refused with the rule's name, and never clamped."""

from evenkeel.clinical.ordering.drawing import DrawFacts, OrderAndDraw, assess_draw, compare_check
from evenkeel.clinical.ordering.order import (
    OrderAge,
    OrderFacts,
    UnableToMakeDose,
    assess_order,
    expiry,
    make_dose,
    order_expired,
)
from evenkeel.clinical.stock import ORDERABLE, PRODUCTS, PROTOCOLS

__all__ = [
    "ORDERABLE",
    "PRODUCTS",
    "PROTOCOLS",
    "DrawFacts",
    "OrderAge",
    "OrderAndDraw",
    "OrderFacts",
    "UnableToMakeDose",
    "assess_draw",
    "assess_order",
    "compare_check",
    "expiry",
    "make_dose",
    "order_expired",
]
