"""A series as plain values: its plan in words, and its visits as rows."""

from typing import Any

from django.urls import reverse

from evenkeel.journey.series import MAY_CANCEL, MAY_MOVE
from evenkeel.record.courses import CourseState
from evenkeel.store import rows
from evenkeel.store.queries.visits import VisitLine
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web.chairside import PHASE_MARKS


def plan_words(state: CourseState) -> str | None:
    """The plan that stands in a line, with its doses where they are planned; None without one."""
    if state.series is None:
        return None
    plan = state.series.payload
    infusions = f"{plan.infusions} infusion" + ("" if plan.infusions == 1 else "s")
    kind = "First series" if plan.purpose == "induction" else "Maintenance"
    first = f"{plan.first_date.day} {plan.first_date:%b %Y}"
    doses = ", ".join(dose.number for dose in plan.per_weight)
    planned = f"; {doses} mg/kg planned" if doses else ""
    return f"{kind}: {infusions}, {plan.per_week} in a week, from {first}{planned}"


def visit_row(line: VisitLine, names: dict[StreamId, tuple[str, str]] | None = None) -> dict[str, Any]:
    """A visit of a series for a table, with what may still be done to it."""
    words, tone = PHASE_MARKS[line.phase]
    chair = rows.chair(line.chair)
    reference = reference_of(line.visit)
    return {
        "number": line.number,
        "name": names[line.patient][0] if names else None,
        "at": line.starts_at,
        "ends_at": line.ends_at,
        "chair": chair.name if chair else line.chair,
        "words": words.capitalize(),
        "tone": tone,
        "url": reverse("visit", args=[reference]),
        "move_url": reverse("rebook", args=[reference]) if line.phase in MAY_MOVE else None,
        "cancel_url": reverse("cancel_visit", args=[reference]) if line.phase in MAY_CANCEL else None,
    }
