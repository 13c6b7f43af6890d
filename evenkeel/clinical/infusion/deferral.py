"""Putting a check off: for how long, how often in a row, and never while the last signs hold the drug."""

from datetime import datetime, timedelta
from typing import Final

from evenkeel.clinical.infusion.schedule import check_schedule
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.record.infusion import CheckDeferred, DeferralReason
from evenkeel.record.verdict import Severity, Verdict
from evenkeel.record.visits import VisitState
from evenkeel.values.quantities import Minutes
from evenkeel.values.shape import frozen

REASONS: Final[dict[DeferralReason, str]] = {
    "asleep": "Asleep",
    "toilet": "In the toilet",
    "being_treated": "Being treated",
    "other": "Something else",
}

DURING: Final = "INF-CHK-005"
RECOVERY: Final = "INF-CHK-006"
HELD: Final = "INF-CHK-007"

# Signs that ask for this are told as a high alert, and somebody has to look.
_HOLDS: Final[tuple[Severity, ...]] = ("pause", "block")


@frozen
class DeferralFacts:
    """What is asked for: by how long, and which one in a row it is since the last full check.

    `by` is None while no check is due. `held_by` names what the signs ask the drug to be held for; None when
    no signs were charted since the start.
    """

    by: timedelta | None
    in_a_row: int
    held_by: tuple[str, ...] | None


def assess_deferral(
    book: Rulebook, visit: VisitState, until_at: datetime, at: datetime
) -> tuple[Verdict, ...]:
    """Whether the next check may be put off until then; the limits are those of the day of the start."""
    schedule = check_schedule(book, visit, at)
    facts = DeferralFacts(
        by=until_at - schedule.next_due_at if schedule.next_due_at else None,
        in_a_row=len(schedule.deferred) + 1,
        held_by=held_by(visit, at),
    )
    on = visit.started.at.astimezone(at.tzinfo).date() if visit.started else at.date()
    return book.consult_all((deferral_rule(visit, at), HELD), facts, on=on)


def may_defer(book: Rulebook, visit: VisitState, at: datetime) -> bool:
    """Whether the next check may be put off at all: not too late or too often, and nothing holds the drug."""
    schedule, limits = check_schedule(book, visit, at), deferral_limits(book, visit, at)
    if schedule.next_due_at is None or at >= schedule.next_due_at + limits.put_off.span:
        return False
    return len(schedule.deferred) < limits.times and not held_by(visit, at)


def deferral_rule(visit: VisitState, at: datetime) -> str:
    """The rule that says how long and how often: one while the drug is on the pump, one after it stopped."""
    return RECOVERY if visit.stopped is not None and visit.stopped.at <= at else DURING


def deferral_limits(book: Rulebook, visit: VisitState, at: datetime) -> Limits:
    """How long a check may be put off now (`put_off`) and how often in a row (`times`)."""
    on = visit.started.at.astimezone(at.tzinfo).date() if visit.started else at.date()
    return book.limits(deferral_rule(visit, at), on)


def held_by(visit: VisitState, at: datetime) -> tuple[str, ...] | None:
    """What the newest signs ask the drug to be held for; empty when for nothing, None when there are none.

    Each rule counts by its newest answer, since a check may leave out the sign that was bad before.
    """
    since = visit.started.at if visit.started else at
    charted = [fact for fact in visit.checks if since <= fact.at <= at]
    if not charted:
        return None
    newest: dict[str, Verdict] = {}
    for fact in charted:
        newest |= {each.rule.rule: each for each in fact.payload.verdicts if each.answer != "unknown"}
    return tuple(
        "; ".join(each.evidence) or each.sentence
        for each in newest.values()
        if each.answer == "fires" and each.severity in _HOLDS
    )


def deferral_words(deferred: CheckDeferred) -> str:
    """The reason in small letters, with the words that were added."""
    reason = REASONS[deferred.reason].lower()
    words = deferred.words.strip()
    if deferred.reason == "other":
        return words or reason
    return f"{reason}, {words}" if words else reason


@rule(DURING)
def deferred_too_long_during(facts: DeferralFacts, limits: Limits) -> Finding:
    """The drug acts more strongly with each minute, so one short delay and then somebody looks."""
    return _too_long(facts, limits)


@rule(RECOVERY)
def deferred_too_long_in_recovery(facts: DeferralFacts, limits: Limits) -> Finding:
    """The effect fades, so a patient who sleeps well may sleep on for a little."""
    return _too_long(facts, limits)


@rule(HELD)
def deferred_while_the_drug_is_held(facts: DeferralFacts, limits: Limits) -> Finding:
    """Signs that hold the drug are looked at again, and soon."""
    if facts.held_by is None:
        return Unknown(missing=("signs since the start",))
    return Fires(evidence=facts.held_by) if facts.held_by else Clear()


def _too_long(facts: DeferralFacts, limits: Limits) -> Finding:
    if facts.by is None:
        return Unknown(missing=("when the check is due",))
    seen = []
    if facts.by > limits.put_off.span:
        seen.append(f"put off by {Minutes.of(-(-facts.by // timedelta(minutes=1)))}")
    if facts.in_a_row > limits.times:
        seen.append(f"{facts.in_a_row} in a row")
    return Fires(evidence=tuple(seen)) if seen else Clear()
