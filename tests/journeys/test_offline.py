"""The tablet at the chair goes on when its network does not: what is entered arrives once, with its own time.

The network is a wire of the test's own, so that a cut breaks pages, scripts and the service worker alike. The
clinic's clock and the tablet's are turned together, and in one story apart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.person import Meets, Person
from tests.journeys.rescue import fill_in_labetalol
from tests.journeys.served import Clinic
from tests.journeys.wire import Wire

MINUTE: Final = timedelta(minutes=1)
# The page asks every five seconds whether the server is back; a busy machine is given longer.
SOON_MS: Final = 45_000
# A tablet knows the server's time to a second or two; the machine is busy.
CLOSE: Final = timedelta(seconds=20)

# The tablet's clock, as far ahead of the machine's as its storage says.
TABLET_CLOCK: Final = """
(() => {
    const Real = Date;
    const ahead = () => {
        try { return Number(localStorage.getItem("test-ahead") ?? AHEAD); } catch { return AHEAD; }
    };
    globalThis.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(Real.now() + ahead()); }
        static now() { return Real.now() + ahead(); }
    };
})();
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic whose clock is turned; every story brings a patient and a chair."""
    with Clinic.furnished(tmp_path_factory.mktemp("offline"), chairs=7, starts_at=_by_day()) as opened:
        yield opened


def _by_day() -> datetime:
    """The machine's time, or some hours beside it, so that no story runs past midnight, here or in UTC.

    A service worker's clock cannot be turned, and what a tablet keeps is old after twelve hours.
    """
    at = datetime.now(UTC)
    hour = at.astimezone(ZoneInfo("America/New_York")).hour
    return at + timedelta(hours=8 if hour < 8 else -6 if hour >= 16 else 0)


@pytest.fixture
def wire(clinic: Clinic) -> Iterator[Wire]:
    """The network between the tablet and the clinic."""
    between = Wire(clinic.port)
    yield between
    between.close()


@dataclass(frozen=True)
class Tablet:
    """Somebody at a tablet, with the chart of a running infusion open on it and kept."""

    person: Person
    clinic: Clinic
    visit: str
    slow: timedelta = timedelta(0)

    @property
    def chart(self) -> str:
        """The address of the chart."""
        return f"/visits/{self.visit}/chart/"

    def wait(self, minutes: int) -> None:
        """Let time pass for the clinic and for the tablet alike."""
        self.clinic.turn_clock(self.clinic.now + minutes * MINUTE)
        self.person.page.evaluate(
            "ahead => localStorage.setItem('test-ahead', ahead)", str(_ahead_ms(self.clinic, self.slow))
        )

    def chart_signs(self, systolic: int, **signs: int) -> datetime:
        """Chart a check; returns when."""
        self.type_signs(systolic, **signs)
        at = self.clinic.now
        self.press("Save the check")
        return at

    def type_signs(self, systolic: int, **signs: int) -> None:
        """Type a check."""
        for name, number in {"systolic": systolic, "diastolic": 80, **signs}.items():
            self.person.page.locator(f"#id_{name}").fill(str(number))

    def press(self, words: str) -> None:
        """Press a button that leads to a page, and be there: what is typed on the one before would be lost.

        The page before lists an entry as soon as it waits, so that the list alone does not tell them apart.
        """
        self.person.press_on(words)
        expect(self.person.page.locator("body[data-offline]")).to_be_attached(timeout=SOON_MS)

    @property
    def unsent(self) -> Locator:
        """The entries that are not in the record."""
        return self.person.page.locator("#unsent li")

    @property
    def banner(self) -> Locator:
        """What the tablet says of its network."""
        return self.person.page.locator(".ek-offline")

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        """The entries of a kind in the record, by clinical time."""
        entries = self.clinic.prepare("entries", visit=self.visit)
        return [each for each in entries if each["kind"] == kind]


def _ahead_ms(clinic: Clinic, slow: timedelta) -> int:
    return round((clinic.now - slow - datetime.now(UTC)).total_seconds() * 1000)


def at_the_chair(
    meets: Meets, clinic: Clinic, wire: Wire, chair: int, *, slow: timedelta = timedelta(0)
) -> Tablet:
    """Nora at a tablet, the chart of somebody's running infusion open and kept on it."""
    found = clinic.prepare("running", at=clinic.now, chair=f"chair-{chair}", given_name=f"Odile{chair}")
    nora = meets(clinic, "nurse", viewport={"width": 820, "height": 1180})
    nora.address = wire.address
    nora.context.add_init_script(TABLET_CLOCK.replace("AHEAD", str(_ahead_ms(clinic, slow))))
    nora.sign_in(to=f"/visits/{found['visit']}/chart/")
    tablet = Tablet(nora, clinic, found["visit"], slow)
    expect(nora.page.locator("body[data-kept-here]")).to_be_attached(timeout=SOON_MS)
    assert kept_of(tablet) > 0, "the page says that the tablet keeps it"
    # From here on the worker stands between the page and the network.
    nora.page.reload()
    return tablet


