"""What a tablet sends after it was offline: once, in its own time, in the session of who made it."""

import json
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.http import HttpResponse
from django.test import Client

from evenkeel.journey import infusion
from evenkeel.record.entry import Author
from evenkeel.store import reading
from evenkeel.values.ids import StreamId
from tests import factories_chairside as chairside
from tests.factories import act, key, people, user_of
from tests.pages import look, page_of, set_clock

pytestmark = pytest.mark.django_db

MINUTE: Final = timedelta(minutes=1)
ENTERED_AT: Final = chairside.STARTED_AT + 5 * MINUTE
SENT_AT: Final = ENTERED_AT + 30 * MINUTE
CREATED, REFUSED, CONFLICT = 201, 422, 409


def entered(by: Author, at: datetime = ENTERED_AT, device_at: datetime | None = None) -> str:
    """What the tablet writes into a form: when, by both clocks, and by whom."""
    return json.dumps(
        {"at": at.isoformat(), "device_at": (device_at or at).isoformat(), "by": by.id, "words": "Note"}
    )


def send_later(client: Client, by: Author, address: str, *, clock: datetime = SENT_AT, **typed: Any) -> Any:
    """Send what waited, as the tablet's script does; the tablet's clock shows `clock`."""
    client.force_login(user_of(by))
    values = {"idempotency_key": key(), "entered": entered(by), **typed}
    return client.post(address, values, headers={"X-Evenkeel-Sent-At": clock.isoformat()})


def notes(visit: StreamId) -> list[Any]:
    """The notes of a visit."""
    return [fact for fact in reading.visit(visit).facts if type(fact.payload).__name__ == "NoteWritten"]


def problems(answer: HttpResponse) -> str:
    """What a person is to read."""
    return " ".join(json.loads(answer.content)["problems"])


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> StreamId:
    """A running infusion, half an hour after the tablet lost its network."""
    found = chairside.running_visit()
    set_clock(monkeypatch, SENT_AT)
    return found


def test_an_entry_that_waited_keeps_its_own_time_and_is_acknowledged_in_words(
    client: Client, visit: StreamId
) -> None:
    answer = send_later(client, people().nurse, page_of(visit, "note"), text="Sleeps.")
    assert answer.status_code == CREATED
    assert json.loads(answer.content) == {"saved": "The note is written."}
    [note] = notes(visit)
    assert note.at == ENTERED_AT
    assert note.history[0].recorded_at == SENT_AT
    # The script was told; no page that comes later says it again.
    assert "The note is written." not in look(client, people().nurse, page_of(visit, "chart"))


def test_what_was_sent_and_whose_answer_was_lost_lands_once(client: Client, visit: StreamId) -> None:
    nurse, same = people().nurse, key()
    client.force_login(user_of(nurse))
    form: dict[str, Any] = {"idempotency_key": same, "entered": entered(nurse), "text": "Sleeps."}
    assert client.post(page_of(visit, "note"), form).status_code == 302
    again = send_later(client, nurse, page_of(visit, "note"), **form)
    assert again.status_code == CREATED
    assert len(notes(visit)) == 1


def test_nobody_sends_what_somebody_else_entered(client: Client, visit: StreamId) -> None:
    mine = entered(people().nurse)
    answer = send_later(client, people().nurse2, page_of(visit, "note"), text="Sleeps.", entered=mine)
    assert answer.status_code == REFUSED
    assert "Somebody else made this entry" in problems(answer)
    assert notes(visit) == []


@pytest.mark.parametrize("shift", [3, -3])
def test_a_clock_that_was_set_meanwhile_is_not_believed(client: Client, visit: StreamId, shift: int) -> None:
    address, nurse = page_of(visit, "note"), people().nurse
    changed = SENT_AT + shift * MINUTE
    answer = send_later(client, nurse, address, text="Sleeps.", clock=changed)
    assert answer.status_code == REFUSED
    assert "the tablet's clock was changed" in problems(answer)
    assert notes(visit) == []
    # A time that a person wrote counts.
    typed = send_later(client, nurse, address, text="Sleeps.", clock=changed, happened_at="2026-06-01T10:35")
    assert typed.status_code == CREATED


