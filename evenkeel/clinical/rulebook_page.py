"""The rule book as pages of the documentation, in Markdown: one for each stage, and the indexes."""

from collections.abc import Iterable
from typing import Final

from evenkeel.clinical.rulebook_model import (
    BASIS_NAMES,
    BASIS_WORDS,
    Book,
    BookAnswer,
    BookLimit,
    BookRule,
    BookStage,
    BookVersion,
)

_MADE: Final = "This page is made from the rule files by `evenkeel pages`. Do not edit it.\n"

_HEAD: Final = f"""# Rule book

Every rule that Evenkeel decides by, written out from the files in `evenkeel/clinical/rules`, with its limits,
its source and the cases that prove it. {_MADE}
An answer is *clear*, *fires* or *not known*. What is missing is never taken for clear. What an answer asks
for rises from *advises* over *asks for a confirmation* and *pauses* to *stops*. The numbers are defaults: a
named person decides, and a clinic's medical director has yet to check each of them.

The same book is printed by `make rulebook` in a checkout, with the cases run anew, and by `evenkeel rulebook`
in a clinic, with the clinic's own limits.
"""

_SOURCES_HEAD: Final = f"""# Rules by source

Every source that a rule cites, or that takes a side where sources disagree. {_MADE}"""

_PROPOSALS_HEAD: Final = f"""# Proposals

Rules that no source carries as they stand. Each waits for a clinician to check and sign it; what they cite
only bears on them. {_MADE}"""

_DISAGREEMENTS_HEAD: Final = f"""# Where sources disagree

What each side holds, what Evenkeel does until a clinic decides otherwise, and the rule that does it.
{_MADE}"""


def render(book: Book) -> dict[str, str]:
    """Write the whole book; returns the text of each page by its file name."""
    return {
        "index.md": _index(book),
        **{f"{stage.id}.md": _stage(stage) for stage in book.stages},
        "sources.md": _sources(book),
        "proposals.md": _proposals(book),
        "disagreements.md": _disagreements(book),
    }


def _index(book: Book) -> str:
    held, of = book.held
    founded = [f"| {BASIS_WORDS[basis]} | {count} |" for basis, count in book.founded.items()]
    stages = [
        f"| [{stage.words}]({stage.id}.md) | {len(stage.rules)} | {_proposals_in(stage)} |"
        for stage in book.stages
    ]
    pages = [*(stage.id for stage in book.stages), "sources", "proposals", "disagreements"]
    return "\n".join(
        [
            _HEAD,
            f"{held} of {of} cases answered as they must when the tables were last run.\n",
            "| What the rule is founded on | Rules |\n|---|---|",
            *founded,
            f"| all | {len(book.rules)} |\n",
            "| Stage | Rules | Of them proposals |\n|---|---|---|",
            *stages,
            "\n```{toctree}\n:maxdepth: 1\n",
            *pages,
            "```",
            "",
        ]
    )


def _proposals_in(stage: BookStage) -> int:
    return sum(rule.is_proposal for rule in stage.rules)


def _stage(stage: BookStage) -> str:
    return "\n".join([f"# {stage.words}\n", _MADE, *(_rule(rule) for rule in stage.rules)])


def _rule(rule: BookRule) -> str:
    return "\n".join(
        [
            f"({rule.id.lower()})=",
            f"## {rule.id}: {rule.title}\n",
            f"{rule.sentence}\n",
            f"- When it fires: {_answer(rule.fires)}",
            f"- When not known: {_answer(rule.unknown)}",
            *_limits(rule.limits),
            f"- Guards against {rule.hazard}: {rule.harm}",
            *(_version(version) for version in rule.versions),
            "",
            *_cases(rule),
            "",
        ]
    )


def _answer(answer: BookAnswer) -> str:
    return f"**{answer.asks.lower()}**" + (f"; who may go on: {answer.who}" if answer.who else "")


def _limits(limits: Iterable[BookLimit]) -> list[str]:
    return [
        f"- Limit `{each.name}`: {each.value}"
        + (
            f"; a clinic may set {each.bounds.absolute}, and with confirmation only outside "
            f"{each.bounds.recommended} ({each.bounds.stricter})"
            if each.bounds
            else ""
        )
        for each in limits
    ]


def _version(version: BookVersion) -> str:
    limits = "; ".join(f"{each.name} {each.value}" for each in version.limits) or "none"
    cited = "; ".join(f"`{each.key}`, {each.locator}" for each in version.cited) or "no source"
    return (
        f"- Version {version.number}, from {version.from_date}: limits: {limits}. "
        f"Basis: {BASIS_WORDS[version.basis]}. Cites: {cited}. "
        f"Written by: {version.authored_by}; checked by: {version.checked_by}; "
        f"to be reviewed by {version.review_due}."
    )


def _cases(rule: BookRule) -> list[str]:
    lines = [
        _row(case.what, case.expected, case.seen, "yes" if case.holds else "**no**") for case in rule.cases
    ]
    known = [f"\nNothing can be missing: {rule.always_known}."] if rule.always_known else []
    return ["| Case | Must answer | What it saw or missed | Holds |\n|---|---|---|---|", *lines, *known]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') or '–' for cell in cells)} |"


def _sources(book: Book) -> str:
    parts = [_SOURCES_HEAD]
    for source in book.sources:
        parts += [
            f"## {source.key}\n",
            f"{source.reference}\n",
            *(f"- {_link(each.rule, each.stage)}, {each.title}: {each.locator}" for each in source.rules),
            *(f"- [Where sources disagree](disagreements.md): {point}" for point in source.points),
            "",
        ]
    return "\n".join(parts)


def _proposals(book: Book) -> str:
    parts = [_PROPOSALS_HEAD, f"{len(book.proposals)} of {len(book.rules)} rules.\n"]
    for stage in book.stages:
        rules = [rule for rule in stage.rules if rule.is_proposal]
        if rules:
            parts += [
                f"## {stage.words}\n",
                "| Rule | Says | Checked by |\n|---|---|---|",
                *(_row(_link(rule.id, rule.stage), rule.sentence, rule.now.checked_by) for rule in rules),
                "",
            ]
    return "\n".join(parts)


def _disagreements(book: Book) -> str:
    parts = [_DISAGREEMENTS_HEAD]
    for point in book.points:
        parts += [f"## {point.point}\n"]
        parts += [f"- {each.holds} ({each.held_by})" for each in point.positions]
        carried = [
            f"{_link(each.rule, each.stage)} ({BASIS_NAMES[each.basis].lower()})" for each in point.rules
        ]
        parts += [
            "",
            f"**Default:** {point.default}",
            f"**Carried by:** {', '.join(carried) if carried else f'{point.carried_by} A proposal.'}",
            "",
        ]
    return "\n".join(parts)


def _link(rule: str, stage: str) -> str:
    return f"[{rule}]({stage}.md#{rule.lower()})"
