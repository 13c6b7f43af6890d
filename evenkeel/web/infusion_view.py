"""What the chart page shows beside the chart: what is due, what the rules ask, what the monitor says."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.decision import worst
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.infusion import EventRecorded, RescueGiven
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.record.state import Written
from evenkeel.record.verdict import Severity, Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store.queries.monitors import MonitorNow, Sampled
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Breaths, Pressure, Pulse, Quantity, Saturation
from evenkeel.web.infusion_data import empty_at
from evenkeel.web.jinja import clinic_time, duration
from evenkeel.web.sentences import signs_in_words
from evenkeel.web.verdicts import rule_link

# A lost feed is flagged within 15 s (safety.md, targets); a minute of silence is no feed at all. Proposal, as
# in rule INF-MON-001, which then calls somebody.
LATE_AFTER: Final = timedelta(seconds=15)
OFFLINE_AFTER: Final = timedelta(seconds=60)
# A value that is older than this says nothing about now, and raises nothing. Proposal.
OLD_AFTER: Final = timedelta(minutes=15)

# What is written down later than this after it happened is told as charted late. Proposal.
WRITTEN_LATE: Final = timedelta(minutes=5)

PRIORITIES: Final[dict[Severity, str]] = {
    "block": "high",
    "pause": "high",
    "confirm": "medium",
    "advise": "low",
}
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
_MEASURED: Final[dict[str, type[Quantity]]] = {
    "systolic": Pressure,
    "diastolic": Pressure,
    "pulse": Pulse,
    "spo2": Saturation,
    "breaths": Breaths,
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


# Signs that one rule looks at together; each group is judged on its newest reading alone.
_TOGETHER: Final = (
    ("systolic", "diastolic"),
    ("pulse",),
    ("spo2",),
    ("breaths",),
    ("sedation",),
    ("dissociation",),
)


def alerts(
    rulebook: Rulebook, state: VisitState, monitor: MonitorNow, at: datetime, *, has_monitor: bool
) -> list[dict[str, Any]]:
    """What the rules ask for now, worst first and then newest first. `has_monitor`: one stands at the chair.

    Each sign is judged on its newest reading, charted or from the monitor, so that a pressure that has come
    down no longer shouts; what the rules said when it was charted stays in the record. Only what fires is
    here: what was not measured is said by `unknown_words`.
    """
    if state.started is None or state.discharge is not None:
        return []
    found: dict[str, dict[str, Any]] = {}
    for names in _TOGETHER:
        newest = _newest(state, monitor, names, at)
        if newest is not None:
            measured_at, signs, source = newest
            _gather(found, rules.assess_signs(rulebook, state, signs, measured_at), measured_at, source)
    watch = watch_of(state, monitor, at, has_monitor=has_monitor)
    if watch is not None:
        _gather(found, rules.assess_watch(rulebook, watch), at, "watching")
    _gather(found, rules.assess_step(rulebook, state, at), at, "by the rates on record")
    for fact in state.every(EventRecorded):
        if timedelta(0) <= at - fact.at <= OLD_AFTER:
            asked = rules.assess_event(rulebook, fact.payload.event, fact.payload.grade, fact.at)
            _gather(found, asked, fact.at, "charted")
    for given in state.every(RescueGiven):
        if timedelta(0) <= at - given.at <= OLD_AFTER:
            _gather(found, given.payload.verdicts, given.at, "rescue drug")
    newest_first = sorted(found.values(), key=lambda alert: alert["at"], reverse=True)
    return sorted(newest_first, key=lambda alert: RANK[alert["priority"]])


def watch_of(
    state: VisitState, monitor: MonitorNow, at: datetime, *, has_monitor: bool
) -> rules.Watch | None:
    """What is known of the watching, from the start until the patient leaves; None outside that."""
    if state.started is None or state.discharge is not None or at < state.started.at:
        return None
    charted = rules.latest_sign(state, "spo2", at)
    return rules.Watch(
        at=at,
        since=state.started.at,
        has_monitor=has_monitor or monitor.heard_at is not None,
        heard_at=monitor.heard_at,
        sampled_at=monitor.saturation_at,
        charted_at=charted[0] if charted else None,
    )


def _newest(
    state: VisitState, monitor: MonitorNow, names: tuple[str, ...], at: datetime
) -> tuple[datetime, Signs, str] | None:
    """The newest reading of signs that belong together: when, what, and where it is from."""
    readings: list[tuple[datetime, Signs, str]] = []
    for fact in reversed(state.checks):
        signs = fact.payload.signs
        if fact.at <= at and any(getattr(signs, name) is not None for name in names):
            kept: dict[str, Any] = {name: getattr(signs, name) for name in names}
            readings.append((fact.at, Signs(**kept), "charted"))
            break
    fresh = {
        name: sampled
        for name in names
        if (sampled := monitor.latest.get(name)) is not None
        and sampled.value is not None
        and at - sampled.observed_at <= OLD_AFTER
    }
    if fresh:
        values: dict[str, Any] = {
            name: _MEASURED[name].of(plain(sampled.value or Decimal(0))) for name, sampled in fresh.items()
        }
        oldest_at = min(sampled.observed_at for sampled in fresh.values())
        readings.append((oldest_at, Signs(**values), "monitor"))
    return max(readings, key=lambda reading: reading[0], default=None)


def _gather(
    found: dict[str, dict[str, Any]], verdicts: tuple[Verdict, ...], at: datetime, source: str
) -> None:
    for verdict in verdicts:
        if verdict.answer != "fires" or verdict.severity is None:
            continue
        seen = "; ".join(verdict.evidence)
        seen = f"{seen[:1].upper()}{seen[1:]}"
        said = f"{seen}. {verdict.sentence}" if seen else verdict.sentence
        key = f"{verdict.rule.rule}/{seen}"
        found.setdefault(
            key,
            {
                "priority": PRIORITIES[verdict.severity],
                "cause": said,
                "short": seen or verdict.sentence,
                "at": at,
                "rule": rule_link(verdict.rule),
                "source": source,
            },
        )


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
        "priority": PRIORITIES[grave] if grave else None,
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


def _missed_words(check: rules.MissedCheck, at: datetime) -> str:
    """Missed and late are told apart, and a check that was not done at all from one that came late."""
    if check.late is None:
        return f"{'missed' if check.is_missed else 'late'}, not done, due {duration(at - check.due_at)} ago"
    return f"{'missed, done ' if check.is_missed else ''}{duration(check.late)} late"


def table(rulebook: Rulebook, state: VisitState, at: datetime) -> dict[str, Any]:
    """The chart's twin for `chart.chart_table`: every check by hand, and every one that was missed."""
    columns: list[Any] = [
        "Time",
        "Pressure mmHg",
        {"text": "Pulse /min", "numeric": True},
        {"text": "SpO2 %", "numeric": True},
        {"text": "Breathing /min", "numeric": True},
        {"text": "Sedation", "numeric": True},
        {"text": "Dissociation", "numeric": True},
        {"text": "Nausea", "numeric": True},
        {"text": "Pain", "numeric": True},
        {"text": "Given mg", "numeric": True},
        "By",
    ]
    rows: list[tuple[datetime, list[Any]]] = []
    sets = [(fact.at, fact.payload.signs, _by(fact)) for fact in state.checks]
    if state.check_in is not None:
        sets.append((state.check_in.at, state.check_in.payload.signs, _by(state.check_in)))
    for when, signs, who in sets:
        pressure = (
            f"{_of(signs.systolic)}/{_of(signs.diastolic)}" if signs.systolic or signs.diastolic else "–"
        )
        cells = [_cell(getattr(signs, name)) for name in SIGN_NAMES[2:]]
        rows.append(
            (
                when,
                [
                    clinic_time(when),
                    pressure,
                    *cells,
                    plain(state.given(when).in_mg.quantize(Decimal("0.1"))),
                    who,
                ],
            )
        )
    rows.extend(
        (missed.due_at, [clinic_time(missed.due_at), "check not done", *["–"] * 9])
        for missed in rules.check_schedule(rulebook, state, at).missed
        if missed.late is None
    )
    return {"columns": columns, "rows": [cells for _, cells in sorted(rows, key=lambda row: row[0])]}


def _by(fact: Written[Any]) -> str:
    """Who charted it; where it was written down well after it happened, when that was."""
    first = fact.history[0]
    if first.recorded_at - first.happened_at <= WRITTEN_LATE:
        return fact.by.printed_name
    return f"{fact.by.printed_name}, charted late at {clinic_time(first.recorded_at)}"


def _cell(value: Quantity | int | None) -> str:
    return "–" if value is None else value.number if isinstance(value, Quantity) else str(value)


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
