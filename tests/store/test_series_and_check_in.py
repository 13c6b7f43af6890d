"""Planning and booking a series, and the gate at check-in, through the use cases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from evenkeel.clinical.series import planned_infusion
from evenkeel.journey import checkin, preparation, series
from evenkeel.journey.acting import ImplausibleTime
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.checkin import Escort
from evenkeel.record.verdict import Override
from evenkeel.store import reading
from evenkeel.store.queries import visits
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import DosePerWeight, Weight
from tests import factories
from tests.factories import NOW, PASSWORD, TODAY, act, check_in_facts, people

pytestmark = pytest.mark.django_db

LENGTH = timedelta(hours=2, minutes=30)
HOUR = timedelta(hours=1)


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[str]:
    return {issue.code for issue in refusal.value.issues}


def decide(visit: StreamId, decision: checkin.CheckInDecision, **changes: object) -> None:
    given: dict[str, object] = {"reason": "", "overrides": (), "password": PASSWORD}
    by = changes.pop("act", None) or act(people().prescriber, NOW + HOUR)
    checkin.decide_check_in(by, visit=visit, decision=decision, **(given | changes))  # type: ignore[arg-type]


def check_in(visit: StreamId, again: Weight | None = None, **changes: object) -> None:
    checkin.check_in(
        act(people().nurse, NOW + HOUR), visit=visit, facts=check_in_facts(**changes), weight_again=again
    )


def phase(visit: StreamId) -> str:
    return reading.visit(visit).phase


# --- series and booking -------------------------------------------------------------------------------------


def test_a_planned_series_puts_the_course_in_series() -> None:
    assert reading.course(factories.planned_course()).stage == "in_series"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"infusions": 0}, "infusions-out-of-range"),
        ({"infusions": 13}, "infusions-out-of-range"),
        ({"per_week": 0}, "per-week-out-of-range"),
        ({"per_week": 4}, "per-week-out-of-range"),
        ({"first_date": TODAY - timedelta(days=1)}, "first-date-past"),
    ],
)
def test_a_plan_that_is_a_slip_is_refused(changes: dict[str, object], code: str) -> None:
    course = factories.consented_course()
    plan: dict[str, object] = {"purpose": "induction", "infusions": 6, "per_week": 2, "first_date": TODAY}
    with pytest.raises(series.UnableToPlanSeries) as refusal:
        series.plan_series(act(people().front_desk), course=course, **(plan | changes))  # type: ignore[arg-type]
    assert codes(refusal) == {code}


def dosed(*doses: str, protocol: str | None = "mood_standard") -> dict[str, object]:
    per_weight = tuple(DosePerWeight.of(dose) for dose in doses)
    return {"infusions": 3, "protocol": protocol, "per_weight": per_weight}


@pytest.mark.parametrize(
    ("doses", "code"),
    [
        (dosed("0.5", protocol="no_such_protocol"), "protocol-unknown"),
        (dosed("0.5", protocol=None), "protocol-unknown"),
        (dosed(), "doses-do-not-fit"),
        (dosed("0.5", "0.5"), "doses-do-not-fit"),
        (dosed("0"), "dose-zero"),
        # Fava 2018 gave 1 mg/kg at most; ORD-DOS-003.
        (dosed("1.01"), "dose-over-ceiling"),
    ],
)
def test_a_planned_dose_that_is_a_slip_is_refused(doses: dict[str, object], code: str) -> None:
    course = factories.consented_course()
    plan: dict[str, object] = {"purpose": "induction", "per_week": 2, "first_date": TODAY}
    with pytest.raises(series.UnableToPlanSeries) as refusal:
        series.plan_series(act(people().prescriber), course=course, **(plan | doses))  # type: ignore[arg-type]
    assert codes(refusal) == {code}


def test_a_prescriber_plans_doses_and_nobody_else() -> None:
    course = factories.consented_course()
    plan = {"purpose": "induction", "per_week": 2, "first_date": TODAY} | dosed("0.5", "0.5", "1")
    for by in (people().front_desk, people().nurse):
        with pytest.raises(NotPermitted):
            series.plan_series(act(by), course=course, **plan)  # type: ignore[arg-type]
    series.plan_series(act(people().prescriber), course=course, **plan)  # type: ignore[arg-type]
    state = reading.course(course)
    found = [planned_infusion(state, number) for number in (1, 2, 3, 4)]
    assert [each and each.per_weight.number for each in found] == ["0.5", "0.5", "1", None]


def test_no_plan_and_no_booking_without_consent() -> None:
    course = factories.screened_course()
    with pytest.raises(series.UnableToPlanSeries) as refusal:
        series.plan_series(
            act(people().front_desk),
            course=course,
            purpose="induction",
            infusions=6,
            per_week=2,
            first_date=TODAY,
        )
    assert codes(refusal) == {"no-consent"}
    with pytest.raises(series.UnableToBook) as unbooked:
        factories.book(course, NOW + HOUR)
    assert codes(unbooked) == {"blocked", "no-series"}


def test_two_visits_never_hold_one_chair_at_once() -> None:
    chair, other = factories.chairs(2)
    first = factories.book(factories.planned_course(), NOW + HOUR, chair)
    late = NOW + HOUR + LENGTH - timedelta(minutes=15)
    with pytest.raises(series.UnableToBook) as refusal:
        factories.book(factories.planned_course(), late, chair)
    assert codes(refusal) == {"chair-taken"}
    # 13:00 UTC is 9:00 in New York on 1 June 2026, so the chair is held from 10:00 for two and a half hours.
    assert "Chair 1 is taken on 01 Jun 2026 from 10:00 to 12:30" in refusal.value.issues[0].sentence
    assert phase(factories.book(factories.planned_course(), late, other)) == "booked"
    assert phase(factories.book(factories.planned_course(), NOW + HOUR + LENGTH, chair)) == "booked"
    assert phase(first) == "booked"


def test_a_patient_has_one_visit_a_day() -> None:
    chair, other = factories.chairs(2)
    course = factories.planned_course()
    factories.book(course, NOW + HOUR, chair)
    with pytest.raises(series.UnableToBook) as refusal:
        factories.book(course, NOW + timedelta(hours=6), other)
    assert codes(refusal) == {"patient-booked-that-day"}


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "chair", "found"),
    [
        (NOW - timedelta(hours=2), NOW, "chair-1", {"starts-past"}),
        (NOW + HOUR, NOW + HOUR, "chair-1", {"ends-before-start"}),
        (NOW + HOUR, NOW + timedelta(hours=14), "chair-1", {"visit-too-long"}),
        (NOW + HOUR, NOW + timedelta(hours=3), "sofa", {"chair-unknown"}),
    ],
)
def test_times_and_chairs_that_cannot_be_are_refused(
    starts_at: datetime, ends_at: datetime, chair: str, found: set[str]
) -> None:
    factories.chairs()
    course = factories.planned_course()
    with pytest.raises(series.UnableToBook) as refusal:
        series.book_visit(
            act(people().front_desk),
            course=course,
            chair=ChairId(chair),
            starts_at=starts_at,
            ends_at=ends_at,
        )
    assert codes(refusal) == found


def test_visits_are_numbered_and_a_cancelled_one_leaves_no_gap() -> None:
    course = factories.planned_course()
    booked = [factories.book(course, NOW + HOUR + timedelta(days=3 * place)) for place in range(3)]
    series.cancel_visit(act(people().front_desk), visit=booked[1], reason="The patient has a cold.")
    again = factories.book(course, NOW + HOUR + timedelta(days=4))
    numbers = {line.visit: line.number for line in visits.of_course(course)}
    assert [numbers[visit] for visit in (booked[0], again, booked[2])] == [1, 2, 3]
    assert phase(booked[1]) == "cancelled"


def test_a_moved_visit_gives_its_chair_back() -> None:
    chair, other = factories.chairs(2)
    visit = factories.book(factories.planned_course(), NOW + HOUR, chair)
    series.rebook_visit(
        act(people().front_desk),
        visit=visit,
        chair=other,
        starts_at=NOW + HOUR,
        ends_at=NOW + HOUR + LENGTH,
        reason="Chair 1 is being repaired.",
    )
    assert reading.visit(visit).chair == other
    assert phase(factories.book(factories.planned_course(), NOW + HOUR, chair)) == "booked"


def test_a_move_that_is_refused_keeps_the_old_place() -> None:
    chair, other = factories.chairs(2)
    visit = factories.book(factories.planned_course(), NOW + HOUR, chair)
    factories.book(factories.planned_course(), NOW + HOUR, other)
    move = {"starts_at": NOW + HOUR, "ends_at": NOW + HOUR + LENGTH, "reason": "Nearer to the window."}
    with pytest.raises(series.UnableToBook) as refusal:
        series.rebook_visit(act(people().front_desk), visit=visit, chair=other, **move)  # type: ignore[arg-type]
    assert codes(refusal) == {"chair-taken"}
    with pytest.raises(series.UnableToBook):
        factories.book(factories.planned_course(), NOW + HOUR, chair)


def test_a_booking_sent_twice_lands_once() -> None:
    course, (chair, *_) = factories.planned_course(), factories.chairs()
    same = act(people().front_desk)
    once, twice = (
        series.book_visit(same, course=course, chair=chair, starts_at=NOW + HOUR, ends_at=NOW + HOUR + LENGTH)
        for _ in range(2)
    )
    assert once == twice
    assert len(visits.of_course(course)) == 1


def test_the_front_desk_does_not_break_off_a_visit_that_has_begun() -> None:
    visit = factories.checked_in_visit()
    with pytest.raises(NotPermitted):
        series.cancel_visit(act(people().front_desk), visit=visit, reason="The patient went home.")
    series.cancel_visit(act(people().nurse), visit=visit, reason="The patient went home.")
    assert phase(visit) == "cancelled"


def test_the_diary_finds_the_visits_of_a_day() -> None:
    course = factories.planned_course()
    today = factories.book(course, NOW + HOUR)
    factories.book(course, NOW + HOUR + timedelta(days=3))
    midnight = datetime(2026, 6, 1, 4, tzinfo=UTC)
    assert [line.visit for line in visits.between(midnight, midnight + timedelta(days=1))] == [today]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_book_one_chair_at_once_one_gets_it() -> None:
    (chair,) = factories.chairs(1)
    courses, desk = [factories.planned_course() for _ in range(4)], people().front_desk

    def book(course: StreamId) -> str:
        try:
            series.book_visit(
                act(desk), course=course, chair=chair, starts_at=NOW + HOUR, ends_at=NOW + HOUR + LENGTH
            )
        except UnableTo as refusal:
            return refusal.issues[0].code
        finally:
            connection.close()
        return "booked"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(book, courses))
    assert answers == ["booked", "chair-taken", "chair-taken", "chair-taken"]
    assert sum(len(visits.of_course(course)) for course in courses) == 1


# --- check-in -----------------------------------------------------------------------------------------------


def test_a_check_in_with_nothing_in_the_way_opens_the_gate() -> None:
    visit = reading.visit(factories.checked_in_visit())
    assert visit.phase == "checked_in"
    assert visit.weight == Weight.of("70.2")


def test_a_check_in_before_the_visits_day_is_refused() -> None:
    visit = factories.book(factories.planned_course(), NOW + timedelta(days=1))
    with pytest.raises(ImplausibleTime):
        checkin.check_in(act(people().nurse, NOW + HOUR), visit=visit, facts=check_in_facts())


@pytest.mark.parametrize(
    "changes",
    [
        {"record_number_agrees": "no"},
        {"record_number_agrees": "unknown"},
        {"escort": Escort(name="Jon Testwell", phone="555-0101", relation="brother", confirmed="no")},
        {"escort": Escort(name="", phone="", relation="", confirmed="yes")},
    ],
    ids=["wrong number", "number not asked", "no escort", "nameless escort"],
)
def test_a_hard_rule_shuts_the_gate_for_everybody(changes: dict[str, object]) -> None:
    visit = factories.booked_visit()
    check_in(visit, None, **changes)
    assert phase(visit) == "not_today"
    rule = "CHK-ID-001" if "record_number_agrees" in changes else "CHK-ESC-001"
    reasons = (Override(rule=rule, reason="I know this patient very well."),)
    with pytest.raises(checkin.UnableToDecideCheckIn) as refusal:
        decide(visit, "go_on", overrides=reasons)
    assert codes(refusal) == {"blocked"}


def test_a_prescriber_goes_on_with_a_reason() -> None:
    visit = factories.booked_visit()
    check_in(visit, answers=check_in_facts().answers | {"suicidal_thoughts": "yes"})
    assert phase(visit) == "awaiting_prescriber"
    with pytest.raises(checkin.UnableToDecideCheckIn) as refusal:
        decide(visit, "go_on")
    assert codes(refusal) == {"needs-reason"}
    decide(
        visit,
        "go_on",
        overrides=(
            Override(rule="CHK-SUI-001", reason="Spoke with the patient, no plan, safety plan made."),
        ),
    )
    assert phase(visit) == "checked_in"


def test_a_prescriber_sends_home_with_a_reason() -> None:
    visit = factories.booked_visit()
    check_in(visit, answers=check_in_facts().answers | {"suicidal_thoughts": "yes"})
    with pytest.raises(checkin.UnableToDecideCheckIn) as refusal:
        decide(visit, "not_today", reason="no")
    assert codes(refusal) == {"reason-missing"}
    decide(visit, "not_today", reason="Goes to the emergency department.")
    assert phase(visit) == "not_today"


def test_a_check_in_of_another_day_is_not_decided_on() -> None:
    visit = factories.booked_visit()
    check_in(visit, answers=check_in_facts().answers | {"suicidal_thoughts": "yes"})
    with pytest.raises(checkin.UnableToDecideCheckIn) as refusal:
        decide(
            visit,
            "not_today",
            reason="It was not today.",
            act=act(people().prescriber, NOW + timedelta(days=1)),
        )
    assert codes(refusal) == {"check-in-of-another-day"}


def test_a_weight_far_off_the_last_is_typed_again() -> None:
    course = factories.planned_course()
    first = factories.book(course, NOW + HOUR)
    check_in(first)
    later = NOW + timedelta(days=3)
    second = factories.book(course, later)
    asked = act(people().nurse, later)
    # 154.8 lb is 70.2 kg: pounds typed as kilograms.
    pounds = check_in_facts(weight=Weight.of("154.8"))
    with pytest.raises(checkin.UnableToCheckIn) as refusal:
        checkin.check_in(asked, visit=second, facts=pounds)
    assert refusal.value.issues[0].field == "weight_again"
    assert "70.2 kg last time" in refusal.value.issues[0].sentence
    with pytest.raises(checkin.UnableToCheckIn):
        checkin.check_in(asked, visit=second, facts=pounds, weight_again=Weight.of("70.2"))
    assert reading.visit(second).check_in is None
    checkin.check_in(asked, visit=second, facts=pounds, weight_again=Weight.of("154.8"))
    assert phase(second) == "awaiting_prescriber", "believed, but a prescriber looks"


def test_an_impossible_weight_shuts_the_gate() -> None:
    visit = factories.booked_visit()
    check_in(visit, again=Weight.of(702), weight=Weight.of(702))
    assert phase(visit) == "not_today"


def test_no_check_in_goes_through_on_a_withdrawn_consent() -> None:
    visit = factories.booked_visit()
    course = reading.visit(visit).booking.payload.course
    preparation.withdraw_consent(act(people().nurse), course=course, said_to="Nora Lindqvist RN", reason="")
    check_in(visit)
    assert phase(visit) == "not_today"


def test_a_patient_who_found_an_escort_is_checked_in_again() -> None:
    visit = factories.booked_visit()
    nobody = Escort(name="", phone="", relation="", confirmed="no")
    check_in(visit, escort=nobody)
    assert phase(visit) == "not_today"
    checkin.check_in(
        act(people().nurse, NOW + HOUR + timedelta(minutes=20)), visit=visit, facts=check_in_facts()
    )
    assert phase(visit) == "checked_in"
    assert reading.visit(visit).every(type(reading.visit(visit).check_in.payload))[0].payload.escort == nobody  # type: ignore[union-attr]
