"""A long course on its pages: checks that come round, a year's exposure, a plan with an end, its sheet."""

import re
from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from pytest_django import Settings

from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import today
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import steps, today_view, upkeep_view
from evenkeel.web.today import _visits
from tests import factories_course as courses
from tests.factories import NOW, book, people, planned_course, user_of
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

OK, FOUND, FORBIDDEN, MISSING, REFUSED = 200, 302, 403, 404, 422
# Infusion 1 is given on 1 June 2026, from which every check counts but the liver tests: they were read at the
# screening, and done on 29 May.
LATE = NOW + timedelta(days=95)


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, courses.ended_at(6) + timedelta(minutes=30))


def page_of(course: StreamId, tail: str) -> str:
    return f"/courses/{reference_of(course)}/{tail}/"


def waiting(by: Author, at: datetime) -> list[tuple[str, str]]:
    found = today_view.waiting(by, today.courses(closed=steps.CLOSED), _visits(at), at)
    return [(row.word, row.why) for row in found]


def counts(at: datetime) -> list[tuple[str, str]]:
    open_courses = [each.state for each in today.courses(closed=steps.CLOSED)]
    found = upkeep_view.counts(open_courses, [each.state for each in _visits(at)], at)
    return [(each["value"], each["note"]) for each in found]


def check(what: str, done: str, **changes: str) -> dict[str, str]:
    return {"what": what, "done_date": done, "finding": "normal", "note": ""} | changes


