"""Ordering: the limits as the sources in `sources.toml` and the proposals state them."""

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.ordering import (
    PROTOCOLS,
    OrderAge,
    OrderFacts,
)
from evenkeel.record.checkin import CheckInDecided
from evenkeel.record.discharge import DischargeSigned
from evenkeel.record.infusion import InfusionStarted
from evenkeel.record.ordering import OrderCancelled
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.series import VisitCancelled
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan
from evenkeel.values.drug import Strength
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume, Weight
from tests.rules.case import DAY, Case
from tests.rules.records import (
    CHECK_IN,
    CONSENT,
    DOSE,
    NOON,
    ORDER,
    SCREENING,
    SIGNATURE,
    changed,
    course,
    infusion_counted,
    visit,
)

COMPLETE = "an order is complete by construction"
RECORD = "the record always says"
ALWAYS_KNOWN = {
    "ORD-CON-001": RECORD,
    "ORD-SCR-001": RECORD,
    "ORD-GAT-001": RECORD,
    "ORD-VIS-001": RECORD,
    "ORD-DUP-001": RECORD,
    "ORD-DUP-002": RECORD,
    "ORD-EXP-001": COMPLETE,
}

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SCREENED = (NOON - timedelta(days=20), SCREENING)
CONSENTED = (NOON - timedelta(days=10), CONSENT)
CHECKED_IN = (NOON - HOUR, CHECK_IN)
WITHDRAWN = (NOON - HOUR, ConsentWithdrawn(said_to="Made-up Nurse", reason="changed their mind"))
STARTED = (NOON, InfusionStarted(rate=DOSE.rate, pump="1", cannula_site="left hand", verdicts=()))
ORDERED = (NOON - HOUR / 2, ORDER)
CANCELLED = (NOON - HOUR / 2, VisitCancelled(reason="the patient went home"))
LEFT = (
    NOON - HOUR / 2,
    DischargeSigned(
        criteria={},
        received_by="Made-up Escort",
        received_by_phone="555 0100",
        instructions_version="1",
        instructions_given=True,
        against_advice=False,
        note="",
        verdicts=(),
        overrides=(),
        signature=SIGNATURE,
    ),
)
ORDER_CANCELLED = (NOON - HOUR / 3, OrderCancelled(reason="wrong bag"))
GO_ON = (
    NOON - HOUR / 2,
    CheckInDecided(decision="go_on", reason="rested and well", overrides=(), signature=SIGNATURE),
)
READY = course(SCREENED, CONSENTED)


def on_scale(dose: Dose) -> DosePlan:
    """A dose at its one rate, on what it says the scale read."""
    return DosePlan.around(dose, DAY, on=changed(ORDER.on, weight=dose.weight, weighed=dose.weight))


def order(**changes: Any) -> OrderFacts:
    """A first order with nothing against it, and what a case changes."""
    plain: dict[str, Any] = {
        "plan": on_scale(changes.pop("dose", DOSE)),
        "protocol": PROTOCOLS["mood_standard"],
        "visit": visit(CHECKED_IN),
        "course": READY,
        "age": 40,
        "sex": "female",
        "at": NOON,
        "previous": None,
        "before": None,
        "days": None,
        "planned": None,
        "elsewhere_at": (),
    }
    return OrderFacts(**{**plain, **changes})


def dose(
    per_weight: str = "0.5",
    weight: str = "80",
    strength: str = "50",
    bag: str = "100",
    duration: str = "40",
) -> Dose:
    """A dose worked out from these numbers."""
    return Dose.of(
        per_weight=DosePerWeight.of(per_weight),
        weight=Weight.of(weight),
        strength=Strength.mg_per_ml(strength),
        bag=Volume.of(bag),
        duration=Minutes.of(duration),
    )


def mood(**changes: Any) -> OrderFacts:
    """A first order for mood with another dose."""
    return order(dose=dose(**changes))


def pain(**changes: Any) -> OrderFacts:
    """An order on the four-hour pain protocol."""
    return order(
        dose=dose(**{"per_weight": "1.4", "bag": "250", "duration": "240", **changes}),
        protocol=PROTOCOLS["crps_outpatient"],
    )


def later(per_weight: str, last: str | None = "0.5") -> OrderFacts:
    """An order after one infusion a week ago; `last` None means that the last dose was not handed over."""
    counted = infusion_counted(NOON - timedelta(days=7), last or "0.5")
    return order(
        dose=dose(per_weight=per_weight),
        course=course(SCREENED, CONSENTED, (counted.started_at, counted)),
        previous=counted if last else None,
    )


def since_last(apart: timedelta) -> OrderFacts:
    """An order so long after the start of the last infusion."""
    counted = infusion_counted(NOON - apart)
    return order(course=course(SCREENED, CONSENTED, (counted.started_at, counted)), previous=counted)


def elsewhere(*apart: timedelta) -> OrderFacts:
    """A first order of this course, so long after the patient's infusions of another."""
    return order(elsewhere_at=tuple(NOON - each for each in apart))


def expiring(at: datetime) -> OrderAge:
    """An order that stands until midnight, looked at at a moment."""
    return OrderAge(expires_at=NOON + 12 * HOUR, at=at)


