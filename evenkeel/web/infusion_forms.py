"""Forms of the infusion: one for each thing that is charted or done at the pump."""

from typing import Any, Final

from django import forms

from evenkeel.clinical.infusion import EVENTS, GRADES
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.values.quantities import Breaths, FlowRate, Pressure, Pulse, Saturation, Volume
from evenkeel.web.chairside import VisitForm
from evenkeel.web.fields import HappenedAtField, QuantityField, WholeField

REALLY: Final = "_really"

STOP_REASONS: Final = (
    ("completed", "Completed: the bag is empty"),
    ("adverse_event", "Adverse event"),
    ("patient_wish", "The patient wants to stop"),
    ("clinician_decision", "Clinician's decision"),
    ("other", "Something else"),
)


class SignsForm(VisitForm):
    """One check. Nothing is filled in; every sign may be left out."""

    systolic = QuantityField(Pressure, label="Systolic", required=False)
    diastolic = QuantityField(Pressure, label="Diastolic", required=False)
    pulse = QuantityField(Pulse, label="Pulse", required=False)
    spo2 = QuantityField(Saturation, label="SpO2", required=False)
    breaths = QuantityField(Breaths, label="Breathing", required=False)
    sedation = WholeField(label="Sedation 0–5", lowest=0, highest=5, required=False)
    dissociation = WholeField(label="Dissociation 0–10", lowest=0, highest=10, required=False)
    nausea = WholeField(label="Nausea 0–10", lowest=0, highest=10, required=False)
    pain = WholeField(label="Pain 0–10", lowest=0, highest=10, required=False)
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SIGN_NAMES:
            if f"{name}{REALLY}" in self.data:
                self.ask_again(name)

    def ask_again(self, name: str) -> None:
        """Ask whether a strange value is meant."""
        self.fields[f"{name}{REALLY}"] = forms.BooleanField(
            label=f"Yes, {self.data.get(name, '').strip()} is what was measured", required=False
        )

    def asked_again(self, name: str) -> forms.BoundField | None:
        """The tick that confirms a sign, where it was asked for."""
        field = f"{name}{REALLY}"
        return self[field] if field in self.fields else None

    @property
    def signs(self) -> Signs:
        """What was measured."""
        return Signs(**{name: self.cleaned_data.get(name) for name in SIGN_NAMES})

    @property
    def confirmed(self) -> tuple[str, ...]:
        """Signs that were said to be meant."""
        return tuple(name for name in SIGN_NAMES if self.cleaned_data.get(f"{name}{REALLY}"))


class StartForm(VisitForm):
    """Which pump runs, into which vein."""

    pump = forms.CharField(label="Pump", max_length=60, help_text="Its number or name.")
    cannula_site = forms.CharField(
        label="Cannula", max_length=100, help_text="Where, and which size: left forearm, 22 G."
    )
    happened_at = HappenedAtField()


class RateForm(VisitForm):
    """Another rate, and why."""

    rate = QuantityField(FlowRate, label="New rate")
    reason = forms.CharField(label="Why", max_length=300, required=False)
    happened_at = HappenedAtField()


class PauseForm(VisitForm):
    """Why the pump stands still; one tap sends it empty."""

    reason = forms.CharField(label="Why", max_length=300, required=False)
    happened_at = HappenedAtField()


class ResumeForm(VisitForm):
    """The rate at which the pump runs again."""

    rate = QuantityField(FlowRate, label="Rate")
    happened_at = HappenedAtField()


class StopForm(VisitForm):
    """Why the infusion is over; one tap sends the reason that the bag tells."""

    reason = forms.ChoiceField(label="Why", choices=STOP_REASONS, widget=forms.RadioSelect)
    pump_volume = QuantityField(
        Volume, label="Delivered, as the pump says", required=False, help_text="Read it before it is cleared."
    )
    note = forms.CharField(label="Note", max_length=1000, required=False, widget=forms.Textarea)
    happened_at = HappenedAtField()


class EventForm(VisitForm):
    """Something happened to the patient."""

    event = forms.ChoiceField(label="What", choices=tuple(EVENTS.items()), widget=forms.RadioSelect)
    grade = forms.TypedChoiceField(
        label="How bad (CTCAE)",
        choices=[("", "Not graded yet"), *((str(key), f"{key}, {words}") for key, words in GRADES.items())],
        coerce=int,
        empty_value=None,
        required=False,
    )
    note = forms.CharField(label="Note", max_length=1000, required=False, widget=forms.Textarea)
    happened_at = HappenedAtField()


class NoteForm(VisitForm):
    """Free words."""

    text = forms.CharField(label="Note", max_length=4000, widget=forms.Textarea)
    happened_at = HappenedAtField()
