"""The clinic is killed while people chart and monitors send; whatever was answered is there, once.

`make faults` kills it a thousand times; what that came to stands in docs/evidence/faults.md.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.killed_clinic import KilledClinic
from tests.faults.kills import Day, one_seed, running_server
from tests.faults.played_day import Told, faults, steps_of

SEED = 20_261


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledClinic]:
    """A clinic for small days; each has chairs of its own in it."""
    with KilledClinic(tmp_path_factory.mktemp("clinic"), chairs=6) as made:
        yield made


@pytest.mark.parametrize(("database", "kills"), [("sqlite", 20), ("postgresql", 12)])
def test_what_was_answered_is_there_once_however_often_the_clinic_was_killed(
    tmp_path: Path, database: str, kills: int
) -> None:
    with running_server(database) as server:
        outcome = one_seed(SEED, kills, tmp_path, server, visits_a_nurse=2)
    print(outcome)  # noqa: T201  # the seed and what came of it, shown when this fails
    assert not outcome.wrong
    assert outcome.kills.total() == kills
    # The kills hit people at work: a day on which nothing was answered or repeated would agree as well.
    assert outcome.steps >= 10
    assert outcome.messages >= 10
    assert outcome.unheard + outcome.unwritten >= kills // 2


def test_the_same_seed_dies_at_the_same_places(clinic: KilledClinic) -> None:
    died = [_one_hand(clinic, place) for place in range(2)]
    assert died[0] == died[1]
    assert len(set(died[0])) > 3


def _one_hand(clinic: KilledClinic, place: int) -> list[str]:
    """One nurse and no monitor, so that one thing follows another; returns where the clinic died."""
    before = len(clinic.kill_points())
    day = Day(clinic, SEED, nurses=1, visits=slice(place, place + 1))
    day.monitors = []
    day.begin()
    for kill_at in (40, 95, 61, 130, 77):
        clinic.open(kill_at=kill_at)
        clinic.wait_until_dead()
        clinic.kill()
    clinic.open()
    assert day.end() == []
    clinic.kill()
    return clinic.kill_points()[before:]


def test_a_clinic_that_answers_before_it_writes_is_caught(clinic: KilledClinic) -> None:
    day = Day(clinic, SEED, nurses=1, visits=slice(2, 3), notes_only=True)
    day.begin()
    for _ in range(5):
        clinic.open(answers_first=True)
        time.sleep(0.5)
        clinic.kill()
    clinic.open()
    wrong = day.end()
    clinic.kill()
    assert any(each.startswith("lost: note") for each in wrong), wrong
    assert any(each.startswith("message") for each in wrong), wrong


def test_a_form_that_comes_again_under_another_key_is_caught(clinic: KilledClinic) -> None:
    day = Day(clinic, SEED, nurses=1, visits=slice(3, 4), notes_only=True, fresh_keys=True)
    day.monitors = []
    day.begin()
    # A note asks the database some 50 times before its answer, so these lie on both sides of the commit.
    for kill_at in range(40, 130, 6):
        clinic.open(kill_at=kill_at)
        clinic.wait_until_dead()
        clinic.kill()
    clinic.open()
    wrong = day.end()
    clinic.kill()
    assert any(each.startswith("2 times: note") for each in wrong), wrong


def told_one() -> tuple[Told, dict[str, Any]]:
    """One answered form, and a record that holds it."""
    [_, note, *_] = steps_of("v", random.Random(1), 1)
    entry = {"visit": "v", "kind": note.kind, "key": note.key, "payload": json.dumps(note.says)}
    told = Told(steps=[note], messages=[("C-1", "v")])
    found = {"entries": [entry], "messages": [["C-1", "v", 3]]}
    return told, found | {"set_aside": 0, "verified": [], "ledger": []}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["entries"].clear(), "lost"),
        (lambda found: found["entries"].append(found["entries"][0]), "2 times"),
        (lambda found: found["entries"][0].update(key="other"), "under another key"),
        (lambda found: found["entries"].append(found["entries"][0] | {"visit": "w"}), "never answered"),
        (lambda found: found["messages"].clear(), "message C-1: 0 times"),
        (lambda found: found["messages"].append(["C-1", "v", 3]), "message C-1: 2 times"),
        (lambda found: found["messages"].__setitem__(0, ["C-1", "v", 2]), "message C-1: 1 times"),
        (lambda found: found["messages"].append(["C-2", "v", 3]), "message C-2 was never"),
        (lambda found: found.update(set_aside=1), "1 messages were set aside"),
        (lambda found: found["verified"].append("a chain is broken"), "a chain is broken"),
        (lambda found: found["ledger"].append("an account is short"), "an account is short"),
    ],
)
def test_the_comparison_sees_every_difference(change: Any, said: str) -> None:
    told, found = told_one()
    assert faults(told, found) == []
    change(found)
    assert any(each.startswith(said) for each in faults(told, found)), faults(told, found)
