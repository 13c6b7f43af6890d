"""The plan of a series: how many infusions, how often, with which dose, and what the rules say to it."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.urls import path, reverse

from evenkeel.clinical.screening import INDICATIONS
from evenkeel.clinical.series import exposure
from evenkeel.clinical.stock import PROTOCOLS, Protocol
from evenkeel.journey import series as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.journey.series import INFUSIONS_MAX, PER_WEEK_MAX
from evenkeel.record.courses import CourseState
from evenkeel.record.verdict import Verdict
from evenkeel.store.queries import history, visits
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.fields import DosesField, WholeField
from evenkeel.web.series_view import plan_words, visit_row
from evenkeel.web.verdicts import PREFIX, add_override_fields, findings, overrides_of

# What the planning form starts from: six infusions, twice a week (Singh 2016, Murrough 2013).
INFUSIONS: Final = 6
PER_WEEK: Final = 2


class SeriesForm(forms.Form):
    """How many infusions, how often, from when; for a prescriber also the doses to start from."""

    purpose = forms.ChoiceField(
        label="Purpose",
        choices=[("induction", "First series"), ("maintenance", "Maintenance")],
        widget=forms.RadioSelect,
    )
    infusions = WholeField(lowest=1, highest=INFUSIONS_MAX, label="Infusions")
    per_week = WholeField(lowest=1, highest=PER_WEEK_MAX, label="Infusions in a week")
    first_date = forms.DateField(label="First infusion on or after", widget=forms.DateInput)
    protocol = forms.ChoiceField(label="Protocol", required=False)
    per_weight = DosesField(
        label="Planned dose",
        help_text="In mg/kg: one number for every infusion, or one for each in order, as in 0.5 0.5 0.75. "
        "Every dose is still ordered and signed on its day.",
        required=False,
        max_length=200,
    )

    def __init__(self, *args: Any, family: str | None, course: CourseState, **kwargs: Any) -> None:
        """Offer the protocols of a family; without one no dose is planned here, and no rule is answered."""
        super().__init__(*args, **kwargs)
        self.verdicts = self._asked(course)
        if family is None:
            del self.fields["protocol"], self.fields["per_weight"]
            return
        field = self.fields["protocol"]
        assert isinstance(field, forms.ChoiceField), "a protocol is one of several"
        fitting = [each for each in PROTOCOLS.values() if each.family == family]
        field.choices = [("", "No dose planned"), *((each.key, _protocol_words(each)) for each in fitting)]
        add_override_fields(self, book(), self.verdicts)

    def _asked(self, course: CourseState) -> tuple[Verdict, ...]:
        """What the rules say to the numbers, once both can be read."""
        try:
            numbers = [self.fields[name].clean(self.data.get(name)) for name in ("infusions", "per_week")]
        except ValidationError:
            return ()
        today = clinic_day(pages.now())
        return use_cases.propose_series(course, infusions=numbers[0], per_week=numbers[1], on=today)

    @property
    def plan(self) -> dict[str, Any]:
        """What was typed, without the reasons."""
        return {name: value for name, value in self.cleaned_data.items() if not name.startswith(PREFIX)}

    @property
    def override_fields(self) -> list[forms.BoundField]:
        """The reasons, one for every rule that asks for one."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def clean_protocol(self) -> str | None:
        """Nothing chosen is no protocol."""
        return self.cleaned_data["protocol"] or None


def _protocol_words(protocol: Protocol) -> str:
    return f"{protocol.label}: {protocol.per_weight} over {protocol.duration}"


class SeriesPage(OfCourse):
    """The plan, the visits that are booked, and what is left to book."""

    action = "patient.read"
    post_action = "series.plan"
    template = "series/series.html.jinja"
    form_class = SeriesForm
    done_sentence = "The series is planned. Now book its visits."

    @property
    def plans_doses(self) -> bool:
        """Whether this person may plan the doses too."""
        return may(self.author.role, "order.sign")

    def form_arguments(self) -> dict[str, Any]:
        """Start from the usual rhythm; a course that has had its series is planned for maintenance."""
        purpose = "maintenance" if self.course.maintenance else "induction"
        tomorrow = clinic_day(pages.now()) + timedelta(days=1)
        initial = {
            "purpose": purpose,
            "infusions": INFUSIONS,
            "per_week": PER_WEEK,
            "first_date": tomorrow,
        }
        if not self.plans_doses:
            return {"initial": initial, "family": None, "course": self.course}
        family = INDICATIONS[self.course.referral.indication].family
        doses = _planned_doses(self.course)
        return {"initial": initial | doses, "family": family, "course": self.course}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the plan, what the rules say to a new one, the visits, and what was given in a year."""
        state = self.course
        extra.setdefault("form", self.form_class(**self.form_arguments()))
        found = findings(book(), extra["form"].verdicts)
        may_plan = may(self.author.role, "series.plan") and state.stage != "ended"
        ready = state.is_screened_fit and state.consent is not None
        planned = state.series
        return super().context(
            plan=plan_words(state),
            rows=[visit_row(line) for line in visits.of_course(state.stream)],
            ready=ready,
            may_plan=may_plan,
            plans_doses=self.plans_doses,
            loses_doses=not self.plans_doses and planned is not None and bool(planned.payload.per_weight),
            may_book=may(self.author.role, "visit.book") and ready and planned is not None,
            shows_form=may_plan
            and ready
            and (planned is None or "again" in self.request.GET or extra["form"].is_bound),
            asking=[each for each in found if each["outcome"] != "clear"],
            clear=[each for each in found if each["outcome"] == "clear"],
            year=_year_words(state),
            again_url=f"{self.request.path}?again=1",
            book_url=reverse("book", args=[self.kwargs["course"]]),
            consent_url=reverse("consent", args=[self.kwargs["course"]]),
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Plan it."""
        assert isinstance(form, SeriesForm), "the form of this page is the plan"
        return use_cases.plan_series(
            act, course=self.stream("course"), **form.plan, overrides=overrides_of(form)
        )

    def done_address(self, stream: StreamId) -> str:
        """Go on to booking."""
        return reverse("book", args=[reference_of(stream)])


def _year_words(state: CourseState) -> str:
    """What the patient was given in the last year, over all courses."""
    today = clinic_day(pages.now())
    span = book().limits("SER-CUM-001", today).span
    courses = history.record_of(state.referral.patient).courses
    found = exposure([fact.payload for each in courses for fact in each.infusions], span, on=today)
    infusions = f"{found.infusions} infusion" + ("" if found.infusions == 1 else "s")
    return f"In the last {span}, over all courses: {infusions}, {found.given.shown()} in all."


def _planned_doses(state: CourseState) -> dict[str, Any]:
    """What the plan that stands says of doses, to start a new plan from."""
    if state.series is None:
        return {}
    plan = state.series.payload
    return {"protocol": plan.protocol, "per_weight": " ".join(dose.number for dose in plan.per_weight)}


urlpatterns = [
    path("courses/<uuid:course>/series/", SeriesPage.as_view(), name="series"),
]
