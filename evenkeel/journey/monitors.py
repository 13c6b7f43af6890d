"""Bedside monitors: taking in what they send, and saying at which chair each one stands."""

import hashlib
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from evenkeel.devices.acknowledge import acknowledge
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import AckCode, Reading, Refusal
from evenkeel.journey import alerting
from evenkeel.journey.acting import CLOCK_SLACK, TRIES_MAX, Act, use_case
from evenkeel.journey.attribution import NO_VISIT, owner_of, sorted_out
from evenkeel.journey.gateways import speaker_of, why_barred
from evenkeel.journey.rules import clinic_day
from evenkeel.record.devices import Instrument
from evenkeel.store import intake, rows
from evenkeel.store.gateways import Gateway
from evenkeel.store.intake import Sender, SetAside
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.values.shape import frozen

# The text of an answer must be the same when a message comes again, and must not hold patient data.
_NOT_CHARTED: Final = "Nothing of the message was charted; it is kept aside, and the clinic sees why."


Door = Literal["hl7", "fhir", "json"]

# MSH-3 and OBX-18 hold at most this much of a device's name in our tables.
MONITOR_LETTERS_MAX: Final = 100


class UnableToAssignMonitor(UnableTo):
    """The monitor cannot stand beside that chair."""


class NotTaken(Exception):
    """The message could not be written down; it must not be answered, so that the monitor sends it again."""


@frozen
class Taken:
    """What became of one message: the answer's code, when it first came, and what was set aside.

    `again` says that it had been taken in before; then `set_aside` is empty, and the first answer stands.
    """

    code: AckCode
    received_at: datetime
    again: bool
    set_aside: tuple[SetAside, ...] = ()


def receive(raw: bytes, *, received_at: datetime, certificate_name: str | None = None) -> bytes:
    """Take one HL7 message in and return the answer to it, which holds only after what it says is committed.

    A message sent again gets the same answer, byte for byte, and lands once. Never raises for what a message
    holds; raises NotTaken when the record could not be written. `certificate_name` is the subject that the
    sender's certificate names, where it showed one.
    """
    read = read_message(raw, received_at=received_at, zone=ZoneInfo(settings.TIME_ZONE))
    speaker = speaker_of(certificate_name, at=received_at)
    taken = take_in(read, _sender(read, raw), raw=raw, received_at=received_at, speaker=speaker)
    if isinstance(read, Refusal):
        return acknowledge(raw, taken.code, at=taken.received_at, text=read.sentence, reason=read.reason)
    text = "" if taken.code == "AA" else _NOT_CHARTED
    return acknowledge(raw, taken.code, at=taken.received_at, text=text)


def take_in(
    read: Reading | Refusal,
    sender: Sender,
    *,
    raw: bytes,
    received_at: datetime,
    speaker: Gateway | None = None,
    door: Door = "hl7",
) -> Taken:
    """Take in what any door has read: give its values to a visit, or set them aside; once for each message.

    `raw` is what came, to be kept with whatever is set aside, and `door` by which reader it is read again.
    `speaker` is the gateway that sent it, where it proved which one it is. Raises NotTaken when the record
    could not be written.
    """
    for _ in range(TRIES_MAX):
        try:
            with transaction.atomic():
                return _taken(read, sender, raw, received_at, speaker, door)
        except IntegrityError:
            continue
    raise NotTaken


def _taken(
    read: Reading | Refusal,
    sender: Sender,
    raw: bytes,
    received_at: datetime,
    speaker: Gateway | None,
    door: Door,
) -> Taken:
    earlier = intake.answered(sender)
    code: AckCode
    if earlier is not None:
        code = earlier.code  # type: ignore[assignment]  # written from an AckCode
        return Taken(code=code, received_at=earlier.received_at, again=True)
    if isinstance(read, Refusal):
        refused = SetAside(reason=read.reason.value, sentence=read.sentence)
        code = read.acknowledgment
        intake.keep(sender, received_at=received_at, code=code, raw=raw, door=door, set_aside=(refused,))
        return Taken(code=read.acknowledgment, received_at=received_at, again=False, set_aside=(refused,))
    barred = why_barred(speaker, read)
    if barred is not None:
        intake.keep(sender, received_at=received_at, code="AE", raw=raw, door=door, set_aside=(barred,))
        return Taken(code="AE", received_at=received_at, again=False, set_aside=(barred,))
    return _attribute(raw, read, sender, received_at, door)


