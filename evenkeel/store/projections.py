"""Rows for lists, worked out from a state and written in the transaction that appends to it."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from evenkeel.record.alerts import AlertsState
from evenkeel.record.counting import CaseState, StockroomState
from evenkeel.record.courses import CourseState
from evenkeel.record.custody import LotState
from evenkeel.record.patients import PatientState
from evenkeel.record.state import State
from evenkeel.record.visits import VisitState
from evenkeel.store import models, projections_alerts, projections_custody, projections_devices
from evenkeel.values.ids import StreamId

Columns = dict[str, Any]
# Every row of a state by table; the rows of one table have the same columns.
Rows = dict[type[Any], list[Columns]]


class _InParts(Protocol):
    """A module for states that have more rows than one; each row names its stream in `stream`."""

    @property
    def PARTS(self) -> tuple[type[Any], ...]: ...  # noqa: N802  # a constant of the module

    def parts(self, state: Any) -> Rows:
        """The rows, by table, as `written_parts` orders them."""

    def write_parts(self, state: Any) -> None:
        """Write those that are new or stand otherwise than they should."""

    def written_parts(self, state: Any) -> Rows:
        """The rows as they stand in the database."""


def rows_of(state: State) -> Rows:
    """Return every row that a state stands for in lists, by table."""
    table, columns = row_of(state)
    in_parts = _IN_PARTS.get(type(state))
    return {table: [columns], **(in_parts.parts(state) if in_parts else {})}


def row_of(state: State) -> tuple[type[Any], Columns]:
    """Return the table and the column values of the one row that stands for the whole state."""
    table, columns = _TABLES[type(state)]
    return table, columns(state)


def write(state: State) -> None:
    """Write the rows of a state; call it inside the transaction that appended."""
    table, columns = row_of(state)
    table.objects.update_or_create(stream=state.stream, defaults=columns)
    if in_parts := _IN_PARTS.get(type(state)):
        in_parts.write_parts(state)


def written(state: State) -> Rows:
    """Return the rows as they stand in the database, to compare with `rows_of`."""
    table, columns = row_of(state)
    found: Rows = {table: list(table.objects.filter(stream=state.stream).values(*columns))}
    if in_parts := _IN_PARTS.get(type(state)):
        found |= in_parts.written_parts(state)
    return found


def rows_without_stream() -> list[StreamId]:
    """Streams that rows in lists speak of and the record does not know: somebody put the rows there."""
    known = models.Stream.objects.values("pk")
    found: set[str] = set()
    tables = [table for table, _ in _TABLES.values()]
    parts = [table for in_parts in _IN_PARTS.values() for table in in_parts.PARTS]
    for table in (*tables, *parts):
        found.update(table.objects.exclude(stream__in=known).values_list("stream", flat=True))
    return [StreamId(stream) for stream in sorted(found)]


def _patient(state: PatientState) -> dict[str, Any]:
    details, allergies = state.demographics, state.allergies
    words = None
    if allergies is not None and (allergies.allergies or allergies.none_known):
        words = ", ".join(allergy.substance for allergy in allergies.allergies) or "No known allergies"
    return {
        "seq": state.seq,
        "given_name": details.given_name,
        "family_name": details.family_name,
        "birth_date": details.birth_date,
        "sex": details.sex,
        "record_number": details.record_number,
        "phone": details.phone,
        "allergies": words,
    }


def _course(state: CourseState) -> dict[str, Any]:
    referral = state.referral
    return {
        "seq": state.seq,
        "patient": referral.patient,
        "indication": referral.indication,
        "stage": state.stage,
        "received_date": referral.received_date,
        "infusions_given": len(state.infusions),
        "infusions_planned": _infusions_planned(state),
        "open_risks": len(state.open_risks) + len(state.open_screening_risks),
        "next_due_date": state.maintenance.payload.next_due_date if state.maintenance else None,
        "last_assessed_at": state.assessments[-1].at if state.assessments else None,
    }


def _infusions_planned(state: CourseState) -> int | None:
    """Given before the series that stands, and planned in it; None before there is one."""
    series = state.series
    if series is None:
        return None
    before = sum(1 for infusion in state.infusions if infusion.payload.started_at < series.at)
    return before + series.payload.infusions


def _visit(state: VisitState) -> dict[str, Any]:
    booking, place = state.booking.payload, state.place
    return {
        "seq": state.seq,
        "patient": booking.patient,
        "course": booking.course,
        "chair": place.chair,
        "starts_at": place.starts_at,
        "ends_at": place.ends_at,
        "number": booking.number,
        "phase": state.phase,
        "started_at": state.started.at if state.started else None,
        "stopped_at": state.stopped.at if state.stopped else None,
    }


_TABLES: Final[dict[type[State], tuple[type[Any], Callable[[Any], Columns]]]] = {
    PatientState: (models.PatientRow, _patient),
    CourseState: (models.CourseRow, _course),
    VisitState: (models.VisitRow, _visit),
    LotState: (models.LotRow, projections_custody.lot),
    StockroomState: (models.StockroomRow, projections_custody.stockroom),
    CaseState: (models.CaseRow, projections_custody.case),
    AlertsState: (models.AlertsRow, projections_alerts.alerts),
}

_IN_PARTS: Final[dict[type[State], _InParts]] = {
    LotState: projections_custody,
    VisitState: projections_devices,
    AlertsState: projections_alerts,
}
