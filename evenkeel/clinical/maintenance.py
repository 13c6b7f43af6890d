"""Maintenance: options for the interval, and what must never bring the next infusion forward."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from evenkeel.clinical.outcomes import baseline_of, exact_fall, last_day_of, later_forms, scale_of
from evenkeel.clinical.rulebook import Basis, Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.courses import CourseState
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Days
from evenkeel.values.shape import frozen

# Weekly for four infusions held what six had gained (Phillips 2019). What comes after has no trial behind it:
# how much longer each time, up to where practice ends, are limits of MNT-LEN-001 and MNT-INT-002.
WEEKLY: Final = Days.of(7)


@frozen
class IntervalOption:
    """One interval that could be planned, why, and how well that is founded. A prescriber chooses."""

    interval: Days
    why: str
    basis: Basis
    cite: tuple[str, ...]
    is_next_step: bool


@frozen
class LongTermPlan:
    """A maintenance plan as it is typed. `craving` is what a clinician answered, or unknown."""

    interval: Days
    next_due_date: date
    goals: str
    return_signs: str
    psychotherapy: str
    support_contact: str
    talk_after: Days | None = None
    prescriber_contact: str = ""
    craving: Tri = "unknown"
    ends_date: date | None = None


@frozen
class PlanFacts:
    """A course and the plan that is asked about on a day."""

    course: CourseState
    plan: LongTermPlan
    on: date

    @property
    def interval(self) -> Days:
        """Between one infusion and the next."""
        return self.plan.interval

    @property
    def next_due(self) -> date:
        """When the next infusion would be."""
        return self.plan.next_due_date


_RULES: Final = (
    "SER-CON-001",
    "MNT-RSP-001",
    "MNT-INT-001",
    "MNT-INT-002",
    "MNT-STP-001",
    "MNT-DUE-001",
    "MNT-CRV-001",
    "MNT-FWD-001",
    "MNT-REL-001",
    "MNT-LEN-001",
    "MNT-TPR-001",
    "MNT-GOL-001",
    "MNT-PSY-001",
)


def suggest_interval(
    book: Rulebook, course: CourseState, *, on: date | None = None
) -> tuple[IntervalOption, ...]:
    """Options for the next interval, the usual next step among them. None of them is a decision.

    The first intervals are a week; later ones may lengthen by a step, up to the longest in practice.
    `on` is the day of planning; without it the day of the course's last entry.
    """
    day = on or last_day_of(course)
    longest: Days = book.limits("MNT-INT-002", day).longest
    lengthening = book.limits("MNT-LEN-001", day)
    plan = course.maintenance
    given = _infusions_in_maintenance(course)
    present = plan.payload.interval if plan else WEEKLY
    longer = min(Days(value=present.value + lengthening.step.value), longest)
    step = present if given < lengthening.weekly else longer
    options = {
        WEEKLY: IntervalOption(
            interval=WEEKLY,
            why="Weekly for four infusions held the gain in the one study of it (Phillips 2019).",
            basis="source",
            cite=("phillips-2019",),
            is_next_step=step == WEEKLY,
        )
    }
    for interval, why in (
        (present, "The interval as it is planned now."),
        (longer, f"{lengthening.step} longer, while the scores hold."),
    ):
        if interval not in options:
            options[interval] = IntervalOption(
                interval=interval, why=why, basis="proposal", cite=(), is_next_step=step == interval
            )
    return tuple(options[interval] for interval in sorted(options))


def _infusions_in_maintenance(course: CourseState) -> int:
    """Infusions since the first maintenance plan."""
    plans = course.maintenance_plans
    if not plans:
        return 0
    return sum(1 for fact in course.infusions if fact.payload.started_at > plans[0].at)


def assess_plan(
    book: Rulebook, course: CourseState, plan: LongTermPlan, *, on: date | None = None
) -> tuple[Verdict, ...]:
    """Whether a maintenance plan may be made, on its day or else on the day of the course's last entry."""
    day = on or last_day_of(course)
    return book.consult_all(_RULES, PlanFacts(course=course, plan=plan, on=day), on=day)


