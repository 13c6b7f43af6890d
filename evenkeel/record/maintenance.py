"""What happens after the series: the interval, the next date and what would bring it forward."""

from datetime import date

from evenkeel.record.codec import payload
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.quantities import Days


@payload("maintenance.planned")
class MaintenancePlanned:
    """The plan as it stands; a later one replaces it. `craving` holds an infusion, never brings one on."""

    interval: Days
    next_due_date: date
    goals: str
    return_signs: str
    psychotherapy: str
    support_contact: str
    craving: Tri
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
