"""What monitors send lands on the right visit, once, or is set aside with its reason; it is never guessed."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from evenkeel.devices.acknowledge import read_acknowledgment
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import checkin, infusion, monitors
from evenkeel.journey.policy import NotPermitted
from evenkeel.store import models, reading
from evenkeel.store.queries.monitors import monitor_now, samples
from evenkeel.store.queries.quarantine import quarantined
from evenkeel.values.ids import ChairId, StreamId
from tests import factories_chairside as chairside
from tests.factories import NOW, act, book, chairs, check_in_facts, checked_in_visit, people, planned_course

pytestmark = pytest.mark.django_db

AT: Final = chairside.STARTED_AT + timedelta(minutes=5)
DEVICE: Final = Monitor(device_id=chairside.MONITOR, zone=ZoneInfo("America/New_York"))
FULL: Final = (
    Sample(sign=Sign.SYSTOLIC, value=Decimal(131), observed_at=AT - timedelta(minutes=4)),
    Sample(sign=Sign.DIASTOLIC, value=Decimal(82), observed_at=AT - timedelta(minutes=4)),
    Sample(sign=Sign.PULSE, value=Decimal(77)),
    Sample(sign=Sign.SPO2, value=Decimal(97)),
)


def send(
    *values: Sample,
    control_id: str = "c-1",
    at: datetime = AT,
    monitor: Monitor = DEVICE,
    patient_id: str = "",
    processing: str = "P",
) -> str:
    """Send one message and return the code of its answer."""
    raw = compose(
        monitor,
        values or FULL,
        control_id=control_id,
        sent_at=at,
        patient_id=patient_id,
        processing=processing,  # type: ignore[arg-type]
    )
    answer = read_acknowledgment(monitors.receive(raw, received_at=at))
    assert answer is not None
    assert answer.control_id == control_id
    return answer.code


def reasons() -> list[str]:
    """Why messages were set aside, oldest first."""
    return [each.reason for each in reversed(quarantined()) for _ in range(each.times)]


def running() -> StreamId:
    """A running visit with a monitor at its chair."""
    visit = chairside.running_visit()
    chairside.assign_monitor()
    return visit


def record_number(visit: StreamId) -> str:
    """The patient's own number."""
    return reading.patient(reading.visit(visit).booking.payload.patient).demographics.record_number


def test_signs_land_on_the_visit_at_the_monitors_chair_by_the_time_they_were_measured() -> None:
    visit = running()
    assert send() == "AA"
    latest = monitor_now(visit).latest
    assert {sign: found.value for sign, found in latest.items()} == {
        "systolic": 131,
        "diastolic": 82,
        "pulse": 77,
        "spo2": 97,
    }
    assert latest["systolic"].observed_at == AT - timedelta(minutes=4)
    assert latest["spo2"].observed_at == AT
    assert reasons() == []


def test_nothing_that_a_monitor_sends_is_an_entry_of_the_record() -> None:
    visit = running()
    seq = reading.visit(visit).seq
    send()
    assert reading.visit(visit).seq == seq


def test_a_message_sent_again_gets_the_same_answer_and_lands_once() -> None:
    visit = running()
    raw = compose(DEVICE, FULL, control_id="c-7", sent_at=AT)
    first = monitors.receive(raw, received_at=AT)
    assert monitors.receive(raw, received_at=AT + timedelta(seconds=30)) == first
    assert len(samples(visit)) == 4
    assert models.DeviceMessage.objects.count() == 1


def test_a_control_id_that_comes_again_with_other_values_is_another_message() -> None:
    visit = running()
    send(control_id="1")
    send(Sample(sign=Sign.PULSE, value=Decimal(80)), control_id="1", at=AT + timedelta(seconds=5))
    assert monitor_now(visit).latest["pulse"].value == 80


