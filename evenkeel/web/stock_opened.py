"""Vials that broke, opened vials past their time, and simple stock that is thrown away."""

from typing import Any

from django import forms
from django.http import Http404
from django.urls import path

from evenkeel.journey.acting import Act
from evenkeel.journey.custody import opened
from evenkeel.journey.policy import may
from evenkeel.store.queries import custody, people
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.quantities import Volume
from evenkeel.web.custody_words import mg_words
from evenkeel.web.fields import AskedField, HappenedAtField, QuantityField
from evenkeel.web.lot_page import FromForm, LotFormPage
from evenkeel.web.witness_fields import WitnessFields


class BrokenForm(WitnessFields, FromForm):
    """What broke, and how."""

    explanation = forms.CharField(
        label="What happened", max_length=500, help_text="How it broke, and what became of the drug."
    )
    field_order = ("source", "vials", "explanation", "happened_at")


class WasteOpenedForm(WitnessFields):
    """What is left of an opened vial, as it was measured."""

    cause = forms.ChoiceField(
        label="Why it is wasted",
        choices=[
            ("expired", "Open for too long"),
            ("left_over", "Not needed any more"),
            ("spilled", "Spilled"),
            ("recalled", "The lot is recalled"),
        ],
        widget=forms.RadioSelect,
    )
    measured = QuantityField(Volume, label="Measured in the vial", help_text="0 if it is empty.")
    explanation = AskedField(
        label="Explanation", max_length=500, help_text="Needed when this is not what should be left."
    )
    owner = forms.ChoiceField(
        label="Who finds out, if some is missing",
        required=False,
        help_text="Only needed when some is missing and you are neither registrant nor lead.",
    )
    happened_at = HappenedAtField()
    field_order = ("cause", "measured", "explanation", "owner", "happened_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["owner"]
        able = [each for each in people.every() if may(each.role, "case.work")]
        choice.choices = [("", "Choose"), *((each.id, each.printed_name) for each in able)]


class DiscardForm(FromForm):
    """What is thrown away, and why."""

    cause = forms.ChoiceField(
        label="Why",
        choices=[
            ("expired", "Expired"),
            ("broken", "Broken"),
            ("recalled", "Recalled"),
            ("left_over", "Not needed any more"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="Reason", max_length=500)
    field_order = ("source", "vials", "cause", "reason", "happened_at")


class BreakVial(LotFormPage):
    """Sealed vials that broke."""

    action = "custody.waste"
    form_class = BrokenForm
    heading = "A vial broke"
    lead = "Sealed vials. What is left of an opened vial is wasted, not broken."
    button = "Both saw it"
    witnessed = "I saw the broken vials, and that their drug cannot be used."
    done_sentence = "The broken vials are on record."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write it down."""
        assert isinstance(form, BrokenForm), "this page has one form"
        typed = form.cleaned_data
        return opened.break_vial(
            act,
            lot=self.lot.stream,
            source=typed["source"],
            vials=typed["vials"],
            explanation=typed["explanation"],
            **form.seen_by(self.request),
        )


class WasteOpened(LotFormPage):
    """The rest of an opened vial that serves several visits."""

    action = "custody.waste"
    form_class = WasteOpenedForm
    heading = "Waste an opened vial"
    button = "Both saw it wasted"
    witnessed = "I read the measured amount, and saw it wasted so that nothing can be got back."
    done_sentence = "The rest of the vial is wasted."

    @property
    def vial(self) -> custody.Balance:
        """The opened vial that the address names."""
        held = custody.balances(None, "vial", lot=self.lot.stream)
        found = next((each for each in held if each.account.ref == self.kwargs["vial"]), None)
        if found is None:
            raise Http404
        return found

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which vial it is; what should be left stands there, since this is no blind count."""
        vial = self.vial
        context = super().context(**extra)
        context["lead"] = f"Vial {vial.account.ref}: {mg_words(vial.mass)} should be left."
        context["units"] = {"measured": "mL"}
        return context

    def what(self, form: forms.Form) -> str:
        """The sentence that the second person was asked to confirm."""
        return f"{self.heading} {self.kwargs['vial']}: {form.cleaned_data['measured']} measured"

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Waste it."""
        assert isinstance(form, WasteOpenedForm), "this page has one form"
        typed = form.cleaned_data
        return opened.waste_opened(
            act,
            lot=self.lot.stream,
            vial=self.kwargs["vial"],
            measured=typed["measured"],
            cause=typed["cause"],
            explanation=typed["explanation"],
            owner=ClinicianId(typed["owner"]) if typed["owner"] else None,
            **form.seen_by(self.request),
        )


class Discard(LotFormPage):
    """Simple stock that is thrown away."""

    action = "custody.waste"
    form_class = DiscardForm
    heading = "Throw away"
    lead = "Only drugs that are in no schedule. Nobody needs to witness it."
    button = "Throw away"
    done_sentence = "It is on record."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Throw it away."""
        typed = form.cleaned_data
        return opened.discard(
            act,
            lot=self.lot.stream,
            source=typed["source"],
            vials=typed["vials"],
            cause=typed["cause"],
            reason=typed["reason"],
        )


urlpatterns = [
    path("stock/lots/<uuid:custody>/break/", BreakVial.as_view(), name="stock_break"),
    path("stock/lots/<uuid:custody>/discard/", Discard.as_view(), name="stock_discard"),
    path(
        "stock/lots/<uuid:custody>/vials/<str:vial>/waste/", WasteOpened.as_view(), name="stock_waste_opened"
    ),
]
