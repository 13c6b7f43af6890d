"""Doses on ideal and adjusted weight: the proposals of `ordering.toml`, with Devine's formula by hand."""

from datetime import date, timedelta

from evenkeel.clinical.ordering import OrderFacts
from evenkeel.record.referral import Sex
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.dosing_weight import DosingWeight, WeightBasis
from evenkeel.values.drug import Strength
from evenkeel.values.quantities import DosePerWeight, Height, Minutes, Volume, Weight
from tests.rules.case import DAY, Case
from tests.rules.ordering_cases import HOUR, later, order
from tests.rules.records import CHECK_IN, NOON, changed, visit

ALWAYS_KNOWN: dict[str, str] = {}


def on(
    basis: WeightBasis,
    weighed: str = "110",
    weight: str = "70.5",
    height: str | None = "175",
    measured_date: date | None = DAY,
    sex: Sex = "male",
    scale: str | None = None,
) -> OrderFacts:
    """An order of 0.5 mg/kg on a weight; `scale` is what the check-in says where it is something else."""
    dosing = DosingWeight(
        basis=basis,
        weight=Weight.of(weight),
        weighed=Weight.of(weighed),
        weighed_date=DAY,
        height=Height.of(height) if height else None,
        height_date=measured_date,
    )
    plan = DosePlan.of(
        stages=(Stage(per_weight=DosePerWeight.of("0.5"), duration=Minutes.of(40)),),
        weight=dosing.weight,
        weighed_date=DAY,
        strength=Strength.mg_per_ml("50"),
        bag=Volume.of(100),
        on=dosing,
    )
    checked_in = changed(CHECK_IN, weight=Weight.of(scale or weighed))
    return order(plan=plan, visit=visit((NOON - HOUR, checked_in)), sex=sex)


def days_old(days: int) -> OrderFacts:
    """A height that was measured so many days ago."""
    return on("ideal", measured_date=DAY - timedelta(days=days))


def two_weights(of_dose: str, of_basis: str) -> OrderFacts:
    """An order on ideal weight whose dose and whose note of the weight do not say the same."""
    facts = on("ideal", weight=of_dose)
    noted = changed(facts.on, weight=Weight.of(of_basis))
    return changed(facts, plan=changed(facts.plan, on=noted))


def after(per_weight: str) -> OrderFacts:
    """An order of 0.5 mg/kg on ideal weight, a week after a dose by actual weight."""
    earlier = later("0.5", per_weight)
    return changed(on("ideal"), course=earlier.course, previous=earlier.previous)


