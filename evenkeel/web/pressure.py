"""The page on which somebody decides what to do about a high pressure, beside what rise is usual."""

from typing import Any

from django import forms
from django.urls import path

from evenkeel.clinical.infusion import CHOICES, latest_pressure
from evenkeel.journey import pressure
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import book
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import people
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.web import pages, pressure_view
from evenkeel.web.chairside import VisitForm
from evenkeel.web.fields import HappenedAtField, TriField
from evenkeel.web.infusion import EntryPage


class PressureForm(VisitForm):
    """What was looked for, what was decided, and by whom."""

    symptoms = TriField(
        label="Chest pain, bad headache, or trouble seeing, speaking or moving?",
        help_text="Look at the patient and ask, before anything is decided.",
    )
    choice = forms.ChoiceField(
        label="Decision",
        choices=list(CHOICES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Decision: choose one."},
    )
    decided_by = forms.ChoiceField(label="Decided by")
    read_back = forms.BooleanField(label="A spoken decision was read back to them", required=False)
    note = forms.CharField(label="Note", max_length=1000, required=False, widget=forms.Textarea)
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, me: ClinicianId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(person.id, f"{person.printed_name} (me)") for person in people.every() if person.id == me]
        others = [
            (person.id, person.printed_name) for person in people.every("prescriber") if person.id != me
        ]
        choice: Any = self.fields["decided_by"]
        choice.choices = [("", "Choose"), *own, *others]


class PressurePage(EntryPage):
    """Watch, hold or treat: a person's choice, written down."""

    action = "infusion.run"
    template = "infusion/pressure.html.jinja"
    form_class = PressureForm
    heading = "Decide on the pressure"
    done_sentence = "The decision is recorded."

    def form_arguments(self) -> dict[str, Any]:
        """Who writes stands first among those who may have decided."""
        return {"me": self.author.id}

    def hint(self) -> str | None:
        """The reading that is decided on."""
        last = latest_pressure(self.state, pages.now())
        return pressure_view.reading_words(last) if last else "No pressure is charted yet."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        cleaned = form.cleaned_data
        return pressure.decide_on_pressure(
            act,
            visit=self.visit,
            choice=cleaned["choice"],
            symptoms=cleaned["symptoms"],
            decided_by=ClinicianId(cleaned["decided_by"]),
            read_back=cleaned["read_back"],
            note=cleaned["note"].strip(),
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add what rise is usual, and the rule about watching."""
        return {
            "rises": pressure_view.rises(book()),
            "rule": pressure_view.watching_rule(book(), pages.now()),
        }


urlpatterns = [path("visits/<uuid:visit>/pressure/", PressurePage.as_view(), name="pressure")]
