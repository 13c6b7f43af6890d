"""The pages of a handover, and chart, board, Today and the sheet, which say who is responsible."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.journey import handover, infusion
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.store.queries import people as staff
from evenkeel.store.queries import today
from evenkeel.values.ids import StreamId
from evenkeel.values.quantities import FlowRate
from evenkeel.web import papers_view, steps, today_view
from evenkeel.web.today import _visits
from tests import factories_chairside as chairside
from tests.factories import PASSWORD, act, key, people
from tests.store.test_chairside_pages import START, Clock, as_, clock, page_of, text_of
from tests.store.test_handover import accept, after, offer

__all__ = ["clock"]

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

WRITTEN = {
    "situation": "Calm, eyes closed.",
    "background": "First infusion; was nervous.",
    "assessment": "Dissociates as expected.",
    "recommendation": "Watch the pressure.",
}


def part(visit: StreamId, name: str) -> str:
    """The address of a part of the chart that is fetched again by itself."""
    return f"{page_of(visit, 'chart')}{name}/"


def sent(client: Client, visit: StreamId, page: str, **typed: Any) -> Any:
    """Send a page of the handover."""
    return client.post(page_of(visit, page), {"idempotency_key": key(), **typed})


def rows(by: Author, minutes: float) -> list[tuple[str, str, str]]:
    """What waits for somebody about handovers: mark, reason, what to do."""
    at = START + after(minutes)
    found = today_view.waiting(by, today.courses(closed=steps.CLOSED), _visits(at), at)
    marks = {"Handover", "Offered", "Declined", "Taken over"}
    return [(row.word, row.why, row.action) for row in found if row.word in marks]


def test_a_handover_is_written_and_accepted_on_two_pages(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + after(12))
    nora, samuel = as_(people().nurse), as_(people().nurse2)
    assert "Hand over" in text_of(nora.get(part(visit, "responsible")))
    offered = sent(nora, visit, "handover", to=people().nurse2.id, **WRITTEN)
    assert offered.status_code == 302
    assert offered["Location"] == page_of(visit, "chart")
    clock(START + after(13))
    read = samuel.get(page_of(visit, "handover/accept"))
    assert all(words in text_of(read) for words in WRITTEN.values())
    seen = reading.visit(visit).seq
    accepted = sent(samuel, visit, "handover/accept", seen=seen)
    assert accepted.status_code == 302
    state = reading.visit(visit)
    assert state.responsible is not None
    assert state.responsible.who == people().nurse2
    assert "Samuel Abebe RN" in text_of(nora.get(part(visit, "responsible")))


def test_the_page_of_acceptance_shows_what_counts_now(clock: Clock) -> None:
    visit = chairside.running_visit()
    nurse = people().nurse
    chairside.chart(visit, START + after(10), chairside.signs(172, 98, spo2=None))
    infusion.change_rate(act(nurse, START + after(11)), visit=visit, rate=FlowRate.of(120), reason="pressure")
    infusion.record_event(
        act(nurse, START + after(11)), visit=visit, event="nausea", grade=1, note="after the rise"
    )
    infusion.write_note(act(nurse, START + after(12)), visit=visit, text="Asks for the window to be shut.")
    offer(visit, 13)
    clock(START + after(14))
    said = text_of(as_(people().nurse2).get(page_of(visit, "handover/accept")))
    for words in (
        "Watch the pressure.",
        # 150 mL/h for 11 min is 27.5 mL and 120 for 3 min 6 mL: 33.5 of 100 mL with 35 mg is 11.725 mg.
        "11.7 mg of 35.1 mg given",
        "The pump is set to 120 mL/h",
        "35.1 mg over 40 min",
        # The last pressure with its age, and the one before the start.
        "172 at 10:40, 4 min ago",
        "124 at 10:00",
        # What the rules ask for on it, and the next check ten minutes after the last whole one.
        "INF-BP-003",
        "Next check",
        "None was given.",
        "10:41: Nausea, grade 1: after the rise (Nora Lindqvist RN)",
        "10:42: Asks for the window to be shut. (Nora Lindqvist RN)",
        "Nora Lindqvist RN stays responsible until you accept.",
    ):
        assert words in said, words
    # Saturation was not measured at the last check, so the one before the start stands there with its age.
    assert "98 at 10:00, 44 min ago" in said


def test_a_record_that_went_on_is_shown_before_it_is_accepted(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    seen = reading.visit(visit).seq
    chairside.chart(visit, START + after(13))
    clock(START + after(14))
    samuel = as_(people().nurse2)
    moved = sent(samuel, visit, "handover/accept", seen=seen)
    assert moved.status_code == 409
    assert "wrote to this record after your page was opened" in text_of(moved)
    assert f'name="seen" value="{seen + 1}"' in moved.content.decode()
    assert sent(samuel, visit, "handover/accept", seen=seen + 1).status_code == 302


def test_an_open_offer_is_plain_on_chart_board_and_today(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    clock(START + after(13))
    nora, samuel, priya = (as_(each) for each in (people().nurse, people().nurse2, people().prescriber))
    assert "You offered it to Samuel Abebe RN at 10:42. You stay responsible until they accept." in text_of(
        nora.get(part(visit, "responsible"))
    )
    to_him = text_of(samuel.get(part(visit, "responsible")))
    assert "Nora Lindqvist RN offers you the handover since 10:42" in to_him
    assert "Read and accept" in to_him
    assert "Take over" not in to_him
    to_her = text_of(priya.get(part(visit, "responsible")))
    assert "Nora Lindqvist RN offered it to Samuel Abebe RN at 10:42" in to_her
    assert "Take over in an emergency" in to_her
    for client in (nora, samuel, priya):
        board = text_of(client.get("/board/tiles/"))
        assert "Nora Lindqvist RN, offered to Samuel Abebe RN, not yet accepted" in board
        assert "Nora Lindqvist RN; offered to Samuel Abebe RN, not yet accepted" in text_of(client.get("/"))
        hub = text_of(client.get(page_of(visit, "chart").removesuffix("chart/")))
        assert "Nora Lindqvist RN; offered to Samuel Abebe RN, not yet accepted" in hub
    assert rows(people().nurse, 13) == [
        (
            "Offered",
            "Chair 1: offered to Samuel Abebe RN, not yet accepted; you stay responsible until then",
            "Open the chart",
        )
    ]
    assert rows(people().nurse2, 13) == [
        (
            "Handover",
            "Chair 1: Nora Lindqvist RN offers you the handover and stays responsible until then",
            "Read and accept",
        )
    ]
    assert rows(people().prescriber, 13) == []


def test_after_it_everything_names_the_new_one(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    clock(START + after(15))
    client = as_(people().nurse)
    chart = text_of(client.get(page_of(visit, "chart")))
    assert "Responsible: Samuel Abebe RN , since 10:44" in chart
    assert "Samuel Abebe RN accepted the handover from Nora Lindqvist RN at 10:44." in chart
    board = text_of(client.get("/board/tiles/"))
    assert "Samuel Abebe RN" in board
    assert "not yet accepted" not in board
    assert rows(people().nurse, 15) == rows(people().nurse2, 15) == []


def test_declined_and_taken_over_are_told_to_who_has_to_know(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    clock(START + after(13))
    samuel = as_(people().nurse2)
    assert sent(samuel, visit, "handover/decline", reason="").status_code == 422
    declined = sent(samuel, visit, "handover/decline", reason="I have three chairs already")
    assert declined.status_code == 302
    said = (
        "Samuel Abebe RN declined the handover from Nora Lindqvist RN at 10:43: I have three chairs already"
    )
    assert rows(people().nurse, 14) == [("Declined", f"Chair 1: {said}", "Open the chart")]
    assert rows(people().nurse2, 14) == []
    assert said in text_of(as_(people().nurse).get(part(visit, "responsible")))
    # A takeover is shown to both: the one before as a row, both on the chart.
    clock(START + after(15))
    shown = samuel.get(page_of(visit, "handover/take-over"))
    assert "Responsible now: Nora Lindqvist RN" in text_of(shown)
    assert f'name="before" value="{people().nurse.id}"' in shown.content.decode()
    taken = sent(samuel, visit, "handover/take-over", before=people().nurse.id, reason="called to a fall")
    assert taken.status_code == 302
    said = "Samuel Abebe RN took over from Nora Lindqvist RN at 10:45, without an offer: called to a fall"
    assert rows(people().nurse, 16) == [("Taken over", f"Chair 1: {said}", "Open the chart")]
    for person in (people().nurse, people().nurse2):
        assert said in text_of(as_(person).get(part(visit, "responsible")))


def test_an_offer_is_withdrawn_on_its_page(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    clock(START + after(13))
    nora = as_(people().nurse)
    assert "Withdraw" in text_of(nora.get(part(visit, "responsible")))
    assert sent(nora, visit, "handover/withdraw", reason="my break is later").status_code == 302
    samuel = as_(people().nurse2)
    said = "Nora Lindqvist RN withdrew the offer to Samuel Abebe RN at 10:43: my break is later"
    assert said in text_of(samuel.get(part(visit, "responsible")))
    late = sent(samuel, visit, "handover/accept")
    assert late.status_code == 422
    assert "The offer is not open any more. Nora Lindqvist RN has been responsible since 10:30." in text_of(
        late
    )


def test_a_takeover_on_an_old_page_is_asked_again_about_who_it_is_by_then(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    clock(START + after(15))
    priya = as_(people().prescriber)
    reason = "Nora was called to a fall"
    refused = sent(priya, visit, "handover/take-over", before=people().nurse.id, reason=reason)
    assert refused.status_code == 422
    assert "Samuel Abebe RN has been responsible since 10:44" in text_of(refused)
    html = refused.content.decode()
    assert f'name="before" value="{people().nurse2.id}"' in html
    assert f'value="{reason}"' in html


def test_who_is_responsible_already_is_told_so_on_every_page(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + after(5))
    nora, samuel = as_(people().nurse), as_(people().nurse2)
    said = text_of(nora.get(page_of(visit, "handover/take-over")))
    assert "You are responsible already, since 10:30." in said
    assert "No handover is open. Nora Lindqvist RN is responsible since 10:30." in text_of(
        nora.get(page_of(visit, "handover/accept"))
    )
    assert "Nora Lindqvist RN is responsible and is the one who hands over." in text_of(
        samuel.get(page_of(visit, "handover"))
    )


def test_before_the_start_nobody_is_responsible_and_the_board_names_who_wrote_last(clock: Clock) -> None:
    visit = chairside.ready_visit()
    clock(chairside.TIME_OUT_AT + timedelta(minutes=1))
    client = as_(people().nurse)
    assert "Responsible:" not in text_of(client.get(page_of(visit, "chart")))
    assert text_of(client.get(part(visit, "responsible"))).strip() == ""
    assert "Nora Lindqvist RN" in text_of(client.get("/board/tiles/"))
    for name in ("handover", "handover/take-over"):
        assert "Nobody is responsible for a patient under the drug here" in text_of(
            client.get(page_of(visit, name))
        )
    assert "No handover is open." in text_of(client.get(page_of(visit, "handover/accept")))


def test_signing_out_names_the_chairs_that_were_not_handed_over(clock: Clock) -> None:
    visit = chairside.running_visit()
    clock(START + after(5))
    left = as_(people().nurse).post("/accounts/logout/", follow=True)
    assert left.status_code == 200
    said = "Nora Lindqvist RN is still responsible for Chair 1: signing out hands nothing over."
    assert said in text_of(left)
    assert said not in text_of(as_(people().nurse2).post("/accounts/logout/", follow=True))
    offer(visit)
    offered = as_(people().nurse).post("/accounts/logout/", follow=True)
    assert "for Chair 1 (offered to Samuel Abebe RN, not yet accepted):" in text_of(offered)
    accept(visit)
    clock(START + after(15))
    assert "still responsible" not in text_of(as_(people().nurse).post("/accounts/logout/", follow=True))


def test_handing_the_tablet_over_says_that_the_patient_was_not(clock: Clock) -> None:
    chairside.running_visit()
    clock(START + after(5))
    samuel = people().nurse2
    as_(samuel).get("/")
    staff.came_on_duty(samuel.id, at=START)
    tablet = as_(people().nurse)
    shown = tablet.post("/switch/", {"person": samuel.id, "password": PASSWORD, "next": "/"}, follow=True)
    assert "Nora Lindqvist RN is still responsible for Chair 1" in text_of(shown)


def test_the_sheet_tells_every_change(clock: Clock) -> None:
    visit = chairside.running_visit()
    offer(visit)
    accept(visit)
    priya = act(people().prescriber, START + after(15))
    handover.take_over(priya, visit=visit, before=people().nurse2.id, reason="called to a fall")
    written = (
        "situation: Calm, eyes closed, 12 min in.; background: First infusion; was nervous.; "
        "assessment: Dissociates as expected.; recommendation: Watch the pressure."
    )
    told = [words for _, words, _ in papers_view._events(reading.visit(visit))]
    assert told == [
        f"Handover offered to Samuel Abebe RN: {written}",
        "Handover from Nora Lindqvist RN accepted",
        "Taken over from Samuel Abebe RN without an offer: called to a fall",
    ]
