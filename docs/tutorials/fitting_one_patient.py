"""
4. Fitting one patient
======================

Blood is drawn from one made-up patient. What do the levels teach about their kinetics, and how
little is it? Then the same question without any blood: what do the scores of two weeks say about
what comes next?
"""

import numpy as np

from evenkeel.pharmacology import InfusionProfile, load_parameter_set, predict_level
from evenkeel.pharmacology.individual import LevelSample, expect_posterior, fit_individual
from evenkeel.pharmacology.mood import Score, infusions_on
from evenkeel.pharmacology.mood_forecast import fit_mood
from evenkeel.pharmacology.narrowing import PlannedSample
from evenkeel.pharmacology.plots import draw_fit, draw_mood

# %%
# Before any blood is drawn
# -------------------------
# Otto 2021 is fitted to venous samples and says how its volunteers differed. So one can ask what a
# sample would teach before taking it: by what share the doubt about each parameter would narrow.

WEIGHT_KG = 82.0
otto = load_parameter_set("otto_2021")
infusion = InfusionProfile.constant(dose_mg=0.5 * WEIGHT_KG, duration_min=40)
plans = {
    "ketamine at 40 min": [(40, "ketamine")],
    "ketamine at 40 and 120 min": [(40, "ketamine"), (120, "ketamine")],
    "both at 40, 120 and 240 min": [
        (at, output) for at in (40, 120, 240) for output in ("ketamine", "norketamine")
    ],
}
for name, plan in plans.items():
    planned = [PlannedSample(at_min=float(at), output=output) for at, output in plan]
    posterior = expect_posterior(otto, infusion, planned, weight_kg=WEIGHT_KG)
    gains = ", ".join(
        f"{parameter} {gain:.0%}"
        for parameter, gain in zip(posterior.names, posterior.narrowing, strict=True)
    )
    print(f"{name}: {gains}")

# %%
# One level teaches next to nothing about clearance. Three times two of them begin to.
#
# The fit
# -------

samples = [
    LevelSample(at_min=40, level_ng_per_ml=231),
    LevelSample(at_min=120, level_ng_per_ml=74),
    LevelSample(at_min=40, level_ng_per_ml=52, output="norketamine"),
    LevelSample(at_min=120, level_ng_per_ml=96, output="norketamine"),
]
estimate = fit_individual(otto, infusion, samples, weight_kg=WEIGHT_KG)
for sentence in estimate.words:
    print(sentence)

# %%
# The curve moves toward the levels, but only as far as an assay's error and the spread between
# people allow.

at_min = np.arange(0.0, 361.0)
typical = predict_level(otto, WEIGHT_KG, infusion, at_min, age_years=40)
fit_picture = draw_fit(estimate, typical, infusion)

# %%
# Scores instead of blood
# -----------------------
# A clinic rarely draws blood; it asks. The forecast of a score knows nothing of levels. It is of
# the whole improvement, and always says which part of it the drug itself may cause.

scores = [
    Score(scale="phq9", at_day=day, total=total)
    for day, total in ((0, 19), (2, 17), (4, None), (7, 12), (9, 10), (11, 9), (18, 10), (25, 13))
]
mood = fit_mood(infusions_on([0, 2, 4, 7, 9, 11]), scores)
forecast = mood.forecast("phq9", np.arange(26.0, 61.0), next_infusions=infusions_on([28]))
print(forecast.words)

# %%
mood_picture = draw_mood(forecast, scores)
