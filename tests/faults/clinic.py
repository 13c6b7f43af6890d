"""A clinic that may be killed: prepared once, then served again and again by a fresh copy of this process.

    python -m tests.faults.clinic

Reads one command a line as JSON (`{"do": "serve"}`) and answers each with a line of JSON. A served clinic
is a fork, so that a start after a kill costs some milliseconds and not the seconds of loading everything; it
begins with no connection to the database and nothing kept in memory of what others wrote.
"""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
django.setup()

import uvicorn  # noqa: E402  # models are there only after setup()
from asgiref.sync import sync_to_async  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.db.backends.signals import connection_created  # noqa: E402
from django.db.models import Count, Q, Sum  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from evenkeel.config.asgi import application  # noqa: E402
from evenkeel.devices import mllp  # noqa: E402
from evenkeel.devices.acknowledge import acknowledge  # noqa: E402
from evenkeel.jobs.verify import verify  # noqa: E402
from evenkeel.journey import monitors  # noqa: E402
from evenkeel.record.codec import encode  # noqa: E402
from evenkeel.store import models, reading  # noqa: E402
from evenkeel.values.ids import StreamId, reference_of, stream_of  # noqa: E402
from evenkeel.web import pages  # noqa: E402
from evenkeel.web.middleware import ACTIVE_AT, SIGNED_IN_AT  # noqa: E402
from tests import factories, factories_chairside  # noqa: E402
from tests.journeys import preparing  # noqa: E402

# Tests sign with the quickest hash; what is tried here is not the hash.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# How long the answer of a clinic that answers too early runs ahead of the write. For `answers_first` alone.
EARLY_SECONDS: Final = 0.05

Receive = Callable[[bytes], Awaitable[bytes]]


# --- preparing ----------------------------------------------------------------------------------------------


def prepare(chairs: int, phase: str = "ready") -> dict[str, Any]:
    """An empty database becomes a clinic: patients brought to a phase, a monitor and a chair each."""
    call_command("migrate", verbosity=0)
    at = pages.now()
    factories.people()
    standing = factories.chairs(chairs)
    visits: list[dict[str, Any]] = []
    for number, chair in enumerate(standing, start=1):
        visit = preparing.reached(at.isoformat(), chair, phase, f"Fault {number}")["visit"]  # type: ignore[arg-type]
        factories_chairside.assign_monitor(chair, f"MON-{number}")
        state = reading.visit(stream_of("visit", visit))
        visits.append({"visit": visit, "seq": state.seq, "monitor": f"MON-{number}"})
    cookie = _signed_in("nurse", at)
    _warm(visits[0]["visit"])
    return {"visits": visits, "cookie": cookie, "cookie_name": settings.SESSION_COOKIE_NAME}


def _signed_in(username: str, at: datetime) -> str:
    """A session that needs no writing, so that the same requests ask the same of the database each time."""
    client = Client(headers={"host": "localhost"})
    client.force_login(models.Clinician.objects.get(username=username))
    session = client.session
    session[SIGNED_IN_AT] = at.timestamp()
    session[ACTIVE_AT] = (at + timedelta(hours=2)).timestamp()
    session.save()
    return str(session.session_key)


def _warm(visit: str) -> None:
    """Have the pages' templates and the rules read once, so that a start after a kill need not."""
    client = Client(headers={"host": "localhost"})
    client.force_login(models.Clinician.objects.get(username="nurse"))
    for route in ("chart", "signs"):
        answer = client.get(reverse(route, args=[visit]))
        assert answer.status_code == 200, answer.status_code
    client.get(reverse("board"))


# --- serving ------------------------------------------------------------------------------------------------


