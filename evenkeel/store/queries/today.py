"""What may wait for somebody: open courses, the day's visits and those in a chair, folded.

These are read to find out what waits, so nothing is noted here: the page notes the patients that it shows.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from evenkeel.record.courses import CourseStage, CourseState
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import models, reading
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class CourseNow:
    """A course, whose it is, and its visits that are not cancelled, by start."""

    state: CourseState
    patient: StreamId
    name: str
    visits: tuple[VisitState, ...]


@frozen
class VisitNow:
    """A visit and whose it is."""

    state: VisitState
    patient: StreamId
    name: str
    chair: str


def courses(*, closed: Collection[CourseStage]) -> tuple[CourseNow, ...]:
    """Every course that is not at one of the closed stages, the longest-referred first.

    A closed one is among them while an answer on it alerts and nobody has acted: that ends with no course.
    """
    wanted = ~Q(stage__in=closed) | Q(open_risks__gt=0)
    rows = list(models.CourseRow.objects.filter(wanted).order_by("received_date", "stream"))
    names = _names(row.patient for row in rows)
    visits = models.VisitRow.objects.filter(course__in=[row.stream for row in rows]).exclude(
        phase="cancelled"
    )
    of: dict[str, list[VisitState]] = {}
    for course, visit in visits.order_by("starts_at", "stream").values_list("course", "stream"):
        of.setdefault(course, []).append(reading.fold(VisitState, StreamId(visit)))
    return tuple(
        CourseNow(
            state=reading.fold(CourseState, StreamId(row.stream)),
            patient=StreamId(row.patient),
            name=names[row.patient],
            visits=tuple(of.get(row.stream, ())),
        )
        for row in rows
    )


def visits(first_at: datetime, last_at: datetime, *, also: Iterable[VisitPhase]) -> tuple[VisitNow, ...]:
    """Visits that begin in [first_at, last_at), and any that stands at one of the phases; by start."""
    wanted = Q(starts_at__gte=first_at, starts_at__lt=last_at) | Q(phase__in=tuple(also))
    return _visits(models.VisitRow.objects.filter(wanted))


def named_visits(streams: Collection[StreamId]) -> tuple[VisitNow, ...]:
    """Visits by their names, by start."""
    return _visits(models.VisitRow.objects.filter(stream__in=streams)) if streams else ()


def _visits(found: QuerySet[models.VisitRow]) -> tuple[VisitNow, ...]:
    rows = list(found.order_by("starts_at", "chair", "stream"))
    names = _names(row.patient for row in rows)
    chairs = dict(models.Chair.objects.values_list("pk", "name"))
    return tuple(
        VisitNow(
            state=reading.fold(VisitState, StreamId(row.stream)),
            patient=StreamId(row.patient),
            name=names[row.patient],
            chair=chairs.get(row.chair, row.chair),
        )
        for row in rows
    )


def set_aside_since(moment: datetime) -> int:
    """How many device messages were set aside since a moment."""
    return models.QuarantinedMessage.objects.filter(received_at__gte=moment).count()


def _names(patients: Iterable[str]) -> dict[str, str]:
    rows = models.PatientRow.objects.filter(stream__in=set(patients))
    return {
        stream: f"{given} {family}"
        for stream, given, family in rows.values_list("stream", "given_name", "family_name")
    }
