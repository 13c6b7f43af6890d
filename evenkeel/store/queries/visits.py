"""Visits in lists, chairs through a day, and the last weight of a patient."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from evenkeel.record.checkin import CheckInRecorded
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import access, models, reading
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.quantities import Weight
from evenkeel.values.shape import frozen


@frozen
class VisitLine:
    """A visit as a list shows it."""

    visit: StreamId
    patient: StreamId
    course: StreamId
    chair: ChairId
    starts_at: datetime
    ends_at: datetime
    number: int
    phase: VisitPhase
    started_at: datetime | None
    stopped_at: datetime | None


@frozen
class LastWeight:
    """What a patient weighed when last weighed, and when."""

    weight: Weight
    weighed_at: datetime


def between(first_at: datetime, last_at: datetime) -> tuple[VisitLine, ...]:
    """Visits that touch the span [first_at, last_at), by start; cancelled ones too."""
    rows = models.VisitRow.objects.filter(starts_at__lt=last_at, ends_at__gt=first_at)
    return _lines(rows)


def of_course(course: StreamId) -> tuple[VisitLine, ...]:
    """Every visit of a course, by start."""
    return _lines(models.VisitRow.objects.filter(course=course))


def of_patient(patient: StreamId) -> tuple[VisitLine, ...]:
    """Every visit of a patient, by start."""
    return _lines(models.VisitRow.objects.filter(patient=patient))


def started_at(patient: StreamId, *, apart_from: StreamId) -> tuple[datetime, ...]:
    """When infusions of a patient began, of any course, without those of one visit."""
    return tuple(
        line.started_at
        for line in of_patient(patient)
        if line.started_at is not None and line.visit != apart_from
    )


def in_phases(phases: Iterable[VisitPhase]) -> tuple[VisitLine, ...]:
    """Every visit that stands at one of these phases, by start."""
    return _lines(models.VisitRow.objects.filter(phase__in=set(phases)))


def last_check_in(
    patient: StreamId, *, apart_from: StreamId | None = None
) -> Written[CheckInRecorded] | None:
    """The latest check-in of a patient at which they were weighed; `apart_from` leaves one visit out."""
    found: list[Written[CheckInRecorded]] = []
    for line in of_patient(patient):
        check_in = reading.fold(VisitState, line.visit).check_in if line.visit != apart_from else None
        if check_in is not None and check_in.payload.weight is not None:
            found.append(check_in)
    return max(found, key=lambda fact: fact.at, default=None)


def last_weight(patient: StreamId, *, apart_from: StreamId | None = None) -> LastWeight | None:
    """What the patient weighed when last weighed, or None; `apart_from` leaves one visit out."""
    check_in = last_check_in(patient, apart_from=apart_from)
    if check_in is None or check_in.payload.weight is None:
        return None
    return LastWeight(weight=check_in.payload.weight, weighed_at=check_in.at)


def _lines(rows: QuerySet[models.VisitRow]) -> tuple[VisitLine, ...]:
    return tuple(_line(row) for row in rows.order_by("starts_at", "chair", "stream"))


def _line(row: models.VisitRow) -> VisitLine:
    access.note(StreamId(row.patient))
    phase: VisitPhase = row.phase  # type: ignore[assignment]  # written from a VisitPhase
    return VisitLine(
        visit=StreamId(row.stream),
        patient=StreamId(row.patient),
        course=StreamId(row.course),
        chair=ChairId(row.chair),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        number=row.number,
        phase=phase,
        started_at=row.started_at,
        stopped_at=row.stopped_at,
    )
