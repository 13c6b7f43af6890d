"""What the ledger does with drug, and what of it can be taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.custody.accounts import HELD, OUTSIDE
from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import MULTI_DOSE, SINGLE_PATIENT, CustodyPolicy, VialPolicy
from evenkeel.custody.transfers import Posted, Recalled, Voided
from evenkeel.values.drug import DrugMass
from tests.ledger_story import (
    BAG,
    CABINET,
    KETAMINE,
    NORA,
    PATIENT,
    POLICY,
    REED,
    SAFE,
    START,
    SUPPLIER,
    SYRINGE,
    VIAL,
    WASTED,
    Story,
    at,
)


def test_from_the_supplier_to_the_empty_vial(stocked: Story) -> None:
    stocked.move(VIAL, BAG, 35)
    stocked.move(BAG, PATIENT, "28.5")
    in_hand = {str(place): mass for place, _, mass in stocked.ledger.unsettled("visit-1")}
    assert in_hand == {"vial V1": DrugMass.mg(465), "bag": DrugMass.mg("6.5")}
    stocked.move(BAG, WASTED, "6.5", witness=REED)
    stocked.move(VIAL, WASTED, 465, witness=REED)
    assert stocked.ledger.unsettled("visit-1") == ()
    assert [stocked.mg(each) for each in (SUPPLIER, SAFE, CABINET, VIAL, BAG, PATIENT, WASTED)] == [
        -5000,
        4000,
        500,
        0,
        0,
        28.5,
        471.5,
    ]


def test_what_two_visits_hold_is_told_apart(stocked: Story) -> None:
    stocked.move(VIAL, BAG, 35)
    assert stocked.ledger.unsettled("visit-2") == ()
    assert [account for account, *_ in stocked.ledger.unsettled("visit-1")] == [VIAL, BAG]


def test_a_reservation_keeps_the_drug_for_its_draw(stocked: Story) -> None:
    kept = stocked.move(VIAL, BAG, 400, pending=True)
    assert stocked.mg(VIAL) == 500
    assert stocked.ledger.free_mcg(VIAL, KETAMINE) == 100_000
    assert stocked.ledger.reserved_for("visit-1") == (kept,)
    assert stocked.refuses(stocked.transfer(VIAL, SYRINGE, "100.001")) == {"not-enough"}
    stocked.say(
        Posted(id="p", reserves=kept.id, amount=DrugMass.mg(35), at=START + timedelta(hours=1), by=REED)
    )
    assert (stocked.mg(VIAL), stocked.mg(BAG)) == (465, 35)
    assert stocked.ledger.free_mcg(VIAL, KETAMINE) == 465_000
    assert stocked.ledger.reserved_for("visit-1") == ()
    assert stocked.ledger.moved("p") == replace(
        kept, id="p", amount=DrugMass.mg(35), at=START + timedelta(hours=1), by=REED, pending=False
    )


def test_a_reservation_given_up_frees_the_drug(stocked: Story) -> None:
    kept = stocked.move(VIAL, BAG, 400, pending=True)
    later = START + timedelta(hours=1)
    assert stocked.refuses(Voided(id="v", reserves=kept.id, at=later, by=NORA, reason=" ")) == {
        "reason-missing"
    }
    stocked.say(Voided(id="v", reserves=kept.id, at=later, by=NORA, reason="The visit was called off."))
    assert stocked.ledger.free_mcg(VIAL, KETAMINE) == 500_000
    assert stocked.ledger.reservation(kept.id) is None
    again = Posted(id="p", reserves=kept.id, amount=DrugMass.mg(1), at=later, by=NORA)
    assert stocked.refuses(again) == {"not-reserved"}
    assert stocked.refuses(Voided(id="w", reserves=kept.id, at=later, by=NORA, reason="Again.")) == {
        "not-reserved"
    }


def test_no_more_is_posted_than_was_reserved(stocked: Story) -> None:
    kept = stocked.move(VIAL, BAG, 35, pending=True)
    step = Posted(
        id="p", reserves=kept.id, amount=DrugMass(mcg=35_001), at=START + timedelta(hours=1), by=NORA
    )
    assert stocked.refuses(step) == {"more-than-reserved"}
    stocked.say(replace(step, amount=DrugMass(mcg=35_000)))
    assert stocked.mg(BAG) == 35


def test_a_reservation_is_looked_at_again_when_it_is_posted(stocked: Story) -> None:
    kept = stocked.move(VIAL, BAG, 35, pending=True)
    soon = START + timedelta(hours=1)
    stocked.say(Recalled(id="r", product=KETAMINE.product, lot="K1", at=soon, by=REED, reason="Glass found."))
    step = Posted(id="p", reserves=kept.id, amount=DrugMass.mg(35), at=soon, by=NORA)
    assert stocked.refuses(step) == {"recalled"}
    assert stocked.refuses(replace(step, at=START + timedelta(hours=7))) == {"recalled", "open-too-long"}
    assert stocked.refuses(replace(step, amount=DrugMass(mcg=0))) == {"recalled", "amount-zero"}


def test_a_wrong_movement_is_taken_back_the_way_it_came_and_stays_in_the_book(stocked: Story) -> None:
    wrong = stocked.move(VIAL, BAG, 350)
    stocked.move(BAG, VIAL, 315, corrects=wrong.id, reason="Typed 350 for 35.")
    assert (stocked.mg(VIAL), stocked.mg(BAG)) == (465, 35)
    assert stocked.ledger.left_to_correct(wrong) == 35_000
    assert wrong.id in stocked.ledger.steps


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"reason": " "}, {"reason-missing"}),
        ({"corrects": "nothing"}, {"nothing-to-correct"}),
        ({"pending": True}, {"correction-reserved"}),
        ({"into": SYRINGE}, {"not-the-way-back"}),
        ({"amount": DrugMass(mcg=35_001)}, {"corrects-too-much", "not-enough"}),
        ({"amount": DrugMass(mcg=0)}, {"amount-zero"}),
    ],
)
def test_a_correction_that_is_none(stocked: Story, change: dict[str, object], codes: set[str]) -> None:
    wrong = stocked.move(VIAL, BAG, 35)
    step = stocked.transfer(BAG, VIAL, 35, corrects=wrong.id, reason="Wrong vial.")
    assert stocked.refuses(replace(step, **change)) == codes  # type: ignore[arg-type]


def test_no_more_is_corrected_in_all_than_moved(stocked: Story) -> None:
    wrong = stocked.move(VIAL, BAG, 35)
    stocked.move(VIAL, BAG, 35)
    stocked.move(BAG, VIAL, 20, corrects=wrong.id, reason="Typed wrong.")
    assert stocked.refuses(stocked.transfer(BAG, VIAL, 16, corrects=wrong.id, reason="Again.")) == {
        "corrects-too-much"
    }
    stocked.move(BAG, VIAL, 15, corrects=wrong.id, reason="All of it.")
    assert stocked.mg(BAG) == 35


def test_a_correction_is_not_corrected_but_done_again(stocked: Story) -> None:
    wrong = stocked.move(VIAL, BAG, 35)
    back = stocked.move(BAG, VIAL, 35, corrects=wrong.id, reason="Wrong.")
    step = stocked.transfer(VIAL, BAG, 35, corrects=back.id, reason="It was right.")
    assert stocked.refuses(step) == {"not-the-way-back"}


def test_waste_that_was_none_is_taken_back_before_a_witness_too(stocked: Story) -> None:
    wrong = stocked.move(VIAL, WASTED, 100, witness=REED)
    step = stocked.transfer(WASTED, VIAL, 100, corrects=wrong.id, reason="It was the other vial.")
    assert stocked.refuses(step) == {"witness-missing"}
    stocked.say(replace(step, witness=REED))
    assert (stocked.mg(WASTED), stocked.mg(VIAL)) == (0, 500)


def test_a_step_sent_twice_counts_once_and_another_under_its_name_is_refused(stocked: Story) -> None:
    step = stocked.move(VIAL, BAG, 35)
    stocked.ledger.take(step)
    assert stocked.mg(BAG) == 35
    assert stocked.refuses(replace(step, amount=DrugMass.mg(36))) == {"id-used"}


def test_steps_that_belong_together_move_together_or_not_at_all(stocked: Story) -> None:
    draw, waste = stocked.transfer(VIAL, BAG, 35), stocked.transfer(VIAL, WASTED, 465)
    with pytest.raises(UnableToTransfer, match="witness-missing"):
        stocked.ledger.take_all([draw, waste])
    assert (stocked.mg(VIAL), stocked.mg(BAG)) == (500, 0)
    assert draw.id not in stocked.ledger.steps
    stocked.ledger.take_all([draw, replace(waste, witness=REED)])
    assert (stocked.mg(VIAL), stocked.mg(BAG), stocked.mg(WASTED)) == (0, 35, 465)


def test_a_fold_of_the_steps_is_the_ledger(stocked: Story) -> None:
    kept = stocked.move(VIAL, BAG, 35, pending=True)
    stocked.say(
        Posted(id="p", reserves=kept.id, amount=DrugMass.mg(35), at=START + timedelta(hours=1), by=NORA)
    )
    again = Ledger.of(POLICY, stocked.ledger.steps.values())
    assert list(again.balances()) == list(stocked.ledger.balances())


def test_accounts_are_named_and_policies_are_whole() -> None:
    with pytest.raises(AssertionError):
        at("vial")
    with pytest.raises(AssertionError):
        VialPolicy(reuse="multi_dose", in_use=timedelta(0))
    with pytest.raises(AssertionError):
        CustodyPolicy(sites=frozenset(), vials=MULTI_DOSE)
    with pytest.raises(AssertionError):
        replace(KETAMINE, vial=DrugMass(mcg=0))
    with pytest.raises(AssertionError):
        replace(KETAMINE, lot=" ")
    assert str(VIAL) == "vial V1"
    assert str(at("other_site")) == "other site"
    assert not HELD & OUTSIDE
    assert timedelta(hours=6) == SINGLE_PATIENT.in_use


def test_what_is_kept_for_several_draws_adds_up(stocked: Story) -> None:
    for kept in (200, 250):
        stocked.move(VIAL, BAG, kept, pending=True)
    assert stocked.ledger.free_mcg(VIAL, KETAMINE) == 50_000


def test_what_was_taken_back_in_parts_is_taken_back_whole(stocked: Story) -> None:
    wrong = stocked.move(VIAL, BAG, 35)
    for part in (20, 15):
        stocked.move(BAG, VIAL, part, corrects=wrong.id, reason="Typed wrong.")
    assert stocked.ledger.left_to_correct(wrong) == 0


def test_a_vial_that_is_opened_for_a_visit_is_that_visits_own(stocked: Story) -> None:
    second = at("vial", "V2")
    stocked.say(replace(stocked.transfer(CABINET, second, 500), visit="visit-2"))
    assert [account for account, *_ in stocked.ledger.unsettled("visit-2")] == [second]
    assert stocked.refuses(stocked.transfer(second, BAG, 35)) == {"other-patient"}
    stocked.move(second, at("bag", "visit-2"), 35)


def test_a_vial_serves_the_visit_that_first_draws_and_not_what_was_spilled_before(stocked: Story) -> None:
    stocked.move(VIAL, WASTED, 5, witness=REED)
    opened = stocked.ledger.opened(VIAL, KETAMINE)
    assert opened is not None
    assert opened.visit is None
    stocked.move(VIAL, SYRINGE, 35)
    stocked.move(SYRINGE, BAG, 35)
    assert (stocked.mg(SYRINGE), stocked.mg(BAG)) == (0, 35)
    opened = stocked.ledger.opened(VIAL, KETAMINE)
    assert opened is not None
    assert (opened.visit, opened.at) == ("visit-1", START + timedelta(minutes=3))
