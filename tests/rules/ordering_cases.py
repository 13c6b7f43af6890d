"""Ordering and drawing up: the limits as the sources in `sources.toml` and the proposals state them."""

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.ordering import (
    PROTOCOLS,
    DoseFacts,
    DrawFacts,
    Family,
    FromVial,
    NewBag,
    OrderAge,
    OrderAndDraw,
    OrderFacts,
)
from evenkeel.record.checkin import CheckInDecided
from evenkeel.record.discharge import DischargeSigned
from evenkeel.record.infusion import InfusionStarted
from evenkeel.record.ordering import OrderCancelled
from evenkeel.record.preparation import ConsentWithdrawn
from evenkeel.record.screening import Tri
from evenkeel.record.series import VisitCancelled
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from tests.rules.case import DAY, Case
from tests.rules.records import (
    CHECK_IN,
    CONSENT,
    DOSE,
    NOON,
    ORDER,
    SCREENING,
    SIGNATURE,
    VIAL,
    changed,
    course,
    infusion_counted,
    visit,
)

COMPLETE = "an order is complete by construction"
DRAWN_COMPLETE = "a draw is complete by construction"
RECORD = "the record always says"
ALWAYS_KNOWN = {
    "ORD-CON-001": RECORD,
    "ORD-SCR-001": RECORD,
    "ORD-GAT-001": RECORD,
    "ORD-VIS-001": RECORD,
    "ORD-DUP-001": RECORD,
    "ORD-DUP-002": RECORD,
    "ORD-WGT-003": COMPLETE,
    "ORD-DOS-002": COMPLETE,
    "ORD-DOS-003": COMPLETE,
    "ORD-DOS-004": COMPLETE,
    "ORD-DOS-006": COMPLETE,
    "ORD-DOS-007": COMPLETE,
    "ORD-STP-001": COMPLETE,
    "ORD-CAP-001": COMPLETE,
    "ORD-CAP-002": COMPLETE,
    "ORD-DUR-001": COMPLETE,
    "ORD-DUR-002": COMPLETE,
    "ORD-BAG-001": COMPLETE,
    "ORD-DIL-001": COMPLETE,
    "ORD-EXP-001": COMPLETE,
    "DRW-PRD-001": DRAWN_COMPLETE,
    "DRW-STR-001": DRAWN_COMPLETE,
    "DRW-EXP-001": DRAWN_COMPLETE,
    "DRW-LOT-001": "a blank lot fires",
    "DRW-VOL-001": DRAWN_COMPLETE,
    "DRW-BAG-001": DRAWN_COMPLETE,
    "DRW-RTE-001": DRAWN_COMPLETE,
    "DRW-NEW-001": DRAWN_COMPLETE,
    "DRW-NEW-002": DRAWN_COMPLETE,
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


def nobodys(*stages: tuple[str, str], family: Family = "mood", is_first: Tri = "yes") -> DoseFacts:
    """A dose for 80 kg that is nobody's: 50 mg/mL in 100 mL, in stages of (mg/kg, minutes)."""
    plan = DosePlan.of(
        stages=tuple(
            Stage(per_weight=DosePerWeight.of(amount), duration=Minutes.of(minutes))
            for amount, minutes in stages
        ),
        weight=Weight.of("80"),
        weighed_date=None,
        strength=Strength.mg_per_ml("50"),
        bag=Volume.of("100"),
    )
    return DoseFacts(plan=plan, family=family, is_first=is_first)


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


def pump_side(rate: str) -> OrderFacts:
    """The standard order, but with the pump set to another rate than the chain gives."""
    return order(dose=changed(DOSE, rate=FlowRate.of(rate)))


FROM = FromVial(label=VIAL, volume=DOSE.draw)
DRAW = DrawFacts(vials=(FROM,), bag=DOSE.bag, rate=DOSE.rate)


def draw(at: datetime = NOON, **changes: Any) -> OrderAndDraw:
    """The ordered draw, and what a case changes."""
    return OrderAndDraw(order=ORDER, draw=changed(DRAW, **changes), at=at)


def vial(**changes: Any) -> OrderAndDraw:
    """The ordered draw from another vial."""
    return draw(vials=(changed(FROM, label=changed(VIAL, **changes)),))


def drawn(volume: Volume) -> OrderAndDraw:
    """Another volume from the ordered vial."""
    return draw(vials=(changed(FROM, volume=volume),))


def new_bag(volume: str, bag: str, given_mg: str = "0") -> NewBag:
    """A bag in mid-infusion on the order of 40 mg in 100 mL, drawn from a vial of 50 mg/mL."""
    draw = changed(DRAW, vials=(changed(FROM, volume=Volume.of(volume)),), bag=Volume.of(bag))
    return NewBag(order=ORDER, draw=draw, given=DrugMass.mg(given_mg))


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
    Case("ORD-GAT-002", "above", order(at=CHECKED_IN[0] + 12 * HOUR + SECOND), "fires"),
    Case("ORD-GAT-002", "missing", order(visit=visit()), "unknown", "no check-in"),
    Case("ORD-VIS-001", "other", order(), "clear"),
    Case("ORD-VIS-001", "other", order(visit=visit(CHECKED_IN, CANCELLED)), "fires", "cancelled"),
    Case("ORD-VIS-001", "other", order(visit=visit(CHECKED_IN, LEFT)), "fires", "left untreated"),
    Case("ORD-VIS-001", "other", order(visit=visit(CHECKED_IN, ORDERED, STARTED)), "fires", "running"),
    Case("ORD-DUP-001", "other", order(), "clear"),
    Case("ORD-DUP-001", "other", order(visit=visit(CHECKED_IN, ORDERED)), "fires"),
    Case(
        "ORD-DUP-001", "other", order(visit=visit(CHECKED_IN, ORDERED, ORDER_CANCELLED)), "clear", "cancelled"
    ),
    Case("ORD-DUP-002", "other", order(), "clear", "first infusion"),
    Case("ORD-DUP-002", "below", since_last(24 * HOUR - SECOND), "fires"),
    Case("ORD-DUP-002", "at", since_last(24 * HOUR), "clear"),
    Case("ORD-DUP-002", "above", since_last(25 * HOUR), "clear"),
    Case("ORD-DUP-002", "below", elsewhere(24 * HOUR - SECOND), "fires", "in another course"),
    Case("ORD-DUP-002", "at", elsewhere(24 * HOUR), "clear", "in another course"),
    Case("ORD-DUP-002", "other", elsewhere(400 * HOUR, HOUR), "fires", "the last one counts"),
    Case("ORD-WGT-001", "other", order(), "clear"),
    Case("ORD-WGT-001", "other", mood(weight="81"), "fires", "another weight"),
    Case("ORD-WGT-001", "missing", order(visit=visit((NOON, changed(CHECK_IN, weight=None)))), "unknown"),
    Case("ORD-WGT-001", "missing", order(visit=visit()), "unknown", "no check-in"),
    Case("ORD-WGT-002", "other", order(), "clear"),
    Case(
        "ORD-WGT-002",
        "other",
        order(visit=visit((NOON, changed(CHECK_IN, weight_measured_today="no")))),
        "fires",
        "told",
    ),
    Case("ORD-WGT-002", "missing", order(visit=visit()), "unknown", "no check-in"),
    Case(
        "ORD-WGT-002",
        "missing",
        order(visit=visit((NOON, changed(CHECK_IN, weight_measured_today="unknown")))),
        "unknown",
    ),
    # As at check-in: CHK-WGT-004.
    Case("ORD-WGT-003", "below", mood(weight="24.9"), "fires"),
    Case("ORD-WGT-003", "below", mood(weight="7"), "fires", "through ten"),
    Case("ORD-WGT-003", "at", mood(weight="25"), "clear", "least"),
    Case("ORD-WGT-003", "at", mood(weight="350"), "clear", "most"),
    Case("ORD-WGT-003", "above", mood(weight="350.1"), "fires"),
    Case("ORD-WGT-003", "above", mood(weight="700"), "fires", "times ten"),
    Case("ORD-DOS-001", "below", mood(per_weight="0.49"), "clear"),
    Case("ORD-DOS-001", "at", mood(per_weight="0.5"), "clear"),
    Case("ORD-DOS-001", "above", mood(per_weight="0.51"), "fires"),
    Case("ORD-DOS-001", "above", later("0.75"), "clear", "not the first"),
    Case("ORD-DOS-001", "above", pain(), "clear", "pain"),
    Case("ORD-DOS-001", "at", nobodys(("0.5", "40"), is_first="unknown"), "clear", "nobody's"),
    Case("ORD-DOS-001", "missing", nobodys(("0.51", "40"), is_first="unknown"), "unknown", "nobody's"),
    Case("ORD-DOS-001", "above", nobodys(("0.51", "40"), is_first="no"), "clear", "nobody's, not the first"),
    Case("ORD-DOS-001", "above", nobodys(("0.51", "40")), "fires", "nobody's, the first"),
    # Andrade 2017: 0.1 to 0.75 mg/kg.
    Case("ORD-DOS-002", "below", mood(per_weight="0.74"), "clear"),
    Case("ORD-DOS-002", "at", mood(per_weight="0.75"), "clear"),
    Case("ORD-DOS-002", "above", mood(per_weight="0.76"), "fires"),
    Case("ORD-DOS-002", "above", pain(), "clear", "pain"),
    # Fava 2018: 1.0 mg/kg is the highest dose tested.
    Case("ORD-DOS-003", "below", mood(per_weight="0.99"), "clear"),
    Case("ORD-DOS-003", "at", mood(per_weight="1.0"), "clear"),
    Case("ORD-DOS-003", "above", mood(per_weight="1.01"), "fires"),
    Case("ORD-DOS-003", "above", mood(per_weight="5"), "fires", "times ten"),
    Case("ORD-DOS-003", "above", pain(), "clear", "pain"),
    Case("ORD-DOS-004", "below", mood(per_weight="0.09"), "fires"),
    Case("ORD-DOS-004", "below", mood(per_weight="0.05"), "fires", "through ten"),
    Case("ORD-DOS-004", "at", mood(per_weight="0.1"), "clear"),
    Case("ORD-DOS-004", "above", mood(per_weight="0.11"), "clear"),
    Case("ORD-DOS-005", "below", later("0.74"), "clear"),
    Case("ORD-DOS-005", "at", later("0.75"), "clear", "up"),
    Case("ORD-DOS-005", "at", later("0.5", "0.75"), "clear", "down"),
    Case("ORD-DOS-005", "above", later("0.76"), "fires", "up"),
    Case("ORD-DOS-005", "above", later("0.2"), "fires", "down"),
    Case("ORD-DOS-005", "missing", later("0.5", None), "unknown"),
    Case("ORD-DOS-005", "other", order(), "clear", "first infusion"),
    # ASRA 2018: 0.5 to 2 mg/kg/h. Over 60 min the dose is the rate.
    Case("ORD-DOS-006", "below", pain(per_weight="1.99", duration="60"), "clear"),
    Case("ORD-DOS-006", "at", pain(per_weight="2", duration="60"), "clear"),
    Case("ORD-DOS-006", "above", pain(per_weight="2.01", duration="60"), "fires"),
    Case("ORD-DOS-006", "above", pain(per_weight="1.01", duration="30"), "fires", "half an hour"),
    Case("ORD-DOS-006", "other", pain(), "clear", "0.35 mg/kg/h"),
    Case("ORD-DOS-006", "other", mood(per_weight="1.0", duration="20"), "clear", "mood"),
    # 0.5 mg/kg in 15 min is 2 mg/kg/h, whatever comes after it.
    Case("ORD-DOS-006", "at", nobodys(("0.5", "15"), ("0.5", "60"), family="pain"), "clear", "in a step"),
    Case("ORD-DOS-006", "above", nobodys(("0.5", "60"), ("0.5", "14"), family="pain"), "fires", "in a step"),
    # 22 mg/h is the lowest rate of ASRA 2018; 0.2 mg/kg/h is a proposal below it. 240 min hold 0.8 mg/kg.
    Case("ORD-DOS-007", "below", pain(per_weight="0.79"), "fires"),
    Case("ORD-DOS-007", "below", pain(per_weight="0.35"), "fires", "mg/kg/h written for mg/kg"),
    Case("ORD-DOS-007", "at", pain(per_weight="0.8"), "clear"),
    Case("ORD-DOS-007", "above", pain(per_weight="0.81"), "clear"),
    Case("ORD-DOS-007", "other", mood(per_weight="0.1", duration="100"), "clear", "mood"),
    Case("ORD-CAP-001", "below", mood(weight="199"), "clear", "99.5 mg"),
    Case("ORD-CAP-001", "at", mood(weight="200"), "clear", "100 mg"),
    Case("ORD-CAP-001", "above", mood(weight="201"), "fires", "100.5 mg"),
    Case("ORD-CAP-001", "above", order(dose=changed(DOSE, drawn=DrugMass(mcg=100_001))), "fires", "drawn"),
    Case(
        "ORD-CAP-001", "above", order(dose=changed(DOSE, ordered=DrugMass(mcg=100_001))), "fires", "ordered"
    ),
    Case("ORD-CAP-002", "below", mood(per_weight="1", weight="199"), "clear", "199 mg"),
    Case("ORD-CAP-002", "at", mood(per_weight="1", weight="200"), "clear", "200 mg"),
    Case("ORD-CAP-002", "above", mood(per_weight="1", weight="201"), "fires", "201 mg"),
    Case("ORD-DUR-001", "below", mood(duration="39"), "fires"),
    Case("ORD-DUR-001", "below", mood(duration="4"), "fires", "through ten"),
    Case("ORD-DUR-001", "at", mood(duration="40"), "clear"),
    Case("ORD-DUR-001", "above", mood(duration="41"), "clear"),
    Case("ORD-DUR-001", "below", pain(duration="39"), "clear", "pain"),
    Case("ORD-DUR-002", "below", mood(duration="99"), "clear"),
    Case("ORD-DUR-002", "at", mood(duration="100"), "clear"),
    Case("ORD-DUR-002", "above", mood(duration="101"), "fires"),
    Case("ORD-DUR-002", "above", mood(duration="400"), "fires", "times ten"),
    Case("ORD-DUR-002", "above", pain(), "clear", "pain"),
    # 1.0 mg/kg over 40 min is 1.5 mg/kg/h; 0.25 mg/kg gives as much in 10 min.
    Case("ORD-STP-001", "below", nobodys(("0.25", "11"), ("0.25", "30")), "clear"),
    Case("ORD-STP-001", "at", nobodys(("0.25", "10"), ("0.25", "30")), "clear"),
    Case("ORD-STP-001", "above", nobodys(("0.25", "9"), ("0.25", "31")), "fires", "first"),
    Case("ORD-STP-001", "above", nobodys(("0.1", "36"), ("0.4", "4")), "fires", "last"),
    Case("ORD-STP-001", "other", nobodys(("0.5", "4")), "clear", "one step; ORD-DUR-001 asks"),
    Case("ORD-STP-001", "other", nobodys(("0.5", "6"), ("0.5", "60"), family="pain"), "clear", "pain"),
    Case("ORD-BAG-001", "below", mood(bag="49"), "fires"),
    Case("ORD-BAG-001", "at", mood(bag="50"), "clear", "least"),
    Case("ORD-BAG-001", "at", mood(bag="250"), "clear", "most"),
    Case("ORD-BAG-001", "above", mood(bag="251"), "fires"),
    # Label: 100 mg/mL with at least an equal volume of diluent. 40 mg is 0.4 mL of it.
    Case("ORD-DIL-001", "below", mood(strength="100", bag="0.9"), "clear", "44 % drug"),
    Case("ORD-DIL-001", "at", mood(strength="100", bag="0.8"), "clear", "half drug"),
    Case("ORD-DIL-001", "above", mood(strength="100", bag="0.7"), "fires", "57 % drug"),
    Case("ORD-DIL-001", "other", mood(strength="50", bag="0.9"), "clear", "50 mg/mL may be given stronger"),
    # 40 mg ordered; the bag holds 0.4 mg/mL, so 150 mL/h gives 40 mg in 40 min and 5 % is 7.5 mL/h.
    Case("ORD-TWO-001", "below", pump_side("157.4"), "clear"),
    Case("ORD-TWO-001", "at", pump_side("157.5"), "clear", "over"),
    Case("ORD-TWO-001", "at", pump_side("142.5"), "clear", "under"),
    Case("ORD-TWO-001", "above", pump_side("157.6"), "fires", "over"),
    Case("ORD-TWO-001", "above", pump_side("142.4"), "fires", "under"),
    Case("ORD-TWO-001", "above", pump_side("15"), "fires", "through ten"),
    Case("ORD-TWO-001", "missing", order(dose=changed(DOSE, ordered=DrugMass(mcg=0))), "unknown"),
    Case("ORD-EXP-001", "below", expiring(NOON + 12 * HOUR - SECOND), "clear"),
    Case("ORD-EXP-001", "at", expiring(NOON + 12 * HOUR), "fires", "half-open"),
    Case("ORD-EXP-001", "above", expiring(NOON + 13 * HOUR), "fires"),
    Case("DRW-PRD-001", "other", draw(), "clear"),
    Case("DRW-PRD-001", "other", vial(product="esketamine_25_2"), "fires", "not on the list"),
    Case("DRW-PRD-001", "other", vial(product="esketamine_spray_28"), "fires", "esketamine"),
    Case("DRW-PRD-001", "other", vial(product="midazolam_1_2"), "fires", "midazolam"),
    Case("DRW-PRD-001", "other", vial(product="ketamine_100_5"), "fires", "label and strength disagree"),
    Case("DRW-STR-001", "other", draw(), "clear"),
    Case(
        "DRW-STR-001",
        "other",
        vial(product="ketamine_100_5", strength=Strength.mg_per_ml("100")),
        "fires",
        "another strength",
    ),
    Case("DRW-EXP-001", "other", vial(expiry_date=DAY + timedelta(days=1)), "clear", "tomorrow"),
    Case("DRW-EXP-001", "other", vial(expiry_date=DAY), "clear", "last day"),
    Case("DRW-EXP-001", "other", vial(expiry_date=DAY - timedelta(days=1)), "fires", "yesterday"),
    Case("DRW-LOT-001", "other", draw(), "clear"),
    Case("DRW-LOT-001", "other", vial(lot=" "), "fires", "blank"),
    Case("DRW-VOL-001", "other", draw(), "clear"),
    Case("DRW-VOL-001", "other", drawn(Volume.of("0.81")), "fires", "a little more"),
    Case("DRW-VOL-001", "other", drawn(Volume.of("0.79")), "fires", "a little less"),
    Case("DRW-VOL-001", "other", drawn(Volume.of("0.800")), "clear", "written otherwise"),
    Case("DRW-VOL-002", "other", drawn(Volume.of("10")), "clear", "all of it"),
    Case("DRW-VOL-002", "other", drawn(Volume.of("10.01")), "fires"),
    Case("DRW-VOL-002", "missing", vial(product="esketamine_25_2"), "unknown"),
    Case("DRW-BAG-001", "other", draw(), "clear"),
    Case("DRW-BAG-001", "other", draw(bag=Volume.of("100.8")), "fires", "drug added to a full bag"),
    Case("DRW-RTE-001", "other", draw(), "clear"),
    Case("DRW-RTE-001", "other", draw(rate=FlowRate.of("15")), "fires", "through ten"),
    # The order has 0.4 mg/mL. 0.51 mL of 50 mg/mL are 25.5 mg: 62.5 mL make 0.408 mg/mL, 2 % more.
    Case("DRW-NEW-001", "below", new_bag("0.51", "63"), "clear"),
    Case("DRW-NEW-001", "at", new_bag("0.51", "62.5"), "clear"),
    Case("DRW-NEW-001", "above", new_bag("0.51", "62.4"), "fires"),
    # 0.49 mL are 24.5 mg: 62.5 mL make 0.392 mg/mL, 2 % less.
    Case("DRW-NEW-001", "at", new_bag("0.49", "62.5"), "clear", "weaker"),
    Case("DRW-NEW-001", "above", new_bag("0.49", "62.6"), "fires", "weaker"),
    Case("DRW-NEW-001", "other", new_bag("0.4", "50"), "clear", "half the dose in half the bag"),
    Case("DRW-NEW-001", "other", new_bag("0.4", "100"), "fires", "half the dose in a whole bag"),
    Case("DRW-NEW-001", "other", new_bag("0.4", "0"), "fires", "no bag"),
    Case("DRW-NEW-002", "other", new_bag("0.39", "50", "20"), "clear", "less than is left"),
    Case("DRW-NEW-002", "other", new_bag("0.4", "50", "20"), "clear", "all that is left"),
    Case("DRW-NEW-002", "other", new_bag("0.41", "50", "20"), "fires", "more than is left"),
    Case("DRW-NEW-002", "other", new_bag("0.4", "50", "20.001"), "fires", "by a microgram"),
    Case("DRW-NEW-002", "other", new_bag("0.8", "100"), "clear", "nothing was given"),
]
