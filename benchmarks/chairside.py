"""Chairs at work beside a served clinic: `python benchmarks/chairside.py [--chairs 10,50,100] [--short]`.

For each number of chairs a clinic of its own is made, served by `evenkeel serve`, and loaded by this process:
 a monitor at each chair sends a set of signs every 5 s over MLLP; nurses chart checks, one form
after another; viewers follow the event stream and fetch what the pages fetch, half of them the board, half of
them a chart. Prints what was found with the machine, its load and its noise; asserts nothing, because a clock
on a shared machine proves nothing. Server and load share the processors, so that the figures are from below.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from evenkeel.devices import mllp
from evenkeel.devices.compose import Monitor, Sample, compose
from evenkeel.devices.nomenclature import Sign
from tests.faults.killed_clinic import KilledClinic, made_database
from tests.faults.kills import running_server
from tests.faults.played_day import FORMS_TOKEN

MESSAGE_SECONDS = 5.0
# A page asks for one part at most this often (`live.js`).
FRAGMENT_SECONDS = 1.5
VIEWERS = 10
# What was set in advance: the figure, its limit in seconds.
LIMITS = {
    "charting p99": 0.25,
    "charting p99.9": 1.0,
    "message to chart p99": 2.0,
    "message to board p99": 2.0,
}


# When each sender begins; a seed keeps two runs alike.
_chance = Random(4)  # noqa: S311


class Line:
    """One HTTP/1.1 connection that is kept open."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._head = f"Host: localhost\r\nCookie: {cookie}; forms={FORMS_TOKEN}\r\nX-Evenkeel-Fragment: 1\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, int]:
        """Send one request; returns its status and how many bytes the body had."""
        is_old = self._streams is not None
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        body = urlencode(form).encode() if form else b""
        kind = "Content-Type: application/x-www-form-urlencoded\r\n" if form else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._head}{kind}Content-Length: {len(body)}\r\n\r\n"
        try:
            writer.write(head.encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The server lets a connection go that was idle; browsers then ask on a new one, and so does this.
            self._streams = None
            if is_old:
                return await self.ask(method, path, form)
            raise
        size = next(
            (
                int(line.split(":")[1])
                for line in answer.splitlines()
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        await reader.readexactly(size)
        return int(answer.split()[1]), size

    async def events(self, path: str, heard: Callable[[str, dict[str, Any]], None]) -> None:
        """Follow the event stream until it ends, and then the next one, as browsers do."""
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(f"GET {path} HTTP/1.1\r\n{self._head}Accept: text/event-stream\r\n\r\n".encode())
            kind = ""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    kind = line[7:].decode().strip()
                elif line.startswith(b"data: ") and kind:
                    heard(kind, json.loads(line[6:]))
            writer.close()


@dataclass
class Found:
    """Moments of one run, in seconds of one clock."""

    chartings: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    acknowledgments: list[float] = field(default_factory=list)
    # When a message was sent and acknowledged, by visit; and when a fetch began and ended.
    sent: list[tuple[str, float, float]] = field(default_factory=list)
    charts: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    boards: list[list[tuple[float, float]]] = field(default_factory=list)
    fetched_bytes: int = 0
    fetches: int = 0


class Load:
    """Everybody who asks something of the clinic."""

    def __init__(
        self, http: int, monitor: int, cookie: str, visits: list[dict[str, Any]], monitors: int | None
    ) -> None:
        self._http, self._monitor, self._cookie, self._visits = http, monitor, cookie, visits
        self._monitors = monitors
        self.found = Found()

    async def run(self, seconds: float, charting_seconds: float) -> None:
        """Load the clinic for so long; a chair's check is charted every `charting_seconds`."""
        ends_at = time.monotonic() + seconds
        nurses = max(1, len(self._visits) // 4)
        tasks: list[Awaitable[None]] = [
            self._send(each, _chance.uniform(0, MESSAGE_SECONDS), ends_at)
            for each in self._visits[: self._monitors]
        ]
        tasks += [
            self._chart(self._visits[place::nurses], charting_seconds, ends_at) for place in range(nurses)
        ]
        watching = [asyncio.create_task(self._watch(place)) for place in range(VIEWERS)]
        await asyncio.gather(*tasks)
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)

    async def _send(self, place: dict[str, Any], later: float, ends_at: float) -> None:
        await asyncio.sleep(later)
        device = Monitor(device_id=place["monitor"], zone=ZoneInfo("UTC"))
        number, due = 0, time.monotonic()
        async with mllp.Sender("127.0.0.1", self._monitor, answer_seconds=60) as sender:
            while time.monotonic() < ends_at:
                number += 1
                at = datetime.now(UTC)
                samples = [
                    Sample(sign=Sign.SYSTOLIC, value=Decimal(118 + number % 9), observed_at=at),
                    Sample(sign=Sign.DIASTOLIC, value=Decimal(74 + number % 5), observed_at=at),
                    Sample(sign=Sign.SPO2, value=Decimal(97 + number % 3)),
                    Sample(sign=Sign.PULSE, value=Decimal(70 + number % 9)),
                    Sample(sign=Sign.BREATHS, value=Decimal(13 + number % 4)),
                ]
                message = compose(
                    device, samples, control_id=f"{place['monitor']}-{number}-{ends_at:.0f}", sent_at=at
                )
                began = time.monotonic()
                answer = await sender.send(message)
                ended = time.monotonic()
                if answer.code != "AA":
                    self.found.refused.append(f"message: {answer.code}")
                self.found.acknowledgments.append(ended - began)
                self.found.sent.append((place["visit"], began, ended))
                due += MESSAGE_SECONDS
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _chart(self, places: list[dict[str, Any]], each_seconds: float, ends_at: float) -> None:
        line, pause, number = Line(self._http, self._cookie), each_seconds / len(places), 0
        await asyncio.sleep(_chance.uniform(0, pause))
        while time.monotonic() < ends_at:
            number += 1
            form = {
                "csrfmiddlewaretoken": FORMS_TOKEN,
                "idempotency_key": f"bench-{uuid.uuid4()}",
                "systolic": str(115 + number % 20),
                "diastolic": "74",
                "pulse": str(66 + number % 20),
                "spo2": "98",
                "breaths": "14",
                "sedation": "5",
                "dissociation": "3",
            }
            began = time.monotonic()
            status, _ = await line.ask(
                "POST", f"/visits/{places[number % len(places)]['visit']}/signs/", form
            )
            self.found.chartings.append(time.monotonic() - began)
            if status != 302:
                self.found.refused.append(f"check: {status}")
            await asyncio.sleep(max(0.0, began + pause * _chance.uniform(0.5, 1.5) - time.monotonic()))

    async def _watch(self, number: int) -> None:
        """One viewer: the board, or the chart of one chair."""
        visit = None if number % 2 == 0 else self._visits[number % len(self._visits)]["visit"]
        fetched: list[tuple[float, float]] = []
        if visit is None:
            self.found.boards.append(fetched)
        else:
            fetched = self.found.charts.setdefault(visit, fetched)
        news, follows = asyncio.Event(), Line(self._http, self._cookie)

        def heard(kind: str, data: dict[str, Any]) -> None:
            kinds = ("board",) if visit is None else ("samples", "visit")
            if kind in kinds and (visit is None or data.get("visit", visit) == visit):
                news.set()

        following = asyncio.create_task(follows.events("/live/", heard))
        line = Line(self._http, self._cookie)
        try:
            while True:
                await news.wait()
                news.clear()
                began = time.monotonic()
                parts = (
                    ["/board/tiles/"]
                    if visit is None
                    else [f"/visits/{visit}/chart/now/", f"/visits/{visit}/chart/data/"]
                )
                for part in parts:
                    status, size = await line.ask("GET", part)
                    self.found.fetched_bytes += size
                    self.found.fetches += 1
                    if status != 200:
                        self.found.refused.append(f"{part}: {status}")
                fetched.append((began, time.monotonic()))
                await asyncio.sleep(max(0.0, began + FRAGMENT_SECONDS - time.monotonic()))
        finally:
            following.cancel()


def seen_after(messages: list[tuple[str, float, float]], fetched: list[tuple[float, float]]) -> list[float]:
    """Seconds from sending each message to the end of the first fetch that began after its acknowledgment."""
    found = []
    for _, sent, acknowledged in messages:
        later = next((ended for began, ended in fetched if began >= acknowledged), None)
        if later is not None:
            found.append(later - sent)
    return found


def quantiles(values: list[float]) -> dict[str, float]:
    """Median, p99 and p99.9 by rank, and the largest; nothing of nothing."""
    ranked = sorted(values)
    if not ranked:
        return {}
    named = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: ranked[min(len(ranked) - 1, int(share * len(ranked)))] for name, share in named.items()}


def noise() -> list[float]:
    """Milliseconds that one fixed piece of arithmetic took, some times."""
    found = []
    for _ in range(15):
        began = time.perf_counter()
        sum(number * number for number in range(200_000))
        found.append((time.perf_counter() - began) * 1e3)
    return found


def machine() -> str:
    """What stands beside every figure."""
    found = noise()
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}; "
        f"load {load}; fixed arithmetic {min(found):.0f} to {max(found):.0f} ms"
    )


