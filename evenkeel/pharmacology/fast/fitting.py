"""The fit of one person to measured levels in C: what `LevelModel.find` computes, in a few microseconds."""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.log_linear import DrugInput, LogLinearSystem

Array = TypeVar("Array", FloatArray, NDArray[np.int64])

# The answers of ek_fit in individual.c.
FOUND: Final = 0
MODES_TOO_ALIKE: Final = 1
NOT_AT_REST: Final = 2
EMPTY_READING: Final = 3

_COUNTS: Final = ("states", "rates", "parameters", "readings", "inlets", "steps", "boluses")
_ARRAYS: Final = (
    *("pattern", "log_rate", "rate_power", "reading_state", "log_scale", "reading_power"),
    *("inlet_state", "inlet_steps", "inlet_boluses", "log_fraction", "inlet_power"),
    *("step_rate", "lasting", "after", "bolus", "since_bolus", "precision"),
)


class _Model(ctypes.Structure):
    """As `Model` in individual.c."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in _COUNTS),
        *((name, ctypes.c_void_p) for name in _ARRAYS),
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A system, what was given and the prior, as the C side reads them. `arrays` keeps them alive."""

    model: _Model
    arrays: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """What came of it: `answer` is one of the constants above. `steps` is the reading for EMPTY_READING."""

    answer: int
    deviation: FloatArray
    covariance: FloatArray
    predicted_ng_per_ml: FloatArray
    objective: float
    steps: int


def pack(system: LogLinearSystem, given: tuple[DrugInput, ...], precision: FloatArray) -> Packed:
    """All that does not hang on the measured levels. `precision` is the inverse of the prior covariance."""
    shared = _pack_shared(system.kin or system)
    model = _Model.from_buffer_copy(shared.model)
    counts = {
        "inlet_steps": np.array([drug.rate_mg_per_min.size for drug in given], dtype=np.int64),
        "inlet_boluses": np.array([drug.bolus_mg.size for drug in given], dtype=np.int64),
    }
    numbers = {
        "log_rate": system.log_rate,
        "log_scale": system.log_scale,
        "log_fraction": np.array([inlet.log_fraction for inlet in system.inlets]),
        "step_rate": _joined([drug.rate_mg_per_min for drug in given]),
        "lasting": _joined([drug.lasting_min for drug in given]),
        "after": _joined([drug.after_min for drug in given]),
        "bolus": _joined([drug.bolus_mg for drug in given]),
        "since_bolus": _joined([drug.since_bolus_min for drug in given]),
        "precision": precision,
    }
    model.steps, model.boluses = numbers["step_rate"].size, numbers["bolus"].size
    return Packed(model, (shared, _point(model, counts), _point(model, numbers)))


@lru_cache(maxsize=64)
def _pack_shared(system: LogLinearSystem) -> Packed:
    """What the systems around other bodies have in common with this one."""
    inlets = system.inlets
    readings, parameters = system.reading_power.shape
    model = _Model(
        states=len(system.states),
        rates=len(system.log_rate),
        parameters=parameters,
        readings=readings,
        inlets=len(inlets),
    )
    places = {
        "reading_state": system.reading_state.astype(np.int64),
        "inlet_state": np.array([inlet.state for inlet in inlets], dtype=np.int64),
    }
    numbers = {
        "pattern": system.pattern,
        "rate_power": system.rate_power,
        "reading_power": system.reading_power,
        "inlet_power": np.array([inlet.power for inlet in inlets]),
    }
    return Packed(model, (_point(model, places), _point(model, numbers)))


def _point(model: _Model, arrays: Mapping[str, Array]) -> Array:
    """Points the model to copies of the arrays, in C order and one after the other: asking for one address
    costs less than for each. The model needs what is returned to be kept."""
    room = np.concatenate([array.ravel() for array in arrays.values()])
    address = room.ctypes.data
    for name, array in arrays.items():
        setattr(model, name, address)
        address += array.nbytes
    return room


def _joined(parts: list[FloatArray]) -> FloatArray:
    """Along the last axis."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)


@lru_cache(maxsize=1)
def _function() -> Callable[..., int]:
    path = fast.status().library
    assert path is not None, "the caller asks choose_engine first"
    function = fast.load_library(path).ek_fit
    function.restype = ctypes.c_int32
    function.argtypes = [ctypes.c_void_p] * 8
    return cast("Callable[..., int]", function)


def fit(packed: Packed, log_measured: FloatArray, log_sd: FloatArray) -> Fit:
    """The posterior for levels whose logs and their SD, each of shape (readings,), are given."""
    parameters, readings = packed.model.parameters, packed.model.readings
    deviation = np.empty(parameters)
    covariance = np.empty((parameters, parameters))
    predicted = np.empty(readings)
    measured, sd = np.ascontiguousarray(log_measured), np.ascontiguousarray(log_sd)
    objective, steps = ctypes.c_double(), ctypes.c_int64()
    answer = _function()(
        ctypes.byref(packed.model),
        *(measured.ctypes.data, sd.ctypes.data),
        *(deviation.ctypes.data, covariance.ctypes.data, predicted.ctypes.data),
        *(ctypes.byref(objective), ctypes.byref(steps)),
    )
    if answer not in (FOUND, MODES_TOO_ALIKE, NOT_AT_REST, EMPTY_READING):
        raise MemoryError("There is no memory for the fit of the fast path.")
    return Fit(
        answer=answer,
        deviation=deviation,
        covariance=covariance,
        predicted_ng_per_ml=predicted,
        objective=objective.value,
        steps=steps.value,
    )