CASES = [
    # 200 cm: a BMI of 30 is 120 kg. Only whether the basis may be used is asked here.
    Case(
        "ORD-WGT-004",
        "below",
        on("ideal", weighed="119.9", height="200"),
        "fires",
        "BMI just below 30",
        says=("29.98 kg/m²",),
    ),
    Case("ORD-WGT-004", "at", on("ideal", weighed="120", height="200"), "clear", "BMI of 30"),
    Case("ORD-WGT-004", "above", on("adjusted", weighed="121", height="200"), "clear", "BMI over 30"),
    Case("ORD-WGT-004", "below", on("actual", weighed="70", weight="70"), "clear", "actual weight"),
    Case("ORD-WGT-004", "missing", on("ideal", height=None), "unknown", "no height", says=("the height",)),
    Case("ORD-WGT-005", "below", days_old(0), "clear", "measured today"),
    Case("ORD-WGT-005", "below", days_old(364), "clear", "measured this year"),
    Case("ORD-WGT-005", "at", days_old(365), "clear", "measured a year ago"),
    Case(
        "ORD-WGT-005", "above", days_old(366), "fires", "measured long ago", says=("measured on 2025-05-31",)
    ),
    Case(
        "ORD-WGT-005",
        "other",
        days_old(-1),
        "fires",
        "measured tomorrow",
        says=("measured on 2026-06-02, which is to come",),
    ),
    Case("ORD-WGT-005", "other", on("actual", weight="110", measured_date=None), "clear", "actual weight"),
    Case(
        "ORD-WGT-005",
        "missing",
        on("ideal", measured_date=None),
        "unknown",
        "told, not measured",
        says=("when the height was measured",),
    ),
    Case(
        "ORD-WGT-005",
        "missing",
        on("ideal", height=None),
        "unknown",
        "no height",
        says=("when the height was measured",),
    ),
    Case(
        "ORD-WGT-006",
        "below",
        on("ideal", height="119.9"),
        "fires",
        "shorter than any adult",
        says=("height 119.9 cm",),
    ),
    Case("ORD-WGT-006", "below", on("ideal", height="69"), "fires", "inches for centimeters"),
    Case("ORD-WGT-006", "at", on("ideal", height="120"), "clear", "the least"),
    Case("ORD-WGT-006", "at", on("ideal", height="230"), "clear", "the most"),
    Case(
        "ORD-WGT-006",
        "above",
        on("ideal", height="230.1"),
        "fires",
        "taller than any adult",
        says=("height 230.1 cm",),
    ),
    Case("ORD-WGT-006", "other", on("actual", weight="110", height=None), "clear", "actual weight"),
    Case("ORD-WGT-006", "missing", on("ideal", height=None), "unknown", "no height", says=("the height",)),
    # Devine, man of 175 cm: 70.5 kg. At 110 kg two fifths of the 39.5 kg above it make 86.3 kg.
    Case("ORD-WGT-001", "other", on("ideal"), "clear", "ideal weight follows"),
    Case("ORD-WGT-001", "other", on("adjusted", weight="86.3"), "clear", "adjusted weight follows"),
    Case("ORD-WGT-001", "other", on("actual", weight="110"), "clear", "actual weight"),
    Case(
        "ORD-WGT-001",
        "other",
        on("ideal", weight="86.3"),
        "fires",
        "adjusted for ideal weight",
        says=("dose on 86.3 kg, ideal weight 70.5 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "other",
        on("actual", weight="70.5"),
        "fires",
        "ideal for actual weight",
        says=("dose on 70.5 kg, actual weight 110 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "other",
        on("ideal", sex="female"),
        "fires",
        "a man's for a woman's",
        says=("dose on 70.5 kg, ideal weight 66 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "other",
        on("ideal", scale="111"),
        "fires",
        "another weight than the scale's",
        says=("dose on 110 kg, weighed 111 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "missing",
        on("ideal", height=None),
        "unknown",
        "no height",
        says=("the height and sex that the weight follows from",),
    ),
    Case(
        "ORD-WGT-001",
        "missing",
        on("ideal", sex="unknown"),
        "unknown",
        "sex not recorded",
        says=("the height and sex that the weight follows from",),
    ),
    Case(
        "ORD-WGT-003",
        "above",
        on("adjusted", weighed="350.1", weight="182.3"),
        "fires",
        "on the scale",
        says=("weight 350.1 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "other",
        two_weights("70.5", "70.4"),
        "fires",
        "two weights in one order",
        says=("dose on 70.4 kg, ideal weight 70.5 kg",),
    ),
    Case(
        "ORD-WGT-001",
        "other",
        two_weights("70.4", "70.5"),
        "fires",
        "two weights in one order",
        says=("dose on 70.4 kg, ideal weight 70.5 kg",),
    ),
    Case(
        "ORD-WGT-004",
        "missing",
        on("ideal", height="0"),
        "unknown",
        "a height of nothing",
        says=("the height",),
    ),
    # 0.5 mg/kg of 70.5 kg is 35.25 mg; for 110 kg that is 0.320 mg/kg, and that is what is compared.
    Case("ORD-DOS-005", "other", after("0.5"), "clear", "0.32 by the scale, near the last dose"),
    Case(
        "ORD-DOS-005",
        "other",
        after("0.6"),
        "fires",
        "0.32 by the scale, far from the last dose",
        says=("0.32 mg/kg now, 0.6 mg/kg last time",),
    ),
    Case("ORD-TIT-001", "other", after("0.4"), "clear", "0.32 by the scale is not up"),
    Case(
        "ORD-TIT-001",
        "missing",
        after("0.3"),
        "unknown",
        "0.32 by the scale is up",
        says=("how the last infusion was tolerated",),
    ),
]
