"""Levels of a linear model by matrix exponential, made from the parts of a System and nothing else of ours.

It shares no code with the engine: it lays the compartments, delay steps and depots out as states, and carries
them from change to change with scipy's `expm`. Slow and plain on purpose.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.system import Entry, Outlet, System

FloatArray = NDArray[np.float64]


@dataclass
class States:
    """States of one body, and the rates at which drug moves from one to another or leaves (None).

    `follows`: what drives a state without drug going there, as a level does the site that keeps pace with it.
    """

    names: list[object] = field(default_factory=list)
    flows: list[tuple[int, int | None, float]] = field(default_factory=list)
    follows: list[tuple[int, int, float]] = field(default_factory=list)

    def add(self, name: object) -> int:
        self.names.append(name)
        return len(self.names) - 1

    def flow(self, source: int, into: int | None, rate: float) -> None:
        self.flows.append((source, into, rate))

    def chain(self, steps: int, rate: float, into: int) -> int:
        """States of a delay that ends in `into`; the first of them."""
        for _ in range(steps):
            step = self.add("step")
            self.flow(step, into, rate)
            into = step
        return into

    def matrix(self) -> FloatArray:
        a = np.zeros((len(self.names), len(self.names)))
        for source, into, rate in self.flows:
            a[source, source] -= rate
            if into is not None:
                a[into, source] += rate
        for source, site, rate in self.follows:
            a[site, source] += rate
        return a


def levels(
    system: System, profile: InfusionProfile, at_min: FloatArray, body: int = 0
) -> dict[str, FloatArray]:
    """Levels of one body in ng/mL by the name of the output, at the times `at_min`, from an empty body."""
    states = States()
    place = {
        (network.name, name): states.add((network.name, name))
        for network in system.networks
        for name in network.compartments
    }
    volume = {
        (network.name, name): network.volume_l[body, i]
        for network in system.networks
        for i, name in enumerate(network.compartments)
    }
    _add_flows(states, system, place, volume, body)
    reads = {outlet.name: _read(states, outlet, place, volume, body) for outlet in system.outlets}
    inputs: list[tuple[int, float, float, float]] = []  # state, start, end, mg per min
    boluses: list[tuple[int, float, float]] = []  # state, time, mg
    for route, entries in system.entries.items():
        for entry in entries:
            door = _door(states, entry, place[(entry.into, entry.compartment)], body)
            share = float(entry.fraction[body])
            if route == "iv":
                rates = profile.rate_mg_per_h / 60 * share
                inputs += [
                    (door, *row) for row in zip(profile.start_min, profile.end_min, rates, strict=True)
                ]
                boluses += [
                    (door, at, mg * share)
                    for at, mg in zip(profile.bolus_at_min, profile.bolus_mg, strict=True)
                ]
            for dose in profile.doses:
                if dose.route == route and entry.duration_min > 0:
                    end = dose.at_min + entry.duration_min
                    inputs.append((door, dose.at_min, end, dose.amount_mg * share / entry.duration_min))
                elif dose.route == route:
                    boluses.append((door, dose.at_min, dose.amount_mg * share))
    amounts = _amounts(states.matrix(), inputs, boluses, at_min)
    return {
        outlet.name: amounts[:, reads[outlet.name][0]] / reads[outlet.name][1] * outlet.ng_per_ml_per_mg_per_l
        for outlet in system.outlets
    }


def _read(
    states: States,
    outlet: Outlet,
    place: dict[tuple[str, str], int],
    volume: dict[tuple[str, str], float],
    body: int,
) -> tuple[int, float]:
    """The state that an output is read from, and what it is divided by to be a level in mg/L."""
    source = (outlet.network, outlet.compartment)
    if outlet.delay_per_min is None:
        return place[source], volume[source]
    rate = float(outlet.delay_per_min[body])
    site = states.add(outlet.name)
    states.follows.append((place[source], site, rate / volume[source]))
    states.flow(site, None, rate)
    return site, 1.0


def _add_flows(
    states: States,
    system: System,
    place: dict[tuple[str, str], int],
    volume: dict[tuple[str, str], float],
    body: int,
) -> None:
    formed: dict[tuple[str, str], float] = {}
    for feed in system.feeds:
        source = (feed.source, feed.source_compartment)
        formation = float(feed.formation_l_per_min[body])
        formed[source] = formed.get(source, 0.0) + formation
        rate = 0.0 if feed.delay_per_min is None else float(feed.delay_per_min[body])
        first = states.chain(feed.delay_steps, rate, place[(feed.into, feed.into_compartment)])
        states.flow(place[source], first, formation / volume[source])
    for network in system.networks:
        for k, (i, j) in enumerate(network.exchanges):
            flow = network.exchange_l_per_min[body, k]
            a, b = (network.name, network.compartments[i]), (network.name, network.compartments[j])
            states.flow(place[a], place[b], flow / volume[a])
            states.flow(place[b], place[a], flow / volume[b])
        for i, name in enumerate(network.compartments):
            there = (network.name, name)
            elsewhere = network.loss_l_per_min[body, i] - formed.get(there, 0.0)
            states.flow(place[there], None, elsewhere / volume[there])


def _door(states: States, entry: Entry, place: int, body: int) -> int:
    door = place
    if entry.absorption_per_min is not None:
        door = states.chain(1, float(entry.absorption_per_min[body]), door)
    if entry.delay_per_min is not None:
        door = states.chain(entry.delay_steps, float(entry.delay_per_min[body]), door)
    return door


def _amounts(
    a: FloatArray,
    inputs: list[tuple[int, float, float, float]],
    boluses: list[tuple[int, float, float]],
    at_min: FloatArray,
) -> FloatArray:
    """Amounts in mg, shape (times, states), carried from one change or output time to the next."""
    n = len(a)
    changes = {start for _, start, _, _ in inputs} | {end for _, _, end, _ in inputs}
    changes |= {at for _, at, _ in boluses}
    stops = sorted(changes | set(at_min.tolist()))
    found = {}
    state = np.zeros(n)
    steps: dict[tuple[float, tuple[int, ...]], FloatArray] = {}
    for i, now in enumerate(stops):
        if i:
            before = stops[i - 1]
            on = tuple(k for k, (_, start, end, _) in enumerate(inputs) if start <= before < end)
            if (now - before, on) not in steps:
                augmented = np.zeros((n + 1, n + 1))
                augmented[:n, :n] = a
                for k in on:
                    augmented[inputs[k][0], n] += inputs[k][3]
                steps[now - before, on] = expm(augmented * (now - before))
            state = (steps[now - before, on] @ np.append(state, 1.0))[:n]
        for door, at, mg in boluses:
            if at == now:
                state[door] += mg
        found[now] = state.copy()
    return np.array([found[at] for at in at_min.tolist()])
