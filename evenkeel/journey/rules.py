"""The rules and the calendar that this clinic decides by."""

from datetime import date, datetime, time

from django.utils import timezone

from evenkeel.clinical.case_tables import demand_cases, shipped_tables
from evenkeel.clinical.ladders import shipped_ladders
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.store import limit_settings

# The newest setting's hash, and the book with every setting up to it. A book is never changed and the pair is
# replaced whole, so threads may share it; each process asks the database whether it is still the newest.
_kept: tuple[str, Rulebook] | None = None


def book() -> Rulebook:
    """The rulebook in use: the rules that are shipped, with the limits that this clinic set."""
    global _kept
    newest = limit_settings.newest_hash()
    kept = _kept
    if kept is None or kept[0] != newest:
        kept = _kept = (newest, Rulebook.shipped().with_settings(limit_settings.every_setting()))
    return kept[1]


def require_rules() -> None:
    """Raise RulebookError, naming the file, unless every rule can be used and its cases prove it.

    Limits of several rules must stand in their order, too.
    """
    demand_cases(Rulebook.shipped(), shipped_tables())
    shipped_ladders()


def clinic_time(moment: datetime) -> datetime:
    """The same moment in the clinic's own zone, so that the day it bears is the clinic's day."""
    return moment.astimezone(timezone.get_default_timezone())


def clinic_day(moment: datetime) -> date:
    """The day that a moment falls on in the clinic's own zone, in which visits and rule versions count."""
    return clinic_time(moment).date()


def clinic_midnight(day: date) -> datetime:
    """When a day begins in the clinic's own zone."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def clinic_clock(moment: datetime) -> str:
    """The time of day of a moment in the clinic's own zone, for sentences: "14:05"."""
    return f"{clinic_time(moment):%H:%M}"
