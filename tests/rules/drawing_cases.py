"""Drawing up: what must be as ordered, and what another bag in mid-infusion may hold."""

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.ordering import (
    DrawFacts,
    FromVial,
    NewBag,
    OrderAndDraw,
)
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import FlowRate, Volume
from tests.rules.case import DAY, Case
from tests.rules.records import (
    DOSE,
    NOON,
    ORDER,
    VIAL,
    changed,
)

COMPLETE = "a draw is complete by construction"
ALWAYS_KNOWN = {
    "DRW-PRD-001": COMPLETE,
    "DRW-STR-001": COMPLETE,
    "DRW-EXP-001": COMPLETE,
    "DRW-LOT-001": "a blank lot fires",
    "DRW-VOL-001": COMPLETE,
    "DRW-BAG-001": COMPLETE,
    "DRW-RTE-001": COMPLETE,
    "DRW-NEW-001": COMPLETE,
    "DRW-NEW-002": COMPLETE,
}

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


def two_vials(**changes: Any) -> OrderAndDraw:
    """The ordered volume in two parts, the second from another vial: 0.3 and 0.5 mL."""
    first = changed(FROM, volume=Volume.of("0.3"))
    second = changed(FROM, label=changed(VIAL, **changes), volume=Volume.of("0.5"))
    return draw(vials=(first, second))


def new_bag(volume: str, bag: str, given_mg: str = "0") -> NewBag:
    """A bag in mid-infusion on the order of 40 mg in 100 mL, drawn from a vial of 50 mg/mL."""
    draw = changed(DRAW, vials=(changed(FROM, volume=Volume.of(volume)),), bag=Volume.of(bag))
    return NewBag(order=ORDER, draw=draw, given=DrugMass.mg(given_mg))


