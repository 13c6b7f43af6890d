"""One linear model for any number of bodies: compartments, flows between them, doors in, readings out.

Units: minutes, mg of ketamine base, L, L/min. Every array has one number per body first, shape (bodies, ...).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import FloatArray, per_body
from evenkeel.pharmacology.errors import ArgumentError, ModelError
from evenkeel.pharmacology.profile import INTRAVENOUS

NG_PER_ML_IN_MG_PER_L = 1000.0

Part = TypeVar("Part", "Network", "Feed", "Entry", "Outlet", "System")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Compartments that exchange drug by difference of concentration and lose it by clearance.

    `volume_l` and `loss_l_per_min` (bodies, n); `exchange_l_per_min` (bodies, pairs), one flow for each pair
    of places in `exchanges`. Volumes and flows must be positive, losses 0 or more with one of them positive,
    and the exchanges must join all compartments, so that drug never stays for ever.
    """

    name: str
    compartments: tuple[str, ...]
    volume_l: FloatArray
    exchanges: tuple[tuple[int, int], ...] = ()
    exchange_l_per_min: FloatArray = field(default_factory=lambda: np.empty((1, 0)))
    loss_l_per_min: FloatArray

    def place(self, compartment: str) -> int:
        if compartment not in self.compartments:
            raise ModelError(
                f"Network {self.name!r} has no compartment {compartment!r}; "
                f"it has {', '.join(self.compartments)}."
            )
        return self.compartments.index(compartment)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feed:
    """A part of what one compartment loses that appears in another network, as a metabolite does.

    `formation_l_per_min` (bodies,) times the level of the source is the flow in mg/min. It may pass through
    `delay_steps` equal first-order steps of rate `delay_per_min` (bodies,).
    """

    source: str
    source_compartment: str
    into: str
    into_compartment: str
    formation_l_per_min: FloatArray
    delay_steps: int = 0
    delay_per_min: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """Where a dose of a route goes. A route may have several entries, such as mucosal and swallowed.

    `fraction` (bodies,) of the dose is released at a constant rate over `duration_min` (all at once for 0),
    passes `delay_steps` equal first-order steps of rate `delay_per_min` (bodies,) and a depot that empties
    at the rate `absorption_per_min` (bodies,), and so enters the compartment.
    """

    into: str
    compartment: str
    fraction: FloatArray
    absorption_per_min: FloatArray | None = None
    duration_min: float = 0.0
    delay_steps: int = 0
    delay_per_min: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlet:
    """A level that can be read: of one compartment, or behind it through one first-order delay.

    `delay_per_min` (bodies,) is the rate of an effect site or of a venous delay; None reads at once.
    """

    name: str
    network: str
    compartment: str
    ng_per_ml_per_mg_per_l: float = NG_PER_ML_IN_MG_PER_L
    delay_per_min: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateSpace:
    """The same model as plain matrices: dx/dt = matrix x + input, level = rows x.

    `matrix` (bodies, s, s) per minute on amounts in mg (a delayed outlet's state is a level in mg/L);
    `inputs` holds for each route its entries as pairs of a column (bodies, s), in mg per mg, and the duration
    of its release in minutes; `rows` (bodies, outputs, s) gives ng/mL. `states` names the states.
    """

    states: tuple[str, ...]
    matrix: FloatArray
    inputs: Mapping[str, tuple[tuple[FloatArray, float], ...]]
    rows: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """A linear model of N bodies. Raises ModelError when it cannot exist; the message names the part.

    Networks must be listed so that every feed goes from an earlier one to a later one. A route "iv" must be
    among the entries. Numbers given once for all bodies are spread to all.
    """

    networks: tuple[Network, ...]
    entries: Mapping[str, tuple[Entry, ...]]
    outlets: tuple[Outlet, ...]
    feeds: tuple[Feed, ...] = ()
    bodies: int = 0

    def __post_init__(self) -> None:
        if not self.networks or not self.outlets:
            raise ModelError("networks and outlets must have at least one member each.")
        bodies = self.bodies or max(np.shape(network.volume_l)[0] for network in self.networks)
        networks = tuple(_checked_network(network, bodies) for network in self.networks)
        by_name = {network.name: network for network in networks}
        names = tuple(by_name)
        if len(names) < len(networks):
            raise ModelError("Each network must have a name of its own.")
        feeds = tuple(_checked_feed(feed, by_name, bodies) for feed in self.feeds)
        for feed in feeds:
            if names.index(feed.source) >= names.index(feed.into):
                raise ModelError(
                    f"A feed must go from an earlier network to a later one, not from {feed.source!r} to "
                    f"{feed.into!r}: a loop has no closed form here."
                )
        if INTRAVENOUS not in self.entries:
            raise ModelError("entries must have the route 'iv'.")
        entries = {
            route: tuple(_checked_entry(entry, route, by_name, bodies) for entry in some)
            for route, some in self.entries.items()
        }
        outlets = tuple(_checked_outlet(outlet, by_name, bodies) for outlet in self.outlets)
        if len({outlet.name for outlet in outlets}) < len(outlets):
            raise ModelError("Each outlet must have a name of its own.")
        for name, value in (
            ("networks", networks),
            ("feeds", feeds),
            ("entries", entries),
            ("outlets", outlets),
            ("bodies", bodies),
        ):
            object.__setattr__(self, name, value)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what can be read, in order."""
        return tuple(outlet.name for outlet in self.outlets)

    @property
    def routes(self) -> tuple[str, ...]:
        """Names of the routes by which a dose can enter."""
        return tuple(self.entries)

    def network(self, name: str) -> Network:
        return next(network for network in self.networks if network.name == name)

    def outlet(self, name: str) -> Outlet:
        """The outlet of this name. Raises ArgumentError that names those there are."""
        for outlet in self.outlets:
            if outlet.name == name:
                return outlet
        raise ArgumentError(f"output must be one of {', '.join(self.outputs)}, not {name!r}.")

    def with_effect_site(
        self, name: str, *, of: str = "ketamine", half_life_min: ArrayLike, share: float = 1.0
    ) -> "System":
        """The same system with one more outlet that follows `share` of another with a half-life of delay."""
        half_life = per_body("half_life_min", half_life_min, self.bodies)
        if np.any(half_life <= 0):
            raise ArgumentError("half_life_min must be greater than 0.")
        return self._with_delay(name, of, np.log(2.0) / half_life, share)

    def with_venous_delay(
        self, tau_min: ArrayLike, *, of: str = "ketamine", name: str = "ketamine, venous"
    ) -> "System":
        """The same system with one more outlet: blood that reaches the arm vein after a mean of `tau_min`."""
        tau = per_body("tau_min", tau_min, self.bodies)
        if np.any(tau <= 0):
            raise ArgumentError("tau_min must be greater than 0.")
        return self._with_delay(name, of, 1.0 / tau, 1.0)

    def _with_delay(self, name: str, of: str, rate: FloatArray, share: float) -> "System":
        base = self.outlet(of)
        if base.delay_per_min is not None:
            raise ModelError(f"{of!r} is already delayed; a delay must be put on a level that is not.")
        gain = base.ng_per_ml_per_mg_per_l * share
        delayed = replace(base, name=name, ng_per_ml_per_mg_per_l=gain, delay_per_min=rate)
        return replace(self, outlets=(*self.outlets, delayed))

    def part(self, first: int, last: int) -> "System":
        """The bodies from `first` up to, not including, `last`. The arrays are views."""
        return self._taken(slice(first, last), last - first)

    def take(self, bodies: Sequence[int]) -> "System":
        """The bodies at these places, in this order. Raises ArgumentError for a place that is not there."""
        places = np.asarray(bodies, dtype=np.intp)
        if places.ndim != 1 or places.size == 0 or places.min() < 0 or places.max() >= self.bodies:
            raise ArgumentError(f"bodies must be places from 0 to {self.bodies - 1}.")
        return self._taken(places, places.size)

    def _taken(self, some: Any, bodies: int) -> "System":
        """A copy without the checks that the whole has passed: solving in blocks must not pay them again."""
        taken = object.__new__(System)
        for name, value in (
            ("networks", tuple(_cut(network, some) for network in self.networks)),
            ("feeds", tuple(_cut(feed, some) for feed in self.feeds)),
            ("entries", {route: tuple(_cut(one, some) for one in of) for route, of in self.entries.items()}),
            ("outlets", tuple(_cut(outlet, some) for outlet in self.outlets)),
            ("bodies", bodies),
        ):
            object.__setattr__(taken, name, value)
        return taken

    def with_parts(self, networks: tuple[Network, ...], feeds: tuple[Feed, ...]) -> "System":
        """A copy with other networks and feeds, unchecked: a part without loss has a matrix, but no modes."""
        copied = _cut(self, slice(None))
        object.__setattr__(copied, "networks", networks)
        object.__setattr__(copied, "feeds", feeds)
        return copied

    def matrix(self) -> StateSpace:
        """The plain state space, for differential equations and as a reference for the closed form."""
        return _StateSpaceBuilder(self).build()


def _cut(part: Part, some: Any) -> Part:
    copied: Part = object.__new__(type(part))
    for name in part.__dataclass_fields__:
        value = getattr(part, name)
        object.__setattr__(copied, name, value[some] if isinstance(value, np.ndarray) else value)
    return copied


class _StateSpaceBuilder:
    """Lays out the states: each network's amounts, then delay steps, depots and delayed outlets."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._names: list[str] = []
        self._terms: list[tuple[int, int, FloatArray]] = []
        self._at: dict[tuple[str, str], int] = {}

    def build(self) -> StateSpace:
        system = self._system
        for network in system.networks:
            self._add_network(network)
        for feed in system.feeds:
            source = self._at[feed.source, feed.source_compartment]
            volume = _volume(system, feed.source, feed.source_compartment)
            target = self._at[feed.into, feed.into_compartment]
            inflow = feed.formation_l_per_min / volume
            self._chain(
                f"{feed.source} to {feed.into}", feed.delay_steps, feed.delay_per_min, target, source, inflow
            )
        doors = {route: [self._door(route, entry) for entry in of] for route, of in system.entries.items()}
        readings = [self._reading(outlet) for outlet in system.outlets]
        bodies, states = system.bodies, len(self._names)
        matrix = np.zeros((bodies, states, states))
        for row, source, rate in self._terms:
            matrix[:, row, source] += rate
        rows = np.zeros((bodies, len(readings), states))
        for output, (state, gain) in enumerate(readings):
            rows[:, output, state] = gain
        inputs: dict[str, tuple[tuple[FloatArray, float], ...]] = {}
        for route, some in doors.items():
            columns: list[tuple[FloatArray, float]] = []
            for place, fraction, duration_min in some:
                column = np.zeros((bodies, states))
                column[:, place] = fraction
                columns.append((column, duration_min))
            inputs[route] = tuple(columns)
        return StateSpace(states=tuple(self._names), matrix=matrix, inputs=inputs, rows=rows)

    def _add_network(self, network: Network) -> None:
        first = len(self._names)
        for i, compartment in enumerate(network.compartments):
            self._at[network.name, compartment] = first + i
            self._names.append(f"{network.name}: {compartment}")
            self._terms.append((first + i, first + i, -network.loss_l_per_min[:, i] / network.volume_l[:, i]))
        for pair, (i, j) in enumerate(network.exchanges):
            flow = network.exchange_l_per_min[:, pair]
            for source, target in ((i, j), (j, i)):
                rate = flow / network.volume_l[:, source]
                self._terms.append((first + target, first + source, rate))
                self._terms.append((first + source, first + source, -rate))

    def _step(self, name: str, rate: FloatArray, target: int) -> int:
        state = len(self._names)
        self._names.append(name)
        self._terms.append((state, state, -rate))
        self._terms.append((target, state, rate))
        return state

    def _chain(
        self, name: str, steps: int, rate: FloatArray | None, target: int, source: int, inflow: FloatArray
    ) -> None:
        for step in range(steps, 0, -1):
            assert rate is not None
            target = self._step(f"{name}, step {step}", rate, target)
        self._terms.append((target, source, inflow))

    def _door(self, route: str, entry: Entry) -> tuple[int, FloatArray, float]:
        target = self._at[entry.into, entry.compartment]
        if entry.absorption_per_min is not None:
            target = self._step(f"{route} depot", entry.absorption_per_min, target)
        for step in range(entry.delay_steps, 0, -1):
            assert entry.delay_per_min is not None
            target = self._step(f"{route}, step {step}", entry.delay_per_min, target)
        return target, entry.fraction, entry.duration_min

    def _reading(self, outlet: Outlet) -> tuple[int, FloatArray | float]:
        source = self._at[outlet.network, outlet.compartment]
        volume = _volume(self._system, outlet.network, outlet.compartment)
        gain = outlet.ng_per_ml_per_mg_per_l
        if outlet.delay_per_min is None:
            return source, gain / volume
        state = len(self._names)
        self._names.append(outlet.name)
        self._terms.append((state, state, -outlet.delay_per_min))
        self._terms.append((state, source, outlet.delay_per_min / volume))
        return state, gain


