"""How pictures look: width, lines, shades, words below; and how they are saved. Loads matplotlib when used.

Colors are those of Okabe and Ito (2008), told apart by most color-blind readers. No meaning hangs on color
alone: lines differ in their dashes too, bands in their shade, so that a grey print reads the same. No window
and no global state is used.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import FileError, PlotError
from evenkeel.pharmacology.prediction import PredictionStatus
from evenkeel.pharmacology.tables import HOW_TO_INSTALL, require_folder, written_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOT_SUFFIXES: Final = (".svg", ".png", ".pdf")

BLACK: Final = "#000000"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
GREY: Final = "#767676"
# One look for each line of a picture, the strongest first: color and dashes together.
LINES: Final[tuple[tuple[str, Any], ...]] = (
    (BLACK, "-"),
    (BLUE, (0, (6, 2))),
    (VERMILION, (0, (1.5, 1.2))),
    ("#009E73", (0, (6, 1.5, 1.2, 1.5))),
    ("#CC79A7", (0, (3, 1.2))),
    ("#E69F00", (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5))),
    ("#56B4E9", (0, (9, 2.5))),
)
# Twelve centimeters: one and a half columns of most journals.
WIDTH_IN: Final = 4.72
PANEL_IN: Final = 2.6
CAPTION_POINTS: Final = 6
# As many letters of that size as fit in the width.
CAPTION_CHARACTERS: Final = 104
CAPTION_LINE_IN: Final = CAPTION_POINTS * 1.35 / 72
MOST_TICKS: Final = 9
_TIME_STEPS: Final[Mapping[str, tuple[float, ...]]] = {
    "min": (1, 2, 5, 10, 15, 30, 60),
    "h": (1, 2, 3, 6, 12),
    "days": (1, 2, 7, 14, 28, 56),
}
_STYLE: Final[Mapping[str, Any]] = {
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
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


class Warned(Protocol):
    """A result that says what it may be taken for."""

    @property
    def status(self) -> PredictionStatus: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def model_name(self) -> str: ...
    @property
    def model_warning(self) -> str | None: ...


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
    with styled(), written_whole(path) as unfinished:
        figure.savefig(unfinished, format=kind, metadata=undated[kind])


def require_plot(path: Path) -> None:
    """Refuse a name that is no picture's, before the work is done that it should show."""
    if path.suffix.lower() not in PLOT_SUFFIXES:
        raise FileError(f"{path} must end in {', '.join(PLOT_SUFFIXES[:-1])} or {PLOT_SUFFIXES[-1]}.")
    require_folder(path)
    matplotlib()


def matplotlib() -> Any:
    """The package, loaded now. Raises FileError that says how to install it."""
    try:
        import matplotlib
        import matplotlib.figure
        import matplotlib.ticker
    except ImportError as cause:
        raise FileError(f"Plots need the package matplotlib. {HOW_TO_INSTALL}") from cause
    return matplotlib


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style whatever the reader's own settings are, and leave those as they were."""
    with matplotlib().rc_context({**matplotlib().rcParamsDefault, **_STYLE}):
        yield


def panels_with(
    words: Sequence[str], count: int = 1, *, height_in: float = PANEL_IN
) -> "tuple[Figure, list[Axes]]":
    """A figure of panels above one another that share their time, with its words below.

    The lines are broken by hand and given their height, so that words never cost the panels theirs.
    """
    lines = textwrap.wrap(" ".join(words), CAPTION_CHARACTERS)
    height = height_in * count + 0.35 + CAPTION_LINE_IN * len(lines)
    figure = matplotlib().figure.Figure(figsize=(WIDTH_IN, height))
    figure.supxlabel(
        "\n".join(lines), x=0.01, ha="left", fontsize=CAPTION_POINTS, color="#333333", linespacing=1.35
    )
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)
    return figure, [row[0] for row in rows]


def time_unit(time_min: FloatArray) -> tuple[float, str]:
    """Units per minute, and the unit's name, in which the span is a number that people grasp."""
    span = float(time_min[-1] - time_min[0])
    if span <= 360:
        return 1.0, "min"
    return (1 / 60, "h") if span <= 4320 else (1 / 1440, "days")


