"""The draw page: the vials that may be drawn from, which one a code picks, and why it picks none."""

import re
from datetime import date
from typing import Any, Final

import pytest

from evenkeel.journey import ordering
from evenkeel.journey.custody import leaving, stock, weld
from evenkeel.store import reading
from evenkeel.store.queries import custody, settings
from evenkeel.values.ids import StreamId, reference_of
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, chairs, checked_in_visit, key, people
from tests.factories_custody import receive
from tests.store import test_visit_drug_pages
from tests.store.test_visit_drug_pages import Clock, as_, html, page_of, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

clock = test_visit_drug_pages.clock
# NDC 0409-2051-05, ketamine 100 mg/mL, 5 mL: "003", the ten digits and the check digit of GS1.
GTIN_OF_100: Final = "00304092051057"


def vial_key(lot: StreamId, number: str = "") -> str:
    """The value of a vial's radio button."""
    return f"{reference_of(lot)}/{number}"


# 35.1 mg of 100 mg/mL are 0.35 mL to the hundredth.
DRAW = {"volume": "0.35", "bag": "100", "rate": "150"}


def draw_page(clock: Clock, visit: StreamId, **sent: str) -> Any:
    """The draw as the nurse sends it; nothing is sent twice."""
    clock(chairside.DRAWN_AT)
    return as_(people().nurse).post(page_of(visit, "draw"), {**DRAW, "idempotency_key": key(), **sent})


def code_of(lot: str) -> str:
    """What is typed for a vial of a lot of 100 mg/mL: bracketed, with its GTIN."""
    return f"(01){GTIN_OF_100}(10){lot}"


def ordered_visit() -> StreamId:
    """A visit whose order keeps a vial of 100 mg/mL, of lot K-100."""
    receive("ketamine_100_5", "K-100")
    visit = checked_in_visit()
    chairside.order(visit, product="ketamine_100_5")
    return visit


def test_the_code_of_a_vial_chooses_its_lot_where_no_script_runs(clock: Clock) -> None:
    other = receive("ketamine_100_5", "Z-900", expiry=date(2031, 1, 31))
    visit = ordered_visit()
    answer = draw_page(clock, visit, scan=code_of("Z-900"))
    assert answer.status_code == 302
    draw = reading.visit(visit).draw
    assert draw is not None
    assert [each.lot for each in draw.payload.vials] == [other]  # type: ignore[union-attr]


def test_a_code_of_another_vial_than_the_chosen_one_is_refused(clock: Clock) -> None:
    receive("ketamine_100_5", "Z-900", expiry=date(2031, 1, 31))
    visit = ordered_visit()
    kept = vial_key(custody.kept_for(visit)[0].lot)
    answer = draw_page(clock, visit, scan=code_of("Z-900"), vial=kept)
    assert answer.status_code == 422
    assert "The code is of another vial than the one chosen below." in text_of(answer)
    assert 'id="id_scan-error"' in html(answer)
    assert re.search(rf'value="{kept}"\s+checked', html(answer))
    assert reading.visit(visit).phase == "ordered"


