"""The engine of the rulebook: what it reads, what it refuses to start with, and how it answers."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical.bounds import Bounds
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
        (RULE.replace("TST-BP-001", "TST-BP-1"), "not a rule id"),
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


BOUNDS = """
[TST-BP-001.bounds.systolic]
stricter = "lower"
recommended = ["150 mmHg", "180 mmHg"]
absolute = ["120 mmHg", "180 mmHg"]
"""
WORDS = """
[TST-BP-002]
title = "A list of this test"
statement = "It is given for {offered}."
severity = "confirm"
unknown = "confirm"
override = "reason"
hazard = "HAZ-001"
[TST-BP-002.bounds.offered]
stricter = "fewer"
recommended = ["depression", "crps"]
among = ["depression", "crps", "anxiety"]
[[TST-BP-002.version]]
number = 1
from = 2025-01-01
limits = { offered = ["depression", "crps"] }
basis = "proposal"
authored_by = "clinical content"
checked_by = "awaiting medical director"
review_due = 2027-01-01
"""


def line_of(text: str, start: str, count: int = 1) -> int:
    """The line of a rule file on which something begins, the first or a later time."""
    places = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start)]
    return places[count - 1]


@pytest.mark.parametrize(
    ("rules", "begins", "count", "says"),
    [
        # A limit without a unit
        (changed('"180 mmHg"', '"180"'), "limits", 1, 'systolic: the limit "180" is not a number'),
        (changed('"180 mmHg"', "0.5"), "limits", 1, "systolic"),
        ((RULE + SECOND_VERSION).replace('"170 mmHg"', '"170"'), "limits", 2, 'systolic: the limit "170"'),
        # A citation of nothing
        (changed("somebody-2020", "nobody-2020"), "cite", 1, "nobody-2020 is not in sources.toml"),
        (changed(', locator = "table 2"', ""), "cite", 1, "a citation is a key and a locator"),
        # Two versions in force on one day
        (RULE + SECOND_VERSION.replace("2026-01-01", "2025-01-01"), "from", 2, "versions 1 and 2 overlap"),
        (RULE + SECOND_VERSION.replace("number = 2", "number = 3"), "number", 2, "numbered 1, 2, 3"),
        (changed("from = 2025-01-01", 'from = "2025"'), "from", 1, "from is not a date"),
        # What an answer asks for
        (changed('severity = "pause"', 'severity = "stop"'), "severity", 1, "'stop' is not a severity"),
        (changed('hazard = "HAZ-001"', 'hazard = "none"'), "hazard", 1, "none is not a hazard id"),
        (changed('title = "A rule of this test"', "title = 3"), "title", 1, "title is not a text"),
        # Bounds
        (RULE + BOUNDS.replace("systolic", "diastolic"), "[TST-BP-001.b", 1, "diastolic, which is no limit"),
        (RULE + BOUNDS.replace('"lower"', '"less"'), "stricter", 1, "'less' of systolic is not lower"),
        (RULE + BOUNDS.replace('"lower"', '"fewer"'), "stricter", 1, "fewer is for a list of words"),
        (RULE + BOUNDS.replace('"120 mmHg"', '"120"'), "absolute", 1, 'systolic: the limit "120" is not'),
        (RULE + BOUNDS.replace('"120 mmHg"', '"12 kg"'), "absolute", 1, "another kind than the limit"),
        (
            RULE + BOUNDS.replace('"120 mmHg"', '"190 mmHg"'),
            "absolute",
            1,
            "lowest value of systolic is above",
        ),
        (RULE + BOUNDS.replace('"150 mmHg"', '"110 mmHg"'), "recommended", 1, "outside what is allowed"),
        (
            RULE + BOUNDS.replace("recommended", "advised"),
            "[TST-BP-001.b",
            1,
            "keys in the bounds of systolic",
        ),
        # What stands in no bounds, or could be loosened though nobody may override the rule
        (
            (RULE + BOUNDS).replace('systolic = "180 mmHg"', 'systolic = "181 mmHg"'),
            "[TST-BP-001.b",
            1,
            "the limit 181 mmHg of systolic lies outside its own bounds",
        ),
        (
            (RULE + BOUNDS).replace('systolic = "180 mmHg"', 'systolic = "140 mmHg"'),
            "[TST-BP-001.b",
            1,
            "the limit 140 mmHg of systolic is not among what is recommended",
        ),
        (
            RULE + BOUNDS.replace('"120 mmHg", "180 mmHg"', '"120 mmHg", "181 mmHg"'),
            "[TST-BP-001.b",
            1,
            "a clinic may not loosen systolic beyond 180 mmHg",
        ),
        (
            RULE + BOUNDS.replace('"lower"', '"higher"'),
            "[TST-BP-001.b",
            1,
            "a clinic may not loosen systolic beyond 180 mmHg",
        ),
        (WORDS.replace('among = ["depression", ', "among = ["), "recommended", 1, "outside what is allowed"),
        (
            WORDS.replace('override = "reason"', 'override = "none"').replace(
                'severity = "confirm"\nunknown = "confirm"', 'severity = "block"\nunknown = "block"'
            ),
            "[TST-BP-002.b",
            1,
            "a clinic may not loosen offered beyond depression or crps",
        ),
    ],
)
def test_what_is_wrong_in_a_rule_file_is_named_with_its_line(
    tmp_path: Path, rules: str, begins: str, count: int, says: str
) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, rules, {"TST-BP-001": high} if "TST-BP-001" in rules else {"TST-BP-002": high})
    id_ = "TST-BP-001" if "TST-BP-001" in rules else "TST-BP-002"
    assert str(refused.value).startswith(f"testing.toml, line {line_of(rules, begins, count)}: {id_}: ")
    assert says in str(refused.value)


def test_what_is_no_toml_and_a_source_without_words_are_named_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"^testing\.toml, line 13: "):
        read(tmp_path, changed('"180 mmHg"', "180 mmHg"))
    (tmp_path / "testing.toml").write_text(RULE, "utf-8")
    (tmp_path / "sources.toml").write_text('somebody-2020 = "A Journal"\nanother = ""\n', "utf-8")
    with pytest.raises(RulebookError, match=r"^sources\.toml, line 2: another: "):
        Rulebook.read(tmp_path, {"TST-BP-001": high})


def test_bounds_are_read_as_limits(tmp_path: Path) -> None:
    book = read(tmp_path, RULE + BOUNDS + WORDS, {"TST-BP-001": high, "TST-BP-002": high})
    assert book.rule("TST-BP-001").bounds == {
        "systolic": Bounds(
            stricter="lower",
            recommended=(Pressure.of(150), Pressure.of(180)),
            absolute=(Pressure.of(120), Pressure.of(180)),
        )
    }
    offered = book.rule("TST-BP-002").bounds["offered"]
    assert (offered.absolute_shown, offered.recommended_shown) == (
        "depression, crps, anxiety",
        "depression, crps",
    )
    systolic = book.rule("TST-BP-001").bounds["systolic"]
    assert (systolic.absolute_shown, systolic.recommended_shown) == ("120 to 180 mmHg", "150 to 180 mmHg")
    whole = Bounds(stricter="lower", recommended=(1, 3), absolute=(1, 5))
    assert whole.absolute_shown == "1 to 5"
    assert offered.recommends(("crps",))
    assert not offered.recommends(("crps", "anxiety"))
    assert offered.allows(("crps", "anxiety"))
    assert not offered.allows(("crps", "headache"))
    assert not offered.allows(())
    assert offered.is_stricter(("crps",), ("crps", "depression"))
    assert not offered.is_stricter(("crps",), ("crps",))
    assert offered.strictest(("crps", "anxiety"), ("depression", "anxiety")) == ("anxiety",)


@pytest.mark.parametrize(
    ("stricter", "strict", "loose"), [("lower", "150 mmHg", "170 mmHg"), ("higher", "170 mmHg", "150 mmHg")]
)
def test_which_of_two_limits_is_stricter(stricter: Any, strict: str, loose: str) -> None:
    ends = (Pressure.of(120), Pressure.of(180))
    bounds = Bounds(stricter=stricter, recommended=ends, absolute=ends)
    one, other = parse_limit(strict), parse_limit(loose)
    assert bounds.is_stricter(one, other)
    assert not bounds.is_stricter(other, one)
    assert not bounds.is_stricter(one, one)
    assert bounds.strictest(one, other) == bounds.strictest(other, one) == one


@pytest.mark.parametrize(
    ("value", "allowed", "recommended"),
    [
        (119, False, False),
        (120, True, False),
        (149, True, False),
        (150, True, True),
        (180, True, True),
        (181, False, False),
    ],
)
def test_the_ends_of_bounds_belong_to_them(
    value: int, allowed: bool, recommended: bool, tmp_path: Path
) -> None:
    bounds = read(tmp_path, RULE + BOUNDS).rule("TST-BP-001").bounds["systolic"]
    assert (bounds.allows(Pressure.of(value)), bounds.recommends(Pressure.of(value))) == (
        allowed,
        recommended,
    )


def test_a_hard_rule_that_was_looser_before_stays_readable(tmp_path: Path) -> None:
    tightened = BOUNDS.replace("180", "170")
    rule = read(tmp_path, RULE + tightened + SECOND_VERSION).rule("TST-BP-001")
    assert [str(version.limits.systolic) for version in rule.versions] == ["180 mmHg", "170 mmHg"]
    with pytest.raises(RulebookError, match="lies outside its own bounds"):
        read(
            tmp_path, (RULE + tightened + SECOND_VERSION).replace('override = "none"', 'override = "reason"')
        )


def test_a_rule_knows_where_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, "# A line before\n" + RULE).rule("TST-BP-001").place == "testing.toml, line 3"


def test_a_rule_without_a_function_and_the_reverse_stop_the_program(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match=r"testing\.toml, line 2: TST-BP-001: it has no function"):
        read(tmp_path, RULE, {})
    with pytest.raises(RulebookError, match=r"test_rulebook\.py, line \d+: TST-BP-002: no rule file has it"):
        read(tmp_path, RULE, {"TST-BP-001": high, "TST-BP-002": high})


def test_one_rule_in_two_files_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "another.toml").write_text(RULE, "utf-8")
    with pytest.raises(
        RulebookError, match=r"testing\.toml, line 2: TST-BP-001: the rule stands in two files"
    ):
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
