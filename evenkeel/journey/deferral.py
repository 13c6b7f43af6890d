"""Putting off the check that is due next: by how long, why, and not beyond what the rules allow."""

from datetime import datetime
from typing import get_args

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.decision import objections
from evenkeel.journey.acting import Act, use_case
from evenkeel.journey.infusion import append, held
from evenkeel.journey.phases import require_phase
from evenkeel.journey.rules import book, clinic_clock
from evenkeel.record.infusion import CheckDeferred, DeferralReason
from evenkeel.record.visits import UNDER_THE_DRUG
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo


class UnableToDefer(UnableTo):
    """The check cannot be put off."""


@use_case("infusion.chart")
def defer_check(
    act: Act,
    *,
    visit: StreamId,
    due_at: datetime,
    until_at: datetime,
    reason: DeferralReason,
    words: str = "",
) -> StreamId:
    """Put off the check that is due at `due_at`; nothing else is put off in its place if that was charted."""
    state = held(act, visit)
    require_phase(state, UNDER_THE_DRUG, UnableToDefer, "A check is put off between start and discharge")
    assert reason in get_args(DeferralReason), "a page offers only known reasons"
    schedule = rules.check_schedule(book(), state, act.happened_at)
    if schedule.next_due_at != due_at:
        sentence = (
            f"The check of {clinic_clock(due_at)} does not wait any more: since your page was opened, "
            "signs were charted, or it was put off. Nothing of yours was saved."
        )
        raise UnableToDefer([Issue(sentence=sentence, code="check-moved")])
    issues = _said_wrongly(act, due_at, until_at, reason, words)
    verdicts = rules.assess_deferral(book(), state, until_at, act.happened_at)
    issues.extend(objections(book(), verdicts, (), act.by.role))
    if issues:
        raise UnableToDefer(issues)
    payload = CheckDeferred(
        due_at=due_at, until_at=until_at, reason=reason, words=words.strip(), verdicts=verdicts
    )
    return append(state, act, payload, verdicts).stream


def _said_wrongly(
    act: Act, due_at: datetime, until_at: datetime, reason: DeferralReason, words: str
) -> list[Issue]:
    issues = []
    if until_at <= max(due_at, act.happened_at):
        sentence = "Put off until: choose a time that is still to come."
        issues.append(Issue(sentence=sentence, code="until-past", field="minutes"))
    if reason == "other" and not words.strip():
        sentence = "In words: say why the check is put off."
        issues.append(Issue(sentence=sentence, code="words-missing", field="words"))
    return issues
