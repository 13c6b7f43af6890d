"""One made-up visit brought to each point at the chair, through the use cases, in the time that it takes."""

from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinical import discharge as discharge_rules
from evenkeel.journey import discharge, infusion, monitors, ordering
from evenkeel.journey.custody import waste as waste_rules
from evenkeel.journey.custody.waste import Measured, WasteCause
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.second_person import Proof
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.dose_plan import Stage
from evenkeel.values.drug import Strength, to_decimal
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.quantities import (
    Breaths,
    DosePerWeight,
    FlowRate,
    Minutes,
    Pressure,
    Pulse,
    Saturation,
    Volume,
    Weight,
)
from tests.factories import NOW, PASSWORD, act, chairs, checked_in_visit, people
from tests.factories_custody import receive

ORDERED_AT: Final = NOW + timedelta(minutes=70)
DRAWN_AT: Final = NOW + timedelta(minutes=75)
CHECKED_AT: Final = NOW + timedelta(minutes=80)
TIME_OUT_AT: Final = NOW + timedelta(minutes=88)
STARTED_AT: Final = NOW + timedelta(minutes=90)
STOPPED_AT: Final = STARTED_AT + timedelta(minutes=40)
# The first infusion of a course: two hours after its end (clinical-protocol.md, section 6, proposal).
LEFT_AT: Final = STOPPED_AT + timedelta(hours=2, minutes=5)

# The worked example of screens.md: 0.5 mg/kg x 70.2 kg = 35.1 mg; 0.70 mL of 50 mg/mL (35.0 mg); 100 mL over
# 40 min = 150 mL/h.
STANDARD: Final = {
    "protocol": "mood_standard",
    "stages": (Stage(per_weight=DosePerWeight.of("0.5"), duration=Minutes.of(40)),),
    "product": "ketamine_50_10",
    "bag": Volume.of(100),
}
DRAWN: Final = {"bag": Volume.of(100), "rate": FlowRate.of(150)}
VOLUME: Final = Volume.of("0.70")
MONITOR: Final = "MON-1"


def signs(systolic: int = 128, diastolic: int = 80, **others: object) -> Signs:
    """A full check with nothing to remark."""
    found: dict[str, object] = {
        "systolic": Pressure.of(systolic),
        "diastolic": Pressure.of(diastolic),
        "pulse": Pulse.of(76),
        "spo2": Saturation.of(98),
        "breaths": Breaths.of(14),
        "sedation": 5,
        "dissociation": 3,
    }
    return Signs(**(found | others))  # type: ignore[arg-type]


def in_stages(*stages: tuple[str, str]) -> tuple[Stage, ...]:
    """Stages of an order, each in mg/kg and minutes."""
    return tuple(
        Stage(per_weight=DosePerWeight.of(amount), duration=Minutes.of(minutes)) for amount, minutes in stages
    )


def stock_up(at: datetime = NOW) -> StreamId:
    """Five vials of the standard strength of a lot of their own; the newest lot is the first to expire.

    So two visits of a test never draw from one lot, and may be told in any order.
    """
    number = len(custody.lots(product="ketamine_50_10")) + 1
    expiry = at.date() + timedelta(days=3000 - number)
    return receive("ketamine_50_10", f"K-{number}", vials=5, expiry=expiry, at=at)


def take(visit: StreamId, volume: Volume = VOLUME, lot: StreamId | None = None) -> VialTake:
    """A new vial of the lot that the order keeps, or of another one."""
    return VialTake(lot=lot or custody.kept_for(visit)[0].lot, number="", volume=volume)


def order(visit: StreamId, at: datetime = ORDERED_AT, **changes: object) -> None:
    """The prescriber signs the standard order, but for what is named; what it needs is in stock."""
    stock_up(at - timedelta(minutes=5))
    values: dict[str, object] = {**STANDARD, "note": "", "overrides": (), "password": PASSWORD, **changes}
    ordering.sign_order(act(people().prescriber, at), visit=visit, **values)  # type: ignore[arg-type]


def draw(visit: StreamId, at: datetime = DRAWN_AT, **changes: object) -> None:
    """The first nurse draws up what was ordered from the vial that was kept, but for what is named."""
    values: dict[str, object] = {**DRAWN, **changes}
    values["takes"] = changes.get("takes") or (take(visit),)
    ordering.draw_dose(act(people().nurse, at), visit=visit, **values)  # type: ignore[arg-type]


def second_reading(visit: StreamId) -> dict[str, object]:
    """What the second person reads when all is as it should be."""
    patient = reading.patient(reading.visit(visit).booking.payload.patient)
    return {
        "record_number": patient.demographics.record_number,
        "strength": Strength.mg_per_ml(50),
        "volume": Volume.of("0.7"),
        "bag": Volume.of(100),
        "rates": (FlowRate.of(150),),
        "weight": Weight.of("70.2"),
    }


