"""What infusion pumps send: rate, volume and status in the codes of IHE PCD TF-2. Every number is made up."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import Reading, Refusal, RefusalReason
from evenkeel.record.devices import PumpSign

RECEIVED = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
SENT = datetime(2026, 6, 12, 15, 15, 28, tzinfo=UTC)
HEAD = "\r".join(
    [
        r"MSH|^~\&|PUMP^080019FFFE0000BB^EUI-64|DEMO CLINIC|||20260612151528+0000||ORU^R01^ORU_R01|7|P|2.6",
        "PID|||^^^^PI",
        "OBR|1|7^PUMP|7^PUMP|||20260612151528+0000|20260612151528+0000",
        "OBX|1||69985^MDC_DEV_PUMP_INFUS_MDS^MDC|1.0.0.0|||||||X|||||||080019FFFE0000BB^PUMP",
    ]
)
RATE = "OBX|2|NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.1.1|150|265266^MDC_DIM_MILLI_L_PER_HR^MDC|||||R"
VOLUME = "OBX|3|NM|157993^MDC_VOL_FLUID_DELIV_TOTAL^MDC|1.1.1.2|12.5|263762^MDC_DIM_MILLI_L^MDC|||||R"
STATUS = "OBX|4|CWE|184519^MDC_PUMP_INFUSING_STATUS^MDC|1.1.1.3|^pump-status-infusing||||||R"


def read(*obx: str) -> Reading | Refusal:
    """Read a pump's message."""
    raw = "\r".join([HEAD, *obx]).encode()
    return read_message(raw, received_at=RECEIVED, zone=ZoneInfo("America/Chicago"))


def said(*obx: str) -> dict[PumpSign, Decimal]:
    """What a pump says in a message."""
    found = read(*obx)
    assert isinstance(found, Reading), found
    assert (found.observations, found.no_signal, found.rejected) == ((), (), ())
    assert {one.observed_at for one in found.pump} <= {SENT}
    return {one.sign: one.value for one in found.pump}


def test_rate_volume_and_status_are_read() -> None:
    found = read(RATE, VOLUME, STATUS)
    assert isinstance(found, Reading)
    assert found.device_id == "080019FFFE0000BB"
    assert said(RATE, VOLUME, STATUS) == {
        PumpSign.RATE: Decimal(150),
        PumpSign.VOLUME: Decimal("12.5"),
        PumpSign.RUNNING: Decimal(1),
    }


def test_a_pump_that_stands_still_says_zero_and_that_is_a_value() -> None:
    still = STATUS.replace("pump-status-infusing", "pump-status-not-infusing")
    found = said(RATE.replace("|150|", "|0|"), still)
    assert found == {PumpSign.RATE: Decimal(0), PumpSign.RUNNING: Decimal(0)}


@pytest.mark.parametrize("unit", ["mL/h^^UCUM", "265266"])
def test_the_rate_may_come_in_ucum_or_bare(unit: str) -> None:
    rate = RATE.replace("265266^MDC_DIM_MILLI_L_PER_HR^MDC", unit)
    assert said(rate) == {PumpSign.RATE: Decimal(150)}


@pytest.mark.parametrize(
    "obx",
    [
        RATE.replace("265266^MDC_DIM_MILLI_L_PER_HR^MDC", "265619^MDC_DIM_X^MDC"),  # ug/kg/min
        RATE.replace("265266^MDC_DIM_MILLI_L_PER_HR^MDC", ""),
        RATE.replace("|150|", "|-1|"),
        RATE.replace("|150|", "|15000|"),
        RATE.replace("|150|", "||"),
        RATE.replace("|||||R", "||TEST|||R"),
        RATE.replace("|||||R", "||INV|||R"),
        RATE.replace("|||||R", "|||||X"),
        RATE.replace("MDC_FLOW_FLUID_PUMP", "MDC_VOL_FLUID_TBI"),
        RATE.replace("157784^MDC_FLOW_FLUID_PUMP^MDC", "157784^MDC_FLOW_FLUID_PUMP^99ACME"),
        RATE + "|||20260612144528+0000",  # 30 min and 2 s old
        STATUS.replace("pump-status-infusing", "pump-status-standby"),
        # Codes that were seen second-hand and not in the profile.
        VOLUME.replace("157993^MDC_VOL_FLUID_DELIV_TOTAL", "157864^MDC_VOL_FLUID_DELIV"),
        STATUS.replace("184519^MDC_PUMP_INFUSING_STATUS", "184508^MDC_PUMP_STAT"),
    ],
)
def test_what_is_not_certain_is_left_out(obx: str) -> None:
    assert said(STATUS, obx) == {PumpSign.RUNNING: Decimal(1)}


def test_a_message_that_holds_nothing_but_a_heading_is_refused() -> None:
    found = read()
    assert isinstance(found, Refusal)
    assert found.reason is RefusalReason.NO_OBSERVATIONS
