"""Every way the ledger refuses to move drug, each by its name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.custody.accounts import WAYS
from evenkeel.custody.policy import MULTI_DOSE
from evenkeel.custody.refusals import against
from evenkeel.custody.transfers import Recalled
from evenkeel.record.custody import Account, Place
from tests.ledger_story import (
    BAG,
    CABINET,
    DESTROYED,
    ESKETAMINE,
    KETAMINE,
    NORA,
    PATIENT,
    POLICY,
    REED,
    SAFE,
    START,
    STRONG,
    SUPPLIER,
    SYRINGE,
    VIAL,
    WASTED,
    Story,
    at,
)


def test_nothing_is_no_amount(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(VIAL, BAG, 0)) == {"amount-zero"}


def test_a_microgram_more_than_there_is(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(VIAL, BAG, "500.001")) == {"not-enough"}
    stocked.move(VIAL, BAG, 500)
    assert stocked.mg(VIAL) == 0


def test_drug_does_not_move_to_where_it_is(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(SAFE, SAFE, 500)) == {"same-place", "no-such-way"}


def test_sealed_vials_move_whole(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(SAFE, CABINET, 750)) == {"not-whole-vials"}
    assert stocked.refuses(stocked.transfer(SUPPLIER, SAFE, "499.999")) == {"not-whole-vials"}
    assert stocked.refuses(stocked.transfer(CABINET, at("vial", "V2"), 250)) == {
        "not-whole-vials",
        "one-vial",
    }


def test_one_vial_is_opened_at_a_time_and_once(stocked: Story) -> None:
    stocked.move(SAFE, CABINET, 1000)
    assert stocked.refuses(stocked.transfer(CABINET, at("vial", "V2"), 1000)) == {"one-vial"}
    assert stocked.refuses(stocked.transfer(CABINET, VIAL, 500)) == {"vial-number-used"}


# Written out by hand from the clinic's day; what stands in no line does not happen.
GOES = {
    "supplier": "safe cabinet",
    "surplus": "safe cabinet vial",
    "safe": "cabinet destroyed distributor other_site missing",
    "cabinet": "safe vial destroyed distributor other_site missing",
    "vial": "syringe bag wasted missing",
    "syringe": "bag vial patient wasted missing",
    "bag": "patient wasted missing",
    "missing": "reported_loss",
}


@pytest.mark.parametrize("source", sorted(WAYS))
@pytest.mark.parametrize("into", sorted(WAYS))
def test_the_ways_that_drug_can_go(stocked: Story, source: Place, into: Place) -> None:
    refs = dict.fromkeys(("syringe", "bag", "patient"), "visit-1") | {"vial": "V1", "supplier": "Northside"}
    step = stocked.transfer(at(source, refs.get(source, "")), at(into, refs.get(into, "")), 500, witness=REED)
    codes = {issue.code for issue in against(stocked.ledger, step)}
    assert ("no-such-way" not in codes) is (into in GOES.get(source, "").split())


def test_drug_of_another_site_and_of_no_site(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(VIAL, at("bag", "visit-1", "east"), 35)) == {"other-site"}
    east = at("safe", site="east")
    assert "other-site" in stocked.refuses(stocked.transfer(at("supplier", "N", "east"), east, 500))


def test_what_was_drawn_for_one_visit_is_not_given_in_another(stocked: Story) -> None:
    stocked.move(VIAL, SYRINGE, 35)
    for into in (at("bag", "visit-2"), at("patient", "visit-2")):
        assert stocked.refuses(stocked.transfer(SYRINGE, into, 35)) == {"other-visit"}
    stocked.move(SYRINGE, PATIENT, 35)
    assert stocked.mg(PATIENT) == 35


@pytest.mark.parametrize("into", [WASTED, at("missing")])
def test_two_people_see_drug_go(stocked: Story, into: Account) -> None:
    step = stocked.transfer(VIAL, into, 500)
    assert stocked.refuses(step) == {"witness-missing"}
    assert stocked.refuses(replace(step, witness=NORA)) == {"witness-is-actor"}
    assert stocked.refuses(replace(step, alone_because="Nobody was there.")) == {"witness-missing"}
    assert stocked.refuses(replace(step, witness=REED, pending=True)) == {"waste-reserved"}
    stocked.say(replace(step, witness=REED))
    assert stocked.mg(into) == 500


def test_destroyed_stock_is_seen_by_two(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(SAFE, DESTROYED, 500)) == {"witness-missing"}
    stocked.move(SAFE, DESTROYED, 500, witness=REED)


def test_what_goes_elsewhere_needs_no_witness(stocked: Story) -> None:
    stocked.move(SAFE, at("distributor"), 500)
    stocked.move(SAFE, at("other_site"), 500)
    assert stocked.mg(SAFE) == 3000


def test_a_clinic_of_one_says_why_nobody_saw_it() -> None:
    story = Story(replace(POLICY, may_be_alone=True))
    story.move(SUPPLIER, CABINET, 500)
    story.move(CABINET, VIAL, 500)
    step = story.transfer(VIAL, WASTED, 5)
    assert story.refuses(step) == {"alone-without-reason"}
    assert story.refuses(replace(step, witness=NORA)) == {"witness-is-actor"}
    story.say(replace(step, alone_because="The other nurse had gone home."))
    assert story.mg(WASTED) == 5


def test_an_expired_lot_leaves_but_is_not_drawn(stocked: Story) -> None:
    last_day = datetime(2027, 6, 30, 23, 59, tzinfo=UTC)
    stocked.move(CABINET, at("vial", "V2"), 500, when=last_day)
    stocked.move(SAFE, CABINET, 500, when=last_day)
    after = last_day + timedelta(minutes=1)
    assert stocked.refuses(stocked.transfer(at("vial", "V2"), BAG, 35, when=after)) == {"expired"}
    assert stocked.refuses(stocked.transfer(SAFE, CABINET, 500, when=after)) == {"expired"}
    stocked.move(CABINET, SAFE, 500, when=after)
    stocked.move(SAFE, at("distributor"), 500, when=after)
    stocked.move(at("vial", "V2"), WASTED, 500, witness=REED, when=after)


def test_a_recalled_lot_leaves_but_is_not_drawn(stocked: Story) -> None:
    stocked.move(VIAL, BAG, 35)
    when = START + timedelta(hours=1)
    recall = Recalled(id="r", product=KETAMINE.product, lot="K1", at=when, by=REED, reason="")
    assert stocked.refuses(recall) == {"reason-missing"}
    stocked.say(replace(recall, reason="The maker's letter of today."))
    assert stocked.ledger.is_recalled(KETAMINE)
    assert not stocked.ledger.is_recalled(replace(KETAMINE, lot="K9"))
    assert stocked.refuses(stocked.transfer(VIAL, BAG, 35, when=when)) == {"recalled"}
    # What already runs into a patient is written down; what is left of it is wasted.
    stocked.move(BAG, PATIENT, 30, when=when)
    stocked.move(BAG, WASTED, 5, witness=REED, when=when)
    stocked.move(SAFE, at("distributor"), 4000, when=when)


def test_a_vial_is_not_drawn_from_for_ever(stocked: Story) -> None:
    opened_at = START + timedelta(minutes=3)
    stocked.move(VIAL, BAG, 1, when=opened_at + timedelta(hours=6))
    too_late = opened_at + timedelta(hours=6, seconds=1)
    assert stocked.refuses(stocked.transfer(VIAL, BAG, 1, when=too_late)) == {"open-too-long"}
    stocked.move(VIAL, WASTED, 499, witness=REED, when=too_late)


def test_a_vial_for_one_patient_serves_one_visit(stocked: Story) -> None:
    stocked.move(VIAL, BAG, 35)
    assert stocked.refuses(stocked.transfer(VIAL, at("bag", "visit-2"), 35)) == {"other-patient"}
    stocked.move(VIAL, SYRINGE, 5)


def test_a_multi_dose_vial_serves_several() -> None:
    story = Story(replace(POLICY, vials=MULTI_DOSE))
    story.move(SUPPLIER, CABINET, 500)
    story.move(CABINET, VIAL, 500)
    story.move(VIAL, BAG, 35)
    story.move(VIAL, at("bag", "visit-2"), 35)
    assert story.mg(VIAL) == 430


def test_one_strength_and_one_drug_in_a_bag(stocked: Story) -> None:
    for number, item in (("V2", STRONG), ("V3", ESKETAMINE)):
        stocked.move(SUPPLIER, CABINET, 500, item=item)
        stocked.move(CABINET, at("vial", number), 500, item=item)
    stocked.move(VIAL, BAG, 20)
    assert stocked.refuses(stocked.transfer(at("vial", "V2"), BAG, 15, item=STRONG)) == {"mixed-strengths"}
    assert stocked.refuses(stocked.transfer(at("vial", "V3"), BAG, 15, item=ESKETAMINE)) == {"mixed-drugs"}
    # Once it is empty, it may be filled with another strength.
    stocked.move(BAG, WASTED, 20, witness=REED)
    stocked.move(at("vial", "V2"), BAG, 15, item=STRONG)
    assert stocked.mg(BAG, STRONG) == 15


def test_two_lots_of_one_strength_may_meet_in_a_bag(stocked: Story) -> None:
    other = replace(KETAMINE, lot="K7")
    stocked.move(SUPPLIER, CABINET, 500, item=other)
    stocked.move(CABINET, at("vial", "V2"), 500, item=other)
    stocked.move(VIAL, BAG, 20)
    stocked.move(at("vial", "V2"), BAG, 15, item=other)
    stocked.move(BAG, PATIENT, 20)
    # The first lot is gone, but the bag is still one of this strength.
    stocked.move(SUPPLIER, CABINET, 500, item=STRONG)
    stocked.move(CABINET, at("vial", "V3"), 500, item=STRONG)
    assert stocked.refuses(stocked.transfer(at("vial", "V3"), BAG, 1, item=STRONG)) == {"mixed-strengths"}
    assert stocked.ledger.items_in(BAG) == (other,)


def test_what_was_drawn_too_much_goes_back_only_into_its_vial(stocked: Story) -> None:
    stocked.move(CABINET, at("vial", "V2"), 500)
    stocked.move(VIAL, SYRINGE, 50)
    assert stocked.refuses(stocked.transfer(SYRINGE, at("vial", "V2"), 15)) == {"not-its-vial"}
    assert stocked.refuses(stocked.transfer(SYRINGE, at("vial", "V9"), 15)) == {"not-its-vial"}
    stocked.move(SYRINGE, VIAL, 15)
    assert (stocked.mg(VIAL), stocked.mg(SYRINGE)) == (465, 35)


def test_another_lot_does_not_go_into_a_vial(stocked: Story) -> None:
    other = replace(KETAMINE, lot="K7")
    stocked.move(SUPPLIER, CABINET, 500, item=other)
    stocked.move(CABINET, at("vial", "V2"), 500, item=other)
    stocked.move(VIAL, SYRINGE, 20)
    stocked.move(at("vial", "V2"), SYRINGE, 20, item=other)
    assert stocked.refuses(stocked.transfer(SYRINGE, VIAL, 20, item=other)) == {"not-its-vial"}
    stocked.move(SYRINGE, at("vial", "V2"), 20, item=other)


def test_a_vial_is_not_filled_beyond_its_size(stocked: Story) -> None:
    stocked.move(CABINET, at("vial", "V2"), 500)
    stocked.move(VIAL, SYRINGE, 50)
    stocked.move(at("vial", "V2"), SYRINGE, 50)
    stocked.move(SYRINGE, VIAL, 50)
    assert stocked.refuses(stocked.transfer(SYRINGE, VIAL, "0.001")) == {"vial-too-full"}


def test_more_than_the_book_says_is_found_in_an_opened_vial_only(stocked: Story) -> None:
    assert stocked.refuses(stocked.transfer(at("surplus"), at("vial", "V9"), "1.5")) == {"not-opened"}
    assert stocked.refuses(stocked.transfer(at("surplus"), VIAL, "1.5", item=STRONG)) == {"not-opened"}
    stocked.move(at("surplus"), VIAL, "1.5")
    assert (stocked.mg(VIAL), stocked.mg(at("surplus"))) == (501.5, -1.5)


def test_a_clock_that_jumped_back(stocked: Story) -> None:
    last = START + timedelta(minutes=3)
    early = stocked.transfer(VIAL, BAG, 35, when=last - timedelta(minutes=2, microseconds=1))
    assert stocked.refuses(early) == {"clock-behind"}
    stocked.say(replace(early, at=last - timedelta(minutes=2)))
    # What came in a little late does not turn the ledger's own clock back.
    assert stocked.ledger.last_at == last


# In no schedule: whole vials go to a patient or are thrown away, and all else is as for any drug.
UNSCHEDULED = replace(KETAMINE, drug="ondansetron", schedule=None, product="ondansetron", lot="O1")
ITS_WAYS = {
    "supplier": "safe cabinet",
    "safe": "cabinet wasted destroyed distributor other_site missing",
    "cabinet": "safe vial patient wasted destroyed distributor other_site missing",
    "vial": "syringe bag wasted missing",
}


@pytest.mark.parametrize("source", sorted(ITS_WAYS))
@pytest.mark.parametrize("into", sorted(WAYS))
def test_the_ways_of_a_drug_in_no_schedule(stocked: Story, source: Place, into: Place) -> None:
    refs = dict.fromkeys(("syringe", "bag", "patient"), "visit-1") | {"vial": "V1", "supplier": "Northside"}
    step = stocked.transfer(
        at(source, refs.get(source, "")), at(into, refs.get(into, "")), 500, item=UNSCHEDULED
    )
    codes = {issue.code for issue in against(stocked.ledger, step)}
    assert ("no-such-way" not in codes) is (into in ITS_WAYS[source].split())


def test_a_drug_in_no_schedule_is_given_and_thrown_away_whole_by_one_person(stocked: Story) -> None:
    stocked.move(SUPPLIER, CABINET, 2000, item=UNSCHEDULED)
    stocked.move(CABINET, PATIENT, 500, item=UNSCHEDULED)
    stocked.move(CABINET, WASTED, 500, item=UNSCHEDULED)
    assert stocked.mg(PATIENT, UNSCHEDULED) == 500
    assert stocked.refuses(stocked.transfer(CABINET, PATIENT, 4, item=UNSCHEDULED)) == {"not-whole-vials"}
    late = datetime(2027, 7, 1, tzinfo=UTC)
    assert stocked.refuses(stocked.transfer(CABINET, PATIENT, 500, item=UNSCHEDULED, when=late)) == {
        "expired"
    }
    stocked.move(CABINET, WASTED, 500, item=UNSCHEDULED, when=late)


def test_an_expired_lot_is_written_down_as_given_but_is_not_carried_on(stocked: Story) -> None:
    stocked.move(VIAL, SYRINGE, 35)
    late = datetime(2027, 7, 1, tzinfo=UTC)
    assert stocked.refuses(stocked.transfer(SYRINGE, BAG, 35, when=late)) == {"expired"}
    assert stocked.refuses(stocked.transfer(SYRINGE, VIAL, 5, when=late)) == {"expired"}
    assert stocked.refuses(stocked.transfer(SYRINGE, PATIENT, 35, when=late, pending=True)) == {"expired"}
    stocked.move(SYRINGE, PATIENT, 35, when=late)
    assert stocked.mg(PATIENT) == 35
