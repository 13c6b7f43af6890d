"""What a bedside monitor sends over its socket is on the chart and on the board without a reload."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.cable import Cable
from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# The page follows within a second or two; a busy machine that shares its processors is given longer.
SOON_MS = 20_000


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


def post(clinic: Clinic, address: str, token: str, body: Any, content_type: str = "application/json") -> int:
    """Send to one of the clinic's doors as a gateway does; return the status of the answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(
        clinic.address + address,
        data=raw,
        headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_what_a_gateway_sends_is_on_the_chart_as_a_monitors_is(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    # Given a gateway that the administrator adds for the monitor at chair 2
    ada, nora = meets(served, "admin"), meets(served, "nurse")
    ada.sign_in(to="/devices/monitors/")
    ada.main.get_by_role("link", name="Gateways").click()
    ada.main.get_by_role("link", name="Add a gateway").click()
    ada.page.get_by_label("Name").fill("ward-7.example")
    ada.page.get_by_label("Monitors").fill("WARD-7")
    ada.page.get_by_label("Reason").fill("ward 7")
    ada.look_over()
    ada.main.get_by_role("button", name="Add gateway").click()
    ada.reads_heading("Token of ward-7.example")
    ada.look_over()
    token = ada.main.locator("code").first.inner_text()
    # And a nurse at the chart, which is never reloaded
    nora.sign_in(to=f"/visits/{infusion['visit']}/chart/")
    nora.page.evaluate("window.neverReloaded = true")
    expect(nora.page.locator("[data-live-state]")).to_have_text("live", timeout=SOON_MS)
    # When it sends in the JSON form, and then as FHIR
    now = datetime.now(UTC).isoformat()
    observation = {"sign": "spo2", "value": 94, "unit": "%", "observed_at": now}
    message = {"device": "WARD-7", "message": "1", "sent_at": now, "observations": [observation]}
    assert post(served, "/api/observations", token, message) == 201
    expect(value(nora, "SpO2")).to_contain_text("94", timeout=SOON_MS)
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "effectiveDateTime": now,
        "device": {"identifier": {"value": "WARD-7"}},
        "valueQuantity": {"value": 79, "system": "http://unitsofmeasure.org", "code": "/min"},
    }
    assert post(served, "/fhir/Observation", token, resource, "application/fhir+json") == 201
    expect(value(nora, "Pulse")).to_contain_text("79", timeout=SOON_MS)
    assert nora.page.evaluate("window.neverReloaded")
    # Then what is wrong is refused through the server's own sockets too
    assert post(served, "/api/observations", "evenkeel_gw_made_up", message) == 401
    assert post(served, "/api/observations", token, b" " * 3_000_000) == 413
    assert post(served, "/api/observations", token, message, "text/plain") == 415
    assert post(served, "/api/observations", token, {**message, "device": "NOBODYS-9"}) == 422
    # And once it was ended, nothing is taken from it any more
    ada.main.get_by_role("link", name="I have copied it").click()
    expect(ada.main.get_by_role("row").filter(has_text="ward-7.example").first).to_contain_text("May send")
    ada.look_over()
    ada.main.get_by_role("link", name="End ward-7.example").click()
    ada.page.get_by_label("Reason").fill("returned to its maker")
    ada.look_over()
    ada.main.get_by_role("button", name="End gateway").click()
    expect(ada.main.get_by_role("row").filter(has_text="ward-7.example").first).to_contain_text("Ended")
    assert post(served, "/api/observations", token, {**message, "message": "2"}) == 401
