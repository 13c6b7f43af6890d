"""The discharge page: what still holds the patient, who receives them, what they take home."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.urls import path, reverse

from evenkeel.clinical import discharge as rules
from evenkeel.clinical.infusion import check_schedule
from evenkeel.journey import discharge
from evenkeel.journey.acting import Act
from evenkeel.journey.rules import book, clinic_day, clinic_time
from evenkeel.journey.scales import clinic_scale
from evenkeel.record.screening import Tri
from evenkeel.record.verdict import Verdict
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.store.queries import people
from evenkeel.values.ids import ClinicianId, StreamId, reference_of
from evenkeel.web import infusion_view, pages, visit_drug
from evenkeel.web.chairside import VisitForm, VisitFormPage, typed_time
from evenkeel.web.fields import HappenedAtField, TriField
from evenkeel.web.verdicts import findings, overrides_of

CRITERION = "criterion_"
# What has its own box on the page is not said twice above it.
ASKED_BELOW: Final = frozenset({"DIS-ESC-001", "DIS-ESC-004", "DIS-INS-001"})


class DischargeForm(VisitForm):
    """Criteria, escort, instructions, signature."""

    received_by = forms.CharField(label="Received by", max_length=200, required=False)
    received_by_phone = forms.CharField(label="Their phone", max_length=60, required=False)
    instructions_given = forms.BooleanField(
        label="The written instructions were given and talked through", required=False
    )
    against_advice = forms.BooleanField(label="The patient leaves against advice", required=False)
    no_driving_before = HappenedAtField(
        label="No driving before", help_text="Leave empty for the earliest time. A later one may be written."
    )
    prescriber_told = forms.ChoiceField(label="Prescriber who was told", required=False)
    call_at = HappenedAtField(label="The patient is called", help_text="When it was agreed to call them.")
    happened_at = HappenedAtField()
    note = forms.CharField(label="Note", max_length=2000, required=False, widget=forms.Textarea)
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": "Password: type it to sign."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["prescriber_told"]
        choice.choices = [
            ("", "Choose"),
            *((person.id, person.printed_name) for person in people.every("prescriber")),
        ]
        for question in rules.CRITERIA:
            self.fields[f"{CRITERION}{question.key}"] = TriField(label=question.text, help_text=question.hint)

    @property
    def criteria(self) -> dict[str, Tri]:
        """Every criterion with its answer; an unanswered one is "unknown"."""
        return {
            question.key: self.cleaned_data.get(f"{CRITERION}{question.key}", "unknown")
            for question in rules.CRITERIA
        }

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields of the criteria."""
        return [self[f"{CRITERION}{question.key}"] for question in rules.CRITERIA]


