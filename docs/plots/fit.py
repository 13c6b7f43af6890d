"""
Fit of one person
=================

Made-up levels of one person, their curve, and that of the typical person of this weight.
"""

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.individual import LevelSample, fit_individual
from evenkeel.pharmacology.plots import draw_fit

otto = load_parameter_set("otto_2021")
infusion = InfusionProfile.constant(dose_mg=40, duration_min=40)
samples = [
    LevelSample(at_min=40, level_ng_per_ml=110),
    LevelSample(at_min=120, level_ng_per_ml=48),
    LevelSample(at_min=120, level_ng_per_ml=60, output="norketamine"),
]
estimate = fit_individual(otto, infusion, samples, weight_kg=80)
typical = predict_level(otto, 80, infusion, np.arange(0.0, 241.0), age_years=40)
figure = draw_fit(estimate, typical, infusion)