CASES = [
    Case("ORD-CON-001", "other", order(), "clear"),
    Case("ORD-CON-001", "other", order(course=course(SCREENED)), "fires", "never given"),
    Case("ORD-CON-001", "other", order(course=course(SCREENED, CONSENTED, WITHDRAWN)), "fires", "withdrawn"),
    Case("ORD-SCR-001", "other", order(), "clear"),
    Case("ORD-SCR-001", "other", order(course=course(CONSENTED)), "fires", "never screened"),
    Case(
        "ORD-SCR-001",
        "other",
        order(course=course((NOON, changed(SCREENING, outcome="not_today")), CONSENTED)),
        "fires",
        "not today",
    ),
    Case("ORD-GAT-001", "other", order(), "clear"),
    Case("ORD-GAT-001", "other", order(visit=visit()), "fires", "no check-in"),
    Case(
        "ORD-GAT-001",
        "other",
        order(visit=visit((NOON - HOUR, changed(CHECK_IN, outcome="needs_prescriber")))),
        "fires",
        "not decided",
    ),
    Case(
        "ORD-GAT-001",
        "other",
        order(visit=visit((NOON - HOUR, changed(CHECK_IN, outcome="needs_prescriber")), GO_ON)),
        "clear",
        "decided",
    ),
    Case("ORD-GAT-002", "below", order(at=CHECKED_IN[0] + 11 * HOUR), "clear"),
    Case("ORD-GAT-002", "at", order(at=CHECKED_IN[0] + 12 * HOUR), "clear"),
    Case(
        "ORD-GAT-002",
        "above",
        order(at=CHECKED_IN[0] + 12 * HOUR + SECOND),
        "fires",
        says=("the check-in is older than this",),
    ),
    Case("ORD-GAT-002", "missing", order(visit=visit()), "unknown", "no check-in", says=("a check-in",)),
    Case("ORD-VIS-001", "other", order(), "clear"),
    Case(
        "ORD-VIS-001",
        "other",
        order(visit=visit(CHECKED_IN, CANCELLED)),
        "fires",
        "cancelled",
        says=("the visit is in phase cancelled",),
    ),
    Case(
        "ORD-VIS-001",
        "other",
        order(visit=visit(CHECKED_IN, LEFT)),
        "fires",
        "left untreated",
        says=("the visit is in phase discharged",),
    ),
    Case(
        "ORD-VIS-001",
        "other",
        order(visit=visit(CHECKED_IN, ORDERED, STARTED)),
        "fires",
        "running",
        says=("the visit is in phase running",),
    ),
    Case("ORD-DUP-001", "other", order(), "clear"),
    Case("ORD-DUP-001", "other", order(visit=visit(CHECKED_IN, ORDERED)), "fires", says=("an order stands",)),
    Case(
        "ORD-DUP-001", "other", order(visit=visit(CHECKED_IN, ORDERED, ORDER_CANCELLED)), "clear", "cancelled"
    ),
    Case("ORD-DUP-002", "other", order(), "clear", "first infusion"),
    Case(
        "ORD-DUP-002",
        "below",
        since_last(24 * HOUR - SECOND),
        "fires",
        says=("the last infusion started less than this ago",),
    ),
    Case("ORD-DUP-002", "at", since_last(24 * HOUR), "clear"),
    Case("ORD-DUP-002", "above", since_last(25 * HOUR), "clear"),
    Case("ORD-DUP-002", "below", elsewhere(24 * HOUR - SECOND), "fires", "in another course"),
    Case("ORD-DUP-002", "at", elsewhere(24 * HOUR), "clear", "in another course"),
    Case("ORD-DUP-002", "other", elsewhere(400 * HOUR, HOUR), "fires", "the last one counts"),
    Case("ORD-WGT-001", "other", order(), "clear"),
    Case(
        "ORD-WGT-001",
        "other",
        mood(weight="81"),
        "fires",
        "another weight",
        says=("dose on 81 kg, weighed 80 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "missing",
        order(visit=visit((NOON, changed(CHECK_IN, weight=None)))),
        "unknown",
        says=("this visit's weight",),
    ),
    Case(
        "ORD-WGT-001",
        "missing",
        order(visit=visit()),
        "unknown",
        "no check-in",
        says=("this visit's weight",),
    ),
    Case("ORD-WGT-002", "other", order(), "clear"),
    Case(
        "ORD-WGT-002",
        "other",
        order(visit=visit((NOON, changed(CHECK_IN, weight_measured_today="no")))),
        "fires",
        "told",
    ),
    Case(
        "ORD-WGT-002",
        "missing",
        order(visit=visit()),
        "unknown",
        "no check-in",
        says=("whether the weight was measured today",),
    ),
    Case(
        "ORD-WGT-002",
        "missing",
        order(visit=visit((NOON, changed(CHECK_IN, weight_measured_today="unknown")))),
        "unknown",
        says=("whether the weight was measured today",),
    ),
    Case("ORD-EXP-001", "below", expiring(NOON + 12 * HOUR - SECOND), "clear"),
    Case("ORD-EXP-001", "at", expiring(NOON + 12 * HOUR), "fires", "half-open"),
    Case("ORD-EXP-001", "above", expiring(NOON + 13 * HOUR), "fires"),
]
