"""Time is aware UTC inside, the clinic's zone on screen; the clock is passed in."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from: the machine's clock in a clinic, a played one in a simulation."""

    def now(self) -> datetime:
        """Return the present moment as aware UTC."""
        ...


def utc(moment: datetime) -> datetime:
    """Return the moment in UTC; a moment without a zone is a broken invariant, since it names no instant."""
    assert moment.tzinfo is not None, "a datetime without a zone reached the core"
    return moment.astimezone(UTC)


def written(moment: datetime) -> str:
    """Write a moment in the one form that hashes and stored text use: UTC, microseconds, Z."""
    return utc(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    """Read what `written` wrote."""
    return utc(datetime.fromisoformat(text))
