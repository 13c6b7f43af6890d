"""What went into the vein, and what is planned to: constant-rate segments and boluses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.errors import ProfileError

FloatArray = NDArray[np.float64]


def _no_values() -> FloatArray:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InfusionProfile:
    """Drug input over time, in minutes from any fixed moment that all times share.

    Segments: three float64 arrays of one length. Each gives `rate_mg_per_h` from `start_min` to `end_min`;
    a gap between segments is a pause, overlapping segments add up, a segment of no length is dropped.
    Boluses: two float64 arrays of one length, `bolus_mg` all at once at `bolus_at_min`.
    `present_min` divides what was given from what is planned; None when the profile is all one or the other.
    Amounts are mg of ketamine base. The arrays are copied and cannot be written to.

    Raises ProfileError for negative or non-finite values, an end before its start, or unequal lengths.
    """

    start_min: FloatArray = field(default_factory=_no_values)
    end_min: FloatArray = field(default_factory=_no_values)
    rate_mg_per_h: FloatArray = field(default_factory=_no_values)
    bolus_at_min: FloatArray = field(default_factory=_no_values)
    bolus_mg: FloatArray = field(default_factory=_no_values)
    present_min: float | None = None

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
        self._keep("start_min", start[lasting])
        self._keep("end_min", end[lasting])
        self._keep("rate_mg_per_h", rate[lasting])
        self._keep("bolus_at_min", bolus_at)
        self._keep("bolus_mg", bolus)

    def _keep(self, name: str, values: FloatArray) -> None:
        values.flags.writeable = False
        object.__setattr__(self, name, values)

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