def test_a_refused_message_sent_again_is_set_aside_once() -> None:
    running()
    raw = b"this is not HL7"
    first = monitors.receive(raw, received_at=AT)
    assert monitors.receive(raw, received_at=AT + timedelta(seconds=9)) == first
    other = monitors.receive(b"nor is this", received_at=AT)
    answer = read_acknowledgment(other)
    assert answer is not None
    assert answer.code == "AR"
    assert reasons() == ["malformed", "malformed"]


@pytest.mark.parametrize(
    ("value", "sign"),
    [("0", Sign.SPO2), ("-1", Sign.PULSE), ("-100", Sign.SYSTOLIC), ("-999", Sign.BREATHS)],
)
def test_a_code_for_missing_is_no_signal_and_never_a_value(value: str, sign: Sign) -> None:
    visit = running()
    assert send(Sample(sign=sign, value=value)) == "AA"
    found = monitor_now(visit).latest[sign.value]
    assert found.value is None
    assert found.no_signal is not None


@pytest.mark.parametrize(
    ("sign", "value"),
    # Artefacts seen in the field (safety.md, "Device data is dirty").
    [(Sign.PULSE, "277"), (Sign.SYSTOLIC, "40"), (Sign.TEMPERATURE, "384.5")],
)
def test_an_artefact_is_set_aside_while_the_rest_charts(sign: Sign, value: str) -> None:
    visit = running()
    assert send(Sample(sign=sign, value=value), Sample(sign=Sign.SPO2, value=Decimal(97))) == "AA"
    assert set(monitor_now(visit).latest) == {"spo2"}
    assert reasons() == ["out_of_range"]
    assert send(Sample(sign=sign, value=value), control_id="c-2") == "AE"


def test_a_monitor_that_nobody_assigned_charts_nowhere() -> None:
    visit = chairside.running_visit()
    assert send() == "AE"
    assert samples(visit) == ()
    assert reasons() == ["unknown_monitor"]


def test_a_message_that_names_another_patient_charts_nowhere() -> None:
    visit = running()
    assert send(patient_id="EK-9999") == "AE"
    assert samples(visit) == ()
    assert reasons() == ["other_patient"]
    assert send(patient_id=record_number(visit), control_id="c-2") == "AA"
    assert len(samples(visit)) == 4


def test_a_monitor_at_an_empty_chair_charts_nowhere() -> None:
    chairs()
    chairside.assign_monitor()
    assert send() == "AE"
    assert reasons() == ["no_visit"]
    assert send(control_id="c-2", at=AT + timedelta(seconds=5)) == "AE"
    (line,) = quarantined()
    assert (line.times, line.first_at, line.last_at) == (2, AT, AT + timedelta(seconds=5))
    assert models.QuarantinedMessage.objects.count() == 0


def test_test_and_demo_messages_chart_nowhere() -> None:
    visit = running()
    assert send(processing="T") == "AR"
    flagged = Sample(sign=Sign.PULSE, value=Decimal(80), flags=("DEMO",))
    assert send(flagged, control_id="c-2") == "AE"
    assert samples(visit) == ()
    assert reasons() == ["not_production", "all_test"]


def test_a_value_from_before_the_check_in_may_be_the_patients_before() -> None:
    visit = checked_in_visit()
    chairside.assign_monitor()
    check_in_at = NOW + timedelta(minutes=60)
    early = Sample(sign=Sign.SYSTOLIC, value=Decimal(150), observed_at=check_in_at - timedelta(minutes=5))
    now = Sample(sign=Sign.PULSE, value=Decimal(70))
    assert send(early, now, at=check_in_at + timedelta(minutes=1)) == "AA"
    assert set(monitor_now(visit).latest) == {"pulse"}
    assert reasons() == ["before_check_in"]


def test_the_running_visit_has_the_monitor_when_another_patient_waits_at_the_chair() -> None:
    chair = chairside.assign_monitor()
    visit = running_beside_another(chair)
    assert send() == "AA"
    assert len(samples(visit)) == 4


def running_beside_another(chair: ChairId) -> StreamId:
    """A running visit at a chair at which the next patient was checked in early."""
    visit = chairside.running_visit(chair)
    waiting = book(planned_course(), NOW + timedelta(hours=4), chair)
    checkin.check_in(act(people().nurse, AT - timedelta(minutes=1)), visit=waiting, facts=check_in_facts())
    return visit


