"""What was set aside is looked at with a word, and taken in again, by its own times, after a mapping fix."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import monitors, quarantine
from evenkeel.journey.policy import NotPermitted
from evenkeel.store import models, reading
from evenkeel.store.queries.monitors import samples
from evenkeel.store.queries.quarantine import Quarantined, counts_by_reason, messages, quarantined
from evenkeel.values.ids import ChairId, StreamId
from tests import factories_chairside as chairside
from tests.factories import act, chairs, people, user_of

pytestmark = pytest.mark.django_db

AT: Final = chairside.STARTED_AT + timedelta(minutes=5)
DEVICE: Final = Monitor(device_id="MON-9", zone=ZoneInfo("America/New_York"))


def minutes(count: float) -> datetime:
    """So long after the first message."""
    return AT + timedelta(minutes=count)


def send(at: datetime, pulse: int, patient_id: str = "") -> None:
    """A pulse from a monitor that stands nowhere yet."""
    sample = Sample(sign=Sign.PULSE, value=Decimal(pulse), observed_at=at)
    raw = compose(DEVICE, [sample], control_id=f"{at:%H%M%S}", sent_at=at, patient_id=patient_id)
    monitors.receive(raw, received_at=at)


def assign(chair: ChairId, since: datetime) -> None:
    """Put the mapping right: the monitor stands at this chair since then."""
    monitors.assign_monitor(act(people().nurse, since), chair=chair, monitor="MON-9")


def again(line: Quarantined, at: datetime) -> None:
    """Have them taken in again."""
    quarantine.replay(act(people().nurse, at), sender=line.sender, reason=line.reason)


def pulses(visit: StreamId) -> list[int]:
    """Every pulse of a visit."""
    return [int(found.value or 0) for found in samples(visit) if found.sign == "pulse"]


def test_after_a_mapping_fix_messages_chart_with_their_own_times_and_once() -> None:
    visit = chairside.running_visit()
    for count in range(5):
        send(minutes(count), 70 + count)
    (line,) = quarantined()
    assert (line.reason, line.times, line.charted) == ("unknown_monitor", 5, 0)
    assign(chairs()[0], minutes(0))
    again(line, minutes(20))
    with pytest.raises(quarantine.UnableToWorkOnQuarantine) as nothing:
        again(line, minutes(21))
    assert nothing.value.issues[0].code == "nothing-waits"
    assert pulses(visit) == [70, 71, 72, 73, 74]
    rows = models.MonitorSample.objects.order_by("observed_at")
    assert [row.observed_at for row in rows] == [minutes(count) for count in range(5)]
    assert {row.replayed_at for row in rows} == {minutes(20)}
    (line,) = quarantined()
    assert (line.times, line.charted) == (5, 5)


def test_what_was_measured_before_the_monitor_came_stays_aside_and_says_why() -> None:
    visit = chairside.running_visit()
    for count in range(4):
        send(minutes(count), 70 + count)
    assign(chairs()[0], minutes(2))
    again(quarantined()[0], minutes(20))
    assert pulses(visit) == [72, 73]
    outcomes = [each.outcomes for each in reversed(messages(quarantined()[0]))]
    assert outcomes[0] == ("pulse: measured before the monitor came to this patient.",)
    assert outcomes[3] == ("1 value charted.",)


def test_a_visit_that_was_not_at_the_chair_then_gets_nothing() -> None:
    """The next patient sits at the chair when somebody puts the mapping right; the first has left."""
    first = chairside.discharged_visit(chairs()[0])
    send(chairside.LEFT_AT - timedelta(minutes=1), 70)
    send(chairside.LEFT_AT + timedelta(minutes=1), 99)
    assign(chairs()[0], chairside.STARTED_AT)
    again(quarantined()[0], chairside.LEFT_AT + timedelta(minutes=30))
    assert pulses(first) == [70]
    assert [each.outcomes[0] for each in messages(quarantined()[0])] == [
        "No patient is checked in at this monitor's chair.",
        "1 value charted.",
    ]


def test_a_message_that_names_another_patient_stays_aside() -> None:
    visit = chairside.running_visit()
    assign(chairs()[0], AT)
    send(minutes(1), 99, patient_id="EK-9999")
    again(quarantined()[0], minutes(20))
    assert pulses(visit) == []
    assert "another patient" in messages(quarantined()[0])[0].outcomes[0]


def test_more_than_are_taken_in_at_once_wait_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that can never chart do not keep the third from its turn."""
    monkeypatch.setattr(quarantine, "REPLAYED_AT_ONCE", 2)
    visit = chairside.running_visit()
    for count in range(3):
        send(minutes(count), 70 + count)
    assign(chairs()[0], minutes(2))
    again(quarantined()[0], minutes(20))
    assert pulses(visit) == []
    again(quarantined()[0], minutes(21))
    assert pulses(visit) == [72]


