"""The impulse response of each output as a sum of decaying modes, exact also where decay rates coincide.

Every network is reversible: with amounts scaled by the root of each volume its matrix is symmetric, so one
symmetric eigenproblem per body (solved by Jacobi's rotations, which keep small rates accurate) turns it into
independent first-order states. Depots, delay steps, feeds and delayed outlets are first-order states too, so
a whole model is a cascade: each state decays at a known rate and is fed by earlier ones. Passing a decaying
mode on to a state of another rate divides by the difference of the two rates (partial fractions), which loses
digits where rates nearly coincide. Such rates are kept together as one cluster and written as a polynomial
in time times one exponential (the confluent form of the divided differences), where nothing is divided by a
small number. Sources: linear compartment theory; Golub and Van Loan, Matrix Computations, 4th ed., 8.5
(Jacobi's rotations); Higham, Functions of Matrices (2008), 9 and B.16 (close eigenvalues).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray, IntArray, choose
from evenkeel.pharmacology.errors import RouteError
from evenkeel.pharmacology.system import Entry, Feed, Network, System

# Partial fractions lose about the factor 1 / (product of relative gaps) of float64's 16 digits. A body whose
# factor would pass 1e3 times ten per gap (a pair nearer than 1e-4, say) is expanded in clusters instead.
_GAP_COUNTED = 0.1
_SMALLEST_PRODUCT = 1e-3
# Rates nearer than this join one cluster, with so many more powers of time than it has members. Wider
# clusters are only tried when the clusters themselves lie too near each other. The terms left out are below
# (spread * 25)^powers / powers! at 25 time constants, less than 1e-13.
_CLUSTER_WIDTHS = ((0.02, 16), (0.06, 24), (0.2, 40))

# A flow out of an earlier state, per unit of what it holds; and what arrives in a compartment: such flows and
# a share of the dose itself.
Flow = tuple[int, FloatArray]
Arriving = tuple[int, list[Flow], FloatArray | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modes:
    """After a unit of input at time 0 an output is the sum over modes of

    residue * t**order / order! * exp(-decay_per_min * t).

    `decay_per_min` (bodies, m) per minute; `residue` (bodies, outputs, m) in ng/mL per mg, per min**order;
    `order` one power of time per mode, equal for all bodies: 0 throughout unless rates coincide. Modes of one
    cluster stand side by side, orders 0, 1, 2 ..., and share their decay.
    """

    decay_per_min: FloatArray
    residue: FloatArray
    order: tuple[int, ...]

    @property
    def simple(self) -> bool:
        """Whether every mode is a plain exponential."""
        return not any(self.order)

    def of(self, bodies: "slice | IntArray") -> "Modes":
        """Those of some bodies: of a slice without a copy."""
        return Modes(decay_per_min=self.decay_per_min[bodies], residue=self.residue[bodies], order=self.order)


def cluster_end(order: tuple[int, ...], m: int) -> int:
    """One past the last mode of the cluster that mode m belongs to."""
    end = m + 1
    while end < len(order) and order[end]:
        end += 1
    return end


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EntryModes:
    """The modes of one entry of a route, whose input is released over `duration_min`.

    `main` has a row for every body. Bodies whose rates form another pattern have residues of 0 there, and
    their own modes in `apart`, as pairs of the places of the bodies and their modes.
    """

    duration_min: float
    main: Modes
    apart: tuple[tuple[IntArray, Modes], ...] = ()


def solve_modes(
    system: System, route: str = "iv", outputs: Sequence[str] | None = None
) -> tuple[EntryModes, ...]:
    """Modes of the outputs (all when None) after input by a route: one EntryModes for each of its entries.

    Each body's modes depend on that body alone, to the last bit. Raises RouteError for an unknown route and
    ArgumentError for an unknown output.
    """
    if route not in system.entries:
        raise RouteError(f"route must be one of {', '.join(system.routes)}, not {route!r}.")
    chosen = choose("outputs", outputs, system.outputs)
    spectra: dict[str, Spectrum] = {}
    return tuple(_entry_modes(system, entry, chosen, spectra) for entry in system.entries[route])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """Decay rates (n, bodies) of a network's own modes, and each mode's share in each compartment.

    `share` (compartments, n, bodies) is the eigenvector divided by the root of the volume: mg into
    compartment i enter mode m times share[i, m], and the level there is the sum of share[i, m] times mode m.
    """

    rate: FloatArray
    share: FloatArray


def solve_spectrum(network: Network) -> Spectrum:
    """The symmetric eigenproblem of every body's network."""
    volume = np.ascontiguousarray(network.volume_l.T)
    places, bodies = volume.shape
    matrix = np.zeros((places, places, bodies))
    for i in range(places):
        matrix[i, i] = network.loss_l_per_min[:, i]
    for pair, (i, j) in enumerate(network.exchanges):
        flow = network.exchange_l_per_min[:, pair]
        matrix[i, i] += flow
        matrix[j, j] += flow
        matrix[i, j] -= flow
        matrix[j, i] -= flow
    root = np.sqrt(volume)
    for i in range(places):
        matrix[i, i] /= volume[i]
        for j in range(places):
            if j != i:
                matrix[i, j] /= root[i] * root[j]
    rate, vectors = _jacobi(matrix)
    assert np.all(rate > 0), "a network that loses drug must lose it in every mode"
    return Spectrum(rate=rate, share=vectors / root[:, np.newaxis])


