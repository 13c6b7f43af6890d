"""Put the append-only triggers in place."""

from typing import Any

from django.db import migrations

from evenkeel.store import append_only


def _run(statements: list[str], schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(apps: Any, schema_editor: Any) -> None:
    """Install the triggers of this database."""
    _run(append_only.install(schema_editor.connection.vendor, append_only.RECORD), schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    """Take the triggers away again."""
    _run(append_only.remove(schema_editor.connection.vendor, append_only.RECORD), schema_editor)


class Migration(migrations.Migration):
    """Triggers only; the tables come with the migration before."""

    dependencies = [("store", "0001_tables")]
    operations = [migrations.RunPython(install, remove)]
