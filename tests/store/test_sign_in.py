"""Signing in, being signed out, and being kept out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.journey import people as use_cases
from evenkeel.journey.people import SignatureRefused
from evenkeel.store import models
from evenkeel.store.queries import people as queries
from evenkeel.web import accounts, middleware, pages
from tests import factories

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    """Forget the tries of other tests, which allauth counts in the cache."""
    cache.clear()


class Clock:
    """The pages' clock, which a test sets."""

    def __init__(self) -> None:
        self.at = pages.now()

    def __call__(self) -> object:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a test say what time it is for sessions."""
    clock = Clock()
    for module in (middleware, accounts):
        monkeypatch.setattr(module, "now", clock)
    return clock


def sign_in(client: Client, username: str, password: str = factories.PASSWORD, **extra: str) -> Any:
    """Send the sign-in form."""
    return client.post(SIGN_IN, {"login": username, "password": password, **extra})


def test_sign_in_goes_on_where_the_person_wanted_to_go(client: Client) -> None:
    factories.people()
    away = client.get("/people/")
    assert away.status_code == 302
    assert away["Location"] == "/accounts/login/?next=/people/"
    answer = client.post(away["Location"], {"login": "ADMIN", "password": factories.PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/people/")


def test_the_session_is_a_new_one_after_sign_in(client: Client) -> None:
    factories.people()
    planted = client.session
    planted["planted"] = "by somebody else"
    planted.save()
    sign_in(client, "nurse")
    assert client.session.session_key != planted.session_key
    assert not client.session.__class__(planted.session_key).load()


def test_the_page_says_that_nobody_signs_up_and_no_mail_is_sent(client: Client) -> None:
    words = client.get(SIGN_IN).content.decode()
    assert "An administrator of this clinic adds people and gives new passwords" in words
    assert client.get("/accounts/signup/").status_code == 403
    assert client.get("/accounts/password/reset/").status_code == 403
    assert "/accounts/signup/" not in words
    assert "/accounts/password/reset/" not in words


def test_signing_out_ends_the_session(client: Client) -> None:
    factories.people()
    sign_in(client, "nurse")
    assert client.get("/accounts/logout/").status_code == 200  # asks first
    assert client.get("/here/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/here/").status_code == 302


# --- automatic logoff ---------------------------------------------------------------------------------------


def test_a_person_who_does_nothing_is_signed_out_and_told_why(
    client: Client, clock: Clock, settings: Settings
) -> None:
    factories.people()
    sign_in(client, "nurse")
    clock.at += timedelta(minutes=settings.IDLE_LOGOFF_MINUTES, seconds=1)
    answer = client.get("/people/", follow=True)
    assert answer.redirect_chain == [("/accounts/login/?next=/people/", 302)]
    assert "nothing was done here for 15 minutes" in answer.content.decode()


def test_pages_that_a_person_opens_keep_the_session(client: Client, clock: Clock) -> None:
    factories.people()
    sign_in(client, "nurse")
    for _ in range(4):
        clock.at += timedelta(minutes=10)
        assert client.get("/switch/").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-dest": "empty"}, {"x-evenkeel-fragment": "1"}, {"accept": "text/event-stream"}]
)
def test_what_a_page_fetches_by_itself_does_not_keep_the_session(
    client: Client, clock: Clock, headers: dict[str, str]
) -> None:
    factories.people()
    sign_in(client, "nurse")
    clock.at += timedelta(minutes=10)
    assert client.get("/here/", headers=headers).status_code == 200
    clock.at += timedelta(minutes=6)
    answer = client.get("/here/", headers=headers)
    assert answer.status_code == 401
    assert answer.content.decode().startswith("You were signed out")
    # The person's own next step is told why, though the page itself had asked before.
    answer = client.get("/people/", follow=True)
    assert answer.redirect_chain == [("/accounts/login/?next=/people/", 302)]
    assert "nothing was done here for 15 minutes" in answer.content.decode()


def test_what_a_page_fetches_for_nobody_is_refused_and_not_sent_elsewhere(client: Client) -> None:
    answer = client.get("/here/", headers={"sec-fetch-dest": "empty"})
    assert answer.status_code == 401
    assert answer.content.decode() == "You are not signed in."


def test_a_form_sent_too_late_is_answered_in_place_and_kept_nowhere(client: Client, clock: Clock) -> None:
    factories.people()
    sign_in(client, "admin")
    clock.at += timedelta(minutes=16)
    answer = client.post("/people/add/", {"printed_name": "Somebody Typed"})
    words = answer.content.decode()
    assert answer.status_code == 401
    assert "nothing was saved" in words
    assert "Back button" in words
    assert "Somebody Typed" not in words
    assert not models.Clinician.objects.filter(printed_name="Somebody Typed").exists()


def test_a_form_opened_before_the_logoff_is_good_after_it_for_the_same_person_only(clock: Clock) -> None:
    client = Client(enforce_csrf_checks=True)
    everybody = factories.people()

    def enter(username: str) -> None:
        token = client.get(SIGN_IN).cookies["forms"].value
        client.post(
            SIGN_IN, {"login": username, "password": factories.PASSWORD, "csrfmiddlewaretoken": token}
        )

    enter("admin")
    page = client.get("/people/add/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    form = {
        "csrfmiddlewaretoken": token[1],
        "printed_name": "Kim Novak",
        "username": "kim",
        "role": "nurse",
        "new_password": "long enough for anybody",
        "reason": "new",
    }
    clock.at += timedelta(minutes=16)
    assert client.post("/people/add/", form).status_code == 401
    enter("nurse")
    refused = client.post("/people/add/", form)
    assert refused.status_code == 403
    assert "another session" in refused.content.decode()
    client.post("/accounts/logout/", headers={"x-csrftoken": client.cookies["forms"].value})
    enter("admin")
    assert client.post("/people/add/", form).status_code == 302
    assert models.Clinician.objects.get(username="kim").role == "nurse"
    assert everybody.administrator.role == "administrator"


def test_no_session_is_older_than_a_working_day(client: Client, clock: Clock, settings: Settings) -> None:
    factories.people()
    sign_in(client, "nurse")
    for _ in range(settings.SESSION_HOURS_MAX * 6):
        clock.at += timedelta(minutes=10)
        assert client.get("/switch/").status_code == 200
    clock.at += timedelta(minutes=10)
    assert client.get("/switch/").status_code == 302


# --- lockout ------------------------------------------------------------------------------------------------


def test_five_wrong_passwords_lock_the_user_name_and_say_until_when(client: Client) -> None:
    factories.people()
    for _ in range(4):
        assert sign_in(client, "nurse", "wrong").status_code == 200
    answer = sign_in(client, "nurse", "wrong")
    assert answer.status_code == 429
    assert "too many wrong passwords" in answer.content.decode()
    assert re.search(r"locked until \d\d:\d\d:\d\d", answer.content.decode())
    assert sign_in(client, "nurse").status_code == 429  # the right one does not help now
    assert sign_in(client, "desk").status_code == 302  # and nobody else is shut out


def test_capital_letters_do_not_make_another_account(client: Client) -> None:
    factories.people()
    for name in ("nurse", "Nurse", " nURSE", "NURSE"):
        sign_in(client, name, "wrong")
    assert sign_in(client, "nursE", "wrong").status_code == 429


def test_the_lockout_ends_and_trying_on_does_not_make_it_longer(client: Client) -> None:
    factories.people()
    for _ in range(5):
        sign_in(client, "nurse", "wrong")
    until = queries.locked_until("nurse", at=pages.now())
    sign_in(client, "nurse", "wrong")
    assert queries.locked_until("nurse", at=pages.now()) == until
    assert until is not None
    assert timedelta(minutes=14) < until - pages.now() <= timedelta(minutes=15)


def test_wrong_passwords_of_signatures_count_though_the_use_case_is_rolled_back(client: Client) -> None:
    everybody = factories.people()
    for _ in range(3):
        sign_in(client, "prescriber", "wrong")
    act = factories.act(everybody.prescriber, pages.now())
    for _ in range(2):
        assert not queries.password_is_right(everybody.prescriber.id, "wrong", at=act.recorded_at)
    with pytest.raises(SignatureRefused) as refused:
        use_cases.sign(act, password=factories.PASSWORD, meaning="test")
    assert "locked until" in refused.value.issues[0].sentence
    assert sign_in(client, "prescriber").status_code == 429


def test_a_right_password_forgets_the_wrong_ones_before_it() -> None:
    everybody = factories.people()
    at = pages.now()
    for _ in range(3):
        for _ in range(4):
            assert not queries.password_is_right(everybody.nurse.id, "wrong", at=at)
        assert queries.password_is_right(everybody.nurse.id, factories.PASSWORD, at=at)


def test_one_wrong_password_is_counted_once_however_often_it_is_asked_for() -> None:
    everybody = factories.people()
    at = pages.now()
    with queries.asking_once():
        for _ in range(20):
            assert not queries.password_is_right(everybody.nurse.id, "wrong", at=at)
    assert queries.locked_until("nurse", at=at) is None
    assert queries.password_is_right(everybody.nurse.id, factories.PASSWORD, at=at)


# --- the second factor --------------------------------------------------------------------------------------


def code_of(user: models.Clinician) -> str:
    """What the person's authenticator app shows now."""
    secret = user.authenticator_set.get(type="totp").wrap().instance.data["secret"]  # type: ignore[attr-defined]
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.totp.internal.auth import format_hotp_value

    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(get_adapter().decrypt(secret), counter)))


