"""The page of the draw: the vial in one's hand, what was drawn from it, what it was made up to."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.urls import path

from evenkeel.custody.scanning import Scanned, UnableToScan
from evenkeel.journey import ordering
from evenkeel.journey.acting import Act
from evenkeel.journey.custody import weld
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.policy import may
from evenkeel.record.visits import VisitState
from evenkeel.store import reading
from evenkeel.values.ids import StreamId, stream_of
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import FlowRate, Volume
from evenkeel.web import drawing_view, ordering_view, pages
from evenkeel.web.chairside import VisitForm, VisitFormPage
from evenkeel.web.drawing_view import OPEN_MAX, VialChoice
from evenkeel.web.fields import HappenedAtField, QuantityField
from evenkeel.web.scan_field import ScanFields, ScanLookUp, look_up


class DrawForm(ScanFields, VisitForm):
    """What was drawn from which vials, and what it was made up to."""

    # A code picks a vial of the list and fills no box.
    scan_fills: Mapping[str, str] = {}

    vial = forms.ChoiceField(
        label="Vial",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Vial: choose the one in your hand.",
            "invalid_choice": "Vial: it cannot be drawn from now. Choose one from the list.",
        },
    )
    volume = QuantityField(Volume, label="Drawn into the syringe")
    vial_2 = forms.ChoiceField(label="Second vial, where the first held too little", required=False)
    volume_2 = QuantityField(Volume, label="Drawn from the second vial", required=False)
    bag = QuantityField(Volume, label="Bag, total volume with the drug in it")
    rate = QuantityField(FlowRate, label="Rate set on the pump")
    entry_was_wrong = forms.BooleanField(
        label="Only the entry before was wrong; nothing else was drawn than I write now", required=False
    )
    happened_at = HappenedAtField()

    def __init__(
        self,
        *args: Any,
        vials: tuple[VialChoice, ...],
        why_not: Callable[[Scanned], str],
        **kwargs: Any,
    ) -> None:
        """`vials` may be drawn from; `why_not` says why a vial that was scanned is not one of them."""
        super().__init__(*args, **kwargs)
        self.vials, self.why_not = vials, why_not
        self.fields["scan"].help_text = "Scan the vial: its lot is chosen below. Or type the NDC."
        listed = [(each.key, each.words) for each in vials]
        self.fields["vial"].choices = listed  # type: ignore[attr-defined]
        self.fields["vial_2"].choices = [("", "None"), *listed]  # type: ignore[attr-defined]

    def full_clean(self) -> None:
        """Choose the vial that the code picks, where none was chosen, before anything is judged."""
        if self.is_bound and not self.data.get("vial") and (vial := self._picked()) is not None:
            data: Any = self.data
            data = data.copy()
            data["vial"] = vial.key
            self.data = data
        super().full_clean()

    def _picked(self) -> VialChoice | None:
        try:
            return drawing_view.picked(self.vials, look_up(self.data.get("scan", "")))
        except UnableToScan:
            return None

    @property
    def shown(self) -> list[tuple[VialChoice, bool]]:
        """Every vial of the list, and whether a code may pick it."""
        return [(each, drawing_view.takes_code(self.vials, each)) for each in self.vials]

    @property
    def is_far(self) -> bool:
        """Whether the vial that is chosen stands in the part of the list that is folded away."""
        chosen = self["vial"].value()
        return any(each.key == chosen for each in self.vials[OPEN_MAX:])

    @property
    def takes(self) -> tuple[VialTake, ...]:
        """How much was drawn from each vial."""
        said = self.cleaned_data
        named = ((said["vial"], said["volume"]), (said["vial_2"], said["volume_2"]))
        return tuple(
            VialTake(lot=stream_of("custody", reference), number=number, volume=volume)
            for (reference, _, number), volume in ((vial.partition("/"), volume) for vial, volume in named)
            if reference and volume is not None
        )

    def clean(self) -> dict[str, Any]:
        """A second vial and what was drawn from it are written down together."""
        said = super().clean() or self.cleaned_data
        if said.get("vial_2") and said.get("volume_2") is None and "volume_2" not in self.errors:
            self.add_error("volume_2", "Second vial: write how much was drawn from it.")
        if said.get("volume_2") is not None and not said.get("vial_2"):
            self.add_error("vial_2", "Second vial: choose it, or leave its volume empty.")
        if self.scanned is not None:
            self._compare(self.scanned, {said.get("vial"), said.get("vial_2")} - {None, ""})
        return said

    def _compare(self, scanned: Scanned, chosen: set[str | None]) -> None:
        """Refuse a code of another vial than the one that is chosen."""
        fits = {each.key for each in drawing_view.of_lot(self.vials, scanned)}
        if not fits:
            self.add_error("scan", self.why_not(scanned))
        elif chosen and not fits & chosen:
            sentence = (
                "The code is of another vial than the one chosen below. Compare the label; "
                "choose the vial in your hand, or empty this box."
            )
            self.add_error("scan", sentence)


# Which box a rule about the draw looks at.
_FIELD_OF_RULE: Final = {
    "DRW-PRD-001": "vial",
    "DRW-STR-001": "vial",
    "DRW-EXP-001": "vial",
    "DRW-LOT-001": "vial",
    "DRW-VOL-001": "volume",
    "DRW-VOL-002": "volume",
    "DRW-BAG-001": "bag",
    "DRW-RTE-001": "rate",
}


class DrawPage(VisitFormPage):
    """The draw, with the order's sentence on top."""

    action = "dose.draw"
    template = "ordering/draw.html.jinja"
    form_class = DrawForm
    done_sentence = "The draw is recorded. A second person checks it now, signed in as themselves."

    def form_arguments(self) -> dict[str, Any]:
        """The vials that may be drawn from for this visit now."""
        state, at = self.state, pages.now()
        return {
            "vials": drawing_view.choices(state, at),
            "why_not": lambda scanned: drawing_view.why_not(state, scanned, at),
        }

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Record the draw."""
        assert isinstance(form, DrawForm), "the page's own form"
        cleaned = form.cleaned_data
        return ordering.draw_dose(
            act,
            visit=self.visit,
            takes=form.takes,
            bag=cleaned["bag"],
            rate=cleaned["rate"],
            entry_was_wrong=cleaned["entry_was_wrong"],
        )

    def refuse(self, form: forms.Form, refusal: UnableTo) -> HttpResponse:
        """Put what a rule refuses beside the box that it looked at."""
        placed = [
            replace(issue, field=issue.field or _FIELD_OF_RULE.get(issue.rule or ""))
            for issue in refusal.issues
        ]
        return super().refuse(form, type(refusal)(placed))

    def about(self, state: VisitState) -> dict[str, Any]:
        """Add the order, and what a second person found if they did not agree."""
        check = state.double_check
        return {
            "order": ordering_view.order_summary(state.order) if state.order else None,
            "is_open": state.phase in ("ordered", "drawn"),
            "is_drawn": state.draw is not None,
            "in_hand": [str(each.account) for each in weld.in_hand(state.stream)],
            "may_waste": may(self.author.role, "custody.waste"),
            "open_max": OPEN_MAX,
            "disagreements": check.payload.disagreements if check and not check.payload.agrees else (),
        }


class DrawLookUp(ScanLookUp):
    """Asked by the draw page's script: what a code says, and whether it may be drawn from for this visit."""

    action = "dose.draw"

    def refusal(self, scanned: Scanned) -> str | None:
        """Tell a vial apart that is not in stock, in the safe, expired, recalled or kept for others."""
        state, at = reading.visit(self.stream("visit")), pages.now()
        if drawing_view.of_lot(drawing_view.choices(state, at), scanned):
            return None
        return drawing_view.why_not(state, scanned, at)


urlpatterns = [
    path("visits/<uuid:visit>/draw/", DrawPage.as_view(), name="draw"),
    path("visits/<uuid:visit>/draw/scan/", DrawLookUp.as_view(), name="draw_scan"),
]
