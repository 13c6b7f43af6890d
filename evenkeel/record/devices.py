"""Which monitor and which pump are on a patient, by the word of a person who looked."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.state import Written
from evenkeel.values.shape import frozen

Instrument = Literal["monitor", "pump"]


class PumpSign(StrEnum):
    """One thing that a pump says. Status is 1 where it infuses and 0 where it does not."""

    RATE = "pump_rate"
    VOLUME = "pump_volume"
    RUNNING = "pump_running"


@payload("device.associated")
class DeviceAssociated:
    """Somebody looked and says that this device is on this patient from now on.

    `replaces` is the device that was on the patient until then, and is not from then on.
    """

    instrument: Instrument
    device: str
    replaces: str | None


@payload("device.released")
class DeviceReleased:
    """This device is not on this patient from now on."""

    instrument: Instrument
    device: str
    reason: str


@frozen
class DeviceSpan:
    """A half-open time in which a device is on the patient, or is known not to be.

    `to_at` is None until further word.
    """

    instrument: Instrument
    device: str
    is_on: bool
    from_at: datetime
    to_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


def device_spans(
    associated: Iterable[Written[DeviceAssociated]], released: Iterable[Written[DeviceReleased]]
) -> tuple[DeviceSpan, ...]:
    """What was said of each device, as spans by device and then by time."""
    said: list[tuple[str, datetime, int, Instrument, bool]] = []
    for on in associated:
        said.append((on.payload.device, on.at, on.seq, on.payload.instrument, True))
        if on.payload.replaces is not None:
            said.append((on.payload.replaces, on.at, on.seq, on.payload.instrument, False))
    said += [(off.payload.device, off.at, off.seq, off.payload.instrument, False) for off in released]
    # Of two words about one moment the later one counts.
    last = {(device, at): (instrument, is_on) for device, at, _, instrument, is_on in sorted(said)}
    changes = [(device, at, instrument, is_on) for (device, at), (instrument, is_on) in last.items()]
    found = []
    for place, (device, at, instrument, is_on) in enumerate(changes):
        following = changes[place + 1] if place + 1 < len(changes) else None
        to_at = following[1] if following is not None and following[0] == device else None
        span = DeviceSpan(instrument=instrument, device=device, is_on=is_on, from_at=at, to_at=to_at)
        found.append(span)
    return tuple(found)
