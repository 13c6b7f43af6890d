"""Levels of any number of bodies at any times, in closed form. NumPy alone; one exponential per offset."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled, as_times, choose, per_body
from evenkeel.pharmacology.errors import ArgumentError
from evenkeel.pharmacology.modes import Modes, solve_modes
from evenkeel.pharmacology.plan import InputPlan, make_plan, routes_used
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.system import System

Engine = Literal["auto", "numpy", "fast"]

# Bodies solved at once, and bodies and times evaluated at once: their arrays stay in the caches. None of this
# has any influence on the numbers.
SOLVED_AT_ONCE = 4096
_EVALUATED_AT_ONCE = 256
_TIMES_AT_ONCE = 1024


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
    becomes the values. A body's numbers do not depend on the other bodies, the other times or the threads.

    Raises OutputTimeError, RouteError for a route that the system lacks, and ArgumentError for the rest.
    """
    times = as_times(at_min)
    names = choose("outputs", outputs, system.outputs)
    scale = None if dose_scale is None else per_body("dose_scale", dose_scale, system.bodies)
    if scale is not None and np.any(scale < 0):
        raise ArgumentError("dose_scale must be 0 or more.")
    if threads is not None and threads < 1:
        raise ArgumentError(f"threads must be at least 1, not {threads}.")
    if engine not in ("auto", "numpy", "fast"):
        raise ArgumentError(f"engine must be 'auto', 'numpy' or 'fast', not {engine!r}.")
    shape = (system.bodies, len(names), times.size)
    values = np.empty(shape) if out is None else _checked_out(out, shape)
    plans = [
        (route, [make_plan(profile, times, route=route, release_min=entry.duration_min) for entry in entries])
        for route, entries in (
            (route, system.entries[route]) for route in routes_used(profile, system.routes)
        )
    ]

    def fill(first: int) -> None:
        last = min(first + SOLVED_AT_ONCE, system.bodies)
        part = system.part(first, last)
        some = None if scale is None else scale[first:last]
        add = False
        for route, entry_plans in plans:
            for entry, plan in zip(solve_modes(part, route, names), entry_plans, strict=True):
                evaluate(entry.main, plan, some, values[first:last], add=add)
                for bodies, modes in entry.apart:
                    _evaluate_apart(bodies, modes, plan, some, values[first:last])
                add = True

    starts = range(0, system.bodies, SOLVED_AT_ONCE)
    if threads is None or threads == 1 or len(starts) == 1:
        for first in starts:
            fill(first)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts))
    axes = (
        Axis("body", np.arange(system.bodies, dtype=np.float64)),
        Axis("output", names),
        Axis("time", times, "min"),
    )
    return Labelled(values, "ng/mL", axes)


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
    same sum in the same order, made of elementwise operations alone.
    """
    bodies, _, times = out.shape
    for first in range(0, times, _TIMES_AT_ONCE):
        tile = _Tile.of(plan, first, min(first + _TIMES_AT_ONCE, times))
        at_once = max(_EVALUATED_AT_ONCE * 128 // max(tile.offset_min.size, 128), 32)
        for start in range(0, bodies, at_once):
            some = slice(start, min(start + at_once, bodies))
            scale = None if dose_scale is None else dose_scale[some]
            block = _Block.of(modes, some, scale)
            _evaluate_block(block, tile, plan, out[some], add=add)


def mode_states(modes: Modes, plan: InputPlan) -> FloatArray:
    """What each mode holds just after each change, shape (changes, modes, bodies), in mg min**order."""
    decay = np.ascontiguousarray(modes.decay_per_min.T)
    return _states(decay, modes.order, plan)


def _evaluate_apart(
    bodies: IntArray, modes: Modes, plan: InputPlan, dose_scale: FloatArray | None, out: FloatArray
) -> None:
    levels = np.empty((bodies.size, *out.shape[1:]))
    evaluate(modes, plan, None if dose_scale is None else dose_scale[bodies], levels, add=False)
    out[bodies] += levels


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
        step = plan.step_of_time[first:last]
        used, place = np.unique(plan.offset_of_time[first:last], return_inverse=True)
        numbers, begins = np.unique(step, return_index=True)
        ends = np.append(begins[1:], step.size)
        running = np.zeros(used.size, dtype=bool)
        for number, begin, end in zip(numbers, begins, ends, strict=True):
            if number >= 0 and plan.rate_mg_per_min[number] != 0:
                running[place[begin:end]] = True
        place_of_running = np.cumsum(running) - 1
        steps = tuple(
            (
                int(number),
                slice(first + int(begin), first + int(end)),
                _as_slice(place[begin:end]),
                _as_slice(place_of_running[place[begin:end]]),
            )
            for number, begin, end in zip(numbers, begins, ends, strict=True)
            if number >= 0
        )
        before = int(ends[0]) if numbers[0] < 0 else 0
        offset = plan.unique_offset_min[used]
        return cls(slice(first, last), slice(first, first + before), steps, offset, offset[running])


def _as_slice(places: IntArray) -> IntArray | slice:
    first = int(places[0])
    if np.array_equal(places, np.arange(first, first + places.size)):
        return slice(first, first + places.size)
    return places


@dataclass(frozen=True, slots=True)
class _Block:
    """Some of the bodies, which come last: decay (modes, bodies), residue (outputs, modes, bodies)."""

    decay: FloatArray
    residue: FloatArray
    order: tuple[int, ...]

    @classmethod
    def of(cls, modes: Modes, some: slice, scale: FloatArray | None) -> "_Block":
        residue = np.ascontiguousarray(modes.residue[some].transpose(1, 2, 0))
        if scale is not None:
            residue *= scale
        return cls(np.ascontiguousarray(modes.decay_per_min[some].T), residue, modes.order)


def _evaluate_block(block: _Block, tile: _Tile, plan: InputPlan, out: FloatArray, *, add: bool) -> None:
    """Level = sum over modes of the held amount's decay, plus what the running rate has added since."""
    if not add:
        out[:, :, tile.undrugged if tile.steps else tile.times] = 0.0
    if not tile.steps:
        return
    states = _states(block.decay, block.order, plan)
    held = _decays(block.decay, block.order, tile.offset_min)
    added = _uptakes(block.decay, block.order, tile.running_min)
    longest = max(times.stop - times.start for _, times, _, _ in tile.steps)
    bodies = block.decay.shape[1]
    total, term = np.empty((longest, bodies)), np.empty((longest, bodies))
    modes_of = [_used(residue, block.order) for residue in block.residue]
    for number, times, places, running_places in tile.steps:
        rate = plan.rate_mg_per_min[number]
        length = times.stop - times.start
        gathered = {m: held[m][places] for m in set().union(*modes_of)}
        risen = {m: added[m][running_places] for m in gathered} if rate != 0 else {}
        for output, residue in enumerate(block.residue):
            sum_, part = total[:length], term[:length]
            sum_[...] = 0.0
            for m in modes_of[output]:
                amount = _held(residue, states[number], block.order, m)
                np.multiply(amount, gathered[m], out=part)
                np.add(sum_, part, out=sum_)
                if rate != 0:
                    np.multiply(residue[m] * rate, risen[m], out=part)
                    np.add(sum_, part, out=sum_)
            view = out[:, output, times]
            if add:
                np.add(view, sum_.T, out=view)
            else:
                view[...] = sum_.T


