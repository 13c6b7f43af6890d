"""What the ledger does with drug, and every way it refuses to, each by its name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evenkeel.custody.accounts import HELD, OUTSIDE, WAYS
from evenkeel.custody.ledger import Ledger, UnableToTransfer
from evenkeel.custody.policy import MULTI_DOSE, SINGLE_PATIENT, CustodyPolicy, VialPolicy
from evenkeel.custody.refusals import against
from evenkeel.custody.transfers import Posted, Recalled, Step, Transfer, Voided
from evenkeel.record.custody import Account, Item, Place
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NORA, REED = ClinicianId("nora"), ClinicianId("reed")
POLICY = CustodyPolicy(sites=frozenset({"main"}), vials=SINGLE_PATIENT)

KETAMINE = Item(
    drug="ketamine",
    schedule="III",
    product="ketamine-50-10",
    label="ketamine, a made-up vial",
    strength=Strength.mg_per_ml(50),
    vial=DrugMass.mg(500),
    lot="K1",
    expiry_date=date(2027, 6, 30),
)
STRONG = replace(KETAMINE, product="ketamine-100-5", strength=Strength.mg_per_ml(100), lot="K2")
ESKETAMINE = replace(KETAMINE, drug="esketamine", product="esketamine", lot="E1")


def at(place: Place, ref: str = "", site: str = "main") -> Account:
    return Account(site=site, place=place, ref=ref)


SUPPLIER, SAFE, CABINET = at("supplier", "Northside"), at("safe"), at("cabinet")
VIAL, BAG, SYRINGE = at("vial", "V1"), at("bag", "visit-1"), at("syringe", "visit-1")
PATIENT, WASTED, DESTROYED = at("patient", "visit-1"), at("wasted"), at("destroyed")


class Story:
    """A ledger told step by step, one minute after the other."""

    def __init__(self, policy: CustodyPolicy = POLICY) -> None:
        self.ledger, self.number = Ledger(policy), 0

    def say(self, step: Step) -> Step:
        self.ledger.take(step)
        return step

    def transfer(
        self,
        source: Account,
        into: Account,
        mg: str | int,
        *,
        item: Item = KETAMINE,
        witness: ClinicianId | None = None,
        corrects: str | None = None,
        reason: str = "",
        alone_because: str = "",
        pending: bool = False,
        when: datetime | None = None,
    ) -> Transfer:
        self.number += 1
        return Transfer(
            id=f"t{self.number}",
            item=item,
            source=source,
            into=into,
            amount=DrugMass.mg(mg),
            at=when or START + timedelta(minutes=self.number),
            by=NORA,
            witness=witness,
            corrects=corrects,
            reason=reason,
            alone_because=alone_because,
            pending=pending,
        )

    def move(self, source: Account, into: Account, mg: str | int, **more: object) -> Transfer:
        step = self.transfer(source, into, mg, **more)  # type: ignore[arg-type]
        self.ledger.take(step)
        return step

    def mg(self, account: Account, item: Item = KETAMINE) -> int | float:
        return self.ledger.mcg(account, item) / 1000

    def refuses(self, step: Step) -> set[str]:
        """The codes of the refusal; nothing may have moved."""
        before = sorted((str(account), mcg) for account, _, mcg in self.ledger.balances())
        with pytest.raises(UnableToTransfer) as refused:
            self.ledger.take(step)
        assert sorted((str(account), mcg) for account, _, mcg in self.ledger.balances()) == before
        assert step.id not in self.ledger.steps or self.ledger.steps[step.id] != step
        assert all(issue.sentence.endswith(".") for issue in refused.value.issues)
        return {issue.code for issue in refused.value.issues}


@pytest.fixture
def stocked() -> Story:
    """Ten vials of 500 mg received, two in the cabinet, one of them open."""
    story = Story()
    story.move(SUPPLIER, SAFE, 5000)
    story.move(SAFE, CABINET, 1000)
    story.move(CABINET, VIAL, 500)
    return story


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
    assert stocked.ledger.moved("p").by == REED


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


# --- refusals -----------------------------------------------------------------------------------------------


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
