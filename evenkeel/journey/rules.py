"""The rules and the calendar that this clinic decides by."""

from datetime import date, datetime

from django.utils import timezone

from evenkeel.clinical.rulebook import Rulebook


def book() -> Rulebook:
    """The rulebook in use."""
    return Rulebook.shipped()


def clinic_time(moment: datetime) -> datetime:
    """The same moment in the clinic's own zone, so that the day it bears is the clinic's day."""
    return moment.astimezone(timezone.get_default_timezone())


def clinic_day(moment: datetime) -> date:
    """The day that a moment falls on in the clinic's own zone, in which visits and rule versions count."""
    return clinic_time(moment).date()


def clinic_clock(moment: datetime) -> str:
    """The time of day of a moment in the clinic's own zone, for sentences: "14:05"."""
    return f"{clinic_time(moment):%H:%M}"
