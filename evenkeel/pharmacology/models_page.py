"""The documentation's page of the models, made from their files, so that it cannot differ from them."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.exposure import area_ng_h_per_ml
from evenkeel.pharmacology.parameter_checks import TOLERANCE, recomputed
from evenkeel.pharmacology.parameter_set import Covariance, ParameterSet, Role
from evenkeel.pharmacology.profile import InfusionProfile
from evenkeel.pharmacology.reading import load_parameter_set, parameter_set_keys
from evenkeel.pharmacology.simulate import simulate
from evenkeel.pharmacology.sources import Mark

_ROLE_WORDS: Final = {
    Role.DEFAULT: "default for a displayed level and for effects",
    Role.SAMPLES: "default where a level is compared with a blood sample",
    Role.ALTERNATIVE: "alternative",
    Role.LEGACY: "comparison with old infusion pumps only",
    Role.REFERENCE: "reference, offered to nobody",
}
_ORDER: Final = tuple(Role)
_COMPARED_AT_MIN: Final = (20.0, 40.0, 80.0, 240.0)

_HEAD: Final = """# The models and their numbers

Every number of every model, with its unit, where it was read and how. The page is made from the files in
`evenkeel/pharmacology/parameter_sets` by `evenkeel pages`. Do not edit it; [add a
file](../adding-a-parameter-set.md).

No model was built in depressed patients given 0.5 mg/kg over 40 min and could be read. Not shipped, though
they can be found in open code: Hornik 2018 (its clearance is half of every other source and looks like an
error of units), Hijazi 2003 (intensive care, implausible clearance), the ketamine entries of the Modelica
library (volumes wrong by one or two orders of magnitude), Flint 2017 (ventilated children; a clearance that
grows with time, and no check value) and Herd 2007 with norketamine (its volume could not be read).

## Side by side

