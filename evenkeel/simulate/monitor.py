"""A made-up bedside monitor: sends what it measures over the socket until the patient leaves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.conf import settings as configuration

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.record.visits import VisitState
from evenkeel.simulate.artefacts import MAKES, VISIT_MIN, Artefact, make_plan
from evenkeel.simulate.body import Body, Run
from evenkeel.simulate.cast import Patient
from evenkeel.simulate.pump import CHAIRS_WITH_PUMP, MCG_PER_MG, InfusionPump
from evenkeel.simulate.spans import Span, draw_spans, span_at
from evenkeel.simulate.world import Story, World
from evenkeel.store import reading

if TYPE_CHECKING:
    from evenkeel.simulate.visit import Setting

# While a day is played in haste a message a minute draws the same chart; live ones send faster.
EVERY_PLAYED: Final = timedelta(minutes=1)
EVERY_LIVE: Final = timedelta(seconds=5)
CUFF_EVERY: Final = timedelta(minutes=5)
# One that failed lets go and inflates again by itself.
CUFF_AGAIN: Final = timedelta(minutes=1)
# A cuff takes its time, so its value is older than the message that brings it.
CUFF_AGE: Final = timedelta(seconds=50)
# Made up, all of them: how late a late message is, how far a wrong clock is off, and what a moving hand makes
# of two values. A pulse of 277 was seen at a real bedside, and nobody has one.
LATE_BY: Final = timedelta(minutes=2)
CLOCK_OFF: Final = timedelta(hours=1)
MOTION_SPO2: Final = Decimal(9)
MOTION_PULSE: Final = Decimal(48)
NONSENSE_PULSE: Final = Decimal(277)
OTHER_PATIENT: Final = "DEMO-9999"
# A monitor that nobody switched off is taken away in the evening.
WATCHED_FOR: Final = timedelta(hours=10)
# How often a live monitor looks at the record: at which rates the pump ran, and whether the patient left.
LOOKS_EVERY: Final = timedelta(seconds=15)


def monitor_of(chair: str) -> str:
    """The name of the monitor that stands at a chair of the demo clinic."""
    return f"DEMO-MONITOR-{chair.rpartition('-')[2]}"


class BedsideMonitor:
    """Watches one body at one chair, with the quirks of its make and what goes wrong that day."""

    def __init__(self, world: World, patient: Patient, body: Body, setting: "Setting") -> None:
        self._world, self._patient, self._body, self._setting = world, patient, body, setting
        self._make = MAKES[patient.index % len(MAKES)]
        make = self._make
        self._monitor = Monitor(
            device_id=monitor_of(setting.chair),
            zone=ZoneInfo("UTC" if make.offsets else configuration.TIME_ZONE),
            bed=setting.chair,
            version=make.version,
            units=make.units,
            cuff_codes=make.cuff_codes,
            pulse_source=make.pulse_source,
            offsets=make.offsets,
            set_ids=make.set_ids,
        )
        label = f"{world.seed}/{patient.index}/{setting.number}"
        self._plan = make_plan(label, world.weather.artefacts)
        cut = world.weather.faults.monitor_cut
        self._cuts = draw_spans(f"{label}/monitor cut", cut, until_min=VISIT_MIN)
        self._pump = InfusionPump(world, setting.chair) if setting.chair in CHAIRS_WITH_PUMP else None
        self._waiting: list[bytes] = []
        self._counted: set[object] = set()
        self._sent = 0
        self._is_on = True

    def begin(self) -> None:
        """Switch it on: from here it is a story of its own."""
        self._began_at = self._world.now
        self._cuff_at = self._world.now
        self._world.begin(self._watch())

    def switch_off(self) -> None:
        """The patient has left the chair."""
        self._is_on = False

    def _watch(self) -> Story:
        looks_at = self._world.now
        while self._world.now < self._began_at + WATCHED_FOR:
            yield self._world.now + (EVERY_LIVE if self._world.is_looked_at else EVERY_PLAYED)
            now = self._world.now
            if self._world.is_live and now >= looks_at:
                self._look_at_the_record()
                looks_at = now + LOOKS_EVERY
            if not self._is_on:
                return
            self._measure(now)
            if self._pump is not None and self._body.runs:
                bag = reading.visit(self._setting.visit).bag(now)
                assert bag is not None, "a pump that was set holds a bag"
                self._pump.say(now, self._body.runs, bag.mcg_per_ml)

    def _measure(self, now: datetime) -> None:
        minute = (now - self._began_at).total_seconds() / 60
        wrong = self._plan.at(minute)
        for kind, span in wrong.items():
            self._count(kind.value, (kind, span))
        if Artefact.MONITOR_SILENT in wrong or Artefact.REBOOT in wrong:
            self._sent = 0 if Artefact.REBOOT in wrong else self._sent
            return
        message = self._message(now, wrong)
        cut = span_at(self._cuts, minute)
        if cut is not None:
            self._count("monitor's line cut", cut)
            self._waiting += [message] if self._make.keeps_messages else []
            return
        for kept in self._waiting:
            self._deliver(kept)
        self._waiting = []
        if Artefact.SENT_LATE in wrong:
            self._world.begin(self._later(message))
            return
        self._deliver(message)
        if Artefact.SENT_TWICE in wrong:
            self._deliver(message)

    def _count(self, what: str, once: object) -> None:
        """Count what lasts over many messages once."""
        if once not in self._counted:
            self._counted.add(once)
            self._world.count(what)

    def _later(self, message: bytes) -> Story:
        yield self._world.now + LATE_BY
        self._deliver(message)

    def _deliver(self, message: bytes) -> None:
        self._world.send(message, self._monitor.device_id)

    def _look_at_the_record(self) -> None:
        """Beside a serving clinic other hands set the pump and let patients go; a body follows them."""
        state = reading.visit(self._setting.visit)
        self._is_on = self._is_on and state.phase in IN_THE_CHAIR
        if state.started is not None:
            self._body.follow(runs_of(state))

    def _message(self, now: datetime, wrong: Mapping[Artefact, Span]) -> bytes:
        self._sent += 1
        clock = now - CLOCK_OFF if Artefact.CLOCK_WRONG in wrong else now
        named = self._patient.record_number if self._make.names_patient else ""
        return compose(
            self._monitor,
            [*self._cuff(now, clock, wrong), *self._probe(now, wrong)],
            # Counted from 1 since it was switched on, as monitors do: no id is of one message alone.
            control_id=str(self._sent),
            sent_at=clock,
            patient_id=OTHER_PATIENT if Artefact.OTHER_PATIENT in wrong else named,
        )

    def _cuff(self, now: datetime, clock: datetime, wrong: Mapping[Artefact, Span]) -> list[Sample]:
        if now < self._cuff_at:
            return []
        observed_at = clock - CUFF_AGE
        if Artefact.CUFF_FAILED in wrong:
            self._cuff_at = now + CUFF_AGAIN
            return [
                Sample(sign=sign, value=self._make.missing, observed_at=observed_at)
                for sign in (Sign.SYSTOLIC, Sign.DIASTOLIC)
            ]
        self._cuff_at = now + CUFF_EVERY
        signs = self._body.signs(now - CUFF_AGE, scores=False)
        assert signs.systolic is not None, "a body has a pressure"
        assert signs.diastolic is not None, "a body has a pressure"
        return [
            Sample(sign=Sign.SYSTOLIC, value=signs.systolic.value, observed_at=observed_at),
            Sample(sign=Sign.DIASTOLIC, value=signs.diastolic.value, observed_at=observed_at),
        ]

    def _probe(self, at: datetime, wrong: Mapping[Artefact, Span]) -> list[Sample]:
        signs = self._body.signs(at, scores=False)
        assert signs.spo2 is not None, "a body has a saturation"
        assert signs.pulse is not None, "a body has a pulse"
        assert signs.breaths is not None, "a body breathes"
        spo2: Decimal | str = signs.spo2.value
        pulse: Decimal | str = signs.pulse.value
        if Artefact.MOTION in wrong:
            spo2, pulse = signs.spo2.value - MOTION_SPO2, signs.pulse.value + MOTION_PULSE
        if Artefact.NONSENSE in wrong:
            pulse = NONSENSE_PULSE
        if Artefact.CABLE_PULLED in wrong or Artefact.PROBE_SLIPPED in wrong:
            spo2 = pulse = self._make.missing
        return [
            Sample(sign=Sign.SPO2, value=spo2),
            Sample(sign=Sign.PULSE, value=pulse),
            Sample(sign=Sign.BREATHS, value=signs.breaths.value),
        ]


def runs_of(state: VisitState) -> tuple[Run, ...]:
    """The rates really run, in milligrams an hour, up to where a bag was empty or the stop."""
    found: list[Run] = []
    for segment in state.segments:
        bag = state.bag(segment.from_at)
        assert bag is not None, "a pump that was started holds a bag"
        rate = Fraction(segment.rate.value)
        found.append(Run(from_at=segment.from_at, mg_per_h=float(rate * bag.mcg_per_ml / MCG_PER_MG)))
        left_ml = Fraction(bag.volume.value) - state.volume_from(bag, segment.from_at)
        if rate:
            empty_at = segment.from_at + timedelta(hours=float(left_ml / rate))
            if segment.to_at is None or empty_at < segment.to_at:
                found.append(Run(from_at=empty_at, mg_per_h=0.0))
    stopped = state.stopped
    if stopped is not None and found[-1].mg_per_h:
        found.append(Run(from_at=stopped.at, mg_per_h=0.0))
    return tuple(found)


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
