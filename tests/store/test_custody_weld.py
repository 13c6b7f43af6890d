"""Where the ledger meets the visit: what was drawn is given, wasted, missing or still in hand, always."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from django.db import connections, transaction

from evenkeel.custody.ledger import UnableToTransfer
from evenkeel.journey import amendments, discharge, infusion, ordering, series
from evenkeel.journey.custody import leaving, waste, weld
from evenkeel.journey.custody.book import Book
from evenkeel.journey.custody.waste import Measured, UnableToWaste
from evenkeel.journey.custody.weld import UnableToKeep, UnableToTake, VialTake
from evenkeel.journey.custody.witnessing import UnableToWitness, refuse_to_witness
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import DrugMoved, Place
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Volume
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, chairs, checked_in_visit, key, people
from tests.factories_custody import receive

pytestmark = pytest.mark.django_db

AFTER = chairside.STOPPED_AT + timedelta(minutes=5)
# The standard dose: 0.70 mL of 50 mg/mL in a bag of 100 mL, from a vial of 500 mg.
DRAWN_MCG, VIAL_MCG = 35_000, 500_000


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Every issue as (code, field)."""
    return {(issue.code, issue.field) for issue in refusal.value.issues}


def held(visit: StreamId, place: Place) -> int:
    """Micrograms of the visit's lots in a place."""
    lots = custody.lots_of_visit(visit)
    return sum(each.mass.mcg for lot in lots for each in custody.balances(None, place, lot=lot))


def in_hand(visit: StreamId) -> dict[str, int]:
    """What a visit has in hand, by place."""
    return {each.account.place: each.mass.mcg for each in weld.in_hand(visit)}


def where(visit: StreamId) -> dict[str, int]:
    """What became of the visit's vial: given, wasted and missing micrograms."""
    return {place: held(visit, place) for place in ("patient", "wasted", "missing")}  # type: ignore[arg-type]


def found_left(visit: StreamId, **milliliters: str) -> tuple[Measured, ...]:
    """What was measured: as expected, but for the places that are named."""
    return tuple(
        Measured(
            place=each.account.place,
            ref=each.account.ref,
            volume=Volume.of(milliliters.get(each.account.place) or f"{float(each.volume_ml):.1f}"),
        )
        for each in waste.expected_rests(reading.visit(visit))
    )


def waste_rest(
    visit: StreamId, measured: Iterable[Measured], at: datetime = AFTER, **changes: object
) -> StreamId:
    """The nurse wastes what was measured, and another one sees it."""
    values: dict[str, object] = {
        "cause": "left_over",
        "explanation": "",
        "second": people().nurse2.id,
        "proof_of_second": Proof(password=PASSWORD),
        **changes,
    }
    return waste.waste_rest(act(people().nurse, at), visit=visit, measured=tuple(measured), **values)  # type: ignore[arg-type]


def stopped_visit(minutes: int = 40, pump_volume: str | None = None) -> StreamId:
    """A visit whose pump ran so long."""
    visit = chairside.running_visit()
    infusion.stop(
        act(people().nurse, chairside.STARTED_AT + timedelta(minutes=minutes)),
        visit=visit,
        reason="patient_wish",
        note="",
        pump_volume=Volume.of(pump_volume) if pump_volume else None,
    )
    return visit


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


# --- two people waste ---


def test_drawn_is_given_and_wasted() -> None:
    visit = stopped_visit(minutes=16)
    waste_rest(visit, found_left(visit))
    assert in_hand(visit) == {}
    assert where(visit) == {"patient": 14_000, "wasted": VIAL_MCG - 14_000, "missing": 0}
    said = reading.visit(visit).reconciled
    assert said is not None
    assert said.payload.witness_name == people().nurse2.printed_name
    assert {each.witness for each in custody.movements(visits=(visit,)) if each.into.place == "wasted"} == {
        people().nurse2.id
    }


def test_nobody_is_discharged_while_drug_is_in_hand() -> None:
    visit = stopped_visit()
    with pytest.raises(discharge.UnableToDischarge) as refusal:
        discharge_now(visit)
    assert ("drug-in-hand", None) in codes(refusal)
    waste_rest(visit, found_left(visit))
    with pytest.raises(discharge.UnableToDischarge) as still:
        discharge_now(visit)
    assert "drug-in-hand" not in {code for code, _ in codes(still)}


def discharge_now(visit: StreamId, *, against_advice: bool = False) -> None:
    """Sign the discharge without any criterion met."""
    discharge.discharge(
        act(people().nurse, AFTER + timedelta(minutes=1)),
        visit=visit,
        criteria={},
        received_by="",
        received_by_phone="",
        instructions_given=False,
        against_advice=against_advice,
        note="",
        overrides=(),
        password=PASSWORD,
    )


def test_who_leaves_against_advice_is_not_held_up_by_a_bag() -> None:
    visit = stopped_visit()
    with pytest.raises(discharge.UnableToDischarge) as refusal:
        discharge_now(visit, against_advice=True)
    assert "drug-in-hand" not in {code for code, _ in codes(refusal)}


def test_a_drawn_dose_of_a_cancelled_order_is_wasted_before_the_visit_is_cancelled() -> None:
    visit = chairside.drawn_visit()
    ordering.cancel_order(act(people().prescriber, chairside.CHECKED_AT), visit=visit, reason="unwell")
    cancelling = act(people().nurse, chairside.CHECKED_AT)
    with pytest.raises(UnableTo) as refusal:
        series.cancel_visit(cancelling, visit=visit, reason="unwell")
    assert ("drug-in-hand", None) in codes(refusal)
    waste_rest(visit, found_left(visit), chairside.CHECKED_AT, cause="cancelled")
    series.cancel_visit(replace(cancelling, key=key()), visit=visit, reason="unwell")
    assert where(visit) == {"patient": 0, "wasted": VIAL_MCG, "missing": 0}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"second": None}, "second-person"),
        ({"proof_of_second": Proof(password="not theirs")}, "signature-refused"),
        ({"second": None, "alone_because": "nobody is here"}, "second-person"),
    ],
)
def test_nobody_wastes_alone(changes: dict[str, object], code: str) -> None:
    visit = stopped_visit()
    before = custody.movements()
    with pytest.raises(UnableToWitness) as refusal:
        waste_rest(visit, found_left(visit), **changes)
    assert code in {found for found, _ in codes(refusal)}
    assert custody.movements() == before
    assert reading.visit(visit).reconciled is None


