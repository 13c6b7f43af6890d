"""Scales entered by staff: choosing one, filling it in, and reading what was filled in."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from evenkeel.clinical.outcomes import scale_of
from evenkeel.clinical.scales import scales
from evenkeel.clinical.scales.scoring import score
from evenkeel.clinical.scales.shape import Scale
from evenkeel.journey import outcomes as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import clinic_day
from evenkeel.journey.scales import clinic_scale, clinic_scales, scale_on_record
from evenkeel.record.courses import CourseState
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.record.state import Written
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, entry_id, reference_of
from evenkeel.web import pages
from evenkeel.web.about import OfCourse, course_context
from evenkeel.web.fields import HappenedAtField, WholeField
from evenkeel.web.outcome_view import POINT_WORDS
from evenkeel.web.scale_form import add_answer_fields, answer_fields, answers_of
from evenkeel.web.scale_view import form_on_record, gate, groups, missing_words, result_words

# More infusions than this in one course is a slip of the keyboard. Proposal.
INFUSIONS_MAX: Final = 200


class ScalesPage(pages.Page):
    """Every scale, to choose one for a course."""

    action = "assessment.record"
    template = "assessments/choose.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner, the scales by kind, and the forms that were filled in."""
        state = reading.course(self.stream("course"))
        return course_context(state) | {
            "groups": groups(clinic_scales(clinic_day(pages.now())), state, scale_of(state)),
            "filled": [_filled(state, fact) for fact in reversed(state.assessments)],
            **extra,
        }


def _filled(state: CourseState, fact: Written[AssessmentRecorded]) -> dict[str, Any]:
    return {
        "short": scale_on_record(fact.payload.scale).short,
        "at": fact.at,
        "url": reverse("assessment_read", args=[reference_of(state.stream), fact.seq]),
    }


class AssessmentForm(forms.Form):
    """One scale, with the moment in the course and how the answers came. Nothing is chosen beforehand."""

    point = forms.ChoiceField(
        label="When in the course", choices=list(POINT_WORDS.items()), widget=forms.RadioSelect
    )
    infusion_number = WholeField(
        lowest=1, highest=INFUSIONS_MAX, required=False, label="Before which infusion"
    )
    entered_for = forms.ChoiceField(
        label="How the answers came",
        choices=[("patient_interview", "Asked aloud"), ("paper_form", "From a paper form")],
        widget=forms.RadioSelect,
    )
    happened_at = HappenedAtField(label="Answered at")

    def __init__(self, *args: Any, of: Scale, **kwargs: Any) -> None:
        """Add the questions of the scale."""
        super().__init__(*args, **kwargs)
        self.scale = of
        add_answer_fields(self, of)

    def clean(self) -> dict[str, Any]:
        """A form before an infusion says before which."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        needs_number = cleaned.get("point") == "before_infusion"
        if needs_number and not cleaned.get("infusion_number") and "infusion_number" not in self.errors:
            self.add_error("infusion_number", "Before which infusion: write its number.")
        return cleaned


class AssessmentPage(OfCourse):
    """A scale, filled in by staff with the patient or from paper."""

    action = "assessment.record"
    template = "assessments/fill_in.html.jinja"
    form_class = AssessmentForm
    done_sentence = "The scale is saved."

    @property
    def scale(self) -> Scale:
        """The scale that the address names, as the clinic may show it today."""
        if self.kwargs["scale"] not in scales():
            raise Http404
        return clinic_scale(self.kwargs["scale"], clinic_day(pages.now()))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the form, or what is needed before there is one."""
        return super().get(request, **kwargs) if self.scale.is_ready else self._gate()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Save the form; without its wording there is none."""
        return super().post(request, **kwargs) if self.scale.is_ready else self._gate(pages.REFUSED)

    def _gate(self, status: int = 200) -> HttpResponse:
        of = self.scale
        context = course_context(self.course) | {
            "scale": of,
            "gate": gate(of),
            "choose_url": self._choose_url(),
        }
        return render(self.request, "assessments/gate.html.jinja", context, status=status)

    def form_arguments(self) -> dict[str, Any]:
        """Which questions to ask."""
        return {"of": self.scale}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the scale, and the number of the next infusion."""
        of, state = self.scale, self.course
        extra = super().context(**extra)
        earlier = state.assessments_of(of.id)
        return extra | {
            "scale": of,
            "questions": answer_fields(extra["form"], of),
            "next_infusion": len(state.infusions) + 1,
            "last": _filled(state, earlier[-1]) if earlier else None,
            "choose_url": self._choose_url(),
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Save the form, whole or not, and remember which entry it became."""
        typed = form.cleaned_data
        is_before = typed["point"] == "before_infusion"
        self.key = act.key
        self.answers = answers_of(form, self.scale)
        return use_cases.record_assessment(
            act,
            course=self.stream("course"),
            scale_id=self.scale.id,
            answers=self.answers,
            point=typed["point"],
            infusion_number=typed["infusion_number"] if is_before else None,
            entered_for=typed["entered_for"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Go to the patient, or at once to the answer that alerts."""
        of = self.scale
        scored = score(of, self.answers)
        if scored.total is None:
            sentence = (
                f"{of.short} is kept without a score: no answer to question {missing_words(of, scored)}."
            )
            messages.warning(self.request, f"{sentence} Ask it again.")
        else:
            messages.info(self.request, result_words(of, scored))
        alerting = [fact for fact in reading.course(stream).open_risks if fact.history[0].key == self.key]
        if alerting:
            return reverse("risk", args=[reference_of(stream), alerting[0].seq])
        return super().done_address(stream)

    def _choose_url(self) -> str:
        return reverse("assessments", args=[self.kwargs["course"]])


class FilledPage(pages.Page):
    """One form as it was filled in: score, parts, what it says of itself, and every answer."""

    action = "patient.read"
    template = "assessments/filled.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the banner and the form."""
        state = reading.course(self.stream("course"))
        fact = state.fact(entry_id(self.stream("course"), self.kwargs["seq"]))
        if fact is None or not isinstance(fact.payload, AssessmentRecorded):
            raise Http404
        of = scale_on_record(fact.payload.scale)
        return course_context(state) | {"form_on_record": form_on_record(of, fact), **extra}


urlpatterns = [
    path("courses/<uuid:course>/assessments/", ScalesPage.as_view(), name="assessments"),
    path("courses/<uuid:course>/assessments/<int:seq>/", FilledPage.as_view(), name="assessment_read"),
    path("courses/<uuid:course>/assessments/<slug:scale>/", AssessmentPage.as_view(), name="assessment"),
]
