"""What an infusion does besides raising a level: predicted effects, each with its status, mark and band.

The links and their constants are in effects.toml; here they are driven by the levels of the one parameter set
that each belongs to. An effect is an estimate for a typical adult. It gates no step of safety.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import FloatArray, as_times, one_of
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effect_constants import (
    Constant,
    EvidenceMark,
    Link,
    load_link,
    load_offered,
    weakest,
)
from evenkeel.pharmacology.effect_links import (
    Level,
    Pressure,
    SKetamine,
    SNorketamine,
    TotalKetamine,
    dissociation_score,
    heart_rate_rise_per_min,
    nausea_probability,
    pain_change_cm,
    pressure_rise_mmhg,
    refuse_unbound,
    tolerance,
    unresponsive_probability,
)
from evenkeel.pharmacology.errors import EffectError
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import (
    BAND_COVERAGE_PERCENT,
    PredictionStatus,
    band_of,
    caveats_of,
    dose_reasons,
    levels_of,
    missing_reasons,
    reasons_outside,
    refuse_impossible,
    varied_bodies,
    visit_doses_mg,
)
from evenkeel.pharmacology.profile import InfusionProfile

# Simulated patients behind the individual maxima: enough for a share of 25 % within 1.5 % (2 SD).
MAXIMUM_PATIENTS: Final = 4000
# When a cuff is read: every 10 min while drug runs and every 15 min for an hour after, the project's default
# check schedule (a proposal; one published clinic reads every 10 min, then every 15).
READING_EVERY_MIN: Final = 10.0
READING_AFTER_EVERY_MIN: Final = 15.0
READING_AFTER_MIN: Final = 60.0


class Effect(StrEnum):
    """What can be predicted."""

    DISSOCIATION = "dissociation"
    SYSTOLIC_PRESSURE = "systolic pressure"
    DIASTOLIC_PRESSURE = "diastolic pressure"
    MEAN_PRESSURE = "mean pressure"
    HEART_RATE = "heart rate"
    UNRESPONSIVENESS = "unresponsiveness"
    ANALGESIA = "analgesia"
    NAUSEA = "nausea"


_PRESSURES: Final[Mapping[Effect, Pressure]] = {
    Effect.SYSTOLIC_PRESSURE: Pressure.SYSTOLIC,
    Effect.DIASTOLIC_PRESSURE: Pressure.DIASTOLIC,
    Effect.MEAN_PRESSURE: Pressure.MEAN,
}
_LINKS: Final[Mapping[Effect, str]] = {effect: str(effect) for effect in Effect} | {
    Effect.HEART_RATE: "heart_rate",
    **dict.fromkeys(_PRESSURES, "blood_pressure"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndividualMaximum:
    """The highest of each patient's readings above the one before the infusion: not the peak of a mean curve.

    `maximum_mmhg` (patients,) in order of size, of simulated patients, read at `reading_at_min` (readings,).
    """

    maximum_mmhg: FloatArray
    reading_at_min: FloatArray
    patient_cv: float
    reading_sd_mmhg: float

    @property
    def mean_mmhg(self) -> float:
        return float(self.maximum_mmhg.mean())

    @property
    def sd_mmhg(self) -> float:
        return float(self.maximum_mmhg.std())

    def share_above(self, limit_mmhg: float) -> float:
        """The share of patients with a reading more than this above the one before the infusion."""
        return float((self.maximum_mmhg > limit_mmhg).mean())

    @property
    def words(self) -> str:
        return (
            f"Highest reading of each patient: mean rise {self.mean_mmhg:.0f} (SD {self.sd_mmhg:.0f}) mmHg; "
            f"more than 20 mmHg in {100 * self.share_above(20.0):.0f} % of patients. The curve is the mean "
            "of patients and lies below this."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidRange:
    """For whom, and for what, an effect is offered. Limits belong to the range; doses are those of a visit.

    `level_high_ng_per_ml` is of total ketamine at the sampling site of the parameter set.
    """

    weight_low_kg: float
    weight_high_kg: float
    age_low_years: float
    age_high_years: float
    dose_low_mg_per_kg: float
    dose_high_mg_per_kg: float
    level_high_ng_per_ml: float
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectPrediction:
    """An estimated effect over time, or for a whole visit, or the reason why there is none.

    `value` and the band arrays are float64, read-only, in `unit`: of shape (times,) beside `time_min`, or of
    shape () with `time_min` None for an effect that has one value for the visit. All are None when there is
    nothing to draw; the band is None where how patients differ is not known. `reasons` holds sentences, at
    least one whenever the status is not OK. `mark` is that of the worst founded constant; `constants` holds
    all of them. `individual_maximum` stands beside the mean curve of systolic pressure and nowhere else.
    """

    status: PredictionStatus
    reasons: tuple[str, ...]
    effect: Effect
    quantity: str
    unit: str
    mark: EvidenceMark
    constants: tuple[Constant, ...]
    parameter_set: str
    model_name: str
    citation: str
    valid: ValidRange
    caveats: tuple[str, ...]
    infusion_number: int
    band_statement: str | None = None
    present_min: float | None = None
    time_min: FloatArray | None = None
    value: FloatArray | None = None
    band_low: FloatArray | None = None
    band_high: FloatArray | None = None
    individual_maximum: IndividualMaximum | None = None
    model_warning: str | None = None

    def __post_init__(self) -> None:
        assert isinstance(self.status, PredictionStatus), "a prediction cannot be made without a status"
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"
        assert self.drawable or self.status is not PredictionStatus.OK, "nothing to draw is never OK"
        assert (self.band_low is None) == (self.band_high is None)
        assert (self.band_low is None) == (self.band_statement is None), "a band must say what it is"
        if self.status is PredictionStatus.MISSING_INPUT:
            assert not self.drawable, "missing input leaves nothing to draw"
        assert self.individual_maximum is None or self.effect is Effect.SYSTOLIC_PRESSURE
        wanted = () if self.time_min is None else self.time_min.shape
        for values in (self.time_min, self.value, self.band_low, self.band_high):
            if values is not None:
                assert self.drawable, "arrays belong to a value"
                assert values.shape == wanted
                values.flags.writeable = False

    @property
    def drawable(self) -> bool:
        return self.value is not None

    @property
    def founded_on(self) -> str:
        """The constants by their mark, the best founded first."""
        said = []
        for mark in EvidenceMark:
            names = [one.name.replace("_", " ") for one in self.constants if one.mark is mark]
            if names:
                said.append(f"{mark.capitalize()}: {', '.join(names)}.")
        return " ".join(said)

    @property
    def words(self) -> str:
        """The line that must stand with the effect."""
        unit = "" if self.unit in self.quantity else f" ({self.unit})"
        return (
            f"Estimate, not a measurement. {self.effect.capitalize()}: {self.quantity}{unit}, on the "
            f"levels of {self.model_name}, typical adult, not fitted to this patient. "
            f"Weakest part: {self.mark}."
        )


def predict_effect(
    effect: Effect | str,
    parameter_set: ParameterSet,
    weight_kg: float | None,
    profile: InfusionProfile | None,
    at_min: ArrayLike,
    *,
    age_years: float | None = None,
    infusion_number: int = 1,
    reading_at_min: ArrayLike | None = None,
    seed: int = 0,
) -> EffectPrediction:
    """Predict one effect of a profile in a typical adult of this weight.

    `at_min` (times,) in order, on the clock of the profile. `infusion_number` counts the infusions of the
    course from 1 and matters to dissociation alone: no drift of pressure over a course was seen.
    `reading_at_min` (readings,) says when a cuff is read, for the individual maxima of systolic pressure;
    without it every 10 min while drug runs and every 15 min for an hour after. `seed` chooses the simulated
    patients.
    A weight or a profile of None gives missing input; outside the range for which the effect is offered
    (weight, age, dose, route) the value is computed and marked; below its ages there is none.

    Raises EffectError for an unknown effect or a set that its constants do not belong to, BodyError and
    OutputTimeError as `predict_level` does. Source: effects.toml, for each constant.
    """
    effect = one_of("effect", effect, Effect, EffectError)
    link = load_link(_LINKS[effect])
    refuse_unbound(link, parameter_set.key)
    if effect is Effect.DISSOCIATION:
        tolerance(infusion_number)  # refuses a number that cannot be before anything is computed
    times = as_times(at_min, may_repeat=True)
    refuse_impossible("weight_kg", weight_kg)
    refuse_impossible("age_years", age_years)
    made = partial(_prediction, effect, link, parameter_set, profile, age_years, infusion_number)
    if weight_kg is None or profile is None:
        return made(PredictionStatus.MISSING_INPUT, missing_reasons(weight_kg, profile))
    patient = _Patient(link, parameter_set, weight_kg, age_years, profile)
    reasons, is_too_young = reasons_outside(parameter_set, weight_kg, age_years, profile)
    if is_too_young:
        return made(PredictionStatus.OUTSIDE_POPULATION, reasons)
    reasons = tuple(dict.fromkeys((*reasons, *_reasons_not_offered(patient))))
    status = PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK
    if effect is Effect.NAUSEA:
        return made(status, reasons, value=np.array(nausea_probability()))
    curve = _curve(effect, patient, times, infusion_number)
    maximum = None
    # The error of a reading was chosen on systolic maxima; diastolic ones it would take above the published.
    if effect is Effect.SYSTOLIC_PRESSURE:
        readings = (
            _reading_times(profile) if reading_at_min is None else as_times(reading_at_min, may_repeat=True)
        )
        maximum = _individual_maximum(effect, patient, readings, seed)
    return made(status, reasons, time_min=times, curve=curve, maximum=maximum)


@dataclass(frozen=True, slots=True)
class _Patient:
    """Whose levels drive a link."""

    link: Link
    parameter_set: ParameterSet
    weight_kg: float
    age_years: float | None
    profile: InfusionProfile

    def typical(self) -> Bodies:
        return Bodies.typical(self.weight_kg, self.age_years)

    def levels(self, bodies: Bodies, times: FloatArray) -> tuple[Level, ...]:
        """The levels that the link asks for, each of shape (bodies, times), behind its own delay."""
        if self.link.key == "unresponsiveness":
            return (self._level(TotalKetamine, "ketamine", None, bodies, times),)
        ketamine = self._level(SKetamine, "ketamine", self.link.site_half_life_min, bodies, times)
        if self.link.key != "analgesia":
            return (ketamine,)
        return (ketamine, self._level(SNorketamine, "norketamine", None, bodies, times))

    def _level(
        self,
        analyte: type[Level],
        outlet: str,
        site_half_life_min: float | None,
        bodies: Bodies,
        times: FloatArray,
    ) -> Level:
        found = levels_of(
            self.parameter_set,
            bodies,
            self.profile,
            times,
            outlet=outlet,
            site_half_life_min=site_half_life_min,
        )
        share = 1.0 if analyte is TotalKetamine else self.link.value("s_share")
        return analyte(
            ng_per_ml=share * found,
            parameter_set=self.parameter_set.key,
            site_half_life_min=site_half_life_min,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A typical curve of shape (times,), its band, and what the band is."""

    value: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    statement: str | None


