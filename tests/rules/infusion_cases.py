"""The infusion: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinical.infusion.events import EventFacts
from evenkeel.clinical.infusion.facts import InfusionFacts
from evenkeel.clinical.infusion.rises import PressureFacts
from evenkeel.clinical.infusion.schedule import Overdue
from evenkeel.clinical.infusion.watch import Watch
from evenkeel.record.checkin import CheckInDecided
from evenkeel.record.entry import Author
from evenkeel.record.infusion import EventRecorded, InfusionPaused, SignsCharted, TimeOutHeld
from evenkeel.record.ordering import DoseChecked
from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Breaths, FlowRate, Pressure, Pulse, Saturation, Weight
from tests.rules.case import Case
from tests.rules.records import (
    CHECK_IN,
    DOSE,
    DRAWN,
    NOON,
    ORDER,
    SIGNATURE,
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


def resting(systolic: int | None, diastolic: int | None, decided_at: int | None = None) -> InfusionFacts:
    """A check-in with this pressure; `decided_at` is the systolic charted after a prescriber's go-on."""
    measured = replace(AWAKE, **pair(systolic, diastolic))
    checked_in = (NOON - 40 * MINUTE, changed(CHECK_IN, signs=measured))
    if decided_at is None:
        return start(check_in=checked_in)
    decision = CheckInDecided(decision="go_on", reason="Made-up reason", overrides=(), signature=SIGNATURE)
    again = charted(replace(measured, systolic=Pressure.of(decided_at)))
    return start(
        check_in=checked_in, decision=(NOON - 30 * MINUTE, decision), again=(NOON - 5 * MINUTE, again)
    )


def aged(minutes: int, seconds: int = 0, **changes: Any) -> InfusionFacts:
    """A check-in whose signs are so old at noon."""
    at = NOON - minutes * MINUTE - seconds * SECOND
    return start(check_in=(at, changed(CHECK_IN, signs=replace(AWAKE, **changes))))


def rate(ml_per_h: str, **changes: Any) -> InfusionFacts:
    """A prepared visit whose pump is asked to run at this rate."""
    return at_noon(prepared(**changes), rate=FlowRate.of(ml_per_h))


def bag(mg: str) -> InfusionFacts:
    """A bag that holds so much; 40 mg are ordered."""
    return start(draw=changed(DRAWN, drawn=DrugMass.mg(mg)))


def resumed(**changes: Any) -> InfusionFacts:
    """A paused infusion with these signs since the pause."""
    return at_noon(prepared(), signs=replace(AWAKE, **changes), rate=DOSE.rate)


def event(kind: Any, grade: int | None) -> EventFacts:
    """One event."""
    return EventFacts(event=kind, grade=grade)


def before_start(kind: Any, grade: int | None, minutes: int = 10) -> InfusionFacts:
    """A prepared visit with an event so many minutes before the start; the check-in was 40 minutes before."""
    happened = EventRecorded(event=kind, grade=grade, note="")
    return start(event=(NOON - minutes * MINUTE, happened))


def said(*keys: str) -> InfusionFacts:
    """A prepared visit whose time-out named these, besides what is read from the bag and the pump."""
    return start(time_out=changed(HELD, confirmed=("patient", "dose", "volume", "rate", "end", *keys)))


def watched(**since: timedelta | None) -> Watch:
    """A monitor at the chair, half an hour after the start, and how long ago each thing was last seen."""
    at = NOON + 30 * MINUTE
    seen = {f"{name}_at": None if ago is None else at - ago for name, ago in since.items()}
    found: dict[str, datetime | None] = {"heard_at": at, "sampled_at": at, "charted_at": None, **seen}
    return Watch(at=at, since=NOON, has_monitor=True, **found)


UNWATCHED = Watch(at=NOON, since=NOON, has_monitor=False, heard_at=None, sampled_at=None, charted_at=None)
JUST_STARTED = Watch(
    at=NOON + MINUTE, since=NOON, has_monitor=True, heard_at=None, sampled_at=None, charted_at=None
)


def decided(systolic: int | None, diastolic: int | None, **changes: Any) -> PressureFacts:
    """A nurse decides to watch this pressure in a patient without symptoms, but for what is named."""
    usual: dict[str, Any] = {"choice": "watch", "symptoms": "no", "by_prescriber": False}
    return PressureFacts(**pair(systolic, diastolic), **{**usual, **changes})


EXPIRES = changed(ORDER, expires_at=NOON)

