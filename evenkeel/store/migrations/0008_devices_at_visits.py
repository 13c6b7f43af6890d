"""Devices at visits, quarantine that is looked at and replayed, and samples that are thinned."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from evenkeel.store import append_only

_ID = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)


def _run(statements: list[str], schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(apps: Any, schema_editor: Any) -> None:
    """Install the triggers of this database, and let samples of thinned visits go."""
    vendor = schema_editor.connection.vendor
    statements = append_only.install(vendor, append_only.DEVICES) + append_only.thinned_only(vendor)
    _run(statements, schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    """Take these triggers away, and keep every sample for good again."""
    vendor, kept = schema_editor.connection.vendor, (append_only.SAMPLES,)
    statements = append_only.remove(vendor, (*append_only.DEVICES, *kept))
    _run(statements + append_only.install(vendor, kept), schema_editor)


class Migration(migrations.Migration):
    """Columns of samples, quarantine and chairs; six tables; triggers."""

    dependencies = [("store", "0007_alerts")]
    operations = [
        migrations.AddField("chair", "monitor_since", models.DateTimeField(null=True)),
        migrations.AddField("chair", "pump", models.CharField(max_length=100, null=True, unique=True)),
        migrations.AddField("chair", "pump_since", models.DateTimeField(null=True)),
        migrations.AddField("monitorsample", "device", models.CharField(max_length=100, null=True)),
        migrations.AddField("monitorsample", "replayed_at", models.DateTimeField(null=True)),
        migrations.AddField("quarantinedmessage", "door", models.CharField(max_length=10, null=True)),
        migrations.AddField(
            "quarantinedmessage",
            "message",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="store.devicemessage"
            ),
        ),
        migrations.CreateModel(
            name="DeviceSpanRow",
            fields=[
                _ID,
                ("stream", models.CharField(db_index=True, max_length=60)),
                ("device", models.CharField(db_index=True, max_length=100)),
                ("instrument", models.CharField(max_length=10)),
                ("is_on", models.BooleanField()),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("stream", "device", "from_at"), name="device_span_once")
                ]
            },
        ),
        migrations.CreateModel(
            name="EmptyChairCount",
            fields=[
                _ID,
                ("sender", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=60)),
                ("day", models.DateField()),
                ("sentence", models.TextField()),
                ("acknowledgement", models.CharField(max_length=2)),
                ("times", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("raw", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sender", "reason", "day"), name="empty_chair_once_a_day")
                ]
            },
        ),
        migrations.CreateModel(
            name="QuarantineReview",
            fields=[
                _ID,
                ("sender", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=60)),
                ("upto", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("by_id", models.CharField(max_length=40)),
                ("by_name", models.CharField(max_length=200)),
                ("words", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="QuarantineReplay",
            fields=[
                _ID,
                ("at", models.DateTimeField()),
                ("by_id", models.CharField(max_length=40)),
                ("by_name", models.CharField(max_length=200)),
                ("charted", models.PositiveIntegerField()),
                ("visit", models.CharField(max_length=60, null=True)),
                ("sentence", models.TextField()),
                (
                    "message",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.devicemessage"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThinnedVisit",
            fields=[
                ("visit", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("thinned_at", models.DateTimeField()),
                ("full_days", models.PositiveIntegerField()),
                ("samples_before", models.PositiveIntegerField()),
                ("samples_kept", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(install, remove),
    ]
