"""The case tables of the rules as they were last run, kept beside the rules so that a clinic can read them.

The cases themselves are tests (`tests/rules`), since their subjects are made-up records. What they expected
and what the rule answered is written to `rules/cases.json` by `tools/write_cases.py`.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, Literal, get_args

from evenkeel.clinical.rulebook import RULES, Rule, Rulebook, RulebookError
from evenkeel.record.verdict import Answer
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.quantities import Quantity
from evenkeel.values.shape import frozen

CASES_FILE: Final = RULES / "cases.json"

Where = Literal["below", "at", "above", "missing", "yes", "no", "other"]
_SIDES: Final[tuple[Where, ...]] = ("below", "at", "above")


@frozen
class TableCase:
    """One case: where it lies, what it is in a few words, what it must answer and what it answered.

    `version` is the version of the rule that was in force on the day of the case; `seen` is what it saw or
    missed.
    """

    where: Where
    note: str
    on: date
    expected: Answer
    given: Answer
    version: int
    seen: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the rule answered as it must."""
        return self.expected == self.given


@frozen
class CaseTable:
    """Every case of one rule. `always_known` says why nothing can be missing, for a rule where that is so."""

    cases: tuple[TableCase, ...] = ()
    always_known: str | None = None

    @property
    def held(self) -> int:
        """How many cases answered as they must."""
        return sum(case.holds for case in self.cases)


Tables = Mapping[str, CaseTable]


def as_text(tables: Tables) -> str:
    """Write tables as they stand in the file, one case a line, so that a change shows as the line it is."""
    rules = []
    for id_ in sorted(tables):
        table = tables[id_]
        lines = ",\n".join(f"      {json.dumps(_raw(case), ensure_ascii=False)}" for case in table.cases)
        known = json.dumps(table.always_known, ensure_ascii=False)
        rules.append(
            f'  {json.dumps(id_)}: {{\n    "always_known": {known},\n    "cases": [\n{lines}\n    ]\n  }}'
        )
    return "{\n" + ",\n".join(rules) + "\n}\n"


def from_text(text: str) -> dict[str, CaseTable]:
    """Read what `as_text` wrote, or raise RulebookError naming the rule whose table cannot be read."""
    found = {}
    for id_, raw in json.loads(text).items():
        try:
            cases = tuple(_case(one) for one in raw["cases"])
            found[id_] = CaseTable(cases=cases, always_known=raw["always_known"])
        except (KeyError, TypeError, ValueError) as broken:
            raise RulebookError(f"{CASES_FILE.name}: the table of {id_} cannot be read") from broken
    return found


@cache
def shipped_tables() -> Tables:
    """The tables that come with Evenkeel, read once."""
    return from_text(CASES_FILE.read_text("utf-8"))


def has_measured_limit(rule: Rule) -> bool:
    """Whether a rule compares with a number, so that below, at and above mean something."""
    return any(
        isinstance(limit, Quantity | DrugMass | Strength | int)
        for version in rule.versions
        for _, limit in version.limits
    )


def demand_cases(book: Rulebook, tables: Tables) -> None:
    """Raise RulebookError, naming the file and the rule, where a rule lacks a case that proves it.

    Every rule needs a case that fires, one that is clear and one that lacks what the rule needs (unless the
    table says why nothing can be missing); a rule with a number needs cases below, at and above it.
    """
    for rule in book.rules:
        lost = list(_lost(rule, tables.get(rule.id, CaseTable())))
        if lost:
            raise RulebookError(f"{rule.place}: {rule.id}: its case table lacks {', '.join(lost)}")
    if gone := sorted(tables.keys() - book.by_id.keys()):
        raise RulebookError(f"{CASES_FILE.name}: there is no rule {', '.join(gone)}")


def _lost(rule: Rule, table: CaseTable) -> Iterable[str]:
    answers = {case.expected for case in table.cases}
    sides = {case.where for case in table.cases}
    if "fires" not in answers:
        yield "a case that fires"
    if "clear" not in answers:
        yield "a case that is clear"
    if "unknown" not in answers and table.always_known is None:
        yield "a case with something missing"
    if has_measured_limit(rule):
        yield from (f"a case {side} the limit" for side in _SIDES if side not in sides)


def _raw(case: TableCase) -> dict[str, Any]:
    return {
        "where": case.where,
        "note": case.note,
        "on": case.on.isoformat(),
        "expected": case.expected,
        "given": case.given,
        "version": case.version,
        "seen": list(case.seen),
    }


def _case(raw: Mapping[str, Any]) -> TableCase:
    if raw["where"] not in get_args(Where) or not {raw["expected"], raw["given"]} <= set(get_args(Answer)):
        raise ValueError("not a place or an answer of a case")
    return TableCase(
        where=raw["where"],
        note=raw["note"],
        on=date.fromisoformat(raw["on"]),
        expected=raw["expected"],
        given=raw["given"],
        version=int(raw["version"]),
        seen=tuple(raw["seen"]),
    )
