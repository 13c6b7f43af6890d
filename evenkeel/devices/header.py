"""The MSH segment, read leniently: an answer must name even a message that cannot be read."""

import hashlib

from evenkeel.values.shape import frozen

# HL7 v2.6 gives MSH-10 twenty characters; 2.7 and the IHE device profiles 199.
CONTROL_ID_CHARACTERS = 199
FIELD_CHARACTERS = 250


@frozen
class Header:
    """Fields of MSH as sent, escapes and all. A field that is too long or not printable reads as blank."""

    application: str
    facility: str
    receiving_application: str
    receiving_facility: str
    sent: str
    message_type: str
    control_id: str
    processing: str
    version: str
    character_set: str

    @property
    def sender_key(self) -> str:
        """Names the sending system: MSH-3 and MSH-4 as sent. Blank when both are."""
        return f"{self.application}|{self.facility}" if self.application or self.facility else ""


def read_header(raw: bytes) -> Header | None:
    """Read MSH from the start of a message, or None where there is none. Never raises."""
    first = raw.lstrip()[:8192].replace(b"\n", b"\r").split(b"\r", 1)[0]
    if not first.startswith(b"MSH|"):
        return None
    fields = first.decode("utf-8", "replace").split("|")

    def field(number: int) -> str:
        # MSH-1 is the separator itself, so MSH-n is the n-1st piece.
        text = fields[number - 1].strip() if number <= len(fields) else ""
        return text if text.isprintable() and "\ufffd" not in text and len(text) <= FIELD_CHARACTERS else ""

    control_id = field(10)
    return Header(
        application=field(3),
        facility=field(4),
        receiving_application=field(5),
        receiving_facility=field(6),
        sent=field(7),
        message_type=field(9),
        control_id=control_id if len(control_id) <= CONTROL_ID_CHARACTERS else "",
        processing=field(11),
        version=field(12),
        character_set=field(18),
    )


def content_digest(raw: bytes) -> str:
    """SHA-256 of what follows MSH, in hex: equal for a message sent again with a new sending time."""
    body = raw.strip().replace(b"\r\n", b"\r").replace(b"\n", b"\r").partition(b"\r")[2]
    return hashlib.sha256(body).hexdigest()
