"""Receiving and keeping: what comes in stands in the ledger, whole, once, and under the right label."""

from datetime import date, timedelta

import pytest

from evenkeel.journey.acting import KeyReused
from evenkeel.journey.custody import stock
from evenkeel.journey.custody.witnessing import UnableToWitness
from evenkeel.journey.policy import NotPermitted
from evenkeel.record.custody import Paper
from evenkeel.store import reading
from evenkeel.store.queries import custody
from evenkeel.values.issues import UnableTo
from tests.factories import NOW, TODAY, act, key, people
from tests.factories_custody import EXPIRY, RIGHT, SITE, held_mcg, invoice, line, receive, the_lot

pytestmark = pytest.mark.django_db

# A vial of ketamine 50 mg/mL, 10 mL holds 500 mg (Ketalar label).
VIAL = 500_000


def codes(refused: pytest.ExceptionInfo[UnableTo]) -> set[tuple[str, str | None]]:
    """Code and field of every issue."""
    return {(issue.code, issue.field) for issue in refused.value.issues}


def take_in(*lines: stock.ReceivedLine, into: stock.KeptIn = "safe", **changes: object) -> None:
    """Receive lines with an invoice."""
    values = {"site": SITE, "paper": invoice(), "into": into, "lines": lines} | changes
    stock.receive(act(people().registrant), **values)  # type: ignore[arg-type]


def test_what_an_invoice_lists_stands_in_the_safe() -> None:
    take_in(line(vials=10), line("midazolam_1_2", "M-77", 25))
    assert held_mcg(the_lot(), "safe") == 10 * VIAL
    # 2 mL of 1 mg/mL.
    assert held_mcg(the_lot("midazolam_1_2", "M-77"), "safe") == 25 * 2_000
    [moved] = custody.movements(lot="K-2231")
    assert (moved.cause, moved.source.ref, moved.by_name) == (
        "received",
        "Northwind Medical Supply",
        "Rosa Delgado PharmD",
    )
    assert moved.paper == invoice()


def test_a_lot_that_comes_again_goes_on_in_its_stream() -> None:
    receive(vials=10, number="INV-1")
    assert receive(lot="k-2231", vials=5, number="INV-2") == the_lot()
    assert held_mcg(the_lot(), "cabinet") == 15 * VIAL


def test_the_same_request_twice_is_received_once() -> None:
    sent = act(people().registrant, key_=key())
    for _ in range(2):
        stock.receive(sent, site=SITE, paper=invoice(), into="safe", lines=(line(),))
    assert held_mcg(the_lot(), "safe") == 10 * VIAL
    with pytest.raises(KeyReused):
        stock.receive(sent, site=SITE, paper=invoice(), into="safe", lines=(line(vials=11),))


def test_the_same_invoice_entered_by_somebody_else_is_refused() -> None:
    take_in(line())
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(line(), paper=invoice("inv-1001"))
    assert codes(refused) == {("received-before", "lot_0")}


def test_one_wrong_line_keeps_everything_out() -> None:
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(line(), line(lot="K-9", vials=0))
    assert codes(refused) == {("vials-number", "vials_1")}
    assert reading.head(the_lot()) is None


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((), ("no-lines", None)),
        ((line(vials=-1),), ("vials-number", "vials_0")),
        ((line(vials=1001),), ("vials-number", "vials_0")),
        ((line(product="snake_oil"),), ("no-such-product", "product_0")),
        ((line(lot="  "),), ("lot-unreadable", "lot_0")),
        ((line(lot="K" * 41),), ("lot-unreadable", "lot_0")),
        ((line(expiry=date(2127, 1, 1)),), ("expiry-unlikely", "expiry_0")),
    ],
)
def test_lines_that_cannot_be(lines: tuple[stock.ReceivedLine, ...], code: tuple[str, str | None]) -> None:
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(*lines)
    assert codes(refused) == {code}


def test_a_lot_twice_on_one_paper_is_refused() -> None:
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(line(), line(lot="k-2231"))
    assert codes(refused) == {("lot-twice", "lot_0"), ("lot-twice", "lot_1")}


def test_a_known_lot_with_another_expiry_is_refused() -> None:
    receive()
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(line(expiry=EXPIRY + timedelta(days=1)))
    assert codes(refused) == {("other-expiry", "expiry_0")}


