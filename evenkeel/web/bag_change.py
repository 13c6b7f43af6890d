"""The page of a bag change: one person measures and draws, the other reads the new bag without their numbers.

It is one form on two screens. What the first person wrote goes along hidden while the second one reads.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast, get_args

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from evenkeel.clinical.ordering import rest_of_dose
from evenkeel.journey.acting import Act
from evenkeel.journey.custody.bag import BagCause, SecondReading, replace_bag
from evenkeel.record.visits import VisitState
from evenkeel.values.drug import MICROGRAMS_PER_MG, Strength, to_decimal
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Volume
from evenkeel.web import drawing_view, ordering_view, pages
from evenkeel.web.chairside import VisitFormPage
from evenkeel.web.drawing import DrawForm
from evenkeel.web.drawing_view import OPEN_MAX
from evenkeel.web.fields import HappenedAtField, QuantityField
from evenkeel.web.pages import REFUSED
from evenkeel.web.second_person import SecondPersonFields, proof_of

CAUSES: Final[dict[BagCause, str]] = {
    "broken": "It is broken or leaks",
    "spilled": "It was spilled",
    "left_over": "Something else; what is left is wasted",
}
# What only the second person fills in.
_READ: Final = ("read_strength", "read_volume", "read_bag")
_SECOND: Final = (*_READ, "second_person", "password_of_second", "passkey_of_second")
# The buttons that turn to the other screen and save nothing.
_TO_SECOND, _TO_FIRST = "to_second", "to_first"
# Which box a rule about the new bag looks at.
_FIELD_OF_RULE: Final = {
    "DRW-PRD-001": "vial",
    "DRW-STR-001": "vial",
    "DRW-EXP-001": "vial",
    "DRW-LOT-001": "vial",
    "DRW-VOL-002": "volume",
    "DRW-NEW-001": "bag",
    "DRW-NEW-002": "volume",
}


class BagForm(SecondPersonFields, DrawForm):
    """What is left of the old bag, what the new one is made of, and what the second person reads."""

    second_may = "dose.double_check"
    field_order = ("cause", "rest", "explanation", "scan", "vial", "volume", "vial_2", "volume_2", "bag")
    # The rate stays the order's, and a bag on the pump was no wrong entry.
    rate: Any = None
    entry_was_wrong: Any = None

    rest = QuantityField(
        Volume,
        label="Left in the old bag",
        help_text="Measure it together, in a syringe or by weight; 0 if nothing could be saved.",
    )
    cause = forms.ChoiceField(
        label="Why the bag is changed",
        choices=tuple(CAUSES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Why the bag is changed: choose one."},
    )
    explanation = forms.CharField(
        label="What happened",
        max_length=1000,
        required=False,
        widget=forms.Textarea,
        help_text="Needed when less is left than there should be.",
    )
    happened_at = HappenedAtField()
    read_strength = forms.ChoiceField(
        label="Strength",
        choices=ordering_view.strength_choices,
        widget=forms.RadioSelect,
        help_text="Read it from the vial.",
        error_messages={"required": "Strength: choose the one on the vial."},
    )
    read_volume = QuantityField(
        Volume, label="Drawn into the syringe, as you read it", help_text="Read it from the syringe."
    )
    read_bag = QuantityField(
        Volume, label="Bag, total volume, as you read it", help_text="Read it from the new bag's label."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound or _TO_SECOND in self.data or _TO_FIRST in self.data:
            for name in (*_READ, "second_person"):
                self.fields[name].required = False

    def turn_to(self, *, is_second: bool) -> None:
        """Let one person's boxes go along hidden while the other one's stand on the page."""
        hidden = [name for name in self.fields if name not in _SECOND] if is_second else list(_READ)
        for name in hidden:
            self.fields[name].widget = forms.HiddenInput()
        for name in (*_READ, "second_person"):
            # Only now is it asked for, and "optional" would stand beside what is not.
            self.fields[name].required = is_second

    @property
    def is_for_second(self) -> bool:
        """Whether it is the second person's turn: what the first one wrote has nothing against it."""
        if not self.is_bound or _TO_FIRST in self.data:
            return False
        return all(name in (*_SECOND, "__all__") for name in self.errors)

    @property
    def read(self) -> SecondReading:
        """What the second person read, of a form that is valid."""
        said = self.cleaned_data
        return SecondReading(
            strength=Strength(mcg_per_ml=int(said["read_strength"])),
            volume=said["read_volume"],
            bag=said["read_bag"],
        )


