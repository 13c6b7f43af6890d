"""What a monitor's message comes to: a reading, or a refusal with its reason. Plain frozen data to store."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from evenkeel.devices.nomenclature import FLAG_QUESTIONABLE, METRICS, Sign
from evenkeel.devices.pump import PumpValue
from evenkeel.values.shape import frozen

AckCode = Literal["AA", "AE", "AR"]


class RefusalReason(StrEnum):
    """Why a whole message is set aside."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NOT_ORU_R01 = "not_oru_r01"
    VERSION_UNSUPPORTED = "version_unsupported"
    CONTROL_ID_MISSING = "control_id_missing"
    SENDER_MISSING = "sender_missing"
    NOT_PRODUCTION = "not_production"
    NO_OBSERVATIONS = "no_observations"
    ALL_TEST = "all_test"
    NOT_JSON = "not_json"
    NOT_AN_OBSERVATION = "not_an_observation"
    FIELD_UNREADABLE = "field_unreadable"
    DEVICE_MISSING = "device_missing"
    PATIENT_UNREADABLE = "patient_unreadable"
    NOT_FINAL = "not_final"
    NOT_UNDERSTOOD = "not_understood"


class RejectReason(StrEnum):
    """Why one observation is set aside while the rest of its message counts."""

    TEST_DATA = "test_data"
    INVALID = "invalid"
    CALIBRATING = "calibrating"
    OFF_SCALE = "off_scale"
    NOT_FINAL = "not_final"
    WITHDRAWN = "withdrawn"
    NOT_NUMERIC = "not_numeric"
    UNIT_UNKNOWN = "unit_unknown"
    CODE_AND_NAME_DISAGREE = "code_and_name_disagree"
    OUT_OF_RANGE = "out_of_range"
    PRESSURES_DISAGREE = "pressures_disagree"
    PRESSURE_ALONE = "pressure_alone"
    VALUE_AND_ABSENT = "value_and_absent"
    TIME_MISSING = "time_missing"
    TIME_UNREADABLE = "time_unreadable"
    TIME_IN_FUTURE = "time_in_future"
    TIME_TOO_OLD = "time_too_old"


class NoSignalReason(StrEnum):
    """Why a monitor had nothing to say about a sign."""

    NO_RESULT = "no_result"
    BLANK = "blank"
    MISSING_CODE = "missing_code"
    ZERO = "zero"


@frozen
class PatientIdentifier:
    """One entry of PID-3 as sent: the identifier, who assigned it, and its type (MR, PI...)."""

    value: str
    authority: str
    kind: str


@frozen
class Location:
    """PV1-3 as sent: where the monitor believes it stands. Any part may be blank."""

    point_of_care: str
    room: str
    bed: str
    facility: str


@frozen
class DeviceObservation:
    """One usable measurement.

    `value` is in `unit` (canonical UCUM); `sent_value` and `sent_unit` are as the monitor wrote them.
    `observed_at` is aware UTC and is when the device measured: for a cuff, minutes before the message.
    `channel` is the containment path of OBX-4. `flags` are those of OBX-8 that do not stop it from charting
    (H, LL, QUES, EARLY...).
    """

    sign: Sign
    value: Decimal
    unit: str
    observed_at: datetime
    channel: str
    code: str
    flags: tuple[str, ...]
    corrected: bool
    sent_value: str
    sent_unit: str
    device_id: str


@frozen
class NoSignal:
    """The monitor reported the sign but measured nothing. Never a value, never "all clear".

    `observed_at` is None where the message gave no usable time; then only its arrival is known.
    """

    sign: Sign
    reason: NoSignalReason
    sentence: str
    observed_at: datetime | None
    channel: str
    code: str
    sent_value: str


@frozen
class Rejected:
    """A value that may not be charted, and the rule it broke. The sentence can hold the value: no log.

    `field` is where it stood in a gateway's message; blank in HL7, where `channel` and `code` tell.
    """

    sign: Sign
    reason: RejectReason
    sentence: str
    channel: str
    code: str
    sent_value: str
    sent_unit: str
    field: str = ""


@frozen
class Ignored:
    """A value under a code that Evenkeel does not chart. Not an error. `field` is as in `Rejected`."""

    code: str
    name: str
    channel: str
    field: str = ""


@frozen
class Reading:
    """A message that was understood. Its parts may be empty, but not all of them at once.

    A message sent again has the same `sender_key`, `control_id` and `content_digest`. The control id alone
    does not do: monitors count from 1 again after they are switched on. `content_digest` covers what follows
    MSH. `message_at` is MSH-7, or None where absent or unreadable; far from the arrival, the clock is wrong
    or the message waited in a queue.
    """

    control_id: str
    sender_key: str
    sending_application: str
    sending_facility: str
    version: str
    device_id: str
    device_id_source: Literal["OBX-18", "PRT-10", "MSH-3", "device"]
    location: Location | None
    patient_identifiers: tuple[PatientIdentifier, ...]
    message_at: datetime | None
    content_digest: str
    observations: tuple[DeviceObservation, ...]
    no_signal: tuple[NoSignal, ...]
    rejected: tuple[Rejected, ...]
    ignored: tuple[Ignored, ...]
    pump: tuple[PumpValue, ...] = ()


@frozen
class Refusal:
    """A message that is set aside whole. The sentence quotes nothing from it, so it may be logged and sent.

    `acknowledgment` is the answer to give once the message is in quarantine: AR when the kind of message is
    not taken at all, AE when this one is wrong (HL7 table 0008). `control_id` and `sender_key` are blank if
    unreadable.
    """

    reason: RefusalReason
    sentence: str
    acknowledgment: AckCode
    control_id: str
    sender_key: str
    content_digest: str


def latest_by_sign(observations: Iterable[DeviceObservation]) -> dict[Sign, DeviceObservation]:
    """Choose one observation per sign, the same one whatever order they come in.

    The latest observed time wins. At one time: not questionable before questionable, then the code that
    measures the sign most directly (`Metric.preference`), then the lowest containment path, then the lower
    value.
    """
    chosen: dict[Sign, DeviceObservation] = {}
    for observation in observations:
        held = chosen.get(observation.sign)
        if held is None or _rank(observation) < _rank(held):
            chosen[observation.sign] = observation
    return chosen


def _rank(observation: DeviceObservation) -> tuple[float, bool, int, tuple[tuple[int, str], ...], Decimal]:
    path = tuple(
        (int(part), "") if part.isascii() and part.isdigit() else (0, part)
        for part in observation.channel.split(".")
    )
    return (
        -observation.observed_at.timestamp(),
        FLAG_QUESTIONABLE in observation.flags,
        _preference(observation),
        path,
        observation.value,
    )


def _preference(observation: DeviceObservation) -> int:
    """The least direct of its sign where a gateway names the sign alone, and not how it was measured."""
    metric = METRICS.get(observation.code)
    same = [each.preference for each in METRICS.values() if each.sign is observation.sign]
    return metric.preference if metric is not None else max(same)
