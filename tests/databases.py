"""Chooses the database of a test run before Django reads its settings; loaded by `-p tests.databases`.

EVENKEEL_TEST_DATABASE is `sqlite` (a file in a temporary folder, with the pragmas of a real clinic) or
`postgresql` (a server of this run's own, see `tests.postgres`). A clinic that the person's environment names
is never touched: its address is overwritten here.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.postgres import PostgresServer, PostgresUnavailable

CHOICE: Final = "EVENKEEL_TEST_DATABASE"
FOLDER: Final = "EVENKEEL_TEST_FOLDER"
JOURNEYS: Final = Path(__file__).resolve().parent / "journeys"
KEPT: Final = frozenset({CHOICE, FOLDER, "EVENKEEL_CHROMIUM", "EVENKEEL_WRITE_SCREENSHOTS"})


class _Run:
    """What this run has started and must put away. Workers of pytest-xdist inherit it and own nothing."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._server: PostgresServer | None = None

    def begin(self) -> None:
        """Point the environment at this run's own folder and database. Raises UsageError."""
        if "PYTEST_XDIST_WORKER" in os.environ:
            return
        # Not when pytest ends its session: it may give up before it has begun one.
        atexit.register(self.end)
        choice = os.environ.get(CHOICE, "sqlite")
        if choice not in {"sqlite", "postgresql"}:
            raise pytest.UsageError(f"{CHOICE} must be sqlite or postgresql, and is {choice!r}.")
        self._folder = Path(tempfile.mkdtemp(prefix="evenkeel-tests-"))
        os.environ[FOLDER] = str(self._folder)
        for name in [name for name in os.environ if name.startswith("EVENKEEL_")]:
            if name not in KEPT:
                del os.environ[name]
        os.environ["EVENKEEL_DATA_DIR"] = str(self._folder)
        os.environ["EVENKEEL_SECRET_KEY"] = "known to everybody, and used by tests alone"
        if choice == "postgresql":
            self._server = PostgresServer()
            try:
                self._server.start()
            except PostgresUnavailable as reason:
                raise pytest.UsageError(str(reason)) from None
            os.environ["EVENKEEL_DATABASE_URL"] = self._server.url
        else:
            os.environ["EVENKEEL_DATABASE_URL"] = f"sqlite:///{self._folder / 'clinic.sqlite3'}"

    def end(self) -> None:
        """Stop what was started and remove the folder."""
        if self._server is not None:
            self._server.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


_run = _Run()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Runs before pytest-django loads the settings."""
    _run.begin()


def pytest_report_header() -> str:
    """Say in the first lines which database these results hold for."""
    return f"database: {os.environ.get(CHOICE, 'sqlite')}"


_DATABASE_FIXTURES: Final = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that touches the database, so that none is forgotten when PostgreSQL has its turn.

    Only what says of itself that it asks nothing new there is left out.
    """
    for item in items:
        fixtures = frozenset(getattr(item, "fixturenames", ()))
        touches = item.get_closest_marker("django_db") or fixtures & _DATABASE_FIXTURES
        if touches and not item.get_closest_marker("one_database"):
            item.add_marker("store")
        if "browser" in fixtures:
            item.add_marker("browser")
        if item.get_closest_marker("browser") and item.path.parent != JOURNEYS:
            raise pytest.UsageError(f"{item.nodeid} drives a browser, so it belongs in tests/journeys.")
