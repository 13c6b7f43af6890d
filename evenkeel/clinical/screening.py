"""Screening: may this patient be treated with ketamine at all, and until when does the answer stand?"""

import tomllib
from datetime import date, timedelta
from typing import Final, Literal, Protocol

from evenkeel.clinical.decision import gate
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
    read_sources,
    rule,
)
from evenkeel.record.screening import ScreeningOutcome, Tri
from evenkeel.record.verdict import Verdict
from evenkeel.values.quantities import Pressure, Years
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
    """What a screening is judged on. An answer that is absent is unknown."""

    indication: str
    age: int | None
    answers: dict[str, Tri]
    failed_trials: int | None
    systolic: Pressure | None
    diastolic: Pressure | None


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


def _read_indications() -> dict[str, Indication]:
    tables = tomllib.loads((RULES / "indications.toml").read_text("utf-8"))["indication"]
    found = {table["key"]: Indication(**{**table, "cite": tuple(table["cite"])}) for table in tables}
    assert len(found) == len(tables), "an indication stands twice"
    cited = {key for indication in found.values() for key in indication.cite}
    assert cited <= read_sources().keys(), "an indication cites a source that sources.toml lacks"
    return found


INDICATIONS: Final = _read_indications()
QUESTIONS: Final = read_questions("screening")

for _question in QUESTIONS:
    rule(_question.rule)(check_of(_question))

_RULES: Final = (
    "SCR-IND-001",
    "SCR-AGE-001",
    "SCR-AGE-002",
    "SCR-TRL-001",
    "SCR-BP-001",
    "SCR-BP-002",
    "SCR-BP-003",
    *(question.rule for question in QUESTIONS),
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
    answers: dict[str, Tri],
    failed_trials: int | None,
    systolic: Pressure | None,
    diastolic: Pressure | None,
    on: date,
) -> ScreeningAssessment:
    """Ask every screening rule. A hard contraindication is "not today"; the unknown needs a prescriber."""
    facts = ScreeningFacts(
        indication=indication,
        age=age,
        answers=answers,
        failed_trials=failed_trials,
        systolic=systolic,
        diastolic=diastolic,
    )
    verdicts = book.consult_all(_RULES, facts, on=on)
    return ScreeningAssessment(outcome=_OUTCOMES[gate(verdicts)], verdicts=verdicts)


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
    """The definition of treatment resistance is of depression; other indications have none to count."""
    if facts.indication != "depression":
        return Clear()
    if facts.failed_trials is None:
        return Unknown(missing=("number of failed trials",))
    if facts.failed_trials < limits.trials:
        return Fires(evidence=(f"failed trials: {facts.failed_trials}",))
    return Clear()


@rule("SCR-BP-001")
def resting_pressure_too_high(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Ketamine raises pressure further, so nothing is started from here."""
    return above_either(facts.systolic, facts.diastolic, limits)


@rule("SCR-BP-002")
def resting_pressure_for_a_prescriber(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Below the line of the contraindication, but high enough for a named decision."""
    return at_or_above_either(facts.systolic, facts.diastolic, limits)


@rule("SCR-BP-003")
def resting_pressure_raised(facts: ScreeningFacts, limits: Limits) -> Finding:
    """Advice only."""
    return above_either(facts.systolic, facts.diastolic, limits)


@rule("SCR-EXP-001")
def screening_out_of_date(screening: ScreeningDate, limits: Limits) -> Finding:
    """Health and medicines change, so an old screening says little about today."""
    if screening.screened_date is None:
        return Unknown(missing=("a screening",))
    last_day = screening.screened_date + _days_valid(limits)
    if screening.on > last_day:
        return Fires(evidence=(f"screened {screening.screened_date}, stood until {last_day}",))
    return Clear()
