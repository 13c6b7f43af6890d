"""How a model's parameters make a system: networks, feeds, entries and outlets, as formulas in its file."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.formulas import Formula
from evenkeel.pharmacology.system import Entry, Feed, Network, Outlet, System

Values = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One compartment of one network, written 'network.compartment' in the file."""

    network: str
    compartment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Equal first-order steps, one after the other, each of one rate."""

    steps: int
    rate: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkLayout:
    """Compartments with a volume each, flows between pairs of them, and losses by clearance."""

    name: str
    volumes: Mapping[str, Formula]
    exchanges: tuple[tuple[str, str, Formula], ...]
    losses: Mapping[str, Formula]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLayout:
    """A part of what one compartment loses, in mg of what it becomes, which appears in another network."""

    source: Place
    into: Place
    formation: Formula
    delay: Delay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLayout:
    """Where a part of a dose by some route goes, and how fast."""

    route: str
    into: Place
    fraction: Formula
    absorption: Formula | None
    duration: Formula | None
    delay: Delay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletLayout:
    """What can be read, and where."""

    name: str
    at: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    networks: tuple[NetworkLayout, ...]
    feeds: tuple[FeedLayout, ...]
    entries: tuple[EntryLayout, ...]
    outlets: tuple[OutletLayout, ...]

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.route for entry in self.entries))

    @property
    def names(self) -> frozenset[str]:
        """The parameters that some formula uses."""
        formulas: list[Formula | None] = [feed.formation for feed in self.feeds]
        for network in self.networks:
            formulas += [*network.volumes.values(), *network.losses.values()]
            formulas += [flow for _, _, flow in network.exchanges]
        for entry in self.entries:
            formulas += [entry.fraction, entry.absorption, entry.duration]
        delays = [feed.delay for feed in self.feeds] + [entry.delay for entry in self.entries]
        formulas += [delay.rate for delay in delays if delay is not None]
        return frozenset().union(*(formula.names for formula in formulas if formula is not None))

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(outlet.name for outlet in self.outlets)

    def build(self, values: Values, bodies: int) -> System:
        """The system of these parameter values, in L, min and kg, each of shape (bodies,)."""
        entries: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            entries[entry.route] = (*entries.get(entry.route, ()), _entry(entry, values, bodies))
        return System(
            networks=tuple(_network(network, values, bodies) for network in self.networks),
            feeds=tuple(_feed(feed, values, bodies) for feed in self.feeds),
            entries=entries,
            outlets=tuple(
                Outlet(name=outlet.name, network=outlet.at.network, compartment=outlet.at.compartment)
                for outlet in self.outlets
            ),
        )


def _column(formula: Formula, values: Values, bodies: int) -> FloatArray:
    return np.full(bodies, formula(values))


def _columns(formulas: list[Formula | None], values: Values, bodies: int) -> FloatArray:
    """One column for each formula, shape (bodies, formulas); 0 where there is none."""
    table = np.zeros((bodies, len(formulas)))
    for i, formula in enumerate(formulas):
        if formula is not None:
            table[:, i] = formula(values)
    return table


def _network(layout: NetworkLayout, values: Values, bodies: int) -> Network:
    compartments = tuple(layout.volumes)
    number = {name: i for i, name in enumerate(compartments)}
    return Network(
        name=layout.name,
        compartments=compartments,
        volume_l=_columns(list(layout.volumes.values()), values, bodies),
        exchanges=tuple((number[a], number[b]) for a, b, _ in layout.exchanges),
        exchange_l_per_min=_columns([flow for _, _, flow in layout.exchanges], values, bodies),
        loss_l_per_min=_columns([layout.losses.get(name) for name in compartments], values, bodies),
    )


def _delay(delay: Delay | None, values: Values, bodies: int) -> tuple[int, FloatArray | None]:
    return (0, None) if delay is None else (delay.steps, _column(delay.rate, values, bodies))


def _feed(layout: FeedLayout, values: Values, bodies: int) -> Feed:
    steps, rate = _delay(layout.delay, values, bodies)
    return Feed(
        source=layout.source.network,
        source_compartment=layout.source.compartment,
        into=layout.into.network,
        into_compartment=layout.into.compartment,
        formation_l_per_min=_column(layout.formation, values, bodies),
        delay_steps=steps,
        delay_per_min=rate,
    )


def _entry(layout: EntryLayout, values: Values, bodies: int) -> Entry:
    steps, rate = _delay(layout.delay, values, bodies)
    absorption = layout.absorption
    # The release is one for all bodies: the reader refuses a duration that could differ between them.
    release_min = 0.0 if layout.duration is None else float(_column(layout.duration, values, bodies)[0])
    return Entry(
        into=layout.into.network,
        compartment=layout.into.compartment,
        fraction=_column(layout.fraction, values, bodies),
        absorption_per_min=None if absorption is None else _column(absorption, values, bodies),
        duration_min=release_min,
        delay_steps=steps,
        delay_per_min=rate,
    )