def planned_due_date(course: CourseState) -> date | None:
    """When the plan that stands has the next infusion: its own date, or an interval after one given since."""
    plan = course.maintenance
    if plan is None:
        return None
    last = course.infusions[-1].payload.started_at if course.infusions else plan.at
    if last <= plan.at:
        return plan.payload.next_due_date
    return last.date() + _days(plan.payload.interval)


def assess_relapse(book: Rulebook, course: CourseState, *, on: date) -> Verdict:
    """Whether the scores say that the illness comes back."""
    return book.consult("MNT-REL-001", course, on=on)


def taper_dates(first_date: date, interval: Days, step: Days, ends_date: date) -> tuple[date, ...]:
    """The dates of a plan towards the end: each interval a step longer than the last, none after the end.

    `interval` is what lies between the first date and the second.
    """
    assert interval.value > 0, "infusions lie days apart"
    dates, due, gap = [], first_date, _days(interval)
    while due <= ends_date:
        dates.append(due)
        due, gap = due + gap, gap + _days(step)
    return tuple(dates)


def planned_dates(book: Rulebook, course: CourseState) -> tuple[date, ...]:
    """The dates of the plan that stands, where it leads to an end; none where it does not."""
    plan = course.maintenance
    if plan is None or plan.payload.ends_date is None:
        return ()
    step: Days = book.limits("MNT-LEN-001", plan.at.date()).step
    return taper_dates(plan.payload.next_due_date, plan.payload.interval, step, plan.payload.ends_date)


@rule("MNT-RSP-001")
def no_response_judged(facts: PlanFacts, limits: Limits) -> Finding:
    """A partial gain may be worth keeping, by a prescriber's word."""
    judged = facts.course.response
    if judged is None or judged.payload.response == "unknown":
        return Unknown(missing=("response",))
    if judged.payload.response != "response":
        return Fires(evidence=(f"response: {judged.payload.response}",))
    return Clear()


@rule("MNT-INT-001")
def interval_short(facts: PlanFacts, limits: Limits) -> Finding:
    """The shortest interval that was studied for maintenance is still within."""
    return Fires(evidence=(f"{facts.interval}",)) if facts.interval < limits.shortest else Clear()


@rule("MNT-INT-002")
def interval_long(facts: PlanFacts, limits: Limits) -> Finding:
    """The longest interval in practice is still within."""
    return Fires(evidence=(f"{facts.interval}",)) if facts.interval > limits.longest else Clear()


@rule("MNT-STP-001")
def still_needed_often(facts: PlanFacts, limits: Limits) -> Finding:
    """Counts what the plan would bring, and what was given in the last days."""
    infusions = facts.course.infusions
    if not infusions:
        return Unknown(missing=("an infusion",))
    since_first = facts.on - infusions[0].payload.started_at.date()
    if since_first < _days(limits.after):
        return Clear()
    span = _days(limits.span)
    recent = sum(1 for fact in infusions if timedelta(0) <= facts.on - fact.payload.started_at.date() < span)
    # As many intervals as are allowed fill the span at the least; shorter ones would bring more infusions.
    is_planned_often = limits.infusions * facts.interval.value < limits.span.value
    if recent > limits.infusions or is_planned_often:
        return Fires(
            evidence=(f"infusions in the last {limits.span}: {recent}; planned every {facts.interval}",)
        )
    return Clear()


@rule("MNT-DUE-001")
def date_does_not_fit(facts: PlanFacts, limits: Limits) -> Finding:
    """A slip in the date would otherwise stand as the plan."""
    infusions = facts.course.infusions
    if not infusions:
        return Unknown(missing=("an infusion",))
    expected = infusions[-1].payload.started_at.date() + _days(facts.interval)
    if abs(facts.next_due - expected) > _days(limits.slack):
        return Fires(evidence=(f"next {facts.next_due}, by the interval {expected}",))
    return Clear()


@rule("MNT-CRV-001")
def craving(facts: PlanFacts, limits: Limits) -> Finding:
    """Worse scores bring an infusion forward; wanting the drug does not."""
    if facts.plan.craving == "unknown":
        return Unknown(missing=("craving",))
    return Fires(evidence=("craving",)) if facts.plan.craving == "yes" else Clear()


