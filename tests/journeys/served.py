"""A clinic as its people start it: `evenkeel serve`, or `evenkeel demo` as `make run` does.

Each has ports, a folder and a database of its own.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
EVENKEEL: Final = Path(sys.executable).with_name("evenkeel")
# Long, since a busy machine is no fault of the clinic.
START_SECONDS: Final = 240
# The demo clinic's past weeks are played before it answers.
DEMO_SECONDS: Final = 420
# Stories that share this clinic book a chair each: the monitor's 2, bad input 3, scales 4, handovers 5 and 6,
# charting 9 to 11.
CHAIRS: Final = 11


# Ports that no outgoing connection takes for itself (Linux gives it 32768 and above), so that they stay free
# until a clinic listens there, and between two lives of one.
PORTS: Final = range(20_000, 32_000)


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Clinic:
    """A served clinic. Start it with `open()`, end it with `close()`; its own words are in `log`.

    It stands in a zone where it is about noon, so that no test runs over midnight. One that `starts_at` a
    moment runs on a clock that `turn_clock` moves on, and stands in New York.
    """

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = False,
        idle_minutes: int = 15,
        starts_at: datetime | None = None,
    ) -> None:
        self.folder = folder
        self._is_demo = demo
        self._is_played = starts_at is not None
        self._ahead = timedelta(0) if starts_at is None else starts_at - datetime.now(UTC)
        self.zone = "America/New_York" if self._is_played else zone_of_noon()
        self.port = free_port()
        self.monitor_port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.log = folder / "server.log"
        self._server: subprocess.Popen[bytes] | None = None
        # Nothing that this run, or the person who started it, has set for another clinic.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENKEEL_")}
        self._environment = kept | {
            "EVENKEEL_DATA_DIR": str(folder),
            "EVENKEEL_DATABASE_URL": f"sqlite:///{folder / 'clinic.sqlite3'}",
            "EVENKEEL_MLLP_PORT": str(self.monitor_port),
            "EVENKEEL_TIME_ZONE": self.zone,
            "EVENKEEL_IDLE_LOGOFF_MINUTES": str(idle_minutes),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def now(self) -> datetime:
        """What the clinic's clock shows."""
        return datetime.now(UTC) + self._ahead

    def turn_clock(self, to: datetime) -> None:
        """Let time pass in a moment; it never goes back, since nothing in the record does."""
        assert self._is_played, "this clinic runs on the machine's clock"
        assert to > self.now, f"{to} lies before {self.now}"
        self._ahead = to - datetime.now(UTC)
        self._write_clock()

    def _write_clock(self) -> None:
        fresh = self.folder / "clock.new"
        fresh.write_text(str(self._ahead.total_seconds()))
        fresh.replace(self.folder / "clock")

    def run(self, *arguments: str, typed: str = "") -> str:
        """Run one `evenkeel` command to its end, with what a person would type; return what it printed."""
        return self._run([str(EVENKEEL), *arguments], typed)

    def prepare(self, what: str, **values: Any) -> Any:
        """Carry out a function of `tests.journeys.preparing` on this clinic, in a process of its own."""
        arguments = [
            sys.executable,
            "-m",
            "tests.journeys.preparing",
            what,
            json.dumps(values, default=_plain),
        ]
        return json.loads(self._run(arguments, "").splitlines()[-1])

    def _run(self, command: list[str], typed: str) -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            input=typed,
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
            # A prompt would otherwise ask on the terminal of whoever runs the tests.
            start_new_session=True,
        )
        assert done.returncode == 0, (
            f"{command[:4]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    @classmethod
    @contextlib.contextmanager
    def furnished(
        cls, folder: Path, *, chairs: int, before: timedelta = timedelta(0), **options: Any
    ) -> Iterator[Self]:
        """A clinic that is open, with its people, and chairs since so long before; closed in the end."""
        clinic = cls(folder, **options)
        clinic.open()
        try:
            clinic.prepare("furnish", at=clinic.now - before, chairs=chairs)
            yield clinic
        finally:
            clinic.close()

    def open(self) -> None:
        """Start the server and wait until it answers."""
        self._write_clock()
        command = (
            [sys.executable, "-m", "tests.journeys.played_clock"] if self._is_played else [str(EVENKEEL)]
        )
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                [*command, "demo" if self._is_demo else "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        given_up_at = time.monotonic() + (DEMO_SECONDS if self._is_demo else START_SECONDS)
        while not self._answers():
            ended = self._server.poll()
            assert ended is None, f"the server ended with {ended}:\n{self.log.read_text()}"
            assert time.monotonic() < given_up_at, f"the server does not answer:\n{self.log.read_text()}"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/accounts/login/", timeout=30) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def close(self) -> None:
        """Stop the server."""
        if self._server is None:
            return
        # As a person stops it, with Ctrl-C; the demo clinic then ends its player as well.
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def zone_of_noon() -> str:
    """A zone in which it is about noon."""
    behind = datetime.now(UTC).hour - 11
    # By the custom of the zone files, GMT+5 is five hours behind Greenwich.
    return f"Etc/GMT{behind:+d}" if behind else "Etc/UTC"


def _plain(value: object) -> str:
    assert isinstance(value, datetime), f"{value!r} is nothing that travels to another process"
    return value.isoformat()
