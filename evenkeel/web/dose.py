"""The dose calculator: an order's own arithmetic and rules, for nobody in particular.

No patient is named and none is read. It writes nothing, and no number stands in it before somebody typed one.
"""

from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from evenkeel.clinical.ordering import UnableToMakeDose
from evenkeel.values.quantities import Volume, Weight
from evenkeel.web import ordering_view
from evenkeel.web.dose_view import worked_out
from evenkeel.web.fields import QuantityField, TriField
from evenkeel.web.pages import REFUSED, Page, now
from evenkeel.web.step_fields import StepFields

FAMILIES: Final = (("mood", "Mood"), ("pain", "Pain"))


class DoseForm(StepFields):
    """What a dose is worked out from."""

    weight = QuantityField(Weight, label="Weight")
    product = forms.ChoiceField(
        label="Vial",
        choices=ordering_view.product_choices,
        widget=forms.RadioSelect,
    )
    bag = QuantityField(Volume, label="Bag, total volume")
    family = forms.ChoiceField(label="Given for", choices=FAMILIES, widget=forms.RadioSelect)
    is_first = TriField(label="First infusion of a course?")


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


urlpatterns = [path("dose/", DoseCalculator.as_view(), name="dose_calculator")]
