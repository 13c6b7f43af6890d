"""
3. A virtual trial of maintenance intervals
===========================================

Six infusions in two weeks, then one every week, every two weeks, every four weeks, or none. What
differs, in levels and in mood? The patients are virtual, and the answer is what the models say; no
such trial was held.
"""

import numpy as np

from evenkeel.pharmacology import load_parameter_set
from evenkeel.pharmacology.covariates import load_covariate_model
from evenkeel.pharmacology.mood import draw_patients, infusions_on
from evenkeel.pharmacology.mood_model import load_mood_model
from evenkeel.pharmacology.plot_style import LINES, finish, label_time, panels_with, styled
from evenkeel.pharmacology.plots import draw_check
from evenkeel.pharmacology.regimen import Given, Regimen
from evenkeel.pharmacology.trial import Arm, DropOut, sample_times, simulate_trial
from evenkeel.pharmacology.vpc import check_predictions

# %%
# The arms
# --------

COURSE = (0, 2, 4, 7, 9, 11)
WEEKS = 12
intervals = {"every week": 7, "every 2 weeks": 14, "every 4 weeks": 28, "none": None}
days = {
    name: COURSE if every is None else (*COURSE, *range(COURSE[-1] + every, 7 * WEEKS + 1, every))
    for name, every in intervals.items()
}
for name, on in days.items():
    print(f"{name}: {len(on)} infusions, days {', '.join(map(str, on))}")

# %%
# Levels do not add up
# --------------------
# First the drug. Each arm has forty adults with the weights of a large trial population, who differ
# in their kinetics from each other. Some leave. Three samples are taken at each visit: before, at
# the end, and two hours later. ``paired`` gives the arms the same people, so that what differs is
# the schedule alone.

dose = Given(at_min=0, amount=0.5, unit="mg/kg", over_min=40)
otto = load_parameter_set("otto_2021")
arms = []
for name, on in days.items():
    regimen = Regimen(given=(dose,), on_days=tuple(map(float, on)))
    arms.append(Arm(name=name, bodies=40, regimen=regimen, at_min=sample_times(regimen, (0, 40, 160))))
leaving = DropOut.of_share(0.2, 84, basis="assumption", source="made up for this tutorial")
trial = simulate_trial(
    otto,
    arms,
    seed=20261122,
    covariates=load_covariate_model("adults_perez_ruixo_2021"),
    drop_out=leaving,
    paired=True,
)
print(trial.status, *trial.reasons)
for name in intervals:
    end = trial.samples.where(arm=name, output="ketamine", since_visit_min=40.0)
    before = trial.samples.where(arm=name, output="norketamine", since_visit_min=0.0)
    stayed = np.sum(trial.people.where(arm=name).column("left_min") > 84 * 24 * 60)
    print(
        f"{name}: end of infusion {np.median(end.column('level_ng_per_ml')):.0f} ng/mL, "
        f"norketamine left before the next {np.max(before.column('level_ng_per_ml')):.1f} ng/mL at most, "
        f"{stayed} of 40 still there after twelve weeks"
    )

# %%
# The kinetics of each visit stand alone: next to nothing is left after a few days, whatever the
# interval.
#
# Do the data look like the model? Here they must, because they were made by it. The check is the
# same for data of one's own: one row per sample.

first_visit = trial.samples.where(arm="every week", visit=1)
check = check_predictions(otto, first_visit.columns, arms[0].regimen, seed=7, data_sets=200)
check_picture = draw_check(check, otto)

# %%
# Mood
# ----
# What makes intervals differ is the lasting effect. The same 2,000 virtual patients go through
# every schedule; a score of half the starting score or less counts as response. Their residual
# errors are the same too.

patients = draw_patients(2000, seed=1)
weekly = np.arange(0.0, 7 * WEEKS + 1, 7.0)
baseline = patients.baseline["madrs"][:, np.newaxis]
response = {}
for name, on in days.items():
    scores = patients.scores(infusions_on(on), weekly, "madrs")
    response[name] = 100 * np.mean(scores <= 0.5 * baseline, axis=0)
    print(
        f"{name}: response at 4, 8 and 12 weeks {', '.join(f'{response[name][i]:.0f} %' for i in (4, 8, 12))}"
    )

# %%
# A figure of one's own takes the same look, and must say what it is. The share that the drug itself
# causes is not known and belongs to anything that is shown of this model.

share = load_mood_model().share
words = (
    "Estimates for 2,000 virtual patients, not results of a trial: MADRS at half the starting score or "
    "less, by the interval after six infusions in two weeks. It is of the whole improvement, whatever "
    f"causes it. {share.words}"
)
with styled():
    response_picture, (axes,) = panels_with([words])
    for (name, percent), (color, dashes) in zip(response.items(), LINES, strict=False):
        axes.plot(weekly, percent, color=color, linestyle=dashes, label=name)
    axes.legend(loc="upper right")
    finish(axes, "Patients with response (%)", weekly)
    axes.set_ylim(0, 100)
    label_time([axes], "days", "Time since the first infusion")

# %%
# What this leaves out: nobody in the model grows used to the drug or tires of coming, and relapse in
# ordinary care is slower than in trials. The half-life of the effect, 5.2 days, was inferred from
# trials without maintenance. Maintenance itself has been studied in three small randomized trials
# (Smith-Apeldoorn 2022).
