"""Alerts as plain values: those of one visit with their life, those that call somebody, and what sounds."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.infusion.alerting import LESSER_OF
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.alerts import Alert, AlertChoice, AlertPriority, AlertSource, AlertsState, SoundPaused
from evenkeel.record.entry import Author
from evenkeel.record.infusion import InfusionPaused, InfusionStopped, RateChanged, RescueGiven
from evenkeel.record.state import Written
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import alerts as queries
from evenkeel.store.queries import board
from evenkeel.store.queries.alerts import OpenAlert
from evenkeel.store.queries.monitors import MonitorNow
from evenkeel.values.ids import ClinicianId, StreamId, reference_of
from evenkeel.values.quantities import Quantity
from evenkeel.web.infusion_view import live_values
from evenkeel.web.jinja import clinic_time
from evenkeel.web.sentences_alerts import CHOICE_WORDS
from evenkeel.web.verdicts import rule_link

SOURCE_WORDS: Final[dict[AlertSource, str]] = {
    "charted": "charted by hand",
    "monitor": "from the monitor",
    "watching": "by what the monitor no longer sends",
    "schedule": "by the clock",
    "pump": "by the rates on record",
    "rescue": "by the rescue drug given",
}
# Which of the signs on the chart a family of rules looks at, so that its value now stands beside the alert.
_SHOWN_NOW: Final[dict[str, str]] = {
    "INF-BP": "Blood pressure",
    "INF-OX": "SpO2",
    "INF-HR": "Pulse",
    "INF-RR": "Breathing",
}
_SCORED_NOW: Final[dict[str, tuple[str, str]]] = {
    "INF-SED": ("sedation", "of 5"),
    "INF-DIS": ("dissociation", "of 10"),
}
# What often happened, as one tap: the words on the button, the choice, what is written. Proposals.
_OFTEN: Final[tuple[tuple[str, AlertChoice, str], ...]] = (
    ("Expected, I watch", "expected", ""),
    ("False reading", "false_reading", ""),
    ("Spoke to the patient", "action_taken", "Spoke to the patient, who answered."),
)
_OFTEN_BY_FAMILY: Final[dict[str, tuple[tuple[str, AlertChoice, str], ...]]] = {
    "INF-OX": (("Probe put back on", "action_taken", "Probe put back on."),),
    "INF-MON": (("Monitor connected again", "action_taken", "Monitor connected again."),),
    "INF-RR": (("Asked for deep breaths", "action_taken", "Asked for deep breaths."),),
}
# How many calls stand above a page before the rest is left to Today. Proposal.
CALLS_SHOWN: Final = 2


def number_of(alert: Alert) -> int:
    """The number of the alert within its stream, which names it in an address."""
    return int(alert.id.rpartition("/")[2])


def quiet_until(alert: Alert, paused: Written[SoundPaused] | None, at: datetime) -> datetime | None:
    """Until when an alert makes no sound, or None where it may sound now.

    A pause holds what was raised before it: what is new or has become worse is another alert, and breaks it.
    """
    ends = [alert.quiet_until]
    if paused is not None and alert.raised_at <= paused.at:
        ends.append(paused.payload.until)
    return max((end for end in ends if end is not None and end > at), default=None)


def by_the_gravest(alerts: Iterable[Alert]) -> list[Alert]:
    """Leave out what a graver alert of the same sign says already, as long as that one waits."""
    known = list(alerts)
    said = {rule for graver in known if makes_sound(graver) for rule in LESSER_OF.get(graver.rule.rule, ())}
    return [alert for alert in known if not (alert.goes_on and alert.rule.rule in said)]


def quiet_words(at: datetime) -> str:
    """For how long a tap makes an alert quiet, by the clinic's rule: "2 min"."""
    return str(book().limits("INF-ALM-002", clinic_day(at)).quiet)


def panel(
    alerts: AlertsState, state: VisitState, monitor: MonitorNow, at: datetime, *, is_shown: bool
) -> dict[str, Any] | None:
    """The open alerts of a visit for its chart; None before the start, and for who may not read them."""
    if not is_shown or state.started is None:
        return None
    paused = alerts.latest(SoundPaused)
    is_paused = paused is not None and paused.payload.until > at
    return {
        "alerts": [shown(alert, alerts, state, monitor, at) for alert in by_the_gravest(alerts.open)],
        "paused_until": paused.payload.until if paused is not None and is_paused else None,
        "can_pause_sound": not is_paused and any(makes_sound(alert) for alert in alerts.open),
        "pause_for": quiet_words(at),
        "rules": [alert.rule.rule for alert in alerts.open],
    }


