"""Cases of missing and surplus drug: who works on them, how they end, and what the ledger is told."""

from datetime import date
from typing import Any, Final

import pytest

from evenkeel.custody.ledger import UnableToTransfer
from evenkeel.journey.acting import RecordMoved
from evenkeel.journey.custody import cases, opened
from evenkeel.journey.custody.cases import UnableToWorkOnCase
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.custody import Account
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Volume
from tests import factories
from tests.factories import act, people
from tests.factories_counting import (
    CABINET,
    RIGHT,
    SAFE,
    WRONG,
    a_case,
    at,
    close,
    count,
    held,
    last_count,
    moved,
    open_cases,
    open_vial,
    refused,
    vials,
)
from tests.factories_custody import receive

pytestmark = pytest.mark.django_db


def test_a_recount_explains_a_case_only_when_somebody_counted_again_and_it_was_right() -> None:
    lot, case = a_case()
    assert refused(UnableToWorkOnCase, close, 2, case, "recounted") == [("not-recounted", "outcome")]
    count(3, vials(lot, 3))
    assert refused(UnableToWorkOnCase, close, 4, case, "recounted") == [("not-recounted", "outcome")]
    count(5, vials(lot, 4))
    close(6, case, "recounted")
    assert open_cases() == []
    assert held(lot) == {"cabinet": DrugMass.mg(2000)}


def test_a_recount_that_finds_less_missing_lets_the_first_case_go() -> None:
    lot, case = a_case(-2)
    count(2, vials(lot, 3))
    close(3, case, "recounted")
    assert [each.difference_mcg for each in open_cases()] == [-500_000]


def test_a_wrong_entry_explains_a_case_once_it_is_corrected() -> None:
    lot = receive(vials=4, at=at(-30))
    # Two vials were said to be moved into the cabinet; it was one.
    other = receive(lot="K-9", vials=5, into="safe", at=at(-30))
    wrong = moved(other, -20, source=SAFE, into=CABINET, amount=DrugMass.mg(1000), cause="stocked")
    count(1, vials(lot, 4), vials(other, 4, "safe"), vials(other, 1))
    in_cabinet, in_safe = sorted(open_cases(), key=lambda case: case.account.place)
    assert refused(UnableToWorkOnCase, close, 2, in_cabinet.stream, "misrecorded") == [
        ("not-misrecorded", "outcome")
    ]
    moved(
        other,
        3,
        source=CABINET,
        into=SAFE,
        amount=DrugMass.mg(500),
        cause="wrong_entry",
        corrects=wrong,
        reason="one vial, not two",
    )
    # What moves afterwards has nothing to do with it.
    moved(other, 4, source=SAFE, into=CABINET, amount=DrugMass.mg(500), cause="stocked")
    close(5, in_cabinet.stream, "misrecorded")
    close(6, in_safe.stream, "misrecorded")
    assert open_cases() == []


def test_one_correction_does_not_explain_two_cases() -> None:
    lot = receive(vials=4, at=at(-30))
    supplier = Account(site="main", place="supplier", ref="Northwind Medical Supply")
    count(1, vials(lot, 3))
    count(2, vials(lot, 2))
    first, second = open_cases()
    moved(
        lot,
        3,
        source=CABINET,
        into=supplier,
        amount=DrugMass.mg(500),
        cause="wrong_entry",
        corrects=f"{lot}/2",
        reason="the invoice says three",
    )
    close(4, first.stream, "misrecorded")
    assert refused(UnableToWorkOnCase, close, 5, second.stream, "misrecorded") == [
        ("not-misrecorded", "outcome")
    ]


def test_a_surplus_that_is_found_is_taken_in() -> None:
    lot, case = a_case(+1)
    assert refused(UnableToWorkOnCase, close, 2, case, "lost") == [("not-lost", "outcome")]
    close(3, case, "found")
    assert held(lot) == {"cabinet": DrugMass.mg(2500)}
    [taken] = [each for each in custody.movements() if each.cause == "found"]
    assert (taken.source.place, taken.witness_name) == ("surplus", "Nora Lindqvist RN")
    count(4, vials(lot, 5))
    assert last_count().variances == ()


def test_what_was_missing_is_found_when_a_later_count_says_so() -> None:
    lot, case = a_case()
    assert refused(UnableToWorkOnCase, close, 2, case, "found") == [("not-found", "outcome")]
    count(3, vials(lot, 4))
    close(4, case, "found")
    assert held(lot) == {"cabinet": DrugMass.mg(2000)}


