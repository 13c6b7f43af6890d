"""A day of the clinic as a grid: quarters of an hour down, chairs across."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone

from evenkeel.store.queries.visits import VisitLine
from evenkeel.store.rows import SLOT, Chair
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web.chairside import PHASE_MARKS

# The hours that a day shows even when nothing is booked in them. Proposal.
OPENS: Final = time(8, 0)
CLOSES: Final = time(18, 0)
HOUR: Final = timedelta(hours=1)


def grid(
    day: date, chairs: Sequence[Chair], lines: Iterable[VisitLine], names: dict[StreamId, tuple[str, str]]
) -> dict[str, Any]:
    """Rows of quarters from opening to closing time, stretched to hold every visit that is not cancelled.

    A row has the words of its hour when one begins, and a cell for each chair that is free or where a visit
    begins; a visit's cell spans the rows that it lasts. `names` gives a patient's name and record number.
    """
    standing = [line for line in lines if line.phase != "cancelled"]
    opens, closes = _span(day, standing)
    count = (closes - opens) // SLOT
    held: set[tuple[int, int]] = set()
    begins: dict[tuple[int, int], dict[str, Any]] = {}
    columns = {chair.id: column for column, chair in enumerate(chairs)}
    for line in standing:
        if line.chair not in columns:
            continue
        first = max(0, (line.starts_at - opens) // SLOT)
        last = min(count, -(-(line.ends_at - opens) // SLOT))
        column = columns[line.chair]
        held |= {(row, column) for row in range(first, last)}
        begins[first, column] = _visit(line, last - first, names)
    rows = []
    for row in range(count):
        at = opens + row * SLOT
        cells = [
            begins.get((row, column)) or {"free": True}
            for column in range(len(chairs))
            if (row, column) in begins or (row, column) not in held
        ]
        rows.append({"hour": at if at.minute == 0 else None, "cells": cells})
    return {"chairs": [chair.name for chair in chairs], "rows": rows, "is_empty": not standing}


def free_and_taken(day: date, chairs: Sequence[Chair], lines: Iterable[VisitLine]) -> list[dict[str, Any]]:
    """For every chair, when it is taken on a day; nothing says by whom."""
    standing = [line for line in lines if line.phase != "cancelled"]
    return [
        {
            "name": chair.name,
            "taken": [(line.starts_at, line.ends_at) for line in standing if line.chair == chair.id],
        }
        for chair in chairs
    ]


def _span(day: date, lines: Sequence[VisitLine]) -> tuple[datetime, datetime]:
    """From the first to the last full hour that is shown."""
    zone = timezone.get_default_timezone()
    opens = datetime.combine(day, OPENS, tzinfo=zone)
    closes = datetime.combine(day, CLOSES, tzinfo=zone)
    midnight = datetime.combine(day, time(0, 0), tzinfo=zone)
    for line in lines:
        starts, ends = line.starts_at.astimezone(zone), line.ends_at.astimezone(zone)
        opens = min(opens, max(midnight, starts.replace(minute=0)))
        closes = max(closes, ends if ends.minute == 0 else ends.replace(minute=0) + HOUR)
    return opens, closes


def _visit(line: VisitLine, span: int, names: dict[StreamId, tuple[str, str]]) -> dict[str, Any]:
    words, tone = PHASE_MARKS[line.phase]
    name, record_number = names[line.patient]
    return {
        "free": False,
        "span": span,
        "name": name,
        "record_number": record_number,
        "number": line.number,
        "starts_at": line.starts_at,
        "ends_at": line.ends_at,
        "words": words.capitalize(),
        "tone": tone,
        "url": reverse("visit", args=[reference_of(line.visit)]),
    }