CASES = [
    Case("DRW-PRD-001", "other", draw(), "clear"),
    Case(
        "DRW-PRD-001",
        "other",
        vial(product="esketamine_25_2"),
        "fires",
        "not on the list",
        says=("the product is not on the list",),
    ),
    Case(
        "DRW-PRD-001",
        "other",
        vial(product="esketamine_spray_28"),
        "fires",
        "esketamine",
        says=("the product is esketamine 28 mg nasal spray, one device (Spravato)",),
    ),
    Case(
        "DRW-PRD-001",
        "other",
        vial(product="midazolam_1_2"),
        "fires",
        "midazolam",
        says=("the product is midazolam 1 mg/mL, 2 mL",),
    ),
    Case(
        "DRW-PRD-001",
        "other",
        vial(product="ketamine_100_5"),
        "fires",
        "label and strength disagree",
        says=("the list says 100 mg/mL, the label 50 mg/mL",),
    ),
    Case("DRW-STR-001", "other", draw(), "clear"),
    Case(
        "DRW-STR-001",
        "other",
        vial(product="ketamine_100_5", strength=Strength.mg_per_ml("100")),
        "fires",
        "another strength",
        says=("ordered 50 mg/mL, vial 100 mg/mL",),
    ),
    Case("DRW-EXP-001", "other", vial(expiry_date=DAY + timedelta(days=1)), "clear", "tomorrow"),
    Case("DRW-EXP-001", "other", vial(expiry_date=DAY), "clear", "last day"),
    Case(
        "DRW-EXP-001",
        "other",
        vial(expiry_date=DAY - timedelta(days=1)),
        "fires",
        "yesterday",
        says=("expired 2026-05-31",),
    ),
    Case("DRW-LOT-001", "other", draw(), "clear"),
    Case("DRW-LOT-001", "other", vial(lot=" "), "fires", "blank", says=("no lot",)),
    Case("DRW-VOL-001", "other", draw(), "clear"),
    Case(
        "DRW-VOL-001",
        "other",
        drawn(Volume.of("0.81")),
        "fires",
        "a little more",
        says=("ordered 0.8 mL, drawn 0.81 mL",),
    ),
    Case("DRW-VOL-001", "other", drawn(Volume.of("0.79")), "fires", "a little less"),
    Case("DRW-VOL-001", "other", drawn(Volume.of("0.800")), "clear", "written otherwise"),
    Case("DRW-VOL-002", "other", drawn(Volume.of("10")), "clear", "all of it"),
    Case("DRW-VOL-002", "other", drawn(Volume.of("10.01")), "fires", says=("drawn 10.01 mL, vial 10 mL",)),
    Case("DRW-VOL-002", "missing", vial(product="esketamine_25_2"), "unknown", says=("what the vial holds",)),
    Case("DRW-BAG-001", "other", draw(), "clear"),
    Case(
        "DRW-BAG-001",
        "other",
        draw(bag=Volume.of("100.8")),
        "fires",
        "drug added to a full bag",
        says=("ordered 100 mL, made up 100.8 mL",),
    ),
    Case("DRW-RTE-001", "other", draw(), "clear"),
    Case(
        "DRW-RTE-001",
        "other",
        draw(rate=FlowRate.of("15")),
        "fires",
        "through ten",
        says=("ordered 150 mL/h, set 15 mL/h",),
    ),
    # The order has 0.4 mg/mL. 0.51 mL of 50 mg/mL are 25.5 mg: 62.5 mL make 0.408 mg/mL, 2 % more.
    Case("DRW-NEW-001", "below", new_bag("0.51", "63"), "clear"),
    Case("DRW-NEW-001", "at", new_bag("0.51", "62.5"), "clear"),
    Case(
        "DRW-NEW-001",
        "above",
        new_bag("0.51", "62.4"),
        "fires",
        says=("ordered 0.4 mg/mL, new bag 0.409 mg/mL",),
    ),
    # 0.49 mL are 24.5 mg: 62.5 mL make 0.392 mg/mL, 2 % less.
    Case("DRW-NEW-001", "at", new_bag("0.49", "62.5"), "clear", "weaker"),
    Case(
        "DRW-NEW-001",
        "above",
        new_bag("0.49", "62.6"),
        "fires",
        "weaker",
        says=("ordered 0.4 mg/mL, new bag 0.391 mg/mL",),
    ),
    Case("DRW-NEW-001", "other", new_bag("0.4", "50"), "clear", "half the dose in half the bag"),
    Case("DRW-NEW-001", "other", new_bag("0.4", "100"), "fires", "half the dose in a whole bag"),
    Case("DRW-NEW-001", "other", new_bag("0.4", "0"), "fires", "no bag", says=("a bag of 0 mL",)),
    Case("DRW-NEW-002", "other", new_bag("0.39", "50", "20"), "clear", "less than is left"),
    Case("DRW-NEW-002", "other", new_bag("0.4", "50", "20"), "clear", "all that is left"),
    Case(
        "DRW-NEW-002",
        "other",
        new_bag("0.41", "50", "20"),
        "fires",
        "more than is left",
        says=("given 20 mg, new bag 20.5 mg, ordered 40 mg",),
    ),
    Case(
        "DRW-NEW-002",
        "other",
        new_bag("0.4", "50", "20.001"),
        "fires",
        "by a microgram",
        says=("given 20.001 mg, new bag 20 mg, ordered 40 mg",),
    ),
    Case("DRW-NEW-002", "other", new_bag("0.8", "100"), "clear", "nothing was given"),
    # What holds for one vial holds for each of several.
    Case(
        "DRW-PRD-001",
        "other",
        two_vials(product="midazolam_1_2"),
        "fires",
        "the second of two vials",
        says=("the product is midazolam 1 mg/mL, 2 mL",),
    ),
    Case(
        "DRW-STR-001",
        "other",
        two_vials(strength=Strength.mg_per_ml("10")),
        "fires",
        "the second of two vials",
        says=("ordered 50 mg/mL, vial 10 mg/mL",),
    ),
    Case(
        "DRW-EXP-001",
        "other",
        two_vials(expiry_date=DAY - timedelta(days=2)),
        "fires",
        "the second of two vials",
        says=("expired 2026-05-30",),
    ),
    Case("DRW-LOT-001", "other", two_vials(lot=""), "fires", "the second of two vials", says=("no lot",)),
    Case("DRW-VOL-001", "other", two_vials(), "clear", "in two parts"),
    Case("DRW-VOL-002", "other", two_vials(), "clear", "in two parts"),
    Case(
        "DRW-VOL-002",
        "other",
        draw(vials=(FROM, changed(FROM, volume=Volume.of("10.01")))),
        "fires",
        "the second of two vials",
        says=("drawn 10.01 mL, vial 10 mL",),
    ),
    Case(
        "DRW-VOL-002",
        "missing",
        two_vials(product="unheard of"),
        "unknown",
        "the second of two vials",
        says=("what the vial holds",),
    ),
    Case(
        "DRW-NEW-002",
        "other",
        new_bag("0.8", "100", "40"),
        "fires",
        "all of it was given before",
        says=("given 40 mg, new bag 40 mg, ordered 40 mg",),
    ),
]
