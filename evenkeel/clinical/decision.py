"""What rules' answers add up to: how grave, and what still stands in the way of going on."""

from collections.abc import Iterable
from typing import Final, Literal

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.entry import Role, RuleRef
from evenkeel.record.verdict import SEVERITIES, Override, Severity, Verdict
from evenkeel.values.issues import Issue

# Short enough for two words that say something, long enough that a full stop does not pass. Proposal.
REASON_LETTERS_MIN: Final = 10

Gate = Literal["open", "needs_prescriber", "shut"]


def worst(verdicts: Iterable[Verdict]) -> Severity | None:
    """The gravest thing that any answer asks for; None when all are clear."""
    asked = [verdict.severity for verdict in verdicts if verdict.severity is not None]
    return max(asked, key=SEVERITIES.index, default=None)


def refs(verdicts: Iterable[Verdict]) -> tuple[RuleRef, ...]:
    """Which version of which rule was consulted, each once, for the entry that it bore on."""
    return tuple(dict.fromkeys(verdict.rule for verdict in verdicts))


def gate(verdicts: Iterable[Verdict]) -> Gate:
    """Whether a patient may pass: a hard answer shuts, anything graver than advice needs a prescriber."""
    answers = tuple(verdicts)
    if any(verdict.hard for verdict in answers):
        return "shut"
    return "open" if worst(answers) in (None, "advise") else "needs_prescriber"


def objections(
    book: Rulebook, verdicts: Iterable[Verdict], overrides: tuple[Override, ...], role: Role
) -> tuple[Issue, ...]:
    """What still stands in the way of a person in a role, given the reasons they wrote. Advice never does."""
    reasons = {override.rule: override.reason.strip() for override in overrides}
    found = (_objection(book, verdict, reasons.get(verdict.rule.rule, ""), role) for verdict in verdicts)
    return tuple(issue for issue in found if issue is not None)


def _objection(book: Rulebook, verdict: Verdict, reason: str, role: Role) -> Issue | None:
    if verdict.severity in (None, "advise"):
        return None
    id_ = verdict.rule.rule
    may_override = book.rule(id_).override_of(verdict.answer)
    if verdict.hard or may_override == "none":
        return Issue(sentence=verdict.sentence, code="blocked", rule=id_)
    field = f"override_{id_}"
    if may_override == "prescriber" and role != "prescriber":
        return Issue(
            sentence=f"A prescriber must decide this. {verdict.sentence}",
            code="needs-prescriber",
            field=field,
            rule=id_,
        )
    if len(reason) < REASON_LETTERS_MIN:
        return Issue(
            sentence=f"Write why you go on, in at least {REASON_LETTERS_MIN} letters. {verdict.sentence}",
            code="needs-reason",
            field=field,
            rule=id_,
        )
    return None
