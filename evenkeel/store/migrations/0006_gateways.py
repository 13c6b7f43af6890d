"""Machines that send what monitors measured."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("store", "0005_on_site")]
    operations = [
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, unique=True)),
                ("monitors", models.TextField(default="[]")),
                ("token_digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
