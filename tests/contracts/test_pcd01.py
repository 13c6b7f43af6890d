"""Monitor messages in the shapes that real monitors send. Every name, number and identifier here is made up.

The shapes (which fields are blank, which codes and flags come, how times are written) follow IHE PCD-01 and
messages of monitors in the field. The quirks tested are the ones that such messages were found to have.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from evenkeel.devices.acknowledge import acknowledge, read_acknowledgment
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.pcd01 import MESSAGE_BYTES, read_message
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import (
    DeviceObservation,
    Location,
    NoSignalReason,
    PatientIdentifier,
    Reading,
    Refusal,
    RefusalReason,
    RejectReason,
    latest_by_sign,
)

CHICAGO = ZoneInfo("America/Chicago")
# 10:15:30 in Chicago, which is at -0500 in June.
RECEIVED = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
SENT = datetime(2026, 6, 12, 15, 15, 28, tzinfo=UTC)
CUFF = datetime(2026, 6, 12, 15, 9, 58, tzinfo=UTC)

SENDER = "VSP^080019FFFE000001^EUI-64|DEMO CLINIC"
MSH = (
    r"MSH|^~\&|VSP^080019FFFE000001^EUI-64|DEMO CLINIC|||20260612101528-0500||ORU^R01^ORU_R01|4097|P|2.6|||NE"
    r"|AL||UNICODE UTF-8|||PCD_DEC_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
)
PID = "PID|||MADE-UP-1^^^DEMO^MR~MADE-UP-2^^^DEMO^VN||EXAMPLE^PAT^^^^^L|||"
PV1 = "PV1||O|INFUSION^ROOM 2^CHAIR 3^DEMO"
OBR = "OBR|1|a^VSP|a^VSP|182777000^monitoring of patient^SCT|||20260612101528-0500"
MMHG = "266016^MDC_DIM_MMHG^MDC"
BPM = "264864^MDC_DIM_BEAT_PER_MIN^MDC"
PERCENT = "262688^MDC_DIM_PERCENT^MDC"
CELSIUS = "268192^MDC_DIM_DEGC^MDC"
PER_MIN = "264928^MDC_DIM_RESP_PER_MIN^MDC"
SPO2 = f"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|97|{PERCENT}|||||R"
SYSTOLIC = f"OBX|3|NM|150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.1.9.1|124|{MMHG}|||||R|||20260612100958-0500"
DIASTOLIC = f"OBX|4|NM|150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.1.9.2|78|{MMHG}|||||R|||20260612100958-0500"


def message(*obx: str, msh: str = MSH, pid: str = PID, obr: str = OBR) -> bytes:
    return ("\r".join([msh, pid, PV1, obr, *obx]) + "\r").encode()


def read(raw: bytes, *, received_at: datetime = RECEIVED, zone: ZoneInfo = CHICAGO) -> Reading | Refusal:
    return read_message(raw, received_at=received_at, zone=zone)


def reading(raw: bytes, *, received_at: datetime = RECEIVED, zone: ZoneInfo = CHICAGO) -> Reading:
    result = read(raw, received_at=received_at, zone=zone)
    assert isinstance(result, Reading), result
    return result


def refusal(raw: bytes) -> Refusal:
    result = read(raw)
    assert isinstance(result, Refusal), result
    return result


def test_a_full_message_is_read() -> None:
    got = reading(
        message(
            "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||080019FFFE0000AA^MON",
            SPO2,
            SYSTOLIC,
            DIASTOLIC,
        )
    )
    assert (got.control_id, got.version, got.sender_key) == (
        "4097",
        "2.6",
        "VSP^080019FFFE000001^EUI-64|DEMO CLINIC",
    )
    assert (got.device_id, got.device_id_source) == ("080019FFFE0000AA", "OBX-18")
    assert got.location == Location(point_of_care="INFUSION", room="ROOM 2", bed="CHAIR 3", facility="DEMO")
    assert got.patient_identifiers == (
        PatientIdentifier(value="MADE-UP-1", authority="DEMO", kind="MR"),
        PatientIdentifier(value="MADE-UP-2", authority="DEMO", kind="VN"),
    )
    assert got.message_at == SENT
    assert [(one.sign, one.value, one.unit, one.observed_at) for one in got.observations] == [
        (Sign.SPO2, Decimal(97), "%", SENT),
        (Sign.SYSTOLIC, Decimal(124), "mm[Hg]", CUFF),
        (Sign.DIASTOLIC, Decimal(78), "mm[Hg]", CUFF),
    ]
    assert (got.no_signal, got.rejected, got.ignored) == ((), (), ())


def test_a_cuff_is_charted_at_its_own_older_time() -> None:
    """OBX-14 overrides OBR-7: the pressure is five and a half minutes older than the saturation beside it."""
    by_sign = {one.sign: one for one in reading(message(SPO2, SYSTOLIC)).observations}
    assert by_sign[Sign.SPO2].observed_at - by_sign[Sign.SYSTOLIC].observed_at == timedelta(
        minutes=5, seconds=30
    )


@pytest.mark.parametrize(
    ("sign", "code", "name", "unit", "value"),
    [
        (Sign.SYSTOLIC, "150021", "MDC_PRESS_BLD_NONINV_SYS", MMHG, "124"),
        (Sign.DIASTOLIC, "150022", "MDC_PRESS_BLD_NONINV_DIA", MMHG, "78"),
        (Sign.MEAN_PRESSURE, "150023", "MDC_PRESS_BLD_NONINV_MEAN", MMHG, "93"),
        (Sign.SYSTOLIC, "150301", "MDC_PRESS_CUFF_SYS", MMHG, "124"),
        (Sign.DIASTOLIC, "150302", "MDC_PRESS_CUFF_DIA", MMHG, "78"),
        (Sign.MEAN_PRESSURE, "150303", "MDC_PRESS_CUFF_MEAN", MMHG, "93"),
        (Sign.PULSE, "147842", "MDC_ECG_HEART_RATE", BPM, "72"),
        (Sign.PULSE, "149522", "MDC_PULS_RATE", BPM, "72"),
        (Sign.PULSE, "149530", "MDC_PULS_OXIM_PULS_RATE", BPM, "72"),
        (Sign.PULSE, "149546", "MDC_PULS_RATE_NON_INV", BPM, "72"),
        (Sign.SPO2, "150456", "MDC_PULS_OXIM_SAT_O2", PERCENT, "97"),
        (Sign.BREATHS, "151562", "MDC_RESP_RATE", PER_MIN, "14"),
        (Sign.BREATHS, "151570", "MDC_AWAY_RESP_RATE", PER_MIN, "14"),
        (Sign.BREATHS, "151594", "MDC_CO2_RESP_RATE", PER_MIN, "14"),
        (Sign.TEMPERATURE, "150344", "MDC_TEMP", CELSIUS, "36.8"),
        (Sign.TEMPERATURE, "188424", "MDC_TEMP_ORAL", CELSIUS, "36.8"),
        (Sign.TEMPERATURE, "150392", "MDC_TEMP_TYMP", CELSIUS, "36.8"),
        (Sign.ETCO2, "151708", "MDC_CONC_AWAY_CO2_ET", MMHG, "38"),
    ],
)
def test_every_code_of_a_sign_is_known(sign: Sign, code: str, name: str, unit: str, value: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}^{name}^MDC|1.1.1.1|{value}|{unit}|||||R"))
    assert [(one.sign, one.value, one.code) for one in got.observations] == [(sign, Decimal(value), code)]


@pytest.mark.parametrize(
    ("code", "unit", "sent", "expected"),
    [
        ("150021^^MDC", "mm[Hg]^^UCUM", "124", "124"),
        ("150021^^MDC", "266016^MDC_DIM_MMHG^MDC", "124", "124"),
        ("150021^^MDC", "266016", "124", "124"),
        ("150021^^MDC", "mm[Hg]", "124", "124"),
        # 16 x 7.50062 = 120.00992; 10.4 x 7.50062 = 78.006448
        ("150021^^MDC", "kPa^^UCUM", "16", "120.0"),
        ("150022^^MDC", "265987^MDC_DIM_KILO_PASCAL^MDC", "10.4", "78.0"),
        ("149530^^MDC", "/min^^UCUM", "72", "72"),
        ("149530^^MDC", "{beats}/min^^UCUM", "72", "72"),
        ("151562^^MDC", "{breaths}/min^^UCUM", "14", "14"),
        ("150456^^MDC", "%^^UCUM", "97", "97"),
        ("150344^^MDC", "Cel^^UCUM", "36.8", "36.8"),
    ],
)
def test_units_by_code_or_ucum(code: str, unit: str, sent: str, expected: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}|1.1.1.1|{sent}|{unit}|||||R"))
    assert [one.value for one in got.observations] == [Decimal(expected)]
    assert got.observations[0].sent_value == sent


@pytest.mark.parametrize(
    ("code", "unit", "value"),
    [
        ("150021^^MDC", "", "124"),
        ("150021^^MDC", "mmHg^^UCUM", "124"),  # not UCUM; UCUM writes mm[Hg]
        ("150021^^MDC", "cm[H2O]^^UCUM", "124"),
        ("150021^^MDC", "266016^MDC_DIM_KILO_PASCAL^MDC", "124"),  # code and name disagree
        ("150021^^MDC", "266016^^UCUM", "124"),
        ("150344^^MDC", "266560^MDC_DIM_FAHR^MDC", "98.6"),
        ("150344^^MDC", "%^^UCUM", "36.8"),
        ("149530^^MDC", PER_MIN, "72"),
        ("151562^^MDC", BPM, "14"),
        ("150456^^MDC", "1^^UCUM", "0.97"),
    ],
)
def test_an_unknown_unit_is_never_guessed(code: str, unit: str, value: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}|1.1.1.1|{value}|{unit}|||||R"))
    assert got.observations == ()
    assert [one.reason for one in got.rejected] == [RejectReason.UNIT_UNKNOWN]
    assert "OBX-6" in got.rejected[0].sentence


@pytest.mark.parametrize("sent", ["-1", "-100", "-99.9", "-999", "-1.0", "-100.00", "-999.000", "8388607"])
@pytest.mark.parametrize("code", ["150456", "149530", "150021", "151562", "150344"])
@pytest.mark.parametrize("status", ["R", "F", ""])
def test_numbers_that_mean_missing_are_no_signal(sent: str, code: str, status: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}^^MDC|1.3.1.1|{sent}|{PERCENT}|||||{status}"))
    assert got.observations == ()
    assert got.rejected == ()
    assert [one.reason for one in got.no_signal] == [NoSignalReason.MISSING_CODE]


@pytest.mark.parametrize("sent", ["0", "0.0", "000", "-0"])
@pytest.mark.parametrize("code", ["150456", "149530", "150021", "151562", "151708"])
def test_zero_is_no_signal_and_says_to_look(sent: str, code: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}^^MDC|1.3.1.1|{sent}|{PERCENT}|||||R"))
    assert got.observations == ()
    assert [one.reason for one in got.no_signal] == [NoSignalReason.ZERO]
    assert "Look at the patient" in got.no_signal[0].sentence


@pytest.mark.parametrize(
    ("value", "flags", "status", "reason"),
    [
        ("97", "", "X", NoSignalReason.NO_RESULT),
        ("", "", "X", NoSignalReason.NO_RESULT),
        ("", "NAV", "R", NoSignalReason.NO_RESULT),
        ("97", "BUSY", "R", NoSignalReason.NO_RESULT),
        ("", "INV", "X", NoSignalReason.NO_RESULT),
        ("", "", "R", NoSignalReason.BLANK),
        ('""', "", "F", NoSignalReason.BLANK),
    ],
)
def test_no_result_is_no_signal(value: str, flags: str, status: str, reason: NoSignalReason) -> None:
    got = reading(message(f"OBX|1|NM|150456^^MDC|1.3.1.1|{value}|{PERCENT}||{flags}|||{status}"))
    assert got.observations == ()
    assert [(one.reason, one.observed_at) for one in got.no_signal] == [(reason, SENT)]


@pytest.mark.parametrize(
    ("code", "unit", "value"),
    [
        ("149530^^MDC", BPM, "277"),
        ("150021^^MDC", MMHG, "40"),
        ("150344^^MDC", CELSIUS, "384.5"),
        ("150456^^MDC", PERCENT, "101"),
        ("150456^^MDC", PERCENT, "-5"),
        ("150021^^MDC", "kPa^^UCUM", "124"),  # mmHg sent as kPa
        ("150021^^MDC", MMHG, "16"),  # kPa sent as mmHg
    ],
)
def test_artefacts_are_out_of_range_and_the_sentence_gives_the_range(
    code: str, unit: str, value: str
) -> None:
    got = reading(message(f"OBX|1|NM|{code}|1.1.1.1|{value}|{unit}|||||R"))
    assert got.observations == ()
    (rejected,) = got.rejected
    assert rejected.reason is RejectReason.OUT_OF_RANGE
    within = plausible().ranges[rejected.sign]
    assert f"{within.low} to {within.high}" in rejected.sentence


@pytest.mark.parametrize(
    ("code", "unit", "value"),
    [
        ("150021^^MDC", MMHG, "50"),
        ("150021^^MDC", MMHG, "260"),
        ("150456^^MDC", PERCENT, "48"),
        ("149530^^MDC", BPM, "28"),
        ("149530^^MDC", BPM, "210"),
        ("151562^^MDC", PER_MIN, "2"),
        ("150344^^MDC", CELSIUS, "41.2"),
    ],
)
def test_values_that_a_very_ill_patient_has_are_charted(code: str, unit: str, value: str) -> None:
    got = reading(message(f"OBX|1|NM|{code}|1.1.1.1|{value}|{unit}|||||R"))
    assert [one.value for one in got.observations] == [Decimal(value)]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ("INV", RejectReason.INVALID),
        ("H~INV", RejectReason.INVALID),
        ("CAL", RejectReason.CALIBRATING),
        (">", RejectReason.OFF_SCALE),
        ("<", RejectReason.OFF_SCALE),
        ("TEST", RejectReason.TEST_DATA),
        ("N~DEMO", RejectReason.TEST_DATA),
    ],
)
def test_flagged_values_never_chart(flags: str, reason: RejectReason) -> None:
    flagged = f"OBX|1|NM|149530^^MDC|1.3.1.1|72|{BPM}||{flags}|||R"
    got = reading(message(flagged, SPO2))
    assert [one.sign for one in got.observations] == [Sign.SPO2]
    assert [one.reason for one in got.rejected] == [reason]


@pytest.mark.parametrize("flags", ["H", "LL", "QUES", "EARLY", "ALACT"])
def test_other_flags_are_kept_with_the_value(flags: str) -> None:
    got = reading(message(f"OBX|1|NM|149530^^MDC|1.3.1.1|72|{BPM}||{flags}|||R"))
    assert [one.flags for one in got.observations] == [(flags,)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("P", RejectReason.NOT_FINAL),
        ("", RejectReason.NOT_FINAL),
        ("D", RejectReason.WITHDRAWN),
        ("W", RejectReason.WITHDRAWN),
    ],
)
def test_only_raw_final_and_corrected_results_chart(status: str, reason: RejectReason) -> None:
    got = reading(message(f"OBX|1|NM|149530^^MDC|1.3.1.1|72|{BPM}|||||{status}"))
    assert [one.reason for one in got.rejected] == [reason]
    corrected = reading(message(f"OBX|1|NM|149530^^MDC|1.3.1.1|72|{BPM}|||||C"))
    assert [one.corrected for one in corrected.observations] == [True]


@pytest.mark.parametrize(
    "value", ["abc", "97~98", "97^98", "1e2", "NaN", "9,7", "+-9", "0x61", "٩٧", "9" * 30]
)
def test_a_value_that_is_not_one_plain_number_is_rejected(value: str) -> None:
    got = reading(message(f"OBX|1|NM|150456^^MDC|1.3.1.1|{value}|{PERCENT}|||||R"))
    assert [one.reason for one in got.rejected] == [RejectReason.NOT_NUMERIC]


def test_a_text_value_is_rejected_even_if_it_looks_like_a_number() -> None:
    got = reading(message(f"OBX|1|ST|150456^^MDC|1.3.1.1|97|{PERCENT}|||||R"))
    assert [one.reason for one in got.rejected] == [RejectReason.NOT_NUMERIC]


def test_the_wrong_code_for_systolic_is_not_guessed() -> None:
    """150031 with the name of the cuff's systolic pressure, as one monitor sends it."""
    got = reading(message(f"OBX|3|NM|150031^MDC_PRESS_CUFF_SYS^MDC|1.1.9.150301|142|{MMHG}|||||F", SPO2))
    assert [one.sign for one in got.observations] == [Sign.SPO2]
    assert [(one.code, one.name) for one in got.ignored] == [("150031", "MDC_PRESS_CUFF_SYS")]


