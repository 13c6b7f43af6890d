"""Gateways: who lets a machine send, what it may speak for, and its token, which is seen once."""

import asyncio
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from evenkeel.config.monitor_socket import open_listener
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.mllp import Sender
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import gateways
from evenkeel.journey.acting import KeyReused
from evenkeel.journey.gateways import UnableToManageGateways
from evenkeel.journey.policy import ROLES, NotPermitted, may
from evenkeel.store import gateways as rows
from evenkeel.store import models
from evenkeel.store.queries import settings as settings_queries
from evenkeel.store.queries.monitors import samples
from tests import factories_chairside as chairside
from tests.contracts.certificates import Authority
from tests.contracts.doorway import AT, TOKEN, add_gateway, post, reasons, running, set_clock
from tests.factories import NOW, act, people
from tests.pages import look, send

pytestmark = pytest.mark.django_db

LIST: Final = "gateways"
SHOWN_TOKEN: Final = re.compile(r"<code class=\"ek-token\">(evenkeel_gw_[\w-]{43})</code>")


def test_only_an_administrator_manages_gateways() -> None:
    assert [role for role in ROLES if may(role, "gateways.manage")] == ["administrator"]
    with pytest.raises(NotPermitted):
        gateways.add_gateway(
            act(people().nurse, NOW), name="WARD", monitors="", token_digest="0" * 64, reason="because"
        )


def test_a_gateway_is_found_by_its_token_until_it_is_ended() -> None:
    id_ = add_gateway("WARD", monitors="MON-1\n\n MON-2 \nMON-1")
    digest = gateways.digest_of_token(TOKEN)
    found = gateways.admitted(digest, at=AT)
    assert found is not None
    assert (found.name, found.monitors) == ("WARD", ("MON-1", "MON-2"))
    assert gateways.admitted(gateways.digest_of_token("other"), at=AT) is None
    assert gateways.admitted("", at=AT) is None
    gateways.end_gateway(act(people().administrator, NOW), gateway=id_, reason="lost")
    assert gateways.admitted(digest, at=AT) is None
    changes = settings_queries.changes(rows.TABLE, id_)
    assert [each.reason for each in changes] == ["lost", "ward 7"]


def test_the_token_itself_is_kept_nowhere() -> None:
    add_gateway()
    row = models.Gateway.objects.get()
    assert TOKEN not in str(vars(row))
    assert row.token_digest == gateways.digest_of_token(TOKEN)


