"""Leaving: all criteria, the two stays, leaving against advice, and the words the patient takes home."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from evenkeel.clinical.decision import objections, worst
from evenkeel.clinical.discharge import CRITERIA, INSTRUCTIONS, assess
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.verdict import Override
from tests.rules.discharge_cases import ENDED_AT, SAFE, stay
from tests.rules.infusion_cases import AWAKE

BOOK = Rulebook.shipped()
MINUTE = timedelta(minutes=1)


def ask(after: int = 60, **changes: Any) -> Any:
    at = ENDED_AT + after * MINUTE
    given: dict[str, Any] = {
        "criteria": SAFE,
        "received_by": "Made-up Escort",
        "instructions_given": True,
        "is_first_or_raised": False,
        "against_advice": False,
        "at": at,
    }
    return assess(BOOK, changes.pop("visit", _seen_at(at - 5 * MINUTE)), **{**given, **changes})


def _seen_at(at: datetime) -> Any:
    return stay(AWAKE, at)


def codes(verdicts: Any, role: Any = "nurse", overrides: tuple[Override, ...] = ()) -> list[Any]:
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, overrides, role)]


def test_a_patient_who_meets_everything_may_leave() -> None:
    assert worst(ask()) is None


def test_after_the_first_infusion_the_stay_is_longer() -> None:
    assert codes(ask(90, is_first_or_raised=True)) == [("DIS-STAY-002", "needs-prescriber")]
    assert codes(ask(120, is_first_or_raised=True)) == []


@pytest.mark.parametrize("question", CRITERIA, ids=lambda question: question.key)
def test_a_criterion_that_was_not_asked_stands_in_the_way(question: Any) -> None:
    rest = {key: answer for key, answer in SAFE.items() if key != question.key}
    assert [rule for rule, _ in codes(ask(criteria=rest))] == [question.rule]


def test_nobody_leaves_without_written_instructions_or_final_signs() -> None:
    verdicts = ask(instructions_given=False, visit=stay(None))
    assert {("DIS-VIT-001", "blocked"), ("DIS-INS-001", "blocked")} <= set(codes(verdicts, "prescriber"))


def test_against_advice_everything_is_said_and_only_the_reason_is_asked_for() -> None:
    verdicts = ask(5, criteria={}, received_by="", instructions_given=False, against_advice=True)
    assert codes(verdicts) == [("DIS-AMA-001", "needs-reason")]
    said = {verdict.rule.rule for verdict in verdicts if verdict.severity == "advise"}
    assert {"DIS-STAY-001", "DIS-ORI-001", "DIS-ESC-001", "DIS-INS-001"} <= said
    reason = Override(rule="DIS-AMA-001", reason="Made-up reason that is long enough")
    assert codes(verdicts, overrides=(reason,)) == []


def test_nobody_leaves_with_drug_running_not_even_against_advice() -> None:
    verdicts = ask(5, visit=stay(stopped=False), against_advice=True)
    assert ("DIS-END-001", "blocked") in codes(verdicts)


def test_the_instructions_say_what_they_must() -> None:
    words = {line.key: line.text for line in INSTRUCTIONS.lines}
    # The later of both label rules: 24 hours, and after sleep.
    assert "24 hours" in words["driving"]
    assert "whichever comes later" in words["driving"]
    assert "slept well" in words["driving"]
    assert "24 hours" in words["alcohol"]
    assert "988" in words["crisis"]
    assert all(line.text and line.why for line in INSTRUCTIONS.lines)


def syllables(word: str) -> int:
    """A usual rule of thumb: groups of vowels, a silent e at the end not counted."""
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    return max(1, groups - (word.lower().endswith("e") and groups > 1))


def test_the_instructions_can_be_read_at_eleven() -> None:
    # Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59; grade 6 is age 11 to 12.
    text = " ".join(line.text for line in INSTRUCTIONS.lines)
    words = re.findall(r"[A-Za-z]+", text)
    sentences = re.findall(r"[.!?](?:\s|$)", text)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= 6
