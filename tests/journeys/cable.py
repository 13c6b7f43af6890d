"""A monitor at a bedside, as the clinic hears it: a wire to its socket, and what is sent along it."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from threading import Event, Thread
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.simulate.world import Line
from tests.journeys.served import Clinic

BEAT_SECONDS: Final = 5


class Cable:
    """A monitor and the wire to the clinic."""

    def __init__(self, clinic: Clinic, name: str) -> None:
        self._monitor = Monitor(device_id=name, zone=ZoneInfo("UTC"))
        # On a thread of its own, since the browser's driver keeps an event loop in this one.
        self._line = Line("127.0.0.1", clinic.monitor_port)

    def send(self, *, processing: str = "P", **signs: Any) -> str:
        """Send one message; return the code of its acknowledgment."""
        samples = [Sample(sign=Sign[name.upper()], value=value) for name, value in signs.items()]
        message = compose(
            self._monitor,
            samples,
            control_id=str(uuid.uuid4()),
            sent_at=datetime.now(UTC),
            processing=processing,  # type: ignore[arg-type]  # one of HL7's three
        )
        return self._line.send(message)

    def unplug(self) -> None:
        """Let the connection go."""
        self._line.close()


class Beating:
    """A monitor that says every few seconds what it measures now, as one at a bedside does."""

    def __init__(self, clinic: Clinic, name: str) -> None:
        self._cable = Cable(clinic, name)
        self._signs: dict[str, Any] = {}
        self._is_over, self._has_new = Event(), Event()
        self._thread = Thread(target=self._beat, daemon=True)
        self._thread.start()

    def measures(self, **signs: int) -> None:
        """From now on it sends these."""
        self._signs = {name: Decimal(value) for name, value in signs.items()}
        self._has_new.set()

    def _beat(self) -> None:
        while not self._is_over.is_set():
            if self._signs:
                self._cable.send(**self._signs)
            self._has_new.wait(BEAT_SECONDS)
            self._has_new.clear()

    def unplug(self) -> None:
        """No more is sent."""
        self._is_over.set()
        self._has_new.set()
        self._thread.join()
        self._cable.unplug()
