"""Counting for tests: counts by two, movements straight into the book, and cases."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from django.db import transaction

from evenkeel.journey.custody import cases, counting
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.counting import Found
from evenkeel.journey.second_person import Proof
from evenkeel.record.counting import CountRecorded
from evenkeel.record.custody import Account, DrugMoved
from evenkeel.record.entry import Author
from evenkeel.store.queries import counting as queries
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Volume
from tests.factories import NOW, PASSWORD, act, people
from tests.factories_custody import receive

RIGHT: Final = Proof(password=PASSWORD)
WRONG: Final = Proof(password="not it")
MINUTE: Final = timedelta(minutes=1)
CABINET: Final = Account(site="main", place="cabinet")
SAFE: Final = Account(site="main", place="safe")


def at(minutes: float) -> datetime:
    """So many minutes after the clinic opened."""
    return NOW + minutes * MINUTE


def count(minutes: float, *found: Found, by: Author | None = None, **changes: Any) -> StreamId:
    """The registrant counts with a nurse, unless told; returns the stockroom."""
    values: dict[str, Any] = {
        "site": "main",
        "purpose": "spot",
        "found": found,
        "second": people().nurse.id,
        "proof_of_second": RIGHT,
    }
    return counting.record_count(act(by or people().registrant, at(minutes)), **{**values, **changes})


def vials(lot: StreamId, number: int, place: Any = "cabinet") -> Found:
    """So many sealed vials found."""
    return Found(lot=lot, place=place, vials=number)


def refused(refusal: type[UnableTo], function: Any, *args: Any, **values: Any) -> list[tuple[str, Any]]:
    """Code and field of everything that was wrong."""
    with pytest.raises(refusal) as wrong:
        function(*args, **values)
    return [(issue.code, issue.field) for issue in wrong.value.issues]


def last_count() -> CountRecorded:
    """The count that was written down last."""
    state = queries.stockroom("main")
    assert state is not None
    return state.counts[-1].payload


def open_cases() -> list[custody.CaseLine]:
    """What nobody has explained yet."""
    return list(custody.cases(only_open=True))


def moved(lot: StreamId, minutes: float, **values: Any) -> EntryId:
    """One movement written straight into the book, as other use cases do; returns its name."""
    with transaction.atomic():
        book = Book(act(people().registrant, at(minutes)), [lot])
        name = book.move(lot, DrugMoved(**values))
        book.write()
    return name


def open_vial(lot: StreamId, minutes: float) -> Account:
    """A vial taken from the cabinet and opened, for nobody in particular."""
    vial = Account(site="main", place="vial", ref="K-2231-1")
    moved(lot, minutes, source=CABINET, into=vial, amount=DrugMass.mg(500), cause="drawn")
    return vial


def a_case(difference: int = -1) -> tuple[StreamId, StreamId]:
    """(lot, case): four vials by the ledger, and a count that differs by so many."""
    lot = receive(vials=4)
    count(1, vials(lot, 4 + difference))
    [case] = open_cases()
    return lot, case.stream


def close(
    minutes: float, case: StreamId, outcome: Any, *, seen: int | None = None, **changes: Any
) -> StreamId:
    """The registrant closes a case, with a nurse, unless told."""
    values: dict[str, Any] = {
        "case": case,
        "outcome": outcome,
        "explanation": "The drawer was counted twice.",
        "second": people().nurse.id,
        "proof_of_second": RIGHT,
    }
    return cases.close_case(act(people().registrant, at(minutes), seen=seen), **{**values, **changes})


def held(lot: StreamId) -> dict[str, DrugMass]:
    """What the accounts of a lot hold, by place."""
    return {str(each.account): each.mass for each in custody.balances(None, lot=lot)}


def count_everything(moment: datetime, *, short: int = 0, **changes: Any) -> StreamId:
    """Count whatever the ledger says is there, so many sealed vials short; returns the stockroom."""
    found = []
    for each in custody.balances("main", "safe", "cabinet", "vial"):
        item, place = each.lot.item, each.account.place
        if place == "vial":
            volume = Volume(value=Decimal(each.mass.mcg) / item.strength.mcg_per_ml)
            found.append(Found(lot=each.lot.stream, place=place, ref=each.account.ref, volume=volume))
            continue
        there = each.mass.mcg // item.vial.mcg
        found.append(Found(lot=each.lot.stream, place=place, vials=there - min(short, there)))
        short -= min(short, there)
    return count((moment - NOW) / MINUTE, *found, **changes)
