"""Django's name for the store."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """One app owns every table and one migration history."""

    name = "evenkeel.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "The record"
