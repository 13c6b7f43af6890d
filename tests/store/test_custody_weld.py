"""Where the ledger meets the visit: what was drawn is given, wasted, missing or still in hand, always."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from evenkeel.custody.ledger import UnableToTransfer
from evenkeel.journey import amendments, infusion, ordering
from evenkeel.journey.custody import leaving, opened, weld
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.waste import UnableToWaste
from evenkeel.journey.custody.weld import UnableToKeep, UnableToTake, VialTake
from evenkeel.journey.second_person import Proof
from evenkeel.journey.sites import describe_site
from evenkeel.record.custody import DrugMoved
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Volume
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, chairs, checked_in_visit, key, people
from tests.factories_custody import receive
from tests.factories_weld import (
    AFTER,
    DRAWN_MCG,
    VIAL_MCG,
    codes,
    found_left,
    held,
    in_hand,
    stopped_visit,
    waste_rest,
)

pytestmark = pytest.mark.django_db


def use_vials_for_many() -> None:
    """The clinic draws from one vial for several patients."""
    for name, value in (("vial_reuse", "multi_dose"), ("vial_hours", 24)):
        settings.choose(name, value, by=people().lead, at=chairside.ORDERED_AT, reason="pharmacy")


# --- the order keeps, the draw takes ---


def test_an_order_keeps_a_vial_that_nobody_else_gets() -> None:
    visit = chairside.ordered_visit()
    (kept,) = custody.kept_for(visit)
    assert (kept.source.place, kept.into.place, kept.amount.mcg) == ("cabinet", "vial", VIAL_MCG)
    (cabinet,) = custody.balances("main", "cabinet", lot=kept.lot)
    assert (cabinet.mass.mcg, cabinet.free.mcg) == (5 * VIAL_MCG, 4 * VIAL_MCG)


def test_nothing_is_ordered_that_is_not_in_the_cabinet() -> None:
    visit = checked_in_visit()
    receive(lot="K-SAFE", into="safe", at=chairside.ORDERED_AT)
    receive("ketamine_10_20", "K-TEN", at=chairside.ORDERED_AT)
    values: dict[str, object] = {**chairside.STANDARD, "note": "", "overrides": (), "password": PASSWORD}
    with pytest.raises(UnableToKeep) as refusal:
        ordering.sign_order(act(people().prescriber, chairside.ORDERED_AT), visit=visit, **values)  # type: ignore[arg-type]
    assert codes(refusal) == {("not-in-stock", "product")}
    assert reading.visit(visit).order is None


def test_a_cancelled_order_gives_its_vial_free() -> None:
    visit = chairside.ordered_visit()
    lot = custody.kept_for(visit)[0].lot
    ordering.cancel_order(act(people().prescriber, chairside.DRAWN_AT), visit=visit, reason="unwell")
    assert custody.kept_for(visit) == ()
    assert custody.balances("main", "cabinet", lot=lot)[0].free.mcg == 5 * VIAL_MCG


def test_a_draw_opens_the_vial_that_was_kept() -> None:
    visit = chairside.drawn_visit()
    assert custody.kept_for(visit) == ()
    assert in_hand(visit) == {"vial": VIAL_MCG - DRAWN_MCG, "bag": DRAWN_MCG}
    draw = reading.visit(visit).draw
    assert draw is not None
    (vial,) = draw.payload.vials  # type: ignore[union-attr]  # drawn from the ledger
    assert vial.number == f"{vial.label.lot}-1"
    assert [each.cause for each in custody.movements(visits=(visit,))] == ["ordered", "drawn"]


def test_another_vial_than_the_one_that_was_kept_gives_that_one_free() -> None:
    visit = chairside.ordered_visit()
    kept = custody.kept_for(visit)[0].lot
    other = receive(lot="K-OTHER", at=chairside.ORDERED_AT)
    chairside.draw(visit, takes=(chairside.take(visit, lot=other),))
    assert custody.kept_for(visit) == ()
    assert custody.balances("main", "cabinet", lot=kept)[0].free.mcg == 5 * VIAL_MCG
    assert {each.lot.stream for each in weld.in_hand(visit)} == {other}


def test_the_same_draw_sent_twice_takes_once() -> None:
    visit = chairside.ordered_visit()
    request = act(people().nurse, chairside.DRAWN_AT, key())
    takes = (chairside.take(visit),)
    for _ in range(2):
        ordering.draw_dose(request, visit=visit, takes=takes, **chairside.DRAWN)  # type: ignore[arg-type]
    assert in_hand(visit)["bag"] == DRAWN_MCG


def test_a_vial_of_another_site_is_not_drawn_from() -> None:
    lead = act(people().lead, chairside.ORDERED_AT)
    describe_site(lead, site=None, name="East", address="", registration="", reason="a second address")
    visit = chairside.ordered_visit()
    elsewhere = receive(lot="K-EAST", site="east", at=chairside.ORDERED_AT)
    assert all(each.lot.site == "main" for each in weld.usable(reading.visit(visit), at=chairside.DRAWN_AT))
    before = custody.movements()
    with pytest.raises(UnableToTake) as refusal:
        chairside.draw(visit, takes=(chairside.take(visit, lot=elsewhere),))
    assert codes(refusal) == {("other-site", "vial")}
    assert custody.movements() == before


def test_a_clock_that_was_set_back_draws_nothing() -> None:
    visit = chairside.ordered_visit()
    before = custody.movements()
    with pytest.raises(UnableToTransfer) as refusal:
        chairside.draw(visit, chairside.ORDERED_AT - timedelta(minutes=3))
    assert ("clock-behind", "at") in codes(refusal)
    assert custody.movements() == before


def test_an_entry_that_was_wrong_is_taken_back_to_the_cabinet() -> None:
    visit = chairside.drawn_visit()
    wrong = custody.lots_of_visit(visit)[0]
    right = receive(lot="K-RIGHT", at=chairside.DRAWN_AT)
    again = (VialTake(lot=right, number="", volume=chairside.VOLUME),)
    with pytest.raises(UnableToTake) as refusal:
        chairside.draw(visit, chairside.CHECKED_AT, takes=again)
    assert codes(refusal) == {("drawn-already", "entry_was_wrong")}
    chairside.draw(visit, chairside.CHECKED_AT, takes=again, entry_was_wrong=True)
    assert custody.balances("main", "cabinet", lot=wrong)[0].mass.mcg == 5 * VIAL_MCG
    assert {each.lot.stream for each in weld.in_hand(visit)} == {right}
    assert in_hand(visit) == {"vial": VIAL_MCG - DRAWN_MCG, "bag": DRAWN_MCG}


def test_a_lot_recalled_after_the_draw_is_not_started() -> None:
    visit = chairside.ready_visit()
    lot = custody.lots_of_visit(visit)[0]
    recalling = act(people().registrant, chairside.TIME_OUT_AT)
    leaving.recall_lot(recalling, lot=lot, reason="letter of the maker")
    with pytest.raises(UnableToTransfer) as refusal:
        chairside.start(visit)
    assert {code for code, _ in codes(refusal)} == {"recalled"}
    assert reading.visit(visit).phase == "ready"


# --- one vial for many ---


def test_an_opened_vial_serves_the_next_visit_where_the_clinic_allows_it() -> None:
    use_vials_for_many()
    lot = receive(lot="K-MANY", vials=1, at=chairside.ORDERED_AT - timedelta(minutes=6))
    first = checked_in_visit()
    order_from_stock(first)
    chairside.draw(first)
    second = checked_in_visit(chair=chairs()[1])
    order_from_stock(second, chairside.DRAWN_AT)
    (kept,) = custody.kept_for(second)
    assert (kept.source.ref, kept.amount.mcg) == ("K-MANY-1", DRAWN_MCG)
    take = VialTake(lot=lot, number="K-MANY-1", volume=chairside.VOLUME)
    chairside.draw(second, takes=(take,))
    assert in_hand(first) == in_hand(second) == {"bag": DRAWN_MCG}
    assert held(second, "vial") == VIAL_MCG - 2 * DRAWN_MCG


def order_from_stock(visit: StreamId, at: datetime = chairside.ORDERED_AT) -> None:
    """The standard order, on what is in the cabinet already."""
    values: dict[str, object] = {**chairside.STANDARD, "note": "", "overrides": (), "password": PASSWORD}
    ordering.sign_order(act(people().prescriber, at), visit=visit, **values)  # type: ignore[arg-type]


def test_an_opened_vial_of_one_patient_is_not_offered_to_the_next() -> None:
    receive(lot="K-ONE", vials=1, at=chairside.ORDERED_AT - timedelta(minutes=6))
    first = checked_in_visit()
    order_from_stock(first)
    chairside.draw(first)
    second = checked_in_visit(chair=chairs()[1])
    assert weld.usable(reading.visit(second), at=chairside.DRAWN_AT) == ()
    with pytest.raises(UnableToKeep):
        order_from_stock(second, chairside.DRAWN_AT)


def test_a_dose_out_of_two_vials_is_in_one_bag() -> None:
    use_vials_for_many()
    visit = chairside.ordered_visit()
    lot = custody.kept_for(visit)[0].lot
    takes = (
        VialTake(lot=lot, number="", volume=Volume.of("0.3")),
        VialTake(lot=lot, number="", volume=Volume.of("0.4")),
    )
    chairside.draw(visit, takes=takes)
    assert in_hand(visit) == {"bag": DRAWN_MCG}
    left = sorted(each.mass.mcg for each in custody.balances("main", "vial", lot=lot))
    # 0.3 mL and 0.4 mL of 50 mg/mL.
    assert left == [VIAL_MCG - 20_000, VIAL_MCG - 15_000]


def test_a_vial_that_was_never_opened_holds_nothing_and_nothing_moves() -> None:
    use_vials_for_many()
    visit = chairside.drawn_visit()
    lot = custody.lots_of_visit(visit)[0]
    second = checked_in_visit(chair=chairs()[1])
    order_from_stock(second, chairside.DRAWN_AT)
    before = custody.movements()
    too_much = VialTake(lot=lot, number=f"{reading.lot(lot).item.lot}-9", volume=chairside.VOLUME)
    with pytest.raises(UnableToTransfer) as refusal:
        chairside.draw(second, takes=(too_much,))
    assert ("not-enough", "amount") in codes(refusal)
    assert custody.movements() == before


# --- the pump gives ---


def test_while_the_pump_runs_the_bag_is_the_patients() -> None:
    visit = chairside.running_visit()
    (bag,) = (each for each in weld.in_hand(visit) if each.account.place == "bag")
    assert (bag.mass.mcg, bag.free.mcg) == (DRAWN_MCG, 0)
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, found_left(visit))
    assert codes(refusal) == {("pump-runs", None)}


def test_what_was_given_follows_from_the_rates_really_run() -> None:
    # 16 min at 150 mL/h is 40 mL of 100 mL, so 14 of 35 mg.
    visit = stopped_visit(minutes=16)
    assert held(visit, "patient") == 14_000
    assert in_hand(visit)["bag"] == 21_000


def test_a_pump_that_stood_still_at_once_gave_nothing() -> None:
    visit = stopped_visit(minutes=0)
    assert held(visit, "patient") == 0
    assert in_hand(visit)["bag"] == DRAWN_MCG
    assert custody.kept_for(visit) == ()


def amend_stop(visit: StreamId, minutes: int, at: datetime = AFTER) -> None:
    """The stop was at another minute."""
    stopped = reading.visit(visit).stopped
    assert stopped is not None
    amendments.amend_entry(
        act(people().nurse, at),
        stream=visit,
        entry=stopped.id,
        payload=stopped.payload,
        reason="the clock of the pump says so",
        happened_at=chairside.STARTED_AT + timedelta(minutes=minutes),
    )


def test_an_earlier_stop_takes_back_what_was_not_given() -> None:
    visit = stopped_visit(minutes=40)
    assert held(visit, "patient") == DRAWN_MCG
    amend_stop(visit, 16)
    assert held(visit, "patient") == 14_000
    assert in_hand(visit)["bag"] == 21_000
    last = custody.movements(visits=(visit,))[-1]
    assert (last.cause, last.reason) == ("wrong_entry", "the clock of the pump says so")


def test_a_later_stop_gives_more_while_it_is_there() -> None:
    visit = stopped_visit(minutes=16)
    amend_stop(visit, 24)
    assert held(visit, "patient") == 21_000
    waste_rest(visit, found_left(visit))
    with pytest.raises(UnableToTransfer) as refusal:
        amend_stop(visit, 32, AFTER + timedelta(minutes=1))
    assert codes(refusal) == {("wasted-since", "happened_at")}
    assert held(visit, "patient") == 21_000


def test_a_stop_made_in_error_keeps_the_bag_for_the_patient_again() -> None:
    visit = stopped_visit(minutes=16)
    stopped = reading.visit(visit).stopped
    assert stopped is not None
    acting = act(people().nurse, chairside.STARTED_AT + timedelta(minutes=17))
    amendments.mark_in_error(acting, stream=visit, entry=stopped.id, reason="wrong chair")
    (bag,) = (each for each in weld.in_hand(visit) if each.account.place == "bag")
    assert (held(visit, "patient"), bag.free.mcg) == (0, 0)
    chairside.stop(visit)
    assert held(visit, "patient") == DRAWN_MCG


def test_a_stop_is_not_taken_back_once_the_rest_was_wasted() -> None:
    visit = stopped_visit(minutes=16)
    waste_rest(visit, found_left(visit))
    before = custody.movements()
    stopped = reading.visit(visit).stopped
    assert stopped is not None
    acting = act(people().nurse, AFTER + timedelta(minutes=1))
    with pytest.raises(weld.UnableToSettle) as refusal:
        amendments.mark_in_error(acting, stream=visit, entry=stopped.id, reason="wrong chair")
    assert codes(refusal) == {("bag-wasted", None)}
    assert custody.movements() == before
    assert reading.visit(visit).phase == "recovery"


def test_a_dose_that_was_wasted_is_not_started() -> None:
    visit = chairside.ready_visit()
    waste_rest(visit, found_left(visit), chairside.TIME_OUT_AT, cause="spilled")
    with pytest.raises(weld.UnableToSettle) as refusal:
        chairside.start(visit)
    assert codes(refusal) == {("bag-wasted", None)}


def test_a_rescue_drug_of_the_ledger_is_not_counted_as_given_from_the_bag() -> None:
    visit = chairside.running_visit()
    stopping = act(people().nurse, chairside.STARTED_AT + timedelta(minutes=16))
    lot = receive("midazolam_1_2", "M-RESCUE", at=chairside.STARTED_AT)
    opened.give_from_stock(
        act(people().nurse, chairside.STARTED_AT + timedelta(minutes=10)),
        visit=visit,
        lot=lot,
        vials=1,
        given=DrugMass(mcg=1_000),
        second=people().nurse2.id,
        proof_of_second=Proof(password=PASSWORD),
    )
    infusion.stop(stopping, visit=visit, reason="completed", note="", pump_volume=None)
    drawn = next(each for each in custody.lots_of_visit(visit) if each != lot)
    (given,) = custody.balances("main", "patient", lot=drawn)
    assert given.mass.mcg == 14_000
    waste_rest(visit, found_left(visit))
    assert in_hand(visit) == {}


# --- everybody at once ---

NURSES = 6


@pytest.mark.django_db(transaction=True)
def test_draws_at_the_same_time_never_take_more_than_the_vial_holds() -> None:
    """One opened vial with 100 mg left, and six doses of 35 mg wanted of it: two are drawn."""
    use_vials_for_many()
    lot = receive("ketamine_50_10", "K-RACE", vials=20, at=chairside.ORDERED_AT - timedelta(minutes=6))
    orders = []
    for chair in range(NURSES):
        visit = checked_in_visit(chair=chairs(NURSES)[chair])
        order_from_stock(visit)
        orders.append(visit)
    nearly_empty(lot)
    outcomes: list[str] = []

    def draw(visit: StreamId) -> None:
        try:
            take = VialTake(lot=lot, number="K-RACE-7", volume=chairside.VOLUME)
            chairside.draw(visit, takes=(take,))
            outcomes.append("drawn")
        except UnableTo as refusal:
            outcomes.append(", ".join(issue.code for issue in refusal.issues))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=draw, args=(visit,)) for visit in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["drawn"] * 2 + ["not-enough"] * 4
    (vial,) = custody.balances("main", "vial", lot=lot)
    assert vial.mass.mcg == 100_000 - 2 * DRAWN_MCG
    assert sum(each.mass.mcg for each in custody.balances("main", "bag", lot=lot)) == 2 * DRAWN_MCG


def nearly_empty(lot: StreamId) -> None:
    """Open the vial after the six that are kept, and waste it down to 100 mg."""
    with transaction.atomic():
        book = Book(act(people().registrant, chairside.ORDERED_AT), [lot])
        number = book.next_vial(lot)
        vial, wasted = book.account(lot, "vial", number), book.account(lot, "wasted")
        opened = DrugMoved(
            source=book.account(lot, "cabinet"), into=vial, amount=DrugMass(mcg=VIAL_MCG), cause="drawn"
        )
        book.move(lot, opened)
        rest = DrugMoved(
            source=vial,
            into=wasted,
            amount=DrugMass(mcg=VIAL_MCG - 100_000),
            cause="spilled",
            witness=people().nurse2.id,
            witness_name=people().nurse2.printed_name,
        )
        book.move(lot, rest)
        book.write()
    assert number == "K-RACE-7"
