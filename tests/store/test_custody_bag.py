"""Changing the bag in mid-infusion: what the ledger and the visit say, and whatever is refused."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from evenkeel.journey import discharge, infusion
from evenkeel.journey.acting import RecordMoved
from evenkeel.journey.custody.bag import BagCause, SecondReading, UnableToReplaceBag, replace_bag
from evenkeel.journey.custody.weld import VialTake
from evenkeel.journey.custody.witnessing import UnableToWitness
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import IdempotencyKey, StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import FlowRate, Volume
from tests import factories_chairside as chairside
from tests.factories import NOW, act, key, people
from tests.factories_custody import RIGHT, WRONG, accounts_of, receive

pytestmark = pytest.mark.django_db

START = chairside.STARTED_AT
# 35.0 mg in 100 mL at 150 mL/h: after 20 minutes 50 mL are in the patient, which is 17.5 mg.
PAUSED_AT = START + timedelta(minutes=20)
CHANGED_AT = START + timedelta(minutes=25)
RESUMED_AT = START + timedelta(minutes=30)
# The other 17.5 mg: 0.35 mL of 50 mg/mL in 50 mL, the order's 0.35 mg/mL.
NEW_VOLUME, NEW_BAG = Volume.of("0.35"), Volume.of(50)
READ = SecondReading(strength=Strength.mg_per_ml(50), volume=NEW_VOLUME, bag=NEW_BAG)


def paused_visit() -> StreamId:
    """A visit whose pump stands still after half the dose."""
    visit = chairside.running_visit()
    infusion.pause(act(people().nurse, PAUSED_AT), visit=visit, reason="the bag leaks")
    return visit


def lot_of(visit: StreamId) -> StreamId:
    """The lot that the visit's first bag was drawn from."""
    draw = reading.visit(visit).draw
    assert draw is not None
    return draw.payload.vials[0].lot  # type: ignore[union-attr]


def change(
    visit: StreamId,
    *,
    by: Author | None = None,
    at: datetime = CHANGED_AT,
    key_: IdempotencyKey | None = None,
    seen: int | None = None,
    takes: tuple[VialTake, ...] | None = None,
    bag: Volume = NEW_BAG,
    rest: str = "50",
    cause: BagCause = "left_over",
    explanation: str = "",
    read: SecondReading = READ,
    second: Author | None = None,
    proof: object = RIGHT,
) -> StreamId:
    """The first nurse changes the bag before the second one, with nothing amiss but for what is named."""
    return replace_bag(
        act(by or people().nurse, at, key_, seen=seen),
        visit=visit,
        takes=takes if takes is not None else (VialTake(lot=lot_of(visit), number="", volume=NEW_VOLUME),),
        bag=bag,
        rest=Volume.of(rest),
        cause=cause,
        explanation=explanation,
        read=read,
        second=(second or people().nurse2).id,
        proof_of_second=proof,  # type: ignore[arg-type]
    )


def resume(visit: StreamId, at: datetime = RESUMED_AT) -> None:
    """A check since the pause, and the pump runs again."""
    chairside.chart(visit, at - timedelta(minutes=1))
    infusion.resume(act(people().nurse, at), visit=visit, rate=FlowRate.of(150))


def by_place(lot: StreamId) -> dict[str, int]:
    """What a lot's accounts hold in micrograms, by place."""
    found: dict[str, int] = {}
    for account, mcg in accounts_of(lot).items():
        found[account.place] = found.get(account.place, 0) + mcg
    return found


