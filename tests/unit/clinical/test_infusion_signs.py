"""What is refused as impossible, what is asked again, and what a set of signs asks for as a whole."""

from dataclasses import replace
from typing import Any

import pytest

from evenkeel.clinical import infusion
from evenkeel.clinical.decision import objections, worst
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.signs import Signs
from evenkeel.values.quantities import Breaths, FlowRate, Pressure, Pulse, Saturation
from tests.rules.infusion_cases import AWAKE, CHECKED, HELD, MINUTE, PAUSED, charted, pair, prepared
from tests.rules.records import CHECK_IN, DOSE, NOON, changed

BOOK = Rulebook.shipped()


def signs(**changes: Any) -> Signs:
    return replace(AWAKE, **changes)


def only(**measured: Any) -> Signs:
    return Signs(**measured)


@pytest.mark.parametrize(
    ("strange", "field"),
    [
        # Diastolic lies below systolic by definition; MOAA/S is 0-5; ratings are 0-10; saturation is a share.
        (signs(systolic=Pressure.of(80), diastolic=Pressure.of(80)), "diastolic"),
        (signs(systolic=Pressure.of(80), diastolic=Pressure.of(120)), "diastolic"),
        (signs(sedation=6), "sedation"),
        (signs(sedation=-1), "sedation"),
        (signs(dissociation=11), "dissociation"),
        (signs(nausea=-1), "nausea"),
        (signs(pain=11), "pain"),
        (signs(spo2=Saturation.of("100.1")), "spo2"),
        # Monitors send 0 for "no signal".
        (signs(spo2=Saturation.of(0)), "spo2"),
        (signs(systolic=Pressure.of(0), diastolic=None), "systolic"),
        (signs(breaths=Breaths.of(0)), "breaths"),
        (signs(pulse=Pulse.of(700)), "pulse"),
    ],
)
def test_the_impossible_is_refused_by_its_field(strange: Signs, field: str) -> None:
    issues = infusion.refuse_impossible(strange)
    assert [issue.field for issue in issues] == [field]
    assert issues[0].sentence.endswith(".")


LEAVE_IT_EMPTY = "or leave it empty when it was not measured."


@pytest.mark.parametrize(
    ("strange", "sentence"),
    [
        (
            signs(breaths=Breaths.of(0)),
            f"Breathing rate cannot be 0: write a number from 1 to 90, {LEAVE_IT_EMPTY}",
        ),
        (signs(sedation=6), f"Sedation (MOAA/S) cannot be 6: write a number from 0 to 5, {LEAVE_IT_EMPTY}"),
        (
            signs(spo2=Saturation.of("100.5")),
            f"Oxygen saturation cannot be 100.5: write a number from 20 to 100, {LEAVE_IT_EMPTY}",
        ),
        (
            signs(systolic=Pressure.of(80), diastolic=Pressure.of(120)),
            "Diastolic pressure 120 mmHg is not below systolic pressure 80 mmHg; the two may be swapped.",
        ),
    ],
)
def test_a_refusal_says_what_can_be_a_measurement(strange: Signs, sentence: str) -> None:
    (issue,) = infusion.refuse_impossible(strange)
    assert (issue.sentence, issue.code) == (sentence, "impossible")


def test_every_impossible_sign_is_refused_at_once() -> None:
    found = infusion.refuse_impossible(signs(systolic=Pressure.of(29), diastolic=Pressure.of(29), pain=11))
    assert [issue.field for issue in found] == ["systolic", "pain", "diastolic"]


