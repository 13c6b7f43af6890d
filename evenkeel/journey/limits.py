"""A clinic's own limits: the lead moves a limit of a rule within its bounds, from a day on, with a reason."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from evenkeel.clinical.bounds import Bounds
from evenkeel.clinical.clinic_settings import ClinicSetting
from evenkeel.clinical.decision import REASON_LETTERS_MIN
from evenkeel.clinical.ladders import Rung, crossings, shipped_ladders
from evenkeel.clinical.limits import Limit, limit_shown
from evenkeel.clinical.rulebook import Rule, RuleVersion
from evenkeel.journey.acting import Act, RecordMoved, use_case
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.entry import Author
from evenkeel.store import limit_settings
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo

# How far ahead a limit may be set: beyond it a slip in the year is likelier than a plan. Proposal.
AHEAD_MAX: Final = timedelta(days=365)


# What somebody says who sets a value outside what is recommended.
CONFIRMATION: Final = "I mean this value"


class UnableToSetLimit(UnableTo):
    """The limit cannot be set like this."""


@use_case("limits.set")
def set_limit(
    act: Act,
    *,
    rule: str,
    limit: str,
    value: Limit | None,
    from_date: date,
    reason: str,
    is_confirmed: bool = False,
) -> StreamId:
    """Set one limit of a rule from a day on; None goes back to the shipped limit.

    `act.seen` is the number of the rule's newest setting on the page that the person acted from. A value
    outside what is recommended, or out of order with another rule's, is saved only when `is_confirmed`.
    Raises UnableToSetLimit, and RecordMoved when somebody else set a limit of this rule in between.
    """
    of = book().rule(rule)
    assert limit in of.bounds, f"{rule} has no limit {limit} that a clinic may set"
    _require_seen(of, act)
    setting = _setting(of, act.by, act.recorded_at, limit, value, from_date)
    doubts = _doubts(of, setting)
    setting = replace(setting, reason=reason.strip(), is_confirmed=is_confirmed and bool(doubts))
    issues = [
        *_about_value(of, setting),
        *_about_date(from_date, clinic_day(act.recorded_at)),
        *_about_reason(setting.reason),
    ]
    if not issues:
        issues = [
            *_about_change(of, setting),
            *([] if setting.is_confirmed else _about_doubts(setting, doubts)),
        ]
    if issues:
        raise UnableToSetLimit(issues)
    limit_settings.append(setting)
    return StreamId(f"setting:{rule}")


def version_with(
    by: Author, at: datetime, *, rule: str, limit: str, value: Limit | None, from_date: date
) -> RuleVersion:
    """What would hold of a rule on a day if a limit were set so; nothing is written."""
    of = book().rule(rule)
    setting = _setting(of, by, at, limit, value, from_date)
    return of.with_settings((*of.settings, setting)).version_on(from_date)


def _setting(
    rule: Rule, by: Author, at: datetime, limit: str, value: Limit | None, from_date: date
) -> ClinicSetting:
    """The setting as it would stand behind those that there are."""
    return ClinicSetting(
        rule=rule.id,
        limit=limit,
        number=len(rule.settings) + 1,
        value=value,
        version=rule.shipped_on(from_date).number,
        from_date=from_date,
        reason="",
        is_confirmed=False,
        by=by.id,
        by_name=by.printed_name,
        recorded_at=at,
    )


def needs_confirmation(
    by: Author, at: datetime, *, rule: str, limit: str, value: Limit | None, from_date: date
) -> bool:
    """Whether somebody must say that they mean it; nothing is written."""
    of = book().rule(rule)
    return bool(_doubts(of, _setting(of, by, at, limit, value, from_date)))


def limit_words(name: str) -> str:
    """What a limit is called on a screen."""
    return name.replace("_", " ").capitalize()


def _require_seen(rule: Rule, act: Act) -> None:
    """Raise RecordMoved, naming who set what, unless the person acted on the present limits of the rule."""
    if act.seen is None or act.seen >= len(rule.settings):
        return
    newest = max(rule.settings, key=lambda setting: setting.number)
    sentence = (
        f"{newest.by_name} set {limit_words(newest.limit).lower()} of this rule after your page was opened. "
        "Nothing of yours was saved; look at what is set now, then send again."
    )
    raise RecordMoved([Issue(sentence=sentence, code="record-moved", rule=rule.id)])


def _about_value(rule: Rule, setting: ClinicSetting) -> list[Issue]:
    """A value that the rule's bounds do not allow."""
    if setting.value is None or rule.bounds[setting.limit].allows(setting.value):
        return []
    sentence = (
        f"{limit_words(setting.limit)}: {limit_shown(setting.value)} is outside what a clinic may set for "
        f"{rule.id}, {rule.title.lower()}. {bounds_sentence(rule.bounds[setting.limit])}"
    )
    return [Issue(sentence=sentence, code="out-of-bounds", field="value", rule=rule.id)]