CASES = [
    Case("INF-STA-001", "other", start(), "clear"),
    Case(
        "INF-STA-001",
        "other",
        start(order=changed(ORDER, expires_at=NOON + SECOND)),
        "clear",
        "a second left",
    ),
    Case("INF-STA-001", "other", start(order=EXPIRES), "fires", "expires now"),
    Case("INF-STA-001", "missing", start(order=None), "unknown"),
    Case("INF-STA-002", "yes", start(), "clear"),
    Case("INF-STA-002", "no", start(check=changed(CHECKED, agrees=False, disagreements=("rate",))), "fires"),
    Case("INF-STA-002", "missing", start(check=None), "unknown"),
    Case("INF-STA-003", "other", start(), "clear"),
    Case(
        "INF-STA-003",
        "other",
        at_noon(visit((NOON - MINUTE, ORDER), (NOON - MINUTE, DRAWN), (NOON - MINUTE, CHECKED))),
        "fires",
        "the same nurse",
    ),
    Case("INF-STA-003", "missing", start(check=None), "unknown"),
    Case("INF-STA-003", "missing", start(draw=None), "unknown", "nothing drawn"),
    Case("INF-STA-004", "other", start(), "clear"),
    Case(
        "INF-STA-004",
        "other",
        start(time_out=changed(HELD, confirmed=("patient", "dose", "volume", "rate", "rescue", "staff"))),
        "fires",
        "the end was not read",
    ),
    Case("INF-STA-004", "other", start(time_out=changed(HELD, second_person="1")), "fires", "one person"),
    Case("INF-STA-004", "missing", start(time_out=None), "unknown"),
    Case("INF-STA-005", "below", aged(59), "clear"),
    Case("INF-STA-005", "at", aged(60), "clear"),
    Case("INF-STA-005", "above", aged(60, 1), "fires"),
    Case("INF-STA-005", "missing", aged(30, pulse=None), "unknown", "no pulse"),
    Case("INF-STA-005", "missing", aged(30, sedation=None), "unknown", "no sedation score"),
    Case("INF-STA-006", "yes", start(), "clear"),
    Case("INF-STA-006", "no", start(check_in=changed(CHECK_IN, outcome="needs_prescriber")), "fires"),
    Case("INF-STA-006", "missing", start(check_in=None), "unknown"),
    Case("INF-STA-007", "below", aged(10, spo2=Saturation.of(93)), "fires"),
    Case("INF-STA-007", "at", aged(10, spo2=Saturation.of(94)), "clear"),
    Case("INF-STA-007", "above", aged(10, spo2=Saturation.of(95)), "clear"),
    Case("INF-STA-007", "missing", aged(10, spo2=None), "unknown"),
    Case("INF-STA-008", "yes", start(), "clear", "both said"),
    Case("INF-STA-008", "no", said("rescue"), "fires", "nobody with the training is named"),
    Case("INF-STA-008", "no", said("staff"), "fires", "the airway kit is not said to be there"),
    Case("INF-STA-008", "missing", start(time_out=None), "unknown", "no time-out"),
    Case("INF-HR-002", "below", aged(10, pulse=Pulse.of(49)), "fires", "slow"),
    Case("INF-HR-002", "at", aged(10, pulse=Pulse.of(50)), "clear", "slow"),
    Case("INF-HR-002", "at", aged(10, pulse=Pulse.of(120)), "clear", "fast"),
    Case("INF-HR-002", "above", aged(10, pulse=Pulse.of(121)), "fires", "fast"),
    Case("INF-HR-002", "missing", aged(10, pulse=None), "unknown", "no pulse"),
    Case("INF-RR-002", "below", aged(10, breaths=Breaths.of(9)), "fires", "slow breathing"),
    Case("INF-RR-002", "at", aged(10, breaths=Breaths.of(10)), "clear", "at the limit"),
    Case("INF-RR-002", "above", aged(10, breaths=Breaths.of(11)), "clear", "usual breathing"),
    Case("INF-RR-002", "missing", aged(10, breaths=None), "unknown", "not counted"),
    Case("INF-SED-003", "below", aged(10, sedation=4), "fires", "drowsy"),
    Case("INF-SED-003", "at", aged(10, sedation=5), "clear", "awake"),
    # The scale ends at 5, so nothing lies above; a deeper score is the other side.
    Case("INF-SED-003", "above", aged(10, sedation=0), "fires", "nothing lies above 5"),
    Case("INF-SED-003", "missing", aged(10, sedation=None), "unknown", "not scored"),
    Case("INF-EVT-002", "below", before_start("headache", 2), "clear", "a moderate headache"),
    Case("INF-EVT-002", "at", before_start("headache", 3), "fires", "a severe headache"),
    Case("INF-EVT-002", "above", before_start("vomiting", 4), "fires", "life-threatening"),
    Case("INF-EVT-002", "other", before_start("chest_pain", None), "fires", "chest pain of any grade"),
    Case("INF-EVT-002", "other", before_start("chest_pain", 1, 50), "clear", "before this check-in"),
    Case("INF-EVT-002", "other", start(), "clear", "nothing happened"),
    Case("INF-EVT-002", "missing", before_start("dizziness", None), "unknown", "dizziness, not graded"),
    Case("INF-EVT-002", "missing", start(check_in=None), "unknown", "no check-in"),
    # Esketamine label, read second-hand: above 140/90 the risk of a further rise is weighed.
    Case("INF-BP-005", "below", resting(139, 89), "clear", "usual pressure"),
    Case("INF-BP-005", "at", resting(140, 90), "clear", "at the limit"),
    Case("INF-BP-005", "above", resting(141, 80), "fires", "systolic"),
    Case("INF-BP-005", "above", resting(120, 91), "fires", "diastolic"),
    Case("INF-BP-005", "missing", resting(None, None), "unknown", "not measured"),
    # Swiss summary of product characteristics: not above 180/100.
    Case("INF-BP-001", "below", resting(179, 99), "clear"),
    Case("INF-BP-001", "at", resting(180, 100), "clear"),
    Case("INF-BP-001", "above", resting(181, 80), "fires", "systolic"),
    Case("INF-BP-001", "above", resting(120, 101), "fires", "diastolic"),
    Case("INF-BP-001", "above", resting(181, None), "fires", "half a reading"),
    Case("INF-BP-001", "missing", resting(120, None), "unknown", "half a reading"),
    Case("INF-BP-001", "missing", resting(None, None), "unknown"),
    Case("INF-BP-004", "below", resting(159, 99), "clear"),
    Case("INF-BP-004", "at", resting(160, 80), "fires", "systolic"),
    Case("INF-BP-004", "at", resting(120, 100), "fires", "diastolic"),
    Case("INF-BP-004", "above", resting(170, 90), "fires"),
    Case("INF-BP-004", "other", resting(165, 90, decided_at=165), "clear", "a prescriber decided on this"),
    Case("INF-BP-004", "other", resting(165, 90, decided_at=166), "fires", "higher than decided on"),
    Case("INF-BP-004", "missing", resting(None, None), "unknown"),
    # Rodrigues 2020: 165/100.
    Case("INF-BP-003", "below", signs(**pair(164, 99)), "clear"),
    Case("INF-BP-003", "at", signs(**pair(165, 80)), "fires", "systolic"),
    Case("INF-BP-003", "at", signs(**pair(120, 100)), "fires", "diastolic"),
    Case("INF-BP-003", "above", signs(**pair(166, 101)), "fires"),
    Case("INF-BP-003", "missing", signs(**pair(None, None)), "unknown"),
    Case("INF-BP-002", "below", signs(**pair(179, 109)), "clear"),
    Case("INF-BP-002", "at", signs(**pair(180, 80)), "fires", "systolic"),
    Case("INF-BP-002", "at", signs(**pair(120, 110)), "fires", "diastolic"),
    Case("INF-BP-002", "above", signs(**pair(181, 111)), "fires"),
    Case("INF-BP-002", "missing", signs(**pair(120, None)), "unknown"),
    Case("INF-BP-006", "below", decided(179, 109), "clear", "watched by the nurse"),
    Case("INF-BP-006", "at", decided(180, 80), "fires", "systolic, watched by the nurse"),
    Case("INF-BP-006", "at", decided(150, 110), "fires", "diastolic, watched by the nurse"),
    Case("INF-BP-006", "above", decided(190, 115), "fires", "watched by the nurse"),
    Case("INF-BP-006", "above", decided(190, 115, by_prescriber=True), "clear", "watched by a prescriber"),
    Case("INF-BP-006", "other", decided(170, 95, symptoms="yes"), "fires", "watched with symptoms"),
    Case(
        "INF-BP-006",
        "other",
        decided(170, 95, symptoms="yes", by_prescriber=True),
        "fires",
        "watched with symptoms, by a prescriber",
    ),
    Case(
        "INF-BP-006", "other", decided(190, 115, choice="hold", symptoms="yes"), "clear", "the drug is held"
    ),
    Case("INF-BP-006", "other", decided(190, 115, choice="treat"), "clear", "it is treated"),
    Case("INF-BP-006", "missing", decided(170, 95, symptoms="unknown"), "unknown", "symptoms not asked"),
    Case("INF-BP-006", "missing", decided(170, None), "unknown", "half a reading"),
    Case("INF-OX-001", "below", signs(spo2=Saturation.of(93)), "fires"),
    Case("INF-OX-001", "at", signs(spo2=Saturation.of(94)), "clear"),
    Case("INF-OX-001", "above", signs(spo2=Saturation.of(95)), "clear"),
    Case("INF-OX-001", "missing", signs(spo2=None), "unknown"),
    Case("INF-OX-002", "below", signs(spo2=Saturation.of(89)), "fires"),
    Case("INF-OX-002", "at", signs(spo2=Saturation.of(90)), "clear"),
    Case("INF-OX-002", "above", signs(spo2=Saturation.of(91)), "clear"),
    Case("INF-OX-002", "missing", signs(spo2=None), "unknown"),
    Case("INF-HR-001", "below", signs(pulse=Pulse.of(49)), "fires"),
    Case("INF-HR-001", "at", signs(pulse=Pulse.of(50)), "clear", "slow"),
    Case("INF-HR-001", "at", signs(pulse=Pulse.of(120)), "clear", "fast"),
    Case("INF-HR-001", "above", signs(pulse=Pulse.of(121)), "fires"),
    Case("INF-HR-001", "missing", signs(pulse=None), "unknown"),
    Case("INF-RR-001", "below", signs(breaths=Breaths.of(9)), "fires"),
    Case("INF-RR-001", "at", signs(breaths=Breaths.of(10)), "clear"),
    Case("INF-RR-001", "above", signs(breaths=Breaths.of(11)), "clear"),
    Case("INF-RR-001", "missing", signs(breaths=None), "unknown"),
    Case("INF-SED-001", "below", signs(sedation=2), "fires"),
    Case("INF-SED-001", "at", signs(sedation=3), "fires"),
    Case("INF-SED-001", "above", signs(sedation=4), "clear"),
    Case("INF-SED-001", "missing", signs(sedation=None), "unknown"),
    Case("INF-SED-002", "below", signs(sedation=1), "fires"),
    Case("INF-SED-002", "at", signs(sedation=2), "fires"),
    Case("INF-SED-002", "above", signs(sedation=3), "clear"),
    Case("INF-SED-002", "missing", signs(sedation=None), "unknown"),
    Case("INF-DIS-001", "below", signs(dissociation=8), "clear", "strong, and expected"),
    Case("INF-DIS-001", "at", signs(dissociation=9), "fires", "very strong"),
    Case("INF-DIS-001", "above", signs(dissociation=10), "fires", "as strong as can be"),
    Case("INF-DIS-001", "missing", signs(dissociation=None), "unknown", "not asked"),
    Case("INF-EVT-001", "below", event("headache", 2), "clear", "a moderate headache"),
    Case("INF-EVT-001", "at", event("headache", 3), "fires", "a severe headache"),
    Case("INF-EVT-001", "above", event("vomiting", 4), "fires"),
    Case("INF-EVT-001", "other", event("chest_pain", None), "fires", "whatever its grade"),
    Case("INF-EVT-001", "other", event("neurological_sign", 1), "fires", "whatever its grade"),
    Case("INF-EVT-001", "missing", event("headache", None), "unknown"),
    # 40 mg over 40 min in 100 mL is 150 mL/h.
    Case("INF-RATE-001", "below", rate("149.9"), "clear"),
    Case("INF-RATE-001", "at", rate("150"), "clear"),
    Case("INF-RATE-001", "above", rate("150.1"), "fires"),
    Case("INF-RATE-001", "missing", rate("150", order=None), "unknown"),
    # 40 mg and 2 % more is 40.8 mg.
    Case("INF-RATE-002", "below", bag("40.799"), "clear"),
    Case("INF-RATE-002", "at", bag("40.8"), "clear"),
    Case("INF-RATE-002", "above", bag("40.801"), "fires"),
    Case("INF-RATE-002", "missing", start(draw=None), "unknown"),
    Case("INF-RATE-003", "below", rate("15"), "fires", "a tenth"),
    Case("INF-RATE-003", "at", rate("150"), "clear"),
    Case("INF-RATE-003", "above", rate("1500"), "fires", "tenfold"),
    Case("INF-RATE-003", "missing", start(order=None), "unknown"),
    # 80 kg at 2 mg/kg is 160 mg in an hour, which 0.4 mg/mL gives at 400 mL/h.
    Case("INF-RATE-004", "below", rate("399.9"), "clear"),
    Case("INF-RATE-004", "at", rate("400"), "clear"),
    Case("INF-RATE-004", "above", rate("400.1"), "fires"),
    Case("INF-RATE-004", "missing", rate("150", draw=None), "unknown"),
    Case("INF-RES-001", "below", resumed(**pair(164, 99), spo2=Saturation.of(94), sedation=4), "clear"),
    Case("INF-RES-001", "at", resumed(**pair(165, 80)), "fires", "systolic"),
    Case("INF-RES-001", "at", resumed(**pair(120, 100)), "fires", "diastolic"),
    Case("INF-RES-001", "above", resumed(**pair(180, 110)), "fires"),
    Case("INF-RES-001", "other", resumed(spo2=Saturation.of(93)), "fires", "saturation"),
    Case("INF-RES-001", "other", resumed(sedation=3), "fires", "sedation"),
    Case("INF-RES-001", "other", resumed(sedation=3, spo2=None), "fires", "one is enough"),
    Case("INF-RES-001", "missing", resumed(spo2=None), "unknown"),
    Case("INF-RES-001", "missing", at_noon(prepared(), rate=DOSE.rate), "unknown", "no signs"),
    Case("INF-CHK-001", "below", Overdue(since=2 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-001", "at", Overdue(since=2 * MINUTE), "clear"),
    Case("INF-CHK-001", "above", Overdue(since=2 * MINUTE + SECOND), "fires"),
    Case("INF-CHK-001", "missing", Overdue(since=None), "unknown"),
    Case("INF-CHK-002", "below", Overdue(since=5 * MINUTE - SECOND), "clear"),
    Case("INF-CHK-002", "at", Overdue(since=5 * MINUTE), "clear"),
    Case("INF-CHK-002", "above", Overdue(since=5 * MINUTE + SECOND), "fires"),
    Case("INF-CHK-002", "missing", Overdue(since=None), "unknown"),
    Case("INF-CHK-003", "below", Overdue(since=10 * MINUTE - SECOND), "clear", "late, and not missed"),
    Case("INF-CHK-003", "at", Overdue(since=10 * MINUTE), "clear", "the next one is due now"),
    Case("INF-CHK-003", "above", Overdue(since=10 * MINUTE + SECOND), "fires", "missed"),
    Case("INF-CHK-003", "missing", Overdue(since=None), "unknown", "nothing was started"),
    Case("INF-CHK-004", "below", Overdue(since=15 * MINUTE - SECOND), "clear", "late, and not missed"),
    Case("INF-CHK-004", "at", Overdue(since=15 * MINUTE), "clear", "the next one is due now"),
    Case("INF-CHK-004", "above", Overdue(since=15 * MINUTE + SECOND), "fires", "missed"),
    Case("INF-CHK-004", "missing", Overdue(since=None), "unknown", "nothing was started"),
    Case("INF-MON-001", "below", watched(heard=59 * SECOND), "clear", "heard a moment ago"),
    Case("INF-MON-001", "at", watched(heard=MINUTE), "clear", "at the limit"),
    Case("INF-MON-001", "above", watched(heard=MINUTE + SECOND), "fires", "fell silent"),
    Case("INF-MON-001", "other", watched(heard=None), "fires", "never heard since the start"),
    Case("INF-MON-001", "other", JUST_STARTED, "clear", "the drug began a minute ago"),
    Case("INF-MON-001", "missing", UNWATCHED, "unknown", "no monitor at the chair"),
    Case("INF-OX-003", "below", watched(sampled=2 * MINUTE - SECOND), "clear", "measured a moment ago"),
    Case("INF-OX-003", "at", watched(sampled=2 * MINUTE), "clear", "at the limit"),
    Case("INF-OX-003", "above", watched(sampled=2 * MINUTE + SECOND), "fires", "the probe is off"),
    Case("INF-OX-003", "below", watched(sampled=None, charted=5 * MINUTE - SECOND), "clear", "by hand"),
    Case("INF-OX-003", "at", watched(sampled=None, charted=5 * MINUTE), "clear", "by hand"),
    Case("INF-OX-003", "above", watched(sampled=None, charted=5 * MINUTE + SECOND), "fires", "by hand"),
    Case("INF-OX-003", "other", watched(sampled=None), "fires", "never since the start"),
    Case("INF-OX-003", "missing", UNWATCHED, "unknown", "no monitor at the chair"),
]
