"""The questions of a scale as form fields, for entering a form and for putting one right."""

from django import forms

from evenkeel.clinical.scales import Item, Scale


def add_answer_fields(form: forms.Form, of: Scale, given: tuple[int | None, ...] = ()) -> None:
    """Give the form one field per question; `given` are answers that stand, else nothing is chosen."""
    for item in of.items:
        answer = given[item.number - 1] if item.number <= len(given) else None
        form.fields[f"answer_{item.number}"] = forms.TypedChoiceField(
            label=f"{item.number}. {item.text}" if len(of.items) > 1 else item.text,
            help_text="" if item.scored else "Asked, but not counted into the total.",
            choices=[(str(option.value), _option_words(item, option.value)) for option in item.options],
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            initial="" if answer is None else str(answer),
        )


def answers_of(form: forms.Form, of: Scale) -> tuple[int | None, ...]:
    """The answers in the order of the questions; None where nothing was chosen."""
    return tuple(form.cleaned_data[f"answer_{item.number}"] for item in of.items)


def answer_fields(form: forms.Form, of: Scale) -> list[forms.BoundField]:
    """The fields of the questions, in their order."""
    return [form[f"answer_{item.number}"] for item in of.items]


def gaps(of: Scale, answers: tuple[int | None, ...]) -> tuple[int, ...]:
    """The numbers of the scored questions that have no answer."""
    return tuple(item.number for item in of.scored_items if answers[item.number - 1] is None)


def _option_words(item: Item, value: int) -> str:
    """The words of an answer and its points, where the words do not begin with them."""
    text = next(option.text for option in item.options if option.value == value)
    return text if text.startswith(str(value)) or not item.scored else f"{text} ({value})"
