"""Monitors and people behind a line that is cut again and again: `python -m tests.faults.cuts --again 10000`.

Messages go over real sockets to the real listener, forms to the real pages; whatever has no answer is sent
again. In the end each is there once.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.cutting import CutLine
from tests.faults.killed_clinic import START_SECONDS, KilledClinic
from tests.faults.played_day import Bedside, Nurse, Told, faults, notes_of

MONITORS: Final = 4
# A stalled line is given up after this long; every other cut is noticed at once.
STALL_SECONDS: Final = 3.0
# Five senders at once; a run that is ten times slower than on a busy machine hangs.
SECONDS_EACH_MAX: Final = 1.0


@dataclass(slots=True)
class Cuts:
    """What came of it."""

    seed: int
    again: int = 0
    messages: int = 0
    forms: int = 0
    lines: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


class _Lines:
    """Both cut lines, on a thread of their own."""

    def __init__(self, clinic: KilledClinic, seed: int) -> None:
        self.monitor = CutLine(clinic.monitor, seed, b"\x1c\r")
        self.http = CutLine(clinic.http, seed + 1, b"\r\n\r\n")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for line in (self.monitor, self.http):
            asyncio.run_coroutine_threadsafe(line.open(), self._loop).result()

    def heal(self) -> None:
        """Cut nothing anymore."""
        self.monitor.heals = self.http.heals = True

    def close(self) -> None:
        """Stop."""
        for line in (self.monitor, self.http):
            asyncio.run_coroutine_threadsafe(line.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def cut(seed: int, again: int, folder: Path) -> Cuts:
    """Send over cut lines until so many messages and forms had to be sent again, and compare."""
    outcome, began_s = Cuts(seed=seed), time.monotonic()
    with KilledClinic(folder, chairs=MONITORS) as clinic:
        clinic.open()
        lines, told = _Lines(clinic, seed), Told()
        rng = random.Random(seed)
        senders: list[Bedside | Nurse] = [
            Bedside(lines.monitor.port, each["monitor"], each["visit"], told, answer_seconds=STALL_SECONDS)
            for each in clinic.visits
        ]
        senders.append(
            Nurse(
                lines.http.port,
                clinic.cookie,
                notes_of(clinic.visits[0]["visit"], rng),
                told,
                answer_seconds=STALL_SECONDS,
            )
        )
        for sender in senders:
            sender.start()
        deadline_s = time.monotonic() + START_SECONDS + again * SECONDS_EACH_MAX
        while told.again < again:
            assert time.monotonic() < deadline_s, f"only {told.again} were sent again"
            assert any(sender.is_alive() for sender in senders), told.refused
            time.sleep(0.05)
        lines.heal()
        for sender in senders:
            sender.leaves.set()
        for sender in senders:
            sender.join(timeout=60)
            assert not sender.is_alive(), clinic.log.read_text()[-3000:]
        lines.close()
        clinic.kill()
        outcome.wrong = faults(told, clinic.found(clinic.visits))
    outcome.again, outcome.messages, outcome.forms = told.again, len(told.messages), len(told.steps)
    outcome.lines = {"monitors": lines.monitor.cuts, "pages": lines.http.cuts}
    outcome.seconds = time.monotonic() - began_s
    return outcome


def main() -> int:
    """Cut as often as asked and print what came of it."""
    options = argparse.ArgumentParser(prog="tests.faults.cuts", description=__doc__)
    options.add_argument("--again", type=int, default=10_000, help="how many must have to be sent again")
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    say = partial(print, flush=True)
    say(f"{platform.platform()}, {os.cpu_count()} processors, load {os.getloadavg()}")
    with tempfile.TemporaryDirectory() as folder:
        outcome = cut(asked.seed, asked.again, Path(folder))
    say(
        f"seed {asked.seed}: {outcome.again} sent again; {outcome.messages} messages and "
        f"{outcome.forms} forms answered; {outcome.seconds:.0f} s; wrong: {outcome.wrong or 'nothing'}"
    )
    say(json.dumps(outcome.lines))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
