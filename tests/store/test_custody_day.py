"""The end of the drug day: what keeps it open, and who closes it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from evenkeel.journey.custody import day, stock
from evenkeel.journey.custody.counting import Found
from evenkeel.journey.custody.day import UnableToCloseDay
from evenkeel.record.custody import Account
from evenkeel.store.queries import counting as queries
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import Volume
from tests import factories
from tests.factories import NOW, act, people
from tests.factories_counting import (
    CABINET,
    MINUTE,
    RIGHT,
    WRONG,
    at,
    close,
    count,
    moved,
    open_cases,
    refused,
    vials,
)
from tests.factories_custody import receive

pytestmark = pytest.mark.django_db


def close_day(minutes: float, **changes: Any) -> StreamId:
    """The registrant closes the day with a nurse, unless told."""
    values: dict[str, Any] = {"site": "main", "second": people().nurse.id, "proof_of_second": RIGHT}
    return day.close_day(act(people().registrant, at(minutes)), **{**values, **changes})


def gates(minutes: float, **changes: Any) -> list[str]:
    """What keeps the day open."""
    return [code for code, _ in refused(UnableToCloseDay, close_day, minutes, **changes)]


def test_a_day_is_closed_after_a_closing_count() -> None:
    lot = receive(vials=4)
    assert gates(1) == ["no-closing-count"]
    count(2, vials(lot, 4), purpose="opening")
    assert gates(3) == ["no-closing-count"]
    count(4, vials(lot, 4), purpose="closing")
    close_day(5)
    state = queries.stockroom("main")
    assert state is not None
    [closed] = state.days_closed
    assert (closed.payload.day, closed.payload.count) == (factories.TODAY, state.counts[-1].id)
    assert gates(6) == ["closed-already"]


def test_yesterdays_closing_count_closes_no_day() -> None:
    lot = receive(vials=4)
    # 23:30 in the clinic is the next day in UTC, and still the clinic's same day.
    evening = (datetime(2026, 6, 2, 3, 30, tzinfo=UTC) - NOW) / MINUTE
    count(evening, vials(lot, 4), purpose="closing")
    assert gates(evening + 31) == ["no-closing-count"]
    close_day(evening + 10)


def test_what_moved_after_the_count_is_counted_again() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 4), purpose="closing")
    stock.lock_away(act(people().registrant, at(2)), lot=lot, vials=1)
    assert gates(3) == ["moved-since-count"]
    count(4, vials(lot, 3), vials(lot, 1, "safe"), purpose="closing")
    close_day(5)
    # Something moves after the day was closed: it is counted and closed once more.
    stock.stock_up(act(people().registrant, at(6)), lot=lot, vials=1)
    assert gates(7) == ["moved-since-count"]


def test_an_open_case_keeps_the_day_open_until_it_is_explained() -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 3), purpose="closing")
    assert gates(2) == ["case-open"]
    [case] = open_cases()
    close(3, case.stream, "lost")
    assert gates(4) == ["moved-since-count"]
    count(5, vials(lot, 3), purpose="closing")
    close_day(6)


def test_drug_in_a_visits_hand_keeps_the_day_open() -> None:
    lot = receive(vials=4)
    visit = factories.booked_visit()
    vial = Account(site="main", place="vial", ref="K-2231-1")
    moved(lot, 1, source=CABINET, into=vial, amount=DrugMass.mg(500), cause="drawn", visit=visit)
    bag = Account(site="main", place="bag", ref=visit)
    moved(lot, 2, source=vial, into=bag, amount=DrugMass.mg(35), cause="drawn")
    measured = Found(lot=lot, place="vial", ref="K-2231-1", volume=Volume.of("9.3"))
    count(3, vials(lot, 3), measured, purpose="closing")
    with pytest.raises(UnableToCloseDay) as refusal:
        close_day(4)
    [issue] = refusal.value.issues
    # Booked an hour after nine; the chair and the time name the visit, and nobody.
    assert issue.sentence.startswith("The visit of 10:00 in Chair 1 has drug in hand.")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"second": None}, "second-person"),
        ({"proof_of_second": WRONG}, "signature-refused"),
        ({"site": "nowhere"}, "no-such-site"),
    ],
)
def test_a_day_is_closed_by_two_at_one_of_the_clinics_sites(changes: dict[str, Any], wrong: str) -> None:
    lot = receive(vials=4)
    count(1, vials(lot, 4), purpose="closing")
    assert gates(2, **changes) == [wrong]


def test_a_balance_that_differs_from_the_count_is_seen_whatever_the_clocks_say() -> None:
    lot = receive(vials=4)
    count(2, vials(lot, 4), purpose="closing")
    # A movement whose request came in before the count's, and was written after it.
    stock.lock_away(act(people().registrant, at(1)), lot=lot, vials=1)
    assert gates(3) == ["moved-since-count"]
