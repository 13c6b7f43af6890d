"""The pages of a screening, through Django's test client."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.clinical.screening import questions_for
from evenkeel.clinical.workup import TESTS
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from tests import factories
from tests.factories import NOW, PASSWORD, TODAY, people
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

FOUND, FORBIDDEN, CONFLICT, REFUSED = 302, 403, 409, 422


@pytest.fixture(autouse=True)
def _fixed_clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Pages read one clock; here it stands still."""
    set_clock(monkeypatch, NOW)
    settings.SECOND_FACTOR_ROLES = frozenset()


def words_of(answer: Any) -> str:
    return str(answer.content.decode())


def checklist(course: StreamId, **changes: str) -> dict[str, str]:
    answers = {
        f"answer_{question.key}": question.safe
        for question in questions_for(reading.course(course).referral.indication)
    }
    tests = {f"workup_result_{key}": "normal" for key in TESTS}
    days = {f"workup_date_{key}": str(TODAY) for key in TESTS}
    trial = {"drug": "sertraline", "dose": "200 mg", "weeks": "8", "result": "no_effect"}
    tried = {f"trial_{name}_{number}": value for number in range(2) for name, value in trial.items()}
    measured = {"weight": "70", "height": "168", "stop_bang": "1", "systolic": "124", "diastolic": "78"}
    # The medicine list of the factories names sertraline.
    taken = {"answer_lithium_antidepressants": "yes", "trial_lines": "2", "note": ""}
    return answers | taken | tests | days | tried | measured | changes


def test_a_checklist_is_saved_and_its_outcome_shown(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    page = look(client, people().nurse, address)
    assert "SCR-PRG-001" in page
    assert "Ketamine hydrochloride injection" in page, "each question shows its source"
    answer = send(client, people().nurse, address, **checklist(course, answer_pregnancy="unknown"))
    assert answer.status_code == FOUND
    page = look(client, people().nurse, address)
    assert "Needs prescriber" in page
    assert "Not known: pregnancy" in page


def test_a_number_that_could_be_misread_is_refused_and_kept(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    answer = send(client, people().nurse, address, **checklist(course, systolic="124,5"))
    assert answer.status_code == REFUSED
    assert "Write a decimal point, not a comma." in words_of(answer)
    assert 'value="124,5"' in words_of(answer)
    assert reading.course(course).screening is None


def test_the_front_desk_fills_in_no_checklist(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    assert "Not screened yet" in look(client, people().front_desk, address)
    assert send(client, people().front_desk, address, **checklist(course)).status_code == FORBIDDEN
    assert reading.course(course).screening is None


def test_a_prescriber_decides_with_reasons_and_a_password(client: Client) -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="unknown")
    by = people().prescriber
    address = reverse("screening_decision", args=[reference_of(course)])
    form = {"decision": "accept", "password": PASSWORD, "seen": str(reading.course(course).seq)}
    assert 'name="override_SCR-PRG-001"' in look(client, by, address)
    answer = send(client, by, address, **form)
    assert answer.status_code == REFUSED
    assert "Write why you go on" in words_of(answer)
    reasoned = form | {"override_SCR-PRG-001": "Test negative this morning."}
    wrong = send(client, by, address, **reasoned | {"password": "not mine"})
    assert wrong.status_code == REFUSED
    assert "Test negative this morning." in words_of(wrong)
    assert "not mine" not in words_of(wrong), "a password is never written back"
    stale = send(client, by, address, **reasoned | {"seen": "1"})
    assert stale.status_code == CONFLICT
    assert send(client, by, address, **reasoned).status_code == FOUND
    assert reading.course(course).is_screened_fit
    page = look(client, by, reverse("screening", args=[reference_of(course)]))
    assert "Signed by Dr. Priya Raman" in page


def test_accepting_is_not_offered_against_a_hard_rule(client: Client) -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="yes")
    by = people().prescriber
    address = reverse("screening_decision", args=[reference_of(course)])
    assert 'value="accept"' not in look(client, by, address)
    answer = send(client, by, address, decision="accept", password=PASSWORD)
    assert answer.status_code == REFUSED
    assert not reading.course(course).is_screened_fit


def test_what_is_left_open_is_asked_for_once_and_then_saved(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    filled = checklist(course)
    del filled["answer_bladder"], filled["workup_result_ecg"]
    answer = send(client, people().nurse, address, **filled)
    assert answer.status_code == REFUSED
    assert "2 questions or tests have no answer" in words_of(answer)
    assert words_of(answer).count("No answer yet") == 2
    assert send(client, people().nurse, address, **filled, open_confirmed="on").status_code == FOUND
    screening = reading.course(course).screening
    assert screening is not None
    assert screening.payload.answers["bladder"] == "unknown"
    assert screening.payload.outcome == "needs_prescriber"


def test_another_line_for_a_trial_keeps_what_was_typed(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    answer = send(
        client, people().nurse, address, **checklist(course, trial_drug_1="venlafaxine"), add="trial"
    )
    page = words_of(answer)
    assert 'name="trial_drug_2"' in page
    assert 'value="venlafaxine"' in page
    assert "No answer yet" not in page
    assert reading.course(course).screening is None


def test_a_yes_about_suicide_leads_to_the_page_that_asks_what_was_done(client: Client) -> None:
    _, course = factories.patient_and_course()
    address = reverse("screening", args=[reference_of(course)])
    answer = send(client, people().nurse, address, **checklist(course, answer_suicidal_thoughts="yes"))
    risk = reverse("risk", args=[reference_of(course), reading.course(course).seq])
    assert (answer.status_code, answer["Location"]) == (FOUND, risk)
    assert risk in look(client, people().nurse, address), "the screening leads there as well"
    assert "1 answer that alerts is open" in look(client, people().nurse, reverse("board"))
    assert "Fetch a nurse or a prescriber" in look(client, people().front_desk, risk)
    done = send(client, people().nurse, risk, action="Stayed until Dr. Raman came.")
    assert done.status_code == FOUND
    assert risk not in look(client, people().nurse, address)
    assert "that alerts is open" not in look(client, people().nurse, reverse("board"))


def test_a_referral_shows_evidence_and_dated_status_of_every_indication(client: Client) -> None:
    page = look(client, people().front_desk, reverse("refer"))
    assert page.count("As of 22 Nov 2026.") == 17
    assert "Guideline grade D: weak or no evidence" in page
    assert "Not offered here: a prescriber decides" in page