class BagPage(VisitFormPage):
    """Another bag for a paused infusion, in two turns: the one who draws, then the one who reads."""

    action = "infusion.run"
    template = "ordering/bag.html.jinja"
    form_class = BagForm
    done_sentence = "The bag is changed. Chart the signs, then resume."

    def form_arguments(self) -> dict[str, Any]:
        """The vials that may be drawn from now, and who is signed in."""
        state, at = self.state, pages.now()
        why_not: Callable[..., str] = lambda scanned: drawing_view.why_not(state, scanned, at)  # noqa: E731
        return {"vials": drawing_view.choices(state, at), "why_not": why_not, "me": self.author.id}

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Turn to the other person's screen, or carry the change out."""
        if _TO_SECOND not in request.POST and _TO_FIRST not in request.POST:
            return super().post(request, **kwargs)
        form = self.form_class(request.POST, **self.form_arguments())
        is_wrong = _TO_SECOND in request.POST and not form.is_valid()
        return self.show(self.context(form=form), status=REFUSED if is_wrong else 200)

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Change the bag."""
        assert isinstance(form, BagForm), "the page's own form"
        said = form.cleaned_data
        assert said["cause"] in get_args(BagCause), "a choice of the form"
        return replace_bag(
            act,
            visit=self.visit,
            takes=form.takes,
            bag=said["bag"],
            rest=said["rest"],
            cause=cast(BagCause, said["cause"]),
            explanation=said["explanation"],
            read=form.read,
            second=form.second,
            proof_of_second=proof_of(form, self.request),
        )

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponse:
        """Put what a rule refuses beside the box that it looked at."""
        placed = [
            replace(issue, field=issue.field or _FIELD_OF_RULE.get(issue.rule or ""))
            for issue in refusal.issues
        ]
        return super().refuse(form, type(refusal)(placed))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Say whose turn it is."""
        found = super().context(**extra)
        form: BagForm = found["form"]
        is_for_second = form.is_for_second
        form.turn_to(is_second=is_for_second)
        return {**found, "is_for_second": is_for_second, "to_second": _TO_SECOND, "to_first": _TO_FIRST}

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the order, what was given, and how the new bag is made so that the rate stays right."""
        return {
            "is_open": state.phase == "paused",
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "open_max": OPEN_MAX,
            "drawer": self.author.printed_name,
            **_how_to_make(state),
        }


def _how_to_make(state: VisitState) -> dict[str, Any]:
    """The new bag that would hold the rest of the dose, in words; None where nothing is left to draw."""
    if state.order is None:
        return {"given": None, "rest_of_dose": None}
    dose, given = state.order.payload.dose, state.given(pages.now())
    left = rest_of_dose(dose, given)
    per_ml = plain(to_decimal(dose.mcg_per_ml_in_bag / MICROGRAMS_PER_MG, 3))
    words = None
    if left is not None:
        words = (
            f"To give the rest, draw {left.drawn.shown(2)} ({left.draw} of {dose.strength}) and make the bag "
            f"up to {left.bag} in all: {per_ml} mg/mL, as ordered."
        )
    return {"given": f"{given.shown()} of {dose.ordered.shown()} given", "rest_of_dose": words}


urlpatterns = [path("visits/<uuid:visit>/bag/", BagPage.as_view(), name="replace_bag")]
