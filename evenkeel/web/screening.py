"""Screening: the checklist, what it came to, and the prescriber's decision."""

from datetime import date
from itertools import groupby
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.urls import path, reverse

from evenkeel.clinical.medicine_classes import Listed, listed
from evenkeel.clinical.questions import Question
from evenkeel.clinical.workup import TESTS
from evenkeel.journey import screening as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.patients import PatientState
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.deciding import DecisionForm
from evenkeel.web.indications import indication_words
from evenkeel.web.lines import GrowingPage
from evenkeel.web.screening_form import ScreeningForm
from evenkeel.web.screening_view import DECISION_WORDS, is_offered, medicine_rows, result
from evenkeel.web.verdicts import overrides_of, source_of

# The rules beside the questions that have a field of their own.
TRIALS_RULE: Final = "SCR-TRL-001"
PRESSURE_RULES: Final = ("SCR-BP-001", "SCR-BP-002")
WORKUP_RULES: Final = ("SCR-LAB-001", "SCR-LAB-002", "SCR-LAB-003", "SCR-OSA-001")
# The group after whose questions the hours since the last alcohol or drug are asked for.
SUBSTANCES: Final = "Substances"


class ScreeningPage(GrowingPage, OfCourse):
    """The checklist, or what the last one came to."""

    action = "patient.read"
    post_action = "screening.record"
    template = "screening/screening.html.jinja"
    form_class = ScreeningForm
    done_sentence = "The screening is saved."

    @property
    def medicines(self) -> tuple[Listed, ...] | None:
        """The patient's medicine list with the classes of each; None when nobody has taken it."""
        patient: PatientState = reading.patient(self.course.referral.patient)
        return listed(patient.medicines.medicines) if patient.medicines else None

    def form_arguments(self) -> dict[str, Any]:
        """The questions are those of the indication; only the medicine list answers any of them."""
        return {"indication": self.course.referral.indication, "medicines": self.medicines or ()}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Show the last result, unless somebody fills the checklist in."""
        state, day, medicines = self.course, clinic_day(pages.now()), self.medicines
        may_record = may(self.author.role, "screening.record")
        again = "again" in self.request.GET or "form" in extra or state.screening is None
        extra = super().context(**extra)
        form: ScreeningForm = extra["form"]
        known = state.referral.indication
        return extra | {
            "shows_form": again and may_record and state.stage != "ended",
            "result": result(state) if state.screening else None,
            "may_record": may_record and state.stage != "ended",
            "may_decide": may(self.author.role, "screening.decide"),
            "known": indication_words(known, is_offered=is_offered(book(), known, day)),
            "asks_trials": known == "depression",
            "groups": [
                {
                    "name": name,
                    "id": f"part-{number}",
                    "questions": [_asked(form, question, day, medicines or ()) for question in questions],
                    "asks_hours": name == SUBSTANCES,
                }
                for number, (name, questions) in enumerate(groupby(form.asked, key=_group), start=1)
            ],
            "tests": [_test(form, key) for key in TESTS],
            "medicines": None if medicines is None else medicine_rows(book(), medicines),
            "medicines_url": reverse("patient_medicines", args=[reference_of(state.referral.patient)]),
            "trials_source": source_of(book(), TRIALS_RULE, day),
            "pressure_sources": [source_of(book(), id_, day) for id_ in PRESSURE_RULES],
            "workup_sources": [source_of(book(), id_, day) for id_ in WORKUP_RULES],
            "again_url": f"{self.request.path}?again=1",
            "decision_url": reverse("screening_decision", args=[self.kwargs["course"]]),
            "consent_url": reverse("consent", args=[self.kwargs["course"]]),
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Save the checklist."""
        assert isinstance(form, ScreeningForm), "the form of this page is the checklist"
        self.key = act.key
        return use_cases.record_screening(
            act,
            course=self.stream("course"),
            checklist=form.checklist,
            note=form.cleaned_data["note"],
            list_confirmed=form.cleaned_data["list_confirmed"],
        )

    def done_address(self, stream: StreamId) -> str:
        """Show what it came to, or go at once to the answer that somebody must act on."""
        alerting = [
            fact for fact in reading.course(stream).open_screening_risks if fact.history[0].key == self.key
        ]
        if alerting:
            messages.warning(self.request, "Act on the answer about suicide first; the screening is kept.")
            return reverse("risk", args=[reference_of(stream), alerting[0].seq])
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
            result=result(state) if state.screening else None,
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


def _group(question: Question) -> str:
    return question.group


def _asked(
    form: ScreeningForm, question: Question, day: date, medicines: tuple[Listed, ...]
) -> dict[str, Any]:
    """One question; `named` are the medicines of the list that it asks about."""
    name = f"answer_{question.key}"
    return {
        "field": form[name],
        "source": source_of(book(), question.rule, day),
        "named": [
            each.medicine.name for each in medicines if question.key in {of.question for of in each.classes}
        ],
        "is_open": form.is_bound and not form.is_growing and name in form.open_names,
    }


def _test(form: ScreeningForm, key: str) -> dict[str, Any]:
    name = f"workup_result_{key}"
    return {
        "result": form[name],
        "date": form[f"workup_date_{key}"],
        "is_open": form.is_bound and not form.is_growing and name in form.open_names,
    }


urlpatterns = [
    path("courses/<uuid:course>/screening/", ScreeningPage.as_view(), name="screening"),
    path(
        "courses/<uuid:course>/screening/decision/",
        ScreeningDecisionPage.as_view(),
        name="screening_decision",
    ),
]
