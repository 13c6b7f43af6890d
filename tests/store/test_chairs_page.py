"""Chairs: everybody who sets the clinic up sees them, the lead adds one."""

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.store import models, rows
from tests.factories import chairs, people
from tests.factories_chairside import assign_monitor
from tests.pages import look, send

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

PAGE = "/settings/chairs/"


@pytest.fixture(autouse=True)
def _password_alone(settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()


def test_chairs_stand_with_their_monitors(client: Client) -> None:
    assert "There is no chair yet." in look(client, people().lead, PAGE)
    chairs(2)
    assign_monitor()
    words = look(client, people().administrator, PAGE)
    assert "MON-1" in words
    assert "No monitor assigned" in words
    assert "Add the chair" not in words


def test_the_lead_adds_a_chair_once(client: Client) -> None:
    chairs(2)
    for _ in range(2):
        answer = send(
            client, people().lead, PAGE, name="Chair  7", reason="A new room.", idempotency_key="once"
        )
        assert answer.status_code == 302
    assert [chair.name for chair in rows.chairs()] == ["Chair 1", "Chair 2", "Chair 7"]
    assert models.ChangeRecord.objects.get(table="chair").reason == "A new room."


def test_a_second_chair_of_the_same_name_is_refused(client: Client) -> None:
    chairs(1)
    answer = send(client, people().lead, PAGE, name="chair 1", reason="A new room.")
    words = answer.content.decode()
    assert answer.status_code == 422
    assert "there is already a chair" in words
    assert "A new room." in words


def test_only_the_lead_adds(client: Client) -> None:
    answer = send(client, people().administrator, PAGE, name="Chair 7", reason="A new room.")
    assert answer.status_code == 403
    assert not rows.chairs()
    look(client, people().nurse, PAGE, status=403)
