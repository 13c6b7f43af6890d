"""The application that a server runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")

application = get_asgi_application()
