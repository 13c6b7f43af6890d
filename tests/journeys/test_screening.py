"""Three screenings in the browser: fit, one for a prescriber, and not today; and thoughts of suicide."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evenkeel.journey import referral
from evenkeel.record.referral import Medicine, MedicinesRecorded
from evenkeel.store import reading
from evenkeel.values.ids import reference_of
from tests import factories
from tests.factories import TODAY, act, people
from tests.journeys.checklist import choose, fill_in
from tests.journeys.one_screen import ClinicClock, follow, heading, press, wrong_on
from tests.journeys.person import labelled
from tests.journeys.test_security_in_the_browser import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_event_stream")]

SEDATING = "Opioids, benzodiazepines or other sedating medicines?"
SUBSTANCES = "Alcohol, or drugs that nobody prescribed, in the last 4 days?"


@pytest.fixture
def clinic(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The clinic's address at nine in the morning."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    ClinicClock(monkeypatch)
    factories.people()
    return live_server.url


def to_screening(page: Page, clinic: str, *names: str) -> str:
    """A nurse opens the checklist of somebody who takes these medicines. Returns its path."""
    patient, course = factories.patient_and_course()
    taken = tuple(Medicine(name=name, dose="") for name in names)
    referral.record_medicines(
        act(people().nurse, seen=reading.patient(patient).seq),
        patient=patient,
        medicines=MedicinesRecorded(medicines=taken, none_taken=not taken),
    )
    path = f"/courses/{reference_of(course)}/screening/"
    sign_in(page, clinic, "nurse", to=path)
    heading(page, "Screening")
    return path


def test_fit(page: Page, clinic: str) -> None:
    """What was overlooked is asked for again, and nothing that was typed is lost."""
    to_screening(page, clinic)
    main = page.get_by_role("main")
    expect(main.get_by_text("Several controlled trials, for a short time")).to_be_visible()
    expect(main.get_by_text("As of 22 Nov 2026.")).to_be_visible()

    fill_in(page, TODAY, measures={"Systolic pressure at rest": "124,5"})
    press(page, "Save the screening")
    expect(page.get_by_role("alert").first).to_contain_text("Write a decimal point, not a comma.")
    expect(page.get_by_label(labelled("Treatment tried 2: drug"))).to_have_value("venlafaxine")
    expect(page.get_by_label(labelled("ECG: day"))).to_have_value("2026-06-01")
    expect(main.get_by_text("No answer yet")).to_have_count(0)
    assert wrong_on(page) == []

    page.get_by_label(labelled("Systolic pressure at rest")).fill("124")
    press(page, "Save the screening")
    expect(main.locator(".ek-outcome__words")).to_have_text("Fit")
    heading(page, "Screening")
    follow(page, "Go on to consent")
    heading(page, "Consent")


def test_what_nobody_answered_is_marked_and_asked_for_once(page: Page, clinic: str) -> None:
    to_screening(page, clinic)
    choose(page, "Has a qualified assessor confirmed the diagnosis?", "Yes")
    press(page, "Save the screening")
    main = page.get_by_role("main")
    expect(page.get_by_role("alert").first).to_contain_text("questions or tests have no answer")
    marks = main.get_by_text("No answer yet").filter(visible=True)
    before = marks.count()
    assert before > 30
    choose(page, "Mania or a mixed state now?", "No")
    expect(marks).to_have_count(before - 1)
    assert wrong_on(page) == []
    # The keyboard alone reaches a part of the list and answers there.
    page.get_by_role("link", name="Heart and circulation").press("Enter")
    assert page.url.endswith("#part-2")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(marks).to_have_count(before - 2)
    page.get_by_label("Save with these left open").check()
    press(page, "Save the screening")
    heading(page, "Act on this answer now")


def test_needs_a_prescriber_who_decides_with_a_reason_and_a_signature(page: Page, clinic: str) -> None:
    """A listed benzodiazepine was answered with no; asked again it stands, and a prescriber decides."""
    path = to_screening(page, clinic, "Lorazepam 1 mg tablets", "vitamin D")
    main = page.get_by_role("main")
    expect(main.get_by_text("never stop it abruptly")).to_be_visible()
    expect(main.get_by_text("Not recognized")).to_be_visible()
    expect(page.get_by_role("group", name=labelled(SEDATING)).get_by_label("Yes")).to_be_checked()

    fill_in(page, TODAY, answers={SEDATING: "No"}, trials=(("sertraline", "200 mg", "4", "No effect"),))
    press(page, "Save the screening")
    expect(page.get_by_role("alert").first).to_contain_text("Lorazepam 1 mg tablets (benzodiazepine)")
    assert wrong_on(page) == []
    page.get_by_label("I asked again: the answers are right").check()
    press(page, "Save the screening")
    expect(main.locator(".ek-outcome__words")).to_have_text("Needs prescriber")
    expect(main.get_by_text("Adequate failed trials: 0")).to_be_visible()
    expect(main.get_by_text("A prescriber decides on this screening.")).to_be_visible()
    heading(page, "Screening")
    expect(main.get_by_role("link", name="Decide", exact=True)).to_have_count(0)

    page.context.clear_cookies()
    sign_in(page, clinic, "prescriber", to=path)
    follow(page, "Decide")
    heading(page, "Decide on the screening")
    page.get_by_label("Accept for treatment", exact=True).check()
    page.get_by_label(labelled("Your password")).fill(factories.PASSWORD)
    press(page, "Sign the decision")
    expect(page.get_by_role("alert").first).to_contain_text("Write why you go on")
    reasons = main.locator("fieldset.ek-reasons textarea")
    for number in range(reasons.count()):
        reasons.nth(number).fill("Talked it through with the patient today; the tablets ended last week.")
    page.get_by_label(labelled("Your password")).fill(factories.PASSWORD)
    press(page, "Sign the decision")
    expect(main.get_by_text("Signed by Dr. Priya Raman")).to_be_visible()
    heading(page, "Screening")


def test_not_today_whatever_anybody_writes(page: Page, clinic: str) -> None:
    """Pressure above the label's limit shuts the door; not even a prescriber may accept."""
    path = to_screening(page, clinic)
    fill_in(page, TODAY, measures={"Systolic pressure at rest": "184", "Diastolic pressure at rest": "96"})
    press(page, "Save the screening")
    # The page asks whether the number is right before it sends; it is not so unlikely that it must.
    main = page.get_by_role("main")
    expect(main.locator(".ek-outcome__words")).to_have_text("Not today")
    expect(main.get_by_text("SCR-BP-001")).to_be_visible()
    expect(main.get_by_text("for a time only")).to_have_count(0)
    heading(page, "Screening")
    page.context.clear_cookies()
    sign_in(page, clinic, "prescriber", to=path)
    follow(page, "Postpone or decline")
    heading(page, "Decide on the screening")
    expect(page.get_by_label("Accept for treatment", exact=True)).to_have_count(0)
    page.get_by_label("Postpone", exact=True).check()
    page.get_by_label(labelled("Reason")).last.fill(
        "Pressure to be treated first; letter to the family doctor."
    )
    page.get_by_label(labelled("Your password")).fill(factories.PASSWORD)
    press(page, "Sign the decision")
    expect(main.get_by_text("Signed by Dr. Priya Raman")).to_be_visible()


