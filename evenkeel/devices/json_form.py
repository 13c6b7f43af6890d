"""The JSON form of a gateway's message: one device, one moment of sending, a list of observations.

The form is our own and is described in `docs/devices.md`. A key that is not part of it is refused, so that a
misspelled "patient" cannot pass for one that was left out.
"""

import hashlib
from decimal import Decimal
from typing import Any, Final

from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.parcel import NAME_LETTERS_MAX, Parcel, Sent, Unreadable
from evenkeel.devices.reading import PatientIdentifier, RefusalReason, RejectReason
from evenkeel.values.json_text import canonical, plain

FORM: Final = "evenkeel-observations/1"
# Proposal. A monitor sends some ten values at once; a gateway that was cut off sends one message a moment.
OBSERVATIONS_MAX: Final = 100

_KEYS: Final = frozenset({"device", "message", "sent_at", "patient", "observations"})
_KEYS_OF_ONE: Final = frozenset({"sign", "value", "unit", "observed_at", "channel", "no_signal"})
_SIGNS: Final = {sign.value: sign for sign in Sign}


class _Wrong(Exception):
    """The message does not have the form; carries what is told about it."""

    def __init__(self, field: str, sentence: str) -> None:
        self.told = Unreadable(reason=RefusalReason.FIELD_UNREADABLE, sentence=sentence, field=field)
        super().__init__(field)


def read_form(read: Any, *, sender_key: str) -> Parcel | Unreadable:
    """Read one message from JSON that `read_json` gave. Never raises for what it holds."""
    try:
        return _read(read, sender_key)
    except _Wrong as wrong:
        return wrong.told


def digest_of(read: Any) -> str:
    """Hash what was meant, in hex: the same for a message that is sent again at a later time."""
    meant = (
        {key: value for key, value in read.items() if key != "sent_at"} if isinstance(read, dict) else read
    )
    return hashlib.sha256(canonical(meant)).hexdigest()


def _read(read: Any, sender_key: str) -> Parcel:
    if not isinstance(read, dict):
        raise _Wrong("", "The message must be one JSON object.")
    _only(read, _KEYS, "")
    device = _name(read, "device", is_needed=True)
    message = _name(read, "message", is_needed=True)
    patient = _name(read, "patient", is_needed=False)
    observations = read.get("observations")
    if not isinstance(observations, list) or not 1 <= len(observations) <= OBSERVATIONS_MAX:
        raise _Wrong("observations", f"It must be a list of 1 to {OBSERVATIONS_MAX} observations.")
    return Parcel(
        sender_key=sender_key,
        message=message,
        form=FORM,
        device_id=device,
        patients=(PatientIdentifier(value=patient, authority="", kind=""),) if patient else (),
        sent=_name(read, "sent_at", is_needed=True),
        digest=digest_of(read),
        observations=tuple(_sent(each, f"observations[{place}]") for place, each in enumerate(observations)),
    )


def _sent(read: Any, field: str) -> Sent:
    if not isinstance(read, dict):
        raise _Wrong(field, "It must be a JSON object.")
    _only(read, _KEYS_OF_ONE, f"{field}.")
    named = _name(read, "sign", is_needed=True, within=f"{field}.")
    value, is_absent = read.get("value"), read.get("no_signal", False)
    if not isinstance(is_absent, bool):
        raise _Wrong(f"{field}.no_signal", "It must be true or false.")
    if isinstance(value, bool) or (value is not None and not isinstance(value, Decimal | str)):
        raise _Wrong(f"{field}.value", "It must be a number, or null where nothing was measured.")
    return Sent(
        field=field,
        sign=_SIGNS.get(named),
        code=named,
        value=plain(value)[:64] if isinstance(value, Decimal) else value and value[:64],
        unit=_name(read, "unit", is_needed=False, within=f"{field}."),
        observed=_name(read, "observed_at", is_needed=False, within=f"{field}."),
        channel=_name(read, "channel", is_needed=False, within=f"{field}."),
        is_absent=is_absent,
        # A number in quotes was handled as text by somebody; what else they changed cannot be known.
        fault=(
            RejectReason.VALUE_AND_ABSENT
            if is_absent and value is not None
            else RejectReason.NOT_NUMERIC
            if isinstance(value, str)
            else None
        ),
    )


def _only(read: dict[str, Any], keys: frozenset[str], within: str) -> None:
    if not read.keys() <= keys:
        raise _Wrong(within.rstrip("."), f"Only these keys are known: {', '.join(sorted(keys))}.")


def _name(read: dict[str, Any], key: str, *, is_needed: bool, within: str = "") -> str:
    value = read.get(key)
    if value is None and not is_needed:
        return ""
    if (
        not isinstance(value, str)
        or not value.strip()
        or not value.isprintable()
        or len(value) > NAME_LETTERS_MAX
    ):
        raise _Wrong(f"{within}{key}", f"It must be a text of 1 to {NAME_LETTERS_MAX} characters.")
    return value.strip()