def test_checks_come_due_are_written_down_and_leave_the_list(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = planned_course()
    courses.infuse(course, NOW)
    address = page_of(course, "checks")
    early = NOW + timedelta(days=80)
    assert "Checks" not in [word for word, _ in waiting(people().nurse, early)]
    assert counts(early)[0] == ("0", "of 1 course under treatment")
    set_clock(monkeypatch, LATE)
    # 29 May and 90 days make 27 August, 1 June and 90 days 30 August.
    names = "Liver tests, Bladder, Prescription monitoring"
    assert ("Checks", f"{names}: due since 27 Aug 2026") in waiting(people().nurse, LATE)
    assert counts(LATE)[0] == ("1", "of 1 course under treatment")
    words = look(client, people().front_desk, address)
    assert (words.count("27 Aug 2026"), words.count("30 Aug 2026")) == (1, 2)
    # 183 days of treatment end on 1 December.
    assert "1 Dec 2026" in words
    assert "Record the check" not in words
    assert send(client, people().front_desk, address, **check("liver", "2026-09-01")).status_code == FORBIDDEN
    for what in ("liver", "bladder", "prescription_monitoring"):
        typed = check(what, "2026-09-01") | {"idempotency_key": what}
        for _ in range(2):
            assert send(client, people().nurse, address, **typed).status_code == FOUND
    state = reading.course(course)
    assert [fact.payload.done_date.isoformat() for fact in state.facts if fact.kind == "check.recorded"] == [
        "2026-09-01"
    ] * 3
    assert "Checks" not in [word for word, _ in waiting(people().nurse, LATE)]
    assert counts(LATE)[0] == ("0", "of 1 course under treatment")


def test_a_check_that_is_a_slip_is_refused_and_one_that_is_odd_holds_the_next_booking(client: Client) -> None:
    course = planned_course()
    courses.infuse(course, NOW)
    address = page_of(course, "checks")
    for wrong, sentence in (
        (check("liver", "2026-06-19"), "the day is still to come"),
        (check("liver", "2026-06-18", finding="abnormal", note=" "), "write what was not normal"),
        (check("", "2026-06-18"), "Which check was done?"),
    ):
        answer = send(client, people().nurse, address, **wrong)
        assert answer.status_code == REFUSED
        assert sentence in answer.content.decode()
    odd = check("liver", "2026-06-18", finding="abnormal", note="ALT three times normal")
    assert send(client, people().nurse, address, **odd).status_code == FOUND
    assert "Not normal" in look(client, people().nurse, address)
    row = ("Not normal", "Liver tests: ALT three times normal")
    assert row in waiting(people().prescriber, courses.ended_at(6))
    assert row not in waiting(people().nurse, courses.ended_at(6))
    # A gap of more than two weeks in a first series, and what was not normal, both asked of the day.
    words = look(client, people().front_desk, page_of(course, "book") + "?day=2026-06-22")
    assert "A long gap in a series" in words
    assert "Liver tests of 2026-06-18" in words
    place = {"day": "2026-06-22", "begins": "10:00", "ends": "12:30", "chair": "chair-1"}
    refused = send(client, people().front_desk, page_of(course, "book"), **place)
    assert refused.status_code == REFUSED
    assert "A prescriber must decide this. After a check that was not normal" in refused.content.decode()
    assert send(client, people().nurse, address, **check("liver", "2026-06-18")).status_code == FOUND
    assert row not in waiting(people().prescriber, courses.ended_at(6))


def test_who_did_not_come_is_counted() -> None:
    courses.infuse(planned_course(), NOW)
    missed = planned_course()
    book(missed, NOW + timedelta(days=2))
    assert counts(NOW + timedelta(days=3))[1] == ("1", "of 2 visits before today")


def test_more_than_twelve_in_a_year_are_planned_with_a_prescribers_reason(client: Client) -> None:
    course = courses.judged_course()
    address = page_of(course, "series")
    words = look(client, people().nurse, address)
    # Six infusions of 35 mg.
    assert "In the last 365 days, over all courses: 6 infusions, 210 mg in all." in words
    plan = {"purpose": "maintenance", "infusions": "7", "per_week": "1", "first_date": "2026-06-25"}
    desk = send(client, people().front_desk, address, **plan)
    assert desk.status_code == REFUSED
    assert "A prescriber must decide this. More than 12 infusions" in desk.content.decode()
    refused = send(client, people().prescriber, address, **plan)
    assert refused.status_code == REFUSED
    assert "6 given (210 mg) in 365 days, 7 planned" in refused.content.decode().lower()
    reason = {"override_SER-CUM-002": "Two trials of tapering failed; bladder and liver are normal."}
    assert send(client, people().prescriber, address, **plan, **reason).status_code == FOUND
    series = reading.course(course).series
    assert series is not None
    assert series.payload.infusions == 7
    asked = [fact for fact in reading.course(course).facts if fact.kind == "series.planned"][-1].payload
    assert [each.rule.rule for each in asked.verdicts if each.answer == "fires"] == [
        "SER-CUM-001",
        "SER-CUM-002",
    ]
    assert [each.rule for each in asked.overrides] == ["SER-CUM-002"]


PLAN = {
    "chosen": "7",
    "next_due_date": "2026-06-25",
    "goals": "Back at work.",
    "return_signs": "Wakes at four.",
    "psychotherapy": "CBT, weekly",
    "talk_after": "1",
    "prescriber_contact": "Dr. Testwell, 555-0120",
    "support_contact": "Jon Testwell, 555-0121",
    "ends_date": "2026-07-31",
    "craving": "no",
}


def sheet_of(client: Client, by: Author, course: StreamId) -> str:
    client.force_login(user_of(by))
    answer = client.get(reverse("maintenance_sheet_pdf", args=[reference_of(course)]))
    assert answer.status_code == OK
    assert answer["Cache-Control"] == "no-store"
    pages = PdfReader(BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_plan_with_an_end_is_shown_printed_and_watched(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = courses.judged_course()
    sheet = reverse("maintenance_sheet_pdf", args=[reference_of(course)])
    address = page_of(course, "maintenance")
    look(client, people().nurse, sheet, MISSING)
    assert send(client, people().prescriber, address, **PLAN).status_code == FOUND
    words = look(client, people().prescriber, address)
    # A week, then two, then three, then four: 25 June, 2 July, 16 July; 6 August lies after the end.
    assert "infusions until then: 25 Jun 2026, 2 Jul 2026, 16 Jul 2026" in words
    assert 'value="Dr. Testwell, 555-0120"' in words
    text = sheet_of(client, people().nurse, course)
    for said in (
        "25 Jun 2026",
        "16 Jul 2026",
        "31 Jul 2026",
        "Wakes at four.",
        "Dr. Testwell, 555-0120",
        "988",
    ):
        assert said in text, said
    assert re.search(r"\bmg\b|\bml\b|dose", text, re.IGNORECASE) is None
    look(client, people().front_desk, sheet, FORBIDDEN)
    # Brought forward by six days, while the scores hold, and then once the response is lost.
    sooner = PLAN | {"chosen": "other", "interval": "7", "next_due_date": "2026-06-19", "ends_date": ""}
    refused = send(client, people().prescriber, address, **sooner)
    assert 'name="override_MNT-FWD-001"' in refused.content.decode()
    assert "Slips" not in [word for word, _ in waiting(people().prescriber, courses.ended_at(6))]
    later = courses.ended_at(6) + timedelta(hours=1)
    courses.assess(course, later, courses.MODERATE, point="maintenance")
    set_clock(monkeypatch, later + timedelta(hours=1))
    assert "Slips" in [word for word, _ in waiting(people().prescriber, later + timedelta(hours=1))]
    assert "The illness comes back" in look(client, people().nurse, address)
    again = send(client, people().prescriber, address, **sooner)
    assert "override_MNT-FWD-001" not in again.content.decode()


def test_the_response_page_says_what_the_scale_counts_and_asks_again_when_the_answer_is_old(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = courses.course_after(3)
    words = look(client, people().nurse, page_of(course, "response"))
    assert "at least 50 % lower than at baseline" in words
    assert "below 5 (read in the source)" in words
    assert "3 points" in words
    set_clock(monkeypatch, courses.ended_at(3) + timedelta(days=15))
    words = look(client, people().nurse, page_of(course, "response"))
    assert "is too old to judge by. Ask again." in words
