"""The maintenance plan: the interval, the next date and what would bring it forward."""

from datetime import date

from evenkeel.clinical import maintenance as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Verdict
from evenkeel.store import log
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Days


class UnableToPlanMaintenance(UnableTo):
    """The maintenance plan could not be made."""


@use_case("maintenance.plan")
def plan_maintenance(
    act: Act,
    *,
    course: StreamId,
    interval: Days,
    next_due_date: date,
    goals: str,
    return_signs: str,
    psychotherapy: str,
    support_contact: str,
    craving: Tri = "unknown",
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Make the plan, or replace the one that stands; every earlier plan stays readable."""
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_plausible_time(act, state)
    require_seen(state, act)
    issues: list[Issue] = []
    verdicts: tuple[Verdict, ...] = ()
    if not state.infusions:
        sentence = "Maintenance follows a series, and no infusion was given yet."
        issues.append(Issue(sentence=sentence, code="no-infusion"))
    if next_due_date <= clinic_day(act.happened_at):
        sentence = "Next date: choose a day after today."
        issues.append(Issue(sentence=sentence, code="date-past", field="next_due_date"))
    if interval.value == 0:
        issues.append(
            Issue(sentence="Interval: write at least one day.", code="interval-zero", field="interval")
        )
    if not issues:
        verdicts = rules.assess_plan(
            book(), state, interval, next_due_date, craving=craving, on=clinic_day(act.happened_at)
        )
        issues.extend(objections(book(), verdicts, overrides, act.by.role))
    if issues:
        raise UnableToPlanMaintenance(issues)
    payload = MaintenancePlanned(
        interval=interval,
        next_due_date=next_due_date,
        goals=goals,
        return_signs=return_signs,
        psychotherapy=psychotherapy,
        support_contact=support_contact,
        craving=craving,
        verdicts=verdicts,
        overrides=overrides,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course
