"""The lead tightens a limit: the nurse reads it from its day on, and what is past reads as it was decided."""

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.journey import checkin
from evenkeel.journey.rules import book, clinic_day
from evenkeel.store import limit_settings
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Pressure
from tests import factories
from tests.journeys.one_screen import ClinicClock, follow, heading, press, wrong_on
from tests.journeys.person import labelled
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

TITLE = "Resting pressure: rest, repeat, ask"
DAY = clinic_day(factories.NOW) + timedelta(days=3)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ClinicClock:
    """What the clinic's clock shows."""
    return ClinicClock(monkeypatch)


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, clock: ClinicClock) -> str:
    """The clinic's address."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    factories.people()
    return live_server.url


def check_in(visit: StreamId, systolic: int, days: int) -> None:
    """A patient of this pressure arrives."""
    facts = factories.check_in_facts()
    facts = replace(facts, signs=replace(facts.signs, systolic=Pressure.of(systolic)))
    at = factories.NOW + timedelta(days=days, hours=1)
    checkin.check_in(factories.act(factories.people().nurse, at), visit=visit, facts=facts)


def test_the_lead_tightens_a_limit_and_the_past_stays_as_it_was(
    page: Page, browser: Browser, clinic: str, clock: ClinicClock
) -> None:
    course = factories.planned_course()
    first, second = (factories.book(course, factories.NOW + timedelta(days=days, hours=1)) for days in (0, 3))
    check_in(first, 162, days=0)

    sign_in(page, clinic, "lead", to="/settings/")
    follow(page, "Limits of the rules that this clinic set")
    heading(page, "Limits")
    page.get_by_label("Find a rule").fill("chk-bp-002")
    press(page, "Find")
    expect(page.get_by_text("2 limits fit.")).to_be_visible()
    follow(page, TITLE)
    heading(page, TITLE)
    expect(page.get_by_text("Nothing was set here; every limit is as it is shipped.")).to_be_visible()
    follow(page, "Change systolic")
    heading(page, "Systolic")

    # Out of bounds, and then outside what is recommended: what was typed stays.
    reason = "Two of our patients fainted at pressures below the shipped limit."
    page.get_by_label(labelled("Systolic")).fill("110")
    page.get_by_label("From", exact=True).fill(DAY.isoformat())
    page.get_by_label("Reason").fill(reason)
    press(page, "Set this limit")
    expect(page.get_by_role("alert").last).to_contain_text("110 mmHg is outside what a clinic may set")
    page.get_by_label(labelled("Systolic")).fill("135")
    press(page, "Set this limit")
    expect(page.get_by_role("alert").last).to_contain_text('Tick "I mean this value" if you do.')
    expect(page.get_by_label("Reason")).to_have_value(reason)
    expect(page.get_by_label("I mean this value")).to_be_visible()
    assert wrong_on(page) == []

    # Back to what is recommended, first to see what it would do.
    page.get_by_label(labelled("Systolic")).fill("150 mmHg")
    press(page, "Show how the rule would read")
    expect(page.get_by_text(f"From {DAY.day} {DAY:%b %Y} the rule reads:")).to_be_visible()
    expect(page.get_by_text("From 150 mmHg systolic or 100 mmHg diastolic")).to_be_visible()
    assert limit_settings.count() == 0
    assert wrong_on(page) == []
    press(page, "Set this limit")
    expect(page.get_by_text("The limit is set.")).to_be_visible()
    expect(page.get_by_text("160 mmHg → 150 mmHg")).to_be_visible()
    heading(page, TITLE)
    assert str(book().limits("CHK-BP-002", DAY).systolic) == "150 mmHg"

    # On that day the nurse reads the new sentence, and the same patient's last visit reads as it did.
    clock.turn(3 * 24 * 60)
    nurse = browser.new_page()
    sign_in(nurse, clinic, "nurse", to=f"/visits/{reference_of(second)}/check-in/")
    expect(nurse.get_by_role("heading", level=1)).to_contain_text("Check in")
    said = nurse.locator("main").text_content() or ""
    assert "From 150 mmHg systolic or 100 mmHg diastolic" in said
    assert "From 160 mmHg" not in said
    check_in(second, 152, days=3)
    for visit, limit, other in ((first, "160 mmHg", "150 mmHg"), (second, "150 mmHg", "160 mmHg")):
        nurse.goto(f"{clinic}/visits/{reference_of(visit)}/check-in/")
        said = nurse.locator("main").text_content() or ""
        assert f"From {limit} systolic" in said
        assert f"From {other} systolic" not in said
    nurse.close()
