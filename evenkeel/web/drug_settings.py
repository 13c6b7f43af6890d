"""How the clinic uses vials, and whether one person may waste alone."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.settings import VIAL_HOURS_MAX, change_drug_settings
from evenkeel.store.queries import settings
from evenkeel.values.ids import StreamId
from evenkeel.web.fields import WholeField
from evenkeel.web.pages import FormPage

REUSE_WORDS = {"single_patient": "One patient only", "multi_dose": "Several patients, within its time"}


def drug_choices() -> list[dict[str, Any]]:
    """What is chosen now, for the settings page."""
    now = settings.current()
    return [
        {"key": "An opened vial serves", "value": REUSE_WORDS[now.vial_reuse].lower()},
        {"key": "It may be drawn from for", "value": f"{now.vial_hours} h"},
        {"key": "One person may waste alone", "value": "yes, with a reason" if now.may_waste_alone else "no"},
    ]


class DrugSettingsForm(forms.Form):
    """What a clinic chooses for its drug."""

    vial_reuse = forms.ChoiceField(
        label="An opened vial serves", choices=list(REUSE_WORDS.items()), widget=forms.RadioSelect
    )
    vial_hours = WholeField(
        label="It may be drawn from for",
        lowest=1,
        highest=VIAL_HOURS_MAX,
        help_text="After this the rest is wasted. Ask a pharmacist; 6 hours and 28 days are proposals.",
    )
    may_waste_alone = forms.TypedChoiceField(
        label="May one person waste drug alone?",
        choices=[("no", "No, always two"), ("yes", "Yes, with a reason each time")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="A second person who authenticates is the usual safeguard against diversion.",
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class DrugSettingsPage(FormPage):
    """Look at what is chosen and change it."""

    action = "settings.change"
    template = "settings/drug.html.jinja"
    form_class = DrugSettingsForm
    done_sentence = "The settings are changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what is set."""
        now = settings.current()
        return {
            "initial": {
                "vial_reuse": now.vial_reuse,
                "vial_hours": str(now.vial_hours),
                "may_waste_alone": "yes" if now.may_waste_alone else "no",
            }
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Change it."""
        return change_drug_settings(act, **form.cleaned_data)

    def done_address(self, stream: StreamId) -> str:
        """All the settings."""
        return reverse("settings")


urlpatterns = [path("settings/drug/", DrugSettingsPage.as_view(), name="drug_settings")]
