"""The FHIR door: Observations of vital signs alone, in a batch and in a transaction."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from evenkeel.journey import quarantine
from evenkeel.store import models
from evenkeel.store.queries.monitors import monitor_now, samples
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.contracts.doorway import (
    AT,
    OTHER_TOKEN,
    add_gateway,
    post,
    reasons,
    record_number,
    running,
    set_clock,
)
from tests.factories import act, people

pytestmark = pytest.mark.django_db
# What a message may look like is no matter of the database; what is kept of it is.
wire = pytest.mark.one_database

OBSERVATION = "/fhir/Observation"
BUNDLE = "/fhir/"
LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
UCUM = "http://unitsofmeasure.org"
HTEST = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


@pytest.fixture
def visit() -> StreamId:
    """A running visit with its monitor, and a gateway."""
    add_gateway()
    return running()


def coded(*codes: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def quantity(value: Any, code: str, system: str = UCUM) -> dict[str, Any]:
    return {"value": value, "unit": "made up", "system": system, "code": code}


def observation(**changes: Any) -> dict[str, Any]:
    # As in the vital signs profile: US Core asks for both codes of a saturation.
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": coded("59408-5", "2708-6"),
        "effectiveDateTime": AT.isoformat(),
        "device": {"identifier": {"system": "urn:made-up", "value": chairside.MONITOR}},
        "valueQuantity": quantity(97, "%"),
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def pressure(systolic: Any = 131, diastolic: Any = 82, **changes: Any) -> dict[str, Any]:
    return observation(
        code=coded("85354-9"),
        valueQuantity=None,
        component=[
            {"code": coded("8480-6"), "valueQuantity": quantity(systolic, "mm[Hg]")},
            {"code": coded("8462-4"), "valueQuantity": quantity(diastolic, "mm[Hg]")},
        ],
        **changes,
    )


def bundle(kind: str, *resources: Any, **request: Any) -> dict[str, Any]:
    asked = {"method": "POST", "url": "Observation", **request}
    entries = [{"resource": each, "request": asked} for each in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def send(client: Client, resource: Any, address: str = OBSERVATION, **others: Any) -> tuple[int, Any, Any]:
    return post(client, address, resource, content_type="application/fhir+json", **others)


def codes(outcome: dict[str, Any]) -> list[str]:
    assert outcome["resourceType"] == "OperationOutcome"
    return [each["details"]["coding"][0]["code"] for each in outcome["issue"]]


@wire
@pytest.mark.parametrize(
    ("code", "system", "value", "unit", "sign"),
    [
        ("8867-4", LOINC, 77, "/min", "pulse"),
        ("59408-5", LOINC, 97, "%", "spo2"),
        ("2708-6", LOINC, 97, "%", "spo2"),
        ("9279-1", LOINC, 14, "/min", "breaths"),
        ("8310-5", LOINC, 36.6, "Cel", "temperature"),
        ("8478-0", LOINC, 98, "mm[Hg]", "mean_pressure"),
        ("147842", MDC, 77, "/min", "pulse"),
        ("149530", MDC, 77, "/min", "pulse"),
        ("150456", MDC, 97, "%", "spo2"),
        ("151562", MDC, 14, "/min", "breaths"),
        ("188424", MDC, 36.6, "Cel", "temperature"),
    ],
)
def test_each_code_charts_as_its_sign(
    client: Client, visit: StreamId, code: str, system: str, value: float, unit: str, sign: str
) -> None:
    sent = observation(code=coded(code, system=system), valueQuantity=quantity(value, unit))
    status, outcome, raw = send(client, sent)
    assert (status, codes(outcome)) == (201, ["taken"])
    assert raw["Content-Type"].startswith("application/fhir+json")
    assert monitor_now(visit).latest[sign].value == Decimal(str(value))


@wire
def test_an_mdc_unit_is_a_unit(client: Client, visit: StreamId) -> None:
    # 262688 is MDC_DIM_PERCENT.
    assert send(client, observation(valueQuantity=quantity(97, "262688", MDC)))[0] == 201
    assert monitor_now(visit).latest["spo2"].value == 97


@wire
def test_a_blood_pressure_is_a_panel_with_components(client: Client, visit: StreamId) -> None:
    earlier = AT - timedelta(minutes=4)
    assert send(client, pressure(effectiveDateTime=earlier.isoformat()))[0] == 201
    latest = monitor_now(visit).latest
    assert latest["systolic"].value == 131
    assert latest["diastolic"].value == 82
    assert latest["systolic"].observed_at == earlier


@wire
def test_pressures_that_disagree_are_both_set_aside(client: Client, visit: StreamId) -> None:
    status, outcome, _ = send(client, pressure(80, 80))
    assert (status, codes(outcome)) == (422, ["pressures_disagree", "pressures_disagree"])
    assert outcome["issue"][0]["expression"] == ["Observation.component[0]"]
    assert samples(visit) == ()


@wire
@pytest.mark.parametrize(
    ("device", "contained"),
    [
        ({"identifier": {"value": chairside.MONITOR}}, None),
        ({"reference": f"Device/{chairside.MONITOR}"}, None),
        ({"reference": f"https://made-up.example/fhir/Device/{chairside.MONITOR}"}, None),
        (
            {"reference": "#m"},
            [{"resourceType": "Device", "id": "m", "identifier": [{"value": chairside.MONITOR}]}],
        ),
    ],
)
def test_the_device_is_named_in_each_way_of_the_standard(
    client: Client, visit: StreamId, device: Any, contained: Any
) -> None:
    assert send(client, observation(device=device, contained=contained))[0] == 201


@wire
@pytest.mark.parametrize("make", [dict, lambda: {"display": "the one by the window"}])
def test_without_a_device_nothing_charts(client: Client, visit: StreamId, make: Callable[[], Any]) -> None:
    status, outcome, _ = send(client, observation(device=make()))
    assert (status, codes(outcome)) == (422, ["device_missing"])


@wire
def test_the_subject_is_compared_with_who_sits_there(client: Client, visit: StreamId) -> None:
    number = {"identifier": {"system": "urn:made-up", "value": record_number(visit)}}
    assert send(client, observation(subject=number))[0] == 201
    contained = {"resourceType": "Patient", "id": "p", "identifier": [{"value": record_number(visit)}]}
    sent = observation(subject={"reference": "#p"}, contained=[contained])
    assert send(client, sent)[0] == 201
    other = {"identifier": {"value": "SOMEBODY-ELSE"}}
    assert codes(send(client, observation(subject=other))[1]) == ["other_patient"]


@wire
@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/123"},
        {"display": "Jane"},
        {},
        {"identifier": {}},
        {"type": "Location", "identifier": {"value": "3"}},
    ],
)
def test_a_subject_that_cannot_be_compared_is_refused(client: Client, visit: StreamId, subject: Any) -> None:
    status, outcome, _ = send(client, observation(subject=subject))
    assert (status, codes(outcome)) == (422, ["patient_unreadable"])
    assert samples(visit) == ()


@wire
@pytest.mark.parametrize(
    "status",
    ["registered", "preliminary", "amended", "corrected", "cancelled", "entered-in-error", "unknown", ""],
)
def test_only_what_is_final_charts(client: Client, visit: StreamId, status: str) -> None:
    answered, outcome, _ = send(client, observation(status=status))
    assert (answered, codes(outcome)) == (422, ["not_final"])
    assert reasons() == ["not_final"]


@wire
def test_what_was_not_measured_is_no_signal(client: Client, visit: StreamId) -> None:
    absent = {"coding": [{"code": "error"}]}
    assert send(client, observation(valueQuantity=None, dataAbsentReason=absent))[0] == 201
    assert monitor_now(visit).latest["spo2"].no_signal == "no_result"
    sent = observation(code=coded("8867-4"), valueQuantity=quantity(0, "/min"))
    assert send(client, sent)[0] == 201
    assert monitor_now(visit).latest["pulse"].no_signal == "zero"


@wire
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": coded("8867-4"), "valueQuantity": quantity(277, "/min")}, "out_of_range"),
        ({"valueQuantity": quantity(97, "percent")}, "unit_unknown"),
        ({"valueQuantity": {"value": 97, "unit": "%"}}, "unit_unknown"),
        ({"valueQuantity": quantity(97, "%", "urn:made-up")}, "unit_unknown"),
        ({"valueQuantity": {**quantity(97, "%"), "comparator": "<"}}, "off_scale"),
        ({"valueQuantity": None, "valueString": "97 %"}, "not_numeric"),
        ({"dataAbsentReason": {"coding": [{"code": "error"}]}}, "value_and_absent"),
        (
            {"code": {"coding": [*coded("59408-5")["coding"], *coded("8867-4")["coding"]]}},
            "code_and_name_disagree",
        ),
        ({"code": coded("8480-6"), "valueQuantity": quantity(131, "mm[Hg]")}, "pressure_alone"),
        ({"code": coded("150021", system=MDC), "valueQuantity": quantity(131, "mm[Hg]")}, "pressure_alone"),
        ({"effectiveDateTime": None}, "time_missing"),
        ({"effectiveDateTime": "2026-06-01"}, "time_unreadable"),
        ({"effectiveDateTime": "2026-06-01T10:35:00"}, "time_unreadable"),
        ({"effectiveDateTime": (AT + timedelta(minutes=3)).isoformat()}, "time_in_future"),
        ({"effectiveDateTime": (AT - timedelta(minutes=31)).isoformat()}, "time_too_old"),
        ({"meta": {"tag": [HTEST]}}, "all_test"),
        ({"meta": {"security": [HTEST]}}, "all_test"),
        ({"code": coded("85354-9"), "valueQuantity": None}, "no_observations"),
        ({"modifierExtension": [{"url": "urn:made-up"}]}, "not_understood"),
        ({"implicitRules": "urn:made-up"}, "not_understood"),
        ({"resourceType": "Patient"}, "not_understood"),
        ({"valueQuantity": quantity("97", "%")}, "field_unreadable"),
        ({"code": {"coding": [7]}}, "field_unreadable"),
        ({"status": 7}, "field_unreadable"),
        ({"device": "MON-1"}, "field_unreadable"),
        ({"identifier": {"value": "x"}}, "field_unreadable"),
    ],
)
def test_what_must_not_chart_is_set_aside_with_an_outcome(
    client: Client, visit: StreamId, change: dict[str, Any], code: str
) -> None:
    status, outcome, raw = send(client, observation(**change))
    assert (status, codes(outcome)) == (422, [code])
    assert outcome["issue"][0]["severity"] == "error"
    assert reasons() == [code]
    assert samples(visit) == ()
    assert b"277" not in raw.content


@wire
def test_a_code_that_is_not_charted_is_no_error(client: Client, visit: StreamId) -> None:
    # 19891-1 is left out on purpose: its end-tidal meaning was not found in a source.
    sent = observation(code=coded("19891-1"), valueQuantity=quantity(38, "mm[Hg]"))
    status, outcome, _ = send(client, sent)
    assert (status, codes(outcome)) == (200, ["not_charted"])
    assert samples(visit) == ()


def test_an_observation_sent_again_lands_once(client: Client, visit: StreamId) -> None:
    sent = observation(identifier=[{"system": "urn:made-up", "value": "o-1"}])
    assert send(client, sent)[0] == 201
    again = dict(reversed(sent.items()))
    status, outcome, _ = send(client, again)
    assert (status, codes(outcome)) == (200, ["taken_before"])
    # Without an identifier it is known by its content.
    bare = observation(valueQuantity=quantity(96, "%"))
    assert [send(client, bare)[0], send(client, bare)[0]] == [201, 200]
    assert models.DeviceMessage.objects.count() == 2


def test_if_none_exist_goes_by_the_identifier_alone(client: Client, visit: StreamId) -> None:
    named = [{"system": "urn:made-up", "value": "o-1"}]
    condition = {"If-None-Exist": "identifier=urn:made-up|o-1"}
    assert send(client, observation(identifier=named), headers=condition)[0] == 201
    other = observation(identifier=named, valueQuantity=quantity(90, "%"))
    assert send(client, other, headers=condition)[0] == 200
    assert monitor_now(visit).latest["spo2"].value == 97
    for wrong in ("identifier=urn:made-up|o-2", "code=59408-5", "identifier=urn:made-up|o-1&status=final"):
        status, outcome, _ = send(client, other, headers={"If-None-Exist": wrong})
        assert (status, codes(outcome)) == (400, ["condition"])


def test_a_batch_is_carried_out_entry_by_entry(client: Client, visit: StreamId) -> None:
    sent = bundle("batch", observation(), observation(status="preliminary"), pressure())
    sent["entry"].append({"resource": observation(), "request": {"method": "PUT", "url": "Observation/1"}})
    status, answer, _ = send(client, sent, BUNDLE)
    assert (status, answer["resourceType"], answer["type"]) == (200, "Bundle", "batch-response")
    assert [each["response"]["status"][:3] for each in answer["entry"]] == ["201", "422", "201", "400"]
    assert codes(answer["entry"][1]["response"]["outcome"]) == ["not_final"]
    assert set(monitor_now(visit).latest) == {"spo2", "systolic", "diastolic"}
    assert reasons() == ["not_final"]


def test_a_transaction_is_taken_whole(client: Client, visit: StreamId) -> None:
    status, answer, _ = send(client, bundle("transaction", observation(), pressure()), "/fhir")
    assert (status, answer["type"]) == (200, "transaction-response")
    assert [each["response"]["status"] for each in answer["entry"]] == ["201 Created", "201 Created"]
    again = send(client, bundle("transaction", observation(), pressure()), BUNDLE)[1]
    assert [each["response"]["status"] for each in again["entry"]] == ["200 OK", "200 OK"]
    assert len(samples(visit)) == 3


def test_or_not_at_all(client: Client, visit: StreamId) -> None:
    wrong = observation(code=coded("8867-4"), valueQuantity=quantity(277, "/min"))
    for _ in range(2):
        status, outcome, _ = send(client, bundle("transaction", observation(), wrong, pressure()), BUNDLE)
        assert status == 422
        assert codes(outcome)[::2] == ["transaction", "transaction"]
        assert samples(visit) == ()
    assert reasons() == ["out_of_range"]
    # What was right can still be sent by itself.
    assert send(client, observation())[0] == 201


@wire
def test_where_it_went_wrong_is_told_within_the_bundle(client: Client, visit: StreamId) -> None:
    _, outcome, _ = send(client, bundle("transaction", observation(), pressure(80, 80)), BUNDLE)
    places = [each.get("expression") for each in outcome["issue"]]
    assert places == [
        ["Bundle.entry[0].resource"],
        ["Bundle.entry[1].resource.component[0]"],
        ["Bundle.entry[1].resource.component[1]"],
    ]


@wire
@pytest.mark.parametrize(
    "sent",
    [
        {"resourceType": "Bundle", "type": "document", "entry": [{}]},
        {"resourceType": "Bundle", "type": "batch"},
        {"resourceType": "Bundle", "type": "batch", "entry": []},
        {"resourceType": "Bundle", "type": "batch", "entry": [{}] * 51},
        {"resourceType": "Observation"},
        [],
        7,
    ],
)
def test_what_is_no_bundle_of_requests_is_refused(client: Client, visit: StreamId, sent: Any) -> None:
    status, outcome, _ = send(client, sent, BUNDLE)
    assert (status, codes(outcome)) == (400, ["not_understood"])


def test_what_was_set_aside_is_read_again_by_its_own_reader(client: Client, visit: StreamId) -> None:
    # Given a monitor that nobody had assigned, and one value of it that no fix makes plausible
    sent = pressure(device={"identifier": {"value": "NEW-1"}})
    assert codes(send(client, sent)[1]) == ["unknown_monitor"]
    form = {
        "device": "NEW-1",
        "message": "m-1",
        "sent_at": AT.isoformat(),
        "observations": [{"sign": "spo2", "value": 96, "unit": "%", "observed_at": AT.isoformat()}],
    }
    assert post(client, "/api/observations", form)[0] == 422
    # When it is assigned and what came meanwhile is taken in again
    chairside.assign_monitor(monitor="NEW-1")
    for each in ("FHIR", "JSON"):
        again = act(people().lead, AT + timedelta(minutes=1))
        quarantine.replay(again, sender=f"WARD|{each}", reason="unknown_monitor")
    # Then both forms are understood as they were
    latest = {sign: found.value for sign, found in monitor_now(visit).latest.items()}
    assert latest == {"systolic": 131, "diastolic": 82, "spo2": 96}


def test_a_gateway_speaks_only_for_its_monitors(client: Client, visit: StreamId) -> None:
    add_gateway("ELSEWHERE", OTHER_TOKEN, monitors="MON-9")
    status, outcome, _ = send(client, observation(), token=OTHER_TOKEN)
    assert (status, codes(outcome)) == (422, ["not_its_monitor"])
    assert outcome["issue"][0]["code"] == "forbidden"


@wire
@pytest.mark.parametrize(
    ("raw", "content_type", "token", "status", "code"),
    [
        (b"{", "application/fhir+json", True, 400, "not_json"),
        (b"<Observation/>", "application/fhir+xml", True, 415, "type"),
        (b"{}", "application/fhir+json", False, 401, "token"),
        (b" " * (128 * 1024 + 1), "application/fhir+json", True, 413, "too_large"),
    ],
)
def test_every_fault_is_an_operation_outcome(
    client: Client, visit: StreamId, raw: bytes, content_type: str, token: bool, status: int, code: str
) -> None:
    for address in (OBSERVATION, BUNDLE):
        others: dict[str, Any] = {} if token else {"token": None}
        found, outcome, _ = post(client, address, raw + address.encode(), content_type=content_type, **others)
        assert (found, codes(outcome)) == (status, [code])
        looked = client.get(address)
        assert (looked.status_code, codes(json.loads(looked.content))) == (405, ["method"])


@wire
def test_neither_log_nor_answer_holds_what_a_patient_is_or_measured(
    client: Client, visit: StreamId, caplog: pytest.LogCaptureFixture
) -> None:
    subject = {"identifier": {"value": "SOMEBODY-ELSE"}, "display": "Jane Made-Up"}
    with caplog.at_level(logging.DEBUG):
        _, _, first = send(client, observation(subject=subject))
        _, _, second = send(client, bundle("transaction", pressure(277, 276), observation()), BUNDLE)
    said = caplog.text + first.content.decode() + second.content.decode()
    for secret in ("SOMEBODY-ELSE", "Jane", "277", "276"):
        assert secret not in said


@wire
def test_what_is_taken_is_stated_for_anybody_and_is_what_the_doors_take(client: Client) -> None:
    """FHIR R4, Capabilities: `GET [base]/metadata` answers with a CapabilityStatement."""
    answer = client.get("/fhir/metadata")
    stated = json.loads(answer.content)
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "application/fhir+json")
    required = {"resourceType", "status", "date", "kind", "fhirVersion", "format", "implementation", "rest"}
    assert required <= stated.keys()
    assert (stated["resourceType"], stated["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    (rest,) = stated["rest"]
    assert [one["code"] for one in rest["interaction"]] == ["batch", "transaction"]
    (resource,) = rest["resource"]
    assert (resource["type"], resource["interaction"]) == ("Observation", [{"code": "create"}])
    assert resource["conditionalCreate"] is True
    assert client.post("/fhir/metadata").status_code == 405
