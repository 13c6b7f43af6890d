"""What a plan of scores would teach about one patient: the linearized narrowing of each part of the model.

For the design of a schedule, not for a person's result: it says how wide each part would remain, and shows
why the parts are never reported separately for one patient.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from evenkeel.pharmacology.mood import Infusion, days, in_order, lasting_effect, nonspecific_course
from evenkeel.pharmacology.mood_model import FloatArray, MoodModel, load_mood_model

PARTS: Final = ("benefit", "half-life", "non-specific")
# Where the model is linearized, and how wide the benefit is there before any score: between the classes.
# The starting score is taken as known. Assumption of the project.
BENEFIT: Final = 0.7
BENEFIT_SD: Final = 0.3
_STEP: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """By which fraction scores narrow the SD of each part; how benefit and non-specific then correlate."""

    cut: Mapping[str, float]
    correlation: float


def narrowing(
    infusions: Sequence[Infusion], at_day: ArrayLike, scale: str, *, model: MoodModel | None = None
) -> Narrowing:
    """What scores on these days of this scale would teach about a patient of average starting score.

    Raises MoodError for an unknown scale, sessions out of order, or days not finite and increasing.
    """
    of = model or load_mood_model()
    course, times, chosen = in_order(infusions), days(at_day), of.scale(scale)
    center = np.array([BENEFIT, math.log(of["offset_half_life"]), of["nonspecific_benefit"]])
    sd = np.array([BENEFIT_SD, of["log_offset_half_life_sd"], of["nonspecific_benefit_sd"]])

    def expected(parts: FloatArray) -> FloatArray:
        effect = lasting_effect(course, times, np.exp(parts[1:2]), of)[0]
        drug = parts[0] * effect / (of["half_benefit_effect"] + effect)
        other = parts[2] * nonspecific_course(course[0].at_day, times, of)
        score: FloatArray = chosen.baseline_mean * (1 - drug) * (1 - other)
        return score

    steps = _STEP * np.eye(center.size)
    slope = np.stack([(expected(center + s) - expected(center - s)) / (2 * _STEP) for s in steps], axis=1)
    left = np.linalg.inv(np.diag(1 / sd**2) + slope.T @ slope / chosen.residual_sd**2)
    remaining = np.sqrt(np.diag(left))
    return Narrowing(
        cut={part: float(1 - remaining[i] / sd[i]) for i, part in enumerate(PARTS)},
        correlation=float(left[0, 2] / (remaining[0] * remaining[2])),
    )
