"""Paper of the stock: an inventory to be kept, and the data for form 106, which a person files."""

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.custody.counts import inventory_due
from evenkeel.journey.custody.counting import stockroom_stream
from evenkeel.journey.rules import clinic_day
from evenkeel.record.counting import CaseState, CountRecorded, InventoryTaken, StockroomState
from evenkeel.record.custody import Item
from evenkeel.record.state import Written
from evenkeel.store import reading
from evenkeel.store.queries import settings
from evenkeel.store.sites import Site
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import reference_of
from evenkeel.web import pages, stock_count_view
from evenkeel.web.custody_words import mg_words, place_words, whole_vials
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.pages import Page
from evenkeel.web.printing import make_pdf
from evenkeel.web.stock_cases import reportable_case
from evenkeel.web.stock_count import count_of, site_asked
from evenkeel.web.stock_count_view import volume_words, where_words

TO_WRITE: Final = "________________________"


def pdf_answer(sheet: str, data: dict[str, Any], name: str) -> HttpResponse:
    """A sheet as a file that no cache keeps."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(make_pdf(sheet, data), content_type="application/pdf", headers=headers)


def _frame(title: str, number: str, author: str, printed_at: datetime) -> dict[str, Any]:
    clinic = settings.current().clinic_name
    return {
        "title": title,
        "clinic": clinic,
        "record_number": number,
        "footer": f"{clinic} · printed by {author}, {clinic_datetime(printed_at)}",
    }


def _holder(site: Site) -> list[tuple[str, str]]:
    return [
        ("Registrant", f"{settings.current().clinic_name}, {site.name}"),
        ("Address", site.address or TO_WRITE),
        ("DEA number", site.registration or TO_WRITE),
    ]


def _contents(item: Item) -> str:
    """What one container holds: "500 mg in 10 mL"."""
    return f"{mg_words(item.vial)} in {volume_words(item, item.vial)}"


# --- the inventory ------------------------------------------------------------------------------------------


def inventory(
    site: Site,
    fact: Written[CountRecorded],
    taken: Written[InventoryTaken],
    *,
    author: str,
    printed_at: datetime,
) -> dict[str, Any]:
    """An inventory as it was counted: controlled drugs alone, by product and strength."""
    said = fact.payload
    due = stock_count_view.day_words(inventory_due(clinic_day(fact.at)))
    return {
        **_frame("Inventory of controlled drugs", f"inventory {fact.seq}", author, printed_at),
        "patient": [
            *_holder(site),
            ("Taken", clinic_datetime(fact.at)),
            ("As of", f"the {taken.payload.as_of} of business"),
            ("Counted by", f"{fact.by.printed_name} and {said.second_name}"),
        ],
        "sealed": _sealed(said),
        "opened": _opened(said),
        "due": f"The next inventory is due by {due} (at least every two years, 21 CFR 1304.11).",
        "note": said.note or "None.",
        "proof": f"Count {fact.id}, hash {fact.history[0].hash}",
    }


def _sealed(said: CountRecorded) -> list[list[str]]:
    """One row for each product: sealed containers in safe and cabinet together."""
    found: dict[str, list[Any]] = {}
    for line in said.lines:
        if line.item.schedule is not None and line.account.place in ("safe", "cabinet"):
            found.setdefault(line.item.product, []).append(line)
    return [_sealed_row(found[product]) for product in sorted(found)]


def _sealed_row(lines: list[Any]) -> list[str]:
    item = lines[0].item
    total = DrugMass(mcg=sum(line.found.mcg for line in lines))
    lots = sorted({line.item.lot for line in lines if line.found.mcg})
    return [
        item.label,
        f"C-{item.schedule}",
        _code(item),
        _contents(item),
        str(whole_vials(item, total)),
        mg_words(total),
        ", ".join(lots) or "–",
    ]


def _opened(said: CountRecorded) -> list[list[str]]:
    return [
        [
            line.item.label,
            f"C-{line.item.schedule}",
            place_words(line.account),
            f"{volume_words(line.item, line.found)}, {mg_words(line.found)}",
        ]
        for line in said.lines
        if line.item.schedule is not None and line.account.place == "vial"
    ]


def _code(item: Item) -> str:
    """The National Drug Code from the product table, or room to write it."""
    product = PRODUCTS.get(item.product)
    return (product.ndc if product else "") or "not in the list"


class InventoryPaper(Page):
    """An inventory as a PDF."""

    action = "stock.read"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Print a count that stands as an inventory; another is not found."""
        site = site_asked(self.kwargs["site"])
        fact = count_of(site.id, self.kwargs["seq"])
        state = reading.fold(StockroomState, stockroom_stream(site.id))
        taken = next((each for each in state.inventories if each.payload.count == fact.id), None)
        if taken is None:
            raise Http404
        data = inventory(site, fact, taken, author=self.author.printed_name, printed_at=pages.now())
        return pdf_answer("stock_inventory", data, f"inventory-{site.id}-{fact.seq}")


