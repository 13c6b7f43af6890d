"""What rules are read from: which line a thing stands on, and each sentence about what is wrong with it."""

from pathlib import Path

import pytest

from evenkeel.clinical.limits import RulebookError
from evenkeel.clinical.rule_files import (
    RULES,
    Spot,
    lines_of,
    read_sources,
    require_listed,
    rule_tables,
    shipped_sources,
)
from evenkeel.clinical.rulebook import Rulebook
from tests.unit.clinical.written_rules import BOUNDS, RULE, SECOND_VERSION, changed, high, line_of, read


def second(old: str, new: str) -> str:
    """The rule with something wrong in its second version."""
    return RULE + changed(old, new, SECOND_VERSION)


def test_every_table_and_key_has_its_line() -> None:
    text = """# A line of words = 1
title = "x"
[[rule.version]]
number = 1
[rule.version.limits]
systolic = 1
[[rule.version]] # the second
number = 2
  [ rule . bounds ]
  low-est = 1
[[rule.version.note]]
[[rule.version.note]]
words = "a"
[other]
"""
    assert lines_of(text) == {
        ("title",): 2,
        ("rule", "version", 0): 3,
        ("rule", "version", 0, "number"): 4,
        ("rule", "version", 0, "limits"): 5,
        ("rule", "version", 0, "limits", "systolic"): 6,
        ("rule", "version", 1): 7,
        ("rule", "version", 1, "number"): 8,
        ("rule", "bounds"): 9,
        ("rule", "bounds", "low-est"): 10,
        ("rule", "version", 1, "note", 0): 11,
        ("rule", "version", 1, "note", 1): 12,
        ("rule", "version", 1, "note", 1, "words"): 13,
        ("other",): 14,
    }


def test_a_place_says_its_line_or_that_of_what_is_around_it() -> None:
    spot = Spot(file="a.toml", lines={("TST-001",): 7, ("TST-001", "version", 1): 12})
    assert str(spot.at("TST-001")) == "a.toml, line 7"
    assert str(spot.at("TST-001").at("version", 1, "limits", "systolic")) == "a.toml, line 12"
    assert str(spot.at("TST-001", "version", 0)) == "a.toml, line 7"
    assert str(spot.at("TST-002", "title")) == "a.toml, line 1"


def test_what_is_demanded_of_a_whole_file_names_the_file_alone() -> None:
    spot = Spot(file="a.toml", lines={})
    spot.demand(True, "it is empty")
    with pytest.raises(RulebookError) as refused:
        spot.demand(False, "it is empty")
    assert str(refused.value) == "a.toml, line 1: it is empty"


def test_rules_are_found_file_after_file_beside_a_stages_other_data(tmp_path: Path) -> None:
    (tmp_path / "second.toml").write_text("[TST-BP-002]\n[words]\n[TST-001]\n", "utf-8")
    (tmp_path / "first.toml").write_text('[[question]]\nkey = "a"\n[TST-BP-003]\ntitle = "x"\n', "utf-8")
    (tmp_path / "notes.txt").write_text("no rules", "utf-8")
    found = list(rule_tables(tmp_path))
    assert [(one.id, one.stage, one.table, str(one.spot)) for one in found] == [
        ("TST-BP-003", "first", {"title": "x"}, "first.toml, line 3"),
        ("TST-BP-002", "second", {}, "second.toml, line 1"),
        ("TST-001", "second", {}, "second.toml, line 3"),
    ]


