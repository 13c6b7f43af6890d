"""Pictures of estimates for a paper: level, effects, models, cohort, predictive check, fit, mood.

Each function takes a result that says what it may be taken for and refuses anything else, so that no curve is
drawn without it; the words below the picture name the model, the sampling site and that it is an estimate.
Each gives a matplotlib Figure, which `save_plot` writes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import PlotError
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.plot_style import (
    BLACK,
    BLUE,
    LINES,
    VERMILION,
    draw_band,
    draw_estimate,
    draw_measured,
    finish,
    label_time,
    labels_of,
    level_label,
    mark_warned,
    panels_with,
    quantity_label,
    save_plot,
    styled,
    time_unit,
    warnings,
    without_status,
)
from evenkeel.pharmacology.prediction import LEVEL, Prediction
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.simulate import simulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evenkeel.pharmacology.cohort import CohortLevels
    from evenkeel.pharmacology.effects import EffectPrediction
    from evenkeel.pharmacology.individual import IndividualEstimate
    from evenkeel.pharmacology.mood import Score
    from evenkeel.pharmacology.mood_forecast import MoodForecast
    from evenkeel.pharmacology.vpc import VisualCheck

__all__ = [
    "draw_check",
    "draw_cohort",
    "draw_effects",
    "draw_fit",
    "draw_level",
    "draw_models",
    "draw_mood",
    "save_plot",
]


def draw_level(prediction: Prediction) -> "Figure":
    """The level over time with its band. Raises PlotError for what has no status or nothing to draw."""
    time_min, _ = _curve(prediction)
    per_min, unit = time_unit(time_min)
    band = prediction.band_statement or "No band: the model offers no variability."
    with styled():
        figure, panels = panels_with([prediction.words, band, *warnings([prediction])])
        _level_panel(panels[0], prediction, per_min)
        mark_warned(panels[0], [prediction])
        label_time(panels, unit)
        return figure


def draw_models(predictions: Sequence[Prediction]) -> "Figure":
    """The same doses in several models, one line each: the spread is part of what is known.

    Raises PlotError for no prediction at all, for one that may not be drawn, or when the times differ.
    """
    if not predictions:
        raise PlotError("predictions is empty: give at least one.")
    curves = [_curve(prediction) for prediction in predictions]
    time_min = curves[0][0]
    if any(not np.array_equal(time_min, other) for other, _ in curves):
        raise PlotError("The predictions must share their times to be drawn together.")
    levels = np.stack([level for _, level in curves])
    order = [int(i) for i in np.argsort(-levels.max(axis=1), kind="stable")]
    sampled = ", ".join(f"{predictions[i].model_name} ({predictions[i].sampling_site})" for i in order)
    words = (
        "Estimates, not measurements: total ketamine in typical adults of one weight, none fitted to a "
        f"patient. Shaded: from the lowest model to the highest. Sampled: {sampled}."
    )
    per_min, unit = time_unit(time_min)
    with styled():
        figure, (axes,) = panels_with([words, *warnings(predictions)])
        time = time_min * per_min
        axes.fill_between(time, levels.min(axis=0), levels.max(axis=0), color=BLACK, alpha=0.08, lw=0)
        for place, i in enumerate(order):
            color, dashes = LINES[place % len(LINES)]
            axes.plot(time, levels[i], color=color, linestyle=dashes, label=predictions[i].model_name)
        axes.legend(loc="upper right")
        finish(axes, level_label(LEVEL), time)
        mark_warned(axes, predictions)
        label_time([axes], unit)
        return figure


def draw_effects(effects: Sequence["EffectPrediction"], level: Prediction) -> "Figure":
    """Effects over time, one panel each, below the level that drives them.

    An effect that has one value for the whole visit stands in the words. Raises PlotError for what carries no
    status or may not be drawn, and for a level of another model.
    """
    from evenkeel.pharmacology.effects import EffectPrediction

    for effect in effects:
        if not isinstance(effect, EffectPrediction):
            raise without_status(effect, "an EffectPrediction")
        if effect.value is None:
            raise PlotError(f"There is nothing to draw: {' '.join(effect.reasons)}")
        if effect.model_name != level.model_name:
            raise PlotError(f"level must be of {effect.model_name}, whose levels drive the effects.")
    curves = [effect for effect in effects if effect.time_min is not None]
    per_min, unit = time_unit(_curve(level)[0])
    words = [level.words, *map(_effect_words, effects), *warnings([level, *effects])]
    with styled():
        figure, panels = panels_with(list(dict.fromkeys(words)), 1 + len(curves), height_in=1.65)
        _level_panel(panels[0], level, per_min)
        for axes, effect in zip(panels[1:], curves, strict=True):
            _effect_panel(axes, effect, per_min)
        mark_warned(panels[0], [level, *effects])
        label_time(panels, unit)
        return figure


def draw_cohort(levels: "CohortLevels", parameter_set: ParameterSet) -> "Figure":
    """The levels of virtual patients: middle half and middle 90 % of bodies around the median, per output.

    Raises PlotError for what is no cohort's result, for another parameter set than the cohort's, or when the
    quantiles are not 5, 25, 50, 75 and 95 %.
    """
    from evenkeel.pharmacology.cohort import SHARES, CohortLevels

    if not isinstance(levels, CohortLevels):
        raise without_status(levels, "the CohortLevels of simulate_cohort")
    if levels.model_name != parameter_set.name:
        raise PlotError(f"parameter_set must be that of the cohort, {levels.model_name}.")
    if not np.array_equal(labels_of(levels.quantiles.axis("share").labels), SHARES):
        raise PlotError("A picture of a cohort needs the quantiles 5, 25, 50, 75 and 95 %.")
    time_min = labels_of(levels.mean.axis("time").labels)
    outputs = [str(output) for output in levels.mean.axis("output").labels]
    per_min, unit = time_unit(time_min)
    words = (
        f"Estimates for {levels.bodies} virtual patients, not measurements. {levels.model_name}, "
        f"{parameter_set.sampling_site}. Line: median; dark: middle half; light: middle 90 % of patients."
    )
    with styled():
        figure, panels = panels_with(
            [words, *levels.caveats[:2], *warnings([levels])], len(outputs), height_in=1.9
        )
        for axes, output in zip(panels, outputs, strict=True):
            low, lower, middle, upper, high = levels.quantiles.select(output=output).values
            time = time_min * per_min
            draw_band(axes, time, low, high)
            draw_band(axes, time, lower, upper, is_inner=True)
            axes.plot(time, middle, color=BLACK)
            finish(axes, level_label(output), time)
        mark_warned(panels[0], [levels])
        label_time(panels, unit)
        return figure


def draw_check(check: "VisualCheck", parameter_set: ParameterSet) -> "Figure":
    """A visual predictive check: observed percentiles over the bands in which simulated ones lie.

    A percentile outside its band is filled. Raises PlotError for what is no check, for another parameter set
    than the one that was checked, or for fewer than two bins, between which nothing can be drawn.
    """
    from evenkeel.pharmacology.vpc import VisualCheck

    if not isinstance(check, VisualCheck):
        raise without_status(check, "the VisualCheck of check_predictions")
    if check.about.model_name != parameter_set.name:
        raise PlotError(f"parameter_set must be the one that was checked, {check.about.model_name}.")
    time_min = labels_of(check.observed.axis("time").labels)
    if time_min.size < 2:
        raise PlotError("A picture of a check needs at least two bins of time.")
    shares = labels_of(check.observed.axis("share").labels)
    per_min, unit = time_unit(time_min)
    with styled():
        figure, (axes,) = panels_with([*_check_words(check, parameter_set), *warnings([check.about])])
        time = time_min * per_min
        for i, share in enumerate(shares):
            is_inner = share == 0.5
            draw_band(axes, time, check.low.values[i], check.high.values[i], is_inner=is_inner)
            dashes = "-" if is_inner else (0, (4, 2))
            value, outside = check.observed.values[i], check.outside[i]
            axes.plot(time, value, color=BLACK, linestyle=dashes, linewidth=1.0)
            axes.plot(time[~outside], value[~outside], "o", ms=4, mfc="white", mec=BLACK, mew=1.0)
            axes.plot(time[outside], value[outside], "o", ms=5, color=VERMILION)
        aside = 0.03 * (time[-1] - time[0])
        finish(
            axes,
            level_label(check.about.output),
            np.array([max(time[0] - aside, 0.0), time[-1] + aside]),
        )
        mark_warned(axes, [check.about])
        label_time([axes], unit)
        return figure


def _check_words(check: "VisualCheck", parameter_set: ParameterSet) -> list[str]:
    shares = labels_of(check.observed.axis("share").labels)
    named = ", ".join(f"{100 * share:g}" for share in shares)
    words = (
        f"Estimates of {parameter_set.name}, {parameter_set.sampling_site}, against what was observed. "
        f"Circles: observed percentiles ({named} %) of {int(check.count.sum())} readings, filled where they "
        f"lie outside their band. Bands: where the same percentiles of {check.data_sets} simulated data "
        f"sets lie, middle {100 * check.coverage:g} %."
    )
    if check.is_corrected:
        return [words, "Corrected for what the typical body of the same covariates has."]
    return [words]


def draw_fit(estimate: "IndividualEstimate", typical: Prediction, profile: InfusionProfile) -> "Figure":
    """Measured levels of one person, their fitted curve, and that of the typical person with its band.

    `typical` is the prediction for the same person and profile before any level was known; its times are
    used. Raises PlotError for what carries no status, and for a prediction of another model.
    """
    from evenkeel.pharmacology.individual import IndividualEstimate

    if not isinstance(estimate, IndividualEstimate):
        raise without_status(estimate, "the IndividualEstimate of fit_individual")
    time_min, _ = _curve(typical)
    if typical.model_name != estimate.parameter_set.name:
        raise PlotError(f"typical must be of {estimate.parameter_set.name}, which was fitted.")
    outputs = list(dict.fromkeys(sample.output for sample in estimate.samples))
    before, fitted = (
        simulate(estimate.parameter_set.system(body), profile, time_min, outputs=outputs)
        for body in (Bodies.typical(estimate.weight_kg, estimate.age_years), estimate.body())
    )
    per_min, unit = time_unit(time_min)
    is_level_in = typical.band_statement is not None and LEVEL in outputs
    band = [f"Of the typical person: {typical.band_statement}"] if is_level_in else []
    words = ["Curves are estimates; circles were measured.", *estimate.words[:2], *band, *warnings([typical])]
    with styled():
        figure, panels = panels_with(words, len(outputs), height_in=2.2)
        for axes, output in zip(panels, outputs, strict=True):
            time = time_min * per_min
            if output == LEVEL:
                low, high = typical.band_low_ng_per_ml, typical.band_high_ng_per_ml
                if low is not None and high is not None:
                    draw_band(axes, time, low, high)
            color, dashes = LINES[1]
            level = before.select(output=output).values[0]
            axes.plot(time, level, color=color, linestyle=dashes, label="typical person")
            axes.plot(time, fitted.select(output=output).values[0], color=BLACK, label="fitted")
            own = [sample for sample in estimate.samples if sample.output == output]
            measured = [sample.level_ng_per_ml for sample in own]
            draw_measured(axes, [sample.at_min * per_min for sample in own], measured, "measured")
            finish(axes, level_label(output), time)
        panels[0].legend(loc="upper right" if outputs[0] == LEVEL else "best")
        mark_warned(panels[0], [typical])
        label_time(panels, unit)
        return figure


def draw_mood(forecast: "MoodForecast", scores: Sequence["Score"] = ()) -> "Figure":
    """The forecast of a score without and with the next infusions, and the scores that were answered.

    What of the improvement the drug causes stands in the words, always. Raises PlotError for what is no
    forecast.
    """
    from evenkeel.pharmacology.mood_forecast import MoodForecast

    if not isinstance(forecast, MoodForecast):
        raise without_status(forecast, "a MoodForecast")
    time = forecast.at_day
    answered = [(score.at_day, score.total) for score in scores if score.total is not None]
    with styled():
        figure, (axes,) = panels_with([forecast.words])
        draw_band(axes, time, forecast.without_low, forecast.without_high)
        axes.plot(
            time, forecast.without_median, color=BLUE, linestyle=LINES[1][1], label="no further infusion"
        )
        if forecast.with_median is not None:
            edges = (forecast.with_low, forecast.with_high)
            for edge in edges:
                assert edge is not None
                axes.plot(time, edge, color=BLACK, linewidth=0.7, linestyle=(0, (1, 1.5)))
            axes.plot(time, forecast.with_median, color=BLACK, label="with the next infusions")
        for infusion in forecast.next_infusions:
            axes.plot(infusion.at_day, 0, "^", color=BLACK, ms=5, clip_on=False)
        if answered:
            draw_measured(axes, [at for at, _ in answered], [total for _, total in answered], "answered")
        axes.legend(loc="lower left")
        first = min([float(time[0]), *(at for at, _ in answered)])
        finish(axes, f"{forecast.scale} score (points)", np.array([first, time[-1]]))
        label_time([axes], "days", "Time since the first infusion")
        return figure


def _curve(prediction: Prediction) -> tuple[FloatArray, FloatArray]:
    if not isinstance(prediction, Prediction):
        raise without_status(prediction, "the Prediction of predict_level")
    if prediction.time_min is None or prediction.level_ng_per_ml is None:
        raise PlotError(f"There is nothing to draw: {' '.join(prediction.reasons)}")
    return prediction.time_min, prediction.level_ng_per_ml


def _level_panel(axes: "Axes", prediction: Prediction, per_min: float) -> None:
    time_min, level = _curve(prediction)
    band = prediction.band_low_ng_per_ml, prediction.band_high_ng_per_ml
    time = time_min * per_min
    draw_estimate(axes, time, level, band, _scaled(prediction.present_min, per_min))
    finish(axes, level_label(LEVEL), time)


def _effect_panel(axes: "Axes", effect: "EffectPrediction", per_min: float) -> None:
    assert effect.time_min is not None
    assert effect.value is not None
    time = effect.time_min * per_min
    band = effect.band_low, effect.band_high
    draw_estimate(axes, time, effect.value, band, _scaled(effect.present_min, per_min))
    at_zero = float(effect.value.min()) >= 0
    finish(axes, quantity_label(effect.quantity, effect.unit), time, at_zero=at_zero)


def _effect_words(effect: "EffectPrediction") -> str:
    """What the effect is, how well it is founded, and what its band or its one value is."""
    assert effect.value is not None
    found = [f"{effect.effect.capitalize()}: {effect.quantity}, weakest part: {effect.mark}."]
    if effect.time_min is None:
        found[0] = found[0].replace(",", f", {float(effect.value):g},", 1)
    if effect.individual_maximum is not None:
        found.append(effect.individual_maximum.words)
    if effect.band_statement is not None:
        found.append(effect.band_statement)
    return " ".join(found)


def _scaled(value: float | None, by: float) -> float | None:
    return None if value is None else value * by
