"""Who sits where now: every chair with the visit that holds it, and the one that comes next."""

from collections.abc import Collection, Iterable
from datetime import datetime

from evenkeel.record.visits import UNDER_THE_DRUG, VisitPhase, VisitState
from evenkeel.store import access, models, reading
from evenkeel.store.queries.monitors import MonitorNow, monitor_now
from evenkeel.values.ids import ChairId, ClinicianId, StreamId
from evenkeel.values.shape import frozen


@frozen
class Seated:
    """A visit that holds a chair: its whole state, who it is in a few words, and what the monitor says."""

    state: VisitState
    short_name: str
    record_number: str
    monitor: MonitorNow


@frozen
class ChairNow:
    """One chair. `next_at` is when the next booked visit begins; `others` counts further visits held here."""

    chair: ChairId
    name: str
    monitor: str | None
    seated: Seated | None
    next_at: datetime | None
    others: int


def chairs_now(
    seated_phases: Collection[VisitPhase], first_phases: Iterable[VisitPhase], *, day_ends_at: datetime
) -> tuple[ChairNow, ...]:
    """Return every chair in its fixed order. Of several visits at one, those in `first_phases` come first."""
    first = frozenset(first_phases)
    seated = models.VisitRow.objects.filter(phase__in=tuple(seated_phases)).order_by("starts_at")
    at_chair: dict[str, list[models.VisitRow]] = {}
    for row in seated:
        at_chair.setdefault(row.chair, []).append(row)
    booked = models.VisitRow.objects.filter(phase="booked", starts_at__lt=day_ends_at).order_by("-starts_at")
    # Latest first, so that the earliest of a chair is what stays.
    coming: dict[str, datetime] = dict(booked.values_list("chair", "starts_at"))
    people = {
        row.stream: row
        for row in models.PatientRow.objects.filter(
            stream__in=[row.patient for rows in at_chair.values() for row in rows]
        )
    }
    found = []
    for chair in models.Chair.objects.order_by("order", "id"):
        rows = sorted(at_chair.get(chair.pk, ()), key=lambda row: row.phase not in first)
        found.append(
            ChairNow(
                chair=ChairId(chair.pk),
                name=chair.name,
                monitor=chair.monitor,
                seated=_seated(rows[0], people[rows[0].patient]) if rows else None,
                next_at=coming.get(chair.pk),
                others=max(0, len(rows) - 1),
            )
        )
    return tuple(found)


def responsible_for(clinician: ClinicianId) -> tuple[tuple[str, VisitState], ...]:
    """The visits that somebody is responsible for now, each with its chair's name, by start.

    Nothing is noted as looked at, since who asks shows the chairs alone.
    """
    names = dict(models.Chair.objects.values_list("pk", "name"))
    found = []
    for row in models.VisitRow.objects.filter(phase__in=UNDER_THE_DRUG).order_by("starts_at", "stream"):
        state = reading.fold(VisitState, StreamId(row.stream))
        if state.responsible is not None and state.responsible.who.id == clinician:
            found.append((names.get(row.chair, row.chair), state))
    return tuple(found)


def _seated(row: models.VisitRow, patient: models.PatientRow) -> Seated:
    access.note(StreamId(row.patient))
    visit = StreamId(row.stream)
    return Seated(
        state=reading.fold(VisitState, visit),
        short_name=f"{patient.given_name} {patient.family_name[:1]}.",
        record_number=patient.record_number,
        monitor=monitor_now(visit),
    )
