"""
Visual predictive check
=======================

Do observed percentiles lie where the model would put them? The readings are made up: they come from
the model, and those after three hours were raised by half, which the check finds.
"""

import numpy as np

from evenkeel.pharmacology import load_parameter_set
from evenkeel.pharmacology.plots import draw_check
from evenkeel.pharmacology.regimen import Given, Regimen
from evenkeel.pharmacology.trial import Arm, simulate_trial
from evenkeel.pharmacology.vpc import check_predictions

otto = load_parameter_set("otto_2021")
regimen = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),))
times = (10.0, 20.0, 40.0, 50.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 360.0)
trial = simulate_trial(otto, [Arm(name="one", bodies=60, regimen=regimen, at_min=times)], seed=4)
made_up = dict(trial.samples.columns)
late = np.asarray(made_up["time_min"]) > 180
made_up["observed_ng_per_ml"] = np.where(late, 1.5, 1.0) * made_up["observed_ng_per_ml"]
figure = draw_check(check_predictions(otto, made_up, regimen, seed=9, data_sets=300), otto)