def _volume(system: System, network: str, compartment: str) -> FloatArray:
    found = system.network(network)
    volume: FloatArray = found.volume_l[:, found.place(compartment)]
    return volume


def _checked_network(network: Network, bodies: int) -> Network:
    where = f"network {network.name!r}"
    places = len(network.compartments)
    if not places or len(set(network.compartments)) < places:
        raise ModelError(f"compartments of {where} must be names, each once.")
    volume = _table(f"volume_l of {where}", network.volume_l, bodies, places)
    loss = _table(f"loss_l_per_min of {where}", network.loss_l_per_min, bodies, places)
    flow = _table(
        f"exchange_l_per_min of {where}", network.exchange_l_per_min, bodies, len(network.exchanges)
    )
    _refuse_unless(np.all(volume > 0), f"volume_l of {where} must be greater than 0.")
    _refuse_unless(np.all(flow > 0), f"exchange_l_per_min of {where} must be greater than 0.")
    _refuse_unless(np.all(loss >= 0), f"loss_l_per_min of {where} must be 0 or more.")
    _refuse_unless(np.all(loss.sum(axis=1) > 0), f"loss_l_per_min of {where} must be positive somewhere.")
    group = list(range(places))
    for i, j in network.exchanges:
        _refuse_unless(
            0 <= i < places and 0 <= j < places and i != j,
            f"exchanges of {where} must be pairs of two places from 0 to {places - 1}, not {(i, j)}.",
        )
        group = [group[i] if one == group[j] else one for one in group]
    _refuse_unless(len(set(group)) == 1, f"exchanges of {where} must join all its compartments.")
    return replace(network, volume_l=volume, loss_l_per_min=loss, exchange_l_per_min=flow)


