"""The sheet that two people count by: what must be counted, and never how much the ledger expects."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms

from evenkeel.journey.custody.counting import INVENTORIES, Found, field_of
from evenkeel.journey.custody.stock import VIALS_MAX
from evenkeel.journey.policy import may
from evenkeel.record.counting import AsOf, CountPurpose
from evenkeel.record.custody import Item, Place
from evenkeel.store.queries import custody, people
from evenkeel.values.ids import ClinicianId, StreamId, stream_of
from evenkeel.values.quantities import Volume
from evenkeel.values.shape import frozen
from evenkeel.web.custody_words import container_word
from evenkeel.web.fields import AskedField, QuantityField, WholeField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.second_person import SecondPersonFields

# How many lines there are for what is found and stands nowhere on the sheet.
EXTRA_LINES: Final = 2
NOTE_CHARACTERS_MAX: Final = 1000
PURPOSE_WORDS: Final[dict[CountPurpose, str]] = {
    "opening": "Opening count",
    "closing": "Closing count",
    "spot": "Spot check",
    "initial": "First inventory",
    "biennial": "Inventory every two years",
}
PLACE_HEADINGS: Final[dict[Place, str]] = {
    "safe": "Safe",
    "cabinet": "Cabinet",
    "vial": "Opened vials",
}
_FIELD: Final = re.compile(r"found_([0-9a-f-]{36})_(safe|cabinet|vial)(?:_([0-9]{1,6}))?")


@frozen
class SheetLine:
    """One thing to count."""

    lot: StreamId
    place: Place
    ref: str
    item: Item

    @property
    def field(self) -> str:
        """The form's field for it."""
        return field_of(self.lot, self.place, self.ref)

    @property
    def label(self) -> str:
        """What to look for."""
        if self.place == "vial":
            return f"Vial {self.ref}, {self.item.label}"
        return f"{self.item.label}, lot {self.item.lot}"

    @property
    def hint(self) -> str:
        """What else stands on it."""
        expiry = f"Expires {clinic_date(self.item.expiry_date)}"
        return f"{expiry}. What is left in it" if self.place == "vial" else expiry

    @property
    def unit(self) -> str:
        """What is counted in."""
        return "mL" if self.place == "vial" else f"{container_word(self.item)}s"

    def made(self) -> forms.Field:
        """The box for it; nothing is filled in, and the form says when it was left empty."""
        if self.place == "vial":
            return QuantityField(Volume, asked=True, label=self.label, required=False)
        return WholeField(lowest=0, highest=VIALS_MAX, asked=True, label=self.label, required=False)

    def found(self, value: Any) -> Found:
        """What was written into the box."""
        if self.place == "vial":
            return Found(lot=self.lot, place=self.place, ref=self.ref, volume=value)
        return Found(lot=self.lot, place=self.place, ref=self.ref, vials=value)


def sheet_of(site: str, sent: Mapping[str, Any]) -> tuple[SheetLine, ...]:
    """Everything of a site that holds drug, place by place, and whatever the page that is sent counted.

    A vial that was used up while two people counted stays on the sheet, so that nothing typed is dropped.
    """
    lines = {
        line.field: line
        for each in custody.balances(site, "safe", "cabinet", "vial")
        for line in [
            SheetLine(lot=each.lot.stream, place=each.account.place, ref=each.account.ref, item=each.lot.item)
        ]
    }
    for name in sent:
        line = None if name in lines else _line_sent(site, name)
        if line is not None:
            lines[name] = line
    places = list(PLACE_HEADINGS)
    return tuple(
        sorted(
            lines.values(),
            key=lambda line: (places.index(line.place), line.item.label, line.item.lot, line.ref),
        )
    )


def _line_sent(site: str, name: str) -> SheetLine | None:
    parts = _FIELD.fullmatch(name)
    lot = custody.one_lot(stream_of("custody", parts[1])) if parts else None
    if parts is None or lot is None or lot.site != site or (parts[2] == "vial") != bool(parts[3]):
        return None
    place: Any = parts[2]
    ref = f"{lot.item.lot}-{parts[3]}" if place == "vial" else ""
    return SheetLine(lot=lot.stream, place=place, ref=ref, item=lot.item)


