"""Screening: the checklist, what it came to, and the prescriber's decision."""

from itertools import groupby
from typing import Any, Final

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.screening import questions_for, valid_until
from evenkeel.journey import screening as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.screening import ScreeningOutcome, Tri
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.quantities import Pressure
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.deciding import DecisionForm
from evenkeel.web.fields import HappenedAtField, QuantityField, TriField, WholeField
from evenkeel.web.verdicts import findings, in_the_way, overrides_of, source_of

OUTCOME_WORDS: Final[dict[ScreeningOutcome, tuple[str, str]]] = {
    "fit": ("Fit", "ok"),
    "needs_prescriber": ("Needs prescriber", "medium"),
    "not_today": ("Not today", "stopped"),
}
DECISION_WORDS: Final[dict[use_cases.ScreeningDecision, str]] = {
    "accept": "Accept for treatment",
    "postpone": "Postpone",
    "decline": "Decline",
}
# More failed treatments than this is a slip of the keyboard. Proposal.
FAILED_TRIALS_MAX: Final = 30
# The rules beside the questions that have a field of their own.
TRIALS_RULE: Final = "SCR-TRL-001"
PRESSURE_RULES: Final = ("SCR-BP-001", "SCR-BP-002")


class ScreeningForm(forms.Form):
    """The checklist of one indication. The pressure is the resting one, measured now."""

    failed_trials = WholeField(
        lowest=0,
        highest=FAILED_TRIALS_MAX,
        asked=True,
        required=False,
        label="Treatments that failed",
        help_text="Adequate courses of antidepressants in this episode.",
    )
    systolic = QuantityField(Pressure, asked=True, required=False, label="Systolic pressure at rest")
    diastolic = QuantityField(Pressure, asked=True, required=False, label="Diastolic pressure at rest")
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, indication: str, **kwargs: Any) -> None:
        """Add the questions that are asked for the indication."""
        super().__init__(*args, **kwargs)
        self.asked = questions_for(indication)
        for question in self.asked:
            self.fields[f"answer_{question.key}"] = TriField(label=question.text, help_text=question.hint)

    @property
    def answers(self) -> dict[str, Tri]:
        """The answers by question; one that was left out is unknown."""
        return {question.key: self.cleaned_data[f"answer_{question.key}"] for question in self.asked}


class ScreeningPage(OfCourse):
    """The checklist, or what the last one came to."""

    action = "patient.read"
    post_action = "screening.record"
    template = "screening/screening.html.jinja"
    form_class = ScreeningForm
    done_sentence = "The screening is saved."

    def form_arguments(self) -> dict[str, Any]:
        """The questions are those of the indication; nothing is filled in from an earlier screening."""
        return {"indication": self.course.referral.indication}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Show the last result, unless somebody fills the checklist in."""
        state = self.course
        may_record = may(self.author.role, "screening.record")
        again = "again" in self.request.GET or "form" in extra or state.screening is None
        extra = super().context(**extra)
        day = clinic_day(pages.now())
        asked = questions_for(state.referral.indication)
        return extra | {
            "shows_form": again and may_record and state.stage != "ended",
            "result": _result(state) if state.screening else None,
            "may_record": may_record and state.stage != "ended",
            "may_decide": may(self.author.role, "screening.decide"),
            "asks_trials": state.referral.indication == "depression",
            "groups": [
                (name, [_asked(extra["form"], question, day) for question in questions])
                for name, questions in groupby(asked, key=lambda question: question.group)
            ],
            "trials_source": source_of(book(), TRIALS_RULE, day),
            "pressure_sources": [source_of(book(), id_, day) for id_ in PRESSURE_RULES],
            "again_url": f"{self.request.path}?again=1",
            "decision_url": reverse("screening_decision", args=[self.kwargs["course"]]),
            "consent_url": reverse("consent", args=[self.kwargs["course"]]),
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Save the checklist."""
        assert isinstance(form, ScreeningForm), "the form of this page is the checklist"
        typed = form.cleaned_data
        return use_cases.record_screening(
            act,
            course=self.stream("course"),
            answers=form.answers,
            failed_trials=typed["failed_trials"],
            systolic=typed["systolic"],
            diastolic=typed["diastolic"],
            note=typed["note"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Show what it came to."""
        return reverse("screening", args=[reference_of(stream)])


class ScreeningDecisionPage(OfCourse):
    """What a prescriber decides on the last checklist."""

    action = "screening.decide"
    template = "screening/decision.html.jinja"
    form_class = DecisionForm
    done_sentence = "Your decision is signed."

    def form_arguments(self) -> dict[str, Any]:
        """Nobody accepts against a hard rule, so then it is not offered."""
        screening = self.course.screening
        verdicts = screening.payload.verdicts if screening else ()
        hard = any(verdict.hard for verdict in verdicts)
        offered = [(key, words) for key, words in DECISION_WORDS.items() if not (hard and key == "accept")]
        return {"book": book(), "verdicts": verdicts, "choices": offered}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what fires."""
        state = self.course
        verdicts = state.screening.payload.verdicts if state.screening else ()
        return super().context(
            result=_result(state) if state.screening else None,
            hard=any(verdict.hard for verdict in verdicts),
            meanings=[
                {"word": DECISION_WORDS[key], "meaning": meaning}
                for key, meaning in use_cases.MEANINGS.items()
            ],
            screening_url=reverse("screening", args=[self.kwargs["course"]]),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Sign the decision."""
        typed = form.cleaned_data
        return use_cases.decide_screening(
            act,
            course=self.stream("course"),
            decision=typed["decision"],
            reason=typed["reason"],
            overrides=overrides_of(form),
            password=typed["password"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Show the screening with its decision."""
        return reverse("screening", args=[reference_of(stream)])


def _asked(form: forms.Form, question: Any, day: Any) -> dict[str, Any]:
    return {
        "field": form[f"answer_{question.key}"],
        "source": source_of(book(), question.rule, day),
        "safe": question.safe,
    }


def _result(state: CourseState) -> dict[str, Any]:
    screening, decision = state.screening, state.screening_decision
    assert screening is not None, "a result is shown of a screening that was done"
    recorded = screening.payload
    words, tone = OUTCOME_WORDS[recorded.outcome]
    shown = findings(book(), recorded.verdicts)
    return {
        "outcome": recorded.outcome,
        "words": words,
        "tone": tone,
        "at": screening.at,
        "by": screening.by.printed_name,
        "note": recorded.note,
        "pressure": _pressure(recorded.systolic, recorded.diastolic),
        "valid_until": valid_until(book(), clinic_day(screening.at)),
        "asking": [found for found in shown if found["outcome"] != "clear"],
        "cleared": [found for found in shown if found["outcome"] == "clear"],
        "waits": bool(in_the_way(recorded.verdicts)) and decision is None,
        "fit": state.is_screened_fit,
        "decision": {
            "words": DECISION_WORDS[decision.payload.decision],
            "decision": decision.payload.decision,
            "reason": decision.payload.reason,
            "overrides": [
                {"rule": book().rule(each.rule).title, "reason": each.reason}
                for each in decision.payload.overrides
            ],
            "signature": decision.payload.signature,
        }
        if decision
        else None,
    }


def _pressure(systolic: Pressure | None, diastolic: Pressure | None) -> str | None:
    if systolic is None or diastolic is None:
        return None
    return f"{systolic.number}/{diastolic}"


urlpatterns = [
    path("courses/<uuid:course>/screening/", ScreeningPage.as_view(), name="screening"),
    path(
        "courses/<uuid:course>/screening/decision/",
        ScreeningDecisionPage.as_view(),
        name="screening_decision",
    ),
]
