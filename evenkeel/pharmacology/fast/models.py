"""The two steps of `simulate` on the fast path: modes from a system, and levels from modes.

Both answer as `modes.solve_modes` and `simulate.evaluate` do, and leave to those what the C side does not
have: delay steps in a row, bodies whose rates nearly coincide, very large models.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import fast, modes
from evenkeel.pharmacology.arrays import FloatArray, IntArray, choose
from evenkeel.pharmacology.modes import EntryModes, Modes
from evenkeel.pharmacology.plan import InputPlan
from evenkeel.pharmacology.system import Entry, Network, System

# As MOST_STATES, MOST_NETWORKS and MOST_ROWS in kernels.c.
_STATES_HIGH = 16
_NETWORKS_HIGH = 4
_COMPARTMENTS_HIGH = 8
# From here on the tables of a few times would not fit the cache.
_MODES_HIGH = 256


def solve_modes(
    system: System, route: str = "iv", outputs: Sequence[str] | None = None
) -> tuple[EntryModes, ...]:
    """What `modes.solve_modes` answers, to about 1e-12; raises the same."""
    names = choose("outputs", outputs, system.outputs)
    if route not in system.entries:
        return modes.solve_modes(system, route, names)
    programs = [_program(system, entry, names) for entry in system.entries[route]]
    known = [program for program in programs if program is not None]
    if len(known) < len(programs):
        return modes.solve_modes(system, route, names)
    solved = [_solve(system, program) for program in known]
    doubtful = np.flatnonzero(~np.all([simple for _, simple in solved], axis=0)).astype(np.int64)
    if not doubtful.size:
        return tuple(
            EntryModes(duration_min=entry.duration_min, main=main)
            for entry, (main, _) in zip(system.entries[route], solved, strict=True)
        )
    exact = modes.solve_modes(system.take(doubtful.tolist()), route, names)
    return tuple(_mended(main, doubtful, one) for (main, _), one in zip(solved, exact, strict=True))


def _mended(main: Modes, doubtful: IntArray, exact: EntryModes) -> EntryModes:
    """The modes with those of the doubtful bodies replaced: in place, or apart where rates form clusters."""
    apart_places = [places for places, _ in exact.apart]
    together = np.setdiff1d(np.arange(doubtful.size), np.concatenate([[], *apart_places]).astype(np.int64))
    groups = [(together, exact.main.of(together)), *exact.apart]
    apart = []
    for places, found in groups:
        bodies = doubtful[places]
        if found.simple and found.decay_per_min.shape[1] == main.decay_per_min.shape[1]:
            main.decay_per_min[bodies] = found.decay_per_min
            main.residue[bodies] = found.residue
        elif places.size:
            main.decay_per_min[bodies] = 1.0
            main.residue[bodies] = 0.0
            apart.append((bodies, found))
    return EntryModes(duration_min=exact.duration_min, main=main, apart=tuple(apart))


def fill_levels(
    found: Modes,
    plan: InputPlan,
    dose_scale: FloatArray | None,
    out: FloatArray,
    *,
    add: bool,
    by_time: bool = False,
    threads: int = 1,
) -> bool:
    """What `simulate.evaluate` computes, or False when there are too many modes, and nothing was done."""
    bodies, modes_count = found.decay_per_min.shape
    if modes_count > _MODES_HIGH:
        return False
    fast.levels(
        found.decay_per_min,
        found.residue,
        plan,
        np.ones(bodies) if dose_scale is None else dose_scale,
        out,
        add=add,
        order=found.order,
        by_time=by_time,
        threads=threads,
    )
    return True


@dataclass(frozen=True, slots=True, eq=False)
class _Program:
    """As `ek_modes` reads it: whole numbers, the arrays in their order, and the gain of each output."""

    numbers: list[int]
    columns: list[FloatArray]
    gain: FloatArray
    states: int


def _program(system: System, entry: Entry, outputs: tuple[str, ...]) -> _Program | None:
    """None for what the C side does not have."""
    networks = _reached(system, entry, outputs)
    if not networks:
        return None
    places = {network.name: k for k, network in enumerate(networks)}
    feeds = [feed for feed in system.feeds if feed.source in places and feed.into in places]
    outlets = [system.outlet(name) for name in outputs]
    if (
        len(networks) > _NETWORKS_HIGH
        or max(len(network.compartments) for network in networks) > _COMPARTMENTS_HIGH
        or len(feeds) > _NETWORKS_HIGH
        or entry.delay_steps
        or any(feed.delay_steps for feed in feeds)
        or any(outlet.network not in places for outlet in outlets)
    ):
        return None
    numbers = [len(networks)]
    columns: list[FloatArray] = []
    states = 0
    for network in networks:
        numbers += [len(network.compartments), len(network.exchanges)]
        numbers += [place for pair in network.exchanges for place in pair]
        columns += [network.volume_l, network.exchange_l_per_min, network.loss_l_per_min]
        states += len(network.compartments)
    into = places[entry.into]
    numbers += [into, networks[into].place(entry.compartment), int(entry.absorption_per_min is not None)]
    columns.append(entry.fraction)
    if entry.absorption_per_min is not None:
        columns.append(entry.absorption_per_min)
        states += 1
    numbers.append(len(feeds))
    for feed in feeds:
        source, target = places[feed.source], places[feed.into]
        numbers += [source, networks[source].place(feed.source_compartment)]
        numbers += [target, networks[target].place(feed.into_compartment)]
        columns.append(feed.formation_l_per_min)
    numbers.append(len(outlets))
    for outlet in outlets:
        source = places[outlet.network]
        numbers += [source, networks[source].place(outlet.compartment)]
        numbers.append(int(outlet.delay_per_min is not None))
        if outlet.delay_per_min is not None:
            columns.append(outlet.delay_per_min)
            states += 1
    if states > _STATES_HIGH:
        return None
    gain = np.array([outlet.ng_per_ml_per_mg_per_l for outlet in outlets])
    return _Program(numbers, columns, gain, states)


def _reached(system: System, entry: Entry, outputs: tuple[str, ...]) -> list[Network]:
    """The networks that drug reaches from the entry and from which it reaches an output, in their order."""
    wanted = {system.outlet(name).network for name in outputs}
    reached = {entry.into}
    # Feeds may be listed in any order, networks not: along them once down and once up finds every way.
    for network in reversed(system.networks):
        if network.name in wanted:
            wanted |= {feed.source for feed in system.feeds if feed.into == network.name}
    for network in system.networks:
        if network.name in reached:
            reached |= {feed.into for feed in system.feeds if feed.source == network.name}
    return [network for network in system.networks if network.name in wanted & reached]


def _solve(system: System, program: _Program) -> tuple[Modes, NDArray[np.bool_]]:
    bodies, outputs = system.bodies, program.gain.size
    decay = np.empty((bodies, program.states))
    residue = np.empty((bodies, outputs, program.states))
    simple = np.empty(bodies, dtype=np.bool_)
    columns = [np.ascontiguousarray(column, dtype=np.float64) for column in program.columns]
    numbers = np.array(program.numbers, dtype=np.int64)
    failed = fast.library().ek_modes(
        bodies,
        program.states,
        numbers,
        (ctypes.c_void_p * len(columns))(*(column.ctypes.data for column in columns)),
        program.gain,
        decay,
        residue,
        simple,
        fast.best_instructions(),
    )
    assert not failed, "the program was made from a system that had passed its checks"
    return Modes(decay_per_min=decay, residue=residue, order=(0,) * program.states), simple
