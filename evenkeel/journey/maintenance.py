"""The maintenance plan: the interval, the next date and what would bring it forward."""

from evenkeel.clinical.decision import objections, refs
from evenkeel.clinical.maintenance import LongTermPlan, assess_plan
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.maintenance import MaintenancePlanned
from evenkeel.record.verdict import Override, Verdict
from evenkeel.store import log
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo


class UnableToPlanMaintenance(UnableTo):
    """The maintenance plan could not be made."""


@use_case("maintenance.plan")
def plan_maintenance(
    act: Act, *, course: StreamId, plan: LongTermPlan, overrides: tuple[Override, ...] = ()
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
    if plan.next_due_date <= clinic_day(act.happened_at):
        sentence = "Next date: choose a day after today."
        issues.append(Issue(sentence=sentence, code="date-past", field="next_due_date"))
    if plan.interval.value == 0:
        issues.append(
            Issue(sentence="Interval: write at least one day.", code="interval-zero", field="interval")
        )
    if not issues:
        verdicts = assess_plan(book(), state, plan, on=clinic_day(act.happened_at))
        issues.extend(objections(book(), verdicts, overrides, act.by.role))
    if issues:
        raise UnableToPlanMaintenance(issues)
    payload = MaintenancePlanned(
        interval=plan.interval,
        next_due_date=plan.next_due_date,
        goals=plan.goals,
        return_signs=plan.return_signs,
        psychotherapy=plan.psychotherapy,
        talk_after=plan.talk_after,
        prescriber_contact=plan.prescriber_contact,
        support_contact=plan.support_contact,
        craving=plan.craving,
        ends_date=plan.ends_date,
        verdicts=verdicts,
        overrides=overrides,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course
