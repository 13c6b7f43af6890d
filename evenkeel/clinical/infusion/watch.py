"""Whether somebody or something watches without a break: the monitor is heard, and saturation is measured."""

from datetime import datetime
from typing import Final

from evenkeel.clinical.infusion.facts import minutes_between, whole_minutes
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.verdict import Verdict
from evenkeel.values.shape import frozen

_RULES: Final = ("INF-MON-001", "INF-OX-003")


@frozen
class Watch:
    """What is known of the watching at a moment.

    `since` is when it had to begin, which is the start of the drug. `heard_at` is when the monitor sent
    anything, `sampled_at` when it sent a saturation that was one, `charted_at` when a person charted one;
    each is None when it never was. `has_monitor`: one stands at the chair, a person put one on the
    patient, or one was heard for the visit.
    """

    at: datetime
    since: datetime
    has_monitor: bool
    heard_at: datetime | None
    sampled_at: datetime | None
    charted_at: datetime | None


def assess_watch(book: Rulebook, watch: Watch) -> tuple[Verdict, ...]:
    """What a silent monitor or a missing saturation asks for now."""
    return book.consult_all(_RULES, watch, on=watch.at.date())


@rule("INF-MON-001")
def monitor_silent(watch: Watch, limits: Limits) -> Finding:
    """A monitor that was never heard is silent since the drug began."""
    if not watch.has_monitor:
        return Unknown(missing=("a monitor at this chair",))
    last_at = max(watch.heard_at or watch.since, watch.since)
    if minutes_between(last_at, watch.at) <= limits.silence.value:
        return Clear()
    return Fires(evidence=(f"nothing heard from the monitor for {whole_minutes(last_at, watch.at)}",))


@rule("INF-OX-003")
def saturation_not_watched(watch: Watch, limits: Limits) -> Finding:
    """Without a monitor nobody here can know whether a probe is on; that is told as not known."""
    if not watch.has_monitor:
        return Unknown(missing=("whether saturation is measured all the time",))
    sampled_at = max(watch.sampled_at or watch.since, watch.since)
    if minutes_between(sampled_at, watch.at) <= limits.gap.value:
        return Clear()
    if watch.charted_at is not None and minutes_between(watch.charted_at, watch.at) <= limits.by_hand.value:
        return Clear()
    seen_at = max(sampled_at, watch.charted_at or sampled_at)
    return Fires(evidence=(f"no oxygen saturation for {whole_minutes(seen_at, watch.at)}",))
