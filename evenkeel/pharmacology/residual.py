"""What an assay would read of a level: the level and the model's residual error."""

from collections.abc import Sequence

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.chance import Purpose, standard_normals
from evenkeel.pharmacology.errors import CohortError
from evenkeel.pharmacology.parameter_set import ParameterSet, Residual


def add_residual(
    parameter_set: ParameterSet, levels: FloatArray, outputs: Sequence[str], seed: int, *, first: int = 0
) -> None:
    """Turn levels (bodies, outputs, times) of bodies first, first + 1, ... into what an assay would read.

    A reading below 0 becomes 0. Raises CohortError for an output without a residual error in the model.
    """
    bodies, _, times = levels.shape
    for i, output in enumerate(outputs):
        error = residual_of(parameter_set, output)
        place = parameter_set.outputs.index(output)
        normals = standard_normals(
            seed, Purpose.RESIDUAL, first=first, bodies=bodies, columns=times, part=place
        )
        levels[:, i] = read_level(error, levels[:, i], normals)


def read_level(error: Residual, level: FloatArray, normals: FloatArray) -> FloatArray:
    """What an assay reads of levels in ng/mL, not below 0, by standard normals of the same shape."""
    if error.on_log_scale:
        return level * np.exp(error.proportional_sd * normals)
    sd = np.hypot(error.proportional_sd * level, error.additive_sd_ng_per_ml)
    found: FloatArray = np.maximum(level + sd * normals, 0.0)
    return found


def residual_of(parameter_set: ParameterSet, output: str) -> Residual:
    """The residual error of an output. Raises CohortError when the model has none for it."""
    if output not in parameter_set.residual:
        known = ", ".join(parameter_set.residual) or "none"
        raise CohortError(
            f"{parameter_set.name} gives no residual error for {output!r} (it does for: {known}), so that no "
            "reading of it can be drawn."
        )
    return parameter_set.residual[output]
