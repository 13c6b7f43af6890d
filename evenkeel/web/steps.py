"""What comes next on a course and in a visit: one step in words, where it is done, and what it asks for."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from django.urls import reverse

from evenkeel.journey.policy import Action
from evenkeel.journey.rules import clinic_day
from evenkeel.record.courses import REVIEW_AFTER, CourseStage, CourseState
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.shape import frozen


@frozen
class Step:
    """One next step: the words on its button, the action that it asks for and its address."""

    words: str
    action: Action
    address: str


# Nothing more happens in a visit that stands at one of these.
OVER: Final[tuple[VisitPhase, ...]] = ("discharged", "cancelled", "not_today")
CLOSED: Final[tuple[CourseStage, ...]] = ("ended", "declined")

PHASES: Final[dict[VisitPhase, tuple[str, Action, str]]] = {
    "booked": ("Check in", "checkin.record", "check_in"),
    "awaiting_prescriber": ("Decide on the check-in", "checkin.decide", "check_in_decision"),
    "not_today": ("Look at the visit", "visit.read", "visit"),
    "checked_in": ("Write the order", "order.sign", "order"),
    "ordered": ("Draw up", "dose.draw", "draw"),
    "drawn": ("Double-check", "dose.double_check", "double_check"),
    "double_checked": ("Hold the time-out", "infusion.run", "time_out"),
    "ready": ("Start", "infusion.run", "chart"),
    "running": ("Open the chart", "infusion.chart", "chart"),
    "paused": ("Open the chart", "infusion.chart", "chart"),
    "recovery": ("Open the chart", "infusion.chart", "chart"),
    "discharged": ("Look at the visit", "visit.read", "visit"),
    "cancelled": ("Look at the visit", "visit.read", "visit"),
}

# Each phase in a word, and the tone that its mark has.
PHASE_TAGS: Final[dict[VisitPhase, tuple[str, str]]] = {
    "booked": ("Booked", "neutral"),
    "awaiting_prescriber": ("Waits for prescriber", "medium"),
    "not_today": ("Not today", "stopped"),
    "checked_in": ("Checked in", "info"),
    "ordered": ("Ordered", "info"),
    "drawn": ("Drawn up", "info"),
    "double_checked": ("Double-checked", "info"),
    "ready": ("Ready to start", "due"),
    "running": ("Running", "now"),
    "paused": ("Paused", "paused"),
    "recovery": ("Recovery", "due"),
    "discharged": ("Discharged", "ok"),
    "cancelled": ("Cancelled", "stopped"),
}

STAGES: Final[dict[CourseStage, tuple[str, Action, str]]] = {
    "referred": ("Screen", "screening.record", "screening"),
    "awaiting_prescriber": ("Decide on the screening", "screening.decide", "screening_decision"),
    "not_today": ("Screen again", "screening.record", "screening"),
    "declined": ("End the course", "course.end", "course_end"),
    "screened": ("Record consent", "consent.record", "consent"),
    "consented": ("Plan the series", "series.plan", "series"),
    "responded": ("Plan maintenance", "maintenance.plan", "maintenance"),
}


def of_visit(visit: VisitState) -> Step:
    """The next step in a visit."""
    words, action, route = PHASES[visit.phase]
    return Step(words=words, action=action, address=reverse(route, args=[reference_of(visit.stream)]))


def of_course(course: CourseState, visits: Sequence[VisitState]) -> Step | None:
    """The next step on a course; None when it has ended."""
    if course.stage == "ended":
        return None
    if course.stage == "consent_withdrawn":
        return _after_withdrawal(course, visits)
    if course.stage in STAGES:
        words, action, route = STAGES[course.stage]
        return _on(course.stream, words, action, route)
    if course.reviews_due:
        after = course.reviews_due[0]
        return _on(course.stream, f"Review after infusion {after}", "series.review", "review", after)
    coming = [visit for visit in visits if visit.phase not in OVER]
    if coming:
        return of_visit(coming[0])
    if needs_judging(course):
        return _on(course.stream, "Judge response", "response.judge", "response")
    return _on(course.stream, "Book a visit", "visit.book", "book")


def _after_withdrawal(course: CourseState, visits: Sequence[VisitState]) -> Step:
    """What is booked is cancelled, then the course ends; nobody is led to ask for consent again."""
    booked = [visit for visit in visits if visit.phase == "booked"]
    if booked:
        address = reverse("cancel_visit", args=[reference_of(booked[0].stream)])
        return Step(words="Cancel the visit", action="visit.book", address=address)
    return _on(course.stream, "End the course", "course.end", "course_end")


def needs_judging(course: CourseState) -> bool:
    """Whether response is still to be judged: the series is over, by number or by a review."""
    if course.response is not None or course.reviews_due or not course.infusions:
        return False
    stopped = bool(course.reviews) and course.reviews[-1].payload.decision == "stop"
    return stopped or len(course.infusions) >= REVIEW_AFTER[-1]


def given_in_series(course: CourseState) -> int:
    """How many infusions of the planned series were given."""
    if course.series is None:
        return 0
    planned_at = course.series.at
    return sum(1 for fact in course.infusions if fact.payload.started_at >= planned_at)


def still_to_book(course: CourseState, visits: Sequence[VisitState]) -> int:
    """How many visits of the planned series nobody has booked yet."""
    if course.series is None:
        return 0
    before = len(course.infusions) - given_in_series(course)
    numbers = {
        visit.booking.payload.number for visit in visits if visit.phase not in ("cancelled", "not_today")
    }
    return max(0, course.series.payload.infusions - sum(1 for number in numbers if number > before))


def maintenance_due(course: CourseState) -> date | None:
    """When the next maintenance infusion is due: as planned, or an interval after one given since."""
    plan = course.maintenance
    if plan is None:
        return None
    last = course.infusions[-1].payload.started_at if course.infusions else plan.at
    if last <= plan.at:
        return plan.payload.next_due_date
    return clinic_day(last) + timedelta(days=float(plan.payload.interval.value))


def _on(course: StreamId, words: str, action: Action, route: str, *more: int) -> Step:
    return Step(words=words, action=action, address=reverse(route, args=[reference_of(course), *more]))
