"""
1. A first infusion
===================

What does 0.5 mg/kg of ketamine over 40 minutes do in a body of 70 kg? And what if it runs over 45
minutes? Everything here is an estimate for a typical adult. None of it is a measurement, and none
gates anything.
"""

import numpy as np

from evenkeel.pharmacology import (
    InfusionProfile,
    load_parameter_set,
    parameter_set_keys,
    predict_level,
)
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.exposure import area_ng_h_per_ml, peak, time_above_min
from evenkeel.pharmacology.plots import draw_effects, draw_level, draw_models

# %%
# A level over time
# -----------------
# A published model is a parameter set. Kamp 2020 is the one that the clinic's chart shows: its
# level is that of an artery, which lies above that of an arm vein while drug runs. A prediction
# carries its status and the words that must stand beside it.

WEIGHT_KG = 70.0
kamp = load_parameter_set("kamp_2020")
infusion = InfusionProfile.constant(dose_mg=0.5 * WEIGHT_KG, duration_min=40)
at_min = np.arange(0.0, 241.0)
level = predict_level(kamp, WEIGHT_KG, infusion, at_min, age_years=45)

print(level.status)
print(level.words)

# %%
# The picture says the same below itself.

level_picture = draw_level(level)

# %%
# Peak, area, and time above a level
# ----------------------------------
# These come from the solution itself and not from a grid of times, so they do not depend on
# ``at_min``.

body = kamp.system(Bodies.typical(WEIGHT_KG))
for output in kamp.outputs:
    (highest,), (when,) = peak(body, infusion, output)
    (area,) = area_ng_h_per_ml(body, infusion, output)
    print(f"{output}: {highest:.0f} ng/mL at {when:.0f} min, area {area:.0f} ng h/mL")
(above,) = time_above_min(body, infusion, "ketamine", 100.0)
print(f"ketamine above 100 ng/mL for {above:.0f} min")

# %%
# What if it runs over 45 minutes?
# --------------------------------
# The same dose, five minutes slower: a lower peak, and the same area, because clearance does not
# change.

slower = InfusionProfile.constant(dose_mg=0.5 * WEIGHT_KG, duration_min=45)
for name, profile in {"40 min": infusion, "45 min": slower}.items():
    (highest,), _ = peak(body, profile, "ketamine")
    (area,) = area_ng_h_per_ml(body, profile, "ketamine")
    print(f"over {name}: peak {highest:.0f} ng/mL, area {area:.0f} ng h/mL")

# %%
# How far models differ
# ---------------------
# One line would hide what is not known. These are all models that may be offered for an infusion;
# arterial and venous sampling alone move the value at the end by about 40 %. The observed mean
# there is 185 ng/mL (Zanos 2018, 10.1124/pr.117.015198), between the two families.

models = [load_parameter_set(key) for key in parameter_set_keys()]
predictions = [predict_level(one, WEIGHT_KG, infusion, at_min, age_years=45) for one in models if one.offered]
for one in predictions:
    print(f"{one.model_name}: {one.level_ng_per_ml[40]:.0f} ng/mL at 40 min, {one.sampling_site}")

# %%
models_picture = draw_models(predictions)

# %%
# What it does
# ------------
# Effects belong to the model whose levels their constants were tied to, and say how well each is
# founded. The curve of a pressure is the mean of patients. What a clinic meets is the highest
# reading of each patient, which is more.

effects = [
    predict_effect(one, kamp, WEIGHT_KG, infusion, at_min, age_years=45)
    for one in (Effect.DISSOCIATION, Effect.SYSTOLIC_PRESSURE)
]
for effect in effects:
    print(effect.words)
print(effects[1].individual_maximum.words)

# %%
effects_picture = draw_effects(effects, level)

# %%
# Outside the range of a model
# ----------------------------
# A body of 140 kg is computed, and marked. One of 12 years has no level at all.

heavy = predict_level(kamp, 140.0, InfusionProfile.constant(70.0, 40.0), at_min, age_years=45)
print(heavy.status, "|", *heavy.reasons)
young = predict_level(kamp, 45.0, InfusionProfile.constant(22.5, 40.0), at_min, age_years=12)
print(young.status, "|", *young.reasons)
print(young.level_ng_per_ml)
