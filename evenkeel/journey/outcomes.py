"""Scales, what is done about an answer that alerts, the reviews of a series, and the verdict on response."""

from typing import Final, Literal

from evenkeel.clinical import outcomes as rules
from evenkeel.clinical import series as series_rules
from evenkeel.clinical.decision import objections, refs
from evenkeel.clinical.scales import scales
from evenkeel.clinical.scales.scoring import score
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.rules import book, clinic_day
from evenkeel.journey.scales import clinic_scale
from evenkeel.record.courses import REVIEW_AFTER, CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.outcomes import AssessmentPoint, AssessmentRecorded, ResponseJudged, RiskAnswered
from evenkeel.record.series import ReviewRecorded
from evenkeel.record.verdict import Override
from evenkeel.store import log
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# Long enough to say what was done about an answer that alerts. Proposal.
ACTION_LETTERS_MIN: Final = 10


class UnableToRecordAssessment(UnableTo):
    """The scale could not be written down as it stands."""


class UnableToAnswerRisk(UnableTo):
    """There is nothing to answer, or no answer was given."""


class UnableToReview(UnableTo):
    """The review could not be held."""


class UnableToJudge(UnableTo):
    """Response could not be judged."""


def _held(act: Act, course: StreamId) -> CourseState:
    state = log.fold_for_update(CourseState, course)
    touch(state.referral.patient)
    require_plausible_time(act, state)
    return state


@use_case("assessment.record")
def record_assessment(
    act: Act,
    *,
    course: StreamId,
    scale_id: str,
    answers: tuple[int | None, ...],
    point: AssessmentPoint,
    infusion_number: int | None,
    entered_for: Literal["patient_interview", "paper_form"],
) -> StreamId:
    """Score a scale and keep it with every answer; one with a gap is kept without a score."""
    state = _held(act, course)
    if scale_id not in scales():
        raise UnableToRecordAssessment(
            [Issue(sentence="Scale: this clinic does not use it.", code="unknown-scale")]
        )
    of = clinic_scale(scale_id, clinic_day(act.recorded_at))
    if not of.is_ready:
        sentence = f"{of.short}: its wording is not loaded here, so it cannot be filled in."
        raise UnableToRecordAssessment([Issue(sentence=sentence, code="scale-not-ready")])
    if all(answer is None for answer in answers):
        sentence = f"{of.short}: answer at least one question, or leave without saving."
        raise UnableToRecordAssessment([Issue(sentence=sentence, code="assessment-empty")])
    scored = score(of, answers)
    payload = AssessmentRecorded(
        scale=of.id,
        scale_version=of.version,
        answers=answers,
        total=scored.total,
        band=scored.band,
        risk_items=scored.risk_items,
        point=point,
        infusion_number=infusion_number,
        entered_for=entered_for,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("risk.answer")
def answer_risk(act: Act, *, course: StreamId, assessment: EntryId, action: str) -> StreamId:
    """Record what a named person did about an answer that alerts."""
    state = _held(act, course)
    waiting = {fact.id for fact in state.open_risks} | {fact.id for fact in state.open_screening_risks}
    if assessment not in waiting:
        sentence = "This answer needs no action any more: somebody has answered it, or it was amended."
        raise UnableToAnswerRisk([Issue(sentence=sentence, code="risk-answered")])
    if len(action.strip()) < ACTION_LETTERS_MIN:
        sentence = f"What was done: write it down, in at least {ACTION_LETTERS_MIN} letters."
        raise UnableToAnswerRisk([Issue(sentence=sentence, code="action-missing", field="action")])
    draft = Draft(payload=RiskAnswered(assessment=assessment, action=action), happened_at=act.happened_at)
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("series.review")
def review_series(
    act: Act,
    *,
    course: StreamId,
    after_infusion: int,
    decision: Literal["continue", "change_dose", "stop"],
    reason: str,
    overrides: tuple[Override, ...] = (),
) -> StreamId:
    """Hold the review after the third or the sixth infusion; going on against a rule needs its reason."""
    state = _held(act, course)
    require_seen(state, act)
    if after_infusion not in REVIEW_AFTER or after_infusion not in state.reviews_due:
        sentence = f"The review after infusion {after_infusion} is not due: it was held, or is still to come."
        raise UnableToReview([Issue(sentence=sentence, code="review-not-due")])
    verdicts = series_rules.assess_review(book(), state, after_infusion, on=clinic_day(act.happened_at))
    issues = list(objections(book(), verdicts, overrides, act.by.role)) if decision != "stop" else []
    if not reason.strip():
        issues.append(Issue(sentence="Reason: write why.", code="reason-missing", field="reason"))
    if issues:
        raise UnableToReview(issues)
    payload = ReviewRecorded(
        after_infusion=after_infusion,
        verdicts=verdicts,
        decision=decision,
        reason=reason,
        overrides=overrides,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


@use_case("response.judge")
def judge_response(act: Act, *, course: StreamId, scale_id: str, note: str) -> StreamId:
    """Write down what the rules make of the curve: response and remission, or that it cannot be said."""
    state = _held(act, course)
    require_seen(state, act)
    if scale_id not in scales():
        raise UnableToJudge([Issue(sentence="Scale: this clinic does not use it.", code="unknown-scale")])
    if not state.infusions:
        sentence = "Response is judged after infusions, and none was given yet."
        raise UnableToJudge([Issue(sentence=sentence, code="no-infusion")])
    found = rules.judge_response(book(), state, scale_id, on=clinic_day(act.happened_at))
    payload = ResponseJudged(
        scale=found.scale,
        baseline=found.baseline,
        latest=found.latest,
        fall_percent=found.fall_percent,
        response=found.response,
        remission=found.remission,
        verdicts=found.verdicts,
        note=note,
    )
    draft = Draft(payload=payload, happened_at=act.happened_at, rules=refs(found.verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course