def happened(entry: dict[str, Any], at: datetime) -> bool:
    """Whether an entry happened, by the record, at a moment."""
    return abs(datetime.fromisoformat(entry["happened_at"]) - at) < CLOSE


def test_half_an_hour_without_the_network(clinic: Clinic, wire: Wire, meets: Meets) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=1)
    nora = tablet.person
    nora.does_not_read("Not in the record")
    wire.cut()
    signs = [tablet.chart_signs(120)]
    expect(tablet.unsent).to_have_count(1)
    expect(tablet.banner).to_contain_text("Offline since")
    expect(tablet.banner).to_contain_text("1 entry not sent yet")
    for number, systolic in enumerate((122, 124, 126), start=2):
        tablet.wait(4)
        signs.append(tablet.chart_signs(systolic))
        expect(tablet.unsent).to_have_count(number)
    nora.press("Nausea")
    expect(tablet.unsent).to_have_count(5)
    tablet.wait(2)
    paused_at = clinic.now
    tablet.press("Pause")
    expect(tablet.unsent).to_have_count(6)
    nora.reads("The pump itself is set and stopped at the pump.")
    nora.look_over()

    # The page is loaded again from what the tablet kept, with everything that waits
    nora.page.reload()
    expect(tablet.unsent).to_have_count(6)
    expect(tablet.banner).to_contain_text("This page is as it was at")
    expect(tablet.unsent.filter(has_text="Saved")).to_have_count(0)
    tablet.wait(3)
    signs.append(tablet.chart_signs(118, spo2=98, sedation=5))
    expect(tablet.unsent).to_have_count(7)
    resumed_at = clinic.now
    nora.main.get_by_role("region", name="Not in the record").get_by_role("link", name="Resume").click()
    nora.write("Rate", "150")
    tablet.press("Resume")
    expect(tablet.unsent).to_have_count(8)
    for number, systolic in enumerate((121, 123, 125), start=9):
        tablet.wait(4)
        signs.append(tablet.chart_signs(systolic))
        expect(tablet.unsent).to_have_count(number)
    noted_at = clinic.now
    nora.main.get_by_role("link", name="Note", exact=True).click()
    nora.write("Note", "The network is down; charted on the tablet.")
    tablet.press("Save")
    expect(tablet.unsent).to_have_count(12)
    expect(tablet.banner).to_contain_text("12 entries not sent yet")
    assert tablet.recorded("signs.charted") == []

    # After so long the session is over, as it is on every screen; the entries wait for their owner
    tablet.wait(5)
    wire.mend()
    expect(tablet.banner).to_contain_text("You are signed out; sign in again", timeout=SOON_MS)
    tablet.banner.get_by_role("link", name="Sign in").click()
    nora.write("User name", nora.username)
    nora.write("Password", nora.password)
    nora.press("Sign in")
    expect(tablet.banner).to_contain_text("12 entries sent at", timeout=SOON_MS)
    expect(tablet.unsent).to_have_count(0)

    charted = tablet.recorded("signs.charted")
    assert [each["systolic"] for each in charted] == ["120", "122", "124", "126", "118", "121", "123", "125"]
    assert all(happened(each, at) for each, at in zip(charted, signs, strict=True))
    for kind, at in (
        ("infusion.paused", paused_at),
        ("infusion.resumed", resumed_at),
        ("note.written", noted_at),
        ("event.recorded", signs[3]),
    ):
        [only] = tablet.recorded(kind)
        assert happened(only, at), (kind, only, at)
        assert only["by"] == "Nora Lindqvist RN"