def _jacobi(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (n, bodies) and eigenvectors (n, n, bodies) of symmetric matrices (n, n, bodies).

    Cyclic rotations until every off-diagonal element is negligible beside its diagonal ones. A body that has
    converged is rotated by nothing, so that it does not feel how long the others take.
    """
    size = matrix.shape[0]
    a = matrix
    vectors = np.zeros_like(a)
    for i in range(size):
        vectors[i, i] = 1.0
    negligible = np.finfo(np.float64).eps / 8
    for _ in range(40):
        turned = False
        for i in range(size - 1):
            for j in range(i + 1, size):
                off = a[i, j]
                live = off * off > (negligible * negligible) * np.abs(a[i, i] * a[j, j])
                if not live.any():
                    continue
                turned = True
                theta = (a[j, j] - a[i, i]) / np.where(live, 2.0 * off, 1.0)
                tangent = np.copysign(1.0, theta) / (np.abs(theta) + np.sqrt(theta * theta + 1.0))
                tangent = np.where(live, tangent, 0.0)
                cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
                _rotate(a, vectors, i, j, tangent, cosine, np.where(live, off, 0.0))
        if not turned:
            return np.stack([a[i, i] for i in range(size)]), vectors
    raise AssertionError("Jacobi's rotations always converge for finite symmetric matrices")


def _rotate(
    a: FloatArray,
    vectors: FloatArray,
    i: int,
    j: int,
    tangent: FloatArray,
    cosine: FloatArray,
    off: FloatArray,
) -> None:
    sine = tangent * cosine
    moved = tangent * off
    a[i, i] -= moved
    a[j, j] += moved
    a[i, j] -= off
    for k in range(a.shape[0]):
        if k not in (i, j):
            upper, lower = (min(i, k), max(i, k)), (min(j, k), max(j, k))
            first, second = a[upper], a[lower]
            a[upper], a[lower] = cosine * first - sine * second, sine * first + cosine * second
        first, second = vectors[k, i], vectors[k, j]
        vectors[k, i], vectors[k, j] = cosine * first - sine * second, sine * first + cosine * second


@dataclass(slots=True, kw_only=True)
class _Cascade:
    """First-order states in an order in which each is fed only by earlier ones."""

    rate: list[FloatArray] = field(default_factory=list)
    inflow: list[list[Flow]] = field(default_factory=list)
    input: list[FloatArray | None] = field(default_factory=list)
    readings: list[list[Flow]] = field(default_factory=list)

    def add(self, rate: FloatArray, inflow: list[Flow], given: FloatArray | None) -> int:
        self.rate.append(np.ascontiguousarray(rate))
        self.inflow.append(inflow)
        self.input.append(given)
        return len(self.rate) - 1

    def ancestors(self) -> list[set[int]]:
        """For each state the earlier states whose drug passes through it."""
        found: list[set[int]] = []
        for inflow in self.inflow:
            found.append(set().union(*({source} | found[source] for source, _ in inflow)))
        return found


def _entry_modes(
    system: System, entry: Entry, outputs: tuple[str, ...], spectra: dict[str, Spectrum]
) -> EntryModes:
    cascade = _lay_out(system, entry, outputs, spectra)
    labels, tier = _clusters(cascade)
    patterns = np.concatenate([labels, tier[np.newaxis]])
    duration_min = entry.duration_min
    if np.all(patterns == patterns[:, :1]):
        main = _expand(cascade, None, labels[:, 0], int(tier[0]))
        return EntryModes(duration_min=duration_min, main=main)
    rows, which, count = np.unique(patterns, axis=1, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    common = int(np.argmax(count))
    groups: list[tuple[IntArray, Modes]] = []
    # Bodies of other patterns are expanded too, where that may divide by nothing, and then cleared.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        main = _expand(cascade, None, rows[:-1, common], int(rows[-1, common]))
    for pattern in range(rows.shape[1]):
        if pattern != common:
            bodies = np.flatnonzero(which == pattern).astype(np.int64)
            modes = _expand(cascade, bodies, rows[:-1, pattern], int(rows[-1, pattern]))
            groups.append((bodies, modes))
    apart = which != common
    main.residue[apart] = 0.0
    return EntryModes(duration_min=duration_min, main=main, apart=tuple(groups))


def _lay_out(
    system: System, entry: Entry, outputs: tuple[str, ...], spectra: dict[str, Spectrum]
) -> _Cascade:
    """The states through which drug passes from the entry to the outputs."""
    cascade = _Cascade()
    outlets = [system.outlet(name) for name in outputs]
    wanted = {outlet.network for outlet in outlets}
    # Feeds may be listed in any order, networks not: the last come first here.
    for network in reversed(system.networks):
        if network.name in wanted:
            wanted |= {feed.source for feed in system.feeds if feed.into == network.name}
    amount, given = _before_the_door(cascade, entry)
    states: dict[str, list[int]] = {}
    for network in system.networks:
        arriving: list[Arriving] = []
        if network.name == entry.into:
            arriving.append((network.place(entry.compartment), amount, given))
        for feed in system.feeds:
            if feed.into == network.name and feed.source in states:
                place = system.network(feed.source).place(feed.source_compartment)
                flow = _fed(cascade, feed, states[feed.source], spectra[feed.source].share[place])
                arriving.append((network.place(feed.into_compartment), flow, None))
        if arriving and network.name in wanted:
            if network.name not in spectra:
                spectra[network.name] = solve_spectrum(network)
            states[network.name] = _add_network(cascade, spectra[network.name], arriving)
    for outlet in outlets:
        place = system.network(outlet.network).place(outlet.compartment)
        gain = outlet.ng_per_ml_per_mg_per_l
        level = [
            (state, spectra[outlet.network].share[place, m])
            for m, state in enumerate(states.get(outlet.network, []))
        ]
        if outlet.delay_per_min is not None and level:
            delay = outlet.delay_per_min
            site = cascade.add(delay, [(k, delay * share) for k, share in level], None)
            level = [(site, np.ones(system.bodies))]
        cascade.readings.append([(state, gain * share) for state, share in level])
    return cascade


def _before_the_door(cascade: _Cascade, entry: Entry) -> tuple[list[Flow], FloatArray | None]:
    """Delay steps and depot of an entry: what flows out of the last of them, or the input itself if none."""
    amount: list[Flow] = []
    given: FloatArray | None = entry.fraction
    for rate in [entry.delay_per_min] * entry.delay_steps + [entry.absorption_per_min]:
        if rate is not None:
            amount, given = [(cascade.add(rate, amount, given), rate)], None
    return amount, given


def _fed(cascade: _Cascade, feed: Feed, states: list[int], share: FloatArray) -> list[Flow]:
    flow = [(state, feed.formation_l_per_min * share[m]) for m, state in enumerate(states)]
    for _ in range(feed.delay_steps):
        assert feed.delay_per_min is not None
        flow = [(cascade.add(feed.delay_per_min, flow, None), feed.delay_per_min)]
    return flow


def _add_network(cascade: _Cascade, spectrum: Spectrum, arriving: list[Arriving]) -> list[int]:
    states = []
    for m in range(spectrum.rate.shape[0]):
        inflow: list[Flow] = []
        given: FloatArray | None = None
        for place, flow, amount in arriving:
            share = spectrum.share[place, m]
            inflow += [(source, rate * share) for source, rate in flow]
            if amount is not None:
                given = amount * share
        states.append(cascade.add(spectrum.rate[m], inflow, given))
    return states


def _clusters(cascade: _Cascade) -> tuple[IntArray, IntArray]:
    """For each state and body the first state of its cluster, (states, bodies), and each body's tier.

    Tier 0 joins only rates that are equal to the last bit; the others join those within a width. Only states
    that feed each other are looked at: the rest never divide by their difference.
    """
    count, bodies = len(cascade.rate), cascade.rate[0].size
    pairs = {
        (i, k): np.abs(cascade.rate[i] - cascade.rate[k]) / np.maximum(cascade.rate[i], cascade.rate[k])
        for k, ancestors in enumerate(cascade.ancestors())
        for i in ancestors
    }
    labels = _link(pairs, 0.0, count, bodies)
    tier = np.zeros(bodies, dtype=np.int64)
    bad = np.flatnonzero(~_well_apart(pairs, labels))
    for number, (width, _) in enumerate(_CLUSTER_WIDTHS, start=1):
        if not bad.size:
            break
        near = {pair: gap[bad] for pair, gap in pairs.items()}
        found = _link(near, width, count, bad.size)
        labels[:, bad] = found
        tier[bad] = number
        bad = bad[~_well_apart(near, found)]
    return labels, tier


def _link(pairs: dict[tuple[int, int], FloatArray], width: float, count: int, bodies: int) -> IntArray:
    labels = np.repeat(np.arange(count, dtype=np.int64)[:, np.newaxis], bodies, axis=1)
    joined = {pair: gap <= width for pair, gap in pairs.items()}
    joined = {pair: both for pair, both in joined.items() if both.any()}
    for _ in range(count if joined else 0):
        before = labels.copy()
        for (i, k), both in joined.items():
            least = np.minimum(labels[i], labels[k])
            labels[i] = np.where(both, least, labels[i])
            labels[k] = np.where(both, least, labels[k])
        if np.array_equal(before, labels):
            break
    return labels


def _well_apart(pairs: dict[tuple[int, int], FloatArray], labels: IntArray) -> NDArray[np.bool_]:
    """Whether partial fractions between the clusters of each body keep enough digits, (bodies,)."""
    count, bodies = labels.shape
    product = np.ones((count, bodies))
    least = np.ones((count, bodies))
    members = np.ones((count, bodies))
    for (i, k), gap in pairs.items():
        same = labels[i] == labels[k]
        factor = np.where(same, 1.0, np.minimum(1.0, gap / _GAP_COUNTED))
        for state in (i, k):
            product[state] *= factor
            np.minimum(least[state], factor, out=least[state])
            members[state] += same
    enough: NDArray[np.bool_] = np.all(product * least ** (members - 1.0) >= _SMALLEST_PRODUCT, axis=0)
    return enough


def _expand(cascade: _Cascade, bodies: IntArray | None, labels: IntArray, tier: int) -> Modes:
    """The modes of bodies that share one pattern of clusters.

    A state of rate r obeys x' = -r x + inflow. Inflow and state are sums of f_p t^p / p! exp(-c t) over the
    clusters, c being a cluster's center. For another cluster than the state's own the equations
    (r - c) x_p + x_{p+1} = f_p are solved from the highest power down; for its own, x_{p+1} =
    f_p - (r - c) x_p from the lowest up, which starts with what the state holds at time 0.
    """

    def pick(values: FloatArray) -> FloatArray:
        return values if bodies is None else np.ascontiguousarray(values[bodies])

    rate = [pick(values) for values in cascade.rate]
    states = range(len(rate))
    members = {int(label): [i for i in states if labels[i] == label] for label in labels}
    center: dict[int, FloatArray] = {}
    powers: dict[int, int] = {}
    for label, some in members.items():
        lowest, highest = rate[some[0]], rate[some[0]]
        for i in some[1:]:
            lowest, highest = np.minimum(lowest, rate[i]), np.maximum(highest, rate[i])
        center[label] = lowest if tier == 0 or len(some) == 1 else 0.5 * (lowest + highest)
        more = _CLUSTER_WIDTHS[tier - 1][1] if tier and len(some) > 1 else 0
        powers[label] = len(some) + more
    terms: list[dict[int, list[FloatArray]]] = []
    for i in states:
        inflow: dict[int, list[FloatArray]] = {}
        for source, flow in cascade.inflow[i]:
            picked = pick(flow)
            for label, found in terms[source].items():
                parts = [picked * part for part in found]
                known = inflow.get(label)
                inflow[label] = parts if known is None else [a + b for a, b in zip(known, parts, strict=True)]
        given = cascade.input[i]
        held = np.zeros(rate[i].size) if given is None else pick(given)
        terms.append(_pass_on(rate[i], int(labels[i]), inflow, held, center, powers))
    return _collect(cascade, terms, center, powers, pick)


def _pass_on(
    rate: FloatArray,
    own: int,
    inflow: dict[int, list[FloatArray]],
    held: FloatArray,
    center: dict[int, FloatArray],
    powers: dict[int, int],
) -> dict[int, list[FloatArray]]:
    found: dict[int, list[FloatArray]] = {}
    start = held
    for label, forcing in inflow.items():
        if label == own:
            continue
        gap = rate - center[label]
        parts = [forcing[-1] / gap]
        for part in reversed(forcing[:-1]):
            parts.append((part - parts[-1]) / gap)
        found[label] = parts[::-1]
        start = start - parts[-1]
    spread = rate - center[own]
    parts = [start]
    for power in range(powers[own] - 1):
        following = -spread * parts[-1]
        parts.append(following + inflow[own][power] if own in inflow else following)
    found[own] = parts
    return found


def _collect(
    cascade: _Cascade,
    terms: list[dict[int, list[FloatArray]]],
    center: dict[int, FloatArray],
    powers: dict[int, int],
    pick: Callable[[FloatArray], FloatArray],
) -> Modes:
    columns = [(label, power) for label in sorted(center) for power in range(powers[label])]
    bodies = next(iter(center.values())).size
    decay = np.empty((bodies, len(columns)))
    residue = np.zeros((bodies, len(cascade.readings), len(columns)))
    for column, (label, power) in enumerate(columns):
        decay[:, column] = center[label]
        for output, reading in enumerate(cascade.readings):
            for state, gain in reading:
                if label in terms[state]:
                    residue[:, output, column] += pick(gain) * terms[state][label][power]
    return Modes(decay_per_min=decay, residue=residue, order=tuple(power for _, power in columns))
