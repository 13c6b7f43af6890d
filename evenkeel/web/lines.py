"""Forms with lines that can be added, such as a medicine list; they work without a script."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponseBase

from evenkeel.values.shape import frozen
from evenkeel.web.fields import AskedField
from evenkeel.web.pages import FormPage

# The most lines that one form takes; a longer list is a mistake or an attack. Proposal.
LINES_MAX: Final = 60


@frozen
class Column:
    """One box of a line: its name, its label, and whether a line without it says nothing."""

    name: str
    label: str
    is_needed: bool = False


@frozen
class Lines:
    """A list of lines: its name in the form, what a line is called, its boxes, how many stand there empty."""

    name: str
    word: str
    columns: tuple[Column, ...]
    blank: int = 2

    @property
    def count_name(self) -> str:
        """The hidden field that says how many lines the page showed."""
        return f"{self.name}_lines"


class GrowingForm(forms.Form):
    """A form with lists of lines, named in `lists`; `lines(name)` gives them to the template."""

    lists: tuple[Lines, ...] = ()

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        given: Mapping[str, list[dict[str, str]]] | None = None,
        added: str | None = None,
        **kwargs: Any,
    ) -> None:
        """`given` are lines to start with; with `added`, one more line of that list and nothing is judged."""
        super().__init__(data, files, **kwargs)
        self.is_growing = added is not None
        self.counts = {
            each.name: self._count(each, data, given or {}) + (each.name == added) for each in self.lists
        }
        for each in self.lists:
            self._add_lines(each, (given or {}).get(each.name, []))

    def _count(self, each: Lines, data: Any, given: Mapping[str, list[dict[str, str]]]) -> int:
        if data is None:
            return len(given.get(each.name, [])) + each.blank
        said = data.get(each.count_name, "")
        return min(int(said) if said.isdecimal() and len(said) < 4 else each.blank, LINES_MAX)

    def _add_lines(self, each: Lines, given: list[dict[str, str]]) -> None:
        for number in range(self.counts[each.name]):
            held = given[number] if number < len(given) else {}
            for column in each.columns:
                self.fields[f"{each.name}_{column.name}_{number}"] = AskedField(
                    label=f"{each.word} {number + 1}: {column.label.lower()}",
                    max_length=200,
                    initial=held.get(column.name),
                )

    def full_clean(self) -> None:
        """Judge nothing while somebody only asks for another line."""
        if self.is_growing:
            self._errors = ErrorDict()
            self.cleaned_data = {}
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        """Ask for what a line cannot do without."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for each in self.lists:
            for number in range(self.counts[each.name]):
                values = {c.name: cleaned.get(f"{each.name}_{c.name}_{number}", "") for c in each.columns}
                for column in each.columns:
                    if column.is_needed and any(values.values()) and not values[column.name]:
                        sentence = (
                            f"{each.word} {number + 1}: write its {column.label.lower()}, or empty the line."
                        )
                        self.add_error(f"{each.name}_{column.name}_{number}", sentence)
        return cleaned

    def lines(self, name: str) -> list[list[forms.BoundField]]:
        """The boxes of a list, line by line."""
        each = next(each for each in self.lists if each.name == name)
        return [
            [self[f"{name}_{column.name}_{number}"] for column in each.columns]
            for number in range(self.counts[name])
        ]

    def written(self, name: str) -> list[dict[str, str]]:
        """The lines in which anything is written, by column."""
        each = next(each for each in self.lists if each.name == name)
        found = [
            {c.name: self.cleaned_data.get(f"{name}_{c.name}_{number}", "") for c in each.columns}
            for number in range(self.counts[name])
        ]
        return [line for line in found if any(line.values())]


class GrowingPage(FormPage):
    """A page whose form has lists of lines; a button called `add` asks for one more."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show the form again with one more line and everything that was typed, or carry it out."""
        wanted = request.POST.get("add")
        if wanted is None:
            return super().post(request, **kwargs)
        assert issubclass(self.form_class, GrowingForm), "only a form with lines can grow"
        form = self.form_class(request.POST, added=wanted, **self.form_arguments())
        return self.show(self.context(form=form))
