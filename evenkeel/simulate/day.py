"""Play one clinic day into an empty database, and say what the record then holds.

    EVENKEEL_DATABASE_URL=... python -m evenkeel.simulate.day [--seed 7] [--chairs 4] [--staff tired]
        [--artefacts rough] [--faults cuts] [--journal day.jsonl] [--json]

The same seed, moment and choices give the same answer on SQLite and on PostgreSQL; a test holds the two
together. With a journal every request and every answer is written down; a day that was broken off is played
on from its journal when the same command is given again.
"""

import argparse
import hashlib
import json
import os
import random
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evenkeel.simulate.artefacts import RATES
from evenkeel.simulate.cast import Part, Today
from evenkeel.simulate.faults import FAULTS
from evenkeel.simulate.habits import STAFF_HABITS
from evenkeel.simulate.scenario import Journal, Scenario, Witness, read_journal
from evenkeel.values.ids import ChairId

if TYPE_CHECKING:
    from evenkeel.record.state import State
    from evenkeel.simulate.world import Weather, World

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

CHAIRS_MOST: Final = 50
# A day of so many chairs: each has a patient in the morning and one in the afternoon, who arrive in these
# minutes before the end of the day. The first visits of a course are longer, and stand in the morning.
MORNING: Final = (-570, -520)
AFTERNOON: Final = (-270, -160)
ACTS: Final[tuple[Today, ...]] = ("calm", "surge", "calm", "nausea", "amended", "paused", "calm")


def chairs_of(count: int) -> tuple[ChairId, ...]:
    """The chairs of a clinic of 1 to 50."""
    return tuple(ChairId(f"chair-{number}") for number in range(1, count + 1))


def day_of(seed: int, chairs: int) -> tuple[Part, ...]:
    """The parts of a full day at so many chairs."""
    chance = random.Random(f"{seed}/day")
    parts = []
    for place in range(2 * chairs):
        is_morning = place < chairs
        today = ACTS[chance.randrange(len(ACTS))]
        infusions = chance.randrange(2) if is_morning else 1
        parts.append(
            Part(
                story="in_series",
                # After a pause the first visit of a course would not be over by the afternoon.
                infusions=1 if today == "paused" else infusions,
                today=today,
                minutes=chance.randrange(*(MORNING if is_morning else AFTERNOON)),
            )
        )
    return tuple(parts)


def play_day(
    opens_at: datetime,
    seed: int,
    *,
    parts: tuple[Part, ...] = DAY,
    chairs: int = 10,
    weather: "Weather | None" = None,
    witness: Witness | None = None,
    played: Scenario | None = None,
) -> dict[str, Any]:
    """Play a day and return how the record stands, a digest of it, and what went wrong on the way.

    With a witness the weeks before the day are played as they would be in life, each request on its own, so
    that what was answered is on disk; otherwise in one transaction, which is faster.
    """
    from evenkeel.simulate.demo import DAY_LENGTH, Opening, furnish, play_opening
    from evenkeel.simulate.minding import watching
    from evenkeel.simulate.stock import FIRST_VIALS
    from evenkeel.simulate.world import World

    world = World(
        seed=seed,
        opens_at=opens_at,
        weather=weather,
        chairs=chairs_of(chairs),
        witness=witness,
        played=played,
    )
    infusions = sum(part.infusions + 1 for part in parts)
    furnish(world, opens_at - timedelta(days=200), vials=max(FIRST_VIALS, infusions))
    world.begin(watching(world, opens_at - DAY_LENGTH))
    opening = Opening(opens_at=opens_at, parts=parts, first=0)
    play_opening(world, opening, in_one_piece=witness is None)
    return _told(world)


def _told(world: "World") -> dict[str, Any]:
    from evenkeel.store import reading
    from evenkeel.store.queries import live
    from evenkeel.values.ids import kind_of

    streams = reading.streams()
    states = [reading.STATE_OF[kind_of(stream)].fold(stream, reading.entries(stream)) for stream in streams]
    found: dict[str, Any] = {
        "seed": world.seed,
        "heads": {state.stream: [state.seq, state.head_hash] for state in states},
        "states": _digest(states),
        "entries": sum(state.seq for state in states),
        "samples": live.sample_count(),
        "quarantined": live.quarantined_count(),
        "alerts": sum(fact.kind == "alert.raised" for state in states for fact in state.facts),
    }
    counted = json.dumps([found[name] for name in ("states", "samples", "quarantined")])
    found["digest"] = hashlib.sha256(counted.encode()).hexdigest()
    found["went_wrong"] = dict(sorted(world.tally.items()))
    return found


def _digest(states: "list[State]") -> str:
    return hashlib.sha256("\n".join(repr(state) for state in states).encode()).hexdigest()


def summary(found: dict[str, Any]) -> str:
    """What a day came to, for a person."""
    lines = [
        f"Seed {found['seed']}, digest {found['digest'][:16]}",
        f"{found['entries']} entries in {len(found['heads'])} streams",
        f"{found['samples']} values of monitors, {found['quarantined']} set aside",
        f"{found['alerts']} alerts",
    ]
    lines += [f"{count:>4}  {what}" for what, count in found["went_wrong"].items()]
    return "\n".join(lines)


def main() -> None:
    """Play a day into the database that the environment names, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="evenkeel.simulate.day", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--opens-at", default=OPENS_AT, help="when the day ends and the clinic is looked at")
    parser.add_argument("--chairs", type=int, help="a full day at so many chairs, 1 to 50")
    parser.add_argument("--staff", choices=STAFF_HABITS, default="perfect")
    parser.add_argument("--artefacts", choices=RATES, default="usual")
    parser.add_argument("--faults", choices=FAULTS, default="none")
    parser.add_argument("--journal", type=Path, help="write requests and answers here; play on from it")
    parser.add_argument("--json", action="store_true", help="print everything, heads of streams included")
    chosen = parser.parse_args()
    if chosen.chairs is not None and not 1 <= chosen.chairs <= CHAIRS_MOST:
        parser.error(f"--chairs: write a number from 1 to {CHAIRS_MOST}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    os.environ["EVENKEEL_DEMO"] = "1"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    from evenkeel.store.queries import people

    if people.every() and not (chosen.journal and chosen.journal.exists()):
        parser.error("People work in this database already; a made-up day is played into an empty one.")
    found = _play(chosen)
    print(json.dumps(found) if chosen.json else summary(found))  # noqa: T201


def _play(chosen: argparse.Namespace) -> dict[str, Any]:
    from evenkeel.simulate.world import Weather

    weather = Weather(
        habits=STAFF_HABITS[chosen.staff], artefacts=RATES[chosen.artefacts], faults=FAULTS[chosen.faults]
    )
    parts = DAY if chosen.chairs is None else day_of(chosen.seed, chosen.chairs)
    played = read_journal(chosen.journal) if chosen.journal else None
    with Journal(chosen.journal) if chosen.journal else nullcontext() as journal:
        return play_day(
            datetime.fromisoformat(chosen.opens_at),
            chosen.seed,
            parts=parts,
            chairs=chosen.chairs or 10,
            weather=weather,
            witness=journal,
            played=played,
        )


if __name__ == "__main__":
    main()
