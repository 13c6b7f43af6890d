"""What the chart page shows beside the chart: what is due, what the rules ask, what the monitor says."""

from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.decision import worst
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.infusion import CheckDeferred
from evenkeel.record.signs import SIGN_NAMES
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.store.queries.monitors import MonitorNow, Sampled
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Quantity
from evenkeel.web.infusion_data import empty_at
from evenkeel.web.jinja import clinic_time, duration
from evenkeel.web.sentences import signs_in_words
from evenkeel.web.verdicts import rule_link

# A lost feed is flagged within 15 s (safety.md, targets), the time to redraw a page included; a minute of
# silence is no feed at all. Proposal, as in rule INF-MON-001, which then calls somebody.
LATE_AFTER: Final = timedelta(seconds=14)
OFFLINE_AFTER: Final = timedelta(seconds=60)

RANK: Final = {"high": 0, "medium": 1, "low": 2}

_LABELS: Final = {"pulse": ("Pulse", "/min"), "spo2": ("SpO2", "%"), "breaths": ("Breathing", "/min")}
UNITS: Final = {
    "systolic": "mmHg",
    "diastolic": "mmHg",
    "pulse": "/min",
    "spo2": "%",
    "breaths": "/min",
    "sedation": "of 5",
    "dissociation": "of 10",
    "nausea": "of 10",
    "pain": "of 10",
}
# Short enough to stand above a small box.
LABELS: Final = {
    "systolic": "Systolic",
    "diastolic": "Diastolic",
    "pulse": "Pulse",
    "spo2": "SpO2",
    "breaths": "Breathing",
    "sedation": "Sedation",
    "dissociation": "Dissoc.",
    "nausea": "Nausea",
    "pain": "Pain",
}


def feed_state(monitor: MonitorNow, at: datetime) -> str:
    """Whether the monitor is heard: live, late or offline; "manual" when it never was for this visit."""
    if monitor.heard_at is None:
        return "manual"
    silent = at - monitor.heard_at
    return "live" if silent <= LATE_AFTER else "late" if silent <= OFFLINE_AFTER else "offline"


def live_values(state: VisitState, monitor: MonitorNow, at: datetime) -> list[dict[str, Any]]:
    """The last of each sign for `status.live_value`: the monitor's, or what was charted by hand.

    A cuff measures every few minutes, so a pressure that was charted since is the newer one.
    """
    charted = _charted_values(state, at)
    if monitor.heard_at is None:
        return charted
    feed = feed_state(monitor, at)
    high, low = monitor.latest.get("systolic"), monitor.latest.get("diastolic")
    pressure = {
        "label": "Blood pressure",
        "value": f"{shown(high)}/{shown(low)}" if high and low and high.value and low.value else None,
        "unit": "mmHg",
        "at": high.observed_at if high else None,
        "state": sign_state(high, feed),
    }
    by_hand = charted[0]
    if by_hand["at"] and (high is None or by_hand["at"] > high.observed_at):
        pressure = by_hand
    found = [pressure]
    for sign, (label, unit) in _LABELS.items():
        sampled = monitor.latest.get(sign)
        found.append(
            {
                "label": label,
                "value": shown(sampled),
                "unit": unit,
                "at": sampled.observed_at if sampled else None,
                "state": sign_state(sampled, feed),
            }
        )
    return found


def shown(sampled: Sampled | None) -> str | None:
    """A monitor's value without zeros at its end; None where there is none."""
    return plain(sampled.value) if sampled is not None and sampled.value is not None else None


def sign_state(sampled: Sampled | None, feed: str) -> str:
    """A sign's state: that of the feed, unless the monitor says that it measures nothing."""
    if feed in ("live", "late") and (sampled is None or sampled.value is None):
        return "no signal"
    return feed


def _charted_values(state: VisitState, at: datetime) -> list[dict[str, Any]]:
    pressure = rules.latest_pressure(state, at)
    found: list[dict[str, Any]] = [
        {
            "label": "Blood pressure",
            "value": f"{_of(pressure.systolic)}/{_of(pressure.diastolic)}" if pressure else None,
            "unit": "mmHg",
            "at": pressure.at if pressure else None,
            "state": "manual",
        }
    ]
    for sign, (label, unit) in _LABELS.items():
        last = rules.latest_sign(state, sign, at)
        found.append(
            {
                "label": label,
                "value": last[1].number if last else None,
                "unit": unit,
                "at": last[0] if last else None,
                "state": "manual",
            }
        )
    return found


def _of(value: Quantity | None) -> str:
    return value.number if value is not None else "–"


def last_words(state: VisitState, at: datetime) -> dict[str, str | None]:
    """The last charted value of each sign with its time, to stand beside an empty box."""
    found: dict[str, str | None] = {}
    for name in SIGN_NAMES:
        last = rules.latest_sign(state, name, at)
        value = last[1].number if last and isinstance(last[1], Quantity) else last[1] if last else None
        found[name] = f"{value} at {clinic_time(last[0])}" if last else None
    return found