def test_a_known_code_under_the_name_of_another_sign_is_rejected() -> None:
    got = reading(message(f"OBX|3|NM|150301^MDC_PRESS_CUFF_DIA^MDC|1.1.9.1|142|{MMHG}|||||F"))
    assert [one.reason for one in got.rejected] == [RejectReason.CODE_AND_NAME_DISAGREE]


@pytest.mark.parametrize("system", ["LN", "99VENDOR", ""])
def test_a_number_of_another_code_system_is_not_an_mdc_code(system: str) -> None:
    got = reading(message(f"OBX|1|NM|150456^^{system}|1.3.1.1|97|{PERCENT}|||||R"))
    assert got.observations == ()
    assert [one.code for one in got.ignored] == ["150456"]


def test_an_mdc_code_may_stand_second_beside_loinc() -> None:
    got = reading(
        message(f"OBX|1|NM|59408-5^SpO2^LN^150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.1|97|{PERCENT}|||||R")
    )
    assert [one.code for one in got.observations] == ["150456"]


def test_one_saturation_code_under_two_channels_keeps_both() -> None:
    second = f"OBX|9|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.2.150456|94|{PERCENT}|||||F"
    got = reading(message(second, SPO2))
    assert [(one.channel, one.value) for one in got.observations] == [
        ("1.3.2.150456", Decimal(94)),
        ("1.3.1.150456", Decimal(97)),
    ]
    assert latest_by_sign(got.observations)[Sign.SPO2].channel == "1.3.1.150456"


