"""What waits for a person, by role: each row says who, why now, since when and the one thing to do next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical import infusion
from evenkeel.clinical.outcomes import judge_response, scale_of
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.journey.phases import IN_THE_CHAIR
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_clock, clinic_day
from evenkeel.record.alerts import Alert
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Author, Role
from evenkeel.record.infusion import InfusionPaused
from evenkeel.record.visits import VisitPhase
from evenkeel.store.queries.alerts import OpenAlert
from evenkeel.store.queries.today import CourseNow, VisitNow
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.shape import frozen
from evenkeel.web import handover_view, steps, upkeep_view
from evenkeel.web.alerts_view import by_the_gravest
from evenkeel.web.jinja import clinic_date
from evenkeel.web.outcome_view import open_risks, risk

# The order of harm, by the tone of a row's mark.
HARM: Final = ("high", "medium", "late", "now", "due", "low")
# How long before a booked visit the patient is looked for, and when they count as late. Proposals.
ARRIVES_WITHIN: Final = timedelta(hours=1)
LATE_AFTER: Final = timedelta(minutes=15)
# How long before the next maintenance date the front desk calls. Proposal.
CALL_BEFORE: Final = timedelta(days=14)
# A scale counts for an infusion when it was answered within this long after it; an older answer is asked for
# again before the next infusion. Proposal.
SCALE_WITHIN: Final = timedelta(days=7)
# Over how long the lead's share of answered infusions looks back. Proposal.
LOOK_BACK: Final = timedelta(days=90)

BEFORE_DRUG: Final[tuple[VisitPhase, ...]] = (
    "booked",
    "awaiting_prescriber",
    "checked_in",
    "ordered",
    "drawn",
    "double_checked",
    "ready",
)
# Between the draw and the stop, drug in hand is where it should be.
DRUG_IN_USE: Final[tuple[VisitPhase, ...]] = ("drawn", "double_checked", "ready", "running", "paused")


@frozen
class Row:
    """One thing that waits. `tone` is its harm, `at` since when it waits."""

    patient: StreamId
    who: str
    why: str
    tone: str
    word: str
    at: datetime
    action: str
    url: str
    note: str = ""
    is_in_the_chair: bool = False


def waiting(
    by: Author,
    courses: Sequence[CourseNow],
    visits: Sequence[VisitNow],
    at: datetime,
    *,
    drug_left: Sequence[VisitNow] = (),
    alerts: Sequence[OpenAlert] = (),
) -> tuple[Row, ...]:
    """Everything that waits for this person, ordered by harm and then by age.

    `drug_left` are visits whose drug nobody has accounted for, `alerts` those that are open anywhere.
    Of equal harm, a patient on whom drug acts at this moment comes before paper that has waited for days.
    """
    found = [*_of_role(by, courses, visits, alerts, at), *_drug_left(by, drug_left)]
    return tuple(
        sorted(found, key=lambda row: (HARM.index(row.tone), not row.is_in_the_chair, row.at, row.who))
    )


def _of_role(
    by: Author,
    courses: Sequence[CourseNow],
    visits: Sequence[VisitNow],
    alerts: Sequence[OpenAlert],
    at: datetime,
) -> Iterator[Row]:
    if by.role in ("nurse", "prescriber", "lead"):
        yield from _risks(courses, by.role)
    # A course that is over is here for such an answer alone.
    courses = [each for each in courses if each.state.stage not in steps.CLOSED]
    if by.role in ("nurse", "prescriber"):
        for visit in visits:
            own = by_the_gravest(each.alert for each in alerts if each.visit == visit.state.stream)
            yield from _in_the_chair(visit, courses, [each for each in own if each.waits], at)
            for call in handover_view.calls(by, visit.state, visit.chair):
                yield replace(_row(visit, *call), is_in_the_chair=True)
        yield from _calls_due(courses, at)
    if by.role == "nurse":
        yield from _nurse(by, courses, visits, at)
    elif by.role == "prescriber":
        yield from _prescriber(courses, visits)
    elif by.role == "front_desk":
        yield from _front_desk(courses, visits, at)
    elif by.role == "lead":
        yield from _withdrawn(courses, "patient")


def _drug_left(by: Author, visits: Iterable[VisitNow]) -> Iterator[Row]:
    """Drug that is still in hand once the pump has stopped, or the order was cancelled."""
    if by.role not in ("nurse", "lead", "registrant"):
        return
    for visit in visits:
        state = visit.state
        if state.phase in DRUG_IN_USE:
            continue
        since = state.stopped.at if state.stopped else state.facts[-1].at
        is_over = state.phase in steps.OVER
        why = f"{visit.chair}: the drug of {clinic_date(state.place.starts_at)} is not accounted for"
        url = reverse("visit_waste", args=[reference_of(state.stream)])
        tone = "medium" if is_over else "due"
        yield _row(visit, why, tone, "Drug", since, "Account for the drug", url)


# --- what harms ---------------------------------------------------------------------------------------------


def _risks(courses: Iterable[CourseNow], role: Role) -> Iterator[Row]:
    for each in courses:
        for fact in open_risks(each.state):
            shown = risk(each.state, fact)
            action, url = "Look at the patient", _patient(each.patient)
            if may(role, "risk.answer"):
                action, url = "Answer now", reverse("risk", args=[reference_of(each.state.stream), fact.seq])
            yield _row(each, shown["cause"], "high", "Alerts", fact.at, action, url)


def _in_the_chair(
    visit: VisitNow, courses: Iterable[CourseNow], alerts: Sequence[Alert], at: datetime
) -> Iterator[Row]:
    """What a running infusion or a recovery asks for: an alert, a pause, an overdue check."""
    state = visit.state
    if state.phase not in ("running", "paused", "recovery") and not alerts:
        return
    found = sorted(_calls(visit, courses, alerts, at), key=lambda call: (HARM.index(call[0]), call[3]))
    if not found:
        return
    tone, word, why, since = found[0]
    chart = reverse("alerts" if alerts else "chart", args=[reference_of(state.stream)])
    also = "; ".join(call[2] for call in found[1:])
    action = "Answer" if alerts else "Open the chart"
    row = _row(visit, f"{visit.chair}: {why}", tone, word, since, action, chart)
    yield replace(row, note=f"Also: {also}" if also else "", is_in_the_chair=True)


def _calls(
    visit: VisitNow, courses: Iterable[CourseNow], alerts: Iterable[Alert], at: datetime
) -> Iterator[tuple[str, str, str, datetime]]:
    """Everything that one visit calls for: its harm, its mark, why and since when."""
    state = visit.state
    course = next((each.state for each in courses if each.state.stream == state.booking.payload.course), None)
    if course is not None and course.consent_withdrawn and state.phase != "recovery":
        since = course.consent_withdrawn.at
        yield "high", "Stop", "consent is withdrawn and the infusion is not stopped", since
    for alert in alerts:
        over = f", over since {clinic_clock(alert.ended_at)}, not answered" if alert.ended_at else ""
        word = "Escalated" if alert.escalated_at is not None else "Alert"
        yield alert.priority, word, f"{alert.short}{over}", alert.raised_at
    if state.phase == "paused":
        paused = state.latest(InfusionPaused)
        since = paused.at if paused else at
        reason = f": {paused.payload.reason}" if paused and paused.payload.reason else ""
        yield "medium", "Paused", f"paused since {clinic_clock(since)}{reason}", since
    schedule = infusion.check_schedule(book(), state, at)
    if schedule.due != "not_yet" and schedule.next_due_at is not None:
        marks = {"due": ("due", "Due"), "late": ("late", "Overdue"), "missed": ("late", "Missed")}
        tone, word = marks[schedule.due]
        yield tone, word, f"check due {clinic_clock(schedule.next_due_at)}", schedule.next_due_at


def _calls_due(courses: Iterable[CourseNow], at: datetime) -> Iterator[Row]:
    """Whoever left against advice is called on the day that was agreed, until they are reached."""
    for each in courses:
        for visit in each.visits:
            due_at = visit.call_due_at
            if due_at is not None and clinic_day(due_at) <= clinic_day(at):
                why = f"left against advice; to be called at {clinic_clock(due_at)}, {clinic_date(due_at)}"
                url = reverse("call", args=[reference_of(visit.stream)])
                yield _row(each, why, "late" if at > due_at else "due", "Call", due_at, "Call", url)


# --- nurse --------------------------------------------------------------------------------------------------


def _nurse(
    by: Author, courses: Iterable[CourseNow], visits: Iterable[VisitNow], at: datetime
) -> Iterator[Row]:
    for visit in visits:
        yield from _next_at_the_chair(by, visit, at)
    for each in courses:
        state = each.state
        if state.stage == "referred":
            yield _step(each, "no screening yet", "due", "Screen", state.facts[0].at)
        elif state.stage == "screened" and state.screening is not None:
            yield _step(each, "screened, and consent is not recorded", "due", "Consent", state.screening.at)
        yield from _scale_due(each, visits, at, "Enter the scale")
        for due in upkeep_view.checks(each.state, at):
            yield _row(each, *due)


def _next_at_the_chair(by: Author, visit: VisitNow, at: datetime) -> Iterator[Row]:
    state = visit.state
    step = steps.of_visit(state)
    if state.phase == "booked":
        starts_at = state.place.starts_at
        if _is_today(starts_at, at) and starts_at - ARRIVES_WITHIN <= at:
            why = f"{visit.chair}, {clinic_clock(starts_at)}, infusion {state.booking.payload.number}"
            yield _row(visit, why, "due", "Arrives", starts_at, step.words, step.address)
    elif state.phase == "drawn" and state.draw is not None:
        if state.double_check is not None:
            why = f"{visit.chair}: the second check does not agree"
            yield _row(visit, why, "high", "Stop", state.double_check.at, "Look at it", step.address)
        elif state.draw.by.id != by.id:
            why = f"{visit.chair}: drawn up by {state.draw.by.printed_name}, waits for a second person"
            yield _row(visit, why, "due", "Check", state.draw.at, step.words, step.address)
    elif state.phase in ("ordered", "double_checked", "ready"):
        words, _ = steps.PHASE_TAGS[state.phase]
        since = state.facts[-1].at
        yield _row(
            visit, f"{visit.chair}: {words.lower()}", "due", words.split()[0], since, step.words, step.address
        )


def _scale_due(each: CourseNow, visits: Iterable[VisitNow], at: datetime, action: str) -> Iterator[Row]:
    """The scale is asked before today's infusion, and within a week after the last one."""
    state, of = each.state, scale_of(each.state)
    complete = [fact.at for fact in state.assessments_of(of.id) if fact.payload.total is not None]
    last = complete[-1] if complete else None
    own = [visit for visit in visits if visit.state.booking.payload.course == state.stream]
    today = [
        visit.state
        for visit in own
        if visit.state.phase in BEFORE_DRUG and _is_today(visit.state.place.starts_at, at)
    ]
    is_asked_here = action == "Enter the scale"
    url = _patient(each.patient)
    if is_asked_here:
        url = reverse("assessment", args=[reference_of(state.stream), of.id])
    if today and not is_asked_here:
        return
    if today:
        since_last = [fact.payload.started_at for fact in state.infusions]
        fresh_from = max([at - SCALE_WITHIN, *since_last])
        if last is None or last < fresh_from:
            why = f"{of.short} before infusion {today[0].booking.payload.number}, today"
            yield _row(each, why, "due", of.short, today[0].place.starts_at, action, url)
        return
    if state.infusions and state.stage not in ("consent_withdrawn", "responded"):
        given_at = state.infusions[-1].payload.started_at
        if given_at + SCALE_WITHIN <= at and (last is None or last < given_at):
            why = (
                f"no {of.short} since infusion {state.infusions[-1].payload.number}, {clinic_date(given_at)}"
            )
            yield _row(each, why, "low", of.short, given_at + SCALE_WITHIN, action, url)


