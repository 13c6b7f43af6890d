"""Blind counts by two people, through the use cases."""

import threading
from typing import Any

import pytest
from django.db import connections

from evenkeel.custody.counts import UnableToCount
from evenkeel.journey.acting import KeyReused
from evenkeel.journey.custody import counting
from evenkeel.journey.custody.counting import Found, field_of
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.custody import Account
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import counting as queries
from evenkeel.values.drug import DrugMass
from evenkeel.values.quantities import Volume
from tests.factories import act, people
from tests.factories_counting import (
    RIGHT,
    WRONG,
    at,
    count,
    last_count,
    moved,
    open_cases,
    open_vial,
    refused,
    vials,
)
from tests.factories_custody import receive

pytestmark = pytest.mark.django_db


def test_a_count_that_agrees_opens_nothing_and_shows_what_was_expected() -> None:
    lot = receive(vials=4)
    stream = count(1, vials(lot, 4))
    recorded = last_count()
    assert stream == counting.stockroom_stream("main")
    assert recorded.second_name == "Nora Lindqvist RN"
    assert [(line.expected, line.found) for line in recorded.lines] == [
        (DrugMass.mg(2000), DrugMass.mg(2000))
    ]
    assert (recorded.variances, open_cases()) == ((), [])


def test_what_differs_opens_a_case_for_the_registrant_who_counts() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 3))
    [case] = open_cases()
    opened = reading.case(case.stream).opened.payload
    assert (opened.expected, opened.found) == (DrugMass.mg(2000), DrugMass.mg(1500))
    assert (opened.owner_name, opened.discovered_at) == ("Rosa Delgado PharmD", at(1))
    state = queries.stockroom("main")
    assert state is not None
    assert opened.count == state.counts[-1].id


def test_an_opened_vial_is_measured_and_a_surplus_is_a_case_too() -> None:
    lot = receive(vials=2)
    open_vial(lot, 1)
    # 7.2 mL of 50 mg/mL are 360 mg; the ledger expects the whole 500 mg.
    measured = Found(lot=lot, place="vial", ref="K-2231-1", volume=Volume.of("7.2"))
    count(2, vials(lot, 3), measured)
    assert {str(case.account): case.difference_mcg for case in open_cases()} == {
        "cabinet": 1_000_000,
        "vial K-2231-1": -140_000,
    }


def test_whatever_holds_drug_must_be_counted_and_is_named_when_left_out() -> None:
    lot, other = receive(vials=4), receive(lot="K-9", vials=2, into="safe")
    wrong = refused(UnableToCount, count, 1, vials(lot, 4))
    assert wrong == [("not-counted", field_of(other, "safe", ""))]
    assert queries.stockroom("main") is None
    count(2, vials(lot, 4), vials(other, 0, "safe"))
    assert [case.difference_mcg for case in open_cases()] == [-1_000_000]


def test_a_vial_opened_while_two_people_count_must_be_counted_as_well() -> None:
    lot = receive(vials=4)
    open_vial(lot, 1)
    [(code, field)] = refused(UnableToCount, count, 2, vials(lot, 3))
    assert (code, field) == ("not-counted", field_of(lot, "vial", "K-2231-1"))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"second": None}, ("second-person", "second_person")),
        ({"proof_of_second": WRONG}, ("signature-refused", "password_of_second")),
        ({"proof_of_second": None}, ("signature-refused", "password_of_second")),
        ({"purpose": "initial"}, ("as-of-missing", "as_of")),
        ({"site": "nowhere", "found": ()}, ("no-such-site", "site")),
    ],
)
def test_what_is_no_count_is_refused(changes: dict[str, Any], wrong: tuple[str, str]) -> None:
    lot = receive(vials=4)
    assert refused(UnableToCount, count, 1, vials(lot, 4), **changes) == [wrong]
    assert queries.stockroom("main") is None


def test_one_person_alone_is_no_count() -> None:
    lot = receive(vials=4)
    me = people().registrant.id
    assert refused(UnableToCount, count, 1, vials(lot, 4), second=me) == [("same-person", "second_person")]


def test_the_front_desk_neither_counts_nor_is_the_second() -> None:
    lot = receive(vials=4)
    desk = people().front_desk
    with pytest.raises(NotPermitted):
        count(1, vials(lot, 4), by=desk)
    assert refused(UnableToCount, count, 1, vials(lot, 4), second=desk.id) == [
        ("second-person", "second_person")
    ]


@pytest.mark.parametrize("number", [-1, 1001])
def test_a_number_of_vials_that_cannot_be_is_refused(number: int) -> None:
    lot = receive(vials=4)
    field = field_of(lot, "cabinet", "")
    assert refused(UnableToCount, count, 1, vials(lot, number)) == [("vials-number", field)]


