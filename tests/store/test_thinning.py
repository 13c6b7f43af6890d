"""Samples of a visit that is long over are thinned as the policy says; of any other visit none can go."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest
from django.db import DatabaseError, transaction

from evenkeel.clinical import thinning as rule
from evenkeel.jobs.thin import Thinning, thin_samples
from evenkeel.journey import settings
from evenkeel.store import append_only, models
from evenkeel.store import thinning as store
from evenkeel.store.queries.monitors import samples, thinned
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import act, people

AT: Final = chairside.STARTED_AT.replace(second=0, microsecond=0)
# The day of the visit and seven more are over (decision 31).
LATER: Final = chairside.STARTED_AT + timedelta(days=8)


def point(id_: int, seconds: float, value: int | None, sign: str = "spo2", channel: str = "1") -> rule.Point:
    """One sample so many seconds after a full minute."""
    return rule.Point(
        id=id_,
        sign=sign,
        channel=channel,
        value=None if value is None else Decimal(value),
        no_signal="zero" if value is None else None,
        observed_at=AT + timedelta(seconds=seconds),
    )


def test_of_a_minute_the_lowest_the_highest_and_the_last_stay() -> None:
    values = [97, 96, 91, 95, 99, 98, 97]
    points = [point(number, 5 * number, value) for number, value in enumerate(values)]
    assert rule.kept(points, ()) == {2, 4, 6}


def test_each_minute_sign_and_channel_is_thinned_for_itself() -> None:
    points = [
        point(1, 0, 97),
        point(2, 61, 90),
        point(3, 1, 97, channel="2"),
        point(4, 2, 70, sign="pulse"),
        point(5, 3, 97),
        point(6, 4, 97),
    ]
    # 1 and 6 are the first and the last of equal values in one minute, and one of those three is enough.
    stays = rule.kept(points, ())
    assert {2, 3, 4, 6} <= stays
    assert 5 not in stays


def test_that_there_was_no_signal_stays_known() -> None:
    points = [point(1, 0, 97), point(2, 10, None), point(3, 20, None), point(4, 30, 97)]
    assert {3, 4} <= rule.kept(points, ())
    assert 2 not in rule.kept(points, ())


def test_within_a_minute_of_an_alert_everything_stays() -> None:
    points = [point(number, 5 * number, 97) for number in range(60)]
    stays = rule.kept(points, (AT + timedelta(seconds=150),))
    assert {number for number in range(60) if abs(5 * number - 150) <= 60} <= stays
    assert len(stays) < 60


def fill(visit: StreamId, count: int = 24) -> None:
    """A saturation every five seconds from the start."""
    message = models.DeviceMessage.objects.create(
        sender="MON-1|", control_id=str(visit), digest="", received_at=AT, acknowledgement="AA", visit=visit
    )
    models.MonitorSample.objects.bulk_create(
        models.MonitorSample(
            message=message,
            visit=visit,
            chair="chair-1",
            sign="spo2",
            value=Decimal(90 + number % 7),
            unit="%",
            channel="1.3.1.1",
            observed_at=AT + timedelta(seconds=5 * number),
            received_at=AT,
        )
        for number in range(count)
    )


@pytest.mark.django_db
def test_a_visit_long_over_is_thinned_once_and_counted() -> None:
    visit = chairside.discharged_visit()
    fill(visit)
    assert thin_samples(LATER) == Thinning(visits=1, samples_before=24, samples_kept=6)
    assert thin_samples(LATER) == Thinning(visits=0, samples_before=0, samples_kept=0)
    assert [int(each.value or 0) for each in samples(visit)] == [90, 96, 94, 90, 96, 92]
    assert (thinned().visits, thinned().before, thinned().kept) == (1, 24, 6)


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 6])
def test_nothing_goes_before_its_time(days: int) -> None:
    fill(chairside.discharged_visit())
    assert thin_samples(chairside.LEFT_AT + timedelta(days=days)).visits == 0
    assert models.MonitorSample.objects.count() == 24


@pytest.mark.django_db
def test_a_clinic_may_keep_everything_for_longer() -> None:
    fill(chairside.discharged_visit())
    lead = act(people().lead, AT)
    settings.change_device_settings(lead, confirmed_per_visit=False, full_days=30, reason="a new policy")
    assert thin_samples(LATER).visits == 0
    assert thin_samples(LATER + timedelta(days=30)).visits == 1


@pytest.mark.django_db
def test_a_visit_that_never_ended_keeps_everything() -> None:
    fill(chairside.running_visit())
    assert thin_samples(LATER).visits == 0


@pytest.mark.django_db
def test_cut_off_in_the_middle_nothing_is_lost_and_the_next_run_does_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visit = chairside.discharged_visit()
    fill(visit)
    monkeypatch.setattr(store, "IDS_AT_ONCE", 5)
    delete = models.MonitorSample.objects.none().__class__.delete
    calls = []

    def cut_off(self: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return delete(self)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(models.MonitorSample.objects.none().__class__, "delete", cut_off)
        with pytest.raises(KeyboardInterrupt):
            thin_samples(LATER)
    assert (models.MonitorSample.objects.count(), models.ThinnedVisit.objects.count()) == (24, 0)
    assert thin_samples(LATER).samples_kept == 6


@pytest.mark.django_db
@pytest.mark.tampers
def test_the_database_lets_no_sample_of_another_visit_go() -> None:
    done, running = chairside.discharged_visit(), StreamId("visit:other")
    fill(done)
    fill(running)
    thin_samples(LATER)
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        models.MonitorSample.objects.filter(visit=running).delete()
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        models.MonitorSample.objects.filter(visit=done).update(value=Decimal(99))
    assert models.MonitorSample.objects.filter(visit=running).count() == 24
