"""FHIR R4 Observations of vital signs, as gateways send them: structure and meaning of the resource itself.

Which codes are charted, and whether a value may be, is not decided here. Sources: FHIR R4 (4.0.1),
Observation, the vital signs profiles, and Extensibility: what bears an unknown modifier must not be taken.
"""

from typing import Any, Final

from evenkeel.fhir.shape import NotTheShape, Wrong, an_object, number, objects, part, text
from evenkeel.values.shape import frozen

LOINC: Final = "http://loinc.org"
MDC: Final = "urn:iso:std:iso:11073:10101"
UCUM: Final = "http://unitsofmeasure.org"

# Test health data, in `meta.tag` or `meta.security` (HL7 v3 ActReason).
_TEST_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_TEST_CODE: Final = "HTEST"


@frozen
class Coding:
    """One code and the system that it is of."""

    system: str
    code: str


@frozen
class Identifier:
    """One identifier: its value, who gave it, and its type."""

    value: str
    system: str
    kind: str


@frozen
class Measured:
    """One thing that was measured: the observation itself, or one of its components.

    `value` is the number as written, None without one; `is_other` says that the value is of another type.
    `path` is where it stood, as a FHIRPath expression.
    """

    path: str
    is_component: bool
    codings: tuple[Coding, ...]
    value: str | None
    is_other: bool
    comparator: str
    unit: Coding
    is_absent: bool


@frozen
class ObservationRead:
    """One Observation. `effective` is the text of its moment, blank without one.

    `device` is blank, and `patients` are empty, where none was named; `has_subject` says whether one was.
    """

    identifier: str
    status: str
    effective: str
    device: str
    has_subject: bool
    patients: tuple[Identifier, ...]
    is_test: bool
    measured: tuple[Measured, ...]


def read_observation(read: Any) -> ObservationRead | Wrong:
    """Read one resource from JSON. Never raises for what it holds."""
    try:
        return _observation(an_object(read, "Observation"))
    except NotTheShape as odd:
        return odd.wrong


def _observation(read: dict[str, Any]) -> ObservationRead:
    at = "Observation"
    if read.get("resourceType") != at:
        raise NotTheShape(f"{at}.resourceType", "It must be Observation.", kind="not-supported")
    _no_modifiers(read, at)
    if "implicitRules" in read:
        raise NotTheShape(f"{at}.implicitRules", "No such rules are known here.", kind="not-supported")
    contained = {
        text(each, "id", path): (each, path) for each, path in objects(read, "contained", at) if "id" in each
    }
    components = [_measured(each, path, is_component=True) for each, path in objects(read, "component", at)]
    subject, subject_at = part(read, "subject", at)
    return ObservationRead(
        identifier=next(
            (f"{one.system}|{one.value}" for one in _identifiers(read, at)),
            "",
        ),
        status=text(read, "status", at),
        effective=text(read, "effectiveDateTime", at) or text(read, "effectiveInstant", at),
        device=_device(*part(read, "device", at), contained),
        has_subject="subject" in read,
        patients=_patients(subject, subject_at, contained),
        is_test=_is_test(read, at),
        measured=(_measured(read, at, is_component=False), *components),
    )


def _measured(read: dict[str, Any], path: str, *, is_component: bool) -> Measured:
    if is_component:
        _no_modifiers(read, path)
    code, code_at = part(read, "code", path)
    quantity, quantity_at = part(read, "valueQuantity", path)
    return Measured(
        path=path,
        is_component=is_component,
        codings=tuple(
            Coding(system=text(each, "system", each_at), code=text(each, "code", each_at))
            for each, each_at in objects(code, "coding", code_at)
        ),
        value=number(quantity, "value", quantity_at),
        is_other=any(key.startswith("value") and key != "valueQuantity" for key in read),
        comparator=text(quantity, "comparator", quantity_at),
        unit=Coding(system=text(quantity, "system", quantity_at), code=text(quantity, "code", quantity_at)),
        is_absent="dataAbsentReason" in read,
    )


def _device(read: dict[str, Any], path: str, contained: dict[str, tuple[dict[str, Any], str]]) -> str:
    """Name the device: its identifier, that of the Device it contains, or the id that it is referred by."""
    named, named_at = part(read, "identifier", path)
    value = text(named, "value", named_at)
    if value:
        return value
    reference = text(read, "reference", path)
    inside = contained.get(reference.removeprefix("#")) if reference.startswith("#") else None
    if inside is not None:
        return next((one.value for one in _identifiers(*inside) if one.value), "")
    kind, _, id_ = reference.rpartition("/")
    return id_ if kind == "Device" or kind.endswith("/Device") else ""


def _patients(
    read: dict[str, Any], path: str, contained: dict[str, tuple[dict[str, Any], str]]
) -> tuple[Identifier, ...]:
    """Whom the subject names by an identifier; the id of a record elsewhere names nobody here."""
    if text(read, "type", path) not in ("", "Patient"):
        return ()
    found = []
    if "identifier" in read:
        found.append(_identifier(*part(read, "identifier", path)))
    reference = text(read, "reference", path)
    inside = contained.get(reference.removeprefix("#")) if reference.startswith("#") else None
    if inside is not None and inside[0].get("resourceType") == "Patient":
        found += _identifiers(*inside)
    return tuple(one for one in found if one.value)


def _identifiers(read: dict[str, Any], path: str) -> list[Identifier]:
    return [_identifier(each, each_at) for each, each_at in objects(read, "identifier", path)]


def _identifier(read: dict[str, Any], path: str) -> Identifier:
    kind, kind_at = part(read, "type", path)
    codings = objects(kind, "coding", kind_at)
    return Identifier(
        value=text(read, "value", path),
        system=text(read, "system", path),
        kind=text(codings[0][0], "code", codings[0][1]) if codings else "",
    )


def _is_test(read: dict[str, Any], path: str) -> bool:
    meta, meta_at = part(read, "meta", path)
    labels = [*objects(meta, "tag", meta_at), *objects(meta, "security", meta_at)]
    return any(
        text(each, "code", each_at) == _TEST_CODE and text(each, "system", each_at) in ("", _TEST_SYSTEM)
        for each, each_at in labels
    )


def _no_modifiers(read: dict[str, Any], path: str) -> None:
    if "modifierExtension" in read:
        sentence = "It may change what the values mean, and is not understood here."
        raise NotTheShape(f"{path}.modifierExtension", sentence, kind="extension")
