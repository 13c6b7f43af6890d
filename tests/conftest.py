"""Fixtures that every test may use. The browser's are in tests/browser.py."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import hypothesis
import pytest
from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django import Settings

from evenkeel.jobs.verify import verify
from evenkeel.store import append_only
from tests.databases import FOLDER

# A property says what holds and not how fast: a machine that is shared stands still for a while now and then.
hypothesis.settings.register_profile(
    "no clock", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("no clock")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Keep SQLite's test database in a file: one in memory knows no WAL and no second connection."""
    for settings in connections.settings.values():
        if settings["ENGINE"] == "evenkeel.store.sqlite":
            settings.setdefault("TEST", {})["NAME"] = str(Path(os.environ[FOLDER]) / "test.sqlite3")
    # Only now, because it puts the worker's name behind the name of the test database.
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session", autouse=True)
def _emptying_lifts_append_only() -> Iterator[None]:
    """Let Django empty the tables after a test with real transactions, which the triggers rightly refuse.

    They are lifted and put back inside the transaction that empties, so that no test ever runs without them.
    """
    empty = BaseDatabaseOperations.execute_sql_flush

    def empty_append_only(self: BaseDatabaseOperations, sql_list: list[str]) -> Any:
        vendor = self.connection.vendor
        return empty(self, [*append_only.remove(vendor), *sql_list, *append_only.install(vendor)])

    with patch.object(BaseDatabaseOperations, "execute_sql_flush", empty_append_only):
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Hash passwords the quick way; the slow way is the clinic's, and a test of it would say so itself."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _record_holds(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test that wrote to the record: each chain is whole and each row equals a fresh fold."""
    if request.node.get_closest_marker("django_db") is None or request.node.get_closest_marker("tampers"):
        yield
        return
    transactional = request.node.get_closest_marker("django_db").kwargs.get("transaction")
    request.getfixturevalue("transactional_db" if transactional else "db")
    yield
    found = verify()
    assert found.holds, (found.tamperings, found.stale_rows)
