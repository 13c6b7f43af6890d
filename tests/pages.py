"""Opening and sending pages as somebody, with Django's test client."""

from datetime import datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from evenkeel.record.entry import Author
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from tests.factories import key, user_of


def look(client: Client, person: Author, address: str, status: int = 200) -> str:
    """Open a page as somebody; returns its words."""
    client.force_login(user_of(person))
    answer = client.get(address)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def send(client: Client, person: Author, address: str, **typed: Any) -> HttpResponse:
    """Send a form as somebody, under a key of its own unless one is given."""
    client.force_login(user_of(person))
    return client.post(address, {"idempotency_key": key(), **typed})  # type: ignore[return-value]


def page_of(visit: StreamId, name: str) -> str:
    """The address of a page of a visit, by the name of its route."""
    return reverse(name, args=[reference_of(visit)])


def set_clock(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Say what time it is for pages."""
    monkeypatch.setattr(pages, "now", lambda: at)
