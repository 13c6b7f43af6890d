"""What rules answered, as plain values, and the reasons that a person writes to go on in spite of them."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from evenkeel.clinical.decision import REASON_LETTERS_MIN
from evenkeel.clinical.rulebook import Basis, Rule, Rulebook
from evenkeel.record.entry import RuleRef
from evenkeel.record.verdict import Override, Severity, Verdict
from evenkeel.web.fields import AskedField

PREFIX: Final = "override_"

# What an answer asks for, said as it stands on the mark beside it.
SEVERITY_WORDS: Final[dict[Severity, str]] = {
    "advise": "Note",
    "confirm": "Prescriber",
    "pause": "Pause",
    "block": "Stop",
}
BASIS_WORDS: Final[dict[Basis, str]] = {
    "source": "read in the source",
    "second-hand": "source known through others",
    "proposal": "proposal, to be checked by the medical director",
}


def rule_link(ref: RuleRef) -> dict[str, str]:
    """A rule by number and version for `status.rule_link`; it leads to the rule as it stood then."""
    asked = {"version": ref.version, **({"setting": ref.setting} if ref.setting else {})}
    own = f" with the clinic's setting {ref.setting}" if ref.setting else ""
    return {
        "id": ref.rule,
        "words": f"{ref.rule}, version {ref.version}{own}",
        "url": f"{reverse('rule', args=[ref.rule])}?{urlencode(asked)}",
    }


def link_to(id_: str) -> dict[str, str]:
    """A rule by its number for `status.rule_link`; it leads to the rule as it stands now."""
    return {"id": id_, "words": id_, "url": reverse("rule", args=[id_])}


def reasons_of(book: Rulebook, overrides: Iterable[Override]) -> list[dict[str, Any]]:
    """Why somebody went on, rule by rule: the rule's title, its link and the reason."""
    return [
        {"rule": book.rule(each.rule).title, "link": link_to(each.rule), "reason": each.reason}
        for each in overrides
    ]


def findings(book: Rulebook, verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """Every answer for `status.finding`, the gravest first; each has `outcome` clear, fires or unknown."""
    ranks: dict[Severity | None, int] = {"block": 0, "pause": 1, "confirm": 2, "advise": 3, None: 4}
    ordered = sorted(verdicts, key=lambda verdict: (not verdict.hard, ranks[verdict.severity]))
    return [_finding(book, verdict) for verdict in ordered]


def in_the_way(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The answers that ask for more than to be read."""
    return tuple(verdict for verdict in verdicts if verdict.severity not in (None, "advise"))


def add_override_fields(form: forms.Form, book: Rulebook, verdicts: Iterable[Verdict]) -> None:
    """Give the form a place to write a reason for every answer that somebody may go on in spite of."""
    for verdict in in_the_way(verdicts):
        if not verdict.hard:
            form.fields[f"{PREFIX}{verdict.rule.rule}"] = AskedField(
                label=f"Why go on: {book.rule(verdict.rule.rule).title.lower()}",
                help_text=_hint(verdict),
                widget=forms.Textarea,
            )


def overrides_of(form: forms.Form) -> tuple[Override, ...]:
    """The reasons that were written."""
    return tuple(
        Override(rule=name.removeprefix(PREFIX), reason=value)
        for name, value in form.cleaned_data.items()
        if name.startswith(PREFIX) and value
    )


def source_of(book: Rulebook, id_: str, on: date) -> dict[str, Any]:
    """A rule for a details element: its number, title, sentence, what it is founded on and what it cites."""
    rule = book.rule(id_)
    version = rule.version_on(on)
    return {
        "link": rule_link(RuleRef(rule=id_, version=version.number, setting=version.setting)),
        "title": rule.title,
        "sentence": rule.sentence(version),
        "basis": BASIS_WORDS[version.basis],
        "cited": [f"{book.sources[one.key]}: {one.locator}" for one in version.cite],
    }


def _finding(book: Rulebook, verdict: Verdict) -> dict[str, Any]:
    rule = book.rule(verdict.rule.rule)
    return {
        "outcome": verdict.answer,
        "title": rule.title,
        "sentence": _sentence(verdict),
        "rule": rule_link(verdict.rule),
        "source": _cited(book, rule, verdict.rule.version),
        "words": _words(verdict),
        "hard": verdict.hard,
        "severity": verdict.severity,
    }


def _hint(verdict: Verdict) -> str:
    """What the rule says, how much to write, and the rule to be looked up beside the form."""
    return format_html(
        '{} Write at least {} letters. <a href="{url}" target="_blank" rel="noopener">{words}'
        '<span class="nhsuk-u-visually-hidden"> of the rulebook, opens in a new tab</span></a>',
        verdict.sentence,
        REASON_LETTERS_MIN,
        **rule_link(verdict.rule),
    )


def _sentence(verdict: Verdict) -> str:
    """What was seen, then what the rule says."""
    seen = "; ".join(verdict.evidence)
    return f"{seen[:1].upper()}{seen[1:]}. {verdict.sentence}" if seen else verdict.sentence


def _words(verdict: Verdict) -> str:
    if verdict.severity is None:
        return "Clear"
    return "Not known" if verdict.answer == "unknown" else SEVERITY_WORDS[verdict.severity]


def _cited(book: Rulebook, rule: Rule, number: int) -> str:
    version = rule.versions[number - 1]
    return "; ".join(book.sources[one.key] for one in version.cite) or BASIS_WORDS[version.basis]
