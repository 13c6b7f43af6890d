"""The pages of the stock, as the browser sends them: what they show, what they refuse, and to whom."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.journey import settings as settings_acts
from evenkeel.journey.custody import leaving
from evenkeel.record.entry import Author
from evenkeel.store import reading, sites
from evenkeel.store.queries import custody
from evenkeel.store.queries import settings as choices
from evenkeel.values.ids import StreamId, reference_of
from tests.factories import NOW, PASSWORD, TODAY, act, checked_in_visit, key, people, user_of
from tests.factories_custody import held_mcg, receive, the_lot
from tests.pages import look, send, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

VIAL = 500_000
SECOND = {"password_of_second": PASSWORD, "passkey_of_second": ""}


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Pages live on the day of the tests, a little after the first receipts; a password is enough."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    set_clock(monkeypatch, NOW + timedelta(hours=2))


def at(lot: StreamId, page: str = "") -> str:
    """The address of a lot, or of a page of it."""
    return f"/stock/lots/{reference_of(lot)}/{page}"


def invoice(**changes: str) -> dict[str, str]:
    """A form that receives ten vials."""
    return {
        "party": "Northwind Medical Supply",
        "party_number": "",
        "paper_number": "INV-7",
        "on_date": TODAY.isoformat(),
        "into": "safe",
        "line_lines": "2",
        "line_product_0": "ketamine_50_10",
        "line_lot_0": "K-2231",
        "line_expiry_date_0": "2027-11-30",
        "line_vials_0": "10",
    } | changes


# --- receiving ----------------------------------------------------------------------------------------------


def test_an_invoice_is_received_and_stands_on_the_stock_page(client: Client) -> None:
    answer = send(client, people().registrant, "/stock/receive/", **invoice())
    assert (answer.status_code, answer["Location"]) == (302, "/stock/")
    page = look(client, people().nurse, "/stock/")
    assert "K-2231" in page
    assert "5,000 mg" in page


def test_a_line_that_cannot_be_keeps_what_was_typed_and_says_why(client: Client) -> None:
    answer = send(
        client,
        people().registrant,
        "/stock/receive/",
        **invoice(line_vials_0="-3", line_expiry_date_0="30.11.2027", line_lot_0="<b>K</b>"),
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Expiry: write the day as on the label" in page
    assert "&lt;b&gt;K&lt;/b&gt;" in page
    assert 'value="-3"' in page
    assert custody.lots() == ()


def test_what_the_ledger_refuses_stands_beside_the_line_it_is_about(client: Client) -> None:
    sent = invoice(
        line_product_0="",
        line_lot_0="",
        line_expiry_date_0="",
        line_vials_0="",
        line_product_1="ketamine_50_10",
        line_lot_1="K-1",
        line_expiry_date_1="2026-05-01",
        line_vials_1="4",
        into="cabinet",
    )
    page = send(client, people().registrant, "/stock/receive/", **sent).content.decode()
    assert "Lot K-1 expired on 01 May 2026" in page
    assert 'href="#id_line_expiry_date_1"' in page


def test_another_line_keeps_everything_and_judges_nothing(client: Client) -> None:
    page = send(
        client, people().registrant, "/stock/receive/", add="line", **invoice(party="")
    ).content.decode()
    assert 'name="line_lot_2"' in page
    assert "There is a problem" not in page
    assert 'value="K-2231"' in page


def test_a_scanned_code_fills_the_last_line_without_a_script(client: Client) -> None:
    # A GS1 element string: (01) GTIN of NDC 0409-2051-05, (17) expiry 30 Nov 2027, (10) lot.
    code = "01003040920510571727113010K-SCAN"
    sent = invoice(line_lines="1", line_product_0="", line_lot_0="", line_expiry_date_0="", scan=code)
    answer = send(client, people().registrant, "/stock/receive/", **sent)
    assert answer.status_code == 302, answer.content.decode()[:4000]
    [lot] = custody.lots()
    assert (lot.item.product, lot.item.lot, lot.item.expiry_date.isoformat()) == (
        "ketamine_100_5",
        "K-SCAN",
        "2027-11-30",
    )


def test_the_first_inventory_is_entered_by_two(client: Client) -> None:
    sent = {name: value for name, value in invoice().items() if not name.startswith(("p", "on_"))}
    registrant = people().registrant
    alone = send(client, registrant, "/stock/opening/", **sent)
    assert alone.status_code == 422
    assert "Second person is missing" in alone.content.decode()
    both = send(client, registrant, "/stock/opening/", second_person=people().nurse.id, **SECOND, **sent)
    assert both.status_code == 302
    assert held_mcg(the_lot(), "safe") == 10 * VIAL


# --- one lot ------------------------------------------------------------------------------------------------


def test_the_lot_page_shows_each_movement_with_the_balance_after_it(client: Client) -> None:
    lot = receive(into="safe", vials=4)
    registrant = people().registrant
    assert send(client, registrant, at(lot, "stock-up/"), vials="3").status_code == 302
    sent = {"source": "safe", "vials": "1", "party": "Ebb", "party_number": "", "paper_number": "R-1"}
    send(client, registrant, at(lot, "return/"), on_date=TODAY.isoformat(), **sent)
    page = look(client, registrant, at(lot))
    assert "2,000 mg" in page
    assert "1,500 mg" in page
    assert "return R-1, Ebb" in page
    assert held_mcg(lot, "cabinet") == 3 * VIAL


def test_more_than_is_there_is_said_beside_the_number(client: Client) -> None:
    lot = receive(into="safe", vials=4)
    answer = send(client, people().registrant, at(lot, "stock-up/"), vials="5")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_vials"' in page
    assert "There is 2000 mg to take from the safe" in page


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "NaN", "1e3", "1001", "", "two"])
def test_numbers_that_are_no_number_of_vials(client: Client, typed: str) -> None:
    lot = receive(into="safe", vials=4)
    assert send(client, people().registrant, at(lot, "stock-up/"), vials=typed).status_code == 422
    assert held_mcg(lot, "cabinet") == 0


def destroy(client: Client, lot: StreamId, by: Author, **changes: str) -> int:
    """Send the destruction of two vials; returns the status."""
    sent = {
        "source": "safe",
        "vials": "2",
        "paper_number": "D-1",
        "party": "this clinic",
        "on_date": TODAY.isoformat(),
        "method": "chemical digestion",
        "second_person": people().nurse.id,
        **SECOND,
        **changes,
    }
    return send(client, by, at(lot, "destroy/"), **sent).status_code


def test_stock_is_destroyed_by_two_and_form_41_is_printed(client: Client) -> None:
    lot = receive(into="safe", vials=4)
    registrant = people().registrant
    assert destroy(client, lot, registrant, password_of_second="wrong") == 422
    assert destroy(client, lot, registrant, second_person=registrant.id) == 422
    assert held_mcg(lot, "destroyed") == 0
    assert destroy(client, lot, registrant) == 302
    page = look(client, registrant, at(lot))
    assert "Data for form 41, D-1 (PDF)" in page
    client.force_login(user_of(registrant))
    answer = client.get(at(lot, "form-41/3.pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_whoever_did_not_see_it_says_so_and_nothing_moves(client: Client) -> None:
    lot = receive(into="safe", vials=4)
    refuses = {"witness_refuses": "yes", "refusal_reason": "the vials were gone when I came"}
    assert destroy(client, lot, people().registrant, witness_refuses="yes") == 422
    assert destroy(client, lot, people().registrant, **refuses) == 302
    assert held_mcg(lot, "safe") == 4 * VIAL
    [refused] = [fact for fact in reading.lot(lot).facts if fact.kind == "witness.refused"]
    assert refused.payload.what == "Destroy stock: 2 vials of ketamine 50 mg/mL, 10 mL, lot K-2231"
    assert "the vials were gone when I came" in look(client, people().registrant, at(lot))


def test_one_may_act_alone_only_where_the_clinic_says_so(client: Client) -> None:
    lot = receive(into="safe", vials=4)
    assert destroy(client, lot, people().registrant, second_person="", alone_because="night") == 422
    settings_acts.change_drug_settings(
        act(people().lead),
        vial_reuse="single_patient",
        vial_hours=6,
        may_waste_alone=True,
        reason="two staff",
    )
    assert destroy(client, lot, people().registrant, second_person="", alone_because="") == 422
    assert destroy(client, lot, people().registrant, second_person="", alone_because="night shift") == 302
    [moved] = custody.movements(causes=("destroyed",))
    assert (moved.witness, moved.alone_because) == (None, "night shift")


def test_a_recall_marks_the_lot_and_lists_who_had_drug_of_it(client: Client) -> None:
    lot, visit = receive("midazolam_1_2", "M-1", 5), checked_in_visit()
    sent = {"lot": reference_of(lot), "vials": "1", "given": "2", "second_person": "", **SECOND}
    nurse = people().nurse
    given = send(client, nurse, f"/visits/{reference_of(visit)}/drug/other/", **sent)
    assert given.status_code == 302, given.content.decode()
    send(client, people().registrant, at(lot, "recall/"), reason="maker's notice of today")
    page = look(client, people().nurse, at(lot))
    assert "Do not use this lot" in page
    who = look(client, people().registrant, at(lot, "visits/"))
    patient = reading.patient(reading.visit(visit).booking.payload.patient).demographics
    assert patient.full_name in who
    assert "2 mg" in who
    look(client, people().nurse, at(lot, "visits/"), status=403)
    lifted = send(client, people().lead, at(lot, "lift-recall/"), reason="another lot was meant")
    assert lifted.status_code == 302
    assert "Do not use this lot" not in look(client, people().nurse, at(lot))


def test_a_stale_page_lifts_no_recall(client: Client) -> None:
    lot = receive(into="safe")
    leaving.recall_lot(act(people().registrant), lot=lot, reason="maker's notice")
    answer = send(client, people().lead, at(lot, "lift-recall/"), reason="another lot was meant", seen="2")
    assert answer.status_code == 409


def test_a_movement_is_taken_back_from_the_lots_page(client: Client) -> None:
    lot = receive(into="safe", vials=10)
    page = look(client, people().registrant, at(lot))
    assert at(lot, "take-back/2/") in page
    sent = {"vials": "2", "reason": "counted wrongly at the door"}
    assert send(client, people().registrant, at(lot, "take-back/2/"), **sent).status_code == 302
    page = look(client, people().registrant, at(lot))
    assert "Takes No. 2 back." in page
    assert "2 vials, 1,000 mg taken back" in page
    assert at(lot, "take-back/2/") not in look(client, people().nurse, at(lot))
    look(client, people().registrant, at(lot, "take-back/99/"), status=404)


def test_a_broken_vial_is_reported_by_a_nurse(client: Client) -> None:
    lot = receive(vials=2)
    sent = {"source": "cabinet", "vials": "1", "explanation": "fell on the floor"}
    alone = send(client, people().nurse, at(lot, "break/"), **sent)
    assert alone.status_code == 422
    sent |= {"second_person": people().nurse2.id, **SECOND}
    assert send(client, people().nurse, at(lot, "break/"), **sent).status_code == 302
    assert held_mcg(lot, "wasted") == VIAL


def test_simple_stock_is_thrown_away_without_a_witness(client: Client) -> None:
    lot = receive("ondansetron_2_2", "N-1", 5)
    page = look(client, people().nurse, at(lot, "discard/"))
    assert "password_of_second" not in page
    sent = {"source": "cabinet", "vials": "2", "cause": "expired", "reason": "past its date"}
    assert send(client, people().nurse, at(lot, "discard/"), **sent).status_code == 302
    assert held_mcg(lot, "wasted") == 8_000


# --- sites and settings -------------------------------------------------------------------------------------


def add_site(client: Client) -> None:
    """The lead adds Hill Street."""
    client.force_login(user_of(people().lead))
    added = {"name": "Hill Street", "address": "2 Hill Street", "registration": "", "reason": "second house"}
    answer = client.post("/settings/sites/add/", {"idempotency_key": key(), **added})
    assert answer.status_code == 302


def test_a_transfer_is_sent_listed_and_taken_in(client: Client) -> None:
    lead = people().lead
    add_site(client)
    lot = receive(into="safe", vials=4)
    sent = send(client, lead, at(lot, "send/"), source="safe", vials="3", to="hill-street")
    assert sent.status_code == 302
    page = look(client, lead, "/stock/")
    assert "3 vials, 1,500 mg on the way from Main site to Hill Street" in page
    assert at(lot, "accept/3/") in page
    assert send(client, lead, at(lot, "accept/3/"), vials="4").status_code == 422
    taken = send(client, lead, at(lot, "accept/3/"), vials="3")
    assert taken["Location"] == at(the_lot(site="hill-street"))
    assert "on the way from" not in look(client, lead, "/stock/")
    assert "1,500 mg" in look(client, lead, "/stock/?site=hill-street")


def test_a_chair_is_put_at_a_site_unless_somebody_has_drug_in_it(client: Client) -> None:
    lead = people().lead
    add_site(client)
    checked_in_visit()
    moved = {"chair": "chair-1", "site": "hill-street", "reason": "carried over"}
    assert send(client, lead, "/settings/sites/chair/", **moved).status_code == 302
    assert sites.site_of("chair-1") == "hill-street"  # type: ignore[arg-type]
    assert "Chair 1" in look(client, lead, "/settings/sites/")
    look(client, people().nurse, "/settings/sites/", status=403)


def test_the_lead_chooses_how_drug_is_handled(client: Client) -> None:
    chosen = {"vial_reuse": "multi_dose", "vial_hours": "48", "may_waste_alone": "no", "reason": "pharmacist"}
    assert send(client, people().lead, "/settings/drug/", **chosen).status_code == 302
    assert (choices.current().vial_reuse, choices.current().vial_hours) == ("multi_dose", 48)
    page = look(client, people().administrator, "/settings/")
    assert "48 h" in page
    bad = {**chosen, "vial_hours": "673"}
    assert send(client, people().lead, "/settings/drug/", **bad).status_code == 422
    assert send(client, people().administrator, "/settings/drug/", **chosen).status_code == 403


# --- for whom -----------------------------------------------------------------------------------------------


def test_marks_say_what_is_expired_soon_and_low(client: Client) -> None:
    receive(lot="OLD", into="safe", vials=1, expiry=TODAY - timedelta(days=1))
    receive(lot="SOON", into="cabinet", vials=1, expiry=TODAY + timedelta(days=21))
    page = look(client, people().nurse, "/stock/")
    assert "Expired" in page
    assert "Expires in 21 days" in page
    assert "Low: 1 vial ready in the cabinet" in page


def test_the_empty_stock_says_what_to_do(client: Client) -> None:
    page = look(client, people().registrant, "/stock/")
    assert "Nothing is in stock here." in page
    assert "Nothing waits" in page
    look(client, people().front_desk, "/stock/", status=403)
    look(client, people().registrant, "/stock/lots/6b0f3a0e-8a44-5d4b-9a55-2f5f0c2f7c11/", status=404)
