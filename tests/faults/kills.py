"""A day on which the clinic is killed again and again: by a signal, at a statement, or with its database.

python -m tests.faults.kills --kills 1000 [--database postgresql] [--seed 1] [--report FILE]
"""

import argparse
import contextlib
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.faults.killed_clinic import KilledClinic, made_database
from tests.faults.played_day import Bedside, Nurse, Step, Told, faults, notes_of, steps_of
from tests.postgres import PostgresServer

KILLS_A_SEED: Final = 100
NURSES: Final = 3
VISITS_A_NURSE: Final = 3
# How long a clinic lives before it is killed: from before its first answer to some dozens of answers.
LIFE_SECONDS: Final = (0.01, 0.6)
# A form asks the database some 40 times, counted before and after, so that several forms lie in this span.
POINTS: Final = (1, 700)


@dataclass(slots=True)
class Outcome:
    """What one seed came to."""

    seed: int
    database: str
    kills: Counter[str] = field(default_factory=Counter)
    points: list[str] = field(default_factory=list)
    steps: int = 0
    messages: int = 0
    again: int = 0
    # Of what waited for an answer when the clinic died: written all the same, and not written.
    unheard: int = 0
    unwritten: int = 0
    entries: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Day:
    """People and monitors at work in a clinic that dies under them.

    One nurse has every so-manieth of the visits, each from start to stop, and then goes on writing notes.
    """

    def __init__(
        self,
        clinic: KilledClinic,
        seed: int,
        *,
        nurses: int = NURSES,
        visits: slice = slice(None),
        notes_only: bool = False,
        fresh_keys: bool = False,
    ) -> None:
        self.clinic, self.told = clinic, Told()
        self.visits = clinic.visits[visits]
        self._notes_only = notes_only
        rng = random.Random(seed)
        self.nurses = [
            Nurse(
                clinic.http,
                clinic.cookie,
                self._steps(self.visits[place::nurses], random.Random(rng.getrandbits(64))),
                self.told,
                fresh_keys=fresh_keys,
            )
            for place in range(nurses)
        ]
        self.monitors = [
            Bedside(clinic.monitor, each["monitor"], each["visit"], self.told)
            for each in self.visits[:nurses]
        ]

    def _steps(self, visits: list[dict[str, Any]], rng: random.Random) -> Iterator[Step]:
        for each in visits:
            if not self._notes_only:
                yield from steps_of(each["visit"], rng, rng.randint(10, 30))
        yield from notes_of(visits[0]["visit"], rng)

    def begin(self) -> None:
        """Everybody starts to send."""
        for each in (*self.nurses, *self.monitors):
            each.start()

    def end(self) -> list[str]:
        """Let everybody come to the end of what they are sending, and say what is wrong with the record."""
        senders: list[Nurse | Bedside] = [*self.nurses, *self.monitors]
        for each in senders:
            each.leaves.set()
        for each in senders:
            each.join(timeout=60)
            assert not each.is_alive(), f"no answer came: {self.clinic.log.read_text()[-3000:]}"
        found = self.clinic.found(self.visits)
        self.found = found
        return faults(self.told, found)


def one_seed(
    seed: int,
    kills: int,
    folder: Path,
    server: PostgresServer | None = None,
    *,
    visits_a_nurse: int = VISITS_A_NURSE,
) -> Outcome:
    """One clinic, killed so many times at moments that the seed chooses."""
    rng = random.Random(seed)
    outcome = Outcome(seed=seed, database="sqlite" if server is None else "postgresql")
    url = made_database(server) if server is not None else None
    began_s = time.monotonic()
    ways = ["signal", "statement"] if server is None else ["signal", "statement", "backend", "server"]
    with KilledClinic(folder, url, chairs=NURSES * visits_a_nurse) as clinic:
        day = Day(clinic, seed)
        day.begin()
        for _ in range(kills):
            way = rng.choices(ways, (5, 5, 1, 1)[: len(ways)])[0]
            if way == "statement":
                clinic.open(kill_at=rng.randint(*POINTS))
                clinic.wait_until_dead()
            else:
                clinic.open()
                time.sleep(rng.uniform(*LIFE_SECONDS))
            if server is not None and way == "backend":
                server.kill_backend()
                time.sleep(rng.uniform(*LIFE_SECONDS))
            elif server is not None and way == "server":
                server.crash()
            assert clinic.kill() == 9
            with day.told.lock:
                waiting = set(day.told.waiting)
            written = clinic.carried_out(waiting)
            outcome.unheard += written
            outcome.unwritten += len(waiting) - written
            outcome.kills[way] += 1
        clinic.open()
        outcome.wrong = day.end()
        outcome.points = clinic.kill_points()
        outcome.steps, outcome.messages = len(day.told.steps), len(day.told.messages)
        outcome.again, outcome.entries = day.told.again, day.found["entries_in_all"]
    outcome.seconds = time.monotonic() - began_s
    return outcome


@contextlib.contextmanager
def running_server(database: str) -> Iterator[PostgresServer | None]:
    """A PostgreSQL server of this run's own, or None for SQLite."""
    if database == "sqlite":
        yield None
        return
    server = PostgresServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> int:
    """Kill as often as asked, seed after seed, and print what came of each."""
    options = argparse.ArgumentParser(prog="tests.faults.kills", description=__doc__)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1, help="the first seed; each further one is one more")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--report", type=Path)
    asked = options.parse_args()
    say = partial(print, flush=True)
    say(f"{platform.platform()}, {os.cpu_count()} processors, load {os.getloadavg()}")
    outcomes: list[Outcome] = []
    with running_server(asked.database) as server:
        seed = asked.seed
        while (left := asked.kills - sum(each.kills.total() for each in outcomes)) > 0:
            with tempfile.TemporaryDirectory() as folder:
                outcome = one_seed(seed, min(KILLS_A_SEED, left), Path(folder), server)
            outcomes.append(outcome)
            say(
                f"seed {seed}, {outcome.database}: killed {dict(outcome.kills)}; {outcome.steps} forms and "
                f"{outcome.messages} messages answered, {outcome.again} sent again; {outcome.seconds:.0f} s; "
                f"wrong: {outcome.wrong or 'nothing'}",
            )
            seed += 1
    where = Counter(" ".join(point.split()[1:3]) for each in outcomes for point in each.points)
    summary = {
        "kills": sum((each.kills for each in outcomes), Counter()),
        "forms": sum(each.steps for each in outcomes),
        "messages": sum(each.messages for each in outcomes),
        "written, never answered": sum(each.unheard for each in outcomes),
        "neither written nor answered": sum(each.unwritten for each in outcomes),
        "again": sum(each.again for each in outcomes),
        "entries": sum(each.entries for each in outcomes),
        "wrong": sum(len(each.wrong) for each in outcomes),
        "died at": dict(where.most_common()),
    }
    text = json.dumps(summary, indent=1)
    say(text)
    if asked.report:
        asked.report.write_text(text)
    return 1 if summary["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
