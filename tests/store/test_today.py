"""What waits for whom: by role, ordered by harm and then by age, and noted in the access log."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.clinical.maintenance import LongTermPlan
from evenkeel.journey import checkin, infusion, maintenance, outcomes, preparation, series
from evenkeel.journey.acting import Act
from evenkeel.record.entry import Author
from evenkeel.store import models, reading
from evenkeel.store.queries import alerts, today
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Days, Volume
from evenkeel.web import steps, today_view
from evenkeel.web.today import _visits
from evenkeel.web.today_view import Row
from tests import factories_chairside as chairside
from tests import factories_course as courses
from tests.factories import (
    NOW,
    TODAY,
    act,
    book,
    booked_visit,
    chairs,
    check_in_facts,
    consented_course,
    patient_and_course,
    people,
    planned_course,
    screen,
    screened_course,
)
from tests.pages import look, set_clock

pytestmark = [pytest.mark.store, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()


def rows(by: Author, at: datetime) -> list[tuple[str, str]]:
    """What waits for somebody at a moment, as mark and reason."""
    return [(row.word, row.why) for row in waiting(by, at)]


def waiting(by: Author, at: datetime) -> tuple[Row, ...]:
    open_now = alerts.open_alerts()
    return today_view.waiting(by, today.courses(closed=steps.CLOSED), _visits(at), at, alerts=open_now)


def act_at(at: datetime, person: Author | None = None) -> Act:
    return act(person or people().nurse, at)


# --- nurse --------------------------------------------------------------------------------------------------


def test_screening_then_consent_wait_for_the_nurse() -> None:
    _, course = patient_and_course()
    (only,) = rows(people().nurse, NOW)
    assert only[0] == "Screen"
    assert only[1] == "no screening yet"
    screen(course)
    assert rows(people().nurse, NOW)[0][0] == "Consent"


def test_a_visit_waits_from_an_hour_before_it_begins() -> None:
    booked_visit()
    early = rows(people().nurse, NOW - timedelta(minutes=1))
    assert "Arrives" not in [word for word, _ in early]
    assert ("Arrives", "Chair 1, 10:00, infusion 1") in rows(people().nurse, NOW)


def test_the_baseline_scale_is_asked_before_the_first_infusion() -> None:
    visit = booked_visit()
    course = reading.visit(visit).booking.payload.course
    assert ("PHQ-9", "PHQ-9 before infusion 1, today") in rows(people().nurse, NOW)
    courses.assess(course, NOW)
    assert "PHQ-9" not in [word for word, _ in rows(people().nurse, NOW)]


def test_the_second_check_waits_for_the_other_person_only() -> None:
    chairside.drawn_visit()
    at = chairside.DRAWN_AT
    assert "Check" in [word for word, _ in rows(people().nurse2, at)]
    assert "Check" not in [word for word, _ in rows(people().nurse, at)]


def test_a_second_check_that_does_not_agree_is_urgent() -> None:
    visit = chairside.drawn_visit()
    chairside.double_check(visit, volume=Volume.of("0.9"))
    first = waiting(people().nurse, chairside.CHECKED_AT)[0]
    assert (first.tone, first.why) == ("high", "Chair 1: the second check does not agree")


def test_an_overdue_check_comes_before_what_is_only_due() -> None:
    chairside.running_visit()
    patient_and_course()
    # Due after 10 min (clinical-protocol.md, section 6); after 15 it is late, after 30 missed.
    found = waiting(people().nurse, chairside.STARTED_AT + timedelta(minutes=15))
    assert (found[0].word, found[0].tone, found[0].why) == ("Overdue", "late", "Chair 1: check due 10:40")
    later = waiting(people().nurse, chairside.STARTED_AT + timedelta(minutes=30))
    assert later[0].word == "Missed"
    assert found[-1].tone == "due"


def test_an_alert_at_the_chair_comes_first_for_nurse_and_prescriber() -> None:
    visit = chairside.running_visit()
    at = chairside.STARTED_AT + timedelta(minutes=10)
    chairside.chart(visit, at, chairside.signs(184, 112))
    for person in (people().nurse, people().prescriber):
        first = waiting(person, at)[0]
        assert first.tone == "high"
        assert "Systolic pressure 184 mmHg" in first.why
    assert not {"Alert", "Escalated"} & {word for word, _ in rows(people().front_desk, at)}


# --- prescriber ---------------------------------------------------------------------------------------------


def test_decisions_and_orders_wait_for_the_prescriber() -> None:
    _, course = patient_and_course()
    screen(course, pregnancy="unknown")
    assert "Screening" in [word for word, _ in rows(people().prescriber, NOW)]
    visit = booked_visit()
    arrived = NOW + timedelta(hours=1)
    facts = check_in_facts(weight_measured_today="yes")
    checkin.check_in(act_at(arrived), visit=visit, facts=facts)
    assert ("Order", "Chair 1: checked in, without an order") in rows(people().prescriber, arrived)


def test_a_paused_infusion_waits_with_its_reason() -> None:
    visit = chairside.running_visit()
    at = chairside.STARTED_AT + timedelta(minutes=5)
    infusion.pause(act_at(at), visit=visit, reason="Nausea.")
    assert ("Paused", "Chair 1: paused since 10:35: Nausea.") in rows(people().prescriber, at)


def test_reviews_response_and_maintenance_come_one_after_another() -> None:
    course = courses.course_after(3)
    assert ("Review", "review after infusion 3") in rows(people().prescriber, courses.ended_at(3))
    courses.review(course, courses.ended_at(3), 3)
    assert "Review" not in [word for word, _ in rows(people().prescriber, courses.ended_at(3))]


def test_after_six_response_is_judged_and_then_maintenance_planned() -> None:
    course = courses.course_after(6, courses.MILD)
    at = courses.ended_at(6)
    courses.review(course, at, 6)
    assert ("Response", "response is to be judged") in rows(people().prescriber, at)
    outcomes.judge_response(act(people().prescriber, at), course=course, scale_id="phq9", note="")
    assert "Plan" in [word for word, _ in rows(people().prescriber, at)]


def test_worse_than_baseline_is_seen_by_the_prescriber() -> None:
    course = courses.course_after(1, courses.MODERATE)
    courses.assess(course, courses.ended_at(1), (3, 3, 3, 3, 3, 3, 3, 3, 3, 3), point="other")
    # 20 to 27 is a rise by 7, and from 6 on it matters (PMID 33261932); question 9 alerts as well.
    found = waiting(people().prescriber, courses.ended_at(1))
    assert [row.word for row in found][:2] == ["Alerts", "Worse"]


# --- front desk ---------------------------------------------------------------------------------------------


def test_the_front_desk_books_calls_and_meets() -> None:
    patient_and_course()
    screened_course()
    consented_course()
    planned_course()
    booked_visit()
    found = rows(people().front_desk, NOW)
    assert [word for word, _ in found].count("Referral") == 1
    assert [word for word, _ in found].count("Series") == 1
    assert ("Book", "6 visits of the series to book, and none is booked") in found
    assert ("Book", "5 visits of the series to book") in found
    assert ("Arrives", "Chair 1, 10:00") in found
    late = rows(people().front_desk, NOW + timedelta(hours=1, minutes=16))
    assert ("Not here", "Chair 1, 10:00") in late
    missed = rows(people().front_desk, NOW + timedelta(days=1))
    assert ("Missed", "did not come on 1 Jun 2026") in missed


def test_maintenance_is_called_for_before_and_after_it_is_due() -> None:
    course = courses.judged_course()
    maintenance.plan_maintenance(
        act(people().prescriber, courses.ended_at(6)),
        course=course,
        plan=LongTermPlan(
            interval=Days.of(7),
            next_due_date=TODAY + timedelta(days=24),
            goals="",
            return_signs="",
            psychotherapy="",
            support_contact="",
        ),
    )
    soon = rows(people().front_desk, courses.ended_at(6))
    assert ("Due", "maintenance is due 25 Jun 2026, no visit is booked") in soon
    late = rows(people().front_desk, NOW + timedelta(days=30))
    assert ("Overdue", "maintenance was due 25 Jun 2026, no visit is booked") in late


def test_who_has_not_answered_is_called() -> None:
    courses.course_after(1, courses.MODERATE)
    at = courses.ended_at(1) + timedelta(days=30)
    assert "PHQ-9" not in [word for word, _ in rows(people().front_desk, at)]
    silent = planned_course()
    courses.infuse(silent, NOW + timedelta(days=2))
    assert ("PHQ-9", "no PHQ-9 since infusion 1, 3 Jun 2026") in rows(people().front_desk, at)


def test_visits_of_those_who_withdrew_are_to_be_cancelled() -> None:
    visit = booked_visit()
    course = reading.visit(visit).booking.payload.course
    preparation.withdraw_consent(act_at(NOW), course=course, said_to="Nora Lindqvist RN", reason="")
    why = "consent is withdrawn, and a visit is booked for 1 Jun 2026"
    assert ("Withdrawn", why) in rows(people().front_desk, NOW)
    assert ("Withdrawn", why) in rows(people().lead, NOW)


def test_a_visit_that_does_not_go_on_is_rebooked() -> None:
    visit = booked_visit()
    facts = check_in_facts(name_and_birth_date_agree="no")
    at = NOW + timedelta(hours=1)
    checkin.check_in(act_at(at), visit=visit, facts=facts)
    assert reading.visit(visit).phase == "not_today"
    assert "Rebook" in [word for word, _ in rows(people().front_desk, at)]


# --- everybody ----------------------------------------------------------------------------------------------


def test_an_open_risk_is_first_for_those_who_answer_and_the_lead_sees_it() -> None:
    patient_and_course()
    _, course = patient_and_course()
    courses.assess(course, NOW + timedelta(minutes=1), courses.ALERTING)
    for person in (people().nurse, people().prescriber, people().lead):
        first = waiting(person, NOW + timedelta(minutes=2))[0]
        assert (first.tone, first.word) == ("high", "Alerts")
    assert "Alerts" not in [word for word, _ in rows(people().front_desk, NOW + timedelta(minutes=2))]


def test_of_two_that_harm_alike_the_older_comes_first() -> None:
    _, first = patient_and_course(NOW)
    _, second = patient_and_course(NOW)
    courses.assess(second, NOW + timedelta(minutes=1), courses.ALERTING)
    courses.assess(first, NOW + timedelta(minutes=2), courses.ALERTING)
    found = waiting(people().nurse, NOW + timedelta(minutes=3))[:2]
    assert [reference_of(second) in row.url for row in found] == [True, False]


def test_the_lead_reads_the_share_with_its_denominator(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    courses.course_after(2, courses.MODERATE)
    silent = planned_course()
    courses.infuse(silent, NOW + timedelta(days=1))
    set_clock(monkeypatch, NOW + timedelta(days=20))
    words = look(client, people().lead, "/")
    # Infusions of days 0, 3 and 1; a form on day 3 follows the first two, nothing follows the third.
    assert "67 %" in words
    assert "2 of 3 infusions in 90 days" in words
    set_clock(monkeypatch, NOW + timedelta(days=6))
    assert "0 of 0 infusions" in look(client, people().lead, "/")


def test_every_role_has_its_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, NOW)
    chairs(1)
    empty = {
        people().front_desk: "No referral, arrival, booking or call waits for you.",
        people().nurse: "No patient, check, screening, consent or scale waits for you.",
        people().prescriber: "No alert, decision, order, review or plan waits for you.",
        people().lead: "No answer that alerts is open",
        people().registrant: "No visit has drug that waits to be accounted for.",
        people().administrator: "Without a monitor: Chair 1.",
    }
    for person, sentence in empty.items():
        assert sentence in look(client, person, "/")


def test_only_the_patients_shown_are_in_the_access_log(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, NOW)
    shown, _ = patient_and_course()
    course = screened_course()
    hidden = reading.course(course).referral.patient
    words = look(client, people().front_desk, "/")
    assert "Look at the patient" in words
    logged = set(models.AccessRecord.objects.filter(route="today").values_list("patient", flat=True))
    assert logged == {shown}
    assert hidden not in logged


def test_the_page_of_a_whole_clinic_opens_for_everybody(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair = chairs(3)
    chairside.running_visit(chair[0])
    chairside.recovering_visit(chair[1])
    second: StreamId = planned_course()
    book(second, NOW + timedelta(hours=3), chair[2])
    series.cancel_visit(
        act(people().front_desk),
        visit=book(second, NOW + timedelta(days=3), chair[2]),
        reason="The patient is away.",
    )
    set_clock(monkeypatch, chairside.STARTED_AT + timedelta(minutes=20))
    for person in vars(people()).values():
        look(client, person, "/")
    words = look(client, people().nurse, "/")
    assert words.count('<th scope="row">') == 3
