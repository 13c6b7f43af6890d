"""What rules' answers add up to: gravity, the gate, and what still stands in the way of a person."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from evenkeel.clinical.decision import gate, objections, refs, worst
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown
from evenkeel.record.entry import Role, RuleRef
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.issues import Issue

ON = date(2026, 6, 1)

# Id, severity, unknown, override, override when not known.
RULES = [
    ("TST-HARD-001", "block", "confirm", "none", "prescriber"),
    ("TST-PRE-001", "block", "block", "prescriber", "prescriber"),
    ("TST-REA-001", "confirm", "confirm", "reason", "reason"),
    ("TST-PAU-001", "pause", "pause", "none", "none"),
    ("TST-ADV-001", "advise", "advise", "reason", "reason"),
]
GOOD = "rested for ten minutes and well"


def answer_as_asked(subject: Finding, _: Limits) -> Finding:
    """Give back the finding that a test hands in."""
    return subject


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    """One rule of each kind."""
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "sources.toml").write_text("", "utf-8")
    (folder / "testing.toml").write_text(
        "\n".join(
            f"""
            [{id_}]
            title = "t"
            statement = "Statement of {id_}."
            severity = "{severity}"
            unknown = "{unknown}"
            override = "{override}"
            override_unknown = "{override_unknown}"
            hazard = "HAZ-001"
            [[{id_}.version]]
            number = 1
            from = 2025-01-01
            basis = "proposal"
            authored_by = "a"
            checked_by = "b"
            review_due = 2027-01-01
            """
            for id_, severity, unknown, override, override_unknown in RULES
        ),
        "utf-8",
    )
    return Rulebook.read(folder, {id_: answer_as_asked for id_, *_ in RULES})


def ask(book: Rulebook, **findings: str) -> tuple[Verdict, ...]:
    """Verdicts by the middle word of their rules: hard="fires", rea="unknown"."""
    made: dict[str, Finding] = {"fires": Fires(), "clear": Clear(), "unknown": Unknown(missing=("it",))}
    return tuple(
        book.consult(f"TST-{word.upper()}-001", made[answer], on=ON) for word, answer in findings.items()
    )


def codes(book: Rulebook, role: str, reason: str | None = None, **findings: str) -> list[str]:
    """The codes of what still stands in the way; a reason is given for every rule."""
    verdicts = ask(book, **findings)
    overrides = tuple(Override(rule=v.rule.rule, reason=reason) for v in verdicts) if reason else ()
    return [issue.code for issue in objections(book, verdicts, overrides, cast(Role, role))]


def test_worst_is_the_gravest_and_none_when_all_is_clear(book: Rulebook) -> None:
    assert worst(()) is None
    assert worst(ask(book, hard="clear", adv="clear")) is None
    assert worst(ask(book, adv="fires", hard="clear")) == "advise"
    assert worst(ask(book, rea="fires", adv="fires")) == "confirm"
    assert worst(ask(book, pau="fires", rea="fires")) == "pause"
    assert worst(ask(book, pre="fires", pau="fires")) == "block"


def test_refs_name_each_rule_once(book: Rulebook) -> None:
    verdicts = (*ask(book, hard="clear", rea="fires"), *ask(book, rea="unknown"))
    assert refs(verdicts) == (RuleRef(rule="TST-HARD-001", version=1), RuleRef(rule="TST-REA-001", version=1))


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ({"hard": "clear", "pre": "clear"}, "open"),
        ({"adv": "fires"}, "open"),
        ({"rea": "fires"}, "needs_prescriber"),
        ({"rea": "unknown"}, "needs_prescriber"),
        ({"pre": "fires"}, "needs_prescriber"),
        ({"hard": "unknown"}, "needs_prescriber"),
        ({"hard": "fires"}, "shut"),
        ({"pau": "unknown"}, "shut"),
        ({"hard": "fires", "rea": "fires", "adv": "clear"}, "shut"),
    ],
)
def test_the_gate(book: Rulebook, findings: dict[str, str], expected: str) -> None:
    assert gate(ask(book, **findings)) == expected


@pytest.mark.parametrize(
    ("role", "reason", "findings", "expected"),
    [
        ("nurse", None, {"hard": "clear", "pre": "clear", "rea": "clear"}, []),
        ("nurse", None, {"adv": "fires"}, []),
        ("nurse", None, {"adv": "unknown"}, []),
        ("prescriber", GOOD, {"hard": "fires"}, ["blocked"]),
        ("prescriber", GOOD, {"pau": "fires"}, ["blocked"]),
        ("prescriber", GOOD, {"pau": "unknown"}, ["blocked"]),
        ("prescriber", GOOD, {"hard": "unknown"}, []),
        ("nurse", GOOD, {"hard": "unknown"}, ["needs-prescriber"]),
        ("nurse", GOOD, {"pre": "fires"}, ["needs-prescriber"]),
        ("lead", GOOD, {"pre": "fires"}, ["needs-prescriber"]),
        ("nurse", None, {"pre": "fires"}, ["needs-prescriber"]),
        ("prescriber", None, {"pre": "fires"}, ["needs-reason"]),
        ("prescriber", GOOD, {"pre": "fires"}, []),
        ("nurse", None, {"rea": "fires"}, ["needs-reason"]),
        ("nurse", "nine char", {"rea": "fires"}, ["needs-reason"]),
        ("nurse", "         .         ", {"rea": "fires"}, ["needs-reason"]),
        ("nurse", "ten  chars", {"rea": "fires"}, []),
        ("nurse", GOOD, {"rea": "unknown"}, []),
        (
            "nurse",
            None,
            {"hard": "fires", "rea": "fires", "pre": "fires"},
            ["blocked", "needs-reason", "needs-prescriber"],
        ),
    ],
)
def test_what_stands_in_the_way(
    book: Rulebook, role: str, reason: str | None, findings: dict[str, str], expected: list[str]
) -> None:
    assert codes(book, role, reason, **findings) == expected


def test_a_reason_for_another_rule_does_not_count(book: Rulebook) -> None:
    found = objections(book, ask(book, rea="fires"), (Override(rule="TST-PRE-001", reason=GOOD),), "nurse")
    assert [issue.code for issue in found] == ["needs-reason"]


def test_an_objection_names_its_rule_field_and_sentence(book: Rulebook) -> None:
    hard, reason = objections(book, ask(book, hard="fires", rea="fires"), (), "nurse")
    assert (hard.rule, hard.field, hard.sentence) == ("TST-HARD-001", None, "Statement of TST-HARD-001.")
    assert (reason.rule, reason.field) == ("TST-REA-001", "override_TST-REA-001")
    assert "Statement of TST-REA-001." in reason.sentence


def test_an_objection_says_who_must_decide_or_what_to_write(book: Rulebook) -> None:
    (prescriber,) = objections(book, ask(book, pre="fires"), (), "nurse")
    assert prescriber == Issue(
        sentence="A prescriber must decide this. Statement of TST-PRE-001.",
        code="needs-prescriber",
        field="override_TST-PRE-001",
        rule="TST-PRE-001",
    )
    (reason,) = objections(book, ask(book, rea="unknown"), (), "nurse")
    assert reason == Issue(
        sentence="Write why you go on, in at least 10 letters. Not known: it. Statement of TST-REA-001.",
        code="needs-reason",
        field="override_TST-REA-001",
        rule="TST-REA-001",
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("ten letter", []), ("nine lett", ["needs-reason"]), ("  nine lett  ", ["needs-reason"])],
)
def test_spaces_around_a_reason_are_no_letters(book: Rulebook, reason: str, expected: list[str]) -> None:
    assert codes(book, "prescriber", reason, rea="fires") == expected


def test_what_was_hard_when_it_was_asked_stays_hard(book: Rulebook) -> None:
    verdict = replace(ask(book, rea="fires")[0], hard=True)
    reasons = (Override(rule="TST-REA-001", reason=GOOD),)
    assert [issue.code for issue in objections(book, (verdict,), reasons, "prescriber")] == ["blocked"]


def test_what_the_book_calls_hard_now_is_hard_for_an_earlier_answer(book: Rulebook) -> None:
    verdict = replace(ask(book, hard="fires")[0], hard=False)
    reasons = (Override(rule="TST-HARD-001", reason=GOOD),)
    assert [issue.code for issue in objections(book, (verdict,), reasons, "prescriber")] == ["blocked"]


def test_advice_on_a_rule_that_nobody_may_override_is_still_only_advice(book: Rulebook) -> None:
    verdict: Any = ask(book, adv="fires")[0]
    assert verdict.hard is False
