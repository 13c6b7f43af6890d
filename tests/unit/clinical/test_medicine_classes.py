"""The classes of medicines: every row of the table of interactions, and how names are recognized."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.medicine_classes import (
    CLASSES,
    Listed,
    MedicineClass,
    classes_of,
    listed,
    read_classes,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.clinical.screening import QUESTIONS
from evenkeel.record.referral import Medicine

BOOK = Rulebook.shipped()
RULE_OF = {question.key: question.rule for question in QUESTIONS}

# The table of interactions: class, rule, and how grave a yes is (block, alert for a prescriber, note).
TABLE = [
    ("theophylline", "SCR-INT-001", "block"),
    ("opioid", "SCR-INT-002", "confirm"),
    ("benzodiazepine", "SCR-INT-002", "confirm"),
    ("depressant", "SCR-INT-002", "confirm"),
    ("lamotrigine", "SCR-INT-007", "advise"),
    ("lithium", "SCR-INT-008", "advise"),
    ("antidepressant", "SCR-INT-008", "advise"),
    ("maoi", "SCR-INT-005", "advise"),
    ("stimulant", "SCR-INT-006", "advise"),
    ("sympathomimetic", "SCR-INT-006", "advise"),
    ("antipsychotic", "SCR-INT-009", "advise"),
    ("naltrexone", "SCR-INT-004", "confirm"),
    ("cyp_inhibitor", "SCR-INT-010", "advise"),
    ("cyp_inducer", "SCR-INT-011", "advise"),
]
# Classes beside the table: what a bipolar patient should take, and what says that pressure is treated.
BESIDE = {"mood_stabilizer", "antihypertensive"}


def keys(name: str, drug_class: str | None = None) -> set[str]:
    return {each.key for each in classes_of(Medicine(name=name, dose="", drug_class=drug_class))}


def test_the_table_is_whole() -> None:
    assert {key for key, _, _ in TABLE} | BESIDE == CLASSES.keys()


@pytest.mark.parametrize(("key", "rule", "severity"), TABLE)
def test_every_class_of_the_table_is_asked_about_by_its_rule(key: str, rule: str, severity: str) -> None:
    question = CLASSES[key].question
    assert question is not None
    assert RULE_OF[question] == rule
    assert BOOK.rule(rule).severity == severity


@pytest.mark.parametrize("each", CLASSES.values(), ids=lambda each: each.key)
def test_every_class_says_what_to_do(each: object) -> None:
    assert isinstance(each, type(CLASSES["lithium"]))
    assert each.effect.endswith(".")
    assert each.handling.endswith(".")
    assert each.question is None or each.question in RULE_OF


def test_a_benzodiazepine_is_never_stopped_abruptly() -> None:
    assert "never stop it abruptly" in CLASSES["benzodiazepine"].handling


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lorazepam", {"benzodiazepine"}),
        ("Lorazepam 1 mg tablets", {"benzodiazepine"}),
        ("Lithium carbonate", {"lithium", "mood_stabilizer"}),
        ("carbamazepine", {"cyp_inducer", "mood_stabilizer"}),
        ("phenobarbital", {"cyp_inducer", "depressant"}),
        ("St John\N{RIGHT SINGLE QUOTATION MARK}s wort", {"cyp_inducer"}),
        ("valproic acid", {"mood_stabilizer"}),
        ("vitamin D", set()),
        # Part of another word is not the medicine.
        ("dimethylphenidatelike", set()),
        ("", set()),
    ],
)
def test_names_are_recognized_among_other_words(name: str, found: set[str]) -> None:
    assert keys(name) == found


def test_a_class_that_was_written_down_counts_beside_the_name() -> None:
    assert keys("Zyx", "maoi") == {"maoi"}
    assert keys("lorazepam", "maoi") == {"benzodiazepine", "maoi"}
    assert keys("Zyx", "no such class") == set()


NAMES = sorted({name for each in CLASSES.values() for name in each.names})


@given(
    name=st.sampled_from(NAMES),
    before=st.sampled_from(["", "generic "]),
    after=st.sampled_from(["", " 5 mg", ", XR"]),
)
def test_every_name_of_the_list_is_recognized_however_it_is_written(
    name: str, before: str, after: str
) -> None:
    expected = {each.key for each in CLASSES.values() if name in each.names}
    assert expected <= keys(f"{before}{name.upper()}{after}")


@given(names=st.lists(st.text(max_size=30), max_size=6))
def test_no_medicine_of_a_list_is_lost(names: list[str]) -> None:
    medicines = [Medicine(name=name, dose="") for name in names]
    assert [each.medicine for each in listed(medicines)] == medicines


def test_a_list_keeps_its_order_and_says_what_it_does_not_know() -> None:
    lorazepam = Medicine(name="lorazepam", dose="1 mg")
    unknown = Medicine(name="Zyx", dose="")
    assert listed([unknown, lorazepam]) == (
        Listed(medicine=unknown, classes=()),
        Listed(medicine=lorazepam, classes=(CLASSES["benzodiazepine"],)),
    )


CLASS = """
[[class]]
key = "made_up"
label = "made-up class"
names = ["madeupine", "inventamine"]
question = "depressants"
effect = "Made up."
handling = "Made up."
basis = "source"
cite = ["ketalar-label"]
"""


def test_a_class_is_read_as_it_is_written() -> None:
    assert read_classes(CLASS) == {
        "made_up": MedicineClass(
            key="made_up",
            label="made-up class",
            names=("madeupine", "inventamine"),
            effect="Made up.",
            handling="Made up.",
            basis="source",
            cite=("ketalar-label",),
            question="depressants",
        )
    }
    unsourced = CLASS.replace('basis = "source"', 'basis = "proposal"').replace('["ketalar-label"]', "[]")
    assert read_classes(unsourced)["made_up"].cite == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CLASS + CLASS, "a class of medicines stands twice"),
        (
            CLASS.replace("ketalar-label", "nobody"),
            "a class of medicines cites what sources.toml lacks: nobody",
        ),
        (CLASS.replace('"source"', '"rumor"'), "made_up: no such basis"),
        (CLASS.replace('["ketalar-label"]', "[]"), "made_up: only a proposal stands without a source"),
        (CLASS.replace("inventamine", "Inventamine"), "made_up: generic names are lower case"),
    ],
)
def test_a_class_that_cannot_be_right_is_refused(text: str, words: str) -> None:
    with pytest.raises(AssertionError) as refusal:
        read_classes(text)
    assert str(refusal.value) == words
