"""Every rule has a table of cases, every case holds, and the tables cover each side of each limit.

A table is a module `<stage>_cases.py` with CASES, and with ALWAYS_KNOWN: the rules whose subject is complete
by construction, so that nothing can be missing, each with the reason.
"""

import re

import pytest

from evenkeel.clinical.case_tables import has_measured_limit
from evenkeel.clinical.rulebook import Rule, Rulebook
from tests.rules.case import DAY, Case
from tests.rules.tables import ALWAYS_KNOWN, CASES, HAZARDS

BOOK = Rulebook.shipped()


def hazards() -> dict[str, str]:
    """The rows of every hazard table: the hazard's id and the text of its row."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(HAZARDS.glob("*.md")))
    rows = re.findall(r"^\| *(HAZ-[0-9]{3}) *\|(.*)$", text, re.MULTILINE)
    assert len({id_ for id_, _ in rows}) == len(rows), "a hazard stands twice"
    return dict(rows)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_answers_as_its_statement_says(case: Case) -> None:
    verdict = BOOK.consult(case.rule, case.subject, on=case.on)
    assert verdict.answer == case.answer
    rule = BOOK.rule(case.rule)
    expected = {"clear": None, "fires": rule.severity, "unknown": rule.unknown}[case.answer]
    assert verdict.severity == expected
    assert (case.answer == "unknown") == bool(verdict.missing)
    if case.says is not None:
        assert (verdict.missing or verdict.evidence) == case.says


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_the_table_covers_the_rule(rule: Rule) -> None:
    cases = [case for case in CASES if case.rule == rule.id]
    assert {"clear", "fires"} <= {case.answer for case in cases}, "one case must fire and one must be clear"
    if rule.id not in ALWAYS_KNOWN:
        assert "unknown" in {case.answer for case in cases}, "one case must lack what the rule needs"
    if has_measured_limit(rule):
        assert {"below", "at", "above"} <= {case.where for case in cases}


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_the_rule_guards_against_a_hazard_that_names_it(rule: Rule) -> None:
    rows = hazards()
    assert rule.hazard in rows
    assert rule.id in rows[rule.hazard]


def test_every_hazard_names_rules_that_exist() -> None:
    named = set(re.findall(r"[A-Z]{3}(?:-[A-Z0-9]{2,4})?-[0-9]{3}", " ".join(hazards().values())))
    named = {id_ for id_ in named if not id_.startswith("HAZ-")}
    assert named <= {rule.id for rule in BOOK.rules}


def test_no_case_is_for_a_rule_that_is_gone() -> None:
    assert {case.rule for case in CASES} | set(ALWAYS_KNOWN) <= {rule.id for rule in BOOK.rules}


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_version_reads_as_a_sentence(rule: Rule) -> None:
    for version in rule.versions:
        sentence = rule.sentence(version)
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_no_rule_is_overdue_on_the_day_of_these_cases() -> None:
    assert [rule.id for rule in BOOK.rules if rule.version_on(DAY).review_due < DAY] == []