def test_a_sign_that_was_measured_once_is_not_lost_behind_many_others() -> None:
    visit = running()
    send(Sample(sign=Sign.TEMPERATURE, value=Decimal("36.8")), control_id="once")
    for count in range(1, 61):
        later_at = AT + timedelta(seconds=5 * count)
        send(*FULL[2:], control_id=f"later-{count}", at=later_at)
    now = monitor_now(visit)
    assert now.latest["temperature"].value == Decimal("36.8")
    assert now.latest["temperature"].observed_at == AT
    assert now.heard_at == now.saturation_at == AT + timedelta(minutes=5)


def test_a_sign_without_a_value_now_keeps_when_it_last_had_one() -> None:
    visit = running()
    send()
    silent_at = AT + timedelta(minutes=1)
    send(Sample(sign=Sign.SPO2, value="0"), control_id="off", at=silent_at)
    now = monitor_now(visit)
    assert now.latest["spo2"].value is None
    assert now.latest["spo2"].observed_at == silent_at
    assert now.measured["spo2"].value == 97
    assert now.saturation_at == AT


def test_what_a_message_asks_the_database_does_not_grow_with_chairs_or_messages() -> None:
    chairside.running_visit()
    chairs(12)
    chairside.assign_monitor()
    send(control_id="first")
    with CaptureQueriesContext(connection) as early:
        send(control_id="early", at=AT + timedelta(seconds=5))
    for count in range(2, 30):
        send(control_id=f"between-{count}", at=AT + timedelta(seconds=5 * count))
    with CaptureQueriesContext(connection) as late:
        send(control_id="late", at=AT + timedelta(seconds=150))
    # Whether it came before; the device, its span and who is in the chair; the visit, the clinic's choices;
    # what is written, twice; the alerts, the limits and the last of each sign. Two more hold it together.
    assert len(late) == len(early) <= 13


def test_of_two_patients_at_a_chair_without_a_pump_neither_is_guessed() -> None:
    chair = chairside.assign_monitor()
    visit = running_beside_another(chair)
    infusion.stop(act(people().nurse, AT), visit=visit, reason="other", note="", pump_volume=None)
    later = AT + timedelta(seconds=5)
    assert send(at=later) == "AE"
    assert reasons() == ["several_visits"]
    assert send(at=later, control_id="c-2", patient_id=record_number(visit)) == "AA"
    assert len(samples(visit)) == 4


def test_after_departure_nothing_charts() -> None:
    visit = chairside.discharged_visit()
    chairside.assign_monitor()
    assert send(at=chairside.LEFT_AT + timedelta(minutes=1)) == "AE"
    assert samples(visit) == ()


def test_a_monitor_stands_beside_one_chair() -> None:
    first, second, _ = chairs()
    chairside.assign_monitor(first)
    with pytest.raises(monitors.UnableToAssignMonitor) as refusal:
        chairside.assign_monitor(second)
    assert "Chair 1" in refusal.value.issues[0].sentence
    monitors.assign_monitor(act(people().lead, NOW), chair=first, monitor=None)
    chairside.assign_monitor(second)
    assert models.Chair.objects.get(pk=second).monitor == chairside.MONITOR
    assert models.ChangeRecord.objects.filter(table="chair", row=first).count() == 2


def test_the_prescriber_does_not_move_monitors() -> None:
    with pytest.raises(NotPermitted):
        monitors.assign_monitor(act(people().prescriber, NOW), chair=chairs()[0], monitor="x")


@pytest.mark.django_db(transaction=True)
def test_one_message_that_comes_on_two_connections_at_once_lands_once() -> None:
    visit = running()
    raw = compose(DEVICE, FULL, control_id="c-1", sent_at=AT)
    answers: list[bytes] = []

    def take() -> None:
        try:
            answers.append(monitors.receive(raw, received_at=AT))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    assert len(samples(visit)) == 4
