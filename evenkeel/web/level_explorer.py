"""The level explorer: a made-up infusion, and what the shipped models predict for it.

No patient is named and none is read. It gives no dose advice, and nothing in the journey asks for it.
"""

from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import path

from evenkeel.values.numbers import plain
from evenkeel.values.quantities import DosePerWeight, Minutes, Quantity, Weight
from evenkeel.values.shape import frozen
from evenkeel.web.fields import QuantityField, WholeField
from evenkeel.web.level_view import Asked, explored
from evenkeel.web.pages import REFUSED, Page

STARTS_WITH: Final = {
    "dose": "0.5",
    "duration": "40",
    "weight": "70",
    "pause_at": "0",
    "pause_for": "0",
    "infusion": "1",
}


FIRST: Final = ("dose", "duration", "weight")
MORE: Final = ("pause_at", "pause_for", "infusion")


@frozen
class Slider:
    """What a slider reaches; the box beside it takes more. Text, so that a step of 0.05 stays one."""

    low: str
    high: str
    step: str
    unit: str | None


SLIDERS: Final = {
    "dose": Slider(low="0.1", high="1.5", step="0.05", unit="mg/kg"),
    "duration": Slider(low="10", high="120", step="5", unit="min"),
    "weight": Slider(low="40", high="150", step="1", unit="kg"),
    "pause_at": Slider(low="0", high="60", step="5", unit="min"),
    "pause_for": Slider(low="0", high="60", step="5", unit="min"),
    "infusion": Slider(low="1", high="12", step="1", unit=None),
}


class BoundedField(QuantityField):
    """A quantity between two limits beyond which no estimate is made at all."""

    def __init__(self, cls: type[Quantity], *, low: str, high: str, **kwargs: Any) -> None:
        self.low, self.high = cls.of(low), cls.of(high)
        super().__init__(cls, **kwargs)

    def clean(self, value: Any) -> Any:
        """Read the number, and refuse one outside the limits."""
        found: Quantity = super().clean(value)
        if not self.low.value <= found.value <= self.high.value:
            raise forms.ValidationError(
                f"Write a number from {plain(self.low.value)} to {self.high}.", code="out-of-range"
            )
        return found


class LevelForm(forms.Form):
    """What is made up. Wider than the models' own ranges: outside those it is computed and marked."""

    dose = BoundedField(DosePerWeight, low="0.01", high="5", label="Dose")
    duration = BoundedField(Minutes, low="1", high="240", label="Duration")
    weight = BoundedField(Weight, low="20", high="250", label="Weight")
    pause_at = BoundedField(Minutes, low="0", high="240", label="Pause after")
    pause_for = BoundedField(
        Minutes, low="0", high="120", label="Pause for", help_text="0 is no pause. The rest follows after it."
    )
    infusion = WholeField(
        lowest=1,
        highest=100,
        label="Infusion of the course",
        help_text="Matters to dissociation alone, which is assumed to grow weaker.",
    )

    def clean(self) -> dict[str, Any]:
        """A pause lies within the infusion."""
        cleaned = super().clean() or {}
        at, length, duration = (cleaned.get(name) for name in ("pause_at", "pause_for", "duration"))
        if at and length and duration and length.value and at.value >= duration.value:
            self.add_error(
                "pause_at", f"A pause must begin before the infusion ends, so before {duration} have run."
            )
        return cleaned

    def asked(self) -> Asked:
        """What was made up, once the form is valid."""
        of: dict[str, Any] = self.cleaned_data
        return Asked(
            dose_mg_per_kg=of["dose"].value,
            duration_min=of["duration"].value,
            weight_kg=of["weight"].value,
            pause_at_min=of["pause_at"].value if of["pause_for"].value else Decimal(0),
            pause_for_min=of["pause_for"].value,
            infusion_number=of["infusion"],
        )


def starting_point() -> Asked:
    """What the page opens with: the usual first infusion."""
    form = LevelForm(STARTS_WITH)
    assert form.is_valid(), form.errors
    return form.asked()


class LevelExplorer(Page):
    """The whole page: works by a plain form, and redraws while a slider moves where there is JavaScript."""

    action = "levels.explore"
    template: ClassVar[str] = "levels/page.html.jinja"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show what the models predict, or what is wrong with the numbers, which stay as they were typed."""
        form = LevelForm({name: request.GET.get(name, value) for name, value in STARTS_WITH.items()})
        if form.is_valid():
            found = explored(form.asked())
            return self.show(self.context(form=form, found=found, charts=found["charts"]))
        # The pictures stay hidden, and wait for numbers that are right.
        charts = explored(starting_point())["charts"]
        return self.show(self.context(form=form, found=None, charts=charts), status=REFUSED)

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what the sliders reach, and which boxes may stay folded away."""
        form: LevelForm = extra["form"]
        is_more_open = any(form.data[name] != STARTS_WITH[name] for name in MORE)
        return super().context(sliders=SLIDERS, first=FIRST, more=MORE, is_more_open=is_more_open, **extra)


class LevelResult(LevelExplorer):
    """The part of the page that changes, for the page's own script."""

    template = "levels/fragment.html.jinja"


urlpatterns = [
    path("levels/", LevelExplorer.as_view(), name="level_explorer"),
    path("levels/result/", LevelResult.as_view(), name="level_result"),
]