def test_not_today_and_again_when_enough_time_has_gone_by(page: Page, clinic: str) -> None:
    """Somebody who drank 20 hours before nine on 1 June waits 28 more, until 2 June at 13:00."""
    to_screening(page, clinic)
    fill_in(page, TODAY, answers={SUBSTANCES: "Yes"})
    page.get_by_label(labelled("Hours since the last alcohol or drug")).fill("20")
    press(page, "Save the screening")
    main = page.get_by_role("main")
    expect(main.locator(".ek-outcome__words")).to_have_text("Not today")
    expect(main.get_by_text("Screen the patient again from 2 Jun 2026, 13:00.")).to_be_visible()
    heading(page, "Screening")


def test_thoughts_of_suicide_page_somebody_and_stay_until_they_act(page: Page, clinic: str) -> None:
    path = to_screening(page, clinic)
    fill_in(page, TODAY, answers={"Thoughts of suicide now?": "Yes"})
    press(page, "Save the screening")
    heading(page, "Act on this answer now")
    # Leaving the page loses nothing: it stands on Today, on the board and on the screening.
    page.goto(f"{clinic}/")
    row = page.get_by_role("main").get_by_text("Screening, suicidal thoughts: yes")
    expect(row).to_be_visible()
    page.goto(f"{clinic}/board/")
    expect(page.get_by_text("1 answer that alerts is open")).to_be_visible()
    assert wrong_on(page) == []
    page.goto(clinic + path)
    follow(page, "Act on this answer")
    page.get_by_label(labelled("What was done, and who was told")).fill(
        "Stayed with the patient; Dr. Raman came at 9:10."
    )
    press(page, "This was done")
    page.goto(f"{clinic}/")
    expect(row).to_have_count(0)
    page.goto(f"{clinic}/board/")
    expect(page.get_by_text("that alerts is open")).to_have_count(0)
