"""Who sits where now: every chair with the visit that holds it, and the one that comes next."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from threading import Lock
from typing import Final

from django.db.models import Max

from evenkeel.record.alerts import AlertsState, alerts_of
from evenkeel.record.visits import UNDER_THE_DRUG, VisitPhase, VisitState
from evenkeel.store import access, models, reading
from evenkeel.store.queries import alerts
from evenkeel.store.queries.monitors import MonitorNow, monitor_now
from evenkeel.values.ids import ChairId, ClinicianId, StreamId
from evenkeel.values.shape import frozen


@frozen
class Seated:
    """A visit that holds a chair, and who it is in a few words.

    `heads` are the hashes that its record and that of its alerts end with, and `message` is the last one that
    its monitor sent: while all of them stay, nothing was written and nothing was measured.
    """

    visit: StreamId
    short_name: str
    record_number: str
    heads: tuple[str | None, str | None]
    message: int


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
    """Return every chair in its fixed order. Of several visits at one, those in `first_phases` come first.

    It asks the database a fixed number of times, however many chairs there are; what stands at one of them
    is asked for with `seen_at`. The access to every patient here is noted.
    """
    first = frozenset(first_phases)
    seated = models.VisitRow.objects.filter(phase__in=tuple(seated_phases)).order_by("starts_at")
    at_chair: dict[str, list[models.VisitRow]] = {}
    for row in seated:
        at_chair.setdefault(row.chair, []).append(row)
    shown = {chair: min(rows, key=lambda row: row.phase not in first) for chair, rows in at_chair.items()}
    booked = models.VisitRow.objects.filter(phase="booked", starts_at__lt=day_ends_at).order_by("-starts_at")
    # Latest first, so that the earliest of a chair is what stays.
    coming: dict[str, datetime] = dict(booked.values_list("chair", "starts_at"))
    seats = _seats(shown)
    return tuple(
        ChairNow(
            chair=ChairId(chair.pk),
            name=chair.name,
            monitor=chair.monitor,
            seated=seats.get(chair.pk),
            next_at=coming.get(chair.pk),
            others=max(0, len(at_chair.get(chair.pk, ())) - 1),
        )
        for chair in models.Chair.objects.order_by("order", "id")
    )


def _seats(shown: dict[str, models.VisitRow]) -> dict[str, Seated]:
    """Who sits at each chair."""
    access.note(*(StreamId(row.patient) for row in shown.values()))
    patients = models.PatientRow.objects.in_bulk([row.patient for row in shown.values()])
    visits = [StreamId(row.stream) for row in shown.values()]
    streams = models.Stream.objects.filter(pk__in=[*visits, *map(alerts_of, visits)])
    heads: dict[str, str] = dict(streams.values_list("pk", "head_hash"))
    messages = _messages.latest()
    return {
        chair: Seated(
            visit=StreamId(row.stream),
            short_name=f"{patient.given_name} {patient.family_name[:1]}.",
            record_number=patient.record_number,
            heads=(heads.get(row.stream), heads.get(alerts_of(StreamId(row.stream)))),
            message=messages.get(row.stream, 0),
        )
        for chair, row in shown.items()
        for patient in [patients[row.patient]]
    }


def seen_at(visit: StreamId) -> tuple[VisitState, AlertsState, MonitorNow]:
    """What stands at a chair: the visit's whole state, its alerts, and what its monitor says."""
    return reading.fold(VisitState, visit), alerts.for_visit(visit), monitor_now(visit)


class _Messages:
    """The last message of each visit, kept in mind so that only newer ones are looked at.

    What was not heard yet when this began counts as 0: it is a mark that changes and nothing else. PostgreSQL
    hands out numbers before it commits, so a few earlier ones are looked at again.
    """

    AGAIN: Final = 200

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: dict[str, int] = {}
        self._known = 0

    def latest(self) -> dict[str, int]:
        """The number of the last message of each visit."""
        newest = models.DeviceMessage.objects.aggregate(last=Max("id"))["last"] or 0
        with self._lock:
            if newest < self._known or not self._known:
                # Another database, or the first look at this one.
                self._latest, self._known = {}, max(0, newest - self.AGAIN)
            new = models.DeviceMessage.objects.filter(id__gt=self._known - self.AGAIN)
            for visit, number in new.values_list("visit", "id"):
                if visit is not None:
                    self._latest[visit] = max(number, self._latest.get(visit, 0))
            self._known = newest
            return dict(self._latest)


_messages = _Messages()


def responsible_for(clinician: ClinicianId) -> tuple[tuple[str, VisitState], ...]:
    """The visits that somebody is responsible for now, each with its chair's name, by start."""
    return tuple((chair, state) for who, chair, state in _responsibilities() if who == clinician)


def chairs_by_nurse() -> dict[ClinicianId, tuple[str, ...]]:
    """The names of the chairs of everybody who is responsible for a patient now."""
    found: dict[ClinicianId, tuple[str, ...]] = {}
    for who, chair, _ in _responsibilities():
        found[who] = (*found.get(who, ()), chair)
    return found


def _responsibilities() -> Iterator[tuple[ClinicianId, str, VisitState]]:
    """Who is responsible where. Nothing is noted as looked at, since who asks shows the chairs alone."""
    names = dict(models.Chair.objects.values_list("pk", "name"))
    rows = models.VisitRow.objects.filter(phase__in=UNDER_THE_DRUG).order_by("starts_at", "stream")
    chair_of = dict(rows.values_list("stream", "chair"))
    states = reading.folds(VisitState, map(StreamId, chair_of))
    for stream, chair in chair_of.items():
        state = states[StreamId(stream)]
        if state.responsible is not None:
            yield state.responsible.who.id, names.get(chair, chair), state
