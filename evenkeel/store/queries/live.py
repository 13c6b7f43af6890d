"""What was written since a moment ago, as bare references: the feed of pages that follow the clinic."""

from datetime import datetime

from django.db import connection
from django.db.models import Exists, Max, OuterRef

from evenkeel.store import models
from evenkeel.store.queries.monitors import PUMP_SIGNS
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class Written:
    """One new line of the record: where it stands in the clinic's order, and where in its stream."""

    position: int
    stream: StreamId
    seq: int


@frozen
class Heard:
    """One new message of a device that was charted to a visit; `has_signs` is a monitor's, not a pump's."""

    id: int
    visit: StreamId
    received_at: datetime
    has_signs: bool


@frozen
class Heads:
    """How far the record and the monitors' messages go."""

    position: int
    message: int


def heads() -> Heads:
    """Return how far everything goes now; 0 for what is empty."""
    position = models.Entry.objects.aggregate(last=Max("position"))["last"]
    message = models.DeviceMessage.objects.aggregate(last=Max("id"))["last"]
    return Heads(position=position or 0, message=message or 0)


def written_after(position: int) -> tuple[Written, ...]:
    """Return every line of the record after a position, in order."""
    rows = models.Entry.objects.filter(position__gt=position).order_by("position")
    return tuple(
        Written(position=found, stream=StreamId(stream), seq=seq)
        for found, stream, seq in rows.values_list("position", "stream_id", "seq")
    )


def heard_after(message: int) -> tuple[Heard, ...]:
    """Return every device's message after an id that belongs to a visit, in order."""
    signs = models.MonitorSample.objects.filter(message=OuterRef("pk")).exclude(sign__in=PUMP_SIGNS)
    rows = models.DeviceMessage.objects.filter(id__gt=message, visit__isnull=False).order_by("id")
    rows = rows.annotate(has_signs=Exists(signs))
    return tuple(
        Heard(id=found, visit=StreamId(visit), received_at=received_at, has_signs=has_signs)
        for found, visit, received_at, has_signs in rows.values_list(
            "id", "visit", "received_at", "has_signs"
        )
        if visit
    )


def let_go() -> None:
    """Close this thread's connection, so that nobody's waiting holds one."""
    connection.close()


def sample_count() -> int:
    """How many values monitors have sent in all, "no signal" included."""
    return models.MonitorSample.objects.count()


def quarantined_count() -> int:
    """How many messages, or values in them, were kept aside."""
    return models.QuarantinedMessage.objects.count()
