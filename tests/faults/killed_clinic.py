"""Starting, killing and asking the clinic of `tests.faults.clinic`, from the process of a test."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg import sql

from tests.journeys.served import free_port, zone_of_noon
from tests.postgres import PostgresServer

START_SECONDS: Final = 20


class KilledClinic:
    """A prepared clinic on a database of its own. `open()` starts a copy; `kill()` ends it at once."""

    def __init__(self, folder: Path, url: str | None = None, chairs: int = 4, phase: str = "ready") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'clinic.sqlite3'}"
        self.log = folder / "server.log"
        self.http, self.monitor = free_port(), free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENKEEL_")}
        self.environment = environment | {
            "EVENKEEL_DATABASE_URL": self.url,
            "EVENKEEL_DATA_DIR": str(folder),
            "EVENKEEL_SECRET_KEY": "known to everybody, and used by tests alone",
            "EVENKEEL_TIME_ZONE": zone_of_noon(),
            "DJANGO_SETTINGS_MODULE": "evenkeel.config.settings",
        }
        self._errors = (folder / "prepared.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.clinic"],
            cwd=Path(__file__).resolve().parents[2],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._child: int | None = None
        try:
            made = self._ask("prepare", chairs=chairs, phase=phase)
        except BaseException:
            self.close()
            raise
        self.visits: list[dict[str, Any]] = made["visits"]
        self.cookie: str = f"{made['cookie_name']}={made['cookie']}"

    def _ask(self, what: str, **values: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None, "the clinic was started with a pipe"
        assert stdout is not None, "the clinic was started with a pipe"
        stdin.write(json.dumps({"do": what, **values}) + "\n")
        stdin.flush()
        answer = stdout.readline()
        assert answer, f"the clinic ended: {(self.folder / 'prepared.log').read_text()[-4000:]}"
        return json.loads(answer)

    def open(self, **how: Any) -> None:
        """Start a copy and wait until it listens on both ports; `how` goes to `clinic.serve`."""
        assert self._child is None, "it is open"
        self._child = self._ask("serve", http=self.http, monitor=self.monitor, log=str(self.log), **how)
        deadline_s = time.monotonic() + START_SECONDS
        for port in (self.http, self.monitor):
            while not _listens(port):
                # One that dies while it starts is dead as well, which is what is being tried.
                if "kill_at" in how and not self.is_alive:
                    return
                assert self.is_alive, f"ended by itself: {self.log.read_text()[-4000:]}"
                assert time.monotonic() < deadline_s, f"does not answer: {self.log.read_text()[-4000:]}"
                time.sleep(0.003)

    @property
    def is_alive(self) -> bool:
        """Whether the copy runs; one that was killed and not yet buried does not."""
        if self._child is None:
            return False
        state = Path(f"/proc/{self._child}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"

    def wait_until_dead(self, seconds: float = START_SECONDS) -> None:
        """Wait until the copy has reached its kill point."""
        deadline_s = time.monotonic() + seconds
        while self.is_alive:
            assert time.monotonic() < deadline_s, "the kill point was never reached"
            time.sleep(0.002)

    def kill(self) -> int:
        """End the copy at this very moment; returns the signal that ended it."""
        assert self._child is not None, "nothing is open"
        child, self._child = self._child, None
        os.kill(child, signal.SIGKILL)
        ended: int = self._ask("reap", pid=child)
        return ended

    def carried_out(self, keys: set[str]) -> int:
        """How many of these requests and messages are in the record, while nobody serves."""
        assert self._child is None, "it is open"
        answer: int = self._ask("carried_out", keys=sorted(keys))
        return answer

    def found(self, visits: list[dict[str, Any]]) -> dict[str, Any]:
        """What the record holds now of these visits; see `clinic.found`."""
        answer: dict[str, Any] = self._ask("found", visits=visits)
        return answer

    def kill_points(self) -> list[str]:
        """Where copies with a kill point died, in order."""
        journal = Path(f"{self.log}.kills")
        return journal.read_text().splitlines() if journal.exists() else []

    def close(self) -> None:
        """End everything."""
        if self._child is not None:
            self.kill()
        assert self._process.stdin is not None, "the clinic was started with a pipe"
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def made_database(server: PostgresServer) -> str:
    """The address of a new database on a running server."""
    address, _, name = server.url.rpartition("/")
    name = f"{name}_{random.getrandbits(32):08x}"
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{address}/{name}"
