"""What is done with one lot: brought to the cabinet, returned, destroyed, sent, recalled, put right."""

from typing import Any, Final

from django import forms
from django.http import Http404
from django.urls import path

from evenkeel.journey.acting import Act
from evenkeel.journey.custody import corrections, leaving, stock
from evenkeel.journey.rules import clinic_day
from evenkeel.record.custody import DrugMoved, Paper
from evenkeel.store import reading, sites
from evenkeel.store.queries import transfers
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId, entry_id
from evenkeel.web import stock_view
from evenkeel.web.custody_words import amount_words, place_words
from evenkeel.web.fields import AskedField, WholeField
from evenkeel.web.lot_page import FromForm, LotFormPage, VialsForm
from evenkeel.web.witness_fields import WitnessFields


class ReturnForm(FromForm):
    """A return with its paper."""

    party = forms.CharField(label="Returned to", max_length=120)
    party_number = AskedField(label="Their DEA number", max_length=20)
    paper_number = forms.CharField(label="Number of the return", max_length=60)
    on_date = forms.DateField(label="Date of the paper")
    field_order = ("source", "vials", "party", "party_number", "paper_number", "on_date", "happened_at")


class DestroyForm(WitnessFields, FromForm):
    """Destruction in front of a second person, with what form 41 asks for."""

    paper_number = forms.CharField(
        label="Number of this destruction",
        max_length=60,
        help_text="Give lots that are destroyed together the same number; they are printed on one sheet.",
    )
    party = forms.CharField(label="Place", max_length=120, help_text="Where it was destroyed.")
    on_date = forms.DateField(label="Date")
    method = forms.CharField(
        label="How",
        max_length=300,
        help_text="The method, after which nothing can be got back.",
        widget=forms.Textarea,
    )
    field_order = ("source", "vials", "paper_number", "party", "on_date", "method", "happened_at")


class SendForm(FromForm):
    """Vials to another of the clinic's sites."""

    to = forms.ChoiceField(label="To", widget=forms.RadioSelect)
    field_order = ("source", "vials", "to", "happened_at")

    def __init__(self, *args: Any, others: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["to"]
        choice.choices = others


class RecallForm(forms.Form):
    """Why a lot is recalled, and with which notice."""

    reason = forms.CharField(
        label="Reason", max_length=500, help_text="Who recalled it, and why.", widget=forms.Textarea
    )
    paper_number = AskedField(label="Number of the notice", max_length=60)
    party = AskedField(label="Notice from", max_length=120)
    on_date = forms.DateField(label="Date of the notice", required=False)


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label="Reason", max_length=500, widget=forms.Textarea)


class ExpiryForm(ReasonForm):
    """The expiry as the label has it."""

    expiry_date = forms.DateField(label="Expiry on the label")
    field_order = ("expiry_date", "reason")


class TakeBackForm(WitnessFields, ReasonForm):
    """How much of a movement was wrong."""

    vials = WholeField(label="How many were wrong", lowest=1, highest=stock.VIALS_MAX)
    field_order = ("vials", "reason")


# --- kept ---------------------------------------------------------------------------------------------------


class StockUp(LotFormPage):
    """Vials from the safe to the cabinet."""

    form_class = VialsForm
    template = "stock/lot_form.html.jinja"
    heading = "Bring to the cabinet"
    lead = "Sealed vials, from the safe to the cabinet that visits draw from."
    button = "Bring to the cabinet"
    done_sentence = "The vials are in the cabinet."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Move them."""
        return stock.stock_up(act, lot=self.lot.stream, vials=form.cleaned_data["vials"])


class LockAway(LotFormPage):
    """Vials from the cabinet to the safe."""

    form_class = VialsForm
    heading = "Put into the safe"
    lead = "Sealed vials, from the cabinet back into the safe."
    button = "Put into the safe"
    done_sentence = "The vials are in the safe."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Move them."""
        return stock.lock_away(act, lot=self.lot.stream, vials=form.cleaned_data["vials"])


class CorrectExpiry(LotFormPage):
    """An expiry that was misread."""

    form_class = ExpiryForm
    heading = "Correct the expiry"
    lead = "When the label was misread. The first reading stays in the record."
    button = "Correct it"
    done_sentence = "The expiry is corrected."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Put it right."""
        return stock.correct_expiry(act, lot=self.lot.stream, **form.cleaned_data)


# --- leaving ------------------------------------------------------------------------------------------------


class ReturnStock(LotFormPage):
    """To a reverse distributor or back to the supplier."""

    form_class = ReturnForm
    heading = "Return stock"
    lead = "To a reverse distributor, or back to the supplier, with the paper that goes along."
    button = "Return it"
    done_sentence = "The return is on record."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Let it go."""
        typed = form.cleaned_data
        return leaving.return_stock(
            act,
            lot=self.lot.stream,
            source=typed["source"],
            vials=typed["vials"],
            paper=Paper(
                kind="return",
                number=typed["paper_number"],
                on_date=typed["on_date"],
                party=typed["party"],
                party_number=typed["party_number"],
            ),
        )


