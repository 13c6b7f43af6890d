"""
Effects
=======

Effects below the level that drives them. How well each is founded stands in the words.
"""

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.plots import draw_effects

infusion = InfusionProfile.constant(dose_mg=35, duration_min=40)
kamp, at_min = load_parameter_set("kamp_2020"), np.arange(0.0, 181.0)
shown = (Effect.DISSOCIATION, Effect.SYSTOLIC_PRESSURE, Effect.HEART_RATE)
effects = [predict_effect(one, kamp, 70, infusion, at_min, age_years=45) for one in shown]
figure = draw_effects(effects, predict_level(kamp, 70, infusion, at_min, age_years=45))