def test_who_wastes_is_not_the_witness() -> None:
    visit = stopped_visit()
    with pytest.raises(UnableToWitness) as refusal:
        waste_rest(visit, found_left(visit), second=people().nurse.id)
    assert codes(refusal) == {("same-person", "second_person")}


def test_one_person_wastes_alone_with_a_reason_where_the_clinic_lets_them() -> None:
    settings.choose("may_waste_alone", value=True, by=people().lead, at=chairside.ORDERED_AT, reason="small")
    visit = stopped_visit()
    waste_rest(visit, found_left(visit), second=None, proof_of_second=None, alone_because="nobody is here")
    assert in_hand(visit) == {}
    said = reading.visit(visit).reconciled
    assert said is not None
    assert (said.payload.witness, said.payload.alone_because) == (None, "nobody is here")


def test_a_witness_who_refuses_is_on_record_and_nothing_moves() -> None:
    visit = stopped_visit()
    before = custody.movements()
    lots = custody.lots_of_visit(visit)
    refuse_to_witness(
        act(people().nurse, AFTER),
        lots=lots,
        visit=visit,
        what="0 mL in the bag and 9.3 mL in the vial were wasted",
        second=people().nurse2.id,
        proof_of_second=Proof(password=PASSWORD),
        reason="I came when it was done",
    )
    assert custody.movements() == before
    last = reading.lot(lots[0]).facts[-1]
    assert (last.kind, last.payload.witness_name) == ("witness.refused", people().nurse2.printed_name)


# --- what differs is explained ---


def test_everything_in_hand_is_measured() -> None:
    visit = stopped_visit()
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, ())
    assert {code for code, _ in codes(refusal)} == {"not-measured"}


def test_less_than_expected_is_missing_and_opens_a_case() -> None:
    visit = stopped_visit(minutes=16)
    measured = found_left(visit, bag="40")
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, measured)
    assert codes(refusal) == {("variance-unexplained", "explanation")}
    waste_rest(visit, measured, explanation="the line came off and it ran to the floor")
    # 60 mL were expected in the bag and 40 mL are there: 20 mL hold 7 mg.
    assert where(visit) == {"patient": 14_000, "wasted": VIAL_MCG - 21_000, "missing": 7_000}
    (case,) = custody.cases(only_open=True)
    assert (case.difference_mcg, case.visit, case.owner_name) == (
        -7_000,
        visit,
        people().registrant.printed_name,
    )


def test_more_in_the_bag_than_expected_was_not_given() -> None:
    visit = stopped_visit(minutes=40)
    waste_rest(visit, found_left(visit, bag="20"), explanation="the pump had stood still for a while")
    assert where(visit) == {"patient": 35_000 - 7_000, "wasted": VIAL_MCG - 28_000, "missing": 0}
    assert custody.cases() == ()


def test_more_than_was_ever_drawn_is_measured_again() -> None:
    visit = chairside.drawn_visit()
    ordering.cancel_order(act(people().prescriber, chairside.CHECKED_AT), visit=visit, reason="unwell")
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, found_left(visit, bag="110"), chairside.CHECKED_AT, explanation="overfilled")
    assert ("more-than-drawn", "rest_1") in codes(refusal) or ("more-than-drawn", "rest_0") in codes(refusal)


def test_a_difference_within_the_slack_is_none() -> None:
    visit = stopped_visit(minutes=16)
    # 60 mL expected; 5 % of the bag of 100 mL is the slack.
    waste_rest(visit, found_left(visit, bag="55"))
    assert where(visit) == {"patient": 14_000, "wasted": VIAL_MCG - 14_000, "missing": 0}


def test_a_pump_that_counted_otherwise_is_explained_before_the_visit_closes() -> None:
    visit = stopped_visit(minutes=40, pump_volume="80")
    state = reading.visit(visit)
    assert waste.pump_difference_ml(state) == Fraction(-20)
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, found_left(visit))
    assert codes(refusal) == {("variance-unexplained", "explanation")}
    waste_rest(visit, found_left(visit), explanation="the counter was not set to zero")
    assert waste.accounting_issues(reading.visit(visit)) == ()


def test_a_visit_whose_drug_is_accounted_for_has_nothing_left_to_waste() -> None:
    visit = stopped_visit()
    waste_rest(visit, found_left(visit))
    with pytest.raises(UnableToWaste) as refusal:
        waste_rest(visit, (), AFTER + timedelta(minutes=1))
    assert codes(refusal) == {("nothing-left", None)}


def test_the_whole_day_adds_up() -> None:
    visit = chairside.discharged_visit()
    (lot,) = custody.lots_of_visit(visit)
    places: tuple[Place, ...] = ("safe", "cabinet", "vial", "bag", "patient", "wasted", "missing")
    total = sum(each.mass.mcg for each in custody.balances(None, *places, lot=lot))
    assert total == 5 * VIAL_MCG
    stopped = reading.visit(visit).stopped
    assert stopped is not None
    given = reading.visit(visit).given(stopped.at)
    assert DrugMass(mcg=held(visit, "patient")) == given


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
