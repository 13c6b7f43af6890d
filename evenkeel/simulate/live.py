"""Let the demo clinic's day go on beside the server, through the same doors."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from evenkeel.simulate.demo import SEED, Playbill, openings_of, raise_curtain
from evenkeel.simulate.world import Line, World

# How long the player sleeps at most, so that it ends soon after it is told to.
NAP_SECONDS: Final = 0.5
# Stories older than this have nothing more to tell today.
RECENT: Final = timedelta(days=2)


def play_on(host: str, port: int, now: Callable[[], datetime], is_wanted: Callable[[], bool]) -> None:
    """Play while wanted. Stories stand where the build left them, then follow the machine's clock."""
    kept = Playbill().read()
    openings = [each for each in openings_of(kept) if now() - each.opens_at < RECENT]
    if not openings:
        return
    world = World(seed=SEED, opens_at=openings[0].opens_at, lenient=True)
    world.looked_at_from = openings[-1].opens_at
    world.played_until = datetime.fromisoformat(kept["played_until"])
    for opening in openings:
        raise_curtain(world, opening)
    world.play(world.played_until)
    world.line = Line(host, port)
    try:
        _follow_the_clock(world, now, is_wanted)
    finally:
        world.line.close()


def _follow_the_clock(world: World, now: Callable[[], datetime], is_wanted: Callable[[], bool]) -> None:
    while is_wanted() and (next_at := world.next_at) is not None:
        wait = (next_at - now()).total_seconds()
        if wait > 0:
            time.sleep(min(wait, NAP_SECONDS))
        world.play(now())
