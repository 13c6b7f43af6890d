"""The clinic's chairs and the monitors beside them; the lead adds a chair."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.chairs import NAME_LETTERS_MAX, add_chair
from evenkeel.journey.policy import may
from evenkeel.store import rows
from evenkeel.values.ids import StreamId
from evenkeel.web.pages import FormPage


class ChairForm(forms.Form):
    """A new chair."""

    name = forms.CharField(
        label="Name", max_length=NAME_LETTERS_MAX, help_text="As it stands on the board, such as Chair 7."
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class ChairsPage(FormPage):
    """Every chair in its order, with the monitor that stands beside it."""

    action = "settings.read"
    post_action = "settings.change"
    template = "chairs/list.html.jinja"
    form_class = ChairForm
    done_sentence = "The chair is added. Assign its monitor next."

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the chairs."""
        role = self.author.role
        return super().context(
            chairs=[{"name": chair.name, "monitor": chair.monitor} for chair in rows.chairs()],
            may_add=may(role, "settings.change"),
            monitors_url=reverse("monitors") if may(role, "devices.read") else None,
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Add the chair."""
        return add_chair(act, name=form.cleaned_data["name"], reason=form.cleaned_data["reason"])

    def done_address(self, stream: StreamId) -> str:
        """The same page."""
        return reverse("chairs")


urlpatterns = [path("settings/chairs/", ChairsPage.as_view(), name="chairs")]
