"""Pages of alerts: all of a visit, what is answered, whom they call, and how many there are."""

from datetime import timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from evenkeel.journey import alerts as journey
from evenkeel.journey.acting import Act
from evenkeel.journey.policy import may
from evenkeel.journey.rules import clinic_day, clinic_midnight
from evenkeel.record.alerts import alerts_of
from evenkeel.record.visits import VisitState
from evenkeel.store.queries import alerts as queries
from evenkeel.store.queries import monitors
from evenkeel.values.ids import EntryId, StreamId, entry_id
from evenkeel.web import alerts_load, alerts_view, pages
from evenkeel.web.chairside import VisitForm, VisitPage
from evenkeel.web.infusion import EntryPage, controls_part
from evenkeel.web.pages import REFUSED, Page
from evenkeel.web.sentences_alerts import CHOICE_WORDS

NOTE_CHARACTERS_MAX: Final = 500


class AnswerForm(VisitForm):
    """What was done about an alert, or why nothing was. Which answers need words the use case says."""

    choice = forms.ChoiceField(
        label="The answer", choices=tuple(CHOICE_WORDS.items()), widget=forms.RadioSelect
    )
    note = forms.CharField(
        label="In words",
        help_text="What was done, or what it was.",
        max_length=NOTE_CHARACTERS_MAX,
        required=False,
        widget=forms.Textarea,
    )


class AlertsPage(VisitPage):
    """All alerts of a visit, those that are open first; they are answered here too, on a phone as well."""

    action = "alert.read"
    template = "alerts/page.html.jinja"

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the alerts, and the controls of the pump, which stay in reach."""
        return {**whole_part(self, state), **pump_part(self, state)}


def pump_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """The controls of the pump, without the way to boxes that this page has not."""
    return {**controls_part(page, state), "is_in_the_chair": False}


class Controls(VisitPage):
    """The controls of the pump alone, fetched again when something was written."""

    action = "alert.read"
    template = "infusion/controls.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """What the part shows and nothing else."""
        state = self.state
        return {"visit": self.kwargs["visit"], "phase": state.phase, **pump_part(self, state), **extra}


class AlertsOfVisit(VisitPage):
    """The alerts alone, fetched again when something changes."""

    action = "alert.read"
    template = "alerts/list.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """What the part shows and nothing else."""
        return {"visit": self.kwargs["visit"], "now": pages.now(), **whole_part(self, self.state), **extra}


def whole_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """Every alert of the visit with its life."""
    alerts, monitor, at = queries.for_visit(state.stream), monitors.monitor_now(state.stream), pages.now()
    return {
        "alerts": alerts_view.whole(alerts, state, monitor, at),
        "can_answer": may(page.author.role, "alert.answer"),
        "alerting_now": alerts_view.panel(alerts, state, monitor, at, is_shown=True),
    }


class AlertAct(EntryPage):
    """Something that is done about an alert with one tap, by a script without leaving the page."""

    action = "alert.answer"
    template = "alerts/act.html.jinja"

    def saved(self, stream: StreamId) -> HttpResponseBase:
        """A script is told by the status alone that it was written; a person is told on the next page."""
        if "X-Evenkeel-Fragment" in self.request.headers:
            return HttpResponse(status=204)
        return super().saved(stream)

    def done_address(self, stream: StreamId) -> str:
        """Go to the alerts of the visit, where the answer is read."""
        return self.address("alerts")

    @property
    def alert(self) -> EntryId:
        """The alert that the address names."""
        return entry_id(alerts_of(self.visit), self.kwargs["alert"])

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the alert, read only."""
        alerts = queries.for_visit(state.stream)
        found = alerts.alert(self.alert)
        if found is None:
            raise Http404
        monitor = monitors.monitor_now(state.stream)
        return {"alert": alerts_view.shown(found, alerts, state, monitor, pages.now())}


class AcknowledgePage(AlertAct):
    """Somebody has seen an alert: its sound is quiet for a while, and it stays where it is."""

    heading = "Seen, quiet for a while"
    button = "Seen"
    done_sentence = "Your name stands beside the alert. It still waits for an answer."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Acknowledge it."""
        return journey.acknowledge(act, visit=self.visit, alert=self.alert)


class AnswerPage(AlertAct):
    """An alert is answered with what was done, or with why nothing was."""

    form_class = AnswerForm
    heading = "Answer the alert"
    button = "Answer"
    done_sentence = "The alert is answered."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Answer it."""
        cleaned = form.cleaned_data
        return journey.answer(
            act, visit=self.visit, alert=self.alert, choice=cleaned["choice"], note=cleaned["note"].strip()
        )


class PauseSoundPage(AlertAct):
    """The sound of one chair is quiet for a while."""

    heading = "Pause the sound of this chair"
    button = "Pause sound"
    done_sentence = "The sound is paused. A new or worse alert sounds at once."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Pause it."""
        return journey.pause_sound(act, visit=self.visit)

    def about(self, state: VisitState) -> dict[str, Any]:
        """It is about no single alert."""
        return {"alert": None}


class Watch(Page):
    """The part of the frame that calls people and that the sound goes by; `web.context` fills every frame."""

    action = "alert.read"
    template = "alerts/watch.html.jinja"


class LoadForm(forms.Form):
    """Over which days."""

    from_date = forms.DateField(label="From", required=False, widget=forms.DateInput)
    to_date = forms.DateField(label="To, and with", required=False, widget=forms.DateInput)

    def clean(self) -> dict[str, Any]:
        """The last day cannot come before the first, and a report looks over a year at most."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("from_date"), cleaned.get("to_date")
        if first and last and last < first:
            self.add_error("to_date", "The last day comes before the first. Choose it anew.")
        return cleaned


class LoadPage(Page):
    """For the lead: how many alerts an hour in the chair brings, and how they were answered."""

    action = "alert.load"
    template = "alerts/load.html.jinja"
    # A week shows a clinic's pattern of days. Proposal.
    days_shown: ClassVar[int] = 7

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the report over the days that were asked for, or what is wrong with the question."""
        form = LoadForm(request.GET)
        if not form.is_valid():
            return self.show(self.context(form=form, load=None, first=None, last=None), status=REFUSED)
        today = clinic_day(pages.now())
        last = form.cleaned_data["to_date"] or today
        first = form.cleaned_data["from_date"] or last - timedelta(days=self.days_shown - 1)
        begins, ends = clinic_midnight(first), clinic_midnight(last + timedelta(days=1))
        load = alerts_load.report(queries.load(begins, min(ends, pages.now())))
        return self.show(self.context(form=form, load=load, first=first, last=last))


urlpatterns = [
    path("alerts/watch/", Watch.as_view(), name="alerts_watch"),
    path("alerts/load/", LoadPage.as_view(), name="alert_load"),
    path("visits/<uuid:visit>/alerts/", AlertsPage.as_view(), name="alerts"),
    path("visits/<uuid:visit>/alerts/list/", AlertsOfVisit.as_view(), name="alerts_list"),
    path("visits/<uuid:visit>/alerts/controls/", Controls.as_view(), name="alerts_controls"),
    path("visits/<uuid:visit>/alerts/pause-sound/", PauseSoundPage.as_view(), name="alert_pause_sound"),
    path("visits/<uuid:visit>/alerts/<int:alert>/seen/", AcknowledgePage.as_view(), name="alert_acknowledge"),
    path("visits/<uuid:visit>/alerts/<int:alert>/answer/", AnswerPage.as_view(), name="alert_answer"),
]
