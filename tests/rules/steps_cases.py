"""Runs in steps: when a step is due, what the pump may be set to then, and what a bolus may be."""

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.clinical.ordering import DoseFacts, Family
from evenkeel.record.infusion import InfusionPaused, InfusionStarted, InfusionStopped, RateChanged
from evenkeel.record.visits import VisitState
from evenkeel.values.dose_plan import DosePlan, Stage, StageKind
from evenkeel.values.drug import Strength
from evenkeel.values.quantities import DosePerWeight, FlowRate, Minutes, Volume, Weight
from tests.rules.case import DAY, Case
from tests.rules.records import CHECK_IN, DRAWN, NOON, ORDER, changed, visit

COMPLETE = "an order is complete by construction"
ALWAYS_KNOWN = {"ORD-BOL-001": COMPLETE, "ORD-BOL-002": COMPLETE, "ORD-BOL-003": COMPLETE}

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def stage(amount: str, minutes: str, kind: StageKind = "infusion") -> Stage:
    """One stage, in mg/kg and minutes."""
    return Stage(per_weight=DosePerWeight.of(amount), duration=Minutes.of(minutes), kind=kind)


def plan_of(*stages: Stage) -> DosePlan:
    """A run of these stages for 80 kg: 50 mg/mL in 100 mL."""
    return DosePlan.of(
        stages=stages,
        weight=Weight.of("80"),
        weighed_date=DAY,
        strength=Strength.mg_per_ml("50"),
        bag=Volume.of("100"),
        on=ORDER.on,
    )


# By hand: a fifth of the bag, 20 mL, in 10 min is 120 mL/h; the other 80 mL in 30 min are 160 mL/h.
RISING = (stage("0.1", "10"), stage("0.4", "30"))
# By hand: a fifth of the bag in 10 min is 120 mL/h; the other 80 mL in 120 min are 40 mL/h.
AFTER_BOLUS = (stage("0.25", "10", "bolus"), stage("1", "120"))
# By hand: a fiftieth of the bag, 2 mL, in 1 min is 120 mL/h; the other 98 mL in 10 min are 588 mL/h.
SHORT_FIRST = (stage("0.01", "1"), stage("0.49", "10"))


def in_steps(stages: tuple[Stage, ...], *facts: tuple[datetime, Any]) -> VisitState:
    """A visit with an order in these stages, drawn up, and what was done at the pump."""
    plan = plan_of(*stages)
    ordered = changed(ORDER, dose=plan.dose, stages=stages)
    drawn = changed(
        DRAWN, volume=plan.dose.draw, drawn=plan.dose.drawn, bag=plan.dose.bag, rate=plan.steps[0].rate
    )
    before = (NOON - 40 * MINUTE, CHECK_IN), (NOON - 25 * MINUTE, ordered), (NOON - 20 * MINUTE, drawn)
    return visit(*before, *facts)


STARTED = (NOON, InfusionStarted(rate=FlowRate.of(120), pump="1", cannula_site="left hand", verdicts=()))


def set_to(ml_per_h: int, minutes: int) -> tuple[datetime, RateChanged]:
    """The pump is set to another rate, so many minutes after noon."""
    return NOON + minutes * MINUTE, RateChanged(rate=FlowRate.of(ml_per_h), reason="made up")


def late(
    stages: tuple[Stage, ...], minutes: int, seconds: int = 0, *facts: tuple[datetime, Any]
) -> InfusionFacts:
    """A run that was started at noon, so long after."""
    at = NOON + minutes * MINUTE + seconds * SECOND
    return InfusionFacts(visit=in_steps(stages, STARTED, *facts), at=at)


def asked(
    stages: tuple[Stage, ...], ml_per_h: str, minutes: int, seconds: int = 0, *facts: tuple[datetime, Any]
) -> InfusionFacts:
    """The pump of such a run is asked to run at a rate."""
    found = late(stages, minutes, seconds, *facts)
    return changed(found, rate=FlowRate.of(ml_per_h))


def dose(*stages: Stage, family: Family = "pain") -> DoseFacts:
    """A dose that is nobody's."""
    return DoseFacts(plan=plan_of(*stages), family=family, is_first="no")


NOBODY = InfusionFacts(visit=visit(), at=NOON)
PAUSED = (NOON + 5 * MINUTE, InfusionPaused(reason="made up"))
STOPPED = InfusionStopped(reason="completed", note="", pump_volume=None)

