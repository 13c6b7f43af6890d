"""Maintenance: options for the interval, and what must never bring the next infusion forward."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from evenkeel.clinical.outcomes import last_day_of
from evenkeel.clinical.rulebook import Basis, Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.courses import CourseState
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.quantities import Days
from evenkeel.values.shape import frozen

# Weekly for four infusions held what six had gained (Phillips 2019). What comes after has no trial behind it:
# a week more each time, up to where practice ends, is our proposal.
WEEKLY: Final = Days.of(7)
WEEKLY_INFUSIONS: Final = 4
STEP: Final = Days.of(7)


@frozen
class IntervalOption:
    """One interval that could be planned, why, and how well that is founded. A prescriber chooses."""

    interval: Days
    why: str
    basis: Basis
    cite: tuple[str, ...]
    is_next_step: bool


@frozen
class PlanFacts:
    """A course and the plan that is asked about. `craving` is what a clinician answered, or unknown."""

    course: CourseState
    interval: Days
    next_due: date
    craving: Tri
    on: date


_RULES: Final = (
    "SER-CON-001",
    "MNT-RSP-001",
    "MNT-INT-001",
    "MNT-INT-002",
    "MNT-STP-001",
    "MNT-DUE-001",
    "MNT-CRV-001",
)


def suggest_interval(
    book: Rulebook, course: CourseState, *, on: date | None = None
) -> tuple[IntervalOption, ...]:
    """Options for the next interval, the usual next step among them. None of them is a decision.

    The first four intervals are a week; later ones may lengthen by a week, up to the longest in practice.
    `on` is the day of planning; without it the day of the course's last entry.
    """
    longest: Days = book.limits("MNT-INT-002", on or last_day_of(course)).longest
    plan = course.maintenance
    given = _infusions_in_maintenance(course)
    present = plan.payload.interval if plan else WEEKLY
    longer = min(Days(value=present.value + STEP.value), longest)
    step = present if given < WEEKLY_INFUSIONS else longer
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
        (longer, "A week longer, while the scores hold."),
    ):
        if interval not in options:
            options[interval] = IntervalOption(
                interval=interval, why=why, basis="proposal", cite=(), is_next_step=step == interval
            )
    return tuple(options[interval] for interval in sorted(options))


def _infusions_in_maintenance(course: CourseState) -> int:
    """Infusions since the first maintenance plan."""
    plans = course.every(MaintenancePlanned)
    if not plans:
        return 0
    return sum(1 for fact in course.infusions if fact.payload.started_at > plans[0].at)


def assess_plan(
    book: Rulebook,
    course: CourseState,
    interval: Days,
    next_due: date,
    *,
    craving: Tri = "unknown",
    on: date | None = None,
) -> tuple[Verdict, ...]:
    """Whether a maintenance plan may be made, on its day or else on the day of the course's last entry."""
    day = on or last_day_of(course)
    facts = PlanFacts(course=course, interval=interval, next_due=next_due, craving=craving, on=day)
    return book.consult_all(_RULES, facts, on=day)


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
    planned = limits.span.value / facts.interval.value if facts.interval.value else Decimal("Infinity")
    if recent > limits.infusions or planned > limits.infusions:
        return Fires(
            evidence=(f"{recent} infusions in the last {limits.span}, planned every {facts.interval}",)
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
    if facts.craving == "unknown":
        return Unknown(missing=("craving",))
    return Fires(evidence=("craving",)) if facts.craving == "yes" else Clear()


def _days(days: Days) -> timedelta:
    return timedelta(days=float(days.value))