class Served:
    """`evenkeel serve` on the database of a prepared clinic."""

    def __init__(self, clinic: KilledClinic) -> None:
        self._clinic = clinic
        evenkeel = Path(sys.executable).with_name("evenkeel")
        self._log = (clinic.folder / "served.log").open("wb")
        self._process = subprocess.Popen(
            [str(evenkeel), "serve", "--port", str(clinic.http)],
            env=clinic.environment | {"EVENKEEL_MLLP_PORT": str(clinic.monitor)},
            cwd=Path(__file__).resolve().parent.parent,
            stdout=self._log,
            stderr=self._log,
        )

    async def ready(self, cookie: str) -> None:
        """Wait until a page answers."""
        while True:
            assert self._process.poll() is None, (self._clinic.folder / "served.log").read_text()[-3000:]
            try:
                status, _ = await Line(self._clinic.http, cookie).ask("GET", "/board/tiles/")
                if status == 200:
                    return
            except OSError:
                pass
            await asyncio.sleep(0.2)

    def used(self) -> tuple[float, float]:
        """Megabytes in memory, and seconds of processor time so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return resident / 1e3, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()


async def measure(
    clinic: KilledClinic, seconds: float, charting_seconds: float, monitors: int | None
) -> dict[str, Any]:
    """Warm up for a tenth of the time, then load and gather."""
    served = Served(clinic)
    try:
        await served.ready(clinic.cookie)
        load = Load(clinic.http, clinic.monitor, clinic.cookie, clinic.visits, monitors)
        await load.run(max(5.0, seconds / 10), charting_seconds)
        began_mb, began_s = served.used()
        load.found = Found()
        began = time.monotonic()
        await load.run(seconds, charting_seconds)
        took = time.monotonic() - began
        ended_mb, ended_s = served.used()
    finally:
        served.close()
    found = load.found
    charted = [
        each
        for visit, fetched in found.charts.items()
        for each in seen_after([sent for sent in found.sent if sent[0] == visit], fetched)
    ]
    boards = [each for fetched in found.boards for each in seen_after(found.sent, fetched)]
    return {
        "charting": quantiles(found.chartings),
        "acknowledgment": quantiles(found.acknowledgments),
        "message to chart": quantiles(charted),
        "message to board": quantiles(boards),
        "counts": {
            "checks": len(found.chartings),
            "messages": len(found.sent),
            "fetches": found.fetches,
            "kB a fetch": round(found.fetched_bytes / 1e3 / max(1, found.fetches), 1),
            "refused": len(found.refused),
        },
        "refused": found.refused[:5],
        "server": {
            "share of one processor": round((ended_s - began_s) / took, 2),
            "MB before": round(began_mb),
            "MB after": round(ended_mb),
        },
    }


def shown(chairs: int, found: dict[str, Any]) -> str:
    """A few lines to read."""
    lines = [f"{chairs} chairs: {found['counts']}, server {found['server']}"]
    for name in ("charting", "acknowledgment", "message to chart", "message to board"):
        times = ", ".join(f"{which} {seconds * 1e3:,.0f} ms" for which, seconds in found[name].items())
        lines.append(f"  {name:>17}: {times}")
        for which, seconds in found[name].items():
            limit = LIMITS.get(f"{name} {which}")
            if limit is not None:
                word = "reached" if seconds <= limit else "MISSED"
                lines.append(f"  {'':>17}  set for {which}: at most {limit * 1e3:,.0f} ms: {word}")
    return "\n".join(lines + [f"  {each}" for each in found["refused"]])


def main() -> None:
    """Measure each number of chairs in turn."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chairs", default="10,50,100", help="numbers of chairs, with commas")
    options.add_argument("--seconds", type=float, default=180)
    options.add_argument("--charting-seconds", type=float, default=20, help="a chair's check, so often")
    options.add_argument(
        "--monitors", type=int, help="so many of the chairs have a monitor that sends, not all"
    )
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--short", action="store_true", help="10 chairs for 20 s, to see that it runs")
    options.add_argument("--report", type=Path)
    asked = options.parse_args()
    counts = [10] if asked.short else [int(each) for each in asked.chairs.split(",")]
    seconds = 20.0 if asked.short else asked.seconds
    report = []
    print(f"{datetime.now(UTC):%d %b %Y %H:%M} UTC, {asked.database}, {seconds:.0f} s each; {machine()}")
    with running_server(asked.database) as server:
        for chairs in counts:
            url = None if server is None else made_database(server)
            with (
                tempfile.TemporaryDirectory() as folder,
                KilledClinic(Path(folder), url, chairs=chairs, phase="running") as clinic,
            ):
                found = asyncio.run(measure(clinic, seconds, asked.charting_seconds, asked.monitors))
            print(f"{shown(chairs, found)}\n  {machine()}", flush=True)
            report.append({"chairs": chairs, "database": asked.database, "machine": machine(), **found})
    if asked.report:
        asked.report.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
