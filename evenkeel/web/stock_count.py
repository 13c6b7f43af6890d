"""Counting: which count, the sheet for two people, what came of it, and every count of a site."""

from datetime import datetime
from typing import Any, Final, get_args

from django import forms
from django.http import Http404
from django.urls import path, reverse

from evenkeel.custody.counts import inventory_due
from evenkeel.journey.acting import Act
from evenkeel.journey.custody.counting import record_count, stockroom_stream
from evenkeel.journey.policy import may
from evenkeel.journey.rules import clinic_day
from evenkeel.record.counting import CountPurpose, CountRecorded, StockroomState
from evenkeel.record.state import Written
from evenkeel.store import reading, sites
from evenkeel.store.queries import counting, settings
from evenkeel.store.sites import Site
from evenkeel.values.ids import StreamId
from evenkeel.web import pages, stock_count_view
from evenkeel.web.pages import FormPage, Page
from evenkeel.web.second_person import proof_of
from evenkeel.web.stock_sheet import PURPOSE_WORDS, CountForm, sheet_of

COUNTS_A_PAGE: Final = 50


def site_asked(said: str) -> Site:
    """The site that an address asks for, the main one when it asks for none; another is not found."""
    found = sites.site(said) if said else sites.sites()[0]
    if found is None:
        raise Http404
    return found


class SitePage(Page):
    """A page about one site's stock: `?site=` names it where there is more than one."""

    @property
    def site(self) -> Site:
        """The site that the page is about."""
        return site_asked(self.request.GET.get("site", ""))

    def context(self, **extra: Any) -> dict[str, Any]:
        """Name the site where there is a choice."""
        every = sites.sites()
        choice = [(each.id, each.name) for each in every] if len(every) > 1 else []
        return super().context(
            **{
                "site": self.site,
                "sites": choice,
                "site_words": f"{self.site.name}. " if choice else "",
                "may_count": may(self.author.role, "stock.count"),
                "may_work": may(self.author.role, "case.work"),
                **extra,
            }
        )


class ChooseCount(SitePage):
    """Which count it is: opening, closing, a spot check or an inventory."""

    action = "stock.count"
    template = "stock/count.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the purposes, and when the next inventory is due."""
        hints = {
            "opening": "In the morning, before anything is used.",
            "closing": "In the evening. The day is closed after it.",
            "spot": "At any time, without notice.",
            "initial": "On the day on which the clinic first holds controlled drugs.",
            "biennial": "By law at least every two years (21 CFR 1304.11).",
        }
        return super().context(
            purposes=[
                {"value": purpose, "words": words, "hint": hints[purpose]}
                for purpose, words in PURPOSE_WORDS.items()
            ],
            inventory_words=inventory_words(counting.stockroom(self.site.id), pages.now()),
            **extra,
        )


def inventory_words(state: StockroomState | None, at: datetime) -> dict[str, Any]:
    """When the next inventory is due: a word with its tone, and a sentence."""
    taken = state.inventories if state else ()
    if not taken:
        return {"word": "Due", "tone": "due", "sentence": "No inventory yet: take the first one."}
    due = inventory_due(clinic_day(taken[-1].at))
    day = stock_count_view.day_words(due)
    if due < at.date():
        return {"word": "Overdue", "tone": "late", "sentence": f"Inventory overdue since {day}"}
    return {"word": "In time", "tone": "ok", "sentence": f"Next inventory due by {day}"}


