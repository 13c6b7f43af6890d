"""Scales, answers that alert, reviews, response and the maintenance plan, as pages."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import outcomes
from evenkeel.record.courses import CourseState
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_course as courses
from tests.factories import NOW, act, patient_and_course, people
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everybody in with their password, on the evening after the third infusion."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, courses.ended_at(3))


def page_of(course: StreamId, tail: str) -> str:
    return f"/courses/{reference_of(course)}/{tail}/"


def typed_answers(answers: tuple[int | None, ...]) -> dict[str, str]:
    return {f"answer_{n}": str(each) for n, each in enumerate(answers, start=1) if each is not None}


CHOSEN = re.compile(r"<input[^>]* checked")
BASELINE = {"point": "baseline", "entered_for": "patient_interview"}


def folded(course: StreamId) -> CourseState:
    return reading.course(course)


# --- scales -------------------------------------------------------------------------------------------------


def test_the_scale_is_shown_as_published_with_nothing_chosen(client: Client) -> None:
    _, course = patient_and_course()
    words = look(client, people().nurse, page_of(course, "assessments/phq9"))
    assert "Over the last 2 weeks, how often have you been bothered" in words
    assert "Developed by Drs. Robert L. Spitzer" in words
    assert not CHOSEN.findall(words)


def test_a_whole_form_is_scored_and_lands_once(client: Client) -> None:
    patient, course = patient_and_course()
    typed = {**BASELINE, **typed_answers(courses.SEVERE), "idempotency_key": "once"}
    for _ in range(2):
        answer = send(client, people().nurse, page_of(course, "assessments/phq9"), **typed)
        assert answer.status_code == 302
        assert answer["Location"] == f"/patients/{reference_of(patient)}/"
    (fact,) = folded(course).assessments
    assert fact.payload.total == Decimal(20)
    assert fact.payload.band == "severe"


def test_a_form_with_a_gap_is_kept_and_said_to_have_no_score(client: Client) -> None:
    _, course = patient_and_course()
    typed = {**BASELINE, **typed_answers((3, None, *courses.SEVERE[2:]))}
    answer = send(client, people().nurse, page_of(course, "assessments/phq9"), **typed)
    words = client.get(answer["Location"]).content.decode()
    assert "PHQ-9 is kept without a score: no answer to question 2. Ask it again." in words
    assert folded(course).assessments[0].payload.total is None


def test_an_answer_that_alerts_leads_at_once_to_what_to_do(client: Client) -> None:
    _, course = patient_and_course()
    typed = {**BASELINE, **typed_answers(courses.ALERTING)}
    answer = send(client, people().nurse, page_of(course, "assessments/phq9"), **typed)
    seq = folded(course).open_risks[0].seq
    assert answer["Location"] == page_of(course, f"risk/{seq}")
    words = client.get(answer["Location"]).content.decode()
    assert "Act on this answer now" in words
    assert "Several days" in words
    assert "988" in words


def test_a_refused_form_keeps_what_was_typed(client: Client) -> None:
    _, course = patient_and_course()
    typed = {**BASELINE, "point": "before_infusion", **typed_answers(courses.MODERATE)}
    answer = send(client, people().nurse, page_of(course, "assessments/phq9"), **typed)
    words = answer.content.decode()
    assert answer.status_code == 422
    assert "Before which infusion: write its number." in words
    assert len(CHOSEN.findall(words)) == len(courses.MODERATE) + 2
    assert not folded(course).assessments


def test_an_empty_form_is_refused(client: Client) -> None:
    _, course = patient_and_course()
    answer = send(client, people().nurse, page_of(course, "assessments/phq9"), **BASELINE)
    assert answer.status_code == 422
    assert "answer at least one question" in answer.content.decode()


def test_the_pain_scale_has_eleven_answers(client: Client) -> None:
    _, course = patient_and_course(indication="crps")
    words = look(client, people().nurse, page_of(course, "assessments/nrs11"))
    assert words.count('name="answer_1"') == 11
    send(client, people().nurse, page_of(course, "assessments/nrs11"), **BASELINE, answer_1="7")
    assert folded(course).assessments[0].payload.total == Decimal(7)


def test_a_scale_that_there_is_not_is_not_found(client: Client) -> None:
    _, course = patient_and_course()
    look(client, people().nurse, page_of(course, "assessments/moca"), status=404)


def test_the_front_desk_enters_no_scale(client: Client) -> None:
    _, course = patient_and_course()
    look(client, people().front_desk, page_of(course, "assessments/phq9"), status=403)
    typed = {**BASELINE, **typed_answers(courses.SEVERE)}
    answer = send(client, people().front_desk, page_of(course, "assessments/phq9"), **typed)
    assert answer.status_code == 403
    assert not folded(course).assessments


# --- answers that alert -------------------------------------------------------------------------------------


def test_a_named_person_answers_once(client: Client) -> None:
    _, course = patient_and_course()
    fact = courses.assess(course, NOW, courses.ALERTING)
    address = page_of(course, f"risk/{fact.seq}")
    short = send(client, people().nurse, address, action="Talked.")
    assert short.status_code == 422
    assert "Talked." in short.content.decode()
    done = "Stayed with her; Dr. Raman saw her at once, a safety plan is made."
    for _ in range(2):
        answer = send(client, people().nurse, address, action=done, idempotency_key="once")
        assert answer.status_code == 302
    assert not folded(course).open_risks
    words = look(client, people().lead, address)
    assert done in words
    assert "Nora Lindqvist RN" in words
    again = send(client, people().nurse2, address, action=done)
    assert again.status_code == 422
    assert "somebody has answered it" in again.content.decode()


def test_others_are_told_whom_to_fetch(client: Client) -> None:
    _, course = patient_and_course()
    fact = courses.assess(course, NOW, courses.ALERTING)
    address = page_of(course, f"risk/{fact.seq}")
    assert "Fetch a nurse or a prescriber" in look(client, people().front_desk, address)
    assert send(client, people().front_desk, address, action="Something was done.").status_code == 403
    look(client, people().nurse, page_of(course, "risk/1"), status=404)
    look(client, people().nurse, page_of(course, "risk/99"), status=404)


# --- reviews ------------------------------------------------------------------------------------------------


def test_a_review_is_held_once_and_then_shown(client: Client) -> None:
    course = courses.course_after(3)
    address = page_of(course, "review/3")
    assert "20 (severe), 1 Jun 2026" in look(client, people().prescriber, address)
    typed = {"decision": "continue", "reason": "Better by 40 %.", "seen": folded(course).seq}
    for _ in range(2):
        answer = send(client, people().prescriber, address, **typed, idempotency_key="once")
        assert answer.status_code == 302
    assert len(folded(course).reviews) == 1
    words = look(client, people().nurse, address)
    assert "Better by 40 %." in words
    assert "Keep the review" not in words


def test_going_on_against_a_rule_needs_its_reason(client: Client) -> None:
    # 20 to 20 is no fall: SER-REV-001 asks for 25 % after the third infusion.
    course = courses.course_after(3, later=courses.SEVERE)
    address = page_of(course, "review/3")
    typed = {"decision": "continue", "reason": "She sleeps again.", "seen": folded(course).seq}
    refused = send(client, people().prescriber, address, **typed)
    words = refused.content.decode()
    assert refused.status_code == 422
    assert "Write why you go on" in words
    assert "She sleeps again." in words
    reason = {"override_SER-REV-001": "Sleep and appetite are back, which the scale misses."}
    assert send(client, people().prescriber, address, **typed, **reason).status_code == 302
    assert folded(course).reviews[0].payload.overrides[0].rule == "SER-REV-001"


def test_stopping_needs_no_reason_per_rule(client: Client) -> None:
    course = courses.course_after(3, later=courses.SEVERE)
    typed = {"decision": "stop", "reason": "Nothing gained.", "seen": folded(course).seq}
    assert send(client, people().prescriber, page_of(course, "review/3"), **typed).status_code == 302


def test_a_review_from_a_stale_page_is_refused(client: Client) -> None:
    course = courses.course_after(3)
    seen = folded(course).seq
    courses.assess(course, courses.ended_at(3), courses.MILD, point="other")
    typed = {"decision": "continue", "reason": "Better.", "seen": seen}
    answer = send(client, people().prescriber, page_of(course, "review/3"), **typed)
    assert answer.status_code == 409
    assert "after your page was opened" in answer.content.decode()
    assert not folded(course).reviews


def test_a_nurse_reads_the_review_and_does_not_hold_it(client: Client) -> None:
    course = courses.course_after(3)
    assert "A prescriber holds the review." in look(client, people().nurse, page_of(course, "review/3"))
    typed = {"decision": "continue", "reason": "Better."}
    assert send(client, people().nurse, page_of(course, "review/3"), **typed).status_code == 403


def test_only_the_reviews_there_are(client: Client) -> None:
    _, course = patient_and_course()
    assert "This review is not due." in look(client, people().prescriber, page_of(course, "review/3"))
    look(client, people().prescriber, page_of(course, "review/4"), status=404)


# --- response -----------------------------------------------------------------------------------------------


def test_response_is_judged_from_baseline_and_latest(client: Client) -> None:
    # 20 at baseline and 6 at last: 70 % lower, which is response; 6 is not below 5, so no remission.
    course = courses.course_after(3, later=courses.MILD)
    words = look(client, people().prescriber, page_of(course, "response"))
    assert "70.0 % lower" in words
    assert ">Response<" in words
    assert ">No remission<" in words
    seen = folded(course).seq
    for _ in range(2):
        answer = send(
            client,
            people().prescriber,
            page_of(course, "response"),
            note="",
            seen=seen,
            idempotency_key="once",
        )
        assert answer.status_code == 302
    judged = folded(course).response
    assert judged is not None
    assert (judged.payload.response, judged.payload.remission) == ("response", "no")


def test_without_a_score_response_is_not_known(client: Client) -> None:
    _, course = patient_and_course()
    words = look(client, people().prescriber, page_of(course, "response"))
    assert "No complete PHQ-9 stands before the first infusion" in words
    assert "none was given yet" in words
    assert send(client, people().prescriber, page_of(course, "response"), note="").status_code == 422


def test_response_from_a_stale_page_is_refused(client: Client) -> None:
    course = courses.course_after(3)
    seen = folded(course).seq
    courses.assess(course, courses.ended_at(3), courses.MILD, point="other")
    answer = send(client, people().prescriber, page_of(course, "response"), note="Kept.", seen=seen)
    assert answer.status_code == 409
    assert "Kept." in answer.content.decode()
    assert send(client, people().nurse, page_of(course, "response"), note="").status_code == 403


# --- maintenance --------------------------------------------------------------------------------------------


@pytest.fixture
def _after_six(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, courses.ended_at(6) + timedelta(minutes=30))


@pytest.mark.usefixtures("_after_six")
def test_the_options_say_their_basis_and_their_day(client: Client) -> None:
    course = courses.judged_course()
    words = look(client, people().prescriber, page_of(course, "maintenance"))
    # The sixth infusion was on 18 June 2026; a week later is the 25th.
    assert "Counted from the last infusion, that is 25 Jun 2026." in words
    assert "Phillips 2019" in words
    assert "Basis: read in the source." in words
    assert "They say nothing about the dose." in words


@pytest.mark.usefixtures("_after_six")
def test_a_plan_is_made_once(client: Client) -> None:
    course = courses.judged_course()
    typed = {
        "chosen": "7",
        "next_due_date": "2026-06-25",
        "goals": "Back at work.",
        "return_signs": "Wakes at four.",
        "psychotherapy": "Weekly, Dr. Ash",
        "support_contact": "Jon Testwell",
        "seen": folded(course).seq,
        "idempotency_key": "once",
    }
    for _ in range(2):
        answer = send(client, people().prescriber, page_of(course, "maintenance"), **typed)
        assert answer.status_code == 302, answer.content.decode()
    plan = folded(course).maintenance
    assert plan is not None
    assert plan.payload.next_due_date.isoformat() == "2026-06-25"
    assert len(plan.history) == 1
    words = look(client, people().nurse, page_of(course, "maintenance"))
    assert "Wakes at four." in words
    assert "Save the plan" not in words


@pytest.mark.usefixtures("_after_six")
def test_craving_holds_the_plan_until_a_prescriber_says_why(client: Client) -> None:
    course = courses.judged_course()
    typed = {"chosen": "7", "next_due_date": "2026-06-25", "craving": "yes"}
    refused = send(client, people().prescriber, page_of(course, "maintenance"), **typed)
    assert refused.status_code == 422
    assert 'name="override_MNT-CRV-001"' in refused.content.decode()
    reason = {"override_MNT-CRV-001": "Talked over with her and her brother; the date stands."}
    assert (
        send(client, people().prescriber, page_of(course, "maintenance"), **typed, **reason).status_code
        == 302
    )
    plan = folded(course).maintenance
    assert plan is not None
    assert plan.payload.craving == "yes"


@pytest.mark.usefixtures("_after_six")
def test_a_date_that_does_not_fit_asks_for_a_reason(client: Client) -> None:
    course = courses.judged_course()
    typed = {"chosen": "other", "interval": "28", "next_due_date": "2026-06-25", "goals": "Back at work."}
    refused = send(client, people().prescriber, page_of(course, "maintenance"), **typed)
    words = refused.content.decode()
    assert refused.status_code == 422
    assert 'name="override_MNT-DUE-001"' in words
    assert "Back at work." in words
    assert 'value="28"' in words
    reason = {"override_MNT-DUE-001": "The first one comes early, before her journey."}
    assert (
        send(client, people().prescriber, page_of(course, "maintenance"), **typed, **reason).status_code
        == 302
    )


@pytest.mark.usefixtures("_after_six")
def test_what_cannot_be_read_comes_back_with_a_sentence(client: Client) -> None:
    course = courses.judged_course()
    address = page_of(course, "maintenance")
    missing = send(client, people().prescriber, address, chosen="other", next_due_date="2026-06-25")
    assert "Another interval: write how many days." in missing.content.decode()
    comma = send(
        client, people().prescriber, address, chosen="other", interval="7,5", next_due_date="2026-06-25"
    )
    assert "Write a decimal point, not a comma." in comma.content.decode()
    past = send(client, people().prescriber, address, chosen="7", next_due_date="2026-06-01")
    assert past.status_code == 422
    assert "choose a day after today" in past.content.decode()
    assert folded(course).maintenance is None


@pytest.mark.usefixtures("_after_six")
def test_a_plan_from_a_stale_page_is_refused(client: Client) -> None:
    course = courses.judged_course()
    seen = folded(course).seq
    outcomes.judge_response(
        act(people().prescriber, courses.ended_at(6)), course=course, scale_id="phq9", note=""
    )
    typed = {"chosen": "7", "next_due_date": "2026-06-25", "seen": seen}
    assert send(client, people().prescriber, page_of(course, "maintenance"), **typed).status_code == 409
    assert send(client, people().nurse, page_of(course, "maintenance"), **typed).status_code == 403


def test_before_any_infusion_there_is_no_plan(client: Client) -> None:
    _, course = patient_and_course()
    words = look(client, people().prescriber, page_of(course, "maintenance"))
    assert "Maintenance follows a series" in words
    typed = {"chosen": "7", "next_due_date": "2026-07-25"}
    assert send(client, people().prescriber, page_of(course, "maintenance"), **typed).status_code == 422
