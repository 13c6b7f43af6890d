"""The listener and the sender over real TCP sockets on this machine."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from evenkeel.devices.acknowledge import acknowledge, read_acknowledgment
from evenkeel.devices.header import read_header
from evenkeel.devices.mllp import Limits, Listener, NoAcknowledgmentError, Sender, framed, serve
from evenkeel.devices.pcd01 import MESSAGE_BYTES

AT = datetime(2026, 6, 12, 15, 15, 30, tzinfo=UTC)
# Long enough for a loaded machine, short enough that a hang shows.
PATIENCE_SECONDS = 20


def message(control_id: str, padding: int = 0) -> bytes:
    header = f"MSH|^~\\&|MADE UP|DEMO|||20260612101530-0500||ORU^R01^ORU_R01|{control_id}|P|2.6"
    return f"{header}\rNTE|1||{'x' * padding}\r".encode()


class Clinic:
    """Stands for the clinic's store: keeps what it commits and answers after that."""

    def __init__(self) -> None:
        self.committed: list[str] = []
        self.sizes: list[int] = []
        self.hold: asyncio.Event | None = None
        self.entered = asyncio.Event()
        self.failures = 0

    async def receive(self, raw: bytes) -> bytes:
        self.entered.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the disk is full")
        header = read_header(raw)
        self.committed.append(header.control_id if header is not None else "")
        self.sizes.append(len(raw))
        return acknowledge(raw, "AR" if len(raw) > MESSAGE_BYTES or header is None else "AA", at=AT)


class Client:
    """A bare socket, so that a test decides every byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, listener: Listener) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", listener.port))

    async def push(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[str, str]:
        raw = await self.reader.readuntil(b"\x1c\r")
        assert raw.startswith(b"\x0b")
        told = read_acknowledgment(raw[1:-2])
        assert told is not None
        return told.code, told.control_id

    async def pushed_out(self, data: bytes, *, every_seconds: float) -> bool:
        """Send the same bytes again and again until the listener lets go of this connection."""
        try:
            while True:
                await self.push(data)
                await asyncio.sleep(every_seconds)
        except ConnectionError:
            return True

    async def ended(self) -> bool:
        """Wait until the listener lets go of this connection."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True


async def emptied(listener: Listener) -> None:
    """Wait until the listener has noticed that its clients are gone."""
    while listener.connections:  # noqa: ASYNC110 - the listener tells nobody, and need not
        await asyncio.sleep(0.01)


def run(
    scene: Callable[[Listener, Clinic], Awaitable[None]], limits: Limits | None = None, failures: int = 0
) -> Clinic:
    """Play a scene against a listener on a free port, which must still serve when the scene is over."""

    async def play() -> Clinic:
        clinic = Clinic()
        clinic.failures = failures
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with await serve("127.0.0.1", 0, clinic.receive, limits) as listener:
                await scene(listener, clinic)
                probe = await Client.connect(listener)
                await probe.push(framed(message("still here")))
                assert await probe.answer() == ("AA", "still here")
        assert clinic.committed.pop() == "still here"
        return clinic

    return asyncio.run(play())


def test_a_frame_split_into_single_bytes() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        for byte in framed(message("1")):
            await client.push(bytes([byte]))
        assert await client.answer() == ("AA", "1")

    assert run(scene).committed == ["1"]


def test_two_messages_in_one_packet_are_answered_in_order() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("1")) + framed(message("2")))
        assert [await client.answer(), await client.answer()] == [("AA", "1"), ("AA", "2")]

    assert run(scene).committed == ["1", "2"]


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\xff\x1c\r\x1c", b"\r\n", b"MSH|^~\\&|lost"]
)
def test_stray_bytes_before_the_start_block_cost_nothing(noise: bytes) -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(noise + framed(message("1")) + noise + framed(message("2")))
        assert [await client.answer(), await client.answer()] == [("AA", "1"), ("AA", "2")]

    assert run(scene).committed == ["1", "2"]


def test_bytes_that_are_no_message_are_answered_and_the_connection_stays() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(b"\x00\xff not a message"))
        assert await client.answer() == ("AR", "")
        await client.push(framed(message("1")))
        assert await client.answer() == ("AA", "1")

    assert run(scene).committed == ["", "1"]


def test_a_message_cut_off_and_begun_again_counts_once() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("1"))[:40])
        await client.push(framed(message("1")))
        assert await client.answer() == ("AA", "1")

    assert run(scene).committed == ["1"]


def test_an_end_block_without_its_carriage_return_ends_the_message() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(b"\x0b" + message("1") + b"\x1c")
        assert await client.answer() == ("AA", "1")

    assert run(scene).committed == ["1"]


def test_an_oversize_message_is_answered_then_the_connection_closed() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("big", padding=3 * MESSAGE_BYTES)) + framed(message("after")))
        assert await client.answer() == ("AR", "big")
        client.writer.write_eof()
        assert await client.ended()

    clinic = run(scene)
    assert clinic.committed == ["big"]
    # What reaches the clinic is over the limit, so that it cannot be taken for a whole message.
    assert clinic.sizes[0] > MESSAGE_BYTES