def _held(residue: FloatArray, state: FloatArray, order: tuple[int, ...], m: int) -> FloatArray:
    """What multiplies the time course of mode m: its own amount, and those of higher order in its cluster."""
    amount: FloatArray = residue[m] * state[m - order[m]]
    for higher in range(m + 1, _cluster_end(order, m)):
        amount = amount + residue[higher] * state[higher - order[m]]
    return amount


def _cluster_end(order: tuple[int, ...], m: int) -> int:
    end = m + 1
    while end < len(order) and order[end]:
        end += 1
    return end


def _used(residue: FloatArray, order: tuple[int, ...]) -> list[int]:
    """The modes whose time course an output has in it, for any of these bodies. The others would add 0."""
    some = np.any(residue != 0, axis=1)
    return [m for m in range(len(order)) if some[m : _cluster_end(order, m)].any()]


def _states(decay: FloatArray, order: tuple[int, ...], plan: InputPlan) -> FloatArray:
    """What each mode holds just after each change, shape (changes, modes, bodies).

    A mode of order p within its cluster is fed by the one of order p - 1, the first by the input.
    """
    changes = plan.change_at_min.size
    lengths, which = np.unique(np.diff(plan.change_at_min), return_inverse=True)
    held = _decays(decay, order, lengths)
    added = _uptakes(decay, order, lengths)
    state = np.zeros((changes, *decay.shape))
    first = [m for m, power in enumerate(order) if power == 0]
    state[0, first] = plan.bolus_mg[0]
    for change in range(1, changes):
        length, rate = which[change - 1], plan.rate_mg_per_min[change - 1]
        for m, power in enumerate(order):
            now = state[change, m]
            for lower in range(power + 1):
                now += state[change - 1, m - lower] * held[m - power + lower][length]
            if rate != 0:
                now += rate * added[m][length]
        state[change, first] += plan.bolus_mg[change]
    return state


def _decays(decay: FloatArray, order: tuple[int, ...], offset_min: FloatArray) -> list[FloatArray]:
    """For each mode t**order / order! * exp(-decay t) at the offsets, shape (offsets, bodies)."""
    found: list[FloatArray] = []
    column = offset_min[:, np.newaxis]
    for m, power in enumerate(order):
        if power:
            found.append(found[-1] * (column / power))
        else:
            exponent = np.multiply(column, -decay[m])
            found.append(np.exp(exponent, out=exponent))
    return found


def _uptakes(decay: FloatArray, order: tuple[int, ...], offset_min: FloatArray) -> list[FloatArray]:
    """For each mode the integral of its time course from 0 to the offsets, shape (offsets, bodies).

    A decay of 0, which an area to infinity needs, is a mode that keeps all it gets.
    """
    found: list[FloatArray] = []
    column = offset_min[:, np.newaxis]
    held = _decays(decay, order, offset_min) if any(order) else []
    for m, power in enumerate(order):
        if power:
            found.append((found[-1] - held[m]) / decay[m])
        else:
            kept = decay[m] == 0
            risen = -np.expm1(np.multiply(column, -decay[m]))
            risen /= np.where(kept, 1.0, decay[m])
            found.append(np.where(kept, column, risen) if kept.any() else risen)
    return found