Typical total ketamine in ng/mL for 0.5 mg/kg over 40 min in 70 kg, from the engine. A published mean at 40
min is 185 (Zanos 2018, 10.1124/pr.117.015198).
"""


def render() -> str:
    """The whole page, as Markdown."""
    models = sorted(map(load_parameter_set, parameter_set_keys()), key=lambda model: _ORDER.index(model.role))
    marks = [f"| {mark} | {mark.words} |" for mark in Mark]
    return "\n".join(
        [
            _HEAD,
            *_comparison(models),
            "",
            "## Marks",
            "",
            "| Mark | Means |",
            "|---|---|",
            *marks,
            "",
            *[line for model in models for line in _model(model)],
        ]
    )


def _comparison(models: Iterable[ParameterSet]) -> list[str]:
    times = " | ".join(f"{at:g} min" for at in _COMPARED_AT_MIN)
    rows = [
        f"| Model | For | Sampled | CL, L/h | {times} |",
        "|---|---|---|---|" + "---|" * len(_COMPARED_AT_MIN),
    ]
    given = InfusionProfile.constant(dose_mg=35.0, duration_min=40.0)
    for model in models:
        system = model.system(Bodies.typical(70.0))
        curve = simulate(system, given, _COMPARED_AT_MIN, outputs=("ketamine",), engine="numpy")
        clearance = 35.0 * 1000.0 / float(area_ng_h_per_ml(system, given, "ketamine")[0])
        levels = " | ".join(f"{value:.0f}" for value in curve.values[0, 0])
        site = model.sampling_site
        rows.append(f"| {model.name} | {_ROLE_WORDS[model.role]} | {site} | {clearance:.0f} | {levels} |")
    return rows


def _model(model: ParameterSet) -> list[str]:
    warning = [] if model.warning is None else [f":::{{warning}}\n{model.warning}\n:::", ""]
    papers = [f"- {citation}" for citation in (model.citation, *model.further_citations)]
    return [
        f"## {model.name}",
        "",
        *warning,
        f"`{model.key}`: {_ROLE_WORDS[model.role]}.",
        "",
        "| | |",
        "|---|---|",
        f"| Structure | {model.structure} |",
        f"| Analyte | {model.analyte} |",
        f"| Sampled | {model.sampling_site} |",
        f"| Population | {model.population} |",
        f"| Read | {model.reading} ({model.status}) |",
        f"| Offered | {_offered(model)} |",
        "",
        *papers,
        "",
        "Assumed:",
        "",
        *[f"- {sentence}" for sentence in model.assumptions],
        "",
        *_parameters(model),
        *_variability(model),
        *_residual(model),
        *_checks(model),
    ]


def _offered(model: ParameterSet) -> str:
    limits = model.range
    doses = "; ".join(
        f"{route} {dose.low:g} to {dose.high:g} {dose.unit}" for route, dose in limits.doses.items()
    )
    studied = "" if model.offered else "to nobody; studied: "
    return (
        f"{studied}{limits.weight_low_kg:g} to {limits.weight_high_kg:g} kg, {limits.age_low_years:g} to "
        f"{limits.age_high_years:g} years; {doses}. {limits.statement}"
    )


def _parameters(model: ParameterSet) -> list[str]:
    rows = ["| Parameter | Value | Exponent of weight | Mark | Source |", "|---|---|---|---|---|"]
    for name, given in model.parameters.items():
        exponent = model.weight_exponents.get(name)
        power = "–" if exponent is None else f"{exponent.value:g}"
        rows.append(f"| {name} | {given.value:g} {given.unit} | {power} | {given.mark} | {given.source} |")
    for age in model.age_covariates:
        words = f"{age.slope.value:g} {age.slope.unit} above {age.above_years:g} years"
        rows.append(f"| {age.parameter} by age | {words} | – | {age.slope.mark} | {age.slope.source} |")
    for one in model.group_covariates:
        words = f"times {one.factor.value:g} in {one.group} people"
        rows.append(f"| {one.parameter} by group | {words} | – | {one.factor.mark} | {one.factor.source} |")
    for name, recorded in model.recorded.items():
        number = recorded.number
        words = f"{number.value:g} {number.unit}, not used: {recorded.reason}"
        rows.append(f"| {name} | {words} | – | {number.mark} | {number.source} |")
    return [*rows, ""]


def _variability(model: ParameterSet) -> list[str]:
    if model.omega is None:
        return ["Variability between bodies: none was published that could be read.", ""]
    rows = _covariance("Between bodies", model.omega)
    if model.omega.occasion is not None:
        rows += _covariance("Between occasions of one body", model.omega.occasion)
    return rows


def _covariance(heading: str, covariance: Covariance) -> list[str]:
    rows = [f"{heading} ({covariance.basis}). {covariance.statement}", ""]
    rows += ["| Parameter | Variance | CV | Correlated with |", "|---|---|---|---|"]
    matrix = covariance.matrix
    for i, name in enumerate(covariance.names):
        on_logit = name in covariance.on_logit_scale
        spread = "on the logit scale" if on_logit else f"{100 * math.sqrt(math.expm1(matrix[i, i])):.0f} %"
        others = [
            f"{covariance.names[j]} ({matrix[i, j] / math.sqrt(matrix[i, i] * matrix[j, j]):.2f})"
            for j in np.flatnonzero(matrix[i])
            if j != i
        ]
        rows.append(f"| {name} | {matrix[i, i]:.4g} | {spread} | {', '.join(others) or '–'} |")
    return [*rows, ""]


def _residual(model: ParameterSet) -> list[str]:
    if not model.residual:
        return ["Residual error: none was published that could be read.", ""]
    words = []
    for output, error in model.residual.items():
        scale = " on the log scale" if error.on_log_scale else ""
        added = f" and {error.additive_sd_ng_per_ml:.3g} ng/mL" if error.additive_sd_ng_per_ml else ""
        words.append(f"{output} {100 * error.proportional_sd:.3g} %{scale}{added} ({error.basis})")
    return [f"Residual error: {'; '.join(words)}.", ""]


def _checks(model: ParameterSet) -> list[str]:
    rows = ["| Check value | Expected | Model | Mark | Source |", "|---|---|---|---|---|"]
    for check in model.checks:
        got = recomputed(model.system(check.body), check)
        unit = TOLERANCE[check.kind][1]
        times = f" at {', '.join(f'{at:g}' for at in check.at_min)} min" if check.at_min else ""
        expected = ", ".join(f"{value:g}" for value in check.expected)
        given = ", ".join(f"{value:.3g}" for value in got)
        source = check.source if check.misses is None else f"{check.source}. **Missed:** {check.misses}"
        weight = f", {check.weight_kg:g} kg"
        rows.append(
            f"| {check.words}{times}{weight} | {expected} {unit} | {given} | {check.mark} | {source} |"
        )
    return [*rows, ""]
