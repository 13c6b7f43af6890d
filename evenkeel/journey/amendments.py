"""Putting a wrong entry right: a later entry that names it. The original stays readable, always."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from evenkeel.clinical import infusion as infusion_rules
from evenkeel.clinical.decision import refs
from evenkeel.clinical.scales.scoring import score
from evenkeel.journey.acting import Act, require_plausible_time, touch, use_case
from evenkeel.journey.custody.weld import refuse_other_old_bag, settle_given
from evenkeel.journey.discharge import count_of
from evenkeel.journey.rules import book
from evenkeel.journey.scales import scale_on_record
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft, Payload, RuleRef
from evenkeel.record.infusion import (
    BagReplaced,
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    MarkedInError,
    NoteWritten,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
    SignsCharted,
)
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.record.series import InfusionCounted
from evenkeel.record.state import State, Written
from evenkeel.record.visits import VisitState
from evenkeel.store import log, reading
from evenkeel.values.ids import EntryId, StreamId, kind_of
from evenkeel.values.issues import Issue, UnableTo

# What a person may put right in place. Signed entries (order, discharge, decisions) are never amended: they
# are cancelled or made anew, so that a signature stays bound to what was signed.
AMENDABLE: Final[tuple[type, ...]] = (
    SignsCharted,
    CheckDeferred,
    EventRecorded,
    NoteWritten,
    RescueGiven,
    RescueGivenInWords,
    InfusionStarted,
    RateChanged,
    InfusionPaused,
    InfusionResumed,
    InfusionStopped,
    AssessmentRecorded,
)
# What may be taken back altogether. The start is not among them: drug has run since.
WITHDRAWABLE: Final[tuple[type, ...]] = tuple(cls for cls in AMENDABLE if cls is not InfusionStarted)

_PUMP: Final[tuple[type, ...]] = (
    InfusionStarted,
    RateChanged,
    InfusionPaused,
    InfusionResumed,
    InfusionStopped,
)

# Two words at least, so that the next reader learns why. Proposal.
REASON_LETTERS_MIN: Final = 5


class UnableToAmend(UnableTo):
    """The entry cannot be put right in this way."""


def may_amend(fact: Written[Payload]) -> bool:
    """Whether a person may put this entry right in place."""
    return isinstance(fact.payload, AMENDABLE) and not fact.in_error


def may_withdraw(fact: Written[Payload]) -> bool:
    """Whether a person may mark this entry as made in error."""
    return isinstance(fact.payload, WITHDRAWABLE) and not fact.in_error


@use_case("entry.amend")
def amend_entry(
    act: Act,
    *,
    stream: StreamId,
    entry: EntryId,
    payload: Payload,
    reason: str,
    happened_at: datetime | None = None,
) -> StreamId:
    """Put other values or another time in the place of an entry's; scores and verdicts are worked out again.

    `happened_at` is the corrected clinical time; None keeps the one that stands.
    """
    return _correct(act, stream, entry, payload, reason, happened_at)


@use_case("entry.amend")
def mark_in_error(act: Act, *, stream: StreamId, entry: EntryId, reason: str) -> StreamId:
    """Say that an entry should not have been made; it stays readable and no longer counts."""
    return _correct(act, stream, entry, MarkedInError(entry=entry), reason, None)


def _correct(
    act: Act,
    stream: StreamId,
    entry: EntryId,
    payload: Payload,
    reason: str,
    happened_at: datetime | None,
) -> StreamId:
    course, state = _held(stream)
    fact = state.fact(entry)
    _refuse_unfit(fact, payload, reason)
    assert fact is not None, "a missing entry was refused above"
    at = happened_at or fact.at
    if payload == fact.payload and at == fact.at:
        sentence = "Nothing is different from what stands. Change what was wrong, or leave without saving."
        raise UnableToAmend([Issue(sentence=sentence, code="nothing-changed")])
    require_plausible_time(replace(act, happened_at=at), state)
    payload, rules = _worked_out_again(state, payload, at)
    draft = Draft(payload=payload, happened_at=at, rules=rules, amends=entry, amend_reason=reason.strip())
    after = log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    if isinstance(after, VisitState) and isinstance(fact.payload, _PUMP):
        _refuse_other_order(after)
        refuse_other_old_bag(after)
        _count_again(act, course, after)
        settle_given(act, after, reason=reason.strip())
    return stream


def _held(stream: StreamId) -> tuple[CourseState | None, State]:
    """Hold the stream, and for a visit its course before it, as every use case that writes to both does."""
    if kind_of(stream) == "visit":
        course = log.fold_for_update(CourseState, reading.visit(stream).booking.payload.course)
        touch(course.referral.patient)
        return course, log.fold_for_update(VisitState, stream)
    state = log.fold_for_update(CourseState, stream)
    touch(state.referral.patient)
    return None, state


def _refuse_unfit(fact: Written[Payload] | None, payload: Payload, reason: str) -> None:
    if fact is None or fact.in_error:
        sentence = "This entry is not there any more: somebody has marked it as made in error."
        raise UnableToAmend([Issue(sentence=sentence, code="no-such-entry")])
    allowed = WITHDRAWABLE if isinstance(payload, MarkedInError) else AMENDABLE
    if not isinstance(fact.payload, allowed):
        sentence = (
            "This kind of entry is not amended in place, since somebody signed it or drug has run on it. "
            "Write a note, or make it anew."
        )
        raise UnableToAmend([Issue(sentence=sentence, code="not-amendable")])
    same_kind = isinstance(payload, MarkedInError) or type(payload) is type(fact.payload)
    assert same_kind, "an amendment is of the kind that it amends"
    if len(reason.strip()) < REASON_LETTERS_MIN:
        sentence = f"Reason: write why, in at least {REASON_LETTERS_MIN} letters."
        raise UnableToAmend([Issue(sentence=sentence, code="reason-missing", field="reason")])


def _worked_out_again(state: State, payload: Payload, at: datetime) -> tuple[Payload, tuple[RuleRef, ...]]:
    """What the rules and the scoring make of the corrected values."""
    if isinstance(payload, SignsCharted) and isinstance(state, VisitState):
        issues = infusion_rules.refuse_impossible(payload.signs)
        if payload.signs.is_empty:
            sentence = "Write at least one value, or mark the whole entry as made in error."
            issues = (Issue(sentence=sentence, code="signs-empty"),)
        if issues:
            raise UnableToAmend(issues)
        verdicts = infusion_rules.assess_signs(book(), state, payload.signs, at)
        doubtful = tuple(infusion_rules.implausible(payload.signs))
        return replace(payload, verdicts=verdicts, confirmed=doubtful), refs(verdicts)
    if isinstance(payload, AssessmentRecorded):
        of = scale_on_record(payload.scale)
        if not of.is_scorable:
            sentence = f"{of.short}: the table it is scored by is no longer loaded. Load it, then amend."
            raise UnableToAmend([Issue(sentence=sentence, code="scale-not-ready")])
        scored = score(of, payload.answers)
        # Scored anew, but it was answered in the words that its version names.
        _, plus, wording = payload.scale_version.partition("+")
        again = replace(
            payload,
            scale_version=f"{of.scoring_version}{plus}{wording}",
            total=scored.total,
            band=scored.band,
            risk_items=scored.risk_items,
        )
        return again, ()
    return payload, ()


def _refuse_other_order(state: VisitState) -> None:
    """Keep changes of the pump in the order they were made; a time that swaps two tells another story."""
    kinds = (*_PUMP, BagReplaced)
    pump = [fact for fact in state.facts if isinstance(fact.payload, kinds) and not fact.in_error]
    if any(later.at < earlier.at for earlier, later in pairwise(pump)):
        sentence = "Time: another change of the pump lies between. Amend that one first."
        raise UnableToAmend([Issue(sentence=sentence, code="before-other-change", field="happened_at")])


def _count_again(act: Act, course: CourseState | None, visit: VisitState) -> None:
    """When the visit was already counted, correct what the course keeps of it."""
    assert course is not None, "a visit belongs to a course"
    counted = next(
        (fact for fact in course.every(InfusionCounted) if fact.payload.visit == visit.stream), None
    )
    if counted is None:
        return
    if visit.stopped is None:
        sentence = "The patient has left, so the end of the infusion cannot be taken back. Amend its time."
        raise UnableToAmend([Issue(sentence=sentence, code="already-discharged")])
    payload = count_of(visit)
    if payload == counted.payload:
        return
    draft = Draft(
        payload=payload,
        happened_at=visit.stopped.at,
        amends=counted.id,
        amend_reason="what was given was worked out again after the visit's record was amended",
    )
    log.append(course, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
