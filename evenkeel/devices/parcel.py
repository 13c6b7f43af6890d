"""What a gateway sends, once its format is understood, judged as a monitor's message is."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from evenkeel.devices.judging import (
    NO_SIGNAL,
    NUMBER,
    PRESSURES_DISAGREE,
    TIME_IN_FUTURE,
    TIME_TOO_OLD,
    Fault,
    disagreeing,
    judged_time,
    judged_value,
    silence,
    unit_of,
)
from evenkeel.devices.nomenclature import CANONICAL_UNIT, Sign
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import (
    AckCode,
    DeviceObservation,
    Ignored,
    NoSignal,
    NoSignalReason,
    PatientIdentifier,
    Reading,
    Refusal,
    RefusalReason,
    Rejected,
    RejectReason,
)
from evenkeel.values.shape import frozen

# Texts that name things: a device, a message, a channel.
NAME_LETTERS_MAX: Final = 100

# RFC 3339, to the minute at least; the offset is asked for, since a gateway stands in no clinic's zone.
_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII
)

WORDS: Final[dict[RejectReason, str]] = {
    RejectReason.TEST_DATA: "It is marked as test data.",
    RejectReason.OFF_SCALE: "It is only known to lie above or below a bound.",
    RejectReason.NOT_NUMERIC: "The value must be one plain number.",
    RejectReason.UNIT_UNKNOWN: "The unit must be a UCUM or MDC code that is taken for this sign.",
    RejectReason.CODE_AND_NAME_DISAGREE: "Its codes mean different signs.",
    RejectReason.PRESSURES_DISAGREE: PRESSURES_DISAGREE,
    RejectReason.PRESSURE_ALONE: (
        "Systolic and diastolic pressure come as components of one blood pressure panel (LOINC 85354-9)."
    ),
    RejectReason.VALUE_AND_ABSENT: "It holds a value and a reason for having none.",
    RejectReason.TIME_MISSING: "The time of the measurement is missing.",
    RejectReason.TIME_UNREADABLE: (
        "The time must be a date and time with its offset, such as 2026-06-12T10:15:30-05:00."
    ),
    RejectReason.TIME_IN_FUTURE: TIME_IN_FUTURE,
    RejectReason.TIME_TOO_OLD: TIME_TOO_OLD,
}


@frozen
class Sent:
    """One observation as a gateway sent it; `field` is where it stood.

    `sign` is None for a code that is not charted. `value` is None where none stood. `observed` is the text
    of its time. `fault` is a rule that the form itself already found broken.
    """

    field: str
    sign: Sign | None
    code: str
    value: str | None
    unit: str = ""
    unit_system: str = "UCUM"
    observed: str = ""
    channel: str = ""
    is_absent: bool = False
    fault: RejectReason | None = None


@frozen
class Parcel:
    """One message of a gateway, of one device and at most one patient.

    `digest` is over what was meant, in hex, and not over when it was sent.
    """

    sender_key: str
    message: str
    form: str
    device_id: str
    patients: tuple[PatientIdentifier, ...]
    sent: str
    digest: str
    observations: tuple[Sent, ...]


@frozen
class Unreadable:
    """Why a message is no parcel, and which field to mend. The sentence quotes nothing from it."""

    reason: RefusalReason
    sentence: str
    field: str


def refusal(why: Unreadable, *, sender_key: str, message: str, digest: str) -> Refusal:
    """Turn an unreadable message into what is set aside."""
    code: AckCode = "AE" if why.reason is RefusalReason.NOT_FINAL else "AR"
    return Refusal(
        reason=why.reason,
        sentence=f"{why.field}: {why.sentence}" if why.field else why.sentence,
        acknowledgment=code,
        control_id=message,
        sender_key=sender_key,
        content_digest=digest,
    )


def read_instant(text: str) -> datetime | None:
    """Read an RFC 3339 date and time with its offset as aware UTC, or None if it is not one."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{(fraction or '')[:7]}{offset}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_parcel(parcel: Parcel, *, received_at: datetime) -> Reading:
    """Judge every observation of a parcel. `received_at` is aware. Never raises for what a parcel holds."""
    kept: list[tuple[Sent, DeviceObservation]] = []
    no_signal: list[NoSignal] = []
    rejected: list[Rejected] = []
    ignored: list[Ignored] = []
    for sent in parcel.observations:
        match _judge(sent, parcel, received_at):
            case DeviceObservation() as observation:
                kept.append((sent, observation))
            case NoSignal() as silent:
                no_signal.append(silent)
            case Rejected() as refused:
                rejected.append(refused)
            case Ignored() as unknown:
                ignored.append(unknown)
    wrong = disagreeing([observation for _, observation in kept])
    rejected += [
        _reject(sent, observation.sign, RejectReason.PRESSURES_DISAGREE)
        for place, (sent, observation) in enumerate(kept)
        if place in wrong
    ]
    return Reading(
        control_id=parcel.message,
        sender_key=parcel.sender_key,
        sending_application=parcel.sender_key,
        sending_facility="",
        version=parcel.form,
        device_id=parcel.device_id,
        device_id_source="device",
        location=None,
        patient_identifiers=parcel.patients,
        message_at=read_instant(parcel.sent),
        content_digest=parcel.digest,
        observations=tuple(observation for place, (_, observation) in enumerate(kept) if place not in wrong),
        no_signal=tuple(no_signal),
        rejected=tuple(rejected),
        ignored=tuple(ignored),
    )