class DestroyStock(LotFormPage):
    """Destroyed in front of a second person."""

    form_class = DestroyForm
    heading = "Destroy stock"
    lead = (
        "Expired or unusable sealed stock only; what is left of a dose is wasted at the visit. "
        "The data for form 41 can be printed afterwards. Nothing is filed from here."
    )
    button = "Both saw it destroyed"
    witnessed = "I saw these vials destroyed so that nothing can be got back."
    done_sentence = "The destruction is on record."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the destruction down."""
        assert isinstance(form, DestroyForm), "this page has one form"
        typed = form.cleaned_data
        return leaving.destroy_stock(
            act,
            lot=self.lot.stream,
            source=typed["source"],
            vials=typed["vials"],
            paper=Paper(
                kind="destruction",
                number=typed["paper_number"],
                on_date=typed["on_date"],
                party=typed["party"],
            ),
            method=typed["method"],
            **form.seen_by(self.request),
        )


class SendToSite(LotFormPage):
    """To another of the clinic's sites."""

    form_class = SendForm
    heading = "Send to another site"
    lead = "The vials are on their way until somebody at the other site has taken them in."
    button = "Send them"
    done_sentence = "The vials are on their way."

    def form_arguments(self) -> dict[str, Any]:
        """Offer the other sites."""
        return {"others": [(each.id, each.name) for each in sites.sites() if each.id != self.lot.site]}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Send them."""
        typed = form.cleaned_data
        return leaving.send_to_site(
            act, lot=self.lot.stream, source=typed["source"], vials=typed["vials"], to=typed["to"]
        )


class AcceptTransfer(LotFormPage):
    """What another site sent is here."""

    form_class = VialsForm
    heading = "Take a transfer in"
    button = "Take it in"
    done_sentence = "The transfer is taken in."

    @property
    def sent(self) -> EntryId:
        """The movement at the site that sent it."""
        return entry_id(self.lot.stream, self.kwargs["seq"])

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say what is on its way."""
        way = next((each for each in transfers.on_their_way() if each.sent.entry == self.sent), None)
        names = {each.id: each.name for each in sites.sites()}
        context = super().context(**extra)
        if way is None:
            context["lead"] = "Nothing of this transfer is on its way any more."
        else:
            context["lead"] = (
                f"{amount_words(self.lot.item, way.left)} on the way from {names[self.lot.site]} to "
                f"{names.get(way.to_site, way.to_site)}. Count what arrived; it goes into the safe there."
            )
        return context

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take it in at this site."""
        return leaving.accept_transfer(act, sent=self.sent, vials=form.cleaned_data["vials"])

    def done_address(self, stream: StreamId) -> str:
        """The lot at the site that took it in."""
        return stock_view.lot_url(stream)


class RecallLot(LotFormPage):
    """No longer to be used."""

    form_class = RecallForm
    heading = "Recall the lot"
    lead = "Nobody can draw from it any more, at any site. It can still be returned or destroyed."
    button = "Recall the lot"
    done_sentence = "The lot is recalled."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Recall it, with the notice if there is one."""
        typed = form.cleaned_data
        paper = None
        if typed["paper_number"] or typed["party"] or typed["on_date"]:
            paper = Paper(
                kind="recall",
                number=typed["paper_number"],
                on_date=typed["on_date"] or clinic_day(act.recorded_at),
                party=typed["party"],
            )
        return leaving.recall_lot(act, lot=self.lot.stream, reason=typed["reason"], paper=paper)


class LiftRecall(LotFormPage):
    """The recall was a mistake."""

    form_class = ReasonForm
    heading = "Lift the recall"
    lead = "Only when the recall was written down by mistake. It stays readable, with this reason."
    button = "Lift the recall"
    done_sentence = "The recall is lifted."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Lift it."""
        return leaving.lift_recall(act, lot=self.lot.stream, reason=form.cleaned_data["reason"])


class TakeBack(LotFormPage):
    """A movement that was wrong."""

    form_class = TakeBackForm
    heading = "Take a movement back"
    button = "Take it back"
    witnessed = "I saw that this movement did not happen as it was written."
    done_sentence = "The movement is taken back. Both stay readable."

    @property
    def moved(self) -> DrugMoved:
        """The movement that the address names."""
        fact = reading.lot(self.lot.stream).fact(self.entry)
        if fact is None or not isinstance(fact.payload, DrugMoved):
            raise Http404
        return fact.payload

    @property
    def entry(self) -> EntryId:
        """The entry of the movement."""
        return entry_id(self.lot.stream, self.kwargs["seq"])

    @property
    def needs_witness(self) -> bool:
        """Where two saw it, two take it back."""
        return corrections.needs_witness(self.moved, reading.lot(self.lot.stream))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say which movement it is."""
        moved, item = self.moved, self.lot.item
        way = f"from {place_words(moved.source)} to {place_words(moved.into)}"
        context = super().context(**extra)
        context["lead"] = (
            f"{amount_words(item, moved.amount)} {way}. What is wrong of it goes back the same way."
        )
        return context

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take it back."""
        assert isinstance(form, TakeBackForm), "this page has one form"
        amount = DrugMass(mcg=self.lot.item.vial.mcg * form.cleaned_data["vials"])
        return corrections.take_back(
            act,
            lot=self.lot.stream,
            entry=self.entry,
            amount=amount,
            reason=form.cleaned_data["reason"],
            **form.seen_by(self.request),
        )


_LOT: Final = "stock/lots/<uuid:custody>/"
urlpatterns = [
    path(f"{_LOT}stock-up/", StockUp.as_view(), name="stock_up"),
    path(f"{_LOT}lock-away/", LockAway.as_view(), name="stock_lock_away"),
    path(f"{_LOT}expiry/", CorrectExpiry.as_view(), name="stock_expiry"),
    path(f"{_LOT}return/", ReturnStock.as_view(), name="stock_return"),
    path(f"{_LOT}destroy/", DestroyStock.as_view(), name="stock_destroy"),
    path(f"{_LOT}send/", SendToSite.as_view(), name="stock_send"),
    path(f"{_LOT}accept/<int:seq>/", AcceptTransfer.as_view(), name="stock_accept"),
    path(f"{_LOT}recall/", RecallLot.as_view(), name="stock_recall"),
    path(f"{_LOT}lift-recall/", LiftRecall.as_view(), name="stock_lift"),
    path(f"{_LOT}take-back/<int:seq>/", TakeBack.as_view(), name="stock_take_back"),
]
