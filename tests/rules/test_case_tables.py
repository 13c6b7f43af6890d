"""The tables that ship are those that were run, and a rule whose table is not whole stops the program."""

from dataclasses import replace
from datetime import date

import pytest
from typer.testing import CliRunner

from evenkeel.clinical import case_tables, hazards
from evenkeel.clinical.case_tables import CaseTable, TableCase, demand_cases, from_text, has_measured_limit
from evenkeel.clinical.rulebook import Rulebook, RulebookError
from evenkeel.config.cli import app
from evenkeel.record.verdict import Answer
from tests.rules.tables import HAZARDS, run_tables

BOOK = Rulebook.shipped()
TABLES = run_tables(BOOK)
# A limit in mmHg, and one with nothing to measure.
MEASURED, UNMEASURED = "CHK-BP-001", "CHK-PRG-001"


def without(rule: str, **left_out: str) -> dict[str, CaseTable]:
    """The tables, without the cases of one rule of which a property has this value."""
    table = TABLES[rule]
    kept = tuple(
        case for case in table.cases if not any(getattr(case, name) == it for name, it in left_out.items())
    )
    assert len(kept) < len(table.cases), "nothing was left out"
    return {**TABLES, rule: replace(table, cases=kept)}


def test_the_tables_that_ship_are_the_ones_that_were_run() -> None:
    written = case_tables.CASES_FILE.read_text("utf-8")
    assert written == case_tables.as_text(TABLES), "run tools/write_cases.py"


def test_the_hazards_that_ship_are_those_of_the_documentation() -> None:
    written = hazards.HAZARDS_FILE.read_text("utf-8")
    assert written == hazards.as_text(hazards.hazards_of(HAZARDS)), "run tools/write_cases.py"
    assert hazards.shipped_hazards() == hazards.hazards_of(HAZARDS)


def test_every_shipped_rule_has_a_whole_table() -> None:
    demand_cases(BOOK, TABLES)


def test_what_is_written_is_read_back() -> None:
    assert from_text(case_tables.as_text(TABLES)) == TABLES


@pytest.mark.parametrize("side", ["below", "at", "above"])
def test_a_measured_limit_needs_a_case_on_each_side(side: str) -> None:
    with pytest.raises(RulebookError, match=rf"checkin.*{MEASURED}.* lacks .*a case {side} the limit$"):
        demand_cases(BOOK, without(MEASURED, where=side))


@pytest.mark.parametrize(
    ("answer", "words"),
    [("fires", "that fires"), ("clear", "that is clear"), ("unknown", "with something missing")],
)
def test_a_rule_needs_a_case_for_each_answer(answer: str, words: str) -> None:
    with pytest.raises(RulebookError, match=f"{UNMEASURED}: .* lacks a case {words}$"):
        demand_cases(BOOK, without(UNMEASURED, expected=answer))


def test_a_rule_that_always_knows_says_why_in_place_of_the_case() -> None:
    tables = without(UNMEASURED, expected="unknown")
    told = replace(tables[UNMEASURED], always_known="made up: always asked")
    demand_cases(BOOK, {**tables, UNMEASURED: told})


def test_a_rule_without_any_table_names_its_file_and_line() -> None:
    tables = {id_: table for id_, table in TABLES.items() if id_ != MEASURED}
    with pytest.raises(RulebookError, match=r"^checkin\.toml, line [0-9]+: CHK-BP-001"):
        demand_cases(BOOK, tables)


def test_no_clinic_is_served_by_a_rule_that_no_cases_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {id_: table for id_, table in TABLES.items() if id_ != MEASURED}
    monkeypatch.setattr("evenkeel.journey.rules.shipped_tables", lambda: tables)
    for before in ("cli._migrate", "serving.require_durable"):
        monkeypatch.setattr(f"evenkeel.config.{before}", lambda: None)
    monkeypatch.setattr("evenkeel.store.durability.require_durable", lambda: None)
    answer = CliRunner().invoke(app, ["serve", "--port", "0"])
    assert answer.exit_code == 1
    assert "Not started. checkin.toml, line" in answer.output


def test_a_table_of_no_rule_is_refused() -> None:
    with pytest.raises(RulebookError, match="no rule CHK-OLD-999"):
        demand_cases(BOOK, {**TABLES, "CHK-OLD-999": CaseTable()})


def test_a_rule_without_a_number_needs_no_sides() -> None:
    assert has_measured_limit(BOOK.rule(MEASURED))
    assert not has_measured_limit(BOOK.rule(UNMEASURED))


@pytest.mark.parametrize(
    "broken", ['{"CHK-BP-001": {"cases": []}}', '{"CHK-BP-001": {"always_known": null, "cases": [{}]}}']
)
def test_a_table_that_cannot_be_read_names_its_rule(broken: str) -> None:
    with pytest.raises(RulebookError, match="CHK-BP-001"):
        from_text(broken)


def test_a_place_that_no_case_can_have_is_refused() -> None:
    text = case_tables.as_text({MEASURED: TABLES[MEASURED]}).replace('"where": "at"', '"where": "beside"')
    with pytest.raises(RulebookError, match=MEASURED):
        from_text(text)


@pytest.mark.parametrize(("given", "holds"), [("fires", True), ("clear", False), ("unknown", False)])
def test_a_case_holds_when_the_rule_answered_as_it_must(given: Answer, holds: bool) -> None:
    case = TableCase(
        where="at", note="", on=date(2026, 6, 1), expected="fires", given=given, version=1, seen=()
    )
    assert case.holds is holds
    assert CaseTable(cases=(case,)).held == int(holds)
