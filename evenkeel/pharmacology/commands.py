"""The `evenkeel pk` commands: levels and effects of a regimen, models compared, cohorts, fits, checks."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.command_options import (
    Age,
    Every,
    Model,
    Out,
    Plot,
    Until,
    Weight,
    asks_for_regimen,
    complaints,
    output_times,
    refuses_in_words,
    require_files,
)
from evenkeel.pharmacology.command_rows import (
    MISSED,
    check_rows,
    cohort_rows,
    effect_rows,
    fit_rows,
    level_rows,
    read_samples,
    stacked,
)
from evenkeel.pharmacology.errors import ArgumentError, FileError, ParameterSetError
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.plot_style import warnings
from evenkeel.pharmacology.prediction import Prediction, predict_level
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.reading import load_parameter_set, parameter_set_keys
from evenkeel.pharmacology.regimen import Regimen
from evenkeel.pharmacology.tables import Column, TableWriter, require_table, write_table

if TYPE_CHECKING:
    from evenkeel.pharmacology.cohort import Cohort, CohortLevels
    from evenkeel.pharmacology.effects import EffectPrediction
    from evenkeel.pharmacology.workers import Progress as Advance

app = typer.Typer(no_args_is_help=True, help="Ketamine's pharmacology: estimates, never measurements.")
console = Console()

# A set that misses a check value is no bad input: the command did what was asked.
CHECK_FAILED: Final = 1
# Bodies whose levels are written at one go, so that a million need not fit in memory.
LEVELS_AT_ONCE: Final = 1024


@app.command()
@refuses_in_words
@asks_for_regimen
def simulate(
    regimen: Regimen,
    model: Model = "kamp_2020",
    weight_kg: Weight = 70.0,
    age_years: Age = None,
    effect: Annotated[
        list[str] | None, typer.Option("--effect", help="An effect too, such as dissociation; repeatable.")
    ] = None,
    infusion_number: Annotated[
        int, typer.Option("--infusion-number", help="Which infusion of the course it is, for tolerance.")
    ] = 1,
    until_h: Until = None,
    every_min: Every = 1.0,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Estimate the level, and effects, of a regimen in a typical body of this weight."""
    require_files(out, plot)
    parameter_set = load_parameter_set(model)
    times = output_times(regimen, until_h, every_min)
    profile = regimen.for_weight(weight_kg)
    prediction = predict_level(parameter_set, weight_kg, profile, times, age_years=age_years)
    effects = []
    for name in effect or ():
        from evenkeel.pharmacology.effects import predict_effect

        effects.append(
            predict_effect(
                name,
                parameter_set,
                weight_kg,
                profile,
                times,
                age_years=age_years,
                infusion_number=infusion_number,
            )
        )
    _summarize(prediction, parameter_set, profile, Bodies.typical(weight_kg, age_years))
    for one in effects:
        _say_effect(one)
    if out is not None:
        rows = [level_rows(parameter_set, prediction, weight_kg, age_years, profile)]
        rows += [effect_rows(one, parameter_set.sampling_site) for one in effects]
        _write(out, stacked(rows), [prediction])
    if plot is not None:
        from evenkeel.pharmacology.plots import draw_effects, draw_level, save_plot

        save_plot(draw_effects(effects, prediction) if effects else draw_level(prediction), plot)
        _say([f"Drawn: {plot}"])