def test_what_is_lost_goes_to_the_missing_and_with_the_form_to_the_reported_losses() -> None:
    lot, case = a_case()
    close(2, case, "lost")
    assert held(lot) == {"cabinet": DrugMass.mg(1500), "missing": DrugMass.mg(500)}
    lead = people().lead
    cases.note_notice(act(lead, at(3)), case=case, sent_date=factories.TODAY, how="letter by fax")
    cases.note_form(act(lead, at(4)), case=case, filed_date=factories.TODAY, reference="R-77")
    assert held(lot) == {"cabinet": DrugMass.mg(1500), "reported loss": DrugMass.mg(500)}
    [reported] = [each for each in custody.movements() if each.cause == "reported"]
    assert reported.paper is not None
    assert (reported.paper.kind, reported.paper.number, reported.paper.party) == ("loss", "R-77", "DEA")


def test_a_form_filed_before_the_case_is_closed_counts_the_same() -> None:
    lot, case = a_case()
    cases.note_form(act(people().lead, at(2)), case=case, filed_date=factories.TODAY, reference="R-77")
    close(3, case, "lost")
    assert held(lot) == {"cabinet": DrugMass.mg(1500), "reported loss": DrugMass.mg(500)}


def test_more_than_is_there_cannot_be_lost() -> None:
    lot, case = a_case(-4)
    moved(
        lot,
        2,
        source=CABINET,
        into=SAFE,
        amount=DrugMass.mg(1000),
        cause="stocked",
    )
    assert ("not-enough", "amount") in refused(UnableToTransfer, close, 3, case, "lost")
    assert len(open_cases()) == 1


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"second": None}, ("second-person", "second_person")),
        ({"proof_of_second": WRONG}, ("signature-refused", "password_of_second")),
        ({"explanation": " "}, ("reason-missing", "explanation")),
    ],
)
def test_a_case_is_closed_by_two_with_an_explanation(changes: dict[str, Any], wrong: tuple[str, str]) -> None:
    lot, case = a_case()
    assert refused(UnableToWorkOnCase, close, 2, case, "lost", **changes) == [wrong]
    assert held(lot) == {"cabinet": DrugMass.mg(2000)}


def test_a_closed_case_is_closed_once_and_a_stale_page_is_told() -> None:
    _, case = a_case()
    cases.note_case(act(people().lead, at(2)), case=case, text="Asked the night shift.")
    assert refused(RecordMoved, close, 3, case, "lost", seen=1) == [("record-moved", None)]
    close(4, case, "lost")
    assert refused(UnableToWorkOnCase, close, 5, case, "lost") == [("case-closed", None)]
    hand = act(people().lead, at(6))
    assert ("case-closed", None) in refused(
        UnableToWorkOnCase,
        cases.hand_over_case,
        hand,
        case=case,
        owner=people().lead.id,
        reason="holidays",
    )


def test_a_case_is_handed_over_to_another_who_may_work_on_it() -> None:
    _, case = a_case()
    by = people().registrant
    for owner, wrong in ((people().nurse.id, "owner"), (by.id, "same-owner")):
        assert refused(
            UnableToWorkOnCase,
            cases.hand_over_case,
            act(by, at(2)),
            case=case,
            owner=owner,
            reason="on leave from today",
        ) == [(wrong, "owner")]
    cases.hand_over_case(act(by, at(3)), case=case, owner=people().lead.id, reason="on leave from today")
    assert [each.owner_name for each in open_cases()] == ["Dr. Lee Hartmann"]


def test_a_nurse_does_not_work_on_cases() -> None:
    _, case = a_case()
    with pytest.raises(NotPermitted):
        cases.note_case(act(people().nurse, at(2)), case=case, text="Looked behind the drawer.")


@pytest.mark.parametrize("day_", [date(2026, 5, 31), date(2026, 6, 2)])
def test_notice_and_form_lie_between_discovery_and_today(day_: date) -> None:
    _, case = a_case()
    lead = people().lead
    assert refused(
        UnableToWorkOnCase,
        cases.note_notice,
        act(lead, at(2)),
        case=case,
        sent_date=day_,
        how="letter by fax",
    ) == [("date-range", "sent_date")]
    assert refused(
        UnableToWorkOnCase, cases.note_form, act(lead, at(2)), case=case, filed_date=day_, reference="R-1"
    ) == [("date-range", "filed_date")]


def test_a_loss_is_judged_not_significant_before_it_is_reported_and_never_after() -> None:
    _, case = a_case()
    lead = people().lead
    cases.judge_not_significant(act(lead, at(2)), case=case, reason="0.2 mL of foam in the vial")
    assert refused(
        UnableToWorkOnCase, cases.judge_not_significant, act(lead, at(3)), case=case, reason="once more"
    ) == [("told-already", None)]
    cases.note_notice(act(lead, at(4)), case=case, sent_date=factories.TODAY, how="told all the same")
    assert ("reported-already", None) in refused(
        UnableToWorkOnCase, cases.judge_not_significant, act(lead, at(5)), case=case, reason="once more"
    )


