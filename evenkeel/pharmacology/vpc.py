"""Visual predictive check: do percentiles of what was observed lie where the model would put them?

Holford NHG, The visual predictive check: superiority to standard diagnostic (Rorschach) plots, PAGE 14,
abstract 738 (2005). With correction for what the model predicts, where doses or covariates differ within a
bin: Bergstrand M et al., AAPS J 13:143 (2011), 10.1208/s12248-011-9255-z.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.arrays import Axis, FloatArray, Labelled, as_times
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.chance import Purpose, standard_normals
from evenkeel.pharmacology.cohort import (
    Cohort,
    draw_deviations,
    refuse_count,
    simulate_visits,
)
from evenkeel.pharmacology.cohort_range import outside_range, reasons_outside
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.regimen import Regimen
from evenkeel.pharmacology.residual import read_level, residual_of

SHARES: Final = (0.05, 0.5, 0.95)
COVERAGE: Final = 0.9
DATA_SETS: Final = 500
# With more times than this, each its own bin, the edges of the bins have to be said.
_MOST_TIMES: Final = 40
# Where the bodies of data sets are counted from, so that none is a body of the trial that is checked, even
# where both have one seed.
_FIRST_BODY: Final = 2**40
# Levels simulated at once: 64 MB.
_CHUNK_VALUES: Final = 2**23


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModel:
    """Which model is checked against which values, and whether the bodies observed are in its range."""

    model_name: str
    citation: str
    output: str
    status: PredictionStatus
    reasons: tuple[str, ...]
    model_warning: str | None = None

    def __post_init__(self) -> None:
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VisualCheck:
    """Percentiles of the observed values of each bin, and where those of simulated data sets lie.

    `observed`, the median over data sets `middle`, and the ends `low` and `high` of the band that holds
    `coverage` of the data sets have the axes share (which percentile, from 0 to 1) and time (the median
    time of the observations of each bin, in minutes). `count`, `start_min` and `end_min` (bins,) are the
    observations of each bin and its first and last time. Bins without observations are left out. With
    `is_corrected`, each value was divided by what the typical body of its covariates has, and multiplied by
    the median of its bin.
    """

    about: CheckedModel
    observed: Labelled
    low: Labelled
    middle: Labelled
    high: Labelled
    count: NDArray[np.int64]
    start_min: FloatArray
    end_min: FloatArray
    coverage: float
    data_sets: int
    is_corrected: bool

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Whether the observed percentile lies outside its band, shape (shares, bins)."""
        value = self.observed.values
        found: NDArray[np.bool_] = (value < self.low.values) | (value > self.high.values)
        return found


def check_predictions(
    parameter_set: ParameterSet,
    observed: Mapping[str, ArrayLike],
    regimen: Regimen | Mapping[str, Regimen],
    seed: int,
    *,
    output: str = "ketamine",
    data_sets: int = DATA_SETS,
    edges_min: Sequence[float] | None = None,
    shares: Sequence[float] = SHARES,
    coverage: float = COVERAGE,
    with_occasions: bool = False,
    is_corrected: bool = False,
) -> VisualCheck:
    """Simulate the observed bodies at their observed times over and over, and compare percentiles.

    `observed` has one value per row in the columns body, weight_kg, time_min (from day 0), observed_ng_per_ml
    and, where they apply, age_years, arm and output (rows of other outputs are left out), as in the samples
    of a `Trial`. `regimen` is one for all, or one for each arm by its name. `edges_min` (bins + 1,) strictly
    increasing; without them each time is a bin.

    Raises CohortError for a missing column, values that are not finite, a body of two weights, an arm without
    a regimen, times outside the edges, or a model without residual error.
    """
    refuse_count("data_sets", data_sets)
    rows = _Rows.read(observed, output)
    arms = np.unique(rows.arm).tolist()
    regimens = regimen if isinstance(regimen, Mapping) else dict.fromkeys(arms, regimen)
    simulated, typical = _simulate(parameter_set, rows, regimens, seed, output, data_sets, with_occasions)
    return compare_percentiles(
        rows.time_min,
        rows.value,
        simulated,
        about=_about(parameter_set, regimens, rows, output),
        edges_min=edges_min,
        shares=shares,
        coverage=coverage,
        typical=typical if is_corrected else None,
    )


