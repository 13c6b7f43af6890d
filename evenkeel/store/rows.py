"""Ordinary rows: chairs and who holds them when, and the change log of everything that is not a stream."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from evenkeel.record.devices import Instrument
from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.shape import frozen
from evenkeel.values.time import utc

# Chairs are booked by the quarter of an hour; a visit that touches a quarter holds all of it.
SLOT: Final = timedelta(minutes=15)


@frozen
class Chair:
    """A place where an infusion runs, and the monitor and the pump that stand beside it."""

    id: ChairId
    name: str
    monitor: str | None
    pump: str | None = None


class SlotTaken(Exception):
    """Another visit holds the chair in at least one quarter of the span; the first of them is named."""

    def __init__(self, taken_at: datetime, visit: StreamId) -> None:
        self.taken_at = taken_at
        self.visit = visit
        super().__init__("slot-taken")


def chairs() -> tuple[Chair, ...]:
    """Every chair, in the order in which they stand."""
    return tuple(_chair(row) for row in models.Chair.objects.order_by("order", "id"))


def chair(id_: ChairId) -> Chair | None:
    """One chair, or None."""
    row = models.Chair.objects.filter(pk=id_).first()
    return _chair(row) if row else None


def _chair(row: models.Chair) -> Chair:
    return Chair(id=ChairId(row.pk), name=row.name, monitor=row.monitor, pump=row.pump)


def add_chair(id_: ChairId, name: str, *, by: Author, at: datetime, reason: str) -> None:
    """Put a chair behind the others."""
    order = models.Chair.objects.count()
    models.Chair.objects.create(pk=id_, name=name, order=order)
    record_change(at=at, by=by, table="chair", row=id_, before={}, after={"name": name}, reason=reason)


def assign_device(
    id_: ChairId, instrument: Instrument, device: str | None, *, since: datetime, by: Author, at: datetime
) -> None:
    """Write down which monitor, or pump, stands beside a chair and since when, or that none does.

    Said again of the same device, the earlier time stays.
    """
    row = models.Chair.objects.select_for_update().get(pk=id_)
    before, stood = getattr(row, instrument), getattr(row, f"{instrument}_since")
    if device is not None and device == before:
        since = since if stood is not None and since < stood else stood
    setattr(row, instrument, device)
    setattr(row, f"{instrument}_since", since if device is not None else None)
    row.save(update_fields=[instrument, f"{instrument}_since"])
    record_change(
        at=at,
        by=by,
        table="chair",
        row=id_,
        before={instrument: before},
        after={instrument: device},
        reason=f"{instrument} moved",
    )


def record_change(
    *,
    at: datetime,
    by: Author,
    table: str,
    row: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str,
) -> None:
    """Write what an ordinary row was and what it became; call it in the transaction that changed the row."""
    models.ChangeRecord.objects.create(
        at=utc(at),
        by_id=by.id,
        by_name=by.printed_name,
        table=table,
        row=row,
        before=json.dumps(before, sort_keys=True),
        after=json.dumps(after, sort_keys=True),
        reason=reason,
    )


def take_slots(chair_id: ChairId, visit: StreamId, starts_at: datetime, ends_at: datetime) -> None:
    """Hold a chair for a visit, or raise SlotTaken and hold nothing."""
    slots = _slots(starts_at, ends_at)
    try:
        with transaction.atomic():
            models.ChairSlot.objects.bulk_create(
                models.ChairSlot(chair_id=chair_id, starts_at=slot, visit=visit) for slot in slots
            )
    except IntegrityError as taken:
        held = models.ChairSlot.objects.filter(chair=chair_id, starts_at__in=slots).order_by("starts_at")
        first = held.first()
        if first is None:
            raise
        raise SlotTaken(first.starts_at, StreamId(first.visit)) from taken


def free_slots(visit: StreamId) -> None:
    """Let go of everything that a visit holds."""
    models.ChairSlot.objects.filter(visit=visit).delete()


def _slots(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    assert starts_at < ends_at, "a visit ends after it starts"
    start = utc(starts_at).replace(second=0, microsecond=0)
    slot = start - timedelta(minutes=start.minute % 15)
    found = []
    while slot < ends_at.astimezone(UTC):
        found.append(slot)
        slot += SLOT
    return found