def _curve(effect: Effect, patient: _Patient, times: FloatArray, infusion_number: int) -> _Curve:
    link = patient.link
    typical = patient.levels(patient.typical(), times)
    value = _answer(effect, typical, infusion_number)[0]
    of = f"Band: middle {BAND_COVERAGE_PERCENT} % of"
    if effect in _PRESSURES:
        # The assumed variation is that of the whole rise, so that it needs no bodies besides.
        tail = (100 - BAND_COVERAGE_PERCENT) / 200
        low, high = (value * _gain(link, NormalDist().inv_cdf(at)) for at in (tail, 1 - tail))
        said = f"{of} patients' true rises, without the error of a reading."
        return _Curve(value, low, high, f"{said} {_basis(link, 'patient_cv')}")
    sensitivities = ("log_half_effect_level_sd", "log_maximum_sd") if effect is Effect.DISSOCIATION else ()
    bodies, deviates = varied_bodies(
        patient.parameter_set, patient.weight_kg, patient.age_years, further=len(sensitivities)
    )
    if bodies is None:
        return _Curve(value, None, None, None)
    sds = (link.value(name) for name in sensitivities)
    deviations = tuple(sd * deviates[:, i] for i, sd in enumerate(sds))
    low, high = band_of(_answer(effect, patient.levels(bodies, times), infusion_number, *deviations))
    if not sensitivities:
        said = f"{of} simulated bodies. How people differ at one level is not known and not in it."
        return _Curve(value, low, high, said)
    said = f"{of} simulated bodies and sensitivities. {_basis(link, *sensitivities)}"
    return _Curve(value, low, high, said)


