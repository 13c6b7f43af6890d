"""The chair board: every chair in its place, what is due there next, and the worst that is wrong."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Any, ClassVar, Final

from django.urls import path, reverse
from django.utils import timezone

from evenkeel.clinical.infusion.alerting import conditions
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP
from evenkeel.journey.rules import book
from evenkeel.record.entry import Author
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store.queries import courses
from evenkeel.store.queries.board import ChairNow, chairs_now, seen_at
from evenkeel.store.queries.monitors import MonitorNow
from evenkeel.values.ids import reference_of
from evenkeel.web import board_alert, board_people, handover_words, infusion_view, pages
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


# How many of the worst chairs are named above the tiles: what can be read at one glance. Proposal.
WORST_MAX: Final = 4


def worst_of(tiles: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """The chairs to look at first, worst first and then by place, and how many more there are.

    A chair that nobody watches while drug runs stands after those with an alert of high priority.
    """
    ranked = sorted(
        ((rank, tile) for tile in tiles if (rank := _rank(tile)) is not None), key=lambda each: each[0]
    )
    return [tile for _, tile in ranked[:WORST_MAX]], max(0, len(ranked) - WORST_MAX)


def _rank(tile: dict[str, Any]) -> float | None:
    """How bad a tile is, 0 the worst; None when nothing is wrong there."""
    alert = tile.get("alert")
    if alert is not None:
        return infusion_view.RANK[alert["priority"]] + (0.25 if alert["answered"] else 0.0)
    if tile["state"] != "empty" and tile["signal"] in ("no signal", "offline"):
        return infusion_view.RANK["high"] + 0.5
    return None


def density_of(count: int) -> str:
    """How closely tiles stand, so that every chair is on one screen. Counts are proposals."""
    return next(
        name
        for name, most in (("few", 6), ("many", 12), ("dense", 24), ("tight", None))
        if not most or count <= most
    )


def tiles(at: datetime) -> list[dict[str, Any]]:
    """One tile per chair for `board.chairs`, always in the same order."""
    day_ends_at = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    rulebook = book()
    return _kept.tiles(rulebook, chairs_now(SEATED, ON_THE_PUMP, day_ends_at=day_ends_at), at)


class KeptTiles:
    """Tiles that were made a moment ago: ten screens that show fifty chairs cost little more than one.

    A tile is made anew as soon as anything was written or measured there, and in any case when it is old.
    """

    # What moves with time alone is milligrams, minutes left, and how long a monitor is silent. Proposal.
    MADE_ANEW_AFTER: Final = timedelta(seconds=2)

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[ChairNow, tuple[Rulebook, datetime, dict[str, Any]]] = {}

    def tiles(self, rulebook: Rulebook, chairs: tuple[ChairNow, ...], at: datetime) -> list[dict[str, Any]]:
        """One tile for each chair. Screens that ask at once wait for each other, and make each tile once."""
        with self._lock:
            before = self._kept
            self._kept = {chair: self._one(before.get(chair), rulebook, chair, at) for chair in chairs}
            return [tile for _, _, tile in self._kept.values()]

    def _one(
        self,
        kept: tuple[Rulebook, datetime, dict[str, Any]] | None,
        rulebook: Rulebook,
        chair: ChairNow,
        at: datetime,
    ) -> tuple[Rulebook, datetime, dict[str, Any]]:
        if kept is not None and kept[0] is rulebook and timedelta(0) <= at - kept[1] < self.MADE_ANEW_AFTER:
            return kept
        return rulebook, at, _tile(rulebook, chair, at)


_kept = KeptTiles()


def _tile(rulebook: Rulebook, chair: ChairNow, at: datetime) -> dict[str, Any]:
    if chair.seated is None:
        note = f"Free. Next at {clinic_time(chair.next_at)}" if chair.next_at else "Free"
        return {"chair": chair.name, "url": None, "state": "empty", "note": note}
    seated = chair.seated
    state, raised, monitor = seen_at(seated.visit)
    checks = infusion_view.checks_due(rulebook, state, at)
    firing = conditions(rulebook, state, monitor, at, has_monitor=chair.monitor is not None)
    signal = _signal(chair, state, monitor, at)
    tile = {
        "chair": chair.name,
        "url": reverse("chart", args=[reference_of(state.stream)]),
        "state": STATES.get(state.phase, "prep"),
        "patient": seated.short_name,
        "initials": initials(seated.short_name),
        "identifier": seated.record_number,
        "nurse": state.responsible.who.printed_name if state.responsible else nurse_of(state),
        "offered": handover_words.offered_words(state),
        "drug": "ketamine",
        "alert": board_alert.worst(firing, raised, checks, at),
        "signal": signal,
        "signal_at": monitor.heard_at,
        **_dose(state, at),
        **_signs(state, monitor, at),
        **_due(checks, state),
    }
    if chair.others:
        tile["patient"] += f" (+{chair.others} checked in here)"
    return tile


def initials(name: str) -> str:
    """The first letter of each part of a name, as "A. R."."""
    return " ".join(f"{part[:1]}." for part in name.split())


def nurse_of(state: VisitState) -> str | None:
    """Before the start, the nurse who wrote to the visit last, since that is who is at the chair."""
    authors: list[Author] = [
        entry.by
        for fact in sorted(state.facts, key=lambda fact: fact.seq, reverse=True)
        for entry in reversed(fact.history)
    ]
    return next((author.printed_name for author in authors if author.role == "nurse"), None)


def _signal(chair: ChairNow, state: VisitState, monitor: MonitorNow, at: datetime) -> str:
    """Whether the monitor is heard. While drug runs, an assigned monitor that is silent is said loudly."""
    feed = infusion_view.feed_state(monitor, at)
    if state.phase not in ON_THE_PUMP:
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


def _due(checks: dict[str, Any], state: VisitState) -> dict[str, Any]:
    if checks["next_due_at"] is not None:
        return {"due_at": checks["next_due_at"], "due_label": "Next check"}
    return {"due_at": None, "due_label": None, "note": PREPARING.get(state.phase)}


class BoardPage(Page):
    """Every chair on one screen, who is here, and the chairs to look at first."""

    action = "board.read"
    template = "board/board.html.jinja"
    is_wall: ClassVar[bool] = False

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the tiles and the people."""
        at = pages.now()
        found = tiles(at)
        if self.is_wall:
            found = [_without_names(tile) for tile in found]
        worst, more = worst_of(found)
        return super().context(
            tiles=found,
            density=density_of(len(found)),
            worst=worst,
            worst_more=more,
            people=board_people.here(self.author, at, [tile["chair"] for tile in found]),
            is_wall=self.is_wall,
            open_risks=courses.count_open_risks(),
            now=at,
            **extra,
        )


def _without_names(tile: dict[str, Any]) -> dict[str, Any]:
    """A tile for a wall that visitors pass: initials in place of names and record numbers."""
    if tile["state"] == "empty":
        return tile
    return {**tile, "patient": tile["initials"], "identifier": None, "url": None}


class Tiles(BoardPage):
    """The tiles alone, fetched again when something changes."""

    template = "board/tiles.html.jinja"


class WallPage(BoardPage):
    """The board for a screen on the wall: nothing to press, nobody's name, all of the screen."""

    template = "board/wall.html.jinja"
    is_wall = True


class WallTiles(WallPage):
    """The wall's tiles alone."""

    template = "board/tiles.html.jinja"


urlpatterns = [
    path("board/", BoardPage.as_view(), name="board"),
    path("board/tiles/", Tiles.as_view(), name="board_tiles"),
    path("board/wall/", WallPage.as_view(), name="board_wall"),
    path("board/wall/tiles/", WallTiles.as_view(), name="board_wall_tiles"),
    *board_people.urlpatterns,
]
