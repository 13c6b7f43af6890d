"""The event stream that pages follow: references to what changed, never what it says.

One hub in the process looks for news four times a second and tells everybody who listens, so that ten screens
cost the database as much as one. It starts with its first listener and ends with its last.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from django.db import DatabaseError, close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from django.views import View

from evenkeel.journey.policy import Action
from evenkeel.store.queries import live
from evenkeel.values.ids import StreamId, kind_of, reference_of
from evenkeel.web.infusion_view import LATE_AFTER

log = logging.getLogger("evenkeel.live")

POLL_SECONDS: Final = 0.25
# A viewer must see that the feed is lost within 15 s (safety.md, targets), so quiet is broken before that.
HEARTBEAT_SECONDS: Final = 10.0
# The board shows all chairs, so it is asked for anew at most this often, however much happens.
BOARD_SECONDS: Final = 1.0
# A stream ends after this long and the browser opens another: nobody listens past the end of a session.
STREAM_SECONDS: Final = 300.0
# PostgreSQL hands out positions before it commits, so a lower one may appear after a higher one. Proposal.
SETTLE_SECONDS: Final = 5.0
# How many messages back somebody who begins to listen looks for monitors that may fall silent: those of fifty
# chairs in a minute, each every 5 s. Proposal.
LATELY: Final = 600

Event = tuple[str, str]


class Tail:
    """Reads what is new since it last looked, each line once, late committers included. For one thread."""

    def __init__(self) -> None:
        heads = live.heads()
        self._entries = _Window(heads.position)
        self._messages = _Window(heads.message)
        # When each visit's monitor was last heard, until somebody was told that it fell silent.
        lately = live.heard_after(max(0, heads.message - LATELY))
        self._heard_at = {heard.visit: heard.received_at for heard in lately if heard.has_signs}

    def news(self) -> dict[Event, dict[str, Any]]:
        """Return events by kind and visit, the last of each; empty when nothing is new."""
        events: dict[Event, dict[str, Any]] = {}
        written = [
            each for each in live.written_after(self._entries.floor) if self._entries.is_new(each.position)
        ]
        for each in written:
            kind, visit = kind_of(each.stream), reference_of(each.stream)
            if kind == "visit":
                events["visit", visit] = {"visit": visit, "seq": each.seq}
            elif kind == "alerts":
                # Whoever shows the visit shows its alerts; how far the visit itself goes has not moved.
                events.setdefault(("visit", visit), {"visit": visit})
        for heard in live.heard_after(self._messages.floor):
            if self._messages.is_new(heard.id):
                visit = reference_of(StreamId(heard.visit))
                events["samples", visit] = {"visit": visit}
                # A pump that goes on talking must not hide that the monitor beside it fell silent.
                if heard.has_signs:
                    self._heard_at[heard.visit] = heard.received_at
        for silent in self._fallen_silent():
            visit = reference_of(silent)
            events["samples", visit] = {"visit": visit}
        if written or events:
            events["board", ""] = {}
        self._entries.settle()
        self._messages.settle()
        return events

    def _fallen_silent(self) -> list[StreamId]:
        """Visits that nothing was heard of for so long that the page has to say so, each told once."""
        now = datetime.now(UTC)
        found = [visit for visit, heard_at in self._heard_at.items() if now - heard_at > LATE_AFTER]
        for visit in found:
            del self._heard_at[visit]
        return found


class _Window:
    """Numbers seen lately. Everything up to `floor` is settled; above it, late ones may still appear."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._seen: set[int] = set()
        self._order: deque[tuple[float, int]] = deque()

    def is_new(self, number: int) -> bool:
        if number in self._seen:
            return False
        self._seen.add(number)
        self._order.append((monotonic(), number))
        return True

    def settle(self) -> None:
        while self._order and self._order[0][0] < monotonic() - SETTLE_SECONDS:
            _, number = self._order.popleft()
            self._seen.discard(number)
            self.floor = max(self.floor, number)


