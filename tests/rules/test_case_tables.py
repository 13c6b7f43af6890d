"""The tables that ship are those that were run, and a rule whose table is not whole stops the program."""

import pytest
from typer.testing import CliRunner

from evenkeel.clinical import case_tables, hazards
from evenkeel.clinical.case_tables import demand_cases, from_text, has_measured_limit
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.config.cli import app
from tests.rules.tables import HAZARDS, run_tables

BOOK = Rulebook.shipped()
TABLES = run_tables(BOOK)
# A limit in mmHg, and one with nothing to measure.
MEASURED, UNMEASURED = "CHK-BP-001", "CHK-PRG-001"


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


def test_no_clinic_is_served_by_a_rule_that_no_cases_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {id_: table for id_, table in TABLES.items() if id_ != MEASURED}
    monkeypatch.setattr("evenkeel.journey.rules.shipped_tables", lambda: tables)
    for before in ("cli._migrate", "serving.require_durable"):
        monkeypatch.setattr(f"evenkeel.config.{before}", lambda: None)
    monkeypatch.setattr("evenkeel.store.durability.require_durable", lambda: None)
    answer = CliRunner().invoke(app, ["serve", "--port", "0"])
    assert answer.exit_code == 1
    assert "Not started. checkin.toml, line" in answer.output


def test_a_rule_without_a_number_needs_no_sides() -> None:
    assert has_measured_limit(BOOK.rule(MEASURED))
    assert not has_measured_limit(BOOK.rule(UNMEASURED))
