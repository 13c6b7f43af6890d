"""What people do wrong, and what the pages answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Meets
from tests.journeys.served import Clinic


@pytest.fixture(scope="module")
def infusion(served: Clinic) -> dict[str, str]:
    """Somebody whose infusion runs in chair 3."""
    found: dict[str, str] = served.prepare("running", at=served.now, chair="chair-3", given_name="Mila")
    return found


def test_a_double_click_lands_once(served: Clinic, infusion: dict[str, str], meets: Meets) -> None:
    nora = meets(served, "nurse")
    nora.sign_in(to=f"/visits/{infusion['visit']}/note/")
    nora.reads_heading("Write a note")
    nora.look_over()
    nora.write("Note", "Asked for a blanket.")
    nora.main.get_by_role("button", name="Save", exact=True).dblclick()
    nora.reads("The note is written.")
    nora.open(f"/visits/{infusion['visit']}/chart/")
    expect(nora.main.locator(".ek-timeline").get_by_text("Asked for a blanket.")).to_have_count(1)


def test_a_form_sent_again_by_the_back_button_lands_once(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    nora = meets(served, "nurse")
    nora.sign_in(to=f"/visits/{infusion['visit']}/note/")
    nora.write("Note", "Asked for the lights down.")
    key = nora.main.locator("[name=idempotency_key]").input_value()
    nora.press("Save")
    nora.reads("The note is written.")
    nora.open(f"/visits/{infusion['visit']}/note/")
    nora.write("Note", "Asked for the lights down.")
    nora.main.locator("[name=idempotency_key]").evaluate("(field, key) => { field.value = key; }", key)
    nora.press("Save")
    nora.reads("The note is written.")
    nora.open(f"/visits/{infusion['visit']}/chart/")
    expect(nora.main.locator(".ek-timeline").get_by_text("Asked for the lights down.")).to_have_count(1)


def test_an_unlikely_value_is_saved_with_the_click_that_follows_the_answer(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    nora = meets(served, "nurse")
    nora.sign_in(to=f"/visits/{infusion['visit']}/chart/")
    nora.write_all(Systolic="226", Diastolic="84")
    # Without a breath between them: the guard against double clicks must not swallow the second.
    nora.press("Save the check")
    nora.main.get_by_label("Really 226 mmHg?").check()
    nora.press("Save the check")
    nora.reads("The check is charted.")
    expect(nora.main.locator(".ek-timeline").get_by_text("226/84")).to_have_count(1)


def test_a_stale_page_saves_nothing_and_says_who_was_faster(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    # Given two nurses with the same page open
    nora, samuel = meets(served, "nurse"), meets(served, "nurse2")
    for each in (nora, samuel):
        each.sign_in(to=f"/visits/{infusion['visit']}/rate/")
        each.reads_heading("Change the rate")
    # When one is faster
    samuel.write("New rate", "140")
    samuel.write("Why", "Feels overwhelmed")
    samuel.press("Save")
    samuel.reads("The new rate is recorded.")
    nora.write("New rate", "130")
    nora.write("Why", "Dizzy")
    nora.press("Save")
    # Then the other is told so, and what she typed is still there
    nora.reads("Samuel Abebe RN wrote to this record after your page was opened")
    expect(nora.field("New rate")).to_have_value("130")
    expect(nora.field("Why")).to_have_value("Dizzy")
    nora.look_over()
    nora.press("Save")
    nora.reads("The new rate is recorded.")


def test_a_comma_for_a_point_is_refused_and_every_value_is_kept(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    nora = meets(served, "nurse")
    nora.sign_in(to=f"/visits/{infusion['visit']}/signs/")
    nora.reads_heading("Chart signs")
    nora.look_over()
    nora.write("Systolic", "126")
    nora.write("SpO2", "9,8")
    nora.write("Sedation", "7")
    nora.press("Save")
    for label, typed in (("Systolic", "126"), ("SpO2", "9,8"), ("Sedation", "7")):
        expect(nora.field(label)).to_have_value(typed)
    expect(nora.page.locator(".nhsuk-error-summary")).to_contain_text("SpO2")
    expect(nora.page.locator(".nhsuk-error-summary")).to_contain_text("Write a whole number from 0 to 5.")
    nora.look_over()


def test_a_role_that_may_not_gets_a_page_that_says_so(
    served: Clinic, infusion: dict[str, str], meets: Meets
) -> None:
    dana = meets(served, "desk")
    dana.sign_in(to=f"/visits/{infusion['visit']}/rate/")
    dana.reads_heading("You may not open this")
    dana.look_over()
    dana.open("/people/", "You may not open this")
    dana.open("/no/such/page/", "There is nothing at this address")
    dana.look_over()


def test_five_wrong_passwords_lock_the_name_and_say_until_when(served: Clinic, meets: Meets) -> None:
    rosa = meets(served, "registrant")
    for _ in range(5):
        rosa.open("/accounts/login/")
        rosa.page.get_by_label("User name").fill("registrant")
        rosa.page.get_by_label("Password").fill("not my password")
        rosa.page.get_by_role("button", name="Sign in", exact=True).click()
    rosa.reads_heading("This user name is locked")
    rosa.reads("Locked until")
    rosa.look_over()
    # Nobody else is shut out, although they share the address.
    nora = meets(served, "nurse")
    nora.sign_in(to="/patients/")
    nora.reads_heading("Patients")


@pytest.fixture
def turning(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose clock the test turns."""
    with Clinic.furnished(
        tmp_path, chairs=1, before=timedelta(days=1), starts_at=datetime(2026, 6, 1, 15, 0, tzinfo=UTC)
    ) as clinic:
        yield clinic


def test_a_quarter_of_an_hour_away_signs_out_and_keeps_what_was_typed(turning: Clinic, meets: Meets) -> None:
    lee = meets(turning, "lead")
    lee.sign_in(to="/settings/")
    lee.reads_heading("Settings")
    lee.write("Clinic name", "Harbor Light Infusion")
    lee.write("Reason", "the sign on the door")
    turning.turn_clock(turning.now + timedelta(minutes=16))
    lee.press("Change settings")
    lee.reads_heading("You are signed out, and nothing was saved")
    lee.reads("You were signed out because nothing was done here for 15 minutes.")
    lee.look_over()
    with lee.context.expect_page() as opened:
        lee.follow("Sign in again in a new tab")
    tab = opened.value
    tab.get_by_label("User name").fill("lead")
    tab.get_by_label("Password").fill(lee.password)
    tab.get_by_role("button", name="Sign in", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are signed in again")
    tab.close()
    lee.page.go_back()
    expect(lee.field("Clinic name")).to_have_value("Harbor Light Infusion")
    expect(lee.field("Reason")).to_have_value("the sign on the door")
    lee.press("Change settings")
    lee.reads("The settings are changed.")
