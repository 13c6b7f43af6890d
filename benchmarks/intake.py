"""What the monitors' messages cost: `python benchmarks/intake.py [--short] [--database postgresql]`.

Five questions, on one database that is thrown away:

- how many messages a second one clinic takes in to a durable commit, beside the same rows written through the
  database's driver alone, one commit a message, which is the database's own limit;
- whether memory stays flat over an eight-hour day, played as fast as it goes;
- what the queries of chart and board cost beside 1 and 10 million stored samples;
- what a message, a check, and each part of a page costs the processor;
- how many messages a second come through the real listener from several monitors at once.

Prints the machine, its load and its noise; asserts nothing: a clock on a shared machine proves nothing.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.chairside import machine, quantiles
from tests.faults.killed_clinic import made_database
from tests.faults.kills import running_server

CHAIRS = 4
MESSAGE_SECONDS = 5
QUARTER = timedelta(minutes=15)


def begin(url: str, folder: str) -> None:
    """Choose the database and make its tables."""
    os.environ |= {
        "EVENKEEL_DATABASE_URL": url,
        "EVENKEEL_DATA_DIR": folder,
        "EVENKEEL_SECRET_KEY": "known to everybody, and used by benchmarks alone",
        "DJANGO_SETTINGS_MODULE": "evenkeel.config.settings",
    }
    import django

    django.setup()


class Clinic:
    """Running visits, and the messages that their monitors send."""

    def __init__(self) -> None:
        from tests.faults import clinic

        self.visits = clinic.prepare(CHAIRS, "running")["visits"]
        self._sent = 0

    def message(self, chair: int, at: datetime) -> bytes:
        """The next message of a chair's monitor: five signs."""
        from evenkeel.devices.compose import Monitor, Sample, compose
        from evenkeel.devices.nomenclature import Sign

        self._sent += 1
        number = self._sent
        samples = [
            Sample(sign=Sign.SYSTOLIC, value=Decimal(115 + number % 13), observed_at=at),
            Sample(sign=Sign.DIASTOLIC, value=Decimal(72 + number % 7), observed_at=at),
            Sample(sign=Sign.SPO2, value=Decimal(97 + number % 3)),
            Sample(sign=Sign.PULSE, value=Decimal(66 + number % 11)),
            Sample(sign=Sign.BREATHS, value=Decimal(12 + number % 5)),
        ]
        device = Monitor(device_id=self.visits[chair]["monitor"], zone=ZoneInfo("UTC"))
        return compose(device, samples, control_id=f"B-{number}", sent_at=at)


def sustained(clinic: Clinic, seconds: float) -> list[str]:
    """Messages a second: through the door, and the same rows through the driver."""
    from evenkeel.journey import monitors

    took: list[float] = []
    ends_at = time.monotonic() + seconds
    began = time.monotonic()
    while time.monotonic() < ends_at:
        at = datetime.now(UTC)
        message = clinic.message(len(took) % CHAIRS, at)
        sent = time.monotonic()
        monitors.receive(message, received_at=at)
        took.append(time.monotonic() - sent)
    ours = len(took) / (time.monotonic() - began)
    count, spent = rows_alone(seconds)
    limit = count / spent
    share = f"{ours / limit:.0%}"
    words = ", ".join(f"{which} {value * 1e3:.1f} ms" for which, value in quantiles(took).items())
    return [
        f"through the door, one after another: {ours:,.0f} messages a second ({words})",
        f"the same rows through the driver:    {limit:,.0f} a second; the door reaches {share} of it",
    ]


