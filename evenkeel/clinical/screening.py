"""Screening: may this patient be treated with ketamine at all, and until when does the answer stand?"""

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

from evenkeel.clinical.decision import gate
from evenkeel.clinical.medicine_classes import Listed, listed
from evenkeel.clinical.pressure import above_either, at_or_above_either
from evenkeel.clinical.questions import Question, check_of, read_questions
from evenkeel.clinical.rulebook import (
    RULES,
    Basis,
    Clear,
    Finding,
    Fires,
    Limits,
    Rulebook,
    Unknown,
    require_listed,
    rule,
)
from evenkeel.clinical.workup import is_positive
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Checklist, ScreeningOutcome, Tri, Trial
from evenkeel.record.verdict import Verdict
from evenkeel.values.quantities import Days, Years
from evenkeel.values.shape import frozen

Family = Literal["mood", "pain"]
Grade = Literal["guideline_b", "guideline_c", "guideline_d", "trials", "mixed", "small", "unread"]

# What each grade of evidence means, in words. The letters are those of the guideline on chronic pain of ASRA,
# AAPM and ASA (Cohen 2018); no guideline that was read grades the mood indications, so those are a proposal.
GRADES: Final[dict[Grade, str]] = {
    "guideline_b": "Guideline grade B: moderate evidence",
    "guideline_c": "Guideline grade C: weak evidence",
    "guideline_d": "Guideline grade D: weak or no evidence",
    "trials": "Several controlled trials, for a short time",
    "mixed": "Controlled trials that disagree",
    "small": "Small trials only",
    "unread": "No trial was read",
}


@frozen
class Indication:
    """What a course is for: what is known about it, and its US regulatory status on a date.

    `guideline` is the position of guidelines or services; `basis` says how well all of it is founded.
    """

    key: str
    label: str
    family: Family
    grade: Grade
    evidence: str
    guideline: str
    status: str
    status_date: date
    basis: Basis
    cite: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.grade in GRADES, f"{self.key}: no such grade of evidence"
        assert self.cite or self.basis == "proposal", f"{self.key}: only a proposal stands without a source"


@frozen
class ScreeningFacts:
    """What a screening is judged on. `medicines` of None: nobody has taken the medicine list yet."""

    indication: str
    age: int | None
    checklist: Checklist
    medicines: tuple[Medicine, ...] | None
    on: date

    @property
    def answers(self) -> dict[str, Tri]:
        """The answers by question; one that is absent is unknown."""
        return self.checklist.answers


class HasAge(Protocol):
    """Whatever the age rules can be asked about: a screening, or an order."""

    @property
    def age(self) -> int | None:
        """Completed years, or None when not known."""
        ...


@frozen
class ScreeningDate:
    """When the last screening was done, None for never, and the day it is looked at."""

    screened_date: date | None
    on: date


@frozen
class ScreeningAssessment:
    """Every rule's answer, and what they come to."""

    outcome: ScreeningOutcome
    verdicts: tuple[Verdict, ...]


def read_indications(path: Path) -> dict[str, Indication]:
    """Read the `[[indication]]` tables of a file, by key, in their order."""
    tables = tomllib.loads(path.read_text("utf-8"))["indication"]
    found = {table["key"]: Indication(**{**table, "cite": tuple(table["cite"])}) for table in tables}
    assert len(found) == len(tables), "an indication stands twice"
    require_listed("an indication", (key for indication in found.values() for key in indication.cite))
    return found


INDICATIONS: Final = read_indications(RULES / "indications.toml")
QUESTIONS: Final = read_questions("screening")

_BY_KEY: Final = {question.key: question for question in QUESTIONS}
# Rules that look at more than the answer to their question; their functions stand below.
_LOOK_FURTHER: Final = frozenset({"SCR-PRG-001", "SCR-ALC-001"})

for _question in QUESTIONS:
    if _question.rule not in _LOOK_FURTHER:
        rule(_question.rule)(check_of(_question))

# A rule with a limit of this name fires for a time only: it says for how long the patient waits.
WAIT: Final = "wait"
# What became of a trial that counts as failed. One that was not tolerated is no adequate trial. Proposal.
FAILED: Final = ("no_effect", "too_little")

