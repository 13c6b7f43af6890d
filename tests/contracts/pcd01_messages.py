"""A message of a bedside monitor to begin from, and the ways to read one. Everything in it is made up.

The shapes (which fields are blank, which codes and flags come, how times are written) follow IHE PCD-01 and
messages of monitors in the field.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import (
    Reading,
    Refusal,
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
