"""Who watches: a silent monitor, a missing saturation and a missed check, on the chart and on the board."""

from datetime import timedelta

import pytest

from evenkeel.journey import alerting
from evenkeel.store import reading
from tests import factories_chairside as chairside
from tests.factories import people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of
from tests.store.test_monitors import FULL, send

__all__ = ["clock"]

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def test_a_monitor_that_fell_silent_calls_somebody_on_chart_and_board(clock: Clock) -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    send(*FULL)
    at = START + timedelta(minutes=5)
    client = as_(people().nurse)
    clock(at + timedelta(minutes=1))
    assert "INF-MON-001" not in text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    alerting.watch(at + timedelta(minutes=3))
    clock(at + timedelta(minutes=3))
    now = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "Nothing heard from the monitor for 3 min" in now
    assert "INF-OX-003" in now
    assert "Nothing heard from the monitor" in text_of(client.get("/board/tiles/"))
    chairside.chart(visit, at + timedelta(minutes=3))
    # Saturation by hand stands in for the probe for five minutes: that alert is over, and waits for its
    # answer. The monitor is silent all the same.
    again = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "INF-MON-001" in again
    assert "over since 10:38, not answered" in again


def test_without_a_monitor_the_page_says_what_nobody_here_can_know(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + timedelta(minutes=4))
    now = text_of(as_(people().nurse).get(f"{page_of(visit, 'chart')}now/"))
    assert "Not known: a monitor at this chair, whether saturation is measured all the time." in now


def test_a_missed_check_asks_to_hold_the_drug_on_chart_and_board(clock: Clock) -> None:
    visit = chairside.running_visit()
    client = as_(people().nurse)
    clock(START + timedelta(minutes=13))
    assert "Check late, due 3 min ago" in text_of(client.get("/board/tiles/"))
    clock(START + timedelta(minutes=21))
    now = text_of(client.get(f"{page_of(visit, 'chart')}now/"))
    assert "hold the drug until signs are charted" in now
    board = client.get("/board/tiles/")
    assert "Check missed, due 11 min ago" in text_of(board)
    assert "ek-tile--alert-high" in board.content.decode()


def test_every_sign_that_a_rule_looks_at_is_on_the_chart_when_it_crosses(clock: Clock) -> None:
    visit = chairside.running_visit()
    crossing = chairside.signs(186, 112, dissociation=9, sedation=2)
    chairside.chart(visit, START + timedelta(minutes=10), crossing)
    clock(START + timedelta(minutes=11))
    now = text_of(as_(people().nurse).get(f"{page_of(visit, 'chart')}now/"))
    asked = {
        each.rule.rule for each in reading.visit(visit).checks[-1].payload.verdicts if each.answer == "fires"
    }
    assert asked == {"INF-BP-002", "INF-BP-003", "INF-SED-001", "INF-SED-002", "INF-DIS-001"}
    # What a graver rule says of the same sign already stands on the page of alerts alone.
    assert {rule for rule in asked if rule in now} == {"INF-BP-002", "INF-SED-002", "INF-DIS-001"}
    every = text_of(as_(people().nurse).get(page_of(visit, "alerts")))
    assert all(rule in every for rule in asked)
