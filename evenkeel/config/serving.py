"""One process: pages, the monitors' socket, the watch over alerts and the downtime pack."""

import asyncio
import logging
from datetime import timedelta
from itertools import cycle

import uvicorn
from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from evenkeel.config.asgi import application
from evenkeel.config.monitor_socket import open_listener, require_safe_socket
from evenkeel.jobs.thin import thin_samples
from evenkeel.journey import alerting
from evenkeel.journey.rules import require_rules
from evenkeel.journey.scales import require_scale_texts
from evenkeel.store.durability import require_durable
from evenkeel.web import downtime_pack
from evenkeel.web.pages import now

log = logging.getLogger("evenkeel.serving")

# An open event stream would hold the server back for ever, so it is given this long to end.
GRACE_SECONDS = 2
# Every second a fifth of the chairs is looked at for what time makes due, each every five seconds: enough
# for limits of a minute and more, and fifty chairs leave the processor to the pages. Proposal.
WATCH_SECONDS = 1.0
WATCH_TURNS = 5
# Often enough that a night is in it, whenever the clinic was started.
THINNED_EVERY = timedelta(hours=6)


def _refresh_pack() -> None:
    close_old_connections()
    try:
        downtime_pack.refresh(now())
    finally:
        close_old_connections()


async def keep_packs() -> None:
    """Write a downtime pack at the start and then again and again, on a thread of its own."""
    while True:
        await sync_to_async(_refresh_pack, thread_sensitive=False)()
        await asyncio.sleep(downtime_pack.EVERY.total_seconds())


def _watch_alerts(turn: int) -> None:
    close_old_connections()
    try:
        alerting.watch(now(), turn=turn, turns=WATCH_TURNS)
    except alerting.NotWatched as trouble:
        # The next look, a second later, tries again; whoever runs the clinic has to see that it fails.
        log.error("alerts of %d visits were not looked at: %s", trouble.visits, ", ".join(trouble.kinds))
    except DatabaseError as trouble:
        log.error("alerts were not looked at: %s", type(trouble).__name__)
    finally:
        close_old_connections()


async def watch_alerts() -> None:
    """Look for what time makes due, again and again: late checks, silence, alerts that nobody answers."""
    for turn in cycle(range(WATCH_TURNS)):
        await sync_to_async(_watch_alerts, thread_sensitive=False)(turn)
        await asyncio.sleep(WATCH_SECONDS)


def _thin_samples() -> None:
    close_old_connections()
    try:
        thin_samples(now())
    except DatabaseError as trouble:
        # Each visit is thinned whole or not at all, and the next run goes on where this one ended.
        log.error("samples were not thinned: %s", type(trouble).__name__)
    finally:
        close_old_connections()


async def keep_thin() -> None:
    """Thin samples of visits that are long over, again and again, on a thread of its own."""
    while True:
        await asyncio.sleep(THINNED_EVERY.total_seconds())
        await sync_to_async(_thin_samples, thread_sensitive=False)()


async def _serve(host: str, port: int) -> None:
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    listener = await open_listener()
    tasks = [asyncio.create_task(keep_packs()), asyncio.create_task(watch_alerts())]
    tasks.append(asyncio.create_task(keep_thin()))
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.close()


def serve(host: str, port: int) -> None:
    """Serve pages and monitors until stopped.

    Raises, before the first request: UnsafeDatabase; RulebookError for a rule that cannot be used or that no
    cases prove; ScaleError for a scale's text that cannot be used; UnsafeSocket.
    """
    require_durable()
    require_rules()
    require_scale_texts()
    require_safe_socket()
    asyncio.run(_serve(host, port))
