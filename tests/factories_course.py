"""One made-up course brought to each point after the first infusion, through the use cases."""

from datetime import datetime, timedelta
from typing import Final

from evenkeel.journey import checkin, outcomes
from evenkeel.record.outcomes import AssessmentPoint
from evenkeel.record.state import Written
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import NOW, act, book, check_in_facts, people, planned_course

# Totals of 20, 12 and 6 (clinical/scales/phq9.toml: nine questions of 0 to 3, the tenth is not counted).
SEVERE: Final = (3, 3, 3, 3, 2, 2, 2, 2, 0, 2)
MODERATE: Final = (2, 2, 2, 2, 1, 1, 1, 1, 0, 1)
MILD: Final = (1, 1, 1, 1, 1, 1, 0, 0, 0, 0)
# The same, with question 9 answered "Several days".
ALERTING: Final = (3, 3, 3, 3, 2, 2, 2, 2, 1, 2)

# Monday and Thursday, two a week.
DAYS: Final = (0, 3, 7, 10, 14, 17)
# From check-in to departure, as in `factories_chairside`.
A_VISIT: Final = timedelta(hours=5)


def assess(
    course: StreamId,
    at: datetime,
    answers: tuple[int | None, ...] = SEVERE,
    *,
    point: AssessmentPoint = "baseline",
    infusion_number: int | None = None,
) -> Written[object]:
    """The nurse asks the PHQ-9 aloud; returns the entry."""
    outcomes.record_assessment(
        act(people().nurse, at),
        course=course,
        scale_id="phq9",
        answers=answers,
        point=point,
        infusion_number=infusion_number,
        entered_for="patient_interview",
    )
    return reading.course(course).facts[-1]


def infuse(course: StreamId, at: datetime) -> StreamId:
    """One whole visit that begins with a booking at `at` and ends with the departure; returns the visit."""
    shift = at - NOW
    visit = book(course, at + timedelta(hours=1), at=at)
    checkin.check_in(act(people().nurse, at + timedelta(hours=1)), visit=visit, facts=check_in_facts())
    chairside.order(visit, chairside.ORDERED_AT + shift)
    chairside.draw(visit, chairside.DRAWN_AT + shift)
    chairside.double_check(visit, chairside.CHECKED_AT + shift)
    chairside.hold_time_out(visit, chairside.TIME_OUT_AT + shift)
    chairside.start(visit, chairside.STARTED_AT + shift)
    for minutes in (10, 20, 30, 40):
        chairside.chart(visit, chairside.STARTED_AT + shift + timedelta(minutes=minutes))
    chairside.stop(visit, chairside.STOPPED_AT + shift)
    for minutes in range(15, 121, 15):
        chairside.chart(visit, chairside.STOPPED_AT + shift + timedelta(minutes=minutes))
    chairside.leave(visit, chairside.LEFT_AT + shift)
    return visit


def course_after(infusions: int, later: tuple[int, ...] = MODERATE) -> StreamId:
    """A course with a severe baseline, so many infusions, and later forms; earlier reviews are held."""
    course = planned_course()
    assess(course, NOW, SEVERE)
    for number in range(1, infusions + 1):
        at = NOW + timedelta(days=DAYS[number - 1])
        infuse(course, at)
        if number == 2 or number == infusions:
            assess(course, at + A_VISIT, later, point="other")
        if number == 3 and infusions > 3:
            review(course, at + A_VISIT + timedelta(hours=1), 3)
    return course


def ended_at(infusions: int) -> datetime:
    """The evening of the day of the last infusion, two hours after everything was written."""
    return NOW + timedelta(days=DAYS[infusions - 1]) + A_VISIT + timedelta(hours=2)


def review(course: StreamId, at: datetime, after: int) -> None:
    """The prescriber looks at the curve and goes on."""
    outcomes.review_series(
        act(people().prescriber, at),
        course=course,
        after_infusion=after,
        decision="continue",
        reason="The score has fallen enough.",
    )


def judged_course() -> StreamId:
    """A course after six infusions whose response and remission are judged."""
    course = course_after(6, MILD)
    review(course, ended_at(6), 6)
    outcomes.judge_response(act(people().prescriber, ended_at(6)), course=course, scale_id="phq9", note="")
    return course
