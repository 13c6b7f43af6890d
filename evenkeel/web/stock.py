"""The stock of the clinic: what is there, what waits, and one lot with everything that moved of it."""

from dataclasses import replace
from typing import Any

from django.http import Http404
from django.urls import path, reverse

from evenkeel.journey.custody.corrections import may_take_back
from evenkeel.journey.policy import may
from evenkeel.record.custody import DrugMoved, LotState
from evenkeel.store import reading, sites
from evenkeel.store.queries import custody, settings, transfers
from evenkeel.store.queries.custody import Lot
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web import pages, stock_view, timeline
from evenkeel.web.custody_words import mg_words
from evenkeel.web.jinja import clinic_datetime
from evenkeel.web.pages import Page
from evenkeel.web.sentences import sentence_of
from evenkeel.web.stock_count import SitePage
from evenkeel.web.stock_count_view import visit_words


def lot_of(stream: StreamId) -> Lot:
    """The lot that an address names; another is not found."""
    found = custody.one_lot(stream)
    if found is None:
        raise Http404
    return found


class StockPage(SitePage):
    """Every drug with its lots, opened vials, and what waits for somebody."""

    action = "stock.read"
    template = "stock/stock.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add the stock of the site and the worklist."""
        at, role, site = pages.now(), self.author.role, self.site
        held = custody.balances(site.id, "safe", "cabinet", "vial")
        sealed = tuple(each for each in held if each.account.place != "vial")
        chosen = settings.current()
        opened = stock_view.opened_vials(held, chosen, at, role)
        here = {each.lot.stream for each in held}
        return super().context(
            drugs=stock_view.drugs(sealed, at.date()),
            opened=opened,
            work=self._work(opened),
            empty_lots=[
                {"words": f"{lot.item.label}, lot {lot.item.lot}", "url": stock_view.lot_url(lot.stream)}
                for lot in custody.lots(site.id)
                if lot.stream not in here
            ],
            may_keep=may(role, "stock.keep"),
            may_report=may(role, "custody.report"),
            now=at,
            **extra,
        )

    def _work(self, opened: list[dict[str, Any]]) -> list[dict[str, Any]]:
        role, site = self.author.role, self.site
        single_patient = settings.current().is_single_patient
        work = [_late_vial(each) for each in opened if each["left"] is None and each["url"]]
        visits = custody.visits_with_drug_in_hand(single_patient=single_patient)
        work += [_in_hand(visit, may(role, "visit.read")) for visit in visits if self._is_here(visit)]
        names = {each.id: each.name for each in sites.sites()}
        work += stock_view.on_their_way(transfers.on_their_way(), names, role)
        cases = custody.cases(only_open=True, site=site.id)
        if cases:
            oldest = cases[0].discovered_at
            words = "1 open case" if len(cases) == 1 else f"{len(cases)} open cases"
            work.append(
                {
                    "who": words,
                    "why": "Drug is missing, or there is too much of it.",
                    "tone": "high",
                    "word": "Open",
                    "at": oldest,
                    "action": "Look",
                    "url": reverse("stock_cases"),
                }
            )
        return work

    def _is_here(self, visit: StreamId) -> bool:
        single_patient = settings.current().is_single_patient
        held = custody.in_hand(visit, single_patient=single_patient)
        return any(each.lot.site == self.site.id for each in held)


def _late_vial(each: dict[str, Any]) -> dict[str, Any]:
    return {
        "who": f"Vial {each['number']}, {each['label']}",
        "why": f"{each['rest']} left, and it may not be drawn from any more.",
        "tone": "late",
        "word": "Open too long",
        "at": each["until"],
        "action": "Waste the rest",
        "url": each["url"],
    }


def _in_hand(visit: StreamId, may_open: bool) -> dict[str, Any]:
    held = custody.in_hand(visit, single_patient=settings.current().is_single_patient)
    what = ", ".join(f"{mg_words(each.mass)} in the {each.account}" for each in held)
    return {
        "who": visit_words(visit),
        "why": what,
        "tone": "now",
        "word": "In hand",
        "at": None,
        "action": "Open the visit" if may_open else "Look at the lot",
        "url": reverse("visit", args=[reference_of(visit)])
        if may_open
        else stock_view.lot_url(held[0].lot.stream),
    }


