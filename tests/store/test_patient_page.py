"""The patient's page and the whole record."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import amendments, infusion, preparation, referral
from evenkeel.record.entry import Author
from evenkeel.record.infusion import NoteWritten
from evenkeel.store import models, reading
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from tests import factories_chairside as chairside
from tests import factories_course as courses
from tests.factories import (
    NOW,
    REFERRER,
    TODAY,
    act,
    booked_visit,
    demographics,
    patient_and_course,
    people,
    screen,
    user_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings) -> None:
    """Let everybody in with their password; the second factor has its own tests."""
    settings.SECOND_FACTOR_ROLES = frozenset()


def open_page(client: Client, person: Author, address: str) -> str:
    """Open a page as somebody; returns its words."""
    client.force_login(user_of(person))
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Say what time it is for pages."""
    monkeypatch.setattr(pages, "now", lambda: at)


def patient_of(course: StreamId) -> StreamId:
    return reading.course(course).referral.patient


def address(patient: StreamId) -> str:
    return f"/patients/{reference_of(patient)}/"


def test_what_nobody_asked_is_said_loudly(client: Client) -> None:
    course = referral.refer(
        act(people().front_desk),
        demographics=demographics(),
        indication="depression",
        referrer=REFERRER,
        reason="Nothing has helped so far.",
        received_date=TODAY,
        medicines=None,
        allergies=None,
    )
    words = open_page(client, people().nurse, address(patient_of(course)))
    assert "Allergies not recorded" in words
    assert "Medicines not recorded" in words
    assert "Not screened yet." in words
    assert "No consent is on record." in words


def test_the_next_step_is_a_button_for_those_who_may_do_it(client: Client) -> None:
    patient, course = patient_and_course()
    link = f'href="/courses/{reference_of(course)}/screening/">Screen</a>'
    assert link in open_page(client, people().nurse, address(patient))
    words = open_page(client, people().front_desk, address(patient))
    assert link not in words
    assert "<strong>Next: screen</strong>, by nurse or prescriber" in words


def test_screening_shows_why_and_waits_for_the_prescriber(client: Client) -> None:
    patient, course = patient_and_course()
    screen(course, pregnancy="unknown")
    words = open_page(client, people().prescriber, address(patient))
    assert "Decide on the screening" in words
    assert "Needs prescriber" in words
    assert ">Not known<" in words


def test_the_whole_course_stands_on_the_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    course = courses.course_after(3)
    set_clock(monkeypatch, courses.ended_at(3))
    words = open_page(client, people().prescriber, address(patient_of(course)))
    # Each infusion ran 40 min of 0.70 mL of 50 mg/mL in 100 mL at 150 mL/h: 35 mg, three times.
    assert "<strong>105 mg</strong>" in words
    assert "in 3 infusions" in words
    assert "Review after infusion 3" in words
    assert "3 of 6 given" in words
    assert '"total": 20' in words
    assert "infusion.pdf" in words
    assert "discharge.pdf" in words
    assert "3 still to book" in words


