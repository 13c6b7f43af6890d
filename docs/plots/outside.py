"""
Outside the range of a model
============================

What can be computed is computed, and marked in the picture and below it.
"""

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.plots import draw_level

infusion = InfusionProfile.constant(dose_mg=70, duration_min=40)
kamp = load_parameter_set("kamp_2020")
figure = draw_level(predict_level(kamp, 140, infusion, np.arange(0.0, 241.0), age_years=45))