def _worsening(course: CourseState) -> Finding:
    """Clear while the scores hold; fires once a response is lost or the score has risen from its best."""
    of = scale_of(course)
    baseline = baseline_of(course, of.id)
    before = baseline.payload.total if baseline else None
    forms = later_forms(course, of.id, baseline)
    later = [fact.payload.total for fact in forms if fact.payload.total is not None]
    if before is None or not later:
        return Unknown(missing=(f"a baseline and a later {of.short}",))
    best, now = min(later), later[-1]
    words = (f"{of.short}: {plain(before)} at baseline, {plain(best)} at best, now {plain(now)}",)
    if of.worse_from is not None and now - best >= of.worse_from.value:
        return Fires(evidence=words)
    best_fall, fall = exact_fall(before, best), exact_fall(before, now)
    if of.response_fall is None or best_fall is None or fall is None:
        return Unknown(missing=(f"whether {of.short} shows a response",))
    asked = Fraction(of.response_fall.value)
    return Fires(evidence=words) if fall < asked <= best_fall else Clear()


@rule("MNT-FWD-001")
def brought_forward(facts: PlanFacts, limits: Limits) -> Finding:
    """Being asked for it is no measurement; a worse score is."""
    planned = planned_due_date(facts.course)
    if planned is None or planned - facts.next_due <= _days(limits.early):
        return Clear()
    worsening = _worsening(facts.course)
    if isinstance(worsening, Unknown):
        return worsening
    if isinstance(worsening, Fires):
        return Clear()
    return Fires(evidence=(f"planned for {planned}, now {facts.next_due}, and the scores hold",))


@rule("MNT-REL-001")
def illness_comes_back(course: PlanFacts | CourseState, limits: Limits) -> Finding:
    """Asked of a course on any day, and again when a plan is made."""
    return _worsening(course.course if isinstance(course, PlanFacts) else course)


@rule("MNT-LEN-001")
def not_lengthened(facts: PlanFacts, limits: Limits) -> Finding:
    """While the scores do not hold, keeping the interval is right."""
    plan = facts.course.maintenance
    if plan is None or _infusions_in_maintenance(facts.course) < limits.weekly:
        return Clear()
    if facts.interval > plan.payload.interval or isinstance(_worsening(facts.course), Fires):
        return Clear()
    return Fires(evidence=(f"interval: {plan.payload.interval} before, {facts.interval} now",))


@rule("MNT-TPR-001")
def end_does_not_fit(facts: PlanFacts, limits: Limits) -> Finding:
    """Most plans have no end yet, and that is said on the page."""
    ends, before = facts.plan.ends_date, facts.course.maintenance
    if ends is None:
        return Clear()
    if ends < facts.next_due:
        return Fires(evidence=(f"ends {ends}, next infusion {facts.next_due}",))
    if before is not None and facts.interval < before.payload.interval:
        return Fires(evidence=(f"interval: {before.payload.interval} before, {facts.interval} now",))
    return Clear()


@rule("MNT-GOL-001")
def plan_has_gaps(facts: PlanFacts, limits: Limits) -> Finding:
    """A plan that names nobody helps nobody on a bad day."""
    asked = {
        "goals": facts.plan.goals,
        "psychotherapy": facts.plan.psychotherapy,
        "the prescriber to call": facts.plan.prescriber_contact,
        "who stands by": facts.plan.support_contact,
    }
    gaps = [name for name, words in asked.items() if not words.strip()]
    return Fires(evidence=(f"not written down: {', '.join(gaps)}",)) if gaps else Clear()


@rule("MNT-PSY-001")
def talked_through_at_another_time(facts: PlanFacts, limits: Limits) -> Finding:
    """The time is ours; that therapy helps to keep the gain was seen in one small study."""
    after = facts.plan.talk_after
    if after is None:
        return Unknown(missing=("when each infusion is talked through",))
    if limits.first <= after.value <= limits.last:
        return Clear()
    return Fires(evidence=(f"talked through {days_later(after)}",))


def days_later(after: Days) -> str:
    """How long after an infusion, in words."""
    if after.value == 0:
        return "on the day of each infusion"
    return "the day after each infusion" if after.value == 1 else f"{after} after each infusion"


def _days(days: Days) -> timedelta:
    return timedelta(days=float(days.value))
