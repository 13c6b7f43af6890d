"""What one patient's scores say, and where they may go: a posterior on a grid, and forecasts as bands.

A forecast is of the whole improvement. The share of it that the drug causes is not learned from scores, is
part of every forecast, and cannot be left out of one. No forecast gates anything.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenkeel.pharmacology.arrays import one_of
from evenkeel.pharmacology.chance import Purpose, standard_normals, uniforms
from evenkeel.pharmacology.errors import MoodError
from evenkeel.pharmacology.mood import (
    Infusion,
    Score,
    benefit_at,
    days,
    half_life_at,
    in_order,
    lasting_effect,
    nonspecific_course,
)
from evenkeel.pharmacology.mood_model import (
    BAND_PERCENT,
    DrugShare,
    FloatArray,
    Grounds,
    MoodModel,
    load_mood_model,
)
from evenkeel.pharmacology.prediction import PredictionStatus

DRAWS: Final = 4000
# Deviates from -4 to 4: both ends hold less than 1e-4 of the prior.
_REACH: Final = 4.0
_BENEFIT_POINTS: Final = 49
_OTHER_POINTS: Final = 41
_HALF_LIFE_POINTS: Final = 17


class RelapseBasis(StrEnum):
    """Which relapse a forecast speaks of; the caller chooses."""

    TRIALS = "trials"
    ORDINARY_CARE = "ordinary care"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MoodForecast:
    """Bands of the score on each day, without and with the next infusions. Arrays are float64, (times,).

    Each band is the middle 90 % of what a score on that day may be, its residual included. `with_*` is None
    when no next infusion was named. `share` belongs to the forecast: one cannot be made without it, and
    `words` and `columns()` always carry it. `reasons` holds sentences, at least one unless the status is OK.
    """

    status: PredictionStatus
    reasons: tuple[str, ...]
    scale: str
    share: DrugShare
    grounds: Grounds
    fitted_to: str
    at_day: FloatArray
    without_median: FloatArray
    without_low: FloatArray
    without_high: FloatArray
    next_infusions: tuple[Infusion, ...] = ()
    with_median: FloatArray | None = None
    with_low: FloatArray | None = None
    with_high: FloatArray | None = None

    def __post_init__(self) -> None:
        assert isinstance(self.status, PredictionStatus), "a forecast cannot be made without a status"
        assert self.reasons or self.status is PredictionStatus.OK, "a warning must say why"
        assert isinstance(self.share, DrugShare), "a forecast cannot be made without the drug's share"
        assert isinstance(self.grounds, Grounds), "a forecast must say what it rests on"
        given = [each is not None for each in (self.with_median, self.with_low, self.with_high)]
        assert all(each is bool(self.next_infusions) for each in given)

    @property
    def words(self) -> str:
        """What must stand with the forecast."""
        what = (
            f"Forecast of the {self.scale} score, an estimate: the middle {BAND_PERCENT} % of what it may be."
        )
        whole = "It is of the whole improvement, whatever causes it."
        return " ".join((what, self.fitted_to, whole, *self.reasons, self.share.words))

    def columns(self) -> dict[str, NDArray[Any]]:
        """One row per day, with the drug's share in every row."""
        found: dict[str, NDArray[Any]] = {
            "at_day": self.at_day,
            "without_median_points": self.without_median,
            "without_low_points": self.without_low,
            "without_high_points": self.without_high,
        }
        if self.with_median is not None and self.with_low is not None and self.with_high is not None:
            found["with_median_points"] = self.with_median
            found["with_low_points"] = self.with_low
            found["with_high_points"] = self.with_high
        return found | _share_columns(self.share, self.at_day.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelapseForecast:
    """The part of responders that is still well so many days after the last infusion, shape (times,)."""

    basis: RelapseBasis
    statement: str
    share: DrugShare
    grounds: Grounds
    after_day: FloatArray
    still_well: FloatArray

    def __post_init__(self) -> None:
        assert isinstance(self.share, DrugShare), "a forecast cannot be made without the drug's share"
        assert isinstance(self.grounds, Grounds), "a forecast must say what it rests on"

    @property
    def words(self) -> str:
        return f"Estimate of staying well without a further infusion. {self.statement} {self.share.words}"

    def columns(self) -> dict[str, NDArray[Any]]:
        """One row per day, with the drug's share in every row."""
        found: dict[str, NDArray[Any]] = {"after_day": self.after_day, "still_well_fraction": self.still_well}
        return found | _share_columns(self.share, self.after_day.size)


def _share_columns(share: DrugShare, rows: int) -> dict[str, NDArray[Any]]:
    shown = {"mean": share.mean, "low": share.low, "high": share.high}
    return {f"drug_share_{name}": np.full(rows, value) for name, value in shown.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MoodPosterior:
    """What is believed of one patient after their scores. Made by `fit_mood`.

    It offers forecasts and the whole improvement. The parts of the model (benefit of the drug, non-specific
    benefit) are kept inside: one person's scores cannot tell them apart.
    """

    infusions: tuple[Infusion, ...]
    scores_used: int
    scores_missing: int
    is_half_life_learned: bool
    model: MoodModel = field(repr=False)
    _benefit: FloatArray = field(repr=False)
    _nonspecific: FloatArray = field(repr=False)
    _half_life_day: FloatArray = field(repr=False)
    _probability: FloatArray = field(repr=False)
    _baseline: Mapping[str, tuple[FloatArray, FloatArray]] = field(repr=False)

    @property
    def fitted_to(self) -> str:
        """On which scores it rests, as a sentence."""
        if not self.scores_used:
            return "No score was known: it is of people as in the trials, not of this patient."
        half_life = (
            "The half-life of the effect was learned from scores after the course."
            if self.is_half_life_learned
            else "The half-life of the effect was held at its average: there is no score after the course."
        )
        missing = f", {self.scores_missing} missing" if self.scores_missing else ""
        scores = "1 score" if self.scores_used == 1 else f"{self.scores_used} scores"
        return f"Fitted to {scores} of this patient{missing}. {half_life}"

    def forecast(
        self,
        scale: str,
        at_day: ArrayLike,
        *,
        next_infusions: Sequence[Infusion] = (),
        share: DrugShare | None = None,
        seed: int = 1,
        draws: int = DRAWS,
    ) -> MoodForecast:
        """Bands of the score on each day without and with the next infusions.

        Raises MoodError for an unknown scale, days that are not finite and increasing, or a next infusion
        that is not later than the last one; CohortError for a bad seed.
        """
        of, times = self.model.scale(scale), days(at_day)
        course = in_order((*self.infusions, *next_infusions))
        drawn = self._draw(draws, seed)
        residual = of.residual_sd * standard_normals(
            seed, Purpose.MOOD_RESIDUAL, first=0, bodies=draws, columns=times.size
        )
        start = self._starting_scores(scale, drawn)[:, np.newaxis]

        def band(infusions: Sequence[Infusion]) -> FloatArray:
            score = np.clip(start * self._remaining(drawn, infusions, times) + residual, of.low, of.high)
            tail = (100 - BAND_PERCENT) / 2
            found: FloatArray = np.percentile(score, [50, tail, 100 - tail], axis=0)
            return found

        without = band(self.infusions)
        given = band(course) if next_infusions else (None, None, None)
        reasons = self._reasons(times, course)
        return MoodForecast(
            status=PredictionStatus.OUTSIDE_POPULATION if reasons else PredictionStatus.OK,
            reasons=reasons,
            scale=of.name,
            share=share or self.model.share,
            grounds=self.model.grounds,
            fitted_to=self.fitted_to,
            at_day=times,
            without_median=without[0],
            without_low=without[1],
            without_high=without[2],
            next_infusions=tuple(next_infusions),
            with_median=given[0],
            with_low=given[1],
            with_high=given[2],
        )

    def relapse(
        self,
        after_day: ArrayLike,
        basis: RelapseBasis | str,
        *,
        share: DrugShare | None = None,
        seed: int = 1,
        draws: int = DRAWS,
    ) -> RelapseForecast:
        """The chance of staying well so many days after the last infusion, for one who responded to it.

        On the basis of ordinary care it is the same for everybody: a Weibull curve through published figures.
        Raises MoodError for days that are not finite and increasing, or when hardly any draw responds.
        """
        basis = one_of("basis", basis, RelapseBasis, MoodError)
        times = days(after_day)
        if basis is RelapseBasis.ORDINARY_CARE:
            well = weibull_still_well(times, self.model)
        else:
            well = self._still_well(times, seed, draws)
        return RelapseForecast(
            basis=basis,
            statement=self.model.relapse_statements[basis],
            share=share or self.model.share,
            grounds=self.model.grounds,
            after_day=times,
            still_well=well,
        )

    def _still_well(self, after_day: FloatArray, seed: int, draws: int) -> FloatArray:
        rules = self.model.relapse_trials
        every, confirmed = rules["visit_every"].value, int(rules["visits_confirmed"].value)
        drawn = self._draw(draws, seed)
        visits = 1 + max(0, math.ceil(float(after_day[-1]) / every))
        at_day = self.infusions[-1].at_day + np.concatenate([[1.0], every * np.arange(1, visits + 1)])
        # One scale stands for all: the fraction counts, and MADRS is the scale of the trials.
        madrs = self.model.scale("madrs")
        start = self._starting_scores("madrs", drawn)[:, np.newaxis]
        residual = standard_normals(
            seed, Purpose.MOOD_RESIDUAL, first=0, bodies=draws, columns=at_day.size, part=1
        )
        score = start * self._remaining(drawn, self.infusions, at_day) + madrs.residual_sd * residual
        well = score <= rules["benefit_kept"].value * start
        relapsed = relapsed_by_visit(well, confirmed)
        if relapsed is None:
            raise MoodError(
                "Of this patient's forecasts hardly any responds, so relapse has no meaning here."
            )
        at_visit = np.concatenate([[0.0], at_day[1:] - self.infusions[-1].at_day])
        place = np.searchsorted(at_visit, after_day, side="right") - 1
        found: FloatArray = 1.0 - np.concatenate([[0.0], relapsed])[np.maximum(place, 0)]
        return found

    def _reasons(self, at_day: FloatArray, course: Sequence[Infusion]) -> tuple[str, ...]:
        low, high = self.model["dose_low"], self.model["dose_high"]
        found = [
            f"A dose of {dose:g} mg/kg is outside {low:g} to {high:g} mg/kg."
            for dose in dict.fromkeys(each.dose_mg_per_kg for each in course)
            if not low <= dose <= high
        ]
        horizon = self.model["horizon"]
        if at_day[-1] - course[-1].at_day > horizon:
            found.append(
                f"Days later than {horizon:g} after the last infusion are beyond what studies followed."
            )
        return tuple(found)

    def _draw(self, draws: int, seed: int) -> "_Drawn":
        """Nodes of the grid by their probability, each with a half-life and a deviate of its start."""
        if draws < 1:
            raise MoodError(f"draws must be at least 1, not {draws}.")
        # One number places an even comb on the probabilities: each node is drawn as often as it should be.
        comb = (np.arange(draws) + uniforms(seed, Purpose.MOOD, first=0, bodies=1, columns=1)[0, 0]) / draws
        reached = np.cumsum(self._probability)
        node = np.minimum(np.searchsorted(reached / reached[-1], comb), reached.size - 1)
        deviate = standard_normals(seed, Purpose.MOOD, first=0, bodies=draws, columns=3, part=1)
        half_life = self._half_life_day[node]
        if not self.is_half_life_learned:
            half_life = half_life_at(deviate[:, 0], self.model)
        return _Drawn(
            node=node,
            benefit=self._benefit[node],
            nonspecific=self._nonspecific[node],
            half_life_day=half_life,
            start_deviate=deviate[:, 1],
        )

    def _starting_scores(self, scale: str, drawn: "_Drawn") -> FloatArray:
        mean, sd = self._baseline[scale]
        found: FloatArray = mean[drawn.node] + sd[drawn.node] * drawn.start_deviate
        return found

    def _remaining(self, drawn: "_Drawn", infusions: Sequence[Infusion], at_day: FloatArray) -> FloatArray:
        effect = lasting_effect(infusions, at_day, drawn.half_life_day, self.model)
        drug = drawn.benefit[:, np.newaxis] * effect / (self.model["half_benefit_effect"] + effect)
        other = nonspecific_course(self.infusions[0].at_day, at_day, self.model)
        left: FloatArray = (1.0 - drug) * (1.0 - drawn.nonspecific[:, np.newaxis] * other)
        return left


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    node: NDArray[np.int64]
    benefit: FloatArray
    nonspecific: FloatArray
    half_life_day: FloatArray
    start_deviate: FloatArray


def fit_mood(
    infusions: Sequence[Infusion], scores: Sequence[Score], *, model: MoodModel | None = None
) -> MoodPosterior:
    """The posterior of one patient from the sessions given so far and the scores answered so far.

    Scores may be of several scales, in any order, missing (`total` None), or from before the first session.
    The half-life of the effect is held at its average until there is a score long enough after an infusion to
    say something about it. Starting scores are integrated out exactly; the rest is a grid: nothing is drawn.

    Raises MoodError when sessions are missing or out of order, or a score is counted twice.
    """
    of, course = model or load_mood_model(), in_order(infusions)
    answered = [each for each in scores if each.total is not None]
    places = [(each.scale, each.at_day) for each in scores]
    if len(set(places)) < len(places):
        raise MoodError("scores must hold each scale at most once on the same day.")
    learns = any(_is_post_course(each.at_day, course, of) for each in answered)
    benefit, nonspecific, half_life, log_probability = _grid(of, is_half_life_learned=learns)
    baseline = {}
    for key, scale in of.scales.items():
        own = sorted((each for each in answered if each.scale == key), key=lambda each: each.at_day)
        at_day = np.array([each.at_day for each in own])
        total = np.array([each.total for each in own], dtype=np.float64)
        effect = lasting_effect(course, at_day, half_life, of)
        drug = benefit[:, np.newaxis] * effect / (of["half_benefit_effect"] + effect)
        left = (1.0 - drug) * (
            1.0 - nonspecific[:, np.newaxis] * nonspecific_course(course[0].at_day, at_day, of)
        )
        # Normal prior and normal residuals, and the score is linear in the starting score.
        precision = 1 / scale.baseline_sd**2 + np.sum(left**2, axis=1) / scale.residual_sd**2
        pull = scale.baseline_mean / scale.baseline_sd**2 + left @ total / scale.residual_sd**2
        mean = pull / precision
        log_probability = log_probability + 0.5 * (precision * mean**2 - np.log(precision))
        baseline[key] = (mean, 1 / np.sqrt(precision))
    probability = np.exp(log_probability - log_probability.max())
    return MoodPosterior(
        infusions=course,
        scores_used=len(answered),
        scores_missing=len(scores) - len(answered),
        is_half_life_learned=learns,
        model=of,
        _benefit=benefit,
        _nonspecific=nonspecific,
        _half_life_day=half_life,
        _probability=probability / probability.sum(),
        _baseline=baseline,
    )


def _is_post_course(at_day: float, course: Sequence[Infusion], model: MoodModel) -> bool:
    before = [each.at_day for each in course if each.at_day < at_day]
    return bool(before) and at_day - before[-1] >= model["post_course_gap"]


def _grid(
    model: MoodModel, *, is_half_life_learned: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Nodes of (benefit, non-specific part, half-life), flat, and the log of their prior probability."""
    benefit_deviate = np.linspace(-_REACH, _REACH, _BENEFIT_POINTS)
    other_deviate = np.linspace(-_REACH, _REACH, _OTHER_POINTS)
    half_life_deviate = (
        np.linspace(-_REACH, _REACH, _HALF_LIFE_POINTS) if is_half_life_learned else np.zeros(1)
    )
    is_responder = np.array([True, False])
    c, b, o, h = (
        axis.ravel()
        for axis in np.meshgrid(
            is_responder, benefit_deviate, other_deviate, half_life_deviate, indexing="ij"
        )
    )
    share = model["responder_fraction"]
    log_prior = np.log(np.where(c, share, 1 - share)) - 0.5 * (b**2 + o**2 + h**2)
    return (
        benefit_at(b, c, model),
        model["nonspecific_benefit"] + model["nonspecific_benefit_sd"] * o,
        half_life_at(h, model),
        log_prior,
    )


def weibull_still_well(after_day: FloatArray, model: MoodModel | None = None) -> FloatArray:
    """The part of responders still well in ordinary care, shape (times,): Weibull, McInnes 2022."""
    of = (model or load_mood_model()).relapse_ordinary_care
    found: FloatArray = np.exp(-((np.maximum(after_day, 0.0) / of["scale"].value) ** of["shape"].value))
    return found


def relapsed_by_visit(well: NDArray[np.bool_], visits_confirmed: int) -> FloatArray | None:
    """Of those well at the first column, the part that relapsed by each later visit; None if under 1 % are.

    `well` has the shape (people, 1 + visits). A relapse is so many visits in a row not well, dated at the
    last of them.
    """
    responded = well[well[:, 0], 1:]
    if responded.shape[0] < 0.01 * well.shape[0]:
        return None
    in_a_row = np.zeros(responded.shape[0], dtype=np.int64)
    is_relapsed = np.zeros(responded.shape[0], dtype=np.bool_)
    found = np.empty(responded.shape[1])
    for visit in range(responded.shape[1]):
        in_a_row = np.where(responded[:, visit], 0, in_a_row + 1)
        is_relapsed |= in_a_row >= visits_confirmed
        found[visit] = is_relapsed.mean()
    return found