def rows_alone(seconds: float) -> tuple[int, float]:
    """Write copies of a message's rows through the driver, each with a commit; returns count and seconds."""
    from django.db import connection

    from evenkeel.store import models

    last = models.DeviceMessage.objects.order_by("-id")[0]
    inserts = []
    for rows in ([last], list(models.MonitorSample.objects.filter(message=last))):
        fields = [each for each in rows[0]._meta.concrete_fields if not each.primary_key]
        marks = ", ".join(["%s"] * len(fields))
        names = ", ".join(each.column for each in fields)
        text = f"INSERT INTO {rows[0]._meta.db_table} ({names}) VALUES ({marks})"  # noqa: S608
        inserts.append((text, fields, rows))
    (first, message_fields, _), (rest, sample_fields, samples) = inserts
    place = [each.column for each in message_fields].index("control_id")
    link = [each.column for each in sample_fields].index("message_id")
    head = [each.get_db_prep_save(getattr(last, each.attname), connection) for each in message_fields]
    bodies = [
        [each.get_db_prep_save(getattr(row, each.attname), connection) for each in sample_fields]
        for row in samples
    ]
    connection.close()
    connection.ensure_connection()
    raw, is_sqlite = connection.connection, connection.vendor == "sqlite"
    assert raw is not None, "it was just opened"
    if is_sqlite:
        first, rest = first.replace("%s", "?"), rest.replace("%s", "?")
    else:
        first += " RETURNING id"
        raw.autocommit = False
    count, began = 0, time.monotonic()
    while time.monotonic() < began + seconds:
        cursor = raw.cursor()
        if is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        head[place] = f"R-{count}"
        cursor.execute(first, head)
        key = cursor.lastrowid if is_sqlite else cursor.fetchone()[0]
        cursor.executemany(rest, [[*body[:link], key, *body[link + 1 :]] for body in bodies])
        cursor.execute("COMMIT") if is_sqlite else raw.commit()
        count += 1
    spent = time.monotonic() - began
    connection.close()
    return count, spent


def processor_time(clinic: Clinic, repeats: int = 15) -> list[str]:
    """What each thing costs the processor, which a busy machine disturbs less than a clock; medians."""
    from django.test import Client
    from django.urls import reverse

    from evenkeel.journey import monitors
    from evenkeel.store import models

    client, visit = Client(headers={"host": "localhost"}), clinic.visits[0]["visit"]
    client.force_login(models.Clinician.objects.get(username="nurse"))

    def send() -> None:
        at = datetime.now(UTC)
        monitors.receive(clinic.message(0, at), received_at=at)

    def chart() -> None:
        form = {"idempotency_key": str(uuid.uuid4()), "systolic": "121", "diastolic": "76", "pulse": "72"}
        assert client.post(reverse("signs", args=[visit]), form).status_code == 302

    def look(address: str) -> Callable[[], None]:
        def ask() -> None:
            assert client.get(address, headers={"x-evenkeel-fragment": "1"}).status_code == 200

        return ask

    asked: dict[str, Callable[[], None]] = {
        "a message": send,
        "a check": chart,
        f"the board's {CHAIRS} tiles": look(reverse("board_tiles")),
        "a chart's values": look(reverse("chart_now", args=[visit])),
        "a chart's data": look(reverse("chart_data", args=[visit])),
    }
    costs = []
    for what, ask in asked.items():
        ask()
        spent = []
        for _ in range(repeats):
            # Something new each time, so that nothing is answered from what was kept.
            send()
            began = time.process_time()
            ask()
            spent.append((time.process_time() - began) * 1e3)
        costs.append(f"{what} {statistics.median(spent):.0f} ms")
    return [f"of the processor: {'; '.join(costs)}"]


def through_listener(clinic: Clinic, seconds: float, lines: int = CHAIRS) -> list[str]:
    """Messages a second over sockets, from several monitors at once."""
    from evenkeel.devices import mllp
    from tests.faults.clinic import _receive

    async def send() -> int:
        listener = await mllp.serve("127.0.0.1", 0, _receive)
        ends_at = time.monotonic() + seconds

        async def one(chair: int) -> int:
            count = 0
            async with mllp.Sender("127.0.0.1", listener.port, answer_seconds=60) as sender:
                while time.monotonic() < ends_at:
                    answer = await sender.send(clinic.message(chair, datetime.now(UTC)))
                    assert answer.code == "AA", answer
                    count += 1
            return count

        counts = await asyncio.gather(*(one(chair) for chair in range(lines)))
        await listener.close()
        return sum(counts)

    began = time.monotonic()
    count = asyncio.run(send())
    return [f"over {lines} sockets at once: {count / (time.monotonic() - began):,.0f} messages a second"]


