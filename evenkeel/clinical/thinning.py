"""Which samples stay when a visit is long over: what a minute's values ranged over, and all around an alert.

No value is made up or averaged: what stays is what the device sent. Policy and times are proposals.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from evenkeel.values.shape import frozen

# So far before and after what led to an alert, every value stays.
AROUND_AN_ALERT: Final = timedelta(minutes=1)


@frozen
class Point:
    """One sample: `value` is None where the device had nothing to say, and then `no_signal` says why."""

    id: int
    sign: str
    channel: str
    value: Decimal | None
    no_signal: str | None
    observed_at: datetime


def kept(points: Iterable[Point], evidence: Collection[datetime]) -> frozenset[int]:
    """Return the ids that stay, of one visit's samples.

    In each minute and for each sign and channel these are the lowest, the highest and the last value, and the
    last word that there was no signal, for each reason. Everything within a minute of a moment of `evidence`
    stays.
    """
    stays: set[int] = set()
    minutes: dict[tuple[str, str, str | None, datetime], list[Point]] = {}
    for point in points:
        if any(abs(point.observed_at - moment) <= AROUND_AN_ALERT for moment in evidence):
            stays.add(point.id)
        minute = point.observed_at.replace(second=0, microsecond=0)
        minutes.setdefault((point.sign, point.channel, point.no_signal, minute), []).append(point)
    for same in minutes.values():
        stays.add(max(same, key=lambda point: (point.observed_at, point.id)).id)
        valued = [(point.value, point.observed_at, point.id) for point in same if point.value is not None]
        if valued:
            stays.add(min(valued)[2])
            stays.add(max(valued)[2])
    return frozenset(stays)