def bounds_sentence(bounds: Bounds) -> str:
    """Both bounds of a limit as a sentence."""
    verb = "are" if bounds.stricter == "fewer" else "is"
    return f"Allowed {verb} {bounds.absolute_shown}; recommended {verb} {bounds.recommended_shown}."


def _about_date(from_date: date, today: date) -> list[Issue]:
    """A day that is past would judge again what was decided; one far ahead is a slip."""
    if today <= from_date <= today + AHEAD_MAX:
        return []
    sentence = (
        f"From: choose today, {today:%d %b %Y}, or a later day. What is past stays as it was decided."
        if from_date < today
        else f"From: choose a day within {AHEAD_MAX.days} days from today."
    )
    return [Issue(sentence=sentence, code="date", field="from_date")]


def _about_reason(reason: str) -> list[Issue]:
    if len(reason) >= REASON_LETTERS_MIN:
        return []
    sentence = f"Reason: write why this is changed, in at least {REASON_LETTERS_MIN} letters."
    return [Issue(sentence=sentence, code="required", field="reason")]


def _about_change(rule: Rule, setting: ClinicSetting) -> list[Issue]:
    """A setting that would leave everything as it is."""
    name, on = setting.limit, setting.from_date
    was = rule.version_on(on).limits.by_name[name]
    becomes = rule.with_settings((*rule.settings, setting)).version_on(on).limits.by_name[name]
    if becomes != was:
        return []
    sentence = (
        f"{limit_words(name)}: on {on:%d %b %Y} it is {limit_shown(was)} already. Nothing is different."
    )
    return [Issue(sentence=sentence, code="unchanged", field="value", rule=rule.id)]


def _about_doubts(setting: ClinicSetting, doubts: list[str]) -> list[Issue]:
    if not doubts:
        return []
    sentence = f'{limit_words(setting.limit)}: {" ".join(doubts)} Tick "{CONFIRMATION}" if you do.'
    return [Issue(sentence=sentence, code="needs-confirmation", field="is_confirmed", rule=setting.rule)]


def _doubts(rule: Rule, setting: ClinicSetting) -> list[str]:
    """What a value is set against only by somebody who says that they mean it, in sentences."""
    return [*_beyond_recommendation(rule, setting), *_out_of_order(setting)]


def _beyond_recommendation(rule: Rule, setting: ClinicSetting) -> list[str]:
    value, bounds = setting.value, rule.bounds[setting.limit]
    if value is None or bounds.recommends(value):
        return []
    if isinstance(value, tuple):
        extra = [word.replace("_", " ") for word in value if word not in bounds.recommended]
        return [f"what is recommended does not hold {', '.join(extra)}."]
    return [f"{limit_shown(value)} is outside what is recommended. {bounds_sentence(bounds)}"]


def _out_of_order(setting: ClinicSetting) -> list[str]:
    """Limits of several rules that would stand in the wrong order, such as an alert above the stop."""
    rules = book().by_id
    of, moved = rules[setting.rule], Rung(rule=setting.rule, limit=setting.limit)
    after = {**rules, of.id: of.with_settings((*of.settings, setting))}
    found = []
    for crossing in crossings(shipped_ladders(), after, moved, setting.from_date):
        is_lower = crossing.lower == moved
        other = crossing.upper if is_lower else crossing.lower
        found.append(
            f"From {crossing.on:%d %b %Y} {limit_shown(moved.of(after, crossing.on))} would stand "
            f"{'above' if is_lower else 'below'} the {limit_shown(other.of(after, crossing.on))} of "
            f"{other.rule}, {after[other.rule].title.lower()}: {crossing.otherwise}."
        )
    return found
