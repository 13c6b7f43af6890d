"""What is asked at each step of an infusion, and what the rules look at there."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from evenkeel.clinical import infusion
from evenkeel.clinical.infusion.facts import PressureReading, charted, minutes_between
from evenkeel.clinical.infusion.pump import assess_hearing, assess_pump
from evenkeel.clinical.infusion.rises import EXPECTED_RISES, ExpectedRise, read_rises
from evenkeel.clinical.rulebook import Citation, Rulebook
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import FlowRate, Pressure, Pulse
from tests.rules import infusion_cases as cases
from tests.rules.discharge_cases import STOPPED
from tests.rules.infusion_cases import AWAKE, MINUTE, PAUSED, SECOND, decided, prepared
from tests.rules.pump_cases import heard, pump
from tests.rules.records import CHECK_IN, DOSE, NOON, changed, visit
from tests.rules.steps_cases import RISING, STARTED, in_steps
from tests.rules.watch_cases import watched

BOOK = Rulebook.shipped()


def ids(verdicts: tuple[Verdict, ...]) -> list[str]:
    """Which rules were asked, in their order."""
    return [verdict.rule.rule for verdict in verdicts]


def answers(verdicts: tuple[Verdict, ...]) -> dict[str, tuple[str, ...]]:
    """What each rule saw, or lacked, of those that are not clear."""
    return {
        verdict.rule.rule: verdict.evidence or verdict.missing
        for verdict in verdicts
        if verdict.answer != "clear"
    }


def ends() -> tuple[tuple[Any, ...], ...]:
    """A run that goes on, and one that has stopped."""
    return (), ((NOON, STOPPED),)


def test_every_rule_of_the_infusion_is_asked_somewhere() -> None:
    state = prepared()
    schedules = (infusion.check_schedule(BOOK, visit((NOON, cases.STARTED), *end), NOON) for end in ends())
    asked = [
        *ids(infusion.assess_start(BOOK, state, NOON)),
        *ids(infusion.assess_resume(BOOK, state, DOSE.rate, NOON)),
        *ids(infusion.assess_signs(BOOK, state, AWAKE, NOON)),
        *ids(infusion.assess_event(BOOK, "nausea", 1, NOON)),
        *ids(infusion.assess_pressure_choice(BOOK, decided(170, 90), NOON)),
        *ids(infusion.assess_watch(BOOK, watched())),
        *ids(infusion.assess_step(BOOK, in_steps(RISING, STARTED), NOON)),
        *(id_ for schedule in schedules for id_ in ids(schedule.verdicts)),
        *(
            id_
            for end in ends()
            for id_ in ids(
                infusion.assess_deferral(BOOK, visit((NOON, cases.STARTED), *end), NOON + MINUTE, NOON)
            )
        ),
        *ids(assess_pump(BOOK, pump())),
        *ids(assess_hearing(BOOK, heard(MINUTE))),
    ]
    # The alerts' own rules speak of alerts and not of a visit; tests/store/test_alerts.py asks them.
    infusion_rules = {rule.id for rule in BOOK.rules if rule.id.startswith("INF-")}
    assert set(asked) == {id_ for id_ in infusion_rules if not id_.startswith("INF-ALM-")}


def test_going_on_is_asked_for_the_order_the_signs_and_the_rate() -> None:
    paused = prepared(pause=(NOON - 5 * MINUTE, PAUSED))
    verdicts = infusion.assess_resume(BOOK, paused, FlowRate.of(151), NOON)
    assert ids(verdicts) == ["INF-STA-001", "INF-RES-001", "INF-RATE-001", "INF-RATE-002", "INF-RATE-004"]
    assert answers(verdicts) == {
        "INF-RES-001": (
            "systolic pressure since the pause",
            "diastolic pressure since the pause",
            "oxygen saturation since the pause",
            "sedation (MOAA/S) since the pause",
        ),
        "INF-RATE-001": ("151 mL/h, ordered 150 mL/h",),
    }


def since_pause(*checks: tuple[datetime, Signs]) -> tuple[str, ...]:
    """What stands against going on at noon, five minutes after the pause, with these signs charted."""
    facts = {f"check{number}": (at, cases.charted(signs)) for number, (at, signs) in enumerate(checks)}
    state = prepared(pause=(NOON - 5 * MINUTE, PAUSED), **facts)
    return answers(infusion.assess_resume(BOOK, state, DOSE.rate, NOON)).get("INF-RES-001", ())


def test_signs_count_from_the_moment_of_the_pause_to_this_one() -> None:
    assert since_pause((NOON - 5 * MINUTE, AWAKE)) == ()
    assert since_pause((NOON, AWAKE)) == ()
    assert len(since_pause((NOON - 5 * MINUTE - SECOND, AWAKE))) == 4
    assert len(since_pause((NOON + SECOND, AWAKE))) == 4


def test_after_a_pause_the_last_of_each_sign_counts_whoever_charted_the_others() -> None:
    drowsy = replace(AWAKE, sedation=2)
    only_sedation = Signs(sedation=5)
    assert since_pause((NOON - 4 * MINUTE, drowsy), (NOON - MINUTE, only_sedation)) == ()
    assert since_pause((NOON - 4 * MINUTE, AWAKE), (NOON - MINUTE, Signs(sedation=2))) == (
        "sedation (MOAA/S) 2",
    )


def test_signs_without_a_pause_say_nothing_about_going_on() -> None:
    verdicts = infusion.assess_resume(BOOK, prepared(), DOSE.rate, NOON)
    assert "INF-RES-001" in answers(verdicts)


def test_without_a_draw_the_start_lacks_the_bag_and_the_rate() -> None:
    found = answers(infusion.assess_start(BOOK, prepared(draw=None), NOON))
    assert found["INF-RATE-003"] == ("the rate of the pump",)
    assert found["INF-RATE-002"] == found["INF-RATE-004"] == ("what the bag holds",)


@pytest.mark.parametrize(
    ("event", "grade", "asks_for"),
    [("nausea", 1, None), ("nausea", 3, "pause"), ("nausea", None, "advise"), ("chest_pain", 1, "pause")],
)
def test_an_event_asks_for_what_its_kind_and_grade_say(event: Any, grade: Any, asks_for: str | None) -> None:
    (verdict,) = infusion.assess_event(BOOK, event, grade, NOON)
    assert verdict.severity == asks_for


def test_a_pressure_that_may_not_be_watched_blocks() -> None:
    (verdict,) = infusion.assess_pressure_choice(BOOK, decided(180, 90), NOON)
    assert (verdict.rule.rule, verdict.severity, verdict.hard) == ("INF-BP-006", "block", True)


def test_a_silent_monitor_and_a_missing_saturation_are_both_told() -> None:
    verdicts = infusion.assess_watch(BOOK, watched(heard=3 * MINUTE, sampled=3 * MINUTE))
    assert answers(verdicts) == {
        "INF-MON-001": ("nothing heard from the monitor for 3 min",),
        "INF-OX-003": ("no oxygen saturation for 3 min",),
    }


def sets(*checks: tuple[int, Signs]) -> VisitState:
    """A check-in 40 minutes before noon, and signs charted so many minutes before noon."""
    facts = [(NOON - ago * MINUTE, cases.charted(signs)) for ago, signs in checks]
    return visit((NOON - 40 * MINUTE, changed(CHECK_IN, signs=AWAKE)), *facts)


def test_signs_are_told_by_clinical_time_with_those_of_the_check_in_among_them() -> None:
    before, after = Signs(pulse=Pulse.of(60)), Signs(pulse=Pulse.of(90))
    state = sets((10, after), (50, before), (-1, Signs(pulse=Pulse.of(99))))
    assert charted(state, NOON) == [
        (NOON - 50 * MINUTE, before),
        (NOON - 40 * MINUTE, AWAKE),
        (NOON - 10 * MINUTE, after),
    ]
    assert charted(visit(), NOON) == []
    assert charted(state, NOON - 10 * MINUTE)[-1] == (NOON - 10 * MINUTE, after)


def test_signs_that_were_charted_at_the_same_moment_are_both_told() -> None:
    found = charted(sets((40, Signs(pain=2))), NOON)
    assert [at for at, _ in found] == [NOON - 40 * MINUTE, NOON - 40 * MINUTE]
    assert {signs.pain for _, signs in found} == {None, 2}


def test_the_latest_of_a_sign_is_the_last_that_was_measured() -> None:
    state = sets((10, Signs(sedation=4)), (5, Signs(pulse=Pulse.of(90))))
    assert infusion.latest_sign(state, "sedation", NOON) == (NOON - 10 * MINUTE, 4)
    assert infusion.latest_sign(state, "pulse", NOON) == (NOON - 5 * MINUTE, Pulse.of(90))
    assert infusion.latest_sign(state, "pulse", NOON - 5 * MINUTE - SECOND) == (
        NOON - 40 * MINUTE,
        Pulse.of(70),
    )
    assert infusion.latest_sign(state, "pain", NOON) is None
    assert infusion.latest_sign(state, "pulse", NOON - 41 * MINUTE) is None


@pytest.mark.parametrize(
    ("systolic", "diastolic"), [(150, 95), (150, None), (None, 95)], ids=["both", "systolic", "diastolic"]
)
def test_the_latest_pressure_is_kept_as_half_when_only_half_was_measured(
    systolic: int | None, diastolic: int | None
) -> None:
    state = sets((10, Signs(**cases.pair(systolic, diastolic))), (5, Signs(pulse=Pulse.of(90))))
    assert infusion.latest_pressure(state, NOON) == PressureReading(
        at=NOON - 10 * MINUTE, **cases.pair(systolic, diastolic)
    )


def test_a_pressure_that_was_never_measured_is_none() -> None:
    assert infusion.latest_pressure(visit(), NOON) is None
    assert infusion.latest_pressure(sets(), NOON - 41 * MINUTE) is None
    found = infusion.latest_pressure(sets(), NOON)
    assert found is not None
    assert found.systolic == Pressure.of(120)


@pytest.mark.parametrize(
    ("span", "minutes"),
    [
        (timedelta(minutes=90), "90"),
        (timedelta(seconds=30), "0.5"),
        (timedelta(microseconds=3), "0.00000005"),
        (timedelta(seconds=-90), "-1.5"),
    ],
)
def test_minutes_are_exact_to_the_microsecond(span: timedelta, minutes: str) -> None:
    assert minutes_between(NOON, NOON + span) == Decimal(minutes)


RISES = """
[[rise]]
text = "On average it rises – a little."
cite = { key = "riva-posse-2018", locator = "mean change" }
basis = "source"

[[rise]]
text = "And falls."
cite = { key = "szarmach-2020", locator = "return" }
basis = "second-hand"
"""


def test_what_rise_is_usual_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(RISES, "utf-8")
    assert read_rises(path) == (
        ExpectedRise(
            text="On average it rises – a little.",
            cite=Citation(key="riva-posse-2018", locator="mean change"),
            basis="source",
        ),
        ExpectedRise(
            text="And falls.", cite=Citation(key="szarmach-2020", locator="return"), basis="second-hand"
        ),
    )


def test_a_rise_without_a_listed_source_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "expected.toml"
    path.write_text(RISES.replace("szarmach-2020", "a-lost-study"), "utf-8")
    with pytest.raises(AssertionError, match=r"^a rise cites what sources\.toml lacks: a-lost-study$"):
        read_rises(path)


def test_the_rises_shown_begin_with_the_average() -> None:
    assert EXPECTED_RISES[0].cite.locator == "mean change over 684 infusions"
