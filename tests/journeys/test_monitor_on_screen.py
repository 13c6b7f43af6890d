"""What a bedside monitor sends over its socket is on the chart and on the board without a reload."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.simulate.world import Line
from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# The page follows within a second or two; a busy machine that shares its processors is given longer.
SOON_MS = 20_000


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


@pytest.fixture(scope="module")
def infusion(served: Clinic) -> dict[str, str]:
    """Somebody whose infusion runs in chair 2, with a monitor beside it."""
    served.prepare("assign", at=served.now - timedelta(days=1), chair="chair-2", monitor="WARD-7")
    found: dict[str, str] = served.prepare("running", at=served.now, chair="chair-2", given_name="Ines")
    return found


@pytest.fixture
def plug(served: Clinic) -> Iterator[Callable[[str], Cable]]:
    """Connect a monitor by its name."""
    cables: list[Cable] = []

    def connect(name: str) -> Cable:
        cables.append(Cable(served, name))
        return cables[-1]

    yield connect
    for cable in cables:
        cable.unplug()


def value(person: Person, label: str) -> Locator:
    """One of the large values on the chart page."""
    return person.main.locator(".ek-live").filter(has_text=label)


def tile(person: Person) -> Locator:
    """The tile of chair 2."""
    return person.page.get_by_role("article", name="Chair 2")


def test_a_message_is_on_the_chart_and_on_the_board_without_a_reload(
    served: Clinic, infusion: dict[str, str], meets: Meets, plug: Callable[[str], Cable]
) -> None:
    # Given a nurse at the chart and another at the board, both open and never reloaded
    nora, samuel = meets(served, "nurse"), meets(served, "nurse2")
    nora.sign_in(to=f"/visits/{infusion['visit']}/chart/")
    samuel.sign_in(to="/board/")
    for each in (nora, samuel):
        each.page.evaluate("window.neverReloaded = true")
        expect(each.page.locator("[data-live-state]")).to_have_text("live", timeout=SOON_MS)
    # When the monitor sends
    cable = plug("WARD-7")
    assert (
        cable.send(systolic=Decimal(141), diastolic=Decimal(87), pulse=Decimal(83), spo2=Decimal(96)) == "AA"
    )
    # Then both see it
    expect(value(nora, "Blood pressure")).to_contain_text("141/87", timeout=SOON_MS)
    expect(value(nora, "Pulse")).to_contain_text("83")
    expect(value(nora, "SpO2")).to_contain_text("96")
    expect(value(nora, "SpO2")).to_contain_text("live")
    expect(tile(samuel)).to_contain_text("141/87", timeout=SOON_MS)
    expect(tile(samuel)).to_contain_text("96")
    for each in (nora, samuel):
        each.look_over()
    # And a probe that fell off is no signal, never a zero
    assert cable.send(spo2=Decimal(0), pulse="-999") == "AA"
    expect(value(nora, "SpO2")).to_contain_text("no signal", timeout=SOON_MS)
    expect(value(nora, "SpO2").locator(".ek-live__value")).not_to_contain_text("0")
    expect(value(nora, "Pulse")).to_contain_text("no signal")
    expect(value(nora, "Blood pressure")).to_contain_text("141/87")
    for each in (nora, samuel):
        assert each.page.evaluate("window.neverReloaded")
        each.look_over()


def test_what_must_not_chart_is_set_aside_with_its_reason(
    served: Clinic, infusion: dict[str, str], meets: Meets, plug: Callable[[str], Cable]
) -> None:
    nora = meets(served, "nurse")
    nora.sign_in(to=f"/visits/{infusion['visit']}/chart/")
    # When a monitor in test mode and one that nobody knows send a pulse that would be noticed
    assert plug("WARD-7").send(processing="T", pulse=Decimal(199)) in {"AE", "AR"}
    assert plug("NOBODYS-9").send(pulse=Decimal(198)) in {"AE", "AR"}
    # And then the known one a plain value
    assert plug("WARD-7").send(pulse=Decimal(81)) == "AA"
    expect(value(nora, "Pulse")).to_contain_text("81", timeout=SOON_MS)
    # Then neither was ever on the chart
    data = nora.context.request.get(f"{nora.address}/visits/{infusion['visit']}/chart/data/").json()
    pulses = {sample["pulse"] for sample in data["signs"]}
    assert 81 in pulses
    assert pulses.isdisjoint({198, 199})
    # And both are set aside, each with its reason
    nora.open("/devices/quarantine/", "Set aside")
    rows = nora.main.get_by_role("row")
    expect(rows.filter(has_text="NOBODYS-9")).not_to_have_count(0)
    expect(rows.filter(has_text="WARD-7")).not_to_have_count(0)
    nora.look_over()
