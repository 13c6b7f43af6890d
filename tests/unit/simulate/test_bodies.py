"""Made-up bodies: their signs follow the drug that the pump gave, and the same seed gives the same signs."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import mean, stdev

import pytest

from evenkeel.simulate.body import Body, Run, draw_answer
from evenkeel.simulate.cast import RISES, Part, Patient, Today, make_cast

BEGAN_AT = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
START = BEGAN_AT + timedelta(minutes=20)
RUN_MIN = 40
# 0.5 mg/kg over 40 min in 70 kg.
MG_PER_H = 35 / (RUN_MIN / 60)


def patient(index: int = 3, today: Today | None = None, seed: int = 7) -> Patient:
    part = Part(story="in_series", infusions=1, today=today)
    return make_cast(seed, date(2026, 6, 1), (part,), first=index)[0]


def body(of: Patient | None = None, *, seed: int = 7, number: int = 1) -> Body:
    return Body(
        of or patient(seed=seed),
        seed,
        number=number,
        began_at=BEGAN_AT,
        weight_kg=70.0,
        ordered_mg_per_h=MG_PER_H,
    )


def infused(made: Body) -> Body:
    """The ordered infusion, from its start to its end."""
    made.pump(START, MG_PER_H)
    made.pump(START + timedelta(minutes=RUN_MIN), 0.0)
    return made


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_before_the_drug_a_body_is_at_rest() -> None:
    found = infused(body()).effects(after(-1))
    assert (found.systolic_rise, found.diastolic_rise, found.pulse_rise, found.far_away) == (0, 0, 0, 0)


@pytest.mark.parametrize("index", range(8))
def test_effects_rise_to_the_end_of_the_infusion_and_return(index: int) -> None:
    made = infused(body(patient(index)))
    rises = [made.effects(after(minute)) for minute in (5, 10, 20, 30, 40)]
    for name in ("systolic_rise", "diastolic_rise", "pulse_rise", "far_away"):
        values = [getattr(each, name) for each in rises]
        assert values == sorted(values)
        assert values[0] > 0
        # Back near rest within an hour and a half of the end (Riva-Posse 2018; pharmacology's target).
        assert getattr(made.effects(after(RUN_MIN + 90)), name) < values[-1] / 2


def test_dissociation_comes_later_than_pressure() -> None:
    """Half-lives of the effect sites: 8.3 min for dissociation, 2.28 min for pressure (effects.toml)."""
    made = infused(body())
    end, soon_after = made.effects(after(40)), made.effects(after(48))
    assert soon_after.systolic_rise / end.systolic_rise < soon_after.far_away / end.far_away


def test_a_pause_lets_the_pressure_fall_and_less_drug_does_less() -> None:
    paused, slower = body(), body()
    paused.pump(START, MG_PER_H)
    paused.pump(after(15), 0.0)
    slower.pump(START, MG_PER_H / 2)
    assert paused.effects(after(30)).systolic_rise < paused.effects(after(15)).systolic_rise
    assert slower.effects(after(15)).systolic_rise < paused.effects(after(15)).systolic_rise


def test_dissociation_grows_weaker_over_a_course() -> None:
    """T(n) = 0.4 + 0.6 exp(-(n - 1) / 4): pharmacology's effects.toml, tolerance."""
    first, fifth = (infused(body(number=number)).effects(after(40)) for number in (1, 5))
    assert fifth.far_away / first.far_away == pytest.approx(0.4 + 0.6 * math.exp(-1))
    assert fifth.systolic_rise == first.systolic_rise


@pytest.mark.parametrize("part", ["surge", "paused"])
def test_a_part_brings_the_rise_that_its_story_needs(part: Today) -> None:
    made = infused(body(patient(today=part)))
    assert made.effects(after(RISES[part].minute)).systolic_rise == pytest.approx(RISES[part].mmhg)


def test_patients_differ_as_the_model_says() -> None:
    """The gain of pressure has a mean of 1 and a spread of 70 % (effects.toml), its ends cut off at 2 SD."""
    gains = [draw_answer(patient(index), 7).pressure_gain for index in range(600)]
    assert mean(gains) == pytest.approx(1.0, abs=0.1)
    assert 0.5 < stdev(gains) / mean(gains) < 0.75
    levels = {infused(body(patient(index))).effects(after(40)).level_ng_per_ml for index in range(5)}
    assert len(levels) == 5


def test_the_same_seed_gives_the_same_signs_on_any_day_and_another_seed_others() -> None:
    moments = [after(minute) for minute in range(-15, 90, 5)]

    def told(seed: int, shift: timedelta = timedelta(0)) -> list[object]:
        made = Body(
            patient(seed=seed),
            seed,
            number=1,
            began_at=BEGAN_AT + shift,
            weight_kg=70.0,
            ordered_mg_per_h=MG_PER_H,
        )
        made.pump(START + shift, MG_PER_H)
        return [made.signs(moment + shift) for moment in moments]

    assert told(7) == told(7)
    assert told(7) == told(7, timedelta(days=12, hours=5))
    assert told(7) != told(8)


def test_signs_are_whole_numbers_of_a_living_adult() -> None:
    for index in range(12):
        made = infused(body(patient(index)))
        for minute in range(-10, 120, 3):
            signs = made.signs(after(minute))
            assert signs.systolic is not None
            assert signs.diastolic is not None
            assert signs.spo2 is not None
            assert signs.breaths is not None
            assert signs.systolic.value == int(signs.systolic.value)
            assert signs.diastolic.value + 15 <= signs.systolic.value <= 200
            assert 94 <= signs.spo2.value <= 100
            assert 10 <= signs.breaths.value <= 18
            assert signs.sedation in {4, 5}
            assert signs.dissociation in range(11)
            assert signs.nausea in range(11)


def test_a_body_follows_the_rates_really_run() -> None:
    """Where another hand stopped the pump, the body knows it from the record."""
    told, followed = body(), body()
    told.pump(START, MG_PER_H)
    told.pump(after(12), 0.0)
    followed.pump(START, MG_PER_H)
    followed.follow((Run(from_at=START, mg_per_h=MG_PER_H), Run(from_at=after(12), mg_per_h=0.0)))
    assert followed.effects(after(30)) == told.effects(after(30))
    assert followed.effects(after(30)).systolic_rise < infused(body()).effects(after(30)).systolic_rise


def test_scores_are_for_people_to_rate() -> None:
    signs = infused(body()).signs(after(20), scores=False)
    assert (signs.sedation, signs.dissociation, signs.nausea) == (None, None, None)
    assert replace(signs, sedation=5) != signs
