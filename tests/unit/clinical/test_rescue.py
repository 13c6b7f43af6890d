"""Rescue drugs: reading what a clinic keeps, what was given before, and which rules a dose is asked."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical.rescue import (
    QUESTIONS,
    RESCUE_DRUGS,
    ROUTES,
    RescueDrug,
    assess_rescue,
    given_before,
    read_drugs,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.values.drug import DrugMass
from tests.rules.rescue_cases import MINUTE, SAFE, given, in_words, labetalol, of

BOOK = Rulebook.shipped()

TWO_DRUGS = """
[[rescue]]
key = "labetalol"
used_for = "high pressure"
usual = "20 mg over 2 min"
routes = ["IV", "by mouth"]
rules = ["RSC-LAB-001", "RSC-LAB-002"]
basis = "second-hand"
cite = ["labetalol-label"]

[[rescue]]
key = "ondansetron"
used_for = "nausea"
usual = "4 mg"
routes = ["IV"]
rules = []
basis = "proposal"
cite = []
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of two drugs."""
    path = tmp_path / "rescue.toml"
    path.write_text(TWO_DRUGS, "utf-8")
    return path


def test_each_drug_is_read_as_it_is_written(file: Path) -> None:
    assert read_drugs(file) == (
        RescueDrug(
            key="labetalol",
            used_for="high pressure",
            usual="20 mg over 2 min",
            routes=("IV", "by mouth"),
            rules=("RSC-LAB-001", "RSC-LAB-002"),
            basis="second-hand",
            cite=("labetalol-label",),
        ),
        RescueDrug(
            key="ondansetron",
            used_for="nausea",
            usual="4 mg",
            routes=("IV",),
            rules=(),
            basis="proposal",
            cite=(),
        ),
    )


@pytest.mark.parametrize(
    ("written", "instead", "sentence"),
    [
        (
            '["labetalol-label"]',
            '["a-lost-label"]',
            r"^a rescue drug cites what sources\.toml lacks: a-lost-label$",
        ),
        ('basis = "proposal"', 'basis = "source"', "^only a proposal stands without source$"),
    ],
)
def test_what_is_no_proposal_needs_a_source_that_is_listed(
    file: Path, written: str, instead: str, sentence: str
) -> None:
    file.write_text(TWO_DRUGS.replace(written, instead), "utf-8")
    with pytest.raises(AssertionError, match=sentence):
        read_drugs(file)


def test_every_rule_of_a_drug_is_in_the_book_and_every_route_is_offered_once() -> None:
    assert {id_ for drug in RESCUE_DRUGS.values() for id_ in drug.rules} <= {rule.id for rule in BOOK.rules}
    assert ROUTES == ("IV", "by mouth")


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        (of("ondansetron", "4"), ["RSC-ORD-001", "RSC-ROU-001", "RSC-OND-001"]),
        (of("midazolam", "1"), ["RSC-ORD-001", "RSC-ROU-001", "RSC-MDZ-001", "RSC-MDZ-002"]),
    ],
)
def test_a_dose_is_asked_for_order_and_route_and_then_its_own_rules(facts: Any, asked: list[str]) -> None:
    verdicts = assess_rescue(BOOK, facts)
    assert [verdict.rule.rule for verdict in verdicts] == asked
    assert {verdict.answer for verdict in verdicts} == {"clear"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.key)
def test_every_question_bears_on_labetalol(question: Any) -> None:
    unsafe = "no" if question.safe == "yes" else "yes"
    verdicts = assess_rescue(BOOK, labetalol(answers={**SAFE, question.key: unsafe}))
    assert [verdict.rule.rule for verdict in verdicts if verdict.answer == "fires"] == [question.rule]


def doses(*each: tuple[timedelta, Any]) -> DrugMass | None:
    """What was given of labetalol when these doses are on record."""
    return given_before(labetalol("20", *each))


def test_what_was_given_before_is_added_up_to_the_microgram() -> None:
    assert doses() == DrugMass(mcg=0)
    twice = doses((20 * MINUTE, given("labetalol", "20")), (10 * MINUTE, given("labetalol", "0.001")))
    assert twice == DrugMass(mcg=20_001)


def test_only_the_same_drug_up_to_this_moment_counts() -> None:
    counted = (0 * MINUTE, given("labetalol", "20"))
    others = ((-MINUTE, given("labetalol", "40")), (5 * MINUTE, given("midazolam", "1")))
    assert doses(*others, counted) == DrugMass.mg(20)


def test_a_dose_in_words_cannot_be_added_up_and_one_of_another_drug_does_not_matter() -> None:
    assert doses((10 * MINUTE, given("labetalol", "20")), (5 * MINUTE, in_words("labetalol"))) is None
    assert doses((5 * MINUTE, in_words("clonidine")), (2 * MINUTE, given("labetalol", "20"))) == DrugMass.mg(
        20
    )
