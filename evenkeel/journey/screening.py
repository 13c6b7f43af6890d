"""Screening: the checklist as it was answered, and what a prescriber decides on it."""

from typing import Final, Literal

from evenkeel.clinical.decision import REASON_LETTERS_MIN, objections, refs
from evenkeel.clinical.screening import assess, questions_for
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.referral import require_open
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.screening import ScreeningDecided, ScreeningRecorded, Tri
from evenkeel.record.verdict import Override
from evenkeel.store import log, reading
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Pressure

ScreeningDecision = Literal["accept", "postpone", "decline"]

MEANINGS: Final[dict[ScreeningDecision, str]] = {
    "accept": "I have read this screening and accept the patient for ketamine treatment.",
    "postpone": "I have read this screening; treatment is postponed.",
    "decline": "I have read this screening; the patient is not accepted for treatment.",
}


class UnableToScreen(UnableTo):
    """The checklist cannot be saved as it stands."""


class UnableToDecideScreening(UnableTo):
    """The decision cannot be signed as it stands."""


@use_case("screening.record")
def record_screening(
    act: Act,
    *,
    course: StreamId,
    answers: dict[str, Tri],
    failed_trials: int | None,
    systolic: Pressure | None,
    diastolic: Pressure | None,
    note: str,
) -> StreamId:
    """Write the checklist down and say what it comes to; a question without an answer is "unknown"."""
    state = log.fold_for_update(CourseState, course)
    patient = reading.patient(state.referral.patient)
    touch(patient.stream)
    require_open(state)
    require_plausible_time(act, state)
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        sentence = "Diastolic pressure: it must be below the systolic pressure."
        raise UnableToScreen([Issue(sentence=sentence, code="pressure-order", field="diastolic")])
    indication, day = state.referral.indication, clinic_day(act.happened_at)
    asked = {question.key for question in questions_for(indication)}
    assert answers.keys() <= asked, "a checklist holds only questions that are asked"
    complete: dict[str, Tri] = {key: answers.get(key, "unknown") for key in sorted(asked)}
    assessment = assess(
        book(),
        indication=indication,
        age=patient.age_on(day),
        answers=complete,
        failed_trials=failed_trials,
        systolic=systolic,
        diastolic=diastolic,
        on=day,
    )
    recorded = ScreeningRecorded(
        answers=complete,
        failed_trials=failed_trials,
        systolic=systolic,
        diastolic=diastolic,
        note=note.strip(),
        outcome=assessment.outcome,
        verdicts=assessment.verdicts,
    )
    draft = Draft(payload=recorded, happened_at=act.happened_at, rules=refs(assessment.verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("screening.decide")
def decide_screening(
    act: Act,
    *,
    course: StreamId,
    decision: ScreeningDecision,
    reason: str,
    overrides: tuple[Override, ...],
    password: str,
) -> StreamId:
    """Sign a prescriber's decision on the last checklist.

    Accepting needs a reason for every rule that asks for one; nobody accepts against a hard rule. Postponing
    and declining need one reason. Raises UnableToDecideScreening.
    """
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_open(state)
    require_seen(state, act)
    require_plausible_time(act, state)
    if state.screening is None:
        sentence = "There is no screening to decide on. Fill in the checklist first."
        raise UnableToDecideScreening([Issue(sentence=sentence, code="not-screened")])
    verdicts = state.screening.payload.verdicts
    if decision == "accept":
        issues = objections(book(), verdicts, overrides, act.by.role)
    else:
        issues = _reason_issues(reason)
    if issues:
        raise UnableToDecideScreening(issues)
    decided = ScreeningDecided(
        decision=decision,
        reason=reason.strip(),
        overrides=overrides if decision == "accept" else (),
        signature=people.sign(act, password=password, meaning=MEANINGS[decision]),
    )
    draft = Draft(payload=decided, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


def _reason_issues(reason: str) -> tuple[Issue, ...]:
    if len(reason.strip()) >= REASON_LETTERS_MIN:
        return ()
    sentence = f"Reason: write it in at least {REASON_LETTERS_MIN} letters."
    return (Issue(sentence=sentence, code="reason-missing", field="reason"),)