def compare_percentiles(
    time_min: ArrayLike,
    observed: ArrayLike,
    simulated: FloatArray,
    *,
    about: CheckedModel,
    edges_min: Sequence[float] | None = None,
    shares: Sequence[float] = SHARES,
    coverage: float = COVERAGE,
    typical: FloatArray | None = None,
) -> VisualCheck:
    """Percentiles per bin of observed values (rows,) and of simulated data sets (data sets, rows), in ng/mL.

    `typical` (rows,), greater than 0, is what the typical body of each row's covariates has, for the
    correction. Raises CohortError, naming the argument.
    """
    times, values = _finite("time_min", time_min), _finite("observed", observed)
    if simulated.ndim != 2 or simulated.shape[1] != times.size or values.size != times.size:
        raise CohortError("observed and simulated must have one value for each of time_min.")
    _refuse_share("coverage", coverage)
    for share in shares:
        _refuse_share("shares", share)
    bins = _bins(times, edges_min)
    wanted = np.array(shares, dtype=np.float64)
    tail = (1 - coverage) / 2
    found = np.empty((4, wanted.size, len(bins)))
    for i, rows in enumerate(bins):
        factor: FloatArray | float = 1.0
        if typical is not None:
            if not np.all(typical[rows] > 0):
                raise CohortError(
                    "typical must be greater than 0, so no time may come before the first dose."
                )
            factor = np.median(typical[rows]) / typical[rows]
        found[0, :, i] = np.quantile(values[rows] * factor, wanted)
        each = np.quantile(simulated[:, rows] * factor, wanted, axis=1)
        found[1:, :, i] = np.quantile(each, [tail, 0.5, 1 - tail], axis=1)
    axes = (Axis("share", wanted), Axis("time", np.array([np.median(times[rows]) for rows in bins]), "min"))
    observed_, low, middle, high = (Labelled(one, "ng/mL", axes) for one in found)
    return VisualCheck(
        about=about,
        observed=observed_,
        low=low,
        middle=middle,
        high=high,
        count=np.array([rows.size for rows in bins], dtype=np.int64),
        start_min=np.array([times[rows].min() for rows in bins]),
        end_min=np.array([times[rows].max() for rows in bins]),
        coverage=coverage,
        data_sets=len(simulated),
        is_corrected=typical is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """The observed rows of one output, and the bodies in them in the order of their arms.

    `subject` (rows,) is the place of each row's body; `subject_arm` and `people` have one value per body.
    """

    time_min: FloatArray
    value: FloatArray
    arm: NDArray[Any]
    subject: NDArray[np.intp]
    subject_arm: NDArray[Any]
    people: Bodies

    @classmethod
    def read(cls, observed: Mapping[str, ArrayLike], output: str) -> "_Rows":
        needed = ("body", "weight_kg", "time_min", "observed_ng_per_ml")
        for name in needed:
            if name not in observed:
                raise CohortError(f"observed has no column {name!r}; it has {', '.join(observed)}.")
        columns = {name: np.asarray(values) for name, values in observed.items()}
        if len({column.shape for column in columns.values()}) > 1 or columns["body"].ndim != 1:
            raise CohortError("observed must have columns of one length.")
        if "output" in columns:
            chosen = columns["output"] == output
            columns = {name: column[chosen] for name, column in columns.items()}
        if columns["body"].size == 0:
            raise CohortError(f"observed has no row of output {output!r}.")
        arm = columns.get("arm", np.full(columns["body"].size, ""))
        who = np.rec.fromarrays([arm, columns["body"]])
        _, place, subject = np.unique(who, return_index=True, return_inverse=True)
        numbers = {name: _finite(name, columns[name]) for name in needed[1:]}
        covariates = {"weight_kg": numbers["weight_kg"]}
        if "age_years" in columns:
            covariates["age_years"] = _finite("age_years", columns["age_years"])
        for name, column in covariates.items():
            if np.any(column != column[place][subject]):
                body = columns["body"][np.flatnonzero(column != column[place][subject])[0]]
                raise CohortError(f"{name} must be the same in all rows of a body, but body {body} has two.")
        age = covariates.get("age_years")
        return cls(
            time_min=numbers["time_min"],
            value=numbers["observed_ng_per_ml"],
            arm=arm,
            subject=subject,
            subject_arm=arm[place],
            people=Bodies(
                weight_kg=covariates["weight_kg"][place], age_years=None if age is None else age[place]
            ),
        )


def _simulate(
    parameter_set: ParameterSet,
    rows: _Rows,
    regimens: Mapping[str, Regimen],
    seed: int,
    output: str,
    data_sets: int,
    with_occasions: bool,
) -> tuple[FloatArray, FloatArray]:
    """Readings of simulated data sets, shape (data sets, rows), and typical levels without error (rows,)."""
    simulated = np.empty((data_sets, rows.time_min.size))
    typical = np.empty(rows.time_min.size)
    error = residual_of(parameter_set, output)
    for arm in np.unique(rows.subject_arm).tolist():
        if arm not in regimens:
            raise CohortError(f"regimen has none for arm {arm!r}; it has {', '.join(regimens)}.")
        mine = np.flatnonzero(rows.arm == arm)
        times, at = np.unique(rows.time_min[mine], return_inverse=True)
        plan = Cohort(
            parameter_set=parameter_set,
            regimen=regimens[arm],
            at_min=as_times(times),
            seed=seed,
            outputs=(output,),
            with_occasions=with_occasions,
        )
        subjects = np.flatnonzero(rows.subject_arm == arm)
        place = rows.subject[mine] - subjects[0]
        levels = np.empty((subjects.size, 1, times.size))
        simulate_visits(plan, partial(_same, rows.people.part(subjects)), levels)
        typical[mine] = levels[place, 0, at]
        together = max(1, _CHUNK_VALUES // levels.size)
        for first in range(0, data_sets, together):
            some = range(first, min(first + together, data_sets))
            drawn = np.empty((len(some) * subjects.size, 1, times.size))
            simulate_visits(plan, partial(_redrawn, plan, rows, subjects, some), drawn)
            by_set = drawn.reshape(len(some), subjects.size, times.size)
            simulated[some.start : some.stop, mine] = by_set[:, place, at]
    normals = standard_normals(seed, Purpose.DATA_SETS, first=0, bodies=data_sets, columns=rows.time_min.size)
    return read_level(error, simulated, normals), typical


def _same(people: Bodies, _visit: int | None) -> Bodies:
    return people


def _redrawn(plan: Cohort, rows: _Rows, subjects: NDArray[np.intp], some: range, visit: int | None) -> Bodies:
    """The observed bodies of one arm with new kinetics for each of some data sets, data set by data set."""
    whole = len(rows.people)
    first = _FIRST_BODY + some.start * whole
    deviation = draw_deviations(plan.parameter_set, len(some) * whole, plan.seed, first=first, visit=visit)
    chosen = (np.arange(len(some))[:, np.newaxis] * whole + subjects).ravel()
    people = rows.people.part(np.tile(subjects, len(some)))
    return Bodies(
        weight_kg=people.weight_kg,
        age_years=people.age_years,
        log_deviation={name: values[chosen] for name, values in deviation.items()},
    )


def _about(
    parameter_set: ParameterSet, regimens: Mapping[str, Regimen], rows: _Rows, output: str
) -> CheckedModel:
    outside: dict[str, int] = {}
    for arm in np.unique(rows.subject_arm).tolist():
        people = rows.people.part(np.flatnonzero(rows.subject_arm == arm))
        for words, count in outside_range(parameter_set, regimens[arm], people):
            outside[words] = outside.get(words, 0) + count
    reasons = reasons_outside(parameter_set, len(rows.people), outside)
    return CheckedModel(
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        output=output,
        status=PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK,
        reasons=reasons,
        model_warning=parameter_set.warning,
    )


def _bins(times: FloatArray, edges_min: Sequence[float] | None) -> list[NDArray[np.intp]]:
    """The rows of each bin that has any, in order of time."""
    if edges_min is None:
        distinct, place = np.unique(times, return_inverse=True)
        if distinct.size > _MOST_TIMES:
            raise CohortError(
                f"There are {distinct.size} observed times: give edges_min, which says what is one bin."
            )
        return [np.flatnonzero(place == i) for i in range(distinct.size)]
    edges = _finite("edges_min", edges_min)
    if edges.size < 2 or np.any(np.diff(edges) <= 0):
        raise CohortError("edges_min must be at least two times, strictly increasing.")
    if times.min() < edges[0] or times.max() > edges[-1]:
        raise CohortError(
            f"edges_min must hold all observed times, from {times.min():g} to {times.max():g} min, but they "
            f"run from {edges[0]:g} to {edges[-1]:g} min."
        )
    place = np.minimum(np.searchsorted(edges, times, side="right") - 1, edges.size - 2)
    bins = (np.flatnonzero(place == i) for i in range(edges.size - 1))
    return [rows for rows in bins if rows.size]


def _finite(name: str, values: ArrayLike) -> FloatArray:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise CohortError(f"{name} must be a list of numbers.") from cause
    if found.ndim != 1 or found.size == 0 or not np.all(np.isfinite(found)):
        raise CohortError(f"{name} must be a list of finite numbers that is not empty.")
    return found


def _refuse_share(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise CohortError(f"{name} must be between 0 and 1, not {share:g}.")
