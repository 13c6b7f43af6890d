"""The infusion: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.infusion.events import EventFacts
from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.clinical.infusion.rises import PressureFacts
from evenkeel.record.entry import Author
from evenkeel.record.infusion import BagReplaced, InfusionPaused, InfusionStarted, SignsCharted, TimeOutHeld
from evenkeel.record.ordering import DoseChecked
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Breaths, FlowRate, Pressure, Pulse, Saturation, Volume, Weight
from tests.rules.case import Case
from tests.rules.records import (
    CHECK_IN,
    DOSE,
    DRAWN,
    FROM_VIAL,
    NOON,
    ORDER,
    SIGNS,
    changed,
    visit,
)

ALWAYS_KNOWN: dict[str, str] = {}

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SECOND_NURSE = Author(id=ClinicianId("2"), role="nurse", printed_name="Made-up Second Nurse")
AWAKE = replace(SIGNS, sedation=5, breaths=Breaths.of(14), dissociation=0)
CHECKED = DoseChecked(
    record_number="MADE-UP-1",
    strength=DOSE.strength,
    volume=DOSE.draw,
    bag=DOSE.bag,
    rates=(DOSE.rate,),
    weight=Weight.of(80),
    dosing_weight=None,
    agrees=True,
    disagreements=(),
)
HELD = TimeOutHeld(
    second_person=SECOND_NURSE.id,
    second_person_name=SECOND_NURSE.printed_name,
    confirmed=("patient", "dose", "volume", "rate", "end", "rescue", "staff"),
)
STARTED = InfusionStarted(rate=DOSE.rate, pump="MADE-UP-1", cannula_site="left hand", verdicts=())
PAUSED = InfusionPaused(reason="Made-up reason")


def charted(signs: Signs) -> SignsCharted:
    """One check by a person."""
    return SignsCharted(signs=signs, source="manual", confirmed=(), verdicts=())


def by_the_second(state: VisitState) -> VisitState:
    """The same visit, its double check made by somebody else than everything before it."""
    facts = tuple(
        replace(fact, by=SECOND_NURSE) if isinstance(fact.payload, DoseChecked) else fact
        for fact in state.facts
    )
    return replace(state, facts=facts)


def prepared(**changes: Any) -> VisitState:
    """A visit that may start at noon; a change names the fact that is another one, or None for left out."""
    facts: dict[str, tuple[datetime, Any] | None] = {
        "check_in": (NOON - 40 * MINUTE, changed(CHECK_IN, signs=AWAKE)),
        "order": (NOON - 25 * MINUTE, ORDER),
        "draw": (NOON - 20 * MINUTE, DRAWN),
        "check": (NOON - 15 * MINUTE, CHECKED),
        "time_out": (NOON - 2 * MINUTE, HELD),
    }
    for name, fact in changes.items():
        usual = facts.get(name)
        is_whole = fact is None or isinstance(fact, tuple)
        facts[name] = fact if is_whole or usual is None else (usual[0], fact)
    return by_the_second(visit(*(fact for fact in facts.values() if fact is not None)))


def at_noon(state: VisitState, **changes: Any) -> InfusionFacts:
    """The moment before the start."""
    return InfusionFacts(visit=state, at=NOON, **changes)


def start(**changes: Any) -> InfusionFacts:
    """A prepared visit with other facts, at noon, the pump set as it was drawn up."""
    return at_noon(prepared(**changes), rate=DOSE.rate)


def signs(**changes: Any) -> InfusionFacts:
    """A set of signs without anything against it, and what a case changes."""
    return at_noon(prepared(), signs=replace(AWAKE, **changes))


def pair(systolic: int | None, diastolic: int | None) -> dict[str, Any]:
    """A blood pressure."""
    return {
        "systolic": None if systolic is None else Pressure.of(systolic),
        "diastolic": None if diastolic is None else Pressure.of(diastolic),
    }


def rate(ml_per_h: str, **changes: Any) -> InfusionFacts:
    """A prepared visit whose pump is asked to run at this rate."""
    return at_noon(prepared(**changes), rate=FlowRate.of(ml_per_h))


def bag(mg: str) -> InfusionFacts:
    """A bag that holds so much; 40 mg are ordered."""
    return start(draw=changed(DRAWN, drawn=DrugMass.mg(mg)))


def next_bag(mg: str) -> InfusionFacts:
    """A second bag that holds so much, hung at noon; of the first one 10 mg ran in 10 minutes."""
    made = BagReplaced(
        cause="spilled",
        explanation="",
        given=DrugMass.mg(10),
        expected=DrugMass.mg(30),
        measured=Volume.of(75),
        wasted=DrugMass.mg(30),
        missing=DrugMass.mg(0),
        vials=(FROM_VIAL,),
        volume=Volume.of("0.6"),
        drawn=DrugMass.mg(mg),
        bag=Volume.of(75),
        second_person=SECOND_NURSE.id,
        second_person_name=SECOND_NURSE.printed_name,
        verdicts=(),
    )
    return start(
        time_out=(NOON - 14 * MINUTE, HELD),
        started=(NOON - 13 * MINUTE, STARTED),
        paused=(NOON - 3 * MINUTE, PAUSED),
        next_bag=(NOON - MINUTE, made),
    )


def resumed(**changes: Any) -> InfusionFacts:
    """A paused infusion with these signs since the pause."""
    return at_noon(prepared(), signs=replace(AWAKE, **changes), rate=DOSE.rate)


def event(kind: Any, grade: int | None) -> EventFacts:
    """One event."""
    return EventFacts(event=kind, grade=grade)


def decided(systolic: int | None, diastolic: int | None, **changes: Any) -> PressureFacts:
    """A nurse decides to watch this pressure in a patient without symptoms, but for what is named."""
    usual: dict[str, Any] = {"choice": "watch", "symptoms": "no", "by_prescriber": False}
    return PressureFacts(**pair(systolic, diastolic), **{**usual, **changes})


EXPIRES = changed(ORDER, expires_at=NOON)

CASES = [
    # Rodrigues 2020: 165/100.
    Case("INF-BP-003", "below", signs(**pair(164, 99)), "clear"),
    Case(
        "INF-BP-003", "at", signs(**pair(165, 80)), "fires", "systolic", says=("systolic pressure 165 mmHg",)
    ),
    Case(
        "INF-BP-003",
        "at",
        signs(**pair(120, 100)),
        "fires",
        "diastolic",
        says=("diastolic pressure 100 mmHg",),
    ),
    Case(
        "INF-BP-003",
        "above",
        signs(**pair(166, 101)),
        "fires",
        says=("systolic pressure 166 mmHg", "diastolic pressure 101 mmHg"),
    ),
    Case(
        "INF-BP-003",
        "missing",
        signs(**pair(None, None)),
        "unknown",
        says=("systolic pressure", "diastolic pressure"),
    ),
    Case("INF-BP-002", "below", signs(**pair(179, 109)), "clear"),
    Case(
        "INF-BP-002", "at", signs(**pair(180, 80)), "fires", "systolic", says=("systolic pressure 180 mmHg",)
    ),
    Case(
        "INF-BP-002",
        "at",
        signs(**pair(120, 110)),
        "fires",
        "diastolic",
        says=("diastolic pressure 110 mmHg",),
    ),
    Case("INF-BP-002", "above", signs(**pair(181, 111)), "fires"),
    Case("INF-BP-002", "missing", signs(**pair(120, None)), "unknown", says=("diastolic pressure",)),
    Case("INF-BP-006", "below", decided(179, 109), "clear", "watched by the nurse"),
    Case(
        "INF-BP-006",
        "at",
        decided(180, 80),
        "fires",
        "systolic, watched by the nurse",
        says=("systolic pressure 180 mmHg", "no prescriber decided"),
    ),
    Case(
        "INF-BP-006",
        "at",
        decided(150, 110),
        "fires",
        "diastolic, watched by the nurse",
        says=("diastolic pressure 110 mmHg", "no prescriber decided"),
    ),
    Case("INF-BP-006", "above", decided(190, 115), "fires", "watched by the nurse"),
    Case("INF-BP-006", "above", decided(190, 115, by_prescriber=True), "clear", "watched by a prescriber"),
    Case(
        "INF-BP-006",
        "other",
        decided(170, 95, symptoms="yes"),
        "fires",
        "watched with symptoms",
        says=("the patient has symptoms",),
    ),
    Case(
        "INF-BP-006",
        "other",
        decided(170, 95, symptoms="yes", by_prescriber=True),
        "fires",
        "watched with symptoms, by a prescriber",
        says=("the patient has symptoms",),
    ),
    Case(
        "INF-BP-006", "other", decided(190, 115, choice="hold", symptoms="yes"), "clear", "the drug is held"
    ),
    Case("INF-BP-006", "other", decided(190, 115, choice="treat"), "clear", "it is treated"),
    Case(
        "INF-BP-006",
        "other",
        decided(170, None, by_prescriber=True),
        "clear",
        "a prescriber saw half a reading",
    ),
    Case(
        "INF-BP-006",
        "other",
        decided(190, 80, symptoms="unknown"),
        "fires",
        "watched by the nurse, nobody asked",
        says=("systolic pressure 190 mmHg", "no prescriber decided"),
    ),
    Case(
        "INF-BP-006",
        "missing",
        decided(190, 80, symptoms="unknown", by_prescriber=True),
        "unknown",
        "watched by a prescriber, nobody asked",
        says=("whether the patient has symptoms",),
    ),
    Case(
        "INF-BP-006",
        "missing",
        decided(170, 95, symptoms="unknown"),
        "unknown",
        "symptoms not asked",
        says=("whether the patient has symptoms",),
    ),
    Case(
        "INF-BP-006", "missing", decided(170, None), "unknown", "half a reading", says=("diastolic pressure",)
    ),
    Case("INF-OX-001", "below", signs(spo2=Saturation.of(93)), "fires", says=("oxygen saturation 93 %",)),
    Case("INF-OX-001", "at", signs(spo2=Saturation.of(94)), "clear"),
    Case("INF-OX-001", "above", signs(spo2=Saturation.of(95)), "clear"),
    Case("INF-OX-001", "missing", signs(spo2=None), "unknown", says=("oxygen saturation",)),
    Case("INF-OX-002", "below", signs(spo2=Saturation.of(89)), "fires", says=("oxygen saturation 89 %",)),
    Case("INF-OX-002", "at", signs(spo2=Saturation.of(90)), "clear"),
    Case("INF-OX-002", "above", signs(spo2=Saturation.of(91)), "clear"),
    Case("INF-OX-002", "missing", signs(spo2=None), "unknown", says=("oxygen saturation",)),
    Case("INF-HR-001", "below", signs(pulse=Pulse.of(49)), "fires", says=("pulse 49 /min",)),
    Case("INF-HR-001", "at", signs(pulse=Pulse.of(50)), "clear", "slow"),
    Case("INF-HR-001", "at", signs(pulse=Pulse.of(120)), "clear", "fast"),
    Case("INF-HR-001", "above", signs(pulse=Pulse.of(121)), "fires", says=("pulse 121 /min",)),
    Case("INF-HR-001", "missing", signs(pulse=None), "unknown", says=("pulse",)),
    Case("INF-RR-001", "below", signs(breaths=Breaths.of(9)), "fires", says=("breathing rate 9 /min",)),
    Case("INF-RR-001", "at", signs(breaths=Breaths.of(10)), "clear"),
    Case("INF-RR-001", "above", signs(breaths=Breaths.of(11)), "clear"),
    Case("INF-RR-001", "missing", signs(breaths=None), "unknown", says=("breathing rate",)),
    Case("INF-SED-001", "below", signs(sedation=2), "fires", says=("MOAA/S 2",)),
    Case("INF-HR-001", "other", signs(pulse=Pulse.of(70)), "clear", "a usual pulse"),
    Case("INF-SED-001", "at", signs(sedation=3), "fires"),
    Case("INF-SED-001", "above", signs(sedation=4), "clear"),
    Case("INF-SED-001", "missing", signs(sedation=None), "unknown", says=("sedation (MOAA/S)",)),
    Case("INF-SED-002", "below", signs(sedation=1), "fires", says=("MOAA/S 1",)),
    Case("INF-SED-002", "at", signs(sedation=2), "fires"),
    Case("INF-SED-002", "above", signs(sedation=3), "clear"),
    Case("INF-SED-002", "missing", signs(sedation=None), "unknown", says=("sedation (MOAA/S)",)),
    Case("INF-DIS-001", "below", signs(dissociation=8), "clear", "strong, and expected"),
    Case("INF-DIS-001", "at", signs(dissociation=9), "fires", "very strong", says=("dissociation 9 of 10",)),
    Case("INF-DIS-001", "above", signs(dissociation=10), "fires", "as strong as can be"),
    Case("INF-DIS-001", "missing", signs(dissociation=None), "unknown", "not asked", says=("dissociation",)),
    Case("INF-EVT-001", "below", event("headache", 2), "clear", "a moderate headache"),
    Case("INF-EVT-001", "at", event("headache", 3), "fires", "a severe headache", says=("Headache, severe",)),
    Case("INF-EVT-001", "above", event("vomiting", 4), "fires"),
    Case("INF-EVT-001", "other", event("chest_pain", None), "fires", "whatever its grade"),
    Case(
        "INF-EVT-001",
        "other",
        event("neurological_sign", 1),
        "fires",
        "whatever its grade",
        says=("New weakness, speech or vision trouble",),
    ),
    Case("INF-EVT-001", "missing", event("headache", None), "unknown", says=("grade of headache",)),
    # 40 mg over 40 min in 100 mL is 150 mL/h.
    Case("INF-RATE-001", "below", rate("149.9"), "clear"),
    Case("INF-RATE-001", "at", rate("150"), "clear"),
    Case("INF-RATE-001", "above", rate("150.1"), "fires", says=("150.1 mL/h, ordered 150 mL/h",)),
    Case(
        "INF-RATE-001",
        "missing",
        at_noon(prepared()),
        "unknown",
        "no rate is asked for",
        says=("the rate of the pump",),
    ),
    Case("INF-RATE-001", "missing", rate("150", order=None), "unknown", says=("the ordered rate",)),
    # 40 mg and 2 % more is 40.8 mg.
    Case("INF-RATE-002", "below", bag("40.799"), "clear"),
    Case("INF-RATE-002", "at", bag("40.8"), "clear"),
    Case("INF-RATE-002", "above", bag("40.801"), "fires", says=("the bag holds 40.801 mg, ordered 40 mg",)),
    # 10 mg ran from the first bag, so the second may hold 30.8 mg.
    Case("INF-RATE-002", "at", next_bag("30.8"), "clear", "a second bag"),
    Case(
        "INF-RATE-002",
        "above",
        next_bag("30.801"),
        "fires",
        "a second bag",
        says=("the bag holds 30.801 mg, 10 mg given before it, ordered 40 mg",),
    ),
    Case(
        "INF-RATE-002",
        "other",
        start(time_out=(NOON - 14 * MINUTE, HELD), started=(NOON - 13 * MINUTE, STARTED)),
        "clear",
        "the only bag, part of it given",
    ),
    Case(
        "INF-RATE-002",
        "missing",
        start(order=None),
        "unknown",
        "nothing ordered",
        says=("the ordered dose", "what the bag holds"),
    ),
    Case("INF-RATE-002", "missing", start(draw=None), "unknown", says=("what the bag holds",)),
    Case("INF-RATE-003", "below", rate("15"), "fires", "a tenth", says=("15 mL/h, ordered 150 mL/h",)),
    Case("INF-RATE-003", "at", rate("150"), "clear"),
    Case("INF-RATE-003", "above", rate("1500"), "fires", "tenfold"),
    Case(
        "INF-RATE-003",
        "missing",
        at_noon(prepared()),
        "unknown",
        "no rate is asked for",
        says=("the rate of the pump",),
    ),
    Case("INF-RATE-003", "missing", start(order=None), "unknown", says=("the ordered rate",)),
    # 80 kg at 2 mg/kg is 160 mg in an hour, which 0.4 mg/mL gives at 400 mL/h.
    Case("INF-RATE-004", "below", rate("399.9"), "clear"),
    Case("INF-RATE-004", "at", rate("400"), "clear"),
    Case("INF-RATE-004", "above", rate("400.1"), "fires", says=("400.1 mL/h gives 2.01 mg/kg in 1 h",)),
    # The second bag holds 60 mg in 75 mL, twice as much in each mL as the first.
    Case(
        "INF-RATE-004",
        "at",
        changed(next_bag("60"), rate=FlowRate.of("200")),
        "clear",
        "a stronger second bag",
    ),
    Case(
        "INF-RATE-004",
        "above",
        changed(next_bag("60"), rate=FlowRate.of("200.1")),
        "fires",
        "a stronger second bag",
        says=("200.1 mL/h gives 2.01 mg/kg in 1 h",),
    ),
    Case("INF-RATE-004", "missing", at_noon(prepared()), "unknown", "no rate is asked for"),
    Case("INF-RATE-004", "missing", rate("150", draw=None), "unknown", says=("what the bag holds",)),
    Case("INF-RES-001", "below", resumed(**pair(164, 99), spo2=Saturation.of(94), sedation=4), "clear"),
    Case(
        "INF-RES-001",
        "at",
        resumed(**pair(165, 80)),
        "fires",
        "systolic",
        says=("systolic pressure 165 mmHg",),
    ),
    Case(
        "INF-RES-001",
        "at",
        resumed(**pair(120, 100)),
        "fires",
        "diastolic",
        says=("diastolic pressure 100 mmHg",),
    ),
    Case(
        "INF-RES-001",
        "above",
        resumed(**pair(180, 110)),
        "fires",
        says=("systolic pressure 180 mmHg", "diastolic pressure 110 mmHg"),
    ),
    Case(
        "INF-RES-001",
        "other",
        resumed(spo2=Saturation.of(93)),
        "fires",
        "saturation",
        says=("oxygen saturation 93 %",),
    ),
    Case("INF-RES-001", "other", resumed(sedation=3), "fires", "sedation", says=("sedation (MOAA/S) 3",)),
    Case(
        "INF-RES-001",
        "other",
        resumed(sedation=3, spo2=None),
        "fires",
        "one is enough",
        says=("sedation (MOAA/S) 3",),
    ),
    Case(
        "INF-RES-001", "missing", resumed(spo2=None), "unknown", says=("oxygen saturation since the pause",)
    ),
    Case(
        "INF-RES-001",
        "missing",
        at_noon(prepared(), rate=DOSE.rate),
        "unknown",
        "no signs",
        says=(
            "systolic pressure since the pause",
            "diastolic pressure since the pause",
            "oxygen saturation since the pause",
            "sedation (MOAA/S) since the pause",
        ),
    ),
]
