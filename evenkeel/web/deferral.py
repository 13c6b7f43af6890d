"""The page on which the check that is due next is put off for a few minutes, with a reason."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.urls import path

from evenkeel.clinical import infusion as rules
from evenkeel.journey import deferral
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import StreamId
from evenkeel.web import pages
from evenkeel.web.chairside import VisitForm
from evenkeel.web.infusion import EntryPage
from evenkeel.web.jinja import clinic_time
from evenkeel.web.verdicts import source_of

# Lengths that are offered, as far as the rule allows them, beside the longest that it allows. Proposal.
OFFERED_MINUTES: Final = (2, 5, 10)
# How the time of a check travels with its page, exactly as it is.
TO_THE_MICROSECOND: Final = "%Y-%m-%dT%H:%M:%S.%f%z"


class DeferForm(VisitForm):
    """Until when and why. The check that the page was made for travels along, so that no other is put off."""

    due_at = forms.DateTimeField(widget=forms.HiddenInput, input_formats=[TO_THE_MICROSECOND])
    minutes = forms.TypedChoiceField(
        label="Put off until",
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Put off until: choose one."},
    )
    reason = forms.ChoiceField(
        label="Why",
        choices=list(rules.REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Why: choose one."},
    )
    words = forms.CharField(
        label="In words", max_length=200, required=False, help_text="Needed for something else."
    )

    def __init__(self, *args: Any, due_at: datetime | None, longest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lengths = sorted({*(each for each in OFFERED_MINUTES if each < longest), longest})
        choices: Any = self.fields["minutes"]
        choices.choices = [
            (each, f"{clinic_time(due_at + timedelta(minutes=each))}, {each} min later")
            for each in lengths
            if due_at is not None
        ]
        if due_at is not None:
            self.initial["due_at"] = due_at.strftime(TO_THE_MICROSECOND)

    @property
    def until_at(self) -> datetime:
        """When the check is to be due."""
        due_at: datetime = self.cleaned_data["due_at"]
        return due_at + timedelta(minutes=self.cleaned_data["minutes"])


class DeferPage(EntryPage):
    """Put the next check off."""

    action = "infusion.chart"
    template = "infusion/defer.html.jinja"
    form_class = DeferForm
    heading = "Put the check off"
    button = "Put it off"
    done_sentence = "The check is put off. It stays visible that nobody looked."

    def form_arguments(self) -> dict[str, Any]:
        """What is due, and how long it may wait."""
        state, at = self.state, pages.now()
        posted = DeferForm.base_fields["due_at"]
        schedule = rules.check_schedule(book(), state, at)
        due_at = schedule.next_due_at
        if self.request.method == "POST":
            # The times that the person read are those of the page that they were on.
            due_at = _read(posted, self.request.POST.get("due_at")) or due_at
        return {"due_at": due_at, "longest": int(rules.deferral_limits(book(), state, at).put_off.value)}

    def hint(self) -> str | None:
        """Which check it is."""
        schedule = rules.check_schedule(book(), self.state, pages.now())
        if schedule.next_due_at is None:
            return None
        return f"The next check is due at {clinic_time(schedule.next_due_at)}."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Put it off."""
        assert isinstance(form, DeferForm), "this page has one form"
        cleaned = form.cleaned_data
        return deferral.defer_check(
            act,
            visit=self.visit,
            due_at=cleaned["due_at"],
            until_at=form.until_at,
            reason=cleaned["reason"],
            words=cleaned["words"],
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the rules that say how long and how often, and whether a check may be put off at all."""
        at = pages.now()
        names = (rules.deferral_rule(state, at), "INF-CHK-007")
        return {
            "rules": [source_of(book(), name, clinic_day(at)) for name in names],
            "may_defer": rules.may_defer(book(), state, at),
        }


def _read(field: forms.Field, typed: str | None) -> datetime | None:
    try:
        read: datetime | None = field.clean(typed)
    except forms.ValidationError:
        return None
    return read


urlpatterns = [path("visits/<uuid:visit>/defer-check/", DeferPage.as_view(), name="defer_check")]