def test_crossed_pressures_are_both_rejected() -> None:
    got = reading(
        message(
            f"OBX|3|NM|150021^^MDC|1.1.9.1|78|{MMHG}|||||R",
            f"OBX|4|NM|150022^^MDC|1.1.9.2|124|{MMHG}|||||R",
            f"OBX|5|NM|150023^^MDC|1.1.9.3|93|{MMHG}|||||R",
        )
    )
    assert [one.sign for one in got.observations] == [Sign.MEAN_PRESSURE]
    assert {(one.sign, one.reason) for one in got.rejected} == {
        (Sign.SYSTOLIC, RejectReason.PRESSURES_DISAGREE),
        (Sign.DIASTOLIC, RejectReason.PRESSURES_DISAGREE),
    }


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


def test_blank_set_ids_patient_and_flags_in_version_2_4() -> None:
    """A 2.4 monitor: no zone in any time, PID-3 with a type but no number, blank OBX-1, no saturation."""
    raw = "\r".join(
        [
            r"MSH|^~\&|XH^00A037000B000001^EUI-64||||20260612101528||ORU^R01^ORU_R01|41|P|2.4|||AL|NE",
            "PID|||^^^^PI||^^^^^^L|||||",
            "PV1||I|^^^",
            "OBR|1|41^XH|41^XH|182777000^monitoring of patient^SCT|||20260612101528",
            f"OBX||NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.150456|-999|{PERCENT}||||||||20260612101528",
            f"OBX||NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|71|{BPM}|||||F|||20260612101528",
        ]
    )
    got = reading(raw.encode())
    assert (got.version, got.patient_identifiers, got.location) == ("2.4", (), None)
    assert (got.device_id, got.device_id_source) == ("00A037000B000001", "MSH-3")
    assert [(one.sign, one.observed_at) for one in got.observations] == [(Sign.PULSE, SENT)]
    assert [one.sign for one in got.no_signal] == [Sign.SPO2]


