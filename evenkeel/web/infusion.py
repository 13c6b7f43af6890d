"""Pages of the infusion: the chart, and one small page for each thing that is charted or done at the pump."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from evenkeel.clinical import infusion as rules
from evenkeel.clinical.infusion import EVENTS
from evenkeel.clinical.infusion import signs as infusion_signs
from evenkeel.clinical.rulebook import Rulebook
from evenkeel.journey import associations, infusion
from evenkeel.journey.acting import Act
from evenkeel.journey.phases import IN_THE_CHAIR, ON_THE_PUMP
from evenkeel.journey.policy import may
from evenkeel.journey.rules import book, clinic_day
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store import reading, rows
from evenkeel.store.queries import alerts as alert_queries
from evenkeel.store.queries import monitors, settings
from evenkeel.store.queries.monitors import Sampled
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.values.issues import Issue
from evenkeel.web import (
    alerts_view,
    handover_view,
    infusion_forms,
    infusion_steps,
    infusion_table,
    infusion_view,
    offline,
    ordering_view,
    pages,
    pressure_view,
    timeline,
)
from evenkeel.web.chairside import VisitFormPage, VisitPage, next_step, step_after, steps, typed_time
from evenkeel.web.devices_view import device_words
from evenkeel.web.infusion_data import chart_data, grain_of
from evenkeel.web.infusion_forms import REALLY, SignsForm
from evenkeel.web.jinja import clinic_zone
from evenkeel.web.last_saved import last_saved
from evenkeel.web.pump_view import pump_says
from evenkeel.web.verdicts import findings, in_the_way, overrides_of

# What the page asks about twice before it sends; the use case asks again, with or without a script.
USUAL = infusion_signs.USUAL


class ChartPage(VisitPage):
    """The infusion at the chair: chart, what is due, the check's form, everything that was written."""

    action = "visit.read"
    template = "infusion/chart.html.jinja"

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the parts that the fragments give as well, the chart's data and the form of a check."""
        return {
            **responsible_part(self, state),
            **now_part(self, state),
            **controls_part(self, state),
            **record_part(self, state),
            **saved_part(self, state),
            **chart_part(state),
            **signs_part(self, state),
            "form": SignsForm(),
            "kept": offline.addresses(self, state),
            "events": list(EVENTS.items()),
        }


def chart_part(state: VisitState) -> dict[str, Any]:
    """The chart and its table."""
    rulebook, at, samples = book(), pages.now(), monitors.samples(state.stream)
    return {
        "data": data_of(rulebook, state, samples, at),
        "table": infusion_table.table(rulebook, state, samples, at),
    }


def data_of(
    rulebook: Rulebook,
    state: VisitState,
    samples: tuple[Sampled, ...],
    at: datetime,
    since: datetime | None = None,
) -> dict[str, Any]:
    """What the chart draws; of the monitor's values only those from a moment on, where one is given."""
    patient = reading.patient(state.booking.payload.patient)
    return chart_data(
        state,
        samples,
        rulebook,
        zone=clinic_zone(),
        at=at,
        age_years=float(patient.age_on(clinic_day(at))),
        is_level_shown=settings.current().predicted_level_shown,
        since=since,
    )


def table_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """The chart's twin alone."""
    return {"table": infusion_table.table(book(), state, monitors.samples(state.stream), pages.now())}


