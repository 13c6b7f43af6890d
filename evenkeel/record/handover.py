"""Who is responsible for a patient under the drug: offered in writing, accepted in person, or taken over."""

from datetime import datetime

from evenkeel.record.codec import payload
from evenkeel.record.entry import Author
from evenkeel.values.ids import ClinicianId, EntryId
from evenkeel.values.shape import frozen


@payload("handover.offered")
class HandoverOffered:
    """Whoever is responsible offers it to somebody by name, and stays responsible until that one accepts.

    What is to be known and watched stands in four parts; each may be empty.
    """

    to: ClinicianId
    to_name: str
    situation: str
    background: str
    assessment: str
    recommendation: str


@payload("handover.accepted")
class HandoverAccepted:
    """Who was asked has accepted, and is responsible from then on."""

    offer: EntryId
    before: ClinicianId
    before_name: str


@payload("handover.declined")
class HandoverDeclined:
    """Who was asked has declined; who offered stays responsible."""

    offer: EntryId
    offered_by_name: str
    reason: str


@payload("handover.withdrawn")
class HandoverWithdrawn:
    """Who offered has taken the offer back before it was accepted."""

    offer: EntryId
    to_name: str
    reason: str


@payload("handover.taken_over")
class HandoverTakenOver:
    """Somebody became responsible without an offer to them, in an emergency. An open offer ends with it."""

    before: ClinicianId
    before_name: str
    reason: str


Answered = HandoverAccepted | HandoverDeclined | HandoverWithdrawn | HandoverTakenOver


@frozen
class Responsible:
    """Who answers for the patient now, and since when."""

    who: Author
    since: datetime