def test_the_device_may_be_named_in_prt() -> None:
    got = reading(
        message(SPO2, "PRT|1|UC||EQUIP^Equipment^HL70912||||||0000000000000001^^0000000000000001^EUI-64")
    )
    assert (got.device_id, got.device_id_source) == ("0000000000000001", "PRT-10")


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
def test_line_endings(ending: str) -> None:
    assert len(reading(ending.join([MSH, PID, PV1, OBR, SPO2]).encode()).observations) == 1


@pytest.mark.parametrize(
    ("raw", "reason", "code"),
    [
        (b"", RefusalReason.MALFORMED, "AR"),
        (b"hello", RefusalReason.MALFORMED, "AR"),
        (b"MSH", RefusalReason.MALFORMED, "AR"),
        (b"MSH|", RefusalReason.MALFORMED, "AR"),
        (message(SPO2, msh=MSH.replace(r"^~\&", "#~$%")), RefusalReason.MALFORMED, "AR"),
        (message(SPO2, MSH), RefusalReason.MALFORMED, "AR"),
        (message(SPO2).replace(b"EXAMPLE", b"EXA\x00MPLE"), RefusalReason.MALFORMED, "AR"),
        (message(SPO2).replace(b"EXAMPLE", b"\xff\xfe"), RefusalReason.MALFORMED, "AR"),
        (message(SPO2, msh=MSH.replace("ORU^R01", "ADT^A01")), RefusalReason.NOT_ORU_R01, "AR"),
        (message(SPO2, msh=MSH.replace("ORU^R01", "ORU^W01")), RefusalReason.NOT_ORU_R01, "AR"),
        (message(SPO2, msh=MSH.replace("|2.6|", "|2.2|")), RefusalReason.VERSION_UNSUPPORTED, "AR"),
        (message(SPO2, msh=MSH.replace("|4097|", "||")), RefusalReason.CONTROL_ID_MISSING, "AR"),
        (message(SPO2, msh=MSH.replace("|4097|", f"|{'7' * 200}|")), RefusalReason.CONTROL_ID_MISSING, "AR"),
        (message(SPO2, msh=MSH.replace(SENDER, "|")), RefusalReason.SENDER_MISSING, "AR"),
        (message(SPO2, msh=MSH.replace("|P|", "|T|")), RefusalReason.NOT_PRODUCTION, "AR"),
        (message(SPO2, msh=MSH.replace("|P|", "|D|")), RefusalReason.NOT_PRODUCTION, "AR"),
        (message(), RefusalReason.NO_OBSERVATIONS, "AE"),
        (message("OBX|1||69965^MDC_DEV^MDC|1.0.0.0|||||||X"), RefusalReason.NO_OBSERVATIONS, "AE"),
        (message(SPO2.replace("|||||R", "||DEMO|||R")), RefusalReason.ALL_TEST, "AE"),
        (message(SPO2 + "|" * MESSAGE_BYTES), RefusalReason.TOO_LARGE, "AR"),
    ],
)  # fmt: skip
def test_refused_whole_with_a_sentence_and_the_right_answer(
    raw: bytes, reason: RefusalReason, code: str
) -> None:
    refused = refusal(raw)
    assert (refused.reason, refused.acknowledgment) == (reason, code)
    assert refused.sentence.endswith(".")
    answer = acknowledge(
        raw, refused.acknowledgment, at=RECEIVED, text=refused.sentence, reason=refused.reason
    )
    told = read_acknowledgment(answer)
    assert told is not None
    assert (told.code, told.control_id) == (code, refused.control_id)
    assert b"EXAMPLE" not in answer
    assert b"MADE-UP" not in answer


