"""The score of a depression scale over a course of infusions: the responder mixture, and virtual patients.

With D what an infusion has put in, A the lasting effect, B the starting score and t in days from the first
session:

    dD/dt = -kon D + input(dose) at each infusion       dA/dt = kon D - koff A
    f = benefit A / (half_benefit_effect + A)            g = nonspecific (1 - exp(-t / time_constant))
    score = B (1 - f) (1 - g) + residual

No level in plasma enters: it was unrelated to the change of mood in most of the studies behind the model.
Sources and marks of every constant: `mood_model.toml`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.chance import Purpose, standard_normals
from evenkeel.pharmacology.errors import MoodError
from evenkeel.pharmacology.mood_model import FloatArray, MoodModel, load_mood_model

HOURS_PER_DAY: Final = 24.0
_PATIENT_COLUMNS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """A session: its day (0 is the first session) and mg/kg of ketamine base; 0 mg/kg is a placebo session.

    Raises MoodError for a day that is not finite or a dose that is negative or not finite.
    """

    at_day: float
    dose_mg_per_kg: float = 0.5

    def __post_init__(self) -> None:
        if not math.isfinite(self.at_day):
            raise MoodError(f"at_day of an infusion must be a finite number of days, not {self.at_day:g}.")
        if not (math.isfinite(self.dose_mg_per_kg) and self.dose_mg_per_kg >= 0):
            raise MoodError(
                f"dose_mg_per_kg must be a finite number of 0 or more, not {self.dose_mg_per_kg:g}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One answer on a scale ("madrs", "phq9" or "qids") at a day; a `total` of None was missed.

    Raises MoodError for a day that is not finite, an unknown scale, or a total outside the scale's range.
    """

    scale: str
    at_day: float
    total: float | None

    def __post_init__(self) -> None:
        of = load_mood_model().scale(self.scale)
        if not math.isfinite(self.at_day):
            raise MoodError(f"at_day of a score must be a finite number of days, not {self.at_day:g}.")
        if self.total is not None and not of.low <= self.total <= of.high:
            raise MoodError(
                f"total of {of.name} must be {of.low:g} to {of.high:g}, or None when missed, "
                f"not {self.total:g}."
            )


def infusions_on(days: Iterable[float], dose_mg_per_kg: float = 0.5) -> tuple[Infusion, ...]:
    """Sessions of one dose on these days."""
    return tuple(Infusion(at_day=float(day), dose_mg_per_kg=dose_mg_per_kg) for day in days)


def in_order(infusions: Sequence[Infusion]) -> tuple[Infusion, ...]:
    """The sessions of a course. Raises MoodError when there is none, or when their days do not increase."""
    if not infusions:
        raise MoodError("infusions must hold at least the first session.")
    for before, after in pairwise(infusions):
        if after.at_day <= before.at_day:
            raise MoodError(
                "infusions must be in order, each on a later day than the one before, but "
                f"{after.at_day:g} comes after {before.at_day:g}."
            )
    return tuple(infusions)


def days(at_day: ArrayLike) -> FloatArray:
    """Days as a float64 array (times,). Raises MoodError unless finite and strictly increasing."""
    try:
        found = np.atleast_1d(np.array(at_day, dtype=np.float64))
    except (TypeError, ValueError) as cause:
        raise MoodError("at_day must be a list of numbers of days.") from cause
    if found.ndim != 1 or found.size == 0 or not np.all(np.isfinite(found)):
        raise MoodError("at_day must be a list of at least one finite number of days.")
    if np.any(np.diff(found) <= 0):
        raise MoodError("at_day must be strictly increasing.")
    return found


def lasting_effect(
    infusions: Sequence[Infusion],
    at_day: FloatArray,
    offset_half_life_day: FloatArray,
    model: MoodModel | None = None,
) -> FloatArray:
    """The effect A, shape (people, times), for half-lives (people,). An infusion of 0.5 mg/kg puts in 1."""
    of = model or load_mood_model()
    on_per_day = math.log(2.0) / (of["onset_half_life"] / HOURS_PER_DAY)
    off_per_day = math.log(2.0) / offset_half_life_day[:, np.newaxis]
    gap = on_per_day - off_per_day
    even = np.abs(gap) < 1e-9  # both rates alike: the difference quotient is then the time itself
    found = np.zeros((offset_half_life_day.size, at_day.size))
    for infusion in infusions:
        since = np.maximum(at_day - infusion.at_day, 0.0)
        grown = np.where(even, since, -np.expm1(-gap * since) / np.where(even, 1.0, gap))
        found += dose_input(infusion.dose_mg_per_kg, of) * on_per_day * np.exp(-off_per_day * since) * grown
    return found


