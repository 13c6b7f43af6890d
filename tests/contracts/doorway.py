"""A running visit with a monitor at its chair, and a gateway that sends for it; used by the doors' tests."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.test import Client

from evenkeel.journey import gateways
from evenkeel.store import models, reading
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import NOW, act, people

AT: Final = chairside.STARTED_AT + timedelta(minutes=5)
TOKEN: Final = "made-up-token-of-a-test"
OTHER_TOKEN: Final = "another-made-up-token"


def running() -> StreamId:
    """A running visit with a monitor at its chair."""
    visit = chairside.running_visit()
    chairside.assign_monitor()
    return visit


def add_gateway(name: str = "WARD", token: str = TOKEN, monitors: str = "") -> str:
    """Let a machine send; returns its id."""
    row = gateways.add_gateway(
        act(people().administrator, NOW),
        name=name,
        monitors=monitors,
        token_digest=gateways.digest_of_token(token),
        reason="ward 7",
    )
    return row.removeprefix("gateway:")


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime = AT) -> None:
    """Say what time it is at the doors."""
    monkeypatch.setattr("evenkeel.api.gateway_view.now", lambda: at)


def record_number(visit: StreamId) -> str:
    """The patient's own number."""
    return reading.patient(reading.visit(visit).booking.payload.patient).demographics.record_number


def reasons() -> list[str]:
    """Why messages were set aside, oldest first."""
    return list(models.QuarantinedMessage.objects.order_by("id").values_list("reason", flat=True))


def post(
    client: Client,
    address: str,
    body: Any,
    *,
    token: str | None = TOKEN,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any, Any]:
    """Send one request; return its status, its answer as JSON, and the answer itself."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    answer = client.post(address, data=raw, content_type=content_type, headers=sent)
    return answer.status_code, json.loads(answer.content), answer
