"""The demo clinic as a visitor sees it, on every screen.

With EVENKEEL_WRITE_SCREENSHOTS=1 the pictures in docs/screenshots are taken anew.
"""

import os
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from evenkeel.simulate import staff
from tests.journeys.person import Meets, Person, faults, sideways
from tests.journeys.served import ROOT, Clinic
from tests.journeys.small_png import shrink

PICTURES: Final = ROOT / "docs" / "screenshots"
WRITES: Final = os.environ.get("EVENKEEL_WRITE_SCREENSHOTS") == "1"
SIZE_MAX_BYTES: Final = 200_000
SCREENS: Final = {"desktop": (1280, 800), "tablet": (1024, 768), "phone": (390, 844)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The clinic that `make run` serves, its day going on."""
    clinic = Clinic(tmp_path_factory.mktemp("demo"), demo=True)
    clinic.open()
    yield clinic
    clinic.close()


def board(person: Person) -> None:
    """Every chair, with the loudest alert."""
    person.open("/board/", "Chair board")
    tiles = person.page.get_by_role("article")
    expect(tiles).to_have_count(10)
    expect(tiles.filter(has_text="Running")).not_to_have_count(0)
    expect(tiles.filter(has_text="Paused")).to_have_count(1)
    expect(tiles.filter(has_text="Observation")).not_to_have_count(0)
    # The monitors go on sending once the clinic's day goes on.
    silent = tiles.locator(".ek-tile__state").filter(has_text=re.compile("late|offline"))
    expect(silent).to_have_count(0, timeout=60_000)


def chart(person: Person) -> None:
    """A running infusion with its monitor, its predicted level and an entry that was put right."""
    # The day goes on: who was paused for the board's picture may run again by now.
    person.open("/board/", "Chair board")
    running = person.page.get_by_role("article").filter(has_text="Running")
    expect(running).not_to_have_count(0)
    addresses = [str(link.get_attribute("href")) for link in running.get_by_role("link").all()]
    for address in addresses:
        person.open(address, "Chart")
        if person.main.locator(".ek-timeline__now").count():
            break
    expect(person.main.locator(".ek-timeline__now")).to_have_count(1)
    person.reads(re.compile(r"mg of [\d.]+ mg given"))
    expect(person.main.locator("canvas").first).to_be_visible()
    expect(person.main.locator(".ek-live").first).to_contain_text("live")


def patient(person: Person) -> None:
    """A whole course on one screen, in maintenance."""
    person.open("/patients/?stage=maintenance", "Patients")
    person.main.get_by_role("rowheader").get_by_role("link").first.click()
    expect(person.main.locator("canvas").first).to_be_visible()
    person.reads("Maintenance")
    person.reads("in all")


def today(person: Person) -> None:
    """What waits for a prescriber."""
    person.open("/", "Today")
    expect(person.main.locator(".ek-work__act")).not_to_have_count(0)


def check_in(person: Person) -> None:
    """The gate, for somebody who is booked for later."""
    person.open("/diary/", "Diary")
    booked = person.main.locator(".ek-diary__visit").filter(has_text=re.compile("booked", re.IGNORECASE))
    booked.get_by_role("link").first.click()
    if person.page.get_by_role("heading", level=1).inner_text() != "Check in":
        person.follow("Check in")
    person.reads_heading("Check in")


def order(person: Person) -> None:
    """The dose as a sentence."""
    today(person)
    person.main.get_by_role("link", name=re.compile("Write the order")).first.click()
    person.reads_heading("Order")
    person.main.get_by_role("radio", name="50 mg/mL").first.check()
    person.press("Work it out")
    expect(person.main.locator(".ek-dose").first).to_contain_text("0.5 mg/kg")


def levels(person: Person) -> None:
    """An infusion that somebody makes up, and what six models say of it."""
    person.open("/levels/", "Level explorer")
    expect(person.main.locator("canvas")).to_have_count(4)


def stock(person: Person) -> None:
    """What the registrant answers for: lots by expiry, what is kept, opened and marked, and what waits."""
    person.open("/stock/", "Stock")
    person.reads("DEMO-K17")
    person.reads("kept")


# What stands at the top of a picture, where it is not the top of the page.
TOPS: Final = {"order": "#sentence", "levels": ".ek-head"}
SCENES: Final[dict[str, tuple[str, Callable[[Person], None]]]] = {
    "board": ("nora", board),
    "chart": ("nora", chart),
    "patient": ("priya", patient),
    "today": ("priya", today),
    "check-in": ("nora", check_in),
    "order": ("priya", order),
    "levels": ("nora", levels),
    "stock": ("rosa", stock),
}


@pytest.mark.parametrize("scene", SCENES)
def test_the_demo_clinic_is_a_sight_on_every_screen(demo: Clinic, meets: Meets, scene: str) -> None:
    username, show = SCENES[scene]
    person = meets(demo, username, staff.PASSWORD, has_touch=True)
    person.sign_in(to="/rulebook/")
    person.reads_heading("Rulebook")
    show(person)
    for name, (width, height) in SCREENS.items():
        person.page.set_viewport_size({"width": width, "height": height})
        person.page.wait_for_timeout(400)  # the chart draws itself anew
        if scene in TOPS:
            person.main.locator(TOPS[scene]).evaluate("part => part.scrollIntoView()")
        assert sideways(person.page) <= 0
        assert faults(person.page) == []
        if WRITES:
            PICTURES.mkdir(parents=True, exist_ok=True)
            picture = PICTURES / f"{scene}-{name}.png"
            person.page.screenshot(path=picture)
            assert shrink(picture) <= SIZE_MAX_BYTES, picture
