"""Answers that alert, the reviews of a series and the verdict on response."""

from typing import Any, Final

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.clinical import outcomes as rules
from evenkeel.clinical import series as series_rules
from evenkeel.clinical.scales.shape import Ground, Scale
from evenkeel.journey import outcomes as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.outcomes import ACTION_LETTERS_MIN
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import REVIEW_AFTER, CourseState
from evenkeel.record.outcomes import AssessmentRecorded, RiskAnswered
from evenkeel.record.screening import ScreeningRecorded
from evenkeel.record.state import Written
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import StreamId, entry_id
from evenkeel.values.numbers import plain
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.fields import HappenedAtField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.outcome_view import REMISSION_WORDS, RESPONSE_WORDS, open_risks, risk
from evenkeel.web.patient_view import REVIEW_WORDS
from evenkeel.web.verdicts import BASIS_WORDS, add_override_fields, findings, overrides_of, reasons_of

# What a person does at once about an answer that alerts. Our own words; a proposal.
WHAT_TO_DO: Final = (
    "Go to the patient now, and stay. They are not left alone until somebody has decided what follows.",
    "Ask in plain words about the thoughts, about a plan, about the means and about what keeps them safe.",
    "Call a prescriber of this clinic. No ketamine is started before the prescriber has seen the patient.",
    "In danger that cannot wait, call the emergency number. In the United States, 988 answers day and night.",
    "Write down below what was done and who was told.",
)


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
    def fact(self) -> Written[AssessmentRecorded] | Written[ScreeningRecorded]:
        """The form that alerts: a scale, or a screening."""
        fact = self.course.fact(entry_id(self.stream("course"), self.kwargs["seq"]))
        if fact is None or not isinstance(fact.payload, AssessmentRecorded | ScreeningRecorded):
            raise Http404
        return fact

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the question and the answer, and who has acted on it if somebody has."""
        state, fact = self.course, self.fact
        answered = [each for each in state.every(RiskAnswered) if each.payload.assessment == fact.id]
        return super().context(
            risk=risk(state, fact),
            is_open=fact.id in {each.id for each in open_risks(state)},
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
            marks=_marks(of),
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
    elif any(each.rule.rule == "OUT-AGE-001" and each.answer == "fires" for each in judged.verdicts):
        found.append(f"The last complete {of.short} is too old to judge by. Ask again.")
    elif judged.baseline == 0:
        found.append(f"{of.short} was 0 at baseline, so it could not fall.")
    if of.response_fall is None:
        found.append(f"{of.short} has no published response.")
    if of.remission_below is None:
        found.append(f"{of.short} has no published remission.")
    return found


def _marks(of: Scale) -> list[dict[str, Any]]:
    """What the scale says of a change, as rows with how well it is founded; None where nothing is said."""
    partial = book().rule("OUT-PRT-001").version_on(clinic_day(pages.now()))
    response = f"at least {of.response_fall} lower than at baseline" if of.response_fall else None
    remission = f"below {of.remission_below}" if of.remission_below else None
    worse = f"{of.worse_from} higher than at baseline" if of.worse_from else None
    least = min((abs(change.points) for change in of.changes), default=None)
    rows = [
        ("Response", response, of.response_ground),
        ("Partial response", f"at least {partial.limits.fall} lower", None),
        ("Remission", remission, of.remission_ground),
        ("Worse", worse, of.worse_ground),
        ("A change that matters", f"{plain(least)} points" if least is not None else None, None),
    ]
    return [{"key": key, "value": _founded(words, ground)} for key, words, ground in rows]


def _founded(words: str | None, ground: Ground | None) -> str | None:
    return f"{words} ({BASIS_WORDS[ground.basis]})" if words and ground else words


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
        "overrides": reasons_of(book(), fact.payload.overrides),
    }


urlpatterns = [
    path("courses/<uuid:course>/risk/<int:seq>/", RiskPage.as_view(), name="risk"),
    path("courses/<uuid:course>/review/<int:after>/", ReviewPage.as_view(), name="review"),
    path("courses/<uuid:course>/response/", ResponsePage.as_view(), name="response"),
]
