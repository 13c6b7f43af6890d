"""Rows of alerts: how many are open at a visit, and each one with what became of it."""

from typing import Any, Final

from evenkeel.record.alerts import Alert, AlertsState
from evenkeel.store import models

Columns = dict[str, Any]

# The table that holds a stream's parts; each row names its stream in `stream`.
PARTS: Final[tuple[type[Any], ...]] = (models.AlertRow,)


def alerts(state: AlertsState) -> Columns:
    """The row of a visit's alerts."""
    return {
        "seq": state.seq,
        "visit": state.visit,
        "open": len(state.open),
        "unanswered": len(state.unanswered),
        "sound_paused_until": state.sound_paused_until,
    }


def parts(state: AlertsState) -> dict[type[Any], list[Columns]]:
    """The rows of each alert, in the order in which they were raised."""
    return {models.AlertRow: [_alert(state, alert) for alert in state.alerts]}


def write_parts(state: AlertsState) -> None:
    """Write the rows that are new or stand otherwise than they should."""
    stands = {row["entry"]: row for row in _rows(state)}
    for columns in parts(state)[models.AlertRow]:
        if stands.get(columns["entry"]) != columns:
            models.AlertRow.objects.update_or_create(entry=columns["entry"], defaults=columns)


def written_parts(state: AlertsState) -> dict[type[Any], list[Columns]]:
    """The rows of each alert as they stand in the database."""
    rows = {row["entry"]: row for row in _rows(state)}
    in_order = [rows.pop(alert.id) for alert in state.alerts if alert.id in rows]
    return {models.AlertRow: in_order + list(rows.values())}


def _rows(state: AlertsState) -> list[Columns]:
    return [{**row} for row in models.AlertRow.objects.filter(stream=state.stream).values()]


def _alert(state: AlertsState, alert: Alert) -> Columns:
    answered = alert.answered
    return {
        "entry": alert.id,
        "stream": state.stream,
        "visit": state.visit,
        "key": alert.key,
        "rule": alert.rule.rule,
        "priority": alert.priority,
        "source": alert.source,
        "observed_at": alert.observed_at,
        "raised_at": alert.raised_at,
        "ended_at": alert.ended_at,
        "acknowledged_at": alert.acknowledged.at if alert.acknowledged else None,
        "answered_at": answered.at if answered else None,
        "choice": answered.payload.choice if answered else None,
        "escalated_at": alert.escalated_at,
    }
