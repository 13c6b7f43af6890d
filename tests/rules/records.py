"""Made-up records for the tables: states folded from entries, as the store would hold them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from evenkeel.record.chain import first_hash, seal
from evenkeel.record.checkin import CheckInRecorded, Escort
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Author, Draft, Entry
from evenkeel.record.ordering import DoseDrawn, OrderSigned, Vial, VialDrawn
from evenkeel.record.preparation import ConsentGiven
from evenkeel.record.referral import CourseReferred, Referrer
from evenkeel.record.screening import Checklist, ScreeningRecorded
from evenkeel.record.series import InfusionCounted, VisitBooked
from evenkeel.record.signs import Signs
from evenkeel.record.state import State
from evenkeel.record.verdict import Signature
from evenkeel.record.visits import VisitState
from evenkeel.values.dose import Dose
from evenkeel.values.dose_plan import Stage
from evenkeel.values.dosing_weight import DosingWeight
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ChairId, ClinicianId, IdempotencyKey, StreamId
from evenkeel.values.quantities import (
    DosePerWeight,
    Hours,
    Minutes,
    Pressure,
    Pulse,
    Saturation,
    Volume,
    Weight,
)
from tests.rules.case import DAY

NOON = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
PATIENT = StreamId("patient:00000000-0000-0000-0000-000000000001")
COURSE = StreamId("course:00000000-0000-0000-0000-000000000002")
VISIT = StreamId("visit:00000000-0000-0000-0000-000000000003")
NURSE = Author(id=ClinicianId("1"), role="nurse", printed_name="Made-up Nurse")

S = TypeVar("S", bound=State)
P = TypeVar("P")


def entries_of(stream: StreamId, facts: Sequence[tuple[datetime, Any]]) -> tuple[Entry, ...]:
    """Write facts, each a clinical time and a payload, in the order given."""
    entries: list[Entry] = []
    previous = first_hash(stream)
    for seq, (at, payload) in enumerate(facts, start=1):
        entry = seal(
            Draft(payload=payload, happened_at=at),
            stream=stream,
            seq=seq,
            previous_hash=previous,
            by=NURSE,
            key=IdempotencyKey(str(seq)),
            recorded_at=at,
        )
        entries.append(entry)
        previous = entry.hash
    return tuple(entries)


def fold(cls: type[S], stream: StreamId, facts: Sequence[tuple[datetime, Any]]) -> S:
    """What facts, each a clinical time and a payload, come to."""
    return cls.fold(stream, entries_of(stream, facts))


def course(*facts: tuple[datetime, Any]) -> CourseState:
    """A course that begins with a referral for depression 60 days before noon."""
    referral = CourseReferred(
        patient=PATIENT,
        indication="depression",
        referrer=Referrer(name="Made-up Referrer", practice="", phone=""),
        reason="",
        received_date=DAY - timedelta(days=60),
    )
    return fold(CourseState, COURSE, [(NOON - timedelta(days=60), referral), *facts])


def visit(*facts: tuple[datetime, Any]) -> VisitState:
    """A visit that begins with a booking for noon."""
    booking = VisitBooked(
        patient=PATIENT,
        course=COURSE,
        chair=ChairId("1"),
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=3),
        number=1,
        purpose="induction",
    )
    return fold(VisitState, VISIT, [(NOON - timedelta(days=7), booking), *facts])


def changed(base: P, **changes: Any) -> P:
    """A copy of a fact with other values."""
    return replace(base, **changes)  # type: ignore[type-var]


SCREENING = ScreeningRecorded(
    checklist=Checklist(
        answers={},
        workup={},
        weight=None,
        height=None,
        stop_bang=None,
        since_substances=None,
        systolic=None,
        diastolic=None,
    ),
    note="",
    outcome="fit",
    verdicts=(),
)
CONSENT = ConsentGiven(
    document="Made-up consent",
    version="1",
    language="en",
    explained_by="Made-up Prescriber",
    topics=(),
    off_label_explained=True,
)
SIGNS = Signs(
    systolic=Pressure.of(120), diastolic=Pressure.of(80), pulse=Pulse.of(70), spo2=Saturation.of(98)
)
ESCORT = Escort(name="Made-up Escort", phone="555 0100", relation="friend", confirmed="yes")
CHECK_IN = CheckInRecorded(
    name_and_birth_date_agree="yes",
    record_number_agrees="yes",
    escort=ESCORT,
    hours_since_clear_fluid=Hours.of(3),
    hours_since_light_meal=Hours.of(8),
    weight=Weight.of("80"),
    weight_measured_today="yes",
    answers={},
    signs=SIGNS,
    verdicts=(),
    outcome="open",
)
# By hand: 80 kg x 0.5 mg/kg = 40 mg = 0.8 mL of 50 mg/mL; 100 mL over 40 min = 150 mL/h.
DOSE = Dose.of(
    per_weight=DosePerWeight.of("0.5"),
    weight=Weight.of("80"),
    strength=Strength.mg_per_ml("50"),
    bag=Volume.of("100"),
    duration=Minutes.of("40"),
)
SIGNATURE = Signature(
    printed_name="Made-up Prescriber", signed_at=NOON, meaning="I order this infusion.", method="password"
)
ON_SCALE = DosingWeight(
    basis="actual",
    weight=DOSE.weight,
    weighed=DOSE.weight,
    weighed_date=DAY,
    height=None,
    height_date=None,
)
ORDER = OrderSigned(
    protocol="mood_standard",
    route="iv",
    dose=DOSE,
    stages=(Stage(per_weight=DOSE.per_weight, duration=DOSE.duration),),
    on=ON_SCALE,
    day=None,
    of_days=None,
    expires_at=NOON + timedelta(hours=12),
    note="",
    verdicts=(),
    overrides=(),
    signature=SIGNATURE,
)
VIAL = Vial(
    product="ketamine_50_10",
    strength=Strength.mg_per_ml("50"),
    lot="MADE-UP-1",
    expiry_date=DAY + timedelta(days=100),
)
FROM_VIAL = VialDrawn(
    lot=StreamId("custody:made-up"), number="MADE-UP-1-1", label=VIAL, volume=DOSE.draw, drawn=DOSE.drawn
)
DRAWN = DoseDrawn(
    vials=(FROM_VIAL,), volume=DOSE.draw, drawn=DOSE.drawn, bag=DOSE.bag, rate=DOSE.rate, verdicts=()
)


def infusion_counted(started_at: datetime, per_weight: str = "0.5") -> InfusionCounted:
    """An earlier infusion of the same patient at 80 kg."""
    per = DosePerWeight.of(per_weight)
    return InfusionCounted(
        visit=StreamId("visit:00000000-0000-0000-0000-000000000009"),
        number=1,
        started_at=started_at,
        given=DrugMass(mcg=int(per.value * 80_000)),
        per_weight=per,
        stopped_early=False,
    )
