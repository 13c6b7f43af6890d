"""Pictures of estimates for a paper: level, effects, spread across models, predictive check.

Each function takes a result that carries its status and refuses anything else, so that no curve is drawn
without saying what it is. Colors are those of Okabe and Ito (2008), told apart by most color-blind readers. No
meaning hangs on color alone: lines differ in their dashes too, bands in their shade, so that a grey print reads
the same. Matplotlib is loaded when a picture is drawn, and no window or global state is used.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from evenkeel.pharmacology.errors import FileError, PlotError
from evenkeel.pharmacology.prediction import Prediction, PredictionStatus
from evenkeel.pharmacology.profile import FloatArray
from evenkeel.pharmacology.tables import HOW_TO_INSTALL, require_folder, written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_SUFFIXES: Final = (".svg", ".png", ".pdf")

# Okabe M, Ito K. Color Universal Design (2008), the seven that are not yellow, darkest first.
BLACK: Final = "#000000"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREY: Final = "#767676"
# One look for each line of a picture: color and dashes together.
LINES: Final[tuple[tuple[str, Any], ...]] = (
    (BLACK, "-"),
    (BLUE, (0, (6, 2))),
    (VERMILION, (0, (1.5, 1.2))),
    (GREEN, (0, (6, 1.5, 1.2, 1.5))),
    (PURPLE, (0, (3, 1.2))),
    (ORANGE, (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5))),
    (SKY, (0, (9, 2.5))),
)
# Twelve centimeters: one and a half columns of most journals.
WIDTH_IN: Final = 4.72
PANEL_IN: Final = 2.6
CAPTION_CHARACTERS: Final = 104
_STYLE: Final[Mapping[str, Any]] = {
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 8,
    "backend": "agg",
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "font.size": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "lines.linewidth": 1.3,
    "pdf.fonttype": 42,  # text stays text, which journals ask for
    "savefig.dpi": 300,
    "svg.fonttype": "path",  # a reader's machine may lack the font
    "svg.hashsalt": "evenkeel",  # the same picture is the same file
    "xtick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.labelsize": 7,
    "ytick.major.width": 0.6,
}


def draw_level(prediction: Prediction) -> "Figure":
    """The level over time with its band. Raises PlotError for what has no status or nothing to draw."""
    time_min, _ = _curve(prediction)
    with _styled():
        figure, (axes,) = _panels(1)
        per_min, unit = _time_unit(time_min)
        time = time_min * per_min
        if prediction.band_low_ng_per_ml is not None and prediction.band_high_ng_per_ml is not None:
            _band(axes, time, prediction.band_low_ng_per_ml, prediction.band_high_ng_per_ml)
        _line(axes, prediction, time, per_min)
        axes.set_ylabel(f"{_first_upper(prediction.analyte)} (ng/mL)")
        _finish(axes, f"Time ({unit})", time)
        band = prediction.band_statement or "No band: the model offers no variability."
        _caption(figure, [prediction.words, band, *_warnings([prediction])])
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
    with _styled():
        figure, (axes,) = _panels(1)
        per_min, unit = _time_unit(time_min)
        time = time_min * per_min
        levels = np.stack([level for _, level in curves])
        axes.fill_between(time, levels.min(axis=0), levels.max(axis=0), color=BLACK, alpha=0.08, lw=0)
        order = np.argsort(-levels.max(axis=1), kind="stable")
        for place, i in enumerate(order):
            color, dashes = LINES[place % len(LINES)]
            label = f"{predictions[i].model_name}, {predictions[i].sampling_site}"
            axes.plot(time, levels[i], color=color, linestyle=dashes, label=label)
        axes.legend(loc="upper right")
        axes.set_ylabel("Ketamine (ng/mL)")
        _finish(axes, f"Time ({unit})", time)
        words = (
            "Estimates, not measurements: typical adults of one weight, each line as its model would have it "
            "sampled, none fitted to a patient. Shaded: from the lowest model to the highest."
        )
        _caption(figure, [words, *_warnings(predictions)])
        return figure


def save_plot(figure: "Figure", path: Path) -> None:
    """Write a picture as SVG, PNG (300 dots an inch) or PDF, as the name ends; the same picture, same bytes.

    Raises FileError when the name ends otherwise or the file cannot be written.
    """
    require_plot(path)
    kind = path.suffix.lower()[1:]
    # Neither the moment of drawing nor the version of the library belongs in a result.
    undated: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": "Evenkeel"},
        "pdf": {"CreationDate": None, "Producer": None, "Creator": "Evenkeel"},
        "png": {"Software": "Evenkeel"},
    }
    with _styled(), written_whole(path) as unfinished:
        figure.savefig(unfinished, format=kind, metadata=undated[kind])


def require_plot(path: Path) -> None:
    """Refuse a name that is no picture's, before the work is done that it should show."""
    if path.suffix.lower() not in PLOT_SUFFIXES:
        raise FileError(f"{path} must end in {', '.join(PLOT_SUFFIXES[:-1])} or {PLOT_SUFFIXES[-1]}.")
    require_folder(path)
    _matplotlib()


