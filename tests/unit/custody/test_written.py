"""From a lot's entries to the ledger's steps, and what a discovery has to do with what was written since."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from evenkeel.custody.counts import retold_mcg
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.custody.written import ledger_of, step_of, steps_of
from evenkeel.record.chain import first_hash, seal
from evenkeel.record.custody import (
    Account,
    DrawPosted,
    DrawVoided,
    DrugMoved,
    LotEntered,
    LotRecalled,
    LotState,
    WitnessRefused,
)
from evenkeel.record.entry import Author, Draft, Entry
from evenkeel.record.infusion import MarkedInError
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, IdempotencyKey, StreamId
from tests.ledger_story import (
    BAG,
    CABINET,
    KETAMINE,
    NORA,
    POLICY,
    REED,
    SAFE,
    START,
    SUPPLIER,
    VIAL,
    WASTED,
)

LOT = StreamId("custody:00000000-0000-0000-0000-000000000001")
VISIT = StreamId("visit-1")
AUTHOR = Author(id=NORA, role="nurse", printed_name="Made-up Nora")
OTHER = Author(id=REED, role="nurse", printed_name="Made-up Reed")
MINUTE = timedelta(minutes=1)


class Writing:
    """A lot's stream, written entry by entry; unless told otherwise each is taken down when it happens."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.say(LotEntered(site="main", item=KETAMINE), 0)

    def say(
        self, payload: Any, minute: int, *, recorded: int | None = None, amends: EntryId | None = None
    ) -> EntryId:
        entry = seal(
            Draft(
                payload=payload,
                happened_at=START + minute * MINUTE,
                amends=amends,
                amend_reason=None if amends is None else "Made up.",
            ),
            stream=LOT,
            seq=len(self.entries) + 1,
            previous_hash=self.entries[-1].hash if self.entries else first_hash(LOT),
            by=OTHER if amends else AUTHOR,
            key=IdempotencyKey(str(len(self.entries))),
            recorded_at=START + (minute if recorded is None else recorded) * MINUTE,
        )
        self.entries.append(entry)
        return entry.id

    def move(self, source: Account, into: Account, mg: int, minute: int, **more: Any) -> EntryId:
        recorded = more.pop("recorded", None)
        moved = DrugMoved(
            source=source, into=into, amount=DrugMass.mg(mg), cause=more.pop("cause", "drawn"), **more
        )
        return self.say(moved, minute, recorded=recorded)

    @property
    def lot(self) -> LotState:
        return LotState.fold(LOT, self.entries)


def _when(minute: int) -> datetime:
    return START + minute * MINUTE


def test_each_kind_of_entry_is_its_step_and_the_others_are_none() -> None:
    moved = DrugMoved(
        source=VIAL,
        into=WASTED,
        amount=DrugMass.mg(5),
        cause="spilled",
        visit=VISIT,
        witness=REED,
        witness_name="Made-up Reed",
        alone_because="Nobody else was in.",
        pending=True,
        corrects=EntryId("e0"),
        reason="Dropped.",
    )
    expected: dict[Any, Step | None] = {
        moved: Transfer(
            id="e1",
            item=KETAMINE,
            source=VIAL,
            into=WASTED,
            amount=DrugMass.mg(5),
            at=START,
            by=NORA,
            witness=REED,
            alone_because="Nobody else was in.",
            pending=True,
            corrects="e0",
            reason="Dropped.",
            visit="visit-1",
        ),
        DrawPosted(reserves=EntryId("e0"), amount=DrugMass.mg(3)): Posted(
            id="e1", reserves="e0", amount=DrugMass.mg(3), at=START, by=NORA
        ),
        DrawVoided(reserves=EntryId("e0"), reason="Called off."): Voided(
            id="e1", reserves="e0", at=START, by=NORA, reason="Called off."
        ),
        LotRecalled(reason="Glass found."): Recalled(
            id="e1", product="ketamine-50-10", lot="K1", at=START, by=NORA, reason="Glass found."
        ),
        LotEntered(site="main", item=KETAMINE): None,
        WitnessRefused(witness=REED, witness_name="R", what="waste", visit=None, reason="Not seen."): None,
    }
    for payload, step in expected.items():
        assert step_of(payload, KETAMINE, id_="e1", at=START, by=NORA) == step


def test_a_movement_for_nobody_names_no_visit_and_by_default_is_plain() -> None:
    moved = DrugMoved(source=SUPPLIER, into=SAFE, amount=DrugMass.mg(500), cause="received")
    assert step_of(moved, KETAMINE, id_="e1", at=START, by=NORA) == Transfer(
        id="e1", item=KETAMINE, source=SUPPLIER, into=SAFE, amount=DrugMass.mg(500), at=START, by=NORA
    )


