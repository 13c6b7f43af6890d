"""The demo clinic's stock: it holds what its stories need, one lot is expired and one soon will be."""

from datetime import timedelta

import pytest

from evenkeel.journey.rules import clinic_day
from evenkeel.simulate import stock
from evenkeel.simulate.world import World
from evenkeel.store.queries import custody
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_the_demo_clinic_is_stocked_before_it_opens_and_again_later() -> None:
    world = World(seed=1, opens_at=NOW)
    world.now = NOW - timedelta(days=199)
    stock.stock_the_clinic(world, NOW)
    world.begin(stock.later_deliveries(world))
    world.play(NOW)
    stock.restock(world)
    found = {lot.item.lot: lot for lot in custody.lots()}
    today = clinic_day(NOW)
    assert found["DEMO-K42"].item.expiry_date < today
    assert today < found["DEMO-K31"].item.expiry_date < today + timedelta(days=30)
    drugs = {lot.item.drug for lot in found.values()}
    assert drugs == {"ketamine", "esketamine", "midazolam", "ondansetron", "labetalol"}
    infused = [each for each in custody.balances("main", "cabinet") if each.lot.item.product == stock.INFUSED]
    # 114 infusions stand in the cast; each may open one vial of 500 mg.
    assert sum(each.mass.mcg for each in infused) > 114 * 500_000
