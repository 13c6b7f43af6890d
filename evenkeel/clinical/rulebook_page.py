"""The rulebook as a page for people: every rule with its limits, its source and who checked it."""

from itertools import groupby
from typing import Final

from evenkeel.clinical.rulebook import Basis, Overridable, Rule, Rulebook, RuleVersion

_STAGES: Final = (
    "screening",
    "checkin",
    "ordering",
    "infusion",
    "discharge",
    "outcomes",
    "series",
    "maintenance",
)

_STAGE_WORDS: Final = {"checkin": "Check-in", "ordering": "Ordering and drawing up"}

_OVERRIDE_WORDS: Final[dict[Overridable, str]] = {
    "none": "nobody",
    "reason": "anybody who may do this, with a written reason",
    "prescriber": "a prescriber, with a written reason",
}

_BASIS_WORDS: Final[dict[Basis, str]] = {
    "source": "read in the source itself, at least its abstract, label or page",
    "second-hand": "read in somebody else's account of the source",
    "proposal": "a proposal for the clinic's medical director; what is cited only bears on it",
}

_HEAD: Final = """# Rulebook

Every rule that Evenkeel decides by, written out from the files in `evenkeel/clinical/rules`. This page is
made by the program; change the files, not the page.

An answer is *clear*, *fires* or *not known*. What is missing is never taken for clear. What an answer asks
for rises from *advise* over *confirm* and *pause* to *block*. The numbers are defaults: a named person
decides, and a clinic's medical director has yet to check each of them.
"""


def render(book: Rulebook) -> str:
    """Write the whole book as Markdown: stages in the order of the journey, then the sources in full."""
    by_stage = sorted(book.rules, key=lambda rule: (_place(rule.stage), rule.stage))
    parts = [_HEAD, _contents(book)]
    for stage, rules in groupby(by_stage, key=lambda rule: rule.stage):
        parts.append(f"## {_stage_words(stage)}\n")
        parts.extend(_rule(rule) for rule in rules)
    parts.append(_sources(book))
    return "\n".join(parts)


def _place(stage: str) -> int:
    return _STAGES.index(stage) if stage in _STAGES else len(_STAGES)


def _stage_words(stage: str) -> str:
    return _STAGE_WORDS.get(stage, stage.capitalize())


def _sources(book: Rulebook) -> str:
    cited = {one.key for rule in book.rules for version in rule.versions for one in version.cite}
    lines = [f"- `{key}`: {book.sources[key]}" for key in sorted(cited)]
    return "\n".join(("## Sources\n", *lines, ""))


def _contents(book: Rulebook) -> str:
    founded = [rule.versions[-1].basis for rule in book.rules]
    counts = "".join(f"| {words} | {founded.count(basis)} |\n" for basis, words in _BASIS_WORDS.items())
    return f"| What the rule is founded on | Rules |\n|---|---|\n{counts}| all | {len(founded)} |\n"


def _rule(rule: Rule) -> str:
    now = rule.versions[-1]
    lines = [
        f"### {rule.id}: {rule.title}\n",
        f"{rule.sentence(now)}\n",
        f"- When it fires: **{rule.severity}**{_may_go_on(rule, 'fires')}",
        f"- When not known: **{rule.unknown}**{_may_go_on(rule, 'unknown')}",
        *(_version(version) for version in reversed(rule.versions)),
        f"- Guards against: {rule.hazard}\n",
    ]
    return "\n".join(lines)


def _may_go_on(rule: Rule, answer: str) -> str:
    asked = rule.severity if answer == "fires" else rule.unknown
    if asked == "advise":
        return ""
    who = rule.override if answer == "fires" else rule.override_unknown
    return f"; who may go on: {_OVERRIDE_WORDS[who]}"


def _version(version: RuleVersion) -> str:
    limits = "; ".join(f"{name} {text}" for name, text in version.limits.shown().items()) or "none"
    cited = "; ".join(f"`{one.key}`, {one.locator}" for one in version.cite) or "no source"
    return (
        f"- Version {version.number}, from {version.from_date}: limits: {limits}. "
        f"Basis: {_BASIS_WORDS[version.basis]}. Cites: {cited}. "
        f"Written by: {version.authored_by}; checked by: {version.checked_by}; "
        f"to be reviewed by {version.review_due}."
    )