# --- prescriber ---------------------------------------------------------------------------------------------


def _prescriber(courses: Iterable[CourseNow], visits: Iterable[VisitNow]) -> Iterator[Row]:
    for visit in visits:
        state = visit.state
        step = steps.of_visit(state)
        if state.check_in is None:
            continue
        if state.phase == "awaiting_prescriber":
            why = f"{visit.chair}: the check-in waits for your decision"
            yield _row(visit, why, "medium", "Check-in", state.check_in.at, step.words, step.address)
        elif state.phase == "checked_in":
            why = f"{visit.chair}: checked in, without an order"
            yield _row(visit, why, "due", "Order", state.facts[-1].at, step.words, step.address)
    for each in courses:
        yield from _decisions(each)
        for found in upkeep_view.decisions(each.state):
            yield _row(each, *found)


def _decisions(each: CourseNow) -> Iterator[Row]:
    state = each.state
    if state.stage == "awaiting_prescriber" and state.screening is not None:
        yield _step(each, "the screening waits for your decision", "medium", "Screening", state.screening.at)
    if state.infusions:
        of = scale_of(state)
        if judge_response(book(), state, of.id).response == "worse":
            last = state.assessments_of(of.id)[-1]
            url = reverse("response", args=[reference_of(state.stream)])
            yield _row(each, f"{of.short} is worse than at baseline", "medium", "Worse", last.at, "Look", url)
    if state.reviews_due:
        after = state.reviews_due[0]
        since = state.infusions[after - 1].payload.started_at
        url = reverse("review", args=[reference_of(state.stream), after])
        yield _row(each, f"review after infusion {after}", "due", "Review", since, "Hold the review", url)
    elif steps.needs_judging(state):
        since = state.infusions[-1].payload.started_at
        url = reverse("response", args=[reference_of(state.stream)])
        yield _row(each, "response is to be judged", "due", "Response", since, "Judge response", url)
    elif state.stage == "responded" and state.response is not None:
        words = "response judged, and no maintenance is planned"
        yield _step(each, words, "low", "Plan", state.response.at)


