"""What ketamine does in a body: levels, effects, cohorts, fits and forecasts, each with its status.

Needs NumPy alone. What only some notebooks use is loaded when its name is first asked for, so that the chart
does not wait for it; SciPy, matplotlib, pyarrow and Dask wait until a function needs them.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.errors import (
    ArgumentError,
    BodyError,
    CohortError,
    EffectError,
    FileError,
    FitError,
    ModelError,
    MoodError,
    ObservationError,
    OutputTimeError,
    ParameterSetError,
    PharmacologyError,
    PlotError,
    ProfileError,
    RouteError,
    WorkersError,
)
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak, steady_state, time_above_min
from evenkeel.pharmacology.modes import EntryModes, Modes, solve_modes
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import Prediction, PredictionStatus, predict_level
from evenkeel.pharmacology.profile import Dose, InfusionProfile
from evenkeel.pharmacology.reading import load_parameter_set, parameter_set_keys, read_parameter_set
from evenkeel.pharmacology.simulate import simulate
from evenkeel.pharmacology.system import Entry, Feed, Network, Outlet, StateSpace, System

if TYPE_CHECKING:
    from evenkeel.pharmacology.bands import level_bands
    from evenkeel.pharmacology.cohort import CohortLevels, Summary, draw_bodies, simulate_cohort
    from evenkeel.pharmacology.covariates import CovariateModel, covariate_model_keys, load_covariate_model
    from evenkeel.pharmacology.effect_sensitivity import (
        DissociationSession,
        EffectSensitivityEstimate,
        PressureSession,
        estimate_dissociation_sensitivity,
        estimate_pressure_gain,
    )
    from evenkeel.pharmacology.effects import Effect, EffectPrediction, predict_effect
    from evenkeel.pharmacology.individual import (
        IndividualEstimate,
        LevelSample,
        expect_posterior,
        fit_individual,
    )
    from evenkeel.pharmacology.live import Branch, LiveModel, LiveState, chair_bands, predict_branches
    from evenkeel.pharmacology.mood import Infusion, Score, infusions_on
    from evenkeel.pharmacology.mood_forecast import (
        MoodForecast,
        MoodPosterior,
        RelapseBasis,
        RelapseForecast,
        fit_mood,
    )
    from evenkeel.pharmacology.narrowing import PlannedSample
    from evenkeel.pharmacology.ode import Saturation, simulate_ode
    from evenkeel.pharmacology.regimen import Given, Regimen
    from evenkeel.pharmacology.trial import Arm, DropOut, Trial, sample_times, simulate_trial
    from evenkeel.pharmacology.vpc import VisualCheck, check_predictions
    from evenkeel.pharmacology.workers import Workers

# The module of each name that is loaded when it is asked for.
_LATER: Final = {
    "level_bands": "bands",
    "CohortLevels": "cohort",
    "Summary": "cohort",
    "draw_bodies": "cohort",
    "simulate_cohort": "cohort",
    "CovariateModel": "covariates",
    "covariate_model_keys": "covariates",
    "load_covariate_model": "covariates",
    "DissociationSession": "effect_sensitivity",
    "EffectSensitivityEstimate": "effect_sensitivity",
    "PressureSession": "effect_sensitivity",
    "estimate_dissociation_sensitivity": "effect_sensitivity",
    "estimate_pressure_gain": "effect_sensitivity",
    "Effect": "effects",
    "EffectPrediction": "effects",
    "predict_effect": "effects",
    "IndividualEstimate": "individual",
    "LevelSample": "individual",
    "expect_posterior": "individual",
    "fit_individual": "individual",
    "Branch": "live",
    "LiveModel": "live",
    "LiveState": "live",
    "chair_bands": "live",
    "predict_branches": "live",
    "Infusion": "mood",
    "Score": "mood",
    "infusions_on": "mood",
    "MoodForecast": "mood_forecast",
    "MoodPosterior": "mood_forecast",
    "RelapseBasis": "mood_forecast",
    "RelapseForecast": "mood_forecast",
    "fit_mood": "mood_forecast",
    "PlannedSample": "narrowing",
    "Saturation": "ode",
    "simulate_ode": "ode",
    "Given": "regimen",
    "Regimen": "regimen",
    "Arm": "trial",
    "DropOut": "trial",
    "Trial": "trial",
    "sample_times": "trial",
    "simulate_trial": "trial",
    "VisualCheck": "vpc",
    "check_predictions": "vpc",
    "Workers": "workers",
}

__all__ = [
    "ArgumentError",
    "Arm",
    "Axis",
    "Bodies",
    "BodyError",
    "Branch",
    "CohortError",
    "CohortLevels",
    "CovariateModel",
    "DissociationSession",
    "Dose",
    "DropOut",
    "Effect",
    "EffectError",
    "EffectPrediction",
    "EffectSensitivityEstimate",
    "Entry",
    "EntryModes",
    "Feed",
    "FileError",
    "FitError",
    "FloatArray",
    "Given",
    "IndividualEstimate",
    "Infusion",
    "InfusionProfile",
    "IntArray",
    "Labelled",
    "LevelSample",
    "LiveModel",
    "LiveState",
    "ModelError",
    "Modes",
    "MoodError",
    "MoodForecast",
    "MoodPosterior",
    "Network",
    "ObservationError",
    "Outlet",
    "OutputTimeError",
    "ParameterSet",
    "ParameterSetError",
    "PharmacologyError",
    "PlannedSample",
    "PlotError",
    "Prediction",
    "PredictionStatus",
    "PressureSession",
    "ProfileError",
    "Regimen",
    "RelapseBasis",
    "RelapseForecast",
    "RouteError",
    "Saturation",
    "Score",
    "StateSpace",
    "Summary",
    "System",
    "Trial",
    "VisualCheck",
    "Workers",
    "WorkersError",
    "area_ng_h_per_ml",
    "chair_bands",
    "check_predictions",
    "covariate_model_keys",
    "draw_bodies",
    "estimate_dissociation_sensitivity",
    "estimate_pressure_gain",
    "expect_posterior",
    "fit_individual",
    "fit_mood",
    "infusions_on",
    "level_bands",
    "load_covariate_model",
    "load_parameter_set",
    "parameter_set_keys",
    "peak",
    "predict_branches",
    "predict_effect",
    "predict_level",
    "read_parameter_set",
    "sample_times",
    "simulate",
    "simulate_cohort",
    "simulate_ode",
    "simulate_trial",
    "solve_modes",
    "steady_state",
    "time_above_min",
]


if not TYPE_CHECKING:  # or a type checker would take every name for one that is there

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
