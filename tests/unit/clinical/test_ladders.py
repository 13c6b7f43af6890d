"""Limits of several rules that stand in an order: what is read, and when a clinic leaves it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.ladders import Crossing, Ladder, Rung, crossings, read_ladders, shipped_ladders
from evenkeel.clinical.limits import parse_limit
from evenkeel.clinical.rulebook import Rule, Rulebook, RulebookError
from evenkeel.values.ids import ClinicianId

BOOK = Rulebook.shipped()
# From 165 mmHg a nurse looks, from 180 mmHg the drug is held.
ALERT, HOLD = Rung(rule="INF-BP-003", limit="systolic"), Rung(rule="INF-BP-002", limit="systolic")
# Below 0.1 mg/kg somebody is asked, above 0.5, 0.75 and 1 mg/kg too, or refused.
DOSES = tuple(Rung(rule=f"ORD-DOS-00{number}", limit="dose") for number in (4, 1, 2, 3))
DAY, LATER, LAST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def with_setting(rules: dict[str, Rule], rung: Rung, value: str | None, from_date: date) -> dict[str, Rule]:
    """The rules with one more limit of the clinic's."""
    rule = rules[rung.rule]
    setting = ClinicSetting(
        rule=rule.id,
        limit=rung.limit,
        number=len(rule.settings) + 1,
        value=None if value is None else parse_limit(value),
        version=1,
        from_date=from_date,
        reason="A reason of this test.",
        is_confirmed=False,
        by=ClinicianId("clinician:1"),
        by_name="Somebody",
        recorded_at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    return {**rules, rule.id: rule.with_settings((*rule.settings, setting))}


def found(rules: dict[str, Rule], moved: Rung, ladder: Ladder | None = None) -> list[tuple[Rung, Rung, date]]:
    """Which limits stand on the wrong side of which, and from when, if one was moved from DAY on."""
    ladders = [ladder or Ladder(rungs=(ALERT, HOLD), otherwise="too late")]
    return [(each.lower, each.upper, each.on) for each in crossings(ladders, rules, moved, DAY)]


def test_the_shipped_limits_stand_in_order() -> None:
    ladders = shipped_ladders()
    assert (
        Ladder(rungs=(ALERT, HOLD), otherwise="the alert would not come before the drug is held") in ladders
    )
    for ladder in ladders:
        for rung in ladder.rungs:
            assert list(crossings(ladders, BOOK.by_id, rung, DAY)) == []


@pytest.mark.parametrize("value", ["150 mmHg", "179 mmHg", "180 mmHg"])
def test_an_alert_up_to_the_hold_is_in_order(value: str) -> None:
    assert found(with_setting(dict(BOOK.by_id), ALERT, value, DAY), ALERT) == []


def test_an_alert_above_the_hold_is_out_of_order() -> None:
    held = with_setting(dict(BOOK.by_id), HOLD, "170 mmHg", DAY)
    assert found(with_setting(held, ALERT, "170 mmHg", DAY), ALERT) == []
    assert found(with_setting(held, ALERT, "171 mmHg", DAY), ALERT) == [(ALERT, HOLD, DAY)]


@pytest.mark.parametrize("value", ["164 mmHg", "150 mmHg"])
def test_a_hold_below_the_alert_is_out_of_order(value: str) -> None:
    assert found(with_setting(dict(BOOK.by_id), HOLD, value, DAY), HOLD) == [(ALERT, HOLD, DAY)]


def test_a_hold_at_the_alert_is_in_order() -> None:
    assert found(with_setting(dict(BOOK.by_id), HOLD, "165 mmHg", DAY), HOLD) == []


def test_the_day_on_which_another_setting_begins_is_looked_at_too() -> None:
    lowered = with_setting(dict(BOOK.by_id), ALERT, "150 mmHg", DAY)
    both = with_setting(lowered, HOLD, "155 mmHg", DAY)
    assert found(both, HOLD) == []
    # The alert goes back to 165 mmHg later, which is above the hold that was set.
    assert found(with_setting(both, ALERT, None, LATER), HOLD) == [(ALERT, HOLD, LATER)]
    again = with_setting(with_setting(both, ALERT, None, LAST), ALERT, "160 mmHg", LATER)
    assert found(again, HOLD) == [(ALERT, HOLD, LATER)]


def test_what_was_out_of_order_before_the_day_is_past() -> None:
    earlier = with_setting(dict(BOOK.by_id), HOLD, "150 mmHg", date(2026, 3, 1))
    back = with_setting(earlier, HOLD, None, DAY)
    assert found(back, HOLD) == []


def test_every_limit_of_a_ladder_is_compared_and_not_only_the_next_one() -> None:
    ladder = Ladder(rungs=DOSES, otherwise="in the wrong order")
    least, standard, _, ceiling = DOSES
    low = with_setting(dict(BOOK.by_id), ceiling, "0.5 mg/kg", DAY)
    assert found(low, ceiling, ladder) == [(DOSES[2], ceiling, DAY)]
    high = with_setting(low, standard, "0.75 mg/kg", DAY)
    assert found(high, standard, ladder) == [(standard, ceiling, DAY)]
    assert found(high, least, ladder) == []


def test_what_a_crossing_says() -> None:
    rules = with_setting(dict(BOOK.by_id), HOLD, "150 mmHg", DAY)
    ladder = Ladder(rungs=(ALERT, HOLD), otherwise="too late")
    assert list(crossings([ladder], rules, HOLD, DAY)) == [
        Crossing(lower=ALERT, upper=HOLD, on=DAY, otherwise="too late")
    ]


def test_a_ladder_that_does_not_hold_the_limit_is_not_asked() -> None:
    rules = with_setting(dict(BOOK.by_id), HOLD, "150 mmHg", DAY)
    other = Ladder(rungs=DOSES, otherwise="in the wrong order")
    alone = Ladder(rungs=(ALERT, HOLD), otherwise="too late")
    assert [each.upper for each in crossings([other, alone], rules, HOLD, DAY)] == [HOLD]
    assert list(crossings([other], rules, HOLD, DAY)) == []


ORDER = '[[ladder]]\nrungs = ["INF-BP-003.systolic", "INF-BP-002.systolic"]\notherwise = "too late"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ORDER.replace("otherwise", "else"), "it has the keys rungs and otherwise"),
        (ORDER + 'more = "than that"\n', "it has the keys rungs and otherwise"),
        (ORDER.replace("INF-BP-003", "INF-BP-999"), "there is no rule INF-BP-999"),
        (ORDER.replace("003.systolic", "003.mean"), "INF-BP-003 has no number called mean"),
        (
            ORDER.replace("INF-BP-003.systolic", "SCR-IND-001.offered"),
            "SCR-IND-001 has no number called offered",
        ),
        (ORDER.replace(', "INF-BP-002.systolic"', ""), "a ladder has two rungs at least"),
        (ORDER.replace("INF-BP-003.systolic", "INF-OX-001.spo2"), "its limits are of several kinds"),
        (
            '[[ladder]]\nrungs = ["INF-BP-002.systolic", "INF-BP-003.systolic"]\notherwise = "too late"\n',
            "on 2025-01-01 INF-BP-002.systolic stands above INF-BP-003.systolic",
        ),
    ],
)
def test_a_wrong_ladder_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "ladders.toml"
    path.write_text(ORDER + text, "utf-8")
    with pytest.raises(RulebookError) as broken:
        read_ladders(path, BOOK)
    assert str(broken.value) == f"ladders.toml, ladder 2: {sentence}"


def test_a_later_version_must_keep_the_order_too(tmp_path: Path) -> None:
    alert = BOOK.rule(ALERT.rule)
    (first,) = alert.versions
    by_name = {**first.limits.by_name, "systolic": parse_limit("181 mmHg")}
    second = replace(first, number=2, from_date=LATER, limits=replace(first.limits, by_name=by_name))
    book = replace(BOOK, by_id={**BOOK.by_id, alert.id: replace(alert, versions=(first, second))})
    path = tmp_path / "ladders.toml"
    path.write_text(ORDER, "utf-8")
    with pytest.raises(RulebookError, match=r"ladder 1: on 2026-07-01 INF-BP-003\.systolic stands above"):
        read_ladders(path, book)


def test_a_right_file_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "ladders.toml"
    path.write_text(ORDER, "utf-8")
    assert read_ladders(path, BOOK) == (Ladder(rungs=(ALERT, HOLD), otherwise="too late"),)
