"""The form on which a prescriber signs a decision, and the time at which something was done."""

from typing import Any

from django import forms

from evenkeel.clinical.rulebook import Rulebook
from evenkeel.record.verdict import Verdict
from evenkeel.web.fields import AskedField
from evenkeel.web.verdicts import add_override_fields


class DecisionForm(forms.Form):
    """One decision, a reason for every rule that asks for one, and the password again."""

    decision = forms.ChoiceField(label="Decision", widget=forms.RadioSelect)
    reason = AskedField(label="Reason", widget=forms.Textarea)
    password = forms.CharField(
        label="Your password",
        help_text="It signs this decision in your name.",
        widget=forms.PasswordInput,
        strip=False,
    )

    def __init__(
        self,
        *args: Any,
        book: Rulebook,
        verdicts: tuple[Verdict, ...],
        choices: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        """`choices` are the decisions that may be taken, with their words."""
        super().__init__(*args, **kwargs)
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField), "a decision is one of several"
        field.choices = choices
        add_override_fields(self, book, verdicts)

    @property
    def override_fields(self) -> list[forms.BoundField]:
        """The reasons, one for every rule that asks for one."""
        return [self[name] for name in self.fields if name.startswith("override_")]
