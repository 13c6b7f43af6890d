"""The gate before anything is drawn up: who, with whom, fasted, weighed today, and how they are."""

from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.screening import Tri
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.quantities import Hours, Weight
from evenkeel.values.shape import frozen

CheckInOutcome = Literal["open", "needs_prescriber", "not_today"]


@frozen
class Escort:
    """The adult who takes the patient home: a person with a name and a number, not a tick."""

    name: str
    phone: str
    relation: str
    confirmed: Tri


@payload("checkin.recorded")
class CheckInRecorded:
    """What was asked and measured on arrival. `answers` maps keys of `clinical.checkin` to yes/no/unknown."""

    name_and_birth_date_agree: Tri
    record_number_agrees: Tri
    escort: Escort
    hours_since_clear_fluid: Hours | None
    hours_since_light_meal: Hours | None
    weight: Weight | None
    weight_measured_today: Tri
    answers: dict[str, Tri]
    signs: Signs
    verdicts: tuple[Verdict, ...]
    outcome: CheckInOutcome


@payload("checkin.decided")
class CheckInDecided:
    """A prescriber's decision where the gate asked for one."""

    decision: Literal["go_on", "not_today"]
    reason: str
    overrides: tuple[Override, ...]
    signature: Signature
