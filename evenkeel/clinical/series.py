"""The series: booking visits, the rhythm of their dates, and the reviews along the way."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Final, Protocol

from evenkeel.clinical.outcomes import (
    Judgement,
    OutcomeFacts,
    baseline_of,
    exact_fall,
    judge_response,
    last_day_of,
    latest_of,
    scale_of,
)
from evenkeel.clinical.repeated_checks import assess_checks
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.screening import assess_age_of_screening
from evenkeel.record.courses import CourseState
from evenkeel.record.series import AnySeriesPlanned, InfusionCounted
from evenkeel.record.verdict import Verdict
from evenkeel.values.drug import DrugMass, to_decimal
from evenkeel.values.quantities import Days, DosePerWeight, Percent
from evenkeel.values.shape import frozen

DAYS_IN_WEEK: Final = 7
# Two infusions lie at least two days apart when the rhythm is laid out; see SER-GAP-001. Proposal.
REST_DAYS: Final = 2
WEEKDAYS: Final = frozenset(range(5))


class HasCourse(Protocol):
    """Whatever stands on a course, be it a booking or a plan."""

    @property
    def course(self) -> CourseState:
        """The course as it now reads."""
        ...


@frozen
class BookingFacts:
    """A course, and the moment at which its next visit would begin."""

    course: CourseState
    starts_at: datetime


@frozen
class SeriesPlanFacts:
    """A plan that is asked about, and what the patient was given before it, of every course."""

    infusions: int
    per_week: int
    given: tuple[InfusionCounted, ...]
    on: date


@frozen
class Exposure:
    """How many infusions were given in a span of days, and how much drug in all."""

    infusions: int
    given: DrugMass


def exposure(given: Iterable[InfusionCounted], span: Days, *, on: date) -> Exposure:
    """What was given in the days up to and with `on`."""
    counted = [each for each in given if timedelta(0) <= on - each.started_at.date() < _span(span)]
    total = sum((each.given for each in counted), DrugMass(mcg=0))
    return Exposure(infusions=len(counted), given=total)


@frozen
class ReviewFacts:
    """What a review looks at: after which infusion it is held, and how the score stands."""

    after: int
    judgement: Judgement


_BOOKING: Final = (
    "SER-CON-001",
    "SER-SCR-001",
    "SER-WRK-001",
    "SER-GAP-001",
    "SER-FRQ-001",
    "SER-MIS-001",
    "SER-MIS-002",
    "SER-DUE-001",
    "SER-STP-001",
)
_PLAN: Final = ("SER-RHY-001", "SER-CUM-001", "SER-CUM-002")
_REVIEW: Final = ("SER-REV-001", "SER-REV-002")
_RISKS: Final = ("OUT-RSK-001", "OUT-AGE-001", "OUT-WRS-001")


def assess_booking(book: Rulebook, course: CourseState, starts_at: datetime) -> tuple[Verdict, ...]:
    """Whether a visit may be booked to begin at a moment, with the rules in force on that day."""
    on = starts_at.date()
    screened_date = course.screening.at.date() if course.screening else None
    return (
        *book.consult_all(_BOOKING, BookingFacts(course=course, starts_at=starts_at), on=on),
        assess_age_of_screening(book, screened_date, on=on),
        *assess_checks(book, course, on=on),
    )


def assess_series_plan(
    book: Rulebook, *, infusions: int, per_week: int, given: Iterable[InfusionCounted], on: date
) -> tuple[Verdict, ...]:
    """What the rules say to a plan. `given` are the patient's infusions so far, of every course."""
    facts = SeriesPlanFacts(infusions=infusions, per_week=per_week, given=tuple(given), on=on)
    return book.consult_all(_PLAN, facts, on=on)


def assess_review(
    book: Rulebook, course: CourseState, after: int, *, on: date | None = None
) -> tuple[Verdict, ...]:
    """What the curve says after an infusion, on the scale of the course's indication.

    `on` is the day of the review; without it the day of the course's last entry.
    """
    day = on or last_day_of(course)
    scale = scale_of(course)
    baseline = baseline_of(course, scale.id)
    outcome = OutcomeFacts(
        course=course,
        scale=scale,
        baseline=baseline,
        latest=latest_of(course, scale.id, baseline),
        on=day,
    )
    review = ReviewFacts(after=after, judgement=judge_response(book, course, scale.id, on=day))
    return (
        *book.consult_all(_RISKS, outcome, on=day),
        *book.consult_all(_REVIEW, review, on=day),
    )


