"""The route of an order, and a dose into a muscle: proposals, and the ceiling of the dose-finding trial."""

from evenkeel.clinical.ordering.injections import InjectionFacts
from evenkeel.values.drug import Strength
from evenkeel.values.injection import Injection
from evenkeel.values.quantities import DosePerWeight, Weight
from tests.rules.case import Case
from tests.rules.ordering_cases import mood, order
from tests.rules.records import changed

COMPLETE = "an order is complete by construction"
ALWAYS_KNOWN = {"ORD-RTE-001": COMPLETE, "ORD-IMU-001": COMPLETE, "ORD-IMU-002": COMPLETE}


def injected(per_weight: str, weight: str = "80", strength: str = "100") -> InjectionFacts:
    """So much into a muscle."""
    made = Injection.of(
        per_weight=DosePerWeight.of(per_weight),
        weight=Weight.of(weight),
        strength=Strength.mg_per_ml(strength),
    )
    return InjectionFacts(dose=made)


CASES = [
    Case("ORD-RTE-001", "other", order(), "clear", "into a vein"),
    Case(
        "ORD-RTE-001",
        "other",
        changed(order(), route="im"),
        "fires",
        "into a muscle",
        says=("ordered into a muscle",),
    ),
    # The label's rule of dilution is of a vein: undiluted is wrong there and right in a muscle.
    Case("ORD-DIL-001", "other", changed(mood(strength="100", bag="0.7"), route="im"), "clear", "a muscle"),
    # 93 % reach the blood: 1.0 mg/kg there are a little more than 1.075 mg/kg in the syringe.
    Case("ORD-IMU-001", "below", injected("1"), "clear", "0.93 mg/kg reach the blood"),
    Case("ORD-IMU-001", "below", injected("1.075"), "clear", "just under the ceiling"),
    Case("ORD-IMU-001", "at", injected("1.0752688172"), "clear", "the ceiling, to ten digits"),
    Case(
        "ORD-IMU-001",
        "above",
        injected("1.076"),
        "fires",
        "just over the ceiling",
        says=("1.001 mg/kg reach the blood",),
    ),
    Case("ORD-IMU-001", "above", injected("5"), "fires", "times ten", says=("4.65 mg/kg reach the blood",)),
    # 80 kg at 10 mg/mL: 0.625 mg/kg are 50 mg, 5 mL.
    Case("ORD-IMU-002", "below", injected("0.6", strength="10"), "clear", "4.8 mL"),
    Case("ORD-IMU-002", "at", injected("0.625", strength="10"), "clear", "5 mL"),
    Case("ORD-IMU-002", "above", injected("0.63", strength="10"), "fires", "5.04 mL", says=("5.04 mL",)),
    Case("ORD-CAP-002", "above", injected("2.6"), "fires", "208 mg into a muscle", says=("208 mg",)),
]
