"""The life of an alert: raised once with the sign, seen, answered, told to a prescriber, never lost."""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest
from django.db import OperationalError, connections

from evenkeel.config import serving
from evenkeel.devices.compose import Sample
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import alerting, alerts, amendments, infusion
from evenkeel.journey import people as accounts
from evenkeel.journey.alerts import UnableToAnswer
from evenkeel.journey.policy import PERMITTED, ROLES, NotPermitted
from evenkeel.record.alerts import Alert, AlertsState
from evenkeel.record.codec import kind_of_payload
from evenkeel.record.infusion import SignsCharted
from evenkeel.store import models, reading
from evenkeel.store.queries import alerts as queries
from evenkeel.store.queries.monitors import monitor_now
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.quantities import Pressure, Saturation
from evenkeel.web import infusion_view, live
from tests import factories_chairside as chairside
from tests.factories import act, people
from tests.store.test_monitors import send

pytestmark = pytest.mark.django_db

MINUTE: Final = timedelta(minutes=1)
SECOND: Final = timedelta(seconds=1)
START: Final = chairside.STARTED_AT
AT: Final = START + 5 * MINUTE


@pytest.fixture
def visit() -> StreamId:
    """A visit whose pump runs, without a monitor."""
    return chairside.running_visit()


def chart(visit: StreamId, at: datetime, **signs: object) -> None:
    """A full check with nothing to remark but what is named."""
    chairside.chart(visit, at, chairside.signs(**signs))  # type: ignore[arg-type]


def of(visit: StreamId) -> AlertsState:
    """The alerts as somebody reads them who has just come: nothing that was kept in memory is asked."""
    reading._kept.clear()
    return queries.for_visit(visit)


def only(visit: StreamId, key: str) -> Alert:
    """The one alert of a key."""
    found = [alert for alert in of(visit).alerts if alert.key == key]
    assert len(found) == 1, [alert.key for alert in of(visit).alerts]
    return found[0]


def keys(visit: StreamId) -> list[str]:
    """What is open, worst first."""
    return [alert.key for alert in of(visit).open]


def answer(visit: StreamId, alert: Alert, at: datetime, choice: str = "expected", note: str = "") -> None:
    """The nurse answers."""
    alerts.answer(
        act(people().nurse, at),
        visit=visit,
        alert=alert.id,
        choice=choice,  # type: ignore[arg-type]
        note=note,
    )


def test_it_is_raised_with_the_sign_by_the_software_and_the_visit_does_not_move(visit: StreamId) -> None:
    seq = reading.visit(visit).seq
    chart(visit, AT, systolic=170)
    assert reading.visit(visit).seq == seq + 1
    alert = only(visit, "INF-BP-003")
    assert (alert.priority, alert.source, alert.observed_at, alert.raised_at) == ("medium", "charted", AT, AT)
    assert alert.short == "Systolic pressure 170 mmHg"
    entry = reading.entries(of(visit).stream)[0]
    assert (entry.by.role, entry.by.printed_name) == ("software", "Evenkeel")


def test_a_value_that_changes_is_the_same_alert_and_one_that_comes_down_ends_it(visit: StreamId) -> None:
    chart(visit, AT, systolic=170)
    chart(visit, AT + MINUTE, systolic=176)
    assert only(visit, "INF-BP-003").goes_on
    chart(visit, AT + 2 * MINUTE, systolic=140)
    alert = only(visit, "INF-BP-003")
    assert alert.ended_at == AT + 2 * MINUTE
    assert keys(visit) == ["INF-BP-003"], "it ended unanswered, so it waits"
    answer(visit, alert, AT + 3 * MINUTE)
    assert keys(visit) == []


def test_of_several_the_worst_is_first(visit: StreamId) -> None:
    chart(visit, AT, systolic=170)
    chart(visit, AT + MINUTE, systolic=170, spo2=Saturation.of(88))
    assert keys(visit) == ["INF-OX-002", "INF-OX-001", "INF-BP-003"]


