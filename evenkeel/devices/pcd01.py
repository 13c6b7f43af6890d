"""Read IHE PCD-01 (`ORU^R01`) messages of bedside monitors into readings.

The `hl7` package splits the message. Its own field access and unescaping are not used: they write the field
into the log when they fail, and a log must hold no patient data. Only the separators `|^~\\&` are taken, as
the profile asks, so one message has one reading whatever MSH-2 claims.
"""

import re
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import hl7

from evenkeel.devices import judging, nomenclature
from evenkeel.devices.header import Header, content_digest, read_header
from evenkeel.devices.judging import (
    NO_SIGNAL,
    NUMBER,
    Fault,
    disagreeing,
    judged_time,
    judged_value,
    silence,
    unit_of,
)
from evenkeel.devices.moments import read_moment
from evenkeel.devices.nomenclature import CANONICAL_UNIT, MDC_UNITS, METRICS, Metric, Sign, Unit
from evenkeel.devices.pump import INFUSING, PUMP_CODES, PUMP_UNIT, PumpValue, pump_number
from evenkeel.devices.reading import (
    AckCode,
    DeviceObservation,
    Ignored,
    Location,
    NoSignal,
    NoSignalReason,
    PatientIdentifier,
    Reading,
    Refusal,
    RefusalReason,
    Rejected,
    RejectReason,
)
from evenkeel.record.devices import PumpSign
from evenkeel.values.shape import frozen

# Proposal. Fifty observations are some 6 KiB. A message of this size that is nothing but separators is the
# most that one can cost: about a second on one slow core.
MESSAGE_BYTES = 64 * 1024

VERSIONS = frozenset({"2.4", "2.5", "2.5.1", "2.6"})

_REFUSALS: dict[RefusalReason, tuple[AckCode, str]] = {
    RefusalReason.TOO_LARGE: ("AR", f"The message is larger than {MESSAGE_BYTES // 1024} KiB."),
    RefusalReason.MALFORMED: (
        "AR",
        "The message is not readable HL7 v2: one MSH segment, separators |^~\\&, no control characters.",
    ),
    RefusalReason.NOT_ORU_R01: ("AR", "MSH-9 must be ORU^R01; no other message type is taken."),
    RefusalReason.VERSION_UNSUPPORTED: ("AR", "MSH-12 must be 2.4, 2.5, 2.5.1 or 2.6."),
    RefusalReason.CONTROL_ID_MISSING: (
        "AR",
        "MSH-10 must hold a control id of 1 to 199 printable characters.",
    ),
    RefusalReason.SENDER_MISSING: ("AR", "MSH-3 or MSH-4 must name the sending monitor or gateway."),
    RefusalReason.NOT_PRODUCTION: (
        "AR",
        "MSH-11 must be P; training and debugging messages are not charted.",
    ),
    RefusalReason.NO_OBSERVATIONS: ("AE", "No OBX segment holds an observation."),
    RefusalReason.ALL_TEST: ("AE", "Every observation is flagged TEST or DEMO in OBX-8."),
}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPE = re.compile(r"\\([^\\]{0,32})\\")
_ESCAPED = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}

_RULES: dict[RejectReason, str] = {
    RejectReason.TEST_DATA: "OBX-8 flags it as TEST or DEMO data.",
    RejectReason.INVALID: "OBX-8 flags it as INV (invalid).",
    RejectReason.CALIBRATING: "OBX-8 flags it as CAL (calibration).",
    RejectReason.OFF_SCALE: "OBX-8 says that it is beyond the device's scale.",
    RejectReason.NOT_FINAL: "OBX-11 must be R, F or C.",
    RejectReason.WITHDRAWN: "OBX-11 says that the device withdraws an earlier result; look at the chart.",
    RejectReason.NOT_NUMERIC: "OBX-2 must be NM and OBX-5 one plain number.",
    RejectReason.UNIT_UNKNOWN: "OBX-6 does not hold a unit that is taken for this sign.",
    RejectReason.CODE_AND_NAME_DISAGREE: "The code and the name in OBX-3 mean different signs.",
    RejectReason.PRESSURES_DISAGREE: judging.PRESSURES_DISAGREE,
    RejectReason.TIME_MISSING: "Neither OBX-14 nor OBR-7 gives the time of the observation.",
    RejectReason.TIME_UNREADABLE: "The time of the observation is not a date and time to the minute.",
    RejectReason.TIME_IN_FUTURE: judging.TIME_IN_FUTURE,
    RejectReason.TIME_TOO_OLD: judging.TIME_TOO_OLD,
}

