"""The infusion record and the discharge sheet on paper, read back from the PDF."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from evenkeel.journey import alerts as answering
from evenkeel.journey import amendments, infusion
from evenkeel.journey.settings import change_settings
from evenkeel.record.infusion import SignsCharted
from evenkeel.store import reading
from evenkeel.store.queries import alerts
from evenkeel.values.ids import StreamId, reference_of
from evenkeel.web.printing import make_pdf
from tests import factories
from tests.factories_chairside import STARTED_AT, chart, discharged_visit, running_visit, signs

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def printed(client: Client, route: str, visit: StreamId) -> str:
    """The text of a sheet, without line breaks."""
    answer = client.get(reverse(route, args=[reference_of(visit)]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    pages = PdfReader(BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def nurse(client: Client) -> Client:
    """A browser in which the nurse has signed in."""
    client.force_login(factories.user_of(factories.people().nurse))
    return client


def test_the_infusion_record_says_what_was_ordered_run_and_charted(nurse: Client) -> None:
    visit = discharged_visit()
    text = printed(nurse, "infusion_record_pdf", visit)
    # The worked example of screens.md, without trailing zeros.
    assert "ketamine 0.5 mg/kg × 70.2 kg = 35.1 mg; draw 0.7 mL of 50 mg/mL (35 mg)" in text
    assert "to 100 mL total, over 40 min = 150 mL/h" in text
    assert "Given in all 35 mg, 0 mL left in the bag" in text
    assert "The bedside monitor is primary" in text
    assert reading.visit(visit).head_hash in text.replace(" ", "")


def test_the_infusion_record_says_what_alerted_and_who_answered(nurse: Client) -> None:
    visit, minute = running_visit(), timedelta(minutes=1)
    at = STARTED_AT + 10 * minute
    chart(visit, at, signs(systolic=185))
    chart(visit, at + minute, signs(systolic=182))
    alert = alerts.for_visit(visit).open[0]
    by = factories.people().nurse
    answering.acknowledge(factories.act(by, at + minute), visit=visit, alert=alert.id)
    note = "Paused, and called Dr. Raman."
    act = factories.act(by, at + 2 * minute)
    answering.answer(act, visit=visit, alert=alert.id, choice="action_taken", note=note)
    text = printed(nurse, "infusion_record_pdf", visit)
    assert "Systolic pressure 185 mmHg (INF-BP-002, charted by hand)" in text
    assert f"seen by {by.printed_name}" in text
    assert f"answered by {by.printed_name}: action taken: {note}" in text
    assert "not answered" not in text
    assert alerts.for_visit(visit).head_hash in text.replace(" ", "")


def test_the_infusion_record_says_so_where_nobody_answered_and_where_nothing_alerted(nurse: Client) -> None:
    visit = running_visit()
    assert "None were raised." in printed(nurse, "infusion_record_pdf", visit)
    chart(visit, STARTED_AT + timedelta(minutes=10), signs(systolic=165))
    text = printed(nurse, "infusion_record_pdf", visit)
    assert "INF-BP-003" in text
    assert "not answered" in text
    assert "None were raised." not in text


def test_the_infusion_record_shows_a_correction_beside_what_was_first_written(nurse: Client) -> None:
    visit = running_visit()
    at = STARTED_AT + timedelta(minutes=10)
    chart(visit, at, signs(systolic=168))
    wrong = reading.visit(visit).checks[-1]
    payload = SignsCharted(signs=signs(systolic=138), source="manual", confirmed=(), verdicts=())
    amendments.amend_entry(
        factories.act(factories.people().nurse, at + timedelta(minutes=2)),
        stream=visit,
        entry=wrong.id,
        payload=payload,
        reason="typed 6 for 3",
    )
    text = printed(nurse, "infusion_record_pdf", visit)
    assert "168/80" in text
    assert "138/80" in text
    assert "typed 6 for 3" in text


def test_the_discharge_sheet_tells_the_patient_what_to_do_and_nothing_of_doses(nurse: Client) -> None:
    text = printed(nurse, "discharge_pdf", discharged_visit())
    # The drug stopped on 1 June at 11:10 in the clinic; the later of both is a day later.
    assert "Do not drive before 2 Jun 2026, 11:10, and not before you have slept well." in text
    assert "Do not drive" in text
    assert "988" in text
    assert " mg" not in text
    assert "mL" not in text


def test_the_discharge_sheet_says_whom_to_call(nurse: Client) -> None:
    visit = discharged_visit()
    # Room to write a number, as long as the clinic has set none.
    assert "telephone ____" in printed(nurse, "discharge_pdf", visit)
    act = factories.act(factories.people().lead)
    change_settings(
        act, clinic_name="Harbor", predicted_level_shown=True, reason="new line", clinic_phone="555-0100"
    )
    assert "Harbor, telephone 555-0100" in printed(nurse, "discharge_pdf", visit)


def test_there_is_no_paper_of_what_has_not_happened(nurse: Client) -> None:
    visit = running_visit()
    assert nurse.get(reverse("discharge_pdf", args=[reference_of(visit)])).status_code == 404


def test_the_front_desk_prints_no_clinical_record(client: Client) -> None:
    visit = discharged_visit()
    client.force_login(factories.user_of(factories.people().front_desk))
    assert client.get(reverse("infusion_record_pdf", args=[reference_of(visit)])).status_code == 403


def test_text_of_a_note_is_never_read_as_markup(nurse: Client) -> None:
    visit = discharged_visit()
    text = "#panic() *not bold* $x$ \\ <b>"
    act = factories.act(factories.people().nurse, reading.visit(visit).facts[-1].at)
    infusion.write_note(act, visit=visit, text=text)
    assert text in printed(nurse, "infusion_record_pdf", visit)


SHEET = {
    "title": "After your infusion",
    "clinic": "Clinic",
    "record_number": "R-1",
    "footer": "",
    "patient": [["Patient", "Ana"]],
    "lead": [],
    "instructions": ["Rest."],
    "contacts": [],
    "signed": [],
}


def test_a_name_in_letters_that_no_font_has_still_prints() -> None:
    old_persian = {**SHEET, "patient": [["Patient", "𐎠𐎡𐎢"]]}
    assert make_pdf("discharge_sheet", old_persian).startswith(b"%PDF")


def test_the_same_record_prints_to_the_same_bytes() -> None:
    assert make_pdf("discharge_sheet", SHEET) == make_pdf("discharge_sheet", SHEET)