def test_latin_1_is_read_where_the_header_names_it() -> None:
    raw = message(SPO2, msh=MSH.replace("UNICODE UTF-8", "8859/1"), pid="PID|||MADE-ÜP^^^DEMO^MR")
    latin = raw.decode().encode("iso-8859-1")
    assert reading(latin).patient_identifiers[0].value == "MADE-ÜP"


def test_separators_in_an_identifier_come_unescaped() -> None:
    got = reading(message(SPO2, pid=r"PID|||A\T\B\F\C^^^DEMO^MR"))
    assert got.patient_identifiers[0].value == "A&B|C"


def test_a_message_sent_again_is_recognized_and_a_counter_that_restarts_is_not_taken_for_one() -> None:
    first = reading(message(SPO2))
    renewed = MSH.replace("20260612101528-0500", "20260612101540-0500")
    again = reading(message(SPO2, msh=renewed))
    assert (again.sender_key, again.control_id, again.content_digest) == (
        first.sender_key,
        first.control_id,
        first.content_digest,
    )
    other = reading(message(SPO2.replace("|97|", "|96|")))
    assert other.control_id == first.control_id
    assert other.content_digest != first.content_digest


def test_acceptance_echoes_the_control_id_and_turns_the_header_round() -> None:
    addressed = MSH.replace("DEMO CLINIC|||", "DEMO CLINIC|CHARTING|CLINIC|")
    answer = acknowledge(message(SPO2, msh=addressed), "AA", at=RECEIVED).decode()
    msh, msa, end = answer.split("\r")
    fields = msh.split("|")
    assert fields[2:4] == ["CHARTING", "CLINIC"]
    assert fields[4:6] == ["VSP^080019FFFE000001^EUI-64", "DEMO CLINIC"]
    assert fields[8] == "ACK^R01^ACK"
    assert fields[10:12] == ["P", "2.6"]
    assert (msa, end) == ("MSA|AA|4097", "")


