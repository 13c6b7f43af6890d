"""The engine of the rulebook: what it makes of a rule file, and how it answers."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical import rulebook
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.rulebook import (
    RULES,
    Check,
    Citation,
    Clear,
    Fires,
    Limits,
    Rule,
    Rulebook,
    RuleVersion,
    Unknown,
)
from evenkeel.record.entry import RuleRef
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import ClinicianId
from evenkeel.values.quantities import Pressure
from tests.unit.clinical.written_rules import RULE, SECOND_VERSION, WORDS, changed, high, read

CODE = "\n".join(path.read_text("utf-8") for path in sorted(RULES.parent.rglob("*.py")))
ID = "TST-BP-001"
ON = date(2025, 6, 1)


def test_a_rule_is_what_its_file_says(tmp_path: Path) -> None:
    book = read(tmp_path, RULE)
    assert book.sources == {"somebody-2020": "Somebody 2020, A Journal"}
    assert book.rules == (
        Rule(
            id=ID,
            stage="testing",
            title="A rule of this test",
            statement="Pause from {systolic} on {readings} readings.",
            severity="pause",
            unknown="confirm",
            override="none",
            override_unknown="prescriber",
            hazard="HAZ-001",
            bounds={},
            versions=(
                RuleVersion(
                    number=1,
                    from_date=date(2025, 1, 1),
                    limits=Limits(by_name={"systolic": Pressure.of(180), "readings": 2}),
                    cite=(Citation(key="somebody-2020", locator="table 2"),),
                    basis="source",
                    authored_by="clinical content",
                    checked_by="awaiting medical director",
                    review_due=date(2027, 1, 1),
                ),
            ),
            check=high,
            place="testing.toml, line 2",
        ),
    )


def test_one_citation_needs_no_list_and_a_rule_no_limits(tmp_path: Path) -> None:
    text = changed(
        '[{ key = "somebody-2020", locator = "table 2" }]', '{ key = "somebody-2020", locator = "p 2" }'
    )
    text = changed('limits = { systolic = "180 mmHg", readings = 2 }\n', "", text)
    text = changed("from {systolic} on {readings} readings", "whenever it is high", text)
    (version,) = read(tmp_path, text).rule(ID).versions
    assert version.cite == (Citation(key="somebody-2020", locator="p 2"),)
    assert version.limits == Limits(by_name={})


def test_a_review_may_be_due_on_the_day_after_the_first(tmp_path: Path) -> None:
    assert read(tmp_path, changed("2027-01-01", "2025-01-02")).rule(ID).versions[0].review_due == date(
        2025, 1, 2
    )


def test_who_may_go_on_without_an_answer_is_who_may_go_on_with_one_if_nothing_else_is_said(
    tmp_path: Path,
) -> None:
    book = read(tmp_path, RULE + WORDS, {ID: high, "TST-BP-002": high})
    told, untold = book.rule(ID), book.rule("TST-BP-002")
    assert [told.override_of(answer) for answer in ("fires", "unknown")] == ["none", "prescriber"]
    assert [untold.override_of(answer) for answer in ("fires", "unknown")] == ["reason", "reason"]
    assert [told.severity_of(answer) for answer in ("clear", "fires", "unknown")] == [
        None,
        "pause",
        "confirm",
    ]


SAID = "Pause from 180 mmHg on 2 readings."


@pytest.mark.parametrize(
    ("pressure", "verdict"),
    [
        (
            Pressure.of(180),
            Verdict(
                rule=RuleRef(rule=ID, version=1),
                answer="fires",
                severity="pause",
                sentence=SAID,
                hard=True,
                evidence=("180 mmHg",),
            ),
        ),
        (
            Pressure.of(179),
            Verdict(rule=RuleRef(rule=ID, version=1), answer="clear", severity=None, sentence=SAID),
        ),
        (
            None,
            Verdict(
                rule=RuleRef(rule=ID, version=1),
                answer="unknown",
                severity="confirm",
                sentence=f"Not known: systolic pressure, the arm. {SAID}",
                missing=("systolic pressure", "the arm"),
            ),
        ),
    ],
)
def test_the_three_answers(tmp_path: Path, pressure: Pressure | None, verdict: Verdict) -> None:
    assert read(tmp_path, RULE).consult(ID, pressure, on=ON) == verdict


@pytest.mark.parametrize(
    ("old", "new", "pressure", "is_hard"),
    [
        ('severity = "pause"', 'severity = "block"', 180, True),
        ('severity = "pause"', 'severity = "advise"', 180, False),
        ('override = "none"', 'override = "prescriber"', 180, False),
        ('unknown = "confirm"\noverride = "none"\noverride_unknown = "prescriber"',
         'unknown = "block"\noverride = "none"', None, True),
    ],
)  # fmt: skip
def test_hard_is_what_asks_for_more_than_attention_and_lets_nobody_go_on(
    tmp_path: Path, old: str, new: str, pressure: int | None, is_hard: bool
) -> None:
    subject = None if pressure is None else Pressure.of(pressure)
    assert read(tmp_path, changed(old, new)).consult(ID, subject, on=ON).hard is is_hard


def test_several_rules_answer_in_the_order_they_are_asked(tmp_path: Path) -> None:
    checks: dict[str, Check] = {ID: high, "TST-BP-002": lambda subject, limits: Clear()}
    book = read(tmp_path, RULE + WORDS, checks)
    verdicts = book.consult_all(["TST-BP-002", ID], Pressure.of(180), on=ON)
    assert [(one.rule.rule, one.answer) for one in verdicts] == [("TST-BP-002", "clear"), (ID, "fires")]
    assert verdicts[0].sentence == "It is given for depression or crps."


def test_the_version_in_force_on_the_day_answers(tmp_path: Path) -> None:
    book = read(tmp_path, RULE + SECOND_VERSION)
    pressure = Pressure.of(175)
    last_day = book.consult(ID, pressure, on=date(2025, 12, 31))
    assert (last_day.answer, last_day.rule.version) == ("clear", 1)
    first_day = book.consult(ID, pressure, on=date(2026, 1, 1))
    assert (first_day.answer, first_day.rule.version) == ("fires", 2)
    assert book.limits(ID, date(2026, 1, 1)).systolic == Pressure.of(170)
    assert book.limits(ID, date(2025, 1, 1)).systolic == Pressure.of(180)
    with pytest.raises(AssertionError) as refused:
        book.consult(ID, pressure, on=date(2024, 12, 31))
    assert str(refused.value) == "no version of TST-BP-001 was in force on that day"


def test_settings_reach_their_own_rule_alone(tmp_path: Path) -> None:
    book = read(tmp_path, RULE + WORDS, {ID: high, "TST-BP-002": high})
    chosen = ClinicSetting(
        rule="TST-BP-002",
        limit="offered",
        number=1,
        value=("crps",),
        version=1,
        from_date=ON,
        reason="as the medical director asked",
        is_confirmed=False,
        by=ClinicianId("22222222-2222-4222-8222-222222222222"),
        by_name="Lea Lindqvist MD",
        recorded_at=datetime(2025, 6, 1, 8, 0, tzinfo=UTC),
    )
    with_one = book.with_settings([chosen])
    assert with_one.rule("TST-BP-002").settings == (chosen,)
    assert with_one.limits("TST-BP-002", ON).offered == ("crps",)
    assert with_one.rule(ID) == book.rule(ID)
    assert with_one.sources == book.sources
    assert with_one.with_settings([]) == book


def test_a_rule_of_no_book_is_a_broken_invariant(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as refused:
        read(tmp_path, RULE).rule("TST-BP-009")
    assert str(refused.value) == "there is no rule TST-BP-009"


def test_an_unknown_answer_names_what_is_missing() -> None:
    with pytest.raises(AssertionError, match=r"^an unknown answer names what is missing$"):
        Unknown(missing=())


def test_a_function_is_made_the_shape_of_one_rule_and_is_found_by_its_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "_CHECKS", {})
    register: Callable[[str], Callable[[Check], Check]] = rulebook.rule
    assert register(ID)(high) is high
    with pytest.raises(AssertionError, match=r"^two functions for TST-BP-001$"):
        register(ID)(high)
    (tmp_path / "sources.toml").write_text('somebody-2020 = "Somebody 2020, A Journal"\n', "utf-8")
    (tmp_path / "checkin.toml").write_text(RULE, "utf-8")
    (rule,) = Rulebook.read(tmp_path).rules
    assert (rule.stage, rule.check) == ("checkin", high)
    assert rule.check(Pressure.of(180), rule.versions[0].limits) == Fires(evidence=("180 mmHg",))


def test_what_is_shipped_is_read_once() -> None:
    book: Any = Rulebook.shipped()
    assert book is Rulebook.shipped()


@pytest.mark.parametrize("rule", Rulebook.shipped().rules, ids=lambda rule: rule.id)
def test_every_limit_that_is_shipped_is_used_by_its_rule_or_said_in_its_statement(rule: Any) -> None:
    names = {name for version in rule.versions for name, _ in version.limits}
    said = {name for name in names if f"{{{name}}}" in rule.statement}
    used = {name for name in names if re.search(rf"\.{name}\b", CODE)}
    assert names == said | used
