"""A pump's own word stands beside the record, never in it; where the two differ somebody is asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import pytest
from django.test import Client

from evenkeel.journey import alerting, associations, infusion, monitors
from evenkeel.record.alerts import Alert
from evenkeel.simulate.monitor import runs_of
from evenkeel.store import reading
from evenkeel.store.queries.alerts import for_visit
from evenkeel.store.queries.monitors import monitor_now, samples
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import act, chairs, people, user_of

pytestmark = pytest.mark.django_db

# 150 mL/h for two minutes is 5 mL.
AT: Final = chairside.STARTED_AT + timedelta(minutes=2)


def running() -> StreamId:
    """A running visit with a pump at its chair."""
    visit = chairside.running_visit()
    monitors.assign_pump(act(people().nurse, chairside.STARTED_AT), chair=chairs()[0], pump="PMP-1")
    return visit


def send(at: datetime, *, rate: str = "150", volume: str = "5", status: str = "infusing") -> None:
    """What the pump says at a moment."""
    time = f"{at:%Y%m%d%H%M%S}+0000"
    monitors.receive(
        "\r".join(
            [
                rf"MSH|^~\&|PMP-1|DEMO CLINIC|||{time}||ORU^R01^ORU_R01|{at:%H%M%S}|P|2.6",
                "PID|||^^^^PI",
                f"OBR|1|7^PUMP|7^PUMP|||{time}|{time}",
                f"OBX|1|NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.1.1|{rate}|265266^^MDC|||||R",
                f"OBX|2|NM|157993^MDC_VOL_FLUID_DELIV_TOTAL^MDC|1.1.1.2|{volume}|263762^^MDC|||||R",
                f"OBX|3|CWE|184519^MDC_PUMP_INFUSING_STATUS^MDC|1.1.1.3|^pump-status-{status}||||||R",
            ]
        ).encode(),
        received_at=at,
    )


def fired(visit: StreamId) -> list[str]:
    """The rules about the pump that have an open alert."""
    return _about_the_pump(for_visit(visit).open)


def goes_on(visit: StreamId) -> list[str]:
    """The rules about the pump that still fire, answered or not."""
    return _about_the_pump(alert for alert in for_visit(visit).alerts if alert.goes_on)


def _about_the_pump(alerts: Iterable[Alert]) -> list[str]:
    return sorted(alert.rule.rule for alert in alerts if "INF-PMP" in alert.rule.rule)


def test_what_the_pump_says_is_kept_beside_the_record_and_is_no_sign() -> None:
    visit = running()
    seq = reading.visit(visit).seq
    send(AT)
    said = monitor_now(visit).pump
    assert said is not None
    assert (said.at, str(said.rate), str(said.volume), said.is_running) == (AT, "150 mL/h", "5 mL", True)
    assert reading.visit(visit).seq == seq
    assert samples(visit) == ()
    assert fired(visit) == []


def test_a_pump_that_is_heard_is_no_monitor_that_is_heard() -> None:
    visit = running()
    send(AT)
    assert monitor_now(visit).heard_at is None


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"rate": "15"}, "INF-PMP-001"),
        ({"volume": "10.1"}, "INF-PMP-002"),
        ({"status": "not-infusing"}, "INF-PMP-004"),
    ],
)
def test_where_pump_and_chart_differ_somebody_is_asked(said: dict[str, str], rule: str) -> None:
    visit = running()
    send(AT, **said)
    assert fired(visit) == [rule]


def test_a_pump_that_runs_on_after_a_charted_pause_is_told_after_a_minute() -> None:
    visit = running()
    infusion.pause(act(people().nurse, AT), visit=visit, reason="nausea")
    send(AT + timedelta(seconds=60))
    assert fired(visit) == []
    send(AT + timedelta(seconds=61))
    assert fired(visit) == ["INF-PMP-003"]


def test_a_pump_that_falls_silent_is_told_and_takes_nothing_back() -> None:
    visit = running()
    infusion.pause(act(people().nurse, AT), visit=visit, reason="nausea")
    said_at = AT + timedelta(seconds=90)
    send(said_at)
    assert goes_on(visit) == ["INF-PMP-003"]
    alerting.watch(said_at + timedelta(minutes=2))
    assert goes_on(visit) == ["INF-PMP-003"]
    alerting.watch(said_at + timedelta(minutes=2, seconds=1))
    assert goes_on(visit) == ["INF-PMP-003", "INF-PMP-005"]
    send(said_at + timedelta(minutes=3), rate="0", status="not-infusing")
    assert goes_on(visit) == []


def test_what_a_silent_pump_said_says_nothing_about_what_was_charted_since() -> None:
    visit = running()
    infusion.pause(act(people().nurse, AT), visit=visit, reason="nausea")
    send(AT + timedelta(seconds=90))
    later = AT + timedelta(minutes=4)
    infusion.stop(
        act(people().nurse, later), visit=visit, reason="patient_wish", note="made up", pump_volume=None
    )
    alerting.watch(later)
    assert goes_on(visit) == []


def test_a_pump_that_was_taken_away_is_not_missed() -> None:
    visit = running()
    send(AT)
    taken_at = AT + timedelta(minutes=1)
    associations.release(
        act(people().nurse, taken_at), visit=visit, instrument="pump", reason="needed elsewhere"
    )
    alerting.watch(AT + timedelta(minutes=5))
    assert goes_on(visit) == []


def test_the_chart_says_what_the_pump_says(client: Client) -> None:
    visit = running()
    send(AT)
    client.force_login(user_of(people().nurse))
    page = client.get(f"/visits/{reference_of(visit)}/chart/now/").content.decode()
    assert "Pump says <strong>150 mL/h, 5 mL delivered, running</strong>" in page


def test_the_simulated_pump_follows_the_record_to_a_stop_before_the_bag_is_empty() -> None:
    visit = running()
    ended = act(people().nurse, AT)
    infusion.stop(ended, visit=visit, reason="patient_wish", note="made up", pump_volume=None)
    runs = runs_of(reading.visit(visit))
    assert [run.from_at for run in runs] == [chairside.STARTED_AT, AT]
    assert [bool(run.mg_per_h) for run in runs] == [True, False]
