"""The socket on which monitors are heard: encrypted where it can be reached from another machine."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from evenkeel.devices import mllp, tls
from evenkeel.journey import monitors
from evenkeel.web.pages import now

# No page waits for monitors, and they do not wait for each other on many threads, which takes longer: one
# thread takes in over 90 messages a second, and 50 chairs send 10 (docs/evidence/chairside.md).
_thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evenkeel-monitors")


class UnsafeSocket(Exception):
    """The monitors' socket would be open to anybody, or its certificate cannot be used."""


def require_safe_socket() -> ssl.SSLContext | None:
    """Return what to encrypt the socket with, or None where it is plain and may be.

    Raises UnsafeSocket: measurements that anybody on a network could send are nothing to chart.
    """
    certificate, key = settings.MLLP_CERTIFICATE, settings.MLLP_KEY
    authority: Path | None = settings.MLLP_CLIENT_AUTHORITY
    if certificate is None and key is None:
        if authority is not None:
            raise UnsafeSocket(
                "EVENKEEL_MLLP_CLIENT_AUTHORITY is set without EVENKEEL_MLLP_CERTIFICATE and "
                "EVENKEEL_MLLP_KEY: clients' certificates are read only over TLS."
            )
        if not _is_loopback(settings.MLLP_HOST) and not settings.MLLP_PLAIN:
            raise UnsafeSocket(
                f"EVENKEEL_MLLP_HOST is {settings.MLLP_HOST}, where other machines can send measurements, "
                "unencrypted and unproved. Set EVENKEEL_MLLP_CERTIFICATE, EVENKEEL_MLLP_KEY and "
                "EVENKEEL_MLLP_CLIENT_AUTHORITY; or EVENKEEL_MLLP_PLAIN=1 where nobody but monitors is on "
                "that network."
            )
        return None
    if certificate is None or key is None:
        raise UnsafeSocket("EVENKEEL_MLLP_CERTIFICATE and EVENKEEL_MLLP_KEY are set together or not at all.")
    try:
        return tls.server_context(certificate, key, client_authority=authority)
    except OSError as unusable:
        raise UnsafeSocket(
            "The files in EVENKEEL_MLLP_CERTIFICATE, EVENKEEL_MLLP_KEY or EVENKEEL_MLLP_CLIENT_AUTHORITY "
            f"cannot be used: {unusable.strerror or unusable}."
        ) from unusable


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _take_in(raw: bytes, certificate_name: str | None) -> bytes:
    close_old_connections()
    try:
        return monitors.receive(raw, received_at=now(), certificate_name=certificate_name)
    finally:
        close_old_connections()


async def _receive_from(raw: bytes, certificate_name: str | None) -> bytes:
    """Take one message in after the other on their own thread; answer after the commit."""
    take_in = sync_to_async(_take_in, thread_sensitive=False, executor=_thread)
    return await take_in(raw, certificate_name)


async def _receive(raw: bytes) -> bytes:
    return await _receive_from(raw, None)


async def open_listener() -> mllp.Listener:
    """Start to listen for monitors. Raises UnsafeSocket, and OSError where the address cannot be had."""
    context = require_safe_socket()
    if context is None:
        return await mllp.serve(settings.MLLP_HOST, settings.MLLP_PORT, _receive)
    return await mllp.serve_encrypted(settings.MLLP_HOST, settings.MLLP_PORT, _receive_from, context)
