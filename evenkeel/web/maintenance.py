"""The maintenance plan: an interval among options that say how well they are founded, and the next date."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.urls import path, reverse

from evenkeel.clinical import maintenance as rules
from evenkeel.journey import maintenance as use_cases
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.courses import CourseState
from evenkeel.record.verdict import Verdict
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Days
from evenkeel.web import pages
from evenkeel.web.about import OfCourse
from evenkeel.web.fields import TRI, QuantityField, TriField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.verdicts import BASIS_WORDS, add_override_fields, findings, overrides_of

OTHER: Final = "other"
TRI_WORDS: Final = dict(TRI)
# What is written in the plan's own words.
WORDS: Final = ("goals", "return_signs", "psychotherapy", "prescriber_contact", "support_contact")


class MaintenanceForm(forms.Form):
    """The plan. A rule that objects to it gets a field for the reason to go on."""

    chosen = forms.ChoiceField(label="Interval", widget=forms.RadioSelect)
    interval = QuantityField(Days, required=False, label="Another interval")
    next_due_date = forms.DateField(label="Next infusion is due on", widget=forms.DateInput)
    goals = forms.CharField(label="Goals", required=False, max_length=1000, widget=forms.Textarea)
    return_signs = forms.CharField(
        label="Signs that it comes back",
        help_text="What the patient and those around them would notice first.",
        required=False,
        max_length=1000,
        widget=forms.Textarea,
    )
    craving = TriField(
        label="Does the patient crave the next infusion?",
        help_text="Craving holds an infusion; it never brings one forward.",
    )
    psychotherapy = forms.CharField(label="Psychotherapy", required=False, max_length=300)
    talk_after = QuantityField(
        Days,
        label="Each infusion is talked through after",
        help_text="A proposal: one to two days after it.",
        required=False,
    )
    prescriber_contact = forms.CharField(
        label="Prescriber to call", help_text="Name and telephone number.", required=False, max_length=300
    )
    support_contact = forms.CharField(
        label="Who stands by", help_text="Name and telephone number.", required=False, max_length=300
    )
    ends_date = forms.DateField(
        label="The plan leads to an end on",
        help_text="Leave empty while no end is planned. Towards an end the intervals only grow.",
        required=False,
        widget=forms.DateInput,
    )

    def __init__(self, *args: Any, course: CourseState, **kwargs: Any) -> None:
        """Offer the intervals, and ask the rules about what was typed so far."""
        super().__init__(*args, **kwargs)
        self.options = rules.suggest_interval(book(), course, on=clinic_day(pages.now()))
        field = self.fields["chosen"]
        assert isinstance(field, forms.ChoiceField), "the interval is one of several"
        field.choices = [
            *((option.interval.number, f"Every {option.interval}") for option in self.options),
            (OTHER, "Another interval"),
        ]
        self.verdicts = self._asked(course)
        add_override_fields(self, book(), self.verdicts)

    def _asked(self, course: CourseState) -> tuple[Verdict, ...]:
        """What the rules say to the interval and the date, once both can be read."""
        plan = self._plan() if course.infusions else None
        if plan is None or plan.interval.value == 0:
            return ()
        return rules.assess_plan(book(), course, plan, on=clinic_day(pages.now()))

    def _plan(self) -> rules.LongTermPlan | None:
        """The plan as far as it can be read; None without an interval and a date."""
        interval, next_due = self._typed_interval(), self._typed("next_due_date")
        if interval is None or not isinstance(next_due, date):
            return None
        talk_after, ends, craving = (self._typed(name) for name in ("talk_after", "ends_date", "craving"))
        words = {name: str(self._typed(name) or "") for name in WORDS}
        return rules.LongTermPlan(
            interval=interval,
            next_due_date=next_due,
            talk_after=talk_after if isinstance(talk_after, Days) else None,
            ends_date=ends if isinstance(ends, date) else None,
            craving="unknown" if craving not in ("yes", "no") else craving,
            **words,
        )

    @property
    def plan(self) -> rules.LongTermPlan:
        """The plan of a valid form."""
        plan = self._plan()
        assert plan is not None, "a valid form has an interval and a date"
        return plan

    def _typed_interval(self) -> Days | None:
        chosen = self._typed("chosen")
        typed = self._typed("interval") if chosen == OTHER else chosen
        if isinstance(typed, str) and typed:
            return Days.of(typed)
        return typed if isinstance(typed, Days) else None

    def _typed(self, name: str) -> object:
        if not self.is_bound:
            return None
        try:
            found: object = self.fields[name].clean(self.data.get(name))
        except ValidationError:
            return None
        return found

    def clean(self) -> dict[str, Any]:
        """Another interval is written out."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_other = cleaned.get("chosen") == OTHER
        if is_other and cleaned.get("interval") is None and "interval" not in self.errors:
            self.add_error("interval", "Another interval: write how many days.")
        return cleaned

    @property
    def override_fields(self) -> list[forms.BoundField]:
        """The reasons, one for every rule that asks for one."""
        return [self[name] for name in self.fields if name.startswith("override_")]