def sentence_without_value(refused: Rejected) -> str:
    """Say which rule a value broke, for an answer or a log: what a patient measured stays out of both."""
    if refused.reason is RejectReason.OUT_OF_RANGE:
        within = plausible().ranges[refused.sign]
        unit = CANONICAL_UNIT[refused.sign]
        return f"The value is outside what can be measured: {within.low} to {within.high} {unit}."
    return refused.sentence


def _judge(
    sent: Sent, parcel: Parcel, received_at: datetime
) -> DeviceObservation | NoSignal | Rejected | Ignored:
    sign = sent.sign
    if sign is None:
        return Ignored(code=sent.code, name="", channel=sent.channel, field=sent.field)
    if sent.fault is not None:
        return _reject(sent, sign, sent.fault)
    moment = read_instant(sent.observed)
    silent = NoSignalReason.NO_RESULT if sent.is_absent else silence(sent.value or "")
    if silent is not None:
        return NoSignal(
            sign=sign,
            reason=silent,
            sentence=NO_SIGNAL[silent],
            observed_at=_usable(moment, received_at),
            channel=sent.channel,
            code=sent.code,
            sent_value=sent.value or "",
        )
    text = sent.value or ""
    if not NUMBER.fullmatch(text):
        return _reject(sent, sign, RejectReason.NOT_NUMERIC)
    value = judged_value(sign, text, unit_of(sign, sent.unit, sent.unit_system))
    if isinstance(value, Fault):
        return _reject(sent, sign, value.reason, value.sentence)
    observed_at = judged_time(moment, is_given=bool(sent.observed), received_at=received_at)
    if isinstance(observed_at, Fault):
        return _reject(sent, sign, observed_at.reason)
    return _observation(sent, parcel, sign, value, observed_at)


def _usable(moment: datetime | None, received_at: datetime) -> datetime | None:
    """A silence is told even where its time is none; then it counts from the arrival."""
    judged = judged_time(moment, is_given=moment is not None, received_at=received_at)
    return judged if isinstance(judged, datetime) else None


def _observation(
    sent: Sent, parcel: Parcel, sign: Sign, value: Decimal, observed_at: datetime
) -> DeviceObservation:
    return DeviceObservation(
        sign=sign,
        value=value,
        unit=CANONICAL_UNIT[sign],
        observed_at=observed_at,
        channel=sent.channel,
        code=sent.code,
        flags=(),
        corrected=False,
        sent_value=sent.value or "",
        sent_unit=sent.unit,
        device_id=parcel.device_id,
    )


def _reject(sent: Sent, sign: Sign, reason: RejectReason, sentence: str = "") -> Rejected:
    return Rejected(
        sign=sign,
        reason=reason,
        sentence=sentence or WORDS[reason],
        channel=sent.channel,
        code=sent.code,
        sent_value=(sent.value or "")[:64],
        sent_unit=sent.unit,
        field=sent.field,
    )
