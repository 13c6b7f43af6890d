"""A made-up bedside monitor: sends what it measures over the socket until the patient leaves."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.simulate.body import Body
from evenkeel.simulate.cast import Patient
from evenkeel.simulate.world import Story, World

if TYPE_CHECKING:
    from evenkeel.simulate.visit import Setting

# While a day is played in haste a message a minute draws the same chart; live ones send faster.
EVERY_PLAYED: Final = timedelta(minutes=1)
EVERY_LIVE: Final = timedelta(seconds=5)
CUFF_EVERY: Final = timedelta(minutes=5)
# A cuff takes its time, so its value is older than the message that brings it.
CUFF_AGE: Final = timedelta(seconds=50)
WATCHED_FOR: Final = timedelta(hours=3)


def monitor_of(chair: str) -> str:
    """The name of the monitor that stands at a chair of the demo clinic."""
    return f"DEMO-MONITOR-{chair.rpartition('-')[2]}"


class BedsideMonitor:
    """Watches one body at one chair."""

    def __init__(self, world: World, patient: Patient, body: Body, setting: "Setting") -> None:
        self._world, self._patient, self._body, self._setting = world, patient, body, setting
        self._monitor = Monitor(
            device_id=monitor_of(setting.chair),
            zone=ZoneInfo("UTC"),
            bed=setting.chair,
            # One make writes 2.4 with UCUM units and cuff codes, as some do in the field.
            version="2.4" if patient.index % 3 == 2 else "2.6",
            units="UCUM" if patient.index % 3 == 2 else "MDC",
            cuff_codes=patient.index % 3 == 2,
        )
        self._sent = 0

    def begin(self) -> None:
        """Switch it on: from here it is a story of its own."""
        self._world.begin(self._watch())

    def _watch(self) -> Story:
        off_at = self._world.now + WATCHED_FOR
        cuff_at = self._world.now
        while self._world.now < off_at:
            yield self._world.now + (EVERY_LIVE if self._world.is_live else EVERY_PLAYED)
            now = self._world.now
            pressures: list[Sample] = []
            if now >= cuff_at:
                pressures = self._cuff(now - CUFF_AGE)
                cuff_at = now + CUFF_EVERY
            self._send(now, [*pressures, *self._probe(now)])

    def _cuff(self, at: datetime) -> list[Sample]:
        signs = self._body.signs(at, scores=False)
        assert signs.systolic is not None, "a body has a pressure"
        assert signs.diastolic is not None, "a body has a pressure"
        return [
            Sample(sign=Sign.SYSTOLIC, value=signs.systolic.value, observed_at=at),
            Sample(sign=Sign.DIASTOLIC, value=signs.diastolic.value, observed_at=at),
        ]

    def _probe(self, at: datetime) -> list[Sample]:
        signs = self._body.signs(at, scores=False)
        assert signs.spo2 is not None, "a body has a saturation"
        assert signs.pulse is not None, "a body has a pulse"
        assert signs.breaths is not None, "a body breathes"
        # Now and then the finger probe slips, and the monitor says so with a number that is none.
        slipped = int(at.timestamp() / 60) % 17 == self._patient.index % 17
        return [
            Sample(sign=Sign.SPO2, value=Decimal(0) if slipped else signs.spo2.value),
            Sample(sign=Sign.PULSE, value="-999" if slipped else signs.pulse.value),
            Sample(sign=Sign.BREATHS, value=signs.breaths.value),
        ]

    def _send(self, at: datetime, samples: list[Sample]) -> None:
        self._sent += 1
        message = compose(
            self._monitor,
            samples,
            control_id=f"{self._world.seed}-{self._patient.index}-{self._setting.number}-{int(at.timestamp())}",
            sent_at=at,
            patient_id=self._patient.record_number if self._patient.index % 2 else "",
        )
        self._world.send(message)


def stray_messages(at: datetime) -> list[bytes]:
    """Messages that must never chart: an unknown monitor's, a test mode's, and one of another kind."""
    stray = Monitor(device_id="DEMO-MONITOR-UNKNOWN", zone=ZoneInfo("UTC"))
    known = Monitor(device_id=monitor_of("chair-1"), zone=ZoneInfo("UTC"))
    pulse = [Sample(sign=Sign.PULSE, value=Decimal(72))]
    return [
        compose(stray, pulse, control_id="stray-1", sent_at=at),
        compose(known, pulse, control_id="stray-2", sent_at=at, processing="T"),
        b"MSH|^~\\&|NOISE|DEMO|||20260101120000||ADT^A01|stray-3|P|2.6\r",
    ]
