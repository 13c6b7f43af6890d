"""The JSON door: what a gateway may send, what becomes of it, and what it is told."""

import json
import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from evenkeel.journey import gateways, monitors
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
from tests.factories import NOW, act, people, user_of

pytestmark = pytest.mark.django_db
# What a message may look like is no matter of the database; what is kept of it is.
wire = pytest.mark.one_database

ADDRESS = "/api/observations"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


@pytest.fixture
def visit() -> StreamId:
    """A running visit with its monitor, and a gateway."""
    add_gateway()
    return running()


def one(sign: str | None = "spo2", value: Any = 97, unit: str | None = "%", **others: Any) -> dict[str, Any]:
    return {"sign": sign, "value": value, "unit": unit, "observed_at": AT.isoformat(), **others}


def message(*observations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "device": chairside.MONITOR,
        "message": "m-1",
        "sent_at": AT.isoformat(),
        "observations": list(observations) or [one()],
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not None}


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer["errors"]]


def test_signs_land_on_the_visit_at_the_monitors_chair(client: Client, visit: StreamId) -> None:
    earlier = (AT - timedelta(minutes=4)).isoformat()
    sent = message(
        one("systolic", 131, "mm[Hg]", observed_at=earlier),
        one("diastolic", 82, "mm[Hg]", observed_at=earlier),
        one("pulse", 77, "/min"),
        one("temperature", Decimal("36.6").__float__(), "Cel"),
        one(),
    )
    status, answer, _ = post(client, ADDRESS, sent)
    assert (status, answer["result"], answer["errors"]) == (201, "charted", [])
    latest = monitor_now(visit).latest
    assert {sign: found.value for sign, found in latest.items()} == {
        "systolic": 131,
        "diastolic": 82,
        "pulse": 77,
        "temperature": Decimal("36.6"),
        "spo2": 97,
    }
    assert latest["systolic"].observed_at == AT - timedelta(minutes=4)
    assert reasons() == []


@wire
def test_kilopascals_become_mmhg(client: Client, visit: StreamId) -> None:
    # NIST SP 811, appendix B: 1 kPa is 7.50062 mmHg, so 16 kPa is 120.0.
    sent = message(one("systolic", 16, "kPa"), one("diastolic", Decimal("10.6").__float__(), "kPa"))
    assert post(client, ADDRESS, sent)[0] == 201
    assert monitor_now(visit).latest["systolic"].value == Decimal("120.0")


def test_a_message_sent_again_lands_once_however_its_text_is_arranged(
    client: Client, visit: StreamId
) -> None:
    assert post(client, ADDRESS, message())[0] == 201
    again = json.dumps(message(sent_at=(AT + timedelta(seconds=30)).isoformat()), indent=3, sort_keys=True)
    status, answer, _ = post(client, ADDRESS, again.encode())
    assert (status, answer["result"]) == (200, "before")
    assert len(samples(visit)) == 1
    assert models.DeviceMessage.objects.count() == 1


def test_the_same_number_with_other_values_is_another_message(client: Client, visit: StreamId) -> None:
    # As with HL7: what counts from 1 again after it was switched on does not lose what it measures.
    post(client, ADDRESS, message(one("pulse", 77, "/min")))
    later = (AT + timedelta(seconds=5)).isoformat()
    status, _, _ = post(client, ADDRESS, message(one("pulse", 80, "/min", observed_at=later)))
    assert status == 201
    assert monitor_now(visit).latest["pulse"].value == 80


@wire
@pytest.mark.parametrize("value", [0, -1, -100, -999, 8388607, None])
def test_a_number_for_missing_is_no_signal_and_never_a_value(
    client: Client, visit: StreamId, value: int | None
) -> None:
    assert post(client, ADDRESS, message(one(value=value)))[0] == 201
    found = monitor_now(visit).latest["spo2"]
    assert found.value is None
    assert found.no_signal is not None


@wire
def test_no_signal_can_be_said_outright(client: Client, visit: StreamId) -> None:
    assert post(client, ADDRESS, message({"sign": "spo2", "no_signal": True}))[0] == 201
    assert monitor_now(visit).latest["spo2"].no_signal == "no_result"


