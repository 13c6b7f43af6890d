"""The clinic's own limits, append-only from the first row."""

from typing import Any

from django.db import migrations, models

from evenkeel.store import append_only


def _run(statements: list[str], schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(apps: Any, schema_editor: Any) -> None:
    """Install the triggers of this database."""
    _run(append_only.install(schema_editor.connection.vendor, append_only.LIMITS), schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    """Take the triggers away again."""
    _run(append_only.remove(schema_editor.connection.vendor, append_only.LIMITS), schema_editor)


class Migration(migrations.Migration):
    """One table and its triggers."""

    dependencies = [("store", "0003_custody")]
    operations = [
        migrations.CreateModel(
            name="LimitSetting",
            fields=[
                ("seq", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("rule", models.CharField(max_length=20)),
                ("limit", models.CharField(max_length=60)),
                ("number", models.PositiveIntegerField()),
                ("value", models.TextField(null=True)),
                ("version", models.PositiveIntegerField()),
                ("from_date", models.DateField()),
                ("reason", models.TextField()),
                ("is_confirmed", models.BooleanField()),
                ("by_id", models.CharField(max_length=40)),
                ("by_name", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("previous_hash", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "number"), name="limit_setting_once")
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