@pytest.mark.parametrize(
    ("rules", "begins", "count", "sentence"),
    [
        # The rule itself
        ("TST-BP-001 = 3\n", "TST", 1, "a rule is a table"),
        (changed("title", "titel"), "[TST", 1, "missing or unknown keys titel, title"),
        (changed('hazard = "HAZ-001"', ""), "[TST", 1, "missing or unknown keys hazard"),
        (changed("[[TST", 'note = "x"\n[[TST'), "[TST", 1, "missing or unknown keys note"),
        (
            changed("[[TST-BP-001.version]]", "[TST-BP-001.version]"),
            "[TST-BP-001.v",
            1,
            "versions are a list of tables",
        ),
        (RULE.partition("[[")[0] + "version = [1]\n", "version", 1, "versions are a list of tables"),
        (RULE.partition("[[")[0] + "version = []\n", "[TST", 1, "it has no version"),
        # What an answer asks for, and who may go on
        (changed('title = "A rule of this test"', "title = 3"), "title", 1, "title is not a text"),
        (
            changed('statement = "Pause from {systolic} on {readings} readings."', "statement = 3"),
            "statement",
            1,
            "statement is not a text",
        ),
        (changed('hazard = "HAZ-001"', "hazard = 1"), "hazard", 1, "hazard is not a text"),
        (changed('hazard = "HAZ-001"', 'hazard = "none"'), "hazard", 1, "none is not a hazard id"),
        (changed('hazard = "HAZ-001"', 'hazard = "HAZ-0011"'), "hazard", 1, "HAZ-0011 is not a hazard id"),
        (
            changed('severity = "pause"', 'severity = "stop"'),
            "severity",
            1,
            "severity 'stop' is not a severity",
        ),
        (
            changed('unknown = "confirm"', 'unknown = "clear"'),
            "unknown",
            1,
            "unknown 'clear' is not a severity",
        ),
        (
            changed('override = "none"', 'override = "nurse"'),
            "override",
            1,
            "override 'nurse' is not none, reason or prescriber",
        ),
        (
            changed('"prescriber"', '"nurse"'),
            "override_unknown",
            1,
            "override 'nurse' is not none, reason or prescriber",
        ),
        (
            changed('severity = "pause"', 'severity = "confirm"'),
            "override",
            1,
            "it asks to confirm, and lets nobody confirm",
        ),
        (
            changed('"prescriber"', '"none"'),
            "override_unknown",
            1,
            "it asks to confirm, and lets nobody confirm",
        ),
        (
            changed('override_unknown = "prescriber"\n', ""),
            "override",
            1,
            "it asks to confirm, and lets nobody confirm",
        ),
        # A version
        (second("number = 2\n", ""), "[[TST", 2, "missing or unknown keys number"),
        (second("number = 2\n", 'number = 2\nnote = "x"\n'), "[[TST", 2, "missing or unknown keys note"),
        (second("basis", "bases"), "[[TST", 2, "missing or unknown keys bases, basis"),
        (changed("2025-01-01", '"2025"'), "from", 1, "from is not a date such as 2026-06-01"),
        (changed("2025-01-01", "2025-01-01T08:00:00Z"), "from", 1, "from is not a date such as 2026-06-01"),
        (changed("2027-01-01", "2027"), "review_due", 1, "review_due is not a date such as 2026-06-01"),
        (changed('"source"', '"guess"'), "basis", 1, "basis 'guess' is not source, second-hand or proposal"),
        (second('"proposal"', '"second-hand"'), "[[TST", 2, "only a proposal may stand without a source"),
        (
            second("awaiting medical director", "clinical content"),
            "checked_by",
            2,
            "nobody checks their own rule",
        ),
        # What it cites
        (changed("somebody-2020", "nobody-2020"), "cite", 1, "nobody-2020 is not in sources.toml"),
        (changed(', locator = "table 2"', ""), "cite", 1, "a citation is a key and a locator"),
        (changed("table 2", 'table 2", page = "3'), "cite", 1, "a citation is a key and a locator"),
        (second("basis", 'cite = "somebody-2020"\nbasis'), "cite", 2, "a citation is a key and a locator"),
        # Its limits
        (changed('{ systolic = "180 mmHg", readings = 2 }', "3"), "limits", 1, "limits are a table"),
        (
            changed('"180 mmHg"', '"180"'),
            "limits",
            1,
            'systolic: the limit "180" is not a number, a space and a unit',
        ),
        (
            changed("readings = 2", "readings = 0.5"),
            "limits",
            1,
            "readings: the limit 0.5 is not a whole number, a quantity or a list of words",
        ),
        (
            second('limits = { systolic = "170 mmHg", readings = 2 }\n', "")
            + '[TST-BP-001.version.limits]\nreadings = 2\nsystolic = "170"\n',
            "systolic",
            1,
            'systolic: the limit "170" is not a number, a space and a unit',
        ),
        (changed("systolic =", "diastolic ="), "limits", 1, "version 1 has no limit systolic"),
        (
            second('limits = { systolic = "170 mmHg", readings = 2 }\n', ""),
            "[[TST",
            2,
            "version 2 has no limit readings, systolic",
        ),
        # One version after the other
        (changed("number = 1", "number = 2"), "number", 1, "versions are not numbered 1, 2, 3 ..."),
        (second("number = 2", "number = 3"), "number", 2, "versions are not numbered 1, 2, 3 ..."),
        (
            second("2027-01-01", "2026-01-01"),
            "review_due",
            2,
            "a review is due before the version is in force",
        ),
        (second("2026-01-01", "2025-01-01"), "from", 2, "versions 1 and 2 overlap"),
        (second("2026-01-01", "2024-01-01"), "from", 2, "versions 1 and 2 overlap"),
    ],
)
def test_what_is_wrong_in_a_rule_file_is_named_with_its_line(
    tmp_path: Path, rules: str, begins: str, count: int, sentence: str
) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, rules)
    assert str(refused.value) == f"testing.toml, line {line_of(rules, begins, count)}: TST-BP-001: {sentence}"


