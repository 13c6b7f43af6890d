"""Pictures: axes say quantity and unit, words say what it is, and nothing without a status is drawn."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evenkeel.pharmacology import (
    InfusionProfile,
    PharmacologyError,
    Prediction,
    load_parameter_set,
    predict_level,
    simulate,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.cohort import CohortLevels, simulate_cohort
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.errors import FileError, PlotError
from evenkeel.pharmacology.individual import IndividualEstimate, LevelSample, fit_individual
from evenkeel.pharmacology.mood import Score, infusions_on
from evenkeel.pharmacology.mood_forecast import fit_mood
from evenkeel.pharmacology.plots import (
    draw_check,
    draw_cohort,
    draw_effects,
    draw_fit,
    draw_level,
    draw_models,
    draw_mood,
    save_plot,
)
from evenkeel.pharmacology.regimen import Given, Regimen
from evenkeel.pharmacology.trial import Arm, simulate_trial
from evenkeel.pharmacology.vpc import VisualCheck, check_predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KAMP, OTTO = load_parameter_set("kamp_2020"), load_parameter_set("otto_2021")
INFUSION = InfusionProfile.constant(dose_mg=35.0, duration_min=40.0)
REGIMEN = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),))
AT_MIN = np.arange(0.0, 241.0, 2.0)


def level(weight_kg: float = 70.0, **changes: Any) -> Prediction:
    return replace(predict_level(KAMP, weight_kg, INFUSION, AT_MIN, age_years=45), **changes)


def words(figure: "Figure") -> str:
    """What stands below the picture, on one line."""
    return figure.get_supxlabel().replace("\n", " ")


def labels(figure: "Figure") -> list[str]:
    return [axes.get_ylabel() for axes in figure.axes]


def cohort() -> CohortLevels:
    return simulate_cohort(OTTO, 40, REGIMEN, AT_MIN, 1)


def check() -> VisualCheck:
    arm = Arm(name="one", bodies=20, regimen=REGIMEN, at_min=(20.0, 40.0, 120.0))
    trial = simulate_trial(OTTO, [arm], seed=2)
    return check_predictions(OTTO, trial.samples.columns, REGIMEN, seed=3, data_sets=20)


def fit() -> IndividualEstimate:
    samples = [
        LevelSample(at_min=40, level_ng_per_ml=200),
        LevelSample(at_min=120, level_ng_per_ml=90, output="norketamine"),
    ]
    return fit_individual(OTTO, INFUSION, samples, weight_kg=70)


def test_a_level_names_unit_model_site_and_estimate() -> None:
    figure = draw_level(level())
    (axes,) = figure.axes
    assert axes.get_ylabel() == "Ketamine (ng/mL)"
    assert axes.get_xlabel() == "Time since the first dose (min)"
    for part in ("Estimate, not a measurement.", "Kamp 2020", "arterial-equivalent", "Basis: assumption."):
        assert part in words(figure)
    drawn = axes.lines[0].get_ydata()
    assert np.array_equal(np.asarray(drawn), level().level_ng_per_ml)  # type: ignore[arg-type]  # it is drawn
    assert axes.get_ylim()[0] == 0
    assert axes.get_title(loc="right") == ""


def test_what_is_planned_is_dashed_and_parted_from_what_was_given() -> None:
    (axes,) = draw_level(level(present_min=20.0)).axes
    given, planned, present = axes.lines
    assert (given.get_linestyle(), planned.get_linestyle()) == ("-", "--")
    assert np.asarray(given.get_xdata()).max() == 20.0
    assert np.asarray(planned.get_xdata()).min() > 20.0
    assert np.asarray(present.get_xdata())[0] == 20.0


def test_out_of_range_is_marked_in_the_picture_and_below_it() -> None:
    figure = draw_level(level(140.0))
    assert figure.axes[0].get_title(loc="right") == "Outside studied population"
    assert "Weight 140 kg is outside 45 to 120 kg." in words(figure)


def test_what_speaks_against_a_model_stands_below_it() -> None:
    domino = predict_level(load_parameter_set("domino"), 70, INFUSION, AT_MIN, age_years=45)
    for figure in (draw_level(domino), draw_models([level(), domino])):
        assert words(figure).count("Domino 1984: For comparison with old target-controlled infusions") == 1


def test_long_spans_are_told_in_days() -> None:
    course = InfusionProfile.repeated(INFUSION, at_min=[0.0, 2 * 1440.0, 4 * 1440.0])
    figure = draw_level(predict_level(KAMP, 70, course, np.arange(0.0, 5 * 1440.0, 10.0)))
    assert figure.axes[0].get_xlabel() == "Time since the first dose (days)"
    assert figure.axes[0].get_xlim()[1] == pytest.approx(5.0, abs=0.01)


def test_models_are_one_line_each_told_apart_without_color() -> None:
    figure = draw_models([predict_level(one, 70, INFUSION, AT_MIN) for one in (OTTO, KAMP)])
    (axes,) = figure.axes
    names = [str(line.get_label()) for line in axes.lines]
    assert names == ["Kamp 2020", "Otto 2021"]  # the highest first
    assert len({str(line.get_linestyle()) for line in axes.lines}) == 2
    assert "Kamp 2020 (arterial-equivalent), Otto 2021 (venous)" in words(figure)
    assert "Estimates, not measurements" in words(figure)


def test_effects_stand_below_their_level_each_with_its_unit() -> None:
    shown = (Effect.DISSOCIATION, Effect.SYSTOLIC_PRESSURE, Effect.ANALGESIA, Effect.NAUSEA)
    effects = [predict_effect(one, KAMP, 70, INFUSION, AT_MIN, age_years=45) for one in shown]
    figure = draw_effects(effects, level())
    assert labels(figure) == [
        "Ketamine (ng/mL)",
        "CADSS total\n(points)",
        "Rise over the pressure\nbefore the infusion\n(mmHg)",
        "Change of pain on a 10\ncm scale\n(cm)",
    ]
    said = words(figure)
    assert "Highest reading of each patient" in said
    assert "Nausea: probability in one infusion visit, 0.22, weakest part: assumption." in said
    assert "arterial-equivalent" in said


def test_a_cohort_has_a_panel_for_each_output() -> None:
    found = cohort()
    figure = draw_cohort(found, OTTO)
    assert labels(figure) == ["Ketamine (ng/mL)", "Norketamine (ng/mL)"]
    median = np.asarray(figure.axes[1].lines[0].get_ydata())
    assert np.array_equal(median, found.quantiles.select(share=0.5, output="norketamine").values)
    for part in ("40 virtual patients", "Otto 2021", "venous", "Estimates"):
        assert part in words(figure)


def test_a_check_draws_observed_percentiles_over_their_bands() -> None:
    found = check()
    figure = draw_check(found, OTTO)
    (axes,) = figure.axes
    assert np.array_equal(np.asarray(axes.lines[0].get_ydata()), found.observed.values[0])
    assert axes.get_ylabel() == "Ketamine (ng/mL)"
    assert "observed percentiles (5, 50, 95 %) of 60 readings" in words(figure)
    assert "venous" in words(figure)


def test_a_fit_shows_measured_fitted_and_typical() -> None:
    estimate = fit()
    figure = draw_fit(estimate, predict_level(OTTO, 70, INFUSION, AT_MIN), INFUSION)
    assert labels(figure) == ["Ketamine (ng/mL)", "Norketamine (ng/mL)"]
    curves = {str(line.get_label()): line for line in figure.axes[0].lines}
    assert np.asarray(curves["measured"].get_ydata()).tolist() == [200.0]
    fitted = simulate(OTTO.system(estimate.body()), INFUSION, AT_MIN, outputs=("ketamine",)).values[0, 0]
    assert np.array_equal(np.asarray(curves["fitted"].get_ydata()), fitted)
    for part in ("Curves are estimates", "Otto 2021", "venous", estimate.words[1]):
        assert part in words(figure)


def test_a_forecast_of_mood_never_comes_without_the_drugs_share() -> None:
    scores = [Score(scale="phq9", at_day=0, total=20), Score(scale="phq9", at_day=7, total=None)]
    forecast = fit_mood(infusions_on([0, 2]), scores).forecast(
        "phq9", np.arange(8.0, 30.0), next_infusions=infusions_on([9]), draws=200
    )
    figure = draw_mood(forecast, scores)
    assert labels(figure) == ["PHQ-9 score (points)"]
    assert forecast.share.words in words(figure)
    curves = {str(line.get_label()): np.asarray(line.get_ydata()).tolist() for line in figure.axes[0].lines}
    assert curves["answered"] == [20.0]


def _labelled() -> Any:
    return simulate(KAMP.system(Bodies.typical()), INFUSION, AT_MIN)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_level(_labelled()),
        lambda: draw_models([_labelled()]),
        lambda: draw_effects([_labelled()], level()),
        lambda: draw_effects([], _labelled()),
        lambda: draw_cohort(_labelled(), OTTO),
        lambda: draw_check(_labelled(), OTTO),
        lambda: draw_fit(_labelled(), level(), INFUSION),
        lambda: draw_fit(fit(), _labelled(), INFUSION),
        lambda: draw_mood(_labelled()),
    ],
)
def test_arrays_without_a_status_are_not_drawn(draw: Any) -> None:
    with pytest.raises(PlotError, match="A Labelled carries no status, so it cannot be drawn; give "):
        draw()


def test_nothing_is_drawn_where_there_is_nothing_to_draw() -> None:
    with pytest.raises(PlotError, match=r"There is nothing to draw: Weight is missing\."):
        draw_level(predict_level(KAMP, None, INFUSION, AT_MIN))
    with pytest.raises(PlotError, match="predictions is empty"):
        draw_models([])
    with pytest.raises(PlotError, match="must share their times"):
        draw_models([level(), predict_level(OTTO, 70, INFUSION, AT_MIN[1:])])


def test_a_result_is_not_drawn_under_the_name_of_another_model() -> None:
    with pytest.raises(PlotError, match="parameter_set must be that of the cohort, Otto 2021"):
        draw_cohort(cohort(), KAMP)
    with pytest.raises(PlotError, match="the one that was checked, Otto 2021"):
        draw_check(check(), KAMP)
    with pytest.raises(PlotError, match="typical must be of Otto 2021, which was fitted"):
        draw_fit(fit(), level(), INFUSION)
    effect = predict_effect(Effect.DISSOCIATION, KAMP, 70, INFUSION, AT_MIN)
    with pytest.raises(PlotError, match="level must be of Kamp 2020"):
        draw_effects([effect], predict_level(OTTO, 70, INFUSION, AT_MIN))


@pytest.mark.parametrize(
    ("suffix", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")]
)
def test_the_same_picture_is_the_same_file(tmp_path: Path, suffix: str, begins: bytes) -> None:
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    save_plot(draw_level(level()), one)
    save_plot(draw_level(level()), other)
    assert one.read_bytes().startswith(begins)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, other]


def test_words_fit_in_the_picture() -> None:
    shown = (Effect.DISSOCIATION, Effect.SYSTOLIC_PRESSURE)
    effects = [predict_effect(one, KAMP, 140, INFUSION, AT_MIN, age_years=80) for one in shown]
    figure = draw_effects(effects, level(140.0))
    figure.draw_without_rendering()
    (text,) = [text for text in figure.texts if "Estimate" in text.get_text()]
    box = text.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= figure.bbox.y0
    lowest = figure.axes[-1].xaxis.get_tightbbox()
    assert lowest is not None
    assert box.y1 <= lowest.y0


def test_a_picture_leaves_the_readers_own_settings_alone() -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 20, "axes.spines.top": True}):
        figure = draw_level(level())
        assert matplotlib.rcParams["font.size"] == 20
    assert figure.axes[0].yaxis.label.get_fontsize() == 8


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"must end in .svg, .png or .pdf\."):
        save_plot(draw_level(level()), tmp_path / "level.jpg")
    with pytest.raises(PharmacologyError, match="there is no folder"):
        save_plot(draw_level(level()), tmp_path / "nowhere" / "level.png")
