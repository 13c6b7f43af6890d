"""Comparing a blood pressure with a pair of limits, where either number alone is enough."""

from collections.abc import Callable
from operator import ge, gt

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Unknown
from evenkeel.values.quantities import Pressure


def above_either(systolic: Pressure | None, diastolic: Pressure | None, limits: Limits) -> Finding:
    """Fires above `limits.systolic` or `limits.diastolic`; half a reading fires, but is never Clear."""
    return _crosses(systolic, diastolic, limits, gt)


def at_or_above_either(systolic: Pressure | None, diastolic: Pressure | None, limits: Limits) -> Finding:
    """Fires from `limits.systolic` or `limits.diastolic` on; half a reading fires, but is never Clear."""
    return _crosses(systolic, diastolic, limits, ge)


def _crosses(
    systolic: Pressure | None,
    diastolic: Pressure | None,
    limits: Limits,
    over: Callable[[Pressure, Pressure], bool],
) -> Finding:
    named = (
        ("systolic pressure", systolic, limits.systolic),
        ("diastolic pressure", diastolic, limits.diastolic),
    )
    seen = tuple(
        f"{name} {value}" for name, value, limit in named if value is not None and over(value, limit)
    )
    if seen:
        return Fires(evidence=seen)
    missing = tuple(name for name, value, _ in named if value is None)
    return Unknown(missing=missing) if missing else Clear()