def test_a_surplus_and_an_unscheduled_drug_are_not_reported() -> None:
    _, case = a_case(+1)
    lead = people().lead
    wrong = [("nothing-to-report", None)]
    assert wrong == refused(
        UnableToWorkOnCase,
        cases.note_notice,
        act(lead, at(2)),
        case=case,
        sent_date=factories.TODAY,
        how="letter by fax",
    )
    assert wrong == refused(
        UnableToWorkOnCase, cases.judge_not_significant, act(lead, at(2)), case=case, reason="too much"
    )


def test_what_somebody_notices_is_a_case_without_a_count() -> None:
    lot = receive(vials=4)
    noticed: dict[str, Any] = {
        "lot": lot,
        "account": CABINET,
        "found": DrugMass.mg(1500),
        "owner": people().lead.id,
        "note": "One box was open.",
    }
    nurse = people().nurse
    for changes, wrong in (
        ({"found": DrugMass.mg(2000)}, ("nothing-differs", "found")),
        ({"found": DrugMass.mg(1499)}, ("not-whole-vials", "found")),
        ({"note": ""}, ("reason-missing", "note")),
        ({"owner": None}, ("owner", "owner")),
    ):
        assert refused(UnableToWorkOnCase, cases.open_case, act(nurse, at(1)), **{**noticed, **changes}) == [
            wrong
        ]
    case = cases.open_case(act(nurse, at(2)), **noticed)
    assert reading.case(case).opened.payload.note == "One box was open."
    assert refused(UnableToWorkOnCase, cases.open_case, act(nurse, at(3)), **noticed) == [
        ("told-already", "found")
    ]


# --- where the ledger was told at once ----------------------------------------------------------------------

VIAL: Final = Account(site="main", place="vial", ref="K-2231-1")


def measured_case() -> tuple[StreamId, StreamId]:
    """(lot, case): of an opened vial, 465 mg were wasted as measured, and 35 mg were missing."""
    lot = receive(vials=4)
    open_vial(lot, 1)
    opened.waste_opened(
        act(people().registrant, at(2)),
        lot=lot,
        vial="K-2231-1",
        measured=Volume.of("9.3"),
        cause="left_over",
        explanation="There was less in it than expected.",
        second=people().nurse.id,
        proof_of_second=RIGHT,
    )
    [case] = open_cases()
    return lot, case.stream


@pytest.fixture
def _multi_dose() -> None:
    """An opened vial serves several visits."""
    settings.choose("vial_reuse", "multi_dose", by=people().lead, at=at(0), reason="pharmacist agreed")


@pytest.mark.usefixtures("_multi_dose")
def test_a_loss_that_the_ledger_knows_is_not_moved_again() -> None:
    lot, case = measured_case()
    assert held(lot)["missing"] == DrugMass.mg(35)
    close(3, case, "lost")
    assert held(lot)["missing"] == DrugMass.mg(35)
    lead = people().lead
    cases.note_form(act(lead, at(4)), case=case, filed_date=factories.TODAY, reference="R-78")
    assert held(lot)["reported loss"] == DrugMass.mg(35)
    assert "missing" not in held(lot)


@pytest.mark.usefixtures("_multi_dose")
@pytest.mark.parametrize("outcome", ["found", "recounted"])
def test_what_was_in_the_opened_vial_after_all_is_waste(outcome: str) -> None:
    lot, case = measured_case()
    close(3, case, outcome)
    assert held(lot) == {"cabinet": DrugMass.mg(1500), "wasted": DrugMass.mg(500)}
    last = custody.movements()[-1]
    assert (last.into.place, last.witness_name) == ("wasted", "Nora Lindqvist RN")


@pytest.mark.usefixtures("_multi_dose")
def test_a_wrong_entry_explains_it_once_the_missing_part_is_taken_back() -> None:
    lot, case = measured_case()
    assert refused(UnableToWorkOnCase, close, 3, case, "misrecorded") == [("not-misrecorded", "outcome")]
    [gone] = [each for each in custody.movements() if each.into.place == "missing"]
    moved(
        lot,
        4,
        source=gone.into,
        into=VIAL,
        amount=gone.amount,
        cause="wrong_entry",
        corrects=gone.entry,
        reason="drawn for a visit and not written down",
        witness=people().nurse.id,
        witness_name="Nora Lindqvist RN",
    )
    close(5, case, "misrecorded")
    assert held(lot)["vial K-2231-1"] == DrugMass.mg(35)
