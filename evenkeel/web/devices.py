"""Monitors and pumps beside chairs: which stands where, and how the clinic wants what they send handled."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.journey import monitors
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.settings import FULL_DAYS_MAX, FULL_DAYS_MIN, change_device_settings
from evenkeel.store.queries import monitors as queries
from evenkeel.store.queries import settings
from evenkeel.store.rows import chairs
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.web import pages
from evenkeel.web.fields import HappenedAtField, WholeField
from evenkeel.web.jinja import since
from evenkeel.web.pages import FormPage


class MonitorForm(forms.Form):
    """Which monitor, or pump, stands beside which chair."""

    chair = forms.ChoiceField(label="Chair")
    instrument = forms.ChoiceField(
        label="What it is",
        choices=[("monitor", "Monitor"), ("pump", "Pump")],
        widget=forms.RadioSelect,
        required=False,
        initial="monitor",
    )
    monitor = forms.CharField(
        label="Device",
        max_length=monitors.MONITOR_LETTERS_MAX,
        required=False,
        help_text="The device id that it sends. Empty: none stands there.",
    )
    happened_at = HappenedAtField(
        label="Since", help_text="What it measured before is nobody's. Leave it empty for now."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].choices = [(chair.id, chair.name) for chair in chairs()]  # type: ignore[attr-defined]


class MonitorsPage(FormPage):
    """Every chair with its monitor and pump, and a form to move one."""

    action = "devices.read"
    post_action = "monitor.assign"
    template = "devices/monitors.html.jinja"
    form_class = MonitorForm
    done_sentence = "It is assigned."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Assign."""
        chair, device = ChairId(form.cleaned_data["chair"]), form.cleaned_data["monitor"]
        if form.cleaned_data["instrument"] == "pump":
            return monitors.assign_pump(act, chair=chair, pump=device)
        return monitors.assign_monitor(act, chair=chair, monitor=device)

    def done_address(self, stream: StreamId) -> str:
        """Stay here."""
        return reverse("monitors")

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add every chair with its devices, when each monitor was last heard for a visit, and the policy."""
        at, now, thinned = pages.now(), settings.current(), queries.thinned()
        of_all = f"{thinned.kept} of {thinned.before} values are kept"
        return super().context(
            **{
                "rows": [
                    [
                        line.name,
                        line.monitor or "none",
                        since(line.heard_at, at) if line.heard_at else "never",
                        line.pump or "none",
                    ]
                    for line in queries.monitor_lines()
                ],
                "can_assign": may(self.author.role, "monitor.assign"),
                "can_manage_gateways": may(self.author.role, "gateways.manage"),
                "can_choose": may(self.author.role, "settings.change"),
                "policy": [
                    {
                        "key": "Whose values are",
                        "value": "only with a person's word for each visit"
                        if now.devices_confirmed_per_visit
                        else "the patient's at the chair, unless a person said otherwise",
                    },
                    {"key": "Samples are kept whole for", "value": f"{now.samples_full_days} days"},
                    {
                        "key": "Thinned so far",
                        "value": f"{thinned.visits} visits: {of_all}",
                    },
                ],
                **extra,
            }
        )


class DeviceSettingsForm(forms.Form):
    """How what devices send is handled."""

    confirmed_per_visit = forms.TypedChoiceField(
        label="Values are charted to a visit",
        choices=[
            ("no", "from the devices that stand at the patient's chair"),
            ("yes", "only from devices that a person has confirmed to be on the patient"),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    full_days = WholeField(
        label="Days for which every value of a monitor is kept",
        lowest=FULL_DAYS_MIN,
        highest=FULL_DAYS_MAX,
        help_text="After that the lowest, the highest and the last value of each minute stay. "
        "What was charted, and what led to an alert, always stays.",
    )
    reason = forms.CharField(label="Reason", max_length=300, help_text="It stands in the change log.")


class DeviceSettingsPage(FormPage):
    """The lead chooses; everybody who reads devices may see what is chosen on the page before."""

    action = "settings.change"
    template = "devices/settings.html.jinja"
    form_class = DeviceSettingsForm
    done_sentence = "The settings are changed."

    def form_arguments(self) -> dict[str, Any]:
        """Start from what is set."""
        now = settings.current()
        return {
            "initial": {
                "confirmed_per_visit": "yes" if now.devices_confirmed_per_visit else "no",
                "full_days": str(now.samples_full_days),
            }
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Change them."""
        return change_device_settings(act, **form.cleaned_data)

    def done_address(self, stream: StreamId) -> str:
        """Back to the monitors."""
        return reverse("monitors")


urlpatterns = [
    path("devices/monitors/", MonitorsPage.as_view(), name="monitors"),
    path("devices/settings/", DeviceSettingsPage.as_view(), name="device_settings"),
]