def test_the_last_use_is_written_to_the_minute() -> None:
    add_gateway()
    digest = gateways.digest_of_token(TOKEN)
    for seconds in (0, 30, 59):
        gateways.admitted(digest, at=AT + timedelta(seconds=seconds))
    assert models.Gateway.objects.get().used_at == AT
    gateways.admitted(digest, at=AT + timedelta(seconds=60))
    assert models.Gateway.objects.get().used_at == AT + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "two words"}, "name"),
        ({"name": "-WARD"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "TAKEN"}, "name"),
        ({"monitors": "M" * 101}, "monitors"),
        ({"monitors": "\n".join(str(number) for number in range(101))}, "monitors"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_is_wrong_with_a_gateway_is_said_by_its_field(values: dict[str, str], field: str) -> None:
    add_gateway("TAKEN")
    given = {"name": "WARD", "monitors": "", "reason": "ward 7", **values}
    with pytest.raises(UnableToManageGateways) as refused:
        gateways.add_gateway(act(people().administrator, NOW), token_digest="0" * 64, **given)
    assert [issue.field for issue in refused.value.issues] == [field]


def test_a_gateway_is_ended_once() -> None:
    id_ = add_gateway()
    gateways.end_gateway(act(people().administrator, NOW), gateway=id_, reason="lost")
    for gateway in (id_, "nobody"):
        with pytest.raises(UnableToManageGateways):
            gateways.end_gateway(act(people().administrator, NOW), gateway=gateway, reason="again")


def test_the_page_shows_the_token_once_and_it_opens_the_door(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = running()
    set_clock(monkeypatch)
    administrator = people().administrator
    typed = {"name": "WARD", "monitors": chairside.MONITOR, "reason": "ward 7"}
    answer = send(client, administrator, reverse("gateway_add"), **typed)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    shown = SHOWN_TOKEN.search(answer.content.decode())
    assert shown is not None
    token = shown[1]
    for name in (LIST, "gateway_add"):
        assert token not in look(client, administrator, reverse(name))
    client.logout()
    observed = {"sign": "spo2", "value": 97, "unit": "%", "observed_at": AT.isoformat()}
    message = {
        "device": chairside.MONITOR,
        "message": "1",
        "sent_at": AT.isoformat(),
        "observations": [observed],
    }
    assert post(client, "/api/observations", message, token=token)[0] == 201
    assert len(samples(visit)) == 1


def test_a_form_sent_twice_makes_one_gateway_and_shows_no_second_token(client: Client) -> None:
    typed = {"name": "WARD", "monitors": "", "reason": "ward 7", "idempotency_key": "the same"}
    assert send(client, people().administrator, reverse("gateway_add"), **typed).status_code == 200
    again = send(client, people().administrator, reverse("gateway_add"), **typed)
    assert again.status_code == 422
    assert SHOWN_TOKEN.search(again.content.decode()) is None
    assert models.Gateway.objects.count() == 1


def test_a_key_that_was_used_adds_no_second_gateway() -> None:
    administrator = act(people().administrator, NOW)
    first = {"name": "WARD", "monitors": "", "reason": "ward 7"}
    gateways.add_gateway(administrator, token_digest="0" * 64, **first)
    with pytest.raises(KeyReused):
        gateways.add_gateway(administrator, token_digest="1" * 64, **first)


def test_a_gateway_is_ended_on_its_page(client: Client) -> None:
    id_ = add_gateway("WARD", monitors="MON-1")
    address = reverse("gateway_end", args=[id_])
    assert "WARD" in look(client, people().administrator, address)
    assert send(client, people().administrator, address, reason="returned").status_code == 302
    words = look(client, people().administrator, reverse(LIST))
    assert "Ended" in words
    assert "returned" in words
    look(
        client,
        people().administrator,
        reverse("gateway_end", args=["0" * 8 + "-0000-0000-0000-" + "0" * 12]),
        404,
    )


# The clinic's own socket, its own database and certificates of the clinic's authority.


def measured(device: str, control_id: str) -> bytes:
    monitor = Monitor(device_id=device, zone=ZoneInfo("America/New_York"))
    return compose(monitor, [Sample(sign=Sign.SPO2, value=Decimal(97))], control_id=control_id, sent_at=AT)


@pytest.mark.django_db(transaction=True)
def test_over_tls_a_monitor_cannot_speak_for_another(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The listener's own threads keep no connection, which would hold the tests' database open.
    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", 0)
    # Given a patient at MON-1, and certificates of which two name gateways
    visit = running()
    add_gateway("mon-7.example", "token of one", monitors="MON-7")
    ended = add_gateway("mon-8.example", "token of another", monitors="")
    gateways.end_gateway(act(people().administrator, NOW), gateway=ended, reason="lost")
    authority = Authority(tmp_path, "clinic-authority")
    settings.MLLP_CERTIFICATE, settings.MLLP_KEY = authority.issue("evenkeel", is_server=True)
    settings.MLLP_CLIENT_AUTHORITY, settings.MLLP_PORT = authority.file, 0
    settings.MLLP_HOST, settings.MLLP_PLAIN = "127.0.0.1", False
    monkeypatch.setattr("evenkeel.config.monitor_socket.now", lambda: AT)

    async def answered(port: int, name: str, device: str) -> str:
        async with Sender("localhost", port, attempts=1, tls=authority.client(name)) as monitor:
            return (await monitor.send(measured(device, name))).code

    async def play() -> list[str]:
        async with await open_listener() as listener:
            return [
                await answered(listener.port, name, device)
                for name, device in (
                    ("mon-7.example", chairside.MONITOR),
                    ("mon-8.example", chairside.MONITOR),
                    ("mon-7.example", "MON-7"),
                    ("mon-1.example", chairside.MONITOR),
                )
            ]

    # When each sends, two of them under another's name
    told = asyncio.run(play())
    # Then only what may be said is charted, and why not stands in quarantine
    assert told == ["AE", "AE", "AE", "AA"]
    assert reasons() == ["not_its_monitor", "gateway_ended", "unknown_monitor"]
    assert len(samples(visit)) == 1
