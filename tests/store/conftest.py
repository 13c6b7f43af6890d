"""What several tests of the store and its pages set up."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.db import connection
from pytest_django import Settings

from evenkeel.store import append_only


@pytest.fixture
def unguarded() -> Iterator[None]:
    """A database whose owner took the triggers away, as an attacker with its password can."""
    with connection.cursor() as cursor:
        for statement in append_only.remove(connection.vendor):
            cursor.execute(statement)
    yield
    with connection.cursor() as cursor:
        for statement in append_only.install(connection.vendor):
            cursor.execute(statement)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[datetime], None]:
    """Set the clock of the pages. The second factor and the automatic logoff have tests of their own."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    # The clock leaps by hours between two pages, which is not somebody who went away.
    settings.IDLE_LOGOFF_MINUTES = 600

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr("evenkeel.web.pages.now", lambda: moment)
        monkeypatch.setattr("evenkeel.web.middleware.now", lambda: moment)

    return set_to
