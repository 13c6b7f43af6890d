"""What the engine refuses: each error names the argument and the accepted form."""

import pickle
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    ArgumentError,
    Axis,
    Dose,
    InfusionProfile,
    Labelled,
    ModelError,
    OutputTimeError,
    ProfileError,
    RouteError,
    System,
    simulate,
    solve_modes,
)
from tests.unit.pharmacology.engine_systems import COURSE, standard, with_delays, with_liver


def ask(**changes: Any) -> Callable[[], Labelled]:
    asked: dict[str, Any] = {"system": standard(2), "profile": COURSE, "at_min": [1.0, 2.0]}
    return lambda: simulate(**(asked | changes))


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (ask(at_min=[2.0, 1.0]), OutputTimeError, "at_min must be in order of time, strictly increasing"),
        (ask(at_min=[1.0, 1.0]), OutputTimeError, "at_min must hold each time once, strictly increasing"),
        (ask(at_min=[]), OutputTimeError, "at_min must be a list of at least one time."),
        (ask(at_min=[[1.0]]), OutputTimeError, "at_min must be a list of at least one time."),
        (ask(at_min=[float("inf")]), OutputTimeError, "at_min must be finite numbers of minutes."),
        (ask(at_min=["noon"]), OutputTimeError, "at_min must be a list of numbers of minutes."),
        (ask(outputs=["S"]), ArgumentError, "outputs must be among ketamine, norketamine, effect, not 'S'."),
        (
            ask(outputs=[]),
            ArgumentError,
            "outputs must be among ketamine, norketamine, effect, at least one.",
        ),
        (ask(outputs=["effect", "effect"]), ArgumentError, "outputs must name each output once"),
        (ask(dose_scale=[1.0, 2.0, 3.0]), ArgumentError, "dose_scale must have the shape (2,)"),
        (ask(dose_scale=[1.0, -1.0]), ArgumentError, "dose_scale must be 0 or more."),
        (ask(dose_scale=[1.0, float("nan")]), ArgumentError, "dose_scale must be finite numbers."),
        (ask(dose_scale=["a", "b"]), ArgumentError, "dose_scale must be a list of numbers, one per body."),
        (ask(engine="gpu"), ArgumentError, "engine must be one of auto, numpy, fast, not 'gpu'."),
        (ask(threads=0), ArgumentError, "threads must be at least 1, not 0."),
        (ask(out=np.zeros((2, 3, 3))), ArgumentError, "out must be a writable C-contiguous float64 array"),
        (ask(out=np.zeros((2, 3, 4))[:, :, ::2]), ArgumentError, "here (2, 3, 2)."),
        (
            ask(profile=InfusionProfile(doses=(Dose(at_min=0.0, amount_mg=1.0, route="nasal"),))),
            RouteError,
            "doses must be by a route of the model, iv, not nasal.",
        ),
    ],
)
def test_simulation_that_cannot_be_is_refused(
    call: Callable[[], Labelled], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        call()


def test_modes_of_an_unknown_route_are_refused() -> None:
    with pytest.raises(RouteError, match="route must be one of iv, nasal, not 'oral'"):
        solve_modes(with_liver(), "oral")


def test_segments_that_overlap_are_refused_by_number() -> None:
    sentence = "segment 0 starts at 30 min, before segment 1 ends at 40 min. Add the levels of two profiles"
    with pytest.raises(ProfileError, match=re.escape(sentence)):
        InfusionProfile(
            start_min=np.array([30.0, 0.0]),
            end_min=np.array([60.0, 40.0]),
            rate_mg_per_h=np.array([1.0, 1.0]),
        )
    with pytest.raises(ProfileError, match="overlap"):
        InfusionProfile.repeated(COURSE, at_min=[0.0, 10.0])


def test_segments_that_touch_or_last_no_time_do_not_overlap() -> None:
    profile = InfusionProfile(
        start_min=np.array([40.0, 0.0, 20.0]),
        end_min=np.array([60.0, 40.0, 20.0]),
        rate_mg_per_h=np.array([30.0, 60.0, 600.0]),
    )
    assert profile.dose_mg == pytest.approx(50.0, rel=1e-15)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"at_min": float("nan")}, "at_min of a dose must be a finite number of minutes"),
        ({"amount_mg": -1.0}, "amount_mg of a dose must be a number of 0 or more, not -1.0."),
        ({"amount_mg": float("inf")}, "amount_mg of a dose must be a number of 0 or more"),
        ({"route": "iv"}, "route of a dose must be the name of a route other than 'iv'"),
    ],
)
def test_dose_that_cannot_be_is_refused(fields: dict[str, Any], sentence: str) -> None:
    given: dict[str, Any] = {"at_min": 0.0, "amount_mg": 50.0, "route": "im"}
    with pytest.raises(ProfileError, match=re.escape(sentence)):
        Dose(**(given | fields))


def test_infusion_must_last() -> None:
    with pytest.raises(ProfileError, match="duration_min must be a finite number greater than 0, not 0"):
        InfusionProfile.constant(35.0, 0.0)


