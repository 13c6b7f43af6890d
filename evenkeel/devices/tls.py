"""TLS for the monitors' socket: who is let in, and the name that a client's certificate bears.

What is offered follows BCP 195 (RFC 9325, 2022), which IHE's Authenticate Node transaction (ITI TF-2 3.19)
asks for in its option "STX: TLS 1.2 Floor using BCP195": TLS 1.2 or later and, within 1.2, ephemeral keys and
authenticated encryption alone (RFC 9325, 4.2). No compression and no renegotiation (3.3, 3.5).
"""

import ssl
from pathlib import Path
from typing import Any, Final

# In OpenSSL's words; what TLS 1.3 offers is chosen apart from these, and all of it qualifies.
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


def server_context(certificate: Path, key: Path, *, client_authority: Path | None) -> ssl.SSLContext:
    """Make the listener's context from PEM files. With an authority, only clients that it signed are let in.

    Raises OSError where a file cannot be read or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # A key with a passphrase is refused; OpenSSL would otherwise ask for it on the terminal.
    context.load_cert_chain(certificate, key, password="")
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def certificate_name(connection: ssl.SSLObject) -> str | None:
    """Return the common name in the subject of the client's certificate, or None where it showed none.

    A certificate has been verified before this can read it.
    """
    certificate: Any = connection.getpeercert() or {}
    subject = [pair for part in certificate.get("subject", ()) for pair in part]
    return next((str(value) for kind, value in subject if kind == "commonName"), None)


def refusal_of(error: BaseException) -> str:
    """Say in OpenSSL's own words why a handshake failed; nothing of what the client sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).replace("_", " ").lower()
    return "the connection ended or took too long"
