"""How much, how high, how long: areas, peaks, time above a level and steady states, all on the true curve.

Areas and steady states are solved; peaks and crossings are bracketed on a fine grid of each body's own and
then closed in on until float64 has no more digits. Nothing is read off the grid of a plot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled, as_times, choose, dose_scales
from evenkeel.pharmacology.curves import Curve
from evenkeel.pharmacology.errors import ArgumentError, OutputTimeError, ProfileError
from evenkeel.pharmacology.modes import Modes, solve_modes
from evenkeel.pharmacology.plan import InputPlan, make_plan, routes_used
from evenkeel.pharmacology.profile import MINUTES_PER_HOUR, InfusionProfile
from evenkeel.pharmacology.simulate import evaluate, mode_states
from evenkeel.pharmacology.system import System

# Bodies at once. It has no influence on the numbers.
_BODIES_AT_ONCE = 128


def area_ng_h_per_ml(
    system: System,
    profile: InfusionProfile,
    output: str,
    *,
    until_min: float = np.inf,
    dose_scale: ArrayLike | None = None,
) -> FloatArray:
    """Area under the level from the first drug until `until_min`, in ng h/mL, shape (bodies,).

    Exact: the integral of a sum of modes is one. Raises OutputTimeError for a moment that is not a number.
    """
    if np.isnan(until_min) or until_min == -np.inf:
        raise OutputTimeError("until_min must be a number of minutes, or infinity.")
    scale = _scale(dose_scale, system)
    found = np.zeros(system.bodies)
    for first, last, pieces in _pieces(system, profile, output, 1):
        for piece in pieces:
            total = _integrals(piece.modes, 0)
            if np.isinf(until_min):
                found[first:last][piece.bodies] += piece.given_mg * total
                continue
            area = np.empty((total.size, 1, 1))
            plan = make_plan(profile, np.array([until_min]), route=piece.route, release_min=piece.release_min)
            evaluate(_integrated(piece.modes, total), plan, None, area, add=False)
            found[first:last][piece.bodies] += area[:, 0, 0]
    return found * scale / MINUTES_PER_HOUR


def peak(
    system: System, profile: InfusionProfile, output: str, *, dose_scale: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """The highest level each body ever has, in ng/mL, and when, in minutes: two arrays of shape (bodies,).

    A body that gets no drug has a peak of 0 at the start of the profile, or at 0 when there is none.
    """
    scale = _scale(dose_scale, system)
    level, at = np.zeros(system.bodies), np.zeros(system.bodies)
    for first, last, pieces in _pieces(system, profile, output, 1):
        curve = Curve.of([(piece.bodies, piece.modes, piece.plan) for piece in pieces], last - first)
        if curve is not None:
            heights, offsets = curve.tops(curve.tail_min())
            best = np.argmax(heights, axis=0)
            column = np.arange(last - first)
            level[first:last] = heights[best, column]
            at[first:last] = curve.start_min[best] + offsets[best, column]
    return level * scale, at


def time_above_min(
    system: System,
    profile: InfusionProfile,
    output: str,
    level_ng_per_ml: float,
    *,
    dose_scale: ArrayLike | None = None,
) -> FloatArray:
    """For how long, over all time, the level is above `level_ng_per_ml`: minutes, shape (bodies,).

    Raises ArgumentError unless the level is a finite number greater than 0.
    """
    if not (np.isfinite(level_ng_per_ml) and level_ng_per_ml > 0):
        raise ArgumentError(f"level_ng_per_ml must be a finite number greater than 0, not {level_ng_per_ml}.")
    scale = _scale(dose_scale, system)
    found = np.zeros(system.bodies)
    for first, last, pieces in _pieces(system, profile, output, 1):
        curve = Curve.of([(piece.bodies, piece.modes, piece.plan) for piece in pieces], last - first)
        if curve is not None:
            # A body that gets no drug is above no level, so its limit is set where nothing reaches.
            some = scale[first:last]
            limit = np.where(some > 0, level_ng_per_ml / np.where(some > 0, some, 1.0), np.inf)
            found[first:last] = curve.time_above_min(limit)
    return found


def steady_state(
    system: System,
    profile: InfusionProfile,
    every_min: float,
    at_min: ArrayLike,
    *,
    outputs: Sequence[str] | None = None,
    dose_scale: ArrayLike | None = None,
) -> Labelled:
    """Levels within one interval when the profile has been repeated every `every_min` for ever.

    `at_min` (times,) counts from the start of the interval, from 0 up to `every_min`; the profile's own
    minute 0 falls there too, and what it gives must begin within the interval. Axes body, output and time,
    ng/mL. Solved, not cycled: the sum over all earlier repeats is a geometric series in every mode.

    Raises ProfileError and OutputTimeError for a profile or times outside the interval.
    """
    if not (np.isfinite(every_min) and every_min > 0):
        raise ArgumentError(f"every_min must be a finite number greater than 0, not {every_min}.")
    times = as_times(at_min)
    if times[0] < 0 or times[-1] > every_min:
        raise OutputTimeError(f"at_min must lie from 0 to every_min, {every_min:g} min.")
    begins = [*profile.start_min, *profile.bolus_at_min, *(dose.at_min for dose in profile.doses)]
    if any(not 0 <= begin < every_min for begin in begins):
        raise ProfileError(
            f"What the profile gives must begin from 0 to before every_min, {every_min:g} min."
        )
    names = choose("outputs", outputs, system.outputs)
    values = np.zeros((system.bodies, len(names), times.size))
    for first, last, pieces in _pieces(system, profile, names, len(names)):
        for piece in pieces:
            levels = np.zeros((piece.modes.decay_per_min.shape[0], len(names), times.size))
            repeats = max(1, int(np.ceil(piece.plan.change_at_min[-1] / every_min)))
            for repeat in range(repeats):
                shifted = make_plan(
                    profile, times + repeat * every_min, route=piece.route, release_min=piece.release_min
                )
                evaluate(piece.modes, shifted, None, levels, add=True)
            _add_earlier_repeats(piece, repeats * every_min, every_min, times, levels)
            values[first:last][piece.bodies] += levels
    values *= _scale(dose_scale, system)[:, np.newaxis, np.newaxis]
    axes = (
        Axis("body", np.arange(system.bodies, dtype=np.float64)),
        Axis("output", names),
        Axis("time", times, "min"),
    )
    return Labelled(values, "ng/mL", axes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """One entry's modes for some bodies of a block, and what is given by it."""

    bodies: slice | IntArray
    modes: Modes
    plan: InputPlan
    route: str
    release_min: float

    @property
    def given_mg(self) -> float:
        lengths = np.diff(self.plan.change_at_min)
        return float(self.plan.bolus_mg.sum() + np.sum(lengths * self.plan.rate_mg_per_min[:-1]))


