"""Form fields that give typed values: a quantity or a clear sentence, never a guess."""

from datetime import UTC, datetime
from typing import Any, Final

from django import forms

from evenkeel.values.drug import DrugMass
from evenkeel.values.numbers import BadNumber, parse_decimal
from evenkeel.values.quantities import DosePerWeight, Quantity

TRI = (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))


class QuantityField(forms.CharField):
    """A number of one unit; cleans to that quantity, or None when left empty and not required."""

    def __init__(self, cls: type[Quantity], *, asked: bool = False, **kwargs: Any) -> None:
        """`asked` is for what a person is asked for: left empty it is not known, so it is not "optional"."""
        self.quantity, self.asked = cls, asked
        kwargs.setdefault("strip", True)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Read the number as it was typed; every misreading that could move a decimal point is refused."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            return self.quantity.of(text)
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad


class WholeField(forms.CharField):
    """A whole number between two bounds; cleans to int, or None when left empty and not required."""

    def __init__(self, *, lowest: int, highest: int, asked: bool = False, **kwargs: Any) -> None:
        """`asked` as for a quantity."""
        self.lowest, self.highest, self.asked = lowest, highest, asked
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Read digits only."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            number = parse_decimal(text)
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad
        if number != number.to_integral_value() or not self.lowest <= number <= self.highest:
            raise forms.ValidationError(
                f"Write a whole number from {self.lowest} to {self.highest}.", code="out-of-range"
            )
        return int(number)


class DosesField(forms.CharField):
    """Doses per weight with spaces between them, in order; cleans to a tuple, empty when left empty."""

    def clean(self, value: Any) -> tuple[DosePerWeight, ...]:
        """Read each number as it was typed."""
        text = super().clean(value)
        try:
            return tuple(DosePerWeight.of(word) for word in text.split())
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad


class AskedField(forms.CharField):
    """A text that is asked for but may stay empty: what that means stands beside it, and not "optional"."""

    asked: Final = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class TriField(forms.ChoiceField):
    """Yes, no or not known. Left unanswered it is "unknown", which no rule takes for "no"."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.RadioSelect)
        super().__init__(choices=TRI, required=False, **kwargs)

    def clean(self, value: Any) -> str:
        """An unanswered question stays an open one."""
        return super().clean(value) or "unknown"


class HappenedAtField(forms.DateTimeField):
    """When it happened, in the clinic's time; empty means now."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Time")
        kwargs.setdefault("help_text", "Leave empty for now. Fill in when you write it down later.")
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        """Return aware UTC."""
        moment: datetime | None = super().clean(value)
        return moment.astimezone(UTC) if moment else None


class MassField(forms.CharField):
    """Milligrams of a drug; cleans to an exact mass, or None when left empty and not required."""

    def clean(self, value: Any) -> DrugMass | None:
        """Read the number as it was typed, to the microgram."""
        text = super().clean(value)
        if text == "":
            return None
        try:
            return DrugMass.mg(text)
        except BadNumber as bad:
            raise forms.ValidationError(bad.sentence, code=bad.code) from bad
