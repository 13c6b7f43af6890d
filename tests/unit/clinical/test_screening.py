"""What a whole screening comes to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical.decision import objections
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import (
    INDICATIONS,
    QUESTIONS,
    Indication,
    ScreeningAssessment,
    assess,
    assess_age_of_screening,
    disagreements,
    only_waits,
    questions_for,
    read_indications,
    valid_until,
    waits_until,
)
from evenkeel.record.referral import Medicine
from evenkeel.record.screening import Tri, WorkupLine
from evenkeel.record.verdict import Override
from evenkeel.values.quantities import Hours, Pressure
from tests.rules.screening_cases import PLAIN, trial

BOOK = Rulebook.shipped()
ON = date(2026, 6, 1)
SAFE = PLAIN.answers


def screen(
    indication: str = "depression",
    age: int | None = 40,
    medicines: tuple[Medicine, ...] | None = (),
    **changes: Any,
) -> ScreeningAssessment:
    """Screen somebody with nothing against them, but for what a test changes."""
    checklist = replace(PLAIN, **changes)
    return assess(BOOK, indication=indication, age=age, checklist=checklist, medicines=medicines, on=ON)


def test_nothing_against_is_fit() -> None:
    assert screen().outcome == "fit"


def test_no_answers_at_all_need_a_prescriber() -> None:
    assert screen(answers={}).outcome == "needs_prescriber"


@pytest.mark.parametrize("question", questions_for("depression"), ids=lambda question: question.key)
def test_one_question_left_open_is_never_fit(question: Any) -> None:
    assert screen(answers={**SAFE, question.key: "unknown"}).outcome == "needs_prescriber"
    rest = {key: answer for key, answer in SAFE.items() if key != question.key}
    assert screen(answers=rest).outcome == "needs_prescriber"


# Hard in the eligibility table: no reason opens these.
HARD = [
    "pressure_rise_hazard",
    "cardiac_event",
    "heart_uncontrolled",
    "intracranial_pressure",
    "psychosis",
    "mania",
    "delirium_dementia",
    "pregnancy",
    "breastfeeding",
    "preeclampsia",
    "hypersensitivity",
    "liver_severe",
    "hyperthyroidism",
    "theophylline",
    "recent_substances",
]
# A clinician decides.
SOFT = [
    "eye_pressure",
    "suicidal_thoughts",
    "substance_misuse",
    "liver_moderate",
    "bladder",
    "porphyria",
    "airway",
    "depressants",
    "benzodiazepine_high",
    "naltrexone",
]


@pytest.mark.parametrize("key", HARD)
def test_a_hard_contraindication_is_not_today(key: str) -> None:
    assert screen(answers={**SAFE, key: "yes"}).outcome == "not_today"


@pytest.mark.parametrize("key", SOFT)
def test_what_a_clinician_must_weigh_needs_a_prescriber(key: str) -> None:
    assert screen(answers={**SAFE, key: "yes"}).outcome == "needs_prescriber"


# Noted, and nobody is held up by it.
NOTED = [
    "maoi",
    "stimulants",
    "lamotrigine",
    "lithium_antidepressants",
    "antipsychotics",
    "cyp_inhibitors",
    "cyp_inducers",
]


@pytest.mark.parametrize("key", NOTED)
def test_what_is_only_noted_stays_fit(key: str) -> None:
    assert screen(answers={**SAFE, key: "yes"}).outcome == "fit"


def test_every_question_has_one_way_of_handling() -> None:
    asked_yes = {question.key for question in QUESTIONS if question.safe == "no"}
    assert sorted(HARD + SOFT + NOTED) == sorted(asked_yes)


def test_a_diagnosis_that_nobody_confirmed_needs_a_prescriber() -> None:
    assert screen(answers={**SAFE, "diagnosis_confirmed": "no"}).outcome == "needs_prescriber"


def test_only_time_stands_in_the_way_of_somebody_who_drank() -> None:
    """The Ontario clinic: nothing within 48 hours; 20 hours ago leaves 28 to wait."""
    drank: dict[str, Any] = {
        "answers": {**SAFE, "recent_substances": "yes"},
        "since_substances": Hours.of(20),
    }
    assert only_waits(BOOK, screen(**drank).verdicts, ON)
    at = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)
    assert waits_until(BOOK, replace(PLAIN, **drank), at, ON) == datetime(2026, 6, 2, 17, 0, tzinfo=UTC)
    assert waits_until(BOOK, PLAIN, at, ON) is None


def test_time_is_not_all_that_stands_in_the_way_of_a_hard_contraindication() -> None:
    both = {**SAFE, "recent_substances": "yes", "pregnancy": "yes"}
    assert not only_waits(BOOK, screen(answers=both).verdicts, ON)
    assert not only_waits(BOOK, screen().verdicts, ON)


def test_substance_misuse_is_opened_only_by_a_prescriber_who_writes_why() -> None:
    rule = BOOK.rule("SCR-SUD-001")
    assert (rule.severity, rule.override) == ("block", "prescriber")
    verdicts = screen(answers={**SAFE, "substance_misuse": "yes"}).verdicts
    plan = Override(rule="SCR-SUD-001", reason="Addiction clinic sees the patient weekly; plan agreed.")
    assert objections(BOOK, verdicts, (), "prescriber")
    assert objections(BOOK, verdicts, (plan,), "nurse")
    assert not objections(BOOK, verdicts, (plan,), "prescriber")


POSITIVE = WorkupLine(result="abnormal", done_date=date(2026, 5, 30))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"age": 17}, "not_today"),
        ({"age": None}, "needs_prescriber"),
        ({"age": 71}, "needs_prescriber"),
        ({"trials": (trial(),)}, "needs_prescriber"),
        ({"trials": ()}, "needs_prescriber"),
        ({"workup": {}}, "needs_prescriber"),
        ({"workup": PLAIN.workup | {"pregnancy_test": POSITIVE}}, "not_today"),
        ({"stop_bang": 5}, "needs_prescriber"),
        ({"medicines": None}, "needs_prescriber"),
        ({"medicines": (Medicine(name="lorazepam", dose="1 mg"),)}, "needs_prescriber"),
        ({"medicines": (Medicine(name="vitamin D", dose=""),)}, "fit"),
        ({"indication": "ptsd"}, "needs_prescriber"),
        ({"indication": "crps", "trials": ()}, "fit"),
        ({"indication": "bipolar_depression", "trials": ()}, "fit"),
        ({"systolic": Pressure.of(181)}, "not_today"),
        ({"diastolic": Pressure.of(101)}, "not_today"),
        ({"systolic": Pressure.of(160)}, "needs_prescriber"),
        ({"systolic": Pressure.of(141)}, "fit"),
        ({"systolic": None, "diastolic": None}, "needs_prescriber"),
        ({"answers": {**SAFE, "maoi": "yes"}}, "fit"),
    ],
)
def test_outcomes(changes: dict[str, Any], outcome: str) -> None:
    assert screen(**changes).outcome == outcome


def test_every_screening_rule_answers_once() -> None:
    asked = [verdict.rule.rule for verdict in screen().verdicts]
    shipped = {rule.id for rule in BOOK.rules if rule.stage == "screening"}
    assert len(asked) == len(set(asked))
    assert set(asked) == shipped - {"SCR-EXP-001"}


def test_a_question_of_one_indication_is_asked_for_it_alone() -> None:
    assert "mood_stabilizer" in {question.key for question in questions_for("bipolar_depression")}
    assert "mood_stabilizer" not in {question.key for question in questions_for("depression")}


def test_questions_name_indications_that_exist() -> None:
    assert {name for question in QUESTIONS for name in question.indications} <= INDICATIONS.keys()


# The table of indications in the clinical protocol: which pain has which letter of the guideline.
GRADES_OF_PAIN = {
    "crps": "guideline_b",
    "spinal_cord_injury_pain": "guideline_c",
    "neuropathic_pain": "guideline_d",
    "phantom_limb_pain": "guideline_d",
    "postherpetic_neuralgia": "guideline_d",
    "fibromyalgia": "guideline_d",
    "cancer_pain": "guideline_d",
    "ischemic_pain": "guideline_d",
    "headache": "guideline_d",
    "back_pain": "guideline_d",
    "other_chronic_pain": "guideline_d",
}


def test_every_pain_has_the_grade_of_the_guideline() -> None:
    assert {key: each.grade for key, each in INDICATIONS.items() if each.family == "pain"} == GRADES_OF_PAIN


def test_what_nobody_read_is_a_proposal() -> None:
    unread = [each for each in INDICATIONS.values() if each.grade == "unread"]
    assert [each.key for each in unread] == ["ocd"]
    assert {each.basis for each in unread} == {"proposal"}


@pytest.mark.parametrize("indication", INDICATIONS.values(), ids=lambda each: each.key)
def test_every_indication_says_its_status_in_the_us_and_on_which_day(indication: Indication) -> None:
    assert indication.status.startswith("Off-label.")
    assert indication.status_date >= date(2026, 11, 1), "checked again before each release"
    assert indication.evidence.endswith(".")
    assert indication.guideline.endswith(".")


def test_a_screening_stands_to_the_last_day() -> None:
    last_day = valid_until(BOOK, ON)
    assert last_day == date(2026, 8, 30)  # 90 days on, by the calendar
    assert assess_age_of_screening(BOOK, ON, on=last_day).answer == "clear"
    late = assess_age_of_screening(BOOK, ON, on=last_day + timedelta(days=1))
    assert (late.answer, late.severity, late.hard) == ("fires", "block", True)


def test_a_patient_who_was_never_screened_is_blocked() -> None:
    never = assess_age_of_screening(BOOK, None, on=ON)
    assert (never.answer, never.severity, never.hard) == ("unknown", "block", True)


TWO_INDICATIONS = """
[[indication]]
key = "depression"
label = "Depression"
family = "mood"
grade = "trials"
evidence = "Made-up evidence."
guideline = "Made-up guideline."
status = "Off-label."
status_date = 2026-11-22
basis = "source"
cite = ["fava-2018", "anand-2023"]

