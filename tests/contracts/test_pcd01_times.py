"""When a monitor says that it measured, in the ways in which monitors write it, and what cannot be right."""

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.reading import (
    RejectReason,
)
from tests.contracts.pcd01_messages import (
    PERCENT,
    SENT,
    SPO2,
    SYSTOLIC,
    message,
    reading,
)


def test_a_cuff_is_charted_at_its_own_older_time() -> None:
    """OBX-14 overrides OBR-7: the pressure is five and a half minutes older than the saturation beside it."""
    by_sign = {one.sign: one for one in reading(message(SPO2, SYSTOLIC)).observations}
    assert by_sign[Sign.SPO2].observed_at - by_sign[Sign.SYSTOLIC].observed_at == timedelta(
        minutes=5, seconds=30
    )


def spo2_at(written: str) -> bytes:
    return message(f"OBX|1|NM|150456^^MDC|1.3.1.1|97|{PERCENT}|||||R|||{written}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20260612101528-0500", SENT),
        ("20260612151528+0000", SENT),
        ("20260612204528+0530", SENT),
        ("20260612101528", SENT),  # the clinic's zone
        ("202606121015", SENT.replace(second=0)),
        ("20260612101528.5", SENT.replace(microsecond=500_000)),
        ("20260612101528.1106-0500", SENT.replace(microsecond=110_600)),
        ("20260612144528-0030", SENT),
    ],
)
def test_times_with_and_without_a_zone(written: str, expected: datetime) -> None:
    assert [one.observed_at for one in reading(spo2_at(written)).observations] == [expected]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("20260612", RejectReason.TIME_UNREADABLE),
        ("2026061210", RejectReason.TIME_UNREADABLE),
        ("20260631101528", RejectReason.TIME_UNREADABLE),
        ("20260612101528Z", RejectReason.TIME_UNREADABLE),
        ("20260612101528-9900", RejectReason.TIME_UNREADABLE),
        ("00000000000000", RejectReason.TIME_UNREADABLE),
        ("yesterday", RejectReason.TIME_UNREADABLE),
        ("20260612101731-0500", RejectReason.TIME_IN_FUTURE),  # 121 s ahead
        ("20260612111528-0500", RejectReason.TIME_IN_FUTURE),
        ("20260612094529-0500", RejectReason.TIME_TOO_OLD),  # 30 min and 1 s
        ("20260612091528-0500", RejectReason.TIME_TOO_OLD),  # a clock that missed summer time
    ],
)
def test_a_time_that_cannot_be_right_is_rejected(written: str, reason: RejectReason) -> None:
    got = reading(spo2_at(written))
    assert got.observations == ()
    assert [one.reason for one in got.rejected] == [reason]


def test_times_just_inside_the_limits_are_taken() -> None:
    for written in ("20260612101730-0500", "20260612094530-0500"):
        assert len(reading(spo2_at(written)).observations) == 1


def test_no_time_at_all_is_rejected() -> None:
    got = reading(message(SPO2, obr="OBR|1|||182777000^monitoring of patient^SCT"))
    assert [one.reason for one in got.rejected] == [RejectReason.TIME_MISSING]


@pytest.mark.parametrize(
    ("received_at", "expected"),
    [
        # 01:30 comes twice in Chicago on 2026-11-01: first at -0500, then at -0600.
        (datetime(2026, 11, 1, 6, 31, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        (datetime(2026, 11, 1, 7, 31, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_the_repeated_hour_is_read_as_the_one_it_arrived_in(
    received_at: datetime, expected: datetime
) -> None:
    got = reading(spo2_at("20261101013000"), received_at=received_at)
    assert [one.observed_at for one in got.observations] == [expected]
