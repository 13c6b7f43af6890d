"""The second person at one screen with the first: a time-out by passkey, and what goes wrong on the way."""

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from tests import factories, factories_chairside
from tests.journeys.one_screen import wrong_on
from tests.journeys.test_security_in_the_browser import sign_in, with_authenticator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The clinic's address at the time of the time-out; passkeys need a name and not a number."""
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SECOND_FACTOR_ROLES = frozenset()
    for module in ("pages", "middleware", "accounts"):
        monkeypatch.setattr(f"evenkeel.web.{module}.now", lambda: factories_chairside.TIME_OUT_AT)
    factories.people()
    return live_server.url.replace("127.0.0.1", "localhost")


def words_on(page: Page) -> Locator:
    """What is said about the passkey."""
    return page.locator("[data-passkey-words]")


def sign_out(page: Page, clinic: str) -> None:
    """Leave the tablet to the next one."""
    page.goto(f"{clinic}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


def add_passkey(page: Page, clinic: str) -> None:
    """The second nurse adds a passkey of their own, on the device that both will use."""
    sign_in(page, clinic, "nurse2", to="/accounts/2fa/webauthn/add/")
    page.get_by_label("Your password").or_(page.get_by_label("What you call it")).wait_for()
    if page.get_by_label("Your password").is_visible():
        page.get_by_label("Your password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Go on").click()
    page.get_by_label("What you call it").fill("blue key")
    # Passkeys need the page's script, which a test can be quicker than.
    page.wait_for_load_state()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    sign_out(page, clinic)


def open_time_out(page: Page, clinic: str, visit: StreamId) -> None:
    """The first nurse opens the time-out and confirms everything."""
    sign_in(page, clinic, "nurse", to=f"/visits/{reference_of(visit)}/time-out/")
    # The boxes of a page that is still on its way are none.
    expect(page.get_by_role("heading", level=1)).to_have_text("Time-out")
    for box in page.get_by_role("checkbox").all():
        box.check()


def test_a_time_out_is_held_with_the_second_persons_passkey(page: Page, clinic: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with_authenticator(page)
    visit = factories_chairside.double_checked_visit()
    add_passkey(page, clinic)
    open_time_out(page, clinic, visit)
    words, use = words_on(page), page.get_by_role("button", name="Use their passkey")
    assert wrong_on(page) == []

    use.click()
    expect(words).to_have_text("Second person: choose who is with you, then use their passkey.")
    page.get_by_label("Second person").select_option("Dr. Priya Raman")
    use.click()
    expect(words).to_have_text("Dr. Priya Raman has no passkey here. They type their password.")
    assert wrong_on(page) == []

    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    expect(words).to_be_empty()
    page.get_by_label("Their password").fill("begun to type")
    use.click()
    expect(words).to_contain_text("The passkey of Samuel Abebe RN was read.")
    expect(page.get_by_label("Their password")).to_be_empty()
    assert wrong_on(page) == []

    page.get_by_role("button", name="Both agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Start the infusion")
    held = reading.visit(visit).time_out
    assert held is not None
    assert held.payload.second_person_name == "Samuel Abebe RN"
    assert held.by.printed_name == "Nora Lindqvist RN"
    assert errors == []


def test_a_passkey_of_one_person_does_not_stand_for_another(page: Page, clinic: str) -> None:
    with_authenticator(page)
    visit = factories_chairside.double_checked_visit()
    add_passkey(page, clinic)
    open_time_out(page, clinic, visit)
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_role("button", name="Use their passkey").click()
    expect(words_on(page)).to_contain_text("was read")
    # Another name is chosen: what the passkey said is taken back, and the form lacks a proof.
    page.get_by_label("Second person").select_option("Dr. Priya Raman")
    expect(words_on(page)).to_be_empty()
    page.get_by_role("button", name="Both agree").click()
    said = "Their password: Dr. Priya Raman types it, or uses their passkey."
    expect(page.get_by_role("alert")).to_contain_text(said)
    assert wrong_on(page) == []
    assert reading.visit(visit).phase == "double_checked"
    # The same form goes on with the passkey of who is there.
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_role("button", name="Use their passkey").click()
    expect(words_on(page)).to_contain_text("was read")
    page.get_by_role("button", name="Both agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Start the infusion")


def test_a_key_that_is_not_there_is_said_and_the_password_does(page: Page, clinic: str) -> None:
    protocol = with_authenticator(page)
    visit = factories_chairside.double_checked_visit()
    add_passkey(page, clinic)
    protocol.send("WebAuthn.disable")
    with_authenticator(page)
    open_time_out(page, clinic, visit)
    page.get_by_label("Second person").select_option("Samuel Abebe RN")
    page.get_by_role("button", name="Use their passkey").click()
    expect(words_on(page)).to_contain_text("The passkey was not used")
    page.get_by_label("Their password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Both agree").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Start the infusion")


def test_a_browser_without_passkeys_offers_the_password_alone(page: Page, clinic: str) -> None:
    page.add_init_script("delete window.PublicKeyCredential")
    visit = factories_chairside.double_checked_visit()
    open_time_out(page, clinic, visit)
    expect(page.get_by_label("Their password")).to_have_attribute("autocomplete", "new-password")
    expect(page.get_by_role("button", name="Use their passkey")).to_be_hidden()