@app.command()
@refuses_in_words
@asks_for_regimen
def compare(
    regimen: Regimen,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="Parameter set, repeatable; else all that are offered."),
    ] = None,
    weight_kg: Weight = 70.0,
    age_years: Age = None,
    show_min: Annotated[
        str, typer.Option("--show-min", help="Minutes that are shown as columns.")
    ] = "20,40,80,240",
    until_h: Until = None,
    every_min: Every = 1.0,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Estimate the level of a regimen in several models and show how far they differ."""
    require_files(out, plot)
    profile = regimen.for_weight(weight_kg)
    routes = {one.route for one in regimen.given}
    sets = [load_parameter_set(key) for key in model or parameter_set_keys()]
    if not model:
        sets = [one for one in sets if one.offered and routes <= set(one.routes)]
    if not sets:
        raise ArgumentError(f"No model that is offered has the route {' and '.join(sorted(routes))}.")
    times = output_times(regimen, until_h, every_min)
    shown = _minutes(show_min)

    def predictions(at_min: Iterable[float]) -> list[Prediction]:
        at = np.array(list(at_min))
        return [predict_level(one, weight_kg, profile, at, age_years=age_years) for one in sets]

    _show_spread(sets, predictions(shown), shown)
    found = predictions(times)
    if out is not None:
        pairs = zip(sets, found, strict=True)
        _write(out, stacked([level_rows(a, b, weight_kg, age_years, profile) for a, b in pairs]), found)
    if plot is not None:
        from evenkeel.pharmacology.plots import draw_models, save_plot

        save_plot(draw_models(found), plot)
        _say([f"Drawn: {plot}"])


@app.command()
@refuses_in_words
@asks_for_regimen
def cohort(
    regimen: Regimen,
    model: Model = "otto_2021",
    bodies: Annotated[int, typer.Option("--bodies", help="How many virtual patients.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same patients.")] = 1,
    covariates: Annotated[
        str | None, typer.Option("--covariates", help="Who they are, such as adults_perez_ruixo_2021.")
    ] = None,
    weight_kg: Weight = 70.0,
    occasions: Annotated[
        bool, typer.Option("--occasions", help="Let a body differ from visit to visit.")
    ] = False,
    residual: Annotated[bool, typer.Option("--residual", help="Add the residual error of an assay.")] = False,
    workers: Annotated[int, typer.Option("--workers", help="Processes of this machine.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask scheduler, in place of workers.")
    ] = None,
    until_h: Until = None,
    every_min: Every = 1.0,
    out: Out = None,
    levels: Annotated[
        Path | None, typer.Option("--levels", help="Write every level of every body too: .csv or .parquet.")
    ] = None,
    plot: Plot = None,
) -> None:
    """Simulate virtual patients and summarize their levels; with covariates, weight-kg has no part."""
    from evenkeel.pharmacology.cohort import Cohort, simulate_cohort
    from evenkeel.pharmacology.covariates import CovariateModel, load_covariate_model
    from evenkeel.pharmacology.workers import Workers

    require_files(out, plot)
    if levels is not None:
        require_table(levels)
    parameter_set = load_parameter_set(model)
    people = (
        CovariateModel.fixed(weight_kg=weight_kg) if covariates is None else load_covariate_model(covariates)
    )
    asked = Cohort(
        parameter_set=parameter_set,
        regimen=regimen,
        at_min=output_times(regimen, until_h, every_min),
        seed=seed,
        covariates=people,
        with_occasions=occasions,
        with_residual=residual,
    )
    with _progress("Virtual patients") as advance:
        found = simulate_cohort(
            parameter_set,
            bodies,
            regimen,
            asked.at_min,
            seed,
            covariates=people,
            with_occasions=occasions,
            with_residual=residual,
            workers=Workers(count=workers, scheduler=scheduler),
            progress=advance,
        )
    _show_cohort(found)
    if out is not None:
        _write(out, cohort_rows(found, parameter_set.sampling_site), [found])
    if levels is not None:
        _write_levels(levels, asked, bodies)
    if plot is not None:
        from evenkeel.pharmacology.plots import draw_cohort, save_plot

        save_plot(draw_cohort(found, parameter_set), plot)
        _say([f"Drawn: {plot}"])


@app.command()
@refuses_in_words
@asks_for_regimen
def fit(
    regimen: Regimen,
    samples: Annotated[
        Path, typer.Argument(help="Levels: a .csv or .parquet with at_min, level_ng_per_ml, maybe output.")
    ],
    model: Model = "otto_2021",
    weight_kg: Weight = 70.0,
    age_years: Age = None,
    quantification_limit: Annotated[
        float, typer.Option("--quantification-limit", help="ng/mL; a level below it is refused.")
    ] = 0.0,
    until_h: Until = None,
    every_min: Every = 1.0,
    out: Out = None,
    plot: Plot = None,
) -> None:
    """Estimate one person's kinetics from measured levels, and say how little they teach."""
    from evenkeel.pharmacology.individual import fit_individual

    require_files(out, plot)
    parameter_set = load_parameter_set(model)
    profile = regimen.for_weight(weight_kg)
    estimate = fit_individual(
        parameter_set,
        profile,
        read_samples(samples),
        weight_kg=weight_kg,
        age_years=age_years,
        quantification_limit_ng_per_ml=quantification_limit,
    )
    _say(estimate.words)
    if out is not None:
        _write(out, fit_rows(estimate), [])
    if plot is not None:
        from evenkeel.pharmacology.plots import draw_fit, save_plot

        times = output_times(regimen, until_h, every_min)
        typical = predict_level(parameter_set, weight_kg, profile, times, age_years=age_years)
        save_plot(draw_fit(estimate, typical, profile), plot)
        _say([f"Drawn: {plot}"])


