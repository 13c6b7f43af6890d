"""What the monitors sent: the last value of each sign, values over time, and what was set aside."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Min

from evenkeel.store import models
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.shape import frozen

# A cuff measures every few minutes and other signs every few seconds, so they are looked up apart.
CUFF_SIGNS = ("systolic", "diastolic", "mean_pressure")
# Enough for the last value of every other sign: a message holds at most some ten values.
RECENT_ROWS = 60


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

    `saturation_at` is when a saturation was last measured that was one, not a word that there is none.
    """

    latest: dict[str, Sampled]
    heard_at: datetime | None
    saturation_at: datetime | None = None


@frozen
class Quarantined:
    """What was set aside for one reason from one sender: how often, and when first and last.

    The raw bytes of each message stay in the store.
    """

    first_at: datetime
    last_at: datetime
    times: int
    sender: str
    reason: str
    sentence: str
    acknowledgement: str


@frozen
class MonitorLine:
    """A chair and the monitor beside it, and when that monitor was last heard for a visit."""

    chair: ChairId
    name: str
    monitor: str | None
    heard_at: datetime | None


_COLUMNS = ("sign", "value", "no_signal", "unit", "observed_at", "received_at")


def monitor_now(visit: StreamId) -> MonitorNow:
    """Return the last value of each sign that was charted to a visit, by the time it was observed.

    Reads nothing that names the patient; callers have folded the visit, which notes the access.
    """
    rows = models.MonitorSample.objects.filter(visit=visit).order_by("-observed_at", "channel", "-id")
    recent = list(rows.exclude(sign__in=CUFF_SIGNS).values_list(*_COLUMNS)[:RECENT_ROWS])
    for sign in CUFF_SIGNS:
        recent.extend(rows.filter(sign=sign).values_list(*_COLUMNS)[:1])
    latest: dict[str, Sampled] = {}
    for sign, *values in recent:
        latest.setdefault(sign, _sampled(sign, *values))
    heard = max((sampled.received_at for sampled in latest.values()), default=None)
    measured = rows.filter(sign="spo2", value__isnull=False).values_list("observed_at", flat=True)
    return MonitorNow(latest=latest, heard_at=heard, saturation_at=measured.first())


def samples(visit: StreamId) -> tuple[Sampled, ...]:
    """Return every sample of a visit by the time it was observed; one per sign and moment."""
    rows = models.MonitorSample.objects.filter(visit=visit).order_by("observed_at", "sign", "channel", "id")
    found: dict[tuple[str, datetime], Sampled] = {}
    for sign, *values in rows.values_list(*_COLUMNS):
        sampled = _sampled(sign, *values)
        found.setdefault((sign, sampled.observed_at), sampled)
    return tuple(found.values())


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


def quarantined(*, count: int = 100) -> tuple[Quarantined, ...]:
    """Return what was set aside, newest first; the same reason from the same sender in one line."""
    kinds = models.QuarantinedMessage.objects.values("sender", "reason", "sentence", "acknowledgement")
    found = kinds.annotate(
        first_at=Min("received_at"), last_at=Max("received_at"), times=Count("id"), last_id=Max("id")
    )
    return tuple(
        Quarantined(
            first_at=row["first_at"],
            last_at=row["last_at"],
            times=row["times"],
            sender=row["sender"],
            reason=row["reason"],
            sentence=row["sentence"],
            acknowledgement=row["acknowledgement"],
        )
        for row in found.order_by("-last_id")[:count]
    )


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
                heard_at=last.received_at if last else None,
            )
        )
    return tuple(found)
