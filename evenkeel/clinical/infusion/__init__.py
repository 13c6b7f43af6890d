"""The infusion: starting, charting, changing the rate, going on after a pause, and what is due when."""

from evenkeel.clinical.infusion.alerting import PRIORITY_OF, Condition, conditions, watch_of
from evenkeel.clinical.infusion.deferral import (
    REASONS,
    assess_deferral,
    deferral_limits,
    deferral_rule,
    deferral_words,
    may_defer,
)
from evenkeel.clinical.infusion.events import EVENTS, GRADES, assess_event
from evenkeel.clinical.infusion.facts import latest_pressure, latest_sign
from evenkeel.clinical.infusion.rate import assess_rate, assess_resume
from evenkeel.clinical.infusion.rises import CHOICES, EXPECTED_RISES, PressureFacts, assess_pressure_choice
from evenkeel.clinical.infusion.schedule import MissedCheck, Schedule, check_schedule
from evenkeel.clinical.infusion.signs import (
    SIGN_WORDS,
    assess_signs,
    implausible,
    refuse_impossible,
)
from evenkeel.clinical.infusion.start import assess_start
from evenkeel.clinical.infusion.steps import StepNow, assess_step, step_now
from evenkeel.clinical.infusion.watch import Watch, assess_watch

__all__ = [
    "CHOICES",
    "EVENTS",
    "EXPECTED_RISES",
    "GRADES",
    "PRIORITY_OF",
    "REASONS",
    "SIGN_WORDS",
    "Condition",
    "MissedCheck",
    "PressureFacts",
    "Schedule",
    "StepNow",
    "Watch",
    "assess_deferral",
    "assess_event",
    "assess_pressure_choice",
    "assess_rate",
    "assess_resume",
    "assess_signs",
    "assess_start",
    "assess_step",
    "assess_watch",
    "check_schedule",
    "conditions",
    "deferral_limits",
    "deferral_rule",
    "deferral_words",
    "implausible",
    "latest_pressure",
    "latest_sign",
    "may_defer",
    "refuse_impossible",
    "step_now",
    "watch_of",
]
