"""What the rules of the infusion look at, and the last sign that was charted."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from evenkeel.record.signs import Signs
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import FlowRate, Minutes, Pressure
from evenkeel.values.shape import frozen


@frozen
class InfusionFacts:
    """A visit at a moment, with the signs just taken or the rate asked for where a rule needs them."""

    visit: VisitState
    at: datetime
    signs: Signs = Signs()
    rate: FlowRate | None = None


@frozen
class PressureReading:
    """One blood pressure and when it was taken; half a reading is kept as half."""

    at: datetime
    systolic: Pressure | None
    diastolic: Pressure | None


def charted(visit: VisitState, at: datetime) -> list[tuple[datetime, Signs]]:
    """Every set of signs up to a moment, the check-in's among them, by clinical time."""
    sets = [(fact.at, fact.payload.signs) for fact in visit.checks]
    if visit.check_in is not None:
        sets.append((visit.check_in.at, visit.check_in.payload.signs))
    return sorted((one for one in sets if one[0] <= at), key=lambda one: one[0])


def latest_sign(visit: VisitState, name: str, at: datetime) -> tuple[datetime, Any] | None:
    """When one sign was last charted, and what it was; None when it never was."""
    found = ((when, getattr(signs, name)) for when, signs in reversed(charted(visit, at)))
    return next(((when, value) for when, value in found if value is not None), None)


def latest_pressure(visit: VisitState, at: datetime) -> PressureReading | None:
    """The last blood pressure charted, or None."""
    for when, signs in reversed(charted(visit, at)):
        if signs.systolic is not None or signs.diastolic is not None:
            return PressureReading(at=when, systolic=signs.systolic, diastolic=signs.diastolic)
    return None


def minutes_between(earlier: datetime, later: datetime) -> Decimal:
    """Minutes from one moment to another, exact to the microsecond."""
    return Decimal((later - earlier) // datetime.resolution) / 60_000_000


def whole_minutes(earlier: datetime, later: datetime) -> Minutes:
    """Minutes from one moment to a later one as a sentence gives them, without the seconds beyond."""
    return Minutes.of(int(minutes_between(earlier, later)))
