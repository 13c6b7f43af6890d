"""What the monitors sent: the last value of each sign, and values over time."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from evenkeel.clinical.infusion.pump import SAID_TOGETHER, PumpSaid
from evenkeel.record.devices import PumpSign
from evenkeel.store import models
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import FlowRate, Volume
from evenkeel.values.shape import frozen

PUMP_SIGNS = frozenset(PumpSign)


@frozen
class Sampled:
    """One value as a monitor sent it; `value` None with the reason in `no_signal` where it had none."""

    sign: str
    value: Decimal | None
    no_signal: str | None
    unit: str
    observed_at: datetime
    received_at: datetime


@frozen
class MonitorNow:
    """The last of each sign, and when anything was last heard; `heard_at` None when nothing ever was.

    `pump` is what a pump said last, None when none did; a pump that is heard is no monitor that is heard.

    `measured` is the last of each sign that was a value, and not a word that there is none. `saturation_at`
    is when a saturation was last measured.
    """

    latest: dict[str, Sampled]
    pump: PumpSaid | None
    measured: dict[str, Sampled]
    heard_at: datetime | None
    saturation_at: datetime | None = None


@frozen
class Thinned:
    """How many visits were thinned, and how many of their samples there were and are."""

    visits: int
    before: int
    kept: int


@frozen
class MonitorLine:
    """A chair with the monitor and the pump beside it, and when anything was last heard for a visit."""

    chair: ChairId
    name: str
    monitor: str | None
    pump: str | None
    heard_at: datetime | None


_COLUMNS = ("sign", "value", "no_signal", "unit", "observed_at", "received_at")

# The last word on each sign, and the last that was a value; the same row where that is one. Every sign is
# found by a step in the index, so that what a visit's samples cost does not grow with their number.
_LAST_OF_EACH = """
WITH RECURSIVE signs(sign) AS (
    SELECT MIN(sign) FROM store_monitorsample WHERE visit = %(visit)s
    UNION ALL
    SELECT (SELECT MIN(sign) FROM store_monitorsample WHERE visit = %(visit)s AND sign > signs.sign)
    FROM signs WHERE sign IS NOT NULL
),
wanted(id) AS (
    SELECT (SELECT id FROM store_monitorsample AS said WHERE visit = %(visit)s AND said.sign = signs.sign
            ORDER BY observed_at DESC, channel, id DESC LIMIT 1) FROM signs
    UNION
    SELECT (SELECT id FROM store_monitorsample AS said WHERE visit = %(visit)s AND said.sign = signs.sign
            AND value IS NOT NULL ORDER BY observed_at DESC, channel, id DESC LIMIT 1) FROM signs
)
SELECT sample.id, sample.sign, sample.value, sample.no_signal, sample.unit, sample.observed_at,
       sample.received_at
FROM wanted JOIN store_monitorsample AS sample ON sample.id = wanted.id
ORDER BY sample.observed_at DESC, sample.channel, sample.id DESC
"""


def monitor_now(visit: StreamId) -> MonitorNow:
    """Return the last value of each sign that was charted to a visit, by the time it was observed.

    Reads nothing that names the patient; callers have folded the visit, which notes the access.
    """
    latest: dict[str, Sampled] = {}
    pumped: dict[str, Sampled] = {}
    measured: dict[str, Sampled] = {}
    for row in models.MonitorSample.objects.raw(_LAST_OF_EACH, {"visit": visit}):
        sampled = _sampled(*(getattr(row, name) for name in _COLUMNS))
        if row.sign in PUMP_SIGNS:
            pumped.setdefault(row.sign, sampled)
            continue
        latest.setdefault(row.sign, sampled)
        if row.value is not None:
            measured.setdefault(row.sign, sampled)
    return MonitorNow(
        pump=_pump_said(pumped),
        latest=latest,
        measured=measured,
        heard_at=max((sampled.received_at for sampled in latest.values()), default=None),
        saturation_at=measured["spo2"].observed_at if "spo2" in measured else None,
    )


def samples(visit: StreamId, since: datetime | None = None) -> tuple[Sampled, ...]:
    """Return every sample of a visit, or those from a moment on, by the time of observation; one per sign."""
    rows = models.MonitorSample.objects.filter(visit=visit).exclude(sign__in=PUMP_SIGNS)
    rows = rows.order_by("observed_at", "sign", "channel", "id")
    if since is not None:
        rows = rows.filter(observed_at__gte=since)
    found: dict[tuple[str, datetime], Sampled] = {}
    for sign, *values in rows.values_list(*_COLUMNS):
        sampled = _sampled(sign, *values)
        found.setdefault((sign, sampled.observed_at), sampled)
    return tuple(found.values())


def is_heard_before(visit: StreamId, observed_at: datetime, values: Mapping[str, Decimal]) -> bool:
    """Whether each of these values of one moment came in more than one message: a monitor tells it again."""
    rows = models.MonitorSample.objects.filter(visit=visit, observed_at=observed_at, sign__in=tuple(values))
    messages: dict[str, set[int]] = {}
    for sign, value, message in rows.values_list("sign", "value", "message"):
        if value == values[sign]:
            messages.setdefault(sign, set()).add(message)
    return all(len(messages.get(sign, ())) > 1 for sign in values)


def _pump_said(pumped: dict[str, Sampled]) -> PumpSaid | None:
    """What a pump said last; a value that is older than its last word by more than a little is left out."""
    last_at = max((sampled.observed_at for sampled in pumped.values()), default=None)
    if last_at is None:
        return None
    fresh = {
        sign: sampled.value
        for sign, sampled in pumped.items()
        if last_at - sampled.observed_at <= SAID_TOGETHER
    }
    rate, volume = fresh.get(PumpSign.RATE), fresh.get(PumpSign.VOLUME)
    running = fresh.get(PumpSign.RUNNING)
    return PumpSaid(
        at=last_at,
        heard_at=max(sampled.received_at for sampled in pumped.values()),
        rate=None if rate is None else FlowRate.of(plain(rate)),
        volume=None if volume is None else Volume.of(plain(volume)),
        is_running=None if running is None else running > 0,
    )


def _sampled(
    sign: str,
    value: Decimal | None,
    no_signal: str | None,
    unit: str,
    observed_at: datetime,
    received_at: datetime,
) -> Sampled:
    return Sampled(
        sign=sign,
        value=value,
        no_signal=no_signal,
        unit=unit,
        observed_at=observed_at,
        received_at=received_at,
    )


def thinned() -> Thinned:
    """Return how much was thinned in all."""
    rows = models.ThinnedVisit.objects.aggregate(
        visits=Count("pk"), before=Sum("samples_before"), kept=Sum("samples_kept")
    )
    return Thinned(visits=rows["visits"], before=rows["before"] or 0, kept=rows["kept"] or 0)


def monitor_lines() -> tuple[MonitorLine, ...]:
    """Return every chair with its monitor, in the order in which they stand."""
    found = []
    for row in models.Chair.objects.order_by("order", "id"):
        last = models.MonitorSample.objects.filter(chair=row.pk).order_by("-id").first()
        found.append(
            MonitorLine(
                chair=ChairId(row.pk),
                name=row.name,
                monitor=row.monitor,
                pump=row.pump,
                heard_at=last.received_at if last else None,
            )
        )
    return tuple(found)