def changed(part: str, **fields: Any) -> Callable[[], System]:
    """The standard system with one field of its first network, feed, entry or outlet changed."""
    system = standard(2)
    if part == "entry":
        entry = replace(system.entries["iv"][0], **fields)
        return lambda: replace(system, entries={"iv": (entry,)})
    first, *rest = getattr(system, part)
    parts: dict[str, Any] = {part: (replace(first, **fields), *rest)}
    return lambda: replace(system, **parts)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            changed("networks", volume_l=np.zeros((2, 3))),
            "volume_l of network 'ketamine' must be greater than 0.",
        ),
        (
            changed("networks", volume_l=np.full((2, 3), np.nan)),
            "volume_l of network 'ketamine' must be finite",
        ),
        (changed("networks", volume_l=np.ones((2, 2))), "must have the shape (2, 3), not (2, 2)."),
        (
            changed("networks", loss_l_per_min=np.zeros((2, 3))),
            "loss_l_per_min of network 'ketamine' must be positive somewhere.",
        ),
        (
            changed("networks", exchanges=((0, 1), (0, 1))),
            "exchanges of network 'ketamine' must join all its compartments.",
        ),
        (
            changed("networks", exchanges=((0, 1), (0, 5))),
            "must be pairs of two places from 0 to 2, not (0, 5).",
        ),
        (changed("networks", name="norketamine"), "Each network must have a name of its own."),
        (changed("feeds", source="norketamine", into="ketamine"), "A feed must go from an earlier network"),
        (changed("feeds", source_compartment="liver"), "Network 'ketamine' has no compartment 'liver'"),
        (changed("feeds", into="urine"), "There is no network 'urine' for the feed"),
        (changed("feeds", formation_l_per_min=-np.ones(2)), "must be 0 or more."),
        (changed("feeds", delay_steps=2), "must have delay_steps and delay_per_min both or neither."),
        (
            changed("entry", fraction=np.array([1.0, -1.0])),
            "fraction of an entry of route 'iv' must be 0 or more.",
        ),
        (
            changed("entry", duration_min=-1.0),
            "duration_min of an entry of route 'iv' must be a finite number",
        ),
        (
            changed("entry", absorption_per_min=np.zeros(2)),
            "absorption_per_min of an entry of route 'iv' must be",
        ),
        (changed("outlets", name="effect"), "Each outlet must have a name of its own."),
        (
            changed("outlets", delay_per_min=np.zeros(2)),
            "delay_per_min of outlet 'ketamine' must be greater than 0.",
        ),
        (lambda: replace(standard(), entries={}), "entries must have the route 'iv'."),
        (lambda: replace(standard(), outlets=()), "networks and outlets must have at least one member each."),
    ],
)
def test_system_that_cannot_exist_is_refused(build: Callable[[], System], sentence: str) -> None:
    with pytest.raises(ModelError, match=re.escape(sentence)):
        build()


def test_delays_are_put_on_levels_that_are_not_delayed() -> None:
    system = standard(2).with_effect_site("brain", half_life_min=8.3, share=0.5).with_venous_delay(11.0)
    assert system.outputs == ("ketamine", "norketamine", "effect", "brain", "ketamine, venous")
    # Long after its delay a site of half the level stands at half of a plateau.
    forever = InfusionProfile.constant(60_000.0, 60_000.0)
    found = simulate(system, forever, [59_999.0], engine="numpy").select(time=59_999.0).values
    np.testing.assert_allclose(found[:, 3], found[:, 0] / 2, rtol=1e-9)
    np.testing.assert_allclose(found[:, 4], found[:, 0], rtol=1e-9)
    with pytest.raises(ModelError, match="'brain' is already delayed"):
        system.with_venous_delay(5.0, of="brain", name="later")
    with pytest.raises(ArgumentError, match=re.escape("half_life_min must be greater than 0.")):
        system.with_effect_site("none", half_life_min=0.0)
    with pytest.raises(ArgumentError, match="output must be one of ketamine, norketamine"):
        system.with_effect_site("none", of="esketamine", half_life_min=1.0)


def test_axes_and_labels_name_what_there_is() -> None:
    found = simulate(standard(2), COURSE, [1.0, 2.0])
    with pytest.raises(
        ArgumentError, match=re.escape("There is no axis 'place'; there is body, output, time.")
    ):
        found.axis("place")
    with pytest.raises(ArgumentError, match="output must be one of ketamine, norketamine, effect, not 'S'"):
        found.select(output="S")
    with pytest.raises(ArgumentError, match=re.escape("which run from 1 to 2 min, not 1.5.")):
        found.select(time=1.5)
    with pytest.raises(
        ArgumentError, match=re.escape("values must have the shape of the axes, (2,), not (3,).")
    ):
        Labelled(np.zeros(3), "ng/mL", (Axis("output", ("a", "b")),))


@pytest.mark.parametrize("system", [standard(3), with_delays(3), with_liver(3)])
def test_systems_travel_between_processes(system: System) -> None:
    copied = pickle.loads(pickle.dumps(system))
    at_min = [10.0, 100.0]
    assert np.array_equal(simulate(copied, COURSE, at_min).values, simulate(system, COURSE, at_min).values)
