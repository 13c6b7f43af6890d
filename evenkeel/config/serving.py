"""One process: pages, the monitors' socket and the downtime pack, started together and stopped together."""

import asyncio
import logging

import uvicorn
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections

from evenkeel.config.asgi import application
from evenkeel.devices import mllp
from evenkeel.journey import monitors
from evenkeel.journey.rules import require_rules
from evenkeel.journey.scales import require_scale_texts
from evenkeel.store.durability import require_durable
from evenkeel.web import downtime_pack
from evenkeel.web.pages import now

log = logging.getLogger("evenkeel.serving")

# An open event stream would hold the server back for ever, so it is given this long to end.
GRACE_SECONDS = 2


def _take_in(raw: bytes) -> bytes:
    close_old_connections()
    try:
        return monitors.receive(raw, received_at=now())
    finally:
        close_old_connections()


async def _receive(raw: bytes) -> bytes:
    """Take one message in on a thread of its own, so that no page waits for it; answer after the commit."""
    return await sync_to_async(_take_in, thread_sensitive=False)(raw)


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
    listener = await mllp.serve(settings.MLLP_HOST, settings.MLLP_PORT, _receive)
    packs = asyncio.create_task(keep_packs())
    try:
        await server.serve()
    finally:
        packs.cancel()
        await asyncio.gather(packs, return_exceptions=True)
        await listener.close()


def serve(host: str, port: int) -> None:
    """Serve pages and monitors until stopped.

    Raises, before the first request: UnsafeDatabase; RulebookError for a rule that cannot be used or that no
    cases prove; ScaleError for a scale's text that cannot be used.
    """
    require_durable()
    require_rules()
    require_scale_texts()
    asyncio.run(_serve(host, port))
