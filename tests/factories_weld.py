"""What tests of a visit's drug ask of the ledger and do to it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest

from evenkeel.journey import infusion
from evenkeel.journey.custody import waste, weld
from evenkeel.journey.custody.waste import Measured
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Place
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Volume
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, people

AFTER = chairside.STOPPED_AT + timedelta(minutes=5)
# The standard dose: 0.70 mL of 50 mg/mL in a bag of 100 mL, from a vial of 500 mg.
DRAWN_MCG, VIAL_MCG = 35_000, 500_000


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Every issue as (code, field)."""
    return {(issue.code, issue.field) for issue in refusal.value.issues}


def held(visit: StreamId, place: Place) -> int:
    """Micrograms of the visit's lots in a place."""
    lots = custody.lots_of_visit(visit)
    return sum(each.mass.mcg for lot in lots for each in custody.balances(None, place, lot=lot))


def in_hand(visit: StreamId) -> dict[str, int]:
    """What a visit has in hand, by place."""
    return {each.account.place: each.mass.mcg for each in weld.in_hand(visit)}


def where(visit: StreamId) -> dict[str, int]:
    """What became of the visit's vial: given, wasted and missing micrograms."""
    return {place: held(visit, place) for place in ("patient", "wasted", "missing")}


def found_left(visit: StreamId, **milliliters: str) -> tuple[Measured, ...]:
    """What was measured: as expected, but for the places that are named."""
    return tuple(
        Measured(
            place=each.account.place,
            ref=each.account.ref,
            volume=Volume.of(milliliters.get(each.account.place) or f"{float(each.volume_ml):.1f}"),
        )
        for each in waste.expected_rests(reading.visit(visit))
    )


def waste_rest(
    visit: StreamId, measured: Iterable[Measured], at: datetime = AFTER, **changes: object
) -> StreamId:
    """The nurse wastes what was measured, and another one sees it."""
    values: dict[str, object] = {
        "cause": "left_over",
        "explanation": "",
        "second": people().nurse2.id,
        "proof_of_second": Proof(password=PASSWORD),
        **changes,
    }
    return waste.waste_rest(act(people().nurse, at), visit=visit, measured=tuple(measured), **values)  # type: ignore[arg-type]


def stopped_visit(minutes: int = 40, pump_volume: str | None = None) -> StreamId:
    """A visit whose pump ran so long."""
    visit = chairside.running_visit()
    infusion.stop(
        act(people().nurse, chairside.STARTED_AT + timedelta(minutes=minutes)),
        visit=visit,
        reason="patient_wish",
        note="",
        pump_volume=Volume.of(pump_volume) if pump_volume else None,
    )
    return visit
