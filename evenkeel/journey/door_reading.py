"""What gateways send, from bytes or a resource to a reading: one reader for each form, writing nothing."""

import hashlib
from datetime import datetime
from typing import Any, Final, Literal

from evenkeel.devices.json_form import digest_of, read_form
from evenkeel.devices.nomenclature import LOINC, METRICS, PRESSURE_PANELS, Sign
from evenkeel.devices.parcel import NAME_LETTERS_MAX, Parcel, Sent, Unreadable, read_parcel, refusal
from evenkeel.devices.reading import PatientIdentifier, Reading, Refusal, RefusalReason, RejectReason
from evenkeel.fhir import observation as fhir
from evenkeel.fhir.observation import Measured, ObservationRead, read_observation
from evenkeel.fhir.shape import Wrong
from evenkeel.store.intake import Sender
from evenkeel.values.json_text import NotJson, canonical, read_json
from evenkeel.values.shape import frozen

GatewayDoor = Literal["fhir", "json"]

# By the name that is kept with a message; what is not named came as HL7.
GATEWAY_DOORS: Final[dict[str | None, GatewayDoor]] = {"fhir": "fhir", "json": "json"}

_UNIT_SYSTEMS: Final = {fhir.UCUM: "UCUM", fhir.MDC: "MDC"}
# A control id in our table holds at most this much.
_CONTROL_ID_LETTERS_MAX: Final = 200


@frozen
class Read:
    """What one message came to, how it is known when it comes again, and what to mend in it."""

    reading: Reading | Refusal
    sender: Sender
    why: Unreadable | None


def sender_key(gateway: str, door: GatewayDoor) -> str:
    """Name the sender of a gateway's messages as the table of messages does."""
    return f"{gateway}|{door.upper()}"


def read_json_message(raw: bytes, *, key: str, received_at: datetime) -> Read:
    """Read one message in our JSON form. Never raises, whatever the bytes."""
    try:
        parsed = read_json(raw)
    except NotJson as error:
        why = Unreadable(reason=RefusalReason.NOT_JSON, sentence=str(error), field="")
        return _refused(why, key=key, message="", digest=hashlib.sha256(raw).hexdigest())
    parcel = read_form(parsed, sender_key=key)
    if isinstance(parcel, Unreadable):
        return _refused(parcel, key=key, message="", digest=digest_of(parsed))
    return _read(parcel, received_at)


def read_fhir_resource(resource: Any, *, key: str, received_at: datetime) -> Read:
    """Read one FHIR resource that `read_json` gave. Never raises for what it holds."""
    digest = hashlib.sha256(canonical(resource)).hexdigest()
    found = read_observation(resource)
    if isinstance(found, Wrong):
        structural = found.kind in ("structure", "required")
        reason = RefusalReason.FIELD_UNREADABLE if structural else RefusalReason.NOT_UNDERSTOOD
        why = Unreadable(reason=reason, sentence=found.sentence, field=found.path)
        return _refused(why, key=key, message="", digest=digest)
    message = control_id(found.identifier)
    parcel = _parcel(found, key=key, message=message, digest=digest)
    if isinstance(parcel, Unreadable):
        return _refused(parcel, key=key, message=message, digest=digest)
    return _read(parcel, received_at)


def read_again(door: GatewayDoor, raw: bytes, *, received_at: datetime) -> Reading | Refusal:
    """Read what was kept of a gateway's message, as it would have been read when it came.

    Who sent it is not said again: that is kept beside the message.
    """
    if door == "json":
        return read_json_message(raw, key="", received_at=received_at).reading
    try:
        return read_fhir_resource(read_json(raw), key="", received_at=received_at).reading
    except NotJson as error:
        return not_json(raw, str(error), key="").reading


def not_json(raw: bytes, sentence: str, *, key: str) -> Read:
    """What bytes come to that are no JSON at all."""
    why = Unreadable(reason=RefusalReason.NOT_JSON, sentence=sentence, field="")
    return _refused(why, key=key, message="", digest=hashlib.sha256(raw).hexdigest())


def control_id(identifier: str) -> str:
    """Return an identifier as a control id: itself, or its hash where it is too long for the table."""
    if len(identifier) <= _CONTROL_ID_LETTERS_MAX:
        return identifier
    return hashlib.sha256(identifier.encode()).hexdigest()


