"""Exact quantiles of the levels of very many bodies at every time, without ever holding all levels at once.

The modes of all bodies are kept, a few hundred bytes each. Levels are then made for some times at a time,
ordered just enough to find the wanted ranks, and forgotten.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled, as_times, choose, dose_scales
from evenkeel.pharmacology.errors import ArgumentError
from evenkeel.pharmacology.fast import Engine, choose_engine, models, select
from evenkeel.pharmacology.modes import Modes, solve_modes
from evenkeel.pharmacology.plan import InputPlan, make_plan, routes_used
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.simulate import SOLVED_AT_ONCE, evaluate
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.workers import Progress

# The middle half and the middle 90 % of bodies, with the median.
DEFAULT_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)

# Times whose levels are held at once: enough that what is done for each block of times does not count, and
# little enough that 10^5 bodies with three outputs need 154 MB and 10^6 less than 1.6 GB.
_TIMES_AT_ONCE = 64
_LINE = 8  # numbers in a line of the cache


def level_bands(
    systems: System | Iterable[System],
    profile: InfusionProfile,
    at_min: ArrayLike,
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    outputs: Sequence[str] | None = None,
    dose_scale: ArrayLike | None = None,
    engine: Engine = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> Labelled:
    """Levels in ng/mL below which the given shares of all bodies lie, with the axes output, share and time.

    `systems` is one System, or a stream of them with the same outputs, each of which may be forgotten when
    the next is asked for. `shares` ascend within 0 to 1; between two bodies the quantile is interpolated
    linearly (type 7 of Hyndman and Fan 1996, 10.1080/00031305.1996.10473566, and NumPy's default). It is
    exact: no value is rounded into a bin. `dose_scale` multiplies the profile, one number for all bodies or
    one for each. `progress` counts the times that are done. Raises as `simulate` does.
    """
    times = as_times(at_min)
    ranks = Ranks.of(shares)
    is_fast = choose_engine(engine) == "fast"
    if threads < 1:
        raise ArgumentError(f"threads must be at least 1, not {threads}.")
    many = (systems,) if isinstance(systems, System) else systems
    crowd = _Crowd.of(many, profile, outputs, dose_scale, is_fast=is_fast)
    outputs_count = len(crowd.outputs)
    found = np.empty((outputs_count, ranks.shares.size, times.size))
    blocks = _blocks(profile, times)
    room = _on_a_line(outputs_count * max(block.size for block in blocks) * crowd.bodies)
    done = 0
    for block in blocks:
        levels = room[: outputs_count * block.size * crowd.bodies]
        levels = levels.reshape(outputs_count, block.size, crowd.bodies)
        crowd.fill(profile, times[block], levels, threads=threads)
        quantiles = ranks.of_rows(levels.reshape(-1, crowd.bodies), engine=engine, threads=threads)
        found[:, :, block] = quantiles.reshape(outputs_count, block.size, -1).transpose(0, 2, 1)
        done += block.size
        if progress is not None:
            progress(done, times.size)
    axes = (Axis("output", crowd.outputs), Axis("share", ranks.shares), Axis("time", times, "min"))
    return Labelled(found, "ng/mL", axes)


def _on_a_line(count: int) -> FloatArray:
    """An array (count,) that begins with a line of the cache, so that whole lines can be written at once."""
    room = np.empty(count + _LINE)
    begin = -(room.ctypes.data // room.itemsize) % _LINE
    return room[begin : begin + count]


def exact_quantiles(
    rows: FloatArray, shares: Sequence[float], *, engine: Engine = "auto", threads: int = 1
) -> FloatArray:
    """Quantiles of each row of `rows` (rows, count), shape (rows, shares), as `np.quantile` gives them.

    Raises ArgumentError for shares that do not ascend within 0 to 1, and for rows with a NaN or no members.
    """
    ranks = Ranks.of(shares)
    values = np.ascontiguousarray(rows, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise ArgumentError(f"rows must have the shape (rows, count) with members, not {values.shape}.")
    if np.isnan(values).any():
        raise ArgumentError("rows must be numbers without a NaN.")
    is_fast = choose_engine(engine) == "fast"
    return ranks.of_rows(values if is_fast else values.copy(), engine=engine, threads=threads)


@dataclass(frozen=True, slots=True, eq=False)
class _Door:
    """What one entry of a route needs: the modes of all bodies, and those of bodies whose rates coincide."""

    route: str
    release_min: float
    main: tuple[tuple[slice, Modes], ...]
    apart: tuple[tuple[IntArray, Modes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Crowd:
    """All bodies, as their modes. `dose_scale` (bodies,) or None."""

    outputs: tuple[str, ...]
    bodies: int
    doors: tuple[_Door, ...]
    dose_scale: FloatArray | None
    is_fast: bool

    @classmethod
    def of(
        cls,
        systems: Iterable[System],
        profile: InfusionProfile,
        outputs: Sequence[str] | None,
        dose_scale: ArrayLike | None,
        *,
        is_fast: bool,
    ) -> "_Crowd":
        solve = models.solve_modes if is_fast else solve_modes
        main: dict[tuple[str, int, float], list[tuple[slice, Modes]]] = {}
        apart: dict[tuple[str, int, float], list[tuple[IntArray, Modes]]] = {}
        names: tuple[str, ...] = ()
        bodies = 0
        for system in systems:
            chosen = choose("outputs", outputs, system.outputs)
            if names and names != chosen:
                raise ArgumentError("systems must all have the same outputs.")
            names = chosen
            for first in range(0, system.bodies, SOLVED_AT_ONCE):
                part = system.part(first, min(first + SOLVED_AT_ONCE, system.bodies))
                for route in routes_used(profile, system.routes):
                    for number, entry in enumerate(solve(part, route, names)):
                        key = (route, number, entry.duration_min)
                        main.setdefault(key, []).append((slice(bodies, bodies + part.bodies), entry.main))
                        apart.setdefault(key, []).extend(
                            (places + bodies, own) for places, own in entry.apart
                        )
                bodies += part.bodies
        if not bodies:
            raise ArgumentError("systems must hold at least one body.")
        doors = tuple(_Door(key[0], key[2], _joined(some), tuple(apart[key])) for key, some in main.items())
        scale = None if dose_scale is None else dose_scales(dose_scale, bodies)
        return cls(names, bodies, doors, scale, is_fast)

    def fill(self, profile: InfusionProfile, times: FloatArray, levels: FloatArray, *, threads: int) -> None:
        """Levels at some times into `levels` (outputs, times, bodies)."""
        whole = slice(0, self.bodies)
        for number, door in enumerate(self.doors):
            plan = make_plan(profile, times, route=door.route, release_min=door.release_min)
            for some, modes in door.main:
                # Only where one stretch of bodies is all of them do they lie side by side in the result.
                if (
                    self.is_fast
                    and some == whole
                    and models.fill_levels(
                        modes, plan, self.dose_scale, levels, add=number > 0, by_time=True, threads=threads
                    )
                ):
                    continue
                for first in range(some.start, some.stop, SOLVED_AT_ONCE):
                    here = slice(first, min(first + SOLVED_AT_ONCE, some.stop))
                    of_modes = slice(here.start - some.start, here.stop - some.start)
                    self._put(here, modes.of(of_modes), plan, levels, add=number > 0)
            for places, modes in door.apart:
                self._put(places, modes, plan, levels, add=True)

    def _put(
        self, bodies: slice | IntArray, modes: Modes, plan: InputPlan, levels: FloatArray, *, add: bool
    ) -> None:
        count, outputs, _ = modes.residue.shape
        made = np.empty((count, outputs, levels.shape[1]))
        scale = None if self.dose_scale is None else self.dose_scale[bodies]
        if not (self.is_fast and models.fill_levels(modes, plan, scale, made, add=False)):
            evaluate(modes, plan, scale, made, add=False)
        if add:
            levels[:, :, bodies] += made.transpose(1, 2, 0)
        else:
            levels[:, :, bodies] = made.transpose(1, 2, 0)


def _joined(some: list[tuple[slice, Modes]]) -> tuple[tuple[slice, Modes], ...]:
    """Neighbors whose modes have the same form as one."""
    joined: list[tuple[slice, list[Modes]]] = []
    for bodies, modes in some:
        if joined and joined[-1][1][0].order == modes.order and joined[-1][0].stop == bodies.start:
            joined[-1][1].append(modes)
            joined[-1] = (slice(joined[-1][0].start, bodies.stop), joined[-1][1])
        else:
            joined.append((bodies, [modes]))
    return tuple(
        (
            bodies,
            Modes(
                decay_per_min=np.concatenate([one.decay_per_min for one in parts]),
                residue=np.concatenate([one.residue for one in parts]),
                order=parts[0].order,
            ),
        )
        for bodies, parts in joined
    )


def _blocks(profile: InfusionProfile, times: FloatArray) -> list[IntArray]:
    """Places of the times to be done together: those that lie equally long after a change, if possible."""
    plan = make_plan(profile, times)
    order = np.argsort(plan.offset_of_time, kind="stable").astype(np.int64)
    return [np.sort(order[first : first + _TIMES_AT_ONCE]) for first in range(0, times.size, _TIMES_AT_ONCE)]


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """The shares of which quantiles are wanted, shape (shares,).

    Raises ArgumentError for shares that do not ascend within 0 to 1.
    """

    shares: FloatArray

    @classmethod
    def of(cls, shares: Sequence[float]) -> "Ranks":
        chosen = np.array(shares, dtype=np.float64)
        sound = chosen.ndim == 1 and chosen.size and np.all((chosen >= 0) & (chosen <= 1))
        if not sound or np.any(np.diff(chosen) <= 0):
            raise ArgumentError("shares must be numbers from 0 to 1 that ascend, such as 0.05, 0.5, 0.95.")
        return cls(chosen)

    def places(self, count: int) -> IntArray:
        """The ranks on both sides of each share among `count` members, (2 shares,), ascending from 0."""
        lower = np.floor(self.shares * (count - 1)).astype(np.int64)
        return np.stack([lower, np.minimum(lower + 1, count - 1)], axis=1).reshape(-1)

    def between(self, members: FloatArray, count: int) -> FloatArray:
        """Quantiles (..., shares) from the members of these ranks (..., 2 shares)."""
        wanted = self.shares * (count - 1)
        low, high, part = members[..., ::2], members[..., 1::2], wanted - np.floor(wanted)
        way = high - low
        # Linear from the nearer end, as `np.quantile` does, so that the way never leaves the two.
        found: FloatArray = np.where(part < 0.5, low + way * part, high - way * (1.0 - part))
        return found

    def of_rows(self, rows: FloatArray, *, engine: Engine = "auto", threads: int = 1) -> FloatArray:
        """Quantiles of rows (rows, count) without a NaN, shape (rows, shares).

        NumPy parts the rows in place.
        """
        count = rows.shape[1]
        is_fast = choose_engine(engine) == "fast"
        return self.between(_members(rows, self.places(count), threads=threads, is_fast=is_fast), count)


def _members(rows: FloatArray, ranks: IntArray, *, threads: int, is_fast: bool) -> FloatArray:
    """The members of these ranks of each row, shape (rows, ranks)."""
    if is_fast:
        return select(rows, ranks, threads=threads)
    unique = np.unique(ranks)
    for row in rows:
        row.partition(unique)
    return rows[:, ranks]