def test_what_comes_back_within_a_minute_is_the_same_and_what_comes_later_is_another(visit: StreamId) -> None:
    chart(visit, AT, systolic=170)
    chart(visit, AT + MINUTE, systolic=150)
    chart(visit, AT + 2 * MINUTE, systolic=170)
    assert only(visit, "INF-BP-003").goes_on
    chart(visit, AT + 3 * MINUTE, systolic=150)
    chart(visit, AT + 4 * MINUTE + SECOND, systolic=170)
    assert [alert.goes_on for alert in of(visit).alerts] == [False, True]


def test_a_value_that_swings_about_its_limit_each_second_writes_what_a_person_would_call_one_episode() -> (
    None
):
    visit = chairside.running_visit()
    chairside.assign_monitor()
    for second in range(120):
        spo2 = Sample(sign=Sign.SPO2, value=Decimal(93 if second % 2 else 95))
        send(spo2, control_id=f"s-{second}", at=AT + second * SECOND)
    kinds = [kind_of_payload(entry.payload)[0] for entry in reading.entries(of(visit).stream)]
    # From the second swing on it goes on: there is no third.
    assert kinds == ["alert.raised", "alert.ended", "alert.returned"]
    assert only(visit, "INF-OX-001").goes_on
    last_at = AT + 119 * SECOND
    for second in range(1, 60):
        send(
            Sample(sign=Sign.SPO2, value=Decimal(96)), control_id=f"e-{second}", at=last_at + second * SECOND
        )
    assert only(visit, "INF-OX-001").goes_on
    alerting.watch(last_at + MINUTE + SECOND)
    assert only(visit, "INF-OX-001").ended_at == last_at + MINUTE + SECOND


def test_an_answer_holds_for_ten_minutes(visit: StreamId) -> None:
    chart(visit, AT, systolic=170)
    answer(visit, only(visit, "INF-BP-003"), AT + MINUTE)
    chart(visit, AT + 11 * MINUTE, systolic=170)
    assert only(visit, "INF-BP-003").answered is not None
    alerting.watch(AT + 11 * MINUTE + SECOND)
    again = [alert for alert in of(visit).alerts if alert.key == "INF-BP-003"]
    assert [(alert.goes_on, alert.answered is None) for alert in again] == [(False, False), (True, True)]


def test_an_answer_takes_the_lesser_alert_of_the_same_sign_with_it(visit: StreamId) -> None:
    chart(visit, AT, systolic=185)
    answer(visit, only(visit, "INF-BP-002"), AT + MINUTE, "action_taken", "Paused.")
    said = only(visit, "INF-BP-003").answered
    assert said is not None
    assert (said.payload.choice, said.payload.note, said.by.printed_name) == (
        "action_taken",
        "Paused.",
        people().nurse.printed_name,
    )
    chart(visit, AT + 2 * MINUTE, systolic=170)
    assert keys(visit) == ["INF-BP-003"], "it still goes on, and needs no second answer"
    assert of(visit).unanswered == ()


def test_neither_a_pause_nor_a_check_answers_by_itself(visit: StreamId) -> None:
    chart(visit, AT, systolic=185)
    infusion.pause(act(people().nurse, AT + MINUTE), visit=visit, reason="pressure")
    chart(visit, AT + 2 * MINUTE)
    assert keys(visit) == ["INF-BP-002", "INF-BP-003"]
    assert not any(alert.goes_on for alert in of(visit).open)


def test_who_has_seen_it_makes_it_quiet_for_two_minutes_and_it_still_waits(visit: StreamId) -> None:
    chart(visit, AT, systolic=185)
    alert = only(visit, "INF-BP-002")
    alerts.acknowledge(act(people().nurse, AT + MINUTE), visit=visit, alert=alert.id)
    alert = only(visit, "INF-BP-002")
    assert alert.quiet_until == AT + 3 * MINUTE
    assert alert in of(visit).unanswered
    alerts.pause_sound(act(people().nurse, AT + MINUTE), visit=visit)
    assert of(visit).sound_paused_until == AT + 3 * MINUTE