class Inbox:
    """What one listener has not been told yet: the last event of each kind and visit, so it cannot grow."""

    def __init__(self) -> None:
        self._waiting: dict[Event, dict[str, Any]] = {}
        self._something = asyncio.Event()

    def put(self, events: dict[Event, dict[str, Any]]) -> None:
        """Add events; a newer one takes the place of an older one of its kind and visit."""
        self._waiting.update(events)
        self._something.set()

    async def take(self, seconds: float) -> dict[Event, dict[str, Any]]:
        """Wait for events and take them all; empty when none came in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._something.wait()
        except TimeoutError:
            return {}
        taken, self._waiting = self._waiting, {}
        self._something.clear()
        return taken


# Whoever begins to listen has a page that was made a moment earlier, so everything on it is asked for anew.
_BEGIN: Final[dict[Event, dict[str, Any]]] = {("visit", ""): {}, ("board", ""): {}}


class Hub:
    """Tells every listener of one event loop what is new."""

    def __init__(self, open_tail: Callable[[], Tail] = Tail) -> None:
        self._open_tail = open_tail
        self._inboxes: set[Inbox] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_watching = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._inboxes)

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[Inbox]:
        """Listen for as long as the block runs."""
        inbox = Inbox()
        self._inboxes.add(inbox)
        if self._is_watching:
            inbox.put(_BEGIN)
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        try:
            yield inbox
        finally:
            self._inboxes.discard(inbox)
            if not self._inboxes and self._task is not None:
                self._task.cancel()
                self._task = None

    def _tell(self, events: dict[Event, dict[str, Any]]) -> None:
        for inbox in self._inboxes:
            inbox.put(events)

    async def _watch(self) -> None:
        """Look for news until cancelled. One thread and one connection serve all listeners."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evenkeel-live")
        try:
            tail = await self._opened(thread)
            self._is_watching = True
            self._tell(_BEGIN)
            await self._follow(thread, tail)
        finally:
            self._is_watching = False
            thread.submit(live.let_go)
            thread.shutdown(wait=False)

    async def _opened(self, thread: ThreadPoolExecutor) -> Tail:
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, self._open_tail)
            except DatabaseError as trouble:
                log.warning("no news from the database: %s", type(trouble).__name__)
                await asyncio.sleep(BOARD_SECONDS)

    async def _follow(self, thread: ThreadPoolExecutor, tail: Tail) -> None:
        loop = asyncio.get_running_loop()
        board_at, board_waits = loop.time(), False
        while True:
            events: dict[Event, dict[str, Any]] = {}
            try:
                events = await loop.run_in_executor(thread, _look, tail)
            except DatabaseError as trouble:
                # What listeners see gets old, and says so; the next look may succeed.
                log.warning("no news from the database: %s", type(trouble).__name__)
            board_waits = events.pop(("board", ""), None) is not None or board_waits
            if board_waits and loop.time() - board_at >= BOARD_SECONDS:
                events["board", ""] = {}
                board_at, board_waits = loop.time(), False
            if events:
                self._tell(events)
            await asyncio.sleep(POLL_SECONDS)


def _look(tail: Tail) -> dict[Event, dict[str, Any]]:
    close_old_connections()
    return tail.news()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop; a server has one loop, tests have one each."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def _line(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _ping() -> bytes:
    return _line("ping", {"at": datetime.now(UTC).isoformat()})


async def _stream(source: Hub) -> AsyncGenerator[bytes]:
    """Write events as they come, and a ping when none do, until the stream is old or the browser leaves."""
    ends_at = monotonic() + STREAM_SECONDS
    async with source.joined() as inbox:
        yield _ping()
        while monotonic() < ends_at:
            events = await inbox.take(HEARTBEAT_SECONDS)
            if not events:
                yield _ping()
            for (kind, _), data in events.items():
                yield _line(kind, data)


class Live(View):
    """The event stream. One per browser: over HTTP/1.1 it opens six connections to a clinic at most."""

    action: ClassVar[Action] = "live.read"

    async def get(self, request: HttpRequest) -> StreamingHttpResponse:
        """Open a stream; it holds no database connection and no patient data."""
        response = StreamingHttpResponse(_stream(hub()), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        # A proxy that gathers what it passes on would hold the events back.
        response["X-Accel-Buffering"] = "no"
        return response


urlpatterns = [path("live/", Live.as_view(), name="live")]
