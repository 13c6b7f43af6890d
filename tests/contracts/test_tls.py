"""The monitors' socket over TLS, with real sockets and certificates made for the test."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from evenkeel.config.monitor_socket import UnsafeSocket, require_safe_socket
from evenkeel.devices.acknowledge import Acknowledgment, acknowledge
from evenkeel.devices.header import read_header
from evenkeel.devices.mllp import Limits, Listener, NoAcknowledgmentError, Sender, framed, serve_encrypted
from evenkeel.devices.tls import server_context
from tests.contracts.certificates import Authority

AT = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
# Long enough for a loaded machine, short enough that a hang shows.
PATIENCE_SECONDS = 30
SECRET = "DOE^JANE^^^"


def message(control_id: str, padding: int = 0) -> bytes:
    header = f"MSH|^~\\&|MADE UP|DEMO|||20260612101530-0500||ORU^R01^ORU_R01|{control_id}|P|2.6"
    return f"{header}\rPID|||1||{SECRET}\rNTE|1||{'x' * padding}\r".encode()


class Clinic:
    """Stands for the clinic's store: which message came under which certificate's name."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str | None]] = []

    async def receive(self, raw: bytes, name: str | None) -> bytes:
        header = read_header(raw)
        assert header is not None
        self.taken.append((header.control_id, name))
        return acknowledge(raw, "AA", at=AT)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The clinic's own authority."""
    return Authority(tmp_path, "clinic-authority")


Scene = Callable[[Listener], Awaitable[None]]


def run(authority: Authority, scene: Scene, *, asks_clients: bool = True) -> Clinic:
    """Play a scene against an encrypted listener, which must still serve a good monitor afterwards."""

    async def play() -> Clinic:
        clinic = Clinic()
        context = server_context(
            *authority.issue("evenkeel", is_server=True),
            client_authority=authority.file if asks_clients else None,
        )
        limits = Limits(handshake_seconds=2)
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with await serve_encrypted("127.0.0.1", 0, clinic.receive, context, limits) as listener:
                await scene(listener)
                told = await sent(listener, authority.client("STILL-HERE"), "still here")
                assert told.code == "AA"
        assert clinic.taken.pop()[0] == "still here"
        return clinic

    return asyncio.run(play())


async def sent(
    listener: Listener, context: ssl.SSLContext | None, control_id: str, padding: int = 0
) -> Acknowledgment:
    """Send one message as a monitor that tries twice."""
    async with Sender(
        "localhost", listener.port, attempts=2, answer_seconds=5, pause_seconds=0.01, tls=context
    ) as monitor:
        return await monitor.send(message(control_id, padding))


