"""Predicted ketamine levels: an infusion profile in, arrays with their status out. Needs NumPy alone."""

from evenkeel.pharmacology.errors import (
    BodyError,
    OutputTimeError,
    ParameterSetError,
    PharmacologyError,
    ProfileError,
)
from evenkeel.pharmacology.parameter_set import (
    ParameterSet,
    load_parameter_set,
    parameter_set_keys,
    read_parameter_set,
)
from evenkeel.pharmacology.prediction import Prediction, PredictionStatus, predict_level
from evenkeel.pharmacology.profile import InfusionProfile

__all__ = [
    "BodyError",
    "InfusionProfile",
    "OutputTimeError",
    "ParameterSet",
    "ParameterSetError",
    "PharmacologyError",
    "Prediction",
    "PredictionStatus",
    "ProfileError",
    "load_parameter_set",
    "parameter_set_keys",
    "predict_level",
    "read_parameter_set",
]