def _sender(read: Reading | Refusal, raw: bytes) -> Sender:
    """Name the message. One without a readable header is its own bytes: nothing else tells it from others."""
    digest = read.content_digest if read.control_id else hashlib.sha256(raw).hexdigest()
    return Sender(key=read.sender_key[:200], control_id=read.control_id[:200], digest=digest)


def _attribute(raw: bytes, read: Reading, sender: Sender, received_at: datetime, door: Door) -> Taken:
    """Give the values to the visit at the monitor's chair, or set aside what may not be given to anybody."""
    found = owner_of(read, at=received_at)
    if isinstance(found, SetAside):
        if found.reason == NO_VISIT:
            day = clinic_day(received_at)
            intake.keep_counted(sender, received_at=received_at, day=day, code="AE", raw=raw, set_aside=found)
        else:
            intake.keep(sender, received_at=received_at, code="AE", raw=raw, door=door, set_aside=(found,))
        return Taken(code="AE", received_at=received_at, again=False, set_aside=(found,))
    samples, set_aside = sorted_out(read, found, received_at=received_at)
    code: AckCode = "AE" if set_aside and not samples else "AA"
    intake.keep(
        sender,
        received_at=received_at,
        code=code,
        raw=raw,
        door=door,
        at_chair=found.at_chair,
        samples=samples,
        set_aside=set_aside,
    )
    alerting.reconcile(found.state, received_at, samples=samples)
    return Taken(code=code, received_at=received_at, again=False, set_aside=tuple(set_aside))


@use_case("monitor.assign")
def assign_monitor(act: Act, *, chair: ChairId, monitor: str | None) -> StreamId:
    """Say which monitor stands beside a chair from the act's time on, or that none does (None).

    Returns the chair's name as a row. A monitor stands beside one chair at a time: the values of a visit hang
    on it. What it measured before it stood there is nobody's.
    """
    return _assign(act, chair, monitor, "monitor")


@use_case("monitor.assign")
def assign_pump(act: Act, *, chair: ChairId, pump: str | None) -> StreamId:
    """Say which pump stands at a chair from the act's time on, or that none does (None)."""
    return _assign(act, chair, pump, "pump")


def _assign(act: Act, chair: ChairId, device: str | None, instrument: Instrument) -> StreamId:
    device = (device or "").strip() or None
    name = instrument.capitalize()
    chairs = {each.id: each for each in rows.chairs()}
    issues = []
    if chair not in chairs:
        issues.append(Issue(sentence="Chair: choose one of the clinic's chairs.", field="chair"))
    if device is not None and len(device) > MONITOR_LETTERS_MAX:
        sentence = f"{name}: its id has at most {MONITOR_LETTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="too-long", field="monitor"))
    if act.happened_at > act.recorded_at + CLOCK_SLACK:
        sentence = "Time: it lies in the future. Write since when it stands there, or leave it empty for now."
        issues.append(Issue(sentence=sentence, code="time-in-future", field="happened_at"))
    elsewhere = next((each for each in chairs.values() if device and _elsewhere(each, device, chair)), None)
    if elsewhere is not None:
        sentence = f"{name}: it stands beside {elsewhere.name}. Take it away from there first."
        issues.append(Issue(sentence=sentence, code="monitor-elsewhere", field="monitor"))
    here = chairs.get(chair)
    other = here and (here.pump if instrument == "monitor" else here.monitor)
    if device is not None and other == device:
        sentence = f"{name}: the same id stands there as another instrument."
        issues.append(Issue(sentence=sentence, code="both-instruments", field="monitor"))
    if issues:
        raise UnableToAssignMonitor(issues)
    rows.assign_device(chair, instrument, device, since=act.happened_at, by=act.by, at=act.recorded_at)
    return StreamId(f"chair:{chair}")


def _elsewhere(other: rows.Chair, device: str, chair: ChairId) -> bool:
    return other.id != chair and device in (other.monitor, other.pump)