CASES = [
    # The bolus of 20 mL at 120 mL/h is over after 10 min.
    Case("INF-STP-001", "below", late(AFTER_BOLUS, 10, 59), "clear", "the bolus is just over"),
    Case("INF-STP-001", "at", late(AFTER_BOLUS, 11), "clear", "a minute over"),
    Case(
        "INF-STP-001",
        "above",
        late(AFTER_BOLUS, 11, 1),
        "fires",
        "the bolus was not ended",
        says=("step 2 of 2, 40 mL/h, was due 1 min ago", "the pump runs at 120 mL/h"),
    ),
    Case("INF-STP-001", "other", late(AFTER_BOLUS, 12, 0, set_to(40, 10)), "clear", "set in time"),
    Case("INF-STP-001", "other", late(AFTER_BOLUS, 12, 0, set_to(60, 11)), "clear", "set to another rate"),
    Case(
        "INF-STP-001",
        "other",
        late(AFTER_BOLUS, 14, 0, set_to(100, 9)),
        "fires",
        "slowed, still the bolus",
        says=("step 2 of 2, 40 mL/h, was due 3 min ago", "the pump runs at 100 mL/h"),
    ),
    Case("INF-STP-001", "other", late(AFTER_BOLUS, 30, 0, PAUSED), "clear", "the pump stands still"),
    Case("INF-STP-001", "other", late(RISING, 20), "clear", "the next step is faster"),
    Case(
        "INF-STP-001",
        "missing",
        InfusionFacts(visit=in_steps(AFTER_BOLUS), at=NOON),
        "unknown",
        "not started",
    ),
    Case(
        "INF-STP-001",
        "missing",
        late(AFTER_BOLUS, 20, 0, (NOON + 15 * MINUTE, STOPPED)),
        "unknown",
        "the pump was stopped",
    ),
    Case(
        "INF-STP-001",
        "missing",
        NOBODY,
        "unknown",
        "nothing ordered",
        says=("the ordered steps", "the rate of the pump"),
    ),
    Case("INF-STP-002", "below", late(RISING, 11, 59), "clear", "the first step is just over"),
    Case("INF-STP-002", "at", late(RISING, 12), "clear", "two minutes over"),
    Case(
        "INF-STP-002",
        "above",
        late(RISING, 12, 1),
        "fires",
        "the second step was not set",
        says=("step 2 of 2, 160 mL/h, was due 2 min ago", "the pump runs at 120 mL/h"),
    ),
    Case("INF-STP-002", "other", late(RISING, 20, 0, set_to(160, 10)), "clear", "set in time"),
    Case("INF-STP-002", "other", late(RISING, 20, 0, set_to(160, 9)), "clear", "set a minute early"),
    Case("INF-STP-002", "other", late(AFTER_BOLUS, 20), "clear", "the next step is slower"),
    Case("INF-STP-002", "missing", NOBODY, "unknown", "nothing ordered"),
    # The first step runs at 120 mL/h until 10 min; whoever sets the next may do so in its last minute.
    Case("INF-RATE-001", "other", asked(RISING, "120", 5), "clear", "first step, its own rate"),
    Case(
        "INF-RATE-001",
        "other",
        asked(RISING, "120.1", 5),
        "fires",
        "first step, a little faster",
        says=("120.1 mL/h, ordered 120 mL/h",),
    ),
    Case("INF-RATE-001", "other", asked(RISING, "160", 5), "fires", "the second step five minutes early"),
    Case("INF-RATE-001", "other", asked(RISING, "160", 8, 59), "fires", "the second step too early"),
    Case("INF-RATE-001", "other", asked(RISING, "160", 9), "clear", "the second step in the last minute"),
    Case("INF-RATE-001", "other", asked(RISING, "160", 10), "clear", "the second step when due"),
    Case(
        "INF-RATE-001",
        "other",
        asked(RISING, "160.1", 10),
        "fires",
        "faster than the second step",
        says=("160.1 mL/h, ordered 160 mL/h",),
    ),
    Case("INF-RATE-001", "other", asked(RISING, "160", 12, 0, PAUSED), "fires", "paused in the first step"),
    Case("INF-RATE-001", "other", asked(AFTER_BOLUS, "120", 9), "clear", "the bolus, while it runs"),
    Case("INF-RATE-001", "other", asked(AFTER_BOLUS, "120", 10), "fires", "the bolus again, when it is over"),
    Case(
        "INF-RATE-001",
        "other",
        InfusionFacts(visit=in_steps(SHORT_FIRST), at=NOON, rate=FlowRate.of(588)),
        "fires",
        "the second step before the start",
        says=("588 mL/h, ordered 120 mL/h",),
    ),
    Case(
        "INF-RATE-001",
        "other",
        asked(SHORT_FIRST, "588", 0),
        "clear",
        "the second step in the last minute of a short first one",
    ),
    Case("INF-RATE-003", "other", asked(RISING, "120", 0), "clear", "started at the first step"),
    Case(
        "INF-RATE-003",
        "other",
        asked(RISING, "160", 0),
        "fires",
        "started at the second step",
        says=("160 mL/h, ordered 120 mL/h",),
    ),
    Case("INF-RATE-003", "other", asked(RISING, "150", 0), "fires", "started at the mean of the steps"),
    # The bag holds 1 mg/mL for 80 kg: 160 mL/h give 2 mg/kg in an hour. A bolus of 20 mL in 7 min is faster.
    Case(
        "INF-RATE-004",
        "other",
        asked((stage("0.25", "7", "bolus"), stage("1", "120")), "171.4", 1),
        "clear",
        "a bolus as it was ordered",
    ),
    Case(
        "INF-RATE-004",
        "other",
        asked((stage("0.25", "7", "bolus"), stage("1", "120")), "171.5", 1),
        "fires",
        "faster than the bolus that was ordered",
        says=("171.5 mL/h gives 2.15 mg/kg in 1 h",),
    ),
    Case("INF-RATE-004", "other", asked(AFTER_BOLUS, "160", 60, 0, set_to(40, 10)), "clear", "2 mg/kg/h"),
    Case(
        "INF-RATE-004",
        "other",
        asked(AFTER_BOLUS, "160.1", 60, 0, set_to(40, 10)),
        "fires",
        "more",
        says=("160.1 mL/h gives 2.01 mg/kg in 1 h",),
    ),
    # ASRA 2018, second-hand: a bolus of up to 0.35 mg/kg.
    Case("ORD-BOL-001", "below", dose(stage("0.34", "10", "bolus"), stage("1", "120")), "clear", "smaller"),
    Case("ORD-BOL-001", "at", dose(stage("0.35", "10", "bolus"), stage("1", "120")), "clear", "the most"),
    Case(
        "ORD-BOL-001",
        "above",
        dose(stage("0.36", "10", "bolus"), stage("1", "120")),
        "fires",
        "more",
        says=("bolus of 0.36 mg/kg",),
    ),
    Case(
        "ORD-BOL-001",
        "above",
        dose(stage("3.5", "10", "bolus"), stage("1", "120")),
        "fires",
        "times ten",
        says=("bolus of 3.5 mg/kg",),
    ),
    Case("ORD-BOL-001", "other", dose(stage("1", "120")), "clear", "no bolus"),
    Case("ORD-BOL-002", "other", dose(stage("0.3", "10", "bolus"), stage("1", "120")), "clear", "first"),
    Case(
        "ORD-BOL-002",
        "other",
        dose(stage("1", "120"), stage("0.3", "10", "bolus")),
        "fires",
        "last",
        says=("a bolus as step 2",),
    ),
    Case(
        "ORD-BOL-002",
        "other",
        dose(stage("0.3", "10", "bolus")),
        "fires",
        "alone",
        says=("a bolus with no infusion after it",),
    ),
    Case(
        "ORD-BOL-002",
        "other",
        dose(*AFTER_BOLUS, family="mood"),
        "fires",
        "for mood",
        says=("a bolus in a dose for mood",),
    ),
    Case("ORD-BOL-002", "other", dose(*RISING, family="mood"), "clear", "no bolus"),
    Case(
        "ORD-BOL-003",
        "below",
        dose(stage("0.3", "4.9", "bolus"), stage("1", "120")),
        "fires",
        "pushed",
        says=("bolus over 4.9 min",),
    ),
    Case("ORD-BOL-003", "at", dose(stage("0.3", "5", "bolus"), stage("1", "120")), "clear", "five minutes"),
    Case("ORD-BOL-003", "above", dose(stage("0.3", "6", "bolus"), stage("1", "120")), "clear", "slower"),
    Case("ORD-BOL-003", "other", dose(stage("0.3", "4"), stage("1", "120")), "clear", "no bolus"),
    # The bolus has its own limit, so it does not count toward what an infusion gives in an hour.
    Case("ORD-DOS-006", "other", dose(stage("0.35", "5", "bolus"), stage("2", "60")), "clear", "2 mg/kg/h"),
    Case(
        "ORD-DOS-006",
        "other",
        dose(stage("0.35", "5", "bolus"), stage("2.01", "60")),
        "fires",
        "more",
        says=("2.01 mg/kg in an hour",),
    ),
    Case(
        "ORD-BOL-001",
        "above",
        dose(stage("0.2", "10", "bolus"), stage("0.16", "10", "bolus"), stage("1", "120")),
        "fires",
        "two together",
        says=("bolus of 0.36 mg/kg",),
    ),
    Case(
        "ORD-BOL-002",
        "other",
        dose(stage("0.2", "10", "bolus"), stage("0.1", "10", "bolus"), stage("1", "120")),
        "fires",
        "two of them",
        says=("a bolus as step 2",),
    ),
    Case(
        "ORD-BOL-003",
        "below",
        dose(stage("0.2", "5", "bolus"), stage("0.1", "4", "bolus"), stage("1", "120")),
        "fires",
        "the second of two",
        says=("bolus over 4 min",),
    ),
    Case(
        "ORD-DOS-006", "other", dose(stage("0.35", "5", "bolus")), "clear", "a bolus alone; ORD-BOL-002 asks"
    ),
]
