"""The bodies that a model is asked about: their covariates, and how each one differs from the typical."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import BodyError

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bodies:
    """N bodies. All arrays have the shape (N,); they are copied and cannot be written to.

    `weight_kg` and `age_years` are finite and greater than 0; without ages no age covariate applies.
    `sex` holds one word for each body. `groups` says by the name of a group who belongs to it (bool), for
    the models whose covariates speak of one; a group that is not named has nobody in it.
    `log_deviation` gives by the name of a parameter what is added to its logarithm, or to its logit where the
    parameter set says so: 0 is the typical body. A name that the model does not vary is refused by the model.

    Raises BodyError for values that cannot be, and for arrays of unequal length.
    """

    weight_kg: FloatArray
    age_years: FloatArray | None = None
    sex: NDArray[np.str_] | None = None
    groups: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    log_deviation: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weight = _positive("weight_kg", self.weight_kg)
        bodies = len(weight)
        self._keep("weight_kg", weight)
        if self.age_years is not None:
            self._keep("age_years", _same_length("age_years", _positive("age_years", self.age_years), bodies))
        if self.sex is not None:
            self._keep("sex", _same_length("sex", _frozen(np.array(self.sex, dtype=np.str_)), bodies))
        groups = {
            name: _same_length(f"groups[{name!r}]", _frozen(np.array(members, dtype=np.bool_)), bodies)
            for name, members in self.groups.items()
        }
        self._keep("groups", MappingProxyType(groups))
        deviation = {
            name: _same_length(
                f"log_deviation[{name!r}]", _finite(f"log_deviation[{name!r}]", values), bodies
            )
            for name, values in self.log_deviation.items()
        }
        self._keep("log_deviation", MappingProxyType(deviation))

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.weight_kg)

    @classmethod
    def typical(cls, weight_kg: ArrayLike = 70.0, age_years: ArrayLike | None = None) -> Self:
        """Bodies that differ from the typical one in weight and age alone; one for each weight given."""
        weight = _finite("weight_kg", np.atleast_1d(weight_kg))
        age = None
        if age_years is not None:
            age = _finite("age_years", np.atleast_1d(age_years))
            age = np.full_like(weight, age[0]) if age.size == 1 else age
        return cls(weight_kg=weight, age_years=age)

    def part(self, chosen: slice | NDArray[np.intp]) -> Self:
        """The bodies of one slice or of some indices, with all that is known of them."""
        return type(self)(
            weight_kg=self.weight_kg[chosen],
            age_years=None if self.age_years is None else self.age_years[chosen],
            sex=None if self.sex is None else self.sex[chosen],
            groups={name: members[chosen] for name, members in self.groups.items()},
            log_deviation={name: values[chosen] for name, values in self.log_deviation.items()},
        )


def _frozen(values: NDArray[Scalar]) -> NDArray[Scalar]:
    values.flags.writeable = False
    return values


def _finite(name: str, given: ArrayLike) -> FloatArray:
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise BodyError(f"{name} must be a list of numbers, one for each body.") from cause
    if values.ndim != 1 or values.size == 0:
        raise BodyError(f"{name} must be a list of numbers, one for each body.")
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        i = int(wrong[0])
        raise BodyError(f"{name} must be a finite number, not {values[i]:g} (body {i}).")
    return _frozen(values)


def _positive(name: str, given: ArrayLike) -> FloatArray:
    values = _finite(name, given)
    wrong = np.flatnonzero(values <= 0)
    if wrong.size:
        i = int(wrong[0])
        raise BodyError(f"{name} must be a finite number greater than 0, not {values[i]:g} (body {i}).")
    return values


def _same_length(name: str, values: NDArray[Scalar], bodies: int) -> NDArray[Scalar]:
    if values.shape != (bodies,):
        raise BodyError(f"{name} must have one value for each of the {bodies} bodies, not {values.shape}.")
    return values
