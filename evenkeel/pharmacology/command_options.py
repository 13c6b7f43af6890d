"""What the commands ask for: options that make a regimen, and refusals told in one sentence."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console

from evenkeel.pharmacology.arrays import FloatArray
from evenkeel.pharmacology.errors import ArgumentError, PharmacologyError, ProfileError
from evenkeel.pharmacology.plot_style import require_plot
from evenkeel.pharmacology.regimen import (
    Given,
    Regimen,
    read_bolus,
    read_days,
    read_pause,
    read_regimen,
    read_step,
)
from evenkeel.pharmacology.tables import require_table

BAD_INPUT: Final = 2
# One course of two weeks by the second is 1.2 million times: more is a slip of the hand.
MOST_TIMES: Final = 2_000_000
DOSING: Final = "The regimen"

complaints = Console(stderr=True)

Model = Annotated[str, typer.Option("--model", help="Parameter set, such as kamp_2020 or otto_2021.")]
Weight = Annotated[float, typer.Option("--weight-kg", help="Weight of the body.")]
Age = Annotated[float | None, typer.Option("--age-years", help="Age, compared with the range of the model.")]
Until = Annotated[
    float | None,
    typer.Option("--until-h", help="Hours from day 0 to compute; else 4 h after the last dose."),
]
Every = Annotated[float, typer.Option("--every-min", help="Minutes between two times.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Write a table: a name that ends in .csv or .parquet.")
]
Plot = Annotated[
    Path | None, typer.Option("--plot", help="Draw a picture: a name that ends in .svg, .png or .pdf.")
]


def _regimen(
    dose_mg_per_kg: Annotated[
        float | None, typer.Option("--dose-mg-per-kg", help="Dose by weight.", rich_help_panel=DOSING)
    ] = None,
    dose_mg: Annotated[
        float | None, typer.Option("--dose-mg", help="Dose of the whole body.", rich_help_panel=DOSING)
    ] = None,
    over_min: Annotated[
        float | None,
        typer.Option("--over-min", help="Minutes the dose runs for; 0: all at once.", rich_help_panel=DOSING),
    ] = None,
    route: Annotated[
        str, typer.Option("--route", help="iv, im, nasal, oral, sublingual ...", rich_help_panel=DOSING)
    ] = "iv",
    bolus: Annotated[
        list[str] | None,
        typer.Option(
            "--bolus", help="Bolus AT:AMOUNT, such as 0:20mg or 15:0.1mg/kg.", rich_help_panel=DOSING
        ),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", help="Rate FROM-TO:RATE, such as 0-20:60mg/h.", rich_help_panel=DOSING),
    ] = None,
    pause: Annotated[
        list[str] | None,
        typer.Option("--pause", help="Pump stopped AT:MINUTES, such as 15:5.", rich_help_panel=DOSING),
    ] = None,
    on_days: Annotated[
        str | None,
        typer.Option("--on-days", help="Repeat on days, such as 0,2,4,7,9,11.", rich_help_panel=DOSING),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", help="Read it from a .csv, .parquet or .toml file.", rich_help_panel=DOSING
        ),
    ] = None,
) -> Regimen:
    """Make the regimen that the options describe. Raises ProfileError or FileError."""
    if profile is not None:
        if any(option is not None for option in (dose_mg_per_kg, dose_mg, over_min, bolus, step)):
            raise ProfileError("profile stands alone: give no dose, over-min, bolus or step beside it.")
        found = read_regimen(profile)
    else:
        given = [*map(read_bolus, bolus or ()), *map(read_step, step or ())]
        given[:0] = _dose(dose_mg_per_kg, dose_mg, over_min, route)
        found = Regimen(given=tuple(given))
    for at_min, for_min in map(read_pause, pause or ()):
        found = found.paused(at_min, for_min)
    if on_days is not None:
        found = Regimen(given=found.given, on_days=read_days(on_days))
    return found


def _dose(
    dose_mg_per_kg: float | None, dose_mg: float | None, over_min: float | None, route: str
) -> list[Given]:
    doses = [
        (amount, unit) for amount, unit in ((dose_mg_per_kg, "mg/kg"), (dose_mg, "mg")) if amount is not None
    ]
    if len(doses) > 1:
        raise ProfileError("dose-mg-per-kg and dose-mg exclude each other: give one of them.")
    if not doses:
        if over_min is not None:
            raise ProfileError("over-min needs a dose: give dose-mg-per-kg or dose-mg.")
        return []
    if over_min is None:
        if route == "iv":
            raise ProfileError(
                "over-min is missing: say for how many minutes the dose runs (0: all at once)."
            )
        over_min = 0.0
    amount, unit = doses[0]
    return [Given(at_min=0.0, amount=amount, unit=unit, over_min=over_min, route=route)]


def asks_for_regimen(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a regimen; it receives the regimen that they make as `regimen`."""
    own = inspect.signature(command, eval_str=True)
    asked = inspect.signature(_regimen, eval_str=True)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        regimen = _regimen(**{name: given.pop(name) for name in asked.parameters})
        command(regimen=regimen, **given)

    kept = [parameter for name, parameter in own.parameters.items() if name != "regimen"]
    together = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (*kept, *asked.parameters.values())
    ]
    vars(run)["__signature__"] = own.replace(parameters=together)
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in together}
    return run


def refuses_in_words(command: Callable[..., None]) -> Callable[..., None]:
    """Tell a refusal in one sentence on the error output, and end with the code for bad input."""

    @functools.wraps(command)
    def run(**given: Any) -> None:
        try:
            command(**given)
        except PharmacologyError as refusal:
            complaints.print(str(refusal), markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(BAD_INPUT) from refusal

    return run


def require_files(out: Path | None, plot: Path | None) -> None:
    """Refuse names of results that could not be written, before anything is computed."""
    if out is not None:
        require_table(out)
    if plot is not None:
        require_plot(plot)


def output_times(regimen: Regimen, until_h: float | None, every_min: float) -> FloatArray:
    """Times from day 0 on, in minutes, evenly apart. Raises ArgumentError for a grid that cannot be."""
    until_min = regimen.last_end_min + 240.0 if until_h is None else until_h * 60.0
    if not (np.isfinite(every_min) and every_min > 0):
        raise ArgumentError(f"every-min must be a finite number greater than 0, not {every_min:g}.")
    if not (np.isfinite(until_min) and until_min > 0):
        raise ArgumentError(f"until-h must be a finite number greater than 0, not {until_h:g}.")
    steps = int(until_min / every_min + 1e-9)
    if steps >= MOST_TIMES:
        raise ArgumentError(f"every-min is too small: it would give {steps:,} times up to until-h.")
    times: FloatArray = np.arange(steps + 1, dtype=np.float64) * every_min
    return times
