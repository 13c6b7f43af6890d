"""What a made-up body does: its signs follow the drug's effect sites, by the project's own pharmacology.

Each body is drawn once: its kinetics around the published model, and how strongly it answers. Pressure, pulse
and dissociation are those of `evenkeel.pharmacology.effects`. For sedation, breathing and saturation there is
no usable model of light effects (pharmacology's effects.toml, unresponsiveness); what is said of them here is
made up, small, and tied to the same effect site. Whatever is shown is a whole number, so that the same seed
gives the same signs on any database.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np

from evenkeel.pharmacology import Bodies, LiveModel, load_parameter_set
from evenkeel.pharmacology.cohort import draw_deviations
from evenkeel.pharmacology.effect_constants import load_link
from evenkeel.pharmacology.effect_links import (
    Pressure as CuffPressure,
)
from evenkeel.pharmacology.effect_links import (
    SKetamine,
    dissociation_score,
    heart_rate_rise_per_min,
    nausea_probability,
    pressure_rise_mmhg,
)
from evenkeel.pharmacology.live import LiveState
from evenkeel.record.signs import Signs
from evenkeel.simulate.cast import Patient
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Saturation
from evenkeel.values.shape import frozen

MODEL: Final = "kamp_2020"
SHARE_S: Final = load_link("blood_pressure").value("s_share")
# Outlets of the model besides the level itself: where dissociation and where pressure arise.
MIND, VESSELS, BLOOD = "mind", "vessels", "ketamine"

# Made up: how far a reading strays from the body, kept within two of these. effects.toml takes 7 mmHg for a
# cuff among patients who talk and move; less is taken here, so that a story happens where its part puts it.
STRAY_SYSTOLIC: Final = 4.0
STRAY_DIASTOLIC: Final = 3.0
STRAY_PULSE: Final = 2.0
STRAY_SPO2: Final = 0.6
STRAY_BREATHS: Final = 1.0
STRAY_MOST: Final = 2.0

# Made up, at the greatest dissociation of the model: an awake adult at rest, and what the drug takes away.
SPO2_AT_REST: Final = 98.0
SPO2_FALL: Final = 2.0
BREATHS_AT_REST: Final = 15.0
BREATHS_FALL: Final = 3.0
# Made up: from this share of the greatest dissociation on, half of the patients are drowsy (MOAA/S 4).
DROWSY_FROM: Final = 0.35
NAUSEA_FROM: Final = 0.15


@frozen
class Answer:
    """How strongly one patient answers to the drug, the same in each of their visits.

    `pressure_gain` is a multiple of the mean of patients; the others are added to the log of what they name.
    """

    pressure_gain: float
    log_half_effect: float
    log_maximum: float
    grows_drowsy: bool


def draw_answer(patient: Patient, seed: int) -> Answer:
    """Draw one patient's sensitivity with the spreads of effects.toml."""
    chance = random.Random(f"{seed}/{patient.index}/answer")
    pressure, mind = load_link("blood_pressure"), load_link("dissociation")
    variance = math.log1p(pressure.value("patient_cv") ** 2)
    return Answer(
        pressure_gain=math.exp(math.sqrt(variance) * _stray(chance, 1.0) - variance / 2),
        log_half_effect=_stray(chance, mind.value("log_half_effect_level_sd")),
        log_maximum=_stray(chance, mind.value("log_maximum_sd")),
        grows_drowsy=chance.random() < 0.5,
    )


@frozen
class Run:
    """From a moment on, the pump gives this many milligrams an hour; 0 is standing still."""

    from_at: datetime
    mg_per_h: float


@frozen
class Effects:
    """What the drug does at a moment. Rises in mmHg and beats/min; `far_away` is a rating of 0 to 10."""

    level_ng_per_ml: float
    systolic_rise: float
    diastolic_rise: float
    pulse_rise: float
    far_away: float

    @property
    def share(self) -> float:
        """Of the greatest dissociation that a typical patient can have, from 0."""
        return self.far_away / 10


