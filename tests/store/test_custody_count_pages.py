"""The pages of counts, cases and the close of the day: what they show, refuse, keep, and never tell."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pypdf import PdfReader
from pytest_django import Settings

from evenkeel.journey.custody import cases
from evenkeel.record.custody import Account
from evenkeel.record.entry import Author
from evenkeel.store import models
from evenkeel.values.drug import DrugMass
from evenkeel.values.ids import StreamId, reference_of
from tests import factories, pages
from tests.factories import PASSWORD, act, people
from tests.factories_counting import CABINET, a_case, at, close, count, moved, open_cases, open_vial, vials
from tests.factories_custody import receive

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SHEET = "/stock/count/sheet/?purpose=closing"


@pytest.fixture(autouse=True)
def _clinic(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """It is twenty past nine in the clinic, and a password is enough."""
    settings.SECOND_FACTOR_ROLES = frozenset()
    pages.set_clock(monkeypatch, at(20))


def box(lot: StreamId, place: str = "cabinet", number: str = "") -> str:
    """The name of a box on the sheet."""
    return f"found_{reference_of(lot)}_{place}{f'_{number}' if number else ''}"


def send(
    client: Client, typed: dict[str, Any], address: str = SHEET, by: Author | None = None
) -> HttpResponse:
    """Send the sheet as the registrant, with the nurse beside them."""
    form = {"second_person": people().nurse.id, "password_of_second": PASSWORD, "owner": people().lead.id}
    return pages.send(client, by or people().registrant, address, **{**form, **typed})


def said(answer: HttpResponse) -> str:
    """The words of an answer, without what only a browser reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# --- counting -----------------------------------------------------------------------------------------------


def plain_sheet(client: Client, address: str = SHEET) -> str:
    """The page without what is new each time."""
    page = pages.look(client, people().nurse, address)
    page = re.sub(r'(csrfmiddlewaretoken|idempotency_key)" value="[^"]+"', r"\1", page)
    return re.sub(r'data-now="[^"]+"', "", page)


def spill(lot: StreamId, vial: Account, mg: int) -> None:
    """So much of an opened vial is spilled, and the nurse saw it."""
    moved(
        lot,
        2,
        source=vial,
        into=Account(site="main", place="wasted"),
        amount=DrugMass.mg(mg),
        cause="spilled",
        witness=people().nurse.id,
        witness_name="Nora Lindqvist RN",
    )


