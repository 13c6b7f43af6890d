"""The parts of a parameter file that have a shape of their own: layout, variability and checks."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.formulas import FLOW, PURE, RATE, TIME, VOLUME, Dimension, Formula
from evenkeel.pharmacology.layout import (
    Delay,
    EntryLayout,
    FeedLayout,
    Layout,
    NetworkLayout,
    OutletLayout,
    Place,
)
from evenkeel.pharmacology.parameter_checks import TOLERANCE_RATIO, Check, Kind
from evenkeel.pharmacology.parameter_set import Covariance, Residual
from evenkeel.pharmacology.sources import Mark, Quantity
from evenkeel.pharmacology.toml_table import Table

Dimensions = Mapping[str, Dimension]

# How a variance may be given. A CV% becomes log(1 + (CV/100)^2), the variance of the logs of a lognormal
# value with that coefficient of variation; a logit SD is squared.
_VARIANCE_UNITS: Final = ("log variance", "CV %", "logit SD")


def read_layout(top: Table, dimensions: Dimensions) -> Layout:
    """Networks, feeds, entries and outlets. Raises ParameterSetError for one that leads nowhere."""
    networks = tuple(_read_network(table, dimensions) for table in top.tables("network"))
    if not networks:
        raise top.fail("network", "is missing")
    places = places_of(networks)
    feeds = tuple(_read_feed(table, dimensions, places) for table in top.tables("feed"))
    entries = tuple(read_entry(table, dimensions, places) for table in top.tables("entry"))
    if not any(entry.route == "iv" for entry in entries):
        raise top.fail("entry", "must have one for the route 'iv'")
    outlets = tuple(_read_outlet(table, places) for table in top.tables("outlet"))
    if not any(outlet.name == "ketamine" for outlet in outlets):
        raise top.fail("outlet", "must have one that is named 'ketamine'")
    return Layout(networks=networks, feeds=feeds, entries=entries, outlets=outlets)


def places_of(networks: Sequence[NetworkLayout]) -> Mapping[str, Place]:
    """Every compartment by the name 'network.compartment'."""
    return {
        f"{network.name}.{compartment}": Place(network=network.name, compartment=compartment)
        for network in networks
        for compartment in network.volumes
    }


def read_place(table: Table, field: str, places: Mapping[str, Place]) -> Place:
    """A compartment, written 'network.compartment'."""
    text = table.text(field)
    if text not in places:
        raise table.fail(field, f"must be one of {', '.join(places)}, not {text!r}")
    return places[text]


def _read_network(table: Table, dimensions: Dimensions) -> NetworkLayout:
    volumes = table.table("volumes")
    names = volumes.names()
    exchanges = []
    for exchange in table.tables("exchange"):
        between = exchange.texts("between")
        if len(between) != 2 or len(set(between)) != 2 or not set(between) <= set(names):
            raise exchange.fail("between", f"must name two of {', '.join(names)}")
        exchanges.append((between[0], between[1], exchange.formula("flow", dimensions, FLOW)))
        exchange.refuse_leftovers()
    losses = table.table("losses")
    for name in losses.names():
        if name not in names:
            raise losses.fail(name, f"must be one of {', '.join(names)}")
    network = NetworkLayout(
        name=table.text("name"),
        volumes=MappingProxyType({name: volumes.formula(name, dimensions, VOLUME) for name in names}),
        exchanges=tuple(exchanges),
        losses=MappingProxyType({name: losses.formula(name, dimensions, FLOW) for name in losses.names()}),
    )
    table.refuse_leftovers()
    return network


def _read_delay(table: Table, dimensions: Dimensions) -> Delay | None:
    if not table.has("delay_steps"):
        return None
    steps = table.whole("delay_steps")
    if steps < 1:
        raise table.fail("delay_steps", f"must be 1 or more, not {steps}")
    return Delay(steps=steps, rate=table.formula("delay_rate", dimensions, RATE))


def _read_feed(table: Table, dimensions: Dimensions, places: Mapping[str, Place]) -> FeedLayout:
    feed = FeedLayout(
        source=read_place(table, "from", places),
        into=read_place(table, "into", places),
        formation=table.formula("formation", dimensions, FLOW),
        delay=_read_delay(table, dimensions),
    )
    table.refuse_leftovers()
    return feed


def read_entry(table: Table, dimensions: Dimensions, places: Mapping[str, Place]) -> EntryLayout:
    """One way into the body: where a fraction of a dose goes, and how fast."""

    def given(name: str, wanted: Dimension) -> Formula | None:
        return table.formula(name, dimensions, wanted) if table.has(name) else None

    entry = EntryLayout(
        route=table.text("route"),
        into=read_place(table, "into", places),
        fraction=table.formula("fraction", dimensions, PURE),
        absorption=given("absorption", RATE),
        duration=given("duration", TIME),
        delay=_read_delay(table, dimensions),
    )
    table.refuse_leftovers()
    return entry


def _read_outlet(table: Table, places: Mapping[str, Place]) -> OutletLayout:
    outlet = OutletLayout(name=table.text("name"), at=read_place(table, "from", places))
    table.refuse_leftovers()
    return outlet


def read_covariance(top: Table, parameters: Mapping[str, Quantity], layout: Layout) -> Covariance | None:
    """Variance between bodies, and between the occasions of one body."""
    occasion = _read_covariance(top, "between_occasions", parameters, layout, None)
    if occasion is not None and not top.has("between_bodies"):
        raise top.fail("between_bodies", "is missing, but there is between_occasions")
    return _read_covariance(top, "between_bodies", parameters, layout, occasion)


def _read_covariance(
    top: Table, field: str, parameters: Mapping[str, Quantity], layout: Layout, occasion: Covariance | None
) -> Covariance | None:
    if not top.has(field):
        return None
    table = top.table(field)
    variances = table.table("variance")
    names = variances.names()
    in_durations = {
        name for entry in layout.entries if entry.duration is not None for name in entry.duration.names
    }
    matrix = np.zeros((len(names), len(names)))
    logit = set()
    for i, name in enumerate(names):
        if name not in parameters:
            raise variances.fail(name, "belongs to no parameter")
        if name in in_durations:
            raise variances.fail(name, "is the duration of a release, which is one for all bodies")
        given = variances.quantity(name, *_VARIANCE_UNITS, sign="positive")
        matrix[i, i] = _variance(given)
        if given.unit == "logit SD":
            logit.add(name)
    for pair in table.tables("covariance"):
        _add_covariance(pair, names, matrix)
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as cause:
        raise top.fail(field, "is no covariance: the matrix is not positive definite") from cause
    matrix.flags.writeable = False
    found = Covariance(
        names=names,
        matrix=matrix,
        on_logit_scale=frozenset(logit),
        basis=table.text("basis"),
        statement=table.text("statement"),
        occasion=occasion,
    )
    table.refuse_leftovers()
    return found


def _variance(given: Quantity) -> float:
    if given.unit == "CV %":
        return float(np.log1p((given.value / 100.0) ** 2))
    return given.value**2 if given.unit == "logit SD" else given.value


def _add_covariance(pair: Table, names: Sequence[str], matrix: FloatArray) -> None:
    of = pair.texts("of")
    if len(of) != 2 or len(set(of)) != 2 or not set(of) <= set(names):
        raise pair.fail("of", f"must name two of {', '.join(names)}")
    i, j = names.index(of[0]), names.index(of[1])
    matrix[i, j] = matrix[j, i] = pair.quantity("covariance", "log covariance").value
    pair.refuse_leftovers()


def read_residual(
    top: Table, parameters: Mapping[str, Quantity], outputs: tuple[str, ...]
) -> Mapping[str, Residual]:
    """Residual error of each output that has one. One in nmol/mL needs the molar mass to read it with."""
    if not top.has("residual"):
        return MappingProxyType({})
    table = top.table("residual")
    basis = table.text("basis")
    found = {}
    for output in table.names():
        if output not in outputs:
            raise table.fail(output, f"must be one of {', '.join(outputs)}")
        part = table.table(output)
        proportional = part.quantity("proportional_sd", "ratio", "log SD", sign="positive")
        additive = 0.0
        if part.has("additive_sd"):
            given = part.quantity("additive_sd", "ng/mL", "nmol/mL", sign="positive")
            additive = given.value * _molar_mass(part, given, parameters)
        found[output] = Residual(
            proportional_sd=proportional.value,
            additive_sd_ng_per_ml=additive,
            on_log_scale=proportional.unit == "log SD",
            basis=basis,
        )
        part.refuse_leftovers()
    return MappingProxyType(found)


def _molar_mass(part: Table, given: Quantity, parameters: Mapping[str, Quantity]) -> float:
    """ng for each nmol, or 1 for an amount that is in ng/mL already."""
    if given.unit == "ng/mL":
        return 1.0
    name = part.text("molar_mass")
    if name not in parameters or parameters[name].unit != "g/mol":
        raise part.fail("molar_mass", "must name a parameter in g/mol")
    return parameters[name].value


_RESULTS: Final[Mapping[str, Kind]] = {
    "level_ng_per_ml": "level",
    "area_ng_h_per_ml": "area",
    "peak_ng_per_ml": "peak",
    "peak_at_min": "peak time",
    "half_life_min": "half-life",
    "clearance_l_per_h": "clearance",
    "bioavailability": "bioavailability",
}


def read_check(table: Table, layout: Layout) -> Check:
    """One check value, or the levels of one curve."""
    results = [name for name in _RESULTS if table.has(name)]
    if len(results) != 1:
        raise table.fail("check", f"must have one of {', '.join(_RESULTS)}")
    kind = _RESULTS[results[0]]
    expected = (
        table.numbers(results[0], "positive")
        if kind in ("level", "half-life")
        else (table.number(results[0], "positive"),)
    )
    weight_kg = table.number("weight_kg", "positive")
    route = "iv"
    dose_mg = duration_min = 0.0
    if kind not in ("half-life", "clearance"):
        route = table.text("route") if table.has("route") else "iv"
        if route not in layout.routes:
            raise table.fail("route", f"must be one of {', '.join(layout.routes)}, not {route!r}")
    if kind in ("level", "area", "peak", "peak time"):
        per_kg = table.has("dose_mg_per_kg")
        dose_mg = (
            table.number("dose_mg_per_kg", "positive") * weight_kg
            if per_kg
            else table.number("dose_mg", "positive")
        )
        duration_min = table.number("duration_min", "0 or more") if route == "iv" else 0.0
    at_min = table.numbers("at_min", "0 or more") if kind == "level" else ()
    if kind == "level" and len(at_min) != len(expected):
        raise table.fail("level_ng_per_ml", "must have one value for each time in at_min")
    output = table.text("output")
    if output not in layout.outputs:
        raise table.fail("output", f"must be one of {', '.join(layout.outputs)}, not {output!r}")
    check = Check(
        kind=kind,
        output=output,
        expected=expected,
        source=table.text("source"),
        mark=table.word("mark", Mark),
        weight_kg=weight_kg,
        dose_mg=dose_mg,
        route=route,
        duration_min=duration_min,
        at_min=at_min,
        until_h=table.number("until_h", "positive") if kind == "area" and table.has("until_h") else None,
        tolerance_ratio=(
            table.number("tolerance_ratio", "positive") if table.has("tolerance_ratio") else TOLERANCE_RATIO
        ),
        misses=table.text_or_none("misses"),
    )
    table.refuse_leftovers()
    return check
