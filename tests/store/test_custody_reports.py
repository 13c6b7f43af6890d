"""Reports of the drug ledger: what stands in them, and by what they are narrowed down."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from evenkeel.record.custody import Account
from evenkeel.store import models, reading, sites
from evenkeel.store.sites import Site
from evenkeel.values.ids import StreamId
from evenkeel.web import custody_reports as page
from evenkeel.web import pages
from evenkeel.web.custody_sheets import REPORTS
from tests import factories, factories_counting, factories_custody
from tests.factories import NOW, people
from tests.ledger_days import infuse, move
from tests.reports_desk import Month, ask, lines, month_of_ledger, sent, sits_down, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def month() -> Month:
    """What happened in June."""
    return month_of_ledger()


@pytest.fixture
def registrant(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Client:
    """The registrant's browser, in July."""
    return sits_down(client, monkeypatch, settings)


# --- what stands in them ------------------------------------------------------------------------------------


def test_the_administration_log_has_the_fields_that_an_inspector_asks_for(
    registrant: Client, month: Month
) -> None:
    first, second = lines(registrant, "administration")
    record_number = reading.patient(month.mara).demographics.record_number
    # 21 CFR 1304.22(c) as clinical-protocol.md, section 9, lists it: patient name and address, date,
    # quantity, who gave it; and the drug. 13:00 UTC and 105 minutes are 10:45 in New York in summer.
    assert first["given_at"] == "2026-06-01T10:45:00-04:00"
    assert first["patient"] == "Mara Testwell"
    assert first["record_number"] == record_number
    assert first["patient_address"] == "12 Harbor Lane, Portland, ME 04101"
    assert (first["drug"], first["schedule"], first["strength"]) == ("ketamine", "III", "50 mg/mL")
    assert (first["lot"], first["quantity_mg"], first["given_by"]) == ("K-2231", "35", "Nora Lindqvist RN")
    assert (second["patient"], second["quantity_mg"]) == ("Ines Testwell", "50")


def test_an_administration_that_is_taken_back_is_a_line_below_zero_and_off_the_total(
    registrant: Client, month: Month
) -> None:
    fact = reading.lot(month.lot).fact(month.first["given"])
    assert fact is not None
    given = fact.payload
    move(
        month.lot,
        NOW + timedelta(days=1),
        given.into,
        given.source,
        5,
        "wrong_entry",
        visit=given.visit,
        corrects=month.first["given"],
        reason="30 mg were given, not 35",
    )
    # What is back in the bag has to go somewhere.
    move(
        month.lot,
        NOW + timedelta(days=1, minutes=1),
        given.source,
        Account(site="main", place="wasted"),
        5,
        "left_over",
        witness=people().nurse2,
        visit=given.visit,
    )
    quantities = [line["quantity_mg"] for line in lines(registrant, "administration")]
    assert quantities == ["35", "-5", "50"]
    page_ = ask(registrant, "administration").content.decode()
    assert "Given in all: ketamine 80 mg." in page_
    assert "takes back an earlier line: 30 mg were given, not 35" in page_


def test_the_balance_runs_through_every_movement_of_a_lot(registrant: Client, month: Month) -> None:
    found = lines(registrant, "balance", lot="k-2231")
    # 4 vials of 500 mg come in; one is opened, 40 mg go into the bag, 35 are given, 5 and 460 are wasted.
    assert [(line["change_mg"], line["held_mg"]) for line in found] == [
        ("", "0"),
        ("2000", "2000"),
        ("0", "2000"),
        ("0", "2000"),
        ("-35", "1965"),
        ("-5", "1960"),
        ("-460", "1500"),
    ]
    assert found[0]["what"] == "carried forward"
    opened = found[3]
    assert (opened["cabinet_mg"], opened["opened_mg"], opened["in_visits_mg"]) == ("1500", "460", "40")
    shown = ask(registrant, "balance", lot="K-2231").content.decode()
    assert "4 vials, 2,000 mg" in shown
    assert "−35 mg" in shown


def test_the_balance_of_a_later_month_begins_with_what_was_carried_forward(
    registrant: Client, month: Month
) -> None:
    found = lines(
        registrant, "balance", lot="K-2231", period="dates", first_date="2026-06-02", last_date="2026-06-30"
    )
    assert [(line["what"], line["held_mg"]) for line in found] == [("carried forward", "1500")]


def test_every_lot_adds_up_to_the_microgram(registrant: Client, month: Month) -> None:
    by_lot = {line["lot"]: line for line in lines(registrant, "reconciliation")}
    first = by_lot["K-2231"]
    assert [first[f"{part}_mg"] for part in ("carried", "received", "given", "wasted", "on_hand")] == [
        "0",
        "2000",
        "35",
        "465",
        "1500",
    ]
    assert {line["difference_mg"] for line in by_lot.values()} == {"0"}
    assert by_lot["M-1"]["received_mg"] == by_lot["M-1"]["on_hand_mg"] != "0"
    assert "Every lot adds up." in ask(registrant, "reconciliation").content.decode()


