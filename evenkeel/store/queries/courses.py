"""Courses in lists."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Sum

from evenkeel.record.courses import CourseStage
from evenkeel.store import access, models
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class CourseLine:
    """A course as a list shows it."""

    course: StreamId
    patient: StreamId
    indication: str
    stage: CourseStage
    received_date: date
    infusions_given: int
    infusions_planned: int | None
    open_risks: int
    next_due_date: date | None
    last_assessed_at: datetime | None


def lines(
    *, patients: Iterable[StreamId] | None = None, stages: Iterable[CourseStage] | None = None
) -> tuple[CourseLine, ...]:
    """Courses by the day the referral came, oldest first; of these patients or at these stages."""
    rows = models.CourseRow.objects.order_by("received_date", "stream")
    if patients is not None:
        rows = rows.filter(patient__in=set(patients))
    if stages is not None:
        rows = rows.filter(stage__in=set(stages))
    return tuple(_line(row) for row in rows)


def count_open_risks() -> int:
    """How many answers alert and wait for somebody to act, over all courses."""
    found = models.CourseRow.objects.aggregate(Sum("open_risks"))
    return found["open_risks__sum"] or 0


def count_by_stage() -> dict[CourseStage, int]:
    """How many courses stand at each stage."""
    counts: dict[CourseStage, int] = {}
    stages: Iterable[CourseStage] = models.CourseRow.objects.values_list("stage", flat=True)  # type: ignore[assignment]  # written from a CourseStage
    for stage in stages:
        counts[stage] = counts.get(stage, 0) + 1
    return counts


def _line(row: models.CourseRow) -> CourseLine:
    access.note(StreamId(row.patient))
    stage: CourseStage = row.stage  # type: ignore[assignment]  # written from a CourseStage
    return CourseLine(
        course=StreamId(row.stream),
        patient=StreamId(row.patient),
        indication=row.indication,
        stage=stage,
        received_date=row.received_date,
        infusions_given=row.infusions_given,
        infusions_planned=row.infusions_planned,
        open_risks=row.open_risks,
        next_due_date=row.next_due_date,
        last_assessed_at=row.last_assessed_at,
    )