def now_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """What changes by itself: what is due, what the rules ask, the monitor's values, how much was given."""
    rulebook, at, role = book(), pages.now(), page.author.role
    monitor = monitors.monitor_now(state.stream)
    chair = rows.chair(state.chair)
    has_monitor = chair is not None and chair.monitor is not None
    watch = rules.watch_of(state, monitor, at, has_monitor=has_monitor)
    alerts = alert_queries.for_visit(state.stream)
    return {
        "alerting_now": alerts_view.panel(alerts, state, monitor, at, is_shown=may(role, "alert.read")),
        "can_answer": may(role, "alert.answer"),
        "pressure": pressure_view.beside_alerts(rulebook, state, alerts, at),
        "can_decide": may(role, "infusion.run"),
        "unwatched": infusion_view.unwatched_words(rulebook, watch),
        "unknown": infusion_view.unknown_words(state),
        "values": infusion_view.live_values(state, monitor, at),
        "pump_says": pump_says(monitor.pump),
        "feed": infusion_view.feed_state(monitor, at),
        "heard_at": monitor.heard_at,
        "monitor_name": associations.device_in_use(state, "monitor", at),
        "chair_name": chair.name if chair else state.chair,
        "may_put_on": may(role, "infusion.chart") and state.phase in IN_THE_CHAIR,
        "checks": infusion_view.checks_due(rulebook, state, at),
        "may_defer": may(role, "infusion.chart") and rules.may_defer(rulebook, state, at),
        "given": infusion_view.given(state, at),
        "run": infusion_steps.run_in_steps(rulebook, state, at),
        "can_set": may(role, "infusion.run"),
        "seen": state.seq,
        "is_on_the_pump": state.phase in ON_THE_PUMP,
    }


def responsible_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """Who is responsible for the patient, and whether that is about to change."""
    return {
        "responsible": handover_view.standing(state, page.author),
        "can_hand_over": may(page.author.role, "infusion.hand_over"),
    }


def controls_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """The buttons that fit where the visit stands and who is signed in."""
    role = page.author.role
    left = state.volume_left(pages.now())
    can_run = may(role, "infusion.run")
    return {
        "can_run": can_run,
        "can_chart": may(role, "infusion.chart"),
        "can_order": may(role, "order.cancel"),
        "is_in_the_chair": state.phase in IN_THE_CHAIR,
        "is_running": state.phase == "running",
        "is_paused": state.phase == "paused",
        "next_step": next_step(state, role),
        "step_after": step_after(state, role) if state.phase == "recovery" else None,
        "has_drug_page": state.order is not None and may(role, "custody.waste"),
        "steps": steps(state),
        "stop_reason": "completed" if left is not None and left.value == 0 else "clinician_decision",
        "order": ordering_view.order_summary(state.order) if state.order else None,
        "is_before_start": state.phase in ("ordered", "drawn", "double_checked", "ready"),
    }


def record_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """Everything that was written to the visit; whoever puts a line right comes back to the chart."""
    can_amend = may(page.author.role, "entry.amend")
    back = page.address("chart")
    lines = timeline.lines(state, can_amend=can_amend)
    return {
        "lines": [{**line, "url": f"{line['url']}?next={back}" if line["url"] else None} for line in lines]
    }


def saved_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """What this person saved a moment ago, for who may take it back."""
    if not may(page.author.role, "entry.amend"):
        return {"saved": None}
    return {"saved": last_saved(state, page.author, pages.now(), page.address("chart"))}


def signs_part(page: VisitPage, state: VisitState) -> dict[str, Any]:
    """What stands beside the empty boxes of a check."""
    return {
        "last": infusion_view.last_words(state, pages.now()),
        "usual": {name: (span.low, span.high) for name, span in USUAL.items()},
        "units": infusion_view.UNITS,
        "labels": infusion_view.LABELS,
    }


class Part(VisitPage):
    """A part of the chart page that is fetched again by itself."""

    action = "visit.read"
    parts: ClassVar[dict[str, Any]] = {
        "responsible": (responsible_part, "infusion/responsible.html.jinja"),
        "now": (now_part, "infusion/now.html.jinja"),
        "controls": (controls_part, "infusion/controls.html.jinja"),
        "saved": (saved_part, "infusion/saved.html.jinja"),
        "record": (record_part, "infusion/record.html.jinja"),
        "table": (table_part, "infusion/table.html.jinja"),
    }

    @property
    def template(self) -> str:  # type: ignore[override]
        """The part's own template."""
        return str(self.parts[self.kwargs["part"]][1])

    def context(self, **extra: Any) -> dict[str, Any]:
        """What the part shows and nothing else, since it is asked for every few seconds."""
        state = self.state
        make = self.parts[self.kwargs["part"]][0]
        return {
            "visit": reference_of(state.stream),
            "now": pages.now(),
            "phase": state.phase,
            **make(self, state),
            **extra,
        }


