"""The event stream: what is written is told soon, by reference alone, and nobody is left listening."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from evenkeel.devices.compose import Monitor, PumpSays, compose_pump
from evenkeel.journey import handover, infusion, monitors
from evenkeel.store.queries import live as queries
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import live
from tests import factories_chairside as chairside
from tests.factories import NOW, act, chairs, people
from tests.store.test_monitors import send

# The hub looks from a thread of its own, so what a test writes must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

Told = tuple[str, dict[str, Any]]
P = ParamSpec("P")
R = TypeVar("R")


async def in_thread(function: Callable[..., R], *args: Any) -> R:
    """Call something that uses the database, and leave no connection behind in the thread."""

    def call() -> R:
        try:
            return function(*args)
        finally:
            connections.close_all()

    return await sync_to_async(call, thread_sensitive=False)()


def in_a_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in an event loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def read(chunk: bytes) -> Told:
    """One event as a browser reads it."""
    lines = dict(line.split(": ", 1) for line in chunk.decode().strip().split("\n"))
    return lines["event"], json.loads(lines["data"])


async def until(stream: AsyncIterator[bytes], kind: str, visit: str | None = None) -> dict[str, Any]:
    """Read on to the next event of a kind (and of a visit), or fail after a few seconds."""
    async with asyncio.timeout(5):
        async for chunk in stream:
            told, data = read(chunk)
            if told == kind and (visit is None or data.get("visit") == visit):
                return data
    raise AssertionError("the stream ended")


def prepared() -> str:
    """The reference of a running visit with a monitor."""
    visit = chairside.running_visit()
    chairside.assign_monitor()
    return reference_of(visit)


@in_a_loop
async def test_entries_and_samples_are_told_by_reference_alone() -> None:
    visit = await in_thread(prepared)
    hub = live.Hub()
    async with aclosing(live._stream(hub)) as stream:
        assert read(await anext(stream))[0] == "ping"
        # What was written while the page was on its way is asked for anew.
        assert await until(stream, "visit") == {}
        await in_thread(write_note, visit)
        told = await until(stream, "visit", visit)
        assert set(told) == {"visit", "seq"}
        await in_thread(send)
        assert await until(stream, "samples", visit) == {"visit": visit}
        assert await until(stream, "board") == {}
        uuid.UUID(told["visit"])


@in_a_loop
async def test_a_pump_that_talks_hides_no_monitor_that_fell_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, at = await in_thread(prepared), datetime.now(UTC)
    tail = await in_thread(live.Tail)
    monkeypatch.setattr(live, "LATE_AFTER", timedelta(hours=1))
    await in_thread(lambda: send(at=at - timedelta(seconds=20)))
    await in_thread(pump_says, at)
    assert ("samples", visit) in await in_thread(tail.news)
    assert await in_thread(tail.news) == {}
    monkeypatch.setattr(live, "LATE_AFTER", timedelta(seconds=14))
    assert ("samples", visit) in await in_thread(tail.news)


def pump_says(at: datetime) -> None:
    """A pump beside the monitor is heard."""
    pump = Monitor(device_id="PMP-1", zone=ZoneInfo("UTC"))
    says = PumpSays(rate_ml_per_h=Decimal(150), delivered_ml=Decimal(5), is_running=True)
    monitors.assign_pump(act(people().nurse, NOW), chair=chairs()[0], pump="PMP-1")
    monitors.receive(compose_pump(pump, says, control_id="1", sent_at=at), received_at=at)


def write_note(visit: str) -> None:
    """Write something to a visit."""
    at = chairside.STARTED_AT + timedelta(minutes=2)
    infusion.write_note(act(people().nurse, at), visit=StreamId(f"visit:{visit}"), text="calm")


@in_a_loop
async def test_a_handover_is_told_to_chart_and_board_at_each_step() -> None:
    visit = await in_thread(prepared)
    async with aclosing(live._stream(live.Hub())) as stream:
        await until(stream, "visit")
        for step in (offer_handover, accept_handover):
            await in_thread(step, visit)
            assert (await until(stream, "visit", visit)).keys() == {"visit", "seq"}
            assert await until(stream, "board") == {}


def offer_handover(visit: str) -> None:
    """The nurse offers it to the other one."""
    handover.offer_handover(
        act(people().nurse, chairside.STARTED_AT + timedelta(minutes=2)),
        visit=StreamId(f"visit:{visit}"),
        to=people().nurse2.id,
        situation="calm",
        background="",
        assessment="",
        recommendation="",
    )


def accept_handover(visit: str) -> None:
    """The other one accepts."""
    at = chairside.STARTED_AT + timedelta(minutes=3)
    handover.accept_handover(act(people().nurse2, at), visit=StreamId(f"visit:{visit}"))


@in_a_loop
async def test_every_listener_is_told_and_nobody_is_left_behind() -> None:
    visit = await in_thread(prepared)
    hub = live.Hub()
    streams = [live._stream(hub) for _ in range(5)]
    for stream in streams:
        await anext(stream)
        await until(stream, "visit")
    assert hub.listeners == 5
    await in_thread(write_note, visit)
    for stream in streams:
        await until(stream, "visit", visit)
    for stream in streams:
        await stream.aclose()
    assert hub.listeners == 0
    assert hub._task is None


@in_a_loop
async def test_a_browser_that_leaves_in_the_middle_is_forgotten() -> None:
    hub = live.Hub()

    begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(live._stream(hub)) as stream:
            async for _ in stream:
                begun.set()

    listener = asyncio.create_task(listen())
    await begun.wait()
    assert hub.listeners == 1
    listener.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listener
    assert hub.listeners == 0


@in_a_loop
async def test_quiet_is_broken_by_a_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    async with aclosing(live._stream(live.Hub())) as stream:
        await until(stream, "board")
        assert "at" in await until(stream, "ping")


@in_a_loop
async def test_a_stream_ends_so_that_the_session_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_SECONDS", 0.2)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    hub = live.Hub()
    async with asyncio.timeout(5):
        told = [read(chunk)[0] async for chunk in live._stream(hub)]
    assert told[0] == "ping"
    assert hub.listeners == 0


@in_a_loop
async def test_the_board_is_told_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = await in_thread(prepared)
    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)
    hub = live.Hub()
    async with aclosing(live._stream(hub)) as stream:
        await until(stream, "board")
        began = asyncio.get_running_loop().time()
        await in_thread(write_note, visit)
        await until(stream, "board")
        await in_thread(write_note, visit)
        await until(stream, "board")
        assert asyncio.get_running_loop().time() - began >= live.BOARD_SECONDS


def test_a_line_that_commits_late_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL position 8 may be visible before position 7."""
    tail = live.Tail()
    visit = StreamId(f"visit:{uuid.uuid4()}")
    seen = [queries.Written(position=tail._entries.floor + 2, stream=visit, seq=2)]
    monkeypatch.setattr(queries, "written_after", lambda floor: tuple(w for w in seen if w.position > floor))
    assert tail.news()["visit", reference_of(visit)]["seq"] == 2
    assert tail.news() == {}
    seen.append(queries.Written(position=tail._entries.floor + 1, stream=visit, seq=1))
    assert tail.news()["visit", reference_of(visit)]["seq"] == 1
