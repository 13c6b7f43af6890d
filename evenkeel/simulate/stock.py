"""The demo clinic's drug: made-up invoices of a made-up supplier, and vials brought to the cabinet."""

from datetime import datetime, timedelta
from typing import Final

from evenkeel.journey.custody import stock
from evenkeel.journey.custody.book import lot_stream
from evenkeel.journey.custody.stock import ReceivedLine
from evenkeel.journey.rules import clinic_day
from evenkeel.record.custody import Paper
from evenkeel.simulate.staff import ROSA
from evenkeel.simulate.world import Hand, Story, World
from evenkeel.store import sites
from evenkeel.store.queries import custody

SUPPLIER: Final = "Northwind Medical (made up)"
# What the demo's infusions are drawn from; the lot that expires first is used first.
INFUSED: Final = "ketamine_50_10"
# Enough for every infusion that the cast had before the demo opens, one vial each, twice over.
FIRST_VIALS: Final = 130
SECOND_VIALS: Final = 90
WAVE_VIALS: Final = 20
DAY: Final = timedelta(days=1)
MONTHS: Final = timedelta(days=30)


def _site() -> str:
    return sites.sites()[0].id


def _receive(world: World, hand: Hand, number: str, *lines: ReceivedLine) -> None:
    paper = Paper(
        kind="invoice",
        number=number,
        on_date=clinic_day(world.now),
        party=SUPPLIER,
        party_number="made up",
    )
    hand.do(stock.receive, ROSA, site=_site(), paper=paper, into="safe", lines=lines)


def _stock_up(hand: Hand, product: str, lot: str, vials: int) -> None:
    hand.do(stock.stock_up, ROSA, lot=lot_stream(_site(), product, lot), vials=vials)


def stock_the_clinic(world: World, opens_at: datetime, *, vials: int = FIRST_VIALS) -> None:
    """Receive the demo clinic's first stock at the world's present moment, and fill its cabinet.

    `opens_at` is when the demo opens: by then one lot has expired in the safe, and another soon will.
    """

    def line(product: str, lot: str, vials: int, until: timedelta) -> ReceivedLine:
        expiry_date = clinic_day(opens_at + until)
        return ReceivedLine(product=product, lot=lot, expiry_date=expiry_date, vials=vials)

    hand = Hand(world, "stock")
    _receive(
        world,
        hand,
        "DEMO-1001",
        line(INFUSED, "DEMO-K17", vials, 8 * MONTHS),
        line("ketamine_10_20", "DEMO-K31", 6, timedelta(days=21)),
        line("ketamine_100_5", "DEMO-K42", 4, -timedelta(days=12)),
        line("midazolam_1_2", "DEMO-M05", 25, 10 * MONTHS),
        line("ondansetron_2_2", "DEMO-N08", 50, 14 * MONTHS),
        line("labetalol_5_20", "DEMO-L03", 10, 11 * MONTHS),
    )
    _stock_up(hand, INFUSED, "DEMO-K17", vials)
    _stock_up(hand, "ketamine_10_20", "DEMO-K31", 2)
    _stock_up(hand, "midazolam_1_2", "DEMO-M05", 15)
    _stock_up(hand, "ondansetron_2_2", "DEMO-N08", 30)
    _stock_up(hand, "labetalol_5_20", "DEMO-L03", 5)


def later_deliveries(world: World) -> Story:
    """The deliveries between the first stock and the opening of the demo."""
    hand = Hand(world, "stock-later")
    opens_at = world.opens_at
    yield opens_at - timedelta(days=75)
    expiry_date = clinic_day(opens_at + 16 * MONTHS)
    _receive(
        world,
        hand,
        "DEMO-1057",
        ReceivedLine(product=INFUSED, lot="DEMO-K27", expiry_date=expiry_date, vials=SECOND_VIALS),
    )
    yield opens_at - timedelta(days=74)
    _stock_up(hand, INFUSED, "DEMO-K27", SECOND_VIALS - 30)
    yield opens_at - timedelta(days=9)
    _receive(
        world,
        hand,
        "DEMO-1092",
        ReceivedLine(product="esketamine_spray_28", lot="DEMO-E11", expiry_date=expiry_date, vials=6),
        ReceivedLine(product="ketamine_100_5", lot="DEMO-K43", expiry_date=expiry_date, vials=5),
    )
    _stock_up(hand, "esketamine_spray_28", "DEMO-E11", 2)


def restock(world: World) -> None:
    """Vials for the patients of a later opening, at the world's present moment.

    Their story begins before the ledger's last movement, and a lot is not moved before what it already knows.
    So they have a lot of their own, which expires before every other and is therefore used first.
    """
    hand = Hand(world, f"stock-{world.opens_at:%Y%m%d%H%M}")
    lot = f"DEMO-W{world.opens_at:%y%m%d%H}"
    today = clinic_day(world.opens_at)
    others = [each.item.expiry_date for each in custody.lots(product=INFUSED)]
    expiry_date = min(day for day in others if day > today + 2 * DAY) - DAY
    number = f"DEMO-{world.opens_at:%y%m%d%H}"
    _receive(
        world,
        hand,
        number,
        ReceivedLine(product=INFUSED, lot=lot, expiry_date=expiry_date, vials=WAVE_VIALS),
    )
    _stock_up(hand, INFUSED, lot, WAVE_VIALS)
