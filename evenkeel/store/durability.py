"""Refusing to start on a database that can lose an acknowledged write or let the record be changed."""

from django.db import connection


class UnsafeDatabase(Exception):
    """The database is set up so that the record could be lost or changed; the text says how to mend it."""


def faults() -> list[str]:
    """Return a sentence for each setting of the connected database that the record cannot live with."""
    return _sqlite_faults() if connection.vendor == "sqlite" else _postgresql_faults()


def require_durable() -> None:
    """Raise UnsafeDatabase with every fault: a clinic never runs on a database that may lose writes."""
    found = faults()
    if found:
        raise UnsafeDatabase(" ".join(found))


def _setting(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0]).lower()


def _sqlite_faults() -> list[str]:
    found = []
    if _setting("PRAGMA synchronous") not in {"2", "3"}:
        found.append(
            "SQLite runs with synchronous below FULL and can lose a saved entry; set synchronous=FULL."
        )
    if _setting("PRAGMA journal_mode") not in {"wal", "delete", "truncate", "persist"}:
        found.append("SQLite keeps no journal on disk and can lose a saved entry; set journal_mode=WAL.")
    if _setting("PRAGMA recursive_triggers") != "1":
        found.append("SQLite would let INSERT OR REPLACE overwrite the record; set recursive_triggers=ON.")
    return found


def _postgresql_faults() -> list[str]:
    found = []
    if _setting("SHOW synchronous_commit") == "off":
        found.append("PostgreSQL runs with synchronous_commit off and can lose a saved entry; set it to on.")
    if _setting("SHOW fsync") != "on":
        found.append("PostgreSQL runs with fsync off and can lose the whole record; set fsync to on.")
    if _setting("SHOW full_page_writes") != "on":
        found.append("PostgreSQL runs with full_page_writes off and can tear a page; set it to on.")
    return found