# The ends that the proposals name still belong to what is possible, and to what is usual.
POSSIBLE = {
    "systolic": (Pressure, 30, 320),
    "diastolic": (Pressure, 10, 250),
    "pulse": (Pulse, 10, 300),
    "spo2": (Saturation, 20, 100),
    "breaths": (Breaths, 1, 90),
}
USUAL = {
    "systolic": (Pressure, 70, 220),
    "diastolic": (Pressure, 35, 130),
    "pulse": (Pulse, 40, 160),
    "spo2": (Saturation, 80, 100),
    "breaths": (Breaths, 6, 40),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_the_ends_of_what_is_possible_are_possible(name: str) -> None:
    of, low, high = POSSIBLE[name]
    for number, fields in ((low - 1, [name]), (low, []), (high, []), (high + 1, [name])):
        found = infusion.refuse_impossible(only(**{name: of.of(number)}))
        assert [issue.field for issue in found] == fields


@pytest.mark.parametrize("name", USUAL)
def test_the_ends_of_what_is_usual_are_not_asked_about(name: str) -> None:
    of, low, high = USUAL[name]
    for number, fields in ((low - 1, [name]), (low, []), (high, [])):
        assert list(infusion.implausible(only(**{name: of.of(number)}))) == fields
    # More than 100 % is refused, and not asked about.
    if name != "spo2":
        assert list(infusion.implausible(only(**{name: of.of(high + 1)}))) == [name]


AGAIN = "Measure again, or confirm that it is meant."


def pressure(systolic: int | None, diastolic: int | None) -> Signs:
    return Signs(**pair(systolic, diastolic))


@pytest.mark.parametrize(
    ("strange", "asked"),
    [
        (signs(pulse=Pulse.of(17)), {"pulse": f"Really 17 /min for pulse? {AGAIN}"}),
        (
            pressure(130, 116),
            {"diastolic": f"Really 116 mmHg below 130 mmHg? The two lie close together. {AGAIN}"},
        ),
        (pressure(130, 115), {}),
        # Asked about once, though it is too high and lies close to the systolic pressure as well.
        (pressure(140, 131), {"diastolic": f"Really 131 mmHg for diastolic pressure? {AGAIN}"}),
        (pressure(None, 116), {}),
        (pressure(116, None), {}),
    ],
)
def test_a_strange_sign_is_asked_about_in_words(strange: Signs, asked: dict[str, str]) -> None:
    assert infusion.implausible(strange) == asked


@pytest.mark.parametrize(
    "possible",
    [
        AWAKE,
        Signs(),
        signs(sedation=0, dissociation=10, nausea=0, pain=10, spo2=Saturation.of(100)),
        signs(systolic=Pressure.of(240), diastolic=Pressure.of(130)),
        signs(systolic=Pressure.of(120), diastolic=None),
    ],
)
def test_what_a_patient_could_have_is_never_refused(possible: Signs) -> None:
    assert infusion.refuse_impossible(possible) == ()


@pytest.mark.parametrize(
    ("strange", "names"),
    [
        (signs(systolic=Pressure.of(240)), {"systolic"}),
        (signs(pulse=Pulse.of(17)), {"pulse"}),
        (signs(systolic=Pressure.of(130), diastolic=Pressure.of(120)), {"diastolic"}),
        (signs(spo2=Saturation.of(79), breaths=Breaths.of(41)), {"spo2", "breaths"}),
        (AWAKE, set()),
        (signs(sedation=0, dissociation=10), set()),
    ],
)
def test_the_strange_is_asked_again_by_name(strange: Signs, names: set[str]) -> None:
    asked = infusion.implausible(strange)
    assert set(asked) == names
    assert all(sentence.startswith("Really ") for sentence in asked.values())


@pytest.mark.parametrize(
    ("taken", "asks_for"),
    [
        (AWAKE, None),
        (signs(systolic=Pressure.of(165)), "confirm"),
        (signs(systolic=Pressure.of(180)), "pause"),
        (signs(spo2=Saturation.of(89)), "block"),
        (signs(sedation=3), "pause"),
        (signs(sedation=2), "block"),
        # Missing is never fine: it asks for a look, and holds nothing up.
        (Signs(dissociation=4), "advise"),
    ],
)
def test_a_set_of_signs_asks_for_the_gravest(taken: Signs, asks_for: str | None) -> None:
    assert worst(infusion.assess_signs(BOOK, prepared(), taken, NOON)) == asks_for


def test_a_prepared_visit_may_start() -> None:
    assert worst(infusion.assess_start(BOOK, prepared(), NOON)) is None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"order": None, "draw": None, "check": None, "time_out": None}, "INF-STA-001"),
        ({"check": changed(CHECKED, agrees=False)}, "INF-STA-002"),
        ({"time_out": changed(HELD, confirmed=())}, "INF-STA-004"),
        ({"check_in": changed(CHECK_IN, outcome="not_today", signs=AWAKE)}, "INF-STA-006"),
        ({"check_in": changed(CHECK_IN, signs=replace(AWAKE, systolic=Pressure.of(181)))}, "INF-BP-001"),
    ],
)
def test_nobody_can_start_past_a_hard_rule(changes: dict[str, Any], rule: str) -> None:
    verdicts = infusion.assess_start(BOOK, prepared(**changes), NOON)
    blocked = [
        issue.rule for issue in objections(BOOK, verdicts, (), "prescriber") if issue.code == "blocked"
    ]
    assert rule in blocked


@pytest.mark.parametrize(
    ("ml_per_h", "codes"),
    [("150", []), ("149", []), ("151", ["needs-prescriber"]), ("1500", ["needs-prescriber", "blocked"])],
)
def test_a_nurse_turns_the_rate_down_and_not_up(ml_per_h: str, codes: list[str]) -> None:
    verdicts = infusion.assess_rate(BOOK, prepared(), FlowRate.of(ml_per_h), NOON)
    assert [issue.code for issue in objections(BOOK, verdicts, (), "nurse")] == codes


def test_going_on_needs_signs_from_after_the_pause() -> None:
    before = prepared(signs=(NOON - 6 * MINUTE, charted(AWAKE)), pause=(NOON - 5 * MINUTE, PAUSED))
    after = prepared(pause=(NOON - 5 * MINUTE, PAUSED), signs=(NOON - MINUTE, charted(AWAKE)))
    assert _asked(before) == ["INF-RES-001"]
    assert _asked(after) == []


def _asked(visit: Any) -> list[str]:
    verdicts = infusion.assess_resume(BOOK, visit, DOSE.rate, NOON)
    return [verdict.rule.rule for verdict in verdicts if verdict.severity is not None]


def test_the_latest_of_each_sign_counts_after_a_pause() -> None:
    visit = prepared(
        pause=(NOON - 5 * MINUTE, PAUSED),
        high=(NOON - 4 * MINUTE, charted(replace(AWAKE, systolic=Pressure.of(185)))),
        lower=(NOON - MINUTE, charted(Signs(systolic=Pressure.of(150), diastolic=Pressure.of(90)))),
    )
    assert _asked(visit) == []


def test_every_event_has_words() -> None:
    assert all(infusion.EVENTS.values())
