"""What earlier versions of an entry hold is read as it was written, and written back byte for byte."""

import json

import pytest

from evenkeel.record.codec import decode, encode
from evenkeel.record.discharge import DischargeSignedWithoutTimes
from evenkeel.record.infusion import RescueGivenInWords

RESCUE = {
    "dose": "4 mg",
    "drug": "ondansetron",
    "ordered_by": "3",
    "ordered_by_name": "Made-up Prescriber",
    "read_back": True,
    "reason": "Made-up reason",
    "route": "IV",
}
DISCHARGE = {
    "against_advice": False,
    "criteria": {"oriented": "yes"},
    "instructions_given": True,
    "instructions_version": "1",
    "note": "",
    "overrides": [],
    "received_by": "Made-up Escort",
    "received_by_phone": "555 0100",
    "signature": {
        "meaning": "Made-up meaning",
        "method": "password",
        "printed_name": "Made-up Nurse",
        "signed_at": "2026-06-01T12:00:00.000000Z",
    },
    "verdicts": [],
}


@pytest.mark.parametrize(
    ("kind", "held", "cls"),
    [
        ("rescue.given", RESCUE, RescueGivenInWords),
        ("discharge.signed", DISCHARGE, DischargeSignedWithoutTimes),
    ],
)
def test_a_first_version_is_read_and_written_back_as_it_was(
    kind: str, held: dict[str, object], cls: type
) -> None:
    text = json.dumps(held, sort_keys=True, separators=(",", ":"))
    found = decode(kind, 1, text)
    assert isinstance(found, cls)
    assert encode(found) == text


def test_a_discharge_from_before_names_no_times() -> None:
    found = decode("discharge.signed", 1, json.dumps(DISCHARGE))
    assert isinstance(found, DischargeSignedWithoutTimes)
    assert (found.no_driving_before_at, found.no_alcohol_before_at, found.seen_to) == (None, None, None)
