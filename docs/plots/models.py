"""
Spread across models
====================

The same infusion in every model that is offered. The shade runs from the lowest to the highest.
"""

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, parameter_set_keys, predict_level
from evenkeel.pharmacology.plots import draw_models

infusion = InfusionProfile.constant(dose_mg=35, duration_min=40)
models = [one for one in map(load_parameter_set, parameter_set_keys()) if one.offered]
at_min = np.arange(0.0, 241.0)
figure = draw_models([predict_level(one, 70, infusion, at_min, age_years=45) for one in models])
