"""The last value of each sign of a visit, found without reading the visit's other samples."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0008_devices_at_visits")]
    operations = [
        migrations.AddIndex(
            model_name="monitorsample",
            index=models.Index(fields=["visit", "sign", "observed_at"], name="sample_by_sign"),
        ),
    ]
