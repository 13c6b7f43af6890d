"""Whoever writes takes a turn: in order, for one transaction, and no longer than a page can wait."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from django.db import connections
from django.db.utils import OperationalError
from pytest_django import DjangoDbBlocker

from evenkeel.store.sqlite.base import DatabaseWrapper
from evenkeel.store.turns import Turns

pytestmark = pytest.mark.one_database

WAIT_S = 0.3


class Desk:
    """A table in a file of its own, and connections to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[DatabaseWrapper] = []
        self.connect().cursor().execute("CREATE TABLE entry (writer INTEGER)")

    def connect(self, *, timeout: float = 20) -> DatabaseWrapper:
        """A connection as the clinic opens one."""
        found = DatabaseWrapper(
            {
                "NAME": str(self._path),
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": timeout,
                    "init_command": "PRAGMA journal_mode=WAL",
                },
                "TIME_ZONE": None,
                "USER": "",
                "PASSWORD": "",
                "HOST": "",
                "PORT": "",
                "CONN_HEALTH_CHECKS": False,
                "CONN_MAX_AGE": 0,
                "AUTOCOMMIT": True,
                "ATOMIC_REQUESTS": False,
                "TEST": {},
            }
        )
        found.inc_thread_sharing()
        self._open.append(found)
        return found

    def begin(self, connection: DatabaseWrapper) -> DatabaseWrapper:
        """Begin a transaction."""
        connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        return connection

    def end(self, connection: DatabaseWrapper, how: Callable[[], None]) -> None:
        """End it."""
        how()
        connection.set_autocommit(True)

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def desk(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    with django_db_blocker.unblock():
        opened = Desk(tmp_path / "desk.sqlite3")
        yield opened
        opened.close()


def in_thread(what: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=what)
    thread.start()
    return thread


def test_a_turn_is_handed_on_in_the_order_in_which_it_was_asked_for() -> None:
    turns, order = Turns(), list[int]()

    def write(number: int) -> None:
        assert turns.take(20)
        order.append(number)
        turns.give()

    assert turns.take(0)
    threads = []
    for number in range(8):
        threads.append(in_thread(partial(write, number)))
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_stopped_waiting_is_passed_over_and_the_turn_is_not_lost() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


def test_as_many_go_on_at_once_as_there_are_places() -> None:
    turns = Turns(2)
    assert turns.take(0)
    assert turns.take(0)
    assert not turns.take(0)
    turns.give()
    assert turns.take(0)


def test_the_clinic_takes_turns_on_sqlite() -> None:
    default = connections["default"]
    if default.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    assert isinstance(default, DatabaseWrapper)
    assert default.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_every_end_of_a_transaction_gives_the_turn_to_the_next(desk: Desk, ending: str) -> None:
    first, second = desk.begin(desk.connect()), desk.connect()
    waiting = in_thread(lambda: desk.begin(second))
    waiting.join(timeout=WAIT_S)
    assert waiting.is_alive()
    getattr(first, ending)()
    waiting.join(timeout=20)
    assert not waiting.is_alive()
    desk.end(second, second.commit)


def test_who_waits_too_long_is_told_so_and_may_try_again(desk: Desk) -> None:
    first, second = desk.begin(desk.connect()), desk.connect(timeout=WAIT_S)
    with pytest.raises(OperationalError, match="database is locked"):
        desk.begin(second)
    desk.end(first, first.commit)
    desk.end(desk.begin(second), second.commit)


def test_a_beginning_that_fails_holds_nobody_up(desk: Desk) -> None:
    """As when another process writes for longer than this one waits."""
    other = desk.connect()
    other.ensure_connection()
    other.connection.execute("BEGIN IMMEDIATE")
    impatient = desk.connect(timeout=WAIT_S)
    with pytest.raises(OperationalError, match="database is locked"):
        desk.begin(impatient)
    other.connection.execute("COMMIT")
    desk.end(desk.begin(impatient), impatient.commit)


def test_who_writes_again_and_again_passes_nobody_over(desk: Desk) -> None:
    """As when 500 messages are taken in again, each in its own transaction, while a nurse charts."""
    busy, nurse = desk.connect(), desk.connect()
    asked, done = threading.Event(), threading.Event()
    since_asked = 0

    def replay() -> None:
        nonlocal since_asked
        while not done.is_set():
            desk.begin(busy)
            time.sleep(0.02)
            since_asked += asked.is_set()
            desk.end(busy, busy.commit)

    replaying = in_thread(replay)
    time.sleep(WAIT_S)
    asked.set()
    desk.begin(nurse)
    done.set()
    desk.end(nurse, nurse.commit)
    replaying.join()
    # One was under way, and one may have begun before her thread came to ask.
    assert since_asked <= 3


def test_many_writers_all_write(desk: Desk) -> None:
    """Each transaction takes a while; nobody is passed over until only an error is left."""
    writers, each = 12, 5

    def write(number: int) -> None:
        connection = desk.connect(timeout=20)
        for _ in range(each):
            desk.begin(connection)
            connection.cursor().execute("INSERT INTO entry VALUES (%s)", (number,))
            time.sleep(0.005)
            desk.end(connection, connection.commit)
        connection.close()

    threads = [in_thread(partial(write, number)) for number in range(writers)]
    for thread in threads:
        thread.join()
    cursor = desk.connect().cursor()
    cursor.execute("SELECT writer, count(*) FROM entry GROUP BY writer ORDER BY writer")
    assert cursor.fetchall() == [(number, each) for number in range(writers)]