def test_the_sheet_is_the_same_whatever_the_ledger_expects(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    vial = open_vial(lot, 1)
    before = plain_sheet(client)
    assert box(lot) in before
    assert box(lot, "vial", "1") in before
    # Another amount in each place, and not one letter of the page differs.
    spill(lot, vial, 137)
    moved(
        lot,
        3,
        source=CABINET,
        into=Account(site="main", place="safe"),
        amount=DrugMass.mg(500),
        cause="stocked",
    )
    moved(
        lot,
        4,
        source=Account(site="main", place="safe"),
        into=CABINET,
        amount=DrugMass.mg(500),
        cause="stocked",
    )
    receive(vials=29, number="INV-2", at=at(5))
    assert plain_sheet(client) == before
    # What it does hold are labels; no box is filled in.
    assert re.findall(r'name="found_[^"]*"[^>]*value="([^"]+)"', before) == []


def test_a_count_is_sent_and_only_then_is_told_what_was_expected(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    answer = send(client, {box(lot): "5", "note": "Counted after the last visit."})
    assert answer.status_code == 302
    page = pages.look(client, people().nurse, answer["Location"])
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "ketamine 50 mg/mL, 10 mL, lot K-2231 Cabinet 2 vials, 1,000 mg missing Case opened" in words
    assert "3,500 mg 5 vials, 2,500 mg" in words
    assert "Counted after the last visit." in words
    assert "Rosa Delgado PharmD and Nora Lindqvist RN" in words
    again = send(client, {box(lot): "5"})
    page = pages.look(client, people().nurse, again["Location"])
    assert "An open case told of it already" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Count it too; write 0 if none is there."),
        ({"vials": "-1"}, "Write a number that is not negative."),
        ({"vials": "2.5"}, "Write a whole number from 0 to 1000."),
        ({"vials": "1001"}, "Write a whole number from 0 to 1000."),
        ({"vials": "NaN"}, "Write a number in digits"),
        ({"vials": "7", "password_of_second": "wrong"}, "it is not right, so nothing was signed"),
        ({"vials": "7", "second_person": ""}, "Second person is missing."),
        ({"vials": "7", "second_person": "me"}, "Second person: choose somebody from the list."),
        ({"vials": "7", "extra_vials_0": "2"}, "Fill in lot, place and how many, or empty the line."),
    ],
)
def test_what_is_no_count_comes_back_with_everything_that_was_typed(
    client: Client, typed: dict[str, Any], sentence: str
) -> None:
    lot = receive(vials=7, at=at(0))
    values = {key: value for key, value in typed.items() if key != "vials"}
    if "vials" in typed:
        values[box(lot)] = typed["vials"]
    if values.get("second_person") == "me":
        values["second_person"] = people().registrant.id
    answer = send(client, {**values, "note": "A note that stays"})
    assert answer.status_code == 422
    assert sentence in said(answer)
    page = answer.content.decode()
    assert "A note that stays" in page
    if "vials" in typed:
        assert f'value="{typed["vials"]}"' in page
    assert "3,500" not in page
    assert not models.StockroomRow.objects.exists()


