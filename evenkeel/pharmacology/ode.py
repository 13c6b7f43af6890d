"""The same models step by step, by SciPy: for saturable loss, which has no closed form, and as a check.

SciPy is loaded when a simulation is asked for, not before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import Axis, FloatArray, Labelled, as_times, choose, dose_scales, per_body
from evenkeel.pharmacology.errors import ModelError
from evenkeel.pharmacology.plan import InputPlan, make_plan, routes_used
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.system import StateSpace, System

# Far below the 1e-8 that the check against the closed form allows, because errors of many steps add up.
RELATIVE_TOLERANCE = 1e-12
# mg, and mg/L in a delayed outlet: the level of the lowest interest, 1 ng/L in 25 L, to ten digits.
ABSOLUTE_TOLERANCE = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Saturation:
    """Loss from one compartment that saturates, as Michaelis and Menten describe it.

    Every clearance out of the compartment, what it forms elsewhere included, is multiplied by
    K / (K + level), K being `half_level_mg_per_l` (bodies,): at low levels the model is the linear one, and
    the greatest rate of loss is clearance times K.
    """

    network: str
    compartment: str
    half_level_mg_per_l: ArrayLike


def simulate_ode(
    system: System,
    profile: InfusionProfile,
    at_min: ArrayLike,
    *,
    saturations: Sequence[Saturation] = (),
    outputs: Sequence[str] | None = None,
    dose_scale: ArrayLike | None = None,
) -> Labelled:
    """Levels in ng/mL with the axes body, output and time, by an eighth-order Runge-Kutta method.

    Accepts what `simulate` accepts, and losses that saturate. The integration starts afresh at every change
    of the input. Some hundred times slower than the closed form; one body after the other.

    Raises OutputTimeError, RouteError, ModelError for a compartment that is not there, and ArgumentError.
    """
    times = as_times(at_min)
    names = choose("outputs", outputs, system.outputs)
    scale = dose_scales(1.0 if dose_scale is None else dose_scale, system.bodies)
    space = system.matrix()
    bends = [_bend(system, space, saturation) for saturation in saturations]
    inputs: list[tuple[InputPlan, FloatArray]] = []
    for route in routes_used(profile, system.routes):
        for column, release_min in space.inputs[route]:
            plan = make_plan(profile, times, route=route, release_min=release_min)
            if plan.gives_drug:
                inputs.append((plan, column * scale[:, np.newaxis]))
    rows = [system.outputs.index(name) for name in names]
    values = np.zeros((system.bodies, len(names), times.size))
    for body in range(system.bodies):
        flows = [(plan, column[body]) for plan, column in inputs]
        bent = [(state, half[body], flow[body]) for state, half, flow in bends]
        held = _integrate(space.matrix[body], bent, flows, times)
        values[body] = space.rows[body, rows] @ held
    axes = (
        Axis("body", np.arange(system.bodies, dtype=np.float64)),
        Axis("output", names),
        Axis("time", times, "min"),
    )
    return Labelled(values, "ng/mL", axes)


# A saturating compartment's state, the amount at half clearance in mg, and what each mg in it changes per
# minute in every state while the loss is linear.
Bend = tuple[int, FloatArray, FloatArray]


def _bend(system: System, space: StateSpace, saturation: Saturation) -> Bend:
    network = next((one for one in system.networks if one.name == saturation.network), None)
    if network is None:
        names = ", ".join(one.name for one in system.networks)
        raise ModelError(f"network of a saturation must be one of {names}, not {saturation.network!r}.")
    place = network.place(saturation.compartment)
    half = per_body("half_level_mg_per_l", saturation.half_level_mg_per_l, system.bodies, ModelError)
    if np.any(half <= 0):
        raise ModelError("half_level_mg_per_l must be greater than 0.")
    state = space.states.index(f"{network.name}: {saturation.compartment}")
    loss = network.loss_l_per_min.copy()
    loss[:, place] = 0.0
    lossless = replace(network, loss_l_per_min=loss)
    feeds = tuple(
        replace(feed, formation_l_per_min=np.zeros(system.bodies))
        if (feed.source, feed.source_compartment) == (saturation.network, saturation.compartment)
        else feed
        for feed in system.feeds
    )
    networks = tuple(lossless if one is network else one for one in system.networks)
    flow = space.matrix[:, :, state] - system.with_parts(networks, feeds).matrix().matrix[:, :, state]
    return state, half * network.volume_l[:, place], flow


def _integrate(
    matrix: FloatArray,
    bends: Sequence[tuple[int, float, FloatArray]],
    inputs: Sequence[tuple[InputPlan, FloatArray]],
    times: FloatArray,
) -> FloatArray:
    """Amounts (states, times) of one body, from change to change of any input."""
    from scipy.integrate import solve_ivp

    held = np.zeros((matrix.shape[0], times.size))
    state = np.zeros(matrix.shape[0])
    if not inputs:
        return held
    changes = np.unique(np.concatenate([plan.change_at_min for plan, _ in inputs]))
    for number, start in enumerate(changes):
        inflow = np.zeros_like(state)
        for plan, column in inputs:
            step = int(np.searchsorted(plan.change_at_min, start, side="right")) - 1
            if step >= 0:
                inflow += plan.rate_mg_per_min[step] * column
                if plan.change_at_min[step] == start:
                    state = state + plan.bolus_mg[step] * column
        after = number + 1 == changes.size
        end = max(times[-1], start) if after else changes[number + 1]
        here = np.flatnonzero((times >= start) & ((times < end) | after))

        def slope(_: float, now: FloatArray, inflow: FloatArray = inflow) -> FloatArray:
            change: FloatArray = matrix @ now + inflow
            for place, half_mg, flow in bends:
                change -= flow * (now[place] * (now[place] / (half_mg + now[place])))
            return change

        # Every output time ends a step, because the method is more exact there than between its steps.
        stops = np.unique(np.append(times[here], end))
        now = start
        for stop in stops:
            if stop > now:
                solved = solve_ivp(
                    slope,
                    (now, stop),
                    state,
                    method="DOP853",
                    t_eval=[stop],
                    rtol=RELATIVE_TOLERANCE,
                    atol=ABSOLUTE_TOLERANCE,
                )
                assert solved.success, solved.message
                state, now = solved.y[:, -1], stop
            held[:, here[times[here] == stop]] = state[:, np.newaxis]
    return held
