"""Checks that a long course asks for again and again: liver, bladder, thinking, and what others prescribe."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.courses import CourseState
from evenkeel.record.screening import ScreeningRecorded, ScreeningWithTrialsCounted
from evenkeel.record.series import RepeatedCheck
from evenkeel.record.verdict import Verdict
from evenkeel.values.shape import frozen

CHECK_WORDS: Final[Mapping[RepeatedCheck, str]] = {
    "liver": "Liver tests",
    "bladder": "Bladder",
    "cognition": "Memory and thinking",
    "prescription_monitoring": "Prescription monitoring",
}
RULE_OF: Final[Mapping[RepeatedCheck, str]] = {
    "liver": "SER-LFT-001",
    "bladder": "SER-BLD-001",
    "cognition": "SER-COG-001",
    "prescription_monitoring": "SER-PDM-001",
}


@frozen
class CheckFacts:
    """A course, and the day on which its checks are asked about."""

    course: CourseState
    on: date


@frozen
class CheckDue:
    """Until when a check is in date.

    `last_date` is None when it was never done, `due_date` when there is nothing yet to count from.
    """

    what: RepeatedCheck
    last_date: date | None
    due_date: date | None


def assess_checks(book: Rulebook, course: CourseState, *, on: date) -> tuple[Verdict, ...]:
    """Every repeated check of a course on a day."""
    return book.consult_all((*RULE_OF.values(), "SER-ABN-001"), CheckFacts(course=course, on=on), on=on)


def checks_due(book: Rulebook, course: CourseState, *, on: date) -> tuple[CheckDue, ...]:
    """Every kind of check with the last day on which it is still in date, by the limits of a day."""
    found = []
    for what, id_ in RULE_OF.items():
        since = _counted_from(course, what)
        due = since + _age(book.limits(id_, on)) if since else None
        found.append(CheckDue(what=what, last_date=last_done(course, what), due_date=due))
    return tuple(found)


def last_done(course: CourseState, what: RepeatedCheck) -> date | None:
    """When a check was last done; liver tests that were read at a screening count too."""
    dates = []
    if (check := course.last_check(what)) is not None:
        dates.append(check.payload.done_date)
    if what == "liver":
        dates += [
            line.done_date
            for fact in course.every(ScreeningRecorded)
            if (line := fact.payload.checklist.workup.get("liver")) is not None
            and line.result in ("normal", "abnormal")
            and line.done_date is not None
        ]
        # Checklists of the first kind asked only whether the work-up was read.
        dates += [
            fact.at.date()
            for fact in course.every(ScreeningWithTrialsCounted)
            if fact.payload.answers.get("workup_read") == "yes"
        ]
    return max(dates, default=None)


def _counted_from(course: CourseState, what: RepeatedCheck) -> date | None:
    """The last time, or for what the treatment itself calls for the first infusion; None when neither is."""
    done = last_done(course, what)
    if done is not None or what == "liver":
        return done
    return course.infusions[0].payload.started_at.date() if course.infusions else None


def _age(limits: Limits) -> timedelta:
    return timedelta(days=int(limits.age.value))


def _out_of_date(facts: CheckFacts, what: RepeatedCheck, limits: Limits) -> Finding:
    since = _counted_from(facts.course, what)
    if since is None or facts.on - since <= _age(limits):
        return Clear()
    done = last_done(facts.course, what)
    return Fires(evidence=(f"last done {done}" if done else f"not done since the first infusion, {since}",))


@rule("SER-LFT-001")
def liver_tests_old(facts: CheckFacts, limits: Limits) -> Finding:
    """Harm to the liver was seen with repeated courses, and it is silent."""
    if last_done(facts.course, "liver") is None:
        return Unknown(missing=("when liver tests were last read",))
    return _out_of_date(facts, "liver", limits)


@rule("SER-BLD-001")
def bladder_not_gone_through(facts: CheckFacts, limits: Limits) -> Finding:
    """One question at a visit is easily answered with no."""
    return _out_of_date(facts, "bladder", limits)


@rule("SER-COG-001")
def thinking_not_looked_at(facts: CheckFacts, limits: Limits) -> Finding:
    """Nobody notices the slow loss of their own memory."""
    return _out_of_date(facts, "cognition", limits)


@rule("SER-PDM-001")
def prescriptions_not_asked(facts: CheckFacts, limits: Limits) -> Finding:
    """What others prescribe changes what is safe here."""
    return _out_of_date(facts, "prescription_monitoring", limits)


@rule("SER-ABN-001")
def last_check_abnormal(facts: CheckFacts, limits: Limits) -> Finding:
    """Of each kind the last one counts, so a normal one afterwards settles it."""
    checks = [facts.course.last_check(what) for what in RULE_OF]
    odd = [check for check in checks if check and check.payload.finding == "abnormal"]
    if not odd:
        return Clear()
    return Fires(
        evidence=tuple(f"{CHECK_WORDS[each.payload.what]} of {each.payload.done_date}" for each in odd)
    )