class LotPage(Page):
    """One lot: what is where, every movement with the balance after it, and what can be done."""

    action = "stock.read"
    template = "stock/lot.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add everything that is known of the lot."""
        stream = self.stream("custody")
        lot, state, role = lot_of(stream), reading.lot(stream), self.author.role
        held = custody.balances(None, lot=stream)
        may_keep = may(role, "stock.keep")
        rows = stock_view.statement(custody.movements(stream=stream), _corrections(state) if may_keep else {})
        if not may(role, "visit.read"):
            rows = [{**row, "visit_url": None} for row in rows]
        many_sites = len(sites.sites()) > 1
        site = sites.site(lot.site)
        return super().context(
            lot={"label": lot.item.label, "name": lot.item.lot},
            site_name=site.name if many_sites and site else None,
            marks=stock_view.marks(lot, pages.now().date()),
            recall=_recall(state),
            facts=stock_view.lot_facts(lot),
            where=stock_view.where(held),
            rows=rows,
            notes=_notes(state),
            ways=self._ways(lot, held, many_sites),
            form_41=_form_41(state) if may(role, "custody.report") else [],
            visits_url=reverse("stock_lot_visits", args=[reference_of(stream)])
            if may(role, "custody.report")
            else None,
            **extra,
        )

    def _ways(self, lot: Lot, held: tuple[custody.Balance, ...], many_sites: bool) -> list[dict[str, str]]:
        role, found = self.author.role, []
        places = {each.account.place for each in held}
        usable = not any(
            mark["tone"] in ("stopped", "high") for mark in stock_view.marks(lot, pages.now().date())
        )
        if may(role, "stock.keep"):
            if "safe" in places and usable:
                found.append(("Bring to the cabinet", "stock_up", "main"))
            if "cabinet" in places:
                found.append(("Put into the safe", "stock_lock_away", "secondary"))
            if places & {"safe", "cabinet"}:
                found.append(("Return", "stock_return", "secondary"))
                found.append(("Destroy", "stock_destroy", "secondary"))
                if many_sites:
                    found.append(("Send to another site", "stock_send", "secondary"))
        if may(role, "custody.waste") and places & {"safe", "cabinet"}:
            found.append(("A vial broke", "stock_break", "secondary"))
            if lot.item.schedule is None:
                found.append(("Throw away", "stock_discard", "secondary"))
        if may(role, "stock.keep"):
            recalled = lot.recalled_at is not None
            found.append(
                ("Lift the recall", "stock_lift", "secondary")
                if recalled
                else ("Recall", "stock_recall", "warning")
            )
            found.append(("Correct the expiry", "stock_expiry", "secondary"))
        return [
            {"words": words, "url": reverse(route, args=[reference_of(lot.stream)]), "kind": kind}
            for words, route, kind in found
        ]


def _corrections(state: LotState) -> dict[str, str]:
    """Where each movement of the lot that can be taken back here is taken back."""
    back: dict[str, int] = {}
    for fact in state.every(DrugMoved):
        if fact.payload.corrects is not None:
            back[fact.payload.corrects] = back.get(fact.payload.corrects, 0) + fact.payload.amount.mcg
    reference = reference_of(state.stream)
    return {
        fact.id: reverse("stock_take_back", args=[reference, fact.seq])
        for fact in state.every(DrugMoved)
        if may_take_back(fact.payload) and fact.payload.amount.mcg > back.get(fact.id, 0)
    }


def _recall(state: LotState) -> dict[str, Any] | None:
    if state.recall is None:
        return None
    said = sentence_of(state.recall.payload).rstrip(".")
    at = clinic_datetime(state.recall.at)
    return {"sentence": f"{said}. Written down by {state.recall.by.printed_name}, {at}."}


def _notes(state: LotState) -> list[dict[str, Any]]:
    """What was written of the lot and moved nothing: labels put right, recalls, witnesses who would not."""
    told = tuple(
        fact for fact in state.facts if fact.kind in ("lot.entered", "lot.recalled", "witness.refused")
    )
    return timeline.lines(replace(state, facts=told), can_amend=False)


def _form_41(state: LotState) -> list[dict[str, str]]:
    """The papers with which stock of this lot was destroyed, each to be printed once."""
    reference, seen = reference_of(state.stream), {}
    for fact in state.every(DrugMoved):
        paper = fact.payload.paper
        if fact.payload.cause == "destroyed" and paper is not None:
            words = f"Data for form 41, {paper.number} (PDF)"
            seen[paper.number] = {
                "words": words,
                "url": reverse("stock_form_41_pdf", args=[reference, fact.seq]),
            }
    return list(seen.values())


class LotVisits(Page):
    """Who had drug of a lot: for a recall, and for whoever has to ask after them."""

    action = "custody.report"
    template = "stock/lot_visits.html.jinja"

    def context(self, **extra: Any) -> dict[str, Any]:
        """Add every visit; each patient who is named is noted as looked at."""
        lot = lot_of(self.stream("custody"))
        same = [each for each in custody.lots(product=lot.item.product) if _is_same(each, lot)]
        may_open = may(self.author.role, "visit.read")
        given: dict[StreamId, int] = {}
        for each in same:
            for moved in custody.movements(stream=each.stream):
                if moved.visit is not None and moved.into.place == "patient":
                    given[moved.visit] = given.get(moved.visit, 0) + moved.amount.mcg
                elif moved.visit is not None and moved.source.place == "patient":
                    given[moved.visit] = given.get(moved.visit, 0) - moved.amount.mcg
                elif moved.visit is not None:
                    given.setdefault(moved.visit, 0)
        rows = [_visit_row(visit, mcg, may_open) for visit, mcg in given.items()]
        rows.sort(key=lambda row: row["at"], reverse=True)
        return super().context(
            lot={"label": lot.item.label, "name": lot.item.lot, "url": stock_view.lot_url(lot.stream)},
            rows=rows,
            **extra,
        )


def _is_same(each: Lot, lot: Lot) -> bool:
    return each.item.lot.casefold() == lot.item.lot.casefold()


def _visit_row(visit: StreamId, mcg: int, may_open: bool) -> dict[str, Any]:
    booking = reading.visit(visit).booking.payload
    details = reading.patient(booking.patient).demographics
    return {
        "at": booking.starts_at,
        "name": details.full_name,
        "record_number": details.record_number,
        "phone": details.phone,
        "given": mg_words(DrugMass(mcg=max(mcg, 0))),
        "url": reverse("visit", args=[reference_of(visit)]) if may_open else None,
    }


urlpatterns = [
    path("stock/", StockPage.as_view(), name="stock"),
    path("stock/lots/<uuid:custody>/", LotPage.as_view(), name="stock_lot"),
    path("stock/lots/<uuid:custody>/visits/", LotVisits.as_view(), name="stock_lot_visits"),
]
