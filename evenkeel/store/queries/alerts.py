"""Alerts: those of a visit, those that are open anywhere, and how many there were in a span of time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from evenkeel.record.alerts import Alert, AlertsState, alerts_of, visit_of
from evenkeel.record.visits import UNDER_THE_DRUG, VisitState
from evenkeel.store import models, reading
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.values.shape import frozen

# No visit lasts longer: what started earlier than this before a span has no part in it.
VISIT_LASTS_MAX = timedelta(hours=24)


@frozen
class OpenAlert:
    """An alert that goes on or waits for an answer, and where."""

    visit: StreamId
    chair: ChairId
    chair_name: str
    alert: Alert


@frozen
class LoadLine:
    """The alerts of one rule and priority in a span. `answered_after` is the median, None without answers."""

    rule: str
    priority: str
    raised: int
    answered: int
    false_readings: int
    escalated: int
    answered_after: timedelta | None


@frozen
class Load:
    """How many alerts there were, against the time that patients were under the drug at a chair."""

    from_at: datetime
    to_at: datetime
    chair_time: timedelta
    lines: tuple[LoadLine, ...]

    @property
    def raised(self) -> int:
        """How many alerts were raised in all."""
        return sum(line.raised for line in self.lines)

    def per_chair_hour(self, raised: int) -> float | None:
        """So many alerts as a number for each hour of one chair; None when no chair was in use."""
        hours = self.chair_time / timedelta(hours=1)
        return raised / hours if hours else None


def for_visit(visit: StreamId) -> AlertsState:
    """The alerts of a visit as the record now reads; empty when there never was one.

    Callers have folded the visit, which notes the access.
    """
    try:
        return reading.fold(AlertsState, alerts_of(visit))
    except reading.NoSuchStream:
        return AlertsState.empty(alerts_of(visit))


def open_alerts() -> tuple[OpenAlert, ...]:
    """Every alert that goes on or waits for an answer: the worst first, and of those the newest.

    Nothing here names a patient, and nothing is noted as looked at.
    """
    states = reading.folds(AlertsState, map(StreamId, _open_streams()))
    places = _places([visit_of(stream) for stream in states])
    found = [
        OpenAlert(visit=visit_of(stream), chair=chair, chair_name=name, alert=alert)
        for stream, state in states.items()
        for chair, name in [places[visit_of(stream)]]
        for alert in state.open
    ]
    found.sort(key=lambda each: each.alert.raised_at, reverse=True)
    return tuple(sorted(found, key=lambda each: each.alert.rank))


def watched() -> tuple[StreamId, ...]:
    """The visits that have to be looked at as time passes: under the drug, or with an alert that goes on."""
    under = models.VisitRow.objects.filter(phase__in=UNDER_THE_DRUG).values_list("stream", flat=True)
    going_on = models.AlertRow.objects.filter(ended_at=None).values_list("visit", flat=True)
    return tuple(StreamId(visit) for visit in sorted({*under, *going_on}))


def load(from_at: datetime, to_at: datetime) -> Load:
    """The alerts that were raised in [from_at, to_at) by rule and priority, the most frequent first."""
    groups: dict[tuple[str, str], list[models.AlertRow]] = {}
    for row in models.AlertRow.objects.filter(raised_at__gte=from_at, raised_at__lt=to_at):
        groups.setdefault((row.rule, row.priority), []).append(row)
    lines = [_line(rule, priority, rows) for (rule, priority), rows in groups.items()]
    lines.sort(key=lambda line: (-line.raised, line.rule))
    return Load(from_at=from_at, to_at=to_at, chair_time=_chair_time(from_at, to_at), lines=tuple(lines))


def _line(rule: str, priority: str, rows: list[models.AlertRow]) -> LoadLine:
    waits = [(row.answered_at - row.raised_at).total_seconds() for row in rows if row.answered_at is not None]
    return LoadLine(
        rule=rule,
        priority=priority,
        raised=len(rows),
        answered=len(waits),
        false_readings=sum(row.choice == "false_reading" for row in rows),
        escalated=sum(row.escalated_at is not None for row in rows),
        answered_after=timedelta(seconds=median(waits)) if waits else None,
    )


def _chair_time(from_at: datetime, to_at: datetime) -> timedelta:
    """How long patients were under the drug in a span, from the start until they left, over all chairs."""
    rows = models.VisitRow.objects.filter(started_at__lt=to_at, started_at__gt=from_at - VISIT_LASTS_MAX)
    spent = timedelta(0)
    for stream in rows.values_list("stream", flat=True):
        state = reading.fold(VisitState, StreamId(stream))
        if state.started is not None:
            left_at = state.discharge.at if state.discharge else to_at
            spent += max(min(left_at, to_at) - max(state.started.at, from_at), timedelta(0))
    return spent


def _open_streams() -> Iterable[str]:
    return models.AlertsRow.objects.filter(open__gt=0).order_by("stream").values_list("stream", flat=True)


def _places(visits: list[StreamId]) -> dict[StreamId, tuple[ChairId, str]]:
    names = dict(models.Chair.objects.values_list("pk", "name"))
    rows = models.VisitRow.objects.filter(stream__in=visits).values_list("stream", "chair")
    return {StreamId(visit): (ChairId(chair), names.get(chair, chair)) for visit, chair in rows}