def whole(alerts: AlertsState, state: VisitState, monitor: MonitorNow, at: datetime) -> dict[str, Any]:
    """Every alert of a visit: those that are open, and then what was, newest first."""
    still_open = {alert.id for alert in alerts.open}
    past = [alert for alert in reversed(alerts.alerts) if alert.id not in still_open]
    return {
        "open": [shown(alert, alerts, state, monitor, at) for alert in alerts.open],
        "past": [shown(alert, alerts, state, monitor, at) for alert in past],
    }


def makes_sound(alert: Alert) -> bool:
    """Whether an alert may be heard: it goes on, and nobody has answered it."""
    return alert.goes_on and alert.answered is None


def shown(
    alert: Alert, alerts: AlertsState, state: VisitState, monitor: MonitorNow, at: datetime
) -> dict[str, Any]:
    """One alert for `alerts/parts.html.jinja`."""
    number = number_of(alert)
    address = [reference_of(state.stream), number]
    quiet = quiet_until(alert, alerts.latest(SoundPaused), at) if makes_sound(alert) else None
    sentence = alert.cause.removeprefix(alert.short).lstrip(". ")
    return {
        "id": number,
        "place": f"alert-{number}",
        "priority": alert.priority,
        "short": alert.short,
        "sentence": sentence if alert.goes_on or alert.waits else None,
        "now": _value_now(alert, state, monitor, at) if alert.goes_on else None,
        "raised_at": alert.raised_at,
        "rule": rule_link(alert.rule),
        "source": SOURCE_WORDS[alert.source],
        "tag": _tag(alert),
        "life": list(life(alert)),
        "quiet_until": quiet,
        "quiet_for": quiet_words(at),
        "is_open": alert.goes_on or alert.waits,
        "is_answerable": alert.waits,
        "can_be_seen": makes_sound(alert) and quiet is None,
        "offers": [
            {"words": words, "choice": choice, "note": note} for words, choice, note in _offers(alert, state)
        ],
        "urls": {
            "acknowledge": reverse("alert_acknowledge", args=address),
            "answer": reverse("alert_answer", args=address),
        },
    }


def _family(alert: Alert) -> str:
    return alert.rule.rule.rpartition("-")[0]


def _value_now(alert: Alert, state: VisitState, monitor: MonitorNow, at: datetime) -> dict[str, Any] | None:
    """The newest value of the sign that the alert is about; None where it is about no sign."""
    family = _family(alert)
    if family in _SCORED_NOW:
        sign, unit = _SCORED_NOW[family]
        last = rules.latest_sign(state, sign, at)
        if last is None:
            return None
        when, value = last
        return {"words": f"{value.number if isinstance(value, Quantity) else value} {unit}", "at": when}
    for value in live_values(state, monitor, at):
        if value["label"] == _SHOWN_NOW.get(family) and value["at"] is not None:
            number = f"{value['value']} {value['unit']}" if value["value"] is not None else "no signal"
            return {"words": number, "at": value["at"]}
    return None


def _tag(alert: Alert) -> dict[str, str] | None:
    """What has to be known at a glance of an alert that is not simply new."""
    if alert.goes_on and alert.answered is not None:
        return {"words": "answered, still going on", "tone": "info"}
    if not alert.goes_on and alert.waits:
        return {"words": f"over since {clinic_time(alert.ended_at)}, not answered", "tone": "late"}
    if alert.escalated_at is not None and alert.waits:
        return {"words": f"escalated at {clinic_time(alert.escalated_at)}", "tone": "late"}
    if alert.acknowledged is not None and alert.waits:
        return {"words": f"seen by {alert.acknowledged.by.printed_name}", "tone": "info"}
    return None


def life(alert: Alert) -> Iterator[str]:
    """What became of an alert, line by line, in the order of time."""
    lines: list[tuple[datetime, str]] = [(alert.raised_at, "raised")]
    if alert.acknowledged is not None:
        lines.append((alert.acknowledged.at, f"seen by {alert.acknowledged.by.printed_name}"))
    if alert.escalated is not None:
        names = ", ".join(alert.escalated.payload.to_names)
        whom = f"to {names}" if names else "to the prescribers; none was on duty"
        lines.append((alert.escalated.at, f"escalated {whom}"))
    if alert.ended_at is not None:
        lines.append((alert.ended_at, "over"))
    if alert.answered is not None:
        said = alert.answered.payload
        words = f"{CHOICE_WORDS[said.choice].lower()}{': ' + said.note if said.note else ''}"
        lines.append((alert.answered.at, f"answered by {alert.answered.by.printed_name}: {words}"))
    for when, words in sorted(lines, key=lambda line: line[0]):
        yield f"{clinic_time(when)} {words}"


