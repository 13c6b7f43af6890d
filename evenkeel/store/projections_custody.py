"""Rows of the drug ledger: a lot, what each account holds of it, and every movement; counts and cases."""

from collections.abc import Iterator
from typing import Any, Final

from evenkeel.custody.ledger import Ledger
from evenkeel.custody.policy import SINGLE_PATIENT, CustodyPolicy
from evenkeel.custody.transfers import Transfer
from evenkeel.custody.written import ledger_of
from evenkeel.record.codec import plainly
from evenkeel.record.counting import CaseState, StockroomState
from evenkeel.record.custody import Account, DrawPosted, DrugMoved, LotState
from evenkeel.record.state import Written
from evenkeel.store import models

Columns = dict[str, Any]

# The tables that hold a lot's parts; each row names its lot in `stream`.
PARTS: Final[tuple[type[Any], ...]] = (models.BalanceRow, models.KeptRow, models.MovementRow)

_BALANCE: Final = ("place", "ref", "mcg", "kept_mcg", "opened_at", "visit")


def lot(state: LotState) -> Columns:
    """The row of a lot."""
    item = state.item
    return {
        "seq": state.seq,
        "site": state.site,
        "drug": item.drug,
        "schedule": item.schedule,
        "product": item.product,
        "label": item.label,
        "strength_mcg_per_ml": item.strength.mcg_per_ml,
        "vial_mcg": item.vial.mcg,
        "lot": item.lot,
        "expiry_date": item.expiry_date,
        "recalled_at": state.recall.at if state.recall else None,
    }


def stockroom(state: StockroomState) -> Columns:
    """The row of a site's counts."""
    return {
        "seq": state.seq,
        "site": state.site,
        "counted_at": state.counts[-1].at if state.counts else None,
        "day_closed": state.days_closed[-1].payload.day if state.days_closed else None,
    }


def case(state: CaseState) -> Columns:
    """The row of a case."""
    opened, closed = state.opened.payload, state.closed
    owner, owner_name = state.owner
    return {
        "seq": state.seq,
        "site": opened.site,
        "lot": opened.lot,
        "place": opened.account.place,
        "ref": opened.account.ref,
        "visit": opened.visit,
        "difference_mcg": state.difference_mcg,
        "discovered_at": opened.discovered_at,
        "owner_id": owner,
        "owner_name": owner_name,
        "outcome": closed.payload.outcome if closed else None,
        "closed_at": closed.at if closed else None,
    }


def parts(state: LotState) -> dict[type[Any], list[Columns]]:
    """The rows of a lot's accounts, reservations and movements, ordered as `written_parts` orders them."""
    ledger = _ledger(state)
    return {
        models.BalanceRow: sorted(_balances(ledger), key=_place),
        models.KeptRow: list(_kept(state, ledger)),
        models.MovementRow: list(_movements(state, ledger)),
    }


def write_parts(state: LotState) -> None:
    """Write what changed: movements are only ever added, the rest is put right where it differs."""
    ledger = _ledger(state)
    movements = models.MovementRow.objects.filter(stream=state.stream)
    known = set(movements.values_list("entry", flat=True))
    models.MovementRow.objects.bulk_create(
        models.MovementRow(**columns)
        for columns in _movements(state, ledger)
        if columns["entry"] not in known
    )
    kept = {columns["entry"]: columns for columns in _kept(state, ledger)}
    rows = models.KeptRow.objects.filter(stream=state.stream)
    rows.exclude(entry__in=kept).delete()
    for entry in rows.values_list("entry", flat=True):
        del kept[entry]
    models.KeptRow.objects.bulk_create(models.KeptRow(**columns) for columns in kept.values())
    stands = {_place(row): row for row in _balance_rows(state)}
    for columns in _balances(ledger):
        if stands.get(_place(columns)) != columns:
            models.BalanceRow.objects.update_or_create(
                stream=state.stream, place=columns["place"], ref=columns["ref"], defaults=columns
            )


def written_parts(state: LotState) -> dict[type[Any], list[Columns]]:
    """The rows of a lot's accounts, reservations and movements as they stand in the database."""
    kept_rows = models.KeptRow.objects.filter(stream=state.stream).values()
    kept: dict[str, Columns] = {row["entry"]: {**row} for row in kept_rows}
    moved_rows = models.MovementRow.objects.filter(stream=state.stream).order_by("seq").values()
    movements: list[Columns] = [{**row} for row in moved_rows]
    in_order = [kept.pop(fact.id) for fact in state.facts if fact.id in kept]
    return {
        models.BalanceRow: sorted(_balance_rows(state), key=_place),
        models.KeptRow: in_order + list(kept.values()),
        models.MovementRow: movements,
    }


def _ledger(state: LotState) -> Ledger:
    # Balances do not depend on what a clinic allows, so any policy reads them.
    return ledger_of(CustodyPolicy(sites=frozenset({state.site}), vials=SINGLE_PATIENT), [state])


def _place(columns: Columns) -> tuple[str, str]:
    return columns["place"], columns["ref"]


def _balance_rows(state: LotState) -> list[Columns]:
    return list(models.BalanceRow.objects.filter(stream=state.stream).values(*_BALANCE))


def _balances(ledger: Ledger) -> Iterator[Columns]:
    for account, item, mcg in ledger.balances():
        opened = ledger.opened(account, item)
        yield {
            "place": account.place,
            "ref": account.ref,
            "mcg": mcg,
            "kept_mcg": mcg - ledger.free_mcg(account, item),
            "opened_at": opened.at if opened else None,
            "visit": opened.visit or "" if opened else "",
        }


def _kept(state: LotState, ledger: Ledger) -> Iterator[Columns]:
    for fact in state.facts:
        kept = ledger.reservation(fact.id)
        if kept is not None:
            yield {
                "entry": fact.id,
                "stream": state.stream,
                "visit": kept.for_visit,
                **_sides("source", kept.source),
                **_sides("into", kept.into),
                "mcg": kept.amount.mcg,
            }


def _movements(state: LotState, ledger: Ledger) -> Iterator[Columns]:
    said = {fact.id: fact for fact in state.facts}
    for fact in state.facts:
        if isinstance(fact.payload, DrugMoved) and not fact.payload.pending:
            yield _movement(fact, fact.payload, ledger.moved(fact.id))
        elif isinstance(fact.payload, DrawPosted):
            yield _movement(fact, said[fact.payload.reserves].payload, ledger.moved(fact.id))


def _movement(fact: Written[Any], said: DrugMoved, moved: Transfer) -> Columns:
    first = fact.history[0]
    return {
        "entry": fact.id,
        "stream": first.stream,
        "seq": fact.seq,
        "happened_at": fact.at,
        "recorded_at": first.recorded_at,
        **_sides("source", moved.source),
        **_sides("into", moved.into),
        "mcg": moved.amount.mcg,
        "cause": said.cause,
        "visit": moved.for_visit,
        "by_id": fact.by.id,
        "by_name": fact.by.printed_name,
        "witness_id": said.witness,
        "witness_name": said.witness_name,
        "alone_because": said.alone_because,
        "corrects": said.corrects,
        "reason": said.reason,
        "paper": plainly(said.paper) if said.paper else None,
    }


def _sides(side: str, account: Account) -> Columns:
    return {f"{side}_place": account.place, f"{side}_ref": account.ref}
