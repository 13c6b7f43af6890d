"""A whole day of the simulated clinic, through the use cases and the monitors' socket, on both databases."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    server = PostgresServer()
    server.start()
    address, _, name = server.url.rpartition("/")
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield server.url
    server.stop()


def play(url: str, folder: Path, seed: int = 7) -> dict[str, Any]:
    """Play the day in a process of its own and return what the record then holds."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EVENKEEL_")}
    environment |= {
        "EVENKEEL_DATABASE_URL": url,
        "EVENKEEL_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "evenkeel.config.settings",
    }
    command = [sys.executable, "-m", "evenkeel.simulate.day", "--seed", str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_same_day_leaves_the_same_record_on_sqlite_and_on_postgresql(
    tmp_path: Path, postgresql: str
) -> None:
    on_sqlite = play(f"sqlite:///{tmp_path / 'day.sqlite3'}", tmp_path / "a")
    on_postgresql = play(postgresql, tmp_path / "b")
    assert on_sqlite["heads"] == on_postgresql["heads"]
    assert on_sqlite == on_postgresql
    # A day in which nothing happened would agree as well.
    assert len(on_sqlite["heads"]) > 25
    assert on_sqlite["samples"] > 500
    assert on_sqlite["quarantined"] >= 3
