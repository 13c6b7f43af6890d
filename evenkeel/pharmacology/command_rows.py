"""Results as the rows of a table: one row for each value, with its unit and what it may be taken for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import FileError, ObservationError
from evenkeel.pharmacology.parameter_checks import TOLERANCE, recomputed
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import Prediction, band_of, levels_of, varied_bodies
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.tables import Column, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from evenkeel.pharmacology.cohort import CohortLevels
    from evenkeel.pharmacology.effects import EffectPrediction
    from evenkeel.pharmacology.individual import IndividualEstimate, LevelSample

LEVEL_UNIT: Final = "ng/mL"
LEVEL_COLUMNS: Final = ("at_min", "level_ng_per_ml", "output", "unit")
CHECK_COLUMNS: Final = (
    "model",
    "checked",
    "at_min",
    "expected",
    "tolerance",
    "computed",
    "unit",
    "verdict",
    "source",
)
MISSED: Final = "MISSED"
MISSED_AS_DOCUMENTED: Final = "missed, as documented"


def level_rows(
    parameter_set: ParameterSet,
    prediction: Prediction,
    weight_kg: float,
    age_years: float | None,
    profile: InfusionProfile,
) -> dict[str, Column]:
    """One row per time and output; the status of the prediction stands in each. Empty without a curve."""
    if prediction.time_min is None:
        return {}
    times = prediction.time_min
    typical = Bodies.typical(weight_kg, age_years)
    varied, _ = varied_bodies(parameter_set, weight_kg, age_years)
    parts = []
    for output in parameter_set.outputs:
        value = levels_of(parameter_set, typical, profile, times, outlet=output)[0]
        band = None
        if varied is not None:
            band = band_of(levels_of(parameter_set, varied, profile, times, outlet=output))
        rows = _rows(output, LEVEL_UNIT, times, value, band)
        parts.append(_marked(rows, prediction.model_name, parameter_set.sampling_site, prediction.status))
    return stacked(parts)


def effect_rows(effect: "EffectPrediction", sampling_site: str) -> dict[str, Column]:
    """One row per time, or one without a time for an effect of the whole visit."""
    if effect.value is None:
        return {}
    times = np.array([np.nan]) if effect.time_min is None else effect.time_min
    band = None
    if effect.band_low is not None and effect.band_high is not None:
        band = np.atleast_1d(effect.band_low), np.atleast_1d(effect.band_high)
    rows = _rows(str(effect.effect), effect.unit, times, np.atleast_1d(effect.value), band)
    return _marked(rows, effect.model_name, sampling_site, effect.status)


def cohort_rows(levels: "CohortLevels", sampling_site: str) -> dict[str, Column]:
    """One row per time and output: mean, SD, smallest, largest and each quantile, in ng/mL."""
    rows: dict[str, Column] = dict(levels.mean.columns())
    rows["mean_ng_per_ml"] = rows.pop("value_ng_per_ml")
    for name, values in (("sd", levels.sd), ("low", levels.low), ("high", levels.high)):
        rows[f"{name}_ng_per_ml"] = values.values.ravel()
    shares = np.asarray(levels.quantiles.axis("share").labels, dtype=np.float64)
    for share, values in zip(shares, levels.quantiles.values, strict=True):
        rows[f"percentile_{100 * share:g}_ng_per_ml"] = values.ravel()
    return _marked(rows, levels.model_name, sampling_site, levels.status) | {
        "bodies": np.full(levels.mean.values.size, levels.bodies),
        "seed": np.full(levels.mean.values.size, levels.seed),
    }


def fit_rows(estimate: "IndividualEstimate") -> dict[str, Column]:
    """One row per parameter: its ratio to the typical value, the 90 % interval, and what was learnt."""
    posterior = estimate.posterior
    intervals = np.exp([posterior.interval(name) for name in posterior.names])
    return {
        "parameter": list(posterior.names),
        "ratio_to_typical": np.exp(posterior.deviation),
        "ratio_low": intervals[:, 0],
        "ratio_high": intervals[:, 1],
        "log_sd": posterior.sd,
        "shrinkage": posterior.shrinkage,
        "narrowing": posterior.narrowing,
        "model": [estimate.parameter_set.name] * len(posterior.names),
    }


def check_rows(parameter_set: ParameterSet) -> dict[str, Column]:
    """One row per check value: what is expected from where, what is computed, and whether that holds."""
    rows: dict[str, list[object]] = {name: [] for name in CHECK_COLUMNS}
    for check in parameter_set.checks:
        computed = recomputed(parameter_set.system(check.body), check)
        times = check.at_min or (np.nan,) * len(check.expected)
        absolute, unit = TOLERANCE[check.kind]
        for at_min, expected, got in zip(times, check.expected, computed, strict=True):
            verdict = MISSED if check.misses is None else MISSED_AS_DOCUMENTED
            verdict = "ok" if check.holds(expected, got) else verdict
            tolerance = max(check.tolerance_ratio * abs(expected), absolute)
            numbers = (at_min, expected, tolerance, got)
            cells = (parameter_set.key, check.words, *numbers, unit, verdict, check.source)
            for column, cell in zip(rows.values(), cells, strict=True):
                column.append(cell)
    return {name: np.array(cells) for name, cells in rows.items()}


def read_samples(path: "Path") -> "tuple[LevelSample, ...]":
    """Read measured levels: at_min, level_ng_per_ml, and where it is not ketamine or ng/mL, output and unit.

    Raises FileError for a missing or unknown column, ObservationError naming the row for what cannot be.
    """
    from evenkeel.pharmacology.individual import LevelSample

    columns = read_table(path)
    accepted = ", ".join(LEVEL_COLUMNS)
    unknown = [name for name in columns if name not in LEVEL_COLUMNS]
    if unknown:
        raise FileError(f"{path}: {unknown[0]} is not a column of levels; there is {accepted}.")
    for name in LEVEL_COLUMNS[:2]:
        if name not in columns:
            raise FileError(f"{path}: the column {name} is missing.")
    samples = []
    for i in range(len(columns["at_min"])):
        numbers: list[float] = []
        for name in LEVEL_COLUMNS[:2]:
            try:
                numbers.append(float(columns[name][i]))
            except ValueError as cause:
                raise FileError(
                    f"{path}: {name} of row {i + 1} must be a number, not {columns[name][i]!r}."
                ) from cause
        words = {name: columns[name][i] for name in LEVEL_COLUMNS[2:] if columns.get(name, [""] * (i + 1))[i]}
        try:
            samples.append(LevelSample(at_min=numbers[0], level_ng_per_ml=numbers[1], **words))
        except ObservationError as cause:
            raise ObservationError(f"{path}: row {i + 1}: {cause}") from cause
    return tuple(samples)


def stacked(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """Tables of the same columns as one, in order; empty ones are left out."""
    filled = [part for part in parts if part]
    if not filled:
        return {}
    return {name: np.concatenate([np.asarray(part[name]) for part in filled]) for name in filled[0]}


def _rows(
    quantity: str,
    unit: str,
    times: FloatArray,
    value: FloatArray,
    band: tuple[FloatArray, FloatArray] | None,
) -> dict[str, Column]:
    unknown = np.full(times.size, np.nan)
    low, high = (unknown, unknown) if band is None else band
    return {
        "time_min": times,
        "quantity": np.full(times.size, quantity),
        "unit": np.full(times.size, unit),
        "value": value,
        "band_low": low,
        "band_high": high,
    }


def _marked(rows: Mapping[str, Column], model: str, sampling_site: str, status: str) -> dict[str, Column]:
    count = len(next(iter(rows.values())))
    marks = {"model": model, "sampling_site": sampling_site, "status": str(status)}
    return dict(rows) | {name: np.full(count, words) for name, words in marks.items()}
