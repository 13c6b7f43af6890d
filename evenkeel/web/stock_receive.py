"""Stock comes in: an invoice with a line for each lot, or the first inventory, counted by two."""

from datetime import date
from typing import Any, Final

from django import forms
from django.urls import path, reverse

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.custody.scanning import UnableToScan
from evenkeel.journey.acting import Act
from evenkeel.journey.custody import stock
from evenkeel.journey.custody.stock import ReceivedLine
from evenkeel.record.custody import Paper
from evenkeel.store import sites
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import Issue
from evenkeel.values.numbers import BadNumber, parse_decimal
from evenkeel.web import pages
from evenkeel.web.fields import AskedField, HappenedAtField
from evenkeel.web.lines import Column, GrowingForm, GrowingPage, Lines
from evenkeel.web.scan_field import ScanFields, look_up
from evenkeel.web.witness_fields import WitnessFields

LINES: Final = Lines(
    name="line",
    word="Line",
    columns=(
        Column(name="product", label="Product", is_needed=True),
        Column(name="lot", label="Lot", is_needed=True),
        Column(name="expiry_date", label="Expiry", is_needed=True),
        Column(name="vials", label="How many", is_needed=True),
    ),
    blank=1,
)
PRODUCT_CHOICES: Final = [("", "Choose"), *((product.key, product.label) for product in PRODUCTS.values())]
# What the use case calls the boxes of a line.
COLUMN_OF: Final = {"product": "product", "lot": "lot", "expiry": "expiry_date", "vials": "vials"}


class ProductField(forms.ChoiceField):
    """The product of a line; left empty the line says nothing, so it is not called optional."""

    asked: Final = True


class StockLines(ScanFields, GrowingForm):
    """Where stock goes, and one line for each lot; a scanned code fills the last line."""

    lists = (LINES,)

    site = forms.ChoiceField(label="Site")
    into = forms.ChoiceField(
        label="Into",
        choices=[("safe", "Safe"), ("cabinet", "Cabinet")],
        widget=forms.RadioSelect,
        initial="safe",
    )
    happened_at = HappenedAtField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = sites.sites()
        if len(every) > 1:
            choice: Any = self.fields["site"]
            choice.choices = [(each.id, each.name) for each in every]
        else:
            del self.fields["site"]
        for number in range(self.counts[LINES.name]):
            self._make_choice(f"line_product_{number}")
        # While somebody asks for another line, the code in the box is still that of the line before.
        self._fill_line(self.counts[LINES.name] - (2 if self.is_growing else 1))

    def _make_choice(self, name: str) -> None:
        label = self.fields[name].label
        self.fields[name] = ProductField(
            label=label,
            choices=PRODUCT_CHOICES,
            required=False,
            error_messages={"invalid_choice": "Product: choose one from the list."},
        )

    def _fill_line(self, number: int) -> None:
        self.scan_fills = {each: f"line_{each}_{number}" for each in ("product", "lot", "expiry_date")}

    def full_clean(self) -> None:
        """Once a line was asked for, the next code is for the new one."""
        super().full_clean()
        if self.is_bound and self.is_growing:
            try:
                look_up(self.data.get("scan", ""))
            except UnableToScan:
                return
            data: Any = self.data
            data = data.copy()
            data["scan"] = ""
            self.data = data
            self._fill_line(self.counts[LINES.name] - 1)

    def clean(self) -> dict[str, Any]:
        """Read expiry and number of every line."""
        cleaned = super().clean()
        self.received: list[tuple[int, ReceivedLine]] = []
        for number in range(self.counts[LINES.name]):
            self._read(number, cleaned)
        return cleaned

    def _read(self, number: int, cleaned: dict[str, Any]) -> None:
        typed = {c.name: cleaned.get(f"line_{c.name}_{number}", "") for c in LINES.columns}
        if not all(typed.values()):
            return
        expiry_date = self._expiry(number, typed["expiry_date"])
        vials = self._vials(number, typed["vials"])
        if expiry_date is not None and vials is not None:
            line = ReceivedLine(
                product=typed["product"], lot=typed["lot"], expiry_date=expiry_date, vials=vials
            )
            self.received.append((number, line))

    def _expiry(self, number: int, typed: str) -> date | None:
        try:
            return date.fromisoformat(typed)
        except ValueError:
            sentence = "Expiry: write the day as on the label; a month alone means its last day."
            self.add_error(f"line_expiry_date_{number}", sentence)
            return None

    def _vials(self, number: int, typed: str) -> int | None:
        try:
            found = parse_decimal(typed)
        except BadNumber as bad:
            self.add_error(f"line_vials_{number}", bad.sentence)
            return None
        if found != found.to_integral_value() or not 1 <= found <= stock.VIALS_MAX:
            self.add_error(
                f"line_vials_{number}", f"How many: write a whole number from 1 to {stock.VIALS_MAX}."
            )
            return None
        return int(found)

    @property
    def site_id(self) -> str:
        """The site that was chosen, or the only one."""
        chosen: str = self.cleaned_data.get("site") or sites.sites()[0].id
        return chosen

    @property
    def received_lines(self) -> tuple[ReceivedLine, ...]:
        """The lines that were filled in."""
        return tuple(line for _, line in self.received)

    def box_of(self, field: str) -> str:
        """The box that an issue of the use case is about: `lot_0` is the first line that was filled in."""
        name, _, place = field.partition("_")
        if name in COLUMN_OF and place.isdecimal() and int(place) < len(self.received):
            return f"line_{COLUMN_OF[name]}_{self.received[int(place)][0]}"
        return field