def test_what_is_no_rule_id_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, "\n[TST-BP-1]\n")
    assert str(refused.value) == "testing.toml, line 2: TST-BP-1: this is not a rule id"


def test_a_rule_without_a_function_and_the_reverse_stop_the_program(tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, RULE, {})
    assert str(refused.value) == "testing.toml, line 2: TST-BP-001: it has no function"
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, RULE, {"TST-BP-001": high, "TST-BP-009": high, "TST-BP-002": high})
    begins = high.__code__.co_firstlineno
    assert str(refused.value) == f"written_rules.py, line {begins}: TST-BP-002: no rule file has it"


def test_one_rule_in_two_files_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "another.toml").write_text(RULE, "utf-8")
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, RULE)
    assert str(refused.value) == "testing.toml, line 2: TST-BP-001: the rule stands in two files"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        # The line is the one at which the reader gives up; its words are those of Python's TOML reader.
        (changed('"180 mmHg"', "180 mmHg"), "testing.toml, line 13: Unclosed inline table"),
        (RULE + "more = [1,\n", "testing.toml, line 20: Invalid value (at end of document)"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path, broken: str, says: str) -> None:
    with pytest.raises(RulebookError) as refused:
        read(tmp_path, broken)
    assert str(refused.value) == says


@pytest.mark.parametrize("empty", ['""', "3"])
def test_a_source_without_words_is_named_with_its_line(tmp_path: Path, empty: str) -> None:
    (tmp_path / "sources.toml").write_text(f'somebody-2020 = "A Journal"\nanother = {empty}\n', "utf-8")
    with pytest.raises(RulebookError) as refused:
        read_sources(tmp_path)
    assert str(refused.value) == "sources.toml, line 2: another: a source is a key and a full reference"


def test_sources_are_keys_with_full_references(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('muller-2020 = "Müller 2020, A Journal"\n', "utf-8")
    assert read_sources(tmp_path) == {"muller-2020": "Müller 2020, A Journal"}
    assert read_sources() == read_sources(RULES) == shipped_sources()


def test_whatever_is_cited_has_its_full_reference() -> None:
    listed = sorted(shipped_sources())[:2]
    require_listed("The scale", listed)
    with pytest.raises(AssertionError) as refused:
        require_listed("The scale", ["nobody-2", *listed, "nobody-1"])
    assert str(refused.value) == "The scale cites what sources.toml lacks: nobody-1, nobody-2"


def test_what_ships_is_read_again_as_it_is() -> None:
    again, shipped = Rulebook.read(RULES), Rulebook.shipped()
    assert [rule.id for rule in again.rules] == [rule.id for rule in shipped.rules]
    assert again.sources == shipped.sources
    assert [rule.check for rule in again.rules] == [rule.check for rule in shipped.rules]


def test_a_rule_knows_where_it_stands(tmp_path: Path) -> None:
    assert (
        read(tmp_path, "# A line before\n" + RULE + BOUNDS).rule("TST-BP-001").place == "testing.toml, line 3"
    )
