"""Screening: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from datetime import timedelta
from typing import Any

from evenkeel.clinical.screening import QUESTIONS, ScreeningDate, ScreeningFacts
from evenkeel.record.screening import Tri
from evenkeel.values.quantities import Pressure
from tests.rules.case import DAY, Case

ALWAYS_KNOWN: dict[str, str] = {}


def facts(**changes: Any) -> ScreeningFacts:
    """A screening with nothing against it, and what a case changes."""
    answers: dict[str, Tri] = {question.key: question.safe for question in QUESTIONS}
    plain: dict[str, Any] = {
        "indication": "depression",
        "age": 40,
        "answers": answers,
        "failed_trials": 2,
        "systolic": Pressure.of(120),
        "diastolic": Pressure.of(80),
    }
    return ScreeningFacts(**{**plain, **changes})


def pressure(systolic: int | None, diastolic: int | None) -> ScreeningFacts:
    """A screening with this resting pressure."""
    return facts(
        systolic=None if systolic is None else Pressure.of(systolic),
        diastolic=None if diastolic is None else Pressure.of(diastolic),
    )


def screened(days_ago: int | None) -> ScreeningDate:
    """A screening so many days before the day of the cases."""
    return ScreeningDate(screened_date=None if days_ago is None else DAY - timedelta(days=days_ago), on=DAY)


# The answer that each source or proposal names as the danger; written out, so that a swapped answer shows.
UNSAFE: dict[str, Tri] = {
    "diagnosis_confirmed": "no",
    "mood_stabilizer": "no",
    "workup_read": "no",
    "pressure_rise_hazard": "yes",
    "cardiac_event": "yes",
    "heart_uncontrolled": "yes",
    "intracranial_pressure": "yes",
    "eye_pressure": "yes",
    "psychosis": "yes",
    "mania": "yes",
    "delirium_dementia": "yes",
    "suicidal_thoughts": "yes",
    "substance_misuse": "yes",
    "pregnancy": "yes",
    "breastfeeding": "yes",
    "preeclampsia": "yes",
    "hypersensitivity": "yes",
    "liver_severe": "yes",
    "liver_moderate": "yes",
    "hyperthyroidism": "yes",
    "bladder": "yes",
    "porphyria": "yes",
    "airway": "yes",
    "theophylline": "yes",
    "depressants": "yes",
    "benzodiazepine_high": "yes",
    "naltrexone": "yes",
    "maoi": "yes",
}


def question_cases() -> list[Case]:
    """For every question: the danger, the opposite, "unknown" and no answer at all."""
    cases = []
    for question in QUESTIONS:
        indication = question.indications[0] if question.indications else "depression"
        danger = UNSAFE[question.key]
        opposite: Tri = "yes" if danger == "no" else "no"
        rest = {other.key: other.safe for other in QUESTIONS if other.key != question.key}
        for answer, expected in ((danger, "fires"), (opposite, "clear"), ("unknown", "unknown")):
            answered = facts(indication=indication, answers={**rest, question.key: answer})
            cases.append(Case(question.rule, "other", answered, expected, answer))  # type: ignore[arg-type]
        unanswered = facts(indication=indication, answers=rest)
        cases.append(Case(question.rule, "missing", unanswered, "unknown", "not asked"))
    return cases


CASES = [
    *question_cases(),
    Case("SCR-BIP-001", "other", facts(answers={"mood_stabilizer": "no"}), "clear", "not bipolar"),
    Case("SCR-IND-001", "other", facts(), "clear", "depression"),
    Case("SCR-IND-001", "other", facts(indication="crps"), "clear", "CRPS"),
    Case("SCR-IND-001", "other", facts(indication="ptsd"), "fires", "off until a clinic opts in"),
    Case("SCR-IND-001", "other", facts(indication="other_chronic_pain"), "fires", "grade D"),
    Case("SCR-IND-001", "missing", facts(indication="hair loss"), "unknown", "no such indication"),
    # Fava 2018: 18 to 70 years.
    Case("SCR-AGE-001", "below", facts(age=17), "fires"),
    Case("SCR-AGE-001", "at", facts(age=18), "clear"),
    Case("SCR-AGE-001", "above", facts(age=19), "clear"),
    Case("SCR-AGE-001", "missing", facts(age=None), "unknown"),
    Case("SCR-AGE-002", "below", facts(age=69), "clear"),
    Case("SCR-AGE-002", "at", facts(age=70), "clear"),
    Case("SCR-AGE-002", "above", facts(age=71), "fires"),
    Case("SCR-AGE-002", "missing", facts(age=None), "unknown"),
    # Fava 2018: at least two.
    Case("SCR-TRL-001", "below", facts(failed_trials=1), "fires"),
    Case("SCR-TRL-001", "at", facts(failed_trials=2), "clear"),
    Case("SCR-TRL-001", "above", facts(failed_trials=3), "clear"),
    Case("SCR-TRL-001", "missing", facts(failed_trials=None), "unknown"),
    Case("SCR-TRL-001", "other", facts(indication="crps", failed_trials=None), "clear", "pain"),
    # Swiss SmPC: above 180/100.
    Case("SCR-BP-001", "below", pressure(179, 99), "clear"),
    Case("SCR-BP-001", "at", pressure(180, 100), "clear"),
    Case("SCR-BP-001", "above", pressure(181, 80), "fires", "systolic"),
    Case("SCR-BP-001", "above", pressure(120, 101), "fires", "diastolic"),
    Case("SCR-BP-001", "missing", pressure(None, 80), "unknown", "systolic"),
    Case("SCR-BP-001", "missing", pressure(120, None), "unknown", "diastolic"),
    Case("SCR-BP-001", "missing", pressure(None, 101), "fires", "half a reading is enough to fire"),
    # CTCAE grade 3 begins at 160/100.
    Case("SCR-BP-002", "below", pressure(159, 99), "clear"),
    Case("SCR-BP-002", "at", pressure(160, 80), "fires", "systolic"),
    Case("SCR-BP-002", "at", pressure(120, 100), "fires", "diastolic"),
    Case("SCR-BP-002", "above", pressure(161, 101), "fires"),
    Case("SCR-BP-002", "missing", pressure(None, None), "unknown"),
    # Esketamine label: above 140/90.
    Case("SCR-BP-003", "below", pressure(139, 89), "clear"),
    Case("SCR-BP-003", "at", pressure(140, 90), "clear"),
    Case("SCR-BP-003", "above", pressure(141, 80), "fires", "systolic"),
    Case("SCR-BP-003", "above", pressure(120, 91), "fires", "diastolic"),
    Case("SCR-BP-003", "missing", pressure(120, None), "unknown"),
    Case("SCR-EXP-001", "below", screened(89), "clear"),
    Case("SCR-EXP-001", "at", screened(90), "clear"),
    Case("SCR-EXP-001", "above", screened(91), "fires"),
    Case("SCR-EXP-001", "missing", screened(None), "unknown", "never screened"),
]
