"""A vial in a visit: kept, scanned, drawn, stopped early, wasted by two, and what was missing."""

from datetime import date, timedelta
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.journey import infusion
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Volume
from tests import factories, factories_chairside
from tests.factories_custody import receive
from tests.journeys.one_screen import ClinicClock, heading, wrong_on
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

LOT: Final = "K-2231"
LAST_DAY: Final = date(2027, 3, 31)
# A label's second code: expiry and lot (GS1 application identifiers 17 and 10), without a product.
CODE: Final = f"]C117{LAST_DAY:%y%m%d}10{LOT}"
# NDC 0409-2051-05, ketamine 100 mg/mL, 5 mL, of a lot that is only in the safe.
OF_100: Final = "010030409205105710Q-1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ClinicClock:
    """The clinic's clock, which the test sets."""
    return ClinicClock(monkeypatch, factories_chairside.DRAWN_AT)


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, clock: ClinicClock) -> str:
    """The clinic's address, on the clock of the test."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SECOND_FACTOR_ROLES = frozenset()
    settings.IDLE_LOGOFF_MINUTES = 600
    factories.people()
    return live_server.url.replace("127.0.0.1", "localhost")


def draws_by_code(page: Page, clinic: str, visit: StreamId) -> None:
    """A vial of the safe is refused by name; the one in hand is chosen by its code."""
    sign_in(page, clinic, "nurse", to=f"/visits/{reference_of(visit)}/draw/")
    heading(page, "Draw up")
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
    assert wrong_on(page) == []
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
    page: Page, clinic: str, clock: ClinicClock
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
    assert wrong_on(page) == []
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
    assert wrong_on(page) == []
    page.get_by_role("link", name="Account for the drug").click()
    heading(page, "Account for the drug")

    # Then a witness who came late says so, and nothing is wasted
    measures(page, "40", "9.3")
    page.get_by_label("Why it cannot be confirmed").fill("I came when it was done.")
    page.get_by_role("button", name="I did not see this").click()
    heading(page, "Drug of this visit")
    expect(page.get_by_text("Samuel Abebe RN, asked by Nora Lindqvist RN, did not confirm")).to_be_visible()
    assert reading.visit(visit).reconciled is None
    assert wrong_on(page) == []

    # And less than should be there is explained, wasted, and looked into
    page.get_by_role("link", name="Account for the drug").click()
    measures(page, "40", "9.3")
    page.get_by_role("button", name="Waste it").click()
    expect(page.get_by_role("alert").first).to_contain_text("Explanation: what was measured")
    expect(page.get_by_label("Left in the bag")).to_have_value("40")
    assert wrong_on(page) == []
    page.get_by_label("Explanation").fill("The line came off and ran to the floor.")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Waste it").click()
    heading(page, "Drug of this visit")
    # 60 mL were expected and 40 mL found: 20 mL hold 7 of the 35 mg.
    expect(page.get_by_text("7 mg (20 mL)").first).to_be_visible()
    expect(page.get_by_text("7 mg missing")).to_be_visible()
    assert wrong_on(page) == []
    (case,) = custody.cases(only_open=True)
    assert case.difference_mcg == -7_000
    # And the drug holds the patient no more
    page.goto(f"{clinic}/visits/{reference_of(visit)}/discharge/")
    heading(page, "Discharge")
    expect(page.get_by_text("Drug of this visit is still in hand")).to_have_count(0)