def test_what_cannot_be_answered(visit: StreamId) -> None:
    with pytest.raises(UnableToAnswer, match="no-alert"):
        alerts.pause_sound(act(people().nurse, AT), visit=visit)
    chart(visit, AT, systolic=185)
    alert = only(visit, "INF-BP-002")
    with pytest.raises(UnableToAnswer, match="note-missing"):
        answer(visit, alert, AT, "other", " ")
    with pytest.raises(UnableToAnswer, match="no-alert"):
        answer(visit, replace(alert, id=EntryId("alerts:other/1")), AT)
    answer(visit, alert, AT + MINUTE)
    with pytest.raises(UnableToAnswer, match="answered"):
        answer(visit, alert, AT + 2 * MINUTE)
    with pytest.raises(NotPermitted):
        alerts.pause_sound(act(people().lead, AT), visit=visit)


def test_the_software_is_nobody_who_may_do_anything() -> None:
    assert "software" not in ROLES
    assert not any("software" in roles for roles in PERMITTED.values())
    with pytest.raises(accounts.UnableToManagePeople, match="role"):
        accounts.change_role(
            act(people().administrator, AT), clinician=people().nurse.id, role="software", reason="made up"
        )


def test_unanswered_it_is_told_to_the_prescribers_on_duty_once(visit: StreamId) -> None:
    models.Clinician.objects.filter(pk=people().prescriber.id).update(on_duty_since=START)
    models.Clinician.objects.exclude(pk=people().prescriber.id).update(on_duty_since=None)
    chart(visit, AT, systolic=185)
    alerting.watch(AT + MINUTE)
    assert only(visit, "INF-BP-002").escalated is None
    for seconds in (61, 62, 63):
        alerting.watch(AT + seconds * SECOND)
    told = only(visit, "INF-BP-002").escalated
    assert told is not None
    assert (told.at, told.payload.to_names) == (AT + 61 * SECOND, (people().prescriber.printed_name,))
    assert only(visit, "INF-BP-003").escalated is None, "medium priority waits for five minutes"
    alerting.watch(AT + 5 * MINUTE + SECOND)
    assert only(visit, "INF-BP-003").escalated_at == AT + 5 * MINUTE + SECOND


def test_what_was_answered_is_told_to_nobody(visit: StreamId) -> None:
    chart(visit, AT, systolic=185)
    answer(visit, only(visit, "INF-BP-002"), AT + 30 * SECOND)
    alerting.watch(AT + 6 * MINUTE)
    assert [alert.key for alert in of(visit).alerts if alert.escalated] == []


def test_time_alone_raises_a_late_check_once_and_a_check_ends_it(visit: StreamId) -> None:
    alerting.watch(START + 12 * MINUTE)
    assert keys(visit) == []
    for seconds in range(1, 5):
        alerting.watch(START + 12 * MINUTE + seconds * SECOND)
    alert = only(visit, "INF-CHK-001")
    assert (alert.raised_at, alert.observed_at) == (START + 12 * MINUTE + SECOND, START + 10 * MINUTE)
    chart(visit, START + 14 * MINUTE)
    assert only(visit, "INF-CHK-001").ended_at == START + 14 * MINUTE


def test_a_monitor_that_falls_silent_is_an_alert_and_no_sign_is() -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    send(Sample(sign=Sign.SPO2, value=Decimal(97)), at=AT)
    alerting.watch(AT + MINUTE)
    assert keys(visit) == []
    alerting.watch(AT + MINUTE + SECOND)
    assert keys(visit) == ["INF-MON-001"]
    send(Sample(sign=Sign.SPO2, value=Decimal(97)), control_id="c-2", at=AT + 62 * SECOND)
    assert not only(visit, "INF-MON-001").goes_on