class Body:
    """One patient's body through one visit: tell it what the pump does, ask it for signs.

    `number` is the infusion's in its course, which dissociation grows weaker with; `began_at` is when the
    visit began, from which chance is counted, so that a visit goes the same way on whatever day it is played.
    `ordered_mg_per_h` is the ordered rate, at which a part's own rise of pressure is set.
    """

    def __init__(
        self,
        patient: Patient,
        seed: int,
        *,
        number: int,
        began_at: datetime,
        weight_kg: float,
        ordered_mg_per_h: float,
    ) -> None:
        self._patient = patient
        self._seed = seed
        self._number = number
        self._began_at = began_at
        self._weight_kg = weight_kg
        self._ordered = ordered_mg_per_h
        self._answer = draw_answer(patient, seed)
        visit = random.Random(f"{seed}/{patient.index}/{number}/visit")
        self._feels_sick = visit.random() < nausea_probability() or patient.part.today == "nausea"
        self._runs: list[Run] = []
        self._states: list[LiveState] = []

    @property
    def runs(self) -> tuple[Run, ...]:
        """What the pump was set to so far, in order."""
        return tuple(self._runs)

    def pump(self, at: datetime, mg_per_h: float) -> None:
        """The pump was set to a rate; 0 is standing still. Never before the last setting."""
        before = self._states[-1] if self._states else self._model.empty(self._minute(at))
        self._states.append(before.changed(self._minute(at), mg_per_h))
        self._runs.append(Run(from_at=at, mg_per_h=mg_per_h))

    def follow(self, runs: Sequence[Run]) -> None:
        """Take the rates really run from the record, in the place of what the story set."""
        if list(runs) == self._runs:
            return
        self._runs, self._states = [], []
        for run in runs:
            self.pump(run.from_at, run.mg_per_h)

    def effects(self, at: datetime) -> Effects:
        """What the drug does at a moment."""
        place = bisect_right([run.from_at for run in self._runs], at)
        if not place:
            return Effects(
                level_ng_per_ml=0.0, systolic_rise=0.0, diastolic_rise=0.0, pulse_rise=0.0, far_away=0.0
            )
        return self._effects_of(self._states[place - 1], self._minute(at), self._gain)

    def signs(self, at: datetime, *, scores: bool = True) -> Signs:
        """The signs at a moment; `scores` adds what a person rates and a monitor cannot."""
        patient, does = self._patient, self.effects(at)
        second = int((at - self._began_at).total_seconds())
        chance = random.Random(f"{self._seed}/{patient.index}/{self._number}/{second}")

        def read(value: float, stray: float) -> Decimal:
            return Decimal(round(value + _stray(chance, stray)))

        spo2 = read(SPO2_AT_REST - SPO2_FALL * does.share, STRAY_SPO2)
        is_drowsy = self._answer.grows_drowsy and does.share >= DROWSY_FROM
        is_sick = self._feels_sick and does.share >= NAUSEA_FROM
        return Signs(
            systolic=Pressure(value=read(patient.systolic + does.systolic_rise, STRAY_SYSTOLIC)),
            diastolic=Pressure(value=read(patient.diastolic + does.diastolic_rise, STRAY_DIASTOLIC)),
            pulse=Pulse(value=read(patient.pulse + does.pulse_rise, STRAY_PULSE)),
            spo2=Saturation(value=min(Decimal(100), spo2)),
            breaths=Breaths(value=read(BREATHS_AT_REST - BREATHS_FALL * does.share, STRAY_BREATHS)),
            sedation=(4 if is_drowsy else 5) if scores else None,
            dissociation=min(10, round(does.far_away)) if scores else None,
            nausea=(min(10, round(1 + 5 * does.share)) if is_sick else 0) if scores else None,
        )

    def _minute(self, at: datetime) -> float:
        return (at - self._began_at).total_seconds() / 60

    @cached_property
    def _model(self) -> LiveModel:
        """This patient's kinetics, drawn around the model as the model says that people differ."""
        parameters = load_parameter_set(MODEL)
        bodies = Bodies(
            weight_kg=np.array([self._weight_kg]),
            log_deviation=draw_deviations(parameters, 1, self._seed, first=self._patient.index),
        )
        system = parameters.system(bodies)
        for name, link in ((MIND, "dissociation"), (VESSELS, "blood_pressure")):
            half_life = load_link(link).site_half_life_min
            assert half_life is not None, "both have an effect site"
            system = system.with_effect_site(name, of=BLOOD, half_life_min=half_life)
        return LiveModel.of(system, outputs=(BLOOD, MIND, VESSELS))

    @cached_property
    def _gain(self) -> float:
        """The drawn gain of pressure, or the one that brings the rise which the part asks for."""
        rise = self._patient.rise
        if rise is None:
            return self._answer.pressure_gain
        running = self._model.empty(0.0).changed(0.0, self._ordered)
        return rise.mmhg / self._effects_of(running, rise.minute, 1.0).systolic_rise

    def _effects_of(self, state: LiveState, minute: float, gain: float) -> Effects:
        blood, mind, vessels = (float(each) for each in state.level(minute)[0])
        site = _s_ketamine(vessels, "blood_pressure")
        score = dissociation_score(
            _s_ketamine(mind, "dissociation"),
            infusion_number=self._number,
            log_half_effect_deviation=self._answer.log_half_effect,
            log_maximum_deviation=self._answer.log_maximum,
        )
        return Effects(
            level_ng_per_ml=blood,
            systolic_rise=float(pressure_rise_mmhg(site, CuffPressure.SYSTOLIC, gain=gain)[0]),
            diastolic_rise=float(pressure_rise_mmhg(site, CuffPressure.DIASTOLIC, gain=gain)[0]),
            pulse_rise=float(heart_rate_rise_per_min(_s_ketamine(blood, "heart_rate"))[0]),
            far_away=10 * float(score[0]) / load_link("dissociation").value("maximum"),
        )


def _s_ketamine(total_ng_per_ml: float, link: str) -> SKetamine:
    return SKetamine(
        ng_per_ml=np.array([SHARE_S * total_ng_per_ml]),
        parameter_set=MODEL,
        site_half_life_min=load_link(link).site_half_life_min,
    )


def _stray(chance: random.Random, sd: float) -> float:
    """A normal deviate, kept within two standard deviations: no reading is a freak of chance alone."""
    return sd * max(-STRAY_MOST, min(STRAY_MOST, chance.gauss(0, 1)))