# --- front desk ---------------------------------------------------------------------------------------------


def _front_desk(courses: Iterable[CourseNow], visits: Sequence[VisitNow], at: datetime) -> Iterator[Row]:
    for visit in visits:
        yield from _arrival(visit, at)
    yield from _withdrawn(courses, "cancel_visit")
    for each in courses:
        yield from _to_call(each, visits, at)


def _arrival(visit: VisitNow, at: datetime) -> Iterator[Row]:
    state = visit.state
    starts_at = state.place.starts_at
    where = f"{visit.chair}, {clinic_clock(starts_at)}"
    rebook = reverse("rebook", args=[reference_of(state.stream)])
    look = reverse("visit", args=[reference_of(state.stream)])
    if state.phase == "not_today":
        why = f"the visit of {clinic_date(starts_at)} does not go on"
        yield _row(visit, why, "due", "Rebook", state.facts[-1].at, "Choose another time", rebook)
    elif state.phase == "booked" and clinic_day(starts_at) < clinic_day(at):
        why = f"did not come on {clinic_date(starts_at)}"
        yield _row(visit, why, "late", "Missed", starts_at, "Choose another time", rebook)
    elif state.phase == "booked" and _is_today(starts_at, at):
        if at > starts_at + LATE_AFTER:
            yield _row(visit, where, "late", "Not here", starts_at, "Look at the visit", look)
        else:
            yield _row(visit, where, "now", "Arrives", starts_at, "Look at the visit", look)


