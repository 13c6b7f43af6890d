"""The dose calculator: an order's own arithmetic and rules, for nobody in particular.

No patient is named and none is read. It writes nothing, and no number stands in it before somebody typed one.
"""

from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from evenkeel.clinical.ordering import UnableToMakeDose
from evenkeel.values.dose_plan import Stage
from evenkeel.values.quantities import DosePerWeight, Minutes, Volume, Weight
from evenkeel.web import ordering_view
from evenkeel.web.dose_view import worked_out
from evenkeel.web.fields import QuantityField, TriField
from evenkeel.web.pages import REFUSED, Page, now

# A titrated run is set in steps; three are as many as anybody sets by hand. Proposal.
STEPS_MOST: Final = 3
FAMILIES: Final = (("mood", "Mood"), ("pain", "Pain"))


class DoseForm(forms.Form):
    """What a dose is worked out from. The steps after the first may stay empty."""

    per_weight = QuantityField(DosePerWeight, label="Dose per weight")
    duration = QuantityField(Minutes, label="Over")
    weight = QuantityField(Weight, label="Weight")
    product = forms.ChoiceField(
        label="Vial",
        choices=ordering_view.product_choices,
        widget=forms.RadioSelect,
    )
    bag = QuantityField(Volume, label="Bag, total volume")
    family = forms.ChoiceField(label="Given for", choices=FAMILIES, widget=forms.RadioSelect)
    is_first = TriField(label="First infusion of a course?")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(2, STEPS_MOST + 1):
            self.fields[f"per_weight_{number}"] = QuantityField(
                DosePerWeight, label=f"Step {number}: dose per weight", required=False
            )
            self.fields[f"duration_{number}"] = QuantityField(
                Minutes, label=f"Step {number}: over", required=False
            )

    def clean(self) -> dict[str, Any]:
        """A step has both of its numbers, and none is left out before it."""
        cleaned = super().clean() or {}
        is_last = False
        for number in range(2, STEPS_MOST + 1):
            names = (f"per_weight_{number}", f"duration_{number}")
            if self.errors.keys() & set(names):
                continue
            written = [name for name in names if cleaned[name] is not None]
            if is_last and written:
                self.add_error(written[0], f"Fill in step {number - 1} first.")
            elif len(written) == 1:
                missing = next(name for name in names if name not in written)
                self.add_error(missing, "A step has a dose and a duration; write both or neither.")
            is_last = is_last or not written
        return cleaned

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The steps that were written, once the form is valid."""
        of = self.cleaned_data
        pairs = [(of["per_weight"], of["duration"])]
        pairs += [
            (of[f"per_weight_{number}"], of[f"duration_{number}"]) for number in range(2, STEPS_MOST + 1)
        ]
        return tuple(
            Stage(per_weight=per_weight, duration=duration)
            for per_weight, duration in pairs
            if per_weight is not None
        )


class DoseCalculator(Page):
    """The whole page, by a plain form whose numbers stand in the address."""

    action = "dose.calculate"
    template: ClassVar[str] = "dose/page.html.jinja"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show an empty form, a dose, or what is wrong with the numbers, which stay as they were typed."""
        form = DoseForm(request.GET or None)
        if not form.is_bound:
            return self.show(self.context(form=form, found=None))
        if not form.is_valid():
            return self.show(self.context(form=form, found=None), status=REFUSED)
        of = form.cleaned_data
        try:
            found = worked_out(
                form.stages,
                weight=of["weight"],
                product=of["product"],
                bag=of["bag"],
                family=of["family"],
                is_first=of["is_first"],
                at=now(),
            )
        except UnableToMakeDose as refusal:
            for issue in refusal.issues:
                form.add_error(issue.field, issue.sentence)
            return self.show(self.context(form=form, found=None), status=REFUSED)
        return self.show(self.context(form=form, found=found))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add which boxes make further steps, and whether they may stay folded away."""
        form: DoseForm = extra["form"]
        steps = [(f"per_weight_{number}", f"duration_{number}") for number in range(2, STEPS_MOST + 1)]
        is_open = any(form.data.get(name) for pair in steps for name in pair)
        return super().context(steps=steps, are_steps_open=is_open, **extra)


urlpatterns = [path("dose/", DoseCalculator.as_view(), name="dose_calculator")]
