"""
2. A pain protocol
==================

A long infusion in steps, with a bolus before it and a pause in the middle. **The regimen is made
up** to show what can be described; it is not one to follow. It also shows what happens at the edge
of what a model knows.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from evenkeel.pharmacology import PredictionStatus, load_parameter_set, predict_level
from evenkeel.pharmacology.bodies import Bodies
from evenkeel.pharmacology.effects import Effect, predict_effect
from evenkeel.pharmacology.exposure import peak, time_above_min
from evenkeel.pharmacology.plots import draw_effects
from evenkeel.pharmacology.regimen import Given, Regimen, read_regimen

# %%
# The regimen
# -----------
# Amounts are mg or mg/kg, rates mg/h or mg/kg/h, always of ketamine base. ``paused`` stops the pump
# and moves what runs later back by as much.

regimen = Regimen(
    given=(
        Given(at_min=0, amount=0.15, unit="mg/kg"),
        Given(at_min=0, amount=0.15, unit="mg/kg/h", over_min=60),
        Given(at_min=60, amount=0.25, unit="mg/kg/h", over_min=120),
        Given(at_min=180, amount=0.15, unit="mg/kg/h", over_min=60),
    )
).paused(at_min=100, for_min=20)
profile = regimen.for_weight(80.0)
print(f"{profile.dose_mg:.1f} mg in all, until {regimen.last_end_min:g} min")
for start, end, rate in zip(profile.start_min, profile.end_min, profile.rate_mg_per_h, strict=True):
    print(f"{start:5.0f} to {end:3.0f} min: {rate:g} mg/h")

# %%
# The same can stand in a file, for ``evenkeel pk simulate --profile protocol.toml``.

PROTOCOL = """
[[dose]]
at_min = 0
amount = 0.15
unit = "mg/kg"

[[dose]]
at_min = 0
over_min = 60
amount = 0.15
unit = "mg/kg/h"

[[dose]]
at_min = 60
over_min = 120
amount = 0.25
unit = "mg/kg/h"

[[dose]]
at_min = 180
over_min = 60
amount = 0.15
unit = "mg/kg/h"

[[pause]]
at_min = 100
for_min = 20
"""
with TemporaryDirectory() as folder:
    file = Path(folder) / "protocol.toml"
    file.write_text(PROTOCOL, encoding="utf-8")
    print(read_regimen(file) == regimen)

# %%
# Ketamine and norketamine
# ------------------------
# Otto 2021 has the metabolite from venous samples. It rises through the whole infusion and outlasts
# it.

otto = load_parameter_set("otto_2021")
body = otto.system(Bodies.typical(80.0))
for output in otto.outputs:
    (highest,), (when,) = peak(body, profile, output)
    print(f"{output}: {highest:.0f} ng/mL at {when:.0f} min")
(above,) = time_above_min(body, profile, "ketamine", 100.0)
print(f"ketamine above 100 ng/mL for {above:.0f} min")

# %%
# Relief and its price
# --------------------
# The link to pain is a straight line from volunteers, in which S-norketamine takes some of the
# relief back. Dissociation stands beside it. Both are driven by Kamp 2020, the model that their
# constants belong to.

kamp = load_parameter_set("kamp_2020")
at_min = np.arange(0.0, 481.0, 2.0)
level = predict_level(kamp, 80.0, profile, at_min, age_years=50)
effects = [
    predict_effect(one, kamp, 80.0, profile, at_min, age_years=50)
    for one in (Effect.ANALGESIA, Effect.DISSOCIATION)
]
picture = draw_effects(effects, level)

# %%
# Where a model ends
# ------------------
# Four times as fast, the level leaves the range in which effects were seen, and the dose that of
# the model. The values are still computed, so that one can see them. They are marked, and so is
# every picture of them.

fast = Regimen(given=(Given(at_min=0, amount=3.0, unit="mg/kg", over_min=60),)).for_weight(80.0)
unresponsive = predict_effect(Effect.UNRESPONSIVENESS, kamp, 80.0, fast, at_min, age_years=50)
print(f"{float(np.max(unresponsive.value)):.2f} {unresponsive.unit}")
print(unresponsive.status is PredictionStatus.OUTSIDE_POPULATION)
for reason in unresponsive.reasons:
    print("-", reason)
