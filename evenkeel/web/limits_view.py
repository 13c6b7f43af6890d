"""Limits and settings of the clinic as plain values."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinical.bounds import Bounds, Range
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.limits import Limit, limit_shown
from evenkeel.clinical.rulebook import Rule, RuleVersion
from evenkeel.clinical.rulebook_model import STAGES
from evenkeel.clinical.screening import INDICATIONS
from evenkeel.clinical.workup import MEASURES, TESTS
from evenkeel.journey.limits import bounds_sentence, limit_words

# What the words of lists are called on other pages. Those of no page are readable as they are.
WORDS: Final = {
    **{key: indication.label for key, indication in INDICATIONS.items()},
    **{test.key: test.label for test in TESTS.values()},
    **MEASURES,
}


def settable(rules: Iterable[Rule]) -> list[Rule]:
    """The rules of which a clinic may set a limit, in the order of the journey."""
    places = {stage: place for place, stage in enumerate(STAGES)}
    found = [rule for rule in rules if rule.bounds]
    return sorted(found, key=lambda rule: (places.get(rule.stage, len(places)), rule.stage))


def every(rules: Iterable[Rule]) -> list[tuple[Rule, str]]:
    """Every limit that a clinic may set, with its rule, in the order of the journey."""
    return [(rule, name) for rule in settable(rules) for name in rule.bounds]


def is_set_here(rule: Rule, name: str, on: date) -> bool:
    """Whether a limit differs from the shipped one on a day, or is planned to."""
    here, shipped = rule.version_on(on).limits.by_name[name], rule.shipped_on(on).limits.by_name[name]
    return here != shipped or any(setting.limit == name for setting in planned(rule, on))


def planned(rule: Rule, on: date) -> list[ClinicSetting]:
    """The settings that are made and do not hold yet."""
    return [setting for setting in rule.settings if setting.from_date > on]


def fits(rule: Rule, words: str) -> bool:
    """Whether every word stands in the rule's number, title or statement."""
    text = f"{rule.id} {rule.title} {rule.statement}".casefold()
    return all(word in text for word in words.casefold().split())


def line(rule: Rule, name: str, on: date) -> dict[str, Any]:
    """One limit: what holds here, what is shipped, both bounds, and how the two differ."""
    here, shipped = rule.version_on(on).limits.by_name[name], rule.shipped_on(on).limits.by_name[name]
    bounds = rule.bounds[name]
    return {
        "name": name,
        "words": limit_words(name),
        "rule": rule.id,
        "title": rule.title,
        "url": reverse("rule_limits", args=[rule.id]),
        "change_url": reverse("limit_change", args=[rule.id, name]),
        "here": _shown(here),
        "shipped": _shown(shipped),
        "is_list": isinstance(here, tuple),
        "mark": _mark(bounds, here, shipped),
        "recommended": _range(bounds.recommended, bounds.recommended_shown),
        "allowed": _range(bounds.absolute, bounds.absolute_shown),
        "planned": [
            {"value": _value(setting, on=rule), "from": setting.from_date}
            for setting in planned(rule, on)
            if setting.limit == name
        ],
    }


def history(rule: Rule) -> list[dict[str, Any]]:
    """Every setting of a rule, the newest first: who set what, from which day, and what it was before."""
    lines = []
    for setting in rule.settings:
        before = _before(rule, setting)
        lines.append(
            {
                "at": setting.recorded_at,
                "number": setting.number,
                "from": setting.from_date,
                "limit": limit_words(setting.limit),
                "before": _shown(before),
                "after": _value(setting, on=rule),
                "confirmed": setting.is_confirmed,
                "reason": setting.reason,
                "by": setting.by_name,
            }
        )
    return sorted(lines, key=lambda each: -each["number"])


def sentences(rule: Rule, on: date) -> list[dict[str, Any]]:
    """How the rule reads today, and on each later day from which something is set."""
    days = sorted({on, *(setting.from_date for setting in planned(rule, on))})
    return [
        {"from": None if day == on else day, "sentence": reads(rule, rule.version_on(day))} for day in days
    ]


def _before(rule: Rule, setting: ClinicSetting) -> Limit:
    """What held on the day from which the setting holds, without it and without what was set after it."""
    earlier: Sequence[ClinicSetting] = [each for each in rule.settings if each.number < setting.number]
    limits = rule.with_settings(earlier).version_on(setting.from_date).limits
    return limits.by_name[setting.limit]


def _value(setting: ClinicSetting, *, on: Rule) -> str:
    if setting.value is not None:
        return _shown(setting.value)
    shipped = on.shipped_on(setting.from_date).limits.by_name[setting.limit]
    return f"{_shown(shipped)}, as shipped"


def _shown(limit: Limit) -> str:
    return words_of(limit) if isinstance(limit, tuple) else limit_shown(limit)


def words_of(words: Iterable[str]) -> str:
    """Words of a list as a person reads them."""
    return ", ".join(WORDS.get(word, word.replace("_", " ")) for word in words)


def hint(bounds: Bounds) -> str:
    """What stands beside the field: of a list only what is recommended, since the rest stands below."""
    if bounds.stricter != "fewer":
        return bounds_sentence(bounds)
    return f"Recommended: {words_of(str(word) for word in bounds.recommended)}."


def reads(rule: Rule, version: RuleVersion) -> str:
    """The sentence of a version, and the limits that a clinic may set and the sentence does not say."""
    unsaid = [name for name in rule.bounds if f"{{{name}}}" not in rule.statement]
    shown = [f"{limit_words(name)}: {_shown(version.limits.by_name[name])}." for name in unsaid]
    return " ".join([rule.sentence(version), *shown])


def _range(ends: Range, shown: str) -> str:
    words = [end for end in ends if isinstance(end, str)]
    return words_of(words) if words else shown


def _mark(bounds: Bounds, here: Limit, shipped: Limit) -> dict[str, str] | None:
    """How the clinic's limit differs from the shipped one; words carry it, a shape goes with them."""
    if here == shipped:
        return None
    if bounds.is_stricter(here, shipped):
        return {"words": "Stricter", "tone": "ok"}
    if bounds.is_stricter(shipped, here):
        return {"words": "Looser", "tone": "medium"}
    return {"words": "Different", "tone": "info"}
