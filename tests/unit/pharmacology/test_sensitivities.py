"""Derivatives of levels by the logs of parameters: against differences and physics, and both ways alike."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology import (
    Dose,
    Entry,
    Feed,
    InfusionProfile,
    ModelError,
    Network,
    Outlet,
    System,
    load_parameter_set,
    simulate,
)
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.log_linear import LogLinearSystem, SystemOf, drug_input, read_log_linear
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.sensitivities import by_doubling, by_modes, sensitivities

# A pump that pauses, a bolus within a step, and a second infusion after two days.
PROFILE = InfusionProfile(
    start_min=np.array([0.0, 20.0, 2880.0]),
    end_min=np.array([15.0, 45.0, 2920.0]),
    rate_mg_per_h=np.array([50.0, 60.0, 52.5]),
    bolus_at_min=np.array([5.0]),
    bolus_mg=np.array([3.0]),
)
AT_MIN = np.array([10.0, 40.0, 80.0, 240.0, 2900.0, 3100.0])


def system_of(parameter_set: ParameterSet, weight_kg: float = 82.0) -> SystemOf:
    def made(deviation: Mapping[str, FloatArray]) -> System:
        bodies = len(next(iter(deviation.values())))
        return parameter_set.system(Bodies(weight_kg=np.full(bodies, weight_kg), log_deviation=deviation))

    return made


def levels(of: SystemOf, names: tuple[str, ...], deviation: FloatArray, output: str) -> FloatArray:
    """By the simulation, which knows nothing of derivatives: (bodies, times) for (bodies, parameters)."""
    system = of({name: deviation[:, i] for i, name in enumerate(names)})
    return simulate(system, PROFILE, AT_MIN, outputs=(output,), engine="numpy").values[:, 0]


def differences(of: SystemOf, names: tuple[str, ...], at: FloatArray, output: str) -> FloatArray:
    """Central differences of the 4th order, shape (times, parameters): right to about 1e-11 of the level."""
    found = []
    for i in range(len(names)):
        step = np.zeros(len(names))
        step[i] = 2e-3
        near, far = (
            [levels(of, names, (at + sign * times * step)[np.newaxis], output)[0] for sign in (1, -1)]
            for times in (1, 2)
        )
        found.append((8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * step[i]))
    return np.stack(found, axis=1)


@pytest.mark.parametrize(
    ("key", "output"),
    [
        ("otto_2021", "ketamine"),
        ("otto_2021", "norketamine"),
        ("kamp_2020", "ketamine"),
        ("simons_2022", "ketamine"),
        ("simons_2022", "norketamine"),
        ("simons_2022", "hydroxynorketamine"),
    ],
)
def test_derivatives_are_those_of_differences(key: str, output: str) -> None:
    parameter_set = load_parameter_set(key)
    assert parameter_set.omega is not None
    names = parameter_set.omega.names
    at = np.linspace(-0.4, 0.5, len(names))
    of = system_of(parameter_set)
    system = read_log_linear(of, names, (output,)).repeated(len(AT_MIN))
    found = sensitivities(system, at, tuple(drug_input(inlet, PROFILE, AT_MIN) for inlet in system.inlets))
    level = levels(of, names, at[np.newaxis], output)[0]
    np.testing.assert_allclose(found.level_ng_per_ml, level, rtol=1e-9)
    wanted = differences(of, names, at, output)
    np.testing.assert_allclose(found.per_log_parameter, wanted, atol=1e-8 * level.max())


def test_both_ways_agree() -> None:
    parameter_set = load_parameter_set("otto_2021")
    assert parameter_set.omega is not None
    names = parameter_set.omega.names
    system = read_log_linear(system_of(parameter_set), names, ["ketamine"] * 6 + ["norketamine"] * 6)
    at = np.array([0.3, -0.2, 0.1, 0.4])
    given = tuple(drug_input(inlet, PROFILE, np.tile(AT_MIN, 2)) for inlet in system.inlets)
    through_modes = by_modes(system, at, given)
    assert through_modes is not None
    doubled = by_doubling(system, at, given)
    np.testing.assert_allclose(through_modes.level_ng_per_ml, doubled.level_ng_per_ml, rtol=1e-10)
    np.testing.assert_allclose(
        through_modes.per_log_parameter, doubled.per_log_parameter, rtol=1e-9, atol=1e-9
    )


def test_volumes_and_flows_all_larger_only_dilute() -> None:
    """With all volumes and flows times a, every level is divided by a: the derivatives add up to minus it."""
    parameter_set = load_parameter_set("otto_2021")
    names = tuple(parameter_set.parameters)
    system = read_log_linear(system_of(parameter_set), names, ["ketamine"] * 6 + ["norketamine"] * 6)
    given = tuple(drug_input(inlet, PROFILE, np.tile(AT_MIN, 2)) for inlet in system.inlets)
    found = sensitivities(system, np.zeros(len(names)), given)
    np.testing.assert_allclose(found.per_log_parameter.sum(axis=1), -found.level_ng_per_ml, rtol=1e-9)


def one_compartment_and_metabolite(metabolite_clearance: float) -> SystemOf:
    """A parent whose rate is 0.1 per minute, fed through a depot into a metabolite."""

    def made(deviation: Mapping[str, FloatArray]) -> System:
        clearance = np.exp(deviation["CL"])
        bodies = len(clearance)
        parent = Network(
            name="ketamine",
            compartments=("central",),
            volume_l=np.full((bodies, 1), 10.0),
            loss_l_per_min=clearance[:, np.newaxis],
        )
        metabolite = Network(
            name="norketamine",
            compartments=("central",),
            volume_l=np.full((bodies, 1), 10.0),
            loss_l_per_min=metabolite_clearance * np.exp(deviation["CLm"])[:, np.newaxis],
        )
        vein = Entry(into="ketamine", compartment="central", fraction=np.ones(bodies))
        return System(
            networks=(parent, metabolite),
            feeds=(
                Feed(
                    source="ketamine",
                    source_compartment="central",
                    into="norketamine",
                    into_compartment="central",
                    formation_l_per_min=0.5 * clearance,
                ),
            ),
            entries={
                "iv": (vein,),
                "im": (replace(vein, absorption_per_min=0.05 * np.exp(deviation["ka"])),),
            },
            outlets=(Outlet(name="norketamine", network="norketamine", compartment="central"),),
        )

    return made


def analytic_coinciding(at_min: FloatArray, dose_mg: float) -> tuple[FloatArray, FloatArray]:
    """Metabolite after a bolus where both rates are k = 0.1: level and its derivatives by ln CL and ln CLm.

    With parent rate a and metabolite rate b the amount is f a (e^-bt - e^-at) / (a - b), f = 0.5. Where both
    are k it is f k t e^-kt, with the derivatives f k t e^-kt - f k^2 t^2 e^-kt / 2 (by ln a) and the second
    part alone (by ln b).
    """
    k, scale = 0.1, 0.5 * dose_mg / 10.0 * 1000.0
    fallen = scale * np.exp(-k * at_min)
    half_square = fallen * (k * at_min) ** 2 / 2
    level = fallen * k * at_min
    return level, np.stack([level - half_square, -half_square], axis=1)


@pytest.mark.parametrize("apart", [0.0, 1e-10, 1e-7])
def test_rates_that_coincide_are_exact_too(apart: float) -> None:
    names = ("CL", "CLm", "ka")
    system = read_log_linear(one_compartment_and_metabolite(1.0 + apart), names, ["norketamine"] * 3)
    at_min = np.array([5.0, 20.0, 60.0])
    bolus = InfusionProfile(bolus_at_min=np.array([0.0]), bolus_mg=np.array([20.0]))
    given = tuple(drug_input(inlet, bolus, at_min) for inlet in system.inlets)
    found = sensitivities(system, np.zeros(3), given)
    level, slopes = analytic_coinciding(at_min, 20.0)
    # A rate that is 1e-7 away moves the answer by a few times that.
    np.testing.assert_allclose(found.level_ng_per_ml, level, rtol=1e-9 + 10 * apart)
    allowed = (1e-9 + 10 * apart) * level.max()
    np.testing.assert_allclose(found.per_log_parameter[:, :2], slopes, atol=allowed)


def test_a_dose_by_another_route_has_derivatives_by_its_absorption() -> None:
    names = ("CL", "CLm", "ka")
    of = one_compartment_and_metabolite(2.0)
    system = read_log_linear(of, names, ("norketamine",), ("iv", "im")).repeated(3)
    profile = InfusionProfile(doses=(Dose(at_min=10.0, amount_mg=20.0, route="im"),))
    at_min = np.array([15.0, 40.0, 90.0])
    given = tuple(drug_input(inlet, profile, at_min) for inlet in system.inlets)
    found = sensitivities(system, np.zeros(3), given).per_log_parameter[:, 2]
    step = 1e-4
    up, down = (
        simulate(of({"CL": np.zeros(1), "CLm": np.zeros(1), "ka": np.array([one])}), profile, at_min).values[
            0, 0
        ]
        for one in (step, -step)
    )
    np.testing.assert_allclose(found, (up - down) / (2 * step), rtol=1e-6)


def test_a_rate_that_is_a_sum_is_refused_by_name() -> None:
    def sum_of_two(deviation: Mapping[str, FloatArray]) -> System:
        loss = 1.0 + np.exp(deviation["CL"])
        network = Network(
            name="ketamine",
            compartments=("central",),
            volume_l=np.full((len(loss), 1), 10.0),
            loss_l_per_min=loss[:, np.newaxis],
        )
        return System(
            networks=(network,),
            entries={"iv": (Entry(into="ketamine", compartment="central", fraction=np.ones(len(loss))),)},
            outlets=(Outlet(name="ketamine", network="ketamine", compartment="central"),),
        )

    with pytest.raises(ModelError, match="no product of powers of CL"):
        read_log_linear(sum_of_two, ("CL",), ("ketamine",))


def test_only_what_a_reading_can_see_is_kept() -> None:
    system: LogLinearSystem = read_log_linear(
        system_of(load_parameter_set("otto_2021")), ("CL",), ("ketamine",)
    )
    assert {name.split(":")[0] for name in system.states} == {"ketamine"}