def test_each_value_of_a_message_is_judged_and_not_the_newest_alone() -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    early = Sample(sign=Sign.SPO2, value=Decimal(88), observed_at=AT - 20 * SECOND)
    send(early, Sample(sign=Sign.SPO2, value=Decimal(97), observed_at=AT), at=AT)
    alert = only(visit, "INF-OX-002")
    assert (alert.observed_at, alert.raised_at, alert.ended_at) == (AT - 20 * SECOND, AT, AT)
    assert alert.source == "monitor"


def test_a_pressure_that_a_monitor_tells_again_and_again_is_one_alert() -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    cuff = (
        Sample(sign=Sign.SYSTOLIC, value=Decimal(170), observed_at=AT),
        Sample(sign=Sign.DIASTOLIC, value=Decimal(80), observed_at=AT),
    )
    send(*cuff, control_id="1", at=AT)
    chart(visit, AT + MINUTE, systolic=140)
    for number in range(2, 30):
        send(*cuff, control_id=str(number), at=AT + number * 5 * SECOND + MINUTE)
    alert = only(visit, "INF-BP-003")
    assert alert.ended_at == AT + MINUTE
    assert monitor_now(visit).latest["systolic"].value == 170


def test_what_arrives_late_is_judged_when_it_is_of_the_last_quarter_of_an_hour(visit: StreamId) -> None:
    at = START + 30 * MINUTE
    chart(visit, at)
    for ago, systolic in ((14, 170), (20, 185)):
        infusion.chart_signs(
            replace(act(people().nurse, at), happened_at=at - ago * MINUTE),
            visit=visit,
            signs=chairside.signs(systolic=systolic),
            source="manual",
        )
    assert [alert.key for alert in of(visit).alerts] == ["INF-BP-003"]
    assert not only(visit, "INF-BP-003").goes_on


def test_a_value_put_right_ends_its_alert(visit: StreamId) -> None:
    chart(visit, AT, systolic=170)
    fact = reading.visit(visit).checks[-1]
    right = replace(fact.payload, signs=replace(fact.payload.signs, systolic=Pressure.of(130)))
    assert isinstance(right, SignsCharted)
    amendments.amend_entry(
        act(people().nurse, AT + MINUTE), stream=visit, entry=fact.id, payload=right, reason="mistyped"
    )
    assert not only(visit, "INF-BP-003").goes_on


def test_each_event_is_an_alert_of_its_own(visit: StreamId) -> None:
    for minutes in (0, 2):
        infusion.record_event(
            act(people().nurse, AT + minutes * MINUTE), visit=visit, event="chest_pain", grade=None, note=""
        )
    assert len([key for key in keys(visit) if key.startswith("INF-EVT-001/")]) == 2


def test_after_the_patient_has_left_nothing_goes_on(visit: StreamId) -> None:
    chairside.stop(visit)
    chairside.waste(visit)
    chart(visit, chairside.LEFT_AT - 20 * MINUTE)
    chart(visit, chairside.LEFT_AT - 2 * MINUTE)
    chairside.leave(visit)
    assert of(visit).alerts, "many checks were missed in between"
    assert not any(alert.goes_on for alert in of(visit).alerts)
    alerting.watch(chairside.LEFT_AT + 60 * MINUTE)
    assert not any(alert.goes_on for alert in of(visit).alerts)


def test_open_alerts_name_the_chair_and_the_load_counts_them(visit: StreamId) -> None:
    chart(visit, AT, systolic=185)
    answer(visit, only(visit, "INF-BP-002"), AT + 2 * MINUTE, "false_reading")
    chart(visit, AT + 3 * MINUTE, spo2=Saturation.of(93), systolic=185)
    found = queries.open_alerts()
    assert {each.visit for each in found} == {visit}
    assert {each.chair_name for each in found} == {"Chair 1"}
    assert found[0].alert.key == "INF-BP-002"
    assert "INF-OX-001" in {each.alert.key for each in found}
    load = queries.load(START, START + 30 * MINUTE)
    lines = {line.rule: line for line in load.lines}
    assert (lines["INF-BP-002"].raised, lines["INF-BP-002"].false_readings) == (1, 1)
    assert lines["INF-BP-002"].answered_after == 2 * MINUTE
    assert lines["INF-OX-001"].answered_after is None
    assert load.chair_time == 30 * MINUTE
    assert load.per_chair_hour(1) == 2


