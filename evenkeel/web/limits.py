"""The clinic's own limits: look through them, see how one came about, and change one."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path, reverse

from evenkeel.clinical.limits import Limit, limit_unit_shown, typed_limit
from evenkeel.clinical.rulebook import Rule
from evenkeel.clinical.rulebook_model import STAGES
from evenkeel.journey import limits as journey
from evenkeel.journey.acting import Act
from evenkeel.journey.limits import (
    CONFIRMATION,
    limit_words,
    set_limit,
)
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.values.ids import StreamId
from evenkeel.values.numbers import BadNumber
from evenkeel.web import limits_view, pages
from evenkeel.web.pages import FormPage, Page

REASON_CHARACTERS_MAX: Final = 500
SEARCH_CHARACTERS_MAX: Final = 60


class LimitsPage(Page):
    """Every limit that a clinic may set, by stage: what holds here beside what is shipped."""

    action = "limits.read"
    template = "limits/page.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the limits that were asked for."""
        today = clinic_day(pages.now())
        words = self.request.GET.get("words", "")[:SEARCH_CHARACTERS_MAX].strip()
        only_here = self.request.GET.get("only") == "here"
        every = limits_view.every(book().rules)
        changed = [each for each in every if limits_view.is_set_here(*each, today)]
        shown = [each for each in (changed if only_here else every) if limits_view.fits(each[0], words)]
        stages: dict[str, list[dict[str, Any]]] = {}
        for rule, name in shown:
            stages.setdefault(rule.stage, []).append(limits_view.line(rule, name, today))
        return super().context(
            stages=[
                {"id": stage, "words": STAGES.get(stage, stage.capitalize()), "lines": lines}
                for stage, lines in stages.items()
            ],
            words=words,
            only_here=only_here,
            total=len(every),
            changed=len(changed),
            found=len(shown),
            may_change=may(self.author.role, "limits.set"),
            **extra,
        )


def _rule(id_: str) -> Rule:
    """The rule that an address names; one without limits that can be set has no page here."""
    rule = book().by_id.get(id_)
    if rule is None or not rule.bounds:
        raise Http404
    return rule


class RuleLimitsPage(Page):
    """The limits of one rule, and everything that was ever set."""

    action = "limits.read"
    template = "limits/rule.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the rule."""
        rule, today = _rule(self.kwargs["rule"]), clinic_day(pages.now())
        return super().context(
            rule={"id": rule.id, "title": rule.title, "statement": rule.statement},
            stage=STAGES.get(rule.stage, rule.stage.capitalize()),
            sentences=limits_view.sentences(rule, today),
            lines=[limits_view.line(rule, name, today) for name in rule.bounds],
            fixed=[limit_words(name).lower() for name, _ in _unbound(rule, today)],
            history=limits_view.history(rule),
            is_hard=rule.override == "none",
            may_change=may(self.author.role, "limits.set"),
            **extra,
        )


def _unbound(rule: Rule, today: date) -> list[tuple[str, Limit]]:
    return [(name, limit) for name, limit in rule.version_on(today).limits if name not in rule.bounds]


class LimitField(forms.CharField):
    """A number of the kind of a limit, with its unit or without; cleans to the limit."""

    def __init__(self, like: Limit, **kwargs: Any) -> None:
        self.like = like
        super().__init__(strip=True, **kwargs)

    def clean(self, value: Any) -> Any:
        """Read it as it was typed; whatever could be read in two ways is refused."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            return typed_limit(text, self.like)
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad


class WordsField(forms.MultipleChoiceField):
    """Some of the words that a list may hold; cleans to them in their order, whatever was ticked first."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, words: Sequence[str], **kwargs: Any) -> None:
        self.words = words
        super().__init__(choices=[(word, limits_view.words_of([word])) for word in words], **kwargs)

    def clean(self, value: Any) -> Any:
        """Nothing ticked is None."""
        ticked = super().clean(value)
        return tuple(word for word in self.words if word in ticked) or None


