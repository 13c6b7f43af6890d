"""Two people count; one vial is missing; the case is worked on and explained; the drug day is closed."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store.queries import counting, custody
from tests import factories
from tests.factories import NOW, PASSWORD
from tests.factories_custody import receive
from tests.journeys.one_screen import ClinicClock, follow, heading, press
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

Turn = Callable[[int], None]


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    """Turn the clinic's clock to so many minutes after nine."""
    return ClinicClock(monkeypatch).turn


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, turn: Turn) -> str:
    """The clinic's address, in which a password is enough."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    factories.people()
    receive(vials=4, at=NOW - timedelta(hours=1))
    receive(
        "midazolam_1_2",
        "MZ-77 with a name as long as labels have",
        12,
        into="safe",
        at=NOW - timedelta(hours=1),
    )
    return live_server.url


def second(page: Page, name: str = "Nora Lindqvist RN") -> None:
    """The second person types their password."""
    page.get_by_label("Second person").select_option(name)
    page.get_by_label("Their password").fill(PASSWORD)


def type_sheet(page: Page, cabinet: str) -> None:
    """Go to the first box and type what was found with the keyboard alone."""
    page.locator("input[name^=found_]").first.focus()
    for number in ("12", cabinet):
        page.keyboard.press("Control+a")
        page.keyboard.type(number)
        page.keyboard.press("Tab")


def count(page: Page, purpose: str, cabinet: str) -> None:
    """Choose a count and fill in its sheet, with the safe as it is."""
    press_start(page, purpose)
    type_sheet(page, cabinet)
    second(page)
    press(page, "Both counted this")


def press_start(page: Page, purpose: str) -> None:
    """From the choice of a count to its sheet."""
    heading(page, "Count the stock")
    page.get_by_label(purpose, exact=True).check()
    press(page, "Go on to the sheet")
    heading(page, purpose)


def test_an_opening_count_a_case_and_the_close_of_the_day(page: Page, clinic: str, turn: Turn) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, clinic, "registrant", to="/stock/counts/")
    heading(page, "Counts")
    follow(page, "Count the stock")
    press_start(page, "Opening count")
    assert "2,000" not in page.content()

    # Nothing was typed into one box, and the password is wrong: both are said, and the rest stays.
    page.locator("input[name^=found_]").first.fill("12")
    second(page)
    press(page, "Both counted this")
    expect(page.get_by_role("alert")).to_contain_text("Count it too; write 0 if none is there.")
    expect(page.locator("input[name^=found_]").first).to_have_value("12")
    heading(page, "Opening count")
    type_sheet(page, "3")
    second(page)
    turn(5)
    press(page, "Both counted this")
    heading(page, "Opening count")
    expect(page.get_by_role("main")).to_contain_text("1 vial, 500 mg missing")
    page.get_by_role("link", name="Case opened").click()
    work_on_the_case(page, clinic, turn)
    close_the_day(page, clinic, turn)
    state = counting.stockroom("main")
    assert state is not None
    assert [fact.payload.purpose for fact in state.counts] == ["opening", "closing"]
    assert len(state.days_closed) == 1
    assert custody.cases(only_open=True) == ()
    assert errors == []


def work_on_the_case(page: Page, clinic: str, turn: Turn) -> None:
    """Read the case, print its data, write a note, and be refused to close it without another count."""
    heading(page, "1 vial, 500 mg missing")
    expect(page.get_by_role("main")).to_contain_text("Due by Tue 2 Jun 2026, 09:05")
    form = page.get_by_role("link", name="Print the data for form 106").get_attribute("href")
    printed = PdfReader(BytesIO(page.request.get(f"{clinic}{form}").body())).pages[0].extract_text()
    assert "Nothing was filed with this sheet" in " ".join(printed.split())
    follow(page, "Write a note")
    heading(page, "Write a note")
    page.get_by_label("Note").fill("The night nurse opened one on Friday; the box lay behind the drawer.")
    turn(10)
    press(page, "Save")
    heading(page, "1 vial, 500 mg missing")
    follow(page, "Close the case")
    heading(page, "Close the case")
    page.get_by_label("Found", exact=True).check()
    page.get_by_label("Explanation").fill("The box lay behind the drawer.")
    second(page)
    press(page, "Close the case")
    expect(page.get_by_role("alert")).to_contain_text("count the stock again first")
    heading(page, "Close the case")


def close_the_day(page: Page, clinic: str, turn: Turn) -> None:
    """The day stays open, and the page says why; a second count explains it, and the day is closed."""
    page.goto(f"{clinic}/stock/day/")
    heading(page, "Close the day")
    expect(page.get_by_role("main")).to_contain_text("The closing count of today is missing.")
    expect(page.get_by_role("main")).to_contain_text("A case is open")
    turn(12)
    follow(page, "Count the stock")
    count(page, "Closing count", "4")
    heading(page, "Closing count")
    expect(page.get_by_role("main")).to_contain_text("Everything that was found is what the ledger expected.")
    page.goto(f"{clinic}/stock/cases/")
    heading(page, "Cases")
    page.get_by_role("link", name="1 vial, 500 mg missing").click()
    follow(page, "Close the case")
    page.get_by_label("Found", exact=True).check()
    page.get_by_label("Explanation").fill("The box lay behind the drawer.")
    second(page)
    turn(14)
    press(page, "Close the case")
    heading(page, "1 vial, 500 mg missing")
    expect(page.get_by_role("main")).to_contain_text("Closed: found")
    page.goto(f"{clinic}/stock/cases/")
    heading(page, "Cases")

    page.goto(f"{clinic}/stock/day/")
    heading(page, "Close the day")
    second(page)
    turn(16)
    press(page, "Close the day")
    heading(page, "Counts")
    expect(page.get_by_role("main")).to_contain_text("Mon 1 Jun 2026")


def test_an_inventory_is_counted_and_printed(page: Page, clinic: str) -> None:
    sign_in(page, clinic, "registrant", to="/stock/count/")
    press_start(page, "First inventory")
    type_sheet(page, "4")
    second(page)
    press(page, "Both counted this")
    expect(page.get_by_role("alert")).to_contain_text("opening or the close of business")
    heading(page, "First inventory")
    page.get_by_label("As of the opening of business").check()
    page.get_by_label("Their password").fill(PASSWORD)
    press(page, "Both counted this")
    heading(page, "First inventory")
    address = page.get_by_role("link", name="Print the inventory").get_attribute("href")
    answer = page.request.get(f"{clinic}{address}")
    assert answer.ok
    text = " ".join(PdfReader(BytesIO(answer.body())).pages[0].extract_text().split())
    assert "midazolam 1 mg/mL, 2 mL C-IV 70860-600-02 2 mg in 2 mL 12 24 mg" in text
    follow(page, "All counts")
    heading(page, "Counts")
    expect(page.get_by_role("main")).to_contain_text("Next inventory due by Thu 1 Jun 2028")


def test_a_case_is_opened_for_what_was_noticed(page: Page, clinic: str) -> None:
    sign_in(page, clinic, "nurse", to="/stock/cases/")
    heading(page, "Cases")
    follow(page, "Open a case")
    heading(page, "Open a case")
    where = page.get_by_label("Where something is missing or too much")
    where.select_option("Cabinet: ketamine 50 mg/mL, 10 mL, lot K-2231")
    page.get_by_label("How much is there now").fill("5")
    page.get_by_label("What was noticed").fill("There is a box too many.")
    page.get_by_label("Who finds out").select_option("Dr. Lee Hartmann")
    press(page, "Open the case")
    heading(page, "1 vial, 500 mg too much")
    expect(page.get_by_role("main")).to_contain_text("Nothing has to be reported")