class ChartData(VisitPage):
    """The chart's data as JSON."""

    action = "visit.read"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer with the data; `since`, in seconds, is up to when the page holds the monitor's values."""
        asked = request.GET.get("since", "")
        since = datetime.fromtimestamp(int(asked), UTC) if asked.isdecimal() and len(asked) < 11 else None
        state = self.state
        samples = monitors.samples(state.stream, since=grain_of(since) if since else None)
        return JsonResponse(data_of(book(), state, samples, pages.now(), since))


class EntryPage(VisitFormPage):
    """A small page with one form. `heading` says what is done."""

    template = "infusion/entry.html.jinja"
    heading: ClassVar[str]
    button: ClassVar[str] = "Save"
    kind: ClassVar[str] = "main"
    units: ClassVar[dict[str, str]] = {}
    # Where acting on old facts is unsafe, the page says how far the record went when it was made.
    needs_seen: ClassVar[bool] = False

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what the form's template asks for."""
        found = super().context(**extra)
        return {
            **found,
            "heading": self.heading,
            "button": self.button,
            "kind": self.kind,
            "field_units": self.units,
            "form_seen": found["seen"] if self.needs_seen else None,
            "may_wait": isinstance(self, offline.Waits),
            "hint": self.hint(),
        }

    def hint(self) -> str | None:
        """A sentence above the form."""
        return None


class StartPage(EntryPage):
    """The last gate before drug runs, with every rule's answer on it."""

    action = "infusion.run"
    template = "infusion/start.html.jinja"
    form_class = infusion_forms.StartForm
    heading = "Start the infusion"
    button = "Start"
    kind = "start"
    needs_seen = True
    done_sentence = "The infusion runs."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Start."""
        cleaned = form.cleaned_data
        return infusion.start(
            act,
            visit=self.visit,
            pump=cleaned["pump"].strip(),
            cannula_site=cleaned["cannula_site"].strip(),
            overrides=overrides_of(form),
        )

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say now, or of the time that was typed."""
        return rules.assess_start(book(), self.state, typed_time(form))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what every rule says; reasons are asked for at once, before anything is typed."""
        form = extra.setdefault("form", infusion_forms.StartForm())
        verdicts = self.verdicts_on(form)
        if not form.is_bound:
            form.ask_reasons(verdicts)
        return super().context(
            findings=findings(book(), verdicts),
            is_blocked=any(verdict.hard for verdict in in_the_way(verdicts)),
            **extra,
        )

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the dose, and what is known to measure."""
        return {
            "devices": device_words(state),
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "is_open": state.phase == "ready",
        }


class SignsPage(offline.Waits, EntryPage):
    """One check by itself; the chart page holds the same form."""

    action = "infusion.chart"
    template = "infusion/signs.html.jinja"
    form_class = SignsForm
    heading = "Chart signs"
    done_sentence = "The check is charted."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Chart."""
        assert isinstance(form, SignsForm), "this page has one form"
        return infusion.chart_signs(
            act, visit=self.visit, signs=form.signs, source="manual", confirmed=form.confirmed
        )

    def place(self, form: forms.Form, issue: Issue) -> None:
        """Beside a strange value stands the tick that confirms it."""
        if issue.code == "implausible" and issue.field and isinstance(form, SignsForm):
            form.ask_again(issue.field)
        super().place(form, issue)

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the last values, which are shown and never filled in."""
        return {**signs_part(self, state), "really": REALLY}


class RatePage(offline.Waits, EntryPage):
    """Another rate for the running pump."""

    action = "infusion.run"
    form_class = infusion_forms.RateForm
    heading = "Change the rate"
    units: ClassVar[dict[str, str]] = {"rate": "mL/h"}
    needs_seen = True
    done_sentence = "The new rate is recorded."

    def hint(self) -> str | None:
        """What it runs at now and what was ordered."""
        state = self.state
        if state.order is None:
            return None
        now = f"The pump runs at {state.rate}. " if state.rate is not None else ""
        return f"{now}{infusion_steps.ordered_words(state, pages.now())}"

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of the rate that was typed."""
        return rules.assess_rate(book(), self.state, form.cleaned_data["rate"], pages.now())

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Change it."""
        cleaned = form.cleaned_data
        return infusion.change_rate(
            act,
            visit=self.visit,
            rate=cleaned["rate"],
            reason=cleaned["reason"].strip(),
            overrides=overrides_of(form),
        )


