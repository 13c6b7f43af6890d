"""The engine of the rulebook: what it reads, what it refuses to start with, and how it answers."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical.rulebook import (
    RULES,
    Check,
    Clear,
    Finding,
    Fires,
    Limits,
    Rulebook,
    RulebookError,
    Unknown,
    parse_limit,
)
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import (
    Breaths,
    Days,
    DosePerWeight,
    FlowRate,
    Height,
    Hours,
    Minutes,
    Percent,
    Pressure,
    Pulse,
    Saturation,
    Score,
    Volume,
    Weight,
    Years,
)

CODE = "\n".join(path.read_text("utf-8") for path in sorted(RULES.parent.rglob("*.py")))

RULE = """
[TST-BP-001]
title = "A rule of this test"
statement = "Pause from {systolic} on {readings} readings."
severity = "pause"
unknown = "confirm"
override = "none"
override_unknown = "prescriber"
hazard = "HAZ-001"
[[TST-BP-001.version]]
number = 1
from = 2025-01-01
limits = { systolic = "180 mmHg", readings = 2 }
cite = [{ key = "somebody-2020", locator = "table 2" }]
basis = "source"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""
SECOND_VERSION = """
[[TST-BP-001.version]]
number = 2
from = 2026-01-01
limits = { systolic = "170 mmHg", readings = 2 }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""


def high(pressure: Pressure | None, limits: Limits) -> Finding:
    """Compare one pressure with the limit."""
    if pressure is None:
        return Unknown(missing=("systolic pressure", "the arm"))
    return Fires(evidence=(str(pressure),)) if pressure >= limits.systolic else Clear()


def read(folder: Path, rules: str, checks: Mapping[str, Check] | None = None) -> Rulebook:
    """Read a rulebook of this one file."""
    (folder / "sources.toml").write_text('somebody-2020 = "Somebody 2020, A Journal"\n', "utf-8")
    (folder / "testing.toml").write_text(rules, "utf-8")
    return Rulebook.read(folder, {"TST-BP-001": high} if checks is None else checks)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("180 mmHg", Pressure.of(180)),
        ("50 beats/min", Pulse.of(50)),
        ("10 breaths/min", Breaths.of(10)),
        ("94 % SpO2", Saturation.of(94)),
        ("10 %", Percent.of(10)),
        ("70.2 kg", Weight.of("70.2")),
        ("175 cm", Height.of(175)),
        ("35.1 mg", DrugMass(mcg=35100)),
        ("0.75 mg/kg", DosePerWeight.of("0.75")),
        ("50 mg/mL", Strength(mcg_per_ml=50000)),
        ("100 mL", Volume.of(100)),
        ("150 mL/h", FlowRate.of(150)),
        ("40 min", Minutes.of(40)),
        ("2 h", Hours.of(2)),
        ("90 d", Days.of(90)),
        ("18 years", Years.of(18)),
        ("9 points", Score.of(9)),
        (3, 3),
        (["crps", "depression"], ("crps", "depression")),
    ],
)
def test_a_limit_becomes_a_typed_value(raw: object, value: object) -> None:
    parsed = parse_limit(raw)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "raw",
    [
        "180",
        "180mmHg",
        "mmHg 180",
        "180 mmhg",
        "50 /min",
        ".5 mg/kg",
        "-1 mmHg",
        "1e3 mg",
        0.5,
        True,
        [],
        [1],
        "",
    ],
)
def test_a_limit_without_a_known_unit_stops_the_program(raw: object) -> None:
    with pytest.raises(RulebookError):
        parse_limit(raw)


def test_the_three_answers(tmp_path: Path) -> None:
    book = read(tmp_path, RULE)
    on = date(2025, 6, 1)
    fires = book.consult("TST-BP-001", Pressure.of(180), on=on)
    assert (fires.answer, fires.severity, fires.hard) == ("fires", "pause", True)
    assert fires.sentence == "Pause from 180 mmHg on 2 readings."
    assert fires.evidence == ("180 mmHg",)
    clear = book.consult("TST-BP-001", Pressure.of(179), on=on)
    assert (clear.answer, clear.severity, clear.hard) == ("clear", None, False)
    unknown = book.consult("TST-BP-001", None, on=on)
    assert (unknown.answer, unknown.severity, unknown.hard) == ("unknown", "confirm", False)
    assert unknown.missing == ("systolic pressure", "the arm")
    assert unknown.sentence == "Not known: systolic pressure, the arm. Pause from 180 mmHg on 2 readings."


def test_the_version_in_force_on_the_day_answers(tmp_path: Path) -> None:
    book = read(tmp_path, RULE + SECOND_VERSION)
    pressure = Pressure.of(175)
    last_day = book.consult("TST-BP-001", pressure, on=date(2025, 12, 31))
    assert (last_day.answer, last_day.rule.version) == ("clear", 1)
    first_day = book.consult("TST-BP-001", pressure, on=date(2026, 1, 1))
    assert (first_day.answer, first_day.rule.version) == ("fires", 2)
    assert book.limits("TST-BP-001", date(2026, 1, 1)).systolic == Pressure.of(170)
    with pytest.raises(AssertionError):
        book.consult("TST-BP-001", pressure, on=date(2024, 12, 31))


def test_a_limit_that_a_rule_does_not_have_is_an_error(tmp_path: Path) -> None:
    limits = read(tmp_path, RULE).limits("TST-BP-001", date(2025, 1, 1))
    with pytest.raises(AttributeError):
        _ = limits.diastolic


def changed(old: str, new: str) -> str:
    """The rule with one thing wrong."""
    assert old in RULE
    return RULE.replace(old, new)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (changed('severity = "pause"', 'severity = "stop"'), "severity"),
        (changed('unknown = "confirm"', 'unknown = "clear"'), "unknown"),
        (changed('override = "none"', 'override = "nurse"'), "override"),
        (changed('override_unknown = "prescriber"', ""), "lets nobody confirm"),
        (changed('hazard = "HAZ-001"', 'hazard = "none"'), "hazard"),
        (changed('hazard = "HAZ-001"', ""), "hazard"),
        (changed("title", "titel"), "titel"),
        (changed("TST-BP-001", "TST-BP-1"), "not a rule id"),
        (changed("180 mmHg", "180"), "TST-BP-001"),
        (changed("{systolic}", "{diastolic}"), "diastolic"),
        (changed('cite = [{ key = "somebody-2020", locator = "table 2" }]', ""), "without a source"),
        (changed("somebody-2020", "nobody-2020"), "nobody-2020"),
        (changed('basis = "source"', 'basis = "guess"'), "basis"),
        (
            changed('checked_by = "awaiting medical director"', 'checked_by = "clinical content"'),
            "checks their own",
        ),
        (changed("number = 1", "number = 2"), "numbered"),
        (changed("review_due = 2027-01-01", "review_due = 2025-01-01"), "review"),
        (RULE + SECOND_VERSION.replace("2026-01-01", "2025-01-01"), "overlap"),
        (RULE + SECOND_VERSION.replace("2026-01-01", "2024-01-01"), "overlap"),
        (RULE + SECOND_VERSION.replace("systolic", "other"), "systolic"),
    ],
)
def test_a_broken_rule_stops_the_program(tmp_path: Path, rules: str, says: str) -> None:
    with pytest.raises(RulebookError, match=says):
        read(tmp_path, rules)


def test_a_rule_without_a_function_and_the_reverse_stop_the_program(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="TST-BP-001 has no function"):
        read(tmp_path, RULE, {})
    with pytest.raises(RulebookError, match="TST-BP-002"):
        read(tmp_path, RULE, {"TST-BP-001": high, "TST-BP-002": high})


def test_one_rule_in_two_files_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "another.toml").write_text(RULE, "utf-8")
    with pytest.raises(RulebookError, match="two files"):
        read(tmp_path, RULE)


def test_data_of_a_stage_beside_its_rules_is_left_alone(tmp_path: Path) -> None:
    book = read(tmp_path, '[[question]]\nkey = "a"\n' + RULE)
    assert [rule.id for rule in book.rules] == ["TST-BP-001"]


def test_an_unknown_answer_names_what_is_missing() -> None:
    with pytest.raises(AssertionError):
        Unknown(missing=())


def test_what_is_shipped_is_read_once() -> None:
    book: Any = Rulebook.shipped()
    assert book is Rulebook.shipped()


@pytest.mark.parametrize("rule", Rulebook.shipped().rules, ids=lambda rule: rule.id)
def test_every_limit_that_is_shipped_is_used_by_its_rule_or_said_in_its_statement(rule: Any) -> None:
    names = {name for version in rule.versions for name, _ in version.limits}
    said = {name for name in names if f"{{{name}}}" in rule.statement}
    used = {name for name in names if re.search(rf"\.{name}\b", CODE)}
    assert names == said | used
