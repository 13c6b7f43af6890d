"""A made-up infusion as plain values: what each shipped model predicts for it, as pictures and as tables."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import (
    InfusionProfile,
    Prediction,
    load_parameter_set,
    parameter_set_keys,
    predict_level,
)
from evenkeel.pharmacology.effects import Effect, EffectPrediction, predict_effect
from evenkeel.pharmacology.parameter_set import ParameterSet, Role
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.values.numbers import plain
from evenkeel.values.shape import frozen

FloatArray = NDArray[np.float64]

# The picture shows four hours, and at least two after the end.
SHOWN_MIN: Final = 240
AFTER_MIN: Final = 120
PICTURE_STEP_MIN: Final = 2.0
# The table has a row every 10 minutes for two hours, then every 30.
ROWS_CLOSE_MIN: Final = 10
ROWS_CLOSE_UNTIL_MIN: Final = 120
ROWS_FAR_MIN: Final = 30

# A slider goes back and forth over the same few numbers; each answer takes about 100 kB.
KEPT: Final = 64

ROLE_WORDS: Final[dict[Role, str]] = {
    Role.DEFAULT: "The model that the chart draws",
    Role.SAMPLES: "To compare with a blood sample",
    Role.ALTERNATIVE: "Alternative",
    Role.LEGACY: "Legacy, for comparison only",
}
STATUS_WORDS: Final[dict[PredictionStatus, tuple[str, str]]] = {
    PredictionStatus.OK: ("Within its range", "ok"),
    PredictionStatus.OUTSIDE_POPULATION: ("Outside its range", "medium"),
    PredictionStatus.MISSING_INPUT: ("Not computed", "unknown"),
}
# Those with a picture; the others stand in the table.
DRAWN_EFFECTS: Final = {
    Effect.DISSOCIATION: "Dissociation, estimate in CADSS points",
    Effect.SYSTOLIC_PRESSURE: "Systolic rise, mean of patients, estimate in mmHg",
    Effect.HEART_RATE: "Rise of heart rate, estimate in beats/min",
}
LEVEL_TITLE: Final = "Level in plasma by model, estimate in ng/mL"
TOLD_EFFECTS: Final = (
    Effect.DISSOCIATION,
    Effect.SYSTOLIC_PRESSURE,
    Effect.DIASTOLIC_PRESSURE,
    Effect.HEART_RATE,
    Effect.UNRESPONSIVENESS,
    Effect.ANALGESIA,
    Effect.NAUSEA,
)


@frozen
class Asked:
    """What a person made up: mg/kg over minutes for a weight, a pause, and its place in a course."""

    dose_mg_per_kg: Decimal
    duration_min: Decimal
    weight_kg: Decimal
    pause_at_min: Decimal
    pause_for_min: Decimal
    infusion_number: int

    @property
    def dose_mg(self) -> float:
        return float(self.dose_mg_per_kg * self.weight_kg)

    @property
    def end_min(self) -> float:
        """When the pump stops for good."""
        return float(self.duration_min + self.pause_for_min)

    @property
    def running(self) -> tuple[tuple[float, float], ...]:
        """When the pump runs: (from, to) in minutes."""
        duration, pause_at, pause_for = (
            float(each) for each in (self.duration_min, self.pause_at_min, self.pause_for_min)
        )
        if not pause_for:
            return ((0.0, duration),)
        resumed = (pause_at + pause_for, duration + pause_for)
        return ((0.0, pause_at), resumed) if pause_at else (resumed,)

    def profile(self) -> InfusionProfile:
        """The same rate whenever the pump runs."""
        start, end = np.array(self.running).T
        rate = np.full(start.size, self.dose_mg / (float(self.duration_min) / 60))
        return InfusionProfile(start_min=start, end_min=end, rate_mg_per_h=rate)


@frozen
class Curve:
    """One estimate over time with its band, whatever it is of."""

    name: str
    site: str | None
    unit: str
    status: PredictionStatus
    value: FloatArray
    low: FloatArray | None
    high: FloatArray | None

    @property
    def heading(self) -> str:
        """Over a column: the unit of a level stands over the whole table."""
        return self.name if self.site else f"{self.name}, {self.unit}"


@lru_cache(maxsize=KEPT)
def explored(asked: Asked) -> dict[str, Any]:
    """Everything that the page shows of a made-up infusion; to be read, and never changed."""
    profile, weight = asked.profile(), float(asked.weight_kg)
    until = max(SHOWN_MIN, asked.end_min + AFTER_MIN)
    corners = [edge for span in asked.running for edge in span]
    rows = _row_times(asked, until)
    times = np.unique(np.concatenate([np.arange(0.0, until + 1, PICTURE_STEP_MIN), corners, rows]))
    sets = offered_sets()
    levels = [predict_level(each, weight, profile, times) for each in sets]
    of = {
        effect: predict_effect(effect, sets[0], weight, profile, times, infusion_number=asked.infusion_number)
        for effect in TOLD_EFFECTS
    }
    level_curves = [_level_curve(each) for each in levels if each.drawable]
    effect_curves = {effect: _effect_curve(each) for effect, each in of.items() if each.time_min is not None}
    at_row = np.searchsorted(times, rows)
    return {
        "said": _said(asked, level_curves[0], levels[0], times),
        "charts": [
            _chart("level", LEVEL_TITLE, asked, times, level_curves),
            *(
                _chart(effect.name.lower(), title, asked, times, [effect_curves[effect]])
                for effect, title in DRAWN_EFFECTS.items()
            ),
        ],
        "level_table": _time_table(asked, rows, at_row, level_curves),
        "effect_table": _time_table(asked, rows, at_row, list(effect_curves.values())),
        "models": [_model(*each, times=times) for each in zip(sets, levels, strict=True)],
        "effects": [_effect(of[effect], times) for effect in TOLD_EFFECTS],
    }


def offered_sets() -> list[ParameterSet]:
    """The models that may be shown in a clinic, the one that the chart draws first."""
    sets = [load_parameter_set(key) for key in parameter_set_keys()]
    order = list(ROLE_WORDS)
    return sorted((each for each in sets if each.role in order), key=lambda each: order.index(each.role))


def _row_times(asked: Asked, until: float) -> FloatArray:
    close = np.arange(0.0, ROWS_CLOSE_UNTIL_MIN + 1, ROWS_CLOSE_MIN)
    far = np.arange(ROWS_CLOSE_UNTIL_MIN, until + 1, ROWS_FAR_MIN)
    return np.unique(np.concatenate([close, far, [asked.end_min]]))


def _level_curve(of: Prediction) -> Curve:
    assert of.level_ng_per_ml is not None
    return Curve(
        name=of.model_name,
        site=of.sampling_site,
        unit="ng/mL",
        status=of.status,
        value=of.level_ng_per_ml,
        low=of.band_low_ng_per_ml,
        high=of.band_high_ng_per_ml,
    )


def _effect_curve(of: EffectPrediction) -> Curve:
    assert of.value is not None
    scale, unit = _shown_unit(of)
    low, high = of.band_low, of.band_high
    return Curve(
        name=of.effect.capitalize(),
        site=None,
        unit=unit,
        status=of.status,
        value=scale * of.value,
        low=None if low is None else scale * low,
        high=None if high is None else scale * high,
    )


def _shown_unit(of: EffectPrediction) -> tuple[float, str]:
    """Probabilities are shown in percent."""
    return (100.0, "%") if of.unit in ("probability", "fraction") else (1.0, of.unit)


def _said(asked: Asked, curve: Curve, of: Prediction, times: FloatArray) -> str:
    top = int(np.argmax(curve.value))
    mg = number(asked.dose_mg, 1)
    return (
        f"Estimate: {plain(asked.dose_mg_per_kg)} mg/kg for {plain(asked.weight_kg)} kg is {mg} mg over "
        f"{plain(asked.duration_min)} min. {of.model_name}, {of.sampling_site}: highest "
        f"{cell(curve, top)} ng/mL at {number(times[top])} min."
    )


def _chart(name: str, title: str, asked: Asked, times: FloatArray, curves: Sequence[Curve]) -> dict[str, Any]:
    return {
        "id": f"picture-{name}",
        "title": title,
        "unit": curves[0].unit,
        "running": asked.running,
        "time": times.tolist(),
        "lines": [
            {
                "name": curve.name,
                "site": curve.site,
                "value": _listed(curve.value),
                "low": None if curve.low is None else _listed(curve.low),
                "high": None if curve.high is None else _listed(curve.high),
            }
            for curve in curves
        ],
    }


def _listed(values: FloatArray) -> list[float]:
    listed: list[float] = values.round(2).tolist()
    return listed


def _time_table(
    asked: Asked, rows: FloatArray, at_row: NDArray[np.intp], curves: Sequence[Curve]
) -> dict[str, Any]:
    return {
        "columns": ["Minute", *({"text": each.heading, "numeric": True} for each in curves)],
        "rows": [
            [
                f"{number(at)}, end" if at == asked.end_min else number(at),
                *(cell(curve, place) for curve in curves),
            ]
            for at, place in zip(rows.tolist(), at_row.tolist(), strict=True)
        ],
    }


def cell(curve: Curve, place: int) -> str:
    """A value with its band, in as many digits as it bears."""
    value, places = float(curve.value[place]), _places(curve)
    if curve.low is None or curve.high is None:
        return number(value, places)
    said, low, high = (number(float(each), places) for each in (value, curve.low[place], curve.high[place]))
    return said if said == low == high else f"{said} ({low} to {high})"


def _places(curve: Curve) -> int:
    return 0 if np.max(np.abs(curve.value)) >= 20 else 1


def number(value: float, places: int = 0) -> str:
    """A number without zeros at its end, and with a minus that is one."""
    return plain(Decimal(f"{value:.{places}f}") + 0).replace("-", "\N{MINUS SIGN}")


def _model(of: ParameterSet, prediction: Prediction, *, times: FloatArray) -> dict[str, Any]:
    word, tone = STATUS_WORDS[prediction.status]
    highest = None
    if prediction.drawable:
        curve = _level_curve(prediction)
        top = int(np.argmax(curve.value))
        highest = f"{cell(curve, top)} ng/mL at {number(times[top])} min"
    return {
        "name": of.name,
        "role": ROLE_WORDS[of.role],
        "site": of.sampling_site,
        "analyte": of.analyte,
        "highest": highest,
        "word": word,
        "tone": tone,
        "words": prediction.words,
        "reasons": prediction.reasons,
        "warning": of.warning,
        "band": prediction.band_statement or "No band: how people differ was not readable for this model.",
        "population": prediction.population,
        "caveats": prediction.caveats,
        "citation": prediction.citation,
    }


def _effect(of: EffectPrediction, times: FloatArray) -> dict[str, Any]:
    word, tone = STATUS_WORDS[of.status]
    scale, unit = _shown_unit(of)
    highest = None
    if of.value is not None and of.time_min is None:
        highest = f"{number(scale * float(of.value), 0)} {unit}, for the whole visit"
    elif of.value is not None:
        curve = _effect_curve(of)
        top = int(np.argmax(np.abs(curve.value)))
        highest = f"{cell(curve, top)} {unit} at {number(times[top])} min"
    return {
        "name": of.effect.capitalize(),
        "quantity": of.quantity[:1].upper() + of.quantity[1:],
        "highest": highest,
        "word": word,
        "tone": tone,
        "mark": str(of.mark),
        "words": of.words,
        "reasons": of.reasons,
        "maximum": of.individual_maximum.words if of.individual_maximum else None,
        "band": of.band_statement,
        "founded_on": of.founded_on,
        "caveats": of.caveats,
    }