def suggest_times(
    series: AnySeriesPlanned, *, begins: time, zone: tzinfo, open_weekdays: Collection[int] = WEEKDAYS
) -> tuple[datetime, ...]:
    """Lay a series out over the clinic's open days, each visit at one clock time in its zone; aware UTC.

    Visits are spread evenly over the week, moved on to the next open day and kept apart by the rest days.
    Monday is 0, as in `date.weekday`.
    """
    assert series.infusions > 0, "a series has infusions"
    assert series.per_week > 0, "a series has a rhythm"
    assert open_weekdays, "a clinic is open on some day"
    days: list[date] = []
    for place in range(series.infusions):
        day = series.first_date + timedelta(days=place * DAYS_IN_WEEK // series.per_week)
        if days:
            day = max(day, days[-1] + timedelta(days=REST_DAYS))
        while day.weekday() not in open_weekdays:
            day += timedelta(days=1)
        days.append(day)
    return tuple(datetime.combine(day, begins, tzinfo=zone).astimezone(UTC) for day in days)


@frozen
class PlannedInfusion:
    """One infusion as its series plans it: its number in the course, from 1, the protocol and the dose."""

    number: int
    protocol: str
    per_weight: DosePerWeight


def planned_infusion(course: CourseState, number: int) -> PlannedInfusion | None:
    """What the series that stands plans for an infusion of the course, or None where it plans no dose for it.

    A series takes up after the infusions that were given before it was planned.
    """
    plan = course.series
    if plan is None or plan.payload.protocol is None:
        return None
    place = number - 1 - sum(1 for fact in course.infusions if fact.payload.started_at < plan.at)
    if not 0 <= place < plan.payload.infusions:
        return None
    doses = plan.payload.per_weight
    per_weight = doses[0] if len(doses) == 1 else doses[place]
    return PlannedInfusion(number=number, protocol=plan.payload.protocol, per_weight=per_weight)


@rule("SER-CON-001")
def consent_does_not_stand(facts: HasCourse, limits: Limits) -> Finding:
    """Withdrawn is not the same as never asked."""
    if facts.course.consent_withdrawn is not None:
        return Fires(evidence=("consent was withdrawn",))
    return Clear() if facts.course.consent is not None else Unknown(missing=("consent",))


@rule("SER-SCR-001")
def not_screened_fit(facts: BookingFacts, limits: Limits) -> Finding:
    """By the checklist or by a prescriber's decision on it."""
    if facts.course.screening is None:
        return Unknown(missing=("a screening",))
    return (
        Clear() if facts.course.is_screened_fit else Fires(evidence=("the screening did not come out fit",))
    )


@rule("SER-WRK-001")
def workup_not_repeated(facts: BookingFacts, limits: Limits) -> Finding:
    """A plan that only changes the series under way asks for nothing; age alone is SCR-EXP-001."""
    if facts.course.screening is None:
        return Unknown(missing=("a screening",))
    last_at = _end_of_series_before(facts.course)
    screened_at = facts.course.screening.at
    if last_at is not None and screened_at <= last_at:
        return Fires(evidence=(f"screened {screened_at.date()}, last infusion {last_at.date()}",))
    return Clear()


def _end_of_series_before(course: CourseState) -> datetime | None:
    """When the last infusion of the series before began; None for a first series and for a changed plan."""
    if len(course.series_plans) < 2:
        return None
    before, now = course.series_plans[-2:]
    starts = [fact.payload.started_at for fact in course.infusions]
    given = [when for when in starts if before.at <= when < now.at]
    return given[-1] if len(given) >= before.payload.infusions else None


@rule("SER-GAP-001")
def too_soon_after_the_last(facts: BookingFacts, limits: Limits) -> Finding:
    """From start to start; nothing lies before the first infusion."""
    earlier = _earlier(facts)
    if earlier and facts.starts_at - earlier[-1] < timedelta(hours=float(limits.gap.value)):
        return Fires(evidence=(f"last infusion {earlier[-1]:%Y-%m-%d %H:%M} UTC",))
    return Clear()


@rule("SER-FRQ-001")
def too_many_in_a_week(facts: BookingFacts, limits: Limits) -> Finding:
    """Any stretch of that length that ends with this visit, not the calendar week."""
    recent = [when for when in _earlier(facts) if facts.starts_at - when < _span(limits.span)]
    count = len(recent) + 1
    return Fires(evidence=(f"{count} infusions in {limits.span}",)) if count > limits.infusions else Clear()


@rule("SER-MIS-001")
def missed_by_a_week(facts: BookingFacts, limits: Limits) -> Finding:
    """The first series was studied with infusions days apart, so a missed one is made up for soon."""
    return _longer_than(facts, limits.gap)


@rule("SER-MIS-002")
def missed_for_long(facts: BookingFacts, limits: Limits) -> Finding:
    """After a longer gap nobody knows whether the series still is one."""
    return _longer_than(facts, limits.gap)


def _longer_than(facts: BookingFacts, gap: Days) -> Finding:
    """Between two infusions of one first series; once it is given, maintenance has its own intervals."""
    plan = facts.course.series
    if plan is None or plan.payload.purpose != "induction":
        return Clear()
    own = [when for when in _earlier(facts) if when >= plan.at]
    is_under_way = 0 < len(own) < plan.payload.infusions
    if is_under_way and facts.starts_at - own[-1] > _span(gap):
        return Fires(evidence=(f"last infusion {own[-1]:%Y-%m-%d}",))
    return Clear()


@rule("SER-RHY-001")
def more_often_than_usual(facts: SeriesPlanFacts, limits: Limits) -> Finding:
    """More often brings the patient in more often, and nothing else that was found."""
    return Fires(evidence=(f"{facts.per_week} a week",)) if facts.per_week > limits.usual else Clear()


@rule("SER-CUM-001")
def many_in_a_year(facts: SeriesPlanFacts, limits: Limits) -> Finding:
    """Said early, while there is time to look and to plan less."""
    return _more_in_a_span(facts, limits)


@rule("SER-CUM-002")
def very_many_in_a_year(facts: SeriesPlanFacts, limits: Limits) -> Finding:
    """Nobody knows where harm begins, so a person answers for it."""
    return _more_in_a_span(facts, limits)


def _more_in_a_span(facts: SeriesPlanFacts, limits: Limits) -> Finding:
    found = exposure(facts.given, limits.span, on=facts.on)
    if found.infusions + facts.infusions <= limits.infusions:
        return Clear()
    words = f"{found.infusions} given ({found.given.shown()}) in {limits.span}, {facts.infusions} planned"
    return Fires(evidence=(words,))


@rule("SER-DUE-001")
def review_owed(facts: BookingFacts, limits: Limits) -> Finding:
    """An infusion given between the third and its review would make the review about something else."""
    owed = [number for number in facts.course.reviews_due if str(number) in limits.after]
    return Fires(evidence=tuple(f"review after infusion {number}" for number in owed)) if owed else Clear()


@rule("SER-STP-001")
def series_was_stopped(facts: BookingFacts, limits: Limits) -> Finding:
    """The last review counts: a later one may have decided otherwise."""
    reviews = facts.course.reviews
    if reviews and reviews[-1].payload.decision == "stop":
        return Fires(evidence=(f"review after infusion {reviews[-1].payload.after_infusion}: stop",))
    return Clear()


@rule("SER-REV-001")
def too_little_after_three(facts: ReviewFacts, limits: Limits) -> Finding:
    """Asked at every review from the third infusion on; the sixth asks for more by another rule."""
    if facts.after < limits.infusions:
        return Clear()
    fall = exact_fall(facts.judgement.baseline, facts.judgement.latest)
    if fall is None:
        return Unknown(missing=("a baseline above zero and a later score",))
    if fall < Fraction(limits.fall.value):
        return Fires(evidence=(_fall_words(fall),))
    return Clear()


@rule("SER-REV-002")
def no_response_after_six(facts: ReviewFacts, limits: Limits) -> Finding:
    """What response is stands with the scale."""
    if facts.after < limits.infusions or facts.judgement.response == "response":
        return Clear()
    if facts.judgement.response == "unknown":
        return Unknown(missing=("response",))
    return Fires(evidence=(f"response: {facts.judgement.response}",))


def _fall_words(fall: Fraction) -> str:
    shown = Percent(value=to_decimal(abs(fall), 1))
    return f"risen by {shown}" if fall < 0 else f"fallen by {shown}"


def _earlier(facts: BookingFacts) -> list[datetime]:
    starts = (fact.payload.started_at for fact in facts.course.infusions)
    return sorted(when for when in starts if when < facts.starts_at)


def _span(days: Days) -> timedelta:
    return timedelta(days=float(days.value))