class DischargePage(VisitFormPage):
    """Locked until criteria, escort and final signs are there; a prescriber may write why it is opened."""

    action = "discharge.sign"
    template = "discharge/discharge.html.jinja"
    form_class = DischargeForm
    done_sentence = "The patient is discharged. Print the sheet for the way home."

    def verdicts_on(self, form: forms.Form) -> tuple[Verdict, ...]:
        """What the rules say of what was typed; a box with an error counts as empty."""
        assert isinstance(form, DischargeForm), "this page has one form"
        cleaned = form.cleaned_data
        return self._assess(
            at=typed_time(form),
            criteria=form.criteria,
            received_by=cleaned.get("received_by", ""),
            instructions_given=cleaned.get("instructions_given", False),
            against_advice=cleaned.get("against_advice", False),
            no_driving_before_at=cleaned.get("no_driving_before"),
            prescriber_told=cleaned.get("prescriber_told", ""),
            call_at=cleaned.get("call_at"),
        )

    def _assess(self, at: datetime, **typed: Any) -> tuple[Verdict, ...]:
        state = self.state
        course = reading.course(state.booking.payload.course)
        return rules.assess(book(), discharge.facts_of(state, course, at=at, **typed))

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Sign."""
        assert isinstance(form, DischargeForm), "this page has one form"
        cleaned = form.cleaned_data
        return discharge.discharge(
            act,
            visit=self.visit,
            criteria=form.criteria,
            received_by=cleaned["received_by"].strip(),
            received_by_phone=cleaned["received_by_phone"].strip(),
            instructions_given=cleaned["instructions_given"],
            against_advice=cleaned["against_advice"],
            note=cleaned["note"].strip(),
            overrides=overrides_of(form),
            password=cleaned["password"],
            no_driving_before_at=cleaned["no_driving_before"],
            prescriber_told=ClinicianId(cleaned["prescriber_told"]) if cleaned["prescriber_told"] else None,
            call_at=cleaned["call_at"],
        )

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what still holds the patient, judged on what was typed so far."""
        form = extra.get("form")
        if isinstance(form, DischargeForm) and form.is_bound:
            verdicts = self.verdicts_on(form)
        else:
            verdicts = self._assess(
                at=pages.now(),
                criteria={},
                received_by="",
                instructions_given=False,
                against_advice=False,
            )
        asked_below = {question.rule for question in rules.CRITERIA} | ASKED_BELOW
        before = [each for each in verdicts if each.rule.rule not in asked_below or _is_seen(each)]
        return super().context(**{"held": findings(book(), before), "waits": _waits(before), **extra})

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the instructions and the last check."""
        schedule = check_schedule(book(), state, pages.now())
        signed = state.discharge
        return {
            "is_open": state.phase == "recovery",
            "drug": visit_drug.notice_of(state),
            "escort": _escort_words(state),
            "is_left": signed is not None,
            "left_with": signed.payload.received_by if signed else None,
            "left_at": signed.at if signed else None,
            "stopped_at": state.stopped.at if state.stopped else None,
            "earliest_at": earliest_at(state),
            "next_due_at": schedule.next_due_at,
            "last_check": infusion_view.last_check_words(state),
            "instructions": rules.INSTRUCTIONS,
            "release": _release(state),
            "scores": _scores(state),
            "seen_to": signed.payload.seen_to if signed else None,
            "meaning": discharge.SIGNING_MEANS,
            "meaning_against_advice": discharge.SIGNING_AGAINST_ADVICE_MEANS,
        }


def _escort_words(state: VisitState) -> str | None:
    """Who was named at check-in; whoever really comes is written down anew."""
    escort = state.check_in.payload.escort if state.check_in else None
    if escort is None or not escort.name:
        return None
    return f"Named at check-in: {escort.name}, {escort.relation}, {escort.phone}"


def earliest_at(state: VisitState) -> datetime | None:
    """When the shortest stay is over; None before the infusion has stopped."""
    if state.stopped is None:
        return None
    course = reading.course(state.booking.payload.course)
    first = discharge.is_first_or_raised(state, course)
    rule = "DIS-STAY-002" if first else "DIS-STAY-001"
    stay = book().limits(rule, state.stopped.at.date()).stay
    return state.stopped.at + timedelta(minutes=float(stay.value))


def _waits(verdicts: list[Verdict]) -> bool:
    return any(verdict.severity not in (None, "advise") for verdict in verdicts)


def _is_seen(verdict: Verdict) -> bool:
    """What is asked for below stands above only when it says something about what was typed."""
    return verdict.rule.rule == "DIS-ESC-004" and verdict.answer == "fires"


def _release(state: VisitState) -> rules.Release | None:
    """The times that the patient was told, or the earliest ones by the rule; None before the drug stopped."""
    if state.stopped is None:
        return None
    earliest = rules.release_of(book(), clinic_time(state.stopped.at))
    signed = state.discharge.payload if state.discharge else None
    if signed is None or signed.no_driving_before_at is None or signed.no_alcohol_before_at is None:
        return earliest
    return rules.Release(driving_at=signed.no_driving_before_at, alcohol_at=signed.no_alcohol_before_at)


def _scores(state: VisitState) -> list[dict[str, str]]:
    """The discharge scores that this clinic may take: their names, and where they are filled in."""
    course = reference_of(state.booking.payload.course)
    scales = [clinic_scale(id_, clinic_day(pages.now())) for id_ in discharge.SCORES]
    return [
        {"words": f"Take the {of.short}", "url": reverse("assessment", args=[course, of.id])}
        for of in scales
        if of.is_ready
    ]


urlpatterns = [path("visits/<uuid:visit>/discharge/", DischargePage.as_view(), name="discharge")]
