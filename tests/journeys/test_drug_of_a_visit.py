"""A vial in a visit: kept, scanned, drawn, stopped early, wasted by two, and what was missing."""

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.journey import infusion
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Volume
from tests import factories, factories_chairside
from tests.factories_custody import receive
from tests.journeys.person import faults, sideways
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

LOT: Final = "K-2231"
LAST_DAY: Final = date(2027, 3, 31)
# A label's second code: expiry and lot (GS1 application identifiers 17 and 10), without a product.
CODE: Final = f"]C117{LAST_DAY:%y%m%d}10{LOT}"
# NDC 0409-2051-05, ketamine 100 mg/mL, 5 mL, of a lot that is only in the safe.
OF_100: Final = "010030409205105710Q-1"
SCREENS: Final = ((1280, 800), (820, 1180), (390, 844))
# Where pictures are kept when somebody wants to look at them.
PICTURES: Final = os.environ.get("PICTURES_OF_DRUG")


class Clock:
    """What the clinic's clock shows."""

    now: datetime = factories_chairside.DRAWN_AT


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> str:
    """The clinic's address, on the clock of the test."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SECOND_FACTOR_ROLES = frozenset()
    settings.IDLE_LOGOFF_MINUTES = 600
    for module in ("pages", "middleware", "accounts"):
        monkeypatch.setattr(f"evenkeel.web.{module}.now", lambda: clock.now)
    factories.people()
    return live_server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A screen without the event stream: the server of these tests would wait for its end, for minutes."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.route("**/live/**", lambda route: route.abort())
    yield page
    context.close()


def look(page: Page, name: str) -> None:
    """On every screen: axe is silent and nothing stands out; with a folder for them, pictures are kept."""
    wrong: list[Any] = []
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        wrong += [f"{name} at {width} px: {each}" for each in faults(page)]
        if sideways(page) > 0:
            wrong.append(f"{name} is {sideways(page)} px wider than {width} px")
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": SCREENS[0][0], "height": SCREENS[0][1]})
    assert wrong == []


def heading(page: Page, words: str) -> None:
    """The page says what it is."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def draws_by_code(page: Page, clinic: str, visit: StreamId) -> None:
    """A vial of the safe is refused by name; the one in hand is chosen by its code."""
    sign_in(page, clinic, "nurse", to=f"/visits/{reference_of(visit)}/draw/")
    heading(page, "Draw up")
    look(page, "draw")
    box, said = page.get_by_label("Code on the label"), page.locator("[data-scan-words]")
    vial = page.get_by_role("radio", name=f"New vial: ketamine 50 mg/mL, 10 mL, lot {LOT}")
    box.fill(CODE)
    box.press("Enter")
    expect(vial).to_be_checked()
    # Another vial is scanned: it is in the safe, and what the first code chose is given up.
    box.fill(OF_100)
    box.press("Enter")
    expect(said).to_contain_text("is in the safe. Move it to the cabinet first.")
    expect(vial).not_to_be_checked()
    look(page, "draw-refused")
    box.fill(CODE)
    box.press("Enter")
    expect(vial).to_be_checked()
    for label, value in (
        ("Drawn into the syringe", "0.7"),
        ("Bag, total volume", "100"),
        ("Rate set on the pump", "150"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Record the draw").click()
    heading(page, "Chart")


def measures(page: Page, bag: str, vial: str) -> None:
    """Two people read the rest, and one of them proves who they are."""
    page.get_by_label("Left in the bag").fill(bag)
    page.get_by_label(f"Left in the vial {LOT}-1").fill(vial)
    page.get_by_label("Left over: the infusion ended or was stopped").check()
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_label("Their password").fill(factories.PASSWORD)


def test_a_vial_goes_from_the_cabinet_to_the_waste_and_what_is_missing_opens_a_case(
    page: Page, clinic: str, clock: Clock
) -> None:
    # Given an order that keeps a vial of the cabinet
    receive(lot="Q-1", product="ketamine_100_5", into="safe")
    visit = factories.checked_in_visit()
    receive(lot=LOT, vials=5, expiry=LAST_DAY, at=factories_chairside.ORDERED_AT - timedelta(minutes=5))
    factories_chairside.order(visit)
    address = f"/visits/{reference_of(visit)}/drug/"

    # When it is drawn by its code, and the infusion stopped after 16 minutes: 40 of 100 mL are given
    draws_by_code(page, clinic, visit)
    factories_chairside.double_check(visit)
    factories_chairside.hold_time_out(visit)
    factories_chairside.start(visit)
    clock.now = factories_chairside.STARTED_AT + timedelta(minutes=10)
    page.goto(f"{clinic}{address}")
    expect(page.get_by_text("The pump runs or is paused.")).to_be_visible()
    look(page, "drug-running")
    clock.now = factories_chairside.STARTED_AT + timedelta(minutes=17)
    infusion.stop(
        factories.act(factories.people().nurse, factories_chairside.STARTED_AT + timedelta(minutes=16)),
        visit=visit,
        reason="patient_wish",
        note="",
        pump_volume=Volume.of(40),
    )
    page.goto(f"{clinic}/visits/{reference_of(visit)}/discharge/")
    expect(page.get_by_text("Drug of this visit is still in hand: bag")).to_be_visible()
    look(page, "discharge-held")
    page.get_by_role("link", name="Account for the drug").click()
    heading(page, "Account for the drug")
    look(page, "waste")

    # Then a witness who came late says so, and nothing is wasted
    measures(page, "40", "9.3")
    page.get_by_label("Why it cannot be confirmed").fill("I came when it was done.")
    page.get_by_role("button", name="I did not see this").click()
    heading(page, "Drug of this visit")
    expect(page.get_by_text("Samuel Abebe RN, asked by Nora Lindqvist RN, did not confirm")).to_be_visible()
    assert reading.visit(visit).reconciled is None
    look(page, "drug-refused")

    # And less than should be there is explained, wasted, and looked into
    page.get_by_role("link", name="Account for the drug").click()
    measures(page, "40", "9.3")
    page.get_by_role("button", name="Waste it").click()
    expect(page.get_by_role("alert").first).to_contain_text("Explanation: what was measured")
    expect(page.get_by_label("Left in the bag")).to_have_value("40")
    look(page, "waste-explain")
    page.get_by_label("Explanation").fill("The line came off and ran to the floor.")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Waste it").click()
    heading(page, "Drug of this visit")
    # 60 mL were expected and 40 mL found: 20 mL hold 7 of the 35 mg.
    expect(page.get_by_text("7 mg (20 mL)").first).to_be_visible()
    expect(page.get_by_text("7 mg missing")).to_be_visible()
    look(page, "drug-done")
    (case,) = custody.cases(only_open=True)
    assert case.difference_mcg == -7_000
    # And the drug holds the patient no more
    page.goto(f"{clinic}/visits/{reference_of(visit)}/discharge/")
    heading(page, "Discharge")
    expect(page.get_by_text("Drug of this visit is still in hand")).to_have_count(0)