class CountSheet(SitePage, FormPage):
    """One page to type what was found; it knows nothing of what is expected."""

    action = "stock.count"
    template = "stock/count_sheet.html.jinja"
    form_class = CountForm
    done_sentence = "The count is on record."

    @property
    def purpose(self) -> CountPurpose:
        """Which count it is; a spot check where the address does not say."""
        said = self.request.GET.get("purpose", "spot")
        purpose = next((each for each in get_args(CountPurpose) if each == said), None)
        if purpose is None:
            raise Http404
        found: CountPurpose = purpose
        return found

    def form_arguments(self) -> dict[str, Any]:
        """The sheet as it stands, with whatever was counted on the page that is sent."""
        site = self.site.id
        return {
            "me": self.author.id,
            "site": site,
            "purpose": self.purpose,
            "sheet": sheet_of(site, self.request.POST),
        }

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add what is in use, which is not counted, without how much."""
        single_patient = settings.current().is_single_patient
        in_hand = counting.in_hand(self.site.id, single_patient=single_patient)
        return super().context(
            heading=PURPOSE_WORDS[self.purpose],
            in_use=[stock_count_view.visit_words(visit) for visit in in_hand if _has_bag(in_hand[visit])],
            **extra,
        )

    def carry_out(self, form: forms.Form, act: Act) -> StreamId:
        """Write the count down."""
        assert isinstance(form, CountForm), "this page has one form"
        self._key = act.key
        return record_count(
            act,
            site=self.site.id,
            purpose=self.purpose,
            found=form.found,
            second=form.second,
            proof_of_second=proof_of(form, self.request),
            owner=form.chosen_owner,
            as_of=form.chosen_as_of,
            note=form.cleaned_data["note"],
        )

    def done_address(self, stream: StreamId) -> str:
        """What came of the count."""
        state = reading.fold(StockroomState, stream)
        mine = next(fact for fact in state.counts if fact.history[0].key == self._key)
        return reverse("stock_count_result", kwargs={"site": self.site.id, "seq": mine.seq})


def _has_bag(held: tuple[Any, ...]) -> bool:
    return any(each.account.place in ("bag", "syringe") for each in held)


def count_of(site: str, seq: int) -> Written[CountRecorded]:
    """One count of a site by its number; raises Http404 when there is none."""
    if reading.head(stockroom_stream(site)) is None:
        raise Http404
    state = reading.fold(StockroomState, stockroom_stream(site))
    found = next((fact for fact in state.counts if fact.seq == seq), None)
    if found is None:
        raise Http404
    return found


class CountResult(SitePage):
    """What was found beside what the ledger expected, and the case of each difference."""

    action = "stock.read"
    template = "stock/count_result.html.jinja"

    @property
    def site(self) -> Site:
        """The site that the address names."""
        return site_asked(self.kwargs["site"])

    def context(self, **extra: Any) -> dict[str, Any]:
        """Lay the count out."""
        fact = count_of(self.site.id, self.kwargs["seq"])
        state = reading.fold(StockroomState, stockroom_stream(self.site.id))
        inventory = next((each for each in state.inventories if each.payload.count == fact.id), None)
        pdf = reverse("stock_inventory_pdf", kwargs={"site": self.site.id, "seq": fact.seq})
        return super().context(
            count=stock_count_view.result(self.site.id, fact),
            inventory_url=pdf if inventory else None,
            is_closing=fact.payload.purpose == "closing",
            **extra,
        )


class Counts(SitePage):
    """Every count of a site, newest first, and the days that were closed."""

    action = "stock.read"
    template = "stock/counts.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """One page of the list."""
        state = counting.stockroom(self.site.id)
        counts = list(reversed(state.counts)) if state else []
        said = self.request.GET.get("page", "")
        last = max(1, -(-len(counts) // COUNTS_A_PAGE))
        page = min(max(1, int(said)) if said.isdecimal() and len(said) < 6 else 1, last)
        shown = counts[(page - 1) * COUNTS_A_PAGE : page * COUNTS_A_PAGE]
        closed = list(reversed(state.days_closed))[:COUNTS_A_PAGE] if state else []
        return super().context(
            counts=[stock_count_view.line(self.site.id, fact) for fact in shown],
            days=[stock_count_view.day_line(fact) for fact in closed],
            inventory_words=inventory_words(state, pages.now()),
            older=page + 1 if page < last else None,
            newer=page - 1 if page > 1 else None,
            **extra,
        )


urlpatterns = [
    path("stock/count/", ChooseCount.as_view(), name="stock_count"),
    path("stock/count/sheet/", CountSheet.as_view(), name="stock_count_sheet"),
    path("stock/counts/", Counts.as_view(), name="stock_counts"),
    path("stock/counts/<slug:site>/<int:seq>/", CountResult.as_view(), name="stock_count_result"),
]
