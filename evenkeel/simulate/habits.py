"""How made-up staff slip: what they do late, wrongly or not at all, each at a rate with a name.

The rates are made up, and serve to make a day in which every slip happens. A rate is a probability each time
that there is occasion; minutes are drawn evenly from 1 up to the most.
"""

import random
from typing import Final

from evenkeel.values.shape import frozen


@frozen
class Habits:
    """The table of slips. Each `..._min` is how long the slip lasts at most, in minutes.

    `late_check`: the check that is due is charted late. `entered_later`: written on paper or on a tablet
    without network, and entered minutes afterwards with the time of the reading. `tenfold`: a pulse is typed
    ten times too large, which the clinic refuses, and typed again. `slip_of_a_digit`: a systolic pressure a
    hundred too high is confirmed in haste, and amended. `wrong_chair`: the signs are charted to the patient
    in another chair, found out, and marked as made in error. `second_disagrees`: the second person reads
    another volume than was drawn, and checks again. `forgets_to_resume`: the drug could go on, and nobody
    thinks of it. `alert_never`: an alert is not answered; others are within `alert_answered_min`.
    """

    late_check: float = 0.0
    late_check_min: float = 9.0
    entered_later: float = 0.0
    entered_later_min: float = 12.0
    tenfold: float = 0.0
    slip_of_a_digit: float = 0.0
    wrong_chair: float = 0.0
    second_disagrees: float = 0.0
    forgets_to_resume: float = 0.0
    forgets_to_resume_min: float = 8.0
    alert_never: float = 0.0
    alert_answered_min: float = 1.0


STAFF_HABITS: Final = {
    "perfect": Habits(),
    # The demo clinic's: nobody slips but where a part has it, and an alert may still wait when it opens.
    "usual": Habits(alert_answered_min=4.0),
    "tired": Habits(
        late_check=0.25,
        entered_later=0.10,
        tenfold=0.05,
        slip_of_a_digit=0.04,
        wrong_chair=0.03,
        second_disagrees=0.10,
        forgets_to_resume=0.5,
        alert_never=0.15,
        alert_answered_min=7.0,
    ),
}


class Dice:
    """One visit's chance of slips: each occasion is thrown for by its own name, so none shifts another."""

    def __init__(self, label: str) -> None:
        self._label = label

    def falls(self, rate: float, occasion: str) -> bool:
        """Whether a slip of this rate happens on this occasion."""
        return rate > 0 and random.Random(f"{self._label}/{occasion}").random() < rate

    def minutes(self, most: float, occasion: str) -> float:
        """How long it lasts: whole seconds, a minute at least."""
        chance = random.Random(f"{self._label}/{occasion}/minutes")
        return round(chance.uniform(1.0, most) * 60) / 60