def draw_estimate(
    axes: "Axes",
    time: FloatArray,
    value: FloatArray,
    band: tuple[FloatArray | None, FloatArray | None],
    present: float | None = None,
) -> None:
    """A band and its curve: solid where drug was given or all is one, dashed from the present on."""
    low, high = band
    if low is not None and high is not None:
        draw_band(axes, time, low, high)
    if present is None:
        axes.plot(time, value, color=BLACK)
        return
    given = time <= present
    axes.plot(time[given], value[given], color=BLACK)
    axes.plot(time[~given], value[~given], color=BLACK, linestyle=(0, (4, 2)))
    axes.axvline(present, color=GREY, linewidth=0.6)
    axes.annotate(
        "planned",
        (present, 1.0),
        (3, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
    )


def draw_band(
    axes: "Axes", time: FloatArray, low: FloatArray, high: FloatArray, *, is_inner: bool = False
) -> None:
    """A shaded band; one inside another is darker."""
    axes.fill_between(time, low, high, color=BLUE, alpha=0.35 if is_inner else 0.22, linewidth=0)


def draw_measured(axes: "Axes", time: Sequence[float], value: Sequence[float], label: str) -> None:
    """What was really measured or answered: open circles, unlike anything that is computed."""
    axes.plot(time, value, "o", ms=4.5, mfc="white", mec=VERMILION, mew=1.3, label=label, clip_on=False)


def finish(axes: "Axes", label: str, time: FloatArray, *, at_zero: bool = True) -> None:
    """The label with its unit, and the limits: from 0 for what cannot be negative."""
    axes.set_ylabel(label)
    axes.set_xlim(float(time[0]), float(time[-1]))
    if at_zero:
        axes.set_ylim(bottom=0)
    else:
        axes.axhline(0, color=GREY, linewidth=0.6)


def label_time(panels: "Sequence[Axes]", unit: str, words: str = "Time since the first dose") -> None:
    """The time axis below the last panel, with ticks at steps that clocks and calendars have."""
    first, last = panels[-1].get_xlim()
    fitting = [step for step in _TIME_STEPS[unit] if (last - first) / step <= MOST_TICKS]
    if fitting:
        panels[-1].xaxis.set_major_locator(matplotlib().ticker.MultipleLocator(fitting[0]))
    panels[-1].set_xlabel(f"{words} ({unit})")


def mark_warned(axes: "Axes", results: Iterable[Warned]) -> None:
    """Say in the picture itself, not only below it, that a result may not be taken as it is."""
    statuses = dict.fromkeys(result.status for result in results if result.status is not PredictionStatus.OK)
    if statuses:
        words = _first_upper(", ".join(str(status) for status in statuses))
        axes.set_title(words, loc="right", fontsize=8, color=VERMILION, fontweight="bold")


def warnings(results: Iterable[Warned]) -> list[str]:
    """What speaks against each model, and why a result may not be taken as it is; nothing said twice."""
    found: dict[str, None] = {}
    for result in results:
        if result.model_warning is not None:
            found[f"{result.model_name}: {result.model_warning}"] = None
        if result.status is not PredictionStatus.OK:
            found[f"{result.model_name}, {result.status}: {' '.join(result.reasons)}"] = None
    return list(found)


def without_status(given: object, wanted: str) -> PlotError:
    """The refusal of what does not say what it may be taken for."""
    return PlotError(f"A {type(given).__name__} carries no status, so it cannot be drawn; give {wanted}.")


def level_label(output: str) -> str:
    return f"{_first_upper(output)} (ng/mL)"


def quantity_label(quantity: str, unit: str) -> str:
    """A quantity broken to the height of a small panel, with its unit."""
    return "\n".join([*textwrap.wrap(_first_upper(quantity), 24), f"({unit})"])


def labels_of(axis_labels: object) -> FloatArray:
    """Labels of an axis that are numbers, shape (labels,)."""
    return np.asarray(axis_labels, dtype=np.float64)


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