@wire
@pytest.mark.parametrize(
    ("observation", "code"),
    [
        # Artefacts seen in the field (safety.md, "Device data is dirty").
        (one("pulse", 277, "/min"), "out_of_range"),
        (one("systolic", 40, "mm[Hg]"), "out_of_range"),
        (one("temperature", 384.5, "Cel"), "out_of_range"),
        (one(unit="mm[Hg]"), "unit_unknown"),
        (one("pulse", 77, "{breaths}/min"), "unit_unknown"),
        (one(unit=None), "unit_unknown"),
        (one(value="97"), "not_numeric"),
        (one(observed_at=None), "time_missing"),
        (one(observed_at="2026-06-12T10:15"), "time_unreadable"),
        (one(observed_at="2026-06-12"), "time_unreadable"),
        (one(observed_at=(AT + timedelta(minutes=3)).isoformat()), "time_in_future"),
        (one(observed_at=(AT - timedelta(minutes=31)).isoformat()), "time_too_old"),
        (one(no_signal=True), "value_and_absent"),
    ],
)
def test_what_must_not_chart_is_set_aside_and_said_without_the_value(
    client: Client, visit: StreamId, observation: dict[str, Any], code: str
) -> None:
    observation = {key: value for key, value in observation.items() if value is not None}
    status, answer, raw = post(client, ADDRESS, message(observation))
    assert (status, answer["result"], codes(answer)) == (422, "set_aside", [code])
    assert answer["errors"][0]["field"] == "observations[0]"
    assert reasons() == [code]
    assert samples(visit) == ()
    assert str(observation.get("value")).encode() not in raw.content or code != "out_of_range"


@wire
def test_the_rest_of_a_message_counts(client: Client, visit: StreamId) -> None:
    status, answer, _ = post(client, ADDRESS, message(one("pulse", 277, "/min"), one()))
    assert (status, codes(answer)) == (201, ["out_of_range"])
    assert set(monitor_now(visit).latest) == {"spo2"}
    assert reasons() == ["out_of_range"]


@wire
@pytest.mark.parametrize(
    ("written", "status"), [("9.7e1", 201), ("97.0", 201), ("1E2", 201), ("1e999999", 422)]
)
def test_a_number_means_what_json_says(client: Client, visit: StreamId, written: str, status: int) -> None:
    raw = json.dumps(message()).replace('"value": 97', f'"value": {written}').encode()
    assert post(client, ADDRESS, raw)[0] == status


@wire
def test_pressures_that_disagree_are_both_set_aside(client: Client, visit: StreamId) -> None:
    sent = message(one("systolic", 80, "mm[Hg]"), one("diastolic", 80, "mm[Hg]"), one())
    status, answer, _ = post(client, ADDRESS, sent)
    assert (status, codes(answer)) == (201, ["pressures_disagree", "pressures_disagree"])
    assert [each["field"] for each in answer["errors"]] == ["observations[0]", "observations[1]"]


@wire
def test_a_sign_that_is_not_charted_is_no_error(client: Client, visit: StreamId) -> None:
    status, answer, _ = post(client, ADDRESS, message(one("st_segment", 1, "mm")))
    assert (status, answer["result"], answer["errors"]) == (200, "nothing", [])
    assert answer["notes"] == [
        {"code": "not_charted", "sentence": "This code is not charted.", "field": "observations[0]"}
    ]


def test_another_patient_is_refused(client: Client, visit: StreamId) -> None:
    assert post(client, ADDRESS, message(patient=record_number(visit)))[0] == 201
    status, answer, _ = post(client, ADDRESS, message(patient="SOMEBODY-ELSE", message="m-2"))
    assert (status, codes(answer)) == (422, ["other_patient"])
    assert reasons() == ["other_patient"]


def test_an_unknown_monitor_and_a_time_before_check_in_chart_nowhere(client: Client, visit: StreamId) -> None:
    assert codes(post(client, ADDRESS, message(device="NOBODYS-9"))[1]) == ["unknown_monitor"]
    assert reasons() == ["unknown_monitor"]


def test_a_gateway_speaks_only_for_its_monitors(client: Client, visit: StreamId) -> None:
    add_gateway("ELSEWHERE", OTHER_TOKEN, monitors="MON-8\nMON-9")
    status, answer, _ = post(client, ADDRESS, message(), token=OTHER_TOKEN)
    assert (status, codes(answer)) == (422, ["not_its_monitor"])
    assert reasons() == ["not_its_monitor"]
    assert samples(visit) == ()


def test_two_gateways_with_the_same_number_are_two_senders(client: Client, visit: StreamId) -> None:
    add_gateway("ELSEWHERE", OTHER_TOKEN)
    assert post(client, ADDRESS, message())[0] == 201
    assert post(client, ADDRESS, message(), token=OTHER_TOKEN)[0] == 201


@wire
@pytest.mark.parametrize("token", [None, "", "wrong", "Bearer"])
def test_without_a_token_nothing_is_read(client: Client, visit: StreamId, token: str | None) -> None:
    status, answer, raw = post(client, ADDRESS, message(), token=token)
    assert (status, codes(answer)) == (401, ["token"])
    assert raw["WWW-Authenticate"] == "Bearer"
    assert not models.DeviceMessage.objects.exists()


def test_an_ended_gateway_is_let_in_no_more(client: Client, visit: StreamId) -> None:
    id_ = add_gateway("ELSEWHERE", OTHER_TOKEN)
    gateways.end_gateway(act(people().administrator, NOW), gateway=id_, reason="returned to its maker")
    assert post(client, ADDRESS, message(), token=OTHER_TOKEN)[0] == 401


