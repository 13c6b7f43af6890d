"""Made-up monitors: on until their patient leaves, each in its own way, and never a number for nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import Reading
from evenkeel.simulate.artefacts import MAKES, RATES, Artefact, Rates
from evenkeel.simulate.body import Body
from evenkeel.simulate.cast import Part, make_cast
from evenkeel.simulate.monitor import BedsideMonitor
from evenkeel.simulate.spans import Often
from evenkeel.simulate.staff import NOOR, NORA, PRIYA
from evenkeel.simulate.visit import Setting
from evenkeel.simulate.world import Weather, World
from evenkeel.values.ids import ChairId, StreamId

BEGAN_AT = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)


class Heard:
    """A played world in which messages are kept with the moment at which they came."""

    def __init__(self, index: int, artefacts: Rates, *, hours: float) -> None:
        self.messages: list[tuple[datetime, bytes]] = []
        self.world = World(seed=7, opens_at=BEGAN_AT, weather=Weather(artefacts=artefacts))
        self.world.now = BEGAN_AT
        self.world.send = self._keep  # type: ignore[method-assign]  # the line ends here
        (self.patient,) = make_cast(
            7, date(2026, 6, 1), (Part(story="in_series", today="calm"),), first=index
        )
        body = Body(self.patient, 7, number=1, began_at=BEGAN_AT, weight_kg=70.0, ordered_mg_per_h=52.5)
        body.pump(BEGAN_AT + timedelta(minutes=20), 52.5)
        body.pump(BEGAN_AT + timedelta(minutes=60), 0.0)
        setting = Setting(
            visit=StreamId("visit:1"),
            number=1,
            starts_at=BEGAN_AT,
            # No pump is heard there, so that all that is heard is the monitor.
            chair=ChairId("chair-9"),
            today="calm",
            nurse=NORA,
            checker=NOOR,
            prescriber=PRIYA,
        )
        self.monitor = BedsideMonitor(self.world, self.patient, body, setting)
        self.monitor.begin()
        self.world.play(BEGAN_AT + timedelta(hours=hours))

    def _keep(self, message: bytes, monitor: str = "") -> None:
        self.messages.append((self.world.now, message))

    def readings(self) -> list[Reading]:
        """Every message as the clinic reads it on arrival."""
        found = [
            read_message(raw, received_at=at, zone=ZoneInfo("America/New_York")) for at, raw in self.messages
        ]
        return [each for each in found if isinstance(each, Reading)]


@pytest.fixture(autouse=True)
def zone(settings: object) -> None:
    """The clinic's zone, for makes that write bare wall time."""
    settings.TIME_ZONE = "America/New_York"  # type: ignore[attr-defined]


def test_a_monitor_is_heard_each_minute_until_it_is_switched_off() -> None:
    heard = Heard(0, RATES["none"], hours=5)
    assert len(heard.messages) == 5 * 60
    heard.monitor.switch_off()
    heard.world.play(BEGAN_AT + timedelta(hours=6))
    assert len(heard.messages) == 5 * 60


def test_a_clinic_that_somebody_is_about_to_look_at_hears_it_every_few_seconds() -> None:
    heard = Heard(0, RATES["none"], hours=0)
    heard.world.looked_at_from = BEGAN_AT + timedelta(minutes=2, seconds=30)
    heard.world.play(BEGAN_AT + timedelta(minutes=3, seconds=15))
    assert [(at - BEGAN_AT).total_seconds() for at, _ in heard.messages] == [60, 120, 180, 185, 190, 195]


@pytest.mark.parametrize("index", range(len(MAKES)))
def test_every_make_is_read_and_its_missing_values_are_no_signal(index: int) -> None:
    """With the probe always off there is no saturation and no pulse, in whatever way the make says so."""
    off = {Artefact.CABLE_PULLED: Often(per_hour=6000.0, least_min=60, most_min=60)}
    heard = Heard(index, off, hours=2)
    readings = heard.readings()
    assert len(readings) == len(heard.messages) == 120
    late = readings[5:]
    signs = {one.sign for each in late for one in each.observations}
    assert signs == {Sign.SYSTOLIC, Sign.DIASTOLIC, Sign.BREATHS}
    silent = [one.sign for each in late for one in each.no_signal]
    assert silent.count(Sign.SPO2) == silent.count(Sign.PULSE) == len(late)
    assert not any(each.rejected for each in late)


def test_what_no_living_adult_has_and_what_a_wrong_clock_says_is_not_taken() -> None:
    wrong = {
        Artefact.NONSENSE: Often(per_hour=2.0),
        Artefact.CLOCK_WRONG: Often(per_hour=1.0, least_min=3, most_min=3),
        Artefact.SENT_TWICE: Often(per_hour=2.0),
    }
    heard = Heard(1, wrong, hours=8)
    tally = heard.world.tally
    assert all(tally[kind.value] > 0 for kind in wrong)
    rejected = [one for each in heard.readings() for one in each.rejected]
    assert {one.reason.value for one in rejected} == {"out_of_range", "time_too_old"}
    assert sum(one.reason.value == "out_of_range" for one in rejected) >= tally["nonsense value"] / 2
    # A message that is sent twice is the same to the last byte.
    raws = [raw for _, raw in heard.messages]
    assert len(raws) - len(set(raws)) == tally["message sent twice"]


def test_a_monitor_that_was_switched_off_and_on_counts_from_1_again() -> None:
    heard = Heard(0, {Artefact.REBOOT: Often(per_hour=1.0, least_min=1, most_min=1)}, hours=6)
    ids = [each.control_id for each in heard.readings()]
    assert ids.count("1") == 1 + heard.world.tally["monitor switched off and on"] > 1