class LimitForm(forms.Form):
    """What a limit is set to, from when and why."""

    from_date = forms.DateField(
        label="From",
        widget=forms.DateInput,
        help_text="From the beginning of this day. What was decided before stays as it was decided.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_CHARACTERS_MAX,
        widget=forms.Textarea,
        help_text="It stands in the history for good. Name no patient.",
    )
    is_confirmed = forms.BooleanField(label=CONFIRMATION, required=False)

    def __init__(self, *args: Any, rule: Rule, limit: str, now: Limit, button: str, **kwargs: Any) -> None:
        """`button` is what was pressed.

        A value is needed to set it and to look at what it would do, a reason to set it and to withdraw it.
        """
        super().__init__(*args, **kwargs)
        bounds = rule.bounds[limit]
        asked: dict[str, Any] = {
            "label": limit_words(limit),
            "required": button != "withdraw",
            "help_text": limits_view.hint(bounds),
        }
        if isinstance(now, tuple):
            words = [str(word) for word in bounds.absolute]
            self.fields["value"] = WordsField(words, initial=list(now), **asked)
        else:
            self.fields["value"] = LimitField(now, **asked)
        self.fields["reason"].required = button != "look"
        self.order_fields(["value"])


class LimitChangePage(FormPage):
    """Change one limit of one rule, or go back to the shipped one."""

    action = "limits.set"
    template = "limits/change.html.jinja"
    form_class = LimitForm
    done_sentence = "The limit is set."

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the rule and its limit first."""
        self.rule, self.limit = _rule(kwargs["rule"]), kwargs["limit"]
        if self.limit not in self.rule.bounds:
            raise Http404
        self.today = clinic_day(pages.now())
        self.here: Limit = self.rule.version_on(self.today).limits.by_name[self.limit]
        self.button = str(request.POST.get("button", "set"))
        return super().dispatch(request, *args, **kwargs)

    def form_arguments(self) -> dict[str, Any]:
        """A limit is set from tomorrow on, unless somebody chooses another day: today has begun."""
        return {
            "rule": self.rule,
            "limit": self.limit,
            "now": self.here,
            "button": self.button,
            "initial": {"from_date": self.today + timedelta(days=1)},
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Save it, or only show how the rule would read."""
        if self.button != "look":
            return super().post(request, **kwargs)
        form = LimitForm(request.POST, **self.form_arguments())
        status = 200 if form.is_valid() else pages.REFUSED
        return self.show(self.context(form=form), status)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Set the limit, or go back to the shipped one."""
        return set_limit(
            act,
            rule=self.rule.id,
            limit=self.limit,
            value=None if self.button == "withdraw" else form.cleaned_data["value"],
            from_date=form.cleaned_data["from_date"],
            reason=form.cleaned_data["reason"],
            is_confirmed=form.cleaned_data["is_confirmed"],
        )

    def done_address(self, stream: StreamId) -> str:
        """The rule with its history."""
        return reverse("rule_limits", args=[self.rule.id])

    def context(self, **extra: Any) -> dict[str, Any]:
        """What holds now, and what was asked for if it was."""
        form = extra.get("form")
        value, from_date = None, None
        if form is not None:
            value, from_date = form.cleaned_data.get("value"), form.cleaned_data.get("from_date")
        return super().context(
            line=limits_view.line(self.rule, self.limit, self.today),
            rule={"id": self.rule.id, "title": self.rule.title},
            sentence=limits_view.reads(self.rule, self.rule.version_on(self.today)),
            unit=limit_unit_shown(self.here),
            is_list=isinstance(self.here, tuple),
            is_whole=isinstance(self.here, int),
            seen=len(self.rule.settings),
            asks_confirmation=self._asks_confirmation(value, from_date),
            effect=self._effect(value, from_date),
            can_withdraw=any(setting.limit == self.limit for setting in self.rule.settings),
            **extra,
        )

    def _asks_confirmation(self, value: Limit | None, from_date: date | None) -> bool:
        """Whether what was typed, or going back, is set only by somebody who says that they mean it."""
        if from_date is None or (value is None and self.button != "withdraw"):
            return False
        return journey.needs_confirmation(
            self.author,
            pages.now(),
            rule=self.rule.id,
            limit=self.limit,
            value=None if self.button == "withdraw" else value,
            from_date=from_date,
        )

    def _effect(self, value: Limit | None, from_date: date | None) -> dict[str, Any] | None:
        """How the rule would read, where what was typed could be set."""
        if value is None or from_date is None or not self.rule.bounds[self.limit].allows(value):
            return None
        if from_date < self.today:
            return None
        version = journey.version_with(
            self.author,
            pages.now(),
            rule=self.rule.id,
            limit=self.limit,
            value=value,
            from_date=from_date,
        )
        return {"from": from_date, "sentence": limits_view.reads(self.rule, version)}


urlpatterns = [
    path("limits/", LimitsPage.as_view(), name="limits"),
    path("limits/<str:rule>/", RuleLimitsPage.as_view(), name="rule_limits"),
    path("limits/<str:rule>/<str:limit>/", LimitChangePage.as_view(), name="limit_change"),
]