def _offers(alert: Alert, state: VisitState) -> Iterator[tuple[str, AlertChoice, str]]:
    """Answers that take one tap: first what the record says was done since, then what is often the case."""
    done: Final = (
        (state.latest(InfusionStopped), "Stopped the infusion"),
        (state.latest(InfusionPaused), "Paused the infusion"),
        (state.latest(RateChanged), "Changed the rate"),
        (state.latest(RescueGiven), "Gave a rescue drug"),
    )
    for fact, words in done:
        if fact is not None and fact.at >= alert.raised_at:
            yield f"{words} at {clinic_time(fact.at)}", "action_taken", f"{words} at {clinic_time(fact.at)}."
    yield from _OFTEN_BY_FAMILY.get(_family(alert), ())
    yield from _OFTEN


# --- whom an alert calls ------------------------------------------------------------------------------------


def watch(by: Author, at: datetime) -> dict[str, Any]:
    """What the frame of every page says: whom an alert calls, and what this person's page sounds by."""
    still_open = _gravest(queries.open_alerts())
    mine = _visits_of(by.id) if still_open else frozenset()
    calls = [each for each in (_call(by, one, mine) for one in still_open) if each is not None]
    return {
        "at": at,
        "sounding": list(_sounding(by, still_open, mine, at)),
        "calls": calls[:CALLS_SHOWN],
        "more": max(0, len(calls) - CALLS_SHOWN),
    }


def _gravest(still_open: Iterable[OpenAlert]) -> list[OpenAlert]:
    """The same for the alerts of many visits, in the order in which they came."""
    by_visit: dict[StreamId, list[Alert]] = {}
    found = list(still_open)
    for each in found:
        by_visit.setdefault(each.visit, []).append(each.alert)
    kept = {alert.id for alerts in by_visit.values() for alert in by_the_gravest(alerts)}
    return [each for each in found if each.alert.id in kept]


def _visits_of(person: ClinicianId) -> frozenset[StreamId]:
    return frozenset(state.stream for _, state in board.responsible_for(person))


def is_called(by: Author, alert: Alert) -> bool:
    """Whether an escalated alert waits for this person."""
    return alert.escalated is not None and alert.waits and may(by.role, "order.sign")


def _sounding(
    by: Author, still_open: Iterable[OpenAlert], mine: frozenset[StreamId], at: datetime
) -> Iterator[dict[str, Any]]:
    paused: dict[StreamId, Written[SoundPaused] | None] = {}
    for each in still_open:
        alert = each.alert
        if not makes_sound(alert):
            continue
        if each.visit not in paused:
            paused[each.visit] = queries.for_visit(each.visit).latest(SoundPaused)
        yield {
            "id": f"{reference_of(each.visit)}/{number_of(alert)}",
            "visit": reference_of(each.visit),
            "priority": alert.priority,
            "is_mine": each.visit in mine or is_called(by, alert),
            "quiet_until": quiet_until(alert, paused[each.visit], at),
            "words": f"{_spoken(alert.priority)}, {each.chair_name}: {alert.short}.",
        }


def _spoken(priority: AlertPriority) -> str:
    return f"{priority.capitalize()} alert"


def _call(by: Author, each: OpenAlert, mine: frozenset[StreamId]) -> dict[str, Any] | None:
    """What stands above the pages of whoever an alert calls: chair and cause, and no name."""
    alert = each.alert
    if is_called(by, alert):
        why, since = "Nobody has answered. Escalated", alert.escalated_at
    elif each.visit in mine and alert.priority == "high" and alert.waits and alert.acknowledged is None:
        why, since = "Your patient. Since", alert.raised_at
    else:
        return None
    visit = reference_of(each.visit)
    return {
        "visit": visit,
        "chair": each.chair_name,
        "priority": alert.priority,
        "short": alert.short,
        "why": why,
        "at": since,
        "url": f"{reverse('alerts', args=[visit])}#alert-{number_of(alert)}",
    }