def turned_away(authority: Authority, context: ssl.SSLContext | None) -> Clinic:
    """Let somebody try who must not get in."""

    async def scene(listener: Listener) -> None:
        with pytest.raises(NoAcknowledgmentError):
            await sent(listener, context, "never")

    return run(authority, scene)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_monitor_with_a_certificate_is_heard_under_its_name(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    context = authority.client("MON-1")
    context.minimum_version = context.maximum_version = version

    async def scene(listener: Listener) -> None:
        assert (await sent(listener, context, "1")).code == "AA"

    assert run(authority, scene).taken == [("1", "MON-1")]


def test_a_long_message_and_many_on_one_connection_pass(authority: Authority) -> None:
    async def scene(listener: Listener) -> None:
        async with Sender("localhost", listener.port, tls=authority.client("MON-1")) as monitor:
            for number in range(20):
                assert (await monitor.send(message(str(number), padding=60_000))).code == "AA"

    assert [control_id for control_id, _ in run(authority, scene).taken] == [str(n) for n in range(20)]


def test_bytes_that_arrive_before_the_listener_looks_are_not_lost(authority: Authority) -> None:
    # Given a hundred monitors that begin their handshakes at once
    async def scene(listener: Listener) -> None:
        context = authority.client("MON-1")
        answers = await asyncio.gather(*(sent(listener, context, str(n)) for n in range(100)))
        assert {each.code for each in answers} == {"AA"}

    assert len(run(authority, scene).taken) == 100


def test_without_an_authority_the_socket_is_encrypted_and_nobody_has_a_name(authority: Authority) -> None:
    async def scene(listener: Listener) -> None:
        assert (await sent(listener, authority.client(None), "1")).code == "AA"

    assert run(authority, scene, asks_clients=False).taken == [("1", None)]


def test_a_monitor_without_a_certificate_is_turned_away(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "evenkeel.devices"):
        assert turned_away(authority, authority.client(None)).taken == []
    assert "peer did not return a certificate" in caplog.text
    assert SECRET not in caplog.text


def test_a_certificate_of_another_authority_is_turned_away(
    authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # One with the very same name, which anybody can make.
    (tmp_path / "theirs").mkdir()
    other = Authority(tmp_path / "theirs", "clinic-authority")
    with caplog.at_level(logging.INFO, "evenkeel.devices"):
        assert turned_away(authority, authority.client("MON-1", signed_by=other)).taken == []
    assert "refused in the TLS handshake" in caplog.text


def test_an_expired_certificate_is_turned_away(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "evenkeel.devices"):
        assert turned_away(authority, authority.client("MON-1", is_expired=True)).taken == []
    assert "certificate has expired" in caplog.text


def test_a_certificate_for_servers_is_not_one_for_monitors(authority: Authority) -> None:
    assert turned_away(authority, authority.client("MON-1", is_server=True)).taken == []


def test_plain_text_is_turned_away_and_nothing_of_it_is_logged(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert turned_away(authority, None).taken == []
    assert "refused in the TLS handshake" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_older_tls_is_turned_away(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    context = authority.client("MON-1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with caplog.at_level(logging.INFO, "evenkeel.devices"):
        assert turned_away(authority, context).taken == []
    assert "unsupported protocol" in caplog.text


def test_a_cipher_without_authenticated_encryption_is_turned_away(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    context = authority.client("MON-1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256:AES256-SHA")
    with caplog.at_level(logging.INFO, "evenkeel.devices"):
        assert turned_away(authority, context).taken == []
    assert "no shared cipher" in caplog.text


def test_a_client_that_never_speaks_does_not_stay(authority: Authority) -> None:
    async def scene(listener: Listener) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        assert await reader.read(1) == b""
        writer.close()

    run(authority, scene)


def test_a_connection_that_is_cut_within_a_message_takes_nobody_along(authority: Authority) -> None:
    async def scene(listener: Listener) -> None:
        _, writer = await asyncio.open_connection("localhost", listener.port, ssl=authority.client("MON-1"))
        writer.write(framed(message("1"))[:-10])
        await writer.drain()
        writer.transport.abort()

    assert run(authority, scene).taken == []


def test_a_plain_socket_that_others_reach_needs_to_be_wanted(settings: Settings) -> None:
    settings.MLLP_CERTIFICATE = settings.MLLP_KEY = settings.MLLP_CLIENT_AUTHORITY = None
    for host in ("10.20.0.5", "0.0.0.0", "::", "clinic.example"):
        settings.MLLP_HOST, settings.MLLP_PLAIN = host, False
        with pytest.raises(UnsafeSocket, match="EVENKEEL_MLLP_PLAIN=1"):
            require_safe_socket()
        settings.MLLP_PLAIN = True
        assert require_safe_socket() is None
    settings.MLLP_PLAIN = False
    for host in ("127.0.0.1", "::1", "localhost"):
        settings.MLLP_HOST = host
        assert require_safe_socket() is None


def test_half_a_setting_does_not_start(authority: Authority, settings: Settings, tmp_path: Path) -> None:
    certificate, key = authority.issue("evenkeel", is_server=True)
    settings.MLLP_CERTIFICATE, settings.MLLP_KEY, settings.MLLP_CLIENT_AUTHORITY = certificate, None, None
    with pytest.raises(UnsafeSocket, match="together or not at all"):
        require_safe_socket()
    settings.MLLP_CERTIFICATE, settings.MLLP_CLIENT_AUTHORITY = None, authority.file
    with pytest.raises(UnsafeSocket, match="only over TLS"):
        require_safe_socket()
    settings.MLLP_CERTIFICATE, settings.MLLP_KEY = certificate, tmp_path / "nowhere.key"
    with pytest.raises(UnsafeSocket, match="cannot be used"):
        require_safe_socket()
    settings.MLLP_KEY, settings.MLLP_HOST = key, "10.20.0.5"
    context = require_safe_socket()
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
