"""HL7 messages over TCP: the minimal lower layer protocol, listening and sending.

A frame is `<VT> message <FS><CR>`. The reader is our own. The one in `hl7.mllp` (experimental, says its
documentation) loses a good message that follows stray bytes, empties its buffer without an answer when a
frame is too long, decodes inside the transport so that one odd byte ends the connection, and has no idle
limit. No monitor may stop the clinic's listener, and no message is acknowledged before it is committed.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

from evenkeel.devices.acknowledge import Acknowledgment, read_acknowledgment
from evenkeel.devices.header import read_header
from evenkeel.devices.pcd01 import MESSAGE_BYTES
from evenkeel.devices.tls import certificate_name, refusal_of
from evenkeel.values.shape import frozen

START = b"\x0b"
END = b"\x1c"
RETURN = b"\r"

_LINGER_SECONDS = 2

_log = logging.getLogger(__name__)

Receive = Callable[[bytes], Awaitable[bytes]]
# The same with the common name of the client's certificate, where it showed one.
ReceiveFrom = Callable[[bytes, str | None], Awaitable[bytes]]


@frozen
class Limits:
    """What one listener grants its clients. All are proposals; monitors send every 5 to 60 seconds."""

    connections: int = 128
    idle_seconds: float = 300
    # From the first byte of a frame to its last, and for a client to take its answer.
    frame_seconds: float = 30
    # For a client to prove itself and agree on keys.
    handshake_seconds: float = 10
    # How long a stopping listener waits for messages that are being committed.
    grace_seconds: float = 10


@frozen
class Frame:
    """One complete message, without its framing."""

    message: bytes


@frozen
class Overrun:
    """More bytes than the limit. `head` is what came of the frame, over the limit; empty without a frame."""

    head: bytes


class FrameReader:
    """Cut a byte stream into frames, whatever the pieces it arrives in. No input or output of its own.

    Bytes outside a frame are dropped. A start block inside a frame starts it over: HL7 text cannot hold that
    byte, so what came before was cut off. A frame ends at the end block, with or without the carriage return.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._inside = False
        self._noise = 0

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[Frame | Overrun]:
        """Take the next bytes; yield what they complete. After an Overrun the stream cannot be read on."""
        position = 0
        while position < len(data):
            if not self._inside:
                start = data.find(START, position)
                self._noise += (start if start >= 0 else len(data)) - position
                if self._noise > MESSAGE_BYTES:
                    yield Overrun(head=b"")
                    return
                if start < 0:
                    return
                self._inside, self._noise = True, 0
                position = start + 1
            end = data.find(END, position)
            restart = data.rfind(START, position, end if end >= 0 else len(data))
            if restart >= 0:
                self._buffer.clear()
                position = restart + 1
            self._buffer += data[position : end if end >= 0 else len(data)]
            if len(self._buffer) > MESSAGE_BYTES:
                yield Overrun(head=bytes(self._buffer))
                return
            if end < 0:
                return
            message = bytes(self._buffer)
            self._buffer.clear()
            self._inside = False
            position = end + 1
            yield Frame(message=message)


