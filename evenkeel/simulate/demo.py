"""The demo clinic: made, opened again later, and played on."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings as configuration
from django.db import transaction

from evenkeel.journey import chairs, limits, people, settings
from evenkeel.journey.acting import Act
from evenkeel.journey.monitors import assign_monitor, assign_pump
from evenkeel.journey.rules import clinic_day
from evenkeel.record.entry import ROLE_WORDS
from evenkeel.simulate.cast import PARTS, WAVE, Part, make_cast
from evenkeel.simulate.course import CourseStory
from evenkeel.simulate.monitor import monitor_of, stray_messages
from evenkeel.simulate.pump import CHAIRS_WITH_PUMP, pump_of
from evenkeel.simulate.staff import ADA, LENA, PASSWORD, STAFF, Colleague
from evenkeel.simulate.stock import FIRST_VIALS, later_deliveries, restock, stock_the_clinic
from evenkeel.simulate.world import Hand, Playing, World
from evenkeel.store.queries import people as people_now
from evenkeel.values.ids import IdempotencyKey
from evenkeel.values.quantities import Weight
from evenkeel.values.shape import frozen

SEED: Final = 20260302
CLINIC_NAME: Final = "Harbor Light Infusion (demo)"
# What is played with monitors, before the clinic is looked at.
DAY_LENGTH: Final = timedelta(hours=10)
# How far the demo clinic may lag behind the clock when it is opened.
BLINK: Final = timedelta(seconds=3)
# So many patients are added each time the demo clinic is opened on an empty board.
WAVE_SIZE: Final = len(WAVE)


@frozen
class Opening:
    """One opening of the demo clinic: when, with which parts, and the number of its first patient."""

    opens_at: datetime
    parts: tuple[Part, ...]
    first: int


def furnish(world: World, at: datetime, *, vials: int = FIRST_VIALS) -> None:
    """Hire the staff, put up chairs, and receive drug; staff first, then the rest.

    `vials` is how many of the drug that is infused are brought to the cabinet.
    """
    world.now = at
    for colleague in (ADA, *(each for each in STAFF if each is not ADA)):
        _hire(world, colleague)
    hand = Hand(world, "furnish")
    for chair in world.chairs:
        name = f"Chair {chair.rpartition('-')[2]}"
        hand.do(chairs.add_chair, LENA, name=name, reason="demo clinic")
    hand.do(
        settings.change_settings,
        LENA,
        clinic_name=CLINIC_NAME,
        clinic_phone="555-0100",
        predicted_level_shown=True,
        reason="demo clinic",
    )
    hand.do(
        limits.set_limit,
        LENA,
        rule="CHK-WGT-003",
        limit="most",
        value=Weight.of(180),
        from_date=clinic_day(at),
        reason="Made up for the demo: the recliners of this clinic carry 180 kg.",
    )
    stock_the_clinic(world, world.opens_at, vials=vials)


def bring_monitors(world: World) -> None:
    """Put a monitor at each chair, and a pump that is heard at some.

    They come on the last day: nobody listens for them before it.
    """
    hand = Hand(world, "monitors")
    for chair in world.chairs:
        hand.do(assign_monitor, LENA, chair=chair, monitor=monitor_of(chair))
        if chair in CHAIRS_WITH_PUMP:
            hand.do(assign_pump, LENA, chair=chair, pump=pump_of(chair))


def _hire(world: World, colleague: Colleague) -> None:
    act = Act(
        by=people.COMMAND_LINE,
        happened_at=world.now,
        recorded_at=world.now,
        key=IdempotencyKey(colleague.key),
    )
    people.add_person(
        act,
        username=colleague.username,
        printed_name=colleague.printed_name,
        role=colleague.role,
        new_password=PASSWORD,
        reason="demo clinic",
    )


def raise_curtain(world: World, opening: Opening) -> None:
    """Put every story of an opening on the stage."""
    zone = ZoneInfo(configuration.TIME_ZONE)
    today = opening.opens_at.astimezone(zone).date()
    for patient in make_cast(world.seed, today, opening.parts, opening.first):
        world.begin(CourseStory(world, patient, zone).tell())


def play_opening(
    world: World,
    opening: Opening,
    progress: Callable[[str], None] = lambda words: None,
    *,
    in_one_piece: bool = True,
    has_monitors: bool = False,
) -> None:
    """Play an opening from its oldest referral to the moment it opens; the day itself with monitors.

    `in_one_piece` puts all that lies before today into one transaction: the same entries, and a fraction of
    the time. `has_monitors` says that an earlier opening has put them up.
    """
    raise_curtain(world, opening)
    day_began = opening.opens_at - DAY_LENGTH
    progress("past weeks ...")
    with transaction.atomic() if in_one_piece else nullcontext():
        world.play(day_began)
    if not has_monitors:
        bring_monitors(world)
    progress("today, with monitors on their sockets ...")
    with Playing(world):
        world.play(opening.opens_at)
        for message in stray_messages(world.now):
            world.send(message)


# --- the demo clinic that `make run` serves ---


class Playbill:
    """A small file beside the database that says which openings were played, and how far."""

    def __init__(self) -> None:
        self._path = Path(configuration.DATA_DIR) / "demo.json"

    def read(self) -> dict[str, Any]:
        """What was played into this database; empty when it is no demo clinic."""
        if not self._path.exists():
            return {}
        kept: dict[str, Any] = json.loads(self._path.read_text())
        return kept if kept.get("database") == configuration.DATABASE_URL else {}

    def write(self, openings: list[str], played_until: datetime) -> None:
        """Note the openings and how far they were played."""
        kept = {
            "database": configuration.DATABASE_URL,
            "openings": openings,
            "played_until": played_until.isoformat(),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(kept))

    def forget(self) -> None:
        """Forget what was played."""
        self._path.unlink(missing_ok=True)


def openings_of(kept: dict[str, Any]) -> list[Opening]:
    """The openings that a playbill names: the first with the whole cast, later ones with a wave each."""
    found = []
    for place, moment in enumerate(kept.get("openings", [])):
        parts = PARTS if place == 0 else WAVE
        first = 0 if place == 0 else len(PARTS) + WAVE_SIZE * (place - 1)
        found.append(Opening(opens_at=datetime.fromisoformat(moment), parts=parts, first=first))
    return found


def is_built() -> bool:
    """Whether the demo clinic stands in this database."""
    return bool(Playbill().read().get("openings"))


def is_real() -> bool:
    """Whether people work in this database whom no demo put there: made-up people must not join them."""
    return not is_built() and bool(people_now.every())


def build(clock: Callable[[], datetime], progress: Callable[[str], None] = lambda words: None) -> None:
    """Make the demo clinic as it stands at this moment, and play on for as long as that takes."""
    opens_at = clock().replace(microsecond=0)
    world = World(seed=SEED, opens_at=opens_at)
    world.looked_at_from = opens_at
    with transaction.atomic():
        furnish(world, opens_at - timedelta(days=200))
    world.now = opens_at - timedelta(days=199)
    world.begin(later_deliveries(world))
    kept = {"openings": [opens_at.isoformat()]}
    play_opening(world, openings_of(kept)[0], progress)
    Playbill().write(kept["openings"], _catch_up(world, clock))


def _catch_up(world: World, clock: Callable[[], datetime]) -> datetime:
    """Play until the world is no further back than a blink: a monitor that was not heard sounds an alert."""
    with Playing(world):
        while clock() - world.now > BLINK:
            world.play(clock())
    return world.now


def open_again(clock: Callable[[], datetime], progress: Callable[[str], None] = lambda words: None) -> None:
    """Let new patients come when the demo clinic is opened again and every chair is empty."""
    playbill = Playbill()
    kept = playbill.read()
    last = openings_of(kept)[-1]
    now = clock()
    if now - last.opens_at < timedelta(hours=3):
        return
    opens_at = now.replace(microsecond=0)
    openings = [*kept["openings"], opens_at.isoformat()]
    world = World(seed=SEED, opens_at=opens_at)
    world.looked_at_from = opens_at
    world.now = opens_at - timedelta(days=199)
    restock(world)
    play_opening(world, openings_of({"openings": openings})[-1], progress, has_monitors=True)
    playbill.write(openings, _catch_up(world, clock))


def sign_ins() -> list[tuple[str, str, str, str]]:
    """(name, role, user name, password) of the demo people, to be printed at start."""
    return [(each.printed_name, ROLE_WORDS[each.role], each.username, PASSWORD) for each in STAFF]
