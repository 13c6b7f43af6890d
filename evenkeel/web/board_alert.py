"""The worst that is wrong at a chair, as its tile on the board says it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from evenkeel.clinical.infusion.alerting import Condition
from evenkeel.record.alerts import PRIORITIES, Alert, AlertsState
from evenkeel.web.jinja import duration


def worst(
    firing: Iterable[Condition], raised: AlertsState, checks: dict[str, Any], at: datetime
) -> dict[str, Any] | None:
    """The worst of what fires now and of what nobody has answered; None when there is nothing.

    `firing` is worked out anew and not read from what was raised, so that a chair is never quiet because the
    raising has stopped. `checks` are those of `infusion_view.checks_due`.
    """
    found = [
        *_firing(firing, raised, checks, at),
        *(
            _tile(alert.priority, f"{alert.short}, over", alert.observed_at, alert)
            for alert in raised.unanswered
            if not alert.goes_on
        ),
    ]
    if not found:
        return None
    # Of one priority, what nobody has answered stands before what somebody has, and the newest first.
    found.sort(key=lambda each: each["at"], reverse=True)
    found.sort(key=lambda each: (PRIORITIES.index(each["priority"]), each["answered"]))
    first = found[0]
    paused = raised.sound_paused_until
    quiet = max((until for until in (paused, first.pop("quiet_until")) if until), default=None)
    return {
        **first,
        "silenced_until": quiet if quiet is not None and quiet > at else None,
        "more": len(found) - 1,
    }


def _firing(
    firing: Iterable[Condition], raised: AlertsState, checks: dict[str, Any], at: datetime
) -> Iterator[dict[str, Any]]:
    going_on = {alert.key: alert for alert in raised.alerts if alert.goes_on}
    for condition in firing:
        alert = going_on.get(condition.key)
        if condition.source != "schedule":
            yield _tile(condition.priority, condition.short, condition.observed_at, alert)
            continue
        if condition.priority == checks["priority"]:
            word = "missed, due" if checks["due"] == "missed" else "late, due"
            ago = duration(at - checks["next_due_at"])
            yield _tile(condition.priority, f"Check {word} {ago} ago", checks["next_due_at"], alert)


def _tile(priority: str, cause: str, at: datetime, alert: Alert | None) -> dict[str, Any]:
    answered = alert is not None and alert.answered is not None
    escalated = alert is not None and alert.escalated is not None and not answered
    return {
        "priority": priority,
        "cause": cause,
        "at": at,
        "answered": answered,
        "note": "answered" if answered else "prescribers were told" if escalated else None,
        "quiet_until": alert.quiet_until if alert else None,
    }
