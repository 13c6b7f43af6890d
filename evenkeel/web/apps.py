"""Django's name for the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages own no tables."""

    name = "evenkeel.web"
    label = "web"
