"""A page with one form about one lot, and the number of vials that most of them ask for."""

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from evenkeel.journey.custody import stock
from evenkeel.journey.custody.witnessing import refuse_to_witness
from evenkeel.journey.policy import Action
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.store.queries.custody import Lot
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue, UnableTo
from evenkeel.web import pages, stock_view
from evenkeel.web.custody_words import container_word, count_words
from evenkeel.web.fields import HappenedAtField, WholeField
from evenkeel.web.pages import REFUSED, FormPage
from evenkeel.web.stock import lot_of
from evenkeel.web.witness_fields import WITNESS_NAMES, WitnessFields

# Where an issue of the ledger stands on these pages.
FIELD_OF: Final = {"amount": "vials", "witness": "second_person", "at": "happened_at"}


class VialsForm(forms.Form):
    """So many whole vials."""

    vials = WholeField(label="How many", lowest=1, highest=stock.VIALS_MAX)
    happened_at = HappenedAtField()


class FromForm(VialsForm):
    """So many whole vials from where they lie."""

    source = forms.ChoiceField(
        label="From", choices=[("safe", "Safe"), ("cabinet", "Cabinet")], widget=forms.RadioSelect
    )
    field_order: tuple[str, ...] = ("source", "vials")


class LotFormPage(FormPage):
    """One form about one lot; the form is shown field by field, with the witness at its end."""

    action: ClassVar[Action] = "stock.keep"
    template = "stock/lot_form.html.jinja"
    heading: ClassVar[str]
    lead: ClassVar[str] = ""
    button: ClassVar[str] = "Save"
    # What the second person puts their name to; empty where no witness is asked for.
    witnessed: ClassVar[str] = ""

    @property
    def lot(self) -> Lot:
        """The lot that the address names."""
        return lot_of(self.stream("custody"))

    @property
    def needs_witness(self) -> bool:
        """Whether a second person must see it: a drug in no schedule needs none."""
        return bool(self.witnessed) and self.lot.item.schedule is not None

    def form_arguments(self) -> dict[str, Any]:
        """A form with a witness must know who cannot be it, and whether one is needed."""
        if not issubclass(self.form_class, WitnessFields):
            return {}
        return {"me": self.author.id, "witness_needed": self.needs_witness}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Carry it out, or write down that the second person did not confirm it."""
        if "witness_refuses" not in request.POST or not self.needs_witness:
            return super().post(request, **kwargs)
        form = self.form_class(request.POST, **self.form_arguments())
        assert isinstance(form, WitnessFields), "only a page with a witness has the button"
        if not form.is_valid():
            return self.show(self.context(form=form), status=REFUSED)
        seen_by = form.seen_by(request)
        try:
            refuse_to_witness(
                self.act(form),
                lots=(self.lot.stream,),
                visit=None,
                what=self.what(form),
                second=seen_by["second"],
                proof_of_second=seen_by["proof_of_second"],
                reason=form.cleaned_data["refusal_reason"],
            )
        except UnableTo as refusal:
            return self.refuse(form, refusal)
        messages.warning(request, "It is on record that the second person did not confirm it. Nothing moved.")
        return redirect(self.done_address(self.lot.stream))

    def what(self, form: forms.Form) -> str:
        """The sentence that the second person was asked to confirm."""
        item, vials = self.lot.item, form.cleaned_data.get("vials")
        many = f"{count_words(vials, container_word(item))} of " if vials else ""
        return f"{self.heading}: {many}{item.label}, lot {item.lot}"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the lot, what is where, and the words of this page."""
        lot = self.lot
        held = custody.balances(None, lot=lot.stream)
        form = extra.pop("form", None) or self.form_class(**self.form_arguments())
        word = container_word(lot.item) + "s"
        return super().context(
            form=form,
            units={"vials": word},
            lot={"label": lot.item.label, "name": lot.item.lot, "url": stock_view.lot_url(lot.stream)},
            marks=stock_view.marks(lot, pages.now().date()),
            where=stock_view.where(held),
            heading=self.heading,
            lead=self.lead,
            button=self.button,
            witnessed=self.witnessed if self.needs_witness else "",
            names=[name for name in form.fields if name not in WITNESS_NAMES],
            seen=reading.lot(lot.stream).seq,
            **extra,
        )

    def place(self, form: forms.Form, issue: Issue) -> None:
        """Put what the ledger says beside the box that it is about."""
        field = FIELD_OF.get(issue.field or "", issue.field)
        if field == "reason" and "witness_refuses" in self.request.POST:
            field = "refusal_reason"
        form.add_error(field if field in form.fields else None, issue.sentence)

    def done_address(self, stream: StreamId) -> str:
        """The lot."""
        return stock_view.lot_url(self.stream("custody"))
