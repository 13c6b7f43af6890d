"""Reading the access log: who looked at or wrote to whose data."""

from datetime import datetime

from django.db.models import Q

from evenkeel.record.entry import Role
from evenkeel.store import access, models
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.shape import frozen


@frozen
class AccessLine:
    """One line of the access log; `patient_name` is None when the patient is not in the list of patients."""

    at: datetime
    by_id: ClinicianId
    by_name: str
    by_role: Role
    patient: StreamId
    patient_name: str | None
    record_number: str | None
    route: str
    method: str
    status: int


@frozen
class Found:
    """One page of the access log, and how many lines there are in all."""

    total: int
    lines: tuple[AccessLine, ...]


def search(
    *,
    patients: frozenset[StreamId] | None = None,
    by: ClinicianId | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    first: int = 0,
    count: int = 50,
) -> Found:
    """Find lines, the newest first; `patients` None means every patient, an empty set means none.

    Lines name patients, so reading them is access too and is noted.
    """
    rows = models.AccessRecord.objects.order_by("-at", "-pk")
    if patients is not None:
        rows = rows.filter(patient__in=patients)
    if by is not None:
        rows = rows.filter(by_id=by)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    shown = list(rows[first : first + count])
    known = models.PatientRow.objects.in_bulk({row.patient for row in shown})
    access.note(*(StreamId(stream) for stream in known))
    return Found(total=rows.count(), lines=tuple(_line(row, known.get(row.patient)) for row in shown))


def patients_matching(words: str) -> frozenset[StreamId]:
    """The patients that every word fits, by name or record number.

    Looking here for a name is not yet access.
    """
    rows = models.PatientRow.objects.all()
    for word in words.split():
        rows = rows.filter(
            Q(family_name__icontains=word) | Q(given_name__icontains=word) | Q(record_number__icontains=word)
        )
    return frozenset(StreamId(stream) for stream in rows.values_list("stream", flat=True))


def _line(row: models.AccessRecord, patient: models.PatientRow | None) -> AccessLine:
    role: Role = row.by_role  # type: ignore[assignment]  # written from a Role
    return AccessLine(
        at=row.at,
        by_id=ClinicianId(row.by_id),
        by_name=row.by_name,
        by_role=role,
        patient=StreamId(row.patient),
        patient_name=f"{patient.given_name} {patient.family_name}" if patient else None,
        record_number=patient.record_number if patient else None,
        route=row.route,
        method=row.method,
        status=row.status,
    )