def test_a_2_4_sender_finds_the_sentence_in_msa() -> None:
    raw = message(SPO2, msh=MSH.replace("|2.6|", "|2.4|"))
    answer = acknowledge(raw, "AE", at=RECEIVED, text="A | sentence.", reason=RefusalReason.NO_OBSERVATIONS)
    assert answer.decode().split("\r")[1] == r"MSA|AE|4097|A \F\ sentence."
    assert b"ERR" not in answer


def test_latest_by_sign_does_not_depend_on_the_order() -> None:
    def pulse(
        code: str, value: int, seconds: int = 0, channel: str = "1.3.1.1", *flags: str
    ) -> DeviceObservation:
        return DeviceObservation(
            sign=Sign.PULSE,
            value=Decimal(value),
            unit="/min",
            observed_at=SENT + timedelta(seconds=seconds),
            channel=channel,
            code=code,
            flags=flags,
            corrected=False,
            sent_value=str(value),
            sent_unit="264864",
            device_id="made-up",
        )

    ranked = [
        pulse("149546", 70, 5),  # the latest wins, even from a cuff
        pulse("147842", 71),  # then the electrocardiogram
        pulse("149530", 72, 0, "1.3.2.1"),  # then the lower channel, by number and not by text
        pulse("149530", 73, 0, "1.3.10.1"),
        pulse("147842", 74, 0, "1.3.1.1", "QUES"),  # a questionable value comes last
    ]
    for start in range(len(ranked)):
        left = ranked[start:]
        assert latest_by_sign(left) == {Sign.PULSE: ranked[start]}
        assert latest_by_sign(reversed(left)) == {Sign.PULSE: ranked[start]}


