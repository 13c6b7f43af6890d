"""Pages on which a person says which monitor and which pump are on a patient, or where the patient sits."""

from typing import Any

from django import forms
from django.urls import path

from evenkeel.journey import associations
from evenkeel.journey.acting import Act
from evenkeel.store.rows import chairs
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.web.chairside import VisitForm
from evenkeel.web.devices_view import INSTRUMENTS, device_words
from evenkeel.web.fields import HappenedAtField
from evenkeel.web.infusion import EntryPage

_INSTRUMENTS = [(instrument, instrument.capitalize()) for instrument in INSTRUMENTS]


class OnPatientForm(VisitForm):
    """Which device is on the patient, and since when."""

    device = forms.ChoiceField(label="On this patient now")
    other = forms.CharField(
        label="Another device, by the id that it sends",
        required=False,
        max_length=100,
        help_text="Only if it stands at no chair of the list.",
    )
    instrument = forms.ChoiceField(
        label="What the other one is", choices=_INSTRUMENTS, widget=forms.RadioSelect, initial="monitor"
    )
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choose, or name another below")]
        for chair in chairs():
            for instrument, words in _INSTRUMENTS:
                device = chair.monitor if instrument == "monitor" else chair.pump
                if device:
                    choices.append((f"{instrument}/{device}", f"{words} {device}, of {chair.name}"))
        self.fields["device"] = forms.ChoiceField(
            label="On this patient now", choices=choices, required=False
        )
        self.order_fields(["device", "other", "instrument", "happened_at"])


class TakenOffForm(VisitForm):
    """Which device is on the patient no longer, and why."""

    instrument = forms.ChoiceField(
        label="Taken off", choices=_INSTRUMENTS, widget=forms.RadioSelect, initial="monitor"
    )
    reason = forms.CharField(label="Reason", max_length=300)
    happened_at = HappenedAtField()


class MoveForm(VisitForm):
    """The chair that the patient moves to, and why."""

    chair = forms.ChoiceField(label="To")
    reason = forms.CharField(label="Reason", max_length=300)
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].choices = [(chair.id, chair.name) for chair in chairs()]  # type: ignore[attr-defined]


class DevicePage(EntryPage):
    """A page about the devices of a visit; it says what is taken for the patient's now."""

    action = "infusion.chart"
    needs_seen = True

    def hint(self) -> str | None:
        """What is on the patient now."""
        return device_words(self.state)


class OnPatientPage(DevicePage):
    """Say that a device is on this patient."""

    template = "devices/on_patient.html.jinja"
    form_class = OnPatientForm
    heading = "Monitor and pump of this patient"
    button = "It is on this patient"
    done_sentence = "It is written down. What it measures from now on is this patient's."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Put it on the patient."""
        chosen, other = form.cleaned_data["device"], form.cleaned_data["other"]
        instrument, _, device = chosen.partition("/")
        if other or not chosen:
            instrument, device = form.cleaned_data["instrument"], other
        return associations.associate(act, visit=self.visit, instrument=instrument, device=device)


class TakenOffPage(DevicePage):
    """Say that a device is on this patient no longer."""

    form_class = TakenOffForm
    heading = "Take a device off this patient"
    button = "It is off"
    done_sentence = "It is written down. What it measures from now on is not this patient's."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take it off."""
        cleaned = form.cleaned_data
        return associations.release(
            act, visit=self.visit, instrument=cleaned["instrument"], reason=cleaned["reason"]
        )


class MovePage(DevicePage):
    """Say that the patient sits in another chair."""

    form_class = MoveForm
    heading = "Move to another chair"
    button = "The patient sits there"
    done_sentence = "The patient's chair is changed."

    def hint(self) -> str | None:
        """What goes with the patient, and what does not."""
        return (
            f"{device_words(self.state)} What a person confirmed for this patient goes with them; "
            "what only stands at the chair stays there."
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Move."""
        cleaned = form.cleaned_data
        return associations.move_patient(
            act, visit=self.visit, chair=ChairId(cleaned["chair"]), reason=cleaned["reason"]
        )


urlpatterns = [
    path("visits/<uuid:visit>/devices/", OnPatientPage.as_view(), name="visit_devices"),
    path("visits/<uuid:visit>/devices/off/", TakenOffPage.as_view(), name="visit_device_off"),
    path("visits/<uuid:visit>/move/", MovePage.as_view(), name="visit_move"),
]