def _matplotlib() -> Any:
    try:
        import matplotlib
        import matplotlib.figure
    except ImportError as cause:
        raise FileError(f"Plots need the package matplotlib. {HOW_TO_INSTALL}") from cause
    return matplotlib


@contextmanager
def _styled() -> Iterator[None]:
    with _matplotlib().rc_context({**_matplotlib().rcParamsDefault, **_STYLE}):
        yield


def _panels(count: int, *, height_in: float = PANEL_IN) -> "tuple[Figure, list[Axes]]":
    figure = _matplotlib().figure.Figure(figsize=(WIDTH_IN, height_in * count + 0.7))
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)
    return figure, [row[0] for row in rows]


def _curve(prediction: Prediction) -> tuple[FloatArray, FloatArray]:
    if not isinstance(prediction, Prediction):
        raise PlotError(
            f"A {type(prediction).__name__} carries no status, so it cannot be drawn; give a Prediction."
        )
    if prediction.time_min is None or prediction.level_ng_per_ml is None:
        raise PlotError(f"There is nothing to draw: {' '.join(prediction.reasons)}")
    return prediction.time_min, prediction.level_ng_per_ml


def _time_unit(time_min: FloatArray) -> tuple[float, str]:
    """Units per minute, and the unit's name, in which the span is a number that people grasp."""
    span = float(time_min[-1] - time_min[0])
    if span <= 360:
        return 1.0, "min"
    return (1 / 60, "h") if span <= 4320 else (1 / 1440, "days")


def _line(axes: "Axes", prediction: Prediction, time: FloatArray, per_min: float) -> None:
    """The curve: solid where drug was given or all is one, dashed from the present on."""
    level = prediction.level_ng_per_ml
    assert level is not None
    if prediction.present_min is None:
        axes.plot(time, level, color=BLACK)
        return
    present = prediction.present_min * per_min
    given = time <= present
    axes.plot(time[given], level[given], color=BLACK)
    axes.plot(time[~given], level[~given], color=BLACK, linestyle=(0, (4, 2)))
    axes.axvline(present, color=GREY, linewidth=0.6)
    axes.annotate("planned ", (present, 1.0), xycoords=("data", "axes fraction"), fontsize=7, va="top")


def _band(axes: "Axes", time: FloatArray, low: FloatArray, high: FloatArray) -> None:
    axes.fill_between(time, low, high, color=BLUE, alpha=0.22, linewidth=0)


def _finish(axes: "Axes", x_label: str, time: FloatArray) -> None:
    axes.set_xlabel(x_label)
    axes.set_xlim(time[0], time[-1])
    axes.set_ylim(bottom=0)
    axes.margins(y=0.05)


def _warnings(predictions: Sequence[Prediction]) -> list[str]:
    """One sentence for each prediction that may not be taken as it is."""
    return [
        f"{prediction.model_name}, {prediction.status}: {' '.join(prediction.reasons)}"
        for prediction in predictions
        if prediction.status is not PredictionStatus.OK
    ]


def _caption(figure: "Figure", sentences: Sequence[str]) -> None:
    """The words below the picture, broken by hand: the layout makes room for lines, not for wrapping."""
    lines = textwrap.wrap(" ".join(sentences), CAPTION_CHARACTERS)
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=6, color="#333333", linespacing=1.35)


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
