"""What can be put right in an entry: form fields that hold its present values, and back to a payload."""

from dataclasses import replace
from functools import singledispatch
from typing import Any, Final

from django import forms

from evenkeel.clinical.infusion import EVENTS, GRADES, REASONS, SIGN_WORDS
from evenkeel.clinical.infusion.signs import POSSIBLE
from evenkeel.clinical.rescue import RESCUE_DRUGS, ROUTES
from evenkeel.journey.scales import scale_on_record
from evenkeel.record.infusion import (
    CheckDeferred,
    EventRecorded,
    InfusionPaused,
    InfusionResumed,
    InfusionStarted,
    InfusionStopped,
    NoteWritten,
    RateChanged,
    RescueGiven,
    RescueGivenInWords,
    SignsCharted,
)
from evenkeel.record.outcomes import AssessmentRecorded
from evenkeel.record.signs import SIGN_NAMES, Signs
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Breaths, FlowRate, Pressure, Pulse, Quantity, Saturation, Volume
from evenkeel.web.fields import MassField, QuantityField, WholeField
from evenkeel.web.outcome_view import POINT_WORDS
from evenkeel.web.scale_form import add_answer_fields, answers_of

QUANTITY_OF_SIGN: Final[dict[str, type[Quantity]]] = {
    "systolic": Pressure,
    "diastolic": Pressure,
    "pulse": Pulse,
    "spo2": Saturation,
    "breaths": Breaths,
}
STOP_WORDS: Final = {
    "completed": "The bag is empty",
    "adverse_event": "Something happened to the patient",
    "patient_wish": "The patient wished it",
    "clinician_decision": "A clinician decided it",
    "other": "Another reason",
}
# More infusions than this in one course is a slip of the keyboard. Proposal.
INFUSIONS_MAX: Final = 200
TEXT_MAX: Final = 2000

Units = dict[str, str]


@singledispatch
def add_fields(payload: object, form: forms.Form) -> Units:
    """Give the form the fields of a payload with what stands in them; returns the unit beside each number.

    A kind that nobody puts right in place adds nothing, and the use case refuses it.
    """
    return {}


@singledispatch
def read(payload: Any, form: forms.Form) -> Any:
    """The payload with what was typed in place of what stood."""
    return payload


@add_fields.register
def _(payload: SignsCharted, form: forms.Form) -> Units:
    units = {}
    for name in SIGN_NAMES:
        value = getattr(payload.signs, name)
        label = SIGN_WORDS[name][:1].upper() + SIGN_WORDS[name][1:]
        if name in QUANTITY_OF_SIGN:
            cls = QUANTITY_OF_SIGN[name]
            form.fields[name] = QuantityField(
                cls, label=label, required=False, initial=value.number if value else None
            )
            units[name] = cls.shown_unit
        else:
            span = POSSIBLE[name]
            form.fields[name] = WholeField(
                lowest=int(span.low), highest=int(span.high), label=label, required=False, initial=value
            )
            units[name] = "points"
    return units


@read.register
def _(payload: SignsCharted, form: forms.Form) -> SignsCharted:
    signs = Signs(**{name: form.cleaned_data[name] for name in SIGN_NAMES})
    return payload if signs == payload.signs else replace(payload, signs=signs, source="manual")


@add_fields.register
def _(payload: EventRecorded, form: forms.Form) -> Units:
    form.fields["event"] = forms.ChoiceField(
        label="What happened", choices=list(EVENTS.items()), initial=payload.event
    )
    form.fields["grade"] = forms.TypedChoiceField(
        label="How bad",
        choices=[("", "Not graded"), *((str(grade), f"{grade}, {words}") for grade, words in GRADES.items())],
        coerce=int,
        empty_value=None,
        required=False,
        initial="" if payload.grade is None else str(payload.grade),
    )
    form.fields["note"] = _words("Note", payload.note, required=False)
    return {}


@read.register
def _(payload: EventRecorded, form: forms.Form) -> EventRecorded:
    typed = form.cleaned_data
    return replace(payload, event=typed["event"], grade=typed["grade"], note=typed["note"])


@add_fields.register
def _(payload: CheckDeferred, form: forms.Form) -> Units:
    # How long it was put off is what the rules allowed; who takes that back marks the entry as made in error.
    form.fields["deferred_because"] = forms.ChoiceField(
        label="Put off because", choices=list(REASONS.items()), initial=payload.reason
    )
    form.fields["words"] = _line("In words", payload.words, required=False)
    return {}


@read.register
def _(payload: CheckDeferred, form: forms.Form) -> CheckDeferred:
    return replace(payload, reason=form.cleaned_data["deferred_because"], words=form.cleaned_data["words"])


@add_fields.register
def _(payload: NoteWritten, form: forms.Form) -> Units:
    form.fields["text"] = _words("Note", payload.text)
    return {}


@read.register
def _(payload: NoteWritten, form: forms.Form) -> NoteWritten:
    return replace(payload, text=form.cleaned_data["text"])


@add_fields.register
def _(payload: RescueGivenInWords, form: forms.Form) -> Units:
    form.fields["drug"] = _line("Drug", payload.drug)
    form.fields["dose"] = _line("Dose with its unit", payload.dose)
    form.fields["route"] = _line("Route", payload.route)
    form.fields["given_for"] = _line("Given for", payload.reason, required=False)
    return {}


