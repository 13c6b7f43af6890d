"""The page on which a call to a patient who left against advice is written down."""

from typing import Any

from django import forms
from django.urls import path

from evenkeel.journey import discharge
from evenkeel.journey.acting import Act
from evenkeel.values.ids import StreamId
from evenkeel.web.chairside import VisitForm
from evenkeel.web.fields import HappenedAtField
from evenkeel.web.infusion import EntryPage
from evenkeel.web.jinja import clinic_datetime

REACHED = (("yes", "Yes"), ("no", "No, somebody tries again"))


class CallForm(VisitForm):
    """Whether they were reached, and how they are."""

    reached = forms.ChoiceField(
        label="Was the patient reached?",
        choices=REACHED,
        widget=forms.RadioSelect,
        error_messages={"required": "Was the patient reached? Choose one."},
    )
    note = forms.CharField(
        label="Note",
        max_length=1000,
        widget=forms.Textarea,
        help_text="How they are, who is with them, what was agreed.",
    )
    happened_at = HappenedAtField()


class CallPage(EntryPage):
    """A call that was agreed when the patient left."""

    action = "infusion.chart"
    form_class = CallForm
    heading = "Call the patient"
    done_sentence = "The call is recorded."

    def hint(self) -> str | None:
        """Whom to call, and for when it was agreed."""
        state = self.state
        signed = state.discharge.payload if state.discharge else None
        if signed is None or signed.seen_to is None:
            return "This patient did not leave against advice; no call was agreed."
        phone = self.patient_of(state).demographics.phone
        due = f"Agreed for {clinic_datetime(signed.seen_to.call_at)}. " if signed.seen_to.call_at else ""
        with_them = (
            f" Left with {signed.received_by}, {signed.received_by_phone}." if signed.received_by else ""
        )
        return f"{due}Telephone {phone or 'not recorded'}.{with_them}"

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        cleaned: dict[str, Any] = form.cleaned_data
        return discharge.record_call(
            act, visit=self.visit, reached=cleaned["reached"] == "yes", note=cleaned["note"].strip()
        )


urlpatterns = [path("visits/<uuid:visit>/call/", CallPage.as_view(), name="call")]
