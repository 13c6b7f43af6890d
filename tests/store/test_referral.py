"""Referring a patient, through the use cases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from evenkeel.journey import referral
from evenkeel.journey.acting import ImplausibleTime, RecordMoved
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.referral import AllergiesRecorded, Medicine, MedicinesRecorded
from evenkeel.store import reading
from evenkeel.store.queries import courses, patients
from tests import factories
from tests.factories import NOW, TODAY, act

pytestmark = pytest.mark.django_db


def refer(**changes: object) -> str:
    asked: dict[str, object] = {
        "demographics": factories.demographics("EK-0001"),
        "indication": "depression",
        "referrer": factories.REFERRER,
        "reason": "Two antidepressants have not helped.",
        "received_date": TODAY,
        "medicines": factories.MEDICINES,
        "allergies": None,
    }
    by = changes.pop("act", None) or act(factories.people().front_desk)
    return referral.refer(by, **(asked | changes))  # type: ignore[arg-type]


def codes(refusal: pytest.ExceptionInfo[Exception]) -> set[str]:
    return {issue.code for issue in refusal.value.issues}  # type: ignore[attr-defined]


def test_a_referral_registers_the_patient_and_opens_a_course() -> None:
    course = reading.course(refer())  # type: ignore[arg-type]
    patient = reading.patient(course.referral.patient)
    assert course.stage == "referred"
    assert patient.demographics.full_name == "Mara Testwell"
    assert patient.medicines == factories.MEDICINES
    assert patient.allergies is None, "nobody asked, and that is not 'none known'"
    listed = patients.search("testw EK-0001")
    assert [line.record_number for line in listed.patients] == ["EK-0001"]
    assert [line.stage for line in listed.patients[0].courses] == ["referred"]
    assert courses.count_by_stage() == {"referred": 1}


def test_a_referral_sent_twice_lands_once() -> None:
    same = act(factories.people().front_desk)
    assert refer(act=same) == refer(act=same)
    assert patients.search().total == 1


def test_a_record_number_belongs_to_one_patient() -> None:
    refer()
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(demographics=factories.demographics("ek-0001", given_name="Ben"))
    assert codes(refusal) == {"record-number-taken"}


def test_same_name_and_birth_date_asks_whether_it_is_another_person() -> None:
    refer()
    twin = factories.demographics("EK-0002", given_name="mara")
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(demographics=twin)
    assert codes(refusal) == {"possible-duplicate"}
    refer(demographics=twin, known_duplicate_confirmed=True)
    assert patients.search("testwell").total == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"given_name": " "}, "given_name-missing"),
        ({"family_name": ""}, "family_name-missing"),
        ({"phone": ""}, "phone-missing"),
        ({"birth_date": TODAY + timedelta(days=1)}, "birth-date-in-future"),
        ({"birth_date": date(1903, 5, 31)}, "birth-date-too-early"),
    ],
)
def test_details_that_cannot_be_are_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(demographics=factories.demographics("EK-0001", **changes))  # type: ignore[arg-type]
    assert codes(refusal) == {code}
    assert patients.search().total == 0


def test_an_empty_list_without_none_taken_is_refused() -> None:
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(medicines=MedicinesRecorded(medicines=()))
    assert codes(refusal) == {"list-empty"}


def test_none_taken_beside_a_medicine_is_refused() -> None:
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(medicines=MedicinesRecorded(medicines=(Medicine(name="lithium", dose=""),), none_taken=True))
    assert codes(refusal) == {"none-and-some"}


def test_an_unknown_indication_is_refused() -> None:
    with pytest.raises(referral.UnableToRefer) as refusal:
        refer(indication="toothache")
    assert codes(refusal) == {"indication-unknown"}


def test_a_time_in_the_future_is_refused() -> None:
    early = factories.act(factories.people().front_desk)
    with pytest.raises(ImplausibleTime):
        refer(act=replace(early, happened_at=NOW + timedelta(minutes=3)))


def test_a_registrant_refers_nobody() -> None:
    with pytest.raises(NotPermitted):
        refer(act=act(factories.people().registrant))


def test_a_second_course_needs_another_indication_or_an_ended_one() -> None:
    patient, first = factories.patient_and_course()
    again = {
        "patient": patient,
        "indication": "depression",
        "referrer": factories.REFERRER,
        "reason": "The gain has faded.",
        "received_date": TODAY,
    }
    with pytest.raises(referral.UnableToRefer) as refusal:
        referral.refer_again(act(factories.people().front_desk), **again)  # type: ignore[arg-type]
    assert codes(refusal) == {"course-open"}
    referral.end_course(act(factories.people().prescriber), course=first, reason="Moved away.")
    assert reading.course(first).stage == "ended"
    second = referral.refer_again(act(factories.people().front_desk), **again)  # type: ignore[arg-type]
    assert reading.course(second).stage == "referred"


def test_nothing_is_added_to_an_ended_course() -> None:
    _, course = factories.patient_and_course()
    referral.end_course(act(factories.people().prescriber), course=course, reason="Moved away.")
    with pytest.raises(referral.CourseIsOver):
        factories.screen(course)


def test_a_course_with_a_visit_ahead_does_not_end() -> None:
    visit = factories.booked_visit()
    course = reading.visit(visit).booking.payload.course
    with pytest.raises(referral.UnableToEndCourse) as refusal:
        referral.end_course(act(factories.people().prescriber), course=course, reason="Moved away.")
    assert codes(refusal) == {"visit-open"}


def test_changed_details_keep_what_stood_before() -> None:
    patient, _ = factories.patient_and_course(details=factories.demographics("EK-0001"))
    moved = factories.demographics("EK-0001", phone="555-0177")
    referral.change_details(act(factories.people().front_desk), patient=patient, demographics=moved)
    state = reading.patient(patient)
    assert state.demographics.phone == "555-0177"
    assert state.facts[0].payload.demographics.phone == "555-0100"
    assert patients.by_record_number("EK-0001").phone == "555-0177"  # type: ignore[union-attr]


def test_a_list_written_on_a_page_that_is_out_of_date_is_refused() -> None:
    patient, _ = factories.patient_and_course()
    seen = reading.patient(patient).seq
    none = AllergiesRecorded(allergies=(), none_known=True)
    referral.record_allergies(act(factories.people().nurse, seen=seen), patient=patient, allergies=none)
    with pytest.raises(RecordMoved):
        referral.record_allergies(
            act(factories.people().nurse2, seen=seen), patient=patient, allergies=factories.ALLERGIES
        )
    assert reading.patient(patient).allergies == none


def test_the_next_record_number_is_one_above_the_highest() -> None:
    assert patients.next_record_number() == "EK-0001"
    refer(demographics=factories.demographics("EK-0041"))
    assert patients.next_record_number() == "EK-0042"