@read.register
def _(payload: RescueGivenInWords, form: forms.Form) -> RescueGivenInWords:
    typed = form.cleaned_data
    return replace(
        payload, drug=typed["drug"], dose=typed["dose"], route=typed["route"], reason=typed["given_for"]
    )


@add_fields.register
def _(payload: RescueGiven, form: forms.Form) -> Units:
    form.fields["drug"] = forms.ChoiceField(
        label="Drug", choices=[(key, key) for key in RESCUE_DRUGS], initial=payload.drug
    )
    form.fields["dose"] = MassField(label="Dose", initial=plain(payload.dose.in_mg), max_length=20)
    form.fields["route"] = forms.ChoiceField(
        label="Route", choices=[(route, route) for route in ROUTES], initial=payload.route
    )
    form.fields["given_for"] = _line("Given for", payload.reason, required=False)
    return {"dose": "mg"}


@read.register
def _(payload: RescueGiven, form: forms.Form) -> RescueGiven:
    typed = form.cleaned_data
    return replace(
        payload, drug=typed["drug"], dose=typed["dose"], route=typed["route"], reason=typed["given_for"]
    )


@add_fields.register
def _(payload: InfusionStarted, form: forms.Form) -> Units:
    form.fields["rate"] = _rate(payload.rate)
    form.fields["pump"] = _line("Pump", payload.pump)
    form.fields["cannula_site"] = _line("Cannula", payload.cannula_site)
    return {"rate": FlowRate.shown_unit}


@read.register
def _(payload: InfusionStarted, form: forms.Form) -> InfusionStarted:
    typed = form.cleaned_data
    return replace(payload, rate=typed["rate"], pump=typed["pump"], cannula_site=typed["cannula_site"])


@add_fields.register
def _(payload: RateChanged, form: forms.Form) -> Units:
    form.fields["rate"] = _rate(payload.rate)
    form.fields["changed_because"] = _line("Changed because", payload.reason, required=False)
    return {"rate": FlowRate.shown_unit}


@read.register
def _(payload: RateChanged, form: forms.Form) -> RateChanged:
    return replace(payload, rate=form.cleaned_data["rate"], reason=form.cleaned_data["changed_because"])


@add_fields.register
def _(payload: InfusionPaused, form: forms.Form) -> Units:
    form.fields["paused_because"] = _line("Paused because", payload.reason, required=False)
    return {}


@read.register
def _(payload: InfusionPaused, form: forms.Form) -> InfusionPaused:
    return replace(payload, reason=form.cleaned_data["paused_because"])


@add_fields.register
def _(payload: InfusionResumed, form: forms.Form) -> Units:
    form.fields["rate"] = _rate(payload.rate)
    return {"rate": FlowRate.shown_unit}


@read.register
def _(payload: InfusionResumed, form: forms.Form) -> InfusionResumed:
    return replace(payload, rate=form.cleaned_data["rate"])


@add_fields.register
def _(payload: InfusionStopped, form: forms.Form) -> Units:
    form.fields["stopped_because"] = forms.ChoiceField(
        label="Stopped because",
        choices=list(STOP_WORDS.items()),
        widget=forms.RadioSelect,
        initial=payload.reason,
    )
    form.fields["note"] = _words("Note", payload.note, required=False)
    form.fields["pump_volume"] = QuantityField(
        Volume,
        label="What the pump says it delivered",
        required=False,
        initial=payload.pump_volume.number if payload.pump_volume else None,
    )
    return {"pump_volume": Volume.shown_unit}


@read.register
def _(payload: InfusionStopped, form: forms.Form) -> InfusionStopped:
    typed = form.cleaned_data
    return replace(
        payload, reason=typed["stopped_because"], note=typed["note"], pump_volume=typed["pump_volume"]
    )


@add_fields.register
def _(payload: AssessmentRecorded, form: forms.Form) -> Units:
    add_answer_fields(form, scale_on_record(payload.scale), payload.answers)
    form.fields["point"] = forms.ChoiceField(
        label="When in the course",
        choices=list(POINT_WORDS.items()),
        widget=forms.RadioSelect,
        initial=payload.point,
    )
    form.fields["infusion_number"] = WholeField(
        lowest=1,
        highest=INFUSIONS_MAX,
        required=False,
        label="Before which infusion",
        initial=payload.infusion_number,
    )
    return {}


@read.register
def _(payload: AssessmentRecorded, form: forms.Form) -> AssessmentRecorded:
    answers = answers_of(form, scale_on_record(payload.scale))
    # A form may have been kept without its last, unscored questions; leaving them open is no change.
    if answers[: len(payload.answers)] == payload.answers and not any(answers[len(payload.answers) :]):
        answers = payload.answers
    typed = form.cleaned_data
    is_before = typed["point"] == "before_infusion"
    return replace(
        payload,
        answers=answers,
        point=typed["point"],
        infusion_number=typed["infusion_number"] if is_before else None,
    )


def _line(label: str, value: str, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=300, required=required, initial=value)


def _words(label: str, value: str, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=TEXT_MAX, required=required, initial=value, widget=forms.Textarea
    )


def _rate(value: FlowRate) -> QuantityField:
    return QuantityField(FlowRate, label="Rate", initial=value.number)
