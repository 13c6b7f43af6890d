"""Pages that are left alone while drug runs, and infusions that nobody ended."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from evenkeel.journey import infusion
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import act, people
from tests.pages import look, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

START = chairside.STARTED_AT
MARK = "data-watches"


def chart(visit: StreamId) -> str:
    """The address of the chart."""
    return f"/visits/{reference_of(visit)}/chart/"


def test_a_page_that_watches_drug_run_is_never_covered_and_one_that_does_not_is(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, nurse = chairside.running_visit(), people().nurse
    set_clock(monkeypatch, START + timedelta(minutes=5))
    assert MARK in look(client, nurse, chart(visit))
    assert MARK in look(client, nurse, "/board/")
    infusion.pause(act(nurse, START + timedelta(minutes=6)), visit=visit, reason="asked for a rest")
    assert MARK in look(client, nurse, chart(visit))
    chairside.stop(visit, START + timedelta(minutes=8))
    set_clock(monkeypatch, START + timedelta(minutes=9))
    assert MARK not in look(client, nurse, chart(visit))
    assert MARK not in look(client, nurse, "/board/")


def test_an_infusion_that_nobody_ended_is_drawn_for_a_day_and_not_for_months(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = chairside.running_visit()
    set_clock(monkeypatch, START + timedelta(days=150))
    data = json.loads(look(client, people().nurse, f"{chart(visit)}data/"))
    a_day_s = 24 * 3600
    assert data["x"]["to"] - START.timestamp() < a_day_s + 3600
    assert len(data["missed"]) <= a_day_s / 600 + 1
