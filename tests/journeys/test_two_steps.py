"""An order in two steps in the browser: written, drawn, checked, set when it is due, late, and to the end."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from tests import factories
from tests import factories_chairside as chairside
from tests.journeys.one_screen import ClinicClock, heading, press, wrong_on
from tests.journeys.person import labelled
from tests.journeys.test_second_person import sign_out
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> ClinicClock:
    """The clinic's clock, an hour after the check-in. The second factor has tests of its own."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    settings.IDLE_LOGOFF_MINUTES = 600
    return ClinicClock(monkeypatch, chairside.ORDERED_AT)


@pytest.fixture
def clinic(live_server: LiveServer, clock: ClinicClock) -> str:
    """The clinic's address."""
    factories.people()
    return live_server.url


def as_(page: Page, clinic: str, username: str, visit: StreamId, where: str) -> None:
    """Somebody takes the tablet and opens a page of the visit."""
    if "/login/" not in page.url and page.url != "about:blank":
        sign_out(page, clinic)
    sign_in(page, clinic, username, to=f"/visits/{reference_of(visit)}/{where}/")


def fill(page: Page, **typed: str) -> None:
    """Type into boxes by their labels."""
    for label, text in typed.items():
        page.get_by_label(labelled(label.replace("__", ": ").replace("_", " "))).fill(text)


def write_the_order(page: Page, clinic: str, visit: StreamId) -> None:
    """The prescriber writes two steps, the second one in two goes."""
    as_(page, clinic, "prescriber", visit, "order")
    heading(page, "Order")
    fill(page, Dose_per_weight="0.1", Over="10")
    page.get_by_text("Run in steps").click()
    fill(page, Step_2__dose_per_weight="0.4")
    page.get_by_role("radio", name="50 mg/mL").first.check()
    press(page, "Work it out")
    expect(page.get_by_role("alert").first).to_contain_text("A step has a dose and a duration")
    fill(page, Step_2__over="30")
    press(page, "Work it out")
    expect(page.get_by_text("160 mL/h for 30 min (80 mL)")).to_be_visible()
    assert "150 mL/h" not in page.get_by_role("main").inner_text(), "the mean of the steps is no rate"
    assert wrong_on(page) == []
    page.get_by_label("Your password").fill(factories.PASSWORD)
    press(page, "Sign the order")


def draw_up(page: Page, clinic: str, visit: StreamId) -> None:
    """The first nurse writes the mean of the steps, is refused, and writes the first step's rate."""
    as_(page, clinic, "nurse", visit, "draw")
    heading(page, "Draw up")
    page.get_by_role("radio", name="New vial").first.check()
    fill(page, Drawn_into_the_syringe="0.7", Rate_set_on_the_pump="150")
    page.get_by_label(labelled("Bag, total volume with the drug in it")).fill("100")
    press(page, "Record the draw")
    expect(page.get_by_role("alert").first).to_contain_text("rate ordered")
    fill(page, Rate_set_on_the_pump="120")
    press(page, "Record the draw")


def check(page: Page, clinic: str, visit: StreamId) -> None:
    """The second nurse reads every step's rate."""
    as_(page, clinic, "nurse2", visit, "double-check")
    heading(page, "Double-check")
    number = reading.patient(reading.visit(visit).booking.payload.patient).demographics.record_number
    fill(page, Record_number=number, Weight="70.2", In_the_syringe="0.7", Rate_of_step_1="120")
    fill(page, Rate_of_step_2="160")
    page.get_by_label(labelled("Bag, total volume")).fill("100")
    page.get_by_role("radio", name="50 mg/mL").check()
    press(page, "Record my readings")


def hold_the_time_out(page: Page, clinic: str, visit: StreamId) -> None:
    """Both read aloud what the pump is set to, step by step."""
    as_(page, clinic, "nurse", visit, "time-out")
    heading(page, "Time-out")
    expect(page.get_by_text("160 mL/h for 30 min (80 mL)").first).to_be_visible()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    press(page, "Both agree")


def test_a_run_in_two_steps_from_the_order_to_the_empty_bag(
    page: Page, clinic: str, clock: ClinicClock
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    visit = factories.checked_in_visit()
    chairside.stock_up()
    write_the_order(page, clinic, visit)
    clock.now = chairside.DRAWN_AT
    draw_up(page, clinic, visit)
    clock.now = chairside.CHECKED_AT
    check(page, clinic, visit)
    clock.now = chairside.TIME_OUT_AT
    hold_the_time_out(page, clinic, visit)

    clock.now = chairside.STARTED_AT
    heading(page, "Start the infusion")
    page.get_by_label(labelled("Pump")).fill("Pump 7")
    page.get_by_label(labelled("Cannula")).fill("left forearm, 22 G")
    press(page, "Start")

    clock.now = chairside.STARTED_AT + timedelta(minutes=9, seconds=30)
    page.goto(f"{clinic}/visits/{reference_of(visit)}/chart/")
    expect(page.get_by_text("Set the pump to 160 mL/h at")).to_be_visible()
    assert wrong_on(page) == []
    clock.now = chairside.STARTED_AT + timedelta(minutes=13)
    page.reload()
    expect(page.get_by_text("step is late")).to_be_visible()
    assert wrong_on(page) == []
    press(page, "The pump is set to 160 mL/h")
    expect(page.get_by_text("The new rate is recorded.")).to_be_visible()
    expect(page.get_by_text("step is late")).to_have_count(0)

    # 13 min at 120 mL/h are 26 mL, and the other 74 mL take 27.75 min at 160 mL/h.
    clock.now = chairside.STARTED_AT + timedelta(minutes=41)
    page.reload()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    state = reading.visit(visit)
    assert state.stopped is not None
    assert state.given(state.stopped.at) == DrugMass.mg(35)
    assert errors == []
