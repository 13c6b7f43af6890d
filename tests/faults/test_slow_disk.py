"""A database that keeps everybody waiting: what waits lands once; what waits too long is told in words."""

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.faults.killed_clinic import KilledClinic, made_database
from tests.faults.kills import Day, running_server

SEED = 5
# How long the database lets nobody write, and how long a page of the impatient clinic waits for it.
HELD_SECONDS = 2.0
IMPATIENT_SECONDS = 0.3

Hold = Callable[[KilledClinic, float, threading.Event], None]


def hold_sqlite(clinic: KilledClinic, seconds: float, held: threading.Event) -> None:
    """Another writer has the file, as when its disk takes long to write."""
    with closing(sqlite3.connect(clinic.url.removeprefix("sqlite:///"), isolation_level=None)) as writer:
        writer.execute("PRAGMA busy_timeout = 20000")
        writer.execute("BEGIN IMMEDIATE")
        held.set()
        time.sleep(seconds)
        writer.execute("ROLLBACK")


def hold_postgresql(clinic: KilledClinic, seconds: float, held: threading.Event) -> None:
    """Another writer holds every stream and the table of messages."""
    with psycopg.connect(clinic.url) as writer:
        writer.execute("LOCK TABLE store_stream, store_devicemessage IN EXCLUSIVE MODE")
        held.set()
        time.sleep(seconds)
        writer.rollback()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def slow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[KilledClinic, Hold]]:
    """A clinic, and how its database is kept from writing."""
    folder: Path = tmp_path_factory.mktemp("slow")
    with running_server(request.param) as server:
        url = None if server is None else made_database(server)
        with KilledClinic(folder, url, chairs=2) as clinic:
            yield clinic, hold_sqlite if server is None else hold_postgresql


def _day(clinic: KilledClinic, hold: Hold, place: int) -> tuple[Day, list[str]]:
    """A day in whose midst nobody can write for a while, and what is wrong with the record after it."""
    day = Day(clinic, SEED, nurses=1, visits=slice(place, place + 1), notes_only=True)
    day.begin()
    while not (day.told.steps and day.told.messages):
        time.sleep(0.01)
    held = threading.Event()
    holder = threading.Thread(target=hold, args=(clinic, HELD_SECONDS, held))
    holder.start()
    assert held.wait(20)
    # What was being written when the lock came may still be answered.
    time.sleep(HELD_SECONDS / 4)
    before = len(day.told.steps), len(day.told.messages)
    time.sleep(HELD_SECONDS / 4)
    assert (len(day.told.steps), len(day.told.messages)) == before, "something was answered that waits"
    holder.join()
    wrong = day.end()
    clinic.kill()
    assert len(day.told.steps) > before[0]
    assert len(day.told.messages) > before[1]
    return day, wrong


def test_what_waits_for_the_disk_lands_once(slow: tuple[KilledClinic, Hold]) -> None:
    clinic, hold = slow
    clinic.open()
    day, wrong = _day(clinic, hold, 0)
    assert wrong == []
    assert day.told.broken == []


def test_a_page_that_waits_too_long_says_so_and_nothing_is_lost(slow: tuple[KilledClinic, Hold]) -> None:
    clinic, hold = slow
    clinic.open(lock_seconds=IMPATIENT_SECONDS)
    day, wrong = _day(clinic, hold, 1)
    assert wrong == []
    assert day.told.broken, "nobody waited too long"
    for page in day.told.broken:
        words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert "do not take it for saved" in words
        assert "The same form sent twice is saved once." in words
