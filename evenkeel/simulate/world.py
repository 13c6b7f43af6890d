"""The played world: one clock, one queue of what happens next, and the doors through which it happens."""

import asyncio
import heapq
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from evenkeel.devices import mllp
from evenkeel.journey import monitors
from evenkeel.journey.acting import Act
from evenkeel.simulate.staff import Colleague
from evenkeel.values.ids import IdempotencyKey, StreamId
from evenkeel.values.issues import UnableTo

P = ParamSpec("P")
T = TypeVar("T")

# A story yields the moment at which it wants to go on.
Story = Iterator[datetime]

log = logging.getLogger("evenkeel.simulate")


class StoryEndedEarly(Exception):
    """Somebody else's hand was on the record, and the story no longer fits it."""


class Line:
    """A monitor's cable: an MLLP client on a thread of its own, so that a story can send and wait."""

    def __init__(self, host: str, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="monitors", daemon=True)
        self._thread.start()
        self._sender = mllp.Sender(host, port, attempts=3)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run asynchronous work on the cable's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def send(self, message: bytes) -> str:
        """Send one message; return the code of its acknowledgment."""
        return self.call(self._sender.send(message)).code

    def close(self) -> None:
        """Let the connection and the thread go."""
        self.call(self._sender.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class OwnListener:
    """A clinic's monitor socket inside this process, on the played clock, for when no clinic is serving."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listener", daemon=True)
        self._thread.start()
        opening = mllp.serve("127.0.0.1", 0, self._receive)
        self._listener = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.port = self._listener.port

    async def _receive(self, raw: bytes) -> bytes:
        return await sync_to_async(self._take_in, thread_sensitive=False)(raw)

    def _take_in(self, raw: bytes) -> bytes:
        close_old_connections()
        try:
            return monitors.receive(raw, received_at=self._clock())
        finally:
            close_old_connections()

    def close(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._listener.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class World:
    """The clock, the queue and the doors.

    `played_until` is how far an earlier process played the same world: stories run through that span again
    without acting, so that they stand where they were. A `lenient` world lets a story end when real hands
    have changed what it stood on; otherwise a refusal is a fault of the story.
    """

    def __init__(self, *, seed: int, opens_at: datetime, lenient: bool = False) -> None:
        self.seed = seed
        self.opens_at = opens_at
        self.now = opens_at - timedelta(days=400)
        self.played_until: datetime | None = None
        self.lenient = lenient
        self.line: Line | None = None
        self.booked: set[tuple[str, datetime]] = set()
        self._begun = 0
        self._queue: list[tuple[datetime, int, Story]] = []

    def begin(self, story: Story) -> None:
        """Put a story on the stage; it runs to its first moment at once."""
        self._begun += 1
        self._next(self._begun, story)

    def _next(self, place: int, story: Story) -> None:
        try:
            heapq.heappush(self._queue, (next(story), place, story))
        except StopIteration:
            return
        except StoryEndedEarly as ended:
            log.info("a demo story ended early: %s", ended)

    def play(self, until: datetime) -> None:
        """Let everything happen that is due up to a moment."""
        while (at := self.next_at) is not None and at <= until:
            at, place, story = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            self._next(place, story)
        self.now = max(self.now, until)

    @property
    def next_at(self) -> datetime | None:
        """When the next thing happens; None when every story is told."""
        return self._queue[0][0] if self._queue else None

    @property
    def is_replaying(self) -> bool:
        """Whether an earlier process has played this moment already."""
        return self.played_until is not None and self.now <= self.played_until

    @property
    def is_live(self) -> bool:
        """Whether the world follows the machine's clock beside a serving clinic."""
        return self.lenient and not self.is_replaying

    def send(self, message: bytes) -> None:
        """Send a monitor's message down the line, if there is one and it was not sent before."""
        if self.line is None or self.is_replaying:
            return
        try:
            self.line.send(message)
        except mllp.NoAcknowledgmentError:
            if not self.lenient:
                raise


class Hand:
    """One story's hand: numbers its requests, so that the same story sends the same requests again."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._count = 0

    def act(self, who: Colleague, happened_at: datetime | None = None) -> Act:
        """Make the next act of this story."""
        self._count += 1
        return Act(
            by=who.author,
            happened_at=happened_at or self._world.now,
            recorded_at=self._world.now,
            key=IdempotencyKey(f"demo-{self._world.seed}-{self._name}-{self._count}"),
        )

    def make(
        self,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> StreamId:
        """Carry out a use case whose answer the story needs; sent again, it gives the same answer."""
        try:
            return use_case(self.act(who), *args, **kwargs)
        except UnableTo as refusal:
            raise self._unfit(refusal) from refusal

    def do(
        self,
        use_case: Callable[Concatenate[Act, P], StreamId],
        who: Colleague,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Carry out a use case, unless an earlier process already did."""
        act = self.act(who)
        if self._world.is_replaying:
            return
        try:
            use_case(act, *args, **kwargs)
        except UnableTo as refusal:
            raise self._unfit(refusal) from refusal

    def _unfit(self, refusal: UnableTo) -> Exception:
        if self._world.lenient:
            return StoryEndedEarly(str(refusal))
        sentences = " ".join(issue.sentence for issue in refusal.issues)
        return AssertionError(f"{self._name} at {self._world.now:%F %T}: {sentences}")


class Playing:
    """A world with its own listener, for the time of a `with` block."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> Self:
        self._listener = OwnListener(lambda: self._world.now)
        self._world.line = Line("127.0.0.1", self._listener.port)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._world.line is not None, "the line was laid on entering"
        self._world.line.close()
        self._world.line = None
        self._listener.close()
