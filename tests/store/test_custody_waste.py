"""Accounting for a visit's drug: measured, witnessed, wasted and explained before the visit closes."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from evenkeel.journey import discharge, ordering, series
from evenkeel.journey.custody import waste
from evenkeel.journey.custody.waste import UnableToWaste
from evenkeel.journey.custody.witnessing import UnableToWitness, refuse_to_witness
from evenkeel.journey.second_person import Proof
from evenkeel.record.custody import Place
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, key, people
from tests.factories_weld import (
    AFTER,
    VIAL_MCG,
    codes,
    found_left,
    held,
    in_hand,
    stopped_visit,
    waste_rest,
    where,
)

pytestmark = pytest.mark.django_db


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
        waste_rest(visit, found_left(visit), **changes)  # type: ignore[arg-type]
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