def _checked_feed(feed: Feed, networks: Mapping[str, Network], bodies: int) -> Feed:
    where = f"the feed from {feed.source!r} into {feed.into!r}"
    _known(feed.source, networks, where).place(feed.source_compartment)
    _known(feed.into, networks, where).place(feed.into_compartment)
    formation = per_body(f"formation_l_per_min of {where}", feed.formation_l_per_min, bodies, ModelError)
    _refuse_unless(np.all(formation >= 0), f"formation_l_per_min of {where} must be 0 or more.")
    delay = _checked_delay(where, feed.delay_steps, feed.delay_per_min, bodies)
    return replace(feed, formation_l_per_min=formation, delay_per_min=delay)


def _checked_entry(entry: Entry, route: str, networks: Mapping[str, Network], bodies: int) -> Entry:
    where = f"an entry of route {route!r}"
    _known(entry.into, networks, where).place(entry.compartment)
    fraction = per_body(f"fraction of {where}", entry.fraction, bodies, ModelError)
    _refuse_unless(np.all(fraction >= 0), f"fraction of {where} must be 0 or more.")
    _refuse_unless(
        bool(np.isfinite(entry.duration_min)) and entry.duration_min >= 0,
        f"duration_min of {where} must be a finite number of 0 or more.",
    )
    if entry.absorption_per_min is not None:
        absorption = _positive(f"absorption_per_min of {where}", entry.absorption_per_min, bodies)
        entry = replace(entry, absorption_per_min=absorption)
    delay = _checked_delay(where, entry.delay_steps, entry.delay_per_min, bodies)
    return replace(entry, fraction=fraction, delay_per_min=delay)