@app.command()
@refuses_in_words
def check(
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Parameter set, repeatable; else all.")
    ] = None,
    out: Out = None,
) -> None:
    """Recompute the check values of parameter sets; ends with 1 when one is missed that should be met."""
    require_files(out, None)
    parts, failed = [], 0
    for key in model or parameter_set_keys():
        try:
            rows = check_rows(load_parameter_set(key))
        except ParameterSetError as missed:
            if key not in parameter_set_keys():
                raise
            _say([f"MISSED. {missed}"])
            failed += 1
            continue
        _show_checks(rows)
        parts.append(rows)
        failed += int(np.count_nonzero(np.asarray(rows["verdict"]) == MISSED))
    if out is not None:
        _write(out, stacked(parts), [])
    if failed:
        _say([f"{failed} check values are missed that should be met."])
        raise typer.Exit(CHECK_FAILED)
    _say([f"All {sum(len(rows['verdict']) for rows in parts)} check values are as documented."])


def _minutes(text: str) -> list[float]:
    try:
        found = sorted({float(minute) for minute in text.split(",")})
    except ValueError as cause:
        raise ArgumentError(f"show-min must be minutes with commas between, not {text!r}.") from cause
    if not np.all(np.isfinite(found)):
        raise ArgumentError("show-min must be finite numbers of minutes.")
    return found