@pytest.mark.tampers
def test_a_balance_that_no_movement_explains_shows_as_a_difference(registrant: Client, month: Month) -> None:
    models.BalanceRow.objects.filter(stream=month.lot, place="cabinet").update(mcg=1_000_000)
    (line,) = lines(registrant, "reconciliation", lot="K-2231")
    assert (line["on_hand_mg"], line["difference_mg"], line["result"]) == ("1000", "500", "does not add up")
    assert "1 of 3 lots do not add up." in ask(registrant, "reconciliation").content.decode()


def test_rates_say_when_there_is_too_little_to_say(registrant: Client, month: Month) -> None:
    shown = ask(registrant, "rates").content.decode()
    assert "A high rate is a question and not an accusation" in shown
    assert "too few to say: 2 of at least 10" in shown
    nora = [line for line in lines(registrant, "rates") if line["person"] == "Nora Lindqvist RN"]
    share = next(line for line in nora if line["measure"] == "Share of drawn drug wasted")
    assert (share["seen"], share["out_of"], share["unit"], share["chances"]) == ("5", "40", "mg", "1")
    assert (share["rate"], share["low"], share["high"]) == ("", "", "")


def test_rates_of_many_infusions_come_with_an_interval_and_everybody_beside(
    registrant: Client, month: Month
) -> None:
    lot = factories_custody.receive(lot="K-3", vials=20)
    for number in range(10):
        whose = factories.book(
            reading.visit(_visit_of(month.mara)).booking.payload.course, NOW + timedelta(days=2 + number)
        )
        # Ten infusions of 40 mg drawn, half of which waste 20 mg of it.
        infuse(
            lot,
            whose,
            NOW + timedelta(days=2 + number),
            vial=f"K-3-{number + 1}",
            drawn=40,
            given=40 if number % 2 else 20,
            by=people().registrant,
        )
    rosa = [line for line in lines(registrant, "rates") if line["person"] == "Rosa Delgado PharmD"]
    by_measure = {line["measure"]: line for line in rosa}
    share = by_measure["Share of drawn drug wasted"]
    # Wilson for 0.25 of 10 equal infusions, z² = 3.8415, worked out by hand:
    # (0.25 + 0.19207 ± 1.95996 · sqrt(0.01875 + 0.00960)) / 1.38415 = 0.31938 ± 0.23843.
    assert (share["seen"], share["out_of"], share["rate"]) == ("100", "400", "0.250000")
    assert float(share["low"]) == pytest.approx(0.08095, abs=0.0001)
    assert float(share["high"]) == pytest.approx(0.55781, abs=0.0001)
    wastes = by_measure["Wastes per infusion"]
    # Each vial's rest, and five bags' rests: 15 wastes in 10 infusions. Garwood for 15: 8.395 to 24.740.
    assert (wastes["seen"], wastes["out_of"], wastes["rate"]) == ("15", "10", "1.500000")
    assert float(wastes["low"]) == pytest.approx(0.8395, abs=0.0005)
    assert float(wastes["high"]) == pytest.approx(2.4740, abs=0.0005)
    assert wastes["everybody"] != ""


def _visit_of(patient: StreamId) -> StreamId:
    return StreamId(models.VisitRow.objects.filter(patient=patient).earliest("starts_at").pk)


# --- what they are narrowed down by -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("narrowed", "count"),
    [
        ({}, 2 + 1 + 5 + 4),
        ({"period": "this_month"}, 0),
        ({"period": "everything"}, 12),
        ({"period": "two_years"}, 12),
        ({"period": "dates", "first_date": "2026-06-04", "last_date": "2026-06-04"}, 4),
        ({"drug": "midazolam"}, 1),
        ({"drug": "ketamine"}, 11),
        ({"lot": "k-2231 "}, 6),
        ({"vial": "k-9-1"}, 3),
        ({"patient": "mara"}, 5),
        ({"patient": "nobody of this name"}, 0),
        ({"site": "main"}, 12),
    ],
)
def test_movements_by_time_drug_lot_vial_patient_and_site(
    registrant: Client, month: Month, narrowed: dict[str, str], count: int
) -> None:
    found = lines(registrant, "movements", **narrowed)
    assert len(found) == count
    if not count:
        assert "No movement fits." in ask(registrant, "movements", **narrowed).content.decode()


def test_movements_of_a_person_are_those_they_moved_or_saw(registrant: Client, month: Month) -> None:
    for person, count in ((people().nurse2, 3), (people().nurse, 5), (people().lead, 0)):
        assert len(lines(registrant, "movements", person=str(person.id))) == count


def test_drug_in_no_schedule_is_left_out_unless_it_is_asked_for(registrant: Client, month: Month) -> None:
    factories_custody.receive(product="labetalol_5_20", lot="L-1", vials=2)
    assert len(lines(registrant, "movements")) == 12
    assert len(lines(registrant, "movements", drug="*")) == 13
    assert len(lines(registrant, "movements", drug="labetalol")) == 1