def _to_call(each: CourseNow, visits: Sequence[VisitNow], at: datetime) -> Iterator[Row]:
    state = each.state
    coming = [visit for visit in each.visits if visit.phase not in steps.OVER]
    open_seats = steps.still_to_book(state, each.visits)
    if state.stage == "referred":
        words = "referred, and nothing is arranged"
        yield _row(
            each, words, "due", "Referral", state.facts[0].at, "Look at the patient", _patient(each.patient)
        )
    elif state.stage == "consented" and state.consent is not None:
        yield _step(each, "consented, and no series is planned", "due", "Series", state.consent.at)
    elif state.stage in ("in_series", "review_due") and open_seats and state.series is not None:
        words = f"{open_seats} {'visit' if open_seats == 1 else 'visits'} of the series to book"
        if not coming:
            words += ", and none is booked"
        url = reverse("book", args=[reference_of(state.stream)])
        yield _row(each, words, "low" if coming else "due", "Book", state.series.at, "Book", url)
    elif (due := steps.maintenance_due(state)) is not None and state.stage == "maintenance" and not coming:
        yield from _maintenance_call(each, due, at)
    yield from _scale_due(each, visits, at, "Call")


def _maintenance_call(each: CourseNow, due: date, at: datetime) -> Iterator[Row]:
    if due - clinic_day(at) > CALL_BEFORE:
        return
    is_late = due < clinic_day(at)
    words = f"maintenance {'was due' if is_late else 'is due'} {clinic_date(due)}, no visit is booked"
    url = reverse("book", args=[reference_of(each.state.stream)])
    since = datetime(due.year, due.month, due.day, tzinfo=UTC)
    tone, word = ("late", "Overdue") if is_late else ("due", "Due")
    yield _row(each, words, tone, word, min(since, at), "Call and book", url)


