"""Drug given in a visit: start, rate, pause, resume, stop, and everything noticed on the way."""

from datetime import datetime
from typing import Literal

from evenkeel.record.codec import payload
from evenkeel.record.ordering import VialDrawn
from evenkeel.record.screening import Tri
from evenkeel.record.signs import Signs, SignSource
from evenkeel.record.verdict import Override, Verdict
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import ClinicianId, EntryId
from evenkeel.values.quantities import FlowRate, Pressure, Volume


@payload("timeout.held")
class TimeOutHeld:
    """Both people stop and read aloud: name, mg, mL, mL/h, expected end. `confirmed` lists what was read."""

    second_person: ClinicianId
    second_person_name: str
    confirmed: tuple[str, ...]


@payload("infusion.started")
class InfusionStarted:
    """The pump runs."""

    rate: FlowRate
    pump: str
    cannula_site: str
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...] = ()


@payload("infusion.rate_changed")
class RateChanged:
    """The pump was set to another rate."""

    rate: FlowRate
    reason: str
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()


@payload("infusion.paused")
class InfusionPaused:
    """The pump stands still, and is meant to go on."""

    reason: str


@payload("infusion.resumed")
class InfusionResumed:
    """The pump runs again."""

    rate: FlowRate
    verdicts: tuple[Verdict, ...] = ()
    overrides: tuple[Override, ...] = ()


@payload("bag.replaced")
class BagReplaced:
    """Another bag hangs on the paused pump, before a second person.

    Of the old bag: `given` is what ran out of it, `expected` what should have been left by the rates,
    `measured` what two people found, `wasted` and `missing` what became of it. From `vials` on it tells of
    the new bag, which the second person read for themselves.
    """

    cause: Literal["left_over", "spilled", "broken"]
    explanation: str
    given: DrugMass
    expected: DrugMass
    measured: Volume
    wasted: DrugMass
    missing: DrugMass
    vials: tuple[VialDrawn, ...]
    volume: Volume
    drawn: DrugMass
    bag: Volume
    second_person: ClinicianId
    second_person_name: str
    verdicts: tuple[Verdict, ...]


@payload("infusion.stopped")
class InfusionStopped:
    """The pump stands still for good. `pump_volume` is what the pump says it delivered, where it was read."""

    reason: Literal["completed", "adverse_event", "patient_wish", "clinician_decision", "other"]
    note: str
    pump_volume: Volume | None


@payload("signs.charted")
class SignsCharted:
    """A check. `confirmed` names the signs that looked implausible and were entered again as meant."""

    signs: Signs
    source: SignSource
    confirmed: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


DeferralReason = Literal["asleep", "toilet", "being_treated", "other"]


@payload("check.deferred")
class CheckDeferred:
    """A check that was due at `due_at` was put off until `until_at`, for a reason; `words` say more.

    Nobody looked: it takes the place of no check, and a check that comes later than `until_at` is late.
    """

    due_at: datetime
    until_at: datetime
    reason: DeferralReason
    words: str
    verdicts: tuple[Verdict, ...]


EventKind = Literal[
    "nausea",
    "vomiting",
    "headache",
    "anxiety",
    "dissociation",
    "dizziness",
    "hypertension",
    "desaturation",
    "chest_pain",
    "neurological_sign",
    "site_problem",
    "other",
]


@payload("event.recorded")
class EventRecorded:
    """Something happened to the patient. `grade` is CTCAE v5: 1 mild to 5 death; None when not graded yet."""

    event: EventKind
    grade: int | None
    note: str


PressureChoice = Literal["watch", "hold", "treat"]


@payload("pressure.decided")
class PressureDecided:
    """A named person decided what to do about a high pressure, having looked at the patient.

    The reading is the one that was decided on. `read_back` is about a decision that was spoken.
    """

    systolic: Pressure | None
    diastolic: Pressure | None
    choice: PressureChoice
    symptoms: Tri
    decided_by: ClinicianId
    decided_by_name: str
    read_back: bool
    note: str
    verdicts: tuple[Verdict, ...]


@payload("note.written")
class NoteWritten:
    """Free words."""

    text: str


@payload("rescue.given")
class RescueGivenInWords:
    """A rescue drug given on a named prescriber's order, its dose as it was typed: not to be added up."""

    drug: str
    dose: str
    route: str
    ordered_by: ClinicianId
    ordered_by_name: str
    read_back: bool
    reason: str


@payload("rescue.given", 2)
class RescueGiven:
    """A rescue drug was given on a named prescriber's order.

    `drug` is a key of `clinical.rescue.RESCUE_DRUGS`, `dose` counts micrograms of that drug. `conditions` are
    the answers to the questions asked before it. `was_given_already` says that the rules could not be asked
    first: what they say is kept, and held nothing back.
    """

    drug: str
    dose: DrugMass
    route: str
    ordered_by: ClinicianId
    ordered_by_name: str
    read_back: bool
    reason: str
    conditions: dict[str, Tri]
    was_given_already: bool
    verdicts: tuple[Verdict, ...]
    overrides: tuple[Override, ...] = ()


@payload("entry.marked_in_error")
class MarkedInError:
    """An earlier entry should not count. It stays readable; the amendment's reason says why."""

    entry: EntryId
