"""Patients in lists, and looking for one that may be known already."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from evenkeel.store import access, models
from evenkeel.store.queries.courses import CourseLine, lines
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class PatientLine:
    """A patient as a list shows them; `allergies` is None when nobody has asked."""

    patient: StreamId
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    record_number: str
    phone: str
    allergies: str | None
    courses: tuple[CourseLine, ...] = ()

    @property
    def full_name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}"


def search(words: str = "", stages: Iterable[str] = (), *, first: int = 0, count: int = 50) -> "Found":
    """Find patients by name, record number, birth date (YYYY-MM-DD) or phone; and by a course's stage.

    Every word must be found somewhere. Returns `count` patients from `first` on, by family name.
    """
    rows = models.PatientRow.objects.order_by("family_name", "given_name", "stream")
    for word in words.split():
        rows = rows.filter(_matches(word))
    wanted = tuple(stages)
    if wanted:
        courses = models.CourseRow.objects.filter(stage__in=wanted)
        rows = rows.filter(stream__in=courses.values("patient"))
    return Found(total=rows.count(), patients=_with_courses(rows[first : first + count]))


@frozen
class Found:
    """One page of a list, and how many there are in all."""

    total: int
    patients: tuple[PatientLine, ...]


def by_record_number(record_number: str) -> PatientLine | None:
    """The patient with this record number, or None."""
    row = models.PatientRow.objects.filter(record_number__iexact=record_number.strip()).first()
    return _line(row) if row else None


def by_name_and_birth_date(given_name: str, family_name: str, birth_date: date) -> tuple[PatientLine, ...]:
    """Everybody of that name who was born on that day."""
    rows = models.PatientRow.objects.filter(
        given_name__iexact=given_name.strip(), family_name__iexact=family_name.strip(), birth_date=birth_date
    )
    return tuple(_line(row) for row in rows)


def by_streams(patients: Iterable[StreamId]) -> dict[StreamId, PatientLine]:
    """The patients of these streams."""
    rows = models.PatientRow.objects.filter(stream__in=set(patients))
    return {StreamId(row.stream): _line(row) for row in rows}


def next_record_number(prefix: str = "EK-") -> str:
    """A record number that is free: one above the highest of the clinic's own pattern."""
    taken = models.PatientRow.objects.filter(record_number__startswith=prefix)
    numbers = [int(tail) for tail in (row[len(prefix) :] for row in _numbers(taken)) if tail.isdecimal()]
    return f"{prefix}{max(numbers, default=0) + 1:04d}"


def _numbers(rows: QuerySet[models.PatientRow]) -> Iterable[str]:
    return rows.values_list("record_number", flat=True)


def _matches(word: str) -> Q:
    found = (
        Q(given_name__icontains=word)
        | Q(family_name__icontains=word)
        | Q(record_number__icontains=word)
        | Q(phone__icontains=word)
    )
    try:
        return found | Q(birth_date=date.fromisoformat(word))
    except ValueError:
        return found


def _with_courses(rows: Iterable[models.PatientRow]) -> tuple[PatientLine, ...]:
    kept = list(rows)
    of: dict[StreamId, list[CourseLine]] = {}
    for course in lines(patients=[StreamId(row.stream) for row in kept]):
        of.setdefault(course.patient, []).append(course)
    return tuple(_line(row, tuple(of.get(StreamId(row.stream), ()))) for row in kept)


def _line(row: models.PatientRow, courses: tuple[CourseLine, ...] = ()) -> PatientLine:
    access.note(StreamId(row.stream))
    return PatientLine(
        patient=StreamId(row.stream),
        given_name=row.given_name,
        family_name=row.family_name,
        birth_date=row.birth_date,
        sex=row.sex,
        record_number=row.record_number,
        phone=row.phone,
        allergies=row.allergies,
        courses=courses,
    )
