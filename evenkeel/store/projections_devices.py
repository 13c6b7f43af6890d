"""Rows of a visit's devices: which monitor or pump was on its patient when, and which was not."""

from typing import Any, Final

from evenkeel.record.visits import VisitState
from evenkeel.store import models

Columns = dict[str, Any]

PARTS: Final[tuple[type[Any], ...]] = (models.DeviceSpanRow,)

_SPAN: Final = ("device", "instrument", "is_on", "from_at", "to_at")


def parts(state: VisitState) -> dict[type[Any], list[Columns]]:
    """The rows of what was said of devices, by device and then by time."""
    return {
        models.DeviceSpanRow: [
            {name: getattr(span, name) for name in _SPAN} | {"stream": state.stream}
            for span in state.device_spans
        ]
    }


def write_parts(state: VisitState) -> None:
    """Write them; what was said of a device is never taken back, so that rows only change or grow."""
    if not state.device_spans:
        return
    stands = written_parts(state)[models.DeviceSpanRow]
    for span in parts(state)[models.DeviceSpanRow]:
        if span not in stands:
            key = {name: span[name] for name in ("stream", "device", "from_at")}
            models.DeviceSpanRow.objects.update_or_create(**key, defaults=span)


def written_parts(state: VisitState) -> dict[type[Any], list[Columns]]:
    """The rows as they stand in the database; databases order letters in their own ways, so by Python's."""
    rows = models.DeviceSpanRow.objects.filter(stream=state.stream).values(*_SPAN, "stream")
    return {models.DeviceSpanRow: sorted(rows, key=lambda span: (span["device"], span["from_at"]))}
