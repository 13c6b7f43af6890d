"""A rescue drug, or a device of esketamine, out of the cabinet for one patient who is in the clinic."""

from typing import Any

from django import forms
from django.urls import path, reverse

from evenkeel.journey.acting import Act
from evenkeel.journey.custody import opened
from evenkeel.journey.rules import clinic_day
from evenkeel.record.visits import VisitState
from evenkeel.store import sites
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of, stream_of
from evenkeel.values.issues import Issue
from evenkeel.values.numbers import BadNumber
from evenkeel.web import pages
from evenkeel.web.chairside import VisitFormPage
from evenkeel.web.custody_words import container_word, count_words, mg_words
from evenkeel.web.fields import AskedField, HappenedAtField, WholeField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.lot_page import FIELD_OF
from evenkeel.web.witness_fields import WitnessFields


class OtherDrugForm(WitnessFields):
    """Which lot, how many were opened and how much was given."""

    lot = forms.ChoiceField(
        label="Drug and lot",
        widget=forms.RadioSelect,
        error_messages={"required": "Drug and lot: choose what was taken from the cabinet."},
    )
    vials = WholeField(label="How many were opened", lowest=1, highest=opened.VIALS_AT_ONCE_MAX)
    given = AskedField(
        label="Given",
        max_length=20,
        help_text="Of a controlled drug; the rest is wasted with a witness. Of the others whole vials count.",
    )
    happened_at = HappenedAtField()
    field_order = ("lot", "vials", "given", "happened_at")

    def __init__(self, *args: Any, lots: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Asked for only when something is left to be wasted, which the use case knows.
        second: Any = self.fields["second_person"]
        second.required, second.asked = False, True
        choice: Any = self.fields["lot"]
        choice.choices = lots

    def clean_given(self) -> DrugMass:
        """Milligrams; empty counts as none, which a controlled drug refuses."""
        try:
            return DrugMass.mg(self.cleaned_data["given"] or 0)
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad


def lots_here(state: VisitState) -> list[tuple[str, str]]:
    """What can be given from the cabinet at the patient's chair: first that expires first, never ketamine."""
    today = clinic_day(pages.now())
    held = custody.balances(sites.site_of(state.chair), "cabinet")
    return [
        (reference_of(each.lot.stream), _words(each))
        for each in held
        if each.lot.item.drug != "ketamine"
        and each.lot.recalled_at is None
        and each.lot.item.expiry_date >= today
    ]


def _words(each: custody.Balance) -> str:
    item = each.lot.item
    many = count_words(each.mass.mcg // item.vial.mcg, container_word(item))
    return (
        f"{item.label}, {mg_words(item.vial)} each: lot {item.lot}, expires {clinic_date(item.expiry_date)}, "
        f"{many} in the cabinet"
    )


class OtherDrugPage(VisitFormPage):
    """Taken out of the cabinet for this patient, given, and the rest of it wasted."""

    action = "infusion.run"
    template = "stock/other_drug.html.jinja"
    form_class = OtherDrugForm
    done_sentence = "It is out of the stock. Chart the dose as a rescue drug too, if that is not done yet."

    def form_arguments(self) -> dict[str, Any]:
        """What is in the cabinet here, and who cannot be the witness."""
        return {"me": self.author.id, "lots": lots_here(self.state)}

    def about(self, state: VisitState) -> dict[str, Any]:
        """Whether there is anything to take."""
        return {
            "is_any": bool(lots_here(state)),
            "is_here": state.phase in opened.HERE,
            "rescue_url": reverse("rescue", args=[self.kwargs["visit"]]),
            "visit_url": reverse("visit", args=[self.kwargs["visit"]]),
        }

    def place(self, form: forms.Form, issue: Issue) -> None:
        """Put what the ledger says beside the box that it is about."""
        field = FIELD_OF.get(issue.field or "", issue.field)
        form.add_error(field if field in form.fields else None, issue.sentence)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take it out of the stock."""
        assert isinstance(form, OtherDrugForm), "this page has one form"
        typed = form.cleaned_data
        return opened.give_from_stock(
            act,
            visit=self.visit,
            lot=stream_of("custody", typed["lot"]),
            vials=typed["vials"],
            given=typed["given"],
            **form.seen_by(self.request),
        )

    def done_address(self, stream: StreamId) -> str:
        """Back to the visit."""
        return reverse("visit", args=[self.kwargs["visit"]])


urlpatterns = [path("visits/<uuid:visit>/drug/other/", OtherDrugPage.as_view(), name="visit_drug_other")]
