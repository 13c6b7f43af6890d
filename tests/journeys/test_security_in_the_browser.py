"""What only a real browser can show: passkeys, and a form that survives an automatic logoff."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store import models
from evenkeel.values.ids import reference_of
from tests import factories, factories_chairside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings) -> str:
    """The clinic's address; passkeys need a name and not a number."""
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    settings.ALLOWED_HOSTS = ["localhost"]
    factories.people()
    return live_server.url.replace("127.0.0.1", "localhost")


def sign_in(page: Page, clinic: str, username: str, to: str = "/accounts/2fa/") -> None:
    """Type user name and password."""
    page.goto(f"{clinic}/accounts/login/?next={to}")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    arrives(page, "login")


def arrives(page: Page, leaving: str) -> None:
    """The form of an account page was answered with another page, whose scripts have run."""
    expect(page).not_to_have_url(re.compile(rf"/accounts/{leaving}/"))
    page.wait_for_load_state()


def fill_in_kim(page: Page) -> None:
    """Type a new person."""
    page.get_by_label("Printed name").fill("Kim Oduya RN")
    page.get_by_label("User name").fill("kim")
    page.get_by_label("Nurse").check()
    page.get_by_label("First password").fill("violet tractor sings")
    page.get_by_label("Reason").fill("starts on Monday")


def with_authenticator(page: Page) -> Any:
    """Plug in a key that knows its owner."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return protocol


def no_faults(page: Page) -> None:
    """Axe finds nothing."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()


def test_a_prescriber_adds_a_passkey_and_signs_in_with_it_alone(page: Page, clinic: str) -> None:
    with_authenticator(page)
    sign_in(page, clinic, "prescriber", to="/switch/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Security")
    expect(page.get_by_text("Your role needs a second proof")).to_be_visible()
    no_faults(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Your password").fill(factories.PASSWORD)
    no_faults(page)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What you call it").fill("blue key")
    page.get_by_label("Let it sign me in without the password").check()
    no_faults(page)
    page.wait_for_load_state()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    no_faults(page)
    page.goto(f"{clinic}/switch/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who takes over?")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{clinic}/accounts/login/?next=/accounts/2fa/webauthn/")
    no_faults(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your passkeys")
    expect(page.get_by_role("heading", name="blue key")).to_be_visible()
    no_faults(page)


def test_the_content_security_policy_stops_nothing_of_ours(page: Page, clinic: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(page, clinic, "admin", to="/people/")
    for address in ("/people/add/", "/switch/", "/accounts/2fa/", "/accounts/2fa/totp/activate/"):
        page.goto(clinic + address, wait_until="networkidle")
    page.get_by_label("Your password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="Picture to scan")).to_be_visible()
    assert page.get_by_role("img", name="Picture to scan").evaluate("picture => picture.naturalWidth > 0")
    assert complaints == []


def test_a_page_left_alone_is_covered_and_uncovered_for_its_owner_alone(
    new_context: Callable[..., BrowserContext], clinic: str
) -> None:
    context = new_context()
    page = context.new_page()
    page.clock.install()
    sign_in(page, clinic, "admin", to="/people/add/")
    page.get_by_label("Printed name").fill("Kim Oduya RN")
    page.clock.run_for(15 * 60_000 + 6_000)
    cover = page.get_by_role("dialog", name="Covered")
    expect(cover).to_be_visible()
    expect(page.get_by_label("Printed name")).to_be_hidden()
    cover.get_by_role("button", name="Go on").click()
    expect(cover).to_be_hidden()
    expect(page.get_by_label("Printed name")).to_have_value("Kim Oduya RN")
    page.clock.run_for(15 * 60_000 + 6_000)
    other = context.new_page()
    other.goto(f"{clinic}/accounts/logout/")
    other.get_by_role("main").get_by_role("button", name="Sign out").click()
    arrives(other, "logout")
    page.bring_to_front()
    cover.get_by_role("button", name="Go on").click()
    expect(cover).to_contain_text("You are signed out")
    sign_in(other, clinic, "nurse")
    page.bring_to_front()
    cover.get_by_role("button", name="Go on").click()
    expect(cover).to_contain_text("Somebody else is signed in now")
    expect(page.get_by_label("Printed name")).to_be_hidden()


def test_a_form_is_not_sent_into_the_void(new_context: Callable[..., BrowserContext], clinic: str) -> None:
    context = new_context()
    page = context.new_page()
    page.clock.install()
    sign_in(page, clinic, "admin", to="/people/add/")
    fill_in_kim(page)
    Session.objects.all().delete()
    page.clock.run_for(5 * 60_000)
    page.get_by_role("button", name="Add person").click()
    cover = page.get_by_role("dialog", name="Covered")
    expect(cover).to_contain_text("You are signed out")
    sign_in(context.new_page(), clinic, "admin")
    page.bring_to_front()
    cover.get_by_role("button", name="Go on").click()
    page.clock.run_for(2_000)  # two clicks within a second are one
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    assert models.Clinician.objects.get(username="kim").role == "nurse"


def test_a_passkey_that_is_not_there_is_said_in_a_sentence(page: Page, clinic: str) -> None:
    with_authenticator(page)
    page.goto(f"{clinic}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")


def test_a_form_sent_after_the_logoff_is_still_there_one_step_back(
    new_context: Callable[..., BrowserContext], clinic: str
) -> None:
    context = new_context()
    page = context.new_page()
    sign_in(page, clinic, "admin", to="/people/add/")
    fill_in_kim(page)
    for row in Session.objects.all():  # a quarter of an hour passes
        values = row.get_decoded()
        values["active_at"] -= 16 * 60
        row.session_data = Session.objects.encode(values)
        row.save()
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out, and nothing was saved")
    no_faults(page)
    with context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in a new tab").click()
    second = opened.value
    second.get_by_label("User name").fill("admin")
    second.get_by_label("Password").fill(factories.PASSWORD)
    second.get_by_role("button", name="Sign in", exact=True).click()
    expect(second.get_by_role("heading", level=1)).to_have_text("You are signed in again")
    second.close()
    page.go_back()
    expect(page.get_by_label("Printed name")).to_have_value("Kim Oduya RN")
    expect(page.get_by_label("Reason")).to_have_value("starts on Monday")
    page.get_by_label("First password").fill("violet tractor sings")
    page.get_by_role("button", name="Add person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    assert models.Clinician.objects.get(username="kim").role == "nurse"


def test_a_page_left_alone_is_covered_but_never_the_chart_of_a_running_infusion(
    page: Page, clinic: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    visit = factories_chairside.running_visit()
    at = factories_chairside.STARTED_AT + timedelta(minutes=5)
    monkeypatch.setattr("evenkeel.web.pages.now", lambda: at)
    monkeypatch.setattr("evenkeel.web.middleware.now", lambda: at)
    page.clock.install()
    sign_in(page, clinic, "nurse", to=f"/visits/{reference_of(visit)}/chart/")
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    page.clock.fast_forward("20:00")
    page.clock.run_for(10_000)
    expect(stop).to_be_visible()
    expect(page.get_by_role("heading", name="Covered")).to_have_count(0)
    page.goto(f"{clinic}/patients/")
    page.clock.fast_forward("20:00")
    page.clock.run_for(10_000)
    expect(page.get_by_role("heading", name="Covered")).to_be_visible()
