"""The kinetics of one patient from measured levels, and how little a few levels teach about them.

Maximum a posteriori: the sum over levels of (ln measured - ln predicted)^2 / variance, plus the deviations'
eta' Omega^-1 eta (Sheiner and Beal 1982, J. Pharm. Sci. 71:1344). The variance of a level on the log scale
is the square of the model's proportional error, plus that of its additive error over the measured level.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology import fast
from evenkeel.pharmacology.arrays import FloatArray, as_times
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import ModelError, ObservationError, ParameterSetError
from evenkeel.pharmacology.fast import fitting
from evenkeel.pharmacology.log_linear import DrugInput, LogLinearSystem, drug_input, read_log_linear
from evenkeel.pharmacology.narrowing import (
    Sampled,
    capitalized,
    counted,
    narrowing_words,
    parameter_words,
)
from evenkeel.pharmacology.parameter_set import Covariance, ParameterSet
from evenkeel.pharmacology.posterior import Posterior, find_posterior, normal_half_width, not_at_rest
from evenkeel.pharmacology.prediction import (
    BAND_COVERAGE_PERCENT,
    LEVEL,
    Prediction,
    PredictionStatus,
    caveats_of,
    reasons_outside,
    refuse_impossible,
)
from evenkeel.pharmacology.profile import INTRAVENOUS, InfusionProfile
from evenkeel.pharmacology.sensitivities import sensitivities

LEVEL_UNIT: Final = "ng/mL"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSample:
    """One measured level of one output, on the clock of the profile.

    Raises ObservationError for a time that is not finite, another unit, or a level that is not positive: a
    level below quantification has no logarithm, and is left out.
    """

    at_min: float
    level_ng_per_ml: float
    output: str = "ketamine"
    unit: str = LEVEL_UNIT

    def __post_init__(self) -> None:
        if self.unit != LEVEL_UNIT:
            raise ObservationError(f"unit must be {LEVEL_UNIT!r}, not {self.unit!r}; no unit is converted.")
        if not np.isfinite(self.at_min):
            raise ObservationError(f"at_min must be a finite number of minutes, not {self.at_min:g}.")
        if not (np.isfinite(self.level_ng_per_ml) and self.level_ng_per_ml > 0):
            raise ObservationError(
                f"level_ng_per_ml must be a finite number greater than 0, not {self.level_ng_per_ml:g}; "
                "leave a level below quantification out."
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelModel:
    """A parameter set for one body and the times at which it is sampled, ready to be fitted again and again.

    `proportional_sd` and `additive_sd_ng_per_ml` (samples,) are the residual error. `packed` is the same for
    the fast path, None without it.
    """

    system: LogLinearSystem
    given: tuple[DrugInput, ...]
    at_min: FloatArray
    prior_covariance: FloatArray
    proportional_sd: FloatArray
    additive_sd_ng_per_ml: FloatArray
    packed: fitting.Packed | None

    def predict(self, deviation: FloatArray) -> FloatArray:
        """Levels at the samples, in ng/mL, shape (samples,)."""
        return sensitivities(self.system, deviation, self.given).level_ng_per_ml

    def find(self, measured_ng_per_ml: FloatArray) -> tuple[Posterior, FloatArray]:
        """The posterior for levels measured at the samples (samples,), and the levels it gives there."""
        log_measured = np.log(measured_ng_per_ml)
        additive = self.additive_sd_ng_per_ml / measured_ng_per_ml
        log_sd = np.sqrt(self.proportional_sd**2 + additive**2)
        if self.packed is not None:
            found = fitting.fit(self.packed, log_measured, log_sd)
            if found.answer == fitting.NOT_AT_REST:
                raise not_at_rest()
            if found.answer == fitting.EMPTY_READING:
                raise self._empty(found.steps)
            if found.answer == fitting.FOUND:
                return self._posterior(found), found.predicted_ng_per_ml
        return self._find_in_numpy(log_measured, log_sd)

    def misfit(
        self, deviation: FloatArray, log_measured: FloatArray, log_sd: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """How many SD the logs of levels are off, (samples,), and its derivatives (samples, parameters)."""
        found = sensitivities(self.system, deviation, self.given)
        level = found.level_ng_per_ml
        vanished = np.flatnonzero(~(level > 0))
        if vanished.size and not deviation.any():
            raise self._empty(int(vanished[0]))
        if vanished.size:  # so far from the typical body that nothing is left
            return np.full(len(level), np.inf), found.per_log_parameter
        slope = found.per_log_parameter / (level * log_sd)[:, np.newaxis]
        return (np.log(level) - log_measured) / log_sd, slope

    def _find_in_numpy(self, log_measured: FloatArray, log_sd: FloatArray) -> tuple[Posterior, FloatArray]:
        posterior, off = find_posterior(
            self.system.parameters,
            self.prior_covariance,
            lambda deviation: self.misfit(deviation, log_measured, log_sd),
        )
        return posterior, np.exp(log_measured + off * log_sd)

    def _posterior(self, found: fitting.Fit) -> Posterior:
        return Posterior(
            names=self.system.parameters,
            deviation=found.deviation,
            covariance=found.covariance,
            prior_covariance=self.prior_covariance,
            objective=found.objective,
            steps=found.steps,
        )

    def _empty(self, sample: int) -> ObservationError:
        return ObservationError(
            f"at_min of sample {sample} is {self.at_min[sample]:g} min, before any drug can be in it."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndividualEstimate:
    """The kinetics of one person, estimated from their levels. It is not an effect sensitivity.

    `predicted_ng_per_ml` (samples,) is what the estimate gives at the samples. `reasons` says why person or
    drug are outside the range for which the parameter set is offered, and belongs beside the estimate.
    """

    parameter_set: ParameterSet
    weight_kg: float
    age_years: float | None
    samples: tuple[LevelSample, ...]
    predicted_ng_per_ml: FloatArray
    posterior: Posterior
    reasons: tuple[str, ...]

    def ratio(self, parameter: str) -> float:
        """The estimate of one parameter over that of the typical person of this weight."""
        return float(np.exp(self.posterior.deviation[self.posterior.place(parameter)]))

    def body(self) -> Bodies:
        """The estimated person, for any simulation with the same parameter set."""
        deviation = zip(self.posterior.names, self.posterior.deviation[:, np.newaxis], strict=True)
        return _bodies(self.weight_kg, self.age_years, dict(deviation), 1)

    @property
    def words(self) -> tuple[str, ...]:
        """What must stand with the estimate: what it is, what the levels taught, and each parameter."""
        source = (
            f"Estimated from {counted(self.samples)}, read as {self.parameter_set.sampling_site} "
            f"{self.parameter_set.analyte}, with {self.parameter_set.name}."
        )
        found = []
        for name in self.posterior.names:
            low, high = (np.exp(end) for end in self.posterior.interval(name))
            found.append(
                f"{capitalized(parameter_words(name))}: {self.ratio(name):.2f} times that of a typical "
                f"person of this weight (90 % interval {low:.2f} to {high:.2f})."
            )
        taught = narrowing_words(self.posterior, counted(self.samples), len(self.samples))
        return (source, taught, *found, *self.reasons)

    def curve(self, profile: InfusionProfile, at_min: ArrayLike, *, output: str = LEVEL) -> Prediction:
        """The person's own level over `at_min` (times,), in order, with the doubt that is left as a band.

        The profile need not be that of the samples. The band is that of the true level, without the error of
        a measurement, taken on the log scale by the exact derivatives of the level. Outside the range of the
        parameter set the curve is computed and marked; below its ages nothing is drawn.
        Raises OutputTimeError, RouteError or ArgumentError as `predict_level` and `simulate` do.
        """
        return _curve(self, profile, as_times(at_min, may_repeat=True), output)


def fit_individual(
    parameter_set: ParameterSet,
    profile: InfusionProfile,
    samples: Sequence[LevelSample],
    *,
    weight_kg: float,
    age_years: float | None = None,
    quantification_limit_ng_per_ml: float = 0.0,
    engine: fast.Engine = "auto",
) -> IndividualEstimate:
    """Estimate the kinetics of one person from measured levels.

    All that the parameter set lets vary between bodies is estimated; the covariates are taken as given.
    Levels below `quantification_limit_ng_per_ml` are refused, not treated as the limit.

    Raises ObservationError for no samples, two of one output at one time, an output without residual error in
    the parameter set, a level below the limit, or a sample before any drug; ParameterSetError for a parameter
    set without variability; FitError when the search does not come to rest.
    Source: the objective is that of Sheiner and Beal 1982; the parameters are those of the parameter set.
    """
    chosen = tuple(samples)
    for number, sample in enumerate(chosen):
        if sample.level_ng_per_ml < quantification_limit_ng_per_ml:
            raise ObservationError(
                f"level_ng_per_ml of sample {number} is {sample.level_ng_per_ml:g}, below the quantification "
                f"limit of {quantification_limit_ng_per_ml:g} ng/mL; leave it out."
            )
    model = level_model(
        parameter_set, profile, chosen, weight_kg=weight_kg, age_years=age_years, engine=engine
    )
    posterior, predicted = model.find(np.array([sample.level_ng_per_ml for sample in chosen]))
    return IndividualEstimate(
        parameter_set=parameter_set,
        weight_kg=weight_kg,
        age_years=age_years,
        samples=chosen,
        predicted_ng_per_ml=predicted,
        posterior=posterior,
        reasons=reasons_outside(parameter_set, weight_kg, age_years, profile)[0],
    )


def expect_posterior(
    parameter_set: ParameterSet,
    profile: InfusionProfile,
    planned: Sequence[Sampled],
    *,
    weight_kg: float,
    age_years: float | None = None,
    engine: fast.Engine = "auto",
) -> Posterior:
    """What samples at these times would teach about a typical person, before any is taken.

    Raises what `fit_individual` raises for samples.
    """
    model = level_model(
        parameter_set, profile, tuple(planned), weight_kg=weight_kg, age_years=age_years, engine=engine
    )
    return model.find(model.predict(np.zeros(len(model.system.parameters))))[0]


def level_model(
    parameter_set: ParameterSet,
    profile: InfusionProfile,
    planned: Sequence[Sampled],
    *,
    weight_kg: float,
    age_years: float | None = None,
    engine: fast.Engine = "auto",
) -> LevelModel:
    """The parameter set for one body and its samples, to be fitted more than once. Raises as above."""
    omega = parameter_set.omega
    if omega is None:
        raise ParameterSetError(
            f"{parameter_set.name} has no variability between bodies to weigh a level against."
        )
    if omega.on_logit_scale:
        raise ParameterSetError(
            f"{parameter_set.name} cannot be fitted to one person: {min(omega.on_logit_scale)} varies on the "
            "logit scale, and only what varies on the log scale is offered."
        )
    _refuse_samples(parameter_set, planned)
    refuse_impossible("weight_kg", weight_kg)
    refuse_impossible("age_years", age_years)
    outputs = tuple(sample.output for sample in planned)
    system = _system(parameter_set, omega.names, weight_kg, age_years, outputs, _routes(profile))
    at_min = np.array([sample.at_min for sample in planned])
    given = tuple(drug_input(inlet, profile, at_min) for inlet in system.inlets)
    residual = [parameter_set.residual[output] for output in outputs]
    is_fast = fast.choose_engine(engine) == "fast"
    return LevelModel(
        system=system,
        given=given,
        at_min=at_min,
        prior_covariance=omega.matrix,
        proportional_sd=np.array([error.proportional_sd for error in residual]),
        additive_sd_ng_per_ml=np.array([error.additive_sd_ng_per_ml for error in residual]),
        packed=fitting.pack(system, given, _precision(omega)) if is_fast else None,
    )


def _routes(profile: InfusionProfile) -> tuple[str, ...]:
    return (INTRAVENOUS, *dict.fromkeys(dose.route for dose in profile.doses))


@lru_cache(maxsize=64)
def _system(
    parameter_set: ParameterSet,
    names: tuple[str, ...],
    weight_kg: float,
    age_years: float | None,
    outputs: tuple[str, ...],
    routes: tuple[str, ...],
) -> LogLinearSystem:
    """Kept, since one person is fitted again whenever drug or a level is added.

    Where weight and age act through the parameters alone, which is so for every set that varies between
    bodies, the system of the reference weight is moved to this body, at a tenth of the cost.
    """
    general = _general_system(parameter_set, outputs, routes)
    if general is None:
        return _read_system(parameter_set, names, weight_kg, age_years, outputs, routes)
    return general.around(_covariate_effects(parameter_set, weight_kg, age_years), names)


def _read_system(
    parameter_set: ParameterSet,
    names: tuple[str, ...],
    weight_kg: float,
    age_years: float | None,
    outputs: tuple[str, ...],
    routes: tuple[str, ...],
) -> LogLinearSystem:
    count = 1 + 2 * len(names)
    return read_log_linear(
        lambda deviation: parameter_set.system(_bodies(weight_kg, age_years, deviation, count)),
        names,
        outputs,
        routes,
    )


@lru_cache(maxsize=64)
def _general_system(
    parameter_set: ParameterSet, outputs: tuple[str, ...], routes: tuple[str, ...]
) -> LogLinearSystem | None:
    """The system at the reference weight, varying in every parameter; None where that does not tell all.

    Whether it does is seen at another weight.
    """
    names = tuple(parameter_set.parameters)
    weight_kg = parameter_set.reference_weight.value
    try:
        general, other = (
            _read_system(parameter_set, names, one, None, outputs, routes)
            for one in (weight_kg, 1.5 * weight_kg)
        )
    except ModelError:
        return None
    moved = general.around(_covariate_effects(parameter_set, 1.5 * weight_kg, None), names)
    alike = np.allclose(moved.log_rate, other.log_rate, rtol=0.0, atol=1e-10)
    alike &= np.allclose(moved.log_scale, other.log_scale, rtol=0.0, atol=1e-10)
    return general if alike else None


def _covariate_effects(parameter_set: ParameterSet, weight_kg: float, age_years: float | None) -> FloatArray:
    """Log of each parameter of the typical body of this weight and age over that of the reference weight."""
    if age_years is None or not parameter_set.age_covariates:
        return _weight_power(parameter_set) * math.log(weight_kg / parameter_set.reference_weight.value)
    reference = _log_values(parameter_set, parameter_set.reference_weight.value, None)
    return _log_values(parameter_set, weight_kg, age_years) - reference


@lru_cache(maxsize=64)
def _weight_power(parameter_set: ParameterSet) -> FloatArray:
    """The power of the weight in each parameter: `_general_system` sees whether it tells all."""
    weight_kg = parameter_set.reference_weight.value
    return _log_values(parameter_set, math.e * weight_kg, None) - _log_values(parameter_set, weight_kg, None)


@lru_cache(maxsize=64)
def _precision(omega: Covariance) -> FloatArray:
    return np.asarray(np.linalg.inv(omega.matrix), dtype=np.float64)


def _log_values(parameter_set: ParameterSet, weight_kg: float, age_years: float | None) -> FloatArray:
    values = parameter_set.values(_bodies(weight_kg, age_years, {}, 1))
    return np.log([float(values[name][0]) for name in parameter_set.parameters])


def _refuse_samples(parameter_set: ParameterSet, planned: Sequence[Sampled]) -> None:
    if not planned:
        raise ObservationError("samples must hold at least one level.")
    seen = set()
    for number, sample in enumerate(planned):
        if not parameter_set.residual:
            raise ParameterSetError(f"{parameter_set.name} gives no residual error to weigh a level with.")
        if sample.output not in parameter_set.residual:
            raise ObservationError(
                f"output of sample {number} must be one of {', '.join(parameter_set.residual)}, not "
                f"{sample.output!r}: {parameter_set.name} gives no residual error for another."
            )
        if not np.isfinite(sample.at_min):
            raise ObservationError(f"at_min of sample {number} must be a finite number of minutes.")
        if (sample.output, sample.at_min) in seen:
            raise ObservationError(
                f"samples must hold one level of {sample.output} at a time, not two at {sample.at_min:g} min."
            )
        seen.add((sample.output, sample.at_min))


def _bodies(
    weight_kg: float, age_years: float | None, deviation: Mapping[str, FloatArray], count: int
) -> Bodies:
    return Bodies(
        weight_kg=np.full(count, weight_kg),
        age_years=None if age_years is None else np.full(count, age_years),
        log_deviation=deviation,
    )


def _curve(
    estimate: IndividualEstimate, profile: InfusionProfile, times: FloatArray, output: str
) -> Prediction:
    parameter_set, posterior = estimate.parameter_set, estimate.posterior
    reasons, is_too_young = reasons_outside(parameter_set, estimate.weight_kg, estimate.age_years, profile)
    system = _system(
        parameter_set,
        posterior.names,
        estimate.weight_kg,
        estimate.age_years,
        (output,),
        _routes(profile),
    ).repeated(len(times))
    given = tuple(drug_input(inlet, profile, times) for inlet in system.inlets)
    found = sensitivities(system, posterior.deviation, given)
    level = found.level_ng_per_ml
    variance = ((found.per_log_parameter @ posterior.covariance) * found.per_log_parameter).sum(axis=1)
    there = np.where(level > 0, level, 1.0)
    factor = np.exp(normal_half_width(BAND_COVERAGE_PERCENT) * np.sqrt(variance) / there)
    arrays: dict[str, FloatArray] = {}
    if not is_too_young:
        arrays = {
            "time_min": times,
            "level_ng_per_ml": level,
            "band_low_ng_per_ml": level / factor,
            "band_high_ng_per_ml": level * factor,
        }
    omega = parameter_set.omega
    assert omega is not None
    statement = (
        f"Band: middle {BAND_COVERAGE_PERCENT} % of what is left in doubt about this patient's own level. "
        f"Basis: {omega.basis}. {omega.statement}"
    )
    return Prediction(
        status=PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK,
        reasons=reasons,
        model_name=parameter_set.name,
        citation=str(parameter_set.citation),
        analyte=parameter_set.analyte if output == LEVEL else f"{output} of {parameter_set.analyte}",
        sampling_site=parameter_set.sampling_site,
        population=parameter_set.population,
        caveats=caveats_of(parameter_set, estimate.age_years),
        model_warning=parameter_set.warning,
        band_statement=None if is_too_young else statement,
        present_min=profile.present_min,
        fit_statement=f"fitted to {counted(estimate.samples)} of this patient",
        **arrays,
    )
