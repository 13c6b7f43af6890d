"""Leaving: the criteria, who receives the patient and what they were told."""

from datetime import datetime

from evenkeel.record.codec import payload
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Signature, Verdict
from evenkeel.values.ids import ClinicianId
from evenkeel.values.shape import frozen


@frozen
class AgainstAdvice:
    """What was seen to when a patient left against advice.

    Which prescriber was told, "" when none was, and when the patient is called, None when nothing was agreed.
    Why they left and what was explained is the reason written for DIS-AMA-001.
    """

    prescriber: ClinicianId | None
    prescriber_name: str
    call_at: datetime | None


@payload("discharge.signed")
class DischargeSignedWithoutTimes:
    """The patient left in somebody's care, as it was written before the sheet named times."""

    criteria: dict[str, Tri]
    received_by: str
    received_by_phone: str
    instructions_version: str
    instructions_given: bool
    against_advice: bool
    note: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
    signature: Signature

    @property
    def no_driving_before_at(self) -> datetime | None:
        """No time was written."""
        return None

    @property
    def no_alcohol_before_at(self) -> datetime | None:
        """No time was written."""
        return None

    @property
    def seen_to(self) -> AgainstAdvice | None:
        """It was not asked for."""
        return None


@payload("discharge.signed", 2)
class DischargeSigned:
    """The patient left in somebody's care. `criteria` maps keys of `clinical.discharge` to yes/no/unknown.

    The two times are what the patient was told; `seen_to` is written only when they left against advice.
    """

    criteria: dict[str, Tri]
    received_by: str
    received_by_phone: str
    instructions_version: str
    instructions_given: bool
    against_advice: bool
    note: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...]
    signature: Signature
    no_driving_before_at: datetime | None = None
    no_alcohol_before_at: datetime | None = None
    seen_to: AgainstAdvice | None = None


@payload("call.made")
class CallMade:
    """Somebody called a patient who had left against advice: whether they were reached, and how they are."""

    reached: bool
    note: str
