"""Thin the samples of visits that are long over, by the clinic's own policy, one visit at a time."""

from datetime import datetime, timedelta

from evenkeel.store import thinning
from evenkeel.store.queries import settings
from evenkeel.values.shape import frozen


@frozen
class Thinning:
    """What one run did: how many visits, and how many of their samples there were and are."""

    visits: int
    samples_before: int
    samples_kept: int


def thin_samples(at: datetime) -> Thinning:
    """Thin every visit that began longer ago than the clinic keeps samples whole.

    Each visit is one transaction, so that a run may be killed at any moment: the next goes on where it ended,
    and two at once do each visit once.
    """
    days = settings.current().samples_full_days
    visits, before, kept = 0, 0, 0
    for visit in thinning.visits_to_thin(at - timedelta(days=days)):
        done = thinning.thin_visit(visit, at=at, full_days=days)
        if done is not None:
            visits, before, kept = visits + 1, before + done[0], kept + done[1]
    return Thinning(visits=visits, samples_before=before, samples_kept=kept)