class Listener:
    """A listening socket with its connections. Made by `serve`; ended by `close`."""

    def __init__(self, receive: ReceiveFrom, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self._receive = receive
        self._limits = limits
        self._tls = tls
        self._clients: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._server: asyncio.Server | None = None
        # The port in use once open, also where 0 was asked for.
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Start to listen; raises OSError if the address cannot be had."""
        self._server = await asyncio.start_server(self._accept, host, port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    async def close(self) -> None:
        """Stop: take no more, let what is being committed be answered, then let go of everyone."""
        self._closing.set()
        if self._server is not None:
            self._server.close()
        for client in self._clients - self._busy:
            client.cancel()
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=self._limits.grace_seconds)
        remaining = set(self._clients)
        for client in remaining:
            client.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is handled in a task"
        if self._closing.is_set() or len(self._clients) >= self._limits.connections:
            _log.warning("A device connection was turned away: %d are open.", len(self._clients))
            writer.close()
            return
        self._clients.add(task)
        try:
            # Nothing may be awaited before this, or the first bytes of a handshake would be read as a frame.
            if self._tls is not None and not await self._shake_hands(writer, self._tls):
                return
            await self._converse(reader, writer, task)
        except (OSError, TimeoutError):
            _log.info("A device connection was lost, idle for too long, or cut off in a message.")
            writer.transport.abort()
        except asyncio.CancelledError:
            # Cancelled by `close` alone; the task ends here, so that nothing is reported as unhandled.
            _log.debug("A device connection was closed by the listener.")
        except Exception as error:
            # The message may hold patient data, and so may the text of the error: only its kind is logged.
            _log.error("A device message was not stored and not acknowledged: %s.", type(error).__name__)
        finally:
            self._busy.discard(task)
            self._clients.discard(task)
            writer.close()

    async def _shake_hands(self, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> bool:
        """Encrypt a connection; False if the client could not or may not."""
        try:
            await writer.start_tls(tls, ssl_handshake_timeout=self._limits.handshake_seconds)
        except (OSError, TimeoutError) as error:
            _log.warning("A device connection was refused in the TLS handshake: %s.", refusal_of(error))
            writer.transport.abort()
            return False
        return True

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None]
    ) -> None:
        """Answer one client's messages, one at a time and in order, until it goes or breaks a limit."""
        frames = FrameReader()
        connection = writer.get_extra_info("ssl_object")
        name = certificate_name(connection) if connection is not None else None
        loop = asyncio.get_running_loop()
        frame_began: float | None = None
        while not self._closing.is_set():
            if frames.inside:
                frame_began = loop.time() if frame_began is None else frame_began
                seconds = frame_began + self._limits.frame_seconds - loop.time()
            else:
                frame_began, seconds = None, self._limits.idle_seconds
            async with asyncio.timeout(max(seconds, 0)):
                data = await reader.read(65536)
            if not data:
                return
            for event in frames.feed(data):
                frame_began = None
                if isinstance(event, Overrun) and not event.head:
                    return
                # The answer is made by `receive`, which returns only after its commit.
                self._busy.add(task)
                message = event.head if isinstance(event, Overrun) else event.message
                await self._answer(writer, await self._receive(message, name))
                self._busy.discard(task)
                if isinstance(event, Overrun):
                    await _linger(reader)
                    return
                if self._closing.is_set():
                    return

    async def _answer(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        writer.write(framed(answer))
        async with asyncio.timeout(self._limits.frame_seconds):
            await writer.drain()


async def _linger(reader: asyncio.StreamReader) -> None:
    """Let a client finish what it is sending: a socket closed in its face would take our answer with it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while await reader.read(65536):
                pass


async def serve(host: str, port: int, receive: Receive, limits: Limits | None = None) -> Listener:
    """Listen for MLLP clients; port 0 takes a free one. Close the listener that is returned.

    `receive` gets each message without its framing and returns the acknowledgment once the message is
    committed or in quarantine. If it raises, the connection is closed without an answer, so that the sender
    sends again.
    A frame over `MESSAGE_BYTES` reaches `receive` as what came of it, longer than the limit, so that
    `read_message` refuses it; its connection is closed after the answer.
    """

    async def receive_from(message: bytes, name: str | None) -> bytes:
        return await receive(message)

    listener = Listener(receive_from, limits or Limits())
    await listener.open(host, port)
    return listener


async def serve_encrypted(
    host: str, port: int, receive: ReceiveFrom, tls: ssl.SSLContext, limits: Limits | None = None
) -> Listener:
    """Listen as `serve` does, for clients that speak TLS; `receive` also gets their certificate's name.

    A client that fails the handshake is let go of with a line in the log, and nothing of it is read.
    """
    listener = Listener(receive, limits or Limits(), tls)
    await listener.open(host, port)
    return listener


def framed(message: bytes) -> bytes:
    """Put a message into a frame."""
    return START + message + END + RETURN


class NoAcknowledgmentError(Exception):
    """No acknowledgment came within the attempts that were granted."""


class Sender:
    """An MLLP client that waits for each acknowledgment and sends again until it comes.

    A message is sent again byte for byte, with its control id, so the receiver can tell it from a new one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        answer_seconds: float = 10,
        attempts: int = 5,
        pause_seconds: float = 0.5,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        assert attempts > 0, "a sender needs at least one attempt"
        self._host, self._port = host, port
        self._answer_seconds = answer_seconds
        self._attempts = attempts
        self._pause_seconds = pause_seconds
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._frames = FrameReader()

    async def send(self, message: bytes) -> Acknowledgment:
        """Send one unframed message; return its answer, whatever its code. Raises NoAcknowledgmentError."""
        header = read_header(message)
        assert header is not None, "a message is sent with its header"
        assert header.control_id, "a message is sent with a control id"
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(min(self._pause_seconds * 2 ** (attempt - 1), 30))
            try:
                async with asyncio.timeout(self._answer_seconds):
                    return await self._exchange(message, header.control_id)
            except (OSError, TimeoutError, EOFError):
                await self.close()
        raise NoAcknowledgmentError(
            f"No acknowledgment from {self._host}:{self._port} in {self._attempts} attempts."
        )

    async def close(self) -> None:
        """Let the connection go; the next `send` makes a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _exchange(self, message: bytes, control_id: str) -> Acknowledgment:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
            self._frames = FrameReader()
        reader, writer = self._streams
        writer.write(framed(message))
        await writer.drain()
        while True:
            data = await reader.read(65536)
            if not data:
                raise EOFError
            for event in self._frames.feed(data):
                if isinstance(event, Overrun):
                    raise EOFError
                answer = read_acknowledgment(event.message)
                # A late answer to another message is not this one's. An answer that names no message refuses
                # one whose header could not be read.
                if answer is not None and answer.control_id in (control_id, ""):
                    return answer