_RULES: Final = (
    "SCR-IND-001",
    "SCR-AGE-001",
    "SCR-AGE-002",
    "SCR-TRL-001",
    "SCR-BP-001",
    "SCR-BP-002",
    "SCR-BP-003",
    "SCR-LAB-001",
    "SCR-LAB-002",
    "SCR-LAB-003",
    "SCR-OSA-001",
    *(question.rule for question in QUESTIONS),
    "SCR-MED-001",
    "SCR-MED-002",
)

_OUTCOMES: Final[dict[str, ScreeningOutcome]] = {
    "open": "fit",
    "needs_prescriber": "needs_prescriber",
    "shut": "not_today",
}


def questions_for(indication: str) -> tuple[Question, ...]:
    """The questions that a patient with this indication is asked, in order."""
    return tuple(question for question in QUESTIONS if question.is_asked_for(indication))


def assess(
    book: Rulebook,
    *,
    indication: str,
    age: int | None,
    checklist: Checklist,
    medicines: tuple[Medicine, ...] | None,
    on: date,
) -> ScreeningAssessment:
    """Ask every screening rule. A hard contraindication is "not today"; the unknown needs a prescriber."""
    facts = ScreeningFacts(indication=indication, age=age, checklist=checklist, medicines=medicines, on=on)
    verdicts = book.consult_all(_RULES, facts, on=on)
    return ScreeningAssessment(outcome=_OUTCOMES[gate(verdicts)], verdicts=verdicts)


def disagreements(
    indication: str, answers: dict[str, Tri], medicines: tuple[Medicine, ...]
) -> dict[str, tuple[Listed, ...]]:
    """The questions that are answered with no although the medicine list names what they ask about.

    In the order in which they are asked, each with the medicines in the order of the list.
    """
    lines = listed(medicines)
    found = {
        question.key: tuple(each for each in lines if question.key in {one.question for one in each.classes})
        for question in questions_for(indication)
        if answers.get(question.key) == "no"
    }
    return {key: named for key, named in found.items() if named}


def only_waits(book: Rulebook, verdicts: tuple[Verdict, ...], on: date) -> bool:
    """Whether nothing but time stands in the way of a screening that came out "not today"."""
    hard = [verdict for verdict in verdicts if verdict.hard]
    return bool(hard) and all(WAIT in book.limits(verdict.rule.rule, on).by_name for verdict in hard)


def waits_until(book: Rulebook, checklist: Checklist, at: datetime, on: date) -> datetime | None:
    """When alcohol or drugs are long enough ago, for a checklist answered `at`; None when not known."""
    if checklist.since_substances is None:
        return None
    wait = book.limits("SCR-ALC-001", on).wait
    return at + timedelta(hours=float(wait.value - checklist.since_substances.value))


def valid_until(book: Rulebook, screened_date: date) -> date:
    """The last day on which a screening still stands."""
    return screened_date + _days_valid(book.limits("SCR-EXP-001", screened_date))


def assess_age_of_screening(book: Rulebook, screened_date: date | None, *, on: date) -> Verdict:
    """Whether the last screening still stands on a day."""
    return book.consult("SCR-EXP-001", ScreeningDate(screened_date=screened_date, on=on), on=on)


def _days_valid(limits: Limits) -> timedelta:
    return timedelta(days=int(limits.days.value))


@rule("SCR-IND-001")
def indication_not_offered(facts: ScreeningFacts, limits: Limits) -> Finding:
    """What this clinic does not list may still be offered, by somebody who knows why."""
    if facts.indication not in INDICATIONS:
        return Unknown(missing=("indication",))
    if facts.indication in limits.offered:
        return Clear()
    return Fires(evidence=(INDICATIONS[facts.indication].label,))


@rule("SCR-AGE-001")
def too_young(facts: HasAge, limits: Limits) -> Finding:
    """The studies began at this age."""
    if facts.age is None:
        return Unknown(missing=("age",))
    age = Years.of(facts.age)
    return Fires(evidence=(f"age {age}",)) if age < limits.youngest else Clear()


@rule("SCR-AGE-002")
def older_than_studied(facts: HasAge, limits: Limits) -> Finding:
    """Nobody is shut out for age alone, but a prescriber looks."""
    if facts.age is None:
        return Unknown(missing=("age",))
    age = Years.of(facts.age)
    return Fires(evidence=(f"age {age}",)) if age > limits.oldest else Clear()