def test_a_message_of_exactly_the_limit_is_taken() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("full", padding=MESSAGE_BYTES - len(message("full")))))
        assert await client.answer() == ("AA", "full")

    assert run(scene).sizes[0] == MESSAGE_BYTES


def test_endless_noise_ends_the_connection() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        assert await client.pushed_out(b"x" * 65536, every_seconds=0)

    assert run(scene).committed == []


def test_a_client_that_vanishes_in_a_message_leaves_nothing_behind() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("half"))[:30])
        client.writer.transport.abort()
        await emptied(listener)

    assert run(scene).committed == []


@pytest.mark.parametrize("sent", [b"", framed(message("slow"))[:30]])
def test_an_idle_or_stalled_client_is_let_go(sent: bytes) -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(sent)
        assert await client.ended()

    assert run(scene, Limits(idle_seconds=0.2, frame_seconds=0.2)).committed == []


def test_a_client_that_drips_bytes_is_let_go() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        assert await client.pushed_out(b"\x0bx", every_seconds=0.02)

    assert run(scene, Limits(idle_seconds=10, frame_seconds=0.3)).committed == []


def test_twenty_clients_at_once() -> None:
    async def one(listener: Listener, number: int) -> None:
        client = await Client.connect(listener)
        for turn in range(10):
            await client.push(framed(message(f"{number}-{turn}", padding=5000)))
            assert await client.answer() == ("AA", f"{number}-{turn}")
        client.writer.close()

    async def scene(listener: Listener, clinic: Clinic) -> None:
        await asyncio.gather(*(one(listener, number) for number in range(20)))

    clinic = run(scene)
    assert sorted(clinic.committed) == sorted(
        f"{number}-{turn}" for number in range(20) for turn in range(10)
    )


def test_connections_over_the_cap_are_turned_away_and_room_is_made_again() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        first = await Client.connect(listener)
        await first.push(framed(message("1")))
        assert await first.answer() == ("AA", "1")
        second = await Client.connect(listener)
        assert await second.ended()
        first.writer.close()
        await emptied(listener)

    run(scene, Limits(connections=1))


def test_nothing_is_acknowledged_before_it_is_committed() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        clinic.hold = asyncio.Event()
        client = await Client.connect(listener)
        await client.push(framed(message("1")))
        await clinic.entered.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.reader.read(1)
        assert clinic.committed == []
        clinic.hold.set()
        assert await client.answer() == ("AA", "1")

    run(scene)


def test_a_failed_commit_is_not_acknowledged_and_the_log_holds_no_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        client = await Client.connect(listener)
        await client.push(framed(message("1")))
        assert await client.ended()

    assert run(scene, failures=1).committed == []
    assert "not acknowledged: RuntimeError" in caplog.text
    assert "MADE UP" not in caplog.text
    assert "disk" not in caplog.text


def test_closing_lets_the_commit_in_hand_be_answered_and_ends_idle_clients() -> None:
    async def play() -> None:
        clinic = Clinic()
        clinic.hold = asyncio.Event()
        listener = await serve("127.0.0.1", 0, clinic.receive)
        idle, busy = await Client.connect(listener), await Client.connect(listener)
        await busy.push(framed(message("1")) + framed(message("2")))
        await clinic.entered.wait()
        closing = asyncio.create_task(listener.close())
        assert await idle.ended()
        clinic.hold.set()
        assert await busy.answer() == ("AA", "1")
        assert await busy.ended()
        await closing
        assert (clinic.committed, listener.connections) == (["1"], 0)
        with pytest.raises(OSError, match="Connect call failed"):
            await Client.connect(listener)

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))


def test_closing_does_not_wait_for_ever() -> None:
    async def play() -> None:
        clinic = Clinic()
        clinic.hold = asyncio.Event()
        listener = await serve("127.0.0.1", 0, clinic.receive, Limits(grace_seconds=0.1))
        client = await Client.connect(listener)
        await client.push(framed(message("1")))
        await clinic.entered.wait()
        await listener.close()
        assert await client.ended()
        assert clinic.committed == []

    asyncio.run(asyncio.wait_for(play(), PATIENCE_SECONDS))


def test_the_sender_repeats_a_message_until_it_is_acknowledged() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        async with Sender("127.0.0.1", listener.port, pause_seconds=0.01) as sender:
            told = await sender.send(message("1"))
            assert (told.code, told.control_id) == ("AA", "1")
            told = await sender.send(message("2"))
            assert (told.code, told.control_id) == ("AA", "2")

    assert run(scene, failures=3).committed == ["1", "2"]


def test_the_sender_gives_a_refusal_back_without_repeating() -> None:
    async def scene(listener: Listener, clinic: Clinic) -> None:
        async with Sender("127.0.0.1", listener.port, pause_seconds=0.01) as sender:
            assert (await sender.send(message("big", padding=MESSAGE_BYTES))).code == "AR"
            # The listener has closed; the next message goes over a new connection.
            assert (await sender.send(message("1"))).code == "AA"

    assert run(scene).committed == ["big", "1"]


def test_the_sender_gives_up_after_its_attempts() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        sender = Sender("127.0.0.1", port, attempts=2, pause_seconds=0.01)
        with pytest.raises(NoAcknowledgmentError, match="2 attempts"):
            asyncio.run(sender.send(message("1")))
