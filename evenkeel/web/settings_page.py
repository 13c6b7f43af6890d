"""The clinic's own choices: what is set, who changed it and why."""

from typing import Any

from django import forms
from django.conf import settings as deployment
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.settings import (
    CLINIC_NAME_CHARACTERS_MAX,
    CLINIC_PHONE_CHARACTERS_MAX,
    change_settings,
)
from evenkeel.store.queries import settings
from evenkeel.values.ids import StreamId
from evenkeel.web.drug_settings import REUSE_WORDS, drug_choices
from evenkeel.web.pages import FormPage

WORDS = {
    "clinic_name": "Clinic name",
    "clinic_phone": "Clinic telephone",
    "predicted_level_shown": "Predicted level shown",
    "vial_reuse": "An opened vial serves",
    "vial_hours": "Hours that it may be drawn from",
    "may_waste_alone": "One person may waste alone",
    "devices_confirmed_per_visit": "Devices confirmed for each visit",
    "samples_full_days": "Days for which samples are kept whole",
}


class SettingsForm(forms.Form):
    """What a clinic chooses for itself."""

    clinic_name = forms.CharField(
        label="Clinic name",
        max_length=CLINIC_NAME_CHARACTERS_MAX,
        help_text="It stands in the head of every page and on every paper.",
    )
    clinic_phone = forms.CharField(
        label="Clinic telephone",
        max_length=CLINIC_PHONE_CHARACTERS_MAX,
        required=False,
        help_text="Patients find it on the sheet that they take home. It should be answered day and night.",
    )
    predicted_level_shown = forms.TypedChoiceField(
        label="Show the predicted ketamine level on the infusion chart",
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text="It is an estimate from a published model and is marked as one. Doses never follow it.",
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class SettingsPage(FormPage):
    """Look at the choices; a lead changes them."""

    action = "settings.read"
    post_action = "settings.change"
    template = "settings/page.html.jinja"
    form_class = SettingsForm
    done_sentence = "The settings are changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what is set."""
        now = settings.current()
        shown = "yes" if now.predicted_level_shown else "no"
        return {
            "initial": {
                "clinic_name": now.clinic_name,
                "clinic_phone": now.clinic_phone,
                "predicted_level_shown": shown,
            }
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Call the use case."""
        return change_settings(act, **form.cleaned_data)

    def done_address(self, stream: StreamId) -> str:
        """The same page."""
        return reverse("settings")

    def context(self, **extra: Any) -> dict[str, Any]:
        """What is set here, what the deployment sets, and the history."""
        now = settings.current()
        return super().context(
            may_change=may(self.author.role, "settings.change"),
            chosen=[
                {"key": "Clinic name", "value": now.clinic_name},
                {"key": "Clinic telephone", "value": now.clinic_phone or None},
                {"key": "Predicted level shown", "value": "yes" if now.predicted_level_shown else "no"},
            ],
            drug=drug_choices(),
            deployed=[
                {"key": "Kind of clinic", "value": "demo, made-up people" if deployment.DEMO else "real"},
                {"key": "Time zone", "value": deployment.TIME_ZONE},
                {
                    "key": "Signed out after",
                    "value": f"{deployment.IDLE_LOGOFF_MINUTES} min without activity",
                },
                {"key": "Monitors connect to port", "value": str(deployment.MLLP_PORT)},
            ],
            changes=[
                {
                    "at": each.at,
                    "by": each.by_name,
                    "what": f"{WORDS[each.row]}: {_shown(each.before)} → {_shown(each.after)}",
                    "reason": each.reason,
                }
                for each in settings.changes(settings.TABLE)
            ],
            **extra,
        )


def _shown(values: dict[str, Any]) -> str:
    value = next(iter(values.values()))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return REUSE_WORDS.get(value, str(value))


urlpatterns = [path("settings/", SettingsPage.as_view(), name="settings")]
