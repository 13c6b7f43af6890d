"""What a dose may be, whoever it is for: the limits as sources and proposals state them."""

from evenkeel.clinical.ordering import (
    DoseFacts,
    Family,
    OrderFacts,
)
from evenkeel.record.screening import Tri
from evenkeel.values.dose_plan import DosePlan, Stage
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from tests.rules.case import Case
from tests.rules.ordering_cases import later, mood, order, pain
from tests.rules.records import (
    DOSE,
    changed,
)

COMPLETE = "an order is complete by construction"
ALWAYS_KNOWN = {
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
}


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


def pump_side(rate: str) -> OrderFacts:
    """The standard order, but with the pump set to another rate than the chain gives."""
    return order(dose=changed(DOSE, rate=FlowRate.of(rate)))


CASES = [
    # As at check-in: CHK-WGT-004.
    Case("ORD-WGT-003", "below", mood(weight="24.9"), "fires", says=("weight 24.9 kg",)),
    Case("ORD-WGT-003", "below", mood(weight="7"), "fires", "through ten"),
    Case("ORD-WGT-003", "at", mood(weight="25"), "clear", "least"),
    Case("ORD-WGT-003", "at", mood(weight="350"), "clear", "most"),
    Case("ORD-WGT-003", "above", mood(weight="350.1"), "fires", says=("weight 350.1 kg",)),
    Case("ORD-WGT-003", "above", mood(weight="700"), "fires", "times ten"),
    Case("ORD-DOS-001", "below", mood(per_weight="0.49"), "clear"),
    Case("ORD-DOS-001", "at", mood(per_weight="0.5"), "clear"),
    Case("ORD-DOS-001", "above", mood(per_weight="0.51"), "fires", says=("0.51 mg/kg",)),
    Case("ORD-DOS-001", "above", later("0.75"), "clear", "not the first"),
    Case("ORD-DOS-001", "above", pain(), "clear", "pain"),
    Case("ORD-DOS-001", "at", nobodys(("0.5", "40"), is_first="unknown"), "clear", "nobody's"),
    Case(
        "ORD-DOS-001",
        "missing",
        nobodys(("0.51", "40"), is_first="unknown"),
        "unknown",
        "nobody's",
        says=("whether this is the first infusion",),
    ),
    Case("ORD-DOS-001", "above", nobodys(("0.51", "40"), is_first="no"), "clear", "nobody's, not the first"),
    Case("ORD-DOS-001", "above", nobodys(("0.51", "40")), "fires", "nobody's, the first"),
    # Andrade 2017: 0.1 to 0.75 mg/kg.
    Case("ORD-DOS-002", "below", mood(per_weight="0.74"), "clear"),
    Case("ORD-DOS-002", "at", mood(per_weight="0.75"), "clear"),
    Case("ORD-DOS-002", "above", mood(per_weight="0.76"), "fires", says=("0.76 mg/kg",)),
    Case("ORD-DOS-002", "above", pain(), "clear", "pain"),
    # Fava 2018: 1.0 mg/kg is the highest dose tested.
    Case("ORD-DOS-003", "below", mood(per_weight="0.99"), "clear"),
    Case("ORD-DOS-003", "at", mood(per_weight="1.0"), "clear"),
    Case("ORD-DOS-003", "above", mood(per_weight="1.01"), "fires", says=("1.01 mg/kg",)),
    Case("ORD-DOS-003", "above", mood(per_weight="5"), "fires", "times ten"),
    Case("ORD-DOS-003", "above", pain(), "clear", "pain"),
    Case("ORD-DOS-004", "below", mood(per_weight="0.09"), "fires", says=("0.09 mg/kg",)),
    Case("ORD-DOS-004", "below", mood(per_weight="0.05"), "fires", "through ten"),
    Case("ORD-DOS-004", "at", mood(per_weight="0.1"), "clear"),
    Case("ORD-DOS-004", "above", mood(per_weight="0.11"), "clear"),
    Case("ORD-DOS-005", "below", later("0.74"), "clear"),
    Case("ORD-DOS-005", "at", later("0.75"), "clear", "up"),
    Case("ORD-DOS-005", "at", later("0.5", "0.75"), "clear", "down"),
    Case("ORD-DOS-005", "above", later("0.76"), "fires", "up", says=("0.76 mg/kg now, 0.5 mg/kg last time",)),
    Case("ORD-DOS-005", "above", later("0.2"), "fires", "down"),
    Case("ORD-DOS-005", "missing", later("0.5", None), "unknown", says=("the last dose",)),
    Case("ORD-DOS-005", "other", order(), "clear", "first infusion"),
    # ASRA 2018: 0.5 to 2 mg/kg/h. Over 60 min the dose is the rate.
    Case("ORD-DOS-006", "below", pain(per_weight="1.99", duration="60"), "clear"),
    Case("ORD-DOS-006", "at", pain(per_weight="2", duration="60"), "clear"),
    Case(
        "ORD-DOS-006",
        "above",
        pain(per_weight="2.01", duration="60"),
        "fires",
        says=("2.01 mg/kg in an hour",),
    ),
    Case("ORD-DOS-006", "above", pain(per_weight="1.01", duration="30"), "fires", "half an hour"),
    Case("ORD-DOS-006", "other", pain(), "clear", "0.35 mg/kg/h"),
    Case("ORD-DOS-006", "other", mood(per_weight="1.0", duration="20"), "clear", "mood"),
    # 0.5 mg/kg in 15 min is 2 mg/kg/h, whatever comes after it.
    Case("ORD-DOS-006", "at", nobodys(("0.5", "15"), ("0.5", "60"), family="pain"), "clear", "in a step"),
    Case(
        "ORD-DOS-006",
        "above",
        nobodys(("0.5", "60"), ("0.5", "14"), family="pain"),
        "fires",
        "in a step",
        says=("2.143 mg/kg in an hour",),
    ),
    # 22 mg/h is the lowest rate of ASRA 2018; 0.2 mg/kg/h is a proposal below it. 240 min hold 0.8 mg/kg.
    Case("ORD-DOS-007", "below", pain(per_weight="0.79"), "fires", says=("0.198 mg/kg in an hour",)),
    Case(
        "ORD-DOS-007",
        "below",
        pain(per_weight="0.35"),
        "fires",
        "mg/kg/h written for mg/kg",
        says=("0.088 mg/kg in an hour",),
    ),
    Case("ORD-DOS-007", "at", pain(per_weight="0.8"), "clear"),
    Case("ORD-DOS-007", "above", pain(per_weight="0.81"), "clear"),
    Case("ORD-DOS-007", "other", mood(per_weight="0.1", duration="100"), "clear", "mood"),
    Case("ORD-CAP-001", "below", mood(weight="199"), "clear", "99.5 mg"),
    Case("ORD-CAP-001", "at", mood(weight="200"), "clear", "100 mg"),
    Case("ORD-CAP-001", "above", mood(weight="201"), "fires", "100.5 mg", says=("100.5 mg",)),
    Case(
        "ORD-CAP-001",
        "above",
        order(dose=changed(DOSE, drawn=DrugMass(mcg=100_001))),
        "fires",
        "drawn",
        says=("100.001 mg",),
    ),
    Case(
        "ORD-CAP-001",
        "above",
        order(dose=changed(DOSE, ordered=DrugMass(mcg=100_001))),
        "fires",
        "ordered",
        says=("100.001 mg",),
    ),
    Case("ORD-CAP-002", "below", mood(per_weight="1", weight="199"), "clear", "199 mg"),
    Case("ORD-CAP-002", "at", mood(per_weight="1", weight="200"), "clear", "200 mg"),
    Case("ORD-CAP-002", "above", mood(per_weight="1", weight="201"), "fires", "201 mg", says=("201 mg",)),
    Case("ORD-DUR-001", "below", mood(duration="39"), "fires", says=("39 min",)),
    Case("ORD-DUR-001", "below", mood(duration="4"), "fires", "through ten"),
    Case("ORD-DUR-001", "at", mood(duration="40"), "clear"),
    Case("ORD-DUR-001", "above", mood(duration="41"), "clear"),
    Case("ORD-DUR-001", "below", pain(duration="39"), "clear", "pain"),
    Case("ORD-DUR-002", "below", mood(duration="99"), "clear"),
    Case("ORD-DUR-002", "at", mood(duration="100"), "clear"),
    Case("ORD-DUR-002", "above", mood(duration="101"), "fires", says=("101 min",)),
    Case("ORD-DUR-002", "above", mood(duration="400"), "fires", "times ten"),
    Case("ORD-DUR-002", "above", pain(), "clear", "pain"),
    # 1.0 mg/kg over 40 min is 1.5 mg/kg/h; 0.25 mg/kg gives as much in 10 min.
    Case("ORD-STP-001", "below", nobodys(("0.25", "11"), ("0.25", "30")), "clear"),
    Case("ORD-STP-001", "at", nobodys(("0.25", "10"), ("0.25", "30")), "clear"),
    Case(
        "ORD-STP-001",
        "above",
        nobodys(("0.25", "9"), ("0.25", "31")),
        "fires",
        "first",
        says=("one step gives 1.667 mg/kg in an hour",),
    ),
    Case(
        "ORD-STP-001",
        "above",
        nobodys(("0.1", "36"), ("0.4", "4")),
        "fires",
        "last",
        says=("one step gives 6 mg/kg in an hour",),
    ),
    Case("ORD-STP-001", "other", nobodys(("0.5", "4")), "clear", "one step; ORD-DUR-001 asks"),
    Case("ORD-STP-001", "other", nobodys(("0.5", "6"), ("0.5", "60"), family="pain"), "clear", "pain"),
    Case("ORD-BAG-001", "below", mood(bag="49"), "fires", says=("49 mL",)),
    Case("ORD-BAG-001", "at", mood(bag="50"), "clear", "least"),
    Case("ORD-BAG-001", "at", mood(bag="250"), "clear", "most"),
    Case("ORD-BAG-001", "above", mood(bag="251"), "fires", says=("251 mL",)),
    # Label: 100 mg/mL with at least an equal volume of diluent. 40 mg is 0.4 mL of it.
    Case("ORD-DIL-001", "below", mood(strength="100", bag="0.9"), "clear", "44 % drug"),
    Case("ORD-DIL-001", "at", mood(strength="100", bag="0.8"), "clear", "half drug"),
    Case(
        "ORD-DIL-001",
        "above",
        mood(strength="100", bag="0.7"),
        "fires",
        "57 % drug",
        says=("0.4 mL of 100 mg/mL in 0.7 mL",),
    ),
    Case("ORD-DIL-001", "other", mood(strength="50", bag="0.9"), "clear", "50 mg/mL may be given stronger"),
    # 40 mg ordered; the bag holds 0.4 mg/mL, so 150 mL/h gives 40 mg in 40 min and 5 % is 7.5 mL/h.
    Case("ORD-TWO-001", "below", pump_side("157.4"), "clear"),
    Case("ORD-TWO-001", "at", pump_side("157.5"), "clear", "over"),
    Case("ORD-TWO-001", "at", pump_side("142.5"), "clear", "under"),
    Case("ORD-TWO-001", "above", pump_side("157.6"), "fires", "over"),
    Case("ORD-TWO-001", "above", pump_side("142.4"), "fires", "under", says=("ordered 40 mg, pump 38 mg",)),
    Case("ORD-TWO-001", "above", pump_side("15"), "fires", "through ten", says=("ordered 40 mg, pump 4 mg",)),
    Case(
        "ORD-TWO-001",
        "missing",
        order(dose=changed(DOSE, ordered=DrugMass(mcg=0))),
        "unknown",
        says=("an amount to compare with",),
    ),
    Case("ORD-WGT-003", "other", nobodys(("0.5", "40")), "clear", "nobody's"),
]
