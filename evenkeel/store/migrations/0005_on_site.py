"""Since when somebody is on site, by their own word."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("store", "0004_limit_settings")]
    operations = [
        migrations.AddField(
            model_name="clinician", name="on_site_since", field=models.DateTimeField(null=True)
        ),
    ]