def test_pages_that_show_the_visit_hear_of_its_alerts(visit: StreamId) -> None:
    tail = live.Tail()
    alerting.watch(START + 13 * MINUTE)
    reference = visit.partition(":")[2]
    assert set(tail.news()) == {("visit", reference), ("board", "")}


def test_trouble_at_one_chair_does_not_keep_the_others_from_being_looked_at(
    visit: StreamId, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = queries.watched()
    monkeypatch.setattr(queries, "watched", lambda: (StreamId("visit:gone"), *watched))
    monkeypatch.setattr(serving, "now", lambda: START + 13 * MINUTE)
    monkeypatch.setattr(serving, "close_old_connections", lambda: None)
    for turn in range(serving.WATCH_TURNS):
        serving._watch_alerts(turn)
    assert keys(visit) == ["INF-CHK-001"]
    assert "NoSuchStream" in caplog.text


def test_the_watch_goes_on_when_the_database_fails(
    visit: StreamId, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> tuple[StreamId, ...]:
        raise OperationalError("the disk is gone")

    monkeypatch.setattr(queries, "watched", fails)
    monkeypatch.setattr(serving, "close_old_connections", lambda: None)
    monkeypatch.setattr(serving, "WATCH_SECONDS", 0)
    looks: list[int] = []
    real = serving._watch_alerts

    def look(turn: int) -> None:
        looks.append(turn)
        if len(looks) == 3:
            raise asyncio.CancelledError
        real(turn)

    monkeypatch.setattr(serving, "_watch_alerts", look)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(serving.watch_alerts())
    assert looks == [0, 1, 2]
    assert "OperationalError" in caplog.text
    assert "disk" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_look_at_once_raise_it_once() -> None:
    visit = chairside.running_visit()
    at = START + 13 * MINUTE
    barrier = threading.Barrier(4)

    def look() -> None:
        try:
            barrier.wait()
            alerting.watch(at)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert only(visit, "INF-CHK-001").raised_at == at


def test_a_probe_that_comes_off_neither_ends_an_alert_nor_brings_an_old_one_back() -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    chart(visit, AT, spo2=Saturation.of(88))
    send(Sample(sign=Sign.SPO2, value=Decimal(97)), control_id="1", at=AT + 5 * SECOND)
    assert not only(visit, "INF-OX-002").goes_on
    for number in range(2, 40):
        at = AT + 2 * MINUTE + number * SECOND
        send(Sample(sign=Sign.SPO2, value=Decimal(-999)), control_id=f"off-{number}", at=at)
    assert not only(visit, "INF-OX-002").goes_on
    send(Sample(sign=Sign.SPO2, value=Decimal(93)), control_id="2", at=AT + 4 * MINUTE)
    send(Sample(sign=Sign.SPO2, value=Decimal(0)), control_id="3", at=AT + 4 * MINUTE + 5 * SECOND)
    assert [alert.goes_on for alert in of(visit).alerts if alert.key == "INF-OX-001"] == [False, True]


def test_a_monitor_that_falls_silent_is_told_to_every_page_once_within_fifteen_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = chairside.running_visit()
    chairside.assign_monitor()
    send(Sample(sign=Sign.PULSE, value=Decimal(70)), at=AT)
    told: list[int] = []
    clock = AT

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return clock

    monkeypatch.setattr(live, "datetime", Clock)
    tail = live.Tail()
    for seconds in range(40):
        clock = AT + seconds * SECOND
        if ("samples", visit.partition(":")[2]) in tail.news():
            told.append(seconds)
    assert len(told) == 1
    assert told[0] <= 15
    assert infusion_view.feed_state(monitor_now(visit), AT + told[0] * SECOND) == "late"