def test_a_prescriber_sets_up_a_second_proof_before_anything_else(client: Client) -> None:
    factories.people()
    sign_in(client, "prescriber")
    answer = client.get("/switch/", follow=True)
    assert answer.redirect_chain == [("/accounts/2fa/", 302)]
    assert "Your role needs a second proof" in answer.content.decode()
    assert client.post("/accounts/logout/").status_code == 302


def test_a_nurse_need_not(client: Client) -> None:
    factories.people()
    sign_in(client, "nurse")
    assert client.get("/switch/").status_code == 200


def test_a_code_is_asked_for_after_the_password_and_wrong_codes_lock(client: Client) -> None:
    everybody = factories.people()
    user = factories.user_of(everybody.prescriber)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    answer = sign_in(client, "prescriber")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/authenticate/")
    assert client.get("/here/").status_code == 302
    page = client.get("/accounts/2fa/authenticate/")
    assert "One more proof" in page.content.decode()
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(user)}).status_code == 302
    assert client.get("/here/").status_code == 200
    client.post("/accounts/logout/")
    sign_in(client, "prescriber")
    for _ in range(4):
        assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 429
    assert sign_in(client, "prescriber").status_code == 429


def test_a_lost_phone_is_taken_off_by_the_administrator() -> None:
    everybody = factories.people()
    TOTP.activate(factories.user_of(everybody.prescriber), "JBSWY3DPEHPK3PXP")
    act = factories.act(everybody.administrator)
    use_cases.reset_second_factor(act, clinician=everybody.prescriber.id, reason="phone lost")
    change = models.ChangeRecord.objects.get()
    assert (change.by_name, change.reason) == ("Ada Novak", "phone lost")
    assert "totp" in change.before