# --- form 106 -----------------------------------------------------------------------------------------------


def form_106(state: CaseState, site: Site, *, author: str, printed_at: datetime) -> dict[str, Any]:
    """What form 106 asks for and the record knows; the rest is left to be written."""
    opened, closed = state.opened.payload, state.closed
    item = opened.item
    lost = DrugMass(mcg=opened.expected.mcg - opened.found.mcg)
    vials = whole_vials(item, lost)
    explained = closed.payload.explanation if closed else "not explained yet"
    filed = state.form
    told = state.notice
    return {
        **_frame("Data for form 106", f"case {reference_of(state.stream)[:8]}", author, printed_at),
        "lead": "For form 106 (theft or loss of controlled substances). Nothing was filed with this sheet: a "
        "person files the form at the agency's own site.",
        "patient": [
            *_holder(site),
            ("Telephone", settings.current().clinic_phone or TO_WRITE),
            ("Date of discovery", clinic_datetime(opened.discovered_at)),
            ("Discovered by", state.opened.by.printed_name),
        ],
        "drug": [
            [
                _code(item),
                item.label,
                f"C-{item.schedule}",
                str(item.strength),
                str(vials) if vials is not None else "part of one",
                f"{mg_words(lost)} in {volume_words(item, lost)}",
                item.lot,
            ]
        ],
        "rows": [
            ("Type of loss", f"{TO_WRITE} (chosen by the registrant)"),
            ("Where it was kept", where_words(opened.account)),
            ("Expected", mg_words(opened.expected)),
            ("Found", mg_words(opened.found)),
            ("Explanation", explained),
            (
                "Written notice",
                f"sent {clinic_date(told.payload.sent_date)}" if told else "not noted as sent",
            ),
            (
                "Form 106",
                f"filed {clinic_date(filed.payload.filed_date)}, reference {filed.payload.reference}"
                if filed
                else "not noted as filed",
            ),
            ("Police report", TO_WRITE),
            ("Person who files", TO_WRITE),
        ],
        "proof": f"Case {state.stream}, {state.seq} entries, last hash {state.head_hash}",
    }


class Form106Paper(Page):
    """The data for form 106 as a PDF."""

    action = "case.work"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Print what the case knows; a case that nothing is lost in has no such sheet."""
        state = reportable_case(self.stream("case"))
        site = site_asked(state.opened.payload.site)
        data = form_106(state, site, author=self.author.printed_name, printed_at=pages.now())
        return pdf_answer("form_106", data, f"form-106-{reference_of(state.stream)[:8]}")


urlpatterns = [
    path(
        "stock/counts/<slug:site>/<int:seq>/inventory.pdf",
        InventoryPaper.as_view(),
        name="stock_inventory_pdf",
    ),
    path("stock/cases/<uuid:case>/form-106.pdf", Form106Paper.as_view(), name="stock_case_form_106_pdf"),
]
