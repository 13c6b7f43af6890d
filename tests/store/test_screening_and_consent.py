"""Screening and consent, through the use cases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from evenkeel.clinical import preparation as texts
from evenkeel.journey import outcomes, preparation, referral, screening
from evenkeel.journey.acting import RecordMoved
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.entry import Author, Draft
from evenkeel.record.referral import Medicine, MedicinesRecorded
from evenkeel.record.screening import ScreeningWithTrialsCounted, Tri, Trial, WorkupLine
from evenkeel.record.verdict import Override
from evenkeel.store import log, reading
from evenkeel.store.queries import courses, today
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Hours, Pressure
from evenkeel.web import steps, today_view
from tests import factories
from tests.factories import NOW, PASSWORD, act, people, safe_answers

pytestmark = pytest.mark.django_db


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[str]:
    return {issue.code for issue in refusal.value.issues}


def decide(
    course: StreamId,
    decision: screening.ScreeningDecision,
    *,
    overrides: tuple[Override, ...] = (),
    reason: str = "",
    password: str = PASSWORD,
    by: Author | None = None,
    seen: int | None = None,
) -> None:
    screening.decide_screening(
        act(by or people().prescriber, seen=seen),
        course=course,
        decision=decision,
        reason=reason,
        overrides=overrides,
        password=password,
    )


def give_consent(course: StreamId, **changes: object) -> None:
    given: dict[str, object] = {
        "document": "ketamine_infusion",
        "version": "1.0",
        "language": "en",
        "explained_by": "Dr. Priya Raman",
        "topics": tuple(topic.key for topic in texts.in_force(factories.TODAY)[0].topics),
        "off_label_explained": True,
    }
    preparation.record_consent(act(people().nurse), course=course, **(given | changes))  # type: ignore[arg-type]


def test_safe_answers_are_fit() -> None:
    course = reading.course(factories.screened_course())
    assert course.screening is not None
    assert course.screening.payload.outcome == "fit"
    assert course.stage == "screened"
    assert course.screening.history[0].rules, "the entry names the rule versions it was decided by"


def test_a_question_left_out_is_unknown_and_goes_to_a_prescriber() -> None:
    _, course = factories.patient_and_course()
    held = factories.checklist()
    answers = {key: answer for key, answer in held.answers.items() if key != "pregnancy"}
    screening.record_screening(
        act(people().nurse), course=course, checklist=replace(held, answers=answers), note=""
    )
    state = reading.course(course)
    assert state.screening is not None
    assert state.screening.payload.answers["pregnancy"] == "unknown"
    assert state.screening.payload.outcome == "needs_prescriber"
    assert state.stage == "awaiting_prescriber"


def test_a_prescriber_accepts_with_a_reason_for_every_rule_that_asks() -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="unknown")
    with pytest.raises(screening.UnableToDecideScreening) as refusal:
        decide(course, "accept")
    assert codes(refusal) == {"needs-reason"}
    assert refusal.value.issues[0].field == "override_SCR-PRG-001"
    decide(
        course,
        "accept",
        overrides=(Override(rule="SCR-PRG-001", reason="Test negative this morning, result seen."),),
    )
    state = reading.course(course)
    assert state.is_screened_fit
    assert state.screening_decision is not None
    assert state.screening_decision.payload.signature.printed_name == "Dr. Priya Raman"


def test_nobody_accepts_against_a_hard_rule() -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="yes")
    state = reading.course(course)
    assert state.screening is not None
    assert state.screening.payload.outcome == "not_today"
    with pytest.raises(screening.UnableToDecideScreening) as refusal:
        decide(
            course,
            "accept",
            overrides=(Override(rule="SCR-PRG-001", reason="The patient insists on it very much."),),
        )
    assert codes(refusal) == {"blocked"}


def test_declining_needs_a_reason_and_a_right_password() -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, psychosis="yes")
    with pytest.raises(screening.UnableToDecideScreening) as refusal:
        decide(course, "decline", reason="no")
    assert codes(refusal) == {"reason-missing"}
    with pytest.raises(UnableTo) as unsigned:
        decide(course, "decline", reason="Psychosis in the history.", password="wrong")
    assert codes(unsigned) == {"signature-refused"}
    assert reading.course(course).screening_decision is None
    decide(course, "decline", reason="Psychosis in the history.")
    assert reading.course(course).stage == "declined"


def test_a_decision_on_a_page_that_is_out_of_date_is_refused() -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="unknown")
    seen = reading.course(course).seq
    factories.screen(course, NOW + timedelta(minutes=1), pregnancy="yes")
    with pytest.raises(RecordMoved):
        decide(course, "decline", reason="Better not, for now.", seen=seen)


def test_a_nurse_does_not_decide() -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, pregnancy="unknown")
    with pytest.raises(NotPermitted):
        decide(course, "decline", reason="Better not, for now.", by=people().nurse)


def test_a_diastolic_pressure_above_the_systolic_is_refused() -> None:
    _, course = factories.patient_and_course()
    with pytest.raises(screening.UnableToScreen) as refusal:
        record(course, systolic=Pressure.of(78), diastolic=Pressure.of(124))
    assert codes(refusal) == {"pressure-order"}


def record(course: StreamId, *, list_confirmed: bool = False, **changes: Any) -> None:
    screening.record_screening(
        act(people().nurse),
        course=course,
        checklist=replace(factories.checklist(), **changes),
        note="",
        list_confirmed=list_confirmed,
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"stop_bang": 9}, "stop-bang-range", "stop_bang"),
        ({"since_substances": Hours.of(3)}, "hours-without-yes", "since_substances"),
        ({"no_trials": True}, "trials-and-none", "no_trials"),
        (
            {"workup": {"ecg": WorkupLine(result="normal", done_date=factories.TODAY + timedelta(days=1))}},
            "workup-in-future",
            "workup_date_ecg",
        ),
        ({"trials": (Trial(drug=" ", dose="", weeks=None, result="unknown"),)}, "trial-without-name", None),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    changes: dict[str, Any], code: str, field: str | None
) -> None:
    _, course = factories.patient_and_course()
    with pytest.raises(screening.UnableToScreen) as refusal:
        record(course, **changes)
    assert [(issue.code, issue.field) for issue in refusal.value.issues] == [(code, field)]
    assert reading.course(course).screening is None


def test_a_no_to_what_the_medicine_list_names_is_asked_again_and_then_goes_to_a_prescriber() -> None:
    patient, course = factories.patient_and_course()
    lorazepam = MedicinesRecorded(medicines=(Medicine(name="Lorazepam 1 mg tablets", dose="at night"),))
    referral.record_medicines(
        act(people().nurse, seen=reading.patient(patient).seq), patient=patient, medicines=lorazepam
    )
    with pytest.raises(screening.UnableToScreen) as refusal:
        record(course)
    (issue,) = refusal.value.issues
    assert (issue.code, issue.field) == ("list-disagrees", "answer_depressants")
    assert "Lorazepam 1 mg tablets (benzodiazepine)" in issue.sentence
    record(course, list_confirmed=True)
    state = reading.course(course)
    assert state.screening is not None
    assert state.screening.payload.outcome == "needs_prescriber"
    fired = {each.rule.rule for each in state.screening.payload.verdicts if each.answer == "fires"}
    assert "SCR-MED-001" in fired


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_thoughts_of_suicide_stay_open_until_a_named_person_says_what_was_done(answer: Tri) -> None:
    _, course = factories.patient_and_course()
    factories.screen(course, suicidal_thoughts=answer)
    (open_one,) = reading.course(course).open_screening_risks
    (line,) = [each for each in courses.lines() if each.course == course]
    assert line.open_risks == 1
    # A later checklist takes nothing back.
    factories.screen(course, NOW + timedelta(minutes=5))
    assert [each.id for each in reading.course(course).open_screening_risks] == [open_one.id]
    with pytest.raises(outcomes.UnableToAnswerRisk) as refusal:
        outcomes.answer_risk(act(people().nurse), course=course, assessment=open_one.id, action="ok")
    assert codes(refusal) == {"action-missing"}
    with pytest.raises(NotPermitted):
        outcomes.answer_risk(
            act(people().front_desk), course=course, assessment=open_one.id, action="Told the nurse about it."
        )
    outcomes.answer_risk(
        act(people().nurse, NOW + timedelta(minutes=6)),
        course=course,
        assessment=open_one.id,
        action="Stayed with the patient until Dr. Raman came.",
    )
    assert not reading.course(course).open_screening_risks
    (line,) = [each for each in courses.lines() if each.course == course]
    assert line.open_risks == 0


def test_thoughts_of_suicide_stay_in_sight_when_the_patient_is_declined() -> None:
    """Saying no to ketamine is not the end of caring; only the alert of a course that is over stays."""
    _, course = factories.patient_and_course()
    factories.screen(course, suicidal_thoughts="yes", psychosis="yes")
    decide(course, "decline", reason="Psychosis in the history.")
    assert reading.course(course).stage in steps.CLOSED
    shown = today.courses(closed=steps.CLOSED)
    assert [each.state.stream for each in shown] == [course]
    assert courses.count_open_risks() == 1
    rows = today_view.waiting(people().nurse, shown, (), NOW)
    assert [(row.word, row.why) for row in rows] == [("Alerts", "Screening, suicidal thoughts: yes")]


def test_a_checklist_without_thoughts_of_suicide_alerts_nobody() -> None:
    assert not reading.course(factories.screened_course()).open_screening_risks


def test_a_checklist_of_the_first_kind_is_still_read() -> None:
    """It counts as the last screening until a new one is filled in, with its answers as they were given."""
    _, course = factories.patient_and_course()
    old = ScreeningWithTrialsCounted(
        answers=safe_answers() | {"suicidal_thoughts": "yes", "workup_read": "yes"},
        failed_trials=2,
        systolic=Pressure.of(124),
        diastolic=Pressure.of(78),
        note="",
        outcome="fit",
        verdicts=(),
    )
    state = reading.course(course)
    by = people().nurse
    with transaction.atomic():
        log.append(state, [Draft(payload=old, happened_at=NOW)], by=by, key=factories.key(), recorded_at=NOW)
    state = reading.course(course)
    assert state.screening is not None
    assert state.screening.payload == old
    assert state.stage == "screened"
    assert not state.open_screening_risks, "it went to a prescriber in its day"
    factories.screen(course, NOW + timedelta(minutes=1), pregnancy="yes")
    assert reading.course(course).stage == "not_today"


def test_consent_names_the_version_that_was_read() -> None:
    course = factories.screened_course()
    give_consent(course)
    state = reading.course(course)
    assert state.consent is not None
    assert (state.consent.payload.version, state.stage) == ("1.0", "consented")


def test_consent_waits_for_the_screening() -> None:
    _, course = factories.patient_and_course()
    with pytest.raises(preparation.UnableToRecordConsent) as refusal:
        give_consent(course)
    assert codes(refusal) == {"not-screened-fit"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "0.9"}, "version-not-in-force"),
        ({"topics": ("pregnancy",)}, "topics-left-out"),
        ({"off_label_explained": False}, "off-label-not-explained"),
        ({"explained_by": " "}, "explained-by-missing"),
    ],
)
def test_half_a_consent_is_refused(changes: dict[str, object], code: str) -> None:
    course = factories.screened_course()
    with pytest.raises(preparation.UnableToRecordConsent) as refusal:
        give_consent(course, **changes)
    assert codes(refusal) == {code}
    assert reading.course(course).consent is None


def test_a_withdrawn_consent_no_longer_stands_and_can_be_given_again() -> None:
    course = factories.consented_course()
    preparation.withdraw_consent(
        act(people().nurse, NOW + timedelta(minutes=5)), course=course, said_to="Nora Lindqvist RN", reason=""
    )
    assert reading.course(course).stage == "consent_withdrawn"
    with pytest.raises(preparation.UnableToWithdrawConsent) as refusal:
        preparation.withdraw_consent(
            act(people().nurse, NOW + timedelta(minutes=6)), course=course, said_to="Nora", reason=""
        )
    assert codes(refusal) == {"no-consent"}
    factories.consent(course, NOW + timedelta(days=1))
    assert reading.course(course).stage == "consented"


@pytest.mark.parametrize("document", texts.in_force(factories.TODAY), ids=lambda text: text.title)
def test_consent_lines_are_short_enough_to_read_aloud(document: texts.ConsentDocument) -> None:
    """Long sentences raise the reading age; 25 words is where plain-language guides draw the line."""
    sentences = [part for line in document.lines for part in line.split(". ")]
    assert max(len(sentence.split()) for sentence in sentences) <= 25