class MaintenancePage(OfCourse):
    """The plan that stands, and the form that makes or replaces it."""

    action = "patient.read"
    post_action = "maintenance.plan"
    template = "maintenance/plan.html.jinja"
    form_class = MaintenanceForm
    done_sentence = "The maintenance plan is saved."

    def form_arguments(self) -> dict[str, Any]:
        """The course decides which intervals are offered; the words of the plan that stands are kept."""
        plan = self.course.maintenance
        if plan is None:
            return {"course": self.course}
        said = plan.payload
        initial: dict[str, Any] = {name: getattr(said, name) for name in WORDS}
        initial["talk_after"] = said.talk_after.number if said.talk_after else None
        return {"course": self.course, "initial": initial | {"ends_date": said.ends_date}}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the options with what they are founded on, and what the rules say to what was typed."""
        state = self.course
        extra = super().context(**extra)
        form: MaintenanceForm = extra["form"]
        last = state.infusions[-1].payload.started_at if state.infusions else None
        found = findings(book(), form.verdicts)
        plan = state.maintenance
        return extra | {
            "hints": {
                option.interval.number: _why(option, last and clinic_day(last)) for option in form.options
            },
            "last_infusion": last,
            "asking": [each for each in found if each["outcome"] != "clear"],
            "clear": [each for each in found if each["outcome"] == "clear"],
            "may_plan": may(self.author.role, "maintenance.plan"),
            "has_infusion": last is not None,
            "plan": plan_shown(state),
            "relapse": _relapse(state),
            "sheet_url": reverse("maintenance_sheet_pdf", args=[self.kwargs["course"]])
            if plan and may(self.author.role, "record.print")
            else None,
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Make the plan."""
        assert isinstance(form, MaintenanceForm), "the form of this page is the plan"
        return use_cases.plan_maintenance(
            act, course=self.stream("course"), plan=form.plan, overrides=overrides_of(form)
        )


def plan_shown(state: CourseState) -> dict[str, Any] | None:
    """The plan that stands as rows, and by whom it was made; None without one."""
    plan = state.maintenance
    if plan is None:
        return None
    said = plan.payload
    rows = [
        ("Interval", str(said.interval)),
        ("Next due", clinic_date(said.next_due_date)),
        ("Goals", said.goals or None),
        ("Signs that it comes back", said.return_signs or None),
        ("Craving", TRI_WORDS[said.craving]),
        ("Psychotherapy", said.psychotherapy or None),
        ("Talked through", rules.days_later(said.talk_after) if said.talk_after else None),
        ("Prescriber to call", said.prescriber_contact or None),
        ("Who stands by", said.support_contact or None),
        ("Leads to an end", _end_words(state) or "No end is planned yet"),
    ]
    shown = [{"key": key, "value": value} for key, value in rows]
    return {"rows": shown, "by": plan.by.printed_name, "at": plan.at}


def _end_words(state: CourseState) -> str | None:
    """The dates of a plan that leads to an end, and the end."""
    dates = rules.planned_dates(book(), state)
    plan = state.maintenance
    if plan is None or plan.payload.ends_date is None:
        return None
    days = ", ".join(clinic_date(each) for each in dates) or "none"
    return f"on {clinic_date(plan.payload.ends_date)}; infusions until then: {days}"


def _relapse(state: CourseState) -> dict[str, Any] | None:
    """What the scores say about a return of the illness, where a response was judged or a plan stands."""
    if state.response is None and state.maintenance is None:
        return None
    verdict = rules.assess_relapse(book(), state, on=clinic_day(pages.now()))
    return findings(book(), [verdict])[0]


def _why(option: rules.IntervalOption, last: date | None) -> str:
    """Why an interval is offered, what it is founded on, and the day that it leads to."""
    words = [option.why]
    if option.is_next_step:
        words.append("The usual next step.")
    if last is not None:
        due = last + timedelta(days=int(option.interval.value))
        words.append(f"Counted from the last infusion, that is {clinic_date(due)}.")
    words.append(f"Basis: {BASIS_WORDS[option.basis]}.")
    return " ".join(words)


urlpatterns = [
    path("courses/<uuid:course>/maintenance/", MaintenancePage.as_view(), name="maintenance"),
]