def test_papers_are_for_clinical_people(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    course = courses.course_after(1)
    set_clock(monkeypatch, courses.ended_at(1))
    assert ".pdf" not in open_page(client, people().front_desk, address(patient_of(course)))


def test_an_open_risk_stands_on_top(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, course = patient_and_course()
    fact = courses.assess(course, NOW, courses.ALERTING)
    set_clock(monkeypatch, NOW + timedelta(minutes=5))
    words = open_page(client, people().nurse, address(patient))
    assert "PHQ-9, question 9: Several days" in words
    assert f"/courses/{reference_of(course)}/risk/{fact.seq}/" in words
    front = open_page(client, people().front_desk, address(patient))
    assert "A nurse or a prescriber answers this now." in front


def test_withdrawn_consent_is_loud(client: Client) -> None:
    visit = booked_visit()
    course = reading.visit(visit).booking.payload.course
    preparation.withdraw_consent(
        act(people().nurse), course=course, said_to="Nora Lindqvist RN", reason="No more of it."
    )
    words = open_page(client, people().nurse, address(patient_of(course)))
    assert "Consent is withdrawn" in words
    assert "No more of it." in words


def test_several_courses_are_tabs_with_the_newest_first(client: Client) -> None:
    patient, first = patient_and_course()
    referral.end_course(act(people().prescriber), course=first, reason="Moved away for a year.")
    second = referral.refer_again(
        act(people().front_desk, NOW + timedelta(days=1)),
        patient=patient,
        indication="depression",
        referrer=REFERRER,
        reason="Came back.",
        received_date=date(2026, 6, 2),
    )
    words = open_page(client, people().nurse, address(patient))
    assert words.index(reference_of(second)) < words.index(reference_of(first))
    assert "Came back." in words
    older = open_page(client, people().nurse, f"{address(patient)}?course={reference_of(first)}")
    assert "Two antidepressants at full dose have not helped." in older


def test_a_course_of_somebody_else_is_not_found(client: Client) -> None:
    patient, _ = patient_and_course()
    _, other = patient_and_course()
    client.force_login(user_of(people().nurse))
    assert client.get(f"{address(patient)}?course={reference_of(other)}").status_code == 404


def test_people_without_patients_do_not_see_the_page(client: Client) -> None:
    patient, _ = patient_and_course()
    for person in (people().registrant, people().administrator):
        client.force_login(user_of(person))
        assert client.get(address(patient)).status_code == 403
        assert client.get(f"{address(patient)}record/").status_code == 403


def test_the_record_shows_every_version_with_its_reason_and_hash(client: Client) -> None:
    visit = chairside.running_visit()
    chairside.chart(visit, chairside.STARTED_AT + timedelta(minutes=10))
    state = reading.visit(visit)
    fact = state.facts[-1]
    amendments.mark_in_error(
        act(people().nurse2, chairside.STARTED_AT + timedelta(minutes=12)),
        stream=visit,
        entry=fact.id,
        reason="Charted in the wrong chair.",
    )
    patient = state.booking.payload.patient
    words = open_page(client, people().nurse, f"{address(patient)}record/?kind=signs")
    assert "<s>128/80 mmHg" in words
    assert "Reason: Charted in the wrong chair. · Samuel Abebe RN" in words
    assert fact.history[0].hash in words
    assert "Mark as made in error<" not in words


def test_the_record_offers_amending_to_those_who_may(client: Client) -> None:
    visit = chairside.running_visit()
    patient = reading.visit(visit).booking.payload.patient
    amend = f"/streams/visit/{reference_of(visit)}/entries/"
    assert amend in open_page(client, people().nurse, f"{address(patient)}record/")
    assert amend not in open_page(client, people().lead, f"{address(patient)}record/")


def test_the_record_is_paged_and_filtered(client: Client) -> None:
    course = courses.course_after(3)
    patient = patient_of(course)
    first = open_page(client, people().nurse, f"{address(patient)}record/")
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in open_page(client, people().nurse, f"{address(patient)}record/?page=99")
    only = open_page(client, people().nurse, f"{address(patient)}record/?kind=assessment")
    assert only.count('class="ek-timeline__at"') == 3
    assert "There is no entry of this kind." in open_page(
        client, people().nurse, f"{address(patient)}record/?kind=nothing"
    )


def test_looking_is_in_the_access_log(client: Client) -> None:
    patient, _ = patient_and_course()
    open_page(client, people().nurse, f"{address(patient)}record/")
    log = models.AccessRecord.objects.filter(patient=patient, route="patient_record")
    assert log.count() == 1


def test_a_note_with_markup_is_words(client: Client) -> None:
    visit = chairside.running_visit()
    state = reading.visit(visit)
    infusion.write_note(
        act(people().nurse, chairside.STARTED_AT), visit=visit, text="<script>alert(1)</script>"
    )
    assert isinstance(reading.visit(visit).facts[-1].payload, NoteWritten)
    words = open_page(client, people().nurse, f"{address(state.booking.payload.patient)}record/?kind=note")
    assert "<script>alert(1)" not in words
    assert "&lt;script&gt;alert(1)" in words
