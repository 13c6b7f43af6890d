"""Levels of any number of bodies at any times, in closed form; one exponential per offset.

NumPy does all here; where the compiled fast path is installed it does the same sums for `simulate`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled, as_times, choose, dose_scales
from evenkeel.pharmacology.errors import ArgumentError
from evenkeel.pharmacology.fast import Engine, models
from evenkeel.pharmacology.modes import EntryModes, Modes, cluster_end, solve_modes
from evenkeel.pharmacology.plan import InputPlan, make_plan, routes_used
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.threads import for_each

# The most bodies that are solved at once: few enough for the caches, and enough for what each call costs.
# Bodies and times evaluated at once: their arrays stay in the caches. None of this has any influence on the
# numbers.
SOLVED_AT_ONCE = 16384
_EVALUATED_AT_ONCE = 256
_TIMES_AT_ONCE = 1024

# The widest vectors of today's processors hold so many float64.
_VECTOR = 8


def simulate(
    system: System,
    profile: InfusionProfile,
    at_min: ArrayLike,
    *,
    outputs: Sequence[str] | None = None,
    dose_scale: ArrayLike | None = None,
    engine: Engine = "auto",
    threads: int | None = None,
    out: FloatArray | None = None,
) -> Labelled:
    """Levels in ng/mL with the axes body, output and time, starting from empty bodies.

    `at_min` (times,) in minutes on the profile's clock, strictly increasing; at the moment of a bolus the
    level is the one just after it. `dose_scale` (bodies,) multiplies the whole profile for each body: for a
    profile in mg/kg it is the weight. `out` (bodies, outputs, times), float64 and C-contiguous, is filled and
    becomes the values. `engine` chooses between the compiled fast path and NumPy, which agree within 1e-10;
    `auto` takes the faster one there is. A body's numbers do not depend on the other bodies, the other times
    or the `threads`, of which there is one unless more are asked for.

    Raises OutputTimeError, RouteError for a route that the system lacks, and ArgumentError for the rest.
    """
    times = as_times(at_min)
    names = choose("outputs", outputs, system.outputs)
    scale = None if dose_scale is None else dose_scales(dose_scale, system.bodies)
    is_fast = fast.choose_engine(engine) == "fast"
    count = 1 if threads is None else fast.choose_threads(threads)
    shape = (system.bodies, len(names), times.size)
    values = np.empty(shape) if out is None else _checked_out(out, shape)
    plans = _plans(system, profile, times)
    at_once = SOLVED_AT_ONCE
    if system.bodies > at_once:  # then each thread has as many blocks as any other
        rounds = -(-system.bodies // (count * SOLVED_AT_ONCE))
        at_once = -(-system.bodies // (count * rounds))
    starts = range(0, system.bodies, at_once)
    # One block is shared among the threads; of several, each is one thread's.
    within = count if len(starts) == 1 else 1

    def fill(first: int) -> None:
        last = min(first + at_once, system.bodies)
        some = None if scale is None else scale[first:last]
        solved = _solve(system.part(first, last), plans, names, is_fast=is_fast)
        _fill(solved, slice(0, last - first), some, values[first:last], within if is_fast else None)

    for_each(fill, starts, min(count, len(starts)))
    axes = (
        Axis("body", np.arange(system.bodies, dtype=np.float64)),
        Axis("output", names),
        Axis("time", times, "min"),
    )
    return Labelled(values, "ng/mL", axes)


def simulate_in_parts(
    system: System,
    profile: InfusionProfile,
    at_min: ArrayLike,
    *,
    outputs: Sequence[str] | None = None,
    dose_scale: ArrayLike | None = None,
    engine: Engine = "auto",
    room: FloatArray,
) -> Iterator[FloatArray]:
    """The levels that `simulate` gives, to the same bits, of as many bodies at a time as `room` has rows.

    `room` (bodies at once, outputs, times), as `out` of `simulate`, is filled again and again; each time its
    rows in use are yielded, the bodies in their order. Where it fits a cache, what is summarized there and
    then never goes to memory. Raises as `simulate` does.
    """
    times = as_times(at_min)
    names = choose("outputs", outputs, system.outputs)
    scale = None if dose_scale is None else dose_scales(dose_scale, system.bodies)
    is_fast = fast.choose_engine(engine) == "fast"
    room = _checked_out(room, (len(room), len(names), times.size))
    plans = _plans(system, profile, times)
    for first in range(0, system.bodies, SOLVED_AT_ONCE):
        last = min(first + SOLVED_AT_ONCE, system.bodies)
        solved = _solve(system.part(first, last), plans, names, is_fast=is_fast)
        for start in range(first, last, len(room)):
            end = min(start + len(room), last)
            rows = room[: end - start]
            own = None if scale is None else scale[start:end]
            _fill(solved, slice(start - first, end - first), own, rows, 1 if is_fast else None)
            yield rows


def _plans(system: System, profile: InfusionProfile, times: FloatArray) -> dict[str, list[InputPlan]]:
    """For each route in use the plan of each of its entries."""
    return {
        route: [
            make_plan(profile, times, route=route, release_min=entry.duration_min)
            for entry in system.entries[route]
        ]
        for route in routes_used(profile, system.routes)
    }


def _solve(
    system: System, plans: Mapping[str, Sequence[InputPlan]], names: Sequence[str], *, is_fast: bool
) -> list[tuple[EntryModes, InputPlan]]:
    solve = models.solve_modes if is_fast else solve_modes
    return [
        pair
        for route, entry_plans in plans.items()
        for pair in zip(solve(system, route, names), entry_plans, strict=True)
    ]


def _fill(
    solved: Sequence[tuple[EntryModes, InputPlan]],
    some: slice,
    scale: FloatArray | None,
    out: FloatArray,
    fast_threads: int | None,
) -> None:
    """Levels of some bodies by NumPy, or by the fast path, which leaves to NumPy what it does not have."""
    for number, (entry, plan) in enumerate(solved):
        _fill_of_modes(entry.main.of(some), plan, scale, out, add=number > 0, fast_threads=fast_threads)
        for bodies, modes in entry.apart:
            here = np.flatnonzero((bodies >= some.start) & (bodies < some.stop))
            if not here.size:
                continue
            places = bodies[here] - some.start
            levels = np.empty((here.size, *out.shape[1:]))
            own = None if scale is None else scale[places]
            _fill_of_modes(modes.of(here), plan, own, levels, add=False, fast_threads=fast_threads)
            out[places] += levels


def _fill_of_modes(
    modes: Modes,
    plan: InputPlan,
    scale: FloatArray | None,
    out: FloatArray,
    *,
    add: bool,
    fast_threads: int | None,
) -> None:
    if fast_threads is None or not models.fill_levels(modes, plan, scale, out, add=add, threads=fast_threads):
        evaluate(modes, plan, scale, out, add=add)


def _checked_out(out: FloatArray, shape: tuple[int, int, int]) -> FloatArray:
    sound = out.dtype == np.float64 and out.flags.c_contiguous and out.flags.writeable
    if not sound or out.shape != shape:
        raise ArgumentError(
            "out must be a writable C-contiguous float64 array of the shape (bodies, outputs, times), here "
            f"{shape}."
        )
    return out


def evaluate(
    modes: Modes, plan: InputPlan, dose_scale: FloatArray | None, out: FloatArray, *, add: bool
) -> None:
    """Fill `out` (bodies, outputs, times) with levels in ng/mL, or add them to what it holds.

    The numbers of a body at a time are the same to the last bit whatever else is asked for: every one is the
    same sum in the same order.
    """
    bodies, _, times = out.shape
    for first in range(0, times, _TIMES_AT_ONCE):
        tile = _Tile.of(plan, first, min(first + _TIMES_AT_ONCE, times))
        at_once = max(_EVALUATED_AT_ONCE * 128 // max(tile.offset_min.size, 128), 32)
        at_once = min(at_once, -(-bodies // _VECTOR) * _VECTOR)
        room = _Room.of(modes, tile, plan, at_once)
        for start in range(0, bodies, at_once):
            some = slice(start, min(start + at_once, bodies))
            room.lay_out(modes, some, None if dose_scale is None else dose_scale[some])
            _evaluate_block(room, tile, plan, out[some], add=add)


def mode_states(modes: Modes, plan: InputPlan) -> FloatArray:
    """What each mode holds just after each change, shape (changes, modes, bodies), in mg min**order."""
    bodies = modes.decay_per_min.shape[0]
    room = _Room.of(modes, _Tile.of(plan, 0, 0), plan, bodies)
    room.lay_out(modes, slice(0, bodies), None)
    if plan.gives_drug:
        room.find_states(plan)
    return room.state


@dataclass(frozen=True, slots=True)
class _Tile:
    """Some of the output times. Each step: its number, its times, and the places of their offsets."""

    times: slice
    undrugged: slice
    steps: tuple[tuple[int, slice, IntArray | slice, IntArray | slice], ...]
    offset_min: FloatArray
    running_min: FloatArray

    @classmethod
    def of(cls, plan: InputPlan, first: int, last: int) -> "_Tile":
        if first == last:
            return cls(slice(first, last), slice(first, last), (), np.empty(0), np.empty(0))
        step, offset = plan.step_of_time[first:last], plan.offset_of_time[first:last]
        numbers, begins = np.unique(step, return_index=True)
        ends = np.append(begins[1:], step.size)
        spans = [
            (int(number), int(begin), int(end))
            for number, begin, end in zip(numbers, begins, ends, strict=True)
            if number >= 0
        ]
        running = [plan.rate_mg_per_min[number] != 0 for number, _, _ in spans]
        offsets = [offset[begin:end] for _, begin, end in spans]
        laid_out, places = _lay_out(offsets)
        running_laid_out, running_places = _lay_out(
            [some if runs else some[:0] for some, runs in zip(offsets, running, strict=True)]
        )
        steps = tuple(
            (number, slice(first + begin, first + end), place, running_place)
            for (number, begin, end), place, running_place in zip(spans, places, running_places, strict=True)
        )
        before = int(ends[0]) if numbers[0] < 0 else 0
        unique = plan.unique_offset_min
        return cls(
            slice(first, last),
            slice(first, first + before),
            steps,
            unique[laid_out],
            unique[running_laid_out],
        )


def _lay_out(sets: list[IntArray]) -> tuple[IntArray, list[IntArray | slice]]:
    """One list that holds all members of all sets, and where in it each set stands.

    Sets that are equal, or begin another, share one run of the list, so that no step has to gather what it
    needs; only where that would double the list or worse, each member stands in it once.
    """
    members = np.unique(np.concatenate([*sets, np.empty(0, dtype=np.int64)]))
    runs: list[tuple[int, IntArray]] = []
    found: dict[int, IntArray | slice] = {}
    size = 0
    for i in sorted(range(len(sets)), key=lambda i: -sets[i].size):
        wanted = sets[i]
        begin = next((at for at, run in runs if np.array_equal(run[: wanted.size], wanted)), None)
        if begin is None:
            begin = size
            runs.append((begin, wanted))
            size += wanted.size
        found[i] = slice(begin, begin + wanted.size)
    if size > 2 * members.size:
        return members, [np.searchsorted(members, wanted) for wanted in sets]
    laid_out = np.concatenate([run for _, run in runs]) if runs else members
    return laid_out, [found[i] for i in range(len(sets))]


@dataclass(frozen=True, slots=True)
class _Room:
    """Arrays for some bodies at once, which come last, used again for the next: first touch of fresh memory
    would cost more than the sums.

    `decay` (modes, bodies), `residue` (outputs, modes, bodies); `state` (changes, modes, bodies) is what each
    mode holds just after each change; `held` and `risen` (modes, offsets, bodies) are each mode's time course
    and its integral from 0 at the offsets; `gathered`, `sums` and `more` are for the times of one step.
    """

    order: tuple[int, ...]
    decay: FloatArray
    residue: FloatArray
    state: FloatArray
    held: FloatArray
    risen: FloatArray
    gathered: FloatArray
    sums: FloatArray
    more: FloatArray

    @classmethod
    def of(cls, modes: Modes, tile: "_Tile", plan: InputPlan, bodies: int) -> "_Room":
        count, outputs = len(modes.order), modes.residue.shape[1]
        longest = max((times.stop - times.start for _, times, _, _ in tile.steps), default=0)
        return cls(
            modes.order,
            np.empty((count, bodies)),
            np.empty((outputs, count, bodies)),
            np.empty((plan.change_at_min.size, count, bodies)),
            np.empty((count, tile.offset_min.size, bodies)),
            np.empty((count, tile.running_min.size, bodies)),
            np.empty((count, longest, bodies)),
            np.empty((outputs, longest, bodies)),
            np.empty((longest, bodies)),
        )

    def lay_out(self, modes: Modes, some: slice, scale: FloatArray | None) -> None:
        """Take in some bodies. Places without a body hold a mode of nothing."""
        bodies = some.stop - some.start
        self.decay[:, :bodies] = modes.decay_per_min[some].T
        self.decay[:, bodies:] = 1.0
        self.residue[:, :, :bodies] = modes.residue[some].transpose(1, 2, 0)
        self.residue[:, :, bodies:] = 0.0
        if scale is not None:
            self.residue[:, :, :bodies] *= scale

    def find_states(self, plan: InputPlan) -> None:
        """Advance every mode from change to change.

        A mode of order p within its cluster is fed by the one of order p - 1, the first by the input.
        """
        lengths, which = np.unique(np.diff(plan.change_at_min), return_inverse=True)
        shape = (len(self.order), lengths.size, self.decay.shape[1])
        held, risen = np.empty(shape), np.empty(shape)
        _fill_courses(self.decay, self.order, lengths, held)
        _fill_integrals(self.decay, self.order, lengths, risen)
        first = [m for m, power in enumerate(self.order) if power == 0]
        simple = len(first) == len(self.order)
        state = self.state
        state[0] = 0.0
        state[0, first] = plan.bolus_mg[0]
        for change in range(1, state.shape[0]):
            length, rate = which[change - 1], plan.rate_mg_per_min[change - 1]
            np.multiply(state[change - 1], held[:, length], out=state[change])
            if not simple:
                _advance_clusters(state[change - 1], held[:, length], self.order, state[change])
            if rate != 0:
                state[change] += rate * risen[:, length]
            if plan.bolus_mg[change] != 0:
                state[change, first] += plan.bolus_mg[change]


def _advance_clusters(
    before: FloatArray, held: FloatArray, order: tuple[int, ...], after: FloatArray
) -> None:
    for m, power in enumerate(order):
        if power:
            after[m] = before[m] * held[m - power]
            for lower in range(1, power + 1):
                after[m] += before[m - lower] * held[m - power + lower]


def _fill_courses(
    decay: FloatArray, order: tuple[int, ...], offset_min: FloatArray, room: FloatArray
) -> None:
    """For each mode t**order / order! * exp(-decay t) at the offsets, `room` (modes, offsets, bodies)."""
    column = offset_min[:, np.newaxis]
    for m, power in enumerate(order):
        if power:
            np.multiply(room[m - 1], column / power, out=room[m])
        else:
            np.multiply(column, -decay[m], out=room[m])
            np.exp(room[m], out=room[m])


def _fill_integrals(
    decay: FloatArray, order: tuple[int, ...], offset_min: FloatArray, room: FloatArray
) -> None:
    """For each mode the integral of its time course from 0 to the offsets, into `room`.

    A decay of 0, which an area to infinity needs, is a mode that keeps all it gets.
    """
    column = offset_min[:, np.newaxis]
    held = np.empty_like(room) if any(order) else room
    if any(order):
        _fill_courses(decay, order, offset_min, held)
    for m, power in enumerate(order):
        if power:
            np.subtract(room[m - 1], held[m], out=room[m])
            room[m] /= decay[m]
            continue
        kept = decay[m] == 0
        np.multiply(column, -decay[m], out=room[m])
        np.expm1(room[m], out=room[m])
        room[m] /= np.where(kept, 1.0, -decay[m])
        if kept.any():
            room[m] = np.where(kept, column, room[m])


def _evaluate_block(room: _Room, tile: _Tile, plan: InputPlan, out: FloatArray, *, add: bool) -> None:
    """Level = sum over modes of the held amount's decay, plus what the running rate has added since.

    The sums are einsum's own loops, which add mode after mode to the numbers of bodies that stand side by
    side and fill whole vectors of the processor: no body is ever summed in another way than its neighbors.
    """
    if not add:
        out[:, :, tile.undrugged if tile.steps else tile.times] = 0.0
    if not tile.steps:
        return
    room.find_states(plan)
    _fill_courses(room.decay, room.order, tile.offset_min, room.held)
    _fill_integrals(room.decay, room.order, tile.running_min, room.risen)
    ranges = [_used(residue, room.order) for residue in room.residue]
    for number, times, places, running_places in tile.steps:
        rate = plan.rate_mg_per_min[number]
        length = times.stop - times.start
        sums, more = room.sums[:, :length], room.more[:length]
        decayed = _gather(room.held, places, room.gathered)
        for output, some in enumerate(ranges):
            amount = _held(room.residue[output], room.state[number], room.order)
            np.einsum("mn,mtn->tn", amount[some], decayed[some], out=sums[output])
        if rate != 0:
            risen = _gather(room.risen, running_places, room.gathered)
            for output, some in enumerate(ranges):
                np.einsum("mn,mtn->tn", room.residue[output, some] * rate, risen[some], out=more)
                np.add(sums[output], more, out=sums[output])
        for output in range(len(ranges)):
            view = out[:, output, times]
            level = sums[output].T[: view.shape[0]]
            if add:
                np.add(view, level, out=view)
            else:
                view[...] = level


def _gather(values: FloatArray, places: IntArray | slice, room: FloatArray) -> FloatArray:
    """The time courses at some offsets, shape (modes, offsets, bodies)."""
    if isinstance(places, slice):
        return values[:, places]
    return np.take(values, places, axis=1, out=room[:, : places.size], mode="clip")


def _held(residue: FloatArray, state: FloatArray, order: tuple[int, ...]) -> FloatArray:
    """What multiplies the time course of each mode: its own amount, and those of higher order beside it."""
    amount = residue * state
    if any(order):
        for m, power in enumerate(order):
            amount[m] = residue[m] * state[m - power]
            for higher in range(m + 1, cluster_end(order, m)):
                amount[m] += residue[higher] * state[higher - power]
    return amount


def _used(residue: FloatArray, order: tuple[int, ...]) -> slice:
    """The range of modes whose time course an output has in it, for any body. The others would add 0."""
    some = np.any(residue != 0, axis=1)
    used = [m for m in range(len(order)) if some[m : cluster_end(order, m)].any()]
    return slice(used[0], used[-1] + 1) if used else slice(0, 1)