def test_a_session_opens_no_door_and_a_token_no_page(client: Client, visit: StreamId) -> None:
    client.force_login(user_of(people().administrator))
    assert post(client, ADDRESS, message(), token=None)[0] == 401
    client.logout()
    answer = client.get("/", headers={"Authorization": "Bearer made-up-token-of-a-test"})
    assert answer.status_code == 302


@wire
@pytest.mark.parametrize(
    ("raw", "code", "status"),
    [
        (b" ", "not_json", 400),
        (b"\xff\xfe", "not_json", 400),
        (b"{", "not_json", 400),
        (b'{"device": NaN}', "not_json", 400),
        (b'{"device": "a", "device": "b"}', "not_json", 400),
        (b"[" * 5000, "not_json", 400),
        (b"[" * 40 + b"]" * 40, "not_json", 400),
        (b"[]", "field_unreadable", 422),
        (b'"text"', "field_unreadable", 422),
        (b"{}", "field_unreadable", 422),
    ],
)
def test_what_is_not_the_form_is_set_aside_with_its_reason(
    client: Client, visit: StreamId, raw: bytes, code: str, status: int
) -> None:
    found, answer, _ = post(client, ADDRESS, raw)
    assert (found, codes(answer)) == (status, [code])
    assert reasons() == [code]


@wire
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"device": None}, "device"),
        ({"device": ""}, "device"),
        ({"device": 7}, "device"),
        ({"device": "x" * 101}, "device"),
        ({"device": "a\x00b"}, "device"),
        ({"message": None}, "message"),
        ({"sent_at": None}, "sent_at"),
        ({"patient": ""}, "patient"),
        ({"patient": 12}, "patient"),
        # A misspelled name must not pass for a patient that was left out.
        ({"pateint": "SOMEBODY-ELSE"}, None),
        ({"observations": []}, "observations"),
        ({"observations": {}}, "observations"),
        ({"observations": [7]}, "observations[0]"),
        ({"observations": [one()] * 101}, "observations"),
        ({"observations": [one(value=True)]}, "observations[0].value"),
        ({"observations": [one(value=[97])]}, "observations[0].value"),
        ({"observations": [one(no_signal="yes")]}, "observations[0].no_signal"),
        ({"observations": [one(flag="INV")]}, "observations[0]"),
        ({"observations": [one(sign=None)]}, "observations[0].sign"),
    ],
)
def test_each_field_that_is_wrong_is_named(
    client: Client, visit: StreamId, change: dict[str, Any], field: str | None
) -> None:
    status, answer, _ = post(client, ADDRESS, message(**change))
    assert (status, codes(answer)) == (422, ["field_unreadable"])
    assert answer["errors"][0]["field"] == field
    assert samples(visit) == ()


@wire
def test_other_types_sizes_and_methods_are_answered_in_json(client: Client, visit: StreamId) -> None:
    status, answer, _ = post(client, ADDRESS, message(), content_type="text/plain")
    assert (status, codes(answer)) == (415, ["type"])
    status, answer, _ = post(client, ADDRESS, b" " * (128 * 1024 + 1))
    assert (status, codes(answer)) == (413, ["too_large"])
    looked = client.get(ADDRESS)
    assert looked.status_code == 405
    assert looked["Allow"] == "POST"
    assert codes(json.loads(looked.content)) == ["method"]
    assert not models.DeviceMessage.objects.exists()


def test_a_message_that_could_not_be_stored_is_to_be_sent_again(
    client: Client, visit: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise monitors.NotTaken

    monkeypatch.setattr(monitors, "take_in", fails)
    status, answer, raw = post(client, ADDRESS, message())
    assert (status, codes(answer)) == (503, ["not_stored"])
    assert raw["Retry-After"] == "5"


def test_whose_data_a_gateway_wrote_to_is_logged_once_a_while(
    client: Client, visit: StreamId, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        post(client, ADDRESS, message(message=f"m-{number}"))
    (line,) = models.AccessRecord.objects.all()
    assert (line.by_name, line.route, line.method) == ("Gateway WARD", "json_observations", "POST")
    later = AT + timedelta(minutes=6)
    set_clock(monkeypatch, later)
    post(client, ADDRESS, message(one(observed_at=later.isoformat()), message="m-9"))
    assert models.AccessRecord.objects.count() == 2


@wire
def test_neither_log_nor_answer_holds_what_a_patient_is_or_measured(
    client: Client, visit: StreamId, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _, _, first = post(client, ADDRESS, message(one("pulse", 277, "/min"), patient=record_number(visit)))
        _, _, second = post(client, ADDRESS, message(patient="SOMEBODY-ELSE", message="m-2"))
    said = caplog.text + first.content.decode() + second.content.decode()
    assert "277" not in said
    assert "SOMEBODY-ELSE" not in said
    assert record_number(visit) not in said
