"""Leaving: the criteria, who receives the patient and what they were told."""

from evenkeel.record.codec import payload
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Override, Signature, Verdict


@payload("discharge.signed")
class DischargeSigned:
    """The patient left in somebody's care. `criteria` maps keys of `clinical.discharge` to yes/no/unknown."""

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