def test_a_conflict_is_shown_to_a_person_and_nothing_is_lost(
    clinic: Clinic, wire: Wire, meets: Meets
) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=2)
    nora = tablet.person
    wire.cut()
    tablet.wait(1)
    tablet.press("Pause")
    expect(tablet.unsent).to_have_count(1)
    # Nobody measures that, and the page of the tablet does not know it
    tablet.type_signs(130, spo2=9)
    typed_at = clinic.now
    nora.press("Save the check")
    nora.main.get_by_label("Really 9 %? Tick if it is so, or mend it.").check()
    tablet.press("Save the check")
    expect(tablet.unsent).to_have_count(2)
    tablet.chart_signs(131)
    expect(tablet.unsent).to_have_count(3)
    samuel = meets(clinic, "nurse2")
    samuel.sign_in(to=tablet.chart)
    samuel.press("Stop")
    samuel.reads("Stopped.")

    wire.mend()
    expect(tablet.banner).to_contain_text("2 entries not accepted by the server", timeout=SOON_MS)
    expect(tablet.unsent).to_have_count(2)
    expect(tablet.unsent.nth(0)).to_contain_text("not accepted, not saved")
    expect(tablet.unsent.nth(0)).to_contain_text("A running infusion can be paused")
    nora.look_over()
    assert [each["systolic"] for each in tablet.recorded("signs.charted")] == ["131"]
    assert tablet.recorded("infusion.paused") == []

    # Discarding asks twice; putting right opens the form as it was, with its time
    tablet.unsent.nth(0).get_by_role("button", name="Discard it").click()
    nora.page.get_by_role("button", name="Keep it").click()
    expect(tablet.unsent).to_have_count(2)
    tablet.unsent.nth(0).get_by_role("button", name="Discard it").click()
    nora.page.get_by_role("button", name="Discard for good").click()
    expect(tablet.unsent).to_have_count(1)
    tablet.wait(2)
    tablet.unsent.nth(0).get_by_role("button", name="Correct it").click()
    nora.reads_heading("Chart signs")
    expect(nora.page.locator("#id_systolic")).to_have_value("130")
    nora.look_over()
    nora.page.locator("#id_spo2").fill("97")
    nora.press("Save")
    nora.reads("The check is charted.")
    expect(tablet.unsent).to_have_count(0)
    charted = tablet.recorded("signs.charted")
    assert [each["systolic"] for each in charted] == ["130", "131"]
    assert happened(charted[0], typed_at)


def test_a_lost_answer_leads_to_no_second_entry(clinic: Clinic, wire: Wire, meets: Meets) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=3)
    wire.lose_the_answer_to(f"POST /visits/{tablet.visit}/pause/")
    tablet.press("Pause")
    expect(tablet.unsent).to_have_count(1)
    assert wire.has_lost.is_set()
    # The server has it and the tablet does not know: it says "not sent yet", and sends it again under its key
    assert len(tablet.recorded("infusion.paused")) == 1
    wire.mend()
    expect(tablet.banner).to_contain_text("1 entry sent at", timeout=SOON_MS)
    expect(tablet.unsent).to_have_count(0)
    assert len(tablet.recorded("infusion.paused")) == 1


def test_entries_wait_for_the_person_who_made_them(clinic: Clinic, wire: Wire, meets: Meets) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=4)
    nora = tablet.person
    wire.cut()
    tablet.chart_signs(119)
    expect(tablet.unsent).to_have_count(1)
    nora.press("Headache")
    expect(tablet.unsent).to_have_count(2)

    # Signing out names how many are not sent; what the tablet kept to look at is gone, the entries are not
    nora.page.get_by_role("button", name="Sign out").click()
    warning = nora.page.get_by_role("dialog")
    expect(warning).to_contain_text("2 entries not sent")
    expect(warning).to_contain_text("it cannot sign you out now")
    nora.look_over()
    warning.get_by_role("button", name="Stay").click()
    expect(tablet.unsent).to_have_count(2)
    # The session ends elsewhere, before the network is back
    nora.page.route("**/here/", lambda route: route.abort())
    wire.mend()
    nora.page.get_by_role("button", name="Sign out").click()
    warning.get_by_role("button", name="Sign out all the same").click()
    nora.reads_heading("Sign in")
    assert nora.page.evaluate("caches.has('evenkeel-kept')") is False
    nora.page.unroute("**/here/")

    # Samuel at the same tablet sees that they wait, and whose they are; they are not sent as his
    samuel = nora
    samuel.open(f"/accounts/login/?next={tablet.chart}")
    samuel.write("User name", "nurse2")
    samuel.write("Password", samuel.password)
    samuel.press("Sign in")
    expect(tablet.banner).to_contain_text("2 entries of Nora Lindqvist RN wait on this tablet")
    expect(tablet.unsent).to_have_count(2)
    expect(nora.page.locator("body[data-kept-here]")).to_be_attached(timeout=SOON_MS)
    assert tablet.recorded("signs.charted") == []
    samuel.look_over()
    nora.page.get_by_role("button", name="Sign out").click()
    nora.reads_heading("Sign in")
    nora.sign_in(to=tablet.chart)
    expect(tablet.banner).to_contain_text("2 entries sent at", timeout=SOON_MS)
    assert [each["by"] for each in tablet.recorded("signs.charted")] == ["Nora Lindqvist RN"]
    assert [each["by"] for each in tablet.recorded("event.recorded")] == ["Nora Lindqvist RN"]


