"""A device is on a patient by a person's word and from a moment on; its values follow that by their time."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from evenkeel.devices.acknowledge import read_acknowledgment
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.journey import alerting, associations, monitors, settings
from evenkeel.record.devices import Instrument
from evenkeel.store import projections, reading
from evenkeel.store.queries.alerts import for_visit
from evenkeel.store.queries.monitors import samples
from evenkeel.store.queries.quarantine import quarantined
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import act, chairs, people, user_of

pytestmark = pytest.mark.django_db

AT: Final = chairside.STARTED_AT + timedelta(minutes=5)
CLINIC: Final = ZoneInfo("America/New_York")


def minutes(count: float) -> datetime:
    """So long after the first message."""
    return AT + timedelta(minutes=count)


def send(device: str, at: datetime, *, pulse: int = 70, measured_at: datetime | None = None) -> str:
    """Send one pulse from a device and return the code of the answer."""
    raw = compose(
        Monitor(device_id=device, zone=CLINIC),
        [Sample(sign=Sign.PULSE, value=Decimal(pulse), observed_at=measured_at or at)],
        control_id=f"{device}-{at:%H%M%S}",
        sent_at=at,
    )
    answer = read_acknowledgment(monitors.receive(raw, received_at=at))
    assert answer is not None
    return answer.code


def pulses(visit: StreamId) -> list[int]:
    """Every pulse of a visit, by the time it was measured."""
    return [int(found.value or 0) for found in samples(visit) if found.sign == "pulse"]


def reasons() -> list[str]:
    """Why something was set aside, oldest first."""
    return [each.reason for each in reversed(quarantined()) for _ in range(each.times)]


def put_on(visit: StreamId, device: str, at: datetime, instrument: Instrument = "monitor") -> None:
    """The nurse looks, and says that this device is on this patient."""
    associations.associate(act(people().nurse, at), visit=visit, instrument=instrument, device=device)


def take_off(visit: StreamId, at: datetime) -> None:
    """The nurse takes the monitor off."""
    associations.release(
        act(people().nurse, at), visit=visit, instrument="monitor", reason="its cuff is torn"
    )


def rules_that_alert(visit: StreamId) -> set[str]:
    """The rules about the monitor that have an open alert."""
    return {alert.rule.rule for alert in for_visit(visit).open if "-MON-" in alert.rule.rule}


def running() -> StreamId:
    """A running visit at the first chair, beside which the monitor MON-1 stands."""
    visit = chairside.running_visit()
    chairside.assign_monitor()
    return visit


def test_a_confirmed_monitor_charts_though_it_stands_at_no_chair() -> None:
    visit = running()
    put_on(visit, "MON-7", AT)
    assert send("MON-7", minutes(1), pulse=71) == "AA"
    assert pulses(visit) == [71]


def test_a_confirmed_monitor_that_was_never_heard_is_told_as_silent() -> None:
    """INF-MON-001: 1 min. It stands at no chair, and counts from when somebody put it on."""
    visit = chairside.running_visit()
    put_on(visit, "MON-7", minutes(2))
    alerting.watch(minutes(3))
    assert rules_that_alert(visit) == set()
    alerting.watch(minutes(3) + timedelta(seconds=1))
    assert rules_that_alert(visit) == {"INF-MON-001"}


def test_the_one_at_the_chair_no_longer_counts_once_another_is_confirmed() -> None:
    visit = running()
    assert send("MON-1", AT, pulse=70) == "AA"
    put_on(visit, "MON-7", minutes(2))
    assert send("MON-1", minutes(3), pulse=99) == "AE"
    assert send("MON-7", minutes(3), pulse=71) == "AA"
    assert pulses(visit) == [70, 71]
    assert reasons() == ["taken_off"]


def test_what_the_new_monitor_measured_before_it_came_is_not_this_patients() -> None:
    """Its cuff was on another patient until four minutes before the message."""
    visit = running()
    put_on(visit, "MON-7", minutes(2))
    assert send("MON-7", minutes(3), pulse=99, measured_at=minutes(1)) == "AE"
    assert pulses(visit) == []
    assert reasons() == ["before_device"]


def test_what_the_old_monitor_measured_before_it_went_still_is() -> None:
    visit = running()
    put_on(visit, "MON-1", AT)
    put_on(visit, "MON-7", minutes(5))
    put_on(visit, "MON-1", minutes(8))
    assert send("MON-1", minutes(9), pulse=72, measured_at=minutes(4)) == "AA"
    assert send("MON-1", minutes(9.5), pulse=99, measured_at=minutes(6)) == "AE"
    assert pulses(visit) == [72]


def test_a_swap_may_be_written_down_later_with_its_time() -> None:
    visit = running()
    late = act(people().nurse, minutes(2))
    associations.associate(late, visit=visit, instrument="monitor", device="MON-7")
    state = reading.visit(visit)
    spans = [(each.device, each.is_on, each.from_at) for each in state.device_spans]
    assert spans == [("MON-1", False, minutes(2)), ("MON-7", True, minutes(2))]
    assert projections.written(state) == projections.rows_of(state)


def test_a_monitor_that_was_taken_off_charts_nowhere_though_it_stands_at_the_chair() -> None:
    visit = running()
    take_off(visit, AT)
    assert send("MON-1", minutes(1)) == "AE"
    assert reasons() == ["taken_off"]
    put_on(visit, "MON-1", minutes(2))
    assert send("MON-1", minutes(3), pulse=73) == "AA"
    assert pulses(visit) == [73]


def test_a_monitor_is_on_one_patient_at_a_time() -> None:
    first, second, _ = chairs()
    visit = chairside.running_visit(first)
    other = chairside.running_visit(second)
    put_on(visit, "MON-7", AT)
    with pytest.raises(associations.UnableToAssociate) as refusal:
        put_on(other, "MON-7", minutes(1))
    assert "the patient at Chair 1" in refusal.value.issues[0].sentence
    associations.release(
        act(people().nurse, minutes(2)), visit=visit, instrument="monitor", reason="moved on"
    )
    put_on(other, "MON-7", minutes(3))
    assert send("MON-7", minutes(4), pulse=74) == "AA"
    assert (pulses(visit), pulses(other)) == ([], [74])


def test_a_confirmed_monitor_still_refuses_a_message_that_names_another_patient() -> None:
    visit = running()
    put_on(visit, "MON-7", AT)
    raw = compose(
        Monitor(device_id="MON-7", zone=CLINIC),
        [Sample(sign=Sign.PULSE, value=Decimal(70), observed_at=minutes(1))],
        control_id="named",
        sent_at=minutes(1),
        patient_id="EK-9999",
    )
    monitors.receive(raw, received_at=minutes(1))
    assert (pulses(visit), reasons()) == ([], ["other_patient"])


def test_a_patient_who_moves_takes_a_confirmed_monitor_along_and_leaves_the_chairs_own() -> None:
    first, second, third = chairs()
    visit = running()
    chairside.assign_monitor(second, "MON-2")
    associations.move_patient(
        act(people().nurse, minutes(1)), visit=visit, chair=second, reason="the lamp is broken"
    )
    assert send("MON-1", minutes(2), pulse=99) == "AE"
    assert send("MON-2", minutes(2), pulse=75) == "AA"
    assert send("MON-2", minutes(3), pulse=99, measured_at=minutes(0.5)) == "AE"
    put_on(visit, "MON-7", minutes(4))
    associations.move_patient(
        act(people().nurse, minutes(5)), visit=visit, chair=third, reason="it is too cold"
    )
    assert send("MON-7", minutes(6), pulse=76) == "AA"
    assert pulses(visit) == [75, 76]
    assert reading.visit(visit).chair == third
    assert first != third


def test_nobody_is_moved_onto_another_patient() -> None:
    first, second, _ = chairs()
    visit = chairside.running_visit(first)
    chairside.running_visit(second)
    with pytest.raises(associations.UnableToAssociate) as refusal:
        associations.move_patient(
            act(people().nurse, AT), visit=visit, chair=second, reason="the lamp is broken"
        )
    assert "another patient sits there" in refusal.value.issues[0].sentence


def test_a_clinic_may_ask_for_a_word_on_every_visit() -> None:
    visit = running()
    lead = act(people().lead, AT)
    settings.change_device_settings(lead, confirmed_per_visit=True, full_days=7, reason="a new policy")
    assert send("MON-1", minutes(1), pulse=99) == "AE"
    assert reasons() == ["not_confirmed"]
    put_on(visit, "MON-1", minutes(2))
    assert send("MON-1", minutes(3), pulse=77) == "AA"
    assert pulses(visit) == [77]


def test_after_the_patient_has_left_a_confirmed_monitor_is_nobodys() -> None:
    visit = chairside.recovering_visit()
    put_on(visit, "MON-7", chairside.STOPPED_AT + timedelta(minutes=1))
    for after in range(15, 121, 15):
        chairside.chart(visit, chairside.STOPPED_AT + timedelta(minutes=after))
    chairside.leave(visit)
    assert send("MON-7", chairside.LEFT_AT + timedelta(minutes=1)) == "AE"
    assert reasons() == ["unknown_monitor"]


@pytest.mark.parametrize(
    ("device", "sentence"),
    [("", "write its id"), ("x" * 101, "at most 100 characters"), ("PMP-1", "this id belongs to a pump")],
)
def test_what_cannot_be_put_on_a_patient_is_refused(device: str, sentence: str) -> None:
    visit = running()
    monitors.assign_pump(act(people().nurse, AT), chair=chairs()[0], pump="PMP-1")
    with pytest.raises(associations.UnableToAssociate) as refusal:
        put_on(visit, device, minutes(1))
    assert sentence in refusal.value.issues[0].sentence


def test_no_device_is_put_on_a_patient_before_they_were_checked_in() -> None:
    visit = running()
    check_in = reading.visit(visit).check_in
    assert check_in is not None
    with pytest.raises(associations.UnableToAssociate) as refusal:
        put_on(visit, "MON-7", check_in.at - timedelta(minutes=1))
    assert refusal.value.issues[0].code == "before-check-in"


@pytest.mark.parametrize("page", ["", "start/", "chart/"])
def test_a_page_before_and_during_the_infusion_says_that_no_monitor_is_on_the_patient(
    client: Client, page: str
) -> None:
    visit = chairside.running_visit() if page == "chart/" else chairside.ready_visit()
    client.force_login(user_of(people().nurse))
    address = f"/visits/{reference_of(visit)}/{page}"
    put_on_address = f"/visits/{reference_of(visit)}/devices/"
    before = client.get(address).content.decode()
    assert ("none stands at Chair 1" if page == "chart/" else "Monitor: none.") in before
    assert f'href="{put_on_address}"' in before
    put_on(visit, "MON-7", AT)
    after = client.get(address).content.decode()
    assert "Monitor MON-7" in after
    assert "Monitor: none." not in after


def test_the_time_out_says_which_monitor_is_on_the_patient(client: Client) -> None:
    visit = chairside.double_checked_visit()
    chairside.assign_monitor()
    client.force_login(user_of(people().nurse))
    page = client.get(f"/visits/{reference_of(visit)}/time-out/").content.decode()
    assert "Monitor MON-1, because it stands at the chair. Pump: none." in page
