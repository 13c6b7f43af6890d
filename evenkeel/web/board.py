"""The chair board: every chair in its place, what is due there next, and the worst that is wrong."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import path, reverse
from django.utils import timezone

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP
from evenkeel.journey.rules import book
from evenkeel.record.entry import Author
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store.queries import courses
from evenkeel.store.queries.board import ChairNow, Seated, chairs_now
from evenkeel.store.queries.monitors import MonitorNow
from evenkeel.values.ids import reference_of
from evenkeel.web import handover_words, infusion_view, pages
from evenkeel.web.discharge import earliest_at
from evenkeel.web.infusion_data import empty_at
from evenkeel.web.jinja import clinic_time, duration
from evenkeel.web.pages import Page

# A patient who waits for a prescriber's decision sits in the chair as well.
SEATED: Final[tuple[VisitPhase, ...]] = ("awaiting_prescriber", *IN_THE_CHAIR)
STATES: Final[dict[VisitPhase, str]] = {
    "running": "running",
    "paused": "paused",
    "recovery": "observation",
}
# What a chair waits for before the pump runs.
PREPARING: Final[dict[VisitPhase, str]] = {
    "awaiting_prescriber": "Waits for prescriber",
    "checked_in": "Order to write",
    "ordered": "To draw up",
    "drawn": "To double-check",
    "double_checked": "Time-out to hold",
    "ready": "Ready to start",
}


def tiles(at: datetime) -> list[dict[str, Any]]:
    """One tile per chair for `board.chairs`, always in the same order."""
    day_ends_at = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    rulebook = book()
    return [_tile(rulebook, chair, at) for chair in chairs_now(SEATED, ON_THE_PUMP, day_ends_at=day_ends_at)]


def _tile(rulebook: Rulebook, chair: ChairNow, at: datetime) -> dict[str, Any]:
    if chair.seated is None:
        note = f"Free. Next at {clinic_time(chair.next_at)}" if chair.next_at else "Free"
        return {"chair": chair.name, "url": None, "state": "empty", "note": note}
    seated, state = chair.seated, chair.seated.state
    alert = _alert(rulebook, chair, seated, at)
    signal = _signal(chair, seated, at)
    tile = {
        "chair": chair.name,
        "url": reverse("chart", args=[reference_of(state.stream)]),
        "state": STATES.get(state.phase, "prep"),
        "patient": seated.short_name,
        "identifier": seated.record_number,
        "nurse": state.responsible.who.printed_name if state.responsible else nurse_of(state),
        "offered": handover_words.offered_words(state),
        "drug": "ketamine",
        "alert": alert,
        "signal": signal,
        "signal_at": seated.monitor.heard_at,
        **_dose(state, at),
        **_signs(state, seated.monitor, at),
        **_due(rulebook, state, at),
    }
    if chair.others:
        tile["patient"] += f" (+{chair.others} checked in here)"
    return tile


def nurse_of(state: VisitState) -> str | None:
    """Before the start, the nurse who wrote to the visit last, since that is who is at the chair."""
    authors: list[Author] = [
        entry.by
        for fact in sorted(state.facts, key=lambda fact: fact.seq, reverse=True)
        for entry in reversed(fact.history)
    ]
    return next((author.printed_name for author in authors if author.role == "nurse"), None)


def _signal(chair: ChairNow, seated: Seated, at: datetime) -> str:
    """Whether the monitor is heard. While drug runs, an assigned monitor that is silent is said loudly."""
    feed = infusion_view.feed_state(seated.monitor, at)
    if seated.state.phase not in ON_THE_PUMP:
        return feed if feed in ("live", "late") else "manual"
    return "no signal" if feed == "manual" and chair.monitor else feed


def _dose(state: VisitState, at: datetime) -> dict[str, Any]:
    if state.order is None:
        return {"ordered_mg": None, "infused_mg": None, "time_left": None, "progress": None}
    ordered = state.order.payload.dose.ordered
    until = state.stopped.at if state.stopped else at
    infused = state.given(until)
    ends_at = empty_at(state, at)
    left = duration(ends_at - at) + " left" if ends_at and ends_at > at else None
    if state.phase == "recovery":
        may_leave_at = earliest_at(state)
        left = f"stays until {clinic_time(may_leave_at)}" if may_leave_at else None
    return {
        "ordered_mg": ordered.in_mg,
        "infused_mg": infused.in_mg,
        "time_left": left,
        "progress": min(1.0, infused.mcg / ordered.mcg) if state.started and ordered.mcg else None,
    }


def _signs(state: VisitState, monitor: MonitorNow, at: datetime) -> dict[str, Any]:
    """The newer of what the monitor says and what was charted, each with its time."""
    found: dict[str, Any] = {}
    values = {value["label"]: value for value in infusion_view.live_values(state, monitor, at)}
    pressure = values["Blood pressure"]
    systolic, _, diastolic = (pressure["value"] or "").partition("/")
    found["pressure"] = (
        {"systolic": systolic, "diastolic": diastolic, "at": pressure["at"]} if systolic else None
    )
    for key, label in (("pulse", "Pulse"), ("spo2", "SpO2"), ("breaths", "Breathing")):
        value = values[label]
        found[key] = (
            {"value": value["value"], "at": value["at"], "state": value["state"]}
            if value["value"] is not None
            else None
        )
    last = infusion_view.last_scores(state, at)
    return {**found, "sedation": last["sedation"], "dissociation": last["dissociation"]}


def _due(rulebook: Rulebook, state: VisitState, at: datetime) -> dict[str, Any]:
    checks = infusion_view.checks_due(rulebook, state, at)
    if checks["next_due_at"] is not None:
        return {"due_at": checks["next_due_at"], "due_label": "Next check"}
    return {"due_at": None, "due_label": None, "note": PREPARING.get(state.phase)}


def _alert(rulebook: Rulebook, chair: ChairNow, seated: Seated, at: datetime) -> dict[str, Any] | None:
    """The worst that is wrong at a chair, its cause in a few words; a late or missed check counts as well."""
    found = infusion_view.alerts(
        rulebook, seated.state, seated.monitor, at, has_monitor=chair.monitor is not None
    )
    worst = found[0] if found else None
    checks = infusion_view.checks_due(rulebook, seated.state, at)
    priority = checks["priority"]
    rank = infusion_view.RANK
    if priority is not None and (worst is None or rank[priority] < rank[worst["priority"]]):
        word = "missed, due" if checks["due"] == "missed" else "late, due"
        return {
            "priority": priority,
            "cause": f"Check {word} {duration(at - checks['next_due_at'])} ago",
            "at": checks["next_due_at"],
        }
    if worst is None:
        return None
    return {"priority": worst["priority"], "cause": worst["short"], "at": worst["at"]}


class BoardPage(Page):
    """Every chair on one screen."""

    action = "board.read"
    template = "board/board.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the tiles."""
        at = pages.now()
        open_risks = courses.count_open_risks()
        return super().context(tiles=tiles(at), open_risks=open_risks, now=at, **extra)


class Tiles(BoardPage):
    """The tiles alone, fetched again when something changes."""

    template = "board/tiles.html.jinja"


urlpatterns = [
    path("board/", BoardPage.as_view(), name="board"),
    path("board/tiles/", Tiles.as_view(), name="board_tiles"),
]
