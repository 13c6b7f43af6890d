"""The steps of a run as boxes of a form, alike in an order and in the calculator."""

from typing import Any, Final

from django import forms

from evenkeel.values.dose_plan import Stage
from evenkeel.values.quantities import DosePerWeight, Minutes
from evenkeel.web.fields import QuantityField

# A titrated run is set in steps; three are as many as anybody sets by hand. Proposal.
STEPS_MOST: Final = 3


class StepFields(forms.Form):
    """The first step, which is the whole run unless others follow; the boxes of those may stay empty."""

    per_weight = QuantityField(DosePerWeight, label="Dose per weight")
    duration = QuantityField(Minutes, label="Over")
    bolus = forms.BooleanField(label="The first step is a bolus", required=False)

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
        first = Stage(
            per_weight=of["per_weight"],
            duration=of["duration"],
            kind="bolus" if of["bolus"] else "infusion",
        )
        rest = [(of[f"per_weight_{number}"], of[f"duration_{number}"]) for number in range(2, STEPS_MOST + 1)]
        return (
            first,
            *(
                Stage(per_weight=per_weight, duration=duration)
                for per_weight, duration in rest
                if per_weight is not None
            ),
        )

    @property
    def step_boxes(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The boxes of every step after the first."""
        return [
            (self[f"per_weight_{number}"], self[f"duration_{number}"]) for number in range(2, STEPS_MOST + 1)
        ]

    @property
    def is_in_steps(self) -> bool:
        """Whether anything stands in those boxes, so that they are not folded away."""
        boxes = [box for pair in self.step_boxes for box in pair]
        return any(box.value() or box.errors for box in boxes) or bool(self["bolus"].value())


def in_boxes(stages: tuple[Stage, ...]) -> dict[str, str | bool]:
    """What to write into the boxes for stages that are known."""
    filled: dict[str, str | bool] = {}
    for number, stage in enumerate(stages, start=1):
        end = "" if number == 1 else f"_{number}"
        filled[f"per_weight{end}"] = stage.per_weight.number
        filled[f"duration{end}"] = stage.duration.number
    filled["bolus"] = bool(stages) and stages[0].kind == "bolus"
    return filled
