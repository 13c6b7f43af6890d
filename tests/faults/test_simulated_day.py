"""A whole day of the simulated clinic, through the use cases and the monitors' socket, on both databases."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from evenkeel.simulate.scenario import read_journal
from tests.faults.killed_clinic import made_database
from tests.faults.kills import running_server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with running_server("postgresql") as server:
        assert server is not None, "it was asked for"
        yield made_database(server)


# Everything that can go wrong, on a short day.
ROUGH: Final = ("--chairs", "1", "--staff", "tired", "--artefacts", "rough", "--faults", "cuts")


def command(url: str, folder: Path, *options: str) -> tuple[list[str], dict[str, str]]:
    """What plays a day in a process of its own, and its environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EVENKEEL_")}
    environment |= {
        "EVENKEEL_DATABASE_URL": url,
        "EVENKEEL_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "evenkeel.config.settings",
    }
    return [sys.executable, "-m", "evenkeel.simulate.day", "--json", *options], environment


def play(url: str, folder: Path, *options: str) -> dict[str, Any]:
    """Play the day and return what the record then holds."""
    argv, environment = command(url, folder, *options)
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def play_and_kill(url: str, folder: Path, journal: Path, lines: int, *options: str) -> None:
    """Play until the journal has so many lines, and kill the process wherever it then is."""
    argv, environment = command(url, folder, "--journal", str(journal), *options)
    playing = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 240
        while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
            assert playing.poll() is None, "the day was over before it could be killed"
            assert time.monotonic() < until, "the day stands still"
            time.sleep(0.01)
    finally:
        playing.kill()
        playing.wait()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a rough day that nobody broke off, with its journal, and what came of it."""
    folder = tmp_path_factory.mktemp("whole")
    found = play(
        f"sqlite:///{folder / 'day.sqlite3'}", folder, *ROUGH, "--journal", str(folder / "day.jsonl")
    )
    return folder, found


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
    # The surge and the pause cross a limit each.
    assert on_sqlite["alerts"] >= 2


def test_another_seed_is_another_day_and_everything_comes_at_a_tired_clinic(
    tmp_path: Path, whole: tuple[Path, dict[str, Any]]
) -> None:
    folder, first = whole
    other = play(f"sqlite:///{tmp_path / 'day.sqlite3'}", tmp_path, *ROUGH, "--seed", "8")
    assert other["digest"] != first["digest"]
    assert other["went_wrong"] != first["went_wrong"]
    for day in (first, other):
        # The commonest; that each comes at its rate is tested by itself.
        assert {"late check", "answer lost", "probe slipped", "motion"} <= set(day["went_wrong"])
    # No made-up people go where people work already.
    argv, environment = command(f"sqlite:///{folder / 'day.sqlite3'}", folder, *ROUGH)
    again = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "People work in this database already" in again.stderr


def test_a_day_that_was_killed_is_played_on_to_the_same_end(
    tmp_path: Path, whole: tuple[Path, dict[str, Any]]
) -> None:
    chance = random.Random(11)
    folder, unbroken = whole
    asked = len(read_journal(folder / "day.jsonl").steps)
    url, journal = f"sqlite:///{tmp_path / 'day.sqlite3'}", tmp_path / "day.jsonl"
    for share in (0.3, 0.7):
        # Two lines for each request: what was asked, and what was answered.
        play_and_kill(url, tmp_path, journal, round(2 * asked * share) + chance.randrange(20), *ROUGH)
    killed = play(url, tmp_path, *ROUGH, "--journal", str(journal))
    assert {name: killed[name] for name in killed if name != "went_wrong"} == {
        name: unbroken[name] for name in unbroken if name != "went_wrong"
    }
    # Nothing is left of which nobody knows whether it was carried out.
    assert read_journal(journal).unanswered == ()
