"""Values in monitors' messages: codes, units, flags, and what stands for nothing.

The quirks tested are the ones that messages of real monitors were found to have. Every number is made up.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.plausible import plausible
from evenkeel.devices.reading import (
    DeviceObservation,
    Location,
    NoSignalReason,
    PatientIdentifier,
    RejectReason,
    latest_by_sign,
)
from tests.contracts.pcd01_messages import (
    BPM,
    CELSIUS,
    CUFF,
    DIASTOLIC,
    MMHG,
    PER_MIN,
    PERCENT,
    SENT,
    SPO2,
    SYSTOLIC,
    message,
    reading,
)


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