@rule("SCR-TRL-001")
def too_few_failed_trials(facts: ScreeningFacts, limits: Limits) -> Finding:
    """The definition of treatment resistance is of depression; other indications have none to count.

    A trial of which something is not written down may still count, so it leaves the answer open.
    """
    if facts.indication != "depression":
        return Clear()
    trials = facts.checklist.trials
    if not trials and not facts.checklist.no_trials:
        return Unknown(missing=("trials of antidepressants",))
    long_enough = sum(
        not _gaps(trial) and trial.result in FAILED and _lasted(trial, limits.duration) for trial in trials
    )
    if long_enough >= limits.trials:
        return Clear()
    open_ones = [_gaps(trial) for trial in trials if _gaps(trial) and _may_count(trial, limits.duration)]
    if long_enough + len(open_ones) >= limits.trials:
        return Unknown(missing=tuple(words for gaps in open_ones for words in gaps))
    return Fires(evidence=(f"adequate failed trials: {long_enough}",))


def _gaps(trial: Trial) -> tuple[str, ...]:
    """What is not written down of a trial."""
    missing = {
        "dose": not trial.dose,
        "weeks": trial.weeks is None,
        "result": trial.result == "unknown",
    }
    return tuple(f"{word} of {trial.drug}" for word, is_missing in missing.items() if is_missing)


def _lasted(trial: Trial, duration: Days) -> bool:
    return trial.weeks is not None and 7 * trial.weeks >= duration.value


def _may_count(trial: Trial, duration: Days) -> bool:
    """Whether a trial could still be adequate once its gaps are filled."""
    is_too_short = trial.weeks is not None and not _lasted(trial, duration)
    return trial.result in (*FAILED, "unknown") and not is_too_short


@rule("SCR-BP-001")
def resting_pressure_too_high(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Ketamine raises pressure further, so nothing is started from here."""
    return above_either(facts.checklist.systolic, facts.checklist.diastolic, limits)


@rule("SCR-BP-002")
def resting_pressure_for_a_prescriber(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Below the line of the contraindication, but high enough for a named decision."""
    return at_or_above_either(facts.checklist.systolic, facts.checklist.diastolic, limits)


@rule("SCR-BP-003")
def resting_pressure_raised(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Advice only."""
    return above_either(facts.checklist.systolic, facts.checklist.diastolic, limits)


@rule("SCR-PRG-001")
def pregnant(facts: ScreeningFacts, _: Limits) -> Finding:
    """A positive test says it whatever was answered."""
    if is_positive(facts.checklist, "pregnancy_test"):
        return Fires(evidence=("pregnancy test: positive",))
    return _BY_KEY["pregnancy"].finding(facts.answers)


@rule("SCR-ALC-001")
def substances_not_long_ago(facts: ScreeningFacts, limits: Limits) -> Finding:
    """A yes without its hour counts as just now."""
    finding = _BY_KEY["recent_substances"].finding(facts.answers)
    since = facts.checklist.since_substances
    if not isinstance(finding, Fires) or since is None:
        return finding
    return Fires(evidence=(f"{since} ago",)) if since < limits.wait else Clear()


@rule("SCR-MED-001")
def list_and_answers_disagree(facts: ScreeningFacts, _: Limits) -> Finding:
    """A list that nobody has taken says nothing, least of all that nothing is taken."""
    if facts.medicines is None:
        return Unknown(missing=("the medicine list",))
    found = disagreements(facts.indication, facts.answers, facts.medicines)
    evidence = tuple(
        f"on the list: {', '.join(each.medicine.name for each in named)}; {_BY_KEY[key].subject}: no"
        for key, named in found.items()
    )
    return Fires(evidence=evidence) if evidence else Clear()


@rule("SCR-MED-002")
def medicines_not_recognized(facts: ScreeningFacts, _: Limits) -> Finding:
    """No list of names is whole, so what is not on it is said aloud."""
    if facts.medicines is None:
        return Unknown(missing=("the medicine list",))
    strange = tuple(each.medicine.name for each in listed(facts.medicines) if not each.classes)
    return Fires(evidence=strange) if strange else Clear()


@rule("SCR-EXP-001")
def screening_out_of_date(screening: ScreeningDate, limits: Limits) -> Finding:
    """Health and medicines change, so an old screening says little about today."""
    if screening.screened_date is None:
        return Unknown(missing=("a screening",))
    last_day = screening.screened_date + _days_valid(limits)
    if screening.on > last_day:
        return Fires(evidence=(f"screened {screening.screened_date}, stood until {last_day}",))
    return Clear()