_FLAG_REASONS: dict[str, RejectReason] = {
    "INV": RejectReason.INVALID,
    "CAL": RejectReason.CALIBRATING,
    "<": RejectReason.OFF_SCALE,
    ">": RejectReason.OFF_SCALE,
}


@frozen
class _Context:
    """What holds for the observations of one message."""

    received_at: datetime
    zone: ZoneInfo
    device_id: str


@frozen
class _Obx:
    """The fields of one OBX segment that matter, and the OBR-7 that stands above it."""

    code: str
    name: str
    metric: Metric | None
    value_type: str
    channel: str
    sent_value: str
    sent_unit: str
    unit_name: str
    unit_system: str
    flags: tuple[str, ...]
    status: str
    time: str
    device_id: str


def read_message(raw: bytes, *, received_at: datetime, zone: ZoneInfo) -> Reading | Refusal:
    """Read one unframed message. Never raises, whatever the bytes.

    `received_at` is aware UTC; `zone` is the clinic's, for times that were sent without an offset.
    """
    header = read_header(raw)
    digest = content_digest(raw)

    def refuse(reason: RefusalReason) -> Refusal:
        acknowledgment, sentence = _REFUSALS[reason]
        return Refusal(
            reason=reason,
            sentence=sentence,
            acknowledgment=acknowledgment,
            control_id=header.control_id if header else "",
            sender_key=header.sender_key if header else "",
            content_digest=digest,
        )

    if len(raw) > MESSAGE_BYTES:
        return refuse(RefusalReason.TOO_LARGE)
    text = _text(raw, header)
    if header is None or text is None:
        return refuse(RefusalReason.MALFORMED)
    wrong = _wrong_header(header)
    if wrong is not None:
        return refuse(wrong)
    segments: list[hl7.Segment] = list(hl7.parse(text))
    reading = _reading(header, digest, segments, received_at, zone)
    found = (reading.observations, reading.no_signal, reading.rejected, reading.ignored, reading.pump)
    if not any(found):
        return refuse(RefusalReason.NO_OBSERVATIONS)
    usable = reading.observations or reading.no_signal or reading.pump
    if (
        not usable
        and reading.rejected
        and all(one.reason is RejectReason.TEST_DATA for one in reading.rejected)
    ):
        return refuse(RefusalReason.ALL_TEST)
    return reading


