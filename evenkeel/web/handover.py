"""Pages on which a patient under the drug is handed over: offer, accept, decline, withdraw, take over."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path

from evenkeel.journey import handover
from evenkeel.journey.acting import Act
from evenkeel.record.visits import VisitState
from evenkeel.values.ids import ClinicianId, StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.web import handover_view, ordering_view, pages
from evenkeel.web.chairside import VisitForm
from evenkeel.web.fields import HappenedAtField
from evenkeel.web.infusion import EntryPage, now_part

# A few sentences each: who reads them has a patient to look at.
LETTERS_MAX = 1000


class OfferForm(VisitForm):
    """To whom, and what is to be known: situation, background, assessment, recommendation."""

    to = forms.ChoiceField(label="Hand over to")
    situation = forms.CharField(
        label="Situation",
        help_text="How the patient is now, and where the infusion stands.",
        max_length=LETTERS_MAX,
        required=False,
        widget=forms.Textarea,
    )
    background = forms.CharField(
        label="Background",
        help_text="What matters of this patient and of what happened so far.",
        max_length=LETTERS_MAX,
        required=False,
        widget=forms.Textarea,
    )
    assessment = forms.CharField(
        label="Assessment",
        help_text="What you make of it.",
        max_length=LETTERS_MAX,
        required=False,
        widget=forms.Textarea,
    )
    recommendation = forms.CharField(
        label="Recommendation",
        help_text="What to watch, and what to do next.",
        max_length=LETTERS_MAX,
        required=False,
        widget=forms.Textarea,
    )

    def __init__(self, *args: Any, me: ClinicianId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receivers = handover.who_can_receive(besides=me)
        choice: Any = self.fields["to"]
        choice.choices = [("", "Choose"), *((person.id, person.printed_name) for person in receivers)]


class ReasonForm(VisitForm):
    """Why it is declined or withdrawn."""

    reason = forms.CharField(label="Reason", max_length=500)


class TakeOverForm(VisitForm):
    """Why nobody could be asked, and from whom, as the page showed it."""

    reason = forms.CharField(label="Reason", max_length=500, help_text="Both of you and the record have it.")
    before = forms.CharField(widget=forms.HiddenInput, required=False)
    happened_at = HappenedAtField()


class HandoverPage(EntryPage):
    """A page about who is responsible; `standing` says whether its form fits where the visit stands."""

    action = "infusion.hand_over"

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add who is responsible and what is offered."""
        return {"responsible": handover_view.standing(state, self.author)}


class OfferPage(HandoverPage):
    """Whoever is responsible writes the handover and names who is to accept it."""

    template = "handover/offer.html.jinja"
    form_class = OfferForm
    heading = "Hand over"
    button = "Offer the handover"
    done_sentence = "The handover is offered. You stay responsible until it is accepted."

    def form_arguments(self) -> dict[str, Any]:
        """Nobody hands over to themselves."""
        return {"me": self.author.id}

    def hint(self) -> str | None:
        """That offering is not enough."""
        return "You stay responsible until the other one has signed in and accepted."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Offer it."""
        cleaned = form.cleaned_data
        return handover.offer_handover(
            act,
            visit=self.visit,
            to=ClinicianId(cleaned["to"]),
            situation=cleaned["situation"],
            background=cleaned["background"],
            assessment=cleaned["assessment"],
            recommendation=cleaned["recommendation"],
        )


class PicturePage(HandoverPage):
    """A page that shows what counts now, before somebody becomes responsible."""

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the present state, without anything to press in it, and what happened so far."""
        shown = super().about(state)
        if shown["responsible"] is None:
            return shown
        return {
            **shown,
            **now_part(self, state),
            "can_set": False,
            "can_answer": False,
            "can_decide": False,
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "picture": handover_view.picture(state, pages.now()),
        }


class AcceptPage(PicturePage):
    """Whoever was asked reads what was written and what counts now, and accepts."""

    template = "handover/accept.html.jinja"
    heading = "Accept the handover"
    button = "Accept: I am responsible now"
    needs_seen = True
    done_sentence = "You are responsible now."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Accept it."""
        return handover.accept_handover(act, visit=self.visit)


class DeclinePage(HandoverPage):
    """Whoever was asked says no."""

    template = "handover/reason.html.jinja"
    form_class = ReasonForm
    heading = "Decline the handover"
    button = "Decline"
    done_sentence = "You declined. Who offered it stays responsible and is told."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Decline it."""
        return handover.decline_handover(act, visit=self.visit, reason=form.cleaned_data["reason"])


class WithdrawPage(HandoverPage):
    """Whoever offered takes it back."""

    template = "handover/reason.html.jinja"
    form_class = ReasonForm
    heading = "Withdraw the offer"
    button = "Withdraw"
    done_sentence = "The offer is withdrawn. You are still responsible."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Withdraw it."""
        return handover.withdraw_handover(act, visit=self.visit, reason=form.cleaned_data["reason"])


class TakeOverPage(PicturePage):
    """Somebody becomes responsible without being asked, in an emergency."""

    template = "handover/take_over.html.jinja"
    form_class = TakeOverForm
    heading = "Take over"
    button = "Take over: I am responsible now"
    done_sentence = "You are responsible now. Who was before you is told, with your reason."

    def form_arguments(self) -> dict[str, Any]:
        """From whom, as the page shows it."""
        responsible = self.state.responsible
        return {"initial": {"before": responsible.who.id if responsible else ""}}

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponse:
        """Show the page again as it is now, so that the next try is about who is responsible by then."""
        form.data = {**form.data.dict(), **self.form_arguments()["initial"]}  # type: ignore[attr-defined]
        return super().refuse(form, refusal)

    def hint(self) -> str | None:
        """When this is meant."""
        return "For an emergency, when the one who is responsible cannot hand over."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take over."""
        cleaned = form.cleaned_data
        return handover.take_over(
            act, visit=self.visit, before=ClinicianId(cleaned["before"]), reason=cleaned["reason"]
        )


urlpatterns = [
    path("visits/<uuid:visit>/handover/", OfferPage.as_view(), name="hand_over"),
    path("visits/<uuid:visit>/handover/accept/", AcceptPage.as_view(), name="accept_handover"),
    path("visits/<uuid:visit>/handover/decline/", DeclinePage.as_view(), name="decline_handover"),
    path("visits/<uuid:visit>/handover/withdraw/", WithdrawPage.as_view(), name="withdraw_handover"),
    path("visits/<uuid:visit>/handover/take-over/", TakeOverPage.as_view(), name="take_over"),
]
