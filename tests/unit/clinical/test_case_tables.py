"""The files of cases and of hazards: how they are written and read, and what a rule's table must hold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from evenkeel.clinical import hazards
from evenkeel.clinical.case_tables import (
    CaseTable,
    TableCase,
    Where,
    as_text,
    demand_cases,
    from_text,
    has_measured_limit,
)
from evenkeel.clinical.hazards import Hazard, hazards_of
from evenkeel.clinical.rulebook import Rulebook, RulebookError
from evenkeel.record.verdict import Answer
from tests.unit.clinical.written_rules import RULE, WORDS, changed, high, line_of, read

# The first compares with numbers, the second with words.
MEASURED, UNMEASURED = "TST-BP-001", "TST-BP-002"
RULES = RULE + WORDS


def case(where: Where, expected: Answer, given: Answer | None = None) -> TableCase:
    """A case that answers as it must unless another answer is given."""
    return TableCase(
        where=where,
        note=f"{where} the limit",
        on=date(2026, 6, 1),
        expected=expected,
        given=given or expected,
        version=1,
        seen=("180 mmHg",),
    )


WHOLE = (
    case("below", "clear"),
    case("at", "fires"),
    case("above", "fires"),
    case("missing", "unknown"),
)


def book(folder: Path) -> Rulebook:
    """A rule with numbers and one without."""
    return read(folder, RULES, {MEASURED: high, UNMEASURED: high})


# --- as a file ----------------------------------------------------------------------------------------------

TABLES = {
    "TST-BP-002": CaseTable(always_known="the order is always there – it is what is asked about"),
    "TST-BP-001": CaseTable(
        cases=(
            replace(case("at", "fires"), note="at 180 µg"),
            replace(case("missing", "unknown", "clear"), version=2, seen=("pulse", "the arm")),
        )
    ),
}
TEXT = """{
  "TST-BP-001": {
    "always_known": null,
    "cases": [
      {"where": "at", "note": "at 180 µg", "on": "2026-06-01", "expected": "fires", "given": "fires", \
"version": 1, "seen": ["180 mmHg"]},
      {"where": "missing", "note": "missing the limit", "on": "2026-06-01", "expected": "unknown", \
"given": "clear", "version": 2, "seen": ["pulse", "the arm"]}
    ]
  },
  "TST-BP-002": {
    "always_known": "the order is always there – it is what is asked about",
    "cases": [

    ]
  }
}
"""


def test_tables_are_written_rule_by_rule_with_one_case_a_line() -> None:
    assert as_text(TABLES) == TEXT


def test_what_is_written_is_read_back() -> None:
    read_back = from_text(TEXT)
    assert read_back == TABLES
    assert list(read_back) == ["TST-BP-001", "TST-BP-002"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    "always_known": null,\n', ""),
        ('"where": "at"', '"where": "beside"'),
        ('"expected": "fires"', '"expected": "perhaps"'),
        ('"given": "fires"', '"given": "perhaps"'),
        ('"on": "2026-06-01", "expected": "fires"', '"on": "June", "expected": "fires"'),
        ('"on": "2026-06-01", "expected": "fires"', '"on": 3, "expected": "fires"'),
        ('"version": 1', '"version": "first"'),
        ('"note": "at 180 µg", ', ""),
    ],
)
def test_a_table_that_cannot_be_read_names_its_file_and_its_rule(old: str, new: str) -> None:
    with pytest.raises(RulebookError) as refused:
        from_text(changed(old, new, TEXT))
    assert str(refused.value) == "cases.json: the table of TST-BP-001 cannot be read"


def test_what_no_case_can_be_is_the_cause() -> None:
    with pytest.raises(RulebookError) as refused:
        from_text(changed('"where": "at"', '"where": "beside"', TEXT))
    assert str(refused.value.__cause__) == "not a place or an answer of a case"


# --- what a table must hold ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "holds"), [("fires", True), ("clear", False), ("unknown", False)])
def test_a_case_holds_when_the_rule_answered_as_it_must(given: Answer, holds: bool) -> None:
    assert case("at", "fires", given).holds is holds


def test_a_table_counts_the_cases_that_hold() -> None:
    assert CaseTable(cases=WHOLE).held == 4
    assert CaseTable(cases=(*WHOLE, case("at", "fires", "clear"))).held == 4
    assert CaseTable().held == 0


@pytest.mark.parametrize(
    ("limit", "is_measured"),
    [
        ('"180 mmHg"', True),
        ('"35 mg"', True),
        ('"50 mg/mL"', True),
        ("2", True),
        ('["depression", "crps"]', False),
    ],
)
def test_a_limit_that_is_measured_has_sides(tmp_path: Path, limit: str, is_measured: bool) -> None:
    text = changed('{ systolic = "180 mmHg", readings = 2 }', f"{{ only = {limit} }}")
    text = changed("from {systolic} on {readings} readings", "at {only}", text)
    assert has_measured_limit(read(tmp_path, text).rule(MEASURED)) is is_measured


def demand(folder: Path, measured: Sequence[TableCase], unmeasured: Sequence[TableCase] = WHOLE[1:]) -> str:
    """What is said of these tables; empty when they are whole."""
    tables = {MEASURED: CaseTable(cases=tuple(measured)), UNMEASURED: CaseTable(cases=tuple(unmeasured))}
    try:
        demand_cases(book(folder), tables)
    except RulebookError as refused:
        return str(refused)
    return ""


def lacks(rule: str, what: str) -> str:
    """What is said of a rule whose table lacks something."""
    return f"testing.toml, line {line_of(RULES, f'[{rule}]')}: {rule}: its case table lacks {what}"


def test_a_whole_table_has_each_answer_and_with_a_number_each_side(tmp_path: Path) -> None:
    no_sides = (case("yes", "fires"), case("no", "clear"), case("missing", "unknown"))
    assert demand(tmp_path, WHOLE, no_sides) == ""


@pytest.mark.parametrize(
    ("without", "what"),
    [
        ("below", "a case that is clear, a case below the limit"),
        ("at", "a case at the limit"),
        ("above", "a case above the limit"),
        ("missing", "a case with something missing"),
    ],
)
def test_a_table_without_a_case_says_which(tmp_path: Path, without: str, what: str) -> None:
    assert demand(tmp_path, [one for one in WHOLE if one.where != without]) == lacks(MEASURED, what)


def test_a_rule_without_a_number_needs_the_answers_alone(tmp_path: Path) -> None:
    said = lacks(UNMEASURED, "a case that fires, a case that is clear, a case with something missing")
    assert demand(tmp_path, WHOLE, ()) == said


def test_what_a_case_must_answer_counts_and_not_what_it_answered(tmp_path: Path) -> None:
    wrong = [case("no", "clear", "fires"), case("missing", "unknown")]
    assert demand(tmp_path, WHOLE, wrong) == lacks(UNMEASURED, "a case that fires")


def test_a_rule_without_a_table_lacks_everything(tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as refused:
        demand_cases(book(tmp_path), {UNMEASURED: CaseTable(cases=WHOLE)})
    assert str(refused.value) == lacks(
        MEASURED,
        "a case that fires, a case that is clear, a case with something missing, a case below the limit, "
        "a case at the limit, a case above the limit",
    )


def test_a_rule_that_always_knows_says_why_in_place_of_the_case(tmp_path: Path) -> None:
    known = CaseTable(cases=WHOLE[:3], always_known="the order is always there")
    demand_cases(book(tmp_path), {MEASURED: known, UNMEASURED: known})


def test_a_table_of_no_rule_is_refused(tmp_path: Path) -> None:
    whole = CaseTable(cases=WHOLE)
    with pytest.raises(RulebookError) as refused:
        demand_cases(
            book(tmp_path),
            {MEASURED: whole, UNMEASURED: whole, "TST-OLD-002": whole, "TST-OLD-001": whole},
        )
    assert str(refused.value) == "cases.json: there is no rule TST-OLD-001, TST-OLD-002"


# --- hazards ------------------------------------------------------------------------------------------------

PAGE = """# Blood pressure