def _text(raw: bytes, header: Header | None) -> str | None:
    """Decode and check the outer shape; None if the message cannot be split safely."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        if header is None or "8859/1" not in header.character_set:
            return None
        text = raw.decode("iso-8859-1")
    text = text.strip().replace("\r\n", "\r").replace("\n", "\r")
    if not re.match(r"MSH\|\^~\\&#?\|", text):
        return None
    # A second header inside one frame means that two messages ran together: their patients may differ.
    if re.search(r"\r[^\S\r]*(?:MSH|BHS|FHS)", text) or _CONTROL.search(text.replace("\r", "")):
        return None
    return text


def _wrong_header(header: Header) -> RefusalReason | None:
    if header.message_type.split("^")[:2] != ["ORU", "R01"]:
        return RefusalReason.NOT_ORU_R01
    if header.version.split("^")[0] not in VERSIONS:
        return RefusalReason.VERSION_UNSUPPORTED
    if not header.control_id:
        return RefusalReason.CONTROL_ID_MISSING
    if not header.sender_key:
        return RefusalReason.SENDER_MISSING
    if header.processing.split("^")[0] != "P":
        return RefusalReason.NOT_PRODUCTION
    return None


def _reading(
    header: Header, digest: str, segments: list[hl7.Segment], received_at: datetime, zone: ZoneInfo
) -> Reading:
    device_id, device_id_source = _device(header, segments)
    context = _Context(received_at=received_at, zone=zone, device_id=device_id)
    observations: list[DeviceObservation] = []
    no_signal: list[NoSignal] = []
    rejected: list[Rejected] = []
    ignored: list[Ignored] = []
    pump: list[PumpValue] = []
    observed = ""
    for segment in segments:
        kind = _component(segment, 0)
        if kind == "OBR":
            observed = _component(segment, 7)
        if kind != "OBX":
            continue
        obx = _obx(segment, observed)
        said = _pump_value(segment, obx, context)
        if said is not None:
            pump.append(said)
            continue
        match _observe(obx, context):
            case DeviceObservation() as observation:
                observations.append(observation)
            case NoSignal() as silence:
                no_signal.append(silence)
            case Rejected() as refused:
                rejected.append(refused)
            case Ignored() as unknown:
                ignored.append(unknown)
    kept, crossed = _cross_checked(observations)
    return Reading(
        control_id=header.control_id,
        sender_key=header.sender_key,
        sending_application=header.application,
        sending_facility=header.facility,
        version=header.version.split("^")[0],
        device_id=device_id,
        device_id_source=device_id_source,
        location=_location(segments),
        patient_identifiers=_patient_identifiers(segments),
        message_at=read_moment(header.sent.split("^")[0], zone=zone, near=received_at),
        content_digest=digest,
        observations=tuple(kept),
        no_signal=tuple(no_signal),
        rejected=(*rejected, *crossed),
        ignored=tuple(ignored),
        pump=tuple(pump),
    )


def _pump_value(segment: hl7.Segment, obx: _Obx, context: _Context) -> PumpValue | None:
    """Read what a pump says; None for anything else, and for what may not be taken: that is left out."""
    known = PUMP_CODES.get(obx.code)
    if known is None or _component(segment, 3, 3) != "MDC":
        return None
    sign, name = known
    barred = nomenclature.FLAGS_TEST.union(nomenclature.FLAGS_NO_SIGNAL, _FLAG_REASONS)
    if (
        barred.intersection(obx.flags)
        or obx.status not in nomenclature.STATUS_ACCEPTED
        or obx.name not in ("", name)
    ):
        return None
    if sign is PumpSign.RUNNING:
        words = (_component(segment, 5, 2), _component(segment, 5, 1))
        value = next((INFUSING[word] for word in words if word in INFUSING), None)
    elif obx.value_type == "NM" and NUMBER.fullmatch(obx.sent_value):
        value = pump_number(sign, obx.sent_value, obx.sent_unit)
    else:
        value = None
    moment = read_moment(obx.time, zone=context.zone, near=context.received_at)
    observed_at = judged_time(moment, is_given=bool(obx.time), received_at=context.received_at)
    if value is None or isinstance(observed_at, Fault):
        return None
    return PumpValue(
        sign=sign, value=value, unit=PUMP_UNIT[sign], observed_at=observed_at, channel=obx.channel
    )


def _observe(obx: _Obx, context: _Context) -> DeviceObservation | NoSignal | Rejected | Ignored | None:
    """Judge one OBX. None for the headings of the containment tree, which hold no value."""
    if obx.metric is None:
        if not obx.sent_value and obx.status in ("", nomenclature.STATUS_NO_RESULT):
            return None
        return Ignored(code=obx.code, name=obx.name, channel=obx.channel)
    sign = obx.metric.sign
    moment = read_moment(obx.time, zone=context.zone, near=context.received_at)
    # Test data and mixed-up codes come first: they may not even say "no signal" about a real patient.
    rejection = _not_this_sign(obx, sign)
    silence = _silence(obx) if rejection is None else None
    if silence is not None:
        return _silent(obx, silence, moment)
    rejection = rejection or _not_a_result(obx)
    if rejection is not None:
        return _reject(obx, rejection)
    value = judged_value(sign, obx.sent_value, _unit(obx, sign))
    if isinstance(value, Fault):
        return _reject(obx, value.reason, value.sentence)
    observed_at = judged_time(moment, is_given=bool(obx.time), received_at=context.received_at)
    if isinstance(observed_at, Fault):
        return _reject(obx, observed_at.reason)
    return DeviceObservation(
        sign=sign,
        value=value,
        unit=CANONICAL_UNIT[sign],
        observed_at=observed_at,
        channel=obx.channel,
        code=obx.code,
        flags=obx.flags,
        corrected=obx.status == "C",
        sent_value=obx.sent_value,
        sent_unit=obx.sent_unit,
        device_id=obx.device_id or context.device_id,
    )


def _not_this_sign(obx: _Obx, sign: Sign) -> RejectReason | None:
    if nomenclature.SIGN_BY_NAME.get(obx.name, sign) is not sign:
        return RejectReason.CODE_AND_NAME_DISAGREE
    if nomenclature.FLAGS_TEST.intersection(obx.flags):
        return RejectReason.TEST_DATA
    return None


def _silence(obx: _Obx) -> NoSignalReason | None:
    if obx.status == nomenclature.STATUS_NO_RESULT or nomenclature.FLAGS_NO_SIGNAL.intersection(obx.flags):
        return NoSignalReason.NO_RESULT
    # Two quotes are how HL7 writes "nothing" on purpose.
    return silence(obx.sent_value if obx.sent_value != '""' else "")


def _not_a_result(obx: _Obx) -> RejectReason | None:
    for flag, reason in _FLAG_REASONS.items():
        if flag in obx.flags:
            return reason
    if obx.status in nomenclature.STATUS_WITHDRAWN:
        return RejectReason.WITHDRAWN
    if obx.status not in nomenclature.STATUS_ACCEPTED:
        return RejectReason.NOT_FINAL
    if obx.value_type != "NM" or not NUMBER.fullmatch(obx.sent_value):
        return RejectReason.NOT_NUMERIC
    return None


def _unit(obx: _Obx, sign: Sign) -> Unit | None:
    """Find the unit by its code; None if unknown, of another sign, or named other than it is coded."""
    named = obx.unit_name.startswith("MDC_DIM_") and obx.sent_unit in MDC_UNITS
    if named and obx.unit_system in ("MDC", "") and obx.unit_name != MDC_UNITS[obx.sent_unit].name:
        return None
    return unit_of(sign, obx.sent_unit, obx.unit_system)


def _cross_checked(
    observations: list[DeviceObservation],
) -> tuple[list[DeviceObservation], list[Rejected]]:
    """Set aside both pressures of one channel and moment where systolic is not above diastolic."""
    wrong = disagreeing(observations)
    return (
        [one for place, one in enumerate(observations) if place not in wrong],
        [
            Rejected(
                sign=one.sign,
                reason=RejectReason.PRESSURES_DISAGREE,
                sentence=_RULES[RejectReason.PRESSURES_DISAGREE],
                channel=one.channel,
                code=one.code,
                sent_value=one.sent_value,
                sent_unit=one.sent_unit,
            )
            for place, one in enumerate(observations)
            if place in wrong
        ],
    )


def _reject(obx: _Obx, reason: RejectReason, sentence: str = "") -> Rejected:
    assert obx.metric is not None, "only a known sign is rejected; an unknown code is ignored"
    return Rejected(
        sign=obx.metric.sign,
        reason=reason,
        sentence=sentence or _RULES[reason],
        channel=obx.channel,
        code=obx.code,
        sent_value=obx.sent_value,
        sent_unit=obx.sent_unit,
    )


def _silent(obx: _Obx, reason: NoSignalReason, moment: datetime | None) -> NoSignal:
    assert obx.metric is not None, "only a known sign can be without a signal"
    return NoSignal(
        sign=obx.metric.sign,
        reason=reason,
        sentence=NO_SIGNAL[reason],
        observed_at=moment,
        channel=obx.channel,
        code=obx.code,
        sent_value=obx.sent_value,
    )


def _obx(segment: hl7.Segment, observed: str) -> _Obx:
    code, name, metric = _component(segment, 3), _component(segment, 3, 2), None
    for start in (1, 4):
        if _component(segment, 3, start + 2) == "MDC" and _component(segment, 3, start) in METRICS:
            code, name = _component(segment, 3, start), _component(segment, 3, start + 1)
            metric = METRICS[code]
            break
    flags = tuple(
        flag for flag in (_component(segment, 8, 1, n) for n in range(_repeats(segment, 8))) if flag
    )
    return _Obx(
        code=code[:64],
        name=name[:64],
        metric=metric,
        value_type=_component(segment, 2),
        channel=_whole(segment, 4)[:64],
        sent_value=_whole(segment, 5)[:64],
        sent_unit=_component(segment, 6)[:64],
        unit_name=_component(segment, 6, 2),
        unit_system=_component(segment, 6, 3),
        flags=tuple(flag[:16] for flag in flags[:8]),
        status=_component(segment, 11),
        time=_component(segment, 14) or observed,
        device_id=_entity(segment, 18),
    )


def _device(header: Header, segments: list[hl7.Segment]) -> tuple[str, Literal["OBX-18", "PRT-10", "MSH-3"]]:
    """Name the device: the first OBX-18, else PRT-10, else the universal id (or the name) in MSH-3."""
    for segment in segments:
        if _component(segment, 0) == "OBX" and _entity(segment, 18):
            return _entity(segment, 18), "OBX-18"
    for segment in segments:
        if _component(segment, 0) == "PRT" and _entity(segment, 10):
            return _entity(segment, 10), "PRT-10"
    parts = [*header.application.split("^"), ""]
    return _unescape(parts[1] or parts[0])[:250], "MSH-3"


def _entity(segment: hl7.Segment, number: int) -> str:
    """Read an entity identifier: its first component, or the universal id where that is blank."""
    return (_component(segment, number) or _component(segment, number, 3))[:250]


def _location(segments: list[hl7.Segment]) -> Location | None:
    for segment in segments:
        if _component(segment, 0) == "PV1":
            parts = [_component(segment, 3, number)[:250] for number in (1, 2, 3, 4)]
            if any(parts):
                return Location(point_of_care=parts[0], room=parts[1], bed=parts[2], facility=parts[3])
    return None


def _patient_identifiers(segments: list[hl7.Segment]) -> tuple[PatientIdentifier, ...]:
    found = []
    for segment in segments:
        if _component(segment, 0) != "PID":
            continue
        for repetition in range(min(_repeats(segment, 3), 16)):
            value = _component(segment, 3, 1, repetition)[:250]
            if value not in ("", '""'):
                authority = _component(segment, 3, 4, repetition)[:250]
                kind = _component(segment, 3, 5, repetition)[:250]
                found.append(PatientIdentifier(value=value, authority=authority, kind=kind))
    return tuple(found)


def _repeats(segment: hl7.Segment, number: int) -> int:
    return len(segment[number]) if number < len(segment) else 0


def _component(segment: hl7.Segment, number: int, component: int = 1, repetition: int = 0) -> str:
    """Read one component of a field, unescaped and trimmed; blank where the tree ends before it."""
    if number >= len(segment) or repetition >= len(segment[number]):
        return ""
    node = segment[number][repetition]
    # A field without components is a plain string in the tree: it is its own first component.
    parts = [node] if isinstance(node, str) else list(node)
    return _unescape(str(parts[component - 1])) if component <= len(parts) else ""


def _whole(segment: hl7.Segment, number: int) -> str:
    """Read a field as sent, so that a value with separators in it stays visibly odd."""
    return str(segment[number]).strip() if number < len(segment) else ""


def _unescape(text: str) -> str:
    """Undo the escapes for separators; other escapes (highlighting, hex) stay as sent."""
    text = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), text) if "\\" in text else text
    return text.strip()