def _checked_outlet(outlet: Outlet, networks: Mapping[str, Network], bodies: int) -> Outlet:
    where = f"outlet {outlet.name!r}"
    _known(outlet.network, networks, where).place(outlet.compartment)
    if not np.isfinite(outlet.ng_per_ml_per_mg_per_l):
        raise ModelError(f"ng_per_ml_per_mg_per_l of {where} must be a finite number.")
    if outlet.delay_per_min is None:
        return outlet
    return replace(outlet, delay_per_min=_positive(f"delay_per_min of {where}", outlet.delay_per_min, bodies))


def _checked_delay(where: str, steps: int, rate: FloatArray | None, bodies: int) -> FloatArray | None:
    _refuse_unless(steps >= 0, f"delay_steps of {where} must be 0 or more, not {steps}.")
    _refuse_unless(
        (steps > 0) == (rate is not None), f"{where} must have delay_steps and delay_per_min both or neither."
    )
    return None if rate is None else _positive(f"delay_per_min of {where}", rate, bodies)


def _known(name: str, networks: Mapping[str, Network], where: str) -> Network:
    if name not in networks:
        raise ModelError(f"There is no network {name!r} for {where}; there is {', '.join(networks)}.")
    return networks[name]


def _table(name: str, values: FloatArray, bodies: int, places: int) -> FloatArray:
    given = np.asarray(values, dtype=np.float64)
    if given.shape not in {(bodies, places), (1, places)}:
        raise ModelError(f"{name} must have the shape ({bodies}, {places}), not {given.shape}.")
    _refuse_unless(bool(np.all(np.isfinite(given))), f"{name} must be finite numbers.")
    return np.ascontiguousarray(np.broadcast_to(given, (bodies, places)))


def _positive(name: str, values: ArrayLike, bodies: int) -> FloatArray:
    found = per_body(name, values, bodies, ModelError)
    _refuse_unless(bool(np.all(found > 0)), f"{name} must be greater than 0.")
    return found


def _refuse_unless(holds: bool | np.bool_, sentence: str) -> None:
    if not holds:
        raise ModelError(sentence[0].upper() + sentence[1:] if sentence.startswith("the ") else sentence)
