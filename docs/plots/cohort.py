"""
Cohort
======

A thousand virtual patients over one course: median, middle half and middle 90 %.
"""

import numpy as np

from evenkeel.pharmacology import load_parameter_set
from evenkeel.pharmacology.cohort import simulate_cohort
from evenkeel.pharmacology.covariates import load_covariate_model
from evenkeel.pharmacology.plots import draw_cohort
from evenkeel.pharmacology.regimen import Given, Regimen

otto = load_parameter_set("otto_2021")
regimen = Regimen(given=(Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40),))
levels = simulate_cohort(
    otto,
    1000,
    regimen,
    np.arange(0.0, 481.0, 2.0),
    seed=1,
    covariates=load_covariate_model("adults_perez_ruixo_2021"),
)
figure = draw_cohort(levels, otto)
