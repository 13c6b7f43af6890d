"""The series: how many infusions, how often, and the visits in their chairs."""

from datetime import date, datetime, timedelta
from typing import Final, NoReturn

from evenkeel.clinical.decision import objections, refs
from evenkeel.clinical.series import assess_booking, assess_series_plan
from evenkeel.clinical.stock import PROTOCOLS
from evenkeel.journey import policy
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody import weld
from evenkeel.journey.phases import require_phase
from evenkeel.journey.referral import require_open
from evenkeel.journey.rules import book, clinic_clock, clinic_day, clinic_time
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.series import SeriesPlanned, SeriesPurpose, VisitBooked, VisitCancelled, VisitRebooked
from evenkeel.record.verdict import Override, Verdict
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import log, reading, rows
from evenkeel.store.queries import history, visits
from evenkeel.values.ids import ChairId, IdempotencyKey, StreamId, stream_for
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import DosePerWeight
from evenkeel.values.shape import frozen

# What the planning form takes for a slip. Published series have 1 to 8 infusions, 1 to 3 a week (Singh 2016,
# Jelovac 2025); a longer maintenance is planned in parts. Proposal.
INFUSIONS_MAX: Final = 12
PER_WEEK_MAX: Final = 3
# A visit is a few hours long; more is a slip in the date. Proposal.
VISIT_LENGTH_MAX: Final = timedelta(hours=12)
# A patient who is already sitting there may still be booked. Proposal.
BOOKED_LATE_MAX: Final = timedelta(hours=1)

# Only a visit in one of these phases may be moved: what was found on another day does not move with it.
MAY_MOVE: Final[tuple[VisitPhase, ...]] = ("booked", "awaiting_prescriber", "not_today")
# Before any drug is given a visit can still be called off.
MAY_CANCEL: Final[tuple[VisitPhase, ...]] = (
    *MAY_MOVE,
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
)


class UnableToPlanSeries(UnableTo):
    """The series cannot be planned as it stands."""


class UnableToBook(UnableTo):
    """The visit cannot be booked, moved or cancelled as it stands."""


