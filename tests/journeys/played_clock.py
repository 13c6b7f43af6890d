"""`evenkeel serve` on a clock that a test moves, so that a course of three weeks can be lived in minutes.

The clinic knows nothing of it: its pages and its socket read the machine's clock, and this process is told
another one. How many seconds it differs stands in the file `clock` in the clinic's folder.
"""

import os
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Self

import django
import uvicorn.server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
django.setup()

from django.utils import timezone  # noqa: E402  # models are there only after setup()

from evenkeel.config.cli import app  # noqa: E402
from evenkeel.web import live, pages  # noqa: E402

DIFFERENCE: Final = Path(os.environ["EVENKEEL_DATA_DIR"]) / "clock"


class Played(datetime):
    """A datetime whose now is the test's."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """The machine's time and the difference."""
        return cls.fromtimestamp(datetime.now(UTC).timestamp(), tz) + timedelta(
            seconds=float(DIFFERENCE.read_text())
        )


if __name__ == "__main__":
    for module in (pages, live):
        vars(module)["datetime"] = Played
    timezone.now = lambda: Played.now(UTC)
    # The pages learn the server's time from the date in its answers as well.
    vars(uvicorn.server)["formatdate"] = lambda *_, **__: format_datetime(Played.now(UTC), usegmt=True)
    app(sys.argv[1:])
