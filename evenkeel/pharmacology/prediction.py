"""The predicted level of one patient, with everything a picture needs in order to say what it is."""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.errors import BodyError, OutputTimeError
from evenkeel.pharmacology.mammillary import central_level_mg_per_l
from evenkeel.pharmacology.parameter_set import NG_PER_ML_IN_MG_PER_L, ParameterSet
from evenkeel.pharmacology.profile import FloatArray, InfusionProfile

# The band is the middle 90 % of simulated bodies.
BAND_COVERAGE_PERCENT = 90
BAND_BODIES = 200

# Bases of the Halton sequence, one for each parameter that varies.
_HALTON_BASES = (2, 3, 5, 7, 11, 13)


class PredictionStatus(StrEnum):
    """What a prediction may be taken for. Only `OK` may be shown without a warning beside it."""

    OK = "ok"
    OUTSIDE_POPULATION = "outside studied population"
    MISSING_INPUT = "missing input"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """An estimated level over time, or the reason why there is none. It is never a measurement.

    `time_min`, `level_ng_per_ml` and the two band arrays are float64 of shape (times,), read-only; all four
    are None when there is nothing to draw, which is always so for missing input. The band is None alone when
    the model offers no variability. `reasons` holds sentences, at least one whenever the status is not OK.
    `caveats` are sentences that hold for any curve of this model and belong beside it.
    `present_min` divides the curve into what was given and what is planned.
    """

    status: PredictionStatus
    reasons: tuple[str, ...]
    model_name: str
    citation: str
    analyte: str
    sampling_site: str
    population: str
    caveats: tuple[str, ...]
    band_statement: str | None
    present_min: float | None = None
    time_min: FloatArray | None = None
    level_ng_per_ml: FloatArray | None = None
    band_low_ng_per_ml: FloatArray | None = None
    band_high_ng_per_ml: FloatArray | None = None

    def __post_init__(self) -> None:
        assert isinstance(self.status, PredictionStatus), "a prediction cannot be made without a status"
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"
        curve, band = (
            (self.time_min, self.level_ng_per_ml),
            (self.band_low_ng_per_ml, self.band_high_ng_per_ml),
        )
        assert (curve[0] is None) == (curve[1] is None)
        assert (band[0] is None) == (band[1] is None)
        assert band[0] is None or curve[0] is not None, "a band belongs to a curve"
        assert (band[0] is None) == (self.band_statement is None), "a band must say what it is"
        assert self.drawable or self.status is not PredictionStatus.OK, "nothing to draw is never OK"
        if self.status is PredictionStatus.MISSING_INPUT:
            assert not self.drawable, "missing input leaves nothing to draw"
        for values in (*curve, *band):
            if values is not None:
                assert curve[0] is not None
                assert values.shape == curve[0].shape
                values.flags.writeable = False

    @property
    def drawable(self) -> bool:
        return self.level_ng_per_ml is not None

    @property
    def words(self) -> str:
        """The line that must stand with the curve."""
        return (
            f"Estimate, not a measurement. {self.model_name}: {self.analyte}, {self.sampling_site}, "
            "typical adult of this weight, not fitted to this patient."
        )


def predict_level(
    parameter_set: ParameterSet,
    weight_kg: float | None,
    profile: InfusionProfile | None,
    at_min: ArrayLike,
    *,
    age_years: float | None = None,
) -> Prediction:
    """Predict the level of a typical body of this weight, with a band between bodies.

    `at_min` (times,) in order, duplicates allowed, on the clock of the profile; times before the first drug
    give 0. A weight or a profile of None gives a prediction with missing input and no arrays.
    Age is not an input of the model: it only decides whether the patient is in the range for which the
    estimate is offered, and below that range nothing is drawn. The same input gives the same answer.

    Raises BodyError for a weight or an age that cannot be, OutputTimeError for times that are empty,
    unsorted or not finite. Source: the citation of the parameter set.
    """
    times = _output_times(at_min)
    _refuse_impossible("weight_kg", weight_kg)
    _refuse_impossible("age_years", age_years)
    present_min = None if profile is None else profile.present_min
    if weight_kg is None or profile is None:
        missing = {"Weight": weight_kg, "The record of what the pump gave": profile}
        reasons = tuple(f"{name} is missing." for name, value in missing.items() if value is None)
        return _prediction(parameter_set, PredictionStatus.MISSING_INPUT, reasons, age_years, present_min)
    reasons, too_young = _reasons_outside(parameter_set, weight_kg, age_years)
    status = PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK
    if too_young:
        return _prediction(parameter_set, status, reasons, age_years, present_min)
    level = central_level_mg_per_l(parameter_set.modes(weight_kg), profile, times)[0]
    band = _band(parameter_set, weight_kg, profile, times)
    return _prediction(
        parameter_set, status, reasons, age_years, present_min, (times, level * NG_PER_ML_IN_MG_PER_L), band
    )


