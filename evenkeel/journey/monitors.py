"""Bedside monitors: taking in what they send, and saying at which chair each one stands."""

import hashlib
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction

from evenkeel.devices.acknowledge import acknowledge
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import AckCode, Reading, Refusal
from evenkeel.journey.acting import TRIES_MAX, Act, use_case
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP
from evenkeel.store import intake, reading, rows
from evenkeel.store.intake import Sample, Sender, SetAside, VisitAtChair
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.issues import Issue, UnableTo

# The text of an answer must be the same when a message comes again, and must not hold patient data.
_NOT_CHARTED: Final = "Nothing of the message was charted; it is kept aside, and the clinic sees why."


# MSH-3 and OBX-18 hold at most this much of a device's name in our tables.
MONITOR_LETTERS_MAX: Final = 100


class UnableToAssignMonitor(UnableTo):
    """The monitor cannot stand beside that chair."""


class NotTaken(Exception):
    """The message could not be written down; it must not be answered, so that the monitor sends it again."""


def receive(raw: bytes, *, received_at: datetime) -> bytes:
    """Take one message in and return the answer to it, which holds only after what it says is committed.

    A message sent again gets the same answer, byte for byte, and lands once. Never raises for what a message
    holds; raises NotTaken when the record could not be written.
    """
    for _ in range(TRIES_MAX):
        try:
            with transaction.atomic():
                return _take_in(raw, received_at)
        except IntegrityError:
            continue
    raise NotTaken


def _take_in(raw: bytes, received_at: datetime) -> bytes:
    read = read_message(raw, received_at=received_at, zone=ZoneInfo(settings.TIME_ZONE))
    sender = _sender(read, raw)
    earlier = intake.answered(sender)
    if earlier is not None:
        code: AckCode = earlier.code  # type: ignore[assignment]  # written from an AckCode
        return _answer(raw, read, code, earlier.received_at)
    if isinstance(read, Refusal):
        refused = SetAside(reason=read.reason.value, sentence=read.sentence)
        intake.keep(sender, received_at=received_at, code=read.acknowledgment, raw=raw, set_aside=(refused,))
        return _answer(raw, read, read.acknowledgment, received_at)
    return _answer(raw, read, _attribute(raw, read, sender, received_at), received_at)


def _sender(read: Reading | Refusal, raw: bytes) -> Sender:
    """Name the message. One without a readable header is its own bytes: nothing else tells it from others."""
    digest = read.content_digest if read.control_id else hashlib.sha256(raw).hexdigest()
    return Sender(key=read.sender_key[:200], control_id=read.control_id[:200], digest=digest)


def _answer(raw: bytes, read: Reading | Refusal, code: AckCode, at: datetime) -> bytes:
    if isinstance(read, Refusal):
        return acknowledge(raw, code, at=at, text=read.sentence, reason=read.reason)
    return acknowledge(raw, code, at=at, text="" if code == "AA" else _NOT_CHARTED)


def _attribute(raw: bytes, read: Reading, sender: Sender, received_at: datetime) -> AckCode:
    """Give the values to the visit at the monitor's chair, or set aside what may not be given to anybody."""
    found = _visit_of(read)
    if isinstance(found, SetAside):
        intake.keep(sender, received_at=received_at, code="AE", raw=raw, set_aside=(found,))
        return "AE"
    samples, set_aside = _sorted_out(read, found, received_at)
    code: AckCode = "AE" if set_aside and not samples else "AA"
    intake.keep(
        sender,
        received_at=received_at,
        code=code,
        raw=raw,
        at_chair=found,
        samples=samples,
        set_aside=set_aside,
    )
    return code


def _visit_of(read: Reading) -> VisitAtChair | SetAside:
    chair = intake.chair_of_monitor(read.device_id)
    if chair is None:
        return SetAside(
            reason="unknown_monitor",
            sentence=f'No chair has the monitor "{read.device_id}". Assign it to one on the monitors page.',
        )
    present = intake.visits_at(chair, IN_THE_CHAIR)
    on_the_pump = tuple(visit for visit in present if visit.phase in ON_THE_PUMP)
    candidates = on_the_pump or present
    if not candidates:
        return SetAside(reason="no_visit", sentence="No patient is checked in at this monitor's chair.")
    named = {identifier.value for identifier in read.patient_identifiers}
    if named:
        candidates = tuple(visit for visit in candidates if visit.record_number in named)
        if not candidates:
            return SetAside(
                reason="other_patient",
                sentence="The message names another patient than the one at this monitor's chair.",
            )
    if len(candidates) > 1:
        return SetAside(
            reason="several_visits",
            sentence=(
                "Several patients are checked in at this monitor's chair, and the message names none of them."
            ),
        )
    return candidates[0]


def _sorted_out(
    read: Reading, visit: VisitAtChair, received_at: datetime
) -> tuple[list[Sample], list[SetAside]]:
    """Values to keep for the visit, and those to set aside with the reason of each."""
    samples = [
        Sample(
            sign=silence.sign.value,
            value=None,
            no_signal=silence.reason.value,
            unit="",
            channel=silence.channel[:40],
            observed_at=silence.observed_at or received_at,
        )
        for silence in read.no_signal
    ]
    set_aside = [
        SetAside(reason=refused.reason.value, sentence=f"{refused.sign.value}: {refused.sentence}")
        for refused in read.rejected
    ]
    state = reading.visit(visit.visit)
    assert state.check_in is not None, "a visit at a chair is checked in"
    for observation in read.observations:
        if observation.observed_at < state.check_in.at:
            # The monitor measured before this patient sat down: it may have been the patient before.
            sentence = f"{observation.sign.value}: measured before this patient was checked in."
            set_aside.append(SetAside(reason="before_check_in", sentence=sentence))
            continue
        samples.append(
            Sample(
                sign=observation.sign.value,
                value=observation.value,
                no_signal=None,
                unit=observation.unit,
                channel=observation.channel[:40],
                observed_at=observation.observed_at,
            )
        )
    return samples, set_aside


@use_case("monitor.assign")
def assign_monitor(act: Act, *, chair: ChairId, monitor: str | None) -> StreamId:
    """Say which monitor stands beside a chair, or that none does (None). Returns the chair's name as a row.

    A monitor stands beside one chair at a time: the values of a visit hang on it.
    """
    monitor = (monitor or "").strip() or None
    chairs = {each.id: each for each in rows.chairs()}
    issues = []
    if chair not in chairs:
        issues.append(Issue(sentence="Chair: choose one of the clinic's chairs.", field="chair"))
    if monitor is not None and len(monitor) > MONITOR_LETTERS_MAX:
        sentence = f"Monitor: its id has at most {MONITOR_LETTERS_MAX} characters."
        issues.append(Issue(sentence=sentence, code="too-long", field="monitor"))
    elsewhere = next(
        (each for each in chairs.values() if monitor and each.monitor == monitor and each.id != chair), None
    )
    if elsewhere is not None:
        sentence = f"Monitor: it stands beside {elsewhere.name}. Take it away from there first."
        issues.append(Issue(sentence=sentence, code="monitor-elsewhere", field="monitor"))
    if issues:
        raise UnableToAssignMonitor(issues)
    rows.assign_monitor(chair, monitor, by=act.by, at=act.recorded_at)
    return StreamId(f"chair:{chair}")