def codes(refusal: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Every issue as (code, rule or field)."""
    return {(issue.code, issue.rule or issue.field) for issue in refusal.value.issues}


def refused(visit: StreamId, error: type[UnableTo], issue: tuple[str, str | None], **asked: object) -> None:
    """The change is refused for one reason, and neither the visit nor a lot is written to."""
    seq, held = reading.visit(visit).seq, custody.balances(None)
    with pytest.raises(error) as refusal:
        change(visit, **asked)  # type: ignore[arg-type]
    assert codes(refusal) == {issue}
    assert reading.visit(visit).seq == seq
    assert custody.balances(None) == held


# --- what becomes of the drug -------------------------------------------------------------------------------


def test_the_old_bag_is_given_and_wasted_and_the_new_one_drawn_and_kept() -> None:
    visit = paused_visit()
    lot = lot_of(visit)
    change(visit)
    # Five vials of 500 mg. Two were opened: 35 mg and 17.5 mg were drawn from them.
    assert by_place(lot) == {
        "cabinet": 1_500_000,
        "vial": 1_000_000 - 35_000 - 17_500,
        "patient": 17_500,
        "wasted": 17_500,
        "bag": 17_500,
    }
    assert sum(by_place(lot).values()) == 2_500_000
    (kept,) = custody.kept_for(visit)
    assert (kept.source.place, kept.into.place, kept.amount.mcg) == ("bag", "patient", 17_500)


def test_the_entry_says_what_became_of_the_old_bag_and_who_read_the_new_one() -> None:
    visit = paused_visit()
    change(visit, cause="broken")
    (fact,) = reading.visit(visit).bag_changes
    said = fact.payload
    assert fact.by == people().nurse
    assert (said.second_person, said.second_person_name) == (people().nurse2.id, "Samuel Abebe RN")
    assert (said.given, said.expected, said.wasted) == (DrugMass.mg("17.5"),) * 3
    assert (said.missing, said.measured) == (DrugMass.mg(0), Volume.of(50))
    assert (said.drawn, said.volume, said.bag) == (DrugMass.mg("17.5"), NEW_VOLUME, NEW_BAG)
    assert [each.label.product for each in said.vials] == ["ketamine_50_10"]
    waste = custody.movements(visits=(visit,), causes=("broken",))
    assert [(each.amount.mcg, each.into.place, each.witness_name) for each in waste] == [
        (17_500, "wasted", "Samuel Abebe RN")
    ]


def test_the_whole_dose_is_given_from_two_bags_and_the_visit_closes() -> None:
    visit = paused_visit()
    lot = lot_of(visit)
    change(visit)
    resume(visit)
    stopped_at = RESUMED_AT + timedelta(minutes=20)
    chairside.stop(visit, stopped_at)
    state = reading.visit(visit)
    assert state.given(stopped_at) == DrugMass.mg(35)
    assert (by_place(lot)["patient"], by_place(lot)["wasted"]) == (35_000, 17_500)
    assert "bag" not in by_place(lot)
    for minutes in range(15, 121, 15):
        chairside.chart(visit, stopped_at + timedelta(minutes=minutes))
    chairside.leave(visit, stopped_at + timedelta(hours=2, minutes=5))
    state = reading.visit(visit)
    assert state.phase == "discharged"
    assert discharge.count_of(state).given == DrugMass.mg(35)
    # What is drawn is given and wasted: vial, bag and all, with nothing left over.
    moved = custody.movements(visits=(visit,))
    drawn = sum(each.amount.mcg for each in moved if each.into.place == "bag")
    gone = sum(each.amount.mcg for each in moved if each.source.place == "bag")
    assert (drawn, gone) == (52_500, 52_500)


def test_stopped_early_the_new_bag_gives_its_part_and_keeps_the_rest() -> None:
    visit = paused_visit()
    lot = lot_of(visit)
    change(visit)
    resume(visit)
    # 10 minutes at 2.5 mL a minute of 0.35 mg/mL are 8.75 mg.
    # The pump counted what ran of both bags, 50 mL and 25 mL.
    infusion.stop(
        act(people().nurse, RESUMED_AT + timedelta(minutes=10)),
        visit=visit,
        reason="patient_wish",
        note="",
        pump_volume=Volume.of(75),
    )
    assert by_place(lot)["patient"] == 17_500 + 8_750
    assert by_place(lot)["bag"] == 8_750
    chairside.waste(visit, RESUMED_AT + timedelta(minutes=11))
    assert by_place(lot)["wasted"] == 17_500 + 8_750 + 1_000_000 - 35_000 - 17_500


def test_the_bag_can_be_changed_twice() -> None:
    visit = paused_visit()
    lot = lot_of(visit)
    change(visit)
    # The second bag breaks before any of it ran; the third holds the same.
    again = CHANGED_AT + timedelta(minutes=2)
    change(visit, at=again, cause="broken")
    assert (by_place(lot)["patient"], by_place(lot)["wasted"], by_place(lot)["bag"]) == (
        17_500,
        35_000,
        17_500,
    )
    resume(visit)
    chairside.stop(visit, RESUMED_AT + timedelta(minutes=20))
    assert by_place(lot)["patient"] == 35_000
    assert reading.visit(visit).given(RESUMED_AT + timedelta(minutes=20)) == DrugMass.mg(35)


def test_the_new_bag_may_come_from_an_opened_vial_and_another_lot() -> None:
    visit = paused_visit()
    old, other = lot_of(visit), receive(lot="K-OTHER", vials=2)
    opened = next(each for each in custody.balances(None, "vial") if each.visit == visit)
    takes = (
        VialTake(lot=old, number=opened.account.ref, volume=Volume.of("0.20")),
        VialTake(lot=other, number="", volume=Volume.of("0.15")),
    )
    change(visit, takes=takes)
    assert (by_place(old)["bag"], by_place(other)["bag"]) == (10_000, 7_500)
    resume(visit)
    # After 10 minutes half of the bag ran, half of each lot's part.
    chairside.stop(visit, RESUMED_AT + timedelta(minutes=10))
    assert (by_place(old)["patient"], by_place(other)["patient"]) == (17_500 + 5_000, 3_750)


def test_within_the_slack_of_a_bag_the_rest_stands_as_the_rates_say() -> None:
    # 5 % of 100 mL are 5 mL.
    visit = paused_visit()
    change(visit, rest="45")
    assert custody.cases() == ()
    assert reading.visit(visit).bag_changes[0].payload.wasted == DrugMass.mg("17.5")


def test_what_was_spilled_opens_a_case_and_does_not_count_as_given() -> None:
    visit = paused_visit()
    lot = lot_of(visit)
    refused(visit, UnableToReplaceBag, ("variance-unexplained", "explanation"), rest="10", cause="spilled")
    # 10 mL of 0.35 mg/mL are 3.5 mg, so 14 mg are missing.
    change(
        visit, rest="10", cause="spilled", explanation="The spike tore the port; both saw it on the floor."
    )
    assert (by_place(lot)["wasted"], by_place(lot)["missing"], by_place(lot)["bag"]) == (
        3_500,
        14_000,
        17_500,
    )
    (case,) = custody.cases()
    assert (case.difference_mcg, case.visit, case.lot.stream) == (-14_000, visit, lot)
    assert case.owner == people().registrant.id


def test_what_is_missing_and_nobody_saw_may_be_in_the_patient() -> None:
    visit = paused_visit()
    # 17.5 mg by the rates and 14 mg that nobody can find leave 3.6 of 35.1 mg: 0.07 mL, not 0.35.
    refused(visit, UnableToReplaceBag, ("blocked", "DRW-NEW-002"), rest="10", explanation="Nobody knows.")
    small = VialTake(lot=lot_of(visit), number="", volume=Volume.of("0.07"))
    read = SecondReading(strength=READ.strength, volume=small.volume, bag=Volume.of(10))
    change(visit, rest="10", explanation="Nobody knows.", takes=(small,), bag=Volume.of(10), read=read)
    # It counts for a third bag too.
    refused(
        visit,
        UnableToReplaceBag,
        ("blocked", "DRW-NEW-002"),
        at=CHANGED_AT + timedelta(minutes=1),
        rest="10",
    )


# --- what is refused ----------------------------------------------------------------------------------------


def reads(**changes: object) -> SecondReading:
    """The second person's reading with something else in it."""
    values: dict[str, object] = {"strength": READ.strength, "volume": READ.volume, "bag": READ.bag, **changes}
    return SecondReading(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "issue"),
    [
        ({"rest": "60"}, ("more-than-expected", "rest")),
        ({"rest": "40"}, ("variance-unexplained", "explanation")),
        ({"bag": Volume.of(100), "read": reads(bag=Volume.of(100))}, ("blocked", "DRW-NEW-001")),
        ({"read": reads(strength=Strength.mg_per_ml(100))}, ("reading-differs", "read_strength")),
        ({"read": reads(volume=Volume.of("3.5"))}, ("reading-differs", "read_volume")),
        ({"read": reads(bag=Volume.of(100))}, ("reading-differs", "read_bag")),
        ({"takes": ()}, ("required", "vial")),
        ({"at": PAUSED_AT - timedelta(minutes=1)}, ("before-last-change", "happened_at")),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(
    asked: dict[str, object], issue: tuple[str, str | None]
) -> None:
    visit = paused_visit()
    with pytest.raises(UnableTo) as refusal:
        change(visit, **asked)  # type: ignore[arg-type]
    assert issue in codes(refusal)
    assert reading.visit(visit).bag_changes == ()
    assert [each.into.place for each in custody.kept_for(visit)] == ["patient"]


def test_a_refusal_gives_no_number_of_the_first_person_away() -> None:
    visit = paused_visit()
    with pytest.raises(UnableToReplaceBag) as refusal:
        change(visit, read=reads(volume=Volume.of("0.53"), bag=Volume.of(76)))
    said = " ".join(issue.sentence for issue in refusal.value.issues)
    assert not any(letter.isdigit() for letter in said)


def test_more_than_the_order_in_all_is_refused_whoever_asks() -> None:
    visit = paused_visit()
    # 17.5 mg given and 0.36 mL, 18 mg, are 35.5 mg; 35.1 mg were ordered. 51.4 mL keep the concentration.
    volume, bag = Volume.of("0.36"), Volume.of("51.4")
    asked = {
        "takes": (VialTake(lot=lot_of(visit), number="", volume=volume),),
        "bag": bag,
        "read": reads(volume=volume, bag=bag),
    }
    refused(visit, UnableToReplaceBag, ("blocked", "DRW-NEW-002"), **asked)
    refused(visit, UnableToReplaceBag, ("blocked", "DRW-NEW-002"), by=people().prescriber, **asked)


def test_the_vial_of_a_new_bag_is_the_one_that_was_ordered() -> None:
    visit = paused_visit()
    strong = receive(product="ketamine_100_5", lot="K-STRONG")
    # 0.17 mL of 100 mg/mL in 48.6 mL would be the right concentration from the wrong vial.
    refused(
        visit,
        UnableToReplaceBag,
        ("blocked", "DRW-STR-001"),
        takes=(VialTake(lot=strong, number="", volume=Volume.of("0.17")),),
        bag=Volume.of("48.6"),
        read=reads(strength=Strength.mg_per_ml(100), volume=Volume.of("0.17"), bag=Volume.of("48.6")),
    )
    late = receive(lot="K-LATE", expiry=date(2026, 6, 1), at=NOW)
    change(visit, takes=(VialTake(lot=late, number="", volume=NEW_VOLUME),))


def test_the_second_person_is_another_one_who_may_check_a_dose_and_proves_it() -> None:
    visit = paused_visit()
    refused(visit, UnableToWitness, ("same-person", "second_person"), second=people().nurse)
    refused(visit, UnableToWitness, ("second-person", "second_person"), second=people().registrant)
    refused(visit, UnableToWitness, ("signature-refused", "password_of_second"), proof=WRONG)


def test_only_a_nurse_or_prescriber_changes_a_bag() -> None:
    visit = paused_visit()
    for person in (people().lead, people().registrant, people().front_desk):
        with pytest.raises(NotPermitted):
            change(visit, by=person)
    assert reading.visit(visit).bag_changes == ()


@pytest.mark.parametrize(
    "stage", [chairside.ready_visit, chairside.running_visit, chairside.recovering_visit]
)
def test_a_bag_is_changed_while_the_pump_stands_still(stage: Callable[[], StreamId]) -> None:
    visit = stage()
    refused(visit, UnableToReplaceBag, ("wrong-phase", None), at=chairside.STOPPED_AT)


def test_a_change_sent_twice_lands_once() -> None:
    visit = paused_visit()
    once = key()
    change(visit, key_=once)
    held = custody.balances(None)
    change(visit, key_=once)
    assert len(reading.visit(visit).bag_changes) == 1
    assert custody.balances(None) == held


def test_a_change_from_a_stale_page_is_refused() -> None:
    visit = paused_visit()
    seen = reading.visit(visit).seq
    chairside.chart(visit, PAUSED_AT + timedelta(minutes=1))
    refused(visit, RecordMoved, ("record-moved", None), seen=seen)
