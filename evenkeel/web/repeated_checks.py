"""The checks that a long course asks for again: when each was done, until when it stands, and a new one."""

from datetime import date
from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.repeated_checks import CHECK_WORDS, RULE_OF, CheckDue, checks_due
from evenkeel.journey import repeated_checks as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.jinja import clinic_date
from evenkeel.web.verdicts import source_of

FINDING_WORDS = {"normal": "Normal", "abnormal": "Not normal"}


class CheckForm(forms.Form):
    """One check that was done."""

    what = forms.ChoiceField(
        label="Which check was done?", choices=list(CHECK_WORDS.items()), widget=forms.RadioSelect
    )
    done_date = forms.DateField(label="Done on", widget=forms.DateInput)
    finding = forms.ChoiceField(
        label="What came of it?", choices=list(FINDING_WORDS.items()), widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="Note",
        help_text="Needed where it was not normal: a prescriber then decides before the next booking.",
        required=False,
        max_length=500,
        widget=forms.Textarea,
    )


class RepeatedChecksPage(OfCourse):
    """What was done and what is due, and the form for one check."""

    action = "patient.read"
    post_action = "check.record"
    template = "series/repeated_checks.html.jinja"
    form_class = CheckForm
    done_sentence = "The check is on record."

    def form_arguments(self) -> dict[str, Any]:
        """Most checks are written down on their day."""
        return {"initial": {"done_date": clinic_day(pages.now())}}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add every kind of check with its last day and the day it is due, and the rules behind them."""
        state, today = self.course, clinic_day(pages.now())
        return super().context(
            checks=[_check(state, each, today) for each in checks_due(book(), state, on=today)],
            sources=[source_of(book(), id_, today) for id_ in (*RULE_OF.values(), "SER-ABN-001")],
            may_record=may(self.author.role, "check.record") and state.stage != "ended",
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Keep it."""
        return use_cases.record_check(act, course=self.stream("course"), **form.cleaned_data)

    def done_address(self, stream: StreamId) -> str:
        """Stay: several checks are often written down together."""
        return reverse("repeated_checks", args=[reference_of(stream)])


def _check(state: CourseState, due: CheckDue, today: date) -> dict[str, Any]:
    last = state.last_check(due.what)
    words, tone = _state_words(due, today)
    if last is not None and last.payload.finding == "abnormal":
        words, tone = "Not normal", "high"
    return {
        "name": CHECK_WORDS[due.what],
        "last": clinic_date(due.last_date) if due.last_date else "not on record",
        "due": clinic_date(due.due_date) if due.due_date else "after the first infusion",
        "words": words,
        "tone": tone,
        "note": _note(state, due),
    }


def _state_words(due: CheckDue, today: date) -> tuple[str, str]:
    if due.due_date is None:
        return ("Not known", "unknown") if due.what == "liver" else ("Not due yet", "neutral")
    return ("Due", "late") if due.due_date < today else ("In date", "ok")


def _note(state: CourseState, due: CheckDue) -> str | None:
    last = state.last_check(due.what)
    # A screening may have read liver tests since; what was not normal stays in sight all the same.
    if last is None or (last.payload.finding == "normal" and last.payload.done_date != due.last_date):
        return "Read at the screening" if due.last_date else None
    note = f": {last.payload.note}" if last.payload.note else ""
    return f"{FINDING_WORDS[last.payload.finding]}{note}, {last.by.printed_name}"


urlpatterns = [
    path("courses/<uuid:course>/checks/", RepeatedChecksPage.as_view(), name="repeated_checks"),
]
