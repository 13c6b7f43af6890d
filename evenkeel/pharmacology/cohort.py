"""Virtual patients: bodies drawn around a published model, simulated in chunks, summarized or kept whole.

Body i of a seed is the same body whatever the number of bodies, the chunks, their order and the workers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import Axis, FloatArray, Labelled, as_times, choose, one_of
from evenkeel.pharmacology.bands import level_bands
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.chance import Purpose, correlate, lower_root, refuse_bad_seed, standard_normals
from evenkeel.pharmacology.cohort_range import outside_range, reasons_outside
from evenkeel.pharmacology.covariates import CovariateModel
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.parameter_set import Covariance, ParameterSet
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.regimen import Regimen
from evenkeel.pharmacology.residual import add_residual, residual_of
from evenkeel.pharmacology.simulate import simulate, simulate_in_parts
from evenkeel.pharmacology.streaming import (
    BLOCK_BODIES,
    QUANTILE_ERROR_RATIO,
    Counts,
    Moments,
)
from evenkeel.pharmacology.system import System
from evenkeel.pharmacology.workers import Progress, Workers, run_pieces

SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

# Bodies drawn and solved at once: enough that what each time costs by itself does not count, and where all
# their levels are needed together no more than fill 64 MB, in whole blocks. A piece of work is up to 4 such
# chunks, so that few summaries travel, and less than 65,536 bodies, so that their tallies travel as numbers
# of two bytes: each is about 3 MB. Levels that are summarized as they come are made as many at a time as stay
# in a cache.
_CHUNK_VALUES: Final = 2**23
_CHUNK_BODIES: Final = 16128
_PIECE_CHUNKS: Final = 4
_ROOM_VALUES: Final = 2**19

# What makes the system of some bodies; a parameter set's own, or that with a venous delay or an effect site.
SystemOf = Callable[[Bodies], System]


class Summary(StrEnum):
    """What is kept of a cohort."""

    LEVELS = "levels"  # every level; bodies x outputs x times float64 must fit in memory
    EXACT = "exact"  # as streamed, with exact quantiles; makes every level twice
    STREAMED = "streamed"  # moments, ends, and quantiles within 1/512 of the exact ones; any number of bodies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cohort:
    """Who is simulated, what they get and when their level is read. Raises CohortError, naming the field.

    `at_min` (times,) strictly increasing, in minutes from day 0 of the regimen. `outputs` None: all that the
    model has. `with_occasions`: kinetics differ from visit to visit where the model says how much; the drug
    of a visit then keeps that visit's kinetics to its end. `with_residual`: what an assay would read, with
    the model's residual error, not below 0. `system_of` replaces the parameter set's own systems; it must be
    a function of a module when there is more than one worker.
    """

    parameter_set: ParameterSet
    regimen: Regimen
    at_min: FloatArray
    seed: int
    covariates: CovariateModel = field(default_factory=CovariateModel.fixed)
    outputs: tuple[str, ...] | None = None
    with_occasions: bool = False
    with_residual: bool = False
    system_of: SystemOf | None = None

    def __post_init__(self) -> None:
        refuse_bad_seed(self.seed)
        object.__setattr__(self, "at_min", as_times(self.at_min))
        offered = self.system(self.covariates.draw(1, self.seed)).outputs
        object.__setattr__(self, "outputs", choose("outputs", self.outputs, offered))
        if self.with_residual:
            for output in self.names:
                residual_of(self.parameter_set, output)

    @property
    def names(self) -> tuple[str, ...]:
        assert self.outputs is not None
        return self.outputs

    def bodies(self, n: int, *, first: int = 0, visit: int | None = None) -> Bodies:
        """Bodies first to first + n - 1 as they are between visits, or at one visit (counted from 0)."""
        return draw_bodies(self.parameter_set, n, self.seed, self.covariates, first=first, visit=visit)

    def levels(self, n: int, *, first: int = 0, out: FloatArray | None = None) -> FloatArray:
        """Levels of bodies first to first + n - 1, shape (n, outputs, times), in ng/mL."""
        levels = np.empty((n, len(self.names), self.at_min.size)) if out is None else out
        simulate_visits(self, lambda visit: self.bodies(n, first=first, visit=visit), levels)
        if self.with_residual:
            add_residual(self.parameter_set, levels, self.names, self.seed, first=first)
        return levels

    @property
    def in_parts(self) -> bool:
        """Whether levels can be made some bodies at a time: with nothing drawn for visits or for an assay."""
        return not (self.with_occasions or self.with_residual)

    def level_parts(self, n: int, *, first: int, room: FloatArray) -> Iterator[FloatArray]:
        """What `levels` gives, as many bodies at a time as `room` (bodies, outputs, times) has rows."""
        asked = _asked(self, self.regimen, self.bodies(n, first=first))
        yield from simulate_in_parts(**asked, room=room)

    def system(self, bodies: Bodies) -> System:
        return self.parameter_set.system(bodies) if self.system_of is None else self.system_of(bodies)


def simulate_visits(cohort: Cohort, bodies_at: Callable[[int | None], Bodies], out: FloatArray) -> None:
    """Fill `out` (bodies, outputs, times) with levels of the bodies that `bodies_at` gives for a visit.

    Where kinetics differ from visit to visit, the drug of each visit is followed to its end with the kinetics
    of that visit, and the levels add up; otherwise `bodies_at(None)` is asked for once.
    """
    omega = cohort.parameter_set.omega
    if not cohort.with_occasions or omega is None or omega.occasion is None:
        _simulate(cohort, cohort.regimen, bodies_at(None), out)
        return
    out[...] = 0.0
    one_visit = np.empty_like(out)
    for visit, day in enumerate(cohort.regimen.on_days):
        _simulate(cohort, replace(cohort.regimen, on_days=(day,)), bodies_at(visit), one_visit)
        out += one_visit


def _simulate(cohort: Cohort, regimen: Regimen, bodies: Bodies, out: FloatArray) -> None:
    simulate(**_asked(cohort, regimen, bodies), out=out)


def _asked(cohort: Cohort, regimen: Regimen, bodies: Bodies) -> dict[str, Any]:
    """What `simulate` and its kind are asked for: who gets what, and when which level is read."""
    profile, per_kg = regimen.for_cohort()
    return {
        "system": cohort.system(bodies),
        "profile": profile,
        "at_min": cohort.at_min,
        "outputs": cohort.names,
        "dose_scale": bodies.weight_kg if per_kg else None,
    }


def draw_bodies(
    parameter_set: ParameterSet,
    n: int,
    seed: int,
    covariates: CovariateModel | None = None,
    *,
    first: int = 0,
    visit: int | None = None,
) -> Bodies:
    """Bodies first to first + n - 1 with covariates and with the model's full covariance between bodies.

    With `visit` (from 0), what differs between a body's visits is added. A model without variability gives
    typical bodies. Raises CohortError for n below 1, a bad seed or a covariance that is not positive
    definite.
    """
    refuse_count("n", n)
    refuse_bad_seed(seed)
    if first < 0:
        raise CohortError(f"first must be 0 or more, not {first}.")
    people = (covariates or CovariateModel.fixed()).draw(n, seed, first=first)
    return replace(people, log_deviation=draw_deviations(parameter_set, n, seed, first=first, visit=visit))


def draw_deviations(
    parameter_set: ParameterSet, n: int, seed: int, *, first: int = 0, visit: int | None = None
) -> dict[str, FloatArray]:
    """What is added to the logarithm (or logit) of each varying parameter, by its name, shape (n,)."""
    found: dict[str, FloatArray] = {}
    between = parameter_set.omega
    if between is None:
        return found
    found |= _drawn(parameter_set, between, seed, Purpose.BETWEEN_BODIES, first, n, part=0)
    if between.occasion is not None and visit is not None:
        added = _drawn(parameter_set, between.occasion, seed, Purpose.OCCASION, first, n, part=visit)
        for name, values in added.items():
            found[name] = found[name] + values if name in found else values
    return found


def _drawn(
    parameter_set: ParameterSet,
    covariance: Covariance,
    seed: int,
    purpose: Purpose,
    first: int,
    n: int,
    part: int,
) -> dict[str, FloatArray]:
    among = "between bodies" if purpose is Purpose.BETWEEN_BODIES else "between visits"
    root = lower_root(covariance.matrix, covariance.names, f"The covariance of {parameter_set.name} {among}")
    columns = len(covariance.names)
    normals = standard_normals(seed, purpose, first=first, bodies=n, columns=columns, part=part)
    rows = correlate(root, normals)
    return {name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(covariance.names)}


def refuse_count(name: str, value: int) -> None:
    if type(value) is not int or value < 1:
        raise CohortError(f"{name} must be a whole number of 1 or more, not {value!r}.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortLevels:
    """Levels of a cohort, and what they may be taken for. They are estimates, never measurements.

    `reasons` says how many bodies are outside the range for which the model is offered, at least one sentence
    whenever the status is not OK. `caveats` are sentences that hold for any level of this model and cohort.
    `mean`, `sd`, `low`, `high` have the axes output and time, `quantiles` the axes share, output and time,
    and `levels`, None unless asked for, the axes body, output and time; all in ng/mL. Quantiles are within
    `quantile_error_ratio` of the exact ones, which is 0 when they are exact.
    """

    status: PredictionStatus
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    model_name: str
    citation: str
    bodies: int
    seed: int
    mean: Labelled
    sd: Labelled
    low: Labelled
    high: Labelled
    quantiles: Labelled
    quantile_error_ratio: float
    levels: Labelled | None = None
    model_warning: str | None = None

    def __post_init__(self) -> None:
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"


def simulate_cohort(
    parameter_set: ParameterSet,
    n: int,
    regimen: Regimen,
    at_min: ArrayLike,
    seed: int,
    *,
    covariates: CovariateModel | None = None,
    outputs: Sequence[str] | None = None,
    with_occasions: bool = False,
    with_residual: bool = False,
    system_of: SystemOf | None = None,
    summary: Summary | str = Summary.STREAMED,
    shares: Sequence[float] = SHARES,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> CohortLevels:
    """Levels of n virtual patients at `at_min` (times,), in minutes from day 0 of the regimen.

    Arguments not explained here are those of `Cohort` and `Workers`; without covariates everybody weighs
    70 kg. `shares` are those of the quantiles, from 0 to 1. `progress` counts pieces of work. The same
    arguments give the same bits whatever the workers. Raises CohortError and what `simulate` and
    `run_pieces` raise.
    """
    refuse_count("n", n)
    _refuse_shares(shares)
    cohort = Cohort(
        parameter_set=parameter_set,
        regimen=regimen,
        at_min=as_times(at_min),
        seed=seed,
        covariates=covariates or CovariateModel.fixed(),
        outputs=None if outputs is None else tuple(outputs),
        with_occasions=with_occasions,
        with_residual=with_residual,
        system_of=system_of,
    )
    workers = workers or Workers()
    summary = one_of("summary", summary, Summary, CohortError)
    _refuse_summary(cohort, summary)
    bodies = _pieces_of(cohort, n, workers)
    blocks = _blocks_of(cohort, workers) if summary is Summary.EXACT else []
    shape = (len(cohort.names), cohort.at_min.size)
    total = _Piece(columns=shape[0] * shape[1])
    levels = np.empty((n, *shape)) if summary is Summary.LEVELS else None
    quantiles = np.empty((len(shares), *shape))
    task = partial(_simulate_piece, cohort, n, summary, tuple(shares))
    for place, piece in run_pieces(task, [*bodies, *blocks], workers=workers, progress=progress):
        if isinstance(piece, _Piece):
            total.merge(piece)
            if levels is not None and piece.levels is not None:
                first, count = bodies[place]
                levels[first : first + count] = piece.levels
        else:
            quantiles[:, :, blocks[place - len(bodies)]] = piece
    if levels is not None:
        quantiles = np.quantile(levels, shares, axis=0)
    if total.counts is not None:
        quantiles = total.counts.quantiles(shares, total.moments).reshape(quantiles.shape)
    return _result(cohort, n, total, quantiles, levels, shares)


class _Piece:
    """What one piece of work gives: a summary, who is out of range, and all the levels if they are kept."""

    def __init__(self, columns: int) -> None:
        self.moments = Moments(columns)
        self.counts: Counts | None = None
        self.outside: dict[str, int] = {}
        self.levels: FloatArray | None = None

    def merge(self, other: "_Piece") -> None:
        self.moments.merge(other.moments)
        if self.counts is None:
            self.counts = other.counts
        elif other.counts is not None:
            self.counts.merge(other.counts)
        for words, count in other.outside.items():
            self.outside[words] = self.outside.get(words, 0) + count


def chunk_bodies(cohort: Cohort) -> int:
    """How many bodies are simulated at once where all their levels are needed."""
    return _whole_blocks(cohort, _CHUNK_VALUES)


def _whole_blocks(cohort: Cohort, values: int) -> int:
    """How many bodies in whole blocks have so many levels, but at least a block."""
    each = len(cohort.names) * cohort.at_min.size
    return min(_CHUNK_BODIES, max(1, values // (each * BLOCK_BODIES)) * BLOCK_BODIES)


def _pieces_of(cohort: Cohort, n: int, workers: Workers) -> list[tuple[int, int]]:
    """First body and number of bodies of each piece, all but the last a whole number of chunks.

    For several workers each piece is half of one's share of what is left: few pieces, of which the last are
    small, so that all end together.
    """
    chunk = _CHUNK_BODIES if cohort.in_parts else chunk_bodies(cohort)
    found, first = [], 0
    while first < n:
        left = -(-(n - first) // chunk)
        chunks = _PIECE_CHUNKS if workers.is_here else min(_PIECE_CHUNKS, -(-left // (2 * workers.hands)))
        found.append((first, min(chunks * chunk, n - first)))
        first += chunks * chunk
    return found


def _blocks_of(cohort: Cohort, workers: Workers) -> list[slice]:
    """The times whose exact quantiles each worker finds. Each makes the modes of all bodies for itself."""
    edges = np.linspace(0, cohort.at_min.size, workers.hands + 1).astype(int).tolist()
    return [slice(first, last) for first, last in pairwise(edges) if last > first]


def _simulate_piece(
    cohort: Cohort, n: int, summary: Summary, shares: Sequence[float], piece: tuple[int, int] | slice
) -> "_Piece | FloatArray":
    """The summary of some bodies (first, count), or exact quantiles of all n bodies at some times."""
    if isinstance(piece, slice):
        return _exact_quantiles(cohort, n, shares, piece)
    first, count = piece
    shape = (len(cohort.names), cohort.at_min.size)
    columns = shape[0] * shape[1]
    found = _Piece(columns)
    if summary is Summary.STREAMED:
        found.counts = Counts(columns)
    in_parts = cohort.in_parts and summary is not Summary.LEVELS
    chunk = _CHUNK_BODIES if in_parts else chunk_bodies(cohort)
    if summary is Summary.LEVELS:
        found.levels = np.empty((count, *shape))
    room = np.empty((min(_whole_blocks(cohort, _ROOM_VALUES) if in_parts else chunk, count), *shape))
    for start in range(0, count, chunk):
        some = min(chunk, count - start)
        parts: Iterable[FloatArray]
        if in_parts:
            parts = cohort.level_parts(some, first=first + start, room=room)
        else:
            out = room[:some] if found.levels is None else found.levels[start : start + some]
            parts = (cohort.levels(some, first=first + start, out=out),)
        for part in parts:
            rows = part.reshape(len(part), columns)
            found.moments.add(rows)
            if found.counts is not None:
                found.counts.add(rows)
        people = cohort.covariates.draw(some, cohort.seed, first=first + start)
        for words, outside in outside_range(cohort.parameter_set, cohort.regimen, people):
            found.outside[words] = found.outside.get(words, 0) + outside
    return found


def _exact_quantiles(cohort: Cohort, n: int, shares: Sequence[float], some: slice) -> FloatArray:
    """Quantiles at some of the times, shape (shares, outputs, times), by the modes of all bodies."""
    profile, per_kg = cohort.regimen.for_cohort()
    chunks = [(first, min(_CHUNK_BODIES, n - first)) for first in range(0, n, _CHUNK_BODIES)]
    weights = [cohort.covariates.draw(count, cohort.seed, first=first).weight_kg for first, count in chunks]
    bands = level_bands(
        (cohort.system(cohort.bodies(count, first=first)) for first, count in chunks),
        profile,
        cohort.at_min[some],
        shares=shares,
        outputs=cohort.names,
        dose_scale=np.concatenate(weights) if per_kg else None,
    )
    return np.ascontiguousarray(bands.values.transpose(1, 0, 2))


def _refuse_summary(cohort: Cohort, summary: Summary) -> None:
    if summary is Summary.EXACT and not cohort.in_parts:
        raise CohortError(
            'summary "exact" is offered without residual error and without occasions; with them, ask for '
            '"levels" or "streamed".'
        )


def _refuse_shares(shares: Sequence[float]) -> None:
    if not shares or not all(0 <= share <= 1 for share in shares):
        raise CohortError(f"shares must be numbers from 0 to 1, not {tuple(shares)}.")
    if any(b <= a for a, b in pairwise(shares)):
        raise CohortError(f"shares must be strictly increasing, not {tuple(shares)}.")


def _result(
    cohort: Cohort,
    n: int,
    total: _Piece,
    quantiles: FloatArray,
    levels: FloatArray | None,
    shares: Sequence[float],
) -> CohortLevels:
    parameter_set = cohort.parameter_set
    axes = (Axis("output", cohort.names), Axis("time", cohort.at_min, "min"))
    shape = tuple(len(axis) for axis in axes)
    share_axis = Axis("share", np.array(shares, dtype=np.float64))

    def labelled(values: FloatArray) -> Labelled:
        return Labelled(values.reshape(shape), "ng/mL", axes)

    reasons = reasons_outside(parameter_set, n, total.outside)
    body_axis = Axis("body", np.arange(n, dtype=np.float64))
    return CohortLevels(
        status=PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK,
        reasons=reasons,
        caveats=caveats_of(cohort),
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        bodies=n,
        seed=cohort.seed,
        mean=labelled(total.moments.mean),
        sd=labelled(total.moments.sd),
        low=labelled(total.moments.low),
        high=labelled(total.moments.high),
        quantiles=Labelled(quantiles, "ng/mL", (share_axis, *axes)),
        quantile_error_ratio=0.0 if total.counts is None else QUANTILE_ERROR_RATIO,
        levels=None if levels is None else Labelled(levels, "ng/mL", (body_axis, *axes)),
        model_warning=parameter_set.warning,
    )


def caveats_of(cohort: Cohort) -> tuple[str, ...]:
    """Sentences on what the variability and the covariates of this cohort stand on."""
    parameter_set, omega = cohort.parameter_set, cohort.parameter_set.omega
    found = [f"Covariates: {cohort.covariates.name}. {cohort.covariates.statement}"]
    if omega is None:
        found.append(
            f"{parameter_set.name} gives no variability, so that all bodies of one weight are alike."
        )
    else:
        found.append(f"Between bodies: basis {omega.basis}. {omega.statement}")
        if cohort.with_occasions and omega.occasion is not None:
            found.append(f"Between visits: basis {omega.occasion.basis}. {omega.occasion.statement}")
    if parameter_set.warning is not None:
        found.append(parameter_set.warning)
    return (*found, parameter_set.reading, *parameter_set.assumptions)