class PaperFields(forms.Form):
    """The invoice."""

    party = forms.CharField(label="Supplier", max_length=120)
    party_number = AskedField(label="Their DEA number", max_length=20)
    paper_number = forms.CharField(label="Invoice number", max_length=60)
    on_date = forms.DateField(label="Date of the invoice")


class ReceiveForm(StockLines, PaperFields):
    """An invoice with its lines."""


class OpeningForm(StockLines, WitnessFields):
    """The first inventory: what is there before the ledger begins."""


class StockInPage(GrowingPage):
    """A form with a line for each lot."""

    action = "stock.keep"
    template = "stock/receive.html.jinja"
    heading = "Receive stock"
    lead = ""
    button = "Receive"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the words of the page."""
        return super().context(heading=self.heading, lead=self.lead, button=self.button, **extra)

    def place(self, form: forms.Form, issue: Issue) -> None:
        """Put an issue beside the box of the line that it is about."""
        assert isinstance(form, StockLines), "the form of this page has lines"
        field = form.box_of(issue.field or "")
        form.add_error(field if field in form.fields else None, issue.sentence)

    def done_address(self, stream: StreamId) -> str:
        """The stock, where all of it now stands."""
        return reverse("stock")


class ReceivePage(StockInPage):
    """What an invoice lists."""

    form_class = ReceiveForm
    lead = "One line for each lot, as invoice and label have it. All of it is taken in, or none."
    done_sentence = "The stock is received."

    def form_arguments(self) -> dict[str, Any]:
        """Suggest today."""
        return {"initial": {"on_date": pages.now().date(), "into": "safe"}}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Take it in."""
        assert isinstance(form, ReceiveForm), "this page has one form"
        typed = form.cleaned_data
        return stock.receive(
            act,
            site=form.site_id,
            paper=Paper(
                kind="invoice",
                number=typed["paper_number"],
                on_date=typed["on_date"],
                party=typed["party"],
                party_number=typed["party_number"],
            ),
            into=typed["into"],
            lines=form.received_lines,
        )


class OpeningPage(StockInPage):
    """The first inventory."""

    form_class = OpeningForm
    heading = "Enter the first inventory"
    lead = "What is there before the ledger begins, counted by two people, lot by lot."
    button = "Both counted it"
    done_sentence = "The first inventory is in the ledger."

    def form_arguments(self) -> dict[str, Any]:
        """A form with a witness must know who cannot be it."""
        return {"me": self.author.id}

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Enter it."""
        assert isinstance(form, OpeningForm), "this page has one form"
        return stock.enter_opening_stock(
            act,
            site=form.site_id,
            into=form.cleaned_data["into"],
            lines=form.received_lines,
            **form.seen_by(self.request),
        )


urlpatterns = [
    path("stock/receive/", ReceivePage.as_view(), name="stock_receive"),
    path("stock/opening/", OpeningPage.as_view(), name="stock_opening"),
]
