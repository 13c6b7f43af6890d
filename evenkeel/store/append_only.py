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
DEVICES = ("store_quarantinereview", "store_quarantinereplay", "store_thinnedvisit")
TABLES = (*RECORD, *LIMITS, *DEVICES)
# Of these a row may go once its visit is written down as thinned, and not before.
SAMPLES = "store_monitorsample"

SENTENCE = "the record is append-only"

_POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION evenkeel_append_only() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql
"""

_NOT_THINNED = "NOT EXISTS (SELECT 1 FROM store_thinnedvisit WHERE visit = OLD.visit)"

_POSTGRESQL_THINNED_ONLY = f"""
CREATE OR REPLACE FUNCTION evenkeel_thinned_only() RETURNS trigger AS $$
BEGIN
  IF {_NOT_THINNED} THEN
    RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END
$$ LANGUAGE plpgsql
"""


def install(vendor: str, tables: Sequence[str] | None = None) -> list[str]:
    """Return the statements that put the triggers in place; `vendor` is Django's name for the database.

    A migration names the tables that there are when it runs; without names it is all, as they are today.
    """
    if tables is None:
        return [*install(vendor, TABLES), *thinned_only(vendor)]
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


def thinned_only(vendor: str) -> list[str]:
    """Return the statements that let samples of a thinned visit go, and keep every other one for good.

    They come in the place of the triggers that `install` puts on `SAMPLES`.
    """
    if vendor == "sqlite":
        refused = f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        return [
            f"DROP TRIGGER IF EXISTS {SAMPLES}_no_delete",
            f"CREATE TRIGGER {SAMPLES}_no_delete BEFORE DELETE ON {SAMPLES} WHEN {_NOT_THINNED} {refused}",
        ]
    every, each = "FOR EACH STATEMENT EXECUTE FUNCTION", "FOR EACH ROW EXECUTE FUNCTION"
    return [
        f"DROP TRIGGER IF EXISTS {SAMPLES}_append_only ON {SAMPLES}",
        (
            f"CREATE TRIGGER {SAMPLES}_append_only BEFORE UPDATE OR TRUNCATE ON {SAMPLES} "
            f"{every} evenkeel_append_only()"
        ),
        _POSTGRESQL_THINNED_ONLY,
        f"CREATE TRIGGER {SAMPLES}_thinned_only BEFORE DELETE ON {SAMPLES} {each} evenkeel_thinned_only()",
    ]


def remove(vendor: str, tables: Sequence[str] = TABLES) -> list[str]:
    """Return the statements that take the triggers away; only undoing the migration may use them."""
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for table in tables for verb in ("update", "delete")
        ]
    names = [(f"{table}_append_only", table) for table in tables]
    names += [(f"{SAMPLES}_thinned_only", SAMPLES)] if SAMPLES in tables else []
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in names]
