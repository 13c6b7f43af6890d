"""The predicted level of one patient, with everything a picture needs in order to say what it is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import FloatArray, as_times
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import BodyError
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.profile import INTRAVENOUS, MINUTES_PER_HOUR, InfusionProfile
from evenkeel.pharmacology.simulate import simulate

# What a curve shows.
LEVEL: Final = "ketamine"

# The band is the middle 90 % of simulated bodies.
BAND_COVERAGE_PERCENT: Final = 90
BAND_BODIES: Final = 200

# Two doses this far apart belong to two visits: a range of doses is that of one visit.
VISITS_APART_MIN: Final = 12 * MINUTES_PER_HOUR

# Bases of the Halton sequence, one for each dimension that varies.
_HALTON_BASES: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


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
    `caveats` are sentences that hold for any curve of this model and belong beside it. `model_warning`, the
    first of them where there is one, says what speaks against the model, whoever it is asked about.
    `present_min` divides the curve into what was given and what is planned. `fit_statement` says what the
    curve was fitted to; it is None for the typical body.
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
    fit_statement: str | None = None
    model_warning: str | None = None

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
        whose = self.fit_statement or "typical adult of this weight, not fitted to this patient"
        return (
            f"Estimate, not a measurement. {self.model_name}: {self.analyte}, {self.sampling_site}, {whose}."
        )


def predict_level(
    parameter_set: ParameterSet,
    weight_kg: float | None,
    profile: InfusionProfile | None,
    at_min: ArrayLike,
    *,
    age_years: float | None = None,
) -> Prediction:
    """Predict the level of ketamine in a typical body of this weight, with a band between bodies.

    `at_min` (times,) in order, duplicates allowed, on the clock of the profile; times before the first drug
    give 0. A weight or a profile of None gives a prediction with missing input and no arrays.
    Weight, age, and the route and dose of each visit are compared with the range for which the estimate is
    offered: outside it the level is computed and marked, and below its ages nothing is drawn; nor is it from
    a model that is a reference to compare with.
    The same input gives the same answer.

    Raises BodyError for a weight or an age that cannot be, OutputTimeError for times that are empty,
    unsorted or not finite, RouteError for a route that the model lacks. Source: the citation of the
    parameter set.
    """
    times = as_times(at_min, may_repeat=True)
    refuse_impossible("weight_kg", weight_kg)
    refuse_impossible("age_years", age_years)
    present_min = None if profile is None else profile.present_min
    if weight_kg is None or profile is None:
        reasons = missing_reasons(weight_kg, profile)
        return _prediction(parameter_set, PredictionStatus.MISSING_INPUT, reasons, age_years, present_min)
    reasons, is_too_young = reasons_outside(parameter_set, weight_kg, age_years, profile)
    status = PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK
    if is_too_young:
        return _prediction(parameter_set, status, reasons, age_years, present_min)
    typical = Bodies.typical(weight_kg, age_years)
    level = levels_of(parameter_set, typical, profile, times)[0]
    bodies, _ = varied_bodies(parameter_set, weight_kg, age_years)
    band = None if bodies is None else band_of(levels_of(parameter_set, bodies, profile, times))
    return _prediction(parameter_set, status, reasons, age_years, present_min, (times, level), band)


def _prediction(
    parameter_set: ParameterSet,
    status: PredictionStatus,
    reasons: tuple[str, ...],
    age_years: float | None,
    present_min: float | None,
    curve: tuple[FloatArray, FloatArray] | None = None,
    band: tuple[FloatArray, FloatArray] | None = None,
) -> Prediction:
    omega = parameter_set.omega
    statement = None
    if band is not None and omega is not None:
        statement = (
            f"Band: middle {BAND_COVERAGE_PERCENT} % of simulated bodies. "
            f"Basis: {omega.basis}. {omega.statement}"
        )
    return Prediction(
        status=status,
        reasons=reasons,
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        analyte=parameter_set.analyte,
        sampling_site=parameter_set.sampling_site,
        population=parameter_set.population,
        caveats=caveats_of(parameter_set, age_years),
        model_warning=parameter_set.warning,
        band_statement=statement,
        present_min=present_min,
        time_min=None if curve is None else curve[0],
        level_ng_per_ml=None if curve is None else curve[1],
        band_low_ng_per_ml=None if band is None else band[0],
        band_high_ng_per_ml=None if band is None else band[1],
    )


# What a prediction of an effect needs too.


def levels_of(
    parameter_set: ParameterSet,
    bodies: Bodies,
    profile: InfusionProfile,
    times: FloatArray,
    *,
    outlet: str = LEVEL,
    site_half_life_min: float | None = None,
) -> FloatArray:
    """Levels of one outlet in ng/mL, shape (bodies, times); `times` may hold duplicates.

    With `site_half_life_min` they are those of an effect site behind the outlet.
    """
    system = parameter_set.system(bodies)
    if site_half_life_min is not None:
        system = system.with_effect_site("effect site", of=outlet, half_life_min=site_half_life_min)
        outlet = "effect site"
    unique, place = np.unique(times, return_inverse=True)
    levels: FloatArray = simulate(system, profile, unique, outputs=(outlet,)).values[:, 0]
    return levels if unique.size == times.size else np.ascontiguousarray(levels[:, place])


def caveats_of(parameter_set: ParameterSet, age_years: float | None) -> tuple[str, ...]:
    """What must be said beside anything that this model predicts, what speaks against the model first."""
    caveats = (parameter_set.reading, parameter_set.range.statement, *parameter_set.assumptions)
    if age_years is None:
        caveats = ("Age was not given, so it was not compared with the range.", *caveats)
    return caveats if parameter_set.warning is None else (parameter_set.warning, *caveats)


def missing_reasons(weight_kg: float | None, profile: InfusionProfile | None) -> tuple[str, ...]:
    """One sentence for each of the two that is missing."""
    given = {"Weight": weight_kg, "The record of what the pump gave": profile}
    return tuple(f"{name} is missing." for name, value in given.items() if value is None)


def reasons_outside(
    parameter_set: ParameterSet, weight_kg: float, age_years: float | None, profile: InfusionProfile
) -> tuple[tuple[str, ...], bool]:
    """Why patient and drug are outside the offered range, and whether nothing at all may be drawn.

    That is so for a patient too young for the range, and for a model that is a reference to compare with.
    """
    offered = parameter_set.range
    reasons = []
    if not parameter_set.offered:
        reasons.append(
            f"{parameter_set.name} is a reference to compare with: no estimate is offered from it."
        )
    if not offered.weight_low_kg <= weight_kg <= offered.weight_high_kg:
        reasons.append(
            f"Weight {weight_kg:g} kg is outside {offered.weight_low_kg:g} to {offered.weight_high_kg:g} kg."
        )
    is_too_young = age_years is not None and age_years < offered.age_low_years
    if age_years is not None and not offered.age_low_years <= age_years <= offered.age_high_years:
        reasons.append(
            f"Age {age_years:g} is outside {offered.age_low_years:g} to {offered.age_high_years:g} years."
        )
    if is_too_young:
        reasons.append("No level is estimated below this range.")
    if reasons:
        reasons.append(offered.statement)
    for route, visits in visit_doses_mg(profile).items():
        limits = offered.doses.get(route)
        if limits is None:
            reasons.append(f"Route {route} is outside {', '.join(offered.doses)}.")
            continue
        scale = weight_kg if limits.unit == "mg/kg" else 1.0
        reasons += dose_reasons(visits, scale, limits.low, limits.high, limits.unit)
    return tuple(reasons), is_too_young or not parameter_set.offered


def dose_reasons(visits_mg: list[float], scale: float, low: float, high: float, unit: str) -> list[str]:
    """A sentence for each visit whose dose is outside the limits, which belong to the range."""
    # A dose that was summed from parts is not outside for the last digit of the sum.
    within = [low * (1 - 1e-9) <= dose / scale <= high * (1 + 1e-9) for dose in visits_mg]
    outside = dict.fromkeys(dose / scale for dose, fits in zip(visits_mg, within, strict=True) if not fits)
    return [f"Dose {dose:.4g} {unit} is outside {low:g} to {high:g} {unit}." for dose in outside]


def visit_doses_mg(profile: InfusionProfile) -> Mapping[str, list[float]]:
    """By route, what each visit gives in mg: what lies less than half a day apart is one visit."""
    infused = profile.rate_mg_per_h * (profile.end_min - profile.start_min) / MINUTES_PER_HOUR
    given = [
        (INTRAVENOUS, float(start), float(end), float(amount))
        for start, end, amount in zip(profile.start_min, profile.end_min, infused, strict=True)
    ]
    given += [
        (INTRAVENOUS, float(at), float(at), float(amount))
        for at, amount in zip(profile.bolus_at_min, profile.bolus_mg, strict=True)
    ]
    given += [(dose.route, dose.at_min, dose.at_min, dose.amount_mg) for dose in profile.doses]
    visits: dict[str, list[float]] = {}
    last_end: dict[str, float] = {}
    for route, start, end, amount in sorted(given, key=lambda one: one[1]):
        if amount == 0:
            continue
        if start - last_end.get(route, -math.inf) >= VISITS_APART_MIN:
            visits.setdefault(route, []).append(0.0)
        visits[route][-1] += amount
        last_end[route] = max(end, last_end.get(route, -math.inf))
    return visits


def varied_bodies(
    parameter_set: ParameterSet, weight_kg: float, age_years: float | None, *, further: int = 0
) -> tuple[Bodies | None, FloatArray]:
    """Bodies that differ as the model says, None if it does not say, and further standard-normal deviates.

    The deviates (BAND_BODIES, further) go with the bodies, and vary independently of them.
    """
    omega = parameter_set.omega
    varying = 0 if omega is None else len(omega.names)
    deviates = _standard_normal(varying + further)
    if omega is None:
        return None, deviates
    log_deviation = deviates[:, :varying] @ np.linalg.cholesky(omega.matrix).T
    bodies = Bodies(
        weight_kg=np.full(BAND_BODIES, weight_kg),
        age_years=None if age_years is None else np.full(BAND_BODIES, age_years),
        log_deviation=dict(zip(omega.names, log_deviation.T, strict=True)),
    )
    return bodies, deviates[:, varying:]


def band_of(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Low and high edge of the band of values (bodies, times), each of shape (times,)."""
    tail = (100 - BAND_COVERAGE_PERCENT) / 2
    low, high = np.percentile(values, [tail, 100 - tail], axis=0)
    return np.ascontiguousarray(low), np.ascontiguousarray(high)


@lru_cache
def _standard_normal(dimensions: int) -> FloatArray:
    """Fixed standard-normal points, shape (BAND_BODIES, dimensions).

    A Halton sequence stands in for a seeded generator: it fills the space more evenly, so that few bodies
    give a smooth band, and it depends on no library's version.
    """
    assert 0 <= dimensions <= len(_HALTON_BASES)
    from statistics import NormalDist  # nobody waits for it who asks for no band

    inverse = NormalDist().inv_cdf
    points = [
        [inverse(_halton(i, base)) for base in _HALTON_BASES[:dimensions]] for i in range(1, BAND_BODIES + 1)
    ]
    deviates = np.array(points).reshape(BAND_BODIES, dimensions)
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


def refuse_impossible(name: str, value: float | None) -> None:
    """Raise BodyError for a weight or an age that cannot be."""
    if value is not None and not (math.isfinite(value) and value > 0):
        raise BodyError(f"{name} must be a finite number greater than 0, not {value:g}.")