[[indication]]
key = "ocd"
label = "Obsessive compulsive disorder"
family = "mood"
grade = "unread"
evidence = "Nothing."
guideline = "None."
status = "Off-label."
status_date = 2026-11-22
basis = "proposal"
cite = []
"""


def read(folder: Path, text: str) -> dict[str, Indication]:
    """Read a file of this text."""
    path = folder / "indications.toml"
    path.write_text(text, encoding="utf-8")
    return read_indications(path)


def test_indications_are_read_in_their_order(tmp_path: Path) -> None:
    found = read(tmp_path, TWO_INDICATIONS)
    assert list(found) == ["depression", "ocd"]
    assert found["depression"] == Indication(
        key="depression",
        label="Depression",
        family="mood",
        grade="trials",
        evidence="Made-up evidence.",
        guideline="Made-up guideline.",
        status="Off-label.",
        status_date=date(2026, 11, 22),
        basis="source",
        cite=("fava-2018", "anand-2023"),
    )
    assert (found["ocd"].basis, found["ocd"].cite) == ("proposal", ())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"ocd"', '"depression"', "an indication stands twice"),
        ('"unread"', '"guideline_a"', "ocd: no such grade of evidence"),
        ('"proposal"', '"source"', "ocd: only a proposal stands without a source"),
        ('"anand-2023"', '"nowhere-2020"', "an indication cites what sources.toml lacks: nowhere-2020"),
    ],
)
def test_an_indication_that_is_not_whole_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TWO_INDICATIONS
    with pytest.raises(AssertionError, match=f"^{words}"):
        read(tmp_path, TWO_INDICATIONS.replace(old, new))


def test_what_is_asked_about_names_every_medicine_of_the_list_that_says_otherwise() -> None:
    names = ["lorazepam", "vitamin D", "phenobarbital", "theophylline", "lithium"]
    medicines = tuple(Medicine(name=name, dose="") for name in names)
    answers: dict[str, Tri] = {
        "depressants": "no",
        "cyp_inducers": "no",
        "theophylline": "no",
        "lithium_antidepressants": "unknown",
        "mood_stabilizer": "no",
        "pregnancy": "no",
    }
    found = disagreements("depression", answers, medicines)
    # Phenobarbital both sedates and induces; of a mood stabilizer only bipolar depression is asked.
    assert [(key, [each.medicine.name for each in named]) for key, named in found.items()] == [
        ("theophylline", ["theophylline"]),
        ("depressants", ["lorazepam", "phenobarbital"]),
        ("cyp_inducers", ["phenobarbital"]),
    ]
    bipolar = disagreements("bipolar_depression", answers, medicines)
    assert [each.medicine.name for each in bipolar["mood_stabilizer"]] == ["lithium"]
    assert disagreements("depression", {}, medicines) == {}