def test_a_clock_that_is_wrong_all_the_time_is_put_right(client: Client, visit: StreamId) -> None:
    slow, nurse = 7 * MINUTE, people().nurse
    answer = send_later(
        client,
        nurse,
        page_of(visit, "note"),
        text="Sleeps.",
        entered=entered(nurse, ENTERED_AT, device_at=ENTERED_AT - slow),
        clock=SENT_AT - slow,
    )
    assert answer.status_code == CREATED
    assert notes(visit)[0].at == ENTERED_AT


def test_an_entry_without_a_time_that_can_be_read_is_refused(client: Client, visit: StreamId) -> None:
    answer = send_later(client, people().nurse, page_of(visit, "note"), text="Sleeps.", entered="{}")
    assert answer.status_code == REFUSED
    assert "cannot be read" in problems(answer)


def test_a_conflict_is_told_in_the_servers_words(client: Client, visit: StreamId) -> None:
    infusion.stop(
        act(people().nurse2, ENTERED_AT - MINUTE),
        visit=visit,
        reason="adverse_event",
        note="",
        pump_volume=None,
    )
    answer = send_later(client, people().nurse, page_of(visit, "stop"), reason="completed")
    assert answer.status_code == REFUSED
    assert f"already stopped, by {people().nurse2.printed_name}" in problems(answer)


def test_ones_own_entries_are_no_news_and_those_of_others_are(client: Client, visit: StreamId) -> None:
    nurse, seen = people().nurse, reading.visit(visit).seq
    rate = page_of(visit, "rate")
    infusion.write_note(act(nurse, ENTERED_AT), visit=visit, text="Sleeps.")
    assert send_later(client, nurse, rate, rate="100", reason="calm", seen=seen).status_code == CREATED
    infusion.write_note(act(people().nurse2, SENT_AT), visit=visit, text="Awake.")
    later = entered(nurse, SENT_AT)
    answer = send_later(client, nurse, rate, rate="90", reason="calm", seen=seen, entered=later)
    assert answer.status_code == CONFLICT
    assert f"{people().nurse2.printed_name} wrote to this record" in problems(answer)


def test_an_entry_is_opened_again_as_it_was_and_nothing_is_written(client: Client, visit: StreamId) -> None:
    client.force_login(user_of(people().nurse))
    answer = client.post(page_of(visit, "note"), {"text": "Sleeps.", "open_again": "1"})
    assert answer.status_code == 200
    assert "Sleeps." in answer.content.decode()
    assert notes(visit) == []


def test_a_tablet_keeps_the_chart_of_whoever_charts_while_the_patient_is_there(
    client: Client, visit: StreamId
) -> None:
    chart = page_of(visit, "chart")
    kept = look(client, people().nurse, chart)
    assert f'data-kept="{chart} ' in kept
    assert page_of(visit, "stop") in kept.split('data-kept="')[1].split('"')[0]
    assert "data-kept" not in look(client, people().lead, chart)


def test_a_tablet_keeps_nothing_of_a_patient_who_has_left(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = chairside.discharged_visit()
    set_clock(monkeypatch, chairside.LEFT_AT + MINUTE)
    assert 'data-kept=""' in look(client, people().nurse, page_of(visit, "chart"))


def test_the_worker_is_for_everybody_and_holds_nobodys_data(client: Client, visit: StreamId) -> None:
    answer = client.get("/visits/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer.content.decode().startswith('const VERSION = "')
    assert "worker-src 'self'" in answer["Content-Security-Policy"]


def test_who_is_here_is_told_with_the_time_and_a_fresh_token(client: Client, visit: StreamId) -> None:
    here = json.loads(look(client, people().nurse, "/here/"))
    assert here["person"] == people().nurse.id
    assert datetime.fromisoformat(here["now"]).tzinfo is not None
    assert here["token"]
