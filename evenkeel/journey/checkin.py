"""Check-in: the gate before anything is ordered, and what a prescriber decides where it asks for one."""

from typing import Final, Literal

from evenkeel.clinical.checkin import CheckInFacts, assess
from evenkeel.clinical.decision import REASON_LETTERS_MIN, objections, refs
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.checkin import CheckInDecided, CheckInRecorded
from evenkeel.record.entry import Draft
from evenkeel.record.verdict import Override, Verdict
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import log, reading
from evenkeel.store.queries import visits
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.quantities import Weight

CheckInDecision = Literal["go_on", "not_today"]

MEANINGS: Final[dict[CheckInDecision, str]] = {
    "go_on": "I have read this check-in, and the infusion may go on today.",
    "not_today": "I have read this check-in, and there is no infusion today.",
}

# Until something is ordered, the patient may be checked in again: rested, fed later, with an escort found.
BEFORE_THE_ORDER: Final[tuple[VisitPhase, ...]] = (
    "booked",
    "awaiting_prescriber",
    "not_today",
    "checked_in",
)
# Rules about a weight that is probably a slip: it is typed again before it is believed.
WEIGHT_SLIPS: Final = frozenset({"CHK-WGT-002", "CHK-WGT-003"})


class UnableToCheckIn(UnableTo):
    """The check-in cannot be saved as it stands."""


class UnableToDecideCheckIn(UnableTo):
    """The decision cannot be signed as it stands."""


@use_case("checkin.record")
def check_in(
    act: Act, *, visit: StreamId, facts: CheckInFacts, weight_again: Weight | None = None
) -> StreamId:
    """Write the check-in down and say whether the gate is open.

    A weight that is unusual or far off the last one is refused until `weight_again` repeats it. Raises
    UnableToCheckIn.
    """
    state = log.fold_for_update(VisitState, visit)
    booking = state.booking.payload
    touch(booking.patient)
    require_phase(state, BEFORE_THE_ORDER, UnableToCheckIn, "Nobody can be checked in")
    require_plausible_time(act, state)
    course, day = reading.course(booking.course), clinic_day(act.happened_at)
    last = visits.last_weight(booking.patient, apart_from=visit)
    assessment = assess(
        book(),
        facts,
        previous_weight=last.weight if last else None,
        consent_stands=course.consent is not None,
        screened_fit=course.is_screened_fit,
        screened_date=clinic_day(course.screening.at) if course.screening else None,
        on=day,
    )
    issues = [
        *_pressure_issues(facts),
        *_weight_issues(facts.weight, weight_again, assessment.verdicts),
    ]
    if issues:
        raise UnableToCheckIn(issues)
    recorded = CheckInRecorded(
        name_and_birth_date_agree=facts.name_and_birth_date_agree,
        record_number_agrees=facts.record_number_agrees,
        escort=facts.escort,
        hours_since_clear_fluid=facts.hours_since_clear_fluid,
        hours_since_light_meal=facts.hours_since_light_meal,
        weight=facts.weight,
        weight_measured_today=facts.weight_measured_today,
        answers=facts.answers,
        signs=facts.signs,
        verdicts=assessment.verdicts,
        outcome=assessment.outcome,
    )
    draft = Draft(payload=recorded, happened_at=act.happened_at, rules=refs(assessment.verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


@use_case("checkin.decide")
def decide_check_in(
    act: Act,
    *,
    visit: StreamId,
    decision: CheckInDecision,
    reason: str,
    overrides: tuple[Override, ...],
    password: str,
) -> StreamId:
    """Sign a prescriber's decision on the last check-in.

    Going on needs a reason for every rule that asks for one; nobody goes on against a hard rule. Raises
    UnableToDecideCheckIn.
    """
    state = log.fold_for_update(VisitState, visit)
    touch(state.booking.payload.patient)
    require_phase(state, BEFORE_THE_ORDER, UnableToDecideCheckIn, "Nothing is left to decide")
    require_seen(state, act)
    require_plausible_time(act, state)
    recorded = state.check_in
    if recorded is None:
        sentence = "There is no check-in to decide on. Check the patient in first."
        raise UnableToDecideCheckIn([Issue(sentence=sentence, code="not-checked-in")])
    if clinic_day(recorded.at) != clinic_day(act.happened_at):
        sentence = "The check-in is from another day. Check the patient in again today."
        raise UnableToDecideCheckIn([Issue(sentence=sentence, code="check-in-of-another-day")])
    verdicts = recorded.payload.verdicts
    if decision == "go_on":
        issues = objections(book(), verdicts, overrides, act.by.role)
    else:
        issues = _reason_issues(reason)
    if issues:
        raise UnableToDecideCheckIn(issues)
    decided = CheckInDecided(
        decision=decision,
        reason=reason.strip(),
        overrides=overrides if decision == "go_on" else (),
        signature=people.sign(act, password=password, meaning=MEANINGS[decision]),
    )
    draft = Draft(payload=decided, happened_at=act.happened_at, rules=refs(verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return visit


def _reason_issues(reason: str) -> tuple[Issue, ...]:
    if len(reason.strip()) >= REASON_LETTERS_MIN:
        return ()
    sentence = f"Reason: write it in at least {REASON_LETTERS_MIN} letters."
    return (Issue(sentence=sentence, code="reason-missing", field="reason"),)


def _pressure_issues(facts: CheckInFacts) -> tuple[Issue, ...]:
    systolic, diastolic = facts.signs.systolic, facts.signs.diastolic
    if systolic is None or diastolic is None or diastolic < systolic:
        return ()
    sentence = "Diastolic pressure: it must be below the systolic pressure."
    return (Issue(sentence=sentence, code="pressure-order", field="diastolic"),)


def _weight_issues(
    weight: Weight | None, again: Weight | None, verdicts: tuple[Verdict, ...]
) -> tuple[Issue, ...]:
    """Ask again for a weight that is probably a slip; the second reading must be the same."""
    slips = [found for found in verdicts if found.rule.rule in WEIGHT_SLIPS and found.answer == "fires"]
    if weight is None or not slips or weight == again:
        return ()
    evidence = "; ".join(word for slip in slips for word in slip.evidence)
    if again is None:
        sentence = f"Weight: {evidence}. Weigh the patient again and write the weight a second time."
    else:
        sentence = f"Weight again: {again} is not the {weight} above. Weigh the patient once more."
    return (Issue(sentence=sentence, code="weight-again", field="weight_again", rule=slips[0].rule.rule),)
