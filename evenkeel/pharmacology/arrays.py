"""Arrays that know what their axes and values are: names, labels and units travel with the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.errors import ArgumentError, OutputTimeError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One axis: its name, one label for each place along it, and the unit of labels that are numbers."""

    name: str
    labels: tuple[str, ...] | FloatArray
    unit: str | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def column(self) -> str:
        """Name of the axis as a column of a table: the unit comes last, as in `time_min`."""
        return self.name if self.unit is None else f"{self.name}_{unit_suffix(self.unit)}"

    def place(self, label: str | float) -> int:
        """Where a label stands. Raises ArgumentError that names the labels there are."""
        if isinstance(self.labels, tuple):
            if label in self.labels:
                return self.labels.index(str(label))
            raise ArgumentError(f"{self.name} must be one of {', '.join(self.labels)}, not {label!r}.")
        if not isinstance(label, str):
            found = np.flatnonzero(self.labels == label)
            if found.size:
                return int(found[0])
        unit = "" if self.unit is None else f" {self.unit}"
        ends = f", which run from {self.labels[0]:g} to {self.labels[-1]:g}{unit}" if len(self) else ""
        raise ArgumentError(f"{self.name} must be one of its {len(self)} labels{ends}, not {label!r}.")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Values with a unit and one Axis for each dimension, in order. The values are not copied."""

    values: FloatArray
    unit: str
    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        lengths = tuple(len(axis) for axis in self.axes)
        if self.values.shape != lengths:
            raise ArgumentError(
                f"values must have the shape of the axes, {lengths}, not {self.values.shape}."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def axis(self, name: str) -> Axis:
        """The axis of this name. Raises ArgumentError that names the axes there are."""
        return self.axes[self._position(name)]

    def select(self, **labels: str | float) -> "Labelled":
        """The values at one label of each axis that is named, as in `select(output="ketamine")`.

        A selected axis disappears. The result is a view. Raises ArgumentError for an unknown axis or label.
        """
        index: list[int | slice] = [slice(None)] * len(self.axes)
        for name, label in labels.items():
            position = self._position(name)
            index[position] = self.axes[position].place(label)
        kept = tuple(axis for axis, at in zip(self.axes, index, strict=True) if isinstance(at, slice))
        return replace(self, values=self.values[tuple(index)], axes=kept)

    def columns(self) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
        """The long form: one row per value, one column per axis, and the value named with its unit."""
        found: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {}
        for position, axis in enumerate(self.axes):
            shape = [1] * len(self.axes)
            shape[position] = len(axis)
            labels = np.asarray(axis.labels).reshape(shape)
            found[axis.column] = np.broadcast_to(labels, self.values.shape).ravel()
        found[f"value_{unit_suffix(self.unit)}"] = self.values.ravel()
        return found

    def _position(self, name: str) -> int:
        names = [axis.name for axis in self.axes]
        if name not in names:
            raise ArgumentError(f"There is no axis {name!r}; there is {', '.join(names)}.")
        return names.index(name)


def unit_suffix(unit: str) -> str:
    """A unit as the end of a name: `ng/mL` is `ng_per_ml`."""
    words = unit.lower().replace("%", "percent").replace("/", " per ").replace("·", " ").replace("*", " ")
    return "_".join(words.split())


def as_times(at_min: ArrayLike, *, may_repeat: bool = False) -> FloatArray:
    """Output times as float64, shape (times,): finite and increasing, or OutputTimeError.

    Each stands there once, unless `may_repeat`.
    """
    try:
        times = np.array(at_min, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise OutputTimeError("at_min must be a list of numbers of minutes.") from cause
    if times.ndim != 1 or times.size == 0:
        raise OutputTimeError("at_min must be a list of at least one time.")
    if not np.all(np.isfinite(times)):
        raise OutputTimeError("at_min must be finite numbers of minutes.")
    steps = np.diff(times)
    wrong = np.flatnonzero(steps < 0 if may_repeat else steps <= 0)
    if wrong.size:
        i = int(wrong[0])
        rule = "hold each time once" if steps[i] == 0 else "be in order of time"
        strictly = "" if may_repeat else " strictly increasing,"
        raise OutputTimeError(
            f"at_min must {rule},{strictly} but {times[i + 1]:g} min comes after {times[i]:g} min."
        )
    return times


def per_body(
    name: str, values: ArrayLike, bodies: int, error: type[ValueError] = ArgumentError
) -> FloatArray:
    """One finite number per body as contiguous float64, shape (bodies,); a single number serves for all."""
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise error(f"{name} must be a list of numbers, one per body.") from cause
    if given.shape not in {(), (1,), (bodies,)}:
        raise error(f"{name} must have the shape ({bodies},), one number per body, not {given.shape}.")
    if not np.all(np.isfinite(given)):
        raise error(f"{name} must be finite numbers.")
    return np.ascontiguousarray(np.broadcast_to(given, (bodies,)))


def dose_scales(dose_scale: ArrayLike, bodies: int) -> FloatArray:
    """What multiplies the profile for each body, shape (bodies,): 0 or more, or ArgumentError."""
    scale = per_body("dose_scale", dose_scale, bodies)
    if np.any(scale < 0):
        raise ArgumentError("dose_scale must be 0 or more.")
    return scale


def one_of(name: str, given: Word | str, words: type[Word], error: type[ValueError] = ArgumentError) -> Word:
    """The member that a word names, or the error with those there are."""
    if given not in list(words):
        raise error(f"{name} must be one of {', '.join(words)}, not {given!r}.")
    return words(given)


def choose(name: str, asked: Sequence[str] | None, offered: tuple[str, ...]) -> tuple[str, ...]:
    """The names asked for, or all that are offered. Raises ArgumentError for an unknown or repeated one."""
    if asked is None:
        return offered
    chosen = (asked,) if isinstance(asked, str) else tuple(asked)
    unknown = [one for one in chosen if one not in offered]
    if unknown or not chosen:
        what = f"not {unknown[0]!r}" if unknown else "at least one"
        raise ArgumentError(f"{name} must be among {', '.join(offered)}, {what}.")
    if len(set(chosen)) < len(chosen):
        raise ArgumentError(f"{name} must name each output once, not {', '.join(chosen)}.")
    return chosen
