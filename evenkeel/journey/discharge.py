"""Leaving: the criteria, who receives the patient, what they were told. The course counts the infusion."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from evenkeel.clinical import discharge as rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.clinical.scales import scale
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.custody.waste import accounting_issues
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book, clinic_time
from evenkeel.record.courses import CourseState
from evenkeel.record.discharge import AgainstAdvice, CallMade, DischargeSigned
from evenkeel.record.entry import Draft
from evenkeel.record.screening import Tri
from evenkeel.record.series import InfusionCounted
from evenkeel.record.verdict import Override
from evenkeel.record.visits import VisitState
from evenkeel.store import log, reading
from evenkeel.store.queries.people import every
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# Scales of recovery after anesthesia; either one counts (clinical-protocol.md, section 6).
SCORES: Final = ("padss", "aldrete")

SIGNING_MEANS = "I found this patient fit to leave in the care of the person named."
SIGNING_AGAINST_ADVICE_MEANS = (
    "This patient left against advice; I told them and the person named what to watch for."
)


class UnableToDischarge(UnableTo):
    """The patient may not leave yet, or something about leaving is not known."""


class UnableToRecordCall(UnableTo):
    """There was no call to record, or nothing was said of it."""


def is_first_or_raised(visit: VisitState, course: CourseState) -> bool:
    """Whether this is the course's first infusion, or one at a higher dose per weight than the last."""
    if not course.infusions or visit.order is None:
        return True
    return visit.order.payload.plan.per_actual_weight > course.infusions[-1].payload.per_weight


def score_of(visit: VisitState, course: CourseState, at: datetime) -> rules.DischargeScore | None:
    """The last discharge score that was completed between the end of the drug and a moment."""
    if visit.stopped is None:
        return None
    found = [
        rules.DischargeScore(name=scale(id_).short, total=fact.payload.total, at=fact.at)
        for id_ in SCORES
        for fact in course.assessments_of(id_)
        if fact.payload.total is not None and visit.stopped.at <= fact.at <= at
    ]
    return max(found, key=lambda each: each.at, default=None)


def facts_of(
    state: VisitState,
    course: CourseState,
    *,
    criteria: dict[str, Tri],
    received_by: str,
    instructions_given: bool,
    against_advice: bool,
    at: datetime,
    no_driving_before_at: datetime | None = None,
    prescriber_told: str = "",
    call_at: datetime | None = None,
) -> rules.DischargeFacts:
    """What leaving is judged on at a moment. The times that nobody gave are the earliest ones by the rule."""
    told = None
    if state.stopped is not None:
        told = rules.release_of(book(), clinic_time(state.stopped.at))
        if no_driving_before_at is not None:
            told = replace(told, driving_at=clinic_time(no_driving_before_at))
    return rules.DischargeFacts(
        visit=state,
        answers=criteria,
        received_by=received_by,
        instructions_given=instructions_given,
        is_first_or_raised=is_first_or_raised(state, course),
        against_advice=against_advice,
        at=clinic_time(at),
        score=score_of(state, course, at),
        told=told,
        prescriber_told=prescriber_told,
        call_at=call_at,
    )


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
    no_driving_before_at: datetime | None = None,
    prescriber_told: ClinicianId | None = None,
    call_at: datetime | None = None,
) -> StreamId:
    """Sign the discharge, and let the course count the infusion that was given."""
    # Whatever writes to both locks the course first, so that two of them cannot wait for each other.
    course = log.fold_for_update(CourseState, reading.visit(visit).booking.payload.course)
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    _require_over(act, state)
    prescriber = next((person for person in every("prescriber") if person.id == prescriber_told), None)
    facts = facts_of(
        state,
        course,
        criteria=criteria,
        received_by=received_by,
        instructions_given=instructions_given,
        against_advice=against_advice,
        at=act.happened_at,
        no_driving_before_at=no_driving_before_at,
        prescriber_told=prescriber.printed_name if prescriber else "",
        call_at=call_at,
    )
    verdicts = rules.assess(book(), facts)
    issues = [_beside_its_box(issue) for issue in objections(book(), verdicts, overrides, act.by.role)]
    if not against_advice:
        # Whoever walks out is written down at once; what they leave in the bag stays on the drug's worklist.
        issues += accounting_issues(state)
    if issues:
        raise UnableToDischarge(issues)
    assert state.stopped is not None, "a visit in recovery has stopped"
    assert facts.told is not None, "what has stopped has times to wait for"
    seen_to = AgainstAdvice(
        prescriber=prescriber.id if prescriber else None,
        prescriber_name=facts.prescriber_told,
        call_at=call_at,
    )
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
        no_driving_before_at=facts.told.driving_at,
        no_alcohol_before_at=facts.told.alcohol_at,
        seen_to=seen_to if against_advice else None,
    )
    counted = Draft(payload=count_of(state), happened_at=state.stopped.at)
    log.append(course, [counted], by=act.by, key=act.key, recorded_at=act.recorded_at)
    signed = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [signed], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def _require_over(act: Act, state: VisitState) -> None:
    """A patient leaves from recovery, on the present record, and after the drug stopped."""
    require_seen(state, act)
    require_plausible_time(act, state)
    require_phase(state, ("recovery",), UnableToDischarge, "A patient is discharged from recovery")
    assert state.stopped is not None, "a visit in recovery has stopped"
    if act.happened_at < state.stopped.at:
        sentence = "Time: it lies before the end of the infusion."
        raise UnableToDischarge([Issue(sentence=sentence, code="before-end", field="happened_at")])


def _beside_its_box(issue: Issue) -> Issue:
    """A time that is too early stands beside the box in which it was written."""
    return replace(issue, field="no_driving_before") if issue.rule == "DIS-DRV-001" else issue


@use_case("infusion.chart")
def record_call(act: Act, *, visit: StreamId, reached: bool, note: str) -> StreamId:
    """Record a call to a patient who left against advice; whoever was not reached stays on the list."""
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_plausible_time(act, state)
    signed = state.discharge
    if signed is None or signed.payload.seen_to is None:
        sentence = "A call is recorded for a patient who left against advice; this one did not."
        raise UnableToRecordCall([Issue(sentence=sentence, code="wrong-phase")])
    if act.happened_at < signed.at:
        sentence = "Time: it lies before the patient left."
        raise UnableToRecordCall([Issue(sentence=sentence, code="before-leaving", field="happened_at")])
    if not note.strip():
        sentence = "Note: write how the patient is, or how you tried to reach them."
        raise UnableToRecordCall([Issue(sentence=sentence, code="note-missing", field="note")])
    made = Draft(payload=CallMade(reached=reached, note=note.strip()), happened_at=act.happened_at)
    log.append(state, [made], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def count_of(state: VisitState) -> InfusionCounted:
    """What the course keeps: the dose per weight as ordered, by the scale, and what of it was given."""
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
