"""Every case table of the tests, gathered, and what the rules answer to them now."""

import importlib
from pathlib import Path

from evenkeel.clinical.case_tables import CaseTable, TableCase
from evenkeel.clinical.rulebook import Rulebook
from tests.rules.case import Case

HERE = Path(__file__).parent
HAZARDS = HERE.parent.parent / "docs" / "hazards"
TABLES = [importlib.import_module(f"tests.rules.{path.stem}") for path in sorted(HERE.glob("*_cases.py"))]
CASES: list[Case] = [case for table in TABLES for case in table.CASES]
ALWAYS_KNOWN: dict[str, str] = {id_: why for table in TABLES for id_, why in table.ALWAYS_KNOWN.items()}


def run_tables(book: Rulebook) -> dict[str, CaseTable]:
    """Ask every rule about each of its cases, in the order of the tables."""
    asked: dict[str, list[TableCase]] = {rule.id: [] for rule in book.rules}
    for case in CASES:
        asked[case.rule].append(_run(book, case))
    return {
        id_: CaseTable(cases=tuple(cases), always_known=ALWAYS_KNOWN.get(id_)) for id_, cases in asked.items()
    }


def _run(book: Rulebook, case: Case) -> TableCase:
    verdict = book.consult(case.rule, case.subject, on=case.on)
    return TableCase(
        where=case.where,
        note=case.note,
        on=case.on,
        expected=case.answer,
        given=verdict.answer,
        version=verdict.rule.version,
        seen=verdict.evidence or verdict.missing,
    )
