"""Putting an entry right, and marking one as made in error; what was first written is shown beside it."""

from datetime import datetime
from typing import Any, get_args

from django import forms
from django.http import Http404
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from evenkeel.journey.acting import Act
from evenkeel.journey.amendments import (
    REASON_LETTERS_MIN,
    amend_entry,
    mark_in_error,
    may_amend,
    may_withdraw,
)
from evenkeel.record.courses import CourseState
from evenkeel.record.state import State, Written
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, StreamKind, entry_id, kind_of, reference_of, stream_of
from evenkeel.web import amendments_view
from evenkeel.web.banner import banner
from evenkeel.web.fields import HappenedAtField
from evenkeel.web.pages import FormPage
from evenkeel.web.sentences import sentence_of


class ReasonForm(forms.Form):
    """Why, and where to go back to."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text=f"Why it was wrong, in at least {REASON_LETTERS_MIN} letters. It stays beside the entry.",
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class AmendForm(ReasonForm):
    """The entry's own fields with what stands in them, its time, and why."""

    happened_at = HappenedAtField(help_text="Change it only if the time was wrong.")

    def __init__(self, *args: Any, fact: Written[Any], **kwargs: Any) -> None:
        """Add the fields of the entry's kind."""
        super().__init__(*args, **kwargs)
        self.fact = fact
        self.units = amendments_view.add_fields(fact.payload, self)
        self.fields["happened_at"].initial = fact.at
        own = [name for name in self.fields if name not in ("reason", "next", "happened_at")]
        self.order_fields([*own, "happened_at", "reason", "next"])

    @property
    def corrected_at(self) -> datetime | None:
        """The time that was typed; None when it is the one that stands, shown to the minute."""
        typed: datetime | None = self.cleaned_data["happened_at"]
        if typed is None or typed == self.fact.at.replace(second=0, microsecond=0):
            return None
        return typed


class OfEntry(FormPage):
    """A form about one entry of the record."""

    action = "entry.amend"

    @property
    def state(self) -> State:
        """The stream that the address names."""
        kind: StreamKind = self.kwargs["kind"]
        if kind not in get_args(StreamKind):
            raise Http404
        stream = stream_of(kind, str(self.kwargs["reference"]))
        if kind == "visit":
            return reading.visit(stream)
        if kind == "course":
            return reading.course(stream)
        if kind == "patient":
            return reading.patient(stream)
        raise Http404

    def fact(self, state: State) -> Written[Any]:
        """The entry that the address names, as it now reads."""
        fact = state.fact(entry_id(state.stream, self.kwargs["seq"]))
        if fact is None:
            raise Http404
        return fact

    def form_arguments(self) -> dict[str, Any]:
        """Where to go back to."""
        return {"initial": {"next": self.request.GET.get("next", "")}}

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add whose entry it is, and every version of it."""
        state = self.state
        fact = self.fact(state)
        first, *later = fact.history
        return super().context(
            patient=banner(reading.patient(_patient_of(state))),
            first={
                "sentence": sentence_of(first.payload),
                "by": first.by.printed_name,
                "at": first.happened_at,
                "recorded_at": first.recorded_at,
            },
            later=[
                {
                    "sentence": sentence_of(entry.payload),
                    "reason": entry.amend_reason,
                    "by": entry.by.printed_name,
                    "at": entry.happened_at,
                    "recorded_at": entry.recorded_at,
                }
                for entry in later
            ],
            in_error=fact.in_error,
            may_amend=may_amend(fact),
            may_withdraw=may_withdraw(fact),
            in_error_url=reverse(
                "in_error", args=[kind_of(state.stream), reference_of(state.stream), fact.seq]
            ),
            seen=state.seq,
            cancel_url=self.back(state.stream),
            **extra,
        )

    def back(self, stream: StreamId) -> str:
        """Where the person came from, if it is a page of this clinic; otherwise the patient's record."""
        asked = self.request.POST.get("next") or self.request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            asked, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        if asked and is_ours:
            return asked
        return reverse("patient_record", args=[reference_of(_patient_of(self.state))])

    def done_address(self, stream: StreamId) -> str:
        """Back to where they came from."""
        return self.back(stream)


class AmendPage(OfEntry):
    """Put other values or another time in the place of an entry's."""

    template = "amendments/amend.html.jinja"
    form_class = AmendForm
    done_sentence = "The entry is amended. What it said before stays readable."

    def form_arguments(self) -> dict[str, Any]:
        """The entry's present values."""
        return {**super().form_arguments(), "fact": self.fact(self.state)}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the amendment."""
        assert isinstance(form, AmendForm), "the form of this page is an amendment"
        state = self.state
        return amend_entry(
            act,
            stream=state.stream,
            entry=form.fact.id,
            # Built on what was first written, so that the same form sent twice asks for the same thing.
            payload=amendments_view.read(form.fact.history[0].payload, form),
            reason=form.cleaned_data["reason"],
            happened_at=form.corrected_at,
        )


class InErrorPage(OfEntry):
    """Say that an entry should not have been made."""

    template = "amendments/in_error.html.jinja"
    form_class = ReasonForm
    done_sentence = "The entry is marked as made in error. It stays readable and no longer counts."

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Mark it."""
        state = self.state
        return mark_in_error(
            act, stream=state.stream, entry=self.fact(state).id, reason=form.cleaned_data["reason"]
        )


def _patient_of(state: State) -> StreamId:
    if isinstance(state, VisitState):
        return state.booking.payload.patient
    if isinstance(state, CourseState):
        return state.referral.patient
    return state.stream


ENTRY = "streams/<str:kind>/<uuid:reference>/entries/<int:seq>"

urlpatterns = [
    path(f"{ENTRY}/amend/", AmendPage.as_view(), name="amend"),
    path(f"{ENTRY}/in-error/", InErrorPage.as_view(), name="in_error"),
]