def test_another_site_stands_by_itself(registrant: Client, month: Month) -> None:
    lead = people().lead
    sites.describe(
        Site(id="annex", name="Annex", address="1 Pier Road", registration="RA0000002"),
        by=lead,
        at=NOW,
        reason="a second address",
    )
    factories_custody.receive(lot="A-1", vials=1, site="annex")
    (line,) = lines(registrant, "movements", site="annex")
    assert (line["site"], line["lot"]) == ("annex", "A-1")
    assert len(lines(registrant, "movements", site="main")) == 12
    text = text_of(sent(ask(registrant, "movements", site="annex", **{"as": "pdf"})))
    assert "Annex, 1 Pier Road, DEA number RA0000002" in text
    assert "Main site" not in text


@pytest.mark.parametrize(
    ("narrowed", "sentence"),
    [
        ({"report": "nonsense"}, "nonsense is not one of the available choices"),
        ({"period": "dates"}, "From: choose a date"),
        (
            {"period": "dates", "first_date": "2026-06-04", "last_date": "2026-06-01"},
            "To: it lies before 4 Jun 2026",
        ),
        ({"report": "balance", "patient": "Mara"}, "Patient: this report does not go by it."),
        ({"report": "rates", "lot": "K-2231"}, "Lot: this report does not go by it."),
        ({"drug": "heroin"}, "heroin is not one of the available choices"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field_and_nothing_typed_is_lost(
    registrant: Client, month: Month, narrowed: dict[str, str], sentence: str
) -> None:
    answer = ask(registrant, narrowed.pop("report", "movements"), **narrowed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    for typed in narrowed.values():
        if typed not in ("heroin", "dates"):
            assert typed in answer.content.decode()


def test_long_reports_come_in_pages(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LINES_A_PAGE", 5)
    first = ask(registrant, "movements").content.decode()
    assert "12 lines, page 1 of 3." in first
    assert "Earlier lines" not in first
    last = ask(registrant, "movements", page="3").content.decode()
    assert last.count('<th scope="row">') == 2
    assert "Later lines" not in last
    # A page that was never shown is the last one, and no error.
    assert "page 3 of 3" in ask(registrant, "movements", page="99").content.decode()


def test_a_ledger_of_nothing_has_empty_reports(registrant: Client) -> None:
    for key in REPORTS:
        assert ask(registrant, key).status_code == 200
        assert lines(registrant, key) == []
    assert "No case fits." in text_of(sent(ask(registrant, "cases", **{"as": "pdf"})))


def test_nothing_is_too_old_to_be_found(
    registrant: Client, month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two years is the least that has to be kept (21 CFR 1304.04); this is more than ten.
    monkeypatch.setattr(pages, "now", lambda: NOW + timedelta(days=4000))
    assert len(lines(registrant, "movements", period="everything")) == 12
    assert lines(registrant, "movements", period="two_years") == []


# --- counts and cases ---------------------------------------------------------------------------------------


def test_a_count_and_what_came_of_it_are_reported(registrant: Client) -> None:
    lot = factories_custody.receive(lot="K-5", vials=4)
    factories_counting.count(1, factories_counting.vials(lot, 3))
    (counted,) = lines(registrant, "counts", period="everything")
    assert (counted["lot"], counted["place"], counted["by"]) == ("K-5", "cabinet", "Rosa Delgado PharmD")
    assert counted["second"] == "Nora Lindqvist RN"
    # 3 vials of 500 mg were found where the ledger expected 4.
    amounts = (counted["found_mg"], counted["expected_mg"], counted["difference_mg"])
    assert amounts == ("1500", "2000", "-500")
    assert "3 vials, 1,500 mg" in ask(registrant, "counts", period="everything").content.decode()
    (case,) = lines(registrant, "cases", period="everything")
    assert (case["lot"], case["difference_mg"], case["outcome"]) == ("K-5", "-500", "open")
    assert case["owner"] == "Rosa Delgado PharmD"


def test_counts_are_narrowed_down_by_who_counted_and_which_lot(registrant: Client) -> None:
    lot, other = (factories_custody.receive(lot=name, vials=2) for name in ("K-5", "K-6"))
    factories_counting.count(1, factories_counting.vials(lot, 2), factories_counting.vials(other, 2))
    assert len(lines(registrant, "counts", period="everything")) == 2
    assert len(lines(registrant, "counts", period="everything", lot="K-6")) == 1
    for person, number in ((people().nurse, 2), (people().lead, 0)):
        assert len(lines(registrant, "counts", period="everything", person=str(person.id))) == number
    assert lines(registrant, "cases", period="everything") == []
    both = [line for line in lines(registrant, "rates", period="everything") if line["person"] != "Everybody"]
    differed = {line["person"]: line["out_of"] for line in both if line["measure"].startswith("Counted")}
    assert differed == {"Nora Lindqvist RN": "2", "Rosa Delgado PharmD": "2"}
