"""How many alerts an hour in the chair brings, as plain values for the lead."""

from datetime import timedelta
from typing import Any

from django.urls import reverse

from evenkeel.journey.rules import book
from evenkeel.store.queries.alerts import Load, LoadLine
from evenkeel.web.jinja import duration
from evenkeel.web.verdicts import link_to


def count(load: Load, days: int) -> dict[str, str]:
    """One of the lead's numbers on Today, which leads to the report."""
    return {
        "label": "Alerts for each chair-hour",
        "value": _rate(load.per_chair_hour(load.raised)),
        "note": f"{load.raised} in {days} days",
        "url": reverse("alert_load"),
    }


def report(load: Load) -> dict[str, Any] | None:
    """The report over some days; None where no patient was under the drug and no alert was raised."""
    if not load.chair_time and not load.raised:
        return None
    answered = sum(line.answered for line in load.lines)
    false = sum(line.false_readings for line in load.lines)
    return {
        "raised": load.raised,
        "hours": _hours(load.chair_time),
        "per_hour": _rate(load.per_chair_hour(load.raised)),
        "answered": answered,
        "false_readings": false,
        "escalated": sum(line.escalated for line in load.lines),
        "lines": [_line(load, line) for line in load.lines],
    }


def _line(load: Load, line: LoadLine) -> dict[str, Any]:
    return {
        "rule": link_to(line.rule),
        "title": book().rule(line.rule).title,
        "priority": line.priority,
        "raised": line.raised,
        "per_hour": _rate(load.per_chair_hour(line.raised)),
        "answered": f"{line.answered} of {line.raised}",
        "answered_after": _waited(line.answered_after),
        "false_readings": line.false_readings,
        "escalated": line.escalated,
    }


def _rate(per_hour: float | None) -> str:
    return "–" if per_hour is None else f"{per_hour:.2f}"


def _hours(spent: timedelta) -> str:
    return f"{spent / timedelta(hours=1):.1f}"


def _waited(length: timedelta | None) -> str:
    """In seconds where it was short, since a minute is long for an alert."""
    if length is None:
        return "–"
    seconds = round(length.total_seconds())
    return f"{seconds} s" if seconds < 120 else duration(length)
