"""Made-up pumps: what they say is read as it was meant, and adds up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from evenkeel.devices.compose import Monitor, compose_pump
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import Reading
from evenkeel.record.devices import PumpSign
from evenkeel.simulate.body import Run
from evenkeel.simulate.pump import pump_says

STARTED_AT = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
# 35 mg in 100 mL. 52.5 mg an hour of it are 150 mL an hour.
MCG_PER_ML = Fraction(350)
RUNS = (
    Run(from_at=STARTED_AT, mg_per_h=52.5),
    Run(from_at=STARTED_AT + timedelta(minutes=20), mg_per_h=0.0),
    Run(from_at=STARTED_AT + timedelta(minutes=30), mg_per_h=26.25),
)


@pytest.mark.parametrize(
    ("minute", "rate", "delivered", "status"),
    [
        (0, 150, "0", 1),
        (10, 150, "25", 1),  # 150 mL/h for 10 min
        (25, 0, "50", 0),
        (42, 75, "65", 1),  # 50 mL, and 75 mL/h for 12 min
    ],
)
def test_a_pump_says_its_rate_and_what_it_delivered(
    minute: int, rate: int, delivered: str, status: int
) -> None:
    at = STARTED_AT + timedelta(minutes=minute)
    so_far = [run for run in RUNS if run.from_at <= at]
    pump = Monitor(device_id="DEMO-PUMP-1", zone=ZoneInfo("UTC"))
    raw = compose_pump(pump, pump_says(at, so_far, MCG_PER_ML), control_id="1", sent_at=at)
    read = read_message(raw, received_at=at, zone=ZoneInfo("America/New_York"))
    assert isinstance(read, Reading)
    assert read.device_id == "DEMO-PUMP-1"
    assert {one.sign: one.value for one in read.pump} == {
        PumpSign.RATE: Decimal(rate),
        PumpSign.VOLUME: Decimal(delivered),
        PumpSign.RUNNING: Decimal(status),
    }
    assert {one.observed_at for one in read.pump} == {at}
    assert (read.observations, read.rejected, read.ignored) == ((), (), ())
