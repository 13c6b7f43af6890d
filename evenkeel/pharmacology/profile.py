"""What went into the vein, and what is planned to: constant-rate segments and boluses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import ProfileError

MINUTES_PER_HOUR = 60.0
INTRAVENOUS = "iv"

# Segments that were shifted by a sum may overlap by a rounding error, which gives no drug.
_OVERLAP_ALLOWED_MIN = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A dose that is not given through the pump: `amount_mg` of ketamine base at `at_min` by a route.

    `route` names an entry of the model, such as "im", "nasal", "oral" or "sublingual".
    Raises ProfileError for a moment that is not finite or an amount that is negative or not finite.
    """

    at_min: float
    amount_mg: float
    route: str

    def __post_init__(self) -> None:
        if not np.isfinite(self.at_min):
            raise ProfileError(f"at_min of a dose must be a finite number of minutes, not {self.at_min}.")
        if not (np.isfinite(self.amount_mg) and self.amount_mg >= 0):
            raise ProfileError(f"amount_mg of a dose must be a number of 0 or more, not {self.amount_mg}.")
        if not self.route or self.route == INTRAVENOUS:
            raise ProfileError(
                "route of a dose must be the name of a route other than 'iv'; "
                "what goes into the vein is a segment or a bolus."
            )


def _no_values() -> FloatArray:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InfusionProfile:
    """Drug input over time, in minutes from any fixed moment that all times share.

    Segments: three float64 arrays of one length. Each gives `rate_mg_per_h` from `start_min` to `end_min`;
    a gap between segments is a pause, and a segment of no length is dropped. One pump gives them, so they
    must not overlap; two pumps are two profiles, whose levels add up.
    Boluses: two float64 arrays of one length, `bolus_mg` all at once at `bolus_at_min`.
    `doses` are those by other routes than the vein.
    `present_min` divides what was given from what is planned; None when the profile is all one or the other.
    Amounts are mg of ketamine base. The arrays are copied and cannot be written to.

    Raises ProfileError for negative or non-finite values, an end before its start, segments that overlap, or
    unequal lengths.
    """

    start_min: FloatArray = field(default_factory=_no_values)
    end_min: FloatArray = field(default_factory=_no_values)
    rate_mg_per_h: FloatArray = field(default_factory=_no_values)
    bolus_at_min: FloatArray = field(default_factory=_no_values)
    bolus_mg: FloatArray = field(default_factory=_no_values)
    present_min: float | None = None
    doses: tuple[Dose, ...] = ()

    def __post_init__(self) -> None:
        start = _column("start_min", self.start_min)
        end = _column("end_min", self.end_min)
        rate = _column("rate_mg_per_h", self.rate_mg_per_h)
        bolus_at = _column("bolus_at_min", self.bolus_at_min)
        bolus = _column("bolus_mg", self.bolus_mg)
        if not start.size == end.size == rate.size:
            raise ProfileError(
                "start_min, end_min and rate_mg_per_h must have one value per segment, "
                f"but they have {start.size}, {end.size} and {rate.size}."
            )
        if bolus_at.size != bolus.size:
            raise ProfileError(
                "bolus_at_min and bolus_mg must have one value per bolus, "
                f"but they have {bolus_at.size} and {bolus.size}."
            )
        _refuse_negative("rate_mg_per_h", rate)
        _refuse_negative("bolus_mg", bolus)
        backwards = np.flatnonzero(end < start)
        if backwards.size:
            i = int(backwards[0])
            raise ProfileError(
                f"end_min must not come before start_min, but segment {i} starts at {start[i]:g} min "
                f"and ends at {end[i]:g} min."
            )
        if self.present_min is not None and not np.isfinite(self.present_min):
            raise ProfileError(f"present_min must be a finite number of minutes, not {self.present_min}.")
        lasting = end > start
        _refuse_overlap(start, end, np.flatnonzero(lasting))
        self._keep("start_min", start[lasting])
        self._keep("end_min", end[lasting])
        self._keep("rate_mg_per_h", rate[lasting])
        self._keep("bolus_at_min", bolus_at)
        self._keep("bolus_mg", bolus)
        object.__setattr__(self, "doses", tuple(self.doses))

    def _keep(self, name: str, values: FloatArray) -> None:
        values.flags.writeable = False
        object.__setattr__(self, name, values)

    @property
    def dose_mg(self) -> float:
        """All that is given, by every route, in mg of ketamine base."""
        infused = np.sum(self.rate_mg_per_h * (self.end_min - self.start_min)) / MINUTES_PER_HOUR
        return float(infused + self.bolus_mg.sum() + sum(dose.amount_mg for dose in self.doses))

    @classmethod
    def constant(cls, dose_mg: float, duration_min: float, start_min: float = 0.0) -> Self:
        """One infusion of `dose_mg` at a constant rate. Raises ProfileError unless it lasts."""
        if not (np.isfinite(duration_min) and duration_min > 0):
            raise ProfileError(f"duration_min must be a finite number greater than 0, not {duration_min:g}.")
        return cls(
            start_min=np.array([start_min]),
            end_min=np.array([start_min + duration_min]),
            rate_mg_per_h=np.array([dose_mg / duration_min * MINUTES_PER_HOUR]),
        )

    @classmethod
    def repeated(cls, profile: "InfusionProfile", at_min: ArrayLike) -> Self:
        """The whole profile once at each of `at_min` (times,), where its own minute 0 then falls.

        Raises ProfileError when a repeat overlaps the one before.
        """
        shift = _column("at_min", at_min)
        times = shift.size
        return cls(
            start_min=np.add.outer(shift, profile.start_min).ravel(),
            end_min=np.add.outer(shift, profile.end_min).ravel(),
            rate_mg_per_h=np.tile(profile.rate_mg_per_h, times),
            bolus_at_min=np.add.outer(shift, profile.bolus_at_min).ravel(),
            bolus_mg=np.tile(profile.bolus_mg, times),
            doses=tuple(
                Dose(at_min=float(at + dose.at_min), amount_mg=dose.amount_mg, route=dose.route)
                for at in shift
                for dose in profile.doses
            ),
        )

    @classmethod
    def from_rate_changes(
        cls,
        *,
        at_min: ArrayLike,
        rate_mg_per_h: ArrayLike,
        planned_end_min: float | None = None,
        present_min: float | None = None,
        boluses: Sequence[tuple[float, float]] = (),
    ) -> Self:
        """Build a profile from the pump's own story: a rate holds until the next one replaces it.

        Shapes: `at_min` (n,) in order of time, `rate_mg_per_h` (n,); a pause or a stop is a rate of 0.
        Several changes at one moment are allowed, and the last of them holds.
        The last rate, when it is not 0, runs to `planned_end_min`. A pump still running past its planned
        end is still giving drug, so it then runs to `present_min`. `boluses` are pairs (at_min, mg).

        Raises ProfileError when times run backwards, or when the last rate has nothing to end it.
        """
        change_at = _column("at_min", at_min)
        rate = _column("rate_mg_per_h", rate_mg_per_h)
        if change_at.size != rate.size:
            raise ProfileError(
                "at_min and rate_mg_per_h must have one value per change, "
                f"but they have {change_at.size} and {rate.size}."
            )
        if np.any(np.diff(change_at) < 0):
            raise ProfileError("at_min must be in order of time: a rate change comes before an earlier one.")
        ends = [end for end in (planned_end_min, present_min) if end is not None]
        if any(not np.isfinite(end) for end in ends):
            raise ProfileError("planned_end_min and present_min must be finite numbers of minutes.")
        if rate.size and rate[-1] > 0 and not ends:
            raise ProfileError(
                "The last rate is not 0 and has no end: give planned_end_min, or present_min for a pump "
                "that is still running."
            )
        last_end = change_at[-1:] if not ends or rate[-1:] == 0 else np.full_like(change_at[-1:], max(ends))
        return cls(
            start_min=change_at,
            end_min=np.concatenate([change_at[1:], last_end]),
            rate_mg_per_h=rate,
            bolus_at_min=np.array([at for at, _ in boluses], dtype=np.float64),
            bolus_mg=np.array([amount for _, amount in boluses], dtype=np.float64),
            present_min=present_min,
        )


