"""The rulebook as a page: nothing that a reader needs is left out."""

import re

import pytest

from evenkeel.clinical.rulebook import Rule, Rulebook
from evenkeel.clinical.rulebook_page import render

BOOK = Rulebook.shipped()
PAGE = render(BOOK)


def section(rule: Rule) -> str:
    """What the page says about one rule."""
    found = re.search(rf"^### {rule.id}: .*?(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_says_all_that_it_rests_on(rule: Rule) -> None:
    text = section(rule)
    now = rule.versions[-1]
    assert rule.title in text
    assert rule.sentence(now) in text
    assert f"When it fires: **{rule.severity}**" in text
    assert f"When not known: **{rule.unknown}**" in text
    assert f"Guards against: {rule.hazard}" in text
    assert f"Version {now.number}, from {now.from_date}" in text
    assert f"checked by: {now.checked_by}" in text
    for limit in now.limits.shown().values():
        assert limit in text
    for cited in now.cite:
        assert f"`{cited.key}`, {cited.locator}" in text
        assert f"- `{cited.key}`: {BOOK.sources[cited.key]}" in PAGE


def test_a_number_that_nobody_published_is_called_a_proposal() -> None:
    assert "a proposal for the clinic's medical director" in section(BOOK.rule("SCR-EXP-001"))
    assert "no source" in section(BOOK.rule("SCR-EXP-001"))
    assert "somebody else's account" in section(BOOK.rule("CHK-FST-001"))


def test_stages_stand_in_the_order_of_the_journey() -> None:
    stages = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert [stage for stage in stages if stage in ("Screening", "Check-in", "Ordering and drawing up")] == [
        "Screening",
        "Check-in",
        "Ordering and drawing up",
    ]
    assert stages[-1] == "Sources"


def test_every_rule_stands_once() -> None:
    assert sorted(re.findall(r"^### ([A-Z0-9-]+): ", PAGE, re.MULTILINE)) == sorted(
        rule.id for rule in BOOK.rules
    )