def test_what_a_gateway_may_not_send_is_never_taken_in_again() -> None:
    with pytest.raises(quarantine.UnableToWorkOnQuarantine) as refusal:
        quarantine.replay(act(people().nurse, AT), sender="x|y", reason="not_its_monitor")
    assert refusal.value.issues[0].code == "never-again"


def test_somebody_looks_and_says_what_they_found_until_there_is_something_new() -> None:
    send(AT, 70)
    (line,) = quarantined()
    assert line.review is None
    assert line.id is not None
    found = "a spare monitor that was left on"
    quarantine.review(
        act(people().nurse, AT), sender=line.sender, reason=line.reason, upto=line.id, words=found
    )
    (line,) = quarantined()
    assert line.review is not None
    assert (line.review.words, line.review.by_name) == (found, people().nurse.printed_name)
    send(minutes(1), 71)
    assert quarantined()[0].review is None
    with pytest.raises(quarantine.UnableToWorkOnQuarantine):
        quarantine.review(act(people().nurse, AT), sender="x", reason="y", upto=1, words="ok")


def test_the_prescriber_does_not_take_messages_in_again() -> None:
    with pytest.raises(NotPermitted):
        quarantine.replay(act(people().prescriber, AT), sender="x", reason="y")


def test_reasons_are_counted_the_most_frequent_first() -> None:
    send(AT, 70)
    send(minutes(1), 71)
    monitors.receive(b"not HL7", received_at=AT)
    assert counts_by_reason() == {"unknown_monitor": 2, "malformed": 1}


def test_the_pages_show_the_line_open_the_message_and_note_the_access(client: Client) -> None:
    visit = chairside.running_visit()
    patient = reading.visit(visit).booking.payload.patient
    number = reading.patient(patient).demographics.record_number
    send(AT, 70, patient_id=number)
    client.force_login(user_of(people().nurse))
    listed = client.get("/devices/quarantine/?reason=unknown_monitor").content.decode()
    assert "MON-9" in listed
    assert number not in listed
    (line,) = quarantined()
    page = client.get(f"/devices/quarantine/{line.id}/").content.decode()
    assert f"/devices/quarantine/{line.id}/message/" in page
    assert number not in page
    opened = client.get(f"/devices/quarantine/{line.id}/message/")
    assert number in opened.content.decode()
    last = models.AccessRecord.objects.order_by("-id").first()
    assert last is not None
    assert (last.patient, last.route) == (patient, "quarantine_message")
    assign(chairs()[0], AT)
    answer = client.post(f"/devices/quarantine/{line.id}/again/", {"idempotency_key": "k-1"})
    assert answer.status_code == 302
    assert pulses(visit) == [70]


def test_an_administrator_works_on_lines_and_opens_no_message(client: Client) -> None:
    send(AT, 70)
    client.force_login(user_of(people().administrator))
    (line,) = quarantined()
    assert client.get(f"/devices/quarantine/{line.id}/message/").status_code == 403
    form = {"words": "a spare monitor", "idempotency_key": "k-2"}
    assert client.post(f"/devices/quarantine/{line.id}/", form).status_code == 302
    assert client.get("/devices/quarantine/999999/").status_code == 404
