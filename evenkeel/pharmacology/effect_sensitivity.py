"""How sensitive one patient is to a level, from observed dissociation scores or pressures, with levels fixed.

Where no level is measured, only the link from level to effect can be learnt: the half-effect level and the
maximum of dissociation, or the gain of pressure. The levels are those of the typical person of this weight,
or of an estimate from measured levels, and are taken as known: by how much they miss goes into what is found.
So it is no estimate of kinetics, and nothing here can be used as one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effect_constants import Link, load_link
from evenkeel.pharmacology.effect_links import (
    Pressure,
    SKetamine,
    dissociation_score,
    dissociation_share,
    pressure_rise_mmhg,
    refuse_unbound,
    tolerance,
)
from evenkeel.pharmacology.errors import FitError, ObservationError
from evenkeel.pharmacology.individual import IndividualEstimate
from evenkeel.pharmacology.narrowing import capitalized, narrowing_words, number_words, parameter_words
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.posterior import Posterior, find_posterior
from evenkeel.pharmacology.prediction import LEVEL, levels_of, reasons_outside, refuse_impossible
from evenkeel.pharmacology.profile import InfusionProfile

# How far one CADSS total lies from the patient's own curve. Assumption of the project: no published value was
# readable.
SCORE_SD_POINTS: Final = 4.0

DISSOCIATION: Final = ("half_effect_level", "maximum_dissociation")
PRESSURE: Final = ("pressure_gain",)


@dataclass(frozen=True, slots=True, kw_only=True)
class DissociationSession:
    """CADSS totals of one infusion: `score_points` at `at_min`, on the clock of the profile.

    A score of 0 is a score like any other. Raises ObservationError for unequal lengths, no scores, two at one
    time, and times or scores that are not finite or below 0.
    """

    profile: InfusionProfile
    at_min: Sequence[float]
    score_points: Sequence[float]
    infusion_number: int = 1

    def __post_init__(self) -> None:
        _refuse_observations("score_points", self.at_min, self.score_points, low=0.0)
        tolerance(self.infusion_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureSession:
    """One kind of cuff pressure in one infusion: `before_mmhg` without drug, and `pressure_mmhg` at `at_min`.

    Raises ObservationError for unequal lengths, no readings, two at one time, and values that are not finite
    or not positive.
    """

    profile: InfusionProfile
    at_min: Sequence[float]
    pressure_mmhg: Sequence[float]
    before_mmhg: float
    pressure: Pressure = Pressure.SYSTOLIC

    def __post_init__(self) -> None:
        above = float(np.nextafter(0.0, 1.0))
        _refuse_observations("pressure_mmhg", self.at_min, self.pressure_mmhg, low=above)
        _refuse_observations("before_mmhg", (0.0,), (self.before_mmhg,), low=above)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectSensitivityEstimate:
    """How one person's effect follows the level, with levels taken as known: no estimate of kinetics.

    `posterior` is on the log scale, around the typical person. `levels_of` says whose levels were used, and
    `reasons` why the patient is outside the range for which they are offered. `predicted` (observations,) is
    what the estimate gives, in `unit`: points, or mmHg above the reading before the infusion.
    """

    effect: str
    unit: str
    posterior: Posterior
    levels_of: str
    reasons: tuple[str, ...]
    predicted: FloatArray
    typical: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strange = set(self.posterior.names) - set(DISSOCIATION) - set(PRESSURE)
        if strange:
            raise FitError(
                f"An effect sensitivity cannot hold {min(strange)}; an effect teaches "
                f"{', '.join((*DISSOCIATION, *PRESSURE))} alone."
            )

    def value(self, name: str) -> float:
        """The estimate of one parameter: a level in ng/mL of S-ketamine, a score in points, or a gain."""
        place = self.posterior.place(name)
        return self.typical[name] * math.exp(self.posterior.deviation[place])

    def body(self) -> NoReturn:
        """Raises FitError: only an estimate from measured levels says anything about the body."""
        raise FitError(_NO_KINETICS)

    def curve(self) -> NoReturn:
        """Raises FitError: only an estimate from measured levels says anything about the levels."""
        raise FitError(_NO_KINETICS)

    @property
    def words(self) -> tuple[str, ...]:
        """What must stand with the estimate: what it is and is not, what was learnt, and each parameter."""
        count = len(self.predicted)
        noun = "score" if self.effect == "dissociation" else "reading"
        subject = f"{number_words(count)} {self.effect} {noun}{'' if count == 1 else 's'}"
        found = []
        for name in self.posterior.names:
            low, high = (self.typical[name] * math.exp(end) for end in self.posterior.interval(name))
            found.append(
                f"{capitalized(parameter_words(name))}: {self.value(name):.3g}{_UNITS[name]} "
                f"(90 % interval {low:.3g} to {high:.3g})."
            )
        what = (
            f"Sensitivity to an effect, not kinetics: the levels are those of {self.levels_of} and were not "
            "estimated here."
        )
        return (
            what,
            narrowing_words(self.posterior, subject, count),
            *found,
            *self.reasons,
        )


_NO_KINETICS: Final = (
    "An effect sensitivity says nothing about kinetics: an IndividualEstimate from measured levels is needed."
)
_UNITS: Final = {
    "half_effect_level": " ng/mL of S-ketamine",
    "maximum_dissociation": " points",
    "pressure_gain": " times the mean of patients",
}


def estimate_dissociation_sensitivity(
    parameter_set: ParameterSet,
    sessions: Sequence[DissociationSession],
    *,
    weight_kg: float,
    age_years: float | None = None,
    kinetics: IndividualEstimate | None = None,
) -> EffectSensitivityEstimate:
    """Half-effect level and maximum of dissociation of one person, from CADSS totals.

    Raises EffectError for a parameter set that the link does not belong to, ObservationError for no sessions,
    FitError for kinetics that are no estimate from levels, or from another parameter set.
    Source: effects.toml, link and variation between patients (assumptions, as is the SD of a score).
    """
    link = load_link("dissociation")
    maximum = link.value("maximum")
    drivers = _drivers(link, parameter_set, sessions, weight_kg, age_years, kinetics)
    observed = np.concatenate([np.asarray(session.score_points, dtype=np.float64) for session in sessions])

    def misfit(deviation: FloatArray) -> tuple[FloatArray, FloatArray]:
        half_effect, log_maximum = deviation
        score, share = [], []
        for session, level in zip(sessions, drivers, strict=True):
            share.append(dissociation_share(level, log_half_effect_deviation=half_effect))
            score.append(
                dissociation_score(
                    level,
                    infusion_number=session.infusion_number,
                    log_half_effect_deviation=half_effect,
                    log_maximum_deviation=log_maximum,
                )
            )
        found, shares = np.concatenate(score), np.concatenate(share)
        slope = np.stack([-link.value("steepness") * (1.0 - shares) * found, found], axis=1)
        return (found - observed) / SCORE_SD_POINTS, slope / SCORE_SD_POINTS

    sd = np.array([link.value("log_half_effect_level_sd"), link.value("log_maximum_sd")])
    posterior, off = find_posterior(DISSOCIATION, np.diag(sd**2), misfit)
    return EffectSensitivityEstimate(
        effect="dissociation",
        unit="points",
        posterior=posterior,
        levels_of=_whose(parameter_set, kinetics),
        reasons=_reasons(parameter_set, sessions, weight_kg, age_years),
        predicted=observed + off * SCORE_SD_POINTS,
        typical={"half_effect_level": link.value("half_effect_level"), "maximum_dissociation": maximum},
    )


def estimate_pressure_gain(
    parameter_set: ParameterSet,
    sessions: Sequence[PressureSession],
    *,
    weight_kg: float,
    age_years: float | None = None,
    kinetics: IndividualEstimate | None = None,
) -> EffectSensitivityEstimate:
    """How many times the mean rise of patients one person's pressure rises, from cuff readings.

    All rises of a session share the error of the reading before it.
    Raises as `estimate_dissociation_sensitivity`.
    Source: effects.toml, for the link, the variation between patients and the SD of a reading.
    """
    link = load_link("blood_pressure")
    drivers = _drivers(link, parameter_set, sessions, weight_kg, age_years, kinetics)
    variance = math.log1p(link.value("patient_cv") ** 2)
    middle = math.exp(-variance / 2)  # of a lognormal gain whose mean is 1
    rise, observed, whiten = [], [], []
    for session, level in zip(sessions, drivers, strict=True):
        rise.append(pressure_rise_mmhg(level, session.pressure, gain=middle))
        observed.append(np.asarray(session.pressure_mmhg, dtype=np.float64) - session.before_mmhg)
        readings = len(observed[-1])
        covariance = link.value("reading_sd") ** 2 * (np.eye(readings) + np.ones((readings, readings)))
        whiten.append(np.linalg.inv(np.linalg.cholesky(covariance)))

    def misfit(deviation: FloatArray) -> tuple[FloatArray, FloatArray]:
        gain = math.exp(deviation[0])
        each = zip(rise, observed, whiten, strict=True)
        off = np.concatenate([turn @ (gain * expected - seen) for expected, seen, turn in each])
        slope = np.concatenate(
            [turn @ (gain * expected) for expected, turn in zip(rise, whiten, strict=True)]
        )
        return off, slope[:, np.newaxis]

    posterior, _ = find_posterior(PRESSURE, np.array([[variance]]), misfit)
    return EffectSensitivityEstimate(
        effect="pressure",
        unit="mmHg",
        posterior=posterior,
        levels_of=_whose(parameter_set, kinetics),
        reasons=_reasons(parameter_set, sessions, weight_kg, age_years),
        predicted=math.exp(posterior.deviation[0]) * np.concatenate(rise),
        typical={"pressure_gain": middle},
    )


_Session = DissociationSession | PressureSession


def _drivers(
    link: Link,
    parameter_set: ParameterSet,
    sessions: Sequence[_Session],
    weight_kg: float,
    age_years: float | None,
    kinetics: IndividualEstimate | None,
) -> list[SKetamine]:
    """The S-ketamine at the effect site at the observations of each session."""
    refuse_unbound(link, parameter_set.key)
    refuse_impossible("weight_kg", weight_kg)
    refuse_impossible("age_years", age_years)
    if not sessions:
        raise ObservationError("sessions must hold at least one session.")
    if kinetics is not None and not isinstance(kinetics, IndividualEstimate):
        raise FitError(_NO_KINETICS)
    if kinetics is not None and kinetics.parameter_set.key != parameter_set.key:
        raise FitError(
            f"kinetics must be estimated with {parameter_set.key!r}, not with {kinetics.parameter_set.key!r}."
        )
    if kinetics is not None and (kinetics.weight_kg, kinetics.age_years) != (weight_kg, age_years):
        raise FitError("kinetics must be estimated with the same weight_kg and age_years.")
    bodies = Bodies.typical(weight_kg, age_years) if kinetics is None else kinetics.body()
    half_life = link.site_half_life_min
    found = []
    for session in sessions:
        order = np.argsort(session.at_min)
        level = np.empty(len(order))
        times = np.asarray(session.at_min, dtype=np.float64)[order]
        level[order] = levels_of(
            parameter_set, bodies, session.profile, times, outlet=LEVEL, site_half_life_min=half_life
        )[0]
        found.append(
            SKetamine(
                ng_per_ml=link.value("s_share") * level,
                parameter_set=parameter_set.key,
                site_half_life_min=half_life,
            )
        )
    return found


def _whose(parameter_set: ParameterSet, kinetics: IndividualEstimate | None) -> str:
    if kinetics is None:
        return f"a typical person of this weight with {parameter_set.name}"
    return f"this patient, estimated from measured levels with {parameter_set.name},"


def _reasons(
    parameter_set: ParameterSet, sessions: Sequence[_Session], weight_kg: float, age_years: float | None
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for session in sessions:
        found |= dict.fromkeys(reasons_outside(parameter_set, weight_kg, age_years, session.profile)[0])
    return tuple(found)


def _refuse_observations(name: str, at_min: Sequence[float], values: Sequence[float], *, low: float) -> None:
    if len(at_min) != len(values) or not len(values):
        raise ObservationError(
            f"at_min and {name} must have one value for each observation, at least one, but they have "
            f"{len(at_min)} and {len(values)}."
        )
    if not np.all(np.isfinite(at_min)):
        raise ObservationError("at_min must be finite numbers of minutes.")
    if len(set(at_min)) < len(at_min):
        raise ObservationError("at_min must hold each time once.")
    if not (np.all(np.isfinite(values)) and np.all(np.asarray(values) >= low)):
        rule = "greater than 0" if low > 0 else "of 0 or more"
        raise ObservationError(f"{name} must be finite numbers {rule}.")
