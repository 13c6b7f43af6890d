"""Scales entered by staff, answers that alert, the reviews of a series and the verdict on response."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404
from django.urls import path, reverse

from evenkeel.clinical import outcomes as rules
from evenkeel.clinical import series as series_rules
from evenkeel.clinical.scales import Scale, scale, scales
from evenkeel.journey import outcomes as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.outcomes import ACTION_LETTERS_MIN
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import REVIEW_AFTER, CourseState
from evenkeel.record.outcomes import AssessmentRecorded, RiskAnswered
from evenkeel.record.state import Written
from evenkeel.record.verdict import Verdict
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, entry_id, reference_of
from evenkeel.values.numbers import plain
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.fields import HappenedAtField, WholeField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.outcome_view import POINT_WORDS, REMISSION_WORDS, RESPONSE_WORDS, risk
from evenkeel.web.patient_view import REVIEW_WORDS
from evenkeel.web.scale_form import add_answer_fields, answer_fields, answers_of, gaps
from evenkeel.web.verdicts import add_override_fields, findings, overrides_of

# More infusions than this in one course is a slip of the keyboard. Proposal.
INFUSIONS_MAX: Final = 200

# What a person does at once about an answer that alerts. Our own words; a proposal.
WHAT_TO_DO: Final = (
    "Go to the patient now, and stay. They are not left alone until somebody has decided what follows.",
    "Ask in plain words about the thoughts, about a plan, about the means and about what keeps them safe.",
    "Call a prescriber of this clinic. No ketamine is started before the prescriber has seen the patient.",
    "In danger that cannot wait, call the emergency number. In the United States, 988 answers day and night.",
    "Write down below what was done and who was told.",
)


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
    template = "outcomes/assessment.html.jinja"
    form_class = AssessmentForm
    done_sentence = "The scale is saved."

    @property
    def scale(self) -> Scale:
        """The scale that the address names."""
        if self.kwargs["scale"] not in scales():
            raise Http404
        return scale(self.kwargs["scale"])

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
            "last": earlier[-1].at if earlier else None,
            "others": [
                {"words": other.title, "url": reverse("assessment", args=[self.kwargs["course"], other.id])}
                for other in scales().values()
                if other.id != of.id
            ],
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
        open_numbers = gaps(of, self.answers)
        if open_numbers:
            numbers = ", ".join(str(number) for number in open_numbers)
            sentence = f"{of.short} is kept without a score: no answer to question {numbers}. Ask it again."
            messages.warning(self.request, sentence)
        alerting = [fact for fact in reading.course(stream).open_risks if fact.history[0].key == self.key]
        if alerting:
            return reverse("risk", args=[reference_of(stream), alerting[0].seq])
        return super().done_address(stream)


class RiskForm(forms.Form):
    """What was done."""

    action = forms.CharField(
        label="What was done, and who was told",
        help_text=f"At least {ACTION_LETTERS_MIN} letters. It is kept under your name.",
        widget=forms.Textarea,
    )
    happened_at = HappenedAtField()


class RiskPage(OfCourse):
    """An answer that alerts: what was said, what to do now, and what a named person did."""

    action = "patient.read"
    post_action = "risk.answer"
    template = "outcomes/risk.html.jinja"
    form_class = RiskForm
    done_sentence = "What was done is on record under your name."

    @property
    def fact(self) -> Written[AssessmentRecorded]:
        """The form that alerts."""
        fact = self.course.fact(entry_id(self.stream("course"), self.kwargs["seq"]))
        if fact is None or not isinstance(fact.payload, AssessmentRecorded):
            raise Http404
        return fact

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the question and the answer, and who has acted on it if somebody has."""
        state, fact = self.course, self.fact
        answered = [each for each in state.every(RiskAnswered) if each.payload.assessment == fact.id]
        return super().context(
            risk=risk(state, fact),
            is_open=fact.id in {each.id for each in state.open_risks},
            answered=[
                {"words": each.payload.action, "by": each.by.printed_name, "at": each.at} for each in answered
            ],
            what_to_do=WHAT_TO_DO,
            may_answer=may(self.author.role, "risk.answer"),
            now=pages.now(),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Keep what was done."""
        return use_cases.answer_risk(
            act, course=self.stream("course"), assessment=self.fact.id, action=form.cleaned_data["action"]
        )


class ReviewForm(forms.Form):
    """The decision after the third or the sixth infusion, with a reason for every rule that asks for one."""

    decision = forms.ChoiceField(
        label="Decision", choices=list(REVIEW_WORDS.items()), widget=forms.RadioSelect
    )
    reason = forms.CharField(label="Reason", widget=forms.Textarea)

    def __init__(self, *args: Any, verdicts: tuple[Verdict, ...], **kwargs: Any) -> None:
        """`verdicts` are what the rules found."""
        super().__init__(*args, **kwargs)
        add_override_fields(self, book(), verdicts)

    @property
    def override_fields(self) -> list[forms.BoundField]:
        """The reasons, one for every rule that asks for one."""
        return [self[name] for name in self.fields if name.startswith("override_")]


class ReviewPage(OfCourse):
    """The look at the curve after an infusion."""

    action = "patient.read"
    post_action = "series.review"
    template = "outcomes/review.html.jinja"
    form_class = ReviewForm
    done_sentence = "The review is on record."

    def form_arguments(self) -> dict[str, Any]:
        """What the rules find now."""
        if self.kwargs["after"] not in REVIEW_AFTER:
            raise Http404
        today = clinic_day(pages.now())
        verdicts = series_rules.assess_review(book(), self.course, self.kwargs["after"], on=today)
        return {"verdicts": verdicts}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the curve, what the rules say, and the review if it was held."""
        state, after = self.course, self.kwargs["after"]
        found = findings(book(), self.form_arguments()["verdicts"])
        held = next((fact for fact in state.reviews if fact.payload.after_infusion == after), None)
        is_due = after in state.reviews_due
        return super().context(
            after=after,
            is_due=is_due,
            shows_form=is_due and may(self.author.role, "series.review"),
            asking=[each for each in found if each["outcome"] != "clear"],
            clear=[each for each in found if each["outcome"] == "clear"],
            curve=curve(state),
            held=_held(held) if held else None,
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Hold the review."""
        return use_cases.review_series(
            act,
            course=self.stream("course"),
            after_infusion=self.kwargs["after"],
            decision=form.cleaned_data["decision"],
            reason=form.cleaned_data["reason"],
            overrides=overrides_of(form),
        )


class ResponseForm(forms.Form):
    """Only a note: what response is, the scale says."""

    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)


class ResponsePage(OfCourse):
    """Response and remission from baseline and latest score, kept when a prescriber says so."""

    action = "patient.read"
    post_action = "response.judge"
    template = "outcomes/response.html.jinja"
    form_class = ResponseForm
    done_sentence = "The verdict on response is on record."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the two scores, what they come to and what is missing."""
        state = self.course
        of = rules.scale_of(state)
        judged = rules.judge_response(book(), state, of.id, on=clinic_day(pages.now()))
        found = findings(book(), judged.verdicts)
        last = state.response
        return super().context(
            scale=of,
            curve=curve(state),
            response=RESPONSE_WORDS[judged.response],
            remission=REMISSION_WORDS[judged.remission],
            missing=missing(of, judged),
            asking=[each for each in found if each["outcome"] != "clear"],
            clear=[each for each in found if each["outcome"] == "clear"],
            assess_url=reverse("assessment", args=[self.kwargs["course"], of.id])
            if may(self.author.role, "assessment.record")
            else None,
            last={"words": RESPONSE_WORDS[last.payload.response], "by": last.by.printed_name, "at": last.at}
            if last
            else None,
            has_infusion=bool(state.infusions),
            may_judge=may(self.author.role, "response.judge") and bool(state.infusions),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Keep the verdict."""
        return use_cases.judge_response(
            act,
            course=self.stream("course"),
            scale_id=rules.scale_of(self.course).id,
            note=form.cleaned_data["note"],
        )


def curve(course: CourseState) -> list[dict[str, Any]]:
    """Baseline, latest and the fall between, as rows; None where there is no such score."""
    of = rules.scale_of(course)
    baseline = rules.baseline_of(course, of.id)
    latest = rules.latest_of(course, of.id, baseline)
    before = baseline.payload.total if baseline else None
    after = latest.payload.total if latest else None
    fall = rules.exact_fall(before, after)
    return [
        {"key": f"{of.short} at baseline", "value": _scored(baseline)},
        {"key": f"{of.short} at last", "value": _scored(latest)},
        {"key": "Change", "value": None if fall is None else _change(float(fall))},
        {"key": "Infusions given", "value": str(len(course.infusions))},
    ]


def missing(of: Scale, judged: rules.Judgement) -> list[str]:
    """What keeps response or remission unknown, in sentences."""
    found = []
    if judged.baseline is None:
        found.append(f"No complete {of.short} stands before the first infusion, so nothing can be compared.")
    elif judged.latest is None:
        found.append(f"No complete {of.short} was answered after the baseline.")
    elif judged.baseline == 0:
        found.append(f"{of.short} was 0 at baseline, so it could not fall.")
    if of.remission_below is None:
        found.append(f"{of.short} has no published remission.")
    return found


def _scored(fact: Written[AssessmentRecorded] | None) -> str | None:
    if fact is None or fact.payload.total is None:
        return None
    band = f" ({fact.payload.band})" if fact.payload.band else ""
    return f"{plain(fact.payload.total)}{band}, {clinic_date(fact.at)}"


def _change(fall: float) -> str:
    return f"{abs(fall):.1f} % {'lower' if fall > 0 else 'higher'}" if fall else "none"


def _held(fact: Written[Any]) -> dict[str, Any]:
    return {
        "words": REVIEW_WORDS[fact.payload.decision],
        "reason": fact.payload.reason,
        "by": fact.by.printed_name,
        "at": fact.at,
        "overrides": [
            {"rule": book().rule(each.rule).title, "reason": each.reason} for each in fact.payload.overrides
        ],
    }


urlpatterns = [
    path("courses/<uuid:course>/assessments/<slug:scale>/", AssessmentPage.as_view(), name="assessment"),
    path("courses/<uuid:course>/risk/<int:seq>/", RiskPage.as_view(), name="risk"),
    path("courses/<uuid:course>/review/<int:after>/", ReviewPage.as_view(), name="review"),
    path("courses/<uuid:course>/response/", ResponsePage.as_view(), name="response"),
]
