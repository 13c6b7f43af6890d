"""The optional fast path: the sums of `simulate.evaluate` and `bands` in a small C library, through ctypes.

The library is built where a C compiler is present when Evenkeel is installed (`hatch_build.py`). Without it
NumPy does all, with the same answers to 1e-10 of their size and often much better. The environment variable
EVENKEEL_PHARMACOLOGY_ENGINE chooses for a whole process: `auto` (the default), `numpy` or `fast`.
"""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray, IntArray
from evenkeel.pharmacology.errors import ArgumentError
from evenkeel.pharmacology.fast import source
from evenkeel.pharmacology.plan import InputPlan

ENGINE_VARIABLE: Final = "EVENKEEL_PHARMACOLOGY_ENGINE"
Engine = Literal["auto", "numpy", "fast"]
ENGINES: Final[tuple[Engine, ...]] = ("auto", "numpy", "fast")

# In the order of their numbers in kernels.c.
INSTRUCTIONS: Final = ("plain", "AVX2", "AVX-512")
# As EK_VERSION in platform.h.
_VERSION: Final = 3
# As MOST_RANKS in kernels.c.
RANKS_HIGH: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is loaded. `library` is None when NumPy does all, and `reason` says why in words."""

    library: Path | None
    instructions: tuple[str, ...]
    threads: bool
    reason: str

    @property
    def loaded(self) -> bool:
        return self.library is not None


def status() -> Status:
    """What of the fast path is loaded in this process: the library, what the processor can run, and why."""
    path, library, reason = _load()
    if library is None:
        return Status(library=None, instructions=(), threads=False, reason=reason)
    return Status(
        library=path,
        instructions=INSTRUCTIONS[: library.ek_instructions() + 1],
        threads=bool(library.ek_threads()),
        reason=reason,
    )


def choose_engine(engine: str | None = None) -> Literal["numpy", "fast"]:
    """The engine to use: the one asked for, else that of the environment, else the fastest there is.

    Raises ArgumentError for an unknown name, and for `fast` where no library could be loaded.
    """
    asked, where = engine, "engine"
    if asked is None or asked == "auto":
        asked, where = os.environ.get(ENGINE_VARIABLE) or "auto", ENGINE_VARIABLE
    if asked not in ENGINES:
        raise ArgumentError(f"{where} must be one of {', '.join(ENGINES)}, not {asked!r}.")
    _, library, reason = _load()
    if asked == "fast" and library is None:
        raise ArgumentError(f"{where} is 'fast', but there is no fast path: {reason}")
    return "numpy" if asked == "numpy" or library is None else "fast"


def choose_threads(threads: int | None) -> int:
    """The number of threads asked for, else one for each processor that this process may run on."""
    if threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        return os.cpu_count() or 1 if affinity is None else len(affinity(0))
    if threads < 1:
        raise ArgumentError(f"threads must be at least 1, not {threads}.")
    return threads


def levels(
    decay_per_min: FloatArray,
    residue: FloatArray,
    plan: InputPlan,
    dose_scale: FloatArray,
    out: FloatArray,
    *,
    add: bool,
    order: Sequence[int] | None = None,
    by_time: bool = False,
    threads: int = 1,
    instructions: int | None = None,
) -> None:
    """What `simulate.evaluate` computes, into `out` (bodies, outputs, times), or with `by_time` the other way
    round, (outputs, times, bodies).

    Shapes: `decay_per_min` (bodies, modes); `residue` (bodies, outputs, modes) in ng/mL per mg; `dose_scale`
    (bodies,); `order` (modes,), the power of time of each mode, all 0 when None. `out` must be contiguous
    float64. The bits do not hang on threads, chunks or other times. `instructions` takes a lesser set than
    the best of this machine, a place in `status().instructions`.
    """
    bodies, outputs, modes = residue.shape
    times = plan.step_of_time.size
    assert decay_per_min.shape == (bodies, modes)
    assert dose_scale.shape == (bodies,)
    assert out.shape == ((outputs, times, bodies) if by_time else (bodies, outputs, times))
    assert out.dtype == np.float64
    assert out.flags.c_contiguous
    if not plan.change_at_min.size:
        if not add:
            out[...] = 0.0
        return
    clib = library()
    failed = clib.ek_levels(
        bodies,
        modes,
        outputs,
        np.zeros(modes, dtype=np.int64) if order is None else np.array(order, dtype=np.int64),
        _floats(decay_per_min),
        _floats(residue),
        plan.change_at_min.size,
        _floats(plan.change_at_min),
        _floats(plan.rate_mg_per_min),
        _floats(plan.bolus_mg),
        times,
        _integers(plan.step_of_time),
        _integers(plan.offset_of_time),
        _floats(plan.unique_offset_min),
        _floats(dose_scale),
        out,
        add,
        by_time,
        threads,
        _instructions(clib, instructions),
    )
    if failed:
        raise MemoryError("There is no memory for the tables of the fast path.")


def ahead(
    decay_per_min: FloatArray,
    residue: FloatArray,
    plan: InputPlan,
    leaps: tuple[IntArray, IntArray, IntArray, FloatArray],
    every_min: float,
    out: FloatArray,
    *,
    ranks: IntArray | None = None,
    instructions: int | None = None,
) -> None:
    """What `ahead.fill_ahead` computes, into `out` (outputs, times, bodies): modes have no powers of time.

    `leaps` are those of an AheadPlan: begin, count, step and offset. With `ranks`, as `select` takes them,
    `out` (outputs, times, ranks) gets the members of these ranks among the bodies instead.
    """
    bodies, outputs, modes = residue.shape
    assert decay_per_min.shape == (bodies, modes)
    assert out.shape[::2] == (outputs, bodies if ranks is None else ranks.size)
    assert out.dtype == np.float64
    assert out.flags.c_contiguous
    begin, count, step, offset_min = leaps
    wanted = np.empty(0, dtype=np.int64) if ranks is None else _integers(ranks)
    clib = library()
    failed = clib.ek_ahead(
        bodies,
        modes,
        outputs,
        _floats(decay_per_min),
        _floats(residue),
        plan.change_at_min.size,
        _floats(plan.change_at_min),
        _floats(plan.rate_mg_per_min),
        _floats(plan.bolus_mg),
        begin.size,
        _integers(begin),
        _integers(count),
        _integers(step),
        _floats(offset_min),
        every_min,
        out.shape[1],
        wanted.size,
        wanted,
        out,
        _instructions(clib, instructions),
    )
    if failed:
        raise MemoryError("There is no memory for the tables of the fast path.")


def select(
    values: FloatArray, ranks: IntArray, *, threads: int = 1, instructions: int | None = None
) -> FloatArray:
    """The members of the given ranks (ascending, from 0) of each row of `values` (rows, count), exactly.

    Shape (rows, ranks). `values` must be contiguous and hold no NaN; it is not changed.
    """
    rows, count = values.shape
    assert values.dtype == np.float64
    assert values.flags.c_contiguous
    assert ranks.size <= RANKS_HIGH
    found = np.empty((rows, ranks.size))
    clib = library()
    failed = clib.ek_select(
        rows,
        count,
        values,
        ranks.size,
        _integers(ranks),
        found,
        threads,
        _instructions(clib, instructions),
    )
    if failed:
        raise MemoryError("There is no memory for the rows of the fast path.")
    return found


def _floats(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values, dtype=np.float64)


def _integers(values: IntArray) -> NDArray[np.int64]:
    return np.ascontiguousarray(values, dtype=np.int64)


def best_instructions() -> int:
    """The place in INSTRUCTIONS of the best set that this processor runs."""
    return int(library().ek_instructions())


def _instructions(clib: ctypes.CDLL, asked: int | None) -> int:
    best = int(clib.ek_instructions())
    assert asked is None or 0 <= asked <= best
    return best if asked is None else asked


def library() -> ctypes.CDLL:
    """The loaded library. The caller has asked `choose_engine` first."""
    found = _load()[1]
    assert found is not None, "choose_engine says whether there is a library"
    return found


@lru_cache(maxsize=1)
def _load() -> tuple[Path, ctypes.CDLL | None, str]:
    path = source.library_path()
    if not path.exists():
        stale = any(source.FOLDER.glob(f"kernels-*{source.LIBRARY_SUFFIX}"))
        reason = (
            "the C sources changed since the library was built; run `python hatch_build.py`."
            if stale
            else "no library was built when Evenkeel was installed, as where there is no C compiler."
        )
        return path, None, reason
    try:
        library = load_library(path)
    except OSError as cause:
        return path, None, f"the library could not be loaded: {cause}."
    return path, library, "a library built from the present sources was found."


def load_library(path: Path) -> ctypes.CDLL:
    """The library at `path` with the types of its functions declared. Raises OSError when it does not fit."""
    library = ctypes.CDLL(str(path))
    library.ek_version.restype = ctypes.c_int32
    if library.ek_version() != _VERSION:
        raise OSError(f"{path.name} has another version of its interface")
    whole, number = ctypes.c_int64, ctypes.c_int32
    floats = cast("type[ctypes.c_void_p]", np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS"))
    integers = cast("type[ctypes.c_void_p]", np.ctypeslib.ndpointer(np.int64, flags="C_CONTIGUOUS"))
    library.ek_instructions.restype = number
    library.ek_threads.restype = number
    library.ek_levels.restype = number
    library.ek_levels.argtypes = [
        *(whole, whole, whole, integers, floats, floats),  # bodies, modes, outputs, order, decay, residue
        *(whole, floats, floats, floats),  # steps, change_at, rate, bolus
        *(whole, integers, integers, floats),  # times, step_of_time, offset_of_time, offset
        *(
            floats,
            floats,
            number,
            number,
            number,
            number,
        ),  # dose_scale, out, add, by_time, threads, instructions
    ]
    library.ek_ahead.restype = number
    library.ek_ahead.argtypes = [
        *(whole, whole, whole, floats, floats),  # bodies, modes, outputs, decay, residue
        *(whole, floats, floats, floats),  # steps, change_at, rate, bolus
        *(whole, integers, integers, integers, floats),  # leaps, begin, length, step, offset
        *(
            ctypes.c_double,
            whole,
            whole,
            integers,
            floats,
            number,
        ),  # every, times, ranks, rank, out, instructions
    ]
    marks = cast("type[ctypes.c_void_p]", np.ctypeslib.ndpointer(np.bool_, flags="C_CONTIGUOUS"))
    library.ek_modes.restype = number
    library.ek_modes.argtypes = [
        *(whole, whole, integers, ctypes.POINTER(ctypes.c_void_p)),  # bodies, states, program, columns
        *(floats, floats, floats, marks, number),  # gain, decay, residue, simple, instructions
    ]
    library.ek_select.restype = number
    library.ek_select.argtypes = [whole, whole, floats, whole, integers, floats, number, number]
    return library