def _answer(
    effect: Effect, levels: tuple[Level, ...], infusion_number: int, *deviations: FloatArray
) -> FloatArray:
    """The effect of the levels, shape (bodies, times)."""
    match effect, levels:
        case Effect.DISSOCIATION, (SKetamine() as level,):
            half_effect, maximum = deviations or (0.0, 0.0)
            return dissociation_score(
                level,
                infusion_number=infusion_number,
                log_half_effect_deviation=half_effect,
                log_maximum_deviation=maximum,
            )
        case Effect.HEART_RATE, (SKetamine() as level,):
            return heart_rate_rise_per_min(level)
        case Effect.UNRESPONSIVENESS, (TotalKetamine() as level,):
            return unresponsive_probability(level)
        case Effect.ANALGESIA, (SKetamine() as ketamine, SNorketamine() as norketamine):
            return pain_change_cm(ketamine, norketamine)
        case _, (SKetamine() as level,):
            return pressure_rise_mmhg(level, _PRESSURES[effect])
    raise AssertionError(f"no link answers for {effect}")


def _gain(link: Link, deviate: FloatArray | float) -> FloatArray:
    """Each patient's rise as a multiple of the mean of patients, lognormal with mean 1."""
    variance = math.log1p(link.value("patient_cv") ** 2)
    gain: FloatArray = np.exp(math.sqrt(variance) * np.asarray(deviate) - variance / 2)
    return gain


