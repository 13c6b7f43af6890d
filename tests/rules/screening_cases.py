"""Screening: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evenkeel.clinical.screening import QUESTIONS, ScreeningDate, ScreeningFacts
from evenkeel.clinical.workup import TESTS
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Checklist, Tri, Trial, WorkupLine, WorkupResult
from evenkeel.record.verdict import Answer
from evenkeel.values.quantities import Height, Hours, Pressure, Weight
from tests.rules.case import DAY, Case

ALWAYS_KNOWN: dict[str, str] = {}


def trial(weeks: int | None = 8, dose: str = "20 mg", result: str = "no_effect") -> Trial:
    """A made-up trial of an antidepressant, adequate unless a case says otherwise."""
    return Trial(drug="escitalopram", dose=dose, weeks=weeks, result=result)  # type: ignore[arg-type]


def line(days_ago: int | None = 1, result: WorkupResult = "normal") -> WorkupLine:
    """A result of so many days ago; None where the day was not written down."""
    return WorkupLine(result=result, done_date=None if days_ago is None else DAY - timedelta(days=days_ago))


PLAIN = Checklist(
    answers={question.key: question.safe for question in QUESTIONS},
    trials=(trial(), trial()),
    workup=dict.fromkeys(TESTS, line()) | {"toxicology": WorkupLine(result="does_not_apply")},
    weight=Weight.of(70),
    height=Height.of(170),
    stop_bang=1,
    since_substances=None,
    systolic=Pressure.of(120),
    diastolic=Pressure.of(80),
)


def facts(
    indication: str = "depression",
    age: int | None = 40,
    medicines: tuple[Medicine, ...] | None = (),
    **changes: Any,
) -> ScreeningFacts:
    """A screening with nothing against it, and what a case changes."""
    checklist = replace(PLAIN, **changes)
    return ScreeningFacts(indication=indication, age=age, checklist=checklist, medicines=medicines, on=DAY)


def pressure(systolic: int | None, diastolic: int | None) -> ScreeningFacts:
    """A screening with this resting pressure."""
    return facts(
        systolic=None if systolic is None else Pressure.of(systolic),
        diastolic=None if diastolic is None else Pressure.of(diastolic),
    )


def after_substances(hours: str | None, answer: Tri = "yes") -> ScreeningFacts:
    """A screening so many hours after alcohol, or with the hours not known."""
    return facts(
        answers={**PLAIN.answers, "recent_substances": answer},
        since_substances=None if hours is None else Hours.of(hours),
    )


def taking(*names: str, **answers: Tri) -> ScreeningFacts:
    """A patient whose medicine list holds these names, and some answers."""
    medicines = tuple(Medicine(name=name, dose="") for name in names)
    return facts(medicines=medicines, answers={**PLAIN.answers, **answers})


def screened(days_ago: int | None) -> ScreeningDate:
    """A screening so many days before the day of the cases."""
    return ScreeningDate(screened_date=None if days_ago is None else DAY - timedelta(days=days_ago), on=DAY)


# The answer that each source or proposal names as the danger; written out, so that a swapped answer shows.
UNSAFE: dict[str, Tri] = {
    "diagnosis_confirmed": "no",
    "mood_stabilizer": "no",
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
    "recent_substances": "yes",
    "stimulants": "yes",
    "lamotrigine": "yes",
    "lithium_antidepressants": "yes",
    "antipsychotics": "yes",
    "cyp_inhibitors": "yes",
    "cyp_inducers": "yes",
}


def question_cases() -> list[Case]:
    """For every question: the danger, the opposite, "unknown" and no answer at all."""
    cases = []
    for question in QUESTIONS:
        indication = question.indications[0] if question.indications else "depression"
        danger = UNSAFE[question.key]
        opposite: Tri = "yes" if danger == "no" else "no"
        rest = {other.key: other.safe for other in QUESTIONS if other.key != question.key}
        answers: tuple[tuple[Tri, Answer, tuple[str, ...]], ...] = (
            (danger, "fires", (f"{question.subject}: {danger}",)),
            (opposite, "clear", ()),
            ("unknown", "unknown", (question.subject,)),
        )
        for answer, expected, says in answers:
            answered = facts(indication=indication, answers={**rest, question.key: answer})
            note = f"{question.subject}: {answer}"
            cases.append(Case(question.rule, "other", answered, expected, note, says=says))
        unanswered = facts(indication=indication, answers=rest)
        note = f"{question.subject}: nobody asked"
        cases.append(Case(question.rule, "missing", unanswered, "unknown", note, says=(question.subject,)))
    return cases


CASES = [
    *question_cases(),
    Case("SCR-BIP-001", "other", facts(answers={"mood_stabilizer": "no"}), "clear", "not bipolar"),
    Case("SCR-IND-001", "other", facts(), "clear", "depression"),
    Case("SCR-IND-001", "other", facts(indication="crps"), "clear", "CRPS"),
    Case(
        "SCR-IND-001",
        "other",
        facts(indication="ptsd"),
        "fires",
        "off until a clinic opts in",
        says=("Post-traumatic stress disorder",),
    ),
    Case("SCR-IND-001", "other", facts(indication="other_chronic_pain"), "fires", "grade D"),
    Case("SCR-IND-001", "other", facts(indication="ocd"), "fires", "no trial was read"),
    Case("SCR-IND-001", "other", facts(indication="fibromyalgia"), "fires", "grade D"),
    Case("SCR-IND-001", "other", facts(indication="spinal_cord_injury_pain"), "fires", "grade C"),
    Case(
        "SCR-IND-001",
        "missing",
        facts(indication="hair loss"),
        "unknown",
        "no such indication",
        says=("indication",),
    ),
    # Fava 2018: 18 to 70 years.
    Case("SCR-AGE-001", "below", facts(age=17), "fires", "17 years", says=("age 17 years",)),
    Case("SCR-AGE-001", "at", facts(age=18), "clear", "18 years"),
    Case("SCR-AGE-001", "above", facts(age=19), "clear", "19 years"),
    Case("SCR-AGE-001", "missing", facts(age=None), "unknown", "age not known", says=("age",)),
    Case("SCR-AGE-002", "below", facts(age=69), "clear", "69 years"),
    Case("SCR-AGE-002", "at", facts(age=70), "clear", "70 years"),
    Case("SCR-AGE-002", "above", facts(age=71), "fires", "71 years", says=("age 71 years",)),
    Case("SCR-AGE-002", "missing", facts(age=None), "unknown", "age not known", says=("age",)),
    # Swiss SmPC: above 180/100.
    Case("SCR-BP-001", "below", pressure(179, 99), "clear", "179/99"),
    Case("SCR-BP-001", "at", pressure(180, 100), "clear", "180/100"),
    Case(
        "SCR-BP-001",
        "above",
        pressure(181, 80),
        "fires",
        "systolic alone",
        says=("systolic pressure 181 mmHg",),
    ),
    Case(
        "SCR-BP-001",
        "above",
        pressure(120, 101),
        "fires",
        "diastolic alone",
        says=("diastolic pressure 101 mmHg",),
    ),
    Case(
        "SCR-BP-001",
        "missing",
        pressure(None, 80),
        "unknown",
        "systolic not measured",
        says=("systolic pressure",),
    ),
    Case(
        "SCR-BP-001",
        "missing",
        pressure(120, None),
        "unknown",
        "diastolic not measured",
        says=("diastolic pressure",),
    ),
    Case(
        "SCR-BP-001",
        "missing",
        pressure(None, 101),
        "fires",
        "half a reading is enough to fire",
        says=("diastolic pressure 101 mmHg",),
    ),
    # CTCAE grade 3 begins at 160/100.
    Case("SCR-BP-002", "below", pressure(159, 99), "clear", "159/99"),
    Case(
        "SCR-BP-002", "at", pressure(160, 80), "fires", "systolic alone", says=("systolic pressure 160 mmHg",)
    ),
    Case(
        "SCR-BP-002",
        "at",
        pressure(120, 100),
        "fires",
        "diastolic alone",
        says=("diastolic pressure 100 mmHg",),
    ),
    Case(
        "SCR-BP-002",
        "above",
        pressure(161, 101),
        "fires",
        "161/101",
        says=("systolic pressure 161 mmHg", "diastolic pressure 101 mmHg"),
    ),
    Case(
        "SCR-BP-002",
        "missing",
        pressure(None, None),
        "unknown",
        "not measured",
        says=("systolic pressure", "diastolic pressure"),
    ),
    # Esketamine label: above 140/90.
    Case("SCR-BP-003", "below", pressure(139, 89), "clear", "139/89"),
    Case("SCR-BP-003", "at", pressure(140, 90), "clear", "140/90"),
    Case(
        "SCR-BP-003",
        "above",
        pressure(141, 80),
        "fires",
        "systolic alone",
        says=("systolic pressure 141 mmHg",),
    ),
    Case(
        "SCR-BP-003",
        "above",
        pressure(120, 91),
        "fires",
        "diastolic alone",
        says=("diastolic pressure 91 mmHg",),
    ),
    Case(
        "SCR-BP-003",
        "missing",
        pressure(120, None),
        "unknown",
        "diastolic not measured",
        says=("diastolic pressure",),
    ),
    Case("SCR-EXP-001", "below", screened(89), "clear", "89 days ago"),
    Case("SCR-EXP-001", "at", screened(90), "clear", "90 days ago"),
    Case(
        "SCR-EXP-001",
        "above",
        screened(91),
        "fires",
        "91 days ago",
        says=("screened 2026-03-02, stood until 2026-05-31",),
    ),
    Case("SCR-EXP-001", "missing", screened(None), "unknown", "never screened", says=("a screening",)),
    # The Ontario clinic: nothing within 48 hours.
    Case("SCR-ALC-001", "below", after_substances("47"), "fires", "alcohol 47 hours ago", says=("47 h ago",)),
    Case("SCR-ALC-001", "at", after_substances("48"), "clear", "alcohol 48 hours ago"),
    Case("SCR-ALC-001", "above", after_substances("49"), "clear", "alcohol 49 hours ago"),
    Case(
        "SCR-ALC-001",
        "other",
        after_substances(None),
        "fires",
        "a yes without its hour counts as just now",
        says=("recent alcohol or drugs: yes",),
    ),
    Case(
        "SCR-ALC-001",
        "missing",
        after_substances("60", "unknown"),
        "unknown",
        "nobody is sure of the answer",
        says=("recent alcohol or drugs",),
    ),
    # The medicine list and the answers.
    Case(
        "SCR-MED-001",
        "other",
        taking("lorazepam", depressants="no"),
        "fires",
        "lorazepam, sedating: no",
        says=("on the list: lorazepam; sedating medicines: no",),
    ),
    Case("SCR-MED-001", "other", taking("lorazepam", depressants="yes"), "clear", "lorazepam, sedating: yes"),
    Case("SCR-MED-001", "other", taking("vitamin D"), "clear", "nothing that is asked about"),
    Case(
        "SCR-MED-001",
        "other",
        taking("Lithium carbonate 300 mg"),
        "fires",
        "found among other words",
        says=("on the list: Lithium carbonate 300 mg; lithium or antidepressant: no",),
    ),
    Case(
        "SCR-MED-001",
        "other",
        taking("carbamazepine", cyp_inducers="yes", mood_stabilizer="no"),
        "clear",
        "the mood stabilizer is asked about in bipolar depression alone",
    ),
    Case(
        "SCR-MED-001",
        "other",
        replace(
            taking("carbamazepine", cyp_inducers="yes", mood_stabilizer="no"), indication="bipolar_depression"
        ),
        "fires",
        "a mood stabilizer on the list, and bipolar depression without one",
        says=("on the list: carbamazepine; mood stabilizer: no",),
    ),
    Case(
        "SCR-MED-001",
        "missing",
        facts(medicines=None),
        "unknown",
        "nobody has taken the medicine list",
        says=("the medicine list",),
    ),
    Case("SCR-MED-002", "other", taking("sertraline"), "clear", "sertraline is recognized"),
    Case(
        "SCR-MED-002",
        "other",
        taking("sertraline", "vitamin D"),
        "fires",
        "vitamin D is not",
        says=("vitamin D",),
    ),
    Case("SCR-MED-002", "other", facts(), "clear", "takes nothing"),
    Case(
        "SCR-MED-002",
        "missing",
        facts(medicines=None),
        "unknown",
        "nobody has taken the medicine list",
        says=("the medicine list",),
    ),
    Case(
        "SCR-MED-001",
        "other",
        taking("lorazepam", "oxycodone"),
        "fires",
        "two medicines, one question",
        says=("on the list: lorazepam, oxycodone; sedating medicines: no",),
    ),
    Case(
        "SCR-MED-001",
        "other",
        taking("oxycodone", "theophylline"),
        "fires",
        "two questions, in the order in which they are asked",
        says=(
            "on the list: theophylline; theophylline: no",
            "on the list: oxycodone; sedating medicines: no",
        ),
    ),
    Case(
        "SCR-MED-001",
        "other",
        taking("oxycodone", depressants="unknown"),
        "clear",
        "an answer that is not known disagrees with nothing",
    ),
    Case(
        "SCR-MED-002",
        "other",
        taking("zinc", "sertraline", "vitamin D"),
        "fires",
        "two that are not recognized",
        says=("zinc", "vitamin D"),
    ),
    Case("SCR-ALC-001", "other", after_substances("1", "no"), "clear", "the answer is no"),
]
