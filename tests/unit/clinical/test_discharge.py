"""Leaving: all criteria, the two stays, leaving against advice, and the words the patient takes home."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.decision import objections, worst
from evenkeel.clinical.discharge import (
    CRITERIA,
    INSTRUCTIONS,
    Instructions,
    Line,
    Release,
    assess,
    read_instructions,
    release_of,
)
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.verdict import Override
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Hours
from tests.rules.discharge_cases import ENDED_AT, SAFE, leaving, score, stay
from tests.rules.infusion_cases import AWAKE

BOOK = Rulebook.shipped()
MINUTE = timedelta(minutes=1)


def ask(after: int = 60, **changes: Any) -> Any:
    at = ENDED_AT + after * MINUTE
    return assess(BOOK, leaving(**{"at": at, "visit": _seen_at(at - 5 * MINUTE), **changes}))


def _seen_at(at: datetime) -> Any:
    return stay(AWAKE, at)


def codes(verdicts: Any, role: Any = "nurse", overrides: tuple[Override, ...] = ()) -> list[Any]:
    return [(issue.rule, issue.code) for issue in objections(BOOK, verdicts, overrides, role)]


def test_a_patient_who_meets_everything_may_leave() -> None:
    # That no score was taken is said, and holds nobody.
    assert worst(ask()) == "advise"
    assert worst(ask(score=score("9"))) is None


def test_after_the_first_infusion_the_stay_is_longer() -> None:
    assert codes(ask(90, is_first_or_raised=True)) == [("DIS-STAY-002", "needs-prescriber")]
    assert codes(ask(120, is_first_or_raised=True)) == []


@pytest.mark.parametrize("question", CRITERIA, ids=lambda question: question.key)
def test_a_criterion_that_was_not_asked_stands_in_the_way(question: Any) -> None:
    rest = {key: answer for key, answer in SAFE.items() if key != question.key}
    assert [rule for rule, _ in codes(ask(answers=rest))] == [question.rule]


def test_nobody_leaves_without_written_instructions_or_final_signs() -> None:
    verdicts = ask(instructions_given=False, visit=stay(None))
    assert {("DIS-VIT-001", "blocked"), ("DIS-INS-001", "blocked")} <= set(codes(verdicts, "prescriber"))


def test_against_advice_everything_is_said_and_only_what_a_person_can_do_is_asked_for() -> None:
    asked = {"answers": {}, "received_by": "", "instructions_given": False, "against_advice": True}
    verdicts = ask(5, **asked)
    assert codes(verdicts) == [
        (rule, "needs-reason") for rule in ("DIS-AMA-001", "DIS-AMA-002", "DIS-AMA-003")
    ]
    said = {verdict.rule.rule for verdict in verdicts if verdict.severity == "advise"}
    assert {"DIS-STAY-001", "DIS-ORI-001", "DIS-ESC-001", "DIS-INS-001"} <= said
    reason = Override(rule="DIS-AMA-001", reason="Made-up reason that is long enough")
    call_at = ENDED_AT + 20 * 60 * MINUTE
    seen_to = ask(5, **asked, prescriber_told="Made-up Prescriber", call_at=call_at)
    assert codes(seen_to, overrides=(reason,)) == []


def test_nobody_leaves_with_drug_running_not_even_against_advice() -> None:
    verdicts = ask(5, visit=stay(stopped=False), against_advice=True)
    assert ("DIS-END-001", "blocked") in codes(verdicts)


def test_every_discharge_rule_is_asked_and_those_of_leaving_against_advice_only_then() -> None:
    against_advice = {"DIS-AMA-001", "DIS-AMA-002", "DIS-AMA-003"}
    of_discharge = {rule.id for rule in BOOK.rules if rule.id.startswith("DIS-")}
    assert {verdict.rule.rule for verdict in ask()} == of_discharge - against_advice
    asked = [verdict.rule.rule for verdict in ask(against_advice=True)]
    assert set(asked) == of_discharge
    assert (asked[0], set(asked[-3:])) == ("DIS-END-001", against_advice)


def test_against_advice_what_is_not_met_is_advice_and_no_longer_hard() -> None:
    asked: dict[str, Any] = {"instructions_given": False, "visit": stay(None)}
    usual = {verdict.rule.rule: verdict for verdict in ask(**asked)}
    against = {verdict.rule.rule: verdict for verdict in ask(**asked, against_advice=True)}
    assert (usual["DIS-INS-001"].severity, usual["DIS-INS-001"].hard) == ("block", True)
    assert against["DIS-INS-001"] == replace(usual["DIS-INS-001"], severity="advise", hard=False)
    assert against["DIS-ESC-001"] == usual["DIS-ESC-001"]
    assert against["DIS-ESC-001"].severity is None


def test_the_instructions_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "discharge.toml"
    path.write_text(
        """
        [instructions]
        version = "7"
        [[instructions.line]]
        key = "adult"
        text = "Go home with somebody – an adult."
        why = "Proposal."
        [[instructions.line]]
        key = "driving"
        text = "Do not drive."
        why = "Label."
        """,
        "utf-8",
    )
    assert read_instructions(path) == Instructions(
        version="7",
        lines=(
            Line(key="adult", text="Go home with somebody – an adult.", why="Proposal."),
            Line(key="driving", text="Do not drive.", why="Label."),
        ),
    )


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


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("stopped", "driving"),
    [
        # 24 hours is always past the next morning when the drug stopped by day.
        ("2026-06-01T11:10", "2026-06-02T11:10"),
        # Stopped before the clinic's morning of 08:00, the next morning is the later one.
        ("2026-06-01T06:30", "2026-06-02T08:00"),
        ("2026-06-01T00:00", "2026-06-02T08:00"),
        # The night on which clocks go forward has 23 hours, so 24 hours end an hour later by the clock ...
        ("2026-03-07T11:10", "2026-03-08T12:10"),
        # ... and an hour earlier after the night on which they go back.
        ("2026-10-31T11:10", "2026-11-01T10:10"),
    ],
)
def test_driving_again_is_the_later_of_both(stopped: str, driving: str) -> None:
    stopped_at = datetime.fromisoformat(stopped).replace(tzinfo=NEW_YORK)
    found = release_of(BOOK, stopped_at)
    assert found.driving_at.replace(tzinfo=None) == datetime.fromisoformat(driving)


def test_both_times_are_told_by_the_clinics_clock() -> None:
    stopped_at = datetime(2026, 3, 7, 3, 30, tzinfo=NEW_YORK)
    # The clocks go forward in the night between: 24 hours end at 04:30, and the morning is at 08:00 as ever.
    assert release_of(BOOK, stopped_at) == Release(
        driving_at=datetime(2026, 3, 8, 8, tzinfo=NEW_YORK),
        alcohol_at=datetime(2026, 3, 8, 4, 30, tzinfo=NEW_YORK),
    )


def setting(limit: str, hours: str) -> ClinicSetting:
    """A clinic's own limit of DIS-DRV-001, from the day of these cases on."""
    return ClinicSetting(
        rule="DIS-DRV-001",
        limit=limit,
        number=1,
        value=Hours.of(hours),
        version=1,
        from_date=ENDED_AT.date(),
        reason="as the medical director asked",
        is_confirmed=False,
        by=ClinicianId("22222222-2222-4222-8222-222222222222"),
        by_name="Made-up Director",
        recorded_at=ENDED_AT,
    )


