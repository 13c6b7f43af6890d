"""Whether a number that a device sent may chart: the same questions for every door it can come in by."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from evenkeel.devices import nomenclature
from evenkeel.devices.nomenclature import CANONICAL_UNIT, MDC_UNITS, UCUM_UNITS, Sign, Unit
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import DeviceObservation, NoSignalReason, RejectReason
from evenkeel.values.shape import frozen

NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")

NO_SIGNAL: Final[dict[NoSignalReason, str]] = {
    NoSignalReason.NO_RESULT: "The monitor says that it has no result.",
    NoSignalReason.BLANK: "The monitor sent no value.",
    NoSignalReason.MISSING_CODE: "The monitor sent a number that stands for a missing value.",
    NoSignalReason.ZERO: "The monitor sent 0: the sensor is off, or nothing was found. Look at the patient.",
}

PRESSURES_DISAGREE: Final = "The systolic pressure is not above the diastolic pressure."
TIME_IN_FUTURE: Final = "The observation is later than its arrival: check the monitor's clock."
TIME_TOO_OLD: Final = "The observation is too old: a stale value, a late message or a wrong clock."


@frozen
class Fault:
    """The rule that a value broke; the sentence is blank where the door has its own words for it."""

    reason: RejectReason
    sentence: str = ""


def silence(sent_value: str) -> NoSignalReason | None:
    """Say why a value stands for nothing measured, or None where it is a value or no number at all."""
    if sent_value == "":
        return NoSignalReason.BLANK
    if not NUMBER.fullmatch(sent_value):
        return None
    value = Decimal(sent_value)
    if value in nomenclature.MISSING_VALUES:
        return NoSignalReason.MISSING_CODE
    return NoSignalReason.ZERO if value == 0 else None


def unit_of(sign: Sign, sent_unit: str, system: str) -> Unit | None:
    """Find a unit by its code; None if it is unknown or of another sign."""
    if system in ("MDC", "") and sent_unit in MDC_UNITS:
        unit = MDC_UNITS[sent_unit]
    elif system in ("UCUM", "") and sent_unit in UCUM_UNITS:
        unit = UCUM_UNITS[sent_unit]
    else:
        return None
    rates = nomenclature.RATE_UNITS_BY_SIGN.get(sign)
    if rates is not None and sent_unit not in rates:
        return None
    return unit if unit.canonical == CANONICAL_UNIT[sign] else None


def judged_value(sign: Sign, sent_value: str, unit: Unit | None) -> Decimal | Fault:
    """Turn a plain number into the sign's canonical unit, or name the rule that it breaks."""
    if unit is None:
        return Fault(reason=RejectReason.UNIT_UNKNOWN)
    value = Decimal(sent_value)
    if unit.factor != nomenclature.ONE:
        value = (value * unit.factor).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    within = plausible().ranges[sign]
    if not within.holds(value):
        return Fault(
            reason=RejectReason.OUT_OF_RANGE,
            sentence=f"{value} is outside what can be measured in a sitting adult: {within.low} to "
            f"{within.high} {CANONICAL_UNIT[sign]}.",
        )
    return value


def judged_time(moment: datetime | None, *, is_given: bool, received_at: datetime) -> datetime | Fault:
    """Return the moment of a measurement, or name the rule that it breaks.

    `moment` is aware, and None where it could not be read; `is_given` says whether anything stood there.
    """
    if moment is None:
        return Fault(reason=RejectReason.TIME_UNREADABLE if is_given else RejectReason.TIME_MISSING)
    if moment - received_at > plausible().future_limit:
        return Fault(reason=RejectReason.TIME_IN_FUTURE)
    if received_at - moment > plausible().age_limit:
        return Fault(reason=RejectReason.TIME_TOO_OLD)
    return moment


def disagreeing(observations: Sequence[DeviceObservation]) -> frozenset[int]:
    """Places of both pressures of one channel and moment where systolic is not above diastolic."""
    groups: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    for place, one in enumerate(observations):
        groups[".".join(one.channel.split(".")[:3]), one.observed_at].append(place)
    wrong: set[int] = set()
    for group in groups.values():
        high = [place for place in group if observations[place].sign is Sign.SYSTOLIC]
        low = [place for place in group if observations[place].sign is Sign.DIASTOLIC]
        if high and low:
            lowest_systolic = min(observations[place].value for place in high)
            highest_diastolic = max(observations[place].value for place in low)
            wrong |= {place for place in high if observations[place].value <= highest_diastolic}
            wrong |= {place for place in low if observations[place].value >= lowest_systolic}
    return frozenset(wrong)
