"""Links from a level to an effect: typed levels in, numbers out, every constant bound to one parameter set.

A level says of what it is (S-ketamine is not total ketamine), at which site, and from which parameter set; a
link refuses any other. The constants are those of effects.toml.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.arrays import FloatArray, one_of
from evenkeel.pharmacology.effect_constants import Link, load_link
from evenkeel.pharmacology.errors import EffectError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """Levels of one analyte, float64 of shape (..., times), in ng/mL.

    `parameter_set` is the key of the set that gave them. `site_half_life_min` is that of the effect site
    at which they stand, or None for the sampling site of the set itself.
    """

    analyte: ClassVar[str] = "a level of no named analyte"
    ng_per_ml: FloatArray
    parameter_set: str
    site_half_life_min: float | None = None


class TotalKetamine(Level):
    """Ketamine, S and R together."""

    __slots__ = ()
    analyte = "total ketamine"


class SKetamine(Level):
    """S-ketamine alone: about half of the total after a racemate."""

    __slots__ = ()
    analyte = "S-ketamine"


class SNorketamine(Level):
    """S-norketamine alone."""

    __slots__ = ()
    analyte = "S-norketamine"


def refuse_unbound(link: Link, parameter_set: str) -> None:
    """Raise EffectError, naming both sets, unless the constants of the link belong to this parameter set."""
    if parameter_set != link.parameter_set:
        raise EffectError(
            f"The constants of {link.name.lower()} belong to {link.parameter_set!r} and cannot be used with "
            f"{parameter_set!r}: an effect site fitted on one model is wrong on another."
        )


def _driven(link: Link, level: Level, wanted: type[Level], site_half_life_min: float | None) -> FloatArray:
    if not isinstance(level, wanted):
        raise EffectError(
            f"{link.name} is driven by {wanted.analyte}, not by {level.analyte}: the constants are for "
            f"{wanted.analyte} alone."
        )
    refuse_unbound(link, level.parameter_set)
    if level.site_half_life_min != site_half_life_min:
        raise EffectError(
            f"{link.name} is driven at {_site(site_half_life_min)}, but these levels stand at "
            f"{_site(level.site_half_life_min)}."
        )
    # Where there is no drug yet, the sum of modes can be a rounding error below 0, of which no root is real.
    not_below_0: FloatArray = np.maximum(level.ng_per_ml, 0.0)
    return not_below_0


def _site(half_life_min: float | None) -> str:
    if half_life_min is None:
        return "the sampling site of the parameter set"
    return f"an effect site with a half-life of {half_life_min:g} min"


def tolerance(infusion_number: int) -> float:
    """The share of the dissociation score that is left in the n-th infusion of a course, 1 in the first."""
    if infusion_number < 1 or infusion_number % 1 != 0:
        raise EffectError(f"infusion_number must be a whole number from 1, not {infusion_number!r}.")
    link = load_link("dissociation")
    floor = link.value("tolerance_floor")
    return floor + (1.0 - floor) * math.exp(-(infusion_number - 1) / link.value("tolerance_infusions"))


def dissociation_share(level: SKetamine, *, log_half_effect_deviation: ArrayLike = 0.0) -> FloatArray:
    """The share of the greatest dissociation that this level brings, 0 to 1, in the shape of the level.

    `log_half_effect_deviation`, a number or of shape (bodies,), is added to the log of the half-effect level.
    Raises EffectError for a level of another analyte, site or parameter set.
    """
    link = load_link("dissociation")
    ce = _driven(link, level, SKetamine, link.site_half_life_min)
    half = link.value("half_effect_level") * np.exp(_per_body(log_half_effect_deviation))
    # Divided by the half-effect level first, so that a level of 0 gives 0 and no power overflows.
    powered = (ce / half) ** link.value("steepness")
    share: FloatArray = powered / (1.0 + powered)
    return share


def dissociation_score(
    level: SKetamine,
    *,
    infusion_number: int = 1,
    log_half_effect_deviation: ArrayLike = 0.0,
    log_maximum_deviation: ArrayLike = 0.0,
) -> FloatArray:
    """The CADSS total in the n-th infusion of a course, in points, in the shape of the level."""
    maximum = load_link("dissociation").value("maximum") * np.exp(_per_body(log_maximum_deviation))
    share = dissociation_share(level, log_half_effect_deviation=log_half_effect_deviation)
    score: FloatArray = maximum * tolerance(infusion_number) * share
    return score


class Pressure(StrEnum):
    """The three pressures of a cuff."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN = "mean"


def pressure_rise_mmhg(level: SKetamine, pressure: Pressure | str, *, gain: ArrayLike = 1.0) -> FloatArray:
    """The rise of one pressure, in mmHg, in the shape of the level. A gain of 1 is the mean of patients."""
    pressure = one_of("pressure", pressure, Pressure, EffectError)
    link = load_link("blood_pressure")
    ce = _driven(link, level, SKetamine, link.site_half_life_min)
    ratio = 1.0 if pressure is Pressure.MEAN else link.value(f"{pressure}_ratio")
    rise: FloatArray = (
        _per_body(gain) * ratio * link.value("maximum") * ce / (link.value("half_effect_level") + ce)
    )
    return rise


def heart_rate_rise_per_min(level: SKetamine) -> FloatArray:
    """The rise of the heart rate in beats/min, in the shape of the level."""
    link = load_link("heart_rate")
    rise: FloatArray = link.value("slope") * _driven(link, level, SKetamine, link.site_half_life_min)
    return rise


def unresponsive_probability(level: TotalKetamine) -> FloatArray:
    """The probability of not responding, in the shape of the level."""
    link = load_link("unresponsiveness")
    ce = _driven(link, level, TotalKetamine, link.site_half_life_min)
    with np.errstate(divide="ignore"):
        deviate = np.log(ce / link.value("median_level")) / link.value("log_sd")
    return 0.5 * _erfc(-deviate / math.sqrt(2.0))


def pain_change_cm(ketamine: SKetamine, norketamine: SNorketamine) -> FloatArray:
    """The change of pain in cm of a 10 cm scale; negative is relief, and S-norketamine works against it."""
    link = load_link("analgesia")
    relief = link.value("ketamine_slope") * _driven(link, ketamine, SKetamine, link.site_half_life_min)
    against = link.value("norketamine_slope") * _driven(link, norketamine, SNorketamine, None)
    change: FloatArray = relief + against
    return change


def nausea_probability() -> float:
    """The probability of nausea in one visit: a constant."""
    return load_link("nausea").value("probability")


def _per_body(values: ArrayLike) -> FloatArray:
    """A number as it is; values of shape (bodies,) with an axis for the times."""
    per_body = np.asarray(values, dtype=np.float64)
    return per_body if per_body.ndim == 0 else per_body[..., np.newaxis]


_erfc_of_one = np.frompyfunc(math.erfc, 1, 1)


def _erfc(values: FloatArray) -> FloatArray:
    return np.asarray(_erfc_of_one(values), dtype=np.float64)