def _prediction(
    parameter_set: ParameterSet,
    status: PredictionStatus,
    reasons: tuple[str, ...],
    age_years: float | None,
    present_min: float | None,
    curve: tuple[FloatArray, FloatArray] | None = None,
    band: tuple[FloatArray, FloatArray] | None = None,
) -> Prediction:
    caveats = (parameter_set.status, parameter_set.range.statement, *parameter_set.assumptions)
    if age_years is None:
        caveats = ("Age was not given, so it was not compared with the range.", *caveats)
    variability = parameter_set.variability
    statement = None
    if band is not None and variability is not None:
        statement = (
            f"Band: middle {BAND_COVERAGE_PERCENT} % of simulated bodies. "
            f"Basis: {variability.basis}. {variability.statement}"
        )
    return Prediction(
        status=status,
        reasons=reasons,
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        analyte=parameter_set.analyte,
        sampling_site=parameter_set.sampling_site,
        population=parameter_set.population,
        caveats=caveats,
        band_statement=statement,
        present_min=present_min,
        time_min=None if curve is None else curve[0],
        level_ng_per_ml=None if curve is None else curve[1],
        band_low_ng_per_ml=None if band is None else band[0],
        band_high_ng_per_ml=None if band is None else band[1],
    )


def _reasons_outside(
    parameter_set: ParameterSet, weight_kg: float, age_years: float | None
) -> tuple[tuple[str, ...], bool]:
    """Why this patient is outside the offered range, and whether they are too young for any curve."""
    offered = parameter_set.range
    reasons = []
    if not offered.weight_low_kg <= weight_kg <= offered.weight_high_kg:
        reasons.append(
            f"Weight {weight_kg:g} kg is outside {offered.weight_low_kg:g} to {offered.weight_high_kg:g} kg."
        )
    too_young = age_years is not None and age_years < offered.age_low_years
    if age_years is not None and not offered.age_low_years <= age_years <= offered.age_high_years:
        reasons.append(
            f"Age {age_years:g} is outside {offered.age_low_years:g} to {offered.age_high_years:g} years."
        )
    if too_young:
        reasons.append("No level is estimated below this range.")
    if reasons:
        reasons.append(offered.statement)
    return tuple(reasons), too_young


def _band(
    parameter_set: ParameterSet, weight_kg: float, profile: InfusionProfile, times: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    variability = parameter_set.variability
    if variability is None:
        return None
    deviates = _standard_normal(len(variability.log_variance))
    log_deviation = {
        name: math.sqrt(variance.value) * deviates[:, i]
        for i, (name, variance) in enumerate(variability.log_variance.items())
    }
    levels = central_level_mg_per_l(parameter_set.modes(weight_kg, log_deviation), profile, times)
    tail = (100 - BAND_COVERAGE_PERCENT) / 2
    low, high = np.percentile(levels * NG_PER_ML_IN_MG_PER_L, [tail, 100 - tail], axis=0)
    return np.ascontiguousarray(low), np.ascontiguousarray(high)


@lru_cache
def _standard_normal(parameters: int) -> FloatArray:
    """Fixed standard-normal points, shape (BAND_BODIES, parameters).

    A Halton sequence stands in for a seeded generator: it fills the space more evenly, so that few bodies
    give a smooth band, and it depends on no library's version.
    """
    assert 0 < parameters <= len(_HALTON_BASES)
    inverse = NormalDist().inv_cdf
    points = [
        [inverse(_halton(i, base)) for base in _HALTON_BASES[:parameters]] for i in range(1, BAND_BODIES + 1)
    ]
    deviates = np.array(points)
    deviates.flags.writeable = False
    return deviates


def _halton(i: int, base: int) -> float:
    """Digits of i in the base, mirrored at the point: a number strictly between 0 and 1 for i > 0."""
    fraction, value = 1.0, 0.0
    while i > 0:
        i, digit = divmod(i, base)
        fraction /= base
        value += digit * fraction
    return value


def _output_times(at_min: ArrayLike) -> FloatArray:
    try:
        times = np.array(at_min, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise OutputTimeError("at_min must be a list of numbers of minutes.") from cause
    if times.ndim != 1 or times.size == 0:
        raise OutputTimeError("at_min must be a list of at least one time.")
    if not np.all(np.isfinite(times)):
        raise OutputTimeError("at_min must be finite numbers of minutes.")
    backwards = np.flatnonzero(np.diff(times) < 0)
    if backwards.size:
        i = int(backwards[0])
        raise OutputTimeError(
            f"at_min must be in order of time, but {times[i + 1]:g} min comes after {times[i]:g} min."
        )
    return times


def _refuse_impossible(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise BodyError(f"{name} must be a finite number greater than 0, not {value:g}.")