def _pieces(
    system: System, profile: InfusionProfile, output: str | Sequence[str], outputs: int
) -> Iterator[tuple[int, int, list[_Piece]]]:
    """Blocks of bodies, first and one past the last, each with the pieces that its levels are the sum of."""
    names = choose("output", [output] if isinstance(output, str) else output, system.outputs)
    assert len(names) == outputs
    routes = routes_used(profile, system.routes)
    for first in range(0, system.bodies, _BODIES_AT_ONCE):
        last = min(first + _BODIES_AT_ONCE, system.bodies)
        pieces = []
        for route in routes:
            for entry in solve_modes(system.part(first, last), route, names):
                plan = make_plan(profile, np.empty(0), route=route, release_min=entry.duration_min)
                groups: list[tuple[slice | IntArray, Modes]] = [(slice(None), entry.main), *entry.apart]
                if plan.gives_drug:
                    pieces += [
                        _Piece(
                            bodies=bodies, modes=modes, plan=plan, route=route, release_min=entry.duration_min
                        )
                        for bodies, modes in groups
                    ]
        yield first, last, pieces


def _integrals(modes: Modes, output: int) -> FloatArray:
    """Area under each body's response to a unit of input, ng min/mL per mg, shape (bodies,)."""
    total = np.zeros(modes.decay_per_min.shape[0])
    for m, order in enumerate(modes.order):
        total += modes.residue[:, output, m] / modes.decay_per_min[:, m] ** (order + 1)
    return total


def _integrated(modes: Modes, total: FloatArray) -> Modes:
    """The modes of the area so far: a mode that keeps all it gets, less what is still to come."""
    decay = np.concatenate([modes.decay_per_min, np.zeros((total.size, 1))], axis=1)
    residue = np.zeros((total.size, 1, decay.shape[1]))
    residue[:, 0, -1] = total
    for m, order in enumerate(modes.order):
        for lower in range(order + 1):
            remaining = modes.residue[:, 0, m] / modes.decay_per_min[:, m] ** (order + 1 - lower)
            residue[:, 0, m - order + lower] -= remaining
    return Modes(decay_per_min=decay, residue=residue, order=(*modes.order, 0))


def _add_earlier_repeats(
    piece: _Piece, free_from_min: float, every_min: float, times: FloatArray, levels: FloatArray
) -> None:
    """Add what all repeats that are over have left, decaying freely from the start of the interval."""
    modes, order = piece.modes, piece.modes.order
    wait = free_from_min - piece.plan.change_at_min[-1]
    decay = modes.decay_per_min.T
    left = _advanced(mode_states(modes, piece.plan)[-1], decay, order, wait)
    once = _courses(decay, order, np.asarray(every_min))
    held = np.empty_like(left)
    for m, power in enumerate(order):
        held[m] = left[m]
        for lower in range(1, power + 1):
            held[m] += once[m - power + lower] * held[m - lower]
        held[m] /= -np.expm1(-decay[m] * every_min)
    for i, at in enumerate(times):
        now = _advanced(held, decay, order, at)
        for m in range(len(order)):
            levels[:, :, i] += modes.residue[:, :, m] * now[m][:, np.newaxis]


def _courses(decay: FloatArray, order: tuple[int, ...], offset: FloatArray) -> list[FloatArray]:
    """For each mode t**order / order! * exp(-decay t); `decay` (modes, bodies), `offset` per body or one."""
    found: list[FloatArray] = []
    for m, power in enumerate(order):
        found.append(found[-1] * (offset / power) if power else np.exp(-decay[m] * offset))
    return found


def _advanced(held: FloatArray, decay: FloatArray, order: tuple[int, ...], by_min: float) -> FloatArray:
    courses = _courses(decay, order, np.asarray(by_min))
    after = np.zeros_like(held)
    for m, power in enumerate(order):
        for lower in range(power + 1):
            after[m] += courses[m - power + lower] * held[m - lower]
    return after


def _scale(dose_scale: ArrayLike | None, system: System) -> FloatArray:
    return dose_scales(1.0 if dose_scale is None else dose_scale, system.bodies)
