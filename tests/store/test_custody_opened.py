"""Vials outside a visit's own course: broken, open for too long, thrown away, given as a rescue drug."""

from datetime import timedelta

import pytest

from evenkeel.journey import settings as settings_acts
from evenkeel.journey.custody import corrections, leaving, opened
from evenkeel.journey.custody.witnessing import UnableToWitness
from evenkeel.record.custody import DrugMoved
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.issues import UnableTo
from evenkeel.values.quantities import Volume
from tests.factories import NOW, act, booked_visit, checked_in_visit, people
from tests.factories_custody import RIGHT, held_mcg, receive, the_lot

pytestmark = pytest.mark.django_db

VIAL = 500_000
# Midazolam 1 mg/mL, 2 mL.
AMPULE = 2_000
HERE_AT = NOW + timedelta(hours=1, minutes=5)


def codes(refused: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Code and field of every issue."""
    return {(issue.code, issue.field) for issue in refused.value.issues}


def broke(lot: StreamId, vials: int = 1, source: str = "cabinet", **changes: object) -> None:
    """A nurse drops vials; another one sees it."""
    opened.break_vial(
        act(people().nurse),
        lot=lot,
        source=source,  # type: ignore[arg-type]
        vials=vials,
        **{  # type: ignore[arg-type]
            "explanation": "slipped out of the hand",
            "second": people().nurse2.id,
            "proof_of_second": RIGHT,
            **changes,
        },
    )


# --- broken -------------------------------------------------------------------------------------------------


def test_a_vial_that_breaks_is_opened_and_wasted_before_a_witness() -> None:
    lot = receive(vials=3)
    broke(lot, 2)
    assert (held_mcg(lot, "cabinet"), held_mcg(lot, "wasted"), held_mcg(lot, "vial")) == (VIAL, 2 * VIAL, 0)
    wasted = [each for each in custody.movements(stream=lot) if each.into.place == "wasted"]
    assert {each.witness_name for each in wasted} == {"Samuel Abebe RN"}
    assert {each.source.ref for each in wasted} == {"K-2231-1", "K-2231-2"}


def test_out_of_the_safe_or_recalled_it_counts_as_destroyed() -> None:
    lot = receive(into="safe", vials=2)
    broke(lot, source="safe")
    assert held_mcg(lot, "destroyed") == VIAL
    other = receive(lot="K-3", vials=2)
    leaving.recall_lot(act(people().registrant), lot=other, reason="maker's notice")
    broke(other)
    assert held_mcg(other, "destroyed") == VIAL


def test_a_broken_vial_needs_words_a_witness_and_to_be_there() -> None:
    lot = receive(vials=1)
    with pytest.raises(opened.UnableToWasteStock) as bare:
        broke(lot, explanation=" ")
    assert codes(bare) == {("reason-missing", "explanation")}
    with pytest.raises(UnableToWitness):
        broke(lot, second=people().nurse.id)
    with pytest.raises(UnableTo) as refused:
        broke(lot, 2)
    assert codes(refused) == {("not-enough", "amount")}
    assert held_mcg(lot, "cabinet") == VIAL


def test_a_broken_vial_of_a_simple_drug_needs_no_witness() -> None:
    lot = receive("ondansetron_2_2", "N-1", 5)
    broke(lot, second=None, proof_of_second=None)
    assert held_mcg(lot, "wasted") == 4_000


# --- an opened vial of several visits -----------------------------------------------------------------------


def multi_dose() -> None:
    """The clinic lets an opened vial serve several visits."""
    row = settings_acts.change_drug_settings(
        act(people().lead), vial_reuse="multi_dose", vial_hours=24, may_waste_alone=False, reason="by policy"
    )
    assert row
    assert settings.current().vial_reuse == "multi_dose"


def opened_vial() -> StreamId:
    """A lot with one opened vial, K-2231-1, of 500 mg; opened by hand, as a draw would."""
    lot = receive(vials=2)
    broke(lot)
    wrong = next(each for each in custody.movements(stream=lot) if each.into.place == "wasted")
    corrections.take_back(
        act(people().registrant),
        lot=lot,
        entry=wrong.entry,
        amount=DrugMass(mcg=VIAL),
        reason="it was not broken, only opened",
        second=people().nurse.id,
        proof_of_second=RIGHT,
    )
    assert held_mcg(lot, "vial", "K-2231-1") == VIAL
    return lot


def waste(lot: StreamId, measured: str, **changes: object) -> None:
    """The nurse wastes what is left of the opened vial."""
    opened.waste_opened(
        act(people().nurse),
        lot=lot,
        vial="K-2231-1",
        measured=Volume.of(measured),
        cause="expired",
        **{  # type: ignore[arg-type]
            "explanation": "",
            "second": people().nurse2.id,
            "proof_of_second": RIGHT,
            **changes,
        },
    )


def test_what_is_left_of_an_opened_vial_is_wasted_as_measured() -> None:
    multi_dose()
    lot = opened_vial()
    # 0.1 mL is the slack of a vial: 9.9 mL of 10 mL is all of it.
    waste(lot, "9.9")
    assert (held_mcg(lot, "vial"), held_mcg(lot, "missing")) == (0, 0)
    with pytest.raises(opened.UnableToWasteStock) as again:
        waste(lot, "0")
    assert codes(again) == {("nothing-left", "vial")}


def test_a_difference_is_explained_and_opens_a_case() -> None:
    multi_dose()
    lot = opened_vial()
    with pytest.raises(opened.UnableToWasteStock) as silent:
        waste(lot, "8")
    assert codes(silent) == {("variance-unexplained", "explanation")}
    with pytest.raises(opened.UnableToWasteStock) as nobody:
        waste(lot, "8", explanation="less in it than there should be")
    assert codes(nobody) == {("owner", "owner")}
    waste(lot, "8", explanation="less in it than there should be", owner=people().registrant.id)
    # 2 mL of 50 mg/mL.
    assert held_mcg(lot, "missing") == 100_000
    [case] = custody.cases(only_open=True)
    assert case.difference_mcg == -100_000


def test_the_vial_of_a_visit_is_not_wasted_here() -> None:
    lot = receive("midazolam_1_2", "M-1", 5)
    visit = checked_in_visit()
    give(visit, lot, "2")
    with pytest.raises(opened.UnableToWasteStock) as refused:
        opened.waste_opened(
            act(people().nurse, HERE_AT),
            lot=lot,
            vial="M-1-1",
            measured=Volume.of(0),
            cause="left_over",
            explanation="",
            second=people().nurse2.id,
            proof_of_second=RIGHT,
        )
    assert codes(refused) == {("nothing-left", "vial")}


# --- thrown away --------------------------------------------------------------------------------------------


def test_a_simple_drug_is_thrown_away_and_a_controlled_one_is_not() -> None:
    simple = receive("ondansetron_2_2", "N-1", 5)
    opened.discard(
        act(people().nurse), lot=simple, source="cabinet", vials=2, cause="expired", reason="past its date"
    )
    assert held_mcg(simple, "cabinet") == 3 * 4_000
    with pytest.raises(opened.UnableToWasteStock) as refused:
        opened.discard(
            act(people().nurse), lot=receive(), source="cabinet", vials=1, cause="expired", reason="past date"
        )
    assert codes(refused) == {("controlled", None)}


# --- given --------------------------------------------------------------------------------------------------


def give(visit: StreamId, lot: StreamId, given: str, vials: int = 1, **changes: object) -> None:
    """A nurse gives a rescue drug to a patient in the clinic."""
    opened.give_from_stock(
        act(people().nurse, HERE_AT),
        visit=visit,
        lot=lot,
        vials=vials,
        given=DrugMass.mg(given),
        **{  # type: ignore[arg-type]
            "second": people().nurse2.id,
            "proof_of_second": RIGHT,
            **changes,
        },
    )


def test_a_controlled_rescue_dose_is_opened_given_and_its_rest_wasted_at_once() -> None:
    lot, visit = receive("midazolam_1_2", "M-1", 5), checked_in_visit()
    give(visit, lot, "1.5")
    assert held_mcg(lot, "patient", visit) == 1_500
    assert held_mcg(lot, "wasted") == 500
    assert (held_mcg(lot, "cabinet"), held_mcg(lot, "vial"), held_mcg(lot, "syringe")) == (4 * AMPULE, 0, 0)
    assert {each.visit for each in custody.movements(stream=lot)[1:]} == {visit}
    assert custody.in_hand(visit, single_patient=True) == ()


def test_a_dose_of_two_vials_takes_the_second_in_part() -> None:
    lot, visit = receive("midazolam_1_2", "M-1", 5), checked_in_visit()
    give(visit, lot, "3", vials=2)
    assert (held_mcg(lot, "patient"), held_mcg(lot, "wasted"), held_mcg(lot, "cabinet")) == (
        3_000,
        1_000,
        3 * AMPULE,
    )


def test_a_whole_device_needs_no_witness_since_nothing_is_left() -> None:
    lot, visit = receive("esketamine_spray_28", "E-1", 2), checked_in_visit()
    give(visit, lot, "28", second=None, proof_of_second=None)
    assert held_mcg(lot, "patient") == 28_000


def test_of_a_simple_drug_whole_vials_are_used() -> None:
    lot, visit = receive("ondansetron_2_2", "N-1", 5), checked_in_visit()
    give(visit, lot, "0", second=None, proof_of_second=None)
    assert (held_mcg(lot, "patient"), held_mcg(lot, "cabinet")) == (4_000, 4 * 4_000)


@pytest.mark.parametrize(("given", "vials"), [("0", 1), ("2.1", 1), ("2", 2), ("4.1", 2)])
def test_what_was_given_fits_what_was_opened(given: str, vials: int) -> None:
    lot, visit = receive("midazolam_1_2", "M-1", 5), checked_in_visit()
    with pytest.raises(opened.UnableToGiveFromStock) as refused:
        give(visit, lot, given, vials)
    assert codes(refused) == {("given-unlikely", "given")}


def test_nothing_is_half_given_when_nobody_saw_the_rest_go() -> None:
    lot, visit = receive("midazolam_1_2", "M-1", 5), checked_in_visit()
    with pytest.raises(UnableToWitness):
        give(visit, lot, "1", second=None, proof_of_second=None)
    assert held_mcg(lot, "cabinet") == 5 * AMPULE
    assert [fact.kind for fact in reading.lot(lot).every(DrugMoved)] == ["drug.moved"]


def test_ketamine_and_patients_who_are_not_here_are_refused() -> None:
    visit = checked_in_visit()
    with pytest.raises(opened.UnableToGiveFromStock) as ketamine:
        give(visit, receive(), "500")
    assert codes(ketamine) == {("on-order-only", "lot")}
    midazolam = receive("midazolam_1_2", "M-1", 5)
    with pytest.raises(opened.UnableToGiveFromStock) as absent:
        give(booked_visit(chair=None, at=NOW + timedelta(hours=4)), midazolam, "2")
    assert ("not-here", None) in codes(absent)


def test_an_expired_or_recalled_rescue_drug_is_not_given() -> None:
    visit = checked_in_visit()
    lot = receive("midazolam_1_2", "M-1", 5)
    leaving.recall_lot(act(people().registrant, HERE_AT), lot=lot, reason="maker's notice")
    with pytest.raises(UnableTo) as refused:
        give(visit, the_lot("midazolam_1_2", "M-1"), "2")
    assert ("recalled", "lot") in codes(refused)
