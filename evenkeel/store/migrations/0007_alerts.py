"""Rows of alerts: of each visit how many are open, and each alert with what became of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two projections of the streams of alerts, of which there is none yet."""

    dependencies = [("store", "0006_gateways")]
    operations = [
        migrations.CreateModel(
            name="AlertsRow",
            fields=[
                ("stream", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("seq", models.PositiveIntegerField()),
                ("visit", models.CharField(max_length=60, unique=True)),
                ("open", models.PositiveIntegerField(db_index=True)),
                ("unanswered", models.PositiveIntegerField()),
                ("sound_paused_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AlertRow",
            fields=[
                ("entry", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("stream", models.CharField(db_index=True, max_length=60)),
                ("visit", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=120)),
                ("rule", models.CharField(max_length=20)),
                ("priority", models.CharField(max_length=10)),
                ("source", models.CharField(max_length=20)),
                ("observed_at", models.DateTimeField()),
                ("raised_at", models.DateTimeField(db_index=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("choice", models.CharField(max_length=20, null=True)),
                ("escalated_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