def test_a_wrong_clock_is_said_and_corrected(clinic: Clinic, wire: Wire, meets: Meets) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=5, slow=7 * MINUTE)
    nora = tablet.person
    expect(tablet.banner).to_contain_text("This tablet's clock is 7 min slow; times are corrected.")
    nora.look_over()
    wire.cut()
    tablet.wait(2)
    at = tablet.chart_signs(117)
    expect(tablet.unsent).to_have_count(1)
    expect(tablet.banner).to_contain_text("7 min slow")
    tablet.wait(3)
    wire.mend()
    expect(tablet.banner).to_contain_text("1 entry sent at", timeout=SOON_MS)
    [charted] = tablet.recorded("signs.charted")
    assert happened(charted, at), (charted, at)


def test_only_charts_that_were_opened_are_there_and_none_after_the_discharge(
    clinic: Clinic, wire: Wire, meets: Meets
) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=6)
    nora = tablet.person
    nora.context.set_offline(True)
    expect(tablet.banner).to_contain_text("Offline since", timeout=SOON_MS)
    nora.context.set_offline(False)
    wire.cut()
    nora.open(f"/visits/{tablet.visit}/discharge/", "Charts on this tablet")
    nora.look_over()
    nora.main.get_by_role("link", name=re.compile("Odile6")).click()
    nora.reads_heading("Chart")
    wire.mend()

    # The patient has left, and the chart of today is no longer this tablet's to keep
    tablet.wait(180)
    nora.sign_in(to=tablet.chart)
    expect(nora.page.locator("body[data-kept-here]")).to_be_attached(timeout=SOON_MS)
    assert kept_of(tablet) > 0
    clinic.prepare("go_home", visit=tablet.visit, at=clinic.now)
    nora.open(tablet.chart, "Chart")
    for _ in range(50):
        if kept_of(tablet) == 0:
            break
        nora.page.wait_for_timeout(200)
    assert kept_of(tablet) == 0


def test_a_rescue_drug_that_was_given_without_the_network_is_in_the_record(
    clinic: Clinic, wire: Wire, meets: Meets
) -> None:
    tablet = at_the_chair(meets, clinic, wire, chair=7)
    nora = tablet.person
    wire.cut()
    tablet.wait(1)
    given_at = clinic.now
    nora.open(f"/visits/{tablet.visit}/rescue/", "Rescue drug")
    fill_in_labetalol(nora)
    nora.tick("It was given already")
    tablet.press("Save")
    expect(tablet.unsent).to_have_count(1)
    expect(tablet.unsent).to_contain_text("labetalol")
    nora.look_over()
    tablet.wait(4)
    wire.mend()
    expect(tablet.banner).to_contain_text("1 entry sent at", timeout=SOON_MS)
    [given] = tablet.recorded("rescue.given")
    assert happened(given, given_at), (given, given_at)


def kept_of(tablet: Tablet) -> int:
    """How many pages of the visit the tablet keeps."""
    return int(
        tablet.person.page.evaluate(
            """visit => caches.open("evenkeel-kept").then((cache) => cache.keys())
                .then((all) => all.filter((each) => each.url.includes(visit)).length)""",
            tablet.visit,
        )
    )
