"""Drug for tests: lots that are received and stocked through the use cases, by the test clinic's people."""

from datetime import date, datetime
from typing import Final, Literal

from evenkeel.journey.custody import stock
from evenkeel.journey.custody.book import lot_stream
from evenkeel.journey.custody.stock import ReceivedLine
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Account, Paper, Place
from evenkeel.store.queries import custody
from evenkeel.values.ids import StreamId
from tests.factories import NOW, PASSWORD, TODAY, act, people

SITE: Final = "main"
EXPIRY: Final = date(2027, 11, 30)
RIGHT: Final = Proof(password=PASSWORD)
WRONG: Final = Proof(password="not theirs")


def invoice(number: str = "INV-1001", party: str = "Northwind Medical Supply") -> Paper:
    """An invoice of a made-up supplier, of the day of the tests."""
    return Paper(kind="invoice", number=number, on_date=TODAY, party=party, party_number="RN0000001")


def line(
    product: str = "ketamine_50_10", lot: str = "K-2231", vials: int = 10, expiry: date = EXPIRY
) -> ReceivedLine:
    """One line of an invoice."""
    return ReceivedLine(product=product, lot=lot, expiry_date=expiry, vials=vials)


def receive(
    product: str = "ketamine_50_10",
    lot: str = "K-2231",
    vials: int = 10,
    expiry: date = EXPIRY,
    into: Literal["safe", "cabinet"] = "cabinet",
    *,
    at: datetime = NOW,
    site: str = SITE,
    number: str | None = None,
) -> StreamId:
    """Vials of one lot that the registrant received; returns the lot."""
    return stock.receive(
        act(people().registrant, at),
        site=site,
        paper=invoice(number or f"INV-{lot}-{product}"),
        into=into,
        lines=(line(product, lot, vials, expiry),),
    )


def the_lot(product: str = "ketamine_50_10", lot: str = "K-2231", site: str = SITE) -> StreamId:
    """The stream of a lot, received or not."""
    return lot_stream(site, product, lot)


def held_mcg(lot: StreamId, place: Place, ref: str | None = None) -> int:
    """Micrograms of a lot in a place, in all accounts of it or in one."""
    found = custody.balances(None, place, lot=lot)
    return sum(each.mass.mcg for each in found if ref is None or each.account.ref == ref)


def accounts_of(lot: StreamId) -> dict[Account, int]:
    """Everything that a lot's accounts inside hold."""
    return {each.account: each.mass.mcg for each in custody.balances(None, lot=lot)}
