"""What a whole check-in comes to."""

from datetime import date, timedelta
from typing import Any

import pytest

from evenkeel.clinical.checkin import QUESTIONS, CheckInAssessment, CheckInFacts, assess
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.checkin import Escort
from evenkeel.record.signs import Signs
from evenkeel.values.quantities import Hours, Pressure, Saturation, Weight

BOOK = Rulebook.shipped()
ON = date(2026, 6, 1)
SAFE = {question.key: question.safe for question in QUESTIONS}
ESCORT = Escort(name="Made-up Escort", phone="555 0100", relation="friend", confirmed="yes")
SIGNS = Signs(systolic=Pressure.of(120), diastolic=Pressure.of(80), spo2=Saturation.of(98))


def assessed(
    *,
    previous_weight: str | None = "80",
    consent_stands: bool = True,
    screened_fit: bool = True,
    screened_date: date | None = ON - timedelta(days=20),
    **facts: Any,
) -> CheckInAssessment:
    """Check somebody in with nothing against them, but for what a test changes."""
    plain: dict[str, Any] = {
        "name_and_birth_date_agree": "yes",
        "record_number_agrees": "yes",
        "escort": ESCORT,
        "hours_since_clear_fluid": Hours.of(3),
        "hours_since_light_meal": Hours.of(8),
        "weight": Weight.of(80),
        "weight_measured_today": "yes",
        "answers": SAFE,
        "signs": SIGNS,
    }
    return assess(
        BOOK,
        CheckInFacts(**{**plain, **facts}),
        previous_weight=Weight.of(previous_weight) if previous_weight else None,
        consent_stands=consent_stands,
        screened_fit=screened_fit,
        screened_date=screened_date,
        on=ON,
    )


def outcome(**changes: Any) -> str:
    """What such a check-in comes to."""
    return assessed(**changes).outcome


def standing(**changes: Any) -> dict[str, str]:
    """What did not answer clear, and its answer."""
    found = assessed(**changes).verdicts
    return {verdict.rule.rule: verdict.answer for verdict in found if verdict.answer != "clear"}


def test_nothing_against_opens_the_gate() -> None:
    assert outcome() == "open"


def test_a_first_visit_without_an_earlier_weight_is_open() -> None:
    assert outcome(previous_weight=None) == "open"


@pytest.mark.parametrize(
    "changes",
    [
        {"name_and_birth_date_agree": "no"},
        {"record_number_agrees": "unknown"},
        {"escort": Escort(name="", phone="", relation="", confirmed="no")},
        {"escort": Escort(name="Made-up Escort", phone="555 0100", relation="", confirmed="unknown")},
        {"escort": Escort(name="Made-up Escort", phone="", relation="", confirmed="yes")},
        {"consent_stands": False},
        {"screened_fit": False},
        {"screened_date": ON - timedelta(days=91)},
        {"screened_date": None},
        {"answers": {**SAFE, "pregnancy": "yes"}},
        {"signs": Signs(systolic=Pressure.of(181), diastolic=Pressure.of(80), spo2=Saturation.of(98))},
        {"weight": Weight.of(702)},
    ],
)
def test_not_today(changes: dict[str, Any]) -> None:
    assert outcome(**changes) == "not_today"


@pytest.mark.parametrize(
    "changes",
    [
        {"hours_since_clear_fluid": Hours.of("1.5")},
        {"hours_since_light_meal": None},
        {"weight_measured_today": "no"},
        {"weight": None},
        {"weight": Weight.of(100)},
        {"answers": {**SAFE, "suicidal_thoughts": "yes"}},
        {"answers": {**SAFE, "craving": "yes"}},
        {"answers": {**SAFE, "alcohol_or_drugs": "yes"}},
        {"answers": {**SAFE, "pregnancy": "unknown"}},
        {"answers": {}},
        {"signs": Signs()},
        {"signs": Signs(systolic=Pressure.of(160), diastolic=Pressure.of(80), spo2=Saturation.of(98))},
        {"signs": Signs(systolic=Pressure.of(120), diastolic=Pressure.of(80), spo2=Saturation.of(93))},
    ],
)
def test_needs_a_prescriber(changes: dict[str, Any]) -> None:
    assert outcome(**changes) == "needs_prescriber"


@pytest.mark.parametrize("key", sorted(SAFE))
def test_one_question_left_open_never_opens_the_gate(key: str) -> None:
    assert outcome(answers={**SAFE, key: "unknown"}) == "needs_prescriber"
    assert outcome(answers={k: v for k, v in SAFE.items() if k != key}) == "needs_prescriber"


def test_raised_pressure_is_advice() -> None:
    raised = Signs(systolic=Pressure.of(150), diastolic=Pressure.of(80), spo2=Saturation.of(98))
    assert outcome(signs=raised) == "open"


def test_every_rule_of_a_check_in_is_asked_and_then_the_age_of_the_screening() -> None:
    asked = [verdict.rule.rule for verdict in assessed().verdicts]
    shipped = {rule.id for rule in BOOK.rules if rule.id.startswith("CHK-")}
    assert asked[-1] == "SCR-EXP-001"
    assert set(asked[:-1]) == shipped
    assert len(asked) == len(shipped) + 1
    assert standing() == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"consent_stands": False}, {"CHK-CON-001": "fires"}),
        ({"screened_fit": False}, {"CHK-SCR-001": "fires"}),
        ({"screened_date": None}, {"SCR-EXP-001": "unknown"}),
        # A screening stands for 90 days.
        ({"screened_date": ON - timedelta(days=90)}, {}),
        ({"screened_date": ON - timedelta(days=91)}, {"SCR-EXP-001": "fires"}),
        ({"previous_weight": None}, {"CHK-WGT-002": "unknown"}),
        ({"previous_weight": "100"}, {"CHK-WGT-002": "fires"}),
        ({"record_number_agrees": "no"}, {"CHK-ID-001": "fires"}),
        ({"answers": {**SAFE, "pregnancy": "yes"}}, {"CHK-PRG-001": "fires"}),
    ],
)
def test_each_fact_is_seen_by_its_rule_alone(changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert standing(**changes) == expected
