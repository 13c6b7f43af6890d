"""Virtual trials: arms with their regimens and sampling times, people who leave, readings with error."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.arrays import FloatArray, as_times
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.chance import Purpose, uniforms
from evenkeel.pharmacology.cohort import (
    Cohort,
    SystemOf,
    caveats_of,
    chunk_bodies,
    refuse_count,
)
from evenkeel.pharmacology.cohort_range import outside_range, reasons_outside
from evenkeel.pharmacology.covariates import BASES, CovariateModel
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.regimen import MINUTES_PER_DAY, Regimen
from evenkeel.pharmacology.residual import add_residual
from evenkeel.pharmacology.workers import Progress, Workers, run_pieces

Column = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """So many bodies on one regimen, sampled at `at_min` (times,), in minutes from day 0 of the regimen.

    Raises CohortError for a name that is empty or fewer than one body, OutputTimeError for times that are not
    strictly increasing.
    """

    name: str
    bodies: int
    regimen: Regimen
    at_min: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise CohortError("name of an arm must not be empty.")
        refuse_count(f"bodies of arm {self.name!r}", self.bodies)
        as_times(self.at_min)


def sample_times(regimen: Regimen, after_min: Sequence[float]) -> tuple[float, ...]:
    """The same sampling times, in minutes after day's start, on each day of a regimen: `at_min` of an arm.

    Raises OutputTimeError for times that are not strictly increasing, or that reach into the next day's.
    """
    times = as_times(after_min)
    return tuple(as_times([day * MINUTES_PER_DAY + t for day in regimen.on_days for t in times]).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOut:
    """When people leave: S(t) = exp(-(hazard_per_day * days) ** shape), from day 0 on, for any reason.

    A shape of 1 is a constant hazard; above 1 it rises. `basis` is "source", "second-hand" or "assumption",
    and `source` says where the numbers are from. Raises CohortError for values that cannot be.
    """

    hazard_per_day: float
    basis: str
    source: str
    shape: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.hazard_per_day) and self.hazard_per_day >= 0):
            raise CohortError(
                f"hazard_per_day must be a finite number of 0 or more, not {self.hazard_per_day}."
            )
        if not (math.isfinite(self.shape) and self.shape > 0):
            raise CohortError(f"shape must be a finite number greater than 0, not {self.shape}.")
        if self.basis not in BASES:
            raise CohortError(f"basis must be one of {', '.join(BASES)}, not {self.basis!r}.")
        if not self.source.strip():
            raise CohortError("source must say where the hazard is from.")

    @classmethod
    def of_share(cls, share: float, by_day: float, *, basis: str, source: str) -> "DropOut":
        """A constant hazard with which this share has left by a day. Raises CohortError."""
        if not (0 <= share < 1 and math.isfinite(by_day) and by_day > 0):
            raise CohortError(
                f"share must be from 0 up to 1 and by_day more than 0, not {share} and {by_day}."
            )
        return cls(hazard_per_day=-math.log1p(-share) / by_day, basis=basis, source=source)

    def leaving_min(self, seed: int, *, first: int, bodies: int) -> FloatArray:
        """When bodies first, first + 1, ... leave, shape (bodies,), in minutes; infinity for never."""
        even = uniforms(seed, Purpose.DROP_OUT, first=first, bodies=bodies, columns=1)[:, 0]
        if self.hazard_per_day == 0:
            return np.full(bodies, np.inf)
        days = (-np.log(even)) ** (1 / self.shape) / self.hazard_per_day
        found: FloatArray = days * MINUTES_PER_DAY
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Columns of one length by name; a name ends with the unit, as in `level_ng_per_ml`."""

    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def column(self, name: str) -> Column:
        """One column. Raises CohortError that names the columns there are."""
        if name not in self.columns:
            raise CohortError(f"There is no column {name!r}; there is {', '.join(self.columns)}.")
        return self.columns[name]

    def where(self, **values: object) -> "Table":
        """The rows that have these values, as in `where(arm="weekly", output="ketamine")`."""
        chosen = np.ones(len(self), dtype=bool)
        for name, value in values.items():
            chosen &= self.column(name) == value
        return Table(columns={name: column[chosen] for name, column in self.columns.items()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A simulated trial, and what it may be taken for.

    `people` has one row per body: arm, body, weight_kg, age_years and sex where they are drawn, left_min
    (when the person leaves; infinity for never) and visits (begun before that). `samples` has one row for
    each body, sampling time and output: arm, body, weight_kg, age_years, visit (from 1; 0 before the
    first), time_min (from day 0), since_visit_min, output, level_ng_per_ml (of the body) and, with a
    residual error, observed_ng_per_ml (what the assay reads). Nobody has a sample from the time they leave
    on.
    """

    status: PredictionStatus
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    model_name: str
    citation: str
    seed: int
    people: Table
    samples: Table

    def __post_init__(self) -> None:
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"


def simulate_trial(
    parameter_set: ParameterSet,
    arms: Sequence[Arm],
    seed: int,
    *,
    covariates: CovariateModel | None = None,
    outputs: Sequence[str] | None = None,
    drop_out: DropOut | None = None,
    with_occasions: bool = True,
    with_residual: bool = True,
    paired: bool = False,
    system_of: SystemOf | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Trial:
    """Simulate a trial; the same arguments give the same bits whatever the workers.

    Arms have bodies of their own, numbered on from the arm before. With `paired`, every arm has the same
    bodies, with the same visits' kinetics, errors and leaving, which shows what the regimen alone does.
    Other arguments are those of `Cohort` and `Workers`. Raises CohortError, naming the argument, and what
    `simulate` and `run_pieces` raise.
    """
    _refuse_arms(arms, paired)
    plans = [
        Cohort(
            parameter_set=parameter_set,
            regimen=arm.regimen,
            at_min=as_times(arm.at_min),
            seed=seed,
            covariates=covariates or CovariateModel.fixed(),
            outputs=None if outputs is None else tuple(outputs),
            with_occasions=with_occasions,
            with_residual=with_residual,
            system_of=system_of,
        )
        for arm in arms
    ]
    firsts = [0 if paired else sum(arm.bodies for arm in arms[:i]) for i in range(len(arms))]
    pieces = [
        (i, firsts[i] + first, min(chunk_bodies(plan), arm.bodies - first))
        for i, (plan, arm) in enumerate(zip(plans, arms, strict=True))
        for first in range(0, arm.bodies, chunk_bodies(plan))
    ]
    task = partial(_simulate_piece, plans, tuple(arm.name for arm in arms), drop_out)
    done = dict(run_pieces(task, pieces, workers=workers or Workers(), progress=progress))
    parts = [done[place] for place in range(len(pieces))]
    outside: dict[str, int] = {}
    for part in parts:
        for words, count in part.outside.items():
            outside[words] = outside.get(words, 0) + count
    whole = sum(arm.bodies for arm in arms)
    reasons = reasons_outside(parameter_set, whole, outside)
    return Trial(
        status=PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK,
        reasons=reasons,
        caveats=(*_leaving_words(drop_out), *caveats_of(plans[0])),
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        seed=seed,
        people=_stacked([part.people for part in parts]),
        samples=_stacked([part.samples for part in parts]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Some bodies of one arm."""

    people: Table
    samples: Table
    outside: Mapping[str, int]


def _simulate_piece(
    plans: Sequence[Cohort], names: Sequence[str], drop_out: DropOut | None, piece: tuple[int, int, int]
) -> _Part:
    arm, first, n = piece
    plan = plans[arm]
    people = plan.bodies(n, first=first)
    left_min = np.full(n, np.inf)
    if drop_out is not None:
        left_min = drop_out.leaving_min(plan.seed, first=first, bodies=n)
    return _Part(
        people=Table(columns=_people(plan, names[arm], people, first, left_min)),
        samples=Table(columns=_samples(plan, names[arm], people, first, left_min)),
        outside=dict(outside_range(plan.parameter_set, plan.regimen, people)),
    )


def _people(plan: Cohort, arm: str, people: Bodies, first: int, left_min: FloatArray) -> dict[str, Column]:
    starts = np.array(plan.regimen.on_days) * MINUTES_PER_DAY
    return {
        "arm": np.full(len(people), arm),
        "body": np.arange(first, first + len(people)),
        **_covariates(people),
        **({} if people.sex is None else {"sex": people.sex}),
        "left_min": left_min,
        "visits": np.searchsorted(starts, left_min, side="left"),
    }


def _samples(plan: Cohort, arm: str, people: Bodies, first: int, left_min: FloatArray) -> dict[str, Column]:
    """One row per body, time and output, without those from the time a body leaves on."""
    n, outputs, times = len(people), len(plan.names), plan.at_min.size
    levels = replace(plan, with_residual=False).levels(n, first=first)
    starts = np.array(plan.regimen.on_days) * MINUTES_PER_DAY
    visit = np.searchsorted(starts, plan.at_min, side="right")
    since = np.where(visit > 0, plan.at_min - starts[np.maximum(visit, 1) - 1], np.nan)
    shape = (n, times, outputs)
    kept = np.broadcast_to((plan.at_min < left_min[:, np.newaxis])[:, :, np.newaxis], shape)

    def column(values: Column) -> Column:
        return np.broadcast_to(values, shape)[kept]

    def per_body(values: Column) -> Column:
        return column(values[:, np.newaxis, np.newaxis])

    def per_time(values: Column) -> Column:
        return column(values[np.newaxis, :, np.newaxis])

    found: dict[str, Column] = {
        "arm": np.full(int(np.count_nonzero(kept)), arm),
        "body": per_body(np.arange(first, first + n)),
        **{name: per_body(values) for name, values in _covariates(people).items()},
        "visit": per_time(visit),
        "time_min": per_time(plan.at_min),
        "since_visit_min": per_time(since),
        "output": column(np.array(plan.names)),
        "level_ng_per_ml": column(levels.transpose(0, 2, 1)),
    }
    if plan.with_residual:
        observed = levels.copy()
        add_residual(plan.parameter_set, observed, plan.names, plan.seed, first=first)
        found["observed_ng_per_ml"] = column(observed.transpose(0, 2, 1))
    return found


def _covariates(people: Bodies) -> dict[str, Column]:
    age = {} if people.age_years is None else {"age_years": people.age_years}
    return {"weight_kg": people.weight_kg, **age}


def _stacked(tables: Sequence[Table]) -> Table:
    names = tables[0].columns
    return Table(columns={name: np.concatenate([table.columns[name] for table in tables]) for name in names})


def _leaving_words(drop_out: DropOut | None) -> tuple[str, ...]:
    if drop_out is None:
        return ("Nobody leaves.",)
    shape = "" if drop_out.shape == 1 else f", shape {drop_out.shape:g}"
    rate = f"{drop_out.hazard_per_day:.4g} per day{shape}"
    return (f"People leave at {rate}. Basis: {drop_out.basis}. {drop_out.source}",)


def _refuse_arms(arms: Sequence[Arm], paired: bool) -> None:
    if not arms:
        raise CohortError("arms must have at least one arm.")
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        raise CohortError(f"Each arm must have a name of its own, not {', '.join(names)}.")
    if paired and len({arm.bodies for arm in arms}) > 1:
        raise CohortError("Arms that are paired must have the same number of bodies.")