def test_a_vial_that_is_opened_meanwhile_comes_onto_the_sheet(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    open_vial(lot, 1)
    answer = send(client, {box(lot): "6"})
    assert answer.status_code == 422
    assert "Vial K-2231-1, ketamine 50 mg/mL, 10 mL: Count it too; write 0 if none is there." in said(answer)


def test_what_was_used_up_meanwhile_is_compared_all_the_same(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    vial = open_vial(lot, 1)
    spill(lot, vial, 500)
    answer = send(client, {box(lot): "6", box(lot, "vial", "1"): "10"})
    assert answer.status_code == 302
    assert [case.difference_mcg for case in open_cases()] == [500_000]


def test_what_is_found_beside_the_sheet_is_a_surplus(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    extra = {"extra_lot_0": lot, "extra_place_0": "safe", "extra_vials_0": "2"}
    assert send(client, {box(lot): "7", **extra}).status_code == 302
    assert [(str(case.account), case.difference_mcg) for case in open_cases()] == [("safe", 1_000_000)]
    again = send(client, {box(lot): "7", **extra, "extra_place_0": "cabinet"})
    assert "This lot stands above under that place." in said(again)


@pytest.mark.parametrize(
    "address",
    ["/stock/count/sheet/?purpose=none", "/stock/counts/?site=nowhere", "/stock/counts/main/7/"],
)
def test_a_purpose_a_site_or_a_count_that_is_not_there_is_not_found(client: Client, address: str) -> None:
    pages.look(client, people().nurse, address, status=404)


def test_a_clinic_of_one_site_is_not_asked_which(client: Client) -> None:
    assert 'name="site"' not in pages.look(client, people().nurse, "/stock/count/")
    models.Site.objects.create(id="west", name="West house", address="", registration="")
    assert "West house" in pages.look(client, people().nurse, "/stock/count/")
    receive(vials=7, at=at(0))
    west = pages.look(client, people().nurse, f"{SHEET}&site=west")
    assert "Nothing is in stock here" in west


def test_the_list_tells_counts_closed_days_and_when_the_next_inventory_is_due(client: Client) -> None:
    page = pages.look(client, people().nurse, "/stock/counts/")
    assert "Nobody has counted here yet." in page
    assert "No inventory yet: take the first one." in page
    lot = receive(vials=7, at=at(0))
    count(1, vials(lot, 7), purpose="initial", as_of="opening")
    page = pages.look(client, people().nurse, "/stock/counts/")
    # 1 June 2026 and two years: a Thursday.
    assert "Next inventory due by Thu 1 Jun 2028" in page
    assert "First inventory" in page


def text_of(answer: Any) -> str:
    """The words of a PDF."""
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).split()
    )


def test_an_inventory_is_printed_by_product_and_strength(client: Client) -> None:
    lot = receive(vials=7, at=at(0))
    other = receive(lot="K-9", vials=3, into="safe", at=at(0))
    midazolam = receive("midazolam_1_2", "M-1", 4, at=at(0))
    rescue = receive("ondansetron_2_2", "O-1", 5, at=at(0))
    open_vial(lot, 1)
    models.Site.objects.create(
        id="main", name="Harbor house", address="1 Made-up Street", registration="BE0000000"
    )
    sheet = "/stock/count/sheet/?purpose=initial"
    answer = send(
        client,
        {
            box(lot): "6",
            box(lot, "vial", "1"): "9.3",
            box(other, "safe"): "3",
            box(rescue): "5",
            box(midazolam): "4",
            "as_of": "opening",
        },
        sheet,
    )
    assert answer.status_code == 302, said(answer)
    client.force_login(factories.user_of(people().nurse))
    text = text_of(client.get(f"{answer['Location']}inventory.pdf"))
    assert "As of the opening of business" in text
    assert "BE0000000" in text
    assert "ketamine 50 mg/mL, 10 mL C-III not in the list 500 mg in 10 mL 9 4,500 mg K-2231, K-9" in text
    assert "vial K-2231-1 9.3 mL, 465 mg" in text
    assert "Rosa Delgado PharmD and Nora Lindqvist RN" in text
    assert "due by Thu 1 Jun 2028" in text
    assert "midazolam 1 mg/mL, 2 mL C-IV" in text
    assert "ondansetron" not in text


def test_a_count_that_is_no_inventory_is_not_printed_as_one(client: Client) -> None:
    count(1, vials(receive(vials=7, at=at(0)), 7))
    client.force_login(factories.user_of(people().nurse))
    assert client.get("/stock/counts/main/2/").status_code == 200
    assert client.get("/stock/counts/main/2/inventory.pdf").status_code == 404


# --- cases --------------------------------------------------------------------------------------------------


def case_address(case: StreamId, step: str = "") -> str:
    """The address of a case or of a step in it."""
    return f"/stock/cases/{reference_of(case)}/{step}"


def test_a_case_tells_what_is_due_and_is_overdue_in_words(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, case = a_case()
    page = pages.look(client, people().registrant, case_address(case))
    assert "1 vial, 500 mg missing" in page
    assert "Due by Tue 2 Jun 2026, 09:01" in page
    assert "Due by Thu 16 Jul 2026, 09:01" in page
    pages.set_clock(monkeypatch, at(24 * 60 * 3))
    page = pages.look(client, people().nurse, case_address(case))
    assert "Overdue by 2 days; it was due Tue 2 Jun 2026, 09:01" in page
    assert "Age: 3 days" in page
    # A nurse reads and does not work on it.
    assert "Close the case" not in page
    assert "Print the data for form 106" not in page


@pytest.mark.parametrize(
    ("found_at", "due"),
    [
        # Friday evening in the clinic, when it is Saturday in UTC: Monday evening.
        (datetime.fromisoformat("2026-06-06T01:00:00+00:00"), "Mon 8 Jun 2026, 21:00"),
        # Thursday evening, when it is Friday in UTC: Friday evening, not Sunday or Monday.
        (datetime.fromisoformat("2026-06-05T01:00:00+00:00"), "Fri 5 Jun 2026, 21:00"),
        # Saturday noon: Monday noon.
        (datetime.fromisoformat("2026-06-06T16:00:00+00:00"), "Mon 8 Jun 2026, 12:00"),
        # Sunday noon: Monday noon.
        (datetime.fromisoformat("2026-06-07T16:00:00+00:00"), "Mon 8 Jun 2026, 12:00"),
    ],
)
def test_the_clock_goes_by_the_clinics_days(client: Client, found_at: datetime, due: str) -> None:
    lot = receive(vials=4, at=at(0))
    count((found_at - at(0)).total_seconds() / 60, vials(lot, 3))
    [case] = open_cases()
    assert f"Due by {due}" in pages.look(client, people().nurse, case_address(case.stream))


def test_what_was_reported_is_no_longer_due(client: Client) -> None:
    _, case = a_case()
    lead = people().lead
    cases.note_notice(act(lead, at(2)), case=case, sent_date=factories.TODAY, how="letter by fax")
    page = pages.look(client, lead, case_address(case))
    assert "Sent on 1 Jun 2026" in page
    assert "Note the written notice" not in page
    cases.note_form(act(lead, at(3)), case=case, filed_date=factories.TODAY, reference="R-77")
    page = pages.look(client, lead, case_address(case))
    assert "Filed on 1 Jun 2026" in page
    assert "Form 106 filed on 1 Jun 2026, reference R-77" in page


def test_a_surplus_and_what_was_counted_again_have_no_clock(client: Client) -> None:
    _, case = a_case(+1)
    page = pages.look(client, people().registrant, case_address(case))
    assert "1 vial, 500 mg too much" in page
    assert "Nothing has to be reported" in page
    assert client.get(case_address(case, "form-106.pdf")).status_code == 404


def test_a_loss_that_is_judged_not_significant_is_due_no_more(client: Client) -> None:
    _, case = a_case()
    lead = people().lead
    answer = pages.send(
        client, lead, case_address(case, "not-significant/"), reason="0.2 mL of foam, nobody else had access"
    )
    assert answer.status_code == 302
    assert pages.look(client, lead, case_address(case)).count("Not due: judged not significant") == 2


def test_every_step_of_a_case_goes_through_its_page(client: Client) -> None:
    _, case = a_case()
    rosa = people().registrant
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("note/", {"text": "Asked the night shift."}, "Asked the night shift."),
        ("notice/", {"sent_date": "2026-06-01", "how": "letter to the Newark office"}, "Newark office"),
        ("form/", {"filed_date": "2026-06-01", "reference": "R-77"}, "reference R-77"),
        ("hand-over/", {"owner": people().lead.id, "reason": "on leave"}, "handed over to Dr. Lee Hartmann"),
        (
            "close/",
            {
                "outcome": "lost",
                "explanation": "Nobody found it.",
                "second_person": people().nurse.id,
                "password_of_second": PASSWORD,
            },
            "Lost. Nobody found it.",
        ),
    ]
    for step, typed, sentence in steps:
        assert pages.send(client, rosa, case_address(case, step)).status_code == 422
        assert pages.send(client, rosa, case_address(case, step), **typed).status_code == 302, step
        assert sentence in pages.look(client, rosa, case_address(case)), step
    assert "Closed: lost" in pages.look(client, rosa, "/stock/cases/")
    assert pages.send(client, people().nurse, case_address(case, "note/"), text="Me too.").status_code == 403


def test_a_refused_end_says_what_to_do_first_and_keeps_what_was_typed(client: Client) -> None:
    _, case = a_case()
    answer = pages.send(
        client,
        people().registrant,
        case_address(case, "close/"),
        outcome="misrecorded",
        explanation="The invoice was typed twice.",
        second_person=people().nurse.id,
        password_of_second=PASSWORD,
    )
    assert answer.status_code == 422
    assert "correct the wrong movement in lot K-2231 first. Corrections since then come to 0 mg" in said(
        answer
    )
    assert "The invoice was typed twice." in answer.content.decode()


def test_the_list_shows_ages_and_what_is_overdue(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No case is open." in pages.look(client, people().nurse, "/stock/cases/")
    _, case = a_case()
    pages.set_clock(monkeypatch, at(24 * 60 * 12))
    words = " ".join(re.sub(r"<[^>]+>", " ", pages.look(client, people().nurse, "/stock/cases/")).split())
    assert "12 days 1 Jun 2026, 09:01 Rosa Delgado PharmD" in words
    assert "Notice overdue by 11 days" in words
    close(60 * 24 * 13, case, "lost")
    assert "No case is open." in pages.look(client, people().nurse, "/stock/cases/")


def test_the_data_for_form_106_are_printed_and_nothing_is_filed(client: Client) -> None:
    _, case = a_case(-2)
    client.force_login(factories.user_of(people().registrant))
    text = text_of(client.get(case_address(case, "form-106.pdf")))
    assert "Nothing was filed with this sheet" in text
    assert "Date of discovery 1 Jun 2026, 09:01" in text
    assert "ketamine 50 mg/mL, 10 mL C-III 50 mg/mL 2 1,000 mg in 20 mL K-2231" in text
    assert "not explained yet" in text
    client.force_login(factories.user_of(people().nurse))
    assert client.get(case_address(case, "form-106.pdf")).status_code == 403


def test_somebody_opens_a_case_for_what_they_noticed(client: Client) -> None:
    lot = receive(vials=4, at=at(0))
    address = "/stock/cases/new/"
    page = pages.look(client, people().nurse, address)
    assert "2,000" not in page
    typed = {
        "account": f"{lot}/cabinet/",
        "found": "3",
        "note": "One box was open.",
        "owner": people().lead.id,
    }
    for wrong, sentence in (
        ({"found": "2.5"}, "sealed vials are counted whole"),
        ({"found": "4"}, "this is what the ledger says, so nothing differs"),
        ({"owner": ""}, "Who finds out is missing."),
    ):
        answer = pages.send(client, people().nurse, address, **{**typed, **wrong})
        assert answer.status_code == 422
        assert sentence in said(answer)
    answer = pages.send(client, people().nurse, address, **typed)
    assert answer.status_code == 302
    assert "One box was open." in pages.look(client, people().nurse, answer["Location"])


# --- the end of the day -------------------------------------------------------------------------------------


def test_the_page_says_what_keeps_the_day_open_and_where_to_mend_it(client: Client) -> None:
    lot, _ = a_case()
    page = pages.look(client, people().nurse, "/stock/day/")
    assert "The closing count of today is missing." in page
    assert "something is missing of lot K-2231, ketamine 50 mg/mL, 10 mL (cabinet)" in page
    assert 'href="/stock/count/"' in page
    assert 'href="/stock/cases/"' in page
    assert "password_of_second" not in page
    answer = pages.send(
        client,
        people().registrant,
        "/stock/day/",
        second_person=people().nurse.id,
        password_of_second=PASSWORD,
    )
    assert answer.status_code == 422
    assert "The closing count of today is missing." in said(answer)
    assert lot


def test_a_day_is_closed_on_its_page_by_two(client: Client) -> None:
    lot = receive(vials=4, at=at(0))
    count(10, vials(lot, 4), purpose="closing")
    page = pages.look(client, people().nurse, "/stock/day/")
    assert "nothing is left to explain" in page
    rosa = {"second_person": people().registrant.id}
    refused = pages.send(client, people().nurse, "/stock/day/", **rosa, password_of_second="no")
    assert refused.status_code == 422
    done = pages.send(client, people().nurse, "/stock/day/", **rosa, password_of_second=PASSWORD)
    assert done.status_code == 302
    assert "Mon 1 Jun 2026" in pages.look(client, people().nurse, done["Location"])
    assert "Nora Lindqvist RN closed this day at 09:20" in pages.look(client, people().nurse, "/stock/day/")