# --- the shared tablet --------------------------------------------------------------------------------------


def test_the_tablet_changes_hands_and_the_page_stays(client: Client) -> None:
    everybody = factories.people()
    sign_in(client, "nurse2")
    client.post("/accounts/logout/")
    sign_in(client, "nurse")
    first = client.session.session_key
    page = client.get("/switch/?next=/people/").content.decode()
    assert "Samuel Abebe RN" in page
    assert "Nora Lindqvist RN</span>\n" not in page.split("<main")[1]
    assert "Ada Novak" not in page  # has not signed in today
    form = {"person": everybody.nurse2.id, "next": "/people/", "password": factories.PASSWORD}
    wrong = client.post("/switch/", {**form, "password": "wrong"})
    assert wrong.status_code == 422
    assert client.session.session_key == first
    answer = client.post("/switch/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/people/")
    assert client.session["_auth_user_id"] == everybody.nurse2.id
    assert client.session.session_key != first
    assert not client.session.__class__(first).load()


def test_the_next_page_is_one_of_ours(client: Client) -> None:
    everybody = factories.people()
    sign_in(client, "nurse2")
    form = {
        "person": everybody.nurse2.id,
        "next": "https://elsewhere.example/",
        "password": factories.PASSWORD,
    }
    assert client.post("/switch/", form)["Location"] == "/"


def test_switching_counts_wrong_passwords_too(client: Client) -> None:
    everybody = factories.people()
    sign_in(client, "nurse2")
    form = {"person": everybody.nurse2.id, "password": "wrong"}
    answers = [client.post("/switch/", form).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 429]


# --- headers ------------------------------------------------------------------------------------------------


def test_headers_and_cookies(client: Client) -> None:
    factories.people()
    answer = sign_in(client, "nurse")
    cookie = client.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"]  # ends with the browser
    page = client.get("/switch/")
    assert page["Cache-Control"] == "no-store"
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "unsafe-inline" not in page["Content-Security-Policy"]
    assert page["Permissions-Policy"].split(", ") == [
        "camera=(self)",
        "geolocation=()",
        "microphone=()",
        "payment=()",
        "usb=()",
    ]
    assert answer.status_code == 302


@pytest.mark.parametrize("address", ["/nothing/here/", "/accounts/nothing/"])
def test_an_address_of_nothing(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_what_is_written_when_a_page_breaks_names_nobody(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.people()
    sign_in(client, "admin")

    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("Mara Testwell")

    monkeypatch.setattr(queries, "everybody", break_down)
    client.raise_request_exception = False
    answer = client.get(reverse("people"))
    assert answer.status_code == 500
    words = answer.content.decode()
    assert "do not take it for saved" in words
    assert "Mara" not in words