@use_case("series.plan")
def plan_series(
    act: Act,
    *,
    course: StreamId,
    purpose: SeriesPurpose,
    infusions: int,
    per_week: int,
    first_date: date,
    protocol: str | None = None,
    per_weight: tuple[DosePerWeight, ...] = (),
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Plan a run of infusions; a later plan takes the place of this one. Raises UnableToPlanSeries.

    A prescriber may plan the dose with it: a protocol, and one dose for every infusion or one for each.
    """
    if protocol is not None or per_weight:
        policy.require(act.by, "order.sign")
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_seen(state, act)
    require_plausible_time(act, state)
    issues = [*_readiness_issues(state)]
    if not 1 <= infusions <= INFUSIONS_MAX:
        sentence = f"Infusions: plan from 1 to {INFUSIONS_MAX}."
        issues.append(Issue(sentence=sentence, code="infusions-out-of-range", field="infusions"))
    if not 1 <= per_week <= PER_WEEK_MAX:
        sentence = f"Infusions in a week: plan from 1 to {PER_WEEK_MAX}."
        issues.append(Issue(sentence=sentence, code="per-week-out-of-range", field="per_week"))
    if first_date < clinic_day(act.happened_at):
        sentence = "First infusion: the date lies in the past."
        issues.append(Issue(sentence=sentence, code="first-date-past", field="first_date"))
    today = clinic_day(act.happened_at)
    issues += _dose_issues(infusions, protocol, per_weight, today)
    verdicts: tuple[Verdict, ...] = ()
    if not issues:
        verdicts = propose_series(state, infusions=infusions, per_week=per_week, on=today)
        issues += objections(book(), verdicts, overrides, act.by.role)
    if issues:
        raise UnableToPlanSeries(issues)
    planned = SeriesPlanned(
        purpose=purpose,
        infusions=infusions,
        per_week=per_week,
        first_date=first_date,
        protocol=protocol,
        per_weight=per_weight,
        verdicts=verdicts,
        overrides=overrides,
    )
    draft = Draft(payload=planned, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


def propose_series(course: CourseState, *, infusions: int, per_week: int, on: date) -> tuple[Verdict, ...]:
    """What the rules say to a plan, with everything that the patient was given in any course."""
    courses = history.record_of(course.referral.patient).courses
    given = [fact.payload for each in courses for fact in each.infusions]
    return assess_series_plan(book(), infusions=infusions, per_week=per_week, given=given, on=on)


def _dose_issues(
    infusions: int, protocol: str | None, per_weight: tuple[DosePerWeight, ...], on: date
) -> list[Issue]:
    """A planned dose is a start for each order, and the order asks every rule; only slips are caught here."""
    if protocol is None and not per_weight:
        return []
    if protocol not in PROTOCOLS:
        sentence = "Protocol: choose one from the list, or leave the planned dose empty."
        return [Issue(sentence=sentence, code="protocol-unknown", field="protocol")]
    issues = []
    if len(per_weight) not in (1, infusions):
        sentence = (
            f"Planned dose: write one for every infusion, or one for each of the {infusions}. "
            f"{len(per_weight)} are written."
        )
        issues.append(Issue(sentence=sentence, code="doses-do-not-fit", field="per_weight"))
    if any(dose.value == 0 for dose in per_weight):
        sentence = "Planned dose: it must be more than 0 mg/kg."
        issues.append(Issue(sentence=sentence, code="dose-zero", field="per_weight"))
    most: DosePerWeight = book().limits("ORD-DOS-003", on).dose
    if PROTOCOLS[protocol].family == "mood" and any(dose > most for dose in per_weight):
        sentence = f"Planned dose: no order may give more than {most}."
        issues.append(
            Issue(sentence=sentence, code="dose-over-ceiling", field="per_weight", rule="ORD-DOS-003")
        )
    return issues


@frozen
class Place:
    """A chair for a span of time."""

    chair: ChairId
    starts_at: datetime
    ends_at: datetime


@use_case("visit.book")
def book_visit(
    act: Act,
    *,
    course: StreamId,
    chair: ChairId,
    starts_at: datetime,
    ends_at: datetime,
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Book one visit of the planned series into a chair; returns the visit. Raises UnableToBook."""
    state = _course_to_book(act, course)
    return _book(act, state, Place(chair=chair, starts_at=starts_at, ends_at=ends_at), overrides, act.key)


@use_case("visit.book")
def book_visits(act: Act, *, course: StreamId, places: tuple[Place, ...]) -> StreamId:
    """Book several visits at once, all of them or none; returns the course. Raises UnableToBook."""
    state = _course_to_book(act, course)
    if not places:
        raise UnableToBook([Issue(sentence="There is no visit left to book.", code="nothing-to-book")])
    for number, place in enumerate(sorted(places, key=lambda place: place.starts_at), start=1):
        _book(act, state, place, (), IdempotencyKey(f"{act.key}/{number}"))
    return course


def _course_to_book(act: Act, course: StreamId) -> CourseState:
    """Hold the course, so that two people who book for it at once cannot take one number twice."""
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    return state


def _book(
    act: Act, course: CourseState, place: Place, overrides: tuple[Override, ...], key: IdempotencyKey
) -> StreamId:
    patient = course.referral.patient
    verdicts = assess_booking(book(), course, clinic_time(place.starts_at))
    issues = [
        *objections(book(), verdicts, overrides, act.by.role),
        *_time_issues(act, place.chair, place.starts_at, place.ends_at),
        *_other_visit_issues(patient, None, place.starts_at),
    ]
    if course.series is None:
        sentence = "No series is planned for this course. Plan it first, then book its visits."
        issues.append(Issue(sentence=sentence, code="no-series"))
    if issues:
        raise UnableToBook(issues)
    assert course.series is not None, "an issue was raised above"
    visit = stream_for("visit", key)
    booked = VisitBooked(
        patient=patient,
        course=course.stream,
        chair=place.chair,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        number=_number_for(course.stream),
        purpose=course.series.payload.purpose,
        verdicts=verdicts,
        overrides=overrides,
    )
    _take(place.chair, visit, place.starts_at, place.ends_at)
    opened = log.open_stream(VisitState, visit)
    draft = Draft(payload=booked, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(opened, [draft], by=act.by, key=key, recorded_at=act.recorded_at)
    return visit


@use_case("visit.book")
def rebook_visit(
    act: Act,
    *,
    visit: StreamId,
    chair: ChairId,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Move a visit to another chair or time. Raises UnableToBook."""
    state = log.fold_for_update(VisitState, visit)
    booking = state.booking.payload
    touch(booking.patient)
    require_phase(state, MAY_MOVE, UnableToBook, "The visit cannot be moved")
    require_seen(state, act)
    course = reading.course(booking.course)
    require_open(course)
    verdicts = assess_booking(book(), course, clinic_time(starts_at))
    issues = [
        *objections(book(), verdicts, overrides, act.by.role),
        *_time_issues(act, chair, starts_at, ends_at),
        *_other_visit_issues(booking.patient, visit, starts_at),
        *_reason_issues(reason, "moves"),
    ]
    if issues:
        raise UnableToBook(issues)
    moved = VisitRebooked(
        chair=chair,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip(),
        verdicts=verdicts,
        overrides=overrides,
    )
    rows.free_slots(visit)
    _take(chair, visit, starts_at, ends_at)
    draft = Draft(payload=moved, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


@use_case("visit.book")
def cancel_visit(act: Act, *, visit: StreamId, reason: str) -> StreamId:
    """Call a visit off before any drug is given, and give its chair back. Raises UnableToBook."""
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_phase(state, MAY_CANCEL, UnableToBook, "The visit cannot be cancelled")
    if state.phase not in MAY_MOVE:
        # The patient is in the chair and a dose may be drawn up: somebody at the chair decides.
        policy.require(act.by, "checkin.record")
    require_seen(state, act)
    issues = _reason_issues(reason, "is cancelled")
    if issues:
        raise UnableToBook(issues)
    in_hand = weld.in_hand_issues(state)
    if in_hand:
        raise UnableToBook(in_hand)
    weld.release(act, state, reason="the visit was cancelled")
    rows.free_slots(visit)
    draft = Draft(payload=VisitCancelled(reason=reason.strip()), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def _number_for(course: StreamId) -> int:
    """The lowest number that no standing visit of the course has, so a cancelled one leaves no gap."""
    taken = {line.number for line in visits.of_course(course) if line.phase != "cancelled"}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _readiness_issues(course: CourseState) -> tuple[Issue, ...]:
    issues = []
    if not course.is_screened_fit:
        sentence = "The screening has not come out fit, nor did a prescriber accept it."
        issues.append(Issue(sentence=sentence, code="not-screened-fit"))
    if course.consent is None:
        withdrawn = course.consent_withdrawn is not None
        sentence = (
            "The patient has withdrawn consent."
            if withdrawn
            else "No consent is recorded for this course yet."
        )
        issues.append(Issue(sentence=sentence, code="no-consent"))
    return tuple(issues)


def _time_issues(act: Act, chair: ChairId, starts_at: datetime, ends_at: datetime) -> tuple[Issue, ...]:
    issues = []
    if rows.chair(chair) is None:
        issues.append(Issue(sentence="Chair: choose one from the list.", code="chair-unknown", field="chair"))
    if starts_at < act.recorded_at - BOOKED_LATE_MAX:
        sentence = "Starts at: the time lies in the past."
        issues.append(Issue(sentence=sentence, code="starts-past", field="starts_at"))
    if ends_at <= starts_at:
        sentence = "Ends at: it must be after the start."
        issues.append(Issue(sentence=sentence, code="ends-before-start", field="ends_at"))
    elif ends_at - starts_at > VISIT_LENGTH_MAX:
        hours = VISIT_LENGTH_MAX // timedelta(hours=1)
        sentence = f"Ends at: a visit lasts at most {hours} hours."
        issues.append(Issue(sentence=sentence, code="visit-too-long", field="ends_at"))
    return tuple(issues)


def _other_visit_issues(patient: StreamId, visit: StreamId | None, starts_at: datetime) -> tuple[Issue, ...]:
    """A patient sits in one chair at a time, and comes once a day."""
    day = clinic_day(starts_at)
    same_day = [
        line
        for line in visits.of_patient(patient)
        if line.visit != visit and line.phase != "cancelled" and clinic_day(line.starts_at) == day
    ]
    if not same_day:
        return ()
    sentence = f"Starts at: this patient has a visit on {day:%d %b %Y} already, and has one infusion a day."
    return (Issue(sentence=sentence, code="patient-booked-that-day", field="starts_at"),)


def _reason_issues(reason: str, what: str) -> tuple[Issue, ...]:
    if reason.strip():
        return ()
    sentence = f"Reason: write why the visit {what}."
    return (Issue(sentence=sentence, code="reason-missing", field="reason"),)


def _take(chair: ChairId, visit: StreamId, starts_at: datetime, ends_at: datetime) -> None:
    try:
        rows.take_slots(chair, visit, starts_at, ends_at)
    except rows.SlotTaken as taken:
        _refuse_taken(chair, taken)


def _refuse_taken(chair: ChairId, taken: rows.SlotTaken) -> NoReturn:
    found = rows.chair(chair)
    assert found is not None, "only a chair that exists can be taken"
    place = reading.visit(taken.visit).place
    sentence = (
        f"{found.name} is taken on {clinic_day(place.starts_at):%d %b %Y} from "
        f"{clinic_clock(place.starts_at)} to {clinic_clock(place.ends_at)}. Choose another chair or time."
    )
    raise UnableToBook([Issue(sentence=sentence, code="chair-taken", field="starts_at")]) from taken
