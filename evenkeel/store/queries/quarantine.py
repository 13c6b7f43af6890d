"""What was set aside and why, how often, who looked at it, and what became of it when taken in again."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from evenkeel.store import access, models
from evenkeel.values.ids import StreamId
from evenkeel.values.shape import frozen


@frozen
class Review:
    """Who looked at something that was set aside, and what they made of it."""

    at: datetime
    by_name: str
    words: str


@frozen
class Quarantined:
    """What was set aside for one reason from one sender: how often, and when first and last.

    `id` names its newest message; None where messages beside an empty chair are only counted. `charted` is
    how many of its messages came to a visit when they were taken in again. `review` is None while its newest
    message has not been looked at.
    """

    id: int | None
    first_at: datetime
    last_at: datetime
    times: int
    charted: int
    sender: str
    reason: str
    sentence: str
    acknowledgement: str
    review: Review | None


@frozen
class Message:
    """One message that something was set aside of, and what became of it since."""

    id: int
    received_at: datetime
    sentence: str
    outcomes: tuple[str, ...]


_KIND = ("sender", "reason", "sentence", "acknowledgement")


def quarantined(*, count: int = 100, reason: str | None = None) -> tuple[Quarantined, ...]:
    """Return what was set aside, newest first; the same reason from the same sender in one line."""
    rows, counted = models.QuarantinedMessage.objects.all(), models.EmptyChairCount.objects.all()
    if reason is not None:
        rows, counted = rows.filter(reason=reason), counted.filter(reason=reason)
    kinds = rows.values(*_KIND).annotate(
        first_at=Min("received_at"), last_at=Max("received_at"), times=Count("id"), last_id=Max("id")
    )
    found = [_line(row) for row in kinds.order_by("-last_at", "-last_id")[:count]]
    empty = counted.values(*_KIND, "times", "first_at", "last_at").order_by("-last_at")
    found += [_line(row) for row in empty[:count]]
    return tuple(sorted(found, key=lambda each: each.last_at, reverse=True)[:count])


def counts_by_reason() -> dict[str, int]:
    """How many messages, or values in them, each reason set aside, the most frequent first."""
    grouped = models.QuarantinedMessage.objects.values("reason").annotate(times=Count("id"))
    found: dict[str, int] = dict(grouped.values_list("reason", "times"))
    for reason, times in models.EmptyChairCount.objects.values_list("reason", "times"):
        found[reason] = found.get(reason, 0) + times
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def quarantined_like(id_: int) -> Quarantined | None:
    """Return the line that a message belongs to, as it stands now; None when there is no such message."""
    row = models.QuarantinedMessage.objects.filter(pk=id_).first()
    if row is None:
        return None
    kind = {name: getattr(row, name) for name in _KIND}
    same = models.QuarantinedMessage.objects.filter(**kind)
    summed = same.aggregate(
        first_at=Min("received_at"), last_at=Max("received_at"), times=Count("id"), last_id=Max("id")
    )
    return _line(kind | summed)


def messages(line: Quarantined, *, count: int = 20) -> tuple[Message, ...]:
    """Return the newest messages of a line, each with what became of it, newest first."""
    kind = {name: getattr(line, name) for name in _KIND}
    rows = list(models.QuarantinedMessage.objects.filter(**kind).order_by("-id")[:count])
    outcomes: dict[int, list[str]] = {}
    replays = models.QuarantineReplay.objects.filter(message__in=[row.message_id for row in rows])
    for message, sentence in replays.order_by("id").values_list("message", "sentence"):
        outcomes.setdefault(message, []).append(sentence)
    return tuple(
        Message(
            id=row.pk,
            received_at=row.received_at,
            sentence=row.sentence,
            outcomes=tuple(outcomes.get(row.message_id or 0, ())),
        )
        for row in rows
    )


def raw_of(id_: int) -> bytes | None:
    """Return the bytes of one message as they came, and note the access to every patient that they name.

    A message that names nobody we know is noted by its own number.
    """
    row = models.QuarantinedMessage.objects.filter(pk=id_).first()
    if row is None:
        return None
    raw = bytes(row.raw)
    text = raw.decode("utf-8", "replace")
    numbers = models.PatientRow.objects.values_list("stream", "record_number")
    named = [StreamId(stream) for stream, number in numbers if number in text]
    access.note(*(named or [StreamId(f"message:{row.pk}")]))
    return raw


def _line(row: dict[str, Any]) -> Quarantined:
    id_ = row.get("last_id")
    charted = 0
    review = None
    if id_ is not None:
        kind = {name: row[name] for name in _KIND}
        done = models.QuarantineReplay.objects.filter(charted__gt=0).values("message_id")
        same = models.QuarantinedMessage.objects.filter(**kind, message_id__in=done)
        charted = same.count()
        review = _review(row["sender"], row["reason"], id_)
    return Quarantined(
        id=id_,
        first_at=row["first_at"],
        last_at=row["last_at"],
        times=row["times"],
        charted=charted,
        sender=row["sender"],
        reason=row["reason"],
        sentence=row["sentence"],
        acknowledgement=row["acknowledgement"],
        review=review,
    )


def _review(sender: str, reason: str, upto: int) -> Review | None:
    rows = models.QuarantineReview.objects.filter(sender=sender, reason=reason, upto__gte=upto)
    last = rows.order_by("-id").first()
    return Review(at=last.at, by_name=last.by_name, words=last.words) if last else None