def day(clinic: Clinic, hours: float) -> list[str]:
    """Play a day: messages each 5 s at each chair, board and chart each minute; memory as it goes."""
    from django.db import reset_queries
    from django.test import Client
    from django.urls import reverse

    from evenkeel.journey import monitors
    from evenkeel.store import models
    from evenkeel.web import pages

    client = Client(headers={"host": "localhost"})
    begins = datetime.now(UTC)
    at, said, found = begins, begins, []
    lines = ["memory in a played day, MB each quarter of an hour:"]
    nurse = models.Clinician.objects.get(username="nurse")
    with patch.object(pages, "now", lambda: at):
        while at < begins + timedelta(hours=hours):
            for chair in range(CHAIRS):
                monitors.receive(clinic.message(chair, at), received_at=at)
            if (at - begins).seconds % 60 < MESSAGE_SECONDS:
                client.force_login(nurse)
                for address in (
                    reverse("board_tiles"),
                    reverse("chart_now", args=[clinic.visits[0]["visit"]]),
                ):
                    answer = client.get(address)
                    assert answer.status_code == 200, (address, answer.status_code)
            if at >= said:
                gc.collect()
                reset_queries()
                found.append(_resident_mb())
                said += QUARTER
            at += timedelta(seconds=MESSAGE_SECONDS)
    lines.append("  " + " ".join(f"{each:.0f}" for each in found))
    hour = max(1, len(found) // 8)
    lines.append(f"  after the first hour {found[min(hour, len(found) - 1)]:.0f}, at the end {found[-1]:.0f}")
    return lines


def _resident_mb() -> float:
    pages_used = int(Path("/proc/self/statm").read_text().split()[1])
    return pages_used * os.sysconf("SC_PAGE_SIZE") / 1e6


def beside(clinic: Clinic, counts: list[int]) -> list[str]:
    """Queries of chart and board for one visit of an ordinary length beside ever more samples of others."""
    from django.db import connection

    from evenkeel.store import models
    from evenkeel.store.queries import live, monitors
    from evenkeel.values.ids import stream_of
    from evenkeel.web import board, pages

    visit = stream_of("visit", clinic.visits[0]["visit"])
    fields = [each.column for each in models.MonitorSample._meta.concrete_fields if not each.primary_key]
    table, names = models.MonitorSample._meta.db_table, ", ".join(fields)
    taken = ", ".join("visit || '-' || n" if each == "visit" else each for each in fields)
    lines = []
    for wanted in counts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608
            [here] = cursor.fetchone()
            own = models.MonitorSample.objects.filter(visit=visit).count()
            copies = max(0, (wanted - here) // max(1, own))
            first = here
            # Visits of the same length as this one, under other names.
            cursor.execute(
                f"WITH RECURSIVE many(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM many "  # noqa: S608
                f"WHERE n < {first + copies}) INSERT INTO {table} ({names}) "
                f"SELECT {taken} FROM many CROSS JOIN (SELECT * FROM {table} WHERE visit = %s) AS one",
                [visit],
            )
            cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608
            [here] = cursor.fetchone()
            if connection.vendor == "postgresql":
                cursor.execute(f"ANALYZE {table}")
        timed: dict[str, Callable[[], object]] = {
            "last values of a chair": lambda: monitors.monitor_now(visit),
            "all values of a visit": lambda: monitors.samples(visit),
            "what is new": live.heads,
            "the board": lambda: board.tiles(pages.now()),
        }
        costs = "; ".join(f"{what} {_fastest_ms(ask):.1f} ms" for what, ask in timed.items())
        lines.append(f"{here:,} samples, {own:,} of them of the visit: {costs}")
    return lines


def _fastest_ms(ask: Callable[[], object], repeats: int = 7) -> float:
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1e3)
    return min(spent)


def main() -> None:
    """Ask every question of one database."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--hours", type=float, default=8, help="of the played day; 0 leaves it out")
    options.add_argument("--samples", default="1000000,10000000")
    options.add_argument(
        "--short", action="store_true", help="a second and a quarter of an hour, to see it run"
    )
    options.add_argument("--report", type=Path)
    asked = options.parse_args()
    if asked.short:
        asked.seconds, asked.hours, asked.samples = 2.0, 0.25, "20000"
    said = [f"{datetime.now(UTC):%d %b %Y %H:%M} UTC, {asked.database}; {machine()}"]
    print(said[0], flush=True)
    with running_server(asked.database) as server, tempfile.TemporaryDirectory() as folder:
        begin(made_database(server) if server else f"sqlite:///{folder}/clinic.sqlite3", folder)
        clinic = Clinic()
        questions: list[Callable[[], list[str]]] = [
            lambda: sustained(clinic, asked.seconds),
            lambda: processor_time(clinic),
            lambda: through_listener(clinic, asked.seconds),
            lambda: beside(clinic, [int(each) for each in asked.samples.split(",")]),
            *([lambda: day(clinic, asked.hours)] if asked.hours else []),
        ]
        for question in questions:
            for line in question():
                print(line, flush=True)
                said.append(line)
        from django.db import connections

        connections.close_all()
    said.append(machine())
    print(said[-1])
    if asked.report:
        asked.report.write_text(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
