"""Leaving: the criteria, who receives the patient, what they were told. The course counts the infusion."""

from evenkeel.clinical import discharge as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody.waste import accounting_issues
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book
from evenkeel.record.courses import CourseState
from evenkeel.record.discharge import DischargeSigned
from evenkeel.record.entry import Draft
from evenkeel.record.screening import Tri
from evenkeel.record.series import InfusionCounted
from evenkeel.record.verdict import Override
from evenkeel.record.visits import VisitState
from evenkeel.store import log, reading
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

SIGNING_MEANS = "I found this patient fit to leave in the care of the person named."
SIGNING_AGAINST_ADVICE_MEANS = (
    "This patient left against advice; I told them and the person named what to watch for."
)


class UnableToDischarge(UnableTo):
    """The patient may not leave yet, or something about leaving is not known."""


def is_first_or_raised(visit: VisitState, course: CourseState) -> bool:
    """Whether this is the course's first infusion, or one at a higher dose per weight than the last."""
    if not course.infusions or visit.order is None:
        return True
    return visit.order.payload.plan.per_actual_weight > course.infusions[-1].payload.per_weight


@use_case("discharge.sign")
def discharge(
    act: Act,
    *,
    visit: StreamId,
    criteria: dict[str, Tri],
    received_by: str,
    received_by_phone: str,
    instructions_given: bool,
    against_advice: bool,
    note: str,
    overrides: tuple[Override, ...],
    password: str,
) -> StreamId:
    """Sign the discharge, and let the course count the infusion that was given."""
    # Whatever writes to both locks the course first, so that two of them cannot wait for each other.
    course_stream = reading.visit(visit).booking.payload.course
    course = log.fold_for_update(CourseState, course_stream)
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_seen(state, act)
    require_plausible_time(act, state)
    require_phase(state, ("recovery",), UnableToDischarge, "A patient is discharged from recovery")
    assert state.stopped is not None, "a visit in recovery has stopped"
    if act.happened_at < state.stopped.at:
        sentence = "Time: it lies before the end of the infusion."
        raise UnableToDischarge([Issue(sentence=sentence, code="before-end", field="happened_at")])
    verdicts = rules.assess(
        book(),
        state,
        criteria=criteria,
        received_by=received_by,
        instructions_given=instructions_given,
        is_first_or_raised=is_first_or_raised(state, course),
        against_advice=against_advice,
        at=act.happened_at,
    )
    issues = list(objections(book(), verdicts, overrides, act.by.role))
    if not against_advice:
        # Whoever walks out is written down at once; what they leave in the bag stays on the drug's worklist.
        issues += accounting_issues(state)
    if issues:
        raise UnableToDischarge(issues)
    meaning = SIGNING_AGAINST_ADVICE_MEANS if against_advice else SIGNING_MEANS
    payload = DischargeSigned(
        criteria=criteria,
        received_by=received_by.strip(),
        received_by_phone=received_by_phone.strip(),
        instructions_version=rules.INSTRUCTIONS.version,
        instructions_given=instructions_given,
        against_advice=against_advice,
        note=note,
        verdicts=verdicts,
        overrides=overrides,
        signature=people.sign(act, password=password, meaning=meaning),
    )
    counted = Draft(payload=count_of(state), happened_at=state.stopped.at)
    log.append(course, [counted], by=act.by, key=act.key, recorded_at=act.recorded_at)
    signed = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [signed], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def count_of(state: VisitState) -> InfusionCounted:
    """What the course keeps. The dose per weight is the ordered one, by the scale; `given` says what of it was given."""
    assert state.started is not None, "a visit in recovery has started"
    assert state.stopped is not None, "a visit in recovery has stopped"
    assert state.order is not None, "what was started was ordered"
    return InfusionCounted(
        visit=state.stream,
        number=state.booking.payload.number,
        started_at=state.started.at,
        given=state.given(state.stopped.at),
        per_weight=state.order.payload.plan.per_actual_weight,
        stopped_early=state.stopped.payload.reason != "completed",
    )