class KillPoints:
    """Counts what is asked of the database, before and after each, and kills the process at one of them."""

    def __init__(self, at: int, journal: int) -> None:
        self._at, self._journal, self._count = at, journal, 0
        self._lock = Lock()

    def install(self) -> None:
        """Count from here on, on every connection of this process."""
        connection_created.connect(self._follow, weak=False)
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

        def counted(wrapper: BaseDatabaseWrapper) -> None:
            self._pass("before COMMIT")
            commit(wrapper)
            self._pass("after COMMIT")

        BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]

    def _follow(self, connection: BaseDatabaseWrapper, **_: object) -> None:
        if self._statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._statement)

    def _statement(self, execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        # A savepoint is named after its thread, which differs from run to run.
        words = re.sub(r'"s\d+_x\d+"', "", " ".join(statement.split()[:4])).strip()[:40]
        self._pass(f"before {words}")
        answer = execute(statement, params, many, context)
        self._pass(f"after {words}")
        return answer

    def _pass(self, what: str) -> None:
        with self._lock:
            self._count += 1
            if self._count == self._at:
                os.write(self._journal, f"{self._count} {what}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)


def _take_in(raw: bytes) -> bytes:
    try:
        return monitors.receive(raw, received_at=pages.now())
    finally:
        connections.close_all()


async def _receive(raw: bytes) -> bytes:
    return await sync_to_async(_take_in, thread_sensitive=False)(raw)


async def _receive_early(raw: bytes) -> bytes:
    """A clinic with the fault that the suite is there for: it answers, and writes a moment later."""
    asyncio.get_running_loop().call_later(EARLY_SECONDS, lambda: asyncio.ensure_future(_receive(raw)))
    return acknowledge(raw, "AA", at=pages.now())


async def _early(scope: Any, receive: Any, send: Any) -> None:
    """The same fault in the pages: a form is said to be saved before it is."""
    if scope["type"] != "http" or scope["method"] != "POST":
        await application(scope, receive, send)
        return
    parts = [await receive()]
    while parts[-1].get("more_body"):
        parts.append(await receive())
    await send({"type": "http.response.start", "status": 302, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
    await asyncio.sleep(EARLY_SECONDS)

    async def again() -> Any:
        return parts.pop(0) if parts else await asyncio.Event().wait()

    async def unheard(_: Any) -> None:
        pass

    await application(scope, again, unheard)


async def _answer(http: int, monitor: int, answers_first: bool) -> None:
    config = uvicorn.Config(
        _early if answers_first else application,
        host="127.0.0.1",
        port=http,
        lifespan="off",
        access_log=False,
        log_level="error",
        timeout_graceful_shutdown=2,
    )
    receive: Receive = _receive_early if answers_first else _receive
    listener = await mllp.serve("127.0.0.1", monitor, receive)
    try:
        await uvicorn.Server(config).serve()
    finally:
        await listener.close()


def serve(
    *,
    http: int,
    monitor: int,
    log: str,
    kill_at: int | None = None,
    answers_first: bool = False,
    lock_seconds: float | None = None,
) -> int:
    """Fork a served clinic; returns its process id. `kill_at` counts what is asked of the database."""
    connections.close_all()
    reading._kept.clear()
    child = os.fork()
    if child:
        return child
    try:
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        silence = os.open(os.devnull, os.O_RDONLY)
        for stream, place in ((silence, 0), (said, 1), (said, 2)):
            os.dup2(stream, place)
        if lock_seconds is not None:
            _wait_for_locks(lock_seconds)
        if kill_at is not None:
            KillPoints(
                kill_at, os.open(f"{log}.kills", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            ).install()
        asyncio.run(_answer(http, monitor, answers_first))
    finally:
        os._exit(0)


def _wait_for_locks(seconds: float) -> None:
    options = connections.settings["default"]["OPTIONS"]
    if settings.DATABASE_URL.startswith("sqlite"):
        options["timeout"] = seconds
    else:
        options["options"] = f"-c lock_timeout={seconds * 1000:.0f}ms"
    for connection in connections.all(initialized_only=True):
        connection.settings_dict["OPTIONS"] = options


def reap(pid: int) -> int:
    """Wait for a served clinic's end; returns the signal that ended it, 0 for none."""
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


# --- looking ------------------------------------------------------------------------------------------------


def found(visits: list[dict[str, Any]]) -> dict[str, Any]:
    """What the record holds: entries of these visits since they were prepared, messages, and its proof."""
    connections.close_all()
    entries = [
        {"visit": each["visit"], "kind": entry.kind, "key": entry.key, "payload": encode(entry.payload)}
        for each in visits
        for entry in reading.entries(stream_of("visit", each["visit"]), after=each["seq"])
    ]
    streams = [stream_of("visit", each["visit"]) for each in visits]
    heard = models.DeviceMessage.objects.filter(Q(visit__in=streams) | Q(visit=None))
    messages = heard.annotate(values_kept=Count("monitorsample"))
    checked = verify()
    answer = {
        "entries": entries,
        "messages": [
            [control, "" if visit is None else reference_of(StreamId(visit)), kept]
            for control, visit, kept in messages.values_list("control_id", "visit", "values_kept")
        ],
        "set_aside": models.QuarantinedMessage.objects.count(),
        "verified": [str(each) for each in (*checked.tamperings, *checked.stale_rows)],
        "entries_in_all": checked.entries,
        "ledger": _unbalanced(),
    }
    connections.close_all()
    return answer


def carried_out(keys: list[str]) -> int:
    """How many of these requests and messages are in the record."""
    connections.close_all()
    forms = models.Submission.objects.filter(key__in=keys).count()
    messages = models.DeviceMessage.objects.filter(control_id__in=keys).count()
    connections.close_all()
    return forms + messages


def _unbalanced() -> list[str]:
    """Accounts of the ledger whose balance is not what went in less what went out."""
    sums: dict[tuple[str, str, str], int] = {}
    for place, ref, sign in (("into_place", "into_ref", 1), ("source_place", "source_ref", -1)):
        rows = models.MovementRow.objects.values_list("stream", place, ref).annotate(mcg=Sum("mcg"))
        for stream, where, which, mcg in rows:
            sums[stream, where, which] = sums.get((stream, where, which), 0) + sign * mcg
    kept = {(row.stream, row.place, row.ref): row.mcg for row in models.BalanceRow.objects.all()}
    return [
        f"{account}: moved {sums.get(account, 0)}, said {mcg}"
        for account, mcg in kept.items()
        if sums.get(account, 0) != mcg
    ]


COMMANDS: Final[dict[str, Callable[..., Any]]] = {
    each.__name__: each for each in (prepare, serve, reap, carried_out, found)
}


def main() -> None:
    """Carry out commands until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        answer = COMMANDS[order.pop("do")](**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