def _read(parcel: Parcel, received_at: datetime) -> Read:
    sender = Sender(key=parcel.sender_key, control_id=parcel.message, digest=parcel.digest)
    return Read(reading=read_parcel(parcel, received_at=received_at), sender=sender, why=None)


def _refused(why: Unreadable, *, key: str, message: str, digest: str) -> Read:
    sender = Sender(key=key, control_id=message, digest=digest)
    return Read(reading=refusal(why, sender_key=key, message=message, digest=digest), sender=sender, why=why)


def _parcel(found: ObservationRead, *, key: str, message: str, digest: str) -> Parcel | Unreadable:
    wrong = _whole_wrong(found)
    if wrong is not None:
        return wrong
    is_panel = any(coding.code in PRESSURE_PANELS for coding in found.measured[0].codings)
    observations = [
        sent for each in found.measured if (sent := _sent(each, found, is_panel=is_panel)) is not None
    ]
    if not observations:
        sentence = "It holds no value, and no reason for having none."
        return Unreadable(reason=RefusalReason.NO_OBSERVATIONS, sentence=sentence, field="Observation")
    return Parcel(
        sender_key=key,
        message=message,
        form="FHIR 4.0",
        device_id=found.device,
        patients=tuple(
            PatientIdentifier(value=each.value, authority=each.system, kind=each.kind)
            for each in found.patients
        ),
        sent="",
        digest=digest,
        observations=tuple(observations),
    )


def _whole_wrong(found: ObservationRead) -> Unreadable | None:
    """Say what stands against the whole resource."""
    if found.status != "final":
        return Unreadable(
            reason=RefusalReason.NOT_FINAL,
            sentence="Only final observations are charted. A person mends the chart where one was wrong.",
            field="Observation.status",
        )
    if found.is_test:
        return Unreadable(
            reason=RefusalReason.ALL_TEST, sentence="It is marked as test data.", field="Observation.meta"
        )
    if not found.device or len(found.device) > NAME_LETTERS_MAX:
        return Unreadable(
            reason=RefusalReason.DEVICE_MISSING,
            sentence="It must name the device, by an identifier or a reference to Device/...",
            field="Observation.device",
        )
    if found.has_subject and not found.patients:
        return Unreadable(
            reason=RefusalReason.PATIENT_UNREADABLE,
            sentence="A subject must hold the identifier with the record number, or be left out.",
            field="Observation.subject",
        )
    return None


def _sent(measured: Measured, found: ObservationRead, *, is_panel: bool) -> Sent | None:
    """Turn what was measured into one observation; None for a heading over components."""
    signs = {
        code: sign
        for system, codes in ((fhir.MDC, _MDC), (fhir.LOINC, LOINC))
        for coding in measured.codings
        if coding.system == system
        for code, sign in ((coding.code, codes.get(coding.code)),)
        if sign is not None
    }
    has_nothing = measured.value is None and not measured.is_other and not measured.is_absent
    if not signs and not measured.is_component and (has_nothing or is_panel):
        return None
    code, sign = next(iter(signs.items()), (next((c.code for c in measured.codings), ""), None))
    return Sent(
        field=measured.path,
        sign=sign,
        code=code,
        value=measured.value,
        unit=measured.unit.code,
        unit_system=_UNIT_SYSTEMS.get(measured.unit.system, "other"),
        observed=found.effective,
        is_absent=measured.is_absent,
        fault=_fault(measured, set(signs.values()), is_in_panel=is_panel and measured.is_component),
    )


def _fault(measured: Measured, signs: set[Sign], *, is_in_panel: bool) -> RejectReason | None:
    if len(signs) > 1:
        return RejectReason.CODE_AND_NAME_DISAGREE
    if signs & {Sign.SYSTOLIC, Sign.DIASTOLIC} and not is_in_panel:
        return RejectReason.PRESSURE_ALONE
    if measured.is_absent and (measured.value is not None or measured.is_other):
        return RejectReason.VALUE_AND_ABSENT
    if measured.comparator:
        return RejectReason.OFF_SCALE
    if measured.is_other:
        return RejectReason.NOT_NUMERIC
    return None


_MDC: Final = {code: metric.sign for code, metric in METRICS.items()}