class PausePage(offline.Waits, EntryPage):
    """The pump stands still for now."""

    action = "infusion.run"
    form_class = infusion_forms.PauseForm
    heading = "Pause"
    button = "Pause"
    done_sentence = "Paused."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Pause."""
        return infusion.pause(act, visit=self.visit, reason=form.cleaned_data["reason"].strip())


class ResumePage(offline.Waits, EntryPage):
    """The paused pump runs again."""

    action = "infusion.run"
    form_class = infusion_forms.ResumeForm
    heading = "Resume"
    button = "Resume"
    kind = "start"
    units: ClassVar[dict[str, str]] = {"rate": "mL/h"}
    needs_seen = True
    done_sentence = "The infusion runs again."

    def hint(self) -> str | None:
        """What was ordered, and what is asked of the patient first."""
        state = self.state
        ordered = f"{infusion_steps.ordered_words(state, pages.now())} " if state.order else ""
        limits = book().rule("INF-RES-001")
        return f"{ordered}{limits.sentence(limits.version_on(clinic_day(pages.now())))}"

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of going on at the rate that was typed."""
        return rules.assess_resume(book(), self.state, form.cleaned_data["rate"], pages.now())

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Resume."""
        return infusion.resume(
            act, visit=self.visit, rate=form.cleaned_data["rate"], overrides=overrides_of(form)
        )


class StopPage(offline.Waits, EntryPage):
    """The pump stands still for good. Nothing asks twice."""

    action = "infusion.run"
    form_class = infusion_forms.StopForm
    heading = "Stop the infusion"
    button = "Stop"
    kind = "stop"
    units: ClassVar[dict[str, str]] = {"pump_volume": "mL"}
    done_sentence = "Stopped. If something about it is wrong, amend the entry below."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Stop."""
        cleaned = form.cleaned_data
        return infusion.stop(
            act,
            visit=self.visit,
            reason=cleaned["reason"],
            note=cleaned["note"].strip(),
            pump_volume=cleaned["pump_volume"],
        )


class EventPage(offline.Waits, EntryPage):
    """Something happened; one tap on the chart page, or here with a grade and words."""

    action = "infusion.chart"
    form_class = infusion_forms.EventForm
    heading = "Record an event"
    done_sentence = "The event is recorded. Amend it to add a grade or words."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record it."""
        cleaned = form.cleaned_data
        return infusion.record_event(
            act,
            visit=self.visit,
            event=cleaned["event"],
            grade=cleaned["grade"],
            note=cleaned["note"].strip(),
        )


class NotePage(offline.Waits, EntryPage):
    """Free words."""

    action = "infusion.chart"
    form_class = infusion_forms.NoteForm
    heading = "Write a note"
    done_sentence = "The note is written."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it."""
        return infusion.write_note(act, visit=self.visit, text=form.cleaned_data["text"].strip())


urlpatterns = [
    path("visits/<uuid:visit>/chart/", ChartPage.as_view(), name="chart"),
    path("visits/<uuid:visit>/chart/data/", ChartData.as_view(), name="chart_data"),
    *(
        path(f"visits/<uuid:visit>/chart/{part}/", Part.as_view(), {"part": part}, name=f"chart_{part}")
        for part in Part.parts
    ),
    path("visits/<uuid:visit>/start/", StartPage.as_view(), name="start"),
    path("visits/<uuid:visit>/signs/", SignsPage.as_view(), name="signs"),
    path("visits/<uuid:visit>/rate/", RatePage.as_view(), name="rate"),
    path("visits/<uuid:visit>/pause/", PausePage.as_view(), name="pause"),
    path("visits/<uuid:visit>/resume/", ResumePage.as_view(), name="resume"),
    path("visits/<uuid:visit>/stop/", StopPage.as_view(), name="stop"),
    path("visits/<uuid:visit>/event/", EventPage.as_view(), name="event"),
    path("visits/<uuid:visit>/note/", NotePage.as_view(), name="note"),
]
