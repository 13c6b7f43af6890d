"""
Forecast of a score
===================

What the answers of a made-up patient let one expect, without and with a next infusion (triangle).
The share that the drug itself may cause stands below, always.
"""

import numpy as np

from evenkeel.pharmacology.mood import Score, infusions_on
from evenkeel.pharmacology.mood_forecast import fit_mood
from evenkeel.pharmacology.plots import draw_mood

answers = ((0, 21), (2, 17), (4, 14), (7, None), (9, 9), (11, 8), (16, 8), (23, 11))
scores = [Score(scale="phq9", at_day=day, total=total) for day, total in answers]
posterior = fit_mood(infusions_on([0, 2, 4, 7, 9, 11]), scores)
forecast = posterior.forecast("phq9", np.arange(24.0, 66.0), next_infusions=infusions_on([28]))
figure = draw_mood(forecast, scores)
