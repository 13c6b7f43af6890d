"""The questions of a scale as form fields, for entering a form and for putting one right."""

import json
from typing import Any, Final

from django import forms

from evenkeel.clinical.scales.shape import Item, Scale
from evenkeel.web.fields import WholeField

_HOUR_MINUTES: Final = 60


class ClockField(forms.TimeField):
    """A time of day; cleans to the minutes since midnight, or None when left empty."""

    # It is asked for like any other question, so it is not called optional.
    asked: Final = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(format="%H:%M"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Read hours and minutes."""
        found = super().clean(value)
        return None if found is None else found.hour * _HOUR_MINUTES + found.minute


def add_answer_fields(form: forms.Form, of: Scale, given: tuple[int | None, ...] = ()) -> None:
    """Give the form one field per question; `given` are answers that stand, else nothing is chosen."""
    for item in of.items:
        answer = given[item.number - 1] if item.number <= len(given) else None
        words: dict[str, Any] = {
            "label": f"{item.key}. {item.words}" if len(of.items) > 1 else item.words,
            "help_text": " ".join(_hints(of, item)),
            "required": False,
        }
        form.fields[f"answer_{item.number}"] = _field(of, item, answer, words)


def _field(of: Scale, item: Item, answer: int | None, words: dict[str, Any]) -> forms.Field:
    if item.span and item.span.unit == "clock":
        initial = None if answer is None else item.answer_words(answer)
        return ClockField(initial=initial, **words)
    if item.span:
        return WholeField(lowest=item.span.low, highest=item.span.high, asked=True, initial=answer, **words)
    return forms.TypedChoiceField(
        choices=[(str(value), _option_words(of, item, value)) for value in item.values],
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        initial="" if answer is None else str(answer),
        **words,
    )


def answers_of(form: forms.Form, of: Scale) -> tuple[int | None, ...]:
    """The answers in the order of the questions; None where nothing was chosen."""
    return tuple(form.cleaned_data[f"answer_{item.number}"] for item in of.items)


def answer_fields(form: forms.Form, of: Scale) -> list[dict[str, Any]]:
    """The questions in their order: field, kind ("choice", "number", "clock"), unit, and when it is asked."""
    return [
        {
            "field": form[f"answer_{item.number}"],
            "kind": _kind(item),
            "unit": item.span.unit if item.span else "",
            "condition": _condition(item),
        }
        for item in of.items
    ]


def _kind(item: Item) -> str:
    if item.span is None:
        return "choice"
    return "clock" if item.span.unit == "clock" else "number"


def _condition(item: Item) -> str | None:
    """When a question is asked, for the page's script."""
    if item.condition is None:
        return None
    asked = item.condition
    return json.dumps({"items": asked.items, "from": asked.value_from, "unless": asked.is_unless})


def _hints(of: Scale, item: Item) -> list[str]:
    found = [] if item.scored else ["Asked, but not counted into the total."]
    if item.condition is not None:
        others = [of.item(number) for number in item.condition.items]
        reached = [value for value in others[0].values if value >= item.condition.value_from]
        below = [value for value in others[0].values if value < item.condition.value_from]
        values = reached if item.condition.is_unless else below
        answers = " or ".join(f"“{others[0].answer_words(value)}”" for value in values)
        keys = ", ".join(other.key for other in others)
        named = f"question {keys} is" if len(others) == 1 else f"questions {keys} are all"
        found.append(f"Not asked where {named} {answers}.")
    return found


def _option_words(of: Scale, item: Item, value: int) -> str:
    """The words of an answer and its points, where points are added and the words do not begin with them."""
    text = item.answer_words(value)
    if text.startswith(str(value)) or not item.scored or of.scoring.levels or of.scoring.profile:
        return text
    return f"{text} ({item.points_of(value)})"
