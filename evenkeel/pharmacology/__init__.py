"""Predicted ketamine levels: an infusion profile in, arrays with their status out. Needs NumPy alone."""

from evenkeel.pharmacology.arrays import Axis, FloatArray, IntArray, Labelled
from evenkeel.pharmacology.errors import (
    ArgumentError,
    BodyError,
    ModelError,
    OutputTimeError,
    ParameterSetError,
    PharmacologyError,
    ProfileError,
    RouteError,
)
from evenkeel.pharmacology.modes import EntryModes, Modes, solve_modes
from evenkeel.pharmacology.parameter_set import ParameterSet
from evenkeel.pharmacology.prediction import Prediction, PredictionStatus, predict_level
from evenkeel.pharmacology.profile import Dose, InfusionProfile
from evenkeel.pharmacology.reading import load_parameter_set, parameter_set_keys, read_parameter_set
from evenkeel.pharmacology.simulate import simulate
from evenkeel.pharmacology.system import Entry, Feed, Network, Outlet, StateSpace, System

__all__ = [
    "ArgumentError",
    "Axis",
    "BodyError",
    "Dose",
    "Entry",
    "EntryModes",
    "Feed",
    "FloatArray",
    "InfusionProfile",
    "IntArray",
    "Labelled",
    "ModelError",
    "Modes",
    "Network",
    "Outlet",
    "OutputTimeError",
    "ParameterSet",
    "ParameterSetError",
    "PharmacologyError",
    "Prediction",
    "PredictionStatus",
    "ProfileError",
    "RouteError",
    "StateSpace",
    "System",
    "load_parameter_set",
    "parameter_set_keys",
    "predict_level",
    "read_parameter_set",
    "simulate",
    "solve_modes",
]
