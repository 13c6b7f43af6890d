"""A line that is cut: passes bytes on between two sockets, and ends at a byte that chance chooses."""

import asyncio
import contextlib
import random
from collections import Counter
from typing import Final, Literal

# Where a connection is cut: before anything came through, within what is sent, after the last byte of it and
# before the answer, or within the answer. A "stall" keeps the connection and lets nothing more through.
Way = Literal["before", "within", "after", "answer", "stall", "whole"]
# Dealt like cards, shuffled anew when all are dealt, so that even a short run meets every way but the stall.
DECK: Final[tuple[Way, ...]] = ("before", *("within",) * 2, *("after",) * 2, *("answer",) * 2, "whole")
# Rare, because everybody waits for its end.
STALL_SHARE: Final = 1 / 300
# So many messages pass on a line that stays whole; then it ends after one, and its answer may be lost.
WHOLE_MAX: Final = 8


class CutLine:
    """Listens in front of a clinic's port. `cuts` counts what became of the connections."""

    def __init__(self, to_port: int, seed: int, ends: bytes) -> None:
        # What ends the message that is sent; after it the answer is on its way.
        self._to_port, self._ends = to_port, ends
        self._rng = random.Random(seed)
        self._hand: list[Way] = []
        self._server: asyncio.Server | None = None
        # The event loop alone does not keep a connection that waits from being thrown away.
        self._passing: set[asyncio.Task[None]] = set()
        self.cuts: Counter[str] = Counter()
        self.heals = False
        self.port = 0

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop, and end what still passes."""
        assert self._server is not None, "it was opened"
        self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing)

    def _way(self) -> Way:
        if self.heals:
            return "whole"
        if self._rng.random() < STALL_SHARE:
            return "stall"
        if not self._hand:
            self._hand = self._rng.sample(DECK, len(DECK))
        return self._hand.pop()

    async def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is carried by a task"
        self._passing.add(task)
        try:
            # Python 3.11 reports a connection's task that ends as canceled as an error.
            with contextlib.suppress(asyncio.CancelledError):
                await self._carry(near, back)
        finally:
            self._passing.discard(task)

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        way = self._way()
        self.cuts[way] += 1
        if way == "before":
            back.close()
            return
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            back.close()
            return
        try:
            await self._pass(way, near, back, far, forth)
        except (OSError, EOFError):
            self.cuts["closed by an end"] += 1
        finally:
            for writer in (back, forth):
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _pass(
        self,
        way: Way,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        forth: asyncio.StreamWriter,
    ) -> None:
        answers = asyncio.create_task(_let_through(far, back))
        try:
            # A connection carries some messages whole before it is cut in one.
            whole = 0
            while whole < self._rng.randrange(3) or way == "whole":
                await _send(forth, await self._message(near))
                whole += 1
                if whole == WHOLE_MAX and not self.heals:
                    return
            message = await self._message(near)
            if way == "within":
                await _send(forth, message[: self._rng.randrange(1, len(message))])
                return
            # Its sender waits for each answer, so that all before this one have passed.
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            await _send(forth, message)
            if way == "stall":
                await near.read(1)
            elif way == "answer":
                answer = await far.read(65536)
                await _send(back, answer[: self._rng.randrange(len(answer))] if answer else b"")
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)

    async def _message(self, near: asyncio.StreamReader) -> bytes:
        message = await near.readuntil(self._ends)
        # A form's body follows its head, by the length that the head names.
        for line in message.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                message += await near.readexactly(int(value))
        return message


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _let_through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        await _send(writer, data)
    writer.close()