def double_check(visit: StreamId, at: datetime = CHECKED_AT, **changes: object) -> None:
    """The second nurse reads everything for themselves."""
    values = second_reading(visit) | changes
    ordering.double_check(act(people().nurse2, at), visit=visit, **values)  # type: ignore[arg-type]


def hold_time_out(visit: StreamId, at: datetime = TIME_OUT_AT) -> None:
    """Both nurses stop and read aloud."""
    infusion.hold_time_out(
        act(people().nurse, at),
        visit=visit,
        second=people().nurse2.id,
        proof_of_second=Proof(password=PASSWORD),
        confirmed=tuple(infusion.TIME_OUT),
    )


def start(visit: StreamId, at: datetime = STARTED_AT) -> None:
    """The pump runs."""
    infusion.start(act(people().nurse, at), visit=visit, pump="Pump 7", cannula_site="left forearm, 22 G")


def chart(visit: StreamId, at: datetime, charted: Signs | None = None) -> None:
    """The nurse charts a check."""
    infusion.chart_signs(act(people().nurse, at), visit=visit, signs=charted or signs(), source="manual")


def stop(visit: StreamId, at: datetime = STOPPED_AT) -> None:
    """The bag is empty."""
    infusion.stop(
        act(people().nurse, at), visit=visit, reason="completed", note="", pump_volume=Volume.of(100)
    )


def waste(visit: StreamId, at: datetime = STOPPED_AT, cause: WasteCause = "left_over") -> None:
    """Two nurses measure what is left, find what should be there, and waste it."""
    expected = waste_rules.expected_rests(reading.visit(visit))
    waste_rules.waste_rest(
        act(people().nurse, at),
        visit=visit,
        measured=tuple(
            Measured(
                place=each.account.place,
                ref=each.account.ref,
                volume=Volume(value=to_decimal(each.volume_ml, 1)),
            )
            for each in expected
        ),
        cause=cause,
        explanation="",
        second=people().nurse2.id,
        proof_of_second=Proof(password=PASSWORD),
    )


def leave(visit: StreamId, at: datetime = LEFT_AT, overrides: tuple[Override, ...] = ()) -> None:
    """Every criterion is met, the rest of the drug is wasted, and the brother takes the patient home."""
    if waste_rules.expected_rests(reading.visit(visit)):
        waste(visit, at)
    discharge.discharge(
        act(people().nurse, at),
        visit=visit,
        criteria={question.key: question.safe for question in discharge_rules.CRITERIA},
        received_by="Jon Testwell",
        received_by_phone="555-0101",
        instructions_given=True,
        against_advice=False,
        note="",
        overrides=overrides,
        password=PASSWORD,
    )


def ordered_visit(chair: ChairId | None = None) -> StreamId:
    """A visit with a signed order."""
    visit = checked_in_visit(chair=chair)
    order(visit)
    return visit


def drawn_visit(chair: ChairId | None = None) -> StreamId:
    """A visit whose dose the first nurse has drawn up."""
    visit = ordered_visit(chair)
    draw(visit)
    return visit


def double_checked_visit(chair: ChairId | None = None) -> StreamId:
    """A visit whose dose two people agree on."""
    visit = drawn_visit(chair)
    double_check(visit)
    return visit


def ready_visit(chair: ChairId | None = None) -> StreamId:
    """A visit that may start."""
    visit = double_checked_visit(chair)
    hold_time_out(visit)
    return visit


def running_visit(chair: ChairId | None = None) -> StreamId:
    """A visit whose pump runs since `STARTED_AT`."""
    visit = ready_visit(chair)
    start(visit)
    return visit


def recovering_visit(chair: ChairId | None = None) -> StreamId:
    """A visit whose infusion ran to its end at `STOPPED_AT`, charted every ten minutes."""
    visit = running_visit(chair)
    for minutes in (10, 20, 30, 40):
        chart(visit, STARTED_AT + timedelta(minutes=minutes))
    stop(visit)
    return visit


def discharged_visit(chair: ChairId | None = None) -> StreamId:
    """A visit that is over."""
    visit = recovering_visit(chair)
    for minutes in range(15, 121, 15):
        chart(visit, STOPPED_AT + timedelta(minutes=minutes))
    leave(visit)
    return visit


def assign_monitor(chair: ChairId | None = None, monitor: str = MONITOR) -> ChairId:
    """The monitor stands beside a chair, the first unless told; returns the chair."""
    chair = chair or chairs()[0]
    monitors.assign_monitor(act(people().nurse, NOW), chair=chair, monitor=monitor)
    return chair
