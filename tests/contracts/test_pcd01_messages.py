"""Whole messages: header, device, patient and endings, what is refused, and the answer."""

import pytest

from evenkeel.devices.acknowledge import acknowledge, read_acknowledgment
from evenkeel.devices.nomenclature import Sign
from evenkeel.devices.pcd01 import MESSAGE_BYTES
from evenkeel.devices.reading import (
    RefusalReason,
)
from tests.contracts.pcd01_messages import (
    BPM,
    MSH,
    OBR,
    PERCENT,
    PID,
    PV1,
    RECEIVED,
    SENDER,
    SENT,
    SPO2,
    message,
    reading,
    refusal,
)


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
