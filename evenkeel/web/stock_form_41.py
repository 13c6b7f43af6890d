"""The data that form 41 asks for, on paper: which stock was destroyed, how, and who saw it."""

from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path

from evenkeel.clinical.stock import PRODUCTS
from evenkeel.record.custody import Paper
from evenkeel.store import sites
from evenkeel.store.queries import custody, settings
from evenkeel.store.queries.custody import Movement
from evenkeel.values.ids import entry_id
from evenkeel.web.custody_words import count_words, mg_words, whole_vials
from evenkeel.web.jinja import clinic_date, clinic_datetime
from evenkeel.web.pages import Page, now
from evenkeel.web.stock import lot_of
from evenkeel.web.stock_papers import TO_WRITE, pdf_answer

SHEET: Final = "form_41"


def form_41(
    destroyed: tuple[Movement, ...], paper: Paper, *, author: str, printed_at: datetime
) -> dict[str, Any]:
    """What was destroyed under one number at one site, as the sheet says it."""
    site = sites.site(destroyed[0].lot.site)
    assert site is not None, "stock is held at a site"
    clinic = settings.current().clinic_name
    first = destroyed[0]
    return {
        "title": "Data for form 41: stock destroyed",
        "lead": "Registrant record of controlled substances destroyed. Nothing was filed; a person files it.",
        "clinic": clinic,
        "record_number": f"destruction {paper.number}",
        "footer": f"{clinic} · printed by {author}, {clinic_datetime(printed_at)}",
        "patient": [
            ("Registrant", f"{clinic}, {site.name}"),
            ("Address", site.address or TO_WRITE),
            ("DEA number", site.registration or TO_WRITE),
            ("Number", paper.number),
            ("Date of destruction", clinic_date(paper.on_date)),
            ("Place", paper.party),
        ],
        "drug": [_line(each) for each in destroyed],
        "rows": [
            ("Method", first.reason),
            ("First witness", f"{first.by_name}, signed in"),
            ("Second witness", first.witness_name or f"none: {first.alone_because}"),
            ("Signatures", f"{TO_WRITE}      {TO_WRITE}"),
        ],
        "proof": "Movements " + ", ".join(each.entry for each in destroyed),
    }


def _line(each: Movement) -> list[str]:
    item = each.lot.item
    product = PRODUCTS.get(item.product)
    return [
        (product.ndc if product else "") or TO_WRITE[:12],
        item.label,
        str(item.strength),
        product.form if product else "",
        count_words(whole_vials(item, each.amount) or 0, "container"),
        mg_words(each.amount),
        item.lot,
    ]


class Form41Paper(Page):
    """Everything that was destroyed under one number, as a PDF."""

    action = "custody.report"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Send it; what was taken back since is left out."""
        lot = lot_of(self.stream("custody"))
        entry = entry_id(lot.stream, self.kwargs["seq"])
        moved = custody.movements(site=lot.site, causes=("destroyed", "wrong_entry"))
        wrong = {each.corrects for each in moved if each.corrects}
        destroyed = [each for each in moved if each.cause == "destroyed" and each.entry not in wrong]
        asked = next((each for each in destroyed if each.entry == entry), None)
        if asked is None or asked.paper is None:
            raise Http404
        same = tuple(each for each in destroyed if each.paper and each.paper.number == asked.paper.number)
        data = form_41(same, asked.paper, author=self.author.printed_name, printed_at=now())
        return pdf_answer(SHEET, data, "form-41-data")


urlpatterns = [
    path("stock/lots/<uuid:custody>/form-41/<int:seq>.pdf", Form41Paper.as_view(), name="stock_form_41_pdf"),
]
