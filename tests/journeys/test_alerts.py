"""An alert from the monitor's socket to the nurse's ear, and on to the prescriber's phone."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.cable import Beating
from tests.journeys.person import Meets, Person
from tests.journeys.served import Clinic

# The page follows within two seconds; a busy machine that shares its processors is given longer.
SOON_MS: Final = 20_000
PHONE: Final = {"width": 390, "height": 844}
# Counts the tones that the page starts, with the real AudioContext underneath.
SPY: Final = """
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
        window.tones += 1;
        return start.apply(this, when);
    };
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic of its own, since alerts of other stories would call the same people."""
    with Clinic.furnished(tmp_path_factory.mktemp("alerts"), chairs=3) as opened:
        yield opened


@pytest.fixture
def monitor(clinic: Clinic) -> Iterator[Beating]:
    """A monitor beside chair 1."""
    clinic.prepare("assign", at=clinic.now - timedelta(days=1), chair="chair-1", monitor="ALERT-1")
    plugged = Beating(clinic, "ALERT-1")
    yield plugged
    plugged.unplug()


@pytest.fixture
def nurses(clinic: Clinic, meets: Meets) -> Callable[[str, str], Person]:
    """Somebody at a page that is never reloaded, whose tones are counted."""

    def come(username: str, to: str, *, streams: bool = True) -> Person:
        person = meets(clinic, username)
        if not streams:
            person.page.route("**/live/", lambda route: route.abort())
        person.context.add_init_script(SPY)
        person.sign_in(to=to)
        person.page.evaluate("window.neverReloaded = true")
        expect(person.page.locator("[data-live-state]")).to_have_text("live", timeout=SOON_MS)
        return person

    return come


def panel(person: Person) -> Locator:
    """The alerts on the chart."""
    return person.main.get_by_role("region", name=re.compile("^Alerts"))


def tones(person: Person) -> int:
    """How many tones a page has started so far."""
    return int(person.page.evaluate("window.tones"))


def hears_more_than(person: Person, before: int) -> None:
    """The page sounds, within the time of the slowest pattern that is asked for here."""
    person.page.wait_for_function("before => window.tones > before", arg=before, timeout=SOON_MS)


def test_what_nobody_answers_reaches_the_prescribers_phone(
    clinic: Clinic, nurses: Callable[..., Person], meets: Meets
) -> None:
    found = clinic.prepare("running", at=clinic.now, chair="chair-2", given_name="Bodo")
    # Charted two minutes ago and answered by nobody: rule INF-ALM-001 calls after one.
    clinic.prepare("chart_saturation", at=clinic.now - timedelta(minutes=2), visit=found["visit"], spo2=85)
    priya = meets(clinic, "prescriber", viewport=PHONE, has_touch=True)
    priya.sign_in(to="/rulebook/")
    priya.set_up_an_authenticator()
    priya.open("/library/")
    call = priya.page.get_by_role("region", name="Alerts that call you")
    expect(call).to_contain_text("Chair 2", timeout=SOON_MS)
    expect(call).to_contain_text("85 %")
    expect(call).to_contain_text("Nobody has answered. Escalated")
    priya.look_over()
    desk = meets(clinic, "desk")
    desk.sign_in(to="/")
    expect(desk.page.get_by_text("85 %")).to_have_count(0)
    # She opens it from there, and answers in words
    call.get_by_role("link", name=re.compile("^Answer")).first.click()
    priya.reads_heading("Alerts")
    priya.look_over()
    alert = priya.main.get_by_role("article", name="High alert").first
    alert.locator("summary").click()
    priya.look_over()
    alert.get_by_role("link", name=re.compile("^In other words")).click()
    priya.reads_heading("Answer the alert")
    priya.look_over()
    priya.choose("The answer", "Other")
    priya.press("Answer")
    priya.reads("say in words what the answer is")
    priya.write("In words", "Hold the drug; I am on my way.")
    priya.press("Answer")
    priya.reads("The alert is answered.")
    priya.reads("Hold the drug; I am on my way.")
    priya.open("/library/")
    expect(priya.page.get_by_text("Nobody has answered. Escalated")).to_have_count(0)
    # The nurse's chart says so
    nora = nurses("nurse", f"/visits/{found['visit']}/chart/")
    expect(panel(nora)).to_contain_text("answered by Dr. Priya Raman: other: Hold the drug")


def turns_sound_on(nora: Person) -> None:
    """Sound is off until somebody at this device has turned it on and heard it, and says so."""
    nora.page.get_by_text("Sound is off on this device: turn it on to hear alerts.").wait_for()
    nora.page.get_by_role("button", name="Turn sound on").click()
    expect(nora.page.get_by_text("Sound is on for your patients, not checked yet.")).to_be_visible()
    nora.page.get_by_text("Check or turn off").click()
    nora.page.get_by_role("button", name="Check the sound").click()
    hears_more_than(nora, 0)
    nora.page.get_by_role("button", name="Yes", exact=True).click()
    expect(nora.page.get_by_text("Sound is on for your patients, last checked")).to_be_visible()
    nora.look_over()


def makes_quiet(nora: Person, tablet: Person, alert: Locator) -> None:
    """She has seen it: quiet on both, with her name, and what was half typed stays."""
    nora.page.locator("#id_systolic").fill("131")
    nora.page.evaluate("window.neverReloaded = true")
    alert.get_by_role("button", name=re.compile("Seen, quiet for 2 min")).click()
    expect(alert).to_contain_text("seen by Nora Lindqvist RN", timeout=SOON_MS)
    expect(alert).to_contain_text("Sound off until")
    expect(panel(tablet)).to_contain_text("seen by Nora Lindqvist RN", timeout=SOON_MS)
    expect(nora.page.locator("#id_systolic")).to_have_value("131")
    nora.page.wait_for_timeout(1500)
    quiet = tones(nora)
    nora.page.wait_for_timeout(5000)
    assert tones(nora) == quiet, "an alert that was seen is still heard"
    nora.look_over()


def answers_by_keyboard(nora: Person, alert: Locator) -> None:
    """She opens the answers and takes one; it is marked while it lasts, and what was half typed stays."""
    answer = alert.locator("summary")
    answer.focus()
    nora.page.keyboard.press("Enter")
    nora.page.keyboard.press("Tab")
    expect(alert.get_by_role("button", name=re.compile("^Probe put back on"))).to_be_focused()
    nora.page.keyboard.press("Enter")
    expect(panel(nora)).to_contain_text("answered, still going on", timeout=SOON_MS)
    assert nora.page.evaluate("window.neverReloaded")
    expect(nora.page.locator("#id_systolic")).to_have_value("131")


def test_from_the_monitors_socket_to_the_ear_and_back(
    clinic: Clinic, monitor: Beating, nurses: Callable[..., Person]
) -> None:
    # It has just begun, and the monitor is heard from the start on: a silence would be an alert of its own.
    begun = clinic.now + timedelta(minutes=4, seconds=58)
    found = clinic.prepare("running", at=begun, chair="chair-1", given_name="Alba")
    monitor.measures(spo2=98, pulse=76)
    chart = f"/visits/{found['visit']}/chart/"
    nora = nurses("nurse", chart)
    board = nurses("nurse2", "/board/")
    expect(panel(nora)).to_contain_text("No open alerts.")
    expect(panel(nora)).to_contain_text("The bedside monitor is primary.")

    turns_sound_on(nora)

    # A nurse is typing a check when the monitor sends a saturation far too low
    nora.page.locator("#id_systolic").fill("131")
    nora.page.locator("#id_diastolic").focus()
    before = tones(nora)
    monitor.measures(spo2=84, pulse=88)
    alert = panel(nora).get_by_role("article", name="High alert").first
    expect(alert).to_contain_text("84 %", timeout=SOON_MS)
    expect(alert).to_contain_text("Now 84 %")
    expect(alert).to_contain_text("from the monitor")
    expect(alert.get_by_role("link", name=re.compile("INF-OX-002"))).to_be_visible()
    hears_more_than(nora, before)
    expect(nora.page.locator("#id_diastolic")).to_be_focused()
    expect(nora.page.locator("[data-announce=assertive]")).to_contain_text("High alert, Chair 1")
    tile = board.page.get_by_role("article", name="Chair 1")
    expect(tile).to_contain_text("84 %", timeout=SOON_MS)
    expect(tile).to_contain_text("High")
    assert tones(board) == 0
    for each in (nora, board):
        each.look_over()

    # After a reload, and on a second device, it stands there and sounds again, once the page was touched
    nora.page.reload()
    expect(panel(nora)).to_contain_text("84 %")
    expect(nora.page.get_by_text("Sound waits for a touch")).to_be_visible()
    panel(nora).get_by_role("heading", name=re.compile("^Alerts")).click()
    hears_more_than(nora, 0)
    tablet = nurses("nurse", chart)
    expect(panel(tablet)).to_contain_text("84 %")
    tablet.page.get_by_role("button", name="Turn sound on").click()
    hears_more_than(tablet, 0)

    makes_quiet(nora, tablet, alert)
    answers_by_keyboard(nora, alert)

    # The saturation comes back, and nothing is open any more, here, there and on the board
    monitor.measures(spo2=97, pulse=80)
    for each in (nora, tablet):
        expect(panel(each)).to_contain_text("No open alerts.", timeout=SOON_MS)
    expect(tile).not_to_contain_text("84 %", timeout=SOON_MS)
    nora.follow("All alerts of this visit")
    nora.reads_heading("Alerts")
    nora.reads("answered by Nora Lindqvist RN: action taken: Probe put back on.")
    nora.look_over()


def test_a_lost_stream_is_said_loudly(clinic: Clinic, nurses: Callable[..., Person]) -> None:
    # Without a stream the page asks by itself; a browser that is set offline would keep an open stream.
    nora = nurses("nurse", "/board/", streams=False)
    lost = nora.page.get_by_role("alert").filter(has_text="No contact with Evenkeel since")
    expect(lost).to_have_count(0)
    # The network goes; within 15 s of the last word the page must say so.
    nora.context.set_offline(True)
    expect(lost).to_be_visible(timeout=40_000)
    expect(lost).to_contain_text("no alert reaches it")
    nora.context.set_offline(False)
    expect(lost).to_have_count(0, timeout=40_000)


def test_an_open_alert_outlives_a_restart_of_the_server(
    clinic: Clinic, nurses: Callable[..., Person]
) -> None:
    found = clinic.prepare("running", at=clinic.now, chair="chair-3", given_name="Cleo")
    clinic.prepare("chart_saturation", at=clinic.now, visit=found["visit"], spo2=85)
    nora = nurses("nurse", f"/visits/{found['visit']}/chart/")
    alert = panel(nora).get_by_role("article", name="High alert")
    expect(alert).to_contain_text("85 %")
    clinic.close()
    expect(nora.page.locator("[data-live-state]")).to_contain_text("offline since", timeout=60_000)
    expect(alert).to_contain_text("85 %")
    clinic.open()
    # It comes back by itself, and takes an answer.
    expect(nora.page.locator("[data-live-state]")).to_have_text("live", timeout=60_000)
    assert nora.page.evaluate("window.neverReloaded")
    expect(alert).to_have_count(1)
    alert.get_by_role("button", name=re.compile("Seen, quiet for 2 min")).click()
    expect(alert).to_contain_text("seen by Nora Lindqvist RN", timeout=SOON_MS)
    nora.page.reload()
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("seen by Nora Lindqvist RN")
    # The browser tells that it could not look for a newer worker while the server was away.
    nora.findings = [each for each in nora.findings if "fetching the script" not in each]
