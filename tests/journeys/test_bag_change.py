"""A bag breaks in mid-infusion: two people at one screen account for it, make another, and go on."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store import reading
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import reference_of
from tests import factories
from tests.journeys.one_screen import wrong_on
from tests.journeys.person import labelled
from tests.journeys.test_security_in_the_browser import sign_in
from tests.store.test_custody_bag import CHANGED_AT, paused_visit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The clinic's address while the pump stands still."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    for module in ("pages", "middleware", "accounts"):
        monkeypatch.setattr(f"evenkeel.web.{module}.now", lambda: CHANGED_AT)
    factories.people()
    return live_server.url


def test_a_broken_bag_is_changed_by_two_and_the_infusion_goes_on(page: Page, clinic: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    visit = paused_visit()
    sign_in(page, clinic, "nurse", to=f"/visits/{reference_of(visit)}/chart/")
    page.get_by_role("button", name="Change the bag").or_(
        page.get_by_role("link", name="Change the bag")
    ).first.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Change the bag")
    expect(page.get_by_text("17.5 mg of 35.1 mg given")).to_be_visible()
    assert wrong_on(page) == []

    # Sent too early, everything that is missing is said, and what was typed stays.
    page.get_by_label("It is broken or leaks").check()
    page.get_by_label("What happened").fill("The port tore when the bag was hung again.")
    page.get_by_role("button", name="Let the second person read").click()
    expect(page.get_by_role("alert").last).to_contain_text("Vial is missing.")
    expect(page.get_by_label("What happened")).to_have_value("The port tore when the bag was hung again.")
    assert wrong_on(page) == []

    page.get_by_label(labelled("Left in the old bag")).fill("49")
    page.get_by_role("radio", name="New vial").first.check()
    page.get_by_label(labelled("Drawn into the syringe")).fill("0.35")
    page.get_by_label(labelled("Bag, total volume with the drug in it")).fill("50")
    page.get_by_role("button", name="Let the second person read").click()

    # The tablet is handed over; no number of the first person is on it.
    expect(heading).to_have_text("Change the bag: second person")
    said = page.get_by_role("main").inner_text()
    assert "0.35" not in said
    assert "49" not in said
    assert wrong_on(page) == []
    page.get_by_label("50 mg/mL").check()
    page.get_by_label(labelled("Drawn into the syringe, as you read it")).fill("0.53")
    page.get_by_label(labelled("Bag, total volume, as you read it")).fill("50")
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Hang the new bag").click()
    expect(page.get_by_role("alert").last).to_contain_text("The volume in the syringe differs")
    assert reading.visit(visit).bag_changes == ()
    assert wrong_on(page) == []

    page.get_by_label(labelled("Drawn into the syringe, as you read it")).fill("0.35")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Hang the new bag").click()
    expect(page.get_by_text("The bag is changed. Chart the signs, then resume.")).to_be_visible()
    expect(page.get_by_text("Bag changed (broken) with Samuel Abebe RN")).to_be_visible()
    assert wrong_on(page) == []
    (change,) = reading.visit(visit).bag_changes
    assert change.payload.drawn == DrugMass.mg("17.5")
    assert change.by.printed_name == "Nora Lindqvist RN"
    assert errors == []
