"""Screening: the checklist as it was answered, and what a prescriber decides on it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final, Literal

from evenkeel.clinical.decision import REASON_LETTERS_MIN, objections, refs
from evenkeel.clinical.screening import assess, disagreements, questions_for
from evenkeel.clinical.workup import STOP_BANG_MAX, TESTS
from evenkeel.journey import people
from evenkeel.journey.acting import Act, require_plausible_time, require_seen, touch, use_case
from evenkeel.journey.referral import require_open
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.entry import Draft
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Checklist, ScreeningDecided, ScreeningRecorded
from evenkeel.record.verdict import Override
from evenkeel.store import log, reading
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

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
    checklist: Checklist,
    note: str,
    list_confirmed: bool = False,
) -> StreamId:
    """Write the checklist down and say what it comes to; a question without an answer is "unknown".

    A "no" to what the medicine list names is asked again: `list_confirmed` says that somebody did, and it
    goes to a prescriber all the same. Raises UnableToScreen.
    """
    state = log.fold_for_update(CourseState, course)
    patient = reading.patient(state.referral.patient)
    touch(patient.stream)
    require_open(state)
    require_plausible_time(act, state)
    indication, day = state.referral.indication, clinic_day(act.happened_at)
    asked = {question.key for question in questions_for(indication)}
    assert checklist.answers.keys() <= asked, "a checklist holds only questions that are asked"
    assert checklist.workup.keys() <= TESTS.keys(), "a checklist holds only tests that are asked for"
    medicines = patient.medicines.medicines if patient.medicines else None
    issues = [*_number_issues(checklist), *_day_issues(checklist, day), *_trial_issues(checklist)]
    if not list_confirmed:
        issues += _list_issues(indication, checklist, medicines or ())
    if issues:
        raise UnableToScreen(issues)
    complete = replace(
        checklist, answers={key: checklist.answers.get(key, "unknown") for key in sorted(asked)}
    )
    assessment = assess(
        book(),
        indication=indication,
        age=patient.age_on(day),
        checklist=complete,
        medicines=medicines,
        on=day,
    )
    recorded = ScreeningRecorded(
        checklist=complete,
        note=note.strip(),
        outcome=assessment.outcome,
        verdicts=assessment.verdicts,
    )
    draft = Draft(payload=recorded, happened_at=act.happened_at, rules=refs(assessment.verdicts))
    log.append(state, [draft], by=act.by, key=act.key, recorded_at=act.recorded_at)
    return course


def _number_issues(checklist: Checklist) -> list[Issue]:
    found = []
    systolic, diastolic = checklist.systolic, checklist.diastolic
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        sentence = "Diastolic pressure: it must be below the systolic pressure."
        found.append(Issue(sentence=sentence, code="pressure-order", field="diastolic"))
    points = checklist.stop_bang
    if points is not None and not 0 <= points <= STOP_BANG_MAX:
        sentence = f"STOP-Bang points: a whole number from 0 to {STOP_BANG_MAX}."
        found.append(Issue(sentence=sentence, code="stop-bang-range", field="stop_bang"))
    if checklist.since_substances is not None and checklist.answers.get("recent_substances") != "yes":
        sentence = "Hours since alcohol or drugs: they belong to a yes, and the question has another answer."
        found.append(Issue(sentence=sentence, code="hours-without-yes", field="since_substances"))
    return found


def _day_issues(checklist: Checklist, day: date) -> list[Issue]:
    return [
        Issue(
            sentence=f"{TESTS[key].label}: {line.done_date:%d %b %Y} is still to come.",
            code="workup-in-future",
            field=f"workup_date_{key}",
        )
        for key, line in checklist.workup.items()
        if line.done_date is not None and line.done_date > day
    ]


def _trial_issues(checklist: Checklist) -> list[Issue]:
    if checklist.trials and checklist.no_trials:
        sentence = "Nothing was tried: untick it, or empty the lines above it."
        return [Issue(sentence=sentence, code="trials-and-none", field="no_trials")]
    if any(not trial.drug.strip() for trial in checklist.trials):
        return [Issue(sentence="Treatment tried: write its name.", code="trial-without-name")]
    return []


def _list_issues(indication: str, checklist: Checklist, medicines: tuple[Medicine, ...]) -> Iterator[Issue]:
    questions = {question.key: question for question in questions_for(indication)}
    for key, named in disagreements(indication, checklist.answers, medicines).items():
        names = " and ".join(
            f"{each.medicine.name} ({', '.join(of.label for of in each.classes if of.question == key)})"
            for each in named
        )
        sentence = (
            f"The medicine list names {names}, and “{questions[key].subject}” is answered with no. "
            "Answer yes, or tick below that you asked again."
        )
        yield Issue(sentence=sentence, code="list-disagrees", field=f"answer_{key}")


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
