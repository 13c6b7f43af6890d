"""What pages about one visit share: whose it is, where it stands, what comes next, reasons for going on."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse

from evenkeel.journey.custody.waste import accounting_issues
from evenkeel.journey.policy import Action, may
from evenkeel.journey.rules import book, clinic_day, clinic_time
from evenkeel.record.entry import Role
from evenkeel.record.patients import PatientState
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitPhase, VisitState
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.issues import UnableTo
from evenkeel.web import pages
from evenkeel.web.banner import banner
from evenkeel.web.pages import FormPage, Page
from evenkeel.web.verdicts import PREFIX, add_override_fields

# A phase as its mark says it, and the mark's tone.
PHASE_MARKS: Final[dict[VisitPhase, tuple[str, str]]] = {
    "booked": ("booked", "neutral"),
    "awaiting_prescriber": ("waits for prescriber", "medium"),
    "not_today": ("not today", "stopped"),
    "checked_in": ("checked in", "info"),
    "ordered": ("ordered", "info"),
    "drawn": ("drawn up", "info"),
    "double_checked": ("double-checked", "info"),
    "ready": ("ready to start", "due"),
    "running": ("running", "now"),
    "paused": ("paused", "paused"),
    "recovery": ("in recovery", "due"),
    "discharged": ("discharged", "ok"),
    "cancelled": ("cancelled", "stopped"),
}

# What is done next from where a visit stands: the page's route, what its button says, and who may.
NEXT_STEPS: Final[dict[VisitPhase, tuple[str, str, Action]]] = {
    "booked": ("check_in", "Check in", "checkin.record"),
    "awaiting_prescriber": ("check_in_decision", "Decide on the check-in", "checkin.decide"),
    "checked_in": ("order", "Write the order", "order.sign"),
    "ordered": ("draw", "Draw up", "dose.draw"),
    "drawn": ("double_check", "Double-check", "dose.double_check"),
    "double_checked": ("time_out", "Hold the time-out", "infusion.run"),
    "ready": ("start", "Start the infusion", "infusion.run"),
    "recovery": ("discharge", "Discharge", "discharge.sign"),
}

_STEPS: Final[tuple[tuple[str, tuple[VisitPhase, ...]], ...]] = (
    ("Check in", ("booked", "awaiting_prescriber", "not_today")),
    ("Order", ("checked_in",)),
    ("Draw up", ("ordered",)),
    ("Double-check", ("drawn",)),
    ("Time-out", ("double_checked",)),
    ("Infuse", ("ready", "running", "paused")),
    ("Recover", ("recovery",)),
    ("Discharge", ("discharged",)),
)


# Drug that is still in hand keeps these from going on, or waits for somebody though the visit is over.
_ACCOUNT_FIRST: Final[tuple[VisitPhase, ...]] = ("ordered", "recovery", "discharged", "cancelled")
_ACCOUNT: Final[tuple[str, str, Action]] = ("visit_waste", "Account for the drug", "custody.waste")


def next_step(state: VisitState, role: Role) -> dict[str, str] | None:
    """The one thing to do next, for who may do it: an address and words; None when there is none."""
    found = NEXT_STEPS.get(state.phase)
    if state.phase in _ACCOUNT_FIRST and accounting_issues(state):
        found = _ACCOUNT
    return _step(state, role, found)


def step_after(state: VisitState, role: Role) -> dict[str, str] | None:
    """What the visit waits for while its drug comes first: whoever insists on leaving leaves all the same."""
    found = NEXT_STEPS.get(state.phase)
    step = _step(state, role, found)
    return step if step != next_step(state, role) else None


def _step(state: VisitState, role: Role, found: tuple[str, str, Action] | None) -> dict[str, str] | None:
    if found is None or not may(role, found[2]):
        return None
    return {"url": reverse(found[0], args=[reference_of(state.stream)]), "words": found[1]}


def steps(state: VisitState) -> list[dict[str, str]]:
    """The stages of a visit for `status.stages`."""
    place = next((i for i, (_, phases) in enumerate(_STEPS) if state.phase in phases), None)
    if place is None:
        return []
    is_over = state.phase == "discharged"
    return [
        {
            "label": label,
            "state": "done" if i < place or is_over else "now" if i == place else "waiting",
        }
        for i, (label, _) in enumerate(_STEPS)
    ]


def dose_chip(state: VisitState) -> dict[str, str] | None:
    """What the banner says of the drug, or None before anything is ordered."""
    if state.order is None:
        return None
    dose = state.order.payload.dose
    words, tone = PHASE_MARKS[state.phase]
    return {
        "drug": "ketamine",
        "words": f"{dose.ordered.shown()} over {dose.duration}",
        "state": words,
        "tone": tone,
    }


class VisitPage(Page):
    """A page about one visit. The address names the visit, never the patient."""

    @property
    def visit(self) -> StreamId:
        """The visit that the address names."""
        return self.stream("visit")

    @property
    def state(self) -> VisitState:
        """The visit as it reads now; read anew each time, since a refused form may have found it moved."""
        return reading.visit(self.visit)

    def patient_of(self, state: VisitState) -> PatientState:
        """The patient whose visit it is."""
        return reading.patient(state.booking.payload.patient)

    def address(self, route: str) -> str:
        """Another page of this visit."""
        return reverse(route, args=[self.kwargs["visit"]])

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the visit: its reference, how far it goes, whose it is and where it stands."""
        state = self.state
        at = pages.now()
        return super().context(
            **{
                "visit": reference_of(state.stream),
                "seen": state.seq,
                "now": at,
                "today": clinic_day(at),
                "patient": banner(self.patient_of(state)),
                "dose": dose_chip(state),
                "phase": state.phase,
                "chart_url": self.address("chart"),
                **self.about(state),
                **extra,
            }
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """What else the page shows of the visit; subclasses add theirs."""
        return {}


class VisitForm(forms.Form):
    """A form that keeps the reasons which a person writes to go on in spite of a rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.data:
            rule = name.removeprefix(PREFIX)
            if name.startswith(PREFIX) and rule in book().by_id:
                self.fields[name] = forms.CharField(label=rule, required=False, widget=forms.Textarea)

    def ask_reasons(self, verdicts: tuple[Verdict, ...]) -> None:
        """Ask for a reason for every answer that somebody may go on in spite of."""
        add_override_fields(self, book(), verdicts)

    @property
    def reasons(self) -> list[forms.BoundField]:
        """The fields for reasons."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]


def typed_time(form: forms.Form) -> datetime:
    """When it happened by what was typed, in the clinic's zone; now, where no time was."""
    typed: datetime | None = getattr(form, "cleaned_data", {}).get("happened_at")
    return clinic_time(typed) if typed is not None else pages.now()


class VisitFormPage(VisitPage, FormPage):
    """A page with a form about one visit; after it is saved comes the chart."""

    form_class: ClassVar[type[forms.Form]] = VisitForm

    def done_address(self, stream: StreamId) -> str:
        """Go to the chart."""
        return self.address("chart")

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of what was typed, to ask for reasons; nothing unless a subclass says."""
        return ()

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponse:
        """Show the form again, with a place for every reason that was asked for."""
        if isinstance(form, VisitForm):
            form.ask_reasons(self.verdicts_on(form))
        return super().refuse(form, refusal)