def test_a_lot_counted_twice_or_at_another_site_is_refused() -> None:
    lot = receive(vials=4)
    field = field_of(lot, "cabinet", "")
    assert refused(UnableToCount, count, 1, vials(lot, 2), vials(lot, 2)) == [("counted-twice", field)]
    from evenkeel.store import models

    models.Site.objects.create(id="west", name="West", address="", registration="")
    assert refused(UnableToCount, count, 1, vials(lot, 4), site="west") == [("other-site", field)]


@pytest.mark.parametrize(
    ("ref", "volume", "wrong"),
    [
        ("K-2231-7", "3", "not-opened"),
        ("K-2231-1", "10.1", "more-than-a-vial"),
        ("K-2231-1", "3.00001", "volume-too-fine"),
    ],
)
def test_an_opened_vial_that_cannot_be_is_refused(ref: str, volume: str, wrong: str) -> None:
    lot = receive(vials=4)
    open_vial(lot, 1)
    measured = Found(lot=lot, place="vial", ref=ref, volume=Volume.of(volume))
    assert wrong in [code for code, _ in refused(UnableToCount, count, 2, vials(lot, 3), measured)]


def test_a_nurse_who_counts_with_a_nurse_names_who_finds_out() -> None:
    lot = receive(vials=4)
    nurses: dict[str, Any] = {"by": people().nurse, "second": people().nurse2.id}
    assert refused(UnableToCount, count, 1, vials(lot, 3), **nurses) == [("owner", "owner")]
    # The answer does not depend on whether anything differs, so it tells nothing of what is expected.
    assert refused(UnableToCount, count, 1, vials(lot, 4), **nurses) == [("owner", "owner")]
    assert refused(UnableToCount, count, 1, vials(lot, 3), **nurses, owner=people().nurse.id) == [
        ("owner", "owner")
    ]
    count(1, vials(lot, 3), **nurses, owner=people().lead.id)
    assert [case.owner_name for case in open_cases()] == ["Dr. Lee Hartmann"]


def test_with_a_registrant_as_the_second_nobody_need_be_named() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 3), by=people().nurse, second=people().registrant.id)
    assert [case.owner_name for case in open_cases()] == ["Rosa Delgado PharmD"]


def test_a_difference_that_an_open_case_tells_opens_no_other() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 3))
    count(2, vials(lot, 3))
    assert len(open_cases()) == 1
    # One more is gone: the second case tells the rest, and both together what is missing.
    count(3, vials(lot, 2))
    assert [case.difference_mcg for case in open_cases()] == [-500_000, -500_000]
    count(4, vials(lot, 2))
    assert len(open_cases()) == 2


def test_a_difference_the_other_way_is_a_case_of_its_own() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 3))
    count(2, vials(lot, 5))
    assert [case.difference_mcg for case in open_cases()] == [-500_000, 500_000]


def test_a_count_sent_twice_lands_once() -> None:
    lot = receive(vials=4)
    again = act(people().registrant, at(1))
    values: dict[str, Any] = {
        "site": "main",
        "purpose": "opening",
        "second": people().nurse.id,
        "proof_of_second": RIGHT,
    }
    first = counting.record_count(again, found=(vials(lot, 3),), **values)
    assert counting.record_count(again, found=(vials(lot, 3),), **values) == first
    state = queries.stockroom("main")
    assert state is not None
    assert (len(state.counts), len(open_cases())) == (1, 1)
    with pytest.raises(KeyReused):
        counting.record_count(again, found=(vials(lot, 4),), **values)


def test_what_a_visit_has_in_hand_is_told_and_not_counted() -> None:
    lot = receive(vials=4)
    vial = open_vial(lot, 1)
    bag = Account(site="main", place="bag", ref="visit:one")
    moved(lot, 2, source=vial, into=bag, amount=DrugMass.mg(500), cause="drawn")
    count(3, vials(lot, 3))
    assert last_count().variances == ()
    assert [(each.visit, each.mass) for each in queries.in_use("main", at=at(3))] == [
        ("visit:one", DrugMass.mg(500))
    ]
    assert queries.in_use("main", at=at(1)) == ()
    assert ("in-use", None) in refused(
        UnableToCount, count, 4, vials(lot, 3), purpose="initial", as_of="opening"
    )


def test_an_inventory_says_when_in_the_day_it_stands() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 4), purpose="biennial", as_of="close")
    state = queries.stockroom("main")
    assert state is not None
    [inventory] = state.inventories
    assert (inventory.payload.as_of, inventory.payload.count) == ("close", state.counts[-1].id)


@pytest.mark.django_db(transaction=True)
def test_two_counts_at_once_open_one_case() -> None:
    lot = receive(vials=4)
    pairs = [(people().registrant, people().nurse.id), (people().lead, people().nurse2.id)]
    failures: list[BaseException] = []
    start = threading.Barrier(len(pairs))

    def keep(by: Author, second: Any) -> None:
        try:
            start.wait()
            count(1, vials(lot, 3), by=by, second=second)
        except BaseException as failure:  # a thread's failure would otherwise be lost
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    state = queries.stockroom("main")
    assert state is not None
    assert (len(state.counts), len(open_cases())) == (2, 1)