def test_steps_stand_as_they_were_first_taken_down_and_without_what_was_marked_in_error() -> None:
    story = Writing()
    received = story.move(SUPPLIER, SAFE, 1000, 5, recorded=9)
    wrong = story.move(SAFE, CABINET, 500, 10)
    story.say(MarkedInError(entry=wrong), 11, amends=wrong)
    recalled = story.say(LotRecalled(reason="Glass."), 12)
    story.say(LotRecalled(reason="Glass found in one vial."), 12, recorded=20, amends=recalled)
    assert list(steps_of(story.lot)) == [
        Transfer(
            id=received,
            item=KETAMINE,
            source=SUPPLIER,
            into=SAFE,
            amount=DrugMass.mg(1000),
            at=_when(9),
            by=NORA,
        ),
        Recalled(
            id=recalled,
            product="ketamine-50-10",
            lot="K1",
            at=_when(12),
            by=NORA,
            reason="Glass found in one vial.",
        ),
    ]


def test_a_ledger_of_lots_holds_what_their_entries_say_whatever_todays_policy() -> None:
    story = Writing()
    story.move(SUPPLIER, CABINET, 500, 1)
    story.move(CABINET, VIAL, 500, 2)
    # Nobody saw it, which today's policy would refuse.
    story.move(VIAL, WASTED, 5, 3)
    ledger = ledger_of(POLICY, [story.lot])
    assert ledger.policy == POLICY
    assert [ledger.mcg(place, KETAMINE) for place in (CABINET, VIAL, WASTED)] == [0, 495_000, 5_000]


# --- what changed of a discovery ----------------------------------------------------------------------------


def stocked() -> Writing:
    """Two vials in the cabinet, one of them opened, long before anything is discovered at minute 60."""
    story = Writing()
    story.move(SUPPLIER, CABINET, 1000, 1)
    story.move(CABINET, VIAL, 500, 2)
    return story


def retold(story: Writing, account: Account, known: int = 60) -> int:
    return retold_mcg(
        ledger_of(POLICY, [story.lot]),
        story.lot,
        account,
        discovered_at=_when(60),
        known_at=_when(known),
    )


def test_what_was_known_already_changes_nothing() -> None:
    story = stocked()
    story.move(VIAL, BAG, 35, 60, recorded=60)
    assert retold(story, VIAL) == 0


@pytest.mark.parametrize(("minute", "changed"), [(59, -35_000), (60, 0), (70, 0)])
def test_what_happened_before_and_was_written_late_counts_and_what_happened_since_does_not(
    minute: int, changed: int
) -> None:
    story = stocked()
    story.move(VIAL, BAG, 35, minute, recorded=80)
    assert retold(story, VIAL) == changed
    assert retold(story, BAG) == -changed
    assert retold(story, CABINET) == 0


def test_what_is_new_adds_up() -> None:
    story = stocked()
    story.move(VIAL, BAG, 35, 50, recorded=80)
    story.move(VIAL, WASTED, 5, 51, recorded=81)
    assert retold(story, VIAL) == -40_000


def test_a_correction_of_what_stood_there_counts_whenever_it_was_made() -> None:
    story = stocked()
    early = story.move(VIAL, BAG, 35, 50)
    story.move(BAG, VIAL, 10, 90, corrects=early, reason="Typed 35 for 25.")
    assert (retold(story, VIAL), retold(story, BAG)) == (10_000, -10_000)
    late = story.move(VIAL, BAG, 20, 91)
    story.move(BAG, VIAL, 20, 92, corrects=late, reason="Wrong bag.")
    assert retold(story, VIAL) == 10_000, "what moved since has nothing to do with it"


def test_what_was_written_in_the_moment_of_knowing_stood_there() -> None:
    story = stocked()
    at_once = story.move(VIAL, BAG, 35, 60, recorded=60)
    story.move(BAG, VIAL, 10, 90, corrects=at_once, reason="Typed 35 for 25.")
    assert retold(story, VIAL) == 10_000


def test_a_late_entry_marked_in_error_does_not_count() -> None:
    story = stocked()
    late = story.move(VIAL, BAG, 35, 50, recorded=80)
    story.say(MarkedInError(entry=late), 85, amends=late)
    assert retold(story, VIAL) == 0


def test_what_is_only_kept_has_not_moved_until_it_is_taken() -> None:
    story = stocked()
    kept = story.move(VIAL, BAG, 35, 50, recorded=80, pending=True)
    assert retold(story, VIAL) == 0
    story.say(DrawPosted(reserves=kept, amount=DrugMass.mg(30)), 55, recorded=81)
    assert (retold(story, VIAL), retold(story, BAG)) == (-30_000, 30_000)


def test_entries_that_move_nothing_are_passed_over() -> None:
    story = stocked()
    story.say(LotRecalled(reason="Glass."), 50, recorded=80)
    story.move(VIAL, BAG, 35, 51, recorded=81)
    assert retold(story, VIAL) == -35_000