def alerts(
    rulebook: Rulebook, state: VisitState, monitor: MonitorNow, at: datetime, *, has_monitor: bool
) -> list[dict[str, Any]]:
    """What the rules ask for now, worst first and then newest first, late checks apart: the page tells those.

    Worked out anew, for paper that has to stand when the record cannot be read. What was not measured is said
    by `unknown_words`.
    """
    firing = rules.conditions(rulebook, state, monitor, at, has_monitor=has_monitor)
    found: list[dict[str, Any]] = [
        {
            "priority": condition.priority,
            "cause": condition.cause,
            "short": condition.short,
            "at": condition.observed_at,
            "rule": rule_link(condition.verdict.rule),
            "source": condition.source,
        }
        for condition in firing
        if condition.source != "schedule"
    ]
    newest_first = sorted(found, key=lambda alert: alert["at"], reverse=True)
    return sorted(newest_first, key=lambda alert: RANK[alert["priority"]])


def unwatched_words(rulebook: Rulebook, watch: rules.Watch | None) -> str | None:
    """What nobody here can know of the watching, in one sentence; None when all of it is known."""
    verdicts = rules.assess_watch(rulebook, watch) if watch is not None else ()
    missing = [word for verdict in verdicts for word in verdict.missing]
    if not missing:
        return None
    return f"Not known: {', '.join(missing)}. Read saturation off the bedside monitor and chart it by hand."


def unknown_words(state: VisitState) -> str | None:
    """What the last check left out, in one sentence; None when it left nothing out."""
    if not state.checks:
        return None
    last = state.checks[-1]
    missing = {word for verdict in last.payload.verdicts for word in verdict.missing}
    if not missing:
        return None
    return f"Not measured at the check of {clinic_time(last.at)}: {', '.join(sorted(missing))}."


def given(state: VisitState, at: datetime) -> dict[str, Any] | None:
    """How much was given, what is left and when it ends; None before the start."""
    if state.started is None or state.draw is None or state.order is None:
        return None
    until = state.stopped.at if state.stopped else at
    ends_at, left = empty_at(state, at), state.volume_left(until)
    return {
        "given": state.given(until).shown(),
        "ordered": state.order.payload.dose.ordered.shown(),
        "drawn": state.draw.payload.drawn.shown(),
        "left": str(left),
        "rate": str(state.rate) if state.rate is not None else None,
        "ends_at": ends_at,
        "is_empty": left is not None and left.value == 0,
    }


def checks_due(rulebook: Rulebook, state: VisitState, at: datetime) -> dict[str, Any]:
    """The next check, and every one that came late or has not come, with how late."""
    schedule = rules.check_schedule(rulebook, state, at)
    grave = worst(schedule.verdicts) if schedule.due in ("late", "missed") else None
    return {
        "interval": str(schedule.interval),
        "next_due_at": schedule.next_due_at,
        "due": schedule.due,
        "deferred": "; ".join(deferred_words(fact) for fact in schedule.deferred) or None,
        "priority": rules.PRIORITY_OF[grave] if grave else None,
        "asks": [
            {"sentence": verdict.sentence, "rule": rule_link(verdict.rule)}
            for verdict in schedule.verdicts
            if schedule.due == "missed" and verdict.severity == grave
        ][-1:],
        "missed": [
            {
                "due_at": missed.due_at,
                "words": _missed_words(missed, at),
            }
            for missed in reversed(schedule.missed)
        ],
    }


def deferred_words(fact: Written[CheckDeferred]) -> str:
    """Who put a check off, from when to when, and why."""
    said = fact.payload
    span = f"from {clinic_time(said.due_at)} to {clinic_time(said.until_at)}"
    return f"deferred {span} by {fact.by.printed_name}: {rules.deferral_words(said)}"


def _missed_words(check: rules.MissedCheck, at: datetime) -> str:
    """Missed and late are told apart, and a check that was not done at all from one that came late."""
    if check.late is None:
        return f"{'missed' if check.is_missed else 'late'}, not done, due {duration(at - check.due_at)} ago"
    return f"{'missed, done ' if check.is_missed else ''}{duration(check.late)} late"


def last_check_words(state: VisitState) -> str | None:
    """The last charted check in one line."""
    if not state.checks:
        return None
    last = state.checks[-1]
    return f"{clinic_time(last.at)}: {signs_in_words(last.payload.signs)}"


def last_scores(state: VisitState, at: datetime) -> dict[str, str | None]:
    """The last sedation and dissociation that were charted, as words."""
    found = {name: rules.latest_sign(state, name, at) for name in ("sedation", "dissociation")}
    return {name: str(last[1]) if last else None for name, last in found.items()}