@pytest.mark.parametrize("version", ["2.4", "2.6"])
@pytest.mark.parametrize("units", ["MDC", "UCUM"])
@pytest.mark.parametrize("cuff_codes", [False, True])
@pytest.mark.parametrize("pulse_source", ["electrocardiogram", "oximeter", "cuff", "unnamed"])
@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("patient_id", ["", "MADE-UP-9"])
def test_what_the_simulated_monitor_writes_is_what_is_read(
    version: str, units: str, cuff_codes: bool, pulse_source: str, offsets: bool, patient_id: str
) -> None:
    monitor = Monitor(
        device_id="00A0000000000001",
        zone=CHICAGO,
        bed="CHAIR 3",
        version=version,  # type: ignore[arg-type]
        units=units,  # type: ignore[arg-type]
        cuff_codes=cuff_codes,
        pulse_source=pulse_source,  # type: ignore[arg-type]
        offsets=offsets,
        set_ids=offsets,
    )
    sent = {
        Sign.SYSTOLIC: Decimal(131),
        Sign.DIASTOLIC: Decimal(84),
        Sign.MEAN_PRESSURE: Decimal(100),
        Sign.PULSE: Decimal(88),
        Sign.SPO2: Decimal(97),
        Sign.BREATHS: Decimal(13),
        Sign.TEMPERATURE: Decimal("36.7"),
        Sign.ETCO2: Decimal(37),
    }
    cuff = {Sign.SYSTOLIC, Sign.DIASTOLIC, Sign.MEAN_PRESSURE}
    raw = compose(
        monitor,
        [Sample(sign=sign, value=sent[sign], observed_at=CUFF if sign in cuff else None) for sign in sent],
        control_id="SIM-1",
        sent_at=SENT,
        patient_id=patient_id,
    )
    got = reading(raw)
    assert {one.sign: (one.value, one.observed_at) for one in got.observations} == {
        sign: (sent[sign], CUFF if sign in cuff else SENT) for sign in sent
    }
    assert (got.control_id, got.version, got.device_id) == ("SIM-1", version, "00A0000000000001")
    assert [one.value for one in got.patient_identifiers] == ([patient_id] if patient_id else [])
    assert got.location == Location(point_of_care="INFUSION", room="", bed="CHAIR 3", facility="")
    assert (got.no_signal, got.rejected, got.ignored) == ((), (), ())


def test_the_simulated_monitor_can_send_what_must_not_chart() -> None:
    monitor = Monitor(device_id="00A0000000000001", zone=CHICAGO)
    got = reading(
        compose(
            monitor,
            [
                Sample(sign=Sign.SPO2, value="-100"),
                Sample(sign=Sign.SPO2, value=Decimal(97), channel=2, flags=("INV",)),
                Sample(sign=Sign.PULSE, value=Decimal(277)),
                Sample(sign=Sign.BREATHS, value=Decimal(14), status="X"),
            ],
            control_id="SIM-2",
            sent_at=SENT,
        )
    )
    assert got.observations == ()
    assert {one.sign for one in got.no_signal} == {Sign.SPO2, Sign.BREATHS}
    assert {one.reason for one in got.rejected} == {RejectReason.INVALID, RejectReason.OUT_OF_RANGE}
    training = compose(
        monitor, [Sample(sign=Sign.SPO2, value="97")], control_id="1", sent_at=SENT, processing="T"
    )
    assert refusal(training).reason is RefusalReason.NOT_PRODUCTION
