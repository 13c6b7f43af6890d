"""What was set aside, worked on: looked at with a word, and taken in again by the same questions."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Subquery

from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.store.intake import Sample, VisitAtChair, sample_rows
from evenkeel.values.shape import frozen


@frozen
class Kept:
    """A message that something was set aside of, as it came; `door` None from before that was kept."""

    message: int
    received_at: datetime
    raw: bytes
    door: str | None


def kept_messages(sender: str, reason: str, *, count: int) -> tuple[Kept, ...]:
    """Return messages of a sender that a reason kept aside and nothing was charted of since.

    Those come first that were never taken in again, then those for which that is the longest ago.
    """
    replays = models.QuarantineReplay.objects.filter(message=OuterRef("message"))
    last_at = Subquery(replays.order_by("-id").values("at")[:1])
    rows = models.QuarantinedMessage.objects.filter(sender=sender, reason=reason, message__isnull=False)
    rows = rows.exclude(Exists(replays.filter(charted__gt=0))).annotate(last_at=last_at)
    found: dict[int, Kept] = {}
    for row in rows.order_by(F("last_at").asc(nulls_first=True), "id")[:count]:
        assert row.message_id is not None, "messages without one were left out"
        found[row.message_id] = Kept(
            message=row.message_id, received_at=row.received_at, raw=bytes(row.raw), door=row.door
        )
    return tuple(found.values())


def chart_late(
    message: int, at_chair: VisitAtChair, samples: Iterable[Sample], *, replayed_at: datetime
) -> int:
    """Keep those values of a message that are not kept yet, marked as replayed; returns how many."""
    row = models.DeviceMessage.objects.get(pk=message)
    there = set(
        models.MonitorSample.objects.filter(message=row).values_list("sign", "channel", "observed_at")
    )
    new = [each for each in samples if (each.sign, each.channel, each.observed_at) not in there]
    models.MonitorSample.objects.bulk_create(sample_rows(row, at_chair, new, replayed_at))
    return len(new)


def note_replay(
    message: int, *, at: datetime, by: Author, charted: int, at_chair: VisitAtChair | None, sentence: str
) -> None:
    """Write down what became of a message that was taken in again."""
    models.QuarantineReplay.objects.create(
        message_id=message,
        at=at,
        by_id=by.id,
        by_name=by.printed_name,
        charted=charted,
        visit=at_chair.visit if at_chair else None,
        sentence=sentence,
    )


def note_review(sender: str, reason: str, *, upto: int, at: datetime, by: Author, words: str) -> None:
    """Write down that somebody looked at what a reason kept aside of a sender, up to its newest line."""
    models.QuarantineReview.objects.create(
        sender=sender,
        reason=reason,
        upto=upto,
        at=at,
        by_id=by.id,
        by_name=by.printed_name,
        words=words,
    )
