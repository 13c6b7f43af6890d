"""Limits that a clinic set for itself, and what they make of the limits that are shipped.

A setting is never changed. A later one takes its place from its own day on, and going back to the shipped
limit is a setting too, so what was in force on a past day can always be read.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.limits import Limit, Limits
from evenkeel.values.ids import ClinicianId
from evenkeel.values.shape import frozen


@frozen
class ClinicSetting:
    """One limit of one rule as this clinic set it, from a day on.

    `number` counts the settings of a rule from 1 in the order they were made. `value` is None where the
    clinic went back to the shipped limit. `version` is the shipped version that it was set against.
    `is_confirmed` is True where somebody said once more that they mean a value outside the recommended ones.
    """

    rule: str
    limit: str
    number: int
    value: Limit | None
    version: int
    from_date: date
    reason: str
    is_confirmed: bool
    by: ClinicianId
    by_name: str
    recorded_at: datetime


def in_order(settings: Iterable[ClinicSetting]) -> tuple[ClinicSetting, ...]:
    """Settings in the order in which they take effect; of one day in the order they were made.

    Nothing is set for a day that is past. So whatever was in force at some moment is everything up to one
    setting in this order, and the number of that setting is enough to find it again.
    """
    return tuple(sorted(settings, key=lambda setting: (setting.from_date, setting.number)))


def overlaid(
    shipped: Limits,
    settings: Iterable[ClinicSetting],
    bounds: Mapping[str, Bounds],
    shipped_in: Callable[[int], Limits],
    *,
    is_hard: bool,
) -> Limits:
    """The limits of a version with a clinic's settings over them, given in the order of `in_order`.

    `shipped_in` gives the limits of a version by its number. A setting whose limit or whose bounds a later
    release took away does not count.
    """
    by_name = dict(shipped.by_name)
    for name, setting in {each.limit: each for each in settings}.items():
        if name not in by_name or name not in bounds or setting.value is None:
            continue
        before = shipped_in(setting.version).by_name.get(name, by_name[name])
        by_name[name] = _counting(
            setting.value, bounds[name], before=before, now=by_name[name], is_hard=is_hard
        )
    return Limits(by_name=by_name)


def _counting(value: Limit, bounds: Bounds, *, before: Limit, now: Limit, is_hard: bool) -> Limit:
    """What counts of a value that was set against the shipped limit `before`, when `now` is shipped."""
    if type(value) is not type(now) or not bounds.allows(value):
        return now
    if is_hard:
        return bounds.strictest(now, value)
    if now == before:
        return value
    if isinstance(value, tuple) and isinstance(now, tuple) and isinstance(before, tuple):
        # What a later version took out of the list is out, and what the clinic added itself stays.
        taken_out = set(before) - set(now)
        return tuple(word for word in value if word not in taken_out) or now
    return bounds.strictest(value, now)
