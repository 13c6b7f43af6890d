"""The level as it advances: what a body holds since the last change of the pump, read at constant cost.

A state stands at the moment of the last change and is exact until the next one, so a reading computes from
that change and not from the reading before: however often it is read, no error adds up. A change gives a new
state. The rates really run, replayed, give the same state; so does an amended rate, by replay.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.ahead import AheadPlan, fill_ahead, flies, members_ahead
from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled, as_times, choose
from evenkeel.pharmacology.bands import DEFAULT_SHARES, Ranks
from evenkeel.pharmacology.errors import ArgumentError, OutputTimeError, ProfileError, RouteError
from evenkeel.pharmacology.fast import choose_engine, choose_threads, models
from evenkeel.pharmacology.modes import Modes, solve_modes
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.plan import InputPlan, make_plan
from evenkeel.pharmacology.prediction import Prediction, predict_level
from evenkeel.pharmacology.profile import INTRAVENOUS, MINUTES_PER_HOUR, InfusionProfile
from evenkeel.pharmacology.simulate import evaluate
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.threads import for_each

# How far ahead the branches look, and how finely.
AHEAD_MIN: Final = 120.0
EVERY_MIN: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Bodies whose modes form one pattern, laid out with bodies last."""

    bodies: IntArray | slice
    decay: FloatArray
    residue: FloatArray
    order: tuple[int, ...]
    is_simple: bool
    modes: Modes

    @classmethod
    def of(cls, bodies: IntArray | slice, modes: Modes) -> Self:
        return cls(
            bodies,
            np.ascontiguousarray(modes.decay_per_min.T),
            np.ascontiguousarray(modes.residue.transpose(1, 2, 0)),
            modes.order,
            modes.simple,
            modes,
        )

    def levels(self, plan: InputPlan) -> FloatArray:
        """Levels of a whole plan by NumPy, shape (bodies, outputs, times)."""
        found = np.empty((self.decay.shape[1], self.residue.shape[0], plan.step_of_time.size))
        evaluate(self.modes, plan, None, found, add=False)
        return found

    def after(self, held: FloatArray, rate_mg_per_min: float, length_min: float) -> FloatArray:
        """What each mode holds after a time at one rate, shape (modes, bodies)."""
        exponent = self.decay * -length_min
        kept, added = np.exp(exponent), np.expm1(exponent) / -self.decay
        if self.is_simple:
            now: FloatArray = held * kept + rate_mg_per_min * added
            return now
        now = np.empty_like(held)
        for m, power in enumerate(self.order):
            if power:
                kept[m] = kept[m - 1] * (length_min / power)
                added[m] = (added[m - 1] - kept[m]) / self.decay[m]
            now[m] = rate_mg_per_min * added[m]
            for lower in range(power + 1):
                now[m] += held[m - lower] * kept[m - power + lower]
        return now


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveModel:
    """A system solved once for what a pump and a syringe give into the vein, ready to be followed."""

    outputs: tuple[str, ...]
    bodies: int
    parts: tuple[_Part, ...]

    @classmethod
    def of(cls, system: System, *, outputs: Sequence[str] | None = None) -> Self:
        """Solve the modes of these outputs, all when None. Raises ArgumentError for an unknown output."""
        names = choose("outputs", outputs, system.outputs)
        solve = models.solve_modes if choose_engine() == "fast" else solve_modes
        (entry,) = solve(system, INTRAVENOUS, names)
        parts = [_Part.of(slice(None), entry.main), *(_Part.of(*some) for some in entry.apart)]
        return cls(outputs=names, bodies=system.bodies, parts=tuple(parts))

    def empty(self, at_min: float) -> "LiveState":
        """The bodies before any drug."""
        _refuse_not_finite("at_min", at_min)
        held = tuple(np.zeros_like(part.decay) for part in self.parts)
        return LiveState(model=self, changed_at_min=at_min, rate_mg_per_min=0.0, held=held)

    def replay(self, profile: InfusionProfile, at_min: float) -> "LiveState":
        """The state at a moment, from everything that the profile gives up to it; what is later is left out.

        Raises RouteError for a dose by another route than the vein.
        """
        _refuse_not_finite("at_min", at_min)
        _refuse_other_routes(profile)
        plan = make_plan(profile, np.array([at_min]))
        happened = plan.change_at_min <= at_min
        if not happened.any():
            return self.empty(at_min)
        state = self.empty(float(plan.change_at_min[0]))
        for at, rate, bolus in zip(
            plan.change_at_min[happened],
            plan.rate_mg_per_min[happened],
            plan.bolus_mg[happened],
            strict=True,
        ):
            state = state._at(float(at), float(rate), float(bolus))
        return state

    def levels(self, profile: InfusionProfile, at_min: ArrayLike) -> Labelled:
        """Levels of a whole profile with the axes body, output and time: `simulate` without solving again."""
        times = as_times(at_min)
        _refuse_other_routes(profile)
        values = np.empty((self.bodies, len(self.outputs), times.size))
        plan = make_plan(profile, times)
        main, *apart = self.parts
        if choose_engine() != "fast" or not models.fill_levels(main.modes, plan, None, values, add=False):
            values[...] = main.levels(plan)
        for part in apart:
            values[part.bodies] += part.levels(plan)
        bodies = Axis("body", np.arange(self.bodies, dtype=np.float64))
        return Labelled(values, "ng/mL", (bodies, Axis("output", self.outputs), Axis("time", times, "min")))

    def levels_ahead(self, ahead: AheadPlan, *, out: FloatArray | None = None) -> FloatArray:
        """Levels at equal distances of time, (outputs, times, bodies), in `out` where there is one."""
        main, *apart = self.parts
        if out is None:
            out = np.empty((len(self.outputs), ahead.at_min.size, self.bodies))
        if main.is_simple:
            fill_ahead(main.modes, ahead, out)
        else:
            out[...] = main.levels(ahead.plan).transpose(1, 2, 0)
        for part in apart:
            out[:, :, part.bodies] += part.levels(ahead.plan).transpose(1, 2, 0)
        return out

    def quantiles_ahead(self, ahead: AheadPlan, ranks: Ranks) -> FloatArray:
        """Exact quantiles of these levels over the bodies, (outputs, times, shares)."""
        main, *apart = self.parts
        if not apart and flies(main.modes, ahead):
            return ranks.between(members_ahead(main.modes, ahead, ranks.places(self.bodies)), self.bodies)
        rows = self.levels_ahead(ahead)
        return ranks.of_rows(rows.reshape(-1, self.bodies)).reshape(*rows.shape[:2], -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LiveState:
    """What the bodies hold at the last change of the input, and the rate since then.

    `held` has for each part of the model the amounts in its modes, shape (modes, bodies). Exact at any moment
    from `changed_at_min` until the next change. Cannot be changed; a change gives another state.
    """

    model: LiveModel
    changed_at_min: float
    rate_mg_per_min: float
    held: tuple[FloatArray, ...]

    def level(self, at_min: float) -> FloatArray:
        """Levels at one moment in ng/mL, shape (bodies, outputs), at a cost that the past has no part in.

        Raises OutputTimeError for a moment before the last change.
        """
        length = self._since(at_min)
        main, *apart = self.model.parts
        found: FloatArray = (main.residue * main.after(self.held[0], self.rate_mg_per_min, length)).sum(
            axis=1
        )
        for part, held in zip(apart, self.held[1:], strict=True):
            now = part.after(held, self.rate_mg_per_min, length)
            found[:, part.bodies] += (part.residue * now).sum(axis=1)
        return found.T

    def changed(self, at_min: float, rate_mg_per_h: float) -> "LiveState":
        """The state from a moment at which the pump changes to a rate: 0 is a pause or a stop."""
        if not (math.isfinite(rate_mg_per_h) and rate_mg_per_h >= 0):
            raise ProfileError(f"rate_mg_per_h must be a number of 0 or more, not {rate_mg_per_h:g}.")
        return self._at(at_min, rate_mg_per_h / MINUTES_PER_HOUR)

    def given(self, at_min: float, bolus_mg: float) -> "LiveState":
        """The state from a moment at which a bolus is given; the rate goes on."""
        if not (math.isfinite(bolus_mg) and bolus_mg >= 0):
            raise ProfileError(f"bolus_mg must be a number of 0 or more, not {bolus_mg:g}.")
        return self._at(at_min, self.rate_mg_per_min, bolus_mg)

    def _at(self, at_min: float, rate_mg_per_min: float, bolus_mg: float = 0.0) -> "LiveState":
        length = self._since(at_min)
        held = tuple(
            part.after(amounts, self.rate_mg_per_min, length)
            for part, amounts in zip(self.model.parts, self.held, strict=True)
        )
        if bolus_mg:
            for part, amounts in zip(self.model.parts, held, strict=True):
                amounts[[m for m, power in enumerate(part.order) if power == 0]] += bolus_mg
        return LiveState(model=self.model, changed_at_min=at_min, rate_mg_per_min=rate_mg_per_min, held=held)

    def _since(self, at_min: float) -> float:
        _refuse_not_finite("at_min", at_min)
        if at_min < self.changed_at_min:
            raise OutputTimeError(
                f"at_min must not come before the last change, but {at_min:g} min comes before "
                f"{self.changed_at_min:g} min. For an earlier moment or an amended rate, replay the profile."
            )
        return at_min - self.changed_at_min


class Branch(StrEnum):
    """What might be done next."""

    AS_ORDERED = "as ordered"
    PAUSE_NOW = "pause now"
    FINISH_EARLY = "finish early"


def given_so_far(profile: InfusionProfile, present_min: float) -> InfusionProfile:
    """What the vein has got up to a moment, which becomes the present; a bolus at that moment is in it.

    Raises RouteError for a dose by another route than the vein.
    """
    _refuse_not_finite("present_min", present_min)
    _refuse_other_routes(profile)
    ran, pushed = profile.start_min < present_min, profile.bolus_at_min <= present_min
    return InfusionProfile(
        start_min=profile.start_min[ran],
        end_min=np.minimum(profile.end_min[ran], present_min),
        rate_mg_per_h=profile.rate_mg_per_h[ran],
        bolus_at_min=profile.bolus_at_min[pushed],
        bolus_mg=profile.bolus_mg[pushed],
        present_min=present_min,
    )


def branch_profiles(
    profile: InfusionProfile, present_min: float, *, pause_min: float
) -> Mapping[Branch, InfusionProfile]:
    """What the vein gets in each branch from now on; what was given up to now is the same in all.

    `profile` is what was given and what is planned. As ordered: as it is. Pause now: everything planned comes
    `pause_min` later. Finish early: nothing more is given. Each profile has the present as its `present_min`.
    """
    if not (math.isfinite(pause_min) and pause_min > 0):
        raise ProfileError(f"pause_min must be a number greater than 0, not {pause_min:g}.")
    given = given_so_far(profile, present_min)
    planned, waiting = profile.end_min > present_min, profile.bolus_at_min > present_min
    planned_start = np.maximum(profile.start_min[planned], present_min)
    paused = InfusionProfile(
        start_min=np.concatenate([given.start_min, planned_start + pause_min]),
        end_min=np.concatenate([given.end_min, profile.end_min[planned] + pause_min]),
        rate_mg_per_h=np.concatenate([given.rate_mg_per_h, profile.rate_mg_per_h[planned]]),
        bolus_at_min=np.concatenate([given.bolus_at_min, profile.bolus_at_min[waiting] + pause_min]),
        bolus_mg=np.concatenate([given.bolus_mg, profile.bolus_mg[waiting]]),
        present_min=present_min,
    )
    return {
        Branch.AS_ORDERED: replace(profile, present_min=present_min),
        Branch.PAUSE_NOW: paused,
        Branch.FINISH_EARLY: given,
    }


def branch_levels(
    model: LiveModel,
    profile: InfusionProfile,
    present_min: float,
    *,
    pause_min: float,
    ahead_min: float = AHEAD_MIN,
    every_min: float = EVERY_MIN,
) -> Mapping[Branch, Labelled]:
    """Levels of each branch from now on, every minute of the next two hours unless said otherwise."""
    times = _times_ahead(present_min, ahead_min, every_min)
    branches = branch_profiles(profile, present_min, pause_min=pause_min)
    return {branch: model.levels(given, times) for branch, given in branches.items()}


def predict_branches(
    parameter_set: ParameterSet,
    weight_kg: float | None,
    profile: InfusionProfile | None,
    present_min: float,
    *,
    pause_min: float,
    age_years: float | None = None,
    ahead_min: float = AHEAD_MIN,
    every_min: float = EVERY_MIN,
) -> Mapping[Branch, Prediction]:
    """Each branch as a prediction with its status, for a picture; arguments and errors as for the others."""
    times = _times_ahead(present_min, ahead_min, every_min)
    branches: Mapping[Branch, InfusionProfile | None] = dict.fromkeys(Branch)
    if profile is not None:
        branches = branch_profiles(profile, present_min, pause_min=pause_min)
    return {
        branch: predict_level(parameter_set, weight_kg, given, times, age_years=age_years)
        for branch, given in branches.items()
    }


def _times_ahead(present_min: float, ahead_min: float, every_min: float) -> FloatArray:
    _refuse_not_finite("present_min", present_min)
    if not 0 < every_min <= ahead_min < math.inf:
        raise ArgumentError("every_min must be greater than 0 and at most ahead_min, and both finite.")
    return present_min + np.arange(0.0, ahead_min + every_min / 2, every_min)


def chair_bands(
    chairs: Sequence[tuple[LiveModel, InfusionProfile]],
    *,
    shares: Sequence[float] = DEFAULT_SHARES,
    ahead_min: float = AHEAD_MIN,
    every_min: float = EVERY_MIN,
    threads: int = 1,
) -> Labelled:
    """Levels in ng/mL below which the given shares of bodies lie, for many chairs at once, from now on.

    Each chair has a model of as many bodies as its band needs, solved when its infusion began, and its
    profile, whose `present_min` is now. The result has the axes chair, output, share and time, the last in
    minutes from each chair's present. All models must have the same outputs. Levels as `fill_ahead` gives
    them, quantiles as `level_bands` does. The numbers do not hang on the `threads`, which share the chairs.
    """
    offsets = _times_ahead(0.0, ahead_min, every_min)
    if not chairs:
        raise ArgumentError("chairs must hold at least one chair.")
    outputs = chairs[0][0].outputs
    ranks = Ranks.of(shares)
    presents = [_checked_chair(number, one, outputs) for number, one in enumerate(chairs)]
    found = np.empty((len(chairs), len(outputs), ranks.shares.size, offsets.size))

    def fill(chair: int) -> None:
        model, profile = chairs[chair]
        ahead = AheadPlan.of(profile, presents[chair], every_min, offsets.size)
        found[chair] = model.quantiles_ahead(ahead, ranks).transpose(0, 2, 1)

    for_each(fill, range(len(chairs)), choose_threads(threads))
    axes = (
        Axis("chair", np.arange(len(chairs), dtype=np.float64)),
        Axis("output", outputs),
        Axis("share", ranks.shares),
        Axis("time", offsets, "min"),
    )
    return Labelled(found, "ng/mL", axes)


def _checked_chair(number: int, chair: tuple[LiveModel, InfusionProfile], outputs: tuple[str, ...]) -> float:
    """The present of a chair."""
    model, profile = chair
    if model.outputs != outputs:
        raise ArgumentError(f"chairs must all have the outputs {', '.join(outputs)}; chair {number} has not.")
    if profile.present_min is None:
        raise ArgumentError(f"present_min of the profile of chair {number} must say when now is.")
    _refuse_other_routes(profile)
    return profile.present_min


def _refuse_other_routes(profile: InfusionProfile) -> None:
    if profile.doses:
        raise RouteError("doses must be empty: a live state follows what goes into the vein.")


def _refuse_not_finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise OutputTimeError(f"{name} must be a finite number of minutes, not {value:g}.")
