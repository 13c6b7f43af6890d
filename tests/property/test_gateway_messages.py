"""Whatever a gateway sends is read or refused; nothing in it is guessed, and no value is lost unsaid."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.devices.judging import NUMBER
from evenkeel.devices.nomenclature import MISSING_VALUES
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import Reading, Refusal
from evenkeel.journey.door_reading import read_fhir_resource, read_json_message
from evenkeel.values.json_text import canonical, plain, read_json

AT: Final = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
KEY: Final = "WARD|JSON"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
times = st.sampled_from(
    ["", "2026-06-12", "2026-06-12T15:15:30", "2026-06-12T25:00:00Z", "9999-12-31T23:59:59-14:00"]
) | st.integers(-4000, 400).map(lambda seconds: (AT + timedelta(seconds=seconds)).isoformat())
values = anything | st.sampled_from([0, -1, 97, 97.5, 131, 8388607, -99.9, "97"]) | st.integers(0, 400)
units = st.sampled_from(["%", "/min", "mm[Hg]", "kPa", "Cel", "{beats}/min", "percent", "262688"])
signs = st.sampled_from(["spo2", "pulse", "systolic", "diastolic", "temperature", "breaths", "st_segment"])


def with_some_left_out(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


observations = with_some_left_out(
    sign=signs, value=values, unit=units, observed_at=times, no_signal=st.booleans() | anything
) | st.builds(
    lambda sign, value, unit, at: {"sign": sign, "value": value, "unit": unit, "observed_at": at},
    signs,
    values,
    units,
    times,
)
messages = st.fixed_dictionaries(
    {
        "device": st.just("MON-1"),
        "message": st.just("1"),
        "sent_at": times.filter(bool),
        "observations": st.lists(observations, max_size=6),
    }
)
codings = st.sampled_from(
    [
        {"system": "http://loinc.org", "code": code}
        for code in ("59408-5", "8867-4", "8480-6", "8462-4", "85354-9", "8310-5", "1234-5")
    ]
)
quantities = with_some_left_out(
    value=values, code=units, system=st.sampled_from(["http://unitsofmeasure.org", "urn:made-up"])
)
measured = with_some_left_out(
    code=st.fixed_dictionaries({"coding": st.lists(codings, max_size=2)}) | anything,
    valueQuantity=quantities | anything,
    dataAbsentReason=anything,
)
resources = st.builds(
    lambda own, parts, others: {
        "resourceType": "Observation",
        "status": "final",
        "device": {"identifier": {"value": "MON-1"}},
        **own,
        **({"component": parts} if parts else {}),
        **others,
    },
    measured,
    st.lists(measured, max_size=3),
    with_some_left_out(
        effectiveDateTime=times | anything,
        status=st.sampled_from(["final", "amended"]) | anything,
        device=anything,
        subject=anything,
        contained=anything,
        meta=anything,
        identifier=anything,
    ),
)


def holds_only_what_may_chart(reading: Reading) -> None:
    for one in reading.observations:
        assert plausible().ranges[one.sign].holds(one.value)
        assert -plausible().age_limit <= one.observed_at - AT <= plausible().future_limit
        assert NUMBER.fullmatch(one.sent_value)
        assert Decimal(one.sent_value) not in MISSING_VALUES


@given(raw=st.binary(max_size=200) | anything.map(lambda each: json.dumps(each).encode()))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read = read_json_message(raw, key=KEY, received_at=AT)
    assert isinstance(read.reading, Refusal)
    assert read.why is not None


@given(message=messages)
def test_every_observation_of_the_form_is_accounted_for(message: dict[str, Any]) -> None:
    read = read_json_message(json.dumps(message).encode(), key=KEY, received_at=AT)
    if isinstance(read.reading, Refusal):
        assert read.why is not None
        assert read.why.field
        return
    found = read.reading
    told = (*found.observations, *found.no_signal, *found.rejected, *found.ignored)
    assert len(told) == len(message["observations"])
    holds_only_what_may_chart(found)


@given(resource=resources | anything)
def test_any_resource_is_read_or_refused(resource: Any) -> None:
    read = read_fhir_resource(read_json(json.dumps(resource).encode()), key=KEY, received_at=AT)
    if isinstance(read.reading, Refusal):
        assert read.why is not None
        assert read.why.sentence
        return
    assert read.reading.device_id
    holds_only_what_may_chart(read.reading)


def test_half_of_a_letter_is_nobodys_name() -> None:
    # JSON can write half of a pair that UTF-16 knows; no text in UTF-8 holds it.
    message = {"device": "MON-1", "message": "1", "sent_at": "x", "observations": [{"sign": "spo2"}]}
    raw = json.dumps({**message, "device": "\ud800"}).encode()
    assert isinstance(read_json_message(raw, key=KEY, received_at=AT).reading, Refusal)
    named = {"resourceType": "Observation", "identifier": [{"value": "\ud800" * 300}]}
    resource = read_json(json.dumps(named).encode())
    assert isinstance(read_fhir_resource(resource, key=KEY, received_at=AT).reading, Refusal)


@given(read=anything)
def test_what_is_kept_of_a_message_reads_as_it_did(read: Any) -> None:
    parsed = read_json(json.dumps(read).encode())
    assert read_json(canonical(parsed)) == parsed


@given(
    number=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**8), max_value=10**8, places=4)
)
def test_a_number_that_is_written_out_is_the_number(number: Decimal) -> None:
    assert Decimal(plain(number)) == number
    assert "E" not in plain(number)