def _reading_times(profile: InfusionProfile) -> FloatArray:
    """When a cuff is read unless the caller says: during the drug, at its end, and for an hour after."""
    given = np.concatenate([profile.start_min, profile.bolus_at_min])
    if given.size == 0:
        return np.empty(0)
    first, last = float(given.min()), float(np.concatenate([profile.end_min, profile.bolus_at_min]).max())
    during = np.arange(first + READING_EVERY_MIN, last, READING_EVERY_MIN)
    after = last + np.arange(0.0, READING_AFTER_MIN + 1.0, READING_AFTER_EVERY_MIN)
    return np.concatenate([during, after])


def _individual_maximum(
    effect: Effect, patient: _Patient, readings: FloatArray, seed: int
) -> IndividualMaximum | None:
    if readings.size == 0:
        return None
    link = patient.link
    rise = _answer(effect, patient.levels(patient.typical(), readings), 1)[0]
    chance = np.random.Generator(np.random.Philox(seed))
    gain = _gain(link, chance.standard_normal((MAXIMUM_PATIENTS, 1)))
    # The reading before the infusion errs as much as the others, and every rise is counted from it.
    error = link.value("reading_sd") * chance.standard_normal((MAXIMUM_PATIENTS, readings.size + 1))
    maximum = np.sort((gain * rise + error[:, 1:] - error[:, :1]).max(axis=1))
    for values in (maximum, readings):
        values.flags.writeable = False
    return IndividualMaximum(
        maximum_mmhg=maximum,
        reading_at_min=readings,
        patient_cv=link.value("patient_cv"),
        reading_sd_mmhg=link.value("reading_sd"),
    )


def _valid_range(parameter_set: ParameterSet) -> ValidRange:
    offered = load_offered()
    return ValidRange(
        weight_low_kg=parameter_set.range.weight_low_kg,
        weight_high_kg=parameter_set.range.weight_high_kg,
        age_low_years=parameter_set.range.age_low_years,
        age_high_years=parameter_set.range.age_high_years,
        dose_low_mg_per_kg=offered.dose_low.value,
        dose_high_mg_per_kg=offered.dose_high.value,
        level_high_ng_per_ml=offered.level_high.value,
        routes=offered.routes,
    )


def _reasons_not_offered(patient: _Patient) -> list[str]:
    """Why these routes, this dose and this level are outside those for which effects are offered."""
    valid = _valid_range(patient.parameter_set)
    reasons = []
    for route, visits in visit_doses_mg(patient.profile).items():
        if route in valid.routes:
            low, high = valid.dose_low_mg_per_kg, valid.dose_high_mg_per_kg
            reasons += dose_reasons(visits, patient.weight_kg, low, high, "mg/kg")
        else:
            reasons.append(f"Route {route} is outside {', '.join(valid.routes)} for effects.")
    # What goes into the vein peaks where a segment ends or a bolus is given.
    peaks = np.union1d(patient.profile.end_min, patient.profile.bolus_at_min)
    if peaks.size:
        level = levels_of(patient.parameter_set, patient.typical(), patient.profile, peaks).max()
        if level > valid.level_high_ng_per_ml:
            reasons.append(
                f"A level of {level:.0f} ng/mL is above {valid.level_high_ng_per_ml:g} ng/mL, the highest "
                "for which effects are offered."
            )
    return reasons


def _basis(link: Link, *names: str) -> str:
    marks = ", ".join(f"{name.replace('_', ' ')} {link.value(name):g}" for name in names)
    return f"Basis: {weakest(link.constants[name].mark for name in names)} ({marks})."


def _prediction(
    effect: Effect,
    link: Link,
    parameter_set: ParameterSet,
    profile: InfusionProfile | None,
    age_years: float | None,
    infusion_number: int,
    status: PredictionStatus,
    reasons: tuple[str, ...],
    *,
    time_min: FloatArray | None = None,
    value: FloatArray | None = None,
    curve: _Curve | None = None,
    maximum: IndividualMaximum | None = None,
) -> EffectPrediction:
    constants = tuple(link.constants.values())
    return EffectPrediction(
        status=status,
        reasons=reasons,
        effect=effect,
        quantity=link.quantity,
        unit=link.unit,
        mark=weakest(constant.mark for constant in constants),
        constants=constants,
        parameter_set=parameter_set.key,
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        valid=_valid_range(parameter_set),
        caveats=(link.statement, *caveats_of(parameter_set, age_years)),
        infusion_number=infusion_number,
        band_statement=None if curve is None else curve.statement,
        present_min=None if profile is None else profile.present_min,
        time_min=time_min,
        value=value if curve is None else curve.value,
        band_low=None if curve is None else curve.low,
        band_high=None if curve is None else curve.high,
        individual_maximum=maximum,
        model_warning=parameter_set.warning,
    )
