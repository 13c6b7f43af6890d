"""The access log: whose data one request touched, gathered while it runs and written when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.values.ids import StreamId

_touched: ContextVar[set[StreamId] | None] = ContextVar("touched", default=None)


@contextmanager
def gathering() -> Iterator[set[StreamId]]:
    """Gather every patient whose data is read or written inside the block."""
    patients: set[StreamId] = set()
    token = _touched.set(patients)
    try:
        yield patients
    finally:
        _touched.reset(token)


def note(*patients: StreamId) -> None:
    """Note that data of these patients was read or written.

    Outside a request there is nobody to note it for.
    """
    touched = _touched.get()
    if touched is not None:
        touched.update(patients)


def write(*, at: datetime, by: Author, patients: set[StreamId], route: str, method: str, status: int) -> None:
    """Write one access record for each patient touched."""
    models.AccessRecord.objects.bulk_create(
        models.AccessRecord(
            at=at,
            by_id=by.id,
            by_role=by.role,
            by_name=by.printed_name,
            patient=patient,
            route=route,
            method=method,
            status=status,
        )
        for patient in sorted(patients)
    )
