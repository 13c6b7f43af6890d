"""Working on what was set aside: saying that one looked, and having it taken in again after a mapping fix."""

from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from evenkeel.devices.pcd01 import read_message
from evenkeel.devices.reading import Reading, Refusal
from evenkeel.journey.acting import Act, touch, use_case
from evenkeel.journey.attribution import owner_of, sorted_out
from evenkeel.journey.door_reading import GATEWAY_DOORS, read_again
from evenkeel.store import quarantine
from evenkeel.store.intake import SetAside
from evenkeel.store.quarantine import Kept
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

# Two words at least, so that the next reader learns what was made of it. Proposal.
WORDS_LETTERS_MIN: Final = 5
WORDS_LETTERS_MAX: Final = 300
# So many messages at once, so that nobody waits for long while the database is held. Proposal.
REPLAYED_AT_ONCE: Final = 500


class UnableToWorkOnQuarantine(UnableTo):
    """What was set aside cannot be worked on like this."""


@use_case("quarantine.work")
def review(act: Act, *, sender: str, reason: str, upto: int, words: str) -> StreamId:
    """Say that one looked at what a reason kept aside of a sender, up to its newest message."""
    words = " ".join(words.split())
    if not WORDS_LETTERS_MIN <= len(words) <= WORDS_LETTERS_MAX:
        sentence = f"What you found: write {WORDS_LETTERS_MIN} to {WORDS_LETTERS_MAX} characters."
        raise UnableToWorkOnQuarantine([Issue(sentence=sentence, code="length", field="words")])
    quarantine.note_review(sender, reason, upto=upto, at=act.recorded_at, by=act.by, words=words)
    return StreamId("quarantine:review")


@use_case("quarantine.work")
def replay(act: Act, *, sender: str, reason: str) -> StreamId:
    """Take in again what a reason kept aside of a sender, with its own times, by the questions of every door.

    What may chart now is charted to the visit that was at the chair when it was measured, and marked as
    replayed; of what still may not, the reason is written down. A message lands once, however often this is
    asked for.
    """
    if reason in NEVER_AGAIN:
        sentence = "These are never taken in again: who sent them may not speak for that monitor."
        raise UnableToWorkOnQuarantine([Issue(sentence=sentence, code="never-again")])
    kept = quarantine.kept_messages(sender, reason, count=REPLAYED_AT_ONCE)
    if not kept:
        sentence = "Nothing of this waits to be taken in again."
        raise UnableToWorkOnQuarantine([Issue(sentence=sentence, code="nothing-waits")])
    for each in kept:
        _take_in_again(act, each)
    return StreamId("quarantine:replay")


# Whether a gateway may speak for a monitor is asked of the gateway itself, when it sends.
NEVER_AGAIN: Final = frozenset({"gateway_ended", "not_its_monitor"})


def _take_in_again(act: Act, kept: Kept) -> None:
    read = _read(kept)
    found = SetAside(reason="", sentence=read.sentence) if isinstance(read, Refusal) else None
    if isinstance(read, Reading):
        owner = owner_of(read, at=kept.received_at, afterwards=True)
        if not isinstance(owner, SetAside):
            touch(owner.at_chair.patient)
            samples, aside = sorted_out(read, owner, received_at=kept.received_at)
            charted = quarantine.chart_late(
                kept.message, owner.at_chair, samples, replayed_at=act.recorded_at
            )
            left = " ".join(each.sentence for each in aside)
            said = f"{charted} {'value' if charted == 1 else 'values'} charted." if charted else ""
            quarantine.note_replay(
                kept.message,
                at=act.recorded_at,
                by=act.by,
                charted=charted,
                at_chair=owner.at_chair,
                sentence=f"{said} {left}".strip() or "Nothing new in it.",
            )
            return
        found = owner
    assert found is not None, "a message is a reading, or is refused"
    quarantine.note_replay(
        kept.message, at=act.recorded_at, by=act.by, charted=0, at_chair=None, sentence=found.sentence
    )


def _read(kept: Kept) -> Reading | Refusal:
    door = GATEWAY_DOORS.get(kept.door)
    if door is not None:
        return read_again(door, kept.raw, received_at=kept.received_at)
    return read_message(kept.raw, received_at=kept.received_at, zone=ZoneInfo(settings.TIME_ZONE))
