"""
Level
=====

The level of a typical body with the band between bodies. Drawn as while the drug runs: from the
present on, what is planned is dashed.
"""

from dataclasses import replace

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.plots import draw_level

infusion = replace(InfusionProfile.constant(dose_mg=35, duration_min=40), present_min=25)
kamp = load_parameter_set("kamp_2020")
figure = draw_level(predict_level(kamp, 70, infusion, np.arange(0.0, 181.0), age_years=45))
