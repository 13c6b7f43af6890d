"""Screening: the limits as the sources in `clinical/rules/sources.toml` and the proposals state them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evenkeel.clinical.screening import QUESTIONS, ScreeningDate, ScreeningFacts
from evenkeel.clinical.workup import TESTS
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Checklist, Tri, Trial, WorkupLine, WorkupResult
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


def worked_up(**lines: WorkupLine | None) -> ScreeningFacts:
    """A screening with these lines of the work-up; None takes a line out."""
    workup = {key: value for key, value in {**PLAIN.workup, **lines}.items() if value is not None}
    return facts(workup=workup)


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
        for answer, expected in ((danger, "fires"), (opposite, "clear"), ("unknown", "unknown")):
            answered = facts(indication=indication, answers={**rest, question.key: answer})
            note = f"{question.subject}: {answer}"
            cases.append(Case(question.rule, "other", answered, expected, note))  # type: ignore[arg-type]
        unanswered = facts(indication=indication, answers=rest)
        note = f"{question.subject}: nobody asked"
        cases.append(Case(question.rule, "missing", unanswered, "unknown", note))
    return cases


CASES = [
    *question_cases(),
    Case("SCR-BIP-001", "other", facts(answers={"mood_stabilizer": "no"}), "clear", "not bipolar"),
    Case("SCR-IND-001", "other", facts(), "clear", "depression"),
    Case("SCR-IND-001", "other", facts(indication="crps"), "clear", "CRPS"),
    Case("SCR-IND-001", "other", facts(indication="ptsd"), "fires", "off until a clinic opts in"),
    Case("SCR-IND-001", "other", facts(indication="other_chronic_pain"), "fires", "grade D"),
    Case("SCR-IND-001", "other", facts(indication="ocd"), "fires", "no trial was read"),
    Case("SCR-IND-001", "other", facts(indication="fibromyalgia"), "fires", "grade D"),
    Case("SCR-IND-001", "other", facts(indication="spinal_cord_injury_pain"), "fires", "grade C"),
    Case("SCR-IND-001", "missing", facts(indication="hair loss"), "unknown", "no such indication"),
    # Fava 2018: 18 to 70 years.
    Case("SCR-AGE-001", "below", facts(age=17), "fires", "17 years"),
    Case("SCR-AGE-001", "at", facts(age=18), "clear", "18 years"),
    Case("SCR-AGE-001", "above", facts(age=19), "clear", "19 years"),
    Case("SCR-AGE-001", "missing", facts(age=None), "unknown", "age not known"),
    Case("SCR-AGE-002", "below", facts(age=69), "clear", "69 years"),
    Case("SCR-AGE-002", "at", facts(age=70), "clear", "70 years"),
    Case("SCR-AGE-002", "above", facts(age=71), "fires", "71 years"),
    Case("SCR-AGE-002", "missing", facts(age=None), "unknown", "age not known"),
    # Fava 2018: at least two. That a trial lasts six weeks is a proposal.
    Case("SCR-TRL-001", "below", facts(trials=(trial(),)), "fires", "one adequate trial"),
    Case("SCR-TRL-001", "at", facts(), "clear", "two adequate trials"),
    Case("SCR-TRL-001", "above", facts(trials=(trial(), trial(), trial())), "clear", "three"),
    Case("SCR-TRL-001", "below", facts(trials=(trial(), trial(weeks=5))), "fires", "one lasted 5 weeks"),
    Case("SCR-TRL-001", "at", facts(trials=(trial(), trial(weeks=6))), "clear", "one lasted 6 weeks"),
    Case("SCR-TRL-001", "above", facts(trials=(trial(), trial(weeks=7))), "clear", "one lasted 7 weeks"),
    Case("SCR-TRL-001", "missing", facts(trials=()), "unknown", "nobody wrote any trial down"),
    Case("SCR-TRL-001", "other", facts(trials=(), no_trials=True), "fires", "asked: nothing was tried"),
    Case(
        "SCR-TRL-001", "missing", facts(trials=(trial(), trial(dose=""))), "unknown", "one without its dose"
    ),
    Case(
        "SCR-TRL-001", "missing", facts(trials=(trial(), trial(weeks=None))), "unknown", "one without weeks"
    ),
    Case(
        "SCR-TRL-001",
        "missing",
        facts(trials=(trial(), trial(result="unknown"))),
        "unknown",
        "one whose result nobody knows",
    ),
    Case(
        "SCR-TRL-001",
        "other",
        facts(trials=(trial(), trial(weeks=2, dose=""))),
        "fires",
        "one without its dose, and too short all the same",
    ),
    Case(
        "SCR-TRL-001",
        "other",
        facts(trials=(trial(), trial(result="not_tolerated"))),
        "fires",
        "one was not tolerated",
    ),
    Case("SCR-TRL-001", "other", facts(trials=(trial(), trial(result="helped"))), "fires", "one helped"),
    Case(
        "SCR-TRL-001",
        "other",
        facts(trials=(trial(), trial(result="too_little"))),
        "clear",
        "one did too little",
    ),
    Case("SCR-TRL-001", "other", facts(indication="crps", trials=()), "clear", "pain has none to count"),
    # Swiss SmPC: above 180/100.
    Case("SCR-BP-001", "below", pressure(179, 99), "clear", "179/99"),
    Case("SCR-BP-001", "at", pressure(180, 100), "clear", "180/100"),
    Case("SCR-BP-001", "above", pressure(181, 80), "fires", "systolic alone"),
    Case("SCR-BP-001", "above", pressure(120, 101), "fires", "diastolic alone"),
    Case("SCR-BP-001", "missing", pressure(None, 80), "unknown", "systolic not measured"),
    Case("SCR-BP-001", "missing", pressure(120, None), "unknown", "diastolic not measured"),
    Case("SCR-BP-001", "missing", pressure(None, 101), "fires", "half a reading is enough to fire"),
    # CTCAE grade 3 begins at 160/100.
    Case("SCR-BP-002", "below", pressure(159, 99), "clear", "159/99"),
    Case("SCR-BP-002", "at", pressure(160, 80), "fires", "systolic alone"),
    Case("SCR-BP-002", "at", pressure(120, 100), "fires", "diastolic alone"),
    Case("SCR-BP-002", "above", pressure(161, 101), "fires", "161/101"),
    Case("SCR-BP-002", "missing", pressure(None, None), "unknown", "not measured"),
    # Esketamine label: above 140/90.
    Case("SCR-BP-003", "below", pressure(139, 89), "clear", "139/89"),
    Case("SCR-BP-003", "at", pressure(140, 90), "clear", "140/90"),
    Case("SCR-BP-003", "above", pressure(141, 80), "fires", "systolic alone"),
    Case("SCR-BP-003", "above", pressure(120, 91), "fires", "diastolic alone"),
    Case("SCR-BP-003", "missing", pressure(120, None), "unknown", "diastolic not measured"),
    Case("SCR-EXP-001", "below", screened(89), "clear", "89 days ago"),
    Case("SCR-EXP-001", "at", screened(90), "clear", "90 days ago"),
    Case("SCR-EXP-001", "above", screened(91), "fires", "91 days ago"),
    Case("SCR-EXP-001", "missing", screened(None), "unknown", "never screened"),
    # The work-up of the British Columbia draft, with ALP and GGT of the label; toxicology where suspected.
    Case("SCR-LAB-001", "other", facts(), "clear", "everything read and dated"),
    Case("SCR-LAB-001", "other", worked_up(ecg=line(result="not_done")), "fires", "the ECG is not done"),
    Case("SCR-LAB-001", "other", worked_up(alp_ggt=line(result="abnormal")), "clear", "abnormal, but read"),
    Case("SCR-LAB-001", "other", worked_up(toxicology=None), "clear", "toxicology was not suspected"),
    Case("SCR-LAB-001", "missing", worked_up(kidney=None), "unknown", "kidney tests not written down"),
    Case("SCR-LAB-001", "missing", worked_up(liver=line(None)), "unknown", "liver tests without a day"),
    Case(
        "SCR-LAB-001",
        "missing",
        worked_up(pregnancy_test=None),
        "unknown",
        "no pregnancy test, and no word why",
    ),
    Case("SCR-LAB-001", "missing", facts(weight=None), "unknown", "weight not measured"),
    Case("SCR-LAB-001", "missing", facts(height=None), "unknown", "height not measured"),
    Case("SCR-LAB-001", "missing", facts(stop_bang=None), "unknown", "STOP-Bang not asked"),
    # How old a result may be is a proposal: 180, 90, 7 and 180 days.
    Case("SCR-LAB-002", "below", worked_up(ecg=line(179)), "clear", "ECG of 179 days ago"),
    Case("SCR-LAB-002", "at", worked_up(ecg=line(180)), "clear", "ECG of 180 days ago"),
    Case("SCR-LAB-002", "above", worked_up(ecg=line(181)), "fires", "ECG of 181 days ago"),
    Case("SCR-LAB-002", "below", worked_up(liver=line(89)), "clear", "liver tests of 89 days ago"),
    Case("SCR-LAB-002", "at", worked_up(liver=line(90)), "clear", "liver tests of 90 days ago"),
    Case("SCR-LAB-002", "above", worked_up(liver=line(91)), "fires", "liver tests of 91 days ago"),
    Case("SCR-LAB-002", "below", worked_up(pregnancy_test=line(6)), "clear", "pregnancy test of 6 days ago"),
    Case("SCR-LAB-002", "at", worked_up(pregnancy_test=line(7)), "clear", "pregnancy test of 7 days ago"),
    Case("SCR-LAB-002", "above", worked_up(pregnancy_test=line(8)), "fires", "pregnancy test of 8 days ago"),
    Case("SCR-LAB-002", "below", worked_up(airway=line(179)), "clear", "airway looked at 179 days ago"),
    Case("SCR-LAB-002", "at", worked_up(airway=line(180)), "clear", "airway looked at 180 days ago"),
    Case("SCR-LAB-002", "above", worked_up(airway=line(181)), "fires", "airway looked at 181 days ago"),
    Case("SCR-LAB-002", "missing", worked_up(kidney=line(None)), "unknown", "kidney tests without a day"),
    Case("SCR-LAB-002", "missing", facts(workup={}), "unknown", "nothing read"),
    Case(
        "SCR-LAB-002",
        "other",
        worked_up(kidney=line(None), ecg=line(200)),
        "fires",
        "one without a day, another too old",
    ),
    Case("SCR-LAB-003", "other", facts(), "clear", "everything normal"),
    Case("SCR-LAB-003", "other", worked_up(liver=line(result="abnormal")), "fires", "liver tests abnormal"),
    Case(
        "SCR-LAB-003", "other", worked_up(toxicology=line(result="abnormal")), "fires", "toxicology positive"
    ),
    Case("SCR-LAB-003", "missing", facts(workup={}), "unknown", "nothing read"),
    # The questionnaire: 5 to 8 is high risk.
    Case("SCR-OSA-001", "below", facts(stop_bang=4), "clear", "4 points"),
    Case("SCR-OSA-001", "at", facts(stop_bang=5), "fires", "5 points"),
    Case("SCR-OSA-001", "above", facts(stop_bang=6), "fires", "6 points"),
    Case("SCR-OSA-001", "missing", facts(stop_bang=None), "unknown", "not asked"),
    Case(
        "SCR-PRG-001",
        "other",
        worked_up(pregnancy_test=line(result="abnormal")),
        "fires",
        "answered with no, and the test is positive",
    ),
    # The Ontario clinic: nothing within 48 hours.
    Case("SCR-ALC-001", "below", after_substances("47"), "fires", "alcohol 47 hours ago"),
    Case("SCR-ALC-001", "at", after_substances("48"), "clear", "alcohol 48 hours ago"),
    Case("SCR-ALC-001", "above", after_substances("49"), "clear", "alcohol 49 hours ago"),
    Case(
        "SCR-ALC-001", "other", after_substances(None), "fires", "a yes without its hour counts as just now"
    ),
    Case(
        "SCR-ALC-001", "missing", after_substances("60", "unknown"), "unknown", "nobody is sure of the answer"
    ),
    # The medicine list and the answers.
    Case("SCR-MED-001", "other", taking("lorazepam", depressants="no"), "fires", "lorazepam, sedating: no"),
    Case("SCR-MED-001", "other", taking("lorazepam", depressants="yes"), "clear", "lorazepam, sedating: yes"),
    Case("SCR-MED-001", "other", taking("vitamin D"), "clear", "nothing that is asked about"),
    Case("SCR-MED-001", "other", taking("Lithium carbonate 300 mg"), "fires", "found among other words"),
    Case(
        "SCR-MED-001",
        "other",
        taking("carbamazepine", cyp_inducers="yes"),
        "clear",
        "the mood stabilizer is asked about in bipolar depression alone",
    ),
    Case("SCR-MED-001", "missing", facts(medicines=None), "unknown", "nobody has taken the medicine list"),
    Case("SCR-MED-002", "other", taking("sertraline"), "clear", "sertraline is recognized"),
    Case("SCR-MED-002", "other", taking("sertraline", "vitamin D"), "fires", "vitamin D is not"),
    Case("SCR-MED-002", "other", facts(), "clear", "takes nothing"),
    Case("SCR-MED-002", "missing", facts(medicines=None), "unknown", "nobody has taken the medicine list"),
]
