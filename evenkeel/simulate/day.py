"""Play one clinic day into an empty database, and say what the record then holds.

    EVENKEEL_DATABASE_URL=... python -m evenkeel.simulate.day [--seed 7] [--opens-at 2026-03-08T15:00Z]

The same seed and moment give the same answer on SQLite and on PostgreSQL; a test holds the two together.
"""

import argparse
import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from evenkeel.simulate.cast import Part

if TYPE_CHECKING:
    from evenkeel.record.state import State

# A short bill with everything hard on it: a surge, a pause, nausea, a correction, a withdrawal.
DAY: Final[tuple[Part, ...]] = (
    Part(story="in_series", infusions=1, today="amended", minutes=-200),
    Part(story="in_series", infusions=1, today="surge", minutes=-190),
    Part(story="in_series", infusions=2, today="paused", minutes=-180),
    Part(story="in_series", infusions=0, today="nausea", minutes=-55),
    Part(story="in_series", infusions=3, today="recovering", minutes=-80),
    Part(story="withdrawn", infusions=2),
    Part(story="at_risk", infusions=2),
    Part(story="awaiting_prescriber"),
    Part(story="referred"),
)

# The day on which clocks in the United States go forward, since that is when durations go wrong.
OPENS_AT: Final = "2026-03-08T15:00:00+00:00"


def play_day(opens_at: datetime, seed: int) -> dict[str, object]:
    """Play a day and return how the record stands: heads of all streams and a digest of all folded states."""
    from evenkeel.simulate.demo import Opening, furnish, play_opening
    from evenkeel.simulate.world import World
    from evenkeel.store import reading
    from evenkeel.store.queries import live
    from evenkeel.values.ids import kind_of

    world = World(seed=seed, opens_at=opens_at)
    furnish(world, opens_at - timedelta(days=200))
    play_opening(world, Opening(opens_at=opens_at, parts=DAY, first=0))
    streams = reading.streams()
    states = [reading.STATE_OF[kind_of(stream)].fold(stream, reading.entries(stream)) for stream in streams]
    return {
        "heads": {state.stream: [state.seq, state.head_hash] for state in states},
        "states": _digest(states),
        "samples": live.sample_count(),
        "quarantined": live.quarantined_count(),
    }


def _digest(states: "list[State]") -> str:
    return hashlib.sha256("\n".join(repr(state) for state in states).encode()).hexdigest()


def main() -> None:
    """Play a day into the database that the environment names, and print what came of it as JSON."""
    parser = argparse.ArgumentParser(prog="evenkeel.simulate.day", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--opens-at", default=OPENS_AT)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    os.environ["EVENKEEL_DEMO"] = "1"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    print(json.dumps(play_day(datetime.fromisoformat(chosen.opens_at), chosen.seed)))  # noqa: T201


if __name__ == "__main__":
    main()
