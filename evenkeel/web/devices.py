"""Monitors beside chairs, and what they sent that must not chart."""

from typing import Any, Final

from django import forms
from django.urls import path, reverse

from evenkeel.journey import monitors
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.store.queries import monitors as queries
from evenkeel.store.rows import chairs
from evenkeel.values.ids import ChairId, StreamId
from evenkeel.web import pages
from evenkeel.web.jinja import clinic_datetime, since
from evenkeel.web.pages import FormPage, Page
from evenkeel.web.sentences import words

# How the answer to a message reads for people (HL7 table 0008).
ANSWERS: Final = {
    "AA": "taken in part",
    "AE": "refused (AE)",
    "AR": "not readable (AR)",
}


class QuarantinePage(Page):
    """What was set aside last, with its reason. Raw messages are not shown: they may name patients."""

    action = "devices.read"
    template = "devices/quarantine.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the newest messages that were set aside."""
        return super().context(
            rows=[
                [
                    clinic_datetime(each.last_at),
                    _times(each),
                    words(each.reason).capitalize(),
                    each.sentence,
                    each.sender.replace("|", ", ") or "not readable",
                    ANSWERS[each.acknowledgement],
                ]
                for each in queries.quarantined()
            ],
            **extra,
        )


def _times(each: queries.Quarantined) -> str:
    if each.times == 1:
        return "once"
    return f"{each.times} times since {clinic_datetime(each.first_at)}"


class MonitorForm(forms.Form):
    """Which monitor stands beside which chair."""

    chair = forms.ChoiceField(label="Chair")
    monitor = forms.CharField(
        label="Monitor",
        max_length=monitors.MONITOR_LETTERS_MAX,
        required=False,
        help_text="The device id that it sends. Empty: no monitor stands there.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].choices = [(chair.id, chair.name) for chair in chairs()]  # type: ignore[attr-defined]


class MonitorsPage(FormPage):
    """Every chair with its monitor, and a form to move one."""

    action = "devices.read"
    post_action = "monitor.assign"
    template = "devices/monitors.html.jinja"
    form_class = MonitorForm
    done_sentence = "The monitor is assigned."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Assign."""
        return monitors.assign_monitor(
            act, chair=ChairId(form.cleaned_data["chair"]), monitor=form.cleaned_data["monitor"]
        )

    def done_address(self, stream: StreamId) -> str:
        """Stay here."""
        return reverse("monitors")

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add every chair with its monitor and when it was last heard for a visit."""
        at = pages.now()
        return super().context(
            **{
                "rows": [
                    [
                        line.name,
                        line.monitor or "none",
                        since(line.heard_at, at) if line.heard_at else "never",
                    ]
                    for line in queries.monitor_lines()
                ],
                "can_assign": may(self.author.role, "monitor.assign"),
                **extra,
            }
        )


urlpatterns = [
    path("devices/quarantine/", QuarantinePage.as_view(), name="quarantine"),
    path("devices/monitors/", MonitorsPage.as_view(), name="monitors"),
]
