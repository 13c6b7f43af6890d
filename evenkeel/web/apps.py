"""Django's name for the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages own no tables."""

    name = "evenkeel.web"
    label = "web"

    def ready(self) -> None:
        """Connect what listens to sign-ins."""
        from evenkeel.web import accounts  # noqa: F401 - importing it connects its receivers
