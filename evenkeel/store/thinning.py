"""Letting go of samples of visits that are long over; the database lets none go of any other visit."""

from datetime import datetime

from django.db import IntegrityError, transaction

from evenkeel.clinical.thinning import Point, kept
from evenkeel.store import models
from evenkeel.values.ids import StreamId

# Some databases take at most so many parameters in a statement.
IDS_AT_ONCE = 500


def visits_to_thin(before: datetime) -> tuple[StreamId, ...]:
    """Return visits that are over, began before a moment and were not thinned, the oldest first."""
    done = models.ThinnedVisit.objects.values("pk")
    over = models.VisitRow.objects.filter(phase__in=("discharged", "cancelled"), starts_at__lt=before)
    rows = over.exclude(stream__in=done).order_by("starts_at", "stream")
    return tuple(StreamId(stream) for stream in rows.values_list("stream", flat=True))


def thin_visit(visit: StreamId, *, at: datetime, full_days: int) -> tuple[int, int] | None:
    """Thin one visit, whole or not at all; returns how many samples there were and are, None if it was done.

    Cut off in the middle it leaves everything as it was, and may be asked for again.
    """
    try:
        with transaction.atomic():
            rows = models.MonitorSample.objects.filter(visit=visit).order_by("id")
            names = ("id", "sign", "channel", "value", "no_signal", "observed_at")
            points = [Point(**dict(zip(names, row, strict=True))) for row in rows.values_list(*names)]
            evidence = set(models.AlertRow.objects.filter(visit=visit).values_list("observed_at", flat=True))
            stay = kept(points, evidence)
            # Written first: only what is written down as thinned may go.
            models.ThinnedVisit.objects.create(
                visit=visit,
                thinned_at=at,
                full_days=full_days,
                samples_before=len(points),
                samples_kept=len(stay),
            )
            go = [point.id for point in points if point.id not in stay]
            for first in range(0, len(go), IDS_AT_ONCE):
                models.MonitorSample.objects.filter(pk__in=go[first : first + IDS_AT_ONCE]).delete()
    except IntegrityError:
        if models.ThinnedVisit.objects.filter(visit=visit).exists():
            return None
        raise
    return len(points), len(stay)
