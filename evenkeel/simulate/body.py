"""What a made-up body does under ketamine. It is made to look right on a chart, and is a model of nothing."""

import math
import random
from datetime import datetime
from decimal import Decimal
from typing import Final

from evenkeel.record.signs import Signs
from evenkeel.simulate.cast import Patient
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Saturation
from evenkeel.values.shape import frozen

# How slowly effect follows the pump, up and down.
FOLLOWS_MIN: Final = 14.0


@frozen
class Rate:
    """From a moment on, the pump runs at this share of the ordered rate."""

    from_at: datetime
    share: float


class Body:
    """One patient's body through one visit: tell it what the pump does, ask it for signs."""

    def __init__(self, patient: Patient, seed: int) -> None:
        self._patient = patient
        self._seed = seed
        self._rates: list[Rate] = []

    def pump(self, at: datetime, share: float) -> None:
        """The pump was set to a share of the ordered rate; 0 is standing still."""
        self._rates.append(Rate(from_at=at, share=share))

    def effect(self, at: datetime) -> float:
        """How far the drug's effect has come, from 0 to about 1."""
        found, share, since = 0.0, 0.0, None
        for rate in self._rates:
            if rate.from_at > at:
                break
            if since is not None:
                found = _follow(found, share, (rate.from_at - since).total_seconds() / 60)
            share, since = rate.share, rate.from_at
        if since is None:
            return 0.0
        return _follow(found, share, (at - since).total_seconds() / 60)

    def signs(self, at: datetime, *, scores: bool = True) -> Signs:
        """The signs at a moment; `scores` adds what a person rates and a monitor cannot."""
        patient, effect = self._patient, self.effect(at)
        chance = random.Random(f"{self._seed}/{patient.index}/{int(at.timestamp())}")
        rise = patient.rise * effect
        feels = round(min(9.0, 9 * effect * (0.5 + (patient.index % 5) / 8)))
        return Signs(
            systolic=Pressure(value=Decimal(round(patient.systolic + rise + chance.gauss(0, 3)))),
            diastolic=Pressure(value=Decimal(round(patient.diastolic + 0.5 * rise + chance.gauss(0, 2)))),
            pulse=Pulse(value=Decimal(round(patient.pulse + 9 * effect + chance.gauss(0, 2)))),
            spo2=Saturation(value=Decimal(min(100, round(98 - 0.8 * effect + chance.gauss(0, 0.6))))),
            breaths=Breaths(value=Decimal(round(15 - effect + chance.gauss(0, 1)))),
            sedation=(4 if effect > 0.75 and patient.index % 2 else 5) if scores else None,
            dissociation=feels if scores else None,
            nausea=(1 if effect > 0.6 and patient.index % 4 == 0 else 0) if scores else None,
        )


def _follow(found: float, share: float, minutes: float) -> float:
    return share + (found - share) * math.exp(-minutes / FOLLOWS_MIN)
