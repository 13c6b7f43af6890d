"""Limits and settings of the clinic as plain values."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.urls import reverse

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.limits import Limit, limit_shown
from evenkeel.clinical.rulebook import Rule
from evenkeel.clinical.rulebook_model import STAGES
from evenkeel.journey.limits import limit_words


def settable(rules: Iterable[Rule]) -> list[Rule]:
    """The rules of which a clinic may set a limit, in the order of the journey."""
    places = {stage: place for place, stage in enumerate(STAGES)}
    found = [rule for rule in rules if rule.bounds]
    return sorted(found, key=lambda rule: (places.get(rule.stage, len(places)), rule.stage))


def is_set_here(rule: Rule, on: date) -> bool:
    """Whether a limit of the rule differs from the shipped one on a day, or is planned to."""
    return bool(planned(rule, on)) or rule.version_on(on).limits != rule.shipped_on(on).limits


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
        "mark": _mark(bounds, here, shipped),
        "recommended": readable(bounds.recommended_shown),
        "allowed": readable(bounds.absolute_shown),
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
        {"from": None if day == on else day, "sentence": rule.sentence(rule.version_on(day))} for day in days
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
    return readable(", ".join(words))


def readable(text: str) -> str:
    """A text with the words of lists as a person reads them."""
    return text.replace("_", " ")


def _mark(bounds: Bounds, here: Limit, shipped: Limit) -> dict[str, str]:
    """How the clinic's limit differs from the shipped one; words carry it, a shape goes with them."""
    if here == shipped:
        return {"words": "As shipped", "tone": "neutral"}
    if bounds.is_stricter(here, shipped):
        return {"words": "Stricter", "tone": "ok"}
    if bounds.is_stricter(shipped, here):
        return {"words": "Looser", "tone": "medium"}
    return {"words": "Different", "tone": "info"}