def test_the_kept_vial_says_so_and_stands_first(clock: Clock) -> None:
    receive("ketamine_100_5", "A-1", expiry=date(2027, 1, 31))
    visit = ordered_visit()
    kept = custody.kept_for(visit)[0].lot
    clock(chairside.DRAWN_AT)
    shown = html(as_(people().nurse).get(page_of(visit, "draw")))
    values = re.findall(r'type="radio" value="([^"]+)"', shown)
    assert values[0] == vial_key(kept)
    assert shown.count("Kept for this order") == 1


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("nowhere", "in no stock of this clinic"),
        ("safe", "is in the safe"),
        ("expired", "expired on"),
        ("recalled", "is recalled"),
        ("kept", "is kept for other visits"),
    ],
)
def test_a_vial_that_is_not_listed_is_told_apart(clock: Clock, there: str, said: str) -> None:
    visit = ordered_visit()
    if there == "safe":
        receive("ketamine_100_5", "Q-1", into="safe")
    elif there == "expired":
        receive("ketamine_100_5", "Q-1", into="safe", expiry=date(2026, 1, 31))
    elif there == "recalled":
        lot = receive("ketamine_100_5", "Q-1")
        leaving.recall_lot(act(people().registrant, chairside.ORDERED_AT), lot=lot, reason="glass")
    elif there == "kept":
        receive("ketamine_100_5", "Q-1", vials=1, expiry=date(2026, 12, 31))
        other = checked_in_visit(chair=chairs()[1])
        ordering.sign_order(
            act(people().prescriber, chairside.ORDERED_AT),
            visit=other,
            **(chairside.STANDARD | {"product": "ketamine_100_5"}),  # type: ignore[arg-type]
            note="",
            overrides=(),
            password=PASSWORD,
        )
    clock(chairside.DRAWN_AT)
    client = as_(people().nurse)
    told = client.post(page_of(visit, "draw") + "scan/", {"scan": code_of("Q-1")})
    assert told.status_code == 422
    assert said in told.json()["sentence"]
    # Without a script the form says the same, beside the box.
    kept = vial_key(custody.kept_for(visit)[0].lot)
    answer = draw_page(clock, visit, scan=code_of("Q-1"), vial=kept)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert reading.visit(visit).phase == "ordered"


def test_a_code_of_a_listed_vial_is_answered_with_its_lot(clock: Clock) -> None:
    visit = ordered_visit()
    lot = reading.lot(custody.kept_for(visit)[0].lot).item.lot
    clock(chairside.DRAWN_AT)
    told = as_(people().nurse).post(page_of(visit, "draw") + "scan/", {"scan": code_of(lot)})
    assert told.status_code == 200
    assert (told.json()["product"], told.json()["lot"]) == ("ketamine_100_5", lot)


def test_of_an_opened_and_a_new_vial_of_a_lot_a_code_takes_the_new_one(clock: Clock) -> None:
    for name, value in (("vial_reuse", "multi_dose"), ("vial_hours", 24)):
        settings.choose(name, value, by=people().lead, at=chairside.ORDERED_AT, reason="pharmacy")
    visit = chairside.drawn_visit()
    lot = custody.lots_of_visit(visit)[0]
    clock(chairside.DRAWN_AT)
    shown = html(as_(people().nurse).get(page_of(visit, "draw")))
    rows = re.findall(r'<div class="nhsuk-radios__item"([^>]*)>\s*<input[^>]*value="([^"]+)"', shown)
    marked = {value for marks, value in rows if "data-scan-row" in marks}
    assert vial_key(lot) in marked
    assert not {value for value in marked if value.startswith(reference_of(lot)) and value != vial_key(lot)}
    # Once no sealed vial of it is left, the opened one is the only one, and the code takes it.
    left = custody.balances("main", "cabinet", lot=lot)[0].mass.mcg // 500_000
    stock.lock_away(act(people().registrant, chairside.DRAWN_AT), lot=lot, vials=left)
    shown = html(as_(people().nurse).get(page_of(visit, "draw")))
    rows = re.findall(r'<div class="nhsuk-radios__item"([^>]*)>\s*<input[^>]*value="([^"]+)"', shown)
    marked = {value for marks, value in rows if "data-scan-row" in marks}
    assert {value for value in marked if value.startswith(reference_of(lot))} == {
        vial_key(lot, f"{reading.lot(lot).item.lot}-1")
    }


def test_a_draw_on_drug_that_is_still_in_hand_leads_to_the_waste(clock: Clock) -> None:
    visit = chairside.drawn_visit()
    chairside.stock_up(chairside.DRAWN_AT)
    newest = weld.usable(reading.visit(visit), at=chairside.DRAWN_AT)[-1].lot.stream
    answer = draw_page(clock, visit, vial=vial_key(newest), volume="0.7")
    assert answer.status_code == 422
    assert "What was drawn before is still in hand: 35 mg." in text_of(answer)
    assert page_of(visit, "drug/waste") in html(answer)
