"""What happens after the series: the interval, the next date and what would bring it forward."""

from datetime import date

from evenkeel.record.codec import payload
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.quantities import Days


@payload("maintenance.planned")
class MaintenancePlannedOpenEnded:
    """The plan as it was written before one could name an end, a prescriber and the talk afterwards."""

    interval: Days
    next_due_date: date
    goals: str
    return_signs: str
    psychotherapy: str
    support_contact: str
    craving: Tri
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]

    @property
    def prescriber_contact(self) -> str:
        """Nobody was named."""
        return ""

    @property
    def talk_after(self) -> Days | None:
        """It was not said when infusions are talked through."""
        return None

    @property
    def ends_date(self) -> date | None:
        """No end was planned."""
        return None


@payload("maintenance.planned", 2)
class MaintenancePlanned:
    """The plan as it stands; a later one replaces it. `craving` holds an infusion, never brings one on.

    `talk_after` is how long after each infusion it is talked through. A plan with an `ends_date` leads to the
    end of treatment: its intervals grow until then.
    """

    interval: Days
    next_due_date: date
    goals: str
    return_signs: str
    psychotherapy: str
    support_contact: str
    craving: Tri
    talk_after: Days | None = None
    prescriber_contact: str = ""
    ends_date: date | None = None
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()
