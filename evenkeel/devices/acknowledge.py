"""HL7 acknowledgments, original mode: `ACK^R01` with the answer (AA, AE, AR) to one message.

An answer echoes the sender's own header fields and one of our sentences, and nothing else of the message, so
it carries no patient data.
"""

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from evenkeel.devices.header import Header, read_header
from evenkeel.devices.moments import write_moment
from evenkeel.devices.pcd01 import VERSIONS
from evenkeel.devices.reading import AckCode, RefusalReason
from evenkeel.values.shape import frozen

# HL7 table 0357, message error condition codes.
ERROR_CODES: dict[RefusalReason, str] = {
    RefusalReason.TOO_LARGE: "207^Application internal error^HL70357",
    RefusalReason.MALFORMED: "100^Segment sequence error^HL70357",
    RefusalReason.NOT_ORU_R01: "200^Unsupported message type^HL70357",
    RefusalReason.VERSION_UNSUPPORTED: "203^Unsupported version id^HL70357",
    RefusalReason.CONTROL_ID_MISSING: "101^Required field missing^HL70357",
    RefusalReason.SENDER_MISSING: "101^Required field missing^HL70357",
    RefusalReason.NOT_PRODUCTION: "202^Unsupported processing id^HL70357",
    RefusalReason.NO_OBSERVATIONS: "101^Required field missing^HL70357",
    RefusalReason.ALL_TEST: "207^Application internal error^HL70357",
}
_OTHER_ERROR = "207^Application internal error^HL70357"

_UTC = ZoneInfo("UTC")
_BLANK = Header(
    application="",
    facility="",
    receiving_application="",
    receiving_facility="",
    sent="",
    message_type="",
    control_id="",
    processing="",
    version="",
    character_set="",
)


@frozen
class Acknowledgment:
    """An answer as the sender reads it: MSA-1, MSA-2 and what text came along (MSA-3, or ERR-8)."""

    code: str
    control_id: str
    text: str


def acknowledge(
    raw: bytes, code: AckCode, *, at: datetime, text: str = "", reason: RefusalReason | None = None
) -> bytes:
    """Build the unframed answer to `raw`, which may be anything; unreadable header fields are left blank.

    `at` is aware. `text` must hold no patient data: the sentence of a `Refusal` qualifies, that of a
    `Rejected` observation does not. The same message answered at the same moment gets the same bytes.
    """
    header = read_header(raw) or _BLANK
    sent_version = header.version.split("^")[0]
    version = sent_version if sent_version in VERSIONS else "2.6"
    processing = header.processing if header.processing in ("P", "T", "D") else "P"
    own_id = hashlib.sha256(raw + at.astimezone(UTC).isoformat().encode()).hexdigest()[:20].upper()
    segments = [
        "|".join(
            (
                "MSH",
                "^~\\&",
                header.receiving_application or "EVENKEEL",
                header.receiving_facility,
                header.application,
                header.facility,
                write_moment(at, _UTC, with_offset=True),
                "",
                "ACK^R01^ACK",
                own_id,
                processing,
                version,
                *([""] * 5),
                "UNICODE UTF-8",
            )
        ),
        # MSA-3 is where versions before 2.5 look; later ones read ERR.
        f"MSA|{code}|{header.control_id}" + (f"|{_escape(text)}" if text else ""),
    ]
    if code != "AA" and version != "2.4":
        error = ERROR_CODES[reason] if reason is not None else _OTHER_ERROR
        segments.append(f"ERR|||{error}|E||||{_escape(text)}")
    return ("\r".join(segments) + "\r").encode()


def read_acknowledgment(raw: bytes) -> Acknowledgment | None:
    """Read an answer as a sender does, or None if it is none."""
    lines = raw.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    fields = {line[:3]: [*line.split("|"), *([""] * 9)] for line in reversed(lines)}
    if "MSH" not in fields or "MSA" not in fields:
        return None
    msa = fields["MSA"]
    text = msa[3] or (fields["ERR"][8] if "ERR" in fields else "")
    return Acknowledgment(code=msa[1], control_id=msa[2], text=text)


def _escape(text: str) -> str:
    for sign, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(sign, f"\\{name}\\")
    return " ".join(text.split())