@pytest.mark.parametrize(
    ("limit", "hours", "driving", "alcohol"),
    [
        # Stopped at 06:30: 24 hours end at 06:30, before the morning of 08:00.
        ("morning", "8.5", "2026-06-02T08:30", "2026-06-02T06:30"),
        ("wait", "36.5", "2026-06-02T19:00", "2026-06-02T06:30"),
        ("sober", "30.25", "2026-06-02T08:00", "2026-06-02T12:45"),
    ],
)
def test_a_clinic_that_waits_longer_tells_later_times(
    limit: str, hours: str, driving: str, alcohol: str
) -> None:
    found = release_of(BOOK.with_settings([setting(limit, hours)]), datetime(2026, 6, 1, 6, 30, tzinfo=UTC))
    assert found == Release(
        driving_at=datetime.fromisoformat(driving).replace(tzinfo=UTC),
        alcohol_at=datetime.fromisoformat(alcohol).replace(tzinfo=UTC),
    )


# Every minute of two years, with four changes of the clocks.
@given(st.integers(0, 2 * 365 * 24 * 60))
def test_nobody_is_told_a_time_before_either_rule(minutes: int) -> None:
    stopped_at = (datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE).astimezone(NEW_YORK)
    found = release_of(BOOK, stopped_at)
    passed = found.driving_at.astimezone(UTC) - stopped_at.astimezone(UTC)
    assert passed >= timedelta(hours=24)
    assert found.driving_at.date() > stopped_at.date()
    assert found.driving_at.hour >= 8 or found.driving_at.date() > stopped_at.date() + timedelta(days=1)
    assert found.alcohol_at.astimezone(UTC) - stopped_at.astimezone(UTC) == timedelta(hours=24)
    # And it is one of the two, never later than both.
    assert passed == timedelta(hours=24) or (found.driving_at.hour, found.driving_at.minute) == (8, 0)