class CountForm(SecondPersonFields):
    """What two people found, line by line; who finds out if something differs; and the second person."""

    second_may = "stock.count"

    as_of = forms.ChoiceField(
        label="When in the day it stands",
        choices=[("opening", "As of the opening of business"), ("close", "As of the close of business")],
        widget=forms.RadioSelect,
        required=False,
    )
    owner = forms.ChoiceField(
        label="Who finds out if something differs",
        help_text="A registrant or lead. They get a case for each difference.",
        required=False,
    )
    note = AskedField(label="Note", max_length=NOTE_CHARACTERS_MAX, widget=forms.Textarea)

    def __init__(
        self,
        *args: Any,
        sheet: tuple[SheetLine, ...],
        site: str,
        purpose: CountPurpose,
        me: ClinicianId,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, me=me, **kwargs)
        self.sheet, self.is_inventory = sheet, purpose in INVENTORIES
        for line in sheet:
            self.fields[line.field] = line.made()
        if not self.is_inventory:
            del self.fields["as_of"]
        workers = [person for person in people.every() if may(person.role, "case.work")]
        chosen: Any = self.fields["owner"]
        chosen.choices = [("", "Choose"), *((person.id, person.printed_name) for person in workers)]
        chosen.asked = True
        if me in {person.id for person in workers}:
            chosen.initial = me
        self._lots = {lot.stream: lot for lot in custody.lots(site)}
        if self._lots:
            self._add_extras()

    def _add_extras(self) -> None:
        lots = [("", "Choose"), *((key, _lot_words(lot.item)) for key, lot in self._lots.items())]
        places = [("", "Choose"), ("safe", "Safe"), ("cabinet", "Cabinet")]
        for number in range(EXTRA_LINES):
            name = f"Also found {number + 1}"
            self.fields[f"extra_lot_{number}"] = forms.ChoiceField(
                label=f"{name}: lot", choices=lots, required=False
            )
            self.fields[f"extra_place_{number}"] = forms.ChoiceField(
                label=f"{name}: where", choices=places, required=False
            )
            self.fields[f"extra_vials_{number}"] = WholeField(
                lowest=1, highest=VIALS_MAX, asked=True, label=f"{name}: how many", required=False
            )

    def lines_by_place(self) -> list[tuple[str, list[tuple[SheetLine, forms.BoundField]]]]:
        """The boxes of the sheet under the heading of each place."""
        return [
            (heading, lines)
            for place, heading in PLACE_HEADINGS.items()
            if (lines := [(line, self[line.field]) for line in self.sheet if line.place == place])
        ]

    def extras(self) -> list[list[forms.BoundField]]:
        """The boxes for what stands nowhere on the sheet."""
        names = ("extra_lot", "extra_place", "extra_vials")
        lines = range(EXTRA_LINES if self._lots else 0)
        return [[self[f"{name}_{number}"] for name in names] for number in lines]

    def clean(self) -> dict[str, Any]:
        """Every line is counted; what is found beside the sheet is whole, and nothing of the sheet."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for line in self.sheet:
            if line.field not in self.errors and cleaned.get(line.field) is None:
                self.add_error(line.field, "Count it too; write 0 if none is there.")
        on_sheet = {(line.lot, line.place) for line in self.sheet}
        for number in range(EXTRA_LINES if self._lots else 0):
            boxes = {box: f"extra_{box}_{number}" for box in ("lot", "place", "vials")}
            values = {box: cleaned.get(name) for box, name in boxes.items()}
            written = [box for box, value in values.items() if value not in (None, "")]
            for box in ("lot", "place", "vials") if written and boxes["vials"] not in self.errors else ():
                if box not in written:
                    self.add_error(boxes[box], "Fill in lot, place and how many, or empty the line.")
            if (values["lot"], values["place"]) in on_sheet:
                self.add_error(boxes["lot"], "This lot stands above under that place. Count all of it there.")
        return cleaned

    @property
    def found(self) -> tuple[Found, ...]:
        """Everything that was found, of a form that is valid."""
        listed = (line.found(self.cleaned_data[line.field]) for line in self.sheet)
        return (*listed, *self._found_beside())

    def _found_beside(self) -> Iterator[Found]:
        for number in range(EXTRA_LINES if self._lots else 0):
            if self.cleaned_data[f"extra_lot_{number}"]:
                yield Found(
                    lot=StreamId(self.cleaned_data[f"extra_lot_{number}"]),
                    place=self.cleaned_data[f"extra_place_{number}"],
                    vials=self.cleaned_data[f"extra_vials_{number}"],
                )

    @property
    def chosen_as_of(self) -> AsOf | None:
        """When in the day an inventory stands; None where it is none, or was not said."""
        said: Any = self.cleaned_data.get("as_of") or None
        as_of: AsOf | None = said
        return as_of

    @property
    def chosen_owner(self) -> ClinicianId | None:
        """Who finds out, or None."""
        return ClinicianId(self.cleaned_data["owner"]) if self.cleaned_data["owner"] else None


def _lot_words(item: Item) -> str:
    return f"{item.label}, lot {item.lot}"