def _column(name: str, values: ArrayLike) -> FloatArray:
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise ProfileError(f"{name} must be a list of numbers.") from cause
    if column.ndim != 1:
        raise ProfileError(f"{name} must be a list of numbers, not an array with {column.ndim} dimensions.")
    wrong = np.flatnonzero(~np.isfinite(column))
    if wrong.size:
        i = int(wrong[0])
        raise ProfileError(f"{name} must be finite numbers, but value {i} is {column[i]}.")
    return column


def _refuse_negative(name: str, values: FloatArray) -> None:
    wrong = np.flatnonzero(values < 0)
    if wrong.size:
        i = int(wrong[0])
        raise ProfileError(f"{name} must be 0 or more, but value {i} is {values[i]:g}.")


def _refuse_overlap(start: FloatArray, end: FloatArray, segments: NDArray[np.intp]) -> None:
    order = segments[np.argsort(start[segments], kind="stable")]
    wrong = np.flatnonzero(end[order[:-1]] - start[order[1:]] > _OVERLAP_ALLOWED_MIN)
    if wrong.size:
        first, second = int(order[wrong[0]]), int(order[wrong[0] + 1])
        raise ProfileError(
            f"Segments must not overlap, but segment {second} starts at {start[second]:g} min, before "
            f"segment {first} ends at {end[first]:g} min. Add the levels of two profiles instead."
        )
