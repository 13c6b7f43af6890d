"""Leaving: returns, destruction, transfers between sites, recalls; and how a wrong movement is taken back."""

from dataclasses import replace

import pytest

from evenkeel.journey import sites as site_acts
from evenkeel.journey.acting import RecordMoved
from evenkeel.journey.custody import corrections, leaving, stock
from evenkeel.journey.custody.witnessing import UnableToWitness
from evenkeel.record.custody import Paper
from evenkeel.store import reading, sites
from evenkeel.store.queries import custody, transfers
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import EntryId, StreamId
from evenkeel.values.issues import UnableTo
from tests.factories import TODAY, act, people
from tests.factories_custody import RIGHT, WRONG, held_mcg, receive, the_lot

pytestmark = pytest.mark.django_db

VIAL = 500_000


def codes(refused: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Code and field of every issue."""
    return {(issue.code, issue.field) for issue in refused.value.issues}


def paper(kind: str, number: str = "P-1") -> Paper:
    """A paper of today with a made-up distributor."""
    return Paper(kind=kind, number=number, on_date=TODAY, party="Ebb Returns", party_number="")  # type: ignore[arg-type]


def second_site() -> str:
    """Another site of the clinic."""
    site_acts.describe_site(
        act(people().lead),
        site=None,
        name="Hill Street",
        address="2 Hill Street",
        registration="fr0000002",
        reason="we opened a second house",
    )
    return "hill-street"


# --- returned, destroyed ------------------------------------------------------------------------------------


def test_returned_vials_have_left_with_their_paper() -> None:
    lot = receive(into="safe", vials=4)
    leaving.return_stock(act(people().registrant), lot=lot, source="safe", vials=3, paper=paper("return"))
    assert (held_mcg(lot, "safe"), held_mcg(lot, "distributor")) == (VIAL, 3 * VIAL)
    with pytest.raises(UnableTo) as refused:
        leaving.return_stock(act(people().registrant), lot=lot, source="safe", vials=2, paper=paper("return"))
    assert codes(refused) == {("not-enough", "amount")}


def test_a_return_needs_its_paper() -> None:
    lot = receive(into="safe")
    bare = replace(paper("return"), number=" ", party="")
    with pytest.raises(leaving.UnableToLeave) as refused:
        leaving.return_stock(act(people().registrant), lot=lot, source="safe", vials=1, paper=bare)
    assert codes(refused) == {("party-missing", "party"), ("number-missing", "paper_number")}


def destroy(lot: StreamId, *, second: str | None = "nurse", proof: object = RIGHT, method: str = "") -> None:
    """The registrant destroys two vials from the safe."""
    leaving.destroy_stock(
        act(people().registrant),
        lot=lot,
        source="safe",
        vials=2,
        paper=paper("destruction"),
        method=method or "chemical digestion, cannot be got back",
        second=getattr(people(), second).id if second else None,
        proof_of_second=proof,  # type: ignore[arg-type]
    )


def test_destroyed_stock_has_two_witnesses_and_a_method() -> None:
    lot = receive(into="safe", vials=2)
    destroy(lot)
    [moved] = custody.movements(causes=("destroyed",))
    assert (moved.by_name, moved.witness_name) == ("Rosa Delgado PharmD", "Nora Lindqvist RN")
    assert moved.reason == "chemical digestion, cannot be got back"
    assert held_mcg(lot, "destroyed") == 2 * VIAL


@pytest.mark.parametrize(
    ("second", "proof"), [(None, RIGHT), ("registrant", RIGHT), ("nurse", WRONG), ("front_desk", RIGHT)]
)
def test_nothing_is_destroyed_without_a_second_person(second: str | None, proof: object) -> None:
    lot = receive(into="safe", vials=2)
    with pytest.raises(UnableToWitness):
        destroy(lot, second=second, proof=proof)
    assert held_mcg(lot, "safe") == 2 * VIAL


def test_how_it_was_destroyed_must_be_said() -> None:
    with pytest.raises(leaving.UnableToLeave) as refused:
        destroy(receive(into="safe"), method="burn")
    assert codes(refused) == {("method-missing", "method")}


def test_an_expired_lot_can_be_destroyed() -> None:
    lot = receive(into="safe", vials=2, expiry=TODAY.replace(year=2025))
    destroy(lot)
    assert held_mcg(lot, "safe") == 0


# --- to another site ----------------------------------------------------------------------------------------


def test_a_transfer_is_on_its_way_until_somebody_takes_it_in() -> None:
    there = second_site()
    lot = receive(into="safe", vials=10)
    leaving.send_to_site(act(people().registrant), lot=lot, source="safe", vials=6, to=there)
    [way] = transfers.on_their_way()
    assert (way.to_site, way.left) == (there, DrugMass(mcg=6 * VIAL))
    arrived = leaving.accept_transfer(act(people().lead), sent=way.sent.entry, vials=4)
    assert arrived == the_lot(site=there)
    assert held_mcg(arrived, "safe") == 4 * VIAL
    [way] = transfers.on_their_way()
    assert way.left == DrugMass(mcg=2 * VIAL)
    with pytest.raises(leaving.UnableToLeave) as refused:
        leaving.accept_transfer(act(people().lead), sent=way.sent.entry, vials=3)
    assert codes(refused) == {("more-than-sent", "vials")}
    leaving.accept_transfer(act(people().lead), sent=way.sent.entry, vials=2)
    assert transfers.on_their_way() == ()
    [first, _] = custody.movements(stream=arrived)
    assert first.source.ref == "Main site"
    assert first.paper is not None
    assert first.paper.number == "main-K-2231-1"


def test_two_transfers_of_one_lot_are_told_apart() -> None:
    there = second_site()
    lot = receive(into="safe", vials=10)
    for vials in (1, 2):
        leaving.send_to_site(act(people().registrant), lot=lot, source="safe", vials=vials, to=there)
    first, second = transfers.on_their_way()
    leaving.accept_transfer(act(people().lead), sent=second.sent.entry, vials=2)
    [left] = transfers.on_their_way()
    assert left.sent.entry == first.sent.entry


def test_what_has_arrived_is_not_taken_back_where_it_was_sent() -> None:
    there = second_site()
    lot = receive(into="safe", vials=10)
    leaving.send_to_site(act(people().registrant), lot=lot, source="safe", vials=6, to=there)
    [way] = transfers.on_their_way()
    leaving.accept_transfer(act(people().lead), sent=way.sent.entry, vials=5)
    with pytest.raises(corrections.UnableToTakeBack) as refused:
        back(lot, way.sent.entry, 2 * VIAL)
    assert codes(refused) == {("arrived-already", "amount")}
    back(lot, way.sent.entry, VIAL)
    assert transfers.on_their_way() == ()
    assert held_mcg(lot, "safe") == 5 * VIAL


@pytest.mark.parametrize("to", ["main", "nowhere", ""])
def test_a_transfer_goes_to_another_site_of_the_clinic(to: str) -> None:
    with pytest.raises(leaving.UnableToLeave) as refused:
        leaving.send_to_site(act(people().registrant), lot=receive(), source="cabinet", vials=1, to=to)
    assert codes(refused) == {("no-such-site", "to")}


def test_only_what_was_sent_can_be_taken_in() -> None:
    lot = receive(into="safe")
    received = custody.movements(stream=lot)[0].entry
    for entry in (received, EntryId(f"{lot}/99"), EntryId("custody:nothing/1")):
        with pytest.raises(leaving.UnableToLeave) as refused:
            leaving.accept_transfer(act(people().lead), sent=entry, vials=1)
        assert codes(refused) == {("no-such-transfer", None)}


# --- recall -------------------------------------------------------------------------------------------------


def test_a_recalled_lot_is_used_nowhere_and_can_still_be_returned() -> None:
    there = second_site()
    lot = receive(into="safe", vials=4)
    other = receive(into="safe", vials=4, site=there, number="INV-9")
    leaving.recall_lot(act(people().registrant), lot=lot, reason="glass particles, maker's notice")
    for each in (lot, other):
        with pytest.raises(UnableTo) as refused:
            stock.stock_up(act(people().registrant), lot=each, vials=1)
        assert codes(refused) == {("recalled", "lot")}
    leaving.return_stock(act(people().registrant), lot=lot, source="safe", vials=4, paper=paper("return"))
    with pytest.raises(leaving.UnableToLeave) as again:
        leaving.recall_lot(act(people().registrant), lot=lot, reason="glass particles")
    assert codes(again) == {("recalled-already", None)}


def test_a_recalled_lot_that_comes_again_or_elsewhere_is_recalled_there_too() -> None:
    lot = receive(into="safe", vials=4)
    leaving.recall_lot(act(people().registrant), lot=lot, reason="glass particles")
    with pytest.raises(stock.UnableToStock) as refused:
        receive(vials=2, number="INV-2")
    assert codes(refused) == {("recalled", "into")}
    there = second_site()
    other = receive(into="safe", vials=2, site=there, number="INV-3")
    assert reading.lot(other).recall is not None


def test_a_recall_by_mistake_is_lifted_with_a_reason_and_stays_readable() -> None:
    lot = receive(into="safe", vials=4)
    with pytest.raises(leaving.UnableToLeave) as none:
        leaving.lift_recall(act(people().lead), lot=lot, reason="not recalled at all")
    assert codes(none) == {("not-recalled", None)}
    leaving.recall_lot(act(people().registrant), lot=lot, reason="glass particles")
    with pytest.raises(RecordMoved):
        leaving.lift_recall(act(people().lead, seen=1), lot=lot, reason="another lot was meant")
    leaving.lift_recall(act(people().lead), lot=lot, reason="another lot was meant")
    stock.stock_up(act(people().registrant), lot=lot, vials=1)
    assert held_mcg(lot, "cabinet") == VIAL
    [recall] = [fact for fact in reading.lot(lot).facts if fact.kind == "lot.recalled"]
    assert recall.in_error
    leaving.recall_lot(act(people().registrant), lot=lot, reason="recalled after all")
    assert reading.lot(lot).recall is not None


# --- taken back ---------------------------------------------------------------------------------------------


def back(lot: StreamId, entry: EntryId, mcg: int, **changes: object) -> None:
    """The registrant takes so much of a movement back."""
    corrections.take_back(
        act(people().registrant),
        lot=lot,
        entry=entry,
        amount=DrugMass(mcg=mcg),
        **{"reason": "counted wrongly at the door", **changes},  # type: ignore[arg-type]
    )


def test_vials_too_many_on_an_invoice_are_taken_back() -> None:
    lot = receive(into="safe", vials=10)
    [received] = custody.movements(stream=lot)
    back(lot, received.entry, VIAL)
    assert held_mcg(lot, "safe") == 9 * VIAL
    [_, correction] = custody.movements(stream=lot)
    assert (correction.corrects, correction.cause) == (received.entry, "wrong_entry")


def test_no_more_is_taken_back_than_moved_or_than_is_still_there() -> None:
    lot = receive(into="safe", vials=10)
    [received] = custody.movements(stream=lot)
    stock.stock_up(act(people().registrant), lot=lot, vials=9)
    with pytest.raises(UnableTo) as refused:
        back(lot, received.entry, 2 * VIAL)
    assert codes(refused) == {("not-enough", "amount")}
    with pytest.raises(UnableTo) as part:
        back(lot, received.entry, VIAL // 2)
    assert ("not-whole-vials", "amount") in codes(part)
    with pytest.raises(UnableTo) as nothing:
        back(lot, received.entry, 0)
    assert ("amount-zero", "amount") in codes(nothing)
    with pytest.raises(corrections.UnableToTakeBack) as bare:
        back(lot, received.entry, VIAL, reason=" ")
    assert codes(bare) == {("reason-missing", "reason")}


def test_what_two_people_saw_is_taken_back_by_two() -> None:
    lot = receive(into="safe", vials=2)
    destroy(lot)
    [destroyed] = custody.movements(causes=("destroyed",))
    with pytest.raises(UnableToWitness):
        back(lot, destroyed.entry, VIAL)
    back(lot, destroyed.entry, VIAL, second=people().nurse.id, proof_of_second=RIGHT)
    assert held_mcg(lot, "safe") == VIAL


def test_a_correction_is_not_corrected_and_an_invoice_taken_back_can_come_again() -> None:
    lot = receive(into="safe", vials=2)
    [received] = custody.movements(stream=lot)
    back(lot, received.entry, 2 * VIAL)
    [_, correction] = custody.movements(stream=lot)
    with pytest.raises(corrections.UnableToTakeBack) as refused:
        back(lot, correction.entry, VIAL)
    assert codes(refused) == {("not-taken-back-here", None)}
    assert receive(into="safe", vials=3) == lot
    assert held_mcg(lot, "safe") == 3 * VIAL


# --- sites --------------------------------------------------------------------------------------------------


def test_a_site_is_described_and_a_wrong_one_refused() -> None:
    site_acts.describe_site(
        act(people().lead),
        site="main",
        name="Harbor House",
        address="1 Quay",
        registration="fr0000001",
        reason="name of the house",
    )
    assert sites.sites()[0].name == "Harbor House"
    assert sites.sites()[0].registration == "FR0000001"
    for name, code in (("", "site-name"), ("harbor house", "site-exists")):
        with pytest.raises(site_acts.UnableToChangeSites) as refused:
            site_acts.describe_site(
                act(people().lead), site=None, name=name, address="", registration="", reason="second house"
            )
        assert codes(refused) == {(code, "name")}