def _withdrawn(courses: Iterable[CourseNow], route: str) -> Iterator[Row]:
    """Visits that are still booked although the patient has withdrawn."""
    for each in courses:
        withdrawn = each.state.consent_withdrawn
        for visit in each.visits if withdrawn else ():
            if withdrawn is None or visit.phase != "booked":
                continue
            why = f"consent is withdrawn, and a visit is booked for {clinic_date(visit.place.starts_at)}"
            stream = visit.stream if route == "cancel_visit" else each.patient
            words = "Cancel the visit" if route == "cancel_visit" else "Look at the patient"
            url = reverse(route, args=[reference_of(stream)])
            yield _row(each, why, "medium", "Withdrawn", withdrawn.at, words, url)


# --- the day, and the lead's counts -------------------------------------------------------------------------


def day(visits: Iterable[VisitNow], role: Role, at: datetime) -> list[dict[str, Any]]:
    """Today's visits by time, each with its phase and its next step for those who may do it."""
    found = []
    for visit in visits:
        state = visit.state
        in_the_chair = state.phase in IN_THE_CHAIR
        if state.phase == "cancelled" or not (in_the_chair or _is_today(state.place.starts_at, at)):
            continue
        words, tone = steps.PHASE_TAGS[state.phase]
        step = steps.of_visit(state)
        is_open = may(role, step.action)
        found.append(
            {
                "patient": visit.patient,
                "at": state.place.starts_at,
                "who": visit.name,
                "chair": visit.chair,
                "number": state.booking.payload.number,
                "phase": {"words": words, "tone": tone},
                "responsible": handover_view.responsible_words(state),
                "action": step.words if is_open else "Look at the visit",
                "url": step.address if is_open else reverse("visit", args=[reference_of(state.stream)]),
            }
        )
    return found


def answered_share(courses: Iterable[CourseState], at: datetime) -> tuple[int, int]:
    """Of the last months' infusions whose week is over: how many a complete scale followed, of how many."""
    answered = counted = 0
    for course in courses:
        of = scale_of(course)
        complete = [fact.at for fact in course.assessments_of(of.id) if fact.payload.total is not None]
        for fact in course.infusions:
            given_at = fact.payload.started_at
            if not at - LOOK_BACK <= given_at <= at - SCALE_WITHIN:
                continue
            counted += 1
            answered += any(given_at < when <= given_at + SCALE_WITHIN for when in complete)
    return answered, counted


def _is_today(moment: datetime, at: datetime) -> bool:
    return clinic_day(moment) == clinic_day(at)


def _patient(patient: StreamId) -> str:
    return reverse("patient", args=[reference_of(patient)])


def _step(each: CourseNow, why: str, tone: str, word: str, since: datetime) -> Row:
    """A row whose one action is the course's own next step."""
    step = steps.of_course(each.state, each.visits)
    assert step is not None, "a course that waits has a next step"
    row = _row(each, why, tone, word, since, step.words, step.address)
    return replace(row, note=INDICATIONS[each.state.referral.indication].label)


def _row(
    whose: CourseNow | VisitNow, why: str, tone: str, word: str, since: datetime, action: str, url: str
) -> Row:
    return Row(
        patient=whose.patient,
        who=whose.name,
        why=why,
        tone=tone,
        word=word,
        at=since,
        action=action,
        url=url,
    )