def dose_input(dose_mg_per_kg: float, model: MoodModel | None = None) -> float:
    """What one infusion puts in: saturable in the dose, 1 at 0.5 mg/kg."""
    of = model or load_mood_model()
    unit = of["unit_dose"] / (of["unit_dose"] + of["half_dose"])
    return dose_mg_per_kg / (dose_mg_per_kg + of["half_dose"]) / unit


def nonspecific_course(first_day: float, at_day: FloatArray, model: MoodModel) -> FloatArray:
    """How much of the non-specific benefit is there, 0 to 1, shape (times,)."""
    return -np.expm1(-np.maximum(at_day - first_day, 0.0) / model["nonspecific_time_constant"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VirtualPatients:
    """People drawn from the model, all arrays (people,); patient i is the same however many are drawn.

    `benefit` (0 to 1) and `nonspecific` are parts of a model. They tell groups of trials apart; of one real
    person they cannot be told apart, which is why a posterior shows neither.
    """

    seed: int
    first: int
    is_responder: NDArray[np.bool_]
    benefit: FloatArray
    nonspecific: FloatArray
    offset_half_life_day: FloatArray
    baseline: Mapping[str, FloatArray]
    model: MoodModel

    def __len__(self) -> int:
        return int(self.benefit.size)

    def remaining(self, infusions: Sequence[Infusion], at_day: ArrayLike) -> FloatArray:
        """The part of the starting score that is left, shape (people, times), before any residual."""
        course, times, of = in_order(infusions), days(at_day), self.model
        effect = lasting_effect(course, times, self.offset_half_life_day, of)
        drug = self.benefit[:, np.newaxis] * effect / (of["half_benefit_effect"] + effect)
        other = self.nonspecific[:, np.newaxis] * nonspecific_course(course[0].at_day, times, of)
        left: FloatArray = (1.0 - drug) * (1.0 - other)
        return left

    def scores(
        self, infusions: Sequence[Infusion], at_day: ArrayLike, scale: str, *, occasion: int = 0
    ) -> FloatArray:
        """Scores with their residual, shape (people, times), kept within the scale's range, not rounded.

        `occasion` draws other residuals for the same people. Raises MoodError for an unknown scale, sessions
        out of order, or days that are not finite and strictly increasing.
        """
        of = self.model.scale(scale)
        expected = self.baseline[scale][:, np.newaxis] * self.remaining(infusions, at_day)
        residual = standard_normals(
            self.seed,
            Purpose.MOOD_RESIDUAL,
            first=self.first,
            bodies=len(self),
            columns=expected.shape[1],
            part=occasion,
        )
        return np.clip(expected + of.residual_sd * residual, of.low, of.high)


def draw_patients(n: int, seed: int, *, first: int = 0, model: MoodModel | None = None) -> VirtualPatients:
    """Draw n people, numbered from `first`: class, benefit, half-life, non-specific part, starting scores.

    The starting scores of one person share their deviation between scales. Raises MoodError for n below 1,
    CohortError for a bad seed.
    """
    if n < 1:
        raise MoodError(f"n must be at least 1, not {n}.")
    of = model or load_mood_model()
    normal = standard_normals(seed, Purpose.MOOD, first=first, bodies=n, columns=1 + _PATIENT_COLUMNS)
    is_responder = normal[:, 0] < NormalDist().inv_cdf(of["responder_fraction"])
    return VirtualPatients(
        seed=seed,
        first=first,
        is_responder=is_responder,
        benefit=benefit_at(normal[:, 1], is_responder, of),
        nonspecific=of["nonspecific_benefit"] + of["nonspecific_benefit_sd"] * normal[:, 2],
        offset_half_life_day=half_life_at(normal[:, 3], of),
        baseline={
            key: np.clip(scale.baseline_mean + scale.baseline_sd * normal[:, 4], scale.low, scale.high)
            for key, scale in of.scales.items()
        },
        model=of,
    )


def benefit_at(deviate: FloatArray, is_responder: NDArray[np.bool_], model: MoodModel) -> FloatArray:
    """The largest benefit, 0 to 1, at standard-normal deviates on its logit scale."""
    middle = np.where(is_responder, _logit(model["benefit_responder"]), _logit(model["benefit_other"]))
    found: FloatArray = 1.0 / (1.0 + np.exp(-(middle + model["benefit_logit_sd"] * deviate)))
    return found


def half_life_at(deviate: FloatArray, model: MoodModel) -> FloatArray:
    """Half-life of the effect in days at standard-normal deviates on its log scale."""
    found: FloatArray = model["offset_half_life"] * np.exp(model["log_offset_half_life_sd"] * deviate)
    return found


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
