"""Blind counts by two people, and what is due when drug is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from evenkeel.custody.counts import (
    Count,
    UnableToCount,
    compare,
    form_106_due,
    inventory_due,
    notice_due,
    places_to_count,
    to_count,
    untold_mcg,
)
from evenkeel.custody.ledger import Ledger
from evenkeel.custody.policy import SINGLE_PATIENT, CustodyPolicy
from evenkeel.custody.transfers import Transfer
from evenkeel.record.custody import Account, Item
from evenkeel.values.drug import DrugMass, Strength
from evenkeel.values.ids import ClinicianId
from evenkeel.values.issues import Issue
from tests.ledger_story import SAFE, SUPPLIER, Story
from tests.ledger_story import at as place

MORNING = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NORA, REED = ClinicianId("nora"), ClinicianId("reed")
CABINET = Account(site="main", place="cabinet")
FIRST = Item(
    drug="ketamine",
    schedule="III",
    product="ketamine-50-10",
    label="ketamine, a made-up vial",
    strength=Strength.mg_per_ml(50),
    vial=DrugMass.mg(500),
    lot="K1",
    expiry_date=date(2027, 6, 30),
)
SECOND = replace(FIRST, lot="K2")


@pytest.fixture
def ledger() -> Ledger:
    """Two vials of one lot and one of another in the cabinet."""
    supplier = Account(site="main", place="supplier", ref="Northside")
    receipts = [
        Transfer(
            id=item.lot,
            item=item,
            source=supplier,
            into=CABINET,
            amount=DrugMass.mg(mg),
            at=MORNING,
            by=NORA,
        )
        for item, mg in ((FIRST, 1000), (SECOND, 500))
    ]
    return Ledger.of(CustodyPolicy(sites=frozenset({"main"}), vials=SINGLE_PATIENT), receipts)


def counted(found: dict[Item, int], second: ClinicianId = REED) -> Count:
    masses = {item: DrugMass.mg(mg) for item, mg in found.items()}
    return Count(id="c1", place=CABINET, found=masses, at=MORNING, by=NORA, second=second)


def test_what_to_count_is_told_without_how_much(ledger: Ledger) -> None:
    assert to_count(ledger, CABINET) == (FIRST, SECOND)
    assert to_count(ledger, Account(site="main", place="safe")) == ()


def test_a_count_that_fits_has_no_variance(ledger: Ledger) -> None:
    assert compare(ledger, counted({FIRST: 1000, SECOND: 500})) == ()


def test_a_vial_too_few_and_one_that_nobody_knew_of(ledger: Ledger) -> None:
    third = replace(FIRST, lot="K3")
    few, many = compare(ledger, counted({FIRST: 500, SECOND: 500, third: 500}))
    assert (few.item, few.difference_mcg, few.expected) == (FIRST, -500_000, DrugMass.mg(1000))
    assert (many.item, many.difference_mcg, many.expected) == (third, 500_000, DrugMass.mg(0))


def test_nothing_is_left_out_of_a_count(ledger: Ledger) -> None:
    with pytest.raises(UnableToCount) as refused:
        compare(ledger, counted({FIRST: 1000}))
    assert refused.value.issues == (
        Issue(
            sentence="Count ketamine-50-10, lot K2, too; write 0 if none is there.",
            code="not-counted",
            field="found",
        ),
    )
    assert [each.item for each in compare(ledger, counted({FIRST: 1000, SECOND: 0}))] == [SECOND]


def test_one_person_is_no_count(ledger: Ledger) -> None:
    with pytest.raises(UnableToCount) as refused:
        compare(ledger, counted({FIRST: 1000, SECOND: 500}, second=NORA))
    assert refused.value.issues == (
        Issue(sentence="Two people count, each signed in.", code="counted-alone", field="second"),
    )
    with pytest.raises(UnableToCount, match=r"^counted-alone, not-counted, not-counted$"):
        compare(ledger, counted({}, second=NORA))


# 88 FR 40707 and 21 CFR 1301.76(b): one business day; 45 days. 5 June 2026 is a Friday.
@pytest.mark.parametrize(
    ("found", "due"),
    [((2026, 6, 1), (2026, 6, 2)), ((2026, 6, 5), (2026, 6, 8)), ((2026, 6, 6), (2026, 6, 8))],
)
def test_notice_is_due_on_the_next_business_day(
    found: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    assert notice_due(datetime(*found, 15, tzinfo=UTC)) == datetime(*due, 15, tzinfo=UTC)


def test_form_106_is_due_after_45_days() -> None:
    assert form_106_due(datetime(2026, 6, 1, tzinfo=UTC)) == datetime(2026, 7, 16, tzinfo=UTC)


def test_safe_cabinet_and_opened_vials_are_counted_and_nothing_in_a_visits_hand(ledger: Ledger) -> None:
    vial = Account(site="main", place="vial", ref="K1-1")
    bag = Account(site="main", place="bag", ref="visit:one")
    assert places_to_count(ledger) == (CABINET,)
    for number, (source, into, mg) in enumerate(((CABINET, vial, 500), (vial, bag, 100))):
        ledger.take(
            Transfer(
                id=f"t{number}",
                item=FIRST,
                source=source,
                into=into,
                amount=DrugMass.mg(mg),
                at=MORNING,
                by=NORA,
            )
        )
    assert places_to_count(ledger) == (CABINET, vial)


def test_sealed_vials_are_counted_first_and_opened_ones_by_their_numbers() -> None:
    story = Story()
    story.move(SUPPLIER, SAFE, 2000, item=SECOND)
    story.move(SAFE, CABINET, 1500, item=SECOND)
    for number in ("2", "1"):
        story.move(CABINET, place("vial", number), 500, item=SECOND)
    assert places_to_count(story.ledger) == (CABINET, SAFE, place("vial", "1"), place("vial", "2"))


def test_lots_are_counted_in_the_order_of_products_and_numbers() -> None:
    story = Story()
    other = replace(FIRST, product="esketamine", lot="K9")
    for item in (SECOND, FIRST, other):
        story.move(SUPPLIER, SAFE, 500, item=item)
    assert to_count(story.ledger, SAFE) == (other, FIRST, SECOND)


@pytest.mark.parametrize(
    ("difference", "told", "untold"),
    [
        (-500, [], -500),
        (0, [-500], 0),
        (1, [], 1),
        (-1, [], -1),
        (-500, [-500], 0),
        (-1000, [-500, -500], 0),
        (-500, [-500, -500], 0),
        # More is gone than the open case tells: the rest is new.
        (-1500, [-500, -500], -500),
        (1500, [500], 1000),
        # Less, or the other way: the open case is of something else.
        (-500, [-1000], -500),
        (500, [-500], 500),
        (-1500, [-500, 500], -1500),
        # A case of nothing at all tells of something else, and single micrograms are told too.
        (-1500, [-500, 0], -1500),
        (3, [1], 2),
        (-1500, [-700, -300], -500),
    ],
)
def test_what_open_cases_do_not_tell_yet(difference: int, told: list[int], untold: int) -> None:
    assert untold_mcg(difference, told) == untold


# 21 CFR 1304.11(c): at least every two years.
@pytest.mark.parametrize(
    ("taken", "due"),
    [((2026, 6, 1), (2028, 6, 1)), ((2024, 2, 29), (2026, 2, 28)), ((2026, 2, 28), (2028, 2, 28))],
)
def test_an_inventory_is_due_every_two_years(taken: tuple[int, int, int], due: tuple[int, int, int]) -> None:
    assert inventory_due(date(*taken)) == date(*due)