def test_what_is_expired_goes_into_the_safe_and_stays_there() -> None:
    old = line(expiry=TODAY - timedelta(days=1))
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(old, into="cabinet")
    assert codes(refused) == {("expired", "expiry_0")}
    take_in(old)
    with pytest.raises(UnableTo) as kept:
        stock.stock_up(act(people().registrant), lot=the_lot(), vials=1)
    assert codes(kept) == {("expired", "lot")}


def test_a_paper_needs_its_number_its_party_and_a_day_that_has_come() -> None:
    paper = Paper(kind="invoice", number=" ", on_date=TODAY + timedelta(days=1), party="")
    with pytest.raises(stock.UnableToStock) as refused:
        take_in(line(), paper=paper)
    assert codes(refused) == {
        ("party-missing", "party"),
        ("number-missing", "paper_number"),
        ("date-in-future", "on_date"),
    }


def test_a_site_that_is_not_ours_and_a_time_to_come_are_refused() -> None:
    ahead = act(people().registrant, NOW + timedelta(hours=1))
    with pytest.raises(stock.UnableToStock) as refused:
        stock.receive(
            act(people().registrant).__class__(
                by=ahead.by, happened_at=ahead.happened_at, recorded_at=NOW, key=ahead.key
            ),
            site="elsewhere",
            paper=invoice(),
            into="safe",
            lines=(line(),),
        )
    assert codes(refused) == {("no-such-site", "site"), ("time-in-future", "happened_at")}


@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "administrator"])
def test_stock_is_kept_by_registrant_and_lead_alone(role: str) -> None:
    with pytest.raises(NotPermitted):
        stock.receive(act(getattr(people(), role)), site=SITE, paper=invoice(), into="safe", lines=(line(),))


def test_the_first_inventory_takes_two_people_and_knows_no_lot_before() -> None:
    def enter(second: object) -> None:
        stock.enter_opening_stock(
            act(people().registrant),
            site=SITE,
            into="safe",
            lines=(line(vials=3),),
            second=second,  # type: ignore[arg-type]
            proof_of_second=RIGHT,
        )

    with pytest.raises(UnableToWitness):
        enter(None)
    with pytest.raises(UnableToWitness):
        enter(people().registrant.id)
    enter(people().nurse.id)
    [moved] = custody.movements()
    assert (moved.cause, moved.witness_name, moved.source.ref) == (
        "opening_stock",
        "Nora Lindqvist RN",
        "opening stock",
    )
    with pytest.raises(stock.UnableToStock) as refused:
        enter(people().nurse.id)
    assert codes(refused) == {("lot-known", "lot_0")}


def test_vials_go_between_safe_and_cabinet_and_never_more_than_are_there() -> None:
    lot = receive(into="safe", vials=4)
    stock.stock_up(act(people().registrant), lot=lot, vials=3)
    stock.lock_away(act(people().lead), lot=lot, vials=1)
    assert (held_mcg(lot, "safe"), held_mcg(lot, "cabinet")) == (2 * VIAL, 2 * VIAL)
    with pytest.raises(UnableTo) as refused:
        stock.stock_up(act(people().registrant), lot=lot, vials=3)
    assert codes(refused) == {("not-enough", "amount")}
    with pytest.raises(UnableTo) as none:
        stock.stock_up(act(people().registrant), lot=lot, vials=0)
    assert codes(none) == {("vials-number", "vials")}


def test_a_misread_expiry_is_put_right_and_the_first_reading_stays() -> None:
    lot = receive(expiry=date(2026, 6, 2), into="safe")
    stock.correct_expiry(act(people().registrant), lot=lot, expiry_date=EXPIRY, reason="read 2026 for 2027")
    found = custody.one_lot(lot)
    assert found is not None
    assert found.item.expiry_date == EXPIRY
    first = reading.entries(lot)[0]
    assert first.payload.item.expiry_date == date(2026, 6, 2)  # type: ignore[attr-defined]
    later = act(people().registrant, NOW + timedelta(days=30))
    stock.stock_up(later, lot=lot, vials=10)
    assert held_mcg(lot, "cabinet") == 10 * VIAL