def _say(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _summarize(
    prediction: Prediction, parameter_set: ParameterSet, profile: InfusionProfile, body: Bodies
) -> None:
    """The estimate in a few lines: what it is, the peak and area of each output, and every warning."""
    _say([prediction.words])
    if prediction.drawable:
        system = parameter_set.system(body)
        table = Table("Output", "Peak", "At", "Area for ever", box=None, pad_edge=False)
        for output in parameter_set.outputs:
            level, at_min = (float(found[0]) for found in peak(system, profile, output))
            area = float(area_ng_h_per_ml(system, profile, output)[0])
            table.add_row(output, f"{level:.0f} ng/mL", f"{at_min:.0f} min", f"{area:.0f} ng h/mL")
        console.print(table)
        _say([f"Dose in all: {profile.dose_mg:g} mg of ketamine base."])
    _say(warnings([prediction]))


def _say_effect(effect: "EffectPrediction") -> None:
    """The effect in a few lines: what it is, how large it gets, and why it may not be taken as it is."""
    _say([effect.words])
    if effect.value is not None:
        top = np.unravel_index(np.argmax(np.abs(effect.value)), effect.value.shape)
        at = "" if effect.time_min is None else f" at {effect.time_min[top]:.0f} min"
        _say([f"Largest: {effect.value[top]:.3g} {effect.unit}{at}."])
    if effect.individual_maximum is not None:
        _say([effect.individual_maximum.words])
    _say(effect.reasons)


def _show_spread(sets: list[ParameterSet], found: list[Prediction], shown: list[float]) -> None:
    table = Table("Model", "Sampled", *(f"{at:g} min" for at in shown), box=None, pad_edge=False)
    drawn = []
    for one, prediction in zip(sets, found, strict=True):
        level = prediction.level_ng_per_ml
        if level is not None:
            drawn.append(level)
        cells = ["none"] * len(shown) if level is None else [f"{value:.0f}" for value in level]
        table.add_row(one.name, one.sampling_site, *cells)
    if drawn:
        low, high = np.min(drawn, axis=0), np.max(drawn, axis=0)
        table.add_row("Spread", "", *(f"{a:.0f} to {b:.0f}" for a, b in zip(low, high, strict=True)))
    console.print(table)
    _say(["Estimates of total ketamine in ng/mL for typical adults; no model is fitted to a patient."])
    _say(warnings(found))


def _show_cohort(found: "CohortLevels") -> None:
    shares = np.asarray(found.quantiles.axis("share").labels, dtype=np.float64)
    headings = [f"{100 * share:g} %" for share in shares]
    table = Table("Output", "Mean peak at", "Mean", *headings, box=None, pad_edge=False)
    times = np.asarray(found.mean.axis("time").labels, dtype=np.float64)
    for i, output in enumerate(found.mean.axis("output").labels):
        top = int(np.argmax(found.mean.values[i]))
        cells = [f"{value:.0f}" for value in found.quantiles.values[:, i, top]]
        table.add_row(str(output), f"{times[top]:g} min", f"{found.mean.values[i, top]:.0f}", *cells)
    console.print(table)
    _say([f"Estimates in ng/mL for {found.bodies} virtual patients, {found.model_name}, seed {found.seed}."])
    _say(found.caveats[:2])
    _say(warnings([found]))


def _show_checks(rows: dict[str, Column]) -> None:
    table = Table("Checked", "Expected", "Computed", "Unit", "", box=None, pad_edge=False)
    names = ("checked", "at_min", "expected", "tolerance", "computed", "unit", "verdict")
    for checked, at_min, expected, tolerance, computed, unit, verdict in zip(
        *(rows[name] for name in names), strict=True
    ):
        at = "" if np.isnan(at_min) else f" at {at_min:g} min"
        wanted = f"{expected:g} ± {tolerance:.2g}"
        table.add_row(f"{checked}{at}", wanted, f"{computed:.4g}", str(unit), str(verdict))
    console.print(str(rows["model"][0]), style="bold", highlight=False)
    console.print(table)


def _write(
    path: Path,
    rows: dict[str, Column],
    results: "Iterable[Prediction | CohortLevels]",
) -> None:
    if not rows:
        raise FileError("There is nothing to write: no level is estimated for this body.")
    about = {"kind": "estimates, not measurements"}
    for one in results:
        about[one.model_name] = " ".join((one.citation, *one.reasons, *one.caveats))
    write_table(path, rows, about=about)
    _say([f"Written: {path}"])


def _write_levels(path: Path, cohort: "Cohort", bodies: int) -> None:
    """Every level of every body, drawn again in parts: the same bodies as in the summary."""
    names = np.array(cohort.names)
    with TableWriter(path) as table, _progress("Levels") as advance:
        for first in range(0, bodies, LEVELS_AT_ONCE):
            count = min(LEVELS_AT_ONCE, bodies - first)
            found = cohort.levels(count, first=first)
            body, output, time = (part.ravel() for part in np.indices(found.shape))
            table.add(
                {
                    "body": first + body,
                    "output": names[output],
                    "time_min": cohort.at_min[time],
                    "level_ng_per_ml": found.ravel(),
                }
            )
            advance(min(first + LEVELS_AT_ONCE, bodies), bodies)
    _say([f"Written: {path}"])


@contextmanager
def _progress(words: str) -> "Iterator[Advance]":
    """A bar on the error output while work goes on; nothing where that is not a terminal."""
    with Progress(console=complaints, transient=True, disable=not complaints.is_terminal) as bar:
        task = bar.add_task(words, total=None)

        def advance(done: int, whole: int, /) -> None:
            bar.update(task, completed=done, total=whole)

        yield advance
