"""The databases that tests run on are like a clinic's, and stay append-only between tests."""

import os

import pytest
from django.db import connection

from evenkeel.store import append_only, durability
from tests.databases import CHOICE

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def _triggers_per_table() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        names = [name for (name,) in cursor.fetchall()]
    return {table: sum(name.startswith(f"{table}_") for name in names) for table in append_only.TABLES}


@pytest.mark.django_db
def test_the_chosen_database_is_the_one_in_use() -> None:
    assert connection.vendor == os.environ.get(CHOICE, "sqlite")


@pytest.mark.django_db
def test_a_clinic_would_start_on_the_test_database() -> None:
    assert durability.faults() == []


@pytest.mark.django_db
def test_the_role_may_not_pass_over_rights() -> None:
    if connection.vendor != "postgresql":
        assert connection.vendor == "sqlite"  # which knows no roles
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)


# Twice, because the tables are emptied after each: the second finds what the first left behind.
@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_emptying_the_tables_leaves_every_trigger_in_place(turn: int) -> None:
    expected = dict.fromkeys(append_only.TABLES, 1 if connection.vendor == "postgresql" else 2)
    # One for changing and emptying, and one for each row that goes. SQLite has two of every table.
    expected[append_only.SAMPLES] = 2
    assert _triggers_per_table() == expected
