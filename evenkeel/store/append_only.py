"""The triggers that make the record append-only in the database itself, on SQLite and on PostgreSQL.

On SQLite, INSERT OR REPLACE deletes without firing a delete trigger unless `recursive_triggers` is on; the
connection settings turn it on, and `store.durability` refuses to start without it.
"""

from collections.abc import Sequence

RECORD = (
    "store_entry",
    "store_submission",
    "store_devicemessage",
    "store_monitorsample",
    "store_quarantinedmessage",
    "store_accessrecord",
    "store_changerecord",
)
LIMITS = ("store_limitsetting",)
TABLES = (*RECORD, *LIMITS)

SENTENCE = "the record is append-only"

_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION evenkeel_append_only() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql
"""


def install(vendor: str, tables: Sequence[str] = TABLES) -> list[str]:
    """Return the statements that put the triggers in place; `vendor` is Django's name for the database.

    A migration names the tables that there are when it runs.
    """
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            for table in tables
            for verb in ("update", "delete")
        ]
    assert vendor == "postgresql", "Evenkeel runs on SQLite and on PostgreSQL"
    return [
        _POSTGRESQL_FUNCTION,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_append_only()"
            for table in tables
        ),
    ]


def remove(vendor: str, tables: Sequence[str] = TABLES) -> list[str]:
    """Return the statements that take the triggers away; only undoing the migration may use them."""
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for table in tables for verb in ("update", "delete")
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in tables]
