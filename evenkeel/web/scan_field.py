"""The box that takes a label's code, scanned or typed, and the look-up that its script asks for.

A form takes `ScanFields` as a base. Without the page's script the code is read when the form is sent: what it
says fills the boxes that were left empty, and what was typed otherwise is refused.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from evenkeel.clinical.stock import PRODUCT_OF_NDC, PRODUCTS
from evenkeel.custody.scanning import Scanned, UnableToScan, read_scan
from evenkeel.journey.policy import Action
from evenkeel.web import pages
from evenkeel.web.fields import AskedField
from evenkeel.web.jinja import clinic_date
from evenkeel.web.pages import REFUSED, Page

# What a code can say, and what pages call it.
_WORDS: Final = {"product": "product", "lot": "lot", "expiry_date": "expiry date"}


def look_up(text: str) -> Scanned:
    """Read a code with the clinic's list of products; raises UnableToScan."""
    return read_scan(text, products=PRODUCT_OF_NDC, on=pages.now().date())


def sentence_of(scanned: Scanned, today: date) -> str:
    """What a code says, and what has to be read from the label since the code does not say it."""
    said = [
        PRODUCTS[scanned.product].label if scanned.product else "",
        f"lot {scanned.lot}" if scanned.lot else "",
        f"expiry {clinic_date(scanned.expiry_date)}" if scanned.expiry_date else "",
    ]
    silent = [word for word, value in zip(_WORDS.values(), said, strict=True) if not value]
    sentences = [f"The code says: {', '.join(filter(None, said))}."]
    if silent:
        sentences.append(f"It does not say: {', '.join(silent)}. Read that from the label.")
    if scanned.expiry_date and scanned.expiry_date < today:
        sentences.append("The expiry date has passed.")
    return " ".join(sentences)


def _written(scanned: Scanned) -> dict[str, str]:
    """What a code says, as boxes of a form hold it."""
    return {
        "product": scanned.product or "",
        "lot": scanned.lot,
        "expiry_date": scanned.expiry_date.isoformat() if scanned.expiry_date else "",
    }


class ScanFields(forms.Form):
    """The box for a code, for a form to take as a base.

    `scan_fills` names the form's own fields that hold what a code can say; a form may lack some of them.
    After `is_valid()` stands in `scanned` what the code says, None when there was none.
    """

    scan_fills: Mapping[str, str] = {
        "product": "product",
        "lot": "lot",
        "expiry_date": "expiry_date",
    }

    scan = AskedField(
        label="Code on the label",
        strip=False,
        help_text="Scan it, or type the NDC. What the code says is filled in below.",
    )

    scanned: Scanned | None = None
    # What the code and the boxes both say, so that the page can mark it.
    scan_agrees: tuple[str, ...] = ()

    @property
    def scan_targets(self) -> dict[str, str]:
        """The names of the boxes that a code fills, as the page writes them."""
        return {said: self[name].html_name for said, name in self.scan_fills.items() if name in self.fields}

    def full_clean(self) -> None:
        """Fill the boxes that were left empty before any of them is judged."""
        if self.is_bound:
            self.data = scanned_into(self)
        super().full_clean()

    def clean_scan(self) -> str:
        """Read the code, or say why it cannot be read."""
        text: str = self.cleaned_data["scan"]
        if text.strip():
            try:
                self.scanned = look_up(text)
            except UnableToScan as refusal:
                raise forms.ValidationError([issue.sentence for issue in refusal.issues]) from refusal
        return text

    def clean(self) -> dict[str, Any]:
        """Refuse a code that says something else than the boxes: one of the two is of another vial."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for said, value in (_written(self.scanned) if self.scanned else {}).items():
            name = self.scan_fills.get(said)
            if not value or name not in self.fields:
                continue
            words = PRODUCTS[value].label if said == "product" else value
            if said == "product" and not _can_be_chosen(self, name, value):
                self.add_error("scan", f"The code is of {words}, which cannot be chosen here.")
            elif name in cleaned and str(cleaned[name]).strip() == value:
                self.scan_agrees += (said,)
            elif name in cleaned:
                self.add_error(
                    "scan",
                    f"The {_WORDS[said]} in the code is {words}, and another stands below. "
                    "Compare the label; correct the box below, or empty this one.",
                )
        return cleaned


def scanned_into(form: ScanFields) -> Any:
    """What was sent, with the boxes that were left empty filled from the code, as far as it can be read."""
    text = form.data.get(form.add_prefix("scan"), "")
    try:
        scanned = look_up(text)
    except UnableToScan:
        return form.data
    values = _written(scanned)
    product = form.scan_fills.get("product", "")
    if product in form.fields and values["product"] and not _can_be_chosen(form, product, values["product"]):
        return form.data
    data: Any = form.data
    data = data.copy()
    for said, name in form.scan_fills.items():
        key = form.add_prefix(name)
        if name in form.fields and values[said] and not str(data.get(key, "")).strip():
            data[key] = values[said]
    return data


def _can_be_chosen(form: forms.Form, name: str, value: str) -> bool:
    field = form.fields[name]
    return not isinstance(field, forms.ChoiceField) or field.valid_value(value)


class ScanLookUp(Page):
    """Asked by a page's script: what a code says.

    Takes `scan`. The answer is JSON: `product` (a key of the product table), `label`, `strength`, `lot`,
    `expiry_date` (a day of ISO 8601), each empty where the code does not say it, and a `sentence`; with
    status 422 the `sentence` alone, which says why the code cannot be read.
    """

    action: ClassVar[Action] = "stock.scan"
    http_method_names = ["post"]  # noqa: RUF012 - Django reads it from the class

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Read the code. Nothing is written."""
        try:
            scanned = look_up(request.POST.get("scan", ""))
        except UnableToScan as refusal:
            return JsonResponse({"sentence": refusal.issues[0].sentence}, status=REFUSED)
        refused = self.refusal(scanned)
        if refused is not None:
            return JsonResponse({"sentence": refused}, status=REFUSED)
        product = PRODUCTS[scanned.product] if scanned.product else None
        return JsonResponse(
            {
                **_written(scanned),
                "label": product.label if product else "",
                "strength": str(product.strength) if product else "",
                "sentence": sentence_of(scanned, pages.now().date()),
            }
        )

    def refusal(self, scanned: Scanned) -> str | None:
        """Why what was read cannot be used on this page; a page that knows has a look-up of its own."""
        return None


urlpatterns = [path("stock/scan/", ScanLookUp.as_view(), name="stock_scan")]
