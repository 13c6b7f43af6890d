"""The advancing state: the same as simulation and replay however it was reached; and what may be next."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    ArgumentError,
    Dose,
    InfusionProfile,
    OutputTimeError,
    PredictionStatus,
    ProfileError,
    RouteError,
    System,
    load_parameter_set,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import draw_bodies
from evenkeel.pharmacology.live import (
    Branch,
    LiveModel,
    LiveState,
    branch_levels,
    branch_profiles,
    chair_bands,
    predict_branches,
)

OUTPUTS = ("ketamine", "norketamine", "effect site")
# A start, a change, a pause and its end, a bolus in the pause, and the stop.
CHANGES = [(0.0, 52.5), (11.25, 40.0), (18.5, 0.0), (27.125, 52.5), (44.75, 0.0)]
BOLUS_AT_MIN, BOLUS_MG = 20.0, 7.5
RUN = InfusionProfile.from_rate_changes(
    at_min=[at for at, _ in CHANGES],
    rate_mg_per_h=[rate for _, rate in CHANGES],
    boluses=[(BOLUS_AT_MIN, BOLUS_MG)],
)


def system(bodies: int = 3, half_life_min: float = 8.3) -> System:
    weights = np.linspace(50.0, 110.0, bodies)
    chosen = load_parameter_set("kamp_2020").system(Bodies.typical(weights))
    return chosen.with_effect_site("effect site", of="ketamine", half_life_min=half_life_min)


def followed(model: LiveModel, every_min: float | None = None) -> LiveState:
    """The state after all changes, read in between as a chart would."""
    events = sorted([(at, "rate", rate) for at, rate in CHANGES] + [(BOLUS_AT_MIN, "bolus", BOLUS_MG)])
    state = model.empty(-10.0)
    for at, kind, amount in events:
        if every_min is not None:
            for moment in np.arange(state.changed_at_min, at, every_min):
                state.level(float(moment))
        state = state.changed(at, amount) if kind == "rate" else state.given(at, amount)
    return state


@pytest.fixture(scope="module")
def model() -> LiveModel:
    return LiveModel.of(system(), outputs=OUTPUTS)


# Readings lie on whole 64ths of a minute: there simulate's rounding of times to a nanosecond does nothing.
AT_MIN = np.concatenate([[44.75], np.arange(45.0, 300.0, 7.015625)])


def test_stepwise_equals_replay_equals_simulation(model: LiveModel) -> None:
    stepwise, replayed = followed(model), model.replay(RUN, 300.0)
    wanted = simulate(system(), RUN, AT_MIN, outputs=OUTPUTS).values
    for i, at in enumerate(AT_MIN):
        level = stepwise.level(float(at))
        assert level == pytest.approx(replayed.level(float(at)), rel=1e-12)
        assert level == pytest.approx(wanted[:, :, i], rel=1e-12)


def test_a_state_during_the_run_equals_simulation(model: LiveModel) -> None:
    moments = [0.0, 5.5, 11.25, 15.0, 18.5, 19.75, 20.0, 25.5, 27.125, 40.0, 44.75]
    wanted = simulate(system(), RUN, moments, outputs=OUTPUTS).values
    for i, at in enumerate(moments):
        assert model.replay(RUN, at).level(at) == pytest.approx(wanted[:, :, i], rel=1e-12)


def test_reading_changes_nothing(model: LiveModel) -> None:
    assert np.array_equal(followed(model, every_min=0.37).level(60.0), followed(model).level(60.0))


def test_setting_the_same_rate_again_changes_nothing_that_is_read(model: LiveModel) -> None:
    state = model.empty(0.0).changed(0.0, 52.5)
    again = state
    for at in np.arange(0.5, 40.0, 0.5):
        again = again.changed(float(at), 52.5)
    assert again.level(40.0) == pytest.approx(state.level(40.0), rel=1e-12)


def test_an_amended_rate_is_right_after_replay(model: LiveModel) -> None:
    # The change at 11.25 min was written down as 40 mg/h and was 30.
    amended = [(at, 30.0 if rate == 40.0 else rate) for at, rate in CHANGES]
    run = InfusionProfile.from_rate_changes(
        at_min=[at for at, _ in amended], rate_mg_per_h=[rate for _, rate in amended]
    )
    wanted = simulate(system(), run, [90.0], outputs=OUTPUTS).values[:, :, 0]
    assert model.replay(run, 90.0).level(90.0) == pytest.approx(wanted, rel=1e-12)
    assert not np.allclose(wanted, model.replay(RUN, 90.0).level(90.0), rtol=1e-3)


def test_replay_leaves_out_what_is_later(model: LiveModel) -> None:
    state = model.replay(RUN, 15.0)
    assert state.changed_at_min == 11.25
    # 40 mg/h go on from here, though the profile pauses at 18.5 min.
    on = InfusionProfile.from_rate_changes(
        at_min=[0.0, 11.25], rate_mg_per_h=[52.5, 40.0], planned_end_min=25.0
    )
    wanted = simulate(system(), on, [25.0], outputs=OUTPUTS).values[:, :, 0]
    assert state.level(25.0) == pytest.approx(wanted, rel=1e-12)


def test_before_any_drug_there_is_none(model: LiveModel) -> None:
    assert not model.replay(RUN, -5.0).level(0.0).any()
    assert not model.empty(0.0).level(1000.0).any()


def test_rates_that_nearly_coincide_are_followed_as_well() -> None:
    # Kamp's fastest half-life at 70 kg and an effect site of the same: partial fractions would divide by 0.
    slowest_first = load_parameter_set("kamp_2020").system(Bodies.typical(70.0))
    decay = LiveModel.of(slowest_first, outputs=("ketamine",)).parts[0].decay[:, 0]
    for nearly in (1.0, 1.0 + 1e-9, 1.0 + 1e-5):
        twin = system(half_life_min=float(np.log(2.0) / decay.max()) * nearly)
        found = LiveModel.of(twin, outputs=OUTPUTS)
        wanted = simulate(twin, RUN, AT_MIN, outputs=OUTPUTS).values
        state = followed(found)
        for i, at in enumerate(AT_MIN):
            assert state.level(float(at)) == pytest.approx(wanted[:, :, i], rel=1e-10)


def test_a_model_gives_the_levels_of_a_profile_as_simulation_does(model: LiveModel) -> None:
    times = np.arange(0.0, 200.0, 3.0)
    found = model.levels(RUN, times)
    assert [axis.name for axis in found.axes] == ["body", "output", "time"]
    assert found.values == pytest.approx(simulate(system(), RUN, times, outputs=OUTPUTS).values, rel=1e-12)


ORDERED = InfusionProfile.constant(35.0, 40.0)


def test_branches_share_the_past_and_give_what_they_say() -> None:
    branches = branch_profiles(ORDERED, 15.0, pause_min=10.0)
    # 52.5 mg/h for 15 min; the rest of the 35 mg later; nothing more.
    assert {branch: round(profile.dose_mg, 9) for branch, profile in branches.items()} == {
        Branch.AS_ORDERED: 35.0,
        Branch.PAUSE_NOW: 35.0,
        Branch.FINISH_EARLY: 13.125,
    }
    pause = branches[Branch.PAUSE_NOW]
    assert pause.start_min.tolist() == [0.0, 25.0]
    assert pause.end_min.tolist() == [15.0, 50.0]
    assert {profile.present_min for profile in branches.values()} == {15.0}


def test_a_planned_bolus_waits_with_the_pause_and_is_left_out_of_an_early_end() -> None:
    profile = InfusionProfile(
        start_min=np.array([0.0]),
        end_min=np.array([40.0]),
        rate_mg_per_h=np.array([30.0]),
        bolus_at_min=np.array([5.0, 30.0]),
        bolus_mg=np.array([2.0, 3.0]),
    )
    branches = branch_profiles(profile, 20.0, pause_min=7.0)
    assert branches[Branch.PAUSE_NOW].bolus_at_min.tolist() == [5.0, 37.0]
    assert branches[Branch.FINISH_EARLY].bolus_mg.tolist() == [2.0]


def test_branches_of_the_next_two_hours(model: LiveModel) -> None:
    branches = branch_levels(model, ORDERED, 15.0, pause_min=10.0)
    times = branches[Branch.AS_ORDERED].axis("time").labels
    assert (times[0], times[-1], len(times)) == (15.0, 135.0, 121)
    level = {branch: found.select(output="ketamine").values for branch, found in branches.items()}
    now = [found[:, 0] for found in level.values()]
    assert all(one == pytest.approx(other, rel=1e-12) for one, other in pairwise(now))
    # At the ordered end the pump has run on in the first only, and the paused one has had 15 min again.
    at_40 = {branch: found[:, 25] for branch, found in level.items()}
    assert np.all(at_40[Branch.AS_ORDERED] > at_40[Branch.PAUSE_NOW])
    assert np.all(at_40[Branch.PAUSE_NOW] > at_40[Branch.FINISH_EARLY])
    # Each branch is the simulation of its own profile.
    for branch, profile in branch_profiles(ORDERED, 15.0, pause_min=10.0).items():
        wanted = simulate(system(), profile, times, outputs=OUTPUTS).values
        assert branches[branch].values == pytest.approx(wanted, rel=1e-12)


def test_bands_of_many_chairs_are_those_of_each(model: LiveModel) -> None:
    kamp = load_parameter_set("kamp_2020")
    bodies = draw_bodies(kamp, 60, seed=3)
    many = LiveModel.of(kamp.system(bodies), outputs=("ketamine", "norketamine"))
    chairs = [
        (many, replace(ORDERED, present_min=5.0)),
        (many, replace(InfusionProfile.constant(20.0, 30.0), present_min=25.0)),
    ]
    found = chair_bands(chairs, shares=(0.05, 0.5, 0.95), ahead_min=60.0, every_min=5.0)
    assert [axis.name for axis in found.axes] == ["chair", "output", "share", "time"]
    assert found.axis("time").labels == pytest.approx(np.arange(0.0, 61.0, 5.0))
    for chair, (_, profile) in enumerate(chairs):
        assert profile.present_min is not None
        times = profile.present_min + np.arange(0.0, 61.0, 5.0)
        levels = simulate(kamp.system(bodies), profile, times, outputs=many.outputs).values
        wanted = np.quantile(levels, [0.05, 0.5, 0.95], axis=0).transpose(1, 0, 2)
        assert found.values[chair] == pytest.approx(wanted, rel=1e-9)


def test_every_branch_of_a_picture_has_its_status() -> None:
    kamp = load_parameter_set("kamp_2020")
    found = predict_branches(kamp, 70.0, ORDERED, 15.0, pause_min=10.0, age_years=40.0)
    assert set(found) == set(Branch)
    for branch, profile in branch_profiles(ORDERED, 15.0, pause_min=10.0).items():
        assert found[branch].status is PredictionStatus.OK
        assert found[branch].present_min == 15.0
        wanted = predict_level(kamp, 70.0, profile, np.arange(15.0, 136.0), age_years=40.0)
        level = found[branch].level_ng_per_ml
        assert level is not None
        assert wanted.level_ng_per_ml is not None
        assert np.array_equal(level, wanted.level_ng_per_ml)
    too_heavy = predict_branches(kamp, 130.0, ORDERED, 15.0, pause_min=10.0, age_years=40.0)
    assert {one.status for one in too_heavy.values()} == {PredictionStatus.OUTSIDE_POPULATION}
    unknown = predict_branches(kamp, None, None, 15.0, pause_min=10.0)
    assert {one.status for one in unknown.values()} == {PredictionStatus.MISSING_INPUT}
    assert not any(one.drawable for one in unknown.values())


def test_what_cannot_be_is_refused(model: LiveModel) -> None:
    state = model.empty(0.0).changed(10.0, 52.5)
    refusals: list[tuple[Any, type[Exception], str]] = [
        (lambda: state.level(9.0), OutputTimeError, "9 min comes before 10 min"),
        (lambda: state.changed(9.0, 0.0), OutputTimeError, "at_min must not come before the last change"),
        (lambda: state.level(float("nan")), OutputTimeError, "at_min must be a finite number of minutes"),
        (lambda: state.changed(11.0, -1.0), ProfileError, "rate_mg_per_h must be a number of 0 or more"),
        (lambda: state.given(11.0, float("inf")), ProfileError, "bolus_mg must be a number of 0 or more"),
        (lambda: LiveModel.of(system(), outputs=("water",)), ArgumentError, "outputs must be among"),
        (lambda: branch_profiles(ORDERED, 15.0, pause_min=0.0), ProfileError, "pause_min must be"),
        (lambda: chair_bands([]), ArgumentError, "chairs must hold at least one chair"),
        (lambda: chair_bands([(model, ORDERED)]), ArgumentError, "present_min of the profile of chair 0"),
        (
            lambda: chair_bands(
                [
                    (model, replace(ORDERED, present_min=0.0)),
                    (LiveModel.of(system(), outputs=("ketamine",)), ORDERED),
                ]
            ),
            ArgumentError,
            "chairs must all have the outputs ketamine, norketamine, effect site; chair 1 has not",
        ),
        (
            lambda: branch_levels(model, ORDERED, 15.0, pause_min=5.0, every_min=0.0),
            ArgumentError,
            "every_min must be greater than 0",
        ),
        (
            lambda: model.replay(
                InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=35.0, route="im"),)), 10.0
            ),
            RouteError,
            "what goes into the vein",
        ),
    ]
    for act, error, sentence in refusals:
        with pytest.raises(error, match=sentence):
            act()