| Hazard | What harm | What causes it | What prevents it |
|---|---|---|---|
| HAZ-002 | A stroke – or worse | A pressure that nobody measured | TST-BP-001 |
|HAZ-001|A fall|Standing up too soon|TST-BP-002|

Words about | HAZ-003 | in | between |.
"""
PRESSURE = {
    "HAZ-002": Hazard(
        id="HAZ-002", harm="A stroke – or worse", cause="A pressure that nobody measured", page="pressure"
    ),
    "HAZ-001": Hazard(id="HAZ-001", harm="A fall", cause="Standing up too soon", page="pressure"),
}


def test_hazards_are_read_from_every_table_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pressure.md").write_text(PAGE, "utf-8")
    (tmp_path / "airway.md").write_text("| HAZ-004 | No breath | Too much drug | TST-BP-003 |\n", "utf-8")
    (tmp_path / "notes.txt").write_text("| HAZ-005 | none | none | none |\n", "utf-8")
    found = hazards_of(tmp_path)
    airway = Hazard(id="HAZ-004", harm="No breath", cause="Too much drug", page="airway")
    assert found == {"HAZ-004": airway, **PRESSURE}
    # Page after page, each in the order of its table
    assert list(found) == ["HAZ-004", "HAZ-002", "HAZ-001"]


def test_a_hazard_stands_once(tmp_path: Path) -> None:
    for name in ("airway", "pressure"):
        (tmp_path / f"{name}.md").write_text(PAGE, "utf-8")
    with pytest.raises(AssertionError) as refused:
        hazards_of(tmp_path)
    assert str(refused.value) == "HAZ-002 stands twice"


def test_hazards_are_written_in_the_order_of_their_numbers() -> None:
    assert (
        hazards.as_text(PRESSURE)
        == """{
  "HAZ-001": {
    "harm": "A fall",
    "cause": "Standing up too soon",
    "page": "pressure"
  },
  "HAZ-002": {
    "harm": "A stroke – or worse",
    "cause": "A pressure that nobody measured",
    "page": "pressure"
  }
}
"""
    )
