"""Each way in which real monitors' messages were found to differ, one by one as safety.md lists them.

Where a quirk has more to it, its own test stands beside, in test_pcd01 and what follows it. Every number
here is made up.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import NoSignalReason, Reading, RejectReason, latest_by_sign

RECEIVED = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
SENT = datetime(2026, 6, 12, 15, 15, 28, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
MMHG, BPM = "266016^MDC_DIM_MMHG^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC"
PERCENT, CELSIUS = "262688^MDC_DIM_PERCENT^MDC", "268192^MDC_DIM_DEGC^MDC"


def read(*obx: str, version: str = "2.6", pid: str = "PID|||^^^^PI", zone: str = "-0500") -> Reading:
    """Read a message of a monitor that leaves set ids blank."""
    raw = "\r".join(
        [
            rf"MSH|^~\&|MON^00A0^EUI-64||||20260612101528{zone}||ORU^R01^ORU_R01|1|P|{version}",
            pid,
            f"OBR|1|1^MON|1^MON|||20260612101528{zone}|20260612101528{zone}",
            *obx,
        ]
    )
    found = read_message(raw.encode(), received_at=RECEIVED, zone=CHICAGO)
    assert isinstance(found, Reading), found
    return found


def obx(code: str, value: str, unit: str, *, channel: str = "1.1.1.1", at: str = "") -> str:
    """One observation without a set id."""
    return f"OBX||NM|{code}^^MDC|{channel}|{value}|{unit}|||||R|||{at}".rstrip("|")


def values(found: Reading) -> list[tuple[Sign, Decimal]]:
    """What was read, in the order in which it stood."""
    return [(one.sign, one.value) for one in found.observations]


@pytest.mark.parametrize("version", ["2.4", "2.5", "2.5.1", "2.6"])
def test_each_version(version: str) -> None:
    found = read(obx("150456", "97", PERCENT), version=version)
    assert (found.version, values(found)) == (version, [(Sign.SPO2, Decimal(97))])


@pytest.mark.parametrize("codes", [("150021", "150022", "150023"), ("150301", "150302", "150303")])
def test_both_families_of_pressure_codes(codes: tuple[str, str, str]) -> None:
    found = read(*(obx(code, value, MMHG) for code, value in zip(codes, ("124", "78", "93"), strict=True)))
    assert values(found) == [
        (Sign.SYSTOLIC, Decimal(124)),
        (Sign.DIASTOLIC, Decimal(78)),
        (Sign.MEAN_PRESSURE, Decimal(93)),
    ]


@pytest.mark.parametrize("code", ["149522", "149530", "149546"])
def test_three_codes_of_a_pulse(code: str) -> None:
    assert values(read(obx(code, "72", BPM))) == [(Sign.PULSE, Decimal(72))]


def test_three_pulses_in_one_message_are_kept_and_one_is_shown() -> None:
    """The finger's before the vein's before the cuff's, by how directly each counts."""
    found = read(obx("149546", "70", BPM), obx("149522", "71", BPM), obx("149530", "72", BPM))
    assert [value for _, value in values(found)] == [70, 71, 72]
    assert latest_by_sign(found.observations)[Sign.PULSE].value == 72


def test_one_code_under_two_channels() -> None:
    found = read(
        obx("150456", "97", PERCENT, channel="1.3.1.150456"),
        obx("150456", "94", PERCENT, channel="1.3.2.150456"),
    )
    assert [one.channel for one in found.observations] == ["1.3.1.150456", "1.3.2.150456"]
    assert latest_by_sign(found.observations)[Sign.SPO2].value == 97


def test_a_systolic_under_a_wrong_code_is_left_out_and_not_guessed() -> None:
    found = read(obx("150031", "142", MMHG), obx("150302", "78", MMHG))
    assert values(found) == [(Sign.DIASTOLIC, Decimal(78))]
    assert [one.code for one in found.ignored] == ["150031"]


@pytest.mark.parametrize("pid", ["PID", "PID|||", "PID|||^^^^PI", 'PID|||""', "PID|||~^^^^MR"])
def test_a_blank_patient_names_nobody(pid: str) -> None:
    found = read(obx("150456", "97", PERCENT), pid=pid)
    assert (found.patient_identifiers, values(found)) == ((), [(Sign.SPO2, Decimal(97))])


def test_times_without_a_zone_are_the_clinics() -> None:
    found = read(obx("150456", "97", PERCENT), zone="")
    assert [one.observed_at for one in found.observations] == [SENT]


def test_a_pressure_five_and_a_half_minutes_older_than_the_saturation_beside_it() -> None:
    found = read(obx("150456", "97", PERCENT), obx("150021", "124", MMHG, at="20260612100958-0500"))
    saturation, pressure = found.observations
    assert saturation.observed_at - pressure.observed_at == timedelta(minutes=5, seconds=30)


@pytest.mark.parametrize("value", ["-1", "-100", "-99.9", "-999", "0"])
def test_numbers_that_stand_for_nothing_measured(value: str) -> None:
    found = read(obx("150456", value, PERCENT))
    (silence,) = found.no_signal
    expected = NoSignalReason.ZERO if value == "0" else NoSignalReason.MISSING_CODE
    assert (found.observations, silence.reason) == ((), expected)


@pytest.mark.parametrize(
    ("code", "value", "unit"), [("149530", "277", BPM), ("150021", "40", MMHG), ("150344", "384.5", CELSIUS)]
)
def test_artefacts(code: str, value: str, unit: str) -> None:
    found = read(obx(code, value, unit))
    assert (found.observations, [one.reason for one in found.rejected]) == ((), [RejectReason.OUT_OF_RANGE])
